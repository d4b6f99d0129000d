//! What the person sees at its place: gathered once a frame, so that the panel draws from plain data.

use super::advice::Advice;
use super::hear::News;
use super::{Decision, Owed, Seat};
use crate::watch::Watch;
use bevy::prelude::*;
use bevy_alliance::action::operations::{Group, GroupStatus, Operation};
use bevy_alliance::action::pool::Pool;
use bevy_alliance::base::clock::{GameClock, GameTime};
use bevy_alliance::base::contract::{Holdings, Site, Stance, Stances, Vote};
use bevy_alliance::base::geometry::Torus;
use bevy_alliance::base::id::{AllianceId, EntityIndex, MarchId, OrderId, PlayerId, ProposalId, SiteId};
use bevy_alliance::base::ruleset::{RecallRule, Ruleset};
use bevy_alliance::base::text::shortened;
use bevy_alliance::decision::council::{ActionKind, Ballots, Proposal};
use bevy_alliance::edge::report::{CampaignTally, Directory};
use bevy_alliance::world::march::March;
use bevy_alliance::world::village::{Stores, stores::read_stores};

/// A vote that waits for the person.
#[derive(Debug)]
pub(super) struct VoteRow {
    pub(super) id: ProposalId,
    pub(super) owed: Owed,
    pub(super) title: String,
    pub(super) lines: Vec<String>,
    /// The share of its army that the person is asked for; `None` where nothing is to be pledged.
    pub(super) asked: Option<f64>,
    pub(super) advice: Option<Advice>,
}

/// An order that waits for the person's answer.
#[derive(Debug)]
pub(super) struct OrderRow {
    pub(super) id: ProposalId,
    pub(super) owed: Owed,
    pub(super) lines: Vec<String>,
}

/// How a march is called back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Recall {
    /// A march of the person's own.
    Own(MarchId),
    /// A group of an operation.
    Group(OrderId, MarchId),
}

/// Troops of the person under way.
#[derive(Debug)]
pub(super) struct MarchRow {
    pub(super) arrival: GameTime,
    pub(super) text: String,
    /// The point of no return, in words.
    pub(super) turns: String,
    /// How it can be called back, if it can.
    pub(super) recall: Option<Recall>,
}

/// A village of the person.
#[derive(Debug)]
pub(super) struct Home {
    pub(super) site: SiteId,
    pub(super) name: String,
    /// What lies in store, all goods together.
    pub(super) goods: i64,
}

/// The alliance that something can be proposed about, and the village that can be proposed as a target.
#[derive(Debug)]
pub(super) struct Other {
    pub(super) alliance: Option<(AllianceId, String, Stance)>,
    pub(super) target: Option<(SiteId, String)>,
}

/// All that the person sees at its place.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) me: PlayerId,
    pub(super) name: String,
    pub(super) alliance: Option<(AllianceId, String)>,
    pub(super) votes: Vec<VoteRow>,
    pub(super) orders: Vec<OrderRow>,
    pub(super) marches: Vec<MarchRow>,
    pub(super) homes: Vec<Home>,
    pub(super) other: Other,
    /// What lies in the alliance's pool.
    pub(super) pool: Option<i64>,
    pub(super) news: Vec<News>,
}

impl Look {
    /// Looks around; `None` where nobody leads anybody.
    pub(super) fn around(world: &mut World) -> Option<Self> {
        let (me, alliance) = super::me(world)?;
        let marches = marches(world, me);
        let world: &World = world;
        let names = &world.resource::<CampaignTally>().directory;
        let seat = world.resource::<Seat>();
        let pool = alliance.and_then(|a| world.get::<Pool>(world.resource::<EntityIndex>().alliance(a)?));
        Some(Self {
            me,
            name: shortened(names.player(me), 30),
            alliance: alliance.map(|id| (id, shortened(names.alliance(id), 30))),
            votes: seat.owed.iter().filter_map(|owed| vote_row(world, names, owed, me)).collect(),
            orders: seat.owed.iter().filter_map(|owed| order_row(world, names, owed, me)).collect(),
            marches,
            homes: homes(world, names, me),
            other: other(world, names, alliance),
            pool: pool.map(|pool| pool.stock.total()),
            news: seat.news.iter().cloned().collect(),
        })
    }
}

pub(super) fn vote_word(vote: Vote) -> &'static str {
    match vote {
        Vote::Approve => "for it",
        Vote::Reject => "against it",
        Vote::Abstain => "for neither",
    }
}

