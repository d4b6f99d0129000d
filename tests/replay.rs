//! Seed and input log give the same campaign again, at any pace, whenever its inputs came.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod saves;

use bevy_alliance::action::operations::Operation;
use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{
    CampaignFact, CastVote, Fact, Inbox, Input, InputLog, LaunchMarch, Manner, Motion, Player, Propose, Scenario,
    ScenarioAppExt, ScenarioError, SetStance, Site, Stance, Treaty, Vote,
};
use bevy_alliance::base::id::{AllianceId, OrderId};
use bevy_alliance::base::limits::Limits;
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::decision::council::Proposal;
use bevy_alliance::edge::snapshot::{LoadError, Recorder, Recording, ReplayError, SaveError, SnapshotExt};
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::society::alliance::Alliance;
use bevy_alliance::world::village::Garrison;
use proptest::prelude::*;
use saves::*;
use std::collections::BTreeSet;

/// When the next inputs come.
#[derive(Clone, Copy, Debug)]
enum When {
    /// This many milliseconds later.
    Later(i64),
    /// Exactly at the instant of the n-th next event: a march arrives, a council meets, a vote closes.
    AtEvent(u8),
    /// In another host update of the same instant.
    Again,
}

/// What comes: a kind, and a number that picks among what there is.
type Said = (u8, u32);

type Plan = Vec<(When, Vec<Said>)>;

fn plans() -> impl Strategy<Value = Plan> {
    let when = prop_oneof![
        2 => (1_i64..20_000_000).prop_map(When::Later),
        4 => (0_u8..12).prop_map(When::AtEvent),
        4 => Just(When::Again),
    ];
    prop::collection::vec((when, prop::collection::vec((0_u8..5, any::<u32>()), 1..3)), 4..24)
}

fn pick<T: Clone>(list: &[T], n: u32) -> Option<T> {
    (!list.is_empty()).then(|| list[n as usize % list.len()].clone())
}

fn input(app: &mut TestApp, (kind, n): Said) -> Option<Input> {
    let world = app.app.world_mut();
    match kind {
        0 => {
            let mut villages: Vec<_> =
                world.query::<(&Site, &Garrison)>().iter(world).map(|(s, g)| (s.id, g.home.clone())).collect();
            villages.sort_unstable_by_key(|(id, _)| *id);
            let (origin, home) = pick(&villages, n)?;
            let target = pick(&villages, n / 7 + 1)?.0;
            let force: Force = home.iter().map(|(class, count)| (class, count.div_ceil(3))).collect();
            let manner = [Manner::Raid, Manner::Siege, Manner::Reinforce, Manner::Scout][n as usize / 11 % 4];
            Some(Input::March(LaunchMarch { origin, target, force, manner, aims: [None; 2] }))
        }
        1 => {
            let mut ids: Vec<AllianceId> =
                world.query::<&Alliance>().iter(world).filter(|a| a.active).map(|a| a.id).collect();
            ids.sort_unstable();
            let stance = [Stance::War, Stance::Truce, Stance::Neutral, Stance::War][n as usize / 5 % 4];
            Some(Input::Stance(SetStance { a: pick(&ids, n)?, b: pick(&ids, n + 1)?, stance }))
        }
        2 => {
            let mut proposals: Vec<_> = world
                .query::<&Proposal>()
                .iter(world)
                .map(|p| (p.id, p.asked.keys().copied().collect::<Vec<_>>()))
                .collect();
            proposals.sort_unstable();
            let (proposal, members) = proposals.pop()?;
            let vote = [Vote::Approve, Vote::Reject][n as usize / 3 % 2];
            let member = pick(&members, n)?;
            Some(Input::Vote(CastVote {
                proposal,
                member,
                vote,
                pledge_share: 0.5,
                conditions: Vec::new(),
                text: None,
            }))
        }
        3 => {
            let mut players: Vec<_> = world.query::<&Player>().iter(world).map(|p| p.id).collect();
            let mut villages: Vec<_> = world.query::<&Site>().iter(world).map(|s| s.id).collect();
            players.sort_unstable();
            villages.sort_unstable();
            let motion = match n / 13 % 3 {
                0 => Motion::Treaty(AllianceId(n % 4 + 1), Treaty::Peace),
                1 => Motion::DeclareWar(AllianceId(n % 4 + 1)),
                _ => Motion::Attack { targets: vec![pick(&villages, n)?], pattern: None },
            };
            Some(Input::Propose(Propose { member: pick(&players, n)?, motion }))
        }
        _ => {
            let mut operations: Vec<_> =
                world.query::<&Operation>().iter(world).map(|o| (o.id, o.groups.len())).collect();
            operations.sort_unstable();
            let (id, groups) = operations.pop()?;
            Some(Input::Recall(OrderId::of_group(id, n as usize % groups.max(1))))
        }
    }
}

