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
        #[expect(clippy::cast_precision_loss, reason = "goods of one member")]
        let budget =
            left.entry(site.owner).or_insert_with(|| pledge.share * army.get(&site.owner).copied().unwrap_or(0) as f64);
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
