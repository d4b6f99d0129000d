//! How traits, taste and think time are drawn, what follows from traits, what members feel and remember, and how they drift.

use super::components::{Born, Memories, Mood, Taste, Traits};
use super::settings::{Effect, PersonalitySettings};
use crate::base::clock::{Decayed, GameSpan, GameTime};
use crate::base::contract::{About, Archetype, Memory};
use crate::base::id::{AllianceId, PlayerId, SiteId};
use crate::base::rng::{Purpose, Stream};

/// Nobody answers sooner than this.
pub const THINK_MIN: GameSpan = GameSpan::mins(5);
/// Nobody awake answers later than this.
pub const THINK_MAX: GameSpan = GameSpan::mins(90);

/// The stream counters of [`Purpose::PERSONALITY`].
const TRAITS: u64 = 0;
const TASTE: u64 = 1;

/// The traits of a player, each normal: with mean 0.5 and deviation 0.18, or around its archetype's with deviation 0.06; kept
/// within 0.05..=0.95.
#[must_use]
pub fn draw_traits(
    seed: u64,
    player: PlayerId,
    archetype: Option<Archetype>,
    settings: &PersonalitySettings,
) -> Traits {
    let mut stream = Stream::new(seed, u64::from(player.0), Purpose::PERSONALITY, TRAITS);
    let (means, deviation) = match archetype {
        Some(archetype) => (Traits::from(archetype).all(), settings.archetype_deviation),
        None => ([settings.trait_mean; 5], settings.trait_deviation),
    };
    Traits::of(means.map(|mean| stream.normal(mean, deviation).max(settings.trait_min).min(settings.trait_max)))
}

/// The taste of a player: normal with deviation 0.05, the same for every proposal.
#[must_use]
pub fn draw_taste(seed: u64, player: PlayerId, settings: &PersonalitySettings) -> Taste {
    Taste(Stream::new(seed, u64::from(player.0), Purpose::PERSONALITY, TASTE).normal(0.0, settings.taste_deviation))
}

/// How long a player thinks about the question with this number ([`questions`](super::questions)), in whole milliseconds from
/// [`THINK_MIN`] to [`THINK_MAX`]. Most answers come early: it is the smaller of two even draws, 33 minutes in the mean.
#[must_use]
pub fn think_time(seed: u64, player: PlayerId, question: u64) -> GameSpan {
    let mut stream = Stream::new(seed, u64::from(player.0), Purpose::THINKING, question);
    let mut draw = || stream.between(THINK_MIN.0, THINK_MAX.0);
    GameSpan(draw().min(draw()))
}

/// When a player who is to be told something at this instant is there to hear it: at once, or at the end of the time for which it is
/// elsewhere. Its days are cut into parts of that length, at instants of its own; in each it is elsewhere with this chance.
///
/// ```
/// use bevy_alliance::base::clock::{GameSpan, GameTime};
/// use bevy_alliance::base::id::PlayerId;
/// use bevy_alliance::society::personality::rules::back_at;
/// let (now, hours) = (GameTime(0) + GameSpan::hours(50), GameSpan::hours(8));
/// assert_eq!(back_at(1, PlayerId(3), now, 0.0, hours), now);
/// let back = back_at(1, PlayerId(3), now, 1.0, hours);
/// assert!(back > now && back <= now + hours);
/// // Whatever else it is told in that time waits as long.
/// assert_eq!(back_at(1, PlayerId(3), back - GameSpan(1), 1.0, hours), back);
/// ```
#[must_use]
pub fn back_at(seed: u64, player: PlayerId, now: GameTime, chance: f64, absence: GameSpan) -> GameTime {
    if absence.0 <= 0 {
        return now;
    }
    let draws = |part: u64| Stream::new(seed, u64::from(player.0), Purpose::ABSENCE, part);
    let shift = draws(u64::MAX).between(0, absence.0 - 1);
    let part = (now.0 + shift).div_euclid(absence.0);
    let is_elsewhere = draws(part.unsigned_abs()).chance(chance);
    if is_elsewhere { GameTime((part + 1) * absence.0 - shift) } else { now }
}

