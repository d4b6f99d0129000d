//! Attack patterns of the command line.

use bevy_alliance::base::ruleset::Capabilities;
use bevy_alliance::decision::planning::{Library, Pattern};
use std::fmt::Display;
use std::path::PathBuf;

/// Patterns with the files that they came from.
#[derive(Default)]
pub(crate) struct AddedPatterns(Vec<(PathBuf, Pattern)>);

impl AddedPatterns {
    /// Reads patterns from JSON files; one that the ruleset cannot carry is refused by name.
    pub(crate) fn read(files: &[PathBuf], capabilities: Capabilities) -> Result<Self, String> {
        let read = |path: &PathBuf| {
            let fault = |e: &dyn Display| format!("--pattern {}: {e}", path.display());
            let text = std::fs::read_to_string(path).map_err(|e| fault(&e))?;
            let pattern = Pattern::from_json(&text).map_err(|e| fault(&e))?;
            pattern.fits(capabilities).map_err(|e| fault(&e))?;
            Ok((path.clone(), pattern))
        };
        files.iter().map(read).collect::<Result<_, String>>().map(Self)
    }

    /// Adds them before the start. Returns what is worth a note: which of them took the place of another.
    pub(crate) fn add_to(&self, library: &mut Library) -> Vec<String> {
        let add = |(path, pattern): &(PathBuf, Pattern)| {
            let old = library.add(pattern.clone())?.name;
            Some(format!("--pattern {}: takes the place of the pattern `{old}` that was there", path.display()))
        };
        self.0.iter().filter_map(add).collect()
    }
}
