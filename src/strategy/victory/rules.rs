//! How far somebody has come.

use super::condition::VictoryCondition;

/// What counts of an alliance: public all of it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Contender {
    /// The part of all tiles that it holds, 0..=1.
    pub land: f64,
    /// Tiles that it holds.
    pub tiles: u64,
    /// Inhabitants of its members.
    pub inhabitants: u64,
    /// The level of its highest wonder.
    pub wonder: u8,
}

impl Contender {
    /// Points: one for each inhabitant and each tile.
    #[must_use]
    pub fn points(&self) -> u64 {
        self.inhabitants + self.tiles
    }
}

/// All who are still in it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Field {
    /// Alliances that deliberate and have members.
    pub alliances: u32,
    /// The most points of one of them.
    pub most_points: u64,
    /// Days since the start.
    pub day: f64,
}

/// How far an alliance has come towards a condition, 0..=1; at 1 it is met.
///
/// ```
/// use bevy_alliance::strategy::victory::{VictoryCondition, rules::{Contender, Field, progress}};
/// let one = Contender { land: 0.12, tiles: 100, inhabitants: 900, wonder: 40 };
/// let field = Field { alliances: 4, most_points: 2_000, day: 6.0 };
/// let of = |condition| progress(condition, &one, &field);
/// assert!((of(VictoryCondition::Territory { share: 0.3 }) - 0.4).abs() < 1e-9);
/// assert!((of(VictoryCondition::Wonder { level: 100 }) - 0.4).abs() < 1e-9);
/// assert!((of(VictoryCondition::LastAlliance) - 0.25).abs() < 1e-9); // one of four
/// // A fifth of the time, half of the leader's points: who leads has come a fifth of the way.
/// assert!((of(VictoryCondition::Points { by_day: 30.0 }) - 0.1).abs() < 1e-9);
/// ```
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "inhabitants of a world, below 2^53")]
pub fn progress(condition: VictoryCondition, one: &Contender, all: &Field) -> f64 {
    let value = match condition {
        VictoryCondition::Territory { share } => one.land / share,
        VictoryCondition::Wonder { level } => f64::from(one.wonder) / f64::from(level.max(1)),
        VictoryCondition::LastAlliance => 1.0 / f64::from(all.alliances.max(1)),
        VictoryCondition::Points { by_day } => {
            (all.day / by_day).min(1.0) * (one.points() as f64 / all.most_points.max(1) as f64)
        }
    };
    value.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_condition_is_met_at_its_figure_and_not_before() {
        let field = Field { alliances: 2, most_points: 1_000, day: 10.0 };
        let met = |condition, one: Contender, field: Field| progress(condition, &one, &field) >= 1.0;
        let territory = VictoryCondition::Territory { share: 0.25 };
        assert!(met(territory, Contender { land: 0.25, ..Contender::default() }, field));
        assert!(!met(territory, Contender { land: 0.249, ..Contender::default() }, field));
        let wonder = VictoryCondition::Wonder { level: 7 };
        assert!(met(wonder, Contender { wonder: 7, ..Contender::default() }, field));
        assert!(!met(wonder, Contender { wonder: 6, ..Contender::default() }, field));
        assert!(!met(VictoryCondition::LastAlliance, Contender::default(), field));
        assert!(met(VictoryCondition::LastAlliance, Contender::default(), Field { alliances: 1, ..field }));
        let points = VictoryCondition::Points { by_day: 10.0 };
        let one = Contender { tiles: 100, inhabitants: 900, ..Contender::default() };
        assert!(met(points, one, field));
        assert!(!met(points, one, Field { day: 9.99, ..field }));
        assert!(!met(points, Contender { tiles: 99, ..one }, field));
    }
}
