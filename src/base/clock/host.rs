//! The private schedule, its sets, and the host system that runs it once per due instant.

use super::agenda::{Agenda, DueEntry};
use super::saved::SavedClock;
use super::time::{GameClock, GameSpan, GameTime};
use crate::base::error::CampaignError;
use crate::base::limits::Limits;
use crate::base::state::StateAppExt;
use bevy::ecs::component::Mutable;
use bevy::ecs::schedule::{
    InternedScheduleLabel, LogLevel, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor,
};
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The schedule that runs once per due instant. It is single-threaded on purpose (a multi-threaded run costs forty
/// times as much overhead), and two systems whose order is not said are an error when it is built.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Campaign;

/// The small schedule for instants on which only mechanical kinds are due, such as troops that come home.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mechanics;

/// The sets of [`Campaign`], in the order in which they run.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CampaignSystems {
    /// A hook for the game: before everything at this instant.
    First,
    /// Inputs from outside, and requests for the states that decisions of this instant will need.
    Intake,
    /// The world answers those requests; observations become knowledge.
    Sense,
    /// Councils and ballots.
    Deliberate,
    /// Allocation, orders and reactions.
    Plan,
    /// Launches, recalls, returns.
    March,
    /// Arrivals and battles.
    Battle,
    /// Results become knowledge, operations conclude, trust changes.
    Settle,
    /// Outward facts.
    Publish,
    /// A hook for the game: after everything at this instant.
    Last,
}

impl CampaignSystems {
    /// All sets in order.
    pub const ALL: [Self; 10] = [
        Self::First,
        Self::Intake,
        Self::Sense,
        Self::Deliberate,
        Self::Plan,
        Self::March,
        Self::Battle,
        Self::Settle,
        Self::Publish,
        Self::Last,
    ];
}

/// A set of [`CampaignSystems`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SetMask(pub u16);

impl SetMask {
    /// The mask of these sets.
    #[must_use]
    pub const fn of(sets: &[CampaignSystems]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < sets.len() {
            bits |= 1 << sets[i] as u16;
            i += 1;
        }
        Self(bits)
    }

    /// Whether the set is in it.
    #[must_use]
    pub const fn has(self, set: CampaignSystems) -> bool {
        self.0 & (1 << set as u16) != 0
    }
}

/// A kind of due entry. Its rank orders entries of one instant; ranks below 1000 belong to this crate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DueKind {
    /// The order among kinds, unique.
    pub rank: u16,
    /// For messages and logs.
    pub name: &'static str,
    /// The sets that it wakes. `First`, `Publish` and `Last` always run.
    pub wakes: SetMask,
    /// Whether the small [`Mechanics`] schedule can handle it.
    pub mechanical: bool,
}

impl DueKind {
    /// A kind that wakes these sets.
    #[must_use]
    pub const fn new(rank: u16, name: &'static str, wakes: &[CampaignSystems]) -> Self {
        Self { rank, name, wakes: SetMask::of(wakes), mechanical: false }
    }

    /// A kind that changes the world alone, and that nobody observes.
    #[must_use]
    pub const fn mechanical(rank: u16, name: &'static str) -> Self {
        Self { rank, name, wakes: SetMask::of(&[CampaignSystems::March]), mechanical: true }
    }

    /// An entry of this kind.
    #[must_use]
    pub const fn entry(self, due: GameTime, owner: u64, n: u32) -> DueEntry {
        DueEntry { due, kind: self.rank, owner, n }
    }
}

/// The kinds that are registered.
#[derive(Resource, Default, Debug)]
pub struct DueKinds {
    by_rank: BTreeMap<u16, DueKind>,
}

impl DueKinds {
    /// The kind with this rank, if one is registered.
    #[must_use]
    pub fn get(&self, rank: u16) -> Option<&DueKind> {
        self.by_rank.get(&rank)
    }
}

