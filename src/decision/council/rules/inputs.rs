//! The inputs x of the voter's terms, from amounts.
//!
//! Source: `docs/behavior.md`, "Inputs of the terms". Costs run -1..=0: safety is no reason to attack.

use crate::decision::planning::rules::target::halving;

/// x of `aim`: 1 on the war's aim, 0.5 the same enemy, -0.5 no war.
#[must_use]
pub fn aim(at_war: bool, on_aim: bool) -> f64 {
    match (at_war, on_aim) {
        (_, true) => 1.0,
        (true, false) => 0.5,
        (false, false) => -0.5,
    }
}

/// x of `trust`, -1..=1, from trust in the proposer of -100..=100.
#[must_use]
pub fn trust(points: f64) -> f64 {
    (points / 100.0).clamp(-1.0, 1.0)
}

/// Grievance 0..=1 from its points.
#[must_use]
pub fn grievance(points: f64) -> f64 {
    (points / 100.0).clamp(0.0, 1.0)
}

/// Strength of an enemy 0..=1 from both strengths in goods: clamp(`S_e` / (2 `S_us`), 0, 1).
#[must_use]
pub fn enemy_strength(enemy_goods: f64, our_goods: f64) -> f64 {
    fraction(enemy_goods, 2.0 * our_goods)
}

/// x of `own`: -min(1, L x share of own army / 0.5), with L the expected fraction lost.
#[must_use]
pub fn own(loss: f64, share_of_army: f64) -> f64 {
    -(loss * share_of_army / 0.5).clamp(0.0, 1.0)
}

/// x of `home`: -clamp(1 - `D_left` / (1.2 threat), 0, 1), both in points of force. 0 without a threat.
#[must_use]
pub fn home(defense_left: f64, threat: f64) -> f64 {
    if threat > 0.0 { -(1.0 - defense_left / (1.2 * threat)).clamp(0.0, 1.0) } else { 0.0 }
}

/// x of `goods`: -min(1, asked / surplus), both in goods.
#[must_use]
pub fn goods(asked: f64, surplus: f64) -> f64 {
    -fraction(asked, surplus)
}

/// x of `weary`: -min(1, lost in 7 d / army now + operations in 72 h / 6), both armies in goods.
#[must_use]
pub fn weary(lost_goods: f64, army_goods: f64, operations: u32) -> f64 {
    -(fraction(lost_goods, army_goods) + f64::from(operations) / 6.0).min(1.0)
}

/// x of `retaliation`: -min(1, enemy force that reaches us / our defense), over our weakest village.
#[must_use]
pub fn retaliation(enemy_force: f64, our_defense: f64) -> f64 {
    -fraction(enemy_force, our_defense)
}

/// x of `near`: 2 x 2^(-hours / half) - 1: 1 next door, 0 at `half` hours of foot soldiers, -1 at the end of the world.
#[must_use]
pub fn near(hours: f64, half: f64) -> f64 {
    2.0 * halving(hours, half) - 1.0
}

/// `part / whole` within 0..=1; something of nothing is all of it.
fn fraction(part: f64, whole: f64) -> f64 {
    match (part > 0.0, whole > 0.0) {
        (false, _) => 0.0,
        (true, false) => 1.0,
        (true, true) => (part / whole).min(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(got: f64, expect: f64) {
        assert!((got - expect).abs() < 1e-9, "got {got}, expected {expect}");
    }

    #[test]
    fn by_hand() {
        check(own(0.25, 0.5), -0.25);
        check(own(0.9, 0.9), -1.0);
        check(home(60.0, 100.0), -0.5);
        check(home(500.0, 100.0), 0.0);
        check(home(0.0, 0.0), 0.0);
        check(goods(70.0, 100.0), -0.7);
        check(goods(1.0, 0.0), -1.0);
        check(goods(0.0, 0.0), 0.0);
        check(weary(20.0, 100.0, 3), -0.7);
        check(weary(90.0, 100.0, 3), -1.0);
        check(retaliation(30.0, 60.0), -0.5);
        check(enemy_strength(100.0, 100.0), 0.5);
        check(trust(-250.0), -1.0);
        check(grievance(40.0), 0.4);
        check(aim(false, false), -0.5);
        check(aim(true, true), 1.0);
        check(near(0.0, 5.0), 1.0);
        check(near(5.0, 5.0), 0.0);
        check(near(10.0, 5.0), -0.5);
    }
}
