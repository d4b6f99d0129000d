//! What is to be planned, and what a plan says.

use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{AttackGroup, Forecast, Manner, Rhythm, SiteEstimate, SiteState, WorldModel};
use crate::base::geometry::Tile;
use crate::base::id::{PlayerId, SiteId};
use crate::base::ruleset::{Force, Levels};
use crate::decision::planning::rules::facts::FactSettings;
use crate::decision::planning::timing::{in_time, too_close};
use crate::decision::planning::{Lesson, Pattern, WaveSite, WaveSpec};
use bevy::prelude::{Reflect, Resource};
use core::fmt;
use serde::{Deserialize, Serialize};

/// A village that could send troops.
#[derive(Clone, PartialEq, Debug)]
pub struct Source {
    /// The village.
    pub site: SiteState,
    /// What may leave.
    pub available: Force,
    /// Chiefs that may leave: they go only with waves of their own.
    pub chiefs: Force,
    /// Inhabitants of its owner's sites together.
    pub population: u64,
    /// When its owner sleeps: nothing launches then.
    pub rhythm: Rhythm,
    /// Nothing leaves before this.
    pub not_before: Option<GameTime>,
    /// Nothing arrives after this.
    pub not_after: Option<GameTime>,
}

impl Source {
    /// A group of this village with these troops.
    #[must_use]
    pub fn group(&self, force: Force) -> AttackGroup {
        AttackGroup {
            origin: self.site.site,
            player: self.site.owner,
            population: self.population,
            force,
            upgrades: self.site.upgrades,
        }
    }

    /// A group of this village in a plan, that is there at `arrival`.
    #[must_use]
    pub fn assign(&self, to: Assignment, force: Force, travel: GameSpan, arrival: GameTime) -> PlannedGroup {
        let Assignment { target, wave, manner, aims, errand } = to;
        let (site, member, upgrades) = (self.site.site, self.site.owner, self.site.upgrades);
        let launch = arrival - travel;
        PlannedGroup { site, member, target, wave, force, upgrades, launch, travel, arrival, manner, aims, errand }
    }

    /// The same with a wave of a pattern, if all these units are at a place at `arrival` and the group keeps its distance
    /// from all else that leaves this village; none otherwise.
    pub(super) fn assign_wave(
        &self,
        model: &dyn WorldModel,
        (target, at): (SiteId, Tile),
        force: &Force,
        (n, wave): (u8, WaveSpec),
        (arrival, not_before): (GameTime, GameTime),
        mut leaves: impl Iterator<Item = GameTime>,
    ) -> Option<PlannedGroup> {
        let (there, travel) = in_time(model, self, force, at, arrival, not_before)?;
        let free = there == *force && !leaves.any(|other| too_close(model, arrival - travel, other));
        free.then(|| self.assign(wave.assignment(n, target, arrival, model), there, travel, arrival))
    }
}

/// Parts that a village's force is sent in: eighths.
pub const PARTS: u8 = 8;

/// Some eighths of a force, each class rounded down.
#[must_use]
pub fn part_of(force: &Force, part: u8) -> Force {
    force.share(f64::from(part) / f64::from(PARTS))
}

/// Groups as a forecast takes them: of each village one army, in the order in which the villages are first named. Waves of one
/// village are not judged each by itself.
#[must_use]
pub fn by_home(groups: impl IntoIterator<Item = AttackGroup>) -> Vec<AttackGroup> {
    let mut armies: Vec<AttackGroup> = Vec::new();
    for group in groups {
        match armies.iter_mut().find(|army| army.origin == group.origin) {
            Some(army) => army.force.add_all(&group.force),
            None => armies.push(group),
        }
    }
    armies.retain(|army| !army.force.is_empty());
    armies
}

/// A site to attack.
#[derive(Clone, PartialEq, Debug)]
pub struct TargetSpec {
    /// Which.
    pub site: SiteId,
    /// What is believed of it when the blow falls, help included.
    pub estimate: SiteEstimate,
    /// The troops that were seen there: what a result is judged by.
    pub seen: Force,
    /// What was learned of its owner's alliance.
    pub lesson: Lesson,
    /// Value of meeting the goal there, in goods.
    pub value: f64,
    /// Offense over believed defense that the goal asks for.
    pub min_ratio: f64,
    /// Greatest fraction of what is sent that may be lost at exactly the planned ratio.
    pub loss_max: f64,
}

