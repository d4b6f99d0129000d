//! Who lives in the world: alliances by size, villages per player, inhabitants per village.
//!
//! The tables are quantiles of the measured world; a drawn value lies on the line between two of them.

use super::whole;
use crate::base::rng::Stream;
use crate::world::import::roster::MEMBERS_MIN;

/// Villages of the measured world, to which sizes are scaled.
const MEASURED_VILLAGES: f64 = 15_000.0;
/// Share of villages that the static tribe holds, in worlds of at least [`STATIC_FROM`] villages.
const STATIC_SHARE: f64 = 0.0375;
const STATIC_FROM: u32 = 300;
/// Share of the players' villages that alliances hold at most.
const ALLIED_SHARE_MAX: f64 = 0.8;

/// Members of the measured world's alliances: how many alliances have how many.
const ALLIANCES: [(usize, f64); 24] = [
    (8, 60.0),
    (1, 58.0),
    (1, 56.0),
    (1, 52.0),
    (1, 47.0),
    (1, 35.0),
    (2, 27.0),
    (1, 23.0),
    (3, 20.0),
    (1, 17.0),
    (3, 13.0),
    (1, 12.0),
    (3, 11.0),
    (2, 10.0),
    (2, 9.0),
    (2, 8.0),
    (2, 7.0),
    (3, 5.0),
    (4, 4.0),
    (3, 4.0),
    (6, 3.0),
    (7, 3.0),
    (26, 2.0),
    (70, 1.0),
];
/// Villages per member of the top alliances, before their wealth, and what the poorest of them have together.
const TOP_VILLAGES: f64 = 10.5;
const TOP_VILLAGES_MIN: f64 = 545.0;
/// Wealth of top alliances: the factor on their members' villages.
const WEALTH_MIN: f64 = 0.8;
const WEALTH_MAX: f64 = 1.36;
/// The fractions of the golden ratio and of the square root of 2.
const TURN_STEP: f64 = 0.618_033_988_749_894_9;
const FORTUNE_STEP: f64 = 0.414_213_562_373_095_1;
/// An alliance counts as a top one from this size on in the measured world, as a middling one from the other.
const TOP_FROM: f64 = 40.0;
const MIDDLING_FROM: f64 = 8.0;

/// Shares at which the tables of inhabitants and villages hold.
const SHARES: [f64; 8] = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0];

/// What a player is to the map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// In one of the large alliances.
    Top,
    /// In an alliance of some size.
    Middling,
    /// In an alliance of a few.
    Small,
    /// In none.
    Lone,
    /// The static tribe.
    Static,
}

impl Standing {
    fn inhabitants(self) -> [f64; 8] {
        match self {
            Self::Top => [20.0, 244.0, 483.0, 682.0, 822.0, 928.0, 1101.0, 1303.0],
            Self::Middling => [12.0, 106.0, 212.0, 412.0, 627.0, 758.0, 962.0, 1191.0],
            Self::Small => [8.0, 102.0, 168.0, 325.0, 575.0, 794.0, 1096.0, 1198.0],
            Self::Lone => [4.0, 94.0, 99.0, 112.0, 190.0, 337.0, 736.0, 1056.0],
            Self::Static => [28.0, 112.0, 189.0, 271.0, 352.0, 415.0, 535.0, 854.0],
        }
    }

    /// Villages per player; rounded down, so 1.9 is one village still.
    fn villages(self) -> [f64; 8] {
        match self {
            Self::Top => [1.0, 5.2, 7.6, 10.5, 13.6, 16.6, 25.0, 28.0],
            Self::Middling => [1.0, 1.3, 2.6, 4.4, 6.3, 7.5, 11.5, 16.9],
            Self::Small => [1.0, 1.1, 1.6, 3.1, 4.7, 6.5, 14.0, 21.9],
            Self::Lone | Self::Static => [1.0, 1.1, 1.4, 1.8, 2.6, 3.3, 5.8, 14.9],
        }
    }
}

/// The value of a table at a share.
fn quantile(table: &[f64; 8], share: f64) -> f64 {
    let after = SHARES.iter().position(|s| *s >= share).unwrap_or(SHARES.len() - 1).max(1);
    let (from, to) = (SHARES[after - 1], SHARES[after]);
    table[after - 1] + (table[after] - table[after - 1]) * ((share - from) / (to - from)).clamp(0.0, 1.0)
}

/// A player before it has a place.
#[derive(Debug)]
pub(super) struct PlannedPlayer {
    pub(super) standing: Standing,
    /// Its alliance, counted from 0, and its seat there.
    pub(super) alliance: Option<(usize, Seat)>,
    pub(super) villages: u32,
}

/// A member's place in its alliance's home region. Seats are spread evenly, so that an alliance of twelve has the
/// shape of one of sixty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    /// Share of the members that live nearer to the center.
    pub(super) share: f64,
    /// Direction from the center, in turns.
    pub(super) turn: f64,
}

impl PlannedPlayer {
    /// Inhabitants of each village. Villages of one player resemble each other: 0.5 of the variance is the player's.
    pub(super) fn draw_populations(&self, stream: &mut Stream) -> Vec<u32> {
        let table = self.standing.inhabitants();
        let half = 0.5_f64.sqrt();
        let of_player = if self.standing == Standing::Static { None } else { Some(stream.normal(0.0, 1.0)) };
        let one = |_| {
            let own = stream.normal(0.0, 1.0);
            let deviation = of_player.map_or(own, |shared| half * shared + half * own);
            let share = 0.5 * (1.0 + libm::erf(deviation / core::f64::consts::SQRT_2));
            u32::try_from(whole(quantile(&table, share))).unwrap_or(0)
        };
        (0..self.villages).map(one).collect()
    }
}

