//! The list of keys, in the middle of the map.

use super::{Desk, parts};
use crate::keys::KEYS;
use crate::theme;
use bevy_egui::egui::{self, Align2, RichText};

/// Shows the list of keys while it is asked for.
pub(super) fn show(ctx: &egui::Context, free: egui::Rect, desk: &mut Desk) {
    if !desk.watch().help {
        return;
    }
    egui::Area::new(egui::Id::new("help"))
        .order(egui::Order::Foreground)
        .pivot(Align2::CENTER_CENTER)
        .fixed_pos(free.center())
        .show(ctx, |ui| {
            let unit = parts::unit(ui);
            egui::Frame::new()
                .fill(theme::PANEL)
                .stroke(egui::Stroke::new(1.0, theme::EDGE))
                .corner_radius(egui::CornerRadius::same(8))
                .inner_margin(egui::vec2(22.0, 16.0) * unit)
                .show(ui, |ui| {
                    ui.label(RichText::new("Keys").heading().color(theme::ACCENT));
                    ui.add_space(6.0 * unit);
                    egui::Grid::new("keys").num_columns(2).spacing(egui::vec2(24.0, 6.0) * unit).show(ui, |ui| {
                        for (key, does) in KEYS {
                            ui.label(RichText::new(key).strong().color(theme::TEXT));
                            ui.label(parts::faint(does));
                            ui.end_row();
                        }
                    });
                    ui.add_space(8.0 * unit);
                    if desk.pressed("close_help", &ui.button("Close")) {
                        desk.look(|watch| watch.help = false);
                    }
                });
        });
}
