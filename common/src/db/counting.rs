//! The table `counting`, and what is counted from the timeline into `totals` and `activity`: by whichever worker locks its one
//! row, each line once.

use jiff::Timestamp;

use super::{Db, DbError};
use crate::domain::{ReasonCode, Tenant, UploadStatus};

/// The most lines that one statement counts.
pub const STRETCH: i64 = 5000;

/// The lengths of the stretches of time that are kept, in seconds, and for how many days.
pub const LENGTHS: [(i32, i32); 3] = [(60, 1), (900, 2), (7200, 62)];

/// How many steps of a wait's length there are to an octave: each is a ninth longer than the one before.
pub const STEPS: f64 = 6.0;

/// Counts the next lines, up to the oldest transaction that still runs, and moves on behind them. Whoever comes while somebody
/// counts goes away again. Sums and place are written by one statement, so a line is counted once or not yet.
///
/// An upload that comes to a status leaves the one before: all of them leave `pending`, but for `deleted`, which leaves
/// `confirmed`.
const COUNT: &str = "-- counting.count
    WITH place AS (
        SELECT xid, id FROM counting FOR UPDATE SKIP LOCKED
    ), stretch AS (
        SELECT t.xid, t.id, t.upload_id, t.status, t.at, t.waited_ms, t.asked
        FROM place CROSS JOIN LATERAL (
            SELECT * FROM timeline
            WHERE (xid, id) > (place.xid, place.id) AND xid < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY xid, id LIMIT $1
        ) t
    ), last AS (
        SELECT xid, id, at FROM stretch ORDER BY xid DESC, id DESC LIMIT 1
    ), moved AS (
        UPDATE counting c
        SET xid = coalesce((SELECT xid FROM last), c.xid), id = coalesce((SELECT id FROM last), c.id),
            until = CASE
                WHEN (SELECT count(*) FROM stretch) = $1 THEN (SELECT at FROM last)
                ELSE coalesce((SELECT t.at FROM timeline t WHERE t.xid >= pg_snapshot_xmin(pg_current_snapshot())
                    ORDER BY t.xid, t.id LIMIT 1), now()) END
        FROM place WHERE c.is_only
        RETURNING c.until
    ), change AS (
        SELECT u.tenant, s.status, s.at, s.waited_ms, u.policy, u.reasons
        FROM stretch s CROSS JOIN LATERAL (SELECT * FROM uploads WHERE id = s.upload_id LIMIT 1) u WHERE s.asked IS NULL
    ), moves AS (
        SELECT tenant, status, 1 AS by FROM change
        UNION ALL SELECT tenant, CASE status WHEN 'deleted' THEN 'confirmed' ELSE 'pending' END, -1
        FROM change WHERE status <> 'pending'
    ), summed AS (
        INSERT INTO totals AS t (tenant, status, uploads)
        SELECT coalesce(tenant, ''), status, sum(by) FROM moves GROUP BY GROUPING SETS ((tenant, status), (status))
        ON CONFLICT (tenant, status) DO UPDATE SET uploads = t.uploads + excluded.uploads
    ), seen AS (
        SELECT tenant, policy, at, 'status' AS kind, status AS name FROM change
        UNION ALL SELECT tenant, policy, at, 'reason', reason->>'code'
        FROM change CROSS JOIN LATERAL jsonb_array_elements(change.reasons) AS reason WHERE status = 'rejected'
        UNION ALL SELECT tenant, policy, at, 'wait', floor($3 * ln(greatest(waited_ms, 1)::float8) / ln(2::float8))::integer::text
        FROM change WHERE waited_ms IS NOT NULL
    ), placed AS (
        SELECT seconds, tenant, date_bin(make_interval(secs => seconds), at, 'epoch') AS at, policy, kind, name
        FROM seen CROSS JOIN unnest($2::integer[]) AS length (seconds)
    ), noted AS (
        INSERT INTO activity AS a (seconds, tenant, at, policy, kind, name, count)
        SELECT seconds, coalesce(tenant, ''), at, policy, kind, name, count(*) FROM placed
        GROUP BY GROUPING SETS ((seconds, tenant, at, policy, kind, name), (seconds, at, policy, kind, name))
        ON CONFLICT (seconds, tenant, at, policy, kind, name) DO UPDATE SET count = a.count + excluded.count
    )
    SELECT (SELECT count(*) FROM stretch) AS counted FROM moved";

/// What is older than is kept goes, a batch at a time.
const FORGET: &str = "-- counting.forget
    DELETE FROM activity a USING (
        SELECT old.ctid FROM unnest($1::integer[], $2::integer[]) AS length (seconds, days)
        CROSS JOIN LATERAL (
            SELECT ctid FROM activity
            WHERE seconds = length.seconds AND at < now() - make_interval(days => length.days) ORDER BY at LIMIT $3
        ) old
    ) old
    WHERE a.ctid = old.ctid RETURNING 1 AS gone";

/// A tenant of which nothing was ever counted has no row but this.
const TOTALS: &str = "-- counting.totals
    SELECT c.until, now() AS now, t.status, t.uploads
    FROM counting c LEFT JOIN totals t ON t.tenant = $1";

/// Whoever ever declared something, by name: one step of the index for each.
const TENANTS: &str = "-- counting.tenants
    WITH RECURSIVE named AS (
        (SELECT tenant FROM totals WHERE tenant > '' ORDER BY tenant LIMIT 1)
        UNION ALL
        SELECT (SELECT tenant FROM totals t WHERE t.tenant > named.tenant ORDER BY tenant LIMIT 1)
        FROM named WHERE named.tenant IS NOT NULL
    )
    SELECT tenant FROM named WHERE tenant IS NOT NULL LIMIT $1";

