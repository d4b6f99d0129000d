//! The view: the only thing that decisions can name.

use super::claims::{TargetClaim, TargetClaims};
use super::components::{Field, IntelReport};
use super::dossier::{Dossier, Dossiers};
use super::forces::{self, KnownForce, KnownForces};
use super::movement::{MovementSettings, Movements, Returning, Track, rules as movement};
use super::offers::Offers;
use super::rules;
use crate::base::clock::{GameTime, PassScratch};
use crate::base::contract::{Holdings, Model, Player, Site, SiteEstimate, SiteState, Stance, Stances};
use crate::base::geometry::{SiteGrid, Tile, Torus};
use crate::base::id::{AllianceId, EntityIndex, Knower, PlayerId, SiteId};
use crate::base::ruleset::Force;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use std::collections::BTreeMap;

/// The states of own members that were asked for at this instant. They live for one pass.
#[derive(Resource, Default, Debug)]
pub struct MemberStates {
    by_knower: BTreeMap<Knower, Vec<SiteState>>,
}

impl MemberStates {
    /// Takes in states with the knowers that they are for.
    pub fn fill(&mut self, states: impl Iterator<Item = (Knower, SiteState)>) {
        for (knower, state) in states {
            self.by_knower.entry(knower).or_default().push(state);
        }
        for states in self.by_knower.values_mut() {
            states.sort_unstable_by_key(|s| s.site);
            states.dedup_by_key(|s| s.site);
        }
    }

    /// The states that a knower asked for, sorted by site.
    #[must_use]
    pub fn of(&self, knower: impl Into<Knower>) -> &[SiteState] {
        self.by_knower.get(&knower.into()).map_or(&[], Vec::as_slice)
    }
}

impl PassScratch for MemberStates {
    fn clear(&mut self) {
        self.by_knower.clear();
    }
}

/// What is known to be away from a foreign site.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Away<'a> {
    /// Marches that left it and may not be home yet, by arrival.
    pub out: Vec<&'a Track>,
    /// Survivors on their way home to it, by when they are there at the earliest.
    pub returning: Vec<&'a Returning>,
}

/// What a knower (an alliance or a lone player) can know: public facts, its reports and the movements that it saw, and the
/// states of its own sites.
#[derive(SystemParam)]
pub struct View<'w, 's> {
    index: Res<'w, EntityIndex>,
    states: Res<'w, MemberStates>,
    holdings: Res<'w, Holdings>,
    grid: Res<'w, SiteGrid>,
    torus: Res<'w, Torus>,
    model: Res<'w, Model>,
    reports: Query<'w, 's, &'static IntelReport>,
    movements: Query<'w, 's, &'static Movements>,
    dossiers: Query<'w, 's, &'static Dossiers>,
    movement_settings: Res<'w, MovementSettings>,
    claims: Query<'w, 's, (&'static TargetClaims, &'static Stances)>,
    offers: Query<'w, 's, &'static Offers>,
    forces: Res<'w, KnownForces>,
    sites: Query<'w, 's, &'static Site>,
    players: Query<'w, 's, &'static Player>,
}

impl core::fmt::Debug for View<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("View")
    }
}

impl View<'_, '_> {
    /// The world model.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The map.
    #[must_use]
    pub fn torus(&self) -> Torus {
        *self.torus
    }

    /// What is public of a site.
    #[must_use]
    pub fn site(&self, site: SiteId) -> Option<&Site> {
        self.sites.get(self.index.site(site)?).ok()
    }

    /// What is public of a player.
    #[must_use]
    pub fn player(&self, player: PlayerId) -> Option<&Player> {
        self.players.get(self.index.player(player)?).ok()
    }

    /// The sites of a player, sorted: public.
    #[must_use]
    pub fn sites_of(&self, player: PlayerId) -> &[SiteId] {
        self.holdings.of(player)
    }

    /// The free tile nearest to a place within `radius` fields, where `taken` does not forbid it: coordinates are
    /// public.
    #[must_use]
    pub fn nearest_free(&self, at: Tile, radius: i32, taken: impl Fn(Tile) -> bool) -> Option<Tile> {
        self.grid.nearest_free(at, radius, taken)
    }

    /// Whether no site stands on a tile.
    #[must_use]
    pub fn is_free(&self, at: Tile) -> bool {
        self.grid.on_tile(at).is_none()
    }

    /// What the knower knows of a site.
    #[must_use]
    pub fn report(&self, knower: impl Into<Knower>, site: SiteId) -> Option<&IntelReport> {
        self.reports.get(self.index.report(knower, site)?).ok()
    }

