//! Bringing a village up to date, and setting the rates at which it lives until something happens to it again.
//!
//! A village is touched only when somebody needs it: a march leaves or arrives, its owner looks at it, its crop runs
//! out. Then [`Villages::bring_up`] computes what was made, eaten, trained, grown and repaired since, day by day; and
//! after what happened to it [`Villages::follow`] sets new rates. Between the two calls nobody spends anything on it.

use super::components::{
    Blockades, Buildings, Economy, EconomySettings, Garrison, Guest, Guests, Ledger, Merchants, Stores,
};
use super::rules::{self, Drill, TrainingNeed};
use super::stores;
use crate::base::clock::{Agenda, CampaignSystems, DueEntry, DueKind, GameTime};
use crate::base::contract::{Holdings, Site};
use crate::base::goods::Goods;
use crate::base::id::{EntityIndex, MarchId, PlayerId, SiteId, TribeId};
use crate::base::ruleset::{Force, Ruleset};
use bevy::ecs::query::QueryData;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

/// A village's crop runs out. Owner: the site.
pub const CROP_RUNS_OUT: DueKind = DueKind::new(45, "crop_runs_out", &[CampaignSystems::March]);

/// A village with all that lives in it.
#[derive(QueryData, Debug)]
#[query_data(mutable, derive(Debug))]
pub struct Village {
    /// What is public of it.
    pub site: &'static Site,
    /// Own troops.
    pub garrison: &'static mut Garrison,
    /// Others' troops.
    pub guests: &'static mut Guests,
    /// What stands there.
    pub buildings: &'static mut Buildings,
    /// What lies there.
    pub stores: &'static mut Stores,
    /// Who stays before it.
    pub blockades: &'static mut Blockades,
    /// Who carries its goods.
    pub merchants: &'static mut Merchants,
    /// What it lives on, if it lives.
    pub economy: Option<&'static mut Economy>,
}

/// The parts of a village that change by themselves.
#[derive(Debug)]
pub struct Living<'a> {
    /// Which site.
    pub site: SiteId,
    /// The tribe of its troops.
    pub tribe: TribeId,
    /// Own troops.
    pub garrison: &'a mut Garrison,
    /// What stands there.
    pub buildings: &'a mut Buildings,
    /// What lies there.
    pub stores: &'a mut Stores,
    /// What it lives on.
    pub economy: &'a mut Economy,
    /// What its guests eat per hour.
    pub guests_eat: i64,
}

/// What the guests of a village eat per hour.
#[must_use]
pub fn guests_eat(guests: &Guests, ruleset: &Ruleset) -> i64 {
    guests.0.values().map(|g| ruleset.upkeep(&g.force)).sum()
}

