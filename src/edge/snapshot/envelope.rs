//! The layout of saves and recordings.
//!
//! ```text
//! magic      8 bytes
//! version    u32   (all numbers are little-endian)
//! length     u64   of the body
//! body       a save: sections in the order of their names, each
//!              name length u16, name (UTF-8), rows u64, payload length u64, payload (postcard)
//! checksum   u128  XXH3 over everything before it
//! ```

use super::MAX_SAVE_BYTES;
use super::error::{LoadError, SaveError};
use xxhash_rust::xxh3::xxh3_128;

const MAGIC: usize = 8;
const HEADER: usize = MAGIC + 4 + 8;
const CHECKSUM: usize = 16;

/// What kind of file is read.
pub(super) struct Kind {
    /// How it begins.
    pub(super) magic: [u8; MAGIC],
    /// The version that can be read.
    pub(super) version: u32,
    /// What it is called in messages.
    pub(super) name: &'static str,
}

/// Part of a save.
pub(super) struct Section<'a> {
    pub(super) name: &'a str,
    pub(super) rows: u64,
    pub(super) payload: &'a [u8],
}

/// Puts a header before the body and a checksum behind it.
pub(super) fn seal(magic: [u8; MAGIC], version: u32, body: &[u8]) -> Result<Vec<u8>, SaveError> {
    let bytes = (HEADER + body.len() + CHECKSUM) as u64;
    if bytes > MAX_SAVE_BYTES {
        return Err(SaveError::TooLarge { bytes, limit: MAX_SAVE_BYTES });
    }
    let mut out = Vec::with_capacity(HEADER + body.len() + CHECKSUM);
    out.extend_from_slice(&magic);
    out.extend_from_slice(&version.to_le_bytes());
    out.extend_from_slice(&(body.len() as u64).to_le_bytes());
    out.extend_from_slice(body);
    out.extend_from_slice(&xxh3_128(&out).to_le_bytes());
    Ok(out)
}

/// The body, if header, length and checksum are as they should be.
pub(super) fn open<'a>(kind: &Kind, bytes: &'a [u8]) -> Result<&'a [u8], LoadError> {
    let size = bytes.len() as u64;
    if size > MAX_SAVE_BYTES {
        return Err(LoadError::TooLarge { bytes: size, limit: MAX_SAVE_BYTES });
    }
    // Whatever is there of the magic must be right: the beginning of a save is a short save, anything else is none.
    let begun = bytes.len().min(MAGIC);
    if begun == 0 || bytes[..begun] != kind.magic[..begun] {
        return Err(LoadError::NotASave { expected: kind.name });
    }
    let mut reader = Reader { bytes, at: MAGIC };
    let (Some(version), length) = (reader.number(), reader.number()) else {
        return Err(LoadError::Truncated { missing: (HEADER + CHECKSUM) as u64 - size });
    };
    let found = u32::from_le_bytes(version);
    if found != kind.version {
        return Err(LoadError::Version { what: kind.name, found, expected: kind.version });
    }
    let Some(length) = length.map(u64::from_le_bytes) else {
        return Err(LoadError::Truncated { missing: (HEADER + CHECKSUM) as u64 - size });
    };
    let whole = length.saturating_add((HEADER + CHECKSUM) as u64);
    if whole > MAX_SAVE_BYTES {
        return Err(LoadError::TooLarge { bytes: whole, limit: MAX_SAVE_BYTES });
    }
    if size < whole {
        return Err(LoadError::Truncated { missing: whole - size });
    }
    if size > whole {
        return Err(LoadError::TrailingBytes { extra: size - whole });
    }
    let (sealed, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
    if xxh3_128(sealed).to_le_bytes() != checksum {
        return Err(LoadError::Checksum);
    }
    Ok(&sealed[HEADER..])
}

/// Appends a section to a body.
pub(super) fn write_section(section: &Section<'_>, body: &mut Vec<u8>) {
    // Names are those of registrations: far shorter than this.
    let name = &section.name.as_bytes()[..section.name.len().min(usize::from(u16::MAX))];
    body.extend_from_slice(&u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
    body.extend_from_slice(name);
    body.extend_from_slice(&section.rows.to_le_bytes());
    body.extend_from_slice(&(section.payload.len() as u64).to_le_bytes());
    body.extend_from_slice(section.payload);
}

/// The sections of a body, whose names must ascend.
pub(super) fn read_sections(body: &[u8]) -> Result<Vec<Section<'_>>, LoadError> {
    let mut reader = Reader { bytes: body, at: 0 };
    let mut sections = Vec::<Section<'_>>::new();
    while reader.at < body.len() {
        let at = reader.at;
        let section = reader.section().ok_or(LoadError::Layout { at })?;
        if sections.last().is_some_and(|last| last.name >= section.name) {
            return Err(LoadError::Layout { at });
        }
        sections.push(section);
    }
    Ok(sections)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: u64) -> Option<&'a [u8]> {
        let end = self.at.checked_add(usize::try_from(n).ok()?)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N as u64)?.try_into().ok()
    }

    fn section(&mut self) -> Option<Section<'a>> {
        let name = u16::from_le_bytes(self.number()?);
        let name = core::str::from_utf8(self.take(name.into())?).ok()?;
        let rows = u64::from_le_bytes(self.number()?);
        let length = u64::from_le_bytes(self.number()?);
        Some(Section { name, rows, payload: self.take(length)? })
    }
}
