//! Where alliances look: budgets, no double looks, decoys, second looks, and policies.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy::prelude::World;
use bevy_alliance::action::operations::Operation;
use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{
    CampaignFact, Fact, LaunchMarch, Manner, Model, PlayerKind, Rank, Scenario, Site, Stance, Stances, TrainTroops,
};
use bevy_alliance::base::geometry::{Tile, Torus};
use bevy_alliance::base::id::{AllianceId, EntityIndex, OrderId, PlayerId, ProposalId, SiteId};
use bevy_alliance::decision::planning::PlanningSettings;
use bevy_alliance::edge::report::Directory;
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::knowledge::intel::IntelReport;
use bevy_alliance::strategy::war_council::{ScoutingPolicy, ScoutingSettings, WarCouncilSettings};
use bevy_alliance::world::village::{Economy, EconomySettings, Garrison, Stores};
use common::{LEGIONNAIRE, Made, force};
use std::collections::{BTreeMap, BTreeSet};

fn world(seed: u64) -> Scenario {
    small_world(seed, 400)
}

/// A campaign in which nobody trains: there are never more scouts than in the beginning.
fn start(scenario: &Scenario, change: impl FnOnce(&mut ScoutingSettings)) -> TestApp {
    // The wars last, and councils meet and choose as when it was measured what looks find.
    let period = GameSpan::hours(6);
    let mut settings = WarCouncilSettings { diplomacy: false, period, ..WarCouncilSettings::default() };
    settings.scouting.parties_per_session = 10;
    settings.scouting.parties_per_member = 2;
    settings.scouting.decoys_per_session = 3;
    change(&mut settings.scouting);
    let mut planning = PlanningSettings::default();
    planning.scores.owner = 0.0;
    TestApp::with(scenario, |app| {
        app.insert_resource(settings).insert_resource(planning).insert_resource(EconomySettings::still());
    })
}

/// A party that was sent.
struct Party {
    at: GameTime,
    alliance: AllianceId,
    order: OrderId,
    origin: SiteId,
    target: SiteId,
    decoy: bool,
}

fn parties(app: &TestApp) -> Vec<Party> {
    app.facts
        .iter()
        .filter_map(|f| match f.fact {
            Fact::ScoutsSent { alliance, order, origin, target, decoy } => {
                Some(Party { at: f.at, alliance, order, origin, target, decoy })
            }
            _ => None,
        })
        .collect()
}

fn directory(app: &mut TestApp) -> Directory {
    Directory::of_world(app.app.world_mut())
}

#[test]
fn nobody_looks_twice_at_once_nor_soon_again() {
    let mut looks = 0;
    for (seed, policy) in [(1, ScoutingPolicy::Value), (2, ScoutingPolicy::Random), (3, ScoutingPolicy::OldestFirst)] {
        let mut app = start(&world(seed), |s| {
            s.policy = policy;
            s.decoys_per_look = 0.0;
            s.relook_after = GameSpan::days(365);
        });
        app.run(GameSpan::days(8));
        let names = directory(&mut app);
        let mut under_way: BTreeSet<(AllianceId, SiteId)> = BTreeSet::new();
        let mut seen: BTreeMap<(AllianceId, SiteId), GameTime> = BTreeMap::new();
        for CampaignFact { at, fact } in &app.facts {
            match fact {
                Fact::ScoutsSent { alliance, target, .. } => {
                    let look = (*alliance, *target);
                    assert!(under_way.insert(look), "{policy:?}: {look:?} at {at} is looked at twice at once");
                    let fresh = seen.get(&look).is_some_and(|last| *at - *last < GameSpan::hours(48));
                    assert!(!fresh, "{policy:?}: {look:?} was seen less than a half-life before {at}");
                    looks += 1;
                }
                Fact::SiteScouted { site, by, sent, lost } => {
                    let look = (names.alliance_of[by], *site);
                    under_way.remove(&look);
                    if lost < sent {
                        seen.insert(look, *at);
                    }
                }
                _ => {}
            }
        }
    }
    assert!(looks > 500, "{looks} looks");
}

