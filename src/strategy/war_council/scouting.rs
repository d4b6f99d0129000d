//! Which sites to look at, and who goes.

use super::session::Session;
use crate::action::operations::SendScouts;
use crate::base::clock::GameSpan;
use crate::base::contract::{PlayerKind, SiteState};
use crate::base::id::{AllianceId, PlayerId, SiteId};
use crate::base::ruleset::Force;
use crate::decision::planning::rules::option::{ScoutInputs, scout_score};
use crate::knowledge::intel::rules as intel;
use std::collections::BTreeMap;

/// Scouts that a village is taken to have, per inhabitant: a party should not be smaller.
const SCOUTS_PER_INHABITANT: f64 = 1.0 / 35.0;
/// A party that follows one that died there is this much larger than what died.
const AFTER_LOSS: f64 = 2.5;
/// Scouts of one party at least.
const PARTY_MIN: u32 = 3;
/// A look is worth nothing before a field's half-life has passed.
const LOOK_AGAIN_AFTER: GameSpan = intel::TROOPS_HALF_LIFE;
/// What a look at the most populous village of a player is worth more.
const CAPITAL_BONUS: f64 = 0.25;
/// A scouting party travels at most this long.
const TRAVEL_MAX: GameSpan = GameSpan::hours(12);

/// A site that is worth a look.
struct Wanted {
    site: SiteId,
    score: f64,
    /// Scouts that a party there should have.
    party: u32,
}

/// The parties to send now: the sites most worth a look, each from the nearest village with scouts to spare, within
/// the budgets of session and member.
pub(super) fn parties(session: &Session, best_known: f64) -> Vec<SendScouts> {
    let wanted = wanted(session, best_known);
    let mut free: Vec<(&SiteState, Force)> = session
        .own
        .iter()
        .filter_map(|site| {
            let model = session.situation.view.model();
            let scouts: Force =
                session.situation.free(site).iter().filter(|(class, _)| model.is_scout(*class)).collect();
            (scouts.total() >= u64::from(PARTY_MIN)).then_some((site, scouts))
        })
        .collect();
    let mut sent_by: BTreeMap<PlayerId, usize> = BTreeMap::new();
    let mut parties = Vec::new();
    for target in wanted {
        if parties.len() >= session.settings.parties_per_session {
            break;
        }
        parties.extend(party(session, &target, &mut free, &mut sent_by));
    }
    parties
}

fn party(
    session: &Session,
    target: &Wanted,
    free: &mut [(&SiteState, Force)],
    sent_by: &mut BTreeMap<PlayerId, usize>,
) -> Option<SendScouts> {
    let view = &session.situation.view;
    let to = view.site(target.site)?.at;
    let (travel, _, i) = free
        .iter()
        .enumerate()
        .filter(|(_, (site, scouts))| {
            scouts.total() >= u64::from(target.party)
                && sent_by.get(&site.owner).copied().unwrap_or(0) < session.settings.parties_per_member
                // A person sends its own scouts.
                && session.member(site.owner).is_some_and(|m| m.kind == PlayerKind::Active && m.rhythm.is_awake(session.now))
        })
        .filter_map(|(i, (site, scouts))| Some((view.model().travel_of(site, to, scouts)?, site.site, i)))
        .min()?;
    if travel > TRAVEL_MAX {
        return None;
    }
    let (site, scouts) = &mut free[i];
    let class = scouts.iter().map(|(class, _)| class).next()?;
    // The larger the party, the more come back: a village that scouts sends nearly all that it has.
    let force = Force::of(class, scouts.count(class).min(target.party.saturating_mul(2)));
    let travel = view.model().travel_of(site, to, &force)?;
    *scouts = scouts.minus(&force);
    *sent_by.entry(site.owner).or_default() += 1;
    Some(SendScouts {
        alliance: session.alliance,
        member: site.owner,
        origin: site.site,
        target: target.site,
        force,
        travel,
    })
}

/// Enemy sites by what a look at them is worth, best first.
fn wanted(session: &Session, best_known: f64) -> Vec<Wanted> {
    let view = &session.situation.view;
    let mut wanted: Vec<Wanted> = Vec::new();
    for enemy in &session.enemies {
        for member in session.situation.roster.members(*enemy) {
            for site in view.sites_of(member.player) {
                if session.being_scouted.contains(site) {
                    continue;
                }
                wanted.extend(worth(session, *enemy, *site, best_known));
            }
        }
    }
    wanted.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.site.cmp(&b.site)));
    wanted.truncate(session.settings.parties_per_session * 20);
    wanted
}

fn worth(session: &Session, enemy: AllianceId, site: SiteId, best_known: f64) -> Option<Wanted> {
    let seen =
        session.situation.view.report(session.alliance, site).and_then(|r| intel::live(r.troops.as_ref(), session.now));
    let confidence = match seen {
        Some(f) if session.now - f.observed_at < LOOK_AGAIN_AFTER => return None,
        Some(f) => intel::faded(f.confidence, session.now - f.observed_at, intel::TROOPS_HALF_LIFE),
        None => 0.0,
    };
    let view = &session.situation.view;
    // Hammers stand in the most populous villages of their owners: everyone knows where those are.
    let population = |s: SiteId| view.site(s).map_or(0, |s| s.population);
    let owner = view.site(site)?.owner;
    let is_capital = view.sites_of(owner).iter().all(|s| population(*s) <= population(site));
    let optimistic =
        super::attack::optimistic_score(session, enemy, site)? + if is_capital { CAPITAL_BONUS } else { 0.0 };
    let inputs = ScoutInputs {
        confidence: Some(confidence),
        optimistic_target: Some(optimistic),
        best_known: Some(best_known),
        continues_aim: false,
    };
    let score = scout_score(&inputs, &session.planning.scores).score;
    let lost = session.scouts_lost.get(&site).copied().unwrap_or(0);
    let usual = f64::from(population(site)) * SCOUTS_PER_INHABITANT;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most some thousands")]
    let party = usual.max(f64::from(lost) * AFTER_LOSS).ceil() as u32;
    (score > 0.0).then_some(Wanted { site, score, party: party.max(PARTY_MIN) })
}
