//! Who joins and who leaves: ranks, rolls, operations under way, and requests that make no sense.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::Update;
use bevy_alliance::action::operations::{GroupStatus, Operation};
use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{
    AnswerApplication, Apply, CampaignFact, Fact, LaunchRow, Player, PlayerKind, Rank, RequestRefused, Say,
    SetMembership, SetRank,
};
use bevy_alliance::base::id::{AllianceId, EntityIndex, PlayerId, ProposalId};
use bevy_alliance::base::limits::Limits;
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::decision::council::{Proposal, ProposalStatus};
use bevy_alliance::edge::report::{CampaignTally, Channels, Letter, LetterKind, ReportPlugin, minutes};
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

fn apply(player: u32, alliance: u32) -> Apply {
    Apply { player: PlayerId(player), alliance: AllianceId(alliance) }
}

/// The answers to applications: whose, by whom, whether it is taken in, why.
fn answers(facts: &[CampaignFact]) -> Vec<(u32, Option<u32>, bool, String)> {
    let of = |f: &CampaignFact| match &f.fact {
        Fact::ApplicationAnswered { player, by, accepted, reason, .. } => {
            Some((player.0, by.map(|p| p.0), *accepted, reason.clone()))
        }
        _ => None,
    };
    facts.iter().filter_map(of).collect()
}

#[test]
fn whoever_leads_answers_who_applies_when_it_has_thought() {
    let mut app = two_alliances().start(Ruleset::extended());
    let told = app.send(apply(6, 1)).to_vec();
    let answer_by = told.iter().find_map(|f| match f.fact {
        Fact::ApplicationMade { alliance: AllianceId(1), player: PlayerId(6), answer_by } => Some(answer_by),
        _ => None,
    });
    let answer_by = answer_by.unwrap();
    let thought = answer_by - GameTime(0);
    assert!(thought >= GameSpan::mins(5) && thought <= GameSpan::mins(90), "{thought}");
    until(&mut app, answer_by - GameSpan(1));
    assert_eq!(membership(&app, 6), None);
    until(&mut app, answer_by);
    app.update();
    assert_eq!(answers(&app.facts), [(6, Some(1), true, "welcome".to_owned())]);
    assert_eq!(membership(&app, 6), Some(Membership { alliance: AllianceId(1), rank: Rank::Member }));
    assert_eq!(player(&app, 6).kind, PlayerKind::Active);
    // Whoever is too far away, or too small, is not.
    let mut made = two_alliances();
    made.0.sites[5].at = bevy_alliance::base::geometry::Tile::new(80, 0);
    let mut app = made.start(Ruleset::extended());
    app.send(apply(6, 1));
    app.run(GameSpan::hours(2));
    assert_eq!(answers(&app.facts), [(6, Some(1), false, "out_of_reach".to_owned())]);
    let mut made = two_alliances();
    made.0.sites[5].population = 40;
    let mut app = made.start(Ruleset::extended());
    app.send(apply(6, 1));
    app.run(GameSpan::hours(2));
    assert_eq!(answers(&app.facts), [(6, Some(1), false, "too_small".to_owned())]);
    assert_eq!(membership(&app, 6), None);
}

#[test]
fn a_person_who_leads_answers_by_hand_and_officers_do_where_it_does_not() {
    let led_by_a_person = || {
        let mut made = two_alliances();
        made.0.players[0].kind = PlayerKind::Human;
        made
    };
    let answer = |by, accepts| AnswerApplication { by: PlayerId(by), player: PlayerId(6), accepts };
    for accepts in [true, false] {
        let mut app = led_by_a_person().start(Ruleset::extended());
        app.send(apply(6, 1));
        app.run(GameSpan::hours(3));
        assert_eq!(answers(&app.facts), []);
        let told = app.send(answer(3, accepts)).to_vec();
        assert_eq!(refusals(&told)[0].rule, "may_answer", "a member is neither leader nor officer");
        app.send(answer(1, accepts));
        assert_eq!(answers(&app.facts), [(6, Some(1), accepts, "by_hand".to_owned())]);
        assert_eq!(membership(&app, 6).is_some(), accepts);
        assert_eq!(refusals(app.send(answer(1, accepts)))[0].rule, "application_waits");
        app.run(GameSpan::hours(30));
        assert_eq!(answers(&app.facts).len(), 1, "what was answered is not answered again");
    }
    let mut app = led_by_a_person().start(Ruleset::extended());
    app.send(apply(6, 1));
    app.run(GameSpan::hours(24));
    app.update();
    assert_eq!(answers(&app.facts), [(6, Some(2), true, "welcome".to_owned())], "the officer, after a day");
    let mut made = led_by_a_person();
    made.0.players[1].kind = PlayerKind::Human;
    let mut app = made.start(Ruleset::extended());
    app.send(apply(6, 1));
    app.run(GameSpan::hours(25));
    assert_eq!(answers(&app.facts), [(6, None, false, "nobody_answered".to_owned())]);
}

