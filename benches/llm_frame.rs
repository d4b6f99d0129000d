//! Host frames while a model is asked, against the same frames without one: with 1,000 requests under way, with a server that
//! hangs, with one that is dead and a model that answers at once, both asked anew now and then, and with answers that come in every frame.
//!
//! All apps run the same campaign in the same steps, block by block in turn, so that what else the machine does is everybody's. Frames
//! are paced, as a host's are. Of each frame the wall time is taken, and what the host's own thread computed: the latter is what the
//! library adds, the rest is the system's, which gives the processor to others. Of one app without a model there are two: how far
//! their figures differ is the noise of the machine, and ratios tell no more than that.
#![allow(clippy::print_stdout, reason = "a bench that prints what it is about")]
#![allow(clippy::disallowed_methods, reason = "wall time is what is measured")]

#[path = "support/llm_frame/mod.rs"]
mod llm_frame;

use bevy::ecs::schedule::SingleThreadedExecutor;
use bevy::prelude::*;
use bevy_alliance::base::clock::{GameClock, GameSpan};
use bevy_alliance::base::contract::{Scenario, ScenarioAppExt};
use bevy_alliance::edge::llm::bridge::http::HttpBackend;
use bevy_alliance::edge::llm::bridge::settings::LlmSettings;
use bevy_alliance::edge::llm::{AskModel, LlmDesk, LlmPlugin, ModelAnswered};
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::strategy::war_council::WarCouncilSettings;
use llm_frame::figures::{Frames, tell};
use llm_frame::models::{Pulse, Server, at_once, pulsed};
use serde_json::Value;
use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

const REQUESTS: u64 = 1_000;
/// Frames of one block.
const BLOCK: usize = 250;
/// So many at its start are not counted. They come after other apps ran for half a second or more, and find nothing of their own in the
/// processor's caches: ten times as long, with a model or without, they alone would be what one frame in a thousand is. A host whose own work
/// fills the caches between two frames has such frames too, and `docs/llm.md` says so.
const COLD: usize = 5;
/// Blocks of each app in one repetition.
const BLOCKS: usize = 16;
const REPETITIONS: usize = 5;
/// A frame begins this long after the one before.
const PACE: Duration = Duration::from_micros(500);

/// What an app's game asks besides the questions of its campaign.
enum Asks {
    Nothing,
    /// Anew for each that was answered.
    Again,
    /// One in so many frames.
    Each(usize),
}

struct Case {
    name: &'static str,
    app: TestApp,
    asks: Asks,
    /// Lets one request be answered after each frame.
    pulse: Option<Pulse>,
    frames: Frames,
}

fn question(id: u64) -> AskModel {
    AskModel {
        id,
        system: vec!["x".repeat(4_000)],
        user: format!("question {id}"),
        schema: Value::Null,
        max_tokens: 100,
        patience: Duration::from_secs(3_600),
    }
}

/// The answers of the last frame.
#[derive(Resource, Default)]
struct Answered(u64);

fn app(scenario: &Scenario, plugin: Option<LlmPlugin>, asks: &Asks) -> Result<TestApp, Box<dyn Error>> {
    let mut app = TestApp::unstarted_with(
        |app| {
            app.insert_resource(WarCouncilSettings { talks: GameSpan::mins(30), ..WarCouncilSettings::default() });
        },
        |app| {
            let Some(plugin) = plugin else { return };
            app.add_plugins(plugin);
            if matches!(asks, Asks::Again) {
                app.init_resource::<Answered>().add_systems(
                    Last,
                    |mut came: MessageReader<ModelAnswered>, mut answered: ResMut<Answered>| {
                        answered.0 += came.read().count() as u64;
                    },
                );
            }
        },
    );
    // Waking other threads costs more than all that is measured here.
    for (_, schedule) in app.app.world_mut().resource_mut::<Schedules>().iter_mut() {
        schedule.set_executor(SingleThreadedExecutor::new());
    }
    app.app.start_campaign(scenario)?;
    app.run(GameSpan::hours(6));
    Ok(app)
}

impl Case {
    fn without(name: &'static str, scenario: &Scenario) -> Result<Self, Box<dyn Error>> {
        let app = app(scenario, None, &Asks::Nothing)?;
        Ok(Self { name, app, asks: Asks::Nothing, pulse: None, frames: Frames::default() })
    }

    fn with(
        name: &'static str,
        scenario: &Scenario,
        plugin: LlmPlugin,
        asks: Asks,
        pulse: Option<Pulse>,
    ) -> Result<Self, Box<dyn Error>> {
        let app = app(scenario, Some(plugin), &asks)?;
        let mut case = Self { name, app, asks, pulse, frames: Frames::default() };
        if !matches!(case.asks, Asks::Each(_)) {
            for id in 0..REQUESTS {
                case.app.app.world_mut().write_message(question(id));
            }
            let start = Instant::now();
            case.app.update();
            let asked = start.elapsed();
            // Until all of them are on their way.
            thread::sleep(Duration::from_secs(2));
            case.app.update();
            println!("  {name}: {} under way; the frame that asked them took {asked:?}", case.under_way());
        }
        Ok(case)
    }

