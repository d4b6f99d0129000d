//! Councils as a game sees them: votes from outside, charters, pacts, operations on time, and knowledge that ages.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy::prelude::*;
use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{
    CampaignFact, CastVote, Cited, Fact, LaunchMarch, Manner, PlayerKind, Rank, RequestRefused, Scenario, SetStance,
    Stance, Vote,
};
use bevy_alliance::base::id::{AllianceId, EntityIndex, OrderId, PlayerId, ProposalId, SiteId};
use bevy_alliance::base::limits::Limits;
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::decision::council::{Ballots, Charter, CouncilCharter, Proposal, ProposalStatus};
use bevy_alliance::decision::planning::{LastBlow, PlanningSettings};
use bevy_alliance::edge::report::explain;
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::knowledge::intel::IntelReport;
use bevy_alliance::strategy::war_council::WarCouncilSettings;
use common::*;
use std::collections::{BTreeMap, BTreeSet};

fn world() -> Scenario {
    small_world(7, 600)
}

/// Starts it under rules by which nobody founds villages, so that all proposals are of war.
fn at_war(world: &Scenario) -> TestApp {
    TestApp::with(world, |app| {
        app.insert_resource(Ruleset { settlers_needed: 0, ..Ruleset::extended() });
    })
}

fn proposal(app: &TestApp, id: ProposalId) -> &Proposal {
    let world = app.app.world();
    world.get(world.resource::<EntityIndex>().proposal(id).unwrap()).unwrap()
}

fn ballots(app: &TestApp, id: ProposalId) -> &Ballots {
    let world = app.app.world();
    world.get(world.resource::<EntityIndex>().proposal(id).unwrap()).unwrap()
}

/// Members that will answer by rule before the vote ends, in the order of their answers.
fn pending(app: &TestApp, id: ProposalId) -> Vec<PlayerId> {
    let deadline = proposal(app, id).deadline;
    let mut pending: Vec<_> = ballots(app, id).answer_at.iter().filter(|(_, at)| **at < deadline).collect();
    pending.sort_by_key(|(member, at)| (**at, **member));
    pending.into_iter().map(|(member, _)| *member).collect()
}

/// Runs until a proposal to attack is open on which at least two still answer.
fn until_a_vote(app: &mut TestApp) -> ProposalId {
    for _ in 0..5 * 24 * 6 {
        app.run(GameSpan::mins(10));
        let submitted = app.facts.iter().rev().find_map(|f| match &f.fact {
            Fact::ProposalSubmitted { proposal, action, .. } if action == "mass_attack" => Some(*proposal),
            _ => None,
        });
        if let Some(id) = submitted
            && proposal(app, id).status == ProposalStatus::Open
            && pending(app, id).len() >= 2
        {
            return id;
        }
    }
    panic!("no vote in five days");
}

fn until_decided(app: &mut TestApp, id: ProposalId) {
    while proposal(app, id).status == ProposalStatus::Open {
        app.run(GameSpan::mins(10));
    }
}

fn vote(proposal: ProposalId, member: PlayerId, vote: Vote, pledge_share: f64) -> CastVote {
    CastVote { proposal, member, vote, pledge_share, conditions: Vec::new(), text: Some("my own words".to_owned()) }
}

/// The ballots that a member cast on a proposal: when, what, in which words.
fn cast(app: &TestApp, id: ProposalId, who: PlayerId) -> Vec<(GameTime, Vote, Option<String>)> {
    let ballot = |f: &CampaignFact| match &f.fact {
        Fact::BallotCast { proposal, member, vote, reason, .. } if (*proposal, *member) == (id, who) => {
            Some((f.at, *vote, reason.text.clone()))
        }
        _ => None,
    };
    app.facts.iter().filter_map(ballot).collect()
}