impl TargetSpec {
    /// A target with the margins of the settings. A hammer that stands at home is worth a thinner margin: its
    /// offense is there today and gone tomorrow.
    #[must_use]
    pub fn new(
        site: SiteId,
        estimate: SiteEstimate,
        value: f64,
        settings: &AllocationSettings,
        model: &dyn WorldModel,
    ) -> Self {
        let offense: Force = estimate.troops.iter().filter(|(class, _)| model.is_offense(*class)).collect();
        let is_hammer = 2 * model.cost(&offense) > model.cost(&estimate.troops);
        let (min_ratio, loss_max) = if is_hammer {
            (settings.hammer_ratio, settings.hammer_loss_max)
        } else {
            (settings.target_ratio, settings.loss_max)
        };
        let seen = estimate.troops.clone();
        Self { site, estimate, seen, lesson: Lesson::default(), value, min_ratio, loss_max }
    }

    /// The same against an enemy who is known to be stronger, or weaker, than what is seen of it: the goal asks for that
    /// much more, or less.
    #[must_use]
    pub fn with_lesson(self, lesson: Lesson) -> Self {
        Self { lesson, min_ratio: self.min_ratio * lesson.factor(), ..self }
    }

    /// The same with help that is reckoned to come.
    #[must_use]
    pub fn with_help(mut self, help: &Force) -> Self {
        self.estimate.troops.add_all(help);
        self
    }
}

/// A site beside the targets that a wave can go to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Elsewhere {
    /// Which.
    pub site: SiteId,
    /// Where it lies.
    pub at: Tile,
    /// The target that it is near to, or could help.
    pub of: SiteId,
    /// Which kind of waves it is for: decoys, or neighbours.
    pub kind: WaveSite,
}

/// What is to be planned.
#[derive(Clone, Debug)]
pub struct AllocationProblem {
    /// Who could send what.
    pub sources: Vec<Source>,
    /// Where to.
    pub targets: Vec<TargetSpec>,
    /// Villages that could send defensive troops, which go only to stay before a target: their `available` is those.
    pub guards: Vec<Source>,
    /// Sites that waves beside the blow can go to, of each kind and target the best first.
    pub elsewhere: Vec<Elsewhere>,
    /// In which waves.
    pub pattern: Pattern,
    /// The instant of the operation: waves arrive at it plus their offset.
    pub arrival: GameTime,
    /// Nothing leaves before this.
    pub not_before: GameTime,
    /// Groups at most.
    pub groups_max: usize,
    /// The seed of the local search.
    pub seed: u64,
    /// How much of the pattern's promised chance is believed, 0..=1.
    pub hit_rate: f64,
}

impl AllocationProblem {
    /// Some waves of the pattern, with their numbers.
    pub(super) fn waves(&self, keep: impl Fn(WaveSpec) -> bool) -> Vec<(u8, WaveSpec)> {
        (0..).zip(self.pattern.waves.iter().copied()).filter(|(_, w)| keep(*w)).collect()
    }
}

/// How forces are allocated.
#[derive(Resource, Clone, Debug, Reflect, Serialize, Deserialize)]
pub struct AllocationSettings {
    /// Offense over believed defense that a goal asks for.
    pub target_ratio: f64,
    /// The same against a site whose troops are mostly offense: a hammer at home.
    pub hammer_ratio: f64,
    /// Greatest own loss against a hammer at home.
    pub hammer_loss_max: f64,
    /// No more than this ratio is sent: at 5 an attack loses less than a tenth.
    pub ratio_max: f64,
    /// Goods that must be saved per good of troops sent beyond what the goal needs.
    pub saving_min: f64,
    /// Greatest expected own loss, as a fraction of what is sent.
    pub loss_max: f64,
    /// Members that should share a target's load, where there are as many in reach: joint operations exist to involve
    /// members, and a load that is shared asks less of each. One village sends at most 1.6 / this of what is needed
    /// until all in reach were asked.
    pub participants: u32,
    /// Attack points that go with each chief, so that it survives what is left at a broken site.
    pub escort_attack: f64,
    /// Attack points of a token: less than what is taken for a real march, more than a lone engine.
    pub token_attack: f64,
    /// Tokens that one village sends at most.
    pub tokens_max: u32,
    /// Groups of one anvil, or one reserve, at most.
    pub beside_max: u32,
    /// An anvil or a reserve of less than this share of what its wave asks for is none.
    pub beside_min: f64,
    /// A group of less than this share of what is needed is not sent.
    pub group_min: f64,
    /// Steps of the local search.
    pub iterations: u32,
    /// How uncertain intel is.
    #[reflect(ignore)]
    pub facts: FactSettings,
}

