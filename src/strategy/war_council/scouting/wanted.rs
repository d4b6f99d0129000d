//! Which sites are worth a look, in which order.

use super::super::attack::{Means, Prospect};
use super::super::session::Session;
use super::settings::ScoutingPolicy;
use crate::base::clock::{GameSpan, GameTime};
use crate::base::id::{AllianceId, PlayerId, SiteId};
use crate::base::rng::{Purpose, Stream};
use crate::base::ruleset::Force;
use crate::decision::council::{ActionKind, SubmitProposal};
use crate::decision::planning::rules::scouting::{Guess, Odds};
use crate::knowledge::intel::{Field, SourceKind, rules as intel};
use std::collections::BTreeMap;

/// A party that follows one that died there is this much larger than what died.
const AFTER_LOSS: f64 = 2.5;
/// Scouts of one party at least.
pub(super) const PARTY_MIN: u32 = 3;
/// A look is worth nothing before a field's half-life has passed.
const LOOK_AGAIN_AFTER: GameSpan = intel::TROOPS_HALF_LIFE;
/// Of what its inhabitants suggest an army at home counts at least this share: one that is out comes back.
const LEAST_SHARE: f64 = 0.1;
/// A site with a smaller chance is no likely target.
const UNLIKELY: f64 = 0.1;
/// The deviation of the scores of attacks whose targets were just seen: the other terms of a score weigh against it.
const SCORE_SPREAD: f64 = 0.26;

/// A site that is worth a look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) site: SiteId,
    pub(super) owner: PlayerId,
    pub(super) enemy: AllianceId,
    /// Scouts that a party there should have.
    pub(super) party: u32,
    /// What the look is worth: the more the earlier it is sent.
    pub(super) score: f64,
    /// Scouts that come later are of no use.
    pub(super) before: Option<GameTime>,
}

/// Everything that a look is judged by.
pub(super) struct Judge<'a, 'b, 'w, 's> {
    pub(super) session: &'a Session<'b, 'w, 's>,
    means: Means,
    owners: BTreeMap<PlayerId, Owner>,
}

/// What is known of the owner of enemy sites.
struct Owner {
    /// Inhabitants of the most populous of its sites: where hammers stand.
    largest: u32,
    /// Of each of its other sites whose army scouts have seen: ln(army / what its inhabitants suggest).
    seen: Vec<f64>,
    /// Whether nobody has seen any of those, and nobody is on the way to any of its sites.
    is_unknown: bool,
}

impl Owner {
    #[expect(clippy::cast_precision_loss, reason = "goods of one site, far below 2^53")]
    fn of(session: &Session, player: PlayerId) -> Self {
        let view = &session.situation.view;
        let sites = view.sites_of(player);
        let population = |site: &SiteId| view.site(*site).map_or(0, |s| s.population);
        let largest = sites.iter().map(population).max().unwrap_or(0);
        let known = |site: &&SiteId| population(site) < largest;
        let ratio = |site: &SiteId| {
            let troops = view.report(session.alliance, *site)?.troops.as_ref();
            // What an own attack left of a garrison says nothing of its owner's habits.
            let seen = intel::live(troops, session.now).filter(|f| f.kind != SourceKind::Battle)?;
            let army = view.model().cost(&seen.value) as f64;
            let usual = view.model().goods_per_inhabitant() * f64::from(population(site));
            (usual > 0.0).then(|| libm::log((army / usual).max(LEAST_SHARE)))
        };
        let seen: Vec<f64> = sites.iter().filter(known).filter_map(ratio).collect();
        let is_unknown = seen.is_empty() && !sites.iter().any(|s| session.being_scouted.contains(s));
        Self { largest, seen, is_unknown }
    }
}

impl<'a, 'b, 'w, 's> Judge<'a, 'b, 'w, 's> {
    pub(super) fn new(session: &'a Session<'b, 'w, 's>) -> Self {
        let owners = enemy_players(session).map(|(_, player)| (player, Owner::of(session, player))).collect();
        Self { session, means: Means::of(session), owners }
    }

