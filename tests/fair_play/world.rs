//! Small worlds with one person whom alliances make war on, drawn from a seed, and what the person does in them.

use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{
    AccountRole, LaunchMarch, Manner, PlayerKind, Rank, Rhythm, Scenario, ScenarioAlliance, ScenarioPlayer,
    ScenarioSite, Stance,
};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{AllianceId, PlayerId, SiteId, UnitClass};
use bevy_alliance::base::rng::{Purpose, Stream};
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::decision::fair_play::FairPlaySettings;
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::strategy::war_council::WarCouncilSettings;
use bevy_alliance::world::village::{EconomySettings, Garrison};

/// The person.
pub(crate) const PERSON: PlayerId = PlayerId(1);
/// Its alliance.
pub(crate) const OURS: AllianceId = AllianceId(9);

/// A Roman unit by its name.
pub(crate) fn class(rules: &Ruleset, name: &str) -> UnitClass {
    let at = rules.units.iter().position(|u| u.name == name).unwrap_or_else(|| panic!("no unit is called {name}"));
    UnitClass(u16::try_from(at).unwrap())
}

/// Draws a world.
pub(crate) struct Draw<'a> {
    dice: Stream,
    rules: &'a Ruleset,
    scenario: Scenario,
}

impl<'a> Draw<'a> {
    fn n(&mut self, low: i64, high: i64) -> u32 {
        u32::try_from(self.dice.between(low, high)).unwrap()
    }

    fn player(&mut self, alliance: AllianceId, rank: Rank, kind: PlayerKind) -> PlayerId {
        let id = PlayerId(u32::try_from(self.scenario.players.len()).unwrap() + 1);
        let membership = Some((alliance, rank));
        let (role, rhythm) = (Some(AccountRole::Mixed), Some(Rhythm::default()));
        self.scenario.players.push(ScenarioPlayer {
            id,
            name: format!("P{id}"),
            kind,
            membership,
            role,
            rhythm,
            archetype: None,
        });
        id
    }

    /// A village between so many fields from the middle of the map.
    fn village(&mut self, owner: PlayerId, (near, far): (i64, i64), troops: &[(&str, u32)]) {
        let id = SiteId(u32::try_from(self.scenario.sites.len()).unwrap() + 1);
        let at = loop {
            let (x, y) = (self.dice.between(-far, far), self.dice.between(-far, far));
            let at = Tile::new(i16::try_from(x).unwrap(), i16::try_from(y).unwrap());
            if x.abs().max(y.abs()) >= near && !self.scenario.sites.iter().any(|s| s.at == at) {
                break at;
            }
        };
        let (population, wall) = (self.n(200, 600), self.n(0, 5));
        let stores = Goods::new([self.dice.between(500, 4_000); 4]);
        self.scenario.sites.push(ScenarioSite {
            id,
            at,
            name: format!("V{id}"),
            owner,
            tribe: self.rules.tribe_named("romans").unwrap(),
            population,
            troops: Some(troops.iter().map(|(name, n)| (class(self.rules, name), *n)).collect()),
            stores: Some(stores),
            wall: Some(u8::try_from(wall).unwrap()),
            residence: Some(0),
            tournament_square: Some(0),
        });
    }

    /// An alliance that makes war on the person's.
    fn attackers(&mut self, id: AllianceId, members: u32) {
        self.scenario.alliances.push(ScenarioAlliance { id, name: format!("A{id}"), active: true });
        self.scenario.stances.push((id, OURS, Stance::War));
        for member in 0..members {
            let rank = if member == 0 { Rank::Leader } else { Rank::Officer };
            let player = self.player(id, rank, PlayerKind::Active);
            for _ in 0..self.n(1, 2) {
                let (offense, guard) = (self.n(300, 1_100), self.n(50, 200));
                let (rams, scouts, chiefs) = (self.n(0, 30), self.n(40, 90), self.n(0, 5));
                let troops = [
                    ("imperian", offense),
                    ("praetorian", guard),
                    ("battering_ram", rams),
                    ("equites_legati", scouts),
                    ("senator", chiefs),
                ];
                self.village(player, (14, 30), &troops);
            }
        }
    }
}

/// A world of about 25 villages: a person with some villages and two allies, and two or three alliances at war with them.
pub(crate) fn world(seed: u64, rules: &Ruleset) -> Scenario {
    let scenario = Scenario {
        seed,
        half_width: 60,
        sites: Vec::new(),
        players: Vec::new(),
        alliances: Vec::new(),
        stances: Vec::new(),
    };
    let mut draw = Draw { dice: Stream::new(seed, 0, Purpose::EXAMPLE, 1), rules, scenario };
    let active = draw.dice.chance(0.3);
    draw.scenario.alliances.push(ScenarioAlliance { id: OURS, name: "Ours".to_owned(), active });
    draw.player(OURS, Rank::Leader, PlayerKind::Human);
    for _ in 0..draw.n(4, 7) {
        let (guard, offense) = (draw.n(60, 420), draw.n(30, 200));
        draw.village(PERSON, (0, 11), &[("praetorian", guard), ("imperian", offense)]);
    }
    // Some stand nearly empty: there is nothing to break in them, but they can be taken.
    for _ in 0..draw.n(0, 3) {
        let guard = draw.n(1, 20);
        draw.village(PERSON, (0, 11), &[("praetorian", guard)]);
    }
    for _ in 0..2 {
        let ally = draw.player(OURS, Rank::Member, PlayerKind::Active);
        let guard = draw.n(50, 300);
        draw.village(ally, (0, 16), &[("praetorian", guard)]);
    }
    let attackers = draw.n(2, 3);
    for n in 0..attackers {
        let members = draw.n(3, 4);
        draw.attackers(AllianceId(n + 1), members);
    }
    if draw.dice.chance(0.3) {
        draw.scenario.stances.push((AllianceId(1), AllianceId(2), Stance::Confederacy));
    }
    draw.scenario
}

/// Starts it: nobody eats or trains, so that it is cheap, and councils vote fast.
pub(crate) fn start(scenario: &Scenario, settings: &FairPlaySettings) -> TestApp {
    TestApp::with(scenario, |app| {
        app.insert_resource(EconomySettings::still()).insert_resource(settings.clone());
        app.insert_resource(WarCouncilSettings {
            vote_window: GameSpan::hours(6),
            diplomacy: false,
            ..WarCouncilSettings::default()
        });
    })
}

/// What stands in a village.
pub(crate) fn home(app: &TestApp, site: SiteId) -> Force {
    let entity = app.app.world().resource::<bevy_alliance::base::id::EntityIndex>().site(site);
    entity.and_then(|e| app.app.world().get::<Garrison>(e)).map(|g| g.home.clone()).unwrap_or_default()
}

/// The person raids a village of an attacker with the offense of one of its own, which makes others want revenge.
pub(crate) fn raid(app: &mut TestApp, rules: &Ruleset, from: SiteId, to: SiteId) {
    let class = class(rules, "imperian");
    let n = home(app, from).count(class);
    if n >= 20 {
        let force = Force::of(class, n);
        app.send(LaunchMarch { origin: from, target: to, force, manner: Manner::Raid, aims: [None; 2] });
    }
}

pub(crate) fn at(span: GameSpan) -> GameTime {
    GameTime(0) + span
}
