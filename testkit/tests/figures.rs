//! What one verdict costs in requests and statements, counted.

use sluice_testkit::fake_aws::{FakeAws, Op};
use sluice_testkit::{File, World, files};

/// How many events there are: enough for batches to be full.
const EVENTS: usize = 1000;

/// What was asked of everybody until now.
struct Asked {
    gets: u64,
    heads: u64,
    of_sqs: u64,
    statements: f64,
}

impl Asked {
    fn until_now(world: &World) -> Self {
        let count = |ops: &[Op]| ops.iter().map(|op| FakeAws::count(world.fake(), *op)).sum();
        Self {
            gets: count(&[Op::GetObject]),
            heads: count(&[Op::HeadObject]),
            of_sqs: count(&[
                Op::ReceiveMessage,
                Op::DeleteMessage,
                Op::DeleteMessageBatch,
                Op::ChangeMessageVisibility,
                Op::ChangeMessageVisibilityBatch,
            ]),
            // Counted where each statement is sent; one commits by itself, so there are no others.
            statements: world.metric("sluice_sql_statements_total"),
        }
    }
}

/// How much of it there was for each event.
fn each(before: f64, after: f64) -> f64 {
    (after - before) / EVENTS as f64
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_costs_one_get_and_a_quarter_of_a_call_and_of_a_statement() {
    let mut world = World::build().on_fake().without_worker().start().await;
    let keys = world.plant(EVENTS).await;
    world.deliver(&keys);
    let before = Asked::until_now(&world);
    world.start_worker().await;
    world.until("all are confirmed", async || world.uploads_that_are("confirmed").await == EVENTS as i64).await;
    world.until("all messages are answered", async || world.held().total() == 0).await;
    let after = Asked::until_now(&world);

    let (gets, heads) = (after.gets - before.gets, after.heads - before.heads);
    let calls = each(before.of_sqs as f64, after.of_sqs as f64);
    let statements = each(before.statements, after.statements);
    eprintln!("{EVENTS} events: {gets} GETs, {heads} HEADs; each {calls:.3} SQS calls, {statements:.3} SQL statements");
    assert_eq!((gets, heads), (EVENTS as u64, 0));
    assert!(calls <= 0.25, "{calls:.3} SQS calls a verdict");
    assert!(statements <= 0.25, "{statements:.3} SQL statements a verdict");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_costs_a_second_get_and_nothing_else_does() {
    let world = World::build().on_fake().start().await;
    let client = world.client().await;
    for (file, gets) in [
        (files::large_png(20_000), 1),
        (files::docx(20_000), 2),
        // Its directory is in the head.
        (files::docx(2_000), 1),
        (File::new("a.txt", "text/plain", "words ".repeat(5_000)), 1),
    ] {
        let before = Asked::until_now(&world);
        let upload = client.declare(&file).await;
        upload.put(&file.bytes).await;
        upload.is("confirmed").await;
        let after = Asked::until_now(&world);
        assert_eq!((after.gets - before.gets, after.heads - before.heads), (gets, 0), "{}", file.name);
    }
    world.end().await;
}
