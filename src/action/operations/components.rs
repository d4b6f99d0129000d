//! What an operation is: groups with their orders, and what became of each.

use super::orders::OrderSettings;
use super::review::Alert;
use super::rules::ReactSettings;
use crate::base::clock::{CampaignSystems, DueKind, GameSpan, GameTime};
use crate::base::contract::{CampaignFact, Citation, Fact, LaunchRow, Manner};
use crate::base::goods::Goods;
use crate::base::id::{MarchId, OrderId, PlayerId, ProposalId, SiteId};
use crate::base::ruleset::{Force, Levels, RecallRule};
use crate::decision::council::Goal;
use crate::decision::planning::allocation::Errand;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// A group is to leave. Owner: the operation, n: the group.
pub const GROUP_LAUNCHES: DueKind =
    DueKind::new(40, "group_launches", &[CampaignSystems::March, CampaignSystems::Settle]);

/// A group that a game moves by itself reaches its target. Owner: the operation, n: the group.
pub const GROUP_ARRIVES: DueKind = DueKind::new(61, "group_arrives", &[CampaignSystems::Settle]);

/// A group is called back by a decision of this instant. Owner: the operation, n: the group.
pub const GROUP_RECALLED: DueKind =
    DueKind::new(41, "group_recalled", &[CampaignSystems::March, CampaignSystems::Settle]);

/// What an operation claims is told to its alliance and its confederates. Owner: the operation.
pub const CLAIMS_TOLD: DueKind = DueKind::new(42, "claims_told", &[CampaignSystems::Settle]);

/// An operation is over: an hour after its last wave. Owner: the operation.
pub const OPERATION_CONCLUDES: DueKind = DueKind::new(80, "operation_concludes", &[CampaignSystems::Settle]);

/// What became of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupStatus {
    /// Waits for its launch.
    Waiting,
    /// On its way, or back home.
    Launched {
        /// Its march, where the default world moves it.
        march: Option<MarchId>,
        /// When it really left.
        at: GameTime,
    },
    /// Could not leave.
    Failed,
    /// Was kept at home by a decision.
    HeldBack,
    /// Was called back under way.
    Recalled {
        /// Its march, where the default world moves it.
        march: Option<MarchId>,
    },
}

/// One group: who sends what, from where, to where, when.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Whose.
    pub member: PlayerId,
    /// From where.
    pub site: SiteId,
    /// To where.
    pub target: SiteId,
    /// Which wave.
    pub wave: u8,
    /// In what manner.
    pub manner: Manner,
    /// What its engines aim at.
    pub aims: [Option<u8>; 2],
    /// What it does.
    #[serde(default)]
    pub errand: Errand,
    /// What is ordered; after launch what really left.
    pub force: Force,
    /// Upgrades of these troops.
    pub upgrades: Levels,
    /// When it leaves.
    pub launch: GameTime,
    /// How long it travels.
    pub travel: GameSpan,
    /// When it is there.
    pub arrival: GameTime,
    /// What became of it.
    pub status: GroupStatus,
    /// Whether it was called off too late: it flies on, and its cost counts as lost.
    pub written_off: bool,
    /// What it lost in battle.
    pub lost: Force,
    /// What it took.
    pub loot: Goods,
}

impl Group {
    /// Whether it can turn back now, having left at `left`. What stays before a site can be called home at any time.
    #[must_use]
    pub fn can_turn(&self, now: GameTime, left: GameTime, recall: RecallRule) -> bool {
        if self.arrival > now { recall.allows(now - left) } else { self.manner == Manner::Blockade }
    }

    /// Whether it will be at its target later than its wave.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.arrival > self.launch + self.travel
    }
}

/// One target with what was expected and what came of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Target {
    /// Which site.
    pub site: SiteId,
    /// Whose it was when the operation started.
    pub owner: PlayerId,
    /// What was believed to stand there when the operation started: what it is judged by.
    pub believed: Force,
    /// What the plan was made against: that, and help that was reckoned with.
    pub reckoned: Force,
    /// When what it rests on by now was seen.
    pub seen_at: GameTime,
    /// Expected ratio of offense to defense, of what is seen there.
    pub expected_ratio: f64,
    /// The same of what was reckoned with by what was learned of the enemy: what later looks are held against.
    pub planned_ratio: f64,
    /// Expected fraction of the attackers lost.
    pub expected_loss: f64,
    /// How far the logarithm of the ratio may be off, by how certain the intel was.
    pub sigma: f64,
    /// Chance of success that the plan gave itself, with what was learned of its pattern.
    pub expected_win: f64,
    /// The chance that the forecast gave.
    pub forecast_win: f64,
    /// Defenders that stood there when the first wave came, where a report shows it.
    pub defenders: Option<Force>,
    /// Defenders killed, where reports show it.
    pub killed: Force,
    /// Wall levels lost.
    pub wall_lost: u8,
    /// Building levels lost.
    pub levels_lost: u8,
}

