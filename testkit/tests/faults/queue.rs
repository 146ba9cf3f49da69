//! A queue that hangs, is empty, refuses or holds back.

use std::time::{Duration, Instant};

use sluice_testkit::World;
use sluice_testkit::fake_aws::Op;
use sluice_worker::Times;

use super::{all_are, sent};

/// E10.
#[tokio::test]
async fn a_poll_that_hangs_is_given_up_and_the_worker_is_not_ready_meanwhile() {
    let second = Duration::from_secs(1);
    let times = Times { long_poll: second, queue_attempt: 2 * second, silence: 3 * second, ..Times::default() };
    let world = World::build().on_fake().with_times(times).start().await;
    world.until("the worker is ready", async || world.readiness().await.0 == 200).await;
    world.fake().on(Op::ReceiveMessage).hang();
    let silent = async || world.is_not_ready("the queue has not answered for too long").await;
    world.until("the worker says so", silent).await;
    world.fake().heal();
    sent(&world).await.is("confirmed").await;
    world.until("the worker is ready again", async || world.readiness().await.0 == 200).await;
    world.end().await;
}

/// E11.
#[tokio::test]
async fn an_empty_poll_is_no_error() {
    let world = World::build().on_fake().start().await;
    super::all_answered(&world).await;
    let polls = world.fake().count(Op::ReceiveMessage);
    let began = Instant::now();
    for poll in 1..=9 {
        // The long poll goes by the fake's clock, and the next one begins at once.
        world.fake().clock().advance(Times::default().long_poll);
        world.fake().seen(Op::ReceiveMessage, polls + poll).await;
    }
    assert!(began.elapsed() < Duration::from_secs(25), "nine errors would have been a minute of pauses");
    assert_eq!(world.readiness().await.0, 200);
    sent(&world).await.is("confirmed").await;
    world.end().await;
}

/// A queue that refuses to give messages and is well again later. Between the requests lie two of the worker's pauses,
/// the shortest of which are 0.5 s and 1 s.
async fn refuses(status: u16, code: &'static str, requests: u64) {
    let mut world = World::build().on_fake().without_worker().start().await;
    world.fake().on(Op::ReceiveMessage).answer(status, code);
    let began = Instant::now();
    world.start_worker().await;
    world.fake().seen(Op::ReceiveMessage, requests).await;
    assert!(began.elapsed() >= Duration::from_millis(1500), "{code}: {:?}", began.elapsed());
    assert!(world.is_not_ready("the queue has not answered yet").await);
    world.fake().heal();
    sent(&world).await.is("confirmed").await;
    world.end().await;
}

/// E12.
#[tokio::test]
async fn a_queue_that_is_too_busy_is_asked_less_and_less_often() {
    tokio::join!(refuses(400, "RequestThrottled", 3), refuses(503, "ServiceUnavailable", 3));
}

/// E12.
#[tokio::test]
async fn a_queue_that_is_closed_to_us_is_asked_less_and_less_often() {
    tokio::join!(refuses(403, "AccessDenied", 3), refuses(400, "AWS.SimpleQueueService.NonExistentQueue", 3));
}

/// E17.
#[tokio::test]
async fn a_backlog_that_does_not_drain_raises_an_alarm() {
    let times = Times { backlog: Duration::from_millis(300), ..Times::default() };
    let world = World::build().on_fake().with_times(times).start().await;
    super::all_answered(&world).await;
    // As at the cap of messages in flight: empty polls and no error.
    world.fake().cap_in_flight(world.localstack.bucket(), Some(0));
    let upload = sent(&world).await;
    world.until("the alarm is raised", async || world.metric("sluice_backlog_stuck") == 1.0).await;
    assert_eq!(world.metric("sluice_queue_messages{state=\"waiting\"}"), 1.0);
    world.fake().cap_in_flight(world.localstack.bucket(), None);
    all_are(&world, "confirmed", 1).await;
    upload.is("confirmed").await;
    world.until("the alarm is over", async || world.metric("sluice_backlog_stuck") == 0.0).await;
    world.end().await;
}
