//! Battles by hand, and properties of all battles.

use super::points::stat;
use super::rules::{
    Assault, Attackers, Battle, Defended, Defenders, Outcome, blockade, fight, losses, residence_defense, share_loot,
    strength,
};
use super::siege;
use crate::base::goods::Goods;
use crate::base::id::{TribeId, UnitClass};
use crate::base::ruleset::{Force, Levels, Ruleset};
use proptest::prelude::*;

const NO_UPGRADES: Levels = [0; 10];

/// A world, and a village in it, that tests fight over.
struct Field {
    rules: Ruleset,
    village: Defended,
}

impl Field {
    fn of(tribe: &str) -> Self {
        let rules = Ruleset::extended();
        let tribe = rules.tribe_named(tribe).unwrap();
        let village = Defended {
            tribe,
            population: 500,
            is_static: false,
            wall: 0,
            residence_defense: 0.0,
            stonemason: 0,
            buildings: Vec::new(),
        };
        Self { rules, village }
    }

    fn force(&self, units: &[(&str, u32)]) -> Force {
        let class = |name: &str| self.rules.units.iter().position(|unit| unit.name == name).unwrap();
        units.iter().map(|(name, n)| (UnitClass(u16::try_from(class(name)).unwrap()), *n)).collect()
    }

    /// Groups of equal population against one army, both without upgrades.
    fn fight(&self, groups: &[Force], assault: Assault, army: &Force) -> Outcome {
        let attackers: Vec<Attackers<'_>> = groups.iter().map(|force| group(force, 500)).collect();
        let defenders = [Defenders { force: army, upgrades: &NO_UPGRADES }];
        fight(&self.rules, &Battle { attackers: &attackers, assault, defenders: &defenders, village: &self.village })
    }
}

fn group(force: &Force, population: u64) -> Attackers<'_> {
    Attackers { force, upgrades: &NO_UPGRADES, population }
}

#[track_caller]
fn check_near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "found {found}, expected {expected}");
}

#[test]
fn upgrades_add_to_the_stat_and_round_to_four_decimals() {
    check_near(stat(40.0, 1, 0), 40.0021, 1e-9);
    // k = 1/1.007 = 0.993049; 40 + (40 + 42.559239) * (1.007^20 - 1 = 0.1497129) + 0.002085 = 52.362271
    check_near(stat(40.0, 1, 20), 52.3623, 1e-9);
}

#[test]
fn margins_cost_what_the_rules_say() {
    let field = Field::of("huns");
    let defense = field.force(&[("spearman", 2_500)]);
    for (ratio, loss) in [(1.2, 0.77), (1.5, 0.56), (2.0, 0.37), (3.0, 0.21), (5.0, 0.10)] {
        // A spearman defends with 35.0021 against infantry, an axeman attacks with 60.0021.
        let axemen = (2_500.0 * 35.0021 + 10.0) * ratio / 60.0021;
        #[expect(clippy::cast_possible_truncation, reason = "a few thousand")]
        let attack = field.force(&[("axeman", axemen as u32)]);
        let outcome = field.fight(&[attack], Assault::Attack, &defense);
        check_near(outcome.strength.ratio, ratio, 0.001);
        check_near(outcome.strength.attacker_loss, loss, 0.02);
        check_near(outcome.strength.defender_loss, 1.0, 0.0);
    }
}

#[test]
fn ten_groups_lose_alone_and_win_together() {
    let field = Field::of("gauls");
    let defense = field.force(&[("praetorian", 1_000)]);
    let groups = vec![field.force(&[("axeman", 131)]); 10];
    let together = field.fight(&groups, Assault::Attack, &defense);
    check_near(together.strength.ratio, 1.2, 0.02);
    assert!(together.defenders_left[0].is_empty());
    assert!(together.attackers_left.iter().all(|left| left.total() > 20), "{:?}", together.attackers_left);

    let mut standing = defense;
    for group in groups {
        let alone = field.fight(&[group], Assault::Attack, &standing);
        assert!(alone.attackers_left[0].is_empty());
        standing = alone.defenders_left[0].clone();
    }
    assert!(standing.total() > 400, "{} stand", standing.total());
}

