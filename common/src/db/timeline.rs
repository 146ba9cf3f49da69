//! The table `timeline`: how each upload came to its status. Its rows are written by the statements of `uploads`.
//!
//! Ids are given out before their rows can be seen, so they are no order to read a growing table in: a smaller one may turn up
//! behind one that was read. Readers go by transaction instead, and only up to the oldest that still runs: whatever comes later
//! is of that one or a later one.

use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::Row;

use super::uploads::{columns, readable_as};
use super::{Db, DbError};
use crate::domain::{Tenant, Upload, UploadId};

/// The most changes of one tenant that one statement reads.
pub const PAGE: usize = 100;

/// Behind each tenant's cursor, its next changes. The upload's own index finds a row at once, however many are asked for and
/// however few there are: left to a plain join, Postgres would now and then rather read the whole table. The changes are a range of
/// the tenants' index, in its order: else it would rather walk those of all tenants.
const READ: &str = concat!(
    "-- timeline.read
    SELECT t.xid::text AS xid, t.id AS change, t.status AS became, ",
    columns!(),
    "
    FROM unnest($1::text[], $2::text[], $3::bigint[]) AS c (tenant, xid, id)
    CROSS JOIN LATERAL (
        SELECT * FROM timeline
        WHERE (tenant, xid, id) > (c.tenant, c.xid::xid8, c.id) AND tenant IS NOT NULL
            AND (tenant, xid) < (c.tenant, pg_snapshot_xmin(pg_current_snapshot())) AND asked IS NULL
        ORDER BY tenant, xid, id LIMIT $4
    ) t
    CROSS JOIN LATERAL (SELECT * FROM uploads WHERE id = t.upload_id LIMIT 1) u
    ORDER BY t.xid, t.id"
);

const READ_OF_UPLOAD: &str = concat!(
    "-- timeline.read_of_upload
    SELECT t.xid::text AS xid, t.id AS change, t.status AS became, ",
    columns!(),
    "
    FROM timeline t JOIN uploads u ON u.id = t.upload_id
    WHERE t.upload_id = $1 AND t.tenant = $2 AND (t.xid, t.id) > ($3::text::xid8, $4)
        AND t.xid < pg_snapshot_xmin(pg_current_snapshot()) AND t.asked IS NULL
    ORDER BY t.xid, t.id LIMIT $5"
);

/// The same of all tenants together.
const READ_ALL: &str = concat!(
    "-- timeline.read_all
    SELECT t.xid::text AS xid, t.id AS change, t.status AS became, ",
    columns!(),
    "
    FROM (
        SELECT * FROM timeline
        WHERE (xid, id) > ($1::text::xid8, $2) AND xid < pg_snapshot_xmin(pg_current_snapshot()) AND asked IS NULL
        ORDER BY xid, id LIMIT $3
    ) t
    CROSS JOIN LATERAL (SELECT * FROM uploads WHERE id = t.upload_id LIMIT 1) u
    ORDER BY t.xid, t.id"
);

/// What was said of one upload last, with the names of the keys that are named.
const LINES: &str = "-- timeline.lines
    SELECT t.at, t.status, t.asked, t.cause, t.cause_id, k.name AS cause_name, t.took_ms, t.waited_ms
    FROM timeline t LEFT JOIN api_keys k ON t.cause IN ('client', 'operator') AND k.id::text = t.cause_id
    WHERE t.upload_id = $1 ORDER BY t.id DESC LIMIT $2";

/// By the number of the transaction, `t.xid`: by `xid` alone it would be by the text that is given under this name.
const LAST: &str = "-- timeline.last
    SELECT t.xid::text AS xid, t.id AS change FROM timeline t
    WHERE t.tenant = $1 AND t.xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY t.xid DESC, t.id DESC LIMIT 1";

const LAST_OF_ALL: &str = "-- timeline.last_of_all
    SELECT t.xid::text AS xid, t.id AS change FROM timeline t
    WHERE t.xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY t.xid DESC, t.id DESC LIMIT 1";

