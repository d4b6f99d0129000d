//! The attack option: which targets, with which pattern, when.

use super::option::CouncilOption;
use super::session::Session;
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{Manner, SiteEstimate, SiteState};
use crate::base::id::{AllianceId, Knower, PlayerId, SiteId};
use crate::decision::council::{
    ActionKind, Asked, Expected, Goal, Muster, Pledge, ProposedTarget, SubmitProposal, army_home_at, circumstances,
    elsewhere,
};
use crate::decision::planning::allocation::{
    AllocationProblem, Errand, Plan, PlannedGroup, Source, TargetSpec, allocate,
};
use crate::decision::planning::rules::circumstance::CircumstanceInputs;
use crate::decision::planning::rules::facts::{AttackEstimate, AttackFacts};
use crate::decision::planning::rules::option::{AttackInputs, attack_score, sameness};
use crate::decision::planning::rules::target::{TargetInputs, ValueInputs, is_worthwhile, target_score, target_value};
use crate::decision::planning::{Covering, Pattern, PatternGoal, earliest_with_chiefs};
use crate::knowledge::intel::dossier::rules::QuietHours;
use crate::knowledge::intel::rules as intel;
use std::collections::{BTreeMap, BTreeSet};

/// Villages nearest to a target that are considered as its sources.
const SOURCES_MAX: usize = 48;
/// Villages with chiefs that are considered beyond those.
const CHIEF_SOURCES_MAX: usize = 8;
/// The ratio at which candidates are compared before they are planned for.
const GUESSED_RATIO: f64 = 2.5;
/// Villages that an operation is expected to have at least: what it brings must be worth their while.
const VILLAGES_EXPECTED: f64 = 4.0;
/// Each further target that the same operation reaches adds this share of its own score.
const FURTHER_TARGET: f64 = 0.25;
/// Groups of one operation at most, while it is planned.
const GROUPS_MAX: usize = 60;

/// A site that could be attacked, with what is believed of it.
#[derive(Clone)]
struct Candidate {
    enemy: AllianceId,
    spec: TargetSpec,
    /// What is believed of an attack on it.
    attack: AttackEstimate,
    /// What else its score rests on.
    inputs: TargetInputs,
    score: f64,
    /// Whether nobody stands there whom an operation could break: it can only be taken.
    undefended: bool,
    /// Whether it would be taken.
    takes: bool,
}

/// The attacks that are possible, the best first; or the gate that blocks all of them. What is planned for in detail is noted in `considered`: the
/// choice rests on all of it.
pub(super) fn options_by_score(
    session: &Session,
    considered: &mut Vec<SiteId>,
) -> Result<Vec<CouncilOption>, &'static str> {
    // What was not considered for fair play, or for want of resolve, is the gate where nothing else is left.
    search(session, considered).map_err(|gate| session.kept_back.get().unwrap_or(gate))
}

fn search(session: &Session, considered: &mut Vec<SiteId>) -> Result<Vec<CouncilOption>, &'static str> {
    let sources = all_sources(session);
    if sources.is_empty() {
        return Err("no_force_at_home");
    }
    let takes = taking(session, &sources).is_some();
    let candidates = candidates(session, &sources, takes);
    if candidates.is_empty() {
        return Err("no_intel");
    }
    considered.extend(candidates.iter().map(|c| c.spec.site));
    let taking = taking(session, &sources);
    let mut planned: Vec<(Candidate, Plan, GameTime)> = candidates
        .into_iter()
        .filter_map(|c| {
            // What a victory needs is taken if it can be.
            let takes = taking.filter(|_| c.undefended || stakes(session, c.spec.site) > 0.0);
            let breaks = (!c.undefended).then(|| session.library.default_pattern());
            let forces = Forces { sources: &sources, guards: &[] };
            takes.into_iter().chain(breaks).find_map(|pattern| {
                let (plan, arrival) = plan(session, forces, (c.enemy, core::slice::from_ref(&c.spec)), pattern)?;
                let met = plan.meets_any(1.0) && is_fair(session, &plan, pattern);
                met.then(|| (rescored(session, c.clone(), &plan, arrival, pattern), plan, arrival))
            })
        })
        .collect();
    planned.retain(|(c, ..)| c.score >= session.planning.scores.target_min - session.margin());
    // A village without defenders is taken, or nothing: what speaks against taking one more counts before it is held against others.
    let scores = &session.planning.scores;
    let once_more = taking.map_or(0.0, |p| scores.sameness * sameness(same_pattern(session, p), scores));
    let rank = |c: &Candidate| if c.undefended { c.score - once_more } else { c.score };
    planned.sort_by(|a, b| rank(&b.0).total_cmp(&rank(&a.0)).then(a.0.spec.site.cmp(&b.0.spec.site)));
    if planned.is_empty() {
        return Err("no_target_above_threshold");
    }
    let forces = Forces { sources: &sources, guards: &[] };
    // A village without defenders that stands before all others is taken, if that is a plan for several members.
    let undefended = planned.iter().map(|(c, ..)| c).take_while(|c| c.undefended);
    let taken = undefended.filter_map(|c| option(session, forces, &[c], taking?)).next();
    let defended = planned.iter().map(|(c, ..)| c).find(|c| !c.undefended);
    let enemy = match (taken, defended) {
        (Some(option), Some(_)) if option.score < scores.option_min - session.margin() => defended.map(|c| c.enemy),
        (Some(option), _) => return Ok(vec![option]),
        (None, _) => defended.map(|c| c.enemy),
    };
    let enemy = enemy.ok_or("no_plan")?;
    let (theirs, of_others): (Vec<&Candidate>, Vec<&Candidate>) =
        planned.iter().map(|(c, ..)| c).filter(|c| !c.undefended).partition(|c| c.enemy == enemy);
    let mut options = options(session, &sources, &theirs, &of_others);
    options
        .sort_by(|a, b| b.score.total_cmp(&a.score).then(a.submission.targets.len().cmp(&b.submission.targets.len())));
    if options.is_empty() { Err("no_plan") } else { Ok(options) }
}

