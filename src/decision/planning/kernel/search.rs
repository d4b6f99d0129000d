//! The search for value: targets are put in and taken out, and groups are moved until nothing is lacking.

use super::attack::{AttackPlan, AttackProblem, Budget, KernelGroup, Leave};
use super::bound::{Fate, Flow, relax};
use super::draft::{Draft, Field, Move};
use super::polish::{polish, total_upkeep};
use std::collections::BTreeSet;

/// Steps that a target gets while the first plan is built.
const STEPS_FIRST: u64 = 6;
/// The same where a village sends one group alone, and packing is harder.
const STEPS_ALONE: u64 = 30;
/// Steps that a set of targets gets before it is given up.
const STEPS: u64 = 120;
/// Steps for which a group that moved stays where it is, and as many more at random.
const HOLD: u64 = 4;
/// Slack, as a share of the offense at hand, from which on a set of targets is thought easy.
const EASY: f64 = 0.01;
/// Targets up to which sets that differ by two in and two out are weighed.
const PAIRS_MAX: usize = 40;
/// Steps from which on, and targets up to which, pairs of targets are polished too.
const DEEP_FROM: u64 = 10_000;
const DEEP_TARGETS: usize = 8;
/// Sets without force enough that one step passes over.
const PASSED_MAX: u32 = 64;

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
    Repair(u64, Next),
    /// Packs the best set of targets anew, for less upkeep and for other sets to come within reach.
    Shake,
    /// Nothing is to be done.
    Done,
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
    flow: Flow,
    /// Branches of the relaxation that are open, the next one last.
    branches: Vec<Vec<Fate>>,
    /// The most that a set of targets is worth that the relaxation allows and that no plan was found for.
    missed: f64,
    /// By target: a random word; a set of targets is known by the exclusive or of its words.
    words: Vec<u64>,
    /// Points of all that reaches anything.
    all: i64,
    random: u64,
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
        let flow = Flow::new(&field);
        let bound = relax(&field, &flow, &order, &vec![Fate::Open; field.targets]).map_or(0.0, |r| r.value);
        let mut search = Self {
            best: draft.clone(),
            draft,
            best_value: 0.0,
            best_upkeep: None,
            bound,
            flow,
            branches: vec![vec![Fate::Open; field.targets]],
            missed: 0.0,
            order,
            phase: Phase::Build(0),
            steps: 0,
            held: vec![0; field.targets * field.villages],
            tried: BTreeSet::new(),
            words: Vec::new(),
            all: field.nodes.iter().map(|n| i64::from(n.count) * n.points).sum(),
            random: 0x5EED,
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
            Phase::Build(place) => match self.order.get(place).copied() {
                Some(target) => {
                    self.draft.wanted[target] = true;
                    self.fill(target);
                    self.phase = Phase::Repair(
                        self.steps + if self.field.width == 1 { STEPS_ALONE } else { STEPS_FIRST },
                        Next::Build(place + 1),
                    );
                }
                None => self.phase = if self.field.width == 1 { Phase::Choose } else { Phase::Branch },
            },
            Phase::Branch => self.branch(),
            Phase::Choose => self.choose(),
            Phase::Shake => self.shake(),
            Phase::Repair(until, next) => self.repair(until, next),
            Phase::Done => {}
        }
    }

    /// Bounds a branch by its relaxation, tries the set of targets that is whole there, and divides it at the target that
    /// is met in part.
    fn branch(&mut self) {
        let Some(mut fates) = self.branches.pop() else {
            // Every set of targets is worth no more than the best, or than one that could not be packed.
            self.bound = self.bound.min(self.best_value.max(self.missed));
            self.phase = self.after_choice();
            return;
        };
        let Some(relaxed) = relax(&self.field, &self.flow, &self.order, &fates) else { return };
        if relaxed.value <= self.best_value {
            return;
        }
        if let Some(part) = relaxed.part {
            fates[part] = Fate::Out;
            self.branches.push(fates.clone());
            fates[part] = Fate::In;
            self.branches.push(fates);
        }
        let value: f64 = self.order.iter().filter(|t| relaxed.met[**t]).map(|t| self.field.value[*t]).sum();
        let key = self.order.iter().filter(|t| relaxed.met[**t]).fold(0, |key, t| key ^ self.words[*t]);
        if relaxed.part.is_none() {
            self.missed = self.missed.max(value);
        }
        if value > self.best_value && self.tried.insert(key) {
            for t in 0..self.field.targets {
                if self.draft.wanted[t] && !relaxed.met[t] {
                    self.draft.clear(&self.field, t);
                }
                self.draft.wanted[t] = relaxed.met[t];
            }
            self.fill_all();
            self.phase = Phase::Repair(self.steps + STEPS, Next::Branch);
        }
    }

    fn repair(&mut self, until: u64, next: Next) {
        let lacking = self.draft.lacking(&self.field);
        let after = match next {
            Next::Build(place) => Phase::Build(place),
            Next::Branch => Phase::Branch,
            Next::Choose => self.after_choice(),
        };
        if lacking == 0 {
            self.keep();
            self.phase = if self.best_value >= self.bound { Phase::Shake } else { after };
        } else if self.steps >= until || !self.improve(lacking) {
            self.draft.copy_from(&self.best);
            self.phase = after;
        }
    }

    /// Sends idle villages to a target: the greatest that it needs whole, at last the least that is enough.
    fn fill(&mut self, target: usize) {
        let field = &self.field;
        let open = |v: &usize| self.draft.links[*v] < field.groups && self.draft.idle[*v] > 0;
        let idle = |v: usize| (self.draft.idle_for(field, target, v), v);
        let mut idle: Vec<(i64, usize)> = (0..field.villages).filter(open).map(idle).filter(|(n, _)| *n > 0).collect();
        idle.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        while self.draft.lack(field, target) > 0 && !idle.is_empty() {
            let lack = self.draft.lack(field, target);
            let place = idle.partition_point(|(n, _)| *n > lack);
            // The first that is not more than what lacks; where only greater ones are left, the least of those.
            let last = idle[place.min(idle.len())..].iter().map(|(n, _)| n).sum::<i64>() < lack && place > 0;
            let place = if last { place - 1 } else { place };
            let (_, village) = idle.remove(place);
            self.draft.give(field, target, village);
        }
    }

    fn fill_all(&mut self) {
        for place in 0..self.order.len() {
            let target = self.order[place];
            if self.draft.lack(&self.field, target) > 0 {
                self.fill(target);
            }
        }
    }

    /// Where value can still be won, other sets of targets are tried; else only upkeep is left to save.
    fn after_choice(&self) -> Phase {
        if self.best_value >= self.bound { Phase::Shake } else { Phase::Choose }
    }

    /// Keeps the draft if it is worth more than the best, or as much for less upkeep.
    fn keep(&mut self) {
        let value: f64 = (0..self.field.targets).filter(|t| self.draft.wanted[*t]).map(|t| self.field.value[t]).sum();
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
                self.phase = Phase::Shake;
                return;
            };
            self.tried.insert(key);
            let changed = |t: usize| outs.contains(&Some(t)) || ins.contains(&Some(t));
            let wanted: Vec<bool> = (0..self.field.targets).map(|t| self.draft.wanted[t] != changed(t)).collect();
            if !self.enough(&wanted) {
                continue;
            }
            for t in outs.into_iter().flatten() {
                self.draft.clear(&self.field, t);
            }
            for t in ins.into_iter().flatten() {
                self.draft.wanted[t] = true;
            }
            self.fill_all();
            self.phase = Phase::Repair(self.steps + STEPS, Next::Choose);
            return;
        }
    }

    /// Whether what reaches any of these targets is as much as all of them require.
    fn enough(&self, wanted: &[bool]) -> bool {
        let field = &self.field;
        let chosen = || (0..field.targets).filter(|t| wanted[*t]);
        let useful = |i: &usize| chosen().any(|t| field.there(t, *i));
        let reach: i64 = (0..field.nodes.len()).filter(useful).map(|i| field.points(i, field.nodes[i].count)).sum();
        reach >= chosen().map(|t| field.required[t]).sum()
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
        self.phase = Phase::Repair(self.steps + STEPS, Next::Choose);
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
        self.weigh(to, &mut found);
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

    /// Weighs all moves that raise what arrives at a target.
    fn weigh(&self, to: usize, found: &mut Choice) {
        let (field, draft) = (&self.field, &self.draft);
        let lack = draft.lack(field, to);
        let here: Vec<(usize, i64)> = (0..field.villages)
            .filter(|v| draft.linked(field, to, *v) && !self.is_held(to, *v))
            .map(|v| (v, draft.group[to * field.villages + v]))
            .collect();
        let spare = |t: usize| draft.inflow[t] - if draft.wanted[t] { field.required[t] } else { 0 };
        for v in (0..field.villages).filter(|v| !self.is_held(to, *v)) {
            let whole_there = field.whole[to * field.villages + v];
            if whole_there == 0 {
                continue;
            }
            let idle = draft.idle_for(field, to, v);
            let linked = draft.linked(field, to, v);
            let open = linked || draft.links[v] < field.groups;
            if open && idle > 0 {
                found.weigh(-idle.min(lack), Move::Give { village: v });
            }
            for &from in draft.ways(field, v) {
                if from == to || self.is_held(from, v) {
                    continue;
                }
                let movable = if field.width == 1 { whole_there - idle } else { draft.movable(field, v, from, to) };
                let whole = draft.group[from * field.villages + v];
                if open && movable > 0 {
                    let least = movable.min(lack);
                    let points = if spare(from) > 0 { least.min(spare(from)) } else { least };
                    found.weigh(-points + lost(spare(from), points), Move::Shift { village: v, from, points });
                }
                let come = movable + idle;
                if linked || come == 0 {
                    continue;
                }
                found.weigh(-come.min(lack) + lost(spare(from), whole), Move::Replace { village: v, from });
                // Where villages may split, shifts do what swaps do.
                for (other, gone) in here.iter().filter(|_| field.width == 1) {
                    let comes = field.whole[from * field.villages + other];
                    if come <= *gone || comes == 0 || self.is_held(from, *other) {
                        continue;
                    }
                    let delta = -(come - gone).min(lack) + lost(spare(from), whole - comes);
                    found.weigh(delta, Move::Swap { village: v, from, other: *other });
                }
            }
        }
    }

    fn is_held(&self, target: usize, village: usize) -> bool {
        self.held[target * self.field.villages + village] > self.steps
    }
}

/// What more lacks at a target with so much to spare (less than 0 where it lacks already) that loses so many points.
fn lost(spare: i64, points: i64) -> i64 {
    (points - spare).max(0) - (-spare).max(0)
}

/// The best move so far.
struct Choice {
    best: Option<(i64, u64, Move)>,
    lacking: i64,
    word: u64,
}

impl Choice {
    /// Of equals one at random; where a move ends all lack, the first.
    fn weigh(&mut self, delta: i64, change: Move) {
        let better = match self.best {
            None => true,
            Some((best, _, _)) if delta != best => delta < best,
            Some((_, tie, _)) => self.lacking + delta > 0 && self.word.rotate_left(17) < tie,
        };
        self.word = self.word.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
        if better {
            self.best = Some((delta, self.word.rotate_left(17), change));
        }
    }
}
