//! Games that bring their own world: the coordinating half alone, with the hex game of the `own_game` example.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../examples/support/hex_game/mod.rs"]
mod hex_game;

use bevy::prelude::*;
use bevy_alliance::base::clock::{DueKinds, GameSpan, GameTime};
use bevy_alliance::base::contract::{Inbox, Input, LaunchRow, Site};
use bevy_alliance::base::id::{EntityIndex, PlayerId, ProposalId, SiteId};
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::base::state::{hash_parts, state_hash};
use bevy_alliance::edge::report::CampaignTally;
use bevy_alliance::edge::snapshot::SnapshotExt;
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::knowledge::territory::rebuilt;
use bevy_alliance::knowledge::territory::rules::InfluenceMap;
use bevy_alliance::world::march::{MARCH_ARRIVES, MARCH_RETURNS, March};
use bevy_alliance::world::village::{Garrison, Ledger, Stores};
use hex_game::{Cairn, Chronicle, Column, Combat, Departure, Hold, hex_app, land, run, steps};
use std::collections::{BTreeMap, BTreeSet};

const SEED: u64 = 1;
const HOUR: GameSpan = GameSpan::hours(1);

fn played(combat: Combat, days: i64) -> App {
    let mut app = hex_app(SEED, combat).unwrap();
    run(&mut app, GameSpan::days(days), HOUR);
    app
}

fn all(forces: impl Iterator<Item = Force>) -> Force {
    forces.fold(Force::new(), |mut sum, force| {
        sum.add_all(&force);
        sum
    })
}

/// What of the default world is in an app.
fn traces_of_the_default_world(app: &App) -> Vec<&'static str> {
    let world = app.world();
    let kinds = world.resource::<DueKinds>();
    [
        ("Garrison", world.component_id::<Garrison>().is_some()),
        ("Stores", world.component_id::<Stores>().is_some()),
        ("March", world.component_id::<March>().is_some()),
        ("Ledger", world.contains_resource::<Ledger>()),
        ("Ruleset", world.contains_resource::<Ruleset>()),
        ("march_arrives", kinds.get(MARCH_ARRIVES.rank).is_some()),
        ("march_returns", kinds.get(MARCH_RETURNS.rank).is_some()),
    ]
    .into_iter()
    .filter_map(|(name, there)| there.then_some(name))
    .collect()
}

#[test]
fn the_coordinating_half_holds_nothing_of_the_default_world() {
    let app = played(Combat::Rounds, 5);
    assert_eq!(traces_of_the_default_world(&app), Vec::<&str>::new());
    // The same look finds all of it where it is.
    let mut whole = TestApp::new(&small_world(SEED, 60));
    whole.run(GameSpan::hours(12));
    assert_eq!(traces_of_the_default_world(&whole.app).len(), 7);
}

#[test]
fn joint_operations_are_proposed_voted_launched_and_concluded() {
    let app = played(Combat::Rounds, 12);
    let tally = app.world().resource::<CampaignTally>();
    let joint = tally.stories.values().find(|story| {
        let members: BTreeSet<PlayerId> = story.rows.iter().map(|r| r.member).collect();
        let launches: BTreeSet<GameTime> = story.rows.iter().map(|r| r.launch).collect();
        let won = story.report.as_ref().is_some_and(|r| r.killed_goods > 0 && r.result == "goal_met");
        story.ballots.len() > 2 && members.len() > 2 && launches.len() > 2 && !story.battles.is_empty() && won
    });
    assert!(joint.is_some(), "{:?}", tally.summary());
    assert!(app.world().resource::<Chronicle>().beacons > 0);
}

/// The first proposal that became an operation, with its launches. Nothing was fought before it.
fn first_plan(app: &App) -> (Vec<SiteId>, Vec<LaunchRow>) {
    let stories = app.world().resource::<CampaignTally>().stories.values().filter(|s| !s.rows.is_empty());
    let first = stories.min_by_key(|s| s.submitted).unwrap();
    (first.targets.clone(), first.rows.clone())
}

#[test]
fn another_combat_behind_the_seam_makes_other_plans() {
    // Where each fights for itself an attack pays less often: the first comes later.
    let (rounds, duels) = (played(Combat::Rounds, 24), played(Combat::Duels, 24));
    assert_ne!(first_plan(&rounds), first_plan(&duels));
    let votes = |app: &App| app.world().resource::<CampaignTally>().summary().ballots;
    assert_ne!(votes(&rounds), votes(&duels));
    assert_eq!(first_plan(&rounds), first_plan(&played(Combat::Rounds, 24)));
}

#[test]
fn pace_does_not_change_what_happens() {
    let end = GameSpan::days(6);
    let at_pace = |step: GameSpan| {
        let mut app = hex_app(SEED, Combat::Rounds).unwrap();
        run(&mut app, end, step);
        let hash = state_hash(app.world_mut());
        (hash, hash_parts(app.world_mut()), app.world().resource::<Chronicle>().departures.len())
    };
    let by_hour = at_pace(HOUR);
    assert!(by_hour.2 > 20, "something happens: {} columns left", by_hour.2);
    for part in ["hex_hold", "hex_column", "hex_cairn", "rhythm"] {
        assert!(by_hour.1.iter().any(|(name, _)| *name == part), "{part} is part of the state");
    }
    for step in [HOUR, GameSpan::mins(1), GameSpan::hours(6)] {
        assert_eq!(at_pace(step), by_hour, "in steps of {step}");
    }
    let mut other = hex_app(SEED + 1, Combat::Rounds).unwrap();
    run(&mut other, end, HOUR);
    assert_ne!(state_hash(other.world_mut()), by_hour.0);
}

