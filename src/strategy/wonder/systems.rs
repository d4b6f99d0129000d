//! From votes to levels.

use super::components::{Wonder, WonderWork};
use super::rules::{self, WonderSettings};
use crate::action::defense::Vital;
use crate::action::pool::{EntryKind, Levy, Pool, PoolEntry, PoolSettings, seat};
use crate::base::clock::{Agenda, CampaignSystems, DueBatch, DueKind, GameTime};
use crate::base::contract::{CampaignFact, Fact, Site};
use crate::base::goods::Goods;
use crate::base::id::{AllianceId, EntityIndex, SiteId};
use crate::decision::council::{Ballots, Goal, Proposal, ProposalPassed};
use crate::knowledge::intel::View;
use crate::society::alliance::Roster;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// An alliance looks whether its pool pays for the next level. Owner: the alliance.
pub const WONDER_RISES: DueKind = DueKind::new(11, "wonder_rises", &[CampaignSystems::Plan]);

/// Where wonders act within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WonderSystems {
    /// In `Plan`: work that was voted for begins, levels are paid for.
    Build,
}

/// Who has built how high: public.
#[derive(SystemParam)]
pub struct Wonders<'w, 's> {
    index: Res<'w, EntityIndex>,
    roster: Roster<'w, 's>,
    wonders: Query<'w, 's, (&'static Site, &'static Wonder)>,
    works: Query<'w, 's, &'static WonderWork>,
}

impl core::fmt::Debug for Wonders<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Wonders")
    }
}

impl Wonders<'_, '_> {
    /// The highest wonder that a member holds, and its level.
    #[must_use]
    pub fn highest_of(&self, alliance: AllianceId) -> Option<(SiteId, u8)> {
        let own = self.wonders.iter().filter(|(site, _)| self.roster.alliance_of(site.owner) == Some(alliance));
        highest(own.map(|(site, wonder)| (site.id, wonder.level)))
    }

    /// The level of the wonder of a site; 0 for none.
    #[must_use]
    pub fn level_at(&self, site: SiteId) -> u8 {
        let wonder = self.index.site(site).and_then(|e| self.wonders.get(e).ok());
        wonder.map_or(0, |(_, wonder)| wonder.level)
    }

    /// The level of the highest wonder that a member holds; 0 for none.
    #[must_use]
    pub fn level_of(&self, alliance: AllianceId) -> u8 {
        self.highest_of(alliance).map_or(0, |(_, level)| level)
    }

    /// Whether members give for a wonder now.
    #[must_use]
    pub fn works(&self, alliance: AllianceId, now: GameTime) -> bool {
        let work = self.index.alliance(alliance).and_then(|e| self.works.get(e).ok());
        work.is_some_and(|work| work.goes_on(now))
    }
}

/// The highest of some wonders, and its level; of equals the lower site.
fn highest(wonders: impl Iterator<Item = (SiteId, u8)>) -> Option<(SiteId, u8)> {
    wonders.max_by_key(|(site, level)| (*level, core::cmp::Reverse(*site)))
}

/// Whoever approved gives from now on; levels are built where the alliance has its highest wonder, else where the pool is.
pub(super) fn begin_work(
    batch: Res<DueBatch>,
    mut passed: MessageReader<ProposalPassed>,
    settings: Res<WonderSettings>,
    index: Res<EntityIndex>,
    wonders: Wonders,
    view: View,
    proposals: Query<(&Proposal, &Ballots)>,
    mut agenda: ResMut<Agenda>,
    mut commands: Commands,
) {
    let now = batch.now();
    for message in passed.read() {
        let alliance = message.proposal.alliance;
        let found = index.proposal(message.proposal).and_then(|e| proposals.get(e).ok());
        let Some((proposal, ballots)) = found else { continue };
        let Goal::Build { share } = proposal.goal else { continue };
        let highest = wonders.highest_of(alliance);
        let site =
            highest.map(|(site, _)| site).or_else(|| seat(alliance, &wonders.roster, &view).map(|(site, _)| site));
        let Some((site, entity)) = site.zip(index.alliance(alliance)) else { continue };
        let level = highest.map_or(0, |(_, level)| level);
        let until = now + settings.work_lasts;
        let givers = ballots.cast.keys().copied().filter(|member| ballots.approves(*member)).collect();
        let next = now + settings.pace();
        commands.entity(entity).insert((
            Levy { until, givers, share, stock: a_days_levels(level, &settings) },
            WonderWork { site, until, next },
        ));
        agenda.push(WONDER_RISES.entry(next, u64::from(alliance.0), 0));
    }
}

