//! Attack patterns of the command line.

use bevy::prelude::App;
use bevy_alliance::base::ruleset::Capabilities;
use bevy_alliance::decision::planning::{Library, Pattern};
use std::fmt::Display;
use std::path::PathBuf;

/// Adds patterns from JSON files before the start; one that the ruleset cannot carry is refused by name. Returns what is worth a
/// note: which of them took the place of another.
pub(crate) fn add_patterns(
    files: &[PathBuf],
    capabilities: Capabilities,
    app: &mut App,
) -> Result<Vec<String>, String> {
    let mut notes = Vec::new();
    for path in files {
        let fault = |e: &dyn Display| format!("--pattern {}: {e}", path.display());
        let text = std::fs::read_to_string(path).map_err(|e| fault(&e))?;
        let pattern = Pattern::from_json(&text).map_err(|e| fault(&e))?;
        pattern.fits(capabilities).map_err(|e| fault(&e))?;
        if let Some(old) = app.world_mut().resource_mut::<Library>().add(pattern) {
            let old = old.name;
            notes.push(format!("--pattern {}: takes the place of the pattern `{old}` that was there", path.display()));
        }
    }
    Ok(notes)
}
