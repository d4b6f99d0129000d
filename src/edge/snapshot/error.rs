//! What can be wrong with a save, and with the disk.

use super::file::SaveStep;
use crate::base::id::StableId;
use crate::base::state::RowsError;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A state that cannot be saved.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum SaveError {
    /// A registered type holds something that the format cannot.
    #[error("save: `{section}` cannot be encoded: {error}")]
    Encode {
        /// The name of the registration.
        section: String,
        /// What the encoder says.
        error: postcard::Error,
    },
    /// A recording begins before its campaign does.
    #[error("record: the campaign has begun already: make the recorder right before `start_campaign`")]
    CampaignRuns,
    /// Two entities have one id, so a load could not tell them apart.
    #[error("save: two entities have the id {id:?}")]
    Duplicate {
        /// The id.
        id: StableId,
    },
    /// More than could be loaded again.
    #[error("save: {bytes} bytes are more than the limit of {limit} (`MAX_SAVE_BYTES`)")]
    TooLarge {
        /// How many it would be.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
}

/// A save that cannot be loaded. Nothing was changed.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum LoadError {
    /// It does not begin as one.
    #[error("load: this is no {expected}")]
    NotASave {
        /// `save` or `recording`.
        expected: &'static str,
    },
    /// It was written by another version of this crate.
    #[error("load: the {what} has version {found}, and this version of bevy_alliance reads version {expected}")]
    Version {
        /// `save` or `recording`.
        what: &'static str,
        /// Its version.
        found: u32,
        /// The one that can be read.
        expected: u32,
    },
    /// More bytes than are read.
    #[error("load: {bytes} bytes are more than the limit of {limit} (`MAX_SAVE_BYTES`)")]
    TooLarge {
        /// How many there are, or claim to be.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// It ends too early.
    #[error("load: {missing} bytes are missing at the end")]
    Truncated {
        /// How many are missing.
        missing: u64,
    },
    /// It goes on after its end.
    #[error("load: {extra} bytes follow the end")]
    TrailingBytes {
        /// How many.
        extra: u64,
    },
    /// It was changed since it was written.
    #[error("load: the checksum is wrong: the file is damaged")]
    Checksum,
    /// Its list of sections contradicts itself.
    #[error("load: the list of sections is damaged at byte {at}")]
    Layout {
        /// Where in the body, in bytes.
        at: usize,
    },
    /// It was taken of an app in which no campaign had begun.
    #[error("load: it holds no campaign: `{section}` is empty")]
    NoCampaign {
        /// What every campaign has.
        section: &'static str,
    },
    /// It holds state that this app has not registered.
    #[error("load: `{section}` is not registered in this app; add the plugin that saved it")]
    UnknownSection {
        /// The name.
        section: String,
    },
    /// This app has registered state that it does not hold.
    #[error("load: it holds nothing of `{section}`, which is registered in this app")]
    MissingSection {
        /// The name.
        section: String,
    },
    /// A section is not what was registered under its name.
    #[error("load: section `{section}`: {error}")]
    Section {
        /// The name.
        section: String,
        /// What is wrong with it.
        error: RowsError,
    },
}

/// A disk that does not do what it should.
#[derive(Debug, Error)]
pub enum SaveFileError {
    /// A step failed.
    #[error("{}: {step} failed: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Which step.
        step: SaveStep,
        /// What the system says.
        error: io::Error,
    },
    /// Something else than a file has the path: a folder, a device.
    #[error("{}: this is no regular file, and is not replaced", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// A path without a file's name.
    #[error("{}: this names no file", path.display())]
    NoName {
        /// The path.
        path: PathBuf,
    },
    /// The file is larger than a save can be, and was not read.
    #[error("{}: {bytes} bytes are more than the limit of {limit} (`MAX_SAVE_BYTES`)", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
}
