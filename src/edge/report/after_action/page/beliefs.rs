//! Belief against truth, target by target.

use super::super::data::{Data, End, Known, Operation};
use super::operations::link;
use super::table::{self, Column, Narrow};
use super::text::{badge, class, esc, goods, hours, named, percent, times};
use core::fmt::Write;

/// Targets in the table, those that were misjudged most.
const ROWS: usize = 24;
/// Targets of other decisions, beyond which each is told by its first one.
const KNOWN: usize = 400;
/// Dots in the chart.
const DOTS: usize = 400;

/// A target of an operation whose blow fell, with what was believed and what stood there, both of which were not nothing.
struct Case<'a> {
    operation: &'a Operation,
    known: &'a Known,
    believed: f64,
    stood: f64,
}

impl Case<'_> {
    /// The logarithm of what stood there over what was believed.
    fn off(&self) -> f64 {
        libm::log((self.stood + 1_000.0) / (self.believed + 1_000.0))
    }
}

fn cases(data: &Data) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for operation in data.operations.iter().filter(|o| o.fought()) {
        for known in &operation.known {
            if let (Some(believed), Some(stood)) = (known.believed, known.stood) {
                cases.push(Case { operation, known, believed: believed as f64, stood: stood as f64 });
            }
        }
    }
    cases
}

pub(super) fn beliefs(out: &mut String, data: &Data) -> core::fmt::Result {
    writeln!(out, "<section id=\"beliefs\"><h2>Belief against truth</h2>")?;
    let mut cases = cases(data);
    if cases.is_empty() {
        writeln!(out, "<p class=\"note\">Of no target that was hit it was kept what was believed.</p>")?;
    } else {
        let more = cases.iter().filter(|case| case.off() > libm::log(1.25)).count();
        let less = cases.iter().filter(|case| case.off() < -libm::log(1.25)).count();
        writeln!(
            out,
            "<p class=\"note\">Of {} targets that were hit, {} held more than was believed when the attack was proposed (by a quarter or more, with \
             1,000 goods added to both so that trifles do not count), {} held less, and {} about as much. In goods of troops; both scales grow \
             tenfold from line to line.</p>",
            cases.len(),
            more,
            less,
            cases.len() - more - less
        )?;
        writeln!(out, "<div class=\"mapbox\">")?;
        scatter(out, &cases)?;
        now(out, data)?;
        writeln!(out, "</div>")?;
        cases.sort_by(|a, b| b.off().abs().total_cmp(&a.off().abs()));
        misjudged(out, &cases)?;
    }
    writeln!(out, "</section>")
}

/// What was believed, and what stood there.
fn scatter(out: &mut String, cases: &[Case]) -> core::fmt::Result {
    let most = cases.iter().map(|case| case.believed.max(case.stood)).fold(1_000.0, f64::max);
    let (low, high) = (2.0, (libm::log10(most) * 4.0).ceil() / 4.0);
    let at = |goods: f64| ((libm::log10(goods.max(100.0)) - low) / (high - low) * 100.0).clamp(0.0, 100.0);
    writeln!(
        out,
        "<figure><div class=\"plot\" style=\"height:340px\"><svg role=\"img\" aria-label=\"What was believed of each target against what stood there\">"
    )?;
    for (power, name) in [(2.0, "100"), (3.0, "1 k"), (4.0, "10 k"), (5.0, "100 k"), (6.0, "1 M"), (7.0, "10 M")] {
        if power > high + 1e-9 {
            break;
        }
        let x = (power - low) / (high - low) * 100.0;
        let y = 100.0 - x;
        write!(
            out,
            "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"{y:.2}%\" y2=\"{y:.2}%\"/><line class=\"grid\" x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"0\" y2=\"100%\"/>"
        )?;
        write!(
            out,
            "<text class=\"end\" x=\"-7\" y=\"{y:.2}%\" dy=\".33em\">{name}</text><text class=\"mid\" x=\"{x:.2}%\" y=\"100%\" dy=\"17\">{name}</text>"
        )?;
    }
    writeln!(out, "<line class=\"diag\" x1=\"0\" y1=\"100%\" x2=\"100%\" y2=\"0\"/>")?;
    writeln!(
        out,
        "<text x=\"6\" y=\"0\" dy=\"14\">more stood there</text><text class=\"end\" x=\"100%\" y=\"100%\" dx=\"-6\" dy=\"-8\">less stood there</text>"
    )?;
    for case in cases.iter().take(DOTS) {
        let kind = case.operation.side.map(class).unwrap_or_default();
        let (x, y) = (at(case.believed), 100.0 - at(case.stood));
        write!(
            out,
            "<circle class=\"pt {kind}\" cx=\"{x:.1}%\" cy=\"{y:.1}%\" r=\"5\"><title>{}: {} believed, {} stood there</title></circle>",
            esc(&case.known.village),
            goods(case.known.believed.unwrap_or(0)),
            goods(case.known.stood.unwrap_or(0))
        )?;
    }
    writeln!(
        out,
        "</svg></div><figcaption>Across: believed when it was proposed. Up: stood there when the blow fell. On the line the two are equal.</figcaption></figure>"
    )
}