/// An attack that a member proposes: these targets, all of one enemy, with this pattern or the usual one. Nothing of it is picked
/// for it; it must be a plan that meets its goals, as every other.
pub(super) fn moved(
    session: &Session,
    targets: &[SiteId],
    pattern: Option<&str>,
) -> Result<CouncilOption, &'static str> {
    let pattern = match pattern {
        None => session.library.default_pattern(),
        Some(name) => session.library.get(name).ok_or("pattern_exists")?,
    };
    if pattern.fits(session.situation.view.model().capabilities()).is_err() {
        return Err("pattern_fits");
    }
    if targets.is_empty() || targets.len() > session.settings.targets_per_operation {
        return Err("targets_per_operation");
    }
    if targets.iter().enumerate().any(|(i, site)| targets[..i].contains(site)) {
        return Err("different_targets");
    }
    let enemy_of = |site: &SiteId| {
        let owner = session.situation.view.site(*site).map(|s| s.owner)?;
        session.situation.roster.alliance_of(owner).filter(|a| session.enemies.contains(a))
    };
    let enemy = enemy_of(&targets[0]).ok_or("no_war")?;
    if targets.iter().any(|site| enemy_of(site) != Some(enemy)) {
        return Err("one_enemy");
    }
    if targets.iter().any(|site| session.claimed.contains(site)) {
        return Err("claimed_target");
    }
    let takes = pattern.goal == PatternGoal::Take;
    if targets.iter().any(|site| session.situation.view.site(*site).is_some_and(|s| is_spared(session, s.owner, takes)))
    {
        return Err("fair_play");
    }
    let sources = all_sources(session);
    if sources.is_empty() {
        return Err("no_force_at_home");
    }
    let strength = strength_ratio(session, enemy);
    let (help, now) = (&session.planning.help, session.now);
    let known: Option<Vec<Candidate>> = targets
        .iter()
        .map(|site| {
            let takes = pattern.goal == PatternGoal::Take;
            let candidate = candidate(session, &sources, enemy, *site, strength, takes)?;
            Some(Candidate {
                spec: session.situation.reckoned(session.alliance, candidate.spec, help, now),
                ..candidate
            })
        })
        .collect();
    let known = known.ok_or("no_intel")?;
    let guards = if pattern.has_guards() { all_guards(session) } else { Vec::new() };
    let forces = Forces { sources: &sources, guards: &guards };
    let option = option(session, forces, &known.iter().collect::<Vec<_>>(), pattern);
    option.ok_or_else(|| session.kept_back.get().unwrap_or("no_plan"))
}

/// Whether attacks on a player would be foul, as far as the alliance knows.
fn is_spared(session: &Session, player: PlayerId, takes: bool) -> bool {
    session.referee.is_spared(player, Knower::Alliance(session.alliance), takes, session.now)
}

/// Whether nothing of a plan would be foul to a person, as far as the alliance knows.
fn is_fair(session: &Session, plan: &Plan, pattern: &Pattern) -> bool {
    let (view, roster) = (&session.situation.view, &session.situation.roster);
    let groups = plan.groups.iter().map(|g| (g.target, &g.force, g.arrival));
    let (by, takes) = (Knower::Alliance(session.alliance), pattern.goal == PatternGoal::Take);
    let fair = session.referee.fouls_known((view, roster), by, groups, takes, session.now).is_empty();
    if !fair {
        session.kept_back.set(Some("fair_play"));
    }
    fair
}

/// The first pattern that takes a site and that the ruleset can carry, where enough chiefs stand ready for it.
fn taking<'a>(session: &'a Session, sources: &[Source]) -> Option<&'a Pattern> {
    let chiefs: u64 = sources.iter().map(|s| s.chiefs.total()).sum();
    if chiefs < u64::from(session.situation.view.model().chiefs_needed()) {
        return None;
    }
    let mut fitting = session.library.fitting(session.situation.view.model().capabilities());
    fitting.find(|p| p.goal == PatternGoal::Take)
}

