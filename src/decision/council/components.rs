//! A proposal, its ballots and its fate.

use super::rules::charter::{Charter, Subject};
use super::rules::roll::Roll;
use crate::base::clock::{CampaignSystems, DueKind, GameSpan, GameTime};
use crate::base::contract::{AdvisedBallot, Ballot, Citation, Stance, Treaty, Vote};
use crate::base::id::{AllianceId, PlayerId, ProposalId, SiteId};
use crate::decision::planning::Plan;
use crate::decision::planning::allocation::LeftOut;
use crate::decision::planning::rules::diplomacy::Dealings;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A member's answer is due. Owner: the proposal, n: the member.
pub const BALLOT_DUE: DueKind =
    DueKind::new(20, "ballot_due", &[CampaignSystems::Intake, CampaignSystems::Sense, CampaignSystems::Deliberate]);

/// A vote ends. Owner: the proposal.
pub const VOTE_CLOSES: DueKind = DueKind::new(
    30,
    "vote_closes",
    &[CampaignSystems::Intake, CampaignSystems::Sense, CampaignSystems::Deliberate, CampaignSystems::Plan],
);

/// The key of a proposal in the agenda.
#[must_use]
pub fn proposal_key(id: ProposalId) -> u64 {
    u64::from(id.alliance.0) << 32 | u64::from(id.n)
}

/// The proposal with this key.
#[must_use]
pub fn proposal_of_key(key: u64) -> ProposalId {
    let half = |v: u64| u32::try_from(v & u64::from(u32::MAX)).unwrap_or(0);
    ProposalId { alliance: AllianceId(half(key >> 32)), n: half(key) }
}

/// What an operation is to reach at each of its targets.
#[derive(Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// Kill this share (0..=1) of the defenders, by what they cost.
    BreakDefense {
        /// The share.
        share: f64,
    },
    /// Find out what stands there.
    Look,
    /// Hold the site in the end.
    Take,
    /// Found a site there.
    Found,
    /// Come to stand to another alliance in another way.
    Agree,
    /// Raise a wonder.
    Build {
        /// The part of their surplus that members give for it.
        share: f64,
    },
}

impl Goal {
    /// Its name, as facts and logs give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BreakDefense { .. } => "break",
            Self::Look => "look",
            Self::Take => "take",
            Self::Found => "found",
            Self::Agree => "agree",
            Self::Build { .. } => "build",
        }
    }

    /// Whether it is met by killing those who stand at a site: where nobody does, there is nothing to be met.
    #[must_use]
    pub fn needs_defenders(self) -> bool {
        matches!(self, Self::BreakDefense { .. })
    }
}

/// What a proposal asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// A joint attack.
    MassAttack,
    /// A new site on a free tile.
    Expansion,
    /// War on another alliance.
    DeclareWar,
    /// An offer of peace, or the answer to one.
    MakePeace,
    /// An offer of a pact, or the answer to one.
    OfferPact,
    /// An offer of a confederacy, or the answer to one.
    OfferConfederacy,
    /// Members give for a wonder for a while.
    WonderPush,
}

impl ActionKind {
    /// Its name, as facts and logs give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MassAttack => "mass_attack",
            Self::Expansion => "expansion",
            Self::DeclareWar => "declare_war",
            Self::MakePeace => "make_peace",
            Self::OfferPact => "offer_pact",
            Self::OfferConfederacy => "offer_confederacy",
            Self::WonderPush => "wonder_push",
        }
    }

    /// Whether it is carried out by marches, as an operation.
    #[must_use]
    pub fn sends_troops(self) -> bool {
        matches!(self, Self::MassAttack | Self::Expansion)
    }

    /// The action that offers a treaty, or accepts its offer.
    #[must_use]
    pub fn of_treaty(treaty: Treaty) -> Self {
        match treaty {
            Treaty::Peace => Self::MakePeace,
            Treaty::Pact => Self::OfferPact,
            Treaty::Confederacy => Self::OfferConfederacy,
        }
    }

    /// The treaty that it offers or accepts.
    #[must_use]
    pub fn treaty(self) -> Option<Treaty> {
        Treaty::ALL.into_iter().find(|treaty| Self::of_treaty(*treaty) == self)
    }

    /// How the two would stand to each other, if it is about that.
    #[must_use]
    pub fn stance(self) -> Option<Stance> {
        match self {
            Self::DeclareWar => Some(Stance::War),
            _ => self.treaty().map(Treaty::stance),
        }
    }

    /// What it is about to a charter.
    #[must_use]
    pub fn subject(self) -> Subject {
        match self {
            Self::MassAttack | Self::Expansion => Subject::Operation,
            Self::DeclareWar | Self::MakePeace => Subject::War,
            Self::OfferPact | Self::OfferConfederacy => Subject::Pact,
            Self::WonderPush => Subject::Wonder,
        }
    }
}

