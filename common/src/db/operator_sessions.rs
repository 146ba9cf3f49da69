//! The table `operator_sessions`: which browsers an API key was exchanged for.

use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::api_keys::{self, FoundKey};
use super::{Db, DbError};
use crate::domain::Sha256;

/// How long a session goes on that nobody uses.
pub const IDLE: Duration = Duration::from_hours(2);
/// How long a session goes on at the most.
pub const LONGEST: Duration = Duration::from_hours(12);

/// Whoever opens one takes away what has ended.
const INSERT: &str = "-- operator_sessions.insert
    WITH ended AS (
        DELETE FROM operator_sessions WHERE expires_at <= now() OR used_at <= now() - make_interval(secs => $4)
    )
    INSERT INTO operator_sessions (hash, key_id, expires_at)
    SELECT $1, k.id, least(now() + make_interval(secs => $3), k.expires_at) FROM api_keys k WHERE k.id = $2
    RETURNING expires_at";

/// It writes nothing: operators have to see a database that takes no writes.
const FIND: &str = "-- operator_sessions.find
    SELECT k.id, k.tenant, k.all_tenants, k.name, k.scopes, k.expires_at, false AS is_revoked,
        EXTRACT(EPOCH FROM k.expires_at - now())::float8 AS works_for, s.expires_at AS ends_at,
        s.used_at < now() - interval '1 minute' AS is_to_be_noted
    FROM operator_sessions s JOIN api_keys k ON k.id = s.key_id
    WHERE s.hash = $1 AND s.expires_at > now() AND s.used_at > now() - make_interval(secs => $2)
        AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())";

/// That it was used is written once a minute, not with each request.
const NOTE_USE: &str = "-- operator_sessions.note_use
    UPDATE operator_sessions SET used_at = now() WHERE hash = $1 AND used_at < now() - interval '1 minute'";

/// Its streams end with it, in whichever process.
const CLOSE: &str = "-- operator_sessions.close
    WITH closed AS (DELETE FROM operator_sessions WHERE hash = $1 RETURNING key_id)
    SELECT pg_notify('sluice_keys', key_id::text) FROM closed";

/// A session that goes on, and whose key works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSession {
    /// The key behind it.
    pub key: FoundKey,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
    /// Whether its use was last noted more than a minute ago.
    pub is_to_be_noted: bool,
}

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[INSERT, FIND, NOTE_USE, CLOSE];

/// Keeps a session, by the hash of its secret, for whoever holds this key. Gives when it ends at the latest.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(db: &Db, hash: Sha256, key: Uuid) -> Result<Timestamp, DbError> {
    const OPERATION: &str = "keep an operator's session";
    let rows = db.rows(OPERATION, INSERT, &[&&hash.0[..], &key, &LONGEST.as_secs_f64(), &IDLE.as_secs_f64()]).await?;
    let ends = rows.first().map(|row| row.get("expires_at"));
    ends.ok_or_else(|| DbError::unreadable(OPERATION, "its API key is gone"))
}

/// The session of this hash, if it and the key behind it are good.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &Db, hash: Sha256) -> Result<Option<FoundSession>, DbError> {
    const OPERATION: &str = "look up an operator's session";
    let rows = db.rows(OPERATION, FIND, &[&&hash.0[..], &IDLE.as_secs_f64()]).await?;
    let read = |row: &Row| {
        let key = api_keys::found(OPERATION, row)?;
        Ok(FoundSession { key, ends_at: row.get("ends_at"), is_to_be_noted: row.get("is_to_be_noted") })
    };
    rows.first().map(read).transpose()
}

/// Notes that a session was used just now, unless that was noted within a minute.
///
/// # Errors
/// Where the database does not answer, or takes no writes.
pub async fn note_use(db: &Db, hash: Sha256) -> Result<(), DbError> {
    db.rows("note the use of an operator's session", NOTE_USE, &[&&hash.0[..]]).await.map(drop)
}

/// Ends a session.
///
/// # Errors
/// Where the database does not answer.
pub async fn close(db: &Db, hash: Sha256) -> Result<(), DbError> {
    db.rows("close an operator's session", CLOSE, &[&&hash.0[..]]).await.map(drop)
}
