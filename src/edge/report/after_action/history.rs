//! What a report needs beyond the tally: the course of figures, blows in their order, and what was known when a decision was made.

use crate::action::pool::Pool;
use crate::base::clock::{GameClock, GameSpan, GameTime};
use crate::base::contract::{CampaignFact, Citation, Fact, Holdings, Manner, Model, Player, Site, Stance, Stances};
use crate::base::id::{AllianceId, EntityIndex, Knower, OrderId, PlayerId, ProposalId, SiteId};
use crate::base::ruleset::Ruleset;
use crate::decision::council::{CouncilCharter, Goal, Proposal};
use crate::edge::report::directory::Directory;
use crate::edge::report::intel::{deliberating, sites_of, truth};
use crate::edge::report::tally::CampaignTally;
use crate::knowledge::intel::{IntelReport, SourceKind, rules};
use crate::knowledge::territory::rules::InfluenceMap;
use crate::society::alliance::{Alliance, Wars};
use crate::world::audit::army_values;
use crate::world::village::{EconomySettings, Ledger};
use bevy::prelude::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Between two looks at first. Where a campaign is long the looks thin out.
const LOOK_EVERY: GameSpan = GameSpan::hours(6);
/// Looks that are kept at most: from then on every second one goes, and the next come half as often.
const LOOKS_KEPT: usize = 160;
/// Blows that are kept at most, the first ones.
const BLOWS_KEPT: usize = 40_000;
/// Proposals of which it is kept what was known, the first ones.
const DECISIONS_KEPT: usize = 4_000;
/// Groups of which it is kept whether they left.
const GROUPS_KEPT: usize = 60_000;
/// Entries of the minutes of one alliance, the latest ones.
const MINUTES_KEPT: usize = 240;
/// Wars and treaties that are kept, the first ones.
const DEALINGS_KEPT: usize = 2_000;
/// Attackers of one battle that are kept by name.
const ATTACKERS_KEPT: usize = 6;

/// What is collected for an [`AfterAction`](super::AfterAction) while a campaign runs, bounded. Insert it before the campaign
/// starts; [`ReportPlugin`](crate::edge::report::ReportPlugin) fills it where it is there, with a look at all villages every
/// six hours. Nothing that is decided reads it.
#[derive(Resource, Clone, Debug, Default)]
pub struct History {
    pub(super) begun: GameTime,
    /// Villages of each alliance when it began.
    pub(super) villages_before: BTreeMap<AllianceId, u64>,
    pub(super) looks: Vec<HistoryLook>,
    every: Option<GameSpan>,
    next_look: Option<GameTime>,
    pub(super) blows: Vec<Blow>,
    pub(super) blows_left_out: u64,
    pub(super) decisions: BTreeMap<ProposalId, Decision>,
    /// Proposals that were opened in this update.
    fresh: Vec<ProposalId>,
    /// Groups that left, and groups that did not.
    pub(super) left: BTreeMap<(ProposalId, u16), bool>,
    pub(super) changed: Vec<Change>,
    pub(super) minutes: BTreeMap<AllianceId, VecDeque<(GameTime, Sitting)>>,
    pub(super) minutes_left_out: BTreeMap<AllianceId, u64>,
    /// Wars: the two, since when, until when, and who declared it.
    pub(super) wars: Vec<WarKept>,
    pub(super) dealings: Vec<(GameTime, Dealing)>,
}

/// How alliances stood at an instant.
#[derive(Clone, Debug, Default)]
pub(super) struct HistoryLook {
    pub(super) at: GameTime,
    pub(super) army: BTreeMap<AllianceId, i64>,
    pub(super) pool: BTreeMap<AllianceId, i64>,
    pub(super) coverage: BTreeMap<AllianceId, f64>,
    pub(super) tiles: BTreeMap<AllianceId, u32>,
    pub(super) villages: BTreeMap<AllianceId, u64>,
}

/// A battle, with whose it was by then.
#[derive(Clone, Debug)]
pub(super) struct Blow {
    pub(super) at: GameTime,
    pub(super) site: SiteId,
    pub(super) operation: Option<ProposalId>,
    pub(super) attacker: (PlayerId, Option<AllianceId>),
    pub(super) defender: (PlayerId, Option<AllianceId>),
    pub(super) killed: i64,
    pub(super) lost: i64,
    pub(super) loot: i64,
    /// What stood there, in goods.
    pub(super) stood: i64,
    /// Who attacked, and with how much in goods: the first ones, of so many.
    pub(super) by: Vec<(PlayerId, i64)>,
    pub(super) groups: usize,
    pub(super) raid: bool,
    /// The shares of the attackers and of the defenders that fell.
    pub(super) fell: (f64, f64),
}

