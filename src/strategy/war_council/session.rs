//! A session: who is there, what they know, what they choose.

use super::diplomacy::Outlook;
use super::option::CouncilOption;
use super::scouting::{ScoutingRecord, ScoutingSettings};
use super::talks::CouncilTalks;
use super::{attack, diplomacy, expansion, scouting, talks, wonder};
use crate::action::diplomacy::{OfferRefused, OwnOffers};
use crate::action::operations::{Group, GroupStatus, Operation, RunningOperations, SendScouts};
use crate::base::clock::{Agenda, CampaignSystems, DueBatch, DueEntry, DueKind, GameSpan, GameTime};
use crate::base::contract::{CampaignFact, Fact, INPUT, Input, Inputs, Rank, Scenario, SiteState, WantedStates};
use crate::base::id::{AllianceId, EntityIndex, PlayerId, ProposalId, SiteId};
use crate::decision::council::{
    ActionKind, Decisions, Proposal, ProposalStatus, Situation, SubmitProposal, Threats, VotingSettings, stagger,
};
use crate::decision::fair_play::{Mistakes, Referee};
use crate::decision::planning::allocation::AllocationSettings;
use crate::decision::planning::rules::diplomacy::Dealings;
use crate::decision::planning::rules::target::{ScoreSettings, hits_on_owner};
use crate::decision::planning::{Library, Pattern, PlanningSettings};
use crate::knowledge::intel::{Cause, ObservationLog, Seen};
use crate::knowledge::territory::Territory;
use crate::society::alliance::{MemberInfo, StanceSettings};
use crate::strategy::victory::VictoryRanking;
use crate::strategy::wonder::{WonderSettings, Wonders};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use core::cell::Cell;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A war council meets. Owner: the alliance; n: 0 for a regular session, 1 for one that waited for someone to wake.
pub const WAR_COUNCIL: DueKind = DueKind::new(
    10,
    "war_council",
    &[
        CampaignSystems::Intake,
        CampaignSystems::Sense,
        CampaignSystems::Deliberate,
        CampaignSystems::Plan,
        CampaignSystems::Settle,
    ],
);

/// Operations that tell in which manner an alliance usually attacks.
const LATEST: usize = 8;

/// Where war councils act within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WarCouncilSystems {
    /// In `Intake`: asks for the members' states.
    Ask,
    /// In `Deliberate`, before proposals are opened: the session.
    Meet,
    /// In `Settle`, once operations have concluded: what they taught.
    LookBack,
}

/// When an alliance's war council meets again: what its entry in the agenda can be rebuilt from.
#[derive(Component, Clone, Copy, PartialEq, Eq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct CouncilCalendar {
    /// The next regular session.
    pub next: GameTime,
}

/// How war councils work.
#[derive(Resource, Clone, Debug, Reflect, Serialize, Deserialize)]
pub struct WarCouncilSettings {
    /// Between two sessions of an alliance.
    pub period: GameSpan,
    /// Targets that are planned for in detail at one session; beside them a quarter as many that can only be taken, and a quarter as
    /// many to which an army comes home.
    pub targets_planned: usize,
    /// Targets of one operation at most.
    pub targets_per_operation: usize,
    /// How scouts are used.
    pub scouting: ScoutingSettings,
    /// The vote is given this long before the first launch.
    pub vote_window: GameSpan,
    /// The same where an army that comes home is to be met: it waits for no council. Never longer than `vote_window`; a charter whose
    /// shortest vote, with `talks` before it, takes longer refuses what has to leave sooner.
    pub pressing_window: GameSpan,
    /// No arrival is planned later than this after the session.
    pub arrival_within: GameSpan,
    /// An arrival is put off by at most this much so that the owners of the targets sleep: 0 for never.
    pub quiet_within: GameSpan,
    /// The share of the defense that an attack is to break.
    pub goal_share: f64,
    /// Hours of what a site makes that taking it is worth.
    pub take_hours: f64,
    /// What taking a site is worth beyond that, in goods, where the last alliance wins: there every site counts, small ones too.
    pub elimination_bonus: f64,
    /// What being the last alliance is worth, in goods: each site that rivals still hold brings its part of it, if that is more.
    pub elimination_stake: f64,
    /// What taking a site with a whole wonder is worth beyond that, in goods, where a wonder wins; of one that is begun its part.
    pub wonder_bonus: f64,
    /// Hours of what a new site will make that founding it is worth.
    pub expansion_hours: f64,
    /// Between two expansions that an alliance proposes.
    pub expansion_pause: GameSpan,
    /// Inhabitants of another alliance are in reach of a war within this time of travel.
    pub war_reach: GameSpan,
    /// How long a council talks about its options for an operation before it proposes one, and about what an operation taught; 0:
    /// not at all. In that time a language model may speak; else the best by the rules is proposed, and what they find is found.
    pub talks: GameSpan,
    /// Whether sessions propose wars and treaties. Where a game alone decides how alliances stand to each other: false.
    pub diplomacy: bool,
}

