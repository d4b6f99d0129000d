//! The search for value: targets are put in and taken out, and groups are moved until nothing is lacking.

use super::alone::{Alone, Verdict};
use super::attack::{AttackPlan, AttackProblem, Budget, KernelGroup, Leave};
use super::bound::{Fates, Flow, Network, Set, relax};
use super::draft::{Draft, Field, Move};
use super::moves::{Choice, Moves};
use super::pack::{fill, fill_all, harvest, pack};
use super::polish::{polish, total_upkeep};
use std::collections::BTreeSet;

/// Steps that a target gets while the first plan is built.
const STEPS_FIRST: u64 = 6;
/// Steps without less lacking after which a set of targets is given up, where much lacks: at first, where all near sets were
/// tried by as many times more, and at most. A target that is put in while the first plan is built has its own.
const PATIENCE: u64 = 4;
const PATIENCE_TIMES: u64 = 3;
const PATIENCE_MAX: u64 = 36;
const PATIENCE_ALONE: u64 = 6;
/// So many times as many where less than this part of all offense lacks.
const STRETCH: [(i64, u64); 4] = [(1_600, 32), (400, 8), (100, 4), (25, 2)];
/// Steps for which a group that moved stays where it is, and as many more at random.
const HOLD: u64 = 4;
/// Slack, as a share of the offense at hand, from which on a set of targets is thought easy.
const EASY: f64 = 0.05;
/// Targets up to which sets that differ by two in and two out are weighed.
const PAIRS_MAX: usize = 40;
/// Steps from which on, and targets up to which, pairs of targets are polished too.
const DEEP_FROM: u64 = 10_000;
const DEEP_TARGETS: usize = 8;
/// Sets without force enough that one step passes over.
const PASSED_MAX: u32 = 64;
/// Nodes of a proof that one step takes, and all of them.
const STEP_NODES: u32 = 64;
const PROOF_NODES: u32 = 4_000_000;
/// Branches of the relaxation after which a set near the best is tried between them.
const CHOICE_EVERY: u32 = 8;

/// What the next step does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Adds the target at this place of the order by density.
    Build(usize),
    /// Takes the next branch of the relaxation.
    Branch,
    /// Chooses another set of targets near the best.
    Choose,
    /// Moves groups until nothing lacks, at most until this step; then goes on as it says.
    Repair(Patience, Next),
    /// Goes on with the proof that no more value is possible.
    Prove,
    /// Packs the best set of targets anew, for less upkeep and for other sets to come within reach.
    Shake,
    /// Nothing is to be done.
    Done,
}

/// How long a repair goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Patience {
    /// At most until this step.
    until: u64,
    /// So many steps more whenever less lacks than ever before.
    more: u64,
    /// The least that lacked.
    least: i64,
}

/// What comes after a repair.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Next {
    Build(usize),
    Branch,
    Choose,
}

/// An anytime search: [`run`](Self::run) goes on from where it stopped, and [`plan`](Self::plan) gives the best so far.
/// How the steps are divided among calls changes nothing.
#[derive(Clone, Debug)]
pub struct AttackSearch {
    field: Field,
    draft: Draft,
    best: Draft,
    /// What a repair that fails goes back to.
    base: Draft,
    best_value: f64,
    /// Upkeep of the best, once it is polished.
    best_upkeep: Option<i64>,
    bound: f64,
    /// Targets that can be met alone, by value per point.
    order: Vec<usize>,
    phase: Phase,
    steps: u64,
    /// By target, then village: the step until which it may neither come nor go.
    held: Vec<u64>,
    tried: BTreeSet<u64>,
    network: Network,
    /// Branches of the relaxation that are open, the next one last.
    branches: Vec<Fates>,
    /// The most that a set of targets is worth that the relaxation allows and that no plan was found for.
    missed: f64,
    /// By target: a random word; a set of targets is known by the exclusive or of its words.
    words: Vec<u64>,
    /// Points of all that reaches anything.
    all: i64,
    random: u64,
    /// Steps without less lacking after which a set of targets is given up.
    patience: u64,
    /// A proof that is not closed.
    proof: Option<Alone>,
    /// Nodes of it that are left.
    nodes: u32,
    /// Branches that were taken, and whether none is left.
    branched: u32,
    closed: bool,
}

