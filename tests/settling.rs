//! Settlers found villages, or come home when they cannot.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy_alliance::base::clock::GameSpan;
use bevy_alliance::base::contract::{AccountRole, Holdings, LaunchMarch, Manner};
use bevy_alliance::base::geometry::{SiteGrid, Tile, Torus};
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{EntityIndex, MarchId, PlayerId, SiteId};
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::world::audit::Audit;
use bevy_alliance::world::village::stores::read_stores;
use bevy_alliance::world::village::{Economy, Garrison, Ledger};
use common::*;

const SETTLER: &str = "settler";
const CATAPULT: &str = "fire_catapult";

fn plot(x: i16, y: i16) -> SiteId {
    Torus { half_width: 100 }.plot(Tile::new(x, y))
}

/// Asks for a march of settlers; the rule that forbids it, if one does.
fn settle(app: &mut TestApp, from: u32, target: SiteId, units: &[(&str, u32)]) -> Option<String> {
    let march =
        LaunchMarch { origin: SiteId(from), target, force: force(units), manner: Manner::Settle, aims: [None; 2] };
    refusals(app.send(march)).pop().map(|r| r.rule)
}

fn in_store(app: &TestApp, site: u32) -> Goods {
    read_stores(&stores(app, site), app.now()).amount
}

#[test]
fn three_settlers_and_their_goods_become_a_village() {
    let made = sides().village(1, 1, (0, 0), &[(SETTLER, 6)]).with(|site| site.stores = Some(Goods::new([900; 4])));
    let mut app = made.start(Ruleset::extended());
    let before = in_store(&app, 1);
    assert_eq!(settle(&mut app, 1, plot(3, 4), &[(SETTLER, 3)]), None);
    assert_eq!(in_store(&app, 1), before.minus(Goods::new([750; 4])));
    assert_eq!(app.audit(), Audit::default());
    until(&mut app, at(GameSpan::hours(1)) - GameSpan(1));
    assert_eq!(site(&app, plot(3, 4)), None);
    app.run(GameSpan(1));
    let village = site(&app, plot(3, 4)).unwrap();
    assert_eq!((village.owner, village.at, village.population), (PlayerId(1), Tile::new(3, 4), 5));
    assert_eq!((village.name.as_str(), village.tribe), ("New village of P1", site(&app, SiteId(1)).unwrap().tribe));
    assert_eq!(app.app.world().resource::<Holdings>().of(PlayerId(1)), [SiteId(1), plot(3, 4)]);
    assert_eq!(app.app.world().resource::<SiteGrid>().on_tile(Tile::new(3, 4)), Some(plot(3, 4)));
    let ledger = app.app.world().resource::<Ledger>();
    assert_eq!((&ledger.troops_settled, ledger.goods_founding), (&force(&[(SETTLER, 3)]), Goods::new([750; 4])));
    assert_eq!((home(&app, 1), away(&app, 1)), (force(&[(SETTLER, 3)]), Force::new()));
    assert_eq!(app.audit(), Audit::default());
    // It is a village like any other.
    app.run(GameSpan::hours(2));
    assert_eq!(settle(&mut app, 1, plot(3, 4), &[(SETTLER, 3)]).as_deref(), Some("tile_free"));
}

#[test]
fn what_the_rules_forbid_is_refused() {
    let made = sides().village(1, 1, (0, 0), &[(SETTLER, 9), (LEGIONNAIRE, 9)]);
    let made = made.with(|site| site.stores = Some(Goods { iron: 749, ..Goods::new([900; 4]) }));
    let made = made.village(2, 1, (1, 0), &[(SETTLER, 9), (LEGIONNAIRE, 9)]);
    let mut app = made.start(Ruleset::extended());
    let mut rule = |from, target, units: &[(&str, u32)]| settle(&mut app, from, target, units).unwrap_or_default();
    assert_eq!(rule(1, plot(3, 4), &[(SETTLER, 3)]), "founding_goods");
    assert_eq!(rule(2, plot(3, 4), &[(SETTLER, 2)]), "settlers");
    assert_eq!(rule(2, plot(3, 4), &[(SETTLER, 3), (LEGIONNAIRE, 1)]), "settlers");
    assert_eq!(rule(2, plot(0, 0), &[(SETTLER, 3)]), "tile_free");
    assert_eq!(rule(2, SiteId(1), &[(SETTLER, 3)]), "on_the_map");
    assert_eq!(rule(2, SiteId::plot(201 * 201 + 1), &[(SETTLER, 3)]), "on_the_map");
    assert_eq!(rule(2, plot(3, 4), &[(SETTLER, 10)]), "troops_at_home");
}

