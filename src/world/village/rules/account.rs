//! The draw of a whole account: roles, levels, stores and garrisons.
//!
//! An account's troops together eat [`TROOP_SHARE`] of its net crop (production minus inhabitants); what is left over
//! is shared by its villages, so no crop balance is negative at the start.

use super::building::{BuildingLevels, Standing, building_levels, upgrade_level};
use super::garrison::{RoleMix, UnitMix, as_float, floor, role_mix, split};
use super::growth::{net_crop, production_at};
use super::store::storage_capacity;
use crate::base::contract::AccountRole;
use crate::base::goods::Goods;
use crate::base::id::{PlayerId, SiteId, TribeId};
use crate::base::rng::{Purpose, Stream};
use crate::base::ruleset::{Force, Levels, Ruleset, UnitRole};

/// Share of an account's net crop that its troops eat.
pub const TROOP_SHARE: f64 = 0.8;
/// Offense upkeep at a hammer's first home from which on it keeps chiefs.
const CHIEFS_FROM_UPKEEP: i64 = 400;
const CHIEFS: u32 = 4;
/// Inhabitants of a capital from which on an account that expands keeps settlers.
const SETTLERS_FROM_POPULATION: u32 = 300;
/// Inhabitants of a usual village: a founded one keeps the army that it would have at this size.
const USUAL_POPULATION: u32 = 380;
/// Counters that keep streams of one purpose apart: ids of villages and players overlap.
const OF_VILLAGE: u64 = 0;
const OF_ACCOUNT: u64 = 1;

/// What is public of a village and decides what is drawn for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VillageSeed {
    /// Its id.
    pub site: SiteId,
    /// The tribe of its troops.
    pub tribe: TribeId,
    /// Inhabitants.
    pub population: u32,
}

/// An account as it was drawn.
#[derive(Clone, PartialEq, Debug)]
pub struct AccountDraw {
    /// What it is built for.
    pub role: AccountRole,
    /// Its villages, by id.
    pub villages: Vec<VillageDraw>,
}

/// A village as it was drawn.
#[derive(Clone, PartialEq, Debug)]
pub struct VillageDraw {
    /// Its id.
    pub site: SiteId,
    /// Own troops, all at home.
    pub troops: Force,
    /// Goods in store: each 10 to 70% of its cap.
    pub stores: Goods,
    /// What warehouse and granary hold.
    pub cap: Goods,
    /// Goods made per hour. Crop is this village's share, by production, of what the account has left after feeding
    /// all inhabitants and all troops; never negative.
    pub per_hour: Goods,
    /// Levels of buildings and fields.
    pub buildings: BuildingLevels,
    /// Upgrade levels by roster slot.
    pub upgrades: Levels,
    /// What the village is to its account.
    pub standing: Standing,
}

/// Draws a role: 25% hammer, 35% anvil, 25% mixed, 5% scout, 10% economy.
#[must_use]
pub fn draw_role(seed: u64, player: PlayerId) -> AccountRole {
    let mut stream = Stream::new(seed, u64::from(player.0), Purpose::ROLE, 0);
    match stream.weighted(&[0.25, 0.35, 0.25, 0.05, 0.10]) {
        0 => AccountRole::Hammer,
        1 => AccountRole::Anvil,
        2 => AccountRole::Mixed,
        3 => AccountRole::Scout,
        _ => AccountRole::Economy,
    }
}

