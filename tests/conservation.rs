//! Every unit and every good stays on the books, whatever is asked for.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

use bevy::prelude::*;
use bevy_alliance::base::clock::{Campaign, CampaignSystems, GameSpan};
use bevy_alliance::base::contract::{
    CampaignFact, DismissTroops, Fact, LaunchMarch, Manner, RecallMarch, RequestRefused, Scenario, SendGoods,
    SetMembership, SetStance, Site, Stance, TrainTroops,
};
use bevy_alliance::base::geometry::Torus;
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{AllianceId, MarchId, PlayerId, SiteId, UnitClass};
use bevy_alliance::base::rng::{Purpose, Stream};
use bevy_alliance::base::ruleset::{Force, Ruleset, UnitRole};
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::world::audit::Audit;
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use bevy_alliance::world::march::March;
use bevy_alliance::world::trade::Shipment;
use bevy_alliance::world::village::{EconomySettings, Garrison, Guests, Stores};

const MANNERS: [Manner; 5] = [Manner::Siege, Manner::Raid, Manner::Scout, Manner::Blockade, Manner::Reinforce];
/// Mostly such as let them fight.
const STANCES: [Stance; 5] = [Stance::Neutral, Stance::War, Stance::War, Stance::War, Stance::Pact];
const HALF_WIDTH: i16 = 10;

/// Villages so close together that marches meet.
fn crowd_of(seed: u64, villages: u32, rules: &Ruleset) -> Scenario {
    let options =
        GeneratorOptions { seed, villages, alliances: 2, half_width: HALF_WIDTH, ..GeneratorOptions::default() };
    generate_world(&options, rules).unwrap()
}

fn start(world: &Scenario, rules: Ruleset, economy: EconomySettings) -> TestApp {
    TestApp::with(world, |app| {
        app.insert_resource(rules).insert_resource(economy);
    })
}

fn crowd(seed: u64, rules: Ruleset, economy: EconomySettings) -> TestApp {
    start(&crowd_of(seed, 120, &rules), rules, economy)
}

/// A crowd in which chiefs, catapults and settlers are plentiful, and no residence stands in their way.
fn greedy_crowd(seed: u64, villages: u32, rules: &Ruleset) -> Scenario {
    let mut world = crowd_of(seed, villages, rules);
    let mut stream = Stream::new(seed, 1, Purpose::EXAMPLE, 0);
    for site in &mut world.sites {
        let mut troops = Force::new();
        for (role, most) in [
            (UnitRole::Infantry, 200),
            (UnitRole::Cavalry, 10),
            (UnitRole::Scout, 5),
            (UnitRole::Ram, 5),
            (UnitRole::Catapult, 40),
            (UnitRole::Chief, 8),
            (UnitRole::Settler, 6),
        ] {
            if let Some(class) = rules.classes_of(site.tribe, role).next() {
                troops.add(class, u32::try_from(stream.between(0, most)).unwrap());
            }
        }
        site.troops = Some(troops);
        site.residence = Some(0);
        site.stores = Some(Goods::new([4_000; 4]));
        site.wall = Some(0);
    }
    world
}

/// What every village has at home, by id.
fn homes(app: &mut TestApp) -> Vec<(SiteId, Force)> {
    let world = app.app.world_mut();
    let mut villages = world.query::<(&Site, &Garrison)>();
    let mut homes: Vec<_> = villages.iter(world).map(|(s, g)| (s.id, g.home.clone())).collect();
    homes.sort_by_key(|(id, _)| *id);
    homes
}

/// All marches and guests, by id.
fn under_way(app: &mut TestApp) -> Vec<MarchId> {
    let world = app.app.world_mut();
    let mut ids: Vec<MarchId> = world.query::<&March>().iter(world).map(|m| m.id).collect();
    ids.extend(world.query::<&Guests>().iter(world).flat_map(|g| g.0.keys().copied()));
    ids.sort_unstable();
    ids
}

/// Whatever a player could ask for.
#[derive(Clone, Debug)]
enum Command {
    Launch(LaunchMarch),
    Recall(RecallMarch),
    Train(TrainTroops),
    Dismiss(DismissTroops),
    Send(SendGoods),
    Stance(SetStance),
    Membership(SetMembership),
}

