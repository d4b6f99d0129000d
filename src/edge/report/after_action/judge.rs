//! Who is winning and why, the turning point, and the best and the worst decision: pure rules over what a report shows.

use super::data::{Data, Operation, Party, RankedBy, Side, Step, War};
use super::page::text::{clock, goods, percent, signed};

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
    /// Operations that are told in full, in the order of time.
    pub(super) told: Vec<Told>,
    /// Blows outside any joint operation that are told, in the order of time.
    pub(super) clashes: Vec<Told>,
}

/// Something that is told in full: its place in its list, and why it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) place: usize,
    pub(super) why: Vec<&'static str>,
}

/// The turning point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Turning {
    /// Which blow, as its place in the list.
    pub(super) step: usize,
    /// How far the leader of the end was ahead before and after it, in net goods: of whom it took the lead from, else of its nearest
    /// rival.
    pub(super) before: i64,
    pub(super) after: i64,
    /// How the lead changed for good, if it did.
    pub(super) crossing: Option<Crossing>,
}

/// How the lead in net goods changed for good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Crossing {
    /// By which blow, as its place in the list.
    pub(super) step: usize,
    /// Who led before it.
    pub(super) from: usize,
    /// How far the leader of the end was ahead of its nearest rival before and after it.
    pub(super) before: i64,
    pub(super) after: i64,
    /// The first blow since the leader of the end was last half as far behind who led as it ever was, or more, and how far it ever was.
    pub(super) since: usize,
    pub(super) lowest: i64,
}

impl Verdict {
    pub(super) fn of(data: &Data) -> Self {
        let (best, worst) = best_and_worst(&data.operations);
        let turning = turning(data);
        let mut verdict = Self { best, worst, turning, surge: surge(data), ..Self::default() };
        (verdict.headline, verdict.why) = in_words(data);
        verdict.told = told(data, &verdict);
        verdict.clashes = clashes(data, &verdict);
        verdict
    }

    /// Why an operation is told in full; none if it is not.
    pub(super) fn why_told(&self, place: usize) -> Option<&[&'static str]> {
        self.told.iter().find(|told| told.place == place).map(|told| told.why.as_slice())
    }
}

/// How far a side is ahead of the nearest other one, in net goods.
fn ahead(net: &[i64], side: usize) -> i64 {
    let others = net.iter().enumerate().filter(|(i, _)| *i != side).map(|(_, n)| *n).max();
    net.get(side).copied().unwrap_or(0) - others.unwrap_or(0)
}

/// Where the lead changed for good, the blow that moved most from who led to the leader of the end, from when that was last half as
/// far behind as it ever was until it took the lead; else the blow that moved most between the leader and its nearest rival.
fn turning(data: &Data) -> Option<Turning> {
    let steps = &data.steps;
    if data.sides.is_empty() || steps.is_empty() {
        return None;
    }
    let zero = vec![0_i64; data.sides.len()];
    let before = |i: usize| if i == 0 { &zero } else { &steps[i - 1].net };
    if let Some(crossing) = crossing(data) {
        let gap = |net: &[i64]| net[0] - net[crossing.from];
        let swing = |i: usize| gap(&steps[i].net) - gap(before(i));
        let step = (crossing.since..=crossing.step).max_by_key(|i| (swing(*i), core::cmp::Reverse(*i)))?;
        let (before, after) = (gap(before(step)), gap(&steps[step].net));
        return Some(Turning { step, before, after, crossing: Some(crossing) });
    }
    let gaps = |i: usize| (ahead(before(i), 0), ahead(&steps[i].net, 0));
    let swing = |i: usize| {
        let (before, after) = gaps(i);
        (after - before).abs()
    };
    let step = (0..steps.len()).max_by_key(|i| (swing(*i), core::cmp::Reverse(*i))).filter(|i| swing(*i) > 0)?;
    let (before, after) = gaps(step);
    Some(Turning { step, before, after, crossing: None })
}

