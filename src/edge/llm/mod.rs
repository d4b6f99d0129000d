//! Members that argue and vote by a language model: any server that a studio already runs.
//!
//! The model advises, the rules decide. When a vote opens, some of the members ([`Voices`]) are asked for their ballots in
//! words; where war councils take time, their members are asked which option they plead for, the council which it proposes, and
//! alliances what an operation taught; and members may be asked to say something about what happened. An answer that is valid and in time is used at the
//! instant at which the rule would have answered; else the rule's is. The campaign neither waits for the model (but for
//! [`Pace::Hold`], for a bounded time) nor trusts it: an answer can name only what was offered.
//!
//! What is *not* here: judging and proposing (`decision::council`, `strategy::war_council`), and the game's own questions'
//! meaning: a game asks with [`AskModel`] and judges [`ModelAnswered`] itself.

pub mod bridge;
mod desk;
mod draft;
mod occasion;
pub mod prompts;
mod question;
mod texts;
pub mod transcript;

pub use desk::{AskModel, LlmCounts, LlmDesk, ModelAnswered};
pub use prompts::Prompts;
pub use question::{Invalid, Question, REASON_CHARS};

use crate::base::clock::{Campaign, CampaignSystems, HostSystems};
use crate::base::state::StateAppExt;
use bevy::diagnostic::{Diagnostic, DiagnosticPath, RegisterDiagnostic};
use bevy::ecs::schedule::{InternedScheduleLabel, ScheduleLabel};
use bevy::prelude::*;
use bridge::backend::Backend;
use bridge::failure::StartError;
use bridge::http::HttpBackend;
use bridge::key::ApiKey;
use bridge::settings::LlmSettings;
use bridge::worker::Worker;
use std::sync::Mutex;
use std::time::Duration;

/// Which of the members of a vote are asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Reflect)]
pub enum Voices {
    /// So many: the leader, then the one who trusts least, then those of whom most is asked.
    Some(usize),
    /// All who vote.
    All,
}

/// Whether the clock waits for the model.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Reflect)]
pub enum Pace {
    /// It goes on: an answer that is not there in time is late. Only a replay of such a run is reproducible.
    Free,
    /// It stands before the instant of an answer until that is there, or was waited for this long (wall time).
    Hold {
        /// For how long at most.
        wall: Duration,
        /// For how long one update of the host may sleep meanwhile: 0 for hosts with frames.
        block: Duration,
    },
}

/// How members are asked.
#[derive(Resource, Clone, Copy, PartialEq, Eq, Debug, Reflect)]
pub struct LlmCouncil {
    /// Which members.
    pub voices: Voices,
    /// Whether the clock waits.
    pub pace: Pace,
    /// Whether war councils are asked for their choice, where they take time for it
    /// ([`WarCouncilSettings::talks`](crate::strategy::war_council::WarCouncilSettings::talks)).
    pub choices: bool,
    /// Whether alliances are asked what operations taught, where their councils take time.
    pub debriefs: bool,
    /// What members of an alliance are asked to say on a game day at most, about what happened and to persons; 0: nothing.
    pub speeches: u32,
    /// Tokens of an answer.
    pub max_tokens: u32,
    /// Under [`Pace::Free`] an answer is waited for this long (wall time).
    pub patience: Duration,
    /// Questions that wait to be sent at most; more are not asked.
    pub drafts_max: usize,
    /// Questions of the campaign that one host update sends at most, and answers that it takes; at least 1. What is left is the next
    /// one's, so that no frame is long where many come at one time.
    pub per_update: usize,
}

impl Default for LlmCouncil {
    fn default() -> Self {
        Self {
            voices: Voices::Some(3),
            pace: Pace::Free,
            choices: true,
            debriefs: true,
            speeches: 4,
            max_tokens: 160,
            patience: Duration::from_secs(60),
            drafts_max: 1_024,
            per_update: 32,
        }
    }
}

