//! What is decided when an operation is looked at again: what is known of its targets by now, who of its groups is still
//! coming, and whom members could add.

use super::{Change, OPERATION_REVIEWED, Revise};
use crate::action::operations::rules::{self, Leaver, Occasion, Step, TargetOutlook};
use crate::action::operations::{Group, GroupStatus, Operation, OperationSettings, OperationStatus, Target};
use crate::base::clock::{DueBatch, GameSpan, GameTime};
use crate::base::contract::{AttackGroup, Citation, Manner, SiteEstimate, WantedStates, WorldModel};
use crate::base::id::{AllianceId, EntityIndex, Knower, PlayerId, ProposalId, SiteId};
use crate::base::limits::Limits;
use crate::decision::council::{Ballots, Muster, Pledge, Proposal, Situation, proposal_of_key};
use crate::decision::fair_play::Referee;
use crate::decision::planning::allocation::{Assignment, PARTS, PlannedGroup, Source, by_home, part_of};
use crate::decision::planning::{HelpSettings, Incoming, PlanningSettings, believed, in_time, too_close};
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn reviewed(batch: &DueBatch) -> BTreeSet<ProposalId> {
    batch.of(OPERATION_REVIEWED).iter().map(|e| proposal_of_key(e.owner)).collect()
}

/// Asks for the states of the members of those whose operations are looked at.
pub(in crate::action::operations) fn ask_states(
    batch: Res<DueBatch>,
    situation: Situation,
    index: Res<EntityIndex>,
    operations: Query<&Operation>,
    mut wanted: ResMut<WantedStates>,
) {
    let is_running = |id: &ProposalId| {
        let operation = index.proposal(*id).and_then(|e| operations.get(e).ok());
        operation.is_some_and(|o| o.status == OperationStatus::Running)
    };
    let alliances: BTreeSet<AllianceId> =
        reviewed(&batch).into_iter().filter(is_running).map(|id| id.alliance).collect();
    for alliance in alliances {
        for member in situation.voters(alliance) {
            wanted.ask(alliance, member.player);
        }
    }
}

/// Looks at the operations that are due, and decides.
pub(in crate::action::operations) fn decide_revisions(
    batch: Res<DueBatch>,
    situation: Situation,
    referee: Referee,
    settings: Res<OperationSettings>,
    planning: Res<PlanningSettings>,
    limits: Res<Limits>,
    index: Res<EntityIndex>,
    operations: Query<(&Operation, Option<(&Proposal, &Ballots)>)>,
    mut revisions: MessageWriter<Revise>,
) {
    let mut added = Added::default();
    for id in reviewed(&batch) {
        let Some((operation, vote)) = index.proposal(id).and_then(|e| operations.get(e).ok()) else { continue };
        if operation.status != OperationStatus::Running || operation.scouting {
            continue;
        }
        let review = Review {
            operation,
            vote,
            situation: &situation,
            referee: &referee,
            settings: &settings,
            help: &planning.help,
            groups_max: limits.groups_per_operation,
            now: batch.now(),
        };
        added.groups = 0;
        for revision in review.decide(&mut added) {
            revisions.write(revision);
        }
    }
}

/// Everything that one look rests on.
struct Review<'a, 'w, 's> {
    operation: &'a Operation,
    vote: Option<(&'a Proposal, &'a Ballots)>,
    situation: &'a Situation<'w, 's>,
    referee: &'a Referee<'w, 's>,
    settings: &'a OperationSettings,
    help: &'a HelpSettings,
    groups_max: usize,
    now: GameTime,
}

/// What is added in a pass.
#[derive(Default)]
struct Added {
    /// Sites that give: nothing else of this pass takes troops from them.
    sites: BTreeSet<SiteId>,
    /// Groups of the operation that is looked at: each site gives once, so they are within what their members pledged.
    groups: usize,
}

/// A group that can be added: its attack points, the group, and how it fights.
type Offer = (f64, PlannedGroup, AttackGroup);

