//! Words on the map: names of alliances from afar, of villages near, countdowns at targets, pins where a plan changed. No label covers
//! another: who matters more comes first, and what finds no room is left out.

use super::marches::{Certainty, certainty};
use super::places::Places;
use super::territory::Realms;
use super::{Lens, color};
use crate::measure::Empty;
use crate::panels::{FreeArea, Spots};
use crate::theme;
use crate::watch::Watch;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy_alliance::action::operations::{GroupStatus, Operation, OperationStatus};
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::Site;
use bevy_alliance::base::id::SiteId;
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::base::text::shortened;
use bevy_alliance::decision::planning::believed;
use bevy_alliance::edge::report::CampaignTally;
use bevy_alliance::knowledge::intel::View;
use bevy_egui::egui::text::LayoutJob;
use bevy_egui::egui::{self, Align2, Color32, FontId, Painter, Pos2, Rect, vec2};
use bevy_egui::{EguiContexts, EguiPrimaryContextPass};
use std::collections::BTreeMap;

/// Points per tile from which on villages have names.
const NAMES_FROM: f32 = 11.0;
/// Points per tile from which on tribes and owners are told.
const MORE_FROM: f32 = 24.0;
/// Names of villages at most.
const NAMES_AT_MOST: usize = 160;

/// The words are painted before the panels, which lie over them.
#[derive(SystemSet, Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct LabelSystems;

pub(super) fn plug(app: &mut App) {
    app.add_systems(EguiPrimaryContextPass, paint.in_set(LabelSystems));
}

/// Words and the room that they take.
struct Paper {
    painter: Painter,
    taken: Vec<Rect>,
    free: Rect,
}

impl Paper {
    /// Writes words at a place if there is room for them.
    fn write(&mut self, at: Pos2, anchor: Align2, text: &str, font: FontId, color: Color32) -> Option<Rect> {
        let mut job = LayoutJob::simple(text.to_owned(), font, color, f32::INFINITY);
        job.halign = anchor.x();
        let galley = self.painter.layout_job(job);
        let rect = anchor.anchor_size(at, galley.size());
        if !self.has_room(rect) {
            return None;
        }
        let corner = Pos2::new(rect.min.x - galley.rect.min.x, rect.min.y);
        let halo = theme::GROUND.gamma_multiply(0.9);
        for x in [-1.2, 0.0, 1.2] {
            for y in [-1.2, 0.0, 1.2] {
                self.painter.galley_with_override_text_color(corner + vec2(x, y), galley.clone(), halo);
            }
        }
        self.painter.galley(corner, galley, color);
        self.taken.push(rect.expand2(vec2(4.0, 1.0)));
        Some(rect)
    }

    /// Writes words on a plate, which are read over anything.
    fn plate(&mut self, at: Pos2, anchor: Align2, text: &str, size: f32, color: Color32) -> Option<Rect> {
        let galley = self.painter.layout_no_wrap(text.to_owned(), FontId::proportional(size), color);
        let rect = anchor.anchor_size(at, galley.size() + vec2(10.0, 4.0));
        if !self.has_room(rect) {
            return None;
        }
        self.painter.rect(
            rect,
            3.0,
            theme::PANEL.gamma_multiply(0.9),
            egui::Stroke::new(1.0, theme::EDGE),
            egui::StrokeKind::Inside,
        );
        self.painter.galley(rect.min + vec2(5.0, 2.0), galley, color);
        self.taken.push(rect.expand(2.0));
        Some(rect)
    }

    fn has_room(&self, rect: Rect) -> bool {
        self.free.contains_rect(rect) && !self.taken.iter().any(|taken| taken.intersects(rect))
    }
}

