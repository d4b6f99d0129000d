//! Sightings become alarms; alarms are answered.

use super::components::{ALARM_ANSWERED, DODGE_LEAVES, DODGE_RETURNS, Defenses, Dodge, DodgeStatus};
use super::rules::{self, Case, Expected, Refuge, Wave};
use super::systems::{Watch, site_of};
use crate::base::clock::{Agenda, DueBatch, GameSpan, GameTime};
use crate::base::contract::{AttackGroup, CampaignFact, DefenseAnswer, Fact, MarchSighted, SiteChanged, SiteState};
use crate::base::id::{PlayerId, SiteId};
use crate::base::rng::{Purpose, Stream};
use crate::base::ruleset::{Force, Levels};
use crate::decision::planning::{Incoming, believed};
use crate::society::personality::rules as personality;
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Questions that a player thinks about are told apart by a number; those of alarms have the highest bit.
const ALARM_QUESTIONS: u64 = 1 << 63;

/// Whoever takes a site thinks for itself: when the former owner would have answered, and how often it was alarmed, tells
/// of its sleep and its enemies. Dodges that are out are still the former owner's to bring home.
pub(super) fn forget_alarms(mut changed: MessageReader<SiteChanged>, watch: Watch, mut defenses: Query<&mut Defenses>) {
    for change in changed.read() {
        let entity = watch.index.site(change.site);
        let Some(mut defense) = entity.and_then(|e| defenses.get_mut(e).ok()) else { continue };
        (defense.alarm, defense.alarms) = (None, 0);
        defense.dodges.retain(|d| d.status != DodgeStatus::Planned);
    }
}

