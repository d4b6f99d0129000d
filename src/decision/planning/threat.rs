//! What could hit us: the force that is known to be able to reach a site, and what is seen to come.

use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::WorldModel;
use crate::base::geometry::Tile;
use crate::base::id::{Knower, PlayerId, SiteId, UnitClass};
use crate::base::ruleset::Force;
use crate::knowledge::intel::movement::rules::{self as movement, Evidence, Pace};
use crate::knowledge::intel::{Field, KnownForce, Track, View, rules as intel};
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
    ready(&sites_in_reach(known, to, model))
}

/// The offense of some sites that may be at home within [`REACH`], in attack points.
#[must_use]
pub fn ready(sites: &[&KnownOffense]) -> f64 {
    sites.iter().fold(0.0, |sum, o| sum + o.ready)
}

/// The sites of that player whose offense reaches the place.
#[must_use]
pub fn sites_in_reach<'a>(known: &'a [KnownOffense], to: Tile, model: &dyn WorldModel) -> Vec<&'a KnownOffense> {
    let mut strongest: (f64, Vec<&KnownOffense>) = (0.0, Vec::new());
    for of_player in known.chunk_by(|a, b| a.player == b.player) {
        let reach: Vec<&KnownOffense> = of_player.iter().filter(|o| o.reaches(to, model)).collect();
        let sum = ready(&reach);
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
    let away = movement::away_until(force.observed_at, view.returning_to(knower, force.site), now + REACH);
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
    /// Who held its origin when it was first seen; `None` if nobody did any more.
    pub player: Option<PlayerId>,
    /// Where it goes.
    pub target: SiteId,
    /// When it left, at the latest.
    pub left: GameTime,
    /// When it arrives.
    pub arrival: GameTime,
    /// When what is left of it is home again at the latest, if it turns there.
    pub home: GameTime,
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
        senders.iter().map(|(origin, marches)| (*origin, shares(view, knower, marches, now))).collect();
    let mut believed = Vec::new();
    for track in coming {
        let of_sender = senders.get(&track.origin).and_then(|marches| marches.iter().position(|t| *t == track));
        let share = of_sender.zip(shares.get(&track.origin)).and_then(|(i, shares)| shares.get(i));
        let Some((real, attack, force)) = share.cloned() else { continue };
        let Track { origin, player, target, arrival, .. } = *track;
        let (left, home) = (track.left_at().1, track.home_at().1);
        believed.push(Incoming { origin, player, target, left, arrival, home, real, attack, force });
    }
    believed
}

/// What each march of one origin is believed to be: its probability of being real, attack points and troops. A march can
/// hold what was last seen at its origin before it left, an army that nobody saw where that was never seen; each such army
/// is spread over the marches that can hold it.
fn shares(view: &View, knower: Knower, marches: &[&Track], now: GameTime) -> Vec<(f64, f64, Force)> {
    let model = &*view.model().0;
    let is_offense = |force: &Force| force.iter().any(|(class, _)| model.is_offense(class));
    let sights: Vec<Option<&Field<Force>>> =
        marches.iter().map(|m| view.troops_before(knower, m, now).filter(|f| is_offense(&f.value))).collect();
    let mut others: BTreeMap<Option<PlayerId>, f64> = BTreeMap::new();
    for march in marches {
        others.entry(march.player).or_insert_with(|| others_offense(view, knower, march, now));
    }
    let here = |sight: Option<&Field<Force>>| sight.map_or(0.0, |f| points(&f.value, model) * confidence(f, now));
    let real = |(march, sight): (&&Track, &Option<&Field<Force>>)| {
        let elsewhere = others.get(&march.player).copied().unwrap_or(0.0);
        let evidence = evidence(view, knower, march, marches, (here(*sight), here(*sight) + elsewhere));
        movement::probability_real(&evidence, view.movement_settings())
    };
    let real: Vec<f64> = marches.iter().zip(&sights).map(real).collect();
    let mut shares: Vec<(f64, f64, Force)> = real.iter().map(|p| (*p, 0.0, Force::new())).collect();
    let mut spread_already: Vec<Option<&Field<Force>>> = Vec::new();
    for sight in &sights {
        if spread_already.contains(sight) {
            continue;
        }
        spread_already.push(*sight);
        let is_of = |march: usize| sights[march] == *sight;
        match sight {
            Some(seen) => spread_seen(view, marches, &real, is_of, (seen, confidence(seen, now)), &mut shares),
            None => {
                let unseen = (0..marches.len()).filter(|m| is_of(*m)).map(|m| unseen_march(view, marches[m]));
                let army = unseen.fold(0.0, f64::max);
                for (share, of) in shares.iter_mut().zip(movement::spread(&real, is_of)) {
                    share.1 += army * of;
                }
            }
        }
    }
    shares
}

/// Spreads the offense in what was seen over those marches that left since, class by class.
fn spread_seen(
    view: &View,
    marches: &[&Track],
    real: &[f64],
    is_of: impl Fn(usize) -> bool,
    (seen, confidence): (&Field<Force>, f64),
    shares: &mut [(f64, f64, Force)],
) {
    let model = &*view.model().0;
    for (class, n) in seen.value.iter().filter(|(class, _)| model.is_offense(*class)) {
        let can_hold = |march: usize| {
            let places = view.site(marches[march].origin).zip(view.site(marches[march].target));
            let fastest = places.and_then(|(from, to)| model.travel_fastest(from.at, to.at, class));
            is_of(march) && fastest.is_none_or(|fastest| fastest <= marches[march].travel.1)
        };
        for (share, of) in shares.iter_mut().zip(movement::spread(real, can_hold)) {
            let part = Force::of(class, n).share(confidence * of);
            share.1 += model.attack(&Force::of(class, n)) * confidence * of;
            share.2.add_all(&part);
        }
    }
}

fn confidence(seen: &Field<Force>, now: GameTime) -> f64 {
    intel::faded(seen.confidence, now - seen.observed_at, intel::TROOPS_HALF_LIFE)
}

/// Attack points of the offense in a force.
fn points(force: &Force, model: &dyn WorldModel) -> f64 {
    let offense: Force = force.iter().filter(|(class, _)| model.is_offense(*class)).collect();
    model.attack(&offense)
}

/// What a march is taken for whose army nobody has seen: by the inhabitants of its origin, those that it had when the march
/// was first seen if its sender has lost it since. Where nobody knew these either it is the least real attack.
fn unseen_march(view: &View, march: &Track) -> f64 {
    let scale = view.model().scale();
    let held = view.site(march.origin).filter(|s| Some(s.owner) == march.player);
    match held.map_or(march.inhabitants, |s| s.population) {
        0 => scale.attack_min,
        inhabitants => scale.attack_per_inhabitant * f64::from(inhabitants),
    }
}

/// The known offense of the sender of a march at all of his sites but its origin.
fn others_offense(view: &View, knower: Knower, march: &Track, now: GameTime) -> f64 {
    let sites = march.player.map_or(&[] as &[SiteId], |player| view.sites_of(player));
    let attack = |site: &SiteId| known_offense(view, knower, *site, now).map_or(0.0, |o| o.attack);
    sites.iter().filter(|site| **site != march.origin).map(attack).sum()
}

/// What is known that speaks for a march being real, and against it.
fn evidence(view: &View, knower: Knower, march: &Track, of_sender: &[&Track], (here, all): (f64, f64)) -> Evidence {
    let origin = view.site(march.origin);
    let sites = march.player.map_or(&[] as &[SiteId], |player| view.sites_of(player));
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
