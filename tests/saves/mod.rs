//! One app for all tests of saves and replays: small worlds at war, with a component of the game's own.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

use bevy::prelude::*;
use bevy_alliance::base::clock::{Agenda, Campaign, CampaignSystems, DueBatch, GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::{Scenario, ScenarioAppExt};
use bevy_alliance::base::id::StableId;
use bevy_alliance::base::state::StateAppExt;
use bevy_alliance::edge::snapshot::SnapshotExt;
use bevy_alliance::edge::test_app::{TestApp, small_world};
use serde::{Deserialize, Serialize};

/// A component of the game's own, which a system of the game changes in every pass.
#[derive(Component, Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Chronicle {
    pub(crate) passes: u64,
    pub(crate) last: GameTime,
}

fn write_chronicle(batch: Res<DueBatch>, mut chronicles: Query<&mut Chronicle>) {
    for mut chronicle in &mut chronicles {
        chronicle.passes += 1;
        chronicle.last = batch.now();
    }
}

/// The game without a campaign.
pub(crate) fn game() -> TestApp {
    game_with(|_| {})
}

/// The same with something else in it.
pub(crate) fn game_with(setup: impl FnOnce(&mut App)) -> TestApp {
    let mut app = TestApp::unstarted(|app| {
        app.register_state::<Chronicle>("chronicle");
        setup(app);
    });
    app.app.add_systems(Campaign, write_chronicle.in_set(CampaignSystems::Publish));
    app
}

/// A campaign in it.
pub(crate) fn campaign(scenario: &Scenario) -> TestApp {
    let mut app = game();
    begin(&mut app, scenario);
    app
}

pub(crate) fn begin(app: &mut TestApp, scenario: &Scenario) {
    app.app.start_campaign(scenario).unwrap();
    raise(app);
}

/// Spawns the game's own entity.
pub(crate) fn raise(app: &mut TestApp) {
    app.app.world_mut().spawn((StableId::Game(7, 1), Chronicle::default()));
}

pub(crate) fn small_campaign(seed: u64, villages: u32) -> TestApp {
    campaign(&small_world(seed, villages))
}

pub(crate) fn chronicle(app: &mut TestApp) -> Chronicle {
    let world = app.app.world_mut();
    world.query::<&Chronicle>().single(world).unwrap().clone()
}

pub(crate) fn save(app: &mut TestApp) -> Vec<u8> {
    app.app.save_campaign().encode().unwrap()
}

/// The save in an app that knows nothing else.
pub(crate) fn loaded(save: &[u8]) -> TestApp {
    let mut app = game();
    app.app.load_campaign(save).unwrap();
    app
}

pub(crate) fn next_event(app: &TestApp) -> Option<GameTime> {
    app.app.world().resource::<Agenda>().peek()
}

/// Brings the campaign to an instant, however long that takes.
pub(crate) fn bring(app: &mut TestApp, until: GameTime) {
    let goal = app.app.world().resource::<GameClock>().goal();
    app.app.world_mut().resource_mut::<GameClock>().advance(until - goal);
    app.update();
    while app.now() < until {
        app.update();
    }
}

/// Names the parts of the state in which two apps differ.
pub(crate) fn differences(a: &mut TestApp, b: &mut TestApp) -> Vec<&'static str> {
    let (a, b) = (a.hash_parts(), b.hash_parts());
    assert_eq!(a.len(), b.len());
    a.iter().zip(&b).filter(|(a, b)| a != b).map(|(a, _)| a.0).collect()
}

#[track_caller]
pub(crate) fn assert_same(a: &mut TestApp, b: &mut TestApp) {
    assert_eq!(a.now(), b.now());
    assert_eq!(differences(a, b), [""; 0], "parts of the state differ at {}", a.now());
    assert_eq!(a.hash(), b.hash());
}

pub(crate) fn hours(n: i64) -> GameTime {
    GameTime(0) + GameSpan::hours(n)
}

/// A section of a save, as it lies in the file: name, rows, payload.
pub(crate) type RawSection = (String, u64, Vec<u8>);

const HEADER: usize = 20;
const CHECKSUM: usize = 16;

/// Takes a save apart, as its layout is documented.
pub(crate) fn sections_of(save: &[u8]) -> Vec<RawSection> {
    let mut rest = &save[HEADER..save.len() - CHECKSUM];
    let take = |rest: &mut &[u8], n: usize| {
        let (taken, left) = rest.split_at(n);
        *rest = left;
        taken.to_vec()
    };
    let mut sections = Vec::new();
    while !rest.is_empty() {
        let name = u16::from_le_bytes(take(&mut rest, 2).try_into().unwrap());
        let name = String::from_utf8(take(&mut rest, name.into())).unwrap();
        let rows = u64::from_le_bytes(take(&mut rest, 8).try_into().unwrap());
        let length = u64::from_le_bytes(take(&mut rest, 8).try_into().unwrap());
        sections.push((name, rows, take(&mut rest, usize::try_from(length).unwrap())));
    }
    sections
}

/// Puts a body between a header and a checksum that are right.
pub(crate) fn sealed(body: &[u8]) -> Vec<u8> {
    let length = u64::try_from(body.len()).unwrap().to_le_bytes();
    let mut save = [b"BVALSAVE".as_slice(), &1_u32.to_le_bytes(), &length, body].concat();
    let checksum = xxhash_rust::xxh3::xxh3_128(&save).to_le_bytes();
    save.extend_from_slice(&checksum);
    save
}

/// A save of these sections, with a checksum that is right.
pub(crate) fn assembled(sections: &[RawSection]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, rows, payload) in sections {
        body.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        body.extend_from_slice(name.as_bytes());
        body.extend_from_slice(&rows.to_le_bytes());
        body.extend_from_slice(&u64::try_from(payload.len()).unwrap().to_le_bytes());
        body.extend_from_slice(payload);
    }
    sealed(&body)
}
