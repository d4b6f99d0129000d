//! What councils did, in words.

use super::{Source, TEXT};
use crate::base::clock::GameTime;
use crate::base::id::{AllianceId, SiteId};
use crate::base::text::shortened;
use crate::edge::report::after_action::data::{Minute, Minutes};
use crate::edge::report::after_action::history::Sitting;
use crate::edge::report::gates::{gate_in_words, verdict_in_words};
use crate::edge::report::tally::OperationStory;
use std::collections::BTreeSet;

/// Councils whose minutes are shown.
const COUNCILS_SHOWN: usize = 6;
/// Entries of each, those that tell most.
const ENTRIES_SHOWN: usize = 60;

pub(super) fn minutes(source: &Source) -> Vec<Minutes> {
    source.order.iter().take(COUNCILS_SHOWN).enumerate().map(|(side, id)| of_council(source, side, *id)).collect()
}

fn of_council(source: &Source, side: usize, id: AllianceId) -> Minutes {
    let mut entries: Vec<(Weight, Minute)> = Vec::new();
    let mut note = |weight: Weight, at: GameTime, what: String, operation: Option<usize>| {
        entries.push((weight, Minute { at, what, operation, times: 1, last: at }));
    };
    for (at, sitting) in source.history.minutes.get(&id).into_iter().flatten() {
        if let Some(what) = sitting_in_words(source, sitting) {
            let nothing = matches!(sitting, Sitting::Met { .. });
            note(if nothing { Weight::Nothing } else { Weight::Said }, *at, what, None);
        }
    }
    for (proposal, story) in source.tally.stories.iter().filter(|(p, s)| p.alliance == id && !s.action.is_empty()) {
        let place = source.places.get(proposal).copied();
        let weight = if place.is_some() { Weight::Operation } else { Weight::Vote };
        note(weight, story.submitted, proposed(source, *proposal, story), place);
        if let Some((at, outcome, test)) = &story.decided {
            let verdict = verdict_in_words(&outcome_in_words(outcome), test.as_deref());
            note(weight, *at, format!("The vote on {proposal} {verdict}."), place);
        }
    }
    // Stable: of one instant the sitting comes before what it proposes.
    entries.sort_by_key(|(_, entry)| entry.at);
    let mut merged = merge(entries);
    let left_out = merged.len().saturating_sub(ENTRIES_SHOWN);
    let mut order: Vec<usize> = (0..merged.len()).collect();
    order.sort_by_key(|i| (merged[*i].0, *i));
    let gone: BTreeSet<usize> = order.into_iter().take(left_out).collect();
    let mut n = 0..;
    merged.retain(|_| n.next().is_some_and(|i| !gone.contains(&i)));
    let earlier = source.history.minutes_left_out.get(&id).copied().unwrap_or(0);
    let entries = merged.into_iter().map(|(_, entry)| entry).collect();
    Minutes { side, entries, left_out: left_out as u64 + earlier }
}

/// How much an entry tells: what tells least goes first where there are too many.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// A session that proposed nothing.
    Nothing,
    /// What members said.
    Said,
    /// A proposal that became no operation, and its vote.
    Vote,
    /// A proposal that became an operation, and its vote.
    Operation,
}

fn outcome_in_words(outcome: &str) -> String {
    match outcome {
        "passed" => "passes".to_owned(),
        "rejected" => "fails".to_owned(),
        "expired" => "expires".to_owned(),
        other => format!("ends: {}", other.replace('_', " ")),
    }
}

fn proposed(source: &Source, id: crate::base::id::ProposalId, story: &OperationStory) -> String {
    let targets: Vec<String> = story.targets.iter().take(4).map(|site| source.village(*site)).collect();
    let more = story.targets.len().saturating_sub(4);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let other = source.history.decisions.get(&id).and_then(|decision| decision.other);
    let on = other.map(|other| format!(" ({})", source.party(Some(other), None).name)).unwrap_or_default();
    let about = if targets.is_empty() { on } else { format!("{on}: {}{more}", targets.join(", ")) };
    format!("{} proposes {id}, {}{about}.", source.player(story.proposer), action_in_words(&story.action))
}

