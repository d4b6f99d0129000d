//! Starting operations, releasing their groups, following what becomes of them, and changing course.

use super::changes::Public;
use super::claims::tell_claims_of;
use super::clearance::Cleared;
use super::components::{
    GROUP_LAUNCHES, GROUP_RECALLED, Group, GroupStatus, OPERATION_CONCLUDES, Operation, OperationSettings,
    OperationStatus, RunningOperations, Target,
};
use super::orders::Couriers;
use super::review::{OPERATION_REVIEWED, decision_points, raise};
use super::rules::{self, Occasion};
use crate::base::clock::{Agenda, DueBatch, GameTime};
use crate::base::contract::{
    BattleFought, CampaignFact, Fact, GroupFailed, GroupLaunched, INPUT, Input, Inputs, LaunchDue, LaunchRow, Manner,
    Model, Player, PlayerKind, RecallGroup, RequestRefused, Scenario, WorldSeed,
};
use crate::base::goods::Goods;
use crate::base::id::{AllianceId, EntityIndex, OrderId, PlayerId, ProposalId, SiteId, StableId};
use crate::base::rng::{Purpose, Stream};
use crate::base::ruleset::{Force, Levels};
use crate::decision::council::{Goal, Proposal, ProposalStatus, proposal_key, proposal_of_key};
use crate::decision::fair_play::Referee;
use crate::decision::planning::allocation::{Errand, PlannedGroup};
use crate::decision::planning::{Commitment, Commitments, LastBlow, Lessons, Plan};
use crate::society::alliance::{ProposalCount, Reliability, Roster, WarRecord};
use crate::society::personality::{Traits, rules as personality};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use std::collections::BTreeSet;

/// Where operations act within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationSystems {
    /// In `Intake`: asks for the states of those whose operations are looked at again.
    Ask,
    /// In `Plan`: passed proposals become operations, scouts get orders.
    Start,
    /// In `Plan`: operations that are looked at again change their course.
    Revise,
    /// In `March`: groups that are due get their orders.
    Release,
    /// In `Settle`, before what was told is admitted: what is claimed for operations is told.
    Claim,
    /// In `Settle`: launches, battles and reports are noted.
    Follow,
    /// In `Settle`: what changed hands calls off what makes no sense any more; what was seen raises alerts.
    Review,
    /// In `Settle`: what is over is judged.
    Conclude,
}

/// A scouting party is to leave now: a standing right of officers, never voted. Lives for one pass.
#[derive(Message, Clone, PartialEq, Debug)]
pub struct SendScouts {
    /// Whose.
    pub alliance: AllianceId,
    /// The member that sends them.
    pub member: PlayerId,
    /// From where.
    pub origin: SiteId,
    /// To where.
    pub target: SiteId,
    /// Scouts.
    pub force: Force,
    /// How long they travel.
    pub travel: crate::base::clock::GameSpan,
    /// Whether it only draws attention from those that look.
    pub decoy: bool,
}

pub(super) fn spawn_running(world: &mut World, scenario: &Scenario) {
    for alliance in scenario.alliances.iter().filter(|a| a.active) {
        if let Some(entity) = world.resource::<EntityIndex>().alliance(alliance.id) {
            world.entity_mut(entity).insert((RunningOperations::default(), Lessons::default()));
        }
    }
}

