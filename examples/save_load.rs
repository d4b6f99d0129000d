//! Save, load, replay: a campaign goes on in another app as if nothing had happened, and runs once more from its seed
//! and what came from outside.
//!
//! `cargo run --release --example save_load`
#![allow(clippy::print_stdout, reason = "an example that talks to a terminal")]

use bevy::prelude::*;
use bevy_alliance::AlliancePlugins;
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime, HostSystems};
use bevy_alliance::base::contract::{Scenario, ScenarioAppExt, SetStance, Stance};
use bevy_alliance::base::id::{AllianceId, StableId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::base::state::{StateAppExt, state_hash};
use bevy_alliance::edge::snapshot::{Recorder, Recording, SnapshotExt, read_save, write_atomically};
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use clap::Parser;
use serde::{Deserialize, Serialize};

/// A component of this game's own: a bard who has a verse for each day. Derive these five, register it once, and give
/// its entity a `StableId::Game`: then it is part of the state hash and of every save.
#[derive(Component, Clone, Debug, Serialize, Deserialize)]
struct Bard {
    name: String,
    verses: u32,
}

fn game() -> App {
    let mut app = App::new();
    app.add_plugins(TaskPoolPlugin::default())
        .insert_resource(GameClock::manual())
        .add_plugins(AlliancePlugins::new(Update))
        .register_state::<Bard>("bard")
        .add_systems(Update, sing.after(HostSystems::Run));
    app.finish();
    app.cleanup();
    app
}

fn sing(clock: Res<GameClock>, mut bards: Query<&mut Bard>) {
    for mut bard in &mut bards {
        bard.verses = u32::try_from(clock.now().0 / GameSpan::days(1).0).unwrap_or(0);
    }
}

/// What of a campaign is this game's own.
fn begin(app: &mut App) {
    app.world_mut().spawn((StableId::Game(1, 1), Bard { name: "Ewenwyn".to_owned(), verses: 0 }));
}

fn play(app: &mut App, until: GameTime) {
    while app.world().resource::<GameClock>().now() < until {
        let mut clock = app.world_mut().resource_mut::<GameClock>();
        let left = until - clock.goal();
        clock.advance(left.min(GameSpan::hours(1)));
        app.update();
    }
}

fn tell(what: &str, app: &mut App) {
    let bard = app.world_mut().query::<&Bard>().iter(app.world()).next().cloned();
    let sung = bard.map_or_else(String::new, |bard| format!("{} has {} verses, ", bard.name, bard.verses));
    let now = app.world().resource::<GameClock>().now();
    println!("{what:<10} {now}: {sung}state hash {:032x}", state_hash(app.world_mut()));
}

fn day(n: i64) -> GameTime {
    GameTime(0) + GameSpan::days(n)
}

/// Saves a campaign, loads it in another app, and replays it from its recording: the state hashes are equal.
#[derive(Debug, Parser)]
struct Options {}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Options {} = Options::parse();
    let folder = std::env::temp_dir();
    let (save, record) = (folder.join("bevy_alliance_example.save"), folder.join("bevy_alliance_example.record"));
    let options = GeneratorOptions { seed: 5, villages: 600, alliances: 3, half_width: 100, ..default() };
    let scenario: Scenario = generate_world(&options, &Ruleset::extended())?;

    // A campaign; someone makes peace on its second day.
    let mut app = game();
    let recorder = Recorder::new(&mut app, &scenario)?;
    app.start_campaign(&scenario)?;
    begin(&mut app);
    play(&mut app, day(1));
    app.world_mut().write_message(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::Truce });
    play(&mut app, day(3));
    tell("saved", &mut app);

    // Taking the snapshot is a copy; encoding and writing happen while the campaign goes on.
    let snapshot = app.save_campaign();
    let path = save.clone();
    let writer = std::thread::spawn(move || -> Result<(), String> {
        let bytes = snapshot.encode().map_err(|e| e.to_string())?;
        write_atomically(&path, &bytes).map_err(|e| e.to_string())
    });
    play(&mut app, day(6));
    tell("went on", &mut app);
    writer.join().map_err(|_| "the writer panicked")??;

    // Another app that knows nothing but the file.
    let mut loaded = game();
    loaded.load_campaign(&read_save(&save)?)?;
    tell("loaded", &mut loaded);
    play(&mut loaded, day(6));
    tell("went on", &mut loaded);
    assert_eq!(state_hash(app.world_mut()), state_hash(loaded.world_mut()));

    // The whole of it once more, from the seed and what came from outside.
    write_atomically(&record, &recorder.recording(&mut app).encode()?)?;
    let recording = Recording::decode(&read_save(&record)?)?;
    let mut again = game();
    recording.start(&mut again)?;
    begin(&mut again);
    play(&mut again, recording.end);
    tell("replayed", &mut again);
    assert_eq!(state_hash(again.world_mut()), recording.hash);
    println!("{} input made all the difference.", recording.inputs.len());

    std::fs::remove_file(save)?;
    std::fs::remove_file(record)?;
    Ok(())
}
