//! A person is treated fairly, whatever alliances of NPCs are up to; difficulty is a dial, and the handicap can be read.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod judge;
#[path = "../../examples/support/seeds.rs"]
mod seeds;
mod world;

use bevy_alliance::base::clock::{GameClock, GameSpan};
use bevy_alliance::base::contract::{Fact, HandicapReason};
use bevy_alliance::base::id::{EntityIndex, SiteId};
use bevy_alliance::base::rng::{Purpose, Stream};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::decision::fair_play::{FairPlaySettings, Handicap, HandicapSettings, Protection, VictimRecord};
use bevy_alliance::edge::test_app::TestApp;
use judge::{Fault, Judge};
use seeds::{ThreadEnded, each_seed};
use std::collections::BTreeMap;
use world::{PERSON, at, raid, start, world};

/// What came of some campaigns.
#[derive(Default, Debug)]
struct Account {
    campaigns: u64,
    attacks: usize,
    villages: usize,
    /// Requests that the referee refused, by rule.
    refused: BTreeMap<String, u64>,
    faults: Vec<(u64, Fault)>,
}

impl Account {
    fn rules_broken(&self) -> BTreeMap<&'static str, usize> {
        let mut broken = BTreeMap::new();
        for (_, fault) in &self.faults {
            *broken.entry(fault.rule).or_default() += 1;
        }
        broken
    }
}

const DAYS: i64 = 6;

/// One campaign: a person that raids now and then, and is given protection now and then.
fn play(seed: u64, settings: &FairPlaySettings, account: &mut Account) {
    let rules = Ruleset::extended();
    let scenario = world(seed, &rules);
    let mut dice = Stream::new(seed, 0, Purpose::EXAMPLE, 2);
    let beginner = GameSpan::hours(dice.between(0, 60));
    // The judge knows of the protection whether the referee keeps it or not.
    let kept = if settings.beginner.0 > 0 { beginner } else { GameSpan(0) };
    let mut app = start(&scenario, &FairPlaySettings { beginner: kept, ..settings.clone() });
    Judge::attach(&mut app, &scenario, (at(GameSpan(0)), at(beginner)));
    let theirs: Vec<SiteId> = scenario.sites.iter().filter(|s| s.owner.0 > 3).map(|s| s.id).collect();
    let own: Vec<SiteId> = scenario.sites.iter().filter(|s| s.owner == PERSON).map(|s| s.id).collect();
    for _ in 0..DAYS * 2 {
        app.run(GameSpan::hours(12));
        if dice.chance(0.15) {
            let (from, to) = (*dice.pick(&own).unwrap(), *dice.pick(&theirs).unwrap());
            raid(&mut app, &rules, from, to);
            // Who attacks gives up its protection once it fights.
            let now = app.now();
            app.app.world_mut().resource_mut::<Judge>().protected = (now, now);
        }
        if dice.chance(0.05) {
            protect(&mut app, GameSpan::hours(dice.between(20, 60)));
        }
    }
    let judge = app.app.world().resource::<Judge>();
    account.campaigns += 1;
    account.attacks += judge.attacks();
    account.villages += judge.villages_lost();
    account.faults.extend(judge.faults.iter().map(|fault| (seed, fault.clone())));
    for fact in &app.facts {
        if let Fact::RequestRefused(refused) = &fact.fact {
            *account.refused.entry(refused.rule.clone()).or_default() += 1;
        }
    }
}

/// A game protects the person from what has not left by now. What is under way and cannot turn comes.
fn protect(app: &mut TestApp, span: GameSpan) {
    let world = app.app.world_mut();
    let until = world.resource::<GameClock>().now() + span;
    let person = world.resource::<EntityIndex>().player(PERSON).unwrap();
    let now = until - span;
    world.entity_mut(person).insert(Protection { until });
    world.resource_mut::<Judge>().protected = (now, until);
}

/// Plays campaigns on all processors, each of them the same wherever it is played.
fn play_all(from: u64, count: u64, settings: &FairPlaySettings) -> Account {
    let mut all = Account::default();
    let played = on_all_processors(from, count, |seed| {
        let mut one = Account::default();
        play(seed, settings, &mut one);
        one
    });
    for one in played {
        all.campaigns += one.campaigns;
        all.attacks += one.attacks;
        all.villages += one.villages;
        all.faults.extend(one.faults);
        for (rule, n) in one.refused {
            *all.refused.entry(rule).or_default() += n;
        }
    }
    all
}

