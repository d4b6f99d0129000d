//! The default world behind the [`WorldModel`] seam: the classic rules, asked for travel, forecast and cost.

use super::battle::rules::{self, Assault, Attackers, Battle, Defended, Defenders};
use super::march::rules::travel_time;
use super::village::BuildingKind;
use super::village::rules::{Standing, building_levels, field_level, production_at, upgrade_level};
use crate::base::clock::GameSpan;
use crate::base::contract::{
    AccountRole, AttackGroup, Forecast, Manner, Scenario, SiteEstimate, SiteState, WorldModel,
};
use crate::base::geometry::{Tile, Torus};
use crate::base::goods::Goods;
use crate::base::id::{PlayerId, TribeId, UnitClass};
use crate::base::ruleset::{Capabilities, Force, Levels, Ruleset, UnitRole};

/// The highest level of a tournament square.
const SQUARE_MAX: u8 = 20;

/// The classic rules as a world model.
#[derive(Clone, Debug)]
pub struct ClassicModel {
    rules: Ruleset,
    torus: Torus,
}

impl ClassicModel {
    /// The model of a scenario under a ruleset.
    #[must_use]
    pub fn new(rules: Ruleset, scenario: &Scenario) -> Self {
        Self::on(rules, Torus { half_width: scenario.half_width })
    }

    /// The model of a map under a ruleset.
    #[must_use]
    pub fn on(rules: Ruleset, torus: Torus) -> Self {
        Self { rules, torus }
    }

    fn has_role(&self, class: UnitClass, role: UnitRole) -> bool {
        self.rules.unit(class).is_some_and(|u| u.role == role)
    }

    fn village(&self, target: &SiteEstimate) -> Defended {
        let is_static = self.rules.tribe(target.tribe).is_some_and(|t| t.is_static);
        Defended {
            tribe: target.tribe,
            population: target.owner_population,
            is_static,
            wall: target.wall,
            residence_defense: rules::residence_defense(target.residence),
            stonemason: 0,
            buildings: Vec::new(),
        }
    }

    /// Groups that fight one after another, each on what the last one left.
    fn one_by_one(&self, groups: &[AttackGroup], target: &SiteEstimate, assault: Assault) -> Forecast {
        let mut village = self.village(target);
        let mut troops = target.troops.clone();
        let upgrades = guessed_upgrades(target);
        let (mut sent, mut lost) = (0, 0);
        for group in groups {
            let attackers =
                [Attackers { force: &group.force, upgrades: &group.upgrades, population: group.population }];
            let defenders = [Defenders { force: &troops, upgrades: &upgrades }];
            let battle = Battle { attackers: &attackers, assault, defenders: &defenders, village: &village };
            let outcome = rules::fight(&self.rules, &battle);
            sent += self.rules.cost(&group.force);
            lost += self.rules.cost(&group.force.minus(&outcome.attackers_left[0]));
            village.wall = outcome.wall_after;
            troops = outcome.defenders_left.into_iter().next().unwrap_or_default();
        }
        let before = self.rules.cost(&target.troops);
        let killed = before - self.rules.cost(&troops);
        let ratio = self.together(groups, target, assault).ratio;
        Forecast { ratio, own_loss: fraction(lost, sent), enemy_loss: fraction(killed, before) }
    }

    fn together(&self, groups: &[AttackGroup], target: &SiteEstimate, assault: Assault) -> Forecast {
        let attackers: Vec<_> = groups
            .iter()
            .map(|g| Attackers { force: &g.force, upgrades: &g.upgrades, population: g.population })
            .collect();
        let upgrades = guessed_upgrades(target);
        let defenders = [Defenders { force: &target.troops, upgrades: &upgrades }];
        let village = self.village(target);
        let battle = Battle { attackers: &attackers, assault, defenders: &defenders, village: &village };
        let strength = rules::strength(&self.rules, &battle);
        Forecast { ratio: strength.ratio, own_loss: strength.attacker_loss, enemy_loss: strength.defender_loss }
    }
}

/// Upgrades cannot be scouted: they are guessed by the village's public population, at the middle between a village
/// that relies on its units and one that does not.
fn guessed_upgrades(target: &SiteEstimate) -> Levels {
    [upgrade_level(target.population) * 3 / 5; crate::base::ruleset::ROSTER]
}

