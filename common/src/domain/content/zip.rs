//! ZIP and what is kept in it: the directory at its end, and what that says of the whole.

use std::borrow::Cow;

use super::{Archive, Content, Detected, Glimpse, has, inflate, text, zip_kind};
use crate::domain::MediaType;

/// The longest small entry that is unpacked, in bytes, and what it may become: a list of the types of 5,000 parts.
const LONGEST_PACKED: usize = 64 * 1024;
const LONGEST_ENTRY: usize = 1024 * 1024;

/// How many places are tried as the first whole entry of a directory whose beginning was not read.
const ALIGNMENTS: usize = 16;

/// One file in the archive, as its directory has it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    method: u16,
    encrypted: bool,
    packed: u64,
    unpacked: u64,
    /// Where its own header is, counted from where the archive believes to begin.
    offset: u64,
}

/// The directory of an archive.
struct Directory {
    entries: Vec<Entry>,
    /// What stands before the archive inside the file.
    prefix: u64,
    /// Where the directory itself begins, counted as offsets are.
    start: u64,
    is_whole: bool,
    flaw: Option<&'static str>,
}

/// Whether a file begins as an archive does: with an entry, with the end of an empty one, or as the first part of several.
pub(super) fn begins(head: &[u8]) -> bool {
    [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"].iter().any(|magic| head.starts_with(*magic))
}

/// Whether an archive begins somewhere in the head, behind something else.
pub(super) fn is_inside(head: &[u8]) -> bool {
    has(head, b"PK\x03\x04")
}

/// What an archive is, and what is in it.
pub(super) fn read(seen: &Glimpse<'_>) -> Content {
    let (start, tail) = seen.last_part();
    let Some(directory) = directory(start, &tail, seen.size) else {
        return Content::of(Detected::Container(MediaType::known("application/zip")));
    };
    let entry = |name: &str| directory.entries.iter().find(|entry| entry.name == name);
    let text_of = |name: &str| entry(name).and_then(|entry| unpack(seen, &directory, entry));
    let mut names: Vec<Cow<'_, str>> =
        directory.entries.iter().map(|entry| Cow::Borrowed(entry.name.as_str())).collect();
    if !directory.is_whole {
        names.extend(first_names(seen.head).into_iter().map(Cow::Owned));
    }
    let content_types = text_of("[Content_Types].xml");
    let kind = zip_kind::kind(&names, content_types.as_deref(), text_of("mimetype").as_deref());
    let detected = match kind {
        None => Detected::known("application/zip"),
        Some(kind) => kind,
    };
    let mut archive = sum_up(&directory);
    if directory.entries.is_empty() && seen.head.starts_with(b"PK\x03\x04") {
        archive.flaw = Some("holds files that its directory does not list");
    }
    let active = zip_kind::active(&names, content_types.as_deref(), &detected);
    Content { archive: Some(archive), ..Content::of(detected).with(active) }
}

fn sum_up(directory: &Directory) -> Archive {
    let sum = |of: fn(&Entry) -> u64| directory.entries.iter().map(of).fold(0, u64::saturating_add);
    Archive {
        packed: sum(|entry| entry.packed),
        unpacked: sum(|entry| entry.unpacked),
        is_whole: directory.is_whole,
        flaw: directory.flaw.or_else(|| flaw(directory)),
    }
}

/// What is wrong with the entries of a directory, if anything is.
fn flaw(directory: &Directory) -> Option<&'static str> {
    let leads_out = |entry: &Entry| {
        let name = &entry.name;
        name.starts_with(['/', '\\'])
            || name.get(1..3).is_some_and(|drive| drive == ":\\" || drive == ":/")
            || name.split(['/', '\\']).any(|part| part == "..")
    };
    let is_absurd = |entry: &Entry| entry.method == 0 && !entry.encrypted && entry.packed != entry.unpacked;
    let has_control = |entry: &Entry| entry.name.chars().any(char::is_control);
    let mut names: Vec<&str> = directory.entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    let mut extents: Vec<(u64, u64)> = directory.entries.iter().map(Entry::extent).collect();
    extents.sort_unstable();
    let ends = extents.iter().skip(1).map(|(start, _)| *start).chain([directory.start]);
    if directory.entries.iter().any(leads_out) {
        Some("holds a file whose name leads out of it")
    } else if directory.entries.iter().any(has_control) {
        Some("holds a file whose name has control characters")
    } else if names.windows(2).any(|pair| pair[0] == pair[1]) {
        Some("holds two files of one name")
    } else if directory.entries.iter().any(is_absurd) {
        Some("claims sizes that can't be")
    } else if extents.iter().zip(ends).any(|((_, end), next)| *end > next) {
        Some("holds files that overlap")
    } else {
        None
    }
}

