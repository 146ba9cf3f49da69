//! The table `timeline`: how each upload came to its status.

use super::{Db, DbError};
use crate::domain::{UploadId, UploadStatus};

/// Why a status changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A client's call, made with this API key.
    Client(String),
    /// The store's event, in this message.
    Event(String),
    /// A client said that it had finished.
    Hint,
    /// A worker looked by itself because the upload was due.
    Sweep,
}

impl Cause {
    /// The name used in the database.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Client(_) => "client",
            Self::Event(_) => "event",
            Self::Hint => "hint",
            Self::Sweep => "sweep",
        }
    }

    /// Which one it was.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Client(id) | Self::Event(id) => Some(id),
            Self::Hint | Self::Sweep => None,
        }
    }
}

/// One line of an upload's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: jiff::Timestamp,
    /// The status from then on.
    pub status: UploadStatus,
    /// Why: `client`, `event`, `hint` or `sweep`.
    pub cause: String,
    /// Which one: an API key's id or a message's.
    pub cause_id: Option<String>,
}

const OF_UPLOAD: &str = "-- timeline.of_upload
    SELECT at, status, cause, cause_id FROM timeline WHERE upload_id = $1 ORDER BY id";

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[OF_UPLOAD];

/// The timeline of an upload, oldest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn of_upload(db: &Db, id: UploadId) -> Result<Vec<Entry>, DbError> {
    const OPERATION: &str = "read a timeline";
    let rows = db.rows(OPERATION, OF_UPLOAD, &[&id.0]).await?;
    rows.iter()
        .map(|row| {
            let status: &str = row.get("status");
            Ok(Entry {
                at: row.get("at"),
                status: UploadStatus::parse(status)
                    .ok_or_else(|| DbError::unreadable(OPERATION, format!("unknown status {status}")))?,
                cause: row.get("cause"),
                cause_id: row.get("cause_id"),
            })
        })
        .collect()
}