impl AttackSearch {
    /// Begins with nothing sent.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "points of one operation, far below 2^53")]
    pub fn new(problem: &AttackProblem) -> Self {
        let field = Field::new(problem);
        let mut order: Vec<usize> = (0..field.targets)
            .filter(|t| field.most[*t] >= field.required[*t] && field.value[*t] > 0.0)
            .filter(|t| field.groups > 0 || field.required[*t] == 0)
            .collect();
        let density = |t: usize| field.value[t] / field.required[t].max(1) as f64;
        order.sort_by(|a, b| density(*b).total_cmp(&density(*a)).then(a.cmp(b)));
        let draft = Draft::new(&field);
        let network = Network::new(&field, &order);
        let bound = relax(&network, Fates::default()).map_or(0.0, |r| r.value);
        let mut search = Self {
            best: draft.clone(),
            base: draft.clone(),
            draft,
            best_value: 0.0,
            best_upkeep: None,
            bound,
            branches: if network.is_cut() { Vec::new() } else { vec![Fates::default()] },
            missed: if network.is_cut() { bound } else { 0.0 },
            phase: Phase::Build(0),
            steps: 0,
            held: vec![0; field.targets * field.villages],
            tried: BTreeSet::new(),
            words: Vec::new(),
            all: field.nodes.iter().map(|n| i64::from(n.count) * n.points).sum(),
            random: 0x5EED,
            patience: PATIENCE,
            order,
            proof: if field.width == 1 { Alone::new(&network) } else { None },
            nodes: PROOF_NODES,
            branched: 0,
            closed: false,
            network,
            field,
        };
        search.words = (0..search.field.targets).map(|_| search.draw()).collect();
        search
    }

    /// Searches until this many steps have been taken in all. A search with nothing left
    /// to do takes no more.
    pub fn run(&mut self, budget: Budget) {
        while self.steps < budget.0 && self.phase != Phase::Done {
            self.steps += 1;
            self.step();
        }
    }

    /// Whether nothing better is possible, so that more steps would change nothing.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// The best plan so far, with the upkeep that is not needed taken out.
    #[must_use]
    pub fn plan(&self) -> AttackPlan {
        let field = &self.field;
        let mut draft = self.best.clone();
        polish(field, &mut draft, self.is_deep());
        let mut plan = AttackPlan { value: 0.0, bound: self.bound, iterations: self.steps, ..AttackPlan::default() };
        let n = field.nodes.len();
        for t in 0..field.targets {
            if draft.wanted[t] {
                plan.value += field.value[t];
            } else {
                plan.left_out.push((t, self.reason(t)));
            }
            for v in (0..field.villages).filter(|v| draft.linked(field, t, *v)) {
                let slots = field.own(v).map(|i| field.nodes[i].slot + 1).max().unwrap_or(0);
                let mut troops = vec![0; slots];
                for i in field.own(v) {
                    troops[field.nodes[i].slot] = draft.sent[t * n + i];
                    plan.upkeep += i64::from(draft.sent[t * n + i]) * field.nodes[i].upkeep;
                }
                plan.groups.push(KernelGroup { village: v, target: t, troops });
            }
        }
        plan.bound = plan.bound.max(plan.value);
        plan
    }

    fn reason(&self, target: usize) -> Leave {
        match self.field.most[target] {
            _ if self.field.required[target] == 0 => Leave::Outbid,
            0 => Leave::NoForceInTime,
            most if most < self.field.required[target] => Leave::TooStrong,
            _ if self.field.groups == 0 => Leave::NoForceInTime,
            _ => Leave::Outbid,
        }
    }

    /// The next random word (`SplitMix64`).
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.random ^ self.random >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn step(&mut self) {
        match self.phase {
            Phase::Build(place) => self.build(place),
            Phase::Branch => self.branch(),
            Phase::Choose => self.choose(),
            Phase::Prove => self.prove(),
            Phase::Shake => self.shake(),
            Phase::Repair(patience, next) => self.repair(patience, next),
            Phase::Done => {}
        }
    }

