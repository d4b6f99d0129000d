//! Who may have seen what, by the truth of the world.
//!
//! What is *not* here: the gateway of `knowledge`, and the fights that report to it.

use crate::told::Told;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy_alliance::action::operations::{CLAIMS_TOLD, GROUP_LAUNCHES, OPERATION_REVIEWED, Operation};
use bevy_alliance::base::clock::{Campaign, CampaignSystems, DueBatch, GameSpan, GameTime};
use bevy_alliance::base::contract::{
    BattleFought, EnemyGroup, Manner, MembershipChanged, Player, PlayerKind, Site, SiteChanged, Stance, Stances,
    WorldSystems,
};
use bevy_alliance::base::geometry::{Tile, Torus};
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{
    AllianceId, EntityIndex, Knower, MarchId, OrderId, PlayerId, ProposalId, SiteId, StableId, UnitClass,
};
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::decision::council::Proposal;
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::knowledge::intel::{Cause, Observation, ObservationLog, Seen, Sighting};
use bevy_alliance::society::alliance::Alliance;
use bevy_alliance::world::economy::EconomySystems;
use bevy_alliance::world::march::March;
use bevy_alliance::world::village::stores::read_stores;
use bevy_alliance::world::village::{Blockades, Buildings, Garrison, Guests, Stores};
use std::collections::{BTreeMap, BTreeSet};

/// The truth of a village at an instant.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) owner: PlayerId,
    /// Own troops and guests.
    troops: Force,
    guests: Vec<PlayerId>,
    goods: Goods,
    wall: u8,
    residence: u8,
    blockers: Vec<PlayerId>,
}

/// The truth about marches that are at their target or have just left, and about the villages to which they go.
#[derive(Clone, Default, Debug)]
struct Truth {
    marches: BTreeMap<MarchId, March>,
    places: BTreeMap<SiteId, Place>,
}

/// Queries of our own.
#[derive(SystemParam)]
pub(crate) struct Eyes<'w, 's> {
    batch: Res<'w, DueBatch>,
    index: Res<'w, EntityIndex>,
    torus: Res<'w, Torus>,
    pub(crate) marches: Query<'w, 's, &'static March>,
    sites: Query<'w, 's, (&'static Site, &'static Garrison, &'static Guests, &'static Buildings, &'static Stores)>,
    blockades: Query<'w, 's, &'static Blockades>,
    players: Query<'w, 's, &'static Player>,
    alliances: Query<'w, 's, (&'static Alliance, &'static Stances)>,
    pub(crate) operations: Query<'w, 's, &'static Operation>,
    pub(crate) proposals: Query<'w, 's, &'static Proposal>,
}

impl Eyes<'_, '_> {
    pub(crate) fn now(&self) -> GameTime {
        self.batch.now()
    }

    pub(crate) fn tile(&self, site: SiteId) -> Option<Tile> {
        Some(self.sites.get(self.index.site(site)?).ok()?.0.at)
    }

    pub(crate) fn place(&self, site: SiteId) -> Option<Place> {
        let entity = self.index.site(site)?;
        let (site, garrison, guests, buildings, stores) = self.sites.get(entity).ok()?;
        let mut troops = garrison.home.clone();
        guests.0.values().for_each(|guest| troops.add_all(&guest.force));
        let blocking = &self.blockades.get(entity).ok()?.0;
        let owner = |id: &MarchId| Some(self.marches.get(self.index.march(*id)?).ok()?.owner);
        Some(Place {
            owner: site.owner,
            troops,
            guests: guests.0.values().map(|guest| guest.owner).collect(),
            goods: read_stores(stores, self.now()).amount,
            wall: buildings.wall,
            residence: buildings.residence,
            blockers: blocking.iter().filter_map(owner).collect(),
        })
    }

    /// Whether anything happens that may change what operations claim.
    fn claims_may_change(&self) -> bool {
        [CLAIMS_TOLD, OPERATION_REVIEWED, GROUP_LAUNCHES].into_iter().any(|kind| !self.batch.of(kind).is_empty())
    }

