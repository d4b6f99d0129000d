//! What an alliance holds in common, and on whose account.

use super::rules::{QUOTA_WITHIN, STANDING_HALF_LIFE, due_once_within};
use crate::base::clock::{CampaignSystems, DueKind, GameSpan, GameTime};
use crate::base::contract::GrantReason;
use crate::base::goods::Goods;
use crate::base::id::{PlayerId, SiteId};
use crate::society::alliance::Decayed;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// An alliance meets over its pool. Owner: the alliance, n: [`MEETS_REGULARLY`] or [`MEETS_FOR_RELIEF`].
pub const POOL_MEETS: DueKind = DueKind::new(
    68,
    "pool_meets",
    &[
        CampaignSystems::Intake,
        CampaignSystems::Sense,
        CampaignSystems::Plan,
        CampaignSystems::March,
        CampaignSystems::Settle,
    ],
);

/// Its meeting of the day: all reasons, and gifts.
pub const MEETS_REGULARLY: u32 = 0;
/// Relief has come to a member: who feeds it is granted crop at once.
pub const MEETS_FOR_RELIEF: u32 = 1;

/// What an entry of the ledger says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A member's goods came in.
    Contributed,
    /// Goods left for a member.
    Granted(GrantReason),
    /// Goods that were granted came back: nobody was there to take them.
    Returned(GrantReason),
    /// Goods were built with in common: on nobody's account, whoever led then.
    Spent,
}

/// An entry of a pool's ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PoolEntry {
    /// When.
    pub at: GameTime,
    /// On whose account.
    pub member: PlayerId,
    /// What.
    pub kind: EntryKind,
    /// How much of each good.
    pub goods: Goods,
}

impl PoolEntry {
    /// What it adds to the pool.
    #[must_use]
    pub fn change(&self) -> Goods {
        match self.kind {
            EntryKind::Contributed | EntryKind::Returned(_) => self.goods,
            EntryKind::Granted(_) | EntryKind::Spent => Goods::ZERO.minus(self.goods),
        }
    }
}

/// A member's account with the pool.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Account {
    /// Contributions less grants, and merit in war, in goods.
    pub standing: Decayed,
    /// What it got within 7 days: when, why, and how much in all.
    pub granted: Vec<(GameTime, GrantReason, i64)>,
    /// When it joined, if it did since the beginning.
    pub joined: Option<GameTime>,
    /// The largest that its army was in 14 days as far as meetings saw it, in goods, and when.
    pub peak: (i64, GameTime),
}

impl Account {
    /// The standing now.
    #[must_use]
    pub fn standing(&self, now: GameTime) -> f64 {
        self.standing.at(now, STANDING_HALF_LIFE)
    }

    /// What it got within a week, in all.
    #[must_use]
    pub fn granted_lately(&self, now: GameTime) -> i64 {
        self.granted.iter().filter(|(at, ..)| now - *at < QUOTA_WITHIN).map(|(.., goods)| *goods).sum()
    }

    /// What it got for a reason, as long as that counts as part of what is due by it.
    #[must_use]
    pub fn granted_for(&self, reason: GrantReason, now: GameTime) -> i64 {
        let counts = |at: GameTime, why| why == reason && now - at < due_once_within(reason);
        self.granted.iter().filter(|(at, why, _)| counts(*at, *why)).map(|(.., goods)| *goods).sum()
    }

    /// Notes how large its army is now.
    pub(super) fn note_army(&mut self, army: i64, now: GameTime) {
        if army >= self.peak.0 || now - self.peak.1 >= GameSpan::days(14) {
            self.peak = (army, now);
        }
    }
}

/// Goods of a pool on their way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Underway {
    /// On whose account.
    pub member: PlayerId,
    /// How much of each.
    pub goods: Goods,
    /// Where they come from, of a contribution; where they go, of a grant.
    pub site: SiteId,
    /// Why it was granted, and how much was asked for; `None` for a contribution.
    pub granted: Option<(GrantReason, Goods)>,
    /// When they are there; `None` until they have left.
    pub arrival: Option<GameTime>,
}

/// What members voted to give beyond their usual gifts. Part of an alliance from its first such vote on.
#[derive(Component, Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Levy {
    /// Until when.
    pub until: GameTime,
    /// Who gives.
    pub givers: BTreeSet<PlayerId>,
    /// The part of its surplus that each of them gives.
    pub share: f64,
    /// They give while the pool holds less than this.
    pub stock: i64,
}

