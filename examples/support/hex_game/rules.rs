//! The rules of the hex game: its people, its hexes and its two ways to fight, as plain functions.

use bevy_alliance::base::clock::GameSpan;
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::id::UnitClass;
use bevy_alliance::base::ruleset::Force;
use serde::{Deserialize, Serialize};

/// What a unit class is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Calling {
    /// Holds the walls.
    Guard,
    /// Rides out.
    Striker,
    /// Looks, and never fights.
    Watcher,
}

/// One unit class.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) name: &'static str,
    pub(crate) calling: Calling,
    /// How much it counts in an attack; a soldier counts about one.
    pub(crate) attack: f64,
    /// How much it counts behind a wall.
    pub(crate) defense: f64,
    pub(crate) mins_per_hex: i64,
    /// Whether the river holds it up.
    pub(crate) fords: bool,
    /// Silver that it carries home.
    pub(crate) carry: i64,
    /// Silver that it costs.
    pub(crate) cost: i64,
}

pub(crate) const PIKES: UnitClass = UnitClass(0);
pub(crate) const KNIGHTS: UnitClass = UnitClass(1);
pub(crate) const ARCHERS: UnitClass = UnitClass(2);
pub(crate) const RAVENS: UnitClass = UnitClass(3);

#[rustfmt::skip]
const UNITS: [Unit; 4] = [
    Unit { name: "pikes", calling: Calling::Guard, attack: 0.6, defense: 1.4, mins_per_hex: 40, fords: true, carry: 4, cost: 30 },
    Unit { name: "knights", calling: Calling::Striker, attack: 1.6, defense: 1.0, mins_per_hex: 18, fords: true, carry: 12, cost: 80 },
    Unit { name: "archers", calling: Calling::Striker, attack: 1.1, defense: 0.9, mins_per_hex: 28, fords: true, carry: 6, cost: 45 },
    Unit { name: "ravens", calling: Calling::Watcher, attack: 0.0, defense: 0.0, mins_per_hex: 8, fords: false, carry: 0, cost: 15 },
];

/// Men that one man of the row's class brings down in a round if he meets only the column's class: pikes stop
/// knights, knights ride down archers, archers shoot pikes.
const HITS: [[f64; 3]; 3] = [
    // pikes, knights, archers
    [0.10, 0.24, 0.06],
    [0.08, 0.12, 0.26],
    [0.20, 0.07, 0.10],
];
const ROUNDS_MAX: u32 = 16;
/// Attackers turn back when no more than this share of them stands.
const WITHDRAW_AT: f64 = 0.35;
/// Defenders scatter, and are taken, when no more than this share of them stands.
const SCATTER_AT: f64 = 0.12;
/// A level of the wall keeps this share of the defenders' losses away.
const SHELTER_PER_LEVEL: f64 = 0.08;
/// The forecast of an attack on nobody.
const RATIO_MAX: f64 = 50.0;
/// Time that a column needs to ford the river.
const FORD: GameSpan = GameSpan::mins(90);

pub(crate) fn unit(class: UnitClass) -> Option<&'static Unit> {
    UNITS.get(usize::from(class.0))
}

/// Sums a quantity over a force.
pub(crate) fn sum(force: &Force, of: impl Fn(&Unit) -> f64) -> f64 {
    force.iter().filter_map(|(class, n)| unit(class).map(|u| of(u) * f64::from(n))).sum()
}

/// Silver that a quantity of a force adds up to.
pub(crate) fn silver(force: &Force, of: impl Fn(&Unit) -> i64) -> i64 {
    force.iter().filter_map(|(class, n)| unit(class).map(|u| of(u) * i64::from(n))).sum()
}

/// Steps from hex to hex in axial coordinates: q is the tile's x, r its y. The map has edges and no corners meet.
pub(crate) fn steps(a: Tile, b: Tile) -> i64 {
    let (q, r) = (i64::from(a.x) - i64::from(b.x), i64::from(a.y) - i64::from(b.y));
    (q.abs() + r.abs() + (q + r).abs()) / 2
}

/// The river runs along r = 0.
fn crosses_river(a: Tile, b: Tile) -> bool {
    (a.y < 0) != (b.y < 0)
}

/// How long one class is on its way.
pub(crate) fn travel(from: Tile, to: Tile, class: UnitClass) -> Option<GameSpan> {
    let unit = unit(class)?;
    let ford = if unit.fords && crosses_river(from, to) { FORD } else { GameSpan(0) };
    Some(GameSpan::mins(steps(from, to) * unit.mins_per_hex) + ford)
}

/// How long a column is on its way: as its slowest class. `None` for nobody.
pub(crate) fn column(from: Tile, to: Tile, men: &Force) -> Option<GameSpan> {
    men.iter().filter_map(|(class, _)| travel(from, to, class)).max()
}

