//! A save at any instant, loaded anywhere, goes on as if nothing had happened.

mod saves;

use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy_alliance::base::clock::{ClockMode, DueBatch, GameClock, GameSpan, GameTime, HostSystems};
use bevy_alliance::base::contract::{
    CampaignFact, Fact, Holdings, InputLog, Model, Player, ScenarioAppExt, ScenarioError, SetStance, SiteState, Stance,
};
use bevy_alliance::base::id::{AllianceId, StableId};
use bevy_alliance::base::limits::Limits;
use bevy_alliance::base::rng::{Purpose, Stream};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::base::state::{Kept, RowsError, StateAppExt};
use bevy_alliance::edge::report::{CampaignTally, Directory, OperationStory, ReportPlugin, account};
use bevy_alliance::edge::snapshot::{LoadError, SaveError, Snapshot, SnapshotExt};
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::society::alliance::{Alliance, Members};
use bevy_alliance::strategy::war_council::WarCouncilSettings;
use bevy_alliance::world::village::EconomySettings;
use saves::*;

/// Each app runs from one event to the next, and is then replaced by one that knows nothing but its save.
#[test]
fn a_campaign_saved_and_loaded_at_every_event_is_the_same() {
    let (mut whole, mut chain) = (small_campaign(7, 120), small_campaign(7, 120));
    let (mut events, mut facts) = (0, Vec::new());
    while let Some(event) = next_event(&whole).filter(|at| *at <= hours(120)) {
        bring(&mut whole, event);
        bring(&mut chain, event);
        assert_same(&mut whole, &mut chain);
        facts.append(&mut chain.facts);
        chain = loaded(&save(&mut chain));
        assert_same(&mut whole, &mut chain);
        events += 1;
    }
    assert_eq!(whole.facts, facts);
    assert!(events > 300, "{events} events");
    let count = |is: fn(&Fact) -> bool| facts.iter().filter(|f| is(&f.fact)).count();
    let battles = count(|f| matches!(f, Fact::BattleFought { operation: Some(_), .. }));
    let concluded = count(|f| matches!(f, Fact::OperationConcluded(_)));
    let defended = count(|f| matches!(f, Fact::AlarmRaised { .. }));
    let relieved = count(|f| matches!(f, Fact::ReliefReturned { .. }));
    assert!(battles > 0 && concluded > 0 && defended > 0, "{battles}, {concluded}, {defended}: too quiet");
    assert!(relieved > 0, "nobody was relieved");
    assert_eq!(chronicle(&mut chain).last, whole.now(), "the game's own component came along");
}

/// Saves and loads at this many random instants of four days; every tenth loaded app runs to the end.
fn random_instants(count: u32, villages: u32) {
    let end = hours(96);
    let scenario = small_world(11, villages);
    let mut dice = Stream::new(count.into(), 0, Purpose::EXAMPLE, 0);
    let mut instants: Vec<_> = (0..count).map(|_| GameTime(dice.between(1, end.0 - 1))).collect();
    instants.sort_unstable();
    let (mut whole, mut chain, mut kept) = (campaign(&scenario), campaign(&scenario), Vec::new());
    for (i, instant) in instants.into_iter().enumerate() {
        bring(&mut whole, instant);
        bring(&mut chain, instant);
        assert_same(&mut whole, &mut chain);
        let bytes = save(&mut chain);
        chain = loaded(&bytes);
        assert_same(&mut whole, &mut chain);
        assert_eq!(save(&mut chain), bytes, "what was loaded is saved again as it was");
        if i % 10 == 0 {
            kept.push(bytes);
        }
    }
    bring(&mut whole, end);
    for bytes in kept {
        let mut app = loaded(&bytes);
        let before = app.now();
        bring(&mut app, end);
        assert_same(&mut whole, &mut app);
        let later: Vec<_> = whole.facts.iter().filter(|f| f.at > before).cloned().collect();
        assert_eq!(app.facts, later, "the same end came about in another way");
    }
}

#[test]
fn saves_at_random_instants_lead_to_the_same_end() {
    random_instants(40, 300);
}

/// `cargo test --release --test save_load -- --ignored a_thousand`
#[test]
#[ignore = "takes minutes"]
fn saves_at_a_thousand_random_instants_lead_to_the_same_end() {
    random_instants(1_000, 600);
}

