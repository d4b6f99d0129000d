//! Why: what keeps an alliance from acting, and the whole story of a proposal, an order, a recall and a refusal, as text
//! and as data.
//!
//! ```sh
//! cargo run --release --example explain
//! cargo run --release --example explain -- --proposal '2#19'
//! cargo run --release --example explain -- --order '2#19 group 3' --json
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example that talks to a terminal")]

#[path = "support/run.rs"]
mod run;

use bevy::app::TaskPoolPlugin;
use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::AlliancePlugins;
use bevy_alliance::action::defense::Reliefs;
use bevy_alliance::action::operations::{GroupStatus, Operation};
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::{CampaignFact, Fact, RequestRefused, ScenarioAppExt};
use bevy_alliance::base::id::{AllianceId, OrderId, ProposalId, SiteId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::edge::report::{CampaignTally, ReportPlugin, explain, explain_order, refusal_in_words};
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use clap::Parser;
use serde::Serialize;
use std::process::ExitCode;

type Failure = Box<dyn std::error::Error>;

/// Runs a campaign and explains what its alliances decided.
#[derive(Debug, Parser)]
struct Options {
    /// The seed of the world.
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
    /// Game days that are played before anything is explained.
    #[arg(long, value_name = "DAYS", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=365))]
    days: u16,
    /// Explains this proposal, as accounts name it: ALLIANCE#N.
    #[arg(long, value_name = "PROPOSAL", value_parser = proposal_id)]
    proposal: Option<ProposalId>,
    /// Explains this order: `ALLIANCE#N group G`, or `SITE defense N` of a dodge, of relief and of a raid in return.
    #[arg(long, value_name = "ORDER", value_parser = order_id)]
    order: Option<OrderId>,
    /// Prints what is explained as JSON instead.
    #[arg(long)]
    json: bool,
}

fn proposal_id(text: &str) -> Result<ProposalId, String> {
    let fault = || format!("a proposal is named ALLIANCE#N, as 2#19, not `{text}`");
    let (alliance, n) = text.split_once('#').ok_or_else(fault)?;
    let alliance = AllianceId(alliance.parse().map_err(|_| fault())?);
    Ok(ProposalId { alliance, n: n.parse().map_err(|_| fault())? })
}

fn order_id(text: &str) -> Result<OrderId, String> {
    let fault = || format!("an order is named `ALLIANCE#N group G` or `SITE defense N`, not `{text}`");
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        [operation, "group", group] => {
            Ok(OrderId::Group { operation: proposal_id(operation)?, group: group.parse().map_err(|_| fault())? })
        }
        [site, "defense", n] => Ok(OrderId::Defense {
            site: SiteId(site.parse().map_err(|_| fault())?),
            n: n.parse().map_err(|_| fault())?,
        }),
        _ => Err(fault()),
    }
}

/// The latest requests that were refused.
#[derive(Resource, Default)]
struct Refusals(Vec<RequestRefused>);

fn hear(mut facts: MessageReader<CampaignFact>, mut refusals: ResMut<Refusals>) {
    for fact in facts.read() {
        if let Fact::RequestRefused(refused) = &fact.fact {
            refusals.0.push(refused.clone());
        }
    }
}

fn main() -> ExitCode {
    match play(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("explain: {error}");
            ExitCode::from(2)
        }
    }
}

fn play(options: &Options) -> Result<(), Failure> {
    let rules = Ruleset::extended();
    let world = GeneratorOptions { seed: options.seed, villages: 1_500, alliances: 5, ..GeneratorOptions::default() };
    let scenario = generate_world(&world, &rules)?;
    let mut app = App::new();
    app.add_plugins(TaskPoolPlugin::default())
        .insert_resource(rules)
        .insert_resource(GameClock::manual())
        .init_resource::<Refusals>()
        .add_plugins(AlliancePlugins::new(Update))
        .add_plugins(ReportPlugin { host: Update.intern() })
        .add_systems(Last, hear);
    app.finish();
    app.cleanup();
    app.start_campaign(&scenario)?;
    let end = GameTime(0) + GameSpan::days(i64::from(options.days));
    run::run_until(&mut app, end, GameSpan::hours(1));
    match (options.proposal, options.order) {
        (None, None) if options.json => show_all_as_json(&mut app, end),
        (None, None) => tell_all(&mut app, end),
        (proposal, order) => {
            if let Some(id) = proposal {
                let told = explain(app.world(), id).ok_or_else(|| format!("nobody keeps the proposal {id}"))?;
                say(options.json, &told)?;
            }
            if let Some(id) = order {
                let told = explain_order(app.world_mut(), id).ok_or_else(|| format!("nobody keeps the order {id}"))?;
                say(options.json, &told)?;
            }
            Ok(())
        }
    }
}

