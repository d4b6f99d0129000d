//! Whose land it is: a soft shade by influence, borders, and the front line between those who are at war.
//!
//! Influence is public: it follows from where villages lie, whose they are and their inhabitants at the last census.

use super::ink::Stroke;
use super::{Layer, Lens, MapSystems, Sheets, WorldCopy, copies, side};
use crate::theme;
use crate::watch::Watch;
use bevy::asset::RenderAssetUsages;
use bevy::camera::visibility::NoFrustumCulling;
use bevy::image::ImageSampler;
use bevy::prelude::*;
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};
use bevy::sprite_render::{AlphaMode2d, MeshMaterial2d};
use bevy_alliance::base::contract::Stances;
use bevy_alliance::base::geometry::{Tile, Torus};
use bevy_alliance::base::id::AllianceId;
use bevy_alliance::edge::report::{CampaignTally, Directory};
use bevy_alliance::knowledge::territory::rules::InfluenceMap;
use bevy_alliance::society::alliance::Alliance;
use bevy_egui::egui::Color32;
use std::collections::BTreeSet;

/// Seconds of the wall clock between two looks at land that changes.
const LOOK_EVERY: f32 = 0.7;
/// A tile is as dark as it gets with so much influence, in thousandths of an inhabitant.
const FULL: f64 = 4_000_000.0;

/// The shade of the land, one pixel for each tile: rows from the north, each from the west.
#[derive(Resource, Debug)]
pub(super) struct Shade {
    pub(super) image: Handle<Image>,
    material: Handle<ColorMaterial>,
    /// The same as bytes, for whoever draws over it.
    pub(super) pixels: Vec<[u8; 4]>,
    pub(super) side: usize,
    /// Counts how often it changed.
    pub(super) version: u32,
}

/// An alliance's land: the middle of its largest part and its extent in tiles.
#[derive(Resource, Debug, Default)]
pub(super) struct Realms(pub(super) Vec<(AllianceId, Vec2, f32)>);

pub(super) fn plug(app: &mut App) {
    app.init_resource::<Realms>()
        .add_systems(Startup, make_shade)
        .add_systems(Update, (shade_land, thin_out).in_set(MapSystems::Draw));
}

/// Near villages the shade of the land steps back behind them.
fn thin_out(shade: Res<Shade>, lens: Res<Lens>, mut materials: ResMut<Assets<ColorMaterial>>, mut last: Local<f32>) {
    let alpha = (1.0 - (lens.points_per_tile() - 4.0) / 18.0).clamp(0.42, 1.0);
    if (alpha - *last).abs() > 0.01
        && let Some(mut material) = materials.get_mut(&shade.material)
    {
        *last = alpha;
        material.color = Color::WHITE.with_alpha(alpha);
    }
}

fn blank(side: usize) -> Image {
    let extent = u32::try_from(side).unwrap_or(1);
    let size = Extent3d { width: extent, height: extent, depth_or_array_layers: 1 };
    let mut image = Image::new(
        size,
        TextureDimension::D2,
        vec![0; side * side * 4],
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::all(),
    );
    image.sampler = ImageSampler::linear();
    image
}

fn make_shade(
    mut commands: Commands,
    mut images: ResMut<Assets<Image>>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<ColorMaterial>>,
    torus: Res<Torus>,
) {
    let tiles = usize::try_from(torus.side()).unwrap_or(1);
    let image = images.add(blank(tiles));
    let mesh = meshes.add(Rectangle::from_length(side(*torus)));
    let material = materials.add(ColorMaterial {
        texture: Some(image.clone()),
        alpha_mode: AlphaMode2d::Blend,
        ..ColorMaterial::default()
    });
    for (east, north) in copies() {
        commands.spawn((
            Mesh2d(mesh.clone()),
            MeshMaterial2d(material.clone()),
            Transform::default(),
            WorldCopy(east, north),
            NoFrustumCulling,
        ));
    }
    commands.insert_resource(Shade { image, material, pixels: vec![[0; 4]; tiles * tiles], side: tiles, version: 0 });
}

/// Who holds a tile as it is drawn: one that deliberates, any other alliance, or nobody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Holder {
    Nobody,
    Other(AllianceId),
    Active(AllianceId),
}

/// What a tile looks like.
#[derive(Clone, Copy, Debug)]
struct Cell {
    holder: Holder,
    /// The largest influence and the second, in thousandths of an inhabitant.
    first: f64,
    second: f64,
}

