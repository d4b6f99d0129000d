//! The referee: who may be attacked, by whom, when and with how much; and how persons fare.

use super::components::{AttackId, HANDICAP_REVIEWED, Handicap, HitRecord, Protection, VictimRecord};
use super::rules::{self, Case, FairPlaySettings, Foul, Mistakes, Scope};
use crate::base::clock::{Agenda, DueBatch, GameClock, GameTime};
use crate::base::contract::{
    BattleFought, CampaignFact, Fact, HandicapReason, Holdings, Model, PlayerKind, Scenario, SiteChanged,
};
use crate::base::geometry::Tile;
use crate::base::id::{AllianceId, EntityIndex, Knower, PlayerId, ProposalId, SiteId};
use crate::base::ruleset::Force;
use crate::knowledge::intel::View;
use crate::society::alliance::Roster;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Where the referee acts within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FairPlaySystems {
    /// In `Deliberate`, before anything is deliberated: how persons fare, and what difficulty holds against them.
    Review,
    /// In `Settle`: what persons lost and won is noted.
    Follow,
}

/// Persons have a record, protection while they begin, and a handicap to read.
pub(super) fn enroll_persons(world: &mut World, scenario: &Scenario) {
    let settings = world.resource::<FairPlaySettings>().clone();
    let now = world.resource::<GameClock>().now();
    for person in scenario.players.iter().filter(|p| p.kind == PlayerKind::Human) {
        let Some(entity) = world.resource::<EntityIndex>().player(person.id) else { continue };
        let difficulty = rules::difficulty(0.0, &settings);
        let handicap = Handicap { difficulty, since: now, ..Handicap::default() };
        world.entity_mut(entity).insert((VictimRecord::default(), handicap));
        if settings.beginner.0 > 0 {
            world.entity_mut(entity).insert(Protection { until: now + settings.beginner });
        }
        // Where difficulty stays as it is set nobody is looked at: a quiet person costs nothing.
        if settings.handicap.adaptive {
            let next = HANDICAP_REVIEWED.entry(now + settings.handicap.every, u64::from(person.id.0), 0);
            world.resource_mut::<Agenda>().push(next);
        }
    }
}

/// What of an attack goes to one person.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Blow {
    /// The villages that it goes to.
    pub sites: BTreeSet<SiteId>,
    /// Where they lie.
    pub tiles: Vec<Tile>,
    /// What all troops that go there cost, in goods.
    pub goods: i64,
    /// When the first of it is there.
    pub first: GameTime,
    /// When the last of it is there.
    pub last: GameTime,
    /// Whether it is to take a village.
    pub takes: bool,
}

impl Blow {
    /// The blow as a case of these attackers.
    #[must_use]
    pub fn case(&self, by: Knower) -> Case {
        Case { by, first: self.first, last: self.last, takes: self.takes }
    }
}

/// Sorts the groups of an attack (where to, with what, when there) by the persons whom they go to; groups that go to others are
/// left out.
#[must_use]
pub fn blows<'a>(
    view: &View,
    is_person: impl Fn(PlayerId) -> bool,
    groups: impl Iterator<Item = (SiteId, &'a Force, GameTime)>,
    takes: bool,
) -> BTreeMap<PlayerId, Blow> {
    let mut blows: BTreeMap<PlayerId, Blow> = BTreeMap::new();
    for (site, force, arrival) in groups {
        let Some(public) = view.site(site).filter(|s| is_person(s.owner)) else { continue };
        let blow = blows.entry(public.owner).or_insert_with(|| Blow {
            first: arrival,
            last: arrival,
            takes,
            ..Blow::default()
        });
        if blow.sites.insert(site) {
            blow.tiles.push(public.at);
        }
        blow.goods += view.model().cost(force);
        blow.first = blow.first.min(arrival);
        blow.last = blow.last.max(arrival);
    }
    blows
}

