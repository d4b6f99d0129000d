//! What is read first: who is winning and why, and the ranking; and what is read last.

use super::super::data::{Data, RankedBy, Side};
use super::super::judge::Verdict;
use super::table::{self, Column, Narrow};
use super::text::{clock, count, esc, goods, hours, letter, named, percent, signed};
use core::fmt::Write;

pub(super) fn head(out: &mut String, data: &Data, verdict: &Verdict) -> core::fmt::Result {
    let days = (data.end - crate::base::clock::GameTime(0)).as_hours() / 24.0;
    writeln!(out, "<header class=\"top\"><p class=\"kicker\">After-action report \u{b7} {days:.1} days</p>")?;
    writeln!(out, "<h1>{}</h1>", esc_keeping_spaces(&verdict.headline))?;
    writeln!(out, "<p class=\"lead\">{}</p>", esc_keeping_spaces(&verdict.why))?;
    writeln!(
        out,
        "<p class=\"meta\">{} villages, {} players, {} alliances of which {} deliberate \u{b7} from {} to {} \u{b7} seed {}</p>",
        data.villages,
        data.players,
        data.alliances,
        data.sides.len(),
        clock(data.begun),
        clock(data.end),
        data.seed
    )?;
    writeln!(out, "<p class=\"meta\">State hash <code>{}</code></p>", esc(&data.hash))?;
    write!(out, "<nav aria-label=\"Parts of this report\">")?;
    let parts = [
        ("standing", "Standing"),
        ("keys", "Turning point and decisions"),
        ("map", "Map"),
        ("wars", "Wars"),
        ("courses", "Over time"),
        ("operations", "Operations"),
        ("beliefs", "Belief and truth"),
        ("bands", "How believable"),
        ("minutes", "Minutes"),
        ("numbers", "Numbers"),
    ];
    for (id, name) in parts {
        write!(out, "<a href=\"#{id}\">{name}</a>")?;
    }
    writeln!(out, "</nav></header>")
}

/// Escaped, with the spaces that hold numbers and units together: `esc` makes plain ones of them.
fn esc_keeping_spaces(text: &str) -> String {
    text.split('\u{a0}').map(esc_inner).collect::<Vec<_>>().join("\u{a0}")
}

/// Escaped with its spaces at both ends.
fn esc_inner(text: &str) -> String {
    let lead = if text.starts_with(' ') { " " } else { "" };
    let tail = if text.ends_with(' ') { " " } else { "" };
    format!("{lead}{}{tail}", esc(text))
}

/// The ranking.
pub(super) fn standing(out: &mut String, data: &Data) -> core::fmt::Result {
    writeln!(out, "<section id=\"standing\"><h2>Standing</h2>")?;
    let by = match data.ranked_by {
        RankedBy::Net => {
            "Ranked by net goods: goods of enemy troops killed and goods looted, less own troops lost and goods plundered."
        }
        RankedBy::Progress => "Ranked by how far each has come to victory.",
        RankedBy::Won(..) => "Ranked as the campaign ended.",
    };
    writeln!(
        out,
        "<p class=\"note\">{by} The letter and the color of an alliance are the same on the whole page. A goal is met where all targets \
         of an operation are broken or taken, as it was to be, and partly met where some are, or half of the defenders of one fell.</p>"
    )?;
    let condition = !matches!(data.ranked_by, RankedBy::Net);
    let mut columns: Vec<Column> = vec![("Alliance", false)];
    if condition {
        columns.push(("To victory", true));
    }
    columns.extend([
        ("Net goods", true),
        ("Killed", true),
        ("Lost", true),
        ("Looted", true),
        ("Plundered", true),
        ("Villages", true),
        ("Goals met", true),
        ("Army", true),
        ("Enemy troops known", true),
    ]);
    table::open(out, "Ranking of the alliances", Narrow::Stacks, &columns)?;
    for (place, side) in data.sides.iter().enumerate() {
        let mut cells = vec![name(place, side)];
        if condition {
            cells.push(
                side.progress
                    .as_ref()
                    .map_or("-".to_owned(), |(by, p)| format!("{}<small>{}</small>", percent(*p), esc(by))),
            );
        }
        cells.extend(figures(data, place, side));
        table::row(out, if place == 0 { "first" } else { "" }, &columns, &cells)?;
    }
    table::close(out)?;
    if data.sides.iter().any(|side| !side.state.is_empty()) {
        writeln!(
            out,
            "<details><summary>What each is about to do, and what keeps it from it</summary><ul class=\"minutes\">"
        )?;
        for (place, side) in data.sides.iter().enumerate() {
            writeln!(out, "<li><span>{}</span><span>It {}.</span></li>", named(place, &side.name), esc(&side.state))?;
        }
        writeln!(out, "</ul></details>")?;
    }
    writeln!(out, "</section>")
}

