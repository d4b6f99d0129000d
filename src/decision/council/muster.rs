//! What an alliance could send: the sources of an allocation, after home guard, promises and pledges.

use super::situation::{HomeCase, Situation, Threats};
use crate::base::clock::GameTime;
use crate::base::contract::{Condition, SiteState};
use crate::base::id::{AllianceId, PlayerId};
use crate::base::ruleset::Force;
use crate::decision::planning::allocation::Source;
use crate::decision::planning::threat;
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

/// All villages of these members that have offense to send, sorted by site.
#[must_use]
pub fn muster(
    situation: &Situation,
    alliance: AllianceId,
    members: &[MemberInfo],
    pledges: &BTreeMap<PlayerId, Pledge>,
    threats: &Threats,
    now: GameTime,
) -> Vec<Source> {
    gather(situation, alliance, members, pledges, threats, now, &BTreeMap::new())
}

/// The same beside villages with defensive troops to send, sorted by site: their `available` is those. What a member
/// gives of both together is within its pledge.
#[must_use]
pub fn muster_with_guards(
    situation: &Situation,
    alliance: AllianceId,
    members: &[MemberInfo],
    pledges: &BTreeMap<PlayerId, Pledge>,
    threats: &Threats,
    now: GameTime,
) -> (Vec<Source>, Vec<Source>) {
    let model = situation.view.model();
    let by_player: BTreeMap<PlayerId, &MemberInfo> = members.iter().map(|m| (m.player, m)).collect();
    let (mut guards, mut kept): (Vec<Source>, BTreeMap<PlayerId, i64>) = (Vec::new(), BTreeMap::new());
    for site in situation.view.own(alliance) {
        let (Some(member), Some(pledge)) = (by_player.get(&site.owner), pledges.get(&site.owner)) else { continue };
        let spare = spare_defense(situation, site, threats, now);
        *kept.entry(site.owner).or_default() += model.cost(&spare);
        let available = if pledge.share < 1.0 { spare.share(pledge.share) } else { spare };
        if !available.is_empty() {
            guards.push(Source {
                site: site.clone(),
                available,
                chiefs: Force::new(),
                population: member.population,
                rhythm: member.rhythm,
                not_before: pledge.not_before,
                not_after: pledge.not_after,
            });
        }
    }
    (gather(situation, alliance, members, pledges, threats, now, &kept), guards)
}

/// Villages with offense to send. Of each member's army so many goods are kept for another use.
fn gather(
    situation: &Situation,
    alliance: AllianceId,
    members: &[MemberInfo],
    pledges: &BTreeMap<PlayerId, Pledge>,
    threats: &Threats,
    now: GameTime,
    kept: &BTreeMap<PlayerId, i64>,
) -> Vec<Source> {
    let model = situation.view.model();
    let by_player: BTreeMap<PlayerId, &MemberInfo> = members.iter().map(|m| (m.player, m)).collect();
    let mut army: BTreeMap<PlayerId, i64> = BTreeMap::new();
    for site in situation.view.own(alliance) {
        *army.entry(site.owner).or_default() += model.cost(&site.home) + model.cost(&site.away);
    }
    let mut sources = Vec::new();
    let mut left: BTreeMap<PlayerId, f64> = BTreeMap::new();
    for site in situation.view.own(alliance) {
        let (Some(member), Some(pledge)) = (by_player.get(&site.owner), pledges.get(&site.owner)) else { continue };
        let guarded = sendable(situation, site, threats, now);
        // A member's share is a share of its whole army; its villages draw on it in the order of their ids.
        let whole = army.get(&site.owner).copied().unwrap_or(0) - kept.get(&site.owner).copied().unwrap_or(0);
        #[expect(clippy::cast_precision_loss, reason = "goods of one member")]
        let budget = left.entry(site.owner).or_insert_with(|| pledge.share * whole as f64);
        #[expect(clippy::cast_precision_loss, reason = "goods of one village")]
        let cost = model.cost(&guarded) as f64;
        let available = if cost > *budget { guarded.share(*budget / cost) } else { guarded };
        if model.attack(&available) < model.scale().attack_min {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "goods of one village")]
        let taken = model.cost(&available) as f64;
        *budget -= taken;
        sources.push(Source {
            site: site.clone(),
            available,
            chiefs: situation.free(site).iter().filter(|(class, _)| model.is_chief(*class)).collect(),
            population: member.population,
            rhythm: member.rhythm,
            not_before: pledge.not_before,
            not_after: pledge.not_after,
        });
    }
    sources
}

/// The offense that may leave a village: not promised, and no more than keeps its home term at -0.2.
fn sendable(situation: &Situation, site: &SiteState, threats: &Threats, now: GameTime) -> Force {
    let model = situation.view.model();
    let offense: Force =
        situation.free(site).iter().filter(|(class, _)| model.is_offense(*class) && model.is_fighter(*class)).collect();
    if offense.is_empty() {
        return offense;
    }
    let threat = threat(site.site, site.at, now, &threats.known, &threats.incoming, &*model.0);
    let mut stays = site.home.minus(&offense);
    stays.add_all(&site.guests);
    let home = HomeCase {
        threat,
        stays: model.defense(site, &stays),
        may_leave: model.defense(site, &offense) - model.defense(site, &Force::new()),
        share: 1.0,
    };
    let share = home.may_send();
    if share >= 1.0 { offense } else { offense.share(share) }
}

/// The defensive troops that may leave a village: no more than keeps its home term at -0.2 when all of its offense that
/// may leave is gone too.
fn spare_defense(situation: &Situation, site: &SiteState, threats: &Threats, now: GameTime) -> Force {
    let model = situation.view.model();
    let is_spare = |class| !model.is_offense(class) && model.is_fighter(class);
    let spare: Force = situation.free(site).iter().filter(|(class, _)| is_spare(*class)).collect();
    if spare.is_empty() {
        return spare;
    }
    let gone = sendable(situation, site, threats, now);
    let mut stays = site.home.minus(&gone).minus(&spare);
    stays.add_all(&site.guests);
    let home = HomeCase {
        threat: threat(site.site, site.at, now, &threats.known, &threats.incoming, &*model.0),
        stays: model.defense(site, &stays),
        may_leave: model.defense(site, &spare) - model.defense(site, &Force::new()),
        share: 1.0,
    };
    let share = home.may_send();
    if share >= 1.0 { spare } else { spare.share(share) }
}
