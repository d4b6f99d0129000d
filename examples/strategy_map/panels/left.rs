//! The panel at the left: what a person who plays decides, and below it one of three lists.

use super::{Desk, alliances, at_desk, messages, operations, parts};
use crate::watch::{Tab, Watch};
use bevy::prelude::World;
use bevy_egui::egui::{self, Ui};

const TABS: [(Tab, &str, &str); 3] = [
    (Tab::Alliances, "Alliances", "tab_alliances"),
    (Tab::Operations, "Operations", "tab_operations"),
    (Tab::Messages, "Messages", "tab_messages"),
];

/// The panel at the left.
pub(super) fn show(ui: &mut Ui, world: &mut World) {
    if world.resource::<Watch>().person.is_some() {
        let most = (ui.available_height() * 0.6).round();
        egui::ScrollArea::vertical().id_salt("play").max_height(most).auto_shrink([false, true]).show(ui, |ui| {
            crate::play::show(ui, world);
        });
        ui.separator();
    }
    at_desk(world, |desk| {
        tabs(ui, desk);
        match desk.watch().tab {
            Tab::Alliances => alliances::show(ui, desk),
            Tab::Operations => operations::show(ui, desk),
            Tab::Messages => messages::show(ui, desk),
        }
    });
}

fn tabs(ui: &mut Ui, desk: &mut Desk) {
    let now = desk.watch().tab;
    ui.columns_const(|columns: &mut [Ui; 3]| {
        for (column, (tab, word, name)) in columns.iter_mut().zip(TABS) {
            // A little less than there is room: what is a fraction of a pixel wider would make the panel grow in each frame.
            let width = (column.available_width() - 1.0).floor();
            let size = egui::vec2(width, column.spacing().interact_size.y * 1.15);
            let open = desk.digest.votes.open.len();
            let word =
                if tab == Tab::Operations && open > 0 { format!("{word} \u{b7} {open}") } else { word.to_owned() };
            let button = egui::Button::selectable(tab == now, word).frame_when_inactive(true);
            if desk.pressed(name, &column.add_sized(size, button)) {
                desk.look(move |watch| watch.tab = tab);
            }
        }
    });
    ui.add_space(4.0 * parts::unit(ui));
}
