//! The whole scheduling workload: 10,000 operations of 20 participants over 35 hours, each with votes, launches,
//! arrivals and a result. Ours (agenda and campaign) against an event loop in plain Rust, and, where the environment
//! variable `ALLIANCE_REFERENCE` names the folder with `peers/polling_design.py`, against polling.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench tells wall time")]

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::process::Command;
use support::{in_turn, tell};
use workload::{Outcome, Planned};

/// The operations, the same for both sides.
mod workload {
    use super::support::Dice;

    pub(crate) const OPERATIONS: u32 = 10_000;
    pub(crate) const PARTICIPANTS: u16 = 20;
    /// All votes are in and the ballot closes.
    pub(crate) const BALLOT_CLOSES: i64 = 1_000_000;
    /// The first arrival; the last is a day later, 35 hours after the start.
    const FIRST_ARRIVAL: i64 = 39_600_000;
    const ARRIVALS_WITHIN: u32 = 86_400_000;
    const SPEEDS: [f64; 8] = [3.0, 4.0, 5.0, 6.0, 7.0, 10.0, 14.0, 16.0];

    /// An operation as it is proposed.
    #[derive(Clone)]
    pub(crate) struct Planned {
        pub(crate) arrival: i64,
        pub(crate) members: Vec<Member>,
    }

    #[derive(Clone, Copy)]
    pub(crate) struct Member {
        pub(crate) votes_at: i64,
        pub(crate) says_yes: bool,
        pub(crate) travel: i64,
    }

    /// What came of all operations: both sides must agree on it.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub(crate) struct Outcome {
        pub(crate) approved: u64,
        pub(crate) launched: u64,
        pub(crate) arrived: u64,
        pub(crate) results: u64,
        /// The instants of all launches, added up.
        pub(crate) launches_digest: i64,
        pub(crate) launch_late_millis_max: i64,
        pub(crate) arrival_spread_millis_max: i64,
    }

    pub(crate) fn approves(yes: u16) -> bool {
        u32::from(yes) * 10 > u32::from(PARTICIPANTS) * 6
    }

    /// Homes and targets anywhere on a map of 801 x 801 fields; who cannot arrive in time does not take part.
    pub(crate) fn plan() -> Vec<Planned> {
        let mut dice = Dice(1);
        let planned = |_| {
            let arrival = FIRST_ARRIVAL + i64::from(dice.below(ARRIVALS_WITHIN));
            let target = place(&mut dice);
            let members = (0..PARTICIPANTS).map(|n| member(&mut dice, n, target, arrival)).collect();
            Planned { arrival, members }
        };
        (0..OPERATIONS).map(planned).collect()
    }

    fn member(dice: &mut Dice, n: u16, target: (f64, f64), arrival: i64) -> Member {
        loop {
            let home = place(dice);
            let distance = ((home.0 - target.0).powi(2) + (home.1 - target.1).powi(2)).sqrt();
            let speed = SPEEDS[dice.below(8) as usize];
            #[expect(clippy::cast_possible_truncation, reason = "at most 400 hours")]
            let travel = (distance / speed * 3_600_000.0).round() as i64;
            if arrival - travel > BALLOT_CLOSES {
                let votes_at = 1 + i64::from(dice.below(999_000));
                return Member { votes_at, says_yes: !n.is_multiple_of(3), travel };
            }
        }
    }

    fn place(dice: &mut Dice) -> (f64, f64) {
        (dice.below(801).into(), dice.below(801).into())
    }
}

