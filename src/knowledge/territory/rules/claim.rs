//! Who holds a tile.

use crate::base::id::AllianceId;
use crate::knowledge::territory::TerritorySettings;

/// The influence of one alliance on one tile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Influence {
    /// Whose.
    pub alliance: AllianceId,
    /// How much, in thousandths of an inhabitant.
    pub milli: u64,
}

/// A tile that somebody holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claim {
    /// Who holds it: the alliance with the largest influence, of equals the lower id.
    pub alliance: AllianceId,
    /// Its influence, in thousandths of an inhabitant.
    pub milli: u64,
    /// Who contests it: the alliance with the second largest influence, if that is large enough.
    pub contested_by: Option<AllianceId>,
}

impl Claim {
    /// Whether somebody else is nearly as strong there.
    #[must_use]
    pub fn is_contested(&self) -> bool {
        self.contested_by.is_some()
    }
}

/// Who holds a tile with these influences: the largest of at least `claim_min` inhabitants. It is contested where the
/// second is at least `contested_milli` thousandths of the first.
///
/// ```
/// use bevy_alliance::base::id::AllianceId;
/// use bevy_alliance::knowledge::territory::{TerritorySettings, rules::{Claim, Influence, claim}};
/// let on_tile = |first, second| [
///     Influence { alliance: AllianceId(1), milli: first },
///     Influence { alliance: AllianceId(2), milli: second },
/// ];
/// let settings = TerritorySettings::default(); // 50 inhabitants, 500 thousandths
/// let held = |contested_by| Some(Claim { alliance: AllianceId(1), milli: 80_000, contested_by });
/// assert_eq!(claim(&on_tile(80_000, 39_999), &settings), held(None));
/// assert_eq!(claim(&on_tile(80_000, 40_000), &settings), held(Some(AllianceId(2))));
/// assert_eq!(claim(&on_tile(49_999, 0), &settings), None);
/// ```
#[must_use]
pub fn claim(influences: &[Influence], settings: &TerritorySettings) -> Option<Claim> {
    let mut best: Option<Influence> = None;
    let mut second: Option<Influence> = None;
    // Sorted by id, so of equals the lower id stays in front.
    for influence in influences {
        if best.is_none_or(|b| influence.milli > b.milli) {
            second = best.replace(*influence);
        } else if second.is_none_or(|s| influence.milli > s.milli) {
            second = Some(*influence);
        }
    }
    let best = best.filter(|b| b.milli > 0 && b.milli >= u64::from(settings.claim_min) * 1_000)?;
    let close = |s: &Influence| {
        s.milli > 0 && u128::from(s.milli) * 1_000 >= u128::from(best.milli) * u128::from(settings.contested_milli)
    };
    let contested_by = second.filter(close).map(|s| s.alliance);
    Some(Claim { alliance: best.alliance, milli: best.milli, contested_by })
}