/// What the host does at one instant, and the hash when it leaves it.
type Stop = (GameTime, u128);

/// Plays a plan live: a recording of it, and where it stood.
fn live(scenario: &Scenario, plan: &Plan) -> (Recording, Vec<Stop>, TestApp) {
    let mut app = game();
    let recorder = Recorder::new(&mut app.app, scenario).unwrap();
    begin(&mut app, scenario);
    bring(&mut app, hours(30));
    let mut stops: Vec<Stop> = Vec::new();
    for (when, said) in plan {
        let now = app.now();
        match when {
            When::Later(millis) => bring(&mut app, now + GameSpan(*millis)),
            When::AtEvent(n) => {
                for _ in 0..=*n {
                    let event = next_event(&app).unwrap();
                    bring(&mut app, event);
                }
            }
            When::Again => {}
        }
        if stops.last().is_some_and(|(at, _)| *at == app.now()) {
            stops.pop();
        }
        for said in said {
            if let Some(input) = input(&mut app, *said) {
                app.app.world().resource::<Inbox>().sender().send(input).unwrap();
            }
        }
        app.update();
        stops.push((app.now(), app.hash()));
    }
    let now = app.now();
    bring(&mut app, now + GameSpan::hours(12));
    (recorder.recording(&mut app.app), stops, app)
}

fn replaying(recording: &Recording) -> TestApp {
    let mut app = game();
    recording.start(&mut app.app).unwrap();
    raise(&mut app);
    app
}

fn replay(recording: &Recording, step: GameSpan) -> TestApp {
    let mut app = replaying(recording);
    app.run_in_steps(recording.end - app.now(), step);
    app
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_was_recorded_live_is_replayed_at_any_pace(plan in plans(), seed in 0_u64..4) {
        let (recording, stops, mut app) = live(&small_world(seed, 120), &plan);
        let recording = Recording::decode(&recording.encode().unwrap()).unwrap();
        for step in [GameSpan::days(30), GameSpan::mins(7)] {
            let mut again = replay(&recording, step);
            prop_assert_eq!(differences(&mut app, &mut again), [""; 0]);
            prop_assert_eq!(again.hash(), recording.hash);
            prop_assert_eq!(&again.facts, &app.facts);
        }
        // The log grows as it did: the hash is the same at every instant at which something came.
        let mut again = replaying(&recording);
        for (at, hash) in stops {
            bring(&mut again, at);
            prop_assert_eq!(again.hash(), hash);
        }
    }
}

fn kind_of(input: &Input) -> u8 {
    match input {
        Input::March(_) => 0,
        Input::Stance(_) => 1,
        Input::Vote(_) => 2,
        Input::Propose(_) => 3,
        _ => 4,
    }
}

