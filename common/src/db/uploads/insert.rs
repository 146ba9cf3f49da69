//! Recording pending uploads, as far as their tenants may have more.

mod turns;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tokio_postgres::types::ToSql;

use crate::db::{Db, DbError};
use crate::domain::{
    ByteCount, Declaration, Form, Idempotency, Limits, MOST_BYTES, Metadata, Multipart, ObjectKey, Origin, OverQuota,
    Tenant, TenantLimits, Upload, UploadId, UploadState,
};

/// The statements that record uploads.
pub const STATEMENTS: &[&str] = &[INSERT, turns::INSERT];

/// The rows of what is to be recorded, from the parameters that [`columns`] gives.
macro_rules! new_rows {
    () => {
        "unnest(
            $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bytea[], $9::jsonb[],
            $10::text[], $11::boolean[], $12::float8[], $13::text[], $14::boolean[], $15::text[], $16::text[], $17::bigint[],
            $18::boolean[], $19::text[], $20::bytea[], $21::bigint[]
        ) WITH ORDINALITY AS n (id, tenant, policy, origin, filename, content_type, size, sha256, metadata, grant_key,
            write_once, finish_within, caller, form, redirect_to, multipart_id, part_size, parts_with_sha256, key,
            fingerprint, reserved_bytes, place)"
    };
}
use new_rows;

/// Records the rows of `fresh`: counts them on top of what is `held`, begins their timelines, and inserts them.
macro_rules! record_fresh {
    () => {
        "counted AS (
            UPDATE usage u
            SET pending_uploads = h.pending_uploads + f.uploads, reserved_bytes = h.reserved_bytes + f.bytes
            FROM held h JOIN (
                SELECT tenant, count(*) AS uploads, sum(reserved_bytes)::bigint AS bytes FROM fresh GROUP BY tenant
            ) f ON f.tenant = h.tenant
            WHERE u.tenant = h.tenant
        ), noted AS (
            INSERT INTO timeline (upload_id, tenant, status, cause, cause_id)
            SELECT id, tenant, 'pending', 'client', caller FROM fresh
        ), recorded AS (
            INSERT INTO uploads (id, tenant, policy, origin, filename, content_type, size, sha256, metadata, grant_key,
                write_once, form, redirect_to, multipart_id, part_size, parts_with_sha256, reserved_bytes, deadline, look_at)
            SELECT id, tenant, policy, origin, filename, content_type, size, sha256, metadata, grant_key, write_once, form,
                redirect_to, multipart_id, part_size, parts_with_sha256, reserved_bytes,
                now() + make_interval(secs => finish_within), now() + make_interval(secs => least(finish_within, $22))
            FROM fresh
            RETURNING id, created_at, deadline
        )"
    };
}
use record_fresh;

/// Records the uploads of each tenant who may have all that is asked for, but for those whose key is taken. It is what
/// nearly every upload needs and costs a third of [`turns::INSERT`], which is for the others.
///
/// The rows of `usage` are locked first, in the order of tenants, and held until all is written. So whoever asks for a
/// tenant's uploads waits for those before, here or in another process, and sees what they used; and since a key belongs to
/// one tenant, no two statements ever wait for each other's keys. Verdicts lock uploads and then `usage`; this one locks no
/// upload that anybody else can know of. So nobody waits in a circle.
///
/// What is asked for comes out of a subquery of its own (`OFFSET 0`), so that the planner can't count the tenants: it would
/// make a new plan each time, which takes longer than all the rest.
const INSERT: &str = concat!(
    "-- uploads.insert
    WITH new AS (SELECT * FROM ",
    new_rows!(),
    "), asked AS (
        SELECT a.*
        FROM (
            SELECT $23::text[] AS tenants, $24::bigint[] AS pending, $25::bigint[] AS reserved, $26::bigint[] AS stored,
                $27::bigint[] AS uploads, $28::bigint[] AS bytes OFFSET 0
        ) AS given, unnest(tenants, pending, reserved, stored, uploads, bytes)
            AS a (tenant, most_pending, most_reserved, most_stored, uploads, bytes)
    ), held AS (
        SELECT * FROM usage u JOIN asked a USING (tenant) ORDER BY tenant FOR UPDATE OF u
    ), fits AS (
        SELECT tenant FROM held
        WHERE pending_uploads + uploads <= most_pending AND reserved_bytes + bytes <= most_reserved
            AND stored_bytes + reserved_bytes + bytes <= most_stored
    ), keyed AS (
        INSERT INTO idempotency_keys (tenant, key, fingerprint, upload_id)
        SELECT tenant, key, fingerprint, id FROM new
        WHERE key IS NOT NULL AND tenant IN (SELECT tenant FROM fits) ORDER BY tenant, key, place
        ON CONFLICT DO NOTHING
        RETURNING upload_id
    ), fresh AS (
        SELECT * FROM new
        WHERE tenant IN (SELECT tenant FROM fits) AND (key IS NULL OR id IN (SELECT upload_id FROM keyed))
    ), ",
    record_fresh!(),
    " SELECT n.id, n.tenant IN (SELECT tenant FROM fits) AS fits, r.created_at, r.deadline
    FROM new n LEFT JOIN recorded r USING (id)"
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
    let mut open: Vec<&NewUpload> = new.iter().collect();
    let mut outcomes = insert_what_fits(db, limits, &open).await?;
    open.retain(|new| !outcomes.contains_key(&new.id));
    while !open.is_empty() {
        outcomes.extend(turns::insert(db, limits, &open).await?);
        open.retain(|new| !outcomes.contains_key(&new.id));
    }
    Ok(new.iter().map(|new| outcomes.remove(&new.id).expect("the loop ends when all have an outcome")).collect())
}

