//! What members have something to say about: things that happened to their alliance and that all of it knows.

use super::prompts::{name, words};
use crate::base::clock::GameTime;
use crate::base::contract::{Fact, PlayerKind, Rank};
use crate::base::id::{AllianceId, PlayerId, SiteId};
use crate::decision::council::Situation;
use serde_json::{Value, json};

/// Something that a member speaks about.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Occasion {
    /// To whom.
    pub(super) alliance: AllianceId,
    /// Who.
    pub(super) member: PlayerId,
    /// What happened, as the alliance knows it.
    pub(super) told: Value,
}

impl Occasion {
    /// What a fact gives members to say: how alliances stand has changed, a village was taken, a person said something. Who sleeps
    /// says nothing.
    pub(super) fn of(fact: &Fact, situation: &Situation, now: GameTime) -> Vec<Self> {
        let occasion = |speaker: Option<(AllianceId, PlayerId)>, told: Value| {
            speaker.map(|(alliance, member)| Self { alliance, member, told })
        };
        match fact {
            Fact::StanceChanged { a, b, stance } => {
                let of = |own: AllianceId, other: AllianceId| {
                    let other = situation.roster.alliance(other).map(|a| name(&a.name));
                    let stance = format!("{stance:?}").to_lowercase();
                    let told = json!({ "event": "stance_changed", "other_alliance": other, "stance": stance });
                    occasion(head(own, situation, now).map(|m| (own, m)), told)
                };
                [of(*a, *b), of(*b, *a)].into_iter().flatten().collect()
            }
            Fact::SiteChanged { site, from: from @ Some(_), to } => {
                let of = |who: &Option<PlayerId>, event: &str| {
                    let told = json!({ "event": event, "village": place(*site, situation) });
                    occasion(who.and_then(|who| awake(who, situation, now)), told)
                };
                [of(from, "village_lost"), of(to, "village_taken")].into_iter().flatten().collect()
            }
            Fact::Said { alliance, player, text } => {
                // Only persons are answered: members who are not would go on for ever.
                let person = situation.roster.player(*player).is_some_and(|p| p.kind == PlayerKind::Human);
                let answers = head(*alliance, situation, now).filter(|_| person).map(|member| (*alliance, member));
                let told = json!({ "event": "member_said", "member": player.0, "said": words(text) });
                occasion(answers, told).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

fn place(site: SiteId, situation: &Situation) -> String {
    situation.view.site(site).map_or_else(String::new, |s| name(&s.name))
}

/// The first of leader and officers who is no person and awake.
fn head(alliance: AllianceId, situation: &Situation, now: GameTime) -> Option<PlayerId> {
    if !situation.roster.alliance(alliance).is_some_and(|a| a.active) {
        return None;
    }
    let mut heads = situation.roster.members(alliance);
    heads.retain(|m| m.rank != Rank::Member && m.kind == PlayerKind::Active && m.rhythm.is_awake(now));
    heads.into_iter().min_by_key(|m| (m.rank != Rank::Leader, m.player)).map(|m| m.player)
}

/// A member of an alliance that deliberates, if it is no person and awake.
fn awake(player: PlayerId, situation: &Situation, now: GameTime) -> Option<(AllianceId, PlayerId)> {
    let alliance = situation.roster.active_alliance_of(player)?;
    let member = situation.roster.member(player)?;
    (member.kind == PlayerKind::Active && member.rhythm.is_awake(now)).then_some((alliance, player))
}
