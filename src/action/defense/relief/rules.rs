//! How much relief a village needs, who sends what, and how long it stays.
//!
//! Source: `docs/behavior.md`, "Relief".

use super::super::rules::AFTER;
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{SiteState, WorldModel};
use crate::base::id::{SiteId, UnitClass};
use crate::base::ruleset::Force;
use crate::decision::planning::kernel::{DefenseProblem, Helper, Troop, solve_defense};

/// The kernel counts in whole numbers: hundredths of a point.
const HUNDREDTHS: f64 = 100.0;

/// Points of defense that a site lacks: the largest of `cover` x (attack up to a hit) - defense - (relief that is there
/// before that hit), over all hits; at least 0.
///
/// `waves` are (arrival, attack points) by arrival, `due` are (arrival, defense points) in any order. A hit at the very
/// instant at which relief arrives finds it under way.
///
/// ```
/// use bevy_alliance::action::defense::relief::rules::deficit;
/// use bevy_alliance::base::clock::GameTime;
/// let waves = [(GameTime(100), 1_000.0), (GameTime(200), 500.0)];
/// assert_eq!(deficit(700.0, &waves, &[], 1.2), 1_100.0); // 1.2 x 1,500 - 700
/// assert_eq!(deficit(700.0, &waves, &[(GameTime(150), 1_000.0)], 1.2), 500.0); // the first hit comes before it
/// assert_eq!(deficit(700.0, &waves, &[(GameTime(100), 1_000.0)], 1.2), 500.0);
/// assert_eq!(deficit(700.0, &waves, &[(GameTime(99), 1_200.0)], 1.2), 0.0);
/// ```
#[must_use]
pub fn deficit(defense: f64, waves: &[(GameTime, f64)], due: &[(GameTime, f64)], cover: f64) -> f64 {
    let (mut attack, mut lacks) = (0.0, 0.0_f64);
    for (hit, points) in waves {
        attack += points;
        let there: f64 = due.iter().filter(|(arrives, _)| arrives < hit).map(|(_, points)| points).sum();
        lacks = lacks.max(cover * attack - defense - there);
    }
    lacks
}

/// Points that a force adds to the defense of a site, with its wall.
#[must_use]
pub fn points(model: &dyn WorldModel, site: &SiteState, force: &Force) -> f64 {
    model.defense(site, force) - model.defense(site, &Force::new())
}

/// When it is judged whether relief goes home: one second after the last hit for which it stays, and not before it is there.
#[must_use]
pub fn judged_at(arrives: GameTime, until: GameTime) -> GameTime {
    arrives.max(until) + AFTER
}

/// The first instant from `wanted` on that is at least `spacing` from all `others`: sends of one site are that far apart.
///
/// ```
/// use bevy_alliance::action::defense::relief::rules::spaced;
/// use bevy_alliance::base::clock::{GameSpan, GameTime};
/// let others = vec![GameTime(1_240), GameTime(900), GameTime(2_000)];
/// assert_eq!(spaced(GameTime(1_000), others, GameSpan(250)), GameTime(1_490));
/// ```
#[must_use]
pub fn spaced(wanted: GameTime, mut others: Vec<GameTime>, spacing: GameSpan) -> GameTime {
    others.sort_unstable();
    others
        .into_iter()
        .fold(wanted, |at, other| if GameSpan((other - at).0.abs()) < spacing { other + spacing } else { at })
}

/// Units of one class that a village could send in time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Offered {
    /// Which.
    pub class: UnitClass,
    /// How many.
    pub count: u32,
    /// Defense points of one behind the wall of the site that it helps.
    pub points: f64,
    /// Upkeep of one.
    pub upkeep: i64,
}

/// What a village could send in time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Offer {
    /// From where.
    pub site: SiteId,
    /// What.
    pub troops: Vec<Offered>,
}

/// Who sends what.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Pledges {
    /// By offer: what is sent, empty for most.
    pub forces: Vec<Force>,
    /// Points of what is sent.
    pub points: f64,
    /// Points that are missing all the same, rounded up.
    pub shortfall: i64,
    /// Upkeep of what is sent.
    pub upkeep: i64,
}