/// The default pattern with one to as many of these targets of one enemy as an operation has at most, the best first, and with as many
/// as are best with it all other patterns that the ruleset can carry and whose circumstances hold; and what follows an army home, to
/// targets of other enemies too. Of equal options the first counts.
fn options(
    session: &Session,
    sources: &[Source],
    targets: &[&Candidate],
    of_others: &[&Candidate],
) -> Vec<CouncilOption> {
    let together = &targets[..targets.len().min(session.settings.targets_per_operation)];
    let default = session.library.default_pattern();
    let plain = Forces { sources, guards: &[] };
    let mut options: Vec<CouncilOption> =
        (1..=together.len()).filter_map(|n| option(session, plain, &together[..n], default)).collect();
    let best = options.iter().rev().max_by(|a, b| a.score.total_cmp(&b.score));
    let best = best.map_or(1, |o| o.submission.targets.len());
    let fitting = session.library.fitting(session.situation.view.model().capabilities());
    let further: Vec<&Pattern> = fitting.filter(|p| p.name != default.name).collect();
    let suiting = |targets: &[&Candidate]| -> Vec<&Pattern> {
        let inputs = circumstances_of(session, targets);
        further.iter().filter(|p| p.suits(&inputs, &session.planning.circumstances)).copied().collect()
    };
    // A site is taken alone: everyone must be there for it.
    let alone = |p: &&Pattern| p.goal == PatternGoal::Take;
    let (joint, first) = (&together[..best], &together[..1]);
    let mut chosen: Vec<(&Pattern, Vec<&Candidate>)> = Vec::new();
    chosen.extend(suiting(joint).into_iter().filter(|p| !alone(p)).map(|p| (p, joint.to_vec())));
    chosen.extend(suiting(first).into_iter().filter(alone).map(|p| (p, first.to_vec())));
    // A site to which an army comes home is tried alone, and in the place of the last of them if it is none of them; not one of another
    // enemy, as an operation has one.
    let all = targets.iter().chain(of_others).enumerate();
    for (n, site) in all.filter(|(_, c)| army_home(session, &c.spec).is_some()) {
        let single = (best > 1 || n > 0).then(|| vec![*site]);
        let stands_in = (best > 1 && (best..targets.len()).contains(&n))
            .then(|| together[..best - 1].iter().chain([site]).copied().collect::<Vec<_>>());
        for set in [single, stands_in].into_iter().flatten() {
            let following = suiting(&set).into_iter().filter(|p| p.follows_home() && !alone(p));
            chosen.extend(following.map(|p| (p, set.clone())));
        }
    }
    let guards = if chosen.iter().any(|(p, _)| p.has_guards()) { all_guards(session) } else { Vec::new() };
    let forces = Forces { sources, guards: &guards };
    options.extend(chosen.into_iter().filter_map(|(pattern, targets)| option(session, forces, &targets, pattern)));
    options
}

/// The share that a pattern has of the alliance's latest operations. Who must be the last takes, and does nothing else: then it counts
/// as none.
fn same_pattern(session: &Session, pattern: &Pattern) -> f64 {
    let share = session.manners.get(&pattern.name).copied().unwrap_or(0.0);
    if session.ranking.last_alliance { 0.0 } else { share }
}

/// What the circumstances of an attack on these candidates are judged by.
fn circumstances_of(session: &Session, targets: &[&Candidate]) -> CircumstanceInputs {
    let specs: Vec<TargetSpec> = targets.iter().map(|c| c.spec.clone()).collect();
    let hours_away = targets.iter().filter_map(|c| c.inputs.hours_away).fold(0.0, f64::max);
    let enemy = targets.first().map_or(AllianceId::default(), |c| c.enemy);
    let Session { situation, alliance, planning, now, .. } = session;
    let around = circumstances(situation, *alliance, enemy, &specs, &session.threats.incoming, planning, *now);
    CircumstanceInputs { hours_away, ..around }
}

/// When the army of a target that is out is surely home.
fn army_home(session: &Session, target: &TargetSpec) -> Option<GameTime> {
    let Session { situation, alliance, now, .. } = session;
    let settings = &session.planning.circumstances;
    army_home_at(situation, *alliance, &session.threats.incoming, target, settings, *now)
}

/// Who could send what.
#[derive(Clone, Copy)]
struct Forces<'a> {
    sources: &'a [Source],
    /// Villages with defensive troops.
    guards: &'a [Source],
}

/// All members with all that they have.
fn all_in(session: &Session) -> BTreeMap<PlayerId, Pledge> {
    session.members.iter().map(|m| (m.player, Pledge::ALL)).collect()
}

