//! Binary files by what they begin with: `infer`, checked where its magic numbers are short, and what it does not know.

use super::{Content, Detected, Glimpse, audio, iso, matroska, ogg, picture, script, structure, zip};
use crate::domain::MediaType;

/// Magic numbers that `infer` does not know or does not tell apart: where, what, and which type.
const MAGIC: &[(usize, &[u8], &str)] = &[
    (0, b"wOFF", "font/woff"),
    (0, b"wOF2", "font/woff2"),
    (0, b"OTTO", "font/otf"),
    (0, b"ttcf\0", "font/collection"),
    (0, b"\0\x01\0\0\0", "font/ttf"),
    (0, b"true\0", "font/ttf"),
    (34, b"LP\0\0\0\0\0\0\0\0", "application/vnd.ms-fontobject"),
    (0, b"PAR1", "application/vnd.apache.parquet"),
    (0, b"Obj\x01", "application/avro"),
    (0, b"ARROW1\0\0", "application/vnd.apache.arrow.file"),
    (0, b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
    (0, b"\0asm", "application/wasm"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"L\0\0\0\x01\x14\x02\0", "application/x-ms-shortcut"),
    (0, b"ITSF", "application/vnd.ms-htmlhelp"),
    (0, b"glTF", "model/gltf-binary"),
    (0, b"\x0a\x0d\x0d\x0a", "application/x-pcapng"),
    (0, b"\xd4\xc3\xb2\xa1", "application/vnd.tcpdump.pcap"),
    (0, b"\xa1\xb2\xc3\xd4", "application/vnd.tcpdump.pcap"),
    (0, b"8BPS\0", "image/vnd.adobe.photoshop"),
    (0, b"qoif", "image/qoi"),
    (0, b"DDS \x7c", "image/vnd-ms.dds"),
    (0, b"\xabKTX ", "image/ktx"),
    (0, b"v/1\x01", "image/x-exr"),
    (0, b"\xc5\xd0\xd3\xc6", "application/postscript"),
    (0, b"caff\0\x01", "audio/x-caf"),
    (0, b".snd\0", "audio/basic"),
    (0, b"wvpk", "audio/x-wavpack"),
    (0, b"RF64\xff\xff\xff\xffWAVE", "audio/wav"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"fLaC\0", "audio/flac"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"070707", "application/x-cpio"),
    (0, b"070701", "application/x-cpio"),
    (0, b"070702", "application/x-cpio"),
    (0, b"\xc7\x71", "application/x-cpio"),
    (0, b"\x60\xea", "application/x-arj"),
    (0, b"\xf7\x02", "application/x-dvi"),
    (0, b"gimp xcf ", "image/x-xcf"),
    (0, b"\x0b\x77", "audio/ac3"),
    (0, b"d8:announce", "application/x-bittorrent"),
    (0, b"d10:created by", "application/x-bittorrent"),
    (0, b"\x93NUMPY", "application/x-npy"),
    (0, b"ORC\n", "application/vnd.apache.orc"),
    (0, b"ply\n", "application/x-ply"),
    (0, b"II+\0\x08\0\0\0", "image/tiff"),
    (0, b"MM\0+\0\x08\0\0", "image/tiff"),
    (1, b"\x0d\x0d\x0a", "application/x-python-code"),
    (0, b"!<arch>\ndebian-binary", "application/vnd.debian.binary-package"),
    (0, b"!<arch>\n", "application/x-unix-archive"),
    (0, b"dex\n03", "application/vnd.android.dex"),
    (0, b"\xed\xab\xee\xdb", "application/x-rpm"),
    (60, b"BOOKMOBI", "application/x-mobipocket-ebook"),
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (0, b"\xff\x4f\xff\x51", "image/jp2"),
    (0, b"\xff\x0a", "image/jxl"),
];

/// Windows media: which of its kinds, only the streams tell.
const ASF: &[u8] = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c";

/// What a binary file is, and what more is to be seen of it.
pub(super) fn read(seen: &Glimpse<'_>) -> Content {
    let detected = match kind(seen.head) {
        Detected::Type(kind) if is_stump(kind.as_str(), seen.size) => Detected::Unknown,
        Detected::Unknown if is_solid(seen) => Detected::known("model/stl"),
        Detected::Unknown if zip::is_inside(seen.head) => return zip::read(seen),
        detected => detected,
    };
    let Some(media_type) = detected.media_type() else { return Content::of(detected) };
    let dimensions =
        detected.is_picture().then(|| picture::dimensions(media_type.as_str(), &seen.beginning())).flatten();
    let can_hide = ["image", "audio", "video"].iter().any(|group| media_type.is_a(group));
    let active = if can_hide { picture::hidden(seen.head) } else { Vec::new() };
    // Where only a signature speaks for a type, or for a sound and markup against it, nothing is certain.
    let is_bare = !active.is_empty() && media_type.as_str() == "audio/mpeg" && !audio::has_frame(seen.head);
    if is_bare || !structure::follows(media_type.as_str(), seen) {
        return Content::of(Detected::Unknown).with(active);
    }
    Content { dimensions, ..Content::of(detected).with(active) }
}

fn kind(head: &[u8]) -> Detected {
    if let Some(kind) = iso::kind(head).or_else(|| ogg::kind(head)).or_else(|| matroska::kind(head)) {
        return kind;
    }
    if head.starts_with(ASF) {
        return Detected::one_of(&["video/x-ms-wmv", "audio/x-ms-wma", "video/x-ms-asf"]);
    }
    let by_magic = || {
        let (_, _, name) =
            MAGIC.iter().find(|(at, magic, _)| head.get(*at..).is_some_and(|head| head.starts_with(magic)))?;
        Some(*name)
    };
    let by_structure = || {
        let container = riff(head).or_else(|| mach(head)).or_else(|| transport_stream(head)).or_else(|| tar(head));
        container.or_else(|| script::kind_of_binary(head)).or_else(|| audio::kind(head))
    };
    match by_magic().or_else(by_structure).or_else(|| inferred(head)) {
        Some(name) => Detected::Type(MediaType::known(name)),
        None => Detected::Unknown,
    }
}

/// What `infer` finds, where more than a few letters speak for it.
fn inferred(head: &[u8]) -> Option<&'static str> {
    // Boxes are read by their own rules, and what those don't take is none.
    let found = infer::get(head).filter(|_| head.get(4..8) != Some(b"ftyp"))?.mime_type();
    let is_believed = match found {
        "image/gif" => is_gif(head),
        "image/bmp" => is_bmp(head),
        "image/vnd.microsoft.icon" => is_icon(head),
        "application/x-llvm" => head.starts_with(b"BC\xc0\xde"),
        "video/mpeg" => matches!(head.get(3), Some(0xba | 0xb3)),
        // Told by their own rules above, or by a magic number of two bytes.
        "audio/mpeg"
        | "audio/aac"
        | "application/pdf"
        | "application/x-executable"
        | "application/font-sfnt"
        | "application/x-nintendo-nes-rom" => false,
        // Text, of which this is none.
        "text/html" | "text/xml" | "text/x-shellscript" => false,
        "application/octet-stream" => false,
        _ => true,
    };
    is_believed.then_some(found)
}

