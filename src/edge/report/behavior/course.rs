//! What is collected while a campaign runs: samples as they come, and looks at armies and inhabitants.

use super::metrics::{Fold, Metric};
use super::samples::{Attack, Sample};
use crate::base::clock::{GameClock, GameSpan, GameTime};
use crate::base::contract::{DefenseAnswer, Player, Stance, Stances};
use crate::base::id::{AllianceId, OrderId, PlayerId, ProposalId, SiteId};
use crate::base::ruleset::{Force, Ruleset};
use crate::society::alliance::Alliance;
use crate::world::audit::army_values;
use crate::world::village::{EconomySettings, Ledger};
use bevy::prelude::World;
use std::collections::{BTreeMap, BTreeSet};

/// Between two looks at armies. A host update that runs longer delays one.
pub(super) const LOOK_EVERY: GameSpan = GameSpan::hours(3);

/// A war between two, one of which deliberates at least.
#[derive(Clone, Debug)]
pub(super) struct War {
    pub(super) sides: [AllianceId; 2],
    /// On whom it was declared; `None`: it was there at the beginning.
    pub(super) on: Option<AllianceId>,
    pub(super) since: GameTime,
    pub(super) ended: Option<GameTime>,
}

/// What a player did about marches on one of its sites.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    /// The first hit of the alarm that it answers.
    pub(super) hit: GameTime,
    pub(super) at: GameTime,
    pub(super) answer: DefenseAnswer,
}

/// Relief that is out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Out {
    pub(super) site: SiteId,
    pub(super) arrives: GameTime,
    /// Whether there was a battle since it is there.
    pub(super) fought: bool,
    /// Whether a real attack came since it left, and whether a fake did.
    pub(super) real: bool,
    pub(super) fake: bool,
}

/// Marches of relief or posture from one village to another: when the latest left, and when the latest was called home.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way {
    pub(super) left: Option<GameTime>,
    pub(super) home: Option<GameTime>,
}

/// Troops of a village at the last look, in goods: all, and those of them that were away.
pub(super) type Seen = (i64, i64);

/// What is collected while a campaign runs. It is no part of the state: nothing that is decided reads it.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Course {
    /// Samples as they come, by whom they are of: of ratios the sum, of extremes the extreme.
    pub(super) noted: BTreeMap<(Metric, Option<AllianceId>), Vec<Sample>>,
    /// Of metrics that are of the world as a whole.
    pub(super) whole: BTreeMap<Metric, Sample>,
    pub(super) attacks: Vec<Attack>,
    /// Whether the victims of an operation deliberate.
    pub(super) against_active: BTreeMap<ProposalId, bool>,
    /// Whom and which sites an operation has fought.
    pub(super) fought: BTreeSet<(ProposalId, PlayerId)>,
    pub(super) fought_at: BTreeSet<(ProposalId, SiteId)>,
    /// By village and operation: when its first group left, and how many units in all.
    pub(super) sent: BTreeMap<SiteId, BTreeMap<ProposalId, (GameTime, u64)>>,
    pub(super) wars: Vec<War>,
    /// The first hit of the latest alarm of a site.
    pub(super) alarms: BTreeMap<SiteId, GameTime>,
    pub(super) answers: BTreeMap<SiteId, Vec<Answer>>,
    pub(super) relief: BTreeMap<OrderId, Out>,
    pub(super) ways: BTreeMap<(SiteId, SiteId), Way>,
    /// Armies of those who deliberate, in goods, look by look.
    pub(super) armies: Vec<BTreeMap<AllianceId, i64>>,
    /// Inhabitants of alliances at the first look and at the last.
    pub(super) inhabitants: Option<(BTreeMap<AllianceId, u64>, BTreeMap<AllianceId, u64>)>,
    pub(super) villages: BTreeMap<SiteId, Seen>,
    /// Goods of troops that died and of those of them that starved before the first look.
    dead_before: Option<(i64, i64)>,
    next_look: Option<GameTime>,
}

impl Course {
    /// As a campaign stands when the counting begins.
    pub(in super::super) fn begin(world: &mut World, active: &[AllianceId]) -> Self {
        let mut course = Self::default();
        let now = world.get_resource::<GameClock>().map_or(GameTime(0), GameClock::now);
        let mut alliances = world.query::<(&Alliance, &Stances)>();
        for (alliance, stances) in alliances.iter(world).filter(|(alliance, _)| alliance.active) {
            for (other, standing) in stances.0.iter().filter(|(_, s)| s.stance == Stance::War) {
                // What began before the counting is as old as it is.
                course.begin_war(alliance.id, *other, None, standing.since.min(now));
            }
        }
        course.look(world, active);
        course
    }

