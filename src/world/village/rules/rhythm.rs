//! When an account's owner sleeps.

use crate::base::contract::Rhythm;
use crate::base::id::{AllianceId, PlayerId};
use crate::base::rng::{Purpose, Stream};

/// Minutes from game time of the places where players live; what stands more often is likelier.
const OFFSETS_MINS: [i16; 14] = [-300, -180, 0, 0, 60, 60, 60, 60, 120, 120, 120, 180, 180, 330];
/// Counters that keep these streams apart from others of the same purpose.
const MEMBER: u64 = 101;
const ALLIANCE: u64 = 102;
const DAY_MINS: i64 = 1_440;

/// Draws a rhythm. An alliance has a home offset; three in four members live there, most others an hour beside it,
/// one in ten anywhere. They fall asleep around 23:15 of their own day (deviation one hour) for 6 to 9 hours.
#[must_use]
pub fn draw_rhythm(seed: u64, player: PlayerId, alliance: Option<AllianceId>) -> Rhythm {
    let mut stream = Stream::new(seed, u64::from(player.0), Purpose::PERSONALITY, MEMBER);
    let anywhere = stream.pick(&OFFSETS_MINS).copied().unwrap_or(0);
    let home = alliance.map_or(anywhere, |id| {
        let mut shared = Stream::new(seed, u64::from(id.0), Purpose::PERSONALITY, ALLIANCE);
        shared.pick(&OFFSETS_MINS).copied().unwrap_or(0)
    });
    let utc_offset_mins = match stream.weighted(&[0.75, 0.075, 0.075, 0.1]) {
        0 => home,
        1 => home - 60,
        2 => home + 60,
        _ => anywhere,
    };
    let start = whole(stream.normal(1_395.0, 60.0)).rem_euclid(DAY_MINS);
    let length = stream.between(360, 540);
    Rhythm {
        utc_offset_mins,
        sleep_start_mins: u16::try_from(start).unwrap_or(0),
        sleep_mins: u16::try_from(length).unwrap_or(480),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "minutes of a few days, and the cast saturates")]
fn whole(mins: f64) -> i64 {
    mins as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_sleep_together_and_long_enough() {
        let home = AllianceId(4);
        let rhythms: Vec<Rhythm> = (0..400).map(|p| draw_rhythm(9, PlayerId(p), Some(home))).collect();
        assert!(rhythms.iter().all(|r| (360..=540).contains(&r.sleep_mins) && r.sleep_start_mins < 1_440));
        let mut offsets: Vec<i16> = rhythms.iter().map(|r| r.utc_offset_mins).collect();
        offsets.sort_unstable();
        let at_home = offsets.iter().filter(|o| **o == offsets[200]).count();
        assert!((280..=360).contains(&at_home), "{at_home}");
        assert_eq!(draw_rhythm(9, PlayerId(3), Some(home)), rhythms[3]);
        assert_ne!(draw_rhythm(10, PlayerId(3), Some(home)), rhythms[3]);
    }
}