    pub(crate) fn holds(&self, site: SiteId, player: PlayerId) -> bool {
        self.index.site(site).and_then(|e| self.sites.get(e).ok()).is_some_and(|s| s.0.owner == player)
    }

    /// An owner of a site within six fields of where a march left who is not at war with its owner.
    pub(crate) fn peaceful_watcher(&self, march: &March) -> Option<PlayerId> {
        let from = self.tile(march.id.site)?;
        let war = |one: PlayerId, other: PlayerId| {
            let alliances = self.alliance(one).zip(self.alliance(other));
            alliances.is_some_and(|((_, stances), (b, _))| stances.to(b.id) == Stance::War)
        };
        let near = self.sites.iter().map(|s| s.0).filter(|s| self.torus.distance(from, s.at) <= 6.0);
        let others = near.filter(|s| s.owner != march.owner && !self.holds(march.target, s.owner));
        others.map(|s| s.owner).find(|owner| !war(march.owner, *owner))
    }

    fn alliance(&self, player: PlayerId) -> Option<(&Alliance, &Stances)> {
        let id = self.players.get(self.index.player(player)?).ok()?.alliance?;
        self.alliances.get(self.index.alliance(id)?).ok()
    }

    pub(crate) fn alliance_of(&self, player: PlayerId) -> Option<AllianceId> {
        self.players.get(self.index.player(player)?).ok()?.alliance
    }

    pub(crate) fn stance(&self, one: AllianceId, other: AllianceId) -> Stance {
        let stances = self.index.alliance(one).and_then(|e| self.alliances.get(e).ok());
        stances.map_or(Stance::Neutral, |(_, stances)| stances.to(other))
    }

    fn are_friends(&self, one: PlayerId, other: PlayerId) -> bool {
        let alliances = self.alliance(one).zip(self.alliance(other));
        one == other
            || alliances.is_some_and(|((a, stances), (b, _))| a.id == b.id || stances.to(b.id).forbids_attack())
    }

    fn knowers(&self) -> BTreeMap<PlayerId, Knower> {
        let knower = |player: &Player| {
            let active = self.alliance(player.id).filter(|(alliance, _)| alliance.active);
            active.map_or(Knower::Player(player.id), |(alliance, _)| Knower::Alliance(alliance.id))
        };
        let acting = self.players.iter().filter(|player| player.kind != PlayerKind::Static);
        acting.map(|player| (player.id, knower(player))).collect()
    }
}

/// What a witness may have seen.
#[derive(Clone, Debug)]
struct Grant {
    witness: PlayerId,
    site: SiteId,
    cause: Cause,
    sight: Sight,
}

/// The bounds of the truth while several fought for a village at one instant; equal where only one did.
#[derive(Clone, Debug)]
struct Bounds {
    low: Place,
    high: Place,
}

#[derive(Clone, Debug)]
enum Sight {
    /// All that stands and lies there.
    All(Bounds),
    /// What a fight left: with the goods, or without; or nothing, if it may be nothing.
    Fight {
        left: Bounds,
        goods: bool,
        troops: bool,
    },
    /// Those who came to stay, or what earlier fights before the village left of them.
    Met(Force),
    Exactly(Seen),
}

impl Bounds {
    fn hold_troops(&self, seen: &Force) -> bool {
        let all = [&self.low.troops, &self.high.troops, seen];
        let classes: BTreeSet<UnitClass> = all.iter().flat_map(|f| f.iter().map(|(class, _)| class)).collect();
        classes.iter().all(|c| (self.low.troops.count(*c)..=self.high.troops.count(*c)).contains(&seen.count(*c)))
    }

    fn hold_goods(&self, seen: Goods) -> bool {
        let pairs = self.low.goods.amounts().into_iter().zip(self.high.goods.amounts()).zip(seen.amounts());
        pairs.into_iter().all(|((low, high), seen)| (low..=high).contains(&seen))
    }

    fn hold_wall(&self, seen: u8) -> bool {
        (self.low.wall..=self.high.wall).contains(&seen)
    }
}

impl Sight {
    fn is_broad(&self) -> bool {
        match self {
            Self::All(truth) | Self::Fight { left: truth, .. } => {
                truth.low.troops != truth.high.troops || truth.low.goods != truth.high.goods
            }
            Self::Exactly(_) | Self::Met(_) => false,
        }
    }

