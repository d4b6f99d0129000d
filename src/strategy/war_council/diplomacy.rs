//! The options of war and peace: how an alliance could come to stand to others, and which offers it refuses.

use super::option::CouncilOption;
use super::session::Session;
use crate::action::diplomacy::OfferRefused;
use crate::base::clock::GameTime;
use crate::base::contract::{PlayerKind, Rank, Reason, Stance, Stances, Treaty};
use crate::base::geometry::Tile;
use crate::base::id::{AllianceId, PlayerId, SiteId};
use crate::decision::council::{ActionKind, Expected, Goal, Strengths, SubmitProposal};
use crate::decision::planning::Plan;
use crate::decision::planning::rules::diplomacy::{Dealings, DiplomacySettings, change_score};
use crate::society::alliance::MemberInfo;
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
    // Where persons alone could propose they answer, or let it be.
    let proposes = |m: &MemberInfo| m.kind == PlayerKind::Active && m.rank != Rank::Member;
    let Some(mut standing) = Standing::of(session).filter(|_| session.members.iter().any(proposes)) else {
        return Outlook::default();
    };
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut refused: Vec<OfferRefused> = Vec::new();
    for other in session.situation.roster.active_alliances().into_iter().filter(|id| *id != session.alliance) {
        let Some(dealings) = standing.dealings(other) else { continue };
        for action in
            [ActionKind::DeclareWar, ActionKind::MakePeace, ActionKind::OfferPact, ActionKind::OfferConfederacy]
        {
            // What is voted on is answered by the vote.
            if session.treating.contains(&(other, action)) {
                continue;
            }
            match standing.candidate(other, action, dealings) {
                Ok(candidate) if candidate.reason.score >= session.planning.scores.option_min => {
                    candidates.push(candidate);
                }
                Ok(candidate) if candidate.dealings.offered => {
                    refused.extend(refusal(session, other, action, too_little(&candidate.reason)));
                }
                Err(rule) if standing.is_offered(other, action) => {
                    refused.extend(refusal(session, other, action, rule.to_owned()));
                }
                _ => {}
            }
        }
    }
    if !session.treating.is_empty() {
        return Outlook { best: None, refused };
    }
    candidates
        .sort_by(|a, b| b.reason.score.total_cmp(&a.reason.score).then((a.other, a.action).cmp(&(b.other, b.action))));
    Outlook { best: candidates.into_iter().find_map(|candidate| option(session, &candidate)), refused }
}

/// A change that a member proposes, whatever speaks for it; or the rule that forbids it.
pub(super) fn moved(session: &Session, other: AllianceId, action: ActionKind) -> Result<CouncilOption, &'static str> {
    let mut standing = Standing::of(session).ok_or("alliance_exists")?;
    let dealings = standing.dealings(other).ok_or("alliance_exists")?;
    if !session.treating.is_empty() {
        return Err("vote_is_open");
    }
    let candidate = standing.candidate(other, action, dealings)?;
    option(session, &candidate).ok_or("rank")
}

/// Too little speaks for it: how much, and what weighs most.
fn too_little(reason: &Reason) -> String {
    let term = reason.main_term().map_or("nothing speaks for it", |term| term.name.as_str());
    format!("score {:.2}: {term}", reason.score)
}

