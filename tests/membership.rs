//! Who joins and who leaves: ranks, rolls, operations under way, and requests that make no sense.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy_alliance::action::operations::{GroupStatus, Operation};
use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{
    CampaignFact, Fact, LaunchRow, Player, PlayerKind, Rank, RequestRefused, SetMembership,
};
use bevy_alliance::base::id::{AllianceId, EntityIndex, PlayerId, ProposalId};
use bevy_alliance::base::limits::Limits;
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::decision::council::{Proposal, ProposalStatus};
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::society::alliance::{MemberOf, Members, Membership};
use common::*;
use std::collections::BTreeMap;

fn set(player: u32, alliance: Option<u32>) -> SetMembership {
    SetMembership { player: PlayerId(player), alliance: alliance.map(AllianceId) }
}

fn player(app: &TestApp, id: u32) -> &Player {
    let world = app.app.world();
    world.get(world.resource::<EntityIndex>().player(PlayerId(id)).unwrap()).unwrap()
}

fn membership(app: &TestApp, id: u32) -> Option<Membership> {
    let world = app.app.world();
    let entity = world.resource::<EntityIndex>().player(PlayerId(id)).unwrap();
    let membership = world.get::<Membership>(entity).copied();
    assert_eq!(world.get::<MemberOf>(entity).is_some(), membership.is_some(), "the relationship follows");
    assert_eq!(player(app, id).alliance, membership.map(|m| m.alliance), "what is public follows");
    membership
}

fn members(app: &TestApp, alliance: u32) -> usize {
    let world = app.app.world();
    let entity = world.resource::<EntityIndex>().alliance(AllianceId(alliance)).unwrap();
    world.get::<Members>(entity).map_or(0, |m| bevy::prelude::RelationshipTarget::iter(m).count())
}

/// An alliance that deliberates with a leader, an officer and two members, one that does not with one member, and a
/// lone player.
fn two_alliances() -> Made {
    Made::new()
        .active_alliance(1)
        .quiet_alliance(2)
        .player(1, 1, Rank::Leader, PlayerKind::Active)
        .player(2, 1, Rank::Officer, PlayerKind::Active)
        .player(3, 1, Rank::Member, PlayerKind::Active)
        .player(4, 1, Rank::Member, PlayerKind::Human)
        .player(5, 2, Rank::Leader, PlayerKind::Bystander)
        .player(6, 0, Rank::Member, PlayerKind::Bystander)
        .player(7, 0, Rank::Member, PlayerKind::Static)
        .village(1, 1, (0, 0), &[])
        .village(2, 2, (2, 0), &[])
        .village(3, 3, (4, 0), &[])
        .village(4, 4, (6, 0), &[])
        .village(5, 5, (8, 0), &[])
        .village(6, 6, (10, 0), &[])
        .village(7, 7, (12, 0), &[])
}

#[test]
fn a_leader_who_leaves_is_followed_and_the_last_one_ends_the_alliance() {
    let mut app = two_alliances().start(Ruleset::extended());
    let told = app.send(set(1, None)).to_vec();
    assert!(
        told.iter()
            .any(|f| f.fact == Fact::MembershipChanged { player: PlayerId(1), from: Some(AllianceId(1)), to: None })
    );
    let heir = Fact::RankChanged { alliance: AllianceId(1), player: PlayerId(2), rank: Rank::Leader };
    assert!(told.iter().any(|f| f.fact == heir), "{told:?}");
    assert_eq!(membership(&app, 1), None);
    assert_eq!(player(&app, 1).kind, PlayerKind::Bystander, "without an alliance nobody deliberates");
    assert_eq!(membership(&app, 2).unwrap().rank, Rank::Leader);
    assert_eq!(members(&app, 1), 3);
    for id in [2, 3] {
        app.send(set(id, None));
    }
    assert_eq!(membership(&app, 4).unwrap().rank, Rank::Leader, "members succeed where no officer is left");
    let told = app.send(set(4, Some(2))).to_vec();
    assert!(told.iter().any(|f| f.fact == Fact::AllianceEliminated { alliance: AllianceId(1) }), "{told:?}");
    assert_eq!(player(&app, 4).kind, PlayerKind::Human, "a person stays one");
    assert_eq!(membership(&app, 4), Some(Membership { alliance: AllianceId(2), rank: Rank::Member }));
}

