//! What wars have cost and brought so far, as each side sees it.

use super::components::{War, Wars};
use crate::base::contract::{BattleFought, Model, Player, SiteChanged};
use crate::base::id::{AllianceId, EntityIndex, PlayerId, SiteId};
use crate::base::ruleset::Force;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// Who has killed this share of the defenders of a village, by what they cost, has broken it.
const BROKEN: f64 = 0.8;

/// Wars, by who fights them.
#[derive(SystemParam)]
pub(super) struct Ledger<'w, 's> {
    index: Res<'w, EntityIndex>,
    players: Query<'w, 's, &'static Player>,
    wars: Query<'w, 's, &'static mut Wars>,
}

impl Ledger<'_, '_> {
    fn alliance_of(&self, player: PlayerId) -> Option<AllianceId> {
        self.players.get(self.index.player(player)?).ok()?.alliance
    }

    /// Changes the war of one player's alliance with another's, if there is one.
    fn change(&mut self, of: PlayerId, with: PlayerId, change: impl FnOnce(&mut War)) {
        let (Some(own), Some(other)) = (self.alliance_of(of), self.alliance_of(with)) else { return };
        let wars = self.index.alliance(own).and_then(|e| self.wars.get_mut(e).ok());
        // Only a change marks the component as changed.
        if let Some(mut wars) = wars.filter(|wars| wars.0.contains_key(&other))
            && let Some(war) = wars.0.get_mut(&other)
        {
            change(war);
        }
    }
}

impl Ledger<'_, '_> {
    /// A village is no more, or no more the enemy's: who has not reached it will not.
    fn forget_aim(&mut self, lost_by: PlayerId, site: SiteId) {
        let Some(enemy) = self.alliance_of(lost_by) else { return };
        for mut wars in &mut self.wars {
            let aims = |war: &War| war.aim.contains(&site) && !war.reached.contains(&site);
            if wars.0.get(&enemy).is_some_and(aims)
                && let Some(war) = wars.0.get_mut(&enemy)
            {
                war.aim.retain(|s| *s != site);
            }
        }
    }
}

/// Notes in each war what its battles cost, and which villages of its aim were broken or taken.
pub(super) fn note_battles(
    mut battles: MessageReader<BattleFought>,
    mut changed: MessageReader<SiteChanged>,
    model: Option<Res<Model>>,
    mut ledger: Ledger,
) {
    let Some(model) = model else { return };
    // Groups of one wave fight as one, and each of their owners is told of the whole: it is counted once.
    let mut told: Vec<(AllianceId, &BattleFought)> = Vec::new();
    for battle in battles.read() {
        let Some(own) = ledger.alliance_of(battle.witness) else { continue };
        let same = |(alliance, other): &(AllianceId, &BattleFought)| *alliance == own && is_same(battle, other);
        let counts = !told.iter().any(same);
        told.push((own, battle));
        let killed = battle.enemy_lost.as_ref().filter(|_| counts).map_or(0, |lost| model.cost(lost));
        let lost = model.cost(&battle.own_lost);
        let broken = battle.attacked && breaks(battle.enemy_before.as_ref(), battle.enemy_lost.as_ref(), &model);
        ledger.change(battle.witness, battle.enemy, |war| {
            war.killed = war.killed.saturating_add(killed);
            war.lost = war.lost.saturating_add(lost);
            if broken {
                reach(war, battle.site);
            }
        });
    }
    for change in changed.read() {
        if let (Some(from), Some(to)) = (change.from, change.to) {
            ledger.change(to, from, |war| reach(war, change.site));
        }
        if let Some(from) = change.from {
            ledger.forget_aim(from, change.site);
        }
    }
}

fn is_same(one: &BattleFought, other: &BattleFought) -> bool {
    one.site == other.site
        && one.attacked == other.attacked
        && one.enemy_before == other.enemy_before
        && one.enemy_lost == other.enemy_lost
        && one.enemy == other.enemy
        && one.enemy_groups == other.enemy_groups
}

#[expect(clippy::cast_precision_loss, reason = "goods of one village, far below 2^53")]
fn breaks(before: Option<&Force>, lost: Option<&Force>, model: &Model) -> bool {
    before.zip(lost).is_some_and(|(before, lost)| model.cost(lost) as f64 >= BROKEN * model.cost(before) as f64)
}

fn reach(war: &mut War, site: SiteId) {
    if war.aim.contains(&site) && !war.reached.contains(&site) {
        war.reached.push(site);
    }
}
