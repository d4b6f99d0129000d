//! A save that is damaged or made up: a typed error, and the app stays what it was.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod saves;

use bevy_alliance::base::id::StableId;
use bevy_alliance::base::state::RowsError;
use bevy_alliance::edge::snapshot::{LoadError, MAX_SAVE_BYTES, SnapshotExt};
use bevy_alliance::edge::test_app::TestApp;
use saves::*;

/// A small save, and an app with another campaign that must stay as it is.
fn save_and_victim() -> (Vec<u8>, TestApp) {
    let mut app = small_campaign(3, 12);
    bring(&mut app, hours(12));
    let mut victim = small_campaign(4, 12);
    bring(&mut victim, hours(7));
    (save(&mut app), victim)
}

/// What of an app a refused save must not touch.
fn whole(app: &mut TestApp) -> (u128, Vec<u8>) {
    (app.hash(), save(app))
}

#[track_caller]
fn check(victim: &mut TestApp, bytes: &[u8], expected: &LoadError) {
    let before = whole(victim);
    let result = victim.app.load_campaign(bytes);
    assert_eq!(result.as_ref(), Err(expected));
    assert_eq!(whole(victim), before, "a refused save changed something");
}

#[test]
fn every_truncation_is_refused() {
    let (bytes, mut victim) = save_and_victim();
    let before = whole(&mut victim);
    for length in 0..bytes.len() {
        let error = victim.app.load_campaign(&bytes[..length]).unwrap_err();
        let expected = if length == 0 { "NotASave" } else { "Truncated" };
        assert!(format!("{error:?}").starts_with(expected), "{length} bytes: {error:?}");
    }
    assert_eq!(whole(&mut victim), before);
    victim.app.load_campaign(&bytes).unwrap();
    assert_eq!(save(&mut victim), bytes);
}

