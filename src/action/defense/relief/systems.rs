//! Relief leaves, is noted, and goes home.

use super::super::alarm::Alerts;
use super::super::components::{ALARM_ANSWERED, Defenses};
use super::super::posture::PostureSettings;
use super::super::rules::{AFTER, DefenseSettings};
use super::super::systems::{Watch, player_of, site_of};
use super::components::{PostureEnd, Purpose, RELIEF_LEAVES, RELIEF_RETURNS, Relief, ReliefStatus, Reliefs};
use super::pledging::release;
use super::rules;
use crate::action::pool::{MEETS_FOR_RELIEF, POOL_MEETS};
use crate::base::clock::{Agenda, DueBatch, GameTime};
use crate::base::contract::{
    BattleFought, CampaignFact, Fact, GroupLaunched, LaunchDue, Manner, RecallGroup, WantedStates, WithdrawGuests,
};
use crate::base::geometry::Torus;
use crate::base::id::{AllianceId, EntityIndex, OrderId, PlayerId, SiteId};
use crate::knowledge::intel::View;
use crate::knowledge::territory::Territory;
use crate::society::alliance::Roster;
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Asks for the states of those who could help whoever answers an alarm now, each in its own name.
pub(in super::super) fn ask_helpers(
    batch: Res<DueBatch>,
    view: View,
    roster: Roster,
    settings: Res<DefenseSettings>,
    torus: Res<Torus>,
    mut wanted: ResMut<WantedStates>,
) {
    for entry in batch.of(ALARM_ANSWERED) {
        let Some(site) = view.site(site_of(entry.owner)) else { continue };
        let Some(alliance) = roster.active_alliance_of(site.owner) else { continue };
        for member in roster.members(alliance) {
            let mut places = view.sites_of(member.player).iter().filter_map(|s| view.site(*s));
            if places.any(|s| torus.distance_squared(s.at, site.at) <= settings.relief_radius.pow(2)) {
                wanted.ask(member.player, member.player);
            }
        }
    }
}

/// Gives the relief that is due its orders. Whoever is in danger itself by now, or no longer of one alliance with whom it
/// would help, stays at home.
pub(in super::super) fn release_reliefs(
    batch: Res<DueBatch>,
    watch: Watch,
    defenses: Query<&Defenses>,
    reliefs: Query<&Reliefs>,
    mut launches: MessageWriter<LaunchDue>,
) {
    for entry in batch.of(RELIEF_LEAVES) {
        let player = player_of(entry.owner);
        let Some(held) = watch.index.player(player).and_then(|e| reliefs.get(e).ok()) else { continue };
        let due = held.reliefs.iter().find(|r| is_promised(r, entry.n, entry.due));
        if let Some(relief) = due.filter(|r| may_leave(&watch, &defenses, player, r, batch.now())) {
            launches.write(LaunchDue {
                order: relief.order,
                origin: relief.origin,
                target: relief.site,
                force: relief.force.clone(),
                manner: Manner::Reinforce,
                wave: 0,
                // Between two hits there is one instant; all else is there when it is there.
                arrival: relief.after.map(|_| relief.arrives),
                aims: [None; 2],
            });
        }
    }
}

fn is_promised(relief: &Relief, n: u32, leaves_at: GameTime) -> bool {
    relief.n == n && relief.leaves_at == leaves_at && relief.status == ReliefStatus::Promised
}

fn may_leave(watch: &Watch, defenses: &Query<&Defenses>, player: PlayerId, relief: &Relief, now: GameTime) -> bool {
    let holder = |site| watch.view.site(site).map(|s| s.owner);
    let Some(alliance) = watch.roster.active_alliance_of(player) else { return false };
    let helps = holder(relief.site).and_then(|owner| watch.roster.active_alliance_of(owner)) == Some(alliance);
    let in_danger = watch.is_marched_on(alliance, relief.origin, now);
    let defense = watch.index.site(relief.origin).and_then(|e| defenses.get(e).ok());
    let busy = defense.is_some_and(|d| d.alarm.is_some() || !d.dodges.is_empty());
    holder(relief.origin) == Some(player) && helps && !in_danger && !busy
}

