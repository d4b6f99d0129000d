//! Attack patterns: what their plans say, and that they do in battles what they are for.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy::ecs::system::RunSystemOnce;
use bevy_alliance::action::operations::Operation;
use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{Fact, Manner, PlayerKind, Rank, Rhythm, Scenario, Stance, WorldModel};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::id::{AllianceId, Knower, PlayerId, SiteId};
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::decision::council::{Situation, circumstances, elsewhere};
use bevy_alliance::decision::planning::allocation::{
    AllocationProblem, AllocationSettings, Elsewhere, Errand, LeftOut, Plan, PlannedGroup, Source, TargetSpec, allocate,
};
use bevy_alliance::decision::planning::{Library, Pattern, PlanningSettings, WaveRole, WaveSite, believed};
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::knowledge::intel::View;
use bevy_alliance::world::audit::Audit;
use bevy_alliance::world::model::ClassicModel;
use common::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const IMPERIAN: &str = "imperian";
const PRAETORIAN: &str = "praetorian";
const CATAPULT: &str = "fire_catapult";
const ARRIVAL: GameTime = GameTime(48 * 3_600_000);
const TARGET: SiteId = SiteId(100);
const HOUR: GameSpan = GameSpan::hours(1);

// Plans.

fn model() -> ClassicModel {
    let scenario =
        Scenario { seed: 1, half_width: 60, sites: vec![], players: vec![], alliances: vec![], stances: vec![] };
    ClassicModel::new(Ruleset::extended(), &scenario)
}

fn source(id: u32, owner: u32, at: (i16, i16), units: &[(&str, u32)]) -> Source {
    plans::source(id, owner, at, force(units))
}

fn target(units: &[(&str, u32)]) -> TargetSpec {
    let estimate = plans::estimate((0, 0), force(units));
    TargetSpec::new(TARGET, estimate, 100_000.0, &AllocationSettings::default(), &model())
}

/// Six hammers about 20 fields from the target, two villages with defensive troops nearer, and four sites of each kind
/// around the target.
fn problem(pattern: &str) -> AllocationProblem {
    let hammers = (1..=6_u32).map(|n| {
        let y = i16::try_from(n).unwrap() * 2 - 7;
        source(n, n, (20, y), &[(IMPERIAN, 400), (LEGIONNAIRE, 100), (CATAPULT, 40)])
    });
    let guards = (11..=12_u32).map(|n| source(n, n, (10, i16::try_from(n).unwrap()), &[(PRAETORIAN, 150)]));
    let place = |kind, n: i16| Elsewhere {
        site: SiteId(if kind == WaveSite::Decoys { 200 } else { 300 } + u32::from(n.unsigned_abs())),
        at: Tile::new(-n, if kind == WaveSite::Decoys { 4 } else { -9 }),
        of: TARGET,
        kind,
    };
    let decoys = (1..=4).map(|n| place(WaveSite::Decoys, n));
    AllocationProblem {
        sources: hammers.collect(),
        targets: vec![target(&[(PRAETORIAN, 300)])],
        guards: guards.collect(),
        elsewhere: decoys.chain((1..=4).map(|n| place(WaveSite::Neighbours, n))).collect(),
        pattern: Library::default().get(pattern).unwrap().clone(),
        arrival: ARRIVAL,
        not_before: GameTime(0),
        groups_max: 60,
        seed: 1,
        hit_rate: 1.0,
    }
}

fn plan_of(problem: &AllocationProblem) -> Plan {
    allocate(problem, &AllocationSettings::default(), &model())
}

fn beside(plan: &Plan) -> Vec<&PlannedGroup> {
    plan.groups.iter().filter(|g| !g.errand.strikes()).collect()
}

/// The blow of a plan, whatever its waves are numbered.
fn blow(plan: &Plan) -> Vec<PlannedGroup> {
    let strikes = plan.groups.iter().filter(|g| g.errand.strikes());
    strikes.map(|g| PlannedGroup { wave: 0, ..g.clone() }).collect()
}