#[test]
fn wall_and_residence_add_to_the_defense() {
    let mut field = Field::of("romans");
    field.village.wall = 10;
    field.village.residence_defense = residence_defense(20);
    let outcome = field.fight(&[field.force(&[("axeman", 50)])], Assault::Attack, &field.force(&[("praetorian", 10)]));
    // 10 praetorians at 65.0021, 10 for the village, 800 for the residence, 10 a wall level; 1.03^10 = 1.344.
    check_near(outcome.strength.defense, (650.021 + 10.0 + 800.0 + 100.0) * 1.344, 1e-6);
}

#[test]
fn the_larger_side_has_less_morale_except_against_static_owners() {
    let mut field = Field::of("natars");
    let (attack, defense) = (field.force(&[("axeman", 100)]), field.force(&[("pikeman", 50)]));
    let strength_of = |village: &Defended, population: u64| {
        let battle = Battle {
            attackers: &[group(&attack, population)],
            assault: Assault::Attack,
            defenders: &[Defenders { force: &defense, upgrades: &NO_UPGRADES }],
            village,
        };
        strength(&Ruleset::extended(), &battle).offense
    };
    let full = strength_of(&field.village, 500);
    check_near(strength_of(&field.village, 1_000) / full, 0.871, 1e-9); // 2^-0.2
    check_near(strength_of(&field.village, 100_000) / full, 0.667, 1e-9);
    field.village.is_static = true;
    check_near(strength_of(&field.village, 100_000) / full, 1.0, 0.0);
}

#[test]
fn rams_lower_the_wall_before_and_after_the_fight() {
    let mut field = Field::of("gauls");
    field.village.wall = 10;
    // 20 rams of a sure win: 80 points. Removing 5 of 10 costs 55, 6 cost 75, 7 cost 126.
    let attack = field.force(&[("axeman", 5_000), ("ram", 20)]);
    let outcome = field.fight(&[attack], Assault::Attack, &field.force(&[("praetorian", 10)]));
    assert_eq!(outcome.strength.wall, 4);
    // 10 praetorians at 65.0021, 10 for the village, 8 a wall level; 1.025^4 = 1.104.
    check_near(outcome.strength.defense, (650.021 + 10.0 + 4.0 * 8.0) * 1.104, 1e-6);
    assert_eq!(outcome.wall_after, 0);
}

#[test]
fn catapults_split_evenly_and_raids_leave_buildings_alone() {
    let mut field = Field::of("teutons");
    field.village.buildings = vec![10, 3];
    field.village.stonemason = 10;
    // floor(20 / 2) catapults of a sure win: 40 points, 20 for each building. 10 + 9 leaves level 8.
    let attack = field.force(&[("axeman", 5_000), ("catapult", 20)]);
    let outcome = field.fight(core::slice::from_ref(&attack), Assault::Attack, &Force::new());
    assert_eq!(outcome.buildings_after, [8, 0]);
    field.village.wall = 5;
    let raid = field.fight(&[attack], Assault::Raid, &Force::new());
    assert_eq!((raid.buildings_after, raid.wall_after), (vec![10, 3], 5));
}

#[test]
fn engines_of_joint_groups_pool() {
    let mut field = Field::of("teutons");
    field.village.buildings = vec![10];
    field.village.stonemason = 10;
    let half = field.force(&[("axeman", 2_500), ("catapult", 5)]);
    let (whole, pooled) = (field.force(&[("axeman", 5_000), ("catapult", 10)]), [half.clone(), half]);
    let whole = field.fight(&[whole], Assault::Attack, &Force::new());
    let pooled = field.fight(&pooled, Assault::Attack, &Force::new());
    // floor(10 / 2) * 4 = 20 points, and not twice floor(5 / 2) * 4 = 16.
    assert_eq!((whole.buildings_after, pooled.buildings_after), (vec![8], vec![8]));
}

