use super::*;
use crate::base::contract::{PlayerKind, Rank, Stance};
use crate::world::import::{ImportOptions, read_map_sql};
use std::collections::BTreeMap;

fn world(villages: u32, half_width: i16, seed: u64) -> Scenario {
    let options = GeneratorOptions { seed, villages, half_width, ..GeneratorOptions::default() };
    generate_world(&options, &Ruleset::extended()).unwrap()
}

/// What both kinds of worlds are compared by.
#[derive(Debug)]
struct Figures {
    villages_per_player: f64,
    villages_median: usize,
    villages_p99: usize,
    population_median: u32,
    population_p90: u32,
    /// Of the twelve largest alliances: members, villages, median distance of two villages.
    top: Vec<(usize, usize, f64)>,
}

fn at_share<T: Copy + PartialOrd>(mut values: Vec<T>, share: usize) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap());
    values[(values.len() - 1) * share / 100]
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap())
}

fn measure(scenario: &Scenario) -> Figures {
    let torus = Torus { half_width: scenario.half_width };
    let mut owned: BTreeMap<PlayerId, Vec<Tile>> = BTreeMap::new();
    for site in &scenario.sites {
        owned.entry(site.owner).or_default().push(site.at);
    }
    let mut alliances: BTreeMap<AllianceId, (usize, Vec<Tile>)> = BTreeMap::new();
    for player in &scenario.players {
        if let Some((alliance, _)) = player.membership {
            let entry = alliances.entry(alliance).or_default();
            entry.0 += 1;
            entry.1.extend(&owned[&player.id]);
        }
    }
    let mut by_size: Vec<_> = alliances.into_values().collect();
    by_size.sort_by_key(|(members, tiles)| core::cmp::Reverse((*members, tiles.len())));
    let apart = |tiles: &[Tile]| {
        let pairs = (0..tiles.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        at_share(pairs.map(|(i, j)| torus.distance(tiles[i], tiles[j])).collect(), 50)
    };
    let counts: Vec<usize> = owned.values().map(Vec::len).collect();
    let populations: Vec<u32> = scenario.sites.iter().map(|s| s.population).collect();
    Figures {
        villages_per_player: count(scenario.sites.len()) / count(counts.len()),
        villages_median: at_share(counts.clone(), 50),
        villages_p99: at_share(counts, 99),
        population_median: at_share(populations.clone(), 50),
        population_p90: at_share(populations, 90),
        top: by_size.iter().take(12).map(|(m, tiles)| (*m, tiles.len(), apart(tiles))).collect(),
    }
}

/// A world of this size lies within these bounds; the top alliances of smaller ones are `scale` as large.
fn assert_like_a_real_world(figures: &Figures, scale: f64, slack: f64) {
    let within = |value: f64, low: f64, high: f64, what: &str| {
        assert!(value >= low * (1.0 - slack) && value <= high * (1.0 + slack), "{what} {value}: {figures:?}");
    };
    within(figures.villages_per_player, 3.2, 3.8, "villages per player");
    assert_eq!(figures.villages_median, 2, "{figures:?}");
    within(count(figures.villages_p99), 17.0, 21.0, "99th percentile of villages");
    within(f64::from(figures.population_median), 340.0, 430.0, "median population");
    within(f64::from(figures.population_p90), 820.0, 900.0, "90th percentile of population");
    for (members, villages, apart) in &figures.top {
        within(count(*members), 47.0 * scale - 0.5, 60.0 * scale + 0.5, "members");
        within(count(*villages), 380.0 * scale, 910.0 * scale, "villages");
        within(*apart, 46.0, 109.0, "median distance");
    }
}

#[test]
fn a_world_of_the_measured_size_is_like_it() {
    for seed in 1..6 {
        let figures = measure(&world(15_000, 200, seed));
        assert_like_a_real_world(&figures, 1.0, 0.0);
        for (_, villages, apart) in &figures.top {
            assert!((500..=900).contains(villages) && (54.0..=106.0).contains(apart), "{figures:?}");
        }
    }
}

#[test]
fn a_small_world_has_the_same_shape() {
    for seed in 1..6 {
        let scenario = world(3_000, 200, seed);
        let figures = measure(&scenario);
        assert_like_a_real_world(&figures, 0.2, 0.15);
        assert!(figures.top.iter().take(8).all(|(members, ..)| *members == 12), "{figures:?}");
    }
}

/// The bounds themselves are checked against the real world where it can be had.
#[test]
fn the_measured_world_is_within_the_bounds_too() {
    let Some(folder) = std::env::var_os("ALLIANCE_REFERENCE") else {
        println!("skipped: ALLIANCE_REFERENCE is not set, no measured world to compare to");
        return;
    };
    let file = std::fs::File::open(std::path::Path::new(&folder).join("data/world_401.sql")).unwrap();
    let options = ImportOptions::default();
    let scenario = read_map_sql(std::io::BufReader::new(file), &Ruleset::extended(), &options).unwrap();
    assert_like_a_real_world(&measure(&scenario), 1.0, 0.0);
}

#[test]
fn the_world_is_whole_and_cast() {
    let scenario = world(3_000, 200, 5);
    scenario.check(&Ruleset::extended()).unwrap();
    assert_eq!(scenario.sites.len(), 3_000);
    let active: Vec<AllianceId> = scenario.alliances.iter().filter(|a| a.active).map(|a| a.id).collect();
    assert_eq!(active.len(), 8);
    for alliance in &active {
        let ranked = |rank| scenario.players.iter().filter(|p| p.membership == Some((*alliance, rank))).count();
        assert_eq!((ranked(Rank::Leader), ranked(Rank::Officer)), (1, 2));
        assert!(scenario.stances.iter().any(|(a, b, s)| *s == Stance::War && (a == alliance || b == alliance)));
    }
    assert!(scenario.stances.iter().all(|(a, b, _)| a < b && active.contains(a) && active.contains(b)));
    let names: std::collections::BTreeSet<&str> = scenario.players.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names.len(), scenario.players.len());
    let resting: Vec<_> = scenario.players.iter().filter(|p| p.kind == PlayerKind::Static).collect();
    assert!(resting.len() == 1 && resting[0].role.is_none() && resting[0].rhythm.is_none());
    let acts = |p: &&crate::base::contract::ScenarioPlayer| p.kind != PlayerKind::Static;
    assert!(scenario.players.iter().filter(acts).all(|p| p.role.is_some() && p.rhythm.is_some()));
}

