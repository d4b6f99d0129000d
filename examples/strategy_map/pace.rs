//! How fast game time goes: pause, step, speeds, and the way to the next event. The campaign runs in a schedule of its own, so often
//! in a frame as its part of the frame allows; how often does not change what happens.

use crate::watch::Watch;
use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::{CampaignFact, Fact};
use bevy_alliance::base::id::AllianceId;
use bevy_alliance::edge::report::CampaignTally;
use std::time::{Duration, Instant};

/// The schedule that hosts the campaign.
#[derive(ScheduleLabel, Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Host;

/// Game seconds per second of the wall clock.
pub(crate) const SPEEDS: [u32; 6] = [1, 10, 100, 1_000, 10_000, 100_000];

/// Of a frame, what the campaign may take at most.
const PART_OF_FRAME: Duration = Duration::from_millis(8);
/// Steps in which the next event is looked for.
const LOOK_STEP: GameSpan = GameSpan::mins(1);

/// How fast game time goes.
#[derive(Resource, Debug)]
pub(crate) struct Pace {
    pub(crate) paused: bool,
    /// Which of [`SPEEDS`].
    pub(crate) speed: usize,
    /// Runs to this instant as fast as it can, and pauses there.
    pub(crate) until: Option<GameTime>,
    /// Runs until something happens, and pauses there.
    pub(crate) to_event: bool,
    /// What the clock waits for: decisions that a person owes, in words. While there are any it stands still.
    pub(crate) owed: Vec<String>,
    /// What the latest search for an event found, in words.
    pub(crate) found: Option<String>,
    /// Game time that was owed by fractions of a millisecond.
    rest: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { paused: true, speed: 3, until: None, to_event: false, owed: Vec::new(), found: None, rest: 0.0 }
    }
}

impl Pace {
    /// Whether time passes.
    pub(crate) fn runs(&self) -> bool {
        self.owed.is_empty() && (!self.paused || self.until.is_some() || self.to_event)
    }

    /// Lets an hour pass.
    pub(crate) fn step(&mut self, now: GameTime) {
        self.until = Some(now + GameSpan::hours(1));
    }

    /// Stops whatever goes on.
    pub(crate) fn pause(&mut self) {
        self.paused = true;
        self.until = None;
        self.to_event = false;
    }
}

/// What the campaign said in the latest run of its schedule that a viewer would stop for.
#[derive(Resource, Debug, Default)]
pub(crate) struct Events(Vec<(GameTime, String)>);

pub(crate) struct PacePlugin;

impl Plugin for PacePlugin {
    fn build(&self, app: &mut App) {
        app.init_schedule(Host)
            .init_resource::<Pace>()
            .init_resource::<Events>()
            .add_systems(Host, note_events.after(bevy_alliance::base::clock::HostSystems::Run))
            .add_systems(PreUpdate, drive);
    }
}

fn note_events(
    mut facts: MessageReader<CampaignFact>,
    mut events: ResMut<Events>,
    (watch, tally): (Res<Watch>, Res<CampaignTally>),
) {
    let seen =
        |fact: &&CampaignFact| concerns(&fact.fact, &tally).is_none_or(|of| of.into_iter().any(|a| watch.may_see(a)));
    let worth = facts.read().filter(seen).filter_map(|fact| Some((fact.at, in_words(&fact.fact)?)));
    events.0.extend(worth);
}

/// Whose affair it is; nobody's alone where all hear of it.
fn concerns(fact: &Fact, tally: &CampaignTally) -> Option<Vec<AllianceId>> {
    match fact {
        Fact::ProposalSubmitted { proposal, .. } | Fact::ProposalDecided { proposal, .. } => {
            Some(vec![proposal.alliance])
        }
        Fact::OperationStarted { operation, .. } | Fact::OperationRevised { operation, .. } => {
            Some(vec![operation.alliance])
        }
        Fact::OperationConcluded(report) => Some(vec![report.operation.alliance]),
        Fact::BattleFought { operation: Some(operation), defender, .. } => {
            let attacked = tally.directory.alliance_of.get(defender).copied();
            Some(attacked.into_iter().chain([operation.alliance]).collect())
        }
        _ => None,
    }
}

