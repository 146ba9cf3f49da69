//! The object key that an event names.

use percent_encoding::percent_decode_str;

use super::Unreadable;

/// What S3 and the stores like it allow.
pub(super) const MAX_KEY_BYTES: usize = 1024;

/// A key as S3's notifications write it: form-encoded, `+` for a space, then percent signs.
///
/// A percent sign without two hex digits behind it stays what it is, for stores that send keys unencoded. Whether such
/// a store's `+` or `%41` is meant literally can't be told; our own keys contain neither.
pub(super) fn form_encoded(text: &str) -> Result<String, Unreadable> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| Unreadable::KeyNotUtf8)?;
    literal(&decoded)
}

/// A key that is written as it is.
pub(super) fn literal(text: &str) -> Result<String, Unreadable> {
    match text {
        "" => Err(Unreadable::KeyEmpty),
        key if key.len() > MAX_KEY_BYTES => Err(Unreadable::KeyTooLong(key.len())),
        key if key.contains('\0') => Err(Unreadable::KeyHasNul),
        key => Ok(key.to_owned()),
    }
}