fn say<T: Serialize + std::fmt::Display>(json: bool, told: &T) -> Result<(), Failure> {
    if json {
        println!("{}", serde_json::to_string_pretty(told)?);
    } else {
        println!("{told}");
    }
    Ok(())
}

/// Which operation changed its course most, and its group that changed most: called back, held back, or any.
fn most_eventful(app: &mut App) -> Option<(ProposalId, Option<OrderId>)> {
    let mut operations = app.world_mut().query::<&Operation>();
    let all = operations.iter(app.world()).filter(|o| !o.scouting && !o.targets.is_empty());
    let operation = all.max_by_key(|o| (o.revisions.len(), core::cmp::Reverse(o.id)))?;
    let eventful = |status: &GroupStatus| match status {
        GroupStatus::Recalled { .. } => 3,
        GroupStatus::HeldBack => 2,
        GroupStatus::Failed => 1,
        GroupStatus::Waiting | GroupStatus::Launched { .. } => 0,
    };
    let groups = operation.groups.iter().enumerate();
    let group = groups.max_by_key(|(i, g)| (eventful(&g.status), core::cmp::Reverse(*i))).map(|(i, _)| i);
    Some((operation.id, group.map(|i| operation.order(i))))
}

/// The relief that is out or promised and was promised first.
fn relief(app: &mut App) -> Option<OrderId> {
    let mut players = app.world_mut().query::<&Reliefs>();
    let all = players.iter(app.world()).flat_map(|reliefs| &reliefs.reliefs);
    all.min_by_key(|relief| (relief.leaves_at, relief.order)).map(|relief| relief.order)
}

fn tell_all(app: &mut App, now: GameTime) -> Result<(), Failure> {
    let tally = app.world().resource::<CampaignTally>();
    println!("Why is nothing happening?");
    for blocked in tally.blocked(now) {
        println!("  {}.", blocked.in_words(&tally.directory));
    }
    let (eventful, relief) = (most_eventful(app), relief(app));
    if let Some((proposal, order)) = eventful {
        println!("\nA proposal and its operation");
        println!("{}", explain(app.world(), proposal).ok_or("it is not kept any more")?);
        if let Some(order) = order {
            println!("One of its orders\n{}", explain_order(app.world_mut(), order).ok_or("it is not kept any more")?);
        }
    }
    if let Some(order) = relief {
        println!("Relief\n{}", explain_order(app.world_mut(), order).ok_or("it is not kept any more")?);
    }
    if let Some(refused) = app.world().resource::<Refusals>().0.last() {
        println!(
            "The latest of {} refusals\n{}",
            app.world().resource::<Refusals>().0.len(),
            refusal_in_words(refused)
        );
    }
    Ok(())
}

fn show_all_as_json(app: &mut App, now: GameTime) -> Result<(), Failure> {
    let blocked = app.world().resource::<CampaignTally>().blocked(now);
    let (eventful, relief) = (most_eventful(app), relief(app));
    let object = serde_json::json!({
        "blocked": blocked,
        "proposal": eventful.and_then(|(id, _)| explain(app.world(), id)),
        "order": eventful.and_then(|(_, order)| explain_order(app.world_mut(), order?)),
        "relief": relief.and_then(|order| explain_order(app.world_mut(), order)),
        "refusals": app.world().resource::<Refusals>().0,
    });
    println!("{}", serde_json::to_string_pretty(&object)?);
    Ok(())
}
