//! Sightings become alarms; alarms are answered.

use super::components::{ALARM_ANSWERED, DODGE_LEAVES, DODGE_RETURNS, Defenses, Dodge, DodgeStatus};
use super::relief::{Call, Desk, Landing, Pool, Terms, rules as relief};
use super::rules::{self, Case, Expected, Gap, Refuge, Wave};
use super::systems::{Watch, site_of};
use crate::base::clock::{Agenda, DueBatch, GameSpan, GameTime};
use crate::base::contract::{
    AttackGroup, CampaignFact, Citation, Cited, DefenseAnswer, Fact, MarchSighted, SiteChanged, SiteState, WorldModel,
};
use crate::base::id::{Knower, PlayerId, SiteId};
use crate::base::rng::{Purpose, Stream};
use crate::base::ruleset::{Force, Levels};
use crate::decision::planning::{Commitments, Incoming, LastBlow, believed};
use crate::society::personality::{questions, rules as personality};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Whoever takes a site thinks for itself: when the former owner would have answered, and how often it was alarmed, tells
/// of its sleep and its enemies. Dodges that are out are still the former owner's to bring home.
pub(super) fn forget_alarms(
    mut changed: MessageReader<SiteChanged>,
    watch: Watch,
    mut defenses: Query<&mut Defenses>,
    mut commands: Commands,
) {
    for change in changed.read() {
        let entity = watch.index.site(change.site);
        // What the former owner promised of its troops binds nobody any more.
        if let Some(entity) = entity {
            commands
                .entity(entity)
                .entry::<Commitments>()
                .and_modify(|mut c| c.0.retain(|promise| promise.order.operation().is_some()));
            // Nor does it rest for what the former owner did, which nobody told the new one.
            commands.entity(entity).remove::<LastBlow>();
        }
        let Some(mut defense) = entity.and_then(|e| defenses.get_mut(e).ok()) else { continue };
        (defense.alarm, defense.alarms) = (None, 0);
        defense.dodges.retain(|d| d.status != DodgeStatus::Planned);
    }
}

/// What raising an alarm takes.
#[derive(SystemParam)]
pub(super) struct Alerts<'w, 's> {
    pub(super) watch: Watch<'w, 's>,
    defenses: Query<'w, 's, &'static mut Defenses>,
    pub(super) agenda: ResMut<'w, Agenda>,
    pub(super) facts: MessageWriter<'w, CampaignFact>,
    pub(super) commands: Commands<'w, 's>,
}

impl Alerts<'_, '_> {
    /// Raises the alarm at a site that is hit at `hit` at the earliest, unless an answer is due before.
    pub(super) fn raise(&mut self, site: SiteId, player: PlayerId, hit: GameTime, now: GameTime) {
        let Self { watch, defenses, agenda, facts, commands } = self;
        let Some(entity) = watch.index.site(site) else { return };
        let known = defenses.get_mut(entity);
        let alarms = known.as_ref().map_or(0, |d| d.alarms);
        let pending = known.as_ref().ok().and_then(|d| d.alarm).filter(|at| *at >= now);
        if pending.is_some_and(|at| at < hit) {
            return;
        }
        let question = questions::alarm(site, alarms);
        let (seed, settings) = (watch.roster.seed(), &watch.settings);
        let noticed = personality::back_at(seed, player, now, settings.elsewhere, settings.absence);
        let thought = noticed + personality::think_time(seed, player, question);
        let answer = watch.rhythm(player).next_awake(thought);
        let answers_at = Some(answer).filter(|at| *at < hit);
        facts.write(CampaignFact { at: now, fact: Fact::AlarmRaised { site, player, hit, answers_at } });
        if answers_at.is_some() {
            agenda.push(ALARM_ANSWERED.entry(answer, u64::from(site.0), 0));
        } else {
            let reason = if thought < hit { "asleep" } else { "too_late" };
            tell(facts, now, (site, player), DefenseAnswer::None, reason, Expected::default(), Vec::new());
        }
        // What comes later than the answer that is already due is still answered then.
        let alarm = answers_at.or(pending);
        match known {
            Ok(mut defense) => {
                defense.alarms += 1;
                defense.alarm = alarm;
            }
            Err(_) => {
                commands.entity(entity).insert(Defenses { alarm, alarms: 1, ..Defenses::default() });
            }
        }
    }
}