fn all_guards(session: &Session) -> Vec<Source> {
    muster(session, &all_in(session)).guards()
}

fn all_sources(session: &Session) -> Vec<Source> {
    muster(session, &all_in(session)).offense()
}

fn muster<'a, 'w, 's>(session: &'a Session<'_, 'w, 's>, pledges: &'a BTreeMap<PlayerId, Pledge>) -> Muster<'a, 'w, 's> {
    let Session { situation, alliance, members, threats, now, .. } = session;
    Muster { situation, alliance: *alliance, members, pledges, threats, rest: session.planning.rest, now: *now }
}

/// Enemy sites whose troops are known, the best first by what can be said without a plan.
///
/// `takes`: whether a site could be taken at all. Those that can only be taken have their own places among what is planned for:
/// they cost little, and would crowd out all others.
fn candidates(session: &Session, sources: &[Source], takes: bool) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let worthwhile = worthwhile(session);
    for enemy in &session.enemies {
        if session.mistakes(*enemy).is_some_and(|m| m.hesitates(session.now)) {
            session.kept_back.set(Some("hesitates"));
            continue;
        }
        let strength = strength_ratio(session, *enemy);
        for member in session.situation.roster.members(*enemy) {
            let spared = [false, true].map(|takes| is_spared(session, member.player, takes));
            if spared[0] {
                session.kept_back.set(Some("fair_play"));
            }
            for site in session.situation.view.sites_of(member.player) {
                if !session.claimed.contains(site) && spared != [true, true] {
                    let candidate = candidate(session, sources, *enemy, *site, strength, takes);
                    candidates.extend(candidate.filter(|c| !spared[usize::from(c.takes)]));
                }
            }
        }
    }
    candidates.retain(|c| c.spec.value >= worthwhile);
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.spec.site.cmp(&b.spec.site)));
    // What can only be taken has places of its own, and so has where an army comes home if all others are taken.
    let planned = session.settings.targets_planned;
    let (mut to_take, mut to_break, mut to_follow) = (planned.div_ceil(4), planned, planned.div_ceil(4));
    let has_place = |left: &mut usize| {
        let place = *left > 0;
        *left = left.saturating_sub(1);
        place
    };
    candidates.retain(|c| {
        if c.undefended {
            return has_place(&mut to_take);
        }
        has_place(&mut to_break)
            || (to_follow > 0 && army_home(session, &c.spec).is_some() && has_place(&mut to_follow))
    });
    // What is planned for in detail is held against the help that would come.
    let (help, now) = (&session.planning.help, session.now);
    let reckoned = |spec| session.situation.reckoned(session.alliance, spec, help, now);
    candidates.into_iter().map(|c| Candidate { spec: reckoned(c.spec), ..c }).collect()
}

/// What an attack must be worth at least, in goods.
fn worthwhile(session: &Session) -> f64 {
    VILLAGES_EXPECTED * session.planning.scores.drop_hours * mean_production(session)
}

/// What a village makes per hour on average, in goods.
#[expect(clippy::cast_precision_loss, reason = "goods per hour of an alliance")]
fn mean_production(session: &Session) -> f64 {
    let all: i64 = session.own.iter().map(|s| s.per_hour.total()).sum();
    all as f64 / session.own.len().max(1) as f64
}

fn strength_ratio(session: &Session, enemy: AllianceId) -> f64 {
    let ours = own_strength(session);
    if ours <= 0.0 { 0.0 } else { session.situation.believed_strength(session.alliance, enemy, session.now) / ours }
}

#[expect(clippy::cast_precision_loss, reason = "goods of an alliance, far below 2^53")]
fn own_strength(session: &Session) -> f64 {
    session.army as f64
}

fn candidate(
    session: &Session,
    sources: &[Source],
    enemy: AllianceId,
    site: SiteId,
    strength: f64,
    takes: bool,
) -> Option<Candidate> {
    // Whoever can be home before the latest arrival may stand there.
    let latest = session.now + session.settings.arrival_within;
    let mut estimate = session.situation.view.estimate_at(session.alliance, site, session.now, latest)?;
    if let Some(mistakes) = session.mistakes(enemy) {
        estimate.troops = mistakes.misjudged(site, estimate.seen_at, &estimate.troops);
    }
    if estimate.population < session.situation.view.model().scale().population_min && stakes(session, site) <= 0.0 {
        return None;
    }
    // An operation breaks a defense; where there is none, a raid does, or it is taken.
    let model = session.situation.view.model();
    let undefended = model.cost(&estimate.troops) < model.scale().defense_goods_min;
    if undefended && !takes {
        return None;
    }
    let goal =
        if undefended || (takes && stakes(session, site) > 0.0) { PatternGoal::Take } else { PatternGoal::Break };
    let value = value(session, site, &estimate, estimate.goods.total(), goal);
    let attack = AttackEstimate {
        ratio: GUESSED_RATIO,
        confidence: estimate.confidence,
        age: session.now - estimate.seen_at,
        value_goods: value,
        cost_goods: cost_at(session, sources, &estimate, GUESSED_RATIO)?,
    };
    // Who must be the last pities nobody.
    let to_the_end = session.ranking.last_alliance;
    let inputs = TargetInputs {
        gain: None,
        aim: Some(aim(session, enemy, site)),
        confidence: None,
        hours_away: Some(hours_away(session, sources, &estimate)?),
        other_enemies: (!to_the_end).then(|| others(session, enemy)),
        leads: false,
        days_since_hit: session.last_hit.get(&site).map(|t| (session.now - *t).as_hours() / 24.0),
        owner_hits: owner_hits(session, site),
        strength_ratio: (!to_the_end).then_some(strength),
    };
    let score = score(session, &attack, &inputs);
    let spec = TargetSpec::new(site, estimate, value, session.allocation, &*session.situation.view.model().0);
    let takes = goal == PatternGoal::Take;
    Some(Candidate { enemy, spec, attack, inputs, score, undefended, takes })
}