    /// How much it permits.
    fn breadth(&self) -> u8 {
        match self {
            Self::Fight { goods, troops, .. } => 1 + u8::from(*goods) + u8::from(*troops),
            Self::All(_) | Self::Exactly(_) | Self::Met(_) => 0,
        }
    }

    /// How many may have been met at most: of two who came at once the larger army permits more.
    fn met(&self) -> u64 {
        if let Self::Met(force) = self { force.total() } else { 0 }
    }

    fn allows(&self, seen: &Seen) -> bool {
        match (self, seen) {
            (Self::Exactly(all), seen) => all == seen,
            (Self::Met(force), Seen::Attackers { groups, before: Some(before) }) => {
                groups.is_empty() && force.covers(before)
            }
            (Self::All(truth), Seen::Site { troops: Some(t), goods: Some(g), wall: Some(w), residence: Some(r) }) => {
                let residence = truth.low.residence..=truth.high.residence;
                truth.hold_troops(t) && truth.hold_goods(*g) && truth.hold_wall(*w) && residence.contains(r)
            }
            (Self::Fight { left, goods, troops }, Seen::Site { troops: t, goods: g, wall: w, residence: None }) => {
                g.is_none_or(|g| *goods && left.hold_goods(g))
                    && t.as_ref().is_none_or(|t| *troops && left.hold_troops(t))
                    && w.is_none_or(|w| *troops && left.hold_wall(w))
            }
            _ => false,
        }
    }
}

/// Watches the campaign.
#[derive(Resource, Default)]
pub(crate) struct Judge {
    before: Truth,
    after: Truth,
    knowers: BTreeMap<PlayerId, Knower>,
    /// Marches whose departure was seen by us.
    known: BTreeSet<MarchId>,
    departed: Vec<March>,
    /// Where marches came near which sites, by instant: all that lie ahead.
    ahead: BTreeMap<GameTime, BTreeSet<(MarchId, SiteId)>>,
    /// Who sees a march pass at this instant.
    passing: Vec<Grant>,
    noted: BTreeMap<Knower, u64>,
    pub(crate) faults: Vec<String>,
    /// Lawful observations by cause.
    pub(crate) lawful: BTreeMap<String, u32>,
    /// Lawful observations that tell nothing of the site, though the witness fought there.
    pub(crate) blind: u32,
    /// Lawful observations of a village to which several came at once: compared with bounds of the truth.
    pub(crate) at_once: u32,
    /// Reports of battles that tell no more than observations may.
    pub(crate) reports: u32,
    /// What was seen, for judging what is told on.
    told: Told,
    /// Who changed its alliance in this pass.
    moved: Vec<MembershipChanged>,
    /// Villages that changed hands.
    pub(crate) taken: u32,
    /// Marches that were seen because of that, by the new owners.
    pub(crate) inherited: u32,
}

fn look_before(world: Eyes, rules: Res<Ruleset>, mut judge: ResMut<Judge>) {
    let now = world.now();
    let (mut truth, mut departed) = (Truth::default(), Vec::new());
    for march in world.marches.iter().filter(|m| !m.homeward) {
        if judge.known.insert(march.id) && march.launched == now {
            departed.push(march.clone());
            for (site, ..) in &world.sites {
                judge.look_ahead(&world, march, site, rules.sight_fields);
            }
        } else if march.arrival != now {
            continue;
        }
        if let Some(place) = world.place(march.target) {
            truth.places.insert(march.target, place);
        }
        if march.arrival == now {
            truth.marches.insert(march.id, march.clone());
        }
    }
    // A village may take in the marches of a lost one: they keep their ids.
    (judge.before, judge.departed) = (truth, departed);
    let passing = judge.ahead.remove(&now).unwrap_or_default();
    judge.passing = watchers(&world, &passing);
}

/// The way of a march, as a vector of fields from where it left; `None` if either end is no more.
fn way(world: &Eyes, march: &March) -> Option<(Tile, [i64; 2])> {
    let (from, to) = (world.tile(march.id.site)?, world.tile(march.target)?);
    let (w, side) = (i64::from(world.torus.half_width), i64::from(world.torus.side()));
    let shorter = |d: i16| (i64::from(d) + w).rem_euclid(side) - w;
    Some((from, [shorter(to.x - from.x), shorter(to.y - from.y)]))
}

/// Who may see these marches pass these sites: enemies in war, but not those to whom they go.
fn watchers(world: &Eyes, passing: &BTreeSet<(MarchId, SiteId)>) -> Vec<Grant> {
    let mut grants: Vec<((MarchId, PlayerId), Grant)> = Vec::new();
    for (id, site) in passing {
        let Some(march) = world.index.march(*id).and_then(|e| world.marches.get(e).ok()) else { continue };
        let place = |site| Some(world.sites.get(world.index.site(site)?).ok()?.0);
        let (Some(site), Some(target)) = (place(*site), place(march.target)) else { continue };
        let enemies = world.alliance(march.owner).zip(world.alliance(site.owner));
        let at_war = enemies.is_some_and(|((_, stances), (other, _))| stances.to(other.id) == Stance::War);
        if march.homeward || march.arrival <= world.now() || !at_war || site.owner == target.owner {
            continue;
        }
        let Some((from, [x, y])) = way(world, march) else { continue };
        let (gone, all) = (world.now() - march.launched, march.arrival - march.launched);
        // The nearest whole field, halves upward.
        let fields = |d: i64| {
            let (doubled, all) = (2 * i128::from(d) * i128::from(gone.0) + i128::from(all.0), 2 * i128::from(all.0));
            i32::try_from((doubled - doubled.rem_euclid(all)) / all).unwrap()
        };
        let at = world.torus.shifted(from, fields(x), fields(y));
        let grant = Grant { cause: Cause::WatchArea, ..coming(march, site.owner, world.now(), Some(at)) };
        if !grants.iter().any(|(key, _)| *key == (*id, site.owner)) {
            grants.push(((*id, site.owner), grant));
        }
    }
    grants.into_iter().map(|(_, grant)| grant).collect()
}

/// The first millisecond, before the end, at which a march along a vector comes within `sight` fields of a place that
/// lies so far from where it left: by the roots of a quadratic equation, checked in integers.
fn comes_near([dx, dy]: [i64; 2], [sx, sy]: [i64; 2], span: i64, sight: i64) -> Option<i64> {
    if sx * sx + sy * sy <= sight * sight {
        return Some(0);
    }
    let (length, along, beyond) = (dx * dx + dy * dy, dx * sx + dy * sy, sx * sx + sy * sy - sight * sight);
    let root = along * along - length * beyond;
    if length == 0 || along < 0 || root < 0 {
        return None;
    }
    let enters = (along as f64 - (root as f64).sqrt()) / length as f64 * span as f64;
    let near = |elapsed: i64| {
        let off = |d: i64, s: i64| i128::from(d) * i128::from(elapsed) - i128::from(s) * i128::from(span);
        let (x, y, reach) = (off(dx, sx), off(dy, sy), i128::from(sight) * i128::from(span));
        x * x + y * y <= reach * reach
    };
    #[expect(clippy::cast_possible_truncation, reason = "a guess that is checked")]
    let guess = enters as i64;
    (guess - 3..guess + 5).find(|elapsed| (0..span).contains(elapsed) && near(*elapsed))
}

fn look_after(world: Eyes, mut judge: ResMut<Judge>) {
    let mut truth = Truth::default();
    for id in judge.before.marches.keys() {
        if let Some(march) = world.index.march(*id).and_then(|e| world.marches.get(e).ok()) {
            truth.marches.insert(*id, march.clone());
        }
    }
    for site in judge.before.places.keys() {
        truth.places.extend(world.place(*site).map(|place| (*site, place)));
    }
    judge.knowers = world.knowers();
    if world.claims_may_change() {
        // What changes hands later in this pass is told in the next.
        judge.told.look_at_operations(&world);
    }
    judge.after = truth;
}

/// Marches that fought as one, with what went home of each.
struct Assault<'a> {
    site: SiteId,
    marches: Vec<(&'a March, Force)>,
}

impl Judge {
    /// Notes when a march comes near a site, if it does from now on.
    fn look_ahead(&mut self, world: &Eyes, march: &March, site: &Site, sight: u16) {
        let Some((from, vector)) = way(world, march).filter(|_| march.manner.is_seen() && sight > 0) else { return };
        let span = (march.arrival - march.launched).0;
        let side = i64::from(world.torus.side());
        let (x, y) = (i64::from(site.at.x) - i64::from(from.x), i64::from(site.at.y) - i64::from(from.y));
        // The same place seen from all sides of a map whose edges meet.
        let around = |s: i64| [s - 2 * side, s - side, s, s + side, s + 2 * side];
        let seen = around(x).into_iter().flat_map(|x| around(y).map(|y| [x, y]));
        if let Some(elapsed) = seen.filter_map(|place| comes_near(vector, place, span, sight.into())).min() {
            let at = march.launched + GameSpan(elapsed);
            if at >= world.now() {
                self.ahead.entry(at).or_default().insert((march.id, site.id));
            }
        }
    }

