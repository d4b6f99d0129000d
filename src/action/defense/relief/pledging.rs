//! Who helps with what: asked when an alarm is answered, booked at once.

use super::super::alarm::Alarm;
use super::super::components::Defenses;
use super::super::rules::{AFTER, Gap};
use super::super::systems::Watch;
use super::components::{PostureEnd, Purpose, RELIEF_LEAVES, RELIEF_RETURNS, Relief, ReliefStatus, Reliefs};
use super::rules::{self, Offer, Offered};
use crate::base::clock::{Agenda, GameSpan, GameTime};
use crate::base::contract::{SiteState, WorldModel};
use crate::base::id::{AllianceId, Knower, OrderId, PlayerId, SiteId};
use crate::base::ruleset::Force;
use crate::decision::council::{Situation, Threats};
use crate::decision::planning::{Commitment, Commitments};
use crate::society::personality::rules as personality;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What answering alarms changes.
#[derive(SystemParam)]
pub(in super::super) struct Desk<'w, 's> {
    situation: Situation<'w, 's>,
    pub(in super::super) defenses: Query<'w, 's, &'static mut Defenses>,
    pub(in super::super) reliefs: Query<'w, 's, &'static mut Reliefs>,
    pub(in super::super) agenda: ResMut<'w, Agenda>,
    commands: Commands<'w, 's>,
}

/// What the alarms of one instant share: troops that one of them was promised are not offered to the next.
#[derive(Default)]
pub(in super::super) struct Pool {
    threats: BTreeMap<AllianceId, Threats>,
    /// What is left of what a site may give.
    spare: BTreeMap<SiteId, Force>,
    /// When relief that was promised at this instant leaves a site.
    leaving: BTreeMap<SiteId, Vec<GameTime>>,
    /// Orders of sites that had none before.
    orders: BTreeMap<SiteId, u32>,
    /// Reliefs of players that had none before.
    first: BTreeMap<PlayerId, Reliefs>,
}

/// When relief is to land.
#[derive(Clone, Copy)]
pub(in super::super) enum Landing {
    /// As soon as it can, strictly before this hit.
    Before(GameTime),
    /// Strictly within this gap, in its middle if it can.
    Within(Gap),
}

impl Landing {
    /// The last instant at which it is of use.
    fn last(self) -> GameTime {
        match self {
            Self::Before(hit) => hit - GameSpan(1),
            Self::Within(gap) => gap.middle(),
        }
    }
}

/// For which site troops are asked, and of whom.
#[derive(Clone, Copy)]
pub(in super::super) struct Call<'a> {
    /// Whose members are asked.
    pub(in super::super) knower: Knower,
    pub(in super::super) now: GameTime,
    /// The site that they are for.
    pub(in super::super) state: &'a SiteState,
    /// Sites that give nothing.
    pub(in super::super) spared: &'a BTreeSet<SiteId>,
    /// The number of the question that each of them thinks about.
    pub(in super::super) question: u64,
    /// The part of what a site may give that it is asked for, 0..=1.
    pub(in super::super) part: f64,
}

/// On what terms troops go.
#[derive(Clone, Copy)]
pub(in super::super) enum Terms {
    /// They were asked for when an alarm was answered: for these hits, with so many points missing all the same.
    Alarm {
        /// The hit after which they are to land.
        after: Option<GameTime>,
        /// The first hit.
        hit: GameTime,
        /// The last one.
        until: GameTime,
        /// Points of defense.
        deficit_left: i64,
    },
    /// No alarm asked for them: they stay at most so long.
    Posture(GameSpan),
}

/// Relief that one site would send.
pub(in super::super) struct Pledge {
    player: PlayerId,
    pub(in super::super) origin: SiteId,
    pub(in super::super) force: Force,
    leaves_at: GameTime,
    pub(in super::super) arrives: GameTime,
}

/// What one site could send in time, and when.
struct Source<'a> {
    state: &'a SiteState,
    /// When it could leave at the earliest.
    leaves_at: GameTime,
    /// When others leave it.
    others: Vec<GameTime>,
    offer: Offer,
}

