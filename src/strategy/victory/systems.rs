//! Ranking those who are still in it.

use super::condition::{VictoryCondition, VictoryConditions};
use super::rules::{Contender, Field, progress};
use crate::base::clock::{Agenda, CampaignSystems, DueBatch, DueKind, GameClock, GameSpan, GameTime};
use crate::base::contract::{CampaignFact, Fact, Scenario};
use crate::base::id::AllianceId;
use crate::knowledge::territory::Territory;
use crate::society::alliance::Roster;
use crate::strategy::wonder::Wonders;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// It is looked who has come how far. Without owner.
pub const VICTORY_CHECKED: DueKind = DueKind::new(12, "victory_checked", &[CampaignSystems::Settle]);

/// Between two looks.
const PERIOD: GameSpan = GameSpan::hours(6);

/// Where victory is judged within a pass.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VictorySystems {
    /// In `Settle`: the ranking is made, and somebody has won.
    Rank,
}

/// How far one alliance has come.
#[derive(Clone, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct VictoryStanding {
    /// Which alliance.
    pub alliance: AllianceId,
    /// How far towards the condition that it is nearest to, 0..=1.
    pub progress: f64,
    /// The name of that condition.
    pub condition: String,
}

/// Who won.
#[derive(Clone, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct VictoryResult {
    /// Which alliance.
    pub alliance: AllianceId,
    /// By which condition.
    pub condition: String,
    /// When.
    pub at: GameTime,
}

/// The public ranking: of conditions that are there, as of the last look, who leads first.
#[derive(Resource, Clone, PartialEq, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct VictoryRanking {
    /// All who are still in it; of equals the one with more points, then the lower id.
    pub standings: Vec<VictoryStanding>,
    /// Who won, once somebody has.
    pub won: Option<VictoryResult>,
    /// The level of a wonder that wins, if any does.
    pub wonder_levels: Option<u8>,
    /// Whether the last alliance wins.
    pub last_alliance: bool,
}

impl VictoryRanking {
    /// How far an alliance has come if it leads and has come three tenths of the way, else 0.
    #[must_use]
    pub fn lead_of(&self, alliance: AllianceId) -> f64 {
        let leads = self.standings.first().filter(|first| first.alliance == alliance && first.progress >= 0.3);
        leads.map_or(0.0, |first| first.progress)
    }
}

pub(super) fn begin(world: &mut World, _scenario: &Scenario) {
    let conditions = world.resource::<VictoryConditions>();
    let (any, wonder_levels) = (!conditions.0.is_empty(), conditions.wonder_levels());
    let last_alliance = conditions.0.contains(&VictoryCondition::LastAlliance);
    let mut ranking = world.resource_mut::<VictoryRanking>();
    (ranking.wonder_levels, ranking.last_alliance) = (wonder_levels, last_alliance);
    if any {
        let first = world.resource::<GameClock>().now() + PERIOD;
        world.resource_mut::<Agenda>().push(VICTORY_CHECKED.entry(first, 0, 0));
    }
}

/// Ranks all who are still in it; who meets a condition first has won. Of several at one look the first of the ranking has.
pub(super) fn rank(
    batch: Res<DueBatch>,
    conditions: Res<VictoryConditions>,
    roster: Roster,
    territory: Territory,
    wonders: Wonders,
    mut ranking: ResMut<VictoryRanking>,
    mut agenda: ResMut<Agenda>,
    mut facts: MessageWriter<CampaignFact>,
) {
    if batch.of(VICTORY_CHECKED).is_empty() || ranking.won.is_some() {
        return;
    }
    let now = batch.now();
    let contenders: Vec<(AllianceId, Contender)> = roster
        .active_alliances()
        .into_iter()
        .filter(|id| !roster.members(*id).is_empty())
        .map(|id| {
            let contender = Contender {
                land: territory.claimed_share(id),
                tiles: u64::from(territory.map().tiles_claimed(id)),
                inhabitants: roster.members(id).iter().map(|m| m.population).sum(),
                wonder: wonders.level_of(id),
            };
            (id, contender)
        })
        .collect();
    let field = Field {
        alliances: u32::try_from(contenders.len()).unwrap_or(u32::MAX),
        most_points: contenders.iter().map(|(_, c)| c.points()).max().unwrap_or(0),
        day: (now - GameTime(0)).as_hours() / 24.0,
    };
    let mut standings: Vec<(VictoryStanding, u64)> = contenders
        .iter()
        .filter_map(|(id, contender)| {
            let all = conditions.0.iter().map(|c| (progress(*c, contender, &field), c.name()));
            let (progress, condition) = all.max_by(|a, b| a.0.total_cmp(&b.0))?;
            let standing = VictoryStanding { alliance: *id, progress, condition: condition.to_owned() };
            Some((standing, contender.points()))
        })
        .collect();
    standings.sort_by(|(a, of_a), (b, of_b)| {
        b.progress.total_cmp(&a.progress).then(of_b.cmp(of_a)).then(a.alliance.cmp(&b.alliance))
    });
    ranking.standings = standings.into_iter().map(|(standing, _)| standing).collect();
    match ranking.standings.first().filter(|first| first.progress >= 1.0).cloned() {
        Some(VictoryStanding { alliance, condition, .. }) => {
            let places = ranking.standings.iter().map(|s| (s.alliance, s.progress)).collect();
            ranking.won = Some(VictoryResult { alliance, condition: condition.clone(), at: now });
            facts.write(CampaignFact { at: now, fact: Fact::VictoryWon { alliance, condition, ranking: places } });
        }
        None => agenda.push(VICTORY_CHECKED.entry(now + PERIOD, 0, 0)),
    }
}