/// What a person and its allies in reach of these places can field, in goods, as far as this knower believes: what it saw within
/// 7 days; of sites that it has not seen, what their inhabitants suggest. All sites of the person count.
#[must_use]
pub fn field(
    view: &View,
    roster: &Roster,
    knower: Knower,
    victim: PlayerId,
    tiles: &[Tile],
    settings: &FairPlaySettings,
    now: GameTime,
) -> f64 {
    let (model, torus) = (view.model(), view.torus());
    let within = settings.reach_hours * model.scale().fields_per_hour;
    #[expect(clippy::cast_precision_loss, reason = "goods of one village, far below 2^53")]
    let believed = |site: &SiteId| match view.force(knower, *site, now) {
        Some(force) => force.cost as f64,
        None => model.goods_per_inhabitant() * view.site(*site).map_or(0.0, |s| f64::from(s.population)),
    };
    let own: f64 = view.sites_of(victim).iter().map(believed).sum();
    let bloc = roster.alliance_of(victim).map(|alliance| roster.bloc(alliance)).unwrap_or_default();
    let allies = bloc.into_iter().flat_map(|alliance| roster.members(alliance)).filter(|m| m.player != victim);
    let in_reach = |site: &&SiteId| {
        let at = view.site(**site).map(|s| s.at);
        at.is_some_and(|at| tiles.iter().any(|tile| torus.distance(at, *tile) <= within))
    };
    let helped: f64 =
        allies.map(|ally| view.sites_of(ally.player).iter().filter(in_reach).map(believed).sum::<f64>()).sum();
    own + helped
}

/// Read access to the referee, for those who plan: what they can know of its rules by themselves, and how well they play.
#[derive(SystemParam)]
pub struct Referee<'w, 's> {
    index: Res<'w, EntityIndex>,
    settings: Res<'w, FairPlaySettings>,
    persons: Query<'w, 's, (&'static VictimRecord, Option<&'static Protection>, Option<&'static Handicap>)>,
}

impl core::fmt::Debug for Referee<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Referee")
    }
}

impl Referee<'_, '_> {
    fn person(&self, player: PlayerId) -> Option<(&VictimRecord, Option<&Protection>, Option<&Handicap>)> {
        self.persons.get(self.index.player(player)?).ok()
    }

    /// Whether a player is treated as a person.
    #[must_use]
    pub fn is_person(&self, player: PlayerId) -> bool {
        self.person(player).is_some()
    }

    /// What forbids an attack on a player, as far as its attackers know: the person's protection and the villages that it lost are
    /// public, of other attacks they know their own, and what the referee told them.
    #[must_use]
    pub fn foul_known(&self, victim: PlayerId, case: &Case, now: GameTime) -> Option<Foul> {
        let (record, protection, _) = self.person(victim)?;
        rules::foul(record, protection.map(|p| p.until), case, Scope::Known, &self.settings, now)
    }

    /// Whether attackers know that whatever they send at a player now would be foul.
    #[must_use]
    pub fn is_spared(&self, victim: PlayerId, by: Knower, takes: bool, now: GameTime) -> bool {
        self.foul_known(victim, &Case { by, first: now, last: now, takes }, now).is_some()
    }

    /// Whether so many goods of troops are too many against a person, as far as its attackers believe.
    #[must_use]
    pub fn too_strong(
        &self,
        (view, roster): (&View, &Roster),
        by: Knower,
        victim: PlayerId,
        (tiles, goods): (&[Tile], i64),
        now: GameTime,
    ) -> Option<Foul> {
        self.person(victim)?;
        rules::too_strong(goods, field(view, roster, by, victim, tiles, &self.settings, now), &self.settings)
    }

    /// The persons that an attack may not be sent at, as far as its attackers know, each with its villages and why.
    #[must_use]
    pub fn fouls_known<'a>(
        &self,
        (view, roster): (&View, &Roster),
        by: Knower,
        groups: impl Iterator<Item = (SiteId, &'a Force, GameTime)>,
        takes: bool,
        now: GameTime,
    ) -> Vec<(PlayerId, Blow, Foul)> {
        if self.persons.is_empty() {
            return Vec::new();
        }
        let foul = |victim: PlayerId, blow: &Blow| {
            let much = || self.too_strong((view, roster), by, victim, (&blow.tiles, blow.goods), now);
            self.foul_known(victim, &blow.case(by), now).or_else(much)
        };
        let all = blows(view, |player| self.is_person(player), groups, takes);
        let judged = all.into_iter().filter_map(|(victim, blow)| {
            let foul = foul(victim, &blow)?;
            Some((victim, blow, foul))
        });
        judged.collect()
    }

