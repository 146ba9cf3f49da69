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

/// What processes of an older version recorded was never counted. It is from now on: what was declared with it is reserved. Uploads
/// are locked in the order of ids, as by verdicts.
const ADMIT: &str = "-- usage.admit
    WITH held AS (
        SELECT id FROM uploads WHERE status = 'pending' AND reserved_bytes IS NULL ORDER BY id FOR UPDATE
    )
    UPDATE uploads u SET reserved_bytes = coalesce(u.size, 0) FROM held WHERE u.id = held.id";

/// Every tenant, with a row from now on.
const TENANTS: &str = "-- usage.tenants
    WITH met AS (
        INSERT INTO usage (tenant) SELECT DISTINCT tenant FROM uploads ORDER BY tenant ON CONFLICT DO NOTHING
        RETURNING tenant
    )
    SELECT tenant FROM usage UNION SELECT tenant FROM met ORDER BY tenant";

/// Whoever changes a tenant's uploads changes its row with the same commit, so in one snapshot the difference between both is what
/// was ever counted wrongly, and it stays the same while others go on counting. It is added to the row as that is by now:
/// nobody has to wait while a million uploads are counted. Two who did so at once would add it twice.
///
/// One tenant's row is locked at a time, so in whatever order others lock theirs, nobody waits in a circle.
const RECOUNT: &str = "-- usage.recount
    WITH lacking AS MATERIALIZED (
        SELECT count(*) FILTER (WHERE o.status = 'pending') - u.pending_uploads AS pending_uploads,
            coalesce(sum(o.reserved_bytes) FILTER (WHERE o.status = 'pending'), 0)::bigint - u.reserved_bytes AS reserved_bytes,
            count(*) FILTER (WHERE o.status = 'confirmed') - u.stored_uploads AS stored_uploads,
            coalesce(sum(o.object_size) FILTER (WHERE o.status = 'confirmed'), 0)::bigint - u.stored_bytes AS stored_bytes
        FROM usage u LEFT JOIN uploads o ON o.tenant = u.tenant
            AND (o.status = 'confirmed' OR (o.status = 'pending' AND o.reserved_bytes IS NOT NULL))
        WHERE u.tenant = $1
        GROUP BY u.tenant
    )
    UPDATE usage u
    SET pending_uploads = u.pending_uploads + l.pending_uploads, reserved_bytes = u.reserved_bytes + l.reserved_bytes,
        stored_uploads = u.stored_uploads + l.stored_uploads, stored_bytes = u.stored_bytes + l.stored_bytes
    FROM lacking l
    WHERE u.tenant = $1 AND (l.pending_uploads, l.reserved_bytes, l.stored_uploads, l.stored_bytes) <> (0, 0, 0, 0)
    RETURNING l.pending_uploads, l.reserved_bytes, l.stored_uploads, l.stored_bytes";

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[FIND, ADMIT, TENANTS, RECOUNT];

/// What a recount came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recount {
    /// How many tenants there are.
    pub tenants: usize,
    /// What was added to those that were counted wrongly; below zero where too much had been counted.
    pub mended: Vec<(Tenant, Usage)>,
}

/// Counts what each tenant uses anew, and mends what was counted wrongly. Others may go on meanwhile; who else recounts waits.
///
/// # Errors
/// Where the database does not answer; then some may be mended.
pub async fn recount(db: &Db) -> Result<Recount, DbError> {
    const OPERATION: &str = "count anew what tenants use";
    /// Not that of migrations: a worker that starts meanwhile need not wait.
    const LOCK: i64 = 0x736c_7569_6366;
    let failed = |error| DbError::from_driver(OPERATION, error);
    let (client, driven) = db.alone(OPERATION, LOCK).await?;
    client.execute(ADMIT, &[]).await.map_err(failed)?;
    let tenants = client.query(TENANTS, &[]).await.map_err(failed)?;
    let statement = client.prepare(RECOUNT).await.map_err(failed)?;
    let mut recount = Recount { tenants: tenants.len(), ..Recount::default() };
    for tenant in tenants.iter().map(|row| row.get::<_, &str>("tenant")) {
        if let Some(row) = client.query_opt(&statement, &[&tenant]).await.map_err(failed)? {
            let tenant = Tenant::parse(tenant).map_err(|why| DbError::unreadable(OPERATION, why.to_string()))?;
            recount.mended.push((tenant, of_row(&row)));
        }
    }
    drop(client);
    let _ = driven.await;
    Ok(recount)
}

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