/// The property above is worth something only if its plans reach what they aim at.
#[test]
fn plans_bring_every_kind_of_input_at_awkward_instants() {
    let every_kind: Vec<Said> = (0..5).map(|kind| (kind, 1)).collect();
    let mut plan: Plan = vec![(When::AtEvent(3), every_kind.clone()), (When::Again, every_kind)];
    // A truce, where there was war.
    plan.push((When::Later(1_000), vec![(1, 6)]));
    let (recording, _, app) = live(&small_world(1, 120), &plan);
    let kinds: BTreeSet<_> = recording.inputs.iter().map(|logged| kind_of(&logged.input)).collect();
    let rounds: BTreeSet<_> = recording.inputs.iter().map(|logged| logged.round).collect();
    assert_eq!((kinds.len(), rounds), (5, BTreeSet::from([0, 1, 2])));
    let refused = |f: &&CampaignFact| matches!(f.fact, Fact::RequestRefused(_));
    assert!(app.facts.iter().filter(refused).count() < recording.inputs.len(), "all of it was refused");
}

/// The scenario of the fault that is to be caught: a stance that comes at the very instant of a war council, after it.
fn truce_right_after_a_council() -> (Recording, TestApp) {
    let scenario = small_world(7, 120);
    let mut app = game();
    let recorder = Recorder::new(&mut app.app, &scenario).unwrap();
    begin(&mut app, &scenario);
    loop {
        let event = next_event(&app).unwrap();
        let before = app.facts.len();
        bring(&mut app, event);
        let proposed = |f: &CampaignFact| matches!(f.fact, Fact::ProposalSubmitted { .. });
        if app.facts[before..].iter().any(proposed) {
            break;
        }
    }
    let world = app.app.world_mut();
    let mut ids: Vec<AllianceId> = world.query::<&Alliance>().iter(world).filter(|a| a.active).map(|a| a.id).collect();
    ids.sort_unstable();
    for (i, a) in ids.iter().enumerate() {
        for b in &ids[i + 1..] {
            app.send(SetStance { a: *a, b: *b, stance: Stance::Truce });
        }
    }
    let now = app.now();
    bring(&mut app, now + GameSpan::hours(30));
    (recorder.recording(&mut app.app), app)
}

#[test]
fn a_replay_that_ignores_rounds_is_caught() {
    let (recording, mut app) = truce_right_after_a_council();
    assert!(recording.inputs.iter().all(|input| input.round > 0));
    let mut again = replay(&recording, GameSpan::hours(5));
    assert_same(&mut app, &mut again);
    let mut careless = recording;
    for input in &mut careless.inputs {
        input.round = 0;
    }
    let mut other = replay(&careless, GameSpan::hours(5));
    assert_ne!(other.hash(), careless.hash);
    let differing = differences(&mut app, &mut other);
    assert!(differing.contains(&"proposal"), "only {differing:?} differ: not what happened, but what was noted of it");
}

#[test]
fn rounds_count_the_updates_of_an_instant() {
    let mut app = small_campaign(7, 120);
    let truce = SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::Truce };
    // Before anything ran: together with what is due at the beginning.
    app.send(truce);
    app.send(truce);
    bring(&mut app, GameTime(1_234));
    app.app.world_mut().write_message(truce);
    app.send(truce);
    app.send(truce);
    let event = next_event(&app).unwrap();
    bring(&mut app, event);
    app.send(truce);
    app.send(truce);
    let log = &app.app.world().resource::<InputLog>().entries;
    let places: Vec<_> = log.iter().map(|i| (i.at, i.round, i.seq)).collect();
    let (zero, quiet) = (GameTime(0), GameTime(1_234));
    let expected =
        [(zero, 0, 0), (zero, 1, 1), (quiet, 0, 2), (quiet, 0, 3), (quiet, 1, 4), (event, 1, 5), (event, 2, 6)];
    assert_eq!(places, expected);
}

