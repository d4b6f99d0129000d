//! The roll of a vote, frozen at its opening, and the count of its ballots.

use super::charter::Electorate;
use crate::base::contract::{Ballot, Rank, Vote};
use crate::base::id::PlayerId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A member as the roll sees it at the opening.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub member: PlayerId,
    /// Its rank.
    pub rank: Rank,
    /// Whether the proposal offers it a part.
    pub offered_part: bool,
}

/// One seat of the roll.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Seat {
    /// Whose.
    pub member: PlayerId,
    /// How much its ballot weighs: 1.
    pub weight: u32,
}

/// Who votes on a proposal. Nobody joins after the opening; who leaves voids its ballot and shrinks the roll.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Roll {
    /// Seats by member, each once.
    seats: Vec<Seat>,
    /// Who proposed: its ballot is an approval without conditions.
    proposer: PlayerId,
    /// Who leads, if on the roll: decides alone while there are at most two seats.
    leader: Option<PlayerId>,
}

impl Roll {
    /// The roll at the opening. The proposer is on it whatever the electorate.
    #[must_use]
    pub fn open(electorate: Electorate, members: &[Candidate], proposer: PlayerId) -> Self {
        let votes = |c: &&Candidate| match electorate {
            Electorate::All => true,
            Electorate::Cabinet => c.rank != Rank::Member || c.offered_part || c.member == proposer,
        };
        let mut seats: Vec<Seat> = members.iter().filter(votes).map(|c| Seat { member: c.member, weight: 1 }).collect();
        if seats.iter().all(|s| s.member != proposer) {
            seats.push(Seat { member: proposer, weight: 1 });
        }
        seats.sort_unstable_by_key(|s| s.member);
        seats.dedup_by_key(|s| s.member);
        let leader = members.iter().find(|c| c.rank == Rank::Leader).map(|c| c.member);
        Self { seats, proposer, leader }
    }

    /// A member leaves the alliance: its seat and its ballot are gone.
    pub fn leave(&mut self, member: PlayerId) {
        self.seats.retain(|s| s.member != member);
    }

    /// The seats, by member.
    #[must_use]
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// Whether the member votes.
    #[must_use]
    pub fn has(&self, member: PlayerId) -> bool {
        self.seats.binary_search_by_key(&member, |s| s.member).is_ok()
    }

    /// Who proposed.
    #[must_use]
    pub fn proposer(&self) -> PlayerId {
        self.proposer
    }

    /// The leader, if it decides alone: on a roll of one or two seats.
    #[must_use]
    pub fn sole_decider(&self) -> Option<PlayerId> {
        self.leader.filter(|l| self.seats.len() <= 2 && self.has(*l))
    }

    /// What a seat says now. Conditions of the proposer are not counted as such: its ballot is an approval.
    #[must_use]
    pub fn voice(&self, member: PlayerId, ballot: Option<&Ballot>) -> Voice {
        match ballot {
            _ if member == self.proposer => Voice::Said(Vote::Approve),
            None => Voice::Open,
            Some(b) if b.vote == Vote::Approve && !b.conditions.is_empty() => Voice::Conditional,
            Some(b) => Voice::Said(b.vote),
        }
    }
}

/// What a seat says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Voice {
    /// Nothing yet.
    Open,
    /// An approval whose conditions have not settled: in the end an approval or an abstention.
    Conditional,
    /// A ballot that stands.
    Said(Vote),
}

/// How a proposal is approved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ApprovalRule {
    /// By the charter's portion.
    Portion,
    /// The leader alone decides: its vote, if it stands.
    Leader(Option<Vote>),
}

/// The sums of the ballots, in weight.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Tally {
    /// E: the weight of the roll.
    pub eligible: u32,
    /// Ballots cast, abstentions and unsettled conditions included.
    pub cast: u32,
    /// Approvals that stand.
    pub approve: u32,
    /// Rejections.
    pub reject: u32,
    /// Abstentions.
    pub abstain: u32,
    /// Approvals whose conditions have not settled.
    pub conditional: u32,
    /// How many seats are open or conditional.
    pub unsettled_seats: u32,
    /// How it is approved.
    pub approval: ApprovalRule,
}

