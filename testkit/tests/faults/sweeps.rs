//! Sweeps: beside events, beside each other, and while the bucket is out.

use std::time::Duration;

use sluice_testkit::fake_aws::Op;
use sluice_testkit::{World, files};

use super::{count_looks, declared, patient, sent};

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

/// Counts the statements that write verdicts, whether they change anything or not.
const NUMBER_VERDICTS: &str = "CREATE FUNCTION number() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM nextval('verdicts'); RETURN NULL; END $$";
const TELL_OF_VERDICTS: &str = "CREATE TRIGGER number AFTER UPDATE OF status ON uploads
    FOR EACH STATEMENT EXECUTE FUNCTION number()";

/// C5: expiry against confirmation. Whoever records first decides; here it is the event.
#[tokio::test]
async fn a_sweep_that_saw_nothing_does_not_expire_what_came_meanwhile() {
    let world = World::build().on_fake().with_times(patient()).start().await;
    let upload = declared(&world).await;
    world.query("CREATE SEQUENCE verdicts").await;
    world.query(NUMBER_VERDICTS).await;
    world.query(TELL_OF_VERDICTS).await;
    let gate = world.fake().on(Op::GetObject).times(1).hold_reply();
    world.pass(Duration::from_hours(2)).await;
    world.fake().done(Op::GetObject, 1).await;
    upload.put(&files::png().bytes).await;
    upload.is("confirmed").await;
    gate.open();
    let tried = async || world.count("SELECT last_value FROM verdicts").await == 2;
    world.until("the sweep has tried to expire it", tried).await;
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
    let world = World::build().on_fake().with_times(patient()).start().await;
    let (looks, keys) = (count_looks(&world), world.plant(MANY as usize).await);
    let gate = world.fake().on(Op::GetObject).when(move |key| keys.iter().any(|overdue| overdue == key)).hold();
    world.pass(Duration::from_hours(2)).await;
    // As many as are looked at at once; none of them ends.
    world.until("the sweep is at work", async || looks() >= 32).await;
    let upload = sent(&world).await;
    upload.is("confirmed").await;
    assert_eq!(world.uploads_that_are("expired").await, 0, "it did not wait for the others");
    gate.open();
    for part in 1..=4 {
        let expired = async || world.uploads_that_are("expired").await >= part * MANY / 4;
        world.until(&format!("{part} quarters are expired"), expired).await;
    }
    assert_eq!(looks(), MANY as u64 + 1, "each is looked at once");
    world.end().await;
}

/// C9.
#[tokio::test]
async fn two_sweeps_share_the_work_and_do_none_of_it_twice() {
    const SOME: i64 = 250;
    let mut world = World::build().on_fake().with_times(patient()).start().await;
    let looks = count_looks(&world);
    world.start_worker().await;
    world.plant(SOME as usize).await;
    world.pass(Duration::from_hours(2)).await;
    world.until("all are expired", async || world.uploads_that_are("expired").await == SOME).await;
    assert_eq!(looks(), SOME as u64);
    world.end().await;
}