/// What became of each upload, as far as that is known.
type Outcomes = HashMap<UploadId, Recorded>;

/// Leaves those for turns whose tenants may not have all that they ask for, and those in parts whose keys are taken: there is more
/// to do for them.
async fn insert_what_fits(db: &Db, limits: &TenantLimits, new: &[&NewUpload]) -> Result<Outcomes, DbError> {
    let (asked, mut parameters) = (Asked::of(new, limits), columns(new));
    parameters.extend(asked.limits());
    parameters.push(Box::new(asked.column(|asked| asked.uploads)));
    parameters.push(Box::new(asked.column(|asked| asked.bytes)));
    let rows = db.rows("record new uploads", INSERT, &borrowed(&parameters)).await?;
    let rows: HashMap<UploadId, _> = rows.iter().map(|row| (UploadId(row.get("id")), row)).collect();
    let outcome = |new: &&NewUpload| {
        let row = rows.get(&new.id)?;
        match row.get("created_at") {
            Some(created_at) => Some(Recorded::Upload(new.recorded(created_at, row.get("deadline")))),
            None => (row.get("fits") && new.multipart.is_none()).then_some(Recorded::KeyTaken),
        }
    };
    Ok(new.iter().filter_map(|new| Some((new.id, outcome(new)?))).collect())
}

/// What several uploads ask for, tenant by tenant.
struct Asked<'a>(BTreeMap<&'a Tenant, OfTenant>);

/// What one tenant asks for, and may use.
struct OfTenant {
    limits: Limits,
    uploads: i64,
    bytes: i64,
}

impl<'a> Asked<'a> {
    fn of(new: &[&'a NewUpload], limits: &TenantLimits) -> Self {
        let mut tenants = BTreeMap::new();
        for new in new {
            let nothing = || OfTenant { limits: limits.of(&new.tenant), uploads: 0, bytes: 0 };
            let asked = tenants.entry(&new.tenant).or_insert_with(nothing);
            asked.uploads += 1;
            // More than anybody may have is enough to know; no sum is too large for the database.
            asked.bytes = asked.bytes.saturating_add(new.reserves.get()).min(MOST_BYTES + 1);
        }
        Self(tenants)
    }

    fn column(&self, of: impl Fn(&OfTenant) -> i64) -> Vec<i64> {
        self.0.values().map(of).collect()
    }

    /// The parameters `$23` to `$26`: the tenants, and what each may use.
    fn limits(&self) -> [Parameter<'a>; 4] {
        let bytes = |limit: Option<ByteCount>| limit.map_or(MOST_BYTES, ByteCount::get);
        [
            Box::new(self.0.keys().map(|tenant| tenant.as_str()).collect::<Vec<_>>()),
            Box::new(self.column(|asked| asked.limits.pending_uploads.unwrap_or(i64::MAX))),
            Box::new(self.column(|asked| bytes(asked.limits.reserved_bytes))),
            Box::new(self.column(|asked| bytes(asked.limits.stored_bytes))),
        ]
    }
}

type Parameter<'a> = Box<dyn ToSql + Send + Sync + 'a>;

fn borrowed<'a>(parameters: &'a [Parameter<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| &**parameter as &(dyn ToSql + Sync)).collect()
}

/// The parameters `$1` to `$22`, which make the rows of uploads.
fn columns<'a>(new: &[&'a NewUpload]) -> Vec<Parameter<'a>> {
    macro_rules! column {
        ($of:expr) => {
            Box::new(new.iter().copied().map($of).collect::<Vec<_>>())
        };
    }
    let metadata = |upload: &NewUpload| upload.metadata.as_ref().map(|metadata| json!(metadata.entries()));
    vec![
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
        column!(|upload| upload.form.is_some()),
        column!(|upload| Some(upload.form.as_ref()?.redirect_to.as_ref()?.as_str())),
        column!(|upload| upload.multipart.as_ref().map(|multipart| multipart.id.as_str())),
        column!(|upload| upload.multipart.as_ref().map(|multipart| multipart.part_size.get())),
        column!(|upload| upload.multipart.as_ref().map(|multipart| multipart.with_sha256)),
        column!(|upload| upload.idempotency.as_ref().map(|idempotency| idempotency.key.as_str())),
        column!(|upload| upload.idempotency.as_ref().map(|idempotency| &idempotency.fingerprint.0[..])),
        column!(|upload| upload.reserves.get()),
        Box::new(FIRST_LOOK.as_secs_f64()),
    ]
}

impl NewUpload {
    /// The upload that was recorded: the database makes nothing but its times.
    fn recorded(&self, created_at: Timestamp, deadline: Timestamp) -> Upload {
        Upload {
            id: self.id,
            tenant: self.tenant.clone(),
            policy: self.policy.clone(),
            declared: self.declared.clone(),
            metadata: self.metadata.clone(),
            grant_key: self.grant_key.clone(),
            write_once: self.write_once,
            form: self.form.clone(),
            multipart: self.multipart.clone(),
            origin: self.origin,
            created_at,
            deadline,
            looks_cut_off: 0,
            state: UploadState::Pending,
        }
    }
}