/// Everyone, alliances first, the largest first.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) players: Vec<PlannedPlayer>,
    /// How many alliances there are.
    pub(super) alliances: usize,
}

/// Plans players with `villages` villages together, and `active` alliances of at least three members among theirs.
pub(super) fn plan_people(stream: &mut Stream, villages: u32, active: usize, has_static: bool) -> Plan {
    let resting = if has_static && villages >= STATIC_FROM { whole(f64::from(villages) * STATIC_SHARE) } else { 0 };
    let resting = u32::try_from(resting).unwrap_or(0);
    let mut left = villages - resting;
    let sizes = alliance_sizes(villages, active);
    let mut players = plan_members(stream, &sizes, left);
    left -= players.iter().map(|p| p.villages).sum::<u32>();
    while left > 0 {
        let count = villages_at(Standing::Lone, stream.unit(), 1.0).min(left);
        players.push(PlannedPlayer { standing: Standing::Lone, alliance: None, villages: count });
        left -= count;
    }
    if resting > 0 {
        players.push(PlannedPlayer { standing: Standing::Static, alliance: None, villages: resting });
    }
    Plan { players, alliances: sizes.len() }
}

/// An alliance before it has members.
#[derive(Debug)]
struct Size {
    members: usize,
    standing: Standing,
    /// The smallest factor on its members' villages.
    poorest: f64,
}

/// Sizes of the alliances, the largest first. Worlds up to the measured size have its alliances with proportionally
/// fewer members, larger worlds have them several times over.
fn alliance_sizes(villages: u32, active: usize) -> Vec<Size> {
    let scale = f64::from(villages) / MEASURED_VILLAGES;
    let copies = libm::ceil(scale).max(1.0);
    let mut sizes = Vec::new();
    for (alliances, measured) in ALLIANCES {
        let standing = match measured {
            m if m >= TOP_FROM => Standing::Top,
            m if m >= MIDDLING_FROM => Standing::Middling,
            _ => Standing::Small,
        };
        let members = usize::try_from(whole(measured * scale / copies)).unwrap_or(0);
        let poorest = (TOP_VILLAGES_MIN / (measured * TOP_VILLAGES)).max(WEALTH_MIN);
        let copies = usize::try_from(whole(copies)).unwrap_or(1);
        sizes.extend((0..alliances * copies).map(|_| Size { members, standing, poorest }));
    }
    while sizes.len() < active {
        sizes.push(Size { members: 0, standing: Standing::Small, poorest: 1.0 });
    }
    for size in sizes.iter_mut().take(active) {
        size.members = size.members.max(MEMBERS_MIN);
    }
    sizes.retain(|size| size.members > 0);
    sizes
}

fn plan_members(stream: &mut Stream, sizes: &[Size], villages: u32) -> Vec<PlannedPlayer> {
    let mut players = Vec::new();
    let mut ahead = stream.unit();
    for (alliance, Size { members, standing, poorest }) in sizes.iter().enumerate() {
        // Alliances differ: some are of many small accounts, some of few large ones. A few are far ahead.
        ahead = (ahead + FORTUNE_STEP) % 1.0;
        let wealth =
            if *standing == Standing::Top { poorest + (WEALTH_MAX - poorest) * ahead * ahead * ahead } else { 1.0 };
        // Steps of an irrational number visit all shares evenly, whatever the number of members.
        let (mut turn, mut fortune) = (stream.unit(), stream.unit());
        for seat in 0..*members {
            let share = (count(seat) + stream.unit()) / count(*members);
            turn = (turn + TURN_STEP) % 1.0;
            fortune = (fortune + FORTUNE_STEP) % 1.0;
            let owned = villages_at(*standing, fortune, wealth);
            let alliance = Some((alliance, Seat { share, turn }));
            players.push(PlannedPlayer { standing: *standing, alliance, villages: owned });
        }
    }
    let held: u32 = players.iter().map(|p| p.villages).sum();
    let allowed = f64::from(villages) * ALLIED_SHARE_MAX;
    if f64::from(held) > allowed {
        shrink(&mut players, allowed / f64::from(held));
        // Everyone keeps one village, so rounding up may leave a few too many.
        let limit = u32::try_from(whole(allowed)).unwrap_or(0);
        let mut surplus = players.iter().map(|p| p.villages).sum::<u32>().saturating_sub(limit);
        for player in players.iter_mut() {
            let given = surplus.min(player.villages - 1);
            player.villages -= given;
            surplus -= given;
        }
    }
    players
}

fn shrink(players: &mut [PlannedPlayer], share: f64) {
    for player in players {
        let fewer = libm::floor(f64::from(player.villages) * share);
        player.villages = u32::try_from(whole(fewer)).unwrap_or(0).max(1);
    }
}

/// Villages of a player whom this share of players like him has fewer than.
fn villages_at(standing: Standing, share: f64, wealth: f64) -> u32 {
    let owned = libm::floor(quantile(&standing.villages(), share) * wealth);
    u32::try_from(whole(owned)).unwrap_or(1).max(1)
}

fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(0.0, f64::from)
}