#[test]
fn an_anvil_stands_before_the_target_and_costs_the_blow_nothing() {
    let plan = plan_of(&problem("hammer_and_anvil"));
    assert_eq!(blow(&plan), blow(&plan_of(&problem("simultaneous"))));
    let anvil = beside(&plan);
    // Half of what 300 praetorians cost: 150, all of which the nearer village has.
    assert_eq!(anvil.len(), 1);
    let group = anvil[0];
    assert_eq!((group.site, group.target), (SiteId(11), TARGET));
    assert_eq!(group.force, force(&[(PRAETORIAN, 150)]));
    assert_eq!((group.manner, group.arrival), (Manner::Blockade, ARRIVAL - GameSpan::mins(5)));
    assert_eq!(group.errand, Errand::Stay { until: ARRIVAL + GameSpan::mins(5) });
}

#[test]
fn without_an_anvil_the_pattern_is_left_to_others() {
    let mut at = problem("hammer_and_anvil");
    at.guards = vec![source(11, 11, (10, 0), &[(PRAETORIAN, 60)])];
    let plan = plan_of(&at);
    assert_eq!((plan.left_out, plan.groups.len()), (vec![(TARGET, LeftOut::NobodyBeside)], 0));
    at.guards[0].available = force(&[(PRAETORIAN, 75)]);
    assert_eq!(plan_of(&at).left_out, [], "half of what is asked is enough");
}

#[test]
fn fakes_move_as_the_blow_does() {
    let (at, model) = (problem("fake_and_real"), model());
    let plan = plan_of(&at);
    let fakes = beside(&plan);
    let sites: BTreeMap<u32, BTreeSet<PlayerId>> = fakes.iter().fold(BTreeMap::new(), |mut sites, g| {
        assert!(sites.entry(g.target.0).or_default().insert(g.member), "two of one village look like no joint attack");
        sites
    });
    assert_eq!(sites.iter().map(|(site, of)| (*site, of.len())).collect::<Vec<_>>(), [(201, 3), (202, 3), (203, 3)]);
    let members: BTreeSet<PlayerId> = fakes.iter().map(|g| g.member).collect();
    assert_eq!(members.len(), at.sources.len().min(9), "nobody sends a second one before all sent a first");
    for fake in fakes {
        assert_eq!((fake.arrival, fake.manner, fake.errand), (ARRIVAL, Manner::Siege, Errand::Distract));
        assert_eq!(fake.force.count(class(CATAPULT)), 1, "it is as slow as the blow");
        assert!(model.attack(&fake.force) <= AllocationSettings::default().token_attack);
        assert!(model.attack(&fake.force) > model.attack(&force(&[(CATAPULT, 1)])));
    }
    let sent: f64 = blow(&plan).iter().map(|g| model.attack(&g.force)).sum();
    let plain: f64 = blow(&plan_of(&problem("simultaneous"))).iter().map(|g| model.attack(&g.force)).sum();
    assert!(sent >= 0.98 * plain, "{sent} of {plain}");
}

#[test]
fn where_few_could_send_fakes_fewer_go() {
    let mut at = problem("fake_and_real");
    at.sources.truncate(3);
    let plan = plan_of(&at);
    assert_eq!(plan.left_out, []);
    // Each of the three sends two at most.
    let fakes = beside(&plan);
    assert_eq!(fakes.len(), 6);
    let sites: BTreeSet<u32> = fakes.iter().map(|g| g.target.0).collect();
    assert_eq!(sites, BTreeSet::from([201, 202, 203]), "none is spared before another is threatened twice");
    at.elsewhere.clear();
    assert_eq!(plan_of(&at).left_out, [(TARGET, LeftOut::NobodyBeside)]);
}

