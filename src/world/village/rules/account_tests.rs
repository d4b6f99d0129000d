use super::*;
use proptest::prelude::*;

const TRIBES: u8 = 6;

fn villages(populations: &[u32], tribe: impl Fn(usize) -> u8) -> Vec<VillageSeed> {
    let village = |(i, population): (usize, &u32)| VillageSeed {
        site: SiteId(u32::try_from(i).unwrap() + 1),
        tribe: TribeId(tribe(i)),
        population: *population,
    };
    populations.iter().enumerate().map(village).collect()
}

fn offense(rules: &Ruleset, troops: &Force) -> f64 {
    rules.attack(&rules.filter(troops, crate::base::ruleset::UnitType::is_offense))
}

fn settlers(rules: &Ruleset, troops: &Force) -> Force {
    rules.filter(troops, |u| u.role == UnitRole::Settler)
}

#[test]
fn accounts_that_expand_keep_settlers_in_a_capital_of_some_size() {
    let rules = Ruleset::extended();
    for (role, population, kept) in [
        (AccountRole::Economy, 300, 3),
        (AccountRole::Mixed, 301, 3),
        (AccountRole::Mixed, 299, 0),
        (AccountRole::Hammer, 900, 0),
        (AccountRole::Anvil, 900, 0),
    ] {
        let draw = draw_account(1, PlayerId(5), &villages(&[200, population], |_| 0), Some(role), &rules);
        let settlers: Vec<u64> = draw.villages.iter().map(|v| settlers(&rules, &v.troops).total()).collect();
        assert_eq!(settlers, [0, kept], "{role:?} {population}");
    }
}

#[test]
fn a_founded_village_is_empty_and_will_keep_an_army_of_its_role() {
    let rules = Ruleset::extended();
    let seed = VillageSeed { site: SiteId::plot(77), tribe: TribeId(1), population: 5 };
    for role in [AccountRole::Hammer, AccountRole::Anvil, AccountRole::Mixed, AccountRole::Scout] {
        let (village, army, reference) = draw_founded(1, PlayerId(5), seed, role, &rules);
        assert_eq!((village.troops, village.stores), (Force::new(), Goods::ZERO));
        assert!(!village.standing.is_capital && !village.standing.is_hammer_home);
        assert_eq!(rules.upkeep(&army), super::net_crop(reference) * 4 / 5, "{role:?}");
        assert!(offense(&rules, &army) > 0.0);
    }
}

fn net_crop(draw: &AccountDraw, villages: &[VillageSeed]) -> i64 {
    let crop: i64 =
        draw.villages.iter().zip(villages).map(|(v, s)| production_at(s.population, v.buildings.field).crop).sum();
    crop - villages.iter().map(|v| i64::from(v.population)).sum::<i64>()
}

proptest! {
    #[test]
    fn troops_eat_the_share_and_no_crop_balance_is_negative(
        populations in prop::collection::vec(0_u32..1_400, 1..30), tribe in 0..TRIBES, seed: u64,
        role in prop::sample::select(vec![AccountRole::Hammer, AccountRole::Anvil, AccountRole::Mixed, AccountRole::Scout]),
    ) {
        let rules = Ruleset::extended();
        let villages = villages(&populations, |i| (tribe + u8::try_from(i).unwrap()) % TRIBES);
        let draw = draw_account(seed, PlayerId(5), &villages, Some(role), &rules);
        let upkeep: i64 = draw.villages.iter().map(|v| rules.upkeep(&v.troops)).sum();
        let net = net_crop(&draw, &villages);
        let settlers: i64 = draw.villages.iter().map(|v| rules.upkeep(&settlers(&rules, &v.troops))).sum();
        prop_assert!(settlers <= 3 && (settlers == 0 || role == AccountRole::Mixed));
        // Settlers come on top of what the share feeds.
        prop_assert_eq!(upkeep - settlers, net * 4 / 5);
        prop_assert_eq!(draw.villages.iter().map(|v| v.per_hour.crop).sum::<i64>(), net - upkeep);
        for village in &draw.villages {
            prop_assert!(village.per_hour.crop >= 0 && !village.troops.is_empty());
            for (stored, cap) in village.stores.amounts().into_iter().zip(village.cap.amounts()) {
                prop_assert!(stored * 10 >= cap - 10 && stored * 10 <= cap * 7);
            }
        }
    }

    #[test]
    fn a_hammer_keeps_most_of_its_offense_in_two_villages(
        populations in prop::collection::vec(90_u32..1_300, 4..25), tribe in 0..TRIBES, seed: u64,
    ) {
        let rules = Ruleset::extended();
        let villages = villages(&populations, |i| (tribe + u8::try_from(i % 3).unwrap()) % TRIBES);
        let draw = draw_account(seed, PlayerId(8), &villages, Some(AccountRole::Hammer), &rules);
        let all: f64 = draw.villages.iter().map(|v| offense(&rules, &v.troops)).sum();
        let homes: Vec<usize> = (0..draw.villages.len())
            .filter(|i| populations[*i] >= 60 && draw.villages[*i].buildings.tournament_square > u8::try_from(populations[*i] / 200).unwrap().min(5))
            .collect();
        prop_assert!(homes.len() == 1 || homes.len() == 2 || all < 1.0, "{homes:?}");
        let share = homes.iter().map(|i| offense(&rules, &draw.villages[*i].troops)).sum::<f64>() / all;
        prop_assert!((0.7..=0.9).contains(&share) || all < 8_000.0, "{share} of {all}");
        let siege = |role| rules.filter(&draw.villages[homes[0]].troops, |u| u.role == role).total();
        prop_assert!(siege(UnitRole::Ram) > 0 && siege(UnitRole::Catapult) > 0 || all < 8_000.0);
    }

    #[test]
    fn the_order_of_villages_changes_nothing(populations in prop::collection::vec(0_u32..1_400, 2..12), seed: u64) {
        let rules = Ruleset::extended();
        let villages = villages(&populations, |_| 1);
        let backwards: Vec<VillageSeed> = villages.iter().rev().copied().collect();
        let draw = |v: &[VillageSeed]| draw_account(seed, PlayerId(2), v, None, &rules);
        prop_assert_eq!(draw(&villages), draw(&backwards));
    }
}

