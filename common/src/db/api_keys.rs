//! The table `api_keys`: who may call.

use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{Db, DbError};
use crate::domain::{Sha256, Tenant};

/// An API key, without the key itself: only its hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The key's id, for listing, rotating and revoking.
    pub id: Uuid,
    /// Whose uploads it reaches.
    pub tenant: Tenant,
    /// Whether, as an operator's, it reaches all tenants.
    pub all_tenants: bool,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to a minute or two.
    pub last_used_at: Option<Timestamp>,
    /// `valid`, `rotated` (it works on until it expires), `expired` or `revoked`.
    pub state: String,
}

/// A key that somebody came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundKey {
    /// The key's id.
    pub id: Uuid,
    /// Whose uploads it reaches.
    pub tenant: Tenant,
    /// Whether it reaches all tenants as an operator's.
    pub all_tenants: bool,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it stops working by itself.
    pub expires_at: Option<Timestamp>,
    /// Whether it works.
    pub state: KeyState,
}

/// Whether a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It does, for so long still, if it ever stops by itself.
    Valid(Option<Duration>),
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
}

/// What was done to rotate a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The id of the new key.
    pub new_id: Uuid,
    /// Whose it is, as the old one was.
    pub tenant: Tenant,
    /// When the old one stops working.
    pub old_ends_at: Timestamp,
    /// When the new one stops working by itself.
    pub new_ends_at: Option<Timestamp>,
}

/// The tenant's first key also makes their row in `usage`, for their uploads to find.
const INSERT: &str = "-- api_keys.insert
    WITH met AS (INSERT INTO usage (tenant) VALUES ($3) ON CONFLICT DO NOTHING)
    INSERT INTO api_keys (id, hash, tenant, name, scopes, expires_at, all_tenants)
    VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6), $7)";

const FIND: &str = "-- api_keys.find
    SELECT id, hash, tenant, all_tenants, name, scopes, expires_at, revoked_at IS NOT NULL AS is_revoked,
        EXTRACT(EPOCH FROM expires_at - now())::float8 AS works_for
    FROM api_keys WHERE hash = ANY($1)";

const NOTE_USE: &str = "-- api_keys.note_use
    WITH used AS (
        SELECT id FROM api_keys
        WHERE id = ANY($1) AND (last_used_at IS NULL OR last_used_at < now() - make_interval(secs => $2))
        FOR UPDATE SKIP LOCKED
    )
    UPDATE api_keys SET last_used_at = now() FROM used WHERE api_keys.id = used.id";

const LIST: &str = "-- api_keys.list
    SELECT id, tenant, all_tenants, name, scopes, created_at, expires_at, last_used_at,
        CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= now() THEN 'expired'
            WHEN successor_id IS NOT NULL THEN 'rotated' ELSE 'valid' END AS state
    FROM api_keys ORDER BY created_at, id";

const REVOKE: &str = "-- api_keys.revoke
    WITH revoked AS (UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING id)
    SELECT id, pg_notify('sluice_keys', id::text) FROM revoked";

const ROTATE: &str = "-- api_keys.rotate
    WITH before AS (
        SELECT id, expires_at - created_at AS lifetime FROM api_keys
        WHERE id = $1 AND successor_id IS NULL AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
        FOR UPDATE
    ), old AS (
        UPDATE api_keys SET successor_id = $2, expires_at = LEAST(expires_at, now() + make_interval(secs => $4))
        FROM before WHERE api_keys.id = before.id
        RETURNING tenant, all_tenants, name, scopes, expires_at, lifetime
    ), new AS (
        INSERT INTO api_keys (id, hash, tenant, all_tenants, name, scopes, expires_at)
        SELECT $2, $3, tenant, all_tenants, name, scopes, now() + COALESCE(make_interval(secs => $5), lifetime) FROM old
        RETURNING id, expires_at
    )
    SELECT new.id, old.tenant, old.expires_at AS old_ends_at, new.expires_at AS new_ends_at,
        pg_notify('sluice_keys', $1::text)
    FROM old, new";

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[INSERT, FIND, NOTE_USE, LIST, REVOKE, ROTATE];

/// Keeps a new key by its hash. It works for this long, or until it is revoked.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(
    db: &Db,
    hash: Sha256,
    tenant: &Tenant,
    name: &str,
    scopes: &[String],
    lifetime: Option<Duration>,
    all_tenants: bool,
) -> Result<Uuid, DbError> {
    let (id, seconds) = (Uuid::now_v7(), lifetime.map(|time| time.as_secs_f64()));
    let parameters: [&(dyn ToSql + Sync); 7] =
        [&id, &&hash.0[..], &tenant.as_str(), &name, &scopes, &seconds, &all_tenants];
    db.rows("keep an API key", INSERT, &parameters).await?;
    Ok(id)
}