#[test]
fn a_fake_comes_from_where_an_army_is() {
    let mut at = problem("decoy");
    at.sources.push(source(7, 7, (10, 3), &[(IMPERIAN, 50), (CATAPULT, 2)]));
    at.sources[5] = source(6, 6, (20, 9), &[(IMPERIAN, 800), (CATAPULT, 40)]);
    let plan = plan_of(&at);
    let decoys = beside(&plan);
    assert_eq!(decoys.iter().map(|g| g.site).collect::<Vec<_>>(), [SiteId(6)], "not from the nearest");
}

#[test]
fn each_wave_beside_the_blow_goes_where_it_belongs() {
    let of = |name: &str| plan_of(&problem(name));
    let (pins, feints, decoys) = (of("pin"), of("feint_and_recall"), of("decoy"));
    assert_eq!(beside(&pins).iter().map(|g| g.target.0).collect::<Vec<_>>(), [301, 302, 303]);
    for feint in beside(&feints) {
        assert_eq!(feint.errand, Errand::Feint { turns_at: ARRIVAL - GameSpan::mins(10) });
    }
    assert_eq!(beside(&feints).len(), 2);
    let decoys = beside(&decoys);
    assert_eq!(decoys.len(), 1);
    assert_eq!((decoys[0].target, decoys[0].arrival), (SiteId(201), ARRIVAL - GameSpan::mins(30)));
    let ring = of("encirclement");
    let ring = beside(&ring);
    assert_eq!(ring.len(), 2, "a whole army's worth takes both villages");
    assert_eq!(ring[0].arrival, ARRIVAL - GameSpan::hours(2));
}

#[test]
fn waves_of_the_same_units_share_them() {
    let at = problem("mid_cleaner");
    let plan = plan_of(&at);
    assert!(plan.targets[0].met);
    let village = plan.groups[0].site;
    let of = |wave: u8| plan.groups.iter().find(|g| g.wave == wave && g.site == village).unwrap();
    let (first, second) = (of(0), of(1));
    let n = |g: &PlannedGroup| g.force.count(class(IMPERIAN));
    assert!(n(second) > 0 && n(first).abs_diff(3 * n(second)) <= 4, "{} and {}", n(first), n(second));
    assert_eq!(second.launch - first.launch, GameSpan(250));
    assert!(plan.groups.iter().any(|g| g.wave == 2 && g.force.count(class(CATAPULT)) > 0));
    assert_eq!(at.pattern.waves[1].role, WaveRole::Cleaner);
}

#[test]
fn a_reserve_leaves_when_it_is_known_what_came_of_the_blow() {
    let (mut at, model) = (problem("reserve_follow_up"), model());
    at.sources.extend((7..=14).map(|n| source(n, n, (30, 0), &[(IMPERIAN, 400)])));
    let plan = plan_of(&at);
    let reserve = beside(&plan);
    assert!(!reserve.is_empty());
    assert!(reserve.iter().all(|g| g.errand == Errand::Reserve && g.launch >= ARRIVAL + GameSpan::mins(1)));
    assert!(reserve.iter().all(|g| g.arrival == reserve[0].arrival), "it arrives together");
    let points =
        |groups: &mut dyn Iterator<Item = &PlannedGroup>| -> f64 { groups.map(|g| model.attack(&g.force)).sum() };
    let share = points(&mut reserve.iter().copied()) / points(&mut plan.groups.iter().filter(|g| g.errand.strikes()));
    assert!((0.45..=0.5).contains(&share), "{share}");
}

