//! Who joins, who leaves, who follows a leader, and what ends with the last site.

use super::applications::Admitted;
use super::components::{Alliance, Applications, MemberOf, Membership, Reliability, Trust, WarRecord, Wars};
use super::rules;
use super::systems::{MemberInfo, Roster};
use crate::base::clock::{DueBatch, GameTime};
use crate::base::contract::{
    CampaignFact, Estates, Fact, INPUT, Input, Inputs, LoggedInput, MembershipChanged, Player, PlayerKind, Rank,
    SetMembership, SetRank, SiteChanged, Stance, StanceChanged, Stances,
};
use crate::base::id::{AllianceId, EntityIndex, PlayerId};
use crate::base::limits::Limits;
use crate::society::personality::{PersonalitySettings, rules as personality};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What a change of membership tells.
#[derive(SystemParam)]
pub(super) struct Tidings<'w> {
    memberships: MessageWriter<'w, MembershipChanged>,
    stances: MessageWriter<'w, StanceChanged>,
    facts: MessageWriter<'w, CampaignFact>,
    character: Res<'w, PersonalitySettings>,
}

/// A player that moves from one alliance to another, or out of all.
#[derive(Clone, Copy)]
struct Move {
    player: PlayerId,
    from: Option<AllianceId>,
    to: Option<AllianceId>,
}

/// Players leave and join as a game says, and as applications were answered. Each move of an instant is checked in its order;
/// who leads is decided when all have moved.
pub(super) fn apply_memberships(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    mut admitted: MessageReader<Admitted>,
    limits: Res<Limits>,
    index: Res<EntityIndex>,
    roster: Roster,
    mut applications: Query<&mut Applications>,
    mut tidings: Tidings,
    mut commands: Commands,
) {
    let admitted = admitted.read().map(|a| SetMembership { player: a.player, alliance: Some(a.alliance) });
    let mut wanted: Vec<SetMembership> = admitted.collect();
    if !batch.of(INPUT).is_empty() {
        let set = |logged: &LoggedInput| if let Input::Membership(set) = logged.input { Some(set) } else { None };
        wanted.extend(inputs.now.iter().filter_map(set));
    }
    if wanted.is_empty() {
        return;
    }
    let mut moves: Vec<Move> = Vec::new();
    for set in &wanted {
        match check(set, &moves, &roster, &limits) {
            Ok(from) => moves.push(Move { player: set.player, from, to: set.alliance }),
            Err((rule, limit, value)) => {
                let wanted = set.alliance.map_or_else(|| "none".to_owned(), |a| a.to_string());
                let request = format!("set_membership {} to {wanted}", set.player);
                tidings.facts.write(CampaignFact::refusal(batch.now(), request, rule, &limit, value));
            }
        }
    }
    let now = batch.now();
    let touched: BTreeSet<AllianceId> = moves.iter().flat_map(|m| [m.from, m.to]).flatten().collect();
    let leaders: BTreeMap<AllianceId, PlayerId> =
        touched.iter().filter_map(|a| Some((*a, leader_after(*a, &moves, &roster)?))).collect();
    // Who joins somewhere asks nowhere else any more.
    for mut waiting in &mut applications {
        if moves.iter().any(|m| waiting.0.contains_key(&m.player)) {
            waiting.0.retain(|player, _| !moves.iter().any(|m| m.player == *player));
        }
    }
    for step in &moves {
        let leads = step.to.is_some_and(|a| leaders.get(&a) == Some(&step.player));
        carry_out(*step, leads, now, &index, &roster, &mut tidings, &mut commands);
    }
    for alliance in moves.iter().filter_map(|m| m.from).collect::<BTreeSet<_>>() {
        follow_up(alliance, leaders.get(&alliance).copied(), now, &index, &roster, &mut tidings, &mut commands);
    }
}

