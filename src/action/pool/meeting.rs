//! Members give of their surplus, and those in need are granted.

use super::components::{Levy, MEETS_REGULARLY, POOL_MEETS, Pool, Underway};
use super::rules::{self, Need, PoolSettings, Request};
use super::systems::seat;
use crate::base::clock::{Agenda, DueBatch, GameTime};
use crate::base::contract::{
    AskPool, CampaignFact, Fact, GiveToPool, GoodsDue, GrantReason, INPUT, Input, Inputs, PlayerKind, PoolOrder,
    RequestRefused, SiteState,
};
use crate::base::goods::Goods;
use crate::base::id::{AllianceId, EntityIndex, PlayerId, SiteId};
use crate::knowledge::intel::View;
use crate::society::alliance::{MemberInfo, Roster};
use crate::society::personality::Traits;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// What meetings read, and what they order.
#[derive(SystemParam)]
pub(super) struct Table<'w, 's> {
    index: Res<'w, EntityIndex>,
    settings: Res<'w, PoolSettings>,
    view: View<'w, 's>,
    roster: Roster<'w, 's>,
    traits: Query<'w, 's, &'static Traits>,
    levies: Query<'w, 's, &'static Levy>,
    due: MessageWriter<'w, GoodsDue>,
    facts: MessageWriter<'w, CampaignFact>,
}

impl Table<'_, '_> {
    /// Orders goods to be sent.
    fn send(&mut self, pool: &mut Pool, alliance: AllianceId, underway: Underway, seat: SiteId) {
        pool.orders += 1;
        let order = PoolOrder { alliance, n: pool.orders };
        let granted = underway.granted.is_some();
        let (origin, target) = if granted { (seat, underway.site) } else { (underway.site, seat) };
        pool.underway.insert(order.n, underway);
        self.due.write(GoodsDue { order, origin, target, goods: underway.goods, granted });
    }

    /// What is known of a member's need. Needs the states of its sites.
    #[expect(clippy::cast_precision_loss, reason = "inhabitants of an alliance")]
    fn need(&self, pool: &Pool, alliance: AllianceId, member: &MemberInfo, now: GameTime) -> Need {
        let account = pool.accounts.get(&member.player);
        let army = self.army(alliance, member.player);
        let hungry = self.hungry(alliance, member.player);
        let joined = account.and_then(|a| a.joined).is_some_and(|at| now - at < self.settings.new_for);
        let all = self.roster.members(alliance);
        let mean = all.iter().map(|m| m.population as f64).sum::<f64>() / all.len().max(1) as f64;
        Need {
            army,
            peak: account.map_or(army, |a| a.peak.0.max(army)),
            lost: self.roster.record(member.player).map_or(0, |(record, _)| record.lost_lately(now)),
            operations: self.roster.record(member.player).map_or(0, |(record, _)| record.operations_lately(now)),
            new: joined && (member.population as f64) < mean,
            crop: hungry.map_or(0, |(_, lacks)| lacks),
        }
    }

    /// The village of a member with guests that lacks most crop for the time that is kept, and how much; not where the pool is
    /// kept: nothing is brought there.
    fn hungry(&self, alliance: AllianceId, member: PlayerId) -> Option<(SiteId, i64)> {
        let seat = seat(alliance, &self.roster, &self.view).map(|(seat, _)| seat);
        let hosts = self.view.own_of(alliance, member).filter(|s| !s.guests.is_empty() && Some(s.site) != seat);
        let lacks = hosts.map(|s| (s.site, rules::lacks(s.stores.crop, s.per_hour.crop, self.settings.kept)));
        lacks.filter(|(_, crop)| *crop > 0).max_by_key(|(site, crop)| (*crop, core::cmp::Reverse(*site)))
    }

    fn army(&self, alliance: AllianceId, member: PlayerId) -> i64 {
        let model = self.view.model();
        self.view.own_of(alliance, member).map(|s| model.cost(&s.home) + model.cost(&s.away)).sum()
    }

