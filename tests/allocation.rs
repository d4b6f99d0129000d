//! Plans of the allocation: legal, true to what they say, the same for the same input.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::WorldModel;
use bevy_alliance::base::contract::{AttackGroup, Manner, Rhythm, Scenario};
use bevy_alliance::base::id::SiteId;
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::decision::planning::allocation::{
    AllocationProblem, AllocationSettings, LeftOut, Plan, PlannedGroup, Source, TargetSpec, allocate,
};
use bevy_alliance::decision::planning::{Covering, Library, Pattern, in_time};
use bevy_alliance::knowledge::intel::dossier::rules::QuietHours;
use bevy_alliance::world::model::ClassicModel;
use common::plans::{self, source};
use common::{class as unit, force as troops};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const ARRIVAL: GameTime = GameTime(48 * 3_600_000);

fn model_of(rules: Ruleset) -> ClassicModel {
    let scenario =
        Scenario { seed: 1, half_width: 40, sites: vec![], players: vec![], alliances: vec![], stances: vec![] };
    ClassicModel::new(rules, &scenario)
}

fn model() -> ClassicModel {
    model_of(Ruleset::extended())
}

fn target(id: u32, at: (i16, i16), force: Force) -> TargetSpec {
    let estimate = plans::estimate(at, force.clone());
    #[expect(clippy::cast_precision_loss, reason = "a few thousand units")]
    let value = 1_000.0 + model().cost(&force) as f64;
    TargetSpec::new(SiteId(id), estimate, value, &AllocationSettings::default(), &model())
}

fn problem(pattern: &str, sources: Vec<Source>, targets: Vec<TargetSpec>) -> AllocationProblem {
    let pattern = Library::default().get(pattern).unwrap().clone();
    let (arrival, not_before) = (ARRIVAL, GameTime(0));
    AllocationProblem {
        sources,
        targets,
        guards: Vec::new(),
        elsewhere: Vec::new(),
        pattern,
        arrival,
        not_before,
        groups_max: 64,
        seed: 7,
        hit_rate: 1.0,
    }
}

fn plan_of(problem: &AllocationProblem) -> Plan {
    allocate(problem, &AllocationSettings::default(), &model())
}

/// The written orders of one target as the groups of a forecast: one for each village.
fn written(problem: &AllocationProblem, plan: &Plan, site: SiteId) -> Vec<AttackGroup> {
    let of = |s: &Source| {
        let mut force = Force::new();
        plan.groups.iter().filter(|g| g.target == site && g.site == s.site.site).for_each(|g| force.add_all(&g.force));
        (!force.is_empty()).then(|| s.group(force))
    };
    problem.sources.iter().filter_map(of).collect()
}

/// What every order of every plan keeps.
fn assert_legal(problem: &AllocationProblem, plan: &Plan, model: &ClassicModel) {
    let mut sent: BTreeMap<SiteId, Force> = BTreeMap::new();
    let mut once = BTreeSet::new();
    for g in &plan.groups {
        let source = problem.sources.iter().find(|s| s.site.site == g.site).unwrap();
        let spec = problem.targets.iter().find(|t| t.site == g.target).unwrap();
        let wave = problem.pattern.waves[usize::from(g.wave)];
        assert!(once.insert((g.site, g.target, g.wave)), "two groups of one village, target and wave");
        assert_eq!(g.member, source.site.owner);
        assert!(!g.force.is_empty());
        assert!(g.launch >= source.not_before.unwrap_or(GameTime(0)).max(problem.not_before));
        assert!(source.not_after.is_none_or(|t| g.arrival <= t));
        assert!(source.rhythm.is_awake(g.launch), "launched asleep");
        assert_eq!(g.arrival, problem.arrival + wave.offset());
        assert_eq!(Some(g.travel), model.travel_of(&source.site, spec.estimate.at, &g.force));
        assert_eq!(g.launch, g.arrival - g.travel);
        assert_eq!(g.manner, wave.manner);
        sent.entry(g.site).or_default().add_all(&g.force);
    }
    for source in &problem.sources {
        assert!(sent.get(&source.site.site).is_none_or(|f| source.available.covers(f)), "more than is there");
        let mut launches: Vec<GameTime> =
            plan.groups.iter().filter(|g| g.site == source.site.site).map(|g| g.launch).collect();
        launches.sort_unstable();
        assert!(launches.windows(2).all(|w| w[1] - w[0] >= model.send_spacing()), "sends too close: {launches:?}");
    }
    assert!(plan.groups.len() <= problem.groups_max);
}

