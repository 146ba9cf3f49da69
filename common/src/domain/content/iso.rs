//! ISO base media files: films, sounds and pictures in boxes, told apart by their brands and tracks.

use super::{Detected, HEAD_LENGTH};

/// The brands that say what a file is, and what that is.
const BRANDS: &[(&[u8; 4], &[&str])] = &[
    (b"avif", &["image/avif"]),
    (b"avis", &["image/avif"]),
    (b"heic", &["image/heic"]),
    (b"heix", &["image/heic"]),
    (b"heim", &["image/heic"]),
    (b"heis", &["image/heic"]),
    (b"hevc", &["image/heic"]),
    (b"hevx", &["image/heic"]),
    (b"crx ", &["image/x-canon-cr3"]),
    (b"qt  ", &["video/quicktime"]),
    (b"M4A ", &["audio/mp4"]),
    (b"M4B ", &["audio/mp4"]),
    (b"M4P ", &["audio/mp4"]),
    (b"F4A ", &["audio/mp4"]),
    (b"F4B ", &["audio/mp4"]),
    (b"M4V ", &["video/mp4"]),
    (b"M4VH", &["video/mp4"]),
    (b"M4VP", &["video/mp4"]),
    (b"f4v ", &["video/mp4"]),
    (b"F4V ", &["video/mp4"]),
    (b"mj2s", &["video/mj2"]),
    (b"mjp2", &["video/mj2"]),
];

/// Pictures whose coding the other brands tell.
const SOME_PICTURE: &[&[u8; 4]] = &[b"mif1", b"mif2", b"msf1", b"miaf"];

/// The first boxes of QuickTime films from before there were brands.
const OLD: &[&[u8; 4]] = &[b"moov", b"mdat", b"wide", b"pnot"];

/// What an ISO media file is; nothing if it is none.
pub(super) fn kind(head: &[u8]) -> Option<Detected> {
    let (name, length) = first_box(head)?;
    if OLD.contains(&name) && is_old_film(head, length) {
        return Some(Detected::known("video/quicktime"));
    }
    if name != b"ftyp" {
        return None;
    }
    // A brand alone is no film: behind it comes another box.
    let end = usize::try_from(length).ok().filter(|end| *end >= 16)?;
    let is_name = |name: &[u8]| name.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    if end < head.len() && !head.get(end + 4..end + 8).is_some_and(is_name)
        || end >= head.len() && head.len() < HEAD_LENGTH
    {
        return None;
    }
    let end = end.min(head.len());
    let major: &[u8; 4] = head.get(8..12)?.try_into().ok()?;
    let others: Vec<&[u8; 4]> =
        head.get(16..end).unwrap_or_default().chunks_exact(4).filter_map(|brand| brand.try_into().ok()).collect();
    let of = |brand: &[u8; 4]| BRANDS.iter().find(|(known, _)| *known == brand).map(|(_, kinds)| *kinds);
    if SOME_PICTURE.contains(&major) {
        let picture = others.iter().find_map(|brand| of(brand).filter(|kinds| kinds[0].starts_with("image/")));
        return Some(Detected::one_of(picture.unwrap_or(&["image/heic", "image/avif"])));
    }
    let kinds: &[&str] = match of(major) {
        Some(kinds) => return Some(Detected::known(kinds[0])),
        None if major.starts_with(b"3g2") => &["video/3gpp2", "audio/3gpp2"],
        None if major.starts_with(b"3g") => &["video/3gpp", "audio/3gpp"],
        None => &["video/mp4", "audio/mp4"],
    };
    Some(match tracks(head) {
        Tracks { video: true, .. } => Detected::known(kinds[0]),
        Tracks { audio: true, .. } => Detected::known(kinds[1]),
        Tracks { .. } => Detected::one_of(kinds),
    })
}

/// The name of the first box, and its length.
fn first_box(head: &[u8]) -> Option<(&[u8; 4], u64)> {
    let length = u64::from(u32::from_be_bytes(head.get(..4)?.try_into().ok()?));
    Some((head.get(4..8)?.try_into().ok()?, length))
}

/// Whether the first box of a film without brands is of a length that it can have, and what comes behind is a box.
fn is_old_film(head: &[u8], length: u64) -> bool {
    let is_name = |name: &[u8]| name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ');
    match usize::try_from(length) {
        Ok(0 | 1) => true,
        Ok(length) if length >= 8 => head.get(length + 4..length + 8).is_none_or(is_name),
        _ => false,
    }
}

/// Which tracks there are, as far as the head shows.
struct Tracks {
    video: bool,
    audio: bool,
}

/// The kinds of tracks: what handles them is named inside the `moov` box, which can be at the end of the file.
fn tracks(head: &[u8]) -> Tracks {
    let handlers = || head.windows(4).enumerate().filter(|(_, window)| *window == b"hdlr").map(|(at, _)| at);
    let has = |kind: &[u8]| handlers().any(|at| head.get(at + 12..at + 16) == Some(kind));
    // Cut before its end, it can have a film track that was not seen.
    let is_whole = boxes(head).any(|(name, end)| name == b"moov" && end <= head.len() as u64);
    Tracks { video: has(b"vide"), audio: is_whole && has(b"soun") }
}

/// The outermost boxes: the name of each, and where it ends.
fn boxes(head: &[u8]) -> impl Iterator<Item = (&[u8; 4], u64)> {
    let mut at = 0_u64;
    std::iter::from_fn(move || {
        let rest = head.get(usize::try_from(at).ok()?..)?;
        let (name, length) = first_box(rest)?;
        // Less than its own header: the length is elsewhere, or the box goes on to the end.
        let length = if length < 8 { u64::MAX } else { length };
        at = at.saturating_add(length);
        Some((name, at))
    })
}
