//! The course of things: net goods, armies, pools, knowledge, land.

use super::super::data::{Data, Look};
use super::super::judge::Verdict;
use super::lines::{Chart, Line};
use super::text::{clock, esc, goods, named, percent, signed};
use crate::base::clock::GameTime;
use core::fmt::Write;

/// Events before the rest is folded.
const EVENTS: usize = 24;
/// Sides with a line of their own.
const LINES: usize = 12;

pub(super) fn day(at: GameTime) -> f64 {
    (at - GameTime(0)).as_hours() / 24.0
}

/// Who is who.
pub(super) fn legend(out: &mut String, data: &Data) -> core::fmt::Result {
    write!(out, "<ul class=\"legend\">")?;
    for (place, side) in data.sides.iter().enumerate().take(LINES) {
        write!(out, "<li>{}</li>", named(place, &side.name))?;
    }
    writeln!(out, "</ul>")
}

/// Net goods after each blow.
pub(super) fn net(out: &mut String, data: &Data, verdict: &Verdict) -> core::fmt::Result {
    if data.steps.is_empty() {
        return Ok(());
    }
    writeln!(out, "<section id=\"net\"><h2>Who was ahead when</h2>")?;
    writeln!(
        out,
        "<p class=\"note\">Net goods of each alliance after each battle: killed and looted, less lost and plundered.</p>"
    )?;
    legend(out, data)?;
    let line = |side: usize| {
        let mut points: Vec<(f64, f64)> = vec![(day(data.begun), 0.0)];
        for step in &data.steps {
            let value = step.net.get(side).copied().unwrap_or(0) as f64;
            let at = day(step.at);
            // A step, not a slope: nothing changes between two battles.
            let before = points.last().map_or(0.0, |(_, y)| *y);
            points.push((at, before));
            points.push((at, value));
        }
        let last = points.last().map_or(0.0, |(_, y)| *y);
        points.push((day(data.end), last));
        let total = data.sides.get(side).map_or(0, super::super::data::Side::net);
        Line { side, pieces: vec![points], label: format!(" {}", signed(total)) }
    };
    let at = |step: usize| data.steps.get(step).map(|step| day(step.at));
    let turning = verdict.turning.and_then(|t| Some((at(t.step)?, "turning point".to_owned())));
    let other = verdict.turning.and_then(|t| t.crossing.filter(|crossing| crossing.step != t.step));
    let other = other.and_then(|crossing| Some((at(crossing.step)?, "the lead changes".to_owned())));
    let marks: Vec<(f64, String)> = turning.into_iter().chain(other).collect();
    let leaders: Vec<String> =
        data.sides.iter().take(3).map(|s| format!("{} {}", esc(&s.name), signed(s.net()))).collect();
    let chart = Chart {
        says: format!("Net goods over time; at the end {}", leaders.join(", ")),
        height: 340,
        wide: true,
        lines: (0..data.sides.len().min(LINES)).map(line).collect(),
        days: (day(data.begun), day(data.end)),
        shows: (0.0, 0.0),
        format: &|value| whole(value, signed),
        marks,
    };
    writeln!(out, "<figure>")?;
    chart.write(out)?;
    writeln!(out, "</figure></section>")
}

#[expect(clippy::cast_possible_truncation, reason = "goods of a campaign")]
fn whole(value: f64, format: impl Fn(i64) -> String) -> String {
    format(value.round() as i64)
}