/// What a plan says of its targets is true of the orders that it holds.
fn assert_truthful(problem: &AllocationProblem, plan: &Plan, model: &ClassicModel) {
    assert_eq!(plan.targets.len(), problem.targets.len());
    let mut value = 0.0;
    for (spec, said) in problem.targets.iter().zip(&plan.targets) {
        let groups = written(problem, plan, spec.site);
        assert_eq!(said.met, !groups.is_empty(), "orders to exactly the targets that are met");
        assert_eq!(said.met, plan.left_out.iter().all(|(site, _)| *site != spec.site));
        if said.met {
            let forecast = model.forecast(&groups, &spec.estimate, Manner::Siege);
            assert_eq!(forecast, said.forecast);
            assert!(forecast.ratio >= spec.min_ratio * 0.999 && forecast.own_loss <= spec.loss_max);
            value += spec.value;
        }
    }
    assert!((value - plan.value).abs() < 1e-6);
    assert!(plan.value <= plan.bound + 1e-6, "{} is worth more than {}", plan.value, plan.bound);
}

/// The value of the best target that all villages together meet.
fn best_single(problem: &AllocationProblem, model: &ClassicModel) -> f64 {
    let value = |t: &TargetSpec| {
        let there = |s: &Source| {
            let force = in_time(model, s, &s.available, t.estimate.at, problem.arrival, problem.not_before)?.0;
            Some(s.group(force))
        };
        let groups: Vec<AttackGroup> = problem.sources.iter().filter_map(there).collect();
        let forecast = model.forecast(&groups, &t.estimate, Manner::Siege);
        let met = !groups.is_empty() && forecast.ratio >= t.min_ratio && forecast.own_loss <= t.loss_max;
        if met && groups.len() <= problem.groups_max { t.value } else { 0.0 }
    };
    problem.targets.iter().map(value).fold(0.0, f64::max)
}

fn place() -> impl Strategy<Value = (i16, i16)> {
    // Few places, so that equal distances and with them clashing sends are common.
    (-6_i16..=6, -6_i16..=6)
}

fn army(least: u32) -> impl Strategy<Value = Force> {
    (least..400, least..200, least..40).prop_map(|(foot, horse, rams)| {
        troops(&[("imperian", foot), ("equites_imperatoris", horse), ("battering_ram", rams)])
    })
}

fn a_source(least: u32) -> impl Strategy<Value = Source> {
    let hours = |h: i64| GameTime(h * 3_600_000);
    let limits = (prop::option::weighted(0.3, 40_i64..48), prop::option::weighted(0.2, 47_i64..50));
    (0_u32..4, place(), army(least), 0_u16..1_440, 0_u16..700, limits).prop_map(
        move |(owner, at, force, sleep_start_mins, sleep_mins, (before, after))| Source {
            rhythm: Rhythm { utc_offset_mins: 0, sleep_start_mins, sleep_mins },
            not_before: before.map(hours),
            not_after: after.map(hours),
            ..source(0, owner, at, force)
        },
    )
}

