//! Judges a campaign by what everybody could see of it: marches that arrive, villages that change hands, orders with their troops,
//! and what the reports of the attackers say. It shares no code with the referee.

use crate::world::{OURS, PERSON};
use bevy::prelude::*;
use bevy_alliance::base::clock::{Campaign, CampaignSystems, DueBatch, GameSpan, GameTime};
use bevy_alliance::base::contract::{CampaignFact, Fact, LaunchRow, Manner, Model, Player, Scenario, Site};
use bevy_alliance::base::geometry::{Tile, Torus};
use bevy_alliance::base::id::{AllianceId, EntityIndex, OrderId, PlayerId, ProposalId, SiteId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::edge::test_app::TestApp;
use bevy_alliance::knowledge::intel::IntelReport;
use std::collections::{BTreeMap, BTreeSet};

/// The rules, as the judge reads them in the documents.
const APART: GameSpan = GameSpan::hours(48);
const WEEK: GameSpan = GameSpan::days(7);
const FORCE: f64 = 1.5;
const VILLAGES: usize = 2;
const OPERATIONS: usize = 2;
const REACH_FIELDS: f64 = 30.0;

/// What breaks a rule.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "what is shown of it")]
pub(crate) struct Fault {
    pub(crate) rule: &'static str,
    pub(crate) what: String,
}

/// What attacks the person: an operation, or a raid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Attack {
    Operation(ProposalId),
    Raid(OrderId),
}

/// Everything that a judge notes of one campaign.
#[derive(Resource, Default)]
pub(crate) struct Judge {
    pub(crate) faults: Vec<Fault>,
    /// When something of each attack came to the person: first and last.
    hits: BTreeMap<Attack, (GameTime, GameTime)>,
    /// Troops in goods that each group was ordered to bring.
    ordered: BTreeMap<OrderId, i64>,
    /// What came to the person of each operation, in goods, and the most that was fair by what its alliance believed when it was
    /// ordered.
    came: BTreeMap<ProposalId, (i64, f64)>,
    /// When orders left.
    left: BTreeMap<OrderId, GameTime>,
    /// Operations that are to take.
    takes: BTreeSet<ProposalId>,
    /// Who leaves from the first instant on may not come before the second; moved by the test that gives protection.
    pub(crate) protected: (GameTime, GameTime),
    lost: Vec<GameTime>,
    holders: BTreeMap<SiteId, PlayerId>,
}

impl Judge {
    pub(crate) fn attach(app: &mut TestApp, scenario: &Scenario, protected: (GameTime, GameTime)) {
        let holders = scenario.sites.iter().map(|s| (s.id, s.owner)).collect();
        app.app.insert_resource(Self { protected, holders, ..Self::default() });
        app.app.add_systems(Campaign, watch.in_set(CampaignSystems::Publish));
    }

    /// Attacks that came to the person.
    pub(crate) fn attacks(&self) -> usize {
        self.hits.len()
    }

    pub(crate) fn villages_lost(&self) -> usize {
        self.lost.len()
    }

    fn fault(&mut self, rule: &'static str, what: String) {
        self.faults.push(Fault { rule, what });
    }

    fn arrived(&mut self, attack: Attack, order: OrderId, now: GameTime) {
        let (given, until) = self.protected;
        if now < until && self.left.get(&order).is_none_or(|left| *left >= given) {
            self.fault("protected", format!("{attack:?} came at {now}, protected until {until}"));
        }
        if let Attack::Operation(id) = attack {
            let (goods, most) = self.came.entry(id).or_default();
            *goods += self.ordered.get(&order).copied().unwrap_or(0);
            #[expect(clippy::cast_precision_loss, reason = "goods of one operation")]
            let sent = *goods as f64;
            let most = *most;
            if sent > most * 1.000_001 {
                self.fault("force_limit", format!("{sent} goods of {id} came, {most:.0} were fair"));
            }
        }
        let first = !self.hits.contains_key(&attack);
        let span = self.hits.entry(attack).or_insert((now, now));
        span.1 = now;
        let others: Vec<_> = self.hits.iter().filter(|(other, _)| **other != attack).map(|(o, s)| (*o, *s)).collect();
        for (other, (_, last)) in others {
            if now - last < APART {
                self.fault("one_operation", format!("{attack:?} came at {now}, {other:?} at {last}"));
            }
        }
        if let (true, Attack::Operation(id)) = (first, attack) {
            let own = |other: &&Attack| matches!(other, Attack::Operation(o) if o.alliance == id.alliance && !self.takes.contains(o));
            let lately = self.hits.iter().filter(|(_, (_, last))| now - *last < WEEK);
            let count = lately.filter(|(other, _)| own(other)).count();
            if count > OPERATIONS && !self.takes.contains(&id) {
                self.fault("no_farming", format!("{attack:?} is number {count} of its alliance"));
            }
        }
    }

