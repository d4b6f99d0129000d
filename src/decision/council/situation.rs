//! What a decision reads: the view, the roster and the promises, gathered into the inputs of the formulas.

use super::components::{ActionKind, Expected, Proposal, proposal_key};
use super::rules::inputs;
use super::rules::voter::Veto;

use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{Citation, Memory, PlayerKind, SiteState};
use crate::base::id::{AllianceId, EntityIndex, PlayerId, SiteId};
use crate::base::rng::{Purpose, Stream};
use crate::base::ruleset::Force;
use crate::decision::planning::allocation::TargetSpec;
use crate::decision::planning::rules::facts::AttackEstimate;
use crate::decision::planning::{
    Commitment, Commitments, HelpSettings, Incoming, KnownOffense, LIKELIHOOD, LastBlow, LearningSettings, Lesson,
    Lessons, believed, expected_help, offense_of_player, ready, sites_in_reach, threat,
};
use crate::knowledge::intel::{View, rules as intel};
use crate::society::alliance::{MemberInfo, Roster, rules as relations};
use crate::society::personality::{Cue, Feelings, Hearts, Taste, Traits};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The home term that every village keeps.
const HOME_KEPT: f64 = -0.2;
/// The ratio of an attack that nobody resists.
const CERTAIN: f64 = 1e6;

/// Read access of decisions.
#[derive(SystemParam)]
pub struct Situation<'w, 's> {
    /// What the alliance knows.
    pub view: View<'w, 's>,
    /// Who belongs to whom.
    pub roster: Roster<'w, 's>,
    index: Res<'w, EntityIndex>,
    commitments: Query<'w, 's, &'static Commitments>,
    blows: Query<'w, 's, &'static LastBlow>,
    lessons: Query<'w, 's, &'static Lessons>,
    learning: Res<'w, LearningSettings>,
    hearts: Hearts<'w, 's>,
}

impl core::fmt::Debug for Situation<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Situation")
    }
}

/// What a member is threatened by.
#[derive(Clone, Debug, Default)]
pub struct Threats {
    /// Known offense of players at war with us, sorted by player.
    pub known: Vec<KnownOffense>,
    /// Hostile marches on their way.
    pub incoming: Vec<Incoming>,
}

impl Situation<'_, '_> {
    /// A member's traits.
    #[must_use]
    pub fn traits(&self, member: &MemberInfo) -> Traits {
        self.hearts.traits(member.entity)
    }

    /// A member's fixed taste.
    #[must_use]
    pub fn taste(&self, member: &MemberInfo) -> Taste {
        self.hearts.taste(member.entity)
    }

    /// What speaks to a member for a proposal, or against it, that no formula has: its fixed taste, and what it makes of this one.
    #[must_use]
    pub fn taste_for(&self, proposal: &Proposal, member: &MemberInfo, opinion: f64) -> Taste {
        let (seed, actor) = (self.roster.seed(), u64::from(member.player.0));
        let drawn = Stream::new(seed, actor, Purpose::OPINION, proposal_key(proposal.id)).normal(0.0, opinion);
        Taste(self.taste(member).0 + drawn)
    }

    /// What a member feels.
    #[must_use]
    pub fn feelings(&self, member: &MemberInfo, now: GameTime) -> Feelings {
        self.hearts.feelings(member.entity, now)
    }

    /// What a member remembers of those whom a proposal is about, the most relevant first. Of a person nothing.
    #[must_use]
    pub fn recalls(&self, proposal: &Proposal, member: &MemberInfo, now: GameTime) -> Vec<Memory> {
        if member.kind != PlayerKind::Active {
            return Vec::new();
        }
        let owners = proposal.targets.iter().map(|t| t.owner);
        let others = core::iter::once(proposal.proposer).chain(owners).filter(|player| *player != member.player);
        let sites = proposal.targets.iter().map(|t| t.site).collect();
        let cue = Cue { players: others.collect(), alliance: proposal.enemy, sites };
        self.hearts.recalls(member.entity, &cue, now)
    }

