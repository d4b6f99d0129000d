//! Running a campaign to an instant.

use bevy::prelude::App;
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime};

/// Runs the campaign until `end`, in host updates of `step`.
pub(crate) fn run_until(app: &mut App, end: GameTime, step: GameSpan) {
    loop {
        let mut clock = app.world_mut().resource_mut::<GameClock>();
        let (now, goal) = (clock.now(), clock.goal());
        if now >= end {
            return;
        }
        if now == goal {
            clock.advance(step.min(end - now));
        }
        app.update();
    }
}
