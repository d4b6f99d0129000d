//! Planning a new site: which village sends its settlers, and when.

use super::allocation::{Errand, Plan, PlannedGroup, TargetPlan};
use crate::base::clock::GameTime;
use crate::base::contract::{Forecast, Manner, Rhythm, SiteState, WorldModel};
use crate::base::goods::Goods;
use crate::base::id::SiteId;
use crate::base::ruleset::Force;
use crate::knowledge::intel::View;

/// The plan of founding a site on the tile that `plot` names, by settlers of an own village that are `free`: they leave
/// at the first waking instant of their owner from `not_before` on. `None` if the tile is taken, or the village has too
/// few settlers or too few goods.
#[must_use]
pub fn plan_settling(
    view: &View,
    village: &SiteState,
    free: &Force,
    rhythm: Rhythm,
    plot: SiteId,
    not_before: GameTime,
) -> Option<Plan> {
    let tile = view.torus().tile(i64::from(plot.tile_id()?)).filter(|t| view.is_free(*t))?;
    let force = settlers(village, free, &*view.model().0)?;
    let travel = view.model().travel_of(village, tile, &force)?;
    let launch = rhythm.next_awake(not_before);
    let target = TargetPlan {
        site: plot,
        believed: Force::new(),
        reckoned: Force::new(),
        seen_at: not_before,
        forecast: Forecast::default(),
        ratio: 0.0,
        expected_loss: 0.0,
        sigma: 0.0,
        win: 1.0,
        forecast_win: 1.0,
        met: true,
    };
    let group = PlannedGroup {
        site: village.site,
        member: village.owner,
        target: plot,
        wave: 0,
        force,
        upgrades: village.upgrades,
        launch,
        travel,
        arrival: launch + travel,
        manner: Manner::Settle,
        aims: [None; 2],
        errand: Errand::Strike,
    };
    Some(Plan { groups: vec![group], targets: vec![target], ..Plan::default() })
}

/// As many settlers of a village as found a site, if they are free and the village has the goods for it.
#[must_use]
pub fn settlers(village: &SiteState, free: &Force, model: &dyn WorldModel) -> Option<Force> {
    let needed = model.settlers_needed();
    let (class, _) = free.iter().find(|(class, n)| needed > 0 && model.is_settler(*class) && *n >= needed)?;
    let lacks = |goods: Goods| model.founding_cost().minus(goods).amounts().into_iter().any(|g| g > 0);
    (!lacks(village.stores)).then(|| Force::of(class, needed))
}
