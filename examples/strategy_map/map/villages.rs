//! Villages: a disc for each, as large as its inhabitants allow, in the color of its alliance. With the eyes of one side what others
//! have is dim, and a ring tells how sure what is known of their troops is: it fades with the confidence.

use super::ink::{Shape, Stroke};
use super::{Layer, MapSystems, Sheets, color, place};
use crate::theme;
use crate::watch::Watch;
use bevy::prelude::*;
use bevy_alliance::base::clock::{GameClock, GameTime};
use bevy_alliance::base::contract::{Cited, Player, Site};
use bevy_alliance::base::id::{AllianceId, EntityIndex, Knower, SiteId};
use bevy_alliance::edge::report::CampaignTally;
use bevy_alliance::knowledge::intel::IntelReport;
use std::collections::BTreeMap;

/// Seconds of the wall clock between two looks at what is known.
const LOOK_EVERY: f32 = 0.6;

pub(super) fn plug(app: &mut App) {
    app.add_systems(Update, draw_villages.in_set(MapSystems::Draw));
}

/// The radius of a village with so many inhabitants, in tiles.
fn radius(population: u32) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "inhabitants of a village")]
    let inhabitants = population as f32;
    0.13 + 0.29 * (inhabitants / 1_000.0).sqrt().min(1.2)
}

/// How sure an alliance is of the troops in each village that it knows anything of.
pub(super) fn confidence<'a>(
    reports: impl Iterator<Item = &'a IntelReport>,
    alliance: AllianceId,
    now: GameTime,
) -> BTreeMap<SiteId, f64> {
    let own = reports.filter(|r| r.knower == Knower::Alliance(alliance));
    let troops = |r: &IntelReport| r.cite(now).find(|c| c.what == Cited::Troops).map(|c| c.confidence);
    own.filter_map(|r| Some((r.site, troops(r)?))).collect()
}

fn draw_villages(
    sites: Query<&Site>,
    changed: Query<(), Or<(Changed<Site>, Changed<Player>)>>,
    players: Query<&Player>,
    reports: Query<&IntelReport>,
    (index, clock, time, watch): (Res<EntityIndex>, Res<GameClock>, Res<Time>, Res<Watch>),
    tally: Res<CampaignTally>,
    mut sheets: ResMut<Sheets>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut last: Local<Option<(Option<AllianceId>, GameTime, f32)>>,
) {
    let now = clock.now();
    let due = match *last {
        None => true,
        Some((side, ..)) if side != watch.side => true,
        Some((side, at, when)) => {
            let elapsed = time.elapsed_secs() - when;
            !changed.is_empty() || (side.is_some() && at != now && elapsed >= LOOK_EVERY)
        }
    };
    if !due {
        return;
    }
    *last = Some((watch.side, now, time.elapsed_secs()));
    let known = watch.side.map(|side| confidence(reports.iter(), side, now));
    let mut strokes = Vec::with_capacity(sites.iter().len() * 2);
    let mut all: Vec<&Site> = sites.iter().collect();
    // Small ones above large ones, and equal ones in one order.
    all.sort_unstable_by_key(|site| (core::cmp::Reverse(site.population), site.id));
    for site in all {
        let owner = index.player(site.owner).and_then(|entity| players.get(entity).ok());
        let alliance = owner.and_then(|player| player.alliance);
        let active = alliance.is_some_and(|alliance| tally.directory.active.binary_search(&alliance).is_ok());
        let own = watch.side.is_none_or(|side| alliance == Some(side));
        let alpha = match (active, own) {
            (true, true) => 1.0,
            (true, false) => 0.62,
            (false, _) => 0.42,
        };
        let tiles = radius(site.population);
        let (least, most) = if active { (1.25, 16.0) } else { (0.85, 13.0) };
        let shown = color(&tally.directory, alliance);
        // A brighter color stands off from the own land.
        let shown = if active { theme::bright(shown) } else { shown };
        let disc = Stroke::mark(Shape::Village, place(site.at), 0.0, shown);
        strokes.push(disc.sized(tiles, least, most).alpha(alpha));
        if let Some(confidence) = known.as_ref().and_then(|known| known.get(&site.id)) {
            #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
            let sure = *confidence as f32;
            let ring = Stroke::mark(Shape::Ring(1.4), place(site.at), 0.0, theme::TEXT);
            strokes.push(ring.sized(tiles + 0.16, 3.0, 20.0).alpha(0.15 + 0.85 * sure));
        }
    }
    sheets.draw(Layer::Villages, &mut meshes, &strokes);
}
