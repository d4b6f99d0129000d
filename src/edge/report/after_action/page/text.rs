//! Texts, numbers and times as a page shows them.

use super::super::data::Party;
use crate::base::clock::{GameSpan, GameTime};
use crate::base::text::shown;

/// A text as it may stand in HTML, between tags and in quoted attributes.
pub(in super::super) fn esc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in shown(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Goods in three digits: `1.23 M`, `344 k`, `950`.
pub(in super::super) fn goods(n: i64) -> String {
    let sign = if n < 0 { "\u{2212}" } else { "" };
    let size = n.unsigned_abs() as f64;
    let (value, unit) = match size {
        s if s >= 999_500.0 => (s / 1_000_000.0, "\u{a0}M"),
        s if s >= 999.5 => (s / 1_000.0, "\u{a0}k"),
        s => (s, ""),
    };
    let decimals = match value {
        v if unit.is_empty() || v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    format!("{sign}{value:.decimals$}{unit}")
}

/// The same with a sign.
pub(in super::super) fn signed(n: i64) -> String {
    if n > 0 { format!("+{}", goods(n)) } else { goods(n) }
}

/// A share in percent.
pub(in super::super) fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0 + 0.0)
}

/// A number with so many digits behind the point, with a real minus.
pub(super) fn number(n: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", n.abs());
    let zero = text.chars().all(|c| c == '0' || c == '.');
    if n < 0.0 && !zero { format!("\u{2212}{text}") } else { text }
}

/// The same with a sign in any case.
pub(super) fn signed_number(n: f64, decimals: usize) -> String {
    let text = number(n, decimals);
    if text.starts_with('\u{2212}') { text } else { format!("+{text}") }
}

const DAY: i64 = 86_400_000;

/// `day 3, 04:35`.
pub(in super::super) fn clock(at: GameTime) -> String {
    let (day, rest) = (at.0.div_euclid(DAY) + 1, at.0.rem_euclid(DAY));
    format!("day\u{a0}{day}, {:02}:{:02}", rest / 3_600_000, rest / 60_000 % 60)
}

/// `day 3, 04:35:20`.
pub(super) fn instant(at: GameTime) -> String {
    format!("{}:{:02}", clock(at), at.0.rem_euclid(DAY) / 1_000 % 60)
}

/// `7 h 21 min`.
pub(super) fn span(span: GameSpan) -> String {
    let minutes = span.0.max(0) / 60_000;
    match (minutes / 60, minutes % 60) {
        (0, m) => format!("{m}\u{a0}min"),
        (h, 0) => format!("{h}\u{a0}h"),
        (h, m) => format!("{h}\u{a0}h {m}\u{a0}min"),
    }
}

/// `37 h`, or days where these are many.
pub(super) fn hours(hours: f64) -> String {
    if hours < 10.0 { format!("{hours:.1}\u{a0}h") } else { format!("{hours:.0}\u{a0}h") }
}

/// `110 k ahead`, `31 k behind`.
pub(super) fn ahead(n: i64) -> String {
    match n {
        0 => "level".to_owned(),
        n if n < 0 => format!("{} behind", goods(-n)),
        n => format!("{} ahead", goods(n)),
    }
}

/// `1 village`, `2 villages`.
pub(super) fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n}\u{a0}{}", if n == 1 { one } else { many })
}

/// The mark of a side, which follows it over the whole page: A leads the ranking.
pub(super) fn letter(side: usize) -> String {
    const LETTERS: &[u8; 26] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    LETTERS.get(side).map_or_else(|| (side + 1).to_string(), |letter| char::from(*letter).to_string())
}

/// Its class of color.
pub(super) fn class(side: usize) -> String {
    format!("s{}", side % 8)
}

/// The mark as HTML.
pub(super) fn badge(side: usize) -> String {
    format!("<b class=\"bd {}\">{}</b>", class(side), letter(side))
}

/// A name behind its mark, from which its first word does not break.
pub(super) fn named(side: usize, name: &str) -> String {
    let name = shown(name);
    let (first, rest) = name.split_once(' ').map_or((name.as_str(), ""), |(first, rest)| (first, rest));
    let rest = if rest.is_empty() { String::new() } else { format!(" {}", esc(rest)) };
    format!("<span class=\"who\">{}\u{a0}{}</span>{rest}", badge(side), esc(first))
}

/// A name with its mark, if it has one.
pub(super) fn party(party: &Party) -> String {
    match party.side {
        Some(side) => named(side, &party.name),
        None if party.name.is_empty() => "somebody".to_owned(),
        None => esc(&party.name),
    }
}

