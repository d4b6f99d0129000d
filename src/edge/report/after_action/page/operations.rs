//! Operations: how launches converge on arrivals, the votes with their reasons, and what each cost and brought.

use super::super::data::{Ballot, Data, End, Lane, Operation};
use super::super::judge::Verdict;
use super::beliefs::{known_of_others, known_table};
use super::charts::day;
use super::lines::days;
use super::table::{self, Column, Narrow};
use super::text::{
    badge, class, clock, count, esc, finding, goods, hours, instant, named, party, percent, result, rule, signed,
    signed_number, span, term,
};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::text::shortened;
use core::fmt::Write;
use std::collections::BTreeMap;

/// Groups of one operation that are drawn.
const LANES: usize = 18;
/// Ballots that are shown before the rest is folded.
const BALLOTS: usize = 8;
/// Rows of the table before the rest is folded.
const ROWS: usize = 20;
/// Height of one group, in pixels.
const LANE: usize = 30;

/// The place of an operation on the page.
pub(super) fn anchor(key: &str) -> String {
    format!("op-{key}")
}

/// The place of the operation with this number in the list.
pub(super) fn anchor_of(data: &Data, place: usize) -> Option<String> {
    data.operations.get(place).map(|operation| anchor(&operation.key))
}

/// A link to an operation.
pub(super) fn link(operation: &Operation) -> String {
    format!("<a href=\"#{}\">operation\u{a0}{}</a>", anchor(&operation.key), esc(&operation.name))
}

/// The same at the beginning of a sentence.
pub(super) fn link_first(operation: &Operation) -> String {
    link(operation).replacen(">operation", ">Operation", 1)
}

pub(super) fn operations(out: &mut String, data: &Data, verdict: &Verdict) -> core::fmt::Result {
    writeln!(out, "<section id=\"operations\"><h2>Operations</h2>")?;
    if data.operations.is_empty() {
        writeln!(out, "<p class=\"note\">None was started.</p>")?;
        clashes(out, data, verdict)?;
        return writeln!(out, "</section>");
    }
    overview(out, data)?;
    let told = verdict.told.iter().filter_map(|told| Some((data.operations.get(told.place)?, told.why.as_slice())));
    let told: Vec<(&Operation, &[&str])> = told.collect();
    writeln!(out, "<h3>{} told in full</h3>", count(told.len() as u64, "operation", "operations"))?;
    writeln!(
        out,
        "<p class=\"note\">Under each stands why it is told. Each line is a group: it waits (dotted), leaves (dot), travels (bar), and is \
         there with the others. To break a target is to kill the share of its defenders that the plan sets, of those who stood there or were \
         believed to, whichever is more; to take it is to hold it in the end.</p>"
    )?;
    let rule = common_rule(data);
    if !rule.is_empty() {
        writeln!(out, "<p class=\"rule\">When a vote passes: {}.</p>", esc(rule))?;
    }
    for (operation, why) in told {
        card(out, operation, why, rule)?;
    }
    clashes(out, data, verdict)?;
    votes(out, data, rule)?;
    all(out, data, verdict)?;
    let told = |place: usize| verdict.why_told(place).is_some();
    let others = data.operations.iter().enumerate().filter(|(place, _)| !told(*place)).map(|(_, o)| o);
    let others: Vec<&Operation> = others.chain(&data.votes).collect();
    if others.iter().any(|o| !o.known.is_empty()) {
        known_of_others(out, &others)?;
    }
    writeln!(out, "</section>")
}

/// By which rule most proposals that are shown were voted on: it is said once.
fn common_rule(data: &Data) -> &str {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for operation in data.operations.iter().chain(&data.votes).filter(|operation| !operation.rule.is_empty()) {
        *times.entry(&operation.rule).or_default() += 1;
    }
    times.into_iter().max_by_key(|(rule, n)| (*n, core::cmp::Reverse(*rule))).map_or("", |(rule, _)| rule)
}

/// Votes that led to no operation, the closest of all marked.
fn votes(out: &mut String, data: &Data, rule: &str) -> core::fmt::Result {
    if data.votes.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<h3>Votes that became no operation</h3><p class=\"note\">Votes on wars and treaties, which may have passed, and joint attacks that \
         were voted down: the closest ones.</p>"
    )?;
    // How many more were on one side, of those who voted.
    let split = |vote: &Operation| {
        let [for_it, against, abstained, _] = vote.tally;
        for_it.abs_diff(against + abstained) as f64 / (for_it + against + abstained).max(1) as f64
    };
    let closest = data.votes.iter().enumerate().min_by(|a, b| split(a.1).total_cmp(&split(b.1)).then(a.0.cmp(&b.0)));
    let closest = closest.map(|(place, _)| place);
    writeln!(out, "<div class=\"two\">")?;
    for (place, vote) in data.votes.iter().enumerate() {
        voted(out, vote, closest == Some(place), rule)?;
    }
    writeln!(out, "</div>")
}

