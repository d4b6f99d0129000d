//! Who members are: what they live through moves them, is remembered, fades, and shows in their votes.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy::ecs::schedule::ScheduleLabel;
use bevy::ecs::system::RunSystemOnce;
use bevy::prelude::*;
use bevy_alliance::base::clock::{Campaign, CampaignSystems, Decayed, GameSpan, GameTime};
use bevy_alliance::base::contract::{
    About, Archetype, Ballot, BattleFought, Fact, Lived, Manner, Memory, MemoryKind, PlayerKind, Rank, Scenario,
    SetMembership, SetStance, Stance, Vote,
};
use bevy_alliance::base::id::{AllianceId, EntityIndex, PlayerId, ProposalId, SiteId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::decision::council::{Ballots, Proposal, ProposalStatus};
use bevy_alliance::edge::report::{CampaignTally, Channels, ReportPlugin, explain, minutes, voice};
use bevy_alliance::edge::snapshot::SnapshotExt;
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::society::alliance::Grievances;
use bevy_alliance::society::personality::{
    Born, Feelings, Hearts, Memories, Mood, PersonalitySettings, PersonalitySystems, Traits, rules::temper,
};
use bevy_alliance::world::village::EconomySettings;
use common::*;

const ACTIVE: PlayerKind = PlayerKind::Active;
const WEAK: &[(&str, u32)] = &[("praetorian", 10)];
const STRONG: &[(&str, u32)] = &[("praetorian", 1_000)];
const HAMMER: &[(&str, u32)] = &[("imperian", 200)];

/// Player 1, a person, is at war with the NPCs 2, 3 and 4; player 5 is an NPC on its side. Village 2 lies 40 fields from village 1.
fn war() -> Made {
    let made = Made::new().active_alliance(7).active_alliance(8).stance(8, 7, Stance::War);
    let made = made.player(1, 8, Rank::Leader, PlayerKind::Human).player(5, 8, Rank::Member, ACTIVE);
    let made = made.player(2, 7, Rank::Leader, ACTIVE).player(3, 7, Rank::Member, ACTIVE);
    let made = made.player(4, 7, Rank::Member, ACTIVE).village(5, 5, (-40, 0), &[]).village(4, 4, (60, 60), &[]);
    let made = made.village(1, 1, (0, 0), HAMMER).with(|v| v.population = 3_500);
    made.village(2, 2, (40, 0), WEAK).with(|v| v.population = 3_500)
}

fn of_player<C: Component + Clone>(app: &TestApp, player: u32) -> Option<C> {
    let entity = app.app.world().resource::<EntityIndex>().player(PlayerId(player)).unwrap();
    app.app.world().get::<C>(entity).cloned()
}

fn memories(app: &TestApp, player: u32) -> Vec<Memory> {
    of_player::<Memories>(app, player).map_or_else(Vec::new, |m| m.0)
}

fn feelings(app: &mut TestApp, player: u32, at: GameTime) -> Feelings {
    let world = app.app.world_mut();
    let entity = world.resource::<EntityIndex>().player(PlayerId(player)).unwrap();
    world.run_system_once(move |hearts: Hearts| hearts.feelings(entity, at)).unwrap()
}

fn settings(app: &TestApp) -> PersonalitySettings {
    app.app.world().resource::<PersonalitySettings>().clone()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

fn about(player: u32, alliance: u32, site: u32) -> About {
    let known = |id: u32| (id != 0).then_some(id);
    let (player, alliance) = (known(player).map(PlayerId), known(alliance).map(AllianceId));
    About { player, alliance, site: known(site).map(SiteId) }
}

/// Sends the hammer against village 2 and runs until it has fallen: when that was.
fn struck(app: &mut TestApp) -> GameTime {
    listen::<BattleFought>(app);
    leaves(app, 1, 2, HAMMER, Manner::Siege);
    for _ in 0..48 {
        app.run(GameSpan::mins(15));
        if let Some(battle) = said::<BattleFought>(app).first() {
            return battle.at;
        }
    }
    panic!("nothing fell in 12 h");
}

#[test]
fn who_was_attacked_is_angry_and_afraid_and_calms_down() {
    let mut app = war().start(Ruleset::extended());
    let born: Traits = of_player(&app, 2).unwrap();
    assert!(close(feelings(&mut app, 2, GameTime(0)).anger, temper(&born)), "by its nature");
    assert!(of_player::<Mood>(&app, 2).is_none() && of_player::<Born>(&app, 2).is_none());
    let hit = struck(&mut app);
    let battle = said::<BattleFought>(&app).into_iter().find(|b| b.witness == PlayerId(2)).unwrap();
    let (own, lost) = (battle.own_before.total(), battle.own_lost.total());
    #[expect(clippy::cast_precision_loss, reason = "a few units")]
    let weight = if own == 0 { 0.2 } else { 0.2 + 0.8 * (lost as f64 / own as f64) };
    assert_eq!(
        memories(&app, 2),
        [Memory { at: hit, kind: MemoryKind::Attacked, about: about(1, 8, 2), weight }],
        "what it saw: who came, and where"
    );
    // Anger .3 and fear .2 of the way to 1 by weight; N drifts by .004 by weight.
    let nature = temper(&born);
    let (anger, fear) = (0.3 * weight * (1.0 - nature), 0.2 * weight * (1.0 - nature));
    let drifted = nature + 0.5 * 0.004 * weight;
    let now = feelings(&mut app, 2, hit);
    assert!(close(now.anger, drifted + anger) && close(now.fear, drifted + fear), "{now:?}");
    let calmer = feelings(&mut app, 2, hit + GameSpan::hours(60));
    assert!(close(calmer.anger, drifted + anger / 2.0), "half of it is left after 60 h");
    let braver = feelings(&mut app, 2, hit + GameSpan::hours(36));
    assert!(close(braver.fear, drifted + fear / 2.0), "half of it is left after 36 h");
    assert!(close(of_player::<Traits>(&app, 2).unwrap().neuroticism, born.neuroticism + 0.004 * weight));
    assert_eq!(of_player::<Born>(&app, 2).unwrap().traits, born);
    for other in [1, 3, 4, 5] {
        assert_eq!(memories(&app, other), [], "player {other} was not there, or is a person");
    }
}

#[test]
fn who_was_helped_in_time_remembers_by_whom() {
    let mut app = war().village(3, 3, (50, 0), STRONG).start(Ruleset::extended());
    let born: Traits = of_player(&app, 2).unwrap();
    let hit = struck(&mut app);
    let kept = memories(&app, 2);
    let kinds: Vec<_> = kept.iter().map(|m| (m.at, m.kind, m.about)).collect();
    let held = (hit, MemoryKind::Held, about(1, 8, 2));
    assert_eq!(kinds, [held, (hit, MemoryKind::Helped, about(3, 0, 2))]);
    assert!(close(kept[0].weight, 1.0) && close(kept[1].weight, 0.6), "{kept:?}");
    let settings = settings(&app);
    // Fear: .2 of it goes for the stand, of what is left .25 x .6 for the help; A rises by .008 x .6.
    let fear = temper(&born) * 0.8;
    let nature = |n: f64| 0.5 + 0.5 * (n - 0.5);
    let before = (fear - temper(&born) + nature(born.neuroticism - 0.004)) * (1.0 - 0.25 * 0.6);
    assert!(close(feelings(&mut app, 2, hit).fear, before), "{before}");
    let traits: Traits = of_player(&app, 2).unwrap();
    assert!(close(
        traits.agreeableness,
        born.agreeableness + settings.effects[&MemoryKind::Helped].drift.agreeableness * 0.6
    ));
    assert_eq!(memories(&app, 3), [], "whoever helped was not attacked itself");
}

#[test]
fn a_full_memory_loses_what_is_least_present_and_says_so() {
    let mut app = war().start(Ruleset::extended());
    let memory = |n: u32| Memory {
        at: GameTime(i64::from(n)),
        kind: MemoryKind::Held,
        about: about(90, 9, 100 + n),
        // The faintest is in the middle.
        weight: if n == 30 { 0.1 } else { 0.9 },
    };
    let traits: Traits = of_player(&app, 2).unwrap();
    let entity = app.app.world().resource::<EntityIndex>().player(PlayerId(2)).unwrap();
    let full = Memories((0..64).map(memory).collect());
    app.app.world_mut().entity_mut(entity).insert((Born::with(traits), Mood::default(), full));
    let hit = struck(&mut app);
    let kept = memories(&app, 2);
    assert_eq!(kept.len(), 64);
    assert_eq!(kept.last().map(|m| (m.at, m.kind)), Some((hit, MemoryKind::Attacked)));
    let faded: Vec<_> = app
        .facts
        .iter()
        .filter_map(
            |f| if let Fact::MemoryFaded { member, memory } = f.fact { Some((f.at, member, memory)) } else { None },
        )
        .collect();
    assert_eq!(faded, [(hit, PlayerId(2), memory(30))]);
}

#[test]
fn wars_broken_words_and_peace_are_remembered_by_whom_they_concern() {
    let mut app = war()
        .active_alliance(9)
        .player(9, 9, Rank::Leader, ACTIVE)
        .village(9, 9, (80, 80), &[])
        .start(Ruleset::extended());
    let set = |app: &mut TestApp, a, b, stance| {
        assert_eq!(refusals(app.send(SetStance { a: AllianceId(a), b: AllianceId(b), stance })), []);
    };
    let kinds = |app: &TestApp, player| memories(app, player).iter().map(|m| (m.kind, m.about)).collect::<Vec<_>>();
    set(&mut app, 9, 7, Stance::War);
    assert_eq!(kinds(&app, 2), [(MemoryKind::WarDeclared, about(0, 9, 0))]);
    assert_eq!(kinds(&app, 9), [], "who declared it");
    set(&mut app, 7, 9, Stance::Pact);
    assert_eq!(kinds(&app, 3)[1..], [(MemoryKind::Peace, about(0, 9, 0))]);
    assert_eq!(kinds(&app, 9), [(MemoryKind::Peace, about(0, 7, 0))]);
    set(&mut app, 9, 7, Stance::War);
    assert_eq!(kinds(&app, 4)[2..], [(MemoryKind::Betrayed, about(0, 9, 0))]);
    assert_eq!(kinds(&app, 9).len(), 1, "who broke it");
    assert_eq!(kinds(&app, 5), [], "nobody else's affair");
}

#[test]
fn archetypes_are_drawn_and_kept_until_somebody_joins() {
    let mut made = war().player(8, 0, Rank::Member, PlayerKind::Bystander).village(8, 8, (70, 0), &[]);
    for (player, archetype) in [(2, Archetype::Aggressor), (3, Archetype::Turtle), (8, Archetype::Diplomat)] {
        made.0.players.iter_mut().find(|p| p.id == PlayerId(player)).unwrap().archetype = Some(archetype);
    }
    let mut app = made.start(Ruleset::extended());
    assert_eq!(refusals(app.send(SetMembership { player: PlayerId(8), alliance: Some(AllianceId(7)) })), []);
    for (player, stated) in [(2, Traits::AGGRESSIVE), (3, Traits::TURTLE), (8, Traits::DIPLOMAT)] {
        let traits: Traits = of_player(&app, player).unwrap();
        for (drawn, stated) in traits.all().into_iter().zip(stated.all()) {
            assert!((drawn - stated).abs() < 0.25, "player {player}: {traits:?}");
        }
    }
    let far = |a: Traits, b: Traits| a.all().iter().zip(b.all()).map(|(a, b)| (a - b).abs()).sum::<f64>();
    let (bold, careful): (Traits, Traits) = (of_player(&app, 2).unwrap(), of_player(&app, 3).unwrap());
    assert!(far(bold, careful) > 1.0, "{bold:?} {careful:?}");
}

#[test]
fn moods_and_memories_are_saved() {
    let mut app = war().village(3, 3, (50, 0), STRONG).start(Ruleset::extended());
    struck(&mut app);
    let save = app.app.save_campaign().encode().unwrap();
    let mut loaded = TestApp::unstarted(|app| {
        app.insert_resource(EconomySettings::still());
        app.insert_resource(Ruleset::extended());
    });
    loaded.app.load_campaign(&save).unwrap();
    assert_eq!(loaded.hash_parts(), app.hash_parts());
    assert_eq!(memories(&loaded, 2), memories(&app, 2));
    assert_eq!(of_player::<Mood>(&loaded, 2), of_player::<Mood>(&app, 2));
    assert_eq!(memories(&loaded, 2).len(), 2);
    for app in [&mut app, &mut loaded] {
        app.run(GameSpan::hours(12));
    }
    assert_eq!(loaded.hash_parts(), app.hash_parts());
}

/// Starts it under rules by which nobody founds villages, so that all proposals are of war.
fn at_war(world: &Scenario) -> TestApp {
    TestApp::with(world, |app| {
        app.insert_resource(Ruleset { settlers_needed: 0, ..Ruleset::extended() });
    })
}

fn part<C: Component>(app: &TestApp, id: ProposalId) -> &C {
    let world = app.app.world();
    world.get(world.resource::<EntityIndex>().proposal(id).unwrap()).unwrap()
}

/// Runs until a proposal to attack is open on which somebody still answers: which, and who.
fn until_a_vote(app: &mut TestApp) -> (ProposalId, PlayerId) {
    for _ in 0..5 * 24 * 6 {
        app.run(GameSpan::mins(10));
        let submitted = app.facts.iter().rev().find_map(|f| match &f.fact {
            Fact::ProposalSubmitted { proposal, action, .. } if action == "mass_attack" => Some(*proposal),
            _ => None,
        });
        let Some(id) = submitted.filter(|id| part::<Proposal>(app, *id).status == ProposalStatus::Open) else {
            continue;
        };
        let deadline = part::<Proposal>(app, id).deadline;
        let answers = &part::<Ballots>(app, id).answer_at;
        let next = answers.iter().filter(|(_, at)| **at < deadline).min_by_key(|(member, at)| (**at, **member));
        if let Some((member, _)) = next {
            return (id, *member);
        }
    }
    panic!("no vote in five days");
}

fn answered(app: &mut TestApp, id: ProposalId, member: PlayerId) -> Ballot {
    loop {
        if let Some(ballot) = part::<Ballots>(app, id).cast.get(&member) {
            return ballot.clone();
        }
        app.run(GameSpan::mins(1));
    }
}

#[test]
fn an_angry_member_votes_by_its_anger_and_says_what_it_remembers() {
    let world = small_world(7, 600);
    let (mut calm, mut angry) = (at_war(&world), at_war(&world));
    let (id, member) = until_a_vote(&mut calm);
    assert_eq!(until_a_vote(&mut angry), (id, member));
    let now = calm.now();
    let proposal = part::<Proposal>(&calm, id).clone();
    let enemy = proposal.enemy.unwrap();
    for app in [&mut calm, &mut angry] {
        let world = app.app.world_mut();
        let entity = world.resource::<EntityIndex>().alliance(id.alliance).unwrap();
        let grievance = Decayed { value: 50.0, since: now };
        world.get_mut::<Grievances>(entity).unwrap().0.insert(enemy, grievance);
        // Both have lived through nothing else.
        let entity = world.resource::<EntityIndex>().player(member).unwrap();
        world.entity_mut(entity).remove::<(Born, Mood, Memories)>();
    }
    let target = &proposal.targets[0];
    let remembers = |kind, about, weight| Memory { at: now, kind, about, weight };
    let site = remembers(MemoryKind::Failed, About { site: Some(target.site), ..About::default() }, 0.5);
    let owner = About { player: Some(target.owner), alliance: Some(enemy), site: None };
    let owner = remembers(MemoryKind::Attacked, owner, 0.6);
    let alliance = About { alliance: Some(enemy), ..About::default() };
    let alliance = remembers(MemoryKind::WarDeclared, alliance, 0.65);
    let proposer = About { player: Some(proposal.proposer), ..About::default() };
    let proposer = remembers(MemoryKind::Helped, proposer, 0.3);
    let other = remembers(MemoryKind::LostVillage, about(999_999, 999_999, 0), 1.0);
    let lesser = remembers(MemoryKind::TookVillage, about(999_999, 999_999, 0), 0.9);
    let traits: Traits = of_player(&angry, member.0).unwrap();
    let entity = angry.app.world().resource::<EntityIndex>().player(member).unwrap();
    angry.app.world_mut().entity_mut(entity).insert((
        Born::with(traits),
        Mood { anger: Decayed { value: 0.3, since: now }, fear: Decayed { value: -0.2, since: now } },
        Memories(vec![lesser, other, proposer, alliance, owner, site]),
    ));
    let (first, second) = (answered(&mut calm, id, member), answered(&mut angry, id, member));
    assert_eq!(first.cast_at, second.cast_at);
    let hours = (first.cast_at - now).as_hours();
    let grievance = 0.5 * libm::exp2(-hours / 120.0);
    let input = |ballot: &Ballot, name: &str| {
        ballot.reason.terms.iter().find(|t| t.name == name).and_then(|t| t.input).unwrap()
    };
    let nature = temper(&traits);
    assert!(close(input(&first, "anger"), nature * grievance));
    let stirred = (nature + 0.3 * libm::exp2(-hours / 60.0)).min(1.0);
    assert!(close(input(&second, "anger"), stirred * grievance), "{hours} h later");
    assert!(input(&second, "fear") > input(&first, "fear"), "it is less afraid");
    assert!(second.reason.score > first.reason.score);
    assert_eq!(first.reason.recalls, []);
    // By hand: .5 x 1, .6 x .8, .65 x .6, .3 x .8, 1 x .2; then .9 x .2, which is one too many.
    assert_eq!(second.reason.recalls, [site, owner, alliance, proposer, other]);
    let told = explain(angry.app.world(), id).unwrap().to_string();
    let line = told.lines().find(|l| l.contains(&format!("player {member}:"))).unwrap();
    assert!(line.contains("h ago: ") && line.contains("[remembers ") && line.contains(&other.told(&())), "{line}");
    let spoken = voice(second.vote, &second.reason, &()).unwrap();
    assert!(spoken.contains(&format!("I remember: {}", site.told(&()))), "{spoken}");
}

/// What a campaign of such members comes to in four days: votes for, votes in all, and the minutes of all their alliances.
fn campaign_of(archetype: Archetype) -> (f64, f64, String) {
    let mut world = small_world(7, 600);
    for player in &mut world.players {
        player.archetype = player.membership.map(|_| archetype);
    }
    let mut app = TestApp::with(&world, |app| {
        app.insert_resource(Ruleset { settlers_needed: 0, ..Ruleset::extended() });
        app.add_plugins(ReportPlugin { host: Update.intern() });
    });
    app.run(GameSpan::days(4));
    let (mut approvals, mut votes) = (0.0, 0.0);
    for fact in &app.facts {
        if let Fact::BallotCast { vote, reason, .. } = &fact.fact
            && reason.rule.is_none()
        {
            votes += 1.0;
            approvals += f64::from(*vote == Vote::Approve);
        }
    }
    let world = app.app.world();
    let (channels, tally) = (world.resource::<Channels>(), world.resource::<CampaignTally>());
    let written = tally.directory.active.iter().map(|id| minutes(channels, &tally.directory, *id));
    (approvals, votes, written.collect())
}

#[test]
fn the_minutes_of_aggressors_and_turtles_are_told_apart() {
    let (bold, careful) = (campaign_of(Archetype::Aggressor), campaign_of(Archetype::Turtle));
    let share = |(approvals, votes, _): &(f64, f64, String)| approvals / votes.max(1.0);
    let told = format!("{:?} {:?}", (bold.0, bold.1), (careful.0, careful.1));
    assert!(bold.1 >= 10.0 && careful.1 >= 3.0, "{told}");
    assert!(share(&bold) > share(&careful) + 0.2, "{told}");
    for (phrase, bold_says) in [("I say we strike", true), ("plenty to take", true), ("behind my walls", false)] {
        let (of_bold, of_careful) = (bold.2.matches(phrase).count(), careful.2.matches(phrase).count());
        let (own, other) = if bold_says { (of_bold, of_careful) } else { (of_careful, of_bold) };
        assert!(own > 0 && other == 0, "{phrase}: {of_bold} and {of_careful}\n{}\n{}", bold.2, careful.2);
    }
    assert!(careful.2.contains(" rejected: too few members "), "{}", careful.2);
    for line in bold.2.lines().chain(careful.2.lines()) {
        assert!(!line.ends_with(" rejected"), "why is said: {line}");
        assert!(line.chars().count() <= 120, "{line}");
    }
}

#[test]
fn a_campaign_remembers_only_what_its_members_lived_through() {
    let mut app = TestApp::new(&small_world(7, 600));
    app.run(GameSpan::days(6));
    let settings = settings(&app);
    let mut players = app.app.world_mut().query::<(
        &bevy_alliance::base::contract::Player,
        &Traits,
        Option<&Born>,
        Option<&Mood>,
        Option<&Memories>,
    )>();
    let mut seen = 0;
    for (player, traits, born, mood, memories) in players.iter(app.app.world()) {
        assert_eq!((born.is_some(), mood.is_some()), (memories.is_some(), memories.is_some()));
        let (Some(born), Some(memories)) = (born, memories) else { continue };
        assert!(memories.0.len() <= settings.memories_kept && memories.0.is_sorted_by_key(|m| m.at));
        for (now, first) in traits.all().into_iter().zip(born.traits.all()) {
            assert!((now - first).abs() <= settings.drift_week + 1e-9, "one week has not passed");
        }
        for memory in &memories.0 {
            seen += 1;
            let lived = app.facts.iter().filter(|f| f.at == memory.at).any(|f| match (&f.fact, memory.kind) {
                (Fact::BattleFought { site, .. }, MemoryKind::Attacked | MemoryKind::Held | MemoryKind::Helped) => {
                    Some(*site) == memory.about.site
                }
                (Fact::SiteChanged { site, from, .. }, MemoryKind::LostVillage) => {
                    Some(*site) == memory.about.site && *from == Some(player.id)
                }
                (Fact::SiteChanged { site, to, .. }, MemoryKind::TookVillage) => {
                    Some(*site) == memory.about.site && *to == Some(player.id)
                }
                (Fact::OperationConcluded(report), MemoryKind::Won | MemoryKind::Failed | MemoryKind::LetDown) => {
                    report.members.iter().any(|(member, ..)| *member == player.id)
                }
                (
                    Fact::StanceChanged { a, b, .. },
                    MemoryKind::WarDeclared | MemoryKind::Betrayed | MemoryKind::Peace,
                ) => [Some(*a), Some(*b)].contains(&player.alliance),
                _ => false,
            });
            assert!(lived, "player {} remembers {memory:?}", player.id);
        }
    }
    assert!(seen > 20, "only {seen} memories in six days");
}

/// Who was helped by whom in something that only the game knows of.
#[derive(Resource, Default)]
struct Deeds(Vec<(PlayerId, PlayerId)>);

/// As the README has it.
fn helped(mut deeds: ResMut<Deeds>, mut lived: MessageWriter<Lived>) {
    lived.write_batch(deeds.0.drain(..).map(|(member, by)| {
        let about = About { player: Some(by), ..About::default() };
        Lived { member, kind: MemoryKind::Helped, about, weight: 0.6 }
    }));
}

#[test]
fn a_game_says_what_members_live_through_and_who_they_are() {
    let mut app = war().start(Ruleset::extended());
    let between = helped.after(CampaignSystems::Settle).before(PersonalitySystems::Remember);
    app.app.init_resource::<Deeds>().add_systems(Campaign, between);
    let bold = Traits { extraversion: 0.9, ..Traits::LOYALIST };
    let entity = app.app.world().resource::<EntityIndex>().player(PlayerId(3)).unwrap();
    app.app.world_mut().entity_mut(entity).insert(bold);
    app.app.world_mut().resource_mut::<Deeds>().0.push((PlayerId(3), PlayerId(4)));
    app.run(GameSpan::days(1));
    let memories = memories(&app, 3);
    let told: Vec<String> = memories.iter().map(|memory| memory.told(&())).collect();
    assert_eq!(told, ["player 4 stood by me at my village"]);
    assert!(of_player::<Mood>(&app, 3).is_some(), "it moves the member");
    let born = of_player::<Born>(&app, 3).unwrap();
    assert_eq!(born.traits, bold, "it was born as the game says");
}
