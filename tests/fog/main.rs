//! NPCs do not look under the fog: worlds that differ only in what a knower has not observed see it decide alike.
//!
//! The two worlds of a pair are equal but for hidden truth of villages and players that a knower (a deliberating
//! alliance, or a player by itself) does not own. What it decides is taken from facts and orders, what it sees from its
//! observations and the reports of which they are made; nothing here shares code with the gateway of `knowledge`. Up to
//! the first instant at which the two see something else, the two must have decided the same.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod diary;
mod pair;

use bevy::prelude::*;
use bevy_alliance::base::clock::{Campaign, CampaignSystems, GameSpan, GameTime, HostSystems};
use bevy_alliance::base::contract::{BallotRequested, CastVote, LaunchDue, LaunchMarch, Manner, Site, Vote};
use bevy_alliance::base::id::{Knower, SiteId};
use bevy_alliance::base::rng::{Purpose, Stream};
use bevy_alliance::base::ruleset::Force;
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::world::village::Garrison;
use diary::{Diaries, Diary, People};
use pair::{Pair, SPAN, STIRRED_EVERY};
use std::collections::{BTreeMap, BTreeSet};

/// The first instant at which two diaries differ.
fn first_difference(a: &Diary, b: &Diary) -> Option<GameTime> {
    let equal = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    a.get(equal).into_iter().chain(b.get(equal)).map(|(at, _)| *at).min()
}

/// What was compared. Decisions and hours count from the instant on at which the two worlds differ.
#[derive(Default, Debug)]
struct Compared {
    pairs: usize,
    /// Alliances and lone players that decided or saw anything.
    knowers: usize,
    alliances: usize,
    /// Decisions of lone players.
    alone: usize,
    /// Alliances that saw something else in the end.
    saw: usize,
    /// Alliances before which something public differed first.
    public: usize,
    decisions: usize,
    /// Alliances that decided at least 20 times before anything differed for them.
    long: usize,
    /// The longest list of equal decisions.
    most: usize,
    hours: f64,
    /// Things that allies told.
    told: usize,
    /// Things that members brought along.
    brought: usize,
}

impl Compared {
    fn note(&mut self, knower: Knower, Equal { decisions, seen, public }: Equal, from: GameTime) {
        self.knowers += 1;
        if matches!(knower, Knower::Player(_)) {
            self.alone += decisions;
            return;
        }
        let cut = seen.into_iter().chain(public).min();
        self.alliances += 1;
        self.saw += usize::from(seen.is_some() && seen == cut);
        self.public += usize::from(cut.is_some() && seen != cut);
        self.decisions += decisions;
        self.long += usize::from(decisions >= 20);
        self.most = self.most.max(decisions);
        self.hours += (cut.unwrap_or(GameTime(0) + SPAN) - from).as_hours();
    }
}

/// What is equal for a knower: so many decisions since the worlds differ, up to the first instant at which it sees
/// something else, or at which something public differs.
struct Equal {
    decisions: usize,
    seen: Option<GameTime>,
    public: Option<GameTime>,
}

/// Compares what a knower decided in two worlds before it saw something else.
fn compare(knower: Knower, worlds: [&Diaries; 2], from: GameTime) -> Result<Equal, String> {
    let none = Diary::new();
    let of =
        |diaries: fn(&Diaries) -> &BTreeMap<Knower, Diary>| worlds.map(|w| diaries(w).get(&knower).unwrap_or(&none));
    let [a, b] = of(|d| &d.seen);
    let (seen, public) = (first_difference(a, b), first_difference(&worlds[0].public, &worlds[1].public));
    let cut = seen.into_iter().chain(public).min();
    let before =
        |diary: &Diary| -> Diary { diary.iter().filter(|(at, _)| cut.is_none_or(|cut| *at < cut)).cloned().collect() };
    let [a, b] = of(|d| &d.decided).map(before);
    let Some(at) = first_difference(&a, &b) else {
        let decisions = a.iter().filter(|(at, _)| *at >= from).count();
        return Ok(Equal { decisions, seen, public });
    };
    let told = |diary: &Diary| diary.iter().filter(|(t, _)| *t == at).map(|(_, what)| what.clone()).collect::<Vec<_>>();
    Err(format!("{knower:?} decides at {at} (cut {cut:?}) {:#?}, and {:#?}", told(&a), told(&b)))
}

