//! The table `reports`: what workers did by themselves. A round's own report is written by the statement that ends it.

use serde_json::Value;

use super::{Db, DbError};

/// All sweeps of an hour, of all workers, share one row: a sweep comes every second, and its figures are of use as sums.
const ADD_SWEEP: &str = "-- reports.add_sweep
    INSERT INTO reports AS r (kind, started_at, counts) VALUES ('sweep', date_trunc('hour', now()), $1::jsonb)
    ON CONFLICT (started_at) WHERE kind = 'sweep' DO UPDATE
    SET ended_at = now(), counts = (
        SELECT jsonb_object_agg(name, coalesce((r.counts->>name)::bigint, 0) + coalesce((excluded.counts->>name)::bigint, 0))
        FROM jsonb_object_keys(r.counts || excluded.counts) AS name
    )";

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[ADD_SWEEP];

/// Adds what sweeps did, a flat object of numbers, to the report of this hour.
///
/// # Errors
/// Where the database does not answer.
pub async fn add_sweep(db: &Db, counts: &Value) -> Result<(), DbError> {
    db.rows("report a sweep", ADD_SWEEP, &[counts]).await.map(drop)
}