#[test]
fn a_persons_vote_replaces_the_answer_by_rule() {
    // A person who is asked at the first vote.
    let members: Vec<PlayerId> = world().players.iter().filter(|p| p.membership.is_some()).map(|p| p.id).collect();
    let asked = |member: PlayerId| {
        let mut scenario = world();
        let person = scenario.players.iter_mut().find(|p| p.id == member).unwrap();
        if person.kind != PlayerKind::Active {
            return None;
        }
        person.kind = PlayerKind::Human;
        let mut app = TestApp::new(&scenario);
        let id = until_a_vote(&mut app);
        pending(&app, id).contains(&member).then_some((scenario, member, id))
    };
    let (scenario, member, id) = members.into_iter().find_map(asked).unwrap();

    let mut silent = TestApp::new(&scenario);
    assert_eq!(until_a_vote(&mut silent), id);
    let until = proposal(&silent, id).deadline;
    silent.run(until - silent.now());
    let by_rule = cast(&silent, id, member);
    assert!(matches!(&by_rule[..], [(.., None)]), "{by_rule:?}");

    for choice in [Vote::Approve, Vote::Reject, Vote::Abstain] {
        let mut app = TestApp::new(&scenario);
        assert_eq!(until_a_vote(&mut app), id);
        let now = app.now();
        let told = app.send(vote(id, member, choice, 0.25)).to_vec();
        assert_eq!(refusals(&told), []);
        app.run(until - now);
        assert_eq!(cast(&app, id, member), [(now, choice, Some("my own words".to_owned()))]);
        let kept = &ballots(&app, id).cast[&member];
        assert_eq!((kept.vote, kept.cast_at), (choice, now));
        assert!((kept.pledge_share - if choice == Vote::Approve { 0.25 } else { 0.0 }).abs() < 1e-12);
        assert!(kept.reason.terms.is_empty(), "its reason is its own");
    }
}

fn one_refusal(told: &[CampaignFact]) -> RequestRefused {
    assert_eq!(told.len(), 1, "{told:?}");
    refusals(told).pop().unwrap()
}

#[test]
fn refused_votes_name_the_rule_and_change_nothing() {
    let mut app = at_war(&world());
    let id = until_a_vote(&mut app);
    let member = pending(&app, id)[0];
    let proposer = proposal(&app, id).proposer;
    let stranger = {
        let on_the_roll: BTreeSet<PlayerId> = proposal(&app, id).roll.seats().iter().map(|s| s.member).collect();
        let players = &world().players;
        players.iter().map(|p| p.id).find(|p| !on_the_roll.contains(p)).unwrap()
    };
    let unknown = ProposalId { n: 9_999, ..id };
    let state = |app: &mut TestApp| -> Vec<_> {
        app.hash_parts().into_iter().filter(|(name, _)| *name != "input_log").collect()
    };
    for (bad, rule) in [
        (vote(unknown, member, Vote::Approve, 0.1), "proposal_exists"),
        (vote(id, stranger, Vote::Approve, 0.1), "on_the_roll"),
        (vote(id, PlayerId(u32::MAX), Vote::Approve, 0.1), "on_the_roll"),
        (vote(id, proposer, Vote::Reject, 0.0), "not_the_proposer"),
        (vote(id, member, Vote::Approve, 1.01), "pledge_share"),
        (vote(id, member, Vote::Approve, -0.1), "pledge_share"),
        (vote(id, member, Vote::Approve, f64::NAN), "pledge_share"),
    ] {
        let before = state(&mut app);
        let refused = one_refusal(app.send(bad.clone()));
        assert_eq!(refused.rule, rule, "{bad:?}");
        assert_eq!(refused.request, format!("cast_vote {} on {}", bad.member, bad.proposal));
        assert!(!refused.limit.is_empty() && !refused.value.is_empty());
        assert_eq!(state(&mut app), before, "{rule}");
    }
    until_decided(&mut app, id);
    let refused = one_refusal(app.send(vote(id, member, Vote::Approve, 0.1)));
    assert_eq!(refused.rule, "vote_is_open");
}

#[test]
fn a_pact_is_a_veto_in_votes_under_way() {
    let mut app = at_war(&world());
    let id = until_a_vote(&mut app);
    let enemy = proposal(&app, id).enemy.unwrap();
    let asked = pending(&app, id);
    assert_eq!(refusals(app.send(SetStance { a: id.alliance, b: enemy, stance: Stance::Pact })), []);
    let from = app.facts.len();
    app.run(GameSpan::days(2));
    let later: Vec<_> = asked
        .iter()
        .filter_map(|member| ballots(&app, id).cast.get(member))
        .map(|b| (b.vote, b.reason.rule.clone()))
        .collect();
    assert!(!later.is_empty());
    assert!(later.iter().all(|b| *b == (Vote::Reject, Some("pact".to_owned()))), "{later:?}");
    assert!(!matches!(proposal(&app, id).status, ProposalStatus::Open | ProposalStatus::Passed(_)));
    for fact in &app.facts[from..] {
        if let Fact::ProposalSubmitted { proposal: new, .. } = fact.fact
            && new.alliance == id.alliance
        {
            assert_ne!(proposal(&app, new).enemy, Some(enemy), "nobody proposes to attack a partner");
        }
    }
}

