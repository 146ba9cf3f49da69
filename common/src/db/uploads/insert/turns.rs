//! Recording uploads of tenants who may not have all that they ask for: each upload gets its turn.

use std::collections::HashMap;

use tokio_postgres::Row;

use super::{Asked, NewUpload, Outcomes, Recorded, borrowed, columns, new_rows, record_fresh};
use crate::db::{Db, DbError, usage};
use crate::domain::{Limits, OverQuota, Quota, TenantLimits, UploadId};

/// An upload is recorded if its key is free and its tenant may use so much more. Of several with one key at most one is: the
/// first has its turn for all. Of what a tenant asks for at once each gets its turn, in order: one that is too much harms none
/// behind it. Locks are taken as in [`super::INSERT`].
///
/// What others committed while this one waited for its lock it sees in `usage`, and in the conflict of keys, but not when it
/// looks for keys that are taken. An upload whose key turns out to be taken has then had its turn in vain, so those of its
/// tenant that were refused are to be asked for again; as is all that belongs to a tenant who had no row yet. Both are rare,
/// and each time some are settled.
///
/// What was begun at the store for an upload that is not recorded is to be aborted.
pub(super) const INSERT: &str = concat!(
    "-- uploads.insert_by_turns
    WITH RECURSIVE new AS (
        SELECT *, CASE WHEN key IS NULL THEN id ELSE first_value(id) OVER (PARTITION BY tenant, key ORDER BY place) END AS first
        FROM ",
    new_rows!(),
    "
    ), most AS (
        SELECT * FROM unnest($23::text[], $24::bigint[], $25::bigint[], $26::bigint[])
            AS m (tenant, pending_uploads, reserved_bytes, stored_bytes)
    ), held AS (
        SELECT * FROM usage WHERE tenant = ANY ($23) ORDER BY tenant FOR UPDATE
    ), met AS (
        INSERT INTO usage (tenant) SELECT tenant FROM most WHERE tenant NOT IN (SELECT tenant FROM held) ORDER BY tenant
        ON CONFLICT DO NOTHING
    ), asked AS (
        SELECT id, tenant, reserved_bytes AS bytes, row_number() OVER (PARTITION BY tenant ORDER BY place) AS turn
        FROM new n
        WHERE id = first
            AND (key IS NULL OR NOT EXISTS (SELECT FROM idempotency_keys k WHERE k.tenant = n.tenant AND k.key = n.key))
    ), turns AS (
        SELECT tenant, 0::bigint AS turn, NULL::uuid AS id, NULL::text AS quota,
            pending_uploads, reserved_bytes, stored_uploads, stored_bytes
        FROM held
        UNION ALL
        SELECT t.tenant, a.turn, a.id, q.quota, t.pending_uploads + CASE WHEN q.quota IS NULL THEN 1 ELSE 0 END,
            t.reserved_bytes + CASE WHEN q.quota IS NULL THEN a.bytes ELSE 0 END, t.stored_uploads, t.stored_bytes
        FROM turns t JOIN most m ON m.tenant = t.tenant JOIN asked a ON a.tenant = t.tenant AND a.turn = t.turn + 1,
            LATERAL (SELECT CASE
                WHEN t.pending_uploads + 1 > m.pending_uploads THEN 'pending_uploads'
                WHEN t.reserved_bytes + a.bytes > m.reserved_bytes THEN 'reserved_bytes'
                WHEN t.stored_bytes + t.reserved_bytes + a.bytes > m.stored_bytes THEN 'stored_bytes'
            END AS quota) q
    ), keyed AS (
        INSERT INTO idempotency_keys (tenant, key, fingerprint, upload_id)
        SELECT tenant, key, fingerprint, id FROM new
        WHERE key IS NOT NULL AND id IN (SELECT id FROM turns WHERE quota IS NULL) ORDER BY tenant, key, place
        ON CONFLICT DO NOTHING
        RETURNING upload_id
    ), fresh AS (
        SELECT n.* FROM new n JOIN turns t ON t.id = n.id
        WHERE t.quota IS NULL AND (n.key IS NULL OR n.id IN (SELECT upload_id FROM keyed))
    ), again AS (
        SELECT first FROM new WHERE tenant NOT IN (SELECT tenant FROM held)
        UNION ALL
        SELECT id FROM turns WHERE quota IS NOT NULL AND tenant IN (
            SELECT n.tenant FROM new n JOIN turns t ON t.id = n.id
            WHERE t.quota IS NULL AND n.key IS NOT NULL AND n.id NOT IN (SELECT upload_id FROM keyed)
        )
    ), unwanted AS (
        INSERT INTO unwanted_objects (object_key, multipart_id)
        SELECT grant_key, multipart_id FROM new
        WHERE multipart_id IS NOT NULL AND id NOT IN (SELECT id FROM fresh) AND first NOT IN (SELECT first FROM again)
    ), ",
    record_fresh!(),
    " SELECT n.id AS asked, n.first IN (SELECT first FROM again) AS again, t.quota,
        t.pending_uploads, t.reserved_bytes, t.stored_uploads, t.stored_bytes, r.created_at, r.deadline
    FROM new n LEFT JOIN turns t ON t.id = n.first LEFT JOIN recorded r ON r.id = n.id"
);

/// Records them with one statement, but for those that are to be asked for again.
pub(super) async fn insert(db: &Db, limits: &TenantLimits, new: &[&NewUpload]) -> Result<Outcomes, DbError> {
    const OPERATION: &str = "record new uploads by turns";
    let mut parameters = columns(new);
    parameters.extend(Asked::of(new, limits).limits());
    let rows = db.rows(OPERATION, INSERT, &borrowed(&parameters)).await?;
    let rows: HashMap<UploadId, &Row> = rows.iter().map(|row| (UploadId(row.get("asked")), row)).collect();
    let outcome = |new: &&NewUpload| {
        let row = rows.get(&new.id).filter(|row| !row.get::<_, bool>("again"))?;
        Some(outcome(OPERATION, row, new, limits.of(&new.tenant)).map(|outcome| (new.id, outcome)))
    };
    new.iter().filter_map(outcome).collect()
}

fn outcome(operation: &'static str, row: &Row, new: &NewUpload, limits: Limits) -> Result<Recorded, DbError> {
    if let Some(created_at) = row.get("created_at") {
        return Ok(Recorded::Upload(new.recorded(created_at, row.get("deadline"))));
    }
    let Some(name) = row.get::<_, Option<&str>>("quota") else { return Ok(Recorded::KeyTaken) };
    let quota = Quota::parse(name).ok_or_else(|| DbError::unreadable(operation, format!("unknown quota {name}")))?;
    Ok(Recorded::OverQuota(OverQuota { quota, limits, usage: usage::of_row(row), asked: new.reserves }))
}
