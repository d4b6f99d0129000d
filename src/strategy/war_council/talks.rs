//! What a council talks about before it proposes an operation: its best options. In the first half of the talks its members may
//! speak for one of them each; when the talks end one is chosen. By rule that is the best; a language model may have advised
//! another one, or none.

use super::option::CouncilOption;
use crate::base::clock::{Agenda, CampaignSystems, DueBatch, DueKind, GameSpan, GameTime};
use crate::base::contract::{
    Advice, AdvisedChoice, AdvisedPlea, CampaignFact, Fact, INPUT, Input, Inputs, PlayerKind, Rank,
};
use crate::base::id::{AllianceId, EntityIndex, PlayerId};
use crate::base::limits::Limits;
use crate::decision::council::SubmitProposal;
use crate::society::alliance::{MemberInfo, Roster};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// The talks of a council end. Owner: the alliance.
pub const COUNCIL_CHOOSES: DueKind = DueKind::new(
    13,
    "council_chooses",
    &[CampaignSystems::Intake, CampaignSystems::Sense, CampaignSystems::Deliberate, CampaignSystems::Plan],
);

/// The members of a council were heard. Owner: the alliance.
pub const COUNCIL_HEARS: DueKind = DueKind::new(
    14,
    "council_hears",
    &[CampaignSystems::Intake, CampaignSystems::Sense, CampaignSystems::Deliberate, CampaignSystems::Plan],
);

/// Options that a council talks about at most.
const OPTIONS_MAX: usize = 4;
/// Members who may speak at most.
const SPEAKERS_MAX: usize = 8;

/// One option, as it is talked about.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TalkedOption {
    /// In words.
    pub name: String,
    /// Its score by rule.
    pub score: f64,
    /// What would be proposed.
    pub submission: SubmitProposal,
}

/// The talks of an alliance's council: there from the first that took time.
#[derive(Component, Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Talks {
    /// When the council met.
    pub met_at: GameTime,
    /// Until when members may speak; `None` where they were heard.
    pub hears_at: Option<GameTime>,
    /// When it chooses; `None` where it has chosen.
    pub ends_at: Option<GameTime>,
    /// What it can choose, the best by rule first.
    pub options: Vec<TalkedOption>,
    /// Who may speak, and who of them speaks for the council: the first.
    pub speakers: Vec<PlayerId>,
    /// Who spoke for what, by member.
    pub pleas: Vec<AdvisedPlea>,
    /// What a model advised.
    pub advised: Option<AdvisedChoice>,
}

/// A council talks: the members that speak, by a game's own voices or by a model, may each plead for an option until `hears_at`.
#[derive(Message, Clone, PartialEq, Eq, Debug)]
pub struct CouncilTalks {
    /// Whose council.
    pub alliance: AllianceId,
    /// When it met.
    pub met_at: GameTime,
    /// Until when members may speak.
    pub hears_at: GameTime,
    /// Who may: the first would propose its best option.
    pub speakers: Vec<PlayerId>,
}

/// A council has heard its members: a game's own voice, or a model, may say what it should propose until `ends_at`.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug)]
pub struct CouncilWeighs {
    /// Whose council.
    pub alliance: AllianceId,
    /// When it met.
    pub met_at: GameTime,
    /// When it chooses.
    pub ends_at: GameTime,
    /// Who would propose its best option: who speaks.
    pub speaker: PlayerId,
}

