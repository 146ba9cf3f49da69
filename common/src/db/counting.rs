//! The table `counting`, and what is counted from the timeline into `totals` and `activity`: by whichever worker locks its one
//! row, each line once.

use tokio_postgres::Row;

use super::{Db, DbError};

/// The most lines that one statement counts.
pub const STRETCH: i64 = 5000;

/// The lengths of the stretches of time that are kept, in seconds, and for how many days.
pub const LENGTHS: [(i32, i32); 3] = [(60, 1), (900, 8), (7200, 62)];

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
        SELECT t.xid, t.id, t.upload_id, t.tenant, t.status, t.at, t.waited_ms, t.asked
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
        SELECT s.tenant, s.status, s.at, s.waited_ms, u.policy, u.reasons
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
        UNION ALL SELECT tenant, policy, at, 'wait', floor($4 * log(2, greatest(waited_ms, 1)))::integer::text
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
