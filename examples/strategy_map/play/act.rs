//! What the person can do, and how it is said to the campaign.

use super::hear::News;
use super::look::Recall;
use super::person::{KnownTarget, known_targets};
use super::{Decision, Seat};
use crate::watch::{GoTo, Watch};
use bevy::prelude::*;
use bevy_alliance::base::clock::{GameClock, GameTime};
use bevy_alliance::base::contract::{
    AcknowledgeOrder, AskPool, CastVote, GiveToPool, GrantReason, Inbox, Input, Motion, Propose, RecallMarch, Say,
    Site, Vote,
};
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{EntityIndex, MarchId, PlayerId, ProposalId, SiteId};
use bevy_alliance::base::text::shortened;
use bevy_alliance::edge::report::CampaignTally;
use bevy_egui::egui;
use std::collections::BTreeMap;

/// Tiles across the map around a target that was found.
const AROUND_TARGET: f32 = 40.0;

/// What is set in the panel and not sent.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// The share of its army that the person would pledge, by proposal.
    pub(super) pledges: BTreeMap<ProposalId, f64>,
    /// What it would say.
    pub(super) words: String,
    /// Its village that goods are asked for, or given from; `None`: its first.
    pub(super) home: Option<SiteId>,
    /// Goods of each kind.
    pub(super) goods: i64,
    pub(super) reason: GrantReason,
}

impl Default for Draft {
    fn default() -> Self {
        let (pledges, words) = (BTreeMap::new(), String::new());
        Self { pledges, words, home: None, goods: 500, reason: GrantReason::WarEffort }
    }
}

/// Something that the person does.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Act {
    Vote(ProposalId, Vote, f64),
    Answer(ProposalId, bool),
    Later(Decision),
    Propose(Motion),
    /// Shows the next village that is known well enough to be attacked.
    FindTarget,
    Recall(Recall),
    Ask(SiteId, i64, GrantReason),
    Give(SiteId, i64),
    Say(String),
}

/// What the person did in a frame, and where the buttons were.
#[derive(Default, Debug)]
pub(super) struct Done {
    pub(super) acts: Vec<Act>,
    pub(super) spots: Vec<(String, egui::Rect)>,
    /// Decisions so far that could be put off.
    pub(super) laters: usize,
}

impl Done {
    /// A button with a name by which it is found, that does something; `None`: not now.
    pub(super) fn button(&mut self, ui: &mut egui::Ui, words: &str, spot: impl Into<String>, act: Option<Act>) {
        let button = ui.add_enabled(act.is_some(), egui::Button::new(words));
        self.note(ui, spot, &button);
        if button.clicked() {
            self.acts.extend(act);
        }
    }

    /// Notes where something is, unless it is scrolled out of sight.
    pub(super) fn note(&mut self, ui: &egui::Ui, spot: impl Into<String>, response: &egui::Response) {
        if ui.clip_rect().contains(response.rect.center()) {
            self.spots.push((spot.into(), response.rect));
        }
    }
}

/// The name of a button of the n-th row: the first is called by the name alone.
pub(super) fn spot(name: &str, n: usize) -> String {
    if n == 0 { name.to_owned() } else { format!("{name}_{n}") }
}

/// Sends what the person did to the campaign, which takes it in the next update of its schedule.
pub(super) fn perform(world: &mut World, me: PlayerId, act: Act) {
    let now = world.resource::<GameClock>().now();
    match act {
        Act::Later(decision) => return world.resource_mut::<Seat>().put_off(decision),
        Act::FindTarget => return find_target(world, now),
        _ => {}
    }
    world.resource_mut::<Seat>().asked_at = Some(now);
    match act {
        Act::Vote(proposal, vote, pledge_share) => {
            let (conditions, text) = (Vec::new(), None);
            world.write_message(CastVote { proposal, member: me, vote, pledge_share, conditions, text });
        }
        Act::Answer(operation, accepts) => {
            world.write_message(AcknowledgeOrder { member: me, operation, accepts });
        }
        Act::Propose(motion) => {
            world.write_message(Propose { member: me, motion });
        }
        Act::Recall(Recall::Own(march)) => {
            note_recall(world, march);
            world.write_message(RecallMarch { march });
        }
        Act::Recall(Recall::Group(order, march)) => {
            note_recall(world, march);
            // A full inbox keeps the button where it is: the person tries again.
            if let Err(error) = world.resource::<Inbox>().sender().send(Input::Recall(order)) {
                warn!("{error}");
            }
        }
        Act::Ask(site, each, reason) => {
            world.write_message(AskPool { site, goods: Goods::new([each; 4]), reason });
        }
        Act::Give(site, each) => {
            world.write_message(GiveToPool { site, goods: Goods::new([each; 4]) });
        }
        Act::Say(text) => {
            world.write_message(Say { player: me, text });
        }
        Act::Later(_) | Act::FindTarget => {}
    }
}

fn note_recall(world: &mut World, march: MarchId) {
    world.resource_mut::<Seat>().recalling.insert(march);
}

/// Selects the next of the known villages of enemies after the selected one, the weakest first, and says what is known of it.
fn find_target(world: &mut World, now: GameTime) {
    let Some((_, Some(alliance))) = super::me(world) else { return };
    let known = known_targets(world, alliance, now);
    let selected = world.resource::<Watch>().site;
    let after = known.iter().position(|target| Some(target.site) == selected).map_or(0, |n| n + 1);
    let Some(target) = known.get(after).or(known.first()).copied() else {
        let text = "no village of an enemy is known that is worth an operation".to_owned();
        world.resource_mut::<Seat>().tell(News { at: now, refusal: false, text });
        return;
    };
    let KnownTarget { site, enemy, goods, age_hours } = target;
    let names = &world.resource::<CampaignTally>().directory;
    let (name, enemy) = (shortened(names.site(site), 34), shortened(names.alliance(enemy), 26));
    let text = format!("{name} of {enemy}: troops worth {goods} goods, seen {age_hours:.0} h ago");
    world.resource_mut::<Seat>().tell(News { at: now, refusal: false, text });
    let at =
        world.resource::<EntityIndex>().site(site).and_then(|entity| world.get::<Site>(entity)).map(|site| site.at);
    let mut watch = world.resource_mut::<Watch>();
    watch.site = Some(site);
    watch.go_to = at.map(|at| GoTo::Place(at, AROUND_TARGET)).or(watch.go_to);
}
