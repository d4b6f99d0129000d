//! What could hit us: the force that is known to be able to reach a site, and what is seen to come.

use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::WorldModel;
use crate::base::geometry::Tile;
use crate::base::id::{Knower, PlayerId, SiteId, UnitClass};
use crate::base::ruleset::Force;
use crate::knowledge::intel::movement::rules::{self as movement, Evidence, Pace};
use crate::knowledge::intel::{KnownForce, Track, View, rules as intel};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Known offense that reaches a site within this time is a threat to it.
pub const REACH: GameSpan = GameSpan::hours(12);
/// What could come to one village weighs this much: a player's offense can hit one of the many villages in its reach.
pub const LIKELIHOOD: f64 = 0.35;
/// Hostile marches due within this time are a threat.
pub const INCOMING_WITHIN: GameSpan = GameSpan::hours(24);

/// Offense of one enemy site, as far as it is known.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct KnownOffense {
    /// Whose.
    pub player: PlayerId,
    /// Where it stands.
    pub site: SiteId,
    /// Where that lies.
    pub at: Tile,
    /// Attack points, times the confidence in them now.
    pub attack: f64,
    /// Those of them that may be at home within [`REACH`].
    pub ready: f64,
    /// Its fastest class of offense.
    pub fastest: UnitClass,
}

impl KnownOffense {
    /// The offense within a force that was seen at a site; none if there is none.
    #[must_use]
    pub fn of(
        player: PlayerId,
        site: SiteId,
        at: Tile,
        seen: &Force,
        confidence: f64,
        model: &dyn WorldModel,
    ) -> Option<Self> {
        let offense: Force = seen.iter().filter(|(class, _)| model.is_offense(*class)).collect();
        // Any distance tells the fastest: one that is the same for all.
        let far = Tile::new(at.x.saturating_add(1), at.y);
        let fastest =
            offense.iter().map(|(class, _)| class).min_by_key(|class| model.travel_between(at, far, *class))?;
        let attack = model.attack(&offense) * confidence;
        Some(Self { player, site, at, attack, ready: attack, fastest })
    }

    fn reaches(&self, to: Tile, model: &dyn WorldModel) -> bool {
        model.travel_between(self.at, to, self.fastest).is_some_and(|t| t <= REACH)
    }
}

/// The largest known offense of one enemy player that reaches a place within 12 hours, in attack points.
/// `known` must be sorted by player.
#[must_use]
pub fn strongest_in_reach(known: &[KnownOffense], to: Tile, model: &dyn WorldModel) -> f64 {
    sites_in_reach(known, to, model).into_iter().fold(0.0, |sum, o| sum + o.ready)
}

/// The sites of that player whose offense reaches the place.
#[must_use]
pub fn sites_in_reach<'a>(known: &'a [KnownOffense], to: Tile, model: &dyn WorldModel) -> Vec<&'a KnownOffense> {
    let mut strongest: (f64, Vec<&KnownOffense>) = (0.0, Vec::new());
    for of_player in known.chunk_by(|a, b| a.player == b.player) {
        let reach: Vec<&KnownOffense> = of_player.iter().filter(|o| o.reaches(to, model)).collect();
        let sum = reach.iter().fold(0.0, |sum, o| sum + o.ready);
        if sum > strongest.0 {
            strongest = (sum, reach);
        }
    }
    strongest.1
}

/// The offense that a knower has seen at a site and not yet forgotten; none if it has seen none. Survivors of a battle who
/// are on their way home for longer than [`REACH`] are not ready.
#[must_use]
pub fn known_offense(view: &View, knower: Knower, site: SiteId, now: GameTime) -> Option<KnownOffense> {
    let owner = view.site(site)?.owner;
    offense_in(view, knower, owner, view.force(knower, site, now)?, now)
}

/// All offense of a player that a knower has seen and not yet forgotten, sorted by site.
pub fn offense_of_player(
    view: &View,
    knower: Knower,
    player: PlayerId,
    now: GameTime,
) -> impl Iterator<Item = KnownOffense> {
    view.forces(knower, player, now).filter_map(move |force| offense_in(view, knower, player, force, now))
}

