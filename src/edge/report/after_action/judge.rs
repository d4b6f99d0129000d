//! Who is winning and why, the turning point, and the best and the worst decision: pure rules over what a report shows.

use super::data::{Data, Operation, RankedBy, Side, War};
use super::page::text::{goods, percent, signed};

/// Operations that are told in full.
const TOLD: usize = 7;

/// What a report says first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Verdict {
    pub(super) headline: String,
    pub(super) why: String,
    pub(super) turning: Option<Turning>,
    /// The blow by which the leader gained most, as its place in the list.
    pub(super) surge: Option<usize>,
    /// The operations that brought most and cost most, as places in the list.
    pub(super) best: Option<usize>,
    pub(super) worst: Option<usize>,
    /// The war that made most of the difference to the leader.
    pub(super) war: Option<usize>,
    /// Operations that are told in full, in the order of time.
    pub(super) told: Vec<usize>,
}

/// The turning point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Turning {
    /// Which blow, as its place in the list.
    pub(super) step: usize,
    /// Who led before it, where the lead changed for good by it; else it is the largest swing.
    pub(super) from: Option<usize>,
    /// How far the leader of the end was ahead of its nearest rival before and after it, in net goods.
    pub(super) before: i64,
    pub(super) after: i64,
}

impl Verdict {
    pub(super) fn of(data: &Data) -> Self {
        let (best, worst) = best_and_worst(&data.operations);
        let turning = turning(data);
        let mut verdict = Self { best, worst, turning, surge: surge(data), war: decisive_war(data), ..Self::default() };
        (verdict.headline, verdict.why) = in_words(data, &verdict);
        verdict.told = told(data, &verdict);
        verdict
    }
}

/// How far a side is ahead of the nearest other one, in net goods.
fn ahead(net: &[i64], side: usize) -> i64 {
    let others = net.iter().enumerate().filter(|(i, _)| *i != side).map(|(_, n)| *n).max();
    net.get(side).copied().unwrap_or(0) - others.unwrap_or(0)
}

/// The blow by which the leader of the end took the lead for good; where it led from its first blow on, or does not lead in net
/// goods, the blow that moved most between it and its nearest rival.
fn turning(data: &Data) -> Option<Turning> {
    let steps = &data.steps;
    if data.sides.is_empty() || steps.is_empty() {
        return None;
    }
    let zero = vec![0_i64; data.sides.len()];
    let before = |i: usize| if i == 0 { &zero } else { &steps[i - 1].net };
    let gaps = |i: usize| (ahead(before(i), 0), ahead(&steps[i].net, 0));
    let at = |i: usize, from: Option<usize>| {
        let (before, after) = gaps(i);
        Turning { step: i, from, before, after }
    };
    let last_change = (0..steps.len()).rev().find(|i| gaps(*i).0 <= 0 && gaps(*i).1 > 0);
    let leads = steps.last().is_some_and(|last| ahead(&last.net, 0) > 0);
    if let Some(i) = last_change.filter(|_| leads && data.sides.len() > 1) {
        let held = before(i).iter().enumerate().max_by_key(|(side, net)| (**net, core::cmp::Reverse(*side)));
        // Before anybody was ahead of the others there was no lead to change hands.
        if let Some((from, _)) = held.filter(|(from, net)| *from != 0 && **net > 0) {
            return Some(at(i, Some(from)));
        }
    }
    let swing = |i: &usize| {
        let (before, after) = gaps(*i);
        (after - before).abs()
    };
    (0..steps.len()).max_by_key(|i| (swing(i), core::cmp::Reverse(*i))).filter(|i| swing(i) > 0).map(|i| at(i, None))
}

/// The blow by which the leader gained most.
fn surge(data: &Data) -> Option<usize> {
    let net = |i: usize| data.steps.get(i).and_then(|step| step.net.first()).copied().unwrap_or(0);
    let gain = |i: &usize| net(*i) - i.checked_sub(1).map_or(0, net);
    (0..data.steps.len()).max_by_key(|i| (gain(i), core::cmp::Reverse(*i))).filter(|i| gain(i) > 0)
}