    /// What went home of a march that was at its target; nothing of one that still waits there.
    fn left(&self, march: &March) -> Option<Force> {
        match self.after.marches.get(&march.id) {
            None => Some(Force::new()),
            Some(after) if after.homeward => Some(after.force.clone()),
            Some(_) => None,
        }
    }

    fn assaults(&self, world: &Eyes, joint: bool) -> Vec<Assault<'_>> {
        let mut assaults: BTreeMap<(SiteId, Option<ProposalId>, u8, Manner, Option<MarchId>), Assault> =
            BTreeMap::new();
        for march in self.before.marches.values() {
            let Some(left) = self.left(march).filter(|_| matches!(march.manner, Manner::Siege | Manner::Raid)) else {
                continue;
            };
            let Some(place) = self.before.places.get(&march.target) else { continue };
            if world.are_friends(march.owner, place.owner) {
                continue;
            }
            let operation = march.order.and_then(OrderId::operation).filter(|_| joint);
            let alone = operation.is_none().then_some(march.id);
            let assault = assaults
                .entry((march.target, operation, march.wave, march.manner, alone))
                .or_insert(Assault { site: march.target, marches: Vec::new() });
            assault.marches.push((march, left));
        }
        assaults.into_values().collect()
    }

    /// The truth while the fights of this pass went on at a village.
    fn bounds(&self, site: SiteId) -> Option<Bounds> {
        let (before, after) = (self.before.places.get(&site)?, self.after.places.get(&site)?);
        let (mut low, mut high) = (after.clone(), before.clone());
        for march in self.before.marches.values().filter(|m| m.target == site && m.manner == Manner::Reinforce) {
            high.troops.add_all(&march.force);
            low.troops = Force::new();
        }
        Some(Bounds { low, high })
    }

