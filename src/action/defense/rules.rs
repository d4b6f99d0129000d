//! What a player does about an attack that it sees coming, and about one that it suffered.
//!
//! An alarm, in this order; the first line that holds decides:
//!
//! | case | answer | reason |
//! |---|---|---|
//! | nobody of its own is at home | none | `nobody_home` |
//! | defense with wall >= 1.2 x threat | hold | `covered` |
//! | relief promised now covers that, or makes holding worth it | hold | `relieved` |
//! | expected kills >= expected losses, in goods | hold | `worth_it` |
//! | the site is [`Vital`](super::Vital) | hold, with all relief that there is | `vital` |
//! | the hit is at once | hold | `too_late` |
//! | asleep when the troops would have to leave | hold | `asleep` |
//! | no site of its own, or of its alliance, that is free of alarms | hold | `nowhere_to_go` |
//! | what comes after one of the hits is worth being met by troops that land behind that hit | snipe | `between_waves` |
//! | else | dodge | `not_worth_it` |
//!
//! A dodge leaves before the first hit and is on its way home one second after the last. Where marches can be called
//! back at any time, sleepers leave before they go to bed. Where that must be soon after launch (`classic`: 90 s), it
//! leaves at most 80 s before the last hit; if the hits lie too far apart for that, it stays as a guest and walks home.

use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{AttackGroup, Manner, Rhythm, SiteEstimate, SiteState, WorldModel};
use crate::base::id::SiteId;
use crate::base::ruleset::{Force, RecallRule};
use bevy::prelude::{Reflect, Resource};
use serde::{Deserialize, Serialize};

/// How players defend themselves.
#[derive(Resource, Clone, Debug, Reflect, Serialize, Deserialize)]
pub struct DefenseSettings {
    /// Whether alarms of human players are answered for them.
    pub humans: bool,
    /// The chance that a player who is awake is elsewhere, and hears no alarm, for a part of its day. Default 0.22.
    pub elsewhere: f64,
    /// How long such a part is. Default 8 h.
    pub absence: GameSpan,
    /// Expected kills over expected losses, in goods, from which on a site is held.
    pub hold_ratio: f64,
    /// Defense with wall over threat from which on a site is held whatever that costs.
    pub cover: f64,
    /// A dodge leaves at least this long before the first hit, unless the alarm came later.
    pub margin_min: GameSpan,
    /// A dodge leaves at most this long before the first hit.
    pub margin_max: GameSpan,
    /// Troops land between two hits that are at least this far apart.
    pub snipe_gap: GameSpan,
    /// A raid in return travels at most this long.
    pub reach: GameSpan,
    /// A raid in return needs at least this ratio of offense to what is believed to stand there.
    pub strike_ratio: f64,
    /// A player raids the same attacker once in this time.
    pub strike_pause: GameSpan,
    /// Raids in return that a player thinks about at once.
    pub grudges: usize,
    /// Allies within this many fields are asked for relief; 0: nobody is.
    pub relief_radius: i32,
    /// Relief stays for a hit that is due within this time.
    pub relief_stays: GameSpan,
}

impl Default for DefenseSettings {
    fn default() -> Self {
        Self {
            humans: false,
            elsewhere: 0.22,
            absence: GameSpan::hours(8),
            hold_ratio: 1.0,
            cover: 1.2,
            margin_min: GameSpan::secs(30),
            margin_max: GameSpan::secs(120),
            snipe_gap: GameSpan(100),
            reach: GameSpan::hours(6),
            strike_ratio: 1.5,
            strike_pause: GameSpan::hours(48),
            grudges: 8,
            relief_radius: 30,
            relief_stays: GameSpan::hours(12),
        }
    }
}

/// From the last hit to the order to come home.
pub const AFTER: GameSpan = GameSpan::secs(1);
/// What a dodge keeps of the time within which it can be called back.
pub const RECALL_SLACK: GameSpan = GameSpan::secs(10);
/// How fast losses grow with the ratio where a model has no guess of the attackers.
const EXPONENT: f64 = 1.5;

/// Attackers that arrive at one instant.
#[derive(Clone, Debug)]
pub struct Wave {
    /// When.
    pub arrival: GameTime,
    /// What they are believed to be, in attack points.
    pub attack: f64,
    /// What they are believed to be, in troops; without any they are judged by their points.
    pub groups: Vec<AttackGroup>,
}