/// What words are about.
#[derive(SystemParam)]
struct Subjects<'w, 's> {
    tally: Res<'w, CampaignTally>,
    clock: Res<'w, GameClock>,
    watch: Res<'w, Watch>,
    realms: Res<'w, Realms>,
    rules: Res<'w, Ruleset>,
    lens: Res<'w, Lens>,
    spots: Res<'w, Spots>,
    places: Places<'w, 's>,
    sites: Query<'w, 's, &'static Site>,
    operations: Query<'w, 's, &'static Operation>,
}

fn paint(
    mut contexts: EguiContexts,
    (area, empty): (Res<FreeArea>, Res<Empty>),
    subjects: Subjects,
    view: View,
) -> Result {
    if empty.0 {
        return Ok(());
    }
    let painter = contexts.ctx_mut()?.layer_painter(egui::LayerId::background());
    let free = if area.0.is_positive() { area.0 } else { subjects.lens.screen() };
    // The legend and the small map lie over the map.
    let taken = ["legend_area", "minimap_area"].into_iter().filter_map(|name| subjects.spots.get(name)).collect();
    let mut paper = Paper { painter, taken, free };
    subjects.shade_beyond(&paper);
    if subjects.watch.layers.labels {
        subjects.hovered(&mut paper);
        subjects.countdowns(&mut paper);
        subjects.alarms(&mut paper, &view);
        subjects.senders(&mut paper);
        subjects.alliances(&mut paper);
        subjects.villages(&mut paper);
    }
    Ok(())
}

/// A span as hours, minutes and seconds.
pub(crate) fn countdown(span: GameSpan) -> String {
    let seconds = span.0.max(0) / 1_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    if days > 0 {
        format!("{days} d {hours:02}:{minutes:02}")
    } else {
        format!("{hours}:{minutes:02}:{:02}", seconds % 60)
    }
}

/// When groups come to a target from now on, and how many.
fn waves_at(operation: &Operation, target: SiteId, now: GameTime) -> BTreeMap<GameTime, usize> {
    let comes = |status| matches!(status, GroupStatus::Waiting | GroupStatus::Launched { .. });
    let mut waves = BTreeMap::new();
    for group in operation.groups.iter().filter(|g| g.target == target && g.arrival > now && comes(g.status)) {
        *waves.entry(group.arrival).or_default() += 1;
    }
    waves
}

impl Subjects<'_, '_> {
    fn on_screen(&self, at: Vec2) -> Pos2 {
        self.lens.to_screen(self.lens.nearest(self.places.torus(), at))
    }

    /// The world is shown once in full light: what lies beyond it is the same again.
    fn shade_beyond(&self, paper: &Paper) {
        let side = super::side(self.places.torus()) * self.lens.points_per_tile();
        let screen = self.lens.screen();
        let lit = Rect::from_center_size(self.lens.to_screen(self.lens.center), vec2(side, side));
        let dark = Color32::from_black_alpha(190);
        for beyond in [
            Rect::from_min_max(screen.min, Pos2::new(lit.min.x, screen.max.y)),
            Rect::from_min_max(Pos2::new(lit.max.x, screen.min.y), screen.max),
            Rect::from_min_max(Pos2::new(lit.min.x, screen.min.y), Pos2::new(lit.max.x, lit.min.y)),
            Rect::from_min_max(Pos2::new(lit.min.x, lit.max.y), Pos2::new(lit.max.x, screen.max.y)),
        ] {
            if beyond.is_positive() {
                paper.painter.rect_filled(beyond, 0.0, dark);
            }
        }
        if screen.contains_rect(lit) || lit.width() < screen.width() {
            let line = egui::Stroke::new(1.0, theme::EDGE);
            paper.painter.rect_stroke(lit, 0.0, line, egui::StrokeKind::Middle);
        }
    }

