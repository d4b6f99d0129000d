//! `planner attack`: from input to orders.

use super::input::{Field, ReadInputError, Village, say_time};
use bevy_alliance::base::clock::GameSpan;
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::ruleset::{ROSTER, Ruleset};
use bevy_alliance::decision::planning::kernel::{
    AttackPlan, AttackProblem, AttackSearch, AttackTarget, AttackVillage, Budget, Troop, prove_attack,
};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Steps between two looks at the clock.
const SLICE: u64 = 8;

/// An attack as it was asked for.
#[derive(Debug)]
pub(crate) struct Attack {
    arrival: i64,
    villages: Vec<Village>,
    targets: Vec<(u64, Tile)>,
    /// By target, then village, then slot.
    travel: Vec<Vec<[Option<GameSpan>; ROSTER]>>,
    problem: AttackProblem,
}

/// One group's order.
#[derive(Debug, Serialize)]
pub(crate) struct Order {
    village: u64,
    target: u64,
    troops: [u32; ROSTER],
    launch: String,
    arrival: String,
}

/// A target that is not attacked.
#[derive(Debug, Serialize)]
pub(crate) struct LeftOut {
    target: u64,
    reason: &'static str,
}

/// The plan.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    orders: Vec<Order>,
    value: f64,
    bound: f64,
    upkeep: i64,
    left_out: Vec<LeftOut>,
    iterations: u64,
}

impl Attack {
    /// Reads an attack; fields that it does not know are ignored.
    ///
    /// # Errors
    /// [`ReadInputError`] names the first field that is wrong.
    pub(crate) fn read(input: &Value) -> Result<Self, ReadInputError> {
        let rules = Ruleset::extended();
        let input = Field::whole_input(input);
        let now = input.get("now")?.time()?;
        let arrival_field = input.get("arrival")?;
        let arrival = arrival_field.time()?;
        if arrival < now {
            return Err(arrival_field.wrong("no earlier than `now`"));
        }
        let map = input.get("half_width")?.map()?;
        let groups_per_village = input.get("groups_per_village")?.count()?;
        let mut seen = BTreeMap::new();
        let mut villages = Vec::new();
        for field in input.get("villages")?.list()? {
            villages.push(field.village(&rules, map, &mut seen)?);
        }
        let (mut seen, mut targets, mut travel) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut problem = AttackProblem { groups_per_village, villages: Vec::new(), targets: Vec::new() };
        for field in input.get("targets")?.list()? {
            let (id, at) = (field.new_id(&mut seen)?, field.tile(map)?);
            let value = field.get("value")?.amount()?;
            let required = field.get("required_offense")?.amount()?;
            let ways: Vec<_> = villages.iter().map(|v| v.travel(&rules, map, at)).collect();
            let in_time = |way: &[Option<GameSpan>; ROSTER]| {
                let there = |slot: &usize| way[*slot].is_some_and(|t| t.0 <= arrival - now);
                (0..ROSTER).filter(there).fold(0, |mask, slot| mask | 1 << slot)
            };
            #[expect(clippy::cast_possible_truncation, reason = "at most 1e15")]
            let required = required.ceil() as i64;
            problem.targets.push(AttackTarget { value, required, reach: ways.iter().map(in_time).collect() });
            targets.push((id, at));
            travel.push(ways);
        }
        problem.villages = villages.iter().map(|v| AttackVillage { troops: offense(&rules, v) }).collect();
        Ok(Self { arrival, villages, targets, travel, problem })
    }

    /// Plans for so many milliseconds, or so many steps.
    pub(crate) fn solve(&self, budget_ms: Option<f64>, iterations: Option<u64>) -> Answer {
        let plan = match budget_ms {
            Some(ms) => self.solve_within(Duration::from_secs_f64(ms / 1_000.0)),
            None => {
                let mut search = AttackSearch::new(&self.problem);
                search.run(iterations.map_or_else(Budget::default, Budget));
                prove_attack(&self.problem, search.plan())
            }
        };
        self.answer(&plan)
    }

    /// The search itself knows no clock: it is run in slices until the time is over.
    fn solve_within(&self, budget: Duration) -> AttackPlan {
        let begun = processor_time();
        let mut search = AttackSearch::new(&self.problem);
        // A plan's upkeep is brought down at the end, which takes its share of the time.
        let reserve = (budget / 6).min(Duration::from_micros(150));
        let mut steps = 0;
        while processor_time().saturating_sub(begun) + reserve < budget && !search.is_done() {
            steps += SLICE;
            search.run(Budget(steps));
        }
        prove_attack(&self.problem, search.plan())
    }

    fn answer(&self, plan: &AttackPlan) -> Answer {
        let order = |group: &bevy_alliance::decision::planning::kernel::KernelGroup| {
            let troops: [u32; ROSTER] = core::array::from_fn(|slot| group.troops.get(slot).copied().unwrap_or(0));
            let way = &self.travel[group.target][group.village];
            let slowest = (0..ROSTER).filter(|slot| troops[*slot] > 0).filter_map(|slot| way[slot]).max();
            Order {
                village: self.villages[group.village].id,
                target: self.targets[group.target].0,
                troops,
                launch: say_time(self.arrival - slowest.unwrap_or_default().0),
                arrival: say_time(self.arrival),
            }
        };
        let left_out = |(t, why): &(usize, bevy_alliance::decision::planning::kernel::Leave)| LeftOut {
            target: self.targets[*t].0,
            reason: why.name(),
        };
        Answer {
            orders: plan.groups.iter().map(order).collect(),
            value: plan.value,
            bound: plan.bound,
            upkeep: plan.upkeep,
            left_out: plan.left_out.iter().map(left_out).collect(),
            iterations: plan.iterations,
        }
    }
}

/// Time that this thread has had of a processor: what others take meanwhile does not shorten the search. Where that is not
/// to be had, time as the wall shows it.
fn processor_time() -> Duration {
    #[cfg(unix)]
    if let Ok(time) = nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID) {
        return time.into();
    }
    std::time::UNIX_EPOCH.elapsed().unwrap_or_default()
}

/// What a village's units are worth in an attack, by slot.
#[expect(clippy::cast_possible_truncation, reason = "points of one unit, whole numbers")]
fn offense(rules: &Ruleset, village: &Village) -> Vec<Troop> {
    let troop = |slot: usize| {
        let unit = village.classes[slot].and_then(|class| rules.units.get(usize::from(class.0)));
        unit.map_or_else(Troop::default, |u| Troop {
            count: village.troops[slot],
            points: u.attack as i64,
            upkeep: u.upkeep,
        })
    };
    (0..ROSTER).map(troop).collect()
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>10}  {:>10}  {:<24}  {:<24}  troops", "village", "target", "launch", "arrival")?;
        for o in &self.orders {
            let troops: Vec<String> = o.troops.iter().map(u32::to_string).collect();
            let troops = troops.join(" ");
            writeln!(f, "{:>10}  {:>10}  {:<24}  {:<24}  {troops}", o.village, o.target, o.launch, o.arrival)?;
        }
        for left in &self.left_out {
            writeln!(f, "left out: target {} ({})", left.target, left.reason)?;
        }
        let gap = if self.bound > 0.0 { 100.0 * (self.bound - self.value) / self.bound } else { 0.0 };
        writeln!(f, "value {} of at most {} (gap {gap:.2}%)", self.value, self.bound)?;
        writeln!(f, "upkeep {}, {} steps", self.upkeep, self.iterations)
    }
}
