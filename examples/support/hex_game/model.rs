//! The hex game behind the [`WorldModel`] seam: everything that coordination needs to know of it.

use super::rules::{self, Calling, Combat, RAVENS};
use bevy_alliance::base::clock::GameSpan;
use bevy_alliance::base::contract::{AttackGroup, Forecast, Manner, SiteEstimate, SiteState, WorldModel, WorldScale};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::id::UnitClass;
use bevy_alliance::base::ruleset::{Capabilities, Force, RecallRule};

/// Silver that a hold makes per inhabitant and hour.
pub(crate) const SILVER_PER_INHABITANT: f64 = 0.2;

/// The rules of the hex game, asked for travel, forecast and cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HexModel {
    pub(crate) combat: Combat,
}

impl HexModel {
    fn calling(class: UnitClass) -> Option<Calling> {
        rules::unit(class).map(|u| u.calling)
    }
}

#[expect(clippy::cast_precision_loss, reason = "silver of one hold, far below 2^53")]
fn fallen(before: &Force, left: &Force) -> f64 {
    let cost = |force: &Force| rules::silver(force, |u| u.cost) as f64;
    let all = cost(before);
    if all > 0.0 { 1.0 - cost(left) / all } else { 0.0 }
}

impl WorldModel for HexModel {
    fn capabilities(&self) -> Capabilities {
        Capabilities { joint_assault: true, blockade: false, recall: RecallRule::UntilArrival }
    }

    fn travel(&self, from: &SiteState, to: Tile, class: UnitClass) -> Option<GameSpan> {
        rules::travel(from.at, to, class)
    }

    fn travel_between(&self, from: Tile, to: Tile, class: UnitClass) -> Option<GameSpan> {
        rules::travel(from, to, class)
    }

    fn forecast(&self, groups: &[AttackGroup], target: &SiteEstimate, _manner: Manner) -> Forecast {
        let mut attackers = Force::new();
        for group in groups {
            attackers.add_all(&group.force);
        }
        // The troops of a report count without the ravens: nobody fights them.
        let mut defenders = target.troops.clone();
        defenders.set(RAVENS, 0);
        let outcome = rules::fight(self.combat, &attackers, &defenders, target.wall);
        Forecast {
            ratio: outcome.ratio,
            own_loss: fallen(&attackers, &outcome.attackers_left),
            enemy_loss: fallen(&defenders, &outcome.defenders_left),
        }
    }

    fn cost(&self, force: &Force) -> i64 {
        rules::silver(force, |u| u.cost)
    }

    fn carry(&self, force: &Force) -> i64 {
        rules::silver(force, |u| u.carry)
    }

    fn is_fighter(&self, class: UnitClass) -> bool {
        Self::calling(class).is_some_and(|c| c != Calling::Watcher)
    }

    fn is_offense(&self, class: UnitClass) -> bool {
        Self::calling(class) == Some(Calling::Striker)
    }

    fn is_scout(&self, class: UnitClass) -> bool {
        Self::calling(class) == Some(Calling::Watcher)
    }

    fn attack(&self, force: &Force) -> f64 {
        rules::sum(force, |u| u.attack)
    }

    fn defense(&self, site: &SiteState, force: &Force) -> f64 {
        rules::sum(force, |u| u.defense) * (1.0 + 0.08 * f64::from(site.wall))
    }

    fn production(&self, population: u32) -> f64 {
        SILVER_PER_INHABITANT * f64::from(population)
    }

    fn goods_per_inhabitant(&self) -> f64 {
        60.0
    }

    fn send_spacing(&self) -> GameSpan {
        GameSpan(0)
    }

    /// A soldier counts about one here, and a hold has some dozens of inhabitants.
    fn scale(&self) -> WorldScale {
        WorldScale {
            attack_min: 8.0,
            attack_per_inhabitant: 0.6,
            population_min: 30,
            defense_goods_min: 1,
            fields_per_hour: 2.5,
        }
    }

    fn unit_name(&self, class: UnitClass) -> &str {
        rules::unit(class).map_or("?", |u| u.name)
    }
}