/// The time between two hits that follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gap {
    /// The hit before.
    pub after: GameTime,
    /// The hit after.
    pub before: GameTime,
}

impl Gap {
    /// Its middle: where neither hit is met by troops that come a little early or late.
    #[must_use]
    pub fn middle(self) -> GameTime {
        self.after + GameSpan((self.before - self.after).0 / 2)
    }

    /// Whether an instant lies strictly between its hits.
    #[must_use]
    pub fn holds(self, at: GameTime) -> bool {
        self.after < at && at < self.before
    }
}

/// The gaps of at least `least` between hits that are sorted.
///
/// ```
/// use bevy_alliance::action::defense::rules::{Gap, gaps};
/// use bevy_alliance::base::clock::{GameSpan, GameTime};
/// let hits = [0, 0, 50, 550].map(GameTime);
/// let found: Vec<Gap> = gaps(&hits, GameSpan(100)).collect();
/// assert_eq!(found, [Gap { after: GameTime(50), before: GameTime(550) }]);
/// assert_eq!(found[0].middle(), GameTime(300));
/// ```
pub fn gaps(hits: &[GameTime], least: GameSpan) -> impl Iterator<Item = Gap> {
    let pairs = hits.windows(2).map(|pair| Gap { after: pair[0], before: pair[1] });
    pairs.filter(move |gap| gap.before - gap.after >= least.max(GameSpan(2)))
}

/// What holding is expected to cost both sides, in goods.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Expected {
    /// Of the attackers.
    pub kills: i64,
    /// Of those who defend the site, guests included.
    pub losses: i64,
}

/// Fights the waves in the order given, each against what the one before left.
#[must_use]
pub fn expect(site: &SiteState, owner_population: u64, waves: &[Wave], model: &dyn WorldModel) -> Expected {
    let mut troops = site.home.clone();
    troops.add_all(&site.guests);
    let mut expected = Expected::default();
    for wave in waves {
        let (own_loss, enemy_loss, sent) = if wave.groups.is_empty() {
            by_points(site, &troops, wave.attack, model)
        } else {
            let target = estimate(site, owner_population, troops.clone(), wave.arrival);
            let forecast = model.forecast(&wave.groups, &target, Manner::Siege);
            let sent = wave.groups.iter().map(|g| model.cost(&g.force)).fold(0, i64::saturating_add);
            (forecast.own_loss, forecast.enemy_loss, sent)
        };
        let left = troops.share(1.0 - enemy_loss);
        expected.kills = expected.kills.saturating_add(part(sent, own_loss));
        expected.losses = expected.losses.saturating_add(model.cost(&troops.minus(&left)));
        troops = left;
    }
    expected
}

/// Fraction of the attackers lost, fraction of the defenders lost, and the attackers' worth in goods.
#[expect(clippy::cast_possible_truncation, reason = "saturates")]
fn by_points(site: &SiteState, troops: &Force, attack: f64, model: &dyn WorldModel) -> (f64, f64, i64) {
    let ratio = attack / model.defense(site, troops).max(1.0);
    let strength = libm::pow(ratio.max(0.0), EXPONENT);
    let goods_per_point = model.goods_per_inhabitant() / model.scale().attack_per_inhabitant.max(f64::MIN_POSITIVE);
    (if strength > 0.0 { (1.0 / strength).min(1.0) } else { 1.0 }, strength.min(1.0), (attack * goods_per_point) as i64)
}

/// An own site as an attacker with full knowledge would see it.
fn estimate(site: &SiteState, owner_population: u64, troops: Force, now: GameTime) -> SiteEstimate {
    SiteEstimate {
        at: site.at,
        tribe: site.tribe,
        population: site.population,
        owner_population,
        troops,
        goods: site.stores,
        wall: site.wall,
        residence: site.residence,
        seen_at: now,
        confidence: 1.0,
    }
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "goods of one attack, below 2^53")]
fn part(whole: i64, fraction: f64) -> i64 {
    (whole as f64 * fraction.clamp(0.0, 1.0)) as i64
}

