use super::*;
use crate::base::id::{OrderId, ProposalId, UnitClass};
use crate::decision::fair_play::AttackId;

const A: Knower = Knower::Alliance(AllianceId(1));
const B: Knower = Knower::Alliance(AllianceId(2));

fn hour(n: i64) -> GameTime {
    GameTime(0) + GameSpan::hours(n)
}

fn case(by: Knower, at: i64) -> Case {
    Case { by, first: hour(at), last: hour(at), takes: false }
}

fn hit(by: Knower, at: i64) -> HitRecord {
    let Knower::Alliance(alliance) = by else { panic!("an alliance") };
    HitRecord {
        attack: AttackId::Operation(ProposalId { alliance, n: u32::try_from(at).unwrap_or(0) }),
        by,
        first: hour(at),
        last: hour(at),
        takes: false,
        sites: vec![SiteId(1)],
        landed: false,
    }
}

fn hit_by(hits: &[HitRecord]) -> VictimRecord {
    VictimRecord { hits: hits.to_vec(), ..VictimRecord::default() }
}

/// The rule that is broken, and when it is none any more, in hours.
fn told(record: &VictimRecord, case: &Case, scope: Scope) -> Option<(FairRule, Option<f64>)> {
    let foul = foul(record, None, case, scope, &FairPlaySettings::default(), hour(0))?;
    Some((foul.rule, foul.retry_after.map(|at| (at - hour(0)).as_hours())))
}

fn at(hours: i64) -> Option<f64> {
    Some(GameSpan::hours(hours).as_hours())
}

#[test]
fn who_was_never_attacked_may_be() {
    assert_eq!(told(&VictimRecord::default(), &case(A, 1), Scope::All), None);
}

#[test]
fn nobody_comes_within_two_days_of_another() {
    let record = hit_by(&[hit(A, 100)]);
    for (when, foul) in [(52, false), (53, true), (100, true), (147, true), (148, false)] {
        let expected = foul.then_some((FairRule::OneOperation, at(148)));
        assert_eq!(told(&record, &case(B, when), Scope::All), expected, "{when}");
    }
    // A blow that lasts is there from its first to its last arrival.
    let long = Case { by: B, first: hour(20), last: hour(60), takes: false };
    assert!(told(&record, &long, Scope::All).is_some());
}

#[test]
fn what_others_plan_is_known_to_the_referee_alone() {
    let record = hit_by(&[hit(A, 100)]);
    assert_eq!(told(&record, &case(B, 100), Scope::Known), None);
    assert!(told(&record, &case(A, 100), Scope::Known).is_some());
    let told_off = VictimRecord { told: [(AllianceId(2), hour(148))].into(), ..record };
    assert_eq!(told(&told_off, &case(B, 100), Scope::Known), Some((FairRule::OneOperation, at(148))));
}

#[test]
fn an_alliance_comes_twice_a_week_unless_it_takes() {
    let mut record = hit_by(&[hit(A, 0), hit(A, 60)]);
    assert_eq!(told(&record, &case(A, 120), Scope::All), Some((FairRule::NoFarming, at(168))));
    assert_eq!(told(&record, &case(B, 120), Scope::All), None, "another one may");
    assert_eq!(told(&record, &case(A, 168), Scope::All), None, "the first is a week ago");
    assert_eq!(told(&record, &Case { takes: true, ..case(A, 120) }, Scope::All), None);
    record.hits[0].takes = true;
    assert_eq!(told(&record, &case(A, 120), Scope::All), None, "a conquest is no farming");
}

#[test]
fn villages_are_lost_twice_a_week_at_most() {
    let mut record = VictimRecord { lost: vec![hour(0), hour(50)], ..VictimRecord::default() };
    assert_eq!(told(&record, &case(A, 100), Scope::Known), Some((FairRule::VillagesLost, at(168))));
    assert_eq!(told(&record, &case(A, 168), Scope::All), None);
    record.lost = vec![hour(0)];
    record.hits = vec![HitRecord { takes: true, ..hit(A, 40) }];
    let takes = Case { takes: true, ..case(B, 100) };
    assert_eq!(told(&record, &takes, Scope::All).map(|t| t.0), Some(FairRule::VillagesLost));
    assert_eq!(told(&record, &case(B, 100), Scope::All), None, "what only breaks takes none");
    assert_eq!(told(&record, &takes, Scope::Known), None, "what another one plans is not known");
    record.hits[0].landed = true;
    assert_eq!(told(&record, &takes, Scope::All), None, "it has failed");
}

#[test]
fn the_protected_are_left_in_peace_until_then() {
    let settings = FairPlaySettings::default();
    let judge = |when| foul(&VictimRecord::default(), Some(hour(72)), &case(A, when), Scope::Known, &settings, hour(0));
    assert_eq!(judge(71).map(|f| (f.rule, f.retry_after)), Some((FairRule::Protected, Some(hour(72)))));
    assert_eq!(judge(72), None);
}

#[test]
fn nothing_is_foul_where_it_is_off() {
    let settings = FairPlaySettings::off();
    let mut record = hit_by(&[hit(A, 10), hit(B, 10), hit(A, 11), hit(A, 12)]);
    record.lost = vec![hour(1); 9];
    record.told.insert(AllianceId(1), hour(500));
    for scope in [Scope::All, Scope::Known] {
        assert_eq!(foul(&record, None, &case(A, 12), scope, &settings, hour(12)), None);
    }
    assert_eq!(too_strong(i64::MAX, 0.1, &settings), None);
    assert_eq!(too_strong(1, 0.0, &settings), None);
}

