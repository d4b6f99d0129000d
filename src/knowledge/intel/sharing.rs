//! Who tells whom: allies by trust, and members what they saw themselves.
//!
//! Only what somebody saw with its own eyes is told on; hearsay ends where it arrives, so that nothing goes round in
//! circles and grows there.

use super::components::{Cause, Field, IntelReport, NewIntel, Observation, Seen, SourceKind};
use super::rules::{self, SharingSettings, Tier};
use crate::base::clock::{Agenda, CampaignSystems, DueBatch, DueKind, GameTime};
use crate::base::contract::{Holdings, MembershipChanged, PlayerKind, Site};
use crate::base::id::{AllianceId, EntityIndex, Knower, PlayerId, SiteId};
use crate::society::alliance::Roster;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// An alliance tells an ally what it saw of a site. Owner: the teller and the site, n: the listener.
pub const REPORT_TOLD: DueKind = DueKind::new(92, "report_told", &[CampaignSystems::Settle]);

/// What others saw and told, on its way through the gateway. Lives for one pass.
#[derive(Message, Clone, PartialEq, Debug)]
pub(super) struct Relayed(pub(super) Observation);

/// A report is no more, before its time: who knew it knows what an alliance knows. Lives for one pass.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ReportForgotten {
    /// Who knew.
    pub(super) knower: Knower,
    /// Of which site.
    pub(super) site: SiteId,
}

fn owner_key(teller: AllianceId, site: SiteId) -> u64 {
    u64::from(teller.0) << 32 | u64::from(site.0)
}

fn of_key(owner: u64) -> (AllianceId, SiteId) {
    let half = |v: u64| u32::try_from(v & u64::from(u32::MAX)).unwrap_or(0);
    (AllianceId(half(owner >> 32)), SiteId(half(owner)))
}

/// How much one alliance tells another: by their stance, and by how far its leader trusts the other's.
fn tier(teller: AllianceId, listener: AllianceId, tidings: &Tidings, now: GameTime) -> Tier {
    let roster = &tidings.roster;
    let leaders = roster.leader(teller).zip(roster.leader(listener));
    let Some(((stances, ..), (own, other))) = roster.relations(teller).zip(leaders) else { return Tier::Nothing };
    rules::tier(stances.to(listener), roster.trust(own, other, now), &tidings.settings)
}

/// Whether one alliance tells another of a site.
fn tells((teller, listener): (AllianceId, AllianceId), owner: PlayerId, tidings: &Tidings, now: GameTime) -> bool {
    let roster = &tidings.roster;
    let whose = roster.alliance_of(owner);
    // Nobody needs to be told of its own, and nobody tells of its own.
    if whose == Some(listener) || whose == Some(teller) || !roster.alliance(listener).is_some_and(|a| a.active) {
        return false;
    }
    match tier(teller, listener, tidings, now) {
        Tier::Nothing => false,
        Tier::CommonEnemies => {
            let at_war = |a| roster.relations(a).is_some_and(|(s, ..)| whose.is_some_and(|w| s.wars().any(|x| x == w)));
            at_war(teller) && at_war(listener)
        }
        Tier::Everything => true,
    }
}

/// What alliances know and could tell.
#[derive(SystemParam)]
pub(super) struct Tidings<'w, 's> {
    index: Res<'w, EntityIndex>,
    settings: Res<'w, SharingSettings>,
    roster: Roster<'w, 's>,
    sites: Query<'w, 's, &'static Site>,
    reports: Query<'w, 's, &'static IntelReport>,
}

impl Tidings<'_, '_> {
    /// Whose a site is, and what an alliance saw of it with its own eyes; `None` if nothing.
    fn seen(&self, teller: AllianceId, site: SiteId, now: GameTime) -> Option<(PlayerId, IntelReport)> {
        let owner = self.sites.get(self.index.site(site)?).ok()?.owner;
        let report = self.reports.get(self.index.report(Knower::Alliance(teller), site)?).ok()?;
        Some((owner, first_hand(report, now, |_| true)?))
    }
}

/// What was seen is told to allies a little later.
pub(super) fn plan_tellings(
    batch: Res<DueBatch>,
    mut news: MessageReader<NewIntel>,
    tidings: Tidings,
    mut agenda: ResMut<Agenda>,
) {
    let now = batch.now();
    for new in news.read() {
        let Knower::Alliance(teller) = new.knower else { continue };
        let Some((stances, ..)) = tidings.roster.relations(teller) else { continue };
        let allies: Vec<AllianceId> = stances.allies().collect();
        if allies.is_empty() {
            continue;
        }
        let Some((owner, seen)) = tidings.seen(teller, new.site, now) else { continue };
        // Only what was seen at this instant is news: who is told something does not answer with what it knew before.
        if !seen.times().any(|at| at == now) {
            continue;
        }
        let due = now + tidings.settings.tell_after;
        for listener in allies.into_iter().filter(|l| tells((teller, *l), owner, &tidings, now)) {
            agenda.push(REPORT_TOLD.entry(due, owner_key(teller, new.site), listener.0));
        }
    }
}