#[test]
fn who_joins_an_alliance_that_deliberates_deliberates() {
    let mut app = two_alliances().start(Ruleset::extended());
    app.send(set(6, Some(1)));
    assert_eq!(membership(&app, 6), Some(Membership { alliance: AllianceId(1), rank: Rank::Member }));
    assert_eq!(player(&app, 6).kind, PlayerKind::Active);
    app.send(set(5, Some(1)));
    assert_eq!(members(&app, 1), 6);
    assert_eq!(members(&app, 2), 0);
    // An alliance without members can be joined again: who comes first leads.
    app.send(set(5, Some(2)));
    assert_eq!(membership(&app, 5).unwrap().rank, Rank::Leader);
    assert_eq!(player(&app, 5).kind, PlayerKind::Bystander);
}

#[test]
fn moves_that_make_no_sense_are_refused_and_change_nothing() {
    let mut app = TestApp::with(&two_alliances().0, |app| {
        app.insert_resource(Limits { members_per_alliance: 4, ..Limits::default() });
    });
    for (request, rule, value) in [
        (set(99, Some(1)), "player_exists", "99"),
        (set(6, Some(99)), "alliance_exists", "99"),
        (set(1, Some(1)), "another_alliance", "it is in 1"),
        (set(6, None), "another_alliance", "it is in none"),
        (set(7, Some(1)), "player_acts", "it never does"),
        (set(6, Some(1)), "members_per_alliance", "4"),
    ] {
        let before: Vec<_> = app.hash_parts().into_iter().filter(|(name, _)| *name != "input_log").collect();
        let refused: Vec<RequestRefused> = refusals(app.send(request));
        assert_eq!(refused.len(), 1, "{request:?}");
        assert_eq!((refused[0].rule.as_str(), refused[0].value.as_str()), (rule, value), "{request:?}");
        let after: Vec<_> = app.hash_parts().into_iter().filter(|(name, _)| *name != "input_log").collect();
        assert_eq!(before, after);
    }
}

/// Runs until an operation of several members has its orders.
fn until_orders(app: &mut TestApp) -> (ProposalId, Vec<LaunchRow>) {
    loop {
        app.run(GameSpan::mins(10));
        assert!(app.now() < at(GameSpan::days(6)), "no operation of three members in six days");
        let started = |f: &CampaignFact| match &f.fact {
            Fact::OperationStarted { operation, rows, .. } => {
                let mut members: Vec<_> = rows.iter().map(|r| r.member).collect();
                members.dedup();
                (members.len() >= 3 && rows.iter().all(|r| r.launch > f.at)).then(|| (*operation, rows.clone()))
            }
            _ => None,
        };
        if let Some(found) = app.facts.iter().rev().find_map(started) {
            return found;
        }
    }
}

fn operation(app: &TestApp, id: ProposalId) -> &Operation {
    let world = app.app.world();
    world.get(world.resource::<EntityIndex>().proposal(id).unwrap()).unwrap()
}

#[test]
fn groups_of_who_leaves_drop_out_and_the_others_go_on() {
    let mut app = TestApp::new(&small_world(7, 600));
    let (id, rows) = until_orders(&mut app);
    // Who sends least leaves: what remains is still enough.
    let mut sent: BTreeMap<PlayerId, u32> = BTreeMap::new();
    rows.iter().for_each(|r| *sent.entry(r.member).or_default() += r.units.iter().map(|(_, n)| n).sum::<u32>());
    let leaver = *sent.iter().min_by_key(|(_, n)| **n).unwrap().0;
    app.send(SetMembership { player: leaver, alliance: None });
    let status = |app: &TestApp, of_leaver: bool| -> Vec<GroupStatus> {
        let groups = &operation(app, id).groups;
        groups.iter().filter(|g| (g.member == leaver) == of_leaver).map(|g| g.status).collect()
    };
    assert!(status(&app, true).iter().all(|s| *s == GroupStatus::HeldBack));
    assert!(status(&app, false).iter().all(|s| *s == GroupStatus::Waiting));
    let last = rows.iter().map(|r| r.arrival).max().unwrap();
    app.run(last - app.now() + GameSpan::hours(2));
    assert!(status(&app, true).iter().all(|s| *s == GroupStatus::HeldBack), "nothing of who left sets out");
    assert!(status(&app, false).iter().any(|s| matches!(s, GroupStatus::Launched { .. })), "the others go on");
    assert_eq!(app.audit(), Default::default());
}

