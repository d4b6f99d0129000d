//! Battles flash, and leave a mark that fades within two days of game time. With the eyes of one side only those are shown in which its
//! members fought, or at which their troops stood.

use super::ink::{Shape, Stroke};
use super::{Layer, MapSystems, Sheets, hours, place};
use crate::theme;
use crate::watch::Watch;
use bevy::prelude::*;
use bevy_alliance::base::clock::{GameSpan, GameTime, HostSystems};
use bevy_alliance::base::contract::{CampaignFact, Fact, Player, Site};
use bevy_alliance::base::id::{AllianceId, EntityIndex, PlayerId, SiteId};
use std::collections::VecDeque;

/// How long a mark of a battle is seen.
const FADES_WITHIN: GameSpan = GameSpan::hours(48);
/// Marks that are kept, the latest ones.
const KEPT: usize = 4_000;
/// Seconds of the wall clock that a flash takes.
const FLASH: f32 = 1.4;
/// Goods lost in a battle that is drawn as large as they get.
const LARGE: f32 = 300_000.0;

/// A battle that was fought.
#[derive(Clone, Debug)]
pub(crate) struct Scar {
    pub(crate) at: GameTime,
    pub(crate) site: SiteId,
    pub(crate) attackers: Vec<PlayerId>,
    pub(crate) defender: PlayerId,
    /// Goods lost by both.
    pub(crate) lost: i64,
    /// When it was heard of, in seconds of the wall clock.
    seen: f32,
}

/// The latest battles, the oldest first.
#[derive(Resource, Debug, Default)]
pub(crate) struct Scars {
    pub(crate) latest: VecDeque<Scar>,
    heard: u64,
}

pub(super) fn plug(app: &mut App) {
    app.init_resource::<Scars>()
        .add_systems(crate::pace::Host, hear.in_set(HostSystems::Facts))
        .add_systems(Update, draw_scars.in_set(MapSystems::Draw));
}

fn hear(mut facts: MessageReader<CampaignFact>, time: Res<Time>, mut scars: ResMut<Scars>) {
    for fact in facts.read() {
        if let Fact::BattleFought { site, defender, attackers, attackers_lost, defenders_lost, .. } = &fact.fact {
            scars.heard += 1;
            scars.latest.push_back(Scar {
                at: fact.at,
                site: *site,
                attackers: attackers.iter().map(|(player, _)| *player).collect(),
                defender: *defender,
                lost: attackers_lost + defenders_lost,
                seen: time.elapsed_secs(),
            });
            if scars.latest.len() > KEPT {
                scars.latest.pop_front();
            }
        }
    }
}

impl Scars {
    /// The battles that one side knows of, or all.
    pub(crate) fn seen_by<'a>(
        &'a self,
        side: Option<AllianceId>,
        alliance_of: impl Fn(PlayerId) -> Option<AllianceId> + 'a,
    ) -> impl Iterator<Item = &'a Scar> {
        let mine = move |scar: &&Scar| {
            let took_part = |side| scar.attackers.iter().chain([&scar.defender]).any(|p| alliance_of(*p) == Some(side));
            side.is_none_or(took_part)
        };
        self.latest.iter().filter(mine)
    }
}

fn draw_scars(
    (scars, watch, index, time): (Res<Scars>, Res<Watch>, Res<EntityIndex>, Res<Time>),
    clock: Res<bevy_alliance::base::clock::GameClock>,
    (sites, players): (Query<&Site>, Query<&Player>),
    mut sheets: ResMut<Sheets>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut last: Local<Option<(u64, Option<AllianceId>, bool)>>,
    mut flashed: Local<bool>,
) {
    let wall = time.elapsed_secs();
    // What was fought before the first frame does not flash.
    let flashes = scars.latest.back().is_some_and(|scar| scar.seen > 0.0 && wall - scar.seen < FLASH);
    let key = (scars.heard, watch.side, watch.layers.battles);
    if *last == Some(key) && !flashes && !*flashed {
        return;
    }
    *last = Some(key);
    *flashed = flashes;
    let now = clock.now();
    let mut strokes = Vec::new();
    if watch.layers.battles {
        let alliance_of = |player| index.player(player).and_then(|e| players.get(e).ok()).and_then(|p| p.alliance);
        let fresh = scars.seen_by(watch.side, alliance_of).filter(|scar| now - scar.at < FADES_WITHIN);
        for scar in fresh {
            let Some(site) = index.site(scar.site).and_then(|e| sites.get(e).ok()) else { continue };
            #[expect(clippy::cast_precision_loss, reason = "goods, for a size on the screen")]
            let size = (scar.lost as f32 / LARGE).sqrt().clamp(0.15, 1.0);
            let mark = Stroke::mark(Shape::Scar(1.6), place(site.at), 0.0, theme::BAD);
            let fades = (hours(scar.at), hours(scar.at + FADES_WITHIN));
            strokes.push(Stroke { time: fades, ..mark.sized(0.3 + 0.5 * size, 1.5 + 3.5 * size, 18.0) }.alpha(0.85));
            let age = wall - scar.seen;
            if scar.seen > 0.0 && age < FLASH {
                let left = 1.0 - age / FLASH;
                let glow = Stroke::mark(Shape::Glow, place(site.at), 10.0 + 34.0 * size, theme::WARN);
                strokes.push(glow.alpha(0.9 * left * left));
                let wave =
                    Stroke::mark(Shape::Ring(2.0), place(site.at), 4.0 + 40.0 * size * (1.0 - left), theme::WARN);
                strokes.push(wave.alpha(left));
            }
        }
    }
    sheets.draw(Layer::Scars, &mut meshes, &strokes);
}
