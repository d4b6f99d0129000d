//! Times of frames, and how two lists of them compare.

use std::time::Instant;

const QUANTILES: [(f64, &str); 3] = [(0.5, "p50"), (0.99, "p99"), (0.999, "p99.9")];

/// The frames of one app, in microseconds: by the clock on the wall, and of the host's own thread.
#[derive(Clone, Default)]
pub(crate) struct Frames {
    wall: Times,
    own: Times,
    /// What the other threads of the process computed while it ran.
    others: f64,
}

/// Times, with the ends of the repetitions in which they were taken.
#[derive(Clone, Default)]
struct Times {
    all: Vec<f64>,
    ends: Vec<usize>,
}

impl Frames {
    /// Times one frame.
    pub(crate) fn take(&mut self, frame: impl FnOnce()) {
        let (own, wall) = (own_micros(), Instant::now());
        frame();
        self.wall.all.push(wall.elapsed().as_secs_f64() * 1e6);
        if let Some((before, after)) = own.zip(own_micros()) {
            self.own.all.push(after - before);
        }
    }

    /// Runs a block of frames, and what others have to do for it.
    pub(crate) fn others_in<T>(block: impl FnOnce() -> T) -> (f64, T) {
        let others = || Some(clock::micros(clock::ALL)? - own_micros()?);
        let before = others();
        let done = block();
        (before.zip(others()).map_or(0.0, |(before, after)| after - before), done)
    }

    pub(crate) fn add_others(&mut self, micros: f64) {
        self.others += micros;
    }

    pub(crate) fn end_repetition(&mut self) {
        for times in [&mut self.wall, &mut self.own] {
            times.ends.push(times.all.len());
        }
    }
}

impl Times {
    fn repetitions(&self) -> impl Iterator<Item = &[f64]> {
        let starts = core::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(from, to)| &self.all[from..*to])
    }
}

/// What this thread has computed so far, in microseconds, where the system tells it.
fn own_micros() -> Option<f64> {
    clock::micros(clock::OWN)
}

#[cfg(unix)]
mod clock {
    use nix::time::{ClockId, clock_gettime};

    pub(super) const OWN: ClockId = ClockId::CLOCK_THREAD_CPUTIME_ID;
    pub(super) const ALL: ClockId = ClockId::CLOCK_PROCESS_CPUTIME_ID;

    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of one run")]
    pub(super) fn micros(of: ClockId) -> Option<f64> {
        let time = clock_gettime(of).ok()?;
        Some(time.tv_sec() as f64 * 1e6 + time.tv_nsec() as f64 * 1e-3)
    }
}

#[cfg(not(unix))]
mod clock {
    pub(super) const OWN: () = ();
    pub(super) const ALL: () = ();

    pub(super) fn micros((): ()) -> Option<f64> {
        None
    }
}

fn quantile(times: &[f64], q: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place")]
    let at = (sorted.len().saturating_sub(1) as f64 * q) as usize;
    sorted.get(at).copied().unwrap_or_default()
}

/// One line for each of wall time and own time.
pub(crate) fn tell(name: &str, frames: &Frames, base: &Frames) {
    println!("  {name}");
    for (what, of, base) in [("wall", &frames.wall, &base.wall), ("own", &frames.own, &base.own)] {
        let columns = QUANTILES.map(|(q, label)| {
            let ratio = |of: &[f64], base: &[f64]| quantile(of, q) / quantile(base, q);
            let mut each: Vec<f64> =
                of.repetitions().zip(base.repetitions()).map(|(of, base)| ratio(of, base)).collect();
            each.sort_by(f64::total_cmp);
            let [least, middle, most] = [0.0, 0.5, 1.0].map(|q| quantile(&each, q));
            let (value, whole) = (quantile(&of.all, q), ratio(&of.all, &base.all));
            format!("{label} {value:.1} {whole:.2}x ({least:.2} {middle:.2} {most:.2})")
        });
        println!("    {what:4}  {}", columns.join("   "));
    }
    #[expect(clippy::cast_precision_loss, reason = "frames of one run")]
    let others = frames.others / frames.wall.all.len().max(1) as f64;
    println!("    other threads: {others:.1} a frame");
}