/// What may leave a site before a hit: everything of its own at home but what is promised to leave before it anyway.
pub fn leaving<'a>(home: &Force, promises: impl Iterator<Item = (GameTime, &'a Force)>, hit: GameTime) -> Force {
    promises.filter(|(leaves, _)| *leaves <= hit).fold(home.clone(), |left, (_, force)| left.minus(force))
}

/// What a choice rests on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Case {
    /// Whether anyone is at home who could leave.
    pub anyone: bool,
    /// Whether it is held whatever that costs.
    pub vital: bool,
    /// Points of defense that the site lacks against all that comes: see
    /// [`deficit`](super::relief::rules::deficit).
    pub lacks: f64,
    /// What holding is expected to cost.
    pub expected: Expected,
}

/// Whether what holding is expected to cost is worth what it kills.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "goods of one site, below 2^53")]
pub fn pays(expected: Expected, settings: &DefenseSettings) -> bool {
    expected.kills as f64 >= settings.hold_ratio * expected.losses as f64
}

/// Whether to stay, with why; `None` if the troops had better leave. See the table above.
#[must_use]
pub fn stays(case: &Case, settings: &DefenseSettings) -> Option<&'static str> {
    if !case.anyone {
        Some("nobody_home")
    } else if case.lacks <= 0.0 {
        Some("covered")
    } else if pays(case.expected, settings) {
        Some("worth_it")
    } else if case.vital {
        Some("vital")
    } else {
        None
    }
}

/// When a dodge leaves, decided at `now` by a player that is awake, for hits from `first` to `last`.
///
/// # Errors
/// `too_late` if it could not leave before the first hit, `asleep` if the player would have to wake up for it.
pub fn leaves_at(
    now: GameTime,
    (first, last): (GameTime, GameTime),
    margin: GameSpan,
    recall: RecallRule,
    rhythm: Rhythm,
    settings: &DefenseSettings,
) -> Result<GameTime, &'static str> {
    let wanted = first - margin;
    let leaves = match recall {
        RecallRule::UntilArrival => rhythm.last_awake(wanted).max(now),
        RecallRule::WithinSecs(secs) => {
            let earliest = last - (GameSpan::secs(secs) - RECALL_SLACK);
            let latest = first - settings.margin_min;
            let leaves = if earliest <= latest { wanted.max(earliest) } else { wanted }.max(now);
            if !rhythm.is_awake(leaves) {
                return Err("asleep");
            }
            leaves
        }
    };
    if leaves < first { Ok(leaves) } else { Err("too_late") }
}

/// When troops that left at `launched` and arrive at `arrival` turn home after a last hit: one second after it if they
/// can be called back then, else when they are there.
#[must_use]
pub fn turns_at(launched: GameTime, arrival: GameTime, last: GameTime, recall: RecallRule) -> GameTime {
    let turns = last + AFTER;
    if turns < arrival && recall.allows(turns - launched) { turns } else { turns.max(arrival + AFTER) }
}

/// When troops that left at `launched` turn home so as to be there at `back`: half the way in time. `None` if they cannot be
/// called back then.
///
/// ```
/// use bevy_alliance::action::defense::rules::turns_for;
/// use bevy_alliance::base::{clock::{GameSpan, GameTime}, ruleset::RecallRule};
/// let turns = |back| turns_for(GameTime(1_000), GameTime(90_000), GameTime(back), RecallRule::UntilArrival);
/// assert_eq!(turns(61_000), Some(GameTime(31_000)));
/// assert_eq!(turns(190_000), None); // they would be at their refuge by then
/// ```
#[must_use]
pub fn turns_for(launched: GameTime, arrival: GameTime, back: GameTime, recall: RecallRule) -> Option<GameTime> {
    let turns = launched + GameSpan((back - launched).0 / 2);
    (turns > launched && turns < arrival && recall.allows(turns - launched)).then_some(turns)
}

/// A site to which troops could go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refuge {
    /// Which.
    pub site: SiteId,
    /// Whether it is the player's own, or one of its alliance.
    pub own: bool,
    /// How long the troops travel there.
    pub travel: GameSpan,
}

/// Where to go for `out`: own sites before others; those where the troops can be called back on the way before those
/// where they would arrive; of the first the farthest, of the second the nearest.
#[must_use]
pub fn refuge(candidates: &[Refuge], out: GameSpan, recall: RecallRule) -> Option<SiteId> {
    let best = candidates.iter().max_by_key(|c| {
        let on_the_way = c.travel > out && recall.allows(out);
        let distance = if on_the_way { c.travel.0 } else { c.travel.0.saturating_neg() };
        (c.own, on_the_way, distance, core::cmp::Reverse(c.site))
    });
    best.map(|c| c.site)
}

