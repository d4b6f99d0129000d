//! Saying what a decision rests on: which knowledge, how old, how certain.

use super::components::{Field, IntelReport};
use super::rules;
use super::view::View;
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{Citation, Cited};
use crate::base::id::{Knower, SiteId};

impl View<'_, '_> {
    /// Everything live that the knower knows of a site, as a decision of this instant cites it.
    #[must_use]
    pub fn cite(&self, knower: impl Into<Knower>, site: SiteId, now: GameTime) -> Vec<Citation> {
        self.report(knower, site).map_or_else(Vec::new, |report| report.cite(now).collect())
    }

    /// The troops that the knower knows of at a site, as a decision of this instant cites them.
    #[must_use]
    pub fn cite_troops(&self, knower: impl Into<Knower>, site: SiteId, now: GameTime) -> Option<Citation> {
        self.report(knower, site)?.cite(now).find(|c| c.what == Cited::Troops)
    }
}

impl IntelReport {
    /// Its live fields, as a decision of this instant cites them.
    pub fn cite(&self, now: GameTime) -> impl Iterator<Item = Citation> {
        let site = self.site;
        [
            cited(site, Cited::Troops, self.troops.as_ref(), rules::TROOPS_HALF_LIFE, now),
            cited(site, Cited::Goods, self.goods.as_ref(), rules::GOODS_HALF_LIFE, now),
            cited(site, Cited::Wall, self.wall.as_ref(), rules::BUILDINGS_HALF_LIFE, now),
            cited(site, Cited::Buildings, self.buildings.as_ref(), rules::BUILDINGS_HALF_LIFE, now),
        ]
        .into_iter()
        .flatten()
    }
}

fn cited<T>(
    site: SiteId,
    what: Cited,
    field: Option<&Field<T>>,
    half_life: GameSpan,
    now: GameTime,
) -> Option<Citation> {
    let seen = rules::live(field, now)?;
    let confidence = rules::faded(seen.confidence, now - seen.observed_at, half_life);
    Some(Citation { site, what, observed_at: seen.observed_at, confidence })
}
