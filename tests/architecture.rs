//! Keeps the house: which folder and module may name which, what stays free of the engine, and what no text may hold.
//!
//! The sources are read as text: comments and strings are blanked, every path in the code that is left (in a `use` or
//! not) is resolved to its place in the crate, and the rules below are checked on those. What a `pub use` hides from
//! the text it also hides from this test.

use std::fs;
use std::path::Path;

/// The floors, lowest first, each with its modules in the order in which they may import from one another.
const FLOORS: [(&str, &[&str]); 7] = [
    ("base", &["error", "id", "goods", "geometry", "rng", "limits", "text", "state", "clock", "ruleset", "contract"]),
    ("society", &["personality", "alliance"]),
    ("knowledge", &["intel", "territory"]),
    ("decision", &["fair_play", "planning", "council"]),
    ("action", &["pool", "defense", "diplomacy", "operations"]),
    ("strategy", &["wonder", "victory", "war_council"]),
    ("edge", &["llm", "snapshot", "report", "test_app"]),
];

/// The folder beside the floors: it imports `base` alone.
const WORLD: (&str, &[&str]) =
    ("world", &["village", "march", "trade", "battle", "conquest", "economy", "model", "audit", "import", "generator"]);

/// Folders whose code decides: there the word `world::` alone is a fault.
const DECIDING: [&str; 5] = ["society", "knowledge", "decision", "action", "strategy"];

/// What code without the engine may still take from it: what its settings derive, which adds no behavior.
const DERIVES: [&str; 2] = ["Reflect", "Resource"];

/// The one file that may hold a hash map: its index is never iterated.
const HASH_MAP_HOME: &str = "src/base/id.rs";

