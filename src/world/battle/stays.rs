//! Marches that come to stay: before a village, or in it.

use super::resolve::{Arms, Assault};
use super::rules::{self, Attackers, Defenders};
use crate::base::clock::GameTime;
use crate::base::contract::BattleFought;
use crate::base::goods::Goods;
use crate::base::id::SiteId;
use crate::base::ruleset::{Force, Levels};
use crate::world::march::March;
use crate::world::village::Guest;

impl Arms<'_, '_> {
    /// The march stays before the village.
    pub(super) fn blockade(&mut self, assault: &Assault) {
        let Some(mut blockades) = self.index.site(assault.target).and_then(|e| self.sites.get_mut(e).ok()).map(|s| s.5)
        else {
            return;
        };
        blockades.0.extend(assault.marches.iter().map(|(_, m)| m.id));
    }

    /// The march stays in the village, if no hostile blockade stops it.
    pub(super) fn reinforce(&mut self, assault: &Assault, now: GameTime) {
        for (entity, march) in &assault.marches {
            let upgrades = self.upgrades(march.home);
            let force = self.break_through(assault.target, march, upgrades, now);
            if march.home == assault.target {
                // Its own village was lost under way, and this one took it in: it is home.
                self.come_home(march, &force);
            } else {
                self.stay(assault.target, march, force, upgrades);
            }
            self.commands.entity(*entity).despawn();
        }
    }

    fn come_home(&mut self, march: &March, force: &Force) {
        if let Some((_, mut garrison, ..)) = self.index.site(march.home).and_then(|e| self.sites.get_mut(e).ok()) {
            garrison.bury(force);
            garrison.home.add_all(force);
        }
    }

    fn stay(&mut self, host: SiteId, march: &March, force: Force, upgrades: Levels) {
        if let Some((_, mut garrison, ..)) = self.index.site(march.home).and_then(|e| self.sites.get_mut(e).ok()) {
            garrison.station(&force);
        }
        if !force.is_empty()
            && let Some((_, _, mut guests, ..)) = self.index.site(host).and_then(|e| self.sites.get_mut(e).ok())
        {
            guests.0.insert(march.id, Guest { owner: march.owner, home: march.home, force, upgrades });
        }
    }

    /// Fights the hostile marches that stay before the village, in the order in which they came; returns what gets
    /// through.
    fn break_through(&mut self, target: SiteId, march: &March, upgrades: Levels, now: GameTime) -> Force {
        let mut force = march.force.clone();
        let entity = self.index.site(target);
        let blocking = entity.and_then(|e| self.sites.get(e).ok()).map(|s| s.5.0.clone()).unwrap_or_default();
        for id in blocking {
            if force.is_empty() {
                break;
            }
            let Some((blocker, stays)) =
                self.index.march(id).and_then(|e| Some((e, self.marches.get(e).ok()?.clone())))
            else {
                continue;
            };
            if self.relations.are_friends(stays.owner, march.owner) {
                continue;
            }
            let population = self.population(march.owner);
            let blocking_upgrades = self.upgrades(stays.home);
            let outcome = rules::blockade(
                &self.rules,
                &[Attackers { force: &force, upgrades: &upgrades, population }],
                &[Defenders { force: &stays.force, upgrades: &blocking_upgrades }],
                self.population(stays.owner),
            );
            let through = outcome.attackers_left.into_iter().next().unwrap_or_default();
            let holds = outcome.defenders_left.into_iter().next().unwrap_or_default();
            self.tell_blockade((target, now), (march, &force, &through), (&stays, &holds));
            self.bury(march.home, &force.minus(&through));
            self.bury(stays.home, &stays.force.minus(&holds));
            if holds.is_empty() {
                self.commands.entity(blocker).despawn();
                if let Some((.., mut blockades)) = entity.and_then(|e| self.sites.get_mut(e).ok()) {
                    blockades.0.retain(|b| *b != id);
                }
            } else if let Ok(mut blocker) = self.marches.get_mut(blocker) {
                blocker.force = holds;
            }
            force = through;
        }
        force
    }

    /// Both sides of a fight before the village see it; the village's own troops took no part.
    fn tell_blockade(
        &mut self,
        (site, at): (SiteId, GameTime),
        (march, before, through): (&March, &Force, &Force),
        (stays, holds): (&March, &Force),
    ) {
        let (lost, killed) = (before.minus(through), stays.force.minus(holds));
        let sides = [
            (march, before.clone(), lost.clone(), &stays.force, killed.clone(), stays.owner, true),
            (stays, stays.force.clone(), killed, before, lost, march.owner, false),
        ];
        for (own, own_before, own_lost, enemy_before, enemy_lost, enemy, attacked) in sides {
            self.battles.write(BattleFought {
                witness: own.owner,
                site,
                at,
                attacked,
                order: own.order,
                origin: own.home,
                own_before,
                own_lost,
                // Of the village itself neither side saw anything.
                enemy_before: (!attacked).then(|| enemy_before.clone()),
                enemy_lost: (!attacked).then_some(enemy_lost),
                enemy,
                enemy_groups: Vec::new(),
                wall: None,
                wall_lost: 0,
                levels_lost: 0,
                loyalty: None,
                loot: Goods::ZERO,
                left_in_store: None,
            });
        }
    }
}
