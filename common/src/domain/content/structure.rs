//! Whether what comes behind a magic number is what has to come there: a few bytes alone could be anybody's.

use super::{Glimpse, has};

/// How the one large element of Matroska's begins: the segment.
const SEGMENT: &[u8] = &[0x18, 0x53, 0x80, 0x67];

/// Whether a file of this type goes on as it began, as far as that is known here.
pub(super) fn follows(name: &str, seen: &Glimpse<'_>) -> bool {
    let head = seen.head;
    match name {
        "image/png" | "image/apng" => png(head),
        "image/jpeg" => jpeg(head, seen.size),
        "image/webp" => matches!(head.get(12..16), Some(b"VP8 " | b"VP8L" | b"VP8X")),
        "audio/wav" => head.get(12..16).is_some_and(|name| name.iter().all(|byte| (b' '..=b'~').contains(byte))),
        "video/webm" | "video/x-matroska" => has(head, SEGMENT),
        _ => true,
    }
}

/// The header comes first, but for what Apple's tools put before it.
fn png(head: &[u8]) -> bool {
    let header = match head.get(12..16) {
        Some(b"CgBI") => 24,
        _ => 8,
    };
    let side = |at: usize| head.get(at..at + 4).map(|bytes| u32::from_be_bytes(bytes.try_into().expect("four bytes")));
    let is_side = |side: Option<u32>| side.is_some_and(|side| (1..=i32::MAX.unsigned_abs()).contains(&side));
    head.get(header..header + 8) == Some(b"\0\0\0\rIHDR") && is_side(side(header + 8)) && is_side(side(header + 12))
}

/// One segment after the other, each with its marker and its length, until the picture itself begins.
fn jpeg(head: &[u8], size: u64) -> bool {
    let mut at = 2;
    while let Some(marker) = head.get(at..at + 2) {
        match marker {
            // Bytes to fill up.
            [0xff, 0xff] => at += 1,
            [0xff, 0xda] => return true,
            [0xff, 0xc0..=0xcf | 0xdb..=0xfe] => {
                let Some(length) = head.get(at + 2..at + 4) else { return true };
                let length = usize::from(u16::from_be_bytes(length.try_into().expect("two bytes")));
                if length < 2 {
                    return false;
                }
                at += 2 + length;
            }
            _ => return false,
        }
    }
    // It went on behind what was read, if there is anything.
    at as u64 <= size
}

#[cfg(test)]
mod tests {
    use super::super::{Wanted, detect_whole};

    fn shown(bytes: &[u8]) -> Option<String> {
        detect_whole(bytes, Wanted::ALL).detected.media_type().map(|media_type| media_type.to_string())
    }

    /// Bytes without any meaning.
    fn noise(length: u32) -> Vec<u8> {
        (0..length).map(|n| n.wrapping_mul(2_654_435_761).rotate_left(9).to_be_bytes()[1] | 0x80).collect()
    }

    #[test]
    fn noise_behind_a_magic_number_makes_no_picture_and_no_film() {
        for magic in [
            &b"\x89PNG\r\n\x1a\n"[..],
            b"\xff\xd8\xff",
            b"\xff\xd8\xff\xe0",
            b"RIFF\0\0\0\0WEBP",
            b"RIFF\0\0\0\0WAVE",
            b"%PDF-1.4\n",
            b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm",
        ] {
            let bytes = [magic, &noise(3000)].concat();
            assert_eq!(shown(&bytes), None, "{}", String::from_utf8_lossy(magic));
        }
    }
}
