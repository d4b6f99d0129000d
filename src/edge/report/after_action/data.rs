//! What a report shows: plain values, with names in place of ids.

use crate::base::clock::GameTime;
use serde::{Deserialize, Serialize};

/// Everything on the page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Data {
    pub(super) villages: u64,
    pub(super) players: u64,
    pub(super) alliances: u64,
    pub(super) seed: u64,
    pub(super) hash: String,
    pub(super) begun: GameTime,
    pub(super) end: GameTime,
    /// What the ranking goes by.
    pub(super) ranked_by: RankedBy,
    /// Who deliberates, the first of the ranking first.
    pub(super) sides: Vec<Side>,
    /// Numbers of the tally in words, each with what it counts.
    pub(super) counts: Vec<(String, String)>,
    pub(super) looks: Vec<Look>,
    /// Net goods of each side, after each blow.
    pub(super) steps: Vec<Step>,
    pub(super) map: Map,
    pub(super) wars: Vec<War>,
    pub(super) events: Vec<(GameTime, String)>,
    pub(super) operations: Vec<Operation>,
    /// Votes that became no operation.
    pub(super) votes: Vec<Operation>,
    pub(super) bands: Vec<BandRow>,
    pub(super) minutes: Vec<Minutes>,
    /// What was left out because of limits, in words.
    pub(super) left_out: Vec<String>,
}

/// What the ranking goes by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) enum RankedBy {
    /// Goods of troops killed and of loot, less what was lost.
    #[default]
    Net,
    /// How far each has come to a condition of victory.
    Progress,
    /// Somebody has won, by this condition on this day.
    Won(String, f64),
}

/// An alliance that deliberates, or did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Side {
    pub(super) id: u32,
    pub(super) name: String,
    pub(super) ended: bool,
    pub(super) members: u64,
    pub(super) villages_before: u64,
    pub(super) villages: u64,
    pub(super) taken: u64,
    pub(super) villages_lost: u64,
    pub(super) founded: u64,
    pub(super) killed: i64,
    pub(super) lost: i64,
    pub(super) looted: i64,
    pub(super) plundered: i64,
    pub(super) started: u64,
    pub(super) met: u64,
    pub(super) partly: u64,
    pub(super) failed: u64,
    pub(super) aborted: u64,
    pub(super) progress: Option<(String, f64)>,
    /// What keeps it from acting, in words.
    pub(super) state: String,
    /// Villages of those that it is at war with, and of how many of these it knows the troops.
    pub(super) at_war: (u64, u64),
    /// Hours: how old what it knows of troops is, in the median.
    pub(super) intel_age: Option<f64>,
    /// By which factor what it believes of troops is off, in the median.
    pub(super) off_by: Option<f64>,
}

impl Side {
    /// Goods killed and looted, less goods lost and plundered.
    pub(super) fn net(&self) -> i64 {
        self.killed + self.looted - self.lost - self.plundered
    }
}

/// How the sides stood at one look, in the order of the sides. `None` where it is not known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Look {
    pub(super) at: GameTime,
    pub(super) army: Vec<Option<f64>>,
    pub(super) pool: Vec<Option<f64>>,
    pub(super) coverage: Vec<Option<f64>>,
    pub(super) tiles: Vec<Option<f64>>,
    pub(super) villages: Vec<Option<f64>>,
}

/// What one blow changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Step {
    pub(super) at: GameTime,
    /// The operation that it belongs to, as its place in the list.
    pub(super) operation: Option<usize>,
    pub(super) attacker: Party,
    pub(super) defender: Party,
    pub(super) site: String,
    /// Where that is.
    pub(super) tile: Option<(i16, i16)>,
    /// How it was fought, where it belongs to no joint operation.
    pub(super) clash: Option<Clash>,
    pub(super) killed: i64,
    pub(super) lost: i64,
    pub(super) loot: i64,
    /// Net goods of each side afterwards.
    pub(super) net: Vec<i64>,
}