impl Default for WarCouncilSettings {
    fn default() -> Self {
        Self {
            period: GameSpan::mins(150),
            targets_planned: 10,
            targets_per_operation: 3,
            scouting: ScoutingSettings::default(),
            vote_window: GameSpan::hours(12),
            pressing_window: GameSpan::hours(4),
            arrival_within: GameSpan::hours(44),
            quiet_within: GameSpan::hours(12),
            goal_share: 0.8,
            take_hours: 120.0,
            elimination_bonus: 40_000.0,
            elimination_stake: 2_000_000.0,
            wonder_bonus: 400_000.0,
            expansion_hours: 720.0,
            expansion_pause: GameSpan::hours(96),
            war_reach: GameSpan::hours(8),
            talks: GameSpan(0),
            diplomacy: true,
        }
    }
}

impl WarCouncilSettings {
    /// How long before the first launch by a pattern the vote on it is given.
    pub(super) fn window(&self, pattern: &Pattern) -> GameSpan {
        if pattern.follows_home() { self.vote_window.min(self.pressing_window) } else { self.vote_window }
    }
}

pub(super) fn schedule_councils(world: &mut World, scenario: &Scenario) {
    let period = world.resource::<WarCouncilSettings>().period;
    let now = world.resource::<crate::base::clock::GameClock>().now();
    for alliance in scenario.alliances.iter().filter(|a| a.active) {
        let first = now + stagger(scenario.seed, alliance.id, period);
        world.resource_mut::<Agenda>().push(WAR_COUNCIL.entry(first, u64::from(alliance.id.0), 0));
        if let Some(entity) = world.resource::<EntityIndex>().alliance(alliance.id) {
            world.entity_mut(entity).insert((CouncilCalendar { next: first }, ScoutingRecord::default()));
        }
    }
}

pub(super) fn ask_states(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    situation: Situation,
    mut wanted: ResMut<WantedStates>,
) {
    let moved = if batch.of(INPUT).is_empty() { &[][..] } else { &inputs.now[..] };
    let moved = moved.iter().filter_map(|logged| match &logged.input {
        Input::Propose(propose) => situation.roster.active_alliance_of(propose.member),
        _ => None,
    });
    // Whoever is asked when members were heard, and when talks end and the vote opens, says how it stands then.
    let talks = batch.of(talks::COUNCIL_HEARS).iter().chain(batch.of(talks::COUNCIL_CHOOSES));
    let meets = batch.of(WAR_COUNCIL).iter().chain(talks);
    let meets = meets.map(DueEntry::alliance);
    for alliance in meets.chain(moved).collect::<BTreeSet<_>>() {
        for member in situation.voters(alliance) {
            wanted.ask(alliance, member.player);
        }
    }
}

