//! NPCs do not look under the fog: worlds that differ only in what a knower has not observed see it decide alike.
//!
//! The two worlds of a pair are equal but for hidden truth of villages and players that a knower (a deliberating
//! alliance, or a player by itself) does not own. What it decides is taken from facts and orders, what it sees from its
//! observations and the reports of which they are made; nothing here shares code with the gateway of `knowledge`. Up to
//! the first instant at which the two see something else, the two must have decided the same.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy_alliance::base::clock::{Campaign, CampaignSystems, DueBatch, GameSpan, GameTime, HostSystems};
use bevy_alliance::base::contract::{
    AccountRole, BallotRequested, BattleFought, CampaignFact, CastVote, Fact, LaunchDue, LaunchMarch, Manner,
    MembershipChanged, Player, PlayerKind, RecallGroup, Rhythm, Scenario, ScoutReturned, ScoutsKilled, Site,
    SiteChanged, StanceChanged, Stances, Vote, WithdrawGuests,
};
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{EntityIndex, Knower, OrderId, PlayerId, SiteId, StableId, UnitClass};
use bevy_alliance::base::limits::Limits;
use bevy_alliance::base::rng::{Purpose, Stream};
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::knowledge::intel::ObservationLog;
use bevy_alliance::society::alliance::{Alliance, ProposalCount};
use bevy_alliance::society::personality::Traits;
use bevy_alliance::world::economy::CENSUS;
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use bevy_alliance::world::village::{Buildings, Economy, EconomySettings, Garrison, Stores};
use std::collections::{BTreeMap, BTreeSet};

/// What happened, each with its instant, in the order in which it did.
type Diary = Vec<(GameTime, String)>;

/// What the knowers of one world decided and saw, and what everybody could see.
#[derive(Resource, Default)]
struct Diaries {
    decided: BTreeMap<Knower, Diary>,
    seen: BTreeMap<Knower, Diary>,
    public: Diary,
    /// Observations of each log that are noted.
    noted: BTreeMap<Knower, u64>,
}

/// Who belongs to whom, by queries of our own.
#[derive(SystemParam)]
struct People<'w, 's> {
    index: Res<'w, EntityIndex>,
    players: Query<'w, 's, &'static Player>,
    sites: Query<'w, 's, &'static Site>,
    alliances: Query<'w, 's, (&'static Alliance, &'static Stances)>,
}

impl People<'_, '_> {
    fn knower(&self, player: PlayerId) -> Option<Knower> {
        let player = self.players.get(self.index.player(player)?).ok()?;
        let alliance = player.alliance.and_then(|id| self.alliances.get(self.index.alliance(id)?).ok());
        let active = alliance.filter(|(alliance, _)| alliance.active).map(|(alliance, _)| alliance.id);
        active.map(Knower::Alliance).or((player.kind != PlayerKind::Static).then_some(Knower::Player(player.id)))
    }

    fn holder(&self, site: SiteId) -> Option<Knower> {
        self.knower(self.sites.get(self.index.site(site)?).ok()?.owner)
    }

    fn of_order(&self, order: OrderId) -> Option<Knower> {
        match order {
            OrderId::Group { operation, .. } => Some(Knower::Alliance(operation.alliance)),
            OrderId::Defense { site, .. } => self.holder(site),
        }
    }

    /// Everything that is public of sites, players and alliances.
    fn public(&self) -> String {
        let mut lines: Vec<String> = self.sites.iter().map(|s| format!("{s:?}")).collect();
        lines.extend(self.players.iter().map(|p| format!("{p:?}")));
        lines.extend(self.alliances.iter().map(|(alliance, stances)| format!("{alliance:?} {stances:?}")));
        lines.sort_unstable();
        lines.concat()
    }