/// Passed proposals that are fair to persons become operations: every group gets its own launch, all arrive together.
pub(super) fn start_operations(
    batch: Res<DueBatch>,
    mut passed: MessageReader<Cleared>,
    index: Res<EntityIndex>,
    model: Res<Model>,
    settings: Res<OperationSettings>,
    couriers: Couriers,
    proposals: Query<&Proposal>,
    mut commitments: Query<&mut Commitments>,
    mut records: Query<&mut WarRecord>,
    mut running: Query<&mut RunningOperations>,
    mut agenda: ResMut<Agenda>,
    mut facts: MessageWriter<CampaignFact>,
    mut commands: Commands,
) {
    let now = batch.now();
    for message in passed.read() {
        let Some(entity) = index.proposal(message.proposal) else { continue };
        let Ok(proposal) = proposals.get(entity) else { continue };
        // How the alliance stands to others, and what it builds, is no operation.
        let ProposalStatus::Passed(plan) = &proposal.status else { continue };
        if !proposal.action.sends_troops() {
            continue;
        }
        let operation = operation_of(proposal, plan, now);
        let members: BTreeSet<PlayerId> = operation.groups.iter().map(|g| g.member).collect();
        for (i, group) in operation.groups.iter().enumerate() {
            let order = operation.order(i);
            agenda.push(GROUP_LAUNCHES.entry(group.launch, proposal_key(operation.id), group_n(i)));
            let promise = Commitment { order, force: group.force.clone(), until: group.launch };
            book(&index, &mut commitments, &mut commands, group.site, promise);
        }
        for member in members.into_iter().filter(|_| operation.goal != Goal::Found) {
            if let Some(mut record) = index.player(member).and_then(|e| records.get_mut(e).ok()) {
                record.joined(now);
            }
        }
        let over = operation.last_arrival() + settings.claim_after_arrival;
        agenda.push(OPERATION_CONCLUDES.entry(over, proposal_key(operation.id), 0));
        tell_claims_of(&operation, now, &mut agenda);
        if operation.goal != Goal::Found {
            for at in decision_points(&operation.groups, model.capabilities().recall, now) {
                agenda.push(OPERATION_REVIEWED.entry(at, proposal_key(operation.id), 1));
            }
        }
        facts.write(CampaignFact {
            at: now,
            fact: Fact::OperationStarted {
                operation: operation.id,
                goal: operation.goal.name().to_owned(),
                rows: operation.groups.iter().enumerate().map(|(i, g)| row(i, g, &model)).collect(),
                left_out: plan.left_out.iter().map(|(site, why)| (*site, why.to_string())).collect(),
            },
        });
        if let Some(mut running) = index.alliance(operation.id.alliance).and_then(|e| running.get_mut(e).ok()) {
            running.0.push(operation.id);
        }
        let orders = couriers.give(&operation, &settings, now, &mut agenda, &mut facts);
        commands.entity(entity).insert((operation, orders));
    }
}

/// A group as its entries in the agenda count it.
pub(super) fn group_n(group: usize) -> u32 {
    u32::from(u16::try_from(group).unwrap_or(u16::MAX))
}

pub(super) fn book(
    index: &EntityIndex,
    commitments: &mut Query<&mut Commitments>,
    commands: &mut Commands,
    site: SiteId,
    promise: Commitment,
) {
    let Some(entity) = index.site(site) else { return };
    match commitments.get_mut(entity) {
        Ok(mut promises) => promises.0.push(promise),
        // Two promises of one site in one pass: the second is added to the first when commands are applied.
        Err(_) => {
            commands.entity(entity).entry::<Commitments>().or_default().and_modify(|mut c| c.0.push(promise));
        }
    }
}

pub(super) fn row(index: usize, group: &Group, model: &Model) -> LaunchRow {
    LaunchRow {
        group: u16::try_from(index).unwrap_or(u16::MAX),
        member: group.member,
        origin: group.site,
        target: group.target,
        wave: group.wave,
        units: group.force.iter().map(|(class, n)| (model.unit_name(class).to_owned(), n)).collect(),
        launch: group.launch,
        travel: group.travel,
        arrival: group.arrival,
    }
}

fn operation_of(proposal: &Proposal, plan: &Plan, now: GameTime) -> Operation {
    Operation {
        id: proposal.id,
        proposer: proposal.proposer,
        goal: proposal.goal,
        groups: plan.groups.iter().map(group_of).collect(),
        targets: plan
            .targets
            .iter()
            .filter(|t| plan.groups.iter().any(|g| g.target == t.site))
            .map(|t| Target {
                site: t.site,
                owner: proposal.targets.iter().find(|p| p.site == t.site).map_or(PlayerId::default(), |p| p.owner),
                believed: t.believed.clone(),
                reckoned: t.reckoned.clone(),
                seen_at: t.seen_at,
                expected_ratio: t.forecast.ratio,
                planned_ratio: t.ratio,
                expected_loss: t.expected_loss,
                expected_win: t.win,
                sigma: t.sigma,
                forecast_win: t.forecast_win,
                defenders: None,
                killed: Force::new(),
                wall_lost: 0,
                levels_lost: 0,
            })
            .collect(),
        status: OperationStatus::Running,
        started: now,
        scouting: false,
        alerts: Vec::new(),
        revisions: Vec::new(),
    }
}

