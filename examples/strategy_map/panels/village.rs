//! The panel at the right: the selected village, what one side knows of it, and the truth beside it where that may be shown.

use super::digest::{Coming, Known, VillageCard};
use super::parts::{self, Icon};
use super::{Desk, words};
use crate::theme;
use bevy_egui::egui::{self, Align, Layout, RichText, Ui, vec2};

/// The selected village.
pub(super) fn show(ui: &mut Ui, desk: &mut Desk) {
    let digest = desk.digest;
    let Some(card) = &digest.village else {
        ui.horizontal(|ui| {
            ui.label(parts::faint("The village is gone."));
            parts::from_right(ui, |ui| close(ui, desk));
        });
        return;
    };
    header(ui, desk, card);
    egui::ScrollArea::vertical().id_salt("village").auto_shrink(false).show(ui, |ui| {
        public(ui, desk, card);
        knowledge(ui, card);
        units(ui, card);
        coming(ui, desk, card);
        battles(ui, card);
    });
}

fn close(ui: &mut Ui, desk: &mut Desk) {
    if desk.pressed("close_site", &parts::icon_button(ui, Icon::Close, false, "Close (Escape)")) {
        desk.look(|watch| watch.site = None);
    }
}

fn header(ui: &mut Ui, desk: &mut Desk, card: &VillageCard) {
    ui.horizontal(|ui| {
        parts::swatch(ui, card.color);
        parts::from_right(ui, |ui| {
            close(ui, desk);
            let at = card.at;
            if desk.pressed("show_site", &parts::icon_button(ui, Icon::Place, false, "Show it on the map")) {
                desk.go_to(at);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                parts::line(ui, RichText::new(&card.name).heading().color(theme::ACCENT));
            });
        });
    });
}

fn public(ui: &mut Ui, desk: &mut Desk, card: &VillageCard) {
    parts::pair(
        ui,
        "at",
        format!("{} | {}", words::grouped(i64::from(card.at.x)), words::grouped(i64::from(card.at.y))),
    );
    parts::pair(ui, "owner", card.owner.as_str());
    match &card.alliance {
        Some((id, name)) => {
            let id = *id;
            let clicked = parts::both(
                ui,
                |ui| _ = parts::line(ui, parts::faint("alliance")),
                |ui| parts::link(ui, name.as_str()),
            );
            if desk.pressed("site_alliance", &clicked) {
                desk.look(move |watch| {
                    watch.alliance = Some(id);
                    watch.tab = crate::watch::Tab::Alliances;
                });
            }
        }
        None => parts::pair(ui, "alliance", parts::faint("none")),
    }
    parts::pair(ui, "tribe", card.tribe.as_str());
    parts::pair(ui, "inhabitants", words::grouped(i64::from(card.population)));
    if let Some(level) = card.wonder {
        parts::pair(ui, "wonder", format!("level {level}"));
    }
}

/// What is known, with where it came from, how old it is and how certain by now.
fn knowledge(ui: &mut Ui, card: &VillageCard) {
    let whose = match (&card.eyes, card.own) {
        (Some(_), true) => "Its own members' village".to_owned(),
        (Some(eyes), false) => format!("What {eyes} knows"),
        (None, _) => "As it is".to_owned(),
    };
    parts::heading(ui, &whose);
    if card.eyes.is_some() && !card.seen && !card.own {
        ui.label(parts::faint("Nothing. Nobody has looked within a week."));
    }
    if card.eyes.is_none() {
        ui.add(egui::Label::new(parts::note("Choose an alliance, and what it believes stands beside.")).wrap());
    }
    let columns = Columns { believed: card.eyes.is_some() && !card.own, truth: card.truth };
    titles(ui, &columns);
    for known in &card.known {
        tell(ui, known, &columns);
    }
}

/// Which columns there are.
struct Columns {
    believed: bool,
    truth: bool,
}

