//! What members and councils are asked, written down at the instant at which it comes up: from what their alliance knows then.

use super::bridge::request::Blocks;
use super::occasion::Occasion;
use super::prompts::{Prompts, filled, name, number, words};
use super::question::Question;
use super::texts::Texts;
use super::{LlmCouncil, Pace, Voices};
use crate::base::clock::{ClockHolds, DueBatch, GameSpan, GameTime};
use crate::base::contract::{
    AdvisedSpeech, BallotRequested, CampaignFact, Memory, Names, OperationReport, PlayerKind, Rank,
};
use crate::base::id::{AllianceId, EntityIndex, PlayerId, ProposalId, SiteId};
use crate::decision::council::{CouncilCharter, Proposal, Situation};
use crate::society::alliance::MemberInfo;
use crate::strategy::war_council::{CouncilDebriefs, CouncilTalks, CouncilWeighs, Debriefs, TalkedOption, Talks};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What so many operations taught is told to a council.
const LESSONS: usize = 4;

/// A question that is to be sent.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) id: u64,
    pub(super) question: Question,
    pub(super) asked_at: GameTime,
    pub(super) answer_at: GameTime,
    pub(super) system: Blocks,
    pub(super) user: String,
}

/// Questions that wait to be sent.
#[derive(Resource, Debug, Default)]
pub(super) struct Drafts {
    pub(super) waiting: Vec<Draft>,
    pub(super) count: u64,
    /// Questions that were not asked, as too many waited.
    pub(super) turned_away: u64,
    /// The last game day on which somebody of an alliance was asked to speak, and how many were.
    spoke: BTreeMap<AllianceId, (i64, u32)>,
    texts: Texts,
}

impl Drafts {
    /// Whether one more of an alliance is asked to speak today; it counts as asked.
    fn may_speak(&mut self, alliance: AllianceId, now: GameTime, most: u32) -> bool {
        let today = now.0.div_euclid(GameSpan::days(1).0);
        let (day, count) = self.spoke.entry(alliance).or_default();
        if *day != today {
            (*day, *count) = (today, 0);
        }
        *count += 1;
        *count <= most
    }

    /// Takes in one more, and has the clock wait for it if that is wanted.
    fn add(&mut self, draft: Draft, council: &LlmCouncil, holds: &mut ClockHolds) {
        self.count += 1;
        if self.waiting.len() >= council.drafts_max {
            self.turned_away += u64::from(draft.question.has_twin());
            return;
        }
        let draft = Draft { id: self.count, ..draft };
        // Nothing waits for what is only said.
        if matches!(council.pace, Pace::Hold { .. }) && !matches!(draft.question, Question::Speech { .. }) {
            holds.hold(draft.answer_at, draft.id);
        }
        self.waiting.push(draft);
    }
}

/// What writing questions down takes.
#[derive(SystemParam)]
pub(super) struct Study<'w, 's> {
    batch: Res<'w, DueBatch>,
    situation: Situation<'w, 's>,
    charter: Res<'w, CouncilCharter>,
    prompts: Res<'w, Prompts>,
    council: Res<'w, LlmCouncil>,
    index: Res<'w, EntityIndex>,
    drafts: ResMut<'w, Drafts>,
    holds: ResMut<'w, ClockHolds>,
}

impl<'w, 's> Study<'w, 's> {
    fn clerk(&self) -> Clerk<'_, 'w, 's> {
        let Self { situation, charter, prompts, batch, .. } = self;
        Clerk { situation, charter, prompts, now: batch.now() }
    }

    /// What an alliance is told before each question.
    fn system(&mut self, alliance: AllianceId) -> Blocks {
        let Self { situation, charter, prompts, batch, drafts, .. } = self;
        drafts.texts.of(alliance, &Clerk { situation, charter, prompts, now: batch.now() })
    }

    fn add(&mut self, draft: Draft) {
        self.drafts.add(draft, &self.council, &mut self.holds);
    }
}

/// Writes down what is asked of the members whose votes opened in this pass.
pub(super) fn draft_ballots(mut asked: MessageReader<BallotRequested>, proposals: Query<&Proposal>, mut study: Study) {
    if asked.is_empty() {
        return;
    }
    let mut votes: BTreeMap<ProposalId, Vec<(MemberInfo, GameTime)>> = BTreeMap::new();
    for request in asked.read() {
        let member = study.situation.member_of(request.proposal.alliance, request.member);
        if let Some(member) = member.filter(|m| m.kind == PlayerKind::Active) {
            votes.entry(request.proposal).or_default().push((member, request.answer_at));
        }
    }
    for (id, members) in votes {
        let Some(proposal) = study.index.proposal(id).and_then(|e| proposals.get(e).ok()) else { continue };
        let voices = study.clerk().voices(proposal, members, study.council.voices);
        if voices.is_empty() {
            continue;
        }
        // The same for all of them.
        let told = without_blanks(study.clerk().proposal(proposal)).to_string();
        let system = study.system(id.alliance);
        for (member, answer_at) in voices {
            let draft = study.clerk().ballot(proposal, &told, &member, answer_at, system.clone());
            study.add(draft);
        }
    }
}