    /// Whether a group of an operation that waits must not leave for this player's village any more: it came into a person's hands
    /// against whom the operation was not let through, or the person is protected by now.
    #[must_use]
    pub fn bars(&self, operation: ProposalId, victim: PlayerId, arrival: GameTime) -> bool {
        self.person(victim).is_some_and(|(record, protection, _)| {
            let unexpected = self.settings.between_operations.0 > 0 && !record.expects(operation);
            protection.is_some_and(|p| arrival < p.until) || unexpected
        })
    }

    /// The difficulty that holds in a war with an alliance: the least that holds against a person in it; 1 where none is.
    #[must_use]
    pub fn difficulty(&self, roster: &Roster, enemy: AllianceId) -> f64 {
        if self.persons.is_empty() {
            return 1.0;
        }
        let of = |player| self.person(player).map(|(.., handicap)| handicap.map_or(0.0, |h| h.eased));
        let persons = roster.members(enemy).into_iter().filter_map(|member| of(member.player));
        persons.map(|eased| rules::difficulty(eased, &self.settings)).fold(1.0, f64::min)
    }

    /// What an alliance gets wrong in a war with another; nothing where no person is in that, or at the highest difficulty.
    #[must_use]
    pub fn mistakes(&self, roster: &Roster, alliance: AllianceId, enemy: AllianceId) -> Option<Mistakes> {
        let share = Mistakes::share_at(self.difficulty(roster, enemy));
        let (settings, seed) = (self.settings.mistakes, roster.seed());
        (share > 0.0).then_some(Mistakes { share, settings, seed, alliance, enemy })
    }

    /// The same where the other is known by one of its players.
    #[must_use]
    pub fn mistakes_against(&self, roster: &Roster, alliance: AllianceId, player: PlayerId) -> Option<Mistakes> {
        if self.persons.is_empty() {
            return None;
        }
        self.mistakes(roster, alliance, roster.alliance_of(player)?)
    }
}

/// The referee at the start of attacks: it sees all, and what it lets through counts at once.
#[derive(SystemParam)]
pub struct Whistle<'w, 's> {
    index: Res<'w, EntityIndex>,
    settings: Res<'w, FairPlaySettings>,
    persons: Query<'w, 's, (&'static mut VictimRecord, Option<&'static Protection>)>,
}

impl core::fmt::Debug for Whistle<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Whistle")
    }
}

impl Whistle<'_, '_> {
    /// Whether there is any person at all.
    #[must_use]
    pub fn has_persons(&self) -> bool {
        !self.persons.is_empty()
    }

    /// Whether a player is treated as a person.
    #[must_use]
    pub fn is_person(&self, player: PlayerId) -> bool {
        self.index.player(player).is_some_and(|entity| self.persons.contains(entity))
    }

    /// Lets an attack through against a person, and notes it; or says why it may not be.
    ///
    /// # Errors
    /// The rule that it breaks. Who was late knows by it to wait.
    pub fn let_through(
        &mut self,
        (view, roster): (&View, &Roster),
        (attack, by): (AttackId, Knower),
        victim: PlayerId,
        blow: &Blow,
        now: GameTime,
    ) -> Result<(), Foul> {
        let Some(entity) = self.index.player(victim) else { return Ok(()) };
        let Ok((mut record, protection)) = self.persons.get_mut(entity) else { return Ok(()) };
        record.forget(now, self.settings.remembers());
        let (case, protected) = (blow.case(by), protection.map(|p| p.until));
        let foul = rules::foul(&record, protected, &case, Scope::All, &self.settings, now).or_else(|| {
            let field = field(view, roster, by, victim, &blow.tiles, &self.settings, now);
            rules::too_strong(blow.goods, field, &self.settings)
        });
        if let Some(foul) = foul {
            if let (Knower::Alliance(alliance), rules::FairRule::OneOperation, Some(until)) =
                (by, foul.rule, foul.retry_after)
            {
                record.told.insert(alliance, until);
            }
            return Err(foul);
        }
        let Blow { first, last, takes, .. } = *blow;
        let sites = blow.sites.iter().copied().collect();
        record.hits.push(HitRecord { attack, by, first, last, takes, sites, landed: false });
        Ok(())
    }

