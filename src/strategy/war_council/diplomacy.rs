//! The options of war and peace: how an alliance could come to stand to others, and which offers it refuses.

use super::option::CouncilOption;
use super::session::Session;
use crate::action::diplomacy::OfferRefused;
use crate::base::contract::{Reason, Stance, Stances, Treaty};
use crate::base::geometry::Tile;
use crate::base::id::{AllianceId, PlayerId, SiteId};
use crate::decision::council::{ActionKind, Expected, Goal, Strengths, SubmitProposal};
use crate::decision::planning::Plan;
use crate::decision::planning::rules::diplomacy::{Dealings, DiplomacySettings, change_score};
use std::collections::BTreeMap;

/// What a session makes of how its alliance stands to others.
#[derive(Default)]
pub(super) struct Outlook {
    /// The best change, and its score.
    pub(super) best: Option<CouncilOption>,
    /// Offers that are refused: too little speaks for them.
    pub(super) refused: Vec<OfferRefused>,
}

/// A change that could be proposed.
struct Candidate {
    other: AllianceId,
    action: ActionKind,
    dealings: Dealings,
    reason: Reason,
}

/// Looks at all other alliances that deliberate.
pub(super) fn outlook(session: &Session) -> Outlook {
    let Some(mut standing) = Standing::of(session) else { return Outlook::default() };
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut refused: Vec<OfferRefused> = Vec::new();
    for other in session.situation.roster.active_alliances().into_iter().filter(|id| *id != session.alliance) {
        let Some(dealings) = standing.dealings(other) else { continue };
        for action in
            [ActionKind::DeclareWar, ActionKind::MakePeace, ActionKind::OfferPact, ActionKind::OfferConfederacy]
        {
            let Some(candidate) = standing.candidate(other, action, dealings) else { continue };
            let accepted = candidate.reason.score >= session.planning.scores.option_min;
            if candidate.dealings.offered && !accepted {
                refused.extend(refusal(session, &candidate));
            }
            if accepted {
                candidates.push(candidate);
            }
        }
    }
    if session.treating {
        return Outlook { best: None, refused };
    }
    candidates
        .sort_by(|a, b| b.reason.score.total_cmp(&a.reason.score).then((a.other, a.action).cmp(&(b.other, b.action))));
    Outlook { best: candidates.into_iter().find_map(|candidate| option(session, &candidate)), refused }
}

fn refusal(session: &Session, candidate: &Candidate) -> Option<OfferRefused> {
    let Reason { score, .. } = candidate.reason;
    let term = candidate.reason.main_term().map_or("nothing speaks for it", |term| term.name.as_str());
    let reason = format!("score {score:.2}: {term}");
    let treaty = candidate.action.treaty()?;
    Some(OfferRefused { by: session.alliance, to: candidate.other, treaty, reason })
}

fn option(session: &Session, candidate: &Candidate) -> Option<CouncilOption> {
    let dealings = candidate.dealings;
    let score = candidate.reason.score;
    let submission = SubmitProposal {
        alliance: session.alliance,
        proposer: PlayerId::default(),
        action: candidate.action,
        pattern: String::new(),
        goal: Goal::Agree,
        targets: Vec::new(),
        enemy: Some(candidate.other),
        dealings: Some(dealings),
        score,
        arrival: session.now,
        trial: Plan::default(),
        expected: Expected {
            strength_own: dealings.strength_own,
            strength_enemy: dealings.strength_other,
            ..Expected::default()
        },
        asked: BTreeMap::new(),
    };
    CouncilOption::proposed(session, submission, score)
}

/// What all changes of a session rest on.
struct Standing<'a, 'b, 'w, 's> {
    session: &'a Session<'b, 'w, 's>,
    stances: &'a Stances,
    settings: &'a DiplomacySettings,
    strengths: Strengths,
    /// Own sites that are pressed by each other alliance.
    pressed: BTreeMap<AllianceId, u32>,
    /// The largest site of each member.
    seats: Vec<Tile>,
    offered: Vec<(AllianceId, Treaty)>,
}

impl<'a, 'b, 'w, 's> Standing<'a, 'b, 'w, 's> {
    fn of(session: &'a Session<'b, 'w, 's>) -> Option<Self> {
        let (stances, ..) = session.situation.roster.relations(session.alliance)?;
        let view = &session.situation.view;
        let seat = |player| {
            let sites = view.sites_of(player).iter().filter_map(|site: &SiteId| view.site(*site));
            sites.max_by_key(|s| (s.population, core::cmp::Reverse(s.id))).map(|s| s.at)
        };
        Some(Self {
            session,
            stances,
            settings: &session.voting_settings.diplomacy,
            strengths: Strengths::of_knower(session.alliance),
            pressed: session.territory.pressed_by(session.alliance),
            seats: session.members.iter().filter_map(|m| seat(m.player)).collect(),
            offered: view.offers(session.alliance).map_or_else(Vec::new, |o| o.open(session.now).collect()),
        })
    }

