//! Campaigns that somebody wins, one for each condition; and the wonder, from the vote to its last level.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

use bevy::ecs::system::RunSystemOnce;
use bevy_alliance::action::pool::{EntryKind, Levy, Pool};
use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{
    AccountRole, Fact, PlayerKind, Rank, Scenario, ScenarioAlliance, ScenarioPlayer, ScenarioSite, SetMembership,
    SetStance, Stance,
};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{AllianceId, EntityIndex, PlayerId, SiteId, TribeId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::edge::report::CampaignTally;
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::knowledge::territory::Territory;
use bevy_alliance::strategy::victory::{VictoryCondition, VictoryConditions, VictoryRanking};
use bevy_alliance::strategy::war_council::WarCouncilSettings;
use bevy_alliance::strategy::wonder::{Wonder, WonderSettings, rules::cost};
use bevy_alliance::world::audit::Audit;
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};

fn world(alliances: usize) -> Scenario {
    world_of(1, alliances)
}

fn world_of(seed: u64, alliances: usize) -> Scenario {
    let options = GeneratorOptions { seed, villages: 500, alliances, ..GeneratorOptions::default() };
    generate_world(&options, &Ruleset::extended()).unwrap()
}

/// A campaign that this condition wins, with wonders at this part of their cost.
fn campaign(scenario: &Scenario, condition: VictoryCondition, wonder_cost: f64) -> TestApp {
    TestApp::with(scenario, |app| {
        app.insert_resource(VictoryConditions(vec![condition]))
            .insert_resource(WonderSettings { cost: wonder_cost, ..WonderSettings::default() });
    })
}

/// What a campaign showed while it was not won yet, and who won it.
struct Course {
    /// How far the leader had come at the first look.
    first: f64,
    day: f64,
    winner: AllianceId,
    ranking: Vec<(AllianceId, f64)>,
}

fn run(app: &mut TestApp, days: i64) -> Option<Course> {
    let mut first = None;
    let end = GameTime(0) + GameSpan::days(days);
    while app.now() < end {
        app.run(GameSpan::hours(6));
        let ranking = app.app.world().resource::<VictoryRanking>().clone();
        first = first.or_else(|| ranking.standings.first().map(|s| s.progress));
        if let Some(won) = ranking.won {
            let told = app.facts.iter().find_map(|f| match &f.fact {
                Fact::VictoryWon { alliance, ranking, .. } => Some((*alliance, ranking.clone())),
                _ => None,
            });
            let (alliance, ranking) = told.unwrap();
            assert_eq!(alliance, won.alliance);
            let day = (won.at - GameTime(0)).as_hours() / 24.0;
            return Some(Course { first: first.unwrap(), day, winner: alliance, ranking });
        }
    }
    None
}

/// How far those have come who are still in it.
fn progress(app: &TestApp) -> Vec<f64> {
    app.app.world().resource::<VictoryRanking>().standings.iter().map(|s| s.progress).collect()
}

/// It began far from its end, took a while, and was a contest.
fn is_a_campaign(course: &Course, second: f64) {
    assert!(course.first <= 0.4, "it began at {}", course.first);
    assert!(course.day >= 10.0, "it took {} days", course.day);
    assert_eq!((course.ranking[0].0, course.ranking[0].1), (course.winner, 1.0));
    assert!(course.ranking[1].1 >= second, "nobody else came far: {:?}", course.ranking);
    assert!(course.ranking.is_sorted_by(|a, b| a.1 >= b.1));
}

#[test]
fn who_has_most_points_by_the_day_wins() {
    let mut app = campaign(&world(4), VictoryCondition::Points { by_day: 12.0 }, 1.0);
    let course = run(&mut app, 20).unwrap();
    is_a_campaign(&course, 0.5);
    assert!((course.day - 12.0).abs() < 1e-9, "{}", course.day);
    let mut tally = CampaignTally::default();
    app.facts.iter().for_each(|fact| tally.count(fact));
    let victory = tally.summary().victory.unwrap();
    assert_eq!((victory.alliance, victory.condition.as_str(), victory.ranking.len()), (course.winner, "points", 4));
    // It goes on, and nobody wins twice.
    app.run(GameSpan::days(2));
    assert_eq!(app.facts.iter().filter(|f| matches!(f.fact, Fact::VictoryWon { .. })).count(), 1);
}

