//! A campaign on one page: who is winning and why, the turning point, the best and the worst decision with what was known then.
//!
//! [`AfterAction::of`] reads the [`CampaignTally`](super::CampaignTally), the [`History`] and the world as it stands;
//! [`AfterAction::html`] makes one self-contained HTML text of it, with charts in SVG, for a screen of any width and for paper. Names and
//! texts of players and models are data: they are cut and escaped.
//!
//! What is *not* here: files, a network, and any effect. The truth stands beside beliefs, so it is for after the fact, or for who may
//! see all.

mod data;
mod gather;
mod history;
mod judge;
mod page;

pub use history::History;

use super::tally::CampaignTally;
use bevy::prelude::World;
use data::Data;
use judge::Verdict;
use serde::{Deserialize, Serialize};

/// A report of a campaign, as it stood when it was made.
///
/// ```
/// use bevy::ecs::schedule::ScheduleLabel;
/// use bevy::prelude::*;
/// use bevy_alliance::base::clock::GameSpan;
/// use bevy_alliance::base::contract::ScenarioAppExt;
/// use bevy_alliance::edge::report::{AfterAction, History, ReportPlugin};
/// use bevy_alliance::edge::test_app::{TestApp, small_world};
///
/// let mut app = TestApp::unstarted_with(
///     |app| {
///         app.init_resource::<History>();
///     },
///     |app| {
///         app.add_plugins(ReportPlugin { host: Update.intern() });
///     },
/// );
/// app.app.start_campaign(&small_world(7, 300)).unwrap();
/// app.run(GameSpan::hours(12));
/// let report = AfterAction::of(app.app.world_mut());
/// assert_eq!(report.headline(), "Nobody leads yet.");
/// assert!(report.html().starts_with("<!doctype html>"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AfterAction {
    data: Data,
}

impl AfterAction {
    /// The campaign of a world as it stands. Without a [`History`] that was there from the beginning it has no courses, counts the
    /// battles of operations alone, and does not know what was known when a decision was made; without a [`CampaignTally`] it is empty.
    #[must_use]
    pub fn of(world: &mut World) -> Self {
        let tally = world.get_resource::<CampaignTally>().cloned().unwrap_or_default();
        let kept = world.get_resource::<History>().cloned();
        let mut history = kept.unwrap_or_else(|| History::of_tally(&tally));
        history.look(world, &tally.directory.active);
        Self { data: gather::gather(world, &tally, &history) }
    }

    /// Who is winning, in a sentence: plain text.
    #[must_use]
    pub fn headline(&self) -> String {
        Verdict::of(&self.data).headline
    }

    /// Why, in a sentence or two: plain text.
    #[must_use]
    pub fn why(&self) -> String {
        Verdict::of(&self.data).why
    }

    /// The page: one self-contained HTML text that needs no network and no script.
    #[must_use]
    pub fn html(&self) -> String {
        page::page(&self.data)
    }
}