/// How far an operation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationStatus {
    /// Groups wait, travel or fight.
    Running,
    /// It was called off; what was launched and could not be recalled goes on.
    Aborted,
    /// It is over.
    Concluded,
}

/// A joint attack that is being carried out. It lives on the entity of the proposal that it came from.
#[derive(Component, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Operation {
    /// Its id: the proposal's.
    pub id: ProposalId,
    /// Who proposed it.
    pub proposer: PlayerId,
    /// What it is to reach at each target.
    pub goal: Goal,
    /// Its groups.
    pub groups: Vec<Group>,
    /// Its targets.
    pub targets: Vec<Target>,
    /// How far it is.
    pub status: OperationStatus,
    /// When it started.
    pub started: GameTime,
    /// Whether it only looks: a scouting mission, which is a standing right of officers and never voted.
    pub scouting: bool,
    /// Why it is to be looked at again, at this instant.
    #[serde(default)]
    pub alerts: Vec<Alert>,
    /// How it changed its course, oldest first; the latest [`REVISIONS_KEPT`].
    pub revisions: Vec<Revision>,
}

/// Changes of course of one operation that are kept: earlier ones have left as facts.
pub const REVISIONS_KEPT: usize = 32;

/// A change of course.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Revision {
    /// When.
    pub at: GameTime,
    /// What was decided: `add_wave`, `hold_back`, `recall`, `call_off_target`, `write_off`.
    pub decision: String,
    /// Why: the name of the reason first.
    pub reason: String,
    /// What was known that it rests on.
    pub cites: Vec<Citation>,
}

impl Operation {
    /// The order of a group.
    #[must_use]
    pub fn order(&self, group: usize) -> OrderId {
        OrderId::of_group(self.id, group)
    }

    /// Notes a change of course, and returns what is to be said of it outwards.
    pub(super) fn revise(
        &mut self,
        at: GameTime,
        decision: &str,
        reason: String,
        cites: Vec<Citation>,
    ) -> CampaignFact {
        self.revise_with(at, decision, reason, cites, Vec::new())
    }

    /// The same with the launches that it adds.
    pub(super) fn revise_with(
        &mut self,
        at: GameTime,
        decision: &str,
        reason: String,
        cites: Vec<Citation>,
        rows: Vec<LaunchRow>,
    ) -> CampaignFact {
        let decision = decision.to_owned();
        if self.revisions.len() >= REVISIONS_KEPT {
            self.revisions.remove(0);
        }
        let kept = Revision { at, decision: decision.clone(), reason: reason.clone(), cites: cites.clone() };
        self.revisions.push(kept);
        CampaignFact { at, fact: Fact::OperationRevised { operation: self.id, decision, reason, cites, rows } }
    }

    /// How old the oldest sight of a target's troops is when the first group comes that was sent; `None` without targets
    /// that have any, or with nothing sent.
    #[must_use]
    pub fn intel_age(&self) -> Option<GameSpan> {
        let sent = |g: &&Group| matches!(g.status, GroupStatus::Launched { .. });
        let first = self.groups.iter().filter(sent).map(|g| g.arrival).min()?;
        self.targets.iter().map(|t| first - t.seen_at).max()
    }

    /// The last arrival of all groups.
    #[must_use]
    pub fn last_arrival(&self) -> GameTime {
        self.groups.iter().map(|g| g.arrival).max().unwrap_or(self.started)
    }
}

/// The operations and scouting missions of an alliance that are not over, oldest first.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RunningOperations(pub Vec<ProposalId>);

/// How operations are run.
#[derive(Resource, Clone, Debug, Reflect, Serialize, Deserialize)]
pub struct OperationSettings {
    /// When more is sent, and when less.
    pub react: ReactSettings,
    /// How members answer their orders.
    pub orders: OrderSettings,
    /// Whether members fail to send what they were ordered to, each group with a chance of 1 - the member's reliability.
    pub no_shows: bool,
    /// A target stays claimed, and its operation open, for this long after the last arrival.
    pub claim_after_arrival: GameSpan,
    /// Own loss over enemy loss above which a result is pyrrhic.
    pub pyrrhic: f64,
}

impl Default for OperationSettings {
    fn default() -> Self {
        Self {
            react: ReactSettings::default(),
            orders: OrderSettings::default(),
            no_shows: true,
            claim_after_arrival: GameSpan::hours(1),
            pyrrhic: 1.5,
        }
    }
}