/// Draws an account with all its villages. A role of `None` is drawn by [`draw_role`].
///
/// The army by role is [`role_mix`]. Defense and scouts spread over all villages by population, 30% more or less at
/// random for the defense. A hammer of three or more villages keeps 74 to 86% of its offense, by attack points, in
/// its one or two most populous villages; smaller hammers keep all of it there. Others spread it by population.
/// Accounts of static tribes are drawn as anvils; tribes without units get none.
#[must_use]
pub fn draw_account(
    seed: u64,
    player: PlayerId,
    villages: &[VillageSeed],
    role: Option<AccountRole>,
    rules: &Ruleset,
) -> AccountDraw {
    let is_static = |v: &VillageSeed| rules.tribe(v.tribe).is_none_or(|t| t.is_static);
    let role = if villages.iter().all(is_static) {
        AccountRole::Anvil
    } else {
        role.unwrap_or_else(|| draw_role(seed, player))
    };
    let mut plots: Vec<Plot> = villages.iter().map(|v| Plot::draw(seed, *v, rules)).collect();
    plots.sort_unstable_by_key(|p| p.village.site);
    let mut stream = Stream::new(seed, u64::from(player.0), Purpose::GARRISON, OF_ACCOUNT);
    let mix = role_mix(role, stream.range(0.03, 0.08));
    let foot = stream.range(0.5, 0.8);
    let concentration = stream.range(0.74, 0.86);
    settle_homes(&mut plots, role, if stream.chance(0.5) { 2 } else { 1 });
    for plot in &mut plots {
        plot.buildings = building_levels(plot.village.population, role, plot.standing);
    }
    let crops: Vec<i64> = plots.iter().map(|p| p.production().crop).collect();
    let eaten: i64 = plots.iter().map(|p| i64::from(p.village.population)).sum();
    let net = (crops.iter().sum::<i64>() - eaten).max(0);
    let budget = floor(as_float(net) * TROOP_SHARE * mix.size);
    let troops = raise_troops(&plots, budget, &mix, foot, (role, concentration), rules);
    let settlers: Vec<Force> = plots.iter().map(|p| p.settlers(role, rules)).collect();
    let troops: Vec<Force> = troops
        .into_iter()
        .zip(&settlers)
        .map(|(mut troops, settlers)| {
            troops.add_all(settlers);
            troops
        })
        .collect();
    let surplus = split(net - troops.iter().map(|t| rules.upkeep(t)).sum::<i64>(), &crops);
    let villages = plots.into_iter().zip(troops).zip(surplus);
    let villages = villages.map(|((plot, troops), crop)| plot.build(role, troops, crop, rules)).collect();
    AccountDraw { role, villages }
}

/// Draws a village that an account founds: what stands there on its first day, nobody and nothing in it, and the army
/// that it is to keep, at the population that comes with it.
///
/// It is an ordinary village of its account: no capital, no home of a hammer. A hammer gives it the share of its
/// offense that it leaves outside of its homes, and the rest of what the village can feed is defense.
#[must_use]
pub fn draw_founded(
    seed: u64,
    player: PlayerId,
    village: VillageSeed,
    role: AccountRole,
    rules: &Ruleset,
) -> (VillageDraw, Force, u32) {
    let mut stream = Stream::new(seed, u64::from(player.0), Purpose::GARRISON, OF_ACCOUNT);
    let mut mix = role_mix(role, stream.range(0.03, 0.08));
    let foot = stream.range(0.5, 0.8);
    let concentration = stream.range(0.74, 0.86);
    if role == AccountRole::Hammer {
        mix.offense *= 1.0 - concentration;
    }
    let grown = VillageSeed { population: USUAL_POPULATION, ..village };
    let budget = floor(as_float(net_crop(USUAL_POPULATION)) * TROOP_SHARE * mix.size);
    // As a mixed account's: what a hammer keeps at home is already left out.
    let plots = [Plot::draw(seed, grown, rules)];
    let army = raise_troops(&plots, budget, &mix, foot, (AccountRole::Mixed, concentration), rules).pop();
    let mut plot = Plot::draw(seed, village, rules);
    plot.buildings = building_levels(village.population, role, plot.standing);
    plot.filled = [0.0; 4];
    let crop = plot.production().crop - i64::from(village.population);
    (plot.build(role, Force::new(), crop, rules), army.unwrap_or_default(), USUAL_POPULATION)
}

