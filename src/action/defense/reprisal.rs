//! Attacks become grudges; grudges are weighed, and answered by one raid or by none.

use super::components::{Defenses, GRUDGE_WEIGHED, Grudge, Reprisals, STRIKE_LEAVES, Strike};
use super::relief::release;
use super::rules::{self, AFTER};
use super::systems::{Watch, player_of};
use crate::base::clock::{Agenda, DueBatch, GameSpan, GameTime};
use crate::base::contract::{
    AttackGroup, BattleFought, CampaignFact, Fact, LaunchDue, Manner, RequestRefused, SiteEstimate, SiteState,
    WorldModel,
};
use crate::base::id::{EntityIndex, Knower, OrderId, PlayerId, SiteId};
use crate::base::ruleset::Force;
use crate::decision::fair_play::{AttackId, Whistle, blows};
use crate::decision::planning::{Commitment, Commitments};
use crate::society::personality::{questions, rules as personality};
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Real attacks on own villages are held against those who sent them, until the player has thought about it.
pub(super) fn note_attacks(
    batch: Res<DueBatch>,
    mut battles: MessageReader<BattleFought>,
    watch: Watch,
    mut reprisals: Query<&mut Reprisals>,
    mut agenda: ResMut<Agenda>,
    mut commands: Commands,
) {
    let now = batch.now();
    let model = watch.view.model().clone();
    // A player's first grudges, until the commands of this pass make room for them.
    let mut first: BTreeMap<PlayerId, Reprisals> = BTreeMap::new();
    for battle in battles.read().filter(|b| !b.attacked && !b.enemy_groups.is_empty()) {
        let player = battle.witness;
        let Some(before) = battle.enemy_before.as_ref().filter(|_| battle.is_victim()) else { continue };
        if !watch.acts(player) || model.attack(before) < model.scale().attack_min {
            continue;
        }
        let Some(entity) = watch.index.player(player) else { continue };
        let mut held = reprisals.get_mut(entity);
        let held: &mut Reprisals = match &mut held {
            Ok(held) => held,
            Err(_) => first.entry(player).or_default(),
        };
        held.struck.retain(|_, at| now - *at < watch.settings.strike_pause);
        let left: Vec<i64> = battle.enemy_groups.iter().map(|g| model.cost(&g.left)).collect();
        // Of each attacker the village that most of its troops go home to.
        let mut groups: Vec<usize> = (0..battle.enemy_groups.len()).collect();
        groups.sort_by_key(|i| (battle.enemy_groups[*i].player, core::cmp::Reverse(left[*i]), *i));
        groups.dedup_by_key(|i| battle.enemy_groups[*i].player);
        for i in groups {
            let group = &battle.enemy_groups[i];
            let known =
                held.struck.contains_key(&group.player) || held.grudges.iter().any(|g| g.against == group.player);
            if known || held.grudges.len() >= watch.settings.grudges || watch.is_friend(player, group.player) {
                continue;
            }
            held.count += 1;
            let question = questions::grudge(held.count);
            let thought = now + personality::think_time(watch.roster.seed(), player, question);
            let weighed_at = watch.rhythm(player).next_awake(thought);
            agenda.push(GRUDGE_WEIGHED.entry(weighed_at, u64::from(player.0), held.count));
            held.grudges.push(Grudge {
                n: held.count,
                against: group.player,
                origin: group.origin,
                left: group.left.clone(),
                home_at: now + way_home(&watch, battle.site, group.origin, &group.left),
                shown: rules::shown(model.cost(before), &left, i),
                weighed_at,
            });
        }
    }
    for (player, held) in first {
        if let Some(entity) = watch.index.player(player).filter(|_| held.count > 0) {
            commands.entity(entity).insert(held);
        }
    }
}

/// How long an attacker's survivors take home, without help of any building. Nobody left: no time.
fn way_home(watch: &Watch, from: SiteId, to: SiteId, left: &Force) -> GameSpan {
    let (Some(from), Some(to)) = (watch.view.site(from), watch.view.site(to)) else { return GameSpan(0) };
    let slowest = left.iter().filter_map(|(class, _)| watch.view.model().travel_between(from.at, to.at, class)).max();
    slowest.unwrap_or_default()
}

