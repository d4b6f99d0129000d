//! The raw numbers behind each metric.

use super::course::Course;
use super::measure::{fold, gap};
use super::metrics::{Fold, Metric};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::id::{AllianceId, PlayerId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One raw number: a part, and the whole that it is a part of. What the two are depends on the metric.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Sample {
    /// The part: how many of them, or how much.
    pub part: f64,
    /// The whole: of how many, or of how much.
    pub whole: f64,
}

/// The raw numbers behind each metric, of a whole campaign or of one alliance. Those of several campaigns can be put together with
/// [`add`](Self::add).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Samples(pub BTreeMap<Metric, Vec<Sample>>);

impl Samples {
    /// The value of a metric.
    #[must_use]
    pub fn value(&self, metric: Metric) -> Option<f64> {
        match metric.fold() {
            Fold::Gap(first, second) => gap(self.of(first), self.of(second)),
            how => fold(how, self.of(metric)),
        }
    }

    /// The samples of a metric.
    #[must_use]
    pub fn of(&self, metric: Metric) -> &[Sample] {
        self.0.get(&metric).map_or(&[], Vec::as_slice)
    }

    /// Adds those of another campaign.
    pub fn add(&mut self, other: &Self) {
        for (metric, samples) in &other.0 {
            self.0.entry(*metric).or_default().extend_from_slice(samples);
        }
    }

    pub(super) fn note(&mut self, metric: Metric, part: f64, whole: f64) {
        self.0.entry(metric).or_default().push(Sample { part, whole });
    }
}

/// A real attack: an operation that fought at villages of one player.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Attack {
    pub(super) at: GameTime,
    pub(super) by: AllianceId,
    pub(super) on: PlayerId,
    /// The victim's alliance, if it deliberates.
    pub(super) active: Option<AllianceId>,
}

/// So many attacks on one player within [`BULLIED_WITHIN`] are too many.
const BULLIED: usize = 3;
const BULLIED_WITHIN: GameSpan = GameSpan::days(7);
/// Ranks that are compared.
const TOP: usize = 8;

impl Course {
    /// The raw numbers so far: of all, or of one alliance.
    pub(in super::super) fn samples(&self, of: Option<AllianceId>, active: &[AllianceId]) -> Samples {
        let mut samples = Samples::default();
        for ((metric, alliance), noted) in &self.noted {
            if of.is_none() || of == *alliance {
                samples.0.entry(*metric).or_default().extend_from_slice(noted);
            }
        }
        self.attacked(of, active, &mut samples);
        self.rested(of, &mut samples);
        self.warred(of, &mut samples);
        self.armed(of, &mut samples);
        if of.is_none() {
            samples.0.extend(self.whole.iter().map(|(metric, sample)| (*metric, vec![*sample])));
            self.ranked(&mut samples);
        }
        samples
    }

    fn attacked(&self, of: Option<AllianceId>, active: &[AllianceId], samples: &mut Samples) {
        let made: Vec<&Attack> = self.attacks.iter().filter(|a| of.is_none_or(|of| a.by == of)).collect();
        let mut times: BTreeMap<PlayerId, Vec<GameTime>> = BTreeMap::new();
        let mut hits: BTreeMap<AllianceId, f64> = active.iter().map(|a| (*a, 0.0)).collect();
        for attack in &made {
            times.entry(attack.on).or_default().push(attack.at);
            if let Some(hits) = attack.active.and_then(|on| hits.get_mut(&on)) {
                *hits += 1.0;
            }
        }
        for hits in hits.into_values() {
            samples.note(Metric::AttackGini, hits, 1.0);
        }
        times.values_mut().for_each(|times| times.sort_unstable());
        for attack in made {
            let bullied = f64::from(u8::from(is_bullied(&times[&attack.on], attack.at)));
            let passive = f64::from(u8::from(attack.active.is_none()));
            let split = if attack.active.is_some() { Metric::BullyingActive } else { Metric::BullyingPassive };
            samples.note(Metric::Bullying, bullied, 1.0);
            samples.note(split, bullied, 1.0);
            samples.note(Metric::OnPassive, passive, 1.0);
        }
    }

    /// Days between operations of hammers: villages, each at the operations to which it sent at least half as much as it ever
    /// sent to one.
    fn rested(&self, of: Option<AllianceId>, samples: &mut Samples) {
        for sent in self.sent.values() {
            let most = sent.values().map(|(_, units)| *units).max().unwrap_or(0);
            let hammer = sent.iter().filter(|(_, (_, units))| units * 2 >= most);
            let mut left: Vec<(GameTime, AllianceId)> = hammer.map(|(id, (at, _))| (*at, id.alliance)).collect();
            left.sort_unstable();
            for pair in left.windows(2).filter(|pair| of.is_none_or(|of| pair[1].1 == of)) {
                samples.note(Metric::HammerRestDays, (pair[1].0 - pair[0].0).as_hours() / 24.0, 1.0);
            }
        }
    }

    fn warred(&self, of: Option<AllianceId>, samples: &mut Samples) {
        let mut on: BTreeMap<AllianceId, f64> = BTreeMap::new();
        for war in self.wars.iter().filter(|war| of.is_none_or(|of| war.sides.contains(&of))) {
            samples.note(Metric::WarsOpen, f64::from(u8::from(war.ended.is_none())), 1.0);
            if let Some(ended) = war.ended {
                samples.note(Metric::WarDays, (ended - war.since).as_hours() / 24.0, 1.0);
            }
            match war.on {
                Some(one) => *on.entry(one).or_default() += 1.0,
                // Nobody knows who began a war that was there at the beginning.
                None => war.sides.iter().for_each(|side| *on.entry(*side).or_default() += 0.5),
            }
        }
        for wars in on.into_values() {
            samples.note(Metric::WarsOnOne, wars, 1.0);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "goods of a campaign, far below 2^53")]
    fn armed(&self, of: Option<AllianceId>, samples: &mut Samples) {
        let mine = |army: &BTreeMap<AllianceId, i64>| -> i64 {
            army.iter().filter(|(id, _)| of.is_none_or(|of| **id == of)).map(|(_, goods)| *goods).sum()
        };
        let Some((first, last)) = self.armies.first().zip(self.armies.last()) else { return };
        let start = mine(first) as f64;
        samples.note(Metric::ArmyEnd, mine(last) as f64, start);
        for army in &self.armies {
            samples.note(Metric::ArmyLowest, mine(army) as f64, start);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "inhabitants, far below 2^53")]
    fn ranked(&self, samples: &mut Samples) {
        let Some((first, last)) = &self.inhabitants else { return };
        let mut top: Vec<(u64, AllianceId)> = first.iter().map(|(id, n)| (*n, *id)).collect();
        top.sort_unstable_by_key(|(n, id)| (core::cmp::Reverse(*n), *id));
        for (before, id) in top.into_iter().take(TOP) {
            let after = last.get(&id).copied().unwrap_or(0);
            samples.note(Metric::RankChange, before as f64, after as f64);
        }
    }
}

/// Whether an attack at this instant is one of too many within some stretch of time. The times are sorted and hold it.
fn is_bullied(times: &[GameTime], at: GameTime) -> bool {
    times.windows(BULLIED).any(|few| {
        let (first, last) = (few[0], few[BULLIED - 1]);
        (first..=last).contains(&at) && last - first <= BULLIED_WITHIN
    })
}
