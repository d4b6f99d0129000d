//! The referee at the doors of operations: what it lets through, and what not, against a person who holds village 9.

use super::*;
use bevy_alliance::base::contract::{RequestRefused, SetStance};
use bevy_alliance::decision::fair_play::{Protection, VictimRecord};

/// The field, with a person in place of player 9, and alliance 3 beside alliance 1; they have nothing to do with each other.
fn against_a_person() -> Made {
    let mut made = field().active_alliance(3).stance(3, 2, Stance::War);
    made.0.players.iter_mut().find(|p| p.id == PlayerId(9)).unwrap().kind = PlayerKind::Human;
    made.player(7, 3, Rank::Leader, PlayerKind::Active).village(7, 7, (0, 30), &[(IMPERIAN, 400)])
}

fn begin(settings: FairPlaySettings) -> TestApp {
    let mut app = start(&against_a_person(), Ruleset::extended());
    app.app.insert_resource(settings);
    until(&mut app, at(GameSpan::hours(1)));
    app
}

const OTHER: ProposalId = ProposalId { alliance: AllianceId(3), n: 8 };
const HUNDRED: &[(&str, u32)] = &[(PRAETORIAN, 100)];

/// Alliance 1 strikes at T: passes in one millisecond.
fn ours(app: &mut TestApp, imperians: u32) {
    let groups = [1, 2].map(|from| planned(app, 9, &sent(from, &[(IMPERIAN, imperians)])));
    will_pass(app, BREAK, &[(9, HUNDRED)], 2.0, groups.to_vec(), |_, _| {});
}

/// Alliance 3 strikes so much later: passes in one millisecond.
fn theirs(app: &mut TestApp, after: GameSpan) {
    let group = planned(app, 9, &Sent { after, ..sent(7, &[(IMPERIAN, 200)]) });
    will_pass(app, BREAK, &[(9, HUNDRED)], 2.0, vec![group], |proposal, ballots| {
        (proposal.id, proposal.proposer) = (OTHER, PlayerId(7));
        proposal.asked = [(PlayerId(7), Asked::default())].into();
        let ballot = ballots.cast.remove(&PlayerId(1)).unwrap();
        ballots.cast = [(PlayerId(7), ballot)].into();
    });
}

fn started(app: &TestApp) -> Vec<ProposalId> {
    let of = |f: &CampaignFact| match &f.fact {
        Fact::OperationStarted { operation, .. } => Some(*operation),
        _ => None,
    };
    app.facts.iter().filter_map(of).collect()
}

fn refused(app: &TestApp) -> Vec<(String, String, Option<GameTime>)> {
    let all: Vec<RequestRefused> = refusals(&app.facts);
    all.into_iter().map(|r| (r.request, r.rule, r.retry_after)).collect()
}

fn record(app: &TestApp) -> VictimRecord {
    let world = app.app.world();
    let person = world.resource::<EntityIndex>().player(PlayerId(9)).unwrap();
    world.get::<VictimRecord>(person).unwrap().clone()
}

/// For one that is no beginner; how much is sent is another matter.
fn fair() -> FairPlaySettings {
    FairPlaySettings { beginner: GameSpan(0), force_factor: 1e6, ..FairPlaySettings::default() }
}

#[test]
fn of_two_operations_of_one_instant_one_starts() {
    let mut app = begin(FairPlaySettings::off());
    ours(&mut app, 100);
    theirs(&mut app, GameSpan(0));
    app.run(GameSpan(1));
    assert_eq!(started(&app), [ID, OTHER], "without a referee both do");
    let mut app = begin(fair());
    ours(&mut app, 100);
    theirs(&mut app, GameSpan(0));
    app.run(GameSpan(1));
    assert_eq!(started(&app), [ID]);
    let again = T + GameSpan::hours(48);
    let told = ("start_operation 3#8 on 9".to_owned(), "one_operation".to_owned(), Some(again));
    assert_eq!(refused(&app), [told]);
    assert_eq!(record(&app).told.get(&AllianceId(3)), Some(&again), "it knows until when to wait");
    until(&mut app, T + GameSpan::hours(2));
    let hits = record(&app).hits;
    assert_eq!(hits.len(), 1);
    assert!(hits[0].landed && (hits[0].first, hits[0].last) == (T, T), "{hits:?}");
}

#[test]
fn two_days_later_another_may_come() {
    for (after, starts) in [(GameSpan::hours(48), true), (GameSpan::hours(48) - GameSpan::millis(1), false)] {
        let mut app = begin(fair());
        ours(&mut app, 100);
        app.run(GameSpan(1));
        theirs(&mut app, after);
        app.run(GameSpan(1));
        assert_eq!(started(&app).contains(&OTHER), starts, "{after} later");
    }
}