#[test]
fn applications_that_make_no_sense_are_refused_by_name() {
    let mut app = two_alliances().start(Ruleset::extended());
    let mut rule = |request: Apply| refusals(app.send(request)).first().map(|r| r.rule.clone());
    assert_eq!(rule(apply(99, 1)).as_deref(), Some("player_exists"));
    assert_eq!(rule(apply(7, 1)).as_deref(), Some("has_a_site"), "who never acts");
    assert_eq!(rule(apply(6, 2)).as_deref(), Some("alliance_deliberates"));
    assert_eq!(rule(apply(3, 1)).as_deref(), Some("another_alliance"));
    assert_eq!(rule(apply(6, 1)), None);
    assert_eq!(rule(apply(6, 1)).as_deref(), Some("one_application"));
}

#[test]
fn an_application_ends_when_its_player_moves_and_a_full_alliance_takes_nobody() {
    let mut app = two_alliances().start(Ruleset::extended());
    app.send(apply(6, 1));
    app.send(set(6, Some(2)));
    app.run(GameSpan::hours(3));
    assert_eq!(answers(&app.facts), []);
    assert_eq!(membership(&app, 6).unwrap().alliance, AllianceId(2));
    let mut app = two_alliances().start(Ruleset::extended());
    app.app.world_mut().resource_mut::<Limits>().members_per_alliance = 4;
    app.send(apply(6, 1));
    app.run(GameSpan::hours(3));
    assert_eq!(answers(&app.facts), [(6, Some(1), false, "full".to_owned())]);
    assert_eq!(membership(&app, 6), None);
    // A person who comes to lead has a day from when it was made, whoever led then.
    let mut made = two_alliances();
    made.0.players[3].membership = Some((AllianceId(1), Rank::Officer));
    let mut app = made.start(Ruleset::extended());
    app.send(apply(6, 1));
    app.send(SetRank { player: PlayerId(4), rank: Rank::Leader });
    app.run(GameSpan::hours(23));
    assert_eq!(answers(&app.facts), []);
    app.run(GameSpan::hours(2));
    assert_eq!(answers(&app.facts), [(6, Some(1), true, "welcome".to_owned())]);
}

#[test]
fn ranks_change_and_somebody_always_leads() {
    let mut app = two_alliances().start(Ruleset::extended());
    let rank = |player, rank| SetRank { player: PlayerId(player), rank };
    app.send(rank(3, Rank::Officer));
    assert_eq!(membership(&app, 3).unwrap().rank, Rank::Officer);
    app.send(rank(3, Rank::Leader));
    assert_eq!(membership(&app, 3).unwrap().rank, Rank::Leader);
    assert_eq!(membership(&app, 1).unwrap().rank, Rank::Officer, "who led is among the officers");
    for (request, rule) in [
        (rank(3, Rank::Member), "somebody_leads"),
        (rank(2, Rank::Officer), "another_rank"),
        (rank(6, Rank::Officer), "is_a_member"),
        (rank(99, Rank::Officer), "is_a_member"),
    ] {
        assert_eq!(refusals(app.send(request))[0].rule, rule);
    }
    let leaders = (1..=4).filter(|id| membership(&app, *id).unwrap().rank == Rank::Leader).count();
    assert_eq!(leaders, 1);
}

#[test]
fn what_is_said_reaches_the_own_alliance_only_and_is_bounded() {
    let mut app = TestApp::with(&two_alliances().0, |app| {
        app.add_plugins(ReportPlugin { host: Update.intern() });
    });
    let say = |player, text: &str| Say { player: PlayerId(player), text: text.to_owned() };
    let state = |app: &mut TestApp| -> Vec<_> {
        // The log has every input, words too.
        app.hash_parts().into_iter().filter(|(name, _)| *name != "input_log").collect()
    };
    let before = state(&mut app);
    app.send(say(4, "we attack\u{202e} at\u{7} dawn"));
    assert_eq!(state(&mut app), before, "words are no state");
    let letters = |app: &TestApp, alliance| -> Vec<Letter> {
        app.app.world().resource::<Channels>().of(AllianceId(alliance)).cloned().collect()
    };
    assert_eq!(letters(&app, 1)[0].kind, LetterKind::Said { text: "we attack at dawn".to_owned() });
    assert_eq!(letters(&app, 2), []);
    let long = "x".repeat(1_001);
    for (request, rule) in
        [(say(6, "hello"), "is_a_member"), (say(4, &long), "text_chars"), (say(4, "\u{200b}\n"), "some_text")]
    {
        assert_eq!(refusals(app.send(request))[0].rule, rule);
    }
    // Who moves hears nothing of before, and is heard where it is.
    app.send(set(6, Some(1)));
    let told = letters(&app, 1);
    assert_eq!(told.last().unwrap().kind, LetterKind::Membership { what: "joins".to_owned() });
    for n in 0..300 {
        app.send(say(4, &format!("{n}")));
    }
    let all = letters(&app, 1);
    assert_eq!((all.len(), all.last().unwrap().n), (Channels::KEPT, 302));
    let (channels, tally) = (app.app.world().resource::<Channels>(), app.app.world().resource::<CampaignTally>());
    let written = minutes(channels, &tally.directory, AllianceId(1));
    assert!(written.contains("(the latest 256 messages; what came before is not kept)"), "{written}");
}
