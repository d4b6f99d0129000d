//! The numbers of the questions that a player thinks about ([`think_time`](super::rules::think_time)): all of them in one place, so
//! that two kinds do not share a draw.
//!
//! A number is the mark of its kind in the highest bits, and below it what tells questions of this kind apart:
//!
//! | question | mark | below it |
//! |---|---|---|
//! | [`ballot`]: how to vote | none | alliance << 32, number of the proposal |
//! | [`order`]: whether to do what an operation orders | bit 59 | alliance << 32, number of the operation |
//! | [`application`]: whether to take somebody in | bit 60 | player << 24, time in steps of 2^20 ms (17 min), its lowest 24 bits |
//! | [`posture`]: whether to post troops at the frontier | bit 61 | site << 30, number of the look, its lowest 30 bits |
//! | [`relief`]: whether to relieve a site | bit 62 | site << 31, number of the alarm there |
//! | [`alarm`]: what to do about an attack | bit 63 | site << 31, number of the alarm there |
//! | [`grudge`]: whether to raid in return | bits 62 and 63 | number of the grudge of this player |
//!
//! The numbers are part of what a campaign is: another one draws another think time, and every hash after it differs. So kinds are
//! added with a mark that is free, and none is changed. The highest bit of a site that was founded
//! ([`SiteId::PLOTS`]) falls on the mark, or within it: such a question may share its draw with that about another site.
//! That is no more than two answers that take equally long.

use crate::base::clock::GameTime;
use crate::base::id::{PlayerId, ProposalId, SiteId};

const ORDER: u64 = 1 << 59;
const APPLICATION: u64 = 1 << 60;
const POSTURE: u64 = 1 << 61;
const RELIEF: u64 = 1 << 62;
const ALARM: u64 = 1 << 63;
const GRUDGE: u64 = 3 << 62;

/// How to vote on a proposal.
#[must_use]
pub fn ballot(proposal: ProposalId) -> u64 {
    u64::from(proposal.alliance.0) << 32 | u64::from(proposal.n)
}

/// Whether to do what an operation orders.
#[must_use]
pub fn order(operation: ProposalId) -> u64 {
    ORDER | ballot(operation) & (ORDER - 1)
}

/// Whether to take in a player who applied at this time.
#[must_use]
pub fn application(player: PlayerId, at: GameTime) -> u64 {
    APPLICATION | u64::from(player.0) << 24 | u64::try_from(at.0 >> 20).unwrap_or(0) & 0xff_ffff
}

/// Whether to post troops in a site of the frontier, at the `look`-th look at it.
#[must_use]
pub fn posture(site: SiteId, look: u64) -> u64 {
    POSTURE | u64::from(site.0) << 30 | look & 0x3fff_ffff
}

/// Whether to relieve a site after its `alarms`-th alarm.
#[must_use]
pub fn relief(site: SiteId, alarms: u32) -> u64 {
    RELIEF | u64::from(site.0) << 31 | u64::from(alarms)
}

/// What to do about the attack of a site's `alarms`-th alarm.
#[must_use]
pub fn alarm(site: SiteId, alarms: u32) -> u64 {
    ALARM | u64::from(site.0) << 31 | u64::from(alarms)
}

/// Whether to raid in return, of a player's `n`-th grudge.
#[must_use]
pub fn grudge(n: u32) -> u64 {
    GRUDGE | u64::from(n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::AllianceId;

    #[test]
    fn the_numbers_are_those_that_hashes_rest_on() {
        let proposal = ProposalId { alliance: AllianceId(5), n: 9 };
        assert_eq!(ballot(proposal), 0x0000_0005_0000_0009);
        assert_eq!(order(proposal), 0x0800_0005_0000_0009);
        assert_eq!(application(PlayerId(7), GameTime(3 << 20)), 0x1000_0000_0700_0003);
        assert_eq!(application(PlayerId(7), GameTime(-1)), 0x1000_0000_0700_0000);
        assert_eq!(posture(SiteId(3), 4), 0x2000_0000_c000_0004);
        assert_eq!(relief(SiteId(2), 4), 0x4000_0001_0000_0004);
        assert_eq!(alarm(SiteId(2), 4), 0x8000_0001_0000_0004);
        assert_eq!(grudge(4), 0xc000_0000_0000_0004);
    }

    #[test]
    fn kinds_share_no_number() {
        let (sites, counts) = ([0, 1, 40_000, SiteId::PLOTS - 1], [1, 2, 70_000]);
        let mut all = Vec::new();
        for n in counts {
            let proposal = ProposalId { alliance: AllianceId(n), n };
            all.extend([ballot(proposal), order(proposal), grudge(n)]);
            all.extend(sites.map(|site| alarm(SiteId(site), n)));
            all.extend(sites.map(|site| relief(SiteId(site), n)));
            all.extend(sites.map(|site| posture(SiteId(site), u64::from(n))));
            all.extend(sites.map(|player| application(PlayerId(player), GameTime(i64::from(n) << 20))));
        }
        let asked = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), asked);
    }
}