#[test]
fn budgets_of_session_member_and_day_are_kept() {
    for (seed, share) in [(4, 0.5), (5, 1.0)] {
        let scenario = world(seed);
        let mut app = start(&scenario, |s| s.scouts_per_member_day = share);
        let world = app.app.world_mut();
        let classes = scout_classes();
        let mut scouts: BTreeMap<PlayerId, u64> = BTreeMap::new();
        for (site, garrison) in world.query::<(&Site, &Garrison)>().iter(world) {
            let own = garrison.home.iter().filter(|(class, _)| classes.contains(class)).map(|(_, n)| u64::from(n));
            *scouts.entry(site.owner).or_default() += own.sum::<u64>();
        }
        app.run(GameSpan::days(4));
        let names = directory(&mut app);
        let left: BTreeMap<OrderId, u64> = app
            .facts
            .iter()
            .filter_map(|f| match f.fact {
                Fact::GroupLaunched { order, units, .. } => Some((order, units)),
                _ => None,
            })
            .collect();
        let mut gone: BTreeMap<PlayerId, Vec<(GameTime, u64)>> = BTreeMap::new();
        let mut sessions: BTreeMap<(GameTime, AllianceId), (usize, usize)> = BTreeMap::new();
        let mut members: BTreeMap<(GameTime, PlayerId), usize> = BTreeMap::new();
        for party in parties(&app) {
            let member = names.sites[&party.origin].1;
            let session = sessions.entry((party.at, party.alliance)).or_default();
            if party.decoy {
                session.1 += 1;
            } else {
                session.0 += 1;
            }
            *members.entry((party.at, member)).or_default() += 1;
            gone.entry(member).or_default().push((party.at, left.get(&party.order).copied().unwrap_or(0)));
        }
        assert!(sessions.values().all(|(looks, decoys)| *looks <= 10 && *decoys <= 3));
        assert!(members.values().all(|parties| *parties <= 2));
        let mut most: f64 = 0.0;
        for (member, gone) in gone {
            for (at, _) in &gone {
                let day = gone.iter().filter(|(t, _)| t <= at && *at - *t < GameSpan::hours(24));
                #[expect(clippy::cast_precision_loss, reason = "some hundred scouts")]
                let used = day.map(|(_, n)| n).sum::<u64>() as f64 / scouts[&member] as f64;
                assert!(used <= share + 1e-9, "player {member} sent {used} of its scouts within a day up to {at}");
                most = most.max(used);
            }
        }
        assert!(most > 0.8 * share, "the budget was never needed: {most}");
    }
}

fn scout_classes() -> BTreeSet<bevy_alliance::base::id::UnitClass> {
    use bevy_alliance::base::ruleset::{Ruleset, UnitRole};
    let rules = Ruleset::extended();
    let classes = (0..).zip(&rules.units).filter(|(_, unit)| unit.role == UnitRole::Scout);
    classes.map(|(n, _)| bevy_alliance::base::id::UnitClass(n)).collect()
}

#[test]
fn decoys_go_near_what_is_looked_at_and_to_no_target() {
    let mut decoys = 0;
    let mut looks = 0;
    for seed in 1..=6 {
        let scenario = world(seed);
        let mut app = start(&scenario, |_| {});
        let torus = *app.app.world().resource::<Torus>();
        let world = app.app.world_mut();
        let places = |world: &mut World| -> BTreeMap<SiteId, (Tile, PlayerId)> {
            world.query::<&Site>().iter(world).map(|s| (s.id, (s.at, s.owner))).collect()
        };
        let before = places(world);
        app.run(GameSpan::days(3));
        // Whose the sites were before any was taken; and those that were founded since.
        let mut places = places(app.app.world_mut());
        places.extend(before);
        let names = directory(&mut app);
        let sent = parties(&app);
        for party in &sent {
            if !party.decoy {
                looks += 1;
                continue;
            }
            decoys += 1;
            let (at, owner) = places[&party.target];
            let enemy = names.alliance_of[&owner];
            let world = app.app.world();
            let stances = world.get::<Stances>(world.resource::<EntityIndex>().alliance(party.alliance).unwrap());
            assert_eq!(stances.unwrap().to(enemy), Stance::War);
            let beside = sent.iter().any(|p| {
                let (there, other) = places[&p.target];
                !p.decoy
                    && (p.at, p.alliance) == (party.at, party.alliance)
                    && names.alliance_of.get(&other) == Some(&enemy)
                    && torus.distance(at, there) <= 15.0
            });
            assert!(beside, "a decoy at {} covers nothing", party.target);
            let attacked = app.facts.iter().any(|f| match &f.fact {
                Fact::ProposalSubmitted { proposal, targets, .. } => {
                    proposal.alliance == party.alliance && f.at == party.at && targets.contains(&party.target)
                }
                _ => false,
            });
            assert!(!attacked, "a decoy at {} gives away the target of the same session", party.target);
        }
        let mut without = start(&scenario, |s| s.decoys_per_look = 0.0);
        without.run(GameSpan::days(1));
        assert!(parties(&without).iter().all(|p| !p.decoy));
    }
    assert!(decoys > 20 && 8 * decoys < 4 * looks, "{decoys} decoys beside {looks} looks");
}

