//! The turning point, the best and the worst decision.

use super::super::data::{Data, Known, Operation, Step};
use super::super::judge::{Crossing, Turning, Verdict};
use super::operations::{blow_anchor, link, link_first, silent};
use super::text::{ahead, clock, esc, finding, goods, hours, named, party, percent, rule, signed, term, times};
use core::fmt::Write;
use std::collections::BTreeMap;

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

/// A blow with who struck whom, and a link to where it is told.
fn blow(data: &Data, place: usize, step: &Step) -> String {
    let (by, on) = (party(&step.attacker), party(&step.defender));
    match (step.operation.and_then(|i| data.operations.get(i)), &step.clash) {
        (Some(operation), _) => format!("{} of {by} against {on}", link(operation)),
        (None, Some(clash)) => {
            let word = if clash.raid { "a raid" } else { "an attack" };
            let led = clash.attackers.first().filter(|(name, _)| *name != step.attacker.name);
            let led = led.map_or_else(|| by.clone(), |(name, _)| format!("{} of {by}", esc(name)));
            format!(
                "<a href=\"#{}\">{word} outside any joint operation</a>, of {led} on {} of {on}",
                blow_anchor(place),
                esc(&step.site)
            )
        }
        (None, None) => format!("an operation of {by} against {on} that is left out here"),
    }
}

/// With its first letter large.
fn at_the_start(text: &str) -> String {
    for (small, large) in [(">operation", ">Operation"), (">a raid", ">A raid"), (">an attack", ">An attack")] {
        if text.starts_with('<') && text.contains(small) {
            return text.replacen(small, large, 1);
        }
    }
    text.replacen("an operation", "An operation", 1)
}

fn turned(out: &mut String, data: &Data, verdict: &Verdict, turning: &Turning) -> core::fmt::Result {
    let Some(step) = data.steps.get(turning.step) else { return Ok(()) };
    let operation = step.operation.and_then(|i| data.operations.get(i));
    writeln!(out, "<article class=\"key\"><h3>Turning point \u{b7} {}</h3>", clock(step.at))?;
    let at = if operation.is_some() { format!(", at {}", esc(&step.site)) } else { String::new() };
    writeln!(out, "<p class=\"what\">{}{at}.</p><ul>", at_the_start(&blow(data, turning.step, step)))?;
    let leader = data.sides.first().map(|side| named(0, &side.name)).unwrap_or_default();
    match &turning.crossing {
        Some(crossing) => crossed(out, data, turning, crossing, &leader)?,
        None => writeln!(
            out,
            "<li>It is the blow that moved most between {leader} and its nearest rival: before it {leader} was {}, after it {}.</li>",
            ahead(turning.before),
            ahead(turning.after)
        )?,
    }
    for (place, what) in [(verdict.worst, "worst"), (verdict.best, "best")] {
        if place.is_some() && place == step.operation {
            writeln!(out, "<li>It is the {what} decision of all as well: why it went so stands there.</li>")?;
        }
    }
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
            let findings = findings(operation);
            if !findings.is_empty() {
                writeln!(out, "<li>It taught: {findings}.</li>")?;
            }
            writeln!(out, "</ul><a href=\"#known-{}\">What was known then</a></article>", operation.key)
        }
        None => {
            writeln!(out, "<li>Nobody voted on it: it was no joint operation.</li></ul>")?;
            let link = if step.clash.is_some() {
                format!("<a href=\"#{}\">What happened there</a>", blow_anchor(turning.step))
            } else {
                String::new()
            };
            writeln!(out, "{link}</article>")
        }
    }
}

/// How the lead changed, and what the turning point had to do with it.
fn crossed(out: &mut String, data: &Data, turning: &Turning, crossing: &Crossing, leader: &str) -> core::fmt::Result {
    let rival = data.sides.get(crossing.from).map(|side| named(crossing.from, &side.name)).unwrap_or_default();
    let far = goods(-crossing.lowest);
    let chosen = match data.steps.get(crossing.since) {
        Some(first) if crossing.since != turning.step => format!(
            "Of all blows since {}, when it was for the last time at least half as far behind as it ever was ({far}), this moved most.",
            clock(first.at)
        ),
        _ => format!("Just before, it was for the last time at least half as far behind as it ever was ({far})."),
    };
    writeln!(
        out,
        "<li>It moved {} from {rival}, who led, to {leader}, which was {} before it and {} after it. {chosen}</li>",
        goods(turning.after - turning.before),
        ahead(turning.before),
        ahead(turning.after)
    )?;
    if crossing.step == turning.step {
        return writeln!(out, "<li>With it the lead went to {leader}, and stayed there.</li>");
    }
    let Some(last) = data.steps.get(crossing.step) else { return Ok(()) };
    let gap = last.net.first().copied().unwrap_or(0) - last.net.get(crossing.from).copied().unwrap_or(0);
    // Without it the leader would still have been behind.
    let made = if gap <= turning.after - turning.before { "That made it possible that the" } else { "The" };
    writeln!(
        out,
        "<li>{made} lead changed for good on {}, with {}: before that {leader} was {}, after it {}.</li>",
        clock(last.at),
        blow(data, crossing.step, last),
        ahead(crossing.before),
        ahead(crossing.after)
    )
}

