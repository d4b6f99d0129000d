//! What a save keeps of the campaign's time: where the clock stands, what ran last, and the agenda as it is.
//!
//! The agenda could be rebuilt from components, but only by every feature that has appointments, each with the same
//! care. Saved as it is, cancelled entries included, a loaded campaign has exactly the passes that the saved one would
//! have had; whether an entry counts is still for its component to say.

use super::agenda::{Agenda, DueEntry};
use super::host::DueBatch;
use super::time::{GameClock, GameTime};
use crate::base::state::Kept;
use bevy::prelude::World;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The clock, the last instant that was run, and the agenda.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedClock {
    now: GameTime,
    goal: GameTime,
    nanos: u64,
    #[serde(with = "epoch_nanos")]
    epoch: DateTime<Utc>,
    last_run: Option<GameTime>,
    #[serde(serialize_with = "sorted")]
    agenda: Vec<DueEntry>,
}

impl Kept for SavedClock {
    fn take(world: &World) -> Self {
        let (now, goal, nanos, epoch) = world.resource::<GameClock>().place();
        let last_run = world.resource::<DueBatch>().last_run();
        Self { now, goal, nanos, epoch, last_run, agenda: world.resource::<Agenda>().entries() }
    }

    fn put(self, world: &mut World) {
        world.resource_mut::<GameClock>().set_place(self.now, self.goal, self.nanos, self.epoch);
        world.resource_mut::<DueBatch>().restart(self.last_run);
        let mut agenda = Agenda::default();
        for entry in self.agenda {
            agenda.push(entry);
        }
        world.insert_resource(agenda);
    }
}

/// Sorts when it is written, which need not be on the main thread.
fn sorted<S: Serializer>(entries: &[DueEntry], serializer: S) -> Result<S::Ok, S::Error> {
    let mut entries = entries.to_vec();
    entries.sort_unstable();
    entries.serialize(serializer)
}

/// A date as seconds and nanoseconds.
mod epoch_nanos {
    use super::{DateTime, Deserialize, Deserializer, Serialize, Serializer, Utc};
    use serde::de::Error;

    pub(super) fn serialize<S: Serializer>(date: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        (date.timestamp(), date.timestamp_subsec_nanos()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        let (secs, nanos) = <(i64, u32)>::deserialize(deserializer)?;
        DateTime::from_timestamp(secs, nanos).ok_or_else(|| D::Error::custom("no such date"))
    }
}
