//! Diplomacy: what an alliance voted for towards others is carried out. Wars are declared, treaties offered, offers answered.
//!
//! An offer stands for some time. It is agreed on as soon as the other alliance votes for the same. What is *not* here: why
//! anything is proposed (`strategy`), the vote (`council`), and what alliances may come to (`society`, which has the last word
//! when a stance changes).

mod components;
mod systems;

pub use components::{OfferRefused, OwnOffer, OwnOffers};
pub use systems::DiplomacySystems;

use crate::action::defense::DefenseSystems;
use crate::action::pool::PoolSystems;
use crate::base::clock::{Campaign, CampaignAppExt, CampaignSystems};
use crate::base::contract::ScenarioAppExt;
use crate::base::state::StateAppExt;
use bevy::prelude::*;

/// Wars, offers and answers.
#[derive(Debug, Default)]
pub struct DiplomacyPlugin;

impl Plugin for DiplomacyPlugin {
    fn build(&self, app: &mut App) {
        app.add_pass_message::<OfferRefused>()
            .register_state::<OwnOffers>("own_offers")
            .add_scenario_loader(28, systems::spawn_offers)
            .configure_sets(
                Campaign,
                (
                    DiplomacySystems::CarryOut.in_set(CampaignSystems::Plan).after(PoolSystems::Meet),
                    DiplomacySystems::Conclude.in_set(CampaignSystems::Settle).after(DefenseSystems::Follow),
                ),
            )
            .add_systems(
                Campaign,
                (
                    (systems::carry_out, systems::refuse).chain().in_set(DiplomacySystems::CarryOut),
                    systems::note_agreements.in_set(DiplomacySystems::Conclude),
                ),
            );
    }
}
