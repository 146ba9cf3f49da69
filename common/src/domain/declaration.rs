//! What a client promises of the bytes it is going to send.

use std::collections::BTreeMap;
use std::fmt;

use super::MediaType;

/// Why a text is not what it was read as: a sentence for the person who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotA(pub &'static str);

/// What the client promised: file name, content type and, if it said so, size and checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// The name that downloads are given.
    pub filename: FileName,
    /// The type, as the client will send it in its `content-type` header.
    pub content_type: ContentType,
    /// The exact size.
    pub size: Option<ByteCount>,
    /// The SHA-256 of the bytes.
    pub sha256: Option<Sha256>,
}

/// A file's name as its owner knows it: 1 to 255 characters, none of them a control character, a path separator or one that
/// turns the direction of text around.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 255;

    /// Reads a file name.
    ///
    /// # Errors
    /// A sentence saying which rule the name breaks.
    pub fn parse(name: &str) -> Result<Self, NotA> {
        let turns_text = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if name.trim().is_empty() {
            Err(NotA("a file name must not be empty"))
        } else if name.chars().count() > Self::MAX_CHARS {
            Err(NotA("a file name has at most 255 characters"))
        } else if name.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
            Err(NotA("a file name must not hold control characters"))
        } else if name.contains(['/', '\\']) {
            Err(NotA("a file name must not hold path separators"))
        } else if name.contains(turns_text) {
            // `exe.gnp` shown as `png.exe`, or the other way round.
            Err(NotA("a file name must not hold characters that change the direction of text"))
        } else if matches!(name, "." | "..") {
            Err(NotA("'.' and '..' are not file names"))
        } else {
            Ok(Self(name.to_owned()))
        }
    }

    /// A name that was taken earlier, by the rules of its time.
    pub fn recorded(name: String) -> Self {
        Self(name)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A content type exactly as declared, parameters and spelling kept, because the client's PUT must repeat it to the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentType {
    declared: String,
    media_type: MediaType,
}

impl ContentType {
    /// The longest declaration, in bytes.
    pub const MAX_LENGTH: usize = 255;

    /// Reads a content type such as `image/png` or `text/csv; charset=utf-8`.
    ///
    /// # Errors
    /// A sentence saying what a content type looks like.
    pub fn parse(text: &str) -> Result<Self, NotA> {
        let declared = text.trim();
        if declared.len() > Self::MAX_LENGTH {
            return Err(NotA("a content type has at most 255 characters"));
        }
        if !declared.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Err(NotA("a content type holds printable ASCII characters only"));
        }
        Ok(Self { media_type: MediaType::parse(declared)?, declared: declared.to_owned() })
    }

    /// As the client wrote it, and as its PUT must repeat it.
    pub fn as_declared(&self) -> &str {
        &self.declared
    }

    /// The same in one spelling, however it was written: to compare it, not to send it.
    pub fn in_one_spelling(&self) -> String {
        // What is quoted may hold all that means something elsewhere.
        if self.declared.contains('"') {
            return self.declared.clone();
        }
        let mut pieces = self.declared.split(';');
        let essence = pieces.next().unwrap_or_default().trim().to_ascii_lowercase();
        let mut parameters: Vec<String> = pieces.map(|piece| parameter(piece.trim())).collect();
        parameters.retain(|parameter| !parameter.is_empty());
        parameters.sort();
        [essence].into_iter().chain(parameters).collect::<Vec<_>>().join("; ")
    }

    /// The type it names, without parameters and under its usual name.
    pub fn media_type(&self) -> &MediaType {
        &self.media_type
    }
}

/// A parameter of a content type in one spelling. Names are the same in capitals, and so are those of charsets.
fn parameter(written: &str) -> String {
    let Some((name, value)) = written.split_once('=') else { return written.to_ascii_lowercase() };
    let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
    let value = if name == "charset" { value.to_ascii_lowercase() } else { value.to_owned() };
    format!("{name}={value}")
}

/// A number of bytes, never negative. Objects can be 50 TB, so 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteCount(i64);

impl ByteCount {
    /// No bytes.
    pub const ZERO: Self = Self(0);

    /// A count of bytes.
    ///
    /// # Errors
    /// Where it is negative.
    pub fn new(bytes: i64) -> Result<Self, NotA> {
        if bytes >= 0 { Ok(Self(bytes)) } else { Err(NotA("a size must not be negative")) }
    }

    /// The count.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 byte"),
            n => write!(f, "{n} bytes"),
        }
    }
}

