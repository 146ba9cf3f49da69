//! Which pending uploads are to be looked at, and which looks were cut off.

use std::time::Duration;

use tokio_postgres::Row;
use uuid::Uuid;

use super::{columns, readable};
use crate::db::{Db, DbError};
use crate::domain::{Tenant, Upload, UploadId};

/// The statements about looks.
pub const STATEMENTS: &[&str] = &[HINT, LOOKED_AT_LATE, CLAIM_DUE, BEGIN_LOOKS, END_LOOKS];

const HINT: &str = "-- uploads.hint
    WITH hinted AS (
        UPDATE uploads SET look_at = '-infinity' WHERE id = $1 AND tenant = $2 AND status = 'pending' RETURNING id
    )
    SELECT pg_notify('sluice_due', '') FROM hinted";

/// Hints are due at once, and are no sign that nobody looks.
const LOOKED_AT_LATE: &str = "-- uploads.looked_at_late
    SELECT EXISTS (
        SELECT FROM uploads
        WHERE status = 'pending' AND look_at > '-infinity' AND look_at < now() - make_interval(secs => $1)
    ) AS is_so";

/// Claims what is due by setting the next look: after as long again as the upload has waited, but at its deadline, and
/// every minute from then on until the bucket has answered. What a client asked for comes first. A first look counts as cut
/// off from the claim on, until it has ended; the count that is returned is the one before.
///
/// What is due is an array of ids: joined, it might be much for all that is known when it is planned, and all uploads would be read.
const CLAIM_DUE: &str = concat!(
    "-- uploads.claim_due
    WITH due AS (
        SELECT id, look_at = '-infinity' AS hinted, looks_cut_off AS cut_off_before FROM uploads
        WHERE status = 'pending' AND look_at <= now() ORDER BY look_at LIMIT $1
        FOR UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE uploads
        SET looks_cut_off = greatest(looks_cut_off, 1), look_at = CASE
            WHEN deadline <= now() THEN now() + interval '1 minute'
            ELSE least(deadline, now() + greatest(interval '1 minute', now() - created_at)) END
        WHERE id = ANY (ARRAY (SELECT id FROM due))
        RETURNING *
    )
    SELECT u.deadline <= now() AS overdue, due.hinted, due.cut_off_before, ",
    columns!(),
    " FROM claimed u JOIN due USING (id)"
);

/// What is pending has not been decided, which the schema sees to. Said like this, uploads are found by their ids: by the index of
/// what is pending it would be all that is, which is little now and may be much in an hour.
const BEGIN_LOOKS: &str = "-- uploads.begin_looks
    WITH held AS (SELECT id FROM uploads WHERE id = ANY ($1) AND decided_at IS NULL ORDER BY id FOR UPDATE)
    UPDATE uploads u SET looks_cut_off = looks_cut_off + 1 FROM held WHERE u.id = held.id";

const END_LOOKS: &str = "-- uploads.end_looks
    WITH held AS (SELECT id FROM uploads WHERE id = ANY ($1) AND decided_at IS NULL ORDER BY id FOR UPDATE)
    UPDATE uploads u SET looks_cut_off = 0 FROM held WHERE u.id = held.id";

/// Asks the workers to look at a pending upload now, before all that is due by time.
///
/// # Errors
/// Where the database does not answer.
pub async fn hint(db: &Db, tenant: &Tenant, id: UploadId) -> Result<(), DbError> {
    db.rows("ask for a look at an upload", HINT, &[&id.0, &tenant.as_str()]).await.map(drop)
}

/// Whether a pending upload has been due for longer than this, and nobody has looked.
///
/// # Errors
/// Where the database does not answer.
pub async fn are_looked_at_late(db: &Db, by: Duration) -> Result<bool, DbError> {
    let rows = db.rows("ask whether uploads are looked at", LOOKED_AT_LATE, &[&by.as_secs_f64()]).await?;
    Ok(rows.first().is_some_and(|row| row.get("is_so")))
}

/// A pending upload that is due for a look.
#[derive(Debug, Clone)]
pub struct Due {
    /// The upload.
    pub upload: Upload,
    /// Whether its deadline has passed.
    pub overdue: bool,
    /// Whether a client asked for the look.
    pub hinted: bool,
}

/// Claims up to `limit` pending uploads that are due for a look.
///
/// # Errors
/// Where the database does not answer.
pub async fn claim_due(db: &Db, limit: i64) -> Result<Vec<Due>, DbError> {
    let rows = db.rows("claim due uploads", CLAIM_DUE, &[&limit]).await?;
    let due = |row: &Row| {
        let upload = Upload { looks_cut_off: row.get("cut_off_before"), ..readable(row)? };
        Some(Due { upload, overdue: row.get("overdue"), hinted: row.get("hinted") })
    };
    Ok(rows.iter().filter_map(due).collect())
}

/// Counts looks that are about to begin, at uploads of which one was cut off before.
///
/// # Errors
/// Where the database does not answer.
pub async fn begin_looks(db: &Db, ids: &[UploadId]) -> Result<(), DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    db.rows("count looks that begin", BEGIN_LOOKS, &[&ids]).await.map(drop)
}

/// Forgets the looks at uploads: the last one has ended, whatever came of it.
///
/// # Errors
/// Where the database does not answer.
pub async fn end_looks(db: &Db, ids: &[UploadId]) -> Result<(), DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    db.rows("forget looks that ended", END_LOOKS, &[&ids]).await.map(drop)
}