/// What each alliance knows now.
fn now(out: &mut String, data: &Data) -> core::fmt::Result {
    let columns: [Column; 4] = [("At the end", false), ("Known", true), ("Age", true), ("Off by", true)];
    writeln!(out, "<div>")?;
    table::open(out, "What each alliance knows at the end", Narrow::Scrolls, &columns)?;
    for (place, side) in data.sides.iter().enumerate().filter(|(_, side)| side.at_war.1 > 0) {
        let cells = [
            named(place, &side.name),
            format!("{} of {}", side.at_war.0, side.at_war.1),
            side.intel_age.map_or("-".to_owned(), hours),
            side.off_by.map_or("-".to_owned(), |off| {
                if off > 100.0 { "over 100\u{d7}".to_owned() } else { format!("{off:.2}\u{d7}") }
            }),
        ];
        table::row(out, "", &columns, &cells)?;
    }
    table::close(out)?;
    writeln!(
        out,
        "<p class=\"note\">Villages of those at war with it whose troops an alliance knows, how old that is in the median, and by which factor \
         it is off, in the median.</p></div>"
    )
}

/// The targets that were misjudged most.
fn misjudged(out: &mut String, cases: &[Case]) -> core::fmt::Result {
    let columns: [Column; 8] = [
        ("Target", false),
        ("Operation", false),
        ("Seen by", false),
        ("Believed", true),
        ("Stood then", true),
        ("Planned against", true),
        ("Stood at the blow", true),
        ("Goal", false),
    ];
    writeln!(out, "<h3>Misjudged most</h3>")?;
    table::open(out, "Targets that were misjudged most", Narrow::Falls, &columns)?;
    for case in cases.iter().take(ROWS) {
        let side = case.operation.side.map(|side| format!("{}\u{a0}", badge(side))).unwrap_or_default();
        let mut cells =
            vec![esc(&case.known.village), format!("<span class=\"who\">{side}{}</span>", link(case.operation))];
        cells.extend(figures(case.known));
        table::row(out, "", &columns, &cells)?;
    }
    table::close(out)?;
    if cases.len() > ROWS {
        writeln!(out, "<p class=\"note\">and {} more, which were misjudged less</p>", cases.len() - ROWS)?;
    }
    Ok(())
}

fn figures(known: &Known) -> Vec<String> {
    let number = |n: Option<i64>| n.map_or("-".to_owned(), goods);
    let age = known.age.map(|age| format!("<small>{} before, {} sure</small>", hours(age), percent(known.confidence)));
    let against = known.believed.zip(known.stood).map(|(believed, stood)| match stood {
        0 => "<small>nobody was there</small>".to_owned(),
        _ => format!("<small>{} the belief</small>", times(stood, believed)),
    });
    vec![
        format!("{}{}", esc(&known.how), age.unwrap_or_default()),
        number(known.believed),
        number(known.truth),
        number(known.planned),
        format!("{}{}", number(known.stood), against.unwrap_or_default()),
        reached(&known.end),
    ]
}

