//! What each knower knows of foreign troops, computed once per report: attack and defense points, cost, the fastest
//! offense. Whoever weighs all that an enemy has reads this instead of working it out of every report again.
//!
//! It follows reports: [`NewIntel`], a field's expiry, and [`SiteChanged`] tell it, and a load builds it anew. What is
//! *not* here: anything that time alone changes. Whether a report still counts, and the confidence in it, are asked when
//! it is read.

use super::components::{IntelReport, NewIntel};
use super::dossier::rules::TroopsSeen;
use super::gateway::{REPORT_EXPIRES, of_key};
use super::rules;
use super::sharing::ReportForgotten;
use crate::base::clock::{DueBatch, GameClock, GameTime};
use crate::base::contract::{Model, Scenario, Site, SiteChanged, SiteState, WorldModel};
use crate::base::geometry::Tile;
use crate::base::goods::Goods;
use crate::base::id::{EntityIndex, Knower, PlayerId, SiteId, UnitClass};
use crate::base::ruleset::{Force, Levels};
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What a report says of the troops of one site.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct KnownForce {
    /// Which site.
    pub site: SiteId,
    /// Where it lies.
    pub at: Tile,
    /// When the troops were seen.
    pub observed_at: GameTime,
    /// Confidence when they were seen, 0..=1.
    pub confidence: f64,
    /// Attack points of the offense among them.
    pub attack: f64,
    /// The fastest class of that offense; none without offense.
    pub fastest: Option<UnitClass>,
    /// What all of them cost to replace, in goods.
    pub cost: i64,
    /// Defense points of all of them behind wall and seat, as those were believed to be ...
    defense: f64,
    /// ... with this population ...
    population: u32,
    /// ... and until this instant, when the first of what was seen of them expires.
    defense_until: GameTime,
}

impl KnownForce {
    /// What a report says at an instant; `None` if it says nothing of troops.
    #[must_use]
    pub fn of(report: &IntelReport, public: &Site, model: &dyn WorldModel, now: GameTime) -> Option<Self> {
        let troops = report.troops.as_ref()?;
        let offense: Force = troops.value.iter().filter(|(class, _)| model.is_offense(*class)).collect();
        // Any distance tells the fastest: one that is the same for all.
        let far = Tile::new(public.at.x.saturating_add(1), public.at.y);
        let fastest =
            offense.iter().map(|(class, _)| class).min_by_key(|class| model.travel_between(public.at, far, *class));
        let walls = [rules::live(report.wall.as_ref(), now), rules::live(report.buildings.as_ref(), now)];
        let until = walls.into_iter().flatten().map(|field| field.observed_at + rules::EXPIRES_AFTER).min();
        Some(Self {
            site: report.site,
            at: public.at,
            observed_at: troops.observed_at,
            confidence: troops.confidence,
            attack: model.attack(&offense),
            fastest,
            cost: model.cost(&troops.value),
            defense: defense(report, &troops.value, public, model, now),
            population: public.population,
            defense_until: until.unwrap_or(GameTime(i64::MAX)),
        })
    }

    /// Whether its troops were seen within the last 7 days.
    #[must_use]
    pub fn is_live(&self, now: GameTime) -> bool {
        now - self.observed_at < rules::EXPIRES_AFTER
    }

    /// Confidence in the troops now, 0..=1.
    #[must_use]
    pub fn confidence_at(&self, now: GameTime) -> f64 {
        rules::faded(self.confidence, now - self.observed_at, rules::TROOPS_HALF_LIFE)
    }

    /// Its defense points, if what they were computed from still holds.
    pub(super) fn defense(&self, population: u32, now: GameTime) -> Option<f64> {
        (population == self.population && now < self.defense_until).then_some(self.defense)
    }

    fn seen(&self) -> TroopsSeen {
        TroopsSeen { at: self.observed_at, goods: self.cost }
    }
}

