//! The option to build a wonder.

use super::option::CouncilOption;
use super::session::Session;
use crate::base::id::PlayerId;
use crate::decision::council::{ActionKind, Expected, Goal, SubmitProposal};
use crate::decision::planning::Plan;
use crate::strategy::wonder::rules::{WonderInputs, wonder_score};
use std::collections::BTreeMap;

/// To ask members for a week of goods for the wonder, where wonders win and nobody is asked yet.
pub(super) fn option(session: &Session) -> Option<CouncilOption> {
    let levels = session.ranking.wonder_levels?.min(session.wonder_settings.levels);
    if session.building {
        return None;
    }
    let built = f64::from(session.wonders.level_of(session.alliance)) / f64::from(levels.max(1));
    let inputs = WonderInputs {
        built,
        wars: u32::try_from(session.enemies.len()).unwrap_or(u32::MAX),
        hours_since_refusal: session.wonder_refused.map(|at| (session.now - at).as_hours()),
    };
    let score = wonder_score(&inputs, session.wonder_settings).score;
    if built >= 1.0 || score < session.planning.scores.option_min {
        return None;
    }
    let submission = SubmitProposal {
        alliance: session.alliance,
        proposer: PlayerId::default(),
        action: ActionKind::WonderPush,
        pattern: String::new(),
        goal: Goal::Build { share: session.wonder_settings.share },
        targets: Vec::new(),
        enemy: None,
        dealings: None,
        score,
        arrival: session.now,
        trial: Plan::default(),
        expected: Expected::default(),
        asked: BTreeMap::new(),
    };
    CouncilOption::proposed(session, submission, score)
}
