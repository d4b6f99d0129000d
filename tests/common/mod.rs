//! Small scenarios made by hand, and a way to give orders without a council.

#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod plans;

use bevy::prelude::*;
use bevy_alliance::action::defense::DefenseSettings;
use bevy_alliance::base::clock::{Agenda, CampaignAppExt};
use bevy_alliance::base::clock::{Campaign, CampaignSystems, DueBatch, DueKind, GameSpan, GameTime};
use bevy_alliance::base::contract::{
    AccountRole, CampaignFact, Fact, LaunchDue, LaunchMarch, Manner, Model, PlayerKind, Rank, RecallGroup,
    RequestRefused, Rhythm, Scenario, ScenarioAlliance, ScenarioPlayer, ScenarioSite, Site, SiteState, Stance,
    WorldSystems,
};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::EntityIndex;
use bevy_alliance::base::id::{AllianceId, MarchId, OrderId, PlayerId, ProposalId, SiteId, StableId, UnitClass};
use bevy_alliance::base::ruleset::{Force, Levels, Ruleset};
use bevy_alliance::decision::fair_play::FairPlaySettings;
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::world::march::March;
use bevy_alliance::world::village::{Blockades, EconomySettings, Garrison, Guests, Stores};

pub(crate) const LEGIONNAIRE: &str = "legionnaire";

/// A unit class by its name.
pub(crate) fn class(name: &str) -> UnitClass {
    let rules = Ruleset::extended();
    let i = rules.units.iter().position(|u| u.name == name).unwrap_or_else(|| panic!("no unit is called {name}"));
    UnitClass(u16::try_from(i).unwrap())
}

pub(crate) fn force(units: &[(&str, u32)]) -> Force {
    units.iter().map(|(name, n)| (class(name), *n)).collect()
}

/// A scenario on a map of half-width 100 that grows player by player. Nobody sleeps, nothing is drawn.
pub(crate) struct Made(pub(crate) Scenario);

impl Made {
    pub(crate) fn new() -> Self {
        Self(Scenario {
            seed: 1,
            half_width: 100,
            sites: Vec::new(),
            players: Vec::new(),
            alliances: Vec::new(),
            stances: Vec::new(),
        })
    }

    /// An alliance that never deliberates by itself.
    pub(crate) fn quiet_alliance(mut self, id: u32) -> Self {
        self.0.alliances.push(ScenarioAlliance { id: AllianceId(id), name: format!("A{id}"), active: false });
        self
    }

    pub(crate) fn active_alliance(mut self, id: u32) -> Self {
        self.0.alliances.push(ScenarioAlliance { id: AllianceId(id), name: format!("A{id}"), active: true });
        self
    }

    pub(crate) fn stance(mut self, a: u32, b: u32, stance: Stance) -> Self {
        self.0.stances.push((AllianceId(a), AllianceId(b), stance));
        self
    }

    /// A player in an alliance (0: in none).
    pub(crate) fn player(mut self, id: u32, alliance: u32, rank: Rank, kind: PlayerKind) -> Self {
        self.0.players.push(ScenarioPlayer {
            id: PlayerId(id),
            name: format!("P{id}"),
            kind,
            membership: (alliance != 0).then_some((AllianceId(alliance), rank)),
            role: Some(AccountRole::Mixed),
            rhythm: Some(Rhythm::default()),
            archetype: None,
        });
        self
    }

    /// A Roman village without wall, residence or square; its id.
    pub(crate) fn village(mut self, id: u32, owner: u32, at: (i16, i16), troops: &[(&str, u32)]) -> Self {
        self.0.sites.push(ScenarioSite {
            id: SiteId(id),
            at: Tile::new(at.0, at.1),
            name: format!("V{id}"),
            owner: PlayerId(owner),
            tribe: Ruleset::extended().tribe_named("romans").unwrap(),
            population: 200,
            troops: Some(force(troops)),
            stores: Some(Goods::new([1_000; 4])),
            wall: Some(0),
            residence: Some(0),
            tournament_square: Some(0),
        });
        self
    }