    /// How many came to a village at once.
    fn arrivals(&self, site: SiteId) -> usize {
        self.before.marches.values().filter(|m| m.target == site && self.left(m).is_some()).count()
    }

    fn grants(&self, world: &Eyes, changed: &[SiteChanged], joint: bool) -> Vec<Grant> {
        let mut grants = Vec::new();
        for march in self.before.marches.values() {
            match march.manner {
                Manner::Scout => self.grant_scouts(world, march, &mut grants),
                Manner::Reinforce => self.grant_blockade(march, &mut grants),
                _ => {}
            }
        }
        for assault in self.assaults(world, joint) {
            self.grant_attackers(&assault, changed, &mut grants);
            self.grant_defenders(&assault, &mut grants);
        }
        for march in self.departed.iter().filter(|m| m.manner.is_seen()) {
            if let Some(place) = self.before.places.get(&march.target) {
                let at = way(world, march).map(|(from, _)| from);
                grants.push(coming(march, place.owner, world.now(), at));
            }
        }
        grants.extend(self.passing.iter().cloned());
        for (site, to) in changed.iter().filter_map(|c| c.from.and(c.to).map(|to| (c.site, to))) {
            let under_way = |m: &&March| m.target == site && !m.homeward && m.arrival > world.now();
            let hostile = world.marches.iter().filter(under_way).filter(|m| m.manner.is_seen());
            grants.extend(hostile.map(|march| coming(march, to, world.now(), None)));
        }
        grants
    }

