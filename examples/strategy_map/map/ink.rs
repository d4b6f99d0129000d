//! Marks and lines: one mesh of quads and one shader that gives them their shape. Sizes are in tiles with limits in pixels, and what
//! moves does so by itself as the clock goes on; a mesh is made anew only when what it shows changes.

use bevy::asset::{RenderAssetUsages, load_internal_asset, uuid_handle};
use bevy::mesh::{Indices, MeshVertexAttribute, MeshVertexBufferLayoutRef, PrimitiveTopology, VertexFormat};
use bevy::prelude::*;
use bevy::render::render_resource::{AsBindGroup, RenderPipelineDescriptor, ShaderType, SpecializedMeshPipelineError};
use bevy::shader::ShaderRef;
use bevy::sprite_render::{AlphaMode2d, Material2d, Material2dKey, Material2dPlugin};
use bevy_egui::egui::Color32;

const SHADER: Handle<Shader> = uuid_handle!("6f0c3a5e-7c55-4c8e-9d7e-2b9f4f0f8a11");

const END: MeshVertexAttribute = MeshVertexAttribute::new("InkEnd", 781_203_001, VertexFormat::Float32x2);
const CORNER: MeshVertexAttribute = MeshVertexAttribute::new("InkCorner", 781_203_002, VertexFormat::Float32x2);
const SIZE: MeshVertexAttribute = MeshVertexAttribute::new("InkSize", 781_203_003, VertexFormat::Float32x4);
const STYLE: MeshVertexAttribute = MeshVertexAttribute::new("InkStyle", 781_203_004, VertexFormat::Float32x2);
const TIME: MeshVertexAttribute = MeshVertexAttribute::new("InkTime", 781_203_005, VertexFormat::Float32x2);

/// How a mark looks. The numbers are those of the shader.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Shape {
    Disc,
    /// A disc with a dark rim that shows where there is room for it.
    Village,
    /// A circle with a line of so many pixels.
    Ring(f32),
    Diamond,
    /// A head that points from where it left to where it goes, and moves there.
    Arrow,
    Square,
    /// Two lines of so many pixels.
    Cross(f32),
    /// Light that falls off.
    Glow,
    /// An arrow of which only the outline of so many pixels is drawn.
    Hollow(f32),
    /// A line from one place to the other.
    Line,
    /// A line to where it is now, that thins out over so many pixels behind.
    Trail(f32),
    /// A cross that fades with time.
    Scar(f32),
}

impl Shape {
    fn style(self) -> [f32; 2] {
        match self {
            Self::Disc => [0.0, 0.0],
            Self::Village => [8.0, 0.0],
            Self::Ring(width) => [1.0, width],
            Self::Diamond => [2.0, 0.0],
            Self::Arrow => [3.0, 0.0],
            Self::Square => [4.0, 0.0],
            Self::Cross(width) => [5.0, width],
            Self::Glow => [6.0, 0.0],
            Self::Hollow(width) => [7.0, width],
            Self::Line => [10.0, 0.0],
            Self::Trail(tail) => [11.0, tail],
            Self::Scar(width) => [20.0, width],
        }
    }
}

/// A mark, or a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stroke {
    pub(super) shape: Shape,
    /// Where it is, or begins.
    pub(super) start: Vec2,
    /// Where it ends, or goes.
    pub(super) end: Vec2,
    /// Radius or half width, in tiles.
    pub(super) tiles: f32,
    /// The least and the most that this is in logical pixels.
    pub(super) pixels: (f32, f32),
    /// The length of a dash in logical pixels; 0: none.
    pub(super) dash: f32,
    pub(super) color: Color32,
    pub(super) alpha: f32,
    /// From when to when it moves or fades, in game hours since the base of the sheet.
    pub(super) time: (f32, f32),
}

impl Stroke {
    /// A mark that nobody sees.
    pub(super) const NOTHING: Self = Self {
        shape: Shape::Disc,
        start: Vec2::ZERO,
        end: Vec2::ZERO,
        tiles: 0.0,
        pixels: (0.0, 0.0),
        dash: 0.0,
        color: Color32::BLACK,
        alpha: 0.0,
        time: (0.0, 0.0),
    };

    /// A mark of so many pixels at a place.
    pub(super) fn mark(shape: Shape, at: Vec2, pixels: f32, color: Color32) -> Self {
        Self {
            shape,
            start: at,
            end: at,
            tiles: 0.0,
            pixels: (pixels, pixels),
            dash: 0.0,
            color,
            alpha: 1.0,
            time: (0.0, 0.0),
        }
    }

    /// A line of so many pixels from one place to another.
    pub(super) fn line(from: Vec2, to: Vec2, pixels: f32, color: Color32) -> Self {
        Self { end: to, pixels: (pixels * 0.5, pixels * 0.5), ..Self::mark(Shape::Line, from, 0.0, color) }
    }

    pub(super) fn dashed(self, dash: f32) -> Self {
        Self { dash, ..self }
    }

    pub(super) fn alpha(self, alpha: f32) -> Self {
        Self { alpha, ..self }
    }

