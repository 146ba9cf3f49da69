//! Work that takes long: messages stay hidden, and no more of them are taken than can be worked on.

use std::time::Duration;

use sluice_testkit::World;
use sluice_testkit::fake_aws::{Gate, Op};
use sluice_worker::Times;

use super::{all_answered, all_are};

/// Times by which work is slow after a moment, and one by which it takes for ever.
fn soon_slow() -> Times {
    let still_at_it = Duration::from_millis(400);
    Times { still_at_it, store_attempt: Duration::from_secs(60), ..Times::default() }
}

/// A worker that has ten messages in hand, and the gate at which they wait.
async fn ten_in_hand(times: Times) -> (World, Gate) {
    let world = World::build().on_fake().with_times(times).start().await;
    all_answered(&world).await;
    let gate = world.fake().on(Op::GetObject).hold();
    let keys = world.plant(10).await;
    world.fake().events().hold();
    world.deliver(&keys);
    world.fake().events().release();
    world.fake().seen(Op::GetObject, 10).await;
    (world, gate)
}

/// E16.
#[tokio::test]
async fn slow_messages_stay_hidden_by_one_call_for_all_of_them() {
    let (world, gate) = ten_in_hand(soon_slow()).await;
    for _ in 0..4 {
        // Less than the visibility timeout, but more with the next time: the one call in between must be for all ten.
        world.fake().clock().advance(Duration::from_secs(50));
        assert_eq!(world.held().in_flight, 10);
        let asked = world.fake().count(Op::ChangeMessageVisibilityBatch);
        world.fake().done(Op::ChangeMessageVisibilityBatch, asked + 1).await;
    }
    gate.open();
    all_are(&world, "confirmed", 10).await;
    assert_eq!(world.fake().count(Op::GetObject), 10, "none came twice");
    world.end().await;
}

/// E16.
#[tokio::test]
async fn fast_messages_are_never_hidden_anew() {
    let (world, gate) = ten_in_hand(Times::default()).await;
    gate.open();
    all_are(&world, "confirmed", 10).await;
    all_answered(&world).await;
    assert_eq!(world.fake().count(Op::ChangeMessageVisibilityBatch), 0);
    world.end().await;
}

/// E15.
#[tokio::test]
async fn a_message_that_can_not_be_hidden_is_finished_or_comes_again() {
    let (world, gate) = ten_in_hand(soon_slow()).await;
    let before = world.fake().count(Op::ChangeMessageVisibilityBatch);
    world.fake().on(Op::ChangeMessageVisibilityBatch).times(1).fail_entries(3, "ReceiptHandleIsInvalid");
    world.fake().on(Op::ChangeMessageVisibilityBatch).sparing(1).times(3).answer(400, "InvalidParameterValue");
    world.fake().done(Op::ChangeMessageVisibilityBatch, before + 5).await;
    gate.open();
    all_are(&world, "confirmed", 10).await;
    all_answered(&world).await;
    world.end().await;
}

/// E15.
#[tokio::test]
async fn a_message_that_could_not_be_hidden_once_is_hidden_the_next_time() {
    let (world, gate) = ten_in_hand(soon_slow()).await;
    let asked = world.fake().count(Op::ChangeMessageVisibilityBatch);
    world.fake().on(Op::ChangeMessageVisibilityBatch).times(1).fail_entries(3, "InternalError");
    world.fake().done(Op::ChangeMessageVisibilityBatch, asked + 3).await;
    for _ in 0..4 {
        // Those that were refused are hidden by calls of their own from now on.
        world.fake().clock().advance(Duration::from_secs(50));
        assert_eq!(world.held().in_flight, 10);
        let asked = world.fake().count(Op::ChangeMessageVisibilityBatch);
        world.fake().done(Op::ChangeMessageVisibilityBatch, asked + 2).await;
    }
    gate.open();
    all_are(&world, "confirmed", 10).await;
    assert_eq!(world.fake().count(Op::GetObject), 10, "none came twice");
    world.end().await;
}

/// E16.
#[tokio::test]
async fn no_more_messages_are_taken_than_there_are_free_slots() {
    let world = World::build().on_fake().with("SLUICE_WORKER_CONCURRENCY", "3").start().await;
    all_answered(&world).await;
    let gate = world.fake().on(Op::GetObject).hold();
    let keys = world.plant(10).await;
    world.deliver(&keys);
    world.fake().seen(Op::GetObject, 3).await;
    let polls = world.fake().count(Op::ReceiveMessage);
    assert_eq!((world.held().in_flight, world.held().visible), (3, 7));
    gate.open();
    all_are(&world, "confirmed", 10).await;
    assert!(world.fake().count(Op::ReceiveMessage) > polls);
    world.end().await;
}