/// All operations over time: a fan for each, from its launches to its arrival.
fn overview(out: &mut String, data: &Data) -> core::fmt::Result {
    writeln!(
        out,
        "<p class=\"note\">Each fan is an operation: its groups leave at their own times (below) and arrive together (above). A full circle met \
         its goal, a ring in a circle met it partly, an empty one failed, a cross was called off, a dash is under way. What comes after the end \
         of this report stands at its edge.</p><div class=\"lanes\">"
    )?;
    let (from, to) = (day(data.begun), day(data.end));
    let x = |at: GameTime| ((day(at) - from) / (to - from).max(1e-6) * 100.0).clamp(0.0, 100.0);
    let most = data.operations.iter().map(|o| o.sent).max().unwrap_or(1).max(1) as f64;
    let shown: Vec<usize> =
        (0..data.sides.len()).filter(|s| data.operations.iter().any(|o| o.side == Some(*s))).collect();
    for side in &shown {
        let name = data.sides.get(*side).map(|s| esc(&s.name)).unwrap_or_default();
        write!(out, "<div class=\"lane {}\" style=\"height:56px\">{}", class(*side), badge(*side))?;
        write!(out, "<svg role=\"img\" aria-label=\"Operations of {name} over time\">")?;
        for operation in data.operations.iter().filter(|o| o.side == Some(*side)) {
            fan(out, operation, data.end, &x, most)?;
        }
        writeln!(out, "</svg></div>")?;
    }
    write!(out, "<div class=\"lane\" style=\"height:20px;border:0\"><svg aria-hidden=\"true\">")?;
    for (n, at) in days(from, to).into_iter().enumerate() {
        let (left, word) = ((at - from) / (to - from).max(1e-6) * 100.0, if n == 0 { "day " } else { "" });
        write!(out, "<text class=\"mid\" x=\"{left:.2}%\" y=\"15\">{word}{:.0}</text>", at + 1.0)?;
    }
    writeln!(out, "</svg></div></div>")
}

fn fan(
    out: &mut String,
    operation: &Operation,
    end: GameTime,
    x: &dyn Fn(GameTime) -> f64,
    most: f64,
) -> core::fmt::Result {
    let Some(blow) = operation.blow else { return Ok(()) };
    let (top, bottom) = (15, 52);
    write!(out, "<a href=\"#{}\">", anchor(&operation.key))?;
    let (_, words, _) = result(&operation.result);
    write!(out, "<title>{} against {}: {words}</title>", esc(&operation.name), esc(&operation.other.name))?;
    for (launch, arrival) in operation.ways.iter().filter(|(launch, _)| *launch <= end) {
        let (a, b) = (x(*launch), x(*arrival));
        write!(out, "<line class=\"fan\" x1=\"{a:.2}%\" y1=\"{bottom}\" x2=\"{b:.2}%\" y2=\"{top}\"/>")?;
    }
    let (at, size) = (x(blow), 4.5 + 4.5 * (operation.sent as f64 / most).sqrt());
    match operation.result.as_str() {
        "goal_met" => write!(out, "<circle class=\"glyph met\" cx=\"{at:.2}%\" cy=\"{top}\" r=\"{size:.1}\"/>")?,
        "partly" => {
            write!(out, "<circle class=\"glyph\" cx=\"{at:.2}%\" cy=\"{top}\" r=\"{size:.1}\"/>")?;
            write!(out, "<circle class=\"glyph met\" cx=\"{at:.2}%\" cy=\"{top}\" r=\"{:.1}\"/>", size * 0.32)?;
        }
        "failed" => write!(out, "<circle class=\"glyph\" cx=\"{at:.2}%\" cy=\"{top}\" r=\"{size:.1}\"/>")?,
        "aborted" => write!(out, "<text class=\"t mid\" x=\"{at:.2}%\" y=\"{top}\" dy=\".36em\">\u{d7}</text>")?,
        _ => write!(out, "<text class=\"t mid\" x=\"{at:.2}%\" y=\"{top}\" dy=\".36em\">\u{2013}</text>")?,
    }
    write!(out, "</a>")
}

