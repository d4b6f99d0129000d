//! Each metric by facts made by hand.

use super::metrics::Metric;
use super::{BANDS, Behavior, Sample, Samples};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{
    CampaignFact, Condition, DefenseAnswer, Fact, LaunchRow, Manner, OperationReport, Reason, Stance, Treaty, Vote,
};
use crate::base::goods::Goods;
use crate::base::id::{AllianceId, OrderId, PlayerId, ProposalId, SiteId};
use crate::edge::report::CampaignTally;
use std::collections::BTreeMap;

/// A tally that facts of these tests are told to. Alliances 1 to 3 deliberate, 9 does not; player and site n0 to n9 belong to
/// alliance n.
struct Told(CampaignTally);

impl Told {
    fn new() -> Self {
        let mut tally = CampaignTally::default();
        tally.directory.active = [1, 2, 3].map(AllianceId).to_vec();
        for alliance in [1, 2, 3, 9] {
            for n in alliance * 10..alliance * 10 + 10 {
                tally.directory.alliance_of.insert(PlayerId(n), AllianceId(alliance));
                tally.directory.sites.insert(SiteId(n), (String::new(), PlayerId(n)));
            }
        }
        Self(tally)
    }

    fn tell(&mut self, hours: i64, fact: Fact) {
        self.0.count(&CampaignFact { at: at(hours), fact });
    }

    fn is(&self, metric: Metric, expected: f64) {
        let found = self.0.behavior().of(metric);
        assert!(found.is_some_and(|f| (f - expected).abs() < 1e-9), "{}: {found:?}, not {expected}", metric.key());
    }

    fn is_of(&self, alliance: u32, metric: Metric, expected: f64) {
        let found = self.0.samples(Some(AllianceId(alliance))).value(metric);
        assert!(found.is_some_and(|f| (f - expected).abs() < 1e-9), "{}: {found:?}, not {expected}", metric.key());
    }

    fn has_none(&self, metric: Metric) {
        assert_eq!(self.0.behavior().of(metric), None, "{}", metric.key());
    }

    /// A proposal of an attack by alliance 1 on a site.
    fn proposes(&mut self, n: u32, target: u32) {
        let fact = Fact::ProposalSubmitted {
            proposal: operation(n),
            proposer: PlayerId(10),
            action: "mass_attack".to_owned(),
            targets: vec![SiteId(target)],
            other: None,
            pattern: "pin".to_owned(),
            deadline: at(2),
            arrival: at(20),
            cites: Vec::new(),
        };
        self.tell(0, fact);
    }

    fn votes(&mut self, n: u32, votes: &[(Vote, bool)]) {
        for (i, (vote, conditional)) in votes.iter().enumerate() {
            let conditions = if *conditional { vec![Condition::MinParticipants(3)] } else { Vec::new() };
            let member = PlayerId(10 + u32::try_from(i).unwrap());
            let (vote, reason) = (*vote, Reason::default());
            self.tell(
                1,
                Fact::BallotCast { proposal: operation(n), member, vote, conditions, pledge_share: 0.5, reason },
            );
        }
    }

    fn decides(&mut self, n: u32, outcome: &str, (conditions_met, conditions_unmet): (u32, u32)) {
        let (outcome, failed_test) = (outcome.to_owned(), None);
        let proposal = operation(n);
        self.tell(2, Fact::ProposalDecided { proposal, outcome, failed_test, conditions_met, conditions_unmet });
    }

    fn starts(&mut self, n: u32, rows: Vec<LaunchRow>) {
        let (goal, left_out) = ("break".to_owned(), Vec::new());
        self.tell(3, Fact::OperationStarted { operation: operation(n), goal, rows, left_out });
    }

    fn fights(&mut self, hours: i64, n: Option<u32>, site: u32, (attackers_lost, defenders_lost): (i64, i64)) {
        let fact = Fact::BattleFought {
            site: SiteId(site),
            defender: PlayerId(site),
            attackers: vec![(PlayerId(10), 1_000)],
            operation: n.map(operation),
            manner: Manner::Siege,
            attackers_lost,
            defenders_lost,
            attacker_loss: 0.5,
            defender_loss: 0.5,
            loot: Goods::ZERO,
            wall: (1, 1),
            levels_lost: 0,
        };
        self.tell(hours, fact);
    }

    fn concludes(&mut self, n: u32, site: u32, result: &str, change: impl FnOnce(&mut OperationReport)) {
        let mut report = OperationReport {
            operation: operation(n),
            goal: "break".to_owned(),
            result: result.to_owned(),
            targets: vec![(SiteId(site), None, result == "goal_met")],
            ..OperationReport::default()
        };
        change(&mut report);
        self.tell(30, Fact::OperationConcluded(Box::new(report)));
    }
}