/// Counts voices; the voices of who is not on the roll are not heard.
fn count(roll: &Roll, voice_of: impl Fn(PlayerId) -> Voice) -> Tally {
    let mut tally = Tally {
        eligible: 0,
        cast: 0,
        approve: 0,
        reject: 0,
        abstain: 0,
        conditional: 0,
        unsettled_seats: 0,
        approval: ApprovalRule::Portion,
    };
    for seat in roll.seats() {
        let voice = voice_of(seat.member);
        tally.eligible += seat.weight;
        match voice {
            Voice::Open => {}
            Voice::Conditional => tally.conditional += seat.weight,
            Voice::Said(Vote::Approve) => tally.approve += seat.weight,
            Voice::Said(Vote::Reject) => tally.reject += seat.weight,
            Voice::Said(Vote::Abstain) => tally.abstain += seat.weight,
        }
        tally.unsettled_seats += u32::from(!matches!(voice, Voice::Said(_)));
    }
    tally.cast = tally.approve + tally.reject + tally.abstain + tally.conditional;
    if let Some(leader) = roll.sole_decider() {
        let Voice::Said(vote) = voice_of(leader) else {
            return Tally { approval: ApprovalRule::Leader(None), ..tally };
        };
        tally.approval = ApprovalRule::Leader(Some(vote));
    }
    tally
}

/// The tally while the vote is open: conditional approvals are cast, but not yet approvals.
#[must_use]
pub fn tally_open(roll: &Roll, ballots: &BTreeMap<PlayerId, Ballot>) -> Tally {
    count(roll, |member| roll.voice(member, ballots.get(&member)))
}

/// The tally of votes whose conditions have settled, see [`Settlement::votes`](super::conditions::Settlement::votes).
/// The proposer's vote is an approval whatever is given.
#[must_use]
pub fn tally(roll: &Roll, votes: &BTreeMap<PlayerId, Vote>) -> Tally {
    count(roll, |member| match votes.get(&member) {
        _ if member == roll.proposer() => Voice::Said(Vote::Approve),
        Some(vote) => Voice::Said(*vote),
        None => Voice::Open,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(n: u32, rank: Rank, offered_part: bool) -> Candidate {
        Candidate { member: PlayerId(n), rank, offered_part }
    }

    fn house() -> Vec<Candidate> {
        vec![
            candidate(4, Rank::Member, true),
            candidate(1, Rank::Leader, false),
            candidate(3, Rank::Member, false),
            candidate(2, Rank::Officer, false),
            candidate(5, Rank::Member, false),
        ]
    }

    fn ids(roll: &Roll) -> Vec<u32> {
        roll.seats().iter().map(|s| s.member.0).collect()
    }

    #[test]
    fn the_cabinet_has_officers_and_those_offered_a_part() {
        assert_eq!(ids(&Roll::open(Electorate::All, &house(), PlayerId(3))), [1, 2, 3, 4, 5]);
        assert_eq!(ids(&Roll::open(Electorate::Cabinet, &house(), PlayerId(2))), [1, 2, 4]);
        assert_eq!(ids(&Roll::open(Electorate::Cabinet, &house(), PlayerId(3))), [1, 2, 3, 4]);
    }

    #[test]
    fn a_leaver_voids_its_ballot_and_shrinks_the_roll() {
        let mut roll = Roll::open(Electorate::All, &house(), PlayerId(2));
        let votes = BTreeMap::from([(PlayerId(4), Vote::Reject), (PlayerId(5), Vote::Abstain)]);
        let before = tally(&roll, &votes);
        assert_eq!((before.eligible, before.cast, before.approve, before.reject), (5, 3, 1, 1));
        roll.leave(PlayerId(4));
        let after = tally(&roll, &votes);
        assert_eq!((after.eligible, after.cast, after.approve, after.reject), (4, 2, 1, 0));
        roll.leave(PlayerId(2));
        assert_eq!(tally(&roll, &votes).approve, 0, "the proposer's approval leaves with it");
    }

    #[test]
    fn the_proposer_approves_and_strangers_are_not_heard() {
        let roll = Roll::open(Electorate::All, &house(), PlayerId(2));
        let votes = BTreeMap::from([(PlayerId(2), Vote::Reject), (PlayerId(77), Vote::Approve)]);
        let got = tally(&roll, &votes);
        assert_eq!((got.cast, got.approve, got.reject), (1, 1, 0));
    }

    #[test]
    fn a_leader_decides_for_two() {
        let two = [candidate(1, Rank::Leader, false), candidate(2, Rank::Member, false)];
        let mut roll = Roll::open(Electorate::All, &two, PlayerId(2));
        assert_eq!(tally(&roll, &BTreeMap::new()).approval, ApprovalRule::Leader(None));
        let no = BTreeMap::from([(PlayerId(1), Vote::Reject)]);
        assert_eq!(tally(&roll, &no).approval, ApprovalRule::Leader(Some(Vote::Reject)));
        roll.leave(PlayerId(1));
        assert_eq!(tally(&roll, &no).approval, ApprovalRule::Portion, "nobody leads any more");
    }
}