/// What is due at the running instant. Systems of [`Campaign`] start from here, never from a query over all.
#[derive(Resource, Default, Debug)]
pub struct DueBatch {
    now: GameTime,
    entries: Vec<DueEntry>,
    mask: SetMask,
    /// Whether there was any pass yet: before the first one `now` says nothing.
    ran: bool,
}

impl DueBatch {
    /// The running instant.
    #[must_use]
    pub fn now(&self) -> GameTime {
        self.now
    }

    /// The last instant that was run, the running one included. None before the first.
    #[must_use]
    pub fn last_run(&self) -> Option<GameTime> {
        self.ran.then_some(self.now)
    }

    /// Forgets the entries of the last pass, and takes this for the last instant that was run.
    pub(super) fn restart(&mut self, last_run: Option<GameTime>) {
        self.entries.clear();
        (self.now, self.ran) = (last_run.unwrap_or_default(), last_run.is_some());
    }

    /// The entries of one kind, sorted by owner and n.
    #[must_use]
    pub fn of(&self, kind: DueKind) -> &[DueEntry] {
        let from = self.entries.partition_point(|e| e.kind < kind.rank);
        let to = self.entries.partition_point(|e| e.kind <= kind.rank);
        &self.entries[from..to]
    }
}

/// What the clock waits for: it stands a millisecond before the first of these instants until that hold is let go.
///
/// Something outside owes an answer at such an instant, and whoever asked decides for how long of wall time it is worth waiting. Holds
/// are the host's: they are no state, and change nothing but when the campaign goes on.
#[derive(Resource, Default, Debug)]
pub struct ClockHolds(BTreeSet<(GameTime, u64)>);

impl ClockHolds {
    /// Has the clock wait before an instant. `key` tells holds of one instant apart.
    pub fn hold(&mut self, before: GameTime, key: u64) {
        self.0.insert((before, key));
    }

    /// Lets a hold go.
    pub fn release(&mut self, before: GameTime, key: u64) {
        self.0.remove(&(before, key));
    }

    /// The last instant that may be run; `None` where nothing is waited for.
    #[must_use]
    pub fn limit(&self) -> Option<GameTime> {
        self.0.first().map(|(before, _)| *before - GameSpan(1))
    }
}

/// Counters of what the campaign has run, for diagnostics and benches.
#[derive(Resource, Default, Clone, Copy, Debug)]
pub struct PassStats {
    /// Runs of [`Campaign`].
    pub passes: u64,
    /// Runs of [`Mechanics`].
    pub mechanical_passes: u64,
    /// Due entries handed out.
    pub entries: u64,
}

/// Where the plugin stands in the host's schedule.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostSystems {
    /// Inputs get their game time.
    Inputs,
    /// The campaign runs up to the clock's goal.
    Run,
    /// What the campaign said outwards is handed to the host as messages and entity events.
    Facts,
}

/// The clock, the agenda and the schedules, hosted in a schedule that the game names.
#[derive(Debug)]
pub struct ClockPlugin {
    /// The host's schedule.
    pub host: InternedScheduleLabel,
}

impl Plugin for ClockPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<GameClock>()
            .init_resource::<Agenda>()
            .init_resource::<DueKinds>()
            .init_resource::<DueBatch>()
            .init_resource::<ClockHolds>()
            .init_resource::<PassStats>()
            .init_resource::<PassCleanup>()
            .init_resource::<InstantEnds>()
            .init_resource::<Limits>()
            .register_kept::<SavedClock>("clock");
        app.add_schedule(quiet_schedule(Campaign)).add_schedule(quiet_schedule(Mechanics));
        app.edit_schedule(Campaign, |schedule| {
            for pair in CampaignSystems::ALL.windows(2) {
                schedule.configure_sets(pair[1].after(pair[0]));
            }
            for set in CampaignSystems::ALL {
                schedule.configure_sets(set.run_if(move |batch: Res<DueBatch>| batch.mask.has(set)));
            }
        });
        app.configure_sets(self.host, (HostSystems::Inputs, HostSystems::Run, HostSystems::Facts).chain());
        app.add_systems(self.host, run_campaign.in_set(HostSystems::Run));
    }
}

