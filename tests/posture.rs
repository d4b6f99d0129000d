//! Villages of the frontier are strengthened before anybody marches on them, and nobody goes to and fro for it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy_alliance::action::defense::{PostureSettings, Reliefs};
use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{Fact, Manner, PlayerKind, Rank, SetMembership, Stance};
use bevy_alliance::base::id::{EntityIndex, OrderId, PlayerId};
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::world::audit::Audit;
use common::*;
use std::collections::BTreeMap;

const IMPERIAN: &str = "imperian";
const PRAETORIAN: &str = "praetorian";
const SCOUT: &str = "equites_legati";
const ACTIVE: PlayerKind = PlayerKind::Active;

/// Player 1, who does nothing by itself, holds village 1 with 14,000 attack points. Its alliance 8 and alliance 7 are at war.
/// Village 2 lies at the frontier with hardly anybody in it; village 3 lies behind it with 1,000 praetorians.
fn frontier() -> Made {
    let made = Made::new().active_alliance(7).active_alliance(8).stance(7, 8, Stance::War);
    let made = made.player(1, 8, Rank::Leader, PlayerKind::Human);
    let made = made.player(2, 7, Rank::Leader, ACTIVE).player(3, 7, Rank::Member, ACTIVE);
    let made = made.village(1, 1, (0, 0), &[(IMPERIAN, 200)]).with(|v| v.population = 600);
    let made = made.village(2, 2, (10, 0), &[(PRAETORIAN, 10)]).with(|v| v.population = 600);
    made.village(3, 3, (30, 0), &[(PRAETORIAN, 1_000), (SCOUT, 40)]).with(|v| v.population = 600)
}

/// What happened to troops that no alarm asked for: (when, order, village, reason); the reason is none where they left for it.
fn moves(app: &TestApp) -> Vec<(GameTime, OrderId, u32, Option<String>)> {
    let of = |f: &bevy_alliance::base::contract::CampaignFact| match &f.fact {
        Fact::PostureTaken { order, site, .. } => Some((f.at, *order, site.0, None)),
        Fact::PostureLeft { order, site, reason, .. } => Some((f.at, *order, site.0, Some(reason.clone()))),
        _ => None,
    };
    app.facts.iter().filter_map(of).collect()
}

fn seen() -> TestApp {
    let mut app = frontier().start(Ruleset::extended());
    leaves(&mut app, 3, 1, &[(SCOUT, 40)], Manner::Scout);
    app.run(GameSpan::hours(24));
    app
}

