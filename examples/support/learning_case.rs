//! Learning on against learning off: the same war, in which alliances draw conclusions from their operations, or do not.
//!
//! For each seed one synthetic world of alliances that are all at war with one another, and a campaign of it for each [`Arm`].
//! Counted are operations that were carried out (something left) and are over, to break or to take.

use super::paired::{Paired, compare, goods, interval, mean};
use super::run::run_until;
use super::seeds::{ThreadEnded, each_seed};
use super::war::all_at_war;
use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::AlliancePlugins;
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::{Scenario, ScenarioAppExt, ScenarioError};
use bevy_alliance::base::id::{AllianceId, PlayerId, SiteId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::decision::planning::LearningSettings;
use bevy_alliance::edge::report::{CampaignTally, OperationStory, ReportPlugin};
use bevy_alliance::strategy::war_council::WarCouncilSettings;
use bevy_alliance::world::generator::GenerateWorldError;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// Chances are compared with what came in classes of this width.
const CLASS: f64 = 0.1;
/// Draws of worlds for an interval.
const RESAMPLES: usize = 1_000;
/// An operation that promised so much more than came misjudged its enemy.
const MISJUDGED: f64 = 0.5;

#[derive(Debug, Error)]
pub(crate) enum LearningError {
    #[error(transparent)]
    World(#[from] GenerateWorldError),
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    #[error(transparent)]
    Thread(#[from] ThreadEnded),
}

/// An operation: against whom, what it promised, and the share of its targets that was met.
#[derive(Clone, Copy)]
struct Kept {
    by: AllianceId,
    enemy: AllianceId,
    promised: f64,
    met: f64,
}

/// What one campaign comes to.
#[derive(Clone, Copy, Default)]
pub(crate) struct Learned {
    operations: f64,
    met: f64,
    /// Misjudged enemies that had been misjudged before, per operation.
    repeated: Option<f64>,
    net_goods: f64,
}

type Measure = (&'static str, bool, fn(&Learned) -> Option<f64>);

const MEASURES: [Measure; 4] = [
    ("the same enemy misjudged again, share", false, |l| l.repeated),
    ("share of goals met", true, |l| (l.operations > 0.0).then(|| l.met / l.operations)),
    ("operations", true, |l| Some(l.operations)),
    ("goods killed - lost, thousands", true, |l| Some(l.net_goods / 1_000.0)),
];

/// What alliances believe before their first operation, and whether they learn from it.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Arm {
    /// As it is by default: assumptions, which experience outweighs.
    Learning,
    /// Nothing is assumed: that an enemy is as strong as it is seen, and a pattern keeps its promise, weighs as one operation.
    ExperienceAlone,
    /// What is assumed before the first operation is believed for ever.
    Assumptions,
    /// Nothing is assumed, and nothing learned.
    Nothing,
}

impl Arm {
    const ALL: [Self; 4] = [Self::Learning, Self::ExperienceAlone, Self::Assumptions, Self::Nothing];

    /// What is compared with what. Where both assume the same, what differs is learned.
    pub(crate) const PAIRS: [[Self; 2]; 3] =
        [[Self::Learning, Self::Nothing], [Self::ExperienceAlone, Self::Nothing], [Self::Learning, Self::Assumptions]];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Learning => "learning",
            Self::ExperienceAlone => "experience",
            Self::Assumptions => "assumptions",
            Self::Nothing => "nothing",
        }
    }

    fn settings(self) -> LearningSettings {
        let usual = LearningSettings::default();
        match self {
            Self::Learning => usual,
            Self::ExperienceAlone => {
                LearningSettings { prior_bias: 0.0, prior_sigma: 0.0, prior_hit_rate: 1.0, ..usual }
            }
            Self::Assumptions => LearningSettings { prior: FOR_EVER, ..usual },
            Self::Nothing => LearningSettings { enabled: false, ..usual },
        }
    }
}

/// Operations that an assumption must weigh as much as to outweigh all that happens.
const FOR_EVER: f64 = 1e12;

#[derive(Serialize)]
pub(crate) struct Row {
    /// What is compared with what.
    pub(crate) arms: [Arm; 2],
    pub(crate) measure: &'static str,
    #[serde(flatten)]
    pub(crate) of: Paired,
}

/// What a campaign comes to, with its operations.
type Played = (Learned, Vec<Kept>);

/// Two campaigns of one world.
type World<'a> = [&'a Played; 2];

/// Plays all seeds, two at a time.
pub(crate) fn compare_learning(seeds: u64, villages: u32, days: i64) -> Result<Vec<Row>, LearningError> {
    let played = each_seed(1, seeds, 2, |seed| play_all(seed, villages, days))?;
    let pair = |arms: [Arm; 2]| {
        let worlds: Vec<World> = played.iter().map(|of| arms.map(|arm| &of[arm as usize])).collect();
        rows(arms, &worlds)
    };
    Ok(Arm::PAIRS.into_iter().flat_map(pair).collect())
}

fn rows(arms: [Arm; 2], worlds: &[World]) -> Vec<Row> {
    let pooled = [
        ("calibration error, all operations", pooled(calibration_error, worlds)),
        ("Brier score, all operations", pooled(brier_score, worlds)),
    ];
    let paired = (0_u64..).zip(MEASURES).filter_map(|(i, (measure, more_is_better, value))| {
        let of = |[first, second]: &World| Some((value(&first.0)?, value(&second.0)?));
        let values: Vec<(f64, f64)> = worlds.iter().filter_map(of).collect();
        Some((measure, compare(i, more_is_better, &values)?))
    });
    pooled.into_iter().chain(paired).map(|(measure, of)| Row { arms, measure, of }).collect()
}

