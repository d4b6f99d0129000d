//! What the pointer is at: the village under it, and a click that selects it.

use super::places::Places;
use super::{Lens, MapSystems};
use crate::panels::FreeArea;
use crate::watch::Watch;
use bevy::prelude::*;
use bevy_alliance::base::geometry::{SiteGrid, Tile};
use bevy_alliance::base::id::SiteId;
use bevy_egui::egui::Pos2;
use bevy_egui::input::EguiWantsInput;

/// Points around the pointer in which a village is found.
const REACH: f32 = 14.0;
/// A press that moves farther than so many points is no click.
const STILL: f32 = 5.0;

pub(super) fn plug(app: &mut App) {
    app.add_systems(Update, (hover, click).chain().after(MapSystems::Look));
}

/// Where the pointer is on the screen, in points.
fn pointer(windows: &Query<&Window>, lens: &Lens) -> Option<Pos2> {
    let pixels = windows.iter().find_map(Window::physical_cursor_position)?;
    Some(Pos2::new(pixels.x / lens.points, pixels.y / lens.points))
}

/// Whether a point is on the map: panels know of windows that float over it, and where the map ends is known here.
pub(super) fn is_free(at: Pos2, egui: &EguiWantsInput, area: &FreeArea) -> bool {
    !egui.wants_any_pointer_input() && (area.0.contains(at) || !area.0.is_positive())
}

fn hover(
    windows: Query<&Window>,
    (lens, grid, egui, area): (Res<Lens>, Res<SiteGrid>, Res<EguiWantsInput>, Res<FreeArea>),
    places: Places,
    mut watch: ResMut<Watch>,
) {
    let at = pointer(&windows, &lens).filter(|at| is_free(*at, &egui, &area));
    let found = at.and_then(|at| nearest(at, &lens, &grid, &places));
    if watch.hovered != found {
        watch.hovered = found;
    }
}

/// The village nearest to a point of the screen.
fn nearest(at: Pos2, lens: &Lens, grid: &SiteGrid, places: &Places) -> Option<SiteId> {
    let torus = places.torus();
    let world = super::near(torus, Vec2::ZERO, lens.to_world(at));
    #[expect(clippy::cast_possible_truncation, reason = "a tile of the map")]
    let tile = torus.shifted(Tile::new(0, 0), world.x.round() as i32, world.y.round() as i32);
    let reach = (REACH / lens.points_per_tile()).clamp(0.6, 8.0);
    let mut best: Option<(f32, SiteId)> = None;
    #[expect(clippy::cast_possible_truncation, reason = "at most 9 tiles")]
    let radius = reach.ceil() as i32;
    grid.for_each_within(tile, radius, |entry| {
        if let Some(place) = places.of(entry.site) {
            let far = super::near(torus, world, place).distance(world);
            if far <= reach && best.is_none_or(|(near, site)| (far, entry.site) < (near, site)) {
                best = Some((far, entry.site));
            }
        }
    });
    best.map(|(_, site)| site)
}

fn click(
    windows: Query<&Window>,
    (lens, egui, area, buttons): (Res<Lens>, Res<EguiWantsInput>, Res<FreeArea>, Res<ButtonInput<MouseButton>>),
    mut watch: ResMut<Watch>,
    mut pressed: Local<Option<Pos2>>,
) {
    let at = pointer(&windows, &lens);
    if buttons.just_pressed(MouseButton::Left) {
        *pressed = at.filter(|at| is_free(*at, &egui, &area));
    }
    if buttons.just_released(MouseButton::Left)
        && let Some((from, to)) = pressed.take().zip(at)
        && from.distance(to) <= STILL
    {
        watch.site = watch.hovered;
    }
}