/// Writes down what is asked of those who speak in the councils whose talks began in this pass.
pub(super) fn draft_pleas(
    mut told: MessageReader<CouncilTalks>,
    talks: Query<(&Talks, Option<&Debriefs>)>,
    mut study: Study,
) {
    let voices = match study.council.voices {
        Voices::Some(n) => n,
        Voices::All => usize::MAX,
    };
    for CouncilTalks { alliance, met_at, hears_at, speakers } in told.read() {
        let found = study.index.alliance(*alliance).and_then(|e| talks.get(e).ok());
        let Some((talks, debriefs)) = found.filter(|(t, _)| study.council.choices && t.met_at == *met_at) else {
            continue;
        };
        let heard = speakers.iter().take(voices).filter_map(|s| study.situation.member_of(*alliance, *s));
        let heard: Vec<MemberInfo> = heard.filter(|m| m.kind == PlayerKind::Active).collect();
        if heard.is_empty() {
            continue;
        }
        // The same for all of them.
        let council = study.clerk().council(*alliance, talks, debriefs);
        let system = study.system(*alliance);
        for member in heard {
            let draft = study.clerk().plea(&council, &member, *hears_at, system.clone());
            study.add(draft);
        }
    }
}

/// Writes down what is asked of the councils whose members were heard in this pass.
pub(super) fn draft_choices(
    mut told: MessageReader<CouncilWeighs>,
    talks: Query<(&Talks, Option<&Debriefs>)>,
    mut study: Study,
) {
    for CouncilWeighs { alliance, met_at, ends_at, speaker } in told.read().copied() {
        let found = study.index.alliance(alliance).and_then(|e| talks.get(e).ok());
        let Some((talks, debriefs)) = found.filter(|(t, _)| study.council.choices && t.met_at == met_at) else {
            continue;
        };
        let system = study.system(alliance);
        let council = study.clerk().council(alliance, talks, debriefs);
        let draft = study.clerk().choice(council, speaker, talks, ends_at, system);
        study.add(draft);
    }
}

/// Writes down what is asked of those who speak for alliances that look back at an operation.
pub(super) fn draft_debriefs(mut told: MessageReader<CouncilDebriefs>, mut study: Study) {
    for CouncilDebriefs { report, speaker, ends_at } in told.read() {
        let Some(speaker) = speaker.filter(|_| study.council.debriefs) else { continue };
        let system = study.system(report.operation.alliance);
        let draft = study.clerk().debrief(report, speaker, *ends_at, system);
        study.add(draft);
    }
}

/// Writes down what is asked of members who have something to say about what happened in this pass.
pub(super) fn draft_speeches(mut facts: MessageReader<CampaignFact>, mut study: Study) {
    if study.council.speeches == 0 {
        facts.clear();
        return;
    }
    for fact in facts.read() {
        let now = study.batch.now();
        for occasion in Occasion::of(&fact.fact, &study.situation, now) {
            if study.drafts.may_speak(occasion.alliance, now, study.council.speeches) {
                let system = study.system(occasion.alliance);
                let draft = study.clerk().speech(&occasion, now + AdvisedSpeech::WITHIN, system);
                study.add(draft);
            }
        }
    }
}

/// An object without what says nothing: nothing, empty texts and lists, and zeros.
fn without_blanks(value: Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let says = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Bool(_) | Value::Object(_) => true,
    };
    fields.into_iter().filter(|(_, value)| says(value)).collect::<Map<String, Value>>().into()
}

/// What all who speak in a council are told.
struct Council {
    alliance: AllianceId,
    met_at: GameTime,
    /// How many, none of them not counted.
    options: u8,
    offered: String,
    briefing: String,
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
        let critic =
            members.iter().min_by(|a, b| trust(&a.0).total_cmp(&trust(&b.0)).then(a.0.player.cmp(&b.0.player)));
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

