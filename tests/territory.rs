//! Territory follows what is public: whatever happened, it is what building it anew gives.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy::ecs::system::RunSystemOnce;
use bevy::prelude::*;
use bevy_alliance::base::clock::{Campaign, CampaignSystems, DueBatch, GameSpan};
use bevy_alliance::base::contract::{
    CampaignFact, Estates, Fact, Founding, Manner, PlayerKind, Rank, SetMembership, SetStance, Stance,
};
use bevy_alliance::base::geometry::{Tile, Torus};
use bevy_alliance::base::id::{AllianceId, PlayerId, SiteId, TribeId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::edge::snapshot::SnapshotExt;
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::knowledge::territory::rules::InfluenceMap;
use bevy_alliance::knowledge::territory::{Territory, TerritorySettings, rebuilt};
use bevy_alliance::world::economy::EconomySystems;
use bevy_alliance::world::village::EconomySettings;
use common::*;

/// The territory of an app, which must be what building it anew gives.
#[track_caller]
fn territory(app: &mut TestApp) -> InfluenceMap {
    let anew = rebuilt(app.app.world_mut());
    let map = app.app.world().resource::<InfluenceMap>().clone();
    assert!(map == anew, "what followed is not what is built anew");
    map
}

fn milli(app: &mut TestApp, alliance: u32, at: (i16, i16)) -> u64 {
    territory(app).influence_milli(AllianceId(alliance), Tile::new(at.0, at.1))
}

fn of(population: u32) -> impl FnOnce(&mut bevy_alliance::base::contract::ScenarioSite) {
    move |site| site.population = population
}

/// Villages of 100 and 200 inhabitants, 8 fields apart.
fn neighbors() -> Made {
    sides().village(1, 1, (0, 0), &[]).with(of(100)).village(3, 3, (8, 0), &[]).with(of(200))
}

#[test]
fn a_campaign_with_expansions_ends_with_the_territory_of_its_end() {
    let mut app = TestApp::new(&small_world(3, 240));
    let start = territory(&mut app);
    app.run(GameSpan::days(12));
    let founded = |f: &&CampaignFact| matches!(f.fact, Fact::SiteChanged { from: None, .. });
    assert!(app.facts.iter().filter(founded).count() > 0);
    let end = territory(&mut app);
    assert!(start != end);
    // A load builds it anew, and both go on alike.
    let save = app.app.save_campaign().encode().unwrap();
    let mut loaded = TestApp::unstarted(|_| {});
    loaded.app.load_campaign(&save).unwrap();
    assert!(territory(&mut loaded) == end);
    for app in [&mut app, &mut loaded] {
        app.run(GameSpan::days(2));
    }
    assert!(territory(&mut app) == territory(&mut loaded));
    assert_eq!(app.hash_parts(), loaded.hash_parts());
}

#[test]
fn a_conquest_is_followed_and_so_is_the_end_of_who_lost_the_last_village() {
    let army = [(LEGIONNAIRE, 1_000), ("senator", 6)];
    let made = sides().village(1, 1, (12, 0), &army).village(9, 3, (0, 0), &[]).village(4, 4, (0, 6), &[]);
    let mut app = made.start(Ruleset::extended());
    let population = u64::from(site(&app, SiteId(9)).unwrap().population);
    let other = milli(&mut app, 2, (0, 0)) - population * 1_000;
    leaves(&mut app, 1, 9, &army, Manner::Siege);
    app.run(GameSpan::hours(5));
    assert_eq!(owner(&app, 9), Some(1));
    assert!(app.facts.iter().any(|f| f.fact == Fact::PlayerEliminated { player: PlayerId(3) }));
    assert_eq!([1, 2].map(|alliance| milli(&mut app, alliance, (0, 0))), [population * 1_000, other]);
}

#[test]
fn a_player_takes_its_villages_along_and_without_an_alliance_they_count_for_nobody() {
    let mut app = neighbors().start(Ruleset::extended());
    assert_eq!((milli(&mut app, 1, (6, 0)), milli(&mut app, 2, (6, 0))), (50_000, 200 * 834));
    let join = |alliance: Option<u32>| SetMembership { player: PlayerId(3), alliance: alliance.map(AllianceId) };
    app.send(join(Some(1)));
    assert_eq!((milli(&mut app, 1, (6, 0)), milli(&mut app, 2, (6, 0))), (50_000 + 200 * 834, 0));
    app.send(join(None));
    assert_eq!((milli(&mut app, 1, (6, 0)), milli(&mut app, 2, (6, 0))), (50_000, 0));
}

#[test]
fn those_who_never_act_have_no_influence() {
    let made = sides().player(9, 2, Rank::Member, PlayerKind::Static).village(9, 9, (0, 0), &[]).with(of(900));
    let mut app = made.start(Ruleset::extended());
    assert_eq!(milli(&mut app, 2, (0, 0)), 0);
}

#[test]
fn the_census_is_followed() {
    let grow = |app: &mut App| {
        app.insert_resource(EconomySettings::default());
    };
    let mut app = TestApp::with(&neighbors().0, grow);
    app.run(GameSpan::hours(23));
    assert_eq!(milli(&mut app, 1, (0, 0)), 100_000, "nobody was counted yet");
    app.run(GameSpan::hours(25));
    let counted = site(&app, SiteId(1)).unwrap().population;
    assert!(counted > 100, "{counted}");
    assert_eq!(milli(&mut app, 1, (0, 0)), u64::from(counted.next_multiple_of(10)) * 1_000, "by begun tens");
}

/// What a world of its own does to sites, once.
#[derive(Resource, Default)]
struct Edits(u32);

fn edit(mut edits: ResMut<Edits>, mut estates: Estates, torus: Res<Torus>, batch: Res<DueBatch>) {
    let now = batch.now();
    edits.0 += 1;
    match edits.0 {
        1 => assert!(estates.recount(SiteId(1), 150) && !estates.recount(SiteId(1), 150)),
        2 => assert!(estates.hand_over(SiteId(3), PlayerId(2), now)),
        3 => assert!(estates.raze(SiteId(1), now)),
        4 => {
            let (owner, at, tribe, name) = (PlayerId(4), Tile::new(0, 3), TribeId(0), "New".to_owned());
            assert!(estates.found(Founding { owner, at, tribe, population: 80, name }, *torus, now).is_some());
        }
        _ => {}
    }
}

#[test]
fn a_world_of_its_own_tells_by_estates() {
    let mut app = neighbors().village(2, 2, (50, 50), &[]).start(Ruleset::extended());
    app.app
        .init_resource::<Edits>()
        .add_systems(Campaign, edit.in_set(CampaignSystems::Battle).after(EconomySystems::AfterFights));
    let wake = |app: &mut TestApp| {
        app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::Neutral });
        [1, 2].map(|alliance| milli(app, alliance, (0, 0)))
    };
    let third = 200 * 334;
    assert_eq!(wake(&mut app), [150_000, third], "counted");
    assert_eq!(wake(&mut app), [150_000 + third, 0], "handed over");
    assert_eq!(wake(&mut app), [third, 0], "razed");
    assert_eq!(wake(&mut app), [third, 80 * 750], "founded");
}

#[test]
fn a_pact_ends_the_frontier() {
    let mut app = neighbors().start(Ruleset::extended());
    let frontier = |app: &mut TestApp| {
        app.app.world_mut().run_system_once(|territory: Territory| territory.frontier(AllianceId(1))).unwrap()
    };
    assert_eq!(frontier(&mut app).iter().map(|(site, _)| *site).collect::<Vec<_>>(), [SiteId(1)]);
    app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::Pact });
    assert_eq!(frontier(&mut app), []);
}

#[test]
fn other_settings_hold_from_the_next_pass_on() {
    let mut app = neighbors().start(Ruleset::extended());
    app.app.insert_resource(TerritorySettings { radius: 24, ..TerritorySettings::default() });
    app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::War });
    assert_eq!(milli(&mut app, 1, (18, 0)), 25_000);
}