/// Raises the alarm for sites that hostile marches are seen to come to. One answer serves all that is seen until then.
pub(super) fn raise_alarms(batch: Res<DueBatch>, mut sighted: MessageReader<MarchSighted>, mut alerts: Alerts) {
    let now = batch.now();
    let mut hits: BTreeMap<SiteId, (PlayerId, GameTime)> = BTreeMap::new();
    for s in sighted.read() {
        let owner = alerts.watch.view.site(s.target).map(|site| site.owner);
        if owner == Some(s.witness) && alerts.watch.acts(s.witness) && s.arrival > now {
            let hit = hits.entry(s.target).or_insert((s.witness, s.arrival));
            hit.1 = hit.1.min(s.arrival);
        }
    }
    for (site, (player, hit)) in hits {
        alerts.raise(site, player, hit, now);
    }
}

fn tell(
    facts: &mut MessageWriter<CampaignFact>,
    at: GameTime,
    (site, player): (SiteId, PlayerId),
    answer: DefenseAnswer,
    reason: &str,
    expected: Expected,
    cites: Vec<Citation>,
) {
    let (expected_kills, expected_losses) = (expected.kills, expected.losses);
    let reason = reason.to_owned();
    facts.write(CampaignFact {
        at,
        fact: Fact::AlarmAnswered { site, player, answer, reason, expected_kills, expected_losses, cites },
    });
}

/// Decides for each alarm that is due: hold, with relief or without, or dodge. Who is hit first is helped first.
pub(super) fn answer_alarms(
    batch: Res<DueBatch>,
    watch: Watch,
    mut desk: Desk,
    mut facts: MessageWriter<CampaignFact>,
) {
    let now = batch.now();
    let mut alarms: Vec<Alarm> = Vec::new();
    for entry in batch.of(ALARM_ANSWERED) {
        let site = site_of(entry.owner);
        let entity = watch.index.site(site);
        let Some(mut defense) = entity.and_then(|e| desk.defenses.get_mut(e).ok()) else { continue };
        if defense.alarm == Some(entry.due) {
            defense.alarm = None;
            alarms.extend(Alarm::of(&watch, site, now));
        }
    }
    alarms.sort_by_key(|alarm| (alarm.first, alarm.state.site));
    let mut pool = Pool::default();
    for alarm in &alarms {
        let (answer, reason, expected) = alarm.answer(&watch, &mut desk, &mut pool);
        tell(&mut facts, now, (alarm.state.site, alarm.player), answer, reason, expected, alarm.cites(&watch));
    }
    desk.close(&watch, pool);
}

/// Dodges that are out stay out until the last hit that is known now, or come back between two as long as that pays; whether
/// any is out.
fn keep_out(
    defense: &mut Defenses,
    alarm: &Alarm,
    watch: &Watch,
    due: &[(GameTime, Force)],
    agenda: &mut Agenda,
) -> bool {
    let recall = watch.view.model().capabilities().recall;
    let mut out = false;
    for dodge in &mut defense.dodges {
        let DodgeStatus::Out { launched, arrival, turns_at, force, .. } = &mut dodge.status else { continue };
        // Those of a former owner are not the new one's to keep out.
        if dodge.player != alarm.player {
            continue;
        }
        out = true;
        let comes_back = dodge.back_at.is_some_and(|back| {
            let mut arrivals = due.to_vec();
            arrivals.push((back, force.clone()));
            alarm.pays_at(watch, back, &arrivals)
        });
        if comes_back || (dodge.back_at.is_none() && alarm.last <= dodge.last_hit) {
            continue;
        }
        dodge.back_at = None;
        dodge.last_hit = dodge.last_hit.max(alarm.last);
        *turns_at = rules::turns_at(*launched, *arrival, dodge.last_hit, recall);
        agenda.push(DODGE_RETURNS.entry(*turns_at, u64::from(alarm.state.site.0), dodge.n));
    }
    out
}

/// Those who land in a gap, of all who are to land.
fn landing(gap: Gap, arrivals: &[(GameTime, Force)]) -> Force {
    let mut troops = Force::new();
    arrivals.iter().filter(|(at, _)| gap.holds(*at)).for_each(|(_, force)| troops.add_all(force));
    troops
}