    fn state(&self, alliance: AllianceId, site: SiteId) -> Option<&SiteState> {
        self.view.own(alliance).iter().find(|s| s.site == site)
    }

    /// Whether merchants of a site carry goods to another within the time that is set.
    fn is_near(&self, from: SiteId, to: SiteId) -> bool {
        let tile = |site| self.view.site(site).map(|s| s.at);
        let Some((from, to)) = tile(from).zip(tile(to)) else { return false };
        let fields = self.view.torus().distance(from, to);
        fields <= self.settings.travel.as_hours() * self.view.model().scale().fields_per_hour
    }

    /// What a member gives: a part of the surplus of the village that has most of it, or, where it voted to give more, of each.
    fn contributions(
        &self,
        pool: &Pool,
        alliance: AllianceId,
        member: &MemberInfo,
        seat: SiteId,
        now: GameTime,
    ) -> Vec<Underway> {
        let Some(account) = pool.accounts.get(&member.player) else { return Vec::new() };
        let traits = self.traits.get(member.entity).copied().unwrap_or_default();
        let usual = rules::share_given(&traits, account.standing(now), &self.settings);
        let levied = self.levy(alliance).and_then(|levy| levy.share_of(member.player, now));
        let share = levied.map_or(usual, |levied| levied.max(usual));
        let kept = if levied.is_some() { self.settings.kept_levied } else { self.settings.kept };
        let of = |site: &SiteState| {
            let goods = rules::part_of(rules::surplus(site.stores, site.per_hour, kept), share);
            (site.site, rules::at_most(goods, site.carriers))
        };
        let from = self.view.own_of(alliance, member.player).filter(|s| s.site != seat && self.is_near(s.site, seat));
        let mut gifts: Vec<(SiteId, Goods)> = from.map(of).collect();
        gifts.sort_by_key(|(site, goods)| (core::cmp::Reverse(goods.total()), *site));
        gifts.truncate(if levied.is_some() { gifts.len() } else { 1 });
        gifts.retain(|(_, goods)| goods.total() >= self.settings.smallest);
        let gift = |(site, goods)| Underway { member: member.player, goods, site, granted: None, arrival: None };
        gifts.into_iter().map(gift).collect()
    }

    /// What members of an alliance voted to give beyond their usual gifts.
    fn levy(&self, alliance: AllianceId) -> Option<&Levy> {
        self.levies.get(self.index.alliance(alliance)?).ok()
    }

