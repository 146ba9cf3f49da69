//! The table `uploads`: every change of status is one statement that also writes what follows from it.

pub mod cancel;
pub mod decide;
pub mod due;
pub mod insert;
pub mod order;
mod row;
pub mod search;

use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Db, DbError};
use crate::domain::{Tenant, Upload, UploadId, UploadStatus};

pub use cancel::cancel;
pub use decide::{Decision, Outcome, decide};
pub use due::{Due, are_looked_at_late, begin_looks, claim_due, end_looks, hint};
pub use insert::{NewUpload, Recorded, insert};
pub use order::{Order, order};
pub use row::Unreadable;
pub(super) use row::{from_row, readable_as};
use row::{read, readable};
use search::{Found, Wanted};

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

const FIND: &str = concat!(
    "-- uploads.find
    SELECT ",
    columns!(),
    " FROM uploads u WHERE u.id = ANY ($1)"
);

const EXTEND: &str = concat!(
    "-- uploads.extend
    UPDATE uploads u
    SET deadline = greatest(deadline, least(now() + make_interval(secs => $3), created_at + make_interval(secs => $4)))
    WHERE id = $1 AND tenant = $2 AND status = 'pending' AND deadline > now()
    RETURNING ",
    columns!()
);

/// As a range of the index's rows, like a [`search`].
const OLDEST: &str = "-- uploads.oldest_pending
    SELECT id, created_at, deadline FROM uploads
    WHERE (status, id) >= ('pending', $1) AND (status, id) <= ('pending', $2) ORDER BY status, id LIMIT 1";

const OLDEST_OF_TENANT: &str = "-- uploads.oldest_pending_of_tenant
    SELECT id, created_at, deadline FROM uploads
    WHERE tenant = $3 AND (status, id) >= ('pending', $1) AND (status, id) <= ('pending', $2)
    ORDER BY status, id LIMIT 1";

/// The statements that find and extend uploads; those of each change are beside it.
pub const STATEMENTS: &[&str] = &[FIND, EXTEND, OLDEST, OLDEST_OF_TENANT];

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

/// A page of a tenant's uploads, newest first, beginning after `after`: a [`search`] of that tenant alone, at a cost as bounded.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(
    db: &Db,
    tenant: &Tenant,
    filter: Filter,
    after: Option<UploadId>,
    limit: i64,
) -> Result<Found, DbError> {
    let Filter { status, policy, created_from, created_before } = filter;
    let (tenant, statuses) = (Some(tenant.clone()), status.into_iter().collect());
    let wanted = Wanted { tenant, statuses, policy, created_from, created_before, ..Wanted::default() };
    search::search(db, &wanted, after, limit).await
}

/// How far the clock that makes ids may differ from the database's, in milliseconds.
const CLOCK_DIFFERENCE: i64 = 3_600_000;

/// The smallest UUIDv7 of this time moved by some milliseconds: it lets a range of times be found by the index on ids.
fn first_id_at(time: Timestamp, moved_by: i64) -> Uuid {
    let millis = u64::try_from(time.as_millisecond().saturating_add(moved_by)).unwrap_or(0);
    Uuid::from_u128(u128::from(millis.min((1 << 48) - 1)) << 80)
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

/// The names of the statuses that this one is reached from.
fn sources(status: UploadStatus) -> Vec<&'static str> {
    status.reachable_from().iter().map(|from| from.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_id_of_a_time_is_below_every_id_made_then() {
        let time: Timestamp = "2026-11-24T12:00:00Z".parse().expect("valid");
        let seconds = u64::try_from(time.as_second()).expect("after 1970");
        let made_then = Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0));
        assert!(first_id_at(time, 0) < made_then && made_then < first_id_at(time, 1));
    }
}
