//! Scouts.

use super::resolve::{Arms, Assault};
use super::scene::Scene;
use crate::base::clock::GameTime;
use crate::base::contract::{CampaignFact, Fact, Manner, ScoutReturned, ScoutsKilled};
use crate::base::goods::Goods;
use crate::base::ruleset::Force;
use crate::world::village::stores as village_stores;

/// Scouts look; the defender learns of them only by killing one.
pub(super) fn scout(arms: &mut Arms, assault: &Assault, now: GameTime) {
    for (entity, march) in &assault.marches {
        let pair = (*entity, march.clone());
        let Some(scene) = Scene::of(arms, march.target, Manner::Scout, core::slice::from_ref(&pair)) else { continue };
        let Some((_, _, _, buildings, stores, _)) = arms.index.site(march.target).and_then(|e| arms.sites.get(e).ok())
        else {
            continue;
        };
        let seen = (village_stores::read_stores(stores, now).amount, buildings.wall, buildings.residence);
        let owner = scene.owner;
        let mut troops = Force::new();
        for (force, _) in &scene.defenders {
            troops.add_all(force);
        }
        let outcome = scene.fight(&arms.rules);
        let left = outcome.attackers_left.first().cloned().unwrap_or_default();
        let lost = march.force.minus(&left);
        let killed = u32::try_from(lost.total()).unwrap_or(u32::MAX);
        arms.bury(march.home, &lost);
        let (site, origin) = (march.target, march.id.site);
        if killed > 0 {
            arms.caught.write(ScoutsKilled { witness: owner, site, at: now, origin, killed, own: false });
        }
        if left.is_empty() {
            arms.caught.write(ScoutsKilled { witness: march.owner, site, at: now, origin, killed, own: true });
        } else {
            let (goods, wall, residence) = seen;
            let witness = march.owner;
            arms.scouts.write(ScoutReturned { witness, site, at: now, troops, goods, wall, residence, lost: killed });
        }
        let sent = u32::try_from(march.force.total()).unwrap_or(u32::MAX);
        arms.facts
            .write(CampaignFact { at: now, fact: Fact::SiteScouted { site, by: march.owner, sent, lost: killed } });
        arms.send_home(*entity, march, left, Goods::ZERO, now);
    }
}
