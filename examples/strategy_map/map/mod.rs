//! The map: what lies under the panels. Each part makes a sheet of marks from what the chosen eyes may see; the sheets are drawn on
//! every copy of the world that is in sight, as its edges meet.
//!
//! What is *not* here: panels, and anything that the campaign could read.

mod battles;
mod camera;
mod ink;
mod labels;
mod marches;
mod minimap;
mod operations;
mod pick;
mod places;
mod territory;
mod villages;

pub(crate) use camera::{Lens, MapCamera, spawn_camera};
pub(crate) use labels::{LabelSystems, countdown};
pub(crate) use marches::REAL_FROM;
pub(crate) use minimap::show as show_minimap;

use crate::measure::Empty;
use bevy::camera::visibility::NoFrustumCulling;
use bevy::prelude::*;
use bevy::sprite_render::MeshMaterial2d;
use bevy_alliance::base::clock::{GameClock, GameTime};
use bevy_alliance::base::geometry::{Tile, Torus};
use bevy_alliance::base::id::AllianceId;
use bevy_alliance::edge::report::Directory;
use bevy_egui::egui::Color32;
use ink::{Ink, InkKind, Moment, Stroke, sheet};

/// The parts of a frame in which the map is brought up to date.
#[derive(SystemSet, Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum MapSystems {
    /// The camera goes where it is asked to.
    Look,
    /// Sheets are made anew where what they show has changed.
    Draw,
}

pub(crate) struct MapPlugin;

impl Plugin for MapPlugin {
    fn build(&self, app: &mut App) {
        ink::plug(app);
        app.init_resource::<Lens>()
            .configure_sets(Update, (MapSystems::Look, MapSystems::Draw).chain())
            .add_systems(Startup, make_material.before(make_sheets))
            .add_systems(Startup, make_sheets)
            .add_systems(Update, (turn_material, place_copies).in_set(MapSystems::Draw));
        camera::plug(app);
        pick::plug(app);
        territory::plug(app);
        villages::plug(app);
        marches::plug(app);
        operations::plug(app);
        battles::plug(app);
        minimap::plug(app);
        labels::plug(app);
    }
}

/// What all sheets are drawn with.
#[derive(Resource, Debug)]
struct MapInk {
    marks: Handle<Ink>,
    lines: Handle<Ink>,
}

/// The sheets, from the lowest to the highest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Layer {
    Borders,
    Scars,
    Villages,
    Ways,
    Trails,
    Marches,
    Marks,
}

const LAYERS: [Layer; 7] =
    [Layer::Borders, Layer::Scars, Layer::Villages, Layer::Ways, Layer::Trails, Layer::Marches, Layer::Marks];

impl Layer {
    /// Whether it has lines on it, and no marks.
    fn is_lines(self) -> bool {
        matches!(self, Self::Borders | Self::Ways | Self::Trails)
    }
}

/// The meshes of the sheets, and how far each reaches.
#[derive(Resource, Debug, Default)]
struct Sheets(Vec<Sheet>);

/// A mesh, and the part of the map in which its marks are.
#[derive(Debug)]
struct Sheet {
    layer: Layer,
    mesh: Handle<Mesh>,
    reach: Rect,
}

impl Sheets {
    /// Shows these strokes on a sheet instead of what was there.
    fn draw(&mut self, layer: Layer, meshes: &mut Assets<Mesh>, strokes: &[Stroke]) {
        let Some(of) = self.0.iter_mut().find(|of| of.layer == layer) else { return };
        let places = strokes.iter().flat_map(|stroke| [stroke.start, stroke.end]);
        // A single mark has a place and no extent, and would never be in sight.
        of.reach = places.fold(Rect::EMPTY, |reach, at| reach.union(Rect::from_center_size(at, Vec2::ONE)));
        // A mesh of nothing cannot be drawn: what nobody sees stands for it.
        let mesh = sheet(if strokes.is_empty() { &NOTHING } else { strokes });
        // The handle is ours, so its place is there.
        let _ = meshes.insert(of.mesh.id(), mesh);
    }

    /// How far a sheet reaches.
    fn reach(&self, layer: Layer) -> Rect {
        self.0.iter().find(|of| of.layer == layer).map_or(Rect::EMPTY, |of| of.reach)
    }
}

/// A mark that nobody sees.
const NOTHING: [Stroke; 1] = [Stroke::NOTHING];

/// A copy of the world: so many worlds to the east and to the north.
#[derive(Component, Clone, Copy, Debug)]
struct WorldCopy(i32, i32);

