//! Sweeps: beside events, beside each other, and while the bucket is out.

use std::time::Duration;

use sluice_testkit::fake_aws::Op;
use sluice_testkit::{World, files};

use super::{declared, sent};

/// C5.
#[tokio::test]
async fn an_event_and_a_sweep_that_look_at_once_give_one_verdict() {
    let world = World::build().on_fake().start().await;
    let gate = world.fake().on(Op::GetObject).hold();
    let upload = sent(&world).await;
    world.fake().seen(Op::GetObject, 1).await;
    world.pass(Duration::from_mins(3)).await;
    world.fake().seen(Op::GetObject, 2).await;
    gate.open();
    upload.is("confirmed").await;
    world.end().await;
}

/// C5: expiry against confirmation. Whoever records first decides; here it is the event.
#[tokio::test]
async fn a_sweep_that_saw_nothing_does_not_expire_what_came_meanwhile() {
    let world = World::build().on_fake().start().await;
    let upload = declared(&world).await;
    world.fake().on(Op::GetObject).times(1).delay_reply(Duration::from_hours(1));
    world.pass(Duration::from_hours(2)).await;
    world.fake().done(Op::GetObject, 1).await;
    upload.put(&files::png().bytes).await;
    upload.is("confirmed").await;
    world.fake().clock().advance(Duration::from_hours(1));
    let recorded = "sluice_sql_statements_total{operation=\"record verdicts\"}";
    world.until("the sweep has tried to expire it", async || world.metric(recorded) >= 2.0).await;
    upload.is("confirmed").await;
    world.end().await;
}

/// C7.
#[tokio::test]
async fn nothing_expires_while_the_bucket_does_not_answer() {
    let world = World::build().on_fake().without_events().start().await;
    let (missing, arrived) = (declared(&world).await, sent(&world).await);
    world.fake().on(Op::GetObject).answer(503, "SlowDown");
    world.pass(Duration::from_hours(2)).await;
    // Three tries each.
    world.fake().done(Op::GetObject, 6).await;
    assert_eq!(world.uploads_that_are("pending").await, 2);
    world.fake().heal();
    world.pass(Duration::from_mins(2)).await;
    missing.is("expired").await;
    arrived.is("confirmed").await;
    world.end().await;
}

/// C8.
#[tokio::test]
async fn many_uploads_that_expire_at_once_hold_nobody_up() {
    const MANY: i64 = 1000;
    let world = World::build().on_fake().start().await;
    world.plant(MANY as usize).await;
    world.pass(Duration::from_hours(2)).await;
    world.fake().seen(Op::GetObject, 100).await;
    let upload = sent(&world).await;
    upload.is("confirmed").await;
    assert!(world.uploads_that_are("expired").await < MANY, "it did not wait for the others");
    world.until("all others are expired", async || world.uploads_that_are("expired").await == MANY).await;
    assert_eq!(world.fake().count(Op::GetObject), MANY as u64 + 1, "each is looked at once");
    world.end().await;
}

/// C9.
#[tokio::test]
async fn two_sweeps_share_the_work_and_do_none_of_it_twice() {
    const SOME: i64 = 250;
    let mut world = World::build().on_fake().start().await;
    world.start_worker().await;
    world.plant(SOME as usize).await;
    world.pass(Duration::from_hours(2)).await;
    world.until("all are expired", async || world.uploads_that_are("expired").await == SOME).await;
    assert_eq!(world.fake().count(Op::GetObject), SOME as u64);
    world.end().await;
}
