//! The table `dead_events`: messages that no upload can be settled by, for an operator to see.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::{Db, DbError};

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
}

/// A redelivered message is kept once. Postgres' text holds no NUL.
const KEEP: &str = "-- dead_events.keep
    INSERT INTO dead_events (message_id, body, reason) VALUES ($1, $2, $3) ON CONFLICT (message_id) DO NOTHING";

const LIST: &str = "-- dead_events.list
    SELECT id, message_id, body, reason, at FROM dead_events WHERE id > $1 ORDER BY id LIMIT $2";

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
pub const STATEMENTS: &[&str] = &[KEEP, LIST, DROP, DROP_TO, LAST];

/// Keeps a message and why it is of no use.
///
/// # Errors
/// Where the database does not answer.
pub async fn keep(db: &Db, message_id: &str, body: &str, reason: &str) -> Result<(), DbError> {
    let body = body.replace('\0', "\u{fffd}");
    db.rows("keep a dead event", KEEP, &[&message_id, &body, &reason]).await.map(drop)
}

/// A page of what was kept, oldest first, beginning behind this row's id.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(db: &Db, after: i64, limit: i64) -> Result<Vec<DeadEvent>, DbError> {
    let rows = db.rows("list dead events", LIST, &[&after, &limit]).await?;
    let read = |row: &Row| DeadEvent {
        id: row.get("id"),
        message_id: row.get("message_id"),
        body: row.get("body"),
        reason: row.get("reason"),
        at: row.get("at"),
    };
    Ok(rows.iter().map(read).collect())
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