    fn lost(&mut self, now: GameTime) {
        self.lost.push(now);
        let lately = self.lost.iter().filter(|at| now - **at < WEEK).count();
        if lately > VILLAGES {
            self.fault("villages_lost", format!("{lately} villages within a week at {now}"));
        }
    }
}

/// What the judge looks at beside facts.
#[derive(bevy::ecs::system::SystemParam)]
struct Sight<'w, 's> {
    index: Res<'w, EntityIndex>,
    model: Res<'w, Model>,
    rules: Res<'w, Ruleset>,
    torus: Res<'w, Torus>,
    sites: Query<'w, 's, &'static Site>,
    players: Query<'w, 's, &'static Player>,
    reports: Query<'w, 's, &'static IntelReport>,
}

impl Sight<'_, '_> {
    /// What the troops of a row cost.
    fn cost(&self, row: &LaunchRow) -> i64 {
        let of = |name: &str| self.rules.units.iter().find(|u| u.name == name).map_or(0, |u| u.cost.total());
        row.units.iter().map(|(name, n)| i64::from(*n) * of(name)).sum()
    }

    /// What an alliance believes that the person and its allies within 30 fields of these places can field.
    fn field(&self, alliance: AllianceId, places: &[Tile], now: GameTime) -> f64 {
        let mut all = 0.0;
        for site in &self.sites {
            let owner = self.players.get(self.index.player(site.owner).unwrap()).unwrap();
            let near = places.iter().any(|at| self.torus.distance(*at, site.at) <= REACH_FIELDS);
            if owner.id != PERSON && !(owner.alliance == Some(OURS) && near) {
                continue;
            }
            let report = self.index.report(alliance, site.id).and_then(|e| self.reports.get(e).ok());
            let seen = report.and_then(|r| r.troops.as_ref()).filter(|f| now - f.observed_at < WEEK);
            all += match seen {
                #[expect(clippy::cast_precision_loss, reason = "goods of one village")]
                Some(seen) => self.model.cost(&seen.value) as f64,
                None => f64::from(site.population) * self.model.goods_per_inhabitant(),
            };
        }
        all
    }
}

fn watch(batch: Res<DueBatch>, mut facts: MessageReader<CampaignFact>, sight: Sight, mut judge: ResMut<Judge>) {
    let now = batch.now();
    for fact in facts.read() {
        match &fact.fact {
            Fact::OperationStarted { operation, goal, rows, .. } => {
                if goal == "take" {
                    judge.takes.insert(*operation);
                }
                order(&mut judge, &sight, *operation, rows, now);
            }
            Fact::OperationRevised { operation, rows, .. } => order(&mut judge, &sight, *operation, rows, now),
            Fact::GroupLaunched { order, .. } => {
                judge.left.insert(*order, fact.at);
            }
            Fact::Retaliated { order, waits_until, .. } => {
                judge.left.insert(*order, waits_until.unwrap_or(fact.at));
            }
            Fact::MarchArrived { target, manner, order: Some(order), .. } => {
                let attacks = !matches!(manner, Manner::Scout | Manner::Reinforce | Manner::Settle);
                if attacks && judge.holders.get(target) == Some(&PERSON) {
                    let attack = order.operation().map_or(Attack::Raid(*order), Attack::Operation);
                    judge.arrived(attack, *order, fact.at);
                }
            }
            // A person that fights as an attacker gives its protection up.
            Fact::BattleFought { attackers, .. } if attackers.iter().any(|(who, _)| *who == PERSON) => {
                judge.protected = (fact.at, fact.at);
            }
            Fact::SiteChanged { site, from, to } => {
                if *from == Some(PERSON) && *to != Some(PERSON) {
                    judge.lost(fact.at);
                }
                match to {
                    Some(to) => judge.holders.insert(*site, *to),
                    None => judge.holders.remove(site),
                };
            }
            _ => {}
        }
    }
}

/// Notes orders at the person, and what the alliance believes that can meet them.
fn order(judge: &mut Judge, sight: &Sight, operation: ProposalId, rows: &[LaunchRow], now: GameTime) {
    let to_the_person: Vec<&LaunchRow> =
        rows.iter().filter(|r| judge.holders.get(&r.target) == Some(&PERSON)).collect();
    if to_the_person.is_empty() {
        return;
    }
    let places: Vec<Tile> = to_the_person
        .iter()
        .filter_map(|r| sight.index.site(r.target))
        .filter_map(|e| sight.sites.get(e).ok())
        .map(|s| s.at)
        .collect();
    for row in to_the_person {
        judge.ordered.insert(OrderId::Group { operation, group: row.group }, sight.cost(row));
    }
    let most = &mut judge.came.entry(operation).or_default().1;
    *most = most.max(FORCE * sight.field(operation.alliance, &places, now));
}