fn covers(stock: Goods, goods: Goods) -> bool {
    stock.amounts().into_iter().zip(goods.amounts()).all(|(held, needed)| held >= needed)
}

/// Goods of as many levels as can be built in a day.
#[expect(clippy::cast_possible_truncation, reason = "levels of a day")]
fn a_days_levels(level: u8, settings: &WonderSettings) -> i64 {
    let levels = (24.0 / settings.pace().as_hours()).ceil() as i64;
    rules::cost(level.saturating_add(1), settings).total().saturating_mul(levels)
}

/// Builds the next level of each wonder whose instant has come, if the pool pays for it.
pub(super) fn raise_wonders(
    batch: Res<DueBatch>,
    settings: Res<WonderSettings>,
    pool_settings: Res<PoolSettings>,
    index: Res<EntityIndex>,
    view: View,
    roster: Roster,
    mut works: Query<(&mut WonderWork, &mut Pool, &mut Levy)>,
    mut built: Query<(&Site, Option<&mut Wonder>)>,
    mut agenda: ResMut<Agenda>,
    mut facts: MessageWriter<CampaignFact>,
    mut commands: Commands,
) {
    let now = batch.now();
    for entry in batch.of(WONDER_RISES) {
        let alliance = entry.alliance();
        let found = index.alliance(alliance).and_then(|e| works.get_mut(e).ok());
        let due = found.filter(|(work, ..)| work.next == entry.due && work.goes_on(now));
        let Some((mut work, mut pool, mut levy)) = due else { continue };
        let own = |site: &Site| roster.alliance_of(site.owner) == Some(alliance);
        // Who lost the village goes on where it has the next highest, or begins anew.
        if !index.site(work.site).and_then(|e| built.get(e).ok()).is_some_and(|(site, _)| own(site)) {
            let others = built.iter().filter(|(site, _)| own(site));
            let highest = highest(others.filter_map(|(site, wonder)| Some((site.id, wonder?.level))));
            let site = highest.map(|(site, _)| site).or_else(|| seat(alliance, &roster, &view).map(|(site, _)| site));
            work.site = site.unwrap_or(work.site);
        }
        let found = index.site(work.site).and_then(|e| Some((e, built.get_mut(e).ok()?)));
        let found =
            found.filter(|(_, (site, wonder))| own(site) && wonder.as_ref().is_none_or(|w| w.level < settings.levels));
        let Some((entity, (_, wonder))) = found else {
            // There is nothing left to build: nobody gives for it any more.
            (work.until, levy.until) = (now, now);
            continue;
        };
        let level = wonder.as_ref().map_or(0, |wonder| wonder.level);
        work.next = now + settings.pace();
        agenda.push(WONDER_RISES.entry(work.next, entry.owner, 0));
        let goods = rules::cost(level + 1, &settings);
        let Some(leader) = roster.leader(alliance).filter(|_| covers(pool.free(), goods)) else { continue };
        pool.enter(PoolEntry { at: now, member: leader, kind: EntryKind::Spent, goods }, pool_settings.entries_kept);
        match wonder {
            Some(mut wonder) => wonder.level = level + 1,
            None => {
                commands.entity(entity).insert((Wonder { level: 1 }, Vital));
            }
        }
        levy.stock = a_days_levels(level + 1, &settings);
        facts.write(CampaignFact { at: now, fact: Fact::WonderRaised { alliance, site: work.site, level: level + 1 } });
    }
}
