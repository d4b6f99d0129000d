//! Changing course: what happens raises alerts, an alert has the operation looked at again with the states of all members,
//! and what is decided then is done.

mod alerts;
mod apply;
mod decide;

pub(super) use alerts::{decision_points, raise, raise_alerts};
pub(super) use apply::{Turning, apply_revisions, end_without_blow, turn};
pub(super) use decide::{ask_states, decide_revisions};

use super::rules::Occasion;
use crate::base::clock::{CampaignSystems, DueKind, GameTime};
use crate::base::contract::Citation;
use crate::base::id::{ProposalId, SiteId};
use crate::decision::planning::allocation::PlannedGroup;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// An operation is looked at again. Owner: the operation, n: 0 for its alerts, 1 for a decision point.
pub const OPERATION_REVIEWED: DueKind = DueKind::new(
    39,
    "operation_reviewed",
    &[CampaignSystems::Intake, CampaignSystems::Sense, CampaignSystems::Plan, CampaignSystems::Settle],
);

/// Why an operation is to be looked at again, at this instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Alert {
    /// What happened.
    pub occasion: Occasion,
    /// The target that it concerns; of [`Occasion::AttackedAtHome`] the site that is attacked.
    pub site: SiteId,
}

/// What was decided of an operation. Lives for one pass.
#[derive(Message, Clone, PartialEq, Debug)]
pub(super) struct Revise {
    operation: ProposalId,
    change: Change,
    reason: String,
    cites: Vec<Citation>,
}

#[derive(Clone, PartialEq, Debug)]
enum Change {
    /// It goes on, and rests on what was seen then.
    Rests { site: SiteId, seen_at: GameTime },
    /// These go too.
    AddWave(Vec<PlannedGroup>),
    /// These stay at home.
    HoldBack(Vec<usize>),
    /// These come back.
    Recall(Vec<usize>),
    /// Nothing goes there any more.
    CallOff(SiteId),
}
