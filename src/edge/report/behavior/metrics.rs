//! Which metrics there are: their keys, what each says, and how it is worked out of its samples.

use serde::{Deserialize, Serialize};

/// How a value comes of samples. A sample is a part and the whole that it is a part of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fold {
    /// The sum of the parts over the sum of the wholes: with wholes of 1 the mean.
    Ratio,
    /// The median of part / whole.
    Median,
    /// Nine of ten values of part / whole are at most this.
    NineTenths,
    /// The largest part / whole.
    Largest,
    /// The least part / whole.
    Least,
    /// The Gini coefficient of the parts: 0 where all are equal, near 1 where one has all.
    Gini,
    /// The largest part over the sum of the parts.
    Top,
    /// 1 - Kendall's tau between the order by parts and the order by wholes: 0 where nothing changed, 1 by chance, 2 where all is
    /// turned around. Ties are neither in order nor out of it.
    Reordering,
    /// The first metric's value less the second's, where each has at least [`GAP_CASES`] in its whole.
    Gap(Metric, Metric),
}

/// A difference between two shares says nothing if either is of fewer cases than this.
pub const GAP_CASES: f64 = 5.0;

macro_rules! metrics {
    ($($name:ident = $key:literal, $unit:literal, $fold:expr, $says:literal, of $of:literal;)*) => {
        /// What is measured of a campaign's behavior. `docs/behavior.md`, "Bands", has the formulas.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum Metric {
            $(#[doc = $says] #[serde(rename = $key)] $name,)*
        }

        impl Metric {
            /// All of them, in the order in which they are told.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its key under `behavior` of `headless --json`.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// What it is, in a line.
            #[must_use]
            pub const fn says(self) -> &'static str {
                match self { $(Self::$name => $says,)* }
            }

            /// Its unit.
            #[must_use]
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$name => $unit,)* }
            }

            /// What it is counted over: without any of these it has no value.
            #[must_use]
            pub const fn counted_over(self) -> &'static str {
                match self { $(Self::$name => $of,)* }
            }

            /// How it comes of its samples.
            #[must_use]
            pub const fn fold(self) -> Fold {
                match self { $(Self::$name => $fold,)* }
            }
        }
    };
}