/// Notes which relief left. Where one did not, those whom it would have helped think again.
pub(in super::super) fn note_reliefs(
    batch: Res<DueBatch>,
    mut launched: MessageReader<GroupLaunched>,
    mut reliefs: Query<&mut Reliefs>,
    mut alerts: Alerts,
) {
    let now = batch.now();
    let due = batch.of(RELIEF_LEAVES);
    if due.is_empty() {
        launched.clear();
        return;
    }
    let left: BTreeMap<OrderId, &GroupLaunched> = launched.read().map(|l| (l.order, l)).collect();
    for entry in due {
        let player = player_of(entry.owner);
        let Some(mut held) = alerts.watch.index.player(player).and_then(|e| reliefs.get_mut(e).ok()) else { continue };
        let Some(at) = held.reliefs.iter().position(|r| is_promised(r, entry.n, entry.due)) else { continue };
        let (order, origin) = (held.reliefs[at].order, held.reliefs[at].origin);
        if let Some(entity) = alerts.watch.index.site(origin) {
            release(&mut alerts.commands, entity, order);
        }
        let Some(message) = left.get(&order) else {
            let relief = held.reliefs.remove(at);
            let owner = alerts.watch.view.site(relief.site).map(|s| s.owner);
            if let Some(owner) = owner.filter(|_| relief.hit > now && !relief.is_posted()) {
                alerts.raise(relief.site, owner, relief.hit, now);
            }
            continue;
        };
        let relief = &mut held.reliefs[at];
        let judged_at = rules::judged_at(message.arrival, relief.until);
        relief.arrives = message.arrival;
        relief.force = message.force.clone();
        relief.status = ReliefStatus::Out { march: message.march, judged_at };
        alerts.agenda.push(RELIEF_RETURNS.entry(judged_at, u64::from(player.0), relief.n));
        // A stack is fed: whoever gets it may ask for crop as soon as it is there.
        let host = alerts.watch.view.site(relief.site).and_then(|s| alerts.watch.roster.active_alliance_of(s.owner));
        if let Some(host) = host {
            alerts.agenda.push(POOL_MEETS.entry(message.arrival + AFTER, u64::from(host.0), MEETS_FOR_RELIEF));
        }
        let (site, arrives, hit, deficit_left) = (relief.site, relief.arrives, relief.hit, relief.deficit_left);
        let fact = if relief.is_posted() {
            Fact::PostureTaken { order, site, helper: player, arrives }
        } else {
            Fact::ReliefSent { order, site, helper: player, arrives, hit, deficit_left }
        };
        alerts.facts.write(CampaignFact { at: now, fact });
    }
}

/// Takes from what is remembered of relief what fell where it stood: each force that helped sees the battle by itself.
pub(in super::super) fn note_losses(
    index: Res<EntityIndex>,
    mut battles: MessageReader<BattleFought>,
    mut reliefs: Query<&mut Reliefs>,
) {
    // Two forces of one village that stand in another are told apart by what is left of them; who is as strong fell alike.
    let mut seen: BTreeSet<OrderId> = BTreeSet::new();
    for battle in battles.read().filter(|b| !b.attacked && b.origin != b.site && !b.own_lost.is_empty()) {
        let Some(mut held) = index.player(battle.witness).and_then(|e| reliefs.get_mut(e).ok()) else { continue };
        let stood = |r: &Relief| {
            let there = matches!(r.status, ReliefStatus::Out { .. }) && r.arrives <= battle.at;
            there && r.site == battle.site && r.origin == battle.origin && !seen.contains(&r.order)
        };
        let found = held.reliefs.iter().position(|r| stood(r) && r.force == battle.own_before);
        let Some(at) = found.or_else(|| held.reliefs.iter().position(stood)) else { continue };
        let relief = &mut held.reliefs[at];
        relief.force = relief.force.minus(&battle.own_lost);
        seen.insert(relief.order);
    }
}