/// Everything that one answer rests on.
pub(super) struct Alarm<'a> {
    pub(super) now: GameTime,
    player: PlayerId,
    pub(super) knower: Knower,
    pub(super) state: &'a SiteState,
    /// What may leave before the first hit.
    leaving: Force,
    pub(super) first: GameTime,
    pub(super) last: GameTime,
    /// Sites to which the knower sees hostile marches go.
    pub(super) threatened: BTreeSet<SiteId>,
    /// Those that come to this site, by arrival.
    incoming: Vec<Incoming>,
}

impl<'a> Alarm<'a> {
    /// None if nothing comes any more.
    fn of(watch: &'a Watch, site: SiteId, now: GameTime) -> Option<Self> {
        let player = watch.view.site(site)?.owner;
        let knower = watch.roster.knower_of(player).filter(|_| watch.acts(player))?;
        let state = watch.state(player, site)?;
        let mut incoming = believed(&watch.view, knower, now);
        incoming.retain(|i| i.target == site && i.arrival > now);
        let threatened = watch.view.movements(knower, now).filter(|t| t.arrival > now).map(|t| t.target).collect();
        // They are sorted by arrival.
        let (first, last) = (incoming.first()?.arrival, incoming.last()?.arrival);
        let leaving = watch.leaving(state, first);
        Some(Self { now, player, knower, state, leaving, first, last, threatened, incoming })
    }

    /// The marches that it is about, and what is known of the troops that stood where they left.
    fn cites(&self, watch: &Watch) -> Vec<Citation> {
        let here = || watch.view.incoming(self.knower, self.now).filter(|t| t.target == self.state.site);
        let marches =
            here().map(|t| Citation { site: t.target, what: Cited::March, observed_at: t.first_seen, confidence: 1.0 });
        let origins: BTreeSet<SiteId> = here().map(|t| t.origin).collect();
        let troops = origins.into_iter().filter_map(|site| watch.view.cite_troops(self.knower, site, self.now));
        marches.chain(troops).collect()
    }

    /// What is done, why, and what holding is expected to cost.
    fn answer(&self, watch: &Watch, desk: &mut Desk, pool: &mut Pool) -> (DefenseAnswer, &'static str, Expected) {
        let Some(entity) = watch.index.site(self.state.site) else {
            return (DefenseAnswer::None, "nobody_home", Expected::default());
        };
        let due = desk.due(watch, self);
        let stays_out =
            desk.defenses.get_mut(entity).is_ok_and(|mut d| keep_out(&mut d, self, watch, &due, &mut desk.agenda));
        let mut case = self.case(watch, &due);
        let mut stays = rules::stays(&case, &watch.settings);
        if stays == Some("nobody_home") {
            self.judge_snipers(watch, desk, &due);
        }
        match stays {
            Some("nobody_home") if stays_out => return (DefenseAnswer::Dodge, "stays_out", case.expected),
            Some("nobody_home") => return (DefenseAnswer::None, "nobody_home", case.expected),
            _ => {}
        }
        if case.lacks > 0.0
            && let Some(relieved) = self.relieve(watch, desk, pool, &due, case.lacks)
        {
            let vital = rules::stays(&relieved, &watch.settings).filter(|reason| *reason == "vital");
            (case, stays) = (relieved, vital.or(Some("relieved")));
        }
        let mut plan = match stays {
            Some(reason) => Err(reason),
            None => {
                let alarms = desk.defenses.get(entity).map_or(0, |d| d.alarms);
                self.dodge(watch, alarms)
            }
        };
        let mut snipe = None;
        match &mut plan {
            Ok(dodge) => {
                snipe = self.snipe(watch, desk, pool, &due, dodge);
                desk.call_off(watch, self, |r| snipe.is_some_and(|(gap, _)| gap.holds(r.arrives)));
            }
            Err(_) => desk.keep(watch, self),
        }
        let Ok(mut defense) = desk.defenses.get_mut(entity) else {
            return (DefenseAnswer::None, "nobody_home", case.expected);
        };
        // A dodge that is planned is planned anew.
        let planned = defense.dodges.iter().position(|d| d.status == DodgeStatus::Planned);
        let planned = planned.map(|at| defense.dodges.remove(at).n);
        match plan {
            Ok(mut dodge) => {
                dodge.n = planned.unwrap_or_else(|| defense.count());
                desk.agenda.push(DODGE_LEAVES.entry(dodge.leaves_at, u64::from(self.state.site.0), dodge.n));
                defense.dodges.push(dodge);
                match snipe {
                    Some((_, expected)) => (DefenseAnswer::Snipe, "between_waves", expected),
                    None => (DefenseAnswer::Dodge, "not_worth_it", case.expected),
                }
            }
            Err(reason) => (DefenseAnswer::Hold, reason, case.expected),
        }
    }

