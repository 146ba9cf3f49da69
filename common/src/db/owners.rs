//! Which uploads own the objects of a listed page, read from the table `uploads`.

use tokio_postgres::Row;
use uuid::Uuid;

use super::{Db, DbError};
use crate::domain::{ObjectKey, UploadId, UploadStatus};

/// An upload, as far as it matters to whom an object belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The upload.
    pub id: UploadId,
    /// Where it stands.
    pub status: UploadStatus,
    /// Where its grant writes.
    pub grant_key: ObjectKey,
    /// Where its object stays, if one was seen.
    pub object_key: Option<String>,
    /// The multipart upload that its parts are sent to, if it is sent in parts.
    pub multipart_id: Option<String>,
}

/// A confirmed upload's object, which must be in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// The upload.
    pub id: UploadId,
    /// Where its object stays.
    pub key: String,
    /// In which version, where the bucket keeps versions.
    pub version_id: Option<String>,
}

const FIND: &str = "-- owners.find
    SELECT id, status, grant_key, object_key, multipart_id FROM uploads WHERE id = ANY ($1)";

/// In the order of the bytes, as buckets list. Both bounds are always given, so that the index is used for both.
const CONFIRMED_BETWEEN: &str = "-- owners.confirmed_between
    SELECT id, object_key, object_version_id FROM uploads
    WHERE status = 'confirmed' AND object_key COLLATE \"C\" > $1 AND object_key COLLATE \"C\" <= $2
    ORDER BY object_key COLLATE \"C\" LIMIT $3";

/// The statements of this view of the table.
pub const STATEMENTS: &[&str] = &[FIND, CONFIRMED_BETWEEN];

/// Behind every key that this service makes.
const BEHIND_ALL: &str = "\u{10ffff}";

/// The uploads with these ids, as far as there are any.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &Db, ids: &[UploadId]) -> Result<Vec<Owner>, DbError> {
    const OPERATION: &str = "look up whose objects these are";
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let read = |row: &Row| {
        let status: &str = row.get("status");
        Ok(Owner {
            id: UploadId(row.get("id")),
            status: UploadStatus::parse(status)
                .ok_or_else(|| DbError::unreadable(OPERATION, format!("unknown status {status}")))?,
            grant_key: ObjectKey::recorded(row.get("grant_key")),
            object_key: row.get("object_key"),
            multipart_id: row.get("multipart_id"),
        })
    };
    db.rows(OPERATION, FIND, &[&ids]).await?.iter().map(read).collect()
}

/// The confirmed uploads whose objects' keys are behind `after` and not behind `to`, the first `limit` of them by key. Without
/// a bound that side is open.
///
/// # Errors
/// Where the database does not answer.
pub async fn confirmed_between(
    db: &Db,
    after: Option<&str>,
    to: Option<&str>,
    limit: i64,
) -> Result<Vec<Confirmed>, DbError> {
    let bounds = (before_nul(after.unwrap_or("")), before_nul(to.unwrap_or(BEHIND_ALL)));
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&bounds.0, &bounds.1, &limit];
    let rows = db.rows("look up which objects must be there", CONFIRMED_BETWEEN, &parameters).await?;
    let read = |row: &Row| Confirmed {
        id: UploadId(row.get("id")),
        key: row.get("object_key"),
        version_id: row.get("object_version_id"),
    };
    Ok(rows.iter().map(read).collect())
}

/// A foreign key may hold NUL, which Postgres' text can't. Between the part before it and the whole key lies no key of ours.
fn before_nul(key: &str) -> &str {
    key.split('\0').next().unwrap_or(key)
}