impl Default for AllocationSettings {
    fn default() -> Self {
        Self {
            target_ratio: 1.5,
            hammer_ratio: 1.25,
            hammer_loss_max: 0.75,
            ratio_max: 5.0,
            saving_min: 0.005,
            loss_max: 0.4,
            participants: 6,
            escort_attack: 900.0,
            token_attack: 200.0,
            tokens_max: 2,
            beside_max: 8,
            beside_min: 0.5,
            group_min: 0.02,
            iterations: 160,
            facts: FactSettings::default(),
        }
    }
}

/// What a group does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    /// It fights for the goal at its target.
    #[default]
    Strike,
    /// It stays before its target against whoever comes to help, and goes home at this instant.
    Stay {
        /// When.
        until: GameTime,
    },
    /// It turns back at this instant, before it arrives.
    Feint {
        /// When.
        turns_at: GameTime,
    },
    /// It draws troops or eyes away: what it meets does not count for the goal.
    Distract,
    /// It leaves only if what came before it did not meet the goal.
    Reserve,
}

impl Errand {
    /// Whether its force is counted when it is forecast whether the goal is met.
    #[must_use]
    pub fn strikes(self) -> bool {
        matches!(self, Self::Strike)
    }

    /// When it turns home by plan, if it does.
    #[must_use]
    pub fn turns_at(self) -> Option<GameTime> {
        match self {
            Self::Stay { until: at } | Self::Feint { turns_at: at } => Some(at),
            Self::Strike | Self::Distract | Self::Reserve => None,
        }
    }
}

/// What a group is to do, whoever sends it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Assignment {
    /// Where to.
    pub target: SiteId,
    /// In which wave.
    pub wave: u8,
    /// In what manner.
    pub manner: Manner,
    /// What its engines aim at, as an order names it.
    pub aims: [Option<u8>; 2],
    /// What it does.
    pub errand: Errand,
}

/// One group of a plan.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PlannedGroup {
    /// From where.
    pub site: SiteId,
    /// Whose.
    pub member: PlayerId,
    /// To where.
    pub target: SiteId,
    /// Which wave.
    pub wave: u8,
    /// With what.
    pub force: Force,
    /// Upgrades of these troops.
    pub upgrades: Levels,
    /// When it leaves.
    pub launch: GameTime,
    /// How long it travels.
    pub travel: GameSpan,
    /// When it is there.
    pub arrival: GameTime,
    /// In what manner.
    pub manner: Manner,
    /// What its engines aim at, as an order names it.
    pub aims: [Option<u8>; 2],
    /// What it does.
    #[serde(default)]
    pub errand: Errand,
}

/// What a plan expects at one target.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TargetPlan {
    /// Which.
    pub site: SiteId,
    /// The troops that were seen there.
    pub believed: Force,
    /// The troops that the plan is made against: those, and help.
    pub reckoned: Force,
    /// When they were seen.
    pub seen_at: GameTime,
    /// The world model's own forecast.
    pub forecast: Forecast,
    /// Offense over defense where what was learned of the enemy counts as if it had been seen.
    pub ratio: f64,
    /// Expected fraction of the attackers lost, with the uncertainty of the intel.
    pub expected_loss: f64,
    /// How far the logarithm of the ratio may be off, by how certain the intel is.
    pub sigma: f64,
    /// Chance of success, with what was learned of the pattern.
    pub win: f64,
    /// The chance that the forecast gives; of a train times that its chiefs take the village.
    pub forecast_win: f64,
    /// Whether the goal is met by forecast.
    pub met: bool,
}

