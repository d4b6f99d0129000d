//! Looking at the frontier, and who leaves it.

use super::super::relief::{
    Call, Desk, Landing, Pool, PostureEnd, RELIEF_RETURNS, Relief, ReliefStatus, Reliefs, Terms, rules as relief,
};
use super::super::rules::AFTER;
use super::super::systems::Watch;
use super::rules::{self, Need, PostureSettings};
use crate::base::clock::{Agenda, CampaignSystems, DueBatch, DueKind, GameClock, GameSpan, GameTime};
use crate::base::contract::{MembershipChanged, Scenario, SiteState, WantedStates, WorldModel};
use crate::base::id::{AllianceId, EntityIndex, Knower, PlayerId, SiteId};
use crate::decision::council::{Threats, stagger};
use crate::decision::planning::threat;
use crate::knowledge::intel::View;
use crate::knowledge::territory::Territory;
use crate::society::alliance::Roster;
use crate::society::personality::questions;
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// An alliance looks at its frontier. Owner: the alliance.
pub const POSTURE_REVIEWED: DueKind =
    DueKind::new(77, "posture_reviewed", &[CampaignSystems::Intake, CampaignSystems::Sense, CampaignSystems::Plan]);

/// Nobody is sent who would be there later than this.
const WITHIN: GameSpan = GameSpan::hours(48);

pub(in super::super) fn schedule_reviews(world: &mut World, scenario: &Scenario) {
    let period = world.resource::<PostureSettings>().period;
    let now = world.resource::<GameClock>().now();
    for alliance in scenario.alliances.iter().filter(|a| a.active && period.0 > 0) {
        let first = now + stagger(scenario.seed, alliance.id, period);
        world.resource_mut::<Agenda>().push(POSTURE_REVIEWED.entry(first, u64::from(alliance.id.0), 0));
    }
}

/// Asks for the states of all members, each in its own name.
pub(in super::super) fn ask_states(batch: Res<DueBatch>, roster: Roster, mut wanted: ResMut<WantedStates>) {
    for entry in batch.of(POSTURE_REVIEWED) {
        for member in roster.members(entry.alliance()) {
            wanted.ask(member.player, member.player);
        }
    }
}

/// One village, as it stands against what is known to threaten it.
struct Standing<'a> {
    state: &'a SiteState,
    threat: f64,
    /// Points of defense, with all who are on their way to it.
    defense: f64,
    /// Inhabitants over those of a mean village.
    inhabitants: f64,
}

impl Standing<'_> {
    fn urgency(&self, cover: f64, without: f64) -> f64 {
        rules::urgency(self.threat, self.defense - without, cover, self.inhabitants)
    }
}

/// What one look rests on.
struct Frontier<'a> {
    cover: f64,
    standings: BTreeMap<SiteId, Standing<'a>>,
    frontier: BTreeSet<SiteId>,
}

impl<'a> Frontier<'a> {
    /// All villages of the members, and which of them are of the frontier.
    fn of(
        watch: &'a Watch,
        frontier: BTreeSet<SiteId>,
        members: &[PlayerId],
        threats: &Threats,
        coming: &BTreeMap<SiteId, f64>,
        now: GameTime,
    ) -> Self {
        let model: &dyn WorldModel = &*watch.view.model().0;
        let states: Vec<&SiteState> = members.iter().flat_map(|m| watch.view.own_of(Knower::Player(*m), *m)).collect();
        let all: f64 = states.iter().map(|s| f64::from(s.population)).sum();
        #[expect(clippy::cast_precision_loss, reason = "villages of an alliance")]
        let mean = (all / states.len().max(1) as f64).max(1.0);
        let standing = |state: &'a SiteState| {
            let mut there = state.home.clone();
            there.add_all(&state.guests);
            let coming = coming.get(&state.site).copied().unwrap_or(0.0);
            let standing = Standing {
                state,
                threat: threat(state.site, state.at, now, &threats.known, &threats.incoming, model),
                defense: model.defense(state, &there) + coming,
                inhabitants: f64::from(state.population) / mean,
            };
            (state.site, standing)
        };
        Self { cover: watch.settings.cover, standings: states.into_iter().map(standing).collect(), frontier }
    }

    fn urgency(&self, site: SiteId, without: f64) -> f64 {
        self.standings.get(&site).map_or(0.0, |s| s.urgency(self.cover, without))
    }

    /// Villages of the frontier, the most urgent first.
    fn needy(&self) -> Vec<(f64, SiteId)> {
        let mut needy: Vec<(f64, SiteId)> = self.frontier.iter().map(|s| (self.urgency(*s, 0.0), *s)).collect();
        needy.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        needy
    }

    /// What calls for troops that stand somewhere.
    fn need(&self, watch: &Watch, post: &Relief, points: f64, urgency_min: f64) -> (Need, Option<SiteId>) {
        let near = |site: &SiteId| {
            let (from, to) = (watch.view.site(post.origin), watch.view.site(*site));
            from.zip(to).is_some_and(|(from, to)| watch.is_near(from.at, to.at))
        };
        let mut needy = self.needy().into_iter().take_while(|(urgency, _)| *urgency >= urgency_min);
        let elsewhere = needy.find(|(_, s)| *s != post.site && *s != post.origin && near(s));
        let need = Need {
            here: self.urgency(post.site, points),
            elsewhere: elsewhere.map_or(0.0, |(urgency, _)| urgency),
            home: self.urgency(post.origin, 0.0),
        };
        (need, elsewhere.map(|(_, site)| site))
    }

    fn add(&mut self, site: SiteId, points: f64) {
        if let Some(standing) = self.standings.get_mut(&site) {
            standing.defense += points;
        }
    }
}

