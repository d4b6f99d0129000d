//! War and peace between alliances that deliberate: offered, voted, answered and kept, each step with its reason.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy_alliance::action::diplomacy::OwnOffers;
use bevy_alliance::base::clock::{Agenda, GameSpan, GameTime};
use bevy_alliance::base::contract::{CampaignFact, Fact, PlayerKind, Rank, SetStance, Stance, Stances, Treaty};
use bevy_alliance::base::id::{AllianceId, EntityIndex, SiteId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::edge::report::{CampaignTally, DiplomacyCounts, explain};
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::knowledge::intel::{EnvoyMessage, Offers, envoy};
use bevy_alliance::society::alliance::{Credit, Decayed, Grievances, War, Wars, stance_change};
use bevy_alliance::strategy::war_council::WarCouncilSettings;
use common::*;

/// An alliance of three whose villages lie in a row that begins at this x; each holds this many soldiers.
fn add(made: Made, id: u32, x: i16, soldiers: u32) -> Made {
    let mut made = made.active_alliance(id);
    for n in 0..3_u32 {
        let (player, rank) = (10 * id + n, if n == 0 { Rank::Leader } else { Rank::Officer });
        let at = (x + i16::try_from(n).unwrap(), 0);
        made =
            made.player(player, id, rank, PlayerKind::Active).village(player, player, at, &[(LEGIONNAIRE, soldiers)]);
        // The later the larger.
        made = made.with(|site| site.population = 100 + 100 * n);
    }
    made
}

fn two(stance: Stance) -> TestApp {
    add(add(Made::new(), 1, 0, 20), 2, 20, 20).stance(1, 2, stance).start(Ruleset::extended())
}

fn component<C: bevy::prelude::Component>(app: &TestApp, alliance: u32) -> &C {
    let world = app.app.world();
    world.get::<C>(world.resource::<EntityIndex>().alliance(AllianceId(alliance)).unwrap()).unwrap()
}

fn change<C: bevy::prelude::Component<Mutability = bevy::ecs::component::Mutable>>(
    app: &mut TestApp,
    alliance: u32,
    change: impl FnOnce(&mut C),
) {
    let world = app.app.world_mut();
    let entity = world.resource::<EntityIndex>().alliance(AllianceId(alliance)).unwrap();
    change(&mut world.get_mut::<C>(entity).unwrap());
}

fn stance(app: &TestApp, a: u32, b: u32) -> Stance {
    let both = [(a, b), (b, a)].map(|(one, other)| component::<Stances>(app, one).to(AllianceId(other)));
    assert_eq!(both[0], both[1], "how two stand to each other is the same for both");
    both[0]
}

/// Everything that this alliance wanted of its war with the other is reached.
fn content(app: &mut TestApp, alliance: u32, with: u32) {
    change::<Wars>(app, alliance, |wars| {
        let war = wars.0.get_mut(&AllianceId(with)).unwrap();
        war.reached = war.aim.clone();
    });
}

fn counts(app: &TestApp) -> DiplomacyCounts {
    let mut tally = CampaignTally::default();
    app.facts.iter().for_each(|fact| tally.count(fact));
    tally.summary().diplomacy
}

fn first<T>(app: &TestApp, pick: impl Fn(&Fact) -> Option<T>) -> Option<(GameTime, T)> {
    app.facts.iter().find_map(|f: &CampaignFact| Some((f.at, pick(&f.fact)?)))
}

fn offers(app: &TestApp, from: u32) -> Vec<(GameTime, Treaty)> {
    let made = |f: &CampaignFact| match f.fact {
        Fact::OfferMade { by, treaty, .. } if by == AllianceId(from) => Some((f.at, treaty)),
        _ => None,
    };
    app.facts.iter().filter_map(made).collect()
}

fn hours(n: i64) -> GameTime {
    GameTime(0) + GameSpan::hours(n)
}

#[test]
fn a_war_whose_aims_are_reached_ends_by_a_peace_that_both_vote_for_and_a_truce_of_five_days() {
    let mut app = two(Stance::War);
    // The largest first.
    let wars: &Wars = component(&app, 1);
    assert_eq!(wars.0[&AllianceId(2)], War { aim: [22, 21, 20].map(SiteId).into(), declared: true, ..War::default() });
    content(&mut app, 1, 2);
    content(&mut app, 2, 1);
    app.run(GameSpan::days(3));
    assert_eq!(offers(&app, 1).len() + offers(&app, 2).len(), 0, "a war lasts three days at least");
    app.run(GameSpan::days(3));
    let (made, by) = first(&app, |f| match f {
        Fact::OfferMade { by, treaty: Treaty::Peace, .. } => Some(*by),
        _ => None,
    })
    .unwrap();
    let (agreed, _) = first(&app, |f| match f {
        Fact::OfferAnswered { to, treaty: Treaty::Peace, accepted: true, .. } if *to == by => Some(()),
        _ => None,
    })
    .unwrap();
    assert!(made > hours(72) && agreed > made && agreed < made + GameSpan::hours(36), "{made} {agreed}");
    assert_eq!(stance(&app, 1, 2), Stance::Truce);
    assert!(component::<Wars>(&app, 1).0.is_empty() && component::<Wars>(&app, 2).0.is_empty());
    // It ends by itself, to the millisecond, and was kept.
    app.run_in_steps(agreed + GameSpan::days(5) - app.now() - GameSpan(1), GameSpan::hours(1));
    assert_eq!(stance(&app, 1, 2), Stance::Truce);
    app.run_in_steps(GameSpan(1), GameSpan(1));
    assert_eq!(stance(&app, 1, 2), Stance::Neutral);
    let now = app.now();
    assert!((component::<Credit>(&app, 1).of(AllianceId(2), now) - 20.0).abs() < 1e-9);
    let told = counts(&app);
    assert_eq!((told.ended_by_peace, told.wars, told.broken), (1, 0, 0));
    assert!(told.war_days_median.is_some_and(|days| days > 3.0 && days < 6.0), "{told:?}");
}

#[test]
fn each_vote_on_peace_can_be_asked_why() {
    let mut app = two(Stance::War);
    content(&mut app, 1, 2);
    app.run(GameSpan::days(4));
    let (_, id) = first(&app, |f| match f {
        Fact::ProposalSubmitted { proposal, action, other, targets, .. } if action == "make_peace" => {
            assert_eq!((*other, targets.len()), (Some(AllianceId(2)), 0));
            Some(*proposal)
        }
        _ => None,
    })
    .unwrap();
    let why = explain(app.app.world(), id).unwrap();
    let (other, dealings) = why.dealings.unwrap();
    assert_eq!((other, dealings.aim_left, why.action.as_str()), (AllianceId(2), 0.0, "make_peace"));
    assert!(dealings.days >= 3.0, "{dealings:?}");
    for (member, ballot) in why.ballots.iter().filter(|(_, b)| b.reason.rule.is_none()) {
        let terms: Vec<&str> = ballot.reason.terms.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(terms, ["base", "prospect", "trust", "anger", "fear", "weary", "taste"], "{member}");
        assert!(ballot.pledge_share == 0.0 && ballot.conditions.is_empty());
    }
    let text = why.to_string();
    assert!(text.contains("make_peace with alliance 2, score") && text.contains("aim left 0.00"), "{text}");
}

#[test]
fn what_was_refused_is_not_offered_again_for_36_hours() {
    let mut app = two(Stance::War);
    content(&mut app, 1, 2);
    // The other wins, and has reached nothing of its aim.
    change::<Wars>(&mut app, 2, |wars| wars.0.get_mut(&AllianceId(1)).unwrap().killed = 3_000);
    app.run(GameSpan::days(9));
    assert_eq!(stance(&app, 1, 2), Stance::War);
    let refused: Vec<(GameTime, String)> = app
        .facts
        .iter()
        .filter_map(|f| match &f.fact {
            Fact::OfferAnswered { by: AllianceId(2), accepted: false, reason, .. } => Some((f.at, reason.clone())),
            _ => None,
        })
        .collect();
    let made: Vec<GameTime> = offers(&app, 1).into_iter().map(|(at, _)| at).collect();
    assert!(made.len() >= 2 && refused.len() + 1 >= made.len(), "{made:?} {refused:?}");
    for (refused, again) in refused.iter().zip(&made[1..]) {
        assert!(*again - refused.0 >= GameSpan::hours(36), "refused {refused:?}, offered again at {again}");
        assert!(refused.1.starts_with("score -"), "{refused:?}");
    }
    assert_eq!(counts(&app).repeated, 0);
}

#[test]
fn who_was_wronged_by_an_equal_in_reach_declares_war_for_its_largest_villages() {
    // What it has not seen of the other it takes for what the inhabitants suggest: it must be as strong as that.
    let made = add(add(Made::new(), 1, 0, 600), 2, 20, 20);
    let mut app = made.start(Ruleset::extended());
    change::<Grievances>(&mut app, 1, |held| {
        held.0.insert(AllianceId(2), Decayed { value: 90.0, since: GameTime(0) });
    });
    app.run(GameSpan::days(3));
    let (_, (by, aim)) = first(&app, |f| match f {
        Fact::WarDeclared { by, on: AllianceId(2), aim } => Some((*by, aim.clone())),
        _ => None,
    })
    .unwrap();
    assert_eq!((by, aim.as_slice()), (AllianceId(1), [22, 21, 20].map(SiteId).as_slice()));
    assert_eq!(stance(&app, 1, 2), Stance::War);
    assert!(component::<Wars>(&app, 1).0[&AllianceId(2)].declared);
    assert!(!component::<Wars>(&app, 2).0[&AllianceId(1)].declared);
}

#[test]
fn two_with_a_common_enemy_make_a_pact_and_it_ends_after_a_fortnight() {
    let made = add(add(add(Made::new(), 1, 0, 20), 2, 20, 20), 3, -60, 20);
    let made = made.stance(1, 3, Stance::War).stance(2, 3, Stance::War);
    let mut app = made.start(Ruleset::extended());
    app.run(GameSpan::days(3));
    let (agreed, ()) = first(&app, |f| match f {
        Fact::OfferAnswered { treaty: Treaty::Pact, accepted: true, .. } => Some(()),
        _ => None,
    })
    .unwrap();
    assert_eq!(stance(&app, 1, 2), Stance::Pact);
    let until = component::<Stances>(&app, 1).0[&AllianceId(2)].until;
    assert_eq!(until, Some(agreed + GameSpan::days(14)));
    assert!([1, 2].into_iter().all(|id| component::<OwnOffers>(&app, id).0.is_empty()), "void once they agreed");
}

fn apply(app: &mut TestApp, a: u32, b: u32, stance: Stance) -> Vec<String> {
    let at = app.now() + GameSpan(1);
    let entry = stance_change(AllianceId(a), AllianceId(b), stance, at);
    app.app.world_mut().resource_mut::<Agenda>().push(entry);
    let before = app.facts.len();
    app.run_in_steps(GameSpan(1), GameSpan(1));
    let rules = app.facts[before..].iter().filter_map(|f| match &f.fact {
        Fact::RequestRefused(refused) => Some(refused.rule.clone()),
        _ => None,
    });
    rules.collect()
}

fn five() -> TestApp {
    let made = (1..=5).fold(Made::new(), |made, id| add(made, id, 15 * i16::try_from(id).unwrap() - 50, 1));
    let mut app = made.start(Ruleset::extended());
    app.app.world_mut().resource_mut::<WarCouncilSettings>().diplomacy = false;
    app
}

#[test]
fn an_alliance_has_three_pacts_two_wars_of_its_own_and_is_in_a_bloc_of_three() {
    let mut app = five();
    for other in 2..=4 {
        assert!(apply(&mut app, 1, other, Stance::Pact).is_empty());
    }
    assert_eq!(apply(&mut app, 1, 5, Stance::Pact), ["pacts_max"]);
    assert_eq!(apply(&mut app, 5, 1, Stance::Pact), ["pacts_max"], "whoever asks");
    assert_eq!(apply(&mut app, 1, 2, Stance::Confederacy), ["confederacy_after"]);
    app.run(GameSpan::days(3));
    assert!(apply(&mut app, 1, 2, Stance::Confederacy).is_empty());
    assert!(apply(&mut app, 1, 3, Stance::Confederacy).is_empty());
    assert_eq!(apply(&mut app, 4, 1, Stance::Confederacy), ["confederacy_max"]);
    assert_eq!(apply(&mut app, 4, 5, Stance::Confederacy), ["confederacy_of_a_pact"]);
    assert_eq!(apply(&mut app, 1, 4, Stance::War), ["war_on_neutrals"]);
    assert!(apply(&mut app, 5, 2, Stance::War).is_empty() && apply(&mut app, 5, 3, Stance::War).is_empty());
    assert_eq!(apply(&mut app, 5, 4, Stance::War), ["offensive_wars_max"]);
    assert_eq!(apply(&mut app, 5, 2, Stance::Truce), ["war_min"]);
    assert_eq!(apply(&mut app, 5, 4, Stance::Truce), ["peace_ends_a_war"]);
    assert_eq!(stance(&app, 1, 2), Stance::Confederacy);
}

#[test]
fn a_broken_pact_costs_credit_with_everybody_and_most_with_the_other_side() {
    let mut app = five();
    assert!(apply(&mut app, 1, 2, Stance::Pact).is_empty());
    let told = app.send(SetStance { a: AllianceId(2), b: AllianceId(1), stance: Stance::War }).to_vec();
    let broken = told
        .iter()
        .any(|f| matches!(f.fact, Fact::TreatyBroken { by: AllianceId(2), with: AllianceId(1), stance: Stance::Pact }));
    assert!(broken, "{told:?}");
    let now = app.now();
    let credit = |alliance: u32| component::<Credit>(&app, alliance).of(AllianceId(2), now);
    for (alliance, expected) in [(1, -60.0), (2, 0.0), (3, -20.0)] {
        assert!((credit(alliance) - expected).abs() < 1e-9, "alliance {alliance}: {}", credit(alliance));
    }
    assert_eq!(counts(&app).broken, 1);
    // A pact that ends by itself by then would have been kept: it is a war now.
    app.run(GameSpan::days(15));
    assert_eq!(stance(&app, 1, 2), Stance::War);
}

#[test]
fn a_game_can_keep_war_and_peace_to_itself() {
    let mut app = two(Stance::War);
    app.app.world_mut().resource_mut::<WarCouncilSettings>().diplomacy = false;
    content(&mut app, 1, 2);
    content(&mut app, 2, 1);
    app.run(GameSpan::days(8));
    assert_eq!(stance(&app, 1, 2), Stance::War);
    assert!(offers(&app, 1).is_empty() && offers(&app, 2).is_empty());
    app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::Truce });
    app.run(GameSpan::days(8));
    assert_eq!(stance(&app, 1, 2), Stance::Truce, "what a game sets holds until it changes it");
}

