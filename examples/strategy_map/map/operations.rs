//! Operations as lines that converge: the selected one in full, the others that run faintly. Each group has its way: dashed while it
//! waits, a line while it marches, dotted where it only draws eyes away; a tick where it can turn back no more.

use super::ink::{Shape, Stroke};
use super::places::Places;
use super::{Layer, MapSystems, Sheets, color, hours};
use crate::theme;
use crate::watch::Watch;
use bevy::prelude::*;
use bevy_alliance::action::operations::{Group, GroupStatus, Operation, OperationStatus};
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime};
use bevy_alliance::base::id::{AllianceId, ProposalId, SiteId};
use bevy_alliance::base::ruleset::{RecallRule, Ruleset};
use bevy_alliance::decision::council::Proposal;
use bevy_alliance::decision::planning::allocation::Errand;
use bevy_alliance::edge::report::CampaignTally;
use bevy_egui::egui::Color32;

/// Seconds of the wall clock between two looks.
const LOOK_EVERY: f32 = 0.25;

pub(super) fn plug(app: &mut App) {
    app.add_systems(Update, draw_operations.in_set(MapSystems::Draw));
}

/// What is shown of them: the selected operation and village, through whose eyes, and whether they are shown at all.
type Shown = (Option<ProposalId>, Option<SiteId>, Option<AllianceId>, bool);

fn draw_operations(
    (operations, proposals): (Query<&Operation>, Query<&Proposal, Without<Operation>>),
    (tally, clock, time, watch, rules): (Res<CampaignTally>, Res<GameClock>, Res<Time>, Res<Watch>, Res<Ruleset>),
    places: Places,
    mut sheets: ResMut<Sheets>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut last: Local<Option<(Shown, GameTime, f32)>>,
) {
    let (now, wall) = (clock.now(), time.elapsed_secs());
    let key = (watch.operation, watch.site, watch.side, watch.layers.operations);
    if last.is_some_and(|(shown, at, when)| shown == key && (at == now || wall - when < LOOK_EVERY)) {
        return;
    }
    *last = Some((key, now, wall));
    let (mut ways, mut marks) = (Vec::new(), Vec::new());
    if watch.layers.operations {
        let mut running: Vec<&Operation> =
            operations.iter().filter(|o| !o.scouting && watch.may_see(o.id.alliance)).collect();
        running.sort_unstable_by_key(|o| (watch.operation == Some(o.id), o.id));
        for operation in running {
            let selected = watch.operation == Some(operation.id);
            if operation.status == OperationStatus::Running || selected {
                let shown = theme::bright(color(&tally.directory, Some(operation.id.alliance)));
                let sketch =
                    Sketch { operation, selected, shown, now, recall: rules.capabilities.recall, places: &places };
                sketch.draw(&mut ways, &mut marks);
            }
        }
    }
    if watch.layers.operations {
        asked(&mut ways, &mut marks, &proposals, &watch, &tally, &places);
    }
    if let Some(at) = watch.site.and_then(|site| places.of(site)) {
        marks.push(Stroke::mark(Shape::Ring(2.0), at, 0.0, theme::ACCENT).sized(0.7, 9.0, 30.0));
    }
    sheets.draw(Layer::Ways, &mut meshes, &ways);
    sheets.draw(Layer::Marks, &mut meshes, &marks);
}

/// What an open proposal is about: its targets, and dotted lines to the first of them from the largest village of each member that is
/// asked for troops. From where they will march is not settled yet.
fn asked(
    ways: &mut Vec<Stroke>,
    marks: &mut Vec<Stroke>,
    proposals: &Query<&Proposal, Without<Operation>>,
    watch: &Watch,
    tally: &CampaignTally,
    places: &Places,
) {
    let selected = proposals.iter().find(|p| watch.operation == Some(p.id) && watch.may_see(p.id.alliance));
    let Some(proposal) = selected else { return };
    let shown = theme::bright(color(&tally.directory, Some(proposal.id.alliance)));
    for target in proposal.targets.iter().filter_map(|target| places.of(target.site)) {
        marks.push(Stroke::mark(Shape::Ring(2.0), target, 0.0, theme::ACCENT).sized(0.85, 12.0, 40.0));
    }
    let Some(first) = proposal.targets.first() else { return };
    for member in proposal.asked.keys() {
        let Some(largest) = places.largest(*member) else { continue };
        let Some((from, to)) = places.way(largest, first.site) else { continue };
        ways.push(Stroke::line(from, to, 1.6, shown).dashed(2.5).alpha(0.7));
        marks.push(Stroke::mark(Shape::Ring(1.6), from, 0.0, shown).sized(0.42, 4.5, 16.0));
    }
}

