//! What a look leaves behind: an operation that nobody strikes for ends, one that is filled goes on, and what is judged,
//! counted and learned of it is what happened.

use super::*;
use bevy_alliance::action::operations::OPERATION_REVIEWED;
use bevy_alliance::base::contract::{AttackGroup, SetMembership};
use bevy_alliance::base::limits::Limits;
use bevy_alliance::decision::planning::allocation::by_home;
use bevy_alliance::decision::planning::{Lessons, Moments};
use bevy_alliance::society::alliance::Reliability;

const SENATOR: &str = "senator";
const HUNDRED: &[(&str, u32)] = &[(PRAETORIAN, 100)];

/// The field at hour 1, seen, with its villages' troops as given.
fn seen(made: &Made, rules: Ruleset, homes: &[(u32, u32)]) -> TestApp {
    let mut app = start(made, rules);
    look(&mut app, 9);
    for (village, imperians) in homes {
        garrison(&mut app, *village, |home| *home = force(&[(IMPERIAN, *imperians)]));
    }
    until(&mut app, at(GameSpan::hours(1)));
    app
}

/// Another village of the enemy with 100 praetorians, as near to the scouts as the first.
fn two_targets() -> Made {
    field().village(29, 9, (2, 0), HUNDRED)
}

/// The field, whose enemy can lose villages and leave its alliance: static owners keep what they have.
fn with_bystander() -> Made {
    let mut made = field();
    made.0.players.iter_mut().find(|p| p.id == PlayerId(9)).unwrap().kind = PlayerKind::Bystander;
    made
}

/// Scouts of village 5 look at both at one instant.
fn look_at_both(app: &mut TestApp) {
    leaves(app, 5, 9, &[(SCOUT, 5)], Manner::Scout);
    look(app, 29);
}

fn of_alliance(app: &TestApp) -> &Lessons {
    let world = app.app.world();
    world.get::<Lessons>(world.resource::<EntityIndex>().alliance(AllianceId(1)).unwrap()).unwrap()
}

fn reliability(app: &TestApp, player: u32) -> Reliability {
    let world = app.app.world();
    *world.get::<Reliability>(world.resource::<EntityIndex>().player(PlayerId(player)).unwrap()).unwrap()
}

