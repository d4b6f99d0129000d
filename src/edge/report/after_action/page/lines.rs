//! Line charts as SVG whose lines stretch with the page and whose letters do not.

use super::text::{class, letter};
use core::fmt::Write;

/// One line.
pub(super) struct Line {
    pub(super) side: usize,
    pub(super) points: Vec<(f64, f64)>,
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
    /// A day that is marked, with what it is.
    pub(super) mark: Option<(f64, String)>,
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
        let values = || self.lines.iter().flat_map(|line| line.points.iter().map(|(_, y)| *y));
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
        if let Some((day, label)) = &self.mark {
            let at = x(*day);
            let (anchor, shift) = if at > 55.0 { ("end", -6) } else { ("start", 6) };
            write!(out, "<line class=\"turn\" x1=\"{at:.2}%\" x2=\"{at:.2}%\" y1=\"0\" y2=\"100%\"/>")?;
            write!(
                out,
                "<text class=\"tl\" x=\"{at:.2}%\" y=\"0\" dx=\"{shift}\" dy=\"10\" text-anchor=\"{anchor}\">{label}</text>"
            )?;
        }
        self.write_lines(out, &x, &y)?;
        self.write_labels(out, &y)?;
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
            write!(
                out,
                "<polyline class=\"l {}{main}{dash}\" vector-effect=\"non-scaling-stroke\" points=\"",
                class(line.side)
            )?;
            let mut last = None;
            for (day, value) in &line.points {
                let point = format!("{:.0},{:.0}", x(*day) * 10.0, y(*value) * 10.0);
                if last.as_ref() != Some(&point) {
                    write!(out, "{point} ")?;
                }
                last = Some(point);
            }
            write!(out, "\"/>")?;
        }
        write!(out, "</svg>")
    }

    /// What stands behind each line, pushed apart where two would lie on each other.
    fn write_labels(&self, out: &mut String, y: &dyn Fn(f64) -> f64) -> core::fmt::Result {
        const APART: f64 = 14.0;
        let height = f64::from(self.height);
        let mut labels: Vec<(f64, &Line)> =
            self.lines.iter().filter_map(|line| Some((y(line.points.last()?.1) / 100.0 * height, line))).collect();
        labels.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.side.cmp(&b.1.side)));
        for i in 1..labels.len() {
            labels[i].0 = labels[i].0.max(labels[i - 1].0 + APART);
        }
        let over = labels.last().map_or(0.0, |last| (last.0 - height).max(0.0));
        if over > 0.0 {
            let n = labels.len();
            labels[n - 1].0 -= over;
            for i in (0..n - 1).rev() {
                labels[i].0 = labels[i].0.min(labels[i + 1].0 - APART);
            }
        }
        for (at, line) in labels {
            let (mark, kind) = (letter(line.side), class(line.side));
            write!(
                out,
                "<text class=\"t {kind}\" x=\"100%\" y=\"{at:.1}\" dx=\"6\" dy=\".33em\">{mark}{}</text>",
                line.label
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_span_the_values() {
        let (marks, step) = ticks(-130.0, 420.0, 5.0);
        assert!((step - 200.0).abs() < 1e-9);
        assert!((marks[0] + 200.0).abs() < 1e-9 && marks[marks.len() - 1] >= 420.0, "{marks:?}");
        assert_eq!(days(0.0, 7.0).len(), 8);
        assert!(days(0.0, 30.0).len() <= 9);
    }
}
