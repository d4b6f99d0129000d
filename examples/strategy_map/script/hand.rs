//! The script's hand: pointer, buttons, wheel and keys, told to everybody in the same messages in which a window tells of a person's.

use super::keys::Stroke;
use crate::map::Lens;
use bevy::input::ButtonState;
use bevy::input::keyboard::{Key, KeyboardInput};
use bevy::input::mouse::{MouseButton, MouseButtonInput, MouseMotion, MouseScrollUnit, MouseWheel};
use bevy::input::touch::TouchPhase;
use bevy::prelude::*;
use bevy::window::{CursorMoved, PrimaryWindow, WindowEvent};

/// What the hand does within a frame.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Motion {
    /// Points at a place of the window, in points of the panels.
    Point(Vec2),
    /// The left button goes down, or up.
    Button(bool),
    /// Turns the wheel by so many lines.
    Wheel(f32),
    /// A key goes down, or up.
    Key(Stroke, bool),
}

/// Moves the hand.
///
/// # Errors
/// There is no window.
pub(super) fn act(world: &mut World, motion: &Motion) -> Result<(), String> {
    let window = world.query_filtered::<Entity, With<PrimaryWindow>>().single(world);
    let window = window.map_err(|_| "there is no window".to_owned())?;
    match motion {
        Motion::Point(at) => point(world, window, *at),
        Motion::Button(down) => {
            tell(world, MouseButtonInput { button: MouseButton::Left, state: state(*down), window });
        }
        Motion::Wheel(lines) => {
            let (unit, phase) = (MouseScrollUnit::Line, TouchPhase::Moved);
            tell(world, MouseWheel { unit, x: 0.0, y: *lines, window, phase });
        }
        Motion::Key(stroke, down) => {
            let text = if let (Key::Character(text), true) = (&stroke.key, *down) { Some(text.clone()) } else { None };
            let (key_code, logical_key) = (stroke.code, stroke.key.clone());
            tell(world, KeyboardInput { key_code, logical_key, state: state(*down), text, repeat: false, window });
        }
    }
    Ok(())
}

fn state(down: bool) -> ButtonState {
    if down { ButtonState::Pressed } else { ButtonState::Released }
}

fn point(world: &mut World, entity: Entity, at: Vec2) {
    let points = world.resource::<Lens>().points;
    let Some(mut window) = world.get_mut::<Window>(entity) else { return };
    // Whole pixels: a pointer is put nowhere else.
    let pixel = (at * points).round();
    let before = window.physical_cursor_position();
    window.set_physical_cursor_position(Some(pixel.as_dvec2()));
    let scale = window.scale_factor();
    let delta = before.map(|before| (pixel - before) / scale);
    tell(world, CursorMoved { window: entity, position: pixel / scale, delta });
    if let Some(delta) = delta {
        tell(world, MouseMotion { delta });
    }
}

/// Tells it as itself and as something that happened to a window.
fn tell<M: Message + Clone + Into<WindowEvent>>(world: &mut World, message: M) {
    world.write_message::<WindowEvent>(message.clone().into());
    world.write_message(message);
}