    fn ballot(
        &self,
        proposal: &Proposal,
        told: &str,
        member: &MemberInfo,
        answer_at: GameTime,
        system: Blocks,
    ) -> Draft {
        let asked = proposal.asked.get(&member.player).map_or(0.0, |asked| asked.share);
        let question = Question::Ballot {
            proposal: proposal.id,
            member: member.player,
            asked_share: asked,
            participants: proposal.participants_needed,
            has_targets: proposal.action.sends_troops() && proposal.enemy.is_some(),
        };
        let places = [
            ("proposal", told.to_owned()),
            ("member", without_blanks(self.member(proposal, member)).to_string()),
            ("now", self.now.to_string()),
        ];
        let user = filled(&self.prompts.ballot, &places);
        Draft { id: 0, question, asked_at: self.now, answer_at, system, user }
    }

    /// What all who speak in a council, and who chooses for it, are told.
    fn council(&self, alliance: AllianceId, talks: &Talks, debriefs: Option<&Debriefs>) -> Council {
        let (options, offered) = self.offered(talks);
        let briefing = self.briefing(alliance, debriefs).to_string();
        Council { alliance, met_at: talks.met_at, options, offered: offered.to_string(), briefing }
    }

    fn plea(&self, council: &Council, member: &MemberInfo, answer_at: GameTime, system: Blocks) -> Draft {
        let Council { alliance, met_at, options, .. } = *council;
        let question = Question::Plea { alliance, met_at, member: member.player, options };
        let who = json!({
            "estate": self.estate(alliance, member.player),
            "feels": self.feels(member),
            "player": member.player.0,
            "remembers": self.told(&self.situation.remembers(member, self.now)),
        });
        let who = without_blanks(who);
        let places = [
            ("briefing", council.briefing.clone()),
            ("options", council.offered.clone()),
            ("member", who.to_string()),
            ("now", self.now.to_string()),
        ];
        let user = filled(&self.prompts.plea, &places);
        Draft { id: 0, question, asked_at: self.now, answer_at, system, user }
    }

    /// What a council can choose: how many options, none of them not counted, and each in JSON.
    fn offered(&self, talks: &Talks) -> (u8, Value) {
        let options = u8::try_from(talks.options.len()).unwrap_or(u8::MAX);
        let numbered = talks.options.iter().enumerate();
        let mut offered: Vec<Value> = numbered
            .map(|(n, o)| json!({ "option": n, "score": number(o.score), "what": without_blanks(self.option(o)) }))
            .collect();
        offered.push(json!({ "option": options, "what": "propose nothing now" }));
        (options, Value::from(offered))
    }

    fn choice(&self, council: Council, speaker: PlayerId, talks: &Talks, answer_at: GameTime, system: Blocks) -> Draft {
        let Council { alliance, met_at, options, offered, briefing } = council;
        let question = Question::Choice { alliance, met_at, options };
        let pleas: Vec<Value> = talks
            .pleas
            .iter()
            .map(|p| json!({ "option": p.option, "player": p.member.0, "says": p.text.as_deref().map(words) }))
            .collect();
        let places = [
            ("briefing", briefing),
            ("options", offered),
            ("pleas", Value::from(pleas).to_string()),
            ("member", json!({ "player": speaker.0 }).to_string()),
            ("now", self.now.to_string()),
        ];
        let user = filled(&self.prompts.choice, &places);
        Draft { id: 0, question, asked_at: self.now, answer_at, system, user }
    }

    fn debrief(&self, report: &OperationReport, speaker: PlayerId, answer_at: GameTime, system: Blocks) -> Draft {
        let operation = report.operation;
        let misjudged: Vec<Value> = report.lessons.iter().map(|(_, log)| number(libm::exp(*log))).collect();
        let told = json!({
            "dear": report.pyrrhic,
            "expected_loss": number(report.expected_loss),
            "expected_win": number(report.expected_win),
            "goal": report.goal,
            "groups": report.groups,
            "groups_that_could_not_leave": report.failed,
            "intel_age_hours": report.intel_age_hours.map(|age| number(age.round())),
            "killed": report.killed_goods,
            "lost": report.lost_goods,
            "members": report.participants,
            "number": operation.n,
            "result": report.result,
            "sent": report.sent_goods,
            "stood_there_over_reckoned": misjudged,
        });
        let places = [
            ("report", without_blanks(told).to_string()),
            ("member", json!({ "player": speaker.0 }).to_string()),
            ("now", self.now.to_string()),
        ];
        let user = filled(&self.prompts.debrief, &places);
        Draft { id: 0, question: Question::Debrief { operation }, asked_at: self.now, answer_at, system, user }
    }

