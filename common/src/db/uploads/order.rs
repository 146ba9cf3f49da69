//! What operators do with uploads.

use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::cancel::CANCEL;
use super::sources;
use crate::db::timeline::Cause;
use crate::db::{Db, DbError};
use crate::domain::{Tenant, UploadId, UploadStatus};

/// The statements of operators, but for the one that is also their clients'.
pub const STATEMENTS: &[&str] = &[ASK];

/// An operator's wish, with a line of its own that is no change. An upload whose time is to end is looked at like any that is
/// overdue: what came is not lost by it.
const ASK: &str = "-- uploads.ask
    WITH held AS (
        SELECT id FROM uploads WHERE id = ANY ($1) AND ($2::text IS NULL OR tenant = $2) AND decided_at IS NULL
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