impl Desk<'_, '_> {
    /// Relief that is promised to a site or on its way to it, by its arrival. What is there already is a guest.
    pub(in super::super) fn due(&self, watch: &Watch, alarm: &Alarm) -> Vec<(GameTime, Force)> {
        let mut due: Vec<(GameTime, Force)> = Vec::new();
        for player in self.members(alarm.knower) {
            let reliefs = watch.index.player(player).and_then(|e| self.reliefs.get(e).ok());
            let coming = reliefs.into_iter().flat_map(|r| &r.reliefs);
            let coming = coming.filter(|r| r.site == alarm.state.site && !r.called_off && r.arrives >= alarm.now);
            due.extend(coming.map(|r| (r.arrives, r.force.clone())));
        }
        due
    }

    /// Everything that is known to threaten an alliance, once for all that is asked at this instant.
    pub(in super::super) fn threats<'p>(&self, pool: &'p mut Pool, alliance: AllianceId, now: GameTime) -> &'p Threats {
        pool.threats.entry(alliance).or_insert_with(|| self.situation.threats(alliance, now))
    }

    /// The members of an alliance that deliberates, sorted; nobody for a lone player.
    pub(in super::super) fn members(&self, knower: Knower) -> Vec<PlayerId> {
        let Knower::Alliance(alliance) = knower else { return Vec::new() };
        self.situation.roster.members(alliance).iter().map(|m| m.player).collect()
    }

    /// The least upkeep that covers what a site lacks, or all that could come in time.
    pub(in super::super) fn plan(
        &self,
        pool: &mut Pool,
        watch: &Watch,
        call: &Call,
        landing: Landing,
        lacks: f64,
    ) -> Vec<Pledge> {
        let mut sources = self.sources(pool, watch, call, landing.last());
        let offers: Vec<Offer> = sources.iter_mut().map(|source| core::mem::take(&mut source.offer)).collect();
        let pledged = rules::pledge(lacks, &offers);
        let model = watch.view.model();
        let sent = sources.iter().zip(pledged.forces).filter(|(_, force)| !force.is_empty());
        sent.filter_map(|(source, force)| {
            let travel = model.travel_of(source.state, call.state.at, &force)?;
            let leaves_at = match landing {
                Landing::Before(_) => source.leaves_at,
                Landing::Within(gap) => sent_to_land(watch, source, gap, travel)?,
            };
            let arrives = leaves_at + travel;
            Some(Pledge { player: source.state.owner, origin: source.state.site, force, leaves_at, arrives })
        })
        .collect()
    }

    /// What the members' sites within reach could send so that it is there at `last` at the latest, sorted by player and site.
    fn sources<'a>(&self, pool: &mut Pool, watch: &'a Watch, call: &Call, last: GameTime) -> Vec<Source<'a>> {
        let mut sources = Vec::new();
        for player in self.members(call.knower).into_iter().filter(|player| watch.acts(*player)) {
            // Nobody leaves before it has thought about it and is awake.
            let thought = call.now + personality::think_time(watch.roster.seed(), player, call.question);
            let leaves_at = watch.rhythm(player).next_awake(thought);
            if leaves_at > last {
                continue;
            }
            for state in watch.view.own_of(Knower::Player(player), player) {
                if !watch.is_near(state.at, call.state.at) || !self.may_give(watch, call, state) {
                    continue;
                }
                let before = pool.leaving.get(&state.site).into_iter().flatten().copied();
                let others: Vec<GameTime> = watch.departures(state.site).chain(before).collect();
                let leaves_at = rules::spaced(leaves_at, others.clone(), watch.view.model().send_spacing());
                let spare = self.spare(pool, call, state);
                let troops = in_time(watch, call, state, spare, leaves_at, last);
                if !troops.is_empty() {
                    sources.push(Source { state, leaves_at, others, offer: Offer { site: state.site, troops } });
                }
            }
        }
        sources
    }

    /// Whether a site is itself in no danger: no march is seen to come to it, and nobody of it leaves to dodge one.
    fn may_give(&self, watch: &Watch, call: &Call, state: &SiteState) -> bool {
        let defense = watch.index.site(state.site).and_then(|e| self.defenses.get(e).ok());
        let busy = defense.is_some_and(|d| d.alarm.is_some() || !d.dodges.is_empty());
        state.site != call.state.site && !call.spared.contains(&state.site) && !busy
    }

    /// What a site may give at this instant: its defenders that are promised to nobody, no more than keeps its home term at
    /// -0.2, and nothing twice.
    fn spare<'p>(&self, pool: &'p mut Pool, call: &Call, state: &SiteState) -> &'p Force {
        let Pool { threats, spare, .. } = pool;
        spare.entry(state.site).or_insert_with(|| {
            let Knower::Alliance(alliance) = call.knower else { return Force::new() };
            let situation = &self.situation;
            let model: &dyn WorldModel = &*situation.view.model().0;
            let free = situation.free(state);
            let fights_at_home = |class| model.is_fighter(class) && !model.is_offense(class);
            let defenders: Force = free.iter().filter(|(class, _)| fights_at_home(*class)).collect();
            let threats = threats.entry(alliance).or_insert_with(|| situation.threats(alliance, call.now));
            let stays = free.minus(&defenders);
            situation.may_leave(state, defenders, &stays, threats, call.now)
        })
    }

    /// Books what is sent: promised until it leaves.
    pub(in super::super) fn book(
        &mut self,
        pool: &mut Pool,
        watch: &Watch,
        site: SiteId,
        pledges: Vec<Pledge>,
        terms: Terms,
    ) {
        for Pledge { player, origin, force, leaves_at, arrives } in pledges {
            let Some((of_site, of_player)) = watch.index.site(origin).zip(watch.index.player(player)) else { continue };
            let n = match self.defenses.get_mut(of_site) {
                Ok(mut defense) => defense.count(),
                Err(_) => {
                    let orders = pool.orders.entry(origin).or_default();
                    *orders += 1;
                    *orders
                }
            };
            let order = OrderId::Defense { site: origin, n };
            pool.leaving.entry(origin).or_default().push(leaves_at);
            if let Some(spare) = pool.spare.get_mut(&origin) {
                *spare = spare.minus(&force);
            }
            let promise = Commitment { order, force: force.clone(), until: leaves_at };
            self.commands.entity(of_site).entry::<Commitments>().or_default().and_modify(|mut c| c.0.push(promise));
            let (after, hit, until, deficit_left, purpose) = match terms {
                Terms::Alarm { after, hit, until, deficit_left } => (after, hit, until, deficit_left, Purpose::Alarm),
                Terms::Posture(longest) => (None, arrives, arrives + longest, 0, Purpose::Posture(None)),
            };
            let relief = Relief {
                n: 0,
                order,
                origin,
                site,
                force,
                leaves_at,
                arrives,
                after,
                hit,
                until,
                deficit_left,
                purpose,
                called_off: false,
                status: ReliefStatus::Promised,
            };
            let n = match self.reliefs.get_mut(of_player) {
                Ok(mut reliefs) => reliefs.add(relief),
                Err(_) => pool.first.entry(player).or_default().add(relief),
            };
            self.agenda.push(RELIEF_LEAVES.entry(leaves_at, u64::from(player.0), n));
        }
    }

    /// Relief that a site got or will get stays until the last hit that is known now.
    pub(in super::super) fn keep(&mut self, watch: &Watch, alarm: &Alarm) {
        for player in self.members(alarm.knower) {
            let Some(mut held) = watch.index.player(player).and_then(|e| self.reliefs.get_mut(e).ok()) else {
                continue;
            };
            let stays = |r: &Relief| r.site == alarm.state.site && !r.called_off && r.until < alarm.last;
            if !held.reliefs.iter().any(stays) {
                continue;
            }
            for relief in held.reliefs.iter_mut().filter(|r| stays(r)) {
                relief.until = alarm.last;
                let at = rules::judged_at(relief.arrives, relief.until);
                if let ReliefStatus::Out { judged_at, .. } = &mut relief.status {
                    *judged_at = at;
                    self.agenda.push(RELIEF_RETURNS.entry(at, u64::from(player.0), relief.n));
                }
            }
        }
    }

    /// A site is given up: what was promised stays at home, what is out goes home at once; but for what is to be kept, which
    /// stays until the last hit.
    pub(in super::super) fn call_off(&mut self, watch: &Watch, alarm: &Alarm, keeps: impl Fn(&Relief) -> bool) {
        self.keep(watch, alarm);
        let concerned = |r: &Relief| r.site == alarm.state.site && !r.called_off && !keeps(r);
        for player in self.members(alarm.knower) {
            let Some(mut held) = watch.index.player(player).and_then(|e| self.reliefs.get_mut(e).ok()) else {
                continue;
            };
            if !held.reliefs.iter().any(concerned) {
                continue;
            }
            for relief in held.reliefs.iter_mut().filter(|r| concerned(r)) {
                relief.call_off(PostureEnd::GivenUp);
                match &mut relief.status {
                    ReliefStatus::Promised => {
                        if let Some(entity) = watch.index.site(relief.origin) {
                            release(&mut self.commands, entity, relief.order);
                        }
                    }
                    ReliefStatus::Out { judged_at, .. } => {
                        *judged_at = alarm.now + AFTER;
                        self.agenda.push(RELIEF_RETURNS.entry(*judged_at, u64::from(player.0), relief.n));
                    }
                }
            }
            held.reliefs.retain(|r| !(concerned_off(r, alarm) && r.status == ReliefStatus::Promised));
        }
    }

    /// Gives those a memory who had none.
    pub(in super::super) fn close(mut self, watch: &Watch, pool: Pool) {
        for (site, orders) in pool.orders {
            if let Some(entity) = watch.index.site(site) {
                self.commands.entity(entity).insert(Defenses { orders, ..Defenses::default() });
            }
        }
        for (player, reliefs) in pool.first {
            if let Some(entity) = watch.index.player(player) {
                self.commands.entity(entity).insert(reliefs);
            }
        }
    }
}