pub(super) fn action_in_words(action: &str) -> String {
    let words = match action {
        "mass_attack" => "a joint attack",
        "expansion" => "a new village",
        "declare_war" => "war",
        "make_peace" => "peace",
        "offer_pact" => "a pact",
        "offer_confederacy" => "a confederacy",
        "wonder_push" => "work on a wonder",
        other => return other.replace('_', " "),
    };
    words.to_owned()
}

fn sitting_in_words(source: &Source, sitting: &Sitting) -> Option<String> {
    let said = |text: &Option<String>| {
        text.as_ref().map(|text| format!(" \u{201c}{}\u{201d}", shortened(text, TEXT))).unwrap_or_default()
    };
    match sitting {
        // What it proposes comes right behind it.
        Sitting::Met { gate: None, .. } => None,
        Sitting::Met { best, gate: Some(gate) } => {
            let best = best.as_ref().map(|best| format!(" Its best option was to {}.", option_in_words(source, best)));
            Some(format!(
                "The council meets and proposes nothing: {}.{}",
                gate_in_words(gate),
                best.unwrap_or_default()
            ))
        }
        Sitting::Heard { member, option: Some(n), text } => {
            Some(format!("{} speaks for option {}.{}", source.player(*member), u32::from(*n) + 1, said(text)))
        }
        Sitting::Heard { member, option: None, text } => {
            Some(format!("{} speaks against all options.{}", source.player(*member), said(text)))
        }
        Sitting::Chose { options, chosen, text } => {
            let option = chosen.and_then(|n| options.get(usize::from(n)));
            let chosen = option.map_or_else(|| "none".to_owned(), |o| format!("to {}", option_in_words(source, o)));
            Some(format!("Of {} options the council chooses {chosen}.{}", options.len(), said(text)))
        }
    }
}

/// An option, as `attack 12 40 by multi_wave`, with names in place of ids.
fn option_in_words(source: &Source, option: &str) -> String {
    let word = |word: &str| match word.parse::<u32>().map(SiteId) {
        Ok(site) if source.names().sites.contains_key(&site) || source.tile(site).is_some() => source.village(site),
        Ok(_) => "a free tile".to_owned(),
        Err(_) => word.replace('_', " "),
    };
    shortened(&option.split(' ').map(word).collect::<Vec<_>>().join(" "), 160)
}

/// Equal entries that follow each other become one.
fn merge(entries: Vec<(Weight, Minute)>) -> Vec<(Weight, Minute)> {
    let mut merged: Vec<(Weight, Minute)> = Vec::new();
    for (weight, entry) in entries {
        match merged.last_mut() {
            Some((_, last)) if last.what == entry.what => {
                last.times += 1;
                last.last = entry.at;
            }
            _ => merged.push((weight, entry)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::contract::{CampaignFact, Fact};
    use crate::base::id::PlayerId;
    use crate::edge::report::after_action::history::History;
    use crate::edge::report::directory::Directory;
    use crate::edge::report::tally::CampaignTally;

    #[test]
    fn sessions_that_proposed_nothing_go_first_where_there_are_too_many() {
        let alliance = AllianceId(1);
        let mut history = History::default();
        for hour in 1..=90 {
            // Equal ones that follow each other would be one.
            let gate = Some(if hour % 2 == 0 { "no_intel" } else { "no_plan" }.to_owned());
            let fact = Fact::CouncilMet { alliance, best: None, gate, diplomacy: None, cites: Vec::new() };
            history.hear(&Directory::default(), &CampaignFact { at: GameTime(hour * 3_600_000), fact });
        }
        let mut tally = CampaignTally::default();
        let story =
            OperationStory { action: "declare_war".to_owned(), proposer: PlayerId(3), ..OperationStory::default() };
        tally.stories.insert(crate::base::id::ProposalId { alliance, n: 1 }, story);
        let source = Source::of(&tally, &history, vec![alliance]);
        let minutes = &minutes(&source)[0];
        assert_eq!((minutes.entries.len(), minutes.left_out), (ENTRIES_SHOWN, 31));
        assert!(minutes.entries[0].what.contains("proposes 1#1, war"), "the earliest of all is kept");
        assert!(minutes.entries[1].what.contains("proposes nothing"));
        assert_eq!(minutes.entries[1].at, GameTime(32 * 3_600_000), "the latest of those that tell least are kept");
    }
}
