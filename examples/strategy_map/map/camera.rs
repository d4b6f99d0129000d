//! The camera: pan by dragging, by arrows or by W, A, S and D; zoom to the pointer by the wheel, by plus and minus; it never leaves the
//! world, whose edges meet. [`Lens`] says where what is on the screen.

use super::places::Places;
use super::{MapSystems, side};
use crate::panels::FreeArea;
use crate::watch::{GoTo, Watch};
use bevy::ecs::system::SystemParam;
use bevy::input::mouse::{AccumulatedMouseMotion, AccumulatedMouseScroll, MouseScrollUnit};
use bevy::prelude::*;
use bevy_alliance::action::operations::Operation;
use bevy_alliance::base::geometry::Torus;
use bevy_alliance::base::id::{EntityIndex, ProposalId};
use bevy_alliance::decision::council::Proposal;
use bevy_alliance::edge::report::CampaignTally;
use bevy_egui::egui::{Pos2, Rect};
use bevy_egui::input::EguiWantsInput;

/// Physical pixels per tile at most.
const CLOSEST: f32 = 120.0;
/// Of what remains of the way, what is gone in a second, as a power of e.
const GLIDE: f32 = 9.0;

/// Frames at the beginning in which it is at once where it is asked to be: panels take their room in them.
const FIRST_FRAMES: u32 = 6;

/// The camera of the map.
#[derive(Component, Clone, Copy, Debug)]
pub(crate) struct MapCamera {
    /// What it looks at, in the middle of the part that no panel covers.
    pub(crate) center: Vec2,
    /// Tiles per physical pixel.
    pub(crate) tiles_per_pixel: f32,
    /// Where it glides to.
    aim: (Vec2, f32),
}

impl Default for MapCamera {
    fn default() -> Self {
        Self { center: Vec2::ZERO, tiles_per_pixel: 0.3, aim: (Vec2::ZERO, 0.3) }
    }
}

/// Where what is on the screen.
#[derive(Resource, Clone, Copy, Debug)]
pub(crate) struct Lens {
    /// The place in the middle of the screen.
    pub(crate) middle: Vec2,
    /// The place in the middle of the part that no panel covers.
    pub(crate) center: Vec2,
    /// Tiles per physical pixel.
    pub(crate) tiles_per_pixel: f32,
    /// The screen in physical pixels.
    pub(crate) size: Vec2,
    /// Physical pixels per point of the panels.
    pub(crate) points: f32,
}

impl Default for Lens {
    fn default() -> Self {
        Self {
            middle: Vec2::ZERO,
            center: Vec2::ZERO,
            tiles_per_pixel: 0.3,
            size: Vec2::new(1280.0, 720.0),
            points: 1.0,
        }
    }
}

impl Lens {
    /// Where a place is on the screen, in points.
    pub(crate) fn to_screen(self, at: Vec2) -> Pos2 {
        let pixels = (at - self.middle) / self.tiles_per_pixel;
        let from_corner = Vec2::new(self.size.x * 0.5 + pixels.x, self.size.y * 0.5 - pixels.y) / self.points;
        Pos2::new(from_corner.x, from_corner.y)
    }

    /// What place is at a point of the screen.
    pub(crate) fn to_world(self, at: Pos2) -> Vec2 {
        let pixels = Vec2::new(at.x * self.points - self.size.x * 0.5, self.size.y * 0.5 - at.y * self.points);
        self.middle + pixels * self.tiles_per_pixel
    }

    /// The copy of a place that is nearest to the middle of what is seen.
    pub(crate) fn nearest(self, torus: Torus, at: Vec2) -> Vec2 {
        super::near(torus, self.center, at)
    }

    /// Points per tile.
    pub(crate) fn points_per_tile(self) -> f32 {
        1.0 / (self.tiles_per_pixel * self.points)
    }

    /// The screen in points.
    pub(crate) fn screen(self) -> Rect {
        Rect::from_min_size(Pos2::ZERO, bevy_egui::egui::vec2(self.size.x, self.size.y) / self.points)
    }
}

pub(crate) fn spawn_camera(commands: &mut Commands) -> Entity {
    commands.spawn((Camera2d, MapCamera::default(), Name::new("map camera"))).id()
}

pub(super) fn plug(app: &mut App) {
    app.add_systems(Update, (obey, by_hand, glide, focus).chain().in_set(MapSystems::Look));
}