/// What was reached at a target, against what was to be.
fn reached(end: &End) -> String {
    let (met, take, fell, broken, goal) = match end {
        End::Open => return "-".to_owned(),
        End::LeftOut(why) => return format!("left out<small class=\"wrap\">{}</small>", esc(why)),
        End::CalledOff => return "called off".to_owned(),
        End::Fought { met, take, fell, broken, goal } => (*met, *take, *fell, *broken, *goal),
    };
    let half = broken.is_some_and(|share| share >= 0.5);
    let mark = match (met, half) {
        (true, _) => "<span class=\"who good\">\u{2713} met</span>",
        (false, true) => "<span class=\"who half\">\u{25d0} partly</span>",
        (false, false) => "<span class=\"who bad\">\u{2717} missed</span>",
    };
    let mut what = vec![match fell {
        Some(share) => format!("{} of those there fell", percent(share)),
        None => "nobody was there".to_owned(),
    }];
    if take {
        what.push(if met { "taken" } else { "not taken" }.to_owned());
    } else if !met {
        match (broken, goal) {
            (None, _) => what.push("nobody came back to tell".to_owned()),
            (Some(share), Some(goal)) if fell.is_none() && share <= 0.0 => {
                what.push(format!("{} were to fall", percent(goal)));
            }
            (Some(share), Some(goal)) => {
                what.push(format!("{} of those expected, {} were to", percent(share), percent(goal)));
            }
            (Some(share), None) => what.push(format!("{} of those expected", percent(share))),
        }
    }
    format!("{mark}<small class=\"wrap\">{}</small>", what.join(", "))
}

/// What was known at every decision that is not told in full, in one table.
pub(super) fn known_of_others(out: &mut String, others: &[&Operation]) -> core::fmt::Result {
    let columns: [Column; 8] = [
        ("Decision", false),
        ("Target", false),
        ("Seen by", false),
        ("Believed", true),
        ("Stood then", true),
        ("Planned against", true),
        ("Stood at the blow", true),
        ("Goal", false),
    ];
    writeln!(out, "<details id=\"known\"><summary>What was known at each of the other decisions</summary>")?;
    table::open(out, "What was known at each decision", Narrow::Falls, &columns)?;
    let mut rows = 0;
    for operation in others.iter().filter(|o| !o.known.is_empty()) {
        let side = operation.side.map(|side| format!("{}\u{a0}", badge(side))).unwrap_or_default();
        for (n, known) in operation.known.iter().enumerate() {
            // What is left out keeps the place to which its links lead.
            let id = if n == 0 { format!(" id=\"known-{}\"", operation.key) } else { String::new() };
            if rows >= KNOWN && n > 0 {
                break;
            }
            rows += 1;
            let mut cells =
                vec![format!("<span class=\"who\"{id}>{side}{}</span>", esc(&operation.name)), esc(&known.village)];
            cells.extend(figures(known));
            table::row(out, "", &columns, &cells)?;
        }
    }
    table::close(out)?;
    writeln!(out, "</details>")
}

/// What was known of the targets of one operation when it was proposed.
pub(super) fn known_table(out: &mut String, operation: &Operation) -> core::fmt::Result {
    writeln!(out, "<h4 id=\"known-{}\">What was known then, and the truth, in goods of troops</h4>", operation.key)?;
    if operation.known.is_empty() {
        return writeln!(out, "<p class=\"note\">It was not kept.</p>");
    }
    let columns: [Column; 7] = [
        ("Target", false),
        ("Seen by", false),
        ("Believed", true),
        ("Stood then", true),
        ("Planned against", true),
        ("Stood at the blow", true),
        ("Goal", false),
    ];
    table::open(out, "What was known of each target", Narrow::Falls, &columns)?;
    for known in &operation.known {
        let mut cells = vec![esc(&known.village)];
        cells.extend(figures(known));
        table::row(out, "", &columns, &cells)?;
    }
    table::close(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_reached_is_said_of_each_target() {
        let end = |met, take, fell, broken, goal| reached(&End::Fought { met, take, fell, broken, goal });
        let half = end(false, false, Some(1.0), Some(0.64), Some(0.8));
        assert!(
            half.contains("partly") && half.contains("100% of those there fell, 64% of those expected, 80% were to")
        );
        assert!(
            end(false, true, Some(0.26), None, None)
                .contains("missed</span><small class=\"wrap\">26% of those there fell, not taken")
        );
        assert!(end(true, true, None, Some(1.0), None).contains("nobody was there, taken"));
        assert!(end(false, false, Some(0.2), None, Some(0.8)).contains("nobody came back to tell"));
        assert_eq!(reached(&End::CalledOff), "called off");
        assert!(reached(&End::LeftOut("a <b>".to_owned())).contains("a &lt;b&gt;"));
    }
}
