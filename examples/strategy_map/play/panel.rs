//! The panel of the person's place: what waits for it first, then what it can do, then the news.

use super::act::{Act, Done, Draft, perform, spot};
use super::hear::News;
use super::look::{Look, OrderRow, VoteRow, vote_word, whole};
use super::{Owed, Seat, wishes};
use crate::panels::Spots;
use crate::theme;
use bevy::prelude::World;
use bevy_alliance::base::clock::GameTime;
use bevy_alliance::base::contract::Vote;
use bevy_egui::egui::{self, RichText};

/// Rows of news that are shown.
const NEWS: usize = 10;

/// Shows the person's place; nothing where nobody leads anybody.
pub(crate) fn show(ui: &mut egui::Ui, world: &mut World) {
    let Some(look) = Look::around(world) else { return };
    let mut draft = core::mem::take(&mut world.resource_mut::<Seat>().draft);
    let mut done = Done::default();
    let of = look.alliance.as_ref().map_or("no alliance", |(_, name)| name.as_str());
    ui.heading(format!("You: {} of {of}", look.name));
    ui.push_id("play", |ui| {
        // The latest stands where the hand is: a refusal is the answer to a button.
        if let Some(latest) = look.news.first() {
            line(ui, latest);
        }
        owed(ui, &look, &mut draft, &mut done);
        wishes::recalls(ui, &look, &mut done);
        wishes::proposals(ui, &look, &mut done);
        wishes::goods(ui, &look, &mut draft, &mut done);
        wishes::words(ui, &mut draft, &mut done);
        news(ui, &look);
    });
    world.resource_mut::<Seat>().draft = draft;
    let mut spots = world.resource_mut::<Spots>();
    for (name, rect) in done.spots {
        spots.note(name, rect);
    }
    for act in done.acts {
        perform(world, look.me, act);
    }
}

/// What waits for the person.
fn owed(ui: &mut egui::Ui, look: &Look, draft: &mut Draft, done: &mut Done) {
    if look.votes.is_empty() && look.orders.is_empty() {
        ui.weak("Nothing waits for your decision.");
    }
    for (n, vote) in look.votes.iter().enumerate() {
        framed(ui, |ui| vote_row(ui, n, vote, draft, done));
    }
    for (n, order) in look.orders.iter().enumerate() {
        framed(ui, |ui| order_row(ui, n, order, done));
    }
}

/// A frame as wide as the panel.
fn framed(ui: &mut egui::Ui, draw: impl FnOnce(&mut egui::Ui)) {
    ui.group(|ui| {
        ui.set_width(ui.available_width());
        draw(ui);
    });
}

fn vote_row(ui: &mut egui::Ui, n: usize, row: &VoteRow, draft: &mut Draft, done: &mut Done) {
    ui.colored_label(theme::WARN, format!("Your vote on proposal {}", row.id));
    ui.strong(&row.title);
    for line in &row.lines {
        ui.small(line);
    }
    if let Some(advice) = row.advice {
        let why = advice.veto.map_or_else(|| format!("score {:+.2}", advice.score), |rule| rule.replace('_', " "));
        ui.small(format!("As asked, the rules would vote {} ({why}).", vote_word(advice.vote)));
    }
    let mut pledge = 0.0;
    if let Some(asked) = row.asked {
        let share = draft.pledges.entry(row.id).or_insert(asked);
        let mut percent = *share * 100.0;
        let slider = egui::Slider::new(&mut percent, 0.0..=100.0).suffix("%").fixed_decimals(1);
        ui.horizontal(|ui| {
            ui.label("Pledge at most");
            let slider = ui.add(slider);
            done.note(ui, spot("pledge", n), &slider);
            ui.label("of your army");
        });
        *share = percent / 100.0;
        pledge = *share;
    }
    ui.small(until(row.owed.later, row.owed.until, "then the rules answer for you"));
    ui.horizontal_wrapped(|ui| {
        done.button(ui, "For", spot("vote_yes", n), Some(Act::Vote(row.id, Vote::Approve, pledge)));
        done.button(ui, "Against", spot("vote_no", n), Some(Act::Vote(row.id, Vote::Reject, 0.0)));
        done.button(ui, "Abstain", spot("vote_abstain", n), Some(Act::Vote(row.id, Vote::Abstain, 0.0)));
        later(ui, row.owed, done);
    });
}

fn order_row(ui: &mut egui::Ui, n: usize, row: &OrderRow, done: &mut Done) {
    ui.colored_label(theme::WARN, format!("Your order in operation {}", row.id));
    for line in &row.lines {
        ui.small(line);
    }
    ui.small(until(row.owed.later, row.owed.until, "then your vote is your word"));
    ui.horizontal_wrapped(|ui| {
        done.button(ui, "Acknowledge", spot("order_yes", n), Some(Act::Answer(row.id, true)));
        done.button(ui, "Refuse", spot("order_no", n), Some(Act::Answer(row.id, false)));
        later(ui, row.owed, done);
    });
}

fn until(later: bool, until: GameTime, then: &str) -> String {
    let clock = if later { "You decide later" } else { "The clock waits" };
    format!("{clock}; until {}, {then}.", whole(until))
}

fn later(ui: &mut egui::Ui, owed: Owed, done: &mut Done) {
    if !owed.later {
        done.button(ui, "Decide later", spot("decide_later", done.laters), Some(Act::Later(owed.decision)));
        done.laters += 1;
    }
}

/// What the person heard lately.
fn news(ui: &mut egui::Ui, look: &Look) {
    ui.separator();
    ui.strong("News");
    if look.news.is_empty() {
        ui.weak("You have heard nothing yet.");
    }
    for news in look.news.iter().take(NEWS) {
        line(ui, news);
    }
}

fn line(ui: &mut egui::Ui, news: &News) {
    let (refused, color) = if news.refusal { ("Refused: ", theme::BAD) } else { ("", theme::TEXT) };
    ui.label(RichText::new(format!("{} {refused}{}", whole(news.at), news.text)).small().color(color));
}