/// A group of a plan, as it is carried out.
pub(super) fn group_of(planned: &PlannedGroup) -> Group {
    Group {
        member: planned.member,
        site: planned.site,
        target: planned.target,
        wave: planned.wave,
        manner: planned.manner,
        aims: planned.aims,
        errand: planned.errand,
        force: planned.force.clone(),
        upgrades: planned.upgrades,
        launch: planned.launch,
        travel: planned.travel,
        arrival: planned.arrival,
        status: GroupStatus::Waiting,
        written_off: false,
        lost: Force::new(),
        loot: Goods::ZERO,
    }
}

/// Scouting parties leave at once.
pub(super) fn send_scouts(
    batch: Res<DueBatch>,
    mut requests: MessageReader<SendScouts>,
    index: Res<EntityIndex>,
    settings: Res<OperationSettings>,
    mut alliances: Query<(&mut ProposalCount, &mut RunningOperations)>,
    mut commitments: Query<&mut Commitments>,
    mut agenda: ResMut<Agenda>,
    mut facts: MessageWriter<CampaignFact>,
    mut commands: Commands,
) {
    let now = batch.now();
    for request in requests.read() {
        let Some((mut count, mut running)) = index.alliance(request.alliance).and_then(|e| alliances.get_mut(e).ok())
        else {
            continue;
        };
        let id = ProposalId { alliance: request.alliance, n: count.count() };
        let operation = scouting_mission(id, request, now);
        let order = operation.order(0);
        let promise = Commitment { order, force: request.force.clone(), until: now };
        book(&index, &mut commitments, &mut commands, request.origin, promise);
        agenda.push(GROUP_LAUNCHES.entry(now, proposal_key(id), 0));
        let over = operation.last_arrival() + settings.claim_after_arrival;
        agenda.push(OPERATION_CONCLUDES.entry(over, proposal_key(id), 0));
        let (alliance, origin, target) = (request.alliance, request.origin, request.target);
        facts.write(CampaignFact {
            at: now,
            fact: Fact::ScoutsSent { alliance, order, origin, target, decoy: request.decoy },
        });
        running.0.push(id);
        commands.spawn((StableId::Proposal(id), operation));
    }
}

fn scouting_mission(id: ProposalId, request: &SendScouts, now: GameTime) -> Operation {
    Operation {
        id,
        proposer: request.member,
        goal: Goal::Look,
        groups: vec![Group {
            member: request.member,
            site: request.origin,
            target: request.target,
            wave: 0,
            manner: Manner::Scout,
            aims: [None; 2],
            errand: Errand::Strike,
            force: request.force.clone(),
            upgrades: Levels::default(),
            launch: now,
            travel: request.travel,
            arrival: now + request.travel,
            status: GroupStatus::Waiting,
            written_off: false,
            lost: Force::new(),
            loot: Goods::ZERO,
        }],
        targets: Vec::new(),
        status: OperationStatus::Running,
        started: now,
        scouting: true,
        alerts: Vec::new(),
        revisions: Vec::new(),
    }
}

/// Whether an NPC does not send one of its groups, by chance: the less reliable it is the more likely.
pub(super) fn no_show(seed: u64, operation: ProposalId, group: usize, traits: Option<&Traits>) -> bool {
    let mut draw = Stream::new(seed, proposal_key(operation), Purpose::NO_SHOW, group as u64);
    !draw.chance(personality::reliability(traits.unwrap_or(&Traits::NEUTRAL)))
}

