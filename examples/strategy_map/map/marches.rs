//! Troops and merchants on their way. A spectator sees all of them; the eyes of one side see their own, and of others what was sighted:
//! confirmed, suspected or unknown, each in its own style.
//!
//! | what | how it is drawn |
//! |---|---|
//! | an attack | a filled arrow with a trail |
//! | on its way home | an outlined arrow |
//! | scouts | a small diamond |
//! | relief | a ring with a trail |
//! | settlers | a square |
//! | merchants | a small square without a trail |
//! | sighted: troops that it can be were seen, and it is believed to be real | a filled arrow, its way a line |
//! | sighted: it may be a fake, or next to nothing | an outlined arrow, its way dashed |
//! | sighted: nobody ever saw what it can be | a diamond, its way dotted |

use super::ink::{Shape, Stroke};
use super::places::Places;
use super::{Layer, MapSystems, Sheets, color, hours};
use crate::theme;
use crate::watch::{Layers, Watch};
use bevy::prelude::*;
use bevy_alliance::action::operations::Operation;
use bevy_alliance::base::clock::{GameClock, GameTime};
use bevy_alliance::base::contract::{Manner, Model};
use bevy_alliance::base::id::{AllianceId, EntityIndex, Knower, MarchId};
use bevy_alliance::decision::planning::allocation::Errand;
use bevy_alliance::decision::planning::{Incoming, believed};
use bevy_alliance::edge::report::{CampaignTally, Directory};
use bevy_alliance::knowledge::intel::{Movements, View};
use bevy_alliance::world::march::March;
use bevy_alliance::world::trade::Shipment;
use bevy_egui::egui::Color32;
use std::collections::BTreeMap;

/// Goods of troops that are drawn as large as they get.
const LARGE: f32 = 400_000.0;
/// A sighted march is believed to be real from this probability on.
pub(crate) const REAL_FROM: f64 = 0.5;
/// Seconds of the wall clock between two looks at what was sighted.
const LOOK_EVERY: f32 = 0.3;

/// How sure a sighted march is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Certainty {
    /// Troops that it can be were seen, and it is believed to be real.
    Confirmed,
    /// Troops were seen, and it is rather believed to be a fake.
    Suspected,
    /// Nobody saw any troops that it can be.
    Unknown,
}

/// How sure a march is that comes to one's own village.
pub(super) fn certainty(incoming: &Incoming) -> Certainty {
    match (incoming.force.is_empty(), incoming.real >= REAL_FROM) {
        (true, _) => Certainty::Unknown,
        (false, true) => Certainty::Confirmed,
        (false, false) => Certainty::Suspected,
    }
}

/// When marches that turned under way had left, and when they would have been there: where they turned.
#[derive(Resource, Debug, Default)]
struct WaysOut(BTreeMap<MarchId, (GameTime, GameTime)>);

pub(super) fn plug(app: &mut App) {
    app.init_resource::<WaysOut>().add_systems(Update, (note_ways, draw_marches).chain().in_set(MapSystems::Draw));
}

fn note_ways(
    changed: Query<&March, Changed<March>>,
    mut gone: RemovedComponents<March>,
    all: Query<&March>,
    mut ways: ResMut<WaysOut>,
) {
    for march in changed.iter().filter(|march| !march.homeward) {
        ways.0.insert(march.id, (march.launched, march.arrival));
    }
    // Those that are gone are found by those that are left, now and then.
    if gone.read().count() > 0 && ways.0.len() > 2 * all.iter().len() + 256 {
        let left: std::collections::BTreeSet<MarchId> = all.iter().map(|march| march.id).collect();
        ways.0.retain(|id, _| left.contains(id));
    }
}

/// A radius in pixels for troops that are worth so much.
pub(super) fn size(goods: i64) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "goods, for a size on the screen")]
    let share = (goods.max(0) as f32 / LARGE).sqrt().min(1.0);
    3.6 + 6.5 * share
}

