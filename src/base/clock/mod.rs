//! The campaign's time: a clock that jumps from one due instant to the next, the agenda of what is due, and the
//! private schedule that runs once per instant.
//!
//! Nothing here polls. A host update moves the clock by its share of game time and runs [`Campaign`] once for each
//! instant on which something is due, so a quiet hour costs nothing and the frame rate of the host cannot change
//! what happens or when.

mod agenda;
mod decay;
mod host;
mod saved;
mod time;

pub use agenda::{Agenda, DueEntry};
pub use decay::Decayed;
pub use host::{
    Campaign, CampaignAppExt, CampaignSystems, ClockHolds, ClockPlugin, DueBatch, DueKind, DueKinds, HostSystems,
    Mechanics, PassScratch, PassStats, SetMask,
};
pub use time::{ClockMode, GameClock, GameSpan, GameTime};
