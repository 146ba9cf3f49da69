//! The packed lists of objects in a PDF: which there are, and what they hold.

use std::borrow::Cow;

use super::pdf::{Name, look_at, names};
use super::{Active, inflate};

/// How many lists are looked into, and how much they may become together, in bytes: several times what an ordinary file has in
/// what is read of it.
const LISTS: usize = 1024;
const UNPACKED: usize = 4 * 1024 * 1024;

/// How far before its kind the dictionary of a list can begin, and how far behind it the list itself, in bytes.
const BEFORE: usize = 512;
const BEHIND: usize = 4096;

/// How a list is packed.
#[derive(PartialEq, Eq)]
enum Packing {
    /// In the one way that can be unpacked here, or not at all.
    Usual,
    /// In another, or in several.
    Other,
}

/// A list: how it is packed, and its bytes as far as they were read.
struct List<'a> {
    packing: Packing,
    body: &'a [u8],
}

/// Notes the actions in the packed lists of these parts of a file, and whether there are lists that can't be looked into.
pub(super) fn look_into(parts: &[Cow<'_, [u8]>], active: &mut Vec<Active>) {
    // What is encrypted can't be unpacked; that is no sign of anything.
    let is_encrypted = parts.iter().any(|part| names(part).any(|(_, name)| name.letters() == b"Encrypt"));
    let places = parts.iter().flat_map(|part| kinds(part).map(move |at| (part, at)));
    let mut room = UNPACKED;
    for (count, (part, at)) in places.enumerate() {
        let list = list(part, at);
        let is_seen = match list {
            _ if count >= LISTS => false,
            // Cut off before it begins.
            None => part.len() - at < BEHIND,
            Some(list) if list.packing == Packing::Other => false,
            // It lies open, and was looked at with all else.
            Some(list) if begins_as_list(list.body) => true,
            Some(list) => look_at_packed(list.body, &mut room, active) || (is_encrypted && room > 0),
        };
        if !is_seen {
            active.push(Active::NotLookedThrough);
            return;
        }
    }
}

/// Unpacks a list, and notes what is in it. Whether it was one, as far as it was read.
fn look_at_packed(body: &[u8], room: &mut usize, active: &mut Vec<Active>) -> bool {
    let unpacked = inflate::zlib(body, *room);
    *room -= unpacked.bytes.len();
    look_at(&unpacked.bytes, active);
    let is_list = begins_as_list(&unpacked.bytes) || (unpacked.bytes.is_empty() && unpacked.is_sound);
    is_list && *room > 0
}

/// Whether these bytes begin with a number, as the table in a list does.
fn begins_as_list(bytes: &[u8]) -> bool {
    bytes.iter().find(|byte| !b"\0\t\n\x0c\r ".contains(byte)).is_some_and(u8::is_ascii_digit)
}

/// Where in these bytes the kind of a list is named.
fn kinds(bytes: &[u8]) -> impl Iterator<Item = usize> {
    names(bytes).filter(|(_, name)| name.letters() == b"ObjStm").map(|(at, _)| at)
}

/// The list whose kind is named here, if its body was read.
fn list(bytes: &[u8], at: usize) -> Option<List<'_>> {
    const STREAM: &[u8] = b"stream";
    const END: &[u8] = b"endobj";
    let from = at.saturating_sub(BEFORE);
    let before = bytes[from..at].windows(END.len()).rposition(|window| window == END).unwrap_or(0);
    let behind = &bytes[at..bytes.len().min(at + BEHIND)];
    let until = at + behind.windows(STREAM.len()).position(|window| window == STREAM)?;
    let body = &bytes[until + STREAM.len()..];
    let body = body.strip_prefix(b"\r\n").or_else(|| body.strip_prefix(b"\n")).unwrap_or(body);
    Some(List { packing: packing(&bytes[from + before..until]), body })
}

/// How a list is packed that has this dictionary.
fn packing(dictionary: &[u8]) -> Packing {
    const OTHER: &[&[u8]] = &[
        b"ASCIIHexDecode",
        b"AHx",
        b"ASCII85Decode",
        b"A85",
        b"LZWDecode",
        b"LZW",
        b"RunLengthDecode",
        b"RL",
        b"Crypt",
        b"Predictor",
    ];
    let names: Vec<Name> = names(dictionary).map(|(_, name)| name).collect();
    let count = |wanted: &[&[u8]]| names.iter().filter(|name| wanted.contains(&name.letters())).count();
    match (count(&[b"Filter"]), count(&[b"FlateDecode", b"Fl"]), count(OTHER)) {
        (0, 0, 0) | (1, 1, 0) => Packing::Usual,
        _ => Packing::Other,
    }
}