/// How long a member takes to answer a vote, of the time for which it thinks: times 1 - 0.8 dE, so that the bold are the first to
/// say something; never less than [`THINK_MIN`] nor more than [`THINK_MAX`].
///
/// ```
/// use bevy_alliance::base::clock::GameSpan;
/// use bevy_alliance::society::personality::{Traits, rules::reply_delay};
/// let thought = GameSpan::mins(50);
/// assert_eq!(reply_delay(thought, &Traits::NEUTRAL), thought);
/// assert_eq!(reply_delay(thought, &Traits { extraversion: 1.0, ..Traits::NEUTRAL }), GameSpan::mins(30));
/// assert_eq!(reply_delay(GameSpan::mins(89), &Traits::TURTLE), GameSpan::mins(90));
/// ```
#[must_use]
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "milliseconds of an hour or two")]
pub fn reply_delay(thought: GameSpan, traits: &Traits) -> GameSpan {
    let part = 1.0 - 0.8 * (traits.extraversion - 0.5);
    GameSpan(libm::round(thought.0 as f64 * part) as i64).clamp(THINK_MIN, THINK_MAX)
}

/// How likely a member is to send what it was ordered to, 0..=1: from .94 to 1 with conscientiousness, .97 in the mean.
///
/// ```
/// use bevy_alliance::society::personality::{Traits, rules::reliability};
/// assert!((reliability(&Traits::NEUTRAL) - 0.97).abs() < 1e-12);
/// ```
#[must_use]
pub fn reliability(traits: &Traits) -> f64 {
    0.94 + 0.06 * traits.conscientiousness.clamp(0.0, 1.0)
}

/// Anger and fear of a member by its nature, 0..=1: 0.5 + 0.5 dN.
#[must_use]
pub fn temper(traits: &Traits) -> f64 {
    (0.5 + 0.5 * (traits.neuroticism - 0.5)).clamp(0.0, 1.0)
}

/// What a member feels.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Feelings {
    /// How much a grievance moves it, 0..=1.
    pub anger: f64,
    /// How much a strong enemy frightens it, 0..=1.
    pub fear: f64,
}

/// What a member feels now: what it feels by its nature, and what is left of what it lived through.
///
/// ```
/// use bevy_alliance::base::clock::{Decayed, GameTime};
/// use bevy_alliance::society::personality::{Mood, PersonalitySettings, Traits, rules::feelings};
/// let settings = PersonalitySettings::default();
/// let mood = Mood { anger: Decayed { value: 0.3, since: GameTime(0) }, ..Mood::default() };
/// let angry = |at| feelings(&Traits::NEUTRAL, Some(&mood), &settings, at).anger;
/// assert!((angry(GameTime(0)) - 0.8).abs() < 1e-12);
/// assert!((angry(GameTime(0) + settings.anger_half_life) - 0.65).abs() < 1e-12);
/// ```
#[must_use]
pub fn feelings(traits: &Traits, mood: Option<&Mood>, settings: &PersonalitySettings, now: GameTime) -> Feelings {
    let mood = mood.copied().unwrap_or_default();
    let feeling = |of: Decayed, half_life| (temper(traits) + of.at(now, half_life)).clamp(0.0, 1.0);
    Feelings { anger: feeling(mood.anger, settings.anger_half_life), fear: feeling(mood.fear, settings.fear_half_life) }
}

/// A feeling after something that moves it: a part of the way to 1, or below 0 to 0. So who is angry already is moved less.
fn stirred(feeling: f64, effect: f64) -> f64 {
    let effect = effect.clamp(-1.0, 1.0);
    if effect >= 0.0 { feeling + effect * (1.0 - feeling) } else { feeling + effect * feeling }
}