    /// What is most present of all that a member remembers, whatever the question. Of a person nothing.
    #[must_use]
    pub fn remembers(&self, member: &MemberInfo, now: GameTime) -> Vec<Memory> {
        let npc = member.kind == PlayerKind::Active;
        if npc { self.hearts.recalls(member.entity, &Cue::default(), now) } else { Vec::new() }
    }

    /// What of a site's troops at home is not promised.
    #[must_use]
    pub fn free(&self, site: &SiteState) -> Force {
        let commitments = self.index.site(site.site).and_then(|e| self.commitments.get(e).ok());
        commitments.map_or_else(|| site.home.clone(), |c| c.free(&site.home))
    }

    /// Whether a site rests: troops of it left for a blow within this time, or are promised to one.
    #[must_use]
    pub fn rests(&self, site: SiteId, rest: GameSpan, now: GameTime) -> bool {
        let Some(entity) = self.index.site(site).filter(|_| rest.0 > 0) else { return false };
        let struck = self.blows.get(entity).is_ok_and(|blow| blow.rests(now, rest));
        let is_blow = |c: &Commitment| {
            let model = self.view.model();
            let offense: Force = c.force.iter().filter(|(class, _)| model.is_offense(*class)).collect();
            c.order.operation().is_some() && model.attack(&offense) >= model.scale().attack_min
        };
        struck || self.commitments.get(entity).is_ok_and(|c| c.0.iter().any(is_blow))
    }

    /// What of these troops may leave a site at which others of its own stay in any case, and its guests: as much as keeps
    /// its home term at -0.2, see [`HomeCase::may_send`].
    #[must_use]
    pub fn may_leave(
        &self,
        site: &SiteState,
        leaving: Force,
        stays: &Force,
        threats: &Threats,
        now: GameTime,
    ) -> Force {
        if leaving.is_empty() {
            return leaving;
        }
        let model = self.view.model();
        let mut stays = stays.clone();
        stays.add_all(&site.guests);
        let home = HomeCase {
            threat: threat(site.site, site.at, now, &threats.known, &threats.incoming, &*model.0),
            stays: model.defense(site, &stays),
            may_leave: model.defense(site, &leaving) - model.defense(site, &Force::new()),
            share: 1.0,
        };
        let share = home.may_send();
        if share >= 1.0 { leaving } else { leaving.share(share) }
    }

    /// What the army of each member costs, at home and away, in goods. Needs the states of the members' sites.
    #[must_use]
    pub fn armies(&self, alliance: AllianceId) -> BTreeMap<PlayerId, i64> {
        let model = self.view.model();
        let mut armies: BTreeMap<PlayerId, i64> = BTreeMap::new();
        for site in self.view.own(alliance) {
            *armies.entry(site.owner).or_default() += model.cost(&site.home) + model.cost(&site.away);
        }
        armies
    }