/// Whatever is left out of a save is missed at once, so the tests above would fail.
#[test]
fn a_registration_left_out_of_the_save_is_missed() {
    let mut app = small_campaign(7, 120);
    let began = save(&mut app);
    // Until something marches and something is voted on.
    let mut sections;
    loop {
        let event = next_event(&app).unwrap();
        bring(&mut app, event);
        sections = sections_of(&save(&mut app));
        let filled = |name: &str| sections.iter().any(|(n, rows, _)| n == name && *rows > 0);
        if ["march", "proposal", "operation", "intel_report"].into_iter().all(filled) {
            break;
        }
    }
    assert_eq!(assembled(&sections), save(&mut app), "taken apart and put together it is the same save");
    assert_ne!(began, save(&mut app));
    let mut other = game();
    for i in 0..sections.len() {
        let mut less = sections.clone();
        let (name, rows, payload) = &mut less[i];
        if *rows == 0 {
            continue;
        }
        let name = name.clone();
        (*rows, *payload) = (0, Vec::new());
        other.app.load_campaign(&began).unwrap();
        match (other.app.load_campaign(&assembled(&less)), name.as_str()) {
            (Ok(()), _) => assert_eq!(differences(&mut app, &mut other), [name.as_str()]),
            (Err(LoadError::Section { section, error }), "clock" | "waiting_inputs") => {
                assert_eq!((section, error), (name, RowsError::Count(0)));
            }
            (Err(LoadError::NoCampaign { section }), "torus" | "world_seed") => assert_eq!(section, name),
            (Err(LoadError::Section { error, .. }), "entities") => assert!(matches!(error, RowsError::Stranger(_))),
            (Err(error), name) => panic!("{name}: {error}"),
        }
    }
}

#[test]
fn loading_into_a_running_campaign_replaces_it() {
    let mut app = small_campaign(7, 120);
    bring(&mut app, hours(20));
    let early = save(&mut app);
    let mut reference = loaded(&early);
    bring(&mut app, hours(70));
    app.app.load_campaign(&early).unwrap();
    assert_same(&mut reference, &mut app);
    // Another campaign altogether.
    let mut other = small_campaign(8, 60);
    bring(&mut other, hours(40));
    other.app.load_campaign(&early).unwrap();
    for app in [&mut reference, &mut app, &mut other] {
        bring(app, hours(60));
    }
    assert_same(&mut reference, &mut app);
    assert_same(&mut reference, &mut other);
    assert_eq!(
        other.app.start_campaign(&small_world(8, 60)),
        Err(ScenarioError::AlreadyRunning),
        "a loaded campaign runs like any other"
    );
}

#[test]
fn settings_are_those_with_which_the_campaign_began() {
    let mut app = game_with(|app| {
        app.insert_resource(EconomySettings::still())
            .insert_resource(Ruleset::classic())
            .insert_resource(WarCouncilSettings { arrival_within: GameSpan::hours(9), ..default() });
    });
    begin(&mut app, &small_world(7, 60));
    bring(&mut app, hours(30));
    let mut other = game();
    assert_ne!(*other.app.world().resource::<EconomySettings>(), EconomySettings::still());
    other.app.load_campaign(&save(&mut app)).unwrap();
    let world = other.app.world();
    assert_eq!(*world.resource::<EconomySettings>(), EconomySettings::still());
    assert_eq!(*world.resource::<Ruleset>(), Ruleset::classic());
    assert_eq!(world.resource::<WarCouncilSettings>().arrival_within, GameSpan::hours(9));
    let capabilities = world.resource::<Model>().capabilities();
    assert_eq!(capabilities, Ruleset::classic().capabilities, "the model is that of the ruleset");
    bring(&mut app, hours(60));
    bring(&mut other, hours(60));
    assert_same(&mut app, &mut other);
}

#[test]
fn what_is_the_hosts_stays_the_hosts() {
    let mut app = game();
    let clock = GameClock::manual().with_epoch(chrono::DateTime::UNIX_EPOCH);
    app.app.insert_resource(clock);
    begin(&mut app, &small_world(7, 60));
    bring(&mut app, hours(10));
    let bytes = save(&mut app);
    let mut other = game_with(|app| {
        app.insert_resource(Limits { inbox: 5, ..Limits::default() });
    });
    let mut clock = other.app.world_mut().resource_mut::<GameClock>();
    (clock.mode, clock.paused) = (ClockMode::Scaled { numerator: 5, denominator: 2 }, true);
    clock.turn = GameSpan::hours(4);
    other.app.load_campaign(&bytes).unwrap();
    let clock = other.app.world().resource::<GameClock>();
    assert_eq!((clock.now(), clock.paused, clock.turn), (hours(10), true, GameSpan::hours(4)));
    assert_eq!(clock.mode, ClockMode::Scaled { numerator: 5, denominator: 2 });
    assert_eq!(other.app.world().resource::<Limits>().inbox, 5);
    // The date is the campaign's.
    assert_eq!(clock.date(hours(10)).timestamp(), 36_000);
}

/// Goods that the game counts for a display of its own.
#[derive(Resource, Default, Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
struct Score(u32);