/// So many eighths of what a village can add; none if that is not worth a march.
fn less((_, group, attack): &Offer, part: u8, model: &dyn WorldModel) -> Option<Offer> {
    let force = part_of(&group.force, part);
    // Without its slowest units it would be there too early.
    if force.iter().count() != group.force.iter().count() {
        return None;
    }
    let points = model.attack(&force);
    let group = PlannedGroup { force: force.clone(), ..group.clone() };
    (points >= model.scale().attack_min).then(|| (points, group, AttackGroup { force, ..attack.clone() }))
}

/// Groups of an operation with their numbers.
type Numbered<'a> = Vec<(usize, &'a Group)>;

impl Review<'_, '_, '_> {
    fn alliance(&self) -> AllianceId {
        self.operation.id.alliance
    }

    fn decide(&self, added: &mut Added) -> Vec<Revise> {
        let mut revisions = Vec::new();
        let mut gone: BTreeSet<usize> = BTreeSet::new();
        revisions.extend(self.keep_at_home(&mut gone));
        revisions.extend(self.turn_late_ones(&mut gone));
        for target in &self.operation.targets {
            if let Some(given_up) = self.give_way(target) {
                revisions.push(given_up);
                continue;
            }
            let occasion = self.occasion(target.site, &gone);
            revisions.extend(occasion.and_then(|occasion| self.look_at(target, occasion, &gone, added)));
        }
        revisions
    }

    fn revise(&self, change: Change, reason: String, cites: Vec<Citation>) -> Revise {
        Revise { operation: self.operation.id, change, reason, cites }
    }

    /// Why a target is looked at: the gravest of what happened; at a decision point all are.
    fn occasion(&self, target: SiteId, gone: &BTreeSet<usize>) -> Option<Occasion> {
        let lost = |i: &usize| self.operation.groups.get(*i).is_some_and(|g| g.target == target);
        let here = self.operation.alerts.iter().filter(|a| a.site == target).map(|a| a.occasion);
        let here = here.filter(|o| !matches!(o, Occasion::AttackedAtHome | Occasion::Claimed));
        let at_home = gone.iter().any(lost).then_some(Occasion::AttackedAtHome);
        let point = self.operation.alerts.is_empty().then_some(Occasion::DecisionPoint);
        here.chain(at_home).chain(point).max()
    }

    /// Groups that are needed where a hostile march comes to.
    fn keep_at_home(&self, gone: &mut BTreeSet<usize>) -> Option<Revise> {
        let attacked: BTreeSet<SiteId> = self.alerts(Occasion::AttackedAtHome).collect();
        if attacked.is_empty() {
            return None;
        }
        let view = &self.situation.view;
        let incoming = believed(view, self.alliance().into(), self.now);
        let mut sites: BTreeSet<SiteId> = BTreeSet::new();
        for site in attacked {
            let stay = self.needed_at(site, &incoming);
            if !stay.is_empty() {
                sites.insert(site);
                gone.extend(stay);
            }
        }
        let origins = incoming.iter().filter(|m| sites.contains(&m.target)).map(|m| m.origin);
        let cites = origins.filter_map(|site| view.cite_troops(self.alliance(), site, self.now)).collect();
        let named: Vec<String> = sites.iter().map(ToString::to_string).collect();
        (!gone.is_empty()).then(|| {
            let reason = format!("{}: site {}", rules::Reason::NeededAtHome.name(), named.join(", "));
            self.revise(Change::HoldBack(gone.iter().copied().collect()), reason, cites)
        })
    }

    /// Groups without which a site would fall to what comes to it.
    fn needed_at(&self, site: SiteId, incoming: &[Incoming]) -> BTreeSet<usize> {
        let view = &self.situation.view;
        let mut stay: BTreeSet<usize> = BTreeSet::new();
        let Some(state) = view.own(self.alliance()).iter().find(|s| s.site == site) else { return stay };
        let groups = self.operation.groups.iter().enumerate();
        let waiting = groups.filter(|(_, g)| g.site == site && g.status == GroupStatus::Waiting);
        let waiting: Vec<Leaver> =
            waiting.map(|(group, g)| Leaver { group, launch: g.launch, back: g.arrival + g.travel }).collect();
        let mut all = state.home.clone();
        all.add_all(&state.guests);
        let defense = |away: &[usize]| {
            let there = away.iter().fold(all.clone(), |there, i| there.minus(&self.operation.groups[*i].force));
            view.model().defense(state, &there)
        };
        let mut hits: Vec<GameTime> = incoming.iter().filter(|m| m.target == site).map(|m| m.arrival).collect();
        hits.sort_unstable();
        hits.dedup();
        for hit in hits {
            let attack = incoming.iter().filter(|m| m.target == site && m.arrival <= hit).map(|m| m.attack).sum();
            let leave: Vec<Leaver> = waiting.iter().filter(|g| !stay.contains(&g.group)).copied().collect();
            stay.extend(rules::stay_home(&leave, hit, attack, defense));
        }
        stay
    }

    /// A target that a confederate claimed before, or at the same instant with a lower id, is left to it.
    fn give_way(&self, target: &Target) -> Option<Revise> {
        let (own, site) = (self.alliance(), target.site);
        let (by, claim) = self.situation.view.claim(own, site, self.now)?;
        let first = by != own && (claim.since, by) < (self.operation.started, own);
        let is_coming = |g: &Group| g.target == site && rules::is_active(g) && g.arrival > self.now;
        (first && self.operation.groups.iter().any(is_coming)).then(|| {
            let reason = format!("{}: alliance {by} at site {site}", rules::Reason::ClaimedByConfederate.name());
            self.revise(Change::CallOff(site), reason, Vec::new())
        })
    }

    /// Groups that will not be there with their wave.
    fn turn_late_ones(&self, gone: &mut BTreeSet<usize>) -> Option<Revise> {
        let targets: BTreeSet<SiteId> = self.alerts(Occasion::Late).collect();
        let late: Vec<usize> = (0..self.operation.groups.len())
            .filter(|i| {
                let group = &self.operation.groups[*i];
                targets.contains(&group.target)
                    && rules::is_active(group)
                    && group.is_late()
                    && group.arrival > self.now
            })
            .collect();
        gone.extend(&late);
        let named: Vec<String> = late.iter().map(|i| self.operation.groups[*i].site.to_string()).collect();
        (!late.is_empty()).then(|| {
            let reason = format!("{}: site {}", rules::Reason::Late.name(), named.join(", "));
            self.revise(Change::Recall(late), reason, Vec::new())
        })
    }

    fn alerts(&self, occasion: Occasion) -> impl Iterator<Item = SiteId> + '_ {
        self.operation.alerts.iter().filter(move |a| a.occasion == occasion).map(|a| a.site)
    }

    /// Groups that still come to a target and count there.
    fn coming(&self, target: SiteId, gone: &BTreeSet<usize>) -> Numbered<'_> {
        let counts = |(i, g): &(usize, &Group)| {
            let strikes = g.errand.strikes() && !g.is_late();
            g.target == target && strikes && rules::is_active(g) && g.arrival > self.now && !gone.contains(i)
        };
        self.operation.groups.iter().enumerate().filter(counts).collect()
    }

    /// Offense over defense as plans are judged: one army of each home, against what was learned of the enemy.
    fn ratio(&self, groups: &[AttackGroup], target: SiteId, estimate: &SiteEstimate) -> f64 {
        let forecast = self.situation.view.model().forecast(&by_home(groups.iter().cloned()), estimate, Manner::Siege);
        forecast.ratio / self.situation.lesson(self.alliance(), target).factor()
    }

    /// None where nothing comes any more, or nothing is known of the target any more.
    fn look_at(
        &self,
        target: &Target,
        occasion: Occasion,
        gone: &BTreeSet<usize>,
        taken: &mut Added,
    ) -> Option<Revise> {
        let view = &self.situation.view;
        let coming = self.coming(target.site, gone);
        let lost = matches!(occasion, Occasion::NoShow | Occasion::AttackedAtHome | Occasion::Late);
        if coming.is_empty() && !lost {
            return None;
        }
        let strikes = self.operation.groups.iter().filter(|g| g.target == target.site && g.errand.strikes());
        let first = strikes.map(|g| g.launch + g.travel).filter(|at| *at > self.now).min()?;
        // Whoever is back by then stands there.
        let mut estimate = view.estimate_at(self.alliance(), target.site, self.now, first)?;
        let mistakes = self.referee.mistakes_against(&self.situation.roster, self.alliance(), target.owner);
        if let Some(mistakes) = mistakes {
            estimate.troops = mistakes.misjudged(target.site, estimate.seen_at, &estimate.troops);
        }
        let left_goods = view.model().cost(&estimate.troops);
        // Once the first wave has fought, whoever came to help is among those that it met.
        let fought = self.has_fought(target.site);
        if !fought {
            estimate.troops.add_all(&self.situation.help(self.alliance(), target.site, self.help, self.now));
        }
        let attack: Vec<AttackGroup> = coming.iter().map(|(_, g)| self.attack_group(g)).collect();
        let mut case = TargetOutlook {
            occasion,
            needs_defenders: self.operation.goal.needs_defenders(),
            fought,
            ratio: if attack.is_empty() { 0.0 } else { self.ratio(&attack, target.site, &estimate) },
            planned_ratio: target.planned_ratio,
            left_goods,
            believed_goods: view.model().cost(&target.believed),
            with_more: None,
            with_less: None,
        };
        let mut added = Vec::new();
        // Against whoever else holds the site by now nothing more is sent.
        let same = view.site(target.site).is_some_and(|s| s.owner == target.owner);
        if same && case.ratio < case.wanted(&self.settings.react) && !case.fought {
            (added, case.with_more) = self.add(&coming, &attack, target.site, &estimate, &case, taken);
            if !self.is_fair(target, &added) {
                (added, case.with_more) = (Vec::new(), None);
            }
        }
        let spare = self.spare(&coming, target.site, &estimate);
        case.with_less = spare.map(|(_, ratio)| ratio);
        let (step, reason) = rules::react(&case, &self.settings.react);
        let (site, ratio) = (target.site, case.ratio);
        let why = format!("{}: offense over defense at site {site} is {ratio:.2}", reason.name());
        let cites = view.cite(self.alliance(), site, self.now);
        Some(match step {
            Step::GoOn => {
                let seen_at = target.seen_at.max(estimate.seen_at);
                // What its own first wave saw is no sight that the attack rested on.
                (!fought && seen_at != target.seen_at).then_some(())?;
                self.revise(Change::Rests { site, seen_at }, why, cites)
            }
            Step::AddWave => {
                taken.sites.extend(added.iter().map(|g| g.site));
                taken.groups += added.len();
                let more = format!("{why}, {:.2} with {} more", case.with_more.unwrap_or(ratio), added.len());
                self.revise(Change::AddWave(added), more, cites)
            }
            Step::HoldBack => self.revise(Change::HoldBack(spare.iter().map(|(i, _)| *i).collect()), why, cites),
            Step::CallOff => self.revise(Change::CallOff(site), why, cites),
        })
    }

    /// Whether what goes to a person's villages with these groups is not too much, as far as the alliance believes.
    fn is_fair(&self, target: &Target, added: &[PlannedGroup]) -> bool {
        let Situation { view, roster, .. } = self.situation;
        let victim = target.owner;
        let goes = |site: SiteId| view.site(site).filter(|s| s.owner == victim).map(|s| s.at);
        let active = self.operation.groups.iter().filter(|g| rules::is_active(g)).map(|g| (g.target, &g.force));
        let (mut tiles, mut goods) = (Vec::new(), 0);
        for (site, force) in active.chain(added.iter().map(|g| (g.target, &g.force))) {
            if let Some(at) = goes(site) {
                tiles.push(at);
                goods += view.model().cost(force);
            }
        }
        let by = Knower::Alliance(self.alliance());
        let too_strong = self.referee.too_strong((view, roster), by, victim, (&tiles, goods), self.now).is_some();
        added.is_empty() || !too_strong && !self.referee.bars(self.operation.id, victim, self.now)
    }

    /// Whether a wave that is to fight at a target has been there. What arrives at this instant has fought if it is said so:
    /// a decision point of the same instant comes before it.
    fn has_fought(&self, target: SiteId) -> bool {
        let said = self.alerts(Occasion::Fought).any(|site| site == target);
        let there = |g: &Group| {
            g.target == target && g.errand.strikes() && (g.arrival < self.now || g.arrival == self.now && said)
        };
        self.operation.groups.iter().any(|g| there(g) && matches!(g.status, GroupStatus::Launched { .. }))
    }

    fn attack_group(&self, group: &Group) -> AttackGroup {
        let population = self.situation.view.player(group.member).map_or(0, |p| p.population);
        AttackGroup {
            origin: group.site,
            player: group.member,
            population,
            force: group.force.clone(),
            upgrades: group.upgrades,
        }
    }

    /// The weakest group that has not left, and the ratio without it; none where only one comes.
    fn spare(&self, coming: &Numbered, target: SiteId, estimate: &SiteEstimate) -> Option<(usize, f64)> {
        let model = self.situation.view.model();
        let waiting = coming.iter().filter(|(_, g)| g.status == GroupStatus::Waiting && coming.len() > 1);
        let attack = |g: &Group| model.attack(&g.force);
        let (spare, _) = waiting.min_by(|a, b| attack(a.1).total_cmp(&attack(b.1)).then(a.0.cmp(&b.0)))?;
        let rest: Vec<AttackGroup> =
            coming.iter().filter(|(i, _)| i != spare).map(|(_, g)| self.attack_group(g)).collect();
        Some((*spare, self.ratio(&rest, target, estimate)))
    }

    /// What members have left of what they pledged.
    fn pledges(&self) -> BTreeMap<PlayerId, Pledge> {
        let Some((proposal, ballots)) = self.vote else { return BTreeMap::new() };
        let model = self.situation.view.model();
        let armies = self.situation.armies(self.alliance());
        let mut used: BTreeMap<PlayerId, i64> = BTreeMap::new();
        for group in self.operation.groups.iter().filter(|g| rules::is_active(g)) {
            *used.entry(group.member).or_default() += model.cost(&group.force);
        }
        let did_not_come = |member: &PlayerId| {
            self.operation.groups.iter().any(|g| g.member == *member && g.status == GroupStatus::Failed)
        };
        let members = ballots.cast.keys().filter(|m| !did_not_come(m) && ballots.approves(**m));
        members
            .filter_map(|member| {
                let army = armies.get(member).copied().filter(|army| *army > 0)?;
                #[expect(clippy::cast_precision_loss, reason = "goods of one member, far below 2^53")]
                let gone = used.get(member).copied().unwrap_or(0) as f64 / army as f64;
                let pledge = Pledge::of(proposal, ballots, *member)?;
                let left = pledge.share - gone;
                (left > 0.0).then_some((*member, Pledge { share: left, ..pledge }))
            })
            .collect()
    }

    /// Groups that members can add to the wave that strikes, as few as bring the ratio to what is wanted, and the ratio
    /// with them.
    fn add(
        &self,
        coming: &Numbered,
        attack: &[AttackGroup],
        target: SiteId,
        estimate: &SiteEstimate,
        case: &TargetOutlook,
        taken: &Added,
    ) -> (Vec<PlannedGroup>, Option<f64>) {
        let none = (Vec::new(), None);
        let model = self.situation.view.model();
        // More goes with the strongest of those that come, or of those that should have come.
        let strongest = |groups: Vec<&Group>| {
            groups.into_iter().max_by(|a, b| model.attack(&a.force).total_cmp(&model.attack(&b.force))).cloned()
        };
        let all = || self.operation.groups.iter().filter(|g| g.target == target && g.errand.strikes());
        let Some(wave) = strongest(coming.iter().map(|(_, g)| *g).collect()).or_else(|| strongest(all().collect()))
        else {
            return none;
        };
        let arrival = wave.launch + wave.travel;
        let room = self.groups_max.saturating_sub(self.operation.groups.len() + taken.groups);
        let threats = self.situation.threats(self.alliance(), self.now);
        let members = self.situation.voters(self.alliance());
        let (situation, alliance, pledges) = (self.situation, self.alliance(), self.pledges());
        let (members, pledges, threats, now) = (&members, &pledges, &threats, self.now);
        // Who helps a blow that is under way does not rest.
        let rest = GameSpan(0);
        let sources = Muster { situation, alliance, members, pledges, threats, rest, now }.offense();
        let mut offers: Vec<Offer> = sources
            .iter()
            .filter(|s| !taken.sites.contains(&s.site.site))
            .filter_map(|source| self.offer(source, &wave, estimate, arrival))
            .map(|(group, attack)| (model.attack(&group.force), group, attack))
            .collect();
        offers.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.site.cmp(&b.1.site)));
        offers.truncate(room);
        let with = |chosen: &[&Offer]| {
            let all: Vec<AttackGroup> = attack.iter().cloned().chain(chosen.iter().map(|o| o.2.clone())).collect();
            if all.is_empty() { 0.0 } else { self.ratio(&all, target, estimate) }
        };
        let wanted = case.wanted(&self.settings.react);
        let mut chosen: Vec<&Offer> = Vec::new();
        for offer in &offers {
            if with(&chosen) >= wanted {
                break;
            }
            chosen.push(offer);
        }
        // What came in before something stronger may not be needed any more.
        for i in (0..chosen.len()).rev() {
            let rest: Vec<_> = chosen.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, o)| *o).collect();
            if with(&rest) >= wanted {
                chosen = rest;
            }
        }
        let Some((last, rest)) = chosen.split_last() else { return none };
        // Of the last one no more goes than is needed.
        let smaller = (1..PARTS).find_map(|part| {
            let offer = less(last, part, &*model.0)?;
            let with_part: Vec<_> = rest.iter().copied().chain([&offer]).collect();
            (with(&with_part) >= wanted).then_some(offer)
        });
        let last = smaller.as_ref().unwrap_or(last);
        let all: Vec<_> = rest.iter().copied().chain([last]).collect();
        let ratio = with(&all);
        (all.into_iter().map(|o| o.1.clone()).collect(), Some(ratio))
    }

    /// What a village can add so that it arrives with a wave, none too close to what leaves it anyway.
    fn offer(
        &self,
        source: &Source,
        wave: &Group,
        estimate: &SiteEstimate,
        arrival: GameTime,
    ) -> Option<(PlannedGroup, AttackGroup)> {
        let model = self.situation.view.model();
        let (force, travel) = in_time(&*model.0, source, &source.available, estimate.at, arrival, self.now)?;
        let close = |other: GameTime| too_close(&*model.0, other, arrival - travel);
        let mine = self.operation.groups.iter().filter(|g| g.site == source.site.site);
        if mine.map(|g| g.launch).any(close) || self.situation.leaves(source.site.site).any(close) {
            return None;
        }
        if model.attack(&force) < model.scale().attack_min {
            return None;
        }
        let attack = source.group(force.clone());
        let Group { target, wave, manner, aims, errand, .. } = *wave;
        let group = source.assign(Assignment { target, wave, manner, aims, errand }, force, travel, arrival);
        Some((group, attack))
    }
}
