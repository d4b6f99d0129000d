//! Keys by name.

use bevy::input::keyboard::{Key, KeyCode, NativeKeyCode};

/// A key as it is struck: where it is on the keyboard, and what it means.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Stroke {
    pub(super) code: KeyCode,
    pub(super) key: Key,
}

/// Keys that have a name of more than one letter.
const NAMED: [(&str, KeyCode, Key); 17] = [
    ("space", KeyCode::Space, Key::Space),
    ("escape", KeyCode::Escape, Key::Escape),
    ("enter", KeyCode::Enter, Key::Enter),
    ("tab", KeyCode::Tab, Key::Tab),
    ("backspace", KeyCode::Backspace, Key::Backspace),
    ("delete", KeyCode::Delete, Key::Delete),
    ("home", KeyCode::Home, Key::Home),
    ("end", KeyCode::End, Key::End),
    ("pageup", KeyCode::PageUp, Key::PageUp),
    ("pagedown", KeyCode::PageDown, Key::PageDown),
    ("left", KeyCode::ArrowLeft, Key::ArrowLeft),
    ("right", KeyCode::ArrowRight, Key::ArrowRight),
    ("up", KeyCode::ArrowUp, Key::ArrowUp),
    ("down", KeyCode::ArrowDown, Key::ArrowDown),
    ("shift", KeyCode::ShiftLeft, Key::Shift),
    ("control", KeyCode::ControlLeft, Key::Control),
    ("f1", KeyCode::F1, Key::F1),
];

/// Keys that are called by what they write.
const WRITTEN: [(&str, KeyCode); 45] = [
    ("a", KeyCode::KeyA),
    ("b", KeyCode::KeyB),
    ("c", KeyCode::KeyC),
    ("d", KeyCode::KeyD),
    ("e", KeyCode::KeyE),
    ("f", KeyCode::KeyF),
    ("g", KeyCode::KeyG),
    ("h", KeyCode::KeyH),
    ("i", KeyCode::KeyI),
    ("j", KeyCode::KeyJ),
    ("k", KeyCode::KeyK),
    ("l", KeyCode::KeyL),
    ("m", KeyCode::KeyM),
    ("n", KeyCode::KeyN),
    ("o", KeyCode::KeyO),
    ("p", KeyCode::KeyP),
    ("q", KeyCode::KeyQ),
    ("r", KeyCode::KeyR),
    ("s", KeyCode::KeyS),
    ("t", KeyCode::KeyT),
    ("u", KeyCode::KeyU),
    ("v", KeyCode::KeyV),
    ("w", KeyCode::KeyW),
    ("x", KeyCode::KeyX),
    ("y", KeyCode::KeyY),
    ("z", KeyCode::KeyZ),
    ("0", KeyCode::Digit0),
    ("1", KeyCode::Digit1),
    ("2", KeyCode::Digit2),
    ("3", KeyCode::Digit3),
    ("4", KeyCode::Digit4),
    ("5", KeyCode::Digit5),
    ("6", KeyCode::Digit6),
    ("7", KeyCode::Digit7),
    ("8", KeyCode::Digit8),
    ("9", KeyCode::Digit9),
    ("+", KeyCode::Equal),
    ("=", KeyCode::Equal),
    ("-", KeyCode::Minus),
    (",", KeyCode::Comma),
    (".", KeyCode::Period),
    ("/", KeyCode::Slash),
    ("?", KeyCode::Slash),
    ("[", KeyCode::BracketLeft),
    ("]", KeyCode::BracketRight),
];

impl Stroke {
    /// The key with this name.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        let small = name.to_lowercase();
        let named =
            NAMED.iter().find(|(n, ..)| *n == small).map(|(_, code, key)| Self { code: *code, key: key.clone() });
        let written = || WRITTEN.iter().find(|(n, _)| *n == small).map(|(n, code)| Self::writing(n, *code));
        named.or_else(written).ok_or_else(|| {
            let names: Vec<&str> = NAMED.iter().map(|(n, ..)| *n).chain(WRITTEN.iter().map(|(n, _)| *n)).collect();
            format!("`{name}` is no key that is known here; expected one of: {}", names.join(" "))
        })
    }

    /// Whatever key writes this letter.
    pub(super) fn of_letter(letter: char) -> Self {
        let text = letter.to_string();
        let code = WRITTEN.iter().find(|(n, _)| *n == text).map(|(_, code)| *code);
        if letter == ' ' {
            return Self { code: KeyCode::Space, key: Key::Space };
        }
        Self::writing(&text, code.unwrap_or(KeyCode::Unidentified(NativeKeyCode::Unidentified)))
    }

    fn writing(text: &str, code: KeyCode) -> Self {
        Self { code, key: Key::Character(text.into()) }
    }
}
