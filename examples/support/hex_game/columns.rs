//! Holds and the columns that leave them: the game's own movement.

use super::model::SILVER_PER_INHABITANT;
use super::{BEACON_LIT, COLUMN_ARRIVES, COLUMN_HOME, rules};
use bevy::prelude::*;
use bevy_alliance::base::clock::{Agenda, DueBatch, DueEntry, GameSpan, GameTime};
use bevy_alliance::base::contract::{
    GroupFailed, GroupHome, GroupLaunched, Holdings, LaunchDue, Manner, RecallGroup, ReportedStates, Scenario, Site,
    SiteState, WantedStates,
};
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{EntityIndex, MarchId, OrderId, PlayerId, SiteId, StableId};
use bevy_alliance::base::ruleset::{Force, Levels};
use serde::{Deserialize, Serialize};

/// Beacons see a column this long before it is there.
const SIGHT: GameSpan = GameSpan::hours(2);
/// The kind of the game's own entities in a [`StableId::Game`].
const CAIRN: u32 = 1;

/// What stands and lies in a hold; it lives on the entity of its site.
#[derive(Component, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Hold {
    /// Who is at home.
    pub(crate) men: Force,
    /// Who is on the way.
    pub(crate) abroad: Force,
    pub(crate) wall: u8,
    silver: i64,
    since: GameTime,
    silver_per_hour: i64,
    columns: u32,
}

impl Hold {
    /// Silver at this instant: computed when read, never ticked.
    pub(crate) fn silver(&self, at: GameTime) -> i64 {
        self.silver + (at - self.since).0.max(0) / 60_000 * self.silver_per_hour / 60
    }

    /// Takes silver away.
    pub(crate) fn take(&mut self, silver: i64, at: GameTime) {
        self.silver = self.silver(at) - silver;
        self.since = at;
    }
}

/// Men on their way.
#[derive(Component, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Column {
    pub(crate) id: MarchId,
    pub(crate) target: SiteId,
    pub(crate) owner: PlayerId,
    pub(crate) manner: Manner,
    pub(crate) wave: u8,
    pub(crate) order: Option<OrderId>,
    pub(crate) men: Force,
    pub(crate) silver: i64,
    pub(crate) left_at: GameTime,
    /// When it is there, or home.
    pub(crate) due: GameTime,
    pub(crate) homeward: bool,
}

impl Column {
    /// The entry at which something happens to this column.
    pub(crate) fn entry(&self, kind: bevy_alliance::base::clock::DueKind, due: GameTime) -> DueEntry {
        kind.entry(due, u64::from(self.id.site.0), self.id.n)
    }
}

/// The column that an entry of the agenda speaks of.
pub(crate) fn column_of(entry: &DueEntry) -> MarchId {
    MarchId { site: SiteId(u32::try_from(entry.owner).unwrap_or(0)), n: entry.n }
}

/// Where the fallen of a hold are remembered: an entity of the game's own.
#[derive(Component, Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cairn {
    pub(crate) fallen: Force,
}

/// The id of the cairn of a hold.
pub(crate) fn cairn_of(site: SiteId) -> StableId {
    StableId::Game(CAIRN, u64::from(site.0))
}

/// A column that left, for the account and for tests.
#[derive(Clone, Debug)]
pub(crate) struct Departure {
    pub(crate) order: OrderId,
    pub(crate) origin: SiteId,
    pub(crate) target: SiteId,
    pub(crate) wave: u8,
    pub(crate) at: GameTime,
    /// Who stood at home just before.
    pub(crate) stood: Force,
    /// Who was ordered to leave.
    pub(crate) ordered: Force,
    /// Who left.
    pub(crate) left: Force,
    /// When it is to be there.
    pub(crate) due: GameTime,
}

/// What a chronicler wrote down. No rule reads it.
#[derive(Resource, Default, Debug)]
pub(crate) struct Chronicle {
    pub(crate) departures: Vec<Departure>,
    /// Which column came when.
    pub(crate) arrivals: Vec<(OrderId, GameTime)>,
    /// Beacons that were lit.
    pub(crate) beacons: u32,
}

/// Settles the land: the crate has spawned the public half of each site, the game adds what is hidden.
pub(super) fn settle(world: &mut World, scenario: &Scenario) {
    for site in &scenario.sites {
        let Some(entity) = world.resource::<EntityIndex>().site(site.id) else { continue };
        #[expect(clippy::cast_possible_truncation, reason = "silver of an hour")]
        let silver_per_hour = (SILVER_PER_INHABITANT * f64::from(site.population)) as i64;
        world.entity_mut(entity).insert(Hold {
            men: site.troops.clone().unwrap_or_default(),
            abroad: Force::new(),
            wall: site.wall.unwrap_or(0),
            silver: site.stores.map_or(0, Goods::total),
            since: GameTime(0),
            silver_per_hour,
            columns: 0,
        });
        world.spawn((cairn_of(site.id), Cairn::default()));
    }
}