/// Thinks about the grudges that are due: one raid, or none.
pub(super) fn weigh_grudges(
    batch: Res<DueBatch>,
    watch: Watch,
    mut reprisals: Query<&mut Reprisals>,
    mut defenses: Query<&mut Defenses>,
    mut whistle: Whistle,
    mut agenda: ResMut<Agenda>,
    mut launches: MessageWriter<LaunchDue>,
    mut facts: MessageWriter<CampaignFact>,
    mut commands: Commands,
) {
    let now = batch.now();
    // One raid of a site at one instant: its troops are counted once.
    let mut used: BTreeSet<SiteId> = BTreeSet::new();
    for entry in batch.of(GRUDGE_WEIGHED) {
        let player = player_of(entry.owner);
        let Some(mut held) = watch.index.player(player).and_then(|e| reprisals.get_mut(e).ok()) else { continue };
        let Some(at) = held.grudges.iter().position(|g| g.n == entry.n && g.weighed_at == entry.due) else { continue };
        let grudge = held.grudges.remove(at);
        let busy = |site: SiteId| {
            let defense = watch.index.site(site).and_then(|e| defenses.get(e).ok());
            used.contains(&site) || defense.is_some_and(|d| d.is_busy(player))
        };
        let Some(raid) = best_raid(&watch, player, &grudge, now, busy) else { continue };
        let Some(entity) = watch.index.site(raid.origin) else { continue };
        let n = 1 + defenses.get(entity).map_or(0, |d| d.orders);
        let order = OrderId::Defense { site: raid.origin, n };
        if let Some(refused) = judge(&watch, &mut whistle, player, order, &grudge, &raid, now) {
            facts.write(CampaignFact { at: now, fact: Fact::RequestRefused(refused) });
            continue;
        }
        used.insert(raid.origin);
        match defenses.get_mut(entity) {
            Ok(mut defense) => {
                defense.count();
            }
            Err(_) => {
                commands.entity(entity).insert(Defenses { orders: 1, ..Defenses::default() });
            }
        }
        held.struck.insert(grudge.against, now);
        let (against, target, ratio) = (grudge.against, grudge.origin, raid.ratio);
        let knower = watch.roster.knower_of(player);
        let cites = knower.map_or_else(Vec::new, |knower| watch.view.cite(knower, target, now));
        let waits_until = raid.waits_until;
        let fact = Fact::Retaliated { order, player, against, target, ratio, waits_until, cites };
        facts.write(CampaignFact { at: now, fact });
        let Some(leaves_at) = waits_until else {
            launches.write(launch(order, raid.origin, target, raid.force, None));
            continue;
        };
        let promise = Commitment { order, force: raid.force.clone(), until: leaves_at };
        commands.entity(entity).entry::<Commitments>().or_default().and_modify(|mut c| c.0.push(promise));
        let (n, origin, force) = (grudge.n, raid.origin, raid.force);
        let arrives = grudge.home_at + AFTER;
        held.strikes.push(Strike { n, order, against, origin, target, force, leaves_at, arrives });
        agenda.push(STRIKE_LEAVES.entry(leaves_at, u64::from(player.0), n));
    }
}

/// What the referee has against a raid on a person, if it has anything; else the raid counts from now on.
fn judge(
    watch: &Watch,
    whistle: &mut Whistle,
    player: PlayerId,
    order: OrderId,
    grudge: &Grudge,
    raid: &Raid,
    now: GameTime,
) -> Option<RequestRefused> {
    if !whistle.is_person(grudge.against) {
        return None;
    }
    let (knower, target) = (watch.roster.knower_of(player)?, grudge.origin);
    let arrival = raid.waits_until.map_or(now + raid.travel, |_| grudge.home_at + AFTER);
    let groups = core::iter::once((target, &raid.force, arrival));
    let blow = blows(&watch.view, |person| person == grudge.against, groups, false).remove(&grudge.against)?;
    let seen = (&watch.view, &watch.roster);
    let foul = whistle.let_through(seen, (AttackId::Raid(order), knower), grudge.against, &blow, now).err()?;
    let request = format!("raid by {player} on site {target} of {}", grudge.against);
    let rule = foul.rule.name().to_owned();
    Some(RequestRefused { request, rule, limit: foul.limit, value: foul.value, retry_after: foul.retry_after })
}

fn launch(order: OrderId, origin: SiteId, target: SiteId, force: Force, arrival: Option<GameTime>) -> LaunchDue {
    LaunchDue { order, origin, target, force, manner: Manner::Raid, wave: 0, arrival, aims: [None; 2] }
}

/// Gives the raids that waited their orders, if they still make sense: both villages in the same hands, no peace since, no
/// danger at home, and all that was promised still there. They are there at their instant, or stay.
pub(super) fn release_strikes(
    batch: Res<DueBatch>,
    watch: Watch,
    reprisals: Query<&Reprisals>,
    defenses: Query<&Defenses>,
    mut whistle: Whistle,
    mut launches: MessageWriter<LaunchDue>,
) {
    for entry in batch.of(STRIKE_LEAVES) {
        let player = player_of(entry.owner);
        let Some(held) = watch.index.player(player).and_then(|e| reprisals.get(e).ok()) else { continue };
        let Some(strike) = held.strikes.iter().find(|s| s.n == entry.n && s.leaves_at == entry.due) else { continue };
        let holder = |site| watch.view.site(site).map(|s| s.owner);
        let defense = watch.index.site(strike.origin).and_then(|e| defenses.get(e).ok());
        let busy = defense.is_some_and(|d| d.is_busy(player));
        let knower = watch.roster.knower_of(player);
        let in_danger = knower.is_some_and(|knower| watch.is_marched_on(knower, strike.origin, batch.now()));
        let whole = watch.state(player, strike.origin).is_some_and(|state| state.home.covers(&strike.force));
        if whole
            && holder(strike.origin) == Some(player)
            && holder(strike.target) == Some(strike.against)
            && !watch.is_friend(player, strike.against)
            && !busy
            && !in_danger
            && !whistle.protects(strike.against, strike.arrives)
        {
            let (order, force) = (strike.order, strike.force.clone());
            launches.write(launch(order, strike.origin, strike.target, force, Some(strike.arrives)));
        } else {
            whistle.call_off(AttackId::Raid(strike.order));
        }
    }
}