/// Everything that a session rests on.
pub(super) struct Session<'a, 'w, 's> {
    pub(super) alliance: AllianceId,
    pub(super) now: GameTime,
    pub(super) seed: u64,
    pub(super) situation: &'a Situation<'w, 's>,
    pub(super) referee: &'a Referee<'w, 's>,
    pub(super) territory: &'a Territory<'w, 's>,
    pub(super) settings: &'a WarCouncilSettings,
    pub(super) library: &'a Library,
    pub(super) planning: &'a PlanningSettings,
    pub(super) allocation: &'a AllocationSettings,
    pub(super) voting_settings: &'a VotingSettings,
    pub(super) members: Vec<MemberInfo>,
    pub(super) own: &'a [SiteState],
    /// What all troops of the members cost, at home and away.
    pub(super) army: i64,
    pub(super) threats: Threats,
    /// Alliances that it is at war with.
    pub(super) enemies: Vec<AllianceId>,
    /// Sites that operations of the alliance go to, and those that confederates have to themselves.
    pub(super) claimed: BTreeSet<SiteId>,
    /// The latter alone.
    pub(super) left_to_confederates: BTreeSet<SiteId>,
    /// Sites that scouts are on their way to.
    pub(super) being_scouted: BTreeSet<SiteId>,
    /// Scouts that each member sent within the last 24 hours.
    pub(super) scouts_gone: BTreeMap<PlayerId, u64>,
    /// Targets of plans that can still be changed, and until when.
    pub(super) planned: BTreeMap<SiteId, GameTime>,
    /// Scouts that died at a site lately without any coming back.
    pub(super) scouts_lost: BTreeMap<SiteId, u32>,
    /// When an operation last hit a site.
    pub(super) last_hit: BTreeMap<SiteId, GameTime>,
    /// What players suffered from operations of the alliance lately, or are to: see [`hits_on_owner`].
    pub(super) owner_hits: BTreeMap<PlayerId, f64>,
    /// When a proposal on a site was last refused.
    pub(super) refused: BTreeMap<SiteId, GameTime>,
    /// Of the latest operations, the share that each pattern has.
    pub(super) manners: BTreeMap<String, f64>,
    /// When an expansion was last proposed.
    pub(super) last_expansion: Option<GameTime>,
    /// Whether a proposal of an operation is open.
    pub(super) voting: bool,
    /// With whom a war or a treaty is voted on.
    pub(super) treating: BTreeSet<(AllianceId, ActionKind)>,
    /// When changes of how to stand to others were refused by the members.
    pub(super) refused_changes: BTreeMap<(AllianceId, ActionKind), (GameTime, Dealings)>,
    /// Whether members are asked to give for a wonder, or give already.
    pub(super) building: bool,
    /// When members last refused to.
    pub(super) wonder_refused: Option<GameTime>,
    /// Levels of the wonder of each alliance.
    pub(super) wonders: &'a Wonders<'w, 's>,
    /// Who has come how far towards a victory.
    pub(super) ranking: &'a VictoryRanking,
    pub(super) wonder_settings: &'a WonderSettings,
    /// Who proposes, if a member does by itself; else the council looks for somebody.
    pub(super) mover: Option<PlayerId>,
    pub(super) own_offers: &'a OwnOffers,
    pub(super) stance_settings: &'a StanceSettings,
    /// The gate that kept an attack from being considered, if one did: fair play, or hesitation.
    pub(super) kept_back: Cell<Option<&'static str>>,
}

impl Session<'_, '_, '_> {
    /// How far below what is usual a target, or an attack, may score.
    pub(super) fn margin(&self) -> f64 {
        if self.ranking.last_alliance { self.planning.scores.last_margin } else { 0.0 }
    }

    /// What it gets wrong in a war with this alliance.
    pub(super) fn mistakes(&self, enemy: AllianceId) -> Option<Mistakes> {
        self.referee.mistakes(&self.situation.roster, self.alliance, enemy)
    }

    /// A member of the alliance.
    pub(super) fn member(&self, player: PlayerId) -> Option<&MemberInfo> {
        let i = self.members.binary_search_by_key(&player, |m| m.player).ok()?;
        self.members.get(i)
    }
}

/// What an alliance has decided, runs and saw so far.
#[derive(SystemParam)]
pub(super) struct Records<'w, 's> {
    index: Res<'w, EntityIndex>,
    alliances:
        Query<'w, 's, (&'static Decisions, &'static RunningOperations, &'static ObservationLog, &'static OwnOffers)>,
    operations: Query<'w, 's, &'static Operation>,
    proposals: Query<'w, 's, &'static Proposal>,
}

