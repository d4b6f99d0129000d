//! What lies around the targets of an attack: where waves beside the blow can go, and which circumstances hold.

use super::situation::Situation;
use crate::base::clock::GameTime;
use crate::base::geometry::Tile;
use crate::base::id::{AllianceId, SiteId};
use crate::base::ruleset::Force;
use crate::decision::planning::allocation::{Elsewhere, TargetSpec};
use crate::decision::planning::rules::circumstance::{CircumstanceInputs, CircumstanceSettings};
use crate::decision::planning::rules::facts;
use crate::decision::planning::{Incoming, Pattern, PlanningSettings, WaveSite};

/// Sites of each kind that are kept for a target.
const PER_TARGET: usize = 10;
/// A march that is this likely real, or more, is an army that will come home: of three marches of a village each is a little less
/// likely real than not.
const REAL: f64 = 0.4;

/// A site of the enemy near a target.
struct Near {
    site: SiteId,
    at: Tile,
    /// Fields to the target.
    distance: f64,
    /// Troops believed there, in goods: fewer the older the look is.
    goods: f64,
    /// Troops that were seen there, in goods, however long ago.
    seen: f64,
}

/// The other sites of an enemy near a target, the nearest first. Troops that nobody saw are taken for what their inhabitants
/// suggest.
#[expect(clippy::cast_precision_loss, reason = "goods of one village, far below 2^53")]
fn near(
    situation: &Situation,
    alliance: AllianceId,
    enemy: AllianceId,
    target: &TargetSpec,
    targets: &[TargetSpec],
    fields: f64,
    now: GameTime,
) -> Vec<Near> {
    let (view, torus) = (&situation.view, situation.view.torus());
    let mut found = Vec::new();
    for member in situation.roster.members(enemy) {
        for site in view.sites_of(member.player).iter().filter(|s| !targets.iter().any(|t| t.site == **s)) {
            let Some(public) = view.site(*site) else { continue };
            let distance = torus.distance(public.at, target.estimate.at);
            if distance > fields {
                continue;
            }
            let guess = view.model().goods_per_inhabitant() * f64::from(public.population);
            let force = view.force(alliance, *site, now);
            let (goods, seen) = force.map_or((guess, guess), |force| {
                let seen = force.cost as f64;
                (seen * force.confidence_at(now), seen)
            });
            found.push(Near { site: *site, at: public.at, distance, goods, seen });
        }
    }
    found.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.site.cmp(&b.site)));
    found
}

/// The sites that waves of a pattern beside the blow can go to; none where it has no such waves.
#[must_use]
pub fn elsewhere(
    situation: &Situation,
    alliance: AllianceId,
    enemy: Option<AllianceId>,
    targets: &[TargetSpec],
    pattern: &Pattern,
    settings: &PlanningSettings,
    now: GameTime,
) -> Vec<Elsewhere> {
    let Some(enemy) = enemy.filter(|_| pattern.waves.iter().any(|w| w.is_beside())) else { return Vec::new() };
    let pace = situation.view.model().scale().fields_per_hour;
    let mut all = Vec::new();
    for target in targets {
        let entry = |n: &Near, kind| Elsewhere { site: n.site, at: n.at, of: target.site, kind };
        let mut found = near(situation, alliance, enemy, target, targets, settings.help.hours * pace, now);
        // A village that holds by itself calls nobody to help it.
        found.sort_by(|a, b| a.seen.total_cmp(&b.seen).then(a.site.cmp(&b.site)));
        let decoys = found.iter().filter(|n| n.distance <= settings.circumstances.decoy_hours * pace);
        all.extend(decoys.take(PER_TARGET).map(|n| entry(n, WaveSite::Decoys)));
        found.sort_by(|a, b| b.goods.total_cmp(&a.goods).then(a.site.cmp(&b.site)));
        all.extend(found.iter().take(PER_TARGET).map(|n| entry(n, WaveSite::Neighbours)));
    }
    all
}

/// What the circumstances of an attack on these targets are judged by, but for how far away they are. `incoming` is what comes to
/// the alliance's sites.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "goods of one operation, far below 2^53")]
pub fn circumstances(
    situation: &Situation,
    alliance: AllianceId,
    enemy: AllianceId,
    targets: &[TargetSpec],
    incoming: &[Incoming],
    settings: &PlanningSettings,
    now: GameTime,
) -> CircumstanceInputs {
    let model = situation.view.model();
    let pace = model.scale().fields_per_hour;
    let goods = |t: &TargetSpec| model.cost(&t.estimate.troops) as f64;
    let mut inputs = CircumstanceInputs::default();
    let (mut offense, mut all) = (0.0, 0.0);
    for target in targets {
        let found = near(situation, alliance, enemy, target, targets, settings.help.hours * pace, now);
        if goods(target) > inputs.target_goods {
            inputs.target_goods = goods(target);
            inputs.helpers_goods = found.iter().map(|n| n.goods).sum();
        }
        let decoys = found.iter().filter(|n| n.distance <= settings.circumstances.decoy_hours * pace).count();
        inputs.decoys = inputs.decoys.max(u32::try_from(decoys).unwrap_or(u32::MAX));
        let force = target.estimate.troops.iter().filter(|(class, _)| model.is_offense(*class)).collect();
        offense += model.cost(&force) as f64;
        all += goods(target);
        inputs.wall = inputs.wall.max(target.estimate.wall);
        inputs.returns |= army_home_at(situation, alliance, incoming, target, &settings.circumstances, now).is_some();
        let comes = |owner| incoming.iter().any(|i| i.player == Some(owner));
        inputs.hits_us |= situation.view.site(target.site).is_some_and(|site| comes(site.owner));
        let age = now - target.estimate.seen_at;
        let seen = facts::uncertainty(target.estimate.confidence, age, &settings.facts);
        inputs.sigma = inputs.sigma.max(libm::hypot(seen, target.lesson.sigma));
    }
    inputs.offense_share = if all > 0.0 { offense / all } else { 0.0 };
    inputs
}

/// When the last army of a target that is out is surely home: one that was seen to go home, or one that comes to a site of the alliance
/// (of `incoming`) and will turn there. None if no army is out that is a real part of what was seen there. A march that left before the
/// target was seen does not count: what is planned against is without it.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "goods of one army, far below 2^53")]
pub fn army_home_at(
    situation: &Situation,
    alliance: AllianceId,
    incoming: &[Incoming],
    target: &TargetSpec,
    settings: &CircumstanceSettings,
    now: GameTime,
) -> Option<GameTime> {
    let (view, site) = (&situation.view, target.site);
    let owner = view.site(site)?.owner;
    let goods = |force: &Force| view.model().cost(force) as f64;
    let least = settings.army_share * goods(&target.seen);
    let worth = |army: f64| army > 0.0 && army >= least;
    let turned = view.returning_to(alliance, site).filter(|r| worth(goods(&r.force))).map(|r| r.home_at.1);
    let is_theirs = |i: &Incoming| i.origin == site && i.player == Some(owner) && i.left >= target.estimate.seen_at;
    // What a march is believed to be counts how likely it is real: what it is then is more.
    let comes = |i: &&Incoming| is_theirs(i) && i.real >= REAL && worth(goods(&i.force) / i.real);
    let turning = incoming.iter().filter(comes).map(|i| i.home);
    turned.chain(turning).filter(|home| *home > now).max()
}
