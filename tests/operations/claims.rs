//! Targets that are spoken for: confederates tell each other where their operations go, and do not go there too.

use super::*;
use bevy_alliance::action::operations::{Operation, OperationStatus};
use bevy_alliance::base::contract::{CastVote, RequestRefused, SetMembership, SetStance, Stances};
use bevy_alliance::decision::council::SubmitProposal;
use bevy_alliance::edge::report::explain;
use bevy_alliance::knowledge::intel::{Cause, ObservationLog, Seen, TargetClaim, TargetClaims};
use bevy_alliance::strategy::war_council::WarCouncilSystems;

/// The operation of the other alliance of the bloc.
const OTHER: ProposalId = ProposalId { alliance: AllianceId(3), n: 8 };

/// The field, with alliance 3 beside alliance 1: player 7 leads it from village 7, as far away as village 2. Both are at war
/// with alliance 2.
fn bloc(stance: Stance) -> Made {
    let field = field().active_alliance(3).stance(3, 2, Stance::War).stance(1, 3, stance);
    field.player(7, 3, Rank::Leader, PlayerKind::Active).village(7, 7, (0, 30), &[(IMPERIAN, 400)])
}

fn begin(made: &Made) -> TestApp {
    let mut app = start(made, Ruleset::extended());
    let proposes =
        propose.in_set(CampaignSystems::Deliberate).after(WarCouncilSystems::Meet).before(CouncilSystems::Open);
    app.app.add_due_kind(PROPOSES).add_systems(Campaign, proposes);
    app
}

fn bound(stance: Stance) -> TestApp {
    let mut app = begin(&bloc(stance));
    until(&mut app, at(GameSpan::hours(1)));
    app
}

const SENATOR: &str = "senator";
const HUNDRED: &[(&str, u32)] = &[(PRAETORIAN, 100)];

/// Villages 1 and 2 are to strike at T: passes in one millisecond.
fn ours(app: &mut TestApp) {
    let groups = [1, 2].map(|from| planned(app, 9, &sent(from, &[(IMPERIAN, 100)])));
    will_pass(app, BREAK, &[(9, HUNDRED)], 2.0, groups.to_vec(), |_, _| {});
}

/// Village 7 is to strike at the same instant: passes in one millisecond.
fn theirs(app: &mut TestApp) {
    let group = planned(app, 9, &sent(7, &[(IMPERIAN, 200)]));
    will_pass(app, BREAK, &[(9, HUNDRED)], 2.0, vec![group], |proposal, ballots| {
        (proposal.id, proposal.proposer) = (OTHER, PlayerId(7));
        proposal.asked = [(PlayerId(7), Asked::default())].into();
        let ballot = ballots.cast.remove(&PlayerId(1)).unwrap();
        ballots.cast = [(PlayerId(7), ballot)].into();
    });
}

fn moment(app: &mut TestApp) -> GameTime {
    app.run(GameSpan(1));
    app.now()
}

/// What an alliance takes to be claimed at village 9: by whom, since when and until when.
fn claim(app: &TestApp, alliance: u32) -> Option<(u32, GameTime, GameTime)> {
    let world = app.app.world();
    let entity = world.resource::<EntityIndex>().alliance(AllianceId(alliance)).unwrap();
    let (claims, stances) = (world.get::<TargetClaims>(entity)?, world.get::<Stances>(entity)?);
    let counts = |by| by == AllianceId(alliance) || stances.to(by) == Stance::Confederacy;
    let (by, TargetClaim { since, until }) = claims.first(SiteId(9), app.now(), counts)?;
    Some((by.0, since, until))
}

/// What an alliance was told of claims: when, by whom, until when.
fn told(app: &TestApp, alliance: u32) -> Vec<(GameTime, u32, GameTime)> {
    let world = app.app.world();
    let entity = world.resource::<EntityIndex>().alliance(AllianceId(alliance)).unwrap();
    let log = world.get::<ObservationLog>(entity);
    let told = log.into_iter().flat_map(|log| &log.latest).filter_map(|o| match o.seen {
        Seen::Claimed { by, claim } => {
            assert_eq!((o.site, o.cause), (SiteId(9), Cause::AllyTold));
            Some((o.at, by.0, claim.until))
        }
        _ => None,
    });
    told.collect()
}

fn status(app: &TestApp, id: ProposalId) -> OperationStatus {
    let world = app.app.world();
    world.get::<Operation>(world.resource::<EntityIndex>().proposal(id).unwrap()).unwrap().status
}

const HOUR: GameSpan = GameSpan::hours(1);

