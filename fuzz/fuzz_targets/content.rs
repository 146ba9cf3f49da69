//! Whether any file does harm where its type is detected.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sluice_common::domain::{Detected, HEAD_LENGTH, MediaType, detect};

fuzz_target!(|bytes: &[u8]| {
    let shown = detect(bytes);
    assert_eq!(shown, detect(&bytes[..bytes.len().min(HEAD_LENGTH)]), "only the head counts");
    if let Some(media_type) = shown.media_type() {
        // It is stored by its name, and read back from it.
        assert_eq!(MediaType::parse(media_type.as_str()).ok(), Some(media_type));
    }
    if shown == Detected::Text {
        assert!(!bytes.is_empty(), "nothing is no text");
    }
});
