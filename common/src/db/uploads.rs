//! The table `uploads`: every change of status is one statement that also writes what follows from it.

mod row;
pub mod search;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::timeline::Cause;
use super::{Db, DbError, usage};
use crate::domain::{
    ByteCount, Declaration, Form, Idempotency, Limits, MOST_BYTES, MediaType, Metadata, Multipart, ObjectKey, Origin,
    OverQuota, Quota, Reason, StoredObject, Tenant, TenantLimits, Upload, UploadId, UploadStatus,
};

pub use row::Unreadable;
pub(super) use row::{from_row, readable_as};
use row::{read, readable};

/// The columns that make an [`Upload`].
macro_rules! columns {
    () => {
        "u.id, u.tenant, u.policy, u.status, u.origin, u.filename, u.content_type, u.size, u.sha256, u.metadata, u.grant_key,
        u.write_once, u.form, u.redirect_to, u.multipart_id, u.part_size, u.parts_with_sha256, u.created_at, u.deadline,
        u.decided_at, u.object_key, u.object_size, u.object_etag, u.object_version_id, u.detected_type, u.reasons,
        u.looks_cut_off"
    };
}
pub(super) use columns;

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

const FIND: &str = concat!(
    "-- uploads.find
    SELECT ",
    columns!(),
    " FROM uploads u WHERE u.id = ANY ($1)"
);

const LIST: &str = concat!(
    "-- uploads.list
    SELECT ",
    columns!(),
    " FROM uploads u
    WHERE u.tenant = $1 AND u.id < $2 AND u.id >= $3
        AND ($4::text IS NULL OR u.status = $4) AND ($5::text IS NULL OR u.policy = $5)
        AND ($6::timestamptz IS NULL OR u.created_at >= $6) AND ($7::timestamptz IS NULL OR u.created_at < $7)
    ORDER BY u.id DESC LIMIT $8"
);

/// Takes from `usage` what has ended, `ended` for each tenant, and adds what is stored from now on. The rows are locked in the
/// order of tenants.
macro_rules! count_ended {
    () => {
        "), used AS (
            SELECT u.* FROM usage u JOIN ended e USING (tenant) ORDER BY u.tenant FOR UPDATE OF u
        ), counted AS (
            UPDATE usage u
            SET pending_uploads = used.pending_uploads - e.pending_uploads,
                reserved_bytes = used.reserved_bytes - e.reserved_bytes,
                stored_uploads = used.stored_uploads + e.stored_uploads, stored_bytes = used.stored_bytes + e.stored_bytes
            FROM used JOIN ended e USING (tenant)
            WHERE u.tenant = used.tenant"
    };
}