/// The offense in a known force.
fn offense_in(
    view: &View,
    knower: Knower,
    player: PlayerId,
    force: &KnownForce,
    now: GameTime,
) -> Option<KnownOffense> {
    let confidence = force.confidence_at(now);
    let attack = force.attack * confidence;
    let mut known =
        KnownOffense { player, site: force.site, at: force.at, attack, ready: attack, fastest: force.fastest? };
    let away = movement::away_until(force.observed_at, view.returning_to(knower, force.site).iter(), now + REACH);
    if !away.is_empty()
        && let Some(seen) = view.report(knower, force.site).and_then(|r| intel::live(r.troops.as_ref(), now))
    {
        let left = seen.value.minus(&away.min(&seen.value));
        let ready = KnownOffense::of(player, force.site, force.at, &left, confidence, &*view.model().0);
        known.ready = ready.map_or(0.0, |r| r.attack);
    }
    Some(known)
}

/// What an army that nobody has seen is taken for, in attack points: by the inhabitants of its site.
#[must_use]
pub fn unseen_attack(view: &View, site: SiteId) -> f64 {
    view.model().scale().attack_per_inhabitant * view.site(site).map_or(0.0, |s| f64::from(s.population))
}

/// A hostile march as far as it counts as a threat.
#[derive(Clone, PartialEq, Debug)]
pub struct Incoming {
    /// Where it left.
    pub origin: SiteId,
    /// Where it goes.
    pub target: SiteId,
    /// When it arrives.
    pub arrival: GameTime,
    /// The probability that it is what it can be at most.
    pub real: f64,
    /// What it is believed to be, in attack points.
    pub attack: f64,
    /// The troops that it is believed to be, of those seen at its origin; empty where nobody saw any.
    pub force: Force,
}

/// What the marches that a knower sees coming to its own sites are believed to be, by arrival. The army of each sender is
/// spread once over all its marches, those to other sites too, class by class over those that can hold it.
#[must_use]
pub fn believed(view: &View, knower: Knower, now: GameTime) -> Vec<Incoming> {
    let coming: Vec<&Track> = view.incoming(knower, now).collect();
    if coming.is_empty() {
        return Vec::new();
    }
    let mut senders: BTreeMap<SiteId, Vec<&Track>> = coming.iter().map(|t| (t.origin, Vec::new())).collect();
    for track in view.movements(knower, now) {
        if let Some(marches) = senders.get_mut(&track.origin) {
            marches.push(track);
        }
    }
    let shares: BTreeMap<SiteId, Vec<(f64, f64, Force)>> =
        senders.iter().map(|(origin, marches)| (*origin, shares(view, knower, *origin, marches, now))).collect();
    let mut believed = Vec::new();
    for track in coming {
        let of_sender = senders.get(&track.origin).and_then(|marches| marches.iter().position(|t| *t == track));
        let share = of_sender.zip(shares.get(&track.origin)).and_then(|(i, shares)| shares.get(i));
        let Some((real, attack, force)) = share.cloned() else { continue };
        let Track { origin, target, arrival, .. } = *track;
        believed.push(Incoming { origin, target, arrival, real, attack, force });
    }
    believed
}