/// A battle outside any joint operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Clash {
    pub(super) raid: bool,
    /// Who attacked, and with how much in goods: the first ones, of so many groups.
    pub(super) attackers: Vec<(String, i64)>,
    pub(super) groups: u64,
    /// Whose village it was.
    pub(super) owner: String,
    /// Goods of troops that stood there.
    pub(super) stood: i64,
    /// The shares of the attackers and of the defenders that fell.
    pub(super) fell: (f64, f64),
}

/// Somebody: one of the sides, or only a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Party {
    pub(super) side: Option<usize>,
    pub(super) name: String,
}

/// Where everybody is at the end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Map {
    pub(super) half_width: i16,
    /// Villages of others.
    pub(super) others: Vec<(i16, i16)>,
    /// Villages of each side.
    pub(super) villages: Vec<Vec<(i16, i16)>>,
    /// Claimed land of each side: x, y, and how many tiles from there on.
    pub(super) land: Vec<Vec<(i16, i16, i16)>>,
    /// Villages that changed hands: where, and whose they are now.
    pub(super) taken: Vec<(i16, i16, Option<usize>)>,
    /// The largest operations: the operation, from where, to where.
    pub(super) arrows: Vec<Arrow>,
}

/// An arrow on the map.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Arrow {
    pub(super) operation: usize,
    pub(super) from: (f64, f64),
    pub(super) to: (f64, f64),
}

/// What two fought out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct War {
    pub(super) a: Party,
    pub(super) b: Party,
    /// Since when there is a war, if there was one.
    pub(super) since: Option<GameTime>,
    pub(super) ended: Option<GameTime>,
    /// Who declared it; else it was there at the beginning.
    pub(super) declared: Option<Party>,
    pub(super) battles: u64,
    /// Of `a` and of `b`: goods of the other's troops killed, and goods looted.
    pub(super) killed: [i64; 2],
    pub(super) looted: [i64; 2],
    pub(super) taken: [u64; 2],
    /// Villages of the aim of who declared it that were broken or taken, of how many.
    pub(super) aim: Option<(u64, u64)>,
}

impl War {
    /// Goods that it moved.
    pub(super) fn turnover(&self) -> i64 {
        self.killed[0] + self.killed[1] + self.looted[0] + self.looted[1]
    }
}

/// A proposal and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Operation {
    /// As accounts name it.
    pub(super) name: String,
    pub(super) key: String,
    pub(super) side: Option<usize>,
    pub(super) by: String,
    pub(super) other: Party,
    pub(super) action: String,
    pub(super) goal: String,
    pub(super) pattern: String,
    pub(super) proposer: String,
    pub(super) submitted: GameTime,
    pub(super) decided: Option<(GameTime, String, Option<String>)>,
    pub(super) blow: Option<GameTime>,
    pub(super) targets: Vec<String>,
    /// Where the first of them is.
    pub(super) tile: Option<(i16, i16)>,
    pub(super) members: u64,
    pub(super) groups: u64,
    pub(super) result: String,
    pub(super) pyrrhic: bool,
    pub(super) sent: i64,
    /// Goods of troops that fell on the other side, whoever saw it.
    pub(super) killed: i64,
    /// Those of them that came to be known to who attacked.
    pub(super) killed_known: i64,
    pub(super) lost: i64,
    pub(super) loot: i64,
    /// The units of which few were worth much: which, how many of how many, and their part of all goods sent.
    pub(super) dear: Option<(String, u64, u64, f64)>,
    pub(super) expected_loss: f64,
    pub(super) expected_win: f64,
    pub(super) intel_age: Option<f64>,
    /// What stood there over what it was planned against.
    pub(super) factor: Option<f64>,
    pub(super) findings: Vec<String>,
    pub(super) said: Option<String>,
    /// When each group was to leave and to arrive, of all operations.
    pub(super) ways: Vec<(GameTime, GameTime)>,
    pub(super) lanes: Vec<Lane>,
    /// For, against, abstained, and for it on conditions.
    pub(super) tally: [u64; 4],
    /// How many could vote, where it was kept.
    pub(super) seats: Option<u64>,
    /// When it passes, in words.
    pub(super) rule: String,
    pub(super) ballots: Vec<Ballot>,
    pub(super) known: Vec<Known>,
    pub(super) course: Vec<(GameTime, String)>,
}