/// What memories are held against: whom and what a question is about.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cue {
    /// Who proposes, and whose villages are targets.
    pub players: Vec<PlayerId>,
    /// The alliance that it is about.
    pub alliance: Option<AllianceId>,
    /// The targets.
    pub sites: Vec<SiteId>,
}

/// Relevance of a memory of the very site, of a player, of the alliance, and of anything else.
const RELEVANCE: [f64; 4] = [1.0, 0.8, 0.6, 0.2];

/// How much a memory has to do with a question, 0..=1: the same site, else a player, else the alliance, else little.
#[must_use]
pub fn relevance(about: &About, cue: &Cue) -> f64 {
    let [site, player, alliance, other] = RELEVANCE;
    if about.site.is_some_and(|id| cue.sites.contains(&id)) {
        site
    } else if about.player.is_some_and(|id| cue.players.contains(&id)) {
        player
    } else if about.alliance.is_some() && about.alliance == cue.alliance {
        alliance
    } else {
        other
    }
}

/// How present a memory is, whatever the question: its weight, halved in every half-life.
#[must_use]
pub fn presence(memory: &Memory, settings: &PersonalitySettings, now: GameTime) -> f64 {
    Decayed { value: memory.weight, since: memory.at }.at(now, settings.memory_half_life)
}

/// What a member recalls when it is asked: the most salient, by presence times relevance, of equals the latest first.
#[must_use]
pub fn recall(memories: &Memories, cue: &Cue, settings: &PersonalitySettings, now: GameTime) -> Vec<Memory> {
    let salience = |m: &Memory| presence(m, settings, now) * relevance(&m.about, cue);
    let all = memories.0.iter().rev().map(|m| (salience(m), *m));
    let mut salient: Vec<(f64, Memory)> = all.filter(|(salience, _)| *salience >= settings.recall_min).collect();
    salient.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    salient.into_iter().take(settings.recalled).map(|(_, memory)| memory).collect()
}

/// All of a member that what it lives through changes.
#[derive(Clone, PartialEq, Debug)]
pub struct Heart {
    /// Its traits now.
    pub traits: Traits,
    /// Its traits when it was born, and how far they moved lately.
    pub born: Born,
    /// What it feels.
    pub mood: Mood,
    /// What it remembers.
    pub memories: Memories,
}

impl Heart {
    /// Of a member that has lived through nothing.
    #[must_use]
    pub fn new(traits: Traits) -> Self {
        Self { traits, born: Born::with(traits), mood: Mood::default(), memories: Memories::default() }
    }

    /// The member lives through something: it remembers it, feels it, and drifts a little. Of the same about the same within half a
    /// day only what is more than before moves it again. Returns what it forgets for it.
    pub fn live(&mut self, memory: Memory, settings: &PersonalitySettings) -> Option<Memory> {
        let memory = Memory { weight: memory.weight.clamp(0.0, 1.0), ..memory };
        let same = |m: &Memory| {
            (m.kind, m.about) == (memory.kind, memory.about) && memory.at - m.at < settings.one_memory_within
        };
        let before = self.memories.0.iter().rposition(same).map_or(0.0, |at| self.memories.0.remove(at).weight);
        self.memories.0.push(Memory { weight: memory.weight.max(before), ..memory });
        let more = (memory.weight - before).max(0.0);
        if let Some(effect) = settings.effects.get(&memory.kind) {
            self.feel(effect, more, settings, memory.at);
            self.drift(effect, more, settings, memory.at);
        }
        self.forget(settings, memory.at)
    }

    fn feel(&mut self, effect: &Effect, weight: f64, settings: &PersonalitySettings, now: GameTime) {
        let (nature, felt) = (temper(&self.traits), feelings(&self.traits, Some(&self.mood), settings, now));
        let moved = |feeling, by: f64| Decayed { value: stirred(feeling, by * weight) - nature, since: now };
        self.mood = Mood { anger: moved(felt.anger, effect.anger), fear: moved(felt.fear, effect.fear) };
    }