/// A promoted upload's object lies elsewhere than its grant wrote, a rejected one's is of no use, and one that must not be
/// looked at is not kept either: each leaves an unwanted object behind. What was to come in parts, and did not become the
/// confirmed object, leaves its parts behind.
///
/// What was reserved is free again, and what is confirmed counts as stored. Uploads are locked in the order of ids, and then
/// the rows of `usage` in the order of tenants, as they are when one is recorded. An upload that reserved nothing was never
/// counted: a process of an older version recorded it.
const DECIDE: &str = concat!("-- uploads.decide
    WITH verdict AS (
        SELECT * FROM unnest(
            $1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::text[],
            $10::text[], $11::text[], $12::integer[], $13::boolean[], $15::timestamptz[]
        ) AS v (id, status, object_key, object_size, object_etag, object_version_id, detected_type, reasons,
            unwanted_version_id, cause, cause_id, took_ms, unread, happened_at)
    ), held AS (
        -- Locked in the order of ids, so that two batches never wait for each other.
        -- Its deadline may have moved since a sweep found it overdue.
        SELECT u.id FROM uploads u JOIN verdict v USING (id)
        WHERE u.status = ANY ($14) AND (v.status <> 'expired' OR u.deadline <= now())
        ORDER BY u.id FOR UPDATE OF u
    ), changed AS (
        UPDATE uploads u
        SET status = v.status, decided_at = now(), object_key = v.object_key, object_size = v.object_size,
            object_etag = v.object_etag, object_version_id = v.object_version_id, detected_type = v.detected_type,
            reasons = v.reasons
        FROM held JOIN verdict v USING (id)
        WHERE u.id = held.id
        RETURNING u.id, u.tenant, u.status, u.grant_key, u.object_key, u.object_size, u.multipart_id, u.reserved_bytes,
            v.unwanted_version_id, v.cause, v.cause_id, v.took_ms, v.unread,
            CASE WHEN v.happened_at IS NOT NULL
                THEN least(greatest(extract(epoch FROM now() - v.happened_at) * 1000, 0), 2147483647)::integer
            END AS waited_ms
    ), ended AS (
        SELECT tenant, count(reserved_bytes) AS pending_uploads, coalesce(sum(reserved_bytes), 0)::bigint AS reserved_bytes,
            count(*) FILTER (WHERE status = 'confirmed') AS stored_uploads,
            coalesce(sum(object_size) FILTER (WHERE status = 'confirmed'), 0)::bigint AS stored_bytes
        FROM changed GROUP BY tenant
    ", count_ended!(), "
    ), noted AS (
        INSERT INTO timeline (upload_id, tenant, status, cause, cause_id, took_ms, waited_ms)
        SELECT id, tenant, status, cause, cause_id, took_ms, waited_ms FROM changed
    ), unwanted AS (
        INSERT INTO unwanted_objects (object_key, version_id, upload_id, multipart_id)
        SELECT grant_key, unwanted_version_id, id, NULL FROM changed
        WHERE status = 'rejected' OR (status = 'confirmed' AND object_key <> grant_key) OR unread
        UNION ALL SELECT grant_key, NULL, id, multipart_id FROM changed
        WHERE multipart_id IS NOT NULL AND status <> 'confirmed'
    )
    SELECT array_agg(id) AS ids, pg_notify('sluice_decided', string_agg(id::text, ',')) FROM changed HAVING count(*) > 0");

/// From `pending` to `canceled` and from `confirmed` to `deleted`. An object that is there, or is still being sent, becomes
/// unwanted, and so do its parts.
///
/// What a verdict writes is taken from the row as it was locked: if this had to wait for a verdict, Postgres first checks the
/// constraints against the row as it was before.
const CANCEL: &str = concat!("-- uploads.cancel
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

const EXTEND: &str = concat!(
    "-- uploads.extend
    UPDATE uploads u
    SET deadline = greatest(deadline, least(now() + make_interval(secs => $3), created_at + make_interval(secs => $4)))
    WHERE id = $1 AND tenant = $2 AND status = 'pending' AND deadline > now()
    RETURNING ",
    columns!()
);

const HINT: &str = "-- uploads.hint
    WITH hinted AS (
        UPDATE uploads SET look_at = '-infinity' WHERE id = $1 AND tenant = $2 AND status = 'pending' RETURNING id
    )
    SELECT pg_notify('sluice_due', '') FROM hinted";

/// An operator's wish, with a line of its own that is no change. An upload whose time is to end is looked at like any that is
/// overdue: what came is not lost by it.
const ASK: &str = "-- uploads.ask
    WITH held AS (
        SELECT id FROM uploads WHERE id = ANY ($1) AND ($2::text IS NULL OR tenant = $2) AND status = 'pending'
        ORDER BY id FOR UPDATE
    ), asked AS (
        UPDATE uploads u
        SET look_at = '-infinity', deadline = CASE $3::text
            WHEN 'expire' THEN greatest(least(u.deadline, now()), u.created_at + interval '1 millisecond')
            ELSE u.deadline END
        FROM held WHERE u.id = held.id
        RETURNING u.id, u.tenant, u.status
    ), noted AS (
        INSERT INTO timeline (upload_id, tenant, status, asked, cause, cause_id)
        SELECT id, tenant, status, $3, $4, $5 FROM asked
    )
    SELECT id, pg_notify('sluice_due', '') FROM asked";

/// As a range of the index's rows, like a [`search`].
const OLDEST: &str = "-- uploads.oldest_pending
    SELECT id, created_at, deadline FROM uploads
    WHERE (status, id) >= ('pending', $1) AND (status, id) <= ('pending', $2) ORDER BY status, id LIMIT 1";

const OLDEST_OF_TENANT: &str = "-- uploads.oldest_pending_of_tenant
    SELECT id, created_at, deadline FROM uploads
    WHERE tenant = $3 AND (status, id) >= ('pending', $1) AND (status, id) <= ('pending', $2)
    ORDER BY status, id LIMIT 1";

/// Hints are due at once, and are no sign that nobody looks.
const LOOKED_AT_LATE: &str = "-- uploads.looked_at_late
    SELECT EXISTS (
        SELECT FROM uploads
        WHERE status = 'pending' AND look_at > '-infinity' AND look_at < now() - make_interval(secs => $1)
    ) AS is_so";

/// Claims what is due by setting the next look: after as long again as the upload has waited, but at its deadline, and
/// every minute from then on until the bucket has answered. What a client asked for comes first. A first look counts as cut
/// off from the claim on, until it has ended; the count that is returned is the one before.
const CLAIM_DUE: &str = concat!(
    "-- uploads.claim_due
    WITH due AS (
        SELECT id, look_at = '-infinity' AS hinted, looks_cut_off AS cut_off_before FROM uploads
        WHERE status = 'pending' AND look_at <= now() ORDER BY look_at LIMIT $1
        FOR UPDATE SKIP LOCKED
    )
    UPDATE uploads u
    SET looks_cut_off = greatest(u.looks_cut_off, 1), look_at = CASE
        WHEN u.deadline <= now() THEN now() + interval '1 minute'
        ELSE least(u.deadline, now() + greatest(interval '1 minute', now() - u.created_at)) END
    FROM due WHERE u.id = due.id
    RETURNING u.deadline <= now() AS overdue, due.hinted, due.cut_off_before, ",
    columns!()
);

const BEGIN_LOOKS: &str = "-- uploads.begin_looks
    WITH held AS (SELECT id FROM uploads WHERE id = ANY ($1) AND status = 'pending' ORDER BY id FOR UPDATE)
    UPDATE uploads u SET looks_cut_off = looks_cut_off + 1 FROM held WHERE u.id = held.id";

const END_LOOKS: &str = "-- uploads.end_looks
    WITH held AS (SELECT id FROM uploads WHERE id = ANY ($1) AND status = 'pending' ORDER BY id FOR UPDATE)
    UPDATE uploads u SET looks_cut_off = 0 FROM held WHERE u.id = held.id";

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[
    INSERT,
    FIND,
    LIST,
    DECIDE,
    CANCEL,
    EXTEND,
    HINT,
    ASK,
    OLDEST,
    OLDEST_OF_TENANT,
    LOOKED_AT_LATE,
    CLAIM_DUE,
    BEGIN_LOOKS,
    END_LOOKS,
];

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

/// The upload with this id, if there is one.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &Db, id: UploadId) -> Result<Option<Upload>, DbError> {
    let found = find_all(db, &[id]).await?.pop();
    found.transpose().map_err(|error| DbError::Broken { operation: "look up an upload", source: error.into() })
}

/// The uploads with these ids, as far as there are any, in no order.
///
/// # Errors
/// Where the database does not answer.
pub async fn find_all(db: &Db, ids: &[UploadId]) -> Result<Vec<Result<Upload, Unreadable>>, DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = db.rows("look up uploads", FIND, &[&ids]).await?;
    Ok(rows.iter().map(read).collect())
}