/// What of the campaign is drawn, at once so that systems stay short.
#[derive(bevy::ecs::system::SystemParam)]
struct Moving<'w, 's> {
    marches: Query<'w, 's, &'static March>,
    shipments: Query<'w, 's, &'static Shipment>,
    changed: Query<'w, 's, (), Or<(Changed<March>, Changed<Shipment>)>>,
    gone: RemovedComponents<'w, 's, March>,
    sunk: RemovedComponents<'w, 's, Shipment>,
    sighted: Query<'w, 's, (), Changed<Movements>>,
    operations: Query<'w, 's, &'static Operation>,
    ways: Res<'w, WaysOut>,
    index: Res<'w, EntityIndex>,
    model: Res<'w, Model>,
    places: Places<'w, 's>,
}

fn draw_marches(
    mut moving: Moving,
    view: View,
    (clock, time, watch, tally): (Res<GameClock>, Res<Time>, Res<Watch>, Res<CampaignTally>),
    mut sheets: ResMut<Sheets>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut last: Local<Option<(Option<AllianceId>, Layers, f32, bool)>>,
) {
    let gone = moving.gone.read().count() + moving.sunk.read().count() > 0;
    let sighted = watch.side.is_some() && !moving.sighted.is_empty();
    let stale = gone || sighted || !moving.changed.is_empty();
    let wall = time.elapsed_secs();
    let due = last.is_none_or(|(side, layers, at, waits)| {
        side != watch.side
            || layers != watch.layers
            || (stale && side.is_none())
            || ((stale || waits) && wall - at >= LOOK_EVERY)
    });
    if !due {
        if let Some(last) = last.as_mut() {
            last.3 |= stale;
        }
        return;
    }
    *last = Some((watch.side, watch.layers, wall, false));
    let mut drawn = Drawn::default();
    if watch.layers.marches {
        moving.own(&mut drawn, &watch, &tally.directory);
        if let Some(side) = watch.side {
            moving.foreign(&mut drawn, &view, side, clock.now(), &watch, &tally.directory);
        }
    }
    sheets.draw(Layer::Trails, &mut meshes, &drawn.trails);
    sheets.draw(Layer::Marches, &mut meshes, &drawn.marks);
}

/// Marches as they are drawn.
#[derive(Default)]
struct Drawn {
    trails: Vec<Stroke>,
    marks: Vec<Stroke>,
}

impl Moving<'_, '_> {
    /// Marches and merchants of the side, or of all.
    fn own(&self, drawn: &mut Drawn, watch: &Watch, names: &Directory) {
        let mut marches: Vec<&March> = self.marches.iter().collect();
        marches.sort_unstable_by_key(|march| march.id);
        for march in marches {
            let alliance = self.places.alliance_of(march.owner);
            if watch.side.is_some_and(|side| alliance != Some(side)) {
                continue;
            }
            let Some((from, to)) = self.course(march) else { continue };
            let shown = theme::bright(color(names, alliance));
            let pixels = size(self.model.cost(&march.force));
            let time = (hours(march.launched), hours(march.arrival));
            // Only its own side knows that a group is to draw eyes away.
            let fake = watch.side.is_some() && self.errand(march) == Some(Errand::Distract);
            let (shape, pixels) = look(march, fake, pixels);
            let small = march.manner == Manner::Scout;
            if watch.layers.trails && !small {
                drawn.trails.push(trail(from, to, time, shown, pixels));
            }
            let alpha = if march.homeward { 0.7 } else { 1.0 };
            drawn.marks.push(edge(shape, from, to, time, pixels));
            drawn.marks.push(Stroke::mark(shape, from, pixels, shown).moving(to, time).alpha(alpha));
        }
        let mut shipments: Vec<&Shipment> = self.shipments.iter().collect();
        shipments.sort_unstable_by_key(|shipment| shipment.id);
        for shipment in shipments {
            let alliance = self.places.holder(shipment.id.site);
            if watch.side.is_some_and(|side| alliance != Some(side)) {
                continue;
            }
            let Some((from, to)) = self.places.way(shipment.id.site, shipment.target) else { continue };
            let (from, to) = if shipment.homeward { (to, from) } else { (from, to) };
            let time = (hours(shipment.launched), hours(shipment.arrival));
            drawn.marks.push(Stroke::mark(Shape::Square, from, 2.3, theme::GOODS).moving(to, time).alpha(0.8));
        }
    }