/// What happened in the points up to now, oldest first. There is one row at least.
const ACTIVITY: &str = "-- counting.activity
    WITH place AS (
        SELECT until, date_bin(make_interval(secs => $3), now(), 'epoch') - make_interval(secs => $3 * ($4::float8 - 1)) AS began
        FROM counting
    )
    SELECT place.began, place.until, a.at, a.kind, a.name, a.count
    FROM place LEFT JOIN LATERAL (
        SELECT date_bin(make_interval(secs => $3), at, 'epoch') AS at, kind, name, sum(count)::bigint AS count
        FROM activity
        WHERE seconds = $2 AND tenant = $1 AND at >= place.began AND ($5::text IS NULL OR policy = $5)
        GROUP BY 1, 2, 3
    ) a ON true
    ORDER BY a.at";

/// The statements of these tables.
pub const STATEMENTS: &[&str] = &[COUNT, FORGET, TOTALS, TENANTS, ACTIVITY];

/// Counts up to [`STRETCH`] of the next lines. Gives how many; none where there are none, or somebody else counts.
///
/// # Errors
/// Where the database does not answer. Then nothing is counted, or it is unknown whether it is; never twice.
pub async fn count(db: &Db) -> Result<i64, DbError> {
    let lengths = LENGTHS.map(|(seconds, _)| seconds).to_vec();
    let rows = db.rows("count changes of uploads", COUNT, &[&STRETCH, &lengths, &STEPS]).await?;
    Ok(rows.first().map_or(0, |row| row.get("counted")))
}

/// Forgets up to `limit` counts of each length that are older than is kept. Gives how many.
///
/// # Errors
/// Where the database does not answer.
pub async fn forget(db: &Db, limit: i64) -> Result<usize, DbError> {
    let seconds = LENGTHS.map(|(seconds, _)| seconds).to_vec();
    let days = LENGTHS.map(|(_, days)| days).to_vec();
    Ok(db.rows("forget old counts", FORGET, &[&seconds, &days, &limit]).await?.len())
}

/// How many uploads there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// How many in each status.
    pub uploads: Vec<(UploadStatus, i64)>,
    /// Up to when changes are counted.
    pub until: Timestamp,
    /// The database's time.
    pub now: Timestamp,
}

/// How many uploads this tenant has, or all have.
///
/// # Errors
/// Where the database does not answer.
pub async fn totals(db: &Db, tenant: Option<&Tenant>) -> Result<Totals, DbError> {
    const OPERATION: &str = "read how many uploads there are";
    let rows = db.rows(OPERATION, TOTALS, &[&name(tenant)]).await?;
    let first = rows.first().ok_or_else(|| DbError::unreadable(OPERATION, "nothing is counted"))?;
    let uploads = rows.iter().filter_map(|row| {
        let status: Option<&str> = row.get("status");
        Some((UploadStatus::parse(status?)?, row.get("uploads")))
    });
    Ok(Totals { uploads: uploads.collect(), until: first.get("until"), now: first.get("now") })
}

/// The names of tenants of whom something was counted, in their order, up to so many.
///
/// # Errors
/// Where the database does not answer.
pub async fn tenants(db: &Db, most: i64) -> Result<Vec<String>, DbError> {
    let rows = db.rows("list tenants", TENANTS, &[&most]).await?;
    Ok(rows.iter().map(|row| row.get("tenant")).collect())
}

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Changes to this status.
    Status(UploadStatus),
    /// Rejections for this reason.
    Reason(ReasonCode),
    /// Verdicts that came so many steps of time after the event: a step is a [`STEPS`]th of an octave of milliseconds.
    Wait(i32),
}

impl Counted {
    /// What a newer version counts is none.
    fn parse(kind: &str, name: &str) -> Option<Self> {
        match kind {
            "status" => UploadStatus::parse(name).map(Self::Status),
            "reason" => ReasonCode::parse(name).map(Self::Reason),
            "wait" => name.parse().ok().map(Self::Wait),
            _ => None,
        }
    }
}

/// What happened in a row of points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// When the first point begins.
    pub began: Timestamp,
    /// Up to when changes are counted.
    pub until: Timestamp,
    /// Of each point in which something happened, when it begins, what it was and how often.
    pub counts: Vec<(Timestamp, Counted, i64)>,
}

/// Which points to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Points {
    /// The length of the stretches that are read: one of [`LENGTHS`].
    pub kept_seconds: i32,
    /// The length of a point: a multiple of it.
    pub seconds: i32,
    /// How many points there are.
    pub count: i32,
}

/// What happened to uploads of this tenant or of all, under this policy or under all.
///
/// # Errors
/// Where the database does not answer.
pub async fn activity(
    db: &Db,
    tenant: Option<&Tenant>,
    policy: Option<&str>,
    points: Points,
) -> Result<Activity, DbError> {
    const OPERATION: &str = "read what happened";
    let Points { kept_seconds, seconds, count } = points;
    let (seconds, count) = (f64::from(seconds), f64::from(count));
    let rows = db.rows(OPERATION, ACTIVITY, &[&name(tenant), &kept_seconds, &seconds, &count, &policy]).await?;
    let first = rows.first().ok_or_else(|| DbError::unreadable(OPERATION, "nothing is counted"))?;
    let counts = rows.iter().filter_map(|row| {
        let (at, kind): (Option<Timestamp>, Option<&str>) = (row.get("at"), row.get("kind"));
        Some((at?, Counted::parse(kind?, row.get("name"))?, row.get("count")))
    });
    Ok(Activity { began: first.get("began"), until: first.get("until"), counts: counts.collect() })
}

/// All tenants together are kept under a name that no tenant has.
fn name(tenant: Option<&Tenant>) -> &str {
    tenant.map_or("", Tenant::as_str)
}
