//! Operations and votes, with what was known when they were proposed.

use super::minutes::action_in_words;
use super::{Source, TEXT};
use crate::base::clock::GameTime;
use crate::base::contract::{Fact, Reason, Vote};
use crate::base::id::{ProposalId, SiteId};
use crate::base::text::shortened;
use crate::edge::report::after_action::data::{Ballot, End, Known, Lane, Operation};
use crate::edge::report::after_action::history::{Decision, KnownThen, VoteThen};
use crate::edge::report::gates::gate_in_words;
use crate::edge::report::intel::{median, source as how};
use crate::edge::report::tally::{CampaignTally, OperationStory, members};
use crate::edge::report::words::change_of_course;
use std::collections::BTreeMap;

/// Operations that are kept at most, those with most troops.
const OPERATIONS_KEPT: usize = 600;
/// Votes that became no operation that are kept at most, the closest ones.
const VOTES_KEPT: usize = 6;
/// Ways of one operation in the overview.
const WAYS_KEPT: usize = 40;
/// Groups, ballots, targets and changes of course of one operation.
const PARTS_KEPT: usize = 60;
/// Terms of a ballot.
const TERMS_KEPT: usize = 3;

/// The operations that are shown, in the order of time, and how many are not.
pub(super) fn places(tally: &CampaignTally) -> (Vec<ProposalId>, usize) {
    let mut ids: Vec<(ProposalId, &OperationStory)> =
        tally.stories.iter().filter(|(_, s)| !s.rows.is_empty()).map(|(id, s)| (*id, s)).collect();
    let left_out = ids.len().saturating_sub(OPERATIONS_KEPT);
    let sent = |story: &OperationStory| story.report.as_ref().map_or(0, |r| r.sent_goods);
    ids.sort_by_key(|(id, story)| (core::cmp::Reverse(sent(story)), *id));
    ids.truncate(OPERATIONS_KEPT);
    let first = |story: &OperationStory| story.rows.iter().map(|row| row.arrival).min();
    ids.sort_by_key(|(id, story)| (first(story), *id));
    (ids.into_iter().map(|(id, _)| id).collect(), left_out)
}

/// The closest votes that became no operation: what was rejected, and what is about wars and treaties.
pub(super) fn votes(source: &Source) -> Vec<Operation> {
    let told = |s: &&OperationStory| {
        s.rows.is_empty() && s.decided.is_some() && s.ballots.len() >= 3 && s.action != "expansion"
    };
    let mut closest: Vec<(f64, ProposalId)> = source
        .tally
        .stories
        .iter()
        .filter(|(_, story)| told(story))
        .map(|(id, story)| {
            let count = |vote: Vote| story.ballots.iter().filter(|b| b.1 == vote).count() as f64;
            let (for_it, against) = (count(Vote::Approve), count(Vote::Reject));
            // Wars come before attacks that never were.
            let weight = if story.action == "mass_attack" { 0.0 } else { 0.5 };
            (weight + for_it.min(against) / story.ballots.len() as f64, *id)
        })
        .collect();
    closest.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    closest.truncate(VOTES_KEPT);
    closest.sort_by_key(|(_, id)| (source.tally.stories[id].submitted, *id));
    closest.iter().filter_map(|(_, id)| operation(source, *id)).collect()
}

/// One proposal and what came of it.
pub(super) fn operation(source: &Source, id: ProposalId) -> Option<Operation> {
    let story = source.tally.stories.get(&id)?;
    let decision = source.history.decisions.get(&id);
    let victim = story.targets.first().and_then(|site| source.names().sites.get(site)).map(|(_, owner)| *owner);
    let other = decision.and_then(|d| d.other);
    let blown = story.battles.first().and_then(|fact| match &fact.fact {
        Fact::BattleFought { defender, .. } => Some(*defender),
        _ => None,
    });
    let first = story.rows.iter().map(|row| row.arrival).min();
    let mut operation = Operation {
        name: id.to_string(),
        key: format!("{}-{}", id.alliance.0, id.n),
        side: source.side(id.alliance),
        by: source.party(Some(id.alliance), None).name,
        other: source.party(other, blown.or(victim)),
        action: if story.action.is_empty() { "a joint attack".to_owned() } else { action_in_words(&story.action) },
        goal: story.goal.clone(),
        pattern: story.pattern.replace('_', " "),
        proposer: source.player(story.proposer),
        submitted: story.submitted,
        decided: decided(story),
        blow: main_arrival(story).or(first).or(decision.map(|d| d.arrival)),
        targets: story.targets.iter().take(PARTS_KEPT).map(|site| source.village(*site)).collect(),
        tile: story.targets.iter().find_map(|site| source.tile(*site)),
        members: members(&story.rows),
        groups: story.rows.len() as u64,
        ways: story.rows.iter().take(WAYS_KEPT).map(|row| (row.launch, row.arrival)).collect(),
        lanes: lanes(source, id, story),
        ballots: story.ballots.iter().take(PARTS_KEPT).map(|b| ballot(source, b)).collect(),
        tally: tally(story),
        seats: decision.and_then(|d| d.vote).map(|vote| vote.seats as u64),
        rule: decision.and_then(|d| d.vote).map(rule_in_words).unwrap_or_default(),
        dear: dear(source, story),
        known: known(source, id, story),
        course: course(source, story),
        ..Operation::default()
    };
    results(story, &mut operation);
    // What fell is the truth, whoever saw it: where nobody comes back the report of an operation knows of nothing.
    let fell = source.history.blows.iter().filter(|blow| blow.operation == Some(id));
    operation.killed = fell.map(|blow| blow.killed).sum::<i64>().max(operation.killed_known);
    Some(operation)
}

