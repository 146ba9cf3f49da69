//! The fields of an event, read as tolerantly as each allows.

use serde_json::Value;

use super::Unreadable;

/// S3's own bound for a version id, the longest of these texts.
const MAX_BYTES: usize = 1024;

/// The text at `pointer`, if it is one that can be logged and stored: not empty, not endless, no control characters.
pub(super) fn text(event: &Value, pointer: &str) -> Option<String> {
    let text = event.pointer(pointer)?.as_str()?;
    let usable = !text.is_empty() && text.len() <= MAX_BYTES && !text.contains(char::is_control);
    usable.then(|| text.to_owned())
}

/// The text at `pointer`, which every event has.
pub(super) fn required(event: &Value, pointer: &'static str) -> Result<String, Unreadable> {
    text(event, pointer).ok_or(Unreadable::Missing(pointer))
}

/// The text at `pointer`, whatever it contains.
pub(super) fn raw<'e>(event: &'e Value, pointer: &'static str) -> Result<&'e str, Unreadable> {
    event.pointer(pointer).and_then(Value::as_str).ok_or(Unreadable::Missing(pointer))
}

/// A size in bytes. What is no whole number from 0 to `i64::MAX` says nothing.
pub(super) fn size(event: &Value, pointer: &str) -> Option<i64> {
    event.pointer(pointer)?.as_i64().filter(|bytes| *bytes >= 0)
}

/// An etag without the quotes that some stores leave around it.
pub(super) fn etag(event: &Value, pointer: &str) -> Option<String> {
    let etag = text(event, pointer)?;
    let bare = etag.trim_matches('"');
    (!bare.is_empty()).then(|| bare.to_owned())
}
