//! A fight for a village, gathered for the rules.

use super::resolve::Arms;
use super::rules::{self, Attackers, Battle, Defended, Defenders, Outcome};
use crate::base::contract::{Manner, PlayerKind};
use crate::base::id::{MarchId, PlayerId, SiteId};
use crate::base::ruleset::{Force, Levels, Ruleset};
use crate::world::march::March;
use crate::world::village::BuildingKind;
use bevy::prelude::Entity;

/// Troops with their upgrades.
type Troops = (Force, Levels);

/// A fight for a village: everything that it reads, gathered.
pub(super) struct Scene {
    attackers: Vec<(Troops, u64)>,
    assault: rules::Assault,
    /// The garrison first, then the guests.
    pub(super) defenders: Vec<Troops>,
    pub(super) village: Defended,
    pub(super) owner: PlayerId,
    pub(super) guests: Vec<(MarchId, PlayerId, SiteId)>,
    pub(super) aims: Vec<BuildingKind>,
}

impl Scene {
    /// Gathers the village, and the marches that come.
    pub(super) fn of(arms: &Arms, target: SiteId, manner: Manner, marches: &[(Entity, March)]) -> Option<Self> {
        let (site, garrison, guests, buildings, ..) = arms.index.site(target).and_then(|e| arms.sites.get(e).ok())?;
        let owner = arms.player(site.owner);
        let mut defenders = vec![(garrison.home.clone(), garrison.upgrades)];
        defenders.extend(guests.0.values().map(|g| (g.force.clone(), g.upgrades)));
        let attackers =
            marches.iter().map(|(_, m)| ((m.force.clone(), arms.upgrades(m.home)), arms.population(m.owner))).collect();
        let mut aims: Vec<BuildingKind> = marches
            .iter()
            .flat_map(|(_, m)| m.aims.into_iter().flatten().filter_map(BuildingKind::from_number))
            .collect();
        aims.sort_unstable();
        aims.dedup();
        aims.truncate(2);
        let village = Defended {
            tribe: site.tribe,
            population: owner.map_or(0, |p| p.population),
            is_static: owner.is_some_and(|p| p.kind == PlayerKind::Static),
            wall: buildings.wall,
            residence_defense: rules::residence_defense(buildings.residence),
            stonemason: buildings.stonemason,
            buildings: aims.iter().map(|kind| buildings.level(*kind)).collect(),
        };
        let assault = if manner == Manner::Raid { rules::Assault::Raid } else { rules::Assault::Attack };
        let guests = guests.0.iter().map(|(id, g)| (*id, g.owner, g.home)).collect();
        Some(Self { attackers, assault, defenders, village, owner: site.owner, guests, aims })
    }

    pub(super) fn fight(&self, ruleset: &Ruleset) -> Outcome {
        let attackers = borrow_attackers(&self.attackers);
        let defenders = borrow_defenders(&self.defenders);
        let (assault, village) = (self.assault, &self.village);
        rules::fight(ruleset, &Battle { attackers: &attackers, assault, defenders: &defenders, village })
    }

    pub(super) fn home(&self) -> &Force {
        &self.defenders[0].0
    }
}

fn borrow_attackers(sides: &[(Troops, u64)]) -> Vec<Attackers<'_>> {
    sides.iter().map(|((force, upgrades), population)| Attackers { force, upgrades, population: *population }).collect()
}

fn borrow_defenders(sides: &[Troops]) -> Vec<Defenders<'_>> {
    sides.iter().map(|(force, upgrades)| Defenders { force, upgrades }).collect()
}
