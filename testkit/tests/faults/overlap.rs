//! Clients and events that speak of one upload at the same time, and messages that come back long after.

use std::time::Duration;

use sluice_testkit::World;
use sluice_testkit::fake_aws::Op;

use super::{all_answered, sent};

/// A cancel against an event: the cancel is recorded first and stays; the object is deleted.
#[tokio::test]
async fn an_upload_that_is_canceled_while_it_is_looked_at_stays_canceled() {
    let world = World::build().on_fake().start().await;
    let gate = world.fake().on(Op::GetObject).hold();
    let upload = sent(&world).await;
    world.fake().seen(Op::GetObject, 1).await;
    assert_eq!(upload.cancel().await.expect(200).text("status"), "canceled");
    gate.open();
    all_answered(&world).await;
    upload.is("canceled").await;
    world.until("nothing is left", async || world.localstack.object_keys().await.is_empty()).await;
    world.end().await;
}

/// A cancel against an event: the verdict is recorded first, so the cancel deletes a confirmed upload.
#[tokio::test]
async fn an_upload_that_is_canceled_after_its_verdict_is_deleted() {
    let world = World::build().on_fake().start().await;
    let upload = sent(&world).await;
    upload.is("confirmed").await;
    assert_eq!(upload.cancel().await.expect(200).text("status"), "deleted");
    world.until("nothing is left", async || world.localstack.object_keys().await.is_empty()).await;
    world.end().await;
}

/// A hint against an event: one of the two decides.
#[tokio::test]
async fn a_client_that_says_it_has_finished_while_the_event_is_in_hand_changes_nothing() {
    let world = World::build().on_fake().start().await;
    let gate = world.fake().on(Op::GetObject).hold();
    let upload = sent(&world).await;
    world.fake().seen(Op::GetObject, 1).await;
    upload.complete().await.expect(200);
    world.fake().seen(Op::GetObject, 2).await;
    gate.open();
    upload.is("confirmed").await;
    world.end().await;
}

/// E18: a redriven message is a new one with the old body.
#[tokio::test]
async fn a_message_that_is_redriven_settles_what_is_pending_and_nothing_else() {
    let world = World::build().on_fake().start().await;
    let settled = sent(&world).await;
    settled.is("confirmed").await;
    world.fake().events().drop_next(1);
    let pending = sent(&world).await;
    for upload in [&settled, &pending] {
        world.localstack.send_event(&world.key_of(upload.id()).await).await;
    }
    pending.is("confirmed").await;
    all_answered(&world).await;
    assert_eq!(world.fake().count(Op::GetObject), 2, "each was looked at once");
    world.end().await;
}

/// E14, E18: an event that waited for days.
#[tokio::test]
async fn an_event_that_comes_days_late_finds_its_upload_settled() {
    let world = World::build().on_fake().start().await;
    world.fake().events().delay(Duration::from_hours(48));
    let upload = sent(&world).await;
    world.pass(Duration::from_mins(3)).await;
    upload.is("confirmed").await;
    world.fake().clock().advance(Duration::from_hours(48));
    all_answered(&world).await;
    upload.is("confirmed").await;
    assert_eq!(world.fake().count(Op::GetObject), 1);
    world.end().await;
}