/// A SHA-256 checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// The checksum of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// A sentence saying how a checksum is written.
    pub fn parse_hex(text: &str) -> Result<Self, NotA> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotA("a SHA-256 is written as 64 hexadecimal digits"))?;
        Ok(Self(bytes))
    }

    /// As 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

/// What the application wants to remember with an upload; Sluice only keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// The most entries.
    pub const MAX_ENTRIES: usize = 32;
    /// The longest key, in characters.
    pub const MAX_KEY_CHARS: usize = 64;
    /// The longest value, in characters.
    pub const MAX_VALUE_CHARS: usize = 1024;
    /// The most of all keys and values together, in bytes.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Checks entries against the limits.
    ///
    /// # Errors
    /// A sentence naming the limit that is broken.
    pub fn new(entries: BTreeMap<String, String>) -> Result<Self, NotA> {
        let key_fits = |key: &str| (1..=Self::MAX_KEY_CHARS).contains(&key.chars().count());
        if entries.len() > Self::MAX_ENTRIES {
            Err(NotA("metadata has at most 32 entries"))
        } else if !entries.keys().all(|key| key_fits(key)) {
            Err(NotA("a metadata key has 1 to 64 characters"))
        } else if entries.values().any(|value| value.chars().count() > Self::MAX_VALUE_CHARS) {
            Err(NotA("a metadata value has at most 1,024 characters"))
        } else if entries.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > Self::MAX_BYTES {
            Err(NotA("metadata has at most 16 KiB"))
        } else if entries.iter().any(|(key, value)| key.chars().chain(value.chars()).any(|c| c == '\0')) {
            Err(NotA("metadata must not hold NUL characters"))
        } else {
            Ok(Self(entries))
        }
    }

    /// Entries that were taken earlier, by the limits of their time.
    pub fn recorded(entries: BTreeMap<String, String>) -> Self {
        Self(entries)
    }

    /// The entries.
    pub fn entries(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_keeps_every_script_and_sign_that_a_person_would_use() {
        for name in ["photo.jpg", "Rechnung März (2).pdf", "写真.png", "no extension", ".hidden", "a'b\"c;d%20.txt"]
        {
            assert_eq!(FileName::parse(name).expect(name).as_str(), name);
        }
    }

    #[test]
    fn a_file_name_that_could_harm_is_refused_with_a_sentence() {
        let long = "x".repeat(256);
        for (name, says) in [
            ("", "empty"),
            ("  ", "empty"),
            ("a\nb", "control"),
            ("a\0b", "control"),
            ("a\u{2028}b", "control"),
            ("../etc/passwd", "separators"),
            ("a\\b", "separators"),
            ("photo\u{202e}gnp.exe", "direction"),
            ("..", "not file names"),
            (&long, "255"),
        ] {
            let refusal = FileName::parse(name).expect_err(name).to_string();
            assert!(refusal.contains(says), "{name:?}: {refusal}");
        }
    }

    #[test]
    fn a_content_type_keeps_its_spelling_and_knows_its_usual_name() {
        let declared = ContentType::parse("Image/JPG; q=1").expect("valid");
        assert_eq!(declared.as_declared(), "Image/JPG; q=1");
        assert_eq!(declared.media_type().as_str(), "image/jpeg");
        for bad in ["", "png", "image/", "/png", "image/png\r\nx: y", "image/ png", "imäge/png"] {
            assert!(ContentType::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_checksum_is_sixty_four_hexadecimal_digits() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Sha256::of(b"").to_hex(), empty);
        assert_eq!(Sha256::parse_hex(&empty.to_uppercase()), Ok(Sha256::of(b"")));
        assert!(Sha256::parse_hex(&empty[1..]).is_err());
        assert!(Sha256::parse_hex("not hexadecimal").is_err());
    }

    #[test]
    fn metadata_is_refused_past_each_limit() {
        let one = |key: &str, value: &str| Metadata::new([(key.to_owned(), value.to_owned())].into());
        assert!(one("album", "Paris").is_ok());
        assert!(one("", "x").is_err());
        assert!(one(&"k".repeat(65), "x").is_err());
        assert!(one("k", &"v".repeat(1025)).is_err());
        assert!(one("k", "a\0b").is_err());
        assert!(Metadata::new((0..17).map(|n| (n.to_string(), "v".repeat(1024))).collect()).is_err());
        assert!(Metadata::new((0..33).map(|n| (n.to_string(), String::new())).collect()).is_err());
    }
}