#[test]
fn equal_options_make_equal_worlds() {
    assert_eq!(world(600, 100, 9), world(600, 100, 9));
    assert_ne!(world(600, 100, 9), world(600, 100, 10));
}

#[test]
fn a_full_map_and_tiny_worlds_can_be_made() {
    let make = |villages, half_width, alliances| {
        let options = GeneratorOptions { villages, half_width, alliances, ..GeneratorOptions::default() };
        let scenario = generate_world(&options, &Ruleset::extended()).unwrap();
        scenario.check(&Ruleset::extended()).unwrap();
        assert_eq!(scenario.sites.len(), usize::try_from(villages).unwrap());
        assert_eq!(scenario.alliances.iter().filter(|a| a.active).count(), alliances);
    };
    make(41 * 41, 20, 3);
    make(1, 10, 0);
    make(96, 50, 8);
    make(30_000, 400, 12);
}

#[test]
fn impossible_options_are_refused_by_name() {
    let refuse = |villages, half_width, alliances| {
        let options = GeneratorOptions { villages, half_width, alliances, ..GeneratorOptions::default() };
        generate_world(&options, &Ruleset::extended()).unwrap_err()
    };
    assert_eq!(refuse(0, 200, 0), GenerateWorldError::NoVillages);
    assert_eq!(refuse(10, 9, 0), GenerateWorldError::HalfWidth { half_width: 9 });
    assert_eq!(refuse(10, -5, 0), GenerateWorldError::HalfWidth { half_width: -5 });
    let full = GenerateWorldError::TooManyVillages { villages: 442, tiles: 441, half_width: 10 };
    assert_eq!(refuse(442, 10, 0), full);
    let few = GenerateWorldError::TooFewVillages { alliances: 8, villages: 95, needed: 96 };
    assert_eq!(refuse(95, 200, 8), few);
    let mut rules = Ruleset::extended();
    rules.tribes.clear();
    assert_eq!(generate_world(&GeneratorOptions::default(), &rules).unwrap_err(), GenerateWorldError::NoTribe);
}