    fn dealings(&mut self, other: AllianceId) -> Option<Dealings> {
        let Session { alliance, situation, now, .. } = self.session;
        let dealings = situation.dealings(*alliance, other, &mut self.strengths, *now)?;
        Some(Dealings { reach: self.reach(other), rivalry: self.rivalry(other), ..dealings })
    }

    /// The part of the other's inhabitants within reach of a member's largest site.
    #[expect(clippy::cast_precision_loss, reason = "inhabitants of an alliance, far below 2^53")]
    fn reach(&self, other: AllianceId) -> f64 {
        let view = &self.session.situation.view;
        let fields = self.session.settings.war_reach.as_hours() * view.model().scale().fields_per_hour;
        let torus = view.torus();
        let (mut all, mut near) = (0_u64, 0_u64);
        for member in self.session.situation.roster.members(other) {
            for site in view.sites_of(member.player).iter().filter_map(|site| view.site(*site)) {
                all += u64::from(site.population);
                if self.seats.iter().any(|seat| torus.distance(*seat, site.at) <= fields) {
                    near += u64::from(site.population);
                }
            }
        }
        if all == 0 { 0.0 } else { near as f64 / all as f64 }
    }

    /// The part of the own sites near land that the other claims or contests.
    #[expect(clippy::cast_precision_loss, reason = "counts of sites")]
    fn rivalry(&self, other: AllianceId) -> f64 {
        let view = &self.session.situation.view;
        let own: usize = self.session.members.iter().map(|m| view.sites_of(m.player).len()).sum();
        let pressed = self.pressed.get(&other).copied().unwrap_or(0);
        if own == 0 { 0.0 } else { (f64::from(pressed) / own as f64).min(1.0) }
    }

    /// A change that is possible now and not refused lately, with its score.
    fn candidate(&self, other: AllianceId, action: ActionKind, dealings: Dealings) -> Option<Candidate> {
        let session = self.session;
        let stance = action.stance()?;
        if !session.situation.may_come_to(session.alliance, other, stance)
            || !self.is_in_bounds(other, stance, &dealings)
        {
            return None;
        }
        let offered = action.treaty().is_some_and(|treaty| self.offered.contains(&(other, treaty)));
        let refused_at = self.refused_at(other, action);
        let hours_since_refusal = refused_at.filter(|_| !offered).map(|at| (session.now - at).as_hours());
        let dealings = Dealings { offered, hours_since_refusal, ..dealings };
        let score = |dealings: &Dealings| change_score(stance, dealings, self.settings);
        // What was refused is not asked again soon, unless more speaks for it by now.
        let lately = refused_at.is_some_and(|at| session.now - at < session.stance_settings.refusal_lasts);
        let before = action.treaty().and_then(|treaty| session.own_offers.0.get(&(other, treaty))).map(|o| o.score);
        let plain = score(&dealings.plain())?.score;
        let changed = before.is_some_and(|before| plain >= before + self.settings.changed_facts);
        if lately && !offered && !changed {
            return None;
        }
        Some(Candidate { other, action, dealings, reason: score(&dealings)? })
    }

    /// When it was last refused: by the own members, by the other, or by not being answered.
    fn refused_at(&self, other: AllianceId, action: ActionKind) -> Option<crate::base::clock::GameTime> {
        let session = self.session;
        let here = session.refused_changes.get(&(other, action)).copied();
        let by_other = action.treaty().and_then(|treaty| {
            let answer = session.situation.view.offers(session.alliance)?.refused.get(&(other, treaty)).copied();
            let own = session.own_offers.0.get(&(other, treaty))?;
            // An answer to an offer before the latest says nothing of that.
            Some(answer.filter(|at| *at >= own.made_at).unwrap_or(own.until))
        });
        here.max(by_other)
    }

    /// Limits that the other side may meet too late: those of the own alliance.
    fn is_in_bounds(&self, other: AllianceId, stance: Stance, dealings: &Dealings) -> bool {
        let (session, limits) = (self.session, self.session.stance_settings);
        let wars = session.situation.roster.relations(session.alliance).map(|(_, wars, _)| wars);
        match stance {
            Stance::War => {
                let declared = wars.map_or(0, |wars| wars.0.values().filter(|war| war.declared).count());
                declared < limits.offensive_wars_max
                    && dealings.strength_own >= self.settings.war_strength_min * dealings.strength_other
            }
            Stance::Truce => self.stances.lasts(other, session.now).is_some_and(|span| span >= limits.war_min),
            Stance::Pact => self.stances.allies().count() < limits.pacts_max,
            Stance::Confederacy => {
                self.stances.lasts(other, session.now).is_some_and(|span| span >= limits.confederacy_after)
            }
            Stance::Neutral => true,
        }
    }
}