/// Tells an alliance what its own members hold.
pub(super) fn report_holds(
    batch: Res<DueBatch>,
    mut wanted: ResMut<WantedStates>,
    mut reported: ResMut<ReportedStates>,
    holdings: Res<Holdings>,
    index: Res<EntityIndex>,
    holds: Query<(&Site, &Hold)>,
) {
    for (alliance, member) in wanted.take() {
        for id in holdings.of(member) {
            let Some((site, hold)) = index.site(*id).and_then(|e| holds.get(e).ok()) else { continue };
            let state = SiteState {
                site: site.id,
                at: site.at,
                owner: site.owner,
                tribe: site.tribe,
                population: site.population,
                home: hold.men.clone(),
                away: hold.abroad.clone(),
                guests: Force::new(),
                upgrades: Levels::default(),
                wall: hold.wall,
                residence: 0,
                mobility: 0,
                stores: Goods::new([hold.silver(batch.now()), 0, 0, 0]),
                per_hour: Goods::new([hold.silver_per_hour, 0, 0, 0]),
                carriers: 0,
            };
            reported.states.push((alliance, state));
        }
    }
}

/// Carries out the orders that are due. A column keeps step: it never arrives before its ordered instant, and one
/// that could not be there in time does not leave.
pub(super) fn set_out(
    batch: Res<DueBatch>,
    mut orders: MessageReader<LaunchDue>,
    index: Res<EntityIndex>,
    mut holds: Query<(&Site, &mut Hold)>,
    mut agenda: ResMut<Agenda>,
    mut chronicle: ResMut<Chronicle>,
    mut launched: MessageWriter<GroupLaunched>,
    mut failed: MessageWriter<GroupFailed>,
    mut commands: Commands,
) {
    for order in orders.read() {
        match muster(order, batch.now(), &index, &mut holds, &mut chronicle) {
            Ok(column) => {
                agenda.push(column.entry(COLUMN_ARRIVES, column.due));
                if column.manner != Manner::Scout {
                    agenda.push(column.entry(BEACON_LIT, column.left_at.max(column.due - SIGHT)));
                }
                launched.write(GroupLaunched {
                    order: order.order,
                    march: Some(column.id),
                    force: column.men.clone(),
                    at: column.left_at,
                    arrival: column.due,
                });
                commands.spawn((StableId::March(column.id), column));
            }
            Err(rule) => {
                failed.write(GroupFailed { order: order.order, rule });
            }
        }
    }
}

/// Takes the ordered men out of their hold, as far as they stand there, or names the rule that forbids it.
fn muster(
    order: &LaunchDue,
    now: GameTime,
    index: &EntityIndex,
    holds: &mut Query<(&Site, &mut Hold)>,
    chronicle: &mut Chronicle,
) -> Result<Column, &'static str> {
    if !matches!(order.manner, Manner::Siege | Manner::Raid | Manner::Scout) {
        return Err("unknown_manner");
    }
    let to = index.site(order.target).and_then(|e| holds.get(e).ok()).map(|(site, _)| site.at).ok_or("no_such_hold")?;
    let home = index.site(order.origin).ok_or("no_such_hold")?;
    let (site, mut hold) = holds.get_mut(home).map_err(|_| "no_such_hold")?;
    let men = order.force.min(&hold.men);
    let travel = rules::column(site.at, to, &men).ok_or("nobody_at_home")?;
    let due = order.arrival.unwrap_or(now + travel);
    if now + travel > due {
        return Err("too_slow");
    }
    chronicle.departures.push(Departure {
        order: order.order,
        origin: order.origin,
        target: order.target,
        wave: order.wave,
        at: now,
        stood: hold.men.clone(),
        ordered: order.force.clone(),
        left: men.clone(),
        due,
    });
    hold.men = hold.men.minus(&men);
    hold.abroad.add_all(&men);
    hold.columns += 1;
    Ok(Column {
        id: MarchId { site: order.origin, n: hold.columns },
        target: order.target,
        owner: site.owner,
        manner: order.manner,
        wave: order.wave,
        order: Some(order.order),
        men,
        silver: 0,
        left_at: now,
        due,
        homeward: false,
    })
}

/// Riders catch up with columns that are called back; the way home is as long as the way so far.
pub(super) fn turn_back(
    batch: Res<DueBatch>,
    mut recalls: MessageReader<RecallGroup>,
    index: Res<EntityIndex>,
    mut columns: Query<&mut Column>,
    mut agenda: ResMut<Agenda>,
) {
    let now = batch.now();
    for recall in recalls.read() {
        let found = recall.march.and_then(|id| index.march(id)).and_then(|e| columns.get_mut(e).ok());
        let Some(mut column) = found.filter(|c| !c.homeward && c.due > now) else { continue };
        let back = now + (now - column.left_at);
        column.homeward = true;
        column.left_at = now;
        column.due = back;
        agenda.push(column.entry(COLUMN_HOME, back));
    }
}

/// Columns are home with what they carry. Runs in `Mechanics` when nothing else is due: nobody observes it.
pub(super) fn come_home(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    columns: Query<&Column>,
    mut holds: Query<&mut Hold>,
    mut home: MessageWriter<GroupHome>,
    mut commands: Commands,
) {
    for entry in batch.of(COLUMN_HOME) {
        let id = column_of(entry);
        let Some(entity) = index.march(id) else { continue };
        let Ok(column) = columns.get(entity) else { continue };
        if !column.homeward || column.due != entry.due {
            continue;
        }
        let Some(mut hold) = index.site(id.site).and_then(|e| holds.get_mut(e).ok()) else { continue };
        hold.men.add_all(&column.men);
        hold.abroad = hold.abroad.minus(&column.men);
        hold.take(-column.silver, batch.now());
        if let Some(order) = column.order {
            let loot = Goods::new([column.silver, 0, 0, 0]);
            home.write(GroupHome { order, force: column.men.clone(), loot });
        }
        commands.entity(entity).despawn();
    }
}