/// A village that changed hands, was founded or was razed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub(super) at: GameTime,
    pub(super) site: SiteId,
    pub(super) from: Option<(PlayerId, Option<AllianceId>)>,
    pub(super) to: Option<(PlayerId, Option<AllianceId>)>,
}

/// A proposal as it was opened.
#[derive(Clone, Debug)]
pub(super) struct Decision {
    pub(super) at: GameTime,
    pub(super) other: Option<AllianceId>,
    pub(super) arrival: GameTime,
    targets: Vec<SiteId>,
    cites: Vec<Citation>,
    pub(super) known: Vec<KnownThen>,
    pub(super) vote: Option<VoteThen>,
    /// The share of the defenders that is to be killed, where that is the goal.
    pub(super) share: Option<f64>,
}

/// By which rule a proposal is voted on.
#[derive(Clone, Copy, Debug)]
pub(super) struct VoteThen {
    /// How many may vote.
    pub(super) seats: usize,
    /// At least so many in so many vote.
    pub(super) quorum: (u32, u32),
    /// More than so many in so many of those are for it.
    pub(super) approval: (u32, u32),
    /// Whether only those count who are for or against it.
    pub(super) ignores_abstentions: bool,
    /// Whether the leader decides alone.
    pub(super) leader_alone: bool,
}

/// What was known of a target when it was proposed.
#[derive(Clone, Debug)]
pub(super) struct KnownThen {
    pub(super) site: SiteId,
    pub(super) seen_at: Option<GameTime>,
    pub(super) kind: Option<SourceKind>,
    pub(super) confidence: f64,
    pub(super) believed: Option<i64>,
    pub(super) truth: Option<i64>,
}

/// What a council did.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sitting {
    Met { best: Option<String>, gate: Option<String> },
    Heard { member: PlayerId, option: Option<u8>, text: Option<String> },
    Chose { options: Vec<String>, chosen: Option<u8>, text: Option<String> },
}

/// A war that is or was.
#[derive(Clone, Debug)]
pub(super) struct WarKept {
    pub(super) sides: [AllianceId; 2],
    pub(super) since: GameTime,
    pub(super) ended: Option<GameTime>,
    pub(super) by: Option<AllianceId>,
    /// Villages that it was declared for, and how many of them were broken or taken when it was last looked.
    pub(super) aim: usize,
    pub(super) reached: usize,
}

/// What alliances did about each other, and what ended.
#[derive(Clone, Debug)]
pub(super) enum Dealing {
    War { by: AllianceId, on: AllianceId, aim: usize },
    Agreed { by: AllianceId, to: AllianceId, treaty: &'static str },
    Broken { by: AllianceId, with: AllianceId },
    Ended { alliance: AllianceId },
    Wonder { alliance: AllianceId, level: u8 },
    Won { alliance: AllianceId, condition: String },
}

impl History {
    /// What the tally kept of it: the battles of operations.
    pub(super) fn of_tally(tally: &CampaignTally) -> Self {
        let mut battles: Vec<&CampaignFact> = tally.stories.values().flat_map(|story| &story.battles).collect();
        battles.sort_by_key(|fact| fact.at);
        let mut history = Self::default();
        for fact in battles {
            history.hear_battle(&tally.directory, fact);
        }
        history
    }

    /// Begins anew, as a campaign stands.
    pub(in super::super) fn begin(world: &mut World, active: &[AllianceId]) -> Self {
        let now = world.get_resource::<GameClock>().map_or(GameTime(0), GameClock::now);
        let mut history = Self { begun: now, ..Self::default() };
        history.villages_before = villages(world);
        let mut alliances = world.query::<(&Alliance, &Stances)>();
        for (alliance, stances) in alliances.iter(world).filter(|(alliance, _)| alliance.active) {
            for (other, standing) in stances.0.iter().filter(|(_, s)| s.stance == Stance::War) {
                history.war_begins(alliance.id, *other, standing.since.min(now));
            }
        }
        history.wars.sort_by_key(|war| war.sides);
        history.look(world, active);
        history
    }