#[test]
fn land_is_won_by_who_grows() {
    let mut scenario = world(4);
    for site in &mut scenario.sites {
        // A young world.
        site.population = site.population.min(30);
    }
    let mut app = campaign(&scenario, VictoryCondition::Territory { share: 1.0 }, 1.0);
    let held = |app: &mut TestApp| {
        let most = |territory: Territory| (1..=4).map(|id| territory.claimed_share(AllianceId(id))).fold(0.0, f64::max);
        app.app.world_mut().run_system_once(most).unwrap()
    };
    let share = held(&mut app) / 0.39;
    let mut app = campaign(&scenario, VictoryCondition::Territory { share }, 1.0);
    let course = run(&mut app, 120).unwrap_or_else(|| panic!("{} of {share} in the end", held(&mut app)));
    is_a_campaign(&course, 0.5);
}

#[test]
fn who_is_left_when_all_others_are_gone_wins() {
    let scenario = world(3);
    let mut app = campaign(&scenario, VictoryCondition::LastAlliance, 1.0);
    app.run(GameSpan::hours(6));
    assert_eq!(progress(&app), [1.0 / 3.0; 3]);
    app.run(GameSpan::days(11));
    for (n, alliance) in [(1, 2), (2, 3)] {
        let of = |p: &&ScenarioPlayer| p.membership.is_some_and(|(id, _)| id == AllianceId(alliance));
        for player in scenario.players.iter().filter(of) {
            app.send(SetMembership { player: player.id, alliance: None });
        }
        app.run(GameSpan::hours(6));
        assert_eq!(app.app.world().resource::<VictoryRanking>().standings.len(), 3 - n);
    }
    let won = app.app.world().resource::<VictoryRanking>().won.clone().unwrap();
    assert_eq!((won.alliance, won.condition.as_str()), (AllianceId(1), "last_alliance"));
}

fn of_alliance<C: bevy::prelude::Component>(app: &TestApp, id: u32) -> Option<&C> {
    let entity = app.app.world().resource::<EntityIndex>().alliance(AllianceId(id)).unwrap();
    app.app.world().get::<C>(entity)
}