/// The blow by which the leader of the end took the lead in net goods for good, if it took it from somebody.
fn crossing(data: &Data) -> Option<Crossing> {
    let steps = &data.steps;
    let zero = vec![0_i64; data.sides.len()];
    let before = |i: usize| if i == 0 { &zero } else { &steps[i - 1].net };
    let gaps = |i: usize| (ahead(before(i), 0), ahead(&steps[i].net, 0));
    if data.sides.len() < 2 || ahead(&steps.last()?.net, 0) <= 0 {
        return None;
    }
    let step = (0..steps.len()).rev().find(|i| gaps(*i).0 <= 0 && gaps(*i).1 > 0)?;
    let held = before(step).iter().enumerate().max_by_key(|(side, net)| (**net, core::cmp::Reverse(*side)));
    // Before anybody was ahead of the others there was no lead to change hands.
    let (from, _) = held.filter(|(from, net)| *from != 0 && **net > 0)?;
    let gap = |i: usize| before(i)[0] - before(i)[from];
    let lowest = (0..=step).map(gap).min()?;
    let since = (0..=step).rev().find(|i| gap(*i).saturating_mul(2) <= lowest)?;
    let (before, after) = gaps(step);
    Some(Crossing { step, from, before, after, since, lowest })
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

/// All that one side fought out with one enemy, in whichever wars.
struct Fight<'a> {
    enemy: &'a Party,
    /// Killed and looted.
    won: i64,
    lost: i64,
}

fn fights(data: &Data, side: usize) -> Vec<Fight<'_>> {
    let mut fights: Vec<Fight> = Vec::new();
    let worth = |war: &War, of: usize| war.killed[of] + war.looted[of];
    for war in data.wars.iter().filter(|war| war.turnover() > 0) {
        let (own, other, enemy) = match (war.a.side == Some(side), war.b.side == Some(side)) {
            (true, _) => (0, 1, &war.b),
            (_, true) => (1, 0, &war.a),
            _ => continue,
        };
        let (won, lost) = (worth(war, own), worth(war, other));
        match fights.iter_mut().find(|fight| fight.enemy == enemy) {
            Some(fight) => (fight.won, fight.lost) = (fight.won + won, fight.lost + lost),
            None => fights.push(Fight { enemy, won, lost }),
        }
    }
    fights
}

fn in_words(data: &Data) -> (String, String) {
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
    let why = format!("{}{}{}", what_it_did(first), decisive_fight(data), against_the_next(data));
    (headline, why)
}

/// The enemy from whom the leader had most, or that it had alone.
fn decisive_fight(data: &Data) -> String {
    let fights = fights(data, 0);
    let Some(most) = fights.iter().filter(|f| f.won != f.lost).max_by_key(|f| f.won - f.lost) else {
        return String::new();
    };
    let verb = match (fights.len(), most.won > most.lost) {
        (1, _) => "It had one enemy, and all of this is",
        (_, true) => "What made most of the difference was",
        (_, false) => "What cost it least was",
    };
    let (name, won, lost) = (&most.enemy.name, goods(most.won), goods(most.lost));
    format!(" {verb} its fight against {name}: {won} goods killed and looted for {lost} lost.")
}

/// The runner-up, to whom it lost most, and the blow that set it back most.
fn against_the_next(data: &Data) -> String {
    let [first, second, ..] = data.sides.as_slice() else { return String::new() };
    let mut text = format!(" Next comes {}, at {} net{}.", second.name, signed(second.net()), goals(second));
    let fights = fights(data, 1);
    let most = fights.iter().max_by_key(|fight| fight.lost).filter(|f| f.lost > 0 && f.enemy.side != Some(0));
    if let Some(most) = most {
        text.push_str(&format!(" It lost most to {}, {} goods.", most.enemy.name, goods(most.lost)));
    }
    let net = |i: usize| data.steps.get(i).and_then(|step| step.net.get(1)).copied().unwrap_or(0);
    let fall = |i: usize| i.checked_sub(1).map_or(0, net) - net(i);
    let heaviest = (0..data.steps.len()).max_by_key(|i| (fall(*i), core::cmp::Reverse(*i))).filter(|i| fall(*i) > 0);
    if let Some((i, step)) = heaviest.and_then(|i| Some((i, data.steps.get(i)?))) {
        let behind = first.net() - second.net();
        let more = if matches!(data.ranked_by, RankedBy::Net) && fall(i) > behind && behind > 0 {
            format!(", more than the {} that it is behind", goods(behind))
        } else {
            String::new()
        };
        let what = blow_in_words(data, step, 1);
        text.push_str(&format!(" What set it back most was {what}, {}: {}{more}.", clock(step.at), signed(-fall(i))));
    }
    text
}

