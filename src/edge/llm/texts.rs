//! What an alliance is told before each question: the same texts, shared, until what they tell has changed.

use super::bridge::request::Blocks;
use super::draft::Clerk;
use super::prompts::{filled, name, number};
use crate::base::id::AllianceId;
use crate::society::alliance::MemberInfo;
use crate::society::personality::Traits;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::Xxh3;

/// The texts of each alliance, by a hash of what they were written from. They are no state: whatever is missing is written anew.
#[derive(Debug, Default)]
pub(super) struct Texts(BTreeMap<AllianceId, (u128, Blocks)>);

impl Texts {
    /// The rules, the alliance, its members by their numbers: as they are now.
    pub(super) fn of(&mut self, alliance: AllianceId, clerk: &Clerk) -> Blocks {
        let members = clerk.situation.roster.members(alliance);
        let from = clerk.sources(alliance, &members);
        if let Some((_, blocks)) = self.0.get(&alliance).filter(|(hash, _)| *hash == from) {
            debug_assert_eq!(
                **blocks,
                clerk.system(alliance, &members),
                "texts are written anew when they would differ"
            );
            return blocks.clone();
        }
        let blocks = Blocks::from(clerk.system(alliance, &members));
        self.0.insert(alliance, (from, blocks.clone()));
        blocks
    }
}

/// A member's traits, as they are told.
fn told(traits: Traits) -> [f64; 5] {
    [traits.agreeableness, traits.conscientiousness, traits.extraversion, traits.neuroticism, traits.openness]
}

impl Clerk<'_, '_, '_> {
    /// A hash of all that [`system`](Self::system) reads.
    fn sources(&self, alliance: AllianceId, members: &[MemberInfo]) -> u128 {
        let mut hash = Xxh3::new();
        let text = |hash: &mut Xxh3, text: &str| {
            hash.update(&text.len().to_le_bytes());
            hash.update(text.as_bytes());
        };
        for part in [&self.prompts.rules, &self.prompts.alliance, &self.prompts.roster, &self.charter.0.name] {
            text(&mut hash, part);
        }
        for portion in [&self.charter.0.approval, &self.charter.0.quorum] {
            hash.update(&portion.parts.to_le_bytes());
            hash.update(&portion.of.to_le_bytes());
        }
        text(&mut hash, self.situation.roster.alliance(alliance).map_or("", |a| a.name.as_str()));
        for member in members {
            hash.update(&member.player.0.to_le_bytes());
            hash.update(&[member.rank as u8]);
            for trait_told in told(self.situation.traits(member)) {
                // What is told has two digits: what drifts below them changes nothing.
                hash.update(&(trait_told * 100.0).round().to_bits().to_le_bytes());
            }
            text(&mut hash, self.situation.view.player(member.player).map_or("", |p| p.name.as_str()));
        }
        hash.digest128()
    }

    /// What rarely changes: the rules, the alliance, its members by their numbers.
    fn system(&self, alliance: AllianceId, members: &[MemberInfo]) -> Vec<String> {
        let called = self.situation.roster.alliance(alliance).map_or_else(String::new, |a| name(&a.name));
        let charter = &self.charter.0;
        let charter = json!({
            "approval": format!("more than {} in {} of those who vote", charter.approval.parts, charter.approval.of),
            "name": name(&charter.name),
            "quorum": format!("at least {} in {} of all vote", charter.quorum.parts, charter.quorum.of),
        });
        let members: Map<String, Value> = members.iter().map(|m| (m.player.to_string(), self.character(m))).collect();
        vec![
            self.prompts.rules.clone(),
            filled(
                &self.prompts.alliance,
                &[("alliance", Value::from(called).to_string()), ("charter", charter.to_string())],
            ),
            filled(&self.prompts.roster, &[("roster", Value::from(members).to_string())]),
        ]
    }

    /// What a member is to the others: its name, its rank, its traits.
    fn character(&self, member: &MemberInfo) -> Value {
        let called = self.situation.view.player(member.player).map_or_else(String::new, |p| name(&p.name));
        let [agreeableness, conscientiousness, extraversion, neuroticism, openness] =
            told(self.situation.traits(member)).map(number);
        json!({
            "name": called,
            "rank": format!("{:?}", member.rank).to_lowercase(),
            "traits": {
                "agreeableness": agreeableness,
                "conscientiousness": conscientiousness,
                "extraversion": extraversion,
                "neuroticism": neuroticism,
                "openness": openness,
            },
        })
    }
}