/// Players send raids, led by nobody: the same in both worlds, drawn from what stands in the first.
fn stir(worlds: &mut [TestApp; 2], stream: &mut Stream) {
    let world = worlds[0].app.world_mut();
    let mut homes: Vec<(SiteId, Force)> =
        world.query::<(&Site, &Garrison)>().iter(world).map(|(site, g)| (site.id, g.home.clone())).collect();
    homes.sort_unstable_by_key(|(site, _)| *site);
    for _ in 0..6 {
        let (origin, home) = stream.pick(&homes).unwrap();
        let (target, _) = stream.pick(&homes).unwrap();
        let manner = if stream.chance(0.2) { Manner::Siege } else { Manner::Raid };
        let force = home.share(stream.unit() / 2.0);
        let march = LaunchMarch { origin: *origin, target: *target, force, manner, aims: [None; 2] };
        for world in worlds.iter_mut() {
            world.app.world_mut().write_message(march.clone());
        }
    }
}

/// Runs both worlds of a pair and compares all whom the change was hidden from.
fn check_pair(seed: u64, step: GameSpan, extra: fn(&mut App), compared: &mut Compared) -> Result<(), String> {
    let mut pair = Pair::draw(seed);
    let mut worlds = [pair.start(extra), pair.start(extra)];
    let is_stirred = pair.stream.chance(0.5);
    let mut told = BTreeSet::new();
    let mut raids = Stream::new(seed, 1, Purpose::EXAMPLE, 0);
    let from = GameTime(0) + pair.at;
    while worlds[0].now() < GameTime(0) + SPAN {
        let now = worlds[0].now();
        if now == from {
            told = pair.change(&mut worlds[1]);
        }
        let mut span = STIRRED_EVERY - GameSpan((now - GameTime(0)).0 % STIRRED_EVERY.0);
        if let Some(moves) = &pair.moves
            && now == GameTime(0) + GameSpan::hours(24)
        {
            worlds.iter_mut().for_each(|world| world.app.world_mut().write_message(*moves).map_or((), drop));
        }
        if is_stirred && span == STIRRED_EVERY {
            stir(&mut worlds, &mut raids);
        }
        if now < from {
            span = span.min(from - now);
        }
        worlds.iter_mut().for_each(|world| world.run_in_steps(span, step));
    }
    let [a, b] = worlds.each_ref().map(|w| w.app.world().resource::<Diaries>());
    let knowers: BTreeSet<Knower> =
        [a, b].iter().flat_map(|d| d.decided.keys().chain(d.seen.keys())).copied().collect();
    compared.pairs += 1;
    for (_, what) in a.seen.values().flatten() {
        compared.told += usize::from(what.contains("AllyTold"));
        compared.brought += usize::from(what.contains("BroughtAlong"));
    }
    for knower in knowers.difference(&told) {
        let equal = compare(*knower, [a, b], from).map_err(|why| format!("pair {seed}: {why}"))?;
        compared.note(*knower, equal, from);
    }
    Ok(())
}

fn check_pairs(seeds: core::ops::Range<u64>) -> Compared {
    let mut compared = Compared::default();
    for seed in seeds {
        if let Err(why) = check_pair(seed, GameSpan::hours(1), |_| {}, &mut compared) {
            panic!("{why}");
        }
    }
    eprintln!("{compared:#?}");
    compared
}

#[test]
fn what_is_hidden_changes_no_decision() {
    let compared = check_pairs(0..40);
    assert!(compared.alliances >= 40 && compared.saw >= 10, "{compared:?}");
    assert!(compared.told > 0 && compared.brought > 0, "nothing was told on: {compared:?}");
    assert!(compared.long >= 20, "too few decisions before anybody saw anything else: {compared:?}");
}