fn at(hours: i64) -> GameTime {
    GameTime(0) + GameSpan::hours(hours)
}

fn operation(n: u32) -> ProposalId {
    ProposalId { alliance: AllianceId(1), n }
}

fn row(group: u16, origin: u32, target: u32, units: u32) -> LaunchRow {
    LaunchRow {
        group,
        member: PlayerId(origin),
        origin: SiteId(origin),
        target: SiteId(target),
        wave: 0,
        units: vec![("legionnaire".to_owned(), units)],
        launch: at(5),
        travel: GameSpan::hours(15),
        arrival: at(20),
    }
}

#[test]
fn nothing_that_happened_has_no_value() {
    let told = Told::new();
    // All three alliances were spared alike, which is no unevenness.
    for metric in Metric::ALL {
        told.has_none(*metric);
    }
    assert_eq!(told.0.behavior().values.len(), Metric::ALL.len());
}

#[test]
fn votes() {
    use Vote::{Abstain, Approve, Reject};
    let mut told = Told::new();
    told.proposes(1, 20);
    // Pairs: one of approvals, of six.
    told.votes(1, &[(Approve, true), (Approve, false), (Reject, false), (Abstain, false)]);
    told.decides(1, "passed", (1, 0));
    told.proposes(2, 20);
    // Three of three.
    told.votes(2, &[(Approve, true), (Approve, true), (Approve, false)]);
    told.decides(2, "rejected", (0, 2));
    told.proposes(3, 20);
    told.votes(3, &[(Approve, false)]);
    told.is(Metric::Passed, 0.5);
    told.is(Metric::Rejecting, 1.0 / 8.0);
    told.is(Metric::Abstaining, 1.0 / 8.0);
    told.is(Metric::Conditional, 3.0 / 8.0);
    told.is(Metric::ConditionsMet, 1.0 / 3.0);
    told.is(Metric::Agreement, f64::midpoint(1.0 / 6.0, 1.0));
    assert_eq!(told.0.samples(Some(AllianceId(2))).value(Metric::Passed), None, "alliance 2 decided nothing");
}

#[test]
fn results_are_split_by_who_was_attacked() {
    let mut told = Told::new();
    let cases = [
        // Target, result, gave itself, sent, lost.
        (20, "goal_met", 0.9, 100, 10),
        (21, "failed", 0.6, 100, 80),
        (90, "goal_met", 0.8, 100, 20),
        (91, "partly", 0.5, 100, 30),
        (92, "aborted", 0.9, 100, 40),
    ];
    for (n, (site, result, win, sent, lost)) in (1..).zip(cases) {
        told.proposes(n, site);
        told.fights(20, Some(n), site, (lost, 50));
        told.concludes(n, site, result, |report| {
            (report.expected_win, report.sent_goods, report.lost_goods) = (win, sent, lost);
        });
    }
    told.is(Metric::GoalMet, 0.5);
    told.is(Metric::GoalMetActive, 0.5);
    told.is(Metric::GoalMetPassive, 0.5);
    told.is(Metric::WinEstimateOff, (0.9 + 0.6 + 0.8 + 0.5 - 2.0) / 4.0);
    told.is(Metric::WinEstimateOffActive, (0.9 + 0.6 - 1.0) / 2.0);
    told.is(Metric::WinEstimateOffPassive, (0.8 + 0.5 - 1.0) / 2.0);
    // What was called off cost something too.
    told.is(Metric::LossShareMedian, 0.3);
    told.is(Metric::LossShareMedianActive, 0.45);
    told.is(Metric::LossShareMedianPassive, 0.3);
    told.is(Metric::LossShareNineTenths, 0.8);
    told.is(Metric::KillRatio, 250.0 / 180.0);
    told.is(Metric::KillRatioActive, 100.0 / 90.0);
    told.is(Metric::KillRatioPassive, 150.0 / 90.0);
}

#[test]
fn expansions_and_what_never_fought_are_no_results() {
    let mut told = Told::new();
    told.proposes(1, 20);
    told.starts(1, vec![row(0, 10, 20, 50)]);
    told.concludes(1, 20, "aborted", |report| report.sent_goods = 100);
    told.has_none(Metric::LossShareMedian);
    told.concludes(2, 20, "goal_met", |report| report.goal = "found".to_owned());
    told.has_none(Metric::GoalMet);
}