#[test]
fn a_wonder_is_voted_for_paid_out_of_the_pool_and_wins() {
    // A world in which more than one builds: in half of eight worlds one does alone, while others are at war.
    let mut app = campaign(&world_of(3, 3), VictoryCondition::Wonder { level: 100 }, 0.004);
    let course = run(&mut app, 60).unwrap();
    is_a_campaign(&course, 0.2);
    let settings = *app.app.world().resource::<WonderSettings>();
    for id in 1..=3 {
        let pool: &Pool = of_alliance(&app, id).unwrap();
        assert_eq!(pool.balance(), pool.stock, "the ledger is the pool");
        let levels = app.facts.iter().filter_map(|f| match f.fact {
            Fact::WonderRaised { alliance, level, .. } if alliance == AllianceId(id) => Some(level),
            _ => None,
        });
        let levels: Vec<u8> = levels.collect();
        assert_eq!(levels, (1..=u8::try_from(levels.len()).unwrap()).collect::<Vec<_>>(), "one after the other");
        let paid = levels.iter().fold(Goods::ZERO, |sum, level| sum + cost(*level, &settings));
        let kept: Goods =
            pool.entries.iter().filter(|e| e.kind == EntryKind::Spent).fold(Goods::ZERO, |s, e| s + e.goods);
        assert!(kept.total() <= paid.total());
    }
    // Nobody built before members had voted for it, and only those who approved gave more.
    let first = |pick: fn(&Fact) -> bool| app.facts.iter().find(|f| pick(&f.fact)).unwrap().at;
    let voted = first(|f| matches!(f, Fact::ProposalSubmitted { action, .. } if action == "wonder_push"));
    assert!(voted < first(|f| matches!(f, Fact::WonderRaised { .. })));
    let levy: &Levy = of_alliance(&app, course.winner.0).unwrap();
    assert!(!levy.givers.is_empty());
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn who_loses_its_wonder_begins_another_and_levels_take_a_minute_at_least() {
    let scenario = world(3);
    let mut app = TestApp::with(&scenario, |app| {
        app.insert_resource(VictoryConditions(vec![VictoryCondition::Wonder { level: 100 }])).insert_resource(
            WonderSettings { cost: 0.000_1, level_takes: GameSpan(0), levels: 30, ..WonderSettings::default() },
        );
    });
    let raised = |app: &TestApp| {
        let raised = app.facts.iter().filter_map(|f| match f.fact {
            Fact::WonderRaised { alliance, site, level } => Some((f.at, alliance, site, level)),
            _ => None,
        });
        raised.collect::<Vec<_>>()
    };
    while raised(&app).is_empty() {
        assert!(app.now() < GameTime(0) + GameSpan::days(30));
        app.run(GameSpan::mins(10));
    }
    let (_, alliance, site, _) = raised(&app)[0];
    // Its village goes to somebody else.
    let loser = scenario.sites.iter().find(|s| s.id == site).unwrap().owner;
    app.send(SetMembership { player: loser, alliance: None });
    let before = raised(&app).len();
    app.run(GameSpan::days(2));
    let after: Vec<_> = raised(&app)[before..].iter().filter(|r| r.1 == alliance).copied().collect();
    assert!(after.iter().all(|r| r.2 != site));
    let times: Vec<GameTime> = raised(&app).iter().filter(|r| r.1 == alliance).map(|r| r.0).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= GameSpan::mins(1)));
    // A whole wonder takes no more.
    app.run(GameSpan::days(20));
    assert!(raised(&app).iter().all(|r| r.3 <= 30));
    let levy: &Levy = of_alliance(&app, alliance.0).unwrap();
    assert!(raised(&app).iter().all(|r| r.1 != alliance || r.3 < 30) || levy.until <= app.now());
    assert_eq!(app.audit(), Audit::default());
}

#[test]
fn without_conditions_nobody_builds_or_wins() {
    let mut app = TestApp::new(&world(3));
    app.run(GameSpan::days(12));
    let about = |f: &Fact| match f {
        Fact::ProposalSubmitted { action, .. } => action == "wonder_push",
        Fact::WonderRaised { .. } | Fact::VictoryWon { .. } => true,
        _ => false,
    };
    assert!(!app.facts.iter().any(|f| about(&f.fact)));
    assert_eq!(app.app.world().resource::<VictoryRanking>().standings, []);
}

#[test]
fn in_war_nobody_begins_a_wonder_and_its_level_stays_with_the_village() {
    let scenario = world(3);
    let mut app = campaign(&scenario, VictoryCondition::Wonder { level: 100 }, 0.002);
    for (a, b) in [(1, 2), (1, 3), (2, 3)] {
        app.send(SetStance { a: AllianceId(a), b: AllianceId(b), stance: Stance::War });
    }
    app.run(GameSpan::days(2));
    let begun = |app: &TestApp| app.facts.iter().any(|f| matches!(f.fact, Fact::WonderRaised { .. }));
    assert!(!begun(&app), "two wars each");
    // A village with a wonder counts for whoever holds it.
    let site = scenario.sites.iter().find(|s| s.owner == member_of(&scenario, 2)).unwrap().id;
    let entity = app.app.world().resource::<EntityIndex>().site(site).unwrap();
    app.app.world_mut().entity_mut(entity).insert(Wonder { level: 99 });
    app.run(GameSpan::hours(6));
    let standings = &app.app.world().resource::<VictoryRanking>().standings;
    assert_eq!((standings[0].alliance, standings[0].condition.as_str()), (AllianceId(2), "wonder"));
    assert!((standings[0].progress - 0.99).abs() < 1e-9);
    app.send(SetMembership { player: member_of(&scenario, 2), alliance: Some(AllianceId(3)) });
    app.run(GameSpan::hours(6));
    assert_eq!(app.app.world().resource::<VictoryRanking>().standings[0].alliance, AllianceId(3));
}

