//! What a worker does with what it has in hand when it is asked to stop.

use sluice_testkit::fake_aws::Op;
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
    let mut world = World::build().on_fake().without_worker().start().await;
    let client = world.client().await;
    let upload = client.declare(&files::png()).await;
    upload.put(&files::png().bytes).await;
    // The message is handed out; the worker hears of it only after it was asked to stop.
    let gate = world.fake().on(Op::ReceiveMessage).times(1).hold_reply();
    let mut stopping = worker(&world, "").await;
    world.fake().done(Op::ReceiveMessage, 1).await;
    assert!(world.held().in_flight > 0, "it is handed something");
    world.until("it waits for hints", async || world.count(LISTENING).await == 1).await;
    stopping.terminate();
    world.until("it knows that it is to stop", async || world.count(LISTENING).await == 0).await;
    gate.open();
    assert!(stopping.ended().await.success(), "{}", stopping.log());
    assert_eq!(world.held().in_flight, 0, "what it was handed is answered");
    world.start_worker().await;
    upload.is("confirmed").await;
    world.end().await;
}

/// The worker's connection that waits for hints: it goes as soon as the worker is asked to stop.
const LISTENING: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'sluice' AND query = 'LISTEN sluice_due'";

/// Many are in hand, one is stuck, and the worker is asked to stop so many times.
async fn stopped_with_one_stuck(times: usize) {
    let mut world = world().await;
    let client = world.client().await;
    let stuck = client.declare(&files::png()).await;
    let key = world.key_of(stuck.id()).await;
    let mut uploads = vec![stuck];
    for _ in 0..9 {
        uploads.push(client.declare(&files::png()).await);
    }
    for upload in &uploads {
        upload.put(&files::png().bytes).await;
    }
    let failpoints = format!("after_inspect=return(wait 2000);before_inspect=return(wait at {key})");
    // Long enough for all but the stuck one, however busy the machine is.
    let variables = [("FAILPOINTS", failpoints.as_str()), ("SLUICE_WORKER_GRACE", "12")];
    let mut stopping = worker_with(&world, &variables).await;
    stopping.heard_times(9, "reached the failpoint after_inspect").await;
    stopping.heard("reached the failpoint before_inspect").await;
    for _ in 0..times {
        stopping.terminate();
    }
    assert!(stopping.ended().await.success(), "{}", stopping.log());
    let log = stopping.log();
    let over: Vec<_> = log.lines().filter(|line| line.contains("the grace is over")).collect();
    assert!(over.len() == 1 && over[0].contains("\"in_hand\":1"), "one is returned, and once: {over:?}");
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
