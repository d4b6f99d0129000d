//! The map: villages, land, and the largest operations as arrows.

use super::super::data::{Arrow, Data};
use super::super::judge::Verdict;
use super::operations::link;
use super::text::{class, esc, goods, letter, party, signed};
use core::fmt::Write;

/// Width of the drawing in its own units.
const WIDTH: f64 = 1_000.0;
/// How far the middle of an arrow lies beside the straight way, as a part of its length.
const BEND: f64 = 0.14;

/// From tiles to the drawing: north is up.
struct Frame {
    x: f64,
    y: f64,
    scale: f64,
    height: f64,
}

impl Frame {
    /// Around all that belongs to a side, with some room, square where it can be.
    fn of(data: &Data, marks: &[Mark]) -> Self {
        let half = f64::from(data.map.half_width.max(1));
        let own = data.map.villages.iter().flatten().map(|(x, y)| (f64::from(*x), f64::from(*y)));
        let ends = data.map.arrows.iter().map(|arrow| arrow.to);
        let marks = marks.iter().map(|mark| (f64::from(mark.at.0), f64::from(mark.at.1)));
        let (mut west, mut east, mut south, mut north) = (half, -half, half, -half);
        for (x, y) in own.chain(ends).chain(marks) {
            (west, east) = (west.min(x), east.max(x));
            (south, north) = (south.min(y), north.max(y));
        }
        if west > east {
            (west, east, south, north) = (-half, half, -half, half);
        }
        let room = ((east - west).max(north - south) * 0.04).max(3.0);
        // Beyond the edge of the map there is nothing.
        let edge = half + 2.0;
        (west, east) = ((west - room).max(-edge), (east + room).min(edge));
        (south, north) = ((south - room).max(-edge), (north + room).min(edge));
        // Arrows bend a little beyond what they join; those over the edge of the world are drawn at both edges.
        for arrow in data.map.arrows.iter().filter(|arrow| shifts(half, arrow).len() == 1) {
            for part in [0.0, 0.25, 0.5, 0.75] {
                let (x, y) = along(arrow.from, arrow.to, -BEND, part);
                (west, east) = (west.min(x - 2.0), east.max(x + 2.0));
                (south, north) = (south.min(y - 2.0), north.max(y + 2.0));
            }
        }
        let (mut width, mut height) = (east - west, north - south);
        let (cx, cy) = (f64::midpoint(west, east), f64::midpoint(south, north));
        width = width.max(height * 0.8);
        height = height.max(width * 0.7);
        let scale = WIDTH / width;
        Self { x: cx - width / 2.0, y: cy + height / 2.0, scale, height: height * scale }
    }

    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        ((x - self.x) * self.scale, (self.y - y) * self.scale)
    }

    fn tile(&self, x: i16, y: i16) -> (f64, f64) {
        self.at(f64::from(x), f64::from(y))
    }

    fn shows(&self, x: i16, y: i16) -> bool {
        let (x, y) = self.tile(x, y);
        (-10.0..=WIDTH + 10.0).contains(&x) && (-10.0..=self.height + 10.0).contains(&y)
    }
}

/// Something of note, and where it was.
struct Mark {
    at: (i16, i16),
    says: String,
}

/// The turning point and the decisions, those of one place together.
fn marks(data: &Data, verdict: &Verdict) -> Vec<Mark> {
    let turning = verdict.turning.and_then(|turning| data.steps.get(turning.step)).and_then(|step| step.tile);
    let of = |place: Option<usize>| place.and_then(|i| data.operations.get(i)).and_then(|operation| operation.tile);
    let all = [(turning, "turning point"), (of(verdict.worst), "worst decision"), (of(verdict.best), "best decision")];
    let mut marks: Vec<Mark> = Vec::new();
    for (at, says) in all.into_iter().filter_map(|(at, says)| Some((at?, says))) {
        match marks.iter_mut().find(|mark| mark.at == at) {
            Some(mark) => mark.says = format!("{}, {says}", mark.says),
            None => marks.push(Mark { at, says: says.to_owned() }),
        }
    }
    marks
}

