//! What is read first: who is winning and why, the ranking, the turning point, the best and the worst decision.

use super::super::data::{Data, Known, Operation, RankedBy, Side};
use super::super::judge::{Turning, Verdict};
use super::operations::{link, link_first};
use super::table::{self, Column, Narrow};
use super::text::{ahead, badge, clock, count, esc, finding, goods, hours, letter, party, percent, rule, signed, term};
use core::fmt::Write;
use std::collections::BTreeMap;

pub(super) fn head(out: &mut String, data: &Data, verdict: &Verdict) -> core::fmt::Result {
    let days = (data.end - crate::base::clock::GameTime(0)).as_hours() / 24.0;
    writeln!(out, "<header class=\"top\"><p class=\"kicker\">After-action report \u{b7} {days:.1} days</p>")?;
    writeln!(out, "<h1>{}</h1>", esc_keeping_spaces(&verdict.headline))?;
    writeln!(out, "<p class=\"lead\">{}</p>", esc_keeping_spaces(&verdict.why))?;
    writeln!(
        out,
        "<p class=\"meta\">{} villages, {} players, {} alliances of which {} deliberate \u{b7} from {} to {} \u{b7} seed {}</p>",
        data.villages,
        data.players,
        data.alliances,
        data.sides.len(),
        clock(data.begun),
        clock(data.end),
        data.seed
    )?;
    writeln!(out, "<p class=\"meta\">State hash <code>{}</code></p>", esc(&data.hash))?;
    write!(out, "<nav aria-label=\"Parts of this report\">")?;
    let parts = [
        ("standing", "Standing"),
        ("keys", "Turning point and decisions"),
        ("map", "Map"),
        ("wars", "Wars"),
        ("courses", "Over time"),
        ("operations", "Operations"),
        ("beliefs", "Belief and truth"),
        ("bands", "Behavior"),
        ("minutes", "Minutes"),
        ("numbers", "Numbers"),
    ];
    for (id, name) in parts {
        write!(out, "<a href=\"#{id}\">{name}</a>")?;
    }
    writeln!(out, "</nav></header>")
}

/// Escaped, with the spaces that hold numbers and units together: `esc` makes plain ones of them.
fn esc_keeping_spaces(text: &str) -> String {
    text.split('\u{a0}').map(esc_inner).collect::<Vec<_>>().join("\u{a0}")
}

/// Escaped with its spaces at both ends.
fn esc_inner(text: &str) -> String {
    let lead = if text.starts_with(' ') { " " } else { "" };
    let tail = if text.ends_with(' ') { " " } else { "" };
    format!("{lead}{}{tail}", esc(text))
}

/// The ranking.
pub(super) fn standing(out: &mut String, data: &Data) -> core::fmt::Result {
    writeln!(out, "<section id=\"standing\"><h2>Standing</h2>")?;
    let by = match data.ranked_by {
        RankedBy::Net => {
            "Ranked by net goods: goods of enemy troops killed and goods looted, less own troops lost and goods plundered."
        }
        RankedBy::Progress => "Ranked by how far each has come to victory.",
        RankedBy::Won(..) => "Ranked as the campaign ended.",
    };
    writeln!(
        out,
        "<p class=\"note\">{by} The letter and the color of an alliance are the same on the whole page.</p>"
    )?;
    let condition = !matches!(data.ranked_by, RankedBy::Net);
    let mut columns: Vec<Column> = vec![("Alliance", false)];
    if condition {
        columns.push(("To victory", true));
    }
    columns.extend([
        ("Net goods", true),
        ("Killed", true),
        ("Lost", true),
        ("Looted", true),
        ("Plundered", true),
        ("Villages", true),
        ("Goals met", true),
        ("Army", true),
        ("Enemy troops known", true),
    ]);
    table::open(out, "Ranking of the alliances", Narrow::Scrolls, &columns)?;
    for (place, side) in data.sides.iter().enumerate() {
        let mut cells = vec![name(place, side)];
        if condition {
            cells.push(
                side.progress
                    .as_ref()
                    .map_or("-".to_owned(), |(by, p)| format!("{}<small>{}</small>", percent(*p), esc(by))),
            );
        }
        cells.extend(figures(data, place, side));
        table::row(out, if place == 0 { "first" } else { "" }, &columns, &cells)?;
    }
    table::close(out)?;
    if data.sides.iter().any(|side| !side.state.is_empty()) {
        writeln!(
            out,
            "<details><summary>What each is about to do, and what keeps it from it</summary><ul class=\"minutes\">"
        )?;
        for (place, side) in data.sides.iter().enumerate() {
            writeln!(
                out,
                "<li><span>{}\u{a0}{}</span><span>It {}.</span></li>",
                badge(place),
                esc(&side.name),
                esc(&side.state)
            )?;
        }
        writeln!(out, "</ul></details>")?;
    }
    writeln!(out, "</section>")
}