impl Records<'_, '_> {
    fn of(&self, alliance: AllianceId) -> Option<(&Decisions, &RunningOperations, &ObservationLog, &OwnOffers)> {
        self.alliances.get(self.index.alliance(alliance)?).ok()
    }

    fn open<'a>(&'a self, decisions: &'a Decisions) -> impl Iterator<Item = &'a Proposal> {
        decisions.open.iter().filter_map(|id| self.proposals.get(self.index.proposal(*id)?).ok())
    }

    /// With whom a war or a treaty is voted on.
    fn treats_with(&self, decisions: &Decisions) -> BTreeSet<(AllianceId, ActionKind)> {
        let about = |p: &Proposal| p.action.stance().and(p.enemy).map(|other| (other, p.action));
        self.open(decisions).filter_map(about).collect()
    }

    /// When members last refused to build a wonder.
    fn wonder_refused(&self, decisions: &Decisions) -> Option<GameTime> {
        let proposals = decisions.decided.iter().filter_map(|id| self.proposals.get(self.index.proposal(*id)?).ok());
        let refused =
            proposals.filter(|p| p.action == ActionKind::WonderPush && !matches!(p.status, ProposalStatus::Passed(_)));
        refused.filter_map(|p| p.decided_at).max()
    }

    fn operation(&self, id: ProposalId) -> Option<&Operation> {
        self.operations.get(self.index.proposal(id)?).ok()
    }

    /// The sites that running operations go to: those that look, or all others.
    fn targets_of(&self, running: &[ProposalId], scouting: bool) -> BTreeSet<SiteId> {
        let operations = running.iter().filter_map(|id| self.operation(*id)).filter(|o| o.scouting == scouting);
        operations.flat_map(|o| o.groups.iter().map(|g| g.target)).collect()
    }

    /// Targets that are voted on, until the vote ends, and those of operations, until the last group has left.
    fn planned(&self, decisions: &Decisions, running: &RunningOperations) -> BTreeMap<SiteId, GameTime> {
        let open = self.open(decisions).filter(|p| p.action == ActionKind::MassAttack);
        let voted = open.flat_map(|p| p.targets.iter().map(|t| (t.site, p.deadline)));
        let attacks = running.0.iter().filter_map(|id| self.operation(*id)).filter(|o| !o.scouting);
        let waiting = attacks.flat_map(|o| &o.groups).filter(|g| g.status == GroupStatus::Waiting);
        let mut planned = BTreeMap::new();
        for (site, until) in voted.chain(waiting.map(|g| (g.target, g.launch))) {
            let last = planned.entry(site).or_insert(until);
            *last = (*last).max(until);
        }
        planned
    }

    fn last_hits(&self, decisions: &Decisions) -> BTreeMap<SiteId, GameTime> {
        let mut hits = BTreeMap::new();
        for operation in decisions.decided.iter().filter_map(|id| self.operation(*id)) {
            // What was called off hit nothing.
            let strikes = |g: &&Group| g.errand.strikes() && matches!(g.status, GroupStatus::Launched { .. });
            for group in operation.groups.iter().filter(strikes) {
                let hit = hits.entry(group.target).or_insert(group.arrival);
                *hit = (*hit).max(group.arrival);
            }
        }
        hits
    }

    /// What operations did to players, or are to do, by the first blow of each at any of their villages.
    fn owner_hits(&self, decisions: &Decisions, scores: &ScoreSettings, now: GameTime) -> BTreeMap<PlayerId, f64> {
        let mut hits: BTreeMap<PlayerId, Vec<f64>> = BTreeMap::new();
        for operation in decisions.decided.iter().filter_map(|id| self.operation(*id)) {
            let mut first: BTreeMap<PlayerId, GameTime> = BTreeMap::new();
            for target in &operation.targets {
                let comes = |g: &&Group| matches!(g.status, GroupStatus::Waiting | GroupStatus::Launched { .. });
                let blow = operation.groups.iter().filter(|g| g.target == target.site && g.errand.strikes());
                if let Some(at) = blow.filter(comes).map(|g| g.arrival).min() {
                    let hit = first.entry(target.owner).or_insert(at);
                    *hit = (*hit).min(at);
                }
            }
            let days = first.into_iter().map(|(owner, at)| (owner, (now - at).as_hours() / 24.0));
            days.for_each(|(owner, days)| hits.entry(owner).or_default().push(days));
        }
        hits.into_iter().map(|(owner, days)| (owner, hits_on_owner(&days, scores))).collect()
    }