/// Marks reach over their places by so many tiles at most, when they are seen from near.
const OVERLAP: f32 = 3.0;

fn make_material(mut commands: Commands, mut inks: ResMut<Assets<Ink>>) {
    let lines = inks.add(Ink { kind: InkKind::Lines, ..Ink::default() });
    commands.insert_resource(MapInk { marks: inks.add(Ink::default()), lines });
}

fn make_sheets(mut commands: Commands, mut meshes: ResMut<Assets<Mesh>>, ink: Res<MapInk>) {
    let mut sheets = Sheets::default();
    for (layer, depth) in LAYERS.into_iter().zip(1_u8..) {
        let mesh = meshes.add(sheet(&NOTHING));
        for (east, north) in copies() {
            commands.spawn((
                Mesh2d(mesh.clone()),
                MeshMaterial2d(if layer.is_lines() { ink.lines.clone() } else { ink.marks.clone() }),
                Transform::from_xyz(0.0, 0.0, f32::from(depth)),
                WorldCopy(east, north),
                Of(layer),
                // Marks are larger than their places: which copies are in sight is known better than by these.
                NoFrustumCulling,
            ));
        }
        sheets.0.push(Sheet { layer, mesh, reach: Rect::EMPTY });
    }
    commands.insert_resource(sheets);
}

/// The world and its eight neighbours.
fn copies() -> impl Iterator<Item = (i32, i32)> {
    (-1..=1).flat_map(|east| (-1..=1).map(move |north| (east, north)))
}

/// Which sheet a copy is of; the land has none.
#[derive(Component, Clone, Copy, Debug)]
struct Of(Layer);

/// Puts the copies where they belong and shows those that are in sight.
fn place_copies(
    (torus, lens, empty, sheets): (Res<Torus>, Res<Lens>, Res<Empty>, Res<Sheets>),
    mut copies: Query<(&WorldCopy, Option<&Of>, &mut Transform, &mut Visibility)>,
) {
    let side = side(*torus);
    let world = Rect::from_center_size(Vec2::ZERO, Vec2::splat(side));
    let seen = Rect::from_center_size(lens.middle, lens.size * lens.tiles_per_pixel).inflate(OVERLAP);
    // From so far that more than the world is seen, only one world has marks; beyond it is land in the dark.
    let lit = Rect::from_center_size(lens.center, Vec2::splat(side)).inflate(-0.01);
    for (WorldCopy(east, north), of, mut transform, mut visibility) in &mut copies {
        #[expect(clippy::cast_precision_loss, reason = "-1, 0 or 1")]
        let shift = Vec2::new(*east as f32, *north as f32) * side;
        if transform.translation.truncate() != shift {
            transform.translation = shift.extend(transform.translation.z);
        }
        let (reach, seen) = of.map_or((world, seen), |of| (sheets.reach(of.0), seen.intersect(lit)));
        let there = Rect { min: reach.min + shift, max: reach.max + shift };
        let shown = !empty.0 && !there.intersect(seen).is_empty();
        visibility.set_if_neq(if shown { Visibility::Inherited } else { Visibility::Hidden });
    }
}

/// Tells the shader of the moment.
fn turn_material(
    ink: Res<MapInk>,
    lens: Res<Lens>,
    clock: Res<GameClock>,
    time: Res<Time>,
    mut inks: ResMut<Assets<Ink>>,
) {
    let now_scale_wall_alpha = Vec4::new(hours(clock.now()), lens.points, time.elapsed_secs(), 1.0);
    for handle in [&ink.marks, &ink.lines] {
        if let Some(mut ink) = inks.get_mut(handle) {
            ink.moment = Moment { now_scale_wall_alpha };
        }
    }
}

/// Tiles along a side of the world.
fn side(torus: Torus) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "at most 65,535")]
    let side = torus.side() as f32;
    side
}

/// A tile's place on the map.
fn place(at: Tile) -> Vec2 {
    Vec2::new(f32::from(at.x), f32::from(at.y))
}

/// A place as the copy of it that is nearest to another.
fn near(torus: Torus, from: Vec2, to: Vec2) -> Vec2 {
    let side = side(torus);
    to - ((to - from) / side).round() * side
}

/// An instant in hours, as the shader counts them.
#[expect(clippy::cast_possible_truncation, reason = "hours of a campaign")]
fn hours(at: GameTime) -> f32 {
    (at - GameTime(0)).as_hours() as f32
}

/// The color of an alliance on the map.
fn color(names: &Directory, alliance: Option<AllianceId>) -> Color32 {
    crate::theme::of(names, alliance)
}