/// The score of a target with what an attack on it is believed to bring.
fn score(session: &Session, attack: &AttackEstimate, inputs: &TargetInputs) -> f64 {
    let facts = AttackFacts::derive(attack, &session.planning.facts);
    let inputs = TargetInputs { gain: Some(facts.gain), confidence: Some(facts.confidence), ..*inputs };
    target_score(&inputs, &session.planning.scores).score
}

/// The value of breaking a site, what can be carried off and what its troops cost; and of taking it, what it makes.
#[expect(clippy::cast_precision_loss, reason = "goods of one village, far below 2^53")]
fn value(session: &Session, site: SiteId, estimate: &SiteEstimate, carry: i64, goal: PatternGoal) -> f64 {
    let model = session.situation.view.model();
    let offense = estimate.troops.iter().filter(|(c, _)| model.is_offense(*c)).collect();
    let offense = model.cost(&offense);
    let inputs = ValueInputs {
        loot_goods: Some(estimate.goods.total().min(carry) as f64),
        kills_defense_goods: Some((model.cost(&estimate.troops) - offense) as f64),
        kills_offense_goods: Some(offense as f64),
        bonus_goods: (goal == PatternGoal::Take)
            .then(|| session.settings.take_hours * model.production(estimate.population) + stakes(session, site)),
        ..ValueInputs::default()
    };
    target_value(&inputs, &session.planning.scores).score
}

/// What taking a village brings where the last alliance wins: the last of them is worth the victory.
#[expect(clippy::cast_precision_loss, reason = "villages of a world")]
fn elimination(session: &Session) -> f64 {
    let roster = &session.situation.roster;
    let rivals = roster.active_alliances().into_iter().filter(|other| *other != session.alliance);
    let members = rivals.flat_map(|rival| roster.members(rival));
    let left: usize = members.map(|m| session.situation.view.sites_of(m.player).len()).sum();
    session.settings.elimination_bonus.max(session.settings.elimination_stake / left.max(1) as f64)
}

/// What taking a site brings towards a victory, in goods: public all of it.
fn stakes(session: &Session, site: SiteId) -> f64 {
    let last = if session.ranking.last_alliance { elimination(session) } else { 0.0 };
    let levels = session.ranking.wonder_levels.map_or(0, |levels| levels.min(session.wonder_settings.levels));
    let built = if levels > 0 { f64::from(session.wonders.level_at(site)) / f64::from(levels) } else { 0.0 };
    last + session.settings.wonder_bonus * built.min(1.0)
}

/// What an attack at this ratio would cost to send, judged by the nearest large force; the plan replaces this guess.
#[expect(clippy::cast_precision_loss, reason = "goods of one village, far below 2^53")]
fn cost_at(session: &Session, sources: &[Source], estimate: &SiteEstimate, ratio: f64) -> Option<f64> {
    let model = session.situation.view.model();
    let largest = sources.iter().max_by(|a, b| {
        model.attack(&a.available).total_cmp(&model.attack(&b.available)).then(b.site.site.cmp(&a.site.site))
    })?;
    let group = largest.group(largest.available.clone());
    let cost = model.cost(&group.force) as f64;
    let forecast = model.forecast(&[group], estimate, Manner::Siege);
    (forecast.ratio > 0.0).then(|| cost * ratio / forecast.ratio)
}

fn aim(session: &Session, enemy: AllianceId, site: SiteId) -> f64 {
    let war = session.situation.roster.relations(session.alliance).and_then(|(_, wars, _)| wars.0.get(&enemy));
    if war.is_some_and(|war| war.aim.contains(&site)) { 1.0 } else { 0.5 }
}

/// What the owner of a site suffered from us lately; who must be the last spares nobody.
fn owner_hits(session: &Session, site: SiteId) -> Option<f64> {
    let owner = session.situation.view.site(site).filter(|_| !session.ranking.last_alliance)?.owner;
    Some(session.owner_hits.get(&owner).copied().unwrap_or(0.0))
}

