//! How influence falls with distance.

use crate::base::geometry::Tile;
use crate::knowledge::territory::TerritorySettings;

/// The weight of a site on its own tile, in thousandths.
const FULL: u32 = 1_000;

/// The weight of a site on a tile, in thousandths: 1 - distance / radius, down to 0 at the radius. Distances are cut to
/// thousandths of a field and quotients to whole thousandths, so that it is the same integer everywhere.
///
/// ```
/// use bevy_alliance::knowledge::territory::rules::weight_milli;
/// assert_eq!(weight_milli(0, 12), 1_000);
/// assert_eq!(weight_milli(6 * 6, 12), 500);
/// assert_eq!(weight_milli(3 * 3 + 4 * 4, 12), 584); // 5 of 12 fields
/// assert_eq!(weight_milli(12 * 12, 12), 0);
/// ```
#[must_use]
pub fn weight_milli(distance_squared: u32, radius: u16) -> u32 {
    let milli_fields = (u64::from(distance_squared) * 1_000_000).isqrt();
    let lost = milli_fields / u64::from(radius.max(1));
    FULL.saturating_sub(u32::try_from(lost).unwrap_or(FULL))
}

/// The weights around a site, row by row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Falloff {
    rows: Vec<FalloffRow>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct FalloffRow {
    dy: i32,
    /// Weights from `-span` to `span`, none of them 0.
    weights: Vec<u32>,
    span: i32,
}

impl Falloff {
    pub(super) fn new(settings: &TerritorySettings, half_width: i16) -> Self {
        let radius = settings.radius.clamp(1, TerritorySettings::RADIUS_MAX);
        let reach = TerritorySettings::reach(radius, half_width);
        let weight = |dx: i32, dy: i32| weight_milli((dx * dx + dy * dy).unsigned_abs(), radius);
        let row = |dy: i32| {
            let span = (0..=reach).take_while(|dx| weight(*dx, dy) > 0).last()?;
            Some(FalloffRow { dy, weights: (-span..=span).map(|dx| weight(dx, dy)).collect(), span })
        };
        Self { rows: (-reach..=reach).filter_map(row).collect() }
    }

    /// Calls `found` with row, column and weight of each tile with a weight around a site; rows count from the north,
    /// columns from the west.
    pub(super) fn for_each(&self, half_width: i16, at: Tile, mut found: impl FnMut(usize, usize, u32)) {
        let w = i32::from(half_width);
        let side = 2 * w + 1;
        for FalloffRow { dy, weights, span } in &self.rows {
            let row = index((w - i32::from(at.y) - dy).rem_euclid(side));
            let west = (i32::from(at.x) + w - span).rem_euclid(side);
            for (column, weight) in (west..).zip(weights) {
                found(row, index(if column >= side { column - side } else { column }), *weight);
            }
        }
    }
}

fn index(v: i32) -> usize {
    usize::try_from(v).unwrap_or(0)
}
