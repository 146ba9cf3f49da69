//! Objects that change, vanish or lie about their size while they are looked at.

use std::sync::Arc;

use sluice_testkit::fake_aws::Op;
use sluice_testkit::{File, World, files};

use super::{all_answered, declared, declared_without_size};

/// D1.
#[tokio::test]
async fn what_a_verdict_records_was_all_seen_in_one_look() {
    let world = World::build().on_fake().start().await;
    let upload = declared_without_size(&world).await;
    let (fake, bucket, key) =
        (Arc::clone(world.fake()), world.localstack.bucket().to_owned(), world.key_of(upload.id()).await);
    let swap = move || {
        fake.events().drop_next(1);
        fake.put_object(&bucket, &key, files::large_png(500).bytes);
    };
    world.fake().on(Op::GetObject).times(1).meanwhile(swap);
    upload.put(&files::png().bytes).await;
    assert_eq!(upload.is("confirmed").await["object"]["size"], 500);
    assert_eq!((world.fake().count(Op::GetObject), world.fake().count(Op::HeadObject)), (1, 0));
    world.end().await;
}

/// D3.
#[tokio::test]
async fn an_object_that_is_gone_before_the_look_leaves_its_upload_pending() {
    let world = World::build().on_fake().start().await;
    let upload = declared(&world).await;
    let (fake, bucket, key) =
        (Arc::clone(world.fake()), world.localstack.bucket().to_owned(), world.key_of(upload.id()).await);
    world.fake().on(Op::GetObject).times(1).meanwhile(move || fake.delete_object(&bucket, &key));
    upload.put(&files::png().bytes).await;
    all_answered(&world).await;
    assert_eq!(upload.now().await["status"], "pending");
    // The grant still works, as nothing is there.
    upload.put(&files::png().bytes).await;
    upload.is("confirmed").await;
    world.end().await;
}

/// D4.
#[tokio::test]
async fn an_object_without_bytes_is_rejected_at_the_first_delivery() {
    let world = World::build().on_fake().start().await;
    let upload = declared_without_size(&world).await;
    upload.put(b"").await;
    assert_eq!(upload.is_rejected().await, ["empty"]);
    assert_eq!(world.fake().count(Op::GetObject), 1);
    world.end().await;
}

/// D5.
#[tokio::test]
async fn sizes_around_the_head_that_is_read_are_all_told_right() {
    let world = World::build().on_fake().start().await;
    let client = world.client().await;
    let texts = [1, 2, 15].map(|size| File::new("a.txt", "text/plain", "a".repeat(size)));
    let pictures = [8191, 8192, 8193].map(files::large_png);
    for file in texts.iter().chain(&pictures) {
        let upload = client.declare(file).await;
        upload.put(&file.bytes).await;
        assert_eq!(upload.is("confirmed").await["object"]["size"], file.bytes.len());
    }
    world.end().await;
}

/// D6.
#[tokio::test]
async fn the_greatest_sizes_are_judged_and_the_event_is_not_believed() {
    for total in [5_497_558_138_880, 53_687_091_200_000, i64::MAX] {
        let world = World::build().on_fake().start().await;
        let upload = declared_without_size(&world).await;
        world.fake().on(Op::GetObject).header("content-range", &format!("bytes 0-8191/{total}"));
        upload.put(&files::large_png(10_000).bytes).await;
        assert_eq!(upload.is_rejected().await, ["too_large"]);
        assert_eq!(world.count("SELECT object_size FROM uploads").await, total);
        world.end().await;
    }
}

/// D6.
#[tokio::test]
async fn an_answer_that_does_not_tell_the_size_is_no_verdict() {
    for total in ["*", "9223372036854775808", "-1", "many"] {
        let world = World::build().on_fake().start().await;
        let looks = super::count_looks(&world);
        let file = files::large_png(10_000);
        let upload = world.client().await.declare(&file).await;
        world.fake().on(Op::GetObject).times(1).header("content-range", &format!("bytes 0-8191/{total}"));
        upload.put(&file.bytes).await;
        super::all_are(&world, "confirmed", 1).await;
        assert_eq!(upload.now().await["object"]["size"], 10_000, "{total}");
        assert_eq!(looks(), 2, "{total}: the first look says nothing");
        world.end().await;
    }
}

/// D12.
#[tokio::test]
async fn the_longest_keys_are_no_trouble_and_a_longer_one_is_kept_at_once() {
    let mut world = World::build().on_fake().start().await;
    let longest = "é".repeat(512);
    world.fake().put_object(world.localstack.bucket(), &longest, files::png().bytes);
    world.strangers.push(longest.clone());
    world.fake().done(Op::DeleteMessageBatch, 1).await;
    world.localstack.send_event(&format!("{longest}x")).await;
    let kept = async || world.count("SELECT count(*) FROM dead_events").await == 1;
    world.until("the longer one alone is kept", kept).await;
    let upload = super::sent(&world).await;
    upload.is("confirmed").await;
    world.end().await;
}

/// D13.
#[tokio::test]
async fn an_object_that_changes_between_two_looks_is_looked_at_again() {
    let world = World::build().on_fake().start().await;
    let file = files::docx(20_000);
    let upload = world
        .client()
        .await
        .declare_as(&serde_json::json!({"filename": file.name, "content_type": file.content_type}))
        .await;
    let (fake, bucket, key) =
        (Arc::clone(world.fake()), world.localstack.bucket().to_owned(), world.key_of(upload.id()).await);
    let other = files::docx(30_000);
    let size = other.bytes.len();
    let swap = move || {
        fake.events().drop_next(1);
        fake.put_object(&bucket, &key, other.bytes.clone());
    };
    world.fake().on(Op::GetObject).sparing(1).times(1).meanwhile(swap);
    upload.put(&file.bytes).await;
    assert_eq!(upload.is("confirmed").await["object"]["size"], size);
    // Head, a tail that is another object's, and both again.
    assert_eq!(world.fake().count(Op::GetObject), 4);
    world.end().await;
}

/// D14.
#[tokio::test]
async fn a_store_that_ignores_ranges_shows_the_same_of_a_container() {
    let world = World::build().on_fake().start().await;
    world.fake().on(Op::GetObject).ignore_range();
    let file = files::docx(20_000);
    let upload = world.client().await.declare(&file).await;
    upload.put(&file.bytes).await;
    assert_eq!(upload.is("confirmed").await["object"]["detected_type"], file.content_type.as_str());
    world.end().await;
}
