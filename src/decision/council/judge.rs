//! The rule-based voter at work: a member's case becomes a ballot.

use super::components::{Goal, Proposal};
use super::rules::inputs;
use super::rules::pledge::{Asked, ConditionSettings, company, conditions_to_try, find_condition, pledge_share};
use super::rules::stance::{Change, StanceInputs, stance_utility};
use super::rules::voter::{self, Veto, VoterInputs, VoterSettings, utility};
use super::situation::{MemberCase, Situation};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{AdvisedBallot, Ballot, Condition, Reason, Stance, Vote};
use crate::decision::planning::rules::diplomacy::{Dealings, DiplomacySettings, change_score};
use crate::decision::planning::rules::facts::{AttackEstimate, AttackFacts, FactSettings, gain};
use crate::society::alliance::MemberInfo;
use crate::society::personality::Taste;
use bevy::prelude::Resource;
use serde::{Deserialize, Serialize};

/// How members vote by rule.
#[derive(Resource, Clone, Debug, Default, Serialize, Deserialize)]
pub struct VotingSettings {
    /// Weights and thresholds.
    pub voter: VoterSettings,
    /// What members ask for before they approve.
    pub conditions: ConditionSettings,
    /// How intel fades and what a ratio costs.
    pub facts: FactSettings,
    /// Weights of war and peace.
    pub diplomacy: DiplomacySettings,
}

/// Judges a proposal in a member's stead. Needs the states of the member's sites.
///
/// Where a model advised, its vote, its conditions and its words are the ballot's; the rule's stay its vetoes, its score with all
/// terms, and the pledge: the largest share that leaves what an approval by rule leaves.
pub(super) fn judge(
    situation: &Situation,
    proposal: &Proposal,
    member: &MemberInfo,
    advised: Option<&AdvisedBallot>,
    settings: &VotingSettings,
    now: GameTime,
) -> Ballot {
    let mut by_rule = judge_by_rule(situation, proposal, member, settings, now);
    by_rule.reason.recalls = situation.recalls(proposal, member, now);
    let Some(advised) = advised.filter(|_| by_rule.reason.rule.is_none()) else { return by_rule };
    let approves = advised.vote == Vote::Approve;
    let pledge_share = match (approves, by_rule.vote) {
        (true, Vote::Approve) => by_rule.pledge_share,
        (true, _) if proposal.action.sends_troops() => {
            let case = situation.case(proposal, member, now);
            let factor = pledge_share(|s| home(&case, s), |s| own(&case, s, &settings.facts), &settings.conditions);
            case.share * factor
        }
        _ => 0.0,
    };
    let conditions = if approves { advised.conditions.clone() } else { Vec::new() };
    let share = conditions.iter().filter_map(|c| if let Condition::MaxShareOfArmy(s) = c { Some(*s) } else { None });
    let pledge_share = share.fold(pledge_share, f64::min);
    let reason = Reason { text: advised.text.clone(), ..by_rule.reason };
    Ballot { vote: advised.vote, reason, pledge_share, conditions, cast_at: now }
}

