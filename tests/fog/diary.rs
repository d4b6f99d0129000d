//! What the knowers of a world decide and see, taken down from facts, orders, observations and reports.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy_alliance::action::defense::{Defenses, Reliefs, Reprisals};
use bevy_alliance::base::clock::{DueBatch, GameTime};
use bevy_alliance::base::contract::{
    BallotRequested, BattleFought, CampaignFact, Fact, LaunchDue, MembershipChanged, Player, PlayerKind, RecallGroup,
    ScoutReturned, ScoutsKilled, Site, SiteChanged, StanceChanged, Stances, WithdrawGuests,
};
use bevy_alliance::base::id::{EntityIndex, Knower, OrderId, PlayerId, SiteId, StableId};
use bevy_alliance::decision::planning::Commitments;
use bevy_alliance::knowledge::intel::ObservationLog;
use bevy_alliance::society::alliance::{Alliance, Reliability, Trust, WarRecord};
use bevy_alliance::world::economy::CENSUS;
use bevy_alliance::world::march::March;
use bevy_alliance::world::village::{Buildings, Economy, Garrison, Stores};
use std::collections::BTreeMap;

/// What happened, each with its instant, in the order in which it did.
pub(crate) type Diary = Vec<(GameTime, String)>;

/// What the knowers of one world decided and saw, and what everybody could see.
#[derive(Resource, Default)]
pub(crate) struct Diaries {
    pub(crate) decided: BTreeMap<Knower, Diary>,
    pub(crate) seen: BTreeMap<Knower, Diary>,
    pub(crate) public: Diary,
    /// Who gave the orders of the defense: a village may have another owner when the next one is told of it.
    gave: BTreeMap<OrderId, Knower>,
    /// Observations of each log that are noted.
    noted: BTreeMap<Knower, u64>,
}

/// Who belongs to whom, by queries of our own.
#[derive(SystemParam)]
pub(crate) struct People<'w, 's> {
    pub(crate) index: Res<'w, EntityIndex>,
    players: Query<'w, 's, &'static Player>,
    pub(crate) sites: Query<'w, 's, &'static Site>,
    alliances: Query<'w, 's, (&'static Alliance, &'static Stances)>,
}

impl Diaries {
    fn of_order(&self, order: OrderId) -> Option<Knower> {
        let alliance = order.operation().map(|operation| Knower::Alliance(operation.alliance));
        alliance.or_else(|| self.gave.get(&order).copied())
    }
}

impl People<'_, '_> {
    pub(crate) fn knower(&self, player: PlayerId) -> Option<Knower> {
        let player = self.players.get(self.index.player(player)?).ok()?;
        let alliance = player.alliance.and_then(|id| self.alliances.get(self.index.alliance(id)?).ok());
        let active = alliance.filter(|(alliance, _)| alliance.active).map(|(alliance, _)| alliance.id);
        active.map(Knower::Alliance).or((player.kind != PlayerKind::Static).then_some(Knower::Player(player.id)))
    }

    fn holder(&self, site: SiteId) -> Option<Knower> {
        self.knower(self.sites.get(self.index.site(site)?).ok()?.owner)
    }

    /// Everything that is public of sites, players and alliances.
    fn public(&self) -> String {
        let mut lines: Vec<String> = self.sites.iter().map(|s| format!("{s:?}")).collect();
        lines.extend(self.players.iter().map(|p| format!("{p:?}")));
        lines.extend(self.alliances.iter().map(|(alliance, stances)| format!("{alliance:?} {stances:?}")));
        lines.sort_unstable();
        lines.concat()
    }

    /// Whose decision a fact tells of.
    fn decider(&self, fact: &Fact, diaries: &Diaries) -> Option<Knower> {
        match fact {
            Fact::CouncilMet { alliance, .. }
            | Fact::ScoutsSent { alliance, .. }
            | Fact::TrustChanged { alliance, .. } => Some(Knower::Alliance(*alliance)),
            Fact::ProposalSubmitted { proposal, .. }
            | Fact::BallotCast { proposal, .. }
            | Fact::ProposalDecided { proposal, .. }
            | Fact::DecisionArchived { proposal } => Some(Knower::Alliance(proposal.alliance)),
            Fact::OperationStarted { operation, .. }
            | Fact::OperationRevised { operation, .. }
            | Fact::OrderGiven { operation, .. }
            | Fact::OrderAnswered { operation, .. } => Some(Knower::Alliance(operation.alliance)),
            Fact::OperationConcluded(report) => Some(Knower::Alliance(report.operation.alliance)),
            Fact::GroupLaunched { order, .. } | Fact::GroupFailed { order, .. } => diaries.of_order(*order),
            Fact::AlarmRaised { player, .. }
            | Fact::AlarmAnswered { player, .. }
            | Fact::Retaliated { player, .. }
            | Fact::ReliefSent { helper: player, .. }
            | Fact::PostureTaken { helper: player, .. }
            | Fact::PostureLeft { helper: player, .. }
            | Fact::ReliefReturned { helper: player, .. } => self.knower(*player),
            _ => None,
        }
    }
}