    /// What the knower believes of a site, if its troops were seen within the last 7 days. Unknown is not weak:
    /// without a report of troops there is no estimate. Parts that were not seen are taken from what is public.
    #[must_use]
    pub fn estimate(&self, knower: impl Into<Knower>, site: SiteId, now: GameTime) -> Option<SiteEstimate> {
        let report = self.report(knower, site)?;
        let troops = rules::live(report.troops.as_ref(), now)?;
        let public = self.site(site)?;
        let owner_population = self.player(public.owner).map_or(0, |p| p.population);
        Some(SiteEstimate {
            at: public.at,
            tribe: public.tribe,
            population: public.population,
            owner_population,
            troops: troops.value.clone(),
            goods: rules::live(report.goods.as_ref(), now).map(|f| f.value).unwrap_or_default(),
            wall: rules::live(report.wall.as_ref(), now).map_or(0, |f| f.value),
            residence: rules::live(report.buildings.as_ref(), now)
                .map_or_else(|| self.model.usual_seat(public.population), |f| f.value),
            seen_at: troops.observed_at,
            confidence: troops.confidence,
        })
    }

    /// Own sites that were asked for at this instant, sorted by site.
    #[must_use]
    pub fn own(&self, knower: impl Into<Knower>) -> &[SiteState] {
        self.states.of(knower)
    }

    /// A member's sites that were asked for at this instant.
    pub fn own_of(&self, knower: impl Into<Knower>, member: PlayerId) -> impl Iterator<Item = &SiteState> {
        self.states.of(knower).iter().filter(move |s| s.owner == member)
    }

    /// All hostile marches that the knower saw and that have not arrived, by arrival.
    pub fn movements(&self, knower: impl Into<Knower>, now: GameTime) -> impl Iterator<Item = &Track> {
        let known = self.movements_of(knower.into());
        known.into_iter().flat_map(|m| &m.tracks).filter(move |t| t.arrival >= now)
    }

    /// Those of them that come to own sites.
    pub fn incoming(&self, knower: impl Into<Knower>, now: GameTime) -> impl Iterator<Item = &Track> {
        let knower = knower.into();
        self.movements(knower, now).filter(move |t| self.is_own(knower, t.target))
    }

    fn movements_of(&self, knower: Knower) -> Option<&Movements> {
        self.movements.get(self.index.knower(knower)?).ok()
    }

    fn is_own(&self, knower: Knower, site: SiteId) -> bool {
        self.site(site).is_some_and(|s| match knower {
            Knower::Player(own) => s.owner == own,
            Knower::Alliance(own) => self.player(s.owner).is_some_and(|p| p.alliance == Some(own)),
        })
    }