/// Small charts on one scale of time.
pub(super) fn courses(out: &mut String, data: &Data) -> core::fmt::Result {
    writeln!(out, "<section id=\"courses\"><h2>Over time</h2>")?;
    if data.looks.len() < 2 {
        return writeln!(out, "<p class=\"note\">The course of armies and of knowledge was not kept.</p></section>");
    }
    legend(out, data)?;
    writeln!(out, "<div class=\"multi\">")?;
    let share = |value: f64| percent(value);
    let sum = |value: f64| whole(value, goods);
    let first: Vec<Option<f64>> = data.looks[0].army.clone();
    let army = move |look: &Look, side: usize| {
        let start = first.get(side).copied().flatten().filter(|goods| *goods > 0.0)?;
        Some(look.army.get(side).copied().flatten()? / start)
    };
    let of = |values: fn(&Look) -> &Vec<Option<f64>>| {
        move |look: &Look, side: usize| values(look).get(side).copied().flatten()
    };
    small(out, data, "Army", "of what it was at the beginning", (0.8, 1.0), &army, &share)?;
    small(
        out,
        data,
        "Intel coverage",
        "villages of enemies whose troops are known",
        (0.0, 1.0),
        &of(|l| &l.coverage),
        &share,
    )?;
    small(out, data, "Pool", "goods held in common", (0.0, 1_000.0), &of(|l| &l.pool), &sum)?;
    let change = |value: f64| whole(value, signed);
    let since = |values: fn(&Look) -> &Vec<Option<f64>>| {
        move |look: &Look, side: usize| {
            let first = values(&data.looks[0]).get(side).copied().flatten()?;
            Some(values(look).get(side).copied().flatten()? - first)
        }
    };
    small(
        out,
        data,
        "Land",
        "tiles claimed, more or less than at the beginning",
        (-10.0, 10.0),
        &since(|l| &l.tiles),
        &change,
    )?;
    small(
        out,
        data,
        "Villages",
        "held, more or less than at the beginning",
        (-1.0, 1.0),
        &since(|l| &l.villages),
        &change,
    )?;
    let started = |look: &Look, side: usize| {
        let before = |o: &&super::super::data::Operation| o.side == Some(side) && o.submitted <= look.at;
        Some(data.operations.iter().filter(before).count() as f64)
    };
    small(out, data, "Operations", "proposed and started so far", (0.0, 4.0), &started, &sum)?;
    writeln!(out, "</div>")?;
    events(out, data)?;
    writeln!(out, "</section>")
}

/// Wars, treaties and villages that changed hands.
fn events(out: &mut String, data: &Data) -> core::fmt::Result {
    if data.events.is_empty() {
        return Ok(());
    }
    let (first, rest) = data.events.split_at(data.events.len().min(EVENTS));
    let list = |out: &mut String, part: &[(GameTime, String)]| -> core::fmt::Result {
        writeln!(out, "<ul class=\"minutes\">")?;
        for (at, text) in part {
            writeln!(out, "<li><time>{}</time><span>{}.</span></li>", clock(*at), esc(text))?;
        }
        writeln!(out, "</ul>")
    };
    writeln!(out, "<h3>Wars, treaties and villages that changed hands</h3>")?;
    list(out, first)?;
    if !rest.is_empty() {
        writeln!(out, "<details><summary>{} more</summary>", rest.len())?;
        list(out, rest)?;
        writeln!(out, "</details>")?;
    }
    Ok(())
}

fn small(
    out: &mut String,
    data: &Data,
    heading: &str,
    says: &str,
    shows: (f64, f64),
    value: &dyn Fn(&Look, usize) -> Option<f64>,
    format: &dyn Fn(f64) -> String,
) -> core::fmt::Result {
    let line = |side: usize| {
        // Where a value is not there the line is broken.
        let mut pieces: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
        for look in &data.looks {
            match (value(look, side), pieces.last_mut()) {
                (Some(value), Some(piece)) => piece.push((day(look.at), value)),
                (None, Some(piece)) if !piece.is_empty() => pieces.push(Vec::new()),
                _ => {}
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        Line { side, pieces, label: String::new() }
    };
    let lines = (0..data.sides.len().min(LINES)).map(line);
    let lines: Vec<Line> = lines.filter(|line| line.pieces.iter().map(Vec::len).sum::<usize>() > 1).collect();
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "<figure><h3>{heading}</h3><p class=\"note\">{says}</p>")?;
    let days = (day(data.begun), day(data.end));
    let says = format!("{heading}: {says}, over time, a line for each alliance");
    Chart { says, height: 150, wide: false, lines, days, shows, format, marks: Vec::new() }.write(out)?;
    writeln!(out, "</figure>")
}
