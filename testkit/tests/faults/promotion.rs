//! Promotion: the copy to where an object stays, broken off, overtaken or too late.

use std::sync::Arc;
use std::time::Duration;

use sluice_testkit::fake_aws::Op;
use sluice_testkit::{Build, TestUpload, World, files};

use super::{all_answered, all_are, gives_up_fast, sent};

/// A world whose grants can be used again, so that what they bring is promoted.
fn that_promotes() -> Build {
    World::build().on_fake().with("SLUICE_S3_WRITE_ONCE", "false")
}

/// Replaces an upload's object just before its copy is made.
async fn swap_before_the_copy(world: &World, upload: &TestUpload, bytes: Vec<u8>) {
    let (fake, bucket) = (Arc::clone(world.fake()), world.localstack.bucket().to_owned());
    let key = world.key_of(upload.id()).await;
    let swap = move || fake.put_object(&bucket, &key, bytes.clone());
    world.fake().on(Op::CopyObject).times(1).meanwhile(swap);
}

#[tokio::test]
async fn a_promotion_whose_verdict_was_lost_is_made_again_to_the_same_place() {
    let world = that_promotes().with_times(gives_up_fast()).start().await;
    // Carried out, and answered when nobody listens any more.
    world.fake().on(Op::CopyObject).times(1).delay_reply(Duration::from_hours(12));
    let upload = sent(&world).await;
    world.fake().done(Op::CopyObject, 1).await;
    all_are(&world, "confirmed", 1).await;
    let left = async || world.localstack.object_keys().await.len() == 1;
    world.until_in_time("one copy is left", left).await;
    assert_eq!(upload.download().await.bytes().await.expect("a body"), files::png().bytes);
    world.end().await;
}

#[tokio::test]
async fn an_object_that_changes_before_its_copy_is_looked_at_again() {
    let world = that_promotes().start().await;
    let upload = super::declared(&world).await;
    swap_before_the_copy(&world, &upload, files::script_as_png().bytes).await;
    upload.put(&files::png().bytes).await;
    assert_eq!(upload.is_rejected().await, ["size_mismatch", "type_not_allowed", "type_mismatch"]);
    world.end().await;
}

#[tokio::test]
async fn what_replaced_an_accepted_object_is_confirmed_only_as_itself() {
    let world = that_promotes().start().await;
    let (upload, longer) = (super::declared_without_size(&world).await, files::large_png(300));
    swap_before_the_copy(&world, &upload, longer.bytes.clone()).await;
    upload.put(&files::png().bytes).await;
    assert_eq!(upload.is("confirmed").await["object"]["size"], 300);
    assert_eq!(upload.download().await.bytes().await.expect("a body"), longer.bytes);
    world.end().await;
}

#[tokio::test]
async fn a_copy_that_is_made_while_its_upload_is_canceled_is_deleted() {
    let world = that_promotes().start().await;
    let gate = world.fake().on(Op::CopyObject).hold();
    let upload = sent(&world).await;
    world.fake().seen(Op::CopyObject, 1).await;
    assert_eq!(upload.cancel().await.expect(200).text("status"), "canceled");
    // Nobody else is told of the copy.
    world.fake().events().drop_next(1);
    gate.open();
    all_answered(&world).await;
    world.until("nothing is left", async || world.localstack.object_keys().await.is_empty()).await;
    upload.is("canceled").await;
    world.end().await;
}