    /// Scouts that come back have seen what stood there; of those that do not, each side knows how many died.
    fn grant_scouts(&self, world: &Eyes, march: &March, grants: &mut Vec<Grant>) {
        let (Some(left), Some(before)) = (self.left(march), self.before.places.get(&march.target)) else { return };
        if world.are_friends(march.owner, before.owner) {
            return;
        }
        let site = march.target;
        let killed = u32::try_from(march.force.minus(&left).total()).unwrap();
        let dead = Sight::Exactly(Seen::ScoutsKilled { killed });
        if killed > 0 {
            grants.push(Grant { witness: before.owner, site, cause: Cause::ScoutsCaught, sight: dead.clone() });
        }
        if left.is_empty() {
            grants.push(Grant { witness: march.owner, site, cause: Cause::OwnScoutsLost, sight: dead });
            return;
        }
        let alone = Bounds { low: before.clone(), high: before.clone() };
        let bounds = if self.arrivals(site) == 1 { Some(alone) } else { self.bounds(site) };
        let sight = bounds.map(Sight::All);
        grants.extend(sight.map(|sight| Grant { witness: march.owner, site, cause: Cause::OwnScouts, sight }));
    }

    /// Who fights before a village sees nothing of it.
    fn grant_blockade(&self, march: &March, grants: &mut Vec<Grant>) {
        let Some(before) = self.before.places.get(&march.target) else { return };
        let nothing = Seen::Site { troops: None, goods: None, wall: None, residence: None };
        for blocker in &before.blockers {
            let (site, met) = (march.target, Sight::Met(march.force.clone()));
            let sight = Sight::Exactly(nothing.clone());
            grants.push(Grant { witness: march.owner, site, cause: Cause::OwnAttack, sight });
            grants.push(Grant { witness: *blocker, site, cause: Cause::OwnDefense, sight: met });
        }
    }

    /// Attackers of whom somebody survives see what is left; those who all fall, only where a quarter of the defenders
    /// fell with them, and never what is in store.
    fn grant_attackers(&self, assault: &Assault, changed: &[SiteChanged], grants: &mut Vec<Grant>) {
        let Some(bounds) = self.bounds(assault.site) else { return };
        // The chief who takes a village survives and stays there.
        let took = |player| changed.iter().any(|c| c.site == assault.site && c.from.is_some() && c.to == Some(player));
        let survivors = assault.marches.iter().any(|(m, left)| !left.is_empty() || took(m.owner));
        let alone = self.arrivals(assault.site) == assault.marches.len();
        let after = Bounds { low: bounds.low.clone(), high: bounds.low.clone() };
        let (before, dead) = (&bounds.high.troops, bounds.high.troops.minus(&bounds.low.troops).total());
        // Survivors are rounded for each class and army.
        let rounded = u64::try_from(before.iter().count() * (1 + bounds.high.guests.len())).unwrap();
        let quarter = 4 * dead + 2 * rounded >= before.total();
        let left = if alone { after } else { bounds };
        for (march, _) in &assault.marches {
            let sight = Sight::Fight { left: left.clone(), goods: survivors, troops: survivors || quarter };
            grants.push(Grant { witness: march.owner, site: assault.site, cause: Cause::OwnAttack, sight });
        }
    }

    /// The owner of a village and those of its guests see who attacked, and what of it goes home.
    fn grant_defenders(&self, assault: &Assault, grants: &mut Vec<Grant>) {
        let Some(place) = self.before.places.get(&assault.site) else { return };
        let arriving = self.before.marches.values().filter(|m| m.target == assault.site);
        let guests = arriving.filter(|m| m.manner == Manner::Reinforce).map(|m| m.owner);
        for witness in core::iter::once(place.owner).chain(place.guests.iter().copied()).chain(guests) {
            let mut marches: Vec<_> = assault.marches.iter().collect();
            marches.sort_by_key(|(m, _)| (m.launched, m.id));
            let group = |(march, left): &(&March, Force)| EnemyGroup {
                origin: march.id.site,
                player: march.owner,
                left: left.clone(),
            };
            let groups = marches.into_iter().map(group).collect();
            let mut before = Force::new();
            assault.marches.iter().for_each(|(march, _)| before.add_all(&march.force));
            let sight = Sight::Exactly(Seen::Attackers { groups, before: Some(before) });
            grants.push(Grant { witness, site: assault.site, cause: Cause::OwnDefense, sight });
        }
    }

