//! `planner defense`: from input to reinforcements.

use super::input::{Field, ReadInputError, Village, say_time};
use bevy_alliance::base::clock::GameSpan;
use bevy_alliance::base::ruleset::{ROSTER, Ruleset};
use bevy_alliance::decision::planning::kernel::{DefenseProblem, Helper, Troop, solve_defense};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// A village under attack, and who may help. The kernel counts in half points, as a unit's defense is a mean of two.
#[derive(Debug)]
pub(crate) struct Defense {
    now: i64,
    deficit: f64,
    allies: Vec<Village>,
    /// By ally, then slot.
    travel: Vec<[Option<GameSpan>; ROSTER]>,
    problem: DefenseProblem,
}

/// One ally's order.
#[derive(Debug, Serialize)]
pub(crate) struct Reinforcement {
    village: u64,
    troops: [u32; ROSTER],
    launch: String,
    arrival: String,
}

/// The plan.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    deficit: f64,
    covered: f64,
    shortfall: f64,
    reinforcements: Vec<Reinforcement>,
    upkeep: i64,
}

impl Defense {
    /// Reads a defense; fields that it does not know are ignored.
    ///
    /// # Errors
    /// [`ReadInputError`] names the first field that is wrong.
    pub(crate) fn read(input: &Value) -> Result<Self, ReadInputError> {
        let rules = Ruleset::extended();
        let input = Field::whole_input(input);
        let now = input.get("now")?.time()?;
        let map = input.get("half_width")?.map()?;
        let radius = input.get("radius")?.amount()?;
        let attacked = input.get("village")?;
        let mut seen = BTreeMap::new();
        attacked.new_id(&mut seen)?;
        let at = attacked.tile(map)?;
        let defense = attacked.get("defense")?.amount()?;
        let (mut first, mut force) = (i64::MAX, 0.0);
        let attacks = input.get("attacks")?;
        for field in attacks.list()? {
            let arrival_field = field.get("arrival")?;
            let arrival = arrival_field.time()?;
            if arrival < now {
                return Err(arrival_field.wrong("no earlier than `now`"));
            }
            first = first.min(arrival);
            force += field.get("force")?.amount()?;
        }
        let (mut allies, mut travel, mut helpers) = (Vec::new(), Vec::new(), Vec::new());
        for field in input.get("allies")?.list()? {
            let ally = field.village(&rules, map, &mut seen)?;
            let way = ally.travel(&rules, map, at);
            let near = map.distance(ally.at, at) <= radius;
            let in_time = |slot: usize| near && way[slot].is_some_and(|t| t.0 < first.saturating_sub(now));
            helpers.push(Helper {
                id: ally.id,
                troops: (0..ROSTER).map(|s| troop(&rules, &ally, s, in_time(s))).collect(),
            });
            allies.push(ally);
            travel.push(way);
        }
        // Twelve tenths of the forces, in whole numbers as long as the input is in whole numbers.
        let tenths = (12.0 * force - 10.0 * defense).max(0.0);
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        let needed = (tenths / 5.0).ceil() as i64;
        Ok(Self { now, deficit: tenths / 10.0, allies, travel, problem: DefenseProblem { deficit: needed, helpers } })
    }

    /// Who sends what. Everybody leaves at once: who is there early cannot be late.
    #[expect(clippy::cast_precision_loss, reason = "points of one village, far below 2^53")]
    pub(crate) fn solve(&self) -> Answer {
        let plan = solve_defense(&self.problem);
        let mut reinforcements = Vec::new();
        for (a, sent) in plan.sent.iter().enumerate() {
            let troops: [u32; ROSTER] = core::array::from_fn(|slot| sent[slot]);
            let slowest = (0..ROSTER).filter(|slot| troops[*slot] > 0).filter_map(|slot| self.travel[a][slot]).max();
            let Some(slowest) = slowest else { continue };
            let (launch, arrival) = (say_time(self.now), say_time(self.now + slowest.0));
            reinforcements.push(Reinforcement { village: self.allies[a].id, troops, launch, arrival });
        }
        reinforcements.sort_by_key(|r| r.village);
        let covered = plan.points as f64 / 2.0;
        Answer {
            deficit: self.deficit,
            covered,
            shortfall: (self.deficit - covered).max(0.0),
            reinforcements,
            upkeep: plan.upkeep,
        }
    }
}

/// A class's defense in half points; none of it where it would be too late.
#[expect(clippy::cast_possible_truncation, reason = "points of one unit, whole numbers")]
fn troop(rules: &Ruleset, ally: &Village, slot: usize, in_time: bool) -> Troop {
    let unit = ally.classes[slot].and_then(|class| rules.units.get(usize::from(class.0)));
    unit.filter(|_| in_time).map_or_else(Troop::default, |u| Troop {
        count: ally.troops[slot],
        points: (u.defense_infantry + u.defense_cavalry) as i64,
        upkeep: u.upkeep,
    })
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>10}  {:<24}  {:<24}  troops", "village", "launch", "arrival")?;
        for r in &self.reinforcements {
            let troops: Vec<String> = r.troops.iter().map(u32::to_string).collect();
            writeln!(f, "{:>10}  {:<24}  {:<24}  {}", r.village, r.launch, r.arrival, troops.join(" "))?;
        }
        writeln!(f, "deficit {}, covered {}, shortfall {}", self.deficit, self.covered, self.shortfall)?;
        writeln!(f, "upkeep {}", self.upkeep)
    }
}
