//! The table `workers`: what each worker said of itself last.

use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Db, DbError};

/// How long a worker is known that has ended without signing off.
const KNOWN: Duration = Duration::from_hours(1);

/// How a worker's breaker stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Breaker {
    /// It lets messages through.
    Closed,
    /// Something failed, and is being asked about it.
    InDoubt,
    /// It lets none through, for this reason.
    Open(String),
}

/// What a worker says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The id that it gave itself.
    pub id: Uuid,
    /// The host it runs on.
    pub host: String,
    /// Its version.
    pub version: String,
    /// Whether it takes events from a queue.
    pub has_queue: bool,
    /// How long ago the queue last answered.
    pub polled: Option<Duration>,
    /// How many messages it has in hand.
    pub in_hand: i32,
    /// How many it has in hand at the most.
    pub in_hand_most: i32,
    /// How its breaker stands.
    pub breaker: Breaker,
    /// How many messages wait and are in hand, and how long ago the queue said so.
    pub queue: Option<(i64, i64, Duration)>,
    /// How long the oldest message had waited that it took since it said something before, in milliseconds.
    pub oldest_ms: Option<i64>,
    /// How long ago it last took a message.
    pub taken: Option<Duration>,
    /// For how long it has heard that messages wait, each time that it asked.
    pub waiting: Option<Duration>,
}

/// A worker, as it said of itself last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// The id that it gave itself.
    pub id: Uuid,
    /// The host it runs on.
    pub host: String,
    /// Its version.
    pub version: String,
    /// When it started.
    pub started_at: Timestamp,
    /// When it last said something.
    pub seen_at: Timestamp,
    /// Whether it takes events from a queue.
    pub has_queue: bool,
    /// When the queue last answered it.
    pub polled_at: Option<Timestamp>,
    /// How many messages it had in hand.
    pub in_hand: i32,
    /// How many it has in hand at the most.
    pub in_hand_most: i32,
    /// How its breaker stood.
    pub breaker: Breaker,
    /// How many messages waited and were in hand, and when the queue said so.
    pub queue: Option<(i64, i64, Timestamp)>,
    /// How long the oldest message had waited that it took lately, in milliseconds.
    pub oldest_ms: Option<i64>,
    /// When it last took a message.
    pub taken_at: Option<Timestamp>,
    /// Since when it has heard that messages wait, each time that it asked.
    pub waiting_since: Option<Timestamp>,
}

/// What to call a worker, so that those of one host differ: ids of one moment differ in what they end with.
pub fn name(host: &str, id: Uuid) -> String {
    let id = id.simple().to_string();
    format!("{host}/{}", &id[id.len() - 6..])
}

/// Whoever is alive takes away who is long gone.
const SAY: &str = "-- workers.say
    WITH gone AS (
        DELETE FROM workers WHERE seen_at < now() - make_interval(secs => $14) AND id <> $1
    )
    INSERT INTO workers AS w (id, host, version, has_queue, polled_at, in_hand, in_hand_most, breaker, breaker_why,
        queue_waiting, queue_in_hand, queue_at, oldest_ms, taken_at, waiting_since)
    VALUES ($1, $2, $3, $4, now() - make_interval(secs => $5), $6, $7, $8, $9, $10, $11,
        now() - make_interval(secs => $12), $13, now() - make_interval(secs => $15), now() - make_interval(secs => $16))
    ON CONFLICT (id) DO UPDATE
    SET seen_at = now(), polled_at = excluded.polled_at, in_hand = excluded.in_hand,
        in_hand_most = excluded.in_hand_most, breaker = excluded.breaker, breaker_why = excluded.breaker_why,
        queue_waiting = excluded.queue_waiting, queue_in_hand = excluded.queue_in_hand, queue_at = excluded.queue_at,
        oldest_ms = excluded.oldest_ms, taken_at = excluded.taken_at, waiting_since = excluded.waiting_since";

const SIGN_OFF: &str = "-- workers.sign_off
    DELETE FROM workers WHERE id = $1";

const LIST: &str = "-- workers.list
    SELECT id, host, version, started_at, seen_at, has_queue, polled_at, in_hand, in_hand_most, breaker, breaker_why,
        queue_waiting, queue_in_hand, queue_at, oldest_ms, taken_at, waiting_since
    FROM workers WHERE seen_at >= now() - make_interval(secs => $1) ORDER BY started_at, id LIMIT 1000";

/// The statements of this table.
pub const STATEMENTS: &[&str] = &[SAY, SIGN_OFF, LIST];

/// Keeps what a worker says of itself.
///
/// # Errors
/// Where the database does not answer.
pub async fn say(db: &Db, said: &Said) -> Result<(), DbError> {
    let (breaker, why) = match &said.breaker {
        Breaker::Closed => ("closed", None),
        Breaker::InDoubt => ("in_doubt", None),
        Breaker::Open(why) => ("open", Some(why)),
    };
    let ago = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
    let (waiting, in_hand, sampled) = match said.queue {
        Some((waiting, in_hand, ago)) => (Some(waiting), Some(in_hand), Some(ago)),
        None => (None, None, None),
    };
    db.rows(
        "say how a worker does",
        SAY,
        &[
            &said.id,
            &said.host,
            &said.version,
            &said.has_queue,
            &ago(said.polled),
            &said.in_hand,
            &said.in_hand_most,
            &breaker,
            &why,
            &waiting,
            &in_hand,
            &ago(sampled),
            &said.oldest_ms,
            &KNOWN.as_secs_f64(),
            &ago(said.taken),
            &ago(said.waiting),
        ],
    )
    .await
    .map(drop)
}

/// Takes a worker away that ends.
///
/// # Errors
/// Where the database does not answer.
pub async fn sign_off(db: &Db, id: Uuid) -> Result<(), DbError> {
    db.rows("sign a worker off", SIGN_OFF, &[&id]).await.map(drop)
}

/// The workers, the longest-lived first; who has ended without signing off for an hour.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(db: &Db) -> Result<Vec<Worker>, DbError> {
    let rows = db.rows("list workers", LIST, &[&KNOWN.as_secs_f64()]).await?;
    Ok(rows.iter().map(from_row).collect())
}

fn from_row(row: &Row) -> Worker {
    let queue: (Option<i64>, Option<i64>, Option<Timestamp>) =
        (row.get("queue_waiting"), row.get("queue_in_hand"), row.get("queue_at"));
    Worker {
        id: row.get("id"),
        host: row.get("host"),
        version: row.get("version"),
        started_at: row.get("started_at"),
        seen_at: row.get("seen_at"),
        has_queue: row.get("has_queue"),
        polled_at: row.get("polled_at"),
        in_hand: row.get("in_hand"),
        in_hand_most: row.get("in_hand_most"),
        breaker: match row.get("breaker") {
            "closed" => Breaker::Closed,
            "in_doubt" => Breaker::InDoubt,
            _ => Breaker::Open(row.get::<_, Option<String>>("breaker_why").unwrap_or_default()),
        },
        queue: match queue {
            (Some(waiting), Some(in_hand), Some(at)) => Some((waiting, in_hand, at)),
            _ => None,
        },
        oldest_ms: row.get("oldest_ms"),
        taken_at: row.get("taken_at"),
        waiting_since: row.get("waiting_since"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_of_one_host_have_names_that_differ() {
        let (one, other) = (name("a", Uuid::now_v7()), name("a", Uuid::now_v7()));
        assert!(one != other && one.starts_with("a/") && one.len() == 8, "{one} {other}");
    }
}