#[test]
fn a_pact_keeps_at_home_what_has_not_left() {
    let mut app = at_war(&world());
    let (operation, first) = loop {
        app.run(GameSpan::mins(10));
        assert!(app.now() < at(GameSpan::days(5)), "no operation in five days");
        let started = app.facts.iter().find_map(|f| match &f.fact {
            Fact::OperationStarted { operation, rows, .. } => Some((*operation, rows[0].clone())),
            _ => None,
        });
        if let Some(started) = started {
            break started;
        }
    };
    let enemy = proposal(&app, operation).enemy.unwrap();
    let from = app.facts.len();
    app.send(SetStance { a: operation.alliance, b: enemy, stance: Stance::Truce });
    app.run(first.arrival - app.now() + GameSpan::hours(2));
    let facts = || app.facts[from..].iter().map(|f| &f.fact);
    let launched =
        facts().filter(|f| matches!(f, Fact::GroupLaunched { order, .. } if order.operation() == Some(operation)));
    assert_eq!(launched.count(), 0);
    let held = facts().filter(|f| {
        matches!(f, Fact::OperationRevised { operation: o, reason, .. } if *o == operation && reason.starts_with("pact"))
    });
    assert!(held.count() > 0);
}

#[test]
fn marches_against_partners_are_refused() {
    let units = [(LEGIONNAIRE, 5), ("equites_legati", 1)];
    let made = Made::new().quiet_alliance(1).quiet_alliance(2);
    let made = made.player(1, 1, Rank::Leader, PlayerKind::Human).player(3, 2, Rank::Leader, PlayerKind::Human);
    let made = made.village(1, 1, (6, 0), &[(LEGIONNAIRE, 90), ("equites_legati", 90)]).village(9, 3, (0, 0), &[]);
    let mut app = made.start(Ruleset::extended());
    let rule = |manner: Manner, app: &mut TestApp| {
        let units = if manner == Manner::Scout { &units[1..] } else { &units[..] };
        let march = LaunchMarch { origin: SiteId(1), target: SiteId(9), force: force(units), manner, aims: [None; 2] };
        refusals(app.send(march)).pop().map(|r| r.rule)
    };
    let hostile = [Manner::Siege, Manner::Raid, Manner::Scout, Manner::Blockade];
    for (stance, forbidden) in [
        (Stance::Neutral, false),
        (Stance::Truce, true),
        (Stance::War, false),
        (Stance::Pact, true),
        (Stance::Confederacy, true),
    ] {
        app.send(SetStance { a: AllianceId(2), b: AllianceId(1), stance });
        for manner in hostile {
            assert_eq!(rule(manner, &mut app), forbidden.then(|| "pact".to_owned()), "{stance:?} {manner:?}");
        }
        let stays_out = (!forbidden).then(|| "not_a_friend".to_owned());
        assert_eq!(rule(Manner::Reinforce, &mut app), stays_out, "{stance:?}");
    }
    for (a, b, rule) in [(1, 77, "alliance_exists"), (77, 1, "alliance_exists"), (1, 1, "two_alliances")] {
        let refused = one_refusal(app.send(SetStance { a: AllianceId(a), b: AllianceId(b), stance: Stance::War }));
        assert_eq!(refused.rule, rule);
    }
}

#[test]
fn charters_differ_in_who_votes_and_for_how_long() {
    // Large enough for alliances in which not everyone has a part.
    let scenario = small_world(7, 3_000);
    let first_vote = |charter: Charter| {
        let mut app = TestApp::with(&scenario, |app| {
            app.insert_resource(CouncilCharter(charter));
        });
        let id = until_a_vote(&mut app);
        proposal(&app, id).clone()
    };
    let roll = |p: &Proposal| -> BTreeSet<PlayerId> { p.roll.seats().iter().map(|s| s.member).collect() };
    let members = |p: &Proposal| -> BTreeMap<PlayerId, Rank> {
        let of = |m: &bevy_alliance::base::contract::ScenarioPlayer| Some((m.id, m.membership?));
        let all = scenario.players.iter().filter_map(of);
        all.filter(|(_, (a, _))| *a == p.id.alliance).map(|(id, (_, rank))| (id, rank)).collect()
    };
    let plenary = first_vote(Charter::plenary());
    assert_eq!(roll(&plenary), members(&plenary).into_keys().collect());
    assert!(plenary.deadline - plenary.opened_at > GameSpan::hours(4));

    let cabinet = first_vote(Charter::war_cabinet());
    let expected: BTreeSet<PlayerId> = members(&cabinet)
        .into_iter()
        .filter(|(id, rank)| *rank != Rank::Member || cabinet.asked.contains_key(id) || *id == cabinet.proposer)
        .map(|(id, _)| id)
        .collect();
    assert_eq!(roll(&cabinet), expected);
    assert!(expected.len() < members(&cabinet).len(), "all {} have a part: nothing differs", expected.len());
    let window = cabinet.deadline - cabinet.opened_at;
    assert!(window >= GameSpan::hours(2) && window <= GameSpan::hours(4), "{window}");
}

