//! A person among NPCs: what it says is heard, and what it does with its promises changes what its voice is worth.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may fail like tests")]

#[path = "../examples/support/human_member/table.rs"]
mod table;

use bevy_alliance::decision::fair_play::FairPlaySettings;
use table::{HELP, Table};

/// Where the search for a world begins: near by, so that it is short.
const FIRST_SEED: u64 = 16;

fn say(table: &mut Table, command: &str) -> String {
    table.command(command).unwrap().unwrap()
}

/// The trust of the others: at the beginning, once a first promise was kept, and once a second was kept or broken; and what of
/// the scores of the next two proposals was trust.
struct Course {
    first: f64,
    kept: f64,
    last: f64,
    in_scores: f64,
}

/// Others agree to what they think right: targets are proposed until they do, and orders go out; whether they ever do.
fn agreed(table: &mut Table) -> bool {
    (0..20).any(|_| {
        let ordered = say(table, "attack agreed").contains("you are to send");
        if !ordered {
            say(table, "wait 6");
        }
        ordered
    })
}

/// None in a world in which the others never agree to two proposals, an operation fails though promises are kept, nothing that was
/// promised can be broken, or nothing is left to propose.
fn promised(seed: u64, keeps: bool) -> Option<Course> {
    let mut table = Table::with(seed, FairPlaySettings::off()).unwrap();
    say(&mut table, "wait 30");
    let first = table.trust();
    if !agreed(&mut table) || !say(&mut table, "wait 48").contains("goal_met") {
        return None;
    }
    let kept = table.trust();
    if !agreed(&mut table) {
        return None;
    }
    let broken = if keeps { String::new() } else { say(&mut table, "break") };
    let then = say(&mut table, "wait 30");
    if keeps && !then.contains("goal_met") {
        return None;
    }
    // What was dismissed in time is missed when it is due, unless as much of its kinds came home or was trained by then; of what
    // is left the slower units may be gone.
    let rules = ["no_troops_at_home", "arrives_at_another_instant"];
    let stays = |rule: &&str| then.contains(&format!("could not leave: {rule}"));
    let missed = broken.contains("sent home for good") && rules.iter().any(stays);
    if missed == keeps {
        return None;
    }
    let last = table.trust();
    let before = table.opinions().len();
    for _ in 0..2 {
        say(&mut table, "attack best");
        say(&mut table, "wait 6");
    }
    let opinions = table.opinions();
    let next = &opinions[before..];
    (before >= 2 && next.len() == 2).then(|| Course {
        first,
        kept,
        last,
        in_scores: next.iter().map(|o| o.trust).sum::<f64>() / 2.0,
    })
}

#[test]
fn who_breaks_a_promise_is_trusted_less_and_its_next_proposal_finds_fewer_friends() {
    // Others do as they please: the first world in which there are two promises to keep, the second is worth it, and there is
    // something to propose afterwards.
    let both = |seed| Some((promised(seed, true)?, promised(seed, false)?));
    let (keeps, breaks) = (FIRST_SEED..FIRST_SEED + 40).find_map(both).expect("one of forty worlds");
    assert!((keeps.kept - breaks.kept).abs() < 1e-9, "one campaign until then");
    assert!(keeps.kept > keeps.first + 2.0, "a success binds: {} became {}", keeps.first, keeps.kept);
    assert!(keeps.last > keeps.kept, "so does the next: {} became {}", keeps.kept, keeps.last);
    assert!(breaks.last < breaks.kept - 2.0, "a broken promise does not: {} became {}", breaks.kept, breaks.last);
    assert!(breaks.last < keeps.last - 2.0, "{} where it was broken, {} where it was kept", breaks.last, keeps.last);
    assert!(
        breaks.in_scores < keeps.in_scores - 0.005,
        "of the scores of the next proposals {} and {} were trust",
        breaks.in_scores,
        keeps.in_scores
    );
}

#[test]
fn what_is_no_command_is_told_and_changes_nothing() {
    let mut table = Table::with(4, FairPlaySettings::off()).unwrap();
    let mut told = |command: &str| table.command(command).unwrap_err().to_string();
    assert_eq!(told("sing"), "`sing` is no command that is known here; `help` lists them");
    assert_eq!(told("attack x"), "`x` is no number of a village");
    assert_eq!(told("wait -3"), "hours must be a number from 0 to 1000, not `-3`");
    assert_eq!(told("vote perhaps"), "`perhaps`: a vote is yes, no or abstain");
    assert_eq!(say(&mut table, "vote yes"), "No vote waits for you.");
    assert_eq!(say(&mut table, "help"), HELP.trim_end());
    assert!(say(&mut table, "attack 1").contains("refused ("), "a proposal that cannot be is refused with its rule");
    assert!(say(&mut table, "peace 9999").contains("refused (alliance_exists)"));
    assert!(say(&mut table, "status").contains("inhabitants"));
    assert!(table.command("quit").unwrap().is_none());
    assert!(table.greeting().contains("officer") && table.farewell().contains("trust you"));
    assert!(table.opinions().is_empty());
}