    /// Grants, or refuses, what is asked for.
    fn grant(
        &mut self,
        pool: &mut Pool,
        alliance: AllianceId,
        member: &MemberInfo,
        asked: AskPool,
        now: GameTime,
    ) -> Result<(), &'static str> {
        let AskPool { site, goods: wanted, reason } = asked;
        let (seat, _) = seat(alliance, &self.roster, &self.view).ok_or("no_seat")?;
        let need = self.need(pool, alliance, member, now);
        let account = pool.accounts.get(&member.player).ok_or("standing")?;
        // Where the pool is kept merchants have no way to go: it is brought to another site, or nowhere.
        if site == seat {
            return Err("at_the_seat");
        }
        let sent = |u: &&Underway| u.granted.is_some() && u.arrival.is_none();
        let busy: i64 = pool.underway.values().filter(sent).map(|u| u.goods.total()).sum();
        let promised = pool.underway.values().filter(sent).filter(|u| u.member == member.player);
        let request = Request {
            wanted,
            justified: rules::less(
                rules::wanted(reason, &need, &self.settings),
                account.granted_for(reason, now) + pool.waiting_for(member.player, reason),
            ),
            standing: account.standing(now),
            granted: account.granted_lately(now) + promised.map(|u| u.goods.total()).sum::<i64>(),
            stock: pool.free(),
            carriers: self.state(alliance, seat).map_or(0, |s| s.carriers).saturating_sub(busy),
        };
        let goods = rules::decide(&request, &self.settings)?;
        let granted = Some((reason, wanted));
        let underway = Underway { member: member.player, goods, site, granted, arrival: None };
        self.send(pool, alliance, underway, seat);
        Ok(())
    }

    fn refuse(&mut self, alliance: AllianceId, member: PlayerId, asked: AskPool, rule: &str, at: GameTime) {
        let AskPool { goods: wanted, reason, .. } = asked;
        let fact = Fact::PoolRefused { alliance, member, wanted, reason, rule: rule.to_owned() };
        self.facts.write(CampaignFact { at, fact });
    }

    /// What a member asks for by rule, if it needs anything.
    fn request(&self, pool: &Pool, alliance: AllianceId, member: &MemberInfo, now: GameTime) -> Option<AskPool> {
        let need = self.need(pool, alliance, member, now);
        let (seat, _) = seat(alliance, &self.roster, &self.view)?;
        let account = pool.accounts.get(&member.player)?;
        let elsewhere = self.view.own_of(alliance, member.player).filter(|s| s.site != seat);
        let largest = elsewhere.max_by_key(|s| (s.population, core::cmp::Reverse(s.site)));
        let hungry = self.hungry(alliance, member.player).map(|(site, _)| site);
        GrantReason::ALL.into_iter().find_map(|reason| {
            let goods = rules::less(rules::wanted(reason, &need, &self.settings), account.granted_for(reason, now));
            let site = if reason == GrantReason::Relief { hungry? } else { largest?.site };
            (goods.total() >= self.settings.smallest).then_some(AskPool { site, goods, reason })
        })
    }
}

/// Holds the meetings that are due: first those in need are granted, then members give, while the pool is low.
pub(super) fn hold_meetings(
    batch: Res<DueBatch>,
    mut table: Table,
    mut pools: Query<&mut Pool>,
    mut agenda: ResMut<Agenda>,
) {
    let now = batch.now();
    for entry in batch.of(POOL_MEETS) {
        let alliance = entry.alliance();
        if !table.roster.alliance(alliance).is_some_and(|a| a.active) {
            continue;
        }
        // A game may end its pools in the middle of a campaign.
        if table.settings.period.0 <= 0 {
            continue;
        }
        let regular = entry.n == MEETS_REGULARLY;
        if regular {
            agenda.push(POOL_MEETS.entry(now + table.settings.period, entry.owner, MEETS_REGULARLY));
        }
        let Some(mut pool) = table.index.alliance(alliance).and_then(|e| pools.get_mut(e).ok()) else { continue };
        let Some((seat, _)) = seat(alliance, &table.roster, &table.view) else { continue };
        let members = table.roster.members(alliance);
        for member in &members {
            let army = table.army(alliance, member.player);
            if let Some(account) = pool.accounts.get_mut(&member.player) {
                account.note_army(army, now);
            }
        }
        // Persons ask for themselves.
        let npcs = || members.iter().filter(|m| m.kind == PlayerKind::Active);
        let mut asking: Vec<(AskPool, f64, &MemberInfo)> = npcs()
            .filter_map(|m| {
                let standing = pool.accounts.get(&m.player)?.standing(now);
                Some((table.request(&pool, alliance, m, now)?, standing, m))
            })
            .filter(|(asked, ..)| regular || asked.reason == GrantReason::Relief)
            .collect();
        asking
            .sort_by(|a, b| (a.0.reason).cmp(&b.0.reason).then(b.1.total_cmp(&a.1)).then(a.2.player.cmp(&b.2.player)));
        for (asked, _, member) in asking {
            if let Err(rule) = table.grant(&mut pool, alliance, member, asked, now) {
                table.refuse(alliance, member.player, asked, rule, now);
            }
        }
        if !regular {
            continue;
        }
        let enough = table.settings.reserve_per_member.saturating_mul(i64::try_from(members.len()).unwrap_or(0));
        let levied = table.levy(alliance).map_or(0, |levy| levy.stock);
        let mut held = pool.stock.total();
        for member in npcs().filter(|m| m.rhythm.is_awake(now)) {
            let gives_more = table.levy(alliance).is_some_and(|levy| levy.share_of(member.player, now).is_some());
            if held >= if gives_more { enough.max(levied) } else { enough } {
                continue;
            }
            for gift in table.contributions(&pool, alliance, member, seat, now) {
                held += gift.goods.total();
                table.send(&mut pool, alliance, gift, seat);
            }
        }
    }
}

