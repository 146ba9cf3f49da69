//! The table `unwanted_objects`: objects to delete and parts to abort. Statements that end an upload write here; the worker
//! empties it.

use uuid::Uuid;

use super::{Db, DbError};
use crate::domain::{ObjectKey, UploadId};

/// An object to delete, or the parts of one that never came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnwantedObject {
    /// The row's id.
    pub id: i64,
    /// Where the object is.
    pub key: String,
    /// Which version, where the bucket keeps versions.
    pub version_id: Option<String>,
    /// The multipart upload to abort. Then it is not about an object.
    pub multipart_id: Option<String>,
}

/// A multipart upload that was begun for an upload which may not have been recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BegunMultipart {
    /// The upload.
    pub upload_id: UploadId,
    /// Where its object would be.
    pub key: ObjectKey,
    /// The multipart upload's id.
    pub multipart_id: String,
}

/// What an upload `u` wants under a key: all objects that are there while it is pending, since a worker may be promoting one,
/// and the object that it confirmed. Of that, another version is not wanted, where both versions are known. Of multipart
/// uploads it wants its own, and only while it is pending.
macro_rules! wanted {
    ($key:literal, $version:literal, $multipart:literal) => {
        concat!(
            "CASE WHEN ",
            $multipart,
            " IS NULL THEN u.status = 'pending' OR (u.status = 'confirmed' AND u.object_key = ",
            $key,
            " AND coalesce(u.object_version_id = ",
            $version,
            ", true)) ELSE u.status = 'pending' AND u.multipart_id = ",
            $multipart,
            " END"
        )
    };
}
pub(super) use wanted;

/// Claims what is due by putting it off: a worker that dies after claiming leaves rows that come due again, later each
/// time.
///
/// Rows are found by arrays of ids, and uploads one by one: how many are claimed is not known when it is planned, and for as many as
/// there might be Postgres would rather read all uploads.
///
/// What an upload wants after all is forgotten instead. A row of an ended upload never is, as no status goes back; but a
/// stray without an upload has no status that protects it, should its upload be restored.
const CLAIM: &str = concat!(
    "-- unwanted_objects.claim
    WITH due AS (
        SELECT id, object_key, version_id, upload_id, multipart_id FROM unwanted_objects
        WHERE due_at <= now() ORDER BY due_at LIMIT $1
        FOR UPDATE SKIP LOCKED
    ), kept AS (
        SELECT due.id FROM due CROSS JOIN LATERAL (SELECT * FROM uploads WHERE id = due.upload_id LIMIT 1) u WHERE ",
    wanted!("due.object_key", "due.version_id", "due.multipart_id"),
    "
    ), forgotten AS (
        DELETE FROM unwanted_objects WHERE id = ANY (ARRAY (SELECT id FROM kept))
    )
    UPDATE unwanted_objects
    SET attempts = attempts + 1, due_at = now() + interval '30 seconds' * power(2, least(attempts, 7))
    WHERE id = ANY (ARRAY (SELECT id FROM due EXCEPT SELECT id FROM kept))
    RETURNING id, object_key, version_id, multipart_id"
);

const DONE: &str = "-- unwanted_objects.done
    WITH held AS (SELECT id FROM unwanted_objects WHERE id = ANY ($1) ORDER BY id FOR UPDATE)
    DELETE FROM unwanted_objects WHERE id = ANY (ARRAY (SELECT id FROM held))";

/// Only what the upload's committed row does not want can be added.
const ADD: &str = concat!(
    "-- unwanted_objects.add
    INSERT INTO unwanted_objects (object_key, version_id, upload_id)
    SELECT $2, $3, id FROM uploads u WHERE id = $1 AND NOT ",
    wanted!("$2", "$3", "NULL::text"),
    " RETURNING id"
);

/// It is due when the statement that may record its upload, and that nobody waits for any more, has long ended.
const ADD_BEGUN: &str = concat!(
    "-- unwanted_objects.add_begun
    INSERT INTO unwanted_objects (object_key, upload_id, multipart_id, due_at)
    SELECT b.object_key, b.upload_id, b.multipart_id, now() + interval '5 minutes'
    FROM unnest($1::text[], $2::uuid[], $3::text[]) AS b (object_key, upload_id, multipart_id)
    WHERE NOT EXISTS (SELECT FROM uploads u WHERE u.id = b.upload_id AND ",
    wanted!("b.object_key", "NULL::text", "b.multipart_id"),
    ")"
);

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[CLAIM, DONE, ADD, ADD_BEGUN];

/// Claims up to `limit` objects that are due.
///
/// # Errors
/// Where the database does not answer.
pub async fn claim(db: &Db, limit: i64) -> Result<Vec<UnwantedObject>, DbError> {
    let rows = db.rows("claim unwanted objects", CLAIM, &[&limit]).await?;
    let read = |row: &tokio_postgres::Row| UnwantedObject {
        id: row.get("id"),
        key: row.get("object_key"),
        version_id: row.get("version_id"),
        multipart_id: row.get("multipart_id"),
    };
    Ok(rows.iter().map(read).collect())
}

/// Forgets objects that are gone.
///
/// # Errors
/// Where the database does not answer.
pub async fn done(db: &Db, ids: &[i64]) -> Result<(), DbError> {
    db.rows("forget deleted objects", DONE, &[&ids]).await.map(drop)
}

/// Marks an object of an upload that has ended as unwanted, unless it is the one that the upload confirmed. Says whether it
/// was marked.
///
/// # Errors
/// Where the database does not answer.
pub async fn add(db: &Db, upload: UploadId, key: &str, version_id: Option<&str>) -> Result<bool, DbError> {
    let rows = db.rows("mark an object as unwanted", ADD, &[&upload.0, &key, &version_id]).await?;
    Ok(!rows.is_empty())
}

/// Marks multipart uploads as unwanted, unless it turns out that their uploads were recorded.
///
/// # Errors
/// Where the database does not answer.
pub async fn add_begun(db: &Db, begun: &[BegunMultipart]) -> Result<(), DbError> {
    let keys: Vec<&str> = begun.iter().map(|begun| begun.key.as_str()).collect();
    let uploads: Vec<Uuid> = begun.iter().map(|begun| begun.upload_id.0).collect();
    let ids: Vec<&str> = begun.iter().map(|begun| begun.multipart_id.as_str()).collect();
    db.rows("mark what was begun as unwanted", ADD_BEGUN, &[&keys, &uploads, &ids]).await.map(drop)
}
