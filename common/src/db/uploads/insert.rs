//! Recording pending uploads, as far as their tenants may have more.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use serde_json::json;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{columns, from_row};
use crate::db::{Db, DbError, usage};
use crate::domain::{
    ByteCount, Declaration, Form, Idempotency, Limits, MOST_BYTES, Metadata, Multipart, ObjectKey, Origin, OverQuota,
    Quota, Tenant, TenantLimits, Upload, UploadId,
};

/// The statements that record uploads.
pub const STATEMENTS: &[&str] = &[INSERT];

/// An upload is recorded if its key is free and its tenant may use so much more. Of several with one key at most one is: the
/// first has its turn for all. Of what a tenant asks for at once each gets its turn, in order: one that is too much harms none
/// behind it.
///
/// The rows of `usage` are locked first, in the order of tenants, and held until all is written. So whoever asks for a
/// tenant's uploads waits for those before, here or in another process, and sees what they used; and since a key belongs to
/// one tenant, no two statements ever wait for each other's keys. Verdicts lock uploads and then `usage`; this one locks no
/// upload that anybody else can know of. So nobody waits in a circle.
///
/// What others committed while this one waited for its lock it sees in `usage`, and in the conflict of keys, but not when it
/// looks for keys that are taken. An upload whose key turns out to be taken has then had its turn in vain, so those of its
/// tenant that were refused are to be asked for again; as is all that belongs to a tenant who had no row yet. Both are rare,
/// and each time some are settled.
///
/// What was begun at the store for an upload that is not recorded is to be aborted.
const INSERT: &str = concat!(
    "-- uploads.insert
    WITH RECURSIVE new AS (
        SELECT *, CASE WHEN key IS NULL THEN id ELSE first_value(id) OVER (PARTITION BY tenant, key ORDER BY place) END AS first
        FROM unnest(
            $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bytea[], $9::jsonb[],
            $10::text[], $11::boolean[], $12::float8[], $13::text[], $15::boolean[], $16::text[], $17::text[], $18::bigint[],
            $19::boolean[], $20::text[], $21::bytea[], $22::bigint[]
        ) WITH ORDINALITY AS n (id, tenant, policy, origin, filename, content_type, size, sha256, metadata, grant_key,
            write_once, finish_within, caller, form, redirect_to, multipart_id, part_size, parts_with_sha256, key,
            fingerprint, reserved_bytes, place)
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
        WHERE key IS NOT NULL AND id IN (SELECT id FROM turns WHERE quota IS NULL) ORDER BY tenant, key
        ON CONFLICT DO NOTHING
        RETURNING upload_id
    ), fresh AS (
        SELECT n.* FROM new n JOIN turns t ON t.id = n.id
        WHERE t.quota IS NULL AND (n.key IS NULL OR n.id IN (SELECT upload_id FROM keyed))
    ), counted AS (
        UPDATE usage u
        SET pending_uploads = h.pending_uploads + f.uploads, reserved_bytes = h.reserved_bytes + f.bytes
        FROM held h JOIN (
            SELECT tenant, count(*) AS uploads, sum(reserved_bytes)::bigint AS bytes FROM fresh GROUP BY tenant
        ) f ON f.tenant = h.tenant
        WHERE u.tenant = h.tenant
    ), again AS (
        SELECT first FROM new WHERE tenant NOT IN (SELECT tenant FROM held)
        UNION ALL
        SELECT id FROM turns WHERE quota IS NOT NULL AND tenant IN (
            SELECT n.tenant FROM new n JOIN turns t ON t.id = n.id
            WHERE t.quota IS NULL AND n.key IS NOT NULL AND n.id NOT IN (SELECT upload_id FROM keyed)
        )
    ), noted AS (
        INSERT INTO timeline (upload_id, tenant, status, cause, cause_id)
        SELECT id, tenant, 'pending', 'client', caller FROM fresh
    ), unwanted AS (
        INSERT INTO unwanted_objects (object_key, multipart_id)
        SELECT grant_key, multipart_id FROM new
        WHERE multipart_id IS NOT NULL AND id NOT IN (SELECT id FROM fresh) AND first NOT IN (SELECT first FROM again)
    ), recorded AS (
        INSERT INTO uploads (id, tenant, policy, origin, filename, content_type, size, sha256, metadata, grant_key,
            write_once, form, redirect_to, multipart_id, part_size, parts_with_sha256, reserved_bytes, deadline, look_at)
        SELECT id, tenant, policy, origin, filename, content_type, size, sha256, metadata, grant_key, write_once, form,
            redirect_to, multipart_id, part_size, parts_with_sha256, reserved_bytes,
            now() + make_interval(secs => finish_within), now() + make_interval(secs => least(finish_within, $14))
        FROM fresh
        RETURNING *
    )
    SELECT n.id AS asked, n.first IN (SELECT first FROM again) AS again, t.quota,
        t.pending_uploads, t.reserved_bytes, t.stored_uploads, t.stored_bytes, ",
    columns!(),
    " FROM new n LEFT JOIN turns t ON t.id = n.first LEFT JOIN recorded u ON u.id = n.id"
);

/// An upload to record.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// Its id.
    pub id: UploadId,
    /// Whose it is.
    pub tenant: Tenant,
    /// The policy it is made under.
    pub policy: String,
    /// What the client promised.
    pub declared: Declaration,
    /// What the application wants remembered.
    pub metadata: Option<Metadata>,
    /// Where its grant writes.
    pub grant_key: ObjectKey,
    /// Whether the grant can be used only once.
    pub write_once: bool,
    /// How a form sends it, if one does.
    pub form: Option<Form>,
    /// How it is sent in parts, if it is.
    pub multipart: Option<Multipart>,
    /// Which calls it is made through.
    pub origin: Origin,
    /// The most bytes that can come of it.
    pub reserves: ByteCount,
    /// How long it may stay without an object.
    pub finish_within: Duration,
    /// Who made it: an API key's id.
    pub caller: String,
    /// What tells whether it was declared before.
    pub idempotency: Option<Idempotency>,
}

