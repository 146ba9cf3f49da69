//! The table `dead_events`: messages that no upload can be settled by, for an operator to see.

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Db, DbError};
use crate::domain::UploadId;

/// A message that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadEvent {
    /// The row's id.
    pub id: i64,
    /// The message's id.
    pub message_id: String,
    /// What it said.
    pub body: String,
    /// Why it is of no use.
    pub reason: String,
    /// When it was kept.
    pub at: Timestamp,
    /// The upload that it speaks of, if that could be told.
    pub upload: Option<UploadId>,
}

/// A redelivered message is kept once. Postgres' text holds no NUL.
const KEEP: &str = "-- dead_events.keep
    INSERT INTO dead_events (message_id, body, reason, upload_id) VALUES ($1, $2, $3, $4)
    ON CONFLICT (message_id) DO NOTHING";

const LIST: &str = "-- dead_events.list
    SELECT id, message_id, body, reason, at, upload_id FROM dead_events WHERE id > $1 ORDER BY id LIMIT $2";

const LATEST: &str = "-- dead_events.latest
    SELECT id, message_id, body, reason, at, upload_id FROM dead_events WHERE id < $1 ORDER BY id DESC LIMIT $2";

const FIND: &str = "-- dead_events.find
    SELECT id, message_id, body, reason, at, upload_id FROM dead_events WHERE id = $1";

const OF_UPLOAD: &str = "-- dead_events.of_upload
    SELECT id, message_id, body, reason, at, upload_id FROM dead_events WHERE upload_id = $1 ORDER BY id DESC LIMIT $2";

/// Counted no further than somebody would read.
const COUNT: &str = "-- dead_events.count
    SELECT count(*) AS count FROM (SELECT FROM dead_events LIMIT $1) AS few";

const DROP: &str = "-- dead_events.drop
    DELETE FROM dead_events WHERE id = $1 RETURNING id";

/// Only as far as was seen: what is kept meanwhile has been read by nobody.
const DROP_TO: &str = "-- dead_events.drop_to
    WITH dropped AS (
        DELETE FROM dead_events WHERE id IN (SELECT id FROM dead_events WHERE id <= $1 ORDER BY id LIMIT $2) RETURNING id
    )
    SELECT count(*) AS dropped FROM dropped";

const LAST: &str = "-- dead_events.last
    SELECT max(id) AS id FROM dead_events";

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[KEEP, LIST, LATEST, FIND, OF_UPLOAD, COUNT, DROP, DROP_TO, LAST];

/// Keeps a message, why it is of no use, and which upload it speaks of, if that can be told.
///
/// # Errors
/// Where the database does not answer.
pub async fn keep(
    db: &Db,
    message_id: &str,
    body: &str,
    reason: &str,
    upload: Option<UploadId>,
) -> Result<(), DbError> {
    let body = body.replace('\0', "\u{fffd}");
    let upload = upload.map(|id| id.0);
    db.rows("keep a dead event", KEEP, &[&message_id, &body, &reason, &upload]).await.map(drop)
}

/// A page of what was kept, oldest first, beginning behind this row's id.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(db: &Db, after: i64, limit: i64) -> Result<Vec<DeadEvent>, DbError> {
    let rows = db.rows("list dead events", LIST, &[&after, &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

/// A page of what was kept, newest first, beginning before this row's id.
///
/// # Errors
/// Where the database does not answer.
pub async fn latest(db: &Db, before: Option<i64>, limit: i64) -> Result<Vec<DeadEvent>, DbError> {
    let rows = db.rows("list the latest dead events", LATEST, &[&before.unwrap_or(i64::MAX), &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

/// The one with this id, if there is one.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &Db, id: i64) -> Result<Option<DeadEvent>, DbError> {
    Ok(db.rows("look up a dead event", FIND, &[&id]).await?.first().map(from_row))
}

/// Up to `limit` of those that speak of this upload, newest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn of_upload(db: &Db, upload: UploadId, limit: i64) -> Result<Vec<DeadEvent>, DbError> {
    let rows = db.rows("look up the dead events of an upload", OF_UPLOAD, &[&upload.0, &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

/// How many there are, counted up to `most`.
///
/// # Errors
/// Where the database does not answer.
pub async fn count(db: &Db, most: i64) -> Result<i64, DbError> {
    let rows = db.rows("count dead events", COUNT, &[&most]).await?;
    Ok(rows.first().map_or(0, |row| row.get("count")))
}

fn from_row(row: &Row) -> DeadEvent {
    DeadEvent {
        id: row.get("id"),
        message_id: row.get("message_id"),
        body: row.get("body"),
        reason: row.get("reason"),
        at: row.get("at"),
        upload: row.get::<_, Option<Uuid>>("upload_id").map(UploadId),
    }
}

/// Drops one. Says whether it was there.
///
/// # Errors
/// Where the database does not answer.
pub async fn drop_one(db: &Db, id: i64) -> Result<bool, DbError> {
    Ok(!db.rows("drop a dead event", DROP, &[&id]).await?.is_empty())
}

/// Drops up to `limit` of those up to this row's id. Gives how many there were.
///
/// # Errors
/// Where the database does not answer.
pub async fn drop_to(db: &Db, id: i64, limit: i64) -> Result<i64, DbError> {
    let rows = db.rows("drop dead events", DROP_TO, &[&id, &limit]).await?;
    Ok(rows.first().map_or(0, |row| row.get("dropped")))
}

/// The id of the row that was kept last, if there is any.
///
/// # Errors
/// Where the database does not answer.
pub async fn last(db: &Db) -> Result<Option<i64>, DbError> {
    let rows = db.rows("look for the last dead event", LAST, &[]).await?;
    Ok(rows.first().and_then(|row| row.get("id")))
}
