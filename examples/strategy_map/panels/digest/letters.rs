//! What the members of an alliance say to each other, and the minutes of their council, as lines.

use super::votes::title_of;
use crate::panels::words;
use crate::theme;
use crate::watch::Watch;
use bevy::prelude::*;
use bevy_alliance::base::clock::GameTime;
use bevy_alliance::base::contract::{DefenseAnswer, Names};
use bevy_alliance::base::id::ProposalId;
use bevy_alliance::base::text::shortened;
use bevy_alliance::edge::report::{CampaignTally, Channels, Directory, LetterKind, verdict_in_words};
use bevy_egui::egui::Color32;

/// Letters that are shown, the latest.
const SHOWN: usize = 100;
/// Letters among which one that says the same again is counted and not shown.
const NEAR: usize = 8;
/// Characters of what somebody says.
const TEXT: usize = 320;

/// What a letter is to who reads it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::panels) enum Tone {
    /// Somebody speaks.
    Speech,
    /// The council: proposals, votes, results.
    Council,
    /// Orders, alarms, help.
    Service,
}

/// One letter.
#[derive(Clone, Debug)]
pub(in crate::panels) struct Letter {
    pub(in crate::panels) at: GameTime,
    /// Who; nobody where the alliance itself speaks.
    pub(in crate::panels) sender: Option<String>,
    /// What it is, in a few words.
    pub(in crate::panels) what: String,
    /// A sign and its color, where there is one.
    pub(in crate::panels) sign: Option<(&'static str, Color32)>,
    /// What is said with it.
    pub(in crate::panels) said: Option<String>,
    /// How often it was said so shortly after each other.
    pub(in crate::panels) times: usize,
    /// What it is about.
    pub(in crate::panels) about: Option<ProposalId>,
    pub(in crate::panels) tone: Tone,
}

/// The letters of the alliance whose eyes are used or whose panel is open, oldest first.
pub(super) fn gather(world: &World) -> Vec<Letter> {
    let watch = world.resource::<Watch>();
    let Some(alliance) = watch.eyes().filter(|alliance| watch.may_see(*alliance)) else { return Vec::new() };
    let names = &world.resource::<CampaignTally>().directory;
    let Some(channels) = world.get_resource::<Channels>() else { return Vec::new() };
    let skipped = channels.of(alliance).count().saturating_sub(SHOWN);
    let mut letters: Vec<Letter> = Vec::new();
    for letter in channels.of(alliance).skip(skipped) {
        let sender = letter.sender.map(|player| words::player(names, player));
        let new = Letter { at: letter.at, sender, ..of_kind(world, names, &letter.kind) };
        let same = |old: &&mut Letter| old.sender == new.sender && old.what == new.what && new.tone == Tone::Service;
        match letters.iter_mut().rev().take(NEAR).find(same) {
            Some(old) => old.times += 1,
            None => letters.push(new),
        }
    }
    letters
}

fn of_kind(world: &World, names: &Directory, kind: &LetterKind) -> Letter {
    let new = |tone, what: String| Letter {
        at: GameTime(0),
        sender: None,
        what,
        sign: None,
        said: None,
        times: 1,
        about: None,
        tone,
    };
    let title = |id: ProposalId| title_of(world, id);
    let text = |text: &Option<String>| text.as_ref().map(|text| shortened(text, TEXT));
    match kind {
        LetterKind::Said { text } => {
            Letter { said: Some(shortened(text, TEXT)), ..new(Tone::Speech, "says".to_owned()) }
        }
        LetterKind::Proposed { proposal, deadline, .. } => {
            let what = format!("proposes: {}. The vote ends {}", title(*proposal), words::clock(*deadline));
            Letter { about: Some(*proposal), ..new(Tone::Council, what) }
        }
        LetterKind::Voted { proposal, vote, reason } => {
            let (sign, word, color) = words::vote(*vote, false);
            let verb = if word == "abstains" { word.to_owned() } else { format!("is {word}") };
            let what = format!("{verb}: {}", title(*proposal));
            Letter { about: Some(*proposal), sign: Some((sign, color)), said: text(reason), ..new(Tone::Council, what) }
        }
        LetterKind::Decided { proposal, outcome, failed_test } => {
            let (sign, color) = if outcome == "passed" { ("\u{2714}", theme::GOOD) } else { ("\u{2716}", theme::BAD) };
            let verdict = verdict_in_words(&words::plain(outcome), failed_test.as_deref());
            let what = format!("{}, {verdict}", title(*proposal));
            Letter { about: Some(*proposal), sign: Some((sign, color)), ..new(Tone::Council, what) }
        }
        LetterKind::Pleads { option, text: said } => {
            let what = option.map_or("is for none of the options".to_owned(), |n| format!("is for option {}", n + 1));
            Letter { said: text(said), ..new(Tone::Council, what) }
        }
        LetterKind::Chosen { options, chosen, text: said } => {
            let of = chosen.and_then(|n| options.get(usize::from(n))).map_or("nothing", |(name, _)| name);
            let of = words::plain(&shortened(of, 60));
            let what = format!("The council proposes {of}, of {}", words::counted(options.len(), "option", "options"));
            Letter { said: text(said), ..new(Tone::Council, what) }
        }
        LetterKind::Result { operation, result, lost, killed } => {
            let (sign, word, color) = words::result(result);
            let what = format!(
                "{}: {word}, {} killed, {} lost",
                title(*operation),
                words::goods(*killed),
                words::goods(*lost)
            );
            Letter { about: Some(*operation), sign: Some((sign, color)), ..new(Tone::Council, what) }
        }
        LetterKind::Learned { operation, findings, text: said } => {
            let found: Vec<String> = findings.iter().map(|found| words::finding(found.name())).collect();
            let what = format!("on {}: {}", title(*operation), found.join("; "));
            Letter { about: Some(*operation), said: text(said), ..new(Tone::Council, what) }
        }
        _ => service(names, kind, new),
    }
}

/// Orders, alarms, help, and who comes and goes.
fn service(names: &Directory, kind: &LetterKind, new: impl Fn(Tone, String) -> Letter) -> Letter {
    let site = |site| Names::site(names, site);
    match kind {
        LetterKind::Order { operation, groups, first_launch, .. } => {
            let groups = words::counted(usize::try_from(*groups).unwrap_or(0), "group", "groups");
            let what = format!("is to send {groups}, the first {}", words::clock(*first_launch));
            Letter { about: Some(*operation), ..new(Tone::Service, what) }
        }
        LetterKind::Answer { operation, answer } => {
            let what = match answer.as_str() {
                "acknowledged" => "will send what was ordered".to_owned(),
                "refused" => "will not send what was ordered".to_owned(),
                "silent" => "does not answer the order".to_owned(),
                other => words::plain(other),
            };
            Letter { about: Some(*operation), ..new(Tone::Service, what) }
        }
        LetterKind::Alarm { site: of, hit } => {
            let what = format!("{} is to be hit {}", site(*of), words::clock(*hit));
            Letter { sign: Some(("\u{26a0}", theme::WARN)), ..new(Tone::Service, what) }
        }
        LetterKind::Defends { site: of, answer } => {
            let what = match answer {
                DefenseAnswer::Hold => "holds",
                DefenseAnswer::Dodge => "leaves before the hit:",
                DefenseAnswer::Snipe => "lands between the hits at",
                DefenseAnswer::None => "is not awake, or has nobody at home, for",
            };
            new(Tone::Service, format!("{what} {}", site(*of)))
        }
        LetterKind::Helps { site: of, arrives } => {
            new(Tone::Service, format!("helps {}, there {}", site(*of), words::clock(*arrives)))
        }
        LetterKind::Handicap { difficulty, reason } => {
            new(Tone::Service, format!("is fought at difficulty {difficulty:.2} now: {reason}"))
        }
        LetterKind::Membership { what } => new(Tone::Service, words::plain(&shortened(what, TEXT))),
        other => new(Tone::Service, shortened(&other.to_string(), TEXT)),
    }
}
