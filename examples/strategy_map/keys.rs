//! Keys of the keyboard, but those that move the camera.

use crate::pace::{Pace, SPEEDS};
use crate::watch::{GoTo, Watch};
use bevy::input::keyboard::{Key, KeyboardInput};
use bevy::prelude::*;
use bevy_alliance::edge::report::CampaignTally;
use bevy_egui::input::EguiWantsInput;

/// Keys and what they do, as the help lists them.
pub(crate) const KEYS: [(&str, &str); 13] = [
    ("Space", "pause, go on"),
    (".", "one hour"),
    ("N", "to the next event"),
    ("1 to 6", "go on: in real time, to 100,000 times as fast"),
    ("Drag, arrows, W A S D", "move"),
    ("Wheel, + and -", "zoom"),
    ("Home", "the whole world"),
    ("F", "to what is selected"),
    ("Tab", "through the eyes of the next alliance, and of all"),
    ("T, M, O, B, L", "territory, marches, operations, battles, labels"),
    ("G", "legend"),
    ("Escape", "select nothing"),
    ("?", "this help"),
];

pub(crate) fn plug(app: &mut App) {
    app.add_systems(Update, (press_time, press_view));
}

fn press_time(
    keys: Res<ButtonInput<KeyCode>>,
    egui: Res<EguiWantsInput>,
    mut pace: ResMut<Pace>,
    clock: Res<bevy_alliance::base::clock::GameClock>,
) {
    if egui.wants_any_keyboard_input() {
        return;
    }
    if keys.just_pressed(KeyCode::Space) {
        if pace.runs() { pace.pause() } else { pace.paused = false }
    }
    if keys.just_pressed(KeyCode::Period) {
        pace.step(clock.now());
    }
    if keys.just_pressed(KeyCode::KeyN) {
        pace.to_event = true;
    }
    let digits = [KeyCode::Digit1, KeyCode::Digit2, KeyCode::Digit3, KeyCode::Digit4, KeyCode::Digit5, KeyCode::Digit6];
    for (speed, _) in digits.iter().enumerate().take(SPEEDS.len()).filter(|(_, key)| keys.just_pressed(**key)) {
        (pace.speed, pace.paused) = (speed, false);
    }
}

fn press_view(
    mut written: MessageReader<KeyboardInput>,
    keys: Res<ButtonInput<KeyCode>>,
    egui: Res<EguiWantsInput>,
    mut watch: ResMut<Watch>,
    tally: Res<CampaignTally>,
) {
    if egui.wants_any_keyboard_input() {
        return;
    }
    // Where this sign stands depends on the keyboard.
    let asks = |input: &&KeyboardInput| input.state.is_pressed() && input.logical_key == Key::Character("?".into());
    if written.read().filter(asks).count() % 2 == 1 {
        watch.help = !watch.help;
    }
    for key in keys.get_just_pressed() {
        match key {
            KeyCode::F1 => watch.help = !watch.help,
            KeyCode::Home => watch.go_to = Some(GoTo::World),
            KeyCode::KeyF => {
                if let Some(operation) = watch.operation {
                    watch.go_to = Some(GoTo::Operation(operation));
                }
            }
            KeyCode::Tab => {
                watch.side = next_side(&watch, &tally.directory.active);
                watch.alliance = watch.side.or(watch.alliance);
            }
            KeyCode::KeyT => watch.layers.territory = !watch.layers.territory,
            KeyCode::KeyM => watch.layers.marches = !watch.layers.marches,
            KeyCode::KeyO => watch.layers.operations = !watch.layers.operations,
            KeyCode::KeyB => watch.layers.battles = !watch.layers.battles,
            KeyCode::KeyL => watch.layers.labels = !watch.layers.labels,
            KeyCode::KeyG => watch.layers.legend = !watch.layers.legend,
            KeyCode::Escape => {
                watch.operation = None;
                watch.site = None;
                watch.help = false;
            }
            _ => {}
        }
    }
}

/// The alliance after the one whose eyes are used; after the last nobody's: all is seen. A person keeps to its own.
fn next_side(
    watch: &Watch,
    active: &[bevy_alliance::base::id::AllianceId],
) -> Option<bevy_alliance::base::id::AllianceId> {
    match watch.side {
        side if watch.person.is_some() => side,
        None => active.first().copied(),
        Some(side) => active.iter().find(|other| **other > side).copied(),
    }
}
