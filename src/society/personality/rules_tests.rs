use super::*;
use crate::base::contract::MemoryKind;
use proptest::prelude::*;

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / 2_000.0
}

fn deviation(values: &[f64]) -> f64 {
    let centre = mean(values);
    mean(&values.iter().map(|v| (v - centre) * (v - centre)).collect::<Vec<_>>()).sqrt()
}

fn draw(seed: u64, player: u32, archetype: Option<Archetype>) -> Traits {
    draw_traits(seed, PlayerId(player), archetype, &PersonalitySettings::default())
}

fn hours(hours: i64) -> GameTime {
    GameTime(0) + GameSpan::hours(hours)
}

fn about(player: u32, alliance: u32, site: u32) -> About {
    let some = |id: u32| (id != 0).then_some(id);
    About { player: some(player).map(PlayerId), alliance: some(alliance).map(AllianceId), site: some(site).map(SiteId) }
}

fn memory(at: GameTime, kind: MemoryKind, about: About, weight: f64) -> Memory {
    Memory { at, kind, about, weight }
}

#[test]
fn traits_are_fixed_per_player_and_spread_as_stated() {
    let settings = PersonalitySettings::default();
    assert_eq!(draw(7, 3, None), draw(7, 3, None));
    assert_ne!(draw(7, 3, None), draw(7, 4, None));
    assert_ne!(draw(7, 3, None), draw(8, 3, None));
    let all: Vec<Traits> = (0..2_000).map(|n| draw(7, n, None)).collect();
    for of in [|t: &Traits| t.openness, |t: &Traits| t.neuroticism] {
        let values: Vec<f64> = all.iter().map(of).collect();
        assert!((mean(&values) - 0.5).abs() < 0.02, "mean {}", mean(&values));
        assert!((deviation(&values) - 0.18).abs() < 0.015, "deviation {}", deviation(&values));
        assert!(values.iter().all(|v| (settings.trait_min..=settings.trait_max).contains(v)));
    }
}

#[test]
fn archetypes_are_drawn_around_their_numbers() {
    for archetype in Archetype::ALL {
        let all: Vec<[f64; 5]> = (0..2_000).map(|n| draw(7, n, Some(archetype)).all()).collect();
        for (i, stated) in Traits::from(archetype).all().into_iter().enumerate() {
            let values: Vec<f64> = all.iter().map(|t| t[i]).collect();
            assert!((mean(&values) - stated).abs() < 0.02, "{archetype:?} {i}: {}", mean(&values));
            assert!(deviation(&values) < 0.065, "{archetype:?} {i}: {}", deviation(&values));
        }
    }
}

#[test]
fn taste_has_its_deviation_and_no_bias() {
    let settings = PersonalitySettings::default();
    let values: Vec<f64> = (0..2_000).map(|n| draw_taste(1, PlayerId(n), &settings).0).collect();
    assert!(mean(&values).abs() < 0.005);
    assert!((deviation(&values) - settings.taste_deviation).abs() < 0.005);
}

#[test]
fn most_answers_come_early() {
    let mut mins: Vec<i64> = (0..2_000).map(|n| think_time(1, PlayerId(2), n).0 / 60_000).collect();
    mins.sort_unstable();
    assert!(mins.iter().all(|m| (5..=90).contains(m)));
    assert!((25..=35).contains(&mins[1_000]), "median {}", mins[1_000]);
    assert!(mins[1_990] > 75, "a few are late");
}

#[test]
fn temper_follows_neuroticism() {
    assert!(close(temper(&Traits::NEUTRAL), 0.5));
    assert!(close(temper(&Traits::TURTLE), 0.65));
    assert!(close(temper(&Traits { neuroticism: 9.0, ..Traits::NEUTRAL }), 1.0));
    let settings = PersonalitySettings::default();
    let calm = feelings(&Traits::TURTLE, None, &settings, hours(5));
    assert!(close(calm.anger, 0.65) && close(calm.fear, 0.65), "who lived through nothing feels by its nature");
}

#[test]
fn a_lost_village_angers_and_it_fades_by_half_lives() {
    let settings = PersonalitySettings::default();
    let mut heart = Heart::new(Traits::NEUTRAL);
    assert_eq!(heart.live(memory(hours(10), MemoryKind::LostVillage, about(4, 2, 7), 1.0), &settings), None);
    // Anger .5 + .5 of the way to 1, fear .5 + .3 of it; N drifted by .015, and with it what both fade to.
    let nature = 0.5 + 0.5 * 0.015;
    assert!(close(heart.traits.neuroticism, 0.515));
    let felt = |at| feelings(&heart.traits, Some(&heart.mood), &settings, at);
    assert!(close(felt(hours(10)).anger, nature + 0.25) && close(felt(hours(10)).fear, nature + 0.15));
    assert!(close(felt(hours(70)).anger, nature + 0.125), "60 h later half of it is left");
    assert!(close(felt(hours(46)).fear, nature + 0.075), "36 h later half of it is left");
}

