//! Numbers, times and names as the panels say them: plain words, thin spaces, no markup.

use crate::theme;
use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{Stance, Vote};
use bevy_alliance::base::id::{AllianceId, PlayerId, SiteId};
use bevy_alliance::base::text::shortened;
use bevy_alliance::edge::report::Directory;
use bevy_alliance::knowledge::intel::SourceKind;
use bevy_egui::egui::Color32;

const DAY: i64 = 86_400_000;

/// A whole number with thin spaces between its thousands.
pub(super) fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::from(if n < 0 { "\u{2212}" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{2009}');
        }
        out.push(digit);
    }
    out
}

/// The same of a count.
pub(super) fn count(n: u64) -> String {
    grouped(i64::try_from(n).unwrap_or(i64::MAX))
}

/// `1 village`, `2 villages`.
pub(super) fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(n as u64), if n == 1 { one } else { many })
}

/// Goods in three digits: `1.23 M`, `344 k`, `950`.
pub(super) fn goods(n: i64) -> String {
    let sign = if n < 0 { "\u{2212}" } else { "" };
    let size = n.unsigned_abs() as f64;
    let (value, unit) = match size {
        s if s >= 999_500.0 => (s / 1_000_000.0, "\u{2009}M"),
        s if s >= 999.5 => (s / 1_000.0, "\u{2009}k"),
        s => (s, ""),
    };
    let decimals = match value {
        v if unit.is_empty() || v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    format!("{sign}{value:.decimals$}{unit}")
}

/// A share in percent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0}\u{2009}%", share * 100.0 + 0.0)
}

/// A number with its sign.
pub(super) fn signed(n: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", n.abs());
    let zero = text.chars().all(|c| c == '0' || c == '.');
    let sign = match (zero, n < 0.0) {
        (true, _) => "",
        (_, true) => "\u{2212}",
        _ => "+",
    };
    format!("{sign}{text}")
}

/// A number for painting.
#[expect(clippy::cast_possible_truncation, reason = "a place on the screen, or a share")]
pub(super) fn narrow(n: f64) -> f32 {
    n as f32
}

/// `day 3, 04:35`.
pub(super) fn clock(at: GameTime) -> String {
    format!("day {}, {}", at.0.div_euclid(DAY) + 1, time_of_day(at))
}

/// `04:35`.
pub(super) fn time_of_day(at: GameTime) -> String {
    let rest = at.0.rem_euclid(DAY);
    format!("{:02}:{:02}", rest / 3_600_000, rest / 60_000 % 60)
}

/// `04:35:20`.
pub(super) fn exact_to_second(at: GameTime) -> String {
    format!("{}:{:02}", time_of_day(at), at.0.rem_euclid(DAY) / 1_000 % 60)
}

/// `04:35:20`, with milliseconds where there are any: of an arrival each counts.
pub(super) fn exact(at: GameTime) -> String {
    let rest = at.0.rem_euclid(DAY);
    let ms = if rest % 1_000 == 0 { String::new() } else { format!(".{:03}", rest % 1_000) };
    format!("{}:{:02}{ms}", time_of_day(at), rest / 1_000 % 60)
}