#[test]
fn every_source_keeps_the_house() {
    let files = texts_under("src");
    assert!(files.len() > 50, "only {} sources were found", files.len());
    let faults: Vec<String> = files.iter().flat_map(|(file, text)| source_faults(file, text)).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn no_text_names_a_place_outside_the_package() {
    let mut files = Vec::new();
    for place in ["src", "examples", "tests", "benches", "docs", "README.md", "CHANGELOG.md", "Cargo.toml"] {
        files.extend(texts_under(place));
    }
    let faults: Vec<String> = files.iter().flat_map(|(file, text)| outside_faults(file, text)).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn the_table_of_what_is_hashed_is_whole() {
    let mut registered: [Vec<String>; 2] = Default::default();
    for (_, text) in texts_under("src") {
        let code: String = text.lines().filter(|l| !l.trim_start().starts_with("//")).collect();
        for (place, call) in ["register_state::<", "register_state_resource::<"].into_iter().enumerate() {
            let names = code.split(call).skip(1).filter_map(|rest| rest.split_once(">(\"")?.1.split_once('"'));
            registered[place].extend(names.map(|(name, _)| name.to_owned()));
        }
    }
    let docs = fs::read_to_string("docs/determinism.md").expect("the page is there");
    let table = docs.split("| registered by |").nth(1).expect("the table is there");
    let mut written: [Vec<String>; 2] = Default::default();
    for row in table.lines().skip(2).take_while(|l| l.starts_with('|')) {
        for (place, cell) in row.split('|').skip(2).take(2).enumerate() {
            written[place].extend(cell.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    for names in registered.iter_mut().chain(&mut written) {
        names.sort_unstable();
    }
    assert!(registered[0].len() > 20 && registered[1].len() > 10, "{registered:?}");
    assert_eq!(registered, written, "registered in the sources, and written in docs/determinism.md");
}

// What is checked.

/// Everything that is wrong with one source, each as `file:line: what`.
fn source_faults(file: &str, text: &str) -> Vec<String> {
    let home = Home::of(file);
    let mut faults = Vec::new();
    for found in paths_of(&home.module, text) {
        let problems = [
            layer_fault(&home, &found.segments),
            purity_fault(file, &found.segments),
            hash_fault(file, &found.segments),
            world_fault(&home, &found.segments),
        ];
        for problem in problems.into_iter().flatten() {
            faults.push(format!("{file}:{}: `{}`: {problem}", found.line, found.segments.join("::")));
        }
    }
    faults
}

/// Folders import from below, modules from their left.
fn layer_fault(home: &Home, path: &[String]) -> Option<String> {
    let (root, target) = path.split_first()?;
    let (folder, module) = (target.first()?, target.get(1).map(String::as_str));
    let from = home.module.first().map(String::as_str);
    if root != "crate" || from.is_none_or(|from| from == "plugins" || from == "edge" && folder != "edge") {
        return None;
    }
    let from = from.unwrap_or_default();
    if from == folder {
        return order_fault(from, home.module.get(1).map(String::as_str), module);
    }
    match (floor_of(from), floor_of(folder)) {
        (_, Some(0)) => None,
        (_, None) if folder == WORLD.0 => Some("only the bundle and the edge may import `world`".to_owned()),
        (_, None) => Some(format!("`{from}` may not import from the root of the crate")),
        (None, _) if from == WORLD.0 => Some("`world` imports `base` alone".to_owned()),
        (None, _) => Some(format!("`{from}` is no folder of the house")),
        (Some(own), Some(other)) if other > own => Some(format!("`{folder}` lies above `{from}`")),
        (Some(_), Some(_)) => None,
    }
}

fn order_fault(folder: &str, own: Option<&str>, other: Option<&str>) -> Option<String> {
    let modules = FLOORS.iter().chain([&WORLD]).find(|(name, _)| *name == folder).map(|(_, modules)| *modules)?;
    // The folder's own `mod.rs` stands to the right of all its modules.
    let (own, other) = (own?, other?);
    let place = |module: &str| modules.iter().position(|m| *m == module);
    match (place(own), place(other)) {
        (None, _) => Some(format!("`{own}` is not in the order of `{folder}`")),
        (_, None) => Some(format!("`{other}` is not in the order of `{folder}`")),
        (Some(a), Some(b)) => (b > a).then(|| format!("`{other}` stands to the right of `{own}`")),
    }
}

/// Rules know no engine. They may derive [`DERIVES`] for settings, named one by one.
fn purity_fault(file: &str, path: &[String]) -> Option<String> {
    let pure = file.ends_with("/rules.rs")
        || file.contains("/rules/")
        || ["/decision/planning/allocation/", "/decision/planning/kernel/"].iter().any(|p| file.contains(p));
    let engine = path.first().is_some_and(|s| s == "bevy" || s.starts_with("bevy_") && s != "bevy_alliance");
    let derive = path.len() == 3 && path[1] == "prelude" && DERIVES.contains(&path[2].as_str());
    (pure && engine && !derive).then(|| "rules do not import the engine".to_owned())
}

/// No hash maps but in the index.
fn hash_fault(file: &str, path: &[String]) -> Option<String> {
    let hashed = path.iter().any(|s| s == "HashMap" || s == "HashSet");
    let std_one = path.first().is_some_and(|s| s == "std");
    (hashed && (file != HASH_MAP_HOME || std_one)).then(|| "hash maps belong to the index in base/id.rs".to_owned())
}

/// Code that decides cannot even name the world.
fn world_fault(home: &Home, path: &[String]) -> Option<String> {
    let decides = home.module.first().is_some_and(|folder| DECIDING.contains(&folder.as_str()));
    let named = path.first().is_some_and(|s| s == "world") && path.len() > 1;
    (decides && named).then(|| "code that decides never names `world::`".to_owned())
}

/// Texts that name a folder beside the package, or where it happens to lie on one machine.
fn outside_faults(file: &str, text: &str) -> Vec<String> {
    let beside = concat!("..", "/shared/");
    let absolute = concat!("/", "work/");
    let mut faults = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let starts_a_path = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-/".contains(c));
        if line.contains(beside) || line.match_indices(absolute).any(|(at, _)| starts_a_path(at)) {
            faults.push(format!("{file}:{}: names a place outside the package: {}", number + 1, line.trim()));
        }
    }
    faults
}

fn floor_of(folder: &str) -> Option<usize> {
    FLOORS.iter().position(|(name, _)| *name == folder)
}

// How sources are read.

/// Where a source stands in the crate.
struct Home {
    /// The path of its module below the crate's root.
    module: Vec<String>,
}

impl Home {
    fn of(file: &str) -> Self {
        let inner = file.trim_start_matches("src/").trim_end_matches(".rs");
        let mut module: Vec<String> = inner.split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|last| last == "mod" || last == "lib") {
            module.pop();
        }
        Self { module }
    }
}

/// A path in the code, with `super` and `self` resolved and groups taken apart.
#[derive(Debug, PartialEq)]
struct FoundPath {
    line: usize,
    segments: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    /// `::`
    Through,
    Sign(char),
}

/// All paths of a source whose module is `module`.
fn paths_of(module: &[String], text: &str) -> Vec<FoundPath> {
    let code = blank_comments_and_strings(text);
    let tokens = tokens_of(&code);
    let (mut found, mut inner, mut depth, mut at) = (Vec::new(), Vec::<(usize, String)>::new(), 0, 0);
    while at < tokens.len() {
        match tokens[at].1 {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => {
                depth -= 1;
                inner.retain(|(opened_at, _)| *opened_at < depth + 1);
            }
            Token::Word("mod") => {
                if let (Some((_, Token::Word(name))), Some((_, Token::Sign('{')))) =
                    (tokens.get(at + 1), tokens.get(at + 2))
                {
                    inner.push((depth + 1, (*name).to_owned()));
                }
            }
            Token::Word(_) => {
                let mut here = module.to_vec();
                here.extend(inner.iter().map(|(_, name)| name.clone()));
                at = read_path(&tokens, at, &mut Vec::new(), &here, &mut found);
                continue;
            }
            Token::Through | Token::Sign(_) => {}
        }
        at += 1;
    }
    found
}

/// Reads the path that starts at `at`, behind `before`, and returns the place after it. A group is read member by
/// member.
fn read_path(
    tokens: &[(usize, Token<'_>)],
    mut at: usize,
    before: &mut Vec<String>,
    here: &[String],
    found: &mut Vec<FoundPath>,
) -> usize {
    let outer = before.len();
    let line = tokens.get(at).map_or(0, |(line, _)| *line);
    while let Some((_, Token::Word(word))) = tokens.get(at) {
        before.push((*word).to_owned());
        at += 1;
        if tokens.get(at).map(|(_, token)| *token) != Some(Token::Through) {
            break;
        }
        at += 1;
    }
    if tokens.get(at).map(|(_, token)| *token) == Some(Token::Sign('{')) && follows_through(tokens, at) {
        at += 1;
        while at < tokens.len() && tokens[at].1 != Token::Sign('}') {
            at = if matches!(tokens[at].1, Token::Word(_)) {
                let next = read_path(tokens, at, before, here, found);
                skip_renaming(tokens, next)
            } else {
                at + 1
            };
        }
        at += 1;
    } else {
        found.push(FoundPath { line, segments: resolve(before, here) });
    }
    before.truncate(outer);
    at
}

fn follows_through(tokens: &[(usize, Token<'_>)], at: usize) -> bool {
    at > 0 && tokens[at - 1].1 == Token::Through
}

fn skip_renaming(tokens: &[(usize, Token<'_>)], at: usize) -> usize {
    if tokens.get(at).is_some_and(|(_, token)| *token == Token::Word("as")) { at + 2 } else { at }
}

/// The path from the crate's root, for one that starts with `self`, `super` or the crate's own name.
fn resolve(path: &[String], here: &[String]) -> Vec<String> {
    let mut module = here.to_vec();
    let mut rest = path;
    let relative = rest.first().is_some_and(|s| s == "super" || s == "self");
    while let Some((first, tail)) = rest.split_first() {
        match first.as_str() {
            "super" => {
                module.pop();
            }
            "self" => {}
            _ => break,
        }
        rest = tail;
    }
    if relative {
        return [vec!["crate".to_owned()], module, rest.to_vec()].concat();
    }
    let mut path = path.to_vec();
    if path[0] == "bevy_alliance" {
        "crate".clone_into(&mut path[0]);
    }
    if path.last().is_some_and(|s| s == "self") {
        path.pop();
    }
    path
}

fn tokens_of(code: &str) -> Vec<(usize, Token<'_>)> {
    let (mut tokens, mut line, mut rest) = (Vec::new(), 1, code);
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        if c == '\n' {
            line += 1;
        } else if c.is_alphanumeric() || c == '_' {
            taken = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push((line, Token::Word(&rest[..taken])));
        } else if rest.starts_with("::") {
            taken = 2;
            tokens.push((line, Token::Through));
        } else if !c.is_whitespace() {
            tokens.push((line, Token::Sign(c)));
        }
        rest = &rest[taken..];
    }
    tokens
}

/// The same text with spaces for whatever stands in comments, strings and characters; lines stay where they are.
fn blank_comments_and_strings(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    let mut after_word = false;
    while let Some(c) = rest.chars().next() {
        let hidden = if after_word && c != '"' { 0 } else { hidden_length(rest) };
        let taken = if hidden > 0 { hidden } else { c.len_utf8() };
        if hidden > 0 {
            code.extend(rest[..taken].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        } else {
            code.push(c);
        }
        after_word = hidden == 0 && (c.is_alphanumeric() || c == '_');
        rest = &rest[taken..];
    }
    code
}

/// How long the comment, string or character at the start of `rest` is; 0 if there is none.
fn hidden_length(rest: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_length(rest);
    }
    if let Some(body) = rest.strip_prefix('"') {
        return 1 + closing_quote(body);
    }
    if let Some(raw) = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r')) {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = rest.len() - raw.len() + hashes + 1;
            return rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len());
        }
    }
    character_length(rest)
}

fn block_comment_length(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// How far the closing quote of a string reaches, escapes respected.
fn closing_quote(body: &str) -> usize {
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    body.len()
}

/// A character literal, but no lifetime.
fn character_length(rest: &str) -> usize {
    let mut chars = rest.char_indices();
    if chars.next().is_none_or(|(_, c)| c != '\'') {
        return 0;
    }
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, c))) => {
            rest[at + c.len_utf8()..].find('\'').map_or(0, |end| at + c.len_utf8() + end + 1)
        }
        (Some((_, c)), Some((at, '\''))) if c != '\'' => at + 1,
        _ => 0,
    }
}

/// All texts under a place of the package, sorted by path.
fn texts_under(place: &str) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    let mut open = vec![place.to_owned()];
    while let Some(place) = open.pop() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&place);
        if let Ok(entries) = fs::read_dir(&path) {
            open.extend(entries.flatten().map(|entry| format!("{place}/{}", entry.file_name().to_string_lossy())));
        } else if let Ok(text) = fs::read_to_string(&path) {
            texts.push((place, text));
        }
    }
    texts.sort();
    texts
}

