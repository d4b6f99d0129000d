//! What becomes of marches and guests when those between whom they are become friends, or strangers.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy_alliance::base::clock::GameSpan;
use bevy_alliance::base::contract::{Manner, RecallMarch, SetMembership, SetStance, Stance};
use bevy_alliance::base::id::{AllianceId, PlayerId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::world::audit::Audit;
use common::*;

/// Three marches of player 1 on their way to village 9 of player 3, 36 fields away, and one that stays before it; one of
/// player 3 in return. Under the classic rules of recall, but with blockades.
fn under_way() -> TestApp {
    let mut rules = Ruleset::classic();
    rules.capabilities.blockade = true;
    let troops = [(LEGIONNAIRE, 90), ("equites_legati", 10)];
    let made = sides().village(1, 1, (36, 0), &troops).village(2, 1, (6, 0), &troops).village(9, 3, (0, 0), &troops);
    let mut app = made.start(rules);
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 10)], Manner::Siege);
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 10)], Manner::Raid);
    leaves(&mut app, 2, 9, &[(LEGIONNAIRE, 10)], Manner::Blockade);
    leaves(&mut app, 9, 1, &[(LEGIONNAIRE, 10)], Manner::Raid);
    until(&mut app, at(GameSpan::mins(90)));
    assert_eq!(blockades(&app, 9), [march_id(2, 1)]);
    leaves(&mut app, 1, 9, &[("equites_legati", 5)], Manner::Scout);
    until(&mut app, at(GameSpan::hours(2)));
    app
}

fn stance(a: u32, b: u32, stance: Stance) -> SetStance {
    SetStance { a: AllianceId(a), b: AllianceId(b), stance }
}

#[track_caller]
fn check_all_turned(mut app: TestApp) {
    let because = |site| (site, "friends_now".to_owned());
    assert_eq!(turned(&app), [because(1), because(1), because(1), because(2), because(9)]);
    assert_eq!(blockades(&app, 9), []);
    assert_eq!(march(&app, 1, 1).map(|m| m.arrival), Some(at(GameSpan::hours(4))), "as long as it was under way");
    assert_eq!(march(&app, 2, 1).map(|m| m.arrival), Some(at(GameSpan::hours(3))), "as long as the way there");
    assert_eq!(march(&app, 1, 3).map(|m| m.arrival), Some(at(GameSpan::mins(150))), "scouts, too");
    until(&mut app, at(GameSpan::hours(4)));
    assert_eq!((home(&app, 1).total(), home(&app, 2).total(), home(&app, 9).total()), (100, 100, 100));
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn a_treaty_turns_back_all_hostile_marches_at_once() {
    for treaty in [Stance::Truce, Stance::Pact, Stance::Confederacy] {
        let mut app = under_way();
        assert_eq!(refusals(app.send(stance(2, 1, treaty))), []);
        check_all_turned(app);
    }
    let mut app = under_way();
    app.send(stance(1, 2, Stance::War));
    assert_eq!(turned(&app), []);
}

#[test]
fn who_joins_is_attacked_no_longer() {
    let mut app = under_way();
    assert_eq!(refusals(app.send(SetMembership { player: PlayerId(3), alliance: Some(AllianceId(1)) })), []);
    check_all_turned(app);
}

#[test]
fn guests_of_one_who_leaves_go_home_and_so_do_his() {
    let troops = [(LEGIONNAIRE, 90)];
    let made = sides().village(1, 1, (0, 0), &troops).village(2, 2, (6, 0), &troops).village(3, 3, (30, 0), &troops);
    let made = made.village(4, 4, (36, 0), &troops).village(5, 1, (12, 0), &troops);
    let mut app = made.start(Ruleset::extended());
    for (from, to) in [(1, 2), (2, 1), (3, 4), (1, 5)] {
        leaves(&mut app, from, to, &[(LEGIONNAIRE, 40)], Manner::Reinforce);
    }
    until(&mut app, at(GameSpan::hours(5)));
    leaves(&mut app, 1, 2, &[(LEGIONNAIRE, 10)], Manner::Reinforce);
    assert_eq!(refusals(app.send(SetMembership { player: PlayerId(2), alliance: None })), []);
    assert!(guests(&app, 1).0.is_empty() && guests(&app, 2).0.is_empty());
    assert_eq!((guests(&app, 4).0.len(), guests(&app, 5).0.len()), (1, 1), "others stay");
    assert_eq!(app.audit(), Audit::default());
    until(&mut app, at(GameSpan::hours(6)));
    assert_eq!((home(&app, 1).total(), home(&app, 2).total()), (40, 90), "six fields at 6 an hour");
    assert_eq!(turned(&app), [(1, "cannot_enter".to_owned())], "who was under way finds the gates closed");
    until(&mut app, at(GameSpan::hours(7)));
    assert_eq!(home(&app, 1).total(), 50);
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn people_call_their_own_marches_back_as_the_rules_allow() {
    let troops = [(LEGIONNAIRE, 90)];
    for (rules, late) in [(Ruleset::extended(), None), (Ruleset::classic(), Some("recall".to_owned()))] {
        let made = sides().village(1, 1, (36, 0), &troops).village(2, 2, (30, 0), &troops).village(9, 3, (0, 0), &[]);
        let mut app = made.start(rules);
        let recall = |app: &mut TestApp, site: u32, n: u32| {
            refusals(app.send(RecallMarch { march: march_id(site, n) })).pop().map(|r| r.rule)
        };
        leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 10)], Manner::Siege);
        leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 10)], Manner::Siege);
        leaves(&mut app, 1, 2, &[(LEGIONNAIRE, 10)], Manner::Reinforce);
        until(&mut app, at(GameSpan::secs(90)));
        assert_eq!(recall(&mut app, 1, 1), None);
        assert_eq!(recall(&mut app, 1, 1), Some("under_way".to_owned()), "it is on its way home already");
        assert_eq!(recall(&mut app, 1, 9), Some("march_exists".to_owned()));
        until(&mut app, at(GameSpan::mins(90)));
        assert_eq!(recall(&mut app, 1, 2), late);
        assert_eq!(guests(&app, 2).0.len(), 1);
        assert_eq!(recall(&mut app, 1, 3), None, "guests can always be called home");
        until(&mut app, at(GameSpan::mins(150)));
        assert_eq!(home(&app, 1).count(class(LEGIONNAIRE)), 80);
        assert_eq!(app.audit(), Audit::default());
    }
}

