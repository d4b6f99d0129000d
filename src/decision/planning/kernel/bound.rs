//! What could arrive were troops divisible and groups without limit: upper bounds of the value, and sets of targets to try.

use super::draft::Field;

/// Targets that the relaxation weighs at most; of more, those with less value per point are taken to be met for nothing.
const COLUMNS_MAX: usize = 128;

/// A set of targets, by their places in the order by value per point.
pub(super) type Set = u128;

/// Troops that reach the same targets.
#[derive(Clone, Debug)]
pub(super) struct Source {
    reach: Set,
    points: i64,
    pub(super) nodes: Vec<usize>,
}

/// Which troops reach which targets.
#[derive(Clone, Debug)]
pub(super) struct Network {
    /// Targets by value per point, falling.
    pub(super) columns: Vec<usize>,
    pub(super) sources: Vec<Source>,
    /// By column: the sources that reach it.
    of: Vec<Vec<usize>>,
    required: Vec<i64>,
    value: Vec<f64>,
    /// Value of what is beyond the columns.
    beyond: f64,
    /// Whether all values are whole, and with them what any plan is worth.
    whole: bool,
}

impl Network {
    /// `order` is by value per point, falling.
    pub(super) fn new(field: &Field, order: &[usize]) -> Self {
        let (columns, beyond) = order.split_at(order.len().min(COLUMNS_MAX));
        let mut nodes: Vec<(Set, usize)> = (0..field.nodes.len())
            .map(|i| {
                let there = |c: &usize| field.there(columns[*c], i);
                ((0..columns.len()).filter(there).fold(0, |set, c| set | 1 << c), i)
            })
            .filter(|(reach, _)| *reach != 0)
            .collect();
        // Troops with few ways first: they are no use elsewhere, and fewer paths have to be turned around later.
        nodes.sort_unstable_by_key(|(reach, i)| (reach.count_ones(), *reach, *i));
        let mut sources: Vec<Source> = Vec::new();
        for (reach, i) in nodes {
            if sources.last().is_none_or(|s| s.reach != reach) {
                sources.push(Source { reach, points: 0, nodes: Vec::new() });
            }
            if let Some(source) = sources.last_mut() {
                source.points += field.points(i, field.nodes[i].count);
                source.nodes.push(i);
            }
        }
        let of = |c: usize| (0..sources.len()).filter(|s| sources[*s].reach >> c & 1 == 1).collect();
        Self {
            of: (0..columns.len()).map(of).collect(),
            required: columns.iter().map(|t| field.required[*t]).collect(),
            value: columns.iter().map(|t| field.value[*t]).collect(),
            beyond: beyond.iter().map(|t| field.value[*t]).sum(),
            whole: order.iter().all(|t| field.value[*t].fract() == 0.0),
            columns: columns.to_vec(),
            sources,
        }
    }

    /// Whether it leaves out targets that could be met.
    pub(super) fn is_cut(&self) -> bool {
        self.beyond > 0.0
    }

    /// Columns of a set, the least first.
    pub(super) fn members(set: Set) -> impl Iterator<Item = usize> {
        let mut left = set;
        core::iter::from_fn(move || {
            let column = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            (column < COLUMNS_MAX).then_some(column)
        })
    }

    /// What a set of targets is worth.
    pub(super) fn worth(&self, set: Set) -> f64 {
        Self::members(set).map(|c| self.value[c]).sum()
    }

    /// A flow that meets all of a set.
    pub(super) fn meet(&self, set: Set) -> Option<Flow> {
        let mut flow = Flow::new(self);
        Self::members(set).all(|c| flow.raise(self, c, self.required[c]) == self.required[c]).then_some(flow)
    }
}

/// Flow from troops to targets, along paths that may take troops from one target to another.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    /// By source: points that are not used.
    free: Vec<i64>,
    /// By source, then column.
    used: Vec<i64>,
    /// By source: columns that it brings anything to.
    uses: Vec<Set>,
    /// Columns at which nothing more can arrive.
    tight: Set,
}

impl Flow {
    fn new(network: &Network) -> Self {
        let sources = network.sources.len();
        Self {
            free: network.sources.iter().map(|s| s.points).collect(),
            used: vec![0; sources * network.columns.len()],
            uses: vec![0; sources],
            tight: 0,
        }
    }

    /// Points that a source brings to a column.
    pub(super) fn brought(&self, network: &Network, source: usize, column: usize) -> i64 {
        self.used[source * network.columns.len() + column]
    }

    /// Columns that a source brings anything to.
    pub(super) fn served(&self, source: usize) -> Set {
        self.uses[source]
    }

