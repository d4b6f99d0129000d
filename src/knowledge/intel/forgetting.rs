//! What is no knowledge any more: reports of what became own, of what is gone, and of garrisons that went with their owner.

use super::components::IntelReport;
use super::movement::Movements;
use super::sharing::{ReportForgotten, knowers_of};
use crate::base::clock::DueBatch;
use crate::base::contract::{Holdings, MembershipChanged, SiteChanged};
use crate::base::id::{EntityIndex, Knower, PlayerId, SiteId};
use crate::society::alliance::Roster;
use bevy::prelude::*;
use std::collections::BTreeMap;

/// What changed hands: nobody needs a report of its own, what was known of a site that is gone is no knowledge of what is
/// founded there next, and the troops of whoever lost a site are not those of whoever has it. It looks at all reports and
/// movements: sites change hands rarely.
pub(super) fn forget_changed(
    batch: Res<DueBatch>,
    mut changed: MessageReader<SiteChanged>,
    index: Res<EntityIndex>,
    roster: Roster,
    mut reports: Query<(Entity, &mut IntelReport)>,
    mut movements: Query<&mut Movements>,
    mut forgotten: MessageWriter<ReportForgotten>,
    mut commands: Commands,
) {
    // Who held it before this pass, and who holds it now.
    let mut hands: BTreeMap<SiteId, (Option<PlayerId>, Option<PlayerId>)> = BTreeMap::new();
    for change in changed.read() {
        hands.entry(change.site).or_insert((change.from, change.to)).1 = change.to;
    }
    if hands.is_empty() {
        return;
    }
    let now = batch.now();
    for (entity, mut report) in &mut reports {
        let Some((from, to)) = hands.get(&report.site).copied() else { continue };
        let (knower, site) = (report.knower, report.site);
        if let Some(troops) = report.troops.take()
            && let Some(mut known) = index.knower(knower).and_then(|e| movements.get_mut(e).ok())
            && let Some(from) = from
        {
            known.keep_sight((site, from), &troops, now, now);
        }
        let own = to.is_some_and(|to| roster.knower_of(to) == Some(knower));
        if own || to.is_none() || report.times().next().is_none() {
            commands.entity(entity).despawn();
            forgotten.write(ReportForgotten { knower, site });
        }
    }
    for mut known in &mut movements {
        let lost = |site: SiteId, player: PlayerId| hands.get(&site).is_some_and(|(_, to)| *to != Some(player));
        if known.returning.iter().any(|r| lost(r.site, r.player)) {
            known.returning.retain(|r| !lost(r.site, r.player));
        }
        // What is still under way hits all the same.
        let goes_nowhere = |t: &super::movement::Track| t.arrival < now && t.player.is_some_and(|p| lost(t.origin, p));
        if known.tracks.iter().any(goes_nowhere) {
            known.tracks.retain(|t| !goes_nowhere(t));
        }
    }
}

/// Who joins brings villages of which nobody needs a report any more, and marches that are no threat. What it knew by itself
/// its alliance knows now: nothing of it is left for the day on which it leaves.
pub(super) fn forget_joined(
    mut changed: MessageReader<MembershipChanged>,
    index: Res<EntityIndex>,
    roster: Roster,
    holdings: Res<Holdings>,
    reports: Query<&IntelReport>,
    mut movements: Query<&mut Movements>,
    mut forgotten: MessageWriter<ReportForgotten>,
    mut commands: Commands,
) {
    for change in changed.read() {
        let (from, to) = knowers_of(change, &roster);
        if from == to {
            continue;
        }
        for site in holdings.of(change.player) {
            if let Some(entity) = index.report(to, *site).filter(|e| reports.contains(*e)) {
                commands.entity(entity).despawn();
                forgotten.write(ReportForgotten { knower: to, site: *site });
            }
        }
        if let Some(mut known) = index.knower(to).and_then(|e| movements.get_mut(e).ok()) {
            known.tracks.retain(|t| t.player != Some(change.player));
            known.returning.retain(|r| r.player != change.player);
        }
        if let Some(entity) = index.knower(from).filter(|_| matches!(from, Knower::Player(_))) {
            if let Ok(mut known) = movements.get_mut(entity) {
                *known = Movements::default();
            }
            commands.entity(entity).remove::<super::dossier::Dossiers>();
        }
    }
}
