//! The table `dead_events`: messages that no upload can be settled by, for an operator to see.

use super::{Db, DbError};

/// A redelivered message is kept once. Postgres' text holds no NUL.
const KEEP: &str = "-- dead_events.keep
    INSERT INTO dead_events (message_id, body, reason) VALUES ($1, $2, $3) ON CONFLICT (message_id) DO NOTHING";

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[KEEP];

/// Keeps a message and why it is of no use.
///
/// # Errors
/// Where the database does not answer.
pub async fn keep(db: &Db, message_id: &str, body: &str, reason: &str) -> Result<(), DbError> {
    let body = body.replace('\0', "\u{fffd}");
    db.rows("keep a dead event", KEEP, &[&message_id, &body, &reason]).await.map(drop)
}