// That faults are found at all.

/// Checks that a planted text has exactly these faults, named by line and by a part of what is said.
#[track_caller]
fn check(file: &str, text: &str, expected: &[(usize, &str)]) {
    let faults = source_faults(file, text);
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    for (fault, (line, said)) in faults.iter().zip(expected) {
        assert!(fault.starts_with(&format!("{file}:{line}: ")) && fault.contains(said), "{fault}");
    }
}

#[test]
fn an_upward_import_is_found_with_file_and_line() {
    let text = "//! Docs.\n\nuse crate::base::id::SiteId;\nuse crate::decision::planning::Plan;\n";
    check("src/society/alliance/systems.rs", text, &[(4, "`decision` lies above `society`")]);
    check("src/action/operations/systems.rs", text, &[]);
}

#[test]
fn groups_super_and_paths_inside_code_are_resolved() {
    let grouped =
        "use crate::{\n    base::{self, id::{SiteId, PlayerId as P}},\n    action::{operations::Operation},\n};";
    check("src/decision/council/close.rs", grouped, &[(3, "`action` lies above `decision`")]);
    check("src/decision/council/close.rs", "use super::super::super::action::X;", &[(1, "lies above")]);
    check(
        "src/decision/council/close.rs",
        "fn f() {\n    crate::strategy::war_council::go();\n}",
        &[(2, "lies above")],
    );
    check("src/base/goods.rs", "mod tests {\n    use super::super::id::SiteId;\n}", &[]);
    check("src/base/goods.rs", "mod tests {\n    use super::*;\n}\nuse super::clock::X;", &[(4, "to the right")]);
}

