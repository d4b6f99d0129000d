//! What members propose by themselves: planned and voted on as what a council proposes, or refused with the reason.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

use bevy_alliance::base::clock::GameSpan;
use bevy_alliance::base::contract::{
    Fact, Motion, PlayerKind, Propose, Rank, Scenario, SetStance, Stance, Treaty, Vote,
};
use bevy_alliance::base::id::{AllianceId, EntityIndex, PlayerId, SiteId};
use bevy_alliance::decision::council::{Ballots, Proposal};
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::strategy::war_council::WarCouncilSettings;

/// A world at war in which an officer of the first alliance is a person: the world, its alliance, and who it is.
fn world() -> (Scenario, AllianceId, PlayerId) {
    let mut scenario = small_world(7, 400);
    let alliance = scenario.alliances.iter().find(|a| a.active).unwrap().id;
    let officer = scenario.players.iter_mut().find(|p| p.membership == Some((alliance, Rank::Officer))).unwrap();
    officer.kind = PlayerKind::Human;
    let id = officer.id;
    (scenario, alliance, id)
}

fn rule(app: &mut TestApp, member: PlayerId, motion: Motion) -> Option<String> {
    let told = app.send(Propose { member, motion }).to_vec();
    told.iter().find_map(|f| match &f.fact {
        Fact::RequestRefused(refused) => Some(refused.rule.clone()),
        _ => None,
    })
}

fn attack(targets: &[SiteId]) -> Motion {
    Motion::Attack { targets: targets.to_vec(), pattern: None }
}

#[test]
fn an_officer_proposes_what_its_council_would_and_everybody_votes_on_it() {
    let (scenario, alliance, officer) = world();
    // What the council itself proposes in a world without the person is a plan that can be proposed.
    let mut app = TestApp::new(&scenario);
    let mut proposed = None;
    while proposed.is_none() && app.now() < bevy_alliance::base::clock::GameTime(0) + GameSpan::days(5) {
        app.run(GameSpan::mins(30));
        proposed = app.facts.iter().find_map(|f| match &f.fact {
            Fact::ProposalSubmitted { proposal, action, targets, .. }
                if proposal.alliance == alliance && action == "mass_attack" =>
            {
                Some((f.at, targets.clone()))
            }
            _ => None,
        });
    }
    let (at, targets) = proposed.unwrap();
    let mut app = TestApp::new(&scenario);
    app.run_in_steps(at - bevy_alliance::base::clock::GameTime(0) - GameSpan(1), GameSpan::hours(1));
    let told = app.send(Propose { member: officer, motion: attack(&targets) }).to_vec();
    let id = told
        .iter()
        .find_map(|f| match &f.fact {
            Fact::ProposalSubmitted { proposal, proposer, targets: of, .. } => {
                assert_eq!((*proposer, &of[..]), (officer, &targets[..]));
                Some(*proposal)
            }
            _ => None,
        })
        .unwrap_or_else(|| panic!("{told:?}"));
    let world = app.app.world();
    let entity = world.resource::<EntityIndex>().proposal(id).unwrap();
    let proposal = world.get::<Proposal>(entity).unwrap();
    assert!(proposal.roll.seats().len() > 1 && proposal.deadline > app.now());
    assert_eq!(world.get::<Ballots>(entity).unwrap().cast[&officer].vote, Vote::Approve);
}