    /// Whose decision a fact tells of.
    fn decider(&self, fact: &Fact) -> Option<Knower> {
        match fact {
            Fact::CouncilMet { alliance, .. } | Fact::ScoutsSent { alliance, .. } => Some(Knower::Alliance(*alliance)),
            Fact::ProposalSubmitted { proposal, .. }
            | Fact::BallotCast { proposal, .. }
            | Fact::ProposalDecided { proposal, .. }
            | Fact::DecisionArchived { proposal } => Some(Knower::Alliance(proposal.alliance)),
            Fact::OperationStarted { operation, .. } | Fact::OperationRevised { operation, .. } => {
                Some(Knower::Alliance(operation.alliance))
            }
            Fact::OperationConcluded(report) => Some(Knower::Alliance(report.operation.alliance)),
            Fact::TrustChanged { alliance, .. } => Some(Knower::Alliance(*alliance)),
            Fact::GroupLaunched { order, .. } | Fact::GroupFailed { order, .. } => self.of_order(*order),
            Fact::AlarmRaised { player, .. } | Fact::AlarmAnswered { player, .. } | Fact::Retaliated { player, .. } => {
                self.knower(*player)
            }
            _ => None,
        }
    }
}

/// Notes what was decided, by facts and by orders.
fn note_decisions(
    batch: Res<DueBatch>,
    mut facts: MessageReader<CampaignFact>,
    mut asked: MessageReader<BallotRequested>,
    mut launches: MessageReader<LaunchDue>,
    mut recalls: MessageReader<RecallGroup>,
    mut withdrawals: MessageReader<WithdrawGuests>,
    people: People,
    mut diaries: ResMut<Diaries>,
) {
    let now = batch.now();
    let facts = facts.read().map(|f| (f.at, people.decider(&f.fact), format!("{:?}", f.fact)));
    let asked = asked.read().map(|a| (now, Some(Knower::Alliance(a.proposal.alliance)), format!("{a:?}")));
    let launches = launches.read().map(|l| (now, people.holder(l.origin), format!("{l:?}")));
    let recalls = recalls.read().map(|r| (now, people.of_order(r.order), format!("{r:?}")));
    let withdrawals = withdrawals.read().map(|w| (now, people.of_order(w.order), format!("{w:?}")));
    for (at, who, what) in facts.chain(asked).chain(launches).chain(recalls).chain(withdrawals) {
        if let Some(who) = who {
            diaries.decided.entry(who).or_default().push((at, what));
        }
    }
}

/// Notes what each knower saw: its observations, and the reports of battles and scouts of which they are made, because
/// these also tell of own losses and loot.
fn note_sights(
    batch: Res<DueBatch>,
    logs: Query<(&StableId, &ObservationLog), Changed<ObservationLog>>,
    mut battles: MessageReader<BattleFought>,
    mut scouts: MessageReader<ScoutReturned>,
    mut killed: MessageReader<ScoutsKilled>,
    people: People,
    mut diaries: ResMut<Diaries>,
) {
    let now = batch.now();
    for (id, log) in &logs {
        let knower = match id {
            StableId::Alliance(id) => Knower::Alliance(*id),
            StableId::Player(id) => Knower::Player(*id),
            _ => continue,
        };
        let noted = diaries.noted.insert(knower, log.total).unwrap_or(0);
        let new = usize::try_from(log.total - noted).unwrap();
        assert!(new <= log.latest.len(), "an observation fell out before it was compared");
        let diary = diaries.seen.entry(knower).or_default();
        diary.extend(log.latest.iter().skip(log.latest.len() - new).map(|o| (now, format!("{o:?}"))));
    }
    let battles = battles.read().map(|b| (b.witness, format!("{b:?}")));
    let scouts = scouts.read().map(|s| (s.witness, format!("{s:?}")));
    let killed = killed.read().map(|k| (k.witness, format!("{k:?}")));
    for (witness, what) in battles.chain(scouts).chain(killed) {
        if let Some(knower) = people.knower(witness) {
            diaries.seen.entry(knower).or_default().push((now, what));
        }
    }
}

