//! The table `reconcile`: where the round through a bucket stands. Workers share it by claiming one page at a time.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_postgres::Row;
use uuid::Uuid;

use super::unwanted_objects::wanted;
use super::{Db, DbError};
use crate::domain::UploadId;

/// What was found in a round so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Pages listed.
    pub pages: i64,
    /// Objects listed.
    pub objects: i64,
    /// Objects of a pending or confirmed upload.
    pub owned: i64,
    /// Objects that nobody owns, and that are too young to say so for sure.
    pub young: i64,
    /// Objects under keys that Sluice does not make.
    pub foreign: i64,
    /// Objects under keys that Sluice makes, of which there is no upload at all.
    pub without_upload: i64,
    /// Multipart uploads that are neither completed nor aborted.
    pub multipart: i64,
    /// Objects and multipart uploads that were marked for deletion.
    pub strays: i64,
    /// Confirmed uploads whose object is not there.
    pub vanished: i64,
}

/// One claimed page of a round.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Which claim it is.
    pub step: i64,
    /// The key behind which the page begins; none at the beginning of the bucket.
    pub after: Option<String>,
    /// Only what is older is a stray.
    pub older_than: Timestamp,
    /// Whether, in the last round, most objects had an upload.
    pub trusted: bool,
    /// What was found before.
    pub counts: Counts,
}

/// An object to delete, or a multipart upload to abort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// The upload that its key names.
    pub upload_id: UploadId,
    /// Where it is.
    pub key: String,
    /// Which version, where the bucket keeps versions.
    pub version_id: Option<String>,
    /// The multipart upload, where it is not an object.
    pub multipart_id: Option<String>,
}

/// What one page came to.
#[derive(Debug, Clone)]
pub struct Page {
    /// The key behind which the next page begins; none where the round is over.
    pub cursor: Option<String>,
    /// When the next page is due.
    pub pause: Duration,
    /// All that was found, before what this page marks and reports.
    pub counts: Counts,
    /// Whether the next page may trust that this is the database of this bucket.
    pub trusted: bool,
    /// What to delete.
    pub strays: Vec<Stray>,
    /// For how long what has no upload at all is kept nevertheless, beginning now.
    pub grace: Duration,
    /// The uploads whose object is not there.
    pub missing: Vec<UploadId>,
}

/// What recording a page came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// All that was found in the round.
    pub counts: Counts,
    /// The uploads of this page that are confirmed and have no object.
    pub vanished: Vec<UploadId>,
}

const PREPARE: &str = "-- reconcile.prepare
    INSERT INTO reconcile (bucket, due_at) VALUES ($1, now() + make_interval(secs => $2)) ON CONFLICT (bucket) DO NOTHING";

/// Whoever updates the row has the page, until the lease is over. A round begins where there is no cursor.
const CLAIM: &str = "-- reconcile.claim
    UPDATE reconcile
    SET step = step + 1, due_at = now() + make_interval(secs => $2),
        started_at = CASE WHEN cursor IS NULL THEN now() ELSE started_at END,
        counts = CASE WHEN cursor IS NULL THEN '{}' ELSE counts END,
        vanished = CASE WHEN cursor IS NULL THEN '{}' ELSE vanished END
    WHERE bucket = $1 AND due_at <= now()
    RETURNING step, cursor, trusted, counts, now() - make_interval(secs => $3) AS older_than";

const PUT_OFF: &str = "-- reconcile.put_off
    UPDATE reconcile SET due_at = now() + make_interval(secs => $3) WHERE bucket = $1 AND step = $2";

