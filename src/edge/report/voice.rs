//! Ballots in words: the terms that moved a member most, said as somebody of its nature would say them.
//!
//! Nothing is made up: who speaks boldly or carefully is told by the base term of its vote, what it says by the terms that weighed
//! most, and what it remembers by what it recalled.

use super::directory::Directory;
use crate::base::contract::{Names, Reason, Term, Vote};
use crate::base::id::{AllianceId, PlayerId, SiteId};
use crate::base::text::shortened;

/// What weighs less than this is not spoken of.
const SPOKEN_MIN: f64 = 0.05;
/// What speaks against the own vote is spoken of from here on.
const CONCEDED_MIN: f64 = 0.12;
/// From this base on somebody is bold.
const BOLD_FROM: f64 = 0.15;
/// Up to this base somebody is careful.
const CAREFUL_TO: f64 = -0.05;

/// How somebody speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tone {
    Bold,
    Plain,
    Careful,
}

/// What is voted on, as the terms tell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Matter {
    /// An attack, or something else that is to be done.
    Deed,
    /// A war.
    War,
    /// Peace or a bond.
    Treaty,
}

impl Names for Directory {
    fn player(&self, id: PlayerId) -> String {
        shortened(Self::player(self, id), 22)
    }

    fn alliance(&self, id: AllianceId) -> String {
        shortened(Self::alliance(self, id), 26)
    }

    fn site(&self, id: SiteId) -> String {
        shortened(Self::site(self, id), 34)
    }
}

/// What a member says with its vote: its own words if it has any, else its reasons in words, and what it remembers most. `None` where
/// there is nothing to say.
#[must_use]
pub fn voice(vote: Vote, reason: &Reason, names: &impl Names) -> Option<String> {
    if reason.text.is_some() {
        return reason.text.clone();
    }
    let said = match reason.rule.as_deref() {
        Some("proposer") => Some("I propose it".to_owned()),
        Some("pact") => Some("we have given them our word".to_owned()),
        Some("hit_before_return") => Some("something marches on my village, and my troops stay".to_owned()),
        Some(_) => None,
        None => argument(vote, reason),
    };
    let remembered = reason.recalls.first().map(|memory| format!("I remember: {}", memory.told(names)));
    let sentences: Vec<String> = said.into_iter().chain(remembered).map(|said| sentence(&said)).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn sentence(said: &str) -> String {
    let mut chars = said.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).chain(['.']).collect()
}

/// The strongest terms for the vote, and what is conceded to the other side.
fn argument(vote: Vote, reason: &Reason) -> Option<String> {
    let known = || reason.terms.iter().filter(|t| t.input.is_some());
    let has = |name: &str| reason.terms.iter().any(|t| t.name == name);
    let matter = match (has("prospect"), has("info")) {
        (true, true) => Matter::War,
        (true, false) => Matter::Treaty,
        _ => Matter::Deed,
    };
    let base = known().find(|t| t.name == "base").map_or(0.0, |t| t.added);
    let tone = match base {
        // Who is for peace or against it is not bold or careful by that.
        _ if matter == Matter::Treaty => Tone::Plain,
        base if base >= BOLD_FROM => Tone::Bold,
        base if base <= CAREFUL_TO => Tone::Careful,
        _ => Tone::Plain,
    };
    let strongest = |sign: f64| {
        let mut terms: Vec<&Term> = known().filter(|t| sign * t.added >= SPOKEN_MIN).collect();
        terms.sort_by(|a, b| (sign * b.added).total_cmp(&(sign * a.added)));
        let said = |t: &&Term| Some((t.added.abs(), clause(&t.name, sign > 0.0, matter, tone)?));
        terms.iter().filter_map(said).collect::<Vec<(f64, &str)>>()
    };
    let (pro, con) = (strongest(1.0), strongest(-1.0));
    let (own, other) = if vote == Vote::Reject { (con, pro) } else { (pro, con) };
    let conceded = other.first().filter(|(weight, _)| *weight >= CONCEDED_MIN).map(|(_, said)| *said);
    match (own.as_slice(), conceded) {
        ([(_, first), ..], Some(conceded)) if vote == Vote::Abstain => Some(format!("{first}, but {conceded}")),
        ([(_, first), (_, second), ..], None) => Some(format!("{first}, and {second}")),
        ([(_, first)], None) => Some((*first).to_owned()),
        ([(_, first), (_, second), ..], Some(conceded)) => Some(format!("{first}, and {second}, though {conceded}")),
        ([(_, first)], Some(conceded)) => Some(format!("{first}, though {conceded}")),
        ([], Some(conceded)) => Some(conceded.to_owned()),
        ([], None) => None,
    }
}

