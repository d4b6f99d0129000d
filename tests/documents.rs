//! What the documents say can be found where they say it is: sections that are quoted, facts, plugins.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// All files below a folder with this ending, with their texts.
fn texts(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push((path.display().to_string(), fs::read_to_string(path).unwrap()));
            }
        }
    }
    found
}

/// Words of a text as one line: comment signs and line ends are no words.
fn flat(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| !matches!(*word, "//" | "//!" | "///"));
    words.collect::<Vec<_>>().join(" ")
}

/// Where a text says `docs/NAME.md`, "SECTION": the name and the section.
fn quotes(text: &str) -> Vec<(String, String)> {
    let flat = flat(text);
    let after = flat.split("docs/").skip(1).filter_map(|rest| rest.split_once(".md"));
    let quoted = after.filter_map(|(name, rest)| {
        let rest = rest.strip_prefix('`').unwrap_or(rest).strip_prefix(", \"")?;
        Some((name.to_owned(), rest.split_once('"')?.0.to_owned()))
    });
    quoted.collect()
}

/// Whether a document has a section of this name, or a paragraph or point that begins with it.
fn has_section(document: &str, section: &str) -> bool {
    document.lines().any(|line| {
        let heading = line.starts_with('#') && line.trim_start_matches('#').trim() == section;
        let title =
            line.strip_prefix("- ").unwrap_or(line).strip_prefix("**").and_then(|rest| rest.strip_prefix(section));
        heading || title.is_some_and(|rest| rest.trim_start_matches(['.', ':']).starts_with("**"))
    })
}

#[test]
fn sections_that_are_quoted_are_there() {
    let mut checked = 0;
    let mut faults = Vec::new();
    let sources = ["src", "examples", "tests"].into_iter().flat_map(|folder| texts(folder, ".rs"));
    let readme = ("README.md".to_owned(), read("README.md"));
    for (file, text) in sources.chain(texts("docs", ".md")).chain([readme]) {
        for (document, section) in quotes(&text).into_iter().filter(|(document, _)| document != "NAME") {
            checked += 1;
            if !has_section(&read(&format!("docs/{document}.md")), &section) {
                faults.push(format!("{file}: docs/{document}.md has no \"{section}\""));
            }
        }
    }
    assert!(checked > 10, "{checked} quotes were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let wrong = quotes("//! Source: `docs/behavior.md`, \"The\n//! Boter\".");
    assert_eq!(wrong, [("behavior".to_owned(), "The Boter".to_owned())]);
    assert!(!has_section(&read("docs/behavior.md"), "The Boter"));
}

/// Whether a text has this, and then no more letters of the same word.
fn names(text: &str, word: &str) -> bool {
    let goes_on = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| !text[at + word.len()..].starts_with(goes_on))
}

/// The variants of a public enum, by its source.
fn variants(source: &str, name: &str) -> BTreeSet<String> {
    let body = source.split_once(&format!("pub enum {name} {{\n")).unwrap().1.split_once("\n}").unwrap().0;
    let named = body.lines().filter_map(|line| {
        let line = line.strip_prefix("    ")?;
        let name: String = line.chars().take_while(char::is_ascii_alphanumeric).collect();
        name.starts_with(|c: char| c.is_ascii_uppercase()).then_some(name)
    });
    named.collect()
}

#[test]
fn the_readme_names_every_fact_and_every_plugin() {
    let readme = read("README.md");
    let facts = variants(&read("src/base/contract/fact.rs"), "Fact");
    assert!(facts.len() > 40, "{facts:?}");
    let missing: Vec<&String> = facts.iter().filter(|fact| !names(&readme, &format!("`Fact::{fact}"))).collect();
    assert!(missing.is_empty(), "facts that the README does not name: {missing:?}");
    let group = read("src/plugins.rs");
    let words = group.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_owned);
    let plugins: BTreeSet<String> = words.filter(|word| word.len() > 6 && word.ends_with("Plugin")).collect();
    assert!(plugins.len() > 10, "{plugins:?}");
    assert!(names("`AlliancePlugin`", "`AlliancePlugin") && !names("`AlliancePlugins`", "`AlliancePlugin"));
    let missing: Vec<&String> = plugins.iter().filter(|plugin| !names(&readme, &format!("`{plugin}"))).collect();
    assert!(missing.is_empty(), "plugins that the README does not name: {missing:?}");
}