fn card(out: &mut String, operation: &Operation, why: &[&str], usual: &str) -> core::fmt::Result {
    let side = operation.side.map(class).unwrap_or_default();
    let by = operation.side.map_or_else(|| esc(&operation.by), |side| named(side, &operation.by));
    writeln!(out, "<article class=\"op {side}\" id=\"{}\">", anchor(&operation.key))?;
    writeln!(
        out,
        "<h3>Operation {}: {by} against {}</h3><p class=\"told\">Told as {}</p>",
        esc(&operation.name),
        party(&operation.other),
        why.join(", ")
    )?;
    writeln!(out, "<p class=\"res\">{}</p>", outcome(operation))?;
    known_table(out, operation)?;
    writeln!(out, "<div class=\"two\"><div>")?;
    gantt(out, operation)?;
    if !operation.course.is_empty() {
        writeln!(out, "<h4>What happened</h4><ul class=\"course\">")?;
        for (at, text) in &operation.course {
            writeln!(out, "<li><time>{}</time> {}.</li>", instant(*at), esc(text))?;
        }
        writeln!(out, "</ul>")?;
    }
    writeln!(out, "</div><div>")?;
    ballots(out, operation, usual)?;
    writeln!(out, "</div></div></article>")
}

/// What came of it, in a few sentences.
fn outcome(operation: &Operation) -> String {
    let (sign, words, tone) = result(&operation.result);
    let aim = if operation.goal == "take" { "to take" } else { "to break" };
    let left_out = |target: &&String| {
        operation.known.iter().any(|known| known.village == **target && matches!(known.end, End::LeftOut(_)))
    };
    let gone = operation.targets.iter().filter(left_out).count();
    let went = operation.targets.iter().filter(|target| !left_out(target));
    let targets: Vec<String> = went.take(5).map(|t| esc(t)).collect();
    let more = operation.targets.len().saturating_sub(gone + 5);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let mut text = format!(
        "<span class=\"tag {tone}\">{sign} {words}</span> {} of {} went {aim} {}{more} by {}.",
        count(operation.groups, "group", "groups"),
        count(operation.members, "member", "members"),
        if targets.is_empty() { "its targets".to_owned() } else { targets.join(", ") },
        esc(&operation.pattern)
    );
    if gone > 0 {
        text.push_str(&format!(" {} of its proposal stayed out of the plan.", count(gone as u64, "target", "targets")));
    }
    if operation.fought() {
        text.push_str(&format!(
            " {} goods killed and {} looted for {} lost: <b>{} net</b>. It gave itself a chance of {} and expected to lose {}; it lost {}.",
            goods(operation.killed),
            goods(operation.loot),
            goods(operation.lost),
            signed(operation.net()),
            percent(operation.expected_win),
            percent(operation.expected_loss),
            percent(operation.lost as f64 / operation.sent.max(1) as f64)
        ));
    }
    if operation.killed_unseen() {
        text.push_str(&format!(" Of what it killed it came to know {}.", goods(operation.killed_known)));
    }
    if !operation.findings.is_empty() {
        let taught: Vec<String> = operation.findings.iter().map(|name| finding(name)).collect();
        text.push_str(&format!(" It taught: {}.", taught.join("; ")));
    }
    if let Some(said) = &operation.said {
        text.push_str(&format!(" \u{201c}{}\u{201d}", esc(said)));
    }
    text
}

/// The place on the page of a blow outside any joint operation.
pub(super) fn blow_anchor(place: usize) -> String {
    format!("blow-{place}")
}

/// Battles outside joint operations that mattered most.
fn clashes(out: &mut String, data: &Data, verdict: &Verdict) -> core::fmt::Result {
    for told in &verdict.clashes {
        let Some((step, clash)) = data.steps.get(told.place).and_then(|step| Some((step, step.clash.as_ref()?))) else {
            continue;
        };
        let side = step.attacker.side.map(class).unwrap_or_default();
        let word = if clash.raid { "Raid" } else { "Attack" };
        writeln!(
            out,
            "<article class=\"op {side}\" id=\"{}\"><h3>{word} of {} on {}, {}</h3><p class=\"told\">Told as {}</p>",
            blow_anchor(told.place),
            party(&step.attacker),
            party(&step.defender),
            clock(step.at),
            told.why.join(", ")
        )?;
        let sent =
            clash.attackers.iter().map(|(name, with)| format!("{} with {} goods of troops", esc(name), goods(*with)));
        let more = clash.groups.saturating_sub(clash.attackers.len() as u64);
        let more = if more > 0 { format!(" and {} more", count(more, "group", "groups")) } else { String::new() };
        writeln!(
            out,
            "<p class=\"res\">It belongs to no joint operation: nobody voted on it. {}{more} attacked {}, a village of {}, where {} stood. {} of \
             the attackers and {} of the defenders fell: {} goods killed and {} looted for {} lost.</p></article>",
            sent.collect::<Vec<_>>().join(", "),
            esc(&step.site),
            esc(&clash.owner),
            goods(clash.stood),
            percent(clash.fell.0),
            percent(clash.fell.1),
            goods(step.killed),
            goods(step.loot),
            goods(step.lost)
        )?;
    }
    Ok(())
}

