//! The land of the hex game: three alliances on both sides of a river, as a `Scenario` of the game's own.

use super::model::SILVER_PER_INHABITANT;
use super::rules::{ARCHERS, KNIGHTS, PIKES, RAVENS};
use bevy_alliance::base::contract::{
    PlayerKind, Rank, Rhythm, Scenario, ScenarioAlliance, ScenarioPlayer, ScenarioSite, Stance,
};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{AllianceId, PlayerId, SiteId, TribeId};
use bevy_alliance::base::ruleset::Force;

const ALLIANCES: [(&str, Tile); 3] =
    [("Wardens of the Ford", Tile::new(-9, -2)), ("Iron Circle", Tile::new(9, -7)), ("Tall Grass", Tile::new(1, 9))];
const NAMES: [&str; 18] = [
    "Aldis", "Berin", "Caro", "Dagny", "Edda", "Falk", "Gerda", "Harl", "Ines", "Jorun", "Karsten", "Liv", "Mats",
    "Nanna", "Odo", "Petra", "Runa", "Sten",
];
const HOLDS: [&str; 3] = ["Keep", "Mill", "Watch"];
/// The six ways out of a hex, one for each member of an alliance.
const WAYS: [(i16, i16); 6] = [(1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1)];

/// A number between `low` and `high`, drawn from the seed for one purpose.
fn draw(seed: u64, of: u32, purpose: u64, low: u32, high: u32) -> u32 {
    // SplitMix64.
    let mut z = seed
        .wrapping_add(u64::from(of).wrapping_mul(0x9E37_79B9_7F4A_7C15))
        .wrapping_add(purpose.wrapping_mul(0xD1B5_4A32_D192_ED03));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let span = u64::from(high - low) + 1;
    low + u32::try_from((z ^ (z >> 31)) % span).unwrap_or(0)
}

/// Three alliances of six members with three holds each, every one at war with the other two.
pub(crate) fn land(seed: u64) -> Scenario {
    let (mut sites, mut players) = (Vec::new(), Vec::new());
    for (a, (_, center)) in ALLIANCES.iter().enumerate() {
        for (m, way) in WAYS.iter().enumerate() {
            let number = a * WAYS.len() + m;
            let player = PlayerId(u32::try_from(number).unwrap_or(0) + 1);
            players.push(member(seed, player, alliance_id(a), m));
            for (k, kind) in HOLDS.iter().enumerate() {
                let out = i16::try_from(k).unwrap_or(0) + 2;
                let at = Tile::new(center.x + way.0 * out, center.y + way.1 * out);
                sites.push(hold(seed, player, at, k, format!("{} {kind}", NAMES[number]), alliance_id(a)));
            }
        }
    }
    let alliances = ALLIANCES.iter().enumerate().map(|(a, (name, _))| ScenarioAlliance {
        id: alliance_id(a),
        name: (*name).to_owned(),
        active: true,
    });
    let pairs = [(0, 1), (0, 2), (1, 2)];
    Scenario {
        seed,
        half_width: 24,
        sites,
        players,
        alliances: alliances.collect(),
        stances: pairs.map(|(a, b)| (alliance_id(a), alliance_id(b), Stance::War)).to_vec(),
    }
}

fn alliance_id(index: usize) -> AllianceId {
    AllianceId(u32::try_from(index).unwrap_or(0) + 1)
}

fn member(seed: u64, id: PlayerId, alliance: AllianceId, place: usize) -> ScenarioPlayer {
    let rank = match place {
        0 => Rank::Leader,
        1 | 2 => Rank::Officer,
        _ => Rank::Member,
    };
    let bedtime = u16::try_from(draw(seed, id.0, 1, 1_260, 1_500) % 1_440).unwrap_or(0);
    ScenarioPlayer {
        id,
        name: NAMES[usize::try_from(id.0 - 1).unwrap_or(0)].to_owned(),
        kind: PlayerKind::Active,
        membership: Some((alliance, rank)),
        role: None,
        rhythm: Some(Rhythm { utc_offset_mins: 0, sleep_start_mins: bedtime, sleep_mins: 420 }),
        archetype: None,
    }
}

fn hold(seed: u64, owner: PlayerId, at: Tile, place: usize, name: String, people: AllianceId) -> ScenarioSite {
    let id = SiteId(owner.0 * 10 + u32::try_from(place).unwrap_or(0));
    let of = |purpose, low, high| draw(seed, id.0, purpose, low, high);
    // Every third member keeps a strong guard, the others ride out. A keep holds the most of both.
    let (guard, strike) = if owner.0.is_multiple_of(3) { (26, 14) } else { (12, 30) };
    let size = if place == 0 { 2 } else { 1 };
    let troops = [
        (PIKES, size * of(2, guard, guard + 12)),
        (KNIGHTS, size * of(3, strike / 2, strike)),
        (ARCHERS, size * of(4, strike / 3, strike)),
        (RAVENS, of(5, 4, 10)),
    ];
    let population = of(6, 45, 70) * size;
    #[expect(clippy::cast_possible_truncation, reason = "silver of half a day")]
    let silver = (SILVER_PER_INHABITANT * f64::from(population) * 40.0) as i64;
    ScenarioSite {
        id,
        at,
        name,
        owner,
        // The game's own peoples: the crate's tribes mean nothing here.
        tribe: TribeId(100 + u8::try_from(people.0).unwrap_or(0)),
        population,
        troops: Some(troops.into_iter().collect::<Force>()),
        stores: Some(Goods::new([silver, 0, 0, 0])),
        wall: Some(u8::try_from(of(7, 0, 3) + size).unwrap_or(0)),
        residence: None,
        tournament_square: None,
    }
}
