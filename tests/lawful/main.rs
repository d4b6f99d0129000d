//! Each observation is lawful: what its witness is said to have seen really happened to it at that instant, and it was
//! told the truth and no more.
//!
//! The judge looks at the world itself, by its own queries before and after the fights of each pass, and works out who
//! may have seen what. It shares no code with the gateway of `knowledge`, nor with the fights that report to it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

#[path = "../common/mod.rs"]
mod common;
mod judge;
mod told;

use bevy::prelude::*;
use bevy_alliance::action::operations::{CLAIMS_TOLD, Operation};
use bevy_alliance::base::clock::{Agenda, Campaign, CampaignSystems, DueBatch, GameSpan};
use bevy_alliance::base::contract::{
    BattleFought, LaunchMarch, Manner, MarchSighted, Player, PlayerKind, Scenario, ScoutReturned, ScoutsKilled,
    SetMembership, Site, Stance, Treaty,
};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{AllianceId, MarchId, PlayerId, SiteId};
use bevy_alliance::base::limits::Limits;
use bevy_alliance::base::rng::{Purpose, Stream};
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::knowledge::intel::rules::SharingSettings;
use bevy_alliance::knowledge::intel::{Cause, EnvoyMessage, IntelReport, ObservationLog, envoy};
use bevy_alliance::society::alliance::Alliance;
use bevy_alliance::strategy::war_council::WAR_COUNCIL;
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use bevy_alliance::world::village::Garrison;
use common::*;
use judge::{Eyes, Judge, judged};
use std::collections::BTreeSet;

fn generated(seed: u64) -> TestApp {
    // Where they live close together, more villages change hands.
    let close = GeneratorOptions { seed, villages: 200, half_width: 30, alliances: 3, ..GeneratorOptions::default() };
    let mut scenario = match seed % 2 {
        0 => generate_world(&close, &Ruleset::extended()).unwrap(),
        _ => small_world(seed, 300),
    };
    ally_two(&mut scenario, seed);
    judged(TestApp::with(&scenario, |app| {
        app.insert_resource(Limits { lone_observations_kept: 2_000, ..Limits::default() });
        // Partners of a pact never trust each other so much that they speak of everybody.
        app.insert_resource(SharingSettings { trust_all: 1e9, ..SharingSettings::default() });
        if seed.is_multiple_of(4) {
            app.insert_resource(Ruleset::classic());
        }
    }))
}

/// Where at least three alliances deliberate, two of them are allies against the others and tell each other what they see.
fn ally_two(scenario: &mut Scenario, seed: u64) {
    let active: Vec<AllianceId> = scenario.alliances.iter().filter(|a| a.active).map(|a| a.id).collect();
    if let [a, b, enemies @ ..] = &active[..] {
        let bound = if seed.is_multiple_of(2) { Stance::Pact } else { Stance::Confederacy };
        let wars = enemies.iter().flat_map(|enemy| [(*a, *enemy, Stance::War), (*b, *enemy, Stance::War)]);
        scenario.stances = wars.chain([(*a, *b, bound)]).collect();
    }
}

/// A player goes to another alliance, or to none.
fn somebody_moves(app: &mut TestApp, stream: &mut Stream) {
    let world = app.app.world_mut();
    let mut alliances: Vec<AllianceId> =
        world.query::<&Alliance>().iter(world).filter(|a| a.active).map(|a| a.id).collect();
    alliances.sort_unstable();
    let mut players: Vec<PlayerId> = world
        .query::<&Player>()
        .iter(world)
        .filter(|p| p.kind != PlayerKind::Static && p.alliance.is_some_and(|a| alliances.contains(&a)))
        .map(|p| p.id)
        .collect();
    players.sort_unstable();
    let Some(player) = stream.pick(&players).copied() else { return };
    let alliance = if stream.chance(0.2) { None } else { stream.pick(&alliances).copied() };
    world.write_message(SetMembership { player, alliance });
}