/// What every order of every plan keeps.
fn assert_legal(at: &AllocationProblem, plan: &Plan, model: &ClassicModel) {
    let mut sent: BTreeMap<SiteId, (Force, Vec<GameTime>)> = BTreeMap::new();
    for g in &plan.groups {
        let guards = g.manner == Manner::Blockade;
        let of = if guards { &at.guards } else { &at.sources };
        let source = of.iter().find(|s| s.site.site == g.site).unwrap();
        let place = at.targets.iter().find(|t| t.site == g.target).map(|t| t.estimate.at);
        let place = place.or_else(|| at.elsewhere.iter().find(|e| e.site == g.target).map(|e| e.at)).unwrap();
        assert!(!g.force.is_empty() && source.rhythm.is_awake(g.launch) && g.launch >= at.not_before);
        assert_eq!(Some(g.travel), model.travel_of(&source.site, place, &g.force));
        assert_eq!(g.launch, g.arrival - g.travel);
        let wave = at.pattern.waves[usize::from(g.wave)];
        assert!(wave.if_needed || g.arrival == at.arrival + wave.offset());
        assert_eq!((g.manner, g.errand), (wave.manner, wave.errand(g.arrival)));
        let (of_site, launches) = sent.entry(g.site).or_default();
        of_site.add_all(&g.force);
        launches.push(g.launch);
    }
    for source in at.sources.iter().chain(&at.guards) {
        let Some((of_site, launches)) = sent.get_mut(&source.site.site) else { continue };
        assert!(source.available.covers(of_site), "more than is there");
        launches.sort_unstable();
        assert!(launches.windows(2).all(|w| w[1] - w[0] >= model.send_spacing()), "too close: {launches:?}");
    }
    assert!(plan.groups.len() <= at.groups_max);
    let met: BTreeSet<SiteId> = plan.targets.iter().filter(|t| t.met).map(|t| t.site).collect();
    assert!(!plan.groups.is_empty() || met.is_empty());
    assert!(plan.groups.is_empty() || !met.is_empty(), "nothing goes beside a blow that does not fall");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_order_of_every_pattern_is_legal(
        villages in proptest::collection::vec(((5_i16..40, -30_i16..30), 0_u32..800, 0_u32..60, 0_u16..1_440), 2..9),
        guards in proptest::collection::vec(((5_i16..40, -30_i16..30), 1_u32..400), 0..4),
        defenders in 50_u32..600,
        groups_max in 4_usize..40,
    ) {
        let model = model();
        let library = Library::default();
        let names = ["hammer_and_anvil", "fake_and_real", "cleaner_and_siege", "mid_cleaner", "decoy", "feint_and_recall",
            "encirclement", "pin", "relief_raid", "follow_home", "reserve_follow_up"];
        for name in names {
            let mut at = problem(name);
            at.pattern = library.get(name).unwrap().clone();
            at.sources = (1..).zip(&villages).map(|(n, (place, imperians, catapults, sleep))| {
                let mut of = source(n, n, *place, &[(IMPERIAN, *imperians), (LEGIONNAIRE, 60), (CATAPULT, *catapults)]);
                of.rhythm = Rhythm { utc_offset_mins: 0, sleep_start_mins: *sleep, sleep_mins: 480 };
                of
            }).collect();
            at.guards = (50..).zip(&guards).map(|(n, (place, n_guards))| source(n, n, *place, &[(PRAETORIAN, *n_guards)])).collect();
            at.targets = vec![target(&[(PRAETORIAN, defenders)])];
            at.groups_max = groups_max;
            let plan = plan_of(&at);
            assert_legal(&at, &plan, &model);
            prop_assert_eq!(plan, plan_of(&at));
        }
    }
}

// Battles.

/// Alliance 1 (players 1, 2) at war with alliance 2 (players 3, 4): all are people, who do nothing by themselves.
fn war() -> Made {
    let (member, kind) = (Rank::Member, PlayerKind::Human);
    let made = Made::new().quiet_alliance(1).quiet_alliance(2).stance(1, 2, Stance::War);
    let made = made.player(1, 1, member, kind).player(2, 1, member, kind);
    made.player(3, 2, member, kind).player(4, 2, member, kind)
}