    /// Whether nobody may be at this player's villages at an instant.
    #[must_use]
    pub fn protects(&self, player: PlayerId, at: GameTime) -> bool {
        let person = self.index.player(player).and_then(|e| self.persons.get(e).ok());
        person.is_some_and(|(_, protection)| protection.is_some_and(|p| at < p.until))
    }

    /// Forgets an attack that was let through and did not leave.
    pub fn call_off(&mut self, attack: AttackId) {
        for (mut record, _) in &mut self.persons {
            record.conclude(attack, |_| None);
        }
    }
}

/// Notes what persons lost and killed, and who of them gave its protection up.
pub(super) fn follow_persons(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    model: Option<Res<Model>>,
    settings: Res<FairPlaySettings>,
    mut battles: MessageReader<BattleFought>,
    mut changed: MessageReader<SiteChanged>,
    mut persons: Query<(&mut VictimRecord, Option<&mut Protection>)>,
) {
    if persons.is_empty() {
        battles.clear();
        changed.clear();
        return;
    }
    let now = batch.now();
    for battle in battles.read() {
        let Some(entity) = index.player(battle.witness) else { continue };
        let Ok((mut record, protection)) = persons.get_mut(entity) else { continue };
        if let Some(model) = &model {
            record.fared.lost += model.cost(&battle.own_lost);
            record.fared.killed += battle.enemy_lost.as_ref().map_or(0, |lost| model.cost(lost));
        }
        if let Some(mut protection) = protection.filter(|p| p.until > now)
            && battle.attacked
            && settings.attackers_lose_protection
        {
            protection.until = now;
        }
    }
    for change in changed.read() {
        let Some(entity) = change.from.filter(|from| change.to != Some(*from)).and_then(|from| index.player(from))
        else {
            continue;
        };
        if let Ok((mut record, _)) = persons.get_mut(entity) {
            record.lost.push(now);
            record.fared.villages += 1;
        }
    }
}

/// Looks at how the persons fare that are due, and sets the difficulty that holds against them from now on.
pub(super) fn review_handicaps(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    settings: Res<FairPlaySettings>,
    holdings: Res<Holdings>,
    mut persons: Query<(&mut VictimRecord, &mut Handicap)>,
    mut agenda: ResMut<Agenda>,
    mut facts: MessageWriter<CampaignFact>,
) {
    let now = batch.now();
    for entry in batch.of(HANDICAP_REVIEWED) {
        let player = PlayerId(u32::try_from(entry.owner).unwrap_or(u32::MAX));
        let Some((mut record, mut handicap)) = index.player(player).and_then(|e| persons.get_mut(e).ok()) else {
            continue;
        };
        // Who has lost everything has no difficulties any more.
        if holdings.of(player).is_empty() {
            continue;
        }
        if settings.handicap.adaptive {
            agenda.push(HANDICAP_REVIEWED.entry(now + settings.handicap.every, entry.owner, 0));
        }
        record.forget(now, settings.remembers());
        let fared = core::mem::take(&mut record.fared);
        let (eased, reason) = if settings.handicap.adaptive {
            rules::review(handicap.eased, &fared, &settings.handicap).unwrap_or((handicap.eased, handicap.reason))
        } else {
            (0.0, HandicapReason::AsSet)
        };
        let (before, difficulty) = (handicap.difficulty, rules::difficulty(eased, &settings));
        handicap.eased = eased;
        if (difficulty - before).abs() > f64::EPSILON {
            *handicap = Handicap { eased, difficulty, since: now, reason };
            facts.write(CampaignFact { at: now, fact: Fact::HandicapChanged { player, before, difficulty, reason } });
        }
    }
}