#[test]
fn scouts_meet_only_scouts() {
    let field = Field::of("gauls");
    let scouts = field.force(&[("pathfinder", 100)]);
    let unseen = field.fight(core::slice::from_ref(&scouts), Assault::Attack, &field.force(&[("phalanx", 9_000)]));
    assert_eq!(unseen.attackers_left[0].total(), 100);
    // (50 * 20 / (100 * 35))^1.5 = 0.1527, defenders lose nobody.
    let seen = field.fight(&[scouts], Assault::Attack, &field.force(&[("pathfinder", 50)]));
    assert_eq!((seen.attackers_left[0].total(), seen.defenders_left[0].total()), (85, 50));
}

#[test]
fn a_weak_unit_alone_dies_even_in_an_empty_village() {
    let field = Field::of("gauls");
    let alone = |name: &str| {
        field.fight(&[field.force(&[(name, 1)])], Assault::Attack, &Force::new()).attackers_left[0].total()
    };
    assert_eq!(alone("axeman"), 0); // 60 points
    assert_eq!(alone("haeduan"), 1); // 140 points
}

#[test]
fn a_blockade_fights_without_wall_and_village() {
    let field = Field::of("gauls");
    let (relief, front) = (field.force(&[("phalanx", 1_000)]), field.force(&[("axeman", 100)]));
    let blocking = [Defenders { force: &front, upgrades: &NO_UPGRADES }];
    let outcome = blockade(&field.rules, &[group(&relief, 500)], &blocking, 500);
    check_near(outcome.strength.offense, 15_002.1, 1e-6);
    check_near(outcome.strength.defense, 3_000.21, 1e-6);
    assert!(outcome.defenders_left[0].is_empty());
    assert_eq!(outcome.attackers_left.len(), 1);
    let nobody = blockade(&field.rules, &[group(&relief, 500)], &[], 500);
    assert_eq!(nobody.attackers_left[0], relief);
}

#[test]
fn nobody_and_unknown_units_harm_nobody() {
    let field = Field::of("gauls");
    let army = field.force(&[("phalanx", 10)]);
    let nobody = field.fight(&[Force::new()], Assault::Attack, &army);
    assert_eq!(nobody.defenders_left[0], army);
    let unknown = field.fight(&[Force::of(UnitClass(u16::MAX), 5)], Assault::Attack, &army);
    assert_eq!((unknown.attackers_left[0].total(), unknown.defenders_left[0].total()), (0, 10));
}

#[test]
fn the_largest_numbers_stay_numbers() {
    let mut field = Field::of("romans");
    field.village.wall = 20;
    field.village.population = 0;
    field.village.buildings = vec![20, 20];
    let crowd: Force = (0..10).map(|class| (UnitClass(class), u32::MAX)).collect();
    for assault in [Assault::Attack, Assault::Raid] {
        let outcome = field.fight(&vec![crowd.clone(); 10], assault, &crowd);
        let all = outcome.strength;
        assert!([all.offense, all.defense, all.ratio, all.exponent].iter().all(|x| x.is_finite() && *x > 0.0));
        assert!(outcome.attackers_left.iter().all(|left| crowd.covers(left)));
        assert!(crowd.covers(&outcome.defenders_left[0]));
        let unopposed = field.fight(core::slice::from_ref(&crowd), assault, &Force::new());
        assert_eq!(unopposed.attackers_left[0], crowd);
    }
}

