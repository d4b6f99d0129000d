//! Makes a synthetic world that looks like a real one of the same size, for games and tests that ship no dump.
//!
//! Fitted to a measured world of 15,000 villages: about 3.5 villages per player (median 2, 99th percentile 19),
//! median population 387 (90th percentile 860), top alliances of 47 to 60 members with 500 to 900 villages whose
//! villages lie a median 54 to 106 fields apart on a map of half-width 200. Smaller worlds have the same alliances
//! with proportionally fewer members (at 3,000 villages the eight largest have 12), larger ones have more alliances;
//! an alliance that is to be active has at least 3 members in any world. Distances scale with the half-width.
//!
//! Active alliances, ranks, wars, roles and rhythms are cast by the code that casts an import.

mod names;
mod people;
mod placement;

use crate::base::contract::{Scenario, ScenarioSite};
use crate::base::geometry::{Tile, Torus};
use crate::base::id::{AllianceId, PlayerId, SiteId, TribeId};
use crate::base::rng::{Purpose, Stream};
use crate::base::ruleset::Ruleset;
use crate::world::import::Wars;
use crate::world::import::roster::{Census, MEMBERS_MIN, Person, assemble};
use names::Names;
use people::{PlannedPlayer, Standing, plan_people};
use placement::Ground;
use thiserror::Error;

/// Half-widths that a world can have.
const HALF_WIDTH_MIN: i16 = 10;
const HALF_WIDTH_MAX: i16 = 400;

/// What world to make.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GeneratorOptions {
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// How many villages there are, those of the static tribe included.
    pub villages: u32,
    /// The map's largest coordinate, 10 to 400.
    pub half_width: i16,
    /// How many alliances deliberate.
    pub alliances: usize,
    /// Who is at war with whom at the start.
    pub wars: Wars,
}

impl Default for GeneratorOptions {
    fn default() -> Self {
        Self { seed: 1, villages: 3_000, half_width: 200, alliances: 8, wars: Wars::Nearest }
    }
}

/// A world that cannot be made.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum GenerateWorldError {
    /// No villages at all.
    #[error("generator: `villages` must be at least 1")]
    NoVillages,
    /// A map of an impossible size.
    #[error("generator: `half_width` must be from {HALF_WIDTH_MIN} to {HALF_WIDTH_MAX}, not {half_width}")]
    HalfWidth {
        /// What was asked for.
        half_width: i16,
    },
    /// More villages than tiles.
    #[error("generator: {villages} `villages` do not fit the {tiles} tiles of a map with `half_width` {half_width}")]
    TooManyVillages {
        /// What was asked for.
        villages: u32,
        /// The tiles that there are.
        tiles: u32,
        /// The map's half-width.
        half_width: i16,
    },
    /// Too few villages for the members of so many alliances.
    #[error("generator: {alliances} `alliances` need at least {needed} `villages`, not {villages}")]
    TooFewVillages {
        /// What was asked for.
        alliances: usize,
        /// What was asked for.
        villages: u32,
        /// Four for each of three members.
        needed: usize,
    },
    /// The ruleset has no tribe that plays.
    #[error("generator: the ruleset has no tribe that acts and has units")]
    NoTribe,
}

/// Makes a world; the same options and ruleset make the same world.
///
/// ```
/// use bevy_alliance::base::ruleset::Ruleset;
/// use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
/// let options = GeneratorOptions { villages: 500, half_width: 100, alliances: 4, ..Default::default() };
/// let world = generate_world(&options, &Ruleset::extended())?;
/// assert_eq!(world.sites.len(), 500);
/// assert_eq!(world.alliances.iter().filter(|a| a.active).count(), 4);
/// # Ok::<(), bevy_alliance::world::generator::GenerateWorldError>(())
/// ```
///
/// # Errors
/// [`GenerateWorldError`] names the option that is impossible.
pub fn generate_world(options: &GeneratorOptions, rules: &Ruleset) -> Result<Scenario, GenerateWorldError> {
    check(options)?;
    let tribes = Tribes::of(rules).ok_or(GenerateWorldError::NoTribe)?;
    let torus = Torus { half_width: options.half_width };
    let mut stream = Stream::new(options.seed, 0, Purpose::GENERATOR, 0);
    let plan = plan_people(&mut stream, options.villages, options.alliances, tribes.resting.is_some());
    let mut ground = Ground::new(torus);
    let centers = placement::draw_centers(&mut stream, torus, plan.alliances);
    let mut names = Names::new(options.seed);
    let mut sites = Vec::new();
    let mut people = Vec::new();
    for (id, player) in (1_u32..).zip(&plan.players) {
        let owner = PlayerId(id);
        let tiles = ground.settle(&mut stream, &centers, player);
        let populations = player.draw_populations(&mut stream);
        let main = tribes.draw(&mut stream, player);
        for (at, population) in tiles.into_iter().zip(populations) {
            let tribe = tribes.draw_village(&mut stream, player, main);
            let name = if player.standing == Standing::Static { names.ruin() } else { names.village() };
            sites.push(ScenarioSite { at, name, owner, tribe, population, ..ScenarioSite::default() });
        }
        let name = if player.standing == Standing::Static { "Natars".to_owned() } else { names.player() };
        people.push(Person { id: owner, name, alliance: player.alliance.map(|(i, _)| alliance_id(i)) });
    }
    number(&mut sites, torus);
    let alliances = (0..plan.alliances).map(|i| (alliance_id(i), names.alliance())).collect();
    let census = Census { seed: options.seed, half_width: options.half_width, sites, people, alliances };
    Ok(assemble(census, options.alliances, options.wars, rules))
}

