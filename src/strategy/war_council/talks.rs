//! What a council talks about before it proposes an operation: its best options, of which one is chosen when the talks end. By rule
//! that is the best; a language model may have advised another one, or none.

use super::option::CouncilOption;
use crate::base::clock::{Agenda, CampaignSystems, DueBatch, DueKind, GameSpan, GameTime};
use crate::base::contract::{Advice, AdvisedChoice, CampaignFact, Fact, INPUT, Input, Inputs};
use crate::base::id::{AllianceId, EntityIndex, PlayerId};
use crate::base::limits::Limits;
use crate::decision::council::SubmitProposal;
use crate::society::alliance::Roster;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// The talks of a council end. Owner: the alliance.
pub const COUNCIL_CHOOSES: DueKind = DueKind::new(
    13,
    "council_chooses",
    &[CampaignSystems::Intake, CampaignSystems::Sense, CampaignSystems::Deliberate, CampaignSystems::Plan],
);

/// Options that a council talks about at most.
const OPTIONS_MAX: usize = 4;

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
    /// When it chooses; `None` where it has chosen.
    pub ends_at: Option<GameTime>,
    /// What it can choose, the best by rule first.
    pub options: Vec<TalkedOption>,
    /// What a model advised.
    pub advised: Option<AdvisedChoice>,
}

/// A council talks: a game's own voice, or a model, may say what it should propose until `ends_at`.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug)]
pub struct CouncilTalks {
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
    entity: &mut EntityCommands,
    agenda: &mut Agenda,
) -> Option<CouncilTalks> {
    let ends_at = now + talks;
    let talked = options.into_iter().take(OPTIONS_MAX);
    let options: Vec<TalkedOption> =
        talked.map(|o| TalkedOption { name: o.name(), score: o.score, submission: o.submission }).collect();
    let speaker = options.first()?.submission.proposer;
    entity.insert(Talks { met_at: now, ends_at: Some(ends_at), options, advised: None });
    agenda.push(COUNCIL_CHOOSES.entry(ends_at, u64::from(alliance.0), 0));
    Some(CouncilTalks { alliance, met_at: now, ends_at, speaker })
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
        let Input::Advice(Advice::Choice(advised)) = &logged.input else { continue };
        let found = index.alliance(advised.alliance).and_then(|e| talks.get_mut(e).ok());
        let waits = |t: &Mut<Talks>| t.met_at == advised.met_at && t.ends_at.is_some_and(|at| at >= now);
        let legal = |t: &Mut<Talks>| usize::from(advised.option) <= t.options.len();
        let chars = advised.text.as_ref().map_or(0, |text| text.chars().count());
        let refused = match found.filter(waits) {
            None => ("council_talks", "a council that talks".to_owned(), format!("alliance {}", advised.alliance)),
            Some(t) if !legal(&t) => {
                ("option_offered", format!("0 to {}", t.options.len()), advised.option.to_string())
            }
            Some(_) if chars > limits.text_chars => {
                ("text_chars", format!("{} characters", limits.text_chars), format!("{chars} characters"))
            }
            Some(mut t) => {
                t.advised = Some(advised.clone());
                continue;
            }
        };
        let (rule, limit, value) = refused;
        let request = format!("advise the council of alliance {}", advised.alliance);
        facts.write(CampaignFact::refusal(now, request, rule, &limit, value));
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
