//! What is told on: by allies, and by members who change their alliance. Each field must be what its source saw there at
//! that instant, and whoever tells it must have it from its own people.

use crate::judge::Eyes;
use bevy_alliance::action::operations::{Group, GroupStatus, OperationStatus};
use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{MembershipChanged, Stance, Treaty};
use bevy_alliance::base::id::{AllianceId, Knower, PlayerId, SiteId};
use bevy_alliance::decision::council::ProposalStatus;
use bevy_alliance::decision::planning::allocation::Errand;
use bevy_alliance::knowledge::intel::{Cause, Field, IntelReport, Observation, Seen, SourceKind, TargetClaim};
use std::collections::{BTreeMap, BTreeSet};

/// What somebody saw with its own eyes, and who has it from them.
struct Sight {
    seen: Seen,
    holders: BTreeSet<Knower>,
}

/// Everything that was lawfully seen of sites so far.
#[derive(Default)]
pub(crate) struct Told {
    sights: BTreeMap<(PlayerId, SiteId, GameTime), Vec<Sight>>,
    /// Who attacks what: since when, and when the last army that strikes comes there.
    attacks: BTreeMap<(AllianceId, SiteId), (GameTime, GameTime)>,
    /// Who was told of whose claims.
    claims: BTreeSet<(AllianceId, SiteId, AllianceId)>,
    /// Who offered what to whom, and was not answered by refusal yet.
    offers: BTreeSet<(AllianceId, AllianceId, Treaty)>,
}

impl Told {
    /// Notes what was seen with own eyes, which was found to be lawful.
    pub(crate) fn note(&mut self, knower: Knower, seen: &Observation) {
        if matches!(seen.seen, Seen::Site { .. }) {
            let sight = Sight { seen: seen.seen.clone(), holders: BTreeSet::from([knower]) };
            self.sights.entry((seen.witness, seen.site, seen.at)).or_default().push(sight);
        }
    }

    /// Why something that was told may not be known; nothing if it may.
    pub(crate) fn fault(
        &mut self,
        knower: Knower,
        seen: &Observation,
        report: &IntelReport,
        moved: &[MembershipChanged],
        world: &Eyes,
    ) -> Option<String> {
        let sources = match self.sources(seen, report) {
            Ok(sources) => sources,
            Err(why) => return Some(why),
        };
        match seen.cause {
            Cause::AllyTold => may_tell(report.knower, knower, seen.site, world).err(),
            Cause::BroughtAlong => {
                let went = moved.iter().any(|m| m.player == seen.witness);
                let own = sources.iter().all(|(source, _)| *source == seen.witness);
                if !went || !own {
                    return Some(format!("moved: {went}, its own: {own}"));
                }
                for (source, at) in sources {
                    for sight in self.sights.get_mut(&(source, seen.site, at)).into_iter().flatten() {
                        sight.holders.insert(knower);
                    }
                }
                None
            }
            _ => Some("nobody told it".to_owned()),
        }
    }

    /// Why an envoy may not have come; nothing if it may: with an offer for which its alliance has voted at this instant, or with
    /// the refusal of what was offered to it.
    pub(crate) fn envoy_fault(
        &mut self,
        knower: Knower,
        seen: &Observation,
        (by, treaty, refusal): (AllianceId, Treaty, bool),
        world: &Eyes,
    ) -> Option<String> {
        let Knower::Alliance(to) = knower else { return Some("only alliances treat with each other".to_owned()) };
        if seen.cause != Cause::Envoy {
            return Some(format!("because of {:?}", seen.cause));
        }
        if refusal {
            return (!self.offers.remove(&(to, by, treaty))).then(|| "it was not offered".to_owned());
        }
        self.offers.insert((by, to, treaty));
        let voted = world.proposals.iter().any(|p| {
            let passed = matches!(p.status, ProposalStatus::Passed(_)) && p.decided_at == Some(seen.at);
            passed && p.id.alliance == by && p.enemy == Some(to) && p.action.treaty() == Some(treaty)
        });
        (!voted).then(|| "nobody voted for it".to_owned())
    }

    /// Notes which alliances attack what, as things are before anything of this pass is told.
    pub(crate) fn look_at_operations(&mut self, world: &Eyes) {
        let comes = |g: &&Group| {
            let strikes = matches!(g.errand, Errand::Strike | Errand::Reserve);
            strikes && matches!(g.status, GroupStatus::Waiting | GroupStatus::Launched { .. })
        };
        self.attacks.clear();
        for operation in world.operations.iter().filter(|o| !o.scouting && o.status != OperationStatus::Concluded) {
            for group in operation.groups.iter().filter(comes) {
                let attack = (operation.started, group.arrival);
                let (since, last) = self.attacks.entry((operation.id.alliance, group.target)).or_insert(attack);
                (*since, *last) = ((*since).min(operation.started), (*last).max(group.arrival));
            }
        }
    }

