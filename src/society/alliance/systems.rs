//! Spawning alliances, keeping the relationship true, grievances, and reading all of it.

use super::components::{
    Alliance, Applications, Credit, Grievances, MemberOf, Membership, ProposalCount, Reliability, Trust, War,
    WarRecord, Wars,
};
use super::rules;
use super::stances::StanceSettings;
use crate::base::clock::{DueBatch, GameTime};
use crate::base::contract::{
    BattleFought, Holdings, Player, PlayerKind, Rank, Rhythm, Scenario, ScenarioPlayer, SiteChanged, Stance, Stances,
    Standing, WorldSeed,
};
use crate::base::geometry::Torus;
use crate::base::id::{AllianceId, EntityIndex, Knower, PlayerId, SiteId, StableId};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// How many villages a war is for.
pub(super) const AIMS: usize = 3;

pub(super) fn on_membership(
    joined: On<Insert, Membership>,
    members: Query<&Membership>,
    index: Res<EntityIndex>,
    mut commands: Commands,
) {
    if let Ok(membership) = members.get(joined.entity)
        && let Some(alliance) = index.alliance(membership.alliance)
    {
        commands.entity(joined.entity).insert(MemberOf(alliance));
    }
}

pub(super) fn spawn_alliances(world: &mut World, scenario: &Scenario) {
    let mut stances: BTreeMap<AllianceId, Stances> = BTreeMap::new();
    let mut wars: BTreeMap<AllianceId, Wars> = BTreeMap::new();
    let within = world.resource::<StanceSettings>().aim_within;
    for (a, b, stance) in &scenario.stances {
        for (one, other) in [(*a, *b), (*b, *a)] {
            let standing = Standing { stance: *stance, since: GameTime(0), until: None };
            stances.entry(one).or_default().0.insert(other, standing);
            if *stance == Stance::War {
                let aim = first_aim(scenario, one, other, within);
                wars.entry(one).or_default().0.insert(other, War { aim, declared: one == *a, ..War::default() });
            }
        }
    }
    for a in &scenario.alliances {
        world.spawn((
            StableId::Alliance(a.id),
            Alliance { id: a.id, name: a.name.clone(), active: a.active },
            ProposalCount::default(),
            stances.remove(&a.id).unwrap_or_default(),
            wars.remove(&a.id).unwrap_or_default(),
            Grievances::default(),
            Credit::default(),
            Applications::default(),
        ));
    }
    for p in &scenario.players {
        let Some((alliance, rank)) = p.membership else { continue };
        if let Some(entity) = world.resource::<EntityIndex>().player(p.id) {
            world.entity_mut(entity).insert((
                Membership { alliance, rank },
                Trust::default(),
                Reliability::default(),
                WarRecord::default(),
            ));
        }
    }
}

/// What a war that is there from the beginning is for.
fn first_aim(scenario: &Scenario, own: AllianceId, enemy: AllianceId, within: i32) -> Vec<SiteId> {
    let of = |alliance: AllianceId| {
        let belongs = move |p: &&ScenarioPlayer| p.membership.is_some_and(|(a, _)| a == alliance);
        let members: BTreeSet<PlayerId> = scenario.players.iter().filter(belongs).map(|p| p.id).collect();
        scenario.sites.iter().filter(move |s| members.contains(&s.owner))
    };
    let torus = Torus { half_width: scenario.half_width };
    let near = |at| of(own).any(|s| torus.distance_squared(s.at, at) <= within.pow(2));
    rules::war_aim(of(enemy).map(|s| (s.population, near(s.at), s.id)), AIMS)
}

/// Each attack on a member, and each village that was taken from one, is held against the alliance that it came from.
pub(super) fn note_grievances(
    batch: Res<DueBatch>,
    mut battles: MessageReader<BattleFought>,
    mut changed: MessageReader<SiteChanged>,
    index: Res<EntityIndex>,
    players: Query<&Player>,
    mut grievances: Query<&mut Grievances>,
) {
    let alliance_of = |id| index.player(id).and_then(|e| players.get(e).ok()).and_then(|p| p.alliance);
    let attacks = battles.read().filter(|b| b.is_victim()).map(|b| (b.witness, b.enemy, rules::GRIEVANCE_OF_ATTACK));
    let taken = changed.read().filter_map(|c| Some((c.from?, c.to?, rules::GRIEVANCE_OF_LOSS)));
    for (victim, attacker, points) in attacks.chain(taken) {
        let (Some(victim), Some(attacker)) = (alliance_of(victim), alliance_of(attacker)) else { continue };
        if victim == attacker {
            continue;
        }
        if let Some(mut held) = index.alliance(victim).and_then(|e| grievances.get_mut(e).ok()) {
            held.0.entry(attacker).or_default().add(points, batch.now(), rules::GRIEVANCE_HALF_LIFE);
        }
    }
}

/// One member, as its alliance knows it.
#[derive(Clone, Debug)]
pub struct MemberInfo {
    /// Its entity.
    pub entity: Entity,
    /// Which player.
    pub player: PlayerId,
    /// Its rank.
    pub rank: Rank,
    /// What it is to the campaign.
    pub kind: PlayerKind,
    /// Inhabitants of all its sites at the last census.
    pub population: u64,
    /// When it sleeps.
    pub rhythm: Rhythm,
}

