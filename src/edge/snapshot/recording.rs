//! Replay: what a campaign began with, what came from outside, and the hash that it must end with.

use super::envelope::{Kind, Section, open, seal};
use super::error::{LoadError, SaveError};
use super::load::decode_parts;
use crate::base::clock::{GameClock, GameTime};
use crate::base::contract::{InputLog, LoggedInput, Scenario, ScenarioAppExt, ScenarioError, WorldSeed, expect_inputs};
use crate::base::state::{Registration, RowsError, StateKind, StateRegistry, state_hash};
use bevy::prelude::*;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

const RECORDING: Kind = Kind { magic: *b"BVALRECO", version: 1, name: "recording" };

/// A recording that cannot be replayed. The app's campaign was not started.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ReplayError {
    /// Its settings do not fit this app.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Its scenario does not stand, or a campaign is already running.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
}

/// A resource as it was before the start: ruleset, charter, patterns, settings.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Setting {
    name: String,
    rows: u64,
    payload: Vec<u8>,
}

/// Records a campaign from its very beginning.
#[derive(Clone, Debug)]
pub struct Recorder {
    scenario: Scenario,
    settings: Vec<Setting>,
    begin: Begin,
}

/// Where the clock stood when the campaign began: a game may have run it before, in a menu.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Begin {
    now: GameTime,
    nanos: u64,
    epoch: DateTime<Utc>,
}

impl Recorder {
    /// Notes what the campaign begins with. Call it when all plugins and settings are in place, right before
    /// [`start_campaign`](ScenarioAppExt::start_campaign) with the same scenario.
    ///
    /// # Errors
    /// [`SaveError::CampaignRuns`] if it has begun; [`SaveError::Encode`] with the name of a resource that the format
    /// cannot hold.
    pub fn new(app: &mut App, scenario: &Scenario) -> Result<Self, SaveError> {
        let world = app.world_mut();
        if world.contains_resource::<WorldSeed>() {
            return Err(SaveError::CampaignRuns);
        }
        let mut settings = Vec::new();
        for (name, registration) in registered_resources(world) {
            let mut payload = Vec::new();
            let rows = registration.copy(world).encode(&mut payload);
            let rows = rows.map_err(|error| SaveError::Encode { section: name.to_owned(), error })?;
            settings.push(Setting { name: name.to_owned(), rows, payload });
        }
        let (now, _, nanos, epoch) = world.resource::<GameClock>().place();
        Ok(Self { scenario: scenario.clone(), settings, begin: Begin { now, nanos, epoch } })
    }

    /// The recording up to where the campaign stands now. The recorder may go on.
    #[must_use]
    pub fn recording(&self, app: &mut App) -> Recording {
        let world = app.world_mut();
        Recording {
            scenario: self.scenario.clone(),
            settings: self.settings.clone(),
            begin: self.begin,
            inputs: world.get_resource::<InputLog>().map(|log| log.entries.clone()).unwrap_or_default(),
            end: world.resource::<GameClock>().now(),
            hash: state_hash(world),
        }
    }
}

/// All that is needed to run a campaign once more, and to tell whether it went the same way.
///
/// ```
/// use bevy_alliance::base::clock::GameSpan;
/// use bevy_alliance::base::contract::{ScenarioAppExt, SetStance, Stance};
/// use bevy_alliance::base::id::AllianceId;
/// use bevy_alliance::edge::snapshot::{Recorder, Recording};
/// use bevy_alliance::edge::test_app::{TestApp, small_world};
///
/// let scenario = small_world(7, 120);
/// let mut app = TestApp::unstarted(|_| {});
/// let recorder = Recorder::new(&mut app.app, &scenario).unwrap();
/// app.app.start_campaign(&scenario).unwrap();
/// app.run(GameSpan::hours(5));
/// app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::Truce });
/// app.run(GameSpan::hours(5));
/// let bytes = recorder.recording(&mut app.app).encode().unwrap();
///
/// let recording = Recording::decode(&bytes).unwrap();
/// let mut again = TestApp::unstarted(|_| {});
/// recording.start(&mut again.app).unwrap();
/// again.run_in_steps(recording.end - again.now(), GameSpan::mins(7));
/// assert_eq!(again.hash(), recording.hash);
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Recording {
    /// What it began with.
    pub scenario: Scenario,
    settings: Vec<Setting>,
    begin: Begin,
    /// What came from outside.
    pub inputs: Vec<LoggedInput>,
    /// The instant up to which it ran.
    pub end: GameTime,
    /// The state hash at its end.
    pub hash: u128,
}

impl Recording {
    /// As bytes, for [`write_atomically`](super::write_atomically).
    ///
    /// # Errors
    /// [`SaveError`] if it is too large.
    pub fn encode(&self) -> Result<Vec<u8>, SaveError> {
        let body = postcard::to_allocvec(self);
        let body = body.map_err(|error| SaveError::Encode { section: RECORDING.name.to_owned(), error })?;
        seal(RECORDING.magic, RECORDING.version, &body)
    }

    /// Reads what [`Recording::encode`] wrote.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, LoadError> {
        let body = open(&RECORDING, bytes)?;
        let fault = |error| LoadError::Section { section: RECORDING.name.to_owned(), error };
        let (recording, rest) =
            postcard::take_from_bytes::<Self>(body).map_err(|error| fault(RowsError::Decode { row: 0, error }))?;
        if !rest.is_empty() {
            return Err(fault(RowsError::LeftOver(rest.len())));
        }
        let ascends = |pair: &[LoggedInput]| {
            pair[0].seq < pair[1].seq && (pair[0].at, pair[0].round) <= (pair[1].at, pair[1].round)
        };
        if let Some(row) = recording.inputs.windows(2).position(|pair| !ascends(pair)) {
            return Err(LoadError::Section { section: "inputs".to_owned(), error: RowsError::Order(row as u64 + 1) });
        }
        Ok(recording)
    }

    /// Starts the recorded campaign in an app with the same plugins whose campaign has not begun. Run it to
    /// [`Recording::end`] at any pace, and compare [`state_hash`] with [`Recording::hash`].
    ///
    /// # Errors
    /// [`ReplayError`], and no campaign was started. If it is the scenario that does not stand, the app has the
    /// recording's settings already.
    pub fn start(&self, app: &mut App) -> Result<(), ReplayError> {
        let world = app.world_mut();
        if world.contains_resource::<WorldSeed>() {
            return Err(ScenarioError::AlreadyRunning.into());
        }
        let settings = self.settings.iter();
        let sections: Vec<_> = settings.map(|s| Section { name: &s.name, rows: s.rows, payload: &s.payload }).collect();
        for (_, rows) in decode_parts(&registered_resources(world), &sections)? {
            rows.put(world, &[]);
        }
        // The goal stays where the campaign began: how far to run is the replayer's to say.
        let Begin { now, nanos, epoch } = self.begin;
        app.world_mut().resource_mut::<GameClock>().set_place(now, now, nanos, epoch);
        app.start_campaign(&self.scenario)?;
        expect_inputs(app.world_mut(), self.inputs.clone());
        Ok(())
    }
}

fn registered_resources(world: &World) -> Vec<(&'static str, Registration)> {
    let mut registrations = StateRegistry::all(world);
    registrations.retain(|(_, registration)| registration.kind == StateKind::Resource);
    registrations
}