/// What campaigns come to, in the order of their seeds.
fn on_all_processors<T: Send>(from: u64, count: u64, play: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    each_seed::<_, ThreadEnded>(from, count, threads, |seed| Ok(play(seed))).unwrap()
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// `ALLIANCE_FAIR_CAMPAIGNS=10000 cargo test --release --test fair_play random -- --nocapture` plays ten thousand.
#[test]
fn random_campaigns_are_fair_to_a_person() {
    let (from, count) = (number("ALLIANCE_FAIR_FROM", 1), number("ALLIANCE_FAIR_CAMPAIGNS", 12));
    let account = play_all(from, count, &FairPlaySettings::default());
    println!(
        "{} campaigns: {} attacks on persons, {} villages lost, refused {:?}",
        account.campaigns, account.attacks, account.villages, account.refused
    );
    assert_eq!(account.campaigns, count);
    let first = account.faults.first();
    assert!(first.is_none(), "{:?}, the first: {first:?}", account.rules_broken());
    if count >= 12 {
        assert!(account.attacks as u64 > count / 2, "only {} attacks: nothing was put to the test", account.attacks);
    }
}

#[test]
fn a_campaign_without_a_referee_is_found_out() {
    let account = play_all(1, 12, &FairPlaySettings::off());
    let broken = account.rules_broken();
    println!("{} attacks, {} villages: {broken:?}", account.attacks, account.villages);
    for rule in ["one_operation", "protected", "force_limit"] {
        assert!(broken.contains_key(rule), "nobody broke {rule}: {broken:?}");
    }
}

/// How a person fared in one campaign at a difficulty. It keeps its troops at home, and that is all that it does.
struct Outcome {
    /// What its troops cost at the end, of what they cost at the beginning.
    army_left: f64,
    villages: usize,
}

fn outcome(seed: u64, difficulty: f64, days: i64) -> Outcome {
    let rules = Ruleset::extended();
    let scenario = world(seed, &rules);
    // Without the other rules: what they forbid would hide much of what the dial does.
    let settings = FairPlaySettings { difficulty, ..FairPlaySettings::off() };
    let mut app = start(&scenario, &settings);
    let own = |app: &TestApp| army(app, &rules, &scenario);
    let before = own(&app);
    app.run(GameSpan::days(days));
    let after = own(&app);
    Outcome { army_left: after.0 / before.0, villages: after.1 }
}

/// What the person's troops at home cost, and how many villages it holds.
fn army(app: &TestApp, rules: &Ruleset, scenario: &bevy_alliance::base::contract::Scenario) -> (f64, usize) {
    let index = app.app.world().resource::<EntityIndex>();
    let held = |site: SiteId| {
        let entity = index.site(site)?;
        app.app.world().get::<bevy_alliance::base::contract::Site>(entity).filter(|s| s.owner == PERSON)
    };
    let own: Vec<SiteId> = scenario.sites.iter().map(|s| s.id).filter(|s| held(*s).is_some()).collect();
    let cost = |site: &SiteId| {
        let units = world::home(app, *site);
        units.iter().map(|(c, n)| rules.units[usize::from(c.0)].cost.total() * i64::from(n)).sum::<i64>()
    };
    #[expect(clippy::cast_precision_loss, reason = "goods of one player")]
    let goods = own.iter().map(cost).sum::<i64>() as f64;
    (goods, own.len())
}

/// The share of campaigns in which the alliances broke the person: less than this of its army is left.
const BROKEN: f64 = 0.6;

/// Of campaigns from seed 1 on: the share that the alliances won, and the mean share of the army that was left.
fn win_rate(difficulty: f64, campaigns: u64, days: i64) -> (f64, f64, f64) {
    let all = on_all_processors(1, campaigns, |seed| outcome(seed, difficulty, days));
    #[expect(clippy::cast_precision_loss, reason = "some campaigns")]
    let n = campaigns as f64;
    let won = all.iter().filter(|o| o.army_left < BROKEN).count();
    let left: f64 = all.iter().map(|o| o.army_left).sum();
    let villages: usize = all.iter().map(|o| o.villages).sum();
    #[expect(clippy::cast_precision_loss, reason = "some campaigns")]
    let (won, villages) = (won as f64, villages as f64);
    (won / n, left / n, villages / n)
}

#[test]
fn the_harder_the_game_the_less_is_left_of_a_person() {
    let rates: Vec<_> = [0.0, 0.5, 1.0].into_iter().map(|d| win_rate(d, 100, 8)).collect();
    println!("won, army left, villages left at 0, .5, 1: {rates:.2?}");
    assert!(rates.windows(2).all(|w| w[0].1 >= w[1].1), "army left: {rates:?}");
    assert!(rates[0].0 <= rates[1].0 && rates[1].0 <= rates[2].0, "won: {rates:?}");
    assert!(rates[2].1 < rates[0].1 - 0.05, "it makes a difference: {rates:?}");
}

/// `cargo test --release --test fair_play the_dial -- --ignored --nocapture`; `ALLIANCE_FAIR_CAMPAIGNS`: how many worlds.
#[test]
#[ignore = "takes minutes"]
fn the_dial_moves_the_win_rate_step_by_step() {
    let campaigns = number("ALLIANCE_FAIR_CAMPAIGNS", 200);
    let rates: Vec<_> = [0.0, 0.25, 0.5, 0.75, 1.0].into_iter().map(|d| (d, win_rate(d, campaigns, 8))).collect();
    for (difficulty, (won, left, villages)) in &rates {
        println!("difficulty {difficulty:.2}: won {won:.3}, army left {left:.3}, villages left {villages:.2}");
    }
    assert!(rates.windows(2).all(|w| w[0].1.0 <= w[1].1.0), "won: {rates:?}");
    assert!(rates.windows(2).all(|w| w[0].1.1 >= w[1].1.1), "army left: {rates:?}");
}

fn handicap(app: &TestApp) -> Handicap {
    let person = app.app.world().resource::<EntityIndex>().player(PERSON).unwrap();
    *app.app.world().get::<Handicap>(person).unwrap()
}

#[test]
fn a_handicap_is_eased_for_who_loses_and_can_be_read() {
    let rules = Ruleset::extended();
    let adaptive = HandicapSettings { adaptive: true, ..HandicapSettings::default() };
    let settings = FairPlaySettings { handicap: adaptive, beginner: GameSpan(0), ..FairPlaySettings::default() };
    let eased = (1..20).find_map(|seed| {
        let mut app = start(&world(seed, &rules), &settings);
        app.run(GameSpan::days(5));
        let changes: Vec<_> = app
            .facts
            .iter()
            .filter_map(|f| match f.fact {
                Fact::HandicapChanged { player, before, difficulty, reason } => {
                    Some((player, before, difficulty, reason))
                }
                _ => None,
            })
            .collect();
        (!changes.is_empty()).then_some((changes, handicap(&app)))
    });
    let (changes, now) = eased.expect("somebody loses an army in one of them");
    let (player, before, after, reason) = changes[0];
    assert_eq!(player, PERSON);
    assert!((before - 1.0).abs() < 1e-9 && (after - 0.9).abs() < 1e-9, "{changes:?}");
    assert!(matches!(reason, HandicapReason::ArmiesLost | HandicapReason::VillagesLost), "{changes:?}");
    let last = changes.last().unwrap();
    assert!((now.difficulty - last.2).abs() < 1e-9 && now.reason == last.3, "{now:?}");
    assert_eq!(now.to_string(), format!("difficulty {:.2}: {}", last.2, last.3));
}

#[test]
fn without_the_setting_the_dial_alone_holds() {
    let rules = Ruleset::extended();
    let settings = FairPlaySettings { difficulty: 0.4, beginner: GameSpan(0), ..FairPlaySettings::default() };
    let mut app = start(&world(3, &rules), &settings);
    assert_eq!(handicap(&app).to_string(), "difficulty 0.40: as the game sets it");
    app.run(GameSpan::days(3));
    assert_eq!(handicap(&app).reason, HandicapReason::AsSet);
    assert!(!app.facts.iter().any(|f| matches!(f.fact, Fact::HandicapChanged { .. })));
    // A game turns the dial while the campaign runs.
    app.app.world_mut().resource_mut::<FairPlaySettings>().difficulty = 0.8;
    let settings = app.app.world().resource::<FairPlaySettings>();
    assert!((handicap(&app).difficulty_by(settings) - 0.8).abs() < 1e-12);
}

#[test]
fn persons_alone_have_a_record() {
    let rules = Ruleset::extended();
    let mut app = start(&world(3, &rules), &FairPlaySettings::default());
    let world = app.app.world_mut();
    assert_eq!(world.query::<&VictimRecord>().iter(world).count(), 1);
    assert_eq!(world.query::<&Protection>().iter(world).count(), 1);
}
