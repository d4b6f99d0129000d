//! What members live through and remember of it: only what each of them lawfully learned.

use crate::base::clock::GameTime;
use crate::base::id::{AllianceId, PlayerId, SiteId};
use bevy::prelude::{Message, Reflect};
use core::fmt;
use serde::{Deserialize, Serialize};

/// What a member can remember: a closed set, so that rules, models and games mean the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Reflect, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryKind {
    /// Its village was attacked, and some of those who came went home.
    Attacked,
    /// Its village was attacked, and nobody of those who came went home.
    Held,
    /// It lost a village.
    LostVillage,
    /// It took a village.
    TookVillage,
    /// An operation in which it took part met its goal, or a part of it.
    Won,
    /// An operation in which it took part failed.
    Failed,
    /// Somebody's troops stood in its village when that was attacked.
    Helped,
    /// Somebody did not send what was ordered for an operation in which it took part.
    LetDown,
    /// An alliance attacked its own in spite of what they had agreed on.
    Betrayed,
    /// An alliance declared war on its own.
    WarDeclared,
    /// A war of its alliance ended.
    Peace,
}

impl MemoryKind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Attacked,
        Self::Held,
        Self::LostVillage,
        Self::TookVillage,
        Self::Won,
        Self::Failed,
        Self::Helped,
        Self::LetDown,
        Self::Betrayed,
        Self::WarDeclared,
        Self::Peace,
    ];

    /// Its name, as facts and logs give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Attacked => "attacked",
            Self::Held => "held",
            Self::LostVillage => "lost_village",
            Self::TookVillage => "took_village",
            Self::Won => "won",
            Self::Failed => "failed",
            Self::Helped => "helped",
            Self::LetDown => "let_down",
            Self::Betrayed => "betrayed",
            Self::WarDeclared => "war_declared",
            Self::Peace => "peace",
        }
    }
}

impl fmt::Display for MemoryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whom and what a memory is about, as far as the member knows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Reflect, Serialize, Deserialize)]
pub struct About {
    /// Which player: who attacked, helped, stayed at home, or proposed.
    pub player: Option<PlayerId>,
    /// Which alliance, as it was then.
    pub alliance: Option<AllianceId>,
    /// Which site.
    pub site: Option<SiteId>,
}

/// Something that a member remembers.
#[derive(Clone, Copy, PartialEq, Debug, Reflect, Serialize, Deserialize)]
pub struct Memory {
    /// When it happened; of what happened again and again, the last time.
    pub at: GameTime,
    /// What.
    pub kind: MemoryKind,
    /// Whom and what it is about.
    pub about: About,
    /// How much it meant to the member, 0..=1.
    pub weight: f64,
}

/// What ids are called where a memory is told.
pub trait Names {
    /// A player's name.
    fn player(&self, id: PlayerId) -> String;
    /// An alliance's name.
    fn alliance(&self, id: AllianceId) -> String;
    /// A site's name.
    fn site(&self, id: SiteId) -> String;
}

/// Ids as they are.
impl Names for () {
    fn player(&self, id: PlayerId) -> String {
        format!("player {id}")
    }

    fn alliance(&self, id: AllianceId) -> String {
        format!("alliance {id}")
    }

    fn site(&self, id: SiteId) -> String {
        format!("site {id}")
    }
}

impl Memory {
    /// It in the member's own words, with names.
    ///
    /// ```
    /// use bevy_alliance::base::clock::GameTime;
    /// use bevy_alliance::base::contract::{About, Memory, MemoryKind};
    /// use bevy_alliance::base::id::{AllianceId, PlayerId, SiteId};
    /// let about = About { player: Some(PlayerId(4)), alliance: Some(AllianceId(2)), site: Some(SiteId(7)) };
    /// let memory = Memory { at: GameTime(0), kind: MemoryKind::LostVillage, about, weight: 1.0 };
    /// assert_eq!(memory.told(&()), "player 4 of alliance 2 took site 7 from me");
    /// ```
    #[must_use]
    pub fn told(&self, names: &impl Names) -> String {
        let About { player, alliance, site } = self.about;
        let of = alliance.map_or_else(String::new, |id| format!(" of {}", names.alliance(id)));
        let who = player.map_or_else(|| "somebody".to_owned(), |id| names.player(id)) + &of;
        let whose = alliance.map_or_else(|| "another alliance".to_owned(), |id| names.alliance(id));
        let place = site.map_or_else(|| "my village".to_owned(), |id| names.site(id));
        let at = site.map_or_else(String::new, |id| format!(" at {}", names.site(id)));
        let whose_plan = player.map_or_else(|| "our".to_owned(), |id| format!("{}'s", names.player(id)));
        let against = alliance.map_or_else(String::new, |id| format!(" against {}", names.alliance(id)));
        match self.kind {
            MemoryKind::Attacked => format!("{who} attacked {place}"),
            MemoryKind::Held => format!("I held {place} against {who}"),
            MemoryKind::LostVillage if player.is_none() => format!("I lost {place}"),
            MemoryKind::LostVillage => format!("{who} took {place} from me"),
            MemoryKind::TookVillage => format!("I took {place} from {who}"),
            MemoryKind::Won => format!("{whose_plan} operation{against}{at} was won"),
            MemoryKind::Failed => format!("{whose_plan} operation{against}{at} failed"),
            MemoryKind::Helped => format!("{who} stood by me at {place}"),
            MemoryKind::LetDown => format!("{who} did not march with us"),
            MemoryKind::Betrayed => format!("{whose} broke its word to us"),
            MemoryKind::WarDeclared => format!("{whose} declared war on us"),
            MemoryKind::Peace => format!("we made peace with {whose}"),
        }
    }
}

/// A member lives through something: features say so within a pass, and at the pass's end whoever has a heart takes it to heart.
#[derive(Message, Clone, Copy, PartialEq, Debug)]
pub struct Lived {
    /// Who.
    pub member: PlayerId,
    /// What.
    pub kind: MemoryKind,
    /// Whom and what it is about.
    pub about: About,
    /// How much it means, 0..=1.
    pub weight: f64,
}
