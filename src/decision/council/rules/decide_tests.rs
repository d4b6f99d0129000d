//! The decision by hand, against an independent count, and closed early against every way in which it could go on.

use super::charter::{Charter, Electorate};
use super::decide::{Decision, PlanCheck, Test, decide, settled_early};
use super::roll::{Candidate, Roll, tally, tally_open};
use crate::base::clock::GameTime;
use crate::base::contract::{Ballot, Condition, Rank, Reason, Vote};
use crate::base::id::PlayerId;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const FINE: PlanCheck = PlanCheck { pledged: 3, needed: 2, feasible: true };

fn roll_of(members: u32, proposer: u32, with_leader: bool) -> Roll {
    let house: Vec<Candidate> = (1..=members)
        .map(|n| Candidate {
            member: PlayerId(n),
            rank: if n == 1 && with_leader { Rank::Leader } else { Rank::Member },
            offered_part: false,
        })
        .collect();
    Roll::open(Electorate::All, &house, PlayerId(proposer))
}

/// Letters say what members 2, 3, ... vote: `a`pprove, `r`eject, `-` abstain, `.` nothing. Member 1 proposed.
fn votes(letters: &str) -> BTreeMap<PlayerId, Vote> {
    let vote = |letter| match letter {
        'a' => Some(Vote::Approve),
        'r' => Some(Vote::Reject),
        '-' => Some(Vote::Abstain),
        _ => None,
    };
    (2..).map(PlayerId).zip(letters.chars()).filter_map(|(m, letter)| vote(letter).map(|v| (m, v))).collect()
}

fn rejected(failed_test: Test) -> Decision {
    Decision::Rejected { failed_test }
}

#[test]
fn decisions_by_hand() {
    let check = |letters: &str, ignore_abstentions, plan, expect| {
        let roll = roll_of(u32::try_from(letters.len()).unwrap() + 1, 1, true);
        let charter = Charter { ignore_abstentions, ..Charter::plenary() };
        let counted = tally(&roll, &votes(letters));
        assert_eq!(decide(&charter, &counted, plan, true), expect, "{letters}");
        assert_eq!(decide(&charter, &counted, plan, false), Decision::Open);
    };
    check("aarr....", false, FINE, rejected(Test::Approval)); // 3 of 5 is not more than 60%
    check("aaar....", false, FINE, Decision::Passed);
    check("aa..", false, FINE, Decision::Passed);
    check("a.....", false, FINE, Decision::Expired); // 2 of 7
    check("a..", false, FINE, Decision::Passed); // 2 of 4 is half
    check("a--...", false, FINE, rejected(Test::Approval));
    check("a--...", true, FINE, Decision::Passed);
    check("aaaa", false, PlanCheck { pledged: 1, feasible: false, ..FINE }, rejected(Test::Participants));
    check("aaaa", false, PlanCheck { feasible: false, ..FINE }, rejected(Test::Feasibility));
    check("aaaa", false, PlanCheck { pledged: 0, needed: 0, feasible: true }, Decision::Passed);
}

#[test]
fn one_or_two_members_leave_it_to_the_leader() {
    let charter = Charter::plenary();
    let check = |proposer, leader: Option<Vote>, expect| {
        let roll = roll_of(2, proposer, true);
        let map = leader.map(|v| (PlayerId(1), v)).into_iter().collect();
        assert_eq!(decide(&charter, &tally(&roll, &map), FINE, true), expect);
    };
    check(1, None, Decision::Passed);
    check(2, Some(Vote::Approve), Decision::Passed);
    check(2, Some(Vote::Reject), rejected(Test::Approval));
    check(2, None, rejected(Test::Approval));
    let alone = tally(&roll_of(1, 1, true), &BTreeMap::new());
    assert_eq!(settled_early(&charter, &alone, FINE), Some(Decision::Passed));
    let leaderless = tally(&roll_of(2, 2, false), &votes(""));
    assert_eq!(decide(&charter, &leaderless, FINE, true), Decision::Passed, "1 of 1 cast, half of the roll");
}

#[test]
fn names_are_those_of_the_facts() {
    assert_eq!(Decision::Expired.failed_test().map(Test::name), Some("quorum"));
    assert_eq!(rejected(Test::Feasibility).failed_test().map(Test::name), Some("feasibility"));
    assert_eq!((Decision::Passed.name(), Decision::Passed.failed_test()), ("passed", None));
}

fn letters() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!['a', 'r', '-', '.']), 2..30).prop_map(|v| v.into_iter().collect())
}

fn count_of(text: &str, letter: char) -> usize {
    text.chars().filter(|c| *c == letter).count()
}

proptest! {
    /// Counted from the letters, in per cent.
    #[test]
    fn tally_agrees_with_an_independent_count(text in letters(), ignore in any::<bool>()) {
        let members = text.len() + 1;
        let approve = count_of(&text, 'a') + 1;
        let (reject, abstain) = (count_of(&text, 'r'), count_of(&text, '-'));
        let cast = members - count_of(&text, '.');
        let counted = if ignore { approve + reject } else { approve + reject + abstain };
        let expect = if cast * 100 < members * 50 {
            Decision::Expired
        } else if approve * 100 > counted * 60 {
            Decision::Passed
        } else {
            rejected(Test::Approval)
        };
        let roll = roll_of(u32::try_from(members).unwrap(), 1, true);
        let charter = Charter { ignore_abstentions: ignore, ..Charter::plenary() };
        prop_assert_eq!(decide(&charter, &tally(&roll, &votes(&text)), FINE, true), expect);
    }

    #[test]
    fn one_more_approval_never_fails_a_proposal(text in letters(), at in any::<prop::sample::Index>(), ignore in any::<bool>()) {
        let roll = roll_of(u32::try_from(text.len() + 1).unwrap(), 1, true);
        let charter = Charter { ignore_abstentions: ignore, ..Charter::plenary() };
        let changed = at.index(text.len());
        let more: String = text.chars().enumerate().map(|(i, c)| if i == changed { 'a' } else { c }).collect();
        let [before, after] = [&text, &more].map(|t| decide(&charter, &tally(&roll, &votes(t)), FINE, true));
        prop_assert!(before != Decision::Passed || after == Decision::Passed, "{} {:?}", text, after);
    }
}

