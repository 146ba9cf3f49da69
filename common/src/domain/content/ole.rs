//! OLE compound files, which old Office documents and installers are: the directory, and what its names say.

use super::{Active, Content, Detected, Glimpse};
use crate::domain::MediaType;

/// An entry of the directory, in bytes.
const ENTRY: usize = 128;

/// Kinds of files by a stream in them.
const BY_STREAM: &[(&str, &str)] = &[
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("VisioDocument", "application/vnd.visio"),
    ("Quill", "application/vnd.ms-publisher"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
    ("__nameid_version1.0", "application/vnd.ms-outlook"),
];

/// Kinds of files by the class of their root.
const BY_CLASS: &[([u8; 4], &str)] = &[
    ([0x10, 0x08, 0x02, 0x00], "application/vnd.ms-excel"),
    ([0x20, 0x08, 0x02, 0x00], "application/vnd.ms-excel"),
    ([0x06, 0x09, 0x02, 0x00], "application/msword"),
    ([0x00, 0x09, 0x02, 0x00], "application/msword"),
    ([0x10, 0x8d, 0x81, 0x64], "application/vnd.ms-powerpoint"),
    ([0x84, 0x10, 0x0c, 0x00], "application/x-msi"),
    ([0x86, 0x10, 0x0c, 0x00], "application/x-msi"),
    ([0x0b, 0x0d, 0x02, 0x00], "application/vnd.ms-outlook"),
];

/// Kinds that run no macros, whatever is in them.
const WITHOUT_MACROS: &[&str] = &["application/vnd.ms-outlook", "application/x-msi"];

/// Whether a file begins as a compound file does.
pub(super) fn begins(head: &[u8]) -> bool {
    head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])
}

/// Where the header says that the directory begins.
pub(super) fn directory_offset(head: &[u8]) -> Option<u64> {
    Some((u64::from(u32_at(head, 48)?) + 1) * sector(head)?)
}

/// How large sectors are, in bytes: 512 or 4,096.
fn sector(head: &[u8]) -> Option<u64> {
    match head.get(30..32)? {
        [9, 0] => Some(512),
        [12, 0] => Some(4096),
        _ => None,
    }
}

/// What a compound file is.
pub(super) fn read(seen: &Glimpse<'_>) -> Content {
    let Directory { entries, is_whole } = directory(seen);
    let has = |name: &str| entries.iter().any(|entry| entry.name.eq_ignore_ascii_case(name));
    let class = entries.first().map(|root| root.class);
    let by_class = BY_CLASS.iter().find(|(class_of, _)| class.is_some_and(|class| class.starts_with(class_of)));
    let by_stream = BY_STREAM.iter().find(|(stream, _)| has(stream)).map(|(_, kind)| *kind);
    // The class first: a workbook can hold a document as an object.
    let kind = by_class.map(|(_, kind)| *kind).or(by_stream);
    let detected = match kind {
        Some(kind) => Detected::known(kind),
        // Also where it is encrypted: a newer Office document that a password protects.
        None => Detected::Container(MediaType::known("application/x-ole-storage")),
    };
    let mut active = Vec::new();
    if ["Macros", "_VBA_PROJECT_CUR", "_VBA_PROJECT", "VBA"].iter().any(|name| has(name)) {
        active.push(Active::Macro);
    }
    if !is_whole && !kind.is_some_and(|kind| WITHOUT_MACROS.contains(&kind)) {
        active.push(Active::NotLookedThrough);
    }
    Content::of(detected).with(active)
}

/// One entry of the directory.
struct Entry {
    name: String,
    class: [u8; 16],
}

/// The directory, as far as it was read.
struct Directory {
    entries: Vec<Entry>,
    /// Whether the table of sectors leads nowhere that was not read.
    is_whole: bool,
}

/// The entries of the directory that were read: its sectors one after another as the table of sectors chains them, or as
/// they lie in the file where that table was not read.
fn directory(seen: &Glimpse<'_>) -> Directory {
    let mut directory = Directory { entries: Vec::new(), is_whole: true };
    let (Some(sector), Some(mut number)) = (sector(seen.head), u32_at(seen.head, 48)) else { return directory };
    let length = usize::try_from(sector).expect("small");
    // As many as can have been read, so that a chain without an end has one here.
    for _ in 0..=(super::HEAD_LENGTH + super::SECOND_LENGTH) / length {
        let place = (u64::from(number) + 1) * sector;
        if place >= seen.size {
            return directory;
        }
        let bytes = seen.at(place, length).unwrap_or_default();
        directory.is_whole = bytes.len() as u64 >= sector.min(seen.size - place);
        let rows: Vec<Option<Entry>> = bytes.chunks_exact(ENTRY).map(entry).collect();
        let is_empty = rows.iter().all(Option::is_none);
        directory.entries.extend(rows.into_iter().flatten());
        number = match next(seen, number, sector) {
            _ if !directory.is_whole => return directory,
            Some(next) if next < 0xffff_fffa => next,
            Some(_) => return directory,
            None if is_empty => return directory,
            None => number.saturating_add(1),
        };
    }
    directory.is_whole = false;
    directory
}

/// The sector that follows another, if that part of the table was read.
fn next(seen: &Glimpse<'_>, number: u32, sector: u64) -> Option<u32> {
    let per_sector = u32::try_from(sector / 4).expect("small");
    let index = usize::try_from(number / per_sector).ok().filter(|index| *index < 109)?;
    let table = u32_at(seen.head, 76 + 4 * index).filter(|table| *table < 0xffff_fffa)?;
    let at = (u64::from(table) + 1).checked_mul(sector)? + u64::from(number % per_sector) * 4;
    u32_at(&seen.at(at, 4)?, 0)
}

/// An entry; nothing if it is unused, or none at all.
fn entry(bytes: &[u8]) -> Option<Entry> {
    let length = usize::from(u16::from_le_bytes([bytes[64], bytes[65]]));
    if !matches!(bytes[66], 1 | 2 | 5) || !(2..=64).contains(&length) || bytes[67] > 1 {
        return None;
    }
    let units: Vec<u16> =
        bytes[..length - 2].chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    let class = bytes[80..96].try_into().expect("sixteen bytes");
    Some(Entry { name: String::from_utf16_lossy(&units), class })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
