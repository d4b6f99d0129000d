//! The counts of a campaign: plain numbers, as `headless --json` prints them.

use crate::base::id::AllianceId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counts of proposals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalCounts {
    /// Opened.
    pub submitted: u64,
    /// Passed.
    pub passed: u64,
    /// Rejected.
    pub rejected: u64,
    /// Ended without quorum.
    pub expired: u64,
    /// Refused at submission.
    pub refused: u64,
}

/// Counts of ballots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BallotCounts {
    /// Approvals, conditional ones included.
    pub approve: u64,
    /// Rejections.
    pub reject: u64,
    /// Abstentions.
    pub abstain: u64,
    /// Conditional approvals.
    pub conditional: u64,
    /// Conditional approvals whose conditions were met.
    pub conditions_met: u64,
}

/// Counts of orders that members were asked to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCounts {
    /// Given: one for each member of an operation that has the time to answer.
    pub given: u64,
    /// Answered: the member will send what was ordered.
    pub acknowledged: u64,
    /// Answered: it will not.
    pub refused: u64,
    /// Not answered in time: others were looked for.
    pub silent: u64,
}

/// Counts of applications to alliances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationCounts {
    /// Made.
    pub made: u64,
    /// Answered with yes.
    pub accepted: u64,
}

/// Counts of operations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OperationCounts {
    /// That got their orders.
    pub started: u64,
    /// That are over.
    pub concluded: u64,
    /// All goals met.
    pub goal_met: u64,
    /// Some.
    pub partly: u64,
    /// None.
    pub failed: u64,
    /// At too high a price.
    pub pyrrhic: u64,
    /// Called off.
    pub aborted: u64,
    /// That got their orders, by pattern.
    pub patterns: BTreeMap<String, u64>,
    /// Groups ordered.
    pub groups: u64,
    /// Most members in one operation.
    pub participants_max: u64,
    /// Median of members.
    pub participants_median: f64,
    /// Latest launch after its plan, in milliseconds.
    pub launch_late_ms_max: i64,
    /// Widest spread of arrivals within a wave, in milliseconds.
    pub arrival_spread_ms_max: i64,
    /// Changes of course, by what was decided.
    pub revisions: BTreeMap<String, u64>,
    /// Groups that stayed at home unannounced.
    pub no_shows: u64,
    /// Targets that told how far an enemy was misjudged.
    pub lessons: u64,
    /// Operations that taught something, by what.
    pub findings: BTreeMap<String, u64>,
}

/// Counts of what players did about attacks on them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefenseCounts {
    /// Alarms: hostile marches seen at a site, each answered at most once.
    pub alarms: u64,
    /// Answered by holding.
    pub held: u64,
    /// Answered by leaving before the hit.
    pub dodged: u64,
    /// Answered by landing troops between two hits.
    pub sniped: u64,
    /// Not answered: nobody was awake, or nobody was at home.
    pub unanswered: u64,
    /// Marches of relief that left.
    pub reliefs: u64,
    /// Those of them that land before the first hit for which they were asked.
    pub in_time: u64,
    /// Relief that was called home.
    pub sent_home: u64,
    /// Those of it that saw no battle where they stayed.
    pub unused: u64,
    /// Relief that stayed in a village of the frontier after the hit for which it came.
    pub stayed: u64,
    /// Marches that left to strengthen a village of the frontier before anybody marched on it.
    pub posted: u64,
    /// Of both, those that went home.
    pub posted_home: u64,
    /// Raids in return.
    pub retaliated: u64,
    /// Those of them that were timed to an army's way home.
    pub back_timed: u64,
}

/// Counts of sites that changed hands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConquestCounts {
    /// Operations that were to take a site.
    pub trains: u64,
    /// Sites that were taken.
    pub taken: u64,
    /// Sites that were razed.
    pub razed: u64,
    /// Expansions that were voted for and ordered.
    pub expansions: u64,
    /// Sites that were founded.
    pub founded: u64,
    /// Players who lost their last site.
    pub players_eliminated: u64,
    /// Alliances without members.
    pub alliances_eliminated: u64,
}