    fn drift(&mut self, effect: &Effect, weight: f64, settings: &PersonalitySettings, now: GameTime) {
        let week = now.0.div_euclid(GameSpan::days(7).0);
        if self.born.week != week {
            (self.born.week, self.born.moved) = (week, [0.0; 5]);
        }
        let shift = effect.drift;
        let wanted =
            [shift.openness, shift.conscientiousness, shift.extraversion, shift.agreeableness, shift.neuroticism];
        let (mut traits, born) = (self.traits.all(), self.born.traits.all());
        for (i, value) in traits.iter_mut().enumerate() {
            let room = (settings.drift_week - self.born.moved[i]).max(0.0);
            let step = (wanted[i] * weight).clamp(-room, room);
            let (low, high) = ((born[i] - settings.drift_max).max(0.0), (born[i] + settings.drift_max).min(1.0));
            // Who is beyond the bounds, as a game may have set it, stays there rather than jumps back.
            let to =
                if step > 0.0 { (*value + step).min(high).max(*value) } else { (*value + step).max(low).min(*value) };
            self.born.moved[i] += (to - *value).abs();
            *value = to;
        }
        self.traits = Traits::of(traits);
    }

    /// Who remembers too much forgets what is least present, of equals the oldest.
    fn forget(&mut self, settings: &PersonalitySettings, now: GameTime) -> Option<Memory> {
        let memories = &mut self.memories.0;
        if memories.len() <= settings.memories_kept {
            return None;
        }
        let presences = memories.iter().map(|m| presence(m, settings, now)).enumerate();
        let least = presences.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(at, _)| at)?;
        Some(memories.remove(least))
    }
}

/// How much an attack on a village means to whoever holds it: .2, and .8 by the share of its own troops there that fell.
#[must_use]
pub fn weight_of_attack(own: u64, lost: u64) -> f64 {
    0.2 + 0.8 * part(lost, own)
}

/// How much it means to have held a village: .2, and .8 by what was beaten over the own troops there, at most as much.
#[must_use]
pub fn weight_of_stand(own: u64, beaten: u64) -> f64 {
    0.2 + 0.8 * part(beaten, own.max(1))
}

#[expect(clippy::cast_precision_loss, reason = "units of one battle, far below 2^53")]
fn part(of: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (of as f64 / whole as f64).min(1.0) }
}

/// What a village that is lost or taken means.
pub const WEIGHT_OF_VILLAGE: f64 = 1.0;
/// What it means that somebody stood by a member.
pub const WEIGHT_OF_HELP: f64 = 0.6;
/// What it means that somebody did not march.
pub const WEIGHT_OF_NO_SHOW: f64 = 0.4;
/// What a broken treaty means to each member of the other side.
pub const WEIGHT_OF_BROKEN_WORD: f64 = 0.9;
/// What a declared war means to each member of the other side.
pub const WEIGHT_OF_WAR: f64 = 0.5;
/// What the end of a war means to each member of both sides.
pub const WEIGHT_OF_PEACE: f64 = 0.4;

/// What the end of an operation means to who took part: of one that met its goal .6, of one that met a part of it .4, half of
/// that where it cost too much; of one that failed .4 and .6 by the share of what was sent that was lost.
///
/// ```
/// use bevy_alliance::society::personality::rules::{weight_of_failure, weight_of_success};
/// assert!((weight_of_success(true, false) - 0.6).abs() < 1e-12);
/// assert!((weight_of_success(false, true) - 0.2).abs() < 1e-12);
/// assert!((weight_of_failure(1_000, 500) - 0.7).abs() < 1e-12);
/// ```
#[must_use]
pub fn weight_of_success(whole: bool, dear: bool) -> f64 {
    (if whole { 0.6 } else { 0.4 }) * (if dear { 0.5 } else { 1.0 })
}

/// See [`weight_of_success`]; in goods.
#[must_use]
pub fn weight_of_failure(sent: i64, lost: i64) -> f64 {
    let goods = |n| u64::try_from(n).unwrap_or(0);
    0.4 + 0.6 * part(goods(lost), goods(sent))
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