    fn add(&mut self, network: &Network, source: usize, column: usize, points: i64) {
        let used = &mut self.used[source * network.columns.len() + column];
        *used += points;
        if *used > 0 {
            self.uses[source] |= 1 << column;
        } else {
            self.uses[source] &= !(1 << column);
        }
    }

    /// Raises what arrives at a column by at most `wanted`, and returns by how much.
    fn raise(&mut self, network: &Network, column: usize, wanted: i64) -> i64 {
        if self.tight >> column & 1 == 1 {
            return 0;
        }
        let mut raised = 0;
        for &source in &network.of[column] {
            let points = self.free[source].min(wanted - raised);
            if points > 0 {
                self.free[source] -= points;
                self.add(network, source, column, points);
                raised += points;
            }
        }
        while raised < wanted {
            let more = self.augment(network, column, wanted - raised);
            if more == 0 {
                break;
            }
            raised += more;
        }
        raised
    }

    /// One shortest path from free troops to the column; where there is none, nothing more ever arrives at what was seen.
    fn augment(&mut self, network: &Network, column: usize, wanted: i64) -> i64 {
        // By column: the source that brings to the next column what this one gives up.
        let mut next = [(0_usize, 0_usize); COLUMNS_MAX];
        let mut open = [0_usize; COLUMNS_MAX];
        let (mut seen, mut at, mut end): (Set, usize, usize) = (1 << column, 0, 1);
        open[0] = column;
        while at < end {
            let to = open[at];
            at += 1;
            for &source in &network.of[to] {
                if self.free[source] > 0 {
                    return self.push(network, (source, to), (column, &next), wanted);
                }
                let new = self.uses[source] & !(seen | self.tight);
                seen |= new;
                for from in Network::members(new) {
                    next[from] = (source, to);
                    open[end] = from;
                    end += 1;
                }
            }
        }
        self.tight |= seen;
        0
    }

    fn push(
        &mut self,
        network: &Network,
        (source, at): (usize, usize),
        (column, next): (usize, &[(usize, usize)]),
        wanted: i64,
    ) -> i64 {
        let (mut amount, mut c) = (wanted.min(self.free[source]), at);
        while c != column {
            let (s, to) = next[c];
            amount = amount.min(self.brought(network, s, c));
            c = to;
        }
        self.free[source] -= amount;
        self.add(network, source, at, amount);
        c = at;
        while c != column {
            let (s, to) = next[c];
            self.add(network, s, c, -amount);
            self.add(network, s, to, amount);
            c = to;
        }
        amount
    }
}

/// What becomes of the targets in a branch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Fates {
    pub(super) inside: Set,
    pub(super) out: Set,
}

/// The linear relaxation of a branch.
#[derive(Clone, Debug)]
pub(super) struct Relaxed {
    /// No plan of the branch is worth more than this.
    pub(super) value: f64,
    /// The first column by value per point that is met in part.
    pub(super) part: Option<usize>,
    /// A set of targets that can be met together, greatest value per point first, and how.
    pub(super) set: Set,
    pub(super) flow: Flow,
}

/// No plan of a branch is worth more than its relaxation: targets in fractions, no limit of groups, troops divisible.
/// `None` where the targets that are in cannot be met together.
///
/// What can arrive at the targets together is then a polymatroid, where filling by value per point is the optimum
/// (Edmonds 1970). Where all values are whole, so is the best, and the bound is rounded down.
#[expect(clippy::cast_precision_loss, reason = "points of one operation, far below 2^53")]
pub(super) fn relax(network: &Network, fates: Fates) -> Option<Relaxed> {
    let mut flow = network.meet(fates.inside)?;
    let mut value = network.beyond + network.worth(fates.inside);
    let (mut set, mut part) = (fates.inside, None);
    let mut whole: Option<Flow> = None;
    for c in (0..network.columns.len()).filter(|c| (fates.inside | fates.out) >> c & 1 == 0) {
        let required = network.required[c];
        let before = if part.is_none() { Some(flow.clone()) } else { None };
        let arrives = flow.raise(network, c, required);
        if let Some(whole) = &mut whole {
            // Beside the bound: what can still be met whole once what cannot is left out.
            let before = whole.clone();
            if whole.raise(network, c, required) == required {
                set |= 1 << c;
            } else {
                *whole = before;
            }
        } else if arrives == required {
            set |= 1 << c;
        } else {
            part = Some(c);
            whole = before;
        }
        let share = if arrives == required { 1.0 } else { arrives as f64 / required as f64 };
        value += network.value[c] * share;
    }
    if part.is_some() || !network.whole {
        // Fractions are rounded, and a bound must not be rounded down.
        value *= 1.0 + 1e-12;
    }
    if network.whole {
        value = (value + 1e-6).floor();
    }
    Some(Relaxed { value, part, set, flow: whole.unwrap_or(flow) })
}
