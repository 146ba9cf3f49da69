//! Answers that the queue refuses, in part or as a whole, or takes without saying so.

use std::time::Duration;

use sluice_testkit::World;
use sluice_testkit::fake_aws::{Op, StaleReceipts};

use super::{all_answered, sent};

/// How often one answer is tried: the SDK's three tries, twice.
const TRIES: u64 = 6;

/// E13.
#[tokio::test]
async fn an_entry_that_fails_is_deleted_at_once_by_the_next_call() {
    let world = World::build().on_fake().start().await;
    all_answered(&world).await;
    let before = world.fake().count(Op::DeleteMessageBatch);
    world.fake().on(Op::DeleteMessageBatch).times(1).fail_entries(10, "ThrottlingException");
    sent(&world).await.is("confirmed").await;
    world.until("the message is gone", async || world.held().total() == 0).await;
    assert_eq!(world.fake().count(Op::DeleteMessageBatch), before + 2);
    world.end().await;
}

/// E13.
#[tokio::test]
async fn what_can_not_be_deleted_comes_again_and_changes_nothing() {
    let world = World::build().on_fake().start().await;
    all_answered(&world).await;
    let before = world.fake().count(Op::DeleteMessageBatch);
    world.fake().on(Op::DeleteMessageBatch).times(TRIES).answer(503, "ServiceUnavailable");
    let upload = sent(&world).await;
    upload.is("confirmed").await;
    world.fake().done(Op::DeleteMessageBatch, before + TRIES).await;
    assert_eq!(world.held().in_flight, 1);
    world.fake().clock().advance(Duration::from_mins(1));
    all_answered(&world).await;
    assert_eq!(world.fake().count(Op::GetObject), 1, "the second delivery finds the verdict");
    world.end().await;
}

/// E13.
#[tokio::test]
async fn a_deletion_whose_reply_is_lost_is_made_twice_and_done_once() {
    let world = World::build().on_fake().start().await;
    world.fake().on(Op::DeleteMessageBatch).times(2).drop_reply();
    sent(&world).await.is("confirmed").await;
    all_answered(&world).await;
    world.end().await;
}

/// E14: two deliveries of one message are in hand at once, and the older one's receipt is stale when it is answered.
#[tokio::test]
async fn a_message_that_comes_again_while_it_is_worked_on_gives_one_verdict() {
    for stale in [StaleReceipts::Honoured, StaleReceipts::Ignored, StaleReceipts::Refused] {
        let world = World::build().on_fake().start().await;
        world.fake().stale_receipts(stale);
        let gate = world.fake().on(Op::GetObject).hold();
        let upload = sent(&world).await;
        world.fake().seen(Op::GetObject, 1).await;
        world.fake().clock().advance(Duration::from_secs(61));
        world.fake().seen(Op::GetObject, 2).await;
        gate.open();
        upload.is("confirmed").await;
        all_answered(&world).await;
        world.end().await;
    }
}