/// A naive event loop: a heap of events and plain structs.
mod naive {
    use super::workload::{BALLOT_CLOSES, Outcome, Planned, approves};
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    enum Event {
        Vote,
        Close,
        Launch,
        Arrive,
        Result,
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Status {
        Pending,
        Launched,
        Arrived,
    }

    struct Operation {
        yes: u16,
        waited_for: usize,
        first_arrival: i64,
        members: Vec<Status>,
    }

    type Events = BinaryHeap<Reverse<(i64, Event, u32, u32)>>;

    pub(crate) fn run(planned: &[Planned]) -> Outcome {
        let mut outcome = Outcome::default();
        let mut events = Events::new();
        let mut operations = Vec::with_capacity(planned.len());
        for (op, plan) in (0..).zip(planned) {
            for (n, member) in (0..).zip(&plan.members) {
                events.push(Reverse((member.votes_at, Event::Vote, op, n)));
            }
            events.push(Reverse((BALLOT_CLOSES, Event::Close, op, 0)));
            let members = vec![Status::Pending; plan.members.len()];
            operations.push(Operation { yes: 0, waited_for: 0, first_arrival: i64::MAX, members });
        }
        while let Some(Reverse(event)) = events.pop() {
            let op = event.2 as usize;
            handle(event, &planned[op], &mut operations[op], &mut events, &mut outcome);
        }
        outcome
    }

    fn handle(
        (now, event, op, n): (i64, Event, u32, u32),
        plan: &Planned,
        operation: &mut Operation,
        events: &mut Events,
        outcome: &mut Outcome,
    ) {
        match event {
            Event::Vote => operation.yes += u16::from(plan.members[n as usize].says_yes),
            Event::Close if approves(operation.yes) => {
                outcome.approved += 1;
                operation.waited_for = plan.members.len();
                for (n, member) in (0..).zip(&plan.members) {
                    events.push(Reverse((plan.arrival - member.travel, Event::Launch, op, n)));
                }
            }
            Event::Launch => {
                let travel = plan.members[n as usize].travel;
                operation.members[n as usize] = Status::Launched;
                outcome.launched += 1;
                outcome.launches_digest += now;
                outcome.launch_late_millis_max = outcome.launch_late_millis_max.max(now - (plan.arrival - travel));
                events.push(Reverse((now + travel, Event::Arrive, op, n)));
            }
            Event::Arrive if operation.members[n as usize] == Status::Launched => {
                operation.members[n as usize] = Status::Arrived;
                outcome.arrived += 1;
                operation.first_arrival = operation.first_arrival.min(now);
                outcome.arrival_spread_millis_max =
                    outcome.arrival_spread_millis_max.max(now - operation.first_arrival);
                operation.waited_for -= 1;
                if operation.waited_for == 0 {
                    events.push(Reverse((now, Event::Result, op, 0)));
                }
            }
            Event::Close | Event::Arrive => {}
            Event::Result => outcome.results += 1,
        }
    }
}

/// The same with a campaign: operations are entities, and each due kind wakes the system that handles it.
mod ours {
    use super::workload::{BALLOT_CLOSES, Outcome, Planned, approves};
    use bevy::ecs::schedule::ScheduleLabel;
    use bevy::prelude::*;
    use bevy_alliance::base::clock::{
        Agenda, Campaign, CampaignAppExt, CampaignSystems, ClockPlugin, DueBatch, DueEntry, DueKind, GameClock,
        GameSpan, GameTime,
    };

    const VOTE: DueKind = DueKind::new(1_000, "vote", &[CampaignSystems::Deliberate]);
    const CLOSE: DueKind = DueKind::new(1_001, "close", &[CampaignSystems::Deliberate]);
    const LAUNCH: DueKind = DueKind::new(1_002, "launch", &[CampaignSystems::March]);
    const ARRIVE: DueKind = DueKind::new(1_003, "arrive", &[CampaignSystems::Battle]);
    const RESULT: DueKind = DueKind::new(1_004, "result", &[CampaignSystems::Settle]);

    /// An operation: what is planned, and how far it is.
    #[derive(Component)]
    struct Operation {
        plan: Planned,
        yes: u16,
        waited_for: usize,
        first_arrival: GameTime,
        members: Vec<Status>,
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Status {
        Pending,
        Launched,
        Arrived,
    }

    /// The index from an operation's number to its entity.
    #[derive(Resource, Default)]
    struct Index(Vec<Entity>);

    #[derive(Resource, Default)]
    struct Results(Outcome);