/// What a release is held against.
#[derive(SystemParam)]
pub(super) struct Release<'w, 's> {
    index: Res<'w, EntityIndex>,
    model: Res<'w, Model>,
    settings: Res<'w, OperationSettings>,
    seed: Option<Res<'w, WorldSeed>>,
    public: Public<'w, 's>,
    members: Query<'w, 's, (&'static Player, &'static Traits)>,
    referee: Referee<'w, 's>,
    roster: Roster<'w, 's>,
}

impl Release<'_, '_> {
    /// Whether a member does not send what it was ordered to, though it could: by chance, the less reliable the more
    /// likely. A person's troops leave as agreed.
    fn no_show(&self, operation: &Operation, group: usize) -> bool {
        let member = operation.groups[group].member;
        let Some((player, traits)) = self.index.player(member).and_then(|e| self.members.get(e).ok()) else {
            return false;
        };
        if !self.settings.no_shows || operation.scouting || player.kind != PlayerKind::Active {
            return false;
        }
        no_show(self.seed.as_ref().map_or(0, |s| s.0), operation.id, group, Some(traits))
            || self.stays_away(operation, group)
    }

    /// Whether a group stays at home by mistake: in wars with persons, below the highest difficulty.
    fn stays_away(&self, operation: &Operation, group: usize) -> bool {
        let target = operation.groups[group].target;
        let Some(owner) = operation.targets.iter().find(|t| t.site == target).map(|t| t.owner) else { return false };
        let mistakes = self.referee.mistakes_against(&self.roster, operation.id.alliance, owner);
        mistakes.is_some_and(|m| m.stays_away(u64::from(operation.id.n) << 16 | group as u64))
    }

    /// Why a group that is due stays at home by a decision, if it does.
    fn stays(&self, operation: &Operation, group: &Group) -> Option<&'static str> {
        let met = |site| {
            let target = operation.targets.iter().find(|t: &&Target| t.site == site)?;
            let broken = rules::broken_share(target, |force| self.model.cost(force));
            Some(rules::goal_met(operation.goal, broken, false))
        };
        let needed = group.errand != Errand::Reserve || met(group.target) != Some(true);
        let fights = !operation.scouting && operation.goal != Goal::Found;
        let owner = self.public.owner(group.target).filter(|_| fights);
        let foul = owner.is_some_and(|owner| self.referee.bars(operation.id, owner, group.arrival));
        let stays = self.public.stays(operation, group).or(foul.then_some("fair_play"));
        stays.or((!needed).then_some("not_needed"))
    }
}

/// Gives the groups that are due their orders.
pub(super) fn release_groups(
    batch: Res<DueBatch>,
    release: Release,
    mut operations: Query<&mut Operation>,
    mut commitments: Query<&mut Commitments>,
    mut launches: MessageWriter<LaunchDue>,
    mut failed: MessageWriter<GroupFailed>,
    mut facts: MessageWriter<CampaignFact>,
) {
    for entry in batch.of(GROUP_LAUNCHES) {
        let id = proposal_of_key(entry.owner);
        let Some(mut operation) = release.index.proposal(id).and_then(|e| operations.get_mut(e).ok()) else { continue };
        let group = usize::try_from(entry.n).unwrap_or(usize::MAX);
        let order = operation.order(group);
        let Some(g) = operation.groups.get(group) else { continue };
        if g.status != GroupStatus::Waiting || g.launch != entry.due {
            continue;
        }
        let (stays, no_show) = (release.stays(&operation, g), release.no_show(&operation, group));
        let g = &mut operation.groups[group];
        if let Some(mut promises) = release.index.site(g.site).and_then(|e| commitments.get_mut(e).ok()) {
            promises.release(order);
        }
        if let Some(reason) = stays {
            // Things changed after the vote: nobody is blamed for staying at home.
            g.status = GroupStatus::HeldBack;
            let reason = format!("{reason}: group {group}");
            facts.write(operation.revise(batch.now(), "hold_back", reason, Vec::new()));
            continue;
        }
        if no_show {
            failed.write(GroupFailed { order, rule: "no_show" });
            continue;
        }
        launches.write(LaunchDue {
            order,
            origin: g.site,
            target: g.target,
            force: g.force.clone(),
            manner: g.manner,
            wave: g.wave,
            arrival: Some(g.arrival),
            aims: g.aims,
        });
    }
}

