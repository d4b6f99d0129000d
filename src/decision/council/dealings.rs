//! What an alliance knows of its dealings with another, gathered into the inputs of the scores of war and peace.

use super::rules::inputs;
use super::situation::Situation;
use crate::base::clock::GameTime;
use crate::base::contract::{Citation, Stance, Stances};
use crate::base::id::{AllianceId, PlayerId};
use crate::decision::planning::rules::diplomacy::{Dealings, aim_left, war_result};
use crate::society::alliance::rules as relations;
use std::collections::BTreeMap;

/// What those who have a pact are reckoned to add to a strength; confederates add all of theirs.
const PACT_HELPS: f64 = 0.25;
/// Sights of the other's army that a vote on war or peace names.
const CITED: usize = 12;

impl Situation<'_, '_> {
    /// How tired a member is of war, 0..=1. Needs the states of its sites.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "goods of one member, far below 2^53")]
    pub fn weariness(&self, alliance: AllianceId, member: PlayerId, now: GameTime) -> f64 {
        let model = self.view.model();
        let army = self.view.own_of(alliance, member).map(|s| model.cost(&s.home) + model.cost(&s.away)).sum::<i64>();
        let record = self.roster.record(member);
        record.map_or(0.0, |(record, _)| {
            let operations = u32::try_from(record.operations_lately(now)).unwrap_or(u32::MAX);
            -inputs::weary(record.lost_lately(now) as f64, army as f64, operations)
        })
    }

    /// What an alliance knows of its dealings with another, but for what depends on where they lie: `reach` and `rivalry`; and
    /// for what was refused and offered. Needs the states of the members' sites.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "goods of an alliance, far below 2^53")]
    pub fn dealings(
        &self,
        alliance: AllianceId,
        other: AllianceId,
        strengths: &mut Strengths,
        now: GameTime,
    ) -> Option<Dealings> {
        let (stances, wars, grievances) = self.roster.relations(alliance)?;
        let (of_other, ..) = self.roster.relations(other)?;
        let voters = self.voters(alliance);
        let tired: f64 = voters.iter().map(|m| self.weariness(alliance, m.player, now)).sum();
        let enemies: Vec<AllianceId> = stances.wars().collect();
        let common = enemies.iter().filter(|e| of_other.to(**e) == Stance::War).count();
        let (own, others) = (strengths.of(self, alliance, now), strengths.of(self, other, now));
        let war = wars.0.get(&other);
        let points = grievances.0.get(&other).map_or(0.0, |g| g.at(now, relations::GRIEVANCE_HALF_LIFE));
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let own_army = self.armies(alliance).values().sum::<i64>() as f64;
        Some(Dealings {
            weary: if voters.is_empty() { 0.0 } else { tired / voters.len() as f64 },
            days: stances.lasts(other, now).filter(|_| war.is_some()).map_or(0.0, |span| span.as_hours() / 24.0),
            war_score: war.map_or(0.0, |w| war_result(w.killed as f64, w.lost as f64, own_army)),
            aim_left: war.map_or(0.0, |w| {
                aim_left(count(w.aim.len()), count(w.reached.len()), w.killed as f64, strengths.alone(self, other, now))
            }),
            strength_own: own,
            strength_other: others,
            grievance: inputs::grievance(points),
            trust: inputs::trust(self.roster.credit(alliance, other, now)),
            common_enemies: if enemies.is_empty() { 0.0 } else { common as f64 / enemies.len() as f64 },
            pacts: count(stances.allies().count()),
            open_wars: count(enemies.len()),
            wars_of_other: count(of_other.wars().filter(|enemy| *enemy != alliance).count()),
            at_war_with_confederate: stances.confederates().any(|friend| of_other.to(friend) == Stance::War),
            confidence: self.seen_of(alliance, other, now),
            ..Dealings::default()
        })
    }

    /// The mean confidence in the troops of an alliance's villages: what was not seen counts as 0.
    #[expect(clippy::cast_precision_loss, reason = "counts of villages")]
    fn seen_of(&self, alliance: AllianceId, other: AllianceId, now: GameTime) -> f64 {
        let (mut villages, mut seen) = (0_usize, 0.0);
        for member in self.roster.members(other) {
            villages += self.view.sites_of(member.player).len();
            seen += self.view.forces(alliance, member.player, now).map(|f| f.confidence_at(now)).sum::<f64>();
        }
        if villages == 0 { 0.0 } else { seen / villages as f64 }
    }

    /// The latest sights of another alliance's troops, as a judgement of its strength rests on them.
    #[must_use]
    pub fn cite_army(&self, alliance: AllianceId, other: AllianceId, now: GameTime) -> Vec<Citation> {
        let mut cites: Vec<Citation> = Vec::new();
        for member in self.roster.members(other) {
            let seen = self.view.forces(alliance, member.player, now).map(|force| force.site);
            cites.extend(seen.filter_map(|site| self.view.cite_troops(alliance, site, now)));
        }
        cites.sort_by_key(|cite| (core::cmp::Reverse(cite.observed_at), cite.site));
        cites.truncate(CITED);
        cites
    }

    /// Whether two alliances can come to stand so to each other at all, as they stand now.
    #[must_use]
    pub fn may_come_to(&self, alliance: AllianceId, other: AllianceId, stance: Stance) -> bool {
        let active = self.roster.alliance(other).is_some_and(|a| a.active) && other != alliance;
        let before = self.roster.relations(alliance).map_or(Stance::Neutral, |(stances, ..)| stances.to(other));
        active
            && match stance {
                Stance::Neutral => true,
                Stance::War | Stance::Pact => before == Stance::Neutral,
                Stance::Truce => before == Stance::War,
                Stance::Confederacy => before == Stance::Pact,
            }
    }
}

/// Armies of alliances as one of them believes them to be, each reckoned once.
#[derive(Debug)]
pub struct Strengths {
    knower: AllianceId,
    alone: BTreeMap<AllianceId, f64>,
}

impl Strengths {
    /// None reckoned yet.
    #[must_use]
    pub const fn of_knower(knower: AllianceId) -> Self {
        Self { knower, alone: BTreeMap::new() }
    }

    /// The army of an alliance, in goods. Needs the states of the knower's members' sites.
    #[expect(clippy::cast_precision_loss, reason = "goods of an alliance, far below 2^53")]
    fn alone(&mut self, situation: &Situation, of: AllianceId, now: GameTime) -> f64 {
        let knower = self.knower;
        *self.alone.entry(of).or_insert_with(|| {
            if of == knower {
                situation.armies(knower).values().sum::<i64>() as f64
            } else {
                situation.believed_strength(knower, of, now)
            }
        })
    }

    /// The army of an alliance with those who stand by it.
    fn of(&mut self, situation: &Situation, of: AllianceId, now: GameTime) -> f64 {
        let stances: Option<&Stances> = situation.roster.relations(of).map(|(stances, ..)| stances);
        let friends: Vec<(AllianceId, f64)> = stances.map_or_else(Vec::new, |s| {
            let helps = |friend| if s.to(friend) == Stance::Confederacy { 1.0 } else { PACT_HELPS };
            s.allies().map(|friend| (friend, helps(friend))).collect()
        });
        let with = |this: &mut Self, (friend, part): (AllianceId, f64)| part * this.alone(situation, friend, now);
        friends.into_iter().fold(self.alone(situation, of, now), |sum, friend| sum + with(self, friend))
    }
}
