//! Wars and treaties, as the tally follows them.

use super::counts::DiplomacyCounts;
use super::intel::median;
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{Fact, Treaty};
use crate::base::id::AllianceId;
use std::collections::BTreeMap;

/// What was refused is not to be offered again within this time.
const REFUSAL_LASTS: GameSpan = GameSpan::hours(36);
/// An offer that is not answered within this time is refused.
const OFFER_STANDS: GameSpan = GameSpan::hours(36);
/// More speaks for an offer than before if its score has risen by this.
const MORE: f64 = 0.15;

/// An offer: when it was made, its score, and when it was refused.
#[derive(Clone, Copy, Debug)]
struct Offer {
    made_at: GameTime,
    score: f64,
    refused_at: Option<GameTime>,
}

/// What is followed of wars and treaties.
#[derive(Clone, Debug, Default)]
pub(super) struct Treaties {
    /// Since when those who declared a war on each other have one, the lower id first; those of the beginning are missing.
    wars: BTreeMap<(AllianceId, AllianceId), GameTime>,
    /// How long wars lasted.
    lengths: Vec<GameSpan>,
    offers: BTreeMap<(AllianceId, AllianceId, Treaty), Offer>,
}

impl Treaties {
    /// Counts a fact.
    pub(super) fn count(&mut self, counts: &mut DiplomacyCounts, at: GameTime, fact: &Fact) {
        match fact {
            Fact::WarDeclared { by, on, .. } => {
                counts.wars += 1;
                self.wars.insert((*by.min(on), *by.max(on)), at);
            }
            Fact::TreatyBroken { .. } => counts.broken += 1,
            Fact::OfferMade { by, to, treaty, score } => {
                counts.offers += 1;
                let offer = Offer { made_at: at, score: *score, refused_at: None };
                let before = self.offers.insert((*by, *to, *treaty), offer);
                counts.repeated += u64::from(before.is_some_and(|before| {
                    let refused_at = before.refused_at.unwrap_or(before.made_at + OFFER_STANDS);
                    at - refused_at < REFUSAL_LASTS && *score < before.score + MORE
                }));
            }
            Fact::OfferAnswered { by, to, treaty, accepted: false, .. } => {
                counts.refused += 1;
                if let Some(offer) = self.offers.get_mut(&(*to, *by, *treaty)) {
                    offer.refused_at = Some(at);
                }
            }
            Fact::OfferAnswered { by, to, treaty, accepted: true, .. } => {
                self.offers.retain(|(a, b, _), _| (a, b) != (by, to) && (b, a) != (by, to));
                match treaty {
                    Treaty::Peace => {
                        counts.ended_by_peace += 1;
                        let since = self.wars.remove(&(*by.min(to), *by.max(to)));
                        self.lengths.push(at - since.unwrap_or(GameTime(0)));
                    }
                    Treaty::Pact => counts.pacts += 1,
                    Treaty::Confederacy => counts.confederacies += 1,
                }
            }
            _ => {}
        }
    }

    /// Days that wars lasted which ended by peace, in the median.
    pub(super) fn war_days_median(&self) -> Option<f64> {
        median(self.lengths.iter().map(|span| span.as_hours() / 24.0).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_repeated_only_if_no_more_speaks_for_it_and_it_was_refused_lately() {
        let (by, to) = (AllianceId(1), AllianceId(2));
        let at = |hours| GameTime(0) + GameSpan::hours(hours);
        let offer = |score| Fact::OfferMade { by, to, treaty: Treaty::Peace, score };
        let no = Fact::OfferAnswered { by: to, to: by, treaty: Treaty::Peace, accepted: false, reason: String::new() };
        let repeated = |second: i64, score| {
            let (mut treaties, mut counts) = (Treaties::default(), DiplomacyCounts::default());
            treaties.count(&mut counts, at(0), &offer(0.2));
            treaties.count(&mut counts, at(6), &no);
            treaties.count(&mut counts, at(second), &offer(score));
            counts.repeated
        };
        assert_eq!((repeated(41, 0.3), repeated(42, 0.3), repeated(41, 0.35)), (1, 0, 0));
    }

    #[test]
    fn peace_ends_a_war_and_says_how_long_it_was() {
        let (mut treaties, mut counts) = (Treaties::default(), DiplomacyCounts::default());
        let (by, to) = (AllianceId(5), AllianceId(2));
        let peace = Fact::OfferAnswered { by, to, treaty: Treaty::Peace, accepted: true, reason: String::new() };
        let war = Fact::WarDeclared { by, on: to, aim: Vec::new() };
        treaties.count(&mut counts, GameTime(0) + GameSpan::days(2), &war);
        treaties.count(&mut counts, GameTime(0) + GameSpan::days(7), &peace);
        assert_eq!((counts.wars, counts.ended_by_peace), (1, 1));
        assert_eq!(treaties.war_days_median(), Some(5.0));
    }
}
