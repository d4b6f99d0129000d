//! Made-up names. Names of players and alliances are unique: when the combinations run out, they are numbered.

use crate::base::rng::{Purpose, Stream};

const FIRST: [&str; 40] = [
    "Al", "Bran", "Cor", "Dal", "El", "Fen", "Gar", "Hal", "Il", "Jor", "Kel", "Lin", "Mar", "Nor", "Or", "Per",
    "Quil", "Ros", "Sel", "Tor", "Ul", "Ver", "Wil", "Yar", "Zan", "Ash", "Bel", "Cael", "Dor", "Eri", "Far", "Gwen",
    "Hest", "Isol", "Kor", "Lor", "Mir", "Nel", "Osk", "Thal",
];
const LAST: [&str; 30] = [
    "dric", "wyn", "mund", "ia", "gar", "eth", "anor", "bert", "essa", "ion", "mir", "old", "ric", "une", "vald", "ys",
    "adan", "belle", "cott", "den", "fara", "grim", "hild", "in", "kas", "lock", "mara", "nessa", "orin", "tis",
];
const BYNAME: [&str; 20] = [
    "Oak", "River", "Stone", "Hill", "Vale", "Frost", "Reed", "Thorn", "Lark", "Ember", "Fox", "Heron", "Moss",
    "North", "Pine", "Quill", "Rain", "Swift", "Wren", "Yarrow",
];
const QUALITY: [&str; 24] = [
    "Amber",
    "Azure",
    "Bright",
    "Copper",
    "Crimson",
    "Dawn",
    "Distant",
    "Emerald",
    "Free",
    "Golden",
    "Hidden",
    "Iron",
    "Ivory",
    "Loyal",
    "Misty",
    "Northern",
    "Patient",
    "Quiet",
    "Scarlet",
    "Silver",
    "Southern",
    "Steadfast",
    "Verdant",
    "Winter",
];
const BAND: [&str; 24] = [
    "Badgers", "Banners", "Bears", "Boars", "Circle", "Council", "Falcons", "Foxes", "Guard", "Hawks", "Herons",
    "Hounds", "Lanterns", "League", "Lions", "Oaks", "Otters", "Pact", "Ravens", "Riders", "Stags", "Swans", "Wardens",
    "Wolves",
];
const PLACE: [&str; 36] = [
    "Alder", "Apple", "Ash", "Barley", "Birch", "Bram", "Bridge", "Brook", "Clover", "Crow", "Deer", "Elm", "Fern",
    "Glen", "Green", "Hazel", "Heather", "High", "Honey", "Ivy", "Juniper", "Lake", "Lin", "Maple", "Marsh", "Mill",
    "Oak", "Otter", "Pear", "Rush", "Salt", "Stone", "Thistle", "White", "Willow", "Wind",
];
const PLACE_END: [&str; 24] = [
    "bank", "bourne", "brook", "bury", "by", "cliff", "combe", "cross", "dale", "den", "field", "ford", "garth",
    "grove", "ham", "haven", "hollow", "holt", "hurst", "ley", "mere", "stead", "ton", "wick",
];

/// Draws names.
pub(super) struct Names {
    stream: Stream,
    players: Deck,
    alliances: Deck,
    ruins: u32,
}

impl Names {
    pub(super) fn new(seed: u64) -> Self {
        let mut stream = Stream::new(seed, 0, Purpose::NAMES, 0);
        let players = Deck::shuffled(&mut stream, FIRST.len() * LAST.len() * BYNAME.len());
        let alliances = Deck::shuffled(&mut stream, QUALITY.len() * BAND.len());
        Self { stream, players, alliances, ruins: 0 }
    }

    pub(super) fn player(&mut self) -> String {
        let (card, round) = self.players.deal();
        let (first, rest) = (card % FIRST.len(), card / FIRST.len());
        let (last, byname) = (rest % LAST.len(), rest / LAST.len());
        numbered(format!("{}{} {}", FIRST[first], LAST[last], BYNAME[byname]), round)
    }

    pub(super) fn alliance(&mut self) -> String {
        let (card, round) = self.alliances.deal();
        numbered(format!("{} {}", QUALITY[card % QUALITY.len()], BAND[card / QUALITY.len()]), round)
    }

    pub(super) fn village(&mut self) -> String {
        let start = self.stream.pick(&PLACE).copied().unwrap_or_default();
        let end = self.stream.pick(&PLACE_END).copied().unwrap_or_default();
        format!("{start}{end}")
    }

    pub(super) fn ruin(&mut self) -> String {
        self.ruins += 1;
        format!("Ruin {}", self.ruins)
    }
}

fn numbered(name: String, round: usize) -> String {
    if round == 1 { name } else { format!("{name} {round}") }
}

/// Cards in a drawn order, dealt again and again.
struct Deck {
    cards: Vec<usize>,
    dealt: usize,
}

impl Deck {
    fn shuffled(stream: &mut Stream, count: usize) -> Self {
        let mut cards: Vec<usize> = (0..count).collect();
        for i in (1..count).rev() {
            let j = usize::try_from(stream.below(i as u64 + 1)).unwrap_or(0);
            cards.swap(i, j);
        }
        Self { cards, dealt: 0 }
    }

    /// The next card, and in which round it is dealt, counted from 1.
    fn deal(&mut self) -> (usize, usize) {
        let (place, round) = (self.dealt % self.cards.len(), self.dealt / self.cards.len() + 1);
        self.dealt += 1;
        (self.cards[place], round)
    }
}
