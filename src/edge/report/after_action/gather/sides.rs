//! The alliances that deliberate, ranked, and their course.

use super::{NAME, Source};
use crate::base::contract::{Model, Player, Stances};
use crate::base::id::{AllianceId, EntityIndex, Knower, SiteId};
use crate::base::text::shortened;
use crate::edge::report::after_action::data::{Look, RankedBy, Side};
use crate::edge::report::gates::Blocked;
use crate::edge::report::intel::{deliberating, median, sites_of, truth};
use crate::knowledge::intel::{IntelReport, rules};
use crate::society::alliance::Alliance;
use crate::strategy::victory::VictoryRanking;
use bevy::prelude::World;
use std::collections::{BTreeMap, BTreeSet};

/// All sides, in the order of their ids.
pub(super) fn sides(world: &mut World, source: &Source) -> Vec<Side> {
    let villages = source.history.looks.last().map(|look| look.villages.clone()).unwrap_or_default();
    let mut members: BTreeMap<AllianceId, u64> = BTreeMap::new();
    for player in world.query::<&Player>().iter(world) {
        if let Some(alliance) = player.alliance {
            *members.entry(alliance).or_default() += 1;
        }
    }
    let blocked = source.tally.blocked(source.now);
    let knowledge = knowledge(world, source);
    let ids = source.order.clone();
    let side = |id: &AllianceId| {
        let index = world.resource::<EntityIndex>();
        let alive = index.alliance(*id).and_then(|e| world.get::<Alliance>(e)).is_some_and(|a| a.active);
        let mut side = Side {
            id: id.0,
            name: shortened(source.names().alliance(*id), NAME),
            ended: !alive,
            members: members.get(id).copied().unwrap_or(0),
            villages_before: source.history.villages_before.get(id).copied().unwrap_or(0),
            villages: villages.get(id).copied().unwrap_or(0),
            state: blocked.iter().find(|b| b.alliance == *id).map(Blocked::plainly).unwrap_or_default(),
            ..Side::default()
        };
        if let Some((at_war, age, off)) = knowledge.get(id) {
            (side.at_war, side.intel_age, side.off_by) = (*at_war, *age, *off);
        }
        fought(source, *id, &mut side);
        side
    };
    ids.iter().map(side).collect()
}

/// What it won and lost in battles and operations.
fn fought(source: &Source, id: AllianceId, side: &mut Side) {
    for blow in &source.history.blows {
        if blow.attacker.1 == Some(id) {
            side.killed += blow.killed;
            side.lost += blow.lost;
            side.looted += blow.loot;
        }
        if blow.defender.1 == Some(id) {
            side.killed += blow.lost;
            side.lost += blow.killed;
            side.plundered += blow.loot;
        }
    }
    for change in &source.history.changed {
        let of = |who: Option<(_, Option<AllianceId>)>| who.and_then(|(_, alliance)| alliance) == Some(id);
        let (was, is) = (of(change.from), of(change.to));
        side.founded += u64::from(change.from.is_none() && is);
        side.taken += u64::from(change.from.is_some() && is && !was);
        side.villages_lost += u64::from(was && !is);
    }
    for (_, story) in source.tally.stories.iter().filter(|(p, s)| p.alliance == id && !s.rows.is_empty()) {
        side.started += 1;
        match story.report.as_ref().map(|r| r.result.as_str()) {
            Some("goal_met") => side.met += 1,
            Some("partly") => side.partly += 1,
            Some("aborted") => side.aborted += 1,
            Some(_) => side.failed += 1,
            None => {}
        }
    }
}

type Knowledge = ((u64, u64), Option<f64>, Option<f64>);

/// What each knows of the troops of those that it is at war with, and how far that is from the truth.
fn knowledge(world: &mut World, source: &Source) -> BTreeMap<AllianceId, Knowledge> {
    let mut all = BTreeMap::new();
    let Some(model) = world.get_resource::<Model>().cloned() else { return all };
    for (alliance, enemies) in deliberating(world) {
        let at_war: BTreeSet<SiteId> = sites_of(world, &enemies).into_iter().collect();
        let (mut ages, mut off) = (Vec::new(), Vec::new());
        let reports: Vec<IntelReport> = {
            let mut reports = world.query::<&IntelReport>();
            let of = |r: &&IntelReport| r.knower == Knower::Alliance(alliance) && at_war.contains(&r.site);
            reports.iter(world).filter(of).cloned().collect()
        };
        for report in &reports {
            let Some(troops) = rules::live(report.troops.as_ref(), source.now) else { continue };
            ages.push((source.now - troops.observed_at).as_hours());
            if let Some(truth) = truth(world, report.site, source.now) {
                let (believed, real) = (model.cost(&troops.value) as f64, model.cost(&truth.troops) as f64);
                off.push(libm::fabs(libm::log(believed.max(1.0) / real.max(1.0))));
            }
        }
        let known = ages.len() as u64;
        all.insert(alliance, ((known, at_war.len() as u64), median(ages), median(off).map(libm::exp)));
    }
    all
}

/// Puts the sides in their order, and says by what.
pub(super) fn rank(world: &mut World, source: &Source, sides: &mut [Side]) -> RankedBy {
    let standings = world.get_resource::<VictoryRanking>().map(|r| r.standings.clone()).unwrap_or_default();
    for side in sides.iter_mut() {
        let standing = standings.iter().find(|s| s.alliance.0 == side.id);
        side.progress = standing.map(|s| (s.condition.replace('_', " "), s.progress));
    }
    let victory = source.tally.summary().victory;
    let place = |side: &Side| match &victory {
        Some(won) => won.ranking.iter().position(|(id, _)| id.0 == side.id),
        None => standings.iter().position(|s| s.alliance.0 == side.id),
    };
    let ranked = victory.is_some() || !standings.is_empty();
    sides.sort_by_key(|side| {
        let place = if ranked { place(side).unwrap_or(usize::MAX) } else { 0 };
        (place, core::cmp::Reverse(side.net()), side.id)
    });
    match victory {
        Some(won) => RankedBy::Won(won.condition.replace('_', " "), won.day),
        None if !standings.is_empty() => RankedBy::Progress,
        None => RankedBy::Net,
    }
}

/// The looks, with figures in the order of the sides.
pub(super) fn looks(source: &Source) -> Vec<Look> {
    let looks = source.history.looks.iter().map(|look| {
        let each = |value: &dyn Fn(&AllianceId) -> Option<f64>| source.order.iter().map(value).collect();
        Look {
            at: look.at,
            army: each(&|id| look.army.get(id).map(|goods| *goods as f64)),
            pool: each(&|id| look.pool.get(id).map(|goods| *goods as f64)),
            coverage: each(&|id| look.coverage.get(id).copied()),
            tiles: each(&|id| look.tiles.get(id).map(|tiles| f64::from(*tiles))),
            villages: each(&|id| look.villages.get(id).map(|n| *n as f64)),
        }
    });
    looks.collect()
}

/// With whom an alliance is at war now.
pub(super) fn is_at_war(world: &World, a: AllianceId, b: AllianceId) -> bool {
    let entity = world.resource::<EntityIndex>().alliance(a);
    entity.and_then(|e| world.get::<Stances>(e)).is_some_and(|stances| stances.wars().any(|other| other == b))
}