    /// Why an alliance may not know of a claim; nothing if it may: confederates alone tell each other, and only what their
    /// operations really have to themselves: to an hour after the last army comes that is still to strike there.
    pub(crate) fn claim_fault(
        &mut self,
        knower: Knower,
        seen: &Observation,
        by: AllianceId,
        claim: TargetClaim,
        world: &Eyes,
    ) -> Option<String> {
        let Knower::Alliance(listener) = knower else { return Some("only alliances tell each other".to_owned()) };
        let stance = world.stance(by, listener);
        if stance != Stance::Confederacy || seen.cause != Cause::AllyTold {
            return Some(format!("with stance {stance:?}, because of {:?}", seen.cause));
        }
        let until = self.attacks.get(&(by, seen.site)).map(|(_, last)| *last + GameSpan::hours(1));
        let since = self.attacks.get(&(by, seen.site)).map(|(since, _)| *since);
        let given_up = self.claims.contains(&(listener, seen.site, by)) && claim.until == seen.at;
        self.claims.insert((listener, seen.site, by));
        if since.is_some_and(|since| since != claim.since) {
            return Some(format!("it began at {since:?}"));
        }
        match until {
            Some(until) if until == claim.until => None,
            None if given_up => None,
            until => Some(format!("it goes there until {until:?}")),
        }
    }

    /// Who saw the fields of a report, and when; or which of them nobody of the teller's saw so.
    fn sources(&self, told: &Observation, report: &IntelReport) -> Result<BTreeSet<(PlayerId, GameTime)>, String> {
        let IntelReport { troops, goods, wall, buildings, .. } = report;
        let is = |field: &'static str, at: GameTime, source: PlayerId, kind, same: &dyn Fn(&Seen) -> bool| {
            let known = self.sights.get(&(source, told.site, at)).into_iter().flatten();
            let lawful = known.filter(|s| s.holders.contains(&report.knower)).any(|s| same(&s.seen));
            let live = told.at - at < GameSpan::days(7) && kind != SourceKind::Hearsay;
            if lawful && live { Ok((source, at)) } else { Err(format!("{field} was not seen so by {source} at {at}")) }
        };
        fn of<T>(field: Option<&Field<T>>) -> Option<(GameTime, PlayerId, SourceKind, &T)> {
            field.map(|f| (f.observed_at, f.source, f.kind, &f.value))
        }
        let mut sources = BTreeSet::new();
        if let Some((at, by, kind, value)) = of(troops.as_ref()) {
            let same = |s: &Seen| matches!(s, Seen::Site { troops: Some(t), .. } if t == value);
            sources.insert(is("troops", at, by, kind, &same)?);
        }
        if let Some((at, by, kind, value)) = of(goods.as_ref()) {
            let same = |s: &Seen| matches!(s, Seen::Site { goods: Some(g), .. } if g == value);
            sources.insert(is("goods", at, by, kind, &same)?);
        }
        if let Some((at, by, kind, value)) = of(wall.as_ref()) {
            let same = |s: &Seen| matches!(s, Seen::Site { wall: Some(w), .. } if w == value);
            sources.insert(is("wall", at, by, kind, &same)?);
        }
        if let Some((at, by, kind, value)) = of(buildings.as_ref()) {
            let same = |s: &Seen| matches!(s, Seen::Site { residence: Some(r), .. } if r == value);
            sources.insert(is("residence", at, by, kind, &same)?);
        }
        Ok(sources)
    }
}

/// Allies alone tell each other something; partners of a pact of common enemies alone.
fn may_tell(teller: Knower, listener: Knower, site: SiteId, world: &Eyes) -> Result<(), String> {
    let (Knower::Alliance(teller), Knower::Alliance(listener)) = (teller, listener) else {
        return Err("only alliances tell each other".to_owned());
    };
    let owner = world.place(site).map(|p| p.owner).ok_or("of a site that is not there")?;
    let whose = world.alliance_of(owner);
    let at_war = |a| whose.is_some_and(|w| world.stance(a, w) == Stance::War);
    match world.stance(teller, listener) {
        Stance::Confederacy => Ok(()),
        Stance::Pact if at_war(teller) && at_war(listener) => Ok(()),
        stance => Err(format!("{teller} tells {listener} of {whose:?} with stance {stance:?}")),
    }
}