impl Kept for Score {
    fn take(world: &World) -> Self {
        world.resource::<Self>().clone()
    }

    fn put(self, world: &mut World) {
        world.insert_resource(self);
    }
}

/// What the game derives from the campaign: that all of it stood when the rebuilder ran.
#[derive(Resource, Default, PartialEq, Debug)]
struct Derived {
    sites_indexed: usize,
    score: Score,
}

#[test]
fn what_a_game_keeps_or_derives_comes_back_too() {
    let setup = |app: &mut App| {
        app.init_resource::<Score>().register_kept::<Score>("score").add_state_rebuilder(1_000, |world| {
            let players: Vec<_> = world.query::<&Player>().iter(world).map(|p| p.id).collect();
            let holdings = world.resource::<Holdings>();
            let sites_indexed = players.iter().map(|p| holdings.of(*p).len()).sum();
            let score = world.resource::<Score>().clone();
            world.insert_resource(Derived { sites_indexed, score });
        });
    };
    let mut app = game_with(setup);
    begin(&mut app, &small_world(7, 60));
    let before = app.hash();
    app.app.insert_resource(Score(17));
    assert_eq!(app.hash(), before, "what is kept is not hashed");
    let mut other = game_with(setup);
    // Games that run have a world, not an app.
    let bytes = save(&mut app);
    other.app.world_mut().load_campaign(&bytes).unwrap();
    assert_eq!(*other.app.world().resource::<Derived>(), Derived { sites_indexed: 60, score: Score(17) });
    assert_eq!(save(&mut other), bytes);
}

/// A save that is taken within an update, when inputs were seen and are not run yet.
#[test]
fn inputs_that_wait_are_saved_with_their_pass() {
    #[derive(Resource, Default)]
    struct Taken(Vec<u8>);
    let mut app = small_campaign(7, 120);
    app.app.init_resource::<Taken>().add_systems(
        Update,
        (|world: &mut World| {
            let bytes = Snapshot::take(world).encode().unwrap();
            world.resource_mut::<Taken>().0 = bytes;
        })
        .after(HostSystems::Inputs)
        .before(HostSystems::Run),
    );
    bring(&mut app, hours(3));
    app.send(SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::Truce });
    let mut other = loaded(&app.app.world().resource::<Taken>().0);
    assert!(other.app.world().resource::<InputLog>().entries.is_empty(), "it was not handed out yet");
    bring(&mut app, hours(9));
    bring(&mut other, hours(9));
    assert_eq!(other.app.world().resource::<InputLog>().entries.len(), 1);
    assert_same(&mut app, &mut other);
}

#[test]
fn two_entities_with_one_id_are_told_before_they_are_saved() {
    let mut app = small_campaign(7, 12);
    raise(&mut app);
    assert_eq!(app.app.save_campaign().encode(), Err(SaveError::Duplicate { id: StableId::Game(7, 1) }));
}

#[test]
#[should_panic(expected = "`chronicle` of a state registration belongs to another type")]
fn two_types_cannot_share_a_name() {
    game().app.register_state::<SiteNote>("chronicle");
}

#[test]
fn members_and_names_are_there_after_a_load() {
    let report = |app: &mut App| {
        app.add_plugins(ReportPlugin { host: Update.intern() });
    };
    let scenario = small_world(7, 120);
    let mut app = game_with(report);
    begin(&mut app, &scenario);
    let mut other = game_with(report);
    // What was counted and what was said of another campaign goes with it.
    begin(&mut other, &small_world(8, 120));
    bring(&mut other, hours(30));
    assert!(other.app.world().resource::<CampaignTally>().summary().scoutings > 0);
    assert!(!other.app.world().resource::<Messages<CampaignFact>>().is_empty());
    other.app.load_campaign(&save(&mut app)).unwrap();
    assert!(other.app.world().resource::<Messages<CampaignFact>>().is_empty());
    assert_eq!(other.app.world().resource::<CampaignTally>().summary().scoutings, 0);
    let (names, expected) = (&other.app.world().resource::<CampaignTally>().directory, Directory::of(&scenario));
    assert_eq!(format!("{names:?}"), format!("{expected:?}"));
    let members = |app: &mut TestApp| {
        let world = app.app.world_mut();
        let mut counts: Vec<_> =
            world.query::<(&Alliance, &Members)>().iter(world).map(|(a, m)| (a.id, m.iter().count())).collect();
        counts.sort_unstable();
        counts
    };
    assert!(!members(&mut app).is_empty());
    assert_eq!(members(&mut app), members(&mut other));
}