    /// Takes the grant that an observation uses up; a fault if there is none.
    fn judge(&mut self, knower: Knower, seen: &Observation, world: &Eyes, grants: &mut Vec<Grant>) {
        let now = world.now();
        let rightful = seen.at == now && self.knowers.get(&seen.witness) == Some(&knower);
        if let Seen::Told(report) = &seen.seen {
            let fault = self.told.fault(knower, seen, report, &self.moved, world);
            match fault.or_else(|| (!rightful).then(|| "not its own".to_owned())) {
                None => *self.lawful.entry(format!("{:?}", seen.cause)).or_default() += 1,
                Some(why) => self.faults.push(format!("{now}: {knower:?} was told {seen:?}: {why}")),
            }
            return;
        }
        if let Seen::Claimed { by, claim } = seen.seen {
            match self
                .told
                .claim_fault(knower, seen, by, claim, world)
                .or_else(|| (!rightful).then(|| "not its own".to_owned()))
            {
                None => *self.lawful.entry("Claimed".to_owned()).or_default() += 1,
                Some(why) => self.faults.push(format!("{now}: {knower:?} was told {seen:?}: {why}")),
            }
            return;
        }
        if let Seen::Offered { by, treaty } | Seen::Refused { by, treaty } = seen.seen {
            let refusal = matches!(seen.seen, Seen::Refused { .. });
            let fault = self.told.envoy_fault(knower, seen, (by, treaty, refusal), world);
            match fault.or_else(|| (!rightful).then(|| "not its own".to_owned())) {
                None => *self.lawful.entry("Envoy".to_owned()).or_default() += 1,
                Some(why) => self.faults.push(format!("{now}: {knower:?} was told {seen:?}: {why}")),
            }
            return;
        }
        let same = |g: &Grant| (g.witness, g.site, g.cause) == (seen.witness, seen.site, seen.cause);
        let fits = |g: &Grant| rightful && same(g) && g.sight.allows(&seen.seen);
        // The one that permits least: who fell does not use up what a survivor may tell.
        let least = |i: &usize| (grants[*i].sight.breadth(), grants[*i].sight.met());
        match (0..grants.len()).filter(|i| fits(&grants[*i])).min_by_key(least) {
            Some(used) => {
                self.at_once += u32::from(grants.swap_remove(used).sight.is_broad());
                *self.lawful.entry(format!("{:?}", seen.cause)).or_default() += 1;
                let departed =
                    |s: &Sighting| self.departed.iter().any(|m| (m.target, m.arrival) == (s.target, s.arrival));
                let coming = seen.cause == Cause::IncomingMarch;
                self.inherited +=
                    u32::from(matches!(&seen.seen, Seen::March(sighting) if coming && !departed(sighting)));
                let nothing = matches!(seen.seen, Seen::Site { troops: None, .. });
                self.blind += u32::from(nothing);
                self.told.note(knower, seen);
            }
            None => {
                let could: Vec<&Grant> = grants.iter().filter(|g| same(g)).collect();
                self.faults.push(format!("{now}: {knower:?} saw {seen:?}, and could have seen {could:?}"));
            }
        }
    }
}

fn coming(march: &March, witness: PlayerId, seen_at: GameTime, at: Option<Tile>) -> Grant {
    let (origin, target, arrival) = (march.id.site, march.target, march.arrival);
    let sight = Sight::Exactly(Seen::March(Sighting { arrival, target, origin, seen_at, at }));
    Grant { witness, site: target, cause: Cause::IncomingMarch, sight }
}

