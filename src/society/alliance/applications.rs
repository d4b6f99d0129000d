//! Players ask to be taken in, and whoever leads answers: an NPC when it has thought and is awake, a person by hand, and where
//! a person lets the time go by, the officers.

use super::components::{Application, Applications};
use super::rules::{self, Applicant, ApplicationSettings};
use super::systems::{MemberInfo, Roster};
use crate::base::clock::{Agenda, CampaignSystems, DueBatch, DueKind, GameTime};
use crate::base::contract::{
    AnswerApplication, Apply, CampaignFact, Fact, Holdings, INPUT, Input, Inputs, PlayerKind, Rank, Site,
};
use crate::base::geometry::Torus;
use crate::base::id::{AllianceId, EntityIndex, PlayerId};
use crate::base::limits::Limits;
use crate::society::personality::{questions, rules as personality};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// An application is answered at the latest. Owner: the alliance, n: the player.
pub const APPLICATION_ANSWERED: DueKind = DueKind::new(
    9,
    "application_answered",
    &[
        CampaignSystems::Intake,
        CampaignSystems::Sense,
        CampaignSystems::March,
        CampaignSystems::Battle,
        CampaignSystems::Settle,
    ],
);

/// An alliance takes a player in. Lives for one pass.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Admitted {
    pub(super) player: PlayerId,
    pub(super) alliance: AllianceId,
}