fn member_of(scenario: &Scenario, alliance: u32) -> PlayerId {
    let of = |p: &&ScenarioPlayer| {
        p.kind == PlayerKind::Active && p.membership.is_some_and(|(id, _)| id == AllianceId(alliance))
    };
    scenario.players.iter().find(of).unwrap().id
}

/// Three alliances in full lands where nobody founds anything: a large one that keeps hammers, and two small ones.
fn to_the_end() -> Scenario {
    let sides = [(12_u32, 4_u32, 1_000_u32, (-12_i16, 0_i16)), (4, 2, 500, (12, 4)), (3, 1, 300, (0, 14))];
    let (sites, players) = (Vec::new(), Vec::new());
    let (alliances, stances) = (Vec::new(), Vec::new());
    let mut made = Scenario { seed: 1, half_width: 30, sites, players, alliances, stances };
    let (mut player, mut site) = (0, 0);
    for (id, (members, villages, population, center)) in (1..).map(AllianceId).zip(sides) {
        made.alliances.push(ScenarioAlliance { id, name: format!("A{id}"), active: true });
        let mut place = 0_i16;
        for member in 0..members {
            player += 1;
            let rank = [Rank::Leader, Rank::Officer, Rank::Officer].get(member as usize).copied().unwrap_or_default();
            let hammer = id == AllianceId(1) && member % 3 != 2;
            made.players.push(ScenarioPlayer {
                id: PlayerId(player),
                name: format!("P{player}"),
                kind: PlayerKind::Active,
                membership: Some((id, rank)),
                role: Some(if hammer { AccountRole::Hammer } else { AccountRole::Mixed }),
                rhythm: None,
                archetype: None,
            });
            for _ in 0..villages {
                site += 1;
                made.sites.push(ScenarioSite {
                    id: SiteId(site),
                    at: Tile::new(center.0 + place % 6 * 2, center.1 + place / 6 * 2),
                    name: format!("V{site}"),
                    owner: PlayerId(player),
                    tribe: TribeId(u8::try_from(player % 3).unwrap()),
                    population: population + site * 37 % 100,
                    ..ScenarioSite::default()
                });
                place += 1;
            }
        }
    }
    for (a, b) in [(1, 2), (1, 3), (2, 3)] {
        made.stances.push((AllianceId(a), AllianceId(b), Stance::War));
    }
    made
}

#[test]
fn an_alliance_takes_what_the_others_have_until_it_is_the_last() {
    let mut app = TestApp::with(&to_the_end(), |app| {
        app.insert_resource(VictoryConditions(vec![VictoryCondition::LastAlliance]))
            .insert_resource(Ruleset { settlers_needed: 0, ..Ruleset::extended() })
            .insert_resource(WarCouncilSettings { diplomacy: false, ..WarCouncilSettings::default() });
    });
    app.run(GameSpan::hours(6));
    assert_eq!(progress(&app), [1.0 / 3.0; 3]);
    let course = run(&mut app, 240).unwrap();
    assert!(course.day >= 10.0, "it took {} days", course.day);
    assert_eq!(course.ranking, [(course.winner, 1.0)]);
    // Nobody left by itself: every village was taken, and whoever lost its last was out.
    let out = |pick: fn(&Fact) -> bool| app.facts.iter().filter(|f| pick(&f.fact)).count();
    assert_eq!(out(|f| matches!(f, Fact::PlayerEliminated { .. })), 7);
    assert_eq!(out(|f| matches!(f, Fact::AllianceEliminated { .. })), 2);
    assert!(out(|f| matches!(f, Fact::SiteChanged { to: Some(_), from: Some(_), .. })) >= 11);
    assert_eq!(app.audit(), Audit::default());
}
