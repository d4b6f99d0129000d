//! Files: a save replaces the one before it as a whole, or not at all.

use super::MAX_SAVE_BYTES;
use super::error::SaveFileError;
use core::fmt;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A step of writing or reading a save.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SaveStep {
    /// Writing the new file beside the old one.
    Write,
    /// Bringing the new file to the disk.
    Sync,
    /// Putting it in the place of the old one.
    Rename,
    /// Bringing that to the disk.
    SyncFolder,
    /// Reading a save.
    Read,
}

impl fmt::Display for SaveStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Write => "writing",
            Self::Sync => "syncing",
            Self::Rename => "renaming",
            Self::SyncFolder => "syncing the folder",
            Self::Read => "reading",
        })
    }
}

/// What writing a save asks of the disk. Tests give one that fails; a game may give one of its own.
pub trait Disk {
    /// Writes a file, over whatever it held.
    ///
    /// # Errors
    /// Those of the system.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Waits until a file's bytes are on the disk.
    ///
    /// # Errors
    /// Those of the system.
    fn sync(&self, path: &Path) -> io::Result<()>;

    /// Puts a file in the place of another in the same folder, at once.
    ///
    /// # Errors
    /// Those of the system.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Waits until a folder's list of files is on the disk.
    ///
    /// # Errors
    /// Those of the system.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// Those of the system.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// The disk of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        fs::write(path, bytes)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        OpenOptions::new().write(true).open(path)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Does nothing where folders cannot be opened as files.
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

/// Writes a save or a recording so that at every instant, through a crash or a power cut, the path holds either the
/// whole of what it held before or the whole of the new one. One writer at a time for one path. A link is followed, the
/// file keeps its permissions, and what is read-only or no regular file is not replaced.
///
/// # Errors
/// The step that failed. Until the rename, and if that fails, the file is what it was before; if only the last step
/// fails, the new one is in its place and may or may not survive a power cut.
pub fn write_atomically(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), SaveFileError> {
    write_atomically_on(&RealDisk, path, bytes)
}

/// The same on a disk of your own.
///
/// # Errors
/// As [`write_atomically`].
pub fn write_atomically_on(disk: &impl Disk, path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), SaveFileError> {
    let (path, permissions) = target(path.as_ref())?;
    let path = path.as_path();
    let (folder, temporary) = beside(path)?;
    let failed = |path: &Path, step| {
        let path = path.to_owned();
        move |error| SaveFileError::Io { path, step, error }
    };
    let keep = |path: &Path| permissions.clone().map_or(Ok(()), |kept| fs::set_permissions(path, kept));
    let written = disk
        .write(&temporary, bytes)
        .and_then(|()| keep(&temporary))
        .map_err(failed(&temporary, SaveStep::Write))
        .and_then(|()| disk.sync(&temporary).map_err(failed(&temporary, SaveStep::Sync)))
        .and_then(|()| disk.rename(&temporary, path).map_err(failed(path, SaveStep::Rename)));
    if written.is_err() {
        // The first fault is the one to tell; the next save writes over what cannot be removed.
        let _ = disk.remove(&temporary);
        return written;
    }
    disk.sync_folder(&folder).map_err(failed(&folder, SaveStep::SyncFolder))
}

/// The file that is to be replaced, behind any links, with its permissions if it is there already.
fn target(path: &Path) -> Result<(PathBuf, Option<fs::Permissions>), SaveFileError> {
    if path.file_name().is_none() {
        return Err(SaveFileError::NoName { path: path.to_owned() });
    }
    let Ok(real) = fs::canonicalize(path) else { return Ok((path.to_owned(), None)) };
    let failed = |error| SaveFileError::Io { path: path.to_owned(), step: SaveStep::Write, error };
    let found = fs::metadata(&real).map_err(failed)?;
    if !found.is_file() {
        return Err(SaveFileError::NotAFile { path: path.to_owned() });
    }
    if found.permissions().readonly() {
        return Err(failed(io::Error::from(io::ErrorKind::PermissionDenied)));
    }
    Ok((real, Some(found.permissions())))
}

/// The folder of a file, and a hidden name in it: always the same, so that a crash leaves at most one.
fn beside(path: &Path) -> Result<(PathBuf, PathBuf), SaveFileError> {
    let name = path.file_name().ok_or_else(|| SaveFileError::NoName { path: path.to_owned() })?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(".tmp");
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    let temporary = folder.join(hidden);
    Ok((folder, temporary))
}

/// Reads a save or a recording, unless it is larger than [`MAX_SAVE_BYTES`].
///
/// # Errors
/// [`SaveFileError::TooLarge`] before anything is read, or what the system says.
pub fn read_save(path: impl AsRef<Path>) -> Result<Vec<u8>, SaveFileError> {
    let path = path.as_ref();
    let failed = |error| SaveFileError::Io { path: path.to_owned(), step: SaveStep::Read, error };
    let file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let too_large = |bytes| SaveFileError::TooLarge { path: path.to_owned(), bytes, limit: MAX_SAVE_BYTES };
    if bytes > MAX_SAVE_BYTES {
        return Err(too_large(bytes));
    }
    // The file may grow while it is read, and a device has no size at all.
    let mut save = Vec::new();
    file.take(MAX_SAVE_BYTES + 1).read_to_end(&mut save).map_err(failed)?;
    if save.len() as u64 > MAX_SAVE_BYTES { Err(too_large(save.len() as u64)) } else { Ok(save) }
}