/// A point of a bent way, in the part of it from 0 to 1.
fn along(from: (f64, f64), to: (f64, f64), bend: f64, t: f64) -> (f64, f64) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let middle = (f64::midpoint(from.0, to.0) - dy * bend, f64::midpoint(from.1, to.1) + dx * bend);
    let point = |a: f64, b: f64, c: f64| (1.0 - t) * (1.0 - t) * a + 2.0 * t * (1.0 - t) * b + t * t * c;
    (point(from.0, middle.0, to.0), point(from.1, middle.1, to.1))
}

/// By how much an arrow is shifted each time that it is drawn: one over the edge of the world comes in at the other edge.
fn shifts(half: f64, arrow: &Arrow) -> Vec<(f64, f64)> {
    let over = |at: f64| match at {
        at if at > half => -(2.0 * half + 1.0),
        at if at < -half => 2.0 * half + 1.0,
        _ => 0.0,
    };
    let shift = (over(arrow.from.0), over(arrow.from.1));
    if shift == (0.0, 0.0) { vec![shift] } else { vec![(0.0, 0.0), shift] }
}

/// An arrow as often as it is drawn.
fn drawn(data: &Data, arrow: &Arrow) -> Vec<Arrow> {
    let shifts = shifts(f64::from(data.map.half_width.max(1)), arrow);
    let moved = |(x, y): (f64, f64)| Arrow {
        operation: arrow.operation,
        from: (arrow.from.0 + x, arrow.from.1 + y),
        to: (arrow.to.0 + x, arrow.to.1 + y),
    };
    shifts.into_iter().map(moved).collect()
}

pub(super) fn map(out: &mut String, data: &Data, verdict: &Verdict) -> core::fmt::Result {
    let notes = marks(data, verdict);
    let frame = Frame::of(data, &notes);
    writeln!(out, "<section id=\"map\"><h2>Map</h2>")?;
    writeln!(
        out,
        "<p class=\"note\">Each dot is a village, each shade the land that an alliance claims; gray are those who do not deliberate. Arrows \
         lead from the middle of those who sent troops to what the largest operations hit; one that leaves at an edge comes in at the opposite \
         one, as the world is round. Rings mark villages that changed hands, diamonds the turning point and the decisions.</p>"
    )?;
    writeln!(out, "<div class=\"mapbox\"><figure class=\"map\">")?;
    writeln!(
        out,
        "<svg viewBox=\"0 0 {WIDTH:.0} {:.0}\" role=\"img\" aria-label=\"Map of the villages of {} alliances with {} arrows of operations\">",
        frame.height,
        data.sides.len(),
        data.map.arrows.len()
    )?;
    let dots = |out: &mut String, dots: &[(i16, i16)], kind: &str| -> core::fmt::Result {
        write!(out, "<path class=\"{kind}\" d=\"")?;
        for (x, y) in dots.iter().filter(|(x, y)| frame.shows(*x, *y)) {
            let (x, y) = frame.tile(*x, *y);
            write!(out, "M{x:.0} {y:.0}h0")?;
        }
        writeln!(out, "\"/>")
    };
    for (side, land) in data.map.land.iter().enumerate() {
        write!(out, "<path class=\"land {}\" stroke-width=\"{:.2}\" d=\"", class(side), frame.scale * 1.04)?;
        for (x, y, n) in land.iter().filter(|(x, y, n)| frame.shows(*x, *y) || frame.shows(*x + *n - 1, *y)) {
            let (left, y) = frame.at(f64::from(*x) - 0.5, f64::from(*y));
            write!(out, "M{left:.0} {y:.0}h{:.0}", f64::from(*n) * frame.scale)?;
        }
        writeln!(out, "\"/>")?;
    }
    dots(out, &data.map.others, "o")?;
    for (side, villages) in data.map.villages.iter().enumerate() {
        dots(out, villages, &format!("v {}", class(side)))?;
    }
    over(out, &frame, data, &notes)?;
    writeln!(out, "</svg></figure>")?;
    key(out, data, &numbers(data))?;
    writeln!(out, "</div></section>")
}

