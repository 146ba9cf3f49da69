//! The table `reports`: what workers did by themselves. A round's own report is written by the statement that ends it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Db, DbError};
use crate::domain::UploadId;

/// All sweeps of an hour, of all workers, share one row: a sweep comes every second, and its figures are of use as sums.
const ADD_SWEEP: &str = "-- reports.add_sweep
    INSERT INTO reports AS r (kind, started_at, counts) VALUES ('sweep', date_trunc('hour', now()), $1::jsonb)
    ON CONFLICT (started_at) WHERE kind = 'sweep' DO UPDATE
    SET ended_at = now(), counts = (
        SELECT jsonb_object_agg(name, coalesce((r.counts->>name)::bigint, 0) + coalesce((excluded.counts->>name)::bigint, 0))
        FROM jsonb_object_keys(r.counts || excluded.counts) AS name
    )";

const LATEST: &str = "-- reports.latest
    SELECT started_at, ended_at, counts, uploads FROM reports WHERE kind = $1 ORDER BY started_at DESC LIMIT 1";

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[ADD_SWEEP, LATEST];

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The sweeps of an hour.
    Sweep,
    /// A round through the bucket.
    Reconcile,
}

/// What workers did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended, or was last added to.
    pub ended_at: Timestamp,
    /// What was counted, by name.
    pub counts: BTreeMap<String, i64>,
    /// The uploads that somebody should look at.
    pub uploads: Vec<UploadId>,
}

/// The latest report of a kind, if there is one.
///
/// # Errors
/// Where the database does not answer.
pub async fn latest(db: &Db, kind: Kind) -> Result<Option<Report>, DbError> {
    let kind = match kind {
        Kind::Sweep => "sweep",
        Kind::Reconcile => "reconcile",
    };
    let rows = db.rows("read the latest report", LATEST, &[&kind]).await?;
    let read = |row: &Row| {
        let counts: Value = row.get("counts");
        let counts = counts.as_object().into_iter().flatten();
        Report {
            started_at: row.get("started_at"),
            ended_at: row.get("ended_at"),
            counts: counts.filter_map(|(name, count)| Some((name.clone(), count.as_i64()?))).collect(),
            uploads: row.get::<_, Vec<Uuid>>("uploads").into_iter().map(UploadId).collect(),
        }
    };
    Ok(rows.first().map(read))
}

/// Adds what sweeps did, a flat object of numbers, to the report of this hour.
///
/// # Errors
/// Where the database does not answer.
pub async fn add_sweep(db: &Db, counts: &Value) -> Result<(), DbError> {
    db.rows("report a sweep", ADD_SWEEP, &[counts]).await.map(drop)
}
