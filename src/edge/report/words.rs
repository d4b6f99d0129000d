//! Names of decisions and reasons in plain words, for accounts.

use super::directory::Directory;
use crate::base::contract::LaunchRow;
use crate::base::id::SiteId;
use crate::base::text::shortened;

/// Columns of an account at most.
const COLUMNS: usize = 120;

/// A change of course in plain words: what was decided, why, and what is said with it, with names in place of ids.
pub(super) fn change_of_course(names: &Directory, rows: &[LaunchRow], decision: &str, reason: &str) -> String {
    let parts = reason.split("; ").map(|part| match part.split_once(": ") {
        Some((name, rest)) => format!("{} ({})", reason_words(name), name_ids(names, rows, rest)),
        None => reason_words(part),
    });
    format!("{}: {}", decision_words(decision), parts.collect::<Vec<_>>().join("; "))
}

fn decision_words(decision: &str) -> String {
    let words = match decision {
        "add_wave" => "more troops are sent",
        "hold_back" => "troops are kept at home",
        "recall" => "groups are called back",
        "call_off_target" => "the attack on a target is called off",
        "write_off" => "groups that cannot turn any more go on and fight",
        other => return other.replace('_', " "),
    };
    words.to_owned()
}

pub(super) fn reason_words(reason: &str) -> String {
    let words = match reason {
        "claimed_by_confederate" => "a confederate attacks it",
        "decision_point" => "at the last look before it is too late",
        "fair_play" => "it would be foul to a person",
        "evacuated" => "most of the garrison has left",
        "late" => "too late for its wave",
        "member_left" => "its owner left the alliance",
        "more_than_needed" => "fewer are enough",
        "needed_at_home" => "needed at home",
        "new_intel" => "something new is known",
        "no_show" => "a group did not leave",
        "not_needed" => "the goal is met without it",
        "not_our_war" => "somebody took it with whom there is no war",
        "origin_lost" => "its village has another owner",
        "own_alliance" => "it belongs to a member now",
        "pact" => "there is peace with its owner now",
        "reinforcements_seen" => "more troops were seen there than was believed",
        "target_won" => "a member has taken it",
        "target_gone" => "the village is gone",
        "tile_taken" => "somebody else founded a village there",
        "too_late_to_recall" => "too late to turn",
        "under_way" => "a wave has fought",
        "wave_lost" => "the wave before was beaten",
        other => return other.replace('_', " "),
    };
    words.to_owned()
}

/// A text with the names of sites in place of `site 3` and `site 3, 5`, and whose group it is in place of `group 2`.
fn name_ids(names: &Directory, rows: &[LaunchRow], text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after, is_site)) = next_id(rest) {
        out.push_str(before);
        let digits = after.chars().take_while(char::is_ascii_digit).count();
        let (number, mut left) = after.split_at(digits);
        if is_site {
            out.push_str(&site_name(names, number));
            while let Some((number, behind)) = listed(left) {
                out.push_str(", ");
                out.push_str(&site_name(names, number));
                left = behind;
            }
        } else {
            let row = rows.iter().find(|r| r.group.to_string() == number);
            match row {
                Some(row) => {
                    let (owner, from) = (names.player(row.member), names.site(row.origin));
                    out.push_str(&format!("{}'s group from {}", shortened(owner, 22), shortened(from, 34)));
                }
                None => out.push_str(&format!("group {number}")),
            }
        }
        rest = left;
    }
    out.push_str(rest);
    out
}

/// The next `site N` or `group N`: the text before it, the text from the number on, and whether it is a site.
fn next_id(text: &str) -> Option<(&str, &str, bool)> {
    let find = |word: &str| {
        let numbered = |at: &usize| text[at + word.len()..].starts_with(|c: char| c.is_ascii_digit());
        text.match_indices(word).map(|(at, _)| at).find(numbered).map(|at| (at, at + word.len()))
    };
    let (site, group) = (find("site "), find("group "));
    let is_site = match (site, group) {
        (Some(site), Some(group)) => site < group,
        (site, _) => site.is_some(),
    };
    let (from, to) = if is_site { site? } else { group? };
    Some((&text[..from], &text[to..], is_site))
}

/// Whether a text names this id behind a word: `site 3` or, in a list, `site 3, 5`.
pub(super) fn has_id(text: &str, word: &str, id: u64) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let mut rest = &text[at + word.len()..];
        loop {
            let digits = rest.chars().take_while(char::is_ascii_digit).count();
            let (number, after) = rest.split_at(digits);
            if number.parse() == Ok(id) {
                return true;
            }
            match after.strip_prefix(", ").filter(|_| digits > 0) {
                Some(next) => rest = next,
                None => return false,
            }
        }
    })
}

/// Another whole number of a list: it and what comes behind it.
fn listed(text: &str) -> Option<(&str, &str)> {
    let after = text.strip_prefix(", ")?;
    let digits = after.chars().take_while(char::is_ascii_digit).count();
    let (number, behind) = after.split_at(digits);
    (digits > 0 && (behind.is_empty() || behind.starts_with(", "))).then_some((number, behind))
}

fn site_name(names: &Directory, number: &str) -> String {
    number.parse().map_or_else(|_| format!("site {number}"), |id| shortened(names.site(SiteId(id)), 34))
}

/// Whether a word begins with the next three digits of a number.
fn is_thousands(word: &str) -> bool {
    let digits = word.chars().take_while(char::is_ascii_digit).count();
    digits == 3 && word[digits..].chars().all(|c| c.is_ascii_punctuation())
}

/// Breaks a line that is longer than an account is wide.
pub(super) fn wrap(line: &str) -> String {
    // The groups of a number such as 13 140 stay together.
    let mut words: Vec<String> = Vec::new();
    for word in line.split(' ') {
        match words.last_mut() {
            Some(last) if last.ends_with(|c: char| c.is_ascii_digit()) && is_thousands(word) => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    let mut out = String::new();
    let mut width = 0;
    for (n, word) in words.iter().enumerate() {
        let length = word.chars().count();
        if n > 0 && width + 1 + length > COLUMNS {
            out.push_str("\n     ");
            width = 5;
        }
        if n > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_whole() {
        assert!(has_id("new_intel: site 3, 15; group 2", "site ", 15));
        assert!(has_id("new_intel: site 3, 15; group 2", "group ", 2));
        assert!(!has_id("new_intel: site 3, 15; group 2", "site ", 5));
        assert!(!has_id("new_intel: site 3, 15; group 2", "site ", 2));
        assert!(!has_id("decision_point", "site ", 2));
    }

    #[test]
    fn lines_break_between_words_and_never_within_a_number() {
        let line = format!("  {} 13 140 goods taken", "x".repeat(112));
        assert_eq!(wrap(&line), format!("  {}\n      13 140 goods taken", "x".repeat(112)));
        assert_eq!(wrap("  3 195, 12 345 678; 7 8"), "  3 195, 12 345 678; 7 8");
    }
}