/// Looks at the frontiers that are due: who stood there long enough may leave, and villages in the rear send more.
pub(in super::super) fn review_postures(
    batch: Res<DueBatch>,
    settings: Res<PostureSettings>,
    watch: Watch,
    territory: Territory,
    mut desk: Desk,
) {
    let now = batch.now();
    let mut pool = Pool::default();
    for entry in batch.of(POSTURE_REVIEWED) {
        let alliance = entry.alliance();
        // A game may end it in the middle of a campaign.
        if settings.period.0 <= 0 || !watch.roster.alliance(alliance).is_some_and(|a| a.active) {
            continue;
        }
        desk.agenda.push(POSTURE_REVIEWED.entry(now + settings.period, entry.owner, 0));
        let members = desk.members(Knower::Alliance(alliance));
        let sites = territory.frontier(alliance).into_iter().map(|(site, _)| site).collect();
        let coming = coming(&watch, &desk, &members, now);
        let threats = desk.threats(&mut pool, alliance, now).clone();
        let mut frontier = Frontier::of(&watch, sites, &members, &threats, &coming, now);
        // Who stands somewhere leaves it for what the rear cannot cover.
        strengthen(&watch, &settings, &mut frontier, &mut desk, &mut pool, alliance, &members, now);
        for player in &members {
            release_posts(&watch, &settings, &mut frontier, &mut desk, (alliance, *player), now);
        }
    }
    desk.close(&watch, pool);
}

/// Points of defense that are on their way to villages, or promised to them.
fn coming(watch: &Watch, desk: &Desk, members: &[PlayerId], now: GameTime) -> BTreeMap<SiteId, f64> {
    let mut coming: BTreeMap<SiteId, f64> = BTreeMap::new();
    for player in members {
        let held = watch.index.player(*player).and_then(|e| desk.reliefs.get(e).ok());
        let due = held.into_iter().flat_map(|r| &r.reliefs).filter(|r| !r.called_off && r.arrives >= now);
        for post in due {
            *coming.entry(post.site).or_default() += points_of(watch, post).unwrap_or(0.0);
        }
    }
    coming
}

/// Points of defense of what was sent, where it stands. Needs the state of that village.
fn points_of(watch: &Watch, post: &Relief) -> Option<f64> {
    let owner = watch.view.site(post.site)?.owner;
    let state = watch.state(owner, post.site)?;
    Some(relief::points(&*watch.view.model().0, state, &post.force))
}

/// Who stood in a village of the frontier for a day leaves it if something else calls for it; not from under a hit that is seen to
/// come: the village reckons with it.
fn release_posts(
    watch: &Watch,
    settings: &PostureSettings,
    frontier: &mut Frontier,
    desk: &mut Desk,
    (alliance, player): (AllianceId, PlayerId),
    now: GameTime,
) {
    let Some(mut held) = watch.index.player(player).and_then(|e| desk.reliefs.get_mut(e).ok()) else { return };
    let is_there = |r: &Relief| r.is_posted() && !r.called_off && r.arrives <= now && out(r);
    if !held.reliefs.iter().any(is_there) {
        return;
    }
    for post in held.reliefs.iter_mut().filter(|r| is_there(r)) {
        // No more of them live than of all troops of their village that are away.
        if let Some(origin) = watch.state(player, post.origin) {
            post.force = post.force.min(&origin.away);
        }
        if watch.is_marched_on(alliance, post.site, now) {
            continue;
        }
        let points = points_of(watch, post).unwrap_or(0.0);
        let (need, elsewhere) = frontier.need(watch, post, points, settings.urgency_min);
        let stood = now - post.arrives;
        let fell = post.force.is_empty().then_some(PostureEnd::Fallen);
        let Some(why) = fell.or_else(|| rules::leaves(stood, need, settings)) else { continue };
        send_home(post, why, player, now, &mut desk.agenda);
        frontier.add(post.site, -points);
        match (why, elsewhere) {
            (PostureEnd::NeededAtHome, _) => frontier.add(post.origin, points),
            // One force goes for one need.
            (PostureEnd::NeededElsewhere, Some(site)) => frontier.add(site, points),
            _ => {}
        }
    }
}