fn judge_by_rule(
    situation: &Situation,
    proposal: &Proposal,
    member: &MemberInfo,
    settings: &VotingSettings,
    now: GameTime,
) -> Ballot {
    let taste = situation.taste_for(proposal, member, settings.voter.opinion);
    let for_all = wonder_reason(situation, proposal, member, taste, settings, now).or_else(|| {
        let mut reason = stance_reason(situation, proposal, member, taste, settings, now)?;
        let army = |other| situation.cite_army(proposal.id.alliance, other, now);
        reason.cites = proposal.enemy.map_or_else(Vec::new, army);
        Some(reason)
    });
    // Nobody is asked for troops.
    if let Some(reason) = for_all {
        let vote = voter::vote_for(reason.score, &settings.voter);
        return Ballot { vote, reason, pledge_share: 0.0, conditions: Vec::new(), cast_at: now };
    }
    let case = situation.case(proposal, member, now);
    let as_asked = voter_inputs(&case, 1.0, None, settings);
    let veto = veto(situation, proposal, &case);
    let (vote, mut reason) = voter::judge(veto, &as_asked, &case.facts.traits, taste, &settings.voter);
    reason.cites = case.cites.clone();
    let ballot = |vote: Vote, reason: Reason, pledge_share: f64, conditions: Vec<Condition>| Ballot {
        vote,
        reason,
        pledge_share,
        conditions,
        cast_at: now,
    };
    if veto.is_some() {
        return ballot(vote, reason, 0.0, Vec::new());
    }
    let asked = Asked {
        share_of_army: case.share,
        intel_age: case.facts.outlay.is_none().then_some(case.facts.attack.age),
        participants: u32::try_from(proposal.asked.len()).unwrap_or(u32::MAX),
        members: 0,
        goods: proposal.goods_asked,
        better_hour: None,
    };
    let candidates = conditions_to_try(&asked, &settings.conditions);
    let rescore = |condition: &Condition| {
        let changed = match condition {
            Condition::MaxShareOfArmy(share) => voter_inputs(&case, share / case.share.max(1e-9), None, settings),
            Condition::FreshIntel { max_age } => voter_inputs(&case, 1.0, Some(*max_age), settings),
            Condition::NotBefore(_)
            | Condition::NotAfter(_)
            | Condition::MinParticipants(_)
            | Condition::NeedsGoods(_) => as_asked,
        };
        utility(&changed, &case.facts.traits, taste, &settings.voter).score
    };
    if vote == Vote::Approve {
        let factor = pledge_share(|s| home(&case, s), |s| own(&case, s, &settings.facts), &settings.conditions);
        // Who is half-hearted asks for what would make it sure, or at least not to be left alone.
        let sure = settings.voter.approve_min + settings.conditions.wary;
        let wavers = reason.score < sure && member.player != proposal.proposer;
        let asks = || find_condition(&candidates, sure, rescore).map(|(condition, _)| condition);
        let condition = if wavers { asks().or_else(|| company(&asked, &settings.conditions)) } else { None };
        let most = if let Some(Condition::MaxShareOfArmy(most)) = condition { most } else { case.share };
        return ballot(vote, reason, (case.share * factor).min(most), condition.into_iter().collect());
    }
    match find_condition(&candidates, settings.voter.approve_min, rescore) {
        Some((condition, _)) => {
            let share = if let Condition::MaxShareOfArmy(share) = condition { share } else { case.share };
            ballot(Vote::Approve, reason, share.min(case.share), vec![condition])
        }
        None => ballot(vote, reason, 0.0, Vec::new()),
    }
}

/// What a member would score a proposal, were it opened now, but for what it makes of it once it was asked: how a council finds
/// its proposer. Needs the states of the member's sites.
#[must_use]
pub fn own_score(
    situation: &Situation,
    proposal: &Proposal,
    member: &MemberInfo,
    settings: &VotingSettings,
    now: GameTime,
) -> f64 {
    let taste = situation.taste(member);
    let reason = wonder_reason(situation, proposal, member, taste, settings, now);
    if let Some(reason) = reason.or_else(|| stance_reason(situation, proposal, member, taste, settings, now)) {
        return reason.score;
    }
    let case = situation.case(proposal, member, now);
    let inputs = voter_inputs(&case, 1.0, None, settings);
    utility(&inputs, &case.facts.traits, taste, &settings.voter).score
}

