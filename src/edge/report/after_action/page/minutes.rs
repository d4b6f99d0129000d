//! Minutes of the councils.

use super::super::data::{Data, Minute};
use super::operations::anchor_of;
use super::text::{clock, count, esc, named};
use core::fmt::Write;

pub(super) fn minutes(out: &mut String, data: &Data) -> core::fmt::Result {
    writeln!(out, "<section id=\"minutes\"><h2>Council minutes</h2>")?;
    writeln!(
        out,
        "<p class=\"note\">Of those who rank highest: sessions that proposed nothing and why, proposals, votes, and what members said.</p>"
    )?;
    for of in &data.minutes {
        let Some(side) = data.sides.get(of.side) else { continue };
        writeln!(
            out,
            "<details{}><summary>{}: {}</summary><ul class=\"minutes\">",
            if of.side == 0 { " open" } else { "" },
            named(of.side, &side.name),
            count(of.entries.len() as u64, "entry", "entries")
        )?;
        if of.left_out > 0 {
            writeln!(
                out,
                "<li><span></span><span class=\"soft\">{} are left out, those that tell least: sessions that proposed nothing go first.</span></li>",
                count(of.left_out, "entry", "entries")
            )?;
        }
        for entry in &of.entries {
            one(out, data, entry)?;
        }
        writeln!(out, "</ul></details>")?;
    }
    writeln!(out, "</section>")
}

fn one(out: &mut String, data: &Data, entry: &Minute) -> core::fmt::Result {
    let what = esc(&entry.what);
    let what = match entry.operation.and_then(|i| anchor_of(data, i)) {
        Some(anchor) => format!("<a href=\"#{anchor}\">{what}</a>"),
        None => what,
    };
    let again = if entry.times > 1 {
        format!(" <span class=\"soft\">{} sessions in a row, until {}.</span>", entry.times, clock(entry.last))
    } else {
        String::new()
    };
    writeln!(out, "<li><time>{}</time><span>{what}{again}</span></li>", clock(entry.at))
}
