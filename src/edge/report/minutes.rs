//! The minutes of an alliance: what its members proposed, said with their votes, and decided, with names.

use super::channel::{Channels, Letter, LetterKind};
use super::directory::Directory;
use super::gates::verdict_in_words;
use super::words::wrap;
use crate::base::contract::Vote;
use crate::base::id::AllianceId;
use crate::base::text::shortened;
use core::fmt::Write;

/// Tells what the members of an alliance said and decided lately, oldest first: what [`Channels`] has of it. Plain text, at most 120
/// columns.
#[must_use]
pub fn minutes(channels: &Channels, names: &Directory, alliance: AllianceId) -> String {
    let mut text = format!("Minutes of {}\n", shortened(names.alliance(alliance), 40));
    if channels.of(alliance).next().is_some_and(|first| first.n > 1) {
        let _ = writeln!(text, "(the latest {} messages; what came before is not kept)", Channels::KEPT);
    }
    for letter in channels.of(alliance) {
        if let Some(line) = line(letter, names) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}", wrap(&line));
        }
    }
    text
}

/// A line of the minutes; nothing for what is no matter of the council.
fn line(letter: &Letter, names: &Directory) -> Option<String> {
    let who = letter.sender.map_or_else(|| "the council".to_owned(), |id| shortened(names.player(id), 22));
    let quoted = |text: &Option<String>| text.as_ref().map_or_else(String::new, |t| format!(": \u{201c}{t}\u{201d}"));
    let said = match &letter.kind {
        LetterKind::Said { text } => format!("{who} says{}", quoted(&Some(text.clone()))),
        LetterKind::Proposed { proposal, action, deadline } => {
            format!("{who} proposes {} ({proposal}); the vote ends at {deadline}", action.replace('_', " "))
        }
        LetterKind::Voted { proposal, vote, reason } => {
            let how = match vote {
                Vote::Approve => "is for",
                Vote::Reject => "is against",
                Vote::Abstain => "abstains on",
            };
            format!("  {who} {how} {proposal}{}", quoted(reason))
        }
        LetterKind::Decided { proposal, outcome, failed_test } => {
            format!("{proposal} {}", verdict_in_words(outcome, failed_test.as_deref()))
        }
        LetterKind::Result { operation, result, lost, killed } => {
            let result = result.replace('_', " ");
            format!("operation {operation}: {result}, {killed} goods of troops killed, {lost} lost")
        }
        LetterKind::Pleads { .. } | LetterKind::Chosen { .. } | LetterKind::Learned { .. } => {
            format!("{who}: {}", letter.kind)
        }
        LetterKind::Order { .. }
        | LetterKind::Answer { .. }
        | LetterKind::Alarm { .. }
        | LetterKind::Defends { .. }
        | LetterKind::Helps { .. }
        | LetterKind::Handicap { .. }
        | LetterKind::Membership { .. } => return None,
    };
    Some(format!("{} {said}", letter.at))
}