#[test]
fn roles_are_drawn_in_their_shares() {
    let mut counts = [0_u32; 5];
    for player in 0..20_000 {
        counts[draw_role(3, PlayerId(player)) as usize] += 1;
    }
    for (count, share) in counts.into_iter().zip([0.25, 0.35, 0.25, 0.05, 0.10]) {
        assert!((f64::from(count) / 20_000.0 - share).abs() < 0.01, "{counts:?}");
    }
}

#[test]
fn each_role_has_the_army_it_is_for() {
    let rules = Ruleset::extended();
    let villages = villages(&[900, 700, 650, 600, 500, 450], |i| u8::try_from(i).unwrap());
    let army = |role| -> Force {
        let draw = draw_account(11, PlayerId(1), &villages, Some(role), &rules);
        let mut all = Force::new();
        draw.villages.iter().for_each(|v| all.add_all(&v.troops));
        all
    };
    let scouts = |force: &Force| {
        let scouts = rules.filter(force, |u| u.role == UnitRole::Scout);
        f64::from(i32::try_from(rules.upkeep(&scouts)).unwrap())
            / f64::from(i32::try_from(rules.upkeep(force)).unwrap())
    };
    let (hammer, anvil) = (army(AccountRole::Hammer), army(AccountRole::Anvil));
    assert!(offense(&rules, &hammer) > 8.0 * offense(&rules, &anvil));
    let defense = |force: &Force| rules.defense(&rules.filter(force, |u| u.is_fighter() && !u.is_offense()));
    assert!(defense(&anvil) > 5.0 * defense(&hammer));
    for ordinary in [&hammer, &anvil, &army(AccountRole::Mixed)] {
        assert!((0.02..0.09).contains(&scouts(ordinary)), "{}", scouts(ordinary));
    }
    assert!((0.28..0.32).contains(&scouts(&army(AccountRole::Scout))));
    let economy = rules.upkeep(&army(AccountRole::Economy)) * 10;
    assert!((economy - rules.upkeep(&anvil) * 3).abs() <= 30, "{economy}");
}

#[test]
fn static_tribes_stand_by_population_and_nature_has_nothing() {
    let rules = Ruleset::extended();
    let natars = rules.tribe_numbered(5).unwrap().0;
    let nature = rules.tribe_numbered(4).unwrap().0;
    let draw = draw_account(1, PlayerId(109), &villages(&[20, 800], |_| natars), None, &rules);
    assert!(rules.upkeep(&draw.villages[1].troops) > rules.upkeep(&draw.villages[0].troops));
    let wild = draw_account(1, PlayerId(0), &villages(&[20, 800], |_| nature), None, &rules);
    assert!(wild.villages.iter().all(|v| v.troops.is_empty()));
}

#[test]
fn an_account_without_villages_is_no_trouble() {
    let draw = draw_account(1, PlayerId(1), &[], None, &Ruleset::extended());
    assert!(draw.villages.is_empty());
}