    /// Puts the target at this place of the order by density in.
    fn build(&mut self, place: usize) {
        let Some(target) = self.order.get(place).copied() else {
            self.phase = if self.field.width == 1 { Phase::Choose } else { Phase::Branch };
            return;
        };
        let patience = if self.field.width > 1 {
            Patience { until: self.steps + STEPS_FIRST, more: 0, least: i64::MAX }
        } else if self.enough(|t| self.draft.wanted[t] || t == target) {
            Patience { until: self.steps, more: PATIENCE_ALONE, least: i64::MAX }
        } else {
            self.phase = Phase::Build(place + 1);
            return;
        };
        self.draft.wanted[target] = true;
        fill(&self.field, &mut self.draft, target);
        self.phase = Phase::Repair(patience, Next::Build(place + 1));
    }

    /// Bounds a branch by its relaxation, tries the set of targets that is whole there, and divides it at the target that
    /// is met in part.
    fn branch(&mut self) {
        let Some(fates) = self.branches.pop() else {
            self.closed = true;
            // Every set of targets is worth no more than the best, or than one that could not be packed.
            self.bound = self.bound.min(self.best_value.max(self.missed));
            self.phase = self.after_choice();
            return;
        };
        self.branched += 1;
        if self.branched.is_multiple_of(CHOICE_EVERY) {
            self.phase = Phase::Choose;
        }
        let Some(relaxed) = relax(&self.network, fates) else { return };
        if relaxed.value <= self.best_value {
            return;
        }
        if let Some(part) = relaxed.part {
            self.branches.push(Fates { out: fates.out | 1 << part, ..fates });
            self.branches.push(Fates { inside: fates.inside | 1 << part, ..fates });
        }
        let value = self.network.worth(relaxed.set);
        if relaxed.part.is_none() {
            self.missed = self.missed.max(value);
        }
        if value > self.best_value && self.tried.insert(self.key(relaxed.set)) {
            self.pack(relaxed.set, &relaxed.flow);
            self.phase = self.begin_repair(Next::Branch);
        }
    }

    /// Proves that no set of targets is worth more, or finds one that is.
    fn prove(&mut self) {
        let Some(mut proof) = self.proof.take() else { return };
        self.nodes = self.nodes.saturating_sub(STEP_NODES);
        match proof.run(&self.field, &self.network, self.best_value, STEP_NODES) {
            Verdict::Closed => {
                self.bound = self.best_value;
                self.phase = Phase::Shake;
                return;
            }
            Verdict::Met(set, went) => {
                self.clear();
                self.want(set);
                for (village, target) in went {
                    self.draft.give(&self.field, target, village);
                }
                self.keep();
                self.base.copy_from(&self.draft);
            }
            Verdict::Open => {}
        }
        if self.nodes > 0 {
            self.proof = Some(proof);
        } else {
            self.phase = Phase::Choose;
        }
    }

    fn clear(&mut self) {
        for t in 0..self.field.targets {
            self.draft.clear(&self.field, t);
        }
    }

    fn want(&mut self, set: Set) {
        for c in Network::members(set) {
            self.draft.wanted[self.network.columns[c]] = true;
        }
    }

    /// What a set of targets is known by.
    fn key(&self, set: Set) -> u64 {
        Network::members(set).fold(0, |key, c| key ^ self.words[self.network.columns[c]])
    }

    /// Makes a draft of a flow that meets these targets.
    fn pack(&mut self, set: Set, flow: &Flow) {
        self.clear();
        self.want(set);
        pack(&self.field, &self.network, flow, &mut self.draft);
        fill_all(&self.field, &self.order, &mut self.draft);
    }

    fn begin_repair(&self, next: Next) -> Phase {
        let patience = Patience { until: self.steps, more: self.patience, least: i64::MAX };
        Phase::Repair(patience, next)
    }

    /// So many steps, or more where little lacks.
    fn stretch(&self, steps: u64, lacking: i64) -> u64 {
        let times = STRETCH.iter().find(|(parts, _)| lacking.saturating_mul(*parts) <= self.all).map_or(1, |(_, n)| *n);
        steps * times
    }

    fn repair(&mut self, mut patience: Patience, next: Next) {
        let lacking = self.draft.lacking(&self.field);
        let after = match next {
            Next::Build(place) => Phase::Build(place),
            Next::Branch => Phase::Branch,
            Next::Choose => self.after_choice(),
        };
        if lacking == 0 {
            self.keep();
            self.base.copy_from(&self.draft);
            self.phase = if self.best_value >= self.bound { Phase::Shake } else { after };
            return;
        }
        if lacking < patience.least {
            patience.least = lacking;
            patience.until = patience.until.max(self.steps + self.stretch(patience.more, lacking));
            self.phase = Phase::Repair(patience, next);
        }
        if self.steps >= patience.until || !self.improve(lacking) {
            if self.field.width == 1 {
                self.harvest();
            }
            self.draft.copy_from(&self.base);
            self.phase = after;
        }
    }