/// A GIF has a screen behind its magic, a table of colours if that says so, and then a block of one of three kinds.
fn is_gif(head: &[u8]) -> bool {
    let Some(flags) = head.get(10) else { return head.starts_with(b"GIF89a") || head.starts_with(b"GIF87a") };
    let colours = if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    head.get(13 + colours).is_none_or(|block| matches!(block, b'!' | b',' | b';'))
}

/// A bitmap names the length of its second header, which is one of a few.
fn is_bmp(head: &[u8]) -> bool {
    let header = head.get(14..18).map(|bytes| u32::from_le_bytes(bytes.try_into().expect("four bytes")));
    matches!(header, Some(12 | 16 | 40 | 52 | 56 | 64 | 108 | 124))
}

/// An icon has a few pictures, and what is between the numbers of each is nothing.
fn is_icon(head: &[u8]) -> bool {
    matches!(head.get(4..6), Some([1..=255, 0]))
        && matches!(head.get(9), Some(0))
        && matches!(head.get(10..12), Some([0 | 1, 0]))
}

/// What is kept in RIFF, or in AIFF's container, which is like it.
fn riff(head: &[u8]) -> Option<&'static str> {
    match (head.get(..4)?, head.get(8..12)?) {
        (b"RIFF", b"WAVE") => Some("audio/wav"),
        (b"RIFF", b"WEBP") => Some("image/webp"),
        (b"RIFF", b"AVI ") => Some("video/x-msvideo"),
        (b"RIFF", b"RMID") => Some("audio/midi"),
        (b"FORM", b"AIFF" | b"AIFC") => Some("audio/aiff"),
        _ => None,
    }
}