/// Counts of losses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossCounts {
    /// Of attackers, in goods.
    pub attackers_goods: i64,
    /// Of defenders, in goods.
    pub defenders_goods: i64,
}

/// What became of the looks of scouts, and how much the age of what was known mattered. A look is that of an alliance that
/// deliberated when its scouts were there; decoys are none. Alliances that ended since count with what they did until then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookCounts {
    /// Looks from which somebody came back.
    pub came_back: u64,
    /// Of these, looks that a decision of the same alliance cited within 72 hours.
    pub cited: u64,
    /// Operations that rested on sights at most 48 hours old when the first wave came.
    pub young: ResultCounts,
    /// Operations that rested on older ones.
    pub old: ResultCounts,
}

/// How many of some operations met their goal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultCounts {
    /// That are over.
    pub over: u64,
    /// Those of them that met all goals.
    pub met: u64,
}

/// Counts of war councils.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouncilCounts {
    /// That met.
    pub met: u64,
    /// Those of them that proposed something.
    pub proposed: u64,
}

/// Counts of wars and treaties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DiplomacyCounts {
    /// Wars that were declared; those of the beginning are none of them.
    pub wars: u64,
    /// Wars that ended by a peace that both voted for.
    pub ended_by_peace: u64,
    /// Days that these lasted, in the median.
    pub war_days_median: Option<f64>,
    /// Pacts that were agreed on.
    pub pacts: u64,
    /// Confederacies that were agreed on.
    pub confederacies: u64,
    /// Treaties that were broken by war.
    pub broken: u64,
    /// Offers of treaties.
    pub offers: u64,
    /// Those of them that were refused.
    pub refused: u64,
    /// Offers within 36 hours of a refusal of the same for which no more spoke than then.
    pub repeated: u64,
}

/// Counts of goods in pools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolCounts {
    /// Goods that came in as contributions, in all.
    pub contributed: i64,
    /// Goods that were granted, in all.
    pub granted: i64,
    /// Those of them that came back, in all: nobody was there to take them.
    pub returned: i64,
    /// Requests of which nothing was granted.
    pub refused: u64,
    /// Goods that members sent and that have not come yet, in all.
    pub in_transit: i64,
}

/// The counts of a campaign.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Proposals.
    pub proposals: ProposalCounts,
    /// Ballots.
    pub ballots: BallotCounts,
    /// Operations.
    pub operations: OperationCounts,
    /// Operations started by each alliance that deliberates.
    pub operations_by_alliance: BTreeMap<u32, u64>,
    /// Operations with more than one target.
    pub operations_with_several_targets: u64,
    /// Share of the attacking force, in goods, that went to villages of alliances that deliberate.
    pub force_against_active: f64,
    /// Marches that left.
    pub marches: u64,
    /// Battles fought.
    pub battles: u64,
    /// Sites scouted.
    pub scoutings: u64,
    /// War councils.
    pub councils: CouncilCounts,
    /// The gates that kept councils from proposing, with how often.
    pub gates: BTreeMap<String, u64>,
    /// Looks of scouts, and the age of what operations rested on.
    pub looks: LookCounts,
    /// Losses.
    pub losses: LossCounts,
    /// Orders that members were asked to answer.
    pub orders: OrderCounts,
    /// Players who asked alliances to take them in.
    pub applications: ApplicationCounts,
    /// What players did about attacks on them.
    pub defense: DefenseCounts,
    /// Sites that changed hands.
    pub conquest: ConquestCounts,
    /// Goods in pools.
    pub pool: PoolCounts,
    /// Wars and treaties.
    pub diplomacy: DiplomacyCounts,
    /// What was built.
    pub wonder: WonderCounts,
    /// Who won, if somebody did.
    pub victory: Option<VictoryCount>,
}

/// Counts of wonders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WonderCounts {
    /// Levels that were built.
    pub levels: u64,
    /// The highest level of one.
    pub highest: u8,
}

/// How a campaign was won.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VictoryCount {
    /// By whom.
    pub alliance: AllianceId,
    /// The name of the condition that it met.
    pub condition: String,
    /// When, in days from the start.
    pub day: f64,
    /// All who were still in it, who led first, and how far each had come: 0..=1.
    pub ranking: Vec<(AllianceId, f64)>,
}
