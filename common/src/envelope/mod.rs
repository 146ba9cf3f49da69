//! What a message's body says.
//!
//! An event reaches the queue bare (S3's notification), inside SNS's envelope, or as EventBridge's. Events are
//! hints: each one only names an object to look at, so nothing here orders or compares them.

mod eventbridge;
mod field;
mod key;
mod s3;
mod sns;
mod unreadable;

#[cfg(test)]
mod tests;

use serde_json::Value;

pub use unreadable::Unreadable;

use crate::domain::{ObjectKey, UploadId};

/// SNS can't subscribe to SNS, so one wrapper is what stores produce; the second is for a forwarder between them.
const MAX_WRAPPERS: usize = 2;

/// One thing a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// An object came to be: settle the upload that owns its key.
    Created(ObjectEvent),
    /// Nothing to settle: a removal, a tagging, the store's test event.
    Ignored {
        /// The event's name, such as `TestEvent`, `ObjectRemoved:Delete` or `Object Deleted`.
        name: String,
    },
    /// A record that can't be read, beside others that may well be.
    Unreadable(Unreadable),
}

/// That an object was created. Only `bucket` and `key` decide anything; the rest was true when the store wrote the
/// event, may be outdated by now, and is for logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEvent {
    /// The bucket's name. Any bucket may be named here, not only ours.
    pub bucket: String,
    /// The object's key, decoded: 1 to 1,024 bytes without NUL.
    pub key: String,
    /// The event's name, such as `ObjectCreated:Put` or `Object Created: PutObject`.
    pub name: String,
    /// The object's size in bytes.
    pub size: Option<i64>,
    /// The object's etag, without quotes.
    pub etag: Option<String>,
    /// The object's version, where the bucket has versions.
    pub version_id: Option<String>,
    /// When it happened, in the store's own words; not every store writes a time zone.
    pub time: Option<String>,
}

/// Reads a message's body: at least one record, in the order they came.
///
/// # Errors
///
/// When the body as a whole is no event. Reading it again can't help.
pub fn parse(body: &str) -> Result<Vec<Record>, Unreadable> {
    let event = unwrap(body)?;
    if let Some(records) = event.get("Records") {
        s3::records(records)
    } else if let Some(name) = s3::test_event(&event) {
        Ok(vec![Record::Ignored { name }])
    } else if event.get("detail-type").is_some() {
        Ok(vec![eventbridge::record(&event)?])
    } else {
        Err(Unreadable::NoEvent)
    }
}

/// What a message speaks of, or why nobody can tell, for people.
pub fn says(body: &str) -> String {
    let speaks_of = |record: &Record| match record {
        Record::Created(event) => format!("{}/{}", event.bucket, event.key),
        Record::Ignored { name } => name.clone(),
        Record::Unreadable(why) => why.to_string(),
    };
    match parse(body) {
        Err(why) => why.to_string(),
        Ok(records) => records.iter().map(speaks_of).collect::<Vec<_>>().join(", "),
    }
}

/// The first upload whose object a message speaks of.
pub fn first_upload(body: &str) -> Option<UploadId> {
    let of = |record| match record {
        Record::Created(event) => ObjectKey::upload_id(&event.key),
        Record::Ignored { .. } | Record::Unreadable(_) => None,
    };
    parse(body).ok()?.into_iter().find_map(of)
}

/// The event inside SNS's envelopes, if there are any around it.
fn unwrap(body: &str) -> Result<Value, Unreadable> {
    let mut event = json(body)?;
    for _ in 0..MAX_WRAPPERS {
        match sns::message(&event)? {
            Some(message) => event = json(message)?,
            None => return Ok(event),
        }
    }
    match sns::message(&event)? {
        Some(_) => Err(Unreadable::WrappedTooOften),
        None => Ok(event),
    }
}

/// Read as a tree rather than into types, because serde's errors would quote the keys they stumble over, and because a
/// wrong type where nothing depends on it must not cost the event. serde_json itself refuses nesting beyond 128 levels.
fn json(text: &str) -> Result<Value, Unreadable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text).map_err(|error| Unreadable::NotJson { line: error.line(), column: error.column() })
}