/// The operations of sides that won and lost most, net of what they lost.
fn best_and_worst(operations: &[Operation]) -> (Option<usize>, Option<usize>) {
    let fought = || operations.iter().enumerate().filter(|(_, o)| o.fought() && o.side.is_some());
    let best = fought().filter(|(_, o)| o.net() > 0).max_by_key(|(i, o)| (o.net(), core::cmp::Reverse(*i)));
    let worst = fought().filter(|(_, o)| o.net() < 0).min_by_key(|(i, o)| (o.net(), *i));
    (best.map(|(i, _)| i), worst.map(|(i, _)| i))
}

/// What a war brought a side, net.
pub(super) fn war_net(war: &War, side: usize) -> Option<i64> {
    let (a, b) = (war.killed[0] + war.looted[0], war.killed[1] + war.looted[1]);
    if war.a.side == Some(side) {
        Some(a - b)
    } else if war.b.side == Some(side) {
        Some(b - a)
    } else {
        None
    }
}

fn decisive_war(data: &Data) -> Option<usize> {
    let of_leader = data.wars.iter().enumerate().filter_map(|(i, war)| Some((i, war_net(war, 0)?)));
    of_leader.filter(|(_, net)| *net != 0).max_by_key(|(i, net)| (*net, core::cmp::Reverse(*i))).map(|(i, _)| i)
}

fn in_words(data: &Data, verdict: &Verdict) -> (String, String) {
    let Some(first) = data.sides.first() else {
        return ("Nobody deliberates.".to_owned(), "No alliance of this world acts by itself.".to_owned());
    };
    let headline = match &data.ranked_by {
        RankedBy::Won(condition, day) => format!("{} has won by {condition} on day {day:.1}.", first.name),
        _ if data.steps.is_empty() => return ("Nobody leads yet.".to_owned(), "No battle has been fought.".to_owned()),
        RankedBy::Progress => {
            let (condition, progress) = first.progress.clone().unwrap_or_default();
            format!("{} leads, {} of the way to victory by {condition}.", first.name, percent(progress))
        }
        RankedBy::Net => {
            let ahead = data.sides.get(1).map(|second| first.net() - second.net());
            match ahead {
                Some(ahead) if first.net() > 0 => format!("{} is winning, {} goods ahead.", first.name, goods(ahead)),
                Some(ahead) => format!("{} has lost least, {} goods less than the next.", first.name, goods(ahead)),
                None => format!("{} stands alone, at {} goods net.", first.name, signed(first.net())),
            }
        }
    };
    let mut why = what_it_did(first);
    if let Some(second) = data.sides.get(1) {
        let goals = goals(second);
        why.push_str(&format!(" Next comes {}, at {} net{goals}.", second.name, signed(second.net())));
    }
    if let Some(war) = verdict.war.and_then(|i| data.wars.get(i)) {
        let (own, other) = if war.a.side == Some(0) { (0, 1) } else { (1, 0) };
        let enemy = if own == 0 { &war.b } else { &war.a };
        let (won, lost) = (war.killed[own] + war.looted[own], war.killed[other] + war.looted[other]);
        let verb = if won > lost { "made most of the difference" } else { "cost it least" };
        why.push_str(&format!(
            " What {verb} was its fight against {}: {} goods killed and looted for {} lost.",
            enemy.name,
            goods(won),
            goods(lost)
        ));
    }
    (headline, why)
}

/// What a side won and lost, in a sentence.
fn what_it_did(side: &Side) -> String {
    let villages = match (side.taken, side.villages_lost) {
        (0, 0) => String::new(),
        (1, 0) => ", took a village".to_owned(),
        (taken, 0) => format!(", took {taken} villages"),
        (0, 1) => ", lost a village".to_owned(),
        (0, lost) => format!(", lost {lost} villages"),
        (1, lost) => format!(", took a village and lost {lost}"),
        (taken, lost) => format!(", took {taken} villages and lost {lost}"),
    };
    let met = if side.started == 0 {
        String::new()
    } else {
        format!(", and met the goal of {} of its {} operations", side.met, side.started)
    };
    let and = |n: i64, words: &str| if n == 0 { String::new() } else { format!(" and {words} {}", goods(n)) };
    format!(
        "It killed {} goods of troops{}, lost {}{}{villages}{met}.",
        goods(side.killed),
        and(side.looted, "looted"),
        goods(side.lost),
        and(side.plundered, "was plundered of")
    )
}