/// An offer of one alliance to another, as if it had voted for it.
fn offer(app: &mut TestApp, from: u32, to: u32, treaty: Treaty) {
    let at = app.now() + GameSpan(1);
    let entry = envoy(AllianceId(from), AllianceId(to), EnvoyMessage::Offer(treaty), at);
    app.app.world_mut().resource_mut::<Agenda>().push(entry);
    app.run_in_steps(GameSpan(1), GameSpan(1));
}

#[test]
fn what_cannot_be_agreed_on_is_refused_by_the_rule() {
    let mut app = five();
    for other in 2..=4 {
        assert!(apply(&mut app, 1, other, Stance::Pact).is_empty());
    }
    app.app.world_mut().resource_mut::<WarCouncilSettings>().diplomacy = true;
    offer(&mut app, 5, 1, Treaty::Pact);
    app.run(GameSpan::hours(7));
    let (_, reason) = first(&app, |f| match f {
        Fact::OfferAnswered { by: AllianceId(1), to: AllianceId(5), accepted: false, reason, .. } => {
            Some(reason.clone())
        }
        _ => None,
    })
    .unwrap();
    assert_eq!(reason, "pacts_max");
    assert!(component::<Offers>(&app, 1).received.is_empty());
    assert!(component::<Offers>(&app, 5).refused.contains_key(&(AllianceId(1), Treaty::Pact)));
}

