//! What must hold when a soak has come to rest: the invariants, seen from the database, the bucket and the clients.

use jiff::{Timestamp, ToSpan as _};
use sluice_common::domain::UploadId;
use sluice_common::domain::content::{Wanted, detect_whole};
use tokio_postgres::Row;

use super::clients::{etag_of, etag_of_parts};
use super::faults::GARBAGE;
use super::ledger::Known;
use super::stage::{BUCKET, Stage};
use crate::invariants::{NEVER, OPEN_TRANSACTIONS};

/// What must hold of the database by itself, and of messages that nobody could read.
pub(super) async fn of_database(stage: &Stage) -> Vec<String> {
    let mut wrong = stage.ledger.contradictions();
    for (what, query) in NEVER.iter().chain(&[OPEN_TRANSACTIONS]) {
        match stage.count(query).await {
            0 => {}
            count => wrong.push(format!("{what}: {count}")),
        }
    }
    let (sent, dead) = (stage.tally.of("event: garbage"), stage.fake.bodies(super::stage::DEAD));
    let kept = stage.count(&format!("SELECT count(*) FROM dead_events WHERE body = '{GARBAGE}'")).await;
    let given_up = dead.iter().filter(|body| &***body == GARBAGE).count();
    if kept as u64 + given_up as u64 != sent {
        wrong.push(format!("{sent} unreadable messages came; {kept} are dead events and {given_up} dead letters"));
    }
    wrong
}

/// What must hold of each upload, as its client, its row and the bucket tell it.
pub(super) async fn of_uploads(stage: &Stage) -> Vec<String> {
    let rows = stage
        .query("SELECT id, status, decided_at, object_key, object_size, object_etag, detected_type, part_size FROM uploads")
        .await;
    let mut known = stage.ledger.all();
    let mut wrong = Vec::new();
    if !rows.iter().any(|row| row.get::<_, &str>("status") == "confirmed") {
        wrong.push("nothing was confirmed at all: was anything tested?".to_owned());
    }
    for row in &rows {
        let id = UploadId(row.get("id"));
        let status: &str = row.get("status");
        // A client whose declaration was not answered knows nothing of it.
        let known = known.remove(&id).unwrap_or_default();
        if let Err(why) = judge(stage, row, status, &known) {
            wrong.push(format!("upload {id} is {status}, {why}"));
        }
    }
    wrong.extend(known.keys().map(|id| format!("upload {id} was declared, and there is none")));
    wrong
}

fn judge(stage: &Stage, row: &Row, status: &str, known: &Known) -> Result<(), String> {
    match status {
        "confirmed" => agrees_with_object(stage, row, known),
        "rejected" if known.sent.iter().all(|sent| sent.right) => Err("and nothing wrong was sent".to_owned()),
        "expired" => came_late(row.get("decided_at"), known),
        "canceled" | "deleted" if !known.taken_back => Err("and its client never asked for that".to_owned()),
        "pending" => Err("long after its deadline".to_owned()),
        _ => Ok(()),
    }
}

/// What is confirmed is what its client sent, is right, and is still there, just as it was recorded.
fn agrees_with_object(stage: &Stage, row: &Row, known: &Known) -> Result<(), String> {
    let (key, etag): (&str, &str) = (row.get("object_key"), row.get("object_etag"));
    let object = stage.fake.object(BUCKET, key).ok_or_else(|| format!("and its object {key} is gone"))?;
    let has = match row.get::<_, Option<i64>>("part_size") {
        Some(size) => etag_of_parts(&object, usize::try_from(size).expect("it fits into memory")),
        None => etag_of(&object),
    };
    if has != etag || object.len() as i64 != row.get::<_, i64>("object_size") {
        return Err(format!("and its object {key} is not the one that was recorded"));
    }
    let shown = detect_whole(&object, Wanted::ALL).detected.media_type().map(|media_type| media_type.to_string());
    if shown.as_deref() != row.get("detected_type") {
        return Err(format!("and its object {key} is of the type {shown:?}"));
    }
    match known.sent.iter().find(|sent| sent.etag == etag) {
        Some(sent) if sent.right => Ok(()),
        Some(_) => Err("and what was sent is wrong".to_owned()),
        None => Err("and nobody sent that".to_owned()),
    }
}

/// An upload expires only where nothing had come. What arrives while that is decided may be either side of it: from the look
/// to the statement, a worker may be frozen for 3 s. The policy `brief` waits for 8 s, and its first files come after one.
fn came_late(decided_at: Timestamp, known: &Known) -> Result<(), String> {
    let long_before = decided_at - 5.seconds();
    match known.sent.iter().filter_map(|sent| sent.taken_at).find(|taken_at| *taken_at < long_before) {
        Some(taken_at) => Err(format!("and the store had its object since {taken_at}, before {decided_at}")),
        None => Ok(()),
    }
}