/// What a member thinks of a change of how its alliance stands to another; `None` for what is no such change. Needs the states
/// of the member's sites.
fn stance_reason(
    situation: &Situation,
    proposal: &Proposal,
    member: &MemberInfo,
    taste: Taste,
    settings: &VotingSettings,
    now: GameTime,
) -> Option<Reason> {
    let (stance, dealings) = (proposal.action.stance()?, proposal.dealings?);
    let weary = situation.weariness(proposal.id.alliance, member.player, now);
    let own = Dealings { weary, ..dealings };
    let reason = change_score(stance, &own, &settings.diplomacy)?;
    let change = match stance {
        Stance::War => Change::War,
        Stance::Truce | Stance::Neutral => Change::Peace,
        Stance::Pact | Stance::Confederacy => Change::Bond,
    };
    let (traits, felt) = (situation.traits(member), situation.feelings(member, now));
    let inputs = StanceInputs {
        score: reason.score,
        anger: felt.anger,
        grievance: dealings.grievance,
        fear: felt.fear,
        strength: inputs::enemy_strength(dealings.strength_other, dealings.strength_own),
        trust: inputs::trust(situation.roster.trust(member.player, proposal.proposer, now)),
        weary,
        confidence: dealings.confidence,
    };
    Some(stance_utility(change, &inputs, &traits, taste, &settings.voter))
}

/// What a member thinks of giving for a wonder; `None` for what is no such proposal. A score of .5 as an option is all that
/// speaks for it, and nothing about it is uncertain.
fn wonder_reason(
    situation: &Situation,
    proposal: &Proposal,
    member: &MemberInfo,
    taste: Taste,
    settings: &VotingSettings,
    now: GameTime,
) -> Option<Reason> {
    let Goal::Build { share } = proposal.goal else { return None };
    let inputs = VoterInputs {
        gain: Some(2.0 * proposal.score),
        aim: Some(0.5),
        trust: Some(inputs::trust(situation.roster.trust(member.player, proposal.proposer, now))),
        confidence: Some(1.0),
        own: Some(0.0),
        home: Some(0.0),
        goods: Some(inputs::goods(share, 1.0)),
        weary: Some(-situation.weariness(proposal.id.alliance, member.player, now)),
        ..VoterInputs::default()
    };
    Some(utility(&inputs, &situation.traits(member), taste, &settings.voter))
}

/// What forbids an approval whatever the score.
fn veto(situation: &Situation, proposal: &Proposal, case: &MemberCase) -> Option<Veto> {
    situation.forbidden(proposal).or(case.incoming_at_home.then_some(Veto::HitBeforeReturn))
}

fn attack(case: &MemberCase, fresh: Option<GameSpan>, settings: &FactSettings) -> AttackFacts {
    let estimate = AttackEstimate { age: fresh.unwrap_or(case.facts.attack.age), ..case.facts.attack };
    AttackFacts::derive(&estimate, settings)
}

/// The own term when `factor` of what is asked leaves.
fn own(case: &MemberCase, factor: f64, settings: &FactSettings) -> f64 {
    inputs::own(attack(case, None, settings).own_loss, case.share * factor)
}

/// The home term of the worst village when `factor` of what is asked leaves: what leaving makes worse.
fn home(case: &MemberCase, factor: f64) -> f64 {
    case.homes.iter().map(|h| h.added_by_leaving(factor)).fold(0.0, f64::min)
}

/// The inputs of the formula, with a share of what is asked and, if given, intel of that age.
fn voter_inputs(case: &MemberCase, factor: f64, fresh: Option<GameSpan>, settings: &VotingSettings) -> VoterInputs {
    let (facts, voter) = (&case.facts, &settings.voter);
    let attack = attack(case, fresh, &settings.facts);
    VoterInputs {
        // What is spent for certain is gained back by its value, or not.
        gain: Some(facts.outlay.map_or(attack.gain, |outlay| gain(1.0, facts.attack.value_goods, 1.0, outlay))),
        aim: facts.aim,
        anger: Some(facts.anger),
        grievance: facts.grievance,
        fear: Some(facts.fear),
        enemy_strength: facts.enemy_strength,
        trust: Some(facts.trust),
        confidence: Some(attack.confidence),
        own: Some(inputs::own(attack.own_loss, case.share * factor)),
        home: Some(home(case, factor)),
        // Nothing is asked of the pool yet.
        goods: Some(inputs::goods(0.0, 0.0)),
        weary: facts.weary,
        retaliation: facts.retaliation,
        near: facts.hours_away.map(|hours| inputs::near(hours, voter.near_hours)),
    }
}
