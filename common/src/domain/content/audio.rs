//! Sounds that begin with a frame or with a tag: MPEG audio and AAC.

use super::HEAD_LENGTH;

/// What a file is that begins with an ID3 tag or a frame; nothing if it is neither.
pub(super) fn kind(head: &[u8]) -> Option<&'static str> {
    if let Some(length) = tag(head) {
        let behind = head.get(length..).filter(|behind| behind.len() >= 4);
        if behind.is_none() && head.len() < HEAD_LENGTH {
            return None;
        }
        return Some(match behind {
            Some(behind) if behind.starts_with(b"fLaC") => "audio/flac",
            Some(behind) if adts(behind).is_some() => "audio/aac",
            _ => "audio/mpeg",
        });
    }
    if head.starts_with(b"ADIF") || is_chain(head, adts) {
        return Some("audio/aac");
    }
    is_chain(head, mpeg).then_some("audio/mpeg")
}

/// Whether what is behind the tag of an MP3 was not read, or is a frame or padding.
pub(super) fn has_frame(head: &[u8]) -> bool {
    let behind = head.get(tag(head).unwrap_or(0)..).unwrap_or_default();
    behind.first().is_none_or(|byte| *byte == 0) || mpeg(behind).is_some()
}

/// The length of an ID3v2 tag with its header. A length is written in 7 bits a byte, which text can't be, and versions are small.
fn tag(head: &[u8]) -> Option<usize> {
    let [b'I', b'D', b'3', 2..=4, _, _, length @ ..] = head.get(..10)? else { return None };
    let length = length.iter().try_fold(0, |sum, byte| (*byte < 0x80).then_some(sum << 7 | usize::from(*byte)))?;
    Some(10 + length)
}

/// Whether frames follow one another as their lengths say, as far as was read. One frame alone is two bytes that fit by chance.
fn is_chain(head: &[u8], length: fn(&[u8]) -> Option<usize>) -> bool {
    let Some(first) = length(head) else { return false };
    match head.get(first..).filter(|next| next.len() >= 7) {
        Some(next) => length(next).is_some(),
        None => head.len() <= first,
    }
}

/// The length of an AAC frame in ADTS.
fn adts(bytes: &[u8]) -> Option<usize> {
    let [0xff, b1, b2, b3, b4, b5, ..] = *bytes else { return None };
    let length = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5) >> 5;
    (b1 & 0xf6 == 0xf0 && b2 >> 2 & 0xf < 13 && length >= 7).then_some(length)
}

/// The length of a frame of MPEG audio, of any version and layer.
fn mpeg(bytes: &[u8]) -> Option<usize> {
    /// Kilobits a second by version 1 or later, layer and index.
    const RATES: [[[usize; 15]; 3]; 2] = [
        [
            [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
            [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
            [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        ],
        [
            [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
            [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
            [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        ],
    ];
    let [0xff, b1, b2, ..] = *bytes else { return None };
    let (version, layer) = (b1 >> 3 & 3, b1 >> 1 & 3);
    let (rate, frequency, padding) = (usize::from(b2 >> 4), b2 >> 2 & 3, usize::from(b2 >> 1 & 1));
    if b1 & 0xe0 != 0xe0 || version == 1 || layer == 0 || rate == 15 || rate == 0 || frequency == 3 {
        return None;
    }
    let layer = 3 - usize::from(layer);
    let later = usize::from(version != 3);
    let bits = RATES[later][layer][rate] * 1000;
    let hertz = [44_100, 48_000, 32_000][usize::from(frequency)] >> [2, 0, 1, 0][usize::from(version)];
    Some(match layer {
        0 => (12 * bits / hertz + padding) * 4,
        2 if later == 1 => 72 * bits / hertz + padding,
        _ => 144 * bits / hertz + padding,
    })
}