/// When a proposal passes.
fn rule_in_words(vote: VoteThen) -> String {
    let part = |(parts, of): (u32, u32)| match (parts, of) {
        (1, 2) => "half".to_owned(),
        (parts, of) => format!("{parts} in {of}"),
    };
    if vote.leader_alone {
        return "of so few the leader decides alone".to_owned();
    }
    let who = if vote.ignores_abstentions { "of those for or against it" } else { "of the ballots" };
    format!(
        "it passes if at least {} of those who may vote do, more than {} {who} are for it, enough members pledge troops, and the plan \
         still works when the vote ends",
        part(vote.quorum),
        part(vote.approval)
    )
}

/// The units of which few were worth much: each five times the mean at least, together at most one in ten of all, and a quarter of the
/// goods at least.
fn dear(source: &Source, story: &OperationStory) -> Option<(String, u64, u64, f64)> {
    let mut heads: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, n) in story.rows.iter().flat_map(|row| &row.units) {
        *heads.entry(name).or_default() += u64::from(*n);
    }
    let all: u64 = heads.values().sum();
    let price = |name: &str| source.prices.get(name).copied().unwrap_or(0) as f64;
    let total: f64 = heads.iter().map(|(name, n)| price(name) * *n as f64).sum();
    let dear = heads.iter().filter(|(name, _)| price(name) * all as f64 >= total * 5.0);
    let dear: Vec<(&str, u64)> = dear.map(|(name, n)| (*name, *n)).collect();
    let few: u64 = dear.iter().map(|(_, n)| n).sum();
    let part = dear.iter().map(|(name, n)| price(name) * *n as f64).sum::<f64>() / total.max(1.0);
    let names: Vec<String> = dear.iter().map(|(name, n)| format!("{n} {}", name.replace('_', " "))).collect();
    (few * 10 <= all && part >= 0.25).then(|| (names.join(", "), few, all, part))
}

/// The instant at which most groups arrive.
fn main_arrival(story: &OperationStory) -> Option<GameTime> {
    let count = |at: GameTime| story.rows.iter().filter(|row| row.arrival == at).count();
    let arrivals = story.rows.iter().map(|row| row.arrival);
    arrivals.max_by_key(|at| (count(*at), core::cmp::Reverse(*at)))
}

fn results(story: &OperationStory, operation: &mut Operation) {
    if let Some(report) = &story.report {
        operation.result.clone_from(&report.result);
        operation.pyrrhic = report.pyrrhic;
        (operation.sent, operation.killed_known) = (report.sent_goods, report.killed_goods);
        (operation.lost, operation.loot) = (report.lost_goods, report.loot.total());
        (operation.expected_loss, operation.expected_win) = (report.expected_loss, report.expected_win);
        operation.intel_age = report.intel_age_hours;
        operation.factor = median(report.lessons.iter().map(|(_, off)| *off).collect()).map(libm::exp);
    }
    if let Some((findings, text)) = &story.findings {
        operation.findings = findings.iter().map(|found| found.name().to_owned()).collect();
        operation.said = text.as_ref().map(|text| shortened(text, TEXT));
    }
}

/// When and how it was decided, with the test that it failed in words.
fn decided(story: &OperationStory) -> Option<(GameTime, String, Option<String>)> {
    let (at, outcome, test) = story.decided.clone()?;
    Some((at, outcome, test.map(|test| gate_in_words(&test))))
}