    /// Of the latest operations that were voted for, the share that each pattern has: of fewer than [`LATEST`] the rest counts as
    /// other ones.
    fn manners(&self, decisions: &Decisions) -> BTreeMap<String, f64> {
        let proposals =
            decisions.decided.iter().rev().filter_map(|id| self.proposals.get(self.index.proposal(*id)?).ok());
        let passed =
            |p: &&Proposal| p.action == ActionKind::MassAttack && matches!(p.status, ProposalStatus::Passed(_));
        let mut shares = BTreeMap::new();
        for proposal in proposals.filter(passed).take(LATEST) {
            #[expect(clippy::cast_precision_loss, reason = "a handful")]
            let one = 1.0 / LATEST as f64;
            *shares.entry(proposal.pattern.clone()).or_default() += one;
        }
        shares
    }

    fn last_expansion(&self, decisions: &Decisions) -> Option<GameTime> {
        let proposals = decisions.decided.iter().filter_map(|id| self.proposals.get(self.index.proposal(*id)?).ok());
        proposals.filter(|p| p.action == ActionKind::Expansion).map(|p| p.opened_at).max()
    }
}

/// The settings by which sessions judge.
#[derive(SystemParam)]
pub(super) struct Rules<'w> {
    settings: Res<'w, WarCouncilSettings>,
    library: Res<'w, Library>,
    planning: Res<'w, PlanningSettings>,
    allocation: Res<'w, AllocationSettings>,
    voting: Res<'w, VotingSettings>,
    stances: Res<'w, StanceSettings>,
    wonders: Res<'w, WonderSettings>,
    ranking: Res<'w, VictoryRanking>,
}

/// Everything that a session reads.
#[derive(SystemParam)]
pub(super) struct Hall<'w, 's> {
    rules: Rules<'w>,
    pub(super) situation: Situation<'w, 's>,
    pub(super) referee: Referee<'w, 's>,
    territory: Territory<'w, 's>,
    wonders: Wonders<'w, 's>,
    records: Records<'w, 's>,
}

impl<'w, 's> Hall<'w, 's> {
    /// A session of an alliance now; `None` for one that does not deliberate. `gone` are the scouts that it sent lately, `mover` is
    /// who proposes, if a member does by itself. Needs the states of the members' sites.
    pub(super) fn session(
        &self,
        alliance: AllianceId,
        gone: &ScoutingRecord,
        mover: Option<PlayerId>,
        now: GameTime,
    ) -> Option<Session<'_, 'w, 's>> {
        let Self { rules, situation, referee, territory, wonders, records } = self;
        let (decisions, running, log, own_offers) = records.of(alliance)?;
        let left_to_confederates: BTreeSet<SiteId> = situation.view.claimed_by_confederates(alliance, now).collect();
        Some(Session {
            alliance,
            now,
            seed: situation.roster.seed(),
            situation,
            referee,
            territory,
            settings: &rules.settings,
            library: &rules.library,
            planning: &rules.planning,
            allocation: &rules.allocation,
            voting_settings: &rules.voting,
            own: situation.view.own(alliance),
            army: situation.armies(alliance).into_values().sum(),
            threats: situation.threats(alliance, now),
            enemies: situation.roster.relations(alliance).map_or_else(Vec::new, |(s, ..)| s.wars().collect()),
            claimed: &records.targets_of(&running.0, false) | &left_to_confederates,
            left_to_confederates,
            being_scouted: records.targets_of(&running.0, true),
            scouts_gone: gone.by_member(),
            planned: records.planned(decisions, running),
            scouts_lost: scouts_lost(log, now),
            last_hit: records.last_hits(decisions),
            owner_hits: records.owner_hits(decisions, &rules.planning.scores, now),
            refused: decisions.refused.clone(),
            manners: records.manners(decisions),
            last_expansion: records.last_expansion(decisions),
            voting: records.open(decisions).any(|p| p.action.sends_troops()),
            treating: records.treats_with(decisions),
            refused_changes: decisions.refused_changes.clone(),
            building: wonders.works(alliance, now)
                || records.open(decisions).any(|p| p.action == ActionKind::WonderPush),
            wonder_refused: records.wonder_refused(decisions),
            wonders,
            ranking: &rules.ranking,
            wonder_settings: &rules.wonders,
            mover,
            own_offers,
            stance_settings: &rules.stances,
            kept_back: Cell::new(None),
            members: situation.voters(alliance),
        })
    }
}