/// Notes what was decided, by facts and by orders.
pub(crate) fn note_decisions(
    batch: Res<DueBatch>,
    mut facts: MessageReader<CampaignFact>,
    mut asked: MessageReader<BallotRequested>,
    mut launches: MessageReader<LaunchDue>,
    mut recalls: MessageReader<RecallGroup>,
    mut withdrawals: MessageReader<WithdrawGuests>,
    people: People,
    mut diaries: ResMut<Diaries>,
) {
    let now = batch.now();
    let mut told: Vec<(GameTime, Option<Knower>, String)> = Vec::new();
    for launch in launches.read() {
        let holder = people.holder(launch.origin);
        if let (Some(holder), OrderId::Defense { .. }) = (holder, launch.order) {
            diaries.gave.insert(launch.order, holder);
        }
        told.push((now, holder, format!("{launch:?}")));
    }
    told.extend(facts.read().map(|f| (f.at, people.decider(&f.fact, &diaries), format!("{:?}", f.fact))));
    told.extend(asked.read().map(|a| (now, Some(Knower::Alliance(a.proposal.alliance)), format!("{a:?}"))));
    told.extend(recalls.read().map(|r| (now, diaries.of_order(r.order), format!("{r:?}"))));
    told.extend(withdrawals.read().map(|w| (now, diaries.of_order(w.order), format!("{w:?}"))));
    for (at, who, what) in told {
        if let Some(who) = who {
            diaries.decided.entry(who).or_default().push((at, what));
        }
    }
}

/// Notes what each knower saw: its observations, the reports of battles and scouts of which they are made, because these
/// also tell of own losses and loot, and all that stands and lies in a village that it has taken.
pub(crate) fn note_sights(
    batch: Res<DueBatch>,
    logs: Query<(&StableId, &ObservationLog), Changed<ObservationLog>>,
    mut battles: MessageReader<BattleFought>,
    mut scouts: MessageReader<ScoutReturned>,
    mut killed: MessageReader<ScoutsKilled>,
    mut changed: MessageReader<SiteChanged>,
    mut moved: MessageReader<MembershipChanged>,
    villages: Query<(&Garrison, &Buildings, &Stores, &Economy, Option<&Defenses>, Option<&Commitments>)>,
    pasts: Query<(&Trust, &Reliability, &WarRecord, Option<&Reprisals>, Option<&Reliefs>)>,
    marches: Query<&March>,
    people: People,
    mut diaries: ResMut<Diaries>,
) {
    let now = batch.now();
    for (id, log) in &logs {
        let knower = match id {
            StableId::Alliance(id) => Knower::Alliance(*id),
            StableId::Player(id) => Knower::Player(*id),
            _ => continue,
        };
        let noted = diaries.noted.insert(knower, log.total).unwrap_or(0);
        let new = usize::try_from(log.total - noted).unwrap();
        assert!(new <= log.latest.len(), "an observation fell out before it was compared");
        let diary = diaries.seen.entry(knower).or_default();
        diary.extend(log.latest.iter().skip(log.latest.len() - new).map(|o| (now, format!("{o:?}"))));
    }
    let battles = battles.read().map(|b| (b.witness, format!("{b:?}")));
    let scouts = scouts.read().map(|s| (s.witness, format!("{s:?}")));
    let killed = killed.read().map(|k| (k.witness, format!("{k:?}")));
    let village = |site| Some(format!("{:?}", villages.get(people.index.site(site)?).ok()?));
    let taken = changed.read().filter_map(|c| c.from.and(c.to).zip(village(c.site)));
    // Whoever joins shows its new alliance its villages, its past, and what it sees coming to it.
    let joined = moved.read().flat_map(|m| {
        let own = people.sites.iter().filter(|s| s.owner == m.player);
        let mut villages: Vec<(SiteId, Option<String>)> = own.map(|s| (s.id, village(s.id))).collect();
        villages.sort_unstable();
        let past = people.index.player(m.player).and_then(|e| pasts.get(e).ok());
        let coming = marches.iter().filter(|march| villages.iter().any(|(site, _)| *site == march.target));
        let mut coming: Vec<String> = coming.map(|march| format!("{:?}", (march.id, march.arrival))).collect();
        coming.sort_unstable();
        [(m.player, format!("{villages:?} {past:?} {coming:?}"))]
    });
    for (witness, what) in battles.chain(scouts).chain(killed).chain(taken).chain(joined) {
        if let Some(knower) = people.knower(witness) {
            diaries.seen.entry(knower).or_default().push((now, what));
        }
    }
}

/// Notes what everybody may see, whenever it may have changed.
pub(crate) fn note_public(
    batch: Res<DueBatch>,
    mut sites: MessageReader<SiteChanged>,
    mut members: MessageReader<MembershipChanged>,
    mut stances: MessageReader<StanceChanged>,
    people: People,
    mut diaries: ResMut<Diaries>,
) {
    let changed = sites.read().count() + members.read().count() + stances.read().count();
    if changed > 0 || !batch.of(CENSUS).is_empty() {
        diaries.public.push((batch.now(), people.public()));
    }
}