    /// Grows with the zoom: a radius in tiles, with the least and the most in pixels.
    pub(super) fn sized(self, tiles: f32, least: f32, most: f32) -> Self {
        Self { tiles, pixels: (least, most), ..self }
    }

    pub(super) fn moving(self, to: Vec2, time: (f32, f32)) -> Self {
        Self { end: to, time, ..self }
    }
}

/// A color as the shader takes it.
pub(super) fn linear(color: Color32, alpha: f32) -> [f32; 4] {
    let linear = Color::srgb_u8(color.r(), color.g(), color.b()).to_linear();
    [linear.red, linear.green, linear.blue, alpha]
}

/// The corners of a line.
const QUAD: [[f32; 2]; 4] = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]];
/// The corners of a mark: a triangle around its circle, which is drawn in less time than a square where marks are small.
const TRIANGLE: [[f32; 2]; 3] = [[0.0, 2.0], [-1.732_051, -1.0], [1.732_051, -1.0]];

/// The mesh of all strokes, drawn in their order.
pub(super) fn sheet(strokes: &[Stroke]) -> Mesh {
    let n = strokes.len() * 4;
    let (mut start, mut end, mut corner) = (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
    let (mut size, mut color, mut style) = (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
    let mut time = Vec::with_capacity(n);
    let mut indices: Vec<u32> = Vec::with_capacity(strokes.len() * 6);
    let mut first = 0_u32;
    for stroke in strokes {
        let shown = linear(stroke.color, stroke.alpha);
        let is_line = matches!(stroke.shape, Shape::Line | Shape::Trail(_));
        let corners: &[[f32; 2]] = if is_line { &QUAD } else { &TRIANGLE };
        for at in corners {
            start.push([stroke.start.x, stroke.start.y, 0.0]);
            end.push([stroke.end.x, stroke.end.y]);
            corner.push(*at);
            size.push([stroke.tiles, stroke.pixels.0, stroke.pixels.1, stroke.dash]);
            color.push(shown);
            style.push(stroke.shape.style());
            time.push([stroke.time.0, stroke.time.1]);
        }
        indices.extend([first, first + 1, first + 2]);
        if is_line {
            indices.extend([first, first + 2, first + 3]);
        }
        first += if is_line { 4 } else { 3 };
    }
    Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::RENDER_WORLD)
        .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, start)
        .with_inserted_attribute(END, end)
        .with_inserted_attribute(CORNER, corner)
        .with_inserted_attribute(SIZE, size)
        .with_inserted_attribute(Mesh::ATTRIBUTE_COLOR, color)
        .with_inserted_attribute(STYLE, style)
        .with_inserted_attribute(TIME, time)
        .with_inserted_indices(Indices::U32(indices))
}

/// What the shader knows of the moment.
#[derive(ShaderType, Clone, Copy, Debug, Default)]
pub(super) struct Moment {
    /// Game hours since the base, pixels per logical pixel, seconds of the wall clock, what all alphas are multiplied with.
    pub(super) now_scale_wall_alpha: Vec4,
}

/// The material of all marks and lines.
#[derive(Asset, TypePath, AsBindGroup, Clone, Debug, Default)]
#[bind_group_data(InkKind)]
pub(super) struct Ink {
    #[uniform(0)]
    pub(super) moment: Moment,
    pub(super) kind: InkKind,
}

/// What a sheet has on it: one of both.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) enum InkKind {
    #[default]
    Marks,
    Lines,
}

impl From<&Ink> for InkKind {
    fn from(ink: &Ink) -> Self {
        ink.kind
    }
}

impl Material2d for Ink {
    fn vertex_shader() -> ShaderRef {
        SHADER.into()
    }

    fn fragment_shader() -> ShaderRef {
        SHADER.into()
    }

    fn alpha_mode(&self) -> AlphaMode2d {
        AlphaMode2d::Blend
    }

    fn specialize(
        descriptor: &mut RenderPipelineDescriptor,
        layout: &MeshVertexBufferLayoutRef,
        key: Material2dKey<Self>,
    ) -> Result<(), SpecializedMeshPipelineError> {
        let vertices = layout.0.get_layout(&[
            Mesh::ATTRIBUTE_POSITION.at_shader_location(0),
            END.at_shader_location(1),
            CORNER.at_shader_location(2),
            SIZE.at_shader_location(3),
            Mesh::ATTRIBUTE_COLOR.at_shader_location(4),
            STYLE.at_shader_location(5),
            TIME.at_shader_location(6),
        ])?;
        descriptor.vertex.buffers = vec![vertices];
        if key.bind_group_data == InkKind::Lines
            && let Some(fragment) = &mut descriptor.fragment
        {
            fragment.shader_defs.push("LINES".into());
        }
        Ok(())
    }
}

pub(super) fn plug(app: &mut App) {
    load_internal_asset!(app, SHADER, "ink.wgsl", Shader::from_wgsl);
    app.add_plugins(Material2dPlugin::<Ink>::default());
}