/// What a viewer would stop for.
fn in_words(fact: &Fact) -> Option<String> {
    Some(match fact {
        Fact::ProposalSubmitted { proposal, action, .. } => {
            format!("proposal {proposal}: {}", action.replace('_', " "))
        }
        Fact::ProposalDecided { proposal, outcome, .. } => format!("proposal {proposal} {outcome}"),
        Fact::OperationStarted { operation, goal, .. } if goal != "look" => {
            format!("operation {operation} has its orders")
        }
        Fact::OperationRevised { operation, decision, .. } => {
            format!("operation {operation} changes: {}", decision.replace('_', " "))
        }
        Fact::BattleFought { operation: Some(operation), .. } => format!("a battle of operation {operation}"),
        Fact::OperationConcluded(report) if report.goal != "look" => {
            format!("operation {} is over: {}", report.operation, report.result.replace('_', " "))
        }
        Fact::WarDeclared { by, on, .. } => format!("alliance {by} declares war on {on}"),
        Fact::VictoryWon { alliance, condition, .. } => format!("alliance {alliance} wins by {condition}"),
        _ => return None,
    })
}

/// Runs the host schedule once.
fn run_host(world: &mut World) {
    world.run_schedule(Host);
}

/// Runs the campaign to an instant, however long that takes.
pub(crate) fn run_to(world: &mut World, end: GameTime) {
    while world.resource::<GameClock>().now() < end {
        advance(world, end, GameSpan::hours(1));
        run_host(world);
    }
    world.resource_mut::<Events>().0.clear();
}

/// Asks for more game time, up to `end`, if all that was asked for has passed.
fn advance(world: &mut World, end: GameTime, step: GameSpan) {
    let mut clock = world.resource_mut::<GameClock>();
    let (now, goal) = (clock.now(), clock.goal());
    if now == goal && now < end {
        clock.advance(step.min(end - now));
    }
}

/// Gives the campaign its part of the frame.
#[expect(
    clippy::disallowed_methods,
    reason = "how much of a frame is gone is wall time; what happens does not depend on it"
)]
fn drive(world: &mut World) {
    let begun = Instant::now();
    let delta = world.resource::<Time>().delta();
    world.resource_mut::<Events>().0.clear();
    if !world.resource::<Pace>().runs() {
        // Requests of a person are taken while the clock stands still.
        run_host(world);
        return;
    }
    let now = world.resource::<GameClock>().now();
    let (end, step) = {
        let mut pace = world.resource_mut::<Pace>();
        if pace.to_event {
            (GameTime(i64::MAX), LOOK_STEP)
        } else if let Some(until) = pace.until {
            (until, GameSpan::mins(10))
        } else {
            let more = delta.as_secs_f64() * f64::from(SPEEDS[pace.speed]) * 1_000.0 + pace.rest;
            let whole = more.floor();
            pace.rest = more - whole;
            #[expect(clippy::cast_possible_truncation, reason = "a frame is far shorter than 2^53 ms of game time")]
            let span = GameSpan(whole as i64);
            (world.resource::<GameClock>().goal().max(now) + span, GameSpan::mins(10))
        }
    };
    loop {
        advance(world, end, step);
        run_host(world);
        let now = world.resource::<GameClock>().now();
        let found = world.resource::<Events>().0.first().map(|(at, what)| format!("{at}: {what}"));
        let mut pace = world.resource_mut::<Pace>();
        if pace.to_event && found.is_some() {
            pace.found = found;
            pace.pause();
        }
        if pace.until.is_some_and(|until| now >= until) {
            pace.pause();
        }
        if !pace.runs() || now >= end || begun.elapsed() >= PART_OF_FRAME {
            return;
        }
    }
}