    /// Notes a sample of an alliance, or of somebody without one.
    pub(super) fn note(&mut self, metric: Metric, of: Option<AllianceId>, part: f64, whole: f64) {
        let noted = self.noted.entry((metric, of)).or_default();
        let new = Sample { part, whole };
        match (metric.fold(), noted.first_mut()) {
            (Fold::Ratio, Some(sum)) => *sum = Sample { part: sum.part + part, whole: sum.whole + whole },
            (Fold::Largest, Some(most)) => {
                if whole > 0.0 && part * most.whole > most.part * whole {
                    *most = new;
                }
            }
            _ => noted.push(new),
        }
    }

    /// Notes whether something held.
    pub(super) fn note_case(&mut self, metric: Metric, of: Option<AllianceId>, held: bool) {
        self.note(metric, of, f64::from(u8::from(held)), 1.0);
    }

    pub(super) fn begin_war(&mut self, a: AllianceId, b: AllianceId, on: Option<AllianceId>, since: GameTime) {
        let sides = [a.min(b), a.max(b)];
        match self.wars.iter_mut().find(|war| war.sides == sides && war.ended.is_none()) {
            // Its declaration comes right behind the change of stance.
            Some(war) => war.on = on.or(war.on),
            None => self.wars.push(War { sides, on, since, ended: None }),
        }
    }

    /// Looks at armies if it is time to.
    pub(in super::super) fn look_if_due(&mut self, world: &mut World, active: &[AllianceId]) {
        let now = world.get_resource::<GameClock>().map(GameClock::now);
        if now.zip(self.next_look).is_some_and(|(now, due)| now >= due) {
            self.look(world, active);
        }
    }

    fn look(&mut self, world: &mut World, active: &[AllianceId]) {
        let Some(now) = world.get_resource::<GameClock>().map(GameClock::now).filter(|_| !active.is_empty()) else {
            return;
        };
        self.next_look = Some(now + LOOK_EVERY);
        self.look_at_people(world);
        // Games with a world of their own have other books.
        let ours = world.contains_resource::<Ledger>() && world.contains_resource::<EconomySettings>();
        if ours && world.contains_resource::<Ruleset>() {
            self.look_at_armies(world, active);
            self.look_at_the_dead(world);
        }
    }

    fn look_at_people(&mut self, world: &mut World) {
        let mut inhabitants: BTreeMap<AllianceId, u64> = BTreeMap::new();
        for player in world.query::<&Player>().iter(world) {
            if let Some(alliance) = player.alliance {
                *inhabitants.entry(alliance).or_default() += player.population;
            }
        }
        match &mut self.inhabitants {
            Some((_, last)) => *last = inhabitants,
            None => self.inhabitants = Some((inhabitants.clone(), inhabitants)),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "goods of a campaign, far below 2^53")]
    fn look_at_armies(&mut self, world: &mut World, active: &[AllianceId]) {
        let counts = |player: &Player| player.alliance.is_some_and(|a| active.contains(&a));
        let members: Vec<(PlayerId, AllianceId)> = {
            let mut players = world.query::<&Player>();
            players.iter(world).filter(|p| counts(p)).filter_map(|p| Some((p.id, p.alliance?))).collect()
        };
        let members: BTreeMap<PlayerId, AllianceId> = members.into_iter().collect();
        let mut armies: BTreeMap<AllianceId, i64> = active.iter().map(|a| (*a, 0)).collect();
        let mut offense: BTreeMap<AllianceId, (i64, i64)> = BTreeMap::new();
        self.villages.clear();
        for army in army_values(world, counts) {
            let Some(alliance) = members.get(&army.owner) else { continue };
            *armies.entry(*alliance).or_default() += army.goods;
            let sums = offense.entry(*alliance).or_default();
            *sums = (sums.0 + army.offense_away, sums.1 + army.offense);
            self.villages.insert(army.site, (army.goods, army.away));
        }
        for (alliance, (away, all)) in offense {
            for metric in [Metric::OffenseAway, Metric::OffenseAwayMax] {
                self.note(metric, Some(alliance), away as f64, all as f64);
            }
        }
        self.armies.push(armies);
    }

    #[expect(clippy::cast_precision_loss, reason = "goods of a campaign, far below 2^53")]
    fn look_at_the_dead(&mut self, world: &World) {
        let (ledger, rules) = (world.resource::<Ledger>(), world.resource::<Ruleset>());
        let worth = |force: &Force| rules.cost(force);
        let (dead, starved) = (worth(&ledger.troops_dead), worth(&ledger.troops_starved));
        let (dead_before, starved_before) = *self.dead_before.get_or_insert((dead, starved));
        let sample = Sample { part: (starved - starved_before) as f64, whole: (dead - dead_before) as f64 };
        self.whole.insert(Metric::Starved, sample);
    }
}