/// Any command that someone could think of, sound or absurd.
fn draw(stream: &mut Stream, app: &mut TestApp, classes: u64) -> Command {
    let homes = homes(app);
    let site = |stream: &mut Stream| stream.pick(&homes).unwrap().clone();
    let any_site = |stream: &mut Stream| if stream.chance(0.05) { SiteId(u32::MAX) } else { site(stream).0 };
    let units = |stream: &mut Stream, home: &Force| match stream.below(4) {
        0 => Force::of(UnitClass(u16::try_from(stream.below(classes)).unwrap()), 1),
        1 => Force::of(UnitClass(u16::MAX), u32::MAX),
        _ => home.share(stream.range(0.0, 0.2)),
    };
    match stream.below(100) {
        0..70 => Command::Launch(draw_march(stream, &homes, classes)),
        70..78 => {
            let march = stream.pick(&under_way(app)).copied();
            Command::Recall(RecallMarch { march: march.unwrap_or(MarchId { site: SiteId(1), n: 9_999 }) })
        }
        78..82 => {
            let (site, home) = site(stream);
            Command::Train(TrainTroops { site, force: units(stream, &home) })
        }
        82..85 => {
            let (site, home) = site(stream);
            Command::Dismiss(DismissTroops { site, force: units(stream, &home) })
        }
        85..95 => {
            let goods = Goods::new([0; 4].map(|_| stream.between(-20, 900)));
            Command::Send(SendGoods { origin: any_site(stream), target: any_site(stream), goods })
        }
        95..98 => {
            let [a, b] = [0; 2].map(|_| AllianceId(u32::try_from(stream.between(0, 3)).unwrap()));
            Command::Stance(SetStance { a, b, stance: *stream.pick(&STANCES).unwrap() })
        }
        _ => {
            let player = PlayerId(u32::try_from(stream.between(0, 40)).unwrap());
            let alliance = stream.chance(0.7).then(|| AllianceId(u32::try_from(stream.between(1, 2)).unwrap()));
            Command::Membership(SetMembership { player, alliance })
        }
    }
}

fn draw_march(stream: &mut Stream, homes: &[(SiteId, Force)], classes: u64) -> LaunchMarch {
    // Whoever has troops left marches more often.
    let some: Vec<_> = [0; 3].map(|_| stream.pick(homes).unwrap()).into();
    let (mut origin, home) = (*some.iter().max_by_key(|(_, home)| home.total()).unwrap()).clone();
    // A few villages are everyone's favorites: the first, and those that were founded last.
    let favored = match stream.below(4) {
        0 => &homes[..2],
        1 => &homes[homes.len() - 3..],
        _ => homes,
    };
    let mut target = stream.pick(favored).unwrap().0;
    let mut manner = *stream.pick(&MANNERS).unwrap();
    let mut force = home.share(stream.range(0.01, 1.2));
    match stream.below(24) {
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
        11..14 => {
            // The last class of a roster are settlers.
            let tile = stream.between(0, i64::from(Torus { half_width: HALF_WIDTH }.side()).pow(2));
            (target, manner) = (SiteId::plot(u32::try_from(tile).unwrap()), Manner::Settle);
            let last = home.iter().last();
            force = last.map_or_else(Force::new, |(class, n)| Force::of(class, n));
        }
        14..20 => manner = Manner::Siege,
        _ => {}
    }
    let aims = [0; 2].map(|_| stream.chance(0.9).then(|| u8::try_from(stream.below(4)).unwrap()));
    LaunchMarch { origin, target, force, manner, aims }
}

fn send(app: &mut TestApp, command: Command) -> Vec<CampaignFact> {
    match command {
        Command::Launch(c) => app.send(c),
        Command::Recall(c) => app.send(c),
        Command::Train(c) => app.send(c),
        Command::Dismiss(c) => app.send(c),
        Command::Send(c) => app.send(c),
        Command::Stance(c) => app.send(c),
        Command::Membership(c) => app.send(c),
    }
    .to_vec()
}

/// Refusals, and the names of requests that they may be of.
fn refusals(facts: &[CampaignFact], command: &Command) -> Vec<RequestRefused> {
    let request = match command {
        Command::Launch(_) => "launch_march",
        Command::Recall(_) => "recall_march",
        Command::Train(_) => "train_troops",
        Command::Dismiss(_) => "dismiss_troops",
        Command::Send(_) => "send_goods",
        Command::Stance(_) => "set_stance",
        Command::Membership(_) => "set_membership",
    };
    let refusal = |f: &CampaignFact| match &f.fact {
        Fact::RequestRefused(refused) if refused.request.starts_with(request) => Some(refused.clone()),
        _ => None,
    };
    facts.iter().filter_map(refusal).collect()
}

