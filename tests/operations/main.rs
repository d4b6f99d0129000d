//! What an operation does when something happens: scripted, each reaction with what is expected and why.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod claims;
#[path = "../common/mod.rs"]
mod common;
mod fair;
mod looks;

use bevy::prelude::*;
use bevy_alliance::action::defense::DefenseSystems;
use bevy_alliance::action::operations::{OperationSettings, RunningOperations};
use bevy_alliance::base::clock::{Agenda, CampaignAppExt, DueBatch, DueKind};
use bevy_alliance::base::clock::{Campaign, CampaignSystems, GameSpan, GameTime};
use bevy_alliance::base::contract::{
    Ballot, CampaignFact, Fact, GroupLaunched, LaunchRow, Manner, Model, OperationReport, PlayerKind, Rank, Reason,
    Stance, Vote,
};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::id::{AllianceId, EntityIndex, OrderId, PlayerId, ProposalId, SiteId, StableId};
use bevy_alliance::base::ruleset::{Force, Levels, Ruleset};
use bevy_alliance::decision::council::rules::charter::Electorate;
use bevy_alliance::decision::council::rules::roll::Roll;
use bevy_alliance::decision::council::{
    ActionKind, Asked, Ballots, CouncilSystems, Expected, Goal, Proposal, ProposalPassed, ProposalStatus,
    ProposedTarget, proposal_key, proposal_of_key,
};
use bevy_alliance::decision::fair_play::FairPlaySettings;
use bevy_alliance::decision::planning::allocation::{Errand, Plan, PlannedGroup, TargetPlan};
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::strategy::war_council::WarCouncilSettings;
use bevy_alliance::world::village::{EconomySettings, Garrison};
use common::*;
use std::collections::BTreeSet;

const PRAETORIAN: &str = "praetorian";
const IMPERIAN: &str = "imperian";
const SCOUT: &str = "equites_legati";
const RAM: &str = "battering_ram";
const ID: ProposalId = ProposalId { alliance: AllianceId(1), n: 1 };

/// When the operation strikes: at hour 12 to the millisecond.
const T: GameTime = GameTime(12 * 3_600_000);

const PASSES: DueKind =
    DueKind::new(1_001, "hand_passes", &[CampaignSystems::Deliberate, CampaignSystems::Plan, CampaignSystems::Settle]);

fn pass(batch: Res<DueBatch>, mut passed: MessageWriter<ProposalPassed>) {
    for entry in batch.of(PASSES) {
        passed.write(ProposalPassed { proposal: proposal_of_key(entry.owner) });
    }
}

/// Alliance 1 with players 1 to 4 that deliberate but never meet, at war with alliance 2, whose player 9 does nothing.
fn sides() -> Made {
    let (member, npc) = (Rank::Member, PlayerKind::Active);
    let made = Made::new().active_alliance(1).quiet_alliance(2).stance(1, 2, Stance::War);
    let made = made.player(1, 1, Rank::Leader, npc).player(2, 1, member, npc).player(3, 1, member, npc);
    made.player(4, 1, member, npc).player(9, 2, member, PlayerKind::Static)
}

fn start(made: &Made, rules: Ruleset) -> TestApp {
    let mut app = TestApp::with(&made.0, |app| {
        app.insert_resource(EconomySettings::still()).insert_resource(FairPlaySettings::off()).insert_resource(rules);
        app.insert_resource(WarCouncilSettings { period: GameSpan::days(10_000), ..WarCouncilSettings::default() });
        app.insert_resource(OperationSettings { no_shows: false, ..OperationSettings::default() });
    });
    app.app
        .add_due_kind(PASSES)
        .add_systems(Campaign, pass.in_set(CampaignSystems::Deliberate).after(CouncilSystems::Close));
    app
}