impl Living<'_> {
    /// Computes what was made, eaten, spent, trained, grown and repaired until now.
    pub fn bring_up(&mut self, now: GameTime, ruleset: &Ruleset, settings: &EconomySettings, ledger: &mut Ledger) {
        while self.economy.since < now {
            let day = rules::next_day(self.site, self.economy.since);
            let until = day.min(now);
            self.flow(until, ledger);
            if until == day {
                self.begin_day(ruleset, settings, ledger);
                self.set_rates(ruleset, settings);
            }
        }
    }

    /// All flows until an instant before which no rate changes.
    fn flow(&mut self, until: GameTime, ledger: &mut Ledger) {
        let since = core::mem::replace(&mut self.economy.since, until);
        stores::settle(self.stores, until, ledger);
        let spent = self.economy.spending.map(|rate| rules::flow(rate, since, until));
        let eaten = Goods { crop: rules::flow(self.economy.eating, since, until), ..Goods::ZERO };
        ledger.goods_spent += spent;
        ledger.goods_eaten += eaten;
        // The stores know what was left over: all of it was made, and so was what never reached them.
        ledger.goods_made += spent + eaten;
        for drill in &mut self.economy.drills {
            let done = i64::from(drill.done) + rules::flow(i64::from(drill.per_hour), since, until);
            let units = u32::try_from(done / 1_000).unwrap_or(u32::MAX);
            drill.done = u32::try_from(done % 1_000).unwrap_or(0);
            self.garrison.home.add(drill.class, units);
            ledger.troops_trained.add(drill.class, units);
        }
    }

    /// A day begins: the village has grown, and what is below its due level was repaired.
    fn begin_day(&mut self, ruleset: &Ruleset, settings: &EconomySettings, ledger: &mut Ledger) {
        let before = self.economy.population();
        self.economy.inhabitants_milli = rules::grown(self.economy.inhabitants_milli, &settings.growth);
        let population = self.economy.population();
        let due = rules::building_levels(population, self.economy.role, self.economy.standing);
        let repaired = Buildings::from(rules::repaired((*self.buildings).into(), due));
        if repaired != *self.buildings {
            *self.buildings = repaired;
            stores::follow_buildings(self.stores, self.buildings, ledger);
        }
        if rules::upgrade_level(population) > rules::upgrade_level(before) {
            let due = rules::upgrade_levels(self.tribe, population, self.economy.role, ruleset);
            for (level, due) in self.garrison.upgrades.iter_mut().zip(due) {
                *level = (*level).max(due);
            }
        }
    }

    /// What fields make and what everyone eats, by what stands and lives there now.
    fn made_and_eaten(&self, ruleset: &Ruleset) -> (Goods, i64) {
        let population = self.economy.population();
        let made = rules::production_at(population, self.buildings.fields);
        let elsewhere = ruleset.upkeep(&self.garrison.stationed);
        let own = ruleset.upkeep(&self.garrison.home) + ruleset.upkeep(&self.garrison.away) - elsewhere;
        (made, i64::from(population) + own + self.guests_eat)
    }

    /// Whether the rates are no longer those of what stands and lives there. Troops that merely leave or come home eat
    /// at home all the while, so most of what happens changes no rate: plans of training are left alone then.
    fn rates_are_stale(&self, ruleset: &Ruleset) -> bool {
        let (made, eating) = self.made_and_eaten(ruleset);
        let left = Goods { crop: made.crop + self.economy.allowance - eating, ..made };
        eating != self.economy.eating || left.minus(self.economy.spending) != self.stores.per_hour
    }

    /// Sets what is made, eaten, trained and spent per hour from now on. The village must be up to date.
    pub fn set_rates(&mut self, ruleset: &Ruleset, settings: &EconomySettings) {
        let population = self.economy.population();
        let (made, eating) = self.made_and_eaten(ruleset);
        let left = made.crop + self.economy.allowance - eating;
        let share = |share: f64| made.map(|g| rules::part(g, share));
        let crop_at_most = |goods: Goods, most: i64| Goods { crop: goods.crop.min(most.max(0)), ..goods };
        let target = rules::army_at(&self.economy.establishment, self.economy.reference, population);
        let mut living = self.garrison.home.clone();
        living.add_all(&self.garrison.away);
        let (paces, training) = rules::training_plan(&TrainingNeed {
            rules: ruleset,
            target: &target,
            living: &living,
            budget: crop_at_most(share(settings.training_share), left),
            crop_left: left,
            population,
        });
        let due = rules::building_levels(population, self.economy.role, self.economy.standing);
        let grows = rules::grown(self.economy.inhabitants_milli, &settings.growth) > self.economy.inhabitants_milli;
        let damaged = Buildings::from(rules::repaired((*self.buildings).into(), due)) != *self.buildings;
        let building = if grows || damaged {
            crop_at_most(share(settings.building_share), left - training.crop)
        } else {
            Goods::ZERO
        };
        self.economy.eating = eating;
        self.economy.spending = training + building;
        self.stores.per_hour =
            Goods { crop: made.crop + self.economy.allowance - eating, ..made }.minus(self.economy.spending);
        self.drill(&paces);
    }

    /// Changes what is in training; what was begun is not lost.
    fn drill(&mut self, paces: &[(crate::base::id::UnitClass, u32)]) {
        let begun = core::mem::take(&mut self.economy.drills);
        let mut drills: rules::Drills =
            begun.into_iter().filter(|d| d.done > 0).map(|d| Drill { per_hour: 0, ..d }).collect();
        for (class, per_hour) in paces {
            match drills.iter_mut().find(|d| d.class == *class) {
                Some(drill) => drill.per_hour = *per_hour,
                None => drills.push(Drill { class: *class, per_hour: *per_hour, done: 0 }),
            }
        }
        drills.sort_unstable_by_key(|d| d.class);
        self.economy.drills = drills;
    }

    /// Kills the fewest units that restore the balance of crop: guests have gone before; the most numerous class
    /// first, of those at home. Returns the dead.
    fn starve(&mut self, ruleset: &Ruleset) -> Force {
        let left = self.stores.per_hour.crop;
        let dead = rules::starved(&self.garrison.home, -left, ruleset);
        self.garrison.home = self.garrison.home.minus(&dead);
        dead
    }
}

