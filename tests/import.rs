//! Dumps of `map.sql`: both forms, hostile names, and damage, which is named by line and column.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

use bevy_alliance::base::contract::{PlayerKind, Rank, Scenario, Stance};
use bevy_alliance::base::geometry::{Tile, Torus};
use bevy_alliance::base::id::{AllianceId, PlayerId};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::world::import::{ImportError, ImportLimits, ImportOptions, ImportProblem, Wars, read_map_sql};
use proptest::prelude::*;

const MAP: Torus = Torus { half_width: 200 };

fn read(dump: impl AsRef<[u8]>) -> Result<Scenario, ImportError> {
    read_map_sql(dump.as_ref(), &Ruleset::extended(), &ImportOptions::default())
}

/// A line of the dump, in its short form.
struct Line {
    x: i16,
    y: i16,
    tribe: u8,
    village: u32,
    player: u32,
    alliance: u32,
    population: u32,
}

impl Line {
    fn new(x: i16, y: i16, village: u32, player: u32, alliance: u32) -> Self {
        Self { x, y, tribe: 1, village, player, alliance, population: 100 }
    }

    fn sql(&self) -> String {
        let Self { x, y, tribe, village, player, alliance, population } = self;
        let tile = MAP.tile_id(Tile::new(*x, *y));
        let alliance_name = if *alliance == 0 { String::new() } else { format!("A{alliance}") };
        format!(
            "INSERT INTO `x_world` VALUES ({tile},{x},{y},{tribe},{village},'V{village}',{player},'P{player}',{alliance},'{alliance_name}',{population});\n"
        )
    }
}

fn dump(lines: &[Line]) -> String {
    lines.iter().map(Line::sql).collect()
}

const GOOD: &str = "INSERT INTO `x_world` VALUES (80401,0,0,1,7,'Middle',3,'Ann',2,'Herons',250);";

/// The good line with one text replaced by another, and where the error must point.
#[track_caller]
fn damaged(from: &str, to: &str) -> ImportError {
    assert!(GOOD.contains(from));
    read(GOOD.replacen(from, to, 1)).unwrap_err()
}

