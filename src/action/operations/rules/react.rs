//! How an operation reacts to what happens while it waits and flies: a table, the first line that holds decides.
//!
//! A target that a confederate claimed before is called off first of all (`claimed_by_confederate`). Else:
//!
//! | what is the case at a target | step | reason |
//! |---|---|---|
//! | a wave has fought, and what follows does not beat what it left | call off | `wave_lost` |
//! | a wave has fought | go on | `under_way` |
//! | a defense is to be broken, and less than 20% of what was believed is left | call off | `evacuated` |
//! | the ratio is below what is wanted, and members can add enough in time | add a wave | the occasion |
//! | the ratio is below the floor (1.2) | call off | the occasion |
//! | a defense is to be broken, less is left than was believed, and without a group that has not left the ratio is still 5.0 | hold that group back | `more_than_needed` |
//! | else | go on | the occasion |
//!
//! "Call off" holds back what has not left and recalls what can be recalled; what can be neither is written off with its
//! cost, goes on, and fights.

use crate::base::clock::GameTime;
use bevy::prelude::Reflect;
use serde::{Deserialize, Serialize};

/// Why an operation is looked at again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// The last instant before something can no longer be held back, or recalled, has come.
    DecisionPoint,
    /// Something new is known of the target.
    NewIntel,
    /// A hostile march was seen to come to a site that is to send, or has sent.
    AttackedAtHome,
    /// A group could not leave, or did not.
    NoShow,
    /// A group left, or will be there, later than it must.
    Late,
    /// A wave has fought.
    Fought,
    /// A confederate says that the target is its own.
    Claimed,
}

/// The named reason of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// More stands there than was believed.
    ReinforcementsSeen,
    /// What is known of the target is another thing now, but no more troops.
    NewIntel,
    /// Nothing is left to break.
    Evacuated,
    /// A wave was beaten.
    WaveLost,
    /// A wave has fought: what follows follows.
    UnderWay,
    /// A member's troops are needed at home.
    NeededAtHome,
    /// A group could not leave, or did not.
    NoShow,
    /// A group is late.
    Late,
    /// Less is enough.
    MoreThanNeeded,
    /// A confederate's operation has the target to itself.
    ClaimedByConfederate,
    /// Nothing new.
    DecisionPoint,
}

impl Reason {
    /// Its name, as facts and logs give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ReinforcementsSeen => "reinforcements_seen",
            Self::NewIntel => "new_intel",
            Self::Evacuated => "evacuated",
            Self::WaveLost => "wave_lost",
            Self::UnderWay => "under_way",
            Self::NeededAtHome => "needed_at_home",
            Self::NoShow => "no_show",
            Self::Late => "late",
            Self::MoreThanNeeded => "more_than_needed",
            Self::ClaimedByConfederate => "claimed_by_confederate",
            Self::DecisionPoint => "decision_point",
        }
    }
}

/// What is done at a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Nothing changes.
    GoOn,
    /// More goes, and arrives with the rest.
    AddWave,
    /// One group that is not needed stays at home.
    HoldBack,
    /// Nothing goes there any more.
    CallOff,
}

/// The numbers of the table.
#[derive(Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct ReactSettings {
    /// Below this ratio of offense to defense nothing is sent. Default 1.2.
    pub floor_ratio: f64,
    /// More is sent where the ratio falls below this, or below what was planned where that is less. Default 2.0.
    pub wanted_ratio: f64,
    /// From this ratio on, less is enough. Default 5.0: plans send as much where it saves losses (`AllocationSettings::ratio_max`).
    pub enough_ratio: f64,
    /// A garrison of which less than this share (by goods) of what was believed is left has been led away. Default 0.2.
    pub evacuated_share: f64,
}

impl Default for ReactSettings {
    fn default() -> Self {
        Self { floor_ratio: 1.2, wanted_ratio: 2.0, enough_ratio: 5.0, evacuated_share: 0.2 }
    }
}

/// What is the case at one target.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TargetOutlook {
    /// Why it is looked at.
    pub occasion: Occasion,
    /// Whether the goal is to kill those who stand there.
    pub needs_defenders: bool,
    /// Whether a wave has fought there.
    pub fought: bool,
    /// Offense that is still to come over what is believed to stand there then.
    pub ratio: f64,
    /// The ratio that was planned.
    pub planned_ratio: f64,
    /// What is believed to stand there when it comes, in goods.
    pub left_goods: i64,
    /// What was believed when the operation started, in goods.
    pub believed_goods: i64,
    /// The ratio with all that members can add in time; none if they can add nothing.
    pub with_more: Option<f64>,
    /// The ratio without the group that is needed least and has not left; none if there is no such group.
    pub with_less: Option<f64>,
}