/// Asks a language model for ballots, pleas, choices, debriefs and speeches. Add it after [`AlliancePlugins`](crate::AlliancePlugins).
///
/// ```no_run
/// use bevy::prelude::*;
/// use bevy_alliance::AlliancePlugins;
/// use bevy_alliance::edge::llm::{LlmPlugin, bridge::settings::LlmSettings};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let settings = LlmSettings { model: "my-model".to_owned(), ..LlmSettings::default() };
/// App::new()
///     .add_plugins(MinimalPlugins)
///     .add_plugins(AlliancePlugins::new(FixedUpdate))
///     .add_plugins(LlmPlugin::http(FixedUpdate, &settings)?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct LlmPlugin {
    host: InternedScheduleLabel,
    worker: Mutex<Option<Worker>>,
    /// Whether what was asked and answered is kept for a transcript.
    transcript: bool,
}

impl LlmPlugin {
    /// A server over HTTP. `host` is the schedule that the campaign is hosted in; a key is read from the environment
    /// variable [`KEY_VARIABLE`](bridge::key::KEY_VARIABLE), if that is set.
    ///
    /// # Errors
    /// Settings that cannot be used, a key that cannot be sent, a system that gives no thread.
    pub fn http(host: impl ScheduleLabel, settings: &LlmSettings) -> Result<Self, StartError> {
        let backend = HttpBackend::new(settings, ApiKey::from_env()?)?;
        Self::with_backend(host, settings, Box::new(backend))
    }

    /// A model of the game's own.
    ///
    /// # Errors
    /// Settings that cannot be used, a system that gives no thread.
    pub fn with_backend(
        host: impl ScheduleLabel,
        settings: &LlmSettings,
        backend: Box<dyn Backend>,
    ) -> Result<Self, StartError> {
        let worker = Mutex::new(Some(Worker::start(settings, backend)?));
        Ok(Self { host: host.intern(), worker, transcript: false })
    }

    /// The same, keeping what is asked and answered: take it with [`LlmDesk::take_transcript`].
    #[must_use]
    pub fn with_transcript(mut self) -> Self {
        self.transcript = true;
        self
    }
}

/// Requests that were sent so far.
pub const REQUESTS: DiagnosticPath = DiagnosticPath::const_new("llm/requests");
/// The last answer's way there and back, in milliseconds of wall time.
pub const LATENCY: DiagnosticPath = DiagnosticPath::const_new("llm/latency_ms");
/// Tokens of prompts and answers so far, as the server counts.
pub const TOKENS: DiagnosticPath = DiagnosticPath::const_new("llm/tokens");
/// Questions so far that the rule answered although a model was asked.
pub const TWINS: DiagnosticPath = DiagnosticPath::const_new("llm/by_twin");
/// What it cost so far, by the price of the settings.
pub const COST: DiagnosticPath = DiagnosticPath::const_new("llm/cost");

impl Plugin for LlmPlugin {
    fn build(&self, app: &mut App) {
        let worker = self.worker.lock().map_or(None, |mut worker| worker.take());
        for (path, suffix) in [(REQUESTS, ""), (LATENCY, "ms"), (TOKENS, ""), (TWINS, ""), (COST, "")] {
            app.register_diagnostic(Diagnostic::new(path).with_suffix(suffix));
        }
        app.init_resource::<LlmCouncil>()
            .init_resource::<Prompts>()
            .init_resource::<draft::Drafts>()
            .insert_resource(LlmDesk::new(worker, self.transcript))
            .add_state_rebuilder(200, desk::forget)
            .add_message::<AskModel>()
            .add_message::<ModelAnswered>()
            .add_systems(
                Campaign,
                (
                    draft::draft_choices,
                    draft::draft_pleas,
                    draft::draft_ballots,
                    draft::draft_debriefs,
                    draft::draft_speeches,
                )
                    .chain()
                    .in_set(CampaignSystems::Publish),
            )
            .add_systems(
                self.host,
                (
                    (desk::exchange, desk::measure).chain().before(HostSystems::Inputs).run_if(desk::has_work),
                    desk::note_entered.in_set(HostSystems::Facts).run_if(desk::has_entered),
                ),
            );
    }
}