/// An operation as it is drawn.
struct Sketch<'a, 'w, 's> {
    operation: &'a Operation,
    selected: bool,
    shown: Color32,
    now: GameTime,
    recall: RecallRule,
    places: &'a Places<'w, 's>,
}

impl Sketch<'_, '_, '_> {
    fn draw(&self, ways: &mut Vec<Stroke>, marks: &mut Vec<Stroke>) {
        for group in &self.operation.groups {
            self.way(group, ways, marks);
        }
        for target in &self.operation.targets {
            let Some(at) = self.places.of(target.site) else { continue };
            if self.selected {
                marks.push(Stroke::mark(Shape::Ring(2.4), at, 0.0, theme::ACCENT).sized(0.85, 12.0, 40.0));
                marks.push(Stroke::mark(Shape::Ring(1.2), at, 0.0, self.shown).sized(1.3, 18.0, 60.0).alpha(0.8));
            } else {
                marks.push(Stroke::mark(Shape::Ring(1.4), at, 0.0, self.shown).sized(0.8, 6.0, 30.0).alpha(0.55));
            }
        }
    }

    fn way(&self, group: &Group, ways: &mut Vec<Stroke>, marks: &mut Vec<Stroke>) {
        let Some((from, to)) = self.places.way(group.site, group.target) else { return };
        let over = group.arrival <= self.now;
        let (dash, alpha) = match group.status {
            GroupStatus::Waiting => (5.0, 0.75),
            GroupStatus::Launched { .. } if over => (0.0, 0.22),
            GroupStatus::Launched { .. } => (0.0, 0.8),
            GroupStatus::Failed | GroupStatus::HeldBack => (2.0, 0.25),
            GroupStatus::Recalled { .. } => (2.0, 0.35),
        };
        let distracts = matches!(group.errand, Errand::Distract | Errand::Feint { .. });
        let dash = if distracts { 2.0 } else { dash };
        let (width, alpha) = if self.selected { (2.0, alpha) } else { (1.0, alpha * 0.35) };
        if self.selected {
            // A dark bed, so that a line is seen on land of its own color.
            ways.push(Stroke::line(from, to, width + 2.4, theme::GROUND).alpha(0.5 * alpha));
        }
        ways.push(Stroke::line(from, to, width, self.shown).dashed(dash).alpha(alpha));
        if !self.selected {
            return;
        }
        // Where it leaves from: open while it waits.
        let (shape, shown) = match group.status {
            GroupStatus::Waiting => (Shape::Ring(1.6), self.shown),
            GroupStatus::Failed | GroupStatus::HeldBack | GroupStatus::Recalled { .. } => {
                (Shape::Cross(2.0), theme::BAD)
            }
            GroupStatus::Launched { .. } => (Shape::Disc, self.shown),
        };
        marks.push(Stroke::mark(shape, from, 0.0, shown).sized(0.42, 4.5, 16.0));
        if let Some(at) = self.no_return(group, from, to) {
            let across = (to - from).normalize_or_zero().perp();
            // A short line across the way, in tiles: it has the size of what it stands on.
            ways.push(Stroke::line(at - across * 0.4, at + across * 0.4, 2.0, theme::WARN).alpha(0.9));
        }
    }

    /// Where a group that has left, or will leave as ordered, can turn back no more; nowhere if it always can.
    fn no_return(&self, group: &Group, from: Vec2, to: Vec2) -> Option<Vec2> {
        let RecallRule::WithinSecs(secs) = self.recall else { return None };
        let travel = hours(GameTime(0) + group.travel).max(1e-4);
        let part = hours(GameTime(0) + GameSpan::secs(secs)) / travel;
        (part < 1.0 && group.arrival > self.now).then(|| from.lerp(to, part))
    }
}
