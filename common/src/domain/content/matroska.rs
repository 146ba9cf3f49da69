//! Matroska and WebM: films or sounds, told apart by the document type and the tracks.

use super::Detected;

const SEGMENT: u64 = 0x1853_8067;
const TRACKS: u64 = 0x1654_ae6b;
const TRACK: u64 = 0xae;
const TRACK_TYPE: u64 = 0x83;
const DOC_TYPE: u64 = 0x4282;

/// What a Matroska file is; nothing if it is none.
pub(super) fn kind(head: &[u8]) -> Option<Detected> {
    if !head.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
        return None;
    }
    let (header, _) = elements(head).next()?.body(head);
    // All else is in the segment: without it there is nothing.
    elements(head).find(|element| element.id == SEGMENT)?;
    let doc_type = elements(header).find(|element| element.id == DOC_TYPE)?;
    let name = doc_type.body(header).0;
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    let kinds: [&str; 2] = match name {
        b"webm" => ["video/webm", "audio/webm"],
        b"matroska" => ["video/x-matroska", "audio/x-matroska"],
        _ => return None,
    };
    let types = track_types(head);
    Some(match types {
        // A cover is no film, and a list that was cut can go on with one.
        Some((types, _)) if types.contains(&1) => Detected::known(kinds[0]),
        Some((types, true)) if types.contains(&2) => Detected::known(kinds[1]),
        _ => Detected::one_of(&kinds),
    })
}

/// The types of the tracks, and whether these are all; nothing where the list is not in the head.
fn track_types(head: &[u8]) -> Option<(Vec<u8>, bool)> {
    let (segment, _) = elements(head).find(|element| element.id == SEGMENT)?.body(head);
    let (tracks, are_all) = elements(segment).find(|element| element.id == TRACKS)?.body(segment);
    let of_track = |track: Element| {
        let (track, _) = track.body(tracks);
        let of = elements(track).find(|element| element.id == TRACK_TYPE)?;
        of.body(track).0.last().copied()
    };
    Some((elements(tracks).filter(|element| element.id == TRACK).filter_map(of_track).collect(), are_all))
}

/// An element: its id, and where its body lies.
struct Element {
    id: u64,
    start: usize,
    length: u64,
}

impl Element {
    /// The body as far as it was read, and whether that is all of it.
    fn body<'a>(&self, bytes: &'a [u8]) -> (&'a [u8], bool) {
        let left = &bytes[self.start.min(bytes.len())..];
        match usize::try_from(self.length).ok().filter(|length| *length <= left.len()) {
            Some(length) => (&left[..length], true),
            None => (left, false),
        }
    }
}

/// The elements that follow one another in these bytes.
fn elements(bytes: &[u8]) -> impl Iterator<Item = Element> {
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        let (id, id_length) = number(bytes.get(at..)?, 4, false)?;
        let (length, length_length) = number(bytes.get(at + id_length..)?, 8, true)?;
        let start = at + id_length + length_length;
        at = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(start);
        Some(Element { id, start, length })
    })
}

/// A number of variable length, and how many bytes it takes. All ones stand for an unknown length.
fn number(bytes: &[u8], longest: usize, without_marker: bool) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    if length > longest {
        return None;
    }
    let value = bytes.get(..length)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    let mask = (1_u64 << (7 * length)) - 1;
    match without_marker {
        true if value & mask == mask => Some((u64::MAX, length)),
        true => Some((value & mask, length)),
        false => Some((value, length)),
    }
}