fn judge_observations(
    world: Eyes,
    rules: Res<Ruleset>,
    logs: Query<(&StableId, &ObservationLog), Changed<ObservationLog>>,
    mut changed: MessageReader<SiteChanged>,
    mut moved: MessageReader<MembershipChanged>,
    mut judge: ResMut<Judge>,
) {
    judge.moved = moved.read().copied().collect();
    let changed: Vec<SiteChanged> = changed.read().copied().collect();
    judge.taken += u32::try_from(changed.iter().filter(|c| c.from.is_some() && c.to.is_some()).count()).unwrap();
    let mut grants = judge.grants(&world, &changed, rules.capabilities.joint_assault);
    for (id, log) in &logs {
        let knower = match id {
            StableId::Alliance(id) => Knower::Alliance(*id),
            StableId::Player(id) => Knower::Player(*id),
            _ => continue,
        };
        let noted = judge.noted.insert(knower, log.total).unwrap_or(0);
        let new = usize::try_from(log.total - noted).unwrap();
        assert!(new <= log.latest.len(), "an observation fell out before it was judged");
        for seen in log.latest.iter().skip(log.latest.len() - new) {
            judge.judge(knower, seen, &world, &mut grants);
        }
    }
    // Whoever watches an area misses nobody.
    let missed = grants.iter().filter(|g| g.cause == Cause::WatchArea && judge.knowers.contains_key(&g.witness));
    let missed: Vec<String> = missed.map(|g| format!("{}: nobody told {g:?}", world.now())).collect();
    judge.faults.extend(missed);
    for site in changed.iter().filter(|c| c.from.is_none()).map(|c| c.site) {
        let Some(site) = world.index.site(site).and_then(|e| world.sites.get(e).ok()).map(|s| s.0) else { continue };
        for march in world.marches.iter().filter(|m| !m.homeward) {
            judge.look_ahead(&world, march, site, rules.sight_fields);
        }
    }
    // What lies at this instant by now is known only after it.
    judge.ahead = judge.ahead.split_off(&(world.now() + GameSpan::millis(1)));
    (judge.before, judge.after, judge.departed, judge.passing) = Default::default();
}

/// Operations and grudges read the reports of battles themselves: whose observation tells nothing of the village must
/// not find it there, and a defender reads of no other attackers than those who came.
fn judge_reports(eyes: Eyes, rules: Res<Ruleset>, mut told: MessageReader<BattleFought>, mut judge: ResMut<Judge>) {
    let mut faults = Vec::new();
    let assaults = judge.assaults(&eyes, rules.capabilities.joint_assault);
    let came = |assault: &Assault| {
        let mut force = Force::new();
        assault.marches.iter().for_each(|(march, _)| force.add_all(&march.force));
        force
    };
    let mut reports = 0;
    for b in told.read() {
        let silent = b.wall.is_none() && b.enemy_lost.is_none() && b.loyalty.is_none() && b.left_in_store.is_none();
        let blind = silent && b.wall_lost == 0 && b.levels_lost == 0 && b.loot.is_zero();
        let met = |force: &Force| assaults.iter().any(|a| a.site == b.site && came(a) == *force);
        let lawful = match (&b.enemy_before, b.attacked) {
            (None, _) => blind,
            (Some(_), true) => true,
            // Before a village only those meet who block the way and who come to stay.
            (Some(_), false) if b.enemy_groups.is_empty() => silent || b.wall.is_none(),
            (Some(force), false) => met(force),
        };
        reports += u32::from(lawful);
        if !lawful {
            faults.push(format!("{}: a report tells too much: {b:?}", eyes.now()));
        }
    }
    judge.reports += reports;
    judge.faults.extend(faults);
}

/// A campaign under the eyes of a judge.
pub(crate) fn judged(mut app: TestApp) -> TestApp {
    app.app.init_resource::<Judge>().add_systems(
        Campaign,
        (
            // What was trained and eaten until now is part of the truth.
            look_before.after(EconomySystems::BeforeFights).before(WorldSystems::Fight),
            look_after.after(WorldSystems::Fight).before(WorldSystems::Change),
            (judge_reports, judge_observations).chain().in_set(CampaignSystems::Last),
        ),
    );
    app
}