/// What an attacker's village showed of its army, as the attack came: its survivors, and its part of the dead by
/// its part of the survivors (evenly if nobody survived). In goods.
#[must_use]
pub fn shown(before: i64, left: &[i64], group: usize) -> i64 {
    let all: i128 = left.iter().map(|l| i128::from(*l)).sum();
    let own = left.get(group).copied().unwrap_or(0);
    let share = if all > 0 {
        i128::from(before) * i128::from(own) / all
    } else {
        i128::from(before) / i128::try_from(left.len().max(1)).unwrap_or(1)
    };
    i64::try_from(share).unwrap_or(i64::MAX)
}

/// Ratio of a raid to a village of which nothing is known but that its army is away: `None` if the attack did not
/// show as much as a village of its size holds on the mean. What may be left there is taken for as much again.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "goods of one village, below 2^53")]
pub fn ratio_against_unseen(raid: i64, shown: i64, population: u32, goods_per_inhabitant: f64) -> Option<f64> {
    let guess = (f64::from(population) * goods_per_inhabitant).max(1.0);
    (shown as f64 >= guess).then(|| raid as f64 / guess)
}

#[cfg(test)]
mod tests {
    use super::super::relief::rules::deficit;
    use super::*;
    use crate::base::id::UnitClass;
    use proptest::prelude::*;

    const CLASSIC: RecallRule = RecallRule::WithinSecs(90);
    const ANY_TIME: RecallRule = RecallRule::UntilArrival;

    fn at(secs: i64) -> GameTime {
        GameTime(0) + GameSpan::secs(secs)
    }

