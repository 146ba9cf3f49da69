//! What a worker does while Postgres is away, and what it has lost when it is back: nothing.

use std::time::Duration;

use sluice_testkit::{Postgres, TestUpload, World, files};

use crate::worker;

/// A world in which an outage need not last long to be longer than the queue's patience: three seconds.
async fn impatient_world(postgres: &Postgres) -> World {
    let world = World::build().without_worker().on(postgres);
    world.hiding_messages_for(1).giving_messages_up_after(3).start().await
}

async fn declared(world: &World, count: usize) -> Vec<TestUpload> {
    let client = world.client().await;
    let mut uploads = Vec::new();
    for _ in 0..count {
        uploads.push(client.declare(&files::png()).await);
    }
    uploads
}

/// All are confirmed, no delivery was one too many, and nothing is left.
async fn all_is_well(world: World, uploads: &[TestUpload]) {
    for upload in uploads {
        upload.is("confirmed").await;
    }
    assert_eq!(world.count("SELECT count(*) FROM dead_events").await, 0);
    assert_eq!(world.localstack.dead_letters().await, 0);
    world.end().await;
}

/// E4.
#[tokio::test]
async fn a_restart_in_the_middle_of_a_verdict_loses_nothing() {
    let mut postgres = Postgres::start().await;
    let world = impatient_world(&postgres).await;
    let uploads = declared(&world, 5).await;
    let process = worker(&world, "before_verdict=5*return(wait 500);after_verdict=5*return(wait 500)").await;
    for upload in &uploads {
        upload.put(&files::png().bytes).await;
    }
    process.heard("reached the failpoint before_verdict").await;
    postgres.stop();
    postgres.restart().await;
    all_is_well(world, &uploads).await;
}

/// E4.
#[tokio::test]
async fn the_pool_gives_out_no_connection_that_a_restart_has_ended() {
    let mut postgres = Postgres::start().await;
    let world = impatient_world(&postgres).await;
    // The API is up.
    declared(&world, 1).await;
    let db = world.db();
    db.ping().await.expect("it runs");
    postgres.stop();
    assert!(db.ping().await.is_err());
    postgres.restart().await;
    db.ping().await.expect("it runs again");
    world.end().await;
}

/// E6.
#[tokio::test]
async fn an_outage_longer_than_the_queues_patience_burns_no_delivery() {
    let mut postgres = Postgres::start().await;
    let world = impatient_world(&postgres).await;
    // So few that many failures would take many deliveries of each.
    let uploads = declared(&world, 2).await;
    let process = worker(&world, "").await;
    postgres.stop();
    let began = tokio::time::Instant::now();
    for upload in &uploads {
        upload.put(&files::png().bytes).await;
    }
    process.heard("no messages are taken").await;
    let (status, why) = process.readiness().await;
    assert_eq!(status, 503);
    assert_eq!(why, "not ready: the database does not answer\n");
    // Twice as long as the queue would hand messages out that nobody settles.
    tokio::time::sleep_until(began + Duration::from_secs(2 * 3)).await;
    assert_eq!(world.localstack.dead_letters().await, 0);
    assert_eq!(world.localstack.messages().await, 2);
    let burnt = process.log().matches("could not settle an event").count();
    assert!(burnt <= 2, "{burnt} deliveries, where a poll under way can cost one of each message");
    postgres.restart().await;
    process.heard("the database and the bucket answer; taking messages").await;
    assert_eq!(process.readiness().await.0, 200);
    all_is_well(world, &uploads).await;
}

/// E6, A6.
#[tokio::test]
async fn a_worker_stops_when_asked_to_even_during_an_outage() {
    let mut postgres = Postgres::start().await;
    let world = impatient_world(&postgres).await;
    let uploads = declared(&world, 1).await;
    let mut process = worker(&world, "").await;
    postgres.stop();
    process.heard("no messages are taken").await;
    process.terminate();
    assert!(process.ended().await.success(), "{}", process.log());
    uploads[0].put(&files::png().bytes).await;
    postgres.restart().await;
    all_is_well_with_a_new_worker(world, &uploads).await;
}

async fn all_is_well_with_a_new_worker(mut world: World, uploads: &[TestUpload]) {
    world.start_worker().await;
    all_is_well(world, uploads).await;
}

/// E9.
#[tokio::test]
async fn a_database_that_takes_no_writes_counts_as_an_outage() {
    let postgres = Postgres::start().await;
    let world = impatient_world(&postgres).await;
    let uploads = declared(&world, 3).await;
    let process = worker(&world, "").await;
    let read_only = |on: &str| format!("ALTER SYSTEM SET default_transaction_read_only = {on}");
    postgres.execute(&[&read_only("on"), "SELECT pg_reload_conf()"]).await;
    process.heard("no messages are taken").await;
    for upload in &uploads {
        upload.put(&files::png().bytes).await;
    }
    let (status, why) = process.readiness().await;
    assert_eq!(status, 503);
    assert_eq!(why, "not ready: no messages are taken: the database takes no writes\n");
    postgres.execute(&[&read_only("off"), "SELECT pg_reload_conf()"]).await;
    all_is_well(world, &uploads).await;
}