fn a_problem(least: u32) -> impl Strategy<Value = AllocationProblem> {
    let guard = (0_u32..300, 0_u32..200).prop_map(|(a, b)| troops(&[("praetorian", a), ("imperian", b)]));
    let sources = prop::collection::vec(a_source(least), 0..7);
    let targets = prop::collection::vec((place(), guard), 0..5);
    let pattern = prop_oneof![Just("simultaneous"), Just("multi_wave")];
    (sources, targets, pattern, 1_usize..20, any::<u64>()).prop_map(
        |(mut sources, targets, pattern, groups_max, seed)| {
            (1..).zip(&mut sources).for_each(|(id, s)| s.site.site = SiteId(id));
            let targets = (100..).zip(targets).map(|(id, (at, force))| target(id, at, force)).collect();
            AllocationProblem { groups_max, seed, ..problem(pattern, sources, targets) }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn every_plan_is_legal_truthful_and_repeatable(problem in a_problem(0), joint in any::<bool>()) {
        let model = model_of(if joint { Ruleset::extended() } else { Ruleset::classic() });
        let settings = AllocationSettings::default();
        let plan = allocate(&problem, &settings, &model);
        assert_legal(&problem, &plan, &model);
        assert_truthful(&problem, &plan, &model);
        prop_assert_eq!(&plan, &allocate(&problem, &settings, &model));
    }

    /// Eight of a class at least, so that no class is rounded away.
    #[test]
    fn never_worse_than_all_on_the_best_target(problem in a_problem(8)) {
        let problem = AllocationProblem { pattern: Library::default().default_pattern().clone(), ..problem };
        let (plan, best) = (plan_of(&problem), best_single(&problem, &model()));
        prop_assert!(plan.value >= best - 1e-6, "{} against {best}", plan.value);
    }
}

#[test]
fn one_village_between_two_targets_keeps_its_sends_apart() {
    let horse = || troops(&[("equites_imperatoris", 800)]);
    let guard = || troops(&[("praetorian", 40)]);
    // Both targets lie five fields away, so both sends would leave at the same instant.
    let alone = problem(
        "simultaneous",
        vec![source(1, 1, (0, 0), horse())],
        vec![target(8, (3, 4), guard()), target(9, (-5, 0), guard())],
    );
    let plan = plan_of(&alone);
    assert_legal(&alone, &plan, &model());
    assert_truthful(&alone, &plan, &model());
    assert_eq!(plan.targets.iter().filter(|t| t.met).count(), 1);
    // With a second village both can be met.
    let mut both = alone;
    both.sources.push(source(2, 2, (1, 0), horse()));
    let plan = plan_of(&both);
    assert_legal(&both, &plan, &model());
    assert_eq!(plan.targets.iter().filter(|t| t.met).count(), 2);
}

#[test]
fn a_target_too_strong_is_left_out_by_that_name() {
    let sources = vec![source(1, 1, (0, 0), troops(&[("imperian", 50)]))];
    let strong = target(9, (5, 0), troops(&[("praetorian", 5_000)]));
    let plan = plan_of(&problem("simultaneous", sources, vec![strong]));
    assert_eq!(plan.left_out, [(SiteId(9), LeftOut::TooStrong)]);
    assert!(plan.groups.is_empty() && plan.value.abs() < 1e-9 && plan.bound.abs() < 1e-9);
}

/// One strong village and one weak target five fields away.
fn easy() -> AllocationProblem {
    let sources = vec![source(1, 1, (0, 0), troops(&[("imperian", 400)]))];
    problem("simultaneous", sources, vec![target(9, (5, 0), troops(&[("praetorian", 20)]))])
}

fn left_out(problem: &AllocationProblem) -> Vec<LeftOut> {
    plan_of(problem).left_out.into_iter().map(|(_, why)| why).collect()
}

#[test]
fn hard_limits_are_kept() {
    let mut at = easy();
    let launch = plan_of(&at).groups[0].launch;
    at.sources[0].not_before = Some(launch);
    at.sources[0].not_after = Some(ARRIVAL);
    assert_eq!(left_out(&at), []);
    at.sources[0].not_before = Some(launch + GameSpan(1));
    assert_eq!(left_out(&at), [LeftOut::NoForceInTime]);
    at.sources[0].not_before = None;
    at.sources[0].not_after = Some(ARRIVAL - GameSpan(1));
    assert_eq!(left_out(&at), [LeftOut::NoForceInTime]);
    let late = AllocationProblem { not_before: launch + GameSpan(1), ..easy() };
    assert_eq!(left_out(&late), [LeftOut::NoForceInTime]);
    let none = AllocationProblem { groups_max: 0, ..easy() };
    assert!(plan_of(&none).groups.is_empty());
}

#[test]
fn a_sleeping_member_launches_nothing() {
    let mut at = easy();
    let launch = plan_of(&at).groups[0].launch;
    let minute = u16::try_from(launch.0.rem_euclid(86_400_000) / 60_000).unwrap();
    at.sources[0].rhythm = Rhythm { utc_offset_mins: 0, sleep_start_mins: minute, sleep_mins: 2 };
    assert_eq!(left_out(&at), [LeftOut::NoForceInTime]);
    // Faster troops of the same village leave after it has woken.
    at.sources[0].available.add_all(&troops(&[("equites_imperatoris", 200)]));
    let plan = plan_of(&at);
    assert_legal(&at, &plan, &model());
    assert!(plan.targets[0].met && plan.groups.iter().all(|g| g.force.count(unit("imperian")) == 0));
}

#[test]
fn waves_arrive_at_their_offsets() {
    let army = troops(&[("imperian", 400), ("battering_ram", 40)]);
    let sources = vec![source(1, 1, (0, 0), army.clone()), source(2, 2, (1, 2), army)];
    let at = problem("multi_wave", sources, vec![target(9, (5, 0), troops(&[("praetorian", 100)]))]);
    let plan = plan_of(&at);
    assert_legal(&at, &plan, &model());
    let waves: BTreeSet<(u8, GameSpan)> = plan.groups.iter().map(|g| (g.wave, g.arrival - ARRIVAL)).collect();
    assert_eq!(waves, BTreeSet::from([(0, GameSpan(0)), (1, GameSpan(500))]));
    let rams = |g: &PlannedGroup| g.force.count(unit("battering_ram")) > 0;
    assert!(plan.groups.iter().all(|g| rams(g) == (g.wave == 1)));
}

#[test]
fn nobody_marches_in_two_waves() {
    let text = r#"{"name": "twice", "waves": [
        {"role": "cleaner", "offset_millis": 0, "units": "all", "manner": "siege"},
        {"role": "main", "offset_millis": 5000, "units": "all", "manner": "siege"}]}"#;
    let at = AllocationProblem { pattern: Pattern::from_json(text).unwrap(), ..easy() };
    let plan = plan_of(&at);
    assert!(plan.targets[0].met);
    assert_legal(&at, &plan, &model());
}