#[test]
fn an_agreement_that_has_become_impossible_is_none() {
    let mut app = five();
    for other in 2..=4 {
        assert!(apply(&mut app, 1, other, Stance::Pact).is_empty());
    }
    let before = app.facts.len();
    assert_eq!(apply(&mut app, 5, 1, Stance::Pact), ["pacts_max"]);
    let told: Vec<bool> = app.facts[before..]
        .iter()
        .filter_map(|f| match f.fact {
            Fact::OfferAnswered { by: AllianceId(1), to: AllianceId(5), accepted, .. } => Some(accepted),
            _ => None,
        })
        .collect();
    assert_eq!(told, [false]);
}

#[test]
fn a_stance_that_is_set_again_goes_on() {
    let mut app = two(Stance::War);
    content(&mut app, 1, 2);
    let since = component::<Stances>(&app, 1).0[&AllianceId(2)].since;
    app.run(GameSpan::days(2));
    let told = app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::War }).to_vec();
    let refused = told.iter().map(|f| match &f.fact {
        Fact::RequestRefused(refused) => refused.rule.clone(),
        fact => panic!("{fact:?}"),
    });
    assert_eq!(refused.collect::<Vec<_>>(), ["stance_changes"]);
    assert_eq!(component::<Stances>(&app, 1).0[&AllianceId(2)].since, since);
    assert_eq!(component::<Wars>(&app, 1).0[&AllianceId(2)].reached.len(), 3);
}
