//! From text to commands: one a line, `#` begins a comment.

use super::expect::Expectation;
use super::keys::Stroke;
use super::{Answer, Command};
use bevy::math::Vec2;
use std::path::{Path, PathBuf};

/// Every command, as an error lists them.
const COMMANDS: &str = "hours H, until HOURS yes|no|later STATE, wait FRAMES, press SPOT, click X Y, move X Y, drag X Y X2 Y2, scroll X Y LINES, key NAME [FRAMES], \
                        type WORDS, select operation largest|open|ID, select village known|ID|X|Y, side NAME|ID|none, \
                        shot FILE.png, expect STATE, quit";

/// The commands of a script.
pub(super) fn parse(path: &Path, text: &str) -> Result<Vec<(usize, Command)>, String> {
    let mut commands = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let said = without_comment(line).trim();
        if said.is_empty() {
            continue;
        }
        let command = command(said).map_err(|why| format!("script {}, line {}: {why}", path.display(), n + 1))?;
        commands.push((n + 1, command));
    }
    Ok(commands)
}

/// What stands before a `#` at the beginning of a word; `9#39` is an operation.
fn without_comment(line: &str) -> &str {
    let begins = |at: &usize| line[..*at].chars().next_back().is_none_or(char::is_whitespace);
    line.match_indices('#').map(|(at, _)| at).find(begins).map_or(line, |at| &line[..at])
}

fn command(said: &str) -> Result<Command, String> {
    let (name, rest) = said.split_once(char::is_whitespace).unwrap_or((said, ""));
    let (rest, words) = (rest.trim(), rest.split_whitespace().collect::<Vec<_>>());
    match (name, &words[..]) {
        ("hours", [hours]) => Ok(Command::Hours(number(hours, "hours", 0.0, 10_000.0)?)),
        ("until", [hours, answer, state @ ..]) => {
            let hours = number(hours, "hours", 0.0, 10_000.0)?;
            Ok(Command::Until(hours, self::answer(answer)?, Expectation::named(&state.join(" "))?))
        }
        ("wait", [frames]) => Ok(Command::Wait(count(frames, "frames")?)),
        ("press", [spot]) => Ok(Command::Press((*spot).to_owned())),
        ("click", [x, y]) => Ok(Command::Click(point(x, y)?)),
        ("move", [x, y]) => Ok(Command::Move(point(x, y)?)),
        ("drag", [x, y, x2, y2]) => Ok(Command::Drag(point(x, y)?, point(x2, y2)?)),
        ("scroll", [x, y, lines]) => Ok(Command::Scroll(point(x, y)?, small(number(lines, "lines", -100.0, 100.0)?))),
        ("key", [key]) => Ok(Command::Key(Stroke::named(key)?, 1)),
        ("key", [key, frames]) => Ok(Command::Key(Stroke::named(key)?, count(frames, "frames")?)),
        ("type", [_, ..]) => Ok(Command::Type(rest.to_owned())),
        ("select", ["operation", what]) => Ok(Command::SelectOperation((*what).to_owned())),
        ("select", ["village", what]) => Ok(Command::SelectVillage((*what).to_owned())),
        ("side", ["none"]) => Ok(Command::Side(None)),
        ("side", [_, ..]) => Ok(Command::Side(Some(rest.to_owned()))),
        ("shot", [file]) if Path::new(file).extension().is_some_and(|e| e == "png") => {
            Ok(Command::Shot(PathBuf::from(file)))
        }
        ("expect", [_, ..]) => Ok(Command::Expect(Expectation::named(rest)?)),
        ("quit", []) => Ok(Command::Quit),
        _ => Err(format!("`{said}` is no command; expected one of: {COMMANDS}")),
    }
}

fn answer(text: &str) -> Result<Answer, String> {
    match text {
        "yes" => Ok(Answer::Yes),
        "no" => Ok(Answer::No),
        "later" => Ok(Answer::Later),
        _ => Err(format!("`{text}`: decisions that are owed are answered by yes, no or later")),
    }
}

fn number(text: &str, what: &str, least: f64, most: f64) -> Result<f64, String> {
    let value = text.parse::<f64>().ok().filter(|v| (least..=most).contains(v));
    value.ok_or_else(|| format!("{what} must be a number from {least} to {most}, not `{text}`"))
}

fn count(text: &str, what: &str) -> Result<u32, String> {
    let value = text.parse::<u32>().ok().filter(|n| (1..=100_000).contains(n));
    value.ok_or_else(|| format!("{what} must be a whole number from 1 to 100000, not `{text}`"))
}

fn point(x: &str, y: &str) -> Result<Vec2, String> {
    let at = |text| number(text, "a place in the window", 0.0, 16_384.0).map(small);
    Ok(Vec2::new(at(x)?, at(y)?))
}

#[expect(clippy::cast_possible_truncation, reason = "bounded where it was read")]
fn small(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        parse(Path::new("tour.txt"), text).err().unwrap_or_default()
    }

    #[test]
    fn comments_and_empty_lines_are_left_out() {
        let read = parse(Path::new("tour.txt"), "# a tour\n\nwait 3  # frames\nselect operation 9#39\nquit\n");
        let expected =
            vec![(3, Command::Wait(3)), (4, Command::SelectOperation("9#39".to_owned())), (5, Command::Quit)];
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        assert!(
            refused("wait 3\njump")
                .starts_with("script tour.txt, line 2: `jump` is no command; expected one of: hours H,")
        );
        assert!(refused("hours never").contains("line 1: hours must be a number from 0 to 10000, not `never`"));
        assert!(refused("until 3 perhaps voted").contains("answered by yes, no or later"));
        assert!(refused("wait 0").contains("frames must be a whole number from 1 to 100000, not `0`"));
        assert!(refused("key hyper").contains("`hyper`"));
        assert!(refused("expect luck").contains("`luck`"));
        assert!(refused("shot map.bmp").contains("shot FILE.png"));
    }
}
