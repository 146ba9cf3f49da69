//! The table `idempotency_keys`: which upload a key stands for. `uploads.insert` writes it; a worker removes what is old.

use std::time::Duration;

use tokio_postgres::Row;

use super::uploads::{columns, from_row};
use super::{Db, DbError};
use crate::domain::{IdempotencyKey, Sha256, Tenant, Upload};

/// For how long a key is kept: the 24 hours that clients are promised, and as long again for workers that don't run.
const KEPT: Duration = Duration::from_hours(48);

const FIND: &str = concat!(
    "-- idempotency_keys.find
    SELECT k.key, k.fingerprint, ",
    columns!(),
    " FROM idempotency_keys k JOIN uploads u ON u.id = k.upload_id WHERE k.tenant = $1 AND k.key = ANY($2)"
);

const FORGET: &str = "-- idempotency_keys.forget
    DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY (
        SELECT ctid FROM idempotency_keys WHERE created_at < now() - make_interval(secs => $1)
        ORDER BY created_at LIMIT $2
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING upload_id";

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[FIND, FORGET];

/// The upload that each of a tenant's keys stands for, in the key's place, and the checksum of what was declared then.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(
    db: &Db,
    tenant: &Tenant,
    keys: &[&IdempotencyKey],
) -> Result<Vec<Option<(Sha256, Upload)>>, DbError> {
    const OPERATION: &str = "look up idempotency keys";
    let wanted: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
    let rows = db.rows(OPERATION, FIND, &[&tenant.as_str(), &wanted]).await?;
    let of = |key: &&str| rows.iter().find(|row| row.get::<_, &str>("key") == *key);
    wanted.iter().map(|key| of(key).map(|row| found(OPERATION, row)).transpose()).collect()
}

fn found(operation: &'static str, row: &Row) -> Result<(Sha256, Upload), DbError> {
    let fingerprint = row.get::<_, &[u8]>("fingerprint").try_into().map(Sha256);
    let fingerprint = fingerprint.map_err(|_| DbError::unreadable(operation, "the fingerprint has not 32 bytes"))?;
    Ok((fingerprint, from_row(operation, row)?))
}

/// Removes up to `limit` keys whose time is over. Gives how many.
///
/// # Errors
/// Where the database does not answer.
pub async fn forget(db: &Db, limit: i64) -> Result<usize, DbError> {
    Ok(db.rows("forget idempotency keys", FORGET, &[&KEPT.as_secs_f64(), &limit]).await?.len())
}