    /// A block of frames, of which so many were before.
    fn block(&mut self, done: usize, step: GameSpan) {
        let (others, ()) = Frames::others_in(|| {
            let mut next = Instant::now();
            for n in 0..BLOCK {
                next += PACE;
                thread::sleep(next.saturating_duration_since(Instant::now()));
                next = next.max(Instant::now());
                self.frame(done + n, step, n >= COLD);
            }
            // What is still under way for it is not the next one's.
            thread::sleep(Duration::from_millis(5));
        });
        self.frames.add_others(others);
    }

    fn under_way(&self) -> usize {
        self.app.app.world().get_resource::<LlmDesk>().map_or(0, LlmDesk::under_way)
    }

    /// One frame in which so much game time passes.
    fn frame(&mut self, n: usize, step: GameSpan, counts: bool) {
        let world = self.app.app.world_mut();
        let again = match self.asks {
            Asks::Nothing => 0,
            Asks::Again => core::mem::take(&mut world.resource_mut::<Answered>().0),
            Asks::Each(frames) => u64::from(n.is_multiple_of(frames)),
        };
        for i in 0..again {
            world.write_message(question(REQUESTS * (1 + n as u64) + i));
        }
        if step > GameSpan(0) {
            world.resource_mut::<GameClock>().advance(step);
        }
        if counts {
            self.frames.take(|| self.app.update());
        } else {
            self.app.update();
        }
        self.app.facts.clear();
        if let Some(pulse) = &self.pulse {
            pulse.answer_one();
        }
    }
}

fn cases(scenario: &Scenario) -> Result<Vec<Case>, Box<dyn Error>> {
    let settings = |url: &str| LlmSettings {
        url: url.to_owned(),
        in_flight: 1_000,
        queue: 2_000,
        total_timeout_ms: 600_000,
        retries: 0,
        ..LlmSettings::default()
    };
    let (hanging, answering, (backend, pulse)) = (Server::start()?, Server::start()?, pulsed());
    let http = |server: &Server| -> Result<LlmPlugin, Box<dyn Error>> {
        let settings = settings(&server.url);
        Ok(LlmPlugin::with_backend(Update, &settings, Box::new(HttpBackend::new(&settings, None)?))?)
    };
    let none = settings("http://127.0.0.1:9/v1");
    let dead = LlmPlugin::with_backend(Update, &none, Box::new(HttpBackend::new(&none, None)?))?;
    let at_once = LlmPlugin::with_backend(Update, &none, at_once())?;
    let (waiting, _) = pulsed();
    let waiting = LlmPlugin::with_backend(Update, &none, waiting)?;
    let in_turn = LlmPlugin::with_backend(Update, &none, backend)?;
    let (hangs, answers) = (http(&hanging)?, http(&answering)?);
    Ok(vec![
        Case::without("no model", scenario)?,
        Case::without("no model, again", scenario)?,
        Case::with("1,000 under way", scenario, waiting, Asks::Nothing, None)?,
        Case::with("hanging server", scenario, hangs, Asks::Nothing, None)?,
        Case::with("dead server, asked in one of 60 frames", scenario, dead, Asks::Each(60), None)?,
        Case::with("a model that answers at once, asked as often", scenario, at_once, Asks::Each(60), None)?,
        Case::with("one of 1,000 answered and asked in each frame", scenario, in_turn, Asks::Again, Some(pulse))?,
        Case::with("the same over HTTP", scenario, answers, Asks::Again, Some(answering.pulse))?,
    ])
}

/// Runs all apps in turn, and prints how their frames compare.
fn measure(what: &str, step: GameSpan) -> Result<(), Box<dyn Error>> {
    println!("{what}:");
    let scenario = small_world(7, 300);
    let mut cases = cases(&scenario)?;
    let mut done = 0;
    for _ in 0..REPETITIONS {
        for block in 0..BLOCKS {
            // Whoever comes first differs from block to block.
            for turn in 0..cases.len() {
                let at = (turn + block) % cases.len();
                cases[at].block(done, step);
            }
            done += BLOCK;
        }
        cases.iter_mut().for_each(|case| case.frames.end_repetition());
    }
    let base = cases[0].frames.clone();
    for case in &cases {
        tell(case.name, &case.frames, &base);
    }
    let hashes: Vec<u128> = cases.iter_mut().map(|case| case.app.hash()).collect();
    println!("  state hashes are {}", if hashes.windows(2).all(|w| w[0] == w[1]) { "equal" } else { "NOT EQUAL" });
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "{} frames of each app, {PACE:?} apart, in {REPETITIONS} repetitions of {BLOCKS} blocks in turn; microseconds, and the ratio to \
         no model: of all frames, and (in brackets) the least, the middle and the most of the repetitions",
        REPETITIONS * BLOCKS * (BLOCK - COLD)
    );
    measure("Frames in which the clock stands", GameSpan(0))?;
    measure("Frames of 10 game seconds", GameSpan::secs(10))
}
