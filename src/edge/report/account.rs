//! A campaign told in words.

use super::counts::Summary;
use super::directory::Directory;
use super::tally::{CampaignTally, HandicapChange, OperationStory, members};
use super::voice::voice;
use super::words;
use crate::base::clock::GameTime;
use crate::base::contract::{CampaignFact, Fact, Reason, Vote};
use crate::base::id::ProposalId;
use crate::base::text::shortened;
use core::fmt::Write;

/// Ballots shown before the rest is summed up.
const BALLOTS_SHOWN: usize = 12;
/// Members whose votes are told in their own words.
const VOICES_SHOWN: usize = 3;
/// Groups shown before the rest is summed up.
const ROWS_SHOWN: usize = 14;
/// Changes of a person's difficulty that are shown.
const HANDICAPS_SHOWN: usize = 5;

/// Tells a campaign: the war in a few lines, then its most interesting operation from the proposal to what it
/// changed in trust. Plain text, at most 120 columns.
#[must_use]
pub fn account(tally: &CampaignTally) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = tell_war(&mut text, tally);
    if let Some((id, story)) = most_interesting(tally) {
        let _ = tell_operation(&mut text, &tally.directory, *id, story);
    }
    text
}

fn most_interesting(tally: &CampaignTally) -> Option<(&ProposalId, &OperationStory)> {
    // One that was proposed before the tally began, as after a load, cannot be told from its beginning.
    let whole = |s: &OperationStory| !s.targets.is_empty() && !s.battles.is_empty() && s.report.is_some();
    tally.stories.iter().filter(|(_, s)| whole(s)).max_by_key(|(id, s)| {
        let report = s.report.as_ref();
        let launched = report.map_or(0, |r| r.launched);
        let won = report.map_or(0, |r| match r.result.as_str() {
            "goal_met" => 2,
            "partly" => 1,
            _ => 0,
        });
        let conditional = s.ballots.iter().any(|(_, _, conditions, ..)| !conditions.is_empty());
        (won, s.targets.len().min(3) + usize::from(conditional), members(&s.rows), launched, core::cmp::Reverse(**id))
    })
}

fn tell_war(out: &mut String, tally: &CampaignTally) -> core::fmt::Result {
    let s = tally.summary();
    let (p, b, o) = (s.proposals, s.ballots, &s.operations);
    writeln!(out, "The war")?;
    writeln!(
        out,
        "  {} scouting missions looked; {} war councils met and made {} proposals: {} passed, {} rejected, {} expired, {} open.",
        s.scoutings,
        s.councils.met,
        p.submitted,
        p.passed,
        p.rejected,
        p.expired,
        tally.stories.values().filter(|story| story.is_open()).count()
    )?;
    writeln!(
        out,
        "  {} ballots: {} for ({} on conditions, {} met), {} against, {} abstained.",
        b.approve + b.reject + b.abstain,
        b.approve,
        b.conditional,
        b.conditions_met,
        b.reject,
        b.abstain
    )?;
    writeln!(
        out,
        "  {} joint operations with {} groups (up to {} members, median {}); {} reached their goal, {} partly, {} failed,",
        o.started, o.groups, o.participants_max, o.participants_median, o.goal_met, o.partly, o.failed
    )?;
    writeln!(
        out,
        "  {} were called off, {} are under way; {} cost more than they won.",
        o.aborted,
        tally.stories.values().filter(|story| story.is_under_way()).count(),
        o.pyrrhic
    )?;
    writeln!(
        out,
        "  {} battles: attackers lost {} goods of troops, defenders {}.",
        s.battles,
        thousands(s.losses.attackers_goods),
        thousands(s.losses.defenders_goods)
    )?;
    let (d, c) = (s.defense, s.conquest);
    writeln!(
        out,
        "  {} alarms: troops held {} times, left in time {} times, landed between hits {} times; {} were not answered.",
        d.alarms, d.held, d.dodged, d.sniped, d.unanswered
    )?;
    writeln!(out, "  {} raids in return, {} of them timed to an army's way home.", d.retaliated, d.back_timed)?;
    writeln!(
        out,
        "  {} marches of relief, {} of them in time; {} were called home, {} without a battle.",
        d.reliefs, d.in_time, d.sent_home, d.unused
    )?;
    writeln!(
        out,
        "  {} villages were taken, {} razed, {} founded; {} players and {} alliances were eliminated.",
        c.taken, c.razed, c.founded, c.players_eliminated, c.alliances_eliminated
    )?;
    writeln!(
        out,
        "  Latest launch: {} ms after its plan. Widest spread of arrivals within a wave: {} ms.",
        o.launch_late_ms_max, o.arrival_spread_ms_max
    )?;
    tell_dealings(out, &s)?;
    tell_handicaps(out, tally)?;
    tell_victory(out, tally, &s)?;
    tell_alliances(out, tally, &s)
}