/// Some hours in which players, led by nobody, send marches of all manners at random: too few troops as often as many,
/// and now and then several that arrive at one instant.
fn run_with_fools(app: &mut TestApp, stream: &mut Stream, hours: u32) {
    for hour in 0..hours {
        if hour % 12 == 7 {
            somebody_moves(app, stream);
        }
        let mut homes: Vec<(SiteId, Force)> = Vec::new();
        let world = app.app.world_mut();
        for (site, garrison) in world.query::<(&Site, &Garrison)>().iter(world) {
            homes.push((site.id, garrison.home.clone()));
        }
        homes.sort_unstable_by_key(|(site, _)| *site);
        for _ in 0..6 {
            let (Some((origin, home)), Some((target, _))) = (stream.pick(&homes), stream.pick(&homes)) else { return };
            for _ in 0..=stream.below(3) {
                let manners = [Manner::Siege, Manner::Raid, Manner::Scout, Manner::Blockade, Manner::Reinforce];
                let manner = *stream.pick(&manners).unwrap();
                let share = if stream.chance(0.5) { 0.02 } else { 0.3 };
                let force = home.share(share).iter().filter(|_| stream.chance(0.5)).collect();
                let march = LaunchMarch { origin: *origin, target: *target, force, manner, aims: [None; 2] };
                world.write_message(march);
            }
        }
        app.run(GameSpan::hours(1));
    }
}

fn verdict(app: &TestApp) -> &Judge {
    app.app.world().resource::<Judge>()
}

/// Judges a week of each of these worlds; every fourth has the classic rules.
fn judge_weeks(seeds: core::ops::RangeInclusive<u64>) -> Judge {
    let mut all = Judge::default();
    for seed in seeds {
        let mut app = generated(seed);
        run_with_fools(&mut app, &mut Stream::new(seed, 0, Purpose::EXAMPLE, 0), 7 * 24);
        let verdict = verdict(&app);
        assert_eq!(verdict.faults, [""; 0], "seed {seed}");
        for (cause, n) in &verdict.lawful {
            *all.lawful.entry(cause.clone()).or_default() += n;
        }
        all.blind += verdict.blind;
        all.taken += verdict.taken;
        all.inherited += verdict.inherited;
        all.at_once += verdict.at_once;
        all.reports += verdict.reports;
    }
    eprintln!(
        "{:?}; {} blind, {} among several at once, {} reports, {} villages taken, {} marches to them",
        all.lawful, all.blind, all.at_once, all.reports, all.taken, all.inherited
    );
    all
}

#[test]
fn weeks_of_observations_are_lawful() {
    let all = judge_weeks(1..=16);
    assert_eq!(all.lawful.len(), 11, "each cause is judged, and what confederates claim");
    assert!(all.blind > 0 && all.taken > 0, "somebody fell without a report, and villages changed hands");
    assert!(10 * all.at_once < all.lawful.values().sum::<u32>(), "nearly all are compared with the exact truth");
}

#[test]
fn a_new_owner_sees_what_is_on_its_way_and_no_more() {
    let troops = [(LEGIONNAIRE, 500), ("senator", 6), ("equites_legati", 20)];
    let made = sides().village(1, 1, (12, 0), &troops).village(9, 3, (0, 0), &[]).village(8, 3, (0, 60), &[]);
    let mut app = judged(made.village(6, 6, (60, 0), &troops).start(Ruleset::extended()));
    leaves(&mut app, 6, 9, &[(LEGIONNAIRE, 10)], Manner::Siege);
    leaves(&mut app, 6, 9, &[(LEGIONNAIRE, 10)], Manner::Blockade);
    leaves(&mut app, 6, 9, &[("equites_legati", 5)], Manner::Scout);
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 300), ("senator", 6)], Manner::Siege);
    until(&mut app, at(GameSpan::hours(24)));
    assert_eq!(owner(&app, 9), Some(1));
    let verdict = verdict(&app);
    assert_eq!(verdict.faults, [""; 0]);
    assert_eq!((verdict.taken, verdict.inherited), (1, 2), "the scouts come unseen");
}

#[test]
fn who_fights_before_a_village_learns_nothing_of_it() {
    let troops = [(LEGIONNAIRE, 500)];
    let made = sides().village(1, 1, (12, 0), &troops).village(9, 3, (0, 0), &troops).village(4, 4, (0, 30), &troops);
    let mut app = judged(made.start(Ruleset::extended()));
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 100)], Manner::Blockade);
    leaves(&mut app, 4, 9, &[(LEGIONNAIRE, 300)], Manner::Reinforce);
    until(&mut app, at(GameSpan::hours(24)));
    assert_eq!(guests(&app, 9).0.len(), 1, "most get through");
    let verdict = verdict(&app);
    assert_eq!(verdict.faults, [""; 0]);
    assert_eq!((verdict.blind, verdict.reports), (1, 2));
    assert_eq!(verdict.lawful.values().sum::<u32>(), 3, "the blockade is seen coming, and both sides see the fight");
}

