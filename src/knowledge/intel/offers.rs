//! What alliances offer each other: an offer, and a refusal, is brought by an envoy and becomes knowledge of those to whom it
//! is brought.
//!
//! What is *not* here: why anything is offered, and what becomes of it (`action::diplomacy`).

use super::components::{Cause, Observation, Seen};
use super::sharing::Relayed;
use crate::base::clock::{CampaignSystems, DueBatch, DueEntry, DueKind, GameTime};
use crate::base::contract::{Holdings, Scenario, Site, StanceChanged, Treaty};
use crate::base::id::{AllianceId, EntityIndex, Knower, PlayerId, SiteId};
use crate::society::alliance::{Roster, StanceSettings};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An envoy brings an offer, or a refusal. Owner: the alliance that sends it and the other, n: what.
pub const ENVOY_COMES: DueKind = DueKind::new(93, "envoy_comes", &[CampaignSystems::Settle]);

/// What an envoy brings.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum EnvoyMessage {
    /// An offer that stands for some time.
    Offer(Treaty),
    /// The other's offer is refused.
    Refusal(Treaty),
}

/// The entry of the agenda by which an envoy of one alliance is with another.
#[must_use]
pub fn envoy(from: AllianceId, to: AllianceId, message: EnvoyMessage, at: GameTime) -> DueEntry {
    let (treaty, refusal) = match message {
        EnvoyMessage::Offer(treaty) => (treaty, 0),
        EnvoyMessage::Refusal(treaty) => (treaty, REFUSAL),
    };
    let n = Treaty::ALL.iter().position(|t| *t == treaty).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    ENVOY_COMES.entry(at, u64::from(from.0) << 32 | u64::from(to.0), n | refusal)
}

const REFUSAL: u32 = 1 << 8;

fn of_entry(entry: &DueEntry) -> Option<(AllianceId, AllianceId, EnvoyMessage)> {
    let half = |v: u64| AllianceId(u32::try_from(v & u64::from(u32::MAX)).unwrap_or(0));
    let treaty = *Treaty::ALL.get(usize::try_from(entry.n & !REFUSAL).ok()?)?;
    let message = if entry.n & REFUSAL == 0 { EnvoyMessage::Offer(treaty) } else { EnvoyMessage::Refusal(treaty) };
    Some((half(entry.owner >> 32), half(entry.owner), message))
}

/// What others offered an alliance, and what they refused. Part of an alliance that deliberates.
#[derive(Component, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Offers {
    /// Offers that wait for an answer, and until when they stand, exclusive.
    pub received: BTreeMap<(AllianceId, Treaty), GameTime>,
    /// When others last refused what this one offered.
    pub refused: BTreeMap<(AllianceId, Treaty), GameTime>,
}

impl Offers {
    /// Offers that stand, sorted.
    pub fn open(&self, now: GameTime) -> impl Iterator<Item = (AllianceId, Treaty)> + '_ {
        self.received.iter().filter(move |(_, until)| **until > now).map(|(offer, _)| *offer)
    }
}

pub(super) fn spawn_offers(world: &mut World, scenario: &Scenario) {
    for alliance in scenario.alliances.iter().filter(|a| a.active) {
        if let Some(entity) = world.resource::<EntityIndex>().alliance(alliance.id) {
            world.entity_mut(entity).insert(Offers::default());
        }
    }
}

/// Envoys come: what they bring is on its way to the gateway. Who refuses an offer has it before itself no more.
pub(super) fn bring_offers(
    batch: Res<DueBatch>,
    roster: Roster,
    index: Res<EntityIndex>,
    holdings: Res<Holdings>,
    sites: Query<&Site>,
    mut offers: Query<&mut Offers>,
    mut relayed: MessageWriter<Relayed>,
) {
    for entry in batch.of(ENVOY_COMES) {
        let Some((from, to, message)) = of_entry(entry) else { continue };
        if let EnvoyMessage::Refusal(treaty) = message
            && let Some(mut own) = index.alliance(from).and_then(|e| offers.get_mut(e).ok())
        {
            own.received.remove(&(to, treaty));
        }
        let population = |site: SiteId| sites.get(index.site(site)?).ok().map(|s| s.population);
        let seat_of = |player: PlayerId| {
            let held = holdings.of(player).iter();
            held.filter_map(|site| Some((population(*site)?, *site)))
                .max_by_key(|(n, site)| (*n, core::cmp::Reverse(*site)))
        };
        let people = || roster.leader(from).into_iter().chain(roster.members(from).into_iter().map(|m| m.player));
        let seat = people().find_map(seat_of);
        let witness = roster.leader(to).or_else(|| roster.members(to).first().map(|m| m.player));
        let (Some((_, site)), Some(witness)) = (seat, witness) else { continue };
        let seen = match message {
            EnvoyMessage::Offer(treaty) => Seen::Offered { by: from, treaty },
            EnvoyMessage::Refusal(treaty) => Seen::Refused { by: from, treaty },
        };
        relayed.write(Relayed(Observation { at: batch.now(), witness, site, cause: Cause::Envoy, seen }));
    }
}

/// What envoys brought becomes knowledge.
pub(super) fn admit_offers(
    batch: Res<DueBatch>,
    mut relayed: MessageReader<Relayed>,
    roster: Roster,
    settings: Res<StanceSettings>,
    index: Res<EntityIndex>,
    mut offers: Query<&mut Offers>,
) {
    let now = batch.now();
    for Relayed(told) in relayed.read() {
        let (by, treaty, refused) = match told.seen {
            Seen::Offered { by, treaty } => (by, treaty, false),
            Seen::Refused { by, treaty } => (by, treaty, true),
            _ => continue,
        };
        let Some(Knower::Alliance(alliance)) = roster.knower_of(told.witness) else { continue };
        let Some(mut known) = index.alliance(alliance).and_then(|e| offers.get_mut(e).ok()) else { continue };
        known.received.retain(|_, until| *until > now);
        if refused {
            known.refused.insert((by, treaty), now);
        } else {
            known.received.insert((by, treaty), now + settings.offer_stands);
        }
    }
}

/// Once two stand to each other in another way, what they had offered each other is void.
pub(super) fn forget_offers(
    mut changed: MessageReader<StanceChanged>,
    index: Res<EntityIndex>,
    mut offers: Query<&mut Offers>,
) {
    for change in changed.read() {
        for (one, other) in [(change.a, change.b), (change.b, change.a)] {
            if let Some(mut known) = index.alliance(one).and_then(|e| offers.get_mut(e).ok()) {
                known.received.retain(|(by, _), _| *by != other);
                known.refused.retain(|(by, _), _| *by != other);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_entry_loses_nothing(from in any::<u32>(), to in any::<u32>(), treaty in 0_usize..3, refused in any::<bool>()) {
            let treaty = Treaty::ALL[treaty];
            let message = if refused { EnvoyMessage::Refusal(treaty) } else { EnvoyMessage::Offer(treaty) };
            let (from, to) = (AllianceId(from), AllianceId(to));
            prop_assert_eq!(of_entry(&envoy(from, to, message, GameTime(5))), Some((from, to, message)));
        }
    }
}