impl Entry {
    /// Where it begins, and where it ends at the earliest.
    fn extent(&self) -> (u64, u64) {
        let header = 30 + self.name.len() as u64;
        // A name that is no UTF-8 can have grown in reading.
        let header = if self.name.contains('\u{fffd}') { 31 } else { header };
        (self.offset, self.offset.saturating_add(header).saturating_add(self.packed))
    }
}

/// The directory at the end of a file, of which `tail` was read from `start` on.
fn directory(start: u64, tail: &[u8], size: u64) -> Option<Directory> {
    let end = find_end(tail)?;
    let record = &tail[end..];
    let mut count = u64::from(u16_at(record, 10)?);
    let mut length = u64::from(u32_at(record, 12)?);
    let mut offset = u64::from(u32_at(record, 16)?);
    let mut ends_at = start + end as u64;
    // Some write it even where the numbers are small.
    if let Some((at, record)) = find_end_64(start, tail, end) {
        (count, length, offset) = (u64_at(record, 32)?, u64_at(record, 40)?, u64_at(record, 48)?);
        ends_at = at;
    }
    let begins_at = ends_at.checked_sub(length);
    let prefix = begins_at.and_then(|begins_at| begins_at.checked_sub(offset));
    let (Some(begins_at), Some(prefix), true) = (begins_at, prefix, ends_at <= size) else {
        let flaw = Some("names a directory that is not there");
        return Some(Directory { entries: Vec::new(), prefix: 0, start: 0, is_whole: true, flaw });
    };
    let until = usize::try_from(ends_at.checked_sub(start)?).ok().filter(|until| *until <= tail.len())?;
    let place = |at: u64| usize::try_from(at).expect("inside the tail");
    let (entries, is_whole) = if begins_at >= start {
        (walk(&tail[place(begins_at - start)..until]), true)
    } else {
        (walk_from_somewhere(&tail[..until]), false)
    };
    let miscounted =
        || is_whole && entries.as_ref().is_some_and(|entries| entries.len() as u64 & 0xffff != count & 0xffff);
    let flaw = (entries.is_none() || miscounted()).then_some("has a directory that can't be read");
    Some(Directory { entries: entries.unwrap_or_default(), prefix, start: offset, is_whole, flaw })
}

/// Where the record is that ends the archive: the last one whose comment reaches just to the end, or else the last one.
fn find_end(tail: &[u8]) -> Option<usize> {
    // The record and the longest comment.
    let from = tail.len().saturating_sub(22 + 0xffff);
    let places = || (from..tail.len().saturating_sub(21)).rev().filter(|at| tail[*at..].starts_with(b"PK\x05\x06"));
    let is_exact =
        |at: &usize| u16_at(&tail[*at..], 20).is_some_and(|comment| at + 22 + usize::from(comment) == tail.len());
    places().find(is_exact).or_else(|| places().next())
}

/// The record that has the numbers too large for the other one, and where it is.
fn find_end_64(start: u64, tail: &[u8], end: usize) -> Option<(u64, &[u8])> {
    let locator = &tail[end.checked_sub(20)?..end];
    if !locator.starts_with(b"PK\x06\x07") {
        return None;
    }
    // Just before its locator where it was not extended; else, where that says.
    let named = u64_at(locator, 8)?.checked_sub(start).and_then(|at| usize::try_from(at).ok());
    let places = [end.checked_sub(76), named];
    let at = places.into_iter().flatten().find(|at| tail.get(*at..).is_some_and(|at| at.starts_with(b"PK\x06\x06")))?;
    Some((start + at as u64, &tail[at..end]))
}