/// 500 imperians fall upon 300 praetorians at 3 h, to whom 300 more come at `help`; 200 praetorians stay before the village
/// from `anvil` on. Returns who is left inside and of the blow.
fn with_help(anvil: Option<GameTime>, help: GameTime) -> (u64, u64) {
    let made = war().village(9, 3, (0, 0), &[(PRAETORIAN, 300)]).village(8, 4, (0, 5), &[(PRAETORIAN, 300)]);
    let made = made.village(1, 1, (7, 0), &[(IMPERIAN, 500)]).village(2, 2, (5, 0), &[(PRAETORIAN, 200)]);
    let mut app = made.start_with_orders(Ruleset::extended());
    if let Some(stays) = anvil {
        order(&mut app, stays - HOUR, 1, (2, 9), &[(PRAETORIAN, 200)], Manner::Blockade, stays);
    }
    order(&mut app, at(HOUR) + HOUR, 2, (1, 9), &[(IMPERIAN, 500)], Manner::Siege, at(GameSpan::hours(3)));
    until(&mut app, help - HOUR);
    leaves(&mut app, 8, 9, &[(PRAETORIAN, 300)], Manner::Reinforce);
    until(&mut app, at(GameSpan::hours(5)));
    let inside = home(&app, 9).total() + guests(&app, 9).0.values().map(|g| g.force.total()).sum::<u64>();
    (inside, home(&app, 1).total())
}

#[test]
fn an_anvil_stops_the_help_that_would_have_turned_the_fight() {
    let blow = at(GameSpan::hours(3));
    let late = blow - GameSpan::mins(1);
    let (inside, left) = with_help(None, late);
    assert!(inside > 80 && left == 0, "35,000 points against 39,000: {inside} inside, {left} left");
    let (inside, left) = with_help(Some(blow - GameSpan::mins(5)), late);
    assert!(inside == 0 && left > 250, "35,000 points against 19,500: {inside} inside, {left} left");
}

#[test]
fn an_encirclement_stops_the_help_that_comes_before_an_anvil() {
    let blow = at(GameSpan::hours(3));
    let early = blow - HOUR;
    assert!(with_help(Some(blow - GameSpan::mins(5)), early).0 > 80);
    assert_eq!(with_help(Some(blow - GameSpan::mins(90)), early).0, 0);
}

/// Cleaners fall upon 100 praetorians at 3 h, 30 catapults come 500 ms later; 200 praetorians slip in 100 ms after the first.
/// Returns the catapults that are left.
fn sniped(cleaners: &[(i64, u32)]) -> u64 {
    let made = war().village(9, 3, (0, 0), &[(PRAETORIAN, 100)]).village(8, 4, (0, 5), &[(PRAETORIAN, 200)]);
    let made = made.village(1, 1, (7, 0), &[(IMPERIAN, 600)]).village(2, 2, (3, 0), &[(CATAPULT, 30)]);
    let mut app = made.start_with_orders(Ruleset::extended());
    let blow = at(GameSpan::hours(3));
    for (n, (after, imperians)) in (1..).zip(cleaners) {
        let arrival = blow + GameSpan(*after);
        order(&mut app, arrival - HOUR, n, (1, 9), &[(IMPERIAN, *imperians)], Manner::Siege, arrival);
    }
    let behind = blow + GameSpan(500);
    order(&mut app, behind - HOUR, 9, (2, 9), &[(CATAPULT, 30)], Manner::Siege, behind);
    until(&mut app, blow + GameSpan(100) - HOUR);
    leaves(&mut app, 8, 9, &[(PRAETORIAN, 200)], Manner::Reinforce);
    until(&mut app, at(GameSpan::hours(5)));
    home(&app, 2).total()
}

#[test]
fn a_second_cleaner_saves_the_engines_from_a_snipe() {
    assert_eq!(sniped(&[(0, 600)]), 0);
    assert_eq!(sniped(&[(0, 300), (250, 300)]), 30);
}

