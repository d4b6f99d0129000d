//! Why: what blocks an alliance, and the story of each order, of relief and of what was refused.

#![allow(clippy::unwrap_used, reason = "tests")]

use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::action::operations::{GroupStatus, Operation};
use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{Fact, Stance};
use bevy_alliance::base::id::{OrderId, ProposalId, SiteId};
use bevy_alliance::decision::planning::PlanningSettings;
use bevy_alliance::edge::report::{CampaignTally, OrderPurpose, Progress, ReportPlugin, Step, explain_order};
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::strategy::war_council::WarCouncilSettings;
use std::collections::BTreeSet;

fn told(setup: impl FnOnce(&mut App)) -> TestApp {
    TestApp::with(&small_world(1, 600), |app| {
        setup(app);
        app.add_plugins(ReportPlugin { host: Update.intern() });
    })
}

#[test]
fn each_order_is_explained_while_it_is_kept() {
    let mut app = told(|_| {});
    let (mut groups, mut defense, mut turned) = (BTreeSet::new(), BTreeSet::new(), 0);
    for _ in 0..16 * 24 {
        app.run(GameSpan::hours(1));
        let new = app.facts.drain(..).collect::<Vec<_>>();
        for fact in new {
            match fact.fact {
                Fact::OperationStarted { operation, rows, .. } => {
                    for row in rows {
                        let order = OrderId::of_group(operation, usize::from(row.group));
                        let told = explain_order(app.app.world_mut(), order).unwrap();
                        assert_eq!((told.member, told.origin, told.target), (row.member, row.origin, row.target));
                        assert_eq!((told.launch, told.arrival), (row.launch, row.arrival));
                        let OrderPurpose::Operation { operation: of, ballot, .. } = told.purpose else { panic!() };
                        assert_eq!(of, operation);
                        assert!(ballot.is_none_or(|b| b.cast_at <= fact.at));
                        groups.insert(order);
                    }
                }
                Fact::ReliefSent { order, site, helper, arrives, .. } => {
                    // It may have gone home within this hour.
                    if let Some(told) = explain_order(app.app.world_mut(), order) {
                        assert_eq!((told.member, told.target, told.arrival), (helper, site, arrives));
                        assert!(matches!(told.purpose, OrderPurpose::Relief { .. }));
                        assert!(
                            told.to_string().contains("helps against the hit") || told.to_string().contains("frontier")
                        );
                        defense.insert(order);
                    }
                }
                Fact::OperationRevised { operation, ref decision, ref reason, .. } if decision == "call_off_target" => {
                    turned += u32::from(tells_why(&mut app, operation, reason));
                }
                _ => {}
            }
        }
    }
    assert!(groups.len() > 20 && defense.len() > 5, "{} groups, {} reliefs", groups.len(), defense.len());
    assert!(turned > 0, "something was called off");
}

/// Whether a group that was turned by this change says so.
fn tells_why(app: &mut TestApp, operation: ProposalId, reason: &str) -> bool {
    let mut operations = app.app.world_mut().query::<&Operation>();
    let found = operations.iter(app.app.world()).find(|o| o.id == operation);
    let turned = |status: GroupStatus| matches!(status, GroupStatus::HeldBack | GroupStatus::Recalled { .. });
    let groups = found.unwrap().groups.clone();
    let mut orders = groups.iter().enumerate().filter(|(_, g)| turned(g.status)).map(|(i, _)| i);
    orders.any(|i| {
        let told = explain_order(app.app.world_mut(), OrderId::of_group(operation, i)).unwrap();
        let OrderPurpose::Operation { changes, .. } = &told.purpose else { return false };
        changes.iter().any(|change| change.reason == reason) && told.to_string().contains(reason)
    })
}

#[test]
fn what_nobody_keeps_is_not_explained() {
    let mut app = told(|_| {});
    let none = ProposalId { alliance: bevy_alliance::base::id::AllianceId(1), n: 99 };
    assert_eq!(explain_order(app.app.world_mut(), OrderId::of_group(none, 0)), None);
    assert_eq!(explain_order(app.app.world_mut(), OrderId::Defense { site: SiteId(1), n: 4 }), None);
    assert_eq!(explain_order(app.app.world_mut(), OrderId::Defense { site: SiteId(999_999), n: 1 }), None);
}

#[test]
fn what_blocks_is_what_was_put_in_the_way() {
    let gate = |app: &TestApp| {
        let blocked = app.app.world().resource::<CampaignTally>().blocked(app.now());
        blocked.into_iter().map(|b| (b.step, b.gate)).collect::<Vec<_>>()
    };
    // Nobody's score reaches this threshold.
    let mut strict = PlanningSettings::default();
    strict.scores.target_min = 9.0;
    let mut app = told(|app| {
        app.insert_resource(strict);
    });
    assert!(gate(&app).iter().all(|g| *g == (None, None)), "nobody has met yet");
    app.run(GameSpan::days(4));
    let tally = app.app.world().resource::<CampaignTally>();
    let stopped = |p: &Progress| p.gates.get("no_target_above_threshold").copied().unwrap_or(0);
    assert!(tally.progress().values().map(stopped).sum::<u64>() > 0, "{:?}", tally.progress());
    assert!(tally.progress().values().all(|p| p.last_launch.is_none()), "nothing left");
    for blocked in tally.blocked(app.now()) {
        assert!(blocked.quiet_hours > 90.0, "{blocked}");
        assert!(blocked.times <= blocked.of && blocked.of <= 18, "{blocked}");
    }
    // Peace with everybody.
    let mut scenario = small_world(1, 600);
    scenario.stances.retain(|(_, _, stance)| *stance != Stance::War);
    let settings = WarCouncilSettings { diplomacy: false, expansion_hours: 0.0, ..WarCouncilSettings::default() };
    let mut app = TestApp::with(&scenario, |app| {
        app.insert_resource(settings).add_plugins(ReportPlugin { host: Update.intern() });
    });
    app.run(GameSpan::hours(12));
    let gates = gate(&app);
    let waits = ["no_war", "no_option_above_threshold"];
    let at_peace = |(step, gate): &(Option<Step>, Option<String>)| {
        *step == Some(Step::Session) && gate.as_deref().is_some_and(|gate| waits.contains(&gate))
    };
    assert!(gates.iter().all(at_peace), "{gates:?}");
    assert!(app.now() > GameTime(0));
}