#[test]
fn waves_of_one_night_are_one_memory() {
    let settings = PersonalitySettings::default();
    let mut heart = Heart::new(Traits::NEUTRAL);
    let wave = |at, weight| memory(hours(at), MemoryKind::Attacked, about(4, 2, 7), weight);
    heart.live(wave(1, 0.5), &settings);
    let once = feelings(&heart.traits, Some(&heart.mood), &settings, hours(1)).anger;
    assert!(close(once, 0.5 + 0.3 * 0.5 * 0.5 + 0.5 * 0.002));
    for at in 2..8 {
        heart.live(wave(at, 0.4), &settings);
    }
    assert_eq!(heart.memories.0, [wave(7, 0.5)]);
    assert!(feelings(&heart.traits, Some(&heart.mood), &settings, hours(7)).anger < once, "no wave was worse");
    heart.live(wave(8, 0.9), &settings);
    assert_eq!(heart.memories.0, [wave(8, 0.9)]);
    heart.live(wave(20, 0.2), &settings);
    assert_eq!(heart.memories.0.len(), 2, "half a day later it is another attack");
}

#[test]
fn the_most_relevant_are_recalled() {
    let settings = PersonalitySettings::default();
    let now = hours(168);
    let at_site = memory(hours(0), MemoryKind::Failed, about(9, 2, 70), 0.7); // .35 x 1
    let of_player = memory(hours(168), MemoryKind::Attacked, about(4, 2, 7), 0.4); // .4 x .8 = .32
    let of_alliance = memory(hours(168), MemoryKind::WarDeclared, about(0, 2, 0), 0.5); // .5 x .6 = .3
    let of_others = memory(hours(168), MemoryKind::LostVillage, about(5, 3, 8), 1.0); // 1 x .2
    let helper = memory(hours(84), MemoryKind::Helped, about(6, 0, 7), 0.6); // .6 x .707 x .8 = .339
    let faint = memory(hours(168), MemoryKind::Held, about(5, 3, 8), 0.26); // .26 x .2 = .052
    let fainter = memory(hours(168), MemoryKind::Held, about(5, 3, 9), 0.24); // .24 x .2 = .048: not at all
    let memories = Memories(vec![at_site, helper, of_player, of_alliance, of_others, faint, fainter]);
    let cue = Cue { players: vec![PlayerId(4), PlayerId(6)], alliance: Some(AllianceId(2)), sites: vec![SiteId(70)] };
    let recalled = recall(&memories, &cue, &settings, now);
    assert_eq!(recalled, [at_site, helper, of_player, of_alliance, of_others]);
    let all = recall(&memories, &cue, &PersonalitySettings { recalled: 9, ..settings }, now);
    assert_eq!(all[5..], [faint]);
}

#[test]
fn what_is_least_present_is_forgotten() {
    let settings = PersonalitySettings { memories_kept: 3, ..PersonalitySettings::default() };
    let mut heart = Heart::new(Traits::NEUTRAL);
    let old = memory(hours(0), MemoryKind::LostVillage, about(4, 2, 7), 1.0);
    let light = memory(hours(160), MemoryKind::Held, about(4, 2, 8), 0.3);
    let (late, last) = (
        memory(hours(300), MemoryKind::Held, about(4, 2, 9), 0.6),
        memory(hours(300), MemoryKind::Held, about(4, 2, 10), 0.6),
    );
    assert_eq!([old, light, late].map(|m| heart.live(m, &settings)), [None; 3]);
    // After 300 h the old one still weighs .29, the light one .17.
    assert_eq!(heart.live(last, &settings), Some(light));
    assert_eq!(heart.memories.0, [old, late, last]);
}

fn lives() -> impl Strategy<Value = Vec<(i64, usize, u32, f64)>> {
    proptest::collection::vec((0_i64..6, 0_usize..MemoryKind::ALL.len(), 1_u32..9, 0.0_f64..=1.0), 0..300)
}

proptest! {
    #[test]
    fn whatever_happens_is_bounded(lives in lives(), n in 0.05_f64..0.95, e in 0.05_f64..0.95) {
        let settings = PersonalitySettings::default();
        let born = Traits { neuroticism: n, extraversion: e, ..Traits::NEUTRAL };
        let (mut heart, mut now, mut week, mut at_week) = (Heart::new(born), GameTime(0), 0, born);
        for (step, kind, site, weight) in lives {
            now += GameSpan::hours(step * 3);
            let this = now.0.div_euclid(GameSpan::days(7).0);
            if this != week {
                (week, at_week) = (this, heart.traits);
            }
            heart.live(memory(now, MemoryKind::ALL[kind], about(site, 1, site), weight), &settings);
            let felt = feelings(&heart.traits, Some(&heart.mood), &settings, now);
            prop_assert!((0.0..=1.0).contains(&felt.anger) && (0.0..=1.0).contains(&felt.fear));
            prop_assert!(heart.memories.0.len() <= settings.memories_kept);
            for ((now, was), first) in heart.traits.all().into_iter().zip(at_week.all()).zip(born.all()) {
                prop_assert!((now - was).abs() <= settings.drift_week + 1e-9, "within a week {now} from {was}");
                prop_assert!((now - first).abs() <= settings.drift_max + 1e-9, "in all {now} from {first}");
                prop_assert!((0.0..=1.0).contains(&now));
            }
        }
        prop_assert!(heart.memories.0.is_sorted_by_key(|m| m.at));
    }
}
