//! The patterns that a campaign knows.

use super::Pattern;
use crate::base::ruleset::Capabilities;
use bevy::prelude::Resource;
use serde::{Deserialize, Serialize};

/// The patterns of a campaign, the default one first. A game adds its own before it starts.
#[derive(Resource, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Library {
    patterns: Vec<Pattern>,
}

impl Default for Library {
    #[expect(clippy::expect_used, reason = "texts that are compiled in, read by a test")]
    fn default() -> Self {
        let texts = [
            include_str!("../../../../assets/patterns/simultaneous.json"),
            include_str!("../../../../assets/patterns/multi_wave.json"),
            include_str!("../../../../assets/patterns/conquest_train.json"),
            include_str!("../../../../assets/patterns/hammer_and_anvil.json"),
            include_str!("../../../../assets/patterns/fake_and_real.json"),
            include_str!("../../../../assets/patterns/cleaner_and_siege.json"),
            include_str!("../../../../assets/patterns/mid_cleaner.json"),
            include_str!("../../../../assets/patterns/decoy.json"),
            include_str!("../../../../assets/patterns/feint_and_recall.json"),
            include_str!("../../../../assets/patterns/encirclement.json"),
            include_str!("../../../../assets/patterns/pin.json"),
            include_str!("../../../../assets/patterns/relief_raid.json"),
            include_str!("../../../../assets/patterns/follow_home.json"),
            include_str!("../../../../assets/patterns/reserve_follow_up.json"),
        ];
        let patterns =
            texts.iter().map(|t| Pattern::from_json(t).expect("the compiled-in patterns are valid")).collect();
        Self { patterns }
    }
}

impl Library {
    /// Adds a pattern, or puts it in the place of the one with its name, which it returns.
    pub fn add(&mut self, pattern: Pattern) -> Option<Pattern> {
        if let Some(old) = self.patterns.iter_mut().find(|p| p.name == pattern.name) {
            return Some(core::mem::replace(old, pattern));
        }
        self.patterns.push(pattern);
        None
    }

    /// All patterns, the default one first.
    pub fn iter(&self) -> impl Iterator<Item = &Pattern> {
        self.patterns.iter()
    }

    /// The pattern with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Pattern> {
        self.patterns.iter().find(|p| p.name == name)
    }

    /// The first pattern.
    ///
    /// # Panics
    /// Never: a library holds at least the compiled-in patterns.
    #[must_use]
    pub fn default_pattern(&self) -> &Pattern {
        &self.patterns[0]
    }

    /// The patterns that a ruleset can carry.
    pub fn fitting(&self, capabilities: Capabilities) -> impl Iterator<Item = &Pattern> {
        self.patterns.iter().filter(move |p| p.fits(capabilities).is_ok())
    }
}