#[test]
fn an_army_is_met_at_home_a_second_after_its_return() {
    for (after, killed) in [(-1, false), (1, true)] {
        let made = war().village(9, 3, (0, 0), &[(IMPERIAN, 300)]).village(7, 2, (7, 0), &[]);
        let made = made.village(1, 1, (0, 6), &[(LEGIONNAIRE, 800)]);
        let mut app = made.start_with_orders(Ruleset::extended());
        leaves(&mut app, 9, 7, &[(IMPERIAN, 300)], Manner::Raid);
        let back = at(GameSpan::hours(2));
        let arrival = back + GameSpan::secs(after);
        order(&mut app, arrival - HOUR, 1, (1, 9), &[(LEGIONNAIRE, 800)], Manner::Siege, arrival);
        until(&mut app, at(GameSpan::hours(4)));
        assert_eq!(home(&app, 9).total() < 30, killed, "{} are left", home(&app, 9).total());
    }
}

#[test]
fn a_feint_comes_home_whole() {
    let made = war().village(9, 3, (0, 0), &[(PRAETORIAN, 300)]).village(1, 1, (6, 0), &[(LEGIONNAIRE, 10)]);
    let mut app = made.start_with_orders(Ruleset::extended());
    let feint = order(&mut app, at(HOUR), 1, (1, 9), &[(LEGIONNAIRE, 10)], Manner::Siege, at(GameSpan::hours(2)));
    recall(&mut app, at(HOUR + GameSpan::mins(50)), feint, march_id(1, 1));
    until(&mut app, at(GameSpan::mins(90)));
    assert!(threats(&mut app).contains_key(&SiteId(9)), "it is feared while it comes");
    until(&mut app, at(GameSpan::hours(4)));
    assert_eq!(home(&app, 1).total(), 10);
}

/// What player 3 believes to come to each of its sites, in attack points.
fn threats(app: &mut TestApp) -> BTreeMap<SiteId, f64> {
    let now = app.now();
    let ask = move |view: View| -> BTreeMap<SiteId, f64> {
        let coming = believed(&view, Knower::Player(PlayerId(3)), now);
        coming.into_iter().map(|i| (i.target, i.attack)).collect()
    };
    app.app.world_mut().run_system_once(ask).unwrap()
}

#[test]
fn fakes_hide_the_blow_and_pins_are_feared() {
    let mut believed = Vec::new();
    for fakes in [0, 4_u32] {
        let mut made = war().village(9, 3, (0, 0), &[]).village(1, 1, (20, 0), &[(IMPERIAN, 400), (CATAPULT, 40)]);
        for n in 0..4_u32 {
            made = made.village(20 + n, 3, (-3, i16::try_from(n).unwrap()), &[]);
        }
        let mut app = made.start(Ruleset::extended());
        leaves(&mut app, 1, 9, &[(IMPERIAN, 390), (CATAPULT, 30)], Manner::Siege);
        for n in 0..fakes {
            app.run(GameSpan(250));
            leaves(&mut app, 1, 20 + n, &[(IMPERIAN, 1), (CATAPULT, 1)], Manner::Siege);
        }
        app.run(GameSpan(250));
        let threats = threats(&mut app);
        assert_eq!(threats.len(), 1 + usize::try_from(fakes).unwrap());
        believed.push(threats[&SiteId(9)]);
        assert!(threats.values().all(|t| *t > 0.0));
    }
    // 200 inhabitants: 1,600 points, spread over what comes.
    assert!(believed[1] <= 0.45 * believed[0], "the target believes {} of {}", believed[1], believed[0]);
    assert!((believed[1] - 320.0).abs() < 80.0, "about a fifth of 1,600: {}", believed[1]);
}

// Councils.

/// Alliance 1, a person, at war with alliance 2, two persons: what the one knows is what its alliance knows.
fn council() -> Made {
    let (leader, kind) = (Rank::Leader, PlayerKind::Human);
    let made = Made::new().active_alliance(1).active_alliance(2).stance(1, 2, Stance::War);
    let made = made.player(1, 1, leader, kind).player(3, 2, leader, kind).player(4, 2, Rank::Member, kind);
    made.village(1, 1, (0, 0), &[("equites_legati", 90)])
}

