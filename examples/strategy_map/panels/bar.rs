//! The bar above: what time it is, how fast it goes, whose eyes are used. And the line below: what the clock waits for or stopped at,
//! how long a frame takes, and how the model answers where one is used.

use super::parts::{self, Icon};
use super::{Desk, words};
use crate::pace::{Pace, SPEEDS};
use crate::theme;
use crate::watch::GoTo;
use bevy::prelude::World;
use bevy_alliance::base::clock::{GameClock, GameSpan};
use bevy_alliance::base::id::AllianceId;
use bevy_egui::egui::{self, CornerRadius, RichText, Sense, Stroke, StrokeKind, Ui, vec2};

/// Alliances whose eyes have a button of their own above; those of others are found with their cards.
const EYES: usize = 18;

/// The bar above.
pub(super) fn show(ui: &mut Ui, desk: &mut Desk) {
    ui.horizontal(|ui| {
        time(ui, desk);
        ui.separator();
        pace(ui, desk);
        ui.separator();
        if desk.pressed("world", &parts::icon_button(ui, Icon::World, false, "The whole world (Home)")) {
            desk.look(|watch| watch.go_to = Some(GoTo::World));
        }
        ui.separator();
        eyes(ui, desk);
        // What stands before them comes and goes: they stay who they are.
        let own = egui::UiBuilder::new().id(egui::Id::new("switches"));
        parts::from_right(ui, |ui| ui.scope_builder(own, |ui| switches(ui, desk)));
    });
}

/// Pauses, or lets time pass.
fn toggle_pause(world: &mut World) {
    let mut pace = world.resource_mut::<Pace>();
    if pace.runs() {
        pace.pause();
    } else {
        (pace.paused, pace.found) = (false, None);
    }
}

fn step(world: &mut World) {
    let now = world.resource::<GameClock>().now();
    world.resource_mut::<Pace>().step(now);
}

/// Sets the speed, and lets time pass at it.
fn set_speed(pace: &mut Pace, speed: usize) {
    pace.pause();
    (pace.speed, pace.paused, pace.found) = (speed, false, None);
}

/// Runs until something happens.
fn seek(pace: &mut Pace) {
    pace.pause();
    (pace.to_event, pace.found) = (true, None);
}

fn time(ui: &mut Ui, desk: &Desk) {
    let now = desk.now();
    let unit = parts::unit(ui);
    // As wide as it can get, so that nothing beside it moves.
    ui.allocate_ui(vec2(150.0, 24.0) * unit, |ui| {
        ui.horizontal(|ui| {
            ui.set_min_width(150.0 * unit);
            let day = now.0.div_euclid(GameSpan::days(1).0) + 1;
            ui.label(RichText::new(format!("Day {day}")).heading().color(theme::TEXT));
            ui.label(RichText::new(words::exact_to_second(now)).heading().color(theme::FAINT));
        });
    });
}

fn pace(ui: &mut Ui, desk: &mut Desk) {
    let pace = desk.world.resource::<Pace>();
    let (runs, speed, seeks) = (pace.runs(), pace.speed, pace.to_event);
    let (icon, tip) = if runs { (Icon::Pause, "Pause (space)") } else { (Icon::Play, "Let time pass (space)") };
    if desk.pressed("pause", &parts::icon_button(ui, icon, runs, tip)) {
        desk.then(toggle_pause);
    }
    if desk.pressed("step", &parts::icon_button(ui, Icon::Step, false, "One hour on (.)")) {
        desk.then(step);
    }
    let usual = ui.spacing().item_spacing.x;
    ui.spacing_mut().item_spacing.x = 3.0 * parts::unit(ui);
    for (n, factor) in SPEEDS.iter().enumerate() {
        let name = match factor {
            0..=9_999 => format!("{}\u{d7}", words::grouped(i64::from(*factor))),
            more => format!("{}k\u{d7}", more / 1_000),
        };
        let button = parts::toggle(ui, n == speed, name);
        let tip = format!("{} game seconds a second ({})", words::grouped(i64::from(*factor)), n + 1);
        if desk.pressed(format!("speed_{n}"), &button.on_hover_text(tip)) {
            desk.then(move |world| set_speed(&mut world.resource_mut::<Pace>(), n));
        }
    }
    ui.add_space(6.0 * parts::unit(ui));
    let button = parts::icon_button(ui, Icon::Next, seeks, "On to the next event (N)");
    if desk.pressed("next_event", &button) {
        desk.then(|world| seek(&mut world.resource_mut::<Pace>()));
    }
    ui.spacing_mut().item_spacing.x = usual;
}

