//! Playing seed by seed, some at a time.

use std::sync::atomic::{AtomicU64, Ordering};

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