/// What a council of alliance 1 asks about an attack on that site, of which it knows nothing but what its scouts saw.
fn asks<T: Send + Sync + 'static>(
    app: &mut TestApp,
    target: u32,
    question: impl Fn(&Situation, &TargetSpec, GameTime) -> T + Send + Sync + 'static,
) -> T {
    let now = app.now();
    let ask = move |situation: Situation| {
        let (site, model) = (SiteId(target), &*situation.view.model().0);
        let estimate = situation.view.estimate(AllianceId(1), site, now).unwrap();
        let target = TargetSpec::new(site, estimate, 100_000.0, &AllocationSettings::default(), model);
        question(&situation, &target, now)
    };
    app.app.world_mut().run_system_once(ask).unwrap()
}

#[test]
fn fakes_go_where_the_enemy_is_weak_and_pins_where_it_is_strong() {
    let made = council().village(9, 3, (10, 0), &[(PRAETORIAN, 200)]).village(8, 3, (12, 0), &[(PRAETORIAN, 300)]);
    let made =
        made.village(7, 4, (24, 0), &[(PRAETORIAN, 20)]).village(6, 3, (10, 20), &[]).village(5, 3, (10, 31), &[]);
    let mut app = made.start(Ruleset::extended());
    for site in [7, 8, 9] {
        leaves(&mut app, 1, site, &[("equites_legati", 30)], Manner::Scout);
    }
    app.run(GameSpan::hours(4));
    let around = |app: &mut TestApp, name: &'static str, kind| {
        let found = asks(app, 9, move |situation, target, now| {
            let (library, settings) = (Library::default(), PlanningSettings::default());
            let (pattern, targets) = (library.get(name).unwrap(), core::slice::from_ref(target));
            elsewhere(situation, AllianceId(1), Some(AllianceId(2)), targets, pattern, &settings, now)
        });
        found.into_iter().filter(|e| e.kind == kind).map(|e| e.site.0).collect::<Vec<_>>()
    };
    // 200 inhabitants of whom nobody saw more are taken for an army between 20 and 300 praetorians; 31 fields are too far.
    assert_eq!(around(&mut app, "fake_and_real", WaveSite::Decoys), [7, 6, 8]);
    assert_eq!(around(&mut app, "pin", WaveSite::Neighbours), [8, 6, 7]);
    assert_eq!(around(&mut app, "simultaneous", WaveSite::Decoys), [0_u32; 0], "it has no waves that go there");
}

#[test]
fn a_raid_relieves_us_of_whoever_marches_on_us() {
    let made = council().village(9, 3, (10, 0), &[(PRAETORIAN, 200)]);
    let made = made.village(8, 4, (12, 0), &[(IMPERIAN, 50)]).village(7, 4, (14, 0), &[(IMPERIAN, 50)]);
    let mut app = made.start(Ruleset::extended());
    for site in [7, 8, 9] {
        leaves(&mut app, 1, site, &[("equites_legati", 30)], Manner::Scout);
    }
    app.run(GameSpan::hours(4));
    let hit_by = |app: &mut TestApp, told: bool| {
        [9, 8, 7].map(|site| {
            asks(app, site, move |situation, target, now| {
                let mut coming = believed(&situation.view, Knower::Alliance(AllianceId(1)), now);
                coming.retain(|_| told);
                let (targets, settings) = (core::slice::from_ref(target), PlanningSettings::default());
                circumstances(situation, AllianceId(1), AllianceId(2), targets, &coming, &settings, now).hits_us
            })
        })
    };
    assert_eq!(hit_by(&mut app, true), [false; 3]);
    leaves(&mut app, 8, 1, &[(IMPERIAN, 50)], Manner::Siege);
    assert_eq!(hit_by(&mut app, true), [false, true, true], "any site of its owner, and of nobody else");
    assert_eq!(hit_by(&mut app, false), [false; 3], "as far as it is told what comes");
}

