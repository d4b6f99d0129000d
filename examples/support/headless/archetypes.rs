//! Who the members of alliances are.

use bevy_alliance::base::contract::{Archetype, Scenario};
use clap::ValueEnum;
use std::collections::BTreeMap;

#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum ArchetypeName {
    Aggressor,
    Turtle,
    Diplomat,
    Opportunist,
    Loyalist,
    /// Drawn from all.
    Mixed,
}

impl ArchetypeName {
    fn archetype(self) -> Option<Archetype> {
        match self {
            Self::Aggressor => Some(Archetype::Aggressor),
            Self::Turtle => Some(Archetype::Turtle),
            Self::Diplomat => Some(Archetype::Diplomat),
            Self::Opportunist => Some(Archetype::Opportunist),
            Self::Loyalist => Some(Archetype::Loyalist),
            Self::Mixed => None,
        }
    }
}

/// The members of the alliances that deliberate, each alliance the next archetype of the list, and from its beginning again.
pub(crate) fn cast(scenario: &mut Scenario, names: &[ArchetypeName]) {
    if names.is_empty() {
        return;
    }
    let active = scenario.alliances.iter().filter(|a| a.active).map(|a| a.id);
    let of: BTreeMap<_, _> = active.zip(names.iter().cycle()).collect();
    for player in &mut scenario.players {
        if let Some(name) = player.membership.and_then(|(alliance, _)| of.get(&alliance)) {
            player.archetype = name.archetype();
        }
    }
}
