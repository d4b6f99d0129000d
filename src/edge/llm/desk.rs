//! The host's side: questions go out, answers come in with their game time, and the clock waits if it is to.

use super::bridge::counters::Counters;
use super::bridge::failure::Failure;
use super::bridge::reply::Reply;
use super::bridge::request::{Blocks, Completion};
use super::bridge::worker::{Outcome, Worker};
use super::draft::{Draft, Drafts};
use super::question::Question;
use super::transcript::{Entered, TranscriptLine};
use super::{COST, LATENCY, LlmCouncil, Pace, REQUESTS, TOKENS, TWINS};
use crate::base::clock::{ClockHolds, GameClock, GameTime};
use crate::base::contract::{Advice, Input, InputLog};
use crate::base::id::{AllianceId, ProposalId};
use bevy::diagnostic::Diagnostics;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

/// A game asks a question of its own. What it does without an answer is its own too.
#[derive(Message, Clone, PartialEq, Debug)]
pub struct AskModel {
    /// The game's number of it.
    pub id: u64,
    /// What rarely changes, from the most stable to the least.
    pub system: Vec<String>,
    /// What changes with each question.
    pub user: String,
    /// The JSON schema of the answer; `null` for free text.
    pub schema: Value,
    /// Tokens of the answer.
    pub max_tokens: u32,
    /// The answer is there this long after asking (wall time), or none is.
    pub patience: Duration,
}

/// The answer to a question of the game's own: exactly one for each. Words of a model are data.
#[derive(Message, Clone, PartialEq, Debug)]
pub struct ModelAnswered {
    /// The game's number of the question.
    pub id: u64,
    /// The words, or why there are none.
    pub answer: Result<String, Failure>,
}

/// What was asked and answered so far.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct LlmCounts {
    /// Questions that were sent, the game's own as well.
    pub requests: u64,
    /// Questions of the campaign that were sent.
    pub questions: u64,
    /// What those were about: votes, choices of councils with what was pleaded before, debriefs, speeches.
    pub decisions: u64,
    /// Answers whose words could be read as what was asked for, in time.
    pub answered: u64,
    /// Answers that could not.
    pub invalid: u64,
    /// Valid answers that came after the instant at which they would have counted.
    pub late: u64,
    /// Questions that shared the call of an equal one.
    pub coalesced: u64,
    /// Attempts that repeated one that failed.
    pub retried: u64,
    /// Questions of the campaign that the rule answered although they were meant for a model.
    pub by_twin: u64,
    /// Questions that ended without an answer.
    pub failed: u64,
    /// Tokens of prompts, as the server counts.
    pub tokens_in: u64,
    /// Tokens of answers, as the server counts.
    pub tokens_out: u64,
    /// The share of a prompt, 0..=1, that the last prompt of the same alliance began with too, in the mean.
    pub shared_prefix: f64,
}

impl LlmCounts {
    /// Questions of the campaign that were sent for each decision, in the mean; 0 where there were none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of one run")]
    pub fn calls_per_decision(&self) -> f64 {
        if self.decisions == 0 { 0.0 } else { self.questions as f64 / self.decisions as f64 }
    }
}

/// An answer that is to enter the campaign.
#[derive(Debug)]
struct Entering {
    line: TranscriptLine,
    advice: Advice,
}

/// The worker, what is under way, and what came of it. It is the host's, and no state.
#[derive(Resource, Debug)]
pub struct LlmDesk {
    worker: Option<Worker>,
    /// Questions that were sent, by their numbers.
    asked: BTreeMap<u64, Draft>,
    /// Numbers of the game's own questions, by ours.
    own: BTreeMap<u64, u64>,
    next_own: u64,
    entering: Vec<Entering>,
    /// Inputs of the log that were looked through.
    seen: usize,
    counts: LlmCounts,
    failures: BTreeMap<&'static str, u64>,
    latency: Option<Duration>,
    keeps: bool,
    lines: Vec<TranscriptLine>,
    /// The last prompt of each alliance.
    last_prompts: BTreeMap<AllianceId, (Blocks, String)>,
    prefixes: (f64, u64),
    /// The vote that was asked about last.
    last_vote: Option<ProposalId>,
}

/// Questions of the game are told apart from those of the campaign.
const OWN: u64 = 1 << 63;
/// How much the game's own questions matter: as much as a plea.
const OWN_PRIORITY: u8 = 2;

/// What stands between the texts of a prompt.
const BETWEEN: &str = "\n\n";