/// Turns the groups back that a decision of this instant calls off, and those that turn at this instant by plan.
pub(super) fn release_recalls(
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    model: Res<Model>,
    mut operations: Query<&mut Operation>,
    mut recalls: MessageWriter<RecallGroup>,
) {
    let (now, recall) = (batch.now(), model.capabilities().recall);
    for entry in batch.of(GROUP_RECALLED) {
        let id = proposal_of_key(entry.owner);
        let Some(mut operation) = index.proposal(id).and_then(|e| operations.get_mut(e).ok()) else { continue };
        let group = usize::try_from(entry.n).unwrap_or(usize::MAX);
        let order = operation.order(group);
        let Some(g) = operation.groups.get(group) else { continue };
        match g.status {
            GroupStatus::Recalled { march } => {
                recalls.write(RecallGroup { order, march });
            }
            GroupStatus::Launched { march, at } if g.errand.turns_at() == Some(now) && g.can_turn(now, at, recall) => {
                operation.groups[group].status = GroupStatus::Recalled { march };
                recalls.write(RecallGroup { order, march });
            }
            _ => {}
        }
    }
}

/// A person calls a group back.
pub(super) fn recall_inputs(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    index: Res<EntityIndex>,
    model: Res<Model>,
    mut operations: Query<&mut Operation>,
    mut agenda: ResMut<Agenda>,
    mut recalls: MessageWriter<RecallGroup>,
    mut facts: MessageWriter<CampaignFact>,
) {
    if batch.of(INPUT).is_empty() {
        return;
    }
    let (now, recall) = (batch.now(), model.capabilities().recall);
    for logged in &inputs.now {
        let Input::Recall(order) = logged.input else { continue };
        let group = usize::from(order.group().unwrap_or(u16::MAX));
        let mut operation = order.operation().and_then(|id| operations.get_mut(index.proposal(id)?).ok());
        let found = operation.as_mut().and_then(|o| o.groups.get_mut(group));
        let refused = match found {
            None => ("group_is_under_way", UNDER_WAY.to_owned(), "no such group".to_owned()),
            Some(g) => match g.status {
                GroupStatus::Launched { march, at } if g.can_turn(now, at, recall) => {
                    g.status = GroupStatus::Recalled { march };
                    recalls.write(RecallGroup { order, march });
                    if let Some(operation) = operation {
                        tell_claims_of(&operation, now, &mut agenda);
                    }
                    continue;
                }
                GroupStatus::Launched { at, .. } if g.arrival > now => {
                    ("recall", format!("{recall:?}"), format!("{} after launch", now - at))
                }
                status => ("group_is_under_way", UNDER_WAY.to_owned(), format!("{status:?}")),
            },
        };
        let (rule, limit, value) = refused;
        let request = format!("recall {order}");
        let refused = RequestRefused { request, rule: rule.to_owned(), limit, value, retry_after: None };
        facts.write(CampaignFact { at: now, fact: Fact::RequestRefused(refused) });
    }
}

/// What can be called back at all.
const UNDER_WAY: &str = "a group that has left and not arrived";