fn shade_land(
    map: Res<InfluenceMap>,
    tally: Res<CampaignTally>,
    watch: Res<Watch>,
    time: Res<Time>,
    stances: Query<(&Alliance, &Stances)>,
    changed: Query<(), Changed<Stances>>,
    mut shade: ResMut<Shade>,
    (mut realms, mut images, mut meshes): (ResMut<Realms>, ResMut<Assets<Image>>, ResMut<Assets<Mesh>>),
    mut sheets: ResMut<Sheets>,
    mut last: Local<Option<(f32, bool)>>,
) {
    let shown = watch.layers.territory;
    let stale = map.is_changed() || !changed.is_empty();
    let due = last.is_none_or(|(at, was)| was != shown || (stale && time.elapsed_secs() - at >= LOOK_EVERY));
    if !due {
        // What changed while it was too early is looked at later: a change is not seen twice.
        if stale {
            *last = last.map(|(at, _)| (at - LOOK_EVERY * 0.5, shown));
        }
        return;
    }
    *last = Some((time.elapsed_secs(), shown));
    let land = Land::of(&map, &tally.directory);
    realms.0 = land.realms(&tally.directory);
    shade.pixels = land.pixels(&tally.directory);
    shade.version += 1;
    if let Some(mut image) = images.get_mut(&shade.image) {
        image.data = Some(if shown { shade.pixels.concat() } else { vec![0; shade.pixels.len() * 4] });
    }
    let wars = |(alliance, stances): (&Alliance, &Stances)| -> Vec<_> {
        stances.wars().map(|other| (alliance.id, other)).collect()
    };
    let at_war: BTreeSet<(AllianceId, AllianceId)> = stances.iter().flat_map(wars).collect();
    let lines = if shown { land.borders(&tally.directory, &at_war) } else { Vec::new() };
    sheets.draw(Layer::Borders, &mut meshes, &lines);
}

/// All tiles with who holds them: rows from the north, each from the west.
struct Land {
    torus: Torus,
    tiles: usize,
    cells: Vec<Cell>,
}

impl Land {
    #[expect(clippy::cast_precision_loss, reason = "influence, far below 2^53")]
    fn of(map: &InfluenceMap, names: &Directory) -> Self {
        let torus = map.torus();
        let half = torus.half_width;
        let mut cells = Vec::new();
        for y in (-half..=half).rev() {
            for x in -half..=half {
                let at = Tile::new(x, y);
                let on_tile = map.influences(at);
                let mut all: Vec<u64> = on_tile.iter().map(|i| i.milli).collect();
                all.sort_unstable_by(|a, b| b.cmp(a));
                let holder = match map.claim(at) {
                    None => Holder::Nobody,
                    Some(claim) if names.active.binary_search(&claim.alliance).is_ok() => {
                        Holder::Active(claim.alliance)
                    }
                    Some(claim) => Holder::Other(claim.alliance),
                };
                let nth = |n: usize| all.get(n).map_or(0.0, |milli| *milli as f64);
                cells.push(Cell { holder, first: nth(0), second: nth(1) });
            }
        }
        Self { torus, tiles: usize::try_from(torus.side()).unwrap_or(1), cells }
    }

    fn cell(&self, row: usize, column: usize) -> Cell {
        self.cells[(row % self.tiles) * self.tiles + column % self.tiles]
    }

    /// The middle of the tile in a row and a column.
    #[expect(clippy::cast_precision_loss, reason = "tiles of a map")]
    fn middle(&self, row: usize, column: usize) -> Vec2 {
        let half = f32::from(self.torus.half_width);
        Vec2::new(column as f32 - half, half - row as f32)
    }

    /// The shade of each tile: the color of its holder, the stronger its influence the more of it.
    fn pixels(&self, names: &Directory) -> Vec<[u8; 4]> {
        let shade = |cell: &Cell| {
            let (color, most) = match cell.holder {
                Holder::Nobody => return [0, 0, 0, 0],
                Holder::Other(_) => (theme::OTHERS, 20.0),
                Holder::Active(alliance) => (theme::of(names, Some(alliance)), 105.0),
            };
            let share = (cell.first / FULL).sqrt().min(1.0);
            let contested = if cell.first > 0.0 { 1.0 - 0.45 * (cell.second / cell.first) } else { 1.0 };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
            let alpha = (most * (0.30 + 0.70 * share) * contested) as u8;
            [color.r(), color.g(), color.b(), alpha]
        };
        self.cells.iter().map(shade).collect()
    }

