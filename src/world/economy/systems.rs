//! Bringing up to date who is touched at this instant, and the census.

use crate::base::clock::{Agenda, CampaignSystems, DueBatch, DueKind, GameClock, GameSpan, GameTime, PassScratch};
use crate::base::contract::{INPUT, Input, Inputs, LaunchDue, Manner, Player, PopulationChanged, Scenario, Site};
use crate::base::id::{EntityIndex, PlayerId, SiteId};
use crate::world::march::{MARCH_ARRIVES, March, homes_of_returns, march_of};
use crate::world::village::upkeep::{CROP_RUNS_OUT, Villages};
use crate::world::village::{Economy, EconomySettings, rules};
use bevy::prelude::*;
use std::collections::BTreeMap;

/// The daily census: populations become public.
pub const CENSUS: DueKind = DueKind::new(5, "census", &[CampaignSystems::Sense]);

const DAY: GameSpan = GameSpan::hours(24);

/// Where villages are brought up to date within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EconomySystems {
    /// In `Sense`: the census, before anyone reads populations.
    Count,
    /// In `March`: villages that troops leave or come home to, and those whose crop runs out.
    BeforeMoves,
    /// In `March`, after moves: what players ask of their villages.
    Requests,
    /// In `March`, after all of it: new rates.
    AfterMoves,
    /// In `Battle`: villages where troops arrive, and the homes of all who are there.
    BeforeFights,
    /// In `Battle`, after fights: new rates.
    AfterFights,
}

/// Villages to which something happens at this instant.
#[derive(Resource, Default, Debug)]
pub(super) struct Touched(Vec<SiteId>);

impl PassScratch for Touched {
    fn clear(&mut self) {
        self.0.clear();
    }
}

impl Touched {
    fn bring_up(&mut self, villages: &mut Villages, now: GameTime) {
        self.0.sort_unstable();
        self.0.dedup();
        for site in &self.0 {
            villages.bring_up(*site, now);
        }
    }
}

/// Where nobody grows, nobody is counted.
pub(super) fn schedule_census(world: &mut World, _: &Scenario) {
    if !world.resource::<EconomySettings>().alive {
        return;
    }
    let now = world.resource::<GameClock>().now();
    let midnight = GameTime((now.0.div_euclid(DAY.0) + 1) * DAY.0);
    world.resource_mut::<Agenda>().push(CENSUS.entry(midnight, 0, 0));
}

/// Populations of villages and of players as of now: computed, not written into the villages.
pub(super) fn take_census(
    batch: Res<DueBatch>,
    settings: Res<EconomySettings>,
    index: Res<EntityIndex>,
    mut sites: Query<(&mut Site, &Economy)>,
    mut players: Query<&mut Player>,
    mut agenda: ResMut<Agenda>,
    mut counted: MessageWriter<PopulationChanged>,
) {
    let Some(entry) = batch.of(CENSUS).first() else { return };
    let now = batch.now();
    let mut grown: BTreeMap<PlayerId, i64> = BTreeMap::new();
    for (mut site, economy) in &mut sites {
        let inhabitants =
            rules::inhabitants_at(site.id, economy.inhabitants_milli, economy.since, now, &settings.growth);
        let population = u32::try_from(inhabitants / 1_000).unwrap_or(u32::MAX);
        if population != site.population {
            *grown.entry(site.owner).or_default() += i64::from(population) - i64::from(site.population);
            site.population = population;
            counted.write(PopulationChanged { site: site.id });
        }
    }
    for (player, more) in grown {
        if let Some(mut player) = index.player(player).and_then(|e| players.get_mut(e).ok()) {
            player.population = player.population.saturating_add_signed(more);
        }
    }
    agenda.push(CENSUS.entry(entry.due + DAY, 0, 0));
}

pub(super) fn run_out(batch: Res<DueBatch>, mut villages: Villages) {
    // Each change of a village's rates notes its end anew: entries of one instant are one hunger.
    for entries in batch.of(CROP_RUNS_OUT).chunk_by(|a, b| a.owner == b.owner) {
        let Some(entry) = entries.first() else { continue };
        villages.run_out(SiteId(u32::try_from(entry.owner).unwrap_or(0)), batch.now());
    }
}

pub(super) fn before_returns(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    marches: Query<&March>,
    mut touched: ResMut<Touched>,
    mut villages: Villages,
) {
    touched.0.extend(homes_of_returns(&batch, &index, &marches));
    touched.bring_up(&mut villages, batch.now());
}

/// Villages that troops leave or come home to.
pub(super) fn before_moves(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    marches: Query<&March>,
    mut due: MessageReader<LaunchDue>,
    inputs: Res<Inputs>,
    mut touched: ResMut<Touched>,
    mut villages: Villages,
) {
    touched.0.extend(homes_of_returns(&batch, &index, &marches));
    touched.0.extend(due.read().map(|order| order.origin));
    if !batch.of(INPUT).is_empty() {
        touched.0.extend(inputs.now.iter().filter_map(|logged| match &logged.input {
            Input::March(march) => Some(march.origin),
            Input::Train(train) => Some(train.site),
            Input::Dismiss(dismiss) => Some(dismiss.site),
            _ => None,
        }));
    }
    touched.bring_up(&mut villages, batch.now());
}

/// Villages where troops arrive, and the homes of all who may fight there.
pub(super) fn before_fights(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    marches: Query<&March>,
    mut touched: ResMut<Touched>,
    mut villages: Villages,
) {
    for entry in batch.of(MARCH_ARRIVES) {
        let march = |id| index.march(id).and_then(|e| marches.get(e).ok());
        let Some(arrives) = march(march_of(entry)) else { continue };
        touched.0.push(arrives.home);
        if arrives.manner == Manner::Scout {
            // Scouts only look: what was made and trained until now is the same whenever it is written down, and no new rates
            // are set, or who lives there could tell by its training that somebody was there.
            villages.bring_up(arrives.target, batch.now());
            continue;
        }
        touched.0.push(arrives.target);
        let Some(target) = villages.get(arrives.target) else { continue };
        touched.0.extend(target.guests.0.values().map(|guest| guest.home));
        touched.0.extend(target.blockades.0.iter().filter_map(|id| march(*id)).map(|m| m.home));
    }
    touched.bring_up(&mut villages, batch.now());
}

/// New rates where something happened.
pub(super) fn follow(batch: Res<DueBatch>, mut touched: ResMut<Touched>, mut villages: Villages) {
    let sites = core::mem::take(&mut touched.0);
    for site in &sites {
        villages.follow(*site, batch.now());
    }
    // Keeps its memory.
    touched.0 = sites;
    touched.0.clear();
}