/// A village while its account is drawn.
struct Plot {
    village: VillageSeed,
    standing: Standing,
    buildings: BuildingLevels,
    /// Weight of its defense among those of its account.
    defense_weight: i64,
    /// Weight of its offense and scouts.
    weight: i64,
    /// Filled share of each store.
    filled: [f64; 4],
}

impl Plot {
    fn draw(seed: u64, village: VillageSeed, rules: &Ruleset) -> Self {
        let mut stream = Stream::new(seed, u64::from(village.site.0), Purpose::GARRISON, OF_VILLAGE);
        let wall_offset = i8::try_from(stream.between(-2, 2)).unwrap_or(0);
        let has_units = rules.tribe(village.tribe).is_some_and(|t| t.size > 0);
        // Small villages keep some troops too.
        let weight = if has_units { i64::from(village.population) + 50 } else { 0 };
        let defense_weight = weight * stream.between(70, 130);
        let filled = [0; 4].map(|_| stream.range(0.1, 0.7));
        let standing = Standing { wall_offset, ..Standing::default() };
        Self { village, standing, buildings: BuildingLevels::default(), defense_weight, weight, filled }
    }

    /// The settlers of the village: accounts that live on goods, and mixed ones, keep enough in a capital of some size to
    /// found a village.
    fn settlers(&self, role: AccountRole, rules: &Ruleset) -> Force {
        let expands = matches!(role, AccountRole::Economy | AccountRole::Mixed);
        if !expands || !self.standing.is_capital || self.village.population < SETTLERS_FROM_POPULATION {
            return Force::new();
        }
        let class = rules.classes_of(self.village.tribe, UnitRole::Settler).next();
        class.map_or_else(Force::new, |class| Force::of(class, rules.settlers_needed))
    }

    fn production(&self) -> Goods {
        production_at(self.village.population, self.buildings.field)
    }

    fn build(self, role: AccountRole, troops: Force, crop: i64, rules: &Ruleset) -> VillageDraw {
        let made = self.production();
        let dry = storage_capacity(self.buildings.warehouse);
        let cap = Goods { wood: dry, clay: dry, iron: dry, crop: storage_capacity(self.buildings.granary) };
        let amounts = cap.amounts();
        VillageDraw {
            site: self.village.site,
            upgrades: upgrade_levels(self.village.tribe, self.village.population, role, rules),
            troops,
            stores: Goods::new([0, 1, 2, 3].map(|i| floor(as_float(amounts[i]) * self.filled[i]))),
            cap,
            per_hour: Goods { crop, ..made },
            buildings: self.buildings,
            standing: self.standing,
        }
    }
}

/// Marks the capital and a hammer's homes: the most populous villages, ties by id.
fn settle_homes(plots: &mut [Plot], role: AccountRole, homes: usize) {
    let homes = if plots.len() < 3 { plots.len() } else { homes };
    let mut order: Vec<usize> = (0..plots.len()).collect();
    order.sort_by_key(|i| (core::cmp::Reverse(plots[*i].village.population), plots[*i].village.site));
    for (rank, i) in order.into_iter().enumerate() {
        plots[i].standing.is_capital = rank == 0;
        plots[i].standing.is_hammer_home = role == AccountRole::Hammer && rank < homes;
    }
}