/// With how many bytes two prompts begin alike. Most have the very same texts before what is asked: those are not compared.
fn shared(a: (&Blocks, &str), b: (&Blocks, &str)) -> usize {
    fn alike(a: impl Iterator<Item = u8>, b: impl Iterator<Item = u8>) -> usize {
        a.zip(b).take_while(|(a, b)| a == b).count()
    }
    fn before(system: &Blocks) -> impl Iterator<Item = u8> {
        system.iter().flat_map(|text| text.bytes().chain(BETWEEN.bytes()))
    }
    if a.0.is(b.0) {
        length(a.0) + alike(a.1.bytes(), b.1.bytes())
    } else {
        alike(before(a.0).chain(a.1.bytes()), before(b.0).chain(b.1.bytes()))
    }
}

/// The bytes of a prompt before what is asked.
fn length(system: &Blocks) -> usize {
    system.iter().map(|text| text.len() + BETWEEN.len()).sum()
}

impl LlmDesk {
    pub(super) fn new(worker: Option<Worker>, keeps: bool) -> Self {
        Self {
            worker,
            asked: BTreeMap::new(),
            own: BTreeMap::new(),
            next_own: 0,
            entering: Vec::new(),
            seen: 0,
            counts: LlmCounts::default(),
            failures: BTreeMap::new(),
            latency: None,
            keeps,
            lines: Vec::new(),
            last_prompts: BTreeMap::new(),
            prefixes: (0.0, 0),
            last_vote: None,
        }
    }

    /// What was asked and answered so far.
    #[must_use]
    pub fn counts(&self) -> LlmCounts {
        let Counters { requests, retried, coalesced, tokens_in, tokens_out, .. } = self.counters();
        #[expect(clippy::cast_precision_loss, reason = "prompts of one run")]
        let shared_prefix = if self.prefixes.1 == 0 { 0.0 } else { self.prefixes.0 / self.prefixes.1 as f64 };
        LlmCounts { requests, retried, coalesced, tokens_in, tokens_out, shared_prefix, ..self.counts }
    }

