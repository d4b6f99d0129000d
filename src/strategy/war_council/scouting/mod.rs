//! Which sites to look at, and who goes.

mod settings;
mod wanted;

pub use settings::{ScoutingPolicy, ScoutingRecord, ScoutingSettings, ScoutsGone};

use super::session::Session;
use crate::action::operations::SendScouts;
use crate::base::clock::GameSpan;
use crate::base::contract::{PlayerKind, SiteState};
use crate::base::id::{PlayerId, SiteId};
use crate::base::rng::{Purpose, Stream};
use crate::base::ruleset::Force;
use crate::decision::council::SubmitProposal;
use std::collections::{BTreeMap, BTreeSet};
use wanted::{Judge, PARTY_MIN, Wanted, enemy_sites};

/// A scouting party travels at most this long.
const TRAVEL_MAX: GameSpan = GameSpan::hours(12);

/// The parties to send now: what plans rest on once more, then the sites most worth a look, each from the nearest village
/// with scouts to spare, within the budgets of session, member and day; and decoys beside them.
pub(super) fn parties(session: &Session, proposed: Option<&SubmitProposal>) -> Vec<SendScouts> {
    let settings = &session.settings.scouting;
    let judge = Judge::new(session);
    let policy = settings.policy(session.alliance);
    let mut wanted = if policy == ScoutingPolicy::Value { judge.again(proposed) } else { Vec::new() };
    wanted.extend(judge.wanted(policy));
    let mut scouts = Scouts::of(session);
    let mut parties: Vec<SendScouts> = Vec::new();
    let mut looked_at: Vec<Wanted> = Vec::new();
    let mut asked: BTreeSet<PlayerId> = BTreeSet::new();
    for i in 0..wanted.len() {
        if parties.len() >= settings.parties_per_session {
            break;
        }
        let target = wanted[i];
        if parties.iter().any(|p| p.target == target.site) {
            continue;
        }
        if let Some(party) = scouts.send(&target, false) {
            let first = policy == ScoutingPolicy::Value && !asked.contains(&target.owner);
            if first && judge.told(&target, &mut wanted[i + 1..]) {
                asked.insert(target.owner);
            }
            parties.push(party);
            looked_at.push(target);
        }
    }
    let decoys = decoys(&judge, proposed, &looked_at, &mut scouts);
    parties.extend(decoys);
    parties
}

/// Parties to sites that are no likely targets, near those that are looked at: scouts that are caught shall not tell where
/// the blow will fall.
fn decoys(
    judge: &Judge,
    proposed: Option<&SubmitProposal>,
    looked_at: &[Wanted],
    scouts: &mut Scouts,
) -> Vec<SendScouts> {
    let session = judge.session;
    let settings = &session.settings.scouting;
    let view = &session.situation.view;
    let mut stream = Stream::new(
        session.seed,
        u64::from(session.alliance.0),
        Purpose::DECOYS,
        u64::try_from(session.now.0).unwrap_or(0),
    );
    let targets = proposed.iter().flat_map(|p| p.targets.iter().map(|t| t.site));
    let mut taken: BTreeSet<SiteId> = looked_at.iter().map(|w| w.site).chain(targets).collect();
    let mut decoys = Vec::new();
    for real in looked_at {
        if decoys.len() >= settings.decoys_per_session || !stream.chance(settings.decoys_per_look) {
            continue;
        }
        let Some(at) = view.site(real.site).map(|s| s.at) else { continue };
        let near: Vec<(PlayerId, SiteId)> = enemy_sites(session)
            .filter(|(enemy, _, site)| *enemy == real.enemy && !taken.contains(site))
            .filter(|(_, _, site)| {
                !session.being_scouted.contains(site)
                    && !session.claimed.contains(site)
                    && !session.planned.contains_key(site)
                    && view.site(*site).is_some_and(|s| view.torus().distance(s.at, at) <= settings.decoy_fields)
            })
            .filter(|(enemy, _, site)| judge.is_unlikely(*enemy, *site))
            .map(|(_, owner, site)| (owner, site))
            .collect();
        let Some((owner, site)) = stream.pick(&near).copied() else { continue };
        taken.insert(site);
        let decoy = Wanted { site, owner, enemy: real.enemy, party: judge.party(site), score: 0.0, before: None };
        decoys.extend(scouts.send(&decoy, true));
    }
    decoys
}