/// Where the leader gained most, if that is another blow.
fn surged(out: &mut String, data: &Data, verdict: &Verdict, turning: &Turning) -> core::fmt::Result {
    let Some((i, step)) = verdict.surge.filter(|i| *i != turning.step).and_then(|i| Some((i, data.steps.get(i)?)))
    else {
        return Ok(());
    };
    let net = |i: usize| data.steps.get(i).and_then(|step| step.net.first()).copied().unwrap_or(0);
    let gain = net(i) - i.checked_sub(1).map_or(0, net);
    let leader = data.sides.first().map(|side| named(0, &side.name)).unwrap_or_default();
    let own = step.operation.filter(|_| step.attacker.side == Some(0)).and_then(|i| data.operations.get(i));
    let what = match own {
        Some(operation) => format!("with {} against {}", link(operation), party(&step.defender)),
        None if step.attacker.side == Some(0) => format!("with {}", blow(data, i, step)),
        None => format!("when it was hit by {}", blow(data, i, step)),
    };
    writeln!(out, "<li>{leader} itself gained most {what}, {}: {}.</li>", clock(step.at), signed(gain))
}

/// A decision in a sentence.
fn decision(operation: &Operation) -> String {
    let by = operation.side.map_or_else(|| esc(&operation.by), |side| named(side, &operation.by));
    let when = operation.blow.map(|at| format!(", {}", clock(at))).unwrap_or_default();
    format!(
        "{} of {by} against {}{when}: {} goods killed and {} looted for {} lost.",
        link_first(operation),
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
        causes.push(expected(operation));
    }
    if let Some((name, n, all, part)) = &operation.dear {
        causes.push(format!(
            "<b>Dear troops:</b> {n} of the {all} units ({}) were {} of the goods sent.",
            esc(name),
            percent(*part)
        ));
    }
    if operation.killed_unseen() {
        let known = match operation.killed_known {
            0 => "nothing of what it killed".to_owned(),
            n => format!("{} of the {} that it killed", goods(n), goods(operation.killed)),
        };
        causes
            .push(format!("<b>What it saw:</b> it came to know {known}: too few came back, or too few fell, to tell."));
    }
    causes.extend(voted(operation));
    causes
}

/// What it promised itself, by which belief.
fn expected(operation: &Operation) -> String {
    let sure = operation.known.iter().filter(|known| known.believed.is_some()).map(|known| known.confidence);
    let sure = sure.min_by(f64::total_cmp).map_or_else(String::new, |sure| {
        let but =
            if operation.expected_win - sure > 0.5 { "though what was believed was" } else { "on a belief that was" };
        format!(", {but} {} sure when it was proposed", percent(sure))
    });
    format!(
        "<b>Expected:</b> a chance of {}{sure}, at a loss of {}; it lost {} of {} goods sent.",
        percent(operation.expected_win),
        percent(operation.expected_loss),
        percent(operation.lost as f64 / operation.sent as f64),
        goods(operation.sent)
    )
}

/// What was believed and what stood there, when it was proposed and when it fell, at the targets where it fell.
fn believed(operation: &Operation) -> Option<String> {
    let struck: Vec<&Known> = operation.known.iter().filter(|known| known.stood.is_some()).collect();
    let sum = |value: fn(&Known) -> Option<i64>| struck.iter().map(|k| value(k)).try_fold(0, |sum, n| Some(sum + n?));
    let stood = sum(|known| known.stood).filter(|_| !struck.is_empty())?;
    let (believed, planned) = (sum(|known| known.believed), sum(|known| known.planned));
    let mut parts = Vec::new();
    if let Some((believed, truth)) = believed.zip(sum(|known| known.truth)) {
        let (believed, truth) = (goods(believed), goods(truth));
        parts.push(format!(
            "when it was proposed {believed} goods of troops were believed there, and {truth} stood there"
        ));
    }
    if let Some(planned) = planned {
        parts.push(format!("when it left it reckoned with {}, help included", goods(planned)));
    }
    let against = [(believed, "what was believed"), (planned, "what was reckoned with")];
    let against = against.into_iter().filter_map(|(n, what)| Some(format!("{} {what}", times(stood, n?))));
    let against: Vec<String> = against.collect();
    parts.push(format!("when the blow fell {} stood there: {}", goods(stood), against.join(", and ")));
    (!against.is_empty()).then(|| format!("<b>Believed against real:</b> {}.", parts.join("; ")))
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
        "<b>The vote:</b> {} proposed it; {for_it} for, {against} against, {abstained} abstained{}.",
        esc(&operation.proposer),
        silent(operation)
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