/// How alliances dealt with each other, and what members did for each other.
fn tell_dealings(out: &mut String, s: &Summary) -> core::fmt::Result {
    let (d, p) = (s.diplomacy, s.pool);
    writeln!(
        out,
        "  {} wars were declared, {} ended by peace; {} pacts and {} confederacies; {} of {} offers were refused.",
        d.wars, d.ended_by_peace, d.pacts, d.confederacies, d.refused, d.offers
    )?;
    writeln!(
        out,
        "  Members gave {} goods to their alliances' pools, and were granted {}.",
        thousands(p.contributed),
        thousands(p.granted)
    )
}

/// How the difficulty changed that holds against persons: the latest changes of each.
fn tell_handicaps(out: &mut String, tally: &CampaignTally) -> core::fmt::Result {
    for (player, changes) in &tally.handicaps {
        let name = shortened(tally.directory.player(*player), 30);
        writeln!(out, "  The difficulty against {name} changed {} times, last:", changes.len())?;
        for change in changes.iter().rev().take(HANDICAPS_SHOWN).rev() {
            let HandicapChange { at, before, difficulty, reason } = change;
            writeln!(out, "    {at}: {before:.2} to {difficulty:.2}, {reason}")?;
        }
    }
    Ok(())
}

/// What was built, and who won.
fn tell_victory(out: &mut String, tally: &CampaignTally, s: &Summary) -> core::fmt::Result {
    if s.wonder.levels > 0 {
        writeln!(out, "  {} levels of wonders were built, the highest is {}.", s.wonder.levels, s.wonder.highest)?;
    }
    let Some(victory) = &s.victory else { return Ok(()) };
    let name = |id| format!("{} ({id})", shortened(tally.directory.alliance(id), 26));
    let (winner, condition) = (name(victory.alliance), victory.condition.replace('_', " "));
    writeln!(out, "  {winner} has won on day {:.1}: {condition}. How far all had come:", victory.day)?;
    for (id, progress) in &victory.ranking {
        writeln!(out, "    {:<34} {:>4.0}%", name(*id), progress * 100.0)?;
    }
    Ok(())
}

/// A line for each alliance that deliberates.
fn tell_alliances(out: &mut String, tally: &CampaignTally, s: &Summary) -> core::fmt::Result {
    for (id, started) in &s.operations_by_alliance {
        let id = crate::base::id::AllianceId(*id);
        let reports = tally.stories.iter().filter(|(p, _)| p.alliance == id).filter_map(|(_, s)| s.report.as_ref());
        let (mut killed, mut lost, mut met) = (0, 0, 0);
        for r in reports {
            killed += r.killed_goods;
            lost += r.lost_goods;
            met += u32::from(r.result == "goal_met");
        }
        writeln!(
            out,
            "    {:<34} {started:>3} operations, {met:>3} goals met, {:>12} killed, {:>12} lost",
            format!("{} ({id})", shortened(tally.directory.alliance(id), 26)),
            thousands(killed),
            thousands(lost)
        )?;
    }
    Ok(())
}