const HOLDS: &str = "-- timeline.holds
    SELECT 1 AS held FROM timeline
    WHERE tenant = $1 AND xid = $2::text::xid8 AND id = $3 AND xid < pg_snapshot_xmin(pg_current_snapshot())";

const ALL_HOLD: &str = "-- timeline.all_hold
    SELECT 1 AS held FROM timeline
    WHERE xid = $1::text::xid8 AND id = $2 AND xid < pg_snapshot_xmin(pg_current_snapshot())";

/// Of the oldest lines those whose time is over and that are counted. Lines without a transaction were written before there was
/// anything to count.
const FORGET: &str = "-- timeline.forget
    DELETE FROM timeline WHERE id = ANY (ARRAY (
        SELECT id FROM (SELECT id, at, xid FROM timeline ORDER BY id LIMIT $2) oldest
        WHERE at < now() - make_interval(secs => $1) AND (xid IS NULL OR xid < (SELECT xid FROM counting))
    ))
    RETURNING 1 AS gone";

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[READ, READ_OF_UPLOAD, READ_ALL, LINES, LAST, LAST_OF_ALL, HOLDS, ALL_HOLD, FORGET];

/// Up to where a tenant's timeline was read: the change that was read last. Always that of a change that is there, never just
/// the newest transaction: one that wrote nothing leaves no trace, and after a crash its number is given out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Cursor {
    /// The transaction that wrote it.
    pub xid: u64,
    /// Its id.
    pub id: i64,
}

impl Cursor {
    /// Before all changes.
    pub const BEGINNING: Self = Self { xid: 0, id: 0 };

    fn of(row: &Row) -> Result<Self, DbError> {
        let xid: &str = row.get("xid");
        let xid = xid.parse().map_err(|_| DbError::unreadable("read the timeline", "a transaction has no number"))?;
        Ok(Self { xid, id: row.get("change") })
    }
}

/// A change of an upload's status.
#[derive(Debug, Clone)]
pub struct Change {
    /// Where it stands.
    pub at: Cursor,
    /// Whose upload it is.
    pub tenant: String,
    /// The upload as it was then, but for its deadline; none where a newer version wrote what this one can't read.
    pub upload: Option<Upload>,
}

impl Change {
    fn of(row: &Row) -> Result<Self, DbError> {
        Ok(Self { at: Cursor::of(row)?, tenant: row.get("tenant"), upload: readable_as(row, "became") })
    }
}

/// The changes of these tenants, each behind its cursor and up to [`PAGE`] of them, in one order.
///
/// # Errors
/// Where the database does not answer.
pub async fn read(db: &Db, behind: &[(Tenant, Cursor)]) -> Result<Vec<Change>, DbError> {
    let tenants: Vec<&str> = behind.iter().map(|(tenant, _)| tenant.as_str()).collect();
    let xids: Vec<String> = behind.iter().map(|(_, cursor)| cursor.xid.to_string()).collect();
    let ids: Vec<i64> = behind.iter().map(|(_, cursor)| cursor.id).collect();
    let limit = i64::try_from(PAGE).expect("a page is small");
    let rows = db.rows("read the timeline", READ, &[&tenants, &xids, &ids, &limit]).await?;
    rows.iter().map(Change::of).collect()
}

/// The changes of all tenants behind a cursor, up to [`PAGE`] of them.
///
/// # Errors
/// Where the database does not answer.
pub async fn read_all(db: &Db, behind: Cursor) -> Result<Vec<Change>, DbError> {
    let limit = i64::try_from(PAGE).expect("a page is small");
    let rows = db.rows("read all timelines", READ_ALL, &[&behind.xid.to_string(), &behind.id, &limit]).await?;
    rows.iter().map(Change::of).collect()
}

/// One line of an upload's timeline, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it was written.
    pub at: Timestamp,
    /// The status that the upload came to, or was in.
    pub status: String,
    /// What an operator asked for, where it is no change of the status.
    pub asked: Option<String>,
    /// Why.
    pub cause: String,
    /// Which one it was.
    pub cause_id: Option<String>,
    /// What people call the API key that it was, if it was one.
    pub cause_name: Option<String>,
    /// How long the look and the decision took, in milliseconds.
    pub took_ms: Option<i32>,
    /// How long it came after the event, in milliseconds.
    pub waited_ms: Option<i32>,
}