/// The least upkeep that covers a deficit; where nothing covers it, all that is offered. See
/// [`solve_defense`].
///
/// ```
/// use bevy_alliance::action::defense::relief::rules::{Offer, Offered, pledge};
/// use bevy_alliance::base::{id::{SiteId, UnitClass}, ruleset::Force};
/// let spears = |count| Offered { class: UnitClass(0), count, points: 50.0, upkeep: 1 };
/// let riders = |count| Offered { class: UnitClass(1), count, points: 70.0, upkeep: 2 };
/// let offers = [
///     Offer { site: SiteId(1), troops: vec![riders(9)] },
///     Offer { site: SiteId(2), troops: vec![spears(9)] },
/// ];
/// let plan = pledge(420.0, &offers); // nine spears are 450
/// assert_eq!((plan.forces[0].is_empty(), plan.forces[1].count(UnitClass(0)), plan.upkeep), (true, 9, 9));
/// let plan = pledge(2_000.0, &offers); // all of them are 1,080
/// assert_eq!((plan.forces[0].count(UnitClass(1)), plan.shortfall), (9, 920));
/// ```
#[must_use]
pub fn pledge(deficit: f64, offers: &[Offer]) -> Pledges {
    let helpers = offers.iter().map(|offer| Helper {
        id: u64::from(offer.site.0),
        troops: offer
            .troops
            .iter()
            .map(|t| Troop { count: t.count, points: whole(t.points), upkeep: t.upkeep })
            .collect(),
    });
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let needed = (deficit * HUNDREDTHS).ceil() as i64;
    let plan = solve_defense(&DefenseProblem { deficit: needed, helpers: helpers.collect() });
    let forces: Vec<Force> = offers
        .iter()
        .zip(&plan.sent)
        .map(|(offer, sent)| offer.troops.iter().zip(sent).map(|(t, n)| (t.class, *n)).collect())
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "points of a few armies, below 2^53")]
    let points = plan.points as f64 / HUNDREDTHS;
    Pledges { forces, points, shortfall: (plan.shortfall + 99) / 100, upkeep: plan.upkeep }
}

/// Never more than it is: rounded down.
#[expect(clippy::cast_possible_truncation, reason = "points of one unit")]
fn whole(points: f64) -> i64 {
    (points.max(0.0) * HUNDREDTHS) as i64
}

/// The last hit for which relief stays where it is, once the hits that it came for are over: those due `here` within the
/// time `within`. None, and it goes home, if there is none, or if its own village, `home`, is to be hit in that time.
///
/// ```
/// use bevy_alliance::action::defense::relief::rules::stays_for;
/// use bevy_alliance::base::clock::{GameSpan, GameTime};
/// let (now, day) = (GameTime(1_000), GameSpan(500));
/// let hits = [GameTime(900), GameTime(1_200), GameTime(1_500), GameTime(1_501)];
/// assert_eq!(stays_for(now, hits, [], day), Some(GameTime(1_500)));
/// assert_eq!(stays_for(now, hits, [GameTime(1_400)], day), None);
/// assert_eq!(stays_for(now, [], [], day), None);
/// ```
#[must_use]
pub fn stays_for(
    now: GameTime,
    here: impl IntoIterator<Item = GameTime>,
    home: impl IntoIterator<Item = GameTime>,
    within: GameSpan,
) -> Option<GameTime> {
    if is_hit_soon(now, home, within) {
        return None;
    }
    here.into_iter().filter(|hit| is_soon(now, *hit, within)).max()
}

/// Whether any of the hits is due within the time `within`.
#[must_use]
pub fn is_hit_soon(now: GameTime, hits: impl IntoIterator<Item = GameTime>, within: GameSpan) -> bool {
    hits.into_iter().any(|hit| is_soon(now, hit, within))
}