/// Raises the alarm for sites that hostile marches are seen to come to. One answer serves all that is seen until then.
pub(super) fn raise_alarms(
    batch: Res<DueBatch>,
    mut sighted: MessageReader<MarchSighted>,
    watch: Watch,
    mut defenses: Query<&mut Defenses>,
    mut agenda: ResMut<Agenda>,
    mut facts: MessageWriter<CampaignFact>,
    mut commands: Commands,
) {
    let now = batch.now();
    let mut hits: BTreeMap<SiteId, (PlayerId, GameTime)> = BTreeMap::new();
    for s in sighted.read() {
        let owner = watch.view.site(s.target).map(|site| site.owner);
        if owner == Some(s.witness) && watch.acts(s.witness) && s.arrival > now {
            let hit = hits.entry(s.target).or_insert((s.witness, s.arrival));
            hit.1 = hit.1.min(s.arrival);
        }
    }
    for (site, (player, hit)) in hits {
        let Some(entity) = watch.index.site(site) else { continue };
        let known = defenses.get_mut(entity);
        let alarms = known.as_ref().map_or(0, |d| d.alarms);
        let pending = known.as_ref().ok().and_then(|d| d.alarm).filter(|at| *at >= now);
        if pending.is_some_and(|at| at < hit) {
            continue;
        }
        let question = ALARM_QUESTIONS | u64::from(site.0) << 31 | u64::from(alarms);
        let thought = now + personality::think_time(watch.roster.seed(), player, question);
        let answer = watch.rhythm(player).next_awake(thought);
        let answers_at = Some(answer).filter(|at| *at < hit);
        facts.write(CampaignFact { at: now, fact: Fact::AlarmRaised { site, player, hit, answers_at } });
        if answers_at.is_some() {
            agenda.push(ALARM_ANSWERED.entry(answer, u64::from(site.0), 0));
        } else {
            let reason = if thought < hit { "asleep" } else { "too_late" };
            tell(&mut facts, now, (site, player), DefenseAnswer::None, reason, Expected::default());
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

fn tell(
    facts: &mut MessageWriter<CampaignFact>,
    at: GameTime,
    (site, player): (SiteId, PlayerId),
    answer: DefenseAnswer,
    reason: &str,
    expected: Expected,
) {
    let (expected_kills, expected_losses) = (expected.kills, expected.losses);
    let reason = reason.to_owned();
    facts.write(CampaignFact {
        at,
        fact: Fact::AlarmAnswered { site, player, answer, reason, expected_kills, expected_losses },
    });
}

/// Decides for each alarm that is due: hold or dodge.
pub(super) fn answer_alarms(
    batch: Res<DueBatch>,
    watch: Watch,
    mut defenses: Query<&mut Defenses>,
    mut agenda: ResMut<Agenda>,
    mut facts: MessageWriter<CampaignFact>,
) {
    let now = batch.now();
    for entry in batch.of(ALARM_ANSWERED) {
        let site = site_of(entry.owner);
        let Some(mut defense) = watch.index.site(site).and_then(|e| defenses.get_mut(e).ok()) else { continue };
        if defense.alarm != Some(entry.due) {
            continue;
        }
        defense.alarm = None;
        let Some(alarm) = Alarm::of(&watch, site, now) else { continue };
        let stays_out = keep_out(&mut defense, &alarm, &watch, &mut agenda);
        let expected = alarm.expected(&watch);
        let who = (site, alarm.player);
        let plan = match rules::stays(&alarm.case(&watch, expected), &watch.settings) {
            Some("nobody_home") if stays_out => {
                tell(&mut facts, now, who, DefenseAnswer::Dodge, "stays_out", expected);
                continue;
            }
            Some("nobody_home") => {
                tell(&mut facts, now, who, DefenseAnswer::None, "nobody_home", expected);
                continue;
            }
            Some(reason) => Err(reason),
            None => alarm.dodge(&watch, defense.alarms),
        };
        // A dodge that is planned is planned anew.
        let planned = defense.dodges.iter().position(|d| d.status == DodgeStatus::Planned);
        let planned = planned.map(|at| defense.dodges.remove(at).n);
        match plan {
            Ok(mut dodge) => {
                dodge.n = planned.unwrap_or_else(|| defense.count());
                agenda.push(DODGE_LEAVES.entry(dodge.leaves_at, u64::from(site.0), dodge.n));
                defense.dodges.push(dodge);
                tell(&mut facts, now, who, DefenseAnswer::Dodge, "not_worth_it", expected);
            }
            Err(reason) => tell(&mut facts, now, who, DefenseAnswer::Hold, reason, expected),
        }
    }
}

/// Dodges that are out stay out until the last hit that is known now; whether any is out.
fn keep_out(defense: &mut Defenses, alarm: &Alarm, watch: &Watch, agenda: &mut Agenda) -> bool {
    let recall = watch.view.model().capabilities().recall;
    let mut out = false;
    for dodge in &mut defense.dodges {
        let DodgeStatus::Out { launched, arrival, turns_at, .. } = &mut dodge.status else { continue };
        // Those of a former owner are not the new one's to keep out.
        if dodge.player != alarm.player {
            continue;
        }
        out = true;
        if alarm.last <= dodge.last_hit {
            continue;
        }
        dodge.last_hit = alarm.last;
        *turns_at = rules::turns_at(*launched, *arrival, alarm.last, recall);
        agenda.push(DODGE_RETURNS.entry(*turns_at, u64::from(alarm.state.site.0), dodge.n));
    }
    out
}

/// Everything that one answer rests on.
struct Alarm<'a> {
    now: GameTime,
    player: PlayerId,
    state: &'a SiteState,
    /// What may leave before the first hit.
    leaving: Force,
    first: GameTime,
    last: GameTime,
    /// Sites to which the knower sees hostile marches go.
    threatened: BTreeSet<SiteId>,
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
        Some(Self { now, player, state, leaving, first, last, threatened, incoming })
    }

    fn expected(&self, watch: &Watch) -> Expected {
        let population = watch.view.player(self.player).map_or(0, |p| p.population);
        let waves: Vec<Wave> = self
            .incoming
            .chunk_by(|a, b| a.arrival == b.arrival)
            .map(|together| Wave {
                arrival: together[0].arrival,
                attack: together.iter().map(|i| i.attack).sum(),
                groups: together.iter().filter_map(|i| self.attackers(watch, i)).collect(),
            })
            .collect();
        rules::expect(self.state, population, &waves, &*watch.view.model().0)
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

    fn case(&self, watch: &Watch, expected: Expected) -> Case {
        let mut defenders = self.state.home.clone();
        defenders.add_all(&self.state.guests);
        Case {
            anyone: !self.leaving.is_empty(),
            defense: watch.view.model().defense(self.state, &defenders),
            threat: self.incoming.iter().map(|i| i.attack).sum(),
            expected,
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