#[test]
fn modules_import_only_from_their_left() {
    let text = "use crate::decision::council::Goal;";
    check("src/decision/planning/timing.rs", text, &[(1, "`council` stands to the right of `planning`")]);
    check("src/decision/council/close.rs", text, &[]);
    check("src/decision/mod.rs", text, &[]);
    check("src/world/village/systems.rs", "use super::super::march::March;", &[(1, "to the right of `village`")]);
    check("src/base/goods.rs", "use crate::base::invented::X;", &[(1, "`invented` is not in the order")]);
    check("src/base/invented.rs", "use super::id::X;", &[(1, "`invented` is not in the order")]);
}

#[test]
fn the_world_stands_beside() {
    let text = "use crate::world::march::March;";
    let only = "only the bundle";
    for file in ["src/base/state.rs", "src/knowledge/intel/view.rs", "src/strategy/war_council/attack.rs"] {
        check(file, text, &[(1, only)]);
    }
    for file in ["src/plugins.rs", "src/lib.rs", "src/edge/test_app.rs", "src/world/audit.rs"] {
        check(file, text, &[]);
    }
    check("src/world/audit.rs", "use crate::society::alliance::Alliance;", &[(1, "`world` imports `base` alone")]);
    check("src/decision/mod.rs", "fn f() { world::march::go(); }", &[(1, "never names `world::`")]);
    check("src/decision/mod.rs", "use bevy::ecs::world::World;\nfn f(world: &mut World) { world.go(); }", &[]);
    check("src/society/alliance/mod.rs", "use crate::AlliancePlugins;", &[(1, "from the root of the crate")]);
}

