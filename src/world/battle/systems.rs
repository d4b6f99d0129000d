//! Arrivals: who fights whom at this instant, and what comes of it.

use super::changes::Change;
use super::resolve::{Arms, Assault};
use super::scouting::scout;
use super::storm::storm;
use crate::base::clock::{DueBatch, GameTime};
use crate::base::contract::{CampaignFact, Fact, Manner};
use crate::base::id::{EntityIndex, OrderId, ProposalId};
use crate::base::ruleset::Ruleset;
use crate::world::march::{MARCH_ARRIVES, March, march_of};
use bevy::prelude::*;

/// All arrivals of this instant go through one list ordered by (launch, id), whatever their kind.
pub(super) fn resolve_arrivals(batch: Res<DueBatch>, index: Res<EntityIndex>, rules: Res<Ruleset>, mut arms: Arms) {
    let due = batch.of(MARCH_ARRIVES);
    if due.is_empty() {
        return;
    }
    let now = batch.now();
    let mut arrived: Vec<(Entity, March)> = due
        .iter()
        .filter_map(|entry| {
            let entity = index.march(march_of(entry))?;
            let march = arms.marches.get(entity).ok()?;
            // An entry that no longer agrees with its march was cancelled: the march was called back.
            (!march.homeward && march.arrival == entry.due).then(|| (entity, march.clone()))
        })
        .collect();
    arrived.sort_unstable_by_key(|(_, m)| (m.launched, m.id));
    for mut assault in assaults(arrived, rules.capabilities.joint_assault) {
        if arms.changes.is_sealed(assault.target) {
            arms.defer(&assault);
            continue;
        }
        admit(&mut arms, &mut assault, now);
        if assault.marches.is_empty() {
            continue;
        }
        match assault.manner {
            Manner::Scout => scout(&mut arms, &assault, now),
            Manner::Siege | Manner::Raid => storm(&mut arms, &assault, now),
            Manner::Blockade => arms.blockade(&assault),
            Manner::Reinforce => arms.reinforce(&assault, now),
            Manner::Settle => settle(&mut arms, assault),
        }
    }
}

/// Turns back those who may no longer do what they came for, and tells of the others that they are there.
fn admit(arms: &mut Arms, assault: &mut Assault, now: GameTime) {
    assault.marches.retain(|(entity, m)| {
        if let Some(reason) = arms.refuses(m) {
            arms.turn(*entity, reason, now);
            return false;
        }
        let fact = Fact::MarchArrived {
            march: m.id,
            origin: m.id.site,
            target: m.target,
            manner: m.manner,
            order: m.order,
            wave: m.wave,
            planned: m.arrival,
        };
        arms.facts.write(CampaignFact { at: now, fact });
        true
    });
}

/// The settlers found their village at the end of this pass.
fn settle(arms: &mut Arms, assault: Assault) {
    arms.changes.seal(assault.target);
    for (entity, _) in assault.marches {
        arms.changes.now.push(Change::Founded { entity });
    }
}

/// Groups arrivals into assaults. Under `joint_assault` marches of one operation, wave and manner with equal target
/// fight as one side, at the place of the first of them; everything else arrives alone.
fn assaults(arrived: Vec<(Entity, March)>, joint: bool) -> Vec<Assault> {
    let mut assaults: Vec<Assault> = Vec::new();
    for (entity, march) in arrived {
        let operation: Option<ProposalId> = march.order.and_then(OrderId::operation);
        let fights = matches!(march.manner, Manner::Siege | Manner::Raid);
        let same = assaults.iter_mut().find(|a| {
            joint
                && fights
                && operation.is_some()
                && (a.operation, a.target, a.wave, a.manner) == (operation, march.target, march.wave, march.manner)
        });
        match same {
            Some(assault) => assault.marches.push((entity, march)),
            None => assaults.push(Assault {
                target: march.target,
                manner: march.manner,
                wave: march.wave,
                operation,
                marches: vec![(entity, march)],
            }),
        }
    }
    assaults
}
