//! The campaign: started, run to where the map is first shown, and what is selected there.

use crate::options::{Options, Select};
use crate::pace::{Host, PacePlugin, run_to};
use crate::play;
use crate::watch::{GoTo, Tab, Watch};
use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::AlliancePlugins;
use bevy_alliance::action::operations::{GroupStatus, Operation, OperationStatus};
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::{Scenario, ScenarioAppExt, Site};
use bevy_alliance::base::geometry::{Tile, Torus};
use bevy_alliance::base::id::{AllianceId, EntityIndex, ProposalId, SiteId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::decision::council::CouncilCharter;
use bevy_alliance::decision::planning::Library;
use bevy_alliance::edge::report::{CampaignTally, Directory, History, ReportPlugin};

/// How long the campaign runs on at most until there is what is to be selected.
const LOOK_FOR: GameSpan = GameSpan::days(30);
/// As a side: the alliance of the operation that is selected.
const SELECTED: &str = "selected";
/// Steps in which it is looked for.
const LOOK_STEP: GameSpan = GameSpan::mins(20);

/// A campaign that can start.
pub(crate) struct Prepared {
    rules: Ruleset,
    scenario: Scenario,
    watch: Watch,
}

/// Reads the world and finds who is led, before anything opens. An error names the option.
pub(crate) fn prepare(options: &Options) -> Result<Prepared, String> {
    options.world.check()?;
    let rules = options.world.rules();
    let mut scenario = options.world.scenario(options.seed, &rules)?;
    let names = Directory::of(&scenario);
    let seat = |who: &String| play::seat(&mut scenario, who, &names).map_err(|e| format!("--lead {who}: {e}"));
    let person = options.lead.as_ref().map(seat).transpose()?;
    let own = person.and_then(|person| names.alliance_of.get(&person)).copied();
    let named = options.side.as_ref().filter(|side| *side != SELECTED);
    let side = named.map(|side| find(side, &names).map_err(|e| format!("--side {side}: {e}"))).transpose()?.or(own);
    let watch = Watch {
        person,
        side,
        alliance: side,
        truth: options.truth,
        still: options.screenshot.is_some(),
        ..Watch::default()
    };
    Ok(Prepared { rules, scenario, watch })
}

/// An alliance that deliberates.
fn find(text: &str, names: &Directory) -> Result<AllianceId, String> {
    let found = names.find_alliance(text)?;
    if names.active.binary_search(&found).is_ok() {
        return Ok(found);
    }
    let those: Vec<String> = names.active.iter().map(|id| names.alliance_with_id(*id)).collect();
    Err(format!("{} does not deliberate; those that do: {}", names.alliance_with_id(found), those.join(", ")))
}

/// Starts the campaign in an app that has the engine's plugins.
pub(crate) fn start(app: &mut App, options: &Options, prepared: Prepared) -> Result<(), String> {
    app.insert_resource(prepared.rules)
        .insert_resource(GameClock::manual())
        .insert_resource(CouncilCharter(options.world.charter()))
        .insert_resource(prepared.watch)
        .init_resource::<History>()
        .add_plugins(PacePlugin)
        .add_plugins(AlliancePlugins::new(Host))
        .add_plugins(ReportPlugin { host: Host.intern() })
        .add_plugins(play::PlayPlugin);
    #[cfg(feature = "llm")]
    options.model.plug(app)?;
    app.start_campaign(&prepared.scenario).map_err(|e| e.to_string())
}

/// Brings the campaign to where the map is first shown, and selects there what is asked for. An error names the option.
pub(crate) fn advance(world: &mut World, options: &Options) -> Result<(), String> {
    #[expect(clippy::cast_possible_truncation, reason = "checked hours of a campaign")]
    let begin = GameTime(0) + GameSpan::millis((options.hours * 3_600_000.0) as i64);
    run_to(world, begin);
    check(world, &options.select).map_err(|e| format!("--select {}: {e}", in_words(&options.select)))?;
    let found = loop {
        if let Some(found) = look_for(world, &options.select) {
            break found;
        }
        let now = world.resource::<GameClock>().now();
        if now - begin >= LOOK_FOR {
            let what = in_words(&options.select);
            return Err(format!("--select {what}: there was none up to {now}; larger worlds have more (--synthetic)"));
        }
        run_to(world, now + LOOK_STEP);
    };
    let target = if let Found::Proposal(id) = found { first_target(world, id) } else { None };
    let mut watch = world.resource_mut::<Watch>();
    match found {
        Found::World => watch.go_to = Some(GoTo::World),
        Found::Proposal(id) => {
            watch.show_operation(id);
            watch.tab = Tab::Operations;
            if options.side.as_deref() == Some(SELECTED) {
                watch.side = Some(id.alliance);
            }
            if !watch.may_see(id.alliance) {
                // Others see what it aims at, and what comes.
                eprintln!(
                    "strategy_map: --side does not know of operation {id}: its target is shown, and what is seen to come"
                );
                watch.operation = None;
                watch.alliance = watch.side;
                watch.site = target;
            }
        }
        Found::Village(site, at) => {
            watch.site = Some(site);
            watch.go_to = Some(GoTo::Place(at, options.across.unwrap_or(40.0)));
        }
    }
    if let (Some(across), Found::Proposal(id)) = (options.across, found) {
        let entity = first_target(world, id).and_then(|site| world.resource::<EntityIndex>().site(site));
        let place = entity.and_then(|entity| world.get::<Site>(entity)).map(|site| GoTo::Place(site.at, across));
        world.resource_mut::<Watch>().go_to = place;
    }
    Ok(())
}

/// What can never be there, before it is looked for.
fn check(world: &mut World, select: &Select) -> Result<(), String> {
    match select {
        Select::Pattern(name) => {
            let library = world.resource::<Library>();
            let names: Vec<&str> = library.iter().map(|pattern| pattern.name.as_str()).collect();
            if !names.contains(&name.as_str()) {
                return Err(format!("there is no such pattern; those that there are: {}", names.join(", ")));
            }
        }
        Select::Proposal(id) => {
            let names = &world.resource::<CampaignTally>().directory;
            if names.active.binary_search(&id.alliance).is_err() {
                let those: Vec<String> = names.active.iter().map(|id| names.alliance_with_id(*id)).collect();
                return Err(format!("no such alliance deliberates; those that do: {}", those.join(", ")));
            }
        }
        Select::Village(x, y) => {
            let torus = *world.resource::<Torus>();
            if !torus.holds(Tile::new(*x, *y)) {
                let half = torus.half_width;
                return Err(format!("the map goes from -{half} to {half} both ways"));
            }
            if look_for(world, select).is_none() {
                return Err("there is no village".to_owned());
            }
        }
        Select::World | Select::Operation | Select::Vote => {}
    }
    Ok(())
}

fn in_words(select: &Select) -> String {
    match select {
        Select::World => "world".to_owned(),
        Select::Operation => "operation".to_owned(),
        Select::Proposal(id) => format!("operation={id}"),
        Select::Pattern(name) => format!("pattern={name}"),
        Select::Vote => "vote".to_owned(),
        Select::Village(x, y) => format!("village={x}|{y}"),
    }
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found {
    World,
    Proposal(ProposalId),
    Village(SiteId, Tile),
}

/// What is to be selected, if it is there.
pub(crate) fn look_for(world: &mut World, select: &Select) -> Option<Found> {
    match select {
        Select::World => Some(Found::World),
        Select::Operation => under_way(world, |_| true).map(Found::Proposal),
        Select::Pattern(name) => under_way(world, |pattern| pattern == name).map(Found::Proposal),
        Select::Proposal(id) => {
            world.resource::<CampaignTally>().stories.contains_key(id).then_some(Found::Proposal(*id))
        }
        Select::Vote => open_vote(world).map(Found::Proposal),
        Select::Village(x, y) => {
            let at = Tile::new(*x, *y);
            let mut sites = world.query::<&Site>();
            sites.iter(world).find(|site| site.at == at).map(|site| Found::Village(site.id, site.at))
        }
    }
}

/// The operation with most groups on their way: at least half of its groups are, none has arrived, and together they have come between a
/// third and four fifths of their ways.
fn under_way(world: &mut World, pattern: impl Fn(&str) -> bool) -> Option<ProposalId> {
    let now = world.resource::<GameClock>().now();
    let mut best: Option<(usize, ProposalId)> = None;
    let mut operations = world.query::<&Operation>();
    for operation in operations.iter(world).filter(|o| !o.scouting && o.status == OperationStatus::Running) {
        let story = world.resource::<CampaignTally>().stories.get(&operation.id);
        if !story.is_some_and(|story| pattern(&story.pattern)) || operation.groups.iter().any(|g| g.arrival <= now) {
            continue;
        }
        let marching = operation.groups.iter().filter(|g| matches!(g.status, GroupStatus::Launched { .. }));
        let (marches, come) = marching.fold((0_usize, 0.0), |(n, come), group| {
            (n + 1, come + (now - group.launch).as_hours() / group.travel.as_hours().max(1e-6))
        });
        #[expect(clippy::cast_precision_loss, reason = "groups of an operation")]
        let converges = (0.33..=0.8).contains(&(come / marches.max(1) as f64));
        if converges && marches * 2 >= operation.groups.len() && marches >= 3 && best.is_none_or(|(n, _)| marches > n) {
            best = Some((marches, operation.id));
        }
    }
    best.map(|(_, id)| id)
}

/// The open vote on an attack with most ballots, of those in which at least four are in.
fn open_vote(world: &World) -> Option<ProposalId> {
    let tally = world.resource::<CampaignTally>();
    let open = tally.stories.iter().filter(|(_, story)| story.is_open() && story.ballots.len() >= 4);
    let attacks = open.filter(|(_, story)| story.action == "mass_attack");
    attacks.max_by_key(|(id, story)| (story.ballots.len(), core::cmp::Reverse(**id))).map(|(id, _)| *id)
}

/// The target of a proposal to which most groups go, else the first.
fn first_target(world: &World, id: ProposalId) -> Option<SiteId> {
    let story = world.resource::<CampaignTally>().stories.get(&id)?;
    let groups = |target: &SiteId| story.rows.iter().filter(|row| row.target == *target).count();
    story.targets.iter().rev().max_by_key(|target| groups(target)).copied()
}
