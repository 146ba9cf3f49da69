//! What a file's first bytes show it to be.

use super::MediaType;

/// How much of an object is read, in bytes: as far as `infer` looks.
pub const HEAD_LENGTH: usize = 8192;

/// What the bytes show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detected {
    /// Exactly this type.
    Type(MediaType),
    /// Text without a magic number; which kind of text, bytes don't tell.
    Text,
    /// Nothing that is known.
    Unknown,
}

impl Detected {
    /// The type shown, with plain text for text that could be of several kinds.
    pub fn media_type(&self) -> Option<MediaType> {
        match self {
            Self::Type(media_type) => Some(media_type.clone()),
            Self::Text => Some(MediaType::known("text/plain")),
            Self::Unknown => None,
        }
    }
}

/// What these bytes, the first [`HEAD_LENGTH`] of a file or all of it, show.
pub fn detect(head: &[u8]) -> Detected {
    let window = &head[..head.len().min(HEAD_LENGTH)];
    match infer::get(window) {
        Some(found) => Detected::Type(MediaType::known(found.mime_type())),
        None if is_text(window) => Detected::Text,
        None => Detected::Unknown,
    }
}

/// Whether these bytes are UTF-8 text: no control characters but those that lay text out. A character that the end of the
/// window cuts in two does not count against it.
fn is_text(window: &[u8]) -> bool {
    let text = match std::str::from_utf8(window) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && window.len() == HEAD_LENGTH => {
            std::str::from_utf8(&window[..error.valid_up_to()]).expect("valid up to there")
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shows(head: &[u8]) -> String {
        match detect(head) {
            Detected::Type(media_type) => media_type.to_string(),
            Detected::Text => "text".to_owned(),
            Detected::Unknown => "unknown".to_owned(),
        }
    }

    #[test]
    fn magic_numbers_are_told_apart_under_their_usual_names() {
        for (head, expected) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"GIF89a\x01\0\x01\0", "image/gif"),
            (b"%PDF-1.7\n", "application/pdf"),
            (b"#!/bin/sh\necho hello\n", "text/x-shellscript"),
            (b"<!DOCTYPE html><script>", "text/html"),
            (b"MZ\x90\0\x03\0\0\0", "application/vnd.microsoft.portable-executable"),
            (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
        ] {
            assert_eq!(shows(head), expected);
        }
    }

    #[test]
    fn text_is_utf8_without_control_characters() {
        assert_eq!(shows("name,city\nZoë,Köln\n".as_bytes()), "text");
        assert_eq!(shows(b"plain\0binary"), "unknown");
        assert_eq!(shows(b"caf\xe9 in Latin-1"), "unknown");
        assert_eq!(shows(b""), "unknown");
    }

    #[test]
    fn a_character_cut_by_the_window_does_not_make_text_binary() {
        let mut text = vec![b'a'; HEAD_LENGTH - 1];
        text.extend("é".as_bytes());
        assert_eq!(shows(&text), "text");
        // A file that really ends in half a character is no text.
        assert_eq!(shows(&"é".as_bytes()[..1]), "unknown");
    }

    #[test]
    fn only_the_window_is_looked_at() {
        let mut bytes = vec![b'a'; HEAD_LENGTH];
        bytes.push(0);
        assert_eq!(shows(&bytes), "text");
    }

    proptest::proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..HEAD_LENGTH)) {
            detect(&bytes);
        }
    }
}