/// A line for each group, from the vote to the arrival.
fn gantt(out: &mut String, operation: &Operation) -> core::fmt::Result {
    let Some(blow) = operation.blow.filter(|_| !operation.lanes.is_empty()) else { return Ok(()) };
    writeln!(out, "<h4>Launches and their arrival</h4>")?;
    let last = operation.lanes.iter().map(|lane| lane.arrival).max().unwrap_or(blow).max(blow);
    let from = operation.submitted;
    let reach = ((last - from).0.max(1)) as f64;
    let x = |at: GameTime| ((at - from).0 as f64 / reach * 100.0).clamp(0.0, 100.0);
    let lanes: Vec<&Lane> = operation.lanes.iter().take(LANES).collect();
    let height = lanes.len() * LANE + 44;
    writeln!(
        out,
        "<div class=\"gantt\"><svg height=\"{height}\" role=\"img\" aria-label=\"Launches of {} groups and their arrival\">",
        operation.groups
    )?;
    let (decided, bottom) = (operation.decided.as_ref().map(|(at, ..)| *at), lanes.len() * LANE + 22);
    if let Some(decided) = decided {
        let width = x(decided);
        writeln!(out, "<rect class=\"vote\" x=\"0\" y=\"20\" width=\"{width:.2}%\" height=\"{}\"/>", bottom - 20)?;
        writeln!(out, "<text x=\"3\" y=\"14\">vote</text>")?;
    }
    let at = x(blow);
    writeln!(out, "<line class=\"hit\" x1=\"{at:.2}%\" x2=\"{at:.2}%\" y1=\"20\" y2=\"{bottom}\"/>")?;
    writeln!(out, "<text class=\"end tl\" x=\"{at:.2}%\" y=\"14\">arrival {}</text>", instant(blow))?;
    for (n, lane) in lanes.iter().enumerate() {
        one_lane(out, lane, n * LANE + 22, decided.unwrap_or(from), &x)?;
    }
    let (begin, end) = (clock(from), span(GameSpan((blow - from).0)));
    writeln!(out, "<text x=\"0\" y=\"{}\">{begin}</text>", bottom + 17)?;
    writeln!(out, "<text class=\"end\" x=\"{at:.2}%\" y=\"{}\">{end} later</text></svg>", bottom + 17)?;
    let more = operation.groups.saturating_sub(lanes.len() as u64);
    if more > 0 {
        writeln!(out, "<p class=\"note\">and {} more, for the same instants</p>", count(more, "group", "groups"))?;
    }
    writeln!(out, "</div>")
}

fn one_lane(
    out: &mut String,
    lane: &Lane,
    top: usize,
    ready: GameTime,
    x: &dyn Fn(GameTime) -> f64,
) -> core::fmt::Result {
    let (line, launch, arrival) = (top + 21, x(lane.launch), x(lane.arrival));
    let stayed = lane.left == Some(false);
    let units = if stayed { "did not leave".to_owned() } else { shortened(&lane.units, 30) };
    // Above its line, in the half of the chart that is free.
    writeln!(
        out,
        "<text class=\"m\" x=\"4\" y=\"{}\">{} <tspan fill=\"#5c574f\">{}</tspan></text>",
        top + 13,
        esc(&shortened(&lane.member, 18)),
        esc(&units)
    )?;
    write!(
        out,
        "<line class=\"wait\" x1=\"{:.2}%\" x2=\"{launch:.2}%\" y1=\"{line}\" y2=\"{line}\"/>",
        x(ready).min(launch)
    )?;
    let kind = if stayed { "stay" } else { "go" };
    write!(
        out,
        "<line class=\"{kind}\" x1=\"{launch:.2}%\" x2=\"{arrival:.2}%\" y1=\"{line}\" y2=\"{line}\"><title>{} to {}: leaves {}, travels {}, arrives {}</title></line>",
        esc(&lane.from),
        esc(&lane.to),
        clock(lane.launch),
        span(lane.arrival - lane.launch),
        instant(lane.arrival)
    )?;
    if !stayed {
        write!(out, "<circle class=\"dot\" cx=\"{launch:.2}%\" cy=\"{line}\" r=\"4\"/>")?;
    }
    writeln!(out)
}