/// Launches of an operation that started: its targets and when the first group leaves.
fn started(app: &TestApp, from: usize) -> Vec<(ProposalId, BTreeSet<SiteId>, GameTime)> {
    let operations = app.facts[from..].iter().filter_map(|f| match &f.fact {
        Fact::OperationStarted { operation, goal, rows, .. } if goal == "break" => {
            let targets = rows.iter().map(|r| r.target).collect();
            Some((*operation, targets, rows.iter().map(|r| r.launch).max()?))
        }
        _ => None,
    });
    operations.collect()
}

#[test]
fn a_second_look_before_the_launch_calls_off_what_has_become_hopeless() {
    let (mut seen, mut called_off) = (0, 0);
    for seed in 1..=16 {
        let mut app = start(&world(seed), |_| {});
        let mut known = 0;
        for _ in 0..6 * 24 {
            app.run(GameSpan::hours(1));
            let new = started(&app, known);
            known = app.facts.len();
            for (id, targets, last) in new {
                // Whoever has not left for another eight hours can still be told of what has come there.
                if last - app.now() < GameSpan::hours(8) {
                    continue;
                }
                for site in targets.clone() {
                    let world = app.app.world_mut();
                    let entity = world.resource::<EntityIndex>().site(site).unwrap();
                    let mut garrison = world.get_mut::<Garrison>(entity).unwrap();
                    let more: Vec<_> = garrison.home.iter().map(|(class, n)| (class, n * 199)).collect();
                    more.into_iter().for_each(|(class, n)| garrison.home.add(class, n));
                }
                let (begin, grown) = (app.facts.len(), app.now());
                app.run(last - grown);
                // Scouts may die, and some stay at home; and where hundreds of times as much is sent as stands there, even that
                // is not beyond hope.
                let again = targets.iter().any(|site| {
                    let world = app.app.world();
                    let entity = world.resource::<EntityIndex>().proposal(id);
                    let operation = entity.and_then(|e| world.get::<Operation>(e)).unwrap();
                    // What draws eyes elsewhere is not called off for what stands there.
                    if !operation.targets.iter().any(|t| t.site == *site && t.expected_ratio <= 100.0) {
                        return false;
                    }
                    let report = world.resource::<EntityIndex>().report(id.alliance, *site);
                    let report = report.and_then(|e| world.get::<IntelReport>(e)).and_then(|r| r.troops.as_ref());
                    report.is_some_and(|troops| troops.observed_at > grown)
                });
                seen += usize::from(again);
                called_off += usize::from(app.facts[begin..].iter().any(|f| match &f.fact {
                    Fact::OperationRevised { operation, reason, cites, .. } => {
                        // It rests on what was seen after the garrison grew.
                        let fresh = cites.iter().any(|c| f.at - c.observed_at < GameSpan::hours(8));
                        let seen = ["reinforcements_seen", "new_intel"].iter().any(|r| reason.starts_with(r));
                        *operation == id && seen && fresh
                    }
                    _ => false,
                }));
                known = app.facts.len();
            }
        }
    }
    assert!(seen >= 8 && 4 * called_off >= 3 * seen, "{called_off} of {seen}");
}

