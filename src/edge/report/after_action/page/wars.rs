//! Wars: what each side killed and looted, and how far it has come with its aim.

use super::super::data::{Data, Party, War};
use super::text::{class, clock, count, esc, goods, party};
use core::fmt::Write;

/// Wars that are shown before the rest is folded.
const SHOWN: usize = 8;

pub(super) fn wars(out: &mut String, data: &Data) -> core::fmt::Result {
    writeln!(out, "<section id=\"wars\"><h2>Wars: aims, progress and exchange</h2>")?;
    if data.wars.is_empty() {
        return writeln!(out, "<p class=\"note\">Nobody fought anybody.</p></section>");
    }
    writeln!(
        out,
        "<p class=\"note\">Left and right what each side killed and looted of the other, on one scale. Each war stands for itself, also where \
         the same two fought again; what still struck after its end counts to it. The small bar is on the side of who declared it: the \
         villages that it was for, as far as they were broken or taken.</p>"
    )?;
    let most = data.wars.iter().flat_map(|war| [won(war, 0), won(war, 1)]).max().unwrap_or(1).max(1);
    for war in data.wars.iter().take(SHOWN) {
        one(out, data, war, most)?;
    }
    if data.wars.len() > SHOWN {
        writeln!(out, "<details><summary>{} more</summary>", data.wars.len() - SHOWN)?;
        for war in data.wars.iter().skip(SHOWN) {
            one(out, data, war, most)?;
        }
        writeln!(out, "</details>")?;
    }
    writeln!(out, "</section>")
}

fn won(war: &War, side: usize) -> i64 {
    war.killed[side] + war.looted[side]
}

fn color(party: &Party) -> String {
    party.side.map(class).unwrap_or_default()
}

fn one(out: &mut String, data: &Data, war: &War, most: i64) -> core::fmt::Result {
    writeln!(out, "<div class=\"war\"><p class=\"vs\">{} against {}</p>", party(&war.a), party(&war.b))?;
    let width = |side: usize| won(war, side) as f64 / most as f64 * 100.0;
    writeln!(
        out,
        "<div class=\"bars\" aria-hidden=\"true\"><div class=\"bar l\"><i class=\"{}\" style=\"width:{:.1}%\"></i></div>\
         <div class=\"bar r\"><i class=\"{}\" style=\"width:{:.1}%\"></i></div></div>",
        color(&war.a),
        width(0),
        color(&war.b),
        width(1)
    )?;
    writeln!(out, "<div class=\"figs\">")?;
    for (side, name) in [(0, &war.a), (1, &war.b)] {
        let looted = if war.looted[side] > 0 { format!(", {} looted", goods(war.looted[side])) } else { String::new() };
        let taken = if war.taken[side] > 0 {
            format!(", {} taken", count(war.taken[side], "village", "villages"))
        } else {
            String::new()
        };
        let declared = war.declared.as_ref() == Some(name);
        let aim = war.aim.filter(|_| declared).map_or_else(String::new, |(reached, of)| {
            let part = reached as f64 / of.max(1) as f64 * 100.0;
            format!(
                "<br>aim {reached} of {of} <span class=\"aim {}\"><i style=\"width:{part:.0}%\"></i></span>",
                color(name)
            )
        });
        writeln!(out, "<div><b>{}</b> killed{looted}{taken}{aim}</div>", goods(war.killed[side]))?;
    }
    writeln!(out, "</div><p class=\"sub\">{}</p></div>", course(data, war))
}

fn course(data: &Data, war: &War) -> String {
    let battles = count(war.battles, "battle", "battles");
    let Some(since) = war.since else { return format!("No war was declared; {battles}.") };
    let began = match &war.declared {
        Some(by) => format!("Declared by {} on {}", esc(&by.name), clock(since)),
        None if since > data.begun => format!("At war since {}", clock(since)),
        None => "At war from the beginning".to_owned(),
    };
    match war.ended {
        Some(ended) => format!("{began}, over on {}; {battles}.", clock(ended)),
        None => format!("{began}, not over; {battles}."),
    }
}
