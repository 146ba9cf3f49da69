//! What must hold when the store and the queue misbehave, event by event and fault by fault, on the fake.
//!
//! One program for all of them: each test program links everything anew. The letters and numbers before the tests are those
//! of the scenarios.

mod bodies;
mod content;
mod events;
mod late;
mod load;
mod overlap;
mod promotion;
mod queue;
mod receipts;
mod store;
mod sweeps;
mod unseen;
mod visibility;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sluice_testkit::fake_aws::Op;
use sluice_testkit::{TestUpload, World, files};
use sluice_worker::Times;

/// A small picture that is declared and not sent yet.
async fn declared(world: &World) -> TestUpload {
    world.client().await.declare(&files::png()).await
}

/// A picture of any size that is declared and not sent yet.
async fn declared_without_size(world: &World) -> TestUpload {
    let declaration = serde_json::json!({"filename": "a.png", "content_type": "image/png"});
    world.client().await.declare_as(&declaration).await
}

/// A small picture that is sent; its event is on the way.
async fn sent(world: &World) -> TestUpload {
    let upload = declared(world).await;
    upload.put(&files::png().bytes).await;
    upload
}

/// Waits until this many uploads have a status, while what waits to come again comes.
async fn all_are(world: &World, status: &str, count: i64) {
    let what = format!("{count} uploads are {status}");
    world.until_in_time(&what, async || world.uploads_that_are(status).await == count).await;
}

/// Waits until every message is answered for good.
async fn all_answered(world: &World) {
    world.until_in_time("all messages are answered", async || world.held().total() == 0).await;
}

/// The times of a worker that waits for the bucket for as long as a test makes it wait.
fn patient() -> Times {
    Times { store_attempt: Duration::from_mins(2), ..Times::default() }
}

/// How many looks there were at uploads' objects: the breaker's own looks are none.
fn count_looks(world: &World) -> impl Fn() -> u64 + use<> {
    let looks = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&looks);
    let count = move |key: &str| {
        counted.fetch_add(u64::from(key.contains('/')), Ordering::SeqCst);
        false
    };
    world.fake().on(Op::GetObject).when(count).hang();
    move || looks.load(Ordering::SeqCst)
}

/// The times of a worker that gives up on the bucket fast.
fn gives_up_fast() -> Times {
    let half_a_second = Duration::from_millis(500);
    Times { store_attempt: half_a_second, store_copy: half_a_second, ..Times::default() }
}
