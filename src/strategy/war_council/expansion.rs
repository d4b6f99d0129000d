//! The expansion option: whose settlers found a site, and where.

use super::option::CouncilOption;
use super::session::Session;
use crate::base::clock::GameSpan;
use crate::base::contract::{PlayerKind, SiteState};
use crate::base::geometry::Tile;
use crate::base::id::{PlayerId, SiteId};
use crate::decision::council::{ActionKind, Asked, Expected, Goal, ProposedTarget, SubmitProposal};
use crate::decision::planning::rules::facts::gain;
use crate::decision::planning::rules::option::{ExpansionInputs, expansion_score};
use crate::decision::planning::{Plan, plan_settling, settlers};
use std::collections::BTreeMap;

/// Fields around a village in which a free tile is looked for where territory says nothing.
const RADIUS: i32 = 10;
/// Inhabitants by which a new site is valued: what it grows to within some weeks.
const VALUED_AT: u32 = 100;

/// The best expansion, or the gate that blocks all of them.
pub(super) fn best_option(session: &Session) -> Result<CouncilOption, &'static str> {
    let settings = session.settings;
    if session.last_expansion.is_some_and(|at| session.now - at < settings.expansion_pause) {
        return Err("expanded_lately");
    }
    let model = session.situation.view.model();
    if model.settlers_needed() == 0 {
        return Err("no_settlers");
    }
    // Of those who can the member with the fewest sites: a new one means most to it.
    let mut villages: Vec<(usize, &SiteState)> = session
        .own
        .iter()
        .filter(|s| session.member(s.owner).is_some_and(|m| m.kind == PlayerKind::Active))
        .filter(|s| settlers(s, &session.situation.free(s), &*model.0).is_some())
        .map(|s| (session.situation.view.sites_of(s.owner).len(), s))
        .collect();
    villages.sort_by_key(|(sites, s)| (*sites, s.site));
    let found = villages.into_iter().find_map(|(_, village)| {
        let plot = best_plot(session, village.at)?;
        let rhythm = session.member(village.owner)?.rhythm;
        let free = session.situation.free(village);
        let leave = session.now + settings.vote_window + GameSpan::mins(10);
        let plan = plan_settling(&session.situation.view, village, &free, rhythm, plot, leave)?;
        Some((village, plot, plan))
    });
    let (village, plot, plan) = found.ok_or("no_settlers")?;
    option(session, village, plot, plan)
}

/// The best plot near a village that is free, and that no member is on its way to; where the alliance has no influence,
/// the nearest.
fn best_plot(session: &Session, at: Tile) -> Option<SiteId> {
    let view = &session.situation.view;
    let plot = |tile| view.torus().plot(tile);
    let taken = |tile| session.claimed.contains(&plot(tile));
    // One more than can be taken.
    let plots = session.territory.best_plots(session.alliance, at, session.claimed.len() + 1);
    let best = plots.into_iter().map(|plot| plot.at).find(|tile| !taken(*tile));
    best.or_else(|| view.nearest_free(at, RADIUS, taken)).map(plot)
}

#[expect(clippy::cast_precision_loss, reason = "goods of one site, far below 2^53")]
fn option(session: &Session, village: &SiteState, plot: SiteId, plan: Plan) -> Result<CouncilOption, &'static str> {
    let model = session.situation.view.model();
    let group = plan.groups.first().ok_or("no_plan")?;
    let goods = model.cost(&group.force) + model.founding_cost().total();
    let cost = goods as f64;
    let value = model.production(VALUED_AT) * session.settings.expansion_hours;
    let arrival = group.arrival;
    let inputs = ExpansionInputs {
        gain: Some(gain(1.0, value, 1.0, cost)),
        open_wars: Some(u32::try_from(session.enemies.len()).unwrap_or(u32::MAX)),
        hours_since_refusal: session.refused.get(&plot).map(|t| (session.now - *t).as_hours()),
    };
    let score = expansion_score(&inputs, &session.planning.scores).score;
    let asked = Asked { goods, share: 0.0, sites: BTreeMap::from([(village.site, 0.0)]) };
    let target = ProposedTarget {
        cites: Vec::new(),
        site: plot,
        owner: village.owner,
        alliance: None,
        value,
        score,
        seen_at: session.now,
        confidence: 1.0,
        ratio: 0.0,
    };
    let submission = SubmitProposal {
        alliance: session.alliance,
        proposer: PlayerId::default(),
        action: ActionKind::Expansion,
        pattern: String::new(),
        goal: Goal::Found,
        targets: vec![target],
        enemy: None,
        dealings: None,
        score,
        arrival,
        trial: plan,
        expected: Expected { ratio: 0.0, value, cost, strength_own: 0.0, strength_enemy: 0.0 },
        asked: BTreeMap::from([(village.owner, asked)]),
    };
    CouncilOption::proposed(session, submission, score).ok_or("nobody_awake")
}
