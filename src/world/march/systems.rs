//! Recall and return, and what friendship does to marches under way. Arrival belongs to `battle`.

use super::components::{MARCH_RETURNS, March, march_of};
use super::ways::Ways;
use crate::base::clock::{DueBatch, GameTime};
use crate::base::contract::{
    CampaignFact, Fact, GroupHome, INPUT, Input, Inputs, MembershipChanged, RecallGroup, RecallMarch, Relations,
    RequestRefused, StanceChanged, WithdrawGuests,
};
use crate::base::id::{EntityIndex, MarchId, SiteId};
use crate::base::ruleset::Ruleset;
use crate::world::village::{Garrison, Ledger, Stores, stores as village_stores};
use bevy::prelude::*;

/// Turns marches back that their operation recalls, as far as the ruleset still allows it.
pub(super) fn recall_groups(
    batch: Res<DueBatch>,
    mut recalls: MessageReader<RecallGroup>,
    ruleset: Res<Ruleset>,
    mut ways: Ways,
) {
    let now = batch.now();
    for recall in recalls.read() {
        let Some(march) = recall.march.and_then(|id| ways.march(id)) else { continue };
        // What stays before a village can be called home at any time.
        if ways.blocks(march) || ruleset.capabilities.recall.allows(now - march.launched) {
            let id = march.id;
            ways.turn(id, "recalled", now);
        }
    }
}

/// Recalls that come from outside: of players' own marches, and of their guests.
pub(super) fn recall_inputs(batch: Res<DueBatch>, inputs: Res<Inputs>, ruleset: Res<Ruleset>, mut ways: Ways) {
    if batch.of(INPUT).is_empty() {
        return;
    }
    let at = batch.now();
    for logged in &inputs.now {
        let Input::RecallMarch(RecallMarch { march }) = logged.input else { continue };
        let done = match ways.march(march) {
            Some(found) if found.order.is_some() => Err(("own_march", "a march without an order")),
            Some(found) if found.homeward => Err(("under_way", "a march that is not on its way home")),
            Some(found) if ways.blocks(found) || ruleset.capabilities.recall.allows(at - found.launched) => {
                ways.turn(march, "recalled", at).then_some(()).ok_or(("under_way", "a march that has not arrived"))
            }
            Some(_) => Err(("recall", "soon enough after it left")),
            None => send_guest_home(&mut ways, march, at).ok_or(("march_exists", "a march or a guest")),
        };
        if let Err((rule, limit)) = done {
            ways.facts.write(CampaignFact {
                at,
                fact: Fact::RequestRefused(RequestRefused {
                    request: format!("recall_march {march}"),
                    rule: rule.to_owned(),
                    limit: limit.to_owned(),
                    value: march.to_string(),
                    retry_after: None,
                }),
            });
        }
    }
}

/// A guest does not know its host by its id alone: people call guests home rarely, so all villages are asked.
fn send_guest_home(ways: &mut Ways, id: MarchId, now: GameTime) -> Option<()> {
    // A number that no march of that site ever had needs no search.
    ways.villages.get(id.site).filter(|v| (1..=v.garrison.marches).contains(&id.n) || id.site.tile_id().is_some())?;
    let host = ways.villages.host_of(id)?;
    ways.send_guest(host, id, None, now).then_some(())
}

/// Sends guests home that are called back: they walk, from the village in which they stay.
pub(super) fn withdraw_guests(batch: Res<DueBatch>, mut withdrawals: MessageReader<WithdrawGuests>, mut ways: Ways) {
    for withdrawal in withdrawals.read() {
        ways.send_guest(withdrawal.site, withdrawal.march, Some(withdrawal.order), batch.now());
    }
}

/// Players who became friends attack each other no longer: hostile marches turn back, whatever the rules say of recalls.
/// Guests among players who are friends no longer go home.
///
/// It looks at all marches and guests, when an alliance changes its stance or a member comes or goes.
pub(super) fn follow_relations(
    batch: Res<DueBatch>,
    mut stances: MessageReader<StanceChanged>,
    mut memberships: MessageReader<MembershipChanged>,
    relations: Relations,
    mut ways: Ways,
) {
    if stances.is_empty() && memberships.is_empty() {
        return;
    }
    stances.clear();
    memberships.clear();
    let now = batch.now();
    let mut friends: Vec<MarchId> = ways
        .marches
        .iter()
        .filter(|m| !m.homeward && m.manner.is_hostile())
        .filter(|m| ways.villages.get(m.target).is_some_and(|v| relations.are_friends(m.owner, v.site.owner)))
        .map(|m| m.id)
        .collect();
    friends.sort_unstable();
    for march in friends {
        ways.turn(march, "friends_now", now);
    }
    let strangers = ways.villages.guests_where(|host, guest| !relations.are_friends(host.owner, guest.owner));
    for (host, guest) in strangers {
        ways.send_guest(host, guest, None, now);
    }
}

/// Troops come home with what they carry.
pub(super) fn return_marches(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    marches: Query<&March>,
    mut homes: Query<(&mut Garrison, &mut Stores)>,
    mut ledger: ResMut<Ledger>,
    mut home: MessageWriter<GroupHome>,
    mut commands: Commands,
) {
    for entry in batch.of(MARCH_RETURNS) {
        let found = index.march(march_of(entry)).and_then(|e| marches.get(e).ok().map(|m| (e, m)));
        let Some((entity, march)) = found else { continue };
        // An entry that no longer agrees with its march was cancelled.
        if !march.homeward || march.arrival != entry.due {
            continue;
        }
        let Some((mut garrison, mut stores)) = index.site(march.home).and_then(|e| homes.get_mut(e).ok()) else {
            // Whoever loses a home has another one or disbands, so this is a fault of a game that took the site away.
            ledger.troops_dead.add_all(&march.force);
            ledger.goods_wasted += march.loot;
            commands.entity(entity).despawn();
            continue;
        };
        garrison.home.add_all(&march.force);
        garrison.away = garrison.away.minus(&march.force);
        village_stores::put(&mut stores, march.loot, batch.now(), &mut ledger);
        if let Some(order) = march.order {
            home.write(GroupHome { order, force: march.force.clone(), loot: march.spoils() });
        }
        commands.entity(entity).despawn();
    }
}

/// The homes of the marches that come home at this instant.
pub(crate) fn homes_of_returns<'a>(
    batch: &'a DueBatch,
    index: &'a EntityIndex,
    marches: &'a Query<&March>,
) -> impl Iterator<Item = SiteId> + 'a {
    batch.of(MARCH_RETURNS).iter().filter_map(|entry| marches.get(index.march(march_of(entry))?).ok().map(|m| m.home))
}