#[test]
fn councils_choose_patterns_that_the_ruleset_carries_in_their_circumstances() {
    for rules in [Ruleset::extended(), Ruleset::classic()] {
        let blockades = rules.capabilities.blockade;
        let library = Library::default();
        let carried: BTreeSet<String> = library.fitting(rules.capabilities).map(|p| p.name.clone()).collect();
        let (mut chosen, mut groups) = (BTreeSet::new(), Vec::new());
        for seed in 2..5 {
            let mut app = TestApp::with(&small_world(seed, 900), |app| {
                app.insert_resource(rules.clone());
            });
            app.run(GameSpan::days(7));
            let best = app.facts.iter().filter_map(|f| match &f.fact {
                Fact::CouncilMet { best: Some((name, _)), gate: None, .. } => name.split(" by ").nth(1),
                _ => None,
            });
            chosen.extend(best.map(str::to_owned));
            let world = app.app.world_mut();
            let mut operations = world.query::<&Operation>();
            groups.extend(operations.iter(world).flat_map(|o| o.groups.clone()));
            assert_eq!(app.audit(), Audit::default(), "nothing is lost");
        }
        assert!(chosen.is_subset(&carried), "{chosen:?}");
        let beside = |name: &&String| library.get(name).unwrap().waves.iter().any(|w| w.is_beside());
        assert!(chosen.iter().filter(beside).count() >= 2, "{chosen:?}");
        assert!(groups.iter().any(|g| !g.errand.strikes()), "it is ordered too");
        assert_eq!(groups.iter().any(|g| g.manner == Manner::Blockade), blockades);
    }
}

/// The JSON objects of a page, each from a line that is an opening brace to one that is a closing one.
fn objects(page: &str) -> Vec<&str> {
    page.split("\n{\n").skip(1).filter_map(|rest| rest.split("\n}\n").next()).collect()
}

fn pattern_of(object: &str) -> Pattern {
    Pattern::from_json(&format!("{{{object}}}")).unwrap()
}

#[test]
fn the_pattern_of_the_readme_is_one() {
    let [object] = objects(include_str!("../README.md"))[..] else { panic!("one pattern") };
    let pattern = pattern_of(object);
    assert_eq!(pattern.name, "two_fakes");
    assert!(pattern.fits(Ruleset::classic().capabilities).is_ok());
    let plan = plan_of(&AllocationProblem { pattern, ..problem("simultaneous") });
    assert_eq!(beside(&plan).iter().map(|g| g.target.0).collect::<Vec<_>>(), [301, 302]);
}

#[test]
fn the_patterns_of_the_docs_are_plans_that_the_extended_rules_carry() {
    let names = |errand: fn(&Errand) -> bool| move |plan: &Plan| plan.groups.iter().any(|g| errand(&g.errand));
    let objects = objects(include_str!("../docs/behavior.md"));
    let patterns: Vec<Pattern> = objects.into_iter().map(pattern_of).collect();
    assert_eq!(patterns.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["my_anvil", "my_feint", "my_reserve"]);
    let has = [
        names(|e| matches!(e, Errand::Stay { .. })),
        names(|e| matches!(e, Errand::Feint { .. })),
        names(|e| matches!(e, Errand::Reserve)),
    ];
    for (pattern, has) in patterns.into_iter().zip(has) {
        assert!(pattern.fits(Ruleset::extended().capabilities).is_ok());
        let mut at = AllocationProblem { pattern, ..problem("simultaneous") };
        at.sources.extend((7..=14).map(|n| source(n, n, (30, 0), &[(IMPERIAN, 400)])));
        let plan = plan_of(&at);
        assert!(has(&plan), "{}: {:?}", at.pattern.name, plan.left_out);
    }
}

#[test]
fn every_field_of_a_pattern_is_explained() {
    let page = include_str!("../docs/behavior.md");
    let first = |start: &str| page.lines().any(|line| line.starts_with(&format!("| `{start}`")));
    let library = Library::default();
    for pattern in library.iter() {
        let object = serde_json::to_value(pattern).unwrap();
        let fields = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        for field in fields(&object).into_iter().chain(fields(&object["waves"][0])) {
            assert!(first(&field), "{field}");
        }
    }
}