/// The free part of the screen in physical pixels, from the upper left corner.
fn free(area: &FreeArea, lens: &Lens) -> (Vec2, Vec2) {
    let area = if area.0.is_positive() { area.0 } else { lens.screen() };
    let size = Vec2::new(area.width(), area.height()) * lens.points;
    (Vec2::new(area.center().x, area.center().y) * lens.points, size)
}

/// Where the camera is asked to go.
fn obey(
    mut watch: ResMut<Watch>,
    mut camera: Single<&mut MapCamera>,
    (area, lens, torus): (Res<FreeArea>, Res<Lens>, Res<Torus>),
    subjects: Subjects,
    mut frames: Local<u32>,
) {
    // Panels have no room yet in the first frames, and the screen no size.
    *frames = frames.saturating_add(1);
    if *frames < FIRST_FRAMES / 2 {
        return;
    }
    let Some(go_to) = watch.go_to.take() else { return };
    let (_, size) = free(&area, &lens);
    let least = size.min_element().max(50.0);
    let whole = side(*torus) * 1.04 / least;
    camera.aim = match go_to {
        GoTo::World => (Vec2::ZERO, whole),
        GoTo::Place(at, tiles) => (super::place(at), tiles / least),
        GoTo::Operation(id) => {
            let places = subjects.places_of(id);
            let Some((middle, extent)) = around(*torus, &places) else { return };
            let fits = (extent / (size * 0.72).max(Vec2::splat(50.0))).max_element();
            (middle, fits.max(9.0 / least).min(whole))
        }
    };
}

/// What the camera can be asked to show.
#[derive(SystemParam)]
struct Subjects<'w, 's> {
    index: Res<'w, EntityIndex>,
    tally: Res<'w, CampaignTally>,
    places: Places<'w, 's>,
    proposals: Query<'w, 's, (&'static Proposal, Option<&'static Operation>)>,
}

impl Subjects<'_, '_> {
    /// All places that a proposal or an operation has to do with.
    fn places_of(&self, id: ProposalId) -> Vec<Vec2> {
        let mut of = Vec::new();
        if let Some(story) = self.tally.stories.get(&id) {
            of.extend(&story.targets);
            of.extend(story.rows.iter().flat_map(|row| [row.target, row.origin]));
        }
        match self.index.proposal(id).and_then(|entity| self.proposals.get(entity).ok()) {
            Some((_, Some(operation))) => of.extend(operation.groups.iter().flat_map(|g| [g.target, g.site])),
            Some((proposal, None)) => {
                of.extend(proposal.asked.keys().filter_map(|member| self.places.largest(*member)));
            }
            None => {}
        }
        of.iter().filter_map(|site| self.places.of(*site)).collect()
    }
}

/// The middle of some places and how far they reach, the shorter way around from the first.
fn around(torus: Torus, places: &[Vec2]) -> Option<(Vec2, Vec2)> {
    let first = *places.first()?;
    let (mut low, mut high) = (first, first);
    for at in places {
        let at = super::near(torus, first, *at);
        (low, high) = (low.min(at), high.max(at));
    }
    Some(((low + high) * 0.5, high - low))
}

