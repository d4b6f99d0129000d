//! How alliances come to stand to each other: as a game says, as they decided, and as time goes by.

use super::components::{Alliance, Credit, Members, War, Wars};
use super::rules;
use super::systems::AIMS;
use crate::base::clock::{Agenda, CampaignSystems, DueBatch, DueEntry, DueKind, GameSpan, GameTime};
use crate::base::contract::{
    About, CampaignFact, Fact, Holdings, INPUT, Input, Inputs, Lived, MemoryKind, Player, Site, Stance, StanceChanged,
    Stances, Standing,
};
use crate::base::geometry::Torus;
use crate::base::id::{AllianceId, EntityIndex, SiteId};
use crate::society::personality::rules as personality;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Two alliances come to stand to each other as they decided, or as what was agreed for a time ends. Owner: both, n: how.
pub const STANCE_CHANGES: DueKind = DueKind::new(
    8,
    "stance_changes",
    &[
        CampaignSystems::Intake,
        CampaignSystems::Sense,
        CampaignSystems::March,
        CampaignSystems::Battle,
        CampaignSystems::Settle,
    ],
);

/// How long what is agreed lasts, and how much of it there may be.
#[derive(Resource, Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct StanceSettings {
    /// A war lasts at least this long before there is peace.
    pub war_min: GameSpan,
    /// A truce ends after this, and leaves them neutral.
    pub truce: GameSpan,
    /// A pact that was voted for ends after this.
    pub pact: GameSpan,
    /// A confederacy that was voted for ends after this.
    pub confederacy: GameSpan,
    /// A pact becomes a confederacy after this at the earliest.
    pub confederacy_after: GameSpan,
    /// Pacts of one alliance, confederacies included.
    pub pacts_max: usize,
    /// Alliances of one confederacy.
    pub confederacy_max: usize,
    /// Wars of one alliance that it declared itself.
    pub offensive_wars_max: usize,
    /// An offer stands for so long; whoever has not answered by then has refused it.
    pub offer_stands: GameSpan,
    /// What was refused is not offered again for so long on the same facts.
    pub refusal_lasts: GameSpan,
    /// Villages within this many fields of an own one are preferred as the aim of a war.
    pub aim_within: i32,
}

impl Default for StanceSettings {
    fn default() -> Self {
        Self {
            war_min: GameSpan::days(3),
            truce: GameSpan::days(5),
            pact: GameSpan::days(14),
            confederacy: GameSpan::days(28),
            confederacy_after: GameSpan::days(3),
            pacts_max: 3,
            confederacy_max: 3,
            offensive_wars_max: 2,
            offer_stands: GameSpan::hours(36),
            refusal_lasts: GameSpan::hours(36),
            aim_within: 60,
        }
    }
}

impl StanceSettings {
    /// How long a stance lasts that was voted for; `None`: until it is changed.
    #[must_use]
    pub fn lasts(&self, stance: Stance) -> Option<GameSpan> {
        match stance {
            Stance::Truce => Some(self.truce),
            Stance::Pact => Some(self.pact),
            Stance::Confederacy => Some(self.confederacy),
            Stance::Neutral | Stance::War => None,
        }
    }
}

const NUMBERED: [Stance; 5] = [Stance::Neutral, Stance::War, Stance::Truce, Stance::Pact, Stance::Confederacy];

/// The entry of the agenda by which alliance `a` brings about that both stand so to each other from `at` on: a war is declared
/// by `a`. What the rules of stances forbid by then is refused. [`Stance::Neutral`] ends what ends by itself at that instant.
#[must_use]
pub fn stance_change(a: AllianceId, b: AllianceId, stance: Stance, at: GameTime) -> DueEntry {
    let n = NUMBERED.iter().position(|s| *s == stance).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    STANCE_CHANGES.entry(at, u64::from(a.0) << 32 | u64::from(b.0), n)
}

/// What such an entry brings about: who asked for it, with whom, and how they are to stand to each other.
#[must_use]
pub fn change_of(entry: &DueEntry) -> Option<(AllianceId, AllianceId, Stance)> {
    let half = |v: u64| AllianceId(u32::try_from(v & u64::from(u32::MAX)).unwrap_or(0));
    let stance = NUMBERED.get(usize::try_from(entry.n).ok()?)?;
    Some((half(entry.owner >> 32), half(entry.owner), *stance))
}

