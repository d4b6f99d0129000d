//! Why one group marches, stays, or came back.

use super::explain::{TargetBasis, explain, status_words, write_cites, write_reason};
use super::gates::gate_in_words;
use super::words::has_id;
use crate::action::defense::{Defenses, DodgeStatus, ReliefStatus, Reliefs, Reprisals};
use crate::action::operations::{Operation, Revision};
use crate::base::clock::GameTime;
use crate::base::contract::{Ballot, Player, RequestRefused};
use crate::base::id::{EntityIndex, OrderId, PlayerId, ProposalId, SiteId};
use bevy::prelude::*;
use core::fmt;
use serde::{Deserialize, Serialize};

/// What an order is for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderPurpose {
    /// It is a group of a joint operation.
    Operation {
        /// Which.
        operation: ProposalId,
        /// What its target rested on when it was proposed; `None` for targets of parties that only look.
        basis: Option<Box<TargetBasis>>,
        /// What its member said in the vote, if it voted.
        ballot: Option<Box<Ballot>>,
        /// The changes of course that touched it, its target, or the whole operation.
        changes: Vec<Revision>,
    },
    /// Troops leave before a hit, and come home after it.
    Dodge {
        /// The first hit.
        first_hit: GameTime,
        /// The last hit.
        last_hit: GameTime,
        /// When they are to be back between two hits; `None`: after the last.
        back_at: Option<GameTime>,
    },
    /// Troops help another village of the alliance.
    Relief {
        /// The hit for which they were asked; without one they strengthen the frontier.
        hit: Option<GameTime>,
        /// Points of defense that were missing with all that was promised together; 0 or less: enough.
        deficit_left: i64,
        /// Why they were called off, if they were.
        called_off: Option<String>,
    },
    /// A raid that meets an army on its way home.
    Strike {
        /// Whose army.
        against: PlayerId,
    },
}

/// An order explained: structured, so that a game can translate it; `Display` gives English.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OrderExplanation {
    /// Which order.
    pub order: OrderId,
    /// Whose troops.
    pub member: PlayerId,
    /// From where.
    pub origin: SiteId,
    /// To where.
    pub target: SiteId,
    /// When they leave by plan.
    pub launch: GameTime,
    /// When they are there; of a dodge that has not left: when it leaves.
    pub arrival: GameTime,
    /// How far it is, in words.
    pub status: String,
    /// What it is for.
    pub purpose: OrderPurpose,
}

/// Explains an order: a group of an operation, a dodge, relief, or a raid in return; none if nobody keeps it (any more).
#[must_use]
pub fn explain_order(world: &mut World, order: OrderId) -> Option<OrderExplanation> {
    match order {
        OrderId::Group { operation, group } => of_group(world, operation, usize::from(group)),
        OrderId::Defense { site, n } => of_defense(world, order, site, n),
    }
}

fn of_group(world: &World, id: ProposalId, n: usize) -> Option<OrderExplanation> {
    let entity = world.resource::<EntityIndex>().proposal(id)?;
    let operation = world.get::<Operation>(entity)?;
    let group = operation.groups.get(n)?;
    let proposal = explain(world, id);
    let (mut basis, mut ballot) = (None, None);
    if let Some(proposal) = proposal {
        basis = proposal.targets.into_iter().find(|t| t.site == group.target).map(Box::new);
        ballot = proposal.ballots.into_iter().find(|(m, _)| *m == group.member).map(|(_, b)| Box::new(b));
    }
    let names = |reason: &str, word: &str| reason.contains(word);
    let touches = |change: &&Revision| {
        let reason = change.reason.as_str();
        has_id(reason, "group ", n as u64)
            || has_id(reason, "site ", u64::from(group.target.0))
            || !(names(reason, "group ") || names(reason, "site "))
    };
    Some(OrderExplanation {
        order: operation.order(n),
        member: group.member,
        origin: group.site,
        target: group.target,
        launch: group.launch,
        arrival: group.arrival,
        status: status_words(group.status),
        purpose: OrderPurpose::Operation {
            operation: id,
            basis,
            ballot,
            changes: operation.revisions.iter().filter(touches).cloned().collect(),
        },
    })
}

