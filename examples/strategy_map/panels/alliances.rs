//! The alliances that deliberate: a card for each; the chosen one shows its wars, its credit with others, and its record.

use super::digest::{SideCard, Tie};
use super::{Desk, parts, words};
use crate::theme;
use bevy_alliance::base::contract::Stance;
use bevy_egui::egui::{self, Ui};

/// Stances that are shown on a card before the rest is counted.
const TIES: usize = 5;

/// All alliances.
pub(super) fn show(ui: &mut Ui, desk: &mut Desk) {
    let chosen = desk.watch().alliance;
    egui::ScrollArea::vertical().id_salt("alliances").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 7.0 * parts::unit(ui);
        if desk.digest.sides.is_empty() {
            ui.label(parts::faint("No alliance deliberates."));
        }
        let digest = desk.digest;
        for side in &digest.sides {
            let (id, is_chosen) = (side.id, chosen == Some(side.id));
            let response = parts::card(ui, is_chosen, side.color, |ui| card(ui, desk, side, is_chosen));
            if desk.pressed(format!("alliance_{id}"), &response) {
                desk.look(move |watch| watch.alliance = Some(id).filter(|_| !is_chosen));
            }
        }
    });
}

fn card(ui: &mut Ui, desk: &mut Desk, side: &SideCard, chosen: bool) {
    let known = desk.watch().may_see(side.id);
    parts::both(
        ui,
        |ui| _ = parts::line(ui, egui::RichText::new(&side.name).strong().color(theme::ACCENT)),
        |ui| {
            let members = words::counted(side.members, "member", "members");
            let villages = words::counted(side.villages, "village", "villages");
            ui.label(parts::note(format!("{members} \u{b7} {villages}")));
        },
    );
    if side.ended {
        ui.label(parts::faint("It is no more."));
        return;
    }
    figures(ui, side, known);
    if !side.ties.is_empty() {
        ties(ui, side);
    }
    if known && let Some((few, all)) = &side.blocked {
        let text = egui::RichText::new(few).small().color(theme::WARN.gamma_multiply(0.85));
        ui.add(egui::Label::new(text).wrap()).on_hover_text(all);
    }
    if chosen {
        in_full(ui, desk, side, known);
    }
}

fn figures(ui: &mut Ui, side: &SideCard, known: bool) {
    let hidden = || "\u{2013}".to_owned();
    let (army, away) = side.army;
    let army_words = if known { words::goods(army) } else { hidden() };
    let pool = side.pool.filter(|_| known).map_or_else(hidden, |pool| words::goods(pool.total()));
    let trust = side.trust.filter(|_| known).map_or_else(hidden, |trust| words::signed(trust, 0));
    let population = i64::try_from(side.population).unwrap_or(i64::MAX);
    let away = format!("What its troops cost, in goods; {} of that are not at home", words::goods(away));
    ui.columns_const(|columns: &mut [Ui; 4]| {
        let [a, b, c, d] = columns;
        parts::stat(a, "inhabitants", words::goods(population), "At the last census: the strength that is public");
        parts::stat(b, "army", army_words, if known { &away } else { "Not known to those whose eyes are used" });
        parts::stat(c, "pool", pool, "Goods that its members hold in common");
        parts::stat(d, "trust", trust, "Mean trust of its members in each other, \u{2212}100 to 100");
    });
}

fn ties(ui: &mut Ui, side: &SideCard) {
    let mut sorted: Vec<&Tie> = side.ties.iter().collect();
    sorted.sort_by_key(|tie| (tie.stance != Stance::War, tie.other));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(5.0, 4.0) * parts::unit(ui);
        for tie in sorted.iter().take(TIES) {
            let (word, color) = words::stance(tie.stance);
            let name = bevy_alliance::base::text::shortened(&tie.name, 18);
            let until = tie.until.map_or_else(String::new, |until| format!(", until {}", words::clock(until)));
            let tip = format!("{} with {} since {}{until}", words::sentence(word), tie.name, words::clock(tie.since));
            parts::chip(ui, format!("{word} {name}"), color).on_hover_text(tip);
        }
        if sorted.len() > TIES {
            ui.label(parts::note(format!("and {} more", sorted.len() - TIES)));
        }
    });
}

/// What is shown of the chosen one alone.
fn in_full(ui: &mut Ui, desk: &mut Desk, side: &SideCard, known: bool) {
    ui.separator();
    if let Some(leader) = &side.leader {
        parts::pair(ui, "led by", leader.as_str());
    }
    if known {
        parts::pair(ui, "open votes", side.open_votes.to_string());
        record(ui, side);
        wars(ui, side);
        credit(ui, side);
    }
    if let Some((progress, condition)) = &side.victory {
        parts::pair(ui, &format!("towards {condition}"), words::percent(*progress));
        parts::shares(ui, 5.0, 1.0, &[(words::narrow(*progress), side.color)]);
    }
    let (id, on) = (side.id, desk.watch().side == Some(side.id));
    ui.horizontal(|ui| {
        if desk.watch().person.is_none() {
            let button = parts::toggle(ui, on, if on { "All eyes again" } else { "Only with its eyes" });
            if desk.pressed(format!("card_fog_{id}"), &button) {
                desk.look(move |watch| watch.side = Some(id).filter(|_| !on));
            }
        }
        if known && desk.pressed(format!("card_messages_{id}"), &ui.button("Messages")) {
            desk.look(|watch| watch.tab = crate::watch::Tab::Messages);
        }
        if known && desk.pressed(format!("card_operations_{id}"), &ui.button("Operations")) {
            desk.look(|watch| watch.tab = crate::watch::Tab::Operations);
        }
    });
}

/// What became of its operations.
fn record(ui: &mut Ui, side: &SideCard) {
    let [runs, over @ ..] = side.operations;
    parts::pair(ui, "operations under way", runs.to_string());
    let named = over.into_iter().zip(["met", "partly met", "failed", "called off"]).filter(|(n, _)| *n > 0);
    let named: Vec<String> = named.map(|(n, word)| format!("{n} {word}")).collect();
    if !named.is_empty() {
        parts::pair(ui, "over", named.join(" \u{b7} "));
    }
}

/// What each war has cost both so far, as this side sees it.
fn wars(ui: &mut Ui, side: &SideCard) {
    let wars: Vec<(&Tie, (i64, i64, usize, usize))> =
        side.ties.iter().filter_map(|tie| Some((tie, tie.war?))).collect();
    if wars.is_empty() {
        return;
    }
    parts::heading(ui, "Wars");
    for (tie, (killed, lost, reached, aim)) in wars {
        parts::both(
            ui,
            |ui| _ = parts::line(ui, tie.name.as_str()),
            |ui| {
                let aim = if aim > 0 { format!(" \u{b7} aim {reached} of {aim}") } else { String::new() };
                ui.label(parts::note(format!(
                    "{} killed \u{b7} {} lost{aim}",
                    words::goods(killed),
                    words::goods(lost)
                )));
            },
        );
        let (killed, lost) = (words::narrow(killed as f64), words::narrow(lost as f64));
        parts::shares(ui, 5.0, killed + lost, &[(killed, theme::GOOD), (lost, theme::BAD)]);
    }
}

/// How far it believes what others say.
fn credit(ui: &mut Ui, side: &SideCard) {
    let told: Vec<&Tie> = side.ties.iter().filter(|tie| tie.stance != Stance::War && tie.credit.abs() >= 0.5).collect();
    for tie in told {
        parts::pair(ui, &format!("credit of {}", tie.name), words::signed(tie.credit, 0));
    }
}
