//! Conquest trains: chiefs that arrive one by one behind the cleaner and the engines, each with an escort.

use super::improve::Draft;
use super::problem::{AllocationProblem, AllocationSettings, LeftOut, Plan, PlannedGroup, Source};
use crate::base::contract::{AttackGroup, SiteEstimate, WorldModel};
use crate::base::ruleset::Force;
use crate::decision::planning::timing::in_time;
use crate::decision::planning::{PatternGoal, UnitFilter};

/// An escort of less than this share of what the settings ask for is none.
const ESCORT_MIN: f64 = 0.5;
/// Levels by which the seat may have grown, or have been repaired, since it was seen.
const SEAT_MARGIN: u8 = 2;

/// Plans a pattern that takes a site. Chiefs are chosen first, and their escorts kept from the cleaner; a target that
/// too few chiefs reach, or whose seat would stand, is left out.
pub(super) fn allocate_train(
    problem: &AllocationProblem,
    settings: &AllocationSettings,
    model: &dyn WorldModel,
) -> Plan {
    let mut problem = problem.clone();
    let mut chiefs: Vec<Result<Vec<PlannedGroup>, LeftOut>> = Vec::new();
    for target in 0..problem.targets.len() {
        chiefs.push(choose_chiefs(&mut problem, target, settings, model));
    }
    let mut draft = Draft::new(&problem, settings, model);
    draft.construct();
    draft.improve();
    let mut plan = draft.into_plan();
    for (spec, chiefs) in problem.targets.iter().zip(chiefs) {
        if !plan.targets.iter().any(|t| t.site == spec.site && t.met) {
            continue;
        }
        let residence = spec.estimate.residence.saturating_add(SEAT_MARGIN);
        let seat = SiteEstimate { residence, ..spec.estimate.clone() };
        let seat_stands = || model.seat_left(&engines(&problem, &plan, spec.site), &seat) > 0;
        match chiefs {
            Err(why) => plan.leave_out(spec.site, spec.value, why),
            Ok(_) if seat_stands() => plan.leave_out(spec.site, spec.value, LeftOut::SeatStands),
            Ok(chiefs) => plan.add_groups(chiefs, model),
        }
    }
    plan
}

/// Whether the pattern needs chiefs.
pub(super) fn takes(problem: &AllocationProblem) -> bool {
    problem.pattern.goal == PatternGoal::Take
}

/// One chief with an escort for each wave of chiefs, from the nearest villages that have any; what they take is no
/// longer available for other waves.
fn choose_chiefs(
    problem: &mut AllocationProblem,
    target: usize,
    settings: &AllocationSettings,
    model: &dyn WorldModel,
) -> Result<Vec<PlannedGroup>, LeftOut> {
    let to = problem.targets[target].estimate.at;
    let mut near: Vec<(crate::base::clock::GameSpan, usize)> = problem
        .sources
        .iter()
        .enumerate()
        .filter_map(|(i, s)| Some((model.travel_of(&s.site, to, &s.chiefs)?, i)))
        .collect();
    near.sort_by_key(|(travel, i)| (*travel, problem.sources[*i].site.site));
    let waves: Vec<(usize, crate::decision::planning::WaveSpec)> =
        problem.pattern.waves.iter().copied().enumerate().filter(|(_, w)| w.units == UnitFilter::Chief).collect();
    let mut groups: Vec<PlannedGroup> = Vec::new();
    for (n, wave) in waves {
        let arrival = problem.arrival + wave.offset();
        for (_, i) in &near {
            let source = &problem.sources[*i];
            let Some(force) = with_escort(source, to, settings, model) else { continue };
            let Some((there, travel)) = in_time(model, source, &force, to, arrival, problem.not_before) else {
                continue;
            };
            let launch = arrival - travel;
            let close =
                |g: &PlannedGroup| g.site == source.site.site && (g.launch - launch).0.abs() < model.send_spacing().0;
            // The chief is the slowest of them: if it cannot be there in time, nobody goes.
            if there != force || groups.iter().any(close) {
                continue;
            }
            groups.push(PlannedGroup {
                site: source.site.site,
                member: source.site.owner,
                target: problem.targets[target].site,
                wave: u8::try_from(n).unwrap_or(u8::MAX),
                force: force.clone(),
                upgrades: source.site.upgrades,
                launch,
                travel,
                arrival,
                manner: wave.manner,
                aims: wave.aims(model),
            });
            let source = &mut problem.sources[*i];
            source.chiefs = source.chiefs.minus(&force);
            source.available = source.available.minus(&force);
            break;
        }
    }
    let needed = model.chiefs_needed();
    if needed > 0 && groups.len() >= usize::try_from(needed).unwrap_or(usize::MAX) {
        Ok(groups)
    } else {
        Err(LeftOut::TooFewChiefs)
    }
}

/// A chief of a village with an escort of units that are no slower: those that there are most of first.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and no more than there are")]
fn with_escort(
    source: &Source,
    to: crate::base::geometry::Tile,
    settings: &AllocationSettings,
    model: &dyn WorldModel,
) -> Option<Force> {
    let (chief, _) = source.chiefs.iter().next()?;
    let pace = model.travel(&source.site, to, chief)?;
    let mut classes: Vec<_> = source
        .available
        .iter()
        .filter(|(class, _)| model.travel(&source.site, to, *class).is_some_and(|t| t <= pace))
        .filter(|(class, _)| !model.is_siege(*class))
        .collect();
    classes.sort_by_key(|(class, n)| (core::cmp::Reverse(*n), *class));
    let mut force = Force::of(chief, 1);
    let mut missing = settings.escort_attack;
    for (class, n) in classes {
        let one = model.attack(&Force::of(class, 1));
        if missing <= 0.0 || one <= 0.0 {
            continue;
        }
        let taken = ((missing / one).ceil() as u32).min(n);
        force.add(class, taken);
        missing -= one * f64::from(taken);
    }
    (missing <= settings.escort_attack * (1.0 - ESCORT_MIN)).then_some(force)
}

/// The groups of a plan whose engines aim at the seat of a site.
fn engines(problem: &AllocationProblem, plan: &Plan, site: crate::base::id::SiteId) -> Vec<AttackGroup> {
    let aimed = |wave: u8| problem.pattern.waves.get(usize::from(wave)).is_some_and(|w| w.aim.is_some());
    plan.groups
        .iter()
        .filter(|g| g.target == site && aimed(g.wave))
        .filter_map(|g| {
            let source = problem.sources.iter().find(|s| s.site.site == g.site)?;
            Some(source.group(g.force.clone()))
        })
        .collect()
}
