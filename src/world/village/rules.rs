//! What a village makes, stores and holds: plain functions, and the draw of what a dump does not say.
//!
//! Everything drawn comes from the world seed, the ids of player and village, their populations, tribes and the
//! account's role, by the formulas documented here; no other state enters, and the order of calls does not matter.

mod account;
mod building;
mod garrison;
mod growth;
mod loyalty;
mod rhythm;
mod store;
mod training;

pub use account::{
    AccountDraw, TROOP_SHARE, VillageDraw, VillageSeed, draw_account, draw_founded, draw_role, upgrade_levels,
};
pub use building::{BuildingLevels, Standing, building_levels, field_level, upgrade_level};
pub use garrison::{RoleMix, role_mix, starved};
pub use growth::{Growth, grown, inhabitants_at, net_crop, next_day, production_at, remaining_inhabitants, repaired};
pub use loyalty::{
    LOYALTY_FULL_MILLI, LOYALTY_TAKEN_MILLI, chief_takes, loyalty_at, shown_loyalty, take_chance, wear_down,
};
pub use rhythm::draw_rhythm;
pub use store::{empty_at, flow, part, production_per_hour, share_surplus, storage_capacity, stores_at};
pub use training::{Drill, Drills, TrainingNeed, army_at, establish, training_plan};
