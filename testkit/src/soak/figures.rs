//! What a soak comes to in numbers.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use sluice_common::domain::UploadId;

use super::progress::say;
use super::stage::{DEAD, Stage};
use super::workers::Workers;
use crate::fake_aws::Op;

const DECIDED: &str = "SELECT u.id, u.decided_at, t.cause FROM uploads u JOIN timeline t ON t.upload_id = u.id
    WHERE t.status IN ('confirmed', 'rejected')";

const CAUSES: &str = "SELECT cause, count(*) FROM timeline
    WHERE status IN ('confirmed', 'rejected', 'expired') GROUP BY 1 ORDER BY 1";

/// Prints them all.
pub(super) async fn print(stage: &Stage, workers: &Workers, time: Duration) {
    let statuses = stage.query("SELECT status, count(*) FROM uploads GROUP BY 1 ORDER BY 1").await;
    let statuses = statuses.iter().map(|row| (row.get::<_, String>(0), row.get::<_, i64>(1) as u64));
    group("Uploads", statuses);
    verdicts(stage, time).await;
    times(stage).await;
    for (title, beginning) in [
        ("Clients", "clients: "),
        ("Events", "event: "),
        ("Faults", "fault: "),
        ("Outages", "outage: "),
        ("Workers", "worker: "),
    ] {
        group(title, named(stage, beginning));
    }
    group("Events lost", [("of objects".to_owned(), stage.fake.events().lost().len() as u64)]);
    requests(stage);
    memory(workers);
    left(stage).await;
}

async fn verdicts(stage: &Stage, time: Duration) {
    let causes = stage.query(CAUSES).await;
    let causes: Vec<_> = causes.iter().map(|row| (row.get::<_, String>(0), row.get::<_, i64>(1) as u64)).collect();
    let verdicts: u64 = causes.iter().map(|(_, count)| count).sum();
    group("Verdicts by cause", causes);
    say(&format!("  {:<44} {:>9.1}\n", "a second", verdicts as f64 / time.as_secs_f64()));
}

fn named(stage: &Stage, beginning: &str) -> Vec<(String, u64)> {
    let counts = stage.tally.beginning(beginning);
    counts.into_iter().map(|(name, count)| (name[beginning.len()..].to_owned(), count)).collect()
}

fn group(title: &str, lines: impl IntoIterator<Item = (String, u64)>) {
    say(&format!("{title}\n"));
    for (name, count) in lines {
        say(&format!("  {name:<44} {count:>9}\n"));
    }
}

/// From the store's answer to the verdict.
async fn times(stage: &Stage) {
    let known = stage.ledger.all();
    let mut by_cause: HashMap<String, Vec<i64>> = HashMap::new();
    for row in stage.query(DECIDED).await {
        let decided_at: Timestamp = row.get("decided_at");
        let sent = known.get(&UploadId(row.get("id"))).and_then(|known| known.sent.first()?.taken_at);
        if let Some(sent) = sent {
            // Events overtake answers.
            let millis = decided_at.duration_since(sent).as_millis().max(0);
            by_cause.entry(row.get("cause")).or_default().push(i64::try_from(millis).unwrap_or(i64::MAX));
        }
    }
    say("From the store's answer to the verdict, in ms               p50       p95       max\n");
    for (cause, mut millis) in by_cause {
        millis.sort_unstable();
        let at = |share: f64| millis[((millis.len() - 1) as f64 * share) as usize];
        say(&format!("  by {cause:<41} {:>9} {:>9} {:>9}\n", at(0.5), at(0.95), at(1.0)));
    }
}

fn requests(stage: &Stage) {
    let ops = [
        Op::PutObject,
        Op::CreateMultipartUpload,
        Op::UploadPart,
        Op::CompleteMultipartUpload,
        Op::AbortMultipartUpload,
        Op::GetObject,
        Op::HeadObject,
        Op::CopyObject,
        Op::DeleteObjects,
        Op::ReceiveMessage,
        Op::DeleteMessageBatch,
        Op::ChangeMessageVisibilityBatch,
    ]
    .into_iter();
    group("Requests to the store and the queue", ops.map(|op| (format!("{op:?}"), stage.fake.count(op))));
}

fn memory(workers: &Workers) {
    let shown = |kib: Option<u64>| kib.map_or("unknown".to_owned(), |kib| format!("{:.1} MiB", kib as f64 / 1024.0));
    let (warm, end) = workers.memory;
    say(&format!("Memory of the worker that was left alone: {} when warm, {} in the end\n", shown(warm), shown(end)));
}

async fn left(stage: &Stage) {
    let dead =
        stage.query("SELECT regexp_replace(reason, '[0-9]+', 'N', 'g'), count(*) FROM dead_events GROUP BY 1").await;
    group("Dead events", dead.iter().map(|row| (row.get(0), row.get::<_, i64>(1) as u64)));
    let dead_letters = ("dead letters".to_owned(), stage.fake.held(DEAD).total() as u64);
    group("Left", named(stage, "left: ").into_iter().chain([dead_letters]));
}
