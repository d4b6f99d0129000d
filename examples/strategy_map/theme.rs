//! Colors and sizes: a dark theme in which alliances can be told apart by who sees few colors.

use bevy_alliance::base::id::AllianceId;
use bevy_alliance::edge::report::Directory;
use bevy_egui::egui::{self, Color32};

/// Colors of the alliances that deliberate, in their order: after Okabe and Ito, and Tol's `bright` and `light` schemes, chosen so that
/// neighbours in the list differ in lightness too. From the thirteenth on they come again, darker.
pub(crate) const ALLIANCES: [Color32; 12] = [
    Color32::from_rgb(0x56, 0xB4, 0xE9), // sky blue
    Color32::from_rgb(0xE6, 0x9F, 0x00), // orange
    Color32::from_rgb(0x00, 0x9E, 0x73), // bluish green
    Color32::from_rgb(0xF0, 0xE4, 0x42), // yellow
    Color32::from_rgb(0xCC, 0x79, 0xA7), // reddish purple
    Color32::from_rgb(0xD5, 0x5E, 0x00), // vermilion
    Color32::from_rgb(0xB8, 0xE0, 0xF5), // pale blue
    Color32::from_rgb(0x7C, 0x6F, 0xE0), // violet
    Color32::from_rgb(0xBB, 0xCC, 0x33), // pear
    Color32::from_rgb(0xFF, 0xAA, 0xBB), // pink
    Color32::from_rgb(0x3B, 0x7D, 0xD8), // blue
    Color32::from_rgb(0x99, 0x77, 0x55), // brown
];

/// Villages of those who do not deliberate.
pub(crate) const OTHERS: Color32 = Color32::from_rgb(0x6B, 0x74, 0x82);
/// The ground.
pub(crate) const GROUND: Color32 = Color32::from_rgb(0x0E, 0x12, 0x18);
/// Panels.
pub(crate) const PANEL: Color32 = Color32::from_rgb(0x15, 0x1A, 0x22);
/// Rows and wells in panels.
pub(crate) const WELL: Color32 = Color32::from_rgb(0x1D, 0x24, 0x2E);
/// Lines between parts.
pub(crate) const EDGE: Color32 = Color32::from_rgb(0x2C, 0x35, 0x42);
/// Text.
pub(crate) const TEXT: Color32 = Color32::from_rgb(0xDD, 0xE3, 0xEA);
/// Text that matters less.
pub(crate) const FAINT: Color32 = Color32::from_rgb(0x8D, 0x99, 0xA8);
/// Names of villages on the map.
pub(crate) const LABEL: Color32 = Color32::from_rgb(0xC3, 0xCC, 0xD6);
/// What is selected.
pub(crate) const ACCENT: Color32 = Color32::from_rgb(0xFF, 0xFF, 0xFF);
/// What goes well; never the only sign of it.
pub(crate) const GOOD: Color32 = Color32::from_rgb(0x4F, 0xC3, 0xA1);
/// What goes badly; never the only sign of it.
pub(crate) const BAD: Color32 = Color32::from_rgb(0xFF, 0x7A, 0x59);
/// What needs a look.
pub(crate) const WARN: Color32 = Color32::from_rgb(0xFF, 0xC8, 0x57);

/// Goods on their way.
pub(crate) const GOODS: Color32 = Color32::from_rgb(0xD9, 0xB3, 0x8C);
/// The line between those who are at war.
pub(crate) const FRONT: Color32 = Color32::from_rgb(0xFF, 0x4D, 0x3D);

/// The color of the n-th alliance that deliberates.
pub(crate) fn alliance(n: usize) -> Color32 {
    let color = ALLIANCES[n % ALLIANCES.len()];
    let darker = 0.75_f32.powi(i32::try_from(n / ALLIANCES.len()).unwrap_or(0));
    color.gamma_multiply(darker).to_opaque()
}

/// A color that stands off from land of the same color.
pub(crate) fn bright(color: Color32) -> Color32 {
    color.lerp_to_gamma(Color32::WHITE, 0.38)
}

/// Sets the looks of all panels.
pub(crate) fn apply(ctx: &egui::Context) {
    let mut visuals = egui::Visuals::dark();
    visuals.panel_fill = PANEL;
    visuals.window_fill = PANEL;
    visuals.extreme_bg_color = GROUND;
    visuals.faint_bg_color = WELL;
    visuals.override_text_color = Some(TEXT);
    visuals.window_stroke = egui::Stroke::new(1.0, EDGE);
    visuals.widgets.noninteractive.bg_stroke = egui::Stroke::new(1.0, EDGE);
    visuals.widgets.inactive.weak_bg_fill = WELL;
    visuals.widgets.inactive.bg_fill = WELL;
    visuals.selection.bg_fill = Color32::from_rgb(0x2F, 0x5D, 0x8A);
    visuals.selection.stroke = egui::Stroke::new(1.0, ACCENT);
    ctx.set_visuals(visuals);
    // Notes of egui for who writes panels; this is for who looks at them.
    #[cfg(debug_assertions)]
    ctx.all_styles_mut(|style| style.debug.show_unaligned = false);
}

/// The color of an alliance: its own if it deliberates, else that of all others.
pub(crate) fn of(names: &Directory, alliance: Option<AllianceId>) -> Color32 {
    let place = alliance.and_then(|alliance| names.active.binary_search(&alliance).ok());
    place.map_or(OTHERS, self::alliance)
}
