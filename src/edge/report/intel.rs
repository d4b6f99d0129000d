//! What those who deliberate know: counted, and told with the truth beside it.

use super::account::thousands;
use super::counts::LookCounts;
use super::directory::Directory;
use crate::base::clock::{GameClock, GameTime};
use crate::base::contract::{Cited, Holdings, Model, Player, Site, Stances};
use crate::base::goods::Goods;
use crate::base::id::{AllianceId, EntityIndex, Knower, PlayerId, SiteId};
use crate::base::ruleset::Force;
use crate::base::text::shortened;
use crate::knowledge::intel::{Cause, Field, IntelReport, ObservationLog, SourceKind, rules};
use crate::society::alliance::Alliance;
use crate::world::village::{Buildings, Garrison, Guests, Stores, stores};
use bevy::prelude::*;
use core::fmt::Write;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of a table of reports at most.
const REPORTS_SHOWN: usize = 25;

/// Observations that are listed, the latest ones.
const OBSERVATIONS_SHOWN: usize = 8;

/// What all alliances that deliberate now know together. Reports of own sites, if any are left, do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IntelSummary {
    /// Observations so far.
    pub observations: u64,
    /// Reports of sites that are live now.
    pub reports_live: u64,
    /// Reports that expired with their last field.
    pub expired: u64,
    /// Observations that were sights of hostile marches.
    pub sightings: u64,
    /// Share of the sites of those with whom they are at war whose troops they know, 0..=1.
    pub coverage: f64,
    /// Median age of the troops in reports where these are live, in hours; `None` if there are none.
    pub median_age_hours: Option<f64>,
    /// Share of the looks from which scouts came back that a decision of the same alliance cited within 72 hours, those of
    /// alliances that ended since included; `None` without looks.
    pub cited_share: Option<f64>,
}

impl IntelSummary {
    /// What is known now, with what became of the looks so far.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts, far below 2^53")]
    pub fn of(world: &mut World, looks: &LookCounts) -> Self {
        let now = world.resource::<GameClock>().now();
        let mut summary = Self::default();
        // One that ended knows nothing any more.
        let mut logs = world.query::<(&Alliance, &ObservationLog)>();
        for (_, log) in logs.iter(world).filter(|(alliance, _)| alliance.active) {
            summary.observations += log.total;
            summary.sightings += log.sightings;
            summary.expired += log.expired;
        }
        let deliberates = deliberating(world);
        let mut ages = Vec::new();
        let mut known: BTreeSet<(AllianceId, SiteId)> = BTreeSet::new();
        let mut reports = world.query::<&IntelReport>();
        for report in reports.iter(world) {
            let Knower::Alliance(alliance) = report.knower else { continue };
            if !deliberates.contains_key(&alliance)
                || is_own(world, alliance, report.site)
                || report.cite(now).next().is_none()
            {
                continue;
            }
            summary.reports_live += 1;
            if let Some(troops) = rules::live(report.troops.as_ref(), now) {
                ages.push((now - troops.observed_at).as_hours());
                known.insert((alliance, report.site));
            }
        }
        summary.median_age_hours = median(ages);
        let (mut seen, mut all) = (0_u64, 0_u64);
        for (alliance, enemies) in &deliberates {
            for site in sites_of(world, enemies) {
                all += 1;
                seen += u64::from(known.contains(&(*alliance, site)));
            }
        }
        summary.coverage = if all == 0 { 0.0 } else { seen as f64 / all as f64 };
        summary.cited_share = (looks.came_back > 0).then(|| looks.cited as f64 / looks.came_back as f64);
        summary
    }
}

/// The alliances that deliberate, with those that each is at war with.
pub(super) fn deliberating(world: &mut World) -> BTreeMap<AllianceId, BTreeSet<AllianceId>> {
    let mut alliances = world.query::<(&Alliance, &Stances)>();
    let active = alliances.iter(world).filter(|(alliance, _)| alliance.active);
    active.map(|(alliance, stances)| (alliance.id, stances.wars().collect())).collect()
}

/// Whether a site belongs to a member of an alliance.
fn is_own(world: &World, alliance: AllianceId, site: SiteId) -> bool {
    let index = world.resource::<EntityIndex>();
    let owner = index.site(site).and_then(|e| world.get::<Site>(e)).map(|s| s.owner);
    let player = owner.and_then(|owner| index.player(owner)).and_then(|e| world.get::<Player>(e));
    player.is_some_and(|p| p.alliance == Some(alliance))
}

/// The middle one, or the mean of the two in the middle.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    (n > 0).then(|| f64::midpoint(values[(n - 1) / 2], values[n / 2]))
}