#[test]
fn a_target_is_claimed_from_the_passing_until_an_hour_after_the_blow() {
    let mut app = bound(Stance::Confederacy);
    ours(&mut app);
    assert_eq!(claim(&app, 1), None, "not yet");
    let passed = moment(&mut app);
    let claimed = Some((1, passed, T + HOUR));
    assert_eq!((claim(&app, 1), claim(&app, 3)), (claimed, claimed), "at the same instant");
    assert_eq!((told(&app, 3), told(&app, 1)), (vec![(passed, 1, T + HOUR)], vec![]));
    until(&mut app, T + HOUR - GameSpan::millis(1));
    assert_eq!((claim(&app, 1), claim(&app, 3)), (claimed, claimed));
    until(&mut app, T + HOUR);
    assert_eq!((claim(&app, 1), claim(&app, 3)), (None, None));
    assert_eq!(told(&app, 3).len(), 1, "that it is over needs no word");
}

#[test]
fn partners_of_a_pact_and_strangers_are_told_nothing() {
    for stance in [Stance::Pact, Stance::Truce, Stance::Neutral] {
        let mut app = bound(stance);
        ours(&mut app);
        moment(&mut app);
        assert!(claim(&app, 1).is_some() && claim(&app, 3).is_none() && told(&app, 3).is_empty(), "{stance:?}");
    }
}

#[test]
fn of_two_who_decide_at_one_instant_the_lowest_alliance_goes() {
    for first in [1, 3] {
        let mut app = bound(Stance::Confederacy);
        // The order in which they come in does not matter.
        if first == 1 {
            ours(&mut app);
            theirs(&mut app);
        } else {
            theirs(&mut app);
            ours(&mut app);
        }
        let passed = moment(&mut app);
        decided(&app, &[("call_off_target", "claimed_by_confederate")]);
        assert_eq!(revisions(&app)[0].2, "claimed_by_confederate: alliance 1 at site 9");
        assert_eq!(status(&app, OTHER), OperationStatus::Aborted);
        let claimed = Some((1, passed, T + HOUR));
        assert_eq!((claim(&app, 1), claim(&app, 3)), (claimed, claimed), "theirs is given up");
        assert_eq!(told(&app, 1), [(passed, 3, T + HOUR), (passed, 3, passed)]);
        until(&mut app, T + GameSpan::hours(2));
        assert_eq!(strikes(&app), [(1, T), (2, T)]);
        assert_eq!(result(&app), "goal_met");
    }
}

#[test]
fn who_becomes_a_confederate_later_gives_way_to_the_earlier_claim() {
    let mut app = bound(Stance::Pact);
    theirs(&mut app);
    let first = moment(&mut app);
    ours(&mut app);
    moment(&mut app);
    decided(&app, &[]);
    let set = SetStance { a: AllianceId(1), b: AllianceId(3), stance: Stance::Confederacy };
    app.app.world_mut().write_message(set);
    moment(&mut app);
    decided(&app, &[("call_off_target", "claimed_by_confederate")]);
    assert_eq!((status(&app, ID), status(&app, OTHER)), (OperationStatus::Aborted, OperationStatus::Running));
    assert_eq!(claim(&app, 1), Some((3, first, T + HOUR)));
    // Who is one no more has told nothing that still counts.
    app.app.world_mut().write_message(SetStance { stance: Stance::Neutral, ..set });
    moment(&mut app);
    assert_eq!(claim(&app, 1), None);
    assert_eq!(claim(&app, 3), Some((3, first, T + HOUR)));
}

#[test]
fn what_is_called_off_is_given_up() {
    let mut app = bound(Stance::Confederacy);
    ours(&mut app);
    moment(&mut app);
    garrison(&mut app, 9, |home| *home = force(&[(PRAETORIAN, 1)]));
    look(&mut app, 9);
    decided(&app, &[("call_off_target", "evacuated")]);
    assert_eq!((claim(&app, 1), claim(&app, 3)), (None, None));
    let (at, by, until) = *told(&app, 3).last().unwrap();
    assert_eq!((by, until), (1, at));
}

/// A proposal that is written in the pass at its instant.
#[derive(Resource)]
struct Proposes(SubmitProposal);

fn propose(batch: Res<DueBatch>, proposes: Option<Res<Proposes>>, mut submissions: MessageWriter<SubmitProposal>) {
    if let Some(proposes) = proposes.filter(|_| !batch.of(PROPOSES).is_empty()) {
        submissions.write(proposes.0.clone());
    }
}

const PROPOSES: DueKind = DueKind::new(1_002, "hand_proposes", &[CampaignSystems::Deliberate]);

/// Player 7 proposes an attack on village 9 at T in one millisecond.
fn proposes(app: &mut TestApp) {
    let group = planned(app, 9, &sent(7, &[(IMPERIAN, 200)]));
    let target = ProposedTarget {
        site: SiteId(9),
        owner: PlayerId(9),
        alliance: Some(AllianceId(2)),
        value: 1e6,
        score: 1.0,
        seen_at: app.now(),
        confidence: 0.8,
        ratio: 2.0,
        cites: Vec::new(),
    };
    app.app.insert_resource(Proposes(SubmitProposal {
        alliance: AllianceId(3),
        proposer: PlayerId(7),
        action: ActionKind::MassAttack,
        pattern: "simultaneous".to_owned(),
        goal: BREAK,
        targets: vec![target],
        enemy: Some(AllianceId(2)),
        dealings: None,
        score: 1.0,
        arrival: T,
        trial: Plan { groups: vec![group], ..Plan::default() },
        expected: Expected::default(),
        asked: [7, 8].map(|p| (PlayerId(p), Asked { share: 0.5, ..Asked::default() })).into(),
    }));
    let at = app.now() + GameSpan(1);
    app.app.world_mut().resource_mut::<Agenda>().push(PROPOSES.entry(at, 0, 0));
}

