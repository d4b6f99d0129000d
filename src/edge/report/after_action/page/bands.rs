//! How believable it was: metrics of behavior and their bands.

use super::super::data::{BandRow, Data};
use super::text::{count, esc, number, percent};
use core::fmt::Write;

pub(super) fn bands(out: &mut String, data: &Data) -> core::fmt::Result {
    let (with, without): (Vec<_>, Vec<_>) = data.bands.iter().partition(|row| row.low.is_some() || row.high.is_some());
    let of = |state: State| with.iter().filter(|row| state_of(row) == state).count();
    let (held, out_of) = (of(State::In), of(State::Below) + of(State::Above));
    writeln!(
        out,
        "<section id=\"bands\"><h2>How believable the campaign is</h2><details><summary>{held} of {} measures of behavior are in their band</summary>",
        with.len()
    )?;
    writeln!(
        out,
        "<p class=\"note\">This is about the campaign as a simulation, not about who won it: how alliances behaved, and the band in which that is believable for a campaign of this length. {held} are in their \
         band, {out_of} out of it, and {} without a case. One campaign may well leave some; many seeds should not. \
         <code>docs/behavior.md</code> says how each is worked out.</p>",
        of(State::Unknown)
    )?;
    for row in &with {
        one(out, row)?;
    }
    writeln!(
        out,
        "</details><details><summary>{} without a band</summary><dl class=\"dl\">",
        count(without.len() as u64, "measure", "measures")
    )?;
    for row in &without {
        writeln!(out, "<dt>{}</dt><dd>{}</dd>", esc(&row.says), value(row))?;
    }
    writeln!(out, "</dl></details></section>")
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    In,
    Below,
    Above,
    Unknown,
}

fn state_of(row: &BandRow) -> State {
    match row.value {
        None => State::Unknown,
        Some(value) if row.low.is_some_and(|low| value < low) => State::Below,
        Some(value) if row.high.is_some_and(|high| value > high) => State::Above,
        Some(_) => State::In,
    }
}

fn in_unit(row: &BandRow, value: f64) -> String {
    match row.unit.as_str() {
        "share" | "difference" => percent(value).replace('-', "\u{2212}"),
        _ => number(value, 2),
    }
}

fn value(row: &BandRow) -> String {
    row.value.map_or_else(|| format!("no {}", esc(&row.of)), |value| in_unit(row, value))
}

fn one(out: &mut String, row: &BandRow) -> core::fmt::Result {
    let state = state_of(row);
    let (sign, word, class) = match state {
        State::In => ("\u{2713}", "in its band", "good"),
        State::Below => ("\u{25bc}", "below it", "bad"),
        State::Above => ("\u{25b2}", "above it", "bad"),
        State::Unknown => ("\u{2013}", "no case", "soft"),
    };
    let range = match (row.low, row.high) {
        (Some(low), Some(high)) => format!("{} to {}", in_unit(row, low), in_unit(row, high)),
        (Some(low), None) => format!("{} or more", in_unit(row, low)),
        (None, Some(high)) => format!("{} or less", in_unit(row, high)),
        (None, None) => String::new(),
    };
    let detects = match state {
        State::Below | State::Above => format!("; outside is a sign of {}", esc(&row.detects)),
        _ => String::new(),
    };
    writeln!(out, "<div class=\"bandrow\"><div>{}<small>{range}{detects}</small></div>", esc(&row.says))?;
    writeln!(out, "<div class=\"chart\">{}</div>", scale(row, state))?;
    let shown = row.value.map_or("-".to_owned(), |value| in_unit(row, value));
    writeln!(out, "<div class=\"num\">{shown}</div><div class=\"verdict {class}\">{sign} {word}</div></div>")
}

/// The band and where the value lies.
fn scale(row: &BandRow, state: State) -> String {
    let value = row.value.unwrap_or(row.low.or(row.high).unwrap_or(0.0));
    let natural = if row.unit == "share" { 1.0 } else { row.high.or(row.low).unwrap_or(1.0) * 1.5 };
    let low = row.low.unwrap_or(0.0).min(value).min(0.0);
    let high = row.high.or(row.low).unwrap_or(1.0).max(value).max(natural);
    // A band that begins below 0 has room on both sides.
    let (low, high) = if low < 0.0 { (low - (high - low) * 0.2, high + (high - low) * 0.1) } else { (low, high) };
    let x = |v: f64| ((v - low) / (high - low).max(1e-9) * 100.0).clamp(0.0, 100.0);
    let (from, to) = (row.low.map_or(0.0, x), row.high.map_or(100.0, x));
    let pin = match (row.value, state) {
        (None, _) => String::new(),
        (Some(v), state) => {
            let out = if state == State::In { "" } else { " out" };
            format!("<line class=\"pin{out}\" x1=\"{0:.1}%\" x2=\"{0:.1}%\" y1=\"0\" y2=\"18\"/>", x(v))
        }
    };
    format!(
        "<svg aria-hidden=\"true\"><line class=\"base\" x1=\"0\" x2=\"100%\" y1=\"9\" y2=\"9\"/>\
         <rect class=\"range\" x=\"{from:.1}%\" width=\"{:.1}%\" y=\"4\" height=\"10\"/>{pin}</svg>",
        (to - from).max(0.5)
    )
}