/// All sites of the members of some alliances.
pub(super) fn sites_of(world: &mut World, alliances: &BTreeSet<AllianceId>) -> Vec<SiteId> {
    let of = |player: &Player| player.alliance.is_some_and(|a| alliances.contains(&a));
    let members: Vec<PlayerId> = world.query::<&Player>().iter(world).filter(|p| of(p)).map(|p| p.id).collect();
    let holdings = world.resource::<Holdings>();
    members.into_iter().flat_map(|member| holdings.of(member).to_vec()).collect()
}

/// What truly stands and lies at a site, where the default world runs.
pub(super) struct Truth {
    pub(super) troops: Force,
    goods: Goods,
    wall: u8,
}

pub(super) fn truth(world: &World, site: SiteId, now: GameTime) -> Option<Truth> {
    let entity = world.resource::<EntityIndex>().site(site)?;
    let mut troops = world.get::<Garrison>(entity)?.home.clone();
    for guest in world.get::<Guests>(entity).into_iter().flat_map(|g| g.0.values()) {
        troops.add_all(&guest.force);
    }
    let goods = stores::read_stores(world.get::<Stores>(entity)?, now).amount;
    Some(Truth { troops, goods, wall: world.get::<Buildings>(entity)?.wall })
}

/// Tells what one alliance knows, and the truth beside it: which no decision sees.
///
/// The truth is that of the default world; where a game has its own, there is a dash instead.
///
/// # Errors
/// If the alliance does not exist or does not deliberate, with the names of those that do.
pub fn intel_account(world: &mut World, names: &Directory, alliance: AllianceId) -> Result<String, String> {
    let deliberates = deliberating(world);
    let Some(enemies) = deliberates.get(&alliance) else {
        let those: Vec<String> = deliberates.keys().map(|id| names.alliance_with_id(*id)).collect();
        let name = names.alliance_with_id(alliance);
        return Err(format!("alliance {name} does not deliberate; those that do: {}", those.join(", ")));
    };
    let mut out = String::new();
    // Writing into a string does not fail.
    let _ = tell(&mut out, world, names, alliance, enemies);
    Ok(out)
}

fn tell(
    out: &mut String,
    world: &mut World,
    names: &Directory,
    alliance: AllianceId,
    enemies: &BTreeSet<AllianceId>,
) -> core::fmt::Result {
    let now = world.resource::<GameClock>().now();
    let at_war = sites_of(world, enemies);
    let own: BTreeSet<SiteId> = sites_of(world, &BTreeSet::from([alliance])).into_iter().collect();
    let mut reports: Vec<IntelReport> = world
        .query::<&IntelReport>()
        .iter(world)
        .filter(|r| r.knower == Knower::Alliance(alliance) && r.cite(now).next().is_some())
        .filter(|r| !own.contains(&r.site))
        .cloned()
        .collect();
    let model = world.resource::<Model>().clone();
    let worth = |r: &IntelReport| rules::live(r.troops.as_ref(), now).map(|f| model.cost(&f.value));
    reports.sort_by_key(|r| (core::cmp::Reverse(worth(r)), r.site));
    let troops_known: BTreeSet<SiteId> = reports.iter().filter(|r| worth(r).is_some()).map(|r| r.site).collect();
    let known = at_war.iter().filter(|site| troops_known.contains(site)).count();
    writeln!(out, "What {} knows at {now}, and the truth beside it", names.alliance_with_id(alliance))?;
    writeln!(
        out,
        "  {} villages of those it is at war with, the troops of {known} known; {} live reports in all\n",
        at_war.len(),
        reports.len()
    )?;
    writeln!(
        out,
        "  {:<28} {:<9} {:<8} {:>6} {:>5} {:>11} {:>11} {:>11} {:>11} {:>9}",
        "village", "seen", "how", "age", "c", "troops", "truth", "in store", "truth", "wall"
    )?;
    for report in reports.iter().take(REPORTS_SHOWN) {
        tell_report(out, world, names, &model, report, now)?;
    }
    if reports.len() > REPORTS_SHOWN {
        writeln!(out, "  and {} more", reports.len() - REPORTS_SHOWN)?;
    }
    tell_errors(out, world, &model, &reports, now)?;
    tell_log(out, world, names, alliance, now)
}

