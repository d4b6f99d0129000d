// Marks and lines whose sizes are given in tiles between limits in pixels, and which may move: neither panning, zooming nor the
// passing of time needs a new mesh.

#import bevy_sprite::mesh2d_functions::{get_world_from_local, mesh2d_position_local_to_world, mesh2d_position_world_to_clip}
#import bevy_sprite::mesh2d_view_bindings::view

struct Ink {
    // Game hours since the base of the mesh, pixels per logical pixel, seconds of the wall clock, what all is multiplied with.
    now_scale_wall_alpha: vec4<f32>,
}

@group(2) @binding(0) var<uniform> ink: Ink;

struct Vertex {
    @builtin(instance_index) instance_index: u32,
    @location(0) start: vec3<f32>,
    @location(1) goal: vec2<f32>,
    @location(2) corner: vec2<f32>,
    // Radius or half width in tiles, the least and the most in logical pixels, and the length of a dash in logical pixels.
    @location(3) size: vec4<f32>,
    @location(4) color: vec4<f32>,
    // Shape, and what the shape makes of this number.
    @location(5) style: vec2<f32>,
    // From when to when it moves or fades, in game hours.
    @location(6) time: vec2<f32>,
}

struct Varying {
    @builtin(position) position: vec4<f32>,
    // Pixels from the middle of a mark; along a line and from its middle.
    @location(0) local: vec2<f32>,
    @location(1) color: vec4<f32>,
    // Radius or half width in pixels, length of a line in pixels, dash in pixels, pixels per logical pixel.
    @location(2) extent: vec4<f32>,
    @location(3) @interpolate(flat) style: vec2<f32>,
}

const DISC = 0u;
const RING = 1u;
const DIAMOND = 2u;
const ARROW = 3u;
const SQUARE = 4u;
const CROSS = 5u;
const GLOW = 6u;
const HOLLOW = 7u;
const VILLAGE = 8u;
const LINE = 10u;
const TRAIL = 11u;
const SCAR = 20u;

fn part(time: vec2<f32>) -> f32 {
    let span = max(time.y - time.x, 1e-6);
    return clamp((ink.now_scale_wall_alpha.x - time.x) / span, 0.0, 1.0);
}

@vertex
fn vertex(in: Vertex) -> Varying {
    var out: Varying;
    let shape = u32(in.style.x + 0.5);
    let scale = ink.now_scale_wall_alpha.y;
    // Pixels per tile.
    let zoom = view.clip_from_view[1][1] * view.viewport.w * 0.5;
    let least = in.size.y * scale;
    let most = in.size.z * scale;
    let radius = clamp(in.size.x * zoom, least, max(most, least));
    var alpha = 1.0;
    var at: vec2<f32>;
    let whole = in.goal - in.start.xy;
    let length_tiles = length(whole);
    var along = vec2<f32>(0.0, 1.0);
    if length_tiles > 1e-6 {
        along = whole / length_tiles;
    }
    let across = vec2<f32>(-along.y, along.x);
    // Room for the smooth edge.
    let reach = radius + 1.5;
    if shape == LINE || shape == TRAIL {
        var end = in.goal;
        if shape == TRAIL {
            end = mix(in.start.xy, in.goal, part(in.time));
        }
        let length_px = length(end - in.start.xy) * zoom;
        // Of a trail only what is seen of it is drawn: most of the way behind it is empty.
        var first = -reach;
        if shape == TRAIL {
            first = max(first, length_px - max(in.style.y * scale, 1.0));
        }
        let step = first + (in.corner.x * 0.5 + 0.5) * (length_px + reach - first);
        at = in.start.xy + (along * step + across * in.corner.y * reach) / zoom;
        out.local = vec2<f32>(step, in.corner.y * reach);
        out.extent = vec4<f32>(radius, length_px, in.size.w * scale, scale);
        if length_px < 0.5 {
            alpha = 0.0;
        }
    } else {
        var centre = in.start.xy;
        if shape == ARROW || shape == HOLLOW || (in.time.y > in.time.x && shape != SCAR) {
            centre = mix(in.start.xy, in.goal, part(in.time));
        }
        let offset = in.corner * reach;
        if shape == ARROW || shape == HOLLOW {
            at = centre + (along * offset.y + across * offset.x) / zoom;
        } else {
            at = centre + offset / zoom;
        }
        out.local = offset;
        out.extent = vec4<f32>(radius, 0.0, in.size.w * scale, scale);
        if shape == SCAR {
            alpha = 1.0 - part(in.time);
        }
    }
    if in.color.a * alpha <= 0.004 {
        // Nobody sees it: it takes no room.
        at = in.start.xy;
    }
    let world = mesh2d_position_local_to_world(get_world_from_local(in.instance_index), vec4<f32>(at, in.start.z, 1.0));
    out.position = mesh2d_position_world_to_clip(world);
    out.color = vec4<f32>(in.color.rgb, in.color.a * alpha * ink.now_scale_wall_alpha.w);
    out.style = in.style;
    return out;
}

