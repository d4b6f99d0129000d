//! Reading dossiers: what a knower makes of foreign players out of its reports, what it learned, and what is public.

use super::components::{Dossier, Trend};
use super::rules::{self, HOURS, QuietHours, Threat, ThreatInputs};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::contract::{PlayerKind, Stance};
use crate::base::geometry::Tile;
use crate::base::id::{AllianceId, Knower, PlayerId, SiteId};
use crate::knowledge::intel::rules as intel;
use crate::knowledge::intel::view::View;
use crate::society::alliance::{Roster, rules as relations};
use std::collections::BTreeSet;

/// Points of grievance that count as the strongest.
const GRIEVANCE_MAX: f64 = 100.0;

/// A total over sites.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Weighed {
    /// As it was seen.
    pub seen: f64,
    /// Each part times the confidence in it now.
    pub weighed: f64,
}

impl Weighed {
    fn add(&mut self, value: f64, confidence: f64) {
        self.seen += value;
        self.weighed += value * confidence;
    }
}

/// What a knower knows of a foreign player, or of several together, at one instant. Totals are over sites with a live
/// report; each field of a report fades with its own half-life.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PlayerDossier {
    /// Sites that it has: public.
    pub sites: usize,
    /// Those whose troops are known.
    pub sites_known: usize,
    /// Defense points behind walls and seats.
    pub defense: Weighed,
    /// Attack points of offense.
    pub offense: Weighed,
    /// What its troops cost to replace, in goods.
    pub troops: Weighed,
    /// Goods in store.
    pub goods: Weighed,
    /// Age of the latest observation of troops.
    pub youngest: Option<GameSpan>,
    /// Age of the oldest observation of troops that counts.
    pub oldest: Option<GameSpan>,
    /// The share of its acts in each hour of the day.
    pub activity: Option<[f64; HOURS]>,
    /// When it rarely acts.
    pub quiet: Option<QuietHours>,
    /// Growth of its troops per day.
    pub growth: Option<f64>,
    /// Marches that came with force.
    pub real: u32,
    /// Marches that came with next to nothing.
    pub fake: u32,
}

/// A dossier while it is summed up.
#[derive(Default)]
struct Sum {
    dossier: PlayerDossier,
    acts: [u16; HOURS],
    trend: Trend,
}

impl Sum {
    fn learn(&mut self, learned: &Dossier) {
        for (sum, acts) in self.acts.iter_mut().zip(learned.acts()) {
            *sum = sum.saturating_add(acts);
        }
        self.trend = rules::mean_trend(&self.trend, &learned.trend);
        self.dossier.real = self.dossier.real.saturating_add(learned.real);
        self.dossier.fake = self.dossier.fake.saturating_add(learned.fake);
    }

    fn result(self, now: GameTime) -> PlayerDossier {
        PlayerDossier {
            activity: rules::activity(&self.acts),
            quiet: rules::quiet_hours(&self.acts),
            growth: rules::live_growth(&self.trend, now),
            ..self.dossier
        }
    }
}

/// What a threat is measured against.
struct Ground {
    alliance: Option<AllianceId>,
    tiles: Vec<Tile>,
    defense: Option<f64>,
    marching: BTreeSet<PlayerId>,
}

/// Dossiers.
impl View<'_, '_> {
    /// What the knower knows of a player.
    #[must_use]
    pub fn player_dossier(&self, knower: impl Into<Knower>, player: PlayerId, now: GameTime) -> PlayerDossier {
        self.alliance_dossier(knower, [player], now)
    }

    /// What the knower knows of several players together: the members of an alliance.
    #[must_use]
    pub fn alliance_dossier(
        &self,
        knower: impl Into<Knower>,
        members: impl IntoIterator<Item = PlayerId>,
        now: GameTime,
    ) -> PlayerDossier {
        let knower = knower.into();
        let mut sum = Sum::default();
        for player in members {
            self.count_sites(knower, player, now, &mut sum.dossier);
            if let Some(learned) = self.dossier(knower, player) {
                sum.learn(learned);
            }
        }
        sum.result(now)
    }

    #[expect(clippy::cast_precision_loss, reason = "goods of one site, far below 2^53")]
    fn count_sites(&self, knower: Knower, player: PlayerId, now: GameTime, sum: &mut PlayerDossier) {
        sum.sites += self.sites_of(player).len();
        for force in self.forces(knower, player, now) {
            let (confidence, age) = (force.confidence_at(now), now - force.observed_at);
            sum.sites_known += 1;
            sum.offense.add(force.attack, confidence);
            sum.troops.add(force.cost as f64, confidence);
            sum.defense.add(self.defense_of(knower, force, now).unwrap_or(0.0), confidence);
            sum.youngest = Some(sum.youngest.map_or(age, |youngest| youngest.min(age)));
            sum.oldest = sum.oldest.max(Some(age));
        }
        for site in self.sites_of(player) {
            if let Some(goods) = self.report(knower, *site).and_then(|r| intel::live(r.goods.as_ref(), now)) {
                let confidence = intel::faded(goods.confidence, now - goods.observed_at, intel::GOODS_HALF_LIFE);
                sum.goods.add(goods.value.total() as f64, confidence);
            }
        }
    }

    /// How much of a threat a player is to the knower: to its nearest site, measured against the defense of a mean one of
    /// those whose states were asked for at this instant.
    #[must_use]
    pub fn threat_of(&self, roster: &Roster, knower: impl Into<Knower>, player: PlayerId, now: GameTime) -> Threat {
        let knower = knower.into();
        self.threat_on(roster, knower, player, now, &self.ground(roster, knower, None, now))
    }

