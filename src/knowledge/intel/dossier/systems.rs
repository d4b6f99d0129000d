//! What was seen of foreign players goes into the dossiers of those who saw it.

use super::components::{ActSeen, Dossiers};
use super::rules;
use crate::base::id::{EntityIndex, Knower};
use crate::base::limits::Limits;
use crate::knowledge::intel::forces::ForceNews;
use crate::society::alliance::Roster;
use bevy::prelude::*;
use std::collections::BTreeMap;

/// What one knower learned in a pass.
#[derive(Default)]
struct Lessons {
    acts: Vec<ActSeen>,
    forces: Vec<ForceNews>,
}

/// Dossiers grow by what this pass brought; a knower gets room for them with the first.
pub(in crate::knowledge::intel) fn learn(
    mut acts: MessageReader<ActSeen>,
    mut forces: MessageReader<ForceNews>,
    roster: Roster,
    index: Res<EntityIndex>,
    limits: Res<Limits>,
    mut knowers: Query<&mut Dossiers>,
    mut commands: Commands,
) {
    let mut lessons: BTreeMap<Knower, Lessons> = BTreeMap::new();
    for act in acts.read() {
        lessons.entry(act.knower).or_default().acts.push(*act);
    }
    for news in forces.read() {
        lessons.entry(news.knower).or_default().forces.push(*news);
    }
    for (knower, mut lessons) in lessons {
        let Some(entity) = index.knower(knower) else { continue };
        let kept = match knower {
            Knower::Alliance(_) => limits.dossiers_kept,
            Knower::Player(_) => limits.lone_dossiers_kept,
        };
        lessons.acts.sort_by_key(|act| (act.at, act.player));
        let own = |player| roster.knower_of(player) == Some(knower);
        match knowers.get_mut(entity) {
            Ok(mut dossiers) => take_in(&mut dossiers, &lessons, kept, own),
            Err(_) => {
                let mut dossiers = Dossiers::default();
                take_in(&mut dossiers, &lessons, kept, own);
                if !dossiers.0.is_empty() {
                    commands.entity(entity).insert(dossiers);
                }
            }
        }
    }
}

fn take_in(dossiers: &mut Dossiers, lessons: &Lessons, kept: usize, own: impl Fn(crate::base::id::PlayerId) -> bool) {
    for act in lessons.acts.iter().filter(|act| !own(act.player)) {
        dossiers.open(act.player, kept).note(act.at, act.act);
    }
    for ForceNews { player, before, after, .. } in lessons.forces.iter().copied().filter(|news| !own(news.player)) {
        if rules::growth(before, after).is_some() {
            let dossier = dossiers.open(player, kept);
            dossier.trend = rules::follow_trend(&dossier.trend, before, after);
        }
    }
}
