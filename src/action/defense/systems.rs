//! What alarms and grudges need at their instant, and how dodges leave and come home.

use super::components::{
    ALARM_ANSWERED, DODGE_LEAVES, DODGE_RETURNS, Defenses, Dodge, DodgeStatus, GRUDGE_WEIGHED, STRIKE_LEAVES, Vital,
};
use super::rules::{self, DefenseSettings};
use crate::base::clock::{Agenda, DueBatch, GameTime};
use crate::base::contract::{
    GroupFailed, GroupLaunched, LaunchDue, Manner, Model, Player, PlayerKind, RecallGroup, Relations, Rhythm, Site,
    SiteState, WantedStates, WithdrawGuests,
};
use crate::base::geometry::Tile;
use crate::base::id::{EntityIndex, Knower, OrderId, PlayerId, SiteId};
use crate::base::ruleset::Force;
use crate::decision::planning::Commitments;
use crate::knowledge::intel::View;
use crate::society::alliance::Roster;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// Where the defense acts within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DefenseSystems {
    /// In `Intake`: asks for the states of those who answer an alarm or could help, weigh a grudge or leave now.
    Ask,
    /// In `Plan`: alarms are answered, grudges are weighed.
    Answer,
    /// In `March`: dodges and relief leave and turn home.
    Release,
    /// In `Settle`: launches are noted; sightings become alarms, attacks become grudges.
    Follow,
}

/// A site as it stands in the owner field of an entry.
pub(super) fn site_of(owner: u64) -> SiteId {
    SiteId(u32::try_from(owner).unwrap_or(u32::MAX))
}

/// A player as it stands in the owner field of an entry.
pub(super) fn player_of(owner: u64) -> PlayerId {
    PlayerId(u32::try_from(owner).unwrap_or(u32::MAX))
}

/// What is read of those who defend themselves: public facts, their own knowledge and promises, and when they sleep.
#[derive(SystemParam)]
pub(super) struct Watch<'w, 's> {
    pub(super) index: Res<'w, EntityIndex>,
    pub(super) settings: Res<'w, DefenseSettings>,
    pub(super) view: View<'w, 's>,
    pub(super) roster: Roster<'w, 's>,
    relations: Relations<'w, 's>,
    commitments: Query<'w, 's, &'static Commitments>,
    rhythms: Query<'w, 's, &'static Rhythm>,
    vital: Query<'w, 's, (), With<Vital>>,
}

impl Watch<'_, '_> {
    /// Whether relief is asked for between two places.
    pub(super) fn is_near(&self, a: Tile, b: Tile) -> bool {
        self.view.torus().distance_squared(a, b) <= self.settings.relief_radius.pow(2)
    }

    /// Whether a site is held whatever that costs.
    pub(super) fn is_vital(&self, site: SiteId) -> bool {
        self.index.site(site).is_some_and(|entity| self.vital.contains(entity))
    }

    /// Whether this player defends itself.
    pub(super) fn acts(&self, player: PlayerId) -> bool {
        self.view.player(player).is_some_and(|p| match p.kind {
            PlayerKind::Active | PlayerKind::Bystander => true,
            PlayerKind::Human => self.settings.humans,
            PlayerKind::Static => false,
        })
    }

    /// When this player sleeps.
    pub(super) fn rhythm(&self, player: PlayerId) -> Rhythm {
        self.index.player(player).and_then(|e| self.rhythms.get(e).ok()).copied().unwrap_or_default()
    }

    /// The state of an own site that was asked for at this instant.
    pub(super) fn state(&self, player: PlayerId, site: SiteId) -> Option<&SiteState> {
        self.view.own(Knower::Player(player)).iter().find(|s| s.site == site && s.owner == player)
    }

    /// What of a site's own troops at home may leave before a hit. Relief that it promised stays: the site is in danger.
    pub(super) fn leaving(&self, state: &SiteState, hit: GameTime) -> Force {
        let promises = self.promises(state.site);
        let others = promises.iter().flat_map(|c| &c.0).filter(|c| c.order.operation().is_some());
        rules::leaving(&state.home, others.map(|c| (c.until, &c.force)), hit)
    }

    /// What of a site's own troops at home is promised to nobody.
    pub(super) fn free(&self, state: &SiteState) -> Force {
        self.promises(state.site).map_or_else(|| state.home.clone(), |c| c.free(&state.home))
    }

    /// When troops that are promised leave a site.
    pub(super) fn departures(&self, site: SiteId) -> impl Iterator<Item = GameTime> {
        self.promises(site).into_iter().flat_map(|c| &c.0).map(|c| c.until)
    }

    fn promises(&self, site: SiteId) -> Option<&Commitments> {
        self.commitments.get(self.index.site(site)?).ok()
    }

    /// Whether a march is seen to come to an own site.
    pub(super) fn is_marched_on(&self, knower: impl Into<Knower>, site: SiteId, now: GameTime) -> bool {
        self.view.incoming(knower, now).any(|t| t.target == site && t.arrival > now)
    }

    /// Whether a player's troops may flee into a site: its own, or one of its alliance.
    pub(super) fn is_ally(&self, player: PlayerId, owner: PlayerId) -> bool {
        self.relations.are_allies(player, owner)
    }

    /// Whether neither raids the other.
    pub(super) fn is_friend(&self, player: PlayerId, other: PlayerId) -> bool {
        self.relations.are_friends(player, other)
    }
}