    /// From where to where a march goes now.
    fn course(&self, march: &March) -> Option<(Vec2, Vec2)> {
        if !march.homeward {
            return self.places.way(march.id.site, march.target);
        }
        let (home, target) = self.places.way(march.home, march.target)?;
        let turned = self.ways.0.get(&march.id).filter(|(_, arrival)| march.launched < *arrival);
        let from = turned.map_or(target, |(left, arrival)| {
            let part = (march.launched - *left).as_hours() / (*arrival - *left).as_hours().max(1e-6);
            #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
            home.lerp(target, part.clamp(0.0, 1.0) as f32)
        });
        Some((from, home))
    }

    /// What a march of an operation is to do.
    fn errand(&self, march: &March) -> Option<Errand> {
        let order = march.order?;
        let entity = self.index.proposal(order.operation()?)?;
        let operation = self.operations.get(entity).ok()?;
        operation.groups.iter().enumerate().find(|(n, _)| operation.order(*n) == order).map(|(_, group)| group.errand)
    }

    /// What a side has sighted of others.
    fn foreign(
        &self,
        drawn: &mut Drawn,
        view: &View,
        side: AllianceId,
        now: GameTime,
        watch: &Watch,
        names: &Directory,
    ) {
        let coming: BTreeMap<_, Incoming> = believed(view, Knower::Alliance(side), now)
            .into_iter()
            .map(|incoming| ((incoming.arrival, incoming.target, incoming.origin), incoming))
            .collect();
        for track in view.movements(side, now).filter(|track| track.arrival >= now) {
            let Some((from, to)) = self.places.way(track.origin, track.target) else { continue };
            let believed = coming.get(&track.key());
            let certainty = believed.map_or(Certainty::Unknown, certainty);
            let pixels = believed.filter(|b| !b.force.is_empty()).map_or(5.0, |b| size(self.model.cost(&b.force)));
            let shown = theme::bright(color(names, track.player.and_then(|player| self.places.alliance_of(player))));
            // Where it left is known, not always when: the mean of the bounds, where both are known.
            let (earliest, latest) = track.left_at();
            let left = if earliest.0 <= 0 {
                latest.min(track.first_seen)
            } else {
                GameTime(i64::midpoint(earliest.0, latest.0))
            };
            let time = (hours(left), hours(track.arrival));
            let comes = believed.is_some();
            let way =
                Stroke::line(from, to, if comes { 1.6 } else { 1.0 }, shown).alpha(if comes { 0.75 } else { 0.4 });
            let (way, shape) = match certainty {
                Certainty::Confirmed => (way, Shape::Arrow),
                Certainty::Suspected => (way.dashed(7.0), Shape::Hollow(1.8)),
                Certainty::Unknown => (way.dashed(2.5), Shape::Diamond),
            };
            if watch.layers.trails {
                drawn.trails.push(way);
            }
            drawn.marks.push(edge(shape, from, to, time, pixels));
            drawn.marks.push(Stroke::mark(shape, from, pixels, shown).moving(to, time));
        }
    }
}

/// The shape of a march and its radius in pixels.
fn look(march: &March, fake: bool, pixels: f32) -> (Shape, f32) {
    match march.manner {
        Manner::Scout => (Shape::Diamond, 2.6),
        Manner::Reinforce => (Shape::Ring(2.0), pixels * 0.8),
        Manner::Settle => (Shape::Square, 4.0),
        _ if march.homeward => (Shape::Hollow(1.5), pixels * 0.9),
        _ if fake => (Shape::Hollow(1.8), pixels),
        _ => (Shape::Arrow, pixels),
    }
}

/// The way that it has come, thinning out behind it.
fn trail(from: Vec2, to: Vec2, time: (f32, f32), color: Color32, pixels: f32) -> Stroke {
    let width = pixels * 0.22;
    Stroke { shape: Shape::Trail(110.0), time, pixels: (width, width), ..Stroke::line(from, to, 1.0, color) }
        .alpha(0.65)
}

/// A dark edge, so that a mark stands off from what lies under it.
fn edge(shape: Shape, from: Vec2, to: Vec2, time: (f32, f32), pixels: f32) -> Stroke {
    let shape = match shape {
        Shape::Hollow(_) => Shape::Arrow,
        Shape::Ring(_) => Shape::Disc,
        other => other,
    };
    Stroke::mark(shape, from, pixels + 1.3, theme::GROUND).moving(to, time).alpha(0.75)
}