#[test]
fn what_cannot_be_proposed_is_refused_with_the_reason() {
    let (mut scenario, alliance, officer) = world();
    let mut others = scenario.players.iter_mut().filter(|p| p.id != officer);
    let demoted = others.find(|p| p.membership == Some((alliance, Rank::Officer))).unwrap();
    demoted.membership = Some((alliance, Rank::Member));
    let plain = demoted.id;
    let of = |a: AllianceId| {
        let member = scenario.players.iter().find(|p| p.membership.is_some_and(|(id, _)| id == a)).unwrap().id;
        scenario.sites.iter().find(|s| s.owner == member).unwrap().id
    };
    let enemy = scenario.stances.iter().find_map(|(a, b, s)| match *s {
        Stance::War if *a == alliance => Some(*b),
        Stance::War if *b == alliance => Some(*a),
        _ => None,
    });
    let enemy = enemy.unwrap();
    let lone = PlayerId(9_999);
    let mut app = TestApp::new(&scenario);
    let by_nobody = Motion::Attack { targets: vec![of(enemy)], pattern: Some("nobody_knows_it".to_owned()) };
    for (member, motion, expected) in [
        (lone, attack(&[of(enemy)]), "is_a_member"),
        (plain, attack(&[of(enemy)]), "rank"),
        (officer, attack(&[]), "targets_per_operation"),
        (officer, attack(&[of(alliance)]), "no_war"),
        (officer, attack(&[of(enemy), of(alliance)]), "one_enemy"),
        (officer, attack(&[of(enemy)]), "no_intel"),
        (officer, attack(&[of(enemy), of(enemy)]), "different_targets"),
        (officer, by_nobody, "pattern_exists"),
        (officer, Motion::DeclareWar(enemy), "not_from_here"),
        (officer, Motion::Treaty(enemy, Treaty::Peace), "war_min"),
        (officer, Motion::Treaty(AllianceId(9_999), Treaty::Pact), "alliance_exists"),
    ] {
        assert_eq!(rule(&mut app, member, motion.clone()).as_deref(), Some(expected), "{motion:?}");
    }
    app.app.world_mut().resource_mut::<WarCouncilSettings>().diplomacy = false;
    assert_eq!(rule(&mut app, officer, Motion::DeclareWar(enemy)).as_deref(), Some("diplomacy"));
    assert!(!app.facts.iter().any(|f| matches!(f.fact, Fact::ProposalSubmitted { .. })));
}

#[test]
fn of_two_motions_of_one_instant_the_first_opens() {
    let (scenario, alliance, officer) = world();
    let others = scenario.alliances.iter().filter(|a| a.active && a.id != alliance).map(|a| a.id);
    let mut app = TestApp::new(&scenario);
    for other in others.clone() {
        app.send(SetStance { a: alliance, b: other, stance: Stance::Neutral });
    }
    let motion = |other| Propose { member: officer, motion: Motion::Treaty(other, Treaty::Pact) };
    let [one, two] = others.take(2).collect::<Vec<_>>()[..] else { panic!("two others") };
    app.app.world_mut().write_message(motion(one));
    let told = app.send(motion(two)).to_vec();
    let opened: Vec<_> = told
        .iter()
        .filter_map(|f| match &f.fact {
            Fact::ProposalSubmitted { other, .. } => Some(*other),
            _ => None,
        })
        .collect();
    assert_eq!(opened, [Some(one)]);
    let refused = told.iter().any(|f| matches!(&f.fact, Fact::RequestRefused(r) if r.rule == "vote_is_open"));
    assert!(refused, "{told:?}");
}

#[test]
fn peace_that_a_person_proposes_is_voted_on_and_offered() {
    let (scenario, alliance, officer) = world();
    let enemy =
        scenario.stances.iter().find_map(|(a, b, s)| (*s == Stance::War && *a == alliance).then_some(*b)).unwrap();
    let mut app = TestApp::new(&scenario);
    app.run(GameSpan::days(3) + GameSpan::hours(1));
    let told = app.send(Propose { member: officer, motion: Motion::Treaty(enemy, Treaty::Peace) }).to_vec();
    let submitted = told.iter().any(|f| {
        matches!(&f.fact, Fact::ProposalSubmitted { proposer, action, other, .. }
            if (*proposer, action.as_str(), *other) == (officer, "make_peace", Some(enemy)))
    });
    let refused = told.iter().find_map(|f| match &f.fact {
        Fact::RequestRefused(refused) => Some(refused.rule.as_str()),
        _ => None,
    });
    assert!(submitted || refused == Some("vote_is_open"), "{told:?}");
}