    /// Enemy sites that no scouts and no armies of the bloc are on their way to, that could be targets, and that were not
    /// looked at within a half-life; best first, as the policy has it.
    pub(super) fn wanted(&self, policy: ScoutingPolicy) -> Vec<Wanted> {
        let session = self.session;
        let mut wanted: Vec<Wanted> = Vec::new();
        for (enemy, owner, site) in enemy_sites(session) {
            let taken = session.being_scouted.contains(&site) || session.claimed.contains(&site);
            if !taken && self.may_be_looked_at(site) {
                let score = self.score(policy, enemy, site);
                let party = self.party(site);
                wanted.extend(score.map(|score| Wanted { site, owner, enemy, party, score, before: None }));
            }
        }
        wanted.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.site.cmp(&b.site)));
        wanted
    }

    /// Targets of plans that have not left, and of the option of this session, that were seen too long ago: what is sent
    /// should meet what is there. Those of the earliest plan first. What a confederate attacks by now is left to it.
    pub(super) fn again(&self, proposed: Option<&SubmitProposal>) -> Vec<Wanted> {
        let session = self.session;
        let mut again: Vec<Wanted> = Vec::new();
        let mut planned = session.planned.clone();
        if let Some(attack) = proposed.filter(|p| p.action == ActionKind::MassAttack) {
            let window = session.library.get(&attack.pattern).map(|pattern| session.settings.window(pattern));
            let until = session.now + window.unwrap_or(session.settings.vote_window);
            planned.extend(attack.targets.iter().map(|t| (t.site, until)));
        }
        for (site, before) in &planned {
            let seen = self.seen_at(*site).is_some_and(|at| session.now - at <= session.settings.scouting.relook_after);
            let Some(owner) = session.situation.view.site(*site).map(|s| s.owner) else { continue };
            let Some(enemy) = session.situation.roster.alliance_of(owner) else { continue };
            let taken = session.being_scouted.contains(site) || session.left_to_confederates.contains(site);
            if !seen && !taken && session.enemies.contains(&enemy) {
                let party = self.party(*site);
                let (site, score, before) = (*site, f64::INFINITY, Some(*before));
                again.push(Wanted { site, owner, enemy, party, score, before });
            }
        }
        again.sort_by_key(|w| (w.before, w.site));
        again
    }

    /// A first look at an owner of whom nothing is known is sent: it tells about the owner's other sites, so that looks at
    /// those count that much less; a look at its seat tells nothing of them. `wanted` stays sorted. Returns whether it told.
    pub(super) fn told(&self, look: &Wanted, wanted: &mut [Wanted]) -> bool {
        let Some(owner) = self.owners.get(&look.owner).filter(|o| o.is_unknown) else { return false };
        let is_seat = |w: &Wanted| {
            let population = self.session.situation.view.site(w.site).map_or(0, |s| s.population);
            population >= owner.largest
        };
        if is_seat(look) {
            return false;
        }
        let left = 1.0 - self.session.settings.scouting.alike;
        wanted.iter_mut().filter(|w| w.owner == look.owner && !is_seat(w)).for_each(|w| w.score *= left);
        wanted.sort_by(|a, b| b.score.total_cmp(&a.score));
        true
    }

    fn may_be_looked_at(&self, site: SiteId) -> bool {
        let view = &self.session.situation.view;
        let large = view.site(site).is_some_and(|s| s.population >= view.model().scale().population_min);
        large && self.seen_at(site).is_none_or(|at| self.session.now - at >= LOOK_AGAIN_AFTER)
    }

    /// The troops that were last seen at a site.
    fn seen(&self, site: SiteId) -> Option<&Field<Force>> {
        let report = self.session.situation.view.report(self.session.alliance, site)?;
        intel::live(report.troops.as_ref(), self.session.now)
    }

    fn seen_at(&self, site: SiteId) -> Option<GameTime> {
        self.seen(site).map(|f| f.observed_at)
    }

    /// What a look is worth; none if nothing.
    pub(super) fn score(&self, policy: ScoutingPolicy, enemy: AllianceId, site: SiteId) -> Option<f64> {
        let session = self.session;
        match policy {
            ScoutingPolicy::Value => self.value(enemy, site).filter(|v| *v > 0.0),
            ScoutingPolicy::Random => Some(lot(session, site)),
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of a campaign, below 2^53")]
            ScoutingPolicy::OldestFirst => {
                // What nobody has seen is older than any campaign; of several such sites a draw decides.
                Some(self.seen_at(site).map_or_else(
                    || f64::from(u32::MAX) * 1e6 * (1.0 + lot(session, site)),
                    |at| (session.now - at).0 as f64,
                ))
            }
        }
    }

    /// .6 (1 - c) x the chance that the look finds an army worth an attack x e^(what else speaks for the attack / its
    /// spread), for each scout.
    fn value(&self, enemy: AllianceId, site: SiteId) -> Option<f64> {
        let session = self.session;
        let fresh = |f: &Field<Force>| intel::faded(f.confidence, session.now - f.observed_at, intel::TROOPS_HALF_LIFE);
        let confidence = self.seen(site).map_or(0.0, fresh);
        let prospect = Prospect::of(session, &self.means, enemy, site)?;
        let chance = self.chance(site, &prospect)?;
        let suits = libm::exp(prospect.score / SCORE_SPREAD);
        Some(session.planning.scores.scout * (1.0 - confidence) * chance * suits / f64::from(self.party(site)))
    }

    /// Whether a look at this site would hardly find a target.
    pub(super) fn is_unlikely(&self, enemy: AllianceId, site: SiteId) -> bool {
        let prospect = Prospect::of(self.session, &self.means, enemy, site);
        prospect.and_then(|p| self.chance(site, &p)).is_none_or(|chance| chance < UNLIKELY)
    }

    /// The chance that a look at this site finds an army that an attack on it pays.
    #[expect(clippy::cast_precision_loss, reason = "goods of one site, far below 2^53")]
    fn chance(&self, site: SiteId, prospect: &Prospect) -> Option<f64> {
        let session = self.session;
        let view = &session.situation.view;
        let model = view.model();
        let settings = &session.settings.scouting;
        let public = view.site(site)?;
        let owner = self.owners.get(&public.owner)?;
        let guess = match self.seen(site) {
            Some(f) => {
                let cost = model.cost(&f.value) as f64;
                Guess::seen(cost, f.confidence, session.now - f.observed_at, &session.planning.facts)
            }
            // A hammer at the seat of a player says nothing about its other sites, nor they about it.
            None if public.population >= owner.largest => Guess::unseen(prospect.army, settings.unseen_sigma),
            None => Guess::of_owner(prospect.army, &owner.seen, settings.unseen_sigma, settings.alike),
        };
        let odds = Odds {
            least_goods: model.scale().defense_goods_min as f64,
            weak_goods: settings.weak * prospect.army,
            strong: settings.strong_odds,
            even_goods: settings.even_share * self.means.offense,
        };
        Some(odds.of_look(&guess))
    }

    pub(super) fn party(&self, site: SiteId) -> u32 {
        let session = self.session;
        let population = session.situation.view.site(site).map_or(0, |s| s.population);
        let lost = session.scouts_lost.get(&site).copied().unwrap_or(0);
        let usual = f64::from(population) / session.settings.scouting.inhabitants_per_scout;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most some thousands")]
        let party = usual.max(f64::from(lost) * AFTER_LOSS).ceil() as u32;
        party.max(PARTY_MIN)
    }
}

/// All sites of the alliances at war with us.
pub(super) fn enemy_sites<'a>(session: &'a Session) -> impl Iterator<Item = (AllianceId, PlayerId, SiteId)> + 'a {
    let sites = |player| session.situation.view.sites_of(player).iter();
    enemy_players(session).flat_map(move |(enemy, player)| sites(player).map(move |site| (enemy, player, *site)))
}

/// All members of the alliances at war with us.
fn enemy_players<'a>(session: &'a Session) -> impl Iterator<Item = (AllianceId, PlayerId)> + 'a {
    let members = |enemy: &AllianceId| session.situation.roster.members(*enemy);
    session.enemies.iter().flat_map(move |enemy| members(enemy).into_iter().map(move |m| (*enemy, m.player)))
}

/// A number in 0..1 that is drawn for this site at this session.
fn lot(session: &Session, site: SiteId) -> f64 {
    let actor = u64::from(session.alliance.0) << 32 | u64::from(site.0);
    Stream::new(session.seed, actor, Purpose::SCOUTING, u64::try_from(session.now.0).unwrap_or(0)).unit()
}
