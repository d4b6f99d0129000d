//! What a proposal rests on: what was known of each target when it was proposed, and what came of it there.

use super::digest::{Basis, OperationCard};
use super::{Desk, parts, words};
use crate::theme;
use crate::watch::GoTo;
use bevy_alliance::base::contract::Site;
use bevy_alliance::base::id::{EntityIndex, SiteId};
use bevy_egui::egui::{self, RichText, Ui};

/// Targets in the strip above a timeline.
const IN_STRIP: usize = 4;

/// The targets, one after another, above a timeline.
pub(super) fn strip(ui: &mut Ui, desk: &mut Desk, card: &OperationCard) {
    if card.basis.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0 * parts::unit(ui);
        for basis in card.basis.iter().take(IN_STRIP) {
            let (text, color) = in_short(basis);
            target(ui, desk, basis);
            ui.label(RichText::new(text).small().color(color));
            ui.add_space(10.0 * parts::unit(ui));
        }
        if card.basis.len() > IN_STRIP {
            ui.label(parts::note(format!("and {} more", card.basis.len() - IN_STRIP)));
        }
    });
}

fn in_short(basis: &Basis) -> (String, egui::Color32) {
    match basis.result {
        Some((broken, met)) => {
            let broken = broken.map_or_else(String::new, |share| format!("{} broken, ", words::percent(share)));
            let (sign, word) = if met { ("\u{2714}", "met") } else { ("\u{2716}", "not met") };
            (format!("{broken}{sign} {word}"), if met { theme::GOOD } else { theme::BAD })
        }
        None => {
            let seen = format!("seen {:.0} h before ({})", basis.age_hours, words::percent(basis.confidence));
            (format!("{seen}, offense to defense {:.2}", basis.ratio), theme::FAINT)
        }
    }
}

/// A target's name: a press selects it.
fn target(ui: &mut Ui, desk: &mut Desk, basis: &Basis) {
    let button = parts::link(ui, basis.name.as_str());
    let tip = basis.expected.map_or_else(String::new, |(win, loss)| {
        format!(
            "The plan gave itself a chance of {} and expected to lose {} of its troops",
            words::percent(win),
            words::percent(loss)
        )
    });
    let response = if tip.is_empty() { button } else { button.on_hover_text(tip) };
    if desk.pressed(format!("target_{}", basis.site), &response) {
        select(desk, basis.site);
    }
}

/// Selects a village and goes there.
pub(super) fn select(desk: &mut Desk, site: SiteId) {
    let entity = desk.world.resource::<EntityIndex>().site(site);
    let at = entity.and_then(|e| desk.world.get::<Site>(e)).map(|site| site.at);
    desk.look(move |watch| {
        watch.site = Some(site);
        watch.go_to = at.map(|at| GoTo::Place(at, 40.0)).or(watch.go_to);
    });
}

/// The same as a table, where there is no timeline.
pub(super) fn show(ui: &mut Ui, desk: &mut Desk, card: &OperationCard) {
    parts::heading(ui, "What it rests on");
    if card.basis.is_empty() {
        ui.label(parts::faint("It names no village."));
    }
    egui::ScrollArea::vertical().id_salt(("basis", card.head.id)).auto_shrink(false).show(ui, |ui| {
        if !card.basis.is_empty() {
            table(ui, desk, card);
        }
        asked(ui, card);
        for (at, change) in &card.changes {
            ui.label(parts::faint(format!("{}: {change}", words::clock(*at))));
        }
    });
}

/// Who is asked for what.
fn asked(ui: &mut Ui, card: &OperationCard) {
    if card.asked.is_empty() {
        return;
    }
    ui.add_space(4.0 * parts::unit(ui));
    parts::heading(ui, "Who is asked for troops");
    let most = card.asked.iter().map(|(_, goods, _)| *goods).max().unwrap_or(1).max(1) as f64;
    egui::Grid::new(("asked", card.head.id)).num_columns(4).spacing(egui::vec2(18.0, 4.0) * parts::unit(ui)).show(
        ui,
        |ui| {
            for (member, goods, share) in &card.asked {
                ui.label(member);
                parts::certainty(ui, words::narrow(*goods as f64 / most));
                parts::from_right(ui, |ui| ui.label(words::goods(*goods)));
                ui.label(parts::note(format!("{} of its army", words::percent(*share))));
                ui.end_row();
            }
        },
    );
}

fn table(ui: &mut Ui, desk: &mut Desk, card: &OperationCard) {
    let unit = parts::unit(ui);
    egui::Grid::new(("basis", card.head.id)).num_columns(5).spacing(egui::vec2(18.0, 6.0) * unit).show(ui, |ui| {
        for name in ["village", "seen before", "confidence", "offense to defense", ""] {
            ui.label(parts::note(name));
        }
        ui.end_row();
        for basis in &card.basis {
            target(ui, desk, basis);
            ui.label(format!("{:.0} h", basis.age_hours));
            ui.horizontal(|ui| {
                parts::certainty(ui, words::narrow(basis.confidence));
                ui.label(parts::note(words::percent(basis.confidence)));
            });
            ui.label(format!("{:.2}", basis.ratio));
            let result = basis.result.is_some().then(|| in_short(basis));
            let (text, color) = result.unwrap_or((String::new(), theme::FAINT));
            ui.label(RichText::new(text).color(color));
            ui.end_row();
        }
    });
}
