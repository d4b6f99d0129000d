//! A small app for tests, the crate's own and those of games that use it.
//!
//! ```
//! use bevy_alliance::base::clock::GameSpan;
//! use bevy_alliance::edge::test_app::{TestApp, small_world};
//! let mut app = TestApp::new(&small_world(7, 300));
//! app.run(GameSpan::hours(12));
//! assert_eq!(app.audit().troops_unaccounted, 0);
//! ```

use crate::AlliancePlugins;
use crate::base::clock::{GameClock, GameSpan};
use crate::base::contract::{CampaignFact, Scenario, ScenarioAppExt};
use crate::base::ruleset::Ruleset;
use crate::base::state::{hash_parts, state_hash};
use crate::world::audit::{Audit, audit};
use crate::world::generator::{GeneratorOptions, generate_world};
use bevy::prelude::*;

/// A campaign in an app without a window, with a clock that moves when told to.
#[derive(Debug)]
pub struct TestApp {
    /// The app: add systems and resources as a game would.
    pub app: App,
    /// All outward facts so far.
    pub facts: Vec<CampaignFact>,
}

/// The facts of the last update.
#[derive(Resource, Default)]
struct Heard(Vec<CampaignFact>);

impl TestApp {
    /// Starts a campaign under the default ruleset.
    ///
    /// # Panics
    /// If the scenario contradicts itself.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        Self::with(scenario, |_| {})
    }

    /// Starts a campaign; `setup` runs before the plugins are added. Systems of the schedule `Campaign` are added to
    /// [`app`](Self::app) afterwards: the plugins make that schedule anew.
    ///
    /// # Panics
    /// If the scenario contradicts itself.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test helper")]
    pub fn with(scenario: &Scenario, setup: impl FnOnce(&mut App)) -> Self {
        let mut app = Self::unstarted(setup);
        app.app.start_campaign(scenario).expect("the scenario is sound");
        app
    }

    /// The same without a campaign: to load one, to replay one, or to start one later. `setup` runs before the plugins
    /// are added.
    #[must_use]
    pub fn unstarted(setup: impl FnOnce(&mut App)) -> Self {
        Self::unstarted_with(setup, |_| {})
    }

    /// The same; `more` runs after the plugins were added, for plugins that build on them.
    #[must_use]
    pub fn unstarted_with(setup: impl FnOnce(&mut App), more: impl FnOnce(&mut App)) -> Self {
        let mut app = App::new();
        setup(&mut app);
        app.add_plugins(TaskPoolPlugin::default())
            .insert_resource(GameClock::manual())
            .add_plugins(AlliancePlugins::new(Update))
            .init_resource::<Heard>()
            .add_systems(Last, |mut facts: MessageReader<CampaignFact>, mut heard: ResMut<Heard>| {
                heard.0.extend(facts.read().cloned());
            });
        more(&mut app);
        app.finish();
        app.cleanup();
        Self { app, facts: Vec::new() }
    }

    /// Runs this much game time, one game hour per update.
    pub fn run(&mut self, span: GameSpan) {
        self.run_in_steps(span, GameSpan::hours(1));
    }

    /// Runs this much game time in updates of `step` each.
    pub fn run_in_steps(&mut self, span: GameSpan, step: GameSpan) {
        let end = self.now() + span;
        while self.now() < end {
            let left = end - self.now();
            let mut clock = self.app.world_mut().resource_mut::<GameClock>();
            if clock.goal() == clock.now() {
                clock.advance(step.min(left));
            }
            self.update();
        }
    }

    /// Runs one host update. A manual clock stays where it is unless it was told to advance.
    pub fn update(&mut self) {
        self.app.update();
        let heard = core::mem::take(&mut self.app.world_mut().resource_mut::<Heard>().0);
        self.facts.extend(heard);
    }

    /// Sends a request as a game would, and returns the facts that it led to at this instant.
    ///
    /// ```
    /// use bevy_alliance::base::contract::{Fact, SetStance, Stance};
    /// use bevy_alliance::base::id::AllianceId;
    /// use bevy_alliance::edge::test_app::{TestApp, small_world};
    /// let mut app = TestApp::new(&small_world(7, 300));
    /// let told = app.send(SetStance { a: AllianceId(9_999), b: AllianceId(1), stance: Stance::Pact });
    /// assert!(matches!(&told[0].fact, Fact::RequestRefused(refused) if refused.rule == "alliance_exists"));
    /// ```
    pub fn send(&mut self, request: impl Message) -> &[CampaignFact] {
        let before = self.facts.len();
        self.app.world_mut().write_message(request);
        self.update();
        &self.facts[before..]
    }

    /// The instant at which the campaign stands.
    #[must_use]
    pub fn now(&self) -> crate::base::clock::GameTime {
        self.app.world().resource::<GameClock>().now()
    }

    /// The state hash.
    #[must_use]
    pub fn hash(&mut self) -> u128 {
        state_hash(self.app.world_mut())
    }

    /// The hash of each registration, for finding what differs.
    #[must_use]
    pub fn hash_parts(&mut self) -> Vec<(&'static str, u128)> {
        hash_parts(self.app.world_mut())
    }

    /// What does not add up.
    #[must_use]
    pub fn audit(&mut self) -> Audit {
        audit(self.app.world_mut())
    }
}

/// A synthetic world of this many villages with up to four alliances at war.
///
/// # Panics
/// If `villages` is too small for a single alliance (12).
#[must_use]
#[expect(clippy::expect_used, reason = "a test helper")]
pub fn small_world(seed: u64, villages: u32) -> Scenario {
    let alliances = usize::try_from(villages / 60).unwrap_or(1).clamp(1, 4);
    let options = GeneratorOptions { seed, villages, alliances, half_width: 100, ..GeneratorOptions::default() };
    generate_world(&options, &Ruleset::extended()).expect("a small world can be made")
}