fn goals(side: &Side) -> String {
    if side.started == 0 { String::new() } else { format!(" with {} of {} goals met", side.met, side.started) }
}

/// The turning point, the best, the worst, the largest, and the vote that was closest.
fn told(data: &Data, verdict: &Verdict) -> Vec<usize> {
    let operations = &data.operations;
    let turned = verdict.turning.and_then(|t| data.steps.get(t.step)).and_then(|step| step.operation);
    let surged = verdict.surge.and_then(|i| data.steps.get(i)).and_then(|step| step.operation);
    let mut told: Vec<usize> = [turned, verdict.worst, verdict.best, surged].into_iter().flatten().collect();
    let closest = operations.iter().enumerate().filter(|(_, o)| o.ballots.len() >= 4 && o.fought()).max_by(|a, b| {
        let split = |o: &Operation| (o.tally[1] * 2 + o.tally[2]) as f64 / o.ballots.len() as f64;
        split(a.1).total_cmp(&split(b.1)).then(b.0.cmp(&a.0))
    });
    told.extend(closest.map(|(i, _)| i));
    let mut largest: Vec<usize> = (0..operations.len()).filter(|i| operations[*i].fought()).collect();
    largest.sort_by_key(|i| (core::cmp::Reverse(operations[*i].sent), *i));
    told.extend(largest);
    let mut kept: Vec<usize> = Vec::new();
    for i in told {
        if kept.len() < TOLD && !kept.contains(&i) {
            kept.push(i);
        }
    }
    kept.sort_unstable();
    kept
}

#[cfg(test)]
mod tests {
    use super::super::data::{Party, Step};
    use super::*;

    fn data(nets: &[[i64; 2]]) -> Data {
        let last = nets.last().copied().unwrap_or_default();
        let side = |name: &str, net: i64| Side {
            name: name.to_owned(),
            killed: net.max(0),
            lost: (-net).max(0),
            ..Side::default()
        };
        let steps = nets.iter().map(|net| Step { net: net.to_vec(), ..Step::default() }).collect();
        Data { sides: vec![side("North", last[0]), side("South", last[1])], steps, ..Data::default() }
    }

    #[test]
    fn the_turning_point_is_the_blow_by_which_the_lead_changed_for_good() {
        let lead = turning(&data(&[[5, -5], [-10, 10], [3, -3], [-4, 4], [6, -6], [60, -60]])).unwrap();
        assert_eq!((lead.step, lead.from, lead.before, lead.after), (4, Some(1), -8, 12));
    }

    #[test]
    fn who_led_throughout_turned_most_with_its_largest_swing() {
        let swing = turning(&data(&[[5, -5], [50, -50], [40, -40]])).unwrap();
        assert_eq!((swing.step, swing.from), (1, None));
        assert_eq!(turning(&data(&[])), None);
        assert_eq!(turning(&data(&[[0, 0]])), None, "nothing moved");
    }

    #[test]
    fn the_worst_decision_is_the_one_that_cost_most_and_was_fought() {
        let of = |killed, lost, result: &str| Operation {
            side: Some(0),
            killed,
            lost,
            result: result.to_owned(),
            ..Operation::default()
        };
        let all = [of(10, 2, "goal_met"), of(1, 90, "aborted"), of(5, 30, "failed"), of(4, 9, "goal_met")];
        assert_eq!(best_and_worst(&all), (Some(0), Some(2)));
        assert_eq!(best_and_worst(&all[..1]), (Some(0), None));
    }

    #[test]
    fn who_wins_is_said_with_the_war_that_made_the_difference() {
        let mut data = data(&[[700_000, -700_000]]);
        let party = |side: usize, name: &str| Party { side: Some(side), name: name.to_owned() };
        let war = War { a: party(1, "South"), b: party(0, "North"), killed: [100_000, 800_000], ..War::default() };
        data.wars = vec![war];
        let verdict = Verdict::of(&data);
        assert_eq!(verdict.headline, "North is winning, 1.40\u{a0}M goods ahead.");
        assert!(
            verdict.why.contains("against South: 800\u{a0}k goods killed and looted for 100\u{a0}k lost."),
            "{}",
            verdict.why
        );
        data.ranked_by = RankedBy::Won("territory".to_owned(), 3.25);
        assert_eq!(Verdict::of(&data).headline, "North has won by territory on day 3.2.");
    }
}