/// All villages of the default world, with what bringing them up to date needs.
#[derive(SystemParam)]
pub struct Villages<'w, 's> {
    index: Res<'w, EntityIndex>,
    ruleset: Res<'w, Ruleset>,
    settings: Res<'w, EconomySettings>,
    holdings: Res<'w, Holdings>,
    villages: Query<'w, 's, Village>,
    ledger: ResMut<'w, Ledger>,
    agenda: ResMut<'w, Agenda>,
}

impl core::fmt::Debug for Villages<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Villages")
    }
}

impl<'s> Villages<'_, 's> {
    /// What is in the village, to be changed. It must be up to date.
    pub(crate) fn get_mut(&mut self, site: SiteId) -> Option<VillageItem<'_, 's>> {
        self.villages.get_mut(self.index.site(site)?).ok()
    }

    /// The books of the world.
    pub(crate) fn ledger(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    /// What is in the village and the books, both to be changed. The village must be up to date.
    pub(crate) fn with_ledger(&mut self, site: SiteId) -> Option<(VillageItem<'_, 's>, &mut Ledger)> {
        Some((self.villages.get_mut(self.index.site(site)?).ok()?, &mut self.ledger))
    }
}

impl Villages<'_, '_> {
    /// Works on a living village, if it is one.
    fn with<R>(
        &mut self,
        site: SiteId,
        work: impl FnOnce(&mut Living, &Ruleset, &EconomySettings, &mut Ledger) -> R,
    ) -> Option<R> {
        let mut village = self.index.site(site).and_then(|e| self.villages.get_mut(e).ok())?;
        let economy = village.economy.as_mut()?;
        let mut living = Living {
            site,
            tribe: village.site.tribe,
            garrison: &mut village.garrison,
            buildings: &mut village.buildings,
            stores: &mut village.stores,
            economy,
            guests_eat: guests_eat(&village.guests, &self.ruleset),
        };
        Some(work(&mut living, &self.ruleset, &self.settings, &mut self.ledger))
    }

    /// Brings a village up to date.
    pub fn bring_up(&mut self, site: SiteId, now: GameTime) {
        self.with(site, |village, ruleset, settings, ledger| village.bring_up(now, ruleset, settings, ledger));
    }

    /// Sets the rates of a village to which something happened at this instant, and notes when its crop runs out.
    pub fn follow(&mut self, site: SiteId, now: GameTime) {
        let empty = self.with(site, |village, ruleset, settings, ledger| {
            village.bring_up(now, ruleset, settings, ledger);
            if village.rates_are_stale(ruleset) {
                village.set_rates(ruleset, settings);
            }
            let (crop, rate) = (village.stores.amount.crop, village.stores.per_hour.crop);
            // Where nobody is left who could starve, an empty store changes nothing.
            let can_starve = !village.garrison.home.is_empty() || village.guests_eat > 0;
            (rate < 0 && can_starve).then(|| rules::empty_at(crop, village.stores.since, rate)).flatten()
        });
        if let Some(empty) = empty.flatten() {
            self.agenda.push(CROP_RUNS_OUT.entry(empty.max(now), u64::from(site.0), 0));
        }
    }

    /// The sites of a player, sorted.
    #[must_use]
    pub fn sites_of(&self, player: PlayerId) -> Vec<SiteId> {
        self.holdings.of(player).to_vec()
    }

    /// What is in the village, as it is.
    #[must_use]
    pub fn get(&self, site: SiteId) -> Option<VillageReadOnlyItem<'_, '_>> {
        self.villages.get(self.index.site(site)?).ok()
    }

    /// Notes what will be due.
    pub(crate) fn remind(&mut self, entry: DueEntry) {
        self.agenda.push(entry);
    }