/// A blow as one side of it sees it.
fn blow_in_words(data: &Data, step: &Step, side: usize) -> String {
    let own = step.attacker.side == Some(side);
    let other = if own { &step.defender } else { &step.attacker };
    let name = if other.name.is_empty() { "somebody" } else { &other.name };
    match (step.operation.and_then(|i| data.operations.get(i)), own) {
        (Some(operation), true) => format!("its own operation {} against {name}", operation.name),
        (Some(operation), false) => format!("operation {} of {name}", operation.name),
        (None, true) => format!("its own attack on {name}"),
        (None, false) => format!("an attack of {name}"),
    }
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

/// The turning point, the worst, the best, and so on, as blows with why they are told.
fn key_blows(verdict: &Verdict) -> Vec<(usize, &'static str)> {
    let turning = verdict.turning.map(|turning| (turning.step, "the turning point"));
    let crossing = verdict.turning.and_then(|turning| turning.crossing);
    let crossing = crossing.map(|crossing| (crossing.step, "what changed the lead for good"));
    let surge = verdict.surge.map(|step| (step, "the leader\u{2019}s largest gain"));
    [turning, crossing, surge].into_iter().flatten().collect()
}

fn note(list: &mut Vec<Told>, place: usize, why: &'static str) {
    match list.iter_mut().find(|told| told.place == place) {
        Some(told) if told.why.contains(&why) => {}
        Some(told) => told.why.push(why),
        None => list.push(Told { place, why: vec![why] }),
    }
}

/// The turning point, the best, the worst, the vote that was closest, and the largest, each with why it is told.
fn told(data: &Data, verdict: &Verdict) -> Vec<Told> {
    let operations = &data.operations;
    let mut told: Vec<Told> = Vec::new();
    let of = |step: usize| data.steps.get(step).and_then(|step| step.operation);
    let key = key_blows(verdict).into_iter().filter_map(|(step, why)| Some((of(step)?, why)));
    let decisions = [(verdict.worst, "the worst decision"), (verdict.best, "the best decision")];
    let decisions = decisions.into_iter().filter_map(|(place, why)| Some((place?, why)));
    for (place, why) in key.chain(decisions) {
        note(&mut told, place, why);
    }
    let closest = operations.iter().enumerate().filter(|(_, o)| o.ballots.len() >= 4 && o.fought()).max_by(|a, b| {
        let split = |o: &Operation| (o.tally[1] * 2 + o.tally[2]) as f64 / o.ballots.len() as f64;
        split(a.1).total_cmp(&split(b.1)).then(b.0.cmp(&a.0))
    });
    if let Some((place, _)) = closest.filter(|(_, o)| o.tally[1] + o.tally[2] > 0) {
        note(&mut told, place, "the closest vote");
    }
    let mut largest: Vec<usize> = (0..operations.len()).filter(|i| operations[*i].fought()).collect();
    largest.sort_by_key(|i| (core::cmp::Reverse(operations[*i].sent), *i));
    for (n, place) in largest.into_iter().enumerate() {
        if told.len() < TOLD || told.iter().any(|told| told.place == place) {
            note(&mut told, place, if n == 0 { "the largest" } else { "one of the largest" });
        }
        if n + 1 >= TOLD && told.len() >= TOLD {
            break;
        }
    }
    told.sort_unstable_by_key(|told| told.place);
    told
}

/// Key blows that belong to no operation which is shown.
fn clashes(data: &Data, verdict: &Verdict) -> Vec<Told> {
    let mut clashes: Vec<Told> = Vec::new();
    for (step, why) in key_blows(verdict) {
        if data.steps.get(step).is_some_and(|step| step.operation.is_none()) {
            note(&mut clashes, step, why);
        }
    }
    clashes.sort_unstable_by_key(|told| told.place);
    clashes
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
    fn the_turning_point_is_what_moved_most_since_the_leader_was_far_behind() {
        // The lead changes for good with the fifth blow; of those since the second the third moved most.
        let turning = turning(&data(&[[5, -5], [-10, 10], [3, -3], [-4, 4], [6, -6], [60, -60]])).unwrap();
        assert_eq!((turning.step, turning.before, turning.after), (2, -20, 6));
        let crossing = turning.crossing.unwrap();
        assert_eq!((crossing.step, crossing.from, crossing.before, crossing.after), (4, 1, -8, 12));
        assert_eq!((crossing.since, crossing.lowest), (2, -20));
    }

    #[test]
    fn a_small_last_crossing_is_not_the_turning_point() {
        let turning = turning(&data(&[[0, 100], [0, 10], [9, 10], [11, 10], [30, 10]])).unwrap();
        assert_eq!((turning.step, turning.before, turning.after), (1, -100, -10));
        assert_eq!(turning.crossing.map(|crossing| crossing.step), Some(3));
        // Nor is a large blow that left the leader as far behind as it was again.
        let turning = super::turning(&data(&[[0, 200], [105, 200], [105, 220], [105, 120], [130, 120]])).unwrap();
        assert_eq!((turning.step, turning.before, turning.after), (3, -115, -15));
        assert_eq!(turning.crossing.map(|crossing| (crossing.since, crossing.lowest)), Some((3, -200)));
        // What comes after it does not count, however much it moves.
        let turning = super::turning(&data(&[[0, 10], [12, 10], [90, 10]])).unwrap();
        assert_eq!((turning.step, turning.crossing.map(|crossing| crossing.step)), (1, Some(1)));
    }

    #[test]
    fn who_led_throughout_turned_most_with_its_largest_swing() {
        let swing = turning(&data(&[[5, -5], [50, -50], [40, -40]])).unwrap();
        assert_eq!((swing.step, swing.crossing), (1, None));
        assert_eq!(turning(&data(&[])), None);
        assert_eq!(turning(&data(&[[0, 0]])), None, "nothing moved");
    }

    #[test]
    fn what_is_told_says_why() {
        let mut data = data(&[[0, 100], [0, 10], [11, 10]]);
        data.steps[1].operation = Some(1);
        let of = |sent, killed, lost| Operation {
            side: Some(0),
            sent,
            killed,
            lost,
            result: "failed".to_owned(),
            ..Operation::default()
        };
        data.operations = vec![of(50, 9, 2), of(70, 1, 90), of(10, 1, 2)];
        let verdict = Verdict::of(&data);
        assert_eq!(verdict.why_told(1), Some(["the turning point", "the worst decision", "the largest"].as_slice()));
        assert_eq!(verdict.why_told(0), Some(["the best decision", "one of the largest"].as_slice()));
        assert_eq!(verdict.why_told(2), Some(["one of the largest"].as_slice()));
        let clashes: Vec<usize> = verdict.clashes.iter().map(|told| told.place).collect();
        assert_eq!(clashes, [2], "the crossing and the largest gain are one attack without an operation");
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
        assert!(verdict.why.contains("It had one enemy"), "{}", verdict.why);
        let other = War { a: party(1, "South"), b: party(0, "North"), killed: [0, 300_000], ..War::default() };
        let third = Party { side: None, name: "East".to_owned() };
        let east = War { a: party(1, "South"), b: third, killed: [0, 900_000], ..War::default() };
        data.wars.extend([other, east]);
        let why = Verdict::of(&data).why;
        assert!(why.contains("South: 1.10\u{a0}M goods killed"), "two wars with one enemy are one fight: {why}");
        assert!(!why.contains("It lost most to"), "the leader it was, of whom that is said: {why}");
        data.wars[2].killed[1] = 2_000_000;
        let why = Verdict::of(&data).why;
        assert!(why.contains("It lost most to East, 2.00\u{a0}M goods."), "{why}");
        assert!(why.contains("an attack of somebody, day\u{a0}1, 00:00: \u{2212}700\u{a0}k."), "{why}");
        data.ranked_by = RankedBy::Won("territory".to_owned(), 3.25);
        assert_eq!(Verdict::of(&data).headline, "North has won by territory on day 3.2.");
    }
}