/// What was promised to raids whose instant has come is free again: it left, or it stays.
pub(super) fn note_strikes(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    mut reprisals: Query<&mut Reprisals>,
    mut commands: Commands,
) {
    for entry in batch.of(STRIKE_LEAVES) {
        let Some(mut held) = index.player(player_of(entry.owner)).and_then(|e| reprisals.get_mut(e).ok()) else {
            continue;
        };
        let Some(at) = held.strikes.iter().position(|s| s.n == entry.n && s.leaves_at == entry.due) else { continue };
        let strike = held.strikes.remove(at);
        if let Some(entity) = index.site(strike.origin) {
            release(&mut commands, entity, strike.order);
        }
    }
}

/// A raid in return.
struct Raid {
    origin: SiteId,
    force: Force,
    /// How long it travels.
    travel: GameSpan,
    ratio: f64,
    /// When it leaves, if it waits for the army's way home.
    waits_until: Option<GameTime>,
}

impl Raid {
    /// Of two the better is more: to meet an army beats an empty village, and then the surer one.
    fn rank(&self) -> (bool, f64) {
        (self.waits_until.is_some(), self.ratio)
    }
}

/// The best raid on the village that a grudge is held against, if any is allowed and good enough.
fn best_raid(
    watch: &Watch,
    player: PlayerId,
    grudge: &Grudge,
    now: GameTime,
    busy: impl Fn(SiteId) -> bool,
) -> Option<Raid> {
    let target = watch.view.site(grudge.origin)?;
    if target.owner != grudge.against || watch.is_friend(player, target.owner) {
        return None;
    }
    let knower = watch.roster.knower_of(player)?;
    let threatened: BTreeSet<SiteId> = watch.view.incoming(knower, now).map(|s| s.target).collect();
    let mut best: Option<Raid> = None;
    for state in watch.view.own_of(Knower::Player(player), player) {
        if busy(state.site) || threatened.contains(&state.site) {
            continue;
        }
        let raid = raid_of(watch, knower, state, grudge, now);
        if let Some(raid) = raid.filter(|r| r.ratio >= watch.settings.strike_ratio)
            && best.as_ref().is_none_or(|b| raid.rank() > b.rank())
        {
            best = Some(raid);
        }
    }
    best
}

/// What a site could send, and how that compares to what is believed to stand there when it comes. Where the survivors of the
/// attack are on their way home, and the raid beats them and all else that stands there, it waits so as to be there right behind
/// them, if its owner is awake then.
fn raid_of(watch: &Watch, knower: Knower, state: &SiteState, grudge: &Grudge, now: GameTime) -> Option<Raid> {
    let model: &dyn WorldModel = &*watch.view.model().0;
    let target = watch.view.site(grudge.origin)?;
    let force: Force = watch
        .free(state)
        .iter()
        .filter(|(class, _)| model.is_fighter(*class) && model.is_offense(*class) && !model.is_siege(*class))
        .collect();
    if model.attack(&force) < model.scale().attack_min {
        return None;
    }
    let travel = model.travel_of(state, target.at, &force).filter(|t| *t <= watch.settings.reach)?;
    let back_first = now + travel >= grudge.home_at;
    let leaves_at = grudge.home_at + AFTER - travel;
    let may_wait = !back_first && watch.rhythm(state.owner).is_awake(leaves_at);
    let mut waits_until = None;
    let ratio = match watch.view.estimate(knower, grudge.origin, now) {
        Some(seen) => {
            let group = AttackGroup {
                origin: state.site,
                player: state.owner,
                population: watch.view.player(state.owner).map_or(0, |p| p.population),
                force: force.clone(),
                upgrades: state.upgrades,
            };
            let against = |troops: Force| {
                let target = SiteEstimate { troops, ..seen.clone() };
                model.forecast(core::slice::from_ref(&group), &target, Manner::Raid).ratio
            };
            let worth_waiting = may_wait && model.attack(&grudge.left) >= model.scale().attack_min;
            let with_survivors = (back_first || worth_waiting).then(|| {
                let mut all = seen.troops.clone();
                all.add_all(&grudge.left);
                against(all)
            });
            match with_survivors {
                Some(ratio) if back_first => ratio,
                Some(ratio) if ratio >= watch.settings.strike_ratio => {
                    waits_until = Some(leaves_at);
                    ratio
                }
                _ => against(seen.troops.clone()),
            }
        }
        None if back_first => return None,
        None => {
            let raid = model.cost(&force);
            rules::ratio_against_unseen(raid, grudge.shown, target.population, model.goods_per_inhabitant())?
        }
    };
    Some(Raid { origin: state.site, force, travel, ratio, waits_until })
}
