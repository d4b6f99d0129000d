//! What is kept of foreign players, and the messages that it grows by.

use super::rules;
use crate::base::clock::GameTime;
use crate::base::id::{Knower, PlayerId};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was seen of one player over time. Totals over its sites are not kept here: they are read from reports.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Dossier {
    /// The hours in which it was seen to send marches, however many: by the day of the campaign, bit n for hour n. The
    /// latest [`rules::ACT_DAYS`] days with any are kept.
    pub acted: BTreeMap<i64, u32>,
    /// Its marches that came with force.
    pub real: u32,
    /// Its marches that came with next to nothing.
    pub fake: u32,
    /// When it last sent a march.
    pub last_act: GameTime,
    /// When a march of its last came to an own site.
    pub last_came: Option<GameTime>,
    /// How its troops grow.
    pub trend: Trend,
}

impl Dossier {
    /// When the latest of all that it rests on was.
    #[must_use]
    pub fn latest(&self) -> GameTime {
        self.last_act.max(self.last_came.unwrap_or_default()).max(self.trend.since)
    }

    /// Hours of the campaign's day in which it sent marches: each hour of the campaign in which it was seen to send any
    /// counts once.
    #[must_use]
    pub fn acts(&self) -> [u16; rules::HOURS] {
        rules::acts_by_hour(self.acted.values().copied())
    }

    /// Notes what the player did.
    pub(super) fn note(&mut self, at: GameTime, act: Act) {
        match act {
            Act::Launched => {
                // In whatever order acts become known: what is kept are the latest days of all.
                *self.acted.entry(rules::day_count(at)).or_default() |= 1 << rules::hour_of(at);
                while self.acted.len() > rules::ACT_DAYS {
                    self.acted.pop_first();
                }
                self.last_act = self.last_act.max(at);
            }
            Act::Came { real } => {
                let count = if real { &mut self.real } else { &mut self.fake };
                *count = count.saturating_add(1);
                self.last_came = self.last_came.max(Some(at));
            }
        }
    }
}

/// How a player's troops grow: a mean over pairs of observations of the same site, kept as (value, weight, since).
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Trend {
    /// Growth per day: 0.1 is a tenth more each day.
    pub growth: f64,
    /// The goods that it rests on, at `since`; they halve in [`rules::TREND_HALF_LIFE`]. 0: nothing was seen twice.
    pub weight: f64,
    /// When the latest of the observations was made.
    pub since: GameTime,
}

/// What a knower learned of foreign players.
#[derive(Component, Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Dossiers(pub BTreeMap<PlayerId, Dossier>);

impl Dossiers {
    /// The dossier of a player, made if there is none. When `kept` are there already, the one whose latest act is the
    /// oldest goes, of equals the one with the lowest id.
    pub(super) fn open(&mut self, player: PlayerId, kept: usize) -> &mut Dossier {
        if !self.0.contains_key(&player) {
            while self.0.len() >= kept.max(1) {
                let oldest = self.0.iter().min_by_key(|(id, d)| (d.latest(), **id)).map(|(id, _)| *id);
                let Some(oldest) = oldest else { break };
                self.0.remove(&oldest);
            }
        }
        self.0.entry(player).or_default()
    }
}

/// A knower saw what a foreign player did. Lives for one pass.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug)]
pub struct ActSeen {
    /// Who saw it.
    pub knower: Knower,
    /// Who did it.
    pub player: PlayerId,
    /// When it was done, which may be before it was seen.
    pub at: GameTime,
    /// What it did.
    pub act: Act,
}

/// What a foreign player can be seen to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Sent a march.
    Launched,
    /// A march of its came to an own site: with force, or with next to nothing.
    Came {
        /// Whether it was more than a fake.
        real: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn acts_become_known_in_any_order(
            acts in prop::collection::vec(0_i64..90 * 24 * 60, 1..200)
                .prop_flat_map(|acts| (Just(acts.clone()), Just(acts).prop_shuffle())),
        ) {
            let noted = |mins: &[i64]| {
                let mut dossier = Dossier::default();
                for min in mins {
                    dossier.note(GameTime(min * 60_000), Act::Launched);
                }
                dossier
            };
            let (one, other) = (noted(&acts.0), noted(&acts.1));
            prop_assert_eq!(one.acts(), other.acts());
            prop_assert_eq!(&one, &other);
            prop_assert!(one.acted.len() <= rules::ACT_DAYS);
            let hours: std::collections::BTreeSet<i64> = acts.0.iter().map(|min| min / 60).collect();
            let days: std::collections::BTreeSet<i64> = hours.iter().map(|hour| hour / 24).collect();
            let first = days.iter().rev().nth(rules::ACT_DAYS - 1).or(days.first());
            let counted = hours.iter().filter(|hour| first.is_some_and(|day| hour.div_euclid(24) >= *day)).count();
            prop_assert_eq!(usize::from(one.acts().iter().sum::<u16>()), counted, "each hour once");
        }
    }
}