/// When a worker first looks by itself for an object whose event may have been lost.
const FIRST_LOOK: Duration = Duration::from_mins(2);

/// What became of an upload that was to be recorded.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most are recorded")]
pub enum Recorded {
    /// It was.
    Upload(Upload),
    /// Its idempotency key was taken before.
    KeyTaken,
    /// It would be more than its tenant may use.
    OverQuota(OverQuota),
}

/// Records pending uploads, as far as their keys are free and their tenants may use so much. Says of each, in order, what became
/// of it.
///
/// # Errors
/// Where the database does not answer; then it is unknown which are recorded.
pub async fn insert(db: &Db, limits: &TenantLimits, new: &[NewUpload]) -> Result<Vec<Recorded>, DbError> {
    let mut outcomes = HashMap::with_capacity(new.len());
    let mut open: Vec<&NewUpload> = new.iter().collect();
    while !open.is_empty() {
        outcomes.extend(insert_once(db, limits, &open).await?);
        open.retain(|new| !outcomes.contains_key(&new.id));
    }
    Ok(new.iter().map(|new| outcomes.remove(&new.id).expect("the loop ends when all have an outcome")).collect())
}

/// The same with one statement, but for those that are to be asked for again.
async fn insert_once(db: &Db, limits: &TenantLimits, new: &[&NewUpload]) -> Result<Vec<(UploadId, Recorded)>, DbError> {
    const OPERATION: &str = "record new uploads";
    macro_rules! column {
        ($of:expr) => {
            &new.iter().map($of).collect::<Vec<_>>()
        };
    }
    let tenants: BTreeSet<&Tenant> = new.iter().map(|upload| &upload.tenant).collect();
    let limits: HashMap<&Tenant, Limits> = tenants.iter().map(|tenant| (*tenant, limits.of(tenant))).collect();
    macro_rules! limit {
        ($of:expr) => {
            &tenants.iter().map(|tenant| &limits[tenant]).map($of).collect::<Vec<i64>>()
        };
    }
    let bytes = |limit: Option<ByteCount>| limit.map_or(MOST_BYTES, ByteCount::get);
    let metadata = |upload: &&NewUpload| upload.metadata.as_ref().map(|metadata| json!(metadata.entries()));
    let rows = db
        .rows(
            OPERATION,
            INSERT,
            &[
                column!(|upload| upload.id.0),
                column!(|upload| upload.tenant.as_str()),
                column!(|upload| upload.policy.as_str()),
                column!(|upload| upload.origin.as_str()),
                column!(|upload| upload.declared.filename.as_str()),
                column!(|upload| upload.declared.content_type.as_declared()),
                column!(|upload| upload.declared.size.map(ByteCount::get)),
                column!(|upload| upload.declared.sha256.as_ref().map(|sha256| &sha256.0[..])),
                column!(metadata),
                column!(|upload| upload.grant_key.as_str()),
                column!(|upload| upload.write_once),
                column!(|upload| upload.finish_within.as_secs_f64()),
                column!(|upload| upload.caller.as_str()),
                &FIRST_LOOK.as_secs_f64(),
                column!(|upload| upload.form.is_some()),
                column!(|upload| Some(upload.form.as_ref()?.redirect_to.as_ref()?.as_str())),
                column!(|upload| upload.multipart.as_ref().map(|multipart| multipart.id.as_str())),
                column!(|upload| upload.multipart.as_ref().map(|multipart| multipart.part_size.get())),
                column!(|upload| upload.multipart.as_ref().map(|multipart| multipart.with_sha256)),
                column!(|upload| upload.idempotency.as_ref().map(|idempotency| idempotency.key.as_str())),
                column!(|upload| upload.idempotency.as_ref().map(|idempotency| &idempotency.fingerprint.0[..])),
                column!(|upload| upload.reserves.get()),
                &tenants.iter().map(|tenant| tenant.as_str()).collect::<Vec<_>>(),
                limit!(|limits| limits.pending_uploads.unwrap_or(i64::MAX)),
                limit!(|limits| bytes(limits.reserved_bytes)),
                limit!(|limits| bytes(limits.stored_bytes)),
            ],
        )
        .await?;
    let rows: HashMap<UploadId, &Row> = rows.iter().map(|row| (UploadId(row.get("asked")), row)).collect();
    let outcome = |new: &&&NewUpload| {
        let row = rows.get(&new.id).filter(|row| !row.get::<_, bool>("again"))?;
        Some(recorded(OPERATION, row, new, limits[&new.tenant]).map(|outcome| (new.id, outcome)))
    };
    new.iter().filter_map(|new| outcome(&new)).collect()
}

fn recorded(operation: &'static str, row: &Row, new: &NewUpload, limits: Limits) -> Result<Recorded, DbError> {
    if row.get::<_, Option<Uuid>>("id").is_some() {
        return from_row(operation, row).map(Recorded::Upload);
    }
    let Some(name) = row.get::<_, Option<&str>>("quota") else { return Ok(Recorded::KeyTaken) };
    let quota = Quota::parse(name).ok_or_else(|| DbError::unreadable(operation, format!("unknown quota {name}")))?;
    Ok(Recorded::OverQuota(OverQuota { quota, limits, usage: usage::of_row(row), asked: new.reserves }))
}