/// The same over a hundred weeks:
///
/// ```sh
/// cargo test --release --test lawful -- --ignored --nocapture
/// ```
#[test]
#[ignore = "takes minutes"]
fn a_hundred_weeks_of_observations_are_lawful() {
    judge_weeks(1..=100);
}

/// Plants a fault between fights and knowledge, and runs until the judge finds something.
fn first_fault(planted: fn(&mut App)) -> String {
    first_fault_in(generated(1), 1, planted)
}

fn first_fault_in(mut app: TestApp, seed: u64, planted: fn(&mut App)) -> String {
    planted(&mut app.app);
    let mut stream = Stream::new(seed, 0, Purpose::EXAMPLE, 0);
    for _ in 0..7 * 24 {
        run_with_fools(&mut app, &mut stream, 1);
        if let Some(fault) = verdict(&app).faults.first() {
            return fault.clone();
        }
    }
    String::new()
}

fn plant<M>(app: &mut App, fault: impl IntoSystem<(), (), M>) {
    let stand = IntoSystem::into_system(fault);
    app.add_systems(Campaign, stand.after(CampaignSystems::Battle).before(CampaignSystems::Settle));
}

/// Rewrites the messages of a kind in this pass.
fn rewrite<M: Message>(messages: &mut Messages<M>, change: impl FnMut(M) -> Vec<M>) {
    let told: Vec<M> = messages.drain().flat_map(change).collect();
    messages.write_batch(told);
}

#[test]
fn scouts_that_never_were_there_are_caught() {
    let fault = first_fault(|app| {
        plant(app, |mut told: ResMut<Messages<ScoutReturned>>| {
            rewrite(&mut told, |told| {
                vec![ScoutReturned { witness: PlayerId(told.witness.0 + 1), ..told.clone() }, told]
            });
        });
    });
    assert!(fault.contains("OwnScouts"), "{fault}");
}

#[test]
fn scouts_that_report_twice_are_caught() {
    let fault = first_fault(|app| {
        plant(app, |mut told: ResMut<Messages<ScoutReturned>>| rewrite(&mut told, |told| vec![told.clone(), told]));
    });
    assert!(fault.contains("OwnScouts") && fault.ends_with("could have seen []"), "{fault}");
}

#[test]
fn scouts_that_see_another_truth_are_caught() {
    for fault in [
        first_fault(|app| {
            plant(app, |mut told: ResMut<Messages<ScoutReturned>>| {
                rewrite(&mut told, |told| vec![ScoutReturned { wall: told.wall + 1, ..told }]);
            });
        }),
        first_fault(|app| {
            plant(app, |mut told: ResMut<Messages<ScoutReturned>>| {
                rewrite(&mut told, |told| vec![ScoutReturned { troops: told.troops.share(0.9), ..told }]);
            });
        }),
        first_fault(|app| {
            plant(app, |mut told: ResMut<Messages<ScoutReturned>>| {
                rewrite(&mut told, |told| vec![ScoutReturned { goods: told.goods.times(2), ..told }]);
            });
        }),
    ] {
        assert!(fault.contains("OwnScouts"), "{fault}");
    }
}

#[test]
fn scouts_that_died_and_still_tell_are_caught() {
    let fault = first_fault(|app| {
        plant(app, |mut killed: ResMut<Messages<ScoutsKilled>>, mut told: ResMut<Messages<ScoutReturned>>| {
            rewrite(&mut killed, |killed| {
                let ScoutsKilled { witness, site, at, killed: lost, own, .. } = killed;
                if own {
                    let (troops, goods) = (Force::new(), Goods::ZERO);
                    told.write(ScoutReturned { witness, site, at, troops, goods, wall: 0, residence: 0, lost });
                    return Vec::new();
                }
                vec![killed]
            });
        });
    });
    assert!(fault.contains("OwnScouts,"), "{fault}");
}