impl Levy {
    /// The part that a member gives by it now.
    #[must_use]
    pub fn share_of(&self, member: PlayerId, now: GameTime) -> Option<f64> {
        (now < self.until && self.givers.contains(&member)).then_some(self.share)
    }
}

/// What an alliance holds in common, with its ledger. Part of an alliance that deliberates.
#[derive(Component, Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Pool {
    /// What lies in it.
    pub stock: Goods,
    /// Members' accounts. Who leaves loses its own.
    pub accounts: BTreeMap<PlayerId, Account>,
    /// What those who left owe.
    pub debts: BTreeMap<PlayerId, Decayed>,
    /// The latest entries, oldest first.
    pub entries: VecDeque<PoolEntry>,
    /// What the entries before those add up to.
    pub closed: Goods,
    /// Goods on their way, by number.
    pub underway: BTreeMap<u32, Underway>,
    /// Orders so far: the n of the next [`PoolOrder`](crate::base::contract::PoolOrder).
    pub orders: u32,
}

impl Pool {
    /// Enters something: stock, ledger and account change together.
    pub fn enter(&mut self, entry: PoolEntry, kept: usize) {
        self.stock += entry.change();
        while self.entries.len() >= kept.max(1) {
            if let Some(old) = self.entries.pop_front() {
                self.closed += old.change();
            }
        }
        self.entries.push_back(entry);
        if entry.kind == EntryKind::Spent {
            return;
        }
        // Who left in the meantime has no account, and gets none by what comes late.
        let Some(account) = self.accounts.get_mut(&entry.member) else { return };
        let total = entry.goods.total();
        #[expect(clippy::cast_precision_loss, reason = "goods of one way, far below 2^53")]
        let points = match entry.kind {
            EntryKind::Contributed | EntryKind::Returned(_) => total as f64,
            EntryKind::Granted(_) | EntryKind::Spent => -(total as f64),
        };
        account.granted.retain(|(at, ..)| entry.at - *at < QUOTA_WITHIN);
        match entry.kind {
            EntryKind::Granted(reason) => account.granted.push((entry.at, reason, total)),
            EntryKind::Returned(reason) => {
                // What never came counts for nothing. Who left and came again in the meantime was not charged for it.
                let Some(at) = account.granted.iter().position(|(_, why, goods)| (*why, *goods) == (reason, total))
                else {
                    return;
                };
                account.granted.remove(at);
            }
            EntryKind::Contributed | EntryKind::Spent => {}
        }
        account.standing.add(points, entry.at, STANDING_HALF_LIFE);
    }

    /// What waits to leave for a member for this reason, in all.
    #[must_use]
    pub fn waiting_for(&self, member: PlayerId, reason: GrantReason) -> i64 {
        let waits = |u: &&Underway| {
            u.member == member && u.arrival.is_none() && u.granted.is_some_and(|(why, _)| why == reason)
        };
        self.underway.values().filter(waits).map(|u| u.goods.total()).sum()
    }

    /// A member leaves: it has no claim any more, but what it owes it owes if it comes again.
    pub(super) fn leave(&mut self, member: PlayerId, now: GameTime) {
        if let Some(account) = self.accounts.remove(&member)
            && account.standing(now) < 0.0
        {
            self.debts.insert(member, account.standing);
        }
    }

    /// A member joins.
    pub(super) fn join(&mut self, member: PlayerId, now: GameTime) {
        let standing = self.debts.remove(&member).unwrap_or_default();
        self.accounts.insert(member, Account { joined: Some(now), standing, ..Account::default() });
    }

    /// What the ledger says that lies in the pool: the same as [`stock`](Self::stock).
    #[must_use]
    pub fn balance(&self) -> Goods {
        self.entries.iter().fold(self.closed, |sum, entry| sum + entry.change())
    }

    /// What of the stock is not promised to a grant that has not left yet.
    #[must_use]
    pub fn free(&self) -> Goods {
        let waits = self.underway.values().filter(|u| u.granted.is_some() && u.arrival.is_none());
        waits.fold(self.stock, |left, u| left.minus(u.goods))
    }

    /// Notes what a member did in war, in goods, for its standing.
    pub fn note_merit(&mut self, member: PlayerId, points: f64, now: GameTime) {
        if let Some(account) = self.accounts.get_mut(&member) {
            account.standing.add(points, now, STANDING_HALF_LIFE);
        }
    }
}