#[test]
fn half_as_much_again_is_sent_at_most() {
    let settings = FairPlaySettings::default();
    assert_eq!(too_strong(1_500, 1_000.0, &settings), None);
    let foul = too_strong(1_501, 1_000.0, &settings).expect("too many");
    assert_eq!((foul.rule, foul.retry_after), (FairRule::ForceLimit, None));
    assert_eq!(foul.value, "1501 goods of troops");
}

#[test]
fn what_is_over_is_kept_as_it_was_or_not_at_all() {
    let (first, second) = (hit(A, 100), hit(B, 300));
    let mut record = hit_by(&[first.clone(), second.clone()]);
    record.conclude(first.attack, |sites| (sites == [SiteId(1)]).then_some((hour(99), hour(101))));
    record.conclude(second.attack, |_| None);
    assert_eq!(record.hits, [HitRecord { first: hour(99), last: hour(101), landed: true, ..first }]);
    record.forget(hour(101) + GameSpan::days(7), GameSpan::days(7));
    assert_eq!(record, VictimRecord::default());
    assert!(!record.expects(ProposalId { alliance: AllianceId(1), n: 100 }));
    let raid = AttackId::Raid(OrderId::Defense { site: SiteId(1), n: 1 });
    assert!(!hit_by(&[HitRecord { attack: raid, ..hit(A, 1) }]).expects(ProposalId { alliance: AllianceId(1), n: 1 }));
}

fn mistakes(difficulty: f64) -> Mistakes {
    let (alliance, enemy) = (AllianceId(1), AllianceId(2));
    Mistakes { share: Mistakes::share_at(difficulty), settings: MistakeSettings::default(), seed: 7, alliance, enemy }
}

#[test]
fn who_plays_worse_makes_the_same_mistakes_and_more() {
    let count = |difficulty: f64, wrong: fn(&Mistakes, GameTime) -> bool| -> Vec<i64> {
        (0..1_000).filter(|n| wrong(&mistakes(difficulty), hour(24 * *n))).collect()
    };
    let kinds: [(fn(&Mistakes, GameTime) -> bool, f64); 3] = [
        (|m, at| m.hesitates(at), 0.85),
        (|m, at| m.mistakes_priority(at), 0.6),
        (|m, at| m.stays_away(u64::try_from(at.0).unwrap_or(0)), 0.5),
    ];
    for (wrong, most) in kinds {
        let (worst, half, best) = (count(0.0, wrong), count(0.75, wrong), count(1.0, wrong));
        assert!(best.is_empty() && half.iter().all(|n| worst.contains(n)));
        let share = f64::from(u32::try_from(worst.len()).unwrap_or(0)) / 1_000.0;
        assert!((share - most).abs() < 0.06, "{share}, not {most}");
        assert!(half.len() * 3 > worst.len() && half.len() * 3 < worst.len() * 2, "{} of {}", half.len(), worst.len());
    }
    let delays = |difficulty| (0..100).map(move |n| mistakes(difficulty).delay(hour(n)));
    assert!(delays(0.0).zip(delays(0.75)).all(|(long, short)| (GameSpan(long.0 / 2) - short).0.abs() <= 1));
    assert!(delays(0.0).all(|long| long < GameSpan::hours(12)) && delays(0.0).any(|long| long > GameSpan::hours(9)));
}

#[test]
fn who_misjudges_is_wrong_both_ways_until_it_looks_again() {
    let seen = Force::of(UnitClass(3), 1_000);
    let judged = |site: u32, hours: i64| mistakes(0.0).misjudged(SiteId(site), hour(hours), &seen).total();
    let all: Vec<u64> = (0..100).map(|site| judged(site, 5)).collect();
    assert!(all.iter().all(|n| (500..=1_500).contains(n)));
    assert!(all.iter().any(|n| *n < 700) && all.iter().any(|n| *n > 1_300));
    assert_eq!(judged(1, 5), judged(1, 5));
    assert_ne!(judged(1, 5), judged(1, 6));
}

#[test]
fn a_handicap_follows_how_a_person_fares() {
    let settings = HandicapSettings::default();
    let fared = |lost, killed, villages| Fared { lost, killed, villages };
    let cases = [
        (0.0, fared(0, 0, 1), Some((0.1, HandicapReason::VillagesLost))),
        (0.6, fared(0, 0, 1), None),
        (0.2, fared(50_000, 10_000, 0), Some((0.3, HandicapReason::ArmiesLost))),
        (0.2, fared(9_000, 0, 0), Some((0.15, HandicapReason::Calm))),
        (0.2, fared(50_000, 45_000, 0), None),
        (0.2, fared(10_000, 50_000, 0), Some((0.1, HandicapReason::ArmiesWon))),
        (0.0, fared(10_000, 50_000, 0), None),
        (0.0, fared(0, 0, 0), None),
    ];
    for (eased, fared, expected) in cases {
        let found = review(eased, &fared, &settings);
        assert_eq!(found.map(|f| f.1), expected.map(|e| e.1), "{eased}, {fared:?}");
        let near =
            |(found, expected): ((f64, HandicapReason), (f64, HandicapReason))| (found.0 - expected.0).abs() < 1e-9;
        assert!(found.zip(expected).is_none_or(near), "{found:?}, not {expected:?}");
    }
}

#[test]
fn difficulty_is_what_is_set_less_what_is_eased() {
    let mut settings = FairPlaySettings { difficulty: 0.5, ..FairPlaySettings::default() };
    assert!((difficulty(0.2, &settings) - 0.5).abs() < 1e-12, "nothing is eased where that is off");
    settings.handicap.adaptive = true;
    assert!((difficulty(0.2, &settings) - 0.3).abs() < 1e-12);
    assert!(difficulty(0.6, &settings).abs() < 1e-12);
}
