//! A language model that speaks for members, with the feature `llm`: the clock waits for what it owes, and frames go on.

use crate::pace::Host;
use bevy::prelude::*;
use bevy_alliance::edge::llm::bridge::settings::{LlmSettings, Protocol};
use bevy_alliance::edge::llm::{LlmCouncil, LlmPlugin, Pace};
use clap::Args;
use std::time::Duration;

/// How long the clock waits for an answer; then the rules decide.
const WAIT: Duration = Duration::from_secs(60);

/// Who speaks.
#[derive(Args, Clone, Debug)]
pub(crate) struct ModelOptions {
    /// A model server: the URL up to and with `/v1`. Its key is read from `ALLIANCE_LLM_KEY`.
    #[arg(long, value_name = "URL", requires = "model")]
    llm: Option<String>,
    /// The model's name at that server.
    #[arg(long, value_name = "NAME", requires = "llm")]
    model: Option<String>,
    /// The server speaks `/messages`, not `/chat/completions`.
    #[arg(long, requires = "llm")]
    llm_anthropic: bool,
}

impl ModelOptions {
    /// Adds who speaks, if anybody does.
    pub(crate) fn plug(&self, app: &mut App) -> Result<(), String> {
        let (Some(url), Some(model)) = (&self.llm, &self.model) else { return Ok(()) };
        let protocol = if self.llm_anthropic { Protocol::Anthropic } else { Protocol::OpenAi };
        let settings = LlmSettings { url: url.clone(), model: model.clone(), protocol, ..LlmSettings::default() };
        let plugin = LlmPlugin::http(Host, &settings).map_err(|e| format!("--llm {url}: {e}"))?;
        // A frame never sleeps for an answer: the clock stands still, and what is on the screen does not.
        let pace = Pace::Hold { wall: WAIT, block: Duration::ZERO };
        app.insert_resource(LlmCouncil { pace, ..LlmCouncil::default() }).add_plugins(plugin);
        Ok(())
    }
}