    fn hovered(&self, paper: &mut Paper) {
        let Some(site) = self.watch.hovered.and_then(|site| self.places.site(site)) else { return };
        let names = &self.tally.directory;
        let alliance = self.places.alliance_of(site.owner);
        let of =
            alliance.map_or_else(String::new, |alliance| format!(" of {}", shortened(names.alliance(alliance), 24)));
        let text = format!(
            "{} ({}|{})\n{}{of}\n{} inhabitants",
            shortened(&site.name, 30),
            site.at.x,
            site.at.y,
            shortened(names.player(site.owner), 24),
            site.population
        );
        let at = self.on_screen(super::place(site.at)) + vec2(14.0, 8.0);
        let _ = paper.plate(at, Align2::LEFT_TOP, &text, 12.5, theme::TEXT);
    }

    /// How long it is until the next blow at each target of a running operation.
    fn countdowns(&self, paper: &mut Paper) {
        let now = self.clock.now();
        let mut running: Vec<&Operation> = self
            .operations
            .iter()
            .filter(|o| !o.scouting && o.status == OperationStatus::Running && self.watch.may_see(o.id.alliance))
            .collect();
        running.sort_unstable_by_key(|o| (self.watch.operation != Some(o.id), o.id));
        for operation in running {
            let selected = self.watch.operation == Some(operation.id);
            if !(selected || self.watch.layers.operations && self.lens.points_per_tile() > 5.0) {
                continue;
            }
            for target in &operation.targets {
                let waves = waves_at(operation, target.site, now);
                let (Some((next, groups)), Some(at)) = (waves.first_key_value(), self.places.of(target.site)) else {
                    continue;
                };
                let wait = countdown(*next - now);
                let text = if selected {
                    let more = waves.len() - 1;
                    let later = if more > 0 {
                        format!(", {more} more {}", if more == 1 { "wave" } else { "waves" })
                    } else {
                        String::new()
                    };
                    let name = shortened(self.tally.directory.site(target.site), 32);
                    format!("{name}\n{wait} to the blow of {groups} groups{later}")
                } else {
                    wait
                };
                let (size, shown) = if selected { (13.5, theme::TEXT) } else { (11.5, theme::FAINT) };
                let at = self.on_screen(at);
                let around = [
                    (vec2(0.0, -18.0), Align2::CENTER_BOTTOM),
                    (vec2(0.0, 18.0), Align2::CENTER_TOP),
                    (vec2(22.0, 0.0), Align2::LEFT_CENTER),
                    (vec2(-22.0, 0.0), Align2::RIGHT_CENTER),
                ];
                // Of those that are not selected only the first place is tried: they come in many.
                let tried = if selected { around.len() } else { 1 };
                let mut places = around.into_iter().take(tried);
                let _ = places.find_map(|(by, anchor)| paper.plate(at + by, anchor, &text, size, shown));
            }
            if selected {
                self.pins(paper, operation);
            }
        }
    }

    /// A pin for each change of the plan, at its first target.
    fn pins(&self, paper: &mut Paper, operation: &Operation) {
        let Some(at) = operation.targets.first().and_then(|t| self.places.of(t.site)) else { return };
        let at = self.on_screen(at);
        for (revision, n) in operation.revisions.iter().rev().take(4).zip(0_u8..) {
            let text = format!(
                "▼ {}: {}",
                revision.decision.replace('_', " "),
                shortened(&revision.reason.replace('_', " "), 40)
            );
            let below = vec2(0.0, 20.0 + 20.0 * f32::from(n));
            let _ = paper.plate(at + below, Align2::CENTER_TOP, &text, 11.5, theme::WARN);
        }
    }

    /// What is seen to come to the villages of the side whose eyes are used.
    fn alarms(&self, paper: &mut Paper, view: &View) {
        let Some(side) = self.watch.side else { return };
        let now = self.clock.now();
        let mut first: BTreeMap<_, (GameTime, usize, usize)> = BTreeMap::new();
        for incoming in believed(view, side.into(), now) {
            let entry = first.entry(incoming.target).or_insert((incoming.arrival, 0, 0));
            let confirmed = usize::from(certainty(&incoming) == Certainty::Confirmed);
            *entry = (entry.0.min(incoming.arrival), entry.1 + 1, entry.2 + confirmed);
        }
        for (site, (arrival, n, confirmed)) in first {
            let Some(at) = self.places.of(site) else { continue };
            let sure = if confirmed > 0 { format!(", {confirmed} confirmed") } else { String::new() };
            let text = format!("! {n} in {}{sure}", countdown(arrival - now));
            let _ = paper.plate(self.on_screen(at) + vec2(0.0, 14.0), Align2::CENTER_TOP, &text, 11.5, theme::BAD);
        }
    }

