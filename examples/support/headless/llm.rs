//! The options of `headless` that let a language model speak for members, with the feature `llm`.

use super::Failure;
use super::numbers::whole;
use bevy::prelude::{App, Update};
use bevy_alliance::edge::llm::bridge::settings::{LlmSettings, Protocol};
use bevy_alliance::edge::llm::{LlmCouncil, LlmDesk, LlmPlugin, Pace, Voices, transcript};
use clap::{Args, ValueEnum};
use serde_json::Value;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

/// How long one update sleeps while an answer is owed.
const BLOCK: Duration = Duration::from_millis(50);

/// Who speaks.
#[derive(Args, Debug)]
pub(crate) struct LlmOptions {
    /// A model server: the URL up to and with `/v1`. Its key is read from `ALLIANCE_LLM_KEY`.
    #[arg(long, value_name = "URL", requires = "model", conflicts_with_all = ["replay", "replay_transcript"])]
    pub(crate) llm: Option<String>,
    /// The model's name at that server.
    #[arg(long, value_name = "NAME", requires = "llm")]
    pub(crate) model: Option<String>,
    /// What the server speaks.
    #[arg(long, value_enum, default_value_t = ProtocolName::Openai, requires = "llm")]
    pub(crate) llm_protocol: ProtocolName,
    /// Whether the clock waits for answers.
    #[arg(long, value_enum, default_value_t = PaceName::Hold, requires = "llm")]
    pub(crate) llm_pace: PaceName,
    /// How many members of each vote are asked, or `all`.
    #[arg(long, value_name = "N|all", default_value = "3", value_parser = voices, requires = "llm")]
    pub(crate) voices: Voices,
    /// Seconds that one question is waited for.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = whole::<u64>(1, 3_600), requires = "llm")]
    pub(crate) llm_timeout: u64,
    /// Requests to the server at one time.
    #[arg(long, value_name = "N", default_value = "4", value_parser = whole::<usize>(1, 64), requires = "llm")]
    pub(crate) llm_in_flight: usize,
    /// Writes what is asked and answered, a JSON line each.
    #[arg(long, value_name = "FILE", requires = "llm")]
    pub(crate) transcript: Option<PathBuf>,
    /// Plays with the answers of a transcript instead of a server's. Options of the world must be those of that run.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["replay", "load"])]
    pub(crate) replay_transcript: Option<PathBuf>,
}

/// What a server speaks.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProtocolName {
    /// `/chat/completions`.
    Openai,
    /// `/messages`.
    Anthropic,
}

/// Whether the clock waits for answers.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaceName {
    /// It goes on; what comes too late is not used.
    Free,
    /// It waits, for each question as long as `--llm-timeout` says.
    Hold,
}

fn voices(text: &str) -> Result<Voices, String> {
    if text == "all" {
        return Ok(Voices::All);
    }
    whole::<usize>(0, 60)(text)
        .map(Voices::Some)
        .map_err(|_| "must be a whole number from 0 to 60, or `all`".to_owned())
}

impl LlmOptions {
    /// Adds who speaks. Before the app is finished.
    pub(crate) fn plug(&self, app: &mut App) -> Result<(), Failure> {
        let (Some(url), Some(model)) = (&self.llm, &self.model) else { return Ok(()) };
        let protocol = match self.llm_protocol {
            ProtocolName::Openai => Protocol::OpenAi,
            ProtocolName::Anthropic => Protocol::Anthropic,
        };
        let (url_of, model) = (url.clone(), model.clone());
        let wall = Duration::from_secs(self.llm_timeout);
        let settings = LlmSettings {
            url: url_of,
            model,
            protocol,
            in_flight: self.llm_in_flight,
            total_timeout_ms: self.llm_timeout * 1_000,
            ..LlmSettings::default()
        };
        let plugin = LlmPlugin::http(Update, &settings).map_err(|e| format!("--llm {url}: {e}"))?;
        let plugin = if self.transcript.is_some() { plugin.with_transcript() } else { plugin };
        let pace = match self.llm_pace {
            PaceName::Free => Pace::Free,
            PaceName::Hold => Pace::Hold { wall, block: BLOCK },
        };
        app.insert_resource(LlmCouncil { voices: self.voices, pace, ..LlmCouncil::default() }).add_plugins(plugin);
        Ok(())
    }

    /// Hands over the answers of a transcript. After the campaign has started.
    pub(crate) fn replay(&self, app: &mut App) -> Result<(), Failure> {
        let Some(path) = &self.replay_transcript else { return Ok(()) };
        let fault = |e: &dyn std::fmt::Display| format!("--replay-transcript {}: {e}", path.display());
        let file = File::open(path).map_err(|e| fault(&e))?;
        let answers = transcript::answers(BufReader::new(file)).map_err(|e| fault(&e))?;
        transcript::replay(app.world_mut(), answers);
        Ok(())
    }

    /// The file of the transcript.
    pub(crate) fn open(&self) -> Result<Option<BufWriter<File>>, Failure> {
        let Some(path) = &self.transcript else { return Ok(None) };
        let file = File::create(path).map_err(|e| format!("--transcript {}: {e}", path.display()))?;
        Ok(Some(BufWriter::new(file)))
    }

    /// Writes what is new.
    pub(crate) fn write(&self, app: &mut App, file: &mut Option<BufWriter<File>>) -> Result<(), Failure> {
        let (Some(file), Some(mut desk)) = (file, app.world_mut().get_resource_mut::<LlmDesk>()) else { return Ok(()) };
        let fault = |e: &dyn std::fmt::Display| {
            format!("--transcript {}: {e}", self.transcript.as_deref().unwrap_or("".as_ref()).display())
        };
        for line in desk.take_transcript() {
            let line = serde_json::to_string(&line).map_err(|e| fault(&e))?;
            writeln!(file, "{line}").map_err(|e| fault(&e))?;
        }
        file.flush().map_err(|e| fault(&e))?;
        Ok(())
    }
}

/// What was asked and answered, for the JSON object.
pub(crate) fn counts(app: &App) -> Option<Value> {
    serde_json::to_value(app.world().get_resource::<LlmDesk>()?.counts()).ok()
}

/// What was asked and answered, for a person; nothing where no model was asked.
pub(crate) fn told(app: &App) -> Option<String> {
    let desk = app.world().get_resource::<LlmDesk>()?;
    let counts = desk.counts();
    let kinds: Vec<String> = desk.failures().iter().map(|(kind, n)| format!("{kind} {n}")).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    Some(format!(
        "The model: {} requests for {} decisions, {:.1} each; {} answers used, {} invalid, {} late, {} failed{kinds}; {} by rule.",
        counts.questions,
        counts.decisions,
        counts.calls_per_decision(),
        counts.answered,
        counts.invalid,
        counts.late,
        counts.failed,
        counts.by_twin
    ))
}
