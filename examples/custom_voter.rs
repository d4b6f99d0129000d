//! A voter of a game's own: the members of one alliance vote by its formula, all others by rule.
//!
//! The voter is a system of the schedule `Campaign` between the opening and the answering of votes, so it answers at the
//! very instant at which a member has thought and is awake: the same at any pace, and as fast as the campaign. It leaves
//! what it wants in `Ballots::advised`, as a language model's advice is left. The rules keep their vetoes (a pact, a hit at
//! home before the troops are back) and the share that is pledged.
//!
//! ```sh
//! cargo run --release --example custom_voter
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example that talks to a terminal")]

#[path = "support/run.rs"]
mod run;

use bevy::app::TaskPoolPlugin;
use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::AlliancePlugins;
use bevy_alliance::base::clock::{Campaign, CampaignSystems, DueBatch, GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::{AdvisedBallot, Condition, PlayerKind, Scenario, ScenarioAppExt, Vote};
use bevy_alliance::base::id::{AllianceId, EntityIndex, PlayerId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::base::state::state_hash;
use bevy_alliance::decision::council::{
    ActionKind, BALLOT_DUE, Ballots, CouncilSystems, Proposal, ProposalStatus, Situation, proposal_of_key,
};
use bevy_alliance::edge::report::{CampaignTally, ReportPlugin};
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use clap::Parser;
use std::process::ExitCode;

type Failure = Box<dyn std::error::Error>;

/// Plays the same world twice, once with a voter of its own for one alliance, and compares.
#[derive(Debug, Parser)]
struct Options {
    /// The seed of the world.
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
    /// Game days.
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=365))]
    days: u16,
}

/// Whose members vote like this, and what they ask for.
#[derive(Resource, Clone, Copy)]
struct Veterans {
    alliance: AllianceId,
    /// Planned offense over believed defense at the weakest-planned target.
    ratio: f64,
    /// Members that are asked for troops.
    comrades: usize,
}

/// Veterans follow into an attack that is planned with a margin and shared by several; into one with less of either they
/// go only after a fresh look, or not at all. On everything else they vote by rule.
fn vote(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    veterans: Res<Veterans>,
    situation: Situation,
    mut proposals: Query<(&Proposal, &mut Ballots)>,
) {
    let now = batch.now();
    for entry in batch.of(BALLOT_DUE) {
        let (id, member) = (proposal_of_key(entry.owner), PlayerId(entry.n));
        let Some((proposal, mut ballots)) = index.proposal(id).and_then(|e| proposals.get_mut(e).ok()) else {
            continue;
        };
        // A vote that ended early still has its entries.
        let due = ballots.answer_at.get(&member) == Some(&now) && proposal.status == ProposalStatus::Open;
        let open = due && !ballots.cast.contains_key(&member);
        let npc = situation.member_of(id.alliance, member).filter(|m| m.kind == PlayerKind::Active);
        if id.alliance != veterans.alliance || proposal.action != ActionKind::MassAttack || !open || npc.is_none() {
            continue;
        }
        let ratio = proposal.targets.iter().map(|t| t.ratio).fold(f64::INFINITY, f64::min);
        let (strong, shared) = (ratio >= veterans.ratio, proposal.asked.len() >= veterans.comrades);
        let (vote, conditions, text) = match (strong, shared) {
            (true, true) => (Vote::Approve, Vec::new(), "Enough of us, and strong enough.".to_owned()),
            (false, false) => (Vote::Reject, Vec::new(), format!("{ratio:.1} to 1, and few of us? No.")),
            _ => {
                let fresh = Condition::FreshIntel { max_age: GameSpan::hours(6) };
                (Vote::Approve, vec![fresh], "Look again before we go.".to_owned())
            }
        };
        let advised = AdvisedBallot { proposal: id, member, vote, conditions, text: Some(text) };
        ballots.advised.insert(member, advised);
    }
}

