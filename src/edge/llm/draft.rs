//! What members are asked, written down at the instant at which their votes open: from what their alliance knows then.

use super::prompts::{Prompts, filled, name, number};
use super::question::Question;
use super::{LlmCouncil, Pace, Voices};
use crate::base::clock::{ClockHolds, DueBatch, GameTime};
use crate::base::contract::{BallotRequested, PlayerKind, Rank};
use crate::base::id::{AllianceId, EntityIndex, PlayerId, ProposalId};
use crate::decision::council::{CouncilCharter, Proposal, Situation};
use crate::society::alliance::MemberInfo;
use bevy::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A question that is to be sent.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) id: u64,
    pub(super) question: Question,
    pub(super) asked_at: GameTime,
    pub(super) answer_at: GameTime,
    pub(super) system: Vec<String>,
    pub(super) user: String,
}

/// Questions that wait to be sent.
#[derive(Resource, Debug, Default)]
pub(super) struct Drafts {
    pub(super) waiting: Vec<Draft>,
    pub(super) count: u64,
    /// Questions that were not asked, as too many waited.
    pub(super) turned_away: u64,
}

impl Drafts {
    /// Takes in one more, and has the clock wait for it if that is wanted.
    pub(super) fn add(&mut self, draft: Draft, council: &LlmCouncil, holds: &mut ClockHolds) {
        self.count += 1;
        if self.waiting.len() >= council.drafts_max {
            self.turned_away += 1;
            return;
        }
        let draft = Draft { id: self.count, ..draft };
        if let Pace::Hold { .. } = council.pace {
            holds.hold(draft.answer_at, draft.id);
        }
        self.waiting.push(draft);
    }
}

/// Writes down what is asked of the members whose votes opened in this pass.
pub(super) fn draft_ballots(
    batch: Res<DueBatch>,
    mut asked: MessageReader<BallotRequested>,
    situation: Situation,
    charter: Res<CouncilCharter>,
    prompts: Res<Prompts>,
    council: Res<LlmCouncil>,
    index: Res<EntityIndex>,
    proposals: Query<&Proposal>,
    mut drafts: ResMut<Drafts>,
    mut holds: ResMut<ClockHolds>,
) {
    if asked.is_empty() {
        return;
    }
    let now = batch.now();
    let mut votes: BTreeMap<ProposalId, Vec<(MemberInfo, GameTime)>> = BTreeMap::new();
    for request in asked.read() {
        let member = situation.member_of(request.proposal.alliance, request.member);
        if let Some(member) = member.filter(|m| m.kind == PlayerKind::Active) {
            votes.entry(request.proposal).or_default().push((member, request.answer_at));
        }
    }
    let clerk = Clerk { situation: &situation, charter: &charter, prompts: &prompts, now };
    for (id, members) in votes {
        let Some(proposal) = index.proposal(id).and_then(|e| proposals.get(e).ok()) else { continue };
        for (member, answer_at) in clerk.voices(proposal, members, council.voices) {
            let draft = clerk.ballot(proposal, &member, answer_at);
            drafts.add(draft, &council, &mut holds);
        }
    }
}

/// Who writes prompts: from the view of one alliance, its roster, and nothing else.
pub(super) struct Clerk<'a, 'w, 's> {
    pub(super) situation: &'a Situation<'w, 's>,
    pub(super) charter: &'a CouncilCharter,
    pub(super) prompts: &'a Prompts,
    pub(super) now: GameTime,
}