/// Begins the talks about these options, the best first.
pub(super) fn begin(
    alliance: AllianceId,
    options: Vec<CouncilOption>,
    (now, talks): (GameTime, GameSpan),
    members: &[MemberInfo],
    entity: &mut EntityCommands,
    agenda: &mut Agenda,
) -> Option<CouncilTalks> {
    let (hears_at, ends_at) = (now + GameSpan(talks.0 / 2), now + talks);
    let talked = options.into_iter().take(OPTIONS_MAX);
    let options: Vec<TalkedOption> =
        talked.map(|o| TalkedOption { name: o.name(), score: o.score, submission: o.submission }).collect();
    let speakers = speakers(options.first()?.submission.proposer, members);
    let told = CouncilTalks { alliance, met_at: now, hears_at, speakers: speakers.clone() };
    entity.insert(Talks {
        met_at: now,
        hears_at: Some(hears_at),
        ends_at: Some(ends_at),
        options,
        speakers,
        pleas: Vec::new(),
        advised: None,
    });
    agenda.push(COUNCIL_HEARS.entry(hears_at, u64::from(alliance.0), 0));
    agenda.push(COUNCIL_CHOOSES.entry(ends_at, u64::from(alliance.0), 0));
    Some(told)
}

/// Who speaks in a council: who would propose its best option, then the leader and the officers that are no persons.
fn speakers(first: PlayerId, members: &[MemberInfo]) -> Vec<PlayerId> {
    let mut others: Vec<&MemberInfo> = members
        .iter()
        .filter(|m| m.rank != Rank::Member && m.kind == PlayerKind::Active && m.player != first)
        .collect();
    others.sort_by_key(|m| (m.rank != Rank::Leader, m.player));
    core::iter::once(first).chain(others.into_iter().map(|m| m.player)).take(SPEAKERS_MAX).collect()
}