fn main() -> ExitCode {
    match compare(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("custom_voter: {error}");
            ExitCode::from(2)
        }
    }
}

fn compare(options: &Options) -> Result<(), Failure> {
    let rules = Ruleset::extended();
    let world = GeneratorOptions { seed: options.seed, villages: 1_500, alliances: 5, ..GeneratorOptions::default() };
    let scenario = generate_world(&world, &rules)?;
    let alliance = scenario.alliances.iter().find(|a| a.active).map(|a| a.id).ok_or("no alliance deliberates")?;
    let veterans = Veterans { alliance, ratio: 3.0, comrades: 5 };
    println!("{:<30} {:>12} {:>12}", format!("Alliance {alliance}, {} days", options.days), "by rule", "veterans");
    let by_rule = campaign(&scenario, &rules, options.days, None)?;
    let by_voter = campaign(&scenario, &rules, options.days, Some(veterans))?;
    for ((name, a), (_, b)) in Numbers::of(&by_rule, alliance).iter().zip(Numbers::of(&by_voter, alliance)) {
        println!("{name:<30} {a:>12} {b:>12}");
    }
    let said = by_voter.world().resource::<CampaignTally>().stories.iter().find_map(|(id, story)| {
        let (member, vote, _, _, reason) = story.ballots.iter().find(|(.., reason)| reason.text.is_some())?;
        Some((id, *member, *vote, reason.text.clone()?))
    });
    if let Some((proposal, member, vote, text)) = said {
        println!("Player {member} on {proposal}, {vote:?}: {text}");
    }
    Ok(())
}

/// The same campaign, with a voter of its own or without.
fn campaign(scenario: &Scenario, rules: &Ruleset, days: u16, veterans: Option<Veterans>) -> Result<App, Failure> {
    let mut app = App::new();
    app.add_plugins(TaskPoolPlugin::default())
        .insert_resource(rules.clone())
        .insert_resource(GameClock::manual())
        .add_plugins(AlliancePlugins::new(Update))
        .add_plugins(ReportPlugin { host: Update.intern() });
    // After the plugins: they make the schedule.
    if let Some(veterans) = veterans {
        let between = vote.after(CouncilSystems::Open).before(CouncilSystems::Answer);
        app.insert_resource(veterans).add_systems(Campaign, between.in_set(CampaignSystems::Deliberate));
    }
    app.finish();
    app.cleanup();
    app.start_campaign(scenario)?;
    run::run_until(&mut app, GameTime(0) + GameSpan::days(i64::from(days)), GameSpan::hours(1));
    println!(
        "  {} state hash {:032x}",
        if veterans.is_some() { "veterans" } else { "by rule " },
        state_hash(app.world_mut())
    );
    Ok(app)
}

/// What is compared.
struct Numbers;

impl Numbers {
    fn of(app: &App, alliance: AllianceId) -> Vec<(&'static str, i64)> {
        let tally = app.world().resource::<CampaignTally>();
        let stories = || tally.stories.iter().filter(|(id, s)| id.alliance == alliance && s.action == "mass_attack");
        let ballots = |which: Vote| {
            let all = stories().flat_map(|(_, s)| &s.ballots);
            all.filter(|(_, vote, ..)| *vote == which).count()
        };
        let reports = || stories().filter_map(|(_, s)| s.report.as_ref());
        let passed = stories().filter(|(_, s)| s.decided.as_ref().is_some_and(|(_, how, _)| how == "passed")).count();
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        vec![
            ("attacks proposed", count(stories().count())),
            ("passed", count(passed)),
            ("ballots for them", count(ballots(Vote::Approve))),
            ("ballots against them", count(ballots(Vote::Reject))),
            ("goals met", count(reports().filter(|r| r.result == "goal_met").count())),
            ("goods of troops killed", reports().map(|r| r.killed_goods).sum()),
            ("goods of troops lost", reports().map(|r| r.lost_goods).sum()),
        ]
    }
}