/// Which uploads of a tenant to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those in this status.
    pub status: Option<UploadStatus>,
    /// Only those made under this policy.
    pub policy: Option<String>,
    /// Only those made at this time or later.
    pub created_from: Option<Timestamp>,
    /// Only those made before this time.
    pub created_before: Option<Timestamp>,
}

/// A page of a tenant's uploads, newest first, beginning after `after`.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(
    db: &Db,
    tenant: &Tenant,
    filter: &Filter,
    after: Option<UploadId>,
    limit: i64,
) -> Result<Vec<Upload>, DbError> {
    let below_time = filter.created_before.map_or(Uuid::max(), |time| first_id_at(time, CLOCK_DIFFERENCE));
    let below = after.map_or(below_time, |id| id.0.min(below_time));
    let from = filter.created_from.map_or(Uuid::nil(), |time| first_id_at(time, -CLOCK_DIFFERENCE));
    let status = filter.status.map(UploadStatus::as_str);
    let rows = db
        .rows(
            "list uploads",
            LIST,
            &[
                &tenant.as_str(),
                &below,
                &from,
                &status,
                &filter.policy,
                &filter.created_from,
                &filter.created_before,
                &limit,
            ],
        )
        .await?;
    Ok(rows.iter().filter_map(readable).collect())
}

/// How far the clock that makes ids may differ from the database's, in milliseconds.
const CLOCK_DIFFERENCE: i64 = 3_600_000;

/// The smallest UUIDv7 of this time moved by some milliseconds: it lets a range of times be found by the index on ids.
fn first_id_at(time: Timestamp, moved_by: i64) -> Uuid {
    let millis = u64::try_from(time.as_millisecond().saturating_add(moved_by)).unwrap_or(0);
    Uuid::from_u128(u128::from(millis.min((1 << 48) - 1)) << 80)
}

/// What became of a pending upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The object was accepted and lies here.
    Confirmed(StoredObject),
    /// The object was refused.
    Rejected(StoredObject, Vec<Reason>),
    /// There was no object in time.
    Expired,
    /// Time is up, and nobody survives a look at what is there. It goes unread.
    ExpiredUnread,
}