/// Holds the sessions that are due.
pub(super) fn hold_councils(
    batch: Res<DueBatch>,
    hall: Hall,
    index: Res<EntityIndex>,
    mut calendars: Query<(&mut CouncilCalendar, &mut ScoutingRecord)>,
    mut agenda: ResMut<Agenda>,
    mut submissions: MessageWriter<SubmitProposal>,
    mut scouts: MessageWriter<SendScouts>,
    mut refusals: MessageWriter<OfferRefused>,
    mut told: MessageWriter<CouncilTalks>,
    mut facts: MessageWriter<CampaignFact>,
    mut commands: Commands,
) {
    let now = batch.now();
    let mut met = None;
    for entry in batch.of(WAR_COUNCIL) {
        let alliance = entry.alliance();
        // An alliance that was eliminated meets no more.
        if !hall.situation.roster.alliance(alliance).is_some_and(|a| a.active) {
            continue;
        }
        let Some((mut calendar, mut gone)) = index.alliance(alliance).and_then(|e| calendars.get_mut(e).ok()) else {
            continue;
        };
        gone.forget(now);
        if entry.n == 0 {
            calendar.next = now + hall.rules.settings.period;
            agenda.push(WAR_COUNCIL.entry(calendar.next, entry.owner, 0));
        }
        // Two sessions can wait for the same member to wake: one is enough.
        if met.replace(alliance) == Some(alliance) {
            continue;
        }
        let Some(session) = hall.session(alliance, &gone, None, now) else { continue };
        if let Err(wakes) = somebody_is_awake(&session.members, now) {
            wakes.into_iter().for_each(|at| agenda.push(WAR_COUNCIL.entry(at, entry.owner, 1)));
            continue;
        }
        let outcome = meet(&session);
        facts.write(CampaignFact { at: now, fact: outcome.fact(&session) });
        for party in outcome.parties {
            gone.note(now, &party);
            scouts.write(party);
        }
        let talks = hall.rules.settings.talks;
        if outcome.gate.is_none() && talks.0 > 0 {
            if let Some(entity) = index.alliance(alliance) {
                let mut entity = commands.entity(entity);
                let time = (now, talks);
                told.write_batch(talks::begin(
                    alliance,
                    outcome.options,
                    time,
                    &session.members,
                    &mut entity,
                    &mut agenda,
                ));
            }
        } else if outcome.gate.is_none() {
            submissions.write_batch(outcome.options.into_iter().next().map(|option| option.submission));
        }
        refusals.write_batch(outcome.outlook.refused);
        submissions.write_batch(outcome.outlook.best.map(|option| option.submission));
        submissions.write_batch(outcome.wonder.map(|option| option.submission));
    }
}

/// Whether any of leader and officers is awake; else when the first of them wakes, if there are any: with nobody awake the
/// session waits.
fn somebody_is_awake(members: &[MemberInfo], now: GameTime) -> Result<(), Option<GameTime>> {
    let council = || members.iter().filter(|m| m.rank != Rank::Member);
    if council().any(|m| m.rhythm.is_awake(now)) {
        Ok(())
    } else {
        Err(council().map(|m| m.rhythm.next_awake(now)).min())
    }
}

struct SessionOutcome {
    parties: Vec<SendScouts>,
    /// What could be proposed, the best first.
    options: Vec<CouncilOption>,
    /// Why nothing is proposed, if nothing is.
    gate: Option<&'static str>,
    /// Sites whose troops the choice rests on.
    considered: Vec<SiteId>,
    /// How it could come to stand to others.
    outlook: Outlook,
    /// What members could be asked to build.
    wonder: Option<CouncilOption>,
}