#[test]
fn several_members_share_a_target() {
    let sources = (1_u8..=6).map(|i| source(i.into(), i.into(), (i.into(), 0), troops(&[("imperian", 300)]))).collect();
    let at = problem("simultaneous", sources, vec![target(9, (10, 3), troops(&[("praetorian", 150)]))]);
    let plan = plan_of(&at);
    assert_truthful(&at, &plan, &model());
    assert!(plan.participants() >= 4, "{} take part", plan.participants());
}

/// A hammer with chiefs 30 fields away, and what it holds beside them.
fn with_chiefs(id: u32, owner: u32, chiefs: u32, available: &[(&str, u32)]) -> Source {
    Source {
        chiefs: troops(&[("senator", chiefs)]),
        ..source(id, owner, (30, i16::try_from(id).unwrap()), troops(available))
    }
}

fn train_problem(sources: Vec<Source>, residence: u8) -> AllocationProblem {
    let mut target = target(100, (0, 0), troops(&[("praetorian", 200)]));
    target.estimate.residence = residence;
    AllocationProblem {
        sources,
        targets: vec![target],
        guards: Vec::new(),
        elsewhere: Vec::new(),
        pattern: Library::default().get("conquest_train").unwrap().clone(),
        arrival: ARRIVAL,
        not_before: GameTime(0),
        groups_max: 60,
        seed: 1,
        hit_rate: 1.0,
    }
}

const HAMMER: [(&str, u32); 3] = [("imperian", 900), ("battering_ram", 40), ("fire_catapult", 60)];

#[test]
fn a_train_brings_a_cleaner_engines_and_chiefs_one_by_one() {
    let model = model();
    let sources = vec![with_chiefs(1, 1, 4, &HAMMER), with_chiefs(2, 2, 1, &[("imperian", 400)])];
    let problem = train_problem(sources, 10);
    let plan = allocate(&problem, &AllocationSettings::default(), &model);
    assert_eq!(plan.left_out, []);
    let of_wave = |wave: u8| plan.groups.iter().filter(|g| g.wave == wave).collect::<Vec<_>>();
    assert!(of_wave(0).iter().all(|g| g.force.count(unit("fire_catapult")) == 0 && g.aims == [None; 2]));
    assert!(
        of_wave(0).iter().any(|g| g.force.count(unit("battering_ram")) > 0),
        "rams break the wall before the fight"
    );
    let engines = of_wave(1);
    assert!(!engines.is_empty());
    for group in engines {
        assert_eq!(group.force.total(), u64::from(group.force.count(unit("fire_catapult"))));
        assert_eq!(group.aims, [model.seat_aim(), None]);
        assert_eq!(group.arrival, ARRIVAL + GameSpan::millis(500));
    }
    for (n, wave) in (2..7_u8).enumerate() {
        let [group] = of_wave(wave)[..] else { panic!("wave {wave} has one chief") };
        assert_eq!(group.force.count(unit("senator")), 1);
        assert!(model.attack(&group.force) >= 900.0, "{:?} is no escort", group.force);
        assert_eq!(group.arrival, ARRIVAL + GameSpan::millis(1_000 + 250 * i64::try_from(n).unwrap()));
        assert_eq!(group.launch + group.travel, group.arrival);
    }
    let mut sent: BTreeMap<SiteId, Force> = BTreeMap::new();
    plan.groups.iter().for_each(|g| sent.entry(g.site).or_default().add_all(&g.force));
    for source in &problem.sources {
        let mut there = source.available.clone();
        there.add_all(&source.chiefs);
        assert!(there.covers(sent.get(&source.site.site).unwrap_or(&Force::new())), "nobody marches twice");
    }
    let mut launches: Vec<_> = plan.groups.iter().map(|g| (g.site, g.launch)).collect();
    launches.sort_unstable();
    assert!(launches.windows(2).all(|w| w[0].0 != w[1].0 || w[1].1 - w[0].1 >= GameSpan::millis(250)));
}