#[test]
fn groups_leave_at_their_own_time_and_arrive_together() {
    let mut app = at_war(&world());
    app.run(GameSpan::days(5));
    let mut planned: BTreeMap<OrderId, (GameTime, GameTime)> = BTreeMap::new();
    let (mut launched, mut concluded, mut spread_launches) = (0, 0, 0);
    let mut waves: BTreeMap<(Option<ProposalId>, SiteId, u8), BTreeSet<GameTime>> = BTreeMap::new();
    for fact in &app.facts {
        match &fact.fact {
            Fact::OperationStarted { operation, rows, .. } => {
                for row in rows {
                    assert_eq!(row.launch + row.travel, row.arrival);
                    assert!(row.launch >= fact.at);
                    planned.insert(OrderId::of_group(*operation, usize::from(row.group)), (row.launch, row.arrival));
                }
                let launches: BTreeSet<GameTime> = rows.iter().map(|r| r.launch).collect();
                spread_launches += usize::from(launches.len() > 1);
            }
            Fact::GroupLaunched { order, planned: due, .. } => {
                assert_eq!(fact.at, *due, "a launch is late");
                if let Some((launch, _)) = planned.get(order) {
                    assert_eq!(fact.at, *launch);
                    launched += 1;
                }
            }
            Fact::MarchArrived { target, order: Some(order), wave, planned: due, .. } => {
                assert_eq!(fact.at, *due);
                if let Some((_, arrival)) = planned.get(order) {
                    assert_eq!(fact.at, *arrival);
                    waves.entry((order.operation(), *target, *wave)).or_default().insert(fact.at);
                }
            }
            Fact::OperationConcluded(report) => {
                assert!(report.launched <= report.groups);
                concluded += 1;
            }
            _ => {}
        }
    }
    assert!(launched > 5, "{launched} groups were launched");
    assert!(concluded > 0, "no operation was concluded");
    assert!(spread_launches > 0, "all groups of every operation left at one instant");
    assert!(waves.values().all(|instants| instants.len() == 1), "a wave is spread: {waves:?}");
    assert_eq!(app.audit(), bevy_alliance::world::audit::Audit::default());
}

#[test]
fn intel_is_gone_after_seven_days_at_any_pace() {
    let (leader, human) = (Rank::Leader, PlayerKind::Human);
    let made = Made::new().active_alliance(1).quiet_alliance(2).player(1, 1, leader, human).player(3, 2, leader, human);
    let made = made.village(1, 1, (4, 0), &[("equites_legati", 30)]).village(9, 3, (0, 0), &[(LEGIONNAIRE, 77)]);
    let report = |app: &TestApp| -> Option<IntelReport> {
        let world = app.app.world();
        let entity = world.resource::<EntityIndex>().report(AllianceId(1), SiteId(9))?;
        world.get::<IntelReport>(entity).cloned()
    };
    for step in [GameSpan::secs(61), GameSpan::hours(1), GameSpan::days(30)] {
        let mut app = TestApp::with(&made.0, |app| {
            app.insert_resource(Limits { slice_millis: i64::MAX / 2, ..Limits::default() });
        });
        let units = force(&[("equites_legati", 10)]);
        app.send(LaunchMarch {
            origin: SiteId(1),
            target: SiteId(9),
            force: units,
            manner: Manner::Scout,
            aims: [None; 2],
        });
        // Four fields at 16 an hour.
        app.run_in_steps(GameSpan::mins(15), step);
        let seen = report(&app).unwrap();
        assert_eq!(seen.troops.unwrap().observed_at, at(GameSpan::mins(15)));
        app.run_in_steps(GameSpan::days(7) - GameSpan(1), step);
        let old = report(&app).unwrap();
        assert!(old.troops.is_some() && old.goods.is_some() && old.wall.is_some() && old.buildings.is_some());
        app.run_in_steps(GameSpan(1), step);
        assert_eq!(report(&app), None, "at steps of {step}");
    }
}