/// What a save says of the last instant that ran decides about the round of the next input.
#[test]
fn an_input_right_after_a_load_gets_the_pass_that_it_would_have_had() {
    let mut app = small_campaign(7, 120);
    let event = next_event(&app).unwrap();
    bring(&mut app, event);
    let truce = SetStance { a: AllianceId(1), b: AllianceId(2), stance: Stance::Truce };
    let mut loaded_at_event = loaded(&save(&mut app));
    assert_eq!(loaded_at_event.app.world().resource::<DueBatch>().last_run(), Some(event));
    app.send(truce);
    let mut loaded_after_input = loaded(&save(&mut app));
    for app in [&mut app, &mut loaded_at_event, &mut loaded_after_input] {
        app.send(SetStance { stance: Stance::Pact, ..truce });
    }
    let rounds = |app: &TestApp| -> Vec<u32> {
        app.app.world().resource::<InputLog>().entries.iter().map(|input| input.round).collect()
    };
    assert_eq!(rounds(&app), [1, 2]);
    assert_eq!(rounds(&loaded_at_event), [1]);
    assert_same(&mut app, &mut loaded_after_input);
}

#[test]
fn a_save_is_refused_by_an_app_that_does_not_know_all_of_it() {
    let mut app = small_campaign(7, 12);
    let mut plain = TestApp::unstarted(|_| {});
    let before = plain.hash();
    assert_eq!(
        plain.app.load_campaign(&save(&mut app)),
        Err(LoadError::UnknownSection { section: "chronicle".to_owned() })
    );
    assert_eq!(plain.hash(), before);
    let mut richer = game_with(|app| {
        app.register_state::<SiteNote>("site_note");
    });
    assert_eq!(
        richer.app.load_campaign(&save(&mut app)),
        Err(LoadError::MissingSection { section: "site_note".to_owned() })
    );
}

#[derive(Component, Clone, serde::Serialize, serde::Deserialize)]
struct SiteNote(Option<SiteState>);

const RENEW: &str = "ALLIANCE_RENEW_GOLDEN";

/// A save of an earlier build loads in this one and has the hash that it had then.
///
/// A change of what is saved changes the layout: then `SAVE_VERSION` goes up, unless no version with the old layout was
/// ever released, and the file is renewed by `ALLIANCE_RENEW_GOLDEN=1 cargo test --test save_load golden`.
#[test]
fn the_golden_save_loads() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let (file, pinned) = (folder.join("save_v1.bin"), folder.join("save_v1.hash"));
    if std::env::var_os(RENEW).is_some() {
        let mut app = small_campaign(3, 24);
        bring(&mut app, hours(30));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&file, save(&mut app)).unwrap();
        std::fs::write(&pinned, format!("{:032x}\n", app.hash())).unwrap();
    }
    let bytes = std::fs::read(&file).unwrap();
    let mut app = game();
    if let Err(error) = app.app.load_campaign(&bytes) {
        panic!("{error}. If the layout was meant to change, see the doc of this test.");
    }
    let pinned = std::fs::read_to_string(&pinned).unwrap();
    assert_eq!(format!("{:032x}", app.hash()), pinned.trim(), "if this was meant to change, see the doc of this test");
    assert_eq!(app.now(), hours(30));
    let entity = app.app.world_mut().query::<&StableId>().iter(app.app.world()).count();
    assert!(entity > 24);
    bring(&mut app, hours(36));
    assert_eq!(app.audit().troops_unaccounted, 0);
}

/// The tally starts empty, so it hears the end of what it did not see begin.
#[test]
fn an_account_after_a_load_tells_what_was_heard_since() {
    let report = |app: &mut App| {
        app.add_plugins(ReportPlugin { host: Update.intern() });
    };
    let mut app = game_with(report);
    begin(&mut app, &small_world(7, 120));
    for day in 1..5 {
        bring(&mut app, hours(day * 24));
        // Until something has begun that is not over.
        let unfinished = |app: &TestApp| {
            app.app.world().resource::<CampaignTally>().stories.values().any(|s| s.is_open() || s.is_under_way())
        };
        while !unfinished(&app) {
            let event = next_event(&app).unwrap();
            bring(&mut app, event);
        }
        let mut later = game_with(report);
        later.app.load_campaign(&save(&mut app)).unwrap();
        bring(&mut later, hours(120));
        let text = account(later.app.world().resource::<CampaignTally>());
        assert!(text.starts_with("The war\n") && !text.contains(" ? "), "{text}");
    }
    let tally = app.app.world().resource::<CampaignTally>();
    let (p, o) = (tally.summary().proposals, tally.summary().operations);
    let count = |is: fn(&OperationStory) -> bool| tally.stories.values().filter(|s| is(s)).count() as u64;
    assert_eq!(count(OperationStory::is_open), p.submitted - p.passed - p.rejected - p.expired);
    assert_eq!(count(OperationStory::is_under_way), o.started - o.concluded);
}
