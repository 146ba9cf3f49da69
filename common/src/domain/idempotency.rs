//! What makes two requests the same one: a key that the client chose, and what it came with.

use super::{NotA, Sha256};

/// A client's name for one request: 1 to 255 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The longest key, in characters.
    pub const MAX_LENGTH: usize = 255;

    /// Reads a key as it came in a header.
    ///
    /// # Errors
    /// A sentence saying how a key is written.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotA> {
        let is_printable = |b: &u8| (b' '..=b'~').contains(b);
        let fits = (1..=Self::MAX_LENGTH).contains(&bytes.len()) && bytes.iter().all(is_printable);
        let text = str::from_utf8(bytes).ok().filter(|_| fits);
        text.map(|text| Self(text.to_owned())).ok_or(NotA("a key has 1 to 255 printable ASCII characters"))
    }

    /// The key of one entry of a batch that came with this key. No client can send such a key by itself.
    #[must_use]
    pub fn of_entry(&self, place: usize) -> Self {
        Self(format!("{}\n{place}", self.0))
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key, and what was declared with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The key.
    pub key: IdempotencyKey,
    /// The checksum of the declaration as it is understood.
    pub fingerprint: Sha256,
    /// The checksum of the declaration as it was written, which is what former versions kept.
    pub as_written: Sha256,
}

impl Idempotency {
    /// Whether it is this that the key came with before.
    pub fn is(&self, kept: Sha256) -> bool {
        [self.fingerprint, self.as_written].contains(&kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_1_to_255_printable_ascii_characters() {
        for good in ["k", "a key: 7~", &"k".repeat(255)] {
            assert_eq!(IdempotencyKey::parse(good.as_bytes()).expect("good").as_str(), good);
        }
        for bad in ["".as_bytes(), "k".repeat(256).as_bytes(), "é".as_bytes(), b"\xff", b"a\tb", b"\x7f"] {
            assert!(IdempotencyKey::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_declaration_is_known_again_by_what_a_former_version_kept_of_it() {
        let [understood, written] = [Sha256::of(b"understood"), Sha256::of(b"written")];
        let key = IdempotencyKey::parse(b"k").expect("good");
        let asked = Idempotency { key, fingerprint: understood, as_written: written };
        assert!(asked.is(understood) && asked.is(written) && !asked.is(Sha256::of(b"another")));
    }

    #[test]
    fn the_key_of_an_entry_is_no_key_that_a_client_could_send() {
        let key = IdempotencyKey::parse(b"k").expect("good");
        assert_ne!(key.of_entry(1), key.of_entry(2));
        assert!(IdempotencyKey::parse(key.of_entry(1).as_str().as_bytes()).is_err());
    }
}
