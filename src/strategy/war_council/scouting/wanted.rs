//! Which sites are worth a look, in which order.

use super::super::attack::{Prospect, worthwhile};
use super::super::session::Session;
use super::settings::ScoutingPolicy;
use crate::base::clock::{GameSpan, GameTime};
use crate::base::id::{AllianceId, SiteId};
use crate::base::rng::{Purpose, Stream};
use crate::decision::council::{ActionKind, SubmitProposal};
use crate::decision::planning::rules::scouting::{Guess, expected_improvement};
use crate::knowledge::intel::rules as intel;

/// Scouts that a village is taken to have, per inhabitant: a party should not be smaller.
const SCOUTS_PER_INHABITANT: f64 = 1.0 / 35.0;
/// A party that follows one that died there is this much larger than what died.
const AFTER_LOSS: f64 = 2.5;
/// Scouts of one party at least.
pub(super) const PARTY_MIN: u32 = 3;
/// A look is worth nothing before a field's half-life has passed.
const LOOK_AGAIN_AFTER: GameSpan = intel::TROOPS_HALF_LIFE;
/// What a look at the most populous village of a player is worth more.
const CAPITAL_BONUS: f64 = 0.25;

/// A site that is worth a look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) site: SiteId,
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
    /// The score of the best option without a look.
    pub(super) best_known: f64,
    /// Offense of the own sites, in goods.
    offense: f64,
    /// What an attack must be worth to be an option, in goods.
    worthwhile: f64,
}

impl<'a, 'b, 'w, 's> Judge<'a, 'b, 'w, 's> {
    #[expect(clippy::cast_precision_loss, reason = "goods of an alliance, far below 2^53")]
    pub(super) fn new(session: &'a Session<'b, 'w, 's>, best_known: f64) -> Self {
        let model = session.situation.view.model();
        let offense = |s: &crate::base::contract::SiteState| -> i64 {
            model.cost(&s.home.iter().filter(|(class, _)| model.is_offense(*class)).collect())
        };
        let offense = session.own.iter().map(offense).sum::<i64>() as f64;
        Self { session, best_known, offense, worthwhile: worthwhile(session) }
    }

    /// Enemy sites that no scouts are on their way to, that could be targets, and that were not looked at within a
    /// half-life; best first, as the policy has it.
    pub(super) fn wanted(&self, policy: ScoutingPolicy) -> Vec<Wanted> {
        let session = self.session;
        let mut wanted: Vec<Wanted> = Vec::new();
        for (enemy, site) in enemy_sites(session) {
            if !session.being_scouted.contains(&site) && self.may_be_looked_at(site) {
                let score = self.score(policy, enemy, site);
                let party = self.party(site);
                wanted.extend(score.map(|score| Wanted { site, enemy, party, score, before: None }));
            }
        }
        wanted.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.site.cmp(&b.site)));
        wanted
    }

    /// Targets of plans that have not left, and of the option of this session, that were seen too long ago: what is sent
    /// should meet what is there. Those of the earliest plan first.
    pub(super) fn again(&self, proposed: Option<&SubmitProposal>) -> Vec<Wanted> {
        let session = self.session;
        let mut again: Vec<Wanted> = Vec::new();
        let mut planned = session.planned.clone();
        if let Some(attack) = proposed.filter(|p| p.action == ActionKind::MassAttack) {
            planned.extend(attack.targets.iter().map(|t| (t.site, session.now + session.settings.vote_window)));
        }
        for (site, before) in &planned {
            let seen = self.seen_at(*site).is_some_and(|at| session.now - at <= session.settings.scouting.relook_after);
            let Some(enemy) =
                session.situation.view.site(*site).and_then(|s| session.situation.roster.alliance_of(s.owner))
            else {
                continue;
            };
            if !seen && !session.being_scouted.contains(site) && session.enemies.contains(&enemy) {
                let party = self.party(*site);
                again.push(Wanted { site: *site, enemy, party, score: f64::INFINITY, before: Some(*before) });
            }
        }
        again.sort_by_key(|w| (w.before, w.site));
        again
    }

    fn may_be_looked_at(&self, site: SiteId) -> bool {
        let view = &self.session.situation.view;
        let large = view.site(site).is_some_and(|s| s.population >= view.model().scale().population_min);
        large && self.seen_at(site).is_none_or(|at| self.session.now - at >= LOOK_AGAIN_AFTER)
    }

    fn seen_at(&self, site: SiteId) -> Option<GameTime> {
        let report = self.session.situation.view.report(self.session.alliance, site)?;
        intel::live(report.troops.as_ref(), self.session.now).map(|f| f.observed_at)
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

    /// .6 (1 - c) x the improvement that a look is expected to bring.
    #[expect(clippy::cast_precision_loss, reason = "goods of one site, far below 2^53")]
    fn value(&self, enemy: AllianceId, site: SiteId) -> Option<f64> {
        let session = self.session;
        let view = &session.situation.view;
        let model = view.model();
        if session.claimed.contains(&site) {
            return None;
        }
        let seen = view.report(session.alliance, site).and_then(|r| intel::live(r.troops.as_ref(), session.now));
        let confidence =
            seen.map_or(0.0, |f| intel::faded(f.confidence, session.now - f.observed_at, intel::TROOPS_HALF_LIFE));
        let prospect = Prospect::of(session, enemy, site)?;
        // Hammers stand in the most populous villages of their owners: everyone knows where those are.
        let population = |s: SiteId| view.site(s).map_or(0, |s| s.population);
        let owner = view.site(site)?.owner;
        let is_capital = view.sites_of(owner).iter().all(|s| population(*s) <= population(site));
        let bonus = if is_capital { CAPITAL_BONUS } else { 0.0 };
        let guess = match seen {
            Some(f) => {
                let cost = model.cost(&f.value) as f64;
                Guess::seen(cost, f.confidence, session.now - f.observed_at, &session.planning.facts)
            }
            None => Guess::unseen(prospect.army, session.settings.scouting.unseen_sigma),
        };
        let score = |army: f64| prospect.score(session, army, self.offense, self.worthwhile).map(|s| s + bonus);
        let improvement = expected_improvement(&guess, self.best_known, score);
        Some(session.planning.scores.scout * (1.0 - confidence) * improvement)
    }

    fn party(&self, site: SiteId) -> u32 {
        let session = self.session;
        let population = session.situation.view.site(site).map_or(0, |s| s.population);
        let lost = session.scouts_lost.get(&site).copied().unwrap_or(0);
        let usual = f64::from(population) * SCOUTS_PER_INHABITANT;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most some thousands")]
        let party = usual.max(f64::from(lost) * AFTER_LOSS).ceil() as u32;
        party.max(PARTY_MIN)
    }
}

/// All sites of the alliances at war with us.
pub(super) fn enemy_sites<'a>(session: &'a Session) -> impl Iterator<Item = (AllianceId, SiteId)> + 'a {
    session.enemies.iter().flat_map(move |enemy| {
        let members = session.situation.roster.members(*enemy);
        members
            .into_iter()
            .flat_map(move |m| session.situation.view.sites_of(m.player).iter().map(move |s| (*enemy, *s)))
    })
}

/// A number in 0..1 that is drawn for this site at this session.
fn lot(session: &Session, site: SiteId) -> f64 {
    let actor = u64::from(session.alliance.0) << 32 | u64::from(site.0);
    Stream::new(session.seed, actor, Purpose::SCOUTING, u64::try_from(session.now.0).unwrap_or(0)).unit()
}