fn tally(story: &OperationStory) -> [u64; 4] {
    let count = |vote: Vote| story.ballots.iter().filter(|b| b.1 == vote).count() as u64;
    let conditional = story.ballots.iter().filter(|b| !b.2.is_empty()).count() as u64;
    [count(Vote::Approve), count(Vote::Reject), count(Vote::Abstain), conditional]
}

fn lanes(source: &Source, id: ProposalId, story: &OperationStory) -> Vec<Lane> {
    let mut rows: Vec<_> = story.rows.iter().collect();
    rows.sort_by_key(|row| (row.launch, row.group));
    rows.truncate(PARTS_KEPT);
    let lane = |row: &&crate::base::contract::LaunchRow| {
        let units: Vec<String> = row.units.iter().map(|(name, n)| format!("{n} {}", name.replace('_', " "))).collect();
        Lane {
            member: source.player(row.member),
            from: source.village(row.origin),
            to: source.village(row.target),
            units: shortened(&units.join(", "), 60),
            wave: row.wave,
            launch: row.launch,
            arrival: row.arrival,
            left: source.history.left.get(&(id, row.group)).copied(),
        }
    };
    rows.iter().map(lane).collect()
}

fn ballot(
    source: &Source,
    ballot: &(crate::base::id::PlayerId, Vote, Vec<crate::base::contract::Condition>, f64, Reason),
) -> Ballot {
    let (member, vote, conditions, pledge, reason) = ballot;
    let mut terms: Vec<(String, f64)> =
        reason.terms.iter().filter(|t| t.input.is_some()).map(|t| (t.name.clone(), t.added)).collect();
    terms.retain(|(name, added)| libm::fabs(*added) >= 0.02 && name != "base");
    terms.sort_by(|a, b| libm::fabs(b.1).total_cmp(&libm::fabs(a.1)));
    terms.truncate(TERMS_KEPT);
    let all = reason.terms.iter().filter(|term| term.added != 0.0).count();
    let more =
        (all.saturating_sub(terms.len()) as u64, reason.score - terms.iter().map(|(_, added)| added).sum::<f64>());
    Ballot {
        member: source.player(*member),
        vote: match vote {
            Vote::Approve => 1,
            Vote::Reject => -1,
            Vote::Abstain => 0,
        },
        pledge: *pledge,
        score: reason.score,
        rule: reason.rule.clone(),
        terms,
        more,
        conditions: conditions.iter().map(ToString::to_string).collect(),
        text: reason.text.as_ref().map(|text| shortened(text, TEXT)),
    }
}

/// What was known of each target when it was proposed, what the plan reckoned with, and what stood there.
fn known(source: &Source, id: ProposalId, story: &OperationStory) -> Vec<Known> {
    let Some(decision) = source.history.decisions.get(&id) else { return Vec::new() };
    let lesson = |site: SiteId| {
        let report = story.report.as_ref()?;
        report.lessons.iter().find(|(of, _)| *of == site).map(|(_, off)| *off)
    };
    let one = |then: &KnownThen| {
        let blow = source.history.blows.iter().find(|b| b.operation == Some(id) && b.site == then.site);
        let stood = blow.map(|b| b.stood);
        #[expect(clippy::cast_possible_truncation, reason = "goods of one village")]
        let planned = stood.zip(lesson(then.site)).map(|(stood, off)| (stood as f64 / libm::exp(off)).round() as i64);
        Known {
            village: source.village(then.site),
            how: then.kind.map_or("nothing", how).to_owned(),
            age: then.seen_at.map(|seen| (decision.at - seen).as_hours()),
            confidence: then.confidence,
            believed: then.believed,
            truth: then.truth,
            planned,
            stood,
            end: end(source, id, story, decision, then.site),
        }
    };
    decision.known.iter().take(PARTS_KEPT).map(one).collect()
}

/// What was reached at a target.
fn end(source: &Source, id: ProposalId, story: &OperationStory, decision: &Decision, site: SiteId) -> End {
    if let Some((_, why)) = story.left_out.iter().find(|(of, _)| *of == site) {
        return End::LeftOut(left_out_in_words(why));
    }
    let Some(report) = &story.report else { return End::Open };
    if report.result == "aborted" {
        return End::CalledOff;
    }
    let Some((_, broken, met)) = report.targets.iter().find(|(of, ..)| *of == site) else {
        return End::LeftOut("no group was left for it".to_owned());
    };
    let mut fell: Option<(i64, i64)> = None;
    for blow in source.history.blows.iter().filter(|b| b.operation == Some(id) && b.site == site) {
        let (killed, stood) = fell.unwrap_or((0, blow.stood));
        fell = Some((killed + blow.killed, stood.max(blow.stood)));
    }
    let fell = fell.filter(|(_, stood)| *stood > 0).map(|(killed, stood)| (killed as f64 / stood as f64).min(1.0));
    End::Fought { met: *met, take: report.goal == "take", fell, broken: *broken, goal: decision.share }
}