    /// What is asked of the members near by.
    fn call(&self, watch: &Watch, desk: &Desk) -> Call<'_> {
        let site = self.state.site;
        let alarms = watch.index.site(site).and_then(|e| desk.defenses.get(e).ok()).map_or(0, |d| d.alarms);
        let question = questions::relief(site, alarms);
        let (knower, now, state) = (self.knower, self.now, self.state);
        Call { knower, now, state, spared: &self.threatened, question, part: 1.0 }
    }

    /// Books relief if there is any with which it is better to hold; what holding is like with it.
    fn relieve(
        &self,
        watch: &Watch,
        desk: &mut Desk,
        pool: &mut Pool,
        due: &[(GameTime, Force)],
        lacks: f64,
    ) -> Option<Case> {
        let pledges = desk.plan(pool, watch, &self.call(watch, desk), Landing::Before(self.first), lacks);
        if pledges.is_empty() {
            return None;
        }
        let mut all = due.to_vec();
        all.extend(pledges.iter().map(|p| (p.arrives, p.force.clone())));
        let case = self.case(watch, &all);
        rules::stays(&case, &watch.settings)?;
        #[expect(clippy::cast_possible_truncation, reason = "points of a few armies")]
        let deficit_left = case.lacks.ceil() as i64;
        let terms = Terms::Alarm { after: None, hit: self.first, until: self.last, deficit_left };
        desk.book(pool, watch, self.state.site, pledges, terms);
        Some(case)
    }

    /// Meets what comes after one of the hits with troops that land behind that hit: those that dodge it, where they can be
    /// back then, else those of allies. The gap, and what that is expected to cost; `None` if no gap is worth it.
    fn snipe(
        &self,
        watch: &Watch,
        desk: &mut Desk,
        pool: &mut Pool,
        due: &[(GameTime, Force)],
        dodge: &mut Dodge,
    ) -> Option<(Gap, Expected)> {
        let hits: Vec<GameTime> = self.incoming.iter().map(|i| i.arrival).collect();
        let mut gaps: Vec<Gap> = rules::gaps(&hits, watch.settings.snipe_gap).collect();
        gaps.retain(|gap| self.is_real_after(watch, *gap));
        let recall = watch.view.model().capabilities().recall;
        let own = gaps.iter().filter_map(|gap| {
            let travel = self.refuge_travel(watch, dodge)?;
            rules::turns_for(dodge.leaves_at, dodge.leaves_at + travel, gap.middle(), recall)?;
            let mut troops = landing(*gap, due);
            troops.add_all(&self.leaving);
            Some((*gap, self.between(watch, *gap, &troops)))
        });
        let best = own
            .filter(|(_, e)| rules::pays(*e, &watch.settings))
            .max_by_key(|(gap, e)| (e.kills.saturating_sub(e.losses), core::cmp::Reverse(gap.before)));
        if let Some((gap, expected)) = best {
            dodge.back_at = Some(gap.middle());
            return Some((gap, expected));
        }
        for gap in gaps {
            let mut troops = landing(gap, due);
            let mut pledges = Vec::new();
            if troops.is_empty() || !rules::pays(self.between(watch, gap, &troops), &watch.settings) {
                let lacks = self.lacks_after(watch, gap, &troops);
                pledges = desk.plan(pool, watch, &self.call(watch, desk), Landing::Within(gap), lacks);
                pledges.iter().for_each(|p| troops.add_all(&p.force));
            }
            let expected = self.between(watch, gap, &troops);
            if troops.is_empty() || !rules::pays(expected, &watch.settings) {
                continue;
            }
            #[expect(clippy::cast_possible_truncation, reason = "points of a few armies")]
            let deficit_left = self.lacks_after(watch, gap, &troops).ceil() as i64;
            let terms = Terms::Alarm { after: Some(gap.after), hit: gap.before, until: self.last, deficit_left };
            desk.book(pool, watch, self.state.site, pledges, terms);
            return Some((gap, expected));
        }
        None
    }

    /// How long the troops travel to where they dodge.
    fn refuge_travel(&self, watch: &Watch, dodge: &Dodge) -> Option<GameSpan> {
        let to = watch.view.site(dodge.refuge)?.at;
        watch.view.model().travel_of(self.state, to, &self.leaving)
    }

    /// Whether what comes after a gap could be a real attack: nobody steps in front of a token.
    fn is_real_after(&self, watch: &Watch, gap: Gap) -> bool {
        let attack: f64 = self.incoming.iter().filter(|i| i.arrival >= gap.before).map(|i| i.attack).sum();
        attack >= watch.view.model().scale().attack_min
    }

    /// The village as those find it who land in a gap, and nobody else: all others left, or fell to the hit before.
    fn deserted(&self) -> SiteState {
        SiteState { home: Force::new(), guests: Force::new(), ..self.state.clone() }
    }

    /// Points of defense that troops lack against all that comes after a gap.
    fn lacks_after(&self, watch: &Watch, gap: Gap, troops: &Force) -> f64 {
        let hits = self.incoming.iter().filter(|i| i.arrival >= gap.before);
        let waves: Vec<(GameTime, f64)> = hits.map(|i| (i.arrival, i.attack)).collect();
        relief::deficit(watch.view.model().defense(&self.deserted(), troops), &waves, &[], watch.settings.cover)
    }

    /// What it is expected to cost those who land in a gap to meet all that comes after it.
    fn between(&self, watch: &Watch, gap: Gap, troops: &Force) -> Expected {
        let population = watch.view.player(self.player).map_or(0, |p| p.population);
        let state = SiteState { guests: troops.clone(), ..self.deserted() };
        rules::expect(&state, population, &self.waves(watch, gap.before), &*watch.view.model().0)
    }

    /// The gap that an instant lies in, if any hit comes after it and none at it. The first begins now.
    fn gap_around(&self, at: GameTime) -> Option<Gap> {
        let hits = || self.incoming.iter().map(|i| i.arrival);
        let before = hits().find(|hit| *hit > at)?;
        let after = hits().take_while(|hit| *hit < at).last().unwrap_or(self.now);
        hits().all(|hit| hit != at).then_some(Gap { after, before })
    }

    /// Whether an instant lies in a gap in which it is worth it for all who land there to meet what follows.
    fn pays_at(&self, watch: &Watch, at: GameTime, arrivals: &[(GameTime, Force)]) -> bool {
        self.gap_around(at).is_some_and(|gap| {
            let expected = self.between(watch, gap, &landing(gap, arrivals));
            self.is_real_after(watch, gap) && rules::pays(expected, &watch.settings)
        })
    }

    /// While nobody is at home: allies who are to land between two hits still do if that is worth it by now, with the own troops
    /// that come back to that gap; else they are called off. Others are on their way for reasons of their own.
    fn judge_snipers(&self, watch: &Watch, desk: &mut Desk, due: &[(GameTime, Force)]) {
        let entity = watch.index.site(self.state.site);
        let defense = entity.and_then(|e| desk.defenses.get(e).ok());
        let own = defense.into_iter().flat_map(|d| &d.dodges).filter(|d| d.player == self.player);
        let back = own.filter_map(|d| match &d.status {
            DodgeStatus::Out { force, .. } => Some((d.back_at?, force.clone())),
            DodgeStatus::Planned => None,
        });
        let arrivals: Vec<(GameTime, Force)> = due.iter().cloned().chain(back).collect();
        desk.call_off(watch, self, |r| r.after.is_none() || self.pays_at(watch, r.arrives, &arrivals));
    }

    /// What is seen to come from an instant on, by arrival.
    fn waves(&self, watch: &Watch, from: GameTime) -> Vec<Wave> {
        self.incoming
            .chunk_by(|a, b| a.arrival == b.arrival)
            .filter(|together| together[0].arrival >= from)
            .map(|together| Wave {
                arrival: together[0].arrival,
                attack: together.iter().map(|i| i.attack).sum(),
                groups: together.iter().filter_map(|i| self.attackers(watch, i)).collect(),
            })
            .collect()
    }

    /// What holding is expected to cost with the relief that is there before the first hit.
    fn expected(&self, watch: &Watch, due: &[(GameTime, Force)]) -> Expected {
        let population = watch.view.player(self.player).map_or(0, |p| p.population);
        let waves = self.waves(watch, self.first);
        let mut state = self.state.clone();
        for (_, force) in due.iter().filter(|(arrives, _)| *arrives < self.first) {
            state.guests.add_all(force);
        }
        rules::expect(&state, population, &waves, &*watch.view.model().0)
    }

    /// The troops that a march is believed to be: of those seen at its origin, else of its tribe.
    fn attackers(&self, watch: &Watch, incoming: &Incoming) -> Option<AttackGroup> {
        let model = watch.view.model();
        let origin = watch.view.site(incoming.origin)?;
        let force = if incoming.force.is_empty() {
            model.unseen_army(origin.tribe, incoming.attack)
        } else {
            incoming.force.clone()
        };
        let population = watch.view.player(origin.owner).map_or(0, |p| p.population);
        let upgrades = Levels::default();
        let group = AttackGroup { origin: incoming.origin, player: origin.owner, population, force, upgrades };
        (!group.force.is_empty()).then_some(group)
    }

    /// What the choice rests on with relief that is due.
    fn case(&self, watch: &Watch, due: &[(GameTime, Force)]) -> Case {
        let model: &dyn WorldModel = &*watch.view.model().0;
        let mut defenders = self.state.home.clone();
        defenders.add_all(&self.state.guests);
        let waves: Vec<(GameTime, f64)> = self.incoming.iter().map(|i| (i.arrival, i.attack)).collect();
        let points: Vec<(GameTime, f64)> =
            due.iter().map(|(arrives, force)| (*arrives, relief::points(model, self.state, force))).collect();
        let defense = model.defense(self.state, &defenders);
        Case {
            anyone: !self.leaving.is_empty(),
            vital: watch.is_vital(self.state.site),
            lacks: relief::deficit(defense, &waves, &points, watch.settings.cover),
            expected: self.expected(watch, due),
        }
    }

    /// A dodge of all that is seen to come, or why there can be none.
    fn dodge(&self, watch: &Watch, alarms: u32) -> Result<Dodge, &'static str> {
        let settings = &watch.settings;
        let recall = watch.view.model().capabilities().recall;
        let seed = watch.roster.seed();
        let mut draw = Stream::new(seed, u64::from(self.state.site.0), Purpose::DEFENSE, u64::from(alarms));
        let margin = GameSpan(draw.between(settings.margin_min.0, settings.margin_max.0));
        let hits = (self.first, self.last);
        let leaves_at = rules::leaves_at(self.now, hits, margin, recall, watch.rhythm(self.player), settings)?;
        let out = self.last + rules::AFTER - leaves_at;
        let own = self.refuges(watch, watch.view.sites_of(self.player), true);
        let refuge = rules::refuge(&own, out, recall).or_else(|| {
            let friends = watch.roster.alliance_of(self.player).map(|a| watch.roster.members(a)).unwrap_or_default();
            let allied = friends.iter().filter(|m| m.player != self.player);
            let allied: Vec<Refuge> =
                allied.flat_map(|m| self.refuges(watch, watch.view.sites_of(m.player), false)).collect();
            rules::refuge(&allied, out, recall)
        });
        Ok(Dodge {
            n: 0,
            player: self.player,
            refuge: refuge.ok_or("nowhere_to_go")?,
            leaves_at,
            first_hit: self.first,
            last_hit: self.last,
            back_at: None,
            status: DodgeStatus::Planned,
        })
    }

    /// Those of some sites that the troops can reach and that no hostile march is seen to come to.
    fn refuges(&self, watch: &Watch, sites: &[SiteId], own: bool) -> Vec<Refuge> {
        sites
            .iter()
            .filter(|s| **s != self.state.site && !self.threatened.contains(s))
            .filter_map(|site| {
                let to = watch.view.site(*site)?.at;
                let travel = watch.view.model().travel_of(self.state, to, &self.leaving)?;
                Some(Refuge { site: *site, own, travel })
            })
            .collect()
    }
}