    /// Hears a fact. The names are those from before it.
    pub(in super::super) fn hear(&mut self, names: &Directory, fact: &CampaignFact) {
        let at = fact.at;
        match &fact.fact {
            Fact::BattleFought { .. } => self.hear_battle(names, fact),
            Fact::SiteChanged { site, from, to } => {
                let whose = |player: PlayerId| (player, names.alliance_of.get(&player).copied());
                if self.changed.len() < DEALINGS_KEPT {
                    self.changed.push(Change { at, site: *site, from: from.map(whose), to: to.map(whose) });
                }
            }
            Fact::ProposalSubmitted { proposal, targets, other, arrival, cites, .. } => {
                if self.decisions.len() < DECISIONS_KEPT {
                    let (targets, cites) = (targets.clone(), cites.clone());
                    let (other, arrival) = (*other, *arrival);
                    let (known, vote, share) = (Vec::new(), None, None);
                    let decision = Decision { at, other, arrival, targets, cites, known, vote, share };
                    self.decisions.insert(*proposal, decision);
                    self.fresh.push(*proposal);
                }
            }
            Fact::GroupLaunched { order, .. } => self.note_group(*order, true),
            Fact::GroupFailed { order, .. } => self.note_group(*order, false),
            Fact::CouncilMet { .. } | Fact::CouncilHeard { .. } | Fact::CouncilChose { .. } => {
                self.hear_council(at, &fact.fact);
            }
            _ => self.hear_dealing(at, &fact.fact),
        }
    }

    fn hear_battle(&mut self, names: &Directory, fact: &CampaignFact) {
        let Fact::BattleFought {
            site,
            defender,
            attackers,
            operation,
            attackers_lost,
            defenders_lost,
            defender_loss,
            loot,
            manner,
            attacker_loss,
            ..
        } = &fact.fact
        else {
            return;
        };
        let whose = |player: PlayerId| (player, names.alliance_of.get(&player).copied());
        let Some((attacker, _)) = attackers.first() else { return };
        if self.blows.len() >= BLOWS_KEPT {
            self.blows_left_out += 1;
            return;
        }
        #[expect(clippy::cast_possible_truncation, reason = "goods of one village")]
        let stood = if *defender_loss > 0.0 { (*defenders_lost as f64 / defender_loss).round() as i64 } else { 0 };
        self.blows.push(Blow {
            at: fact.at,
            site: *site,
            operation: *operation,
            attacker: whose(*attacker),
            defender: whose(*defender),
            killed: *defenders_lost,
            lost: *attackers_lost,
            loot: loot.total(),
            stood,
            by: attackers.iter().take(ATTACKERS_KEPT).copied().collect(),
            groups: attackers.len(),
            raid: *manner == Manner::Raid,
            fell: (*attacker_loss, *defender_loss),
        });
    }

    fn note_group(&mut self, order: OrderId, left: bool) {
        if let OrderId::Group { operation, group } = order
            && self.left.len() < GROUPS_KEPT
        {
            self.left.insert((operation, group), left);
        }
    }

    fn hear_council(&mut self, at: GameTime, fact: &Fact) {
        let (alliance, sitting) = match fact {
            Fact::CouncilMet { alliance, best, gate, .. } => {
                let best = best.as_ref().map(|(option, _)| option.clone());
                (*alliance, Sitting::Met { best, gate: gate.clone() })
            }
            Fact::CouncilHeard { alliance, member, option, text } => {
                (*alliance, Sitting::Heard { member: *member, option: *option, text: text.clone() })
            }
            Fact::CouncilChose { alliance, options, chosen, text } => {
                let options = options.iter().map(|(option, _)| option.clone()).collect();
                (*alliance, Sitting::Chose { options, chosen: *chosen, text: text.clone() })
            }
            _ => return,
        };
        let minutes = self.minutes.entry(alliance).or_default();
        if minutes.len() >= MINUTES_KEPT {
            minutes.pop_front();
            *self.minutes_left_out.entry(alliance).or_default() += 1;
        }
        minutes.push_back((at, sitting));
    }

    fn hear_dealing(&mut self, at: GameTime, fact: &Fact) {
        let dealing = match fact {
            Fact::StanceChanged { a, b, stance: Stance::War } => {
                self.war_begins(*a, *b, at);
                return;
            }
            Fact::StanceChanged { a, b, .. } => {
                self.war_ends(at, |sides| sides.contains(a) && sides.contains(b));
                return;
            }
            Fact::WarDeclared { by, on, aim } => {
                self.war_begins(*by, *on, at);
                if let Some(war) = self.wars.iter_mut().find(|war| is_open(war, *by, *on)) {
                    (war.by, war.aim) = (Some(*by), aim.len());
                }
                Dealing::War { by: *by, on: *on, aim: aim.len() }
            }
            Fact::OfferAnswered { by, to, treaty, accepted: true, .. } => {
                let treaty = match treaty.stance() {
                    Stance::Truce => "peace",
                    Stance::Pact => "a pact",
                    _ => "a confederacy",
                };
                Dealing::Agreed { by: *by, to: *to, treaty }
            }
            Fact::TreatyBroken { by, with, .. } => Dealing::Broken { by: *by, with: *with },
            Fact::AllianceEliminated { alliance } => {
                self.war_ends(at, |sides| sides.contains(alliance));
                Dealing::Ended { alliance: *alliance }
            }
            Fact::WonderRaised { alliance, level, .. } => Dealing::Wonder { alliance: *alliance, level: *level },
            Fact::VictoryWon { alliance, condition, .. } => {
                Dealing::Won { alliance: *alliance, condition: condition.clone() }
            }
            _ => return,
        };
        if self.dealings.len() < DEALINGS_KEPT {
            self.dealings.push((at, dealing));
        }
    }

