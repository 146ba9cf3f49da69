//! The table `api_keys`: who may call.

use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{Db, DbError};
use crate::domain::{Sha256, Tenant};

/// An API key, without the key itself: only its hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The key's id, for listing and revoking.
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
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

const INSERT: &str = "-- api_keys.insert
    INSERT INTO api_keys (id, hash, tenant, name, scopes, expires_at, all_tenants) VALUES ($1, $2, $3, $4, $5, $6, $7)";

const FIND_VALID: &str = "-- api_keys.find_valid
    SELECT id, tenant, all_tenants, name, scopes, created_at, expires_at, revoked_at FROM api_keys
    WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())";

const LIST: &str = "-- api_keys.list
    SELECT id, tenant, all_tenants, name, scopes, created_at, expires_at, revoked_at FROM api_keys ORDER BY created_at, id";

const REVOKE: &str = "-- api_keys.revoke
    UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING id";

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[INSERT, FIND_VALID, LIST, REVOKE];

/// Keeps a new key by its hash.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(
    db: &Db,
    hash: Sha256,
    tenant: &Tenant,
    name: &str,
    scopes: &[String],
    expires_at: Option<Timestamp>,
    all_tenants: bool,
) -> Result<Uuid, DbError> {
    let id = Uuid::now_v7();
    let parameters: [&(dyn ToSql + Sync); 7] =
        [&id, &&hash.0[..], &tenant.as_str(), &name, &scopes, &expires_at, &all_tenants];
    db.rows("keep an API key", INSERT, &parameters).await?;
    Ok(id)
}

/// The key of this hash, unless it has expired or was revoked.
///
/// # Errors
/// Where the database does not answer.
pub async fn find_valid(db: &Db, hash: Sha256) -> Result<Option<ApiKey>, DbError> {
    const OPERATION: &str = "look up an API key";
    let rows = db.rows(OPERATION, FIND_VALID, &[&&hash.0[..]]).await?;
    rows.first().map(|row| from_row(OPERATION, row)).transpose()
}

/// All keys, oldest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(db: &Db) -> Result<Vec<ApiKey>, DbError> {
    const OPERATION: &str = "list API keys";
    let rows = db.rows(OPERATION, LIST, &[]).await?;
    rows.iter().map(|row| from_row(OPERATION, row)).collect()
}

/// Revokes a key for good. Says whether there was a valid one.
///
/// # Errors
/// Where the database does not answer.
pub async fn revoke(db: &Db, id: Uuid) -> Result<bool, DbError> {
    let rows = db.rows("revoke an API key", REVOKE, &[&id]).await?;
    Ok(!rows.is_empty())
}

pub(super) fn from_row(operation: &'static str, row: &Row) -> Result<ApiKey, DbError> {
    let tenant: &str = row.get("tenant");
    Ok(ApiKey {
        id: row.get("id"),
        tenant: Tenant::parse(tenant).map_err(|why| DbError::unreadable(operation, why.to_string()))?,
        all_tenants: row.get("all_tenants"),
        name: row.get("name"),
        scopes: row.get("scopes"),
        created_at: row.get("created_at"),
        expires_at: row.get("expires_at"),
        revoked_at: row.get("revoked_at"),
    })
}
