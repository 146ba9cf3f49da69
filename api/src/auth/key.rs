//! How an API key is made and written.
//!
//! No secret is compared with another here or anywhere: a key is looked up by its SHA-256, and how long that takes tells of the
//! hash at most, of which nobody gets back to 256 random bits. Signatures are checked by `jsonwebtoken`, in constant time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use sluice_common::domain::Sha256;

/// What every key begins with, so that a leaked one is recognised by people and by scanners.
pub(super) const PREFIX: &str = "sluice_";

/// The random part, in bytes: nobody guesses 256 bits, so a fast hash is enough to keep it by.
const RANDOM: usize = 32;

/// A key that was just made. It is shown once and kept nowhere.
pub struct NewKey {
    /// The key.
    pub text: String,
    /// What is kept of it.
    pub hash: Sha256,
}

impl NewKey {
    /// Makes a key.
    ///
    /// # Errors
    /// Where the system gives no random bytes.
    pub fn generate() -> Result<Self, String> {
        let mut random = [0; RANDOM];
        OsRng.try_fill_bytes(&mut random).map_err(|error| format!("the system gives no random bytes: {error}"))?;
        let text = format!("{PREFIX}{}", BASE64.encode(random));
        let hash = Sha256::of(text.as_bytes());
        Ok(Self { text, hash })
    }
}

/// The hash of a key, if this is written like one.
pub fn hash_of(text: &str) -> Option<Sha256> {
    let random = BASE64.decode(text.strip_prefix(PREFIX)?).ok()?;
    (random.len() == RANDOM).then(|| Sha256::of(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_so_that_it_is_known_again() {
        let key = NewKey::generate().expect("random bytes");
        assert_eq!(key.text.len(), PREFIX.len() + 43);
        assert_eq!(hash_of(&key.text), Some(key.hash));
        assert_ne!(key.text, NewKey::generate().expect("random bytes").text);
    }

    #[test]
    fn what_is_no_key_needs_no_look_up() {
        for text in ["", "sluice_", "sluice_short", &"x".repeat(50), "sluice_näh"] {
            assert_eq!(hash_of(text), None, "{text}");
        }
    }
}