fn out(post: &Relief) -> bool {
    matches!(post.status, ReliefStatus::Out { .. })
}

/// What is out turns home a second later; what has not left stays.
fn send_home(post: &mut Relief, why: PostureEnd, player: PlayerId, now: GameTime, agenda: &mut Agenda) {
    if post.call_off(why)
        && let ReliefStatus::Out { judged_at, .. } = &mut post.status
    {
        *judged_at = now + AFTER;
        agenda.push(RELIEF_RETURNS.entry(*judged_at, u64::from(player.0), post.n));
    }
}

/// The most urgent villages of the frontier get a part of what the rear can spare, each village of the rear sends to one.
fn strengthen(
    watch: &Watch,
    settings: &PostureSettings,
    frontier: &mut Frontier,
    desk: &mut Desk,
    pool: &mut Pool,
    alliance: AllianceId,
    members: &[PlayerId],
    now: GameTime,
) {
    let marched_on = watch.view.movements(alliance, now).filter(|t| t.arrival > now).map(|t| t.target);
    // Who needs more itself, is marched on, or has sent already gives nothing.
    let mut spared: BTreeSet<SiteId> = marched_on.collect();
    spared.extend(frontier.standings.values().filter(|s| s.urgency(frontier.cover, 0.0) > 0.0).map(|s| s.state.site));
    for player in members {
        let held = watch.index.player(*player).and_then(|e| desk.reliefs.get(e).ok());
        spared.extend(held.into_iter().flat_map(|r| &r.reliefs).filter(|r| r.is_posted()).map(|r| r.origin));
    }
    let model = watch.view.model();
    let urgent: Vec<(f64, SiteId)> =
        frontier.needy().into_iter().take_while(|(urgency, _)| *urgency >= settings.urgency_min).collect();
    for (_, site) in urgent.into_iter().take(settings.sites) {
        let Some(standing) = frontier.standings.get(&site) else { continue };
        let lacks = frontier.cover * standing.threat - standing.defense;
        let look = u64::try_from(now.0 / settings.period.0).unwrap_or(0);
        let question = questions::posture(site, look);
        let knower = Knower::Alliance(alliance);
        let call = Call { knower, now, state: standing.state, spared: &spared, question, part: settings.part };
        let pledges = desk.plan(pool, watch, &call, Landing::Before(now + WITHIN), lacks);
        let givers: Vec<SiteId> = pledges.iter().map(|p| p.origin).collect();
        let sent: f64 = pledges.iter().map(|p| relief::points(&*model.0, standing.state, &p.force)).sum();
        frontier.add(site, sent);
        desk.book(pool, watch, site, pledges, Terms::Posture(settings.longest));
        spared.extend(givers);
    }
}

/// Who is of another alliance than the village that its troops strengthen calls them home at once.
pub(in super::super) fn part_ways(
    batch: Res<DueBatch>,
    mut changed: MessageReader<MembershipChanged>,
    index: Res<EntityIndex>,
    view: View,
    roster: Roster,
    mut reliefs: Query<&mut Reliefs>,
    mut agenda: ResMut<Agenda>,
) {
    let mut players: BTreeSet<PlayerId> = BTreeSet::new();
    for change in changed.read() {
        players.insert(change.player);
        // Those whose troops stand in a village of who left.
        let hosts = [change.from, change.to].into_iter().flatten();
        players.extend(hosts.flat_map(|a| roster.members(a)).map(|m| m.player));
    }
    for player in players {
        let Some(mut held) = index.player(player).and_then(|e| reliefs.get_mut(e).ok()) else { continue };
        let alliance = roster.alliance_of(player);
        let parted = |r: &Relief| {
            let host = view.site(r.site).and_then(|s| roster.alliance_of(s.owner));
            r.is_posted() && !r.called_off && out(r) && (alliance.is_none() || host != alliance)
        };
        if held.reliefs.iter().any(parted) {
            for post in held.reliefs.iter_mut().filter(|r| parted(r)) {
                send_home(post, PostureEnd::Parted, player, batch.now(), &mut agenda);
            }
        }
    }
}