fn name(place: usize, side: &Side) -> String {
    let ended = if side.ended { "has ended" } else { "" };
    let members = if side.ended { ended.to_owned() } else { count(side.members, "member", "members") };
    format!("{}<small>{members}</small>", named(place, &side.name))
}

fn figures(data: &Data, place: usize, side: &Side) -> Vec<String> {
    let of = |look: Option<&super::super::data::Look>| look.and_then(|l| l.army.get(place).copied().flatten());
    let army = of(data.looks.first()).zip(of(data.looks.last())).filter(|(first, _)| *first > 0.0);
    #[expect(clippy::cast_possible_truncation, reason = "goods of a campaign")]
    let army = army.map_or("-".to_owned(), |(first, last)| {
        format!("{}<small>{} of the start</small>", goods(last as i64), percent(last / first))
    });
    let mut villages = Vec::new();
    for (n, sign) in [(side.taken + side.founded, "+"), (side.villages_lost, "\u{2212}")] {
        if n > 0 {
            villages.push(format!("{sign}{n}"));
        }
    }
    let villages = if villages.is_empty() { "unchanged".to_owned() } else { villages.join(" ") };
    let tone = if side.net() < 0 { "bad" } else { "good" };
    let mut known =
        if side.at_war.1 == 0 { "no war".to_owned() } else { percent(side.at_war.0 as f64 / side.at_war.1 as f64) };
    if let Some(age) = side.intel_age {
        known.push_str(&format!("<small>{} old</small>", hours(age)));
    }
    let rest: Vec<String> = [(side.partly, "partly"), (side.failed, "failed"), (side.aborted, "off")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n}\u{a0}{word}"))
        .collect();
    vec![
        format!("<b class=\"{tone}\">{}</b>", signed(side.net())),
        goods(side.killed),
        goods(side.lost),
        goods(side.looted),
        goods(side.plundered),
        format!("{}<small>{villages}</small>", side.villages),
        format!("{} of {}<small>{}</small>", side.met, side.started, rest.join(", ")),
        army,
        known,
    ]
}

/// Numbers of the tally, and how the report counts.
pub(super) fn numbers(out: &mut String, data: &Data) -> core::fmt::Result {
    writeln!(
        out,
        "<section id=\"numbers\"><h2>Numbers</h2><p class=\"note\">All of the campaign, of everybody.</p><dl class=\"dl\">"
    )?;
    for (what, value) in &data.counts {
        writeln!(out, "<dt>{}</dt><dd>{}</dd>", esc(what), esc(value))?;
    }
    writeln!(out, "</dl>")?;
    if !data.left_out.is_empty() {
        writeln!(out, "<p class=\"note\">Left out because of limits: {}.</p>", esc(&data.left_out.join("; ")))?;
    }
    writeln!(out, "</section>")
}

pub(super) fn foot(out: &mut String, data: &Data) -> core::fmt::Result {
    let first = data.sides.first().map(|side| format!(", {} {} first", letter(0), esc(&side.name))).unwrap_or_default();
    writeln!(
        out,
        "<footer>Goods of troops are what they cost to replace. Net is killed and looted less lost and plundered{first}. What was \
         believed is what the alliance knew when it proposed; the truth beside it was read afterwards, and no decision saw it.</footer>"
    )
}
