//! Worlds in which all who deliberate are at war with one another, played seed by seed.

use bevy_alliance::base::contract::{Scenario, Stance};
use bevy_alliance::base::id::AllianceId;
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::world::generator::{GenerateWorldError, GeneratorOptions, generate_world};
use bevy_alliance::world::import::Wars;
use std::sync::atomic::{AtomicU64, Ordering};

/// The alliances of a scenario that deliberate.
pub(crate) fn active(scenario: &Scenario) -> Vec<AllianceId> {
    scenario.alliances.iter().filter(|a| a.active).map(|a| a.id).collect()
}

/// A synthetic world of so many alliances, each at war with every other.
pub(crate) fn all_at_war(seed: u64, villages: u32, alliances: usize) -> Result<Scenario, GenerateWorldError> {
    let drawn = GeneratorOptions { seed, villages, alliances, half_width: 80, wars: Wars::Nearest };
    let mut scenario = generate_world(&drawn, &Ruleset::extended())?;
    let active = active(&scenario);
    scenario.stances.clear();
    for (i, a) in active.iter().enumerate() {
        scenario.stances.extend(active[i + 1..].iter().map(|b| (*a, *b, Stance::War)));
    }
    Ok(scenario)
}

/// A thread that played seeds ended early.
#[derive(Debug, thiserror::Error)]
#[error("a thread ended early")]
pub(crate) struct ThreadEnded;

/// Plays so many seeds from `from` on, some at a time; what each comes to, in their order.
pub(crate) fn each_seed<T: Send, E: From<ThreadEnded> + Send>(
    from: u64,
    seeds: u64,
    threads: usize,
    play: impl Fn(u64) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let next = AtomicU64::new(from);
    let work = || -> Result<Vec<(u64, T)>, E> {
        let mut done = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= from + seeds {
                return Ok(done);
            }
            done.push((seed, play(seed)?));
        }
    };
    let mut worlds = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_| ThreadEnded)??);
        }
        Ok::<_, E>(all)
    })?;
    worlds.sort_by_key(|(seed, _)| *seed);
    Ok(worlds.into_iter().map(|(_, world)| world).collect())
}