/// What lies over the villages: rings, arrows, names, numbers and what is of note.
fn over(out: &mut String, frame: &Frame, data: &Data, notes: &[Mark]) -> core::fmt::Result {
    for (x, y, _) in data.map.taken.iter().filter(|(x, y, _)| frame.shows(*x, *y)) {
        let (x, y) = frame.tile(*x, *y);
        writeln!(out, "<circle class=\"taken\" cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"10\"/>")?;
    }
    for arrow in data.map.arrows.iter().flat_map(|arrow| drawn(data, arrow)) {
        draw(out, frame, data, &arrow)?;
    }
    names(out, frame, data)?;
    let mut taken: Vec<(f64, f64)> = notes.iter().map(|note| frame.tile(note.at.0, note.at.1)).collect();
    for (n, place) in numbers(data).iter().enumerate() {
        mark(out, frame, data, *place, n + 1, &mut taken)?;
    }
    for note in notes {
        let (x, y) = frame.tile(note.at.0, note.at.1);
        let (anchor, shift) = if x > WIDTH * 0.66 { ("end", -20.0) } else { ("start", 20.0) };
        writeln!(
            out,
            "<path class=\"of-note\" d=\"M{x:.0} {:.0}L{:.0} {y:.0}L{x:.0} {:.0}L{:.0} {y:.0}Z\"/>\
             <text class=\"name\" style=\"text-anchor:{anchor}\" x=\"{:.0}\" y=\"{y:.0}\" dy=\".36em\">{}</text>",
            y - 15.0,
            x + 15.0,
            y + 15.0,
            x - 15.0,
            x + shift,
            note.says
        )?;
    }
    Ok(())
}

/// Operations with arrows, each once, the largest first.
fn numbers(data: &Data) -> Vec<usize> {
    let mut places: Vec<usize> = Vec::new();
    for arrow in &data.map.arrows {
        if !places.contains(&arrow.operation) {
            places.push(arrow.operation);
        }
    }
    places
}

/// A bent arrow.
fn draw(out: &mut String, frame: &Frame, data: &Data, arrow: &Arrow) -> core::fmt::Result {
    let Some(operation) = data.operations.get(arrow.operation) else { return Ok(()) };
    let side = class(operation.side.unwrap_or(6));
    let (from, to) = (frame.at(arrow.from.0, arrow.from.1), frame.at(arrow.to.0, arrow.to.1));
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = (dx * dx + dy * dy).sqrt();
    if length < 1.0 {
        return Ok(());
    }
    let middle = (f64::midpoint(from.0, to.0) - dy * BEND, f64::midpoint(from.1, to.1) + dx * BEND);
    // The head points along the last piece of the curve.
    let (hx, hy) = (to.0 - middle.0, to.1 - middle.1);
    let way = (hx * hx + hy * hy).sqrt().max(1e-6);
    let (ux, uy) = (hx / way, hy / way);
    let (size, half) = (24.0, 10.0);
    let neck = (to.0 - ux * size * 0.7, to.1 - uy * size * 0.7);
    let curve = format!("M{:.0} {:.0}Q{:.0} {:.0} {:.0} {:.0}", from.0, from.1, middle.0, middle.1, neck.0, neck.1);
    let (left, right) = (
        (to.0 - ux * size - uy * half, to.1 - uy * size + ux * half),
        (to.0 - ux * size + uy * half, to.1 - uy * size - ux * half),
    );
    write!(out, "<path class=\"halo\" d=\"{curve}\"/><path class=\"arrow {side}\" d=\"{curve}\"/>")?;
    writeln!(
        out,
        "<path class=\"head {side}\" d=\"M{:.0} {:.0}L{:.0} {:.0}L{:.0} {:.0}Z\"/>",
        to.0, to.1, left.0, left.1, right.0, right.1
    )
}