/// The state without the log of inputs, which keeps refused requests too.
fn state(app: &mut TestApp) -> Vec<(&'static str, u128)> {
    app.hash_parts().into_iter().filter(|(name, _)| *name != "input_log").collect()
}

fn marches(app: &mut TestApp) -> usize {
    let world = app.app.world_mut();
    world.query::<&March>().iter(world).count()
}

/// What came of many commands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Stirred {
    done: u64,
    refused: u64,
    battles: u64,
    taken: u64,
    razed: u64,
    founded: u64,
    sent: u64,
    turned: u64,
}

impl Stirred {
    fn count(&mut self, facts: &[CampaignFact]) {
        for fact in facts {
            match &fact.fact {
                Fact::BattleFought { .. } => self.battles += 1,
                Fact::SiteChanged { from: Some(_), to: Some(_), .. } => self.taken += 1,
                Fact::SiteChanged { to: None, .. } => self.razed += 1,
                Fact::SiteChanged { from: None, .. } => self.founded += 1,
                Fact::GoodsSent { .. } => self.sent += 1,
                Fact::MarchTurned { .. } => self.turned += 1,
                _ => {}
            }
        }
    }
}

/// Sends commands between steps of random length; after each the books must be even. If `closely`, each must have either
/// an effect or a refusal, and what is refused must change nothing.
fn stir(app: &mut TestApp, stream: &mut Stream, commands: u64, closely: bool, so_far: &mut Stirred) {
    let classes = u64::try_from(app.app.world().resource::<Ruleset>().units.len()).unwrap();
    let alive = app.app.world().resource::<EconomySettings>().alive;
    for n in 0..commands {
        let command = draw(stream, app, classes);
        let before = if closely { (state(app), marches(app)) } else { Default::default() };
        let told = send(app, command.clone());
        let refusals = refusals(&told, &command);
        assert!(refusals.len() < 2, "command {n}: {command:?} led to {told:?}");
        if let Some(refusal) = refusals.first() {
            assert!(!refusal.rule.is_empty() && !refusal.limit.is_empty() && !refusal.value.is_empty(), "{refusal:?}");
            so_far.refused += 1;
        } else {
            so_far.done += 1;
        }
        if closely {
            check_closely(app, &command, &refusals, before, alive);
        }
        app.run_in_steps(GameSpan(stream.between(0, 900_000)), GameSpan::mins(20));
        assert_eq!(app.audit(), Audit::default(), "after command {n}: {command:?}");
        let facts = core::mem::take(&mut app.facts);
        so_far.count(&facts);
    }
}