    fn war_begins(&mut self, a: AllianceId, b: AllianceId, since: GameTime) {
        if self.wars.len() < DEALINGS_KEPT && !self.wars.iter().any(|war| is_open(war, a, b)) {
            self.wars.push(WarKept { sides: [a.min(b), a.max(b)], since, ended: None, by: None, aim: 0, reached: 0 });
        }
    }

    fn war_ends(&mut self, at: GameTime, which: impl Fn(&[AllianceId; 2]) -> bool) {
        for war in self.wars.iter_mut().filter(|war| war.ended.is_none() && which(&war.sides)) {
            war.ended = Some(at);
        }
    }

    /// Whether there is something to look at.
    pub(in super::super) fn is_due(&self, now: Option<GameTime>) -> bool {
        !self.fresh.is_empty() || now.zip(self.next_look).is_some_and(|(now, due)| now >= due)
    }

    /// Notes what was known of what was proposed in this update, and looks at all if it is time to.
    pub(in super::super) fn look_if_due(&mut self, world: &mut World, active: &[AllianceId]) {
        let now = world.get_resource::<GameClock>().map(GameClock::now);
        for proposal in core::mem::take(&mut self.fresh) {
            if let Some(decision) = self.decisions.get_mut(&proposal) {
                decision.known = known_then(world, proposal.alliance, decision);
                decision.cites = Vec::new();
                (decision.vote, decision.share) = rules_then(world, proposal);
            }
        }
        if now.zip(self.next_look).is_some_and(|(now, due)| now >= due) {
            self.look(world, active);
        }
    }

    /// How far those who declared the wars that are not over have come with their aims.
    fn look_at_wars(&mut self, world: &World) {
        let Some(index) = world.get_resource::<EntityIndex>() else { return };
        for war in self.wars.iter_mut().filter(|war| war.ended.is_none()) {
            let Some(by) = war.by else { continue };
            let on = if war.sides[0] == by { war.sides[1] } else { war.sides[0] };
            let wars = index.alliance(by).and_then(|e| world.get::<Wars>(e));
            if let Some(seen) = wars.and_then(|wars| wars.0.get(&on)) {
                war.reached = seen.reached.len();
            }
        }
    }

