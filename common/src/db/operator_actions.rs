//! The table `operator_actions`: what operators do by hand, written before it is done and again when it has ended.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::uploads::Order;
use super::{Db, DbError};
use crate::domain::Tenant;

/// How long it is known what was done.
const KEPT: Duration = Duration::from_hours(365 * 24);
/// How many old ones whoever acts takes away: more than come, so that none are left over.
const SWEPT: i64 = 10;

/// What an operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something with uploads.
    Uploads(Order),
    /// Moves dead letters back to their queue.
    RedriveDeadLetters,
    /// Deletes a dead letter.
    DeleteDeadLetters,
    /// Deletes all dead letters.
    PurgeDeadLetters,
    /// Drops dead events.
    DropDeadEvents,
}

impl Kind {
    /// All that are about messages.
    const OF_MESSAGES: [Self; 4] =
        [Self::RedriveDeadLetters, Self::DeleteDeadLetters, Self::PurgeDeadLetters, Self::DropDeadEvents];

    /// The name used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploads(order) => order.as_str(),
            Self::RedriveDeadLetters => "redrive_dead_letters",
            Self::DeleteDeadLetters => "delete_dead_letters",
            Self::PurgeDeadLetters => "purge_dead_letters",
            Self::DropDeadEvents => "drop_dead_events",
        }
    }

    /// The one of this name; what a newer version wrote is none.
    fn parse(name: &str) -> Option<Self> {
        let all = Order::ALL.map(Self::Uploads).into_iter().chain(Self::OF_MESSAGES);
        all.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Something that an operator is about to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Begun<'a> {
    /// The API key behind them.
    pub key: Uuid,
    /// The only tenant that they reach.
    pub tenant: Option<&'a Tenant>,
    /// What they do.
    pub kind: Kind,
    /// With which one thing, by its id.
    pub subject: Option<&'a str>,
    /// With all uploads that fit this.
    pub filter: Option<&'a Value>,
}

/// What it came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Came {
    /// With how many it was done.
    pub done: i64,
    /// With how many of those that were meant it was not done.
    pub not_done: i64,
    /// Why not, in a sentence.
    pub why_not: Option<String>,
}

/// Something that an operator did.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// The row's id.
    pub id: i64,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended, and what it came to; `None` where nobody knows, or where it goes on.
    pub ended: Option<(Timestamp, Came)>,
    /// The API key behind it.
    pub key: Uuid,
    /// What people call that key.
    pub key_name: Option<String>,
    /// The only tenant that this key reached.
    pub tenant: Option<String>,
    /// What it was; `None` where a newer version wrote it.
    pub kind: Option<Kind>,
    /// With which one thing, by its id.
    pub subject: Option<String>,
    /// With all uploads that fit this.
    pub filter: Option<Value>,
}

/// Whoever acts takes away what is long past.
const BEGIN: &str = "-- operator_actions.begin
    WITH old AS (
        DELETE FROM operator_actions WHERE id IN (
            SELECT id FROM operator_actions WHERE began_at < now() - make_interval(secs => $6) ORDER BY began_at LIMIT $7
            FOR UPDATE SKIP LOCKED
        )
    )
    INSERT INTO operator_actions (key_id, tenant, action, subject, filter) VALUES ($1, $2, $3, $4, $5) RETURNING id";

const END: &str = "-- operator_actions.end
    UPDATE operator_actions SET ended_at = now(), done = $2, not_done = $3, why_not = $4 WHERE id = $1 AND ended_at IS NULL";

const LIST: &str = "-- operator_actions.list
    SELECT a.id, a.began_at, a.ended_at, a.key_id, k.name AS key_name, a.tenant, a.action, a.subject, a.filter, a.done,
        a.not_done, a.why_not
    FROM operator_actions a LEFT JOIN api_keys k ON k.id = a.key_id
    WHERE a.id < $1 AND ($2::text IS NULL OR a.tenant = $2) ORDER BY a.id DESC LIMIT $3";

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[BEGIN, END, LIST];

/// Writes down what is about to be done. Gives the row's id.
///
/// # Errors
/// Where the database does not answer, or takes no writes.
pub async fn begin(db: &Db, begun: &Begun<'_>) -> Result<i64, DbError> {
    const OPERATION: &str = "write down what an operator does";
    let Begun { key, tenant, kind, subject, filter } = begun;
    let tenant = tenant.map(Tenant::as_str);
    let kept = KEPT.as_secs_f64();
    let rows = db.rows(OPERATION, BEGIN, &[key, &tenant, &kind.as_str(), subject, filter, &kept, &SWEPT]).await?;
    rows.first().map(|row| row.get("id")).ok_or_else(|| DbError::unreadable(OPERATION, "it got no id"))
}

/// Writes down what it came to.
///
/// # Errors
/// Where the database does not answer, or takes no writes.
pub async fn end(db: &Db, id: i64, came: &Came) -> Result<(), DbError> {
    let Came { done, not_done, why_not } = came;
    db.rows("write down what an operator has done", END, &[&id, done, not_done, why_not]).await.map(drop)
}

/// A page of what was done by those who reach this tenant alone, or by all, newest first, beginning before this row's id.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(db: &Db, tenant: Option<&Tenant>, before: Option<i64>, limit: i64) -> Result<Vec<Action>, DbError> {
    let tenant = tenant.map(Tenant::as_str);
    let rows = db.rows("list what operators did", LIST, &[&before.unwrap_or(i64::MAX), &tenant, &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

fn from_row(row: &Row) -> Action {
    let came = || Came { done: row.get("done"), not_done: row.get("not_done"), why_not: row.get("why_not") };
    Action {
        id: row.get("id"),
        began_at: row.get("began_at"),
        ended: row.get::<_, Option<Timestamp>>("ended_at").map(|at| (at, came())),
        key: row.get("key_id"),
        key_name: row.get("key_name"),
        tenant: row.get("tenant"),
        kind: Kind::parse(row.get("action")),
        subject: row.get("subject"),
        filter: row.get("filter"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_has_a_name_of_its_own_that_is_read_back() {
        for kind in Order::ALL.map(Kind::Uploads).into_iter().chain(Kind::OF_MESSAGES) {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::parse("dance"), None);
    }
}