/// The rule that forbids it, what it allows, and what it met.
type Refusal = (&'static str, String, String);

/// Changes stances, with all that follows from it.
#[derive(SystemParam)]
pub(super) struct Envoy<'w, 's> {
    index: Res<'w, EntityIndex>,
    settings: Res<'w, StanceSettings>,
    torus: Option<Res<'w, Torus>>,
    holdings: Res<'w, Holdings>,
    sites: Query<'w, 's, &'static Site>,
    players: Query<'w, 's, &'static Player>,
    members: Query<'w, 's, &'static Members>,
    alliances: Query<'w, 's, (&'static Alliance, &'static mut Stances, &'static mut Wars, &'static mut Credit)>,
    agenda: ResMut<'w, Agenda>,
    changed: MessageWriter<'w, StanceChanged>,
    facts: MessageWriter<'w, CampaignFact>,
    lived: MessageWriter<'w, Lived>,
}

impl Envoy<'_, '_> {
    fn stances(&self, id: AllianceId) -> Option<&Stances> {
        self.alliances.get(self.index.alliance(id)?).ok().map(|(_, stances, ..)| stances)
    }

    fn standing(&self, a: AllianceId, b: AllianceId) -> Standing {
        let neutral = Standing { stance: Stance::Neutral, since: GameTime(0), until: None };
        self.stances(a).and_then(|s| s.0.get(&b)).copied().unwrap_or(neutral)
    }

    /// What holds for every change of stances, whoever asks for it.
    fn check(&self, a: AllianceId, b: AllianceId, stance: Stance) -> Result<(), Refusal> {
        if let Some(unknown) = [a, b].into_iter().find(|id| self.stances(*id).is_none()) {
            return Err(("alliance_exists", "a known alliance".to_owned(), unknown.to_string()));
        }
        let members = |id: AllianceId| self.index.alliance(id).and_then(|e| self.members.get(e).ok());
        let ended = [a, b].into_iter().find(|id| members(*id).is_none_or(RelationshipTarget::is_empty));
        if let Some(ended) = ended.filter(|_| stance != Stance::Neutral) {
            return Err(("alliance_has_members", "alliances with members".to_owned(), ended.to_string()));
        }
        if a == b {
            return Err(("two_alliances", "two different alliances".to_owned(), a.to_string()));
        }
        Ok(())
    }

    /// What alliances that decide for themselves may agree on and declare.
    fn allowed(&self, a: AllianceId, b: AllianceId, stance: Stance, now: GameTime) -> Result<(), Refusal> {
        let before = self.standing(a, b);
        let settings = &*self.settings;
        let wrong = |rule, limit: &str| Err((rule, limit.to_owned(), format!("{:?}", before.stance).to_lowercase()));
        match stance {
            Stance::War if before.stance != Stance::Neutral => {
                wrong("war_on_neutrals", "an alliance to which it is neutral")
            }
            Stance::War => {
                let declared = self.declared(a);
                if declared >= settings.offensive_wars_max {
                    let limit = format!("{} wars that it declared", settings.offensive_wars_max);
                    return Err(("offensive_wars_max", limit, declared.to_string()));
                }
                Ok(())
            }
            Stance::Truce if before.stance != Stance::War => {
                wrong("peace_ends_a_war", "an alliance with which it is at war")
            }
            Stance::Truce if now - before.since < settings.war_min => {
                let lasted = format!("{:.1} h", (now - before.since).as_hours());
                Err(("war_min", format!("a war of {:.0} h", settings.war_min.as_hours()), lasted))
            }
            Stance::Truce | Stance::Neutral => Ok(()),
            Stance::Pact if before.stance == Stance::Neutral => self.room_for_pact(a, b),
            Stance::Pact => wrong("pact_with_neutrals", "an alliance to which it is neutral"),
            Stance::Confederacy if before.stance != Stance::Pact => {
                wrong("confederacy_of_a_pact", "an alliance with which it has a pact")
            }
            Stance::Confederacy if now - before.since < settings.confederacy_after => {
                let limit = format!("a pact of {:.0} h", settings.confederacy_after.as_hours());
                Err(("confederacy_after", limit, format!("{:.1} h", (now - before.since).as_hours())))
            }
            Stance::Confederacy => {
                let bloc = self.bloc(a).union(&self.bloc(b)).count();
                if bloc > settings.confederacy_max {
                    let limit = format!("{} alliances in a confederacy", settings.confederacy_max);
                    return Err(("confederacy_max", limit, bloc.to_string()));
                }
                Ok(())
            }
        }
    }

    fn room_for_pact(&self, a: AllianceId, b: AllianceId) -> Result<(), Refusal> {
        let pacts = |id| self.stances(id).map_or(0, |s| s.allies().count());
        match [a, b].into_iter().find(|id| pacts(*id) >= self.settings.pacts_max) {
            Some(full) => {
                let value = format!("alliance {full} has {}", pacts(full));
                Err(("pacts_max", format!("{} pacts", self.settings.pacts_max), value))
            }
            None => Ok(()),
        }
    }

    fn declared(&self, a: AllianceId) -> usize {
        let wars = self.index.alliance(a).and_then(|e| self.alliances.get(e).ok()).map(|(_, _, wars, _)| wars);
        wars.map_or(0, |wars| wars.0.values().filter(|war| war.declared).count())
    }

    /// An alliance and all that are one bloc with it.
    fn bloc(&self, a: AllianceId) -> BTreeSet<AllianceId> {
        rules::bloc(a, |of| self.stances(of).into_iter().flat_map(Stances::confederates).collect())
    }

    /// Both stand so to each other from now on. `a` is who declares, or breaks what was agreed.
    fn set(&mut self, a: AllianceId, b: AllianceId, stance: Stance, until: Option<GameTime>, at: GameTime) {
        let before = self.standing(a, b);
        for (one, other) in [(a, b), (b, a)] {
            let aim = if stance == Stance::War { self.aim(one, other) } else { Vec::new() };
            let found = self.index.alliance(one).and_then(|e| self.alliances.get_mut(e).ok());
            let Some((_, mut stances, mut wars, _)) = found else { continue };
            stances.0.insert(other, Standing { stance, since: at, until });
            if stance != Stance::War {
                wars.0.remove(&other);
            } else if before.stance != Stance::War {
                wars.0.insert(other, War { aim, declared: one == a, ..War::default() });
            }
        }
        if let Some(until) = until {
            self.agenda.push(stance_change(a, b, Stance::Neutral, until));
        }
        self.changed.write(StanceChanged { a, b, stance });
        self.facts.write(CampaignFact { at, fact: Fact::StanceChanged { a, b, stance } });
        let broken = before.stance.forbids_attack() && stance == Stance::War;
        if broken {
            self.note_broken((a, b), before.stance, at);
        }
        if stance == Stance::War && before.stance != Stance::War {
            let aim = self.index.alliance(a).and_then(|e| self.alliances.get(e).ok());
            let aim = aim.and_then(|(_, _, wars, _)| Some(wars.0.get(&b)?.aim.clone())).unwrap_or_default();
            self.facts.write(CampaignFact { at, fact: Fact::WarDeclared { by: a, on: b, aim } });
        }
        match (before.stance == Stance::War, stance == Stance::War) {
            (false, true) if broken => self.live(b, a, MemoryKind::Betrayed, personality::WEIGHT_OF_BROKEN_WORD),
            (false, true) => self.live(b, a, MemoryKind::WarDeclared, personality::WEIGHT_OF_WAR),
            (true, false) => {
                self.live(a, b, MemoryKind::Peace, personality::WEIGHT_OF_PEACE);
                self.live(b, a, MemoryKind::Peace, personality::WEIGHT_OF_PEACE);
            }
            _ => {}
        }
    }

    /// All members of an alliance live through something that is about another one.
    fn live(&mut self, alliance: AllianceId, other: AllianceId, kind: MemoryKind, weight: f64) {
        let members = self.index.alliance(alliance).and_then(|e| self.members.get(e).ok());
        let about = About { alliance: Some(other), ..About::default() };
        for entity in members.into_iter().flat_map(RelationshipTarget::iter) {
            if let Ok(player) = self.players.get(entity) {
                self.lived.write(Lived { member: player.id, kind, about, weight });
            }
        }
    }

    /// What was agreed for a time holds until it is changed.
    fn keep(&mut self, a: AllianceId, b: AllianceId) {
        for (one, other) in [(a, b), (b, a)] {
            let found = self.index.alliance(one).and_then(|e| self.alliances.get_mut(e).ok());
            if let Some((_, mut stances, ..)) = found
                && let Some(standing) = stances.0.get_mut(&other)
            {
                standing.until = None;
            }
        }
    }

    /// Who breaks its word is believed less by everybody, and by the other side least.
    fn note_broken(&mut self, (by, with): (AllianceId, AllianceId), stance: Stance, at: GameTime) {
        for (alliance, _, _, mut credit) in &mut self.alliances {
            let points = match alliance.id {
                id if id == by => continue,
                id if id == with => rules::CREDIT_OF_BROKEN,
                _ => rules::CREDIT_OF_BROKEN_SEEN,
            };
            credit.0.entry(by).or_default().add(points, at, rules::TRUST_HALF_LIFE);
        }
        self.facts.write(CampaignFact { at, fact: Fact::TreatyBroken { by, with, stance } });
    }

    /// What was agreed for a time is over, and was kept.
    fn end(&mut self, a: AllianceId, b: AllianceId, at: GameTime) {
        for (one, other) in [(a, b), (b, a)] {
            let found = self.index.alliance(one).and_then(|e| self.alliances.get_mut(e).ok());
            if let Some((_, _, _, mut credit)) = found {
                credit.0.entry(other).or_default().add(rules::CREDIT_OF_KEPT, at, rules::TRUST_HALF_LIFE);
            }
        }
        self.set(a, b, Stance::Neutral, None, at);
    }

    /// What a war of one alliance with another is for: public facts alone say it.
    fn aim(&self, one: AllianceId, other: AllianceId) -> Vec<SiteId> {
        let sites_of = |alliance: AllianceId| {
            let members = self.index.alliance(alliance).and_then(|e| self.members.get(e).ok());
            let players =
                members.into_iter().flat_map(RelationshipTarget::iter).filter_map(|e| self.players.get(e).ok());
            let ids = players.flat_map(|p| self.holdings.of(p.id).iter().copied());
            ids.filter_map(|site| self.sites.get(self.index.site(site)?).ok())
        };
        let own: Vec<_> = sites_of(one).map(|s| s.at).collect();
        let within = self.settings.aim_within.pow(2);
        let near = |site: &Site| {
            self.torus.as_ref().is_some_and(|torus| own.iter().any(|at| torus.distance_squared(*at, site.at) <= within))
        };
        rules::war_aim(sites_of(other).map(|s| (s.population, near(s), s.id)), AIMS)
    }
}

/// Stances that a game sets hold until it changes them.
pub(super) fn apply_inputs(batch: Res<DueBatch>, inputs: Res<Inputs>, mut envoy: Envoy) {
    if batch.of(INPUT).is_empty() {
        return;
    }
    let at = batch.now();
    for logged in &inputs.now {
        let Input::Stance(set) = &logged.input else { continue };
        let before = envoy.standing(set.a, set.b);
        let checked = envoy.check(set.a, set.b, set.stance).and_then(|()| {
            let changes = before.stance != set.stance || before.until.is_some();
            let value = || format!("{:?}", set.stance).to_lowercase();
            changes.then_some(()).ok_or_else(|| ("stance_changes", "how they do not stand yet".to_owned(), value()))
        });
        match checked {
            // Nothing changes between them, but that it does not end by itself any more.
            Ok(()) if before.stance == set.stance => envoy.keep(set.a, set.b),
            Ok(()) => envoy.set(set.a, set.b, set.stance, None, at),
            Err((rule, limit, value)) => {
                let request = format!("set_stance {} {}", set.a, set.b);
                envoy.facts.write(CampaignFact::refusal(at, request, rule, &limit, value));
            }
        }
    }
}

/// Stances that alliances decided on, and those whose time is over.
pub(super) fn apply_due(batch: Res<DueBatch>, mut envoy: Envoy) {
    let at = batch.now();
    for entry in batch.of(STANCE_CHANGES) {
        let Some((a, b, stance)) = change_of(entry) else { continue };
        if stance == Stance::Neutral {
            // An entry that no longer agrees with their stance: they have come to stand to each other in another way.
            if envoy.standing(a, b).until == Some(entry.due) {
                envoy.end(a, b, at);
            }
            continue;
        }
        match envoy.check(a, b, stance).and_then(|()| envoy.allowed(a, b, stance, at)) {
            Ok(()) => {
                let until = envoy.settings.lasts(stance).map(|span| at + span);
                envoy.set(a, b, stance, until, at);
            }
            Err((rule, limit, value)) => {
                let request = format!("{} {a} {b}", format!("{stance:?}").to_lowercase());
                envoy.facts.write(CampaignFact::refusal(at, request, rule, &limit, value));
            }
        }
    }
}