/// Who belongs to whom: the read access of other features to alliances and players.
#[derive(SystemParam)]
pub struct Roster<'w, 's> {
    index: Res<'w, EntityIndex>,
    seed: Option<Res<'w, WorldSeed>>,
    alliances: Query<'w, 's, (&'static Alliance, &'static Stances, &'static Wars, &'static Grievances)>,
    credits: Query<'w, 's, &'static Credit>,
    members: Query<'w, 's, &'static super::Members>,
    holdings: Res<'w, Holdings>,
    players: Query<
        'w,
        's,
        (Entity, &'static Player, Option<&'static Rhythm>, Option<&'static Membership>, Option<&'static Trust>),
    >,
    records: Query<'w, 's, (&'static WarRecord, &'static Reliability)>,
}

impl core::fmt::Debug for Roster<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Roster")
    }
}

impl Roster<'_, '_> {
    /// The seed of the campaign.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed.as_ref().map_or(0, |s| s.0)
    }

    /// An alliance.
    #[must_use]
    pub fn alliance(&self, id: AllianceId) -> Option<&Alliance> {
        self.alliances.get(self.index.alliance(id)?).ok().map(|(a, ..)| a)
    }

    /// How far an alliance believes another's word, -100..=100.
    #[must_use]
    pub fn credit(&self, id: AllianceId, other: AllianceId, now: GameTime) -> f64 {
        let credit = self.index.alliance(id).and_then(|e| self.credits.get(e).ok());
        credit.map_or(0.0, |credit| credit.of(other, now))
    }

    /// How an alliance stands to others, its wars, and what it holds against others.
    #[must_use]
    pub fn relations(&self, id: AllianceId) -> Option<(&Stances, &Wars, &Grievances)> {
        self.alliances.get(self.index.alliance(id)?).ok().map(|(_, s, w, g)| (s, w, g))
    }

    /// All alliances that deliberate, sorted.
    #[must_use]
    pub fn active_alliances(&self) -> Vec<AllianceId> {
        let mut ids: Vec<_> = self.alliances.iter().filter(|(a, ..)| a.active).map(|(a, ..)| a.id).collect();
        ids.sort_unstable();
        ids
    }

    /// The alliance of a player.
    #[must_use]
    pub fn alliance_of(&self, player: PlayerId) -> Option<AllianceId> {
        let (.., membership, _) = self.players.get(self.index.player(player)?).ok()?;
        membership.map(|m| m.alliance)
    }

    /// The alliance of a player, if it deliberates.
    #[must_use]
    pub fn active_alliance_of(&self, player: PlayerId) -> Option<AllianceId> {
        self.alliance_of(player).filter(|id| self.alliance(*id).is_some_and(|a| a.active))
    }

    /// Who knows what this player sees: its alliance if that deliberates, else the player by itself; nobody for those
    /// who never act.
    #[must_use]
    pub fn knower_of(&self, player: PlayerId) -> Option<Knower> {
        if let Some(alliance) = self.active_alliance_of(player) {
            return Some(Knower::Alliance(alliance));
        }
        self.player(player).filter(|p| p.kind != PlayerKind::Static).map(|p| Knower::Player(p.id))
    }

    /// A player with its public facts.
    #[must_use]
    pub fn player(&self, player: PlayerId) -> Option<&Player> {
        self.players.get(self.index.player(player)?).ok().map(|(_, p, ..)| p)
    }

    /// Whether a player holds any site.
    #[must_use]
    pub fn has_sites(&self, player: PlayerId) -> bool {
        !self.holdings.of(player).is_empty()
    }

    /// A member.
    #[must_use]
    pub fn member(&self, player: PlayerId) -> Option<MemberInfo> {
        self.info(self.index.player(player)?)
    }

    fn info(&self, entity: Entity) -> Option<MemberInfo> {
        let (entity, player, rhythm, membership, _) = self.players.get(entity).ok()?;
        Some(MemberInfo {
            entity,
            player: player.id,
            rank: membership?.rank,
            kind: player.kind,
            population: player.population,
            rhythm: rhythm.copied().unwrap_or_default(),
        })
    }

    /// The members of an alliance, sorted by id.
    #[must_use]
    pub fn members(&self, alliance: AllianceId) -> Vec<MemberInfo> {
        let Some(members) = self.index.alliance(alliance).and_then(|e| self.members.get(e).ok()) else {
            return Vec::new();
        };
        let mut members: Vec<_> = members.iter().filter_map(|e| self.info(e)).collect();
        members.sort_unstable_by_key(|m| m.player);
        members
    }

    /// An alliance and all that are one bloc with it.
    #[must_use]
    pub fn bloc(&self, alliance: AllianceId) -> BTreeSet<AllianceId> {
        rules::bloc(alliance, |of| self.relations(of).into_iter().flat_map(|(s, ..)| s.confederates()).collect())
    }

    /// Who leads an alliance.
    #[must_use]
    pub fn leader(&self, alliance: AllianceId) -> Option<PlayerId> {
        self.members(alliance).into_iter().find(|m| m.rank == Rank::Leader).map(|m| m.player)
    }

    /// Trust of a member in another, -100..=100.
    #[must_use]
    pub fn trust(&self, member: PlayerId, other: PlayerId, now: GameTime) -> f64 {
        let book = self.index.player(member).and_then(|e| self.players.get(e).ok()).and_then(|(.., t)| t);
        rules::trust(self.seed(), member, other, book.and_then(|t| t.0.get(&other)), now)
    }

    /// What a member's wars cost it lately, and how reliable it is.
    #[must_use]
    pub fn record(&self, member: PlayerId) -> Option<(&WarRecord, &Reliability)> {
        self.records.get(self.index.player(member)?).ok()
    }
}