/// Members get other ranks as a game says. Who is made leader puts the present one among the officers; nobody else ends that.
pub(super) fn apply_ranks(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    roster: Roster,
    mut facts: MessageWriter<CampaignFact>,
    mut commands: Commands,
) {
    if batch.of(INPUT).is_empty() {
        return;
    }
    let now = batch.now();
    let mut set: BTreeMap<PlayerId, Rank> = BTreeMap::new();
    for logged in &inputs.now {
        let Input::Rank(SetRank { player, rank }) = logged.input else { continue };
        let member = roster.alliance_of(player).zip(roster.member(player));
        let held = member.as_ref().map(|(_, m)| set.get(&player).copied().unwrap_or(m.rank));
        let refused = match (held, rank) {
            (None, _) => Some(("is_a_member", "a member of an alliance", player.to_string())),
            (Some(held), wanted) if held == wanted => {
                Some(("another_rank", "a rank that the member does not have", format!("{wanted:?}")))
            }
            (Some(Rank::Leader), wanted) => {
                Some(("somebody_leads", "another member who is made leader first", format!("{wanted:?}")))
            }
            _ => None,
        };
        if let Some((rule, limit, value)) = refused {
            facts.write(CampaignFact::refusal(now, format!("set_rank {player}"), rule, limit, value));
            continue;
        }
        let Some((alliance, _)) = member else { continue };
        if rank == Rank::Leader {
            let rank_of = |m: &MemberInfo| set.get(&m.player).copied().unwrap_or(m.rank);
            let before = roster.members(alliance).into_iter().find(|m| rank_of(m) == Rank::Leader);
            set.extend(before.map(|m| (m.player, Rank::Officer)));
        }
        set.insert(player, rank);
    }
    for (player, rank) in set {
        let Some((alliance, member)) = roster.alliance_of(player).zip(roster.member(player)) else { continue };
        if member.rank != rank {
            commands.entity(member.entity).insert(Membership { alliance, rank });
            facts.write(CampaignFact { at: now, fact: Fact::RankChanged { alliance, player, rank } });
        }
    }
}

/// Who leads an alliance after some moves: who does now if he stays, else who follows among those who stay, else among
/// those who join; nobody if nobody is left.
fn leader_after(alliance: AllianceId, moves: &[Move], roster: &Roster) -> Option<PlayerId> {
    let leaves = |player| moves.iter().any(|m| m.player == player && m.from == Some(alliance));
    let staying: Vec<_> = roster.members(alliance).into_iter().filter(|m| !leaves(m.player)).collect();
    rules::heir(staying.iter().map(|m| (m.rank, m.population, m.player))).or_else(|| {
        let joining = moves.iter().filter(|m| m.to == Some(alliance)).filter_map(|m| roster.player(m.player));
        rules::heir(joining.map(|p| (Rank::Member, p.population, p.id)))
    })
}

/// The alliance that the player leaves, or the rule that forbids the move.
fn check(
    set: &SetMembership,
    moves: &[Move],
    roster: &Roster,
    limits: &Limits,
) -> Result<Option<AllianceId>, (&'static str, String, String)> {
    let Some(player) = roster.player(set.player) else {
        return Err(("player_exists", "a known player".to_owned(), set.player.to_string()));
    };
    if player.kind == PlayerKind::Static {
        return Err(("player_acts", "a player that acts".to_owned(), "it never does".to_owned()));
    }
    if set.alliance.is_some() && !roster.has_sites(set.player) {
        return Err(("has_a_site", "a player with a site".to_owned(), "it has none".to_owned()));
    }
    if moves.iter().any(|m| m.player == set.player) {
        return Err(("one_move", "one change of alliance at one instant".to_owned(), "a second one".to_owned()));
    }
    let from = roster.alliance_of(set.player);
    if from == set.alliance {
        let value = from.map_or_else(|| "it is in none".to_owned(), |a| format!("it is in {a}"));
        return Err(("another_alliance", "an alliance that the player is not in".to_owned(), value));
    }
    if let Some(to) = set.alliance {
        if roster.alliance(to).is_none() {
            return Err(("alliance_exists", "a known alliance".to_owned(), to.to_string()));
        }
        let coming = moves.iter().filter(|m| m.to == Some(to)).count();
        let members = roster.members(to).len() + coming;
        if members >= limits.members_per_alliance {
            let limit = format!("{} members", limits.members_per_alliance);
            return Err(("members_per_alliance", limit, members.to_string()));
        }
    }
    Ok(from)
}

fn carry_out(
    step: Move,
    leads: bool,
    at: GameTime,
    index: &EntityIndex,
    roster: &Roster,
    tidings: &mut Tidings,
    commands: &mut Commands,
) {
    let Move { player, from, to } = step;
    let Some(entity) = index.player(player) else { return };
    let rank = if leads { Rank::Leader } else { Rank::Member };
    let mut entity = commands.entity(entity);
    match to {
        Some(alliance) => {
            entity.insert(Membership { alliance, rank });
            entity.insert_if_new((Trust::default(), Reliability::default(), WarRecord::default()));
            // Who was nobody's member until now is somebody all the same.
            entity.insert_if_new((
                personality::draw_traits(roster.seed(), player, None, &tidings.character),
                personality::draw_taste(roster.seed(), player, &tidings.character),
            ));
        }
        None => {
            entity.remove::<(Membership, MemberOf)>();
        }
    }
    let deliberates = to.and_then(|a| roster.alliance(a)).is_some_and(|a| a.active);
    entity.queue(move |mut entity: EntityWorldMut| {
        if let Some(mut player) = entity.get_mut::<Player>() {
            player.alliance = to;
            player.kind = match player.kind {
                PlayerKind::Active | PlayerKind::Bystander if deliberates => PlayerKind::Active,
                PlayerKind::Active | PlayerKind::Bystander => PlayerKind::Bystander,
                other => other,
            };
        }
    });
    commands.run_system_cached_with(follow_on_map, player);
    tidings.memberships.write(MembershipChanged { player, from, to });
    tidings.facts.write(CampaignFact { at, fact: Fact::MembershipChanged { player, from, to } });
}