    /// What lacks is given up, and what is idle goes to other targets: kept if that is worth more than the best.
    fn harvest(&mut self) {
        harvest(&self.field, &self.order, &mut self.draft);
        if self.drafted() > self.best_value {
            self.keep();
            self.base.copy_from(&self.draft);
        }
    }

    /// What the draft is worth if nothing lacks.
    fn drafted(&self) -> f64 {
        (0..self.field.targets).filter(|t| self.draft.wanted[*t]).map(|t| self.field.value[t]).sum()
    }

    /// Where value can still be won, other sets of targets are tried; else only upkeep is left to save.
    fn after_choice(&self) -> Phase {
        if self.best_value >= self.bound {
            Phase::Shake
        } else if self.is_branching() {
            Phase::Branch
        } else {
            Phase::Choose
        }
    }

    /// Whether the relaxation is still being branched.
    fn is_branching(&self) -> bool {
        self.field.width > 1 && !self.closed
    }

    /// Keeps the draft if it is worth more than the best, or as much for less upkeep.
    fn keep(&mut self) {
        let value = self.drafted();
        if value > self.best_value || self.best_upkeep.is_none() && value >= self.best_value {
            self.best_value = value;
            self.best_upkeep = None;
            self.best.copy_from(&self.draft);
        } else if value >= self.best_value {
            let deep = self.is_deep();
            polish(&self.field, &mut self.draft, deep);
            let upkeep = total_upkeep(&self.field, &self.draft);
            if self.best_upkeep.is_some_and(|best| upkeep < best) {
                self.best_upkeep = Some(upkeep);
                self.best.copy_from(&self.draft);
            }
            self.draft.copy_from(&self.best);
        }
    }

    fn is_deep(&self) -> bool {
        self.steps >= DEEP_FROM || self.field.targets <= DEEP_TARGETS
    }

    /// Another set of targets that is worth more; where all near ones were tried, the same set packed anew.
    fn choose(&mut self) {
        for _ in 0..PASSED_MAX {
            let Some((key, outs, ins)) = self.candidate() else {
                if self.is_branching() {
                    self.phase = Phase::Branch;
                } else if self.proof.is_some() {
                    self.phase = Phase::Prove;
                } else if self.patience >= PATIENCE_MAX {
                    self.phase = Phase::Shake;
                } else {
                    self.patience *= PATIENCE_TIMES;
                    self.tried.clear();
                }
                return;
            };
            self.tried.insert(key);
            let changed = |t: usize| outs.contains(&Some(t)) || ins.contains(&Some(t));
            if !self.enough(|t| self.draft.wanted[t] != changed(t)) {
                continue;
            }
            for t in outs.into_iter().flatten() {
                self.draft.clear(&self.field, t);
            }
            for t in ins.into_iter().flatten() {
                self.draft.wanted[t] = true;
            }
            fill_all(&self.field, &self.order, &mut self.draft);
            self.phase = self.begin_repair(Next::Choose);
            return;
        }
    }

    /// Whether what reaches any of these targets is as much as all of them require. A village that sends one group alone
    /// counts with what reaches one of them.
    fn enough(&self, wanted: impl Fn(usize) -> bool) -> bool {
        let field = &self.field;
        let chosen: Vec<usize> = (0..field.targets).filter(|t| wanted(*t)).collect();
        let reach: i64 = if field.width == 1 {
            let most = |v: usize| chosen.iter().map(|t| field.whole[t * field.villages + v]).max().unwrap_or(0);
            (0..field.villages).map(most).sum()
        } else {
            let useful = |i: &usize| chosen.iter().any(|t| field.there(*t, *i));
            (0..field.nodes.len()).filter(useful).map(|i| field.points(i, field.nodes[i].count)).sum()
        };
        reach >= chosen.iter().map(|t| field.required[*t]).sum()
    }