/// Everything that follows from a page, or nothing, if somebody else has the page by now. Who owns an object, and who is
/// confirmed, is asked once more: while the bucket was looked at, uploads went on. What has no upload at all is deleted later:
/// should its upload be missing because an old backup was restored, there is time to see it.
const RECORD: &str = concat!(
    "-- reconcile.record
    WITH mine AS (
        SELECT bucket FROM reconcile WHERE bucket = $1 AND step = $2 FOR UPDATE
    ), strays AS (
        INSERT INTO unwanted_objects (object_key, version_id, upload_id, multipart_id, due_at)
        SELECT s.object_key, s.version_id, s.upload_id, s.multipart_id,
            CASE WHEN EXISTS (SELECT FROM uploads u WHERE u.id = s.upload_id) THEN now()
                ELSE now() + make_interval(secs => $11) END
        FROM mine, unnest($7::text[], $8::text[], $9::uuid[], $12::text[])
            AS s (object_key, version_id, upload_id, multipart_id)
        WHERE NOT EXISTS (SELECT FROM uploads u WHERE u.id = s.upload_id AND ",
    wanted!("s.object_key", "s.version_id", "s.multipart_id"),
    ") AND NOT EXISTS (SELECT FROM unwanted_objects o WHERE o.object_key = s.object_key
            AND o.multipart_id IS NOT DISTINCT FROM s.multipart_id)
        RETURNING id
    ), gone AS (
        SELECT u.id FROM mine, uploads u WHERE u.id = ANY ($10) AND u.status = 'confirmed'
    ), moved AS (
        UPDATE reconcile r
        SET cursor = $3, due_at = now() + make_interval(secs => $4), trusted = $6,
            counts = $5::jsonb || jsonb_build_object(
                'strays', ($5->>'strays')::bigint + (SELECT count(*) FROM strays),
                'vanished', ($5->>'vanished')::bigint + (SELECT count(*) FROM gone)),
            vanished = (r.vanished || ARRAY(SELECT id FROM gone))[:100]
        FROM mine WHERE r.bucket = mine.bucket
        RETURNING r.cursor, r.started_at, r.counts, r.vanished
    ), reported AS (
        INSERT INTO reports (kind, started_at, counts, uploads)
        SELECT 'reconcile', started_at, counts, vanished FROM moved WHERE cursor IS NULL
    )
    SELECT counts, ARRAY(SELECT id FROM gone) AS gone FROM moved"
);

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[PREPARE, CLAIM, PUT_OFF, RECORD];

/// Makes sure that there is a round to claim, the first after this time.
///
/// # Errors
/// Where the database does not answer.
pub async fn prepare(db: &Db, bucket: &str, first_after: Duration) -> Result<(), DbError> {
    db.rows("prepare to reconcile", PREPARE, &[&bucket, &first_after.as_secs_f64()]).await.map(drop)
}

/// Claims the page that is due, if one is, for as long as the lease.
///
/// # Errors
/// Where the database does not answer.
pub async fn claim(db: &Db, bucket: &str, lease: Duration, grace: Duration) -> Result<Option<Claim>, DbError> {
    const OPERATION: &str = "claim a page to reconcile";
    let rows = db.rows(OPERATION, CLAIM, &[&bucket, &lease.as_secs_f64(), &grace.as_secs_f64()]).await?;
    let read = |row: &Row| {
        let after = row.get::<_, Option<Vec<u8>>>("cursor").map(String::from_utf8).transpose();
        Ok(Claim {
            step: row.get("step"),
            after: after.map_err(|_| DbError::unreadable(OPERATION, "column cursor"))?,
            older_than: row.get("older_than"),
            trusted: row.get("trusted"),
            counts: read_counts(OPERATION, row)?,
        })
    };
    rows.first().map(read).transpose()
}

/// Lets a claimed page be claimed again, by anybody, after this time.
///
/// # Errors
/// Where the database does not answer. The lease ends by itself then.
pub async fn put_off(db: &Db, bucket: &str, step: i64, by: Duration) -> Result<(), DbError> {
    db.rows("put off a page to reconcile", PUT_OFF, &[&bucket, &step, &by.as_secs_f64()]).await.map(drop)
}

/// Records what a claimed page came to, and at the end of a round its report. `None` means that the lease was over and
/// somebody else has the page: then nothing is recorded.
///
/// # Errors
/// Where the database does not answer; then nothing is recorded, or it is unknown whether it is.
pub async fn record(db: &Db, bucket: &str, step: i64, page: &Page) -> Result<Option<Recorded>, DbError> {
    const OPERATION: &str = "record a reconciled page";
    let strays = &page.strays;
    let missing: Vec<Uuid> = page.missing.iter().map(|id| id.0).collect();
    let rows = db
        .rows(
            OPERATION,
            RECORD,
            &[
                &bucket,
                &step,
                &page.cursor.as_ref().map(String::as_bytes),
                &page.pause.as_secs_f64(),
                &json!(page.counts),
                &page.trusted,
                &strays.iter().map(|stray| stray.key.as_str()).collect::<Vec<_>>(),
                &strays.iter().map(|stray| stray.version_id.as_deref()).collect::<Vec<_>>(),
                &strays.iter().map(|stray| stray.upload_id.0).collect::<Vec<_>>(),
                &missing,
                &page.grace.as_secs_f64(),
                &strays.iter().map(|stray| stray.multipart_id.as_deref()).collect::<Vec<_>>(),
            ],
        )
        .await?;
    let read = |row: &Row| {
        let vanished = row.get::<_, Vec<Uuid>>("gone").into_iter().map(UploadId).collect();
        Ok(Recorded { counts: read_counts(OPERATION, row)?, vanished })
    };
    rows.first().map(read).transpose()
}

fn read_counts(operation: &'static str, row: &Row) -> Result<Counts, DbError> {
    let counts: Value = row.get("counts");
    serde_json::from_value(counts).map_err(|_| DbError::unreadable(operation, "column counts"))
}