#[test]
fn who_sees_the_march_to_another_is_caught() {
    let fault = first_fault(|app| {
        plant(app, |mut told: ResMut<Messages<MarchSighted>>| {
            rewrite(&mut told, |told| vec![MarchSighted { witness: PlayerId(told.witness.0 + 1), ..told }]);
        });
    });
    assert!(fault.contains("saw Observation") && fault.contains("March(Sighting"), "{fault}");
}

/// Tells of marches as soon as they are there, scouts too, which nobody sees coming.
fn tell_of_scouts(world: Eyes, mut told: ResMut<Messages<MarchSighted>>, mut seen: Local<BTreeSet<MarchId>>) {
    let now = world.now();
    for march in world.marches.iter().filter(|m| !m.homeward && m.launched == now && m.manner == Manner::Scout) {
        let place = world.place(march.target).filter(|_| seen.insert(march.id));
        told.write_batch(place.map(|place| MarchSighted {
            witness: place.owner,
            origin: march.id.site,
            target: march.target,
            seen_at: now,
            arrival: march.arrival,
            at: world.tile(march.id.site),
        }));
    }
}

/// Tells of marches that leave to the owners of sites in sight who are not at war with anybody there.
fn tell_of_passers_by(world: Eyes, mut told: ResMut<Messages<MarchSighted>>, mut seen: Local<BTreeSet<MarchId>>) {
    let now = world.now();
    for march in world.marches.iter().filter(|m| !m.homeward && m.launched == now && m.manner.is_seen()) {
        if seen.insert(march.id) {
            told.write_batch(world.peaceful_watcher(march).map(|witness| MarchSighted {
                witness,
                origin: march.id.site,
                target: march.target,
                seen_at: now,
                arrival: march.arrival,
                at: world.tile(march.id.site),
            }));
        }
    }
}

#[test]
fn who_sees_marches_pass_without_a_war_is_caught() {
    let fault = first_fault(|app| plant(app, tell_of_passers_by));
    assert!(fault.contains("WatchArea"), "{fault}");
}

#[test]
fn who_misses_a_march_that_passes_is_caught() {
    let fault = first_fault(|app| {
        plant(app, |mut told: ResMut<Messages<MarchSighted>>, world: Eyes| {
            rewrite(&mut told, |told| if world.holds(told.target, told.witness) { vec![told] } else { Vec::new() });
        });
    });
    assert!(fault.contains("nobody told") && fault.contains("WatchArea"), "{fault}");
}

#[test]
fn who_is_told_another_tile_is_caught() {
    for held in [false, true] {
        let fault = first_fault(match held {
            true => {
                |app| plant(app, |told: ResMut<Messages<MarchSighted>>, world: Eyes| move_north(told, &world, true))
            }
            false => {
                |app| plant(app, |told: ResMut<Messages<MarchSighted>>, world: Eyes| move_north(told, &world, false))
            }
        });
        assert!(fault.contains(if held { "IncomingMarch" } else { "WatchArea" }), "{fault}");
    }
}

/// Says of marches that they are a field to the north of where they are.
fn move_north(mut told: ResMut<Messages<MarchSighted>>, world: &Eyes, held: bool) {
    rewrite(&mut told, |told| {
        let at = told.at.map(|at| Tile::new(at.x, if at.y < 0 { at.y + 1 } else { at.y - 1 }));
        vec![if world.holds(told.target, told.witness) == held { MarchSighted { at, ..told } } else { told }]
    });
}

#[test]
fn who_sees_scouts_come_is_caught() {
    let fault = first_fault(|app| plant(app, tell_of_scouts));
    assert!(fault.contains("IncomingMarch"), "{fault}");
}

/// Tells attackers all of whom fell the truth that the defenders know.
fn tell_the_fallen(mut told: ResMut<Messages<BattleFought>>) {
    let all: Vec<BattleFought> = told.drain().collect();
    let defenders: Vec<BattleFought> = all.iter().filter(|b| !b.attacked && b.origin == b.site).cloned().collect();
    told.write_batch(all.into_iter().map(|battle| {
        let known =
            defenders.iter().find(|d| d.site == battle.site && battle.attacked && battle.enemy_before.is_none());
        let Some(known) = known else { return battle };
        let (before, lost) = (Some(known.own_before.clone()), Some(known.own_lost.clone()));
        BattleFought { enemy_before: before, enemy_lost: lost, wall: known.wall, ..battle }
    }));
}