    fn speech(&self, occasion: &Occasion, answer_at: GameTime, system: Blocks) -> Draft {
        let Occasion { alliance, member, .. } = *occasion;
        let places = [
            ("occasion", occasion.told.to_string()),
            ("member", self.speaker(member).to_string()),
            ("now", self.now.to_string()),
        ];
        let user = filled(&self.prompts.speech, &places);
        let question = Question::Speech { alliance, member, asked_at: self.now };
        Draft { id: 0, question, asked_at: self.now, answer_at, system, user }
    }

    /// Who says something: what it feels, and what it remembers most.
    fn speaker(&self, player: PlayerId) -> Value {
        let Some(member) = self.situation.roster.member(player) else { return json!({ "player": player.0 }) };
        without_blanks(json!({
            "feels": self.feels(&member),
            "player": player.0,
            "remembers": self.told(&self.situation.remembers(&member, self.now)),
        }))
    }

    /// A member's mood.
    fn feels(&self, member: &MemberInfo) -> Value {
        let felt = self.situation.feelings(member, self.now);
        json!({ "anger": number(felt.anger), "fear": number(felt.fear) })
    }

    /// What a member remembers, the most relevant first, with names.
    fn told(&self, memories: &[Memory]) -> Vec<Value> {
        let ago = |m: &Memory| number(((self.now - m.at).as_hours() / 24.0 * 10.0).round() / 10.0);
        memories.iter().map(|m| json!({ "days_ago": ago(m), "what": m.told(self) })).collect()
    }

    fn option(&self, option: &TalkedOption) -> Value {
        let view = &self.situation.view;
        let place = |site| view.site(site).map_or_else(String::new, |s| name(&s.name));
        let submission = &option.submission;
        json!({
            "action": submission.action.name(),
            "arrival": submission.arrival.to_string(),
            "cost": number(submission.expected.cost.round()),
            "members_asked": submission.asked.len(),
            "pattern": submission.pattern,
            "ratio": number(submission.expected.ratio),
            "targets": submission.targets.iter().map(|t| place(t.site)).collect::<Vec<_>>(),
            "value": number(submission.expected.value.round()),
        })
    }

    /// How an alliance stands, as it knows it: its army, its wars, what comes to it, and what its last operations taught.
    fn briefing(&self, alliance: AllianceId, debriefs: Option<&Debriefs>) -> Value {
        let roster = &self.situation.roster;
        let armies: i64 = self.situation.armies(alliance).values().sum();
        let wars = roster.relations(alliance).map_or_else(Vec::new, |(stances, ..)| stances.wars().collect());
        let enemies: Vec<Value> = wars
            .into_iter()
            .map(|enemy| {
                let called = roster.alliance(enemy).map_or_else(String::new, |a| name(&a.name));
                let strength = self.situation.believed_strength(alliance, enemy, self.now);
                json!({ "name": called, "strength": number(strength.round()) })
            })
            .collect();
        let coming = self.situation.view.incoming(alliance, self.now).filter(|t| t.arrival > self.now).count();
        let recent = debriefs.map_or(&[][..], |d| &d.recent).iter().rev().take(LESSONS);
        let taught: Vec<Value> = recent
            .map(|d| {
                let found: Vec<&str> = d.findings.iter().map(|f| f.name()).collect();
                let against = d.enemy.and_then(|e| roster.alliance(e)).map(|a| name(&a.name));
                json!({ "against": against, "findings": found, "number": d.operation.n, "result": d.result })
            })
            .collect();
        json!({
            "army": armies,
            "hostile_marches_seen": coming,
            "last_operations": taught,
            "members": roster.members(alliance).len(),
            "wars": enemies,
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
            "asked_share": number(asked.map_or(0.0, |a| a.share)),
            "estate": self.estate(proposal.id.alliance, member.player),
            "feels": self.feels(member),
            "lost_in_7_days": record.map_or(0, |r| r.lost_lately(self.now)),
            "operations_in_72_hours": record.map_or(0, |r| r.operations_lately(self.now)),
            "player": member.player.0,
            "remembers": self.told(&self.situation.recalls(proposal, member, self.now)),
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

/// What others are called to a model: cleaned and cut.
impl Names for Clerk<'_, '_, '_> {
    fn player(&self, id: PlayerId) -> String {
        self.situation.view.player(id).map_or_else(|| format!("player {id}"), |p| name(&p.name))
    }

    fn alliance(&self, id: AllianceId) -> String {
        self.situation.roster.alliance(id).map_or_else(|| format!("alliance {id}"), |a| name(&a.name))
    }

    fn site(&self, id: SiteId) -> String {
        self.situation.view.site(id).map_or_else(|| "a village that is gone".to_owned(), |s| name(&s.name))
    }
}
