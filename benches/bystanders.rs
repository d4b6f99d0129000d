//! What bystanders cost who are left alone: the same campaign of eight alliances at war, with 300 villages of lone
//! players around it and with 15,000, as a ratio per pass.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench tells wall time")]
#![allow(clippy::expect_used, reason = "a bench may fail like a test")]

mod support;

use bevy::prelude::*;
use bevy_alliance::base::clock::{GameSpan, PassStats};
use bevy_alliance::base::contract::{PlayerKind, Scenario, ScenarioPlayer, ScenarioSite};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::id::{PlayerId, SiteId, TribeId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use criterion::{Criterion, criterion_group, criterion_main};
use std::collections::BTreeSet;
use support::{Dice, nanos, tell};

const FEW: u32 = 300;
const MANY: u32 = 15_000;
/// Villages of one lone player.
const EACH: u32 = 3;
const DAYS: i64 = 3;
const ROUNDS: usize = 7;
/// Ids of bystanders begin here: far from those of the generator.
const FIRST_ID: u32 = 1_000_000;

/// Alliances at war and nobody else, then as many villages of lone players on free tiles.
fn world(bystanders: u32) -> Scenario {
    let mut scenario =
        generate_world(&GeneratorOptions::default(), &Ruleset::extended()).expect("the default world can be made");
    let active: BTreeSet<_> = scenario.alliances.iter().filter(|a| a.active).map(|a| a.id).collect();
    scenario.players.retain(|p| p.membership.is_some_and(|(alliance, _)| active.contains(&alliance)));
    let players: BTreeSet<_> = scenario.players.iter().map(|p| p.id).collect();
    scenario.sites.retain(|s| players.contains(&s.owner));
    let tribes: Vec<TribeId> = scenario.sites.iter().map(|s| s.tribe).collect();
    let mut taken: BTreeSet<Tile> = scenario.sites.iter().map(|s| s.at).collect();
    let mut dice = Dice(1);
    let side = u32::from(scenario.half_width.unsigned_abs()) * 2 + 1;
    let mut coordinate = || i16::try_from(dice.below(side)).unwrap_or(0) - scenario.half_width;
    for n in 0..bystanders {
        let owner = PlayerId(FIRST_ID + n / EACH);
        if n % EACH == 0 {
            scenario.players.push(ScenarioPlayer {
                id: owner,
                name: format!("Lone {n}"),
                kind: PlayerKind::Bystander,
                membership: None,
                role: None,
                rhythm: None,
                archetype: None,
            });
        }
        let at = loop {
            let at = Tile::new(coordinate(), coordinate());
            if taken.insert(at) {
                break at;
            }
        };
        scenario.sites.push(ScenarioSite {
            id: SiteId(FIRST_ID + n),
            at,
            name: format!("Hamlet {n}"),
            owner,
            tribe: tribes[usize::try_from(n).unwrap_or(0) % tribes.len()],
            population: 80 + n % 600,
            ..ScenarioSite::default()
        });
    }
    scenario
}

/// Nanoseconds of the whole run, and its passes.
fn play(scenario: &Scenario) -> (f64, u64, usize) {
    let mut app = TestApp::new(scenario);
    app.update();
    let taken = nanos(|| app.run(GameSpan::days(DAYS)));
    let stats = *app.app.world().resource::<PassStats>();
    (taken, stats.passes + stats.mechanical_passes, app.facts.len())
}

fn bystanders(_: &mut Criterion) {
    let (few, many) = (world(FEW), world(MANY));
    let mut per_pass = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let (a, b) = (play(&few), play(&many));
        assert_eq!((a.1, a.2), (b.1, b.2), "bystanders who are left alone change nothing");
        for (list, (nanos, passes, _)) in per_pass.iter_mut().zip([a, b]) {
            list.push(nanos / passes as f64);
        }
    }
    let [few, many] = per_pass.map(|mut list| {
        list.sort_by(f64::total_cmp);
        list[list.len() / 2]
    });
    println!("a pass: {few:.0} ns among {FEW} villages of bystanders, {many:.0} ns among {MANY}");
    tell("pass with 15,000 villages of bystanders / 300", many / few, 1.1);
}

criterion_group!(benches, bystanders);
criterion_main!(benches);
