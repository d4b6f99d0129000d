//! What a session can propose, whatever it is.

use super::session::Session;
use crate::base::contract::{PlayerKind, Rank};
use crate::base::id::{PlayerId, ProposalId};
use crate::decision::council::rules::charter::Electorate;
use crate::decision::council::rules::roll::Roll;
use crate::decision::council::{ActionKind, CouncilSettings, SubmitProposal, own_score, proposal_of};
use crate::society::alliance::MemberInfo;

/// An option of a session with its score.
pub(super) struct CouncilOption {
    pub(super) submission: SubmitProposal,
    pub(super) score: f64,
}

impl CouncilOption {
    /// The option with its proposer; none if nobody is awake who may propose.
    pub(super) fn proposed(session: &Session, submission: SubmitProposal, score: f64) -> Option<Self> {
        let proposer = session.mover.or_else(|| proposer(session, &submission))?;
        Some(Self { submission: SubmitProposal { proposer, ..submission }, score })
    }

    pub(super) fn name(&self) -> String {
        let targets: Vec<String> = self.submission.targets.iter().map(|t| t.site.to_string()).collect();
        match self.submission.action {
            ActionKind::MassAttack => format!("attack {} by {}", targets.join(" "), self.submission.pattern),
            ActionKind::Expansion => format!("expand to {}", targets.join(" ")),
            other => {
                let with = self.submission.enemy.map_or_else(String::new, |id| id.to_string());
                format!("{} {with}", other.name())
            }
        }
    }
}

/// The awake leader or officer, no person, whose own score for the option is highest, ties by id.
fn proposer(session: &Session, submission: &SubmitProposal) -> Option<PlayerId> {
    let mut best: Option<(f64, PlayerId)> = None;
    // A person proposes for itself, or not at all.
    let may =
        |m: &&MemberInfo| m.kind == PlayerKind::Active && m.rank != Rank::Member && m.rhythm.is_awake(session.now);
    for member in session.members.iter().filter(may) {
        let submission = SubmitProposal { proposer: member.player, ..submission.clone() };
        let id = ProposalId { alliance: session.alliance, n: 0 };
        let roll = Roll::open(Electorate::Cabinet, &[], member.player);
        let deadline = session.now + session.settings.vote_window;
        let proposal = proposal_of(id, &submission, roll, session.now, deadline, &CouncilSettings::default());
        let score = own_score(session.situation, &proposal, member, session.voting_settings, session.now);
        if best.is_none_or(|(most, _)| score > most) {
            best = Some((score, member.player));
        }
    }
    best.map(|(_, player)| player)
}
