//! Whether any file does harm where its type is detected.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sluice_common::domain::MediaType;
use sluice_common::domain::content::{
    Detected, Glimpse, HEAD_LENGTH, LONGEST_LOOK, Part, Wanted, detect, detect_whole, second_look,
};

fuzz_target!(|bytes: &[u8]| {
    let content = detect_whole(bytes, Wanted::ALL);
    if let Some(media_type) = content.detected.media_type() {
        // It is stored by its name, and read back from it.
        assert_eq!(MediaType::parse(media_type.as_str()).ok(), Some(media_type));
    }
    if matches!(content.detected, Detected::Text(_)) {
        assert!(!bytes.is_empty(), "nothing is no text");
    }
    as_a_larger_file(bytes);
});

/// The same bytes as the head of a file and as what was read at the second look, of any size that these allow.
fn as_a_larger_file(bytes: &[u8]) {
    let (head, second) = bytes.split_at(bytes.len().min(HEAD_LENGTH).min(bytes.len() / 2));
    for size in [bytes.len() as u64, 1 << 20, u64::MAX] {
        let Some(range) = second_look(head, size, Wanted::ALL) else { continue };
        assert!(range.start < range.end && range.end <= size, "no range leads out of the file");
        assert!(range.end - range.start <= LONGEST_LOOK as u64, "no range is longer than it may be");
        let length = second.len().min(usize::try_from(range.end - range.start).expect("at most 1 MiB"));
        let part = Part { offset: range.start, bytes: &second[..length] };
        detect(&Glimpse { size, head, second: Some(part) });
    }
}