#[test]
fn of_two_who_come_at_once_the_later_goes_home_with_all_of_it() {
    let made = sides().village(1, 1, (0, 0), &[(SETTLER, 3)]).village(3, 3, (6, 8), &[(SETTLER, 3)]);
    let mut app = made.start(Ruleset::extended());
    let before = in_store(&app, 3);
    assert_eq!(settle(&mut app, 3, plot(3, 4), &[(SETTLER, 3)]), None);
    assert_eq!(settle(&mut app, 1, plot(3, 4), &[(SETTLER, 3)]), None);
    until(&mut app, at(GameSpan::hours(1)));
    assert_eq!(site(&app, plot(3, 4)).unwrap().owner, PlayerId(1), "of one launch the lower id comes first");
    assert_eq!(turned(&app), [(3, "tile_taken".to_owned())]);
    assert_eq!(app.audit(), Audit::default());
    until(&mut app, at(GameSpan::hours(2)));
    assert_eq!(home(&app, 3), force(&[(SETTLER, 3)]));
    assert!(in_store(&app, 3).minus(before).amounts().into_iter().all(|g| g >= 0), "with their goods");
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn settlers_who_are_called_back_bring_the_goods_home() {
    let mut app = sides().village(1, 1, (0, 0), &[(SETTLER, 3)]).start(Ruleset::extended());
    assert_eq!(settle(&mut app, 1, plot(3, 4), &[(SETTLER, 3)]), None);
    app.run(GameSpan::mins(20));
    let recall = bevy_alliance::base::contract::RecallMarch { march: march_id(1, 1) };
    assert_eq!(refusals(app.send(recall)), []);
    app.run(GameSpan::mins(20));
    assert_eq!(home(&app, 1), force(&[(SETTLER, 3)]));
    assert_eq!((site(&app, plot(3, 4)), app.audit()), (None, Audit::default()));
}

#[test]
fn a_new_village_grows_and_raises_an_army_of_its_role() {
    let rich = |site: &mut bevy_alliance::base::contract::ScenarioSite| site.stores = Some(Goods::new([2_000; 4]));
    let mut app = sides().village(1, 1, (0, 0), &[(SETTLER, 3)]).with(rich).start_living();
    assert_eq!(settle(&mut app, 1, plot(3, 4), &[(SETTLER, 3)]), None);
    app.run(GameSpan::days(60));
    let village = site(&app, plot(3, 4)).unwrap();
    assert!(village.population > 100, "{}", village.population);
    let world = app.app.world();
    let economy = world.get::<Economy>(world.resource::<EntityIndex>().site(plot(3, 4)).unwrap()).unwrap();
    assert_eq!(economy.role, AccountRole::Mixed);
    let rules = Ruleset::extended();
    assert!(rules.attack(&economy.establishment) > 0.0 && rules.defense(&economy.establishment) > 0.0);
    let value = bevy_alliance::world::audit::army_value(app.app.world_mut(), |player| player.id == PlayerId(1));
    assert!(value.goods * 10 > value.path * 8, "{value:?}");
    look_at(&mut app, SiteId(1));
    assert!(home(&app, 1).count(class(SETTLER)) >= 3, "and the next settlers are trained");
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn a_village_founded_where_one_was_razed_uses_no_number_twice() {
    let rich = |site: &mut bevy_alliance::base::contract::ScenarioSite| site.stores = Some(Goods::new([9_000_000; 4]));
    let made = sides().village(3, 3, (0, 0), &[(SETTLER, 6), (LEGIONNAIRE, 9)]).with(rich);
    let made = made.village(1, 1, (12, 0), &[(CATAPULT, 800)]).with(rich);
    let mut app = made.start_living();
    let id = plot(3, 4);
    assert_eq!(settle(&mut app, 3, id, &[(SETTLER, 3)]), None);
    app.run(GameSpan::hours(2));
    // It keeps an army as it grows; one of it is lent to its neighbor.
    app.run(GameSpan::days(30));
    look_at(&mut app, id);
    let unit = home_of(&app, id).iter().next().unwrap().0;
    let march = |app: &mut TestApp, force: Force| {
        let (target, manner) = (SiteId(3), Manner::Reinforce);
        refusals(app.send(LaunchMarch { origin: id, target, force, manner, aims: [None; 2] }))
    };
    assert_eq!(march(&mut app, Force::of(unit, 1)), []);
    app.run(GameSpan::hours(3));
    for aims in [[Some(0), Some(1)], [Some(2), Some(3)]] {
        let (origin, manner, force) = (SiteId(1), Manner::Siege, force(&[(CATAPULT, 400)]));
        assert_eq!(refusals(app.send(LaunchMarch { origin, target: id, force, manner, aims })), []);
    }
    app.run(GameSpan::hours(5));
    assert_eq!(site(&app, id), None, "razed");
    assert_eq!(settle(&mut app, 3, id, &[(SETTLER, 3)]), None);
    app.run(GameSpan::days(30));
    look_at(&mut app, id);
    let unit = home_of(&app, id).iter().next().unwrap().0;
    assert_eq!(march(&mut app, Force::of(unit, 1)), []);
    app.run(GameSpan::hours(3));
    let stays: Vec<_> = guests(&app, 3).0.keys().copied().collect();
    assert_eq!(stays, [MarchId { site: id, n: 2 }], "the first one's home is village 3 since");
    assert_eq!(app.audit(), Audit::default());
}

/// A village is brought up to date when somebody asks something of it, be it in vain.
fn look_at(app: &mut TestApp, origin: SiteId) {
    let (target, force, manner) = (SiteId(u32::MAX), Force::new(), Manner::Reinforce);
    assert_eq!(refusals(app.send(LaunchMarch { origin, target, force, manner, aims: [None; 2] })).len(), 1);
}

fn home_of(app: &TestApp, id: SiteId) -> Force {
    let world = app.app.world();
    world.get::<Garrison>(world.resource::<EntityIndex>().site(id).unwrap()).unwrap().home.clone()
}

/// Chiefs that left first and settlers of the village that they take are at their goals at one millisecond.
fn home_is_taken_as_settlers_arrive(spare: bool) -> TestApp {
    let rich = |made: Made| made.with(|site| site.stores = Some(Goods::new([10_000; 4])));
    let mut made = rich(sides().village(9, 3, (0, 0), &[(SETTLER, 3)])).village(
        1,
        1,
        (8, 0),
        &[("senator", 5), (LEGIONNAIRE, 500)],
    );
    if spare {
        made = rich(made.village(8, 3, (0, 12), &[]));
    }
    let mut app = made.start(Ruleset::extended());
    leaves(&mut app, 1, 9, &[("senator", 5), (LEGIONNAIRE, 500)], Manner::Siege);
    // Eight fields at 4 an hour, five at 5.
    until(&mut app, at(GameSpan::hours(1)));
    assert_eq!(settle(&mut app, 9, plot(3, -4), &[(SETTLER, 3)]), None);
    until(&mut app, at(GameSpan::hours(2)));
    assert_eq!(owner(&app, 9), Some(1));
    assert_eq!(app.audit(), Audit::default());
    app
}

#[test]
fn settlers_whose_home_is_lost_as_they_arrive_found_their_village_or_are_no_more() {
    let app = home_is_taken_as_settlers_arrive(true);
    assert_eq!(site(&app, plot(3, -4)).map(|s| s.owner), Some(PlayerId(3)));
    assert_eq!(away(&app, 8), Force::new());
    let app = home_is_taken_as_settlers_arrive(false);
    assert_eq!(site(&app, plot(3, -4)), None, "who has no village left has no settlers either");
}