#[test]
fn old_sights_are_held_against_young_ones() {
    let mut told = Told::new();
    for n in 1..=10 {
        told.proposes(n, 20);
        // Four of five on young sights, two of five on old ones.
        let (old, met) = (n > 5, if n > 5 { n <= 7 } else { n <= 4 });
        let result = if met { "goal_met" } else { "failed" };
        told.concludes(n, 20, result, |report| report.intel_age_hours = Some(if old { 50.0 } else { 48.0 }));
    }
    told.is(Metric::GoalMetYoungIntel, 0.8);
    told.is(Metric::GoalMetOldIntel, 0.4);
    told.is(Metric::OldIntelGap, 0.4);
    let mut few = Told::new();
    few.concludes(1, 20, "goal_met", |report| report.intel_age_hours = Some(50.0));
    few.is(Metric::GoalMetOldIntel, 1.0);
    few.has_none(Metric::OldIntelGap);
    few.concludes(2, 90, "failed", |report| report.intel_age_hours = Some(50.0));
    few.is(Metric::GoalMetOldIntel, 1.0);
}

#[test]
fn a_hammer_rests_between_the_operations_to_which_it_was_sent() {
    let mut told = Told::new();
    let left = |n, group, planned: i64, units| {
        let order = OrderId::of_group(operation(n), group);
        (planned, Fact::GroupLaunched { order, planned: at(planned), units })
    };
    for n in 1..=4 {
        told.starts(n, vec![row(0, 10, 20, 100), row(1, 10, 20, 100), row(2, 11, 20, 100)]);
    }
    // Village 10 sends 200 in two groups, a fake of 3, 120, and 150; village 11 goes once.
    let launches = [
        left(1, 0, 0, 120),
        left(1, 1, 1, 80),
        left(2, 0, 24, 3),
        left(3, 0, 48, 120),
        left(3, 2, 50, 90),
        left(4, 0, 144, 150),
    ];
    for (hours, launch) in launches {
        told.tell(hours, launch);
    }
    // 2 and 4 days.
    told.is(Metric::HammerRestDays, 3.0);
}

#[test]
fn who_is_attacked_and_how_often() {
    let mut told = Told::new();
    // Alliance 2: four attacks, three of them on one player within 7 days. A second wave is no attack of its own.
    for (n, hours, site) in [(1, 10, 20), (2, 50, 20), (3, 170, 20), (4, 400, 20), (5, 10, 91), (6, 20, 30)] {
        told.fights(hours, Some(n), site, (1, 1));
        told.fights(hours, Some(n), site, (1, 1));
    }
    told.is(Metric::Bullying, 3.0 / 6.0);
    told.is(Metric::BullyingActive, 3.0 / 5.0);
    told.is(Metric::BullyingPassive, 0.0);
    told.is(Metric::OnPassive, 1.0 / 6.0);
    // 0, 4 and 1: differences of pairs in all ways 2 (4 + 1 + 3) / 9 over twice 5 / 3.
    told.is(Metric::AttackGini, (16.0 / 9.0) / (10.0 / 3.0));
    // A raid in return is no operation.
    told.fights(20, None, 20, (1, 1));
    told.is(Metric::Bullying, 3.0 / 6.0);
}

#[test]
fn fakes_are_no_attacks() {
    let mut told = Told::new();
    told.proposes(1, 20);
    told.starts(1, vec![row(0, 10, 20, 500), row(1, 10, 21, 5), row(2, 10, 31, 50)]);
    told.fights(20, Some(1), 20, (10, 10));
    told.fights(20, Some(1), 21, (1, 0));
    told.has_none(Metric::ReliefToFakes);
    told.is(Metric::KillRatio, 1.0);
    // A tenth of what goes to the target is no fake any more.
    told.fights(20, Some(1), 31, (10, 30));
    told.is(Metric::KillRatio, 2.0);
}

#[test]
fn wars() {
    let mut told = Told::new();
    let stance = |a, b, stance| Fact::StanceChanged { a: AllianceId(a), b: AllianceId(b), stance };
    let declared = |by, on| Fact::WarDeclared { by: AllianceId(by), on: AllianceId(on), aim: Vec::new() };
    told.0.course.begin_war(AllianceId(3), AllianceId(1), None, at(0));
    for (by, on) in [(1, 2), (3, 2)] {
        told.tell(24, stance(by, on, Stance::War));
        told.tell(24, declared(by, on));
    }
    // A war between two who do not deliberate is none.
    told.tell(24, stance(9, 8, Stance::War));
    told.is(Metric::WarsOnOne, 2.0 / 3.0);
    told.is(Metric::WarsOpen, 1.0);
    told.has_none(Metric::WarDays);
    told.tell(24 * 6, stance(2, 1, Treaty::Peace.stance()));
    told.is(Metric::WarDays, 5.0);
    told.is(Metric::WarsOpen, 2.0 / 3.0);
    told.tell(24 * 8, Fact::AllianceEliminated { alliance: AllianceId(3) });
    // 5, 7 and 8 days.
    told.is(Metric::WarDays, 7.0);
    told.is(Metric::WarsOpen, 0.0);
    told.is_of(2, Metric::WarDays, 6.0);
}

