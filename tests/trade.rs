//! Goods on their way with merchants, and what players ask of their villages.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy_alliance::base::clock::GameSpan;
use bevy_alliance::base::contract::{
    CampaignFact, DismissTroops, Fact, LaunchMarch, Manner, PlayerKind, Rank, SendGoods, TrainTroops,
};
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{PlayerId, SiteId};
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::world::audit::Audit;
use bevy_alliance::world::village::rules::army_at;
use bevy_alliance::world::village::stores::read_stores;
use bevy_alliance::world::village::{Economy, Merchants};
use common::*;

fn send(app: &mut TestApp, from: u32, to: u32, goods: [i64; 4]) -> Result<i64, String> {
    let sent = SendGoods { origin: SiteId(from), target: SiteId(to), goods: Goods::new(goods) };
    let told = app.send(sent).to_vec();
    match &told[..] {
        [CampaignFact { at, fact: Fact::GoodsSent { arrival, .. } }] => Ok((*arrival - *at).0),
        [CampaignFact { fact: Fact::RequestRefused(refused), .. }] => Err(refused.rule.clone()),
        _ => panic!("{told:?}"),
    }
}

fn busy(app: &TestApp, site: u32) -> u32 {
    of_village::<Merchants>(app, site).unwrap().busy
}

fn wood(app: &TestApp, site: u32) -> i64 {
    read_stores(&stores(app, site), app.now()).amount.wood
}

/// Two Roman villages of 200 inhabitants (4 merchants of 500 goods each, 16 fields an hour), 24 fields apart. Nothing is
/// made in them.
fn market() -> TestApp {
    let made = sides().village(1, 1, (0, 0), &[]).village(3, 3, (24, 0), &[]);
    let mut app =
        made.player(7, 0, Rank::Member, PlayerKind::Static).village(7, 7, (9, 9), &[]).start(Ruleset::extended());
    let world = app.app.world_mut();
    let mut stores = world.query::<&mut bevy_alliance::world::village::Stores>();
    for mut stores in stores.iter_mut(world) {
        stores.per_hour = Goods::ZERO;
    }
    app
}

