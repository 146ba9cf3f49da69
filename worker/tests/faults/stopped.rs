//! What a worker does with what it has in hand when it is asked to stop.

use std::time::{Duration, Instant};

use sluice_testkit::{World, files};

use crate::{worker, worker_with};

/// The queue hides a message for a minute here, longer than anything in a test is waited for: what were left behind in
/// hand would be missed.
async fn world() -> World {
    World::build().without_worker().start().await
}

/// A5.
#[tokio::test]
async fn asked_to_stop_while_it_polls_it_strands_nothing_that_it_is_handed() {
    let mut world = world().await;
    let client = world.client().await;
    let mut stopping = worker(&world, "").await;
    let (before, after) = (client.declare(&files::png()).await, client.declare(&files::png()).await);
    before.put(&files::png().bytes).await;
    before.is("confirmed").await;
    stopping.terminate();
    after.put(&files::png().bytes).await;
    assert!(stopping.ended().await.success(), "{}", stopping.log());
    world.start_worker().await;
    after.is("confirmed").await;
    world.end().await;
}

/// Many are in hand, one is stuck, and the worker is asked to stop so many times.
async fn stopped_with_one_stuck(times: usize) {
    const GRACE: u64 = 2;
    let mut world = world().await;
    let client = world.client().await;
    let stuck = client.declare(&files::png()).await;
    let key = world.query("SELECT grant_key FROM uploads").await[0].get::<_, String>(0);
    let mut uploads = vec![stuck];
    for _ in 0..9 {
        uploads.push(client.declare(&files::png()).await);
    }
    for upload in &uploads {
        upload.put(&files::png().bytes).await;
    }
    let failpoints = format!("after_inspect=return(wait 1000);before_inspect=return(wait at {key})");
    let variables = [("FAILPOINTS", failpoints.as_str()), ("SLUICE_WORKER_GRACE", "2")];
    let mut stopping = worker_with(&world, &variables).await;
    stopping.heard_times(9, "reached the failpoint after_inspect").await;
    stopping.heard("reached the failpoint before_inspect").await;
    let asked = Instant::now();
    for _ in 0..times {
        stopping.terminate();
    }
    assert!(stopping.ended().await.success(), "{}", stopping.log());
    // Its last poll may have just begun.
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(5 + GRACE + 2), "it took {took:?}");
    assert_eq!(world.count("SELECT count(*) FROM uploads WHERE status = 'confirmed'").await, 9);
    assert_eq!(world.localstack.messages().await, 1, "the finished ones are deleted, the stuck one is returned");
    world.start_worker().await;
    uploads[0].is("confirmed").await;
    world.end().await;
}

/// A6.
#[tokio::test]
async fn asked_to_stop_it_finishes_what_it_can_and_returns_what_is_stuck() {
    stopped_with_one_stuck(1).await;
}

/// A7.
#[tokio::test]
async fn asked_to_stop_twice_it_stops_as_if_asked_once() {
    stopped_with_one_stuck(2).await;
}

/// A7.
#[tokio::test]
async fn killed_while_it_stops_it_leaves_the_rest_to_another() {
    let mut world = World::build().without_worker().hiding_messages_for(2).start().await;
    let upload = world.client().await.declare(&files::png()).await;
    upload.put(&files::png().bytes).await;
    let stopping = worker(&world, "before_verdict=return(wait)").await;
    stopping.heard("reached the failpoint before_verdict").await;
    stopping.terminate();
    stopping.heard("finishing what is in hand").await;
    stopping.kill().await;
    world.start_worker().await;
    upload.is("confirmed").await;
    world.end().await;
}
