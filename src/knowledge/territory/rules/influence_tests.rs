//! Following changes gives what building anew gives, and both give what the formula says.

use super::*;
use crate::base::geometry::{Tile, Torus};
use crate::base::id::{AllianceId, SiteId};
use crate::knowledge::territory::TerritorySettings;
use proptest::prelude::*;
use std::collections::BTreeMap;

type Step = (SiteId, Option<Source>);

fn source(half_width: i16) -> impl Strategy<Value = Source> {
    let tile = (-half_width..=half_width, -half_width..=half_width).prop_map(|(x, y)| Tile::new(x, y));
    // Few alliances and often no inhabitants: cells run empty and fill again.
    let population = prop_oneof![1 => Just(0), 4 => 0_u32..400, 1 => Just(u32::MAX)];
    (tile, 0_u32..5, population).prop_map(|(at, alliance, population)| Source {
        at,
        alliance: AllianceId(alliance),
        population,
    })
}

fn settings() -> impl Strategy<Value = TerritorySettings> {
    (0_u16..20, 0_u32..90, 0_u32..1_200).prop_map(|(radius, claim_min, contested_milli)| TerritorySettings {
        radius,
        claim_min,
        contested_milli,
        ..TerritorySettings::default()
    })
}

/// A world and its history in steps of one or more changes at once.
fn history() -> impl Strategy<Value = (Torus, TerritorySettings, Vec<Vec<Step>>)> {
    (0_i16..40, settings()).prop_flat_map(|(half_width, settings)| {
        let step = (0_u32..30, prop::option::weighted(0.8, source(half_width))).prop_map(|(id, s)| (SiteId(id), s));
        let steps = prop::collection::vec(prop::collection::vec(step, 1..6), 1..40);
        (Just(Torus { half_width }), Just(settings), steps)
    })
}

/// The formula itself, tile by tile.
fn by_formula(torus: Torus, radius: u16, sources: &BTreeMap<SiteId, Source>, at: Tile) -> Vec<Influence> {
    let mut sums: BTreeMap<AllianceId, u64> = BTreeMap::new();
    for source in sources.values() {
        let distance_squared = torus.distance_squared(source.at, at).unsigned_abs();
        let weight = weight_milli(distance_squared, radius.max(1));
        *sums.entry(source.alliance).or_default() += u64::from(source.population) * u64::from(weight);
    }
    sums.into_iter().filter(|(_, m)| *m > 0).map(|(alliance, milli)| Influence { alliance, milli }).collect()
}

proptest! {
    #[test]
    fn what_followed_a_history_is_what_is_built_from_its_end((torus, settings, steps) in history()) {
        let mut map = InfluenceMap::build(torus, settings, []);
        let mut sources = BTreeMap::new();
        for step in steps {
            for (site, now) in &step {
                match now {
                    Some(source) => sources.insert(*site, *source),
                    None => sources.remove(site),
                };
            }
            map.apply(step);
        }
        prop_assert_eq!(&map, &InfluenceMap::build(torus, settings, sources.clone()));
        let w = torus.half_width;
        let (mut claimed, mut influenced) = (BTreeMap::new(), BTreeMap::new());
        for at in (-w..=w).flat_map(|y| (-w..=w).map(move |x| Tile::new(x, y))) {
            prop_assert_eq!(map.influences(at), by_formula(torus, settings.radius, &sources, at), "{:?}", at);
            for influence in map.influences(at) {
                *influenced.entry(influence.alliance).or_insert(0) += 1;
            }
            if let Some(claim) = map.claim(at) {
                *claimed.entry(claim.alliance).or_insert(0) += 1;
            }
        }
        for alliance in (0..5).map(AllianceId) {
            prop_assert_eq!(map.tiles_influenced(alliance), influenced.get(&alliance).copied().unwrap_or(0));
            prop_assert_eq!(map.tiles_claimed(alliance), claimed.get(&alliance).copied().unwrap_or(0));
        }
        prop_assert_eq!(map.claims().count(), claimed.values().sum::<u32>() as usize);
        prop_assert!(map.claims().map(|(at, _)| torus.tile_id(at)).is_sorted(), "by rows");
    }
}

fn two_towns(apart: i16) -> InfluenceMap {
    let town = |alliance, x| Source { at: Tile::new(x, 0), alliance: AllianceId(alliance), population: 120 };
    let far = Source { at: Tile::new(-60, 0), alliance: AllianceId(1), population: 500 };
    let sources = [(SiteId(1), town(1, 0)), (SiteId(2), town(2, apart)), (SiteId(3), far)];
    InfluenceMap::build(Torus::default(), TerritorySettings::default(), sources)
}

#[test]
fn half_way_between_two_towns_is_contested() {
    let map = two_towns(8);
    let middle = map.claim(Tile::new(4, 0)).expect("claimed");
    assert_eq!((middle.alliance, middle.milli, middle.contested_by), (AllianceId(1), 80_040, Some(AllianceId(2))));
    assert!(!map.claim(Tile::new(-1, 0)).expect("claimed").is_contested());
    assert_eq!(map.claim(Tile::new(-8, 0)), None, "40 inhabitants are too few");
}

#[test]
fn only_the_site_near_others_is_at_the_frontier_and_friends_make_none() {
    let map = two_towns(8);
    let frontier = map.frontier(AllianceId(1), |_| false);
    assert_eq!(frontier.iter().map(|(site, _)| *site).collect::<Vec<_>>(), [SiteId(1)]);
    assert_eq!(map.frontier(AllianceId(2), |_| false)[0].1, frontier[0].1, "it looks the same from the other side");
    assert_eq!(map.frontier(AllianceId(1), |other| other == AllianceId(2)), []);
    assert_eq!(two_towns(30).frontier(AllianceId(1), |_| false), []);
}