/// Notes what left and what could not.
pub(super) fn note_launches(
    mut launched: MessageReader<GroupLaunched>,
    mut failed: MessageReader<GroupFailed>,
    batch: Res<DueBatch>,
    index: Res<EntityIndex>,
    mut operations: Query<&mut Operation>,
    mut records: Query<&mut Reliability>,
    model: Res<Model>,
    mut agenda: ResMut<Agenda>,
    mut facts: MessageWriter<CampaignFact>,
    mut commands: Commands,
) {
    let now = batch.now();
    for message in launched.read() {
        let OrderId::Group { operation: id, group: n } = message.order else { continue };
        let Some(mut operation) = index.proposal(id).and_then(|e| operations.get_mut(e).ok()) else { continue };
        let Some(group) = operation.groups.get_mut(usize::from(n)) else { continue };
        group.status = GroupStatus::Launched { march: message.march, at: message.at };
        let gap = message.force.total() < group.force.total();
        group.force = message.force.clone();
        group.arrival = group.arrival.max(message.arrival);
        if let Some(turns) = group.errand.turns_at() {
            agenda.push(GROUP_RECALLED.entry(turns.max(now), proposal_key(id), u32::from(n)));
        }
        let (order, planned, units) = (message.order, group.launch, message.force.total());
        facts.write(CampaignFact { at: message.at, fact: Fact::GroupLaunched { order, planned, units } });
        let (member, target, late) = (group.member, group.target, group.is_late());
        let strikes = matches!(group.errand, Errand::Strike | Errand::Reserve)
            && model.attack(&group.force) >= model.scale().attack_min;
        if let Some(site) = index.site(group.site).filter(|_| strikes && !operation.scouting) {
            commands.entity(site).insert(LastBlow(message.at));
        }
        if !operation.scouting
            && let Some(mut record) = index.player(member).and_then(|e| records.get_mut(e).ok())
        {
            record.ordered += 1;
            record.launched += 1;
        }
        if gap {
            raise(&mut operation, Occasion::NoShow, target, now, &mut agenda);
        }
        if late {
            raise(&mut operation, Occasion::Late, target, now, &mut agenda);
        }
    }
    for message in failed.read() {
        let OrderId::Group { operation: id, group: n } = message.order else { continue };
        if let Some(mut operation) = index.proposal(id).and_then(|e| operations.get_mut(e).ok())
            && let Some(group) = operation.groups.get_mut(usize::from(n))
        {
            group.status = GroupStatus::Failed;
            let (member, target) = (group.member, group.target);
            if !operation.scouting
                && let Some(mut record) = index.player(member).and_then(|e| records.get_mut(e).ok())
            {
                record.ordered += 1;
            }
            raise(&mut operation, Occasion::NoShow, target, now, &mut agenda);
        }
        let (order, rule) = (message.order, message.rule.to_owned());
        facts.write(CampaignFact { at: now, fact: Fact::GroupFailed { order, rule } });
    }
}

/// Notes what each group saw, lost and took.
pub(super) fn note_battles(
    batch: Res<DueBatch>,
    mut battles: MessageReader<BattleFought>,
    index: Res<EntityIndex>,
    mut operations: Query<&mut Operation>,
    mut agenda: ResMut<Agenda>,
) {
    let now = batch.now();
    for battle in battles.read() {
        let Some(OrderId::Group { operation, group }) = battle.order else { continue };
        let Some(mut operation) = index.proposal(operation).and_then(|e| operations.get_mut(e).ok()) else {
            continue;
        };
        let Some(group) = operation.groups.get_mut(usize::from(group)) else { continue };
        group.lost.add_all(&battle.own_lost);
        if !battle.attacked {
            // Who stays before a target and is attacked there: of the target nothing was seen.
            continue;
        }
        group.loot += battle.loot;
        let follows = |g: &Group| g.target == battle.site && g.arrival > now && rules::is_active(g);
        if operation.groups.iter().any(follows) {
            raise(&mut operation, Occasion::Fought, battle.site, now, &mut agenda);
        }
        let Some(target) = operation.targets.iter_mut().find(|t| t.site == battle.site) else { continue };
        let (Some(before), Some(lost)) = (&battle.enemy_before, &battle.enemy_lost) else { continue };
        if target.defenders.is_none() {
            target.defenders = Some(before.clone());
        }
        let first = target.defenders.clone().unwrap_or_default();
        let left = before.minus(lost);
        // What is missing of the first sight of the garrison was killed, by whichever group.
        target.killed = first.minus(&left);
        target.wall_lost = target.wall_lost.max(battle.wall_lost);
        target.levels_lost = target.levels_lost.max(battle.levels_lost);
    }
}
