//! A person among the members of an alliance: who it can be, and which villages its alliance knows well enough to attack.

use bevy::ecs::system::RunSystemOnce;
use bevy::prelude::World;
use bevy_alliance::base::clock::GameTime;
use bevy_alliance::base::contract::{Rank, Scenario};
use bevy_alliance::base::id::{AllianceId, PlayerId, SiteId};
use bevy_alliance::knowledge::intel::View;
use bevy_alliance::society::alliance::Roster;

/// Troops that are worth an operation, in goods.
const WORTH_IT: i64 = 30_000;

/// A village of an enemy whose troops are known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownTarget {
    pub(crate) site: SiteId,
    /// The owner's alliance.
    pub(crate) enemy: AllianceId,
    /// What its troops cost, in goods.
    pub(crate) goods: i64,
    /// How long ago they were seen, in hours.
    pub(crate) age_hours: f64,
}

/// The officer of an alliance whose villages have most inhabitants.
pub(crate) fn officer(scenario: &Scenario, alliance: AllianceId) -> Option<PlayerId> {
    let inhabitants = |player: PlayerId| {
        scenario.sites.iter().filter(|s| s.owner == player).map(|s| u64::from(s.population)).sum::<u64>()
    };
    let officers = scenario.players.iter().filter(|p| p.membership == Some((alliance, Rank::Officer)));
    officers.max_by_key(|p| (inhabitants(p.id), core::cmp::Reverse(p.id))).map(|p| p.id)
}

/// Known villages of an alliance's enemies, those with the least troops that are worth an operation first.
pub(crate) fn known_targets(world: &mut World, alliance: AllianceId, now: GameTime) -> Vec<KnownTarget> {
    let known = world.run_system_once(move |view: View, roster: Roster| {
        let Some((stances, ..)) = roster.relations(alliance) else { return Vec::new() };
        let mut known = Vec::new();
        for enemy in stances.wars() {
            let members = roster.members(enemy);
            for site in members.iter().flat_map(|m| view.sites_of(m.player)) {
                let Some(seen) = view.estimate(alliance, *site, now) else { continue };
                let goods = view.model().cost(&seen.troops);
                known.push(KnownTarget { site: *site, enemy, goods, age_hours: (now - seen.seen_at).as_hours() });
            }
        }
        known.sort_by_key(|target| (target.goods, target.site));
        known.retain(|target| target.goods >= WORTH_IT);
        known
    });
    known.unwrap_or_default()
}