impl Operation {
    /// Goods killed and looted, less goods lost.
    pub(super) fn net(&self) -> i64 {
        self.killed + self.loot - self.lost
    }

    /// Whether a twentieth or more of what it killed did not come to be known to it.
    pub(super) fn killed_unseen(&self) -> bool {
        self.killed.saturating_sub(self.killed_known).saturating_mul(20) > self.killed
    }

    /// Whether it is over and was not called off.
    pub(super) fn fought(&self) -> bool {
        !self.result.is_empty() && self.result != "aborted"
    }
}

/// One group on its way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Lane {
    pub(super) member: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) units: String,
    pub(super) wave: u8,
    pub(super) launch: GameTime,
    pub(super) arrival: GameTime,
    /// Whether it left, as far as it is known.
    pub(super) left: Option<bool>,
}

/// A ballot with its reason.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Ballot {
    pub(super) member: String,
    /// 1 for, -1 against, 0 abstains.
    pub(super) vote: i8,
    pub(super) pledge: f64,
    pub(super) score: f64,
    pub(super) rule: Option<String>,
    /// What spoke most for it and against it, the strongest first.
    pub(super) terms: Vec<(String, f64)>,
    /// How many more there are, and what they add together.
    pub(super) more: (u64, f64),
    pub(super) conditions: Vec<String>,
    pub(super) text: Option<String>,
}

/// What was known of a target when it was proposed, and the truth beside it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Known {
    pub(super) village: String,
    pub(super) how: String,
    /// Hours before the proposal.
    pub(super) age: Option<f64>,
    pub(super) confidence: f64,
    /// Goods of troops: believed when it was proposed, what stood there then, what the plan was made against, and what stood
    /// there at the blow.
    pub(super) believed: Option<i64>,
    pub(super) truth: Option<i64>,
    pub(super) planned: Option<i64>,
    pub(super) stood: Option<i64>,
    /// What was reached there.
    pub(super) end: End,
}

/// What was reached at a target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) enum End {
    /// Nothing is known of it, or it is not over.
    #[default]
    Open,
    /// It was not attacked, for this reason.
    LeftOut(String),
    /// It was called off with the whole operation.
    CalledOff,
    /// It was fought for, or its troops were not met.
    Fought {
        met: bool,
        /// Whether it was to be taken.
        take: bool,
        /// The share of those who stood there that fell, where any did.
        fell: Option<f64>,
        /// The share of those who stood there or were believed to, whichever is more, that fell, as far as it is known.
        broken: Option<f64>,
        /// The share that was to fall.
        goal: Option<f64>,
    },
}

/// A metric of behavior and its band.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct BandRow {
    pub(super) key: String,
    pub(super) says: String,
    pub(super) unit: String,
    pub(super) value: Option<f64>,
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    pub(super) detects: String,
    /// What is missing where there is no value.
    pub(super) of: String,
}

/// What a council did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Minutes {
    pub(super) side: usize,
    pub(super) entries: Vec<Minute>,
    pub(super) left_out: u64,
}

/// An entry of the minutes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Minute {
    pub(super) at: GameTime,
    pub(super) what: String,
    /// The operation that it is about, as its place in the list.
    pub(super) operation: Option<usize>,
    /// How many equal entries follow each other here, and when the last of them was.
    pub(super) times: u64,
    pub(super) last: GameTime,
}