#[test]
fn policies_differ_and_each_is_the_same_twice() {
    let of = |policy| {
        let mut app = start(&world(6), |s| {
            s.policy = policy;
            s.parties_per_session = 2;
        });
        // While nobody has seen anything, the oldest are drawn by lot too.
        app.run(GameSpan::days(6));
        parties(&app).into_iter().map(|p| (p.at, p.alliance, p.origin, p.target, p.decoy)).collect::<Vec<_>>()
    };
    let all = [ScoutingPolicy::Value, ScoutingPolicy::OldestFirst, ScoutingPolicy::Random].map(of);
    assert!(all.iter().all(|parties| parties.len() > 20));
    assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
    assert_eq!(of(ScoutingPolicy::Random), all[2]);
}

/// Of the looks of the first 12 hours the share that were the first at their owner; and of those from the second to the fourth
/// day, at sites other than the most populous of their owners, ln(goods of the army there at the start / inhabitants).
fn owners_looked_at(scenario: &Scenario, change: impl FnOnce(&mut ScoutingSettings)) -> (f64, Vec<f64>) {
    let mut app = start(scenario, |s| {
        s.relook_after = GameSpan::days(365);
        s.decoys_per_look = 0.0;
        change(s);
    });
    let model = app.app.world().resource::<Model>().clone();
    let world = app.app.world_mut();
    let mut sites: BTreeMap<SiteId, (PlayerId, u32, i64)> = BTreeMap::new();
    let mut largest: BTreeMap<PlayerId, u32> = BTreeMap::new();
    for (site, garrison) in world.query::<(&Site, &Garrison)>().iter(world) {
        sites.insert(site.id, (site.owner, site.population, model.cost(&garrison.home)));
        let most = largest.entry(site.owner).or_default();
        *most = (*most).max(site.population);
    }
    app.run(GameSpan::days(4));
    // Villages that were founded meanwhile tell nothing.
    let look = |p: &Party| {
        let (owner, population, army) = *sites.get(&p.target)?;
        #[expect(clippy::cast_precision_loss, reason = "goods of one site")]
        let army = army as f64;
        (population < largest[&owner]).then(|| libm::log(army / f64::from(population)))
    };
    let parties = parties(&app);
    let at = |hours| GameTime(0) + GameSpan::hours(hours);
    let later = |p: &&Party| (at(24)..at(96)).contains(&p.at);
    let owner = |p: &Party| Some((p.alliance, sites.get(&p.target)?.0));
    let mut owners = BTreeSet::new();
    let first: Vec<_> = parties.iter().filter(|p| p.at < at(12)).filter_map(owner).collect();
    let new = first.iter().filter(|o| owners.insert(**o)).count();
    (count(new) / count(first.len()), parties.iter().filter(later).filter_map(look).collect())
}

#[expect(clippy::cast_precision_loss, reason = "some hundreds")]
fn count(n: usize) -> f64 {
    n as f64
}

#[test]
fn what_was_seen_at_one_site_tells_where_else_to_look() {
    let (mut alike, mut unlike, mut by_lot) = (Vec::new(), Vec::new(), Vec::new());
    let (mut spread, mut huddled) = (0.0, 0.0);
    for seed in 11..19 {
        let scenario = small_world(seed, 1_000);
        let (owners, looks) = owners_looked_at(&scenario, |_| {});
        spread += owners;
        alike.extend(looks);
        let (owners, looks) = owners_looked_at(&scenario, |s| s.alike = 0.0);
        huddled += owners;
        unlike.extend(looks);
        by_lot.extend(owners_looked_at(&scenario, |s| s.policy = ScoutingPolicy::Random).1);
    }
    let mean = |looks: &[f64]| looks.iter().sum::<f64>() / count(looks.len());
    let (alike, unlike, by_lot) = (mean(&alike), mean(&unlike), mean(&by_lot));
    // Small armies are found more often than by lot, and than by who holds that owners differ in nothing: over these worlds by
    // e^-.17 and e^-.10.
    assert!(alike < by_lot - 0.1 && alike < unlike - 0.05, "{alike} {unlike} {by_lot}");
    assert!(spread > huddled + 0.05, "{spread} {huddled}");
}