fn of_defense(world: &mut World, order: OrderId, site: SiteId, n: u32) -> Option<OrderExplanation> {
    let entity = world.resource::<EntityIndex>().site(site)?;
    let dodge = world.get::<Defenses>(entity).and_then(|d| d.dodges.iter().find(|dodge| dodge.n == n).cloned());
    if let Some(dodge) = dodge {
        let (launch, arrival, status) = match dodge.status {
            DodgeStatus::Planned => (dodge.leaves_at, dodge.leaves_at, "waits".to_owned()),
            DodgeStatus::Out { launched, arrival, turns_at, .. } => {
                (launched, arrival, format!("left at {launched}, turns home at {turns_at}"))
            }
        };
        let (member, target) = (dodge.player, dodge.refuge);
        let (first_hit, last_hit, back_at) = (dodge.first_hit, dodge.last_hit, dodge.back_at);
        let purpose = OrderPurpose::Dodge { first_hit, last_hit, back_at };
        return Some(OrderExplanation { order, member, origin: site, target, launch, arrival, status, purpose });
    }
    let mut of_players = world.query::<(&Player, Option<&Reliefs>, Option<&Reprisals>)>();
    of_players.iter(world).find_map(|(player, reliefs, reprisals)| {
        let relief = reliefs.and_then(|all| all.reliefs.iter().find(|relief| relief.order == order));
        let strike = reprisals.and_then(|all| all.strikes.iter().find(|strike| strike.order == order));
        let member = player.id;
        if let Some(relief) = relief {
            let status = match &relief.status {
                ReliefStatus::Promised => "waits".to_owned(),
                ReliefStatus::Out { judged_at, .. } => format!("is out; whether it goes home is judged at {judged_at}"),
            };
            let posted = match relief.purpose {
                crate::action::defense::Purpose::Alarm => None,
                crate::action::defense::Purpose::Posture(end) => Some(end),
            };
            let why = posted.flatten().map_or("given_up", |end| end.name());
            let purpose = OrderPurpose::Relief {
                hit: posted.is_none().then_some(relief.hit),
                deficit_left: relief.deficit_left,
                called_off: relief.called_off.then(|| why.to_owned()),
            };
            let (origin, target, launch, arrival) = (relief.origin, relief.site, relief.leaves_at, relief.arrives);
            return Some(OrderExplanation { order, member, origin, target, launch, arrival, status, purpose });
        }
        let strike = strike?;
        let (origin, target, launch, arrival) = (strike.origin, strike.target, strike.leaves_at, strike.arrives);
        let purpose = OrderPurpose::Strike { against: strike.against };
        let status = "waits".to_owned();
        Some(OrderExplanation { order, member, origin, target, launch, arrival, status, purpose })
    })
}

impl fmt::Display for OrderExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { order, member, origin, target, launch, arrival, status, purpose } = self;
        writeln!(
            f,
            "Order {order}: player {member} from site {origin} to site {target}, leaves {launch}, there {arrival}"
        )?;
        writeln!(f, "  {status}")?;
        match purpose {
            OrderPurpose::Operation { operation, basis, ballot, changes } => {
                write!(f, "  for operation {operation}")?;
                if let Some(t) = basis {
                    let (age, ratio, score) = (t.age_hours, t.ratio, t.score);
                    write!(f, "; the target was seen {age:.1} h before, planned ratio {ratio:.2}, score {score:.2}")?;
                }
                writeln!(f)?;
                if let Some(ballot) = ballot {
                    let share = ballot.pledge_share * 100.0;
                    write!(f, "  its member voted {:?} with at most {share:.0}% of its army, ", ballot.vote)?;
                    write_reason(f, &ballot.reason)?;
                    writeln!(f)?;
                }
                for change in changes {
                    write!(f, "  {} at {}: {}", change.decision, change.at, change.reason)?;
                    write_cites(f, &change.cites, change.at)?;
                    writeln!(f)?;
                }
                Ok(())
            }
            OrderPurpose::Dodge { first_hit, last_hit, back_at } => {
                write!(f, "  leaves before the hit at {first_hit}")?;
                match back_at {
                    Some(back) => writeln!(f, " and is back at {back}, before the next"),
                    None => writeln!(f, " and comes home after that at {last_hit}"),
                }
            }
            OrderPurpose::Relief { hit, deficit_left, called_off } => {
                match hit {
                    Some(hit) => write!(f, "  helps against the hit at {hit}")?,
                    None => write!(f, "  strengthens the frontier")?,
                }
                match deficit_left {
                    ..=0 => write!(f, "; with all that was promised that is enough")?,
                    left => write!(f, "; with all that was promised {left} points of defense are missing")?,
                }
                called_off.as_ref().map_or(Ok(()), |why| write!(f, "; called off: {}", why.replace('_', " ")))?;
                writeln!(f)
            }
            OrderPurpose::Strike { against } => writeln!(f, "  meets an army of player {against} as it comes home"),
        }
    }
}

/// A refusal in words: what was asked, what forbids it, what is allowed, and when it may be asked again.
///
/// ```
/// use bevy_alliance::base::clock::GameTime;
/// use bevy_alliance::base::contract::RequestRefused;
/// use bevy_alliance::edge::report::refusal_in_words;
///
/// let refused = RequestRefused {
///     request: "submit_proposal 3 by 12".to_owned(),
///     rule: "claimed_target".to_owned(),
///     limit: "one operation a target across the confederacy".to_owned(),
///     value: "alliance 4 attacks site 77".to_owned(),
///     retry_after: Some(GameTime(90_000_000)),
/// };
/// assert_eq!(
///     refusal_in_words(&refused),
///     "submit proposal 3 by 12 was refused (claimed_target: a confederate attacks it already): alliance 4 attacks site \
///      77; allowed is one operation a target across the confederacy; again from day 2 01:00:00 on"
/// );
/// ```
#[must_use]
pub fn refusal_in_words(refused: &RequestRefused) -> String {
    let RequestRefused { request, rule, limit, value, retry_after } = refused;
    let (request, words) = (request.replace('_', " "), gate_in_words(rule));
    // A rule that nobody described is its own name already.
    let words = if words == rule.replace('_', " ") { String::new() } else { format!(": {words}") };
    let again = retry_after.map(|at| format!("; again from {at} on")).unwrap_or_default();
    format!("{request} was refused ({rule}{words}): {value}; allowed is {limit}{again}")
}