    /// When promised troops leave a site.
    pub fn leaves(&self, site: SiteId) -> impl Iterator<Item = GameTime> + '_ {
        let commitments = self.index.site(site).and_then(|e| self.commitments.get(e).ok());
        commitments.into_iter().flat_map(|c| &c.0).map(|c| c.until)
    }

    /// Everything that is known to threaten an alliance.
    #[must_use]
    pub fn threats(&self, alliance: AllianceId, now: GameTime) -> Threats {
        let mut known = Vec::new();
        let wars: Vec<_> = self.roster.relations(alliance).map_or_else(Vec::new, |(s, ..)| s.wars().collect());
        for enemy in wars {
            for member in self.roster.members(enemy) {
                known.extend(offense_of_player(&self.view, alliance.into(), member.player, now));
            }
        }
        known.sort_by_key(|o| (o.player, o.site));
        Threats { known, incoming: believed(&self.view, alliance.into(), now) }
    }

    /// Army value of an alliance in goods as another one believes it: live reports; villages without one count their
    /// population times the ruleset's mean.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "goods of an alliance, far below 2^53")]
    pub fn believed_strength(&self, knower: AllianceId, of: AllianceId, now: GameTime) -> f64 {
        let model = self.view.model();
        let mut total = 0.0;
        for member in self.roster.members(of) {
            // Both are sorted by site.
            let mut seen = self.view.forces(knower, member.player, now).peekable();
            for site in self.view.sites_of(member.player) {
                while seen.next_if(|force| force.site < *site).is_some() {}
                total += match seen.next_if(|force| force.site == *site) {
                    Some(force) => force.cost as f64,
                    None => {
                        model.goods_per_inhabitant() * self.view.site(*site).map_or(0.0, |s| f64::from(s.population))
                    }
                };
            }
        }
        total
    }

    fn lessons(&self, alliance: AllianceId) -> Option<&Lessons> {
        self.lessons.get(self.index.alliance(alliance)?).ok()
    }

    /// A target with what an alliance reckons with beside what it sees there: help, and what it learned of the enemy.
    #[must_use]
    pub fn reckoned(&self, alliance: AllianceId, target: TargetSpec, help: &HelpSettings, now: GameTime) -> TargetSpec {
        let (help, lesson) = (self.help(alliance, target.site, help, now), self.lesson(alliance, target.site));
        target.with_help(&help).with_lesson(lesson)
    }

    /// What an alliance has learned of the one that holds a site.
    #[must_use]
    pub fn lesson(&self, knower: AllianceId, site: SiteId) -> Lesson {
        let enemy = self.view.site(site).and_then(|s| self.roster.alliance_of(s.owner));
        let Some((enemy, lessons)) = enemy.zip(self.lessons(knower)) else { return Lesson::default() };
        let coordinates = self.roster.alliance(enemy).is_some_and(|a| a.active);
        lessons.of(enemy, coordinates, &self.learning)
    }

    /// How much of a pattern's promised chance an alliance believes, 0..=1.
    #[must_use]
    pub fn hit_rate(&self, alliance: AllianceId, pattern: &str) -> f64 {
        self.lessons(alliance).map_or(1.0, |lessons| lessons.hit_rate(pattern, &self.learning))
    }

    /// The help that an alliance reckons to meet at a foreign site: that of an alliance that deliberates.
    #[must_use]
    pub fn help(&self, knower: AllianceId, site: SiteId, settings: &HelpSettings, now: GameTime) -> Force {
        let Some(public) = self.view.site(site) else { return Force::new() };
        let alliance = self.roster.alliance_of(public.owner);
        let Some(alliance) = alliance.filter(|a| self.roster.alliance(*a).is_some_and(|a| a.active)) else {
            return Force::new();
        };
        let members: Vec<PlayerId> = self.roster.members(alliance).iter().map(|m| m.player).collect();
        expected_help(&self.view, knower.into(), &members, (site, public.at), settings, now)
    }

    /// The inputs of a member's vote on a proposal. Needs the states of the member's sites.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "goods of one member, far below 2^53")]
    pub fn case(&self, proposal: &Proposal, member: &MemberInfo, now: GameTime) -> MemberCase {
        let alliance = proposal.id.alliance;
        let model = self.view.model();
        let threats = self.threats(alliance, now);
        let asked = proposal.asked.get(&member.player).cloned().unwrap_or_default();
        let mut army = 0;
        let mut homes = Vec::new();
        let mut capital = None;
        // Sites of others that the judgement of what could happen at home rests on.
        let mut feared: BTreeSet<SiteId> = BTreeSet::new();
        for site in self.view.own_of(alliance, member.player) {
            army += model.cost(&site.home) + model.cost(&site.away);
            let threat = threat(site.site, site.at, now, &threats.known, &threats.incoming, &*model.0);
            let leaves = asked.sites.get(&site.site).copied().unwrap_or(0.0);
            let offense: Force = site.home.iter().filter(|(class, _)| model.is_offense(*class)).collect();
            let mut stays = site.home.minus(&offense);
            stays.add_all(&site.guests);
            if leaves > 0.0 {
                feared.extend(sites_in_reach(&threats.known, site.at, &*model.0).iter().map(|o| o.site));
                feared.extend(threats.incoming.iter().filter(|i| i.target == site.site).map(|i| i.origin));
                homes.push(HomeCase {
                    threat,
                    stays: model.defense(site, &stays),
                    may_leave: model.defense(site, &offense) - model.defense(site, &Force::new()),
                    share: leaves,
                });
            }
            capital = capital.max(Some((site.population, core::cmp::Reverse(site.site))));
        }
        // Whoever hits back picks the village that is worth most: the most populous one.
        let capital =
            capital.and_then(|(_, site)| self.view.own_of(alliance, member.player).find(|s| s.site == site.0));
        let retaliation = capital.filter(|_| !threats.known.is_empty()).map(|site| {
            let mut all = site.home.clone();
            all.add_all(&site.guests);
            let near = sites_in_reach(&threats.known, site.at, &*model.0);
            feared.extend(near.iter().map(|o| o.site));
            inputs::retaliation(LIKELIHOOD * ready(&near), model.defense(site, &all))
        });
        let incoming_at_home = threats.incoming.iter().any(|i| {
            asked.sites.contains_key(&i.target) && i.arrival > now && i.arrival < proposal.arrival + GameSpan::hours(1)
        });
        MemberCase {
            facts: self.facts(proposal, member, now, army as f64, retaliation),
            homes,
            share: asked.share,
            incoming_at_home,
            cites: self.cites(proposal, &feared, now),
        }
    }

    /// What a ballot rests on: all that is known of the targets, and the troops of those that could hit the member's sites.
    fn cites(&self, proposal: &Proposal, feared: &BTreeSet<SiteId>, now: GameTime) -> Vec<Citation> {
        let alliance = proposal.id.alliance;
        let targets: BTreeSet<SiteId> = proposal.targets.iter().map(|t| t.site).collect();
        let of_targets = proposal.targets.iter().flat_map(|t| self.view.cite(alliance, t.site, now));
        let of_feared = feared.difference(&targets).filter_map(|site| self.view.cite_troops(alliance, *site, now));
        of_targets.chain(of_feared).collect()
    }

    fn facts(
        &self,
        proposal: &Proposal,
        member: &MemberInfo,
        now: GameTime,
        army: f64,
        retaliation: Option<f64>,
    ) -> ProposalFacts {
        let alliance = proposal.id.alliance;
        if proposal.action == ActionKind::Expansion {
            return self.facts_of_project(proposal, member, now);
        }
        let (_, age, raw) = self.intel_of(proposal, now);
        let relation = self.roster.relations(alliance).map(|(stances, wars, grievances)| {
            let at_war = proposal.enemy.is_some_and(|e| stances.wars().any(|w| w == e));
            let on_aim = proposal
                .enemy
                .and_then(|e| wars.0.get(&e))
                .is_some_and(|war| proposal.targets.iter().any(|t| war.aim.contains(&t.site)));
            let grievance = proposal.enemy.and_then(|e| grievances.0.get(&e));
            let points = grievance.map_or(0.0, |g| g.at(now, relations::GRIEVANCE_HALF_LIFE));
            (inputs::aim(at_war, on_aim), inputs::grievance(points))
        });
        let (traits, felt) = (self.traits(member), self.feelings(member, now));
        let weary = self.roster.record(member.player).map(|(record, _)| {
            #[expect(clippy::cast_precision_loss, reason = "goods of one member")]
            let lost = record.lost_lately(now) as f64;
            inputs::weary(lost, army, u32::try_from(record.operations_lately(now)).unwrap_or(u32::MAX))
        });
        ProposalFacts {
            attack: AttackEstimate {
                ratio: proposal.expected.ratio,
                confidence: raw,
                age,
                value_goods: proposal.expected.value,
                cost_goods: proposal.expected.cost,
            },
            aim: relation.map(|(aim, _)| aim),
            anger: felt.anger,
            fear: felt.fear,
            grievance: relation.map(|(_, grievance)| grievance),
            enemy_strength: (proposal.expected.strength_own > 0.0)
                .then(|| inputs::enemy_strength(proposal.expected.strength_enemy, proposal.expected.strength_own)),
            trust: inputs::trust(self.roster.trust(member.player, proposal.proposer, now)),
            weary,
            retaliation,
            outlay: None,
            hours_away: self.hours_away(proposal, member),
            traits,
        }
    }

    /// Hours that foot soldiers walk from the nearest village of a member to the nearest target.
    fn hours_away(&self, proposal: &Proposal, member: &MemberInfo) -> Option<f64> {
        let (torus, scale) = (self.view.torus(), self.view.model().scale());
        let targets = || proposal.targets.iter().filter_map(|t| Some(self.view.site(t.site)?.at));
        let own = self.view.own_of(proposal.id.alliance, member.player);
        let nearest = own.flat_map(|site| targets().map(|at| torus.distance_squared(site.at, at))).min()?;
        Some(f64::from(nearest).sqrt() / scale.fields_per_hour)
    }

    /// Facts of what costs goods and no fight: what it brings, who asks for it, and nothing of war.
    fn facts_of_project(&self, proposal: &Proposal, member: &MemberInfo, now: GameTime) -> ProposalFacts {
        let (traits, felt) = (self.traits(member), self.feelings(member, now));
        let Expected { value, cost, .. } = proposal.expected;
        ProposalFacts {
            attack: AttackEstimate {
                ratio: CERTAIN,
                confidence: 1.0,
                age: GameSpan(0),
                value_goods: value,
                cost_goods: cost,
            },
            aim: None,
            anger: felt.anger,
            fear: felt.fear,
            grievance: None,
            enemy_strength: None,
            trust: inputs::trust(self.roster.trust(member.player, proposal.proposer, now)),
            weary: None,
            retaliation: None,
            outlay: Some(cost),
            hours_away: None,
            traits,
        }
    }

    /// The least certain target's intel: confidence now, age, confidence when seen.
    #[must_use]
    pub fn intel_of(&self, proposal: &Proposal, now: GameTime) -> (f64, GameSpan, f64) {
        proposal
            .targets
            .iter()
            .map(|t| {
                let seen = self
                    .view
                    .report(proposal.id.alliance, t.site)
                    .and_then(|r| intel::live(r.troops.as_ref(), now))
                    .map_or((t.seen_at, t.confidence), |f| (f.observed_at, f.confidence));
                let age = now - seen.0;
                (intel::faded(seen.1, age, intel::TROOPS_HALF_LIFE), age, seen.1)
            })
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap_or((0.0, intel::EXPIRES_AFTER, 0.0))
    }

    /// The veto that forbids a member to take part, if one does.
    #[must_use]
    pub fn forbidden(&self, proposal: &Proposal) -> Option<Veto> {
        let targets = || proposal.targets.iter().map(|t| t.site);
        targets().any(|site| self.forbids_attack(proposal.id.alliance, site)).then_some(Veto::Pact)
    }

    /// Whether an alliance may not attack a site: it is a member's, or there is a truce, a pact or a confederacy with its owner's.
    #[must_use]
    pub fn forbids_attack(&self, alliance: AllianceId, site: SiteId) -> bool {
        // Who holds no site any more forbids nothing.
        let of = self.view.site(site).and_then(|s| self.roster.alliance_of(s.owner));
        let stances = self.roster.relations(alliance).map(|(stances, ..)| stances);
        of.zip(stances).is_some_and(|(a, stances)| a == alliance || stances.to(a).forbids_attack())
    }

    /// Who of an alliance can be asked: everyone but those who never act.
    #[must_use]
    pub fn voters(&self, alliance: AllianceId) -> Vec<MemberInfo> {
        let mut members = self.roster.members(alliance);
        members.retain(|m| matches!(m.kind, PlayerKind::Active | PlayerKind::Human));
        members
    }

    /// A member's player by id, if it belongs to the alliance.
    #[must_use]
    pub fn member_of(&self, alliance: AllianceId, player: PlayerId) -> Option<MemberInfo> {
        self.roster.member(player).filter(|_| self.roster.alliance_of(player) == Some(alliance))
    }
}

