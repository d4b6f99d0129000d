//! What an alliance could send: the sources of an allocation, after home guard, promises and pledges.

use super::components::{Ballots, Proposal};
use super::situation::{Situation, Threats};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{Condition, SiteState};
use crate::base::id::{AllianceId, PlayerId};
use crate::base::ruleset::Force;
use crate::decision::planning::allocation::Source;
use crate::society::alliance::MemberInfo;
use std::collections::BTreeMap;

/// What a member puts in: the largest share of its army, and hard limits of time.
#[derive(Clone, Copy, Debug)]
pub struct Pledge {
    /// The largest share of its army, 0..=1.
    pub share: f64,
    /// Nothing leaves before this.
    pub not_before: Option<GameTime>,
    /// Nothing arrives after this.
    pub not_after: Option<GameTime>,
}

impl Pledge {
    /// Everything, at any time.
    pub const ALL: Self = Self { share: 1.0, not_before: None, not_after: None };

    /// What the ballot of a member promises who was asked for troops; none if it was not asked, or has not voted.
    #[must_use]
    pub fn of(proposal: &Proposal, ballots: &Ballots, member: PlayerId) -> Option<Self> {
        let ballot = ballots.cast.get(&member).filter(|_| proposal.asked.contains_key(&member))?;
        Some(Self { share: ballot.pledge_share, ..Self::ALL }.with(&ballot.conditions))
    }

    /// The pledge with the hard limits of these conditions.
    #[must_use]
    pub fn with(mut self, conditions: &[Condition]) -> Self {
        for condition in conditions {
            match condition {
                Condition::MaxShareOfArmy(share) => self.share = self.share.min(*share),
                Condition::NotBefore(at) => self.not_before = Some(self.not_before.map_or(*at, |t| t.max(*at))),
                Condition::NotAfter(at) => self.not_after = Some(self.not_after.map_or(*at, |t| t.min(*at))),
                Condition::MinParticipants(_) | Condition::NeedsGoods(_) | Condition::FreshIntel { .. } => {}
            }
        }
        self
    }
}

fn source(site: &SiteState, member: &MemberInfo, pledge: &Pledge, available: Force, chiefs: Force) -> Source {
    Source {
        site: site.clone(),
        available,
        chiefs,
        population: member.population,
        rhythm: member.rhythm,
        not_before: pledge.not_before,
        not_after: pledge.not_after,
    }
}

/// Who of an alliance gives what, at one instant. Needs the states of the members' sites.
#[derive(Clone, Copy, Debug)]
pub struct Muster<'a, 'w, 's> {
    /// What is known, promised and feared.
    pub situation: &'a Situation<'w, 's>,
    /// Whose members.
    pub alliance: AllianceId,
    /// Which of them.
    pub members: &'a [MemberInfo],
    /// What each puts in; nobody else gives anything.
    pub pledges: &'a BTreeMap<PlayerId, Pledge>,
    /// What threatens them.
    pub threats: &'a Threats,
    /// A village that sent troops to a blow, or is to, gives nothing for so long.
    pub rest: GameSpan,
    /// When.
    pub now: GameTime,
}

impl<'a> Muster<'a, '_, '_> {
    /// All villages that have offense to send, sorted by site.
    #[must_use]
    pub fn offense(self) -> Vec<Source> {
        self.gather(&BTreeMap::new())
    }

    /// All villages that have defensive troops to send, sorted by site: their `available` is those.
    #[must_use]
    pub fn guards(self) -> Vec<Source> {
        self.spare().0
    }

    /// Villages with offense, and villages with defensive troops. What a member gives of both together is within its pledge.
    #[must_use]
    pub fn with_guards(self) -> (Vec<Source>, Vec<Source>) {
        let (guards, kept) = self.spare();
        (self.gather(&kept), guards)
    }

    /// The villages of those who pledged, sorted by site.
    fn givers(self) -> impl Iterator<Item = (&'a SiteState, &'a MemberInfo, &'a Pledge)> {
        let by_player: BTreeMap<PlayerId, &MemberInfo> = self.members.iter().map(|m| (m.player, m)).collect();
        let of_site =
            move |site: &'a SiteState| Some((site, *by_player.get(&site.owner)?, self.pledges.get(&site.owner)?));
        self.situation.view.own(self.alliance).iter().filter_map(of_site)
    }

    /// Villages with defensive troops to send, and what those of each member that may leave at all cost, in goods.
    fn spare(self) -> (Vec<Source>, BTreeMap<PlayerId, i64>) {
        let model = self.situation.view.model();
        let (mut guards, mut kept): (Vec<Source>, BTreeMap<PlayerId, i64>) = (Vec::new(), BTreeMap::new());
        for (site, member, pledge) in self.givers() {
            let spare = self.spare_defense(site);
            *kept.entry(site.owner).or_default() += model.cost(&spare);
            let available = if pledge.share < 1.0 { spare.share(pledge.share) } else { spare };
            if !available.is_empty() {
                guards.push(source(site, member, pledge, available, Force::new()));
            }
        }
        (guards, kept)
    }

    /// Villages with offense to send. Of each member's army so many goods are kept for another use.
    #[expect(clippy::cast_precision_loss, reason = "goods of one member, far below 2^53")]
    fn gather(self, kept: &BTreeMap<PlayerId, i64>) -> Vec<Source> {
        let model = self.situation.view.model();
        let army = self.situation.armies(self.alliance);
        let mut sources = Vec::new();
        let mut left: BTreeMap<PlayerId, f64> = BTreeMap::new();
        for (site, member, pledge) in
            self.givers().filter(|(site, ..)| !self.situation.rests(site.site, self.rest, self.now))
        {
            let guarded = self.sendable(site);
            // A member's share is a share of its whole army; its villages draw on it in the order of their ids.
            let whole = army.get(&site.owner).copied().unwrap_or(0) - kept.get(&site.owner).copied().unwrap_or(0);
            let budget = left.entry(site.owner).or_insert_with(|| pledge.share * whole as f64);
            let cost = model.cost(&guarded) as f64;
            let available = if cost > *budget { guarded.share(*budget / cost) } else { guarded };
            if model.attack(&available) < model.scale().attack_min {
                continue;
            }
            *budget -= model.cost(&available) as f64;
            let chiefs = self.situation.free(site).iter().filter(|(class, _)| model.is_chief(*class)).collect();
            sources.push(source(site, member, pledge, available, chiefs));
        }
        sources
    }

    /// The offense that may leave a village: not promised, and no more than keeps its home term at -0.2.
    fn sendable(self, site: &SiteState) -> Force {
        let model = self.situation.view.model();
        let is_sendable = |class| model.is_offense(class) && model.is_fighter(class);
        let offense: Force = self.situation.free(site).iter().filter(|(class, _)| is_sendable(*class)).collect();
        let stays = site.home.minus(&offense);
        self.situation.may_leave(site, offense, &stays, self.threats, self.now)
    }

    /// The defensive troops that may leave a village: no more than keeps its home term at -0.2 when all of its offense that
    /// may leave is gone too.
    fn spare_defense(self, site: &SiteState) -> Force {
        let model = self.situation.view.model();
        let is_spare = |class| !model.is_offense(class) && model.is_fighter(class);
        let spare: Force = self.situation.free(site).iter().filter(|(class, _)| is_spare(*class)).collect();
        if spare.is_empty() {
            return spare;
        }
        let stays = site.home.minus(&self.sendable(site)).minus(&spare);
        self.situation.may_leave(site, spare, &stays, self.threats, self.now)
    }
}