/// Tells what is due, as it is known by now, where it is still to be told.
pub(super) fn tell_allies(batch: Res<DueBatch>, tidings: Tidings, mut relayed: MessageWriter<Relayed>) {
    let now = batch.now();
    let mut last = None;
    for entry in batch.of(REPORT_TOLD) {
        let (teller, site) = of_key(entry.owner);
        let listener = AllianceId(entry.n);
        if last.replace((entry.owner, entry.n)) == Some((entry.owner, entry.n)) {
            continue;
        }
        let Some((owner, report)) = tidings.seen(teller, site, now) else { continue };
        if !tells((teller, listener), owner, &tidings, now) {
            continue;
        }
        let Some(witness) = tidings.roster.leader(listener) else { continue };
        let seen = Seen::Told(Box::new(report));
        relayed.write(Relayed(Observation { at: now, witness, site, cause: Cause::AllyTold, seen }));
    }
}

/// Who knew what a player saw before it changed its alliance, and who does from then on.
pub(super) fn knowers_of(change: &MembershipChanged, roster: &Roster) -> (Knower, Knower) {
    let active = |alliance: Option<AllianceId>| alliance.filter(|a| roster.alliance(*a).is_some_and(|a| a.active));
    let knower = |alliance| active(alliance).map_or(Knower::Player(change.player), Knower::Alliance);
    (knower(change.from), knower(change.to))
}

/// Who changes its alliance takes along what it saw itself; what it told its former alliance stays there. What a player
/// remembers by itself goes over into the alliance that it joins. It looks at all reports: members move rarely.
pub(super) fn take_along(
    batch: Res<DueBatch>,
    mut changed: MessageReader<MembershipChanged>,
    roster: Roster,
    reports: Query<(Entity, &IntelReport)>,
    holdings: Res<Holdings>,
    mut relayed: MessageWriter<Relayed>,
    mut forgotten: MessageWriter<ReportForgotten>,
    mut commands: Commands,
) {
    let now = batch.now();
    for change in changed.read() {
        if roster.player(change.player).is_none_or(|p| p.kind == PlayerKind::Static) {
            continue;
        }
        let (from, to) = knowers_of(change, &roster);
        if from == to {
            continue;
        }
        let mut own: Vec<(Entity, &IntelReport)> = reports.iter().filter(|(_, r)| r.knower == from).collect();
        own.sort_unstable_by_key(|(_, r)| r.site);
        for (entity, report) in own {
            // Of its own sites it needs no report.
            let foreign = holdings.of(change.player).binary_search(&report.site).is_err();
            if let Some(seen) = first_hand(report, now, |source| source == change.player).filter(|_| foreign) {
                let (site, seen) = (report.site, Seen::Told(Box::new(seen)));
                let (witness, cause) = (change.player, Cause::BroughtAlong);
                relayed.write(Relayed(Observation { at: now, witness, site, cause, seen }));
            }
            if matches!(from, Knower::Player(_)) {
                commands.entity(entity).despawn();
                forgotten.write(ReportForgotten { knower: from, site: report.site });
            }
        }
    }
}

/// Those fields of a report that are live and that one of these sources saw itself; `None` if there are none.
fn first_hand(report: &IntelReport, now: GameTime, of: impl Fn(PlayerId) -> bool) -> Option<IntelReport> {
    fn own<T: Clone>(field: Option<&Field<T>>, now: GameTime, of: &impl Fn(PlayerId) -> bool) -> Option<Field<T>> {
        rules::live(field, now).filter(|f| f.kind != SourceKind::Hearsay && of(f.source)).cloned()
    }
    let told = IntelReport {
        knower: report.knower,
        site: report.site,
        troops: own(report.troops.as_ref(), now, &of),
        goods: own(report.goods.as_ref(), now, &of),
        wall: own(report.wall.as_ref(), now, &of),
        buildings: own(report.buildings.as_ref(), now, &of),
    };
    let any = told.times().next().is_some();
    any.then_some(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_key_of_a_telling_loses_nothing(teller in any::<u32>(), site in any::<u32>()) {
            prop_assert_eq!(of_key(owner_key(AllianceId(teller), SiteId(site))), (AllianceId(teller), SiteId(site)));
        }
    }
}