fn is_soon(now: GameTime, hit: GameTime, within: GameSpan) -> bool {
    hit > now && hit - now <= within
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn offers() -> impl Strategy<Value = Vec<Offer>> {
        let troops = prop::collection::vec((0_u32..40, 1_u32..120, 1_i64..5), 0..4);
        prop::collection::vec(troops, 0..5).prop_map(|sites| {
            let offered = |(class, (count, points, upkeep)): (u16, (u32, u32, i64))| Offered {
                class: UnitClass(class),
                count,
                points: f64::from(points),
                upkeep,
            };
            let offer = |(site, troops): (u32, Vec<(u32, u32, i64)>)| Offer {
                site: SiteId(site),
                troops: (0..).zip(troops).map(offered).collect(),
            };
            (1..).zip(sites).map(offer).collect()
        })
    }

    proptest! {
        #[test]
        fn nobody_sends_more_than_it_offers_and_what_covers_covers(lacks in 0.0_f64..6_000.0, offers in offers()) {
            let plan = pledge(lacks, &offers);
            let (mut points, mut all, mut upkeep) = (0.0, 0.0, 0);
            for (offer, sent) in offers.iter().zip(&plan.forces) {
                for t in &offer.troops {
                    let n = sent.count(t.class);
                    prop_assert!(n <= t.count);
                    points += f64::from(n) * t.points;
                    all += f64::from(t.count) * t.points;
                    upkeep += i64::from(n) * t.upkeep;
                }
            }
            prop_assert_eq!(upkeep, plan.upkeep);
            prop_assert!((points - plan.points).abs() < 1e-6);
            prop_assert_eq!(plan.shortfall == 0, all >= lacks);
            let covers = points >= lacks;
            prop_assert_eq!(covers, all >= lacks);
            prop_assert!(covers || (points - all).abs() < 1e-6, "what cannot be covered gets all");
            // Upkeep is the least: without any one unit that is sent something is missing.
            let sent = offers.iter().zip(&plan.forces);
            let smallest = sent
                .flat_map(|(o, f)| o.troops.iter().filter(|t| f.count(t.class) > 0).map(|t| t.points))
                .fold(f64::INFINITY, f64::min);
            prop_assert!(all < lacks || smallest.is_infinite() || points - smallest < lacks);
        }

        #[test]
        fn relief_that_lands_before_the_first_hit_lowers_the_deficit_by_its_points(
            defense in 0.0_f64..2_000.0, relief in 0.0_f64..3_000.0,
            waves in prop::collection::vec((10_i64..100, 0.0_f64..1_000.0), 1..5), lands in 0_i64..100,
        ) {
            let mut waves: Vec<(GameTime, f64)> = waves.into_iter().map(|(t, a)| (GameTime(t), a)).collect();
            waves.sort_by_key(|w| w.0);
            let before = deficit(defense, &waves, &[], 1.2);
            let after = deficit(defense, &waves, &[(GameTime(lands), relief)], 1.2);
            prop_assert!((0.0..=before).contains(&after));
            if GameTime(lands) < waves[0].0 {
                prop_assert!((after - (before - relief).max(0.0)).abs() < 1e-6);
            }
            if GameTime(lands) >= waves[waves.len() - 1].0 {
                prop_assert!((after - before).abs() < 1e-9, "too late for every hit");
            }
        }

        #[test]
        fn relief_stays_only_for_what_is_due_soon(
            now in 0_i64..100, here in prop::collection::vec(0_i64..200, 0..4), home in prop::collection::vec(0_i64..200, 0..2),
        ) {
            let within = GameSpan(50);
            let times = |of: &[i64]| of.iter().map(|t| GameTime(*t)).collect::<Vec<_>>();
            let soon = |of: &[i64]| of.iter().copied().filter(|t| *t > now && *t <= now + 50).max();
            let stays = stays_for(GameTime(now), times(&here), times(&home), within);
            prop_assert_eq!(stays, soon(&here).filter(|_| soon(&home).is_none()).map(GameTime));
        }
    }
}