/// Programs of macOS, and Java classes, whose magic number is that of programs for several processors.
fn mach(head: &[u8]) -> Option<&'static str> {
    match head.get(..4)? {
        [0xce | 0xcf, 0xfa, 0xed, 0xfe] | [0xfe, 0xed, 0xfa, 0xce | 0xcf] => Some("application/x-mach-binary"),
        // A class has its version there, and no program is for so many processors.
        [0xca, 0xfe, 0xba, 0xbe] => match head.get(4..8)? {
            [0, 0, 0, 0..=30] => Some("application/x-mach-binary"),
            _ => Some("application/java-vm"),
        },
        _ => None,
    }
}

/// Films as they are sent: a packet every 188 bytes.
fn transport_stream(head: &[u8]) -> Option<&'static str> {
    let is_stream = |first: usize, packet: usize| (0..5).all(|number| head.get(first + number * packet) == Some(&0x47));
    // With the time before each packet, on discs.
    (is_stream(0, 188) || is_stream(4, 192)).then_some("video/mp2t")
}

/// An archive of tapes has a sum of its first header in it; the oldest have nothing else to be told by.
fn tar(head: &[u8]) -> Option<&'static str> {
    let header = head.get(..512)?;
    let digits: Vec<u8> = header[148..156].iter().copied().filter(|byte| !matches!(byte, b' ' | 0)).collect();
    let said = u32::from_str_radix(std::str::from_utf8(&digits).ok()?, 8).ok()?;
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    let counted = sum(&header[..148]) + 8 * u32::from(b' ') + sum(&header[156..]);
    (said == counted && header[0] != 0).then_some("application/x-tar")
}

/// The least that a file of a type has, in bytes. Less is a magic number with nothing behind it.
const SMALLEST: &[(&str, u64)] = &[
    ("application/gzip", 18),
    ("application/x-7z-compressed", 32),
    ("audio/wav", 36),
    ("image/gif", 13),
    ("image/jpeg", 20),
    ("image/png", 33),
    ("image/webp", 20),
];

/// Whether a file is too small to be what its first bytes say.
fn is_stump(name: &str, size: u64) -> bool {
    SMALLEST.iter().any(|(kind, least)| *kind == name && size < *least)
}

/// Solids as triangles: a header of 80 bytes, how many there are, and 50 bytes for each.
fn is_solid(seen: &Glimpse<'_>) -> bool {
    let count = seen.head.get(80..84).map(|bytes| u32::from_le_bytes(bytes.try_into().expect("four bytes")));
    count.is_some_and(|count| count > 0 && seen.size == 84 + 50 * u64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_magic_number_is_listed_twice() {
        let places: std::collections::BTreeSet<_> = MAGIC.iter().map(|(at, magic, _)| (at, magic)).collect();
        assert_eq!(places.len(), MAGIC.len());
    }
}