    /// Guests all over the world that `wanted` accepts, with their hosts; sorted. It looks at every village: for what
    /// happens rarely, such as a change of alliance or the loss of a village.
    pub(crate) fn guests_where(&self, wanted: impl Fn(&Site, &Guest) -> bool) -> Vec<(SiteId, MarchId)> {
        let guests = self.villages.iter().flat_map(|v| v.guests.0.iter().map(move |(id, guest)| (v.site, *id, guest)));
        let mut found: Vec<_> =
            guests.filter(|(host, _, guest)| wanted(host, guest)).map(|(host, id, _)| (host.id, id)).collect();
        found.sort_unstable();
        found
    }

    /// The village in which these guests stay. It looks at every village.
    pub(crate) fn host_of(&self, id: MarchId) -> Option<SiteId> {
        self.villages.iter().find(|v| v.guests.0.contains_key(&id)).map(|v| v.site.id)
    }

    /// Sets the rates of a village anew whose plans changed.
    pub(crate) fn replan(&mut self, site: SiteId, now: GameTime) {
        self.with(site, |village, ruleset, settings, _| village.set_rates(ruleset, settings));
        self.follow(site, now);
    }

    /// Shares the crop of an account anew: what is left over (or missing) in all its villages together, in proportion
    /// to what each of them makes. To be called when an account wins or loses a village, or fields.
    pub fn share_crop(&mut self, player: PlayerId, now: GameTime) {
        let sites = self.sites_of(player);
        let mut own: Vec<(SiteId, i64, i64)> = Vec::new();
        for site in sites {
            let balance = self.with(site, |village, ruleset, settings, ledger| {
                village.bring_up(now, ruleset, settings, ledger);
                village.set_rates(ruleset, settings);
                let made = rules::production_at(village.economy.population(), village.buildings.fields).crop;
                (made, made - village.economy.eating)
            });
            own.extend(balance.map(|(made, left)| (site, made, left)));
        }
        let made: Vec<i64> = own.iter().map(|(_, made, _)| *made).collect();
        let shares = rules::share_surplus(own.iter().map(|(.., left)| *left).sum(), &made);
        for ((site, _, left), share) in own.into_iter().zip(shares) {
            self.with(site, |village, _, _, _| village.economy.allowance = share - left);
            self.follow(site, now);
        }
    }

    /// The crop of a village has run out. First its account shares its crop anew; if it still makes less than it eats,
    /// the fewest units starve that restore the balance: guests first, then own troops at home, the most numerous
    /// class first.
    pub fn run_out(&mut self, site: SiteId, now: GameTime) {
        self.bring_up(site, now);
        let hungry = |village: &Living| village.stores.per_hour.crop < 0 && village.stores.amount.crop <= 0;
        if self.with(site, |village, _, _, _| hungry(village)) != Some(true) {
            return;
        }
        if let Some(owner) = self.get(site).map(|v| v.site.owner) {
            self.share_crop(owner, now);
        }
        let missing =
            self.with(site, |village, _, _, _| if hungry(village) { -village.stores.per_hour.crop } else { 0 });
        let Some(missing) = missing.filter(|m| *m > 0) else { return };
        self.starve_guests(site, missing, now);
        self.follow(site, now);
        if self.with(site, |village, _, _, _| hungry(village)) == Some(true) {
            self.with(site, |village, ruleset, _, ledger| {
                let dead = village.starve(ruleset);
                ledger.troops_dead.add_all(&dead);
                ledger.troops_starved.add_all(&dead);
            });
            self.follow(site, now);
        }
    }

    fn starve_guests(&mut self, site: SiteId, mut missing: i64, now: GameTime) {
        let Some(entity) = self.index.site(site) else { return };
        let ids: Vec<_> =
            self.villages.get(entity).map_or_else(|_| Vec::new(), |v| v.guests.0.keys().copied().collect());
        for id in ids {
            let Ok(mut village) = self.villages.get_mut(entity) else { return };
            let Some(guest) = village.guests.0.get_mut(&id) else { continue };
            let dead = rules::starved(&guest.force, missing, &self.ruleset);
            if dead.is_empty() {
                continue;
            }
            missing -= self.ruleset.upkeep(&dead);
            let home = guest.home;
            guest.force = guest.force.minus(&dead);
            if guest.force.is_empty() {
                village.guests.0.remove(&id);
            }
            self.ledger.troops_dead.add_all(&dead);
            self.ledger.troops_starved.add_all(&dead);
            self.bring_up(home, now);
            if let Some(mut home) = self.get_mut(home) {
                home.garrison.bury_stationed(&dead);
            }
            self.follow(home, now);
        }
    }
}
