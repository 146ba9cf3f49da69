//! A store that is too busy, refuses everything or hangs: never the fault of an upload.

use std::time::Duration;

use sluice_testkit::World;
use sluice_testkit::fake_aws::Op;
use sluice_worker::Times;

use super::{all_are, declared, gives_up_fast, sent};

/// E1.
#[tokio::test]
async fn a_store_that_asks_to_slow_down_gets_every_object_judged_in_the_end() {
    let world = World::build().on_fake().start().await;
    world.fake().on(Op::GetObject).times(40).answer(503, "SlowDown");
    let keys = world.plant(10).await;
    world.deliver(&keys);
    all_are(&world, "confirmed", 10).await;
    assert!(world.fake().count(Op::GetObject) >= 50);
    world.end().await;
}

/// How many deliveries the worker may have in hand, as it said last.
async fn slots(world: &World) -> i64 {
    world.count("SELECT coalesce(max(in_hand_most), 0)::bigint FROM workers").await
}

/// E1.
#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_store_is_asked_for_less_at_once_and_then_for_more_again() {
    let world = World::build().on_fake().start().await;
    world.until("the worker says so", async || slots(&world).await == 64).await;
    world.fake().on(Op::GetObject).with_probability(0.4, 1).answer(503, "SlowDown");
    world.deliver(&world.plant(300).await);
    world.until_in_time("it asks for less", async || slots(&world).await <= 16).await;
    world.fake().heal();
    all_are(&world, "confirmed", 300).await;
    let low = slots(&world).await;
    world.deliver(&world.plant(1000).await);
    world.until_in_time("it asks for more", async || slots(&world).await >= low + 16).await;
    all_are(&world, "confirmed", 1300).await;
    assert_eq!(world.count("SELECT count(*) FROM dead_events").await, 0);
    world.end().await;
}

/// E2.
#[tokio::test]
async fn a_store_that_refuses_us_gives_no_verdicts_and_gets_no_messages() {
    for code in ["AccessDenied", "RequestTimeTooSkewed", "ExpiredToken"] {
        let world = World::build().on_fake().start().await;
        // Objects alone: the bucket itself still answers.
        world.fake().on(Op::GetObject).answer(403, code);
        let keys = world.plant(30).await;
        world.deliver(&keys);
        let noticed = async || world.is_not_ready("no messages are taken: the bucket does not answer").await;
        world.until("the worker says so", noticed).await;
        let taken = world.fake().count(Op::ReceiveMessage);
        // Several probes later.
        let probed = world.fake().count(Op::GetObject) + 3;
        world.until_in_time("it has probed", async || world.fake().count(Op::GetObject) >= probed).await;
        assert!(
            world.fake().count(Op::ReceiveMessage) <= taken + 1,
            "{code}: but for a poll under way nothing is taken"
        );
        assert_eq!(world.uploads_that_are("pending").await, 30, "{code}");
        world.fake().heal();
        all_are(&world, "confirmed", 30).await;
        assert_eq!(world.count("SELECT count(*) FROM dead_events").await, 0, "{code}");
        world.until("the worker is ready", async || world.readiness().await.0 == 200).await;
        world.end().await;
    }
}

/// E3.
#[tokio::test]
async fn a_store_that_hangs_is_given_up_and_asked_again() {
    let world = World::build().on_fake().with_times(gives_up_fast()).start().await;
    world.fake().on(Op::GetObject).times(3).hang();
    let upload = sent(&world).await;
    world.fake().seen(Op::GetObject, 3).await;
    all_are(&world, "confirmed", 1).await;
    upload.is("confirmed").await;
    world.end().await;
}

/// E3: whatever else hangs, a delivery is worked on only so long.
#[tokio::test]
async fn a_delivery_that_takes_too_long_is_left_to_come_again() {
    // Nothing but that ends the look here.
    let times = Times { at_most: Duration::from_secs(3), store_attempt: Duration::from_hours(1), ..Times::default() };
    let build = World::build().on_fake().with("SLUICE_WORKER_CONCURRENCY", "1").with_times(times);
    let world = build.start().await;
    world.fake().on(Op::GetObject).times(1).hang();
    let hanging = sent(&world).await;
    world.fake().seen(Op::GetObject, 1).await;
    // The one slot is free again.
    let other = sent(&world).await;
    all_are(&world, "confirmed", 2).await;
    for upload in [hanging, other] {
        upload.is("confirmed").await;
    }
    world.end().await;
}

/// E1: what is rejected while the store is busy is deleted later.
#[tokio::test]
async fn a_store_that_will_not_delete_is_asked_again() {
    let world = World::build().on_fake().start().await;
    world.fake().on(Op::DeleteObjects).times(3).answer(503, "SlowDown");
    let upload = declared(&world).await;
    upload.put(&sluice_testkit::files::png().bytes).await;
    upload.is("confirmed").await;
    upload.cancel().await.expect(200);
    world.fake().done(Op::DeleteObjects, 3).await;
    world.query("UPDATE unwanted_objects SET due_at = now()").await;
    world.until("nothing is left", async || world.localstack.object_keys().await.is_empty()).await;
    world.end().await;
}