/// Whose knowledge is drawn: a button for each side, and one for the truth.
fn eyes(ui: &mut Ui, desk: &mut Desk) {
    let side = desk.watch().side;
    let names = desk.names();
    // Who plays sees what its own alliance knows.
    if let (Some(side), true) = (side, desk.watch().person.is_some()) {
        parts::swatch(ui, theme::of(names, Some(side)));
        parts::line(ui, format!("What {} knows", words::alliance(names, side)));
        return;
    }
    ui.label(parts::faint("Eyes"));
    let all = parts::toggle(ui, side.is_none(), "all");
    if desk.pressed("fog_all", &all.on_hover_text("The truth, as a spectator sees it")) {
        desk.look(|watch| watch.side = None);
    }
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0 * parts::unit(ui);
        for id in names.active.iter().take(EYES) {
            eye(ui, desk, *id, side == Some(*id));
        }
    });
    if let Some(side) = side {
        parts::line(ui, words::alliance(names, side));
    }
}

fn eye(ui: &mut Ui, desk: &mut Desk, id: AllianceId, on: bool) {
    let side = 18.0 * parts::unit(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::click());
    let color = theme::of(desk.names(), Some(id));
    let dim = if on || response.hovered() { 1.0 } else { 0.55 };
    let square = rect.shrink(side * 0.14);
    ui.painter().rect_filled(square, CornerRadius::same(3), color.gamma_multiply(dim));
    if on {
        let ring = Stroke::new(2.0, theme::ACCENT);
        ui.painter().rect_stroke(rect, CornerRadius::same(4), ring, StrokeKind::Inside);
    }
    let tip = format!("Only what {} knows", words::alliance(desk.names(), id));
    if desk.pressed(format!("fog_{id}"), &response.on_hover_text(tip)) {
        desk.look(move |watch| {
            watch.side = Some(id).filter(|_| !on);
            watch.alliance = Some(id);
        });
    }
}

/// What is shown at all, from the right.
fn switches(ui: &mut Ui, desk: &mut Desk) {
    let (help, legend, truth) = (desk.watch().help, desk.watch().layers.legend, desk.watch().truth);
    if desk.pressed("help", &parts::toggle(ui, help, "?").on_hover_text("Keys (?)")) {
        desk.look(|watch| watch.help = !watch.help);
    }
    if desk.pressed("legend", &parts::toggle(ui, legend, "Legend").on_hover_text("What the marks mean (G)")) {
        desk.look(|watch| watch.layers.legend = !watch.layers.legend);
    }
    if desk.watch().side.is_some() && desk.watch().person.is_none() {
        let button = parts::toggle(ui, truth, "Truth beside").on_hover_text("The truth beside what is believed");
        if desk.pressed("truth", &button) {
            desk.look(|watch| watch.truth = !watch.truth);
        }
    }
}

/// The line below.
pub(super) fn line(ui: &mut Ui, desk: &mut Desk) {
    let pace = desk.world.resource::<Pace>();
    let (text, color) = match (&pace.owed[..], &pace.found) {
        ([first, ..], _) => (format!("The clock waits for you: {first}"), theme::WARN),
        (_, Some(found)) => (words::plain(found), theme::TEXT),
        _ if pace.to_event => ("Looking for the next event\u{2026}".to_owned(), theme::FAINT),
        _ if pace.runs() => (String::new(), theme::FAINT),
        _ => ("Paused. Space lets time pass, N goes on to the next event, ? lists all keys.".to_owned(), theme::FAINT),
    };
    let more = pace.owed.len().saturating_sub(1);
    let text = if more > 0 { format!("{text}, and {more} more") } else { text };
    parts::both(
        ui,
        |ui| _ = parts::line(ui, RichText::new(text).small().color(color)),
        |ui| {
            if !desk.watch().still {
                let ms = desk.digest.frame_ms;
                let rate = 1_000.0 / ms.max(0.1);
                ui.label(parts::note(format!("{ms:.1} ms \u{b7} {rate:.0} frames a second")));
            }
            model(ui, desk);
        },
    );
}

#[cfg(feature = "llm")]
fn model(ui: &mut Ui, desk: &Desk) {
    let Some(counts) =
        desk.world.get_resource::<bevy_alliance::edge::llm::LlmDesk>().map(bevy_alliance::edge::llm::LlmDesk::counts)
    else {
        return;
    };
    let bad = counts.failed + counts.invalid + counts.late;
    let text = format!(
        "model: {} asked, {} answered, {} by rule instead",
        words::count(counts.requests),
        words::count(counts.answered),
        words::count(bad)
    );
    let color = if bad > counts.answered { theme::WARN } else { theme::FAINT };
    ui.label(RichText::new(text).small().color(color));
}

#[cfg(not(feature = "llm"))]
fn model(_ui: &mut Ui, _desk: &Desk) {}