    fn leave(now: i64, hits: (i64, i64), margin: i64, recall: RecallRule, rhythm: Rhythm) -> Result<i64, &'static str> {
        let hits = (at(hits.0), at(hits.1));
        let settings = DefenseSettings::default();
        leaves_at(at(now), hits, GameSpan::secs(margin), recall, rhythm, &settings).map(|t| t.0 / 1_000)
    }

    #[test]
    fn the_table_of_answers() {
        let settings = DefenseSettings::default();
        let case = |anyone, defense, threat, kills, losses| {
            let expected = Expected { kills, losses };
            let lacks = deficit(defense, &[(at(0), threat)], &[], settings.cover);
            let held = |vital| stays(&Case { anyone, vital, lacks, expected }, &settings);
            assert_eq!(held(true), held(false).or(Some("vital")));
            held(false)
        };
        assert_eq!(case(false, 0.0, 500.0, 0, 0), Some("nobody_home"));
        assert_eq!(case(true, 1_200.0, 1_000.0, 10, 90), Some("covered"));
        assert_eq!(case(true, 1_199.0, 1_000.0, 90, 90), Some("worth_it"));
        assert_eq!(case(true, 1_199.0, 1_000.0, 89, 90), None);
    }

    #[test]
    fn a_dodge_leaves_shortly_before_the_hit_or_at_once() {
        let awake = Rhythm::default();
        assert_eq!(leave(0, (7_200, 7_200), 60, ANY_TIME, awake), Ok(7_140));
        assert_eq!(leave(7_150, (7_200, 9_000), 60, ANY_TIME, awake), Ok(7_150));
        assert_eq!(leave(7_200, (7_200, 9_000), 60, ANY_TIME, awake), Err("too_late"));
    }

    #[test]
    fn sleepers_leave_before_they_go_to_bed_if_they_can_be_called_back() {
        let night = Rhythm { utc_offset_mins: 0, sleep_start_mins: 60, sleep_mins: 480 };
        let bed = 3_600;
        assert_eq!(leave(0, (7_200, 7_200), 60, ANY_TIME, night), Ok(bed - 1));
        assert_eq!(leave(0, (7_200, 7_200), 60, CLASSIC, night), Err("asleep"));
        assert_eq!(leave(0, (3_500, 3_500), 60, CLASSIC, night), Ok(3_440));
    }

    #[test]
    fn under_classic_it_leaves_at_most_80_seconds_before_the_last_hit() {
        let awake = Rhythm::default();
        assert_eq!(leave(0, (7_200, 7_200), 120, CLASSIC, awake), Ok(7_120));
        assert_eq!(leave(0, (7_200, 7_240), 120, CLASSIC, awake), Ok(7_160));
        // Too far apart to be called back after the last: they go on, and walk home.
        assert_eq!(leave(0, (7_200, 7_260), 100, CLASSIC, awake), Ok(7_100));
    }

    #[test]
    fn troops_turn_after_the_last_hit_or_when_they_are_there() {
        assert_eq!(turns_at(at(100), at(900), at(200), ANY_TIME), at(201));
        assert_eq!(turns_at(at(100), at(150), at(200), ANY_TIME), at(201));
        assert_eq!(turns_at(at(100), at(900), at(180), CLASSIC), at(181));
        assert_eq!(turns_at(at(100), at(900), at(200), CLASSIC), at(901));
    }

    #[test]
    fn own_sites_first_then_the_farthest_that_is_not_reached() {
        let to = |site, own, mins| Refuge { site: SiteId(site), own, travel: GameSpan::mins(mins) };
        let all = [to(1, true, 10), to(2, true, 60), to(3, true, 90), to(4, false, 200)];
        assert_eq!(refuge(&all, GameSpan::mins(30), ANY_TIME), Some(SiteId(3)));
        assert_eq!(refuge(&all, GameSpan::mins(95), ANY_TIME), Some(SiteId(1)), "all are reached: the nearest");
        assert_eq!(refuge(&all, GameSpan::mins(2), CLASSIC), Some(SiteId(1)), "none calls back: the nearest");
        assert_eq!(refuge(&all[3..], GameSpan::mins(2), ANY_TIME), Some(SiteId(4)));
        assert_eq!(refuge(&[], GameSpan::mins(2), ANY_TIME), None);
    }

    #[test]
    fn what_an_attack_shows_of_an_army() {
        assert_eq!(shown(900, &[100, 200], 1), 600);
        assert_eq!(shown(900, &[0, 0], 1), 450);
        assert_eq!(ratio_against_unseen(3_000, 1_999, 100, 20.0), None);
        assert_eq!(ratio_against_unseen(3_000, 2_000, 100, 20.0), Some(1.5));
    }

    fn forces() -> impl Strategy<Value = Force> {
        prop::collection::vec((0_u16..6, 0_u32..500), 0..6)
            .prop_map(|units| units.into_iter().map(|(c, n)| (UnitClass(c), n)).collect())
    }

    proptest! {
        #[test]
        fn never_more_leave_than_are_at_home_and_not_promised(
            home in forces(), promises in prop::collection::vec((0_i64..200, forces()), 0..5), hit in 0_i64..200,
        ) {
            let left = leaving(&home, promises.iter().map(|(t, f)| (GameTime(*t), f)), GameTime(hit));
            prop_assert!(home.covers(&left));
            for (class, n) in left.iter() {
                let promised: u32 = promises.iter().filter(|(t, _)| *t <= hit).map(|(_, f)| f.count(class)).sum();
                prop_assert!(n + promised <= home.count(class).max(promised));
            }
        }

        #[test]
        fn a_dodge_leaves_awake_before_the_hit_and_under_classic_can_be_called_back(
            first in 600_i64..200_000, spread in 0_i64..600, margin in 30_i64..=120, start in 0_u16..1_440,
            sleep in 0_u16..600, classic in any::<bool>(),
        ) {
            let rhythm = Rhythm { utc_offset_mins: 0, sleep_start_mins: start, sleep_mins: sleep };
            prop_assume!(rhythm.is_awake(at(0)));
            let recall = if classic { CLASSIC } else { ANY_TIME };
            if let Ok(leaves) = leave(0, (first, first + spread), margin, recall, rhythm) {
                prop_assert!(leaves < first);
                prop_assert!(rhythm.is_awake(at(leaves)));
                if !classic || spread <= 50 {
                    let turns = turns_at(at(leaves), at(1_000_000), at(first + spread), recall);
                    prop_assert_eq!(turns, at(first + spread + 1));
                }
            } else {
                prop_assert!(classic, "who can be called back at any time leaves before bed");
            }
        }
    }
}