#[test]
fn a_train_that_cannot_take_the_site_is_left_out_with_its_reason() {
    let reason = |problem: &AllocationProblem| {
        let plan = allocate(problem, &AllocationSettings::default(), &model());
        assert_eq!(plan.groups, [], "nothing is sent for nothing");
        plan.left_out[0].1
    };
    assert_eq!(reason(&train_problem(vec![with_chiefs(1, 1, 3, &HAMMER)], 10)), LeftOut::TooFewChiefs);
    // Chiefs travel 7.5 hours; the arrival is an hour away.
    let late = AllocationProblem {
        not_before: ARRIVAL - GameSpan::hours(6),
        ..train_problem(vec![with_chiefs(1, 1, 5, &HAMMER)], 0)
    };
    assert_eq!(reason(&late), LeftOut::TooFewChiefs);
    let few_engines = [("imperian", 900), ("battering_ram", 40), ("fire_catapult", 10)];
    assert_eq!(reason(&train_problem(vec![with_chiefs(1, 1, 5, &few_engines)], 15)), LeftOut::SeatStands);
    let weak = [("imperian", 60), ("fire_catapult", 60)];
    assert_eq!(reason(&train_problem(vec![with_chiefs(1, 1, 1, &weak)], 0)), LeftOut::TooStrong);
}

/// When an arrival at 12 h, by villages 7 fields away that could also send later, comes instead, in hours and minutes.
fn quiet_arrival(sources: &[Source], quiet: &[QuietHours], within: GameSpan) -> (i64, i64) {
    let targets = [target(9, (0, 7), troops(&[("phalanx", 100)]))];
    let leave = GameTime(0) + GameSpan::hours(8);
    let at = GameTime(0) + GameSpan::hours(12);
    let model = model();
    let covering = Covering::of(&model, sources, &targets, leave).unwrap();
    assert_eq!(covering.earliest(at, at), Some(at));
    let arrival = covering.into_quiet_hours(at, at + within, quiet);
    let mins = arrival.0 / 60_000;
    (mins / 60, mins % 60)
}

fn two_hammers() -> Vec<Source> {
    let army = || troops(&[("axeman", 400)]);
    vec![source(1, 1, (0, 0), army()), source(2, 2, (1, 0), army())]
}

#[test]
fn an_arrival_waits_until_the_owner_has_slept_for_six_hours() {
    let night = QuietHours { from_hour: 22, hours: 8 };
    assert_eq!(quiet_arrival(&two_hammers(), &[night], GameSpan::hours(24)), (27, 30));
    // As far as it may be put off: an hour of sleep is less than a delay must gain, two are enough.
    assert_eq!(quiet_arrival(&two_hammers(), &[night], GameSpan::hours(11)), (12, 0));
    assert_eq!(quiet_arrival(&two_hammers(), &[night], GameSpan::hours(12)), (23, 30));
    assert_eq!(quiet_arrival(&two_hammers(), &[], GameSpan::hours(24)), (12, 0));
    // Who sleeps now is hit now.
    let noon = QuietHours { from_hour: 6, hours: 7 };
    assert_eq!(quiet_arrival(&two_hammers(), &[noon], GameSpan::hours(24)), (12, 0));
}

#[test]
fn of_two_owners_the_sleep_of_both_counts() {
    let (early, late) = (QuietHours { from_hour: 18, hours: 7 }, QuietHours { from_hour: 20, hours: 7 });
    // One sleeps from 18 to 1 h, the other from 20 to 3 h: half an hour after midnight it is six and five hours.
    assert_eq!(quiet_arrival(&two_hammers(), &[early, late], GameSpan::hours(24)), (24, 30));
}

#[test]
fn an_arrival_is_not_put_off_to_where_the_senders_sleep() {
    // They launch from 2 h to 12 h only, and have an hour to go.
    let mut sleepers = two_hammers();
    for s in &mut sleepers {
        s.rhythm = Rhythm { sleep_start_mins: 720, sleep_mins: 840, ..Rhythm::default() };
    }
    let night = QuietHours { from_hour: 14, hours: 8 };
    assert_eq!(quiet_arrival(&two_hammers(), &[night], GameSpan::hours(24)), (19, 30));
    assert_eq!(quiet_arrival(&sleepers, &[night], GameSpan::hours(24)), (12, 0));
}