    /// Questions of the campaign that ended without an answer so far, by the [`kind`](Failure::kind) of their failure.
    #[must_use]
    pub fn failures(&self) -> &BTreeMap<&'static str, u64> {
        &self.failures
    }

    fn counters(&self) -> Counters {
        self.worker.as_ref().map(Worker::counters).unwrap_or_default()
    }

    /// Questions that are under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.asked.len() + self.own.len()
    }

    /// The lines of the transcript that are there since it was last taken, by the number of the question.
    pub fn take_transcript(&mut self) -> Vec<TranscriptLine> {
        let mut lines = core::mem::take(&mut self.lines);
        lines.sort_by_key(|line| line.id);
        lines
    }

    /// How much of a prompt the last one of the same alliance began with too.
    fn measure_prefix(&mut self, draft: &Draft) {
        let Draft { question, system, user, .. } = draft;
        match self.last_prompts.entry(question.alliance()) {
            Entry::Vacant(first) => {
                first.insert((system.clone(), user.clone()));
            }
            Entry::Occupied(mut last) => {
                let last = last.get_mut();
                let whole = (length(system) + user.len()).max(1);
                #[expect(clippy::cast_precision_loss, reason = "bytes of a prompt")]
                let share = shared((system, user), (&last.0, &last.1)) as f64 / whole as f64;
                self.prefixes.0 += share;
                self.prefixes.1 += 1;
                last.0.clone_from(system);
                last.1.clone_from(user);
            }
        }
    }

    /// Whether a question is the first about its decision. Those about one vote come one after another, and so do the pleas of
    /// one council, which belong to its choice.
    fn is_new(&mut self, question: &Question) -> bool {
        let vote = if let Question::Ballot { proposal, .. } = question { Some(*proposal) } else { None };
        let before = core::mem::replace(&mut self.last_vote, vote);
        !matches!(question, Question::Plea { .. }) && (vote.is_none() || vote != before)
    }

    fn send(&mut self, mut draft: Draft, council: &LlmCouncil, holds: &mut ClockHolds) {
        self.measure_prefix(&draft);
        // Only a transcript tells it again.
        let user = if self.keeps { draft.user.clone() } else { core::mem::take(&mut draft.user) };
        let patience = if let Pace::Hold { wall, .. } = council.pace { wall } else { council.patience };
        let is_new = self.is_new(&draft.question);
        let completion = Completion {
            id: draft.id,
            day: draft.asked_at.0.div_euclid(86_400_000),
            priority: draft.question.priority(),
            system: draft.system.clone(),
            user,
            schema_name: draft.question.name().to_owned(),
            schema: draft.question.schema(),
            max_tokens: council.max_tokens,
            patience,
        };
        let sent = self.worker.as_ref().map_or(Err(Failure::Closed), |worker| worker.try_send(completion));
        let id = draft.id;
        self.asked.insert(id, draft);
        if sent.is_ok() {
            self.counts.questions += 1;
            self.counts.decisions += u64::from(is_new);
        }
        if let Err(failure) = sent {
            let outcome = Outcome { id, result: Err(failure), latency: Duration::ZERO, attempts: 0, coalesced: false };
            self.end(outcome, GameTime(i64::MIN), holds);
        }
    }

    /// Sends a question of the game's own; a failure is its answer.
    fn send_own(&mut self, question: AskModel, now: GameTime) -> Result<(), Failure> {
        let AskModel { id: theirs, system, user, schema, max_tokens, patience } = question;
        self.next_own += 1;
        let id = OWN | self.next_own;
        let completion = Completion {
            id,
            day: now.0.div_euclid(86_400_000),
            priority: OWN_PRIORITY,
            system: system.into(),
            user,
            schema_name: "own".to_owned(),
            schema,
            max_tokens,
            patience,
        };
        self.worker.as_ref().map_or(Err(Failure::Closed), |worker| worker.try_send(completion))?;
        self.own.insert(id, theirs);
        Ok(())
    }

    /// So many outcomes at most, in the order of their questions. Where the clock stands for one, a host without frames has nothing
    /// else to do than to wait.
    fn outcomes(&self, most: usize, council: &LlmCouncil, stands: bool) -> Vec<Outcome> {
        let Some(worker) = &self.worker else { return Vec::new() };
        let there = |most: usize| core::iter::from_fn(|| worker.try_recv()).take(most);
        let mut outcomes: Vec<Outcome> = there(most).collect();
        if let Pace::Hold { block, .. } = council.pace
            && outcomes.is_empty()
            && !block.is_zero()
            && stands
        {
            outcomes.extend(worker.recv_timeout(block));
            outcomes.extend(there(most - 1));
        }
        outcomes.sort_by_key(|outcome| outcome.id);
        outcomes
    }

    /// A question has ended: its answer is to enter the campaign if it is valid and in time.
    fn end(&mut self, outcome: Outcome, now: GameTime, holds: &mut ClockHolds) {
        let Some(draft) = self.asked.remove(&outcome.id) else { return };
        holds.release(draft.answer_at, draft.id);
        self.latency = Some(outcome.latency);
        let mut line = TranscriptLine {
            id: draft.id,
            question: draft.question.clone(),
            asked_at: draft.asked_at,
            answer_at: draft.answer_at,
            prompt: (draft.system, draft.user),
            raw: None,
            failure: None,
            latency_ms: u64::try_from(outcome.latency.as_millis()).unwrap_or(u64::MAX),
            tokens_in: None,
            tokens_out: None,
            entered: None,
        };
        match outcome.result {
            Ok(Reply { text, tokens_in, tokens_out, .. }) => {
                (line.tokens_in, line.tokens_out) = (tokens_in, tokens_out);
                let read = draft.question.read(&text);
                line.raw = Some(text);
                match read {
                    Ok(advice) if now < draft.answer_at => {
                        self.counts.answered += 1;
                        self.entering.push(Entering { line, advice });
                        return;
                    }
                    Ok(_) => {
                        self.counts.late += 1;
                        line.failure = Some("late".to_owned());
                    }
                    Err(_) => {
                        self.counts.invalid += 1;
                        line.failure = Some("invalid".to_owned());
                    }
                }
            }
            Err(failure) => {
                self.counts.failed += 1;
                *self.failures.entry(failure.kind()).or_default() += 1;
                line.failure = Some(failure.kind().to_owned());
            }
        }
        self.counts.by_twin += u64::from(draft.question.has_twin());
        self.keep(line);
    }

    fn keep(&mut self, line: TranscriptLine) {
        if self.keeps {
            self.lines.push(line);
        }
    }
}

/// Whether there is anything to send or to take, or the clock is held: most frames have nothing of it to do.
pub(super) fn has_work(
    council: Res<LlmCouncil>,
    questions: Res<Messages<AskModel>>,
    drafts: Res<Drafts>,
    desk: Res<LlmDesk>,
    holds: Res<ClockHolds>,
) -> bool {
    let held = matches!(council.pace, Pace::Hold { .. }) && holds.limit().is_some();
    let came = desk.worker.as_ref().is_some_and(Worker::has_outcome);
    held || came || !questions.is_empty() || !drafts.waiting.is_empty() || drafts.turned_away > 0
}

/// Whether inputs were logged that nobody has looked through yet.
pub(super) fn has_entered(log: Res<InputLog>, desk: Res<LlmDesk>) -> bool {
    log.entries.len() != desk.seen
}