/// Why a target was left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// Nobody can be there in time.
    NoForceInTime,
    /// All that could be there is not enough.
    TooStrong,
    /// It would be enough, but too many would fall.
    TooCostly,
    /// There were too many groups.
    Limit,
    /// Too few chiefs can be there in time.
    TooFewChiefs,
    /// The engines that can be there leave the seat standing: chiefs could do nothing.
    SeatStands,
    /// Nobody can do what the pattern asks for beside the blow.
    NobodyBeside,
    /// Neither its owner nor the enemy that was to be attacked holds it any more.
    NotTheirs,
    /// There is peace with its owner by now.
    Pact,
    /// What stands there is not known any more.
    Unknown,
    /// What stands there by now is not worth an operation.
    NothingToBreak,
    /// An operation of a confederate has it to itself.
    Claimed,
    /// It is a person's, and an attack on it would be foul.
    FairPlay,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoForceInTime => "no_force_in_time",
            Self::TooStrong => "too_strong",
            Self::TooCostly => "too_costly",
            Self::Limit => "limit",
            Self::TooFewChiefs => "too_few_chiefs",
            Self::SeatStands => "seat_stands",
            Self::NobodyBeside => "nobody_beside",
            Self::NotTheirs => "not_theirs",
            Self::Pact => "pact",
            Self::Unknown => "unknown",
            Self::NothingToBreak => "nothing_to_break",
            Self::Claimed => "claimed",
            Self::FairPlay => "fair_play",
        })
    }
}

/// A plan: every order is legal, every group of a wave arrives at the same instant.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Plan {
    /// Groups, sorted by target, wave and village.
    pub groups: Vec<PlannedGroup>,
    /// Targets in the order of the problem.
    pub targets: Vec<TargetPlan>,
    /// Targets that are not attacked, with why.
    pub left_out: Vec<(SiteId, LeftOut)>,
    /// Value of the goals met, in goods.
    pub value: f64,
    /// No plan is worth more than this: the sum of the targets that all offense together could meet one by one.
    pub bound: f64,
    /// Cost of the troops sent, in goods.
    pub sent_goods: f64,
    /// Goods expected to be lost.
    pub expected_loss_goods: f64,
    /// Steps of the local search.
    pub iterations: u32,
}

impl Plan {
    /// Members that take part.
    #[must_use]
    pub fn participants(&self) -> u32 {
        let members: std::collections::BTreeSet<PlayerId> = self.groups.iter().map(|g| g.member).collect();
        u32::try_from(members.len()).unwrap_or(u32::MAX)
    }

    /// Counts waves as the whole pattern does, of which only these were planned.
    pub(super) fn count_waves(&mut self, planned: &[(u8, WaveSpec)]) {
        for group in &mut self.groups {
            group.wave = planned.get(usize::from(group.wave)).map_or(group.wave, |(n, _)| *n);
        }
    }

    /// Whether the goal at a target is met by forecast.
    pub(super) fn meets(&self, site: SiteId) -> bool {
        self.targets.iter().any(|t| t.site == site && t.met)
    }

    /// Adds groups that were planned by themselves.
    #[expect(clippy::cast_precision_loss, reason = "goods of one operation, far below 2^53")]
    pub(super) fn add_groups(&mut self, groups: Vec<PlannedGroup>, model: &dyn WorldModel) {
        self.sent_goods += groups.iter().map(|g| model.cost(&g.force) as f64).sum::<f64>();
        self.groups.extend(groups);
        self.groups.sort_by_key(|g| (g.target, g.wave, g.site));
    }

    /// Success at a target hinges on something else too, that comes about with this chance.
    pub(super) fn hinges_on(&mut self, site: SiteId, chance: f64) {
        for target in self.targets.iter_mut().filter(|t| t.site == site) {
            target.win *= chance;
            target.forecast_win *= chance;
        }
    }

    /// Leaves out a target after all.
    pub(super) fn leave_out(&mut self, site: SiteId, value: f64, why: LeftOut) {
        self.groups.retain(|g| g.target != site);
        if let Some(target) = self.targets.iter_mut().find(|t| t.site == site && t.met) {
            target.met = false;
            self.value -= value;
            self.left_out.push((site, why));
        }
    }

    /// Leaves these sites out after all, those beside the targets too: an attack on them would be foul.
    pub fn spare(&mut self, sites: &std::collections::BTreeSet<SiteId>) {
        self.groups.retain(|g| !sites.contains(&g.target));
        for target in self.targets.iter_mut().filter(|t| sites.contains(&t.site)) {
            target.met = false;
            if !self.left_out.iter().any(|(site, _)| *site == target.site) {
                self.left_out.push((target.site, LeftOut::FairPlay));
            }
        }
    }

    /// Whether the plan attacks anything at this ratio or better, with what was learned of the enemy.
    #[must_use]
    pub fn meets_any(&self, floor_ratio: f64) -> bool {
        self.targets.iter().any(|t| t.ratio >= floor_ratio && self.groups.iter().any(|g| g.target == t.site))
    }
}