/// One village that is asked to send troops.
#[derive(Clone, Copy, Debug)]
pub struct HomeCase {
    /// Threat there, in attack points.
    pub threat: f64,
    /// Defense points of what stays in any case.
    pub stays: f64,
    /// Defense points of the offense that may leave.
    pub may_leave: f64,
    /// Share of that offense that is asked for.
    pub share: f64,
}

impl HomeCase {
    /// What leaving adds to the home term when `factor` of what is asked leaves. A village that could not be held
    /// even with all its offense at home keeps none of it there: only the loss that leaving makes counts.
    #[must_use]
    pub fn added_by_leaving(&self, factor: f64) -> f64 {
        let (stay, leave) = (self.home(0.0), self.home(factor));
        if stay < HOME_KEPT { leave - stay } else { leave }
    }

    /// The largest share (0..=1) of what is asked that may leave: what keeps the home term at -0.2 or above.
    #[must_use]
    pub fn may_send(&self) -> f64 {
        if self.added_by_leaving(1.0) >= HOME_KEPT {
            return 1.0;
        }
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..12 {
            let middle = (low + high) / 2.0;
            if self.added_by_leaving(middle) >= HOME_KEPT { low = middle } else { high = middle }
        }
        low
    }

    /// The home term when `factor` of what is asked leaves: -clamp(1 - `D_left` / (1.2 threat), 0, 1).
    #[must_use]
    pub fn home(&self, factor: f64) -> f64 {
        let left = self.stays + self.may_leave * (1.0 - self.share * factor).max(0.0);
        inputs::home(left, self.threat)
    }
}