fn quiet_schedule(label: impl ScheduleLabel) -> Schedule {
    let mut schedule = Schedule::new(label);
    schedule.set_executor(SingleThreadedExecutor::new());
    schedule.set_build_settings(ScheduleBuildSettings { ambiguity_detection: LogLevel::Error, ..default() });
    schedule
}

/// What is cleared after each pass.
#[derive(Resource, Default)]
struct PassCleanup(Vec<fn(&mut World)>);

/// What is asked for more when nothing else is due at an instant.
#[derive(Resource, Default)]
struct InstantEnds(Vec<fn(&mut World, GameTime)>);

/// What features add to an app.
pub trait CampaignAppExt {
    /// Registers a kind of due entry.
    ///
    /// # Panics
    /// If another kind has its rank: a mistake in the code of the game, found at start-up.
    fn add_due_kind(&mut self, kind: DueKind) -> &mut Self;

    /// Adds a function that is called when nothing else is due at the running instant, and may push entries that are
    /// due at it. For what is due only after everything else, such as the later inputs of a recorded instant.
    fn add_instant_end(&mut self, more: fn(&mut World, GameTime)) -> &mut Self;

    /// Adds a message that lives for one pass: it is cleared after `Last`.
    fn add_pass_message<M: Message>(&mut self) -> &mut Self;

    /// Adds a resource that is reset after each pass.
    fn add_pass_resource<R: Resource<Mutability = Mutable> + Default + PassScratch>(&mut self) -> &mut Self;
}

/// A resource that lives for one pass.
pub trait PassScratch {
    /// Empties it, keeping its memory.
    fn clear(&mut self);
}

impl CampaignAppExt for App {
    fn add_due_kind(&mut self, kind: DueKind) -> &mut Self {
        let mut kinds = self.world_mut().get_resource_or_init::<DueKinds>();
        if let Some(other) = kinds.by_rank.insert(kind.rank, kind)
            && other != kind
        {
            let error = CampaignError::DueKindTaken { name: kind.name, rank: kind.rank, other: other.name };
            panic!("{error}");
        }
        self
    }

    fn add_instant_end(&mut self, more: fn(&mut World, GameTime)) -> &mut Self {
        self.world_mut().get_resource_or_init::<InstantEnds>().0.push(more);
        self
    }

    fn add_pass_message<M: Message>(&mut self) -> &mut Self {
        if !self.world().contains_resource::<Messages<M>>() {
            self.init_resource::<Messages<M>>();
            self.world_mut()
                .get_resource_or_init::<PassCleanup>()
                .0
                .push(|world| world.resource_mut::<Messages<M>>().bypass_change_detection().clear());
        }
        self
    }

    fn add_pass_resource<R: Resource<Mutability = Mutable> + Default + PassScratch>(&mut self) -> &mut Self {
        if !self.world().contains_resource::<R>() {
            self.init_resource::<R>();
            self.world_mut()
                .get_resource_or_init::<PassCleanup>()
                .0
                .push(|world| world.resource_mut::<R>().bypass_change_detection().clear());
        }
        self
    }
}