#[test]
fn every_flipped_bit_is_refused() {
    let (mut bytes, mut victim) = save_and_victim();
    let before = whole(&mut victim);
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(victim.app.load_campaign(&bytes).is_err(), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    println!("{} bits of {} bytes", bytes.len() * 8, bytes.len());
    assert_eq!(whole(&mut victim), before);
    victim.app.load_campaign(&bytes).unwrap();
}

/// Behind a right checksum, what does not decode is named; what decodes is loaded. Neither panics.
#[test]
fn bytes_changed_behind_a_right_checksum_never_panic() {
    let (bytes, mut victim) = save_and_victim();
    let body = &bytes[20..bytes.len() - 16];
    let (mut refused, mut taken) = (0, 0);
    for at in (0..body.len()).step_by(body.len() / 400) {
        for value in [0, 0x7f, 0xff] {
            let mut changed = body.to_vec();
            changed[at] = value;
            let before = victim.hash();
            if victim.app.load_campaign(&sealed(&changed)).is_ok() {
                taken += 1;
            } else {
                refused += 1;
                assert_eq!(victim.hash(), before);
            }
        }
    }
    assert!(refused > 100 && taken > 100, "{refused} refused, {taken} taken");
}

#[test]
fn what_is_no_save_is_told_from_a_damaged_one() {
    let (bytes, mut victim) = save_and_victim();
    check(&mut victim, b"SQLite format 3", &LoadError::NotASave { expected: "save" });
    check(&mut victim, b"", &LoadError::NotASave { expected: "save" });
    let mut newer = bytes.clone();
    newer[8] = 9;
    check(&mut victim, &newer, &LoadError::Version { what: "save", found: 9, expected: 1 });
    let mut longer = bytes.clone();
    longer.extend([0; 3]);
    check(&mut victim, &longer, &LoadError::TrailingBytes { extra: 3 });
    let mut huge = bytes.clone();
    huge[12..20].copy_from_slice(&u64::MAX.to_le_bytes());
    check(&mut victim, &huge, &LoadError::TooLarge { bytes: u64::MAX, limit: MAX_SAVE_BYTES });
    let mut changed = bytes;
    changed[40] ^= 1;
    check(&mut victim, &changed, &LoadError::Checksum);
}

fn index_of(sections: &[RawSection], name: &str) -> usize {
    sections.iter().position(|(n, ..)| n == name).unwrap()
}

fn fault(section: &str, error: RowsError) -> LoadError {
    LoadError::Section { section: section.to_owned(), error }
}

#[test]
fn sections_that_do_not_belong_are_named() {
    let (bytes, mut victim) = save_and_victim();
    let sections = sections_of(&bytes);
    let mut more = sections.clone();
    more.push(("zebra".to_owned(), 0, Vec::new()));
    check(&mut victim, &assembled(&more), &LoadError::UnknownSection { section: "zebra".to_owned() });
    for name in ["entities", "march", "ruleset", "clock"] {
        let mut less = sections.clone();
        less.remove(index_of(&sections, name));
        check(&mut victim, &assembled(&less), &LoadError::MissingSection { section: name.to_owned() });
    }
    // Twice, out of order, and cut off within the body.
    let mut twice = sections.clone();
    twice.insert(0, sections[0].clone());
    assert!(matches!(victim.app.load_campaign(&assembled(&twice)), Err(LoadError::Layout { .. })));
    let mut swapped = sections;
    swapped.swap(3, 4);
    assert!(matches!(victim.app.load_campaign(&assembled(&swapped)), Err(LoadError::Layout { .. })));
    let cut = sealed(&bytes[20..bytes.len() - 30]);
    assert!(matches!(victim.app.load_campaign(&cut), Err(LoadError::Layout { .. })));
}

#[test]
fn rows_that_do_not_belong_are_named() {
    let (bytes, mut victim) = save_and_victim();
    let sections = sections_of(&bytes);
    let site = index_of(&sections, "site");
    let mut try_with = |name: &str, change: &dyn Fn(&mut RawSection), expected: RowsError| {
        let mut changed = sections.clone();
        change(&mut changed[index_of(&sections, name)]);
        check(&mut victim, &assembled(&changed), &fault(name, expected));
    };
    let rows = sections[site].1;
    let ended = |row| RowsError::Decode { row, error: postcard::Error::DeserializeUnexpectedEnd };
    try_with("site", &|s| s.1 += 1, ended(rows));
    // A count alone reserves nothing.
    try_with("site", &|s| s.1 = u64::MAX, ended(rows));
    try_with("site", &|s| s.2.push(0), RowsError::LeftOver(1));
    try_with("ruleset", &|s| s.1 = 7, RowsError::Count(7));
    try_with("ruleset", &|s| s.2.push(0), RowsError::LeftOver(1));
    try_with("entities", &|s| s.1 += 1, ended(sections[index_of(&sections, "entities")].1));
    let stranger = StableId::Game(9, 9);
    let row = postcard::to_allocvec(&(stranger, Chronicle::default())).unwrap();
    let append = |s: &mut RawSection| {
        s.1 += 1;
        s.2.extend(&row);
    };
    try_with("chronicle", &append, RowsError::Stranger(stranger));
    let twice = |s: &mut RawSection| {
        s.1 *= 2;
        s.2.extend(s.2.clone());
    };
    try_with("chronicle", &twice, RowsError::Duplicate(StableId::Game(7, 1)));
    try_with("site", &twice, RowsError::Order(rows));
}

/// Lists that claim to be longer than memory: the bytes end before anything is reserved for them.
#[test]
fn a_list_that_claims_to_be_endless_is_refused() {
    let (bytes, mut victim) = save_and_victim();
    let sections = sections_of(&bytes);
    for name in ["patterns", "input_log", "blockades", "movements", "observation_log", "commitments"] {
        let mut changed = sections.clone();
        let section = &mut changed[index_of(&sections, name)];
        // Behind an id where there are ids: a length of 2^63.
        let id = postcard::to_allocvec(&StableId::Game(7, 1)).unwrap();
        section.2 = if matches!(name, "patterns" | "input_log") { Vec::new() } else { id };
        section.2.extend([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
        section.1 = 1;
        let before = whole(&mut victim);
        let error = victim.app.load_campaign(&assembled(&changed)).unwrap_err();
        assert!(matches!(&error, LoadError::Section { section, .. } if section == name), "{error:?}");
        assert_eq!(whole(&mut victim), before);
    }
}