/// Notes what everybody may see, whenever it may have changed.
fn note_public(
    batch: Res<DueBatch>,
    mut sites: MessageReader<SiteChanged>,
    mut members: MessageReader<MembershipChanged>,
    mut stances: MessageReader<StanceChanged>,
    people: People,
    mut diaries: ResMut<Diaries>,
) {
    let changed = sites.read().count() + members.read().count() + stances.read().count();
    if changed > 0 || !batch.of(CENSUS).is_empty() {
        diaries.public.push((batch.now(), people.public()));
    }
}

/// A pair of worlds, drawn from its number.
struct Pair {
    scenario: Scenario,
    still: bool,
    /// When hidden truth changes in one of the two.
    at: GameSpan,
    /// What is changed.
    sites: BTreeSet<SiteId>,
    what: u64,
    stream: Stream,
}

const SPAN: GameSpan = GameSpan::days(3);
const STIRRED_EVERY: GameSpan = GameSpan::hours(4);

impl Pair {
    fn draw(seed: u64) -> Self {
        let mut stream = Stream::new(seed, 0, Purpose::EXAMPLE, 0);
        let options = GeneratorOptions {
            seed,
            villages: u32::try_from(stream.between(72, 160)).unwrap(),
            half_width: i16::try_from(stream.between(20, 40)).unwrap(),
            alliances: usize::try_from(stream.between(2, 3)).unwrap(),
            ..GeneratorOptions::default()
        };
        let scenario = generate_world(&options, &Ruleset::extended()).unwrap();
        let spared = stream.pick(&scenario.alliances.iter().map(|a| a.id).collect::<Vec<_>>()).copied().unwrap();
        let is_spared = |p: PlayerId| {
            let player = scenario.players.iter().find(|player| player.id == p);
            player.and_then(|player| player.membership).is_some_and(|(alliance, _)| alliance == spared)
        };
        let mut others: Vec<SiteId> = scenario.sites.iter().filter(|s| !is_spared(s.owner)).map(|s| s.id).collect();
        let most = if stream.chance(0.6) { 3 } else { u64::try_from(others.len()).unwrap() };
        let mut sites = BTreeSet::new();
        for _ in 0..=stream.below(most) {
            let place = usize::try_from(stream.below(u64::try_from(others.len()).unwrap())).unwrap();
            sites.insert(others.swap_remove(place));
        }
        let at = if stream.chance(0.5) { GameSpan(0) } else { GameSpan::mins(stream.between(1, 60 * 60)) };
        Self { scenario, still: stream.chance(0.5), at, sites, what: 1 + stream.below(ALL - 1), stream }
    }

    fn start(&self, extra: fn(&mut App)) -> TestApp {
        let mut world = TestApp::with(&self.scenario, |app| {
            app.insert_resource(Limits { lone_observations_kept: 2_000, ..Limits::default() });
            if self.still {
                app.insert_resource(EconomySettings::still());
            }
        });
        let notes = (note_decisions, note_sights, note_public).chain().in_set(CampaignSystems::Last);
        world.app.init_resource::<Diaries>().add_systems(Campaign, notes);
        extra(&mut world.app);
        world
    }

    /// Changes hidden truth of its villages and of their owners; returns the knowers who are told of it: theirs.
    fn change(&mut self, app: &mut TestApp) -> BTreeSet<Knower> {
        let world = app.app.world_mut();
        let owners = world.run_system_cached_with(owners_of, self.sites.clone()).unwrap();
        for site in self.sites.clone() {
            if let Some(entity) = world.resource::<EntityIndex>().site(site) {
                change_village(world, entity, self.what, &mut self.stream);
            }
        }
        for (owner, knower) in &owners {
            let index = world.resource::<EntityIndex>();
            let alliance = knower.and_then(|k| index.knower(k)).filter(|_| matches!(knower, Some(Knower::Alliance(_))));
            let player = index.player(*owner).unwrap();
            change_player(world, (player, alliance), self.what, &mut self.stream);
        }
        owners.into_iter().filter_map(|(_, knower)| knower).collect()
    }
}

fn owners_of(In(sites): In<BTreeSet<SiteId>>, people: People) -> Vec<(PlayerId, Option<Knower>)> {
    let owner = |site: &SiteId| Some(people.sites.get(people.index.site(*site)?).ok()?.owner);
    sites.iter().filter_map(owner).map(|owner| (owner, people.knower(owner))).collect()
}