fn name(place: usize, side: &Side) -> String {
    let ended = if side.ended { "has ended" } else { "" };
    let members = if side.ended { ended.to_owned() } else { count(side.members, "member", "members") };
    format!("<span class=\"who\">{}\u{a0}{}</span><small>{members}</small>", badge(place), esc(&side.name))
}

fn figures(data: &Data, place: usize, side: &Side) -> Vec<String> {
    let of = |look: Option<&super::super::data::Look>| look.and_then(|l| l.army.get(place).copied().flatten());
    let army = of(data.looks.first()).zip(of(data.looks.last())).filter(|(first, _)| *first > 0.0);
    #[expect(clippy::cast_possible_truncation, reason = "goods of a campaign")]
    let army = army.map_or("-".to_owned(), |(first, last)| {
        format!("{}<small>{} of the start</small>", goods(last as i64), percent(last / first))
    });
    let mut villages = Vec::new();
    for (n, sign) in [(side.taken + side.founded, "+"), (side.villages_lost, "\u{2212}")] {
        if n > 0 {
            villages.push(format!("{sign}{n}"));
        }
    }
    let villages = if villages.is_empty() { "unchanged".to_owned() } else { villages.join(" ") };
    let tone = if side.net() < 0 { "bad" } else { "good" };
    let mut known =
        if side.at_war.1 == 0 { "no war".to_owned() } else { percent(side.at_war.0 as f64 / side.at_war.1 as f64) };
    if let Some(age) = side.intel_age {
        known.push_str(&format!("<small>{} old</small>", hours(age)));
    }
    let rest: Vec<String> = [(side.partly, "partly"), (side.failed, "failed"), (side.aborted, "off")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    vec![
        format!("<b class=\"{tone}\">{}</b>", signed(side.net())),
        goods(side.killed),
        goods(side.lost),
        goods(side.looted),
        goods(side.plundered),
        format!("{}<small>{villages}</small>", side.villages),
        format!("{} of {}<small>{}</small>", side.met, side.started, rest.join(", ")),
        army,
        known,
    ]
}

/// The turning point, the best and the worst decision.
pub(super) fn keys(out: &mut String, data: &Data, verdict: &Verdict) -> core::fmt::Result {
    writeln!(out, "<section id=\"keys\"><h2>Turning point and decisions</h2><div class=\"keys\">")?;
    match &verdict.turning {
        Some(turning) => turned(out, data, verdict, turning)?,
        None => writeln!(
            out,
            "<article class=\"key\"><h3>Turning point</h3><p>No blow has changed who leads.</p></article>"
        )?,
    }
    for (place, heading, kind) in [(verdict.best, "Best decision", "up"), (verdict.worst, "Worst decision", "down")] {
        let Some(operation) = place.and_then(|i| data.operations.get(i)) else {
            writeln!(
                out,
                "<article class=\"key {kind}\"><h3>{heading}</h3><p>None stands out: no operation ended that way.</p></article>"
            )?;
            continue;
        };
        writeln!(out, "<article class=\"key {kind}\"><h3>{heading}</h3>")?;
        writeln!(out, "<p class=\"what\">{}</p><ul>", decision(operation))?;
        for cause in causes(operation) {
            writeln!(out, "<li>{cause}</li>")?;
        }
        writeln!(out, "</ul><a href=\"#known-{}\">What was known then</a></article>", operation.key)?;
    }
    writeln!(out, "</div></section>")
}

fn turned(out: &mut String, data: &Data, verdict: &Verdict, turning: &Turning) -> core::fmt::Result {
    let Some(step) = data.steps.get(turning.step) else { return Ok(()) };
    let operation = step.operation.and_then(|i| data.operations.get(i));
    writeln!(out, "<article class=\"key\"><h3>Turning point \u{b7} {}</h3>", clock(step.at))?;
    let blow = match operation {
        Some(operation) => {
            format!("{} of {} against {}", link_first(operation), party(&step.attacker), party(&step.defender))
        }
        None => format!("An attack of {} on {}", party(&step.attacker), party(&step.defender)),
    };
    let leader = data.sides.first().map(|side| format!("{}\u{a0}{}", badge(0), esc(&side.name))).unwrap_or_default();
    let what = match turning.from {
        Some(from) => format!(
            "With it the lead went from {}\u{a0}{} to {leader}, and stayed there",
            badge(from),
            data.sides.get(from).map(|side| esc(&side.name)).unwrap_or_default()
        ),
        None => format!("It is the blow that moved most between {leader} and its nearest rival"),
    };
    writeln!(out, "<p class=\"what\">{blow}, at {}.</p><ul>", esc(&step.site))?;
    writeln!(
        out,
        "<li>{what}: before it {leader} was {}, after it {}.</li>",
        ahead(turning.before),
        ahead(turning.after)
    )?;
    writeln!(
        out,
        "<li>{} goods of the defenders\u{2019} troops were killed and {} looted, for {} of the attackers\u{2019} lost.</li>",
        goods(step.killed),
        goods(step.loot),
        goods(step.lost)
    )?;
    surged(out, data, verdict, turning)?;
    match operation {
        Some(operation) => {
            let (kind, findings) = ("It taught", findings(operation));
            if !findings.is_empty() {
                writeln!(out, "<li>{kind}: {findings}.</li>")?;
            }
            writeln!(out, "</ul><a href=\"#known-{}\">What was known then</a></article>", operation.key)
        }
        None => writeln!(out, "</ul></article>"),
    }
}

/// Where the leader gained most, if that is another blow.
fn surged(out: &mut String, data: &Data, verdict: &Verdict, turning: &Turning) -> core::fmt::Result {
    let Some((i, step)) = verdict.surge.filter(|i| *i != turning.step).and_then(|i| Some((i, data.steps.get(i)?)))
    else {
        return Ok(());
    };
    let net = |i: usize| data.steps.get(i).and_then(|step| step.net.first()).copied().unwrap_or(0);
    let gain = net(i) - i.checked_sub(1).map_or(0, net);
    let by = step.operation.and_then(|i| data.operations.get(i)).map_or_else(|| "an attack".to_owned(), link);
    let attacks = step.attacker.side == Some(0);
    let (how, other) = if attacks { ("with", &step.defender) } else { ("when it was hit by", &step.attacker) };
    let on = if attacks { "on" } else { "of" };
    let (mark, at) = (badge(0), clock(step.at));
    writeln!(out, "<li>{mark}\u{a0}gained most {how} {by} {on} {}, {at}: {}.</li>", party(other), signed(gain))
}

/// A decision in a sentence.
fn decision(operation: &Operation) -> String {
    let side = operation.side.map(|side| format!("{}\u{a0}", badge(side))).unwrap_or_default();
    let when = operation.blow.map(|at| format!(", {}", clock(at))).unwrap_or_default();
    format!(
        "{} of <span class=\"who\">{side}{}</span> against {}{when}: {} goods killed and {} looted for {} lost.",
        link_first(operation),
        esc(&operation.by),
        party(&operation.other),
        goods(operation.killed),
        goods(operation.loot),
        goods(operation.lost)
    )
}

fn findings(operation: &Operation) -> String {
    operation.findings.iter().map(|name| finding(name)).collect::<Vec<_>>().join("; ")
}

/// Why an operation went as it did: what it taught, how far belief was off, what it expected, and who was for it.
fn causes(operation: &Operation) -> Vec<String> {
    let mut causes = Vec::new();
    let taught = findings(operation);
    if !taught.is_empty() {
        causes.push(format!("<b>Why:</b> {taught}."));
    }
    causes.extend(believed(operation));
    if let Some(age) = operation.intel_age {
        causes.push(format!("<b>Intel:</b> the oldest sight of a target was {} old when the blow fell.", hours(age)));
    }
    if operation.sent > 0 {
        causes.push(format!(
            "<b>Expected:</b> a chance of {} at a loss of {}; it lost {} of {} goods sent.",
            percent(operation.expected_win),
            percent(operation.expected_loss),
            percent(operation.lost as f64 / operation.sent as f64),
            goods(operation.sent)
        ));
    }
    causes.extend(voted(operation));
    causes
}

/// What was believed and what stood there, when it was proposed and when it fell.
fn believed(operation: &Operation) -> Option<String> {
    let sum = |value: fn(&Known) -> Option<i64>| operation.known.iter().map(value).try_fold(0, |sum, n| Some(sum + n?));
    let planned = operation.known.iter().filter_map(|known| known.planned.zip(known.stood));
    let (planned, stood) = planned.fold((0, 0), |sum, (planned, stood)| (sum.0 + planned, sum.1 + stood));
    if planned == 0 {
        return None;
    }
    let then =
        sum(|known| known.believed).zip(sum(|known| known.truth)).map_or_else(String::new, |(believed, truth)| {
            format!(
                "when it was proposed {} goods of troops were believed there, and {} stood there; ",
                goods(believed),
                goods(truth)
            )
        });
    let times = stood as f64 / planned as f64;
    Some(format!(
        "<b>Believed against real:</b> {then}it reckoned with {}, help included, and {} stood there when the blow fell: {times:.1} times \
         as many.",
        goods(planned),
        goods(stood)
    ))
}

/// Who was for it and why, and who was not.
fn voted(operation: &Operation) -> Option<String> {
    if operation.ballots.is_empty() {
        return None;
    }
    let [for_it, against, abstained, _] = operation.tally;
    let main = |vote: i8, sign: f64| {
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for ballot in operation.ballots.iter().filter(|b| b.vote == vote) {
            let first = ballot.terms.iter().find(|(_, added)| added * sign > 0.0);
            if let Some((name, _)) = first {
                *times.entry(name).or_default() += 1;
            }
        }
        times.into_iter().max_by_key(|(name, n)| (*n, core::cmp::Reverse(*name))).map(|(name, _)| term(name))
    };
    let mut text = format!(
        "<b>The vote:</b> {} proposed it; {for_it} for, {against} against, {abstained} abstained.",
        esc(&operation.proposer)
    );
    if let Some(why) = main(1, 1.0) {
        text.push_str(&format!(" For it spoke most often {}.", esc(&why)));
    }
    let doubter = operation.ballots.iter().filter(|b| b.vote <= 0).min_by(|a, b| a.score.total_cmp(&b.score));
    if let Some(doubter) = doubter {
        let why = match &doubter.rule {
            Some(by) => rule(by),
            None => {
                doubter.terms.iter().find(|(_, added)| *added < 0.0).map(|(name, _)| term(name)).unwrap_or_default()
            }
        };
        let verb = if doubter.vote < 0 { "was against it" } else { "abstained" };
        let why = if why.is_empty() { String::new() } else { format!(": {}", esc(&why)) };
        text.push_str(&format!(" {} {verb}{why}.", esc(&doubter.member)));
    }
    Some(text)
}

/// Numbers of the tally, and how the report counts.
pub(super) fn numbers(out: &mut String, data: &Data) -> core::fmt::Result {
    writeln!(
        out,
        "<section id=\"numbers\"><h2>Numbers</h2><p class=\"note\">All of the campaign, of everybody.</p><dl class=\"dl\">"
    )?;
    for (what, value) in &data.counts {
        writeln!(out, "<dt>{}</dt><dd>{}</dd>", esc(what), esc(value))?;
    }
    writeln!(out, "</dl>")?;
    if !data.left_out.is_empty() {
        writeln!(out, "<p class=\"note\">Left out because of limits: {}.</p>", esc(&data.left_out.join("; ")))?;
    }
    writeln!(out, "</section>")
}

pub(super) fn foot(out: &mut String, data: &Data) -> core::fmt::Result {
    let first = data.sides.first().map(|side| format!(", {} {} first", letter(0), esc(&side.name))).unwrap_or_default();
    writeln!(
        out,
        "<footer>Goods of troops are what they cost to replace. Net is killed and looted less lost and plundered{first}. What was \
         believed is what the alliance knew when it proposed; the truth beside it was read afterwards, and no decision saw it.</footer>"
    )
}
