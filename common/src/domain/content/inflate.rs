//! Unpacking a little of what is packed, never more than was asked for.

use std::io::Read as _;

/// What was unpacked.
pub(super) struct Unpacked {
    /// The bytes, as far as they can be read.
    pub(super) bytes: Vec<u8>,
    /// Whether they end because all that is there was read, and not because it can't be.
    pub(super) is_sound: bool,
}

/// The first `at_most` bytes that a raw DEFLATE stream unpacks to, as far as it can be read.
pub(super) fn raw(packed: &[u8], at_most: usize) -> Vec<u8> {
    read(flate2::read::DeflateDecoder::new(packed), at_most).bytes
}

/// The same of a stream in a zlib wrapper.
pub(super) fn zlib(packed: &[u8], at_most: usize) -> Unpacked {
    read(flate2::read::ZlibDecoder::new(packed), at_most)
}

fn read(from: impl std::io::Read, at_most: usize) -> Unpacked {
    let mut bytes = Vec::new();
    // What came before an error is there all the same.
    let ended = from.take(at_most as u64).read_to_end(&mut bytes);
    let is_sound = ended.map_or_else(|error| error.kind() == std::io::ErrorKind::UnexpectedEof, |_| true);
    Unpacked { bytes, is_sound }
}
