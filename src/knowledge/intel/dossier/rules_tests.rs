use super::*;
use crate::base::rng::{Purpose, Stream};
use proptest::prelude::*;

/// Acts of somebody who sleeps from an hour on for so many hours, else acts at any hour alike.
fn rhythm(seed: u64, acts: u32, from_hour: u8, asleep: u8) -> [u16; HOURS] {
    let mut stream = Stream::new(seed, u64::from(acts), Purpose::EXAMPLE, u64::from(asleep));
    let mut bins = [0; HOURS];
    for _ in 0..acts {
        let awake = stream.below(u64::from(24 - asleep));
        let hour = usize::try_from(awake).unwrap() + usize::from(from_hour) + usize::from(asleep);
        bins[hour % HOURS] += 1;
    }
    bins
}

fn acts_in(acts: &[u16; HOURS], quiet: QuietHours) -> u32 {
    (0..24_u8).filter(|h| quiet.contains(*h)).map(|h| u32::from(acts[usize::from(h)])).sum()
}

#[test]
fn who_never_sleeps_is_rarely_taken_for_a_sleeper() {
    const TRIALS: u64 = 4_000;
    for (acts, at_most) in
        [(12, 0.01), (18, 0.04), (24, 0.04), (36, 0.04), (40, 0.04), (60, 0.01), (80, 0.002), (200, 0.0)]
    {
        let wrong = (0..TRIALS).filter(|seed| quiet_hours(&rhythm(*seed, acts, 0, 0)).is_some()).count();
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let rate = wrong as f64 / TRIALS as f64;
        assert!(rate <= at_most, "{acts} acts: {rate}");
    }
}

#[test]
fn a_few_acts_say_nothing() {
    for seed in 0..500 {
        assert_eq!(quiet_hours(&rhythm(seed, 6, 3, 8)), None);
    }
}

#[test]
fn the_longest_run_goes_past_midnight_and_the_earliest_of_equals_counts() {
    let mut acts = [6_u16; HOURS];
    for hour in [21, 22, 23, 0, 1, 8, 9, 10, 11, 12] {
        acts[hour] = 0;
    }
    assert_eq!(quiet_hours(&acts), Some(QuietHours { from_hour: 8, hours: 5 }));
    acts[2] = 0;
    let longest = QuietHours { from_hour: 21, hours: 6 };
    assert_eq!(quiet_hours(&acts), Some(longest));
    assert_eq!((0..24).filter(|h| longest.contains(*h)).collect::<Vec<u8>>(), [0, 1, 2, 21, 22, 23]);
}

fn inputs() -> impl Strategy<Value = ThreatInputs> {
    let stance =
        prop::sample::select(vec![Stance::War, Stance::Neutral, Stance::Truce, Stance::Pact, Stance::Confederacy]);
    let points = || prop::option::of(0.0..1e6_f64);
    (points(), points(), prop::option::of(0.0..200.0_f64), prop::option::of(stance), any::<bool>()).prop_flat_map(
        |(offense, defense, hours, stance, marches)| {
            (prop::option::of(0.0..1.0_f64), prop::option::of(-1.0..1.0_f64)).prop_map(move |(grievance, growth)| {
                ThreatInputs { offense, defense, hours, stance, grievance, marches, growth }
            })
        },
    )
}

fn parts(threat: &Threat) -> [Option<f64>; 5] {
    [threat.force, threat.distance, threat.intent, threat.trend, threat.total]
}

/// Nothing of `more` is below what it is in `less`, and the same is known.
fn at_least(more: &Threat, less: &Threat) -> bool {
    parts(more).iter().zip(parts(less)).all(|(m, l)| match (m, l) {
        (Some(m), Some(l)) => *m >= l - 1e-12,
        (m, l) => m.is_none() && l.is_none(),
    })
}

proptest! {
    #[test]
    fn who_sleeps_eight_hours_is_found(seed in any::<u64>(), acts in 20_u32..400, from_hour in 0_u8..24) {
        let bins = rhythm(seed, acts, from_hour, 8);
        let quiet = quiet_hours(&bins).unwrap();
        let asleep = (0..8).filter(|h| quiet.contains((from_hour + h) % 24)).count();
        prop_assert!(quiet.hours >= 8 && asleep >= 6, "{bins:?} {quiet:?}");
    }

    #[test]
    fn quiet_hours_are_what_they_say(bins in prop::array::uniform24(0_u16..12)) {
        if let Some(quiet) = quiet_hours(&bins) {
            let total: u32 = bins.iter().map(|n| u32::from(*n)).sum();
            let even = f64::from(total) * f64::from(quiet.hours) / 24.0;
            prop_assert!(quiet.hours >= 4 && even >= QUIET_EVEN_MIN);
            prop_assert!(f64::from(acts_in(&bins, quiet)) <= QUIET_SHARE * even);
        }
    }

    #[test]
    fn a_threat_is_within_bounds_and_grows_with_what_makes_it(base in inputs(), step in 0.0..1.0_f64) {
        let now = threat(&base);
        for part in parts(&now).into_iter().flatten() {
            prop_assert!((0.0..=1.0).contains(&part), "{now:?}");
        }
        let worse = [
            ThreatInputs { offense: base.offense.map(|a| a + 1e5 * step), ..base },
            ThreatInputs { defense: base.defense.map(|d| d * (1.0 - step)), ..base },
            ThreatInputs { hours: base.hours.map(|h| h * (1.0 - step)), ..base },
            ThreatInputs { stance: base.stance.map(|_| Stance::War), ..base },
            ThreatInputs { grievance: base.grievance.map(|g| g + (1.0 - g) * step), ..base },
            ThreatInputs { marches: base.marches || base.stance.is_some(), ..base },
            ThreatInputs { growth: base.growth.map(|g| g + step), ..base },
        ];
        for worse in worse {
            prop_assert!(at_least(&threat(&worse), &now), "{worse:?}");
        }
    }

    #[test]
    fn a_trend_lies_between_what_was_seen(
        seen in prop::collection::vec((0_i64..40, 8_i64..200, 0_i64..90_000, 0_i64..90_000), 1..12),
    ) {
        let (mut trend, mut low, mut high) = (Trend::default(), f64::MAX, f64::MIN);
        for (from, hours, before, after) in seen {
            let at = GameTime(0) + GameSpan::hours(from);
            let (before, after) =
                (TroopsSeen { at, goods: before }, TroopsSeen { at: at + GameSpan::hours(hours), goods: after });
            let one = growth(before, after).unwrap();
            (low, high) = (low.min(one), high.max(one));
            trend = follow_trend(&trend, before, after);
            prop_assert!(trend.growth >= low - 1e-9 && trend.growth <= high + 1e-9 && trend.weight > 0.0);
        }
    }

    #[test]
    fn the_weakest_has_the_least_defense_of_what_is_equally_certain(
        defenses in prop::collection::vec(0.0..1e6_f64, 1..20), confidence in 0.01..1.0_f64,
    ) {
        let sites = || defenses.iter().zip(0..).map(|(defense, id)| (SiteId(id), *defense, confidence));
        let found = weakest(sites()).unwrap();
        let least = defenses.iter().copied().fold(f64::MAX, f64::min);
        prop_assert!(defenses[usize::try_from(found.0).unwrap()] <= least);
        // Making it less certain never makes it the weakest.
        let doubted = sites().map(|(s, d, c)| if s == found { (s, d, c) } else { (s, d + 1.0, c * 0.5) });
        prop_assert_eq!(weakest(doubted), Some(found));
    }
}
