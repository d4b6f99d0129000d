//! What members propose by themselves.

use super::option::CouncilOption;
use super::scouting::ScoutingRecord;
use super::session::{Hall, Session};
use super::{attack, diplomacy};
use crate::base::clock::{DueBatch, GameTime};
use crate::base::contract::{CampaignFact, Fact, INPUT, Input, Inputs, Motion, Propose, Rank, RequestRefused};
use crate::base::id::Knower;
use crate::decision::council::{ActionKind, SubmitProposal};
use crate::decision::fair_play::Case;
use bevy::prelude::*;

/// Members propose: what they want is planned as a council would, and opened, or refused with the gate that blocks it.
pub(super) fn hear_motions(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    hall: Hall,
    mut submissions: MessageWriter<SubmitProposal>,
    mut facts: MessageWriter<CampaignFact>,
) {
    if batch.of(INPUT).is_empty() {
        return;
    }
    let now = batch.now();
    for logged in &inputs.now {
        let Input::Propose(propose) = &logged.input else { continue };
        match hear(&hall, propose, &batch) {
            Ok(option) => {
                submissions.write(option.submission);
            }
            Err((rule, limit, value)) => {
                let request = format!("propose by {}", propose.member);
                let retry_after = if rule == "fair_play" { fair_again(&hall, propose, now) } else { None };
                let refused = RequestRefused { request, rule: rule.to_owned(), limit, value, retry_after };
                facts.write(CampaignFact { at: now, fact: Fact::RequestRefused(refused) });
            }
        }
    }
}

/// When all that a member proposes to attack may be attacked again, as far as its alliance knows.
fn fair_again(hall: &Hall, propose: &Propose, now: GameTime) -> Option<GameTime> {
    let Motion::Attack { targets, .. } = &propose.motion else { return None };
    let alliance = hall.situation.roster.alliance_of(propose.member)?;
    let case = Case { by: Knower::Alliance(alliance), first: now, last: now, takes: false };
    let owners = targets.iter().filter_map(|site| hall.situation.view.site(*site)).map(|site| site.owner);
    owners.filter_map(|owner| hall.referee.foul_known(owner, &case, now)?.retry_after).max()
}

/// The rule that forbids it, what it allows, and what was asked for.
type Refusal = (&'static str, String, String);

fn hear(hall: &Hall, propose: &Propose, batch: &DueBatch) -> Result<CouncilOption, Refusal> {
    let Propose { member, motion } = propose;
    let roster = &hall.situation.roster;
    let alliance = roster.active_alliance_of(*member).ok_or_else(|| {
        ("is_a_member", "a member of an alliance that deliberates".to_owned(), format!("player {member}"))
    })?;
    let rank = roster.member(*member).map_or(Rank::Member, |m| m.rank);
    if rank == Rank::Member {
        return Err(("rank", "the leader or an officer".to_owned(), format!("player {member} is neither")));
    }
    let gone = ScoutingRecord::default();
    let session = hall.session(alliance, &gone, Some(*member), batch.now());
    let session = session.ok_or_else(|| ("deliberates", "an alliance that meets".to_owned(), alliance.to_string()))?;
    moved(&session, motion).map_err(|rule| (rule, limit_of(rule).to_owned(), motion.to_string()))
}

fn moved(session: &Session, motion: &Motion) -> Result<CouncilOption, &'static str> {
    match motion {
        Motion::Attack { targets, pattern } => attack::moved(session, targets, pattern.as_deref()),
        Motion::DeclareWar(_) | Motion::Treaty(..) if !session.settings.diplomacy => Err("diplomacy"),
        Motion::DeclareWar(other) => diplomacy::moved(session, *other, ActionKind::DeclareWar),
        Motion::Treaty(other, treaty) => diplomacy::moved(session, *other, ActionKind::of_treaty(*treaty)),
    }
}

/// What the rule allows, in words.
fn limit_of(rule: &str) -> &'static str {
    match rule {
        "pattern_exists" => "a pattern of the library",
        "pattern_fits" => "a pattern that the ruleset can carry",
        "targets_per_operation" => "as many targets as an operation may have",
        "different_targets" => "each target once",
        "diplomacy" => "games in which councils decide on war and peace",
        "no_war" => "villages of an alliance at war with this one",
        "one_enemy" => "villages of one enemy",
        "fair_play" => "attacks that are fair to persons, see the rules of fair play",
        "claimed_target" => "targets that no operation of the bloc goes to",
        "no_force_at_home" => "a village that has offense to send",
        "no_intel" => "villages of which the troops are known, worth an operation or taken by one",
        "no_plan" => "a plan that meets its goal at every target, asks two members at least, and is worth it",
        "vote_is_open" => "one vote on wars and treaties at a time",
        "refused_lately" => "what was not refused within 36 hours on the same facts",
        "not_from_here" => "a change that is possible as the two stand now",
        _ => "see the limits of stances",
    }
}
