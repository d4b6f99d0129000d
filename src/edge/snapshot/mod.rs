//! Save, load and replay.
//!
//! A [`Snapshot`] is a copy of the registered state. Taking it only clones, so the game hardly notices; sorting,
//! encoding and writing may run on another thread. Loading decodes everything before it changes anything: a save that
//! is damaged, or was made by another game, is refused with a [`LoadError`] and leaves the app as it is.
//!
//! A game's own components join with [`register_state`](crate::base::state::StateAppExt::register_state) and a
//! [`StableId::Game`] on their entities:
//!
//! ```
//! use bevy::prelude::*;
//! use bevy_alliance::base::clock::GameSpan;
//! use bevy_alliance::base::contract::ScenarioAppExt;
//! use bevy_alliance::base::id::StableId;
//! use bevy_alliance::base::state::{StateAppExt, state_hash};
//! use bevy_alliance::edge::snapshot::SnapshotExt;
//! use bevy_alliance::edge::test_app::{TestApp, small_world};
//! use serde::{Deserialize, Serialize};
//!
//! /// Where the game's hero stands.
//! #[derive(Component, Clone, PartialEq, Debug, Serialize, Deserialize)]
//! struct Hero { x: i16, y: i16 }
//!
//! fn game() -> TestApp {
//!     TestApp::unstarted(|app| {
//!         app.register_state::<Hero>("hero");
//!     })
//! }
//!
//! let mut app = game();
//! app.app.start_campaign(&small_world(7, 60)).unwrap();
//! app.app.world_mut().spawn((StableId::Game(1, 1), Hero { x: 3, y: 4 }));
//! app.run(GameSpan::hours(6));
//! let save = app.app.save_campaign().encode().unwrap();
//!
//! let mut loaded = game();
//! loaded.app.load_campaign(&save).unwrap();
//! assert_eq!(loaded.hash(), app.hash());
//! let world = loaded.app.world_mut();
//! assert_eq!(world.query::<&Hero>().single(world).unwrap(), &Hero { x: 3, y: 4 });
//! ```
//!
//! What is *not* saved: [`Limits`](crate::base::limits::Limits), the clock's mode, pause and turn, and the counters of
//! passes, which are the host's; outward facts and what was counted of them; requests that no update has seen yet; and
//! whatever follows from the state, which
//! [`add_state_rebuilder`](crate::base::state::StateAppExt::add_state_rebuilder) builds anew.

mod envelope;
mod error;
mod file;
mod load;
mod recording;

pub use error::{LoadError, SaveError, SaveFileError};
pub use file::{Disk, RealDisk, SaveStep, read_save, write_atomically, write_atomically_on};
pub use recording::{Recorder, Recording, ReplayError};

use crate::base::id::StableId;
use crate::base::state::{ENTITIES, StateCopy, StateRegistry};
use bevy::prelude::*;
use core::fmt;
use envelope::{Section, seal, write_section};

/// The most bytes that are taken for a save or a recording: 256 MiB, twenty times a large world.
pub const MAX_SAVE_BYTES: u64 = 256 << 20;

/// The version of the layout of saves. It changes with the layout, never with the game that registers state.
pub const SAVE_VERSION: u32 = 1;

const SAVE_MAGIC: [u8; 8] = *b"BVALSAVE";

/// A copy of a campaign's state at one instant. It belongs to no world, so any thread may encode it.
pub struct Snapshot {
    entities: Vec<StableId>,
    sections: Vec<(&'static str, Box<dyn StateCopy>)>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.sections.iter().map(|(name, _)| name).collect();
        f.debug_struct("Snapshot").field("entities", &self.entities.len()).field("sections", &names).finish()
    }
}

impl Snapshot {
    /// Copies the registered state of a world. Call it between two updates, or from a system of the host's schedule.
    #[must_use]
    pub fn take(world: &mut World) -> Self {
        let entities = world.query::<&StableId>().iter(world).copied().collect();
        let registrations = StateRegistry::all(world);
        let sections = registrations.into_iter().map(|(name, r)| (name, r.copy(world))).collect();
        Self { entities, sections }
    }

    /// The save: sections in the order of their names, and a checksum over all of it.
    ///
    /// # Errors
    /// [`SaveError::Encode`] with the name of what the format cannot hold; [`SaveError::Duplicate`] for two entities
    /// with one id; [`SaveError::TooLarge`].
    pub fn encode(&self) -> Result<Vec<u8>, SaveError> {
        let mut ids = self.entities.clone();
        ids.sort_unstable();
        if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(SaveError::Duplicate { id: pair[0] });
        }
        let mut sections: Vec<(&str, Option<&dyn StateCopy>)> =
            self.sections.iter().map(|(name, copy)| (*name, Some(copy.as_ref()))).collect();
        sections.push((ENTITIES, None));
        sections.sort_unstable_by_key(|(name, _)| *name);
        let (mut body, mut payload) = (Vec::new(), Vec::new());
        for (name, copy) in sections {
            payload.clear();
            let rows = match copy {
                Some(copy) => copy.encode(&mut payload),
                None => encode_ids(&ids, &mut payload),
            };
            let rows = rows.map_err(|error| SaveError::Encode { section: name.to_owned(), error })?;
            write_section(&Section { name, rows, payload: &payload }, &mut body);
        }
        seal(SAVE_MAGIC, SAVE_VERSION, &body)
    }
}

fn encode_ids(ids: &[StableId], out: &mut Vec<u8>) -> Result<u64, postcard::Error> {
    for id in ids {
        *out = postcard::to_extend(id, core::mem::take(out))?;
    }
    Ok(ids.len() as u64)
}

/// Saving and loading the campaign of an [`App`], or of a [`World`] for games that run already: there call it from an
/// exclusive system of the host's schedules, never from one of [`Campaign`](crate::base::clock::Campaign).
pub trait SnapshotExt {
    /// Copies the state of the campaign; encode and write it when and where you like.
    fn save_campaign(&mut self) -> Snapshot;

    /// Replaces the running campaign, if there is one, by the saved one. The app must have registered the same state as
    /// the one that saved, so: the same plugins, before this call.
    ///
    /// All entities with a [`StableId`] go and come anew. The clock's mode, its pause and its turn, and
    /// [`Limits`](crate::base::limits::Limits), stay as they are in this app. Requests that no update has seen yet go to
    /// the loaded campaign.
    ///
    /// # Errors
    /// [`LoadError`], and nothing was changed.
    fn load_campaign(&mut self, save: &[u8]) -> Result<(), LoadError>;
}

impl SnapshotExt for World {
    fn save_campaign(&mut self) -> Snapshot {
        Snapshot::take(self)
    }

    fn load_campaign(&mut self, save: &[u8]) -> Result<(), LoadError> {
        load::load(self, save)
    }
}

impl SnapshotExt for App {
    fn save_campaign(&mut self) -> Snapshot {
        self.world_mut().save_campaign()
    }

    fn load_campaign(&mut self, save: &[u8]) -> Result<(), LoadError> {
        self.world_mut().load_campaign(save)
    }
}