/// How many other alliances are at war with the same enemy: known to all.
fn others(session: &Session, enemy: AllianceId) -> u32 {
    let wars = session.situation.roster.relations(enemy).map_or(0, |(stances, ..)| stances.wars().count());
    u32::try_from(wars.saturating_sub(1)).unwrap_or(0)
}

/// Hours that the nearest offense travels.
fn hours_away(session: &Session, sources: &[Source], estimate: &SiteEstimate) -> Option<f64> {
    let torus = session.situation.view.torus();
    let nearest = sources.iter().min_by_key(|s| (torus.distance_squared(s.site.at, estimate.at), s.site.site))?;
    let model = session.situation.view.model();
    model.travel_of(&nearest.site, estimate.at, &nearest.available).map(GameSpan::as_hours)
}

/// How well an attack on a site would suit, by what everybody can know of it: for deciding where to look.
pub(super) struct Prospect {
    /// What its inhabitants suggest for its army, in goods.
    pub(super) army: f64,
    /// The score of an attack without its gain and with a fresh look.
    pub(super) score: f64,
}

/// What is the same for all prospects of a session.
pub(super) struct Means {
    /// Offense of the own sites, in goods.
    pub(super) offense: f64,
    /// Strength of each enemy over ours.
    strength: BTreeMap<AllianceId, f64>,
}

impl Means {
    #[expect(clippy::cast_precision_loss, reason = "goods of an alliance, far below 2^53")]
    pub(super) fn of(session: &Session) -> Self {
        let model = session.situation.view.model();
        let offense = |s: &SiteState| -> i64 {
            model.cost(&s.home.iter().filter(|(class, _)| model.is_offense(*class)).collect())
        };
        Self {
            offense: session.own.iter().map(offense).sum::<i64>() as f64,
            strength: session.enemies.iter().map(|e| (*e, strength_ratio(session, *e))).collect(),
        }
    }
}

impl Prospect {
    /// None for a site that is too small for an operation.
    pub(super) fn of(session: &Session, means: &Means, enemy: AllianceId, site: SiteId) -> Option<Self> {
        let public = session.situation.view.site(site)?;
        let model = session.situation.view.model();
        if public.population < model.scale().population_min && stakes(session, site) <= 0.0 {
            return None;
        }
        let torus = session.situation.view.torus();
        let nearest = session.own.iter().map(|s| torus.distance_squared(s.at, public.at)).min()?;
        let to_the_end = session.ranking.last_alliance;
        let army = model.goods_per_inhabitant() * f64::from(public.population);
        let inputs = TargetInputs {
            gain: None,
            aim: Some(aim(session, enemy, site)),
            confidence: Some(intel::SCOUT_CONFIDENCE),
            hours_away: Some(f64::from(nearest).sqrt() / model.scale().fields_per_hour),
            other_enemies: (!to_the_end).then(|| others(session, enemy)),
            leads: false,
            days_since_hit: session.last_hit.get(&site).map(|t| (session.now - *t).as_hours() / 24.0),
            owner_hits: owner_hits(session, site),
            strength_ratio: means.strength.get(&enemy).copied().filter(|_| !to_the_end),
        };
        Some(Self { army, score: target_score(&inputs, &session.planning.scores).score })
    }
}

/// The villages that lie nearest to any of these targets, and of those beyond at most so many that are asked all the same.
fn nearest(
    session: &Session,
    sources: &[Source],
    targets: &[TargetSpec],
    beyond: usize,
    asked: impl Fn(&Source) -> bool,
) -> Vec<Source> {
    let torus = session.situation.view.torus();
    let mut near: Vec<(i32, &Source)> = sources
        .iter()
        .map(|s| (targets.iter().map(|t| torus.distance_squared(s.site.at, t.estimate.at)).min().unwrap_or(0), s))
        .collect();
    near.sort_by_key(|(d, s)| (*d, s.site.site));
    let far = near.iter().skip(SOURCES_MAX).filter(|(_, s)| asked(s)).take(beyond);
    near.iter().take(SOURCES_MAX).chain(far).map(|(_, s)| (*s).clone()).collect()
}