    /// Looks at all now, so that the last look is of the end.
    pub(super) fn look(&mut self, world: &mut World, active: &[AllianceId]) {
        let Some(now) = world.get_resource::<GameClock>().map(GameClock::now) else { return };
        let every = *self.every.get_or_insert(LOOK_EVERY);
        self.next_look = Some(now + every);
        if self.looks.last().is_some_and(|last| last.at >= now) {
            return;
        }
        self.looks.push(look(world, active, now));
        self.look_at_wars(world);
        if self.looks.len() >= LOOKS_KEPT {
            let mut n = 0_usize;
            self.looks.retain(|_| {
                n += 1;
                n % 2 == 1
            });
            self.every = Some(GameSpan(every.0.saturating_mul(2)));
        }
    }
}

/// By which rule a proposal is voted on, and the share of the defenders that is to be killed, where that is the goal.
fn rules_then(world: &World, id: ProposalId) -> (Option<VoteThen>, Option<f64>) {
    let entity = world.resource::<EntityIndex>().proposal(id);
    let Some(proposal) = entity.and_then(|e| world.get::<Proposal>(e)) else { return (None, None) };
    let share = if let Goal::BreakDefense { share } = proposal.goal { Some(share) } else { None };
    let vote = world.get_resource::<CouncilCharter>().map(|CouncilCharter(charter)| VoteThen {
        seats: proposal.roll.seats().len(),
        quorum: (charter.quorum.parts, charter.quorum.of),
        approval: (charter.approval.parts, charter.approval.of),
        ignores_abstentions: charter.ignore_abstentions,
        leader_alone: proposal.roll.sole_decider().is_some(),
    });
    (vote, share)
}

fn is_open(war: &WarKept, a: AllianceId, b: AllianceId) -> bool {
    war.ended.is_none() && war.sides == [a.min(b), a.max(b)]
}

fn villages(world: &mut World) -> BTreeMap<AllianceId, u64> {
    let mut villages: BTreeMap<AllianceId, u64> = BTreeMap::new();
    let Some(holdings) = world.get_resource::<Holdings>().cloned() else { return villages };
    for player in world.query::<&Player>().iter(world) {
        if let Some(alliance) = player.alliance {
            *villages.entry(alliance).or_default() += holdings.of(player.id).len() as u64;
        }
    }
    villages
}

/// How those who deliberate stand now.
fn look(world: &mut World, active: &[AllianceId], now: GameTime) -> HistoryLook {
    let mut look = HistoryLook { at: now, villages: villages(world), ..HistoryLook::default() };
    look.villages.retain(|alliance, _| active.contains(alliance));
    for (alliance, pool) in world.query::<(&Alliance, &Pool)>().iter(world) {
        look.pool.insert(alliance.id, pool.stock.total());
    }
    if let Some(map) = world.get_resource::<InfluenceMap>() {
        look.tiles = active.iter().map(|alliance| (*alliance, map.tiles_claimed(*alliance))).collect();
    }
    // Games with a world of their own have other books.
    let ours = world.contains_resource::<Ledger>() && world.contains_resource::<EconomySettings>();
    if ours && world.contains_resource::<Ruleset>() {
        let members: BTreeMap<PlayerId, AllianceId> = {
            let mut players = world.query::<&Player>();
            players.iter(world).filter_map(|p| Some((p.id, p.alliance?))).filter(|(_, a)| active.contains(a)).collect()
        };
        look.army = active.iter().map(|alliance| (*alliance, 0)).collect();
        for army in army_values(world, |player| members.contains_key(&player.id)) {
            if let Some(goods) = members.get(&army.owner).and_then(|alliance| look.army.get_mut(alliance)) {
                *goods += army.goods;
            }
        }
    }
    look.coverage = coverage(world, now);
    look
}

/// Of how many of the villages of those that it is at war with each alliance knows the troops, as a share.
fn coverage(world: &mut World, now: GameTime) -> BTreeMap<AllianceId, f64> {
    let mut shares = BTreeMap::new();
    if !world.contains_resource::<Holdings>() {
        return shares;
    }
    let known: BTreeSet<(AllianceId, SiteId)> = {
        let mut reports = world.query::<&IntelReport>();
        let live = reports.iter(world).filter(|r| rules::live(r.troops.as_ref(), now).is_some());
        live.filter_map(|r| if let Knower::Alliance(a) = r.knower { Some((a, r.site)) } else { None }).collect()
    };
    for (alliance, enemies) in deliberating(world) {
        let sites = sites_of(world, &enemies);
        let seen = sites.iter().filter(|site| known.contains(&(alliance, **site))).count();
        if !sites.is_empty() {
            shares.insert(alliance, seen as f64 / sites.len() as f64);
        }
    }
    shares
}

/// What an alliance knows of the targets of a proposal that it has just opened, and what stands there.
fn known_then(world: &World, alliance: AllianceId, decision: &Decision) -> Vec<KnownThen> {
    let model = world.get_resource::<Model>();
    let index = world.resource::<EntityIndex>();
    let of = |site: &SiteId| {
        let entity = index.report(alliance, *site);
        let report = entity.and_then(|e| world.get::<IntelReport>(e));
        let troops = report.and_then(|r| r.troops.as_ref());
        let cited = decision.cites.iter().filter(|c| c.site == *site).min_by_key(|c| c.what);
        // What came in between the proposal and the end of the update was not known then.
        let troops = troops.filter(|field| field.observed_at <= decision.at);
        KnownThen {
            site: *site,
            seen_at: troops.map(|f| f.observed_at).or(cited.map(|c| c.observed_at)),
            kind: troops.map(|f| f.kind),
            confidence: cited.map_or(0.0, |c| c.confidence),
            believed: troops.zip(model).map(|(f, model)| model.cost(&f.value)),
            truth: model.and_then(|model| Some(model.cost(&truth(world, *site, decision.at)?.troops))),
        }
    };
    decision
        .targets
        .iter()
        .filter(|site| index.site(**site).is_some_and(|e| world.get::<Site>(e).is_some()))
        .map(of)
        .collect()
}
