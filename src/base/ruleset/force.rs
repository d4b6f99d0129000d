//! Counts of units by class.

use crate::base::id::UnitClass;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use smallvec::SmallVec;

/// How many units of which class: sorted by class, without zeros. Most forces have at most five classes, and those
/// need no memory of their own.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize)]
pub struct Force(SmallVec<[(UnitClass, u32); 5]>);

impl<'de> Deserialize<'de> for Force {
    /// Refuses what no force looks like: a class that stands twice would be counted twice.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let units = SmallVec::<[(UnitClass, u32); 5]>::deserialize(deserializer)?;
        if units.iter().any(|(_, n)| *n == 0) || units.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return Err(D::Error::custom("a force lists each class once, in ascending order and without zeros"));
        }
        Ok(Self(units))
    }
}

/// Upgrade levels by the class's slot in its tribe's roster.
pub type Levels = [u8; super::ROSTER];

impl Force {
    /// No units.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `n` units of one class.
    #[must_use]
    pub fn of(class: UnitClass, n: u32) -> Self {
        let mut force = Self::new();
        force.add(class, n);
        force
    }

    /// How many of a class.
    #[must_use]
    pub fn count(&self, class: UnitClass) -> u32 {
        self.0.binary_search_by_key(&class, |(c, _)| *c).map_or(0, |i| self.0[i].1)
    }

    /// Sets the count of a class.
    pub fn set(&mut self, class: UnitClass, n: u32) {
        match self.0.binary_search_by_key(&class, |(c, _)| *c) {
            Ok(i) if n == 0 => {
                self.0.remove(i);
            }
            Ok(i) => self.0[i].1 = n,
            Err(_) if n == 0 => {}
            Err(i) => self.0.insert(i, (class, n)),
        }
    }

    /// Adds units of a class.
    pub fn add(&mut self, class: UnitClass, n: u32) {
        self.set(class, self.count(class).saturating_add(n));
    }

    /// Adds all units of another force.
    pub fn add_all(&mut self, other: &Self) {
        for (class, n) in other.iter() {
            self.add(class, n);
        }
    }

    /// What is left when `other` is taken away; a class never falls below 0.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.iter().map(|(class, n)| (class, n.saturating_sub(other.count(class)))).collect()
    }

    /// Of each class the smaller count.
    #[must_use]
    pub fn min(&self, other: &Self) -> Self {
        self.iter().map(|(class, n)| (class, n.min(other.count(class)))).collect()
    }

    /// The share `s` (0..=1) of each class, rounded down.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the count")]
    pub fn share(&self, s: f64) -> Self {
        let s = s.clamp(0.0, 1.0);
        self.iter().map(|(class, n)| (class, (f64::from(n) * s) as u32)).collect()
    }

    /// Whether `other` has no more of any class.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.iter().all(|(class, n)| n <= self.count(class))
    }

    /// All classes with their counts, in the order of class.
    pub fn iter(&self) -> impl Iterator<Item = (UnitClass, u32)> + '_ {
        self.0.iter().copied()
    }

    /// Units of all classes.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, n)| u64::from(*n)).sum()
    }

    /// Whether there is no unit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(UnitClass, u32)> for Force {
    fn from_iter<I: IntoIterator<Item = (UnitClass, u32)>>(units: I) -> Self {
        let mut force = Self::new();
        for (class, n) in units {
            force.add(class, n);
        }
        force
    }
}