/// Facts of a proposal as one member sees them.
#[derive(Clone, Debug)]
pub struct ProposalFacts {
    /// What is believed of the attack, by the least certain target's intel.
    pub attack: AttackEstimate,
    /// How the targets serve the war's aim.
    pub aim: Option<f64>,
    /// Anger, 0..=1.
    pub anger: f64,
    /// Fear, 0..=1.
    pub fear: f64,
    /// Grievance against the enemy, 0..=1.
    pub grievance: Option<f64>,
    /// Strength of the enemy, 0..=1.
    pub enemy_strength: Option<f64>,
    /// Trust in the proposer, -1..=1.
    pub trust: f64,
    /// Weariness, -1..=0.
    pub weary: Option<f64>,
    /// What could hit back, -1..=0.
    pub retaliation: Option<f64>,
    /// Goods that it costs for certain, where there is no fight.
    pub outlay: Option<f64>,
    /// Hours that foot soldiers walk from the member's nearest village to the nearest target, where there is a fight.
    pub hours_away: Option<f64>,
    /// Who judges.
    pub traits: Traits,
}

/// Everything that a member's vote rests on.
#[derive(Clone, Debug)]
pub struct MemberCase {
    /// Facts of the proposal.
    pub facts: ProposalFacts,
    /// The villages that are asked.
    pub homes: Vec<HomeCase>,
    /// Share of the member's army that is asked.
    pub share: f64,
    /// A hostile march reaches a village that is asked before its troops are back.
    pub incoming_at_home: bool,
    /// What is known of the targets, and of those that could hit the member's sites.
    pub cites: Vec<Citation>,
}