/// What a term is in words, as one speaks for something or against it.
fn clause(term: &str, pro: bool, matter: Matter, tone: Tone) -> Option<&'static str> {
    use Tone::{Bold, Careful, Plain};
    Some(match (matter, term, pro, tone) {
        (Matter::Treaty, "base", true, _) => "I would rather have them as friends",
        (Matter::Treaty, "base", false, _) => "I want no friends like them",
        (Matter::Treaty, "prospect", true, _) => "we are better off with it",
        (Matter::Treaty, "prospect", false, _) => "it brings us nothing",
        (Matter::Treaty, "anger", ..) => "after what they did I shake no hands",
        (Matter::Treaty, "fear", ..) => "they are too strong to have against us",
        (Matter::Treaty, "weary", ..) => "my people have fought enough",
        (Matter::War, "prospect", true, Bold) => "this war is ours to win",
        (Matter::War, "prospect", true, _) => "we can win this war",
        (Matter::War, "prospect", false, Bold) => "there is nothing to win there",
        (Matter::War, "prospect", false, _) => "this war wins us nothing",
        (_, "base", true, Bold) => "I say we strike, and soon",
        (_, "base", true, _) => "I am willing",
        (_, "base", false, Careful) => "I would rather stay behind my walls",
        (_, "base", false, _) => "I would rather wait",
        (_, "taste", true, _) => "I like the plan",
        (_, "taste", false, _) => "I do not like the plan",
        (_, "gain", true, Bold) => "there is plenty to take",
        (_, "gain", true, Plain) => "it is worth more than it costs",
        (_, "gain", true, Careful) => "it pays even when I count our dead",
        (_, "gain", false, Bold) => "there is too little in it",
        (_, "gain", false, _) => "it costs more than it brings",
        (_, "aim", true, _) => "this is what the war is for",
        (_, "aim", false, Bold) => "that is not our fight yet",
        (_, "aim", false, _) => "we are not at war with them",
        (_, "anger", _, Bold) => "they have it coming",
        (_, "anger", _, Plain) => "we owe them for what they did",
        (_, "anger", _, Careful) => "they have done us harm enough",
        (_, "fear", _, Bold) => "they are strong",
        (_, "fear", _, Plain) => "they are stronger than I like",
        (_, "fear", _, Careful) => "they are too strong for us",
        (_, "trust", true, _) => "I trust who proposes it",
        (_, "trust", false, _) => "I do not trust who proposes it",
        (_, "info", _, Bold) => "we could know more",
        (_, "info", _, Plain) => "what we know is old",
        (_, "info", _, Careful) => "nobody has seen enough of what stands there",
        (_, "own", _, Bold) => "it will cost me",
        (_, "own", _, Plain) => "much of my army would fall",
        (_, "own", _, Careful) => "it is my soldiers who would die for it",
        (_, "home", _, Bold) => "somebody has to watch my villages",
        (_, "home", _, Plain) => "too little stays to guard my villages",
        (_, "home", _, Careful) => "I will not have my villages stand open",
        (_, "goods", ..) => "it asks too much of my stores",
        (_, "weary", _, Bold) => "we have marched a lot lately",
        (_, "weary", _, Plain) => "we have fought enough for now",
        (_, "weary", _, Careful) => "my people have bled enough",
        (_, "retaliation", _, Bold) => "they may hit back",
        (_, "retaliation", _, Plain) => "they can strike at my villages in return",
        (_, "retaliation", _, Careful) => "they will come for me afterwards",
        (_, "near", true, Bold) => "they live next door, and that is too near",
        (_, "near", true, _) => "they are my neighbors, not only yours",
        (_, "near", false, Bold) => "that is a long way to walk for a fight",
        (_, "near", false, _) => "it is far from my villages",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::GameTime;
    use crate::base::contract::{About, Memory, MemoryKind};
    use crate::decision::council::rules::voter::{VoterInputs, VoterSettings, utility, vote_for};
    use crate::society::personality::{Taste, Traits};

    fn said(inputs: &VoterInputs, traits: &Traits) -> String {
        let settings = VoterSettings::default();
        let reason = utility(inputs, traits, Taste(0.0), &settings);
        voice(vote_for(reason.score, &settings), &reason, &()).unwrap_or_default()
    }

    #[test]
    fn one_case_is_another_to_the_bold_and_to_the_careful() {
        // Situation C of the acceptance table.
        let inputs = VoterInputs {
            gain: Some(0.4),
            aim: Some(1.0),
            trust: Some(0.3),
            confidence: Some(0.83),
            own: Some(-0.34),
            home: Some(-0.58),
            weary: Some(-0.1),
            retaliation: Some(-0.2),
            ..VoterInputs::default()
        };
        assert_eq!(
            said(&inputs, &Traits::AGGRESSIVE),
            "There is plenty to take, and this is what the war is for, though somebody has to watch my villages."
        );
        assert_eq!(
            said(&inputs, &Traits::TURTLE),
            "I will not have my villages stand open, and it is my soldiers who would die for it, though it pays even when I count \
             our dead."
        );
    }

    #[test]
    fn who_wrote_words_is_left_alone_and_memories_are_told() {
        let own = Reason { text: Some("No!".to_owned()), ..Reason::default() };
        assert_eq!(voice(Vote::Reject, &own, &()).as_deref(), Some("No!"));
        assert_eq!(voice(Vote::Approve, &Reason::default(), &()), None);
        let about = About { player: Some(PlayerId(4)), alliance: None, site: Some(SiteId(7)) };
        let recalls = vec![Memory { at: GameTime(0), kind: MemoryKind::Attacked, about, weight: 0.5 }];
        let proposer = Reason { rule: Some("proposer".to_owned()), recalls, ..Reason::default() };
        assert_eq!(
            voice(Vote::Approve, &proposer, &()).as_deref(),
            Some("I propose it. I remember: player 4 attacked site 7.")
        );
    }
}