#[test]
fn attacks_are_answered_or_not() {
    let mut told = Told::new();
    let raised = |site, hit| {
        let (site, player, answers_at) = (SiteId(site), PlayerId(site), None);
        Fact::AlarmRaised { site, player, hit: at(hit), answers_at }
    };
    let answered = |site, answer| {
        let (site, player, reason, cites) = (SiteId(site), PlayerId(site), String::new(), Vec::new());
        Fact::AlarmAnswered { site, player, answer, reason, expected_kills: 0, expected_losses: 0, cites }
    };
    // Held; slept through; a fake later that day that nobody was awake for; never seen; a raid on somebody passive, dodged.
    told.tell(1, raised(20, 10));
    told.tell(2, answered(20, DefenseAnswer::Hold));
    told.tell(1, raised(21, 10));
    told.tell(1, answered(21, DefenseAnswer::None));
    told.tell(1, raised(22, 10));
    told.tell(2, answered(22, DefenseAnswer::Dodge));
    told.tell(3, raised(22, 12));
    told.tell(3, answered(22, DefenseAnswer::None));
    told.tell(1, raised(90, 10));
    told.tell(2, answered(90, DefenseAnswer::Snipe));
    for (n, site) in [(1, 20), (2, 21), (3, 22), (4, 23)] {
        told.fights(10, Some(n), site, (1, 1));
        told.fights(10, Some(n), site, (1, 1));
    }
    told.fights(10, None, 90, (1, 1));
    told.is(Metric::Answered, 0.5);
    told.is(Metric::AnsweredPassive, 1.0);
    told.is_of(2, Metric::Answered, 0.5);
}

/// Relief from a site of alliance 2 to another.
fn relief(origin: u32, n: u32, site: u32, arrives: i64, hit: i64) -> (OrderId, Fact) {
    let order = OrderId::Defense { site: SiteId(origin), n };
    let (site, helper, arrives, hit) = (SiteId(site), PlayerId(origin), at(arrives), at(hit));
    (order, Fact::ReliefSent { order, site, helper, arrives, hit, deficit_left: 0 })
}

fn home(order: OrderId, site: u32) -> Fact {
    Fact::ReliefReturned { order, site: SiteId(site), helper: PlayerId(20) }
}

#[test]
fn relief_is_in_time_used_and_drawn_to_fakes_or_not() {
    let mut told = Told::new();
    told.proposes(1, 21);
    told.starts(1, vec![row(0, 10, 21, 500), row(1, 10, 22, 5)]);
    let orders: Vec<OrderId> = [(1, 21, 9, 10), (2, 22, 9, 10), (3, 23, 9, 10), (4, 21, 11, 10)]
        .into_iter()
        .map(|(n, site, arrives, hit)| {
            let (order, fact) = relief(20, n, site, arrives, hit);
            told.tell(5, fact);
            order
        })
        .collect();
    told.is(Metric::ReliefInTime, 0.75);
    told.fights(10, Some(1), 21, (1, 1));
    told.fights(10, Some(1), 22, (1, 1));
    for (order, site) in orders.iter().zip([21, 22, 23]) {
        told.tell(12, home(*order, site));
    }
    // Whoever came too late stays.
    let (helper, arrives) = (PlayerId(20), at(11));
    told.tell(12, Fact::PostureTaken { order: orders[3], site: SiteId(21), helper, arrives });
    // One of three met nobody; one of four nothing but a fake.
    told.is(Metric::ReliefUnused, 1.0 / 3.0);
    told.is(Metric::ReliefToFakes, 0.25);
    told.is(Metric::ReliefPingPong, 0.0);
}

