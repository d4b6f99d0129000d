//! Levels of buildings and upgrades by population: each is a table lookup that never falls as a village grows.

use crate::base::contract::AccountRole;
use serde::{Deserialize, Serialize};

/// Inhabitants from which on all fields have the level 1, 2, ... 10. Chosen so that a village of a usual size feeds
/// its inhabitants and half as many soldiers at least.
pub(super) const FIELD_STEPS: [u32; 10] = [0, 20, 40, 70, 100, 160, 240, 380, 540, 720];
const LEVEL_MAX: u32 = 20;

/// Levels of a village's buildings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BuildingLevels {
    /// Of all 18 fields, 1 to 10.
    pub field: u8,
    /// Stores wood, clay and iron.
    pub warehouse: u8,
    /// Stores crop.
    pub granary: u8,
    /// Protects against conquest and adds to the defense.
    pub residence: u8,
    /// Multiplies the defense.
    pub wall: u8,
    /// Speeds up far marches.
    pub tournament_square: u8,
    /// Makes buildings harder to destroy; only in the capital.
    pub stonemason: u8,
    /// Merchants: one per level.
    pub marketplace: u8,
}

/// What a village is to its account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Standing {
    /// Its most populous village.
    pub is_capital: bool,
    /// Where a hammer keeps most of its offense.
    pub is_hammer_home: bool,
    /// Levels that the wall lies above or below the usual, drawn from -2 to 2.
    pub wall_offset: i8,
}

/// The level of all fields by population.
#[must_use]
pub fn field_level(population: u32) -> u8 {
    let reached = FIELD_STEPS.iter().filter(|step| population >= **step).count();
    u8::try_from(reached).unwrap_or(10)
}

/// The upgrade level of the units that a village relies on, by population: one per 45 inhabitants up to 20.
#[must_use]
pub fn upgrade_level(population: u32) -> u8 {
    level(population, 45, LEVEL_MAX)
}

fn level(population: u32, inhabitants_per_level: u32, max: u32) -> u8 {
    u8::try_from((population / inhabitants_per_level).min(max)).unwrap_or(0)
}

/// All levels: by population, role and standing.
///
/// Warehouse and granary 2 + one per 60 inhabitants. Residence one per 60 up to 15. Wall one per 60; anvils have 4
/// more, mixed accounts 1 more, hammers 2 fewer, and each village its drawn offset. Tournament square one per 60 up
/// to 15 at a hammer's home, so 10 to 15 in big villages; one per 200 up to 5 elsewhere. Stonemason only in the
/// capital: one per 50 for anvils, else one per 100. Marketplace one per 45; economy accounts have 3 more.
#[must_use]
pub fn building_levels(population: u32, role: AccountRole, standing: Standing) -> BuildingLevels {
    let store = level(population, 60, LEVEL_MAX - 2) + 2;
    let wall_of_role = match role {
        AccountRole::Anvil => 4,
        AccountRole::Mixed => 1,
        AccountRole::Hammer => -2,
        AccountRole::Scout | AccountRole::Economy => 0,
    };
    let wall = i64::from(population / 60) + wall_of_role + i64::from(standing.wall_offset);
    let stonemason = match role {
        _ if !standing.is_capital => 0,
        AccountRole::Anvil => level(population, 50, LEVEL_MAX),
        _ => level(population, 100, LEVEL_MAX),
    };
    let market = if role == AccountRole::Economy { 3 } else { 0 };
    BuildingLevels {
        field: field_level(population),
        warehouse: store,
        granary: store,
        residence: level(population, 60, 15),
        wall: u8::try_from(wall.clamp(0, i64::from(LEVEL_MAX))).unwrap_or(0),
        tournament_square: if standing.is_hammer_home { level(population, 60, 15) } else { level(population, 200, 5) },
        stonemason,
        marketplace: level(population, 45, LEVEL_MAX - market) + if market > 0 { 3 } else { 0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AccountRole::{Anvil, Economy, Hammer, Mixed, Scout};

    fn levels_as_row(l: BuildingLevels) -> [u8; 8] {
        [l.field, l.warehouse, l.granary, l.residence, l.wall, l.tournament_square, l.stonemason, l.marketplace]
    }

    #[test]
    fn levels_never_fall_with_population() {
        for role in [Hammer, Anvil, Mixed, Scout, Economy] {
            let standing = Standing { is_capital: true, is_hammer_home: role == Hammer, wall_offset: -2 };
            for population in 0..2_500 {
                let (now, next) =
                    (building_levels(population, role, standing), building_levels(population + 1, role, standing));
                let pairs = levels_as_row(now).into_iter().zip(levels_as_row(next));
                assert!(pairs.into_iter().all(|(a, b)| a <= b && b <= 20), "{role:?} at {population}");
                assert!(upgrade_level(population) <= upgrade_level(population + 1));
            }
        }
    }

    #[test]
    fn anvils_wall_up_and_hammers_march_fast() {
        let home = Standing { is_hammer_home: true, ..Standing::default() };
        let anvil = building_levels(600, Anvil, Standing::default());
        let hammer = building_levels(600, Hammer, home);
        assert_eq!((anvil.wall, hammer.wall), (14, 8));
        assert_eq!((anvil.tournament_square, hammer.tournament_square), (3, 10));
        assert_eq!(building_levels(1_000, Hammer, home).tournament_square, 15);
    }
}