/// How many times as much one is as another: `2.4 times`, `over 100 times`, `about as much as`, `a hundredth or less of`.
pub(super) fn times(real: i64, other: i64) -> String {
    match (real, other) {
        (0, 0) => "as much as".to_owned(),
        (0, _) => "none of".to_owned(),
        (_, 0) => "over 100 times".to_owned(),
        _ => match real as f64 / other as f64 {
            t if t > 100.0 => "over 100 times".to_owned(),
            t if t <= 0.01 => "a hundredth or less of".to_owned(),
            t if (0.95..=1.05).contains(&t) => "about as much as".to_owned(),
            t if t < 0.095 => format!("{t:.2} times"),
            t => format!("{t:.1} times"),
        },
    }
}

/// What a term of a vote means.
pub(super) fn term(name: &str) -> String {
    let words = match name {
        "gain" => "what it wins",
        "aim" => "the aim of the war",
        "info" => "thin intel",
        "own" => "own losses",
        "home" => "an uncovered home",
        "goods" => "what it costs",
        "weary" => "weariness",
        "trust" => "trust in the proposer",
        "retaliation" => "what comes in return",
        "near" => "how near the enemy lives",
        "taste" => "an opinion of its own",
        other => return other.replace('_', " "),
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
        other => return other.replace('_', " "),
    };
    words.to_owned()
}

/// What an operation taught.
pub(super) fn finding(name: &str) -> String {
    let words = match name {
        "called_off" => "it was called off before it fell",
        "intel_too_old" => "more stood there than was reckoned with, and what was known had been seen long before",
        "enemy_stronger" => "more stood there than was reckoned with, though it had been seen lately",
        "enemy_weaker" => "less stood there than was reckoned with",
        "came_too_few" => "groups that were ordered did not leave",
        "dearly_bought" => "it cost more than it was worth",
        "too_weak" => "it fell as planned, and fell short",
        "went_as_planned" => "it went as planned",
        other => return other.replace('_', " "),
    };
    words.to_owned()
}

/// A result in words, with a sign that needs no color.
pub(super) fn result(result: &str) -> (&'static str, &'static str, &'static str) {
    match result {
        "goal_met" => ("\u{2713}", "goal met", "good"),
        "partly" => ("\u{25d0}", "partly met", "half"),
        "failed" => ("\u{2717}", "failed", "bad"),
        "aborted" => ("\u{2013}", "called off", "off"),
        _ => ("\u{2026}", "under way", "off"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        let of = [0, 950, 1_000, 12_345, 343_500, 999_499, 999_500, 12_345_678, -4_321].map(goods);
        let of: Vec<String> = of.iter().map(|text| text.replace('\u{a0}', " ")).collect();
        assert_eq!(of, ["0", "950", "1.00 k", "12.3 k", "344 k", "999 k", "1.00 M", "12.3 M", "\u{2212}4.32 k"]);
        assert_eq!((signed(5), signed(0), number(-0.001, 2)), ("+5".to_owned(), "0".to_owned(), "0.00".to_owned()));
    }

    #[test]
    fn what_players_write_is_text() {
        assert_eq!(
            esc("<script>alert('1')</script> & \"so on\""),
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;so on&quot;"
        );
        assert_eq!(esc("a\u{202e}b\nc"), "ab c");
    }

    #[test]
    fn factors_are_of_what_is_shown() {
        let of = [(131_000, 290), (131_000, 14_000), (5, 5), (0, 7), (3, 400), (3, 60)].map(|(a, b)| times(a, b));
        assert_eq!(
            of,
            ["over 100 times", "9.4 times", "about as much as", "none of", "a hundredth or less of", "0.05 times"]
        );
    }

    #[test]
    fn a_name_does_not_break_from_its_mark() {
        let name = named(1, "Emerald Pact");
        assert!(name.ends_with("\u{a0}Emerald</span> Pact") && name.starts_with("<span class=\"who\">"), "{name}");
        assert!(named(0, "<b> x").contains("&lt;b&gt;</span> x"));
    }

    #[test]
    fn times_are_days_and_hours() {
        let at = GameTime(0) + GameSpan::hours(52) + GameSpan::mins(35) + GameSpan::millis(20_671);
        assert_eq!((clock(at), instant(at)), ("day\u{a0}3, 04:35".to_owned(), "day\u{a0}3, 04:35:20".to_owned()));
        assert_eq!(span(GameSpan::mins(441)), "7\u{a0}h 21\u{a0}min");
        assert_eq!((letter(0), letter(26)), ("A".to_owned(), "27".to_owned()));
    }
}