/// What a seat may say, with what it can still come to: a vote or none, and whether it adds a participant.
const VOICES: [char; 5] = ['a', 'r', '-', '.', 'c'];
const OPEN_ENDS: [(char, u32); 5] = [('.', 0), ('a', 0), ('a', 1), ('r', 0), ('-', 0)];
const CONDITIONAL_ENDS: [(char, u32); 3] = [('a', 0), ('a', 1), ('-', 0)];

fn ends(voice: char) -> Vec<(char, u32)> {
    match voice {
        '.' => OPEN_ENDS.to_vec(),
        'c' => CONDITIONAL_ENDS.to_vec(),
        said => vec![(said, 0)],
    }
}

/// All words over the choices of each place.
fn product<T: Clone>(places: &[Vec<T>]) -> Vec<Vec<T>> {
    places.iter().fold(vec![Vec::new()], |words, choices| {
        words.iter().flat_map(|w| choices.iter().map(|c| w.iter().cloned().chain([c.clone()]).collect())).collect()
    })
}

/// Every decision to which the vote can still come.
fn reachable(charter: &Charter, roll: &Roll, voices: &[char], plan: PlanCheck) -> BTreeSet<String> {
    let places: Vec<Vec<(char, u32)>> = voices.iter().map(|v| ends(*v)).collect();
    let mut found = BTreeSet::new();
    for word in product(&places) {
        let text: String = word.iter().map(|(letter, _)| letter).collect();
        let more: u32 = word.iter().map(|(_, pledge)| pledge).sum();
        let counted = tally(roll, &votes(&text));
        let feasible: &[bool] = if more > 0 && !plan.feasible { &[false, true] } else { &[plan.feasible] };
        for feasible in feasible {
            let plan = PlanCheck { pledged: plan.pledged + more, feasible: *feasible, ..plan };
            found.insert(format!("{:?}", decide(charter, &counted, plan, true)));
        }
    }
    found
}

fn ballots(voices: &[char]) -> BTreeMap<PlayerId, Ballot> {
    let text: String = voices.iter().map(|v| if *v == 'c' { 'a' } else { *v }).collect();
    let conditional = |m: PlayerId| voices.get(usize::try_from(m.0 - 2).unwrap()) == Some(&'c');
    votes(&text)
        .into_iter()
        .map(|(m, vote)| {
            let conditions = if conditional(m) { vec![Condition::MinParticipants(3)] } else { Vec::new() };
            (m, Ballot { vote, reason: Reason::default(), pledge_share: 0.5, conditions, cast_at: GameTime(0) })
        })
        .collect()
}

/// Exhaustive for up to five seats: closed early exactly when every completion gives one decision, and that one.
#[test]
fn closing_early_is_exact() {
    let (mut early, mut late) = (0, 0);
    for others in 0..=4_u32 {
        let roll = roll_of(others + 1, 1, others != 1);
        for voices in product(&vec![VOICES.to_vec(); usize::try_from(others).unwrap()]) {
            for (ignore_abstentions, pledged, feasible) in
                [(false, 2, true), (true, 2, true), (false, 1, true), (false, 2, false), (false, 0, false)]
            {
                let charter = Charter { ignore_abstentions, ..Charter::plenary() };
                let plan = PlanCheck { pledged, needed: 2, feasible };
                let open = tally_open(&roll, &ballots(&voices));
                let reachable = reachable(&charter, &roll, &voices, plan);
                let got = settled_early(&charter, &open, plan).map(|d| format!("{d:?}"));
                let only = (reachable.len() == 1).then(|| reachable.first().cloned()).flatten();
                assert_eq!(got, only, "{voices:?} {plan:?} can come to {reachable:?}");
                if got.is_some() { early += 1 } else { late += 1 }
            }
        }
    }
    assert!(early > 500 && late > 500, "both happen: {early}, {late}");
}

/// The same where the leader of two decides: it is the second seat here.
#[test]
fn closing_early_waits_for_a_sole_leader() {
    let charter = Charter::plenary();
    let roll = {
        let house = [(1, Rank::Member), (2, Rank::Leader)].map(|(n, rank)| Candidate {
            member: PlayerId(n),
            rank,
            offered_part: false,
        });
        Roll::open(Electorate::All, &house, PlayerId(1))
    };
    for voice in VOICES {
        for pledged in 0..3 {
            let plan = PlanCheck { pledged, needed: 2, feasible: true };
            let reachable = reachable(&charter, &roll, &[voice], plan);
            let got = settled_early(&charter, &tally_open(&roll, &ballots(&[voice])), plan).map(|d| format!("{d:?}"));
            let only = (reachable.len() == 1).then(|| reachable.first().cloned()).flatten();
            assert_eq!(got, only, "{voice} {plan:?} can come to {reachable:?}");
        }
    }
}