/// Sends relief home whose last hit is over, unless it is needed where it is and not at home: for a hit that is known, or, in a
/// village of the frontier, until its alliance looks at its frontier. Who goes home the moment a hit is over is on its way back
/// when the next one is seen.
pub(in super::super) fn return_reliefs(
    batch: Res<DueBatch>,
    watch: Watch,
    posture: Res<PostureSettings>,
    territory: Territory,
    mut reliefs: Query<&mut Reliefs>,
    mut agenda: ResMut<Agenda>,
    mut recalls: MessageWriter<RecallGroup>,
    mut withdrawals: MessageWriter<WithdrawGuests>,
    mut facts: MessageWriter<CampaignFact>,
) {
    let now = batch.now();
    let mut frontiers: BTreeMap<AllianceId, BTreeSet<SiteId>> = BTreeMap::new();
    let mut is_frontier = |alliance: AllianceId, site: SiteId| {
        let of = |(site, _)| site;
        let frontier = || territory.frontier(alliance).into_iter().map(of).collect();
        frontiers.entry(alliance).or_insert_with(frontier).contains(&site)
    };
    for entry in batch.of(RELIEF_RETURNS) {
        let player = player_of(entry.owner);
        let Some(mut held) = watch.index.player(player).and_then(|e| reliefs.get_mut(e).ok()) else { continue };
        // An entry that no longer agrees with its relief was put off.
        let due = |r: &Relief| matches!(r.status, ReliefStatus::Out { judged_at, .. } if judged_at == entry.due);
        let Some(at) = held.reliefs.iter().position(|r| r.n == entry.n && due(r)) else { continue };
        let relief = &mut held.reliefs[at];
        let hits = |site: SiteId| {
            let knower = watch.roster.knower_of(player);
            let coming = knower.into_iter().flat_map(|knower| watch.view.incoming(knower, now));
            coming.filter(move |t| t.target == site).map(|t| t.arrival)
        };
        let (site, origin) = (relief.site, relief.origin);
        let stays = rules::stays_for(now, hits(site), hits(origin), watch.settings.relief_stays);
        if let Some(until) = stays.filter(|_| !relief.called_off) {
            relief.until = until;
            put_off(relief, until + AFTER, player, &mut agenda);
            continue;
        }
        let (order, arrives) = (relief.order, relief.arrives);
        if posture.period.0 > 0
            && now >= arrives
            && relief.can_stay()
            && !rules::is_hit_soon(now, hits(origin), watch.settings.relief_stays)
            && one_alliance(&watch, player, site).is_some_and(|alliance| is_frontier(alliance, site))
        {
            relief.purpose = Purpose::Posture(None);
            relief.until = arrives + posture.longest;
            put_off(relief, relief.until + AFTER, player, &mut agenda);
            let fact = Fact::PostureTaken { order, site, helper: player, arrives };
            facts.write(CampaignFact { at: now, fact });
            continue;
        }
        let ReliefStatus::Out { march, .. } = relief.status else { continue };
        // Who is under way when a village is given up is called back.
        if now < arrives {
            recalls.write(RecallGroup { order, march });
            // Where it is too late to call it back it turns when it is there.
            put_off(relief, arrives + AFTER, player, &mut agenda);
            continue;
        }
        let relief = held.reliefs.remove(at);
        if let Some(march) = march {
            withdrawals.write(WithdrawGuests { order, march, site });
        }
        let fact = match relief.purpose {
            Purpose::Alarm => Fact::ReliefReturned { order, site, helper: player },
            Purpose::Posture(end) => {
                let reason = end.unwrap_or(PostureEnd::Relieved).name().to_owned();
                Fact::PostureLeft { order, site, helper: player, reason }
            }
        };
        facts.write(CampaignFact { at: now, fact });
    }
}

/// The alliance that deliberates of both a helper and the owner of a site.
fn one_alliance(watch: &Watch, helper: PlayerId, site: SiteId) -> Option<AllianceId> {
    let of = |player| watch.roster.active_alliance_of(player);
    of(helper).filter(|alliance| watch.view.site(site).and_then(|s| of(s.owner)) == Some(*alliance))
}

fn put_off(relief: &mut Relief, to: GameTime, player: PlayerId, agenda: &mut Agenda) {
    if let ReliefStatus::Out { judged_at, .. } = &mut relief.status {
        *judged_at = to;
        agenda.push(RELIEF_RETURNS.entry(to, u64::from(player.0), relief.n));
    }
}