#[test]
fn the_fallen_who_tell_are_caught() {
    let fault = first_fault(|app| plant(app, tell_the_fallen));
    assert!(fault.contains("OwnAttack"), "{fault}");
}

#[test]
fn more_of_an_attack_than_goes_home_is_caught() {
    let fault = first_fault(|app| {
        plant(app, |mut told: ResMut<Messages<BattleFought>>| {
            rewrite(&mut told, |mut battle| {
                let before = battle.enemy_before.clone().unwrap_or_default();
                battle.enemy_groups.iter_mut().for_each(|group| group.left = before.clone());
                vec![battle]
            });
        });
    });
    assert!(fault.contains("OwnDefense"), "{fault}");
}

#[test]
fn a_report_to_the_fallen_of_what_they_broke_is_caught() {
    let fault = first_fault(|app| {
        plant(app, |mut told: ResMut<Messages<BattleFought>>| {
            rewrite(&mut told, |told| vec![BattleFought { wall_lost: told.wall_lost.max(1), ..told }]);
        });
    });
    assert!(fault.contains("a report tells too much"), "{fault}");
}

/// The first fault that judges find in a world in which two alliances are allies.
fn first_fault_of_allies(planted: fn(&mut App)) -> String {
    (2..12)
        .map(|seed| first_fault_in(generated(seed), seed, planted))
        .find(|fault| !fault.is_empty())
        .unwrap_or_default()
}

#[test]
fn an_ally_who_tells_more_than_it_saw_is_caught() {
    let fault = first_fault_of_allies(|app| {
        plant(app, |mut reports: Query<&mut IntelReport>| {
            for mut report in &mut reports {
                if let Some(wall) = &mut report.wall {
                    wall.value = wall.value.saturating_add(1);
                }
            }
        });
    });
    assert!(fault.contains("AllyTold") && fault.contains("wall was not seen so"), "{fault}");
}

#[test]
fn an_envoy_whom_nobody_voted_to_send_is_caught() {
    let fault = first_fault_of_allies(|app| {
        plant(app, |alliances: Query<&Alliance>, batch: Res<DueBatch>, mut agenda: ResMut<Agenda>| {
            if batch.of(WAR_COUNCIL).is_empty() {
                return;
            }
            let mut active: Vec<AllianceId> = alliances.iter().filter(|a| a.active).map(|a| a.id).collect();
            active.sort_unstable();
            let offer = EnvoyMessage::Offer(Treaty::Pact);
            agenda.push(envoy(active[0], active[1], offer, batch.now() + GameSpan(1)));
        });
    });
    assert!(fault.contains("Envoy") && fault.contains("nobody voted for it"), "{fault}");
}

/// What one was told all others hear too.
fn everybody_hears(mut logs: Query<&mut ObservationLog, With<Alliance>>, mut heard: Local<u64>) {
    let told = logs.iter().flat_map(|log| &log.latest).filter(|o| o.cause == Cause::AllyTold).count() as u64;
    let news = logs.iter().flat_map(|log| &log.latest).filter(|o| o.cause == Cause::AllyTold).last().cloned();
    if let (Some(news), true) = (news, told > *heard) {
        for mut log in &mut logs {
            log.total += 1;
            log.latest.push_back(news.clone());
        }
    }
    *heard = logs.iter().flat_map(|log| &log.latest).filter(|o| o.cause == Cause::AllyTold).count() as u64;
}

#[test]
fn who_overhears_allies_is_caught() {
    let fault = first_fault_of_allies(|app| {
        app.add_systems(Campaign, everybody_hears.in_set(CampaignSystems::Publish));
    });
    assert!(fault.contains("was told"), "{fault}");
}

#[test]
fn a_confederate_who_claims_for_longer_than_it_attacks_is_caught() {
    let fault = first_fault_of_allies(|app| {
        plant(app, |mut operations: Query<&mut Operation>, batch: Res<DueBatch>| {
            // What was decided of an operation is undone after the judge looked, and told.
            if !batch.of(CLAIMS_TOLD).is_empty() {
                operations
                    .iter_mut()
                    .flat_map(|o| o.into_inner().groups.iter_mut())
                    .for_each(|g| g.arrival += GameSpan(1));
            }
        });
    });
    assert!(fault.contains("Claimed") && fault.contains("it goes there until"), "{fault}");
}
