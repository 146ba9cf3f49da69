//! What must hold of any bytes: how far is looked, and for how long.

use super::archives::ole_of;
use super::pdf::{pdf_with_list, zlib};
use super::*;

#[test]
fn a_second_look_is_taken_only_where_the_head_can_not_answer() {
    let size = 1 << 30;
    let looks = |head: &[u8], wanted| {
        let mut full = head.to_vec();
        full.resize(HEAD_LENGTH, b' ');
        second_look(&full, size, wanted)
    };
    let none = Wanted::default();
    assert_eq!(looks(b"PK\x03\x04", none), Some(size - LONGEST_LOOK as u64..size));
    let small = second_look(&[&b"PK\x03\x04"[..], &[0; HEAD_LENGTH - 4]].concat(), 1 << 20, none);
    assert_eq!(small, Some((1 << 20) - SECOND_LENGTH as u64..1 << 20));
    assert_eq!(looks(b"%PDF-1.7", none), None);
    assert_eq!(looks(b"%PDF-1.7", Wanted::ALL), Some(size - SECOND_LENGTH as u64..size));
    assert_eq!(looks(b"<svg>", Wanted::ALL), Some(8192..8192 + SECOND_LENGTH as u64));
    assert_eq!(looks(b"\xff\xd8\xff\xe1\xff\xff", none), None);
    assert_eq!(looks(b"\xff\xd8\xff\xe1\xff\xff", Wanted::ALL), Some(8192..8192 + SECOND_LENGTH as u64));
    assert_eq!(looks(b"\0\0\0\x1cftypisom\0\0\0\0isommp42avc1\0\0\0\x08moov", Wanted::ALL), None);
    assert_eq!(looks(b"words", Wanted::ALL), None);
    // A file that was read to its end is not read again.
    assert_eq!(second_look(b"PK\x03\x04", 4, Wanted::ALL), None);
}

/// Beginnings that lead into every reader.
const BEGINNINGS: &[&[u8]] = &[
    b"",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x09\0",
    b"%PDF-1.7 /ObjStm stream\n",
    b"\0\0\0\x18ftypisom",
    b"OggS\0\x02",
    b"\x1a\x45\xdf\xa3\x88\x42\x82\x85webm\0",
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"RIFF\0\0\0\0WEBPVP8 ",
    b"BM",
    b"II*\0",
    b"\xff\x0a",
    b"\0\0\0\x0cJXL \r\n\x87\n",
    b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x20meta",
    b"8BPS\0\x01",
    b"ID3\x04\0\0\0\0\0\x04",
    b"\xff\xfb\x90",
    b"\xff\xf1\x50",
    b"<svg ",
    b"<?xml version=\"1.0\"?><!DOCTYPE a [",
    b"\xff\xfe<\0",
    b"{\"",
];

proptest::proptest! {
    #[test]
    fn hostile_bytes_never_panic(
        beginning in 0..BEGINNINGS.len(),
        rest in proptest::collection::vec(proptest::num::u8::ANY, 0..HEAD_LENGTH * 2),
    ) {
        let bytes = [BEGINNINGS[beginning], &rest].concat();
        let content = detect_whole(&bytes, Wanted::ALL);
        let shown = content.detected.media_type();
        proptest::prop_assert_eq!(shown.as_ref().and_then(|shown| MediaType::parse(shown.as_str()).ok()), shown);
    }

    #[test]
    fn an_archive_with_any_byte_changed_never_panics(at in 0..400_usize, byte in proptest::num::u8::ANY) {
        let mut bytes = zip_of(&[("mimetype", b"application/epub+zip"), ("[Content_Types].xml", b"<a/>"), ("word/a", b"b")]);
        let at = at % bytes.len();
        bytes[at] = byte;
        detect_whole(&bytes, Wanted::ALL);
    }

    #[test]
    fn no_look_is_longer_than_it_may_be_or_leads_out_of_the_file(
        beginning in 0..BEGINNINGS.len(),
        rest in proptest::collection::vec(proptest::num::u8::ANY, 0..600),
        size in 0..=u64::MAX,
    ) {
        let head = [BEGINNINGS[beginning], &rest].concat();
        let size = size.max(head.len() as u64);
        if let Some(range) = second_look(&head, size, Wanted::ALL) {
            proptest::prop_assert!(range.start < range.end && range.end <= size);
            proptest::prop_assert!(range.end - range.start <= LONGEST_LOOK as u64 && range.start >= head.len() as u64);
        }
    }
}

/// The header of a compound file whose directory leads back to its own beginning.
fn compound_that_never_ends() -> Vec<u8> {
    let mut bytes = ole_of(&[(1, &["WordDocument", "a", "b", "c"])]);
    bytes[516..520].copy_from_slice(&1_u32.to_le_bytes());
    bytes
}

#[test]
fn the_work_grows_no_faster_than_the_bytes() {
    let full = HEAD_LENGTH + SECOND_LENGTH;
    let compound = compound_that_never_ends();
    let lists = zlib(&b"1 0 /EmbeddedFile /Subtype /text#2Fxml /EmbeddedFile ".repeat(1 << 14));
    let list = pdf_with_list("<</Type/ObjStm/Filter/FlateDecode>>", &lists);
    let patterns: [(&[u8], &[u8]); 13] = [
        (&compound, b"\x01\0\0\0"),
        (b"%PDF-1.7\n", &list),
        (b"%PDF-1.7\n", b"/EmbeddedFile/Subtype/text#2Fxml"),
        (b"<svg><style>", b"<b>&gt;"),
        (b"%PDF-1.7\n", b"/ObjStm stream\n"),
        (b"%PDF-1.7\n", b"/#4"),
        (b"<svg ", b"j \t"),
        (b"<svg>", b"<a "),
        (b"<!--", b"<!--"),
        (b"PK\x03\x04", b"PK\x05\x06"),
        (b"PK\x03\x04", b"PK\x01\x02"),
        (b"", b"["),
        (b"\xff\xd8\xff", b"\xff\xe1\0\x02"),
    ];
    for (beginning, pattern) in patterns {
        let mut bytes = beginning.to_vec();
        bytes.extend(pattern.iter().cycle().take(full - bytes.len()));
        let started = std::time::Instant::now();
        detect_whole(&bytes, Wanted::ALL);
        // Without optimisation, on a busy machine: what is quadratic takes many minutes.
        assert!(started.elapsed().as_secs() < 60, "{}", String::from_utf8_lossy(pattern));
    }
}
