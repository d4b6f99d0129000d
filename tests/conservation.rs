//! Every unit and every good stays on the books, whatever is asked for.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

use bevy::prelude::*;
use bevy_alliance::base::clock::{Campaign, CampaignSystems, GameSpan};
use bevy_alliance::base::contract::{CampaignFact, Fact, LaunchMarch, Manner, RequestRefused, Site};
use bevy_alliance::base::id::{SiteId, UnitClass};
use bevy_alliance::base::rng::{Purpose, Stream};
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::world::audit::Audit;
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use bevy_alliance::world::march::March;
use bevy_alliance::world::village::{EconomySettings, Garrison, Stores};

const MANNERS: [Manner; 5] = [Manner::Siege, Manner::Raid, Manner::Scout, Manner::Blockade, Manner::Reinforce];

/// Villages so close together that marches meet.
fn crowd(seed: u64, rules: Ruleset, economy: EconomySettings) -> TestApp {
    let options = GeneratorOptions { seed, villages: 120, alliances: 2, half_width: 10, ..GeneratorOptions::default() };
    let world = generate_world(&options, &rules).unwrap();
    TestApp::with(&world, |app| {
        app.insert_resource(rules).insert_resource(economy);
    })
}

/// What every village has at home, by id.
fn homes(app: &mut TestApp) -> Vec<(SiteId, Force)> {
    let world = app.app.world_mut();
    let mut villages = world.query::<(&Site, &Garrison)>();
    let mut homes: Vec<_> = villages.iter(world).map(|(s, g)| (s.id, g.home.clone())).collect();
    homes.sort_by_key(|(id, _)| *id);
    homes
}

/// Any march that someone could think of, sound or absurd.
fn draw(stream: &mut Stream, homes: &[(SiteId, Force)], classes: u64) -> LaunchMarch {
    let (mut origin, home) = stream.pick(homes).unwrap().clone();
    let mut target = stream.pick(homes).unwrap().0;
    let manner = *stream.pick(&MANNERS).unwrap();
    let mut force = home.share(stream.range(0.01, 1.2));
    match stream.below(16) {
        0 => force = Force::new(),
        1 => target = origin,
        2 => target = SiteId(u32::MAX),
        3 => origin = SiteId(u32::MAX - 1),
        4 => force.add(UnitClass(u16::MAX), 1),
        5 => force.add(UnitClass(u16::try_from(stream.below(classes)).unwrap()), u32::MAX),
        6 => force.add(UnitClass(u16::try_from(stream.below(classes)).unwrap()), 1),
        7..11 => {
            // One class alone: scouts are among them.
            let only = home.iter().nth(usize::try_from(stream.below(4)).unwrap());
            force = only.map_or_else(Force::new, |(class, n)| Force::of(class, n));
        }
        _ => {}
    }
    LaunchMarch { origin, target, force, manner, aims: [None; 2] }
}

fn refusals(facts: &[CampaignFact]) -> Vec<RequestRefused> {
    facts
        .iter()
        .filter_map(|f| match &f.fact {
            Fact::RequestRefused(refused) if refused.request.starts_with("launch_march") => Some(refused.clone()),
            _ => None,
        })
        .collect()
}

/// The state without the log of inputs, which keeps refused requests too.
fn state(app: &mut TestApp) -> Vec<(&'static str, u128)> {
    app.hash_parts().into_iter().filter(|(name, _)| *name != "input_log").collect()
}

fn marches(app: &mut TestApp) -> usize {
    let world = app.app.world_mut();
    world.query::<&March>().iter(world).count()
}

/// Sends commands between steps of random length; after each the books must be even.
fn stir(seed: u64, rules: Ruleset, economy: EconomySettings, commands: u64) -> (TestApp, u64, u64) {
    let classes = u64::try_from(rules.units.len()).unwrap();
    let mut app = crowd(seed, rules, economy);
    let mut stream = Stream::new(seed, 0, Purpose::EXAMPLE, 0);
    let (mut left, mut refused) = (0, 0);
    for n in 0..commands {
        let march = draw(&mut stream, &homes(&mut app), classes);
        let (before, under_way) = (state(&mut app), marches(&mut app));
        let told = app.send(march.clone()).to_vec();
        let refusals = refusals(&told);
        let started = marches(&mut app) - under_way;
        assert_eq!(started + refusals.len(), 1, "command {n}: {march:?} led to {told:?}");
        if let [refusal] = &refusals[..] {
            assert_eq!(refusal.request, format!("launch_march {} to {}", march.origin, march.target));
            assert!(!refusal.rule.is_empty() && !refusal.limit.is_empty() && !refusal.value.is_empty(), "{refusal:?}");
            // Where villages live, asking for one writes down what it has made by now.
            assert!(economy.alive || state(&mut app) == before, "command {n}: a refused {march:?} changed something");
            refused += 1;
        } else {
            left += 1;
        }
        app.run_in_steps(GameSpan(stream.between(0, 1_800_000)), GameSpan::mins(20));
        assert_eq!(app.audit(), Audit::default(), "after command {n}: {march:?}");
    }
    (app, left, refused)
}

fn battles(app: &TestApp) -> usize {
    app.facts.iter().filter(|f| matches!(f.fact, Fact::BattleFought { .. })).count()
}

#[test]
fn nothing_is_lost_in_thousands_of_commands() {
    for (seed, rules, economy) in [
        (1, Ruleset::extended(), EconomySettings::still()),
        (2, Ruleset::classic(), EconomySettings::still()),
        (3, Ruleset::extended(), EconomySettings::default()),
        (4, Ruleset::classic(), EconomySettings::default()),
    ] {
        let (mut app, left, refused) = stir(seed, rules, economy, 1_000);
        assert!(left > 200 && refused > 200, "{left} left, {refused} were refused: too one-sided");
        assert!(battles(&app) > 50, "{} battles", battles(&app));
        app.run(GameSpan::days(2));
        assert_eq!(app.audit(), Audit::default());
    }
}

/// Runs half a day with one system that cheats.
fn with_leak<M>(leak: impl IntoScheduleConfigs<bevy::ecs::system::ScheduleSystem, M>) -> Audit {
    let mut app = crowd(1, Ruleset::extended(), EconomySettings::default());
    app.app.add_systems(Campaign, leak.in_set(CampaignSystems::Last));
    app.run(GameSpan::hours(12));
    app.audit()
}

#[test]
fn a_unit_out_of_nowhere_is_caught() {
    let leak = |mut garrisons: Query<&mut Garrison>, mut done: Local<bool>| {
        if let Some(mut garrison) = garrisons.iter_mut().next().filter(|_| !*done) {
            garrison.home.add(UnitClass(0), 1);
            *done = true;
        }
    };
    assert_eq!(with_leak(leak), Audit { troops_unaccounted: 1, ..Audit::default() });
}

#[test]
fn a_good_that_vanishes_is_caught() {
    let leak = |mut stores: Query<&mut Stores>, mut done: Local<bool>| {
        let stores = stores.iter_mut().find(|s| s.amount.wood > 0);
        if let Some(mut stores) = stores.filter(|_| !*done) {
            stores.amount.wood -= 1;
            *done = true;
        }
    };
    assert_eq!(with_leak(leak), Audit { goods_unaccounted: 1, ..Audit::default() });
}

#[test]
fn a_world_without_a_leak_has_even_books() {
    assert_eq!(with_leak(|| {}), Audit::default());
}