fn after(from: u32, units: &[(&'static str, u32)], wave: u8, after: GameSpan) -> Sent {
    Sent { wave, after, ..sent(from, units) }
}

/// An operation of 200 imperians of one village against village 9, and of 30 of village 3 that draw eyes to village 29.
fn with_decoy(app: &mut TestApp, from: u32) {
    let decoy = Sent { errand: Errand::Distract, ..sent(3, &[(IMPERIAN, 30)]) };
    let groups = vec![planned(app, 9, &sent(from, &[(IMPERIAN, 200)])), planned(app, 29, &decoy)];
    passes_as(app, BREAK, &[(9, HUNDRED)], 2.0, groups, |_, _| {});
}

#[test]
fn a_gap_that_is_filled_at_the_same_look_ends_nothing() {
    let mut app = with_raider(330);
    passes(&mut app, BREAK, 9, HUNDRED, 2.0, &[sent(2, &[(IMPERIAN, 400)])]);
    until(&mut app, T - GameSpan::mins(270));
    leaves(&mut app, 8, 2, &[(IMPERIAN, 330)], Manner::Siege);
    until(&mut app, T + GameSpan::hours(2));
    decided(&app, &[("hold_back", "needed_at_home"), ("add_wave", "needed_at_home")]);
    assert!(!strikes(&app).is_empty());
    assert_eq!(result(&app), "goal_met");
}

#[test]
fn with_no_blow_to_come_decoys_go_home() {
    let mut app = seen(&two_targets(), Ruleset::extended(), &[(1, 0), (2, 0), (3, 30), (4, 0)]);
    with_decoy(&mut app, 1);
    until(&mut app, T + GameSpan::hours(2));
    decided(&app, &[("call_off_target", "no_show")]);
    assert_eq!((strikes(&app), result(&app).as_str()), (vec![], "aborted"));
}

#[test]
fn who_leaves_the_alliance_is_replaced_or_all_stay_at_home() {
    let mut app = seen(&field(), Ruleset::extended(), &[(2, 200)]);
    passes(&mut app, BREAK, 9, HUNDRED, 2.0, &[sent(2, &[(IMPERIAN, 200)])]);
    app.send(SetMembership { player: PlayerId(2), alliance: None });
    until(&mut app, T + GameSpan::hours(2));
    decided(&app, &[("call_off_target", "member_left"), ("add_wave", "no_show")]);
    assert_eq!(result(&app), "goal_met");
    // With nobody else, those who would draw eyes away stay too.
    let mut app = seen(&two_targets(), Ruleset::extended(), &[(1, 0), (2, 200), (3, 30), (4, 0)]);
    with_decoy(&mut app, 2);
    app.send(SetMembership { player: PlayerId(2), alliance: None });
    until(&mut app, T + GameSpan::hours(2));
    decided(&app, &[("call_off_target", "member_left"), ("call_off_target", "no_show")]);
    assert_eq!((strikes(&app), result(&app).as_str()), (vec![], "aborted"));
}

#[test]
fn nobody_gives_who_was_not_asked_or_whose_condition_was_not_met() {
    for (gives, expected) in
        [(true, ("add_wave", "reinforcements_seen")), (false, ("call_off_target", "reinforcements_seen"))]
    {
        let mut app = seen(&field(), Ruleset::extended(), &[(1, 100), (2, 100)]);
        let groups = [1, 2].map(|from| planned(&app, 9, &sent(from, &[(IMPERIAN, 100)]))).to_vec();
        passes_as(&mut app, BREAK, &[(9, HUNDRED)], 2.0, groups, |proposal, ballots| {
            if !gives {
                proposal.asked.remove(&PlayerId(3));
                ballots.dropped.insert(PlayerId(4), "fresh_intel".to_owned());
            }
        });
        garrison(&mut app, 9, |home| home.add(class(PRAETORIAN), 100));
        look(&mut app, 9);
        decided(&app, &[expected]);
    }
}

#[test]
fn an_enemy_that_was_stronger_than_seen_is_judged_so_at_each_look() {
    // What is seen is beaten twice over; what is reckoned to be there is not.
    for (bias, expected) in [(0.0, vec![]), (0.5, vec![("add_wave", "reinforcements_seen")])] {
        let mut app = seen(&field(), Ruleset::extended(), &[]);
        let alliance = app.app.world().resource::<EntityIndex>().alliance(AllianceId(1)).unwrap();
        let known = Moments { weight: 1e6, sum: 1e6 * bias, squares: 1e6 * bias * bias };
        app.app.world_mut().get_mut::<Lessons>(alliance).unwrap().enemies.insert(AllianceId(2), known);
        let groups = [sent(1, &[(IMPERIAN, 200)]), sent(2, &[(IMPERIAN, 200)])];
        passes(&mut app, BREAK, 9, HUNDRED, 4.0, &groups);
        garrison(&mut app, 9, |home| home.add(class(PRAETORIAN), 50));
        look(&mut app, 9);
        decided(&app, &expected);
    }
}

#[test]
fn what_was_called_off_teaches_nothing_and_what_was_lost_only_where_it_was_lost() {
    for (grown, met) in [(0, 1.0), (900, 0.0)] {
        let mut app = seen(&two_targets(), Ruleset::extended(), &[]);
        look(&mut app, 29);
        let groups =
            vec![planned(&app, 9, &sent(1, &[(IMPERIAN, 250)])), planned(&app, 29, &sent(2, &[(IMPERIAN, 250)]))];
        passes_as(&mut app, BREAK, &[(9, HUNDRED), (29, HUNDRED)], 2.0, groups, |_, _| {});
        garrison(&mut app, 29, |home| *home = Force::new());
        look(&mut app, 29);
        garrison(&mut app, 9, |home| home.add(class(PRAETORIAN), grown));
        until(&mut app, T + GameSpan::hours(2));
        decided(&app, &[("call_off_target", "evacuated")]);
        let lessons = of_alliance(&app);
        let weights: Vec<_> = lessons.enemies.iter().map(|(enemy, seen)| (enemy.0, seen.weight)).collect();
        assert_eq!(weights, [(2, 1.0)]);
        let record = lessons.patterns["by_hand"];
        assert_eq!((record.promised, record.met), (0.95, met));
    }
}

#[test]
fn a_few_guards_say_nothing_of_an_enemys_strength() {
    for (believed, learned) in [(70, true), (60, false)] {
        let mut app = seen(&field(), Ruleset::extended(), &[]);
        passes(&mut app, BREAK, 9, &[(PRAETORIAN, believed)], 2.0, &[sent(1, &[(IMPERIAN, 250)])]);
        until(&mut app, T + GameSpan::hours(2));
        let more = libm::log(100.0 / f64::from(believed));
        assert!(matches!(report(&app).lessons[..], [(SiteId(9), log)] if (log - more).abs() < 1e-9), "it is told");
        let of_enemy = of_alliance(&app).enemies.get(&AllianceId(2)).copied();
        assert_eq!(of_enemy.is_some(), learned, "30,000 goods are a defense");
        // How far the plan held its intel to be off is not the enemy's doing.
        let beside = |of: Moments| (of.squares - (more * more - 0.12 * 0.12)).abs() < 1e-9;
        assert!(of_enemy.is_none_or(beside), "{of_enemy:?}");
    }
}

#[test]
fn what_was_only_called_off_teaches_nothing_at_all() {
    let mut app = seen_late(Ruleset::classic());
    decided(&app, &[("write_off", "too_late_to_recall")]);
    until(&mut app, T + GameSpan::hours(2));
    assert_eq!(of_alliance(&app).patterns.get("by_hand"), None);
}

#[test]
fn a_lesson_is_of_the_alliance_that_was_attacked() {
    let mut app = seen(&with_bystander(), Ruleset::extended(), &[]);
    passes(&mut app, BREAK, 9, HUNDRED, 2.0, &[sent(1, &[(IMPERIAN, 250)])]);
    until(&mut app, T - GameSpan::mins(10));
    assert_eq!(refusals(app.send(SetMembership { player: PlayerId(9), alliance: None })), []);
    until(&mut app, T + GameSpan::hours(2));
    let enemies: Vec<u32> = of_alliance(&app).enemies.keys().map(|a| a.0).collect();
    assert_eq!(enemies, [2]);
}

#[test]
fn who_stays_before_a_target_and_dies_there_is_counted() {
    let made = field().village(8, 9, (3, 0), &[(IMPERIAN, 400)]);
    let mut app = seen(&made, Ruleset::extended(), &[]);
    let stays = Sent {
        errand: Errand::Stay { until: T + GameSpan::mins(20) },
        ..after(4, &[(IMPERIAN, 60)], 1, GameSpan::mins(-5))
    };
    passes(&mut app, BREAK, 9, HUNDRED, 2.0, &[sent(1, &[(IMPERIAN, 200)]), stays]);
    until(&mut app, T - GameSpan::mins(20));
    leaves(&mut app, 8, 9, &[(IMPERIAN, 400)], Manner::Reinforce);
    until(&mut app, T + GameSpan::hours(2));
    let report = report(&app);
    let cost = app.app.world().resource::<Model>().cost(&force(&[(IMPERIAN, 60)]));
    let of_four = report.members.iter().find(|(member, ..)| *member == PlayerId(4)).unwrap();
    assert_eq!(of_four.1, cost, "they all died");
}

#[test]
fn groups_of_one_home_are_weighed_together() {
    // Without either of two groups village 2 holds; without both it falls.
    let mut app = with_raider(200);
    let later = GameSpan::mins(2);
    let two = [IMPERIAN, IMPERIAN].map(|class| [(class, 200)]);
    let groups = [sent(1, &[(IMPERIAN, 300)]), sent(2, &two[0]), after(2, &two[1], 1, later)];
    passes(&mut app, BREAK, 9, HUNDRED, 2.0, &groups);
    until(&mut app, T - GameSpan::mins(270));
    leaves(&mut app, 8, 2, &[(IMPERIAN, 200)], Manner::Siege);
    until(&mut app, T + GameSpan::hours(2));
    decided(&app, &[("hold_back", "needed_at_home")]);
    assert_eq!(strikes(&app), [(1, T), (2, T)], "the one that would leave last stays");
}

#[test]
fn what_is_written_off_is_told_once() {
    let mut app = under_way(Ruleset::classic());
    until(&mut app, T - GameSpan::mins(95));
    for more in [400, 50] {
        garrison(&mut app, 9, |home| home.add(class(PRAETORIAN), more));
        look(&mut app, 9);
    }
    until(&mut app, T + GameSpan::hours(2));
    decided(&app, &[("write_off", "too_late_to_recall")]);
}

#[test]
fn waves_for_two_targets_are_within_the_limit_of_groups() {
    let mut app = seen(&two_targets(), Ruleset::extended(), &[(1, 100), (2, 100)]);
    look(&mut app, 29);
    app.app.world_mut().resource_mut::<Limits>().groups_per_operation = 3;
    let groups = vec![planned(&app, 9, &sent(1, &[(IMPERIAN, 100)])), planned(&app, 29, &sent(2, &[(IMPERIAN, 100)]))];
    passes_as(&mut app, BREAK, &[(9, HUNDRED), (29, HUNDRED)], 2.0, groups, |_, _| {});
    for target in [9, 29] {
        garrison(&mut app, target, |home| home.add(class(PRAETORIAN), 100));
    }
    look_at_both(&mut app);
    decided(&app, &[("add_wave", "reinforcements_seen"), ("call_off_target", "reinforcements_seen")]);
}

#[test]
fn what_is_added_is_looked_at_before_it_leaves() {
    #[derive(Resource, Default)]
    struct Points(Vec<GameTime>);
    fn note(batch: Res<DueBatch>, mut points: ResMut<Points>) {
        if batch.of(OPERATION_REVIEWED).iter().any(|e| e.n == 1) {
            points.0.push(batch.now());
        }
    }
    let mut app = seen(&field(), Ruleset::extended(), &[(1, 100), (2, 100), (4, 0)]);
    app.app.init_resource::<Points>().add_systems(Campaign, note.in_set(CampaignSystems::Settle));
    passes(&mut app, BREAK, 9, HUNDRED, 2.0, &[sent(1, &[(IMPERIAN, 100)]), sent(2, &[(IMPERIAN, 100)])]);
    garrison(&mut app, 9, |home| home.add(class(PRAETORIAN), 100));
    look(&mut app, 9);
    let (_, _, _, rows) = revisions(&app).remove(0);
    until(&mut app, T + GameSpan::hours(2));
    let points = &app.app.world().resource::<Points>().0;
    assert!(points.contains(&(rows[0].launch - GameSpan::secs(1))), "{points:?}: {rows:?}");
}

#[test]
fn a_group_that_leaves_with_a_part_of_its_troops_leaves_a_gap() {
    let mut app = under_way(Ruleset::extended());
    garrison(&mut app, 1, |home| *home = force(&[(IMPERIAN, 40)]));
    until(&mut app, T + GameSpan::hours(2));
    decided(&app, &[("add_wave", "no_show")]);
    assert!(strikes(&app).len() > 2);
}

#[test]
fn who_is_kept_at_home_by_a_decision_is_no_less_reliable() {
    let mut app = under_way(Ruleset::extended());
    // One of the two groups alone is four to one.
    app.app.world_mut().resource_mut::<OperationSettings>().react.enough_ratio = 3.2;
    garrison(&mut app, 9, |home| *home = force(&[(PRAETORIAN, 25)]));
    look(&mut app, 9);
    until(&mut app, T + GameSpan::hours(2));
    decided(&app, &[("hold_back", "more_than_needed")]);
    for player in [1, 2] {
        let share = reliability(&app, player).share();
        assert!((share - 1.0).abs() < f64::EPSILON, "{player}: {share}");
    }
    // Who could not leave is.
    let mut app = under_way(Ruleset::extended());
    garrison(&mut app, 1, |home| *home = Force::new());
    until(&mut app, T + GameSpan::hours(2));
    assert_eq!(reliability(&app, 1), Reliability { ordered: 1, launched: 0 });
}

#[test]
fn waves_of_one_village_are_one_army() {
    let of = |origin: u32, n: u32| AttackGroup {
        origin: SiteId(origin),
        player: PlayerId(1),
        population: 100,
        force: force(&[(IMPERIAN, n)]),
        upgrades: Levels::default(),
    };
    assert_eq!(by_home([of(2, 10), of(1, 5), of(2, 20), of(3, 0)]), [of(2, 30), of(1, 5)]);
}

#[test]
fn who_took_the_target_calls_nothing_off() {
    let mut app = seen(&with_bystander(), Ruleset::extended(), &[]);
    garrison(&mut app, 1, |home| *home = force(&[(IMPERIAN, 400), (SENATOR, 6)]));
    let groups = [sent(1, &[(IMPERIAN, 400), (SENATOR, 6)]), after(2, &[(IMPERIAN, 100)], 1, GameSpan(500))];
    passes(&mut app, Goal::Take, 9, HUNDRED, 2.0, &groups);
    until(&mut app, T + GameSpan::hours(2));
    assert_eq!(site(&app, SiteId(9)).unwrap().owner, PlayerId(1));
    decided(&app, &[("recall", "target_won")]);
    assert_eq!(result(&app), "goal_met");
}
