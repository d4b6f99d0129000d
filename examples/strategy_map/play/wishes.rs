//! What the person can do of its own accord: call troops back, propose, ask for goods and give some, say something.

use super::act::{Act, Done, Draft};
use super::look::{Look, Other, stance_word};
use crate::theme;
use bevy_alliance::base::contract::{GrantReason, Motion, Stance, Treaty};
use bevy_alliance::base::id::AllianceId;
use bevy_alliance::base::limits::Limits;
use bevy_egui::egui;

/// Goods of each kind that can be asked for or given at once.
const GOODS_MOST: i64 = 20_000;
/// Marches that are listed.
const LISTED: usize = 12;

/// Troops under way, with the point of no return of each.
pub(super) fn recalls(ui: &mut egui::Ui, look: &Look, done: &mut Done) {
    ui.separator();
    ui.strong(format!("Your troops under way: {}", look.marches.len()));
    let mut recalled = 0;
    for march in look.marches.iter().take(LISTED) {
        ui.small(&march.text);
        ui.horizontal_wrapped(|ui| {
            if let Some(recall) = march.recall {
                done.button(ui, "Call back", format!("recall_{recalled}"), Some(Act::Recall(recall)));
                recalled += 1;
            }
            ui.small(egui::RichText::new(&march.turns).color(theme::FAINT));
        });
    }
    if look.marches.len() > LISTED {
        ui.weak(format!("and {} more that arrive later", look.marches.len() - LISTED));
    }
}

/// What can be proposed about what is selected.
pub(super) fn proposals(ui: &mut egui::Ui, look: &Look, done: &mut Done) {
    ui.separator();
    ui.strong("Propose");
    let Other { alliance, target } = &look.other;
    let target_name = target.as_ref().map_or("select a village", |(_, name)| name.as_str());
    ui.horizontal_wrapped(|ui| {
        let attack = target.as_ref().map(|(site, _)| Motion::Attack { targets: vec![*site], pattern: None });
        done.button(ui, "Attack", "propose_attack", attack.map(Act::Propose));
        done.button(ui, "Find a target", "find_target", Some(Act::FindTarget));
        ui.small(target_name);
    });
    let about = alliance.as_ref().map_or_else(
        || "select a village or an alliance for war, peace and pacts".to_owned(),
        |(_, name, stance)| format!("{name}: {}", stance_word(*stance)),
    );
    let (war, no_war) = (|stance| stance == Stance::War, |stance| stance != Stance::War);
    let motions: [(&str, &str, fn(Stance) -> bool, fn(AllianceId) -> Motion); 3] = [
        ("Declare war", "declare_war", no_war, Motion::DeclareWar),
        ("Offer peace", "offer_peace", war, |id| Motion::Treaty(id, Treaty::Peace)),
        ("Offer a pact", "offer_pact", no_war, |id| Motion::Treaty(id, Treaty::Pact)),
    ];
    ui.horizontal_wrapped(|ui| {
        for (words, name, fits, motion) in motions {
            let about = alliance.as_ref().filter(|(.., stance)| fits(*stance));
            done.button(ui, words, name, about.map(|(id, ..)| Act::Propose(motion(*id))));
        }
    });
    ui.small(about);
}

/// Goods from the pool, and for it.
pub(super) fn goods(ui: &mut egui::Ui, look: &Look, draft: &mut Draft, done: &mut Done) {
    ui.separator();
    ui.strong(look.pool.map_or_else(|| "The pool".to_owned(), |goods| format!("The pool: {goods} goods")));
    let home = look.homes.iter().find(|home| Some(home.site) == draft.home).or(look.homes.first());
    let Some(home) = home else {
        ui.weak("You have no village.");
        return;
    };
    egui::ComboBox::from_id_salt("home").selected_text(format!("{}: {} goods", home.name, home.goods)).show_ui(
        ui,
        |ui| {
            for home in &look.homes {
                let words = format!("{}: {} goods", home.name, home.goods);
                ui.selectable_value(&mut draft.home, Some(home.site), words);
            }
        },
    );
    ui.horizontal_wrapped(|ui| {
        ui.add(egui::DragValue::new(&mut draft.goods).range(1..=GOODS_MOST).speed(10));
        ui.label("of each kind");
        egui::ComboBox::from_id_salt("reason").selected_text(reason_words(draft.reason)).show_ui(ui, |ui| {
            for reason in GrantReason::ALL {
                ui.selectable_value(&mut draft.reason, reason, reason_words(reason));
            }
        });
    });
    let (site, each, reason) = (home.site, draft.goods, draft.reason);
    ui.horizontal_wrapped(|ui| {
        done.button(ui, "Ask the pool", "ask_goods", Some(Act::Ask(site, each, reason)));
        done.button(ui, "Give to the pool", "give_goods", Some(Act::Give(site, each)));
    });
}

fn reason_words(reason: GrantReason) -> &'static str {
    match reason {
        GrantReason::Relief => "to feed those who help",
        GrantReason::Rebuilding => "to rebuild an army",
        GrantReason::WarEffort => "for what the war cost",
        GrantReason::NewMember => "as a new member",
        GrantReason::Wonder => "for the wonder",
    }
}

/// Words to the own alliance.
pub(super) fn words(ui: &mut egui::Ui, draft: &mut Draft, done: &mut Done) {
    ui.separator();
    ui.horizontal_wrapped(|ui| {
        let edit = egui::TextEdit::singleline(&mut draft.words)
            .hint_text("Say something to your alliance")
            .char_limit(Limits::default().text_chars)
            .desired_width(220.0);
        let edit = ui.add(edit);
        done.note(ui, "words", &edit);
        let enters = edit.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let says = Some(Act::Say(draft.words.clone())).filter(|_| !draft.words.trim().is_empty());
        let before = done.acts.len();
        if enters {
            done.acts.extend(says.clone());
        }
        done.button(ui, "Say", "say", says);
        if done.acts.len() > before {
            draft.words.clear();
        }
    });
}