/// `2 d 3 h`, `7 h 21 min`, `4 min`, `30 s`.
pub(super) fn span(span: GameSpan) -> String {
    let secs = span.0.max(0) / 1_000;
    let (d, h, m) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60);
    match (d, h, m) {
        (0, 0, 0) => format!("{secs} s"),
        (0, 0, m) => format!("{m} min"),
        (0, h, m) => format!("{h} h {m:02} min"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

/// `in 3 h 20 min`, `3 h 20 min ago`, `now`.
pub(super) fn from_now(at: GameTime, now: GameTime) -> String {
    match at.0.cmp(&now.0) {
        core::cmp::Ordering::Greater => format!("in {}", span(at - now)),
        core::cmp::Ordering::Less => format!("{} ago", span(now - at)),
        core::cmp::Ordering::Equal => "now".to_owned(),
    }
}

/// A name of the code in plain words.
pub(super) fn plain(name: &str) -> String {
    name.replace('_', " ")
}

/// The same at the beginning of a sentence.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A player's name.
pub(super) fn player(names: &Directory, id: PlayerId) -> String {
    shortened(names.player(id), 24)
}

/// An alliance's name.
pub(super) fn alliance(names: &Directory, id: AllianceId) -> String {
    shortened(names.alliance(id), 26)
}

/// A village's name with its coordinates.
pub(super) fn site(names: &Directory, id: SiteId) -> String {
    match names.sites.get(&id) {
        Some((name, _)) => shortened(name, 34),
        None => "a free place".to_owned(),
    }
}

/// How a stance is called, with its color.
pub(super) fn stance(stance: Stance) -> (&'static str, Color32) {
    match stance {
        Stance::Neutral => ("neutral", theme::FAINT),
        Stance::War => ("war", theme::BAD),
        Stance::Truce => ("truce", theme::WARN),
        Stance::Pact => ("pact", theme::GOOD),
        Stance::Confederacy => ("confederacy", theme::GOOD),
    }
}

/// How a vote is shown: a sign, a word, a color.
pub(super) fn vote(vote: Vote, conditional: bool) -> (&'static str, &'static str, Color32) {
    match (vote, conditional) {
        (Vote::Approve, false) => ("\u{2714}", "for", theme::GOOD),
        (Vote::Approve, true) => ("\u{2714}", "for, if", theme::WARN),
        (Vote::Reject, _) => ("\u{2716}", "against", theme::BAD),
        (Vote::Abstain, _) => ("\u{2013}", "abstains", theme::FAINT),
    }
}

/// How a result is shown: a sign, words, a color.
pub(super) fn result(result: &str) -> (&'static str, String, Color32) {
    match result {
        "goal_met" => ("\u{2714}", "goal met".to_owned(), theme::GOOD),
        "partly" => ("\u{25d0}", "partly".to_owned(), theme::WARN),
        "failed" => ("\u{2716}", "failed".to_owned(), theme::BAD),
        "aborted" => ("\u{2013}", "called off".to_owned(), theme::FAINT),
        other => ("\u{2022}", plain(other), theme::FAINT),
    }
}

/// What a term of a vote means.
pub(super) fn term(name: &str) -> String {
    let words = match name {
        "gain" => "gain",
        "aim" => "aim of the war",
        "info" => "thin intel",
        "own" => "own losses",
        "home" => "uncovered home",
        "goods" => "cost",
        "weary" => "weariness",
        "trust" => "trust in the proposer",
        "retaliation" => "retaliation",
        "near" => "how near the enemy lives",
        "taste" => "an own opinion",
        other => return plain(other),
    };
    words.to_owned()
}

/// What a rule that decided a ballot means.
pub(super) fn rule(name: &str) -> String {
    let words = match name {
        "proposer" => "proposed it",
        "pact" => "a treaty forbids it",
        "protection" => "the target is protected",
        "out_of_reach" => "nothing of its own gets there in time",
        "forbidden_hour" => "at an hour that is forbidden",
        "hit_before_return" => "its own village is hit before the troops are back",
        other => return plain(other),
    };
    words.to_owned()
}

/// How something became known.
pub(super) fn source(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Scout => "scouts",
        SourceKind::Battle => "battle",
        SourceKind::Sighting => "sighting",
        SourceKind::Hearsay => "hearsay",
    }
}

/// What an operation taught.
pub(super) fn finding(name: &str) -> String {
    let words = match name {
        "called_off" => "it was called off before it fell",
        "intel_too_old" => "more stood there than was reckoned with: the intel was too old",
        "enemy_stronger" => "more stood there than was reckoned with, though it had been seen lately",
        "enemy_weaker" => "less stood there than was reckoned with",
        "came_too_few" => "groups that were ordered did not leave",
        "dearly_bought" => "it cost more than it was worth",
        "too_weak" => "it fell as planned, and fell short",
        "went_as_planned" => "it went as planned",
        other => return plain(other),
    };
    words.to_owned()
}

/// A change of course: what was decided, and why, with names in place of ids.
pub(super) fn change(names: &Directory, decision: &str, reason: &str) -> String {
    let what = match decision {
        "add_wave" => "more troops are sent".to_owned(),
        "hold_back" => "troops are kept at home".to_owned(),
        "recall" => "groups are called back".to_owned(),
        "call_off_target" => "the attack on a target is called off".to_owned(),
        "write_off" => "groups that cannot turn any more go on and fight".to_owned(),
        other => plain(other),
    };
    let parts: Vec<String> = reason
        .split("; ")
        .map(|part| match part.split_once(": ") {
            Some((name, rest)) => format!("{} ({})", reason_word(name), named(names, rest)),
            None => reason_word(part),
        })
        .collect();
    sentence(&format!("{what}: {}", parts.join("; ")))
}

fn reason_word(name: &str) -> String {
    bevy_alliance::edge::report::gate_in_words(name)
}

/// A text with the name of a village where it says `site 3`.
fn named(names: &Directory, text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("site ") {
        let digits = after.chars().take_while(char::is_ascii_digit).count();
        let (number, left) = after.split_at(digits);
        out.push_str(before);
        match number.parse() {
            Ok(id) => out.push_str(&site(names, SiteId(id))),
            Err(_) => out.push_str("site "),
        }
        rest = left;
    }
    out.push_str(rest);
    out
}