impl Clerk<'_, '_, '_> {
    /// Which of the members of a vote are asked.
    fn voices(
        &self,
        proposal: &Proposal,
        mut members: Vec<(MemberInfo, GameTime)>,
        voices: Voices,
    ) -> Vec<(MemberInfo, GameTime)> {
        let Voices::Some(n) = voices else { return members };
        let trust = |m: &MemberInfo| self.situation.roster.trust(m.player, proposal.proposer, self.now);
        let critic = members.iter().min_by(|a, b| trust(&a.0).total_cmp(&trust(&b.0)).then(a.0.player.cmp(&b.0.player)));
        let critic = critic.map(|(m, _)| m.player);
        let share = |m: &MemberInfo| proposal.asked.get(&m.player).map_or(0.0, |asked| asked.share);
        members.sort_by(|(a, _), (b, _)| {
            let leads = |m: &MemberInfo| m.rank != Rank::Leader;
            let doubts = |m: &MemberInfo| Some(m.player) != critic;
            (leads(a), doubts(a))
                .cmp(&(leads(b), doubts(b)))
                .then(share(b).total_cmp(&share(a)))
                .then(a.player.cmp(&b.player))
        });
        members.truncate(n);
        members
    }

    fn ballot(&self, proposal: &Proposal, member: &MemberInfo, answer_at: GameTime) -> Draft {
        let asked = proposal.asked.get(&member.player).map_or(0.0, |asked| asked.share);
        let question = Question::Ballot {
            proposal: proposal.id,
            member: member.player,
            asked_share: asked,
            participants: proposal.participants_needed,
            has_targets: proposal.action.sends_troops() && proposal.enemy.is_some(),
        };
        let places = [
            ("proposal", self.proposal(proposal).to_string()),
            ("member", self.member(proposal, member).to_string()),
            ("now", self.now.to_string()),
        ];
        let user = filled(&self.prompts.ballot, &places);
        let system = self.system(proposal.id.alliance);
        Draft { id: 0, question, asked_at: self.now, answer_at, system, user }
    }

    /// What rarely changes: the rules, the alliance, its members by their numbers.
    pub(super) fn system(&self, alliance: AllianceId) -> Vec<String> {
        let roster = &self.situation.roster;
        let called = roster.alliance(alliance).map_or_else(String::new, |a| name(&a.name));
        let charter = &self.charter.0;
        let charter = json!({
            "approval": format!("{:?}", charter.approval),
            "name": name(&charter.name),
            "quorum": format!("{:?}", charter.quorum),
        });
        let members: Map<String, Value> =
            roster.members(alliance).iter().map(|m| (m.player.to_string(), self.character(m))).collect();
        vec![
            self.prompts.rules.clone(),
            filled(
                &self.prompts.alliance,
                &[("alliance", Value::from(called).to_string()), ("charter", charter.to_string())],
            ),
            filled(&self.prompts.roster, &[("roster", Value::from(members).to_string())]),
        ]
    }

    /// What a member is to the others: its name, its rank, its traits.
    fn character(&self, member: &MemberInfo) -> Value {
        let traits = self.situation.traits(member);
        let called = self.situation.view.player(member.player).map_or_else(String::new, |p| name(&p.name));
        json!({
            "name": called,
            "rank": format!("{:?}", member.rank).to_lowercase(),
            "traits": {
                "agreeableness": number(traits.agreeableness),
                "conscientiousness": number(traits.conscientiousness),
                "extraversion": number(traits.extraversion),
                "neuroticism": number(traits.neuroticism),
                "openness": number(traits.openness),
            },
        })
    }

    /// What is proposed, as everybody who votes on it knows it.
    fn proposal(&self, proposal: &Proposal) -> Value {
        let view = &self.situation.view;
        let place = |site| view.site(site).map_or_else(String::new, |s| name(&s.name));
        let other = proposal.enemy.and_then(|id| self.situation.roster.alliance(id)).map(|a| name(&a.name));
        let targets: Vec<Value> = proposal
            .targets
            .iter()
            .map(|t| {
                json!({
                    "confidence": number(t.confidence),
                    "intel_age_hours": number((self.now - t.seen_at).as_hours().round()),
                    "of_player": view.player(t.owner).map_or_else(String::new, |p| name(&p.name)),
                    "ratio": number(t.ratio),
                    "value": number(t.value.round()),
                    "village": place(t.site),
                })
            })
            .collect();
        let expected = &proposal.expected;
        json!({
            "action": proposal.action.name(),
            "arrival": proposal.arrival.to_string(),
            "cost": number(expected.cost.round()),
            "needed": proposal.participants_needed,
            "number": proposal.id.n,
            "other_alliance": other,
            "pattern": proposal.pattern,
            "proposer": proposal.proposer.0,
            "score": number(proposal.score),
            "strength_enemy": number(expected.strength_enemy.round()),
            "strength_own": number(expected.strength_own.round()),
            "targets": targets,
        })
    }

    /// Who votes: what is asked of it, and how it stands, from what its alliance knows of it.
    fn member(&self, proposal: &Proposal, member: &MemberInfo) -> Value {
        let roster = &self.situation.roster;
        let record = roster.record(member.player).map(|(record, _)| record);
        let asked = proposal.asked.get(&member.player);
        json!({
            "asked_goods": asked.map_or(0, |a| a.goods),
            "asked_share": number(asked.map_or(0.0, |a| a.share)),
            "estate": self.estate(proposal.id.alliance, member.player),
            "lost_in_7_days": record.map_or(0, |r| r.lost_lately(self.now)),
            "operations_in_72_hours": record.map_or(0, |r| r.operations_lately(self.now)),
            "player": member.player.0,
            "trust_in_proposer": number(roster.trust(member.player, proposal.proposer, self.now).round()),
        })
    }

    /// The villages of a member, its army and its stores, in goods.
    pub(super) fn estate(&self, alliance: AllianceId, member: PlayerId) -> Value {
        let model = self.situation.view.model();
        let (mut villages, mut army, mut stores) = (0, 0, 0);
        for site in self.situation.view.own_of(alliance, member) {
            villages += 1;
            army += model.cost(&site.home) + model.cost(&site.away);
            stores += site.stores.total();
        }
        json!({ "army": army, "stores": stores, "villages": villages })
    }
}