/// The rule that forbids it, what it allows, and what was asked for.
type Refusal = (&'static str, String, String);

/// What answering applications takes.
#[derive(SystemParam)]
pub(super) struct Porch<'w, 's> {
    index: Res<'w, EntityIndex>,
    settings: Res<'w, ApplicationSettings>,
    roster: Roster<'w, 's>,
    holdings: Res<'w, Holdings>,
    sites: Query<'w, 's, &'static Site>,
    torus: Res<'w, Torus>,
    applications: Query<'w, 's, &'static mut Applications>,
    agenda: ResMut<'w, Agenda>,
    admitted: MessageWriter<'w, Admitted>,
    facts: MessageWriter<'w, CampaignFact>,
    limits: Res<'w, Limits>,
}

/// Takes in what is asked, and answers what is due.
pub(super) fn answer_applications(batch: Res<DueBatch>, inputs: Res<Inputs>, mut porch: Porch) {
    let now = batch.now();
    for entry in batch.of(APPLICATION_ANSWERED) {
        let alliance = entry.alliance();
        let player = PlayerId(entry.n);
        // An entry that no longer agrees with its application: it was answered by hand.
        if porch.waiting(alliance, player).is_some_and(|a| a.answer_by == entry.due) {
            porch.answer_by_rule(alliance, player, now);
        }
    }
    if batch.of(INPUT).is_empty() {
        return;
    }
    for logged in &inputs.now {
        let (request, refused) = match &logged.input {
            Input::Apply(apply) => {
                (format!("apply {} to {}", apply.player, apply.alliance), porch.apply(*apply, now).err())
            }
            Input::Answer(answer) => (
                format!("answer_application of {} by {}", answer.player, answer.by),
                porch.answer_by_hand(*answer, now).err(),
            ),
            _ => continue,
        };
        if let Some((rule, limit, value)) = refused {
            porch.facts.write(CampaignFact::refusal(now, request, rule, &limit, value));
        }
    }
}

impl Porch<'_, '_> {
    fn waiting(&self, alliance: AllianceId, player: PlayerId) -> Option<Application> {
        self.applications.get(self.index.alliance(alliance)?).ok()?.0.get(&player).copied()
    }

    fn apply(&mut self, Apply { player, alliance }: Apply, now: GameTime) -> Result<(), Refusal> {
        let Some(public) = self.roster.player(player) else {
            return Err(("player_exists", "a known player".to_owned(), player.to_string()));
        };
        if public.kind == PlayerKind::Static || !self.roster.has_sites(player) {
            return Err(("has_a_site", "a player that acts and has a site".to_owned(), player.to_string()));
        }
        if !self.roster.alliance(alliance).is_some_and(|a| a.active) {
            let limit = "an alliance that deliberates".to_owned();
            return Err(("alliance_deliberates", limit, alliance.to_string()));
        }
        if self.roster.alliance_of(player) == Some(alliance) {
            let limit = "an alliance that the player is not in".to_owned();
            return Err(("another_alliance", limit, format!("it is in {alliance}")));
        }
        let Some(leader) = self.roster.leader(alliance).and_then(|id| self.roster.member(id)) else {
            return Err(("has_a_leader", "an alliance that somebody leads".to_owned(), alliance.to_string()));
        };
        if self.applications.iter().any(|all| all.0.contains_key(&player)) {
            return Err(("one_application", "one application at a time".to_owned(), "one waits".to_owned()));
        }
        let entity = self.index.alliance(alliance);
        let waiting = entity.and_then(|e| self.applications.get(e).ok()).map_or(0, |a| a.0.len());
        if waiting >= self.settings.waiting_max {
            let limit = format!("{} applications that wait", self.settings.waiting_max);
            return Err(("waiting_max", limit, waiting.to_string()));
        }
        let answer_by = self.answers_at(&leader, player, now);
        let application = Application { since: now, answer_by };
        if let Some(mut all) = entity.and_then(|e| self.applications.get_mut(e).ok()) {
            all.0.insert(player, application);
        }
        self.agenda.push(APPLICATION_ANSWERED.entry(answer_by, u64::from(alliance.0), player.0));
        self.facts.write(CampaignFact { at: now, fact: Fact::ApplicationMade { alliance, player, answer_by } });
        Ok(())
    }

    fn answers_at(&self, leader: &MemberInfo, player: PlayerId, now: GameTime) -> GameTime {
        if leader.kind == PlayerKind::Human {
            return now + self.settings.person_answers_within;
        }
        let question = questions::application(player, now);
        let thought = now + personality::think_time(self.roster.seed(), leader.player, question);
        leader.rhythm.next_awake(thought)
    }

    /// The NPC of the highest rank above ordinary members answers.
    fn answer_by_rule(&mut self, alliance: AllianceId, player: PlayerId, now: GameTime) {
        let members = self.roster.members(alliance);
        // A person who leads by now has its time too.
        let led_by_a_person = members.iter().any(|m| m.rank == Rank::Leader && m.kind == PlayerKind::Human);
        let application = self.index.alliance(alliance).and_then(|e| self.applications.get_mut(e).ok());
        if let Some(mut all) = application.filter(|_| led_by_a_person)
            && let Some(application) = all.0.get_mut(&player)
            && application.since + self.settings.person_answers_within > now
        {
            application.answer_by = application.since + self.settings.person_answers_within;
            self.agenda.push(APPLICATION_ANSWERED.entry(application.answer_by, u64::from(alliance.0), player.0));
            return;
        }
        let officers = members.iter().filter(|m| m.kind == PlayerKind::Active && m.rank != Rank::Member);
        let by = officers.min_by_key(|m| (m.rank, m.player)).map(|m| m.player);
        let answer = match by {
            None => Err("nobody_answered"),
            Some(by) => rules::application(&self.applicant(alliance, &members, player, by, now), &self.settings),
        };
        self.conclude(alliance, player, by, answer, now);
    }

    fn answer_by_hand(&mut self, answer: AnswerApplication, now: GameTime) -> Result<(), Refusal> {
        let AnswerApplication { by, player, accepts } = answer;
        let of = self.roster.alliance_of(by).filter(|_| self.roster.member(by).is_some_and(|m| m.rank != Rank::Member));
        let Some(alliance) = of else {
            return Err(("may_answer", "a leader or an officer".to_owned(), by.to_string()));
        };
        if self.waiting(alliance, player).is_none() {
            let limit = format!("an application to {alliance} that waits");
            return Err(("application_waits", limit, player.to_string()));
        }
        self.conclude(alliance, player, Some(by), if accepts { Ok("by_hand") } else { Err("by_hand") }, now);
        Ok(())
    }

    fn conclude(
        &mut self,
        alliance: AllianceId,
        player: PlayerId,
        by: Option<PlayerId>,
        answer: Result<&'static str, &'static str>,
        at: GameTime,
    ) {
        if let Some(mut all) = self.index.alliance(alliance).and_then(|e| self.applications.get_mut(e).ok()) {
            all.0.remove(&player);
        }
        // Things change while an application waits.
        let answer = match answer {
            Ok(_) if self.roster.members(alliance).len() >= self.limits.members_per_alliance => Err("full"),
            Ok(_) if !self.roster.has_sites(player) => Err("no_site"),
            other => other,
        };
        let accepted = answer.is_ok();
        let (Ok(reason) | Err(reason)) = answer;
        let reason = reason.to_owned();
        self.facts
            .write(CampaignFact { at, fact: Fact::ApplicationAnswered { alliance, player, by, accepted, reason } });
        if accepted {
            self.admitted.write(Admitted { player, alliance });
        }
    }

    /// What is known to all of a player, and what whoever answers thinks of it.
    #[expect(clippy::cast_precision_loss, reason = "inhabitants of an alliance")]
    fn applicant(
        &self,
        alliance: AllianceId,
        members: &[MemberInfo],
        player: PlayerId,
        by: PlayerId,
        now: GameTime,
    ) -> Applicant {
        let places = |owner: PlayerId| {
            let sites = self.holdings.of(owner).iter();
            sites.filter_map(|site| self.sites.get(self.index.site(*site)?).ok()).map(|s| s.at)
        };
        let own: Vec<_> = members.iter().flat_map(|m| places(m.player)).collect();
        let nearest =
            places(player).flat_map(|at| own.iter().map(move |to| self.torus.distance_squared(at, *to))).min();
        let mean = members.iter().map(|m| m.population as f64).sum::<f64>() / members.len().max(1) as f64;
        let population = self.roster.player(player).map_or(0, |p| p.population) as f64;
        let of = self.roster.alliance_of(player);
        let wars = self.roster.relations(alliance).map(|(stances, ..)| stances);
        Applicant {
            fields_away: nearest.map(|squared| f64::from(squared).sqrt()),
            inhabitants: population / mean.max(1.0),
            trust: self.roster.trust(by, player, now),
            enemy: of.is_some_and(|of| wars.is_some_and(|stances| stances.wars().any(|enemy| enemy == of))),
        }
    }
}