/// The damage is refused at this column, and the message holds these words.
#[track_caller]
fn refused(from: &str, to: &str, column: u64, words: &[&str]) {
    let error = damaged(from, to);
    assert_eq!((error.line, error.column), (1, column), "{error}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("map.sql line 1, column {column}: expected ")), "{text}");
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

#[test]
fn both_forms_say_the_same() {
    let short = read(GOOD).unwrap();
    let long = read(GOOD.replace("250)", "250,NULL,FALSE,-3,'a \\'b\\', c',TRUE)")).unwrap();
    assert_eq!(short, long);
    assert_eq!((short.half_width, short.sites.len()), (200, 1));
    let site = &short.sites[0];
    assert_eq!((site.name.as_str(), site.population, site.at), ("Middle", 250, Tile::new(0, 0)));
    assert_eq!((&site.troops, &site.stores, site.wall), (&None, &None, None));
}

#[test]
fn comments_blank_lines_and_line_ends_do_not_matter() {
    let dressed = format!("\u{feff}-- a world\r\n\r\n  \n{GOOD}\r\n-- the end");
    assert_eq!(read(dressed).unwrap(), read(GOOD).unwrap());
    let spaced = GOOD.replace(',', " , ").replace("INSERT INTO `x_world` VALUES (", " insert  into x_world values( ");
    assert_eq!(read(spaced).unwrap(), read(GOOD).unwrap());
}

#[test]
fn the_map_is_the_smallest_that_agrees_with_the_tile_ids() {
    for half_width in [100, 200, 400] {
        let tile = Torus { half_width }.tile_id(Tile::new(-7, 9));
        let line = GOOD.replace("80401,0,0", &format!("{tile},-7,9"));
        assert_eq!(read(line).unwrap().half_width, half_width);
    }
}

#[test]
fn hostile_names_are_data() {
    let long = "x".repeat(500);
    let cut = "x".repeat(128);
    let names = [
        ("it''s", "it's"),
        (r"it\'s", "it's"),
        (r"back\\slash", r"back\slash"),
        (r"\\\'", r"\'"),
        ("''", "'"),
        ("", ""),
        (r"\'); DROP TABLE x_world; --", "'); DROP TABLE x_world; --"),
        ("a,b(c);d", "a,b(c);d"),
        ("-- no comment", "-- no comment"),
        ("\u{1f409} drag\u{f6}n \u{9f8d}", "\u{1f409} drag\u{f6}n \u{9f8d}"),
        ("\u{202e}evil\u{202c}\u{200f}", "\u{202e}evil\u{202c}\u{200f}"),
        ("{player} {{0}} %s ${x}", "{player} {{0}} %s ${x}"),
        (r"two\nlines\t\0", "two\nlines\t\0"),
        ("Ignore all instructions", "Ignore all instructions"),
        (long.as_str(), cut.as_str()),
    ];
    for (written, meant) in names {
        let scenario =
            read(GOOD.replace("Middle", written).replace("Ann", written).replace("Herons", written)).unwrap();
        let found = [&scenario.sites[0].name, &scenario.players[0].name, &scenario.alliances[0].name];
        assert_eq!(found, [meant; 3]);
    }
}

#[test]
fn cut_lines_point_at_the_cut() {
    for (at, _) in GOOD.char_indices().skip(1) {
        let error = read(&GOOD[..at]).unwrap_err();
        assert_eq!(error.line, 1);
        assert!(error.column <= at as u64 + 1, "{error}");
    }
    refused(",250);", "", 72, &["`,` and field 11 (population)", "the end of the line"]);
    refused("250);", "250)", 77, &["`;`", "the end of the line"]);
    refused("'Herons',250);", "'Hero", 69, &["`'` at the end of alliance name", "the end of the line"]);
    refused("'Middle'", "'Mid\ndle'", 49, &["`'` at the end of village name", "the end of the line"]);
    refused("INSERT INTO `x_world` VALUES (", "INSERT INTO `x_world`", 22, &["`VALUES`", "\"80401\""]);
}

#[test]
fn wrong_numbers_point_at_the_number() {
    refused("80401", "-80401", 31, &["tile id from 1 to", "\"-80401\""]);
    refused("80401", "0", 31, &["tile id from 1 to 641601", "\"0\""]);
    refused("80401", "zero", 31, &["a number for tile id", "\"zero\""]);
    refused(",0,0,", ",401,0,", 37, &["x from -400 to 400", "\"401\""]);
    refused(",0,0,", ",0,-9999,", 39, &["y from -400 to 400", "\"-9999\""]);
    refused(",0,0,", ",0,+1,", 39, &["a number for y", "'+'"]);
    refused(",1,7,", ",256,7,", 41, &["tribe from 0 to 255", "\"256\""]);
    refused(",1,7,", ",9,7,", 41, &["a tribe of the ruleset (1, 2, 3, 4, 5, 6, 7, 8)", "found 9"]);
    refused(",1,7,", ",1,-7,", 43, &["village id from 1 to 4294967295", "\"-7\""]);
    refused(",1,7,", ",1,4294967296,", 43, &["village id", "\"4294967296\""]);
    refused(",3,", ",99999999999999999999999999999999999999999,", 54, &["player id", "..."]);
    refused(",2,'", ",2.5,'", 63, &["`,` and field 10 (alliance name)", "'.'"]);
    refused("250", "-1", 73, &["population from 0 to 4294967295", "\"-1\""]);
    refused("250", "12a", 75, &["`)` after 11 fields", "\"a\""]);
    refused("250", "NULL", 73, &["a number for population", "\"NULL\""]);
}

#[test]
fn bad_quotes_and_escapes_point_at_the_character() {
    refused("'Middle'", "Middle", 45, &["`'` at the start of village name", "\"Middle\""]);
    refused("'Middle'", "'Mid'dle'", 50, &["`,` and field 7 (player id)", "\"dle\""]);
    refused("'Middle'", r"'Mid\xdle'", 50, &["after `\\`", "village name", "'x'"]);
    refused("'Middle'", "\"Middle\"", 45, &["`'` at the start of village name", "'\"'"]);
    refused("'Herons',250);", r"'Herons\", 72, &["`'` at the end of alliance name"]);
    // Columns count characters, not bytes.
    refused("'Middle'", "'\u{1f409}\u{f6}\u{9f8d}'dle'", 50, &["\"dle\""]);
}

#[test]
fn missing_and_surplus_fields_are_named() {
    refused(",250)", ")", 72, &["`,` and field 11 (population)", "')'"]);
    refused("80401,0,0,1,7,'Middle',3,'Ann',2,'Herons',250", "80401", 36, &["`,` and field 2 (x)", "')'"]);
    refused("250)", "250,NULL)", 81, &["`,` and field 13 of 16", "')'"]);
    refused("250)", "250,1,2,3,4,5,6)", 86, &["`)` after 16 fields", "','"]);
    refused("250)", "250,1,2,nothing,4,5)", 81, &["NULL, TRUE, FALSE, a number or a string", "\"nothing\""]);
    refused("250);", "250),(1,2);", 77, &["`;`", "','"]);
    let twice = format!("{GOOD} {GOOD}");
    let error = read(twice).unwrap_err();
    assert_eq!((error.line, error.column), (1, 79), "{error}");
    assert!(error.to_string().contains("the end of the line after one statement"), "{error}");
}

/// Two lines of which the second is refused at this column.
#[track_caller]
fn second_refused(first: &Line, second: &str, column: u64) -> ImportProblem {
    let error = read(format!("-- two\n{}{second}", first.sql())).unwrap_err();
    assert_eq!((error.line, error.column), (3, column), "{error}");
    error.problem
}

#[test]
fn contradictions_name_both_lines() {
    let first = Line::new(0, 0, 7, 3, 2);
    let tile = second_refused(&first, &Line::new(0, 0, 8, 3, 2).sql(), 31);
    assert_eq!(tile, ImportProblem::DuplicateTile { x: 0, y: 0, first_line: 2 });
    let village = second_refused(&first, &Line::new(1, 0, 7, 3, 2).sql(), 43);
    assert_eq!(village, ImportProblem::DuplicateVillage { village: 7, first_line: 2 });

    let renamed = Line::new(1, 0, 8, 3, 2).sql().replace("'P3'", "'Q3'");
    let text = read(first.sql() + &renamed).unwrap_err().to_string();
    assert_eq!(text, "map.sql line 2, column 52: expected player 3 with player name \"P3\" as on line 1, found \"Q3\"");
    let moved = second_refused(&first, &Line::new(1, 0, 8, 3, 0).sql(), 57);
    assert!(matches!(moved, ImportProblem::Disagrees { what: "player", field: "alliance id", first_line: 2, .. }));
    let other = Line::new(1, 0, 8, 4, 2).sql().replace("'A2'", "'B2'");
    let alliance = second_refused(&first, &other, 59);
    assert!(matches!(alliance, ImportProblem::Disagrees { what: "alliance", id: 2, field: "alliance name", .. }));
}

#[test]
fn tiles_must_agree_with_the_map() {
    refused("80401", "80402", 31, &["tile id 20201 or 80401 or 320801 at (0|0)", "found 80402"]);
    let first = Line::new(0, 0, 7, 3, 2);
    let off = Line::new(201, 0, 8, 3, 2).sql();
    assert_eq!(second_refused(&first, &off, 37), ImportProblem::OffMap { x: 201, y: 0, half_width: 200 });
    let off = Line::new(1, -300, 8, 3, 2).sql();
    let column = 1 + off.find("-300").unwrap() as u64;
    assert_eq!(second_refused(&first, &off, column), ImportProblem::OffMap { x: 1, y: -300, half_width: 200 });
    let wrong = Line::new(1, 0, 8, 3, 2).sql().replace("80402", "80403");
    let problem = second_refused(&first, &wrong, 31);
    assert_eq!(problem, ImportProblem::TileDisagrees { x: 1, y: 0, expected: "80402".to_owned(), found: 80403 });
}

#[test]
fn files_without_rows_and_noise_are_refused() {
    for empty in ["", "\n\n", "-- nothing\n", "\u{feff}"] {
        let error = read(empty).unwrap_err();
        assert_eq!((error.line, error.column, &error.problem), (1, 1, &ImportProblem::Empty), "{error}");
    }
    let error = read("\n<html>not found</html>").unwrap_err();
    assert_eq!(error.to_string(), "map.sql line 2, column 1: expected `INSERT`, found '<'");
    let error = read(format!("{GOOD}\nDROP TABLE x_world;")).unwrap_err();
    assert_eq!(error.to_string(), "map.sql line 2, column 1: expected `INSERT`, found \"DROP\"");
    refused("x_world", "users", 14, &["`x_world`", "\"users\""]);
    let mut broken = GOOD.replace("Middle", "M\u{f6}").into_bytes();
    broken.splice(46..49, [b'M', 0xff, b'!']);
    let error = read(broken).unwrap_err();
    assert_eq!(error.to_string(), "map.sql line 1, column 48: expected UTF-8, found the byte 0xff");
}

#[test]
fn limits_hold() {
    let limits = ImportLimits { line_bytes: 100, rows: 2, name_chars: 3 };
    let options = ImportOptions { limits, ..ImportOptions::default() };
    let read = |dump: &str| read_map_sql(dump.as_bytes(), &Ruleset::extended(), &options);
    let lines = [Line::new(0, 0, 1, 1, 0), Line::new(1, 0, 2, 1, 0), Line::new(2, 0, 3, 1, 0)];
    assert_eq!(read(&dump(&lines[..2])).unwrap().sites.len(), 2);
    let error = read(&dump(&lines)).unwrap_err();
    assert_eq!((error.line, error.problem), (3, ImportProblem::TooManyRows { limit: 2 }));
    assert_eq!(read(GOOD).unwrap().sites[0].name, "Mid");

    let full = format!("--{}", "x".repeat(98));
    for end in ["\n", "\r\n"] {
        assert!(read(&format!("{full}{end}{GOOD}")).is_ok());
        let error = read(&format!("{full}\u{f6}{end}{GOOD}")).unwrap_err();
        assert_eq!((error.line, error.column, error.problem), (1, 101, ImportProblem::LineTooLong { limit: 100 }));
    }
}

/// A line that never ends: reading more than the limit of it would be seen here.
struct Endless(usize);

impl std::io::Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0 += buffer.len();
        assert!(self.0 < 1 << 20, "the import reads on and on");
        buffer.fill(b'x');
        Ok(buffer.len())
    }
}

#[test]
fn an_endless_line_ends_at_the_limit() {
    let error = read_map_sql(std::io::BufReader::new(Endless(0)), &Ruleset::extended(), &ImportOptions::default());
    let error = error.unwrap_err();
    assert_eq!((error.line, error.column, error.problem), (1, 65_537, ImportProblem::LineTooLong { limit: 65_536 }));
}

/// Three alliances in a row (1 and 2 near each other, 3 nearer to 2 than to 1), one too small, and some others.
fn three_alliances() -> Vec<Line> {
    let mut lines = Vec::new();
    for (alliance, x, members) in [(1, 0, 4), (2, 20, 3), (3, 60, 3), (4, 10, 2)] {
        for member in 0..members {
            let player = alliance * 10 + member;
            let mut line = Line::new(x, i16::try_from(member).unwrap() * 2, player, player, alliance);
            line.population = 100 + member;
            lines.push(line);
        }
    }
    lines.push(Line::new(-50, 0, 90, 90, 0));
    lines.push(Line { tribe: 5, ..Line::new(-60, 0, 91, 91, 0) });
    lines
}

#[test]
fn the_largest_alliances_are_cast() {
    let scenario = read(dump(&three_alliances())).unwrap();
    scenario.check(&Ruleset::extended()).unwrap();
    let active: Vec<u32> = scenario.alliances.iter().filter(|a| a.active).map(|a| a.id.0).collect();
    assert_eq!(active, [1, 2, 3]);
    let war = |a, b| (AllianceId(a), AllianceId(b), Stance::War);
    assert_eq!(scenario.stances, [war(1, 2), war(2, 3)]);
    let player = |id| scenario.players.iter().find(|p| p.id == PlayerId(id)).unwrap();
    let rank = |id| player(id).membership.unwrap().1;
    assert_eq!([13, 12, 11, 10].map(rank), [Rank::Leader, Rank::Officer, Rank::Officer, Rank::Member]);
    let kinds = [10, 40, 90, 91].map(|id| player(id).kind);
    use PlayerKind::{Active, Bystander, Static};
    assert_eq!(kinds, [Active, Bystander, Bystander, Static]);
    assert!(player(90).role.is_some() && player(90).rhythm.is_some() && player(91).role.is_none());

    let options = ImportOptions { alliances: 2, wars: Wars::None, ..ImportOptions::default() };
    let fewer = read_map_sql(dump(&three_alliances()).as_bytes(), &Ruleset::extended(), &options).unwrap();
    // Alliances 2 and 3 are equally large in members and population: the smaller id comes first.
    let active: Vec<u32> = fewer.alliances.iter().filter(|a| a.active).map(|a| a.id.0).collect();
    assert_eq!((active, fewer.stances), (vec![1, 2], vec![]));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
    }

    #[test]
    fn mutated_dumps_never_panic_and_name_a_place_in_the_file(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6)
    ) {
        let mut bytes = dump(&three_alliances()).into_bytes();
        for (place, byte, how) in changes {
            let i = place.index(bytes.len());
            match how {
                0 => bytes[i] = byte,
                1 => { bytes.remove(i); }
                _ => bytes.insert(i, byte),
            }
        }
        match read(&bytes) {
            Ok(scenario) => prop_assert!(scenario.check(&Ruleset::extended()).is_ok()),
            Err(error) => {
                let lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
                let line = lines.get(usize::try_from(error.line).unwrap() - 1);
                prop_assert!(line.is_some_and(|l| error.column <= l.len() as u64 + 1), "{error}");
            }
        }
    }

    #[test]
    fn any_name_survives_quoting(name in "\\PC{0,40}", doubled: bool) {
        let quote = if doubled { "''" } else { r"\'" };
        let written = name.replace('\\', r"\\").replace('\'', quote);
        let scenario = read(GOOD.replace("Middle", &written)).unwrap();
        prop_assert_eq!(&scenario.sites[0].name, &name);
    }
}