impl SessionOutcome {
    /// What is said of the session outwards.
    fn fact(&self, session: &Session) -> Fact {
        let (alliance, view) = (session.alliance, &session.situation.view);
        Fact::CouncilMet {
            alliance,
            best: self.options.first().map(|o| (o.name(), o.score)),
            gate: self.gate.map(str::to_owned),
            diplomacy: self.outlook.best.as_ref().map(|o| (o.name(), o.score)),
            cites: self.considered.iter().filter_map(|site| view.cite_troops(alliance, *site, session.now)).collect(),
        }
    }
}

fn meet(session: &Session) -> SessionOutcome {
    let at_war = !session.enemies.is_empty();
    let mut considered = Vec::new();
    let attack = match (session.voting, at_war) {
        (true, _) => Err("vote_is_open"),
        (_, false) => Err("no_war"),
        _ => attack::options_by_score(session, &mut considered),
    };
    let expansion = if session.voting { Err("vote_is_open") } else { expansion::best_option(session) };
    let (mut options, closed) = match attack {
        Ok(attacks) => (attacks, None),
        Err(gate) => (Vec::new(), Some(gate)),
    };
    options.extend(expansion.ok());
    // Of equals the attack comes first: they are in that order.
    options.sort_by(|a, b| b.score.total_cmp(&a.score));
    let is_legal = |option: &CouncilOption| {
        let attacks = option.submission.action == ActionKind::MassAttack;
        option.score >= session.planning.scores.option_min - if attacks { session.margin() } else { 0.0 }
    };
    let gate = match options.first() {
        Some(_) if options.iter().any(is_legal) => None,
        // The gate of the war is the one that is asked for, whatever is not worth founding.
        best => closed.or(best.map(|_| "no_option_above_threshold")),
    };
    match gate {
        // The best is told of even where it is below what is proposed.
        Some(_) => options.truncate(1),
        None => options.retain(is_legal),
    }
    mistake_priority(session, &mut options);
    let proposed = options.first().filter(|_| gate.is_none()).map(|o| &o.submission);
    let parties = if at_war { scouting::parties(session, proposed) } else { Vec::new() };
    let outlook = if session.settings.diplomacy { diplomacy::outlook(session) } else { Outlook::default() };
    SessionOutcome { parties, options, gate, considered, outlook, wonder: wonder::option(session) }
}

/// Against persons the second best may be taken for the best, below the highest difficulty.
fn mistake_priority(session: &Session, options: &mut [CouncilOption]) {
    let enemy = options.first().filter(|_| options.len() > 1).and_then(|best| best.submission.enemy);
    if enemy.and_then(|enemy| session.mistakes(enemy)).is_some_and(|m| m.mistakes_priority(session.now)) {
        options.swap(0, 1);
    }
}

/// Scouts that an alliance lost at each site within the last 72 hours, the largest party of each.
fn scouts_lost(log: &ObservationLog, now: GameTime) -> BTreeMap<SiteId, u32> {
    let mut lost: BTreeMap<SiteId, u32> = BTreeMap::new();
    for observation in log.latest.iter().rev().take_while(|o| now - o.at < GameSpan::hours(72)) {
        if let (Cause::OwnScoutsLost, Seen::ScoutsKilled { killed }) = (observation.cause, &observation.seen) {
            let most = lost.entry(observation.site).or_default();
            *most = (*most).max(*killed);
        }
    }
    lost
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_army_that_comes_home_waits_for_no_council() {
        let library = Library::default();
        let settings = WarCouncilSettings::default();
        let window = |name: &str, settings: &WarCouncilSettings| library.get(name).map(|p| settings.window(p));
        assert_eq!(window("simultaneous", &settings), Some(GameSpan::hours(12)));
        assert_eq!(window("follow_home", &settings), Some(GameSpan::hours(4)));
        let hasty = WarCouncilSettings { vote_window: GameSpan::hours(2), ..settings };
        assert_eq!(window("follow_home", &hasty), Some(GameSpan::hours(2)), "never longer than any other vote");
    }
}