#[test]
fn without_a_war_nothing_is_proposed_and_the_gate_says_so() {
    let mut peace = world();
    peace.stances.clear();
    let mut app = at_war(&peace);
    // Nobody begins one.
    app.app.world_mut().resource_mut::<WarCouncilSettings>().diplomacy = false;
    app.run(GameSpan::days(2));
    let mut councils = 0;
    for fact in &app.facts {
        match &fact.fact {
            Fact::CouncilMet { best, gate, .. } => {
                assert_eq!((best, gate.as_deref()), (&None, Some("no_war")));
                councils += 1;
            }
            Fact::ProposalSubmitted { .. } | Fact::ScoutsSent { .. } | Fact::OperationStarted { .. } => {
                panic!("{fact:?}")
            }
            _ => {}
        }
    }
    assert!(councils > 10, "{councils} councils met");
}

#[test]
fn villages_that_struck_lately_are_asked_for_nothing() {
    let attacks = |rest: GameSpan| {
        let world = world();
        let mut app = at_war(&world);
        app.app.world_mut().resource_mut::<PlanningSettings>().rest = rest;
        for site in &world.sites {
            let entity = app.app.world().resource::<EntityIndex>().site(site.id).unwrap();
            app.app.world_mut().entity_mut(entity).insert(LastBlow(GameTime(0)));
        }
        app.run(GameSpan::hours(60));
        let attacks =
            |f: &&CampaignFact| matches!(&f.fact, Fact::ProposalSubmitted { action, .. } if action == "mass_attack");
        app.facts.iter().filter(attacks).count()
    };
    assert_eq!(attacks(GameSpan::hours(60)), 0);
    assert!(attacks(GameSpan(0)) > 0, "they would have been");
}

#[test]
fn what_was_not_known_is_absent_from_the_explanation() {
    // Nobody but the members of one alliance has any offense, so nothing is known that could hit it back.
    let mut scenario = small_world(2, 900);
    let deciders = scenario.stances[0].0;
    let owners: BTreeSet<PlayerId> = scenario
        .players
        .iter()
        .filter(|p| p.membership.is_some_and(|(alliance, _)| alliance == deciders))
        .map(|p| p.id)
        .collect();
    for site in scenario.sites.iter_mut().filter(|s| !owners.contains(&s.owner)) {
        site.troops = Some(force(&[("praetorian", 100)]));
    }
    let mut app = at_war(&scenario);
    app.run(GameSpan::days(8));
    let submitted: Vec<ProposalId> = app
        .facts
        .iter()
        .filter_map(|f| if let Fact::ProposalSubmitted { proposal, .. } = f.fact { Some(proposal) } else { None })
        .collect();
    let (mut absent, mut known) = (0, 0);
    for id in submitted {
        let Some(explanation) = explain(app.app.world(), id).filter(|_| id.alliance == deciders) else { continue };
        let text = explanation.to_string();
        let (by, at, outcome) = (explanation.proposer, explanation.opened_at, &explanation.outcome);
        assert!(text.starts_with(&format!("Proposal {id} by player {by} at {at}: {outcome}")), "{text}");
        for target in &explanation.targets {
            // What it rested on was seen before it was decided, is cited with its age, and had not expired.
            let troops = target.cites.iter().find(|c| c.what == Cited::Troops).unwrap();
            assert_eq!((troops.site, troops.observed_at), (target.site, target.seen_at));
            let age = explanation.opened_at - troops.observed_at;
            assert!(GameSpan(0) <= age && age < GameSpan::days(7));
            let faded = target.confidence * libm::exp2(-age.as_hours() / 48.0);
            assert!((troops.confidence - faded).abs() < 1e-12);
            assert!(text.contains(&format!("troops at {} {:.1} h old", target.site, age.as_hours())), "{text}");
        }
        for (member, ballot) in &explanation.ballots {
            let line = text.lines().find(|l| l.starts_with(&format!("  player {member}: "))).unwrap();
            for term in &ballot.reason.terms {
                if term.input.is_none() {
                    assert_eq!((term.name.as_str(), term.added.to_bits()), ("retaliation", 0.0_f64.to_bits()));
                    absent += 1;
                } else {
                    known += 1;
                }
                if ballot.reason.rule.is_none() {
                    assert_eq!(line.contains(&format!(" {} unknown", term.name)), term.input.is_none(), "{line}");
                }
            }
        }
    }
    assert!(known > 100 && absent > 0, "{known} inputs were known, {absent} were not");
    assert_eq!(explain(app.app.world(), ProposalId { alliance: AllianceId(1), n: u32::MAX }), None);
}
