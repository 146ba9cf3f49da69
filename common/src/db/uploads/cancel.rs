//! Taking uploads back, and deleting what was confirmed.

use super::{columns, from_row, sources};
use crate::db::timeline::Cause;
use crate::db::usage::count_ended;
use crate::db::{Db, DbError};
use crate::domain::{Tenant, Upload, UploadId, UploadStatus};

/// The statements that take uploads back.
pub const STATEMENTS: &[&str] = &[CANCEL];

/// From `pending` to `canceled` and from `confirmed` to `deleted`. An object that is there, or is still being sent, becomes
/// unwanted, and so do its parts.
///
/// What a verdict writes is taken from the row as it was locked: if this had to wait for a verdict, Postgres first checks the
/// constraints against the row as it was before.
pub(super) const CANCEL: &str = concat!("-- uploads.cancel
    WITH held AS (
        SELECT id, status AS before, decided_at, object_key, object_size, object_etag, object_version_id, detected_type
        FROM uploads WHERE id = ANY ($1) AND ($2::text IS NULL OR tenant = $2) AND (status = ANY ($3) OR status = ANY ($4))
        ORDER BY id FOR UPDATE
    ), changed AS (
        UPDATE uploads u
        SET status = CASE WHEN held.before = ANY ($3) THEN 'canceled' ELSE 'deleted' END,
            decided_at = coalesce(held.decided_at, now()), object_key = held.object_key, object_size = held.object_size,
            object_etag = held.object_etag, object_version_id = held.object_version_id, detected_type = held.detected_type
        FROM held WHERE u.id = held.id
        RETURNING ", columns!(), ", u.reserved_bytes
    ), ended AS (
        SELECT tenant, count(reserved_bytes) FILTER (WHERE status = 'canceled') AS pending_uploads,
            coalesce(sum(reserved_bytes) FILTER (WHERE status = 'canceled'), 0)::bigint AS reserved_bytes,
            -count(*) FILTER (WHERE status = 'deleted') AS stored_uploads,
            -coalesce(sum(object_size) FILTER (WHERE status = 'deleted'), 0)::bigint AS stored_bytes
        FROM changed GROUP BY tenant
    ", count_ended!(), "
    ), noted AS (
        INSERT INTO timeline (upload_id, tenant, status, cause, cause_id) SELECT id, tenant, status, $5, $6 FROM changed
    ), unwanted AS (
        INSERT INTO unwanted_objects (object_key, version_id, upload_id, multipart_id)
        SELECT coalesce(object_key, grant_key), object_version_id, id, NULL FROM changed
        UNION ALL SELECT grant_key, NULL, id, multipart_id FROM changed
        WHERE multipart_id IS NOT NULL AND status = 'canceled'
    )
    SELECT u.*, pg_notify('sluice_decided', u.id::text) FROM changed u");

/// Takes a pending upload back or, if that may be, deletes a confirmed one. `None` means that this tenant has no such upload, or
/// that it has ended already.
///
/// # Errors
/// Where the database does not answer.
pub async fn cancel(
    db: &Db,
    tenant: &Tenant,
    id: UploadId,
    cause: &Cause,
    may_delete: bool,
) -> Result<Option<Upload>, DbError> {
    const OPERATION: &str = "cancel an upload";
    let deletable = if may_delete { sources(UploadStatus::Deleted) } else { Vec::new() };
    let (ids, tenant) = (vec![id.0], Some(tenant.as_str()));
    let rows = db
        .rows(
            OPERATION,
            CANCEL,
            &[&ids, &tenant, &sources(UploadStatus::Canceled), &deletable, &cause.as_str(), &cause.id()],
        )
        .await?;
    rows.first().map(|row| from_row(OPERATION, row)).transpose()
}
