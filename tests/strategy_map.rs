//! The strategy map as its user meets it: what it refuses and how it says so, pictures without a window, and a person's hand in a
//! window on a display without a screen.
//!
//! These tests run the built example. Those that draw need a Vulkan driver, those with a window Xvfb too. Where these are missing they
//! say so and pass, unless `STRATEGY_MAP_MUST_DRAW` is set, as it is where all checks run.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests and their helpers may fail like tests, and say why they skip"
)]
#![cfg(target_os = "linux")]

use bevy::asset::RenderAssetUsages;
use bevy::image::{CompressedImageFormats, Image, ImageSampler, ImageType};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A small world: what a picture of it shows is drawn in a moment.
const SMALL: [&str; 4] = ["--synthetic", "900", "--alliances", "4"];
const DRIVERS: &str = "apt-get install -y --no-install-recommends libvulkan1 mesa-vulkan-drivers";
const DISPLAY: &str = "apt-get install -y --no-install-recommends xvfb libxkbcommon-x11-0";

/// The example beside the tests.
fn example() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let profile = tests.parent().unwrap().parent().unwrap();
    let example = profile.join("examples").join("strategy_map");
    let release = if profile.ends_with("release") { " --release" } else { "" };
    assert!(
        example.exists(),
        "{} is missing: build it with `cargo build --example strategy_map --features strategy_map{release}`",
        example.display()
    );
    example
}

fn command(options: &[&str]) -> Command {
    let mut command = Command::new(example());
    command.args(options).stdin(Stdio::null()).env("RUST_LOG", "error");
    command
}

/// Runs it where nothing can be shown.
fn run(options: &[&str]) -> Output {
    command(options).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").output().unwrap()
}

fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// It ends with code 2 and says all of this, and it did not panic.
fn refuses(output: &Output, said: &[&str]) {
    let words = words(output);
    assert_eq!(output.status.code(), Some(2), "{words}");
    for part in said {
        assert!(words.contains(part), "`{part}` should be said in:\n{words}");
    }
    assert!(!words.contains("panicked"), "{words}");
}

/// Says what is missing for a test, or fails where nothing may be.
fn skip(what: &str, install: &str) {
    assert!(std::env::var_os("STRATEGY_MAP_MUST_DRAW").is_none(), "{what} is missing: {install}");
    println!("skipped: {what} is missing; {install}");
}

/// A folder that is gone with its test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("strategy_map_{name}_{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A picture as it was written.
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 4]>,
}

impl Picture {
    fn read(path: &str) -> Self {
        let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{path}: {e}"));
        let (kind, formats) = (ImageType::Extension("png"), CompressedImageFormats::NONE);
        let (sampler, usage) = (ImageSampler::Default, RenderAssetUsages::MAIN_WORLD);
        let image = Image::from_buffer(&bytes, kind, formats, true, sampler, usage).unwrap();
        let pixels = image.data.as_ref().unwrap().chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]]).collect();
        let size = |n: u32| usize::try_from(n).unwrap();
        Self { width: size(image.width()), height: size(image.height()), pixels }
    }

    /// Pixels that differ from another picture's, in the part from `left` to `right` of the width (0..=1).
    fn differs(&self, other: &Self, left: f64, right: f64) -> usize {
        assert_eq!((self.width, self.height), (other.width, other.height));
        let place = |n: usize| {
            f64::from(u32::try_from(n % self.width).unwrap()) / f64::from(u32::try_from(self.width).unwrap())
        };
        let pairs = self.pixels.iter().zip(&other.pixels).enumerate();
        pairs.filter(|(n, (a, b))| a != b && (left..right).contains(&place(*n))).count()
    }

    fn colors(&self) -> usize {
        let mut colors = self.pixels.clone();
        colors.sort_unstable();
        colors.dedup();
        colors.len()
    }
}