#[test]
fn who_goes_out_again_at_once_plays_ping_pong() {
    let mut told = Told::new();
    let (first, fact) = relief(20, 1, 21, 9, 10);
    told.tell(5, fact);
    told.tell(11, home(first, 21));
    // Out again within 24 hours, to the same village; to another; back from there; and later.
    let (again, fact) = relief(20, 2, 21, 40, 41);
    told.tell(35, fact);
    told.tell(36, relief(20, 3, 22, 40, 41).1);
    told.tell(37, relief(22, 1, 20, 42, 43).1);
    told.tell(50, home(again, 21));
    let order = OrderId::Defense { site: SiteId(20), n: 4 };
    told.tell(75, Fact::PostureTaken { order, site: SiteId(21), helper: PlayerId(20), arrives: at(80) });
    told.is(Metric::ReliefPingPong, 2.0 / 5.0);
    // What is called home from a post counts too.
    let (site, helper) = (SiteId(21), PlayerId(20));
    told.tell(99, Fact::PostureLeft { order, site, helper, reason: "relieved".to_owned() });
    told.tell(100, relief(20, 5, 21, 110, 111).1);
    told.is(Metric::ReliefPingPong, 3.0 / 6.0);
}

#[test]
fn villages_are_lost_while_their_troops_are_away_or_not() {
    let mut told = Told::new();
    told.0.course.villages =
        BTreeMap::from([(SiteId(20), (100, 51)), (SiteId(21), (100, 50)), (SiteId(90), (100, 99))]);
    let lost = |site, from, to| Fact::SiteChanged { site: SiteId(site), from: Some(PlayerId(from)), to };
    told.tell(5, lost(20, 20, Some(PlayerId(10))));
    told.tell(5, lost(21, 21, None));
    // Whose army nobody saw; who does not deliberate; and what a member took over.
    told.tell(5, lost(22, 22, Some(PlayerId(10))));
    told.tell(5, lost(90, 90, Some(PlayerId(10))));
    told.tell(5, lost(23, 23, Some(PlayerId(24))));
    told.is(Metric::LostWhileAway, 1.0 / 3.0);
}

#[test]
fn councils_and_scouts() {
    let mut told = Told::new();
    for gate in [Some("nothing_known"), None, Some("at_rest"), Some("at_rest")] {
        let (alliance, gate) = (AllianceId(1), gate.map(str::to_owned));
        told.tell(1, Fact::CouncilMet { alliance, best: None, gate, diplomacy: None, cites: Vec::new() });
    }
    told.is(Metric::SessionsProposing, 0.25);
    for (by, sent, lost) in [(10, 5, 5), (20, 15, 1), (90, 100, 100)] {
        told.tell(2, Fact::SiteScouted { site: SiteId(30), by: PlayerId(by), sent, lost });
    }
    told.is(Metric::ScoutsLost, 6.0 / 20.0);
    // One look came back, and nobody cited it.
    told.is(Metric::ReportsCited, 0.0);
}

#[test]
fn armies_and_ranks() {
    let mut told = Told::new();
    let course = &mut told.0.course;
    let army = |goods: [i64; 2]| BTreeMap::from([(AllianceId(1), goods[0]), (AllianceId(2), goods[1])]);
    course.armies = vec![army([100, 100]), army([20, 90]), army([150, 90])];
    let people = |n: [u64; 3]| (1..).map(AllianceId).zip(n).collect::<BTreeMap<_, _>>();
    course.inhabitants = Some((people([300, 200, 100]), people([200, 300, 0])));
    for (metric, away) in [(Metric::OffenseAway, 10.0), (Metric::OffenseAwayMax, 10.0)] {
        course.note(metric, Some(AllianceId(1)), away, 100.0);
        course.note(metric, Some(AllianceId(1)), 60.0, 100.0);
        course.note(metric, Some(AllianceId(2)), 0.0, 200.0);
    }
    course.whole.insert(Metric::Starved, Sample { part: 3.0, whole: 60.0 });
    told.is(Metric::ArmyEnd, 1.2);
    told.is(Metric::ArmyLowest, 0.55);
    told.is_of(1, Metric::ArmyLowest, 0.2);
    // One of three pairs changed places.
    told.is(Metric::RankChange, 2.0 / 3.0);
    told.is(Metric::OffenseAway, 70.0 / 400.0);
    told.is(Metric::OffenseAwayMax, 0.6);
    told.is(Metric::Starved, 0.05);
}

#[test]
fn samples_of_several_campaigns_are_put_together() {
    let mut all = Samples::default();
    for (part, whole) in [(1.0, 2.0), (2.0, 8.0)] {
        let mut one = Samples::default();
        one.note(Metric::Passed, part, whole);
        all.add(&one);
    }
    assert!((all.value(Metric::Passed).unwrap() - 0.3).abs() < 1e-9);
    let behavior = Behavior::of_samples(&all);
    assert_eq!(serde_json::to_value(&behavior).unwrap()["passed"], 0.3);
    assert!(BANDS.len() < Metric::ALL.len());
}
