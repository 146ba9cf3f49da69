//! Unpacking a little of what is packed, never more than was asked for.

use std::io::Read as _;

/// The first `at_most` bytes that a raw DEFLATE stream unpacks to, as far as it can be read.
pub(super) fn raw(packed: &[u8], at_most: usize) -> Vec<u8> {
    read(flate2::read::DeflateDecoder::new(packed), at_most)
}

/// The same of a stream in a zlib wrapper.
pub(super) fn zlib(packed: &[u8], at_most: usize) -> Vec<u8> {
    read(flate2::read::ZlibDecoder::new(packed), at_most)
}

fn read(from: impl std::io::Read, at_most: usize) -> Vec<u8> {
    let mut unpacked = Vec::new();
    // What came before an error is there all the same.
    let _ = from.take(at_most as u64).read_to_end(&mut unpacked);
    unpacked
}
