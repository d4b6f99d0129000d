//! The groups of an operation, one after another: who sends what, from where, to where, when, and what became of it.

use crate::panels::words;
use bevy::prelude::*;
use bevy_alliance::action::operations::{Group, GroupStatus, Operation};
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::{LaunchRow, Manner, Model};
use bevy_alliance::base::id::UnitClass;
use bevy_alliance::base::ruleset::{Force, RecallRule, Ruleset};
use bevy_alliance::decision::planning::allocation::Errand;
use bevy_alliance::edge::report::{Directory, OperationStory};
use std::collections::BTreeMap;

/// What a group does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::panels) enum LaneState {
    Waits,
    Travels,
    Arrived,
    Failed,
    HeldBack,
    Recalled,
    /// It flies on, and counts as lost.
    WrittenOff,
}

/// One group on the timeline.
#[derive(Clone, Debug)]
pub(in crate::panels) struct Lane {
    pub(in crate::panels) member: String,
    pub(in crate::panels) from: String,
    pub(in crate::panels) to: String,
    pub(in crate::panels) units: String,
    pub(in crate::panels) wave: u8,
    pub(in crate::panels) task: String,
    /// A word for a group that does not come to storm or raid its target.
    pub(in crate::panels) part: Option<&'static str>,
    pub(in crate::panels) launch: GameTime,
    pub(in crate::panels) travel: GameSpan,
    pub(in crate::panels) arrival: GameTime,
    /// After this it cannot turn back any more, where that is before it arrives.
    pub(in crate::panels) no_return: Option<GameTime>,
    pub(in crate::panels) state: LaneState,
}

/// All groups of an operation: as they are, or as they were ordered where the operation is not kept in full any more.
pub(super) fn gather(
    world: &World,
    names: &Directory,
    story: &OperationStory,
    operation: Option<&Operation>,
) -> Vec<Lane> {
    let mut lanes = match operation {
        Some(operation) => operation.groups.iter().map(|group| lane(world, names, group)).collect(),
        None => planned(world, names, story),
    };
    by_member(&mut lanes);
    lanes
}

fn lane(world: &World, names: &Directory, group: &Group) -> Lane {
    let now = world.resource::<GameClock>().now();
    let (state, launch) = match group.status {
        _ if group.written_off => (LaneState::WrittenOff, group.launch),
        GroupStatus::Waiting => (LaneState::Waits, group.launch),
        GroupStatus::Launched { at, .. } if now < group.arrival => (LaneState::Travels, at),
        GroupStatus::Launched { at, .. } => (LaneState::Arrived, at),
        GroupStatus::Failed => (LaneState::Failed, group.launch),
        GroupStatus::HeldBack => (LaneState::HeldBack, group.launch),
        GroupStatus::Recalled { .. } => (LaneState::Recalled, group.launch),
    };
    let recall = world.get_resource::<Ruleset>().map(|rules| rules.capabilities.recall);
    let no_return = match recall {
        Some(RecallRule::WithinSecs(secs)) => Some(launch + GameSpan::secs(secs)).filter(|at| *at < group.arrival),
        _ => None,
    };
    Lane {
        member: words::player(names, group.member),
        from: words::site(names, group.site),
        to: words::site(names, group.target),
        units: units(world, &group.force),
        wave: group.wave,
        task: task(group),
        part: part(group.errand),
        launch,
        travel: group.travel,
        arrival: group.arrival,
        no_return,
        state,
    }
}

/// The part of a group that does not come to storm or raid its target.
fn part(errand: Errand) -> Option<&'static str> {
    match errand {
        Errand::Strike => None,
        Errand::Stay { .. } => Some("stays before it"),
        Errand::Feint { .. } => Some("feint"),
        Errand::Distract => Some("fake"),
        Errand::Reserve => Some("reserve"),
    }
}

/// What a group is for.
fn task(group: &Group) -> String {
    let manner = match group.manner {
        Manner::Siege => "storms",
        Manner::Raid => "raids",
        Manner::Scout => "looks",
        Manner::Blockade => "stays before it",
        Manner::Reinforce => "reinforces",
        Manner::Settle => "founds",
    };
    match group.errand {
        Errand::Strike => manner.to_owned(),
        Errand::Stay { until } => format!("{manner} until {}", words::clock(until)),
        Errand::Feint { turns_at } => format!("a feint: turns back {}", words::clock(turns_at)),
        Errand::Distract => "draws them away".to_owned(),
        Errand::Reserve => format!("{manner}, in reserve"),
    }
}

fn units(world: &World, force: &Force) -> String {
    let Some(model) = world.get_resource::<Model>() else { return words::count(force.total()) };
    let of = |(class, n): (UnitClass, u32)| {
        format!("{} {}", words::grouped(i64::from(n)), words::plain(model.unit_name(class)))
    };
    force.iter().map(of).collect::<Vec<_>>().join(", ")
}

/// The groups as they were ordered, of an operation that is not kept in full any more: what became of each is not.
fn planned(world: &World, names: &Directory, story: &OperationStory) -> Vec<Lane> {
    let now = world.resource::<GameClock>().now();
    let lane = |row: &LaunchRow| Lane {
        member: words::player(names, row.member),
        from: words::site(names, row.origin),
        to: words::site(names, row.target),
        units: row
            .units
            .iter()
            .map(|(name, n)| format!("{} {}", words::grouped(i64::from(*n)), words::plain(name)))
            .collect::<Vec<_>>()
            .join(", "),
        wave: row.wave,
        part: None,
        task: "as ordered".to_owned(),
        launch: row.launch,
        travel: row.travel,
        arrival: row.arrival,
        no_return: None,
        state: if now < row.launch {
            LaneState::Waits
        } else if now < row.arrival {
            LaneState::Travels
        } else {
            LaneState::Arrived
        },
    };
    story.rows.iter().map(lane).collect()
}

/// Members in the order of their first launch, each with its groups in theirs.
fn by_member(lanes: &mut [Lane]) {
    let mut first: BTreeMap<String, GameTime> = BTreeMap::new();
    for lane in lanes.iter() {
        let launch = first.entry(lane.member.clone()).or_insert(lane.launch);
        *launch = lane.launch.min(*launch);
    }
    let of = |lane: &Lane| first.get(&lane.member).copied().unwrap_or(lane.launch);
    lanes.sort_by(|a, b| {
        (of(a), &a.member, a.launch, a.arrival, &a.to).cmp(&(of(b), &b.member, b.launch, b.arrival, &b.to))
    });
}