/// Why a target was left out of a plan.
fn left_out_in_words(why: &str) -> String {
    let words = match why {
        "no_force_in_time" => "nobody could be there in time",
        "too_strong" => "all that could be there was not enough",
        "too_costly" => "too many would have fallen",
        "limit" => "there were too many groups",
        "too_few_chiefs" => "too few chiefs could be there in time",
        "seat_stands" => "the seat would have stood",
        "nobody_beside" => "nobody could do what the pattern asks for beside the blow",
        "not_theirs" => "it was not the enemy\u{2019}s any more",
        "pact" => "there was peace with its owner by then",
        "unknown" => "what stood there was not known any more",
        "nothing_to_break" => "what stood there was not worth it any more",
        "claimed" => "a confederate had it to itself",
        "fair_play" => "it would have been foul to a person",
        other => return other.replace('_', " "),
    };
    words.to_owned()
}

/// Battles and changes of course, in the order of time.
fn course(source: &Source, story: &OperationStory) -> Vec<(GameTime, String)> {
    let battles = story.battles.iter().filter_map(|fact| Some((fact.at, battle(source, &fact.fact)?)));
    let changes = story
        .revisions
        .iter()
        .map(|(at, decision, reason)| (*at, change_of_course(source.names(), &story.rows, decision, reason)));
    let mut course: Vec<(GameTime, String)> = battles.chain(changes).collect();
    course.sort_by_key(|(at, _)| *at);
    // Waves that come one by one to a village without defenders are one entry.
    let mut merged: Vec<(GameTime, String, u32)> = Vec::new();
    for (at, text) in course {
        match merged.last_mut() {
            Some((_, last, times)) if *last == text => *times += 1,
            _ => merged.push((at, text, 1)),
        }
    }
    merged.truncate(PARTS_KEPT);
    let told = |(at, text, times): (GameTime, String, u32)| match times {
        1 => (at, text),
        n => (at, format!("{text} ({n} times)")),
    };
    merged.into_iter().map(told).collect()
}

fn battle(source: &Source, fact: &Fact) -> Option<String> {
    let Fact::BattleFought { site, attackers, attacker_loss, defender_loss, defenders_lost, wall, .. } = fact else {
        return None;
    };
    let defenders = if *defenders_lost == 0 && *attacker_loss < 0.005 {
        "nobody is at home".to_owned()
    } else {
        format!("{:.0}% of the defenders", defender_loss * 100.0)
    };
    let groups = if attackers.len() == 1 { "group" } else { "groups" };
    let wall = if wall.0 == wall.1 { String::new() } else { format!("; the wall falls from {} to {}", wall.0, wall.1) };
    let (n, village) = (attackers.len(), source.village(*site));
    Some(format!("{n} {groups} at {village}: {:.0}% of the attackers fall, {defenders}{wall}", attacker_loss * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::contract::LaunchRow;
    use crate::base::id::{AllianceId, PlayerId};
    use crate::edge::report::after_action::history::History;

    #[test]
    fn the_dear_units_are_told_where_they_are_few_and_most_of_the_goods() {
        let row = |units: &[(&str, u32)]| LaunchRow {
            group: 0,
            member: PlayerId(1),
            origin: SiteId(1),
            target: SiteId(2),
            wave: 0,
            units: units.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect(),
            launch: GameTime(0),
            travel: crate::base::clock::GameSpan::hours(1),
            arrival: GameTime(0),
        };
        let (tally, history) = (CampaignTally::default(), History::default());
        let mut source = Source::of(&tally, &history, vec![AllianceId(1)]);
        let prices = [("imperian", 1_000), ("senator", 100_000), ("big_chief", 90_000)];
        source.prices = prices.map(|(name, price)| (name.to_owned(), price)).into();
        let of = |rows: Vec<LaunchRow>| dear(&source, &OperationStory { rows, ..OperationStory::default() });
        let (names, few, all, part) =
            of(vec![row(&[("imperian", 95), ("senator", 2)]), row(&[("big_chief", 3)])]).unwrap();
        assert_eq!((names.as_str(), few, all), ("3 big chief, 2 senator", 5, 100));
        assert!((part - 470.0 / 565.0).abs() < 1e-9, "{part}");
        assert_eq!(of(vec![row(&[("imperian", 95)])]), None, "all alike");
        assert_eq!(of(vec![row(&[("senator", 2)])]), None, "nothing but dear ones");
        assert_eq!(of(Vec::new()), None);
    }
}