#[test]
fn the_vote_of_who_leaves_is_void_and_the_roll_shrinks() {
    let mut app = TestApp::new(&small_world(7, 600));
    let open = |app: &TestApp| {
        let last = app.facts.iter().rev().find_map(|f| match f.fact {
            Fact::ProposalSubmitted { proposal, .. } => Some(proposal),
            _ => None,
        })?;
        let world = app.app.world();
        let proposal = world.get::<Proposal>(world.resource::<EntityIndex>().proposal(last)?)?;
        (proposal.status == ProposalStatus::Open && proposal.asked.len() >= 2).then(|| proposal.clone())
    };
    let proposal = loop {
        app.run(GameSpan::mins(10));
        assert!(app.now() < at(GameSpan::days(5)), "no vote in five days");
        if let Some(proposal) = open(&app) {
            break proposal;
        }
    };
    // Everyone but the proposer leaves: one seat is left, and he leads.
    let others: Vec<PlayerId> =
        proposal.roll.seats().iter().map(|s| s.member).filter(|m| *m != proposal.proposer).collect();
    for member in others {
        app.send(SetMembership { player: member, alliance: None });
    }
    app.run(proposal.deadline - app.now() + GameSpan::mins(10));
    let decided = app.facts.iter().find_map(|f| match &f.fact {
        Fact::ProposalDecided { proposal: id, outcome, failed_test, .. } if *id == proposal.id => {
            Some((outcome.clone(), failed_test.clone()))
        }
        _ => None,
    });
    let (outcome, test) = decided.unwrap();
    assert_eq!((outcome.as_str(), test.as_deref()), ("rejected", Some("participants")), "nobody is left to go");
    assert!(app.now() > GameTime(0));
}

#[test]
fn of_several_moves_at_one_instant_somebody_leads_and_nobody_else() {
    let mut app = two_alliances().start(Ruleset::extended());
    for member in [1, 2, 3] {
        app.send(set(member, None));
    }
    // The last one leaves as two others come.
    app.app.world_mut().write_message(set(4, None));
    app.app.world_mut().write_message(set(6, Some(1)));
    let told = app.send(set(3, Some(1))).to_vec();
    assert!(!told.iter().any(|f| matches!(f.fact, Fact::AllianceEliminated { .. })), "{told:?}");
    let ranks = [3, 6].map(|id| membership(&app, id).unwrap().rank);
    assert_eq!(ranks.iter().filter(|r| **r == Rank::Leader).count(), 1, "{ranks:?}");
    assert_eq!(player(&app, 6).kind, PlayerKind::Active);
}

#[test]
fn a_newcomer_has_a_nature_of_its_own_and_takes_along_what_it_sees_coming() {
    use bevy_alliance::base::contract::{DefenseAnswer, LaunchMarch, Manner};
    use bevy_alliance::base::id::SiteId;
    use bevy_alliance::society::personality::Traits;
    let mut made = two_alliances().village(8, 5, (60, 0), &[(LEGIONNAIRE, 500)]);
    made.0.sites.iter_mut().find(|s| s.id == SiteId(6)).unwrap().troops = Some(force(&[(LEGIONNAIRE, 20)]));
    let mut app = made.start(Ruleset::extended());
    let march = LaunchMarch {
        origin: SiteId(8),
        target: SiteId(6),
        force: force(&[(LEGIONNAIRE, 500)]),
        manner: Manner::Siege,
        aims: [None; 2],
    };
    app.send(march);
    app.send(set(6, Some(1)));
    let world = app.app.world();
    let entity = world.resource::<EntityIndex>().player(PlayerId(6)).unwrap();
    assert!(world.get::<Traits>(entity).is_some());
    app.run(GameSpan::hours(12));
    let answered = app.facts.iter().any(
        |f| matches!(f.fact, Fact::AlarmAnswered { site: SiteId(6), answer, .. } if answer != DefenseAnswer::None),
    );
    assert!(answered, "the alarm of who moved is answered all the same");
}

#[test]
fn who_is_nobody_any_more_joins_nothing_and_has_no_stance() {
    use bevy_alliance::base::contract::{SetStance, Stance};
    let mut scenario = two_alliances().player(8, 0, Rank::Member, PlayerKind::Bystander).0;
    scenario.seed = 2;
    let mut app = TestApp::new(&scenario);
    assert_eq!(refusals(app.send(set(8, Some(1))))[0].rule, "has_a_site");
    app.send(set(5, None));
    let stance = SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::War };
    assert_eq!(refusals(app.send(stance))[0].rule, "alliance_has_members");
}