#[test]
fn a_known_army_brings_spare_defenders_to_the_frontier_until_it_is_forgotten() {
    let mut app = seen();
    let [(left, order, 2, None)] = &moves(&app)[..] else { panic!("{:?}", moves(&app)) };
    let all: Vec<_> = guests(&app, 2).0.values().cloned().collect();
    let [guest] = &all[..] else { panic!("{all:?}") };
    // 14,000 points, seen with confidence .8 and fading, weighed by .35: no more than 4,704 x 1.2 are wanted, and no fewer than
    // a day later.
    let there = defense(&app, &guest.force) + defense(&app, &home(&app, 2));
    let wanted = |confidence: f64| 1.2 * 0.35 * 14_000.0 * confidence;
    assert!((wanted(0.5)..=wanted(0.8) + 60.0).contains(&there), "{there}");
    assert_eq!(u64::from(home(&app, 3).count(class(PRAETORIAN))) + guest.force.total(), 1_000);
    // It stays while the threat is known, and goes home after it is forgotten: at 7 days reports are gone.
    app.run(GameSpan::days(9));
    let all = moves(&app);
    let (home_at, .., reason) = all.iter().find(|m| m.1 == *order && m.3.is_some()).unwrap().clone();
    assert!(home_at - *left >= GameSpan::hours(24), "{:?}", home_at - *left);
    assert!(["threat_over", "relieved"].contains(&reason.unwrap().as_str()));
    let out = all.iter().filter(|m| m.3.is_none()).count();
    assert_eq!(out, all.len() - out, "all went home: {all:?}");
    assert!(out <= 2, "{all:?}");
    app.run(GameSpan::hours(12));
    assert_eq!((guests(&app, 2).0.len(), away(&app, 3)), (0, Force::new()));
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn nobody_moves_for_an_army_that_nobody_saw_or_where_games_do_not_want_it() {
    let mut app = frontier().start(Ruleset::extended());
    app.run(GameSpan::days(2));
    assert_eq!(moves(&app), []);
    let mut app = frontier().start(Ruleset::extended());
    app.app.world_mut().resource_mut::<PostureSettings>().period = GameSpan(0);
    leaves(&mut app, 3, 1, &[(SCOUT, 40)], Manner::Scout);
    app.run(GameSpan::days(2));
    assert_eq!(moves(&app), []);
}

#[test]
fn the_rear_gives_half_of_what_it_can_spare_and_a_village_in_need_nothing() {
    let behind = |praetorians: u32| {
        let mut made = frontier();
        made.0.sites[2].troops = Some(force(&[(PRAETORIAN, praetorians), (SCOUT, 40)]));
        let mut app = made.start(Ruleset::extended());
        leaves(&mut app, 3, 1, &[(SCOUT, 40)], Manner::Scout);
        app.run(GameSpan::hours(24));
        app
    };
    // 40 praetorians are 2,000 points: less than 1.2 x .35 x 14,000 x .5, a day after the look. They are needed where they are.
    assert_eq!(moves(&behind(40)), []);
    // 100 are 5,000: enough. Four fifths of what is wanted stay in any case, and half of the rest goes.
    let app = behind(100);
    let wanted = |confidence: f64| 1.2 * 0.35 * 14_000.0 * confidence;
    let stay = |confidence: f64| 100.0 - (100.0 - 0.8 * wanted(confidence) / 50.0) / 2.0;
    let left = f64::from(home(&app, 3).count(class(PRAETORIAN)));
    assert!((stay(0.5)..=stay(0.8) + 1.0).contains(&left), "{left} of 100 stay");
}

#[test]
fn who_leaves_the_alliance_takes_its_troops_along() {
    let mut app = seen();
    assert_eq!(guests(&app, 2).0.len(), 1);
    app.send(SetMembership { player: PlayerId(3), alliance: None });
    app.run(GameSpan::mins(1));
    let all = moves(&app);
    assert_eq!(all.last().unwrap().3.as_deref(), Some("parted"), "{all:?}");
    app.run(GameSpan::hours(12));
    assert_eq!((guests(&app, 2).0.len(), away(&app, 3)), (0, Force::new()));
    let entity = app.app.world().resource::<EntityIndex>().player(PlayerId(3)).unwrap();
    assert_eq!(app.app.world().get::<Reliefs>(entity).unwrap().reliefs, []);
}

#[test]
fn nobody_leaves_from_under_a_hit_that_is_seen_to_come() {
    let mut app = seen();
    // By the next looks the army is known to be elsewhere: nothing but the march itself keeps them.
    app.run(GameSpan::hours(12));
    leaves(&mut app, 1, 2, &[(IMPERIAN, 20)], Manner::Siege);
    let march = march(&app, 1, 1).unwrap();
    let before = moves(&app).len();
    until(&mut app, march.arrival - GameSpan::secs(1));
    assert_eq!((moves(&app).len(), guests(&app, 2).0.len()), (before, 1));
    // Who falls is not reckoned with any more.
    app.run(GameSpan::days(9));
    assert!(moves(&app).iter().all(|m| m.3.as_deref() != Some("given_up")), "{:?}", moves(&app));
    assert_eq!(guests(&app, 2).0.len(), 0);
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn in_a_campaign_troops_stay_a_day() {
    let world = small_world(11, 300);
    let mut app = TestApp::new(&world);
    app.run(GameSpan::days(14));
    let all = moves(&app);
    let mut out = 0;
    let mut arrivals: BTreeMap<OrderId, GameTime> = BTreeMap::new();
    for fact in &app.facts {
        if let Fact::PostureTaken { order, arrives, .. } = fact.fact {
            arrivals.insert(order, arrives);
        }
    }
    let mut early = Vec::new();
    for (at, order, _, reason) in &all {
        match reason {
            None => out += 1,
            Some(reason) => {
                let stood = *at - arrivals[order];
                if stood < GameSpan::hours(24) && !["given_up", "parted", "fallen"].contains(&reason.as_str()) {
                    early.push((*order, reason.clone(), stood));
                }
            }
        }
    }
    assert!(out >= 5, "only {out} moved");
    assert_eq!(early, []);
    assert_eq!(app.audit(), Audit::default());
}