/// The same with 10,000 pairs:
///
/// ```sh
/// cargo test --release --test fog -- --ignored --nocapture
/// ```
///
/// `FOG_PAIRS=FROM..TO` names other ones.
#[test]
#[ignore = "takes hours"]
fn what_is_hidden_changes_no_decision_in_10_000_pairs() {
    let named = std::env::var("FOG_PAIRS").ok();
    let range = named.as_deref().and_then(|range| range.split_once(".."));
    let (from, to) = range.map_or((0, 10_000), |(from, to)| (from.parse().unwrap(), to.parse().unwrap()));
    check_pairs(from..to);
}

/// A planted leak is found by one of some pairs, which finds nothing without it.
#[track_caller]
fn check_caught(leak: fn(&mut App)) {
    let step = GameSpan::mins(10);
    let check = |seed, leak: fn(&mut App)| check_pair(seed, step, leak, &mut Compared::default());
    // A leak shows only where somebody decides after what is hidden has differed: as many pairs as that takes.
    let caught = (0..60).find_map(|seed| Some((seed, check(seed, leak).err()?)));
    let (seed, why) = caught.expect("the leak is caught");
    eprintln!("pair {seed}: {why}");
    assert!(why.contains("decides"));
    assert_eq!(check(seed, |_| {}), Ok(()));
}

#[test]
fn without_a_leak_the_same_pairs_agree() {
    for seed in 0..12 {
        assert_eq!(check_pair(seed, GameSpan::mins(10), |_| {}, &mut Compared::default()), Ok(()));
    }
}

/// Votes for whoever is asked: yes or no by what stands in the villages of others, which nobody told it.
fn vote_by_hidden_garrisons(
    mut asked: MessageReader<BallotRequested>,
    people: People,
    garrisons: Query<(&Site, &Garrison)>,
    mut votes: MessageWriter<CastVote>,
) {
    for asked in asked.read() {
        let own = Some(Knower::Alliance(asked.proposal.alliance));
        let hidden = garrisons.iter().filter(|(site, _)| people.knower(site.owner) != own);
        let troops: u64 = hidden.map(|(_, garrison)| garrison.home.total()).sum();
        let vote = if troops.is_multiple_of(2) { Vote::Reject } else { Vote::Abstain };
        votes.write(vote_of(asked, vote, None));
    }
}

fn vote_of(asked: &BallotRequested, vote: Vote, text: Option<String>) -> CastVote {
    let (proposal, member) = (asked.proposal, asked.member);
    CastVote { proposal, member, vote, pledge_share: 0.0, conditions: Vec::new(), text }
}

#[test]
fn a_vote_that_peeks_into_foreign_garrisons_is_caught() {
    check_caught(|app| {
        app.add_systems(Update, vote_by_hidden_garrisons.before(HostSystems::Inputs));
    });
}

/// Marches that left so far, of all villages of the world: the kind of counter that ids must not have.
#[derive(Resource, Default)]
struct MarchesEver(u64);

fn count_marches(mut launched: MessageReader<LaunchDue>, mut ever: ResMut<MarchesEver>) {
    ever.0 += u64::try_from(launched.read().count()).unwrap();
}

/// Votes with a number that it got from a global counter.
fn vote_by_number(
    mut asked: MessageReader<BallotRequested>,
    ever: Res<MarchesEver>,
    mut votes: MessageWriter<CastVote>,
) {
    votes.write_batch(asked.read().map(|a| vote_of(a, Vote::Abstain, Some(format!("after march {}", ever.0)))));
}

#[test]
fn a_number_that_counts_what_others_do_is_caught() {
    check_caught(|app| {
        app.init_resource::<MarchesEver>()
            .add_systems(Campaign, count_marches.in_set(CampaignSystems::Publish))
            .add_systems(Update, vote_by_number.before(HostSystems::Inputs));
    });
}