fn tell_report(
    out: &mut String,
    world: &World,
    names: &Directory,
    model: &Model,
    report: &IntelReport,
    now: GameTime,
) -> core::fmt::Result {
    let truth = truth(world, report.site, now);
    let troops = rules::live(report.troops.as_ref(), now);
    // How, age and certainty are of one thing that was seen, which is named: the troops where they are known.
    let Some((seen, kind, latest, certain)) = main_field(report, now) else { return Ok(()) };
    let number = |n: Option<i64>| n.map_or_else(|| "-".to_owned(), thousands);
    let goods = rules::live(report.goods.as_ref(), now).map(|f| f.value.total());
    let level = |n: Option<u8>| n.map_or_else(|| "-".to_owned(), |n| n.to_string());
    writeln!(
        out,
        "  {:<28} {:<9} {:<8} {:>4.0} h {:>4.0}% {:>11} {:>11} {:>11} {:>11} {:>9}",
        shortened(names.site(report.site), 28),
        seen,
        source(kind),
        (now - latest).as_hours(),
        certain * 100.0,
        number(troops.map(|f| model.cost(&f.value))),
        number(truth.as_ref().map(|t| model.cost(&t.troops))),
        number(goods),
        number(truth.as_ref().map(|t| t.goods.total())),
        format!(
            "{} / {}",
            level(rules::live(report.wall.as_ref(), now).map(|f| f.value)),
            level(truth.as_ref().map(|t| t.wall))
        ),
    )
}

/// The first live field of a report, of troops, goods, wall and residence: its name, how and when it was seen, and the
/// confidence in it by now.
fn main_field(report: &IntelReport, now: GameTime) -> Option<(&'static str, SourceKind, GameTime, f64)> {
    let cite = report.cite(now).min_by_key(|c| c.what)?;
    let (name, kind) = match cite.what {
        Cited::Troops => ("troops", report.troops.as_ref()?.kind),
        Cited::Goods => ("stores", report.goods.as_ref()?.kind),
        Cited::Wall => ("wall", report.wall.as_ref()?.kind),
        _ => ("residence", report.buildings.as_ref()?.kind),
    };
    Some((name, kind, cite.observed_at, cite.confidence))
}

pub(super) fn source(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Scout => "scouts",
        SourceKind::Battle => "battle",
        SourceKind::Sighting => "sighting",
        SourceKind::Hearsay => "hearsay",
    }
}

/// Why something is known, in plain words.
fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::OwnScouts => "scouts came back",
        Cause::OwnScoutsLost => "scouts died there",
        Cause::OwnAttack => "attacked it",
        Cause::OwnDefense => "was attacked there",
        Cause::IncomingMarch => "a march comes there",
        Cause::WatchArea => "a march passed",
        Cause::ScoutsCaught => "caught scouts there",
        Cause::AllyTold => "an ally told it",
        Cause::Envoy => "an envoy came",
        Cause::BroughtAlong => "brought it along",
    }
}

/// How far what is believed is from the truth, by age: what intel loses as it grows old.
#[expect(clippy::cast_precision_loss, reason = "goods of one village, for display")]
fn tell_errors(
    out: &mut String,
    world: &World,
    model: &Model,
    reports: &[IntelReport],
    now: GameTime,
) -> core::fmt::Result {
    const AGES: [(f64, &str); 4] =
        [(12.0, "up to 12 h"), (48.0, "12 to 48 h"), (96.0, "2 to 4 days"), (168.0, "older")];
    let mut errors: [Vec<f64>; 4] = Default::default();
    let off = |field: &Field<Force>, site| {
        let stands = truth(world, site, now)?.troops;
        let (believed, true_one) = (model.cost(&field.value) as f64, model.cost(&stands) as f64);
        Some(libm::fabs(libm::log((believed + 1_000.0) / (true_one + 1_000.0))))
    };
    for report in reports {
        let Some(troops) = rules::live(report.troops.as_ref(), now) else { continue };
        let age = (now - troops.observed_at).as_hours();
        let class = AGES.iter().position(|(most, _)| age <= *most).unwrap_or(AGES.len() - 1);
        errors[class].extend(off(troops, report.site));
    }
    writeln!(out, "\n  How far off beliefs of troops are, in the median, by the age of the troops' sight")?;
    for ((_, name), errors) in AGES.iter().zip(errors) {
        let count = errors.len();
        let Some(median) = median(errors) else { continue };
        writeln!(out, "    {name:<12} {count:>4} villages, a factor of {:.2}", libm::exp(median))?;
    }
    Ok(())
}

/// The latest observations.
fn tell_log(
    out: &mut String,
    world: &World,
    names: &Directory,
    alliance: AllianceId,
    now: GameTime,
) -> core::fmt::Result {
    let entity = world.resource::<EntityIndex>().alliance(alliance);
    let Some(log) = entity.and_then(|e| world.get::<ObservationLog>(e)) else { return Ok(()) };
    writeln!(
        out,
        "\n  {} observations so far, {} of them of marches; {} reports expired. The latest:",
        log.total, log.sightings, log.expired
    )?;
    let skipped = log.latest.len().saturating_sub(OBSERVATIONS_SHOWN);
    for seen in log.latest.iter().skip(skipped) {
        writeln!(
            out,
            "    {:>5.1} h ago  {:<20} {:<32} by {}",
            (now - seen.at).as_hours(),
            cause(seen.cause),
            shortened(names.site(seen.site), 32),
            shortened(names.player(seen.witness), 24)
        )?;
    }
    Ok(())
}