/// Defense points of troops behind what is believed of a site's wall and seat: the wall that was seen, or none; the seat
/// that was seen, or the usual one.
pub(super) fn defense(
    report: &IntelReport,
    troops: &Force,
    public: &Site,
    model: &dyn WorldModel,
    now: GameTime,
) -> f64 {
    let seat = rules::live(report.buildings.as_ref(), now).map(|f| f.value);
    let site = SiteState {
        site: public.id,
        at: public.at,
        owner: public.owner,
        tribe: public.tribe,
        population: public.population,
        home: Force::new(),
        away: Force::new(),
        guests: Force::new(),
        upgrades: Levels::default(),
        wall: rules::live(report.wall.as_ref(), now).map_or(0, |f| f.value),
        residence: seat.unwrap_or_else(|| model.usual_seat(public.population)),
        mobility: 0,
        stores: Goods::ZERO,
        per_hour: Goods::ZERO,
        carriers: 0,
    };
    model.defense(&site, troops)
}

/// All known forces, by who knows and whose they are, each sorted by site. It follows from reports and public facts, so it
/// is neither saved nor hashed.
#[derive(Resource, Clone, PartialEq, Debug, Default)]
pub struct KnownForces {
    by_knower: BTreeMap<Knower, BTreeMap<PlayerId, Vec<KnownForce>>>,
}

impl KnownForces {
    /// The known forces of a player, sorted by site, expired ones among them.
    #[must_use]
    pub fn of(&self, knower: impl Into<Knower>, player: PlayerId) -> &[KnownForce] {
        self.by_knower.get(&knower.into()).and_then(|known| known.get(&player)).map_or(&[], Vec::as_slice)
    }

    /// The known force at a site of a player.
    #[must_use]
    pub fn at(&self, knower: impl Into<Knower>, player: PlayerId, site: SiteId) -> Option<&KnownForce> {
        let forces = self.of(knower, player);
        forces.binary_search_by_key(&site, |f| f.site).ok().map(|place| &forces[place])
    }

    /// Those of whom any force is known, sorted.
    pub fn players(&self, knower: impl Into<Knower>) -> impl Iterator<Item = PlayerId> + '_ {
        self.by_knower.get(&knower.into()).into_iter().flat_map(|known| known.keys().copied())
    }

    /// With what one more report says of the troops of a site, worked out as it is whenever a report is new.
    #[must_use]
    pub fn with_report(mut self, report: &IntelReport, public: &Site, model: &dyn WorldModel, now: GameTime) -> Self {
        if let Some(force) = KnownForce::of(report, public, model, now) {
            self.put(report.knower, public.owner, force);
        }
        self
    }

    /// Puts in what is known of a site of a player now.
    fn put(&mut self, knower: Knower, player: PlayerId, force: KnownForce) {
        let forces = self.by_knower.entry(knower).or_default().entry(player).or_default();
        match forces.binary_search_by_key(&force.site, |f| f.site) {
            Ok(place) => forces[place] = force,
            Err(place) => forces.insert(place, force),
        }
    }

    /// Takes out what is known of a site of a player.
    fn take(&mut self, knower: Knower, player: PlayerId, site: SiteId) -> Option<KnownForce> {
        let known = self.by_knower.get_mut(&knower)?;
        let forces = known.get_mut(&player)?;
        let taken = forces.binary_search_by_key(&site, |f| f.site).ok().map(|place| forces.remove(place));
        if forces.is_empty() {
            known.remove(&player);
            if known.is_empty() {
                self.by_knower.remove(&knower);
            }
        }
        taken
    }
}

/// A force that was known was seen again, with the same owner. Lives for one pass.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ForceNews {
    /// By whom.
    pub(super) knower: Knower,
    /// Whose it is.
    pub(super) player: PlayerId,
    /// What was seen before.
    pub(super) before: TroopsSeen,
    /// What was seen now.
    pub(super) after: TroopsSeen,
}

/// The reports and public facts that known forces follow from.
#[derive(bevy::ecs::system::SystemParam)]
pub(super) struct Reports<'w, 's> {
    index: Res<'w, EntityIndex>,
    model: Res<'w, Model>,
    sites: Query<'w, 's, &'static Site>,
    reports: Query<'w, 's, &'static IntelReport>,
}

impl Reports<'_, '_> {
    fn known(&self, knower: Knower, site: SiteId, now: GameTime) -> Option<(PlayerId, KnownForce)> {
        let public = self.site(site)?;
        let report = self.reports.get(self.index.report(knower, site)?).ok()?;
        Some((public.owner, KnownForce::of(report, public, &*self.model.0, now)?))
    }