    /// Lines between tiles of different holders. A line runs through the points between four tiles each; where one influence is much
    /// larger the point moves away from it, which makes the line smooth.
    fn borders(&self, names: &Directory, at_war: &BTreeSet<(AllianceId, AllianceId)>) -> Vec<Stroke> {
        let mut lines = Vec::new();
        for row in 0..self.tiles {
            for column in 0..self.tiles {
                let here = self.cell(row, column).holder;
                // The line between a tile and its eastern neighbour runs from the point north of it to the one south of it.
                let (east, south) = (self.cell(row, column + 1).holder, self.cell(row + 1, column).holder);
                if here != east
                    && let Some(look) = look(here, east, names, at_war)
                {
                    let up = self.corner((row + self.tiles - 1) % self.tiles, column);
                    self.stroke(&mut lines, up, self.corner(row, column), look);
                }
                if here != south
                    && let Some(look) = look(here, south, names, at_war)
                {
                    let left = self.corner(row, (column + self.tiles - 1) % self.tiles);
                    self.stroke(&mut lines, left, self.corner(row, column), look);
                }
            }
        }
        lines
    }

    fn stroke(&self, lines: &mut Vec<Stroke>, from: Vec2, to: Vec2, (color, alpha, width): (Color32, f32, f32)) {
        let to = super::near(self.torus, from, to);
        lines.push(Stroke::line(from, to, width, color).sized(0.05, width * 0.5, width * 1.6).alpha(alpha));
    }

    /// The point of the border between this tile, the eastern, the southern and the one between: the mean of where the border crosses
    /// the ways between neighbours.
    #[expect(clippy::cast_possible_truncation, reason = "a share of a tile")]
    fn corner(&self, row: usize, column: usize) -> Vec2 {
        let four = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)];
        let base = self.middle(row, column);
        let offset = [Vec2::ZERO, Vec2::new(1.0, 0.0), Vec2::new(1.0, -1.0), Vec2::new(0.0, -1.0)];
        let (mut sum, mut n) = (Vec2::ZERO, 0.0);
        for i in 0..4 {
            let j = (i + 1) % 4;
            let (a, b) = (self.cell(four[i].0, four[i].1), self.cell(four[j].0, four[j].1));
            if a.holder != b.holder {
                // Each holder's lead over the other falls along the way: the border is where neither leads.
                let (lead_a, lead_b) = (a.first - a.second * 0.5, b.first - b.second * 0.5);
                let part = (lead_a / (lead_a + lead_b).max(1.0)).clamp(0.2, 0.8) as f32;
                sum += offset[i].lerp(offset[j], part);
                n += 1.0;
            }
        }
        if n > 0.0 { base + sum / n } else { base + Vec2::new(0.5, -0.5) }
    }

    /// Where each alliance that deliberates has its land: the middle, around which most of it lies, and how many tiles it has.
    fn realms(&self, names: &Directory) -> Vec<(AllianceId, Vec2, f32)> {
        let mut realms = Vec::new();
        for alliance in &names.active {
            let own = |(n, cell): (usize, &Cell)| {
                (cell.holder == Holder::Active(*alliance))
                    .then(|| (self.middle(n / self.tiles, n % self.tiles), cell.first))
            };
            let tiles: Vec<(Vec2, f64)> = self.cells.iter().enumerate().filter_map(own).collect();
            let Some((heart, _)) = tiles.iter().max_by(|a, b| a.1.total_cmp(&b.1)).copied() else { continue };
            let mut middle = heart;
            // The middle of what lies near it, a few times: far parts do not pull the name away from where most of the land is.
            for _ in 0..4 {
                let near = tiles.iter().map(|(at, _)| super::near(self.torus, middle, *at));
                let near: Vec<Vec2> = near.filter(|at| at.distance(middle) < 28.0).collect();
                #[expect(clippy::cast_precision_loss, reason = "tiles of a map")]
                let n = near.len().max(1) as f32;
                middle = near.iter().copied().sum::<Vec2>() / n;
            }
            #[expect(clippy::cast_precision_loss, reason = "tiles of a map")]
            realms.push((*alliance, middle, tiles.len() as f32));
        }
        realms
    }
}

/// How a line between two holders looks: its color, how much of it, and its width in pixels. Between those who do not deliberate there
/// is none.
fn look(
    a: Holder,
    b: Holder,
    names: &Directory,
    at_war: &BTreeSet<(AllianceId, AllianceId)>,
) -> Option<(Color32, f32, f32)> {
    match (a, b) {
        (Holder::Active(a), Holder::Active(b)) if at_war.contains(&(a, b)) || at_war.contains(&(b, a)) => {
            Some((theme::FRONT, 0.95, 2.6))
        }
        (Holder::Active(_), Holder::Active(_)) => Some((Color32::from_rgb(0xC9, 0xD2, 0xDC), 0.45, 1.2)),
        (Holder::Active(own), _) | (_, Holder::Active(own)) => Some((theme::of(names, Some(own)), 0.55, 1.1)),
        _ => None,
    }
}