const TROOPS: u64 = 1;
const STORES: u64 = 2;
const WALL: u64 = 4;
const RESIDENCE: u64 = 8;
const UPGRADES: u64 = 16;
const ROLE: u64 = 32;
const RHYTHM: u64 = 64;
const COUNTERS: u64 = 128;
const TRAITS: u64 = 256;
const ALL: u64 = 512;

fn change_village(world: &mut World, entity: Entity, what: u64, stream: &mut Stream) {
    let mut level = |of: u64| u8::try_from(stream.below(of)).unwrap();
    let (wall, residence) = (level(21), level(21));
    let mut buildings = world.get_mut::<Buildings>(entity).unwrap();
    if what & WALL != 0 {
        buildings.wall = wall;
    }
    if what & RESIDENCE != 0 {
        buildings.residence = residence;
    }
    if what & STORES != 0 {
        let mut stores = world.get_mut::<Stores>(entity).unwrap();
        stores.amount = stores.cap.map(|cap| i64::try_from(stream.below(u64::try_from(cap.max(1)).unwrap())).unwrap());
    }
    let mut garrison = world.get_mut::<Garrison>(entity).unwrap();
    if what & TROOPS != 0 {
        let classes: Vec<(UnitClass, u32)> = garrison.home.iter().collect();
        for (class, n) in classes {
            garrison.home.set(class, u32::try_from(u64::from(n) * stream.below(31) / 10).unwrap());
        }
    }
    if what & UPGRADES != 0 {
        for level in &mut garrison.upgrades {
            *level = u8::try_from(stream.below(21)).unwrap();
        }
    }
    if what & COUNTERS != 0 {
        garrison.marches += 100 + u32::try_from(stream.below(100)).unwrap();
    }
    if what & ROLE != 0
        && let Some(mut economy) = world.get_mut::<Economy>(entity)
    {
        let roles = [AccountRole::Hammer, AccountRole::Anvil, AccountRole::Scout, AccountRole::Economy];
        economy.role = stream.pick(&roles).copied().unwrap();
        economy.establishment = economy.establishment.share(stream.unit());
        economy.spending = Goods::ZERO;
    }
}

/// Changes what is hidden of a player, and how much its alliance has proposed so far.
fn change_player(world: &mut World, (player, alliance): (Entity, Option<Entity>), what: u64, stream: &mut Stream) {
    if what & RHYTHM != 0
        && let Some(mut rhythm) = world.get_mut::<Rhythm>(player)
    {
        let sleep_start_mins = u16::try_from(stream.below(1_440)).unwrap();
        *rhythm = Rhythm { sleep_start_mins, sleep_mins: u16::try_from(stream.below(700)).unwrap(), ..*rhythm };
    }
    if what & TRAITS != 0
        && let Some(mut traits) = world.get_mut::<Traits>(player)
    {
        *traits = stream.pick(&[Traits::AGGRESSIVE, Traits::TURTLE, Traits::NEUTRAL]).copied().unwrap();
    }
    if what & COUNTERS != 0
        && let Some(mut count) = alliance.and_then(|a| world.get_mut::<ProposalCount>(a))
    {
        count.0 += 1_000;
    }
}

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
    println!("{compared:#?}");
    compared
}

#[test]
fn what_is_hidden_changes_no_decision() {
    let compared = check_pairs(0..40);
    assert!(compared.alliances >= 40 && compared.saw >= 10, "{compared:?}");
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

/// The first of some pairs that finds a planted leak. The same pairs find nothing without it.
#[track_caller]
fn check_caught(leak: fn(&mut App)) {
    let step = GameSpan::mins(10);
    let caught = |leak| (0..12).find_map(|seed| check_pair(seed, step, leak, &mut Compared::default()).err());
    let why = caught(leak).expect("the leak is caught");
    println!("{why}");
    assert!(why.contains("decides"));
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