fn refusal(session: &Session, other: AllianceId, action: ActionKind, reason: String) -> Option<OfferRefused> {
    Some(OfferRefused { by: session.alliance, to: other, treaty: action.treaty()?, reason })
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

    /// How far the other has come towards a victory, if it leads; or the part of the own sites near land that it claims or
    /// contests, whichever is more.
    #[expect(clippy::cast_precision_loss, reason = "counts of sites")]
    fn rivalry(&self, other: AllianceId) -> f64 {
        let view = &self.session.situation.view;
        let own: usize = self.session.members.iter().map(|m| view.sites_of(m.player).len()).sum();
        let pressed = self.pressed.get(&other).copied().unwrap_or(0);
        let near = if own == 0 { 0.0 } else { (f64::from(pressed) / own as f64).min(1.0) };
        near.max(self.session.ranking.lead_of(other))
    }

    /// Whether the other offers it.
    fn is_offered(&self, other: AllianceId, action: ActionKind) -> bool {
        action.treaty().is_some_and(|treaty| self.offered.contains(&(other, treaty)))
    }

    /// A change that is possible now and not refused lately, with its score; else the rule that forbids it.
    fn candidate(&self, other: AllianceId, action: ActionKind, dealings: Dealings) -> Result<Candidate, &'static str> {
        let session = self.session;
        let stance = action.stance().ok_or("no_change")?;
        if !session.situation.may_come_to(session.alliance, other, stance) {
            return Err("not_from_here");
        }
        self.check_bounds(other, stance, &dealings)?;
        let offered = self.is_offered(other, action);
        let score = |dealings: &Dealings| change_score(stance, dealings, self.settings).ok_or("no_change");
        let refused = self.refused(other, action, score);
        let hours_since_refusal = refused.filter(|_| !offered).map(|(at, _)| (session.now - at).as_hours());
        // What was refused is not asked again soon, unless more speaks for it by now.
        let plain = score(&dealings.plain())?.score;
        let lately = |(at, before): (GameTime, f64)| {
            session.now - at < session.stance_settings.refusal_lasts && plain < before + self.settings.changed_facts
        };
        if !offered && refused.is_some_and(lately) {
            return Err("refused_lately");
        }
        let dealings = Dealings { offered, hours_since_refusal, ..dealings };
        Ok(Candidate { other, action, dealings, reason: score(&dealings)? })
    }

    /// When it was last refused, by the own members, by the other, or by not being answered, and its plain score then.
    fn refused(
        &self,
        other: AllianceId,
        action: ActionKind,
        score: impl Fn(&Dealings) -> Result<Reason, &'static str>,
    ) -> Option<(GameTime, f64)> {
        let session = self.session;
        let here = session.refused_changes.get(&(other, action));
        let here = here.and_then(|(at, then)| Some((*at, score(&then.plain()).ok()?.score)));
        let by_other = action.treaty().and_then(|treaty| {
            let answer = session.situation.view.offers(session.alliance)?.refused.get(&(other, treaty)).copied();
            let own = session.own_offers.0.get(&(other, treaty))?;
            // An answer to an offer before the latest says nothing of that.
            Some((answer.filter(|at| *at >= own.made_at).unwrap_or(own.until), own.score))
        });
        [here, by_other].into_iter().flatten().max_by_key(|(at, _)| *at)
    }

    /// The limits of stances, as far as they are public or the alliance's own.
    fn check_bounds(&self, other: AllianceId, stance: Stance, dealings: &Dealings) -> Result<(), &'static str> {
        let (session, limits) = (self.session, self.session.stance_settings);
        let roster = &session.situation.roster;
        let pacts = |of| roster.relations(of).map_or(0, |(stances, ..)| stances.allies().count());
        let lasts = |least| self.stances.lasts(other, session.now).is_some_and(|span| span >= least);
        let within = |rule, holds| if holds { Ok(()) } else { Err(rule) };
        match stance {
            Stance::Neutral => Ok(()),
            Stance::War => {
                let wars = roster.relations(session.alliance).map(|(_, wars, _)| wars);
                let declared = wars.map_or(0, |wars| wars.0.values().filter(|war| war.declared).count());
                within("offensive_wars_max", declared < limits.offensive_wars_max)?;
                let least = self.settings.war_strength_min * dealings.strength_other;
                within("war_strength_min", dealings.strength_own >= least)
            }
            Stance::Truce => within("war_min", lasts(limits.war_min)),
            Stance::Pact => {
                within("pacts_max", [session.alliance, other].into_iter().all(|of| pacts(of) < limits.pacts_max))
            }
            Stance::Confederacy => {
                within("confederacy_after", lasts(limits.confederacy_after))?;
                let bloc = roster.bloc(session.alliance).union(&roster.bloc(other)).count();
                within("confederacy_max", bloc <= limits.confederacy_max)
            }
        }
    }
}