/// What each march of one sender is believed to be: its probability of being real, attack points and troops.
fn shares(view: &View, knower: Knower, origin: SiteId, marches: &[&Track], now: GameTime) -> Vec<(f64, f64, Force)> {
    let model = &*view.model().0;
    let of_owner = owners_offense(view, knower, origin, now);
    let real: Vec<f64> = marches
        .iter()
        .map(|march| {
            let evidence = evidence(view, knower, march, marches, of_owner);
            movement::probability_real(&evidence, view.movement_settings())
        })
        .collect();
    let mut shares: Vec<(f64, f64, Force)> = real.iter().map(|p| (*p, 0.0, Force::new())).collect();
    let report = view.report(knower, origin).and_then(|r| intel::live(r.troops.as_ref(), now));
    let offense: Vec<(UnitClass, u32)> =
        report.iter().flat_map(|f| f.value.iter()).filter(|(class, _)| model.is_offense(*class)).collect();
    let Some(report) = report.filter(|_| !offense.is_empty()) else {
        let army = unseen_attack(view, origin);
        for (share, of) in shares.iter_mut().zip(movement::spread(&real, |_| true)) {
            share.1 = army * of;
        }
        return shares;
    };
    let confidence = intel::faded(report.confidence, now - report.observed_at, intel::TROOPS_HALF_LIFE);
    for (class, n) in offense {
        let can_hold = |march: usize| {
            let places = view.site(origin).zip(view.site(marches[march].target));
            let fastest = places.and_then(|(from, to)| model.travel_fastest(from.at, to.at, class));
            fastest.is_none_or(|fastest| fastest <= marches[march].travel.1)
        };
        for (share, of) in shares.iter_mut().zip(movement::spread(&real, can_hold)) {
            let part = Force::of(class, n).share(confidence * of);
            share.1 += model.attack(&Force::of(class, n)) * confidence * of;
            share.2.add_all(&part);
        }
    }
    shares
}

/// The known offense of the owner of a site: at the site, and at all of his.
fn owners_offense(view: &View, knower: Knower, origin: SiteId, now: GameTime) -> (f64, f64) {
    let sites = view.site(origin).map_or(&[] as &[SiteId], |s| view.sites_of(s.owner));
    let attack = |site: SiteId| known_offense(view, knower, site, now).map_or(0.0, |o| o.attack);
    (attack(origin), sites.iter().map(|site| attack(*site)).sum())
}

/// What is known that speaks for a march being real, and against it.
fn evidence(view: &View, knower: Knower, march: &Track, of_sender: &[&Track], (here, all): (f64, f64)) -> Evidence {
    let origin = view.site(march.origin);
    let sites = origin.map_or(&[] as &[SiteId], |s| view.sites_of(s.owner));
    let population = |site: &SiteId| view.site(*site).map_or(0, |s| s.population);
    let largest = sites.iter().max_by_key(|site| (population(site), core::cmp::Reverse(**site)));
    let slow = origin.zip(view.site(march.target)).and_then(|(from, to)| {
        let model = &*view.model().0;
        let pace = |class: UnitClass| {
            let heavy = model.is_siege(class) || model.is_chief(class);
            (heavy || model.is_fighter(class)).then_some(())?;
            let fastest = model.travel_fastest(from.at, to.at, class)?;
            Some(Pace { class, fastest, plain: model.travel_between(from.at, to.at, class)?, heavy })
        };
        let roster: Vec<Pace> = model.roster(from.tribe).into_iter().filter_map(pace).collect();
        let deduced = movement::deduce(&roster, march.travel);
        let too_fast = !deduced.can_hold_siege && roster.iter().any(|p| p.heavy);
        (deduced.must_hold_siege || too_fast).then_some(deduced.must_hold_siege)
    });
    let dossier = march.player.and_then(|player| view.dossier(knower, player));
    let targets: BTreeSet<SiteId> = of_sender.iter().map(|t| t.target).collect();
    let close = |t: &&&Track| {
        t.target == march.target && GameSpan((t.arrival - march.arrival).0.abs()) <= movement::WAVES_WITHIN
    };
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Evidence {
        slow,
        offense_share: (all > 0.0).then(|| here / all),
        from_largest: largest == Some(&march.origin),
        real: dossier.map_or(0, |d| d.real),
        fake: dossier.map_or(0, |d| d.fake),
        targets: count(targets.len()),
        waves: count(of_sender.iter().filter(close).count()),
    }
}

/// The threat at a site in attack points: the larger of what is on its way and due within 24 hours, and what could
/// come within 12.
#[must_use]
pub fn threat(
    site: SiteId,
    at: Tile,
    now: GameTime,
    known: &[KnownOffense],
    incoming: &[Incoming],
    model: &dyn WorldModel,
) -> f64 {
    let marching: f64 =
        incoming.iter().filter(|i| i.target == site && i.arrival - now <= INCOMING_WITHIN).map(|i| i.attack).sum();
    marching.max(LIKELIHOOD * strongest_in_reach(known, at, model))
}