#[test]
fn all_columns_of_a_wave_arrive_at_one_instant() {
    let app = played(Combat::Rounds, 12);
    let chronicle = app.world().resource::<Chronicle>();
    let mut waves: BTreeMap<(ProposalId, u8), (BTreeSet<GameTime>, BTreeSet<GameTime>)> = BTreeMap::new();
    for departure in &chronicle.departures {
        let Some((_, came)) = chronicle.arrivals.iter().find(|(order, _)| *order == departure.order) else { continue };
        assert_eq!(*came, departure.due, "{departure:?}");
        // A raid in return belongs to no operation: it comes when it can.
        let Some(operation) = departure.order.operation() else { continue };
        let wave = waves.entry((operation, departure.wave)).or_default();
        wave.0.insert(departure.at);
        wave.1.insert(*came);
    }
    assert!(waves.values().any(|(left, _)| left.len() > 3), "columns leave at different times");
    for (wave, (_, came)) in waves {
        assert_eq!(came.len(), 1, "{wave:?}");
    }
}

/// The way as this game measures it: no column is faster than a raven.
fn is_walked(app: &App, departure: &Departure) -> bool {
    let at = |id: SiteId| app.world().get::<Site>(app.world().resource::<EntityIndex>().site(id).unwrap()).unwrap().at;
    let hexes = steps(at(departure.origin), at(departure.target));
    departure.due - departure.at >= GameSpan::mins(8 * hexes)
}

#[test]
fn no_more_leaves_than_stands_at_home_and_what_is_promised_stands_there() {
    let app = played(Combat::Rounds, 12);
    let tally = app.world().resource::<CampaignTally>();
    let stormed: BTreeSet<SiteId> = tally.stories.values().flat_map(|s| s.rows.iter().map(|r| r.target)).collect();
    let departures = &app.world().resource::<Chronicle>().departures;
    let mut checked = 0;
    for departure in departures {
        assert!(departure.stood.covers(&departure.left), "{departure:?}");
        assert!(is_walked(&app, departure), "{departure:?}");
        if !stormed.contains(&departure.origin) {
            // Nobody but the planner takes men from here: two promises of one man would show.
            assert!(departure.stood.covers(&departure.ordered), "{departure:?}");
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked} of {}", departures.len());
}

#[test]
fn nobody_is_lost() {
    let start = all(land(SEED).sites.into_iter().filter_map(|s| s.troops));
    let mut app = hex_app(SEED, Combat::Rounds).unwrap();
    let mut fallen_at_last = Force::new();
    for _ in 0..12 {
        run(&mut app, GameSpan::days(1), HOUR);
        let world = app.world_mut();
        let home = all(world.query::<&Hold>().iter(world).map(|h| h.men.clone()));
        let abroad = all(world.query::<&Hold>().iter(world).map(|h| h.abroad.clone()));
        let out = all(world.query::<&Column>().iter(world).map(|c| c.men.clone()));
        let fallen = all(world.query::<&Cairn>().iter(world).map(|c| c.fallen.clone()));
        assert_eq!(abroad, out);
        assert_eq!(all([home, out, fallen.clone()].into_iter()), start);
        fallen_at_last = fallen;
    }
    assert!(!fallen_at_last.is_empty());
}

#[test]
fn a_column_that_is_called_back_turns_and_comes_home() {
    let mut app = hex_app(SEED, Combat::Rounds).unwrap();
    let column = loop {
        run(&mut app, GameSpan::mins(30), GameSpan::mins(30));
        let world = app.world_mut();
        assert!(world.resource::<bevy_alliance::base::clock::GameClock>().now() < GameTime(0) + GameSpan::days(12));
        let found = world.query::<&Column>().iter(world).find(|c| !c.homeward && c.men.total() > 20).cloned();
        if let Some(column) = found {
            break column;
        }
    };
    let order = column.order.unwrap();
    app.world().resource::<Inbox>().sender().send(Input::Recall(order)).unwrap();
    run(&mut app, GameSpan::mins(1), GameSpan::mins(1));
    let world = app.world_mut();
    let turned = world.query::<&Column>().iter(world).find(|c| c.order == Some(order)).cloned().unwrap();
    assert!(turned.homeward && turned.due < column.due + HOUR);
    assert_eq!(turned.due - turned.left_at, turned.left_at - column.left_at);
    run(&mut app, GameSpan::days(1), HOUR);
    let world = app.world_mut();
    assert!(world.query::<&Column>().iter(world).all(|c| c.order != Some(order)));
    let chronicle = world.resource::<Chronicle>();
    assert!(chronicle.arrivals.iter().all(|(came, _)| *came != order));
}

#[test]
fn a_game_of_its_own_has_territory() {
    let mut app = played(Combat::Rounds, 5);
    let anew = rebuilt(app.world_mut());
    let map = app.world().resource::<InfluenceMap>();
    assert!(map.claims().count() > 0);
    assert!(*map == anew);
}

#[test]
fn a_game_of_its_own_is_saved_and_loaded_like_any_other() {
    let mut whole = played(Combat::Rounds, 5);
    assert!(whole.world_mut().query::<&Column>().iter(whole.world()).count() > 0, "nothing is on its way");
    let save = whole.save_campaign().encode().unwrap();
    // Another land lies there before; the model is the game's own and stays.
    let mut loaded = hex_app(SEED + 1, Combat::Rounds).unwrap();
    loaded.load_campaign(&save).unwrap();
    assert_eq!(hash_parts(whole.world_mut()), hash_parts(loaded.world_mut()));
    for app in [&mut whole, &mut loaded] {
        run(app, GameSpan::days(5), HOUR);
    }
    assert_eq!(hash_parts(whole.world_mut()), hash_parts(loaded.world_mut()));
}