impl TargetOutlook {
    /// The ratio below which more is wanted.
    #[must_use]
    pub fn wanted(&self, settings: &ReactSettings) -> f64 {
        settings.wanted_ratio.min(self.planned_ratio).max(settings.floor_ratio)
    }
}

/// What is done at a target, and why: the table above.
///
/// ```
/// use bevy_alliance::action::operations::rules::{Occasion, ReactSettings, Reason, Step, TargetOutlook, react};
/// let settings = ReactSettings::default();
/// let seen = TargetOutlook {
///     occasion: Occasion::NewIntel, needs_defenders: true, fought: false, ratio: 1.1, planned_ratio: 2.1,
///     left_goods: 190_000, believed_goods: 100_000, with_more: Some(2.0), with_less: None,
/// };
/// assert_eq!(react(&seen, &settings), (Step::AddWave, Reason::ReinforcementsSeen));
/// let alone = TargetOutlook { with_more: None, ..seen };
/// assert_eq!(react(&alone, &settings), (Step::CallOff, Reason::ReinforcementsSeen));
/// ```
#[must_use]
pub fn react(case: &TargetOutlook, settings: &ReactSettings) -> (Step, Reason) {
    if case.fought {
        let beaten = case.ratio < settings.floor_ratio;
        return if beaten { (Step::CallOff, Reason::WaveLost) } else { (Step::GoOn, Reason::UnderWay) };
    }
    if case.needs_defenders && is_evacuated(case.left_goods, case.believed_goods, settings.evacuated_share) {
        return (Step::CallOff, Reason::Evacuated);
    }
    let reason = match case.occasion {
        Occasion::NewIntel if case.left_goods > case.believed_goods => Reason::ReinforcementsSeen,
        Occasion::NewIntel => Reason::NewIntel,
        Occasion::AttackedAtHome => Reason::NeededAtHome,
        Occasion::NoShow => Reason::NoShow,
        Occasion::Late => Reason::Late,
        // A claim alone is no reason to look at a target: who gives way to it does so before this table.
        Occasion::DecisionPoint | Occasion::Fought | Occasion::Claimed => Reason::DecisionPoint,
    };
    let wanted = case.wanted(settings);
    // Who takes a site needs each of its groups for something else.
    let weaker = case.needs_defenders && case.left_goods < case.believed_goods;
    // Where the attack would go on as it is, more that is still too little is not sent after it.
    let enough = |with: f64| with >= wanted || (case.ratio < settings.floor_ratio && with >= settings.floor_ratio);
    if case.ratio < wanted && case.with_more.is_some_and(enough) {
        (Step::AddWave, reason)
    } else if case.ratio < settings.floor_ratio {
        (Step::CallOff, reason)
    } else if weaker && case.with_less.is_some_and(|ratio| ratio >= settings.enough_ratio) {
        (Step::HoldBack, Reason::MoreThanNeeded)
    } else {
        (Step::GoOn, reason)
    }
}

/// Whether so little of what was believed to stand at a site is left (both in goods) that a blow would hit nothing.
#[expect(clippy::cast_precision_loss, reason = "goods of one village, far below 2^53")]
fn is_evacuated(left: i64, believed: i64, share: f64) -> bool {
    (left as f64) < share * believed as f64
}

/// A group that is to leave a site to which a hostile march comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leaver {
    /// Its number in the operation.
    pub group: usize,
    /// When it leaves.
    pub launch: GameTime,
    /// When it can be back.
    pub back: GameTime,
}

