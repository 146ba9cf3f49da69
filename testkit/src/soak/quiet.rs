//! How a soak comes to rest: nothing goes wrong any more, time passes, and in the end nothing is left to do.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::stage::{BUCKET, DEAD, QUEUE, Stage};

/// The longest that it may take, in real time.
const PATIENCE: Duration = Duration::from_mins(4);
/// How long the queue has nothing to hand out before its hidden messages are brought forward.
const IDLE: Duration = Duration::from_secs(2);
/// By how much time is moved on at once: more than any message is hidden for at the most.
const STEP: Duration = Duration::from_secs(310);

/// The database is a clock of its own: deadlines and looks come nearer.
const PASS: &str = "WITH moved AS (
        UPDATE uploads SET created_at = created_at - interval '60 seconds', deadline = deadline - interval '60 seconds',
        look_at = look_at - interval '60 seconds' WHERE status = 'pending' RETURNING 1
    ), due AS (
        UPDATE unwanted_objects SET due_at = now() WHERE due_at > now() + interval '5 seconds' RETURNING 1
    )
    SELECT (SELECT count(*) FROM moved) + (SELECT count(*) FROM due)";

const LEFT: &str =
    "SELECT (SELECT count(*) FROM uploads WHERE status = 'pending') + (SELECT count(*) FROM unwanted_objects)";

/// A page of the bucket whose worker was killed stays claimed for minutes.
const PASS_A_LEASE: &str = "WITH moved AS (
        UPDATE reconcile SET due_at = due_at - interval '60 seconds' WHERE due_at > now() + interval '60 seconds' RETURNING 1
    )
    SELECT count(*) FROM moved";

/// Waits for it. Gives what is still not done then, and what was left behind.
pub(super) async fn come_to_rest(stage: &Stage) -> Vec<String> {
    let mut wrong = wait(stage).await;
    wrong.extend(left_behind(stage, &strays(stage).await).await);
    wrong.extend(wait_for_reconcilers(stage).await);
    wrong
}

/// Whatever was left behind is found by going round the bucket.
async fn wait_for_reconcilers(stage: &Stage) -> Vec<String> {
    let started = Instant::now();
    loop {
        let (strays, begun) = (strays(stage).await, stage.fake.open_multipart_uploads(BUCKET));
        if strays.is_empty() && begun == 0 {
            return Vec::new();
        }
        if started.elapsed() > PATIENCE {
            let mut wrong: Vec<_> = strays.iter().map(|key| format!("no upload owns the object {key}")).collect();
            wrong.extend((begun > 0).then(|| format!("{begun} multipart uploads are neither completed nor aborted")));
            return wrong;
        }
        stage.count(PASS_A_LEASE).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Only where an event was lost, or an operator sees it, may there be an object that no upload owns; or where a worker was
/// killed between a copy and its record, and the upload went another way. Finding them is what going round the bucket is for.
async fn left_behind(stage: &Stage, strays: &[String]) -> Vec<String> {
    let lost = stage.fake.events().lost();
    let dead: Vec<String> = texts(stage, "SELECT body FROM dead_events").await;
    let letters = stage.fake.bodies(DEAD);
    let granted: HashSet<String> = texts(stage, "SELECT grant_key FROM uploads").await;
    let mut wrong = Vec::new();
    for key in strays {
        if lost.contains(key) {
            stage.tally.add("left: strays whose event was lost");
        } else if dead.iter().any(|body| body.contains(key)) || letters.iter().any(|body| body.contains(&**key)) {
            stage.tally.add("left: strays whose event an operator sees");
        } else if !granted.contains(key) {
            stage.tally.add("left: copies whose worker was killed");
        } else {
            wrong.push(format!("no upload owns the object {key}, and its event was not lost"));
        }
    }
    wrong
}

async fn texts<All: FromIterator<String>>(stage: &Stage, query: &str) -> All {
    stage.query(query).await.iter().map(|row| row.get::<_, String>(0)).collect()
}

async fn wait(stage: &Stage) -> Vec<String> {
    let (started, mut idle_since) = (Instant::now(), Instant::now());
    while started.elapsed() < PATIENCE {
        let held = stage.fake.held(QUEUE);
        if held.total() == 0 && stage.count(LEFT).await == 0 {
            return Vec::new();
        }
        if held.visible > 0 {
            idle_since = Instant::now();
        } else if idle_since.elapsed() > IDLE {
            stage.fake.clock().advance(STEP);
            idle_since = Instant::now();
        }
        stage.count(PASS).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let left = stage.count(LEFT).await;
    vec![format!(
        "{left} uploads or unwanted objects and {:?} in the queue are left after {PATIENCE:?}",
        stage.fake.held(QUEUE)
    )]
}

/// Objects that no upload owns.
async fn strays(stage: &Stage) -> Vec<String> {
    let owned: HashSet<String> = texts(stage, "SELECT object_key FROM uploads WHERE status = 'confirmed'").await;
    stage.fake.keys(BUCKET).into_iter().filter(|key| !owned.contains(key)).collect()
}