fn tell_operation(out: &mut String, names: &Directory, id: ProposalId, story: &OperationStory) -> core::fmt::Result {
    writeln!(out, "\nOperation {id} of {}", shortened(names.alliance(id.alliance), 40))?;
    let proposed = format!(
        "  {}: {} proposes to {} by `{}`: {}.",
        story.submitted,
        shortened(names.player(story.proposer), 30),
        if story.goal == "take" { "take" } else { "break" },
        story.pattern,
        story.targets.iter().map(|t| shortened(names.site(*t), 34)).collect::<Vec<_>>().join(", ")
    );
    writeln!(out, "{}", words::wrap(&proposed))?;
    tell_votes(out, names, story)?;
    tell_launches(out, names, story)?;
    tell_course(out, names, story)?;
    tell_result(out, names, story)
}

/// What happened from the first launch on, in the order of time; at one instant the battle comes before what follows from it.
fn tell_course(out: &mut String, names: &Directory, story: &OperationStory) -> core::fmt::Result {
    let battles = story.battles.iter().filter_map(|b| Some((b.at, tell_battle(names, b)?)));
    let revisions = story
        .revisions
        .iter()
        .map(|(at, decision, reason)| (*at, words::change_of_course(names, &story.rows, decision, reason)));
    let mut course: Vec<(GameTime, String)> = battles.chain(revisions).collect();
    // Stable: what is of one instant stays in its order.
    course.sort_by_key(|(at, _)| *at);
    for (at, text) in course {
        writeln!(out, "{}", words::wrap(&format!("  {at}: {text}")))?;
    }
    Ok(())
}

fn tell_votes(out: &mut String, names: &Directory, story: &OperationStory) -> core::fmt::Result {
    let mut ballots: Vec<_> = story.ballots.iter().collect();
    // Conditional ballots and dissent say most; then the order in which they were cast.
    ballots.sort_by_key(|(_, vote, conditions, ..)| (conditions.is_empty(), *vote == Vote::Approve));
    for (member, vote, conditions, pledge, reason) in ballots.iter().take(BALLOTS_SHOWN) {
        let word = match vote {
            Vote::Approve => "for",
            Vote::Reject => "against",
            Vote::Abstain => "abstains",
        };
        write!(out, "    {:<22} {word:<9}", shortened(names.player(*member), 22))?;
        if *vote == Vote::Approve && *pledge > 0.0 {
            let decimals = usize::from(*pledge < 0.01);
            write!(out, " pledges {:>3.decimals$}%", pledge * 100.0)?;
        } else {
            write!(out, "             ")?;
        }
        match &reason.rule {
            Some(rule) => write!(out, "  by rule: {rule}")?,
            // Adding 0.0 turns a negative zero into a plain one.
            None => write!(out, "  score {:>5.2}: {}", (reason.score * 100.0).round() / 100.0 + 0.0, why(reason))?,
        }
        for condition in conditions {
            write!(out, "; if {condition}")?;
        }
        writeln!(out)?;
    }
    if ballots.len() > BALLOTS_SHOWN {
        writeln!(out, "    and {} more", ballots.len() - BALLOTS_SHOWN)?;
    }
    for (member, vote, _, _, reason) in ballots.iter().take(VOICES_SHOWN) {
        if let Some(said) = voice(*vote, reason, names) {
            let who = shortened(names.player(*member), 22);
            writeln!(out, "{}", words::wrap(&format!("    {who} says: \u{201c}{}\u{201d}", shortened(&said, 400))))?;
        }
    }
    if let Some((at, outcome, test)) = &story.decided {
        let test = test.as_ref().map(|t| format!(" ({t})")).unwrap_or_default();
        writeln!(out, "  {at}: {outcome}{test}")?;
    }
    Ok(())
}