    /// Changes the village that was added last.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut ScenarioSite)) -> Self {
        change(self.0.sites.last_mut().unwrap());
        self
    }

    /// Starts it in a world in which nobody eats, trains or grows: what stands there is what the scenario says. Persons, who do
    /// nothing by themselves, are treated like everybody else.
    pub(crate) fn start(&self, rules: Ruleset) -> TestApp {
        TestApp::with(&self.0, |app| {
            app.insert_resource(EconomySettings::still());
            // Whoever is awake is there.
            app.insert_resource(DefenseSettings { elsewhere: 0.0, ..DefenseSettings::default() });
            app.insert_resource(FairPlaySettings::off());
            app.insert_resource(rules);
        })
    }

    /// Starts it in a world whose villages live.
    pub(crate) fn start_living(&self) -> TestApp {
        TestApp::new(&self.0)
    }

    /// Starts it with a hand that gives orders, see [`order`].
    pub(crate) fn start_with_orders(&self, rules: Ruleset) -> TestApp {
        let mut app = self.start(rules);
        app.app.add_due_kind(HAND).init_resource::<Hand>().add_systems(
            Campaign,
            hand_out
                .in_set(CampaignSystems::March)
                .before(WorldSystems::Prepare)
                .after(bevy_alliance::action::operations::OperationSystems::Release),
        );
        app
    }
}

const HAND: DueKind =
    DueKind::new(1_000, "hand", &[CampaignSystems::March, CampaignSystems::Battle, CampaignSystems::Settle]);

/// Orders that wait for their instant.
#[derive(Resource, Default)]
struct Hand {
    launches: Vec<(GameTime, LaunchDue)>,
    recalls: Vec<(GameTime, RecallGroup)>,
}

fn hand_out(
    batch: Res<DueBatch>,
    mut hand: ResMut<Hand>,
    mut launches: MessageWriter<LaunchDue>,
    mut recalls: MessageWriter<RecallGroup>,
) {
    let now = batch.now();
    launches.write_batch(hand.launches.extract_if(.., |(at, _)| *at == now).map(|(_, l)| l));
    recalls.write_batch(hand.recalls.extract_if(.., |(at, _)| *at == now).map(|(_, r)| r));
}

/// An operation's order to leave at `at`: group `group` of operation 1 of alliance 1.
pub(crate) fn order(
    app: &mut TestApp,
    at: GameTime,
    group: u16,
    (origin, target): (u32, u32),
    units: &[(&str, u32)],
    manner: Manner,
    arrival: GameTime,
) -> OrderId {
    let order = OrderId::Group { operation: ProposalId { alliance: AllianceId(1), n: 1 }, group };
    let launch = LaunchDue {
        order,
        origin: SiteId(origin),
        target: SiteId(target),
        force: force(units),
        manner,
        wave: 0,
        arrival: Some(arrival),
        aims: [None; 2],
    };
    app.app.world_mut().resource_mut::<Hand>().launches.push((at, launch));
    app.app.world_mut().resource_mut::<Agenda>().push(HAND.entry(at, 0, u32::from(group)));
    order
}

/// An operation's order to turn back at `at`.
pub(crate) fn recall(app: &mut TestApp, at: GameTime, order: OrderId, march: MarchId) {
    let recall = RecallGroup { order, march: Some(march) };
    app.app.world_mut().resource_mut::<Hand>().recalls.push((at, recall));
    app.app.world_mut().resource_mut::<Agenda>().push(HAND.entry(at, 1, order.group().map_or(0, u32::from)));
}

/// What was said within passes.
#[derive(Resource)]
struct Said<M>(Vec<M>);

/// Listens to messages that live for one pass; see [`said`].
pub(crate) fn listen<M: Message + Clone>(app: &mut TestApp) {
    app.app.insert_resource(Said::<M>(Vec::new())).add_systems(
        Campaign,
        (|mut messages: MessageReader<M>, mut said: ResMut<Said<M>>| said.0.extend(messages.read().cloned()))
            .in_set(CampaignSystems::Last),
    );
}

/// All messages of a kind since [`listen`].
pub(crate) fn said<M: Message + Clone>(app: &TestApp) -> Vec<M> {
    app.app.world().resource::<Said<M>>().0.clone()
}

/// What is public of a site, if it exists.
pub(crate) fn site(app: &TestApp, site: SiteId) -> Option<Site> {
    part(app, StableId::Site(site))
}

/// Whose site it is.
pub(crate) fn owner(app: &TestApp, id: u32) -> Option<u32> {
    site(app, SiteId(id)).map(|s| s.owner.0)
}

