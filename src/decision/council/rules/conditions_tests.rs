//! Conditions by hand, and the fixpoint for any ballots.

use super::charter::Electorate;
use super::conditions::{MemberPart, PlanFacts, is_met, settle};
use super::roll::{Candidate, Roll, tally};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{Ballot, Condition, Rank, Reason, Vote};
use crate::base::id::PlayerId;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn ballot(vote: Vote, conditions: Vec<Condition>) -> Ballot {
    Ballot { vote, reason: Reason::default(), pledge_share: 0.5, conditions, cast_at: GameTime(0) }
}

fn roll_of(members: u32, proposer: u32) -> Roll {
    let house: Vec<Candidate> = (1..=members)
        .map(|n| Candidate {
            member: PlayerId(n),
            rank: if n == 1 { Rank::Leader } else { Rank::Member },
            offered_part: true,
        })
        .collect();
    Roll::open(Electorate::All, &house, PlayerId(proposer))
}

/// A plan that uses everyone: the fewer they are, the larger each one's share and the later it starts.
fn plan(set: &BTreeSet<PlayerId>) -> PlanFacts {
    let n = u32::try_from(set.len()).unwrap();
    let share_of_army = (2.0 / f64::from(n.max(1))).min(1.0);
    let part = |m: &PlayerId| {
        let first_launch = GameTime(0) + GameSpan::hours(i64::from(m.0));
        (*m, MemberPart { share_of_army, first_launch, last_arrival: first_launch + GameSpan::hours(5) })
    };
    PlanFacts {
        parts: set.iter().map(part).collect(),
        granted_goods: BTreeMap::from([(PlayerId(2), 500)]),
        intel_age: Some(GameSpan::hours(20)),
    }
}

#[test]
fn each_condition_by_hand() {
    let facts = plan(&BTreeSet::from([PlayerId(2), PlayerId(3)]));
    let check = |member, condition, expect| {
        assert_eq!(is_met(&condition, PlayerId(member), &facts), expect, "{condition:?} of {member}");
    };
    let hour = |n| GameTime(0) + GameSpan::hours(n);
    check(2, Condition::MaxShareOfArmy(1.0), true);
    check(2, Condition::MaxShareOfArmy(0.9), false);
    check(9, Condition::MaxShareOfArmy(0.0), true);
    check(2, Condition::NotBefore(hour(2)), true);
    check(2, Condition::NotBefore(hour(3)), false);
    check(2, Condition::NotAfter(hour(7)), true);
    check(3, Condition::NotAfter(hour(7)), false);
    check(2, Condition::MinParticipants(2), true);
    check(2, Condition::MinParticipants(3), false);
    check(2, Condition::NeedsGoods(500), true);
    check(3, Condition::NeedsGoods(1), false);
    check(2, Condition::FreshIntel { max_age: GameSpan::hours(20) }, true);
    check(2, Condition::FreshIntel { max_age: GameSpan::hours(12) }, false);
    let unseen = PlanFacts { intel_age: None, ..facts.clone() };
    assert!(!is_met(&Condition::FreshIntel { max_age: GameSpan::days(99) }, PlayerId(2), &unseen));
}

#[test]
fn one_that_drops_takes_another_with_it() {
    let ballots = BTreeMap::from([
        (PlayerId(2), ballot(Vote::Approve, vec![Condition::FreshIntel { max_age: GameSpan::hours(12) }])),
        (PlayerId(3), ballot(Vote::Approve, vec![Condition::MinParticipants(4)])),
        (PlayerId(4), ballot(Vote::Approve, vec![])),
        (PlayerId(5), ballot(Vote::Reject, vec![])),
    ]);
    let roll = roll_of(6, 1);
    let settled = settle(&roll, &ballots, plan);
    assert_eq!(settled.approved, BTreeSet::from([PlayerId(1), PlayerId(4)]));
    let order: Vec<u32> = settled.dropped.iter().map(|d| d.member.0).collect();
    assert_eq!(order, [2, 3], "3 found four members in the first round, three in the second");
    assert_eq!(settled.dropped[1].condition, Condition::MinParticipants(4));
    let counted = tally(&roll, &settled.votes(&ballots));
    assert_eq!((counted.approve, counted.reject, counted.abstain), (2, 1, 2));
}

#[test]
fn who_left_or_proposed_has_no_conditions() {
    let never = vec![Condition::MinParticipants(99)];
    let ballots = BTreeMap::from([
        (PlayerId(1), ballot(Vote::Approve, never.clone())),
        (PlayerId(2), ballot(Vote::Approve, vec![])),
    ]);
    let mut roll = roll_of(3, 1);
    roll.leave(PlayerId(2));
    let settled = settle(&roll, &ballots, plan);
    assert_eq!(settled.approved, BTreeSet::from([PlayerId(1)]));
    assert!(settled.dropped.is_empty());
}

fn any_condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        (0.0..1.0_f64).prop_map(Condition::MaxShareOfArmy),
        (0_u32..10).prop_map(Condition::MinParticipants),
        (0_i64..12).prop_map(|h| Condition::NotBefore(GameTime(0) + GameSpan::hours(h))),
        (0_i64..20).prop_map(|h| Condition::NotAfter(GameTime(0) + GameSpan::hours(h))),
        (0_i64..1_000).prop_map(Condition::NeedsGoods),
        (0_i64..40).prop_map(|h| Condition::FreshIntel { max_age: GameSpan::hours(h) }),
    ]
}

fn any_ballots() -> impl Strategy<Value = Vec<(PlayerId, Ballot)>> {
    let vote = prop_oneof![3 => Just(Vote::Approve), 1 => Just(Vote::Reject), 1 => Just(Vote::Abstain)];
    let one = (1_u32..9, vote, prop::collection::vec(any_condition(), 0..3));
    prop::collection::btree_map(1_u32..9, one, 0..9).prop_map(|map| {
        map.into_iter().map(|(n, (_, vote, conditions))| (PlayerId(n), ballot(vote, conditions))).collect()
    })
}

proptest! {
    #[test]
    fn it_ends_in_a_fixpoint(ballots in any_ballots(), shuffled in any::<u64>()) {
        let roll = roll_of(8, 1);
        let map: BTreeMap<PlayerId, Ballot> = ballots.iter().cloned().collect();
        let mut rounds = 0;
        let settled = settle(&roll, &map, |set| { rounds += 1; plan(set) });
        let conditional = map.values().filter(|b| b.vote == Vote::Approve && !b.conditions.is_empty()).count();
        prop_assert!(rounds <= conditional + 1);
        prop_assert_eq!(&plan(&settled.approved), &settled.plan);
        for member in &settled.approved {
            let conditions = map.get(member).filter(|_| *member != PlayerId(1)).map(|b| b.conditions.clone());
            for condition in conditions.unwrap_or_default() {
                prop_assert!(is_met(&condition, *member, &settled.plan));
            }
        }
        for drop in &settled.dropped {
            prop_assert!(!settled.approved.contains(&drop.member));
            prop_assert!(map[&drop.member].conditions.contains(&drop.condition));
        }
        let approvals = map.iter().filter(|(m, b)| **m != PlayerId(1) && b.vote == Vote::Approve).count() + 1;
        prop_assert_eq!(settled.approved.len() + settled.dropped.len(), approvals);

        // The order in which ballots came in does not matter.
        let mut other = ballots;
        let len = other.len().max(1);
        other.rotate_left(usize::try_from(shuffled).unwrap_or(0) % len);
        other.reverse();
        prop_assert_eq!(settle(&roll, &other.into_iter().collect(), plan), settled);
    }
}