/// What spoke most for it and what most against.
fn why(reason: &Reason) -> String {
    let known = || reason.terms.iter().filter(|t| t.input.is_some());
    let most = known().max_by(|a, b| a.added.total_cmp(&b.added)).filter(|t| t.added > 0.0);
    let least = known().min_by(|a, b| a.added.total_cmp(&b.added)).filter(|t| t.added < 0.0);
    let terms: Vec<String> = most.into_iter().chain(least).map(|t| format!("{} {:+.2}", t.name, t.added)).collect();
    terms.join(", ")
}

fn tell_launches(out: &mut String, names: &Directory, story: &OperationStory) -> core::fmt::Result {
    let mut rows: Vec<_> = story.rows.iter().collect();
    rows.sort_by_key(|r| (r.launch, r.group));
    writeln!(out, "  {:<20} {:<36} {:<16} {:>9}  arrives", "member", "sends", "leaves", "travels")?;
    for row in rows.iter().take(ROWS_SHOWN) {
        let units: Vec<_> = row.units.iter().map(|(name, n)| format!("{n} {name}")).collect();
        writeln!(
            out,
            "  {:<20} {:<36} {:<16} {:>9}  {}",
            shortened(names.player(row.member), 20),
            shortened(&units.join(", "), 36),
            seconds(&row.launch.to_string()),
            seconds(&row.travel.to_string()),
            row.arrival
        )?;
    }
    if rows.len() > ROWS_SHOWN {
        writeln!(out, "  and {} more, at their own times, for the same instants", rows.len() - ROWS_SHOWN)?;
    }
    Ok(())
}

/// A battle in words; none if it is no battle.
fn tell_battle(names: &Directory, battle: &CampaignFact) -> Option<String> {
    let Fact::BattleFought { site, attackers, attacker_loss, defender_loss, defenders_lost, loot, wall, .. } =
        &battle.fact
    else {
        return None;
    };
    // A fight without defenders is won to the full, which says nothing.
    let defenders = if *defenders_lost == 0 && *defender_loss >= 1.0 {
        "nobody is at home".to_owned()
    } else {
        format!("{:.0}% of the defenders", defender_loss * 100.0)
    };
    let groups = if attackers.len() == 1 { "group" } else { "groups" };
    Some(format!(
        "{} {groups} at {}: {:.0}% of the attackers fall, {defenders}; wall {} to {}, {} goods taken",
        attackers.len(),
        shortened(names.site(*site), 34),
        attacker_loss * 100.0,
        wall.0,
        wall.1,
        thousands(loot.total())
    ))
}

fn tell_result(out: &mut String, names: &Directory, story: &OperationStory) -> core::fmt::Result {
    if let Some(r) = &story.report {
        writeln!(
            out,
            "  Result: {}{}. {} goods of troops lost, {} killed; expected to lose {:.0}%, lost {:.0}%; gave itself {:.0}%.",
            r.result.replace('_', " "),
            if r.pyrrhic { ", at too high a price" } else { "" },
            thousands(r.lost_goods),
            thousands(r.killed_goods),
            r.expected_loss * 100.0,
            percent(r.lost_goods, r.sent_goods),
            r.expected_win * 100.0
        )?;
    }
    if let Some((findings, text)) = &story.findings {
        let names: Vec<String> = findings.iter().map(|found| found.name().replace('_', " ")).collect();
        let said = text.as_ref().map_or_else(String::new, |text| format!(" \u{201c}{}\u{201d}", shortened(text, 160)));
        writeln!(out, "{}", words::wrap(&format!("  It taught: {}.{said}", names.join(", "))))?;
    }
    for (subject, before, after) in story.trust.iter().take(4) {
        writeln!(
            out,
            "  Trust in {}, mean of those who took part: {before:.1} to {after:.1}",
            shortened(names.player(*subject), 30)
        )?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
fn percent(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 100.0 }
}

/// Cuts milliseconds off a time for narrow columns.
fn seconds(text: &str) -> String {
    text.split('.').next().unwrap_or(text).to_owned()
}

/// A number with its thousands apart.
pub(super) fn thousands(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    if n < 0 { format!("-{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_threes() {
        assert_eq!(thousands(-1_234_567), "-1 234 567");
    }
}