/// A measure of all operations of all worlds together, the less the better; its interval is that of worlds drawn anew.
fn pooled(of: fn(&[Kept]) -> f64, worlds: &[World]) -> Paired {
    let both = |chosen: &[&World]| -> [f64; 2] {
        [0, 1].map(|arm| of(&chosen.iter().flat_map(|world| world[arm].1.iter().copied()).collect::<Vec<_>>()))
    };
    let all: Vec<&World> = worlds.iter().collect();
    let [first, second] = both(&all);
    let between = interval(&all, (0, 1), RESAMPLES, |drawn| {
        let [first, second] = both(drawn);
        first - second
    });
    let (mut better, mut equal, mut worse) = (0, 0, 0);
    for world in worlds {
        let [first, second] = both(&[world]);
        *(if first < second {
            &mut better
        } else if first > second {
            &mut worse
        } else {
            &mut equal
        }) += 1;
    }
    Paired {
        seeds: worlds.len(),
        first,
        second,
        difference: first - second,
        low: between.map(|b| b.0),
        high: between.map(|b| b.1),
        better,
        equal,
        worse,
    }
}

/// In classes of the promised chance the distance of promise and result, weighted by their operations.
fn calibration_error(kept: &[Kept]) -> f64 {
    let mut classes: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for k in kept {
        #[expect(clippy::cast_possible_truncation, reason = "0 to 10")]
        let class = classes.entry((k.promised / CLASS).floor() as i64).or_default();
        *class = (class.0 + k.promised, class.1 + k.met);
    }
    let distance: f64 = classes.values().map(|(promised, met)| (promised - met).abs()).sum();
    distance / goods(i64::try_from(kept.len()).unwrap_or(0)).max(1.0)
}

/// Mean square of promise minus result.
fn brier_score(kept: &[Kept]) -> f64 {
    mean(kept.iter().map(|k| (k.promised - k.met) * (k.promised - k.met)))
}

/// The campaigns of one world, in the order of [`Arm::ALL`], which is that of the declaration.
fn play_all(seed: u64, villages: u32, days: i64) -> Result<Vec<Played>, LearningError> {
    let scenario = all_at_war(seed, villages, 3)?;
    Arm::ALL.into_iter().map(|arm| play(&scenario, days, arm.settings())).collect()
}

fn play(scenario: &Scenario, days: i64, learning: LearningSettings) -> Result<Played, LearningError> {
    let mut app = App::new();
    app.add_plugins(TaskPoolPlugin::default())
        .insert_resource(Ruleset::extended())
        .insert_resource(learning)
        .insert_resource(GameClock::manual())
        // The wars last, so that what is compared is the same.
        .insert_resource(WarCouncilSettings { diplomacy: false, ..WarCouncilSettings::default() })
        .add_plugins(AlliancePlugins::new(Update))
        .add_plugins(ReportPlugin { host: Update.intern() });
    app.finish();
    app.cleanup();
    app.start_campaign(scenario)?;
    run_until(&mut app, GameTime(0) + GameSpan::days(days), GameSpan::hours(6));
    let of: BTreeMap<PlayerId, AllianceId> =
        scenario.players.iter().filter_map(|p| Some((p.id, p.membership?.0))).collect();
    let enemies: BTreeMap<SiteId, AllianceId> =
        scenario.sites.iter().filter_map(|s| Some((s.id, *of.get(&s.owner)?))).collect();
    let stories = &app.world().resource::<CampaignTally>().stories;
    let mut kept: Vec<(GameTime, Kept)> = Vec::new();
    let mut net_goods = 0.0;
    for (id, story) in stories {
        if let Some((at, promised, met, enemy)) = result(story, &enemies) {
            kept.push((at, Kept { by: id.alliance, enemy, promised, met }));
            let report = story.report.as_ref();
            net_goods += report.map_or(0.0, |r| goods(r.killed_goods) - goods(r.lost_goods));
        }
    }
    kept.sort_by_key(|(at, kept)| (*at, kept.by));
    let kept: Vec<Kept> = kept.into_iter().map(|(_, kept)| kept).collect();
    Ok((learned(&kept, net_goods), kept))
}

/// When an operation was over, what it promised, what came, and against whom.
fn result(story: &OperationStory, enemies: &BTreeMap<SiteId, AllianceId>) -> Option<(GameTime, f64, f64, AllianceId)> {
    let report = story.report.as_ref().filter(|r| r.launched > 0 && r.result != "aborted")?;
    if !matches!(report.goal.as_str(), "break" | "take") {
        return None;
    }
    let enemy = story.targets.iter().find_map(|site| enemies.get(site)).copied()?;
    let over = story.rows.iter().map(|r| r.arrival).max()?;
    let met = mean(report.targets.iter().map(|(.., met)| f64::from(u8::from(*met))));
    Some((over, report.expected_win, met, enemy))
}

fn learned(kept: &[Kept], net_goods: f64) -> Learned {
    let all = goods(i64::try_from(kept.len()).unwrap_or(0));
    if kept.is_empty() {
        return Learned::default();
    }
    let (mut before, mut repeated) = (BTreeSet::new(), 0.0);
    for k in kept {
        let misjudged = k.promised - k.met >= MISJUDGED;
        if misjudged && !before.insert((k.by, k.enemy)) {
            repeated += 1.0;
        }
    }
    Learned { operations: all, met: kept.iter().map(|k| k.met).sum(), repeated: Some(repeated / all), net_goods }
}