/// Runs the campaign up to the clock's goal, or to the slice limit; what is left is run by the next host update.
fn run_campaign(world: &mut World) -> Result {
    let delta = world.get_resource::<Time>().map(Time::delta).unwrap_or_default();
    let (slice_millis, slice_passes, passes_per_instant) = {
        let limits = world.resource::<Limits>();
        (limits.slice_millis, limits.slice_passes, limits.passes_per_instant)
    };
    let goal = {
        let mut clock = world.resource_mut::<GameClock>();
        clock.add_host_time(delta);
        if clock.paused { clock.now() } else { clock.goal().min(clock.now() + GameSpan(slice_millis)) }
    };
    let mut passes = 0;
    while passes < slice_passes {
        // A pass may have asked for something that the next one waits for.
        let held = world.resource::<ClockHolds>().limit();
        let goal = held.map_or(goal, |limit| limit.max(world.resource::<GameClock>().now()).min(goal));
        let Some(due) = world.resource_mut::<Agenda>().next_due(goal) else {
            world.resource_mut::<GameClock>().set_now(goal);
            return Ok(());
        };
        // An entry in the past is due now: the clock never runs backwards.
        let now = due.max(world.resource::<GameClock>().now());
        world.resource_mut::<GameClock>().set_now(now);
        passes += run_instant(world, due, now, passes_per_instant)?;
        end_instant(world, now);
    }
    Ok(())
}

/// Asks who has more for an instant at which nothing else is due. What comes of it counts its passes anew, as a host
/// update that brought it would.
fn end_instant(world: &mut World, now: GameTime) {
    for i in 0..world.resource::<InstantEnds>().0.len() {
        let more = world.resource::<InstantEnds>().0[i];
        more(world, now);
    }
}

/// Runs passes at one instant until nothing more is due then.
fn run_instant(world: &mut World, due: GameTime, now: GameTime, limit: u32) -> Result<u32> {
    let (mut passes, mut due) = (0, due);
    loop {
        take_batch(world, due, now);
        let mechanical = world.resource::<DueBatch>().mask == MECHANICAL_ONLY;
        world.run_schedule_for(mechanical);
        passes += 1;
        let Some(again) = world.resource_mut::<Agenda>().next_due(now) else {
            return Ok(passes);
        };
        if passes >= limit {
            let last = world.resource::<DueBatch>().entries.last().copied();
            let (kind, owner) = last.map_or(("none", 0), |e| {
                (world.resource::<DueKinds>().by_rank.get(&e.kind).map_or("unknown", |k| k.name), e.owner)
            });
            return Err(CampaignError::TooManyPasses { at_ms: now.0, passes, kind, owner }.into());
        }
        due = again;
    }
}

const MECHANICAL_ONLY: SetMask = SetMask(1 << 15);

trait RunPass {
    fn run_schedule_for(&mut self, mechanical: bool);
}

impl RunPass for World {
    fn run_schedule_for(&mut self, mechanical: bool) {
        if mechanical {
            self.resource_mut::<PassStats>().mechanical_passes += 1;
            self.run_schedule(Mechanics);
        } else {
            self.resource_mut::<PassStats>().passes += 1;
            self.run_schedule(Campaign);
        }
        let cleanup = self.resource_mut::<PassCleanup>().0.len();
        for i in 0..cleanup {
            let clear = self.resource::<PassCleanup>().0[i];
            clear(self);
        }
    }
}

fn take_batch(world: &mut World, due: GameTime, now: GameTime) {
    world.resource_scope(|world, mut batch: Mut<DueBatch>| {
        world.resource_mut::<Agenda>().pop_at(due, &mut batch.entries);
        let kinds = world.resource::<DueKinds>();
        let (mut wakes, mut mechanical, mut last) = (0, true, None);
        for entry in &batch.entries {
            if last == Some(entry.kind) {
                continue;
            }
            last = Some(entry.kind);
            match kinds.by_rank.get(&entry.kind) {
                Some(kind) => {
                    wakes |= kind.wakes.0;
                    mechanical &= kind.mechanical;
                }
                None => warn_once!("a due entry of kind {} is not registered and is ignored", entry.kind),
            }
        }
        const ALWAYS: SetMask = SetMask::of(&[CampaignSystems::First, CampaignSystems::Publish, CampaignSystems::Last]);
        (batch.now, batch.ran) = (now, true);
        batch.mask = if mechanical { MECHANICAL_ONLY } else { SetMask(wakes | ALWAYS.0) };
        world.resource_mut::<PassStats>().entries += batch.entries.len() as u64;
    });
}
