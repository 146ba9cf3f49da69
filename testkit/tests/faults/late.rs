//! Events without an upload, uploads without an event, and objects that come after the end.

use std::time::Duration;

use sluice_testkit::fake_aws::Op;
use sluice_testkit::{World, files};

use super::{all_answered, declared, sent};

/// C1, B2.
#[tokio::test]
async fn the_event_of_an_unknown_object_comes_three_times_more_and_is_then_kept() {
    let mut world = World::build().on_fake().start().await;
    let nobodys = "images/acme/00000000-0000-7000-8000-000000000000.png";
    world.fake().put_object(world.localstack.bucket(), nobodys, files::png().bytes);
    world.strangers.push(nobodys.to_owned());
    world.fake().done(Op::ChangeMessageVisibilityBatch, 1).await;
    assert_eq!(world.held().visible, 0, "it does not come again at once");
    let kept = async || world.count("SELECT count(*) FROM dead_events").await == 1;
    world.until_in_time("it is kept", kept).await;
    assert_eq!(world.fake().count(Op::ChangeMessageVisibilityBatch), 3);
    assert_eq!(world.fake().count(Op::GetObject), 0, "no object is touched that no upload owns");
    world.end().await;
}

/// C1.
#[tokio::test]
async fn an_upload_that_shows_up_after_its_event_is_settled_by_it() {
    let world = World::build().on_fake().start().await;
    let keys = world.plant(1).await;
    world.query("CREATE TABLE unseen AS SELECT * FROM uploads").await;
    world.query("DELETE FROM uploads").await;
    world.deliver(&keys);
    world.fake().done(Op::ChangeMessageVisibilityBatch, 1).await;
    world.query("INSERT INTO uploads SELECT * FROM unseen").await;
    super::all_are(&world, "confirmed", 1).await;
    assert_eq!(world.count("SELECT count(*) FROM timeline WHERE cause = 'event'").await, 1);
    world.end().await;
}

/// C2, E19.
#[tokio::test]
async fn an_upload_whose_event_was_dropped_is_found_by_the_sweep() {
    let world = World::build().on_fake().start().await;
    world.fake().events().drop_next(1);
    let upload = sent(&world).await;
    world.pass(Duration::from_mins(3)).await;
    upload.is("confirmed").await;
    assert_eq!(world.count("SELECT count(*) FROM timeline WHERE cause = 'sweep'").await, 1);
    world.end().await;
}

/// C3.
#[tokio::test]
async fn a_put_that_began_before_expiry_and_ends_after_it_leaves_nothing() {
    let world = World::build().on_fake().start().await;
    let upload = declared(&world).await;
    let gate = world.fake().on(Op::PutObject).hold();
    let slow = tokio::spawn({
        let upload = upload.clone();
        async move { upload.try_put(&files::png().bytes).await }
    });
    world.fake().seen(Op::PutObject, 1).await;
    world.pass(Duration::from_hours(2)).await;
    upload.is("expired").await;
    gate.open();
    slow.await.expect("no panic").expect("the store takes what it began to take");
    let gone = async || world.localstack.object_keys().await.is_empty();
    world.until("the late object is gone", gone).await;
    upload.is("expired").await;
    world.end().await;
}

/// C6.
#[tokio::test]
async fn an_object_is_deleted_only_after_its_upload_has_ended_and_stays_ended() {
    let world = World::build().on_fake().start().await;
    let gate = world.fake().on(Op::DeleteObjects).hold();
    let (expired, rejected) = (declared(&world).await, world.client().await.declare(&files::script_as_png()).await);
    rejected.put(&files::script_as_png().bytes).await;
    world.fake().seen(Op::DeleteObjects, 1).await;
    assert_eq!(rejected.now().await["status"], "rejected", "the verdict is committed first");
    world.pass(Duration::from_hours(2)).await;
    expired.is("expired").await;
    // Late, and with its deletion in sight it is told of once more.
    expired.put(&files::png().bytes).await;
    world.localstack.send_event(&world.key_of(expired.id()).await).await;
    all_answered(&world).await;
    expired.is("expired").await;
    gate.open();
    world.until("both are gone", async || world.localstack.object_keys().await.is_empty()).await;
    world.end().await;
}