#[test]
fn nobody_leaves_against_a_friend_or_to_stay_with_a_stranger() {
    let troops = [(LEGIONNAIRE, 90), ("equites_legati", 10)];
    let made = sides().village(1, 1, (6, 0), &troops).village(2, 2, (9, 0), &[]).village(9, 3, (0, 0), &[]);
    let mut app = made.stance(1, 2, Stance::Pact).start(Ruleset::extended());
    for manner in [Manner::Siege, Manner::Raid, Manner::Blockade] {
        assert_eq!(launch(&mut app, 1, 9, &[(LEGIONNAIRE, 9)], manner)[0].rule, "pact");
        assert_eq!(launch(&mut app, 1, 2, &[(LEGIONNAIRE, 9)], manner)[0].rule, "own_alliance");
    }
    assert_eq!(launch(&mut app, 1, 9, &[("equites_legati", 9)], Manner::Scout)[0].rule, "pact");
    leaves(&mut app, 1, 2, &[(LEGIONNAIRE, 9)], Manner::Reinforce);
    // Partners may stay with each other as long as they are.
    leaves(&mut app, 1, 9, &[(LEGIONNAIRE, 9)], Manner::Reinforce);
    until(&mut app, at(GameSpan::hours(2)));
    assert_eq!((guests(&app, 9).0.len(), guests(&app, 2).0.len()), (1, 1));
    app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::Neutral });
    assert_eq!((guests(&app, 9).0.len(), guests(&app, 2).0.len()), (0, 1));
    assert_eq!(launch(&mut app, 1, 9, &[(LEGIONNAIRE, 9)], Manner::Reinforce)[0].rule, "not_a_friend");
    until(&mut app, at(GameSpan::hours(4)));
    assert_eq!(home(&app, 1).count(class(LEGIONNAIRE)), 81);
}