#[test]
fn a_proposal_on_a_claimed_target_is_refused_with_whose_it_is() {
    let mut app = bound(Stance::Confederacy);
    ours(&mut app);
    moment(&mut app);
    proposes(&mut app);
    moment(&mut app);
    let refused: Vec<RequestRefused> = refusals(&app.facts);
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!((refused[0].rule.as_str(), refused[0].retry_after), ("claimed_target", Some(T + HOUR)));
    assert!(refused[0].value.starts_with("alliance 1 attacks site 9 until"), "{refused:?}");
}

/// How a vote of alliance 3 on village 9 ends on which the other alliance passes an operation meanwhile.
fn outcome_of_vote(stance: Stance) -> (String, Vec<(SiteId, String)>) {
    let with_voter =
        bloc(stance).player(8, 3, Rank::Member, PlayerKind::Human).village(8, 8, (0, -30), &[(IMPERIAN, 400)]);
    let mut app = begin(&with_voter.village(6, 7, (-1, 0), &[(SCOUT, 100)]));
    look(&mut app, 9);
    leaves(&mut app, 6, 9, &[(SCOUT, 5)], Manner::Scout);
    until(&mut app, at(GameSpan::hours(3)));
    proposes(&mut app);
    let opened = moment(&mut app);
    let vote = CastVote {
        proposal: ProposalId { alliance: OTHER.alliance, n: 1 },
        member: PlayerId(8),
        vote: Vote::Approve,
        pledge_share: 1.0,
        conditions: Vec::new(),
        text: None,
    };
    ours(&mut app);
    moment(&mut app);
    app.app.world_mut().write_message(vote.clone());
    until(&mut app, opened + GameSpan::hours(4));
    let is_decided = |f: &CampaignFact| match &f.fact {
        Fact::ProposalDecided { proposal, outcome, .. } if *proposal == vote.proposal => Some(outcome.clone()),
        _ => None,
    };
    let outcome = app.facts.iter().find_map(is_decided).unwrap();
    let explained = explain(app.app.world(), vote.proposal).unwrap();
    (outcome, explained.left_out)
}

#[test]
fn a_vote_on_a_target_that_is_claimed_meanwhile_is_about_nothing() {
    assert_eq!(outcome_of_vote(Stance::Pact), ("passed".to_owned(), Vec::new()));
    let left_out = vec![(SiteId(9), "claimed".to_owned())];
    assert_eq!(outcome_of_vote(Stance::Confederacy), ("rejected".to_owned(), left_out));
}

#[test]
fn two_changes_of_stance_at_one_instant_tell_nobody() {
    let mut app = bound(Stance::Neutral);
    ours(&mut app);
    moment(&mut app);
    let (a, b) = (AllianceId(1), AllianceId(3));
    for stance in [Stance::Confederacy, Stance::War] {
        app.app.world_mut().write_message(SetStance { a, b, stance });
    }
    moment(&mut app);
    assert_eq!((told(&app, 3), claim(&app, 3)), (vec![], None));
}

#[test]
fn an_alliance_that_is_no_more_claims_nothing() {
    let mut app = bound(Stance::Confederacy);
    theirs(&mut app);
    moment(&mut app);
    assert!(claim(&app, 1).is_some());
    app.app.world_mut().write_message(SetMembership { player: PlayerId(7), alliance: None });
    moment(&mut app);
    assert_eq!(claim(&app, 1), None);
}

#[test]
fn who_loses_its_last_village_claims_nothing() {
    let weak = bloc(Stance::Confederacy).with(|village| {
        village.troops = Some(force(&[]));
        village.residence = Some(0);
    });
    let made = weak.village(18, 9, (3, 30), &[(IMPERIAN, 900), (SENATOR, 9)]);
    let mut app = begin(&made);
    until(&mut app, at(GameSpan::hours(1)));
    theirs(&mut app);
    moment(&mut app);
    assert!(claim(&app, 1).is_some());
    for _ in 0..6 {
        leaves(&mut app, 18, 7, &[(IMPERIAN, 100), (SENATOR, 1)], Manner::Siege);
        app.run(GameSpan::mins(10));
    }
    until(&mut app, T - GameSpan::hours(1));
    assert!(app.facts.iter().any(|f| matches!(f.fact, Fact::AllianceEliminated { alliance: AllianceId(3) })));
    assert_eq!(claim(&app, 1), None);
}