// Lines and marks have a program of their own: software that stands for a graphics card runs all branches of one.

fn inside(distance: f32) -> f32 {
    return clamp(0.5 - distance, 0.0, 1.0);
}

// Distance to the outline of an arrow head that points up.
fn arrow(p: vec2<f32>, r: f32) -> f32 {
    let q = vec2<f32>(abs(p.x), p.y);
    // Two sides: from the tip down to the wing, and from the wing up to the notch.
    let side = dot(q - vec2<f32>(0.0, r), normalize(vec2<f32>(1.75 * r, 0.78 * r)));
    let notch = dot(q - vec2<f32>(0.0, -0.35 * r), normalize(vec2<f32>(-0.4 * r, -0.78 * r)));
    return max(side, notch);
}

@fragment
fn fragment(in: Varying) -> @location(0) vec4<f32> {
    let shape = u32(in.style.x + 0.5);
    let r = in.extent.x;
    let p = in.local;
    let scale = in.extent.w;
    var alpha = 0.0;
    var color = in.color.rgb;
#ifdef LINES
        var d = abs(p.y) - r;
        // Round ends.
        let beyond = max(-p.x, p.x - in.extent.y);
        if beyond > 0.0 {
            d = length(vec2<f32>(beyond, p.y)) - r;
        }
        alpha = inside(d);
        let dash = in.extent.z;
        if dash > 0.0 && shape == 10u {
            let share = fract(p.x / (2.0 * dash)) * 2.0 * dash;
            alpha *= clamp(min(share, 1.5 * dash - share) + 0.5, 0.0, 1.0);
        }
        if shape == 11u {
            // The tail thins out over the length that the style gives.
            let tail = max(in.style.y * scale, 1.0);
            alpha *= clamp(1.0 - (in.extent.y - p.x) / tail, 0.0, 1.0);
        }
    
#else
    switch shape {
        case 0u: { alpha = inside(length(p) - r); }
        case 1u: {
            let width = max(in.style.y * scale, 1.0);
            alpha = inside(abs(length(p) - r + width * 0.5) - width * 0.5);
        }
        case 2u: { alpha = inside((abs(p.x) + abs(p.y) - r) * 0.7071); }
        case 3u: { alpha = inside(arrow(p, r)); }
        case 4u: { alpha = inside(max(abs(p.x), abs(p.y)) - r * 0.82); }
        case 5u, 20u: {
            let width = max(in.style.y * scale, 1.0);
            let d = min(abs(p.x - p.y), abs(p.x + p.y)) * 0.7071;
            alpha = inside(d - width * 0.5) * inside(length(p) - r);
        }
        case 6u: {
            let near = clamp(1.0 - length(p) / max(r, 1.0), 0.0, 1.0);
            alpha = near * near;
        }
        case 7u: {
            let d = arrow(p, r);
            let width = max(in.style.y * scale, 1.0);
            alpha = inside(abs(d + width * 0.5) - width * 0.5);
        }
        case 8u: {
            let d = length(p);
            let rim = clamp((r - 2.5 * scale) * 0.5, 0.0, 1.6 * scale);
            alpha = inside(d - r) * mix(0.6, 1.0, inside(d - r + rim));
            color = color * inside(d - r + rim);
        }
        default: {}
    }
#endif
    if alpha <= 0.004 {
        discard;
    }
    return vec4<f32>(color, in.color.a * alpha);
}