/// Plans an attack on these targets of one enemy: the nearest offense, the earliest arrival that covers the goals.
fn plan(
    session: &Session,
    forces: Forces,
    (enemy, targets): (AllianceId, &[TargetSpec]),
    pattern: &Pattern,
) -> Option<(Plan, GameTime)> {
    // Chiefs are few: those that stand farther away are asked too.
    let takes = pattern.goal == PatternGoal::Take;
    let near = nearest(session, forces.sources, targets, CHIEF_SOURCES_MAX, |s| takes && !s.chiefs.is_empty());
    let guards = if pattern.has_guards() { nearest(session, forces.guards, targets, 0, |_| false) } else { Vec::new() };
    let (situation, alliance, now) = (session.situation, session.alliance, session.now);
    let model = situation.view.model();
    let late = session.mistakes(enemy).map_or(GameSpan(0), |m| m.delay(now));
    let leave = now + session.settings.window(pattern) + GameSpan::mins(10) + late;
    let latest = now + session.settings.arrival_within;
    let arrival = if pattern.follows_home() {
        targets.iter().filter_map(|t| army_home(session, t)).filter(|home| (leave..=latest).contains(home)).max()?
    } else {
        let covering = Covering::of(&*model.0, &near, targets, leave)?;
        let earliest = covering.earliest(leave, latest)?;
        let within = latest.min(earliest + session.settings.quiet_within);
        covering.into_quiet_hours(earliest, within, &quiet_hours(session, targets))
    };
    let arrival = if takes {
        let to = targets.first()?.estimate.at;
        earliest_with_chiefs(&*model.0, &near, to, arrival, latest, leave)?
    } else {
        arrival
    };
    let mut elsewhere = elsewhere(situation, alliance, Some(enemy), targets, pattern, session.planning, now);
    // A token at who is to be left in peace would be foul too, and the whole plan with it.
    elsewhere.retain(|e| situation.view.site(e.site).is_some_and(|s| !is_spared(session, s.owner, takes)));
    let problem = AllocationProblem {
        sources: near,
        elsewhere,
        targets: targets.to_vec(),
        guards,
        pattern: pattern.clone(),
        arrival,
        not_before: leave,
        groups_max: GROUPS_MAX,
        seed: session.seed,
        hit_rate: session.situation.hit_rate(session.alliance, &pattern.name),
    };
    Some((allocate(&problem, session.allocation, &*model.0), arrival))
}

/// When the owners of these sites rarely act, each once, as far as it is known.
fn quiet_hours(session: &Session, targets: &[TargetSpec]) -> Vec<QuietHours> {
    let view = &session.situation.view;
    let owners: BTreeSet<PlayerId> = targets.iter().filter_map(|t| Some(view.site(t.site)?.owner)).collect();
    owners.into_iter().filter_map(|owner| view.player_dossier(session.alliance, owner, session.now).quiet).collect()
}

/// The candidate's score with the ratio and the cost that a plan really has.
fn rescored(session: &Session, candidate: Candidate, plan: &Plan, arrival: GameTime, pattern: &Pattern) -> Candidate {
    let ratio = plan.targets.iter().find(|t| t.site == candidate.spec.site).map_or(0.0, |t| t.ratio);
    let site = candidate.spec.site;
    let model = session.situation.view.model();
    let groups = || plan.groups.iter().filter(|g| g.target == site && g.errand.strikes());
    let carry = groups().map(|g| model.carry(&g.force)).sum();
    let mut spec = candidate.spec.clone();
    // Help that may come is no gain to reckon with.
    let seen = SiteEstimate { troops: spec.seen.clone(), ..spec.estimate.clone() };
    spec.value = value(session, site, &seen, carry, pattern.goal);
    #[expect(clippy::cast_precision_loss, reason = "goods of one operation")]
    let cost_goods = groups().map(|g| model.cost(&g.force) as f64).sum();
    let attack = AttackEstimate { ratio, cost_goods, value_goods: spec.value, ..candidate.attack };
    // Who waits for an army that comes home is no farther away for that.
    let waits = groups().map(|g| g.launch).min().filter(|_| pattern.follows_home());
    let away = arrival - waits.unwrap_or(session.now + session.settings.window(pattern));
    let inputs = TargetInputs { hours_away: Some(away.as_hours()), ..candidate.inputs };
    Candidate { score: score(session, &attack, &inputs), spec, attack, inputs, ..candidate }
}