/// Sends what was written down, and takes what came back: valid answers become inputs of this update, in the order of their
/// questions.
pub(super) fn exchange(
    clock: Res<GameClock>,
    council: Res<LlmCouncil>,
    mut questions: MessageReader<AskModel>,
    mut drafts: ResMut<Drafts>,
    mut desk: ResMut<LlmDesk>,
    mut holds: ResMut<ClockHolds>,
    mut advice: MessageWriter<Advice>,
    mut answered: MessageWriter<ModelAnswered>,
) {
    let desk = &mut *desk;
    let now = clock.now();
    desk.counts.by_twin += core::mem::take(&mut drafts.turned_away);
    let most = council.per_update.max(1);
    let sent = drafts.waiting.len().min(most);
    for draft in drafts.waiting.drain(..sent) {
        desk.send(draft, &council, &mut holds);
    }
    for question in questions.read() {
        if let Err(failure) = desk.send_own(question.clone(), now) {
            answered.write(ModelAnswered { id: question.id, answer: Err(failure) });
        }
    }
    let stands = holds.limit().is_some_and(|limit| limit <= now);
    let before = desk.entering.len();
    for outcome in desk.outcomes(most, &council, stands) {
        if outcome.id & OWN != 0 {
            if let Some(theirs) = desk.own.remove(&outcome.id) {
                answered.write(ModelAnswered { id: theirs, answer: outcome.result.map(|reply| reply.text) });
            }
        } else {
            desk.end(outcome, now, &mut holds);
        }
    }
    advice.write_batch(desk.entering[before..].iter().map(|entering| entering.advice.clone()));
}

/// Notes where answers entered the campaign: only then is it known that a replay needs them, and where.
pub(super) fn note_entered(log: Res<InputLog>, mut desk: ResMut<LlmDesk>) {
    let desk = &mut *desk;
    let from = desk.seen.min(log.entries.len());
    for logged in &log.entries[from..] {
        let Input::Advice(advice) = &logged.input else { continue };
        let Some(at) = desk.entering.iter().position(|e| e.advice == *advice) else { continue };
        let mut line = desk.entering.remove(at).line;
        line.entered = Some(Entered { at: logged.at, round: logged.round, seq: logged.seq });
        desk.keep(line);
    }
    desk.seen = log.entries.len();
}

/// Another campaign was loaded: what is under way for the one before enters nothing, and holds no clock. The game's own questions
/// are its own.
pub(super) fn forget(world: &mut World) {
    let waiting = core::mem::take(&mut world.resource_mut::<Drafts>().waiting);
    let seen = world.get_resource::<InputLog>().map_or(0, |log| log.entries.len());
    let mut desk = world.resource_mut::<LlmDesk>();
    let asked = core::mem::take(&mut desk.asked);
    desk.entering.clear();
    desk.seen = seen;
    let mut holds = world.resource_mut::<ClockHolds>();
    for draft in waiting.iter().chain(asked.values()) {
        holds.release(draft.answer_at, draft.id);
    }
}

/// What Bevy's diagnostics show.
pub(super) fn measure(mut desk: ResMut<LlmDesk>, mut diagnostics: Diagnostics) {
    let Some(latency) = desk.latency.take() else { return };
    let counters = desk.counters();
    #[expect(clippy::cast_precision_loss, reason = "counts of one run")]
    let whole = |n: u64| n as f64;
    diagnostics.add_measurement(&LATENCY, || latency.as_secs_f64() * 1_000.0);
    diagnostics.add_measurement(&REQUESTS, || whole(counters.requests));
    diagnostics.add_measurement(&TOKENS, || whole(counters.tokens_in + counters.tokens_out));
    diagnostics.add_measurement(&TWINS, || whole(desk.counts.by_twin));
    diagnostics.add_measurement(&COST, || counters.cost);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However the texts are divided, and whether or not they are shared.
        #[test]
        fn what_prompts_share_is_what_their_whole_texts_share(
            texts in proptest::collection::vec("[ab\n]{0,3}", 1..4),
            others in proptest::collection::vec("[ab\n]{0,3}", 1..4),
            user in "[ab]{0,3}",
            other in "[ab]{0,3}",
        ) {
            let whole = |texts: &Blocks, user: &str| format!("{}\n\n{user}", texts.join("\n\n"));
            let (texts, others) = (Blocks::from(texts), Blocks::from(others));
            let (same, equal) = (texts.clone(), Blocks::from(texts.to_vec()));
            for last in [&same, &equal, &others] {
                let (a, b) = (whole(&texts, &user), whole(last, &other));
                prop_assert_eq!(length(&texts) + user.len(), a.len());
                let alike = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
                prop_assert_eq!(shared((&texts, &user), (last, &other)), alike);
            }
        }
    }
}
