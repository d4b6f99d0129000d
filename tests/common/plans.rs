//! What plans are made of, by hand.

use bevy_alliance::base::clock::GameTime;
use bevy_alliance::base::contract::{Rhythm, SiteEstimate, SiteState};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{PlayerId, SiteId, TribeId};
use bevy_alliance::base::ruleset::{Force, Levels};
use bevy_alliance::decision::planning::allocation::Source;

/// A village that may send all that stands in it, of an owner who never sleeps.
pub(crate) fn source(id: u32, owner: u32, at: (i16, i16), available: Force) -> Source {
    let site = SiteState {
        site: SiteId(id),
        at: Tile::new(at.0, at.1),
        owner: PlayerId(owner),
        tribe: TribeId(0),
        population: 500,
        home: available.clone(),
        away: Force::new(),
        guests: Force::new(),
        upgrades: Levels::default(),
        wall: 5,
        residence: 5,
        mobility: 0,
        stores: Goods::default(),
        per_hour: Goods::default(),
        carriers: 0,
    };
    let rhythm = Rhythm::default();
    Source { site, available, chiefs: Force::new(), population: 2_000, rhythm, not_before: None, not_after: None }
}

/// A village of which these troops were seen at the beginning.
pub(crate) fn estimate(at: (i16, i16), troops: Force) -> SiteEstimate {
    SiteEstimate {
        at: Tile::new(at.0, at.1),
        tribe: TribeId(0),
        population: 500,
        owner_population: 2_000,
        troops,
        goods: Goods::default(),
        wall: 3,
        residence: 3,
        seen_at: GameTime(0),
        confidence: 0.8,
    }
}