/// A group of the plan: what a village sends so that it strikes `after` T.
struct Sent {
    from: u32,
    units: Vec<(&'static str, u32)>,
    wave: u8,
    after: GameSpan,
    errand: Errand,
}

fn sent(from: u32, units: &[(&'static str, u32)]) -> Sent {
    Sent { from, units: units.to_vec(), wave: 0, after: GameSpan(0), errand: Errand::Strike }
}

fn tile(app: &TestApp, id: u32) -> Tile {
    site(app, SiteId(id)).unwrap().at
}

fn planned(app: &TestApp, to: u32, sent: &Sent) -> PlannedGroup {
    let model = app.app.world().resource::<Model>();
    let units = force(&sent.units);
    let (a, b) = (tile(app, sent.from), tile(app, to));
    let travel = units.iter().map(|(class, _)| model.travel_between(a, b, class).unwrap()).max().unwrap();
    let arrival = T + sent.after;
    PlannedGroup {
        site: SiteId(sent.from),
        member: site(app, SiteId(sent.from)).unwrap().owner,
        target: SiteId(to),
        wave: sent.wave,
        force: units,
        upgrades: Levels::default(),
        launch: arrival - travel,
        travel,
        arrival,
        manner: if matches!(sent.errand, Errand::Stay { .. }) { Manner::Blockade } else { Manner::Siege },
        aims: [None; 2],
        errand: sent.errand,
    }
}

/// Passes an operation now: these groups against a site that is believed to hold these troops. All members pledged all.
fn passes(app: &mut TestApp, goal: Goal, to: u32, believed: &[(&str, u32)], ratio: f64, groups: &[Sent]) {
    let groups: Vec<PlannedGroup> = groups.iter().map(|g| planned(app, to, g)).collect();
    passes_as(app, goal, &[(to, believed)], ratio, groups, |_, _| {});
}

/// The same against several sites, with another proposal or other ballots.
fn passes_as(
    app: &mut TestApp,
    goal: Goal,
    to: &[(u32, &[(&str, u32)])],
    ratio: f64,
    groups: Vec<PlannedGroup>,
    but: impl FnOnce(&mut Proposal, &mut Ballots),
) {
    will_pass(app, goal, to, ratio, groups, but);
    app.run(GameSpan(1));
    assert!(app.facts.iter().any(|f| matches!(f.fact, Fact::OperationStarted { .. })));
}

/// The same one millisecond from now.
fn will_pass(
    app: &mut TestApp,
    goal: Goal,
    to: &[(u32, &[(&str, u32)])],
    ratio: f64,
    groups: Vec<PlannedGroup>,
    but: impl FnOnce(&mut Proposal, &mut Ballots),
) {
    let now = app.now();
    let forecast = bevy_alliance::base::contract::Forecast { ratio, own_loss: 0.3, enemy_loss: 1.0 };
    let target = |(to, believed): &(u32, &[(&str, u32)])| TargetPlan {
        site: SiteId(*to),
        believed: force(believed),
        reckoned: force(believed),
        seen_at: now,
        forecast,
        ratio,
        expected_loss: 0.3,
        win: 0.95,
        sigma: 0.12,
        forecast_win: 0.95,
        met: true,
    };
    let proposed = |to: u32| ProposedTarget {
        site: SiteId(to),
        owner: site(app, SiteId(to)).unwrap().owner,
        alliance: Some(AllianceId(2)),
        value: 1e6,
        score: 1.0,
        seen_at: now,
        confidence: 0.8,
        ratio,
        cites: Vec::new(),
    };
    let plan = Plan { groups, targets: to.iter().map(target).collect(), ..Plan::default() };
    let mut proposal = Proposal {
        id: ID,
        proposer: PlayerId(1),
        action: ActionKind::MassAttack,
        pattern: "by_hand".to_owned(),
        goal,
        targets: to.iter().map(|(to, _)| proposed(*to)).collect(),
        enemy: Some(AllianceId(2)),
        dealings: None,
        score: 1.0,
        opened_at: now,
        deadline: now,
        arrival: T,
        participants_needed: 1,
        expected: Expected::default(),
        asked: (1..=4).map(|p| (PlayerId(p), Asked::default())).collect(),
        goods_asked: 0,
        roll: Roll::open(Electorate::All, &[], PlayerId(1)),
        status: ProposalStatus::Passed(Box::new(plan)),
        decided_at: Some(now),
    };
    let ballot = || Ballot {
        vote: Vote::Approve,
        reason: Reason::default(),
        pledge_share: 1.0,
        conditions: Vec::new(),
        cast_at: now,
    };
    let cast = (1..=4).map(|p| (PlayerId(p), ballot())).collect();
    let mut ballots = Ballots { cast, ..Ballots::default() };
    but(&mut proposal, &mut ballots);
    let id = proposal.id;
    app.app.world_mut().spawn((StableId::Proposal(id), proposal, ballots));
    app.app.world_mut().resource_mut::<Agenda>().push(PASSES.entry(now + GameSpan(1), proposal_key(id), 0));
}

const BREAK: Goal = Goal::BreakDefense { share: 0.8 };

/// Changes of course: when, what, why, and the launches that it adds.
fn revisions(app: &TestApp) -> Vec<(GameTime, String, String, Vec<LaunchRow>)> {
    let of = |f: &CampaignFact| match &f.fact {
        Fact::OperationRevised { decision, reason, rows, .. } => {
            Some((f.at, decision.clone(), reason.clone(), rows.clone()))
        }
        _ => None,
    };
    app.facts.iter().filter_map(of).collect()
}

#[track_caller]
fn decided(app: &TestApp, expected: &[(&str, &str)]) {
    let is: Vec<_> = revisions(app)
        .into_iter()
        .map(|(_, decision, reason, _)| (decision, reason.split(':').next().unwrap().to_owned()))
        .collect();
    let expected: Vec<_> = expected.iter().map(|(d, r)| ((*d).to_owned(), (*r).to_owned())).collect();
    assert_eq!(is, expected, "{:?}", revisions(app));
}

/// Arrivals of the operation's groups: from where, when.
fn strikes(app: &TestApp) -> Vec<(u32, GameTime)> {
    let of = |f: &CampaignFact| match f.fact {
        Fact::MarchArrived { origin, order: Some(OrderId::Group { operation: ID, .. }), .. } => Some((origin.0, f.at)),
        _ => None,
    };
    app.facts.iter().filter_map(of).collect()
}

fn report(app: &TestApp) -> OperationReport {
    let of = |f: &CampaignFact| match &f.fact {
        Fact::OperationConcluded(report) => Some((**report).clone()),
        _ => None,
    };
    app.facts.iter().find_map(of).unwrap()
}

fn result(app: &TestApp) -> String {
    report(app).result
}

fn garrison(app: &mut TestApp, id: u32, change: impl FnOnce(&mut Force)) {
    let entity = app.app.world().resource::<EntityIndex>().site(SiteId(id)).unwrap();
    change(&mut app.app.world_mut().get_mut::<Garrison>(entity).unwrap().home);
}

/// Scouts of village 5 look at a site beside it, and are back.
fn look(app: &mut TestApp, to: u32) {
    leaves(app, 5, to, &[(SCOUT, 5)], Manner::Scout);
    app.run(GameSpan::mins(30));
}

/// Village 9 of the enemy holds 100 praetorians; villages 1 (36 fields away) and 2 (30) send, 3 (24) and 4 (60) could, and 5
/// is beside it with scouts.
fn field() -> Made {
    let army = &[(IMPERIAN, 400)];
    let made = sides().village(1, 1, (36, 0), army).village(2, 2, (30, 0), army).village(3, 3, (-24, 0), army);
    let made = made.village(4, 4, (60, 0), army).village(5, 1, (1, 0), &[(SCOUT, 100)]);
    made.village(9, 9, (0, 0), &[(PRAETORIAN, 100)]).village(19, 9, (90, 90), &[(PRAETORIAN, 900)])
}

/// An operation of villages 1 and 2 that was passed at hour 1, and was just enough.
fn under_way(rules: Ruleset) -> TestApp {
    let mut app = start(&field(), rules);
    look(&mut app, 9);
    until(&mut app, at(GameSpan::hours(1)));
    let groups = [sent(1, &[(IMPERIAN, 100)]), sent(2, &[(IMPERIAN, 100)])];
    passes(&mut app, BREAK, 9, &[(PRAETORIAN, 100)], 2.0, &groups);
    app
}

#[test]
fn what_goes_as_planned_is_left_alone() {
    let mut app = under_way(Ruleset::extended());
    look(&mut app, 9);
    until(&mut app, T + GameSpan::hours(2));
    decided(&app, &[]);
    assert_eq!(strikes(&app), [(1, T), (2, T)]);
    assert_eq!(result(&app), "goal_met");
}

#[test]
fn reinforcements_are_answered_by_a_wave_that_arrives_with_the_rest() {
    let mut app = under_way(Ruleset::extended());
    garrison(&mut app, 9, |home| home.add(class(PRAETORIAN), 100));
    look(&mut app, 9);
    decided(&app, &[("add_wave", "reinforcements_seen")]);
    let (_, _, why, rows) = revisions(&app).remove(0);
    assert!(!rows.is_empty() && rows.iter().all(|r| r.arrival == T), "{why}: {rows:?}");
    until(&mut app, T + GameSpan::hours(2));
    let came: BTreeSet<GameTime> = strikes(&app).iter().map(|(_, at)| *at).collect();
    assert_eq!(came, BTreeSet::from([T]), "no spread within the wave");
    assert_eq!(strikes(&app).len(), 2 + rows.len());
    assert_eq!(result(&app), "goal_met");
}

/// The attack on village 9, in which 400 praetorians more are seen 45 minutes before the blow.
fn seen_late(ruleset: Ruleset) -> TestApp {
    let mut app = under_way(ruleset);
    until(&mut app, T - GameSpan::mins(45));
    garrison(&mut app, 9, |home| home.add(class(PRAETORIAN), 400));
    look(&mut app, 9);
    app
}

#[test]
fn what_can_no_longer_arrive_in_time_is_not_added() {
    // Half an hour before the blow nobody can come any more.
    let mut app = seen_late(Ruleset::extended());
    decided(&app, &[("call_off_target", "reinforcements_seen")]);
    until(&mut app, T + GameSpan::hours(2));
    assert_eq!(strikes(&app), [], "both were called back");
    assert_eq!(result(&app), "aborted");
}

#[test]
fn a_recall_that_comes_too_late_is_written_off_with_its_cost() {
    let mut app = seen_late(Ruleset::classic());
    decided(&app, &[("write_off", "too_late_to_recall")]);
    let cost = app.app.world().resource::<Model>().cost(&force(&[(IMPERIAN, 200)]));
    let (_, _, why, _) = revisions(&app).remove(0);
    assert!(why.contains(&format!("2 groups of {cost} goods")), "{why}");
    until(&mut app, T + GameSpan::hours(2));
    assert_eq!(strikes(&app).len(), 2, "they fight");
    assert_eq!(result(&app), "failed");
}

#[test]
fn a_garrison_that_was_led_away_is_not_hit() {
    let mut app = under_way(Ruleset::extended());
    garrison(&mut app, 9, |home| *home = force(&[(PRAETORIAN, 19)]));
    look(&mut app, 9);
    decided(&app, &[("call_off_target", "evacuated")]);
    until(&mut app, T + GameSpan::hours(2));
    assert_eq!((strikes(&app).len(), result(&app).as_str()), (0, "aborted"));
}

#[test]
fn what_is_not_needed_any_more_stays_at_home() {
    let mut app = under_way(Ruleset::extended());
    // One of the two groups alone is four to one.
    app.app.world_mut().resource_mut::<OperationSettings>().react.enough_ratio = 3.2;
    garrison(&mut app, 9, |home| *home = force(&[(PRAETORIAN, 25)]));
    look(&mut app, 9);
    decided(&app, &[("hold_back", "more_than_needed")]);
    until(&mut app, T + GameSpan::hours(2));
    assert_eq!(strikes(&app), [(2, T)], "of two alike the first stays");
}

#[test]
fn who_does_not_come_is_replaced_if_someone_can_still_make_it() {
    let mut app = under_way(Ruleset::extended());
    garrison(&mut app, 1, |home| *home = Force::new());
    until(&mut app, T + GameSpan::hours(2));
    decided(&app, &[("add_wave", "no_show")]);
    let (when, _, _, rows) = revisions(&app).remove(0);
    // 36 fields at 7 an hour: noticed when it should have left. 24 and 30 fields can still be walked.
    assert_eq!(when, T - GameSpan((36 * 3_600_000 + 6) / 7));
    assert!(rows.iter().all(|r| r.launch >= when && r.arrival == T && r.member != PlayerId(1)));
    assert!(strikes(&app).iter().all(|(_, at)| *at == T));
    assert_eq!(result(&app), "goal_met");
}

#[test]
fn with_nobody_left_the_attack_goes_on_or_is_called_off_by_what_is_left() {
    for (left, expected) in [(70_u32, vec![]), (0, vec![("call_off_target", "no_show")])] {
        let mut app = under_way(Ruleset::extended());
        for other in [3, 4] {
            garrison(&mut app, other, |home| *home = Force::new());
        }
        garrison(&mut app, 2, |home| *home = force(&[(IMPERIAN, 100)]));
        garrison(&mut app, 1, |home| *home = force(&[(IMPERIAN, left)]));
        until(&mut app, T + GameSpan::hours(2));
        // A group that lost a part of its troops leaves with the rest.
        decided(&app, &expected);
    }
}

/// 400 imperians and 120 praetorians in village 2; so many imperians of somebody else, of whom all is known, in village 8.
fn with_raider(imperians: u32) -> TestApp {
    let mut made = field().village(8, 9, (30, 2), &[(IMPERIAN, imperians)]);
    let home = made.0.sites.iter_mut().find(|s| s.id == SiteId(2)).unwrap();
    home.troops = Some(force(&[(IMPERIAN, 400), (PRAETORIAN, 120)]));
    let mut app = start(&made, Ruleset::extended());
    look(&mut app, 9);
    leaves(&mut app, 5, 8, &[(SCOUT, 5)], Manner::Scout);
    until(&mut app, at(GameSpan::hours(5)));
    app
}

#[test]
fn troops_stay_where_they_hold_their_home() {
    // What comes to village 2 falls to its 400 imperians and their 120 praetorians, not to the praetorians alone.
    for (hammer, expected) in [(100_u32, vec![]), (330, vec![("hold_back", "needed_at_home")]), (900, vec![])] {
        let mut app = with_raider(hammer);
        let groups = [sent(1, &[(IMPERIAN, 300)]), sent(2, &[(IMPERIAN, 400)])];
        passes(&mut app, BREAK, 9, &[(PRAETORIAN, 100)], 2.0, &groups);
        until(&mut app, T - GameSpan::mins(270));
        leaves(&mut app, 8, 2, &[(IMPERIAN, hammer)], Manner::Siege);
        app.run(GameSpan::mins(1));
        decided(&app, &expected);
    }
}

#[test]
fn what_follows_a_beaten_wave_turns_back() {
    for (grown, expected) in [(false, vec![]), (true, vec![("call_off_target", "wave_lost")])] {
        let mut made = field();
        let second = made.0.sites.iter_mut().find(|s| s.id == SiteId(2)).unwrap();
        second.troops = Some(force(&[(IMPERIAN, 400), (RAM, 20)]));
        let mut app = start(&made, Ruleset::extended());
        look(&mut app, 9);
        until(&mut app, at(GameSpan::hours(1)));
        let behind = Sent { wave: 1, after: GameSpan(500), ..sent(2, &[(RAM, 20), (IMPERIAN, 50)]) };
        passes(&mut app, BREAK, 9, &[(PRAETORIAN, 100)], 2.0, &[sent(1, &[(IMPERIAN, 200)]), behind]);
        until(&mut app, T - GameSpan::mins(2));
        if grown {
            // Nobody looked.
            garrison(&mut app, 9, |home| home.add(class(PRAETORIAN), 800));
        }
        until(&mut app, T + GameSpan::hours(2));
        decided(&app, &expected);
        let came = if grown { vec![(1, T)] } else { vec![(1, T), (2, T + GameSpan(500))] };
        assert_eq!(strikes(&app), came);
    }
}

#[test]
fn who_is_late_does_not_fight_alone() {
    // A game's own movement says that a column will be there an hour after the others.
    fn delay(mut launched: ResMut<Messages<GroupLaunched>>) {
        let said: Vec<GroupLaunched> = launched.drain().collect();
        launched.write_batch(said.into_iter().map(|mut message| {
            if message.order == OrderId::of_group(ID, 1) {
                message.arrival = T + GameSpan::hours(1);
            }
            message
        }));
    }
    let mut app = start(&field(), Ruleset::extended());
    app.app.add_systems(Campaign, delay.in_set(CampaignSystems::Settle).before(DefenseSystems::Follow));
    look(&mut app, 9);
    until(&mut app, at(GameSpan::hours(1)));
    let groups = [sent(1, &[(IMPERIAN, 100)]), sent(2, &[(IMPERIAN, 100)])];
    passes(&mut app, BREAK, 9, &[(PRAETORIAN, 100)], 2.0, &groups);
    until(&mut app, T + GameSpan::hours(3));
    decided(&app, &[("recall", "late"), ("add_wave", "late")]);
    assert!(strikes(&app).iter().all(|(from, at)| *at == T && *from != 2), "{:?}", strikes(&app));
}

#[test]
fn feints_turn_back_and_those_who_stay_go_home() {
    let mut app = start(&field(), Ruleset::extended());
    look(&mut app, 9);
    until(&mut app, at(GameSpan::hours(1)));
    let turns_at = T - GameSpan::mins(10);
    let until_then = T + GameSpan::mins(20);
    let feint = Sent { errand: Errand::Feint { turns_at }, ..sent(3, &[(IMPERIAN, 30)]) };
    let stays = Sent {
        errand: Errand::Stay { until: until_then },
        after: GameSpan::mins(-5),
        wave: 1,
        ..sent(4, &[(IMPERIAN, 60)])
    };
    passes(&mut app, BREAK, 9, &[(PRAETORIAN, 100)], 2.0, &[sent(1, &[(IMPERIAN, 200)]), feint, stays]);
    until(&mut app, T + GameSpan::mins(10));
    assert_eq!(turned(&app), [(3, "recalled".to_owned())]);
    assert_eq!(blockades(&app, 9).len(), 1);
    until(&mut app, T + GameSpan::mins(21));
    assert_eq!(blockades(&app, 9), []);
    until(&mut app, T + GameSpan::days(1));
    decided(&app, &[]);
    assert_eq!(home(&app, 3), force(&[(IMPERIAN, 400)]));
    assert_eq!(home(&app, 4), force(&[(IMPERIAN, 400)]));
}

#[test]
fn reserves_leave_only_if_they_are_needed() {
    for (grown, came) in [(0, 1), (300, 2)] {
        let mut app = start(&field(), Ruleset::extended());
        look(&mut app, 9);
        until(&mut app, at(GameSpan::hours(1)));
        let reserve =
            Sent { wave: 1, after: GameSpan::hours(5), errand: Errand::Reserve, ..sent(3, &[(IMPERIAN, 300)]) };
        passes(&mut app, BREAK, 9, &[(PRAETORIAN, 100)], 2.0, &[sent(1, &[(IMPERIAN, 200)]), reserve]);
        until(&mut app, T - GameSpan::mins(2));
        garrison(&mut app, 9, |home| home.add(class(PRAETORIAN), grown));
        until(&mut app, T + GameSpan::hours(7));
        assert_eq!(strikes(&app).len(), came, "{:?}", revisions(&app));
        assert_eq!(revisions(&app).iter().filter(|r| r.2.starts_with("not_needed")).count(), 2 - came);
        assert_eq!(result(&app), "goal_met");
    }
}

#[test]
fn members_fail_to_come_as_often_as_they_are_unreliable() {
    let of = |no_shows: bool| {
        let (mut ordered, mut stayed) = (0, 0);
        for seed in 1..=3 {
            let mut app = TestApp::with(&small_world(seed, 400), |app| {
                app.insert_resource(OperationSettings { no_shows, ..OperationSettings::default() });
            });
            app.run(GameSpan::days(5));
            for fact in &app.facts {
                match &fact.fact {
                    Fact::GroupLaunched { .. } => ordered += 1,
                    Fact::GroupFailed { rule, .. } if rule == "no_show" => stayed += 1,
                    _ => {}
                }
            }
        }
        (ordered, stayed)
    };
    assert_eq!(of(false).1, 0);
    let (launched, stayed) = of(true);
    assert!(launched > 100, "{launched}");
    let share = f64::from(stayed) / f64::from(launched + stayed);
    assert!((0.005..0.06).contains(&share), "{stayed} of {launched}");
}

#[test]
fn nothing_is_left_behind_when_it_is_over() {
    let mut app = under_way(Ruleset::extended());
    garrison(&mut app, 9, |home| home.add(class(PRAETORIAN), 100));
    look(&mut app, 9);
    until(&mut app, T + GameSpan::days(1));
    let world = app.app.world();
    let alliance = world.resource::<EntityIndex>().alliance(AllianceId(1)).unwrap();
    assert_eq!(world.get::<RunningOperations>(alliance), Some(&RunningOperations::default()));
    for id in [1, 2, 3, 4] {
        let entity = world.resource::<EntityIndex>().site(SiteId(id)).unwrap();
        let promises = world.get::<bevy_alliance::decision::planning::Commitments>(entity);
        assert!(promises.is_none_or(|c| c.0.is_empty()));
    }
}

#[test]
fn an_empty_village_that_is_taken_is_not_taken_too_dearly() {
    let (army, farther) = (&[("legionnaire", 40), ("senator", 8)], &[("legionnaire", 5)]);
    let made = sides().player(8, 2, Rank::Member, PlayerKind::Human).village(1, 1, (24, 0), army);
    let made = made.village(2, 2, (30, 0), farther).village(90, 8, (0, 0), &[]).with(|site| site.wall = Some(20));
    let mut app = start(&made.village(91, 8, (90, 90), &[]), Ruleset::extended());
    until(&mut app, at(GameSpan::hours(1)));
    let first = Sent { after: GameSpan::mins(-5), ..sent(2, &[("legionnaire", 1)]) };
    let chiefs = Sent { wave: 1, ..sent(1, &[("legionnaire", 40), ("senator", 8)]) };
    passes(&mut app, Goal::Take, 90, &[], 9.0, &[first, chiefs]);
    until(&mut app, T + GameSpan::hours(2));
    let report = app.facts.iter().find_map(|f| match &f.fact {
        Fact::OperationConcluded(report) => Some(report.clone()),
        _ => None,
    });
    let report = report.unwrap();
    assert_eq!((report.result.as_str(), report.killed_goods), ("goal_met", 0), "{report:?}");
    assert!(report.lost_goods > 0, "walls kill too: {report:?}");
    assert!(!report.pyrrhic, "{report:?}");
}
