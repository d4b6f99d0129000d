//! Whom a person leads: the member that an option names becomes a person before the campaign starts.

use super::person::officer;
use bevy_alliance::base::contract::{PlayerKind, Rank, Scenario};
use bevy_alliance::base::id::{AllianceId, PlayerId};
use bevy_alliance::edge::report::Directory;

/// Choices that an error lists at most.
const LISTED: usize = 12;

/// Makes a member a person: `best` is the officer with most inhabitants of the first alliance that deliberates, the name or the id of
/// such an alliance is that officer of it, and the name of a member is that member.
///
/// # Errors
/// Says what is wrong with it and what could be chosen, but not the option.
pub(crate) fn seat(scenario: &mut Scenario, who: &str, names: &Directory) -> Result<PlayerId, String> {
    let me = find(scenario, who, names).map_err(|why| format!("{why}; {}", choices(names)))?;
    for player in scenario.players.iter_mut().filter(|p| p.id == me) {
        player.kind = PlayerKind::Human;
    }
    Ok(me)
}

fn find(scenario: &Scenario, who: &str, names: &Directory) -> Result<PlayerId, String> {
    if who == "best" {
        let first = names.active.first().ok_or("no alliance deliberates")?;
        return best(scenario, *first).ok_or_else(|| "the first alliance has no officer".to_owned());
    }
    if let Some(member) = member(scenario, who, names)? {
        return Ok(member);
    }
    let alliance = names.find_alliance(who).map_err(|why| format!("no member of theirs has this name, and {why}"))?;
    if !names.active.contains(&alliance) {
        return Err("this alliance does not deliberate".to_owned());
    }
    best(scenario, alliance).ok_or_else(|| "this alliance has neither an officer nor a leader".to_owned())
}

/// Who may propose in an alliance and weighs most in it.
fn best(scenario: &Scenario, alliance: AllianceId) -> Option<PlayerId> {
    let leader = || scenario.players.iter().find(|p| p.membership == Some((alliance, Rank::Leader))).map(|p| p.id);
    officer(scenario, alliance).or_else(leader)
}

/// The member of an alliance that deliberates with this name, in small letters too.
fn member(scenario: &Scenario, name: &str, names: &Directory) -> Result<Option<PlayerId>, String> {
    let small = name.trim().to_lowercase();
    let deliberates = |id: AllianceId| names.active.contains(&id);
    let mut named = scenario
        .players
        .iter()
        .filter(|p| p.membership.is_some_and(|(alliance, _)| deliberates(alliance)) && p.name.to_lowercase() == small);
    match (named.next(), named.next()) {
        (one, None) => Ok(one.map(|p| p.id)),
        (Some(_), Some(_)) | (None, Some(_)) => Err("several members have this name: give their alliance".to_owned()),
    }
}

fn choices(names: &Directory) -> String {
    let mut listed: Vec<String> = names.active.iter().take(LISTED).map(|id| names.alliance_with_id(*id)).collect();
    if names.active.len() > LISTED {
        listed.push(format!("and {} more", names.active.len() - LISTED));
    }
    format!(
        "give `best`, the name of a member, or the name or id of an alliance that deliberates: {}",
        listed.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_alliance::base::contract::{ScenarioAlliance, ScenarioPlayer};

    fn scenario() -> Scenario {
        let alliance = |id, name: &str, active| ScenarioAlliance { id: AllianceId(id), name: name.to_owned(), active };
        let player = |id, name: &str, of, rank| ScenarioPlayer {
            id: PlayerId(id),
            name: name.to_owned(),
            kind: PlayerKind::Active,
            membership: Some((AllianceId(of), rank)),
            role: None,
            rhythm: None,
            archetype: None,
        };
        Scenario {
            seed: 1,
            half_width: 10,
            sites: Vec::new(),
            players: vec![
                player(1, "Ada", 1, Rank::Leader),
                player(2, "Bo", 1, Rank::Officer),
                player(3, "Cy", 2, Rank::Leader),
                player(4, "Di", 3, Rank::Officer),
            ],
            alliances: vec![alliance(1, "One", true), alliance(2, "Two", true), alliance(3, "Three", false)],
            stances: Vec::new(),
        }
    }

    #[test]
    fn a_person_is_found_by_alliance_and_by_name() {
        for (who, expected) in [("best", 2), ("one", 2), ("1", 2), ("Two", 3), ("ada", 1)] {
            let mut scenario = scenario();
            let names = Directory::of(&scenario);
            assert_eq!(seat(&mut scenario, who, &names), Ok(PlayerId(expected)), "{who}");
            let persons: Vec<_> =
                scenario.players.iter().filter(|p| p.kind == PlayerKind::Human).map(|p| p.id).collect();
            assert_eq!(persons, [PlayerId(expected)]);
        }
    }

    #[test]
    fn what_nobody_is_called_is_refused_with_the_choices() {
        let mut scenario = scenario();
        let names = Directory::of(&scenario);
        for who in ["Zed", "Three"] {
            let refused = seat(&mut scenario, who, &names);
            assert!(refused.is_err_and(|e| e.ends_with("that deliberates: One (1), Two (2)")), "{who}");
        }
    }
}