/// One target, as it was known when it was proposed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ProposedTarget {
    /// Which site.
    pub site: SiteId,
    /// Whose it is.
    pub owner: PlayerId,
    /// The owner's alliance.
    pub alliance: Option<AllianceId>,
    /// Value of breaking it, in goods.
    pub value: f64,
    /// The score that made it a target.
    pub score: f64,
    /// When its troops were seen.
    pub seen_at: GameTime,
    /// Confidence when they were seen.
    pub confidence: f64,
    /// Planned offense over estimated defense, with what was learned of the enemy.
    pub ratio: f64,
    /// What was known of it.
    pub cites: Vec<Citation>,
}

/// What a proposal promises.
#[derive(Clone, Copy, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Expected {
    /// Planned offense over estimated defense, the weakest target's, with what was learned of the enemy.
    pub ratio: f64,
    /// Value to gain, in goods, all targets together.
    pub value: f64,
    /// Cost of the troops sent, in goods.
    pub cost: f64,
    /// Value of our whole army, in goods.
    pub strength_own: f64,
    /// Value believed of the enemy's whole army, in goods.
    pub strength_enemy: f64,
}

/// What a member is asked for.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Asked {
    /// Cost of the troops asked, in goods.
    pub goods: i64,
    /// Share of the member's army, 0..=1.
    pub share: f64,
    /// Per village the share of its offense that would leave.
    pub sites: BTreeMap<SiteId, f64>,
}

/// How a vote ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalStatus {
    /// Ballots are coming in.
    Open,
    /// It passed, with this plan.
    Passed(Box<Plan>),
    /// It failed; the first failing test is named.
    Rejected {
        /// `quorum`, `approval`, `participants` or `feasibility`.
        test: String,
        /// Targets that could not be attacked any more, with why.
        left_out: Vec<(SiteId, LeftOut)>,
    },
    /// The deadline came without quorum.
    Expired,
}

/// A proposal and what it asks. `Ballots` stand beside it on the same entity.
#[derive(Component, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Proposal {
    /// Its id.
    pub id: ProposalId,
    /// Who proposed it.
    pub proposer: PlayerId,
    /// What it asks for.
    pub action: ActionKind,
    /// The attack pattern's name; empty for what is no attack.
    pub pattern: String,
    /// What it is to reach.
    pub goal: Goal,
    /// Where.
    pub targets: Vec<ProposedTarget>,
    /// The enemy alliance, if the targets have one, or the alliance that it is about.
    pub enemy: Option<AllianceId>,
    /// What is known of the dealings with that alliance, where it is about how to stand to it.
    pub dealings: Option<Dealings>,
    /// The score that it had as an option.
    pub score: f64,
    /// When it was opened.
    pub opened_at: GameTime,
    /// When the vote ends.
    pub deadline: GameTime,
    /// When all are to arrive.
    pub arrival: GameTime,
    /// Members that must take part.
    pub participants_needed: u32,
    /// What it promises.
    pub expected: Expected,
    /// What each member is asked for by the trial plan.
    pub asked: BTreeMap<PlayerId, Asked>,
    /// Goods asked of the pool.
    pub goods_asked: i64,
    /// Who may vote, frozen at opening.
    pub roll: Roll,
    /// How it ended.
    pub status: ProposalStatus,
    /// When it was decided.
    pub decided_at: Option<GameTime>,
}