#[test]
fn rules_know_no_engine() {
    let text = "use bevy::prelude::*;";
    let pure = "rules do not import the engine";
    check("src/world/march/rules.rs", text, &[(1, pure)]);
    check("src/decision/planning/rules/option.rs", "fn f(e: bevy::prelude::Entity) {}", &[(1, pure)]);
    check("src/decision/planning/allocation/improve.rs", "use bevy_ecs::entity::Entity;", &[(1, pure)]);
    check("src/decision/planning/kernel/search.rs", text, &[(1, pure)]);
    check("src/decision/planning/allocation/problem.rs", "use bevy::prelude::{Reflect, Resource};", &[]);
    check("src/world/march/rules.rs", "/// use bevy_alliance::base::id::SiteId;\n/* use bevy::prelude::*; */", &[]);
    check("src/world/march/systems.rs", text, &[]);
}

#[test]
fn hash_maps_stay_in_the_index() {
    let told = "hash maps belong";
    check("src/knowledge/intel/view.rs", "use std::collections::{BTreeMap, HashMap};", &[(1, told)]);
    check("src/base/id.rs", "use bevy::platform::collections::HashMap;", &[]);
    check("src/base/id.rs", "use std::collections::HashMap;", &[(1, told)]);
}

#[test]
fn comments_strings_and_characters_are_no_code() {
    let text = r##"
// use crate::edge::report::X;
/* use crate::edge::report::X; /* nested */ use crate::edge::report::X; */
const A: &str = "use crate::edge::report::X; \" crate::edge::Y";
const B: &str = r#"crate::edge::report::X " crate::edge::Y"#;
const C: [char; 3] = ['"', '\'', '\u{22}'];
fn f<'a>(x: &'a str) -> &'a str { x }
use crate::edge::report::X;
"##;
    check("src/base/goods.rs", text, &[(8, "`edge` lies above `base`")]);
}

#[test]
fn places_outside_the_package_are_found() {
    let text = format!("fine\nsee {}\nin {}\n", concat!("..", "/shared/data"), concat!("/", "work/main/src"));
    let faults = outside_faults("README.md", &text);
    assert_eq!(faults.len(), 2, "{faults:#?}");
    assert!(faults[0].starts_with("README.md:2: ") && faults[1].starts_with("README.md:3: "), "{faults:#?}");
    assert!(outside_faults("README.md", concat!("https://example.org/", "work/x and shared/x")).is_empty());
}