/// The hand on the mouse and on the keys.
fn by_hand(
    mut camera: Single<&mut MapCamera>,
    (buttons, keys, motion, scroll, time): (
        Res<ButtonInput<MouseButton>>,
        Res<ButtonInput<KeyCode>>,
        Res<AccumulatedMouseMotion>,
        Res<AccumulatedMouseScroll>,
        Res<Time>,
    ),
    (lens, torus, area): (Res<Lens>, Res<Torus>, Res<FreeArea>),
    egui: Res<EguiWantsInput>,
    windows: Query<&Window>,
    mut held: Local<bool>,
    mut last: Local<Option<Vec2>>,
) {
    let cursor = windows.iter().find_map(Window::physical_cursor_position);
    let over_panel = cursor.is_some_and(|at| {
        let at = at / lens.points;
        !super::pick::is_free(Pos2::new(at.x, at.y), &egui, &area)
    });
    if buttons.any_just_pressed([MouseButton::Left, MouseButton::Middle]) {
        *held = !over_panel;
    }
    let dragged = match (cursor, *last) {
        (Some(now), Some(before)) => now - before,
        // Where the window does not tell, the mouse does.
        _ => motion.delta,
    };
    *last = cursor;
    if *held && buttons.any_pressed([MouseButton::Left, MouseButton::Middle]) && dragged != Vec2::ZERO {
        let moved = Vec2::new(-dragged.x, dragged.y) * camera.tiles_per_pixel;
        camera.aim.0 += moved;
        camera.center += moved;
    }
    if !egui.wants_any_keyboard_input() {
        let way = Vec2::new(
            axis(&keys, [KeyCode::ArrowRight, KeyCode::KeyD], [KeyCode::ArrowLeft, KeyCode::KeyA]),
            axis(&keys, [KeyCode::ArrowUp, KeyCode::KeyW], [KeyCode::ArrowDown, KeyCode::KeyS]),
        );
        let aim = camera.aim;
        camera.aim.0 += way * aim.1 * lens.size.y * 0.9 * time.delta_secs();
    }
    let lines = match scroll.unit {
        MouseScrollUnit::Line => scroll.delta.y,
        MouseScrollUnit::Pixel => scroll.delta.y / 50.0,
    };
    let keyed = if egui.wants_any_keyboard_input() {
        0.0
    } else {
        axis(&keys, [KeyCode::Equal, KeyCode::NumpadAdd], [KeyCode::Minus, KeyCode::NumpadSubtract])
            * time.delta_secs()
            * 6.0
    };
    let (middle, _) = free(&area, &lens);
    let (lines, pivot) = if lines != 0.0 && !over_panel { (lines, cursor.unwrap_or(middle)) } else { (keyed, middle) };
    if lines != 0.0 {
        let widest = side(*torus) * 1.6 / lens.size.min_element().max(50.0);
        let before = camera.aim.1;
        let after = (before * libm::powf(0.82, lines)).clamp(1.0 / CLOSEST, widest);
        let from_middle = Vec2::new(pivot.x - middle.x, middle.y - pivot.y);
        camera.aim.0 += from_middle * (before - after);
        camera.aim.1 = after;
    }
}

fn axis(keys: &ButtonInput<KeyCode>, more: [KeyCode; 2], less: [KeyCode; 2]) -> f32 {
    f32::from(u8::from(keys.any_pressed(more))) - f32::from(u8::from(keys.any_pressed(less)))
}

/// Goes a part of the way, and around the world.
fn glide(
    mut camera: Single<&mut MapCamera>,
    (torus, time, watch): (Res<Torus>, Res<Time>, Res<Watch>),
    mut frames: Local<u32>,
) {
    *frames = frames.saturating_add(1);
    let (center, zoom) = camera.aim;
    let part = if watch.still || *frames < FIRST_FRAMES { 1.0 } else { 1.0 - libm::expf(-GLIDE * time.delta_secs()) };
    // The shorter way around.
    let near = super::near(*torus, camera.center, center);
    camera.center = camera.center.lerp(near, part);
    camera.tiles_per_pixel *= libm::powf(zoom / camera.tiles_per_pixel, part);
    let home = super::near(*torus, Vec2::ZERO, camera.center);
    camera.center = home;
    camera.aim.0 = super::near(*torus, home, center);
}

/// Puts the camera of the renderer where ours is.
fn focus(
    camera: Single<(&MapCamera, &Camera, &mut Transform, &mut Projection)>,
    shown: Res<crate::Shown>,
    area: Res<FreeArea>,
    mut lens: ResMut<Lens>,
) {
    let (ours, camera, mut transform, mut projection) = camera.into_inner();
    let (Some(physical), Some(logical)) = (camera.physical_viewport_size(), camera.logical_viewport_size()) else {
        return;
    };
    lens.size = physical.as_vec2();
    let per_logical = lens.size.x / logical.x.max(1.0);
    lens.points = per_logical * shown.factor();
    lens.tiles_per_pixel = ours.tiles_per_pixel;
    lens.center = ours.center;
    let (free, _) = free(&area, &lens);
    let from_middle = Vec2::new(free.x - lens.size.x * 0.5, lens.size.y * 0.5 - free.y);
    lens.middle = ours.center - from_middle * ours.tiles_per_pixel;
    transform.translation = lens.middle.extend(transform.translation.z);
    if let Projection::Orthographic(flat) = &mut *projection {
        flat.scale = ours.tiles_per_pixel * per_logical;
    }
}