fn concerned_off(relief: &Relief, alarm: &Alarm) -> bool {
    relief.site == alarm.state.site && relief.called_off
}

/// Ends the promise of an order when the commands of this pass are applied.
pub(in super::super) fn release(commands: &mut Commands, site: Entity, order: OrderId) {
    commands.entity(site).entry::<Commitments>().and_modify(move |mut c| c.release(order));
}

/// When troops leave so as to land in a gap: for its middle, or as far from it as sends of one site are from each other. `None`
/// if their owner would be asleep or others leave then.
fn sent_to_land(watch: &Watch, source: &Source, gap: Gap, travel: GameSpan) -> Option<GameTime> {
    let spacing = watch.view.model().send_spacing();
    let wanted = [gap.middle(), gap.middle() + spacing, gap.middle() - spacing];
    wanted.into_iter().filter(|lands| gap.holds(*lands)).map(|lands| lands - travel).find(|leaves| {
        let clear = source.others.iter().all(|other| (*other - *leaves).0.abs() >= spacing.0);
        *leaves >= source.leaves_at && clear && watch.rhythm(source.state.owner).is_awake(*leaves)
    })
}

/// The part of what a site may give that is there at `last` at the latest if it leaves at `leaves_at`.
fn in_time(
    watch: &Watch,
    call: &Call,
    state: &SiteState,
    spare: &Force,
    leaves_at: GameTime,
    last: GameTime,
) -> Vec<Offered> {
    let model: &dyn WorldModel = &*watch.view.model().0;
    let lands = |class| model.travel(state, call.state.at, class).is_some_and(|t| leaves_at + t <= last);
    let asked = if call.part < 1.0 { spare.share(call.part) } else { spare.clone() };
    asked
        .iter()
        .filter(|(class, _)| lands(*class))
        .map(|(class, count)| Offered {
            class,
            count,
            points: rules::points(model, call.state, &Force::of(class, 1)),
            upkeep: model.upkeep(state.owner, class),
        })
        .collect()
}