metrics! {
    Passed = "passed", "share", Fold::Ratio,
        "Proposals that passed, of those that were decided", of "proposals that were decided";
    Rejecting = "rejecting", "share", Fold::Ratio, "Ballots against", of "ballots";
    Abstaining = "abstaining", "share", Fold::Ratio, "Ballots that abstain", of "ballots";
    Agreement = "agreement", "share", Fold::Ratio,
        "Pairs of ballots on one proposal that say the same, in the mean of proposals",
        of "proposals with two ballots that were decided";
    Conditional = "conditional", "share", Fold::Ratio, "Ballots for it on conditions", of "ballots";
    ConditionsMet = "conditions_met", "share", Fold::Ratio,
        "Conditional ballots whose conditions were met when the vote closed",
        of "conditional ballots on proposals that were decided";
    GoalMet = "goal_met", "share", Fold::Ratio, "Operations that met all their goals", of "operations that are over";
    GoalMetActive = "goal_met_active", "share", Fold::Ratio,
        "The same against those who deliberate", of "operations against those who deliberate that are over";
    GoalMetPassive = "goal_met_passive", "share", Fold::Ratio,
        "The same against all others", of "operations against others that are over";
    GoalMetYoungIntel = "goal_met_young_intel", "share", Fold::Ratio,
        "Operations against those who deliberate that met all their goals, of those on sights of at most 48 hours",
        of "operations against those who deliberate on sights of at most 48 hours";
    GoalMetOldIntel = "goal_met_old_intel", "share", Fold::Ratio,
        "The same, of those on older sights", of "operations against those who deliberate on older sights";
    OldIntelGap = "old_intel_gap", "difference", Fold::Gap(Metric::GoalMetYoungIntel, Metric::GoalMetOldIntel),
        "How much less often goals are met on old sights", of "five operations each on young and on old sights";
    LossShareMedian = "loss_share_median", "share", Fold::Median,
        "Goods of troops lost, of those sent by an operation, in the median", of "operations that fought";
    LossShareMedianActive = "loss_share_median_active", "share", Fold::Median,
        "The same against those who deliberate", of "operations against those who deliberate that fought";
    LossShareMedianPassive = "loss_share_median_passive", "share", Fold::Median,
        "The same against all others", of "operations against others that fought";
    LossShareNineTenths = "loss_share_p90", "share", Fold::NineTenths,
        "Nine of ten operations lost at most this share of the goods of troops sent", of "operations that fought";
    KillRatio = "kill_ratio", "ratio", Fold::Ratio,
        "Goods of troops killed over goods of troops lost, in real attacks", of "goods lost in real attacks";
    KillRatioActive = "kill_ratio_active", "ratio", Fold::Ratio,
        "The same against those who deliberate", of "goods lost in real attacks on those who deliberate";
    KillRatioPassive = "kill_ratio_passive", "ratio", Fold::Ratio,
        "The same against all others", of "goods lost in real attacks on others";
    HammerRestDays = "hammer_rest_days", "days", Fold::Median,
        "Between two operations to which a village sent its hammer, in the median",
        of "villages that sent their hammer twice";
    OffenseAway = "offense_away", "share", Fold::Ratio,
        "Offense of those who deliberate that is under way, in the mean of all looks", of "looks at armies";
    OffenseAwayMax = "offense_away_max", "share", Fold::Largest,
        "The same of one alliance at one look, at the most", of "looks at armies";
    LostWhileAway = "lost_while_away", "share", Fold::Ratio,
        "Villages of those who deliberate that were lost while most of their troops were away, of all that were lost",
        of "villages that were lost";
    WinEstimateOff = "win_estimate_off", "difference", Fold::Ratio,
        "Chance of success that operations gave themselves, less the share that met all goals",
        of "operations that are over";
    WinEstimateOffActive = "win_estimate_off_active", "difference", Fold::Ratio,
        "The same against those who deliberate", of "operations against those who deliberate that are over";
    WinEstimateOffPassive = "win_estimate_off_passive", "difference", Fold::Ratio,
        "The same against all others", of "operations against others that are over";
    AttackGini = "attack_gini", "0 to 1", Fold::Gini,
        "How unevenly real attacks fall on those who deliberate: the Gini coefficient over their alliances",
        of "real attacks on those who deliberate";
    WarsOnOne = "wars_on_one", "share", Fold::Top, "The largest share of all wars that is on one alliance", of "wars";
    Bullying = "bullying", "share", Fold::Ratio,
        "Real attacks that are one of three or more on one player within 7 days", of "real attacks";
    BullyingActive = "bullying_active", "share", Fold::Ratio,
        "The same of those on players whose alliance deliberates", of "real attacks on those who deliberate";
    BullyingPassive = "bullying_passive", "share", Fold::Ratio,
        "The same of those on all others", of "real attacks on others";
    OnPassive = "on_passive", "share", Fold::Ratio,
        "Real attacks on players whose alliance does not deliberate, or who have none", of "real attacks";
    WarDays = "war_days", "days", Fold::Median, "How long wars lasted that are over, in the median", of "wars that are over";
    WarsOpen = "wars_open", "share", Fold::Ratio, "Wars that are open at the end, of all wars", of "wars";
    Answered = "answered", "share", Fold::Ratio,
        "Real attacks on those who deliberate that were answered: held, dodged or met between two hits",
        of "real attacks on those who deliberate";
    AnsweredPassive = "answered_passive", "share", Fold::Ratio, "The same of all others", of "real attacks on others";
    ReliefInTime = "relief_in_time", "share", Fold::Ratio,
        "Marches of relief that are there before the first hit for which they were asked", of "marches of relief";
    ReliefUnused = "relief_unused", "share", Fold::Ratio,
        "Relief that was called home without a battle, of all that was called home", of "relief that was called home";
    ReliefPingPong = "relief_ping_pong", "share", Fold::Ratio,
        "Marches of relief or posture that go where others of the same village came home from within 24 hours, or back there",
        of "marches of relief or posture";
    ReliefToFakes = "relief_to_fakes", "share", Fold::Ratio,
        "Relief that met nothing but fakes", of "relief that came home or stays";
    ArmyEnd = "army_end", "ratio", Fold::Ratio,
        "Armies of those who deliberate at the last look, of what they were worth at the beginning", of "looks at armies";
    ArmyLowest = "army_lowest", "ratio", Fold::Least, "The same at the lowest", of "looks at armies";
    Starved = "starved", "share", Fold::Ratio, "Goods of troops that starved, of all that died", of "troops that died";
    ScoutsLost = "scouts_lost", "share", Fold::Ratio,
        "Scouts of those who deliberate that died, of those that looked", of "scouts that looked";
    ReportsCited = "reports_cited", "share", Fold::Ratio,
        "Looks from which scouts came back that a decision of the alliance cited within 72 hours",
        of "looks from which scouts came back";
    SessionsProposing = "sessions_proposing", "share", Fold::Ratio,
        "Sessions of war councils that proposed something", of "sessions";
    RankChange = "rank_change", "0 to 2", Fold::Reordering,
        "How far the order of the eight most populous alliances of the beginning changed: 1 - Kendall's tau",
        of "looks at alliances";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_written_by_its_key() {
        for metric in Metric::ALL {
            assert_eq!(serde_json::to_string(metric).unwrap(), format!("\"{}\"", metric.key()));
            assert!(!metric.says().is_empty() && !metric.unit().is_empty() && !metric.counted_over().is_empty());
        }
    }
}