pub(super) fn stance_word(stance: Stance) -> &'static str {
    match stance {
        Stance::Neutral => "neutral",
        Stance::War => "at war",
        Stance::Truce => "truce",
        Stance::Pact => "pact",
        Stance::Confederacy => "confederacy",
    }
}

fn site(names: &Directory, id: SiteId) -> String {
    shortened(names.site(id), 34)
}

fn vote_row(world: &World, names: &Directory, owed: &Owed, me: PlayerId) -> Option<VoteRow> {
    let Decision::Vote(id) = owed.decision else { return None };
    let entity = world.resource::<EntityIndex>().proposal(id)?;
    let (proposal, ballots) = (world.get::<Proposal>(entity)?, world.get::<Ballots>(entity)?);
    let proposer = shortened(names.player(proposal.proposer), 22);
    let mut lines = vec![format!("proposed by {proposer}, decided by {} at the latest", whole(proposal.deadline))];
    if proposal.action.sends_troops() {
        lines.extend(troops(world, names, proposal, me));
    }
    let count = |vote| ballots.cast.values().filter(|ballot| ballot.vote == vote).count();
    let (yes, no, open) = (count(Vote::Approve), count(Vote::Reject), ballots.answer_at.len());
    lines.push(format!("so far {yes} for, {no} against, {} abstain, {open} open", count(Vote::Abstain)));
    let asked = proposal.asked.get(&me).filter(|_| proposal.action.sends_troops()).map(|asked| asked.share);
    let advice = world.resource::<Seat>().advice.get(&id).copied();
    Some(VoteRow { id, owed: *owed, title: title(world, names, proposal), lines, asked, advice })
}

/// What is proposed, in a line.
fn title(world: &World, names: &Directory, proposal: &Proposal) -> String {
    let action = proposal.action.name().replace('_', " ");
    match (proposal.action, proposal.enemy) {
        (ActionKind::Expansion, _) => {
            let places = proposal.targets.iter().filter_map(|target| plot(world, target.site));
            format!("a new village at {}", places.collect::<Vec<_>>().join(", "))
        }
        (ActionKind::MassAttack, Some(enemy)) => {
            format!("{} on {}", proposal.pattern.replace('_', " "), shortened(names.alliance(enemy), 26))
        }
        (_, Some(other)) => format!("{action}: {}", shortened(names.alliance(other), 26)),
        (_, None) => action,
    }
}

/// The coordinates of a free tile that is to be settled.
fn plot(world: &World, site: SiteId) -> Option<String> {
    let tile = world.resource::<Torus>().tile(i64::from(site.tile_id()?))?;
    Some(format!("({}|{})", tile.x, tile.y))
}

/// Where troops are to go, when, and whose.
fn troops(world: &World, names: &Directory, proposal: &Proposal, me: PlayerId) -> Vec<String> {
    let now = world.resource::<GameClock>().now();
    let attacks = proposal.targets.iter().filter(|_| proposal.action == ActionKind::MassAttack);
    let mut lines: Vec<String> = attacks
        .map(|target| {
            let age = (now - target.seen_at).as_hours();
            format!("{}: seen {age:.0} h ago, {:.1} times what is there", site(names, target.site), target.ratio)
        })
        .collect();
    lines.push(format!("all arrive {}", whole(proposal.arrival)));
    let of = |member: &PlayerId| if *member == me { "you".to_owned() } else { shortened(names.player(*member), 18) };
    let asked = proposal.asked.iter().filter(|(_, asked)| asked.share > 0.0);
    let who: Vec<String> = asked.map(|(m, asked)| format!("{} {:.1}%", of(m), asked.share * 100.0)).collect();
    if !who.is_empty() {
        lines.push(format!("asked of their armies: {}", who.join(", ")));
    }
    lines
}

/// An instant without its milliseconds: what is read, not what is timed.
pub(super) fn whole(at: GameTime) -> GameTime {
    GameTime(at.0 - at.0.rem_euclid(1_000))
}

fn order_row(world: &World, names: &Directory, owed: &Owed, me: PlayerId) -> Option<OrderRow> {
    let Decision::Order(id) = owed.decision else { return None };
    let operation = world.get::<Operation>(world.resource::<EntityIndex>().proposal(id)?)?;
    let waiting = operation.groups.iter().filter(|g| g.member == me && g.status == GroupStatus::Waiting);
    let lines = waiting.map(|group| {
        let (from, to) = (site(names, group.site), site(names, group.target));
        format!(
            "{} units from {from} to {to}: leave {}, there {}",
            group.force.total(),
            whole(group.launch),
            whole(group.arrival)
        )
    });
    Some(OrderRow { id, owed: *owed, lines: lines.collect() })
}

