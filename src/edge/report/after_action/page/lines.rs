//! Line charts as SVG whose lines stretch with the page and whose letters do not.

use super::text::{class, letter};
use core::fmt::Write;

/// One line.
pub(super) struct Line {
    pub(super) side: usize,
    /// Its pieces: between two of them nothing is known.
    pub(super) pieces: Vec<Vec<(f64, f64)>>,
    /// What stands behind it.
    pub(super) label: String,
}

/// A chart of lines over days.
pub(super) struct Chart<'a> {
    /// For who does not see it.
    pub(super) says: String,
    pub(super) height: u32,
    pub(super) wide: bool,
    pub(super) lines: Vec<Line>,
    /// Days, from 0: the first and the last.
    pub(super) days: (f64, f64),
    /// Values that it shows whatever the lines do.
    pub(super) shows: (f64, f64),
    pub(super) format: &'a dyn Fn(f64) -> String,
    /// Days that are marked, with what they are.
    pub(super) marks: Vec<(f64, String)>,
}

/// Round values from the lowest to the highest, and the step between them.
pub(super) fn ticks(low: f64, high: f64, about: f64) -> (Vec<f64>, f64) {
    let range = (high - low).max(1e-9);
    let mut step = 1e-6;
    for _ in 0..40 {
        if let Some(factor) = [1.0, 2.0, 5.0].into_iter().find(|factor| step * factor * about >= range) {
            step *= factor;
            break;
        }
        step *= 10.0;
    }
    let first = (low / step).floor();
    let mut values = Vec::new();
    for n in 0..=12_u32 {
        let value = (first + f64::from(n)) * step;
        values.push(value);
        if value >= high - step * 1e-6 {
            break;
        }
    }
    (values, step)
}

/// Days that get a mark below a chart, at most eight.
pub(super) fn days(from: f64, to: f64) -> Vec<f64> {
    let step = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0].into_iter().find(|s| (to - from) / s <= 8.0);
    let step = step.unwrap_or(1_000.0);
    let first = (from / step).ceil();
    (0..=9_u32).map(|n| (first + f64::from(n)) * step).filter(|day| *day <= to).collect()
}

impl Chart<'_> {
    pub(super) fn write(&self, out: &mut String) -> core::fmt::Result {
        let values = || self.lines.iter().flat_map(|line| line.pieces.iter().flatten().map(|(_, y)| *y));
        let low = values().fold(self.shows.0, f64::min);
        let high = values().fold(self.shows.1, f64::max);
        let (marks, _) = ticks(low, high, if self.height > 200 { 5.0 } else { 3.0 });
        let (low, high) = (marks[0], marks[marks.len() - 1].max(high));
        let (from, to) = (self.days.0, self.days.1.max(self.days.0 + 1e-6));
        let x = |day: f64| (day - from) / (to - from) * 100.0;
        let y = |value: f64| (high - value) / (high - low).max(1e-9) * 100.0;
        let wide = if self.wide { " wide" } else { "" };
        write!(out, "<div class=\"plot{wide}\" style=\"height:{}px\">", self.height)?;
        write!(out, "<svg role=\"img\" aria-label=\"{}\">", self.says)?;
        for mark in &marks {
            let kind = if mark.abs() < 1e-9 && low < -1e-9 { "zero" } else { "grid" };
            let at = y(*mark);
            write!(out, "<line class=\"{kind}\" x1=\"0\" x2=\"100%\" y1=\"{at:.2}%\" y2=\"{at:.2}%\"/>")?;
            write!(out, "<text class=\"end\" x=\"-7\" y=\"{at:.2}%\" dy=\".33em\">{}</text>", (self.format)(*mark))?;
        }
        for (n, day) in days(from, to).into_iter().enumerate() {
            let (at, word) = (x(day), if n == 0 { "day " } else { "" });
            write!(
                out,
                "<line class=\"axis\" x1=\"{at:.2}%\" x2=\"{at:.2}%\" y1=\"100%\" y2=\"100%\" transform=\"translate(0 4)\"/>"
            )?;
            write!(out, "<text class=\"mid\" x=\"{at:.2}%\" y=\"100%\" dy=\"18\">{word}{:.0}</text>", day + 1.0)?;
        }
        for (n, (day, label)) in self.marks.iter().enumerate() {
            let (at, down) = (x(*day), 10 + 16 * n);
            // The label of the first stands before it where there is room, and those of others behind them.
            let before = if n == 0 { at > 55.0 } else { at > 85.0 };
            let (anchor, shift) = if before { ("end", -6) } else { ("start", 6) };
            write!(out, "<line class=\"turn\" x1=\"{at:.2}%\" x2=\"{at:.2}%\" y1=\"0\" y2=\"100%\"/>")?;
            write!(
                out,
                "<text class=\"tl\" x=\"{at:.2}%\" y=\"0\" dx=\"{shift}\" dy=\"{down}\" text-anchor=\"{anchor}\">{label}</text>"
            )?;
        }
        self.write_lines(out, &x, &y)?;
        self.write_labels(out, &x, &y)?;
        writeln!(out, "</svg></div>")
    }

    fn write_lines(&self, out: &mut String, x: &dyn Fn(f64) -> f64, y: &dyn Fn(f64) -> f64) -> core::fmt::Result {
        write!(
            out,
            "<svg width=\"100%\" height=\"100%\" viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" overflow=\"visible\">"
        )?;
        // The leader is drawn last, above the others.
        for line in self.lines.iter().rev() {
            let main = if line.side < 2 { " hi" } else { "" };
            let dash = if line.side >= 8 { " dash" } else { "" };
            for piece in &line.pieces {
                write!(
                    out,
                    "<polyline class=\"l {}{main}{dash}\" vector-effect=\"non-scaling-stroke\" points=\"",
                    class(line.side)
                )?;
                let mut last = None;
                for (day, value) in piece {
                    let point = format!("{:.0},{:.0}", x(*day) * 10.0, y(*value) * 10.0);
                    if last.as_ref() != Some(&point) {
                        write!(out, "{point} ")?;
                    }
                    last = Some(point);
                }
                write!(out, "\"/>")?;
            }
        }
        write!(out, "</svg>")
    }

    /// What stands behind each line: those that would lie on each other are pushed apart evenly, and a thin line leads to each.
    fn write_labels(&self, out: &mut String, x: &dyn Fn(f64) -> f64, y: &dyn Fn(f64) -> f64) -> core::fmt::Result {
        let height = f64::from(self.height);
        let ends = self.lines.iter().filter_map(|line| Some((*line.pieces.last()?.last()?, line)));
        let (at_end, before): (Vec<_>, Vec<_>) = ends.partition(|((day, _), _)| x(*day) > 99.0);
        // A line that ends before the others has its name where it ends.
        for ((day, value), line) in before {
            let (mark, kind, at, top) = (letter(line.side), class(line.side), x(day), y(value));
            write!(
                out,
                "<text class=\"t {kind}\" x=\"{at:.2}%\" y=\"{top:.2}%\" dx=\"3\" dy=\"-4\">{mark}{}</text>",
                line.label
            )?;
        }
        let mut labels: Vec<(f64, &Line)> =
            at_end.into_iter().map(|((_, value), line)| (y(value) / 100.0 * height, line)).collect();
        labels.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.side.cmp(&b.1.side)));
        let wanted: Vec<f64> = labels.iter().map(|(at, _)| *at).collect();
        for ((wanted, line), at) in labels.iter().zip(apart(&wanted, height)) {
            let (mark, kind) = (letter(line.side), class(line.side));
            write!(
                out,
                "<svg x=\"100%\" overflow=\"visible\"><path class=\"lead-to {kind}\" d=\"M1 {wanted:.1}L9 {at:.1}\"/></svg>\
                 <text class=\"t {kind}\" x=\"100%\" y=\"{at:.1}\" dx=\"12\" dy=\".33em\">{mark}{}</text>",
                line.label
            )?;
        }
        Ok(())
    }
}

