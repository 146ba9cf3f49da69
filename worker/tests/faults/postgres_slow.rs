//! What a worker does with a Postgres that answers late, or with an error that passes.

use std::time::Duration;

use sluice_common::db::uploads;
use sluice_common::domain::UploadId;
use sluice_testkit::{Fault, Proxy, World, files};

use crate::worker_with;

/// A world and its database's URL with the least patience for locks.
async fn world() -> (World, String) {
    let world = World::build().without_worker().hiding_messages_for(2).start().await;
    let url = format!("{}?options=-c%20lock_timeout%3D300ms", world.database_url());
    (world, url)
}

/// What keeps everybody else from the uploads.
const LOCK: &str = "BEGIN; LOCK TABLE uploads IN ACCESS EXCLUSIVE MODE";

/// How many transactions are open with nobody at work in them.
const IDLE: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND application_name = 'sluice' AND state LIKE 'idle in transaction%'";

/// E7, E8.
#[tokio::test]
async fn a_lock_that_is_held_too_long_delays_the_verdict_and_leaves_no_transaction_open() {
    let (world, url) = world().await;
    let upload = world.client().await.declare(&files::png()).await;
    let process = worker_with(&world, &[("SLUICE_DATABASE_URL", &url)]).await;
    let lock = world.session(LOCK).await;
    upload.put(&files::png().bytes).await;
    process.heard("could not settle an event; it comes again").await;
    assert_eq!(world.count(IDLE).await, 0);
    drop(lock);
    upload.is("confirmed").await;
    assert_eq!(world.count(IDLE).await, 0);
    world.end().await;
}

/// E7.
#[tokio::test]
async fn a_deadlock_a_serialization_failure_and_a_timeout_are_tried_again() {
    let (world, url) = world().await;
    let client = world.client().await;
    let uploads = [client.declare(&files::png()).await, client.declare(&files::png()).await];
    // The first three times that verdicts are written, it fails each time in another way.
    world.query("CREATE SEQUENCE verdicts").await;
    world
        .query(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE nth bigint := nextval('verdicts');
            BEGIN
                IF nth <= 3 THEN
                    RAISE 'no' USING ERRCODE = (ARRAY['40P01', '40001', '57014'])[nth];
                END IF;
                RETURN NEW;
            END $$",
        )
        .await;
    world
        .query(
            "CREATE TRIGGER refuse BEFORE UPDATE ON uploads
            FOR EACH ROW WHEN (NEW.status = 'confirmed') EXECUTE FUNCTION refuse()",
        )
        .await;
    let process = worker_with(&world, &[("SLUICE_DATABASE_URL", &url)]).await;
    for upload in &uploads {
        upload.put(&files::png().bytes).await;
    }
    process.heard_times(3, "could not settle an event; it comes again").await;
    for upload in &uploads {
        upload.is("confirmed").await;
    }
    assert_eq!(world.count("SELECT count(*) FROM dead_events").await, 0);
    world.end().await;
}

/// E8.
#[tokio::test]
async fn a_future_that_is_dropped_in_a_statement_leaves_no_transaction_and_no_lock() {
    let (world, _) = world().await;
    let db = world.db();
    let lock = world.session(LOCK).await;
    for _ in 0..4 {
        let asked = uploads::claim_due(&db, 1);
        assert!(tokio::time::timeout(Duration::from_millis(100), asked).await.is_err(), "the table is locked");
    }
    drop(lock);
    uploads::find(&db, UploadId::generate()).await.expect("the pool's connections can be used");
    assert_eq!(world.count(IDLE).await, 0);
    world.end().await;
}

/// E3.
#[tokio::test]
async fn a_database_that_falls_silent_is_given_up_and_asked_anew() {
    let (world, _) = world().await;
    let client = world.client().await;
    let proxy = Proxy::before(&world.database_url()).await;
    let process = worker_with(&world, &[("SLUICE_DATABASE_URL", proxy.url())]).await;
    let (before, after) = (client.declare(&files::png()).await, client.declare(&files::png()).await);
    before.put(&files::png().bytes).await;
    before.is("confirmed").await;
    proxy.breaks(|_| Some(Fault::Silence));
    proxy.broke(1).await;
    after.put(&files::png().bytes).await;
    process.heard("no messages are taken").await;
    proxy.heals();
    after.is("confirmed").await;
    world.end().await;
}
