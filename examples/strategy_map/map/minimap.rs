//! The whole world in a corner, with the part that is in sight: a press on it goes there.

use super::places::Places;
use super::territory::Shade;
use super::{Lens, MapCamera, MapSystems};
use crate::panels::Spots;
use crate::theme;
use crate::watch::{GoTo, Watch};
use bevy::asset::RenderAssetUsages;
use bevy::image::ImageSampler;
use bevy::prelude::*;
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};
use bevy_alliance::base::contract::{Player, Site};
use bevy_alliance::base::geometry::{Tile, Torus};
use bevy_alliance::edge::report::CampaignTally;
use bevy_egui::egui::{self, Color32, Pos2, Rect, Sense, Stroke, StrokeKind, Vec2 as Points};
use bevy_egui::{EguiTextureHandle, EguiUserTextures};

/// Points along a side.
const SIDE: f32 = 190.0;

/// The picture: the shade of the land with a pixel for each village.
#[derive(Resource, Debug)]
pub(super) struct Minimap {
    image: Handle<Image>,
    texture: egui::TextureId,
    drawn: u32,
}

pub(super) fn plug(app: &mut App) {
    app.add_systems(Startup, make_picture).add_systems(Update, draw_picture.after(MapSystems::Draw));
}

fn make_picture(
    mut commands: Commands,
    mut images: ResMut<Assets<Image>>,
    mut users: ResMut<EguiUserTextures>,
    torus: Res<Torus>,
) {
    let side = u32::try_from(torus.side()).unwrap_or(1);
    let mut image = Image::new_fill(
        Extent3d { width: side, height: side, depth_or_array_layers: 1 },
        TextureDimension::D2,
        &[0, 0, 0, 255],
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::all(),
    );
    image.sampler = ImageSampler::linear();
    let image = images.add(image);
    let texture = users.add_image(EguiTextureHandle::Strong(image.clone()));
    commands.insert_resource(Minimap { image, texture, drawn: 0 });
}

fn draw_picture(
    mut minimap: ResMut<Minimap>,
    shade: Res<Shade>,
    mut images: ResMut<Assets<Image>>,
    sites: Query<&Site>,
    places: Places,
    tally: Res<CampaignTally>,
    players: Query<(), Changed<Player>>,
) {
    if minimap.drawn == shade.version && players.is_empty() {
        return;
    }
    minimap.drawn = shade.version;
    let ground = theme::GROUND;
    let mix = |under: Color32, [r, g, b, a]: [u8; 4]| {
        let part = |under: u8, over: u8| {
            let (under, over, a) = (u32::from(under), u32::from(over), u32::from(a));
            u8::try_from((under * (255 - a) + over * a) / 255).unwrap_or(255)
        };
        [part(under.r(), r), part(under.g(), g), part(under.b(), b), 255]
    };
    let mut pixels: Vec<[u8; 4]> = shade.pixels.iter().map(|pixel| mix(ground, *pixel)).collect();
    let half = places.torus().half_width;
    for site in sites.iter() {
        let Tile { x, y } = site.at;
        let (Ok(row), Ok(column)) = (usize::try_from(half - y), usize::try_from(x + half)) else { continue };
        if let Some(pixel) = pixels.get_mut(row * shade.side + column) {
            let color = theme::of(&tally.directory, places.alliance_of(site.owner));
            *pixel = [color.r(), color.g(), color.b(), 255];
        }
    }
    if let Some(mut image) = images.get_mut(&minimap.image) {
        image.data = Some(pixels.concat());
    }
}

/// Draws it at the lower right corner of what is free, and goes where it is pressed.
pub(crate) fn show(ctx: &egui::Context, world: &mut World, free: Rect) {
    let (Some(minimap), Some(lens), Some(torus)) =
        (world.get_resource::<Minimap>(), world.get_resource::<Lens>(), world.get_resource::<Torus>())
    else {
        return;
    };
    let (texture, lens, torus) = (minimap.texture, *lens, *torus);
    if !world.resource::<Watch>().layers.minimap || free.width() < 2.2 * SIDE || free.height() < 1.5 * SIDE {
        return;
    }
    let corner = free.right_bottom() - Points::splat(SIDE + 14.0);
    world.resource_mut::<Spots>().note("minimap_area", Rect::from_min_size(corner, Points::splat(SIDE)));
    let area = egui::Area::new(egui::Id::new("minimap")).fixed_pos(corner).order(egui::Order::Middle);
    let pressed = area.show(ctx, |ui| {
        let (rect, response) = ui.allocate_exact_size(Points::splat(SIDE), Sense::click_and_drag());
        let painter = ui.painter_at(rect.expand(2.0));
        painter.rect_filled(rect.expand(2.0), 3.0, theme::EDGE);
        painter.image(texture, rect, Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0)), Color32::WHITE);
        let side = super::side(torus);
        let tile = rect.width() / side;
        let at = |place: Vec2| rect.center() + Points::new(place.x, -place.y) * tile;
        let seen = Rect::from_center_size(at(lens.center), free.size() * lens.points * lens.tiles_per_pixel * tile);
        // Where more is seen than the world, all of it is.
        let wide = seen.width() >= rect.width();
        let tall = seen.height() >= rect.height();
        let seen = Rect::from_min_max(
            Pos2::new(if wide { rect.min.x } else { seen.min.x }, if tall { rect.min.y } else { seen.min.y }),
            Pos2::new(if wide { rect.max.x } else { seen.max.x }, if tall { rect.max.y } else { seen.max.y }),
        );
        let shown = painter.with_clip_rect(rect);
        for east in [-side, 0.0, side] {
            for north in [-side, 0.0, side] {
                let copy = seen.translate(Points::new(east, north) * tile);
                shown.rect_stroke(copy, 1.0, Stroke::new(1.3, theme::ACCENT), StrokeKind::Inside);
            }
        }
        let held = response.is_pointer_button_down_on() || response.dragged();
        response.interact_pointer_pos().filter(|_| held).map(|pos| {
            let from_middle = (pos - rect.center()) / tile;
            Vec2::new(from_middle.x, -from_middle.y)
        })
    });
    if let Some(place) = pressed.inner {
        #[expect(clippy::cast_possible_truncation, reason = "a tile of the map")]
        let tile = torus.shifted(Tile::new(0, 0), place.x.round() as i32, place.y.round() as i32);
        let across = world
            .query::<&MapCamera>()
            .iter(world)
            .next()
            .map_or(60.0, |camera| camera.tiles_per_pixel * free.size().min_elem() * lens.points);
        world.resource_mut::<Watch>().go_to = Some(GoTo::Place(tile, across));
    }
}