#[test]
fn loot_is_spread_evenly_over_what_lies_there() {
    let shares = share_loot(Goods::new([10, 100, 100, 0]), &[71]);
    assert_eq!(shares, [Goods::new([10, 31, 30, 0])]);
    assert_eq!(
        share_loot(Goods::new([5, 6, 7, 8]), &[0, 100, -3]),
        [Goods::ZERO, Goods::new([5, 6, 7, 8]), Goods::ZERO]
    );
    assert_eq!(share_loot(Goods::new([1; 4]), &[]), []);
}

prop_compose! {
    /// Two arms, engines, a wall, a garrison of two armies.
    fn any_battle()(
        attack in (1..5_000_u32, 0..3_000_u32, 0..200_u32, 0..200_u32),
        defense in (0..5_000_u32, 0..3_000_u32),
        populations in (1..20_000_u64, 1..20_000_u64),
        level in 0..=20_u8, wall in 0..=20_u8, tribe in 0..7_u8, is_raid in any::<bool>(),
    ) -> AnyBattle {
        AnyBattle { attack, defense, populations, level, wall, tribe, is_raid }
    }
}

#[derive(Clone, Debug)]
struct AnyBattle {
    attack: (u32, u32, u32, u32),
    defense: (u32, u32),
    populations: (u64, u64),
    level: u8,
    wall: u8,
    tribe: u8,
    is_raid: bool,
}

impl AnyBattle {
    fn field(&self) -> Field {
        let mut field = Field::of("gauls");
        field.village = Defended {
            tribe: TribeId(self.tribe),
            population: self.populations.1,
            wall: self.wall,
            buildings: vec![20, 7],
            ..field.village
        };
        field
    }

    fn attack(&self, field: &Field, times: u32) -> Force {
        let (axemen, knights, rams, catapults) = self.attack;
        let units = [("axeman", axemen), ("teutonic_knight", knights), ("ram", rams), ("catapult", catapults)];
        field.force(&units.map(|(name, n)| (name, n * times)))
    }

    /// Fights it with these attackers.
    fn fight(&self, field: &Field, groups: &[Force]) -> Outcome {
        let upgrades = [self.level; 10];
        let attackers: Vec<Attackers<'_>> = groups
            .iter()
            .map(|force| Attackers { force, upgrades: &upgrades, population: self.populations.0 })
            .collect();
        let armies = [field.force(&[("praetorian", self.defense.0)]), field.force(&[("druidrider", self.defense.1)])];
        let defenders = armies.each_ref().map(|force| Defenders { force, upgrades: &upgrades });
        let assault = if self.is_raid { Assault::Raid } else { Assault::Attack };
        fight(&field.rules, &Battle { attackers: &attackers, assault, defenders: &defenders, village: &field.village })
    }
}

