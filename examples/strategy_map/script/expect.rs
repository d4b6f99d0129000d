//! What a script says should be true: a small set of states, each read from what the campaign told or from what is selected.

use crate::map::MapCamera;
use crate::pace::Pace;
use crate::panels::Spots;
use crate::play::Seat;
use crate::watch::Watch;
use bevy::prelude::*;
use bevy_alliance::base::clock::GameClock;

/// Something that should be true.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// The camera shows another width of the world than when that was last asked.
    ZoomChanged,
    /// The camera looks elsewhere than when that was last asked.
    CameraMoved,
    /// The person voted, at least so often.
    Voted,
    Proposed,
    Answered,
    Recalled,
    /// Troops of the person are under way that can be called back, and the button for it is shown.
    Recallable,
    /// Goods of the person left for the pool, or the pool answered it.
    Dealt,
    Said,
    Refused,
    /// The clock stands still for a decision of the person.
    Owed,
    NothingOwed,
    SelectedVillage,
    SelectedOperation,
    SideChosen,
    Paused,
    Running,
    /// At least so many game hours have passed since the campaign began.
    Hour,
}

const STATES: [(&str, State); 18] = [
    ("zoom_changed", State::ZoomChanged),
    ("camera_moved", State::CameraMoved),
    ("voted", State::Voted),
    ("proposed", State::Proposed),
    ("answered", State::Answered),
    ("recalled", State::Recalled),
    ("recallable", State::Recallable),
    ("dealt", State::Dealt),
    ("said", State::Said),
    ("refused", State::Refused),
    ("owed", State::Owed),
    ("nothing_owed", State::NothingOwed),
    ("selected village", State::SelectedVillage),
    ("selected operation", State::SelectedOperation),
    ("side", State::SideChosen),
    ("paused", State::Paused),
    ("running", State::Running),
    ("hour", State::Hour),
];

/// A state, with how often or how much at least where that counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Expectation {
    state: State,
    least: u32,
}

impl Expectation {
    /// The expectation that these words name: a state, and a number if one is given.
    pub(super) fn named(words: &str) -> Result<Self, String> {
        let (name, least) = match words.rsplit_once(' ') {
            Some((name, number)) if number.parse::<u32>().is_ok() => (name.trim(), number.parse().unwrap_or(1)),
            _ => (words, 1),
        };
        let state = STATES.iter().find(|(n, _)| *n == name).map(|(_, state)| *state);
        state.map(|state| Self { state, least }).ok_or_else(|| {
            let names: Vec<&str> = STATES.iter().map(|(n, _)| *n).collect();
            format!("`{words}` is nothing that can be expected; expected one of: {}", names.join(", "))
        })
    }
}

/// Where the camera was when that was last asked: its middle, and tiles per pixel.
pub(super) type Seen = (Vec2, f32);

pub(super) fn camera(world: &mut World) -> Option<Seen> {
    world.query::<&MapCamera>().single(world).ok().map(|camera| (camera.center, camera.tiles_per_pixel))
}

/// Checks what is expected.
///
/// # Errors
/// Says what is so instead.
pub(super) fn check(world: &mut World, expected: Expectation, seen: &mut Option<Seen>) -> Result<(), String> {
    let Expectation { state, least } = expected;
    let name = STATES.iter().find(|(_, s)| *s == state).map_or("?", |(n, _)| *n);
    let is = |holds: bool, instead: String| if holds { Ok(()) } else { Err(format!("expected {name}: {instead}")) };
    let deeds = world.resource::<Seat>().deeds;
    let at_least = |n: u32, what: &str| is(n >= least, format!("{n} {what}, not {least}"));
    match state {
        State::ZoomChanged | State::CameraMoved => {
            let (before, now) = (*seen, camera(world));
            *seen = now;
            let Some(((from, wide), (to, now_wide))) = before.zip(now) else {
                return is(false, "no camera".to_owned());
            };
            if state == State::CameraMoved {
                return is(from.distance(to) > wide, format!("it looks at {to} as before"));
            }
            is((now_wide / wide - 1.0).abs() > 0.01, format!("{now_wide} tiles per pixel as before"))
        }
        State::Voted => at_least(deeds.votes, "votes of the person"),
        State::Proposed => at_least(deeds.proposals, "proposals of the person"),
        State::Answered => at_least(deeds.answers, "orders answered"),
        State::Recalled => at_least(deeds.recalls, "marches called back"),
        State::Recallable => {
            let shown = world.resource::<Spots>().get("recall_0").is_some();
            is(shown, "no button `recall_0` is shown".to_owned())
        }
        State::Dealt => at_least(deeds.dealings, "dealings with the pool"),
        State::Said => at_least(deeds.said, "messages of the person"),
        State::Refused => at_least(deeds.refused, "requests refused"),
        State::Owed => is(world.resource::<Seat>().holds_clock(), "nothing waits for the person".to_owned()),
        State::NothingOwed => {
            let owed = world.resource::<Pace>().owed.join("; ");
            is(owed.is_empty(), owed)
        }
        State::SelectedVillage => is(world.resource::<Watch>().site.is_some(), "none is".to_owned()),
        State::SelectedOperation => is(world.resource::<Watch>().operation.is_some(), "none is".to_owned()),
        State::SideChosen => is(world.resource::<Watch>().side.is_some(), "all sides are seen".to_owned()),
        State::Paused => is(!world.resource::<Pace>().runs(), "time passes".to_owned()),
        State::Running => is(world.resource::<Pace>().runs(), "time stands still".to_owned()),
        State::Hour => {
            let now = world.resource::<GameClock>().now();
            is(now.0 >= i64::from(least) * 3_600_000, format!("it is {now}"))
        }
    }
}
