//! Stupidities that a game could plant by public settings and seams: each turns a band of behavior red.

use bevy::prelude::App;
use bevy_alliance::action::defense::{DefenseSettings, PostureSettings};
use bevy_alliance::base::clock::GameSpan;
use bevy_alliance::base::contract::{
    AttackGroup, Forecast, Manner, Model, Scenario, SiteEstimate, SiteState, Stance, WorldModel, WorldScale,
};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{PlayerId, TribeId, UnitClass};
use bevy_alliance::base::ruleset::{Capabilities, Force};
use bevy_alliance::decision::council::VotingSettings;
use bevy_alliance::strategy::war_council::WarCouncilSettings;
use bevy_alliance::world::village::EconomySettings;
use clap::ValueEnum;
use std::sync::Arc;

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Plant {
    /// Every ballot that no rule forbids is an approval, and nobody asks for conditions.
    YesMen,
    /// All fighters count as offense, and neither votes nor pledges mind what is left at home.
    NoHomeGuard,
    /// All alliances are at war with the largest, with nobody else, and for good.
    Dogpile,
    /// Nobody trains.
    NoRebuilding,
    /// Posture is looked at every hour, and nothing keeps troops where they stand.
    ReliefPingPong,
}

impl Plant {
    /// Changes the scenario before it starts.
    pub(crate) fn change_scenario(self, scenario: &mut Scenario) {
        if self != Self::Dogpile {
            return;
        }
        let mut active = scenario.alliances.iter().filter(|a| a.active).map(|a| a.id);
        let Some(one) = active.next() else { return };
        scenario.stances = active.map(|other| (one, other, Stance::War)).collect();
    }

    /// Changes settings before the campaign starts.
    pub(crate) fn change_settings(self, app: &mut App) {
        let world = app.world_mut();
        match self {
            Self::YesMen => {
                let voter = &mut world.resource_mut::<VotingSettings>().into_inner().voter;
                (voter.approve_min, voter.reject_max) = (-100.0, -101.0);
            }
            Self::NoHomeGuard => {
                let voting = world.resource_mut::<VotingSettings>().into_inner();
                (voting.voter.home.weight, voting.voter.retaliation.weight) = (0.0, 0.0);
                (voting.conditions.home_min, voting.conditions.own_min) = (-1.0, -1.0);
            }
            Self::Dogpile => world.resource_mut::<WarCouncilSettings>().diplomacy = false,
            Self::NoRebuilding => world.resource_mut::<EconomySettings>().training_share = 0.0,
            Self::ReliefPingPong => {
                *world.resource_mut::<PostureSettings>() = PostureSettings {
                    period: GameSpan::hours(1),
                    urgency_min: 0.0,
                    stays: GameSpan(0),
                    longest: GameSpan::hours(1),
                    gain: 0.0,
                    ..PostureSettings::default()
                };
                world.resource_mut::<DefenseSettings>().relief_stays = GameSpan(0);
            }
        }
    }

    /// Changes what the campaign brings along, once it stands.
    pub(crate) fn change_campaign(self, app: &mut App) {
        if self == Self::NoHomeGuard {
            let model = app.world().resource::<Model>().0.clone();
            app.insert_resource(Model(Arc::new(AllLeave(model))));
        }
    }
}

/// A model in which every fighter belongs to the offense and none to the home guard, and in which home is always safe.
struct AllLeave(Arc<dyn WorldModel>);

/// Walls that nobody needs to stand on.
const SAFE: f64 = 1e12;

impl WorldModel for AllLeave {
    fn is_offense(&self, class: UnitClass) -> bool {
        self.0.is_fighter(class)
    }
    fn defense(&self, _site: &SiteState, _force: &Force) -> f64 {
        SAFE
    }
    // All else is as it was.
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
    fn travel(&self, from: &SiteState, to: Tile, class: UnitClass) -> Option<GameSpan> {
        self.0.travel(from, to, class)
    }
    fn travel_between(&self, from: Tile, to: Tile, class: UnitClass) -> Option<GameSpan> {
        self.0.travel_between(from, to, class)
    }
    fn travel_fastest(&self, from: Tile, to: Tile, class: UnitClass) -> Option<GameSpan> {
        self.0.travel_fastest(from, to, class)
    }
    fn roster(&self, tribe: TribeId) -> Vec<UnitClass> {
        self.0.roster(tribe)
    }
    fn forecast(&self, groups: &[AttackGroup], target: &SiteEstimate, manner: Manner) -> Forecast {
        self.0.forecast(groups, target, manner)
    }
    fn cost(&self, force: &Force) -> i64 {
        self.0.cost(force)
    }
    fn upkeep(&self, player: PlayerId, class: UnitClass) -> i64 {
        self.0.upkeep(player, class)
    }
    fn carry(&self, force: &Force) -> i64 {
        self.0.carry(force)
    }
    fn is_fighter(&self, class: UnitClass) -> bool {
        self.0.is_fighter(class)
    }
    fn is_siege(&self, class: UnitClass) -> bool {
        self.0.is_siege(class)
    }
    fn unseen_army(&self, tribe: TribeId, attack: f64) -> Force {
        self.0.unseen_army(tribe, attack)
    }
    fn is_scout(&self, class: UnitClass) -> bool {
        self.0.is_scout(class)
    }
    fn is_chief(&self, class: UnitClass) -> bool {
        self.0.is_chief(class)
    }
    fn chiefs_needed(&self) -> u32 {
        self.0.chiefs_needed()
    }
    fn seat_aim(&self) -> Option<u8> {
        self.0.seat_aim()
    }
    fn usual_seat(&self, population: u32) -> u8 {
        self.0.usual_seat(population)
    }
    fn seat_left(&self, groups: &[AttackGroup], target: &SiteEstimate) -> u8 {
        self.0.seat_left(groups, target)
    }
    fn is_settler(&self, class: UnitClass) -> bool {
        self.0.is_settler(class)
    }
    fn settlers_needed(&self) -> u32 {
        self.0.settlers_needed()
    }
    fn founding_cost(&self) -> Goods {
        self.0.founding_cost()
    }
    fn attack(&self, force: &Force) -> f64 {
        self.0.attack(force)
    }
    fn production(&self, population: u32) -> f64 {
        self.0.production(population)
    }
    fn goods_per_inhabitant(&self) -> f64 {
        self.0.goods_per_inhabitant()
    }
    fn send_spacing(&self) -> GameSpan {
        self.0.send_spacing()
    }
    fn arrival_tolerance(&self) -> GameSpan {
        self.0.arrival_tolerance()
    }
    fn scale(&self) -> WorldScale {
        self.0.scale()
    }
    fn unit_name(&self, class: UnitClass) -> &str {
        self.0.unit_name(class)
    }
}
