//! The votes on a proposal: how they stand, and each ballot with its reason, its pledge and its conditions.

use super::digest::{Ballot, Count, OperationCard};
use super::{parts, words};
use crate::theme;
use bevy_alliance::base::contract::Vote;
use bevy_egui::egui::{self, Color32, Label, RichText, Stroke, Ui};

/// How ballots are colored that approve if something is so.
const CONDITIONAL: Color32 = Color32::from_rgb(0xA9, 0xB8, 0x6A);

/// All votes on it.
pub(super) fn show(ui: &mut Ui, card: &OperationCard) {
    tally_bar(ui, &card.head.count);
    sums(ui, &card.head.count);
    egui::ScrollArea::vertical().id_salt(("ballots", card.head.id)).auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 7.0 * parts::unit(ui);
        if card.ballots.is_empty() {
            ui.label(parts::faint("Nobody has voted yet."));
        }
        for ballot in &card.ballots {
            tell(ui, ballot);
        }
    });
}

/// The seats of a vote as one bar, with a tick where it has its quorum.
pub(super) fn tally_bar(ui: &mut Ui, count: &Count) {
    let whole = count.eligible.max(1) as f32;
    let parts_of_it = [
        (count.approve as f32, theme::GOOD),
        (count.conditional as f32, CONDITIONAL),
        (count.abstain as f32, theme::OTHERS),
        (count.reject as f32, theme::BAD),
    ];
    let rect = parts::shares(ui, 7.0, whole, &parts_of_it);
    if count.quorum > 0.0 {
        let x = rect.left() + rect.width() * count.quorum;
        let stroke = Stroke::new(1.5, theme::ACCENT.gamma_multiply(0.8));
        ui.painter().vline(x, rect.expand(2.0).y_range(), stroke);
    }
    ui.interact(rect, ui.id().with(("tally", rect.left_top().x.to_bits(), rect.top().to_bits())), egui::Sense::hover())
        .on_hover_text(format!(
            "{} for, {} for if a condition is met, {} abstain, {} against, {} of {} have not voted. It needs votes of {} of them (the tick), and approvals of more than {} of the votes.",
            count.approve,
            count.conditional,
            count.abstain,
            count.reject,
            count.open(),
            count.eligible,
            words::percent(f64::from(count.quorum)),
            words::percent(f64::from(count.approval)),
        ));
}

fn sums(ui: &mut Ui, count: &Count) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0 * parts::unit(ui);
        for (n, sign, word, color) in [
            (count.approve, "\u{2714}", "for", theme::GOOD),
            (count.conditional, "\u{2714}", "for, if", CONDITIONAL),
            (count.reject, "\u{2716}", "against", theme::BAD),
            (count.abstain, "\u{2013}", "abstain", theme::FAINT),
            (count.open(), "\u{25cb}", "open", theme::FAINT),
        ] {
            if n > 0 {
                ui.label(RichText::new(sign).small().color(color));
                ui.label(RichText::new(format!("{n} {word}")).small());
                ui.add_space(5.0 * parts::unit(ui));
            }
        }
    });
}

fn tell(ui: &mut Ui, ballot: &Ballot) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0 * parts::unit(ui);
        let conditional = !ballot.conditions.is_empty();
        let (sign, word, color) = words::vote(ballot.vote, conditional);
        parts::both(
            ui,
            |ui| {
                ui.label(RichText::new(sign).color(color));
                ui.label(RichText::new(word).color(color));
                parts::line(ui, RichText::new(&ballot.member).strong().color(theme::TEXT));
            },
            |ui| {
                let score = ballot.rule.is_none().then(|| format!(" \u{b7} {}", words::signed(ballot.score, 2)));
                let pledge = match ballot.vote {
                    Vote::Approve if ballot.pledge > 0.0 => format!("pledges {}", words::percent(ballot.pledge)),
                    _ => String::new(),
                };
                let at = ballot.cast_at.map_or_else(String::new, |at| format!("Voted {}", words::clock(at)));
                let text = format!("{pledge}{}", score.unwrap_or_default());
                ui.label(parts::note(text.trim_start_matches(" \u{b7} "))).on_hover_text(at);
            },
        );
        for condition in &ballot.conditions {
            ui.add(Label::new(RichText::new(format!("if {condition}")).small().color(CONDITIONAL)).wrap());
        }
        if let Some(dropped) = &ballot.dropped {
            let text = format!("{dropped}: not met, so it counts as an abstention");
            ui.add(Label::new(RichText::new(text).small().color(theme::WARN)).wrap());
        }
        if let Some(said) = &ballot.said {
            ui.add(Label::new(RichText::new(format!("\u{201c}{said}\u{201d}")).color(theme::TEXT)).wrap());
        }
        reason(ui, ballot);
    });
}

/// The rule that decided, or the terms that weighed most.
fn reason(ui: &mut Ui, ballot: &Ballot) {
    if let Some(rule) = &ballot.rule {
        ui.label(parts::note(rule));
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0 * parts::unit(ui);
        for (name, added) in &ballot.terms {
            ui.label(parts::note(name));
            let color = if *added > 0.0 { theme::GOOD } else { theme::BAD };
            ui.label(RichText::new(words::signed(*added, 2)).small().color(color.gamma_multiply(0.9)));
            ui.add_space(4.0 * parts::unit(ui));
        }
    });
}