    /// The most promising set of targets that differs by at most two out and two in, is worth more and was not tried.
    #[expect(clippy::cast_precision_loss, reason = "points of one operation, far below 2^53")]
    fn candidate(&self) -> Option<(u64, [Option<usize>; 2], [Option<usize>; 2])> {
        let (field, wanted) = (&self.field, &self.draft.wanted);
        let sets = |inside: bool| {
            let of: Vec<usize> = self.order.iter().copied().filter(|t| wanted[*t] == inside).collect();
            let mut sets = vec![([None, None], 0.0, 0, 0)];
            let one = |t: usize| (field.value[t], field.required[t], self.words[t]);
            for (place, t) in of.iter().enumerate() {
                let (value, required, word) = one(*t);
                sets.push(([Some(*t), None], value, required, word));
                for other in of[place + 1..].iter().filter(|_| field.targets <= PAIRS_MAX) {
                    let (more, also, and) = one(*other);
                    sets.push(([Some(*t), Some(*other)], value + more, required + also, word ^ and));
                }
            }
            sets
        };
        let key = (0..field.targets).filter(|t| wanted[*t]).fold(0, |key, t| key ^ self.words[t]);
        let used: i64 = (0..field.targets).filter(|t| wanted[*t]).map(|t| field.required[t]).sum();
        let (outs, ins) = (sets(true), sets(false));
        let mut best = None;
        let mut best_score = 0.0;
        for (out, lost, freed, out_key) in &outs {
            for (put, won, needed, in_key) in &ins {
                let slack = self.all - used + freed - needed;
                let gain = won - lost;
                if gain <= 1e-9 * self.best_value || slack < 0 {
                    continue;
                }
                let ease = (slack as f64 / (EASY * self.all as f64)).min(1.0) + 0.02;
                let score = gain * ease;
                if score > best_score && !self.tried.contains(&(key ^ out_key ^ in_key)) {
                    best_score = score;
                    best = Some((key ^ out_key ^ in_key, *out, *put));
                }
            }
        }
        best
    }

    /// Takes up to three targets' groups back, so that the same set is packed another way.
    fn shake(&mut self) {
        if self.best_upkeep.is_none() {
            let deep = self.is_deep();
            polish(&self.field, &mut self.best, deep);
            self.best_upkeep = Some(total_upkeep(&self.field, &self.best));
            self.draft.copy_from(&self.best);
        }
        self.tried.clear();
        let inside: Vec<usize> = (0..self.field.targets).filter(|t| self.draft.wanted[*t]).collect();
        if inside.is_empty() || self.best_upkeep == Some(0) {
            self.phase = Phase::Done;
            return;
        }
        for _ in 0..=self.draw() % 3 {
            let at = usize::try_from(self.draw() % inside.len() as u64).unwrap_or(0);
            self.draft.clear(&self.field, inside[at]);
            self.draft.wanted[inside[at]] = true;
        }
        self.phase = self.begin_repair(Next::Choose);
    }

    /// The move that leaves least lacking among those that are not held; false where there is none.
    fn improve(&mut self, lacking: i64) -> bool {
        let word = self.draw();
        let lack = |t: usize| self.draft.lack(&self.field, t);
        let short: Vec<usize> = (0..self.field.targets).filter(|t| lack(*t) > 0).collect();
        let greatest = short.iter().copied().reduce(|a, b| if lack(b) > lack(a) { b } else { a });
        let drawn = short[usize::try_from((word >> 8) % short.len() as u64).unwrap_or(0)];
        let to = if word.is_multiple_of(4) { drawn } else { greatest.unwrap_or(drawn) };
        let mut found = Choice { best: None, lacking, word };
        let (field, draft) = (&self.field, &self.draft);
        Moves { field, draft, held: &self.held, step: self.steps }.weigh(to, &mut found);
        let Some((_, _, change)) = found.best else { return false };
        let hold = self.steps + HOLD + (word >> 32) % HOLD;
        let villages = self.field.villages;
        let mut held = |t: usize, v: usize| self.held[t * villages + v] = hold;
        match change {
            Move::Give { village } => held(to, village),
            Move::Shift { village, from, .. } | Move::Replace { village, from } => {
                held(to, village);
                held(from, village);
            }
            Move::Swap { village, from, other } => {
                held(to, village);
                held(from, village);
                held(to, other);
                held(from, other);
            }
        }
        self.draft.apply(&self.field, to, change);
        true
    }
}
