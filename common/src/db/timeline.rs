//! The table `timeline`: how each upload came to its status. Its rows are written by the statements of `uploads`.
//!
//! Ids are given out before their rows can be seen, so they are no order to read a growing table in: a smaller one may turn up
//! behind one that was read. Readers go by transaction instead, and only up to the oldest that still runs: whatever comes later
//! is of that one or a later one.

use tokio_postgres::Row;

use super::uploads::{columns, readable_as};
use super::{Db, DbError};
use crate::domain::{Tenant, Upload, UploadId};

/// The most changes of one tenant that one statement reads.
pub const PAGE: usize = 100;

/// Behind each tenant's cursor, its next changes. The upload's own index finds a row at once, however many are asked for and
/// however few there are: left to a plain join, Postgres would now and then rather read the whole table.
const READ: &str = concat!(
    "-- timeline.read
    SELECT t.xid::text AS xid, t.id AS change, t.status AS became, ",
    columns!(),
    "
    FROM unnest($1::text[], $2::text[], $3::bigint[]) AS c (tenant, xid, id)
    CROSS JOIN LATERAL (
        SELECT * FROM timeline
        WHERE tenant = c.tenant AND (xid, id) > (c.xid::xid8, c.id) AND xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY xid, id LIMIT $4
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
        AND t.xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY t.xid, t.id LIMIT $5"
);

const LAST: &str = "-- timeline.last
    SELECT xid::text AS xid, id AS change FROM timeline
    WHERE tenant = $1 AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid DESC, id DESC LIMIT 1";

const HOLDS: &str = "-- timeline.holds
    SELECT 1 AS held FROM timeline
    WHERE tenant = $1 AND xid = $2::text::xid8 AND id = $3 AND xid < pg_snapshot_xmin(pg_current_snapshot())";

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[READ, READ_OF_UPLOAD, LAST, HOLDS];

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

/// Where a tenant's timeline ends now.
///
/// # Errors
/// Where the database does not answer.
pub async fn last(db: &Db, tenant: &Tenant) -> Result<Cursor, DbError> {
    let rows = db.rows("find the end of the timeline", LAST, &[&tenant.as_str()]).await?;
    rows.first().map_or(Ok(Cursor::BEGINNING), Cursor::of)
}

/// Whether a cursor is one of this tenant's timeline.
///
/// # Errors
/// Where the database does not answer.
pub async fn holds(db: &Db, tenant: &Tenant, cursor: Cursor) -> Result<bool, DbError> {
    if cursor == Cursor::BEGINNING {
        return Ok(true);
    }
    let xid = cursor.xid.to_string();
    let rows = db.rows("look up a cursor", HOLDS, &[&tenant.as_str(), &xid, &cursor.id]).await?;
    Ok(!rows.is_empty())
}

/// Why a status changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A client's call, made with this API key.
    Client(String),
    /// The store's event, in this message.
    Event(String),
    /// A client said that it had finished.
    Hint,
    /// A worker looked by itself because the upload was due.
    Sweep,
}

impl Cause {
    /// The name used in the database.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Client(_) => "client",
            Self::Event(_) => "event",
            Self::Hint => "hint",
            Self::Sweep => "sweep",
        }
    }

    /// Which one it was.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Client(id) | Self::Event(id) => Some(id),
            Self::Hint | Self::Sweep => None,
        }
    }
}