    /// Who sends the groups of the selected operation, and when they leave.
    fn senders(&self, paper: &mut Paper) {
        let shown = |o: &&Operation| Some(o.id) == self.watch.operation && self.watch.may_see(o.id.alliance);
        let selected = self.operations.iter().find(shown);
        let Some(operation) = selected else { return };
        let now = self.clock.now();
        // One name for each member: where its next group leaves, or where its first one left.
        let mut first: BTreeMap<_, (bool, GameTime, _)> = BTreeMap::new();
        for group in &operation.groups {
            let left = group.status != GroupStatus::Waiting;
            let entry = first.entry(group.member).or_insert((left, group.launch, group.site));
            *entry = (*entry).min((left, group.launch, group.site));
        }
        for (member, (left, launch, site)) in first {
            let Some(at) = self.places.of(site) else { continue };
            let name = shortened(self.tally.directory.player(member), 20);
            let text = if left { name } else { format!("{name} leaves in {}", countdown(launch - now)) };
            let shown = theme::bright(color(&self.tally.directory, Some(operation.id.alliance)));
            let at = self.on_screen(at) + vec2(9.0, 0.0);
            let _ = paper.write(at, Align2::LEFT_CENTER, &text, FontId::proportional(12.0), shown);
        }
    }

    fn alliances(&self, paper: &mut Paper) {
        let scale = self.lens.points_per_tile();
        if scale > NAMES_FROM * 1.3 {
            return;
        }
        let mut realms = self.realms.0.clone();
        realms.sort_by(|a, b| b.2.total_cmp(&a.2));
        for (alliance, middle, tiles) in realms {
            let size = (tiles.sqrt() * scale * 0.16).clamp(11.0, 26.0);
            let name = shortened(self.tally.directory.alliance(alliance), 28).to_uppercase();
            let shown = color(&self.tally.directory, Some(alliance));
            // A little white makes a name stand out from its own land.
            let shown = shown.lerp_to_gamma(Color32::WHITE, 0.45);
            let _ =
                paper.write(self.on_screen(middle), Align2::CENTER_CENTER, &name, FontId::proportional(size), shown);
        }
    }

    fn villages(&self, paper: &mut Paper) {
        let scale = self.lens.points_per_tile();
        if scale < NAMES_FROM {
            return;
        }
        let seen = self.lens.screen();
        let mut near: Vec<(&Site, Pos2)> = self
            .sites
            .iter()
            .map(|site| (site, self.on_screen(super::place(site.at))))
            .filter(|(_, at)| seen.contains(*at))
            .collect();
        near.sort_unstable_by_key(|(site, _)| {
            (Some(site.id) != self.watch.site, core::cmp::Reverse(site.population), site.id)
        });
        for (site, at) in near.into_iter().take(NAMES_AT_MOST) {
            let below = vec2(0.0, (0.45 * scale).clamp(5.0, 20.0));
            let mut text = shortened(&site.name, 24);
            if scale > MORE_FROM {
                let tribe = self.rules.tribe(site.tribe).map_or("", |tribe| tribe.name.as_str()).replace('_', " ");
                text = format!("{text}\n{} · {tribe}", shortened(self.tally.directory.player(site.owner), 18));
            }
            let size = if scale > MORE_FROM { 12.0 } else { 11.0 };
            let _ = paper.write(at + below, Align2::CENTER_TOP, &text, FontId::proportional(size), theme::LABEL);
        }
    }
}