/// A component of a site.
pub(crate) fn of_village<C: Component + Clone>(app: &TestApp, id: u32) -> Option<C> {
    part(app, StableId::Site(SiteId(id)))
}

/// Why marches turned back, by the site that they left.
pub(crate) fn turned(app: &TestApp) -> Vec<(u32, String)> {
    let turned = |f: &CampaignFact| match &f.fact {
        Fact::MarchTurned { march, reason } => Some((march.site.0, reason.clone())),
        _ => None,
    };
    app.facts.iter().filter_map(turned).collect()
}

pub(crate) fn until(app: &mut TestApp, at: GameTime) {
    let span = at - app.now();
    app.run(span);
}

pub(crate) fn launch(
    app: &mut TestApp,
    from: u32,
    to: u32,
    units: &[(&str, u32)],
    manner: Manner,
) -> Vec<RequestRefused> {
    let march = LaunchMarch { origin: SiteId(from), target: SiteId(to), force: force(units), manner, aims: [None; 2] };
    refusals(app.send(march))
}

#[track_caller]
pub(crate) fn leaves(app: &mut TestApp, from: u32, to: u32, units: &[(&str, u32)], manner: Manner) {
    assert_eq!(launch(app, from, to, units, manner), []);
}

/// Alliance 1 with players 1 and 2, alliance 2 with players 3 and 4, and player 6 alone; nobody deliberates.
pub(crate) fn sides() -> Made {
    let (member, npc) = (Rank::Member, PlayerKind::Bystander);
    let made = Made::new().quiet_alliance(1).quiet_alliance(2);
    let made = made.player(1, 1, member, npc).player(2, 1, member, npc).player(3, 2, member, npc);
    made.player(4, 2, member, npc).player(6, 0, member, npc)
}

pub(crate) fn at(span: GameSpan) -> GameTime {
    GameTime(0) + span
}

fn part<C: Component + Clone>(app: &TestApp, id: StableId) -> Option<C> {
    let entity = app.app.world().resource::<EntityIndex>().get(id)?;
    app.app.world().get::<C>(entity).cloned()
}

pub(crate) fn home(app: &TestApp, site: u32) -> Force {
    part::<Garrison>(app, StableId::Site(SiteId(site))).unwrap().home
}

pub(crate) fn away(app: &TestApp, site: u32) -> Force {
    part::<Garrison>(app, StableId::Site(SiteId(site))).unwrap().away
}

pub(crate) fn guests(app: &TestApp, site: u32) -> Guests {
    part(app, StableId::Site(SiteId(site))).unwrap()
}

pub(crate) fn blockades(app: &TestApp, site: u32) -> Vec<MarchId> {
    part::<Blockades>(app, StableId::Site(SiteId(site))).unwrap().0
}

pub(crate) fn stores(app: &TestApp, site: u32) -> Stores {
    part(app, StableId::Site(SiteId(site))).unwrap()
}

pub(crate) fn march_id(site: u32, n: u32) -> MarchId {
    MarchId { site: SiteId(site), n }
}

pub(crate) fn march(app: &TestApp, site: u32, n: u32) -> Option<March> {
    part(app, StableId::March(march_id(site, n)))
}

/// The refusals among facts.
pub(crate) fn refusals(facts: &[CampaignFact]) -> Vec<RequestRefused> {
    facts
        .iter()
        .filter_map(|f| if let Fact::RequestRefused(refused) = &f.fact { Some(refused.clone()) } else { None })
        .collect()
}

/// Defense points of troops in one of the villages, which have no wall.
pub(crate) fn defense(app: &TestApp, units: &Force) -> f64 {
    let state = SiteState {
        site: SiteId(2),
        at: site(app, SiteId(2)).unwrap().at,
        owner: PlayerId(2),
        tribe: Ruleset::extended().tribe_named("romans").unwrap(),
        population: 200,
        home: Force::new(),
        away: Force::new(),
        guests: Force::new(),
        upgrades: Levels::default(),
        wall: 0,
        residence: 0,
        mobility: 0,
        stores: Goods::ZERO,
        per_hour: Goods::ZERO,
        carriers: 0,
    };
    app.app.world().resource::<Model>().defense(&state, units)
}