impl Outcome {
    /// The status it leads to.
    pub fn status(&self) -> UploadStatus {
        match self {
            Self::Confirmed(_) => UploadStatus::Confirmed,
            Self::Rejected(..) => UploadStatus::Rejected,
            Self::Expired | Self::ExpiredUnread => UploadStatus::Expired,
        }
    }

    fn object(&self) -> Option<&StoredObject> {
        match self {
            Self::Confirmed(object) | Self::Rejected(object, _) => Some(object),
            Self::Expired | Self::ExpiredUnread => None,
        }
    }

    fn reasons(&self) -> Option<Value> {
        match self {
            Self::Rejected(_, reasons) => Some(
                reasons.iter().map(|reason| json!({"code": reason.code.as_str(), "detail": reason.detail})).collect(),
            ),
            Self::Confirmed(_) | Self::Expired | Self::ExpiredUnread => None,
        }
    }
}

/// A decision to record.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The upload.
    pub id: UploadId,
    /// What became of it.
    pub outcome: Outcome,
    /// The version under the grant's key that becomes unwanted, where the bucket keeps versions.
    pub unwanted_version: Option<String>,
    /// Why it was decided now.
    pub cause: Cause,
    /// How long the look and the decision took.
    pub took: Duration,
}

/// Records decisions. Says of each, in order, whether it changed the upload: of several decisions about one upload, here or
/// elsewhere, exactly one does.
///
/// # Errors
/// Where the database does not answer; then none is recorded, or it is unknown whether they are.
pub async fn decide(db: &Db, decisions: &[Decision]) -> Result<Vec<bool>, DbError> {
    let mut first_of = HashMap::new();
    for (place, decision) in decisions.iter().enumerate() {
        first_of.entry(decision.id).or_insert(place);
    }
    let is_first = |place: usize, decision: &Decision| first_of.get(&decision.id) == Some(&place);
    let distinct: Vec<&Decision> = decisions
        .iter()
        .enumerate()
        .filter(|(place, decision)| is_first(*place, decision))
        .map(|(_, decision)| decision)
        .collect();
    macro_rules! column {
        ($of:expr) => {
            &distinct.iter().map($of).collect::<Vec<_>>()
        };
    }
    macro_rules! object_column {
        ($of:expr) => {
            &distinct.iter().map(|decision| decision.outcome.object().and_then($of)).collect::<Vec<_>>()
        };
    }
    let rows = db
        .rows(
            "record verdicts",
            DECIDE,
            &[
                column!(|decision| decision.id.0),
                column!(|decision| decision.outcome.status().as_str()),
                object_column!(|object| Some(object.key.as_str())),
                object_column!(|object| Some(object.size.get())),
                object_column!(|object| Some(object.etag.as_str())),
                object_column!(|object| object.version_id.as_deref()),
                object_column!(|object| object.detected_type.as_ref().map(MediaType::as_str)),
                column!(|decision| decision.outcome.reasons()),
                column!(|decision| decision.unwanted_version.as_deref()),
                column!(|decision| decision.cause.as_str()),
                column!(|decision| decision.cause.id()),
                column!(|decision| i32::try_from(decision.took.as_millis()).unwrap_or(i32::MAX)),
                column!(|decision| decision.outcome == Outcome::ExpiredUnread),
                // The outcomes have the same sources; a test says so.
                &sources(UploadStatus::Confirmed),
                column!(|decision| decision.cause.happened_at()),
            ],
        )
        .await?;
    let changed: Vec<Uuid> = rows.first().map(|row| row.get("ids")).unwrap_or_default();
    Ok(decisions
        .iter()
        .enumerate()
        .map(|(place, decision)| is_first(place, decision) && changed.contains(&decision.id.0))
        .collect())
}

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

/// What an operator does with uploads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Has pending ones looked at now.
    Settle,
    /// Ends the time of pending ones, and has them looked at: what is there is still judged.
    Expire,
    /// Takes pending ones back.
    Cancel,
    /// Deletes confirmed ones.
    Delete,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Settle, Self::Expire, Self::Cancel, Self::Delete];

    /// The name used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settle => "settle",
            Self::Expire => "expire",
            Self::Cancel => "cancel",
            Self::Delete => "delete",
        }
    }

    /// The statuses in which an upload is, with which this can be done.
    pub const fn done_with(self) -> &'static [UploadStatus] {
        match self {
            Self::Settle | Self::Expire => &[UploadStatus::Pending],
            Self::Cancel => UploadStatus::Canceled.reachable_from(),
            Self::Delete => UploadStatus::Deleted.reachable_from(),
        }
    }
}

