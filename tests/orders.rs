//! Members say that they will send what they were ordered to; who does not is replaced while there is time.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

#[path = "../examples/support/human_member/table.rs"]
#[expect(dead_code, reason = "the test uses its own part")]
mod table;

use bevy_alliance::action::operations::{Group, GroupStatus, Operation, OperationSettings, Orders};
use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{AcknowledgeOrder, Fact};
use bevy_alliance::base::id::{EntityIndex, PlayerId, ProposalId};
use bevy_alliance::decision::fair_play::FairPlaySettings;
use bevy_alliance::edge::report::CampaignTally;
use bevy_alliance::edge::test_app::{TestApp, small_world};
use std::collections::BTreeMap;
use table::Table;

/// An order, as the facts tell it.
#[derive(Clone, Debug)]
struct Told {
    given: GameTime,
    groups: u32,
    first_launch: GameTime,
    answer_by: GameTime,
    answers: Vec<(GameTime, String)>,
}

fn orders(app: &TestApp) -> BTreeMap<(ProposalId, PlayerId), Told> {
    let mut orders: BTreeMap<(ProposalId, PlayerId), Told> = BTreeMap::new();
    for fact in &app.facts {
        match &fact.fact {
            Fact::OrderGiven { operation, member, groups, first_launch, answer_by } => {
                let told = Told {
                    given: fact.at,
                    groups: *groups,
                    first_launch: *first_launch,
                    answer_by: *answer_by,
                    answers: Vec::new(),
                };
                assert!(orders.insert((*operation, *member), told).is_none(), "one order for each member");
            }
            Fact::OrderAnswered { operation, member, answer } => {
                orders.get_mut(&(*operation, *member)).unwrap().answers.push((fact.at, answer.clone()));
            }
            _ => {}
        }
    }
    orders
}

fn operation(app: &TestApp, id: ProposalId) -> &Operation {
    let world = app.app.world();
    world.get(world.resource::<EntityIndex>().proposal(id).unwrap()).unwrap()
}

fn groups_of(app: &TestApp, id: ProposalId, member: PlayerId) -> Vec<Group> {
    operation(app, id).groups.iter().filter(|g| g.member == member).cloned().collect()
}

#[test]
fn every_order_is_answered_once_in_time_and_who_is_silent_sends_nothing() {
    let mut given = 0;
    let mut silent = 0;
    for seed in 1..=4 {
        let mut app = TestApp::new(&small_world(seed, 300));
        app.run(GameSpan::days(12));
        let now = app.now();
        let all = orders(&app);
        given += all.len();
        for ((id, member), told) in &all {
            assert!(told.groups > 0 && told.given < told.answer_by);
            assert!(told.answer_by <= told.first_launch - GameSpan::mins(30), "others need the time");
            if told.answer_by >= now {
                continue;
            }
            // An operation may be called off before everybody has answered.
            let [(at, answer)] = &told.answers[..] else {
                assert!(told.answers.is_empty(), "{told:?}");
                let running = app.facts.iter().any(|f| match &f.fact {
                    Fact::OperationRevised { operation, .. } => operation == id,
                    _ => false,
                });
                assert!(running, "{id} was not answered by {member}: {told:?}");
                continue;
            };
            match answer.as_str() {
                "acknowledged" => {
                    let thought = *at - told.given;
                    assert!(thought >= GameSpan::mins(5) && *at <= told.answer_by);
                }
                "silent" => {
                    silent += 1;
                    assert_eq!(*at, told.answer_by);
                    // What was ordered then stays at home, whatever is ordered later.
                    let failed =
                        groups_of(&app, *id, *member).iter().filter(|g| g.status == GroupStatus::Failed).count();
                    assert!(failed >= 1, "{id} of {member}: {told:?}");
                }
                other => panic!("{other}"),
            }
        }
        let mut tally = CampaignTally::default();
        app.facts.iter().for_each(|f| tally.count(f));
        let counts = tally.summary().orders;
        assert_eq!(counts.given, all.len() as u64);
        assert!(counts.acknowledged + counts.silent + counts.refused <= counts.given);
    }
    assert!(given > 40, "only {given} orders");
    assert!(silent > 0, "nobody was ever silent in {given} orders");
}

#[test]
fn without_orders_nobody_is_asked() {
    let mut app = TestApp::with(&small_world(1, 300), |app| {
        let mut settings = OperationSettings::default();
        settings.orders.within = GameSpan(0);
        app.insert_resource(settings);
    });
    app.run(GameSpan::days(6));
    assert!(app.facts.iter().any(|f| matches!(f.fact, Fact::OperationStarted { .. })));
    assert_eq!(orders(&app).len(), 0);
    let refused = app.send(AcknowledgeOrder {
        member: PlayerId(1),
        operation: ProposalId { alliance: bevy_alliance::base::id::AllianceId(1), n: 1 },
        accepts: true,
    });
    assert!(matches!(&refused[0].fact, Fact::RequestRefused(r) if r.rule == "order_is_open"));
}

fn say(table: &mut Table, command: &str) -> String {
    table.command(command).unwrap().unwrap()
}

/// A person's attack that passed, and what was said until all was over; how the person answered its order.
fn ordered(answer: &str) -> (String, String) {
    let mut table = Table::with(1, FairPlaySettings::off()).unwrap();
    say(&mut table, "wait 30");
    let voted = say(&mut table, "attack agreed");
    assert!(voted.contains("you are to send"), "{voted}");
    let answered = if answer.is_empty() { String::new() } else { say(&mut table, answer) };
    (answered, say(&mut table, "wait 36"))
}

#[test]
fn a_person_that_refuses_in_time_is_replaced_and_one_that_says_nothing_keeps_its_word() {
    let (said, then) = ordered("order no");
    assert!(said.contains("could not leave: refused"), "{said}");
    assert!(!then.contains("could not leave: no_troops_at_home"), "{then}");
    for answer in ["order yes", ""] {
        let (said, then) = ordered(answer);
        assert!(!said.contains("could not leave") && !then.contains("is silent; others"), "{said}{then}");
        assert!(then.contains("goal_met"), "{then}");
    }
}

#[test]
fn orders_are_there_for_who_marches_and_for_nobody_else() {
    let mut app = TestApp::new(&small_world(1, 300));
    app.run(GameSpan::days(5));
    let given = orders(&app);
    let world = app.app.world_mut();
    let mut all = world.query::<(&Operation, Option<&Orders>)>();
    let mut kept = 0;
    for (operation, orders) in all.iter(world) {
        let Some(orders) = orders.filter(|o| !o.0.is_empty()) else { continue };
        assert!(!operation.scouting, "scouts have no time to answer");
        for (member, order) in &orders.0 {
            assert!(operation.groups.iter().any(|g| g.member == *member));
            let told = &given[&(operation.id, *member)];
            assert_eq!(order.answer_by, told.answer_by);
            assert_eq!(order.answered, told.answers.first().map(|(at, _)| *at));
            kept += 1;
        }
    }
    assert!(kept > 0, "orders are kept with their operations");
}

#[test]
fn what_is_no_open_order_of_a_person_is_refused() {
    let mut table = Table::with(1, FairPlaySettings::off()).unwrap();
    say(&mut table, "wait 30");
    say(&mut table, "attack best");
    say(&mut table, "wait 3");
    // The time for answering is over by then, and the groups have left.
    say(&mut table, "wait 8");
    let late = say(&mut table, "order no");
    assert!(late.contains("refused (order_is_open)"), "{late}");
}