/// The last lines of one upload, up to so many, oldest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn lines(db: &Db, id: UploadId, most: i64) -> Result<Vec<Line>, DbError> {
    let rows = db.rows("read the lines of an upload", LINES, &[&id.0, &most]).await?;
    let line = |row: &Row| Line {
        at: row.get("at"),
        status: row.get("status"),
        asked: row.get("asked"),
        cause: row.get("cause"),
        cause_id: row.get("cause_id"),
        cause_name: row.get("cause_name"),
        took_ms: row.get("took_ms"),
        waited_ms: row.get("waited_ms"),
    };
    Ok(rows.iter().rev().map(line).collect())
}

/// The changes of one upload behind a cursor, up to [`PAGE`] of them.
///
/// # Errors
/// Where the database does not answer.
pub async fn read_of_upload(db: &Db, tenant: &Tenant, id: UploadId, behind: Cursor) -> Result<Vec<Change>, DbError> {
    let limit = i64::try_from(PAGE).expect("a page is small");
    let xid = behind.xid.to_string();
    let rows = db
        .rows("read an upload's timeline", READ_OF_UPLOAD, &[&id.0, &tenant.as_str(), &xid, &behind.id, &limit])
        .await?;
    rows.iter().map(Change::of).collect()
}

/// Where a tenant's timeline ends now, or that of all.
///
/// # Errors
/// Where the database does not answer.
pub async fn last(db: &Db, tenant: Option<&Tenant>) -> Result<Cursor, DbError> {
    const OPERATION: &str = "find the end of the timeline";
    let rows = match tenant {
        Some(tenant) => db.rows(OPERATION, LAST, &[&tenant.as_str()]).await?,
        None => db.rows(OPERATION, LAST_OF_ALL, &[]).await?,
    };
    rows.first().map_or(Ok(Cursor::BEGINNING), Cursor::of)
}

/// Whether a cursor is one of this tenant's timeline, or of that of all.
///
/// # Errors
/// Where the database does not answer.
pub async fn holds(db: &Db, tenant: Option<&Tenant>, cursor: Cursor) -> Result<bool, DbError> {
    const OPERATION: &str = "look up a cursor";
    if cursor == Cursor::BEGINNING {
        return Ok(true);
    }
    let xid = cursor.xid.to_string();
    let rows = match tenant {
        Some(tenant) => db.rows(OPERATION, HOLDS, &[&tenant.as_str(), &xid, &cursor.id]).await?,
        None => db.rows(OPERATION, ALL_HOLD, &[&xid, &cursor.id]).await?,
    };
    Ok(!rows.is_empty())
}

/// Removes those of the oldest `limit` lines that are older than `kept`. Gives how many.
///
/// # Errors
/// Where the database does not answer.
pub async fn forget(db: &Db, kept: Duration, limit: i64) -> Result<usize, DbError> {
    Ok(db.rows("forget old lines of the timeline", FORGET, &[&kept.as_secs_f64(), &limit]).await?.len())
}

/// Why a status changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A client's call, made with this API key.
    Client(String),
    /// The store's event, in the message of this id, and when it happened by the store's clock, if that was said.
    Event(String, Option<Timestamp>),
    /// A client said that it had finished.
    Hint,
    /// A worker looked by itself because the upload was due.
    Sweep,
    /// An operator's call, made with this API key.
    Operator(String),
}

impl Cause {
    /// The name used in the database.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Client(_) => "client",
            Self::Event(..) => "event",
            Self::Hint => "hint",
            Self::Sweep => "sweep",
            Self::Operator(_) => "operator",
        }
    }

    /// Which one it was.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Client(id) | Self::Event(id, _) | Self::Operator(id) => Some(id),
            Self::Hint | Self::Sweep => None,
        }
    }

    /// When the event happened, if it was one.
    pub(super) fn happened_at(&self) -> Option<Timestamp> {
        match self {
            Self::Event(_, at) => *at,
            _ => None,
        }
    }
}