/// Asks for the states that this instant's answers rest on. They are asked for in the player's own name: what its
/// alliance asked for at the same instant stays as it is.
pub(super) fn ask_states(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    sites: Query<&Site>,
    players: Query<&Player>,
    mut wanted: ResMut<WantedStates>,
) {
    for kind in [ALARM_ANSWERED, DODGE_LEAVES] {
        for entry in batch.of(kind) {
            if let Some(site) = index.site(site_of(entry.owner)).and_then(|e| sites.get(e).ok()) {
                wanted.ask(site.owner, site.owner);
            }
        }
    }
    for entry in batch.of(GRUDGE_WEIGHED).iter().chain(batch.of(STRIKE_LEAVES)) {
        if let Some(player) = index.player(player_of(entry.owner)).and_then(|e| players.get(e).ok()) {
            wanted.ask(player.id, player.id);
        }
    }
}

/// Turns the dodges home whose last hit is over: called back on the way, or withdrawn from where they stay.
pub(super) fn release_returns(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    mut defenses: Query<&mut Defenses>,
    mut recalls: MessageWriter<RecallGroup>,
    mut withdrawals: MessageWriter<WithdrawGuests>,
) {
    for entry in batch.of(DODGE_RETURNS) {
        let site = site_of(entry.owner);
        let Some(mut defense) = index.site(site).and_then(|e| defenses.get_mut(e).ok()) else { continue };
        // An entry that no longer agrees with its dodge was put off.
        let due = |d: &Dodge| matches!(d.status, DodgeStatus::Out { turns_at, .. } if turns_at == entry.due);
        let Some(at) = defense.dodges.iter().position(|d| d.n == entry.n && due(d)) else { continue };
        let dodge = defense.dodges.remove(at);
        let DodgeStatus::Out { march, arrival, .. } = dodge.status else { continue };
        let order = OrderId::Defense { site, n: dodge.n };
        if batch.now() < arrival {
            recalls.write(RecallGroup { order, march });
        } else if let Some(march) = march {
            withdrawals.write(WithdrawGuests { order, march, site: dodge.refuge });
        }
    }
}

/// Gives the dodges that are due their orders: everything that is at home now and not promised to leave anyway.
pub(super) fn release_dodges(
    batch: Res<DueBatch>,
    watch: Watch,
    mut defenses: Query<&mut Defenses>,
    mut launches: MessageWriter<LaunchDue>,
) {
    let mut last = None;
    for entry in batch.of(DODGE_LEAVES) {
        // Who answered twice before bed planned the same instant twice: it leaves once.
        if last.replace((entry.owner, entry.n)) == Some((entry.owner, entry.n)) {
            continue;
        }
        let site = site_of(entry.owner);
        let Some(mut defense) = watch.index.site(site).and_then(|e| defenses.get_mut(e).ok()) else { continue };
        let due = |d: &Dodge| d.status == DodgeStatus::Planned && d.leaves_at == entry.due;
        let Some(at) = defense.dodges.iter().position(|d| d.n == entry.n && due(d)) else { continue };
        let dodge = defense.dodges[at].clone();
        let refuge = watch.view.site(dodge.refuge).filter(|r| watch.is_ally(dodge.player, r.owner));
        let force = watch.state(dodge.player, site).map(|state| watch.leaving(state, dodge.first_hit));
        match force.filter(|f| refuge.is_some() && !f.is_empty()) {
            Some(force) => {
                launches.write(LaunchDue {
                    order: OrderId::Defense { site, n: dodge.n },
                    origin: site,
                    target: dodge.refuge,
                    force,
                    manner: Manner::Reinforce,
                    wave: 0,
                    arrival: None,
                    aims: [None; 2],
                });
            }
            // The site or its refuge changed hands, or nobody is at home any more.
            None => {
                defense.dodges.remove(at);
            }
        }
    }
}

/// Notes which dodges left, and says when they turn home.
pub(super) fn note_launches(
    mut launched: MessageReader<GroupLaunched>,
    mut failed: MessageReader<GroupFailed>,
    index: Res<EntityIndex>,
    model: Res<Model>,
    mut defenses: Query<&mut Defenses>,
    mut agenda: ResMut<Agenda>,
) {
    for message in launched.read() {
        let OrderId::Defense { site, n } = message.order else { continue };
        let Some(mut defense) = index.site(site).and_then(|e| defenses.get_mut(e).ok()) else { continue };
        let Some(dodge) = defense.dodges.iter_mut().find(|d| d.n == n) else { continue };
        let recall = model.capabilities().recall;
        let back = dodge.back_at.and_then(|back| rules::turns_for(message.at, message.arrival, back, recall));
        if back.is_none() {
            dodge.back_at = None;
        }
        let turns_at = back.unwrap_or_else(|| rules::turns_at(message.at, message.arrival, dodge.last_hit, recall));
        dodge.status = DodgeStatus::Out {
            march: message.march,
            launched: message.at,
            arrival: message.arrival,
            turns_at,
            force: message.force.clone(),
        };
        agenda.push(DODGE_RETURNS.entry(turns_at, u64::from(site.0), n));
    }
    for message in failed.read() {
        let OrderId::Defense { site, n } = message.order else { continue };
        if let Some(mut defense) = index.site(site).and_then(|e| defenses.get_mut(e).ok()) {
            defense.dodges.retain(|d| d.n != n || d.status != DodgeStatus::Planned);
        }
    }
}