/// What is wrong with what is advised: the rule, its limit, and the value.
type Fault = (&'static str, String, String);

fn check(talks: &Talks, option: u8, text: Option<&String>, limits: &Limits) -> Result<(), Fault> {
    if usize::from(option) > talks.options.len() {
        return Err(("option_offered", format!("0 to {}", talks.options.len()), option.to_string()));
    }
    let chars = text.map_or(0, |text| text.chars().count());
    if chars > limits.text_chars {
        return Err(("text_chars", format!("{} characters", limits.text_chars), format!("{chars} characters")));
    }
    Ok(())
}

fn take_choice(
    talks: Option<&mut Talks>,
    advised: &AdvisedChoice,
    limits: &Limits,
    now: GameTime,
) -> Result<(), Fault> {
    let waits = |t: &&mut Talks| t.met_at == advised.met_at && t.ends_at.is_some_and(|at| at >= now);
    let Some(talks) = talks.filter(waits) else {
        return Err(("council_talks", "a council that talks".to_owned(), format!("alliance {}", advised.alliance)));
    };
    check(talks, advised.option, advised.text.as_ref(), limits)?;
    talks.advised = Some(advised.clone());
    Ok(())
}

fn take_plea(talks: Option<&mut Talks>, advised: &AdvisedPlea, limits: &Limits, now: GameTime) -> Result<(), Fault> {
    let waits = |t: &&mut Talks| t.met_at == advised.met_at && t.hears_at.is_some_and(|at| at >= now);
    let Some(talks) = talks.filter(waits) else {
        return Err(("council_hears", "a council that hears".to_owned(), format!("alliance {}", advised.alliance)));
    };
    if !talks.speakers.contains(&advised.member) {
        return Err(("speaker", "a member who speaks".to_owned(), format!("player {}", advised.member)));
    }
    check(talks, advised.option, advised.text.as_ref(), limits)?;
    match talks.pleas.binary_search_by_key(&advised.member, |p| p.member) {
        Ok(at) => talks.pleas[at] = advised.clone(),
        Err(at) => talks.pleas.insert(at, advised.clone()),
    }
    Ok(())
}

/// Keeps what models advise for talks that go on. Advice for others, or that comes too late, is refused.
pub(super) fn take_advice(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    limits: Res<Limits>,
    index: Res<EntityIndex>,
    mut talks: Query<&mut Talks>,
    mut facts: MessageWriter<CampaignFact>,
) {
    if batch.of(INPUT).is_empty() {
        return;
    }
    let now = batch.now();
    for logged in &inputs.now {
        let Input::Advice(advice) = &logged.input else { continue };
        let (alliance, who) = match advice {
            Advice::Choice(a) => (a.alliance, String::new()),
            Advice::Plea(a) => (a.alliance, format!(" by {}", a.member)),
            _ => continue,
        };
        let mut found = index.alliance(alliance).and_then(|e| talks.get_mut(e).ok());
        let found = found.as_deref_mut();
        let taken = match advice {
            Advice::Choice(advised) => take_choice(found, advised, &limits, now),
            Advice::Plea(advised) => take_plea(found, advised, &limits, now),
            _ => Ok(()),
        };
        if let Err((rule, limit, value)) = taken {
            let request = format!("advise the council of alliance {alliance}{who}");
            facts.write(CampaignFact::refusal(now, request, rule, &limit, value));
        }
    }
}

/// Ends the time in which members speak.
pub(super) fn hear(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    roster: Roster,
    mut talks: Query<&mut Talks>,
    mut told: MessageWriter<CouncilWeighs>,
    mut facts: MessageWriter<CampaignFact>,
) {
    for entry in batch.of(COUNCIL_HEARS) {
        let alliance = entry.alliance();
        let Some(mut talks) = index.alliance(alliance).and_then(|e| talks.get_mut(e).ok()) else { continue };
        if talks.hears_at != Some(entry.due) {
            continue;
        }
        talks.hears_at = None;
        // Who left meanwhile has no say; nor has an alliance that was eliminated.
        talks.pleas.retain(|plea| roster.alliance_of(plea.member) == Some(alliance));
        talks.speakers.retain(|speaker| roster.alliance_of(*speaker) == Some(alliance));
        if !roster.alliance(alliance).is_some_and(|a| a.active) {
            continue;
        }
        let options = talks.options.len();
        facts.write_batch(talks.pleas.iter().map(|plea| {
            let option = (usize::from(plea.option) < options).then_some(plea.option);
            let fact = Fact::CouncilHeard { alliance, member: plea.member, option, text: plea.text.clone() };
            CampaignFact { at: batch.now(), fact }
        }));
        let speaker = talks.speakers.first().copied();
        told.write_batch(talks.ends_at.zip(speaker).map(|(ends_at, speaker)| CouncilWeighs {
            alliance,
            met_at: talks.met_at,
            ends_at,
            speaker,
        }));
    }
}

/// Ends the talks that are due: what was advised is proposed, else the best.
pub(super) fn choose(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    roster: Roster,
    mut talks: Query<&mut Talks>,
    mut submissions: MessageWriter<SubmitProposal>,
    mut facts: MessageWriter<CampaignFact>,
) {
    for entry in batch.of(COUNCIL_CHOOSES) {
        let alliance = entry.alliance();
        let Some(mut talks) = index.alliance(alliance).and_then(|e| talks.get_mut(e).ok()) else { continue };
        if talks.ends_at != Some(entry.due) {
            continue;
        }
        talks.ends_at = None;
        let options = core::mem::take(&mut talks.options);
        let advised = talks.advised.take();
        talks.pleas.clear();
        talks.speakers.clear();
        // An alliance that was eliminated meanwhile proposes nothing.
        if !roster.alliance(alliance).is_some_and(|a| a.active) {
            continue;
        }
        let chosen = advised.as_ref().map_or(0, |advised| usize::from(advised.option));
        let fact = Fact::CouncilChose {
            alliance,
            options: options.iter().map(|o| (o.name.clone(), o.score)).collect(),
            chosen: (chosen < options.len()).then(|| u8::try_from(chosen).unwrap_or(u8::MAX)),
            text: advised.and_then(|advised| advised.text),
        };
        facts.write(CampaignFact { at: batch.now(), fact });
        submissions.write_batch(options.into_iter().nth(chosen).map(|option| option.submission));
    }
}