fn check_closely(
    app: &mut TestApp,
    command: &Command,
    refusals: &[RequestRefused],
    (before, marches_before): (Vec<(&'static str, u128)>, usize),
    alive: bool,
) {
    let same = state(app) == before;
    // Where villages live, asking for one writes down what it has made by now.
    assert!(refusals.is_empty() || alive || same, "a refused {command:?} changed something");
    assert!(!refusals.is_empty() || !same, "{command:?} had neither effect nor refusal");
    if let Command::Launch(march) = command {
        assert_eq!(marches(app) - marches_before + refusals.len(), 1, "{march:?}");
        if let [refusal] = refusals {
            assert_eq!(refusal.request, format!("launch_march {} to {}", march.origin, march.target));
        }
    }
}

/// Stirs a greedy crowd.
fn stir_greedy(
    seed: u64,
    villages: u32,
    rules: Ruleset,
    economy: EconomySettings,
    commands: u64,
    closely: bool,
) -> Stirred {
    let world = greedy_crowd(seed, villages, &rules);
    let mut app = start(&world, rules, economy);
    let (mut stream, mut stirred) = (Stream::new(seed, 0, Purpose::EXAMPLE, 0), Stirred::default());
    stir(&mut app, &mut stream, commands, closely, &mut stirred);
    app.run(GameSpan::days(2));
    assert_eq!(app.audit(), Audit::default());
    stirred
}

#[test]
fn nothing_is_lost_in_thousands_of_commands() {
    for (seed, rules, economy) in [
        (1, Ruleset::extended(), EconomySettings::still()),
        (2, Ruleset::classic(), EconomySettings::still()),
        (3, Ruleset::extended(), EconomySettings::default()),
        (4, Ruleset::classic(), EconomySettings::default()),
    ] {
        let mut app = crowd(seed, rules, economy);
        let (mut stream, mut stirred) = (Stream::new(seed, 0, Purpose::EXAMPLE, 0), Stirred::default());
        stir(&mut app, &mut stream, 500, true, &mut stirred);
        assert!(stirred.done > 100 && stirred.refused > 100 && stirred.battles > 25, "too one-sided: {stirred:?}");
        app.run(GameSpan::days(2));
        assert_eq!(app.audit(), Audit::default());
    }
}

#[test]
fn nothing_is_lost_where_villages_change_hands() {
    let (mut taken, mut razed) = (0, 0);
    for (seed, rules, economy) in [
        (1, Ruleset::extended(), EconomySettings::still()),
        (2, Ruleset::extended(), EconomySettings::default()),
        (3, Ruleset::classic(), EconomySettings::default()),
        (4, Ruleset::extended(), EconomySettings::default()),
    ] {
        let stirred = stir_greedy(seed, 60, rules, economy, 600, true);
        assert!(stirred.founded > 0 && stirred.sent > 0 && stirred.turned > 0, "{stirred:?}");
        taken += stirred.taken;
        razed += stirred.razed;
    }
    assert!(taken > 10 && razed > 0, "{taken} taken, {razed} razed");
}

/// A million commands over many seeds:
/// `cargo test --release --features test_app --test conservation -- --ignored --nocapture a_million`. The environment
/// variables `COMMANDS` and `SEED` choose another number of commands and another first seed.
#[test]
#[ignore = "takes long"]
fn nothing_is_lost_in_a_million_commands() {
    const PER_SEED: u64 = 500;
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual);
    let (commands, first) = (number("COMMANDS", 1_000_000), number("SEED", 1_000));
    let mut all = [0; 6];
    for seed in first..first + commands / PER_SEED {
        let rules = if seed % 3 == 0 { Ruleset::classic() } else { Ruleset::extended() };
        let economy = if seed % 8 == 0 { EconomySettings::still() } else { EconomySettings::default() };
        let stirred = stir_greedy(seed, 30, rules, economy, PER_SEED, false);
        let Stirred { done, refused, taken, razed, founded, battles, .. } = stirred;
        for (sum, n) in all.iter_mut().zip([done, refused, battles, taken, razed, founded]) {
            *sum += n;
        }
        if seed % 50 == 0 {
            println!("seed {seed}: done, refused, battles, taken, razed, founded: {all:?}");
        }
    }
    println!("done, refused, battles, taken, razed, founded: {all:?}");
    assert!(all.iter().all(|n| *n > 0));
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

#[test]
fn goods_that_vanish_on_their_way_are_caught() {
    let mut app = crowd(1, Ruleset::extended(), EconomySettings::default());
    let leak = |mut shipments: Query<&mut Shipment>, mut done: Local<bool>| {
        let shipment = shipments.iter_mut().find(|s| s.goods.wood > 0);
        if let Some(mut shipment) = shipment.filter(|_| !*done) {
            shipment.goods.wood -= 1;
            *done = true;
        }
    };
    app.app.add_systems(Campaign, leak.in_set(CampaignSystems::Last));
    let sites: Vec<SiteId> = homes(&mut app).into_iter().map(|(id, _)| id).collect();
    let sent = sites.windows(2).find(|pair| {
        let told = app.send(SendGoods { origin: pair[0], target: pair[1], goods: Goods::new([50, 0, 0, 0]) });
        told.iter().any(|f| matches!(f.fact, Fact::GoodsSent { .. }))
    });
    assert!(sent.is_some());
    app.send(SendGoods { origin: sites[0], target: sites[0], goods: Goods::ZERO });
    app.run(GameSpan::hours(12));
    assert_eq!(app.audit(), Audit { goods_unaccounted: 1, ..Audit::default() });
}

#[test]
fn a_force_that_counts_a_class_twice_is_no_force() {
    assert_eq!(serde_json::from_str::<Force>("[[0,5],[2,1]]").unwrap().total(), 6);
    for text in ["[[0,5],[0,5]]", "[[2,1],[0,5]]", "[[0,0]]"] {
        let error = serde_json::from_str::<Force>(text).unwrap_err().to_string();
        assert!(error.contains("each class once"), "{text}: {error}");
    }
    let twice = postcard::to_allocvec(&[(UnitClass(0), 5_u32), (UnitClass(0), 5)][..]).unwrap();
    assert!(postcard::from_bytes::<Force>(&twice).is_err());
}