/// Troops of the person under way, the first to arrive first.
fn marches(world: &mut World, me: PlayerId) -> Vec<MarchRow> {
    let query = world.query::<&March>();
    let world: &World = world;
    let names = &world.resource::<CampaignTally>().directory;
    let recall = world.resource::<Ruleset>().capabilities.recall;
    let now = world.resource::<GameClock>().now();
    let own = query.iter_manual(world).filter(|march| march.owner == me && !march.homeward);
    let mut rows: Vec<(MarchId, MarchRow)> =
        own.map(|march| (march.id, march_row(world, names, march, recall, now))).collect();
    rows.sort_by_key(|(id, row)| (row.arrival, *id));
    rows.into_iter().map(|(_, row)| row).collect()
}

fn march_row(world: &World, names: &Directory, march: &March, rule: RecallRule, now: GameTime) -> MarchRow {
    let group = march.order.and_then(|order| group(world, order));
    let manner = format!("{:?}", march.manner).to_lowercase();
    let text = format!(
        "{}: {} units from {} to {}, there {}",
        march.order.map_or_else(|| format!("own {manner}"), |order| format!("{manner}, {order}")),
        march.force.total(),
        site(names, march.id.site),
        site(names, march.target),
        whole(march.arrival)
    );
    let by_rule = march.arrival > now && rule.allows(now - march.launched);
    let recall = match (march.order, group) {
        (None, _) => by_rule.then_some(Recall::Own(march.id)),
        (Some(order), Some(group)) => {
            group.can_turn(now, march.launched, rule).then_some(Recall::Group(order, march.id))
        }
        // What the defense of the alliance sent it calls home itself.
        (Some(_), None) => None,
    };
    let turns = match (recall, rule) {
        (None, _) if march.order.is_some_and(|order| order.operation().is_none()) => {
            "the defense calls it home".to_owned()
        }
        (None, _) => "past the point of no return".to_owned(),
        (Some(_), RecallRule::UntilArrival) => format!("can turn until it is there, {}", whole(march.arrival)),
        (Some(_), RecallRule::WithinSecs(secs)) => {
            let last = march.launched + bevy_alliance::base::clock::GameSpan::secs(secs);
            format!("can turn until {}", whole(last))
        }
    };
    MarchRow { arrival: march.arrival, text, turns, recall }
}

/// The group of an operation that has this order, if it is under way.
fn group(world: &World, order: OrderId) -> Option<&Group> {
    let (operation, n) = order.operation().zip(order.group())?;
    let operation = world.get::<Operation>(world.resource::<EntityIndex>().proposal(operation)?)?;
    operation.groups.get(usize::from(n)).filter(|g| matches!(g.status, GroupStatus::Launched { .. }))
}

fn homes(world: &World, names: &Directory, me: PlayerId) -> Vec<Home> {
    let (index, now) = (world.resource::<EntityIndex>(), world.resource::<GameClock>().now());
    let goods = |id| Some(read_stores(world.get::<Stores>(index.site(id)?)?, now).amount.total());
    let own = world.resource::<Holdings>().of(me).iter();
    own.map(|id| Home { site: *id, name: site(names, *id), goods: goods(*id).unwrap_or(0) }).collect()
}

fn other(world: &World, names: &Directory, own: Option<AllianceId>) -> Other {
    let (watch, index) = (world.resource::<Watch>(), world.resource::<EntityIndex>());
    let of_site = |id: SiteId| {
        let owner = world.get::<Site>(index.site(id)?)?.owner;
        crate::watch::alliance_of(world, owner)
    };
    let at = watch.site.and_then(of_site);
    let alliance = at.or(watch.alliance).filter(|alliance| own != Some(*alliance));
    let stances = own.and_then(|own| world.get::<Stances>(index.alliance(own)?));
    let stance = |id| stances.map_or(Stance::Neutral, |stances| stances.to(id));
    Other {
        alliance: alliance.map(|id| (id, shortened(names.alliance(id), 26), stance(id))),
        target: watch.site.filter(|_| at != own || at.is_none()).map(|id| (id, site(names, id))),
    }
}
