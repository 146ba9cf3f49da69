//! The table `idempotency_keys`: which upload a key stands for. `uploads.insert` writes it; a worker removes what is old.

use std::time::Duration;

use super::uploads::{columns, from_row};
use super::{Db, DbError};
use crate::domain::{IdempotencyKey, Sha256, Tenant, Upload};

/// For how long a key is kept: the 24 hours that clients are promised, and as long again for workers that don't run.
const KEPT: Duration = Duration::from_hours(48);

const FIND: &str = concat!(
    "-- idempotency_keys.find
    SELECT k.fingerprint, ",
    columns!(),
    " FROM idempotency_keys k JOIN uploads u ON u.id = k.upload_id WHERE k.tenant = $1 AND k.key = $2"
);

const FORGET: &str = "-- idempotency_keys.forget
    WITH old AS (
        SELECT tenant, key FROM idempotency_keys WHERE created_at < now() - make_interval(secs => $1)
        ORDER BY created_at LIMIT $2
        FOR UPDATE SKIP LOCKED
    )
    DELETE FROM idempotency_keys k USING old WHERE k.tenant = old.tenant AND k.key = old.key
    RETURNING k.upload_id";

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[FIND, FORGET];

/// The upload that a tenant's key stands for, and the checksum of what was declared then.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &Db, tenant: &Tenant, key: &IdempotencyKey) -> Result<Option<(Sha256, Upload)>, DbError> {
    const OPERATION: &str = "look up an idempotency key";
    let rows = db.rows(OPERATION, FIND, &[&tenant.as_str(), &key.as_str()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let fingerprint: &[u8] = row.get("fingerprint");
    let fingerprint = fingerprint.try_into().map(Sha256);
    let fingerprint = fingerprint.map_err(|_| DbError::unreadable(OPERATION, "the fingerprint has not 32 bytes"))?;
    Ok(Some((fingerprint, from_row(OPERATION, row)?)))
}

/// Removes up to `limit` keys whose time is over. Gives how many.
///
/// # Errors
/// Where the database does not answer.
pub async fn forget(db: &Db, limit: i64) -> Result<usize, DbError> {
    Ok(db.rows("forget idempotency keys", FORGET, &[&KEPT.as_secs_f64(), &limit]).await?.len())
}