proptest! {
    #[test]
    fn losses_are_fractions_and_a_raid_costs_one_in_all(battle in any_battle()) {
        let field = battle.field();
        let found = battle.fight(&field, &[battle.attack(&field, 1)]).strength;
        prop_assert!((0.0..=1.0).contains(&found.attacker_loss) && (0.0..=1.0).contains(&found.defender_loss));
        prop_assert!(found.wall <= battle.wall);
        let (attackers, defenders) = losses(found.ratio, found.exponent, Assault::Raid);
        prop_assert!((attackers + defenders - 1.0).abs() < 1e-12);
    }

    #[test]
    fn twice_the_attack_never_costs_a_greater_part(battle in any_battle()) {
        let field = battle.field();
        let once = battle.fight(&field, &[battle.attack(&field, 1)]);
        let twice = battle.fight(&field, &[battle.attack(&field, 2)]);
        prop_assert!(twice.strength.ratio > once.strength.ratio);
        prop_assert!(twice.strength.attacker_loss <= once.strength.attacker_loss);
        prop_assert!(twice.strength.defender_loss >= once.strength.defender_loss);
        prop_assert!(twice.wall_after <= once.wall_after);
        prop_assert!(twice.buildings_after.iter().zip(&once.buildings_after).all(|(a, b)| a <= b));
    }

    #[test]
    fn a_higher_wall_never_helps_the_attacker(battle in any_battle()) {
        let without_rams =
            AnyBattle { attack: (battle.attack.0, battle.attack.1, 0, 0), wall: battle.wall.min(19), ..battle };
        let higher = AnyBattle { wall: without_rams.wall + 1, ..without_rams.clone() };
        let (low, high) = (without_rams.field(), higher.field());
        let low = without_rams.fight(&low, &[without_rams.attack(&low, 1)]).strength;
        let high = higher.fight(&high, &[higher.attack(&high, 1)]).strength;
        prop_assert!(high.ratio < low.ratio && high.attacker_loss >= low.attacker_loss);
    }

    #[test]
    fn one_group_or_two_halves_lose_the_same_fraction(battle in any_battle()) {
        let field = battle.field();
        let half = battle.attack(&field, 1);
        let whole = battle.fight(&field, &[battle.attack(&field, 2)]);
        let halves = battle.fight(&field, &[half.clone(), half]);
        prop_assert!((whole.strength.attacker_loss - halves.strength.attacker_loss).abs() < 1e-9);
        prop_assert!((whole.strength.defender_loss - halves.strength.defender_loss).abs() < 1e-9);
        prop_assert_eq!((whole.wall_after, whole.buildings_after), (halves.wall_after, halves.buildings_after));
        prop_assert_eq!(&halves.attackers_left[0], &halves.attackers_left[1]);
    }

    #[test]
    fn an_empty_group_beside_a_group_changes_nothing(battle in any_battle()) {
        let field = battle.field();
        let alone = battle.fight(&field, &[battle.attack(&field, 1)]);
        let beside = battle.fight(&field, &[battle.attack(&field, 1), Force::new()]);
        prop_assert!((alone.strength.attacker_loss - beside.strength.attacker_loss).abs() < 1e-9);
        prop_assert_eq!(&alone.attackers_left[0], &beside.attackers_left[0]);
        prop_assert!(beside.attackers_left[1].is_empty());
    }

    #[test]
    fn breaching_and_demolishing_stay_within_the_building(level in 0..=100_u8, points in 0.0..5_000.0_f64) {
        let (breached, demolished) = (siege::wall_in_battle(level, points), siege::demolish(level, points));
        prop_assert!(breached <= level && demolished <= level);
        prop_assert!(siege::wall_in_battle(level, points + 10.0) <= breached);
        prop_assert!(siege::demolish(level, points + 10.0) <= demolished);
    }

    #[test]
    fn loot_is_conserved(
        stores in prop::array::uniform4(prop_oneof![0..2_000_i64, 0..i64::MAX]),
        carries in prop::collection::vec(prop_oneof![0..500_i64, 0..i64::MAX], 0..8),
    ) {
        let shares = share_loot(Goods::new(stores), &carries);
        let wide = |goods: Goods| goods.amounts().iter().map(|n| i128::from(*n)).sum::<i128>();
        let taken = |good: usize| shares.iter().map(|share| i128::from(share.amounts()[good])).sum::<i128>();
        let carry_total: i128 = carries.iter().map(|carry| i128::from(*carry)).sum();
        prop_assert_eq!(shares.len(), carries.len());
        prop_assert_eq!(shares.iter().map(|share| wide(*share)).sum::<i128>(), carry_total.min(wide(Goods::new(stores))));
        for (share, carry) in shares.iter().zip(&carries) {
            prop_assert!(share.amounts().iter().all(|n| *n >= 0) && wide(*share) <= i128::from(*carry));
        }
        // Even: whoever lost less than another good by more than one was emptied.
        let most = (0..4).map(taken).max().unwrap_or(0);
        for (good, stored) in stores.iter().enumerate() {
            prop_assert!(taken(good) <= i128::from(*stored));
            prop_assert!(taken(good) >= most - 1 || taken(good) == i128::from(*stored));
        }
    }
}