    pub(crate) fn run(planned: &[Planned]) -> Outcome {
        let mut app = App::new();
        app.add_plugins(ClockPlugin { host: Update.intern() }).insert_resource(GameClock::manual());
        app.init_resource::<Index>().init_resource::<Results>();
        for kind in [VOTE, CLOSE, LAUNCH, ARRIVE, RESULT] {
            app.add_due_kind(kind);
        }
        app.add_systems(
            Campaign,
            (
                (count_votes, close_ballots).chain().in_set(CampaignSystems::Deliberate),
                launch_groups.in_set(CampaignSystems::March),
                land_groups.in_set(CampaignSystems::Battle),
                record_results.in_set(CampaignSystems::Settle),
            ),
        );
        propose(app.world_mut(), planned);
        let end = GameSpan::hours(35);
        app.world_mut().resource_mut::<GameClock>().advance(end);
        while app.world().resource::<GameClock>().now() < GameTime(0) + end {
            app.update();
        }
        app.world().resource::<Results>().0
    }

    fn propose(world: &mut World, planned: &[Planned]) {
        let mut entities = Vec::with_capacity(planned.len());
        for (op, plan) in (0..).zip(planned) {
            let mut agenda = world.resource_mut::<Agenda>();
            for (n, member) in (0..).zip(&plan.members) {
                agenda.push(VOTE.entry(GameTime(member.votes_at), op, n));
            }
            agenda.push(CLOSE.entry(GameTime(BALLOT_CLOSES), op, 0));
            let members = vec![Status::Pending; plan.members.len()];
            let (yes, waited_for, first_arrival) = (0, 0, GameTime(i64::MAX));
            let operation = Operation { plan: plan.clone(), yes, waited_for, first_arrival, members };
            entities.push(world.spawn(operation).id());
        }
        world.insert_resource(Index(entities));
    }

    impl Index {
        fn of(&self, entry: &DueEntry) -> Entity {
            usize::try_from(entry.owner).ok().and_then(|n| self.0.get(n)).copied().unwrap_or(Entity::PLACEHOLDER)
        }
    }

    fn count_votes(batch: Res<DueBatch>, index: Res<Index>, mut operations: Query<&mut Operation>) {
        for entry in batch.of(VOTE) {
            let Ok(mut operation) = operations.get_mut(index.of(entry)) else { continue };
            let says_yes = operation.plan.members[entry.n as usize].says_yes;
            operation.yes += u16::from(says_yes);
        }
    }

    fn close_ballots(
        batch: Res<DueBatch>,
        index: Res<Index>,
        mut operations: Query<&mut Operation>,
        mut agenda: ResMut<Agenda>,
        mut results: ResMut<Results>,
    ) {
        for entry in batch.of(CLOSE) {
            let Ok(mut operation) = operations.get_mut(index.of(entry)) else { continue };
            if !approves(operation.yes) {
                continue;
            }
            results.0.approved += 1;
            operation.waited_for = operation.plan.members.len();
            for (n, member) in (0..).zip(&operation.plan.members) {
                agenda.push(LAUNCH.entry(GameTime(operation.plan.arrival - member.travel), entry.owner, n));
            }
        }
    }

    fn launch_groups(
        batch: Res<DueBatch>,
        index: Res<Index>,
        mut operations: Query<&mut Operation>,
        mut agenda: ResMut<Agenda>,
        mut results: ResMut<Results>,
    ) {
        let now = batch.now();
        for entry in batch.of(LAUNCH) {
            let Ok(mut operation) = operations.get_mut(index.of(entry)) else { continue };
            let travel = operation.plan.members[entry.n as usize].travel;
            operation.members[entry.n as usize] = Status::Launched;
            let outcome = &mut results.0;
            outcome.launched += 1;
            outcome.launches_digest += now.0;
            let late = now.0 - (operation.plan.arrival - travel);
            outcome.launch_late_millis_max = outcome.launch_late_millis_max.max(late);
            agenda.push(ARRIVE.entry(now + GameSpan::millis(travel), entry.owner, entry.n));
        }
    }