fn follow_on_map(player: In<PlayerId>, mut estates: Estates) {
    estates.follow_alliance(*player);
}

/// What those who stay do: somebody leads them, or the alliance is over.
fn follow_up(
    alliance: AllianceId,
    leader: Option<PlayerId>,
    at: GameTime,
    index: &EntityIndex,
    roster: &Roster,
    tidings: &mut Tidings,
    commands: &mut Commands,
) {
    let Some(leader) = leader else {
        end_alliance(alliance, at, index, roster, tidings, commands);
        return;
    };
    let before = roster.member(leader).filter(|_| roster.alliance_of(leader) == Some(alliance));
    // Who joins at this instant to lead has the rank from the beginning.
    let Some(entity) = before.filter(|m| m.rank != Rank::Leader).map(|m| m.entity) else { return };
    commands.entity(entity).insert(Membership { alliance, rank: Rank::Leader });
    let fact = Fact::RankChanged { alliance, player: leader, rank: Rank::Leader };
    tidings.facts.write(CampaignFact { at, fact });
}

/// An alliance without members deliberates no more, and is at war, or at peace, with nobody.
fn end_alliance(
    alliance: AllianceId,
    at: GameTime,
    index: &EntityIndex,
    roster: &Roster,
    tidings: &mut Tidings,
    commands: &mut Commands,
) {
    let Some(entity) = index.alliance(alliance) else { return };
    let others: Vec<AllianceId> =
        roster.relations(alliance).map_or_else(Vec::new, |(stances, ..)| stances.0.keys().copied().collect());
    for other in others {
        if let Some(entity) = index.alliance(other) {
            commands.entity(entity).queue(move |mut entity: EntityWorldMut| forget(&mut entity, alliance));
        }
        tidings.stances.write(StanceChanged { a: alliance, b: other, stance: Stance::Neutral });
        tidings
            .facts
            .write(CampaignFact { at, fact: Fact::StanceChanged { a: alliance, b: other, stance: Stance::Neutral } });
    }
    commands.entity(entity).insert((Stances::default(), Wars::default())).queue(|mut entity: EntityWorldMut| {
        if let Some(mut alliance) = entity.get_mut::<Alliance>() {
            alliance.active = false;
        }
    });
    tidings.facts.write(CampaignFact { at, fact: Fact::AllianceEliminated { alliance } });
}

fn forget(entity: &mut EntityWorldMut, alliance: AllianceId) {
    if let Some(mut stances) = entity.get_mut::<Stances>() {
        stances.0.remove(&alliance);
    }
    if let Some(mut wars) = entity.get_mut::<Wars>() {
        wars.0.remove(&alliance);
    }
}

/// Players who lost their last site leave their alliance, and what is left of it goes on or ends.
pub(super) fn eliminate(
    batch: Res<DueBatch>,
    mut changed: MessageReader<SiteChanged>,
    index: Res<EntityIndex>,
    roster: Roster,
    mut tidings: Tidings,
    mut commands: Commands,
) {
    let lost: BTreeSet<PlayerId> = changed.read().filter_map(|c| c.from).filter(|p| !roster.has_sites(*p)).collect();
    let mut moves: Vec<Move> = Vec::new();
    for player in &lost {
        tidings.facts.write(CampaignFact { at: batch.now(), fact: Fact::PlayerEliminated { player: *player } });
        if let Some(from) = roster.alliance_of(*player) {
            let step = Move { player: *player, from: Some(from), to: None };
            carry_out(step, false, batch.now(), &index, &roster, &mut tidings, &mut commands);
            moves.push(step);
        }
    }
    for alliance in moves.iter().filter_map(|m| m.from).collect::<BTreeSet<_>>() {
        let leader = leader_after(alliance, &moves, &roster);
        follow_up(alliance, leader, batch.now(), &index, &roster, &mut tidings, &mut commands);
    }
}
