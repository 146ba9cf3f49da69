//! The table `usage`: what each tenant uses. It is written by the statements of `uploads`, and a row is made with a tenant's first
//! API key.

use super::{Db, DbError};
use crate::domain::{Tenant, Usage};

const FIND: &str = "-- usage.find
    SELECT pending_uploads, reserved_bytes, stored_uploads, stored_bytes FROM usage WHERE tenant = $1";

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
pub(super) use count_ended;

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[FIND];

/// What a tenant uses.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &Db, tenant: &Tenant) -> Result<Usage, DbError> {
    let rows = db.rows("look up what a tenant uses", FIND, &[&tenant.as_str()]).await?;
    Ok(rows.first().map(of_row).unwrap_or_default())
}

/// What a row says, whose columns have the names of this table's.
pub(super) fn of_row(row: &tokio_postgres::Row) -> Usage {
    Usage {
        pending_uploads: row.get("pending_uploads"),
        reserved_bytes: row.get("reserved_bytes"),
        stored_uploads: row.get("stored_uploads"),
        stored_bytes: row.get("stored_bytes"),
    }
}
