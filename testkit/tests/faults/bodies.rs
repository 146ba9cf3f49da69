//! Answers of the store whose bodies are too long, too short, too slow or of another kind than one expects.

use std::time::Duration;

use sluice_testkit::fake_aws::Op;
use sluice_testkit::{World, files};

use super::{all_are, declared, gives_up_fast, sent};

/// D8. With one slot, a permit that is not given back stops everything.
#[tokio::test]
async fn bodies_that_end_early_hang_or_are_cut_are_read_again_and_give_their_slot_back() {
    let build = World::build().on_fake().with("SLUICE_WORKER_CONCURRENCY", "1").with_times(gives_up_fast());
    let world = build.start().await;
    let fake = world.fake();
    fake.on(Op::GetObject).times(1).short_body(10);
    fake.on(Op::GetObject).sparing(1).times(1).trickle(Duration::from_hours(12));
    fake.on(Op::GetObject).sparing(2).times(1).cut();
    let (one, other) = (sent(&world).await, sent(&world).await);
    all_are(&world, "confirmed", 2).await;
    for upload in [one, other] {
        upload.is("confirmed").await;
    }
    assert!(fake.count(Op::GetObject) >= 5);
    world.end().await;
}

/// D9: what an object says of its encoding is not believed; its bytes are judged.
#[tokio::test]
async fn an_encoding_that_is_claimed_changes_nothing() {
    let world = World::build().on_fake().start().await;
    world.fake().on(Op::GetObject).header("content-encoding", "gzip");
    sent(&world).await.is("confirmed").await;
    let zipped = world.client().await.declare(&files::png()).await;
    let body = [b"\x1f\x8b\x08\0\0\0\0\0".as_slice(), &files::png().bytes].concat();
    world.fake().put_object(world.localstack.bucket(), &world.key_of(zipped.id()).await, body);
    assert_eq!(zipped.is_rejected().await, ["size_mismatch", "type_not_allowed", "type_mismatch"]);
    world.end().await;
}

/// D9: an archived object can't be read until somebody restores it. That is neither a verdict nor an outage.
#[tokio::test]
async fn an_archived_object_waits_and_stops_nobody_else() {
    let world = World::build().on_fake().start().await;
    let archived = declared(&world).await;
    let key = world.key_of(archived.id()).await;
    world.fake().on(Op::GetObject).when(move |asked| asked == key).answer(403, "InvalidObjectState");
    archived.put(&files::png().bytes).await;
    let kept = async || world.count("SELECT count(*) FROM dead_events").await == 1;
    world.until_in_time("its message is kept", kept).await;
    assert_eq!(archived.now().await["status"], "pending");
    assert_eq!(world.readiness().await.0, 200, "the breaker is closed");
    sent(&world).await.is("confirmed").await;
    world.fake().heal();
    world.pass(Duration::from_hours(2)).await;
    archived.is("confirmed").await;
    world.end().await;
}

/// D9: an etag is no checksum, least of all one of a multipart upload.
#[tokio::test]
async fn an_etag_is_recorded_as_it_is() {
    let world = World::build().on_fake().start().await;
    world.fake().on(Op::GetObject).header("etag", "\"9b2cf535f27731c974343645a3985328-7\"");
    let upload = world.client().await.declare(&files::script_as_png()).await;
    upload.put(&files::script_as_png().bytes).await;
    upload.is_rejected().await;
    assert_eq!(world.count("SELECT count(*) FROM uploads WHERE object_etag LIKE '\"%-7\"'").await, 1);
    world.end().await;
}