/// More rounds at one instant than an instant may have passes: each was a host update of its own.
#[test]
fn a_paused_game_may_take_any_number_of_inputs() {
    let scenario = small_world(7, 60);
    let mut app = game();
    let recorder = Recorder::new(&mut app.app, &scenario).unwrap();
    begin(&mut app, &scenario);
    bring(&mut app, hours(2));
    for n in 0..Limits::default().passes_per_instant * 2 {
        let stance = if n % 2 == 0 { Stance::Truce } else { Stance::War };
        app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance });
    }
    bring(&mut app, hours(4));
    let mut again = replay(&recorder.recording(&mut app.app), GameSpan::hours(1));
    assert_same(&mut app, &mut again);
}

#[test]
fn a_replay_can_be_saved_and_loaded_in_its_middle() {
    let (recording, mut app) = truce_right_after_a_council();
    let mut again = replaying(&recording);
    while again.now() < recording.end {
        let event = next_event(&again).filter(|at| *at < recording.end).unwrap_or(recording.end);
        bring(&mut again, event);
        let bytes = save(&mut again);
        again = game();
        again.app.load_campaign(&bytes).unwrap();
    }
    assert_same(&mut app, &mut again);
}

#[test]
fn a_replay_has_the_settings_of_the_recording() {
    let scenario = small_world(7, 60);
    let mut app = game_with(|app| {
        app.insert_resource(Ruleset::classic());
    });
    let recorder = Recorder::new(&mut app.app, &scenario).unwrap();
    begin(&mut app, &scenario);
    bring(&mut app, hours(20));
    let recording = recorder.recording(&mut app.app);
    let mut again = replay(&recording, GameSpan::hours(5));
    assert_eq!(*again.app.world().resource::<Ruleset>(), Ruleset::classic());
    assert_same(&mut app, &mut again);
    assert_eq!(recording.start(&mut again.app), Err(ReplayError::Scenario(ScenarioError::AlreadyRunning)));
}

#[test]
fn a_damaged_recording_is_refused() {
    let (recording, _) = truce_right_after_a_council();
    let bytes = recording.encode().unwrap();
    assert_eq!(Recording::decode(&bytes), Ok(recording.clone()));
    let mut app = small_campaign(7, 12);
    assert_eq!(Recording::decode(&save(&mut app)), Err(LoadError::NotASave { expected: "recording" }));
    assert_eq!(app.app.load_campaign(&bytes), Err(LoadError::NotASave { expected: "save" }));
    for at in (0..bytes.len()).step_by(97) {
        let mut changed = bytes.clone();
        changed[at] ^= 4;
        assert!(Recording::decode(&changed).is_err(), "byte {at}");
        assert!(Recording::decode(&bytes[..at]).is_err(), "{at} bytes");
    }
    let mut swapped = recording;
    swapped.inputs.extend(swapped.inputs.clone());
    assert!(
        matches!(Recording::decode(&swapped.encode().unwrap()), Err(LoadError::Section { section, .. }) if section == "inputs")
    );
}

#[test]
fn a_campaign_that_began_after_a_menu_is_replayed_from_there() {
    let scenario = small_world(7, 120);
    let mut app = TestApp::unstarted(|_| {});
    app.run(GameSpan::mins(5));
    let recorder = Recorder::new(&mut app.app, &scenario).unwrap();
    app.app.start_campaign(&scenario).unwrap();
    assert_eq!(Recorder::new(&mut app.app, &scenario).unwrap_err(), SaveError::CampaignRuns);
    app.run(GameSpan::days(1));
    let recording = recorder.recording(&mut app.app);
    let mut again = TestApp::unstarted(|_| {});
    recording.start(&mut again.app).unwrap();
    again.run(recording.end - again.now());
    assert_eq!(again.hash(), recording.hash);
}

#[test]
fn what_comes_before_a_campaign_is_refused() {
    let mut app = TestApp::unstarted(|_| {});
    let told = app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::War });
    assert!(matches!(&told[0].fact, Fact::RequestRefused(refused) if refused.rule == "campaign_runs"), "{told:?}");
    app.app.start_campaign(&small_world(7, 120)).unwrap();
    app.run(GameSpan::hours(1));
}