/// How members voted and why, those who had doubts first.
fn ballots(out: &mut String, operation: &Operation, usual: &str) -> core::fmt::Result {
    if operation.ballots.is_empty() {
        return Ok(());
    }
    let [for_it, against, abstained, conditional] = operation.tally;
    let conditions = if conditional > 0 { format!(" ({conditional} on conditions)") } else { String::new() };
    let silent = silent(operation);
    let ended = match &operation.decided {
        Some((at, outcome, test)) => {
            let test = test.as_ref().map(|t| format!(", as {}", esc(t))).unwrap_or_default();
            format!("; {} on {}{test}", esc(outcome), clock(*at))
        }
        None => String::new(),
    };
    if !operation.ways.is_empty() {
        writeln!(out, "<h4>The vote</h4>")?;
    }
    writeln!(
        out,
        "<p class=\"sum\">{for_it} for{conditions}, {against} against, {abstained} abstained{silent}{ended}</p>"
    )?;
    if !operation.rule.is_empty() && operation.rule != usual {
        let failed = operation.decided.as_ref().is_some_and(|(_, _, test)| test.is_some());
        let kind = if failed { "The rule that it did not meet" } else { "The rule" };
        writeln!(out, "<p class=\"rule\">{kind}: {}.</p>", esc(&operation.rule))?;
    }
    let mut sorted: Vec<&Ballot> = operation.ballots.iter().collect();
    // Dissent and conditions say most.
    sorted.sort_by_key(|ballot| (ballot.vote, ballot.conditions.is_empty()));
    writeln!(out, "<ul class=\"ballots\">")?;
    for ballot in sorted.iter().take(BALLOTS) {
        one_ballot(out, ballot)?;
    }
    writeln!(out, "</ul>")?;
    if sorted.len() > BALLOTS {
        writeln!(out, "<details><summary>{} more</summary><ul class=\"ballots\">", sorted.len() - BALLOTS)?;
        for ballot in sorted.iter().skip(BALLOTS) {
            one_ballot(out, ballot)?;
        }
        writeln!(out, "</ul></details>")?;
    }
    Ok(())
}

/// How many could have voted and did not.
pub(super) fn silent(operation: &Operation) -> String {
    let cast: u64 = operation.tally.iter().take(3).sum();
    match operation.seats.map(|seats| seats.saturating_sub(cast)) {
        Some(n) if n > 0 => format!(", {n} did not vote"),
        _ => String::new(),
    }
}

fn one_ballot(out: &mut String, ballot: &Ballot) -> core::fmt::Result {
    let (sign, word, tone) = match ballot.vote {
        1 => ("\u{2713}", "for", "good"),
        -1 => ("\u{2717}", "against", "bad"),
        _ => ("\u{2013}", "abstains", "soft"),
    };
    let pledge = if ballot.vote > 0 && ballot.pledge >= 0.005 {
        format!(", pledges {} of its army", percent(ballot.pledge))
    } else {
        String::new()
    };
    let why = match &ballot.rule {
        Some(by) => esc(&rule(by)),
        None => {
            let terms: Vec<String> = ballot
                .terms
                .iter()
                .map(|(name, added)| format!("{} {}", esc(&term(name)), signed_number(*added, 2)))
                .collect();
            let more = match ballot.more {
                (0, _) => String::new(),
                (1, sum) => format!(" and one more ({})", signed_number(sum, 2)),
                (n, sum) => format!(" and {n} others (together {})", signed_number(sum, 2)),
            };
            format!(
                "score {}{}{}{more}",
                signed_number(ballot.score, 2),
                if terms.is_empty() { "" } else { ": " },
                terms.join(", ")
            )
        }
    };
    let conditions: Vec<String> = ballot.conditions.iter().map(|c| format!(" <b>if {}</b>;", esc(c))).collect();
    let said = ballot.text.as_ref().map(|text| format!(" \u{201c}{}\u{201d}", esc(text))).unwrap_or_default();
    writeln!(
        out,
        "<li><span class=\"v {tone}\" aria-hidden=\"true\">{sign}</span><b>{}</b> {word}{pledge};{} <span class=\"why\">{why}</span>{said}</li>",
        esc(&ballot.member),
        conditions.join("")
    )
}