    fn land_groups(
        batch: Res<DueBatch>,
        index: Res<Index>,
        mut operations: Query<&mut Operation>,
        mut agenda: ResMut<Agenda>,
        mut results: ResMut<Results>,
    ) {
        let now = batch.now();
        for entry in batch.of(ARRIVE) {
            let Ok(mut operation) = operations.get_mut(index.of(entry)) else { continue };
            let operation = &mut *operation;
            let status = &mut operation.members[entry.n as usize];
            if *status != Status::Launched {
                continue;
            }
            *status = Status::Arrived;
            let outcome = &mut results.0;
            outcome.arrived += 1;
            operation.first_arrival = operation.first_arrival.min(now);
            let spread = (now - operation.first_arrival).0;
            outcome.arrival_spread_millis_max = outcome.arrival_spread_millis_max.max(spread);
            operation.waited_for -= 1;
            if operation.waited_for == 0 {
                agenda.push(RESULT.entry(now, entry.owner, 0));
            }
        }
    }

    fn record_results(batch: Res<DueBatch>, mut results: ResMut<Results>) {
        results.0.results += batch.of(RESULT).len() as u64;
    }
}

/// CPU seconds of the polling design for all operations, scaled from 200, or why there are none.
fn polling_secs() -> Result<f64, String> {
    const POLLED: u32 = 200;
    let folder = std::env::var("ALLIANCE_REFERENCE").map_err(|_| "ALLIANCE_REFERENCE is not set".to_owned())?;
    let script = format!("{folder}/peers/polling_design.py");
    let (operations, participants) = (POLLED.to_string(), workload::PARTICIPANTS.to_string());
    let output = Command::new("python3")
        .args([script.as_str(), operations.as_str(), participants.as_str(), "35"])
        .output()
        .map_err(|error| error.to_string())?;
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let secs = told["cpu_secs"].as_f64().ok_or("no cpu_secs in what it printed")?;
    println!("polling, {POLLED} operations: {told}");
    Ok(secs * f64::from(workload::OPERATIONS) / f64::from(POLLED))
}

/// CPU seconds of this thread so far, where the system tells them: polling is measured in them too.
fn cpu_secs() -> Option<f64> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split_whitespace().next()?.parse().ok().map(|nanos: f64| nanos / 1e9)
}

/// CPU seconds of one run of ours, or else its wall time.
fn our_secs(planned: &[Planned], wall_secs: f64) -> f64 {
    let before = cpu_secs();
    black_box(ours::run(planned));
    before.and_then(|before| cpu_secs().map(|after| after - before)).unwrap_or(wall_secs)
}

fn check(outcome: Outcome) {
    let groups = u64::from(workload::OPERATIONS) * u64::from(workload::PARTICIPANTS);
    assert_eq!((outcome.launched, outcome.arrived), (groups, groups), "every group launches and arrives");
    assert_eq!(outcome.results, u64::from(workload::OPERATIONS), "every operation has a result");
    assert_eq!(outcome.launch_late_millis_max, 0, "no launch is late");
    assert_eq!(outcome.arrival_spread_millis_max, 0, "all groups of an operation arrive together");
}

fn whole_workload(criterion: &mut Criterion) {
    const ROUNDS: usize = 5;
    let planned: Vec<Planned> = workload::plan();
    let (mut by_us, mut by_loop) = (Outcome::default(), Outcome::default());
    let [ours, naive] = in_turn(ROUNDS, [&mut || by_us = ours::run(&planned), &mut || by_loop = naive::run(&planned)]);
    check(by_us);
    assert_eq!(by_us, by_loop, "both come to the same end");
    println!(
        "scheduling: ours {:.3} s, naive event loop {:.3} s; launches at most {} ms late, arrivals {} ms apart",
        ours / 1e9,
        naive / 1e9,
        by_us.launch_late_millis_max,
        by_us.arrival_spread_millis_max
    );
    tell("scheduling workload / naive event loop", ours / naive, 3.0);
    match polling_secs() {
        Ok(secs) => {
            tell("scheduling workload / polling design, CPU", our_secs(&planned, ours / 1e9) / secs, 0.001);
        }
        Err(reason) => println!("skipped: the comparison with polling: {reason}"),
    }

    let mut group = criterion.benchmark_group("scheduling");
    group.sample_size(10);
    group.bench_function("ours", |bencher| bencher.iter(|| ours::run(&planned)));
    group.bench_function("naive", |bencher| bencher.iter(|| naive::run(&planned)));
    group.finish();
}

criterion_group!(benches, whole_workload);
criterion_main!(benches);