    /// Who threatens an own site, most first, of equals the lower id: those whose offense is known and those who march on
    /// us, neither own members nor players who never act. Without the site's state, asked for at this instant, nobody's
    /// force can be measured, and nobody is listed.
    #[must_use]
    pub fn who_threatens(
        &self,
        roster: &Roster,
        knower: impl Into<Knower>,
        site: SiteId,
        now: GameTime,
    ) -> Vec<(PlayerId, Threat)> {
        let knower = knower.into();
        let ground = self.ground(roster, knower, Some(site), now);
        let mut players: BTreeSet<PlayerId> = self.known_players(knower).collect();
        players.extend(&ground.marching);
        players.retain(|player| {
            roster.knower_of(*player).is_some_and(|k| k != knower)
                && (ground.marching.contains(player) || self.forces(knower, *player, now).any(|f| f.attack > 0.0))
        });
        let mut threats: Vec<(PlayerId, Threat)> =
            players.into_iter().map(|p| (p, self.threat_on(roster, knower, p, now, &ground))).collect();
        threats.retain(|(_, threat)| threat.total.is_some());
        threats.sort_by(|a, b| {
            let total = |threat: &Threat| threat.total.unwrap_or(0.0);
            total(&b.1).total_cmp(&total(&a.1)).then(a.0.cmp(&b.0))
        });
        threats
    }

    /// The site with the lowest estimated defense over confidence; none if the troops of none are known.
    #[must_use]
    pub fn weakest(
        &self,
        knower: impl Into<Knower>,
        sites: impl IntoIterator<Item = SiteId>,
        now: GameTime,
    ) -> Option<SiteId> {
        let knower = knower.into();
        rules::weakest(sites.into_iter().filter_map(|site| {
            let force = self.force(knower, site, now)?;
            Some((site, self.defense_of(knower, force, now)?, force.confidence_at(now)))
        }))
    }

    fn ground(&self, roster: &Roster, knower: Knower, site: Option<SiteId>, now: GameTime) -> Ground {
        let (alliance, members) = match knower {
            Knower::Alliance(alliance) => {
                (Some(alliance), roster.members(alliance).into_iter().map(|m| m.player).collect())
            }
            Knower::Player(player) => (roster.alliance_of(player), vec![player]),
        };
        let own = members.iter().flat_map(|player| self.sites_of(*player));
        let at = |site: SiteId| self.site(site).map(|s| s.at);
        let tiles = match site {
            Some(site) => at(site).into_iter().collect(),
            None => own.filter_map(|site| at(*site)).collect(),
        };
        let mut marching: BTreeSet<PlayerId> = self.incoming(knower, now).filter_map(|march| march.player).collect();
        marching.extend(self.learned_players(knower).filter_map(|(player, learned)| {
            let came = learned.last_came?;
            (now - came <= rules::MARCH_REMEMBERED).then_some(player)
        }));
        Ground { alliance, tiles, defense: self.own_defense(knower, site), marching }
    }

    /// Defense points of an own site, or of a mean one, with everything that stands there.
    fn own_defense(&self, knower: Knower, site: Option<SiteId>) -> Option<f64> {
        let (mut sum, mut count) = (0.0, 0.0);
        for state in self.own(knower).iter().filter(|s| site.is_none_or(|site| site == s.site)) {
            let mut troops = state.home.clone();
            troops.add_all(&state.guests);
            sum += self.model().defense(state, &troops);
            count += 1.0;
        }
        (count > 0.0).then(|| sum / count)
    }

    fn threat_on(&self, roster: &Roster, knower: Knower, player: PlayerId, now: GameTime, on: &Ground) -> Threat {
        if self.player(player).is_none_or(|p| p.kind == PlayerKind::Static) {
            return Threat::default();
        }
        let (mut offense, mut hours) = (0.0, None::<f64>);
        for force in self.forces(knower, player, now) {
            offense += force.attack * force.confidence_at(now);
            let way = force.fastest.zip(self.nearest(force.at, &on.tiles));
            let way = way.and_then(|(class, to)| self.model().travel_between(force.at, to, class));
            hours = shorter(hours, way.map(GameSpan::as_hours));
        }
        let scale = self.model().scale();
        let mut guess = None;
        for site in self.sites_of(player).iter().filter(|site| self.force(knower, **site, now).is_none()) {
            let Some(public) = self.site(*site) else { continue };
            offense += scale.attack_per_inhabitant * f64::from(public.population);
            let fields = self.nearest(public.at, &on.tiles).map(|to| self.torus().distance(public.at, to));
            guess = shorter(guess, fields.map(|fields| fields / scale.fields_per_hour));
        }
        let learned = self.dossier(knower, player);
        let enemy = roster.alliance_of(player);
        let relations = on.alliance.zip(enemy).and_then(|(own, enemy)| {
            let (stances, _, grievances) = roster.relations(own)?;
            let points = grievances.0.get(&enemy).map_or(0.0, |g| g.at(now, relations::GRIEVANCE_HALF_LIFE));
            Some((stances.to(enemy), points / GRIEVANCE_MAX))
        });
        rules::threat(&ThreatInputs {
            offense: Some(offense),
            defense: on.defense,
            hours: hours.or(guess),
            // Who belongs to no alliance agreed on nothing.
            stance: Some(relations.map_or(Stance::Neutral, |(stance, _)| stance)),
            grievance: relations.map(|(_, grievance)| grievance),
            marches: on.marching.contains(&player),
            growth: learned.and_then(|l| rules::live_growth(&l.trend, now)),
        })
    }

    /// The nearest of some places by distance.
    fn nearest(&self, from: Tile, places: &[Tile]) -> Option<Tile> {
        places.iter().copied().min_by_key(|to| (self.torus().distance_squared(from, *to), to.x, to.y))
    }
}

fn shorter(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