/// Places in rising order, moved as little as can be so that two are never nearer than a line of text.
fn apart(wanted: &[f64], height: f64) -> Vec<f64> {
    const APART: f64 = 13.0;
    // Those that lie on each other stand around the middle of what they want: how many they are, and their sum.
    let mut groups: Vec<(usize, f64)> = Vec::new();
    let top = |(n, sum): (usize, f64)| sum / n as f64 - (n - 1) as f64 * APART / 2.0;
    let bottom = |(n, sum): (usize, f64)| sum / n as f64 + (n - 1) as f64 * APART / 2.0;
    for at in wanted {
        let mut group = (1, *at);
        while let Some(last) = groups.pop_if(|last| bottom(*last) + APART > top(group)) {
            group = (group.0 + last.0, group.1 + last.1);
        }
        groups.push(group);
    }
    let mut places: Vec<f64> =
        groups.into_iter().flat_map(|group| (0..group.0).map(move |i| top(group) + i as f64 * APART)).collect();
    // None below the chart.
    let mut lowest = height;
    for place in places.iter_mut().rev() {
        *place = place.min(lowest);
        lowest = *place - APART;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_lie_beside_each_other_and_near_their_lines() {
        let near = |places: &[f64], other: &[f64]| places.iter().zip(other).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(near(&apart(&[10.0, 50.0, 90.0], 100.0), &[10.0, 50.0, 90.0]));
        assert!(near(&apart(&[50.0, 50.0, 50.0], 100.0), &[37.0, 50.0, 63.0]));
        assert!(near(&apart(&[99.0, 99.0], 100.0), &[87.0, 100.0]));
        let many = apart(&[20.0, 22.0, 30.0, 40.0, 41.0, 60.0], 100.0);
        assert!(many.windows(2).all(|two| two[1] - two[0] >= 13.0 - 1e-9), "{many:?}");
    }

    #[test]
    fn marks_are_round_and_span_the_values() {
        let (marks, step) = ticks(-130.0, 420.0, 5.0);
        assert!((step - 200.0).abs() < 1e-9);
        assert!((marks[0] + 200.0).abs() < 1e-9 && marks[marks.len() - 1] >= 420.0, "{marks:?}");
        assert_eq!(days(0.0, 7.0).len(), 8);
        assert!(days(0.0, 30.0).len() <= 9);
    }
}
