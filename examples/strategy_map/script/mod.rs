//! A script drives the map as a person would: it moves the pointer, presses buttons and keys, lets game time pass, takes pictures, and
//! says what should be true by then. Each command takes the frames that a person's hand would take.
//!
//! One command a line; `#` begins a comment:
//!
//! ```text
//! hours H                        game time passes; ends early when a decision is owed
//! until HOURS yes|no|later STATE game time passes until STATE is so; what is owed on the way is answered so
//! wait FRAMES
//! press SPOT                     a button by its name: what is shown is listed where there is none of that name
//! click X Y, move X Y, drag X Y X2 Y2, scroll X Y LINES
//! key NAME [FRAMES], type WORDS
//! select operation largest|open|ID, select village known|ID|X|Y
//! side NAME|ID|none
//! shot FILE.png
//! expect STATE [AT LEAST]        ends with code 1 if it is not so: `expect.rs` lists the states
//! quit
//! ```
//!
//! What is *not* here: anything that only a script could do. Pointer and keys go through the same messages that the window sends;
//! selecting, choosing a side and letting time pass set what the panels set.

mod choose;
mod expect;
mod hand;
mod keys;
mod parse;
mod run;

use bevy::app::{App, First, Plugin};
use bevy::ecs::message::MessageUpdateSystems;
use bevy::prelude::*;
use expect::Expectation;
use keys::Stroke;
use std::path::{Path, PathBuf};

/// What a line of a script says.
#[derive(Clone, PartialEq, Debug)]
enum Command {
    /// Game time passes, until a decision is owed.
    Hours(f64),
    /// Game time passes until this is true, for so many hours at most; what is owed until then is answered so.
    Until(f64, Answer, Expectation),
    Wait(u32),
    Press(String),
    Click(Vec2),
    Move(Vec2),
    Drag(Vec2, Vec2),
    Scroll(Vec2, f32),
    /// A key, held for so many frames.
    Key(Stroke, u32),
    Type(String),
    SelectOperation(String),
    SelectVillage(String),
    /// Whose eyes; `None`: a spectator's.
    Side(Option<String>),
    Shot(PathBuf),
    Expect(Expectation),
    Quit,
}

/// How decisions are answered that are owed while a script waits for something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    Yes,
    No,
    Later,
}

impl Command {
    /// Whether it needs a window: pointer and keys reach nobody without one.
    fn needs_window(&self) -> bool {
        matches!(
            self,
            Self::Press(_)
                | Self::Until(..)
                | Self::Click(_)
                | Self::Move(_)
                | Self::Drag(..)
                | Self::Scroll(..)
                | Self::Key(..)
                | Self::Type(_)
        )
    }
}

/// A script that has been read.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Script {
    path: PathBuf,
    /// With the number of the line, counted from 1.
    commands: Vec<(usize, Command)>,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// Names the file, the line, and what was expected there.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("script {}: {e}", path.display()))?;
        Ok(Self { path: path.to_owned(), commands: parse::parse(path, &text)? })
    }

    /// Whether it can run without a window.
    ///
    /// # Errors
    /// Names the first line that cannot.
    pub(crate) fn check_offscreen(&self) -> Result<(), String> {
        match self.commands.iter().find(|(_, command)| command.needs_window()) {
            None => Ok(()),
            Some((line, _)) => Err(format!(
                "script {}, line {line}: pointer and keys need a window; without one a script can say hours, wait, select, side, \
                 shot, expect and quit",
                self.path.display()
            )),
        }
    }
}

impl Script {
    /// The same script, which ends the app when all is done: without a window nobody else can.
    pub(crate) fn and_quit(mut self) -> Self {
        let line = self.commands.last().map_or(1, |(line, _)| *line);
        self.commands.push((line, Command::Quit));
        self
    }
}

/// Runs a script from the first frame on.
pub(crate) struct ScriptPlugin(pub(crate) Script);

impl Plugin for ScriptPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(run::Run::new(self.0.clone())).add_systems(First, run::run.after(MessageUpdateSystems));
    }
}
