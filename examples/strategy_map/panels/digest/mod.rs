//! What the panels draw, gathered from the campaign some times a second instead of in each frame.
//!
//! It is made anew at once where something else is selected, and where the clock stands; while time flies it is a quarter of a second
//! old at most.

mod lanes;
mod letters;
mod operation;
mod sides;
mod village;
mod votes;

pub(super) use lanes::{Lane, LaneState};
pub(super) use letters::{Letter, Tone};
pub(super) use operation::{Ballot, Basis, OperationCard};
pub(super) use sides::{SideCard, Tie};
pub(super) use village::{Coming, Known, VillageCard};
pub(super) use votes::{Count, Head, State};

use crate::pace::Pace;
use crate::watch::{Tab, Watch};
use bevy::prelude::*;
use bevy_alliance::base::clock::{GameClock, GameTime};
use bevy_alliance::base::id::{AllianceId, ProposalId, SiteId};
use votes::Votes;

/// Seconds between two digests while time flies.
const PERIOD: f64 = 0.25;
/// Seconds between two looks at the alliances, which are dear.
const PERIOD_OF_SIDES: f64 = 1.0;
/// How much of the frame time that is shown is that of the latest frame.
const NEW_FRAME: f64 = 0.05;

/// What the digest was made for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Chosen {
    side: Option<AllianceId>,
    alliance: Option<AllianceId>,
    operation: Option<ProposalId>,
    site: Option<SiteId>,
    tab: Tab,
    truth: bool,
}

/// What the panels draw.
#[derive(Resource, Default)]
pub(super) struct Digest {
    chosen: Option<Chosen>,
    of: GameTime,
    made: f64,
    sides_made: f64,
    /// Alliances that deliberate or did.
    pub(super) sides: Vec<SideCard>,
    /// Votes and operations of those who may be seen.
    pub(super) votes: Votes,
    /// The selected operation.
    pub(super) operation: Option<OperationCard>,
    /// The selected village.
    pub(super) village: Option<VillageCard>,
    /// What the selected alliance says.
    pub(super) letters: Vec<Letter>,
    /// Milliseconds that a frame takes, in the mean of late.
    pub(super) frame_ms: f64,
}

/// Makes the digest anew where that is due.
pub(super) fn refresh(world: &mut World, wall: f64, frame_secs: f64) {
    let watch = world.resource::<Watch>();
    let chosen = Chosen {
        side: watch.side,
        alliance: watch.alliance,
        operation: watch.operation,
        site: watch.site,
        tab: watch.tab,
        truth: watch.truth,
    };
    let now = world.resource::<GameClock>().now();
    let stands = !world.resource::<Pace>().runs();
    let mut digest = world.resource_mut::<Digest>();
    let frame_ms = frame_secs * 1_000.0;
    let share = if digest.frame_ms > 0.0 { NEW_FRAME } else { 1.0 };
    digest.frame_ms += (frame_ms - digest.frame_ms) * share;
    let (first, moved) = (digest.chosen.is_none(), digest.of != now);
    // Facts come in while the clock stands too: of what a person asks for.
    let is_old = wall - digest.made >= PERIOD;
    let due = digest.chosen != Some(chosen) || is_old || moved && stands;
    if !due {
        return;
    }
    let sides_due = first || wall - digest.sides_made >= PERIOD_OF_SIDES || moved && stands;
    digest.chosen = Some(chosen);
    (digest.of, digest.made) = (now, wall);
    if sides_due {
        digest.sides_made = wall;
        let before = core::mem::take(&mut digest.sides);
        let sides = sides::gather(world, before);
        world.resource_mut::<Digest>().sides = sides;
    }
    let votes = votes::gather(world);
    let operation = chosen.operation.and_then(|id| operation::gather(world, id));
    let village = chosen.site.and_then(|site| village::gather(world, site));
    let letters = letters::gather(world);
    let mut digest = world.resource_mut::<Digest>();
    (digest.votes, digest.operation, digest.village, digest.letters) = (votes, operation, village, letters);
}
