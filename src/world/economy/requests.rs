//! What players ask of their villages: to keep more troops, or to dismiss some.

use crate::base::clock::{DueBatch, GameTime};
use crate::base::contract::{CampaignFact, DismissTroops, Fact, INPUT, Input, Inputs, RequestRefused, TrainTroops};
use crate::base::id::{SiteId, UnitClass};
use crate::base::ruleset::{Force, Ruleset};
use crate::world::village::upkeep::Villages;
use crate::world::village::{EconomySettings, Owners, rules};
use bevy::prelude::*;

/// The rule that forbids it, what it allows, and what was asked for.
type Refusal = (&'static str, String, String);

/// Villages keep more troops from now on, and train what is missing.
pub(super) fn train_troops(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    ruleset: Res<Ruleset>,
    settings: Res<EconomySettings>,
    owners: Owners,
    mut villages: Villages,
    mut facts: MessageWriter<CampaignFact>,
) {
    if batch.of(INPUT).is_empty() {
        return;
    }
    let now = batch.now();
    for logged in &inputs.now {
        let Input::Train(TrainTroops { site, force }) = &logged.input else { continue };
        let done = may_ask(&villages, &owners, *site, force)
            .and_then(|()| train(&mut villages, (*site, force), &ruleset, &settings, now));
        tell(&mut facts, now, format!("train_troops {site}"), done);
    }
}

/// Whether anything can be asked of the village.
fn may_ask(villages: &Villages, owners: &Owners, site: SiteId, force: &Force) -> Result<(), Refusal> {
    if force.is_empty() {
        return Err(("some_troops", "1 unit at least".to_owned(), "none".to_owned()));
    }
    let village = villages.get(site).ok_or_else(|| no_village(site))?;
    if owners.is_static(village.site.owner) {
        return Err(("static_owner", "a village of somebody who acts".to_owned(), site.to_string()));
    }
    Ok(())
}

fn no_village(site: SiteId) -> Refusal {
    ("site_exists", "a village".to_owned(), site.to_string())
}

fn train(
    villages: &mut Villages,
    (site, force): (SiteId, &Force),
    ruleset: &Ruleset,
    settings: &EconomySettings,
    now: GameTime,
) -> Result<(), Refusal> {
    let units = || format!("{} units", force.total());
    let mut village = villages.get_mut(site).ok_or_else(|| no_village(site))?;
    let tribe = ruleset.tribe(village.site.tribe);
    let economy = village
        .economy
        .as_mut()
        .ok_or_else(|| ("village_lives", "a village that trains at all".to_owned(), site.to_string()))?;
    let own = |class: UnitClass| tribe.is_some_and(|t| class.0 >= t.first.0 && class.0 - t.first.0 < t.size);
    if let Some((class, _)) = force.iter().find(|(class, _)| !own(*class)) {
        return Err(("tribe", "units of the village's tribe".to_owned(), format!("class {}", class.0)));
    }
    let population = economy.population();
    let mut wanted = rules::army_at(&economy.establishment, economy.reference, population);
    let asked = wanted.total().saturating_add(force.total());
    if asked > settings.army_max {
        return Err(("army_max", format!("{} units", settings.army_max), format!("{asked} units")));
    }
    wanted.add_all(force);
    let kept = rules::establish(&economy.establishment, economy.reference, population, &wanted);
    let (establishment, reference) =
        kept.ok_or_else(|| ("crop", "an army that the village can feed".to_owned(), units()))?;
    // A village that has shrunk keeps its army by what it was: the same asked today means more then.
    if establishment.total() > settings.army_max {
        let value = format!("{} units at {reference} inhabitants", establishment.total());
        return Err(("army_max", format!("{} units", settings.army_max), value));
    }
    economy.establishment = establishment;
    economy.reference = reference;
    villages.replan(site, now);
    Ok(())
}

/// Troops at home are gone, and the village no longer trains them anew.
pub(super) fn dismiss_troops(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    owners: Owners,
    mut villages: Villages,
    mut facts: MessageWriter<CampaignFact>,
) {
    if batch.of(INPUT).is_empty() {
        return;
    }
    let now = batch.now();
    for logged in &inputs.now {
        let Input::Dismiss(DismissTroops { site, force }) = &logged.input else { continue };
        let done = may_ask(&villages, &owners, *site, force).and_then(|()| dismiss(&mut villages, (*site, force), now));
        tell(&mut facts, now, format!("dismiss_troops {site}"), done);
    }
}

fn dismiss(villages: &mut Villages, (site, force): (SiteId, &Force), now: GameTime) -> Result<(), Refusal> {
    let units = || format!("{} units", force.total());
    let (mut village, ledger) = villages.with_ledger(site).ok_or_else(|| no_village(site))?;
    if !village.garrison.home.covers(force) {
        let home = format!("{} units at home, of each class as many as asked for", village.garrison.home.total());
        return Err(("troops_at_home", home, units()));
    }
    village.garrison.home = village.garrison.home.minus(force);
    ledger.troops_dead.add_all(force);
    if let Some(economy) = village.economy.as_mut() {
        let population = economy.population();
        let wanted = rules::army_at(&economy.establishment, economy.reference, population).minus(force);
        if let Some((establishment, reference)) =
            rules::establish(&economy.establishment, economy.reference, population, &wanted)
        {
            economy.establishment = establishment;
            economy.reference = reference;
        }
    }
    villages.replan(site, now);
    Ok(())
}

fn tell(facts: &mut MessageWriter<CampaignFact>, at: GameTime, request: String, done: Result<(), Refusal>) {
    if let Err((rule, limit, value)) = done {
        let refused = RequestRefused { request, rule: rule.to_owned(), limit, value, retry_after: None };
        facts.write(CampaignFact { at, fact: Fact::RequestRefused(refused) });
    }
}
