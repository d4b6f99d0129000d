//! A war council and a vote in words: members argue by a language model, and the rules decide what of that counts.
//!
//! ```sh
//! cargo run --release --features llm --example llm_council -- --url http://127.0.0.1:8971/v1 --model smollm2-135m-instruct
//! ```
//!
//! Without a server it says what to start, and shows the same council by rule.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example that talks to a terminal")]

use bevy::app::TaskPoolPlugin;
use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::AlliancePlugins;
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::{CampaignFact, Fact, ScenarioAppExt};
use bevy_alliance::base::id::{AllianceId, PlayerId, ProposalId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::edge::llm::bridge::settings::{LlmSettings, Protocol};
use bevy_alliance::edge::llm::transcript::TranscriptLine;
use bevy_alliance::edge::llm::{LlmCouncil, LlmCounts, LlmDesk, LlmPlugin, Pace, Question, Voices};
use bevy_alliance::edge::report::{CampaignTally, Directory, ReportPlugin};
use bevy_alliance::strategy::war_council::WarCouncilSettings;
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use clap::{Parser, ValueEnum};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

/// A war council and a vote in words.
#[derive(Debug, Parser)]
struct Options {
    /// A model server: the URL up to and with `/v1`. Its key is read from `ALLIANCE_LLM_KEY`.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8971/v1")]
    url: String,
    /// The model's name at that server.
    #[arg(long, value_name = "NAME", default_value = "smollm2-135m-instruct")]
    model: String,
    /// What the server speaks.
    #[arg(long, value_enum, default_value_t = Speaks::Openai)]
    protocol: Speaks,
    /// Seconds that one answer is waited for.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    timeout: u64,
    /// The seed of the world.
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
}

/// What a server speaks.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Speaks {
    /// `/chat/completions`.
    Openai,
    /// `/messages`.
    Anthropic,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("llm_council: {error}");
            ExitCode::from(2)
        }
    }
}

/// The facts of the last update.
#[derive(Resource, Default)]
struct Heard(Vec<CampaignFact>);

fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let rules = Ruleset::extended();
    let world = GeneratorOptions { seed: options.seed, villages: 600, alliances: 4, ..GeneratorOptions::default() };
    let scenario = generate_world(&world, &rules)?;
    let protocol = match options.protocol {
        Speaks::Openai => Protocol::OpenAi,
        Speaks::Anthropic => Protocol::Anthropic,
    };
    let wall = Duration::from_secs(options.timeout);
    let settings = LlmSettings {
        url: options.url.clone(),
        model: options.model.clone(),
        protocol,
        in_flight: 1,
        total_timeout_ms: options.timeout.saturating_mul(1_000),
        ..LlmSettings::default()
    };
    let mut app = App::new();
    app.add_plugins(TaskPoolPlugin::default())
        .insert_resource(rules)
        .insert_resource(GameClock::manual())
        .insert_resource(WarCouncilSettings { talks: GameSpan::mins(30), ..WarCouncilSettings::default() })
        .insert_resource(LlmCouncil {
            voices: Voices::All,
            pace: Pace::Hold { wall, block: Duration::from_millis(50) },
            ..LlmCouncil::default()
        })
        .init_resource::<Heard>()
        .add_plugins(AlliancePlugins::new(Update))
        .add_plugins(ReportPlugin { host: Update.intern() })
        .add_plugins(LlmPlugin::http(Update, &settings)?.with_transcript())
        .add_systems(Last, |mut facts: MessageReader<CampaignFact>, mut heard: ResMut<Heard>| {
            heard.0.extend(facts.read().cloned());
        });
    app.finish();
    app.cleanup();
    app.start_campaign(&scenario)?;
    println!("A model is asked at {} ({}, {:?}).\n", options.url, options.model, options.protocol);
    let (mut story, mut lines) = (Story::default(), Vec::new());
    // The first council that proposes an attack, and the vote on it.
    while !story.is_over() {
        if app.world().resource::<GameClock>().now() > GameTime(0) + GameSpan::days(10) {
            return Err("no council proposed an attack within ten days; try another --seed".into());
        }
        let mut clock = app.world_mut().resource_mut::<GameClock>();
        if clock.now() == clock.goal() {
            clock.advance(GameSpan::mins(30));
        }
        app.update();
        lines.extend(app.world_mut().resource_mut::<LlmDesk>().take_transcript());
        let names = app.world().resource::<CampaignTally>().directory.clone();
        for fact in core::mem::take(&mut app.world_mut().resource_mut::<Heard>().0) {
            story.tell(&fact, &names);
        }
    }
    conclude(&app, options, &lines, story.proposal);
    Ok(())
}

/// The first council that proposes an attack.
#[derive(Default)]
struct Story {
    of: Option<AllianceId>,
    proposal: Option<ProposalId>,
    /// What members of councils said that have not chosen yet.
    pleas: Vec<(AllianceId, PlayerId, Option<u8>, Option<String>)>,
    over: bool,
}

impl Story {
    fn is_over(&self) -> bool {
        self.over
    }

