//! Arrivals: who fights whom at this instant, and what comes of it.

use super::resolve::{Arms, Assault, scout, storm};
use crate::base::clock::DueBatch;
use crate::base::contract::{CampaignFact, Fact, Manner};
use crate::base::id::{EntityIndex, MarchId, OrderId, ProposalId, SiteId};
use crate::base::ruleset::Ruleset;
use crate::world::march::{MARCH_ARRIVES, March};
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
            let id = MarchId { site: SiteId(u32::try_from(entry.owner).unwrap_or(0)), n: entry.n };
            let entity = index.march(id)?;
            let march = arms.marches.get(entity).ok()?;
            // An entry that no longer agrees with its march was cancelled: the march was called back.
            (!march.homeward && march.arrival == entry.due).then(|| (entity, march.clone()))
        })
        .collect();
    arrived.sort_unstable_by_key(|(_, m)| (m.launched, m.id));
    for (_, m) in &arrived {
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
    }
    for assault in assaults(arrived, rules.capabilities.joint_assault) {
        match assault.manner {
            Manner::Scout => scout(&mut arms, &assault, now),
            Manner::Siege | Manner::Raid => storm(&mut arms, &assault, now),
            Manner::Blockade => arms.blockade(&assault),
            Manner::Reinforce | Manner::Settle => arms.reinforce(&assault, now),
        }
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