/// Members who ask and give by a request of the game.
pub(super) fn answer_requests(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    mut table: Table,
    mut pools: Query<&mut Pool>,
) {
    if batch.of(INPUT).is_empty() {
        return;
    }
    let now = batch.now();
    let without = table.settings.period.0 <= 0;
    for logged in &inputs.now {
        let (site, what) = match &logged.input {
            Input::Ask(asked) => (asked.site, "ask_pool"),
            Input::Give(gift) => (gift.site, "give_to_pool"),
            _ => continue,
        };
        let refused = match member_at(&table, site) {
            Ok((alliance, _)) if without => {
                Some(("has_a_pool", "pools that meet".to_owned(), format!("alliance {alliance} has none")))
            }
            Ok((alliance, member)) => {
                let Some(mut pool) = table.index.alliance(alliance).and_then(|e| pools.get_mut(e).ok()) else {
                    continue;
                };
                match &logged.input {
                    Input::Ask(asked) => {
                        if let Err(rule) = table.grant(&mut pool, alliance, &member, *asked, now) {
                            table.refuse(alliance, member.player, *asked, rule, now);
                        }
                        None
                    }
                    Input::Give(gift) => give(&mut table, &mut pool, alliance, &member, gift),
                    _ => None,
                }
            }
            Err(refused) => Some(refused),
        };
        if let Some((rule, limit, value)) = refused {
            let request = format!("{what} {site}");
            let refused = RequestRefused { request, rule: rule.to_owned(), limit, value, retry_after: None };
            table.facts.write(CampaignFact { at: now, fact: Fact::RequestRefused(refused) });
        }
    }
}

/// The rule that forbids it, what it allows, and what was asked for.
type Refusal = (&'static str, String, String);

/// Who holds a site, as a member of an alliance that deliberates.
fn member_at(table: &Table, site: SiteId) -> Result<(AllianceId, MemberInfo), Refusal> {
    let Some(owner) = table.view.site(site).map(|s| s.owner) else {
        return Err(("site_exists", "a village".to_owned(), site.to_string()));
    };
    let found = table.roster.active_alliance_of(owner).zip(table.roster.member(owner));
    let limit = || "a village of a member of an alliance that deliberates".to_owned();
    found.ok_or_else(|| ("has_a_pool", limit(), format!("a village of player {owner}")))
}

fn give(
    table: &mut Table,
    pool: &mut Pool,
    alliance: AllianceId,
    member: &MemberInfo,
    gift: &GiveToPool,
) -> Option<Refusal> {
    let GiveToPool { site, goods } = *gift;
    let Some((seat, _)) = seat(alliance, &table.roster, &table.view) else {
        return Some(("no_seat", "an alliance whose leader has a village".to_owned(), alliance.to_string()));
    };
    if site == seat {
        return Some(("at_the_seat", "another village than where the pool is kept".to_owned(), site.to_string()));
    }
    if goods.amounts().into_iter().any(|g| g < 0) || goods.is_zero() {
        return Some(("some_goods", "amounts from 0, not all of them 0".to_owned(), format!("{goods:?}")));
    }
    let underway = Underway { member: member.player, goods, site, granted: None, arrival: None };
    table.send(pool, alliance, underway, seat);
    None
}