/// The entries of a directory that fill these bytes exactly.
fn walk(mut bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let (entry, length) = entry(bytes)?;
        entries.push(entry);
        bytes = bytes.get(length..)?;
    }
    Some(entries)
}

/// The entries at the end of a directory whose beginning was not read.
fn walk_from_somewhere(bytes: &[u8]) -> Option<Vec<Entry>> {
    let places = bytes.windows(4).enumerate().filter(|(_, window)| *window == b"PK\x01\x02");
    places.take(ALIGNMENTS).find_map(|(at, _)| walk(&bytes[at..]))
}

/// The first entry of a directory, and its length there.
fn entry(bytes: &[u8]) -> Option<(Entry, usize)> {
    if !bytes.starts_with(b"PK\x01\x02") {
        return None;
    }
    let [name, extra, comment] = [28, 30, 32].map(|at| u16_at(bytes, at).map(usize::from));
    let (name, extra, comment) = (name?, extra?, comment?);
    let mut numbers = [24, 20, 42].map(|at| u32_at(bytes, at).map_or(0, u64::from));
    let fields = bytes.get(46 + name..46 + name + extra)?;
    large_numbers(fields, &mut numbers);
    let [unpacked, packed, offset] = numbers;
    let entry = Entry {
        name: String::from_utf8_lossy(&bytes[46..46 + name]).into_owned(),
        method: u16_at(bytes, 10)?,
        encrypted: u16_at(bytes, 8)? & 1 == 1,
        packed,
        unpacked,
        offset,
    };
    Some((entry, 46 + name + extra + comment))
}

/// Fills in the numbers that 32 bits don't hold, in the order in which an entry's extra field has them.
fn large_numbers(mut fields: &[u8], numbers: &mut [u64]) {
    while let (Some(id), Some(length)) = (u16_at(fields, 0), u16_at(fields, 2)) {
        let end = (4 + usize::from(length)).min(fields.len());
        if id == 1 {
            let mut values = fields[4..end].chunks_exact(8);
            for number in numbers.iter_mut().filter(|number| **number == 0xffff_ffff) {
                let Some(value) = values.next() else { break };
                *number = u64_at(value, 0).expect("eight bytes");
            }
        }
        fields = &fields[end..];
    }
}

/// What is in a small entry, where all of it was read and it is text.
fn unpack(seen: &Glimpse<'_>, directory: &Directory, entry: &Entry) -> Option<String> {
    let length = usize::try_from(entry.packed).ok().filter(|length| *length <= LONGEST_PACKED)?;
    let at = directory.prefix.checked_add(entry.offset)?;
    let header = seen.at(at, 30).filter(|header| header.len() == 30 && header.starts_with(b"PK\x03\x04"))?;
    let behind = 30 + u64::from(u16_at(&header, 26)?) + u64::from(u16_at(&header, 28)?);
    let packed = seen.at(at.checked_add(behind)?, length)?;
    let unpacked = match entry.method {
        0 => packed.into_owned(),
        8 => inflate::raw(&packed, LONGEST_ENTRY),
        _ => return None,
    };
    let is_whole = unpacked.len() as u64 == entry.unpacked;
    text::decode(&unpacked, false).filter(|text| is_whole && text::has_known_encoding(text)).map(Cow::into_owned)
}

/// The names of the first entries by their own headers, as far as those tell how long the entries are.
fn first_names(head: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(header) = head.get(at..).filter(|header| header.starts_with(b"PK\x03\x04")) {
        let (Some(packed), Some(name), Some(extra)) = (u32_at(header, 18), u16_at(header, 26), u16_at(header, 28))
        else {
            break;
        };
        let (name, extra) = (usize::from(name), usize::from(extra));
        let Some(bytes) = header.get(30..30 + name) else { break };
        names.push(String::from_utf8_lossy(bytes).into_owned());
        at = at.saturating_add(30 + name + extra).saturating_add(packed as usize);
    }
    names
}

fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes_at(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes_at(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes_at(bytes, at).map(u64::from_le_bytes)
}