/// How this land fights.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) enum Combat {
    /// Rounds in which every man hits whom he meets: numbers count twice, and the right class counts most.
    #[default]
    Rounds,
    /// Man against man, whatever he carries: numbers count once.
    Duels,
}

/// What came of a fight.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Outcome {
    pub(crate) attackers_left: Force,
    pub(crate) defenders_left: Force,
    /// Attackers over defenders: 1 is even.
    pub(crate) ratio: f64,
}

type Ranks = [f64; 3];

fn ranks(force: &Force) -> Ranks {
    [PIKES, KNIGHTS, ARCHERS].map(|class| f64::from(force.count(class)))
}

fn heads(ranks: &Ranks) -> f64 {
    ranks.iter().sum()
}

/// Fights it out.
pub(crate) fn fight(combat: Combat, attackers: &Force, defenders: &Force, wall: u8) -> Outcome {
    let (a, b) = (ranks(attackers), ranks(defenders));
    let shelter = 1.0 + SHELTER_PER_LEVEL * f64::from(wall);
    let (ratio, a_left, b_left) = if heads(&b) <= 0.0 {
        (RATIO_MAX, a, b)
    } else if heads(&a) <= 0.0 {
        (0.0, a, b)
    } else {
        match combat {
            Combat::Rounds => rounds(a, b, shelter),
            Combat::Duels => duels(a, b, shelter),
        }
    };
    let ratio = ratio.min(RATIO_MAX);
    Outcome { ratio, attackers_left: survivors(attackers, &a_left), defenders_left: survivors(defenders, &b_left) }
}

/// What `by` brings down in a round among `of`.
fn hits(by: &Ranks, of: &Ranks) -> Ranks {
    let all = heads(of);
    let mut down = [0.0; 3];
    for (i, n) in by.iter().enumerate() {
        for (j, m) in of.iter().enumerate() {
            down[j] += n * HITS[i][j] * m / all;
        }
    }
    down
}

/// Lanchester's square law in steps. The ratio is that of the two sides' fighting strengths.
fn rounds(a: Ranks, b: Ranks, shelter: f64) -> (f64, Ranks, Ranks) {
    let (a_first, b_first) = (heads(&a), heads(&b));
    let per_man = (heads(&hits(&a, &b)) / shelter / a_first, heads(&hits(&b, &a)) / b_first);
    let ratio = a_first / b_first * (per_man.0 / per_man.1).sqrt();
    let (mut a, mut b) = (a, b);
    for _ in 0..ROUNDS_MAX {
        let (on_b, on_a) = (hits(&a, &b), hits(&b, &a));
        for i in 0..3 {
            b[i] = (b[i] - on_b[i] / shelter).max(0.0);
            a[i] = (a[i] - on_a[i]).max(0.0);
        }
        if heads(&b) <= SCATTER_AT * b_first {
            return (ratio, a, [0.0; 3]);
        }
        if heads(&a) <= WITHDRAW_AT * a_first {
            break;
        }
    }
    (ratio, a, b)
}

fn duels(a: Ranks, b: Ranks, shelter: f64) -> (f64, Ranks, Ranks) {
    let ratio = heads(&a) / (heads(&b) * shelter);
    let (a_keep, b_keep) = if ratio >= 1.0 { (1.0 - 0.6 / ratio, 0.0) } else { (0.3, 1.0 - ratio) };
    (ratio, a.map(|n| n * a_keep), b.map(|n| n * b_keep))
}

/// Whoever is half a man or less has fallen; ravens fly.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the count before")]
fn survivors(before: &Force, left: &Ranks) -> Force {
    before
        .iter()
        .map(|(class, n)| (class, left.get(usize::from(class.0)).map_or(n, |l| ((*l + 0.499) as u32).min(n))))
        .collect()
}

/// Gives each of several groups its part of those who are left, so that the parts add up.
pub(crate) fn share(groups: &[Force], left: &Force) -> Vec<Force> {
    let mut all = Force::new();
    for group in groups {
        all.add_all(group);
    }
    let mut before = Force::new();
    groups
        .iter()
        .map(|group| {
            let part = group.iter().map(|(class, n)| {
                let (total, stands) = (u64::from(all.count(class)).max(1), u64::from(left.count(class)));
                let from = u64::from(before.count(class));
                let upto = |men: u64| men * stands / total;
                (class, u32::try_from(upto(from + u64::from(n)) - upto(from)).unwrap_or(0))
            });
            let part = part.collect();
            before.add_all(group);
            part
        })
        .collect()
}

/// Ravens that archers bring down.
pub(crate) fn ravens_shot(ravens: u32, archers: u32) -> u32 {
    let (r, a) = (u64::from(ravens), u64::from(archers));
    u32::try_from(r * a / (a + 12 * r + 60)).unwrap_or(0)
}