/// The keys of these hashes, each in its hash's place, whether they still work or not.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &Db, hashes: &[Sha256]) -> Result<Vec<Option<FoundKey>>, DbError> {
    const OPERATION: &str = "look up API keys";
    let wanted: Vec<&[u8]> = hashes.iter().map(|hash| &hash.0[..]).collect();
    let rows = db.rows(OPERATION, FIND, &[&wanted]).await?;
    let of = |hash: &Sha256| rows.iter().find(|row| row.get::<_, &[u8]>("hash") == hash.0);
    hashes.iter().map(|hash| of(hash).map(|row| found(OPERATION, row)).transpose()).collect()
}

/// Notes that these keys were used just now, unless that was noted within `spacing`.
///
/// # Errors
/// Where the database does not answer.
pub async fn note_use(db: &Db, ids: &[Uuid], spacing: Duration) -> Result<(), DbError> {
    db.rows("note the use of API keys", NOTE_USE, &[&ids, &spacing.as_secs_f64()]).await.map(drop)
}

/// All keys, oldest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(db: &Db) -> Result<Vec<ApiKey>, DbError> {
    const OPERATION: &str = "list API keys";
    let rows = db.rows(OPERATION, LIST, &[]).await?;
    rows.iter().map(|row| listed(OPERATION, row)).collect()
}

/// Revokes a key for good. Says whether there was one that was not revoked.
///
/// # Errors
/// Where the database does not answer.
pub async fn revoke(db: &Db, id: Uuid) -> Result<bool, DbError> {
    let rows = db.rows("revoke an API key", REVOKE, &[&id]).await?;
    Ok(!rows.is_empty())
}

/// Keeps a new key by its hash, with the tenant, name and scopes of an old one, which works on for `overlap` at the most.
/// Without a lifetime the new one is given what the old one was made with. `None` where there is no old key that works and
/// was not rotated before.
///
/// # Errors
/// Where the database does not answer.
pub async fn rotate(
    db: &Db,
    old: Uuid,
    hash: Sha256,
    overlap: Duration,
    lifetime: Option<Duration>,
) -> Result<Option<Rotation>, DbError> {
    const OPERATION: &str = "rotate an API key";
    let (id, seconds) = (Uuid::now_v7(), lifetime.map(|time| time.as_secs_f64()));
    let rows = db.rows(OPERATION, ROTATE, &[&old, &id, &&hash.0[..], &overlap.as_secs_f64(), &seconds]).await?;
    let read = |row: &Row| {
        Ok(Rotation {
            new_id: row.get("id"),
            tenant: tenant(OPERATION, row)?,
            old_ends_at: row.get("old_ends_at"),
            new_ends_at: row.get("new_ends_at"),
        })
    };
    rows.first().map(read).transpose()
}

pub(super) fn found(operation: &'static str, row: &Row) -> Result<FoundKey, DbError> {
    let works_for: Option<f64> = row.get("works_for");
    let state = match works_for {
        _ if row.get("is_revoked") => KeyState::Revoked,
        Some(seconds) if seconds <= 0.0 => KeyState::Expired,
        Some(seconds) => KeyState::Valid(Duration::try_from_secs_f64(seconds).ok()),
        None => KeyState::Valid(None),
    };
    Ok(FoundKey {
        id: row.get("id"),
        tenant: tenant(operation, row)?,
        all_tenants: row.get("all_tenants"),
        name: row.get("name"),
        scopes: row.get("scopes"),
        expires_at: row.get("expires_at"),
        state,
    })
}

fn listed(operation: &'static str, row: &Row) -> Result<ApiKey, DbError> {
    Ok(ApiKey {
        id: row.get("id"),
        tenant: tenant(operation, row)?,
        all_tenants: row.get("all_tenants"),
        name: row.get("name"),
        scopes: row.get("scopes"),
        created_at: row.get("created_at"),
        expires_at: row.get("expires_at"),
        last_used_at: row.get("last_used_at"),
        state: row.get("state"),
    })
}

fn tenant(operation: &'static str, row: &Row) -> Result<Tenant, DbError> {
    let tenant: &str = row.get("tenant");
    Tenant::parse(tenant).map_err(|why| DbError::unreadable(operation, why.to_string()))
}