/// The ballots of a proposal.
#[derive(Component, Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Ballots {
    /// Those that were cast.
    pub cast: BTreeMap<PlayerId, Ballot>,
    /// When each open one is answered by rule. Later than the deadline: not at all.
    pub answer_at: BTreeMap<PlayerId, GameTime>,
    /// Conditional approvals that were dropped, with the condition that was not met.
    pub dropped: BTreeMap<PlayerId, String>,
    /// What language models advise members whose ballots are open: used when they are answered.
    pub advised: BTreeMap<PlayerId, AdvisedBallot>,
}

impl Ballots {
    /// Whether a member's approval counted to the end: it was cast, and no condition of it was unmet.
    #[must_use]
    pub fn approves(&self, member: PlayerId) -> bool {
        self.cast.get(&member).is_some_and(|b| b.vote == Vote::Approve) && !self.dropped.contains_key(&member)
    }
}

/// Proposals that an alliance keeps, oldest first, and what was refused.
#[derive(Component, Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Decisions {
    /// Open ones.
    pub open: Vec<ProposalId>,
    /// Decided ones that are kept in full.
    pub decided: Vec<ProposalId>,
    /// When a target was last refused, for the memory of refusals.
    pub refused: BTreeMap<SiteId, GameTime>,
    /// When a change of how to stand to another alliance was last refused here, and what was known of the dealings then.
    pub refused_changes: BTreeMap<(AllianceId, ActionKind), (GameTime, Dealings)>,
}

/// A proposal is to be opened. Lives for one pass.
#[derive(Message, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SubmitProposal {
    /// The alliance that decides.
    pub alliance: AllianceId,
    /// Who proposes.
    pub proposer: PlayerId,
    /// What it asks for.
    pub action: ActionKind,
    /// The attack pattern's name; empty for what is no attack.
    pub pattern: String,
    /// What it is to reach.
    pub goal: Goal,
    /// Where.
    pub targets: Vec<ProposedTarget>,
    /// The enemy alliance, if the targets have one, or the alliance that it is about.
    pub enemy: Option<AllianceId>,
    /// What is known of the dealings with that alliance, where it is about how to stand to it.
    pub dealings: Option<Dealings>,
    /// The score that it has as an option.
    pub score: f64,
    /// When all are to arrive.
    pub arrival: GameTime,
    /// The trial plan: who would send what, when.
    pub trial: Plan,
    /// What it promises.
    pub expected: Expected,
    /// What each member is asked for.
    pub asked: BTreeMap<PlayerId, Asked>,
}

/// A proposal passed. Lives for one pass.
#[derive(Message, Clone, PartialEq, Debug)]
pub struct ProposalPassed {
    /// Which.
    pub proposal: ProposalId,
}

/// A proposal failed. Lives for one pass.
#[derive(Message, Clone, PartialEq, Debug)]
pub struct ProposalFailed {
    /// Which.
    pub proposal: ProposalId,
}

/// The charter of all councils of this campaign.
#[derive(Resource, Clone, PartialEq, Eq, Debug, Deref, Serialize, Deserialize)]
pub struct CouncilCharter(pub Charter);

impl Default for CouncilCharter {
    fn default() -> Self {
        Self(Charter::plenary())
    }
}

/// How councils vote.
#[derive(Resource, Clone, Debug, Reflect, Serialize, Deserialize)]
pub struct CouncilSettings {
    /// Participants needed = max(2, this share of the members in the trial plan, rounded up).
    pub participants_share: f64,
    /// On passing the arrival may move later by at most this.
    pub arrival_slack: GameSpan,
    /// A passed plan whose ratio at a target falls below this lapses.
    pub floor_ratio: f64,
}

impl Default for CouncilSettings {
    fn default() -> Self {
        Self { participants_share: 0.6, arrival_slack: GameSpan::hours(12), floor_ratio: 1.2 }
    }
}