#[test]
fn merchants_bring_goods_and_come_back() {
    let mut app = market();
    assert_eq!(send(&mut app, 1, 3, [600, 100, 0, 0]), Ok(5_400_000), "24 fields at 16 an hour");
    assert_eq!((wood(&app, 1), busy(&app, 1)), (400, 2));
    assert_eq!(app.audit(), Audit::default());
    until(&mut app, at(GameSpan::mins(90)) - GameSpan(1));
    assert_eq!(wood(&app, 3), 1_000);
    app.run(GameSpan(1));
    assert_eq!((wood(&app, 3), busy(&app, 1)), (1_600, 2));
    until(&mut app, at(GameSpan::mins(180)) - GameSpan(1));
    assert_eq!(busy(&app, 1), 2);
    app.run(GameSpan(1));
    assert_eq!((busy(&app, 1), wood(&app, 1)), (0, 400));
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn nobody_sends_what_he_has_not_or_cannot_carry() {
    let mut app = market();
    assert_eq!(send(&mut app, 1, 3, [1_001, 0, 0, 0]), Err("goods_in_store".to_owned()));
    assert_eq!(send(&mut app, 1, 3, [500, 500, 500, 501]), Err("merchants".to_owned()));
    assert_eq!(send(&mut app, 1, 3, [0; 4]), Err("some_goods".to_owned()));
    assert_eq!(send(&mut app, 1, 3, [-5, 10, 0, 0]), Err("some_goods".to_owned()));
    assert_eq!(send(&mut app, 1, 1, [5, 0, 0, 0]), Err("target_is_origin".to_owned()));
    assert_eq!(send(&mut app, 1, 99, [5, 0, 0, 0]), Err("site_exists".to_owned()));
    assert_eq!(send(&mut app, 99, 1, [5, 0, 0, 0]), Err("site_exists".to_owned()));
    assert_eq!(send(&mut app, 1, 7, [5, 0, 0, 0]), Err("static_owner".to_owned()));
    assert_eq!(send(&mut app, 7, 1, [5, 0, 0, 0]), Err("static_owner".to_owned()));
    assert_eq!((wood(&app, 1), busy(&app, 1)), (1_000, 0));
    assert!(send(&mut app, 1, 3, [500, 500, 500, 0]).is_ok());
    assert_eq!(send(&mut app, 1, 3, [400, 101, 0, 0]), Err("merchants".to_owned()), "one is left");
    assert!(send(&mut app, 1, 3, [400, 100, 0, 0]).is_ok());
    app.run(GameSpan::hours(2));
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn what_does_not_fit_is_wasted() {
    let made = sides().village(1, 1, (0, 0), &[]).with(|site| site.stores = Some(Goods::new([4_000; 4])));
    let mut app = made
        .village(3, 3, (24, 0), &[])
        .with(|site| site.stores = Some(Goods::new([3_900; 4])))
        .start(Ruleset::extended());
    let cap = stores(&app, 3).cap;
    assert!(cap.wood <= 4_000, "{cap:?}");
    assert!(send(&mut app, 1, 3, [2_000, 0, 0, 0]).is_ok());
    app.run(GameSpan::hours(2));
    assert_eq!(wood(&app, 3), cap.wood);
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn goods_for_a_village_that_is_gone_come_back_and_those_of_one_arrive() {
    let rich = |made: Made| made.with(|site| site.stores = Some(Goods::new([90_000; 4])));
    let made = rich(sides().village(6, 6, (0, 6), &[("fire_catapult", 400)]));
    let made = rich(made.village(3, 3, (0, 0), &[])).village(8, 3, (80, 0), &[]);
    let mut app = made.village(1, 1, (48, 0), &[]).start_living();
    for aims in [[Some(0), Some(1)], [Some(2), Some(3)]] {
        let (origin, target, manner) = (SiteId(6), SiteId(3), Manner::Siege);
        let force = force(&[("fire_catapult", 200)]);
        assert_eq!(refusals(app.send(LaunchMarch { origin, target, force, manner, aims })), []);
    }
    // Two hours for the catapults, three for the merchants.
    assert_eq!(send(&mut app, 1, 3, [500, 0, 0, 0]), Ok(10_800_000));
    assert_eq!(send(&mut app, 3, 1, [0, 500, 0, 0]), Ok(10_800_000));
    app.run(GameSpan::hours(2));
    assert_eq!(site(&app, SiteId(3)), None);
    assert_eq!(app.audit(), Audit::default());
    app.run(GameSpan::mins(61));
    assert_eq!((busy(&app, 1), app.audit()), (1, Audit::default()));
    app.run(GameSpan::hours(3));
    assert_eq!((busy(&app, 1), app.audit()), (0, Audit::default()));
}

fn kept(app: &TestApp, site: u32) -> Force {
    let economy = of_village::<Economy>(app, site).unwrap();
    army_at(&economy.establishment, economy.reference, economy.population())
}

fn rule_of(told: &[CampaignFact]) -> Option<String> {
    refusals(told).pop().map(|r| r.rule)
}

#[test]
fn a_village_trains_what_is_asked_of_it() {
    let mut app = sides().village(1, 1, (0, 0), &[(LEGIONNAIRE, 50)]).start_living();
    app.run(GameSpan::days(3));
    let ask = |app: &mut TestApp, site: u32, units: Force| {
        rule_of(app.send(TrainTroops { site: SiteId(site), force: units }))
    };
    assert_eq!(ask(&mut app, 1, Force::new()), Some("some_troops".to_owned()));
    let before = kept(&app, 1);
    assert_eq!(ask(&mut app, 1, force(&[(LEGIONNAIRE, 7), ("praetorian", 5)])), None);
    let after = kept(&app, 1);
    assert_eq!(after.minus(&before), force(&[(LEGIONNAIRE, 7), ("praetorian", 5)]));
    assert_eq!(ask(&mut app, 1, force(&[("phalanx", 1)])), Some("tribe".to_owned()));
    assert_eq!(ask(&mut app, 1, force(&[(LEGIONNAIRE, 100_000)])), Some("army_max".to_owned()));
    assert_eq!(ask(&mut app, 99, force(&[(LEGIONNAIRE, 1)])), Some("site_exists".to_owned()));
    assert_eq!(kept(&app, 1), after);
    app.run(GameSpan::days(20));
    ask(&mut app, 1, force(&[("phalanx", 1)]));
    let home = home(&app, 1);
    assert!(home.count(class("praetorian")) >= 5 && home.count(class(LEGIONNAIRE)) >= 57, "{home:?}");
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn a_still_or_static_village_trains_nothing() {
    let mut app = market();
    for (site, rule) in [(1, "village_lives"), (7, "static_owner")] {
        let asked = TrainTroops { site: SiteId(site), force: force(&[(LEGIONNAIRE, 1)]) };
        assert_eq!(rule_of(app.send(asked)), Some(rule.to_owned()));
    }
}

#[test]
fn troops_that_are_dismissed_are_gone_and_not_trained_anew() {
    let mut app = sides().village(1, 1, (0, 0), &[(LEGIONNAIRE, 50)]).start_living();
    let ask = |app: &mut TestApp, site: u32, n: u32| {
        rule_of(app.send(DismissTroops { site: SiteId(site), force: Force::of(class(LEGIONNAIRE), n) }))
    };
    assert_eq!(ask(&mut app, 1, 51), Some("troops_at_home".to_owned()));
    assert_eq!(ask(&mut app, 1, 0), Some("some_troops".to_owned()));
    assert_eq!(ask(&mut app, 99, 1), Some("site_exists".to_owned()));
    assert_eq!(ask(&mut app, 1, 30), None);
    assert_eq!((home(&app, 1).total(), kept(&app, 1).total()), (20, 20));
    assert_eq!(app.audit(), Audit::default());
    app.run(GameSpan::days(5));
    assert_eq!(ask(&mut app, 1, 0), Some("some_troops".to_owned()));
    assert!(home(&app, 1).total() < 25);
    let mut app = market();
    assert_eq!(ask(&mut app, 7, 1), Some("static_owner".to_owned()));
    assert_eq!(site(&app, SiteId(7)).unwrap().owner, PlayerId(7));
}