#[test]
fn what_did_not_come_is_forgotten() {
    let mut app = begin(fair());
    ours(&mut app, 100);
    app.run(GameSpan(1));
    app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::Pact });
    until(&mut app, T + GameSpan::hours(2));
    assert_eq!(strikes(&app), []);
    assert_eq!(record(&app).hits, []);
}

#[test]
fn more_than_can_be_met_does_not_start() {
    // Twice 400 imperians cost 480,000 goods. Of village 9 nothing was seen, nor of the other one: 200 inhabitants each.
    let field = {
        let app = begin(fair());
        2.0 * 200.0 * app.app.world().resource::<Model>().goods_per_inhabitant()
    };
    let cost = |imperians: u32| f64::from(2 * imperians) * 600.0;
    for imperians in [20, 40, 80, 160, 320, 400] {
        let mut app = begin(FairPlaySettings { force_factor: 1.5, ..fair() });
        ours(&mut app, imperians);
        app.run(GameSpan(1));
        let fair = cost(imperians) <= 1.5 * field;
        assert_eq!(started(&app), if fair { vec![ID] } else { vec![] }, "{imperians} against {field}");
        assert_eq!(refused(&app).first().map(|r| r.1.as_str()), (!fair).then_some("force_limit"));
        assert_eq!(record(&app).hits.len(), usize::from(fair));
    }
}

#[test]
fn whoever_is_protected_is_left_in_peace() {
    // The person had not begun when the campaign did: the game protects it by hand.
    let protect = |app: &mut TestApp, until| {
        let world = app.app.world_mut();
        let person = world.resource::<EntityIndex>().player(PlayerId(9)).unwrap();
        world.entity_mut(person).insert(Protection { until });
    };
    let mut app = begin(fair());
    protect(&mut app, T + GameSpan(1));
    ours(&mut app, 100);
    app.run(GameSpan(1));
    assert_eq!(started(&app), []);
    assert_eq!(refused(&app)[0].1, "protected");
    assert_eq!(refused(&app)[0].2, Some(T + GameSpan(1)));
    // What waits stays at home, what has left comes.
    let mut app = begin(fair());
    ours(&mut app, 100);
    app.run(GameSpan(1));
    protect(&mut app, T + GameSpan::days(1));
    until(&mut app, T + GameSpan::hours(2));
    assert_eq!(strikes(&app), []);
    assert!(
        revisions(&app).iter().all(|(_, decision, why, _)| decision == "hold_back" && why.starts_with("fair_play"))
    );
    assert_eq!(revisions(&app).len(), 2, "both groups");
    let mut app = begin(fair());
    ours(&mut app, 100);
    until(&mut app, T - GameSpan::mins(10));
    protect(&mut app, T + GameSpan::days(1));
    until(&mut app, T + GameSpan::hours(2));
    assert_eq!(strikes(&app).len(), 2, "too late to turn");
}

#[test]
fn a_beginner_is_protected_from_the_start() {
    let made = against_a_person();
    let mut app = TestApp::with(&made.0, |app| {
        app.insert_resource(EconomySettings::still()).insert_resource(Ruleset::extended());
    });
    app.run(GameSpan::hours(1));
    let world = app.app.world();
    let person = world.resource::<EntityIndex>().player(PlayerId(9)).unwrap();
    assert_eq!(world.get::<Protection>(person), Some(&Protection { until: at(GameSpan::days(3)) }));
}

#[test]
fn an_added_wave_keeps_the_force_limit() {
    // The plan is fair, and just enough; the person doubles its garrison, and somebody sees it.
    let course = |settings: FairPlaySettings| {
        let mut app = begin(settings);
        look(&mut app, 9);
        ours(&mut app, 100);
        app.run(GameSpan(1));
        garrison(&mut app, 9, |home| home.add(class(PRAETORIAN), 100));
        look(&mut app, 9);
        revisions(&app).into_iter().map(|(_, decision, why, _)| format!("{decision} {why}")).collect::<Vec<_>>()
    };
    let with = course(fair());
    assert!(with[0].starts_with("add_wave"), "{with:?}");
    // So much that what goes is fair, and hardly more.
    let seen = {
        let app = begin(fair());
        let model = app.app.world().resource::<Model>();
        #[expect(clippy::cast_precision_loss, reason = "goods of one village")]
        let there = model.cost(&force(HUNDRED)) as f64;
        there + 200.0 * model.goods_per_inhabitant()
    };
    let just_fair = 200.0 * 600.0 / seen * 1.01;
    let without = course(FairPlaySettings { force_factor: just_fair, ..fair() });
    assert!(without.iter().all(|r| !r.starts_with("add_wave")), "{without:?}");
}