    /// What the knower knows to be away from a site: marches until they are surely home, and survivors of battles.
    #[must_use]
    pub fn away(&self, knower: impl Into<Knower>, site: SiteId, now: GameTime) -> Away<'_> {
        let Some(known) = self.movements_of(knower.into()) else { return Away::default() };
        Away {
            out: known
                .tracks
                .iter()
                .filter(|t| t.origin == site && t.home_at().1 >= now && t.player.is_some_and(|p| self.holds(p, site)))
                .collect(),
            returning: known
                .returning_to(site)
                .iter()
                .filter(|r| r.home_at.1 >= now && self.holds(r.player, site))
                .collect(),
        }
    }

    /// Survivors of battles that the knower saw go home to a site, those that are there by now included. Who has lost it
    /// does not come home there.
    pub fn returning_to(&self, knower: impl Into<Knower>, site: SiteId) -> impl Iterator<Item = &Returning> + Clone {
        let known = self.movements_of(knower.into()).map_or(&[] as &[Returning], |m| m.returning_to(site));
        known.iter().filter(move |r| self.holds(r.player, site))
    }

    fn holds(&self, player: PlayerId, site: SiteId) -> bool {
        self.site(site).is_some_and(|s| s.owner == player)
    }

    /// The troops at the origin of a march as they were last seen before it had surely left, if that is within 7 days: what
    /// was seen later cannot be in it.
    #[must_use]
    pub fn troops_before(&self, knower: impl Into<Knower>, march: &Track, now: GameTime) -> Option<&Field<Force>> {
        let knower = knower.into();
        let left = march.left_at().1;
        let holds = march.player.is_some_and(|player| self.holds(player, march.origin));
        let report = self.report(knower, march.origin).filter(|_| holds).and_then(|r| r.troops.as_ref());
        let kept = || self.movements_of(knower)?.sights.get(&march.key());
        rules::live(report.filter(|f| f.observed_at < left).or_else(kept), now)
    }

    /// The troops that the knower believes to stand at a site at `at`: those in its report, and survivors that were out
    /// when it was made and are surely home by then. `None` without a report that is live now.
    #[must_use]
    pub fn home_at(&self, knower: impl Into<Knower>, site: SiteId, now: GameTime, at: GameTime) -> Option<Force> {
        let knower = knower.into();
        let troops = rules::live(self.report(knower, site)?.troops.as_ref(), now)?;
        // Who came home after the report was made is not forgotten: it is what the report lacks.
        let returning = self.returning_to(knower, site);
        Some(movement::home_at(&troops.value, troops.observed_at, returning, at))
    }

    /// [`estimate`](Self::estimate) with the survivors that are back before `at`.
    #[must_use]
    pub fn estimate_at(
        &self,
        knower: impl Into<Knower>,
        site: SiteId,
        now: GameTime,
        at: GameTime,
    ) -> Option<SiteEstimate> {
        let knower = knower.into();
        let estimate = self.estimate(knower, site, now)?;
        Some(SiteEstimate { troops: self.home_at(knower, site, now, at)?, ..estimate })
    }

    /// The alliance that has a site to itself, and for how long: the knower or one of its confederates, as they told.
    #[must_use]
    pub fn claim(&self, alliance: AllianceId, site: SiteId, now: GameTime) -> Option<(AllianceId, TargetClaim)> {
        let (claims, stances) = self.claims_of(alliance)?;
        claims.first(site, now, |by| by == alliance || stances.to(by) == Stance::Confederacy)
    }

    /// All sites that confederates claim, sorted.
    pub fn claimed_by_confederates(&self, alliance: AllianceId, now: GameTime) -> impl Iterator<Item = SiteId> {
        let known = self.claims_of(alliance);
        known.into_iter().flat_map(move |(claims, stances)| {
            claims.sites(now, move |by| by != alliance && stances.to(by) == Stance::Confederacy)
        })
    }

    fn claims_of(&self, alliance: AllianceId) -> Option<(&TargetClaims, &Stances)> {
        self.claims.get(self.index.alliance(alliance)?).ok()
    }

    /// What others offered an alliance and refused it.
    #[must_use]
    pub fn offers(&self, alliance: AllianceId) -> Option<&Offers> {
        self.offers.get(self.index.alliance(alliance)?).ok()
    }

    /// What the knower learned of a foreign player over time.
    #[must_use]
    pub fn dossier(&self, knower: impl Into<Knower>, player: PlayerId) -> Option<&Dossier> {
        self.dossiers_of(knower.into())?.0.get(&player)
    }

    /// How it is judged whether marches are real.
    #[must_use]
    pub fn movement_settings(&self) -> &MovementSettings {
        &self.movement_settings
    }
}

/// Known forces, and what was learned over time.
impl View<'_, '_> {
    /// The foreign troops of a player that the knower saw within the last 7 days, sorted by site.
    pub fn forces(
        &self,
        knower: impl Into<Knower>,
        player: PlayerId,
        now: GameTime,
    ) -> impl Iterator<Item = &KnownForce> {
        self.forces.of(knower, player).iter().filter(move |f| f.is_live(now))
    }

    /// The troops of a foreign site, if the knower saw them within the last 7 days.
    #[must_use]
    pub fn force(&self, knower: impl Into<Knower>, site: SiteId, now: GameTime) -> Option<&KnownForce> {
        self.forces.at(knower, self.site(site)?.owner, site).filter(|f| f.is_live(now))
    }

    /// Defense points that a known force is believed to have where it stands, behind its wall and seat.
    #[must_use]
    pub fn defense_of(&self, knower: impl Into<Knower>, force: &KnownForce, now: GameTime) -> Option<f64> {
        let public = self.site(force.site)?;
        force.defense(public.population, now).or_else(|| {
            let report = self.report(knower, force.site)?;
            let troops = rules::live(report.troops.as_ref(), now)?;
            Some(forces::defense(report, &troops.value, public, &*self.model.0, now))
        })
    }

    /// Those of whose troops anything is known, sorted.
    pub(super) fn known_players(&self, knower: Knower) -> impl Iterator<Item = PlayerId> {
        self.forces.players(knower)
    }

    /// All that the knower learned of players over time, sorted by player.
    pub(super) fn learned_players(&self, knower: Knower) -> impl Iterator<Item = (PlayerId, &Dossier)> {
        self.dossiers_of(knower).into_iter().flat_map(|d| d.0.iter().map(|(player, dossier)| (*player, dossier)))
    }

    fn dossiers_of(&self, knower: Knower) -> Option<&Dossiers> {
        self.dossiers.get(self.index.knower(knower)?).ok()
    }
}