/// Scouts that may still leave.
struct Scouts<'a, 'b, 'w, 's> {
    session: &'a Session<'b, 'w, 's>,
    /// Sites with scouts, and those of them that are free.
    free: Vec<(&'a SiteState, Force)>,
    /// Parties that each member sends at this session.
    sent_by: BTreeMap<PlayerId, usize>,
    /// Scouts that each member may still send today.
    left_today: BTreeMap<PlayerId, u32>,
}

impl<'a, 'b, 'w, 's> Scouts<'a, 'b, 'w, 's> {
    fn of(session: &'a Session<'b, 'w, 's>) -> Self {
        let model = session.situation.view.model();
        let scouts_in = |force: &Force| -> Force { force.iter().filter(|(class, _)| model.is_scout(*class)).collect() };
        let mut all: BTreeMap<PlayerId, u64> = BTreeMap::new();
        let mut free = Vec::new();
        for site in session.own {
            *all.entry(site.owner).or_default() += scouts_in(&site.home).total() + scouts_in(&site.away).total();
            let scouts = scouts_in(&session.situation.free(site));
            if scouts.total() >= u64::from(PARTY_MIN) {
                free.push((site, scouts));
            }
        }
        let gone = &session.scouts_gone;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "scouts of one member: the cast saturates"
        )]
        let left = |(member, all): (PlayerId, u64)| {
            let budget = (all as f64 * session.settings.scouting.scouts_per_member_day) as u64;
            let left = budget.saturating_sub(gone.get(&member).copied().unwrap_or(0));
            (member, u32::try_from(left).unwrap_or(u32::MAX))
        };
        let left_today = all.into_iter().map(left).collect();
        Self { session, free, sent_by: BTreeMap::new(), left_today }
    }

    /// A party to this site, from the nearest village that can send one.
    fn send(&mut self, target: &Wanted, decoy: bool) -> Option<SendScouts> {
        let session = self.session;
        let view = &session.situation.view;
        let to = view.site(target.site)?.at;
        let may_send = |site: &SiteState, scouts: &Force| {
            let left = self.left_today.get(&site.owner).copied().unwrap_or(0);
            scouts.total() >= u64::from(target.party)
                && left >= target.party
                && self.sent_by.get(&site.owner).copied().unwrap_or(0) < session.settings.scouting.parties_per_member
                // A person sends its own scouts.
                && session.member(site.owner).is_some_and(|m| m.kind == PlayerKind::Active && m.rhythm.is_awake(session.now))
        };
        let sources = self.free.iter().enumerate().filter(|(_, (site, scouts))| may_send(site, scouts));
        let (travel, _, i) = sources
            .filter_map(|(i, (site, scouts))| Some((view.model().travel_of(site, to, scouts)?, site.site, i)))
            .min()?;
        if travel > TRAVEL_MAX || target.before.is_some_and(|before| session.now + travel >= before) {
            return None;
        }
        let (site, scouts) = &mut self.free[i];
        let left = self.left_today.entry(site.owner).or_default();
        let class = scouts.iter().map(|(class, _)| class).next()?;
        // The larger the party, the more come back: a village that scouts sends nearly all that it has.
        let n = scouts
            .count(class)
            .min(target.party.saturating_mul(session.settings.scouting.party_most.max(1)))
            .min(*left);
        let force = Force::of(class, n);
        let travel = view.model().travel_of(site, to, &force)?;
        *scouts = scouts.minus(&force);
        *left -= n;
        *self.sent_by.entry(site.owner).or_default() += 1;
        Some(SendScouts {
            alliance: session.alliance,
            member: site.owner,
            origin: site.site,
            target: target.site,
            force,
            travel,
            decoy,
        })
    }
}