/// A vote without an operation.
fn voted(out: &mut String, vote: &Operation, is_closest: bool, usual: &str) -> core::fmt::Result {
    let by = vote.side.map_or_else(|| esc(&vote.by), |side| named(side, &vote.by));
    let closest = if is_closest { " \u{b7} the closest" } else { "" };
    let with = if vote.other.name.is_empty() { String::new() } else { format!(" \u{b7} {}", party(&vote.other)) };
    writeln!(
        out,
        "<details open id=\"{}\"><summary>{}: {by} on {}{with}, {}{closest}</summary>",
        anchor(&vote.key),
        esc(&vote.name),
        esc(&vote.action),
        clock(vote.submitted)
    )?;
    if !vote.known.is_empty() {
        writeln!(out, "<p class=\"note\"><a href=\"#known-{}\">What was known then</a></p>", vote.key)?;
    }
    ballots(out, vote, usual)?;
    writeln!(out, "</details>")
}

/// All operations in a table.
fn all(out: &mut String, data: &Data, verdict: &Verdict) -> core::fmt::Result {
    let columns: [Column; 10] = [
        ("Operation", false),
        ("Against", false),
        ("Blow", false),
        ("By", false),
        ("Groups", true),
        ("Sent", true),
        ("Killed", true),
        ("Lost", true),
        ("Net", true),
        ("Result", false),
    ];
    let told = |place: usize| verdict.why_told(place).is_some();
    writeln!(out, "<h3>All operations: the exchange of each</h3>")?;
    writeln!(
        out,
        "<p class=\"note\">Goal met: every target was broken or taken, as it was to be. Partly met: some were, or at least half of the \
         defenders of one fell. Failed: neither. Killed is all that fell, whoever saw it. Too dear: it lost more than one and a half times \
         what it knew to have killed.</p>"
    )?;
    let mut rows: Vec<(usize, &Operation)> = data.operations.iter().enumerate().collect();
    rows.sort_by_key(|(i, o)| (core::cmp::Reverse(o.sent), *i));
    let write = |out: &mut String, part: &[(usize, &Operation)]| -> core::fmt::Result {
        table::open(out, "Operations", Narrow::Scrolls, &columns)?;
        for (place, operation) in part {
            exchange(out, operation, &columns, told(*place))?;
        }
        table::close(out)
    };
    write(out, &rows[..rows.len().min(ROWS)])?;
    if rows.len() > ROWS {
        writeln!(out, "<details><summary>{} more, those with fewer troops</summary>", rows.len() - ROWS)?;
        write(out, &rows[ROWS..])?;
        writeln!(out, "</details>")?;
    }
    Ok(())
}

fn exchange(out: &mut String, operation: &Operation, columns: &[Column], told: bool) -> core::fmt::Result {
    let (sign, words, tone) = result(&operation.result);
    let side = operation.side.map(|side| format!("{}\u{a0}", badge(side))).unwrap_or_default();
    let name = if told {
        format!("<span class=\"who\">{side}{}</span>", link(operation))
    } else {
        let known = if operation.known.is_empty() {
            String::new()
        } else {
            format!("<small><a href=\"#known-{}\">known then</a></small>", operation.key)
        };
        format!(
            "<span class=\"who\" id=\"{}\">{side}operation\u{a0}{}</span>{known}",
            anchor(&operation.key),
            esc(&operation.name)
        )
    };
    let dear = if operation.pyrrhic { "<small>too dear</small>" } else { "" };
    let age = operation.intel_age.map(|age| format!("<small>intel {}</small>", hours(age))).unwrap_or_default();
    let net = if operation.fought() {
        let tone = if operation.net() < 0 { "bad" } else { "good" };
        format!("<b class=\"{tone}\">{}</b>", signed(operation.net()))
    } else {
        "-".to_owned()
    };
    let cells = [
        name,
        party(&operation.other),
        operation.blow.map(clock).unwrap_or_default(),
        format!("{}{age}", esc(&operation.pattern)),
        operation.groups.to_string(),
        goods(operation.sent),
        goods(operation.killed),
        goods(operation.lost),
        net,
        format!("<span class=\"{tone}\">{sign} {words}</span>{dear}"),
    ];
    table::row(out, "", columns, &cells)
}
