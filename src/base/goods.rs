//! Amounts of the four goods.

use bevy::prelude::Reflect;
use core::ops::{Add, AddAssign};
use serde::{Deserialize, Serialize};

/// Wood, clay, iron and crop, each a whole amount. Arithmetic saturates: goods never wrap around.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct Goods {
    /// Wood.
    pub wood: i64,
    /// Clay.
    pub clay: i64,
    /// Iron.
    pub iron: i64,
    /// Crop.
    pub crop: i64,
}

impl Goods {
    /// Nothing.
    pub const ZERO: Self = Self { wood: 0, clay: 0, iron: 0, crop: 0 };

    /// From wood, clay, iron, crop in this order.
    #[must_use]
    pub const fn new(amounts: [i64; 4]) -> Self {
        Self { wood: amounts[0], clay: amounts[1], iron: amounts[2], crop: amounts[3] }
    }

    /// Wood, clay, iron, crop in this order.
    #[must_use]
    pub const fn amounts(self) -> [i64; 4] {
        [self.wood, self.clay, self.iron, self.crop]
    }

    /// Applies `f` to each of the four amounts.
    #[must_use]
    pub fn map(self, f: impl FnMut(i64) -> i64) -> Self {
        Self::new(self.amounts().map(f))
    }

    /// Applies `f` to each pair of amounts.
    #[must_use]
    pub fn zip(self, other: Self, mut f: impl FnMut(i64, i64) -> i64) -> Self {
        let (a, b) = (self.amounts(), other.amounts());
        Self::new([f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])])
    }

    /// `self - other` in each good, saturating; may be negative.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.zip(other, i64::saturating_sub)
    }

    /// `n` times as much of each good.
    #[must_use]
    pub fn times(self, n: i64) -> Self {
        self.map(|x| x.saturating_mul(n))
    }

    /// The sum of the four.
    #[must_use]
    pub fn total(self) -> i64 {
        self.amounts().into_iter().fold(0, i64::saturating_add)
    }

    /// Whether there is none of any.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }
}

impl Add for Goods {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.zip(other, i64::saturating_add)
    }
}

impl AddAssign for Goods {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
