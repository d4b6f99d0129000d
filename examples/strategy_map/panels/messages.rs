//! What the members of an alliance say to each other, and the minutes of its council.

use super::digest::{Letter, Tone};
use super::{Desk, parts, words};
use crate::theme;
use bevy_egui::egui::{self, Label, RichText, Ui};

/// The messages of an alliance.
pub(super) fn show(ui: &mut Ui, desk: &mut Desk) {
    let Some(alliance) = desk.watch().eyes() else {
        ui.label(parts::faint("Choose an alliance, and this shows what its members say and decide."));
        return;
    };
    if !desk.watch().may_see(alliance) {
        ui.label(parts::faint("What others say is not known to those whose eyes are used."));
        return;
    }
    let key = egui::Id::new("minutes alone");
    let mut minutes = ui.data(|data| data.get_temp::<bool>(key)).unwrap_or(false);
    ui.horizontal(|ui| {
        parts::swatch(ui, theme::of(desk.names(), Some(alliance)));
        parts::line(ui, words::alliance(desk.names(), alliance));
        parts::from_right(ui, |ui| {
            if desk.pressed("minutes", &parts::toggle(ui, minutes, "Minutes")) {
                minutes = true;
            }
            if desk.pressed("all_messages", &parts::toggle(ui, !minutes, "All")) {
                minutes = false;
            }
        });
    });
    ui.data_mut(|data| data.insert_temp(key, minutes));
    let shown = |letter: &&Letter| !minutes || letter.tone != Tone::Service;
    egui::ScrollArea::vertical()
        .id_salt(("messages", alliance, minutes))
        .auto_shrink(false)
        .stick_to_bottom(true)
        .show(ui, |ui| {
            if desk.digest.letters.is_empty() {
                ui.label(parts::faint("Nothing was said yet."));
            }
            let mut day = i64::MIN;
            let digest = desk.digest;
            for letter in digest.letters.iter().filter(shown) {
                let of = letter.at.0.div_euclid(86_400_000) + 1;
                if of != day {
                    parts::heading(ui, &format!("Day {of}"));
                    day = of;
                }
                tell(ui, desk, letter);
            }
        });
}

fn tell(ui: &mut Ui, desk: &mut Desk, letter: &Letter) {
    let unit = parts::unit(ui);
    let response = ui.scope(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(5.0, 2.0) * unit;
        ui.horizontal_wrapped(|ui| {
            ui.label(parts::note(words::time_of_day(letter.at)));
            if let Some((sign, color)) = letter.sign {
                ui.label(RichText::new(sign).small().color(color));
            }
            if let Some(sender) = &letter.sender {
                ui.label(RichText::new(sender).strong().color(theme::TEXT));
            }
            let color = if letter.sender.is_some() { theme::FAINT } else { theme::TEXT };
            if letter.tone != Tone::Speech {
                ui.add(Label::new(RichText::new(&letter.what).color(color)).wrap());
            }
            if letter.times > 1 {
                ui.label(parts::note(format!("{} times", letter.times)));
            }
        });
        if let Some(said) = &letter.said {
            egui::Frame::new()
                .fill(theme::WELL)
                .corner_radius(egui::CornerRadius::same(5))
                .inner_margin(egui::vec2(9.0, 5.0) * unit)
                .outer_margin(egui::Margin { left: 14, ..egui::Margin::ZERO })
                .show(ui, |ui| ui.add(Label::new(RichText::new(said).color(theme::TEXT)).wrap()));
        }
    });
    if let Some(id) = letter.about {
        let click = response.response.interact(egui::Sense::click()).on_hover_cursor(egui::CursorIcon::PointingHand);
        if click.clicked() {
            desk.show_operation(id);
        }
    }
    ui.add_space(3.0 * unit);
}