/// Draws a picture without a window; none where there is nothing to draw with.
fn draw(options: &[&str], file: &str) -> Option<Vec<u8>> {
    let all = [&SMALL, options, &["--offscreen", "--screenshot", file]].concat();
    let output = run(&all);
    if output.status.code() == Some(2) && words(&output).contains("nothing to draw with") {
        skip("a Vulkan driver", DRIVERS);
        return None;
    }
    assert!(output.status.success(), "{}", words(&output));
    Some(std::fs::read(file).unwrap())
}

#[test]
fn help_names_every_way_to_use_it() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    let help = words(&output);
    let options = [
        "--world",
        "--synthetic",
        "--seed",
        "--hours",
        "--select",
        "--side",
        "--lead",
        "--offscreen",
        "--screenshot",
        "--size",
        "--script",
    ];
    for option in options {
        assert!(help.contains(option), "{option} should stand in:\n{help}");
    }
}

#[test]
fn what_cannot_be_is_refused_by_its_name_and_value() {
    let folder = Folder::new("refused");
    let no_file = folder.file("no_such_map.sql");
    let script = folder.file("tour.txt");
    std::fs::write(&script, "wait 3\njump high\n").unwrap();
    refuses(&run(&["--world", &no_file]), &[&no_file]);
    refuses(&run(&["--hours", "-3"]), &["--hours", "-3"]);
    refuses(&run(&["--hours", "soon"]), &["--hours", "soon"]);
    refuses(&run(&["--size", "10x10"]), &["--size", "10x10", "320x240"]);
    refuses(&run(&["--select", "moon"]), &["--select", "moon", "village=X|Y"]);
    refuses(&run(&[&SMALL[..], &["--side", "Nobody's"]].concat()), &["--side", "Nobody's"]);
    refuses(&run(&[&SMALL[..], &["--lead", "Nobody's"]].concat()), &["--lead", "Nobody's", "`best`"]);
    refuses(&run(&["--script", &script]), &[&script, "line 2", "jump high", "expected one of"]);
    refuses(&run(&["--offscreen"]), &["--screenshot"]);
    std::fs::write(&script, "wait 3\nscroll 400 300 2\n").unwrap();
    refuses(&run(&["--offscreen", "--script", &script]), &[&script, "line 2", "need a window"]);
}

#[test]
fn without_a_display_it_says_how_to_do_without() {
    refuses(&run(&SMALL), &["no display", "DISPLAY", "--offscreen --screenshot OUT.png"]);
}

#[test]
fn a_display_that_is_not_there_is_named() {
    let output = command(&SMALL).env("DISPLAY", ":4095").env_remove("WAYLAND_DISPLAY").output().unwrap();
    if words(&output).contains("nothing to draw with") {
        return skip("a Vulkan driver", DRIVERS);
    }
    refuses(&output, &["the window could not be opened", "libxkbcommon-x11-0", "--offscreen --screenshot OUT.png"]);
}

#[test]
fn without_a_driver_it_says_which_packages_bring_one() {
    let folder = Folder::new("no_driver");
    let picture = folder.file("map.png");
    let mut command = command(&[&SMALL[..], &["--offscreen", "--screenshot", &picture]].concat());
    let none = folder.file("no_such_driver.json");
    let output =
        command.env("VK_ICD_FILENAMES", &none).env("VK_DRIVER_FILES", &none).env("WGPU_BACKEND", "vulkan").output();
    refuses(&output.unwrap(), &["nothing to draw with", "libvulkan1", "mesa-vulkan-drivers"]);
    assert!(!Path::new(&picture).exists());
}

#[test]
fn a_seed_gives_one_picture_and_another_seed_another() {
    let folder = Folder::new("seeds");
    let options = ["--size", "640x360", "--hours", "6", "--seed"];
    let of = |seed: &str, name: &str| draw(&[&options[..], &[seed]].concat(), &folder.file(name));
    let Some(first) = of("1", "first.png") else { return };
    let (again, other) = (of("1", "again.png").unwrap(), of("2", "other.png").unwrap());
    assert!(first == again, "one seed gave two pictures");
    assert!(first != other, "two seeds gave one picture");
    let (first, other) = (Picture::read(&folder.file("first.png")), Picture::read(&folder.file("other.png")));
    assert_eq!((first.width, first.height), (640, 360));
    assert!(first.colors() > 50, "a map has colors, not {}", first.colors());
    assert!(first.differs(&other, 0.3, 0.9) > 500, "other villages lie elsewhere");
}

