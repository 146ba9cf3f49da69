//! Why a message, or one record of it, can't be read.

use super::key::MAX_KEY_BYTES;

/// Long enough for any version or service name that a store writes.
const MAX_QUOTED_CHARS: usize = 32;

/// Why a message, or one record of it, can't be read. The sentence is short and quotes nothing a client chose, so that
/// it may be logged and stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Broken or truncated JSON, or more deeply nested than any event.
    #[error("the body is not JSON: it can't be read at line {line}, column {column}")]
    NotJson {
        /// Counted from 1, within the innermost envelope.
        line: usize,
        /// Counted from 1; 0 at the start of a line.
        column: usize,
    },
    /// JSON, and nothing a store would send.
    #[error("the body is no event: it has neither Records, nor a detail-type, nor SNS's Type")]
    NoEvent,
    /// A list of records was announced and is something else.
    #[error("the body's Records is not a list")]
    RecordsNotAList,
    /// An event about nothing.
    #[error("the body's Records is empty")]
    RecordsEmpty,
    /// SNS about itself. A subscription that waits to be confirmed will bring no events until somebody does.
    #[error("SNS sent a {0}, not an event")]
    SnsItself(&'static str),
    /// Envelopes inside envelopes.
    #[error("the event is inside more than {max} envelopes", max = super::MAX_WRAPPERS)]
    WrappedTooOften,
    /// EventBridge forwarded another service's event: its rule is too wide.
    #[error("the event comes from '{0}', not from aws.s3")]
    ForeignSource(String),
    /// A major version that nobody has read the documentation of yet.
    #[error("the event's version is '{0}'; only 2.x is understood")]
    Version(String),
    /// Something that every event has, and this one has not.
    #[error("the event has no usable text at {0}")]
    Missing(&'static str),
    /// No key at all would be a question about the whole bucket.
    #[error("the object's key is empty")]
    KeyEmpty,
    /// No store takes such a key, and asking for it would look like a failure of the store.
    #[error("the object's key has {0} bytes; a key has at most {MAX_KEY_BYTES}")]
    KeyTooLong(usize),
    /// The bytes behind the percent signs are no text.
    #[error("the object's key is not UTF-8 once decoded")]
    KeyNotUtf8,
    /// Postgres can't hold such text, and asking it would look like a failure of the database.
    #[error("the object's key contains NUL")]
    KeyHasNul,
}

impl Unreadable {
    pub(super) fn version(text: &str) -> Self {
        Self::Version(quoted(text))
    }

    pub(super) fn foreign_source(text: &str) -> Self {
        Self::ForeignSource(quoted(text))
    }
}

fn quoted(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_QUOTED_CHARS).collect()
}