#[test]
fn a_real_world_is_read() {
    let Some(folder) = std::env::var_os("ALLIANCE_REFERENCE") else {
        println!("skipped: ALLIANCE_REFERENCE is not set, no real world to read");
        return;
    };
    let path = std::path::Path::new(&folder).join("data/world_401.sql");
    let file = std::fs::File::open(path).unwrap();
    let rules = Ruleset::extended();
    let world = read_map_sql(std::io::BufReader::new(file), &rules, &ImportOptions::default()).unwrap();
    world.check(&rules).unwrap();
    assert_eq!((world.sites.len(), world.players.len(), world.alliances.len()), (15_017, 4_317, 166));
    assert_eq!(world.half_width, 200);
    assert_eq!(world.players.iter().filter(|p| p.membership.is_none()).count(), 3_071);
    let resting: Vec<PlayerId> = world.players.iter().filter(|p| p.kind == PlayerKind::Static).map(|p| p.id).collect();
    assert_eq!(resting, [PlayerId(109)]);
    assert_eq!(world.sites.iter().filter(|s| s.owner == PlayerId(109)).count(), 563);
    // By members, then population: four of 60, four of 59.
    let active: Vec<u32> = world.alliances.iter().filter(|a| a.active).map(|a| a.id.0).collect();
    assert_eq!(active, [1, 2, 6, 10, 16, 17, 35, 94]);
    for id in active {
        assert!(world.stances.iter().any(|(a, b, _)| a.0 == id || b.0 == id));
    }
}
