//! Votes and operations: what is open, what runs, what came of the rest.

use super::ballots::tally_bar;
use super::digest::{Head, State};
use super::words::sentence;
use super::{Desk, parts, words};
use crate::theme;
use bevy_egui::egui::{self, Color32, RichText, Ui};

/// The list of votes and operations.
pub(super) fn show(ui: &mut Ui, desk: &mut Desk) {
    filter(ui, desk);
    let votes = &desk.digest.votes;
    egui::ScrollArea::vertical().id_salt("operations").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0 * parts::unit(ui);
        if votes.open.is_empty() && votes.running.is_empty() && votes.over.is_empty() {
            ui.label(parts::faint("Nothing was proposed yet."));
        }
        for (name, heads) in [("Open votes", &votes.open), ("Under way", &votes.running), ("Over", &votes.over)] {
            if heads.is_empty() {
                continue;
            }
            parts::heading(ui, &format!("{name} \u{b7} {}", heads.len()));
            for head in heads {
                parts::if_seen(ui, name, |ui| row(ui, desk, head));
            }
        }
    });
}

/// Whose they are.
fn filter(ui: &mut Ui, desk: &mut Desk) {
    let watch = desk.watch();
    let of = watch.alliance.or(watch.side);
    ui.horizontal(|ui| match of {
        Some(alliance) => {
            parts::swatch(ui, theme::of(desk.names(), Some(alliance)));
            parts::line(ui, words::alliance(desk.names(), alliance));
            if desk.watch().side.is_none() && desk.pressed("all_alliances", &ui.small_button("of all")) {
                desk.look(|watch| watch.alliance = None);
            }
        }
        None => _ = ui.label(parts::faint("Of all alliances")),
    });
}

fn row(ui: &mut Ui, desk: &mut Desk, head: &Head) {
    let (id, now) = (head.id, desk.now());
    let color = theme::of(desk.names(), Some(id.alliance));
    let chosen = desk.watch().operation == Some(id);
    let response = parts::card(ui, chosen, color, |ui| {
        let (sign, word, shade) = state(&head.state);
        parts::both(
            ui,
            |ui| _ = parts::line(ui, RichText::new(&head.title).color(theme::TEXT)),
            |ui| _ = ui.label(RichText::new(sign).color(shade)),
        );
        let alliance = words::alliance(desk.names(), id.alliance);
        match &head.state {
            State::Open => {
                tally_bar(ui, &head.count);
                let ends = head.deadline.map_or_else(String::new, |at| format!("ends {}", words::from_now(at, now)));
                let proposer = words::player(desk.names(), head.proposer);
                under(ui, &format!("{alliance} \u{b7} by {proposer}"), &ends, theme::FAINT);
            }
            State::Passed if head.taking_part.1 == 0 => under(ui, &sentence(&word), &alliance, theme::FAINT),
            State::Runs | State::CalledOff | State::Passed => {
                let (members, groups) = head.taking_part;
                let who = format!("{members} members, {}", words::counted(groups, "group", "groups"));
                let when = head.arrival.map_or_else(String::new, |at| words::from_now(at, now));
                let when = if head.state == State::CalledOff { "called off".to_owned() } else { when };
                under(ui, &format!("{alliance} \u{b7} {who}"), &when, theme::TEXT);
            }
            State::Over(_) => {
                let cost = head.cost.map_or_else(String::new, |(killed, lost)| {
                    format!("{} killed \u{b7} {} lost", words::goods(killed), words::goods(lost))
                });
                under(ui, &format!("{word} \u{b7} {cost}"), &alliance, theme::FAINT);
            }
            State::Refused(why) => under(ui, &sentence(why), &alliance, theme::FAINT),
        }
    });
    let response = response.on_hover_text(format!("{} \u{b7} {id}", head.title));
    if desk.pressed(format!("operation_{id}"), &response) {
        desk.show_operation(id);
    }
}

fn under(ui: &mut Ui, left: &str, right: &str, color: Color32) {
    parts::both(
        ui,
        |ui| _ = parts::line(ui, parts::note(left)),
        |ui| _ = ui.label(RichText::new(right).small().color(color)),
    );
}

/// How far it has come: a sign, a word, a color.
pub(super) fn state(state: &State) -> (&'static str, String, Color32) {
    match state {
        State::Open => ("\u{25cb}", "open vote".to_owned(), theme::WARN),
        State::Passed => ("\u{2714}", "passed".to_owned(), theme::GOOD),
        State::Refused(_) => ("\u{2716}", "came to nothing".to_owned(), theme::FAINT),
        State::Runs => ("\u{25b6}", "under way".to_owned(), theme::TEXT),
        State::CalledOff => ("\u{2013}", "called off".to_owned(), theme::FAINT),
        State::Over(result) => words::result(result),
    }
}