    fn tell(&mut self, fact: &CampaignFact, names: &Directory) {
        let at = fact.at;
        match &fact.fact {
            Fact::CouncilHeard { alliance, member, option, text } if self.of.is_none() => {
                self.pleas.push((*alliance, *member, *option, text.clone()));
            }
            Fact::CouncilChose { alliance, options, chosen, text } if self.of.is_none() => {
                let (pleas, others) = core::mem::take(&mut self.pleas).into_iter().partition(|p| p.0 == *alliance);
                self.pleas = others;
                let pleas: Vec<_> = pleas;
                let attacks = |n: &u8| options.get(usize::from(*n)).is_some_and(|(name, _)| name.starts_with("attack"));
                if options.len() < 2 && !chosen.as_ref().is_some_and(attacks) {
                    return;
                }
                println!("{at}: the council of {} talks about", names.alliance(*alliance));
                for (n, (name, score)) in options.iter().enumerate() {
                    println!("  {n}. {name} ({score:.2} by rule)");
                }
                for (_, member, option, text) in pleas {
                    let option = option.map_or("none of them".to_owned(), |n| format!("option {n}"));
                    println!("  {} is for {option}{}", names.player(member), said(text.as_deref()));
                }
                let choice = chosen.map_or("nothing".to_owned(), |n| format!("option {n}"));
                println!("  It proposes {choice}{}", said(text.as_deref()));
                self.of = chosen.as_ref().filter(|n| attacks(n)).map(|_| *alliance);
            }
            Fact::ProposalSubmitted { proposal, proposer, action, .. }
                if Some(proposal.alliance) == self.of && self.proposal.is_none() && action == "mass_attack" =>
            {
                println!("\n{at}: {} proposes it; the vote on {proposal}", names.player(*proposer));
                self.proposal = Some(*proposal);
            }
            Fact::BallotCast { proposal, member, vote, conditions, reason, .. } if Some(*proposal) == self.proposal => {
                let conditions: Vec<String> = conditions.iter().map(ToString::to_string).collect();
                let conditions =
                    if conditions.is_empty() { String::new() } else { format!(" ({})", conditions.join(", ")) };
                let by = if reason.text.is_some() { "in words" } else { "by rule" };
                println!(
                    "  {}: {}{conditions}, {by}, {:+.2} by the formula{}",
                    names.player(*member),
                    format!("{vote:?}").to_lowercase(),
                    reason.score,
                    said(reason.text.as_deref())
                );
            }
            Fact::ProposalDecided { proposal, outcome, .. } if Some(*proposal) == self.proposal => {
                println!("{at}: {outcome}");
                self.over = true;
            }
            _ => {}
        }
    }
}

fn said(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| format!(": \u{201c}{text}\u{201d}"))
}

/// What it took, and what to do where no answer came.
fn conclude(app: &App, options: &Options, lines: &[TranscriptLine], proposal: Option<ProposalId>) {
    println!("\nWhat was asked, and what came of it:");
    for line in lines {
        let about = match &line.question {
            Question::Ballot { proposal: of, member, .. } if Some(*of) == proposal => {
                format!("ballot of player {member}")
            }
            Question::Plea { alliance, member, .. } => format!("plea of player {member} in alliance {alliance}"),
            Question::Choice { alliance, .. } => format!("choice of alliance {alliance}"),
            _ => continue,
        };
        let tokens = |n: Option<u64>| n.map_or("?".to_owned(), |n| n.to_string());
        let end = line.failure.as_deref().unwrap_or("used");
        println!(
            "  {about}: {end}, {:.1} s, {} tokens in, {} out",
            f64::from(u32::try_from(line.latency_ms).unwrap_or(u32::MAX)) / 1_000.0,
            tokens(line.tokens_in),
            tokens(line.tokens_out)
        );
    }
    let desk = app.world().resource::<LlmDesk>();
    let counts = desk.counts();
    let kinds: Vec<String> = desk.failures().iter().map(|(kind, n)| format!("{kind} {n}")).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    println!(
        "{} requests for {} decisions, {:.1} each; {} answers used, {} invalid, {} late, {} failed{kinds}; {:.0}% of a prompt is what \
         its alliance was told before",
        counts.questions,
        counts.decisions,
        counts.calls_per_decision(),
        counts.answered,
        counts.invalid,
        counts.late,
        counts.failed,
        counts.shared_prefix * 100.0
    );
    advise(options, &counts, desk.failures());
}

/// What to do about questions that had no answer.
fn advise(options: &Options, counts: &LlmCounts, failures: &BTreeMap<&'static str, u64>) {
    let of = |kind: &str| failures.get(kind).copied().unwrap_or_default();
    let (too_long, unread) = (of("context_overflow"), counts.invalid + of("not_stopped"));
    if too_long > 0 {
        println!(
            "\n{too_long} prompts were too long for the server. About 3,000 tokens are needed for each request; llama.cpp divides its \
             context among its slots, so that four of them need `-c 16384`."
        );
    }
    if unread > 0 {
        println!(
            "\n{unread} answers could not be read, or broke off. The server must hold the model to the JSON schema that it is sent (llama.cpp \
             does by chat completions; by `--protocol anthropic` answers are begun for it), and have room for 160 tokens after a prompt."
        );
    }
    if counts.answered + counts.late + too_long + unread == 0 {
        println!(
            "\nNo answer came: all of this was decided by rule. To hear the members, start any server that speaks chat completions at \
             {}, for example llama.cpp's `llama-server --port 8971 -c 16384 -np 4 -m MODEL.gguf`, or name another with --url and --model.",
            options.url
        );
    }
}