/// A display without a screen, gone with its test.
struct Xvfb {
    server: Child,
    display: String,
}

impl Xvfb {
    /// Starts one on a number that is free; none where there is no Xvfb.
    fn start() -> Option<Self> {
        let options = ["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"];
        let server = Command::new("Xvfb").args(options).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let Ok(mut server) = server else {
            skip("Xvfb", DISPLAY);
            return None;
        };
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        assert!(!number.trim().is_empty(), "Xvfb found no number for its display");
        Some(Self { server, display: format!(":{}", number.trim()) })
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Runs a script in a window.
fn play(display: &Xvfb, script: &str, options: &[&str]) -> Option<Output> {
    let all = [&SMALL, options, &["--size", "1280x720", "--script", script]].concat();
    let output = command(&all).env("DISPLAY", &display.display).env_remove("WAYLAND_DISPLAY").output().unwrap();
    if output.status.code() == Some(2) && words(&output).contains("nothing to draw with") {
        skip("a Vulkan driver", DRIVERS);
        return None;
    }
    Some(output)
}

#[test]
fn a_person_looks_votes_and_calls_troops_back() {
    let Some(display) = Xvfb::start() else { return };
    let folder = Folder::new("window");
    let script = folder.file("play.txt");
    let shot = |name: &str| folder.file(&format!("{name}.png"));
    let lines = [
        "wait 10".to_owned(),
        format!("shot {}", shot("world")),
        "scroll 760 380 6".to_owned(),
        "wait 12".to_owned(),
        "expect zoom_changed".to_owned(),
        format!("shot {}", shot("near")),
        "drag 760 380 560 300".to_owned(),
        "wait 6".to_owned(),
        "expect camera_moved".to_owned(),
        "hours 96".to_owned(),
        "expect owed".to_owned(),
        "select operation open".to_owned(),
        "expect selected operation".to_owned(),
        "wait 12".to_owned(),
        format!("shot {}", shot("asked")),
        "press vote_yes".to_owned(),
        "expect voted".to_owned(),
        format!("shot {}", shot("voted")),
        "until 168 yes recallable".to_owned(),
        format!("shot {}", shot("marching")),
        "press recall_0".to_owned(),
        "expect recalled".to_owned(),
        format!("shot {}", shot("recalled")),
        "quit".to_owned(),
    ];
    std::fs::write(&script, lines.join("\n")).unwrap();
    let Some(output) = play(&display, &script, &["--seed", "1", "--lead", "best"]) else { return };
    assert!(output.status.success(), "{}", words(&output));
    let changes = [
        ("world", "near", 0.3, 0.7, "the map"),
        ("asked", "voted", 0.0, 0.3, "the panel of the person"),
        ("marching", "recalled", 0.0, 0.3, "the panel of the person"),
    ];
    for (before, after, left, right, what) in changes {
        let (one, other) = (Picture::read(&shot(before)), Picture::read(&shot(after)));
        assert_eq!((one.width, one.height), (1280, 720));
        assert!(one.differs(&other, left, right) > 200, "{what} should change from {before} to {after}");
    }
}

#[test]
fn a_script_that_expects_what_is_not_so_fails_with_its_line() {
    let Some(display) = Xvfb::start() else { return };
    let folder = Folder::new("failing");
    let script = folder.file("fails.txt");
    std::fs::write(&script, "wait 2\nexpect voted\nquit\n").unwrap();
    let Some(output) = play(&display, &script, &["--lead", "best"]) else { return };
    let words = words(&output);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("line 2: expected voted: 0 votes of the person, not 1"), "{words}");
}
