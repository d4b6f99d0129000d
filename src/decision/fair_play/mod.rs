//! Fair play: a referee that keeps NPCs from overwhelming a person, the dial of difficulty, and a handicap that the person can read.
//!
//! It is no term of any decision. Councils are told what they can know of its rules, so that they do not plan in vain; at the start
//! of each attack it sees all, and lets it through or refuses it with the rule and, where that helps, until when
//! (`RequestRefused`). Persons are the players that have a [`VictimRecord`]. Below the highest difficulty alliances make seeded
//! mistakes in wars with alliances of persons.
//!
//! What is *not* here: marches of persons against each other, scouts, wars and treaties, and what NPCs do to NPCs. See "Fair play"
//! in `docs/behavior.md`.

mod components;
pub mod rules;
mod systems;

pub use components::{AttackId, HANDICAP_REVIEWED, Handicap, HitRecord, Protection, VictimRecord};
pub use rules::{Case, FairPlaySettings, FairRule, Fared, Foul, HandicapSettings, MistakeSettings, Mistakes};
pub use systems::{Blow, FairPlaySystems, Referee, Whistle, blows, field};

use crate::base::clock::{Campaign, CampaignAppExt, CampaignSystems};
use crate::base::contract::ScenarioAppExt;
use crate::base::state::StateAppExt;
use bevy::prelude::*;

/// The referee.
#[derive(Debug, Default)]
pub struct FairPlayPlugin;

impl Plugin for FairPlayPlugin {
    fn build(&self, app: &mut App) {
        app.add_due_kind(HANDICAP_REVIEWED)
            .init_resource::<FairPlaySettings>()
            .register_state::<VictimRecord>("victim_record")
            .register_state::<Protection>("protection")
            .register_state::<Handicap>("handicap")
            .register_state_resource::<FairPlaySettings>("fair_play_settings")
            .add_scenario_loader(26, systems::enroll_persons)
            .configure_sets(
                Campaign,
                (
                    FairPlaySystems::Review.in_set(CampaignSystems::Deliberate),
                    FairPlaySystems::Follow.in_set(CampaignSystems::Settle),
                ),
            )
            .add_systems(
                Campaign,
                (
                    systems::review_handicaps.in_set(FairPlaySystems::Review),
                    systems::follow_persons.in_set(FairPlaySystems::Follow),
                ),
            );
    }
}
