//! Ogg: sounds or films, told apart by the codecs that the first pages name.

use super::Detected;

/// How the first packet of a codec of films begins.
const FILMS: &[&[u8]] = &[b"\x80theora", b"BBCD\0", b"OVP80", b"\x01video"];

/// What an Ogg file is; nothing if it is none.
pub(super) fn kind(head: &[u8]) -> Option<Detected> {
    // The version of the format is 0, and there has been no other.
    if !head.starts_with(b"OggS\0") {
        return None;
    }
    let first_packets: Vec<&[u8]> = packets(head).collect();
    let is_film = first_packets.iter().any(|packet| FILMS.iter().any(|film| packet.starts_with(film)));
    let is_sound = |packet: &&[u8]| {
        [&b"\x01vorbis"[..], b"OpusHead", b"\x7fFLAC", b"Speex   ", b"PCM     "]
            .iter()
            .any(|sound| packet.starts_with(sound))
    };
    Some(match () {
        () if is_film => Detected::known("video/ogg"),
        () if first_packets.iter().any(is_sound) => Detected::known("audio/ogg"),
        () => Detected::one_of(&["audio/ogg", "video/ogg", "application/ogg"]),
    })
}

/// The packets that begin the streams: each is alone on a page that says so.
fn packets(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = head;
    std::iter::from_fn(move || {
        let page = rest.strip_prefix(b"OggS")?;
        // Where a stream goes on, none begins any more.
        let begins = *page.get(1)? & 2 != 0;
        let segments = usize::from(*page.get(22)?);
        let lengths = page.get(23..23 + segments)?;
        let length: usize = lengths.iter().map(|length| usize::from(*length)).sum();
        let body = page.get(23 + segments..)?;
        rest = body.get(length..).unwrap_or_default();
        begins.then_some(&body[..length.min(body.len())])
    })
}