fn check(options: &GeneratorOptions) -> Result<(), GenerateWorldError> {
    let GeneratorOptions { villages, half_width, alliances, .. } = *options;
    if villages == 0 {
        return Err(GenerateWorldError::NoVillages);
    }
    if !(HALF_WIDTH_MIN..=HALF_WIDTH_MAX).contains(&half_width) {
        return Err(GenerateWorldError::HalfWidth { half_width });
    }
    let side = Torus { half_width }.side().unsigned_abs();
    let tiles = side * side;
    if villages > tiles {
        return Err(GenerateWorldError::TooManyVillages { villages, tiles, half_width });
    }
    let needed = alliances.saturating_mul(MEMBERS_MIN).saturating_mul(4);
    if usize::try_from(villages).unwrap_or(usize::MAX) < needed {
        return Err(GenerateWorldError::TooFewVillages { alliances, villages, needed });
    }
    Ok(())
}

fn alliance_id(index: usize) -> AllianceId {
    AllianceId(u32::try_from(index + 1).unwrap_or(u32::MAX))
}

/// Villages are numbered from the north-west corner on, as in a dump, so that an id says nothing about its owner.
fn number(sites: &mut [ScenarioSite], torus: Torus) {
    sites.sort_by_key(|s| torus.tile_id(s.at));
    for (id, site) in (1_u32..).zip(sites) {
        site.id = SiteId(id);
    }
}

/// The tribes of the ruleset that play, with how often each is chosen, and one that rests.
struct Tribes {
    playing: Vec<TribeId>,
    weights: Vec<f64>,
    resting: Option<TribeId>,
}

impl Tribes {
    fn of(rules: &Ruleset) -> Option<Self> {
        let mut tribes = Self { playing: Vec::new(), weights: Vec::new(), resting: None };
        for (id, tribe) in (0_u8..).map(TribeId).zip(&rules.tribes) {
            if tribe.is_static {
                tribes.resting = tribes.resting.or((tribe.size > 0).then_some(id));
            } else if tribe.size > 0 {
                tribes.playing.push(id);
                // Villages in a hundred of the measured world, by the number in `map.sql`.
                tribes.weights.push(match tribe.map_number {
                    1 => 25.0,
                    2 => 9.0,
                    3 => 23.0,
                    6 => 22.0,
                    7 => 8.0,
                    8 => 13.0,
                    _ => 10.0,
                });
            }
        }
        (!tribes.playing.is_empty()).then_some(tribes)
    }

    fn draw(&self, stream: &mut Stream, player: &PlannedPlayer) -> TribeId {
        let drawn = self.playing.get(stream.weighted(&self.weights)).copied().unwrap_or_default();
        self.resting.filter(|_| player.standing == Standing::Static).unwrap_or(drawn)
    }

    /// Most villages have their player's main tribe, but many players own several.
    fn draw_village(&self, stream: &mut Stream, player: &PlannedPlayer, main: TribeId) -> TribeId {
        if player.standing == Standing::Static || stream.chance(0.7) { main } else { self.draw(stream, player) }
    }
}

/// A tile that was wanted, moved by a normal draw of this deviation.
fn scatter(stream: &mut Stream, torus: Torus, around: Tile, deviation: f64) -> Tile {
    let dx = whole(stream.normal(0.0, deviation));
    let dy = whole(stream.normal(0.0, deviation));
    torus.shifted(around, dx, dy)
}

/// To the nearest whole number.
#[expect(clippy::cast_possible_truncation, reason = "a few thousand at most, and the cast saturates")]
fn whole(value: f64) -> i32 {
    libm::round(value) as i32
}

#[cfg(test)]
mod tests;
