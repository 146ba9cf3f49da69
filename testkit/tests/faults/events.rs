//! Events that come twice, in the wrong order, beside others or from elsewhere.

use serde_json::{Value, json};
use sluice_testkit::fake_aws::Op;
use sluice_testkit::{World, files};

use super::{all_answered, declared};

/// What a store says of an object.
fn record(bucket: &str, name: &str, key: &str) -> Value {
    let s3 = json!({"bucket": {"name": bucket}, "object": {"key": key}});
    json!({"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": name, "s3": s3})
}

fn message(records: &[Value]) -> String {
    json!({"Records": records}).to_string()
}

/// B1.
#[tokio::test]
async fn one_event_that_two_workers_hold_at_once_gives_one_verdict() {
    let build = World::build().on_fake().without_worker().with("SLUICE_WORKER_CONCURRENCY", "1");
    let mut world = build.start().await;
    world.fake().events().duplicate(1);
    let upload = declared(&world).await;
    let gate = world.fake().on(Op::GetObject).hold();
    upload.put(&files::png().bytes).await;
    world.start_worker().await;
    world.start_worker().await;
    world.fake().seen(Op::GetObject, 2).await;
    gate.open();
    upload.is("confirmed").await;
    all_answered(&world).await;
    world.end().await;
}

/// B3.
#[tokio::test]
async fn what_is_there_decides_and_not_whether_it_came_or_went_last() {
    for removed_first in [true, false] {
        let world = World::build().on_fake().start().await;
        let upload = declared(&world).await;
        let (bucket, key) = (world.localstack.bucket(), world.key_of(upload.id()).await);
        world.fake().events().hold();
        upload.put(&files::png().bytes).await;
        let removed = message(&[record(bucket, "ObjectRemoved:Delete", &key)]);
        if removed_first {
            world.localstack.send_message(&removed).await;
            all_answered(&world).await;
            world.fake().events().release();
            upload.is("confirmed").await;
        } else {
            world.fake().delete_object(bucket, &key);
            world.fake().events().release();
            world.localstack.send_message(&removed).await;
            all_answered(&world).await;
            assert_eq!(upload.now().await["status"], "pending");
        }
        world.end().await;
    }
}

/// B4.
#[tokio::test]
async fn the_event_of_an_overwritten_object_is_judged_by_what_replaced_it() {
    let world = World::build().on_fake().with("SLUICE_WORKER_CONCURRENCY", "1").start().await;
    let upload = declared(&world).await;
    let (fake, bucket, key) = (world.fake(), world.localstack.bucket(), world.key_of(upload.id()).await);
    fake.events().hold();
    fake.put_object(bucket, &key, files::script_as_png().bytes);
    fake.put_object(bucket, &key, files::png().bytes);
    fake.events().release_reversed();
    upload.is("confirmed").await;
    all_answered(&world).await;
    assert_eq!(fake.count(Op::GetObject), 1, "the older event finds a verdict");
    world.end().await;
}

/// B6.
#[tokio::test]
async fn two_kinds_of_event_for_one_upload_give_one_verdict() {
    let world = World::build().on_fake().start().await;
    let upload = declared(&world).await;
    let key = world.key_of(upload.id()).await;
    world.fake().events().hold();
    upload.put(&files::png().bytes).await;
    let completed = record(world.localstack.bucket(), "ObjectCreated:CompleteMultipartUpload", &key);
    world.localstack.send_message(&message(&[completed])).await;
    world.fake().events().release();
    upload.is("confirmed").await;
    all_answered(&world).await;
    world.end().await;
}

/// B7.
#[tokio::test]
async fn one_bad_record_is_kept_and_those_beside_it_are_settled() {
    let world = World::build().on_fake().without_events().start().await;
    let (one, other) = (declared(&world).await, declared(&world).await);
    let bucket = world.localstack.bucket();
    let mut records = vec![json!({"eventVersion": "2.1", "eventName": "ObjectCreated:Put", "s3": {}})];
    for upload in [&one, &other] {
        upload.put(&files::png().bytes).await;
        records.push(record(bucket, "ObjectCreated:Put", &world.key_of(upload.id()).await));
    }
    world.localstack.send_message(&message(&records)).await;
    one.is("confirmed").await;
    other.is("confirmed").await;
    all_answered(&world).await;
    assert_eq!(world.count("SELECT count(*) FROM dead_events WHERE body LIKE '%\"s3\":{}%'").await, 1);
    world.end().await;
}

/// B13.
#[tokio::test]
async fn events_of_another_bucket_or_place_touch_nothing() {
    let world = World::build().on_fake().without_events().start().await;
    let upload = declared(&world).await;
    upload.put(&files::png().bytes).await;
    let key = world.key_of(upload.id()).await;
    let elsewhere = record("other", "ObjectCreated:Put", &key);
    let beside = record(world.localstack.bucket(), "ObjectCreated:Put", &format!("elsewhere/{key}"));
    world.localstack.send_message(&message(&[elsewhere, beside])).await;
    all_answered(&world).await;
    assert_eq!(world.fake().count(Op::GetObject), 0);
    assert_eq!(upload.now().await["status"], "pending");
    assert_eq!(world.count("SELECT count(*) FROM dead_events").await, 0);
    world.end().await;
}

/// A10. A detected type stands for whatever a later version may write.
#[tokio::test]
async fn a_row_that_a_newer_version_wrote_is_left_to_it_and_stops_nobody_else() {
    let world = World::build().on_fake().start().await;
    let newer = super::sent(&world).await;
    newer.is("confirmed").await;
    all_answered(&world).await;
    world.query("UPDATE uploads SET detected_type = 'from the future'").await;
    let key = world.localstack.object_keys().await.remove(0);
    world.localstack.send_event(&key).await;
    let other = super::sent(&world).await;
    other.is("confirmed").await;
    let kept = async || world.count("SELECT count(*) FROM dead_events").await == 1;
    world.until_in_time("the message is kept for whoever can read the row", kept).await;
    world.query("UPDATE uploads SET detected_type = 'image/png'").await;
    world.end().await;
}