/// The troops of each village. Upkeep that a part cannot use (a scout that eats 2) goes to the next part.
fn raise_troops(
    plots: &[Plot],
    budget: i64,
    mix: &RoleMix,
    foot: f64,
    hammer: (AccountRole, f64),
    rules: &Ruleset,
) -> Vec<Force> {
    let offense = floor(as_float(budget) * mix.offense);
    let scouts = floor(as_float(budget) * mix.scouts);
    let weights: Vec<i64> = plots.iter().map(|p| p.weight).collect();
    let defense_weights: Vec<i64> = plots.iter().map(|p| p.defense_weight).collect();
    let mixes: Vec<UnitMix> = plots.iter().map(|p| UnitMix::offense(rules, p.village.tribe, mix, foot)).collect();
    let offense_of = if hammer.0 == AccountRole::Hammer {
        split_hammer(plots, &mixes, offense, hammer.1, rules)
    } else {
        split(offense, &weights)
    };
    let scouts_of = split(scouts, &weights);
    let defense_of = split(budget - offense - scouts, &defense_weights);
    let mut has_chiefs = false;
    let raise = |(i, plot): (usize, &Plot)| {
        let mut troops = Force::new();
        let mut upkeep = offense_of[i];
        if !has_chiefs && plot.standing.is_hammer_home && plots.len() >= 3 && upkeep >= CHIEFS_FROM_UPKEEP {
            has_chiefs = true;
            upkeep -= add_chiefs(plot.village.tribe, rules, &mut troops);
        }
        let left = mixes[i].fill(rules, upkeep, &mut troops);
        let left = UnitMix::scouts(rules, plot.village.tribe).fill(rules, scouts_of[i] + left, &mut troops);
        UnitMix::defense(rules, plot.village.tribe).fill(rules, defense_of[i] + left, &mut troops);
        troops
    };
    plots.iter().enumerate().map(raise).collect()
}

/// A hammer's first home keeps chiefs; says what they eat.
fn add_chiefs(tribe: TribeId, rules: &Ruleset, troops: &mut Force) -> i64 {
    let chief = rules.classes_of(tribe, UnitRole::Chief).next();
    let Some((class, unit)) = chief.and_then(|c| rules.unit(c).map(|u| (c, u))) else { return 0 };
    troops.add(class, CHIEFS);
    unit.upkeep * i64::from(CHIEFS)
}

/// Splits offense upkeep so that `concentration` of the attack points stands at home: tribes differ in how many
/// points one crop buys, so the share of upkeep is solved for.
fn split_hammer(plots: &[Plot], mixes: &[UnitMix], offense: i64, concentration: f64, rules: &Ruleset) -> Vec<i64> {
    let weights = |home: bool| -> Vec<i64> {
        plots.iter().map(|p| if p.standing.is_hammer_home == home { p.weight } else { 0 }).collect()
    };
    let (at_home, elsewhere) = (weights(true), weights(false));
    let points = |weights: &[i64]| {
        let sum: f64 = weights.iter().zip(mixes).map(|(w, mix)| as_float(*w) * mix.attack_per_upkeep(rules)).sum();
        sum / as_float(weights.iter().sum::<i64>().max(1))
    };
    let (home_points, other_points) = (points(&at_home), points(&elsewhere));
    let others = (1.0 - concentration) * home_points;
    let home_share =
        if other_points > 0.0 { concentration * other_points / (concentration * other_points + others) } else { 1.0 };
    let home = floor(as_float(offense) * home_share);
    split(home, &at_home).iter().zip(split(offense - home, &elsewhere)).map(|(a, b)| a + b).collect()
}

/// Upgrade levels by roster slot: the full level of the village for what its role relies on, half of it for mixed
/// accounts' and scouts' other units, a third for the rest; none for chiefs and settlers.
#[must_use]
pub fn upgrade_levels(tribe: TribeId, population: u32, role: AccountRole, rules: &Ruleset) -> Levels {
    let full = upgrade_level(population);
    let mut levels = Levels::default();
    for (slot, level) in (0_u16..).zip(levels.iter_mut()) {
        let Some(unit) = rules.class(tribe, slot).and_then(|c| rules.unit(c)) else { continue };
        let relies_on_it = match role {
            AccountRole::Hammer => unit.is_offense(),
            AccountRole::Anvil => unit.is_fighter() && !unit.is_offense(),
            AccountRole::Mixed => unit.is_fighter(),
            AccountRole::Scout => unit.role == UnitRole::Scout,
            AccountRole::Economy => false,
        };
        *level = match unit.role {
            UnitRole::Chief | UnitRole::Settler => 0,
            _ if relies_on_it => full,
            UnitRole::Scout => full / 2,
            _ => full / 3,
        };
    }
    levels
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