#[expect(clippy::cast_precision_loss, reason = "goods of one attack, far below 2^53")]
fn fraction(part: i64, whole: i64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

impl WorldModel for ClassicModel {
    fn capabilities(&self) -> Capabilities {
        self.rules.capabilities
    }

    fn travel(&self, from: &SiteState, to: Tile, class: UnitClass) -> Option<GameSpan> {
        let unit = self.rules.unit(class)?;
        Some(travel_time(self.torus.distance(from.at, to), unit.fields_per_hour, from.mobility, &self.rules))
    }

    fn travel_between(&self, from: Tile, to: Tile, class: UnitClass) -> Option<GameSpan> {
        let unit = self.rules.unit(class)?;
        Some(travel_time(self.torus.distance(from, to), unit.fields_per_hour, 0, &self.rules))
    }

    fn travel_fastest(&self, from: Tile, to: Tile, class: UnitClass) -> Option<GameSpan> {
        let unit = self.rules.unit(class)?;
        Some(travel_time(self.torus.distance(from, to), unit.fields_per_hour, SQUARE_MAX, &self.rules))
    }

    fn roster(&self, tribe: TribeId) -> Vec<UnitClass> {
        self.rules.tribe(tribe).map_or_else(Vec::new, |t| (t.first.0..t.first.0 + t.size).map(UnitClass).collect())
    }

    fn forecast(&self, groups: &[AttackGroup], target: &SiteEstimate, manner: Manner) -> Forecast {
        let assault = if manner == Manner::Raid { Assault::Raid } else { Assault::Attack };
        if groups.len() < 2 || self.rules.capabilities.joint_assault {
            self.together(groups, target, assault)
        } else {
            self.one_by_one(groups, target, assault)
        }
    }

    fn cost(&self, force: &Force) -> i64 {
        self.rules.cost(force)
    }

    fn upkeep(&self, _player: PlayerId, class: UnitClass) -> i64 {
        self.rules.unit(class).map_or(0, |u| u.upkeep)
    }

    fn carry(&self, force: &Force) -> i64 {
        self.rules.carry(force)
    }

    fn is_fighter(&self, class: UnitClass) -> bool {
        self.rules.unit(class).is_some_and(crate::base::ruleset::UnitType::is_fighter)
    }

    fn is_offense(&self, class: UnitClass) -> bool {
        self.rules.unit(class).is_some_and(crate::base::ruleset::UnitType::is_offense)
    }

    fn is_siege(&self, class: UnitClass) -> bool {
        self.rules.unit(class).is_some_and(|u| matches!(u.role, UnitRole::Ram | UnitRole::Catapult))
    }

    fn is_chief(&self, class: UnitClass) -> bool {
        self.has_role(class, UnitRole::Chief)
    }

    /// A chief takes 20 to 30 of 100, 25 in the mean.
    fn chiefs_needed(&self) -> u32 {
        4
    }

    fn take_chance(&self, chiefs: u32) -> f64 {
        crate::world::village::rules::take_chance(chiefs)
    }

    fn seat_aim(&self) -> Option<u8> {
        Some(BuildingKind::Residence.number())
    }

    fn is_settler(&self, class: UnitClass) -> bool {
        self.has_role(class, UnitRole::Settler)
    }

    fn settlers_needed(&self) -> u32 {
        self.rules.settlers_needed
    }

    fn founding_cost(&self) -> Goods {
        Goods::new([self.rules.founding_goods; 4])
    }

    /// All of the tribe's foot soldiers that give the most attack for their cost.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    #[expect(clippy::cast_precision_loss, reason = "the cost of one unit")]
    fn unseen_army(&self, tribe: TribeId, attack: f64) -> Force {
        let Some(roster) = self.rules.tribe(tribe) else { return Force::new() };
        let classes = (roster.first.0..roster.first.0.saturating_add(roster.size)).map(UnitClass);
        let worth = |class: &UnitClass| {
            let unit = self.rules.unit(*class).filter(|u| u.role == UnitRole::Infantry && u.attack > 0.0)?;
            Some(unit.attack / unit.cost.total().max(1) as f64)
        };
        let best = classes
            .filter_map(|class| Some((worth(&class)?, class)))
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let Some((_, class)) = best else { return Force::new() };
        let points = self.rules.unit(class).map_or(1.0, |u| u.attack);
        Force::of(class, (attack / points).round() as u32)
    }

    fn usual_seat(&self, population: u32) -> u8 {
        building_levels(population, AccountRole::Mixed, Standing::default()).residence
    }

    fn seat_left(&self, groups: &[AttackGroup], target: &SiteEstimate) -> u8 {
        let attackers: Vec<_> = groups
            .iter()
            .map(|g| Attackers { force: &g.force, upgrades: &g.upgrades, population: g.population })
            .collect();
        // The cleaner has been there: nobody defends, and nobody repairs within a second.
        let village = Defended { buildings: vec![target.residence], ..self.village(target) };
        let battle = Battle { attackers: &attackers, assault: Assault::Attack, defenders: &[], village: &village };
        rules::fight(&self.rules, &battle).buildings_after.first().copied().unwrap_or(target.residence)
    }

    fn is_scout(&self, class: UnitClass) -> bool {
        self.has_role(class, UnitRole::Scout)
    }

    fn attack(&self, force: &Force) -> f64 {
        self.rules.attack(force)
    }

    fn defense(&self, site: &SiteState, force: &Force) -> f64 {
        let tribe = self.rules.tribe(site.tribe);
        let (base, flat) = tribe.map_or((1.0, 0.0), |t| (t.wall_base, t.wall_flat));
        let points = self.rules.defense(force) + rules::VILLAGE_DEFENSE + rules::residence_defense(site.residence);
        (points + flat * f64::from(site.wall)) * libm::pow(base, f64::from(site.wall))
    }

    fn production(&self, population: u32) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "goods per hour of one village")]
        let total = production_at(population, field_level(population)).total() as f64;
        total
    }

    fn goods_per_inhabitant(&self) -> f64 {
        self.rules.goods_per_inhabitant
    }

    fn send_spacing(&self) -> GameSpan {
        GameSpan(self.rules.send_spacing_millis)
    }

    fn unit_name(&self, class: UnitClass) -> &str {
        self.rules.unit(class).map_or("?", |u| u.name.as_str())
    }
}
