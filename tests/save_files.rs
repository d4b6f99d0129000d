//! Files: whatever fails while a save is written, the one before it is still there.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod saves;

use bevy_alliance::base::clock::GameSpan;
use bevy_alliance::edge::snapshot::{
    Disk, MAX_SAVE_BYTES, RealDisk, SaveFileError, SaveStep, read_save, write_atomically, write_atomically_on,
};
use saves::*;
use std::cell::RefCell;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn files_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A disk on which some steps fail: before they do anything, or after half of a write.
struct Faulty {
    failing: Vec<SaveStep>,
    halfway: bool,
    removes: bool,
    done: RefCell<Vec<SaveStep>>,
}

impl Faulty {
    fn at(step: SaveStep) -> Self {
        Self { failing: vec![step], halfway: false, removes: true, done: RefCell::default() }
    }

    fn step(&self, step: SaveStep) -> io::Result<()> {
        self.done.borrow_mut().push(step);
        if self.failing.contains(&step) { Err(io::Error::other("planted")) } else { Ok(()) }
    }
}

impl Disk for Faulty {
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if self.halfway {
            RealDisk.write(path, &bytes[..bytes.len() / 2])?;
        }
        self.step(SaveStep::Write)?;
        RealDisk.write(path, bytes)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        self.step(SaveStep::Sync)?;
        RealDisk.sync(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(SaveStep::Rename)?;
        RealDisk.rename(from, to)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.step(SaveStep::SyncFolder)?;
        RealDisk.sync_folder(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        if self.removes { RealDisk.remove(path) } else { Err(io::Error::other("planted")) }
    }
}

fn two_saves() -> (Vec<u8>, Vec<u8>) {
    let mut app = small_campaign(3, 12);
    let old = save(&mut app);
    bring(&mut app, hours(5));
    (old, save(&mut app))
}

#[test]
fn steps_come_in_the_order_that_makes_a_save_safe() {
    let folder = folder("order");
    let path = folder.join("game.save");
    let disk = Faulty { failing: Vec::new(), ..Faulty::at(SaveStep::Read) };
    write_atomically_on(&disk, &path, b"x").unwrap();
    assert_eq!(
        *disk.done.borrow(),
        [SaveStep::Write, SaveStep::Sync, SaveStep::Rename, SaveStep::SyncFolder],
        "bytes reach the disk before their name does"
    );
    assert_eq!(files_in(&folder), ["game.save"]);
}

#[test]
fn after_a_fault_at_any_step_a_whole_save_is_there() {
    let (old, new) = two_saves();
    let folder = folder("faults");
    let path = folder.join("game.save");
    for (step, halfway) in [
        (SaveStep::Write, false),
        (SaveStep::Write, true),
        (SaveStep::Sync, false),
        (SaveStep::Rename, false),
        (SaveStep::SyncFolder, false),
    ] {
        write_atomically(&path, &old).unwrap();
        let disk = Faulty { halfway, ..Faulty::at(step) };
        let error = write_atomically_on(&disk, &path, &new).unwrap_err();
        assert!(matches!(&error, SaveFileError::Io { step: told, .. } if *told == step), "{error}");
        // The rename was the last change: a folder that cannot be synced holds the new save, and says that it may not.
        let expected = if step == SaveStep::SyncFolder { &new } else { &old };
        assert_eq!(&read_save(&path).unwrap(), expected);
        assert_eq!(save(&mut loaded(&read_save(&path).unwrap())), *expected);
        assert_eq!(files_in(&folder), ["game.save"], "nothing is left behind");
    }
}

#[test]
fn what_cannot_be_removed_is_written_over_by_the_next_save() {
    let (old, new) = two_saves();
    let folder = folder("leftover");
    let path = folder.join("game.save");
    write_atomically(&path, &old).unwrap();
    let disk = Faulty { removes: false, ..Faulty::at(SaveStep::Sync) };
    write_atomically_on(&disk, &path, &new).unwrap_err();
    assert_eq!(files_in(&folder), [".game.save.tmp", "game.save"]);
    assert_eq!(read_save(&path).unwrap(), old);
    write_atomically(&path, &new).unwrap();
    assert_eq!(files_in(&folder), ["game.save"]);
    assert_eq!(read_save(&path).unwrap(), new);
}

#[test]
fn reading_has_a_limit_and_names_the_file() {
    let folder = folder("reading");
    let path = folder.join("large.save");
    fs::File::create(&path).unwrap().set_len(MAX_SAVE_BYTES + 1).unwrap();
    let error = read_save(&path).unwrap_err();
    assert!(matches!(&error, SaveFileError::TooLarge { bytes, .. } if *bytes == MAX_SAVE_BYTES + 1), "{error}");
    let error = read_save(folder.join("missing.save")).unwrap_err().to_string();
    assert!(error.contains("missing.save") && error.contains("reading failed"), "{error}");
    let error = write_atomically(folder.join(".."), b"x").unwrap_err();
    assert!(matches!(error, SaveFileError::NoName { .. }), "{error}");
}

const CHILD: &str = "ALLIANCE_TEST_SAVES_INTO";
const SAVES: i64 = 200;

/// The child is this same test in a process of its own: it saves once a game hour and says so after each.
#[test]
fn a_killed_process_leaves_its_last_save() {
    if let Some(path) = std::env::var_os(CHILD) {
        let mut app = small_campaign(3, 60);
        for hour in 1..=SAVES {
            bring(&mut app, hours(hour));
            write_atomically(Path::new(&path), &save(&mut app)).unwrap();
            println!("\nsaved {hour}");
        }
        return;
    }
    let folder = folder("killed");
    let path = folder.join("game.save");
    // After this many saves, and a little later: anywhere between two of them.
    for (round, after) in [1, 23, 61, 87, 120, 163, 199].into_iter().enumerate() {
        let _ = fs::remove_file(&path);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_killed_process_leaves_its_last_save", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut acknowledged = 0;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let heard = |line: &str| line.strip_prefix("saved ").map_or(0, |hour| hour.parse::<i64>().unwrap());
        for line in lines.by_ref() {
            acknowledged = acknowledged.max(heard(&line));
            if acknowledged >= after {
                break;
            }
        }
        std::thread::sleep(std::time::Duration::from_micros(u64::try_from(round).unwrap() * 700));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines {
            acknowledged = acknowledged.max(heard(&line));
        }
        assert!(acknowledged >= after);
        let app = loaded(&read_save(&path).unwrap());
        let saved = (app.now() - hours(0)).0 / GameSpan::hours(1).0;
        assert!(saved == acknowledged || saved == acknowledged + 1, "{saved} was saved, {acknowledged} acknowledged");
    }
}

#[test]
fn only_a_regular_file_that_may_be_written_is_replaced() {
    let folder = folder("regular");
    let path = folder.join("a.save");
    assert!(matches!(write_atomically(&folder, b"x"), Err(SaveFileError::NotAFile { .. })));
    write_atomically(&path, b"one").unwrap();
    let mut mode = fs::metadata(&path).unwrap().permissions();
    mode.set_readonly(true);
    fs::set_permissions(&path, mode).unwrap();
    assert!(write_atomically(&path, b"two").is_err());
    assert_eq!(fs::read(&path).unwrap(), b"one");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let link = folder.join("link.save");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write_atomically(&link, b"three").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "a link stays one");
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    fs::remove_dir_all(&folder).unwrap();
}