/// Which of the groups of one site stay at home, by number: of those that would be away at a hit the one that leaves last,
/// then the one before it, until the site is held. None if it is held without them, and none if it cannot be held
/// anyway: then it is better left.
///
/// `attack` is what the hit is believed to be, in attack points; `defense` gives the site's defense points without the groups
/// of these numbers.
///
/// ```
/// use bevy_alliance::action::operations::rules::{Leaver, stay_home};
/// use bevy_alliance::base::clock::{GameSpan, GameTime};
/// let at = |hours| GameTime(0) + GameSpan::hours(hours);
/// let groups = [Leaver { group: 0, launch: at(1), back: at(9) }, Leaver { group: 1, launch: at(2), back: at(9) }];
/// // Each of the two is worth 300.
/// let defense = |away: &[usize]| [1_000.0, 700.0, 400.0][away.len()];
/// assert!(stay_home(&groups, at(5), 400.0, defense).is_empty());
/// assert_eq!(stay_home(&groups, at(5), 700.0, defense), [1]);
/// assert_eq!(stay_home(&groups, at(5), 900.0, defense), [1, 0]);
/// assert!(stay_home(&groups, at(5), 1_100.0, defense).is_empty(), "it cannot be held anyway");
/// assert!(stay_home(&groups, at(1), 900.0, defense).is_empty(), "who leaves after the hit is there");
/// assert!(stay_home(&groups, at(9), 900.0, defense).is_empty(), "and who is back before it");
/// ```
#[must_use]
pub fn stay_home(groups: &[Leaver], hit: GameTime, attack: f64, defense: impl Fn(&[usize]) -> f64) -> Vec<usize> {
    let mut away: Vec<&Leaver> = groups.iter().filter(|g| g.launch < hit && hit < g.back).collect();
    away.sort_by_key(|g| (g.launch, g.group));
    let mut away: Vec<usize> = away.into_iter().map(|g| g.group).collect();
    let mut stay = Vec::new();
    while defense(&away) < attack {
        let Some(last) = away.pop() else { return Vec::new() };
        stay.push(last);
    }
    stay
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An attack that goes as planned.
    fn planned() -> TargetOutlook {
        TargetOutlook {
            occasion: Occasion::DecisionPoint,
            needs_defenders: true,
            fought: false,
            ratio: 2.1,
            planned_ratio: 2.1,
            left_goods: 100_000,
            believed_goods: 100_000,
            with_more: Some(4.0),
            with_less: Some(1.5),
        }
    }

    #[track_caller]
    fn is(case: TargetOutlook, step: Step, reason: &str) {
        let (is, why) = react(&case, &ReactSettings::default());
        assert_eq!((is, why.name()), (step, reason));
    }

    #[test]
    fn what_goes_as_planned_goes_on() {
        is(planned(), Step::GoOn, "decision_point");
        is(TargetOutlook { ratio: 2.05, ..planned() }, Step::GoOn, "decision_point");
    }

    #[test]
    fn a_plan_with_a_thin_margin_is_not_filled_up() {
        is(TargetOutlook { ratio: 1.3, planned_ratio: 1.3, ..planned() }, Step::GoOn, "decision_point");
    }

    #[test]
    fn reinforcements_are_answered_with_more_or_not_at_all() {
        let seen = TargetOutlook { occasion: Occasion::NewIntel, left_goods: 160_000, ratio: 1.4, ..planned() };
        is(seen, Step::AddWave, "reinforcements_seen");
        is(TargetOutlook { with_more: Some(1.9), ..seen }, Step::GoOn, "reinforcements_seen");
        is(TargetOutlook { ratio: 1.1, with_more: Some(1.9), ..seen }, Step::AddWave, "reinforcements_seen");
        is(TargetOutlook { ratio: 1.1, with_more: Some(1.19), ..seen }, Step::CallOff, "reinforcements_seen");
        is(TargetOutlook { ratio: 1.1, with_more: None, ..seen }, Step::CallOff, "reinforcements_seen");
    }

    #[test]
    fn who_does_not_come_is_replaced() {
        let gap = TargetOutlook { occasion: Occasion::NoShow, ratio: 1.6, ..planned() };
        is(gap, Step::AddWave, "no_show");
        is(TargetOutlook { with_more: None, ..gap }, Step::GoOn, "no_show");
        is(TargetOutlook { with_more: None, ratio: 1.1, ..gap }, Step::CallOff, "no_show");
        is(TargetOutlook { occasion: Occasion::Late, with_more: None, ratio: 1.1, ..gap }, Step::CallOff, "late");
    }

    #[test]
    fn a_garrison_that_was_led_away_is_not_hit() {
        let gone = TargetOutlook { occasion: Occasion::NewIntel, left_goods: 19_999, ratio: 9.0, ..planned() };
        is(gone, Step::CallOff, "evacuated");
        is(TargetOutlook { left_goods: 20_000, ..gone }, Step::GoOn, "new_intel");
        is(TargetOutlook { needs_defenders: false, ..gone }, Step::GoOn, "new_intel");
    }

    #[test]
    fn what_is_not_needed_stays_at_home() {
        let weak = TargetOutlook { occasion: Occasion::NewIntel, ratio: 8.0, left_goods: 50_000, ..planned() };
        is(TargetOutlook { with_less: Some(5.0), ..weak }, Step::HoldBack, "more_than_needed");
        is(TargetOutlook { with_less: Some(4.9), ..weak }, Step::GoOn, "new_intel");
        is(TargetOutlook { with_less: Some(9.0), needs_defenders: false, ..weak }, Step::GoOn, "new_intel");
        is(TargetOutlook { with_less: Some(9.0), left_goods: 100_000, ..weak }, Step::GoOn, "new_intel");
    }

    #[test]
    fn chiefs_do_not_follow_a_cleaner_that_was_beaten() {
        let fought = TargetOutlook { occasion: Occasion::Fought, fought: true, ratio: 0.4, left_goods: 0, ..planned() };
        is(fought, Step::CallOff, "wave_lost");
        is(TargetOutlook { ratio: 1.2, ..fought }, Step::GoOn, "under_way");
    }
}
