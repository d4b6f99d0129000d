//! The panel below: the selected proposal or operation, its votes at the left, its timeline (or what it rests on) at the right.

use super::digest::{OperationCard, State};
use super::parts::{self, Icon};
use super::{Desk, ballots, operations, rests_on, timeline, words};
use crate::theme;
use crate::watch::GoTo;
use bevy_egui::egui::{self, RichText, Ui, UiBuilder, vec2};

/// The part of the width that the votes take.
const VOTES: f32 = 0.31;

/// The selected operation.
pub(super) fn show(ui: &mut Ui, desk: &mut Desk) {
    let digest = desk.digest;
    let Some(card) = &digest.operation else {
        header_alone(ui, desk, "It is not kept any more");
        return;
    };
    if card.hidden {
        header_alone(ui, desk, "What others decide is not known to those whose eyes are used");
        return;
    }
    header(ui, desk, card);
    facts(ui, card);
    ui.add_space(2.0 * parts::unit(ui));
    let area = ui.available_rect_before_wrap();
    let unit = parts::unit(ui);
    let (mut left, mut right) = (area, area);
    left.set_width((area.width() * VOTES).clamp(280.0 * unit, 520.0 * unit).round());
    right.min.x = left.max.x + 18.0 * unit;
    ui.painter().vline(left.max.x + 9.0 * unit, area.y_range(), egui::Stroke::new(1.0, theme::EDGE));
    ui.scope_builder(UiBuilder::new().max_rect(left), |ui| {
        ui.set_clip_rect(left.intersect(ui.clip_rect()));
        ballots::show(ui, card);
    });
    ui.scope_builder(UiBuilder::new().max_rect(right), |ui| {
        ui.set_clip_rect(right.intersect(ui.clip_rect()));
        if card.lanes.is_empty() {
            rests_on::show(ui, desk, card);
        } else {
            rests_on::strip(ui, desk, card);
            timeline::show(ui, card, desk.now());
        }
    });
    ui.advance_cursor_after_rect(area);
}

fn header_alone(ui: &mut Ui, desk: &mut Desk, why: &str) {
    ui.horizontal(|ui| {
        ui.label(parts::faint(format!("{why}.")));
        parts::from_right(ui, |ui| close(ui, desk));
    });
}

fn close(ui: &mut Ui, desk: &mut Desk) {
    if desk.pressed("close_operation", &parts::icon_button(ui, Icon::Close, false, "Close (Escape)")) {
        desk.look(|watch| watch.operation = None);
    }
}

fn header(ui: &mut Ui, desk: &mut Desk, card: &OperationCard) {
    let (sign, word, color) = operations::state(&card.head.state);
    let head = &card.head;
    ui.horizontal(|ui| {
        parts::swatch(ui, theme::of(desk.names(), Some(head.id.alliance)));
        ui.label(RichText::new(&head.title).heading().color(theme::ACCENT));
        parts::chip(ui, format!("{sign} {word}"), color);
        parts::from_right(ui, |ui| {
            close(ui, desk);
            let id = head.id;
            if desk.pressed("show_operation", &parts::icon_button(ui, Icon::Place, false, "Show it on the map")) {
                desk.look(move |watch| watch.go_to = Some(GoTo::Operation(id)));
            }
            let now = desk.now();
            if let Some(arrival) = head.arrival.filter(|_| matches!(head.state, State::Runs | State::Passed)) {
                let text = if arrival > now {
                    format!("arrives in {}", crate::map::countdown(arrival - now))
                } else {
                    format!("arrived {}", words::from_now(arrival, now))
                };
                ui.label(RichText::new(text).heading().color(theme::WARN));
            } else if let Some(deadline) = head.deadline.filter(|_| head.state == State::Open) {
                let text = format!("the vote ends in {}", crate::map::countdown(deadline - now));
                ui.label(RichText::new(text).heading().color(theme::WARN));
            }
        });
    });
}

/// Who wants what, what was expected, and what came of it: one line of words and values.
fn facts(ui: &mut Ui, card: &OperationCard) {
    let head = &card.head;
    let mut facts =
        vec![("by", format!("{} of {}", card.proposer, card.alliance)), ("proposed", words::clock(head.submitted))];
    if !card.goal.is_empty() {
        facts.push(("to", card.goal.clone()));
    }
    let about = match &head.state {
        State::Refused(why) => Some(("why", words::sentence(why))),
        _ => None,
    };
    facts.extend(about);
    facts.extend(card.facts.iter().cloned());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(5.0, 2.0) * parts::unit(ui);
        for (word, value) in facts {
            ui.label(parts::note(word));
            ui.label(value);
            ui.add_space(9.0 * parts::unit(ui));
        }
    });
    if !card.findings.is_empty() {
        let text = format!("Learned: {}", card.findings.join("; "));
        parts::line(ui, parts::faint(&text)).on_hover_text(text);
    }
}