/// Does what an operator orders with those of these uploads with which it can be done, of this tenant or of all. Gives their
/// ids. Each one's timeline tells who it was.
///
/// # Errors
/// Where the database does not answer; then it is done with none, or it is unknown whether it is.
pub async fn order(
    db: &Db,
    tenant: Option<&Tenant>,
    ids: &[UploadId],
    order: Order,
    operator: &str,
) -> Result<Vec<UploadId>, DbError> {
    const OPERATION: &str = "do what an operator orders";
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let tenant = tenant.map(Tenant::as_str);
    let cause = Cause::Operator(operator.to_owned());
    let (none, of) = (Vec::<&str>::new(), sources);
    let rows = match order {
        Order::Settle | Order::Expire => {
            db.rows(OPERATION, ASK, &[&ids, &tenant, &order.as_str(), &cause.as_str(), &cause.id()]).await?
        }
        Order::Cancel => {
            let parameters: [&(dyn ToSql + Sync); 6] =
                [&ids, &tenant, &of(UploadStatus::Canceled), &none, &cause.as_str(), &cause.id()];
            db.rows(OPERATION, CANCEL, &parameters).await?
        }
        Order::Delete => {
            let parameters: [&(dyn ToSql + Sync); 6] =
                [&ids, &tenant, &none, &of(UploadStatus::Deleted), &cause.as_str(), &cause.id()];
            db.rows(OPERATION, CANCEL, &parameters).await?
        }
    };
    Ok(rows.iter().map(|row| UploadId(row.get("id"))).collect())
}

/// Gives a pending upload at least this much longer from now, up to `at_most` from its creation. `None` means that this
/// tenant has no such upload that is pending and not overdue.
///
/// # Errors
/// Where the database does not answer.
pub async fn extend(
    db: &Db,
    tenant: &Tenant,
    id: UploadId,
    by: Duration,
    at_most: Duration,
) -> Result<Option<Upload>, DbError> {
    const OPERATION: &str = "extend an upload";
    let rows =
        db.rows(OPERATION, EXTEND, &[&id.0, &tenant.as_str(), &by.as_secs_f64(), &at_most.as_secs_f64()]).await?;
    rows.first().map(|row| from_row(OPERATION, row)).transpose()
}

/// Asks the workers to look at a pending upload now, before all that is due by time.
///
/// # Errors
/// Where the database does not answer.
pub async fn hint(db: &Db, tenant: &Tenant, id: UploadId) -> Result<(), DbError> {
    db.rows("ask for a look at an upload", HINT, &[&id.0, &tenant.as_str()]).await.map(drop)
}

/// A pending upload of which nothing has become for the longest time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Oldest {
    /// The upload.
    pub id: UploadId,
    /// When it was declared.
    pub created_at: Timestamp,
    /// When it expires.
    pub deadline: Timestamp,
}

/// The pending upload of this tenant, or of all, that was declared first.
///
/// # Errors
/// Where the database does not answer.
pub async fn oldest_pending(db: &Db, tenant: Option<&Tenant>) -> Result<Option<Oldest>, DbError> {
    const OPERATION: &str = "find the oldest pending upload";
    let (first, last) = (Uuid::nil(), Uuid::max());
    let rows = match tenant {
        None => db.rows(OPERATION, OLDEST, &[&first, &last]).await?,
        Some(tenant) => db.rows(OPERATION, OLDEST_OF_TENANT, &[&first, &last, &tenant.as_str()]).await?,
    };
    let read = |row: &Row| Oldest {
        id: UploadId(row.get("id")),
        created_at: row.get("created_at"),
        deadline: row.get("deadline"),
    };
    Ok(rows.first().map(read))
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

/// The names of the statuses that this one is reached from.
fn sources(status: UploadStatus) -> Vec<&'static str> {
    status.reachable_from().iter().map(|from| from.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_can_be_recorded_by_the_same_statement() {
        for status in [UploadStatus::Confirmed, UploadStatus::Rejected, UploadStatus::Expired] {
            assert_eq!(status.reachable_from(), UploadStatus::Confirmed.reachable_from());
        }
    }

    #[test]
    fn the_first_id_of_a_time_is_below_every_id_made_then() {
        let time: Timestamp = "2026-11-24T12:00:00Z".parse().expect("valid");
        let seconds = u64::try_from(time.as_second()).expect("after 1970");
        let made_then = Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0));
        assert!(first_id_at(time, 0) < made_then && made_then < first_id_at(time, 1));
    }
}