/// A row of a word and right-aligned numbers under each other.
fn row(ui: &mut Ui, word: RichText, numbers: [Option<RichText>; 2]) {
    let width = 82.0 * parts::unit(ui);
    parts::both(
        ui,
        |ui| _ = parts::line(ui, word),
        |ui| {
            for number in numbers.into_iter().rev().flatten() {
                let size = vec2(width, ui.text_style_height(&egui::TextStyle::Body));
                ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
                    ui.set_min_width(width);
                    ui.label(number);
                });
            }
        },
    );
}

fn titles(ui: &mut Ui, columns: &Columns) {
    let believed = columns.believed.then(|| parts::note("believed"));
    let truth = columns.truth.then(|| parts::note("truth"));
    if columns.believed || columns.truth {
        row(ui, parts::note(""), [believed, truth]);
    }
}

fn number(text: Option<&String>) -> RichText {
    match text {
        Some(text) => RichText::new(text).color(theme::TEXT),
        None => parts::faint("\u{2013}"),
    }
}

fn tell(ui: &mut Ui, known: &Known, columns: &Columns) {
    let believed = columns.believed.then(|| number(known.believed.as_ref()));
    let truth = columns.truth.then(|| number(known.truth.as_ref()).color(theme::GOOD));
    if !columns.truth && known.believed.is_none() {
        return;
    }
    row(ui, RichText::new(known.what), [believed, truth]);
    let Some((by, age, confidence)) = known.seen.as_ref().filter(|_| columns.believed) else { return };
    parts::both(
        ui,
        |ui| {
            parts::certainty(ui, words::narrow(*confidence));
            parts::line(ui, parts::note(format!("{} \u{b7} {by}", words::percent(*confidence))));
        },
        |ui| ui.label(parts::note(format!("{age:.0} h old"))),
    );
    ui.add_space(3.0 * parts::unit(ui));
}

fn units(ui: &mut Ui, card: &VillageCard) {
    if card.units.is_empty() {
        return;
    }
    parts::heading(ui, "Troops");
    let columns = Columns { believed: card.eyes.is_some() && !card.own, truth: card.truth };
    titles(ui, &columns);
    for units in &card.units {
        let count = |n: Option<u32>| n.map(|n| words::grouped(i64::from(n)));
        let (believed, truth) = (count(units.believed), count(units.truth));
        let believed = columns.believed.then(|| number(believed.as_ref()));
        let truth = columns.truth.then(|| number(truth.as_ref()).color(theme::GOOD));
        row(ui, parts::faint(&units.name), [believed, truth]);
    }
}

/// Marches that come, as far as they are known.
fn coming(ui: &mut Ui, desk: &Desk, card: &VillageCard) {
    parts::heading(ui, "Coming");
    if card.coming.is_empty() {
        ui.label(parts::faint(if card.eyes.is_some() { "Nothing is known to come." } else { "Nothing comes." }));
    }
    let now = desk.now();
    for march in &card.coming {
        let (word, color) = certainty(march);
        parts::both(
            ui,
            |ui| {
                parts::chip(ui, word, color);
                parts::line(ui, march.from.as_str());
            },
            |ui| {
                let at = format!("{}, {}", words::clock(march.arrival), words::exact(march.arrival));
                ui.label(words::from_now(march.arrival, now)).on_hover_text(at);
            },
        );
        let real = march.real.map_or_else(String::new, |real| format!(" \u{b7} real: {}", words::percent(real)));
        parts::line(ui, parts::note(format!("{}{real}", march.what)));
    }
}

/// How sure it is that a march is real: a word and a color.
fn certainty(march: &Coming) -> (&'static str, egui::Color32) {
    match (march.truth, march.real) {
        (true, _) => ("truth", theme::GOOD),
        (_, Some(_)) if march.unseen => ("unknown", theme::FAINT),
        (_, Some(real)) if real >= crate::map::REAL_FROM => ("confirmed", theme::BAD),
        (_, Some(_)) => ("suspected", theme::WARN),
        (_, None) => ("sighted", theme::FAINT),
    }
}

fn battles(ui: &mut Ui, card: &VillageCard) {
    if card.battles.is_empty() {
        return;
    }
    parts::heading(ui, "Latest battles");
    for (at, text) in &card.battles {
        parts::line(ui, text.as_str()).on_hover_text(text);
        ui.label(parts::note(words::clock(*at)));
    }
}