    fn site(&self, site: SiteId) -> Option<&Site> {
        self.sites.get(self.index.site(site)?).ok()
    }

    fn owner(&self, site: SiteId) -> Option<PlayerId> {
        Some(self.site(site)?.owner)
    }
}

/// Whatever was told of since the pass began is looked up as it is now, so the order of what was told does not matter,
/// and to hear of it twice changes nothing. Sites that change hands are rare: they are looked for among all knowers.
pub(super) fn follow(
    batch: Res<DueBatch>,
    mut news: MessageReader<NewIntel>,
    mut forgotten: MessageReader<ReportForgotten>,
    mut changed: MessageReader<SiteChanged>,
    reports: Reports,
    mut forces: ResMut<KnownForces>,
    mut told: MessageWriter<ForceNews>,
) {
    let expired = batch.of(REPORT_EXPIRES).iter().map(|entry| of_key(entry.owner, entry.n));
    let forgotten = forgotten.read().map(|f| (f.knower, f.site));
    let mut touched: BTreeSet<(Knower, SiteId)> =
        news.read().map(|n| (n.knower, n.site)).chain(expired).chain(forgotten).collect();
    let mut holders: BTreeMap<SiteId, BTreeSet<PlayerId>> = BTreeMap::new();
    for change in changed.read() {
        holders.entry(change.site).or_default().extend([change.from, change.to].into_iter().flatten());
    }
    if !holders.is_empty() {
        let knowers: Vec<Knower> = forces.by_knower.keys().copied().collect();
        for (site, owners) in &holders {
            let known = |knower: &Knower| owners.iter().any(|owner| forces.at(*knower, *owner, *site).is_some());
            touched.extend(knowers.iter().filter(|k| known(k)).map(|k| (*k, *site)));
        }
    }
    for (knower, site) in touched {
        let owners = holders.get(&site);
        let before = owners
            .into_iter()
            .flatten()
            .copied()
            .chain(reports.owner(site))
            .find_map(|owner| Some((owner, forces.take(knower, owner, site)?)));
        let now = reports.known(knower, site, batch.now());
        if let Some((owner, force)) = now {
            forces.put(knower, owner, force);
        }
        // A site that changes hands begins anew: its report has no troops then, see `forgetting`.
        told.write_batch(before.and_then(|(_, before)| match now {
            Some((player, force)) if owners.is_none() && force.observed_at > before.observed_at => {
                Some(ForceNews { knower, player, before: before.seen(), after: force.seen() })
            }
            _ => None,
        }));
    }
    // Last, so that a model that was only put back, as a load does, changes nothing of what is told.
    if reports.model.is_changed() {
        *forces = anew(reports.reports, &|site| reports.site(site), &reports.model, batch.now());
    }
}

fn anew<'a>(
    reports: impl IntoIterator<Item = &'a IntelReport>,
    site: &dyn Fn(SiteId) -> Option<&'a Site>,
    model: &Model,
    now: GameTime,
) -> KnownForces {
    reports.into_iter().fold(KnownForces::default(), |forces, report| match site(report.site) {
        Some(public) => forces.with_report(report, public, &*model.0, now),
        None => forces,
    })
}

pub(super) fn on_start(world: &mut World, _: &Scenario) {
    world.insert_resource(KnownForces::default());
}

/// After a load.
pub(super) fn build_anew(world: &mut World) {
    let forces = rebuilt(world);
    world.insert_resource(forces);
}

/// Known forces as the reports and public facts of a world have them, built anew: what [`KnownForces`] must tell at the
/// end of each pass.
#[must_use]
pub fn rebuilt(world: &mut World) -> KnownForces {
    let now = world.resource::<GameClock>().now();
    let Some(model) = world.get_resource::<Model>().cloned() else { return KnownForces::default() };
    let mut reports = world.query::<&IntelReport>();
    let site = |site| world.get::<Site>(world.resource::<EntityIndex>().site(site)?);
    anew(reports.iter(world), &site, &model, now)
}