/// The number of an operation on one of its arrows, where it lies on no other number.
fn mark(
    out: &mut String,
    frame: &Frame,
    data: &Data,
    place: usize,
    n: usize,
    taken: &mut Vec<(f64, f64)>,
) -> core::fmt::Result {
    const APART: f64 = 46.0;
    let arrows = data.map.arrows.iter().filter(|arrow| arrow.operation == place);
    let arrows: Vec<Arrow> = arrows.flat_map(|arrow| drawn(data, arrow)).collect();
    let side = data.operations.get(place).and_then(|o| o.side).unwrap_or(6);
    let on =
        |arrow: &Arrow, t: f64| along(frame.at(arrow.from.0, arrow.from.1), frame.at(arrow.to.0, arrow.to.1), BEND, t);
    let room = |(x, y): &(f64, f64)| {
        let apart = |(a, b): &(f64, f64)| ((a - x) * (a - x) + (b - y) * (b - y)).sqrt();
        let inside = (24.0..=WIDTH - 24.0).contains(x) && (24.0..=frame.height - 24.0).contains(y);
        if inside { taken.iter().map(apart).fold(f64::INFINITY, f64::min) } else { -1.0 }
    };
    let mut places: Vec<(f64, f64)> = Vec::new();
    for t in [0.45, 0.3, 0.6, 0.15, 0.0, 0.75] {
        places.extend(arrows.iter().map(|arrow| on(arrow, t)));
    }
    let free = places.iter().find(|at| room(at) >= APART);
    let Some((x, y)) = free.or_else(|| places.iter().max_by(|a, b| room(a).total_cmp(&room(b)))).copied() else {
        return Ok(());
    };
    taken.push((x, y));
    writeln!(
        out,
        "<g class=\"{}\"><circle class=\"no\" cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"16\"/><text x=\"{x:.0}\" y=\"{y:.0}\" dy=\".36em\">{n}</text></g>",
        class(side)
    )
}

/// The letter of each side in the middle of its villages: the one with the least way to the others.
fn names(out: &mut String, frame: &Frame, data: &Data) -> core::fmt::Result {
    for (side, villages) in data.map.villages.iter().enumerate() {
        if villages.is_empty() {
            continue;
        }
        let middle = |values: &mut Vec<i16>| {
            values.sort_unstable();
            values[values.len() / 2]
        };
        let x = middle(&mut villages.iter().map(|(x, _)| *x).collect());
        let y = middle(&mut villages.iter().map(|(_, y)| *y).collect());
        let near = |(a, b): &&(i16, i16)| {
            let (dx, dy) = (i32::from(*a) - i32::from(x), i32::from(*b) - i32::from(y));
            dx * dx + dy * dy
        };
        let Some((x, y)) = villages.iter().min_by_key(near) else { continue };
        let (x, y) = frame.tile(*x, *y);
        writeln!(out, "<text class=\"name\" x=\"{x:.0}\" y=\"{y:.0}\" dy=\"-.5em\">{}</text>", letter(side))?;
    }
    Ok(())
}

/// What the numbers mean.
fn key(out: &mut String, data: &Data, numbers: &[usize]) -> core::fmt::Result {
    writeln!(out, "<div>")?;
    super::charts::legend(out, data)?;
    writeln!(out, "<ol class=\"keylist\">")?;
    for (n, place) in numbers.iter().enumerate() {
        let Some(operation) = data.operations.get(*place) else { continue };
        let side = operation.side.unwrap_or(6);
        writeln!(
            out,
            "<li><span><span class=\"n {}\">{}</span></span><span>{} of {} against {}: {} sent, net {}</span></li>",
            class(side),
            n + 1,
            link(operation),
            esc(&operation.by),
            party(&operation.other),
            goods(operation.sent),
            signed(operation.net())
        )?;
    }
    writeln!(out, "</ol></div>")
}