/// Of the owners of whose villages first an empty one is seen, not the seat: how many there are, and at how many of them a look
/// at another of their smaller villages follows within four days.
fn looked_on_after_an_empty_one(seed: u64) -> (usize, usize) {
    let mut app = start(&small_world(seed, 1_000), |s| s.decoys_per_look = 0.0);
    let world = app.app.world_mut();
    let mut of: BTreeMap<PlayerId, Vec<(u32, SiteId)>> = BTreeMap::new();
    for site in world.query::<&Site>().iter(world) {
        of.entry(site.owner).or_default().push((site.population, site.id));
    }
    of.values_mut().for_each(|sites| sites.sort_unstable());
    // Of four villages and more the two smallest stand empty.
    let empty: BTreeSet<SiteId> =
        of.values().filter(|s| s.len() >= 4).flat_map(|s| s[..2].iter().map(|(_, id)| *id)).collect();
    let owner: BTreeMap<SiteId, PlayerId> = of.iter().flat_map(|(p, s)| s.iter().map(|(_, id)| (*id, *p))).collect();
    for (site, mut garrison) in world.query::<(&Site, &mut Garrison)>().iter_mut(world) {
        if empty.contains(&site.id) {
            garrison.home = Default::default();
        }
    }
    app.run(GameSpan::days(4));
    let names = directory(&mut app);
    let (mut first, mut followed) = (BTreeMap::new(), BTreeSet::new());
    for CampaignFact { at, fact } in &app.facts {
        let Fact::SiteScouted { site, by, .. } = fact else { continue };
        // Of a village that was founded meanwhile nothing was arranged.
        let Some(owner) = owner.get(site) else { continue };
        let looked = (names.alliance_of[by], *owner);
        let is_small = of[&looked.1].last().is_some_and(|(_, seat)| seat != site);
        match first.get(&looked) {
            None if is_small => {
                first.insert(looked, (empty.contains(site), *at));
            }
            Some((true, seen)) if is_small && !empty.contains(site) && at > seen => {
                followed.insert(looked);
            }
            _ => {}
        }
    }
    (first.values().filter(|(empty, _)| *empty).count(), followed.len())
}

#[test]
fn one_empty_village_does_not_hide_the_others_of_its_owner() {
    let (mut owners, mut followed) = (0, 0);
    for seed in 11..15 {
        let (of, on) = looked_on_after_an_empty_one(seed);
        (owners, followed) = (owners + of, followed + on);
    }
    assert!(owners >= 10 && 10 * followed >= owners, "{followed} of {owners}");
}

/// What a village holds after twelve hours in which it trained, with scouts that came by in between or without.
fn after_half_a_day(scouts: Option<u32>) -> String {
    let human = PlayerKind::Human;
    let made = Made::new().quiet_alliance(1).quiet_alliance(2);
    let made = made.player(1, 1, Rank::Leader, human).player(3, 2, Rank::Leader, human);
    let made = made.village(1, 1, (4, 0), &[("equites_legati", 30)]);
    let mut app = made.village(9, 3, (0, 0), &[(LEGIONNAIRE, 50)]).start_living();
    let train = |n| TrainTroops { site: SiteId(9), force: force(&[(LEGIONNAIRE, n)]) };
    app.send(train(200));
    app.run(GameSpan::hours(5));
    if let Some(n) = scouts {
        let force = force(&[("equites_legati", n)]);
        let march = LaunchMarch { origin: SiteId(1), target: SiteId(9), force, manner: Manner::Scout, aims: [None; 2] };
        app.send(march);
    }
    app.run(GameSpan::hours(7));
    assert_eq!(scouts.is_some(), app.facts.iter().any(|f| matches!(f.fact, Fact::SiteScouted { lost: 0, .. })));
    // Whoever changes its plans has all of it written down.
    app.send(train(1));
    let world = app.app.world();
    let entity = world.resource::<EntityIndex>().site(SiteId(9)).unwrap();
    let village = world.entity(entity).get_components::<(&Garrison, &Stores, &Economy)>().unwrap();
    assert!(village.0.home.total() > 50, "nobody was trained");
    format!("{village:?}")
}

#[test]
fn scouts_that_nobody_catches_leave_no_trace_in_the_village() {
    assert_eq!(after_half_a_day(None), after_half_a_day(Some(10)));
}
