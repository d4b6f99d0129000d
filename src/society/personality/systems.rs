//! Drawing members, and taking to heart what they live through.

use super::components::{Born, Memories, Mood, Traits};
use super::rules::{self, Heart};
use super::settings::PersonalitySettings;
use crate::base::clock::DueBatch;
use crate::base::contract::{
    About, BattleFought, CampaignFact, Fact, Lived, Memory, MemoryKind, Player, PlayerKind, Relations, Scenario,
    SiteChanged,
};
use crate::base::id::{EntityIndex, PlayerId};
use crate::base::ruleset::Force;
use bevy::prelude::*;
use std::collections::BTreeMap;

/// Where members take to heart what they live through.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PersonalitySystems {
    /// Between `Settle` and `Publish`, in every pass in which a member lives through something.
    Remember,
}

/// Draws the members of the beginning, and whoever has an archetype and may become one.
pub(super) fn draw_members(world: &mut World, scenario: &Scenario) {
    let settings = world.resource::<PersonalitySettings>().clone();
    for player in scenario.players.iter().filter(|p| p.membership.is_some() || p.archetype.is_some()) {
        if let Some(entity) = world.resource::<EntityIndex>().player(player.id) {
            let traits = rules::draw_traits(scenario.seed, player.id, player.archetype, &settings);
            world.entity_mut(entity).insert((traits, rules::draw_taste(scenario.seed, player.id, &settings)));
        }
    }
}

/// NPC members of alliances that deliberate remember, feel and drift. What they live through is what features say
/// ([`Lived`]), and what they see of battles and of villages that change hands.
pub(super) fn take_to_heart(
    batch: Res<DueBatch>,
    mut lived: MessageReader<Lived>,
    mut battles: MessageReader<BattleFought>,
    mut changed: MessageReader<SiteChanged>,
    index: Res<EntityIndex>,
    settings: Res<PersonalitySettings>,
    relations: Relations,
    mut members: Query<(&Player, &mut Traits, Option<&mut Born>, Option<&mut Mood>, Option<&mut Memories>)>,
    mut facts: MessageWriter<CampaignFact>,
    mut commands: Commands,
) {
    let mut all: BTreeMap<PlayerId, Vec<Lived>> = BTreeMap::new();
    let battles: Vec<&BattleFought> = battles.read().collect();
    let seen = battles.iter().filter_map(|battle| of_battle(battle, &battles, &relations));
    let moved = changed.read().flat_map(|change| of_change(change, &relations));
    for life in lived.read().copied().chain(seen).chain(moved).filter(|life| life.weight > 0.0) {
        all.entry(life.member).or_default().push(life);
    }
    for (member, lives) in all {
        let Some(entity) = index.player(member) else { continue };
        let Ok((player, mut traits, born, mood, memories)) = members.get_mut(entity) else { continue };
        if player.kind != PlayerKind::Active {
            continue;
        }
        let mut heart = Heart::new(*traits);
        if let (Some(born), Some(mood), Some(memories)) = (born, mood, memories) {
            heart = Heart { traits: *traits, born: *born, mood: *mood, memories: memories.clone() };
        }
        for Lived { kind, about, weight, .. } in lives {
            if let Some(memory) = heart.live(Memory { at: batch.now(), kind, about, weight }, &settings) {
                facts.write(CampaignFact { at: batch.now(), fact: Fact::MemoryFaded { member, memory } });
            }
        }
        *traits = heart.traits;
        commands.entity(entity).insert((heart.born, heart.mood, heart.memories));
    }
}

/// What a battle is to the one that saw it: an attack on its village; or, to whoever holds the village, that its guests stood by it.
fn of_battle(battle: &BattleFought, all: &[&BattleFought], relations: &Relations) -> Option<Lived> {
    if battle.is_victim() {
        if relations.are_allies(battle.witness, battle.enemy) {
            return None;
        }
        let beaten = !battle.enemy_groups.is_empty() && battle.enemy_groups.iter().all(|g| g.left.is_empty());
        let own = battle.own_before.total();
        let (kind, weight) = if beaten {
            let fell = battle.enemy_lost.as_ref().map_or(0, Force::total);
            (MemoryKind::Held, rules::weight_of_stand(own, fell))
        } else {
            (MemoryKind::Attacked, rules::weight_of_attack(own, battle.own_lost.total()))
        };
        let (player, alliance) = (Some(battle.enemy), relations.alliance_of(battle.enemy));
        let about = About { player, alliance, site: Some(battle.site) };
        return Some(Lived { member: battle.witness, kind, about, weight });
    }
    if battle.attacked {
        return None;
    }
    // Those who besiege a village see the same kind of battle: they are no friends of whoever holds it.
    let held = |other: &&&BattleFought| other.is_victim() && (other.site, other.at) == (battle.site, battle.at);
    let holder = all.iter().find(held).map(|other| other.witness)?;
    let stood_by = holder != battle.witness && relations.are_friends(holder, battle.witness);
    let about = About { player: Some(battle.witness), alliance: None, site: Some(battle.site) };
    stood_by.then_some(Lived { member: holder, kind: MemoryKind::Helped, about, weight: rules::WEIGHT_OF_HELP })
}

/// What a village that changes hands is to those who held it and hold it now. Among allies it is nothing.
fn of_change(change: &SiteChanged, relations: &Relations) -> impl Iterator<Item = Lived> {
    let SiteChanged { site, from, to, .. } = *change;
    let handed_over = from.zip(to).is_some_and(|(from, to)| relations.are_allies(from, to));
    let about = |other: Option<PlayerId>| {
        let alliance = other.and_then(|id| relations.alliance_of(id));
        About { player: other, alliance, site: Some(site) }
    };
    let weight = rules::WEIGHT_OF_VILLAGE;
    let lost = from.map(|member| Lived { member, kind: MemoryKind::LostVillage, about: about(to), weight });
    let taken = to.filter(|_| from.is_some());
    let taken = taken.map(|member| Lived { member, kind: MemoryKind::TookVillage, about: about(from), weight });
    lost.into_iter().chain(taken).filter(move |_| !handed_over)
}