/// An option: these targets together, with this pattern.
fn option(session: &Session, forces: Forces, targets: &[&Candidate], pattern: &Pattern) -> Option<CouncilOption> {
    let specs: Vec<TargetSpec> = targets.iter().map(|c| c.spec.clone()).collect();
    let (plan, arrival) = plan(session, forces, (targets.first()?.enemy, &specs), pattern)?;
    if !plan.targets.iter().all(|t| t.met) || !is_fair(session, &plan, pattern) {
        return None;
    }
    let targets: Vec<Candidate> =
        targets.iter().map(|c| rescored(session, (*c).clone(), &plan, arrival, pattern)).collect();
    let value: f64 = targets.iter().map(|t| t.spec.value).sum();
    let target: f64 =
        targets.iter().enumerate().map(|(i, c)| if i == 0 { c.score } else { FURTHER_TARGET * c.score }).sum();
    let hours_since_refusal = targets
        .iter()
        .filter_map(|c| session.refused.get(&c.spec.site))
        .map(|t| (session.now - *t).as_hours())
        .min_by(f64::total_cmp);
    let inputs = AttackInputs {
        target: Some(target),
        pattern_fit: Some(pattern.fit),
        bound_share: Some(bound_share(session)),
        hours_since_refusal,
        same_pattern: Some(same_pattern(session, pattern)),
        continues_aim: targets.iter().any(|c| c.inputs.aim == Some(1.0)),
    };
    let score = attack_score(&inputs, &session.planning.scores).score;
    let per_hour: f64 = asked_production(session, &plan);
    let win = plan.targets.iter().map(|t| t.win).fold(1.0, f64::min);
    if !is_worthwhile(win, value, per_hour, &session.planning.scores) {
        return None;
    }
    let asked = asked(session, &plan);
    if asked.len() < 2 {
        return None;
    }
    let enemy = targets[0].enemy;
    // With what was learned of the enemy: members judge what the plan is held against.
    let ratio = plan.targets.iter().map(|t| t.ratio).fold(f64::INFINITY, f64::min);
    let expected = Expected {
        ratio,
        value,
        cost: plan.sent_goods,
        strength_own: own_strength(session),
        strength_enemy: session.situation.believed_strength(session.alliance, enemy, session.now),
    };
    let targets = targets.iter().map(|c| proposed(session, c, &plan)).collect();
    let submission = SubmitProposal {
        alliance: session.alliance,
        proposer: PlayerId::default(),
        action: ActionKind::MassAttack,
        pattern: pattern.name.clone(),
        goal: match pattern.goal {
            PatternGoal::Break => Goal::BreakDefense { share: session.settings.goal_share },
            PatternGoal::Take => Goal::Take,
        },
        targets,
        enemy: Some(enemy),
        dealings: None,
        score,
        arrival,
        trial: plan,
        expected,
        asked,
    };
    CouncilOption::proposed(session, submission, score)
}

fn proposed(session: &Session, candidate: &Candidate, plan: &Plan) -> ProposedTarget {
    let site = candidate.spec.site;
    let estimate = &candidate.spec.estimate;
    ProposedTarget {
        site,
        owner: session.situation.view.site(site).map_or(PlayerId::default(), |s| s.owner),
        alliance: Some(candidate.enemy),
        value: candidate.spec.value,
        score: candidate.score,
        seen_at: estimate.seen_at,
        confidence: estimate.confidence,
        ratio: plan.targets.iter().find(|t| t.site == site).map_or(0.0, |t| t.ratio),
        cites: session.situation.view.cite(session.alliance, site, session.now),
    }
}

/// The share of the alliance's offense that is on its way already.
fn bound_share(session: &Session) -> f64 {
    let model = session.situation.view.model();
    let (mut away, mut all) = (0.0, 0.0);
    for site in session.own {
        let free = model.attack(&session.situation.free(site).iter().filter(|(c, _)| model.is_offense(*c)).collect());
        let home = model.attack(&site.home.iter().filter(|(c, _)| model.is_offense(*c)).collect());
        let gone = model.attack(&site.away.iter().filter(|(c, _)| model.is_offense(*c)).collect());
        away += gone + (home - free);
        all += home + gone;
    }
    if all <= 0.0 { 1.0 } else { away / all }
}

/// What the villages that would send make per hour, in goods.
#[expect(clippy::cast_precision_loss, reason = "goods per hour of some villages")]
fn asked_production(session: &Session, plan: &Plan) -> f64 {
    let sites: BTreeSet<SiteId> = plan.groups.iter().map(|g| g.site).collect();
    session.own.iter().filter(|s| sites.contains(&s.site)).map(|s| s.per_hour.total() as f64).sum()
}

/// What the trial plan asks of each member.
#[expect(clippy::cast_precision_loss, reason = "goods of one member, far below 2^53")]
fn asked(session: &Session, plan: &Plan) -> BTreeMap<PlayerId, Asked> {
    let model = session.situation.view.model();
    let mut asked: BTreeMap<PlayerId, Asked> = BTreeMap::new();
    // A token is nothing that anybody would vote on: those who strike send them.
    let is_token = |g: &&PlannedGroup| matches!(g.errand, Errand::Distract | Errand::Feint { .. });
    for group in plan.groups.iter().filter(|g| !is_token(g)) {
        let of = asked.entry(group.member).or_default();
        of.goods += model.cost(&group.force);
        let Ok(i) = session.own.binary_search_by_key(&group.site, |s| s.site) else { continue };
        let offense = model.attack(&session.own[i].home.iter().filter(|(c, _)| model.is_offense(*c)).collect());
        if offense > 0.0 {
            let share = of.sites.entry(group.site).or_default();
            let sent = model.attack(&group.force.iter().filter(|(c, _)| model.is_offense(*c)).collect());
            *share = (*share + sent / offense).min(1.0);
        }
    }
    let armies = session.situation.armies(session.alliance);
    for (member, of) in &mut asked {
        let army = armies.get(member).copied().unwrap_or(0);
        of.share = if army > 0 { (of.goods as f64 / army as f64).min(1.0) } else { 0.0 };
    }
    asked
}
