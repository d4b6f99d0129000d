//! What wins, as data.

use bevy::prelude::{Reflect, Resource};
use serde::{Deserialize, Serialize};

/// What wins a campaign.
#[derive(Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum VictoryCondition {
    /// To hold this part of all tiles.
    Territory {
        /// Above 0, at most 1.
        share: f64,
    },
    /// To hold a wonder of this level.
    Wonder {
        /// From 1 to 100.
        level: u8,
    },
    /// To be the last alliance that deliberates and has members.
    LastAlliance,
    /// To have most points by then: each inhabitant and each tile that is held counts one.
    Points {
        /// Days from the start, above 0.
        by_day: f64,
    },
}

impl VictoryCondition {
    /// Its name, as facts and reports give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Territory { .. } => "territory",
            Self::Wonder { .. } => "wonder",
            Self::LastAlliance => "last_alliance",
            Self::Points { .. } => "points",
        }
    }

    /// The field that makes no sense, and what it must be.
    fn wrong(self) -> Option<(&'static str, &'static str, String)> {
        match self {
            Self::Territory { share } if !(share > 0.0 && share <= 1.0) => {
                Some(("territory.share", "above 0 and at most 1", share.to_string()))
            }
            Self::Wonder { level } if !(1..=100).contains(&level) => {
                Some(("wonder.level", "from 1 to 100", level.to_string()))
            }
            Self::Points { by_day } if !(by_day > 0.0 && by_day <= 3_650.0) => {
                Some(("points.by_day", "above 0 and at most 3650", by_day.to_string()))
            }
            _ => None,
        }
    }
}

/// What was wrong with conditions of victory.
#[derive(thiserror::Error, Debug)]
pub enum VictoryError {
    /// They are no list of conditions in JSON.
    #[error("victory conditions: {0}")]
    NotRead(serde_json::Error),
    /// A number is out of its range.
    #[error("victory conditions: [{index}].{field} must be {expected}, not {found}")]
    BadField {
        /// Which condition, from 0.
        index: usize,
        /// Which field.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
}

/// All that wins a campaign: whoever meets one of them first. Without any nobody wins.
///
/// A game inserts them before the scenario starts; they are part of the state.
#[derive(Resource, Clone, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct VictoryConditions(pub Vec<VictoryCondition>);

impl VictoryConditions {
    /// Reads a list of conditions from JSON.
    ///
    /// ```
    /// use bevy_alliance::strategy::victory::{VictoryCondition, VictoryConditions};
    /// let text = r#"[{"territory": {"share": 0.3}}, {"wonder": {"level": 100}}, "last_alliance", {"points": {"by_day": 30}}]"#;
    /// let conditions = VictoryConditions::from_json(text)?;
    /// assert_eq!(conditions.0[1], VictoryCondition::Wonder { level: 100 });
    /// let error = VictoryConditions::from_json(r#"[{"territory": {"share": 3}}]"#).unwrap_err();
    /// assert_eq!(error.to_string(), "victory conditions: [0].territory.share must be above 0 and at most 1, not 3");
    /// # Ok::<(), bevy_alliance::strategy::victory::VictoryError>(())
    /// ```
    ///
    /// # Errors
    /// [`VictoryError`] names the condition and the field.
    pub fn from_json(text: &str) -> Result<Self, VictoryError> {
        let conditions: Self = serde_json::from_str(text).map_err(VictoryError::NotRead)?;
        match conditions.0.iter().enumerate().find_map(|(index, c)| Some((index, c.wrong()?))) {
            Some((index, (field, expected, found))) => Err(VictoryError::BadField { index, field, expected, found }),
            None => Ok(conditions),
        }
    }

    /// The level of a wonder that wins, if any does.
    #[must_use]
    pub fn wonder_levels(&self) -> Option<u8> {
        self.0.iter().filter_map(|c| if let VictoryCondition::Wonder { level } = c { Some(*level) } else { None }).min()
    }
}
