//! What calls and verdicts cost in requests and statements, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Method;
use serde_json::json;
use sluice_testkit::fake_aws::{FakeAws, Op};
use sluice_testkit::{Client, File, World, files};

/// How many events there are: enough for batches to be full.
const EVENTS: usize = 1000;
/// How many rounds there are at the most.
const ROUNDS: i64 = 6;

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

/// One round: everything is there before anybody is told of it. Gives the calls and the statements of each verdict.
async fn round(world: &World, number: i64) -> (f64, f64) {
    let keys = world.plant(EVENTS).await;
    world.fake().events().hold();
    world.deliver(&keys);
    let before = Asked::until_now(world);
    world.fake().events().release();
    let confirmed = number * EVENTS as i64;
    world.until("all are confirmed", async || world.uploads_that_are("confirmed").await == confirmed).await;
    world.until("all messages are answered", async || world.held().total() == 0).await;
    let after = Asked::until_now(world);

    let (gets, heads) = (after.gets - before.gets, after.heads - before.heads);
    let calls = each(before.of_sqs as f64, after.of_sqs as f64);
    let statements = each(before.statements, after.statements);
    eprintln!("{EVENTS} events: {gets} GETs, {heads} HEADs; each {calls:.3} SQS calls, {statements:.3} SQL statements");
    assert_eq!((gets, heads), (EVENTS as u64, 0));
    (calls, statements)
}

/// A busy machine leaves batches half full and gives idle sweeps their turn: it can only make a verdict dearer. So what a
/// verdict costs is the least of several rounds.
#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_costs_one_get_and_a_quarter_of_a_call_and_of_a_statement() {
    let world = World::build().on_fake().start().await;
    world.until("the store's test event is answered", async || world.held().total() == 0).await;
    let (mut calls, mut statements) = (f64::MAX, f64::MAX);
    for number in 1..=ROUNDS {
        let (of_sqs, of_sql) = round(&world, number).await;
        (calls, statements) = (calls.min(of_sqs), statements.min(of_sql));
        if calls <= 0.25 && statements <= 0.25 {
            return world.end().await;
        }
    }
    panic!("{calls:.3} SQS calls and {statements:.3} SQL statements a verdict, at the least");
}

const LOOK_UPS: &str = "sluice_sql_statements_total{operation=\"look up API keys\"}";
const NOTES: &str = "sluice_sql_statements_total{operation=\"note the use of API keys\"}";

#[tokio::test]
async fn a_key_costs_one_statement_a_second_however_often_it_is_used() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let before = [LOOK_UPS, NOTES].map(|name| world.metric(name));
    let begun = std::time::Instant::now();
    for _ in 0..300 {
        client.get("/v1/uploads/none").await.expect(404);
    }
    let most = begun.elapsed().as_secs_f64().ceil() + 1.0;
    let [look_ups, notes] = [LOOK_UPS, NOTES].map(|name| world.metric(name));
    assert!((1.0..=most).contains(&(look_ups - before[0])), "{} look-ups, at most {most}", look_ups - before[0]);
    assert!(notes - before[1] <= 1.0);
    world.end().await;
}

#[tokio::test]
async fn made_up_keys_make_statements_longer_and_not_more() {
    const KEYS: usize = 100;
    let world = World::build().without_worker().start().await;
    let key = || sluice_api::auth::NewKey::generate().expect("random bytes").text;
    let clients: Vec<_> = (0..KEYS).map(|_| world.client_with(Some(&key()))).collect();
    let before = world.metric(LOOK_UPS);
    // While this is held, the first look-up waits, and the others gather.
    let held = world.session("BEGIN; LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE").await;
    let letting_go = async {
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        drop(held);
    };
    let asking = futures_util::future::join_all(clients.iter().map(|client| client.get("/v1/uploads")));
    let ((), answers) = tokio::join!(letting_go, asking);
    for answer in answers {
        assert_eq!(answer.problem(401), "unauthorized");
    }
    let statements = world.metric(LOOK_UPS) - before;
    eprintln!("{KEYS} made-up keys: {statements} statements");
    assert!(statements <= KEYS as f64 / 10.0, "{statements} statements");
    world.end().await;
}

/// What the API asks of others for one call.
struct Costs {
    world: World,
    client: Client,
    of_s3: Arc<AtomicU64>,
}

impl Costs {
    async fn counted() -> Self {
        let world = World::build().on_fake().without_worker().start().await;
        let (client, of_s3) = (world.client().await, Arc::new(AtomicU64::new(0)));
        let asked = Arc::clone(&of_s3);
        world.fake().on_s3().meanwhile(move || {
            asked.fetch_add(1, Ordering::Relaxed);
        });
        Self { world, client, of_s3 }
    }

    /// The answer, the statements and the requests to S3.
    async fn of<T>(&self, call: impl Future<Output = T>) -> (T, f64, u64) {
        let (statements, of_s3) = (self.world.statements(), self.of_s3.load(Ordering::Relaxed));
        let answer = call.await;
        (answer, self.world.statements() - statements, self.of_s3.load(Ordering::Relaxed) - of_s3)
    }
}

#[tokio::test]
async fn a_call_costs_one_statement_and_no_request_to_the_store() {
    let costs = Costs::counted().await;
    let client = &costs.client;
    let png = json!({"filename": "a.png", "content_type": "image/png", "size": 67});
    let create = async |key: &str| {
        let headers = [("idempotency-key", key)];
        client.send(Method::POST, "/v1/uploads", Some(&png), &headers[usize::from(key.is_empty())..]).await
    };
    let (created, statements, of_s3) = costs.of(create("")).await;
    let path = format!("/v1/uploads/{}", created.expect(201).text("id"));
    assert_eq!((statements, of_s3), (1.0, 0), "createUpload");
    let (created, statements, of_s3) = costs.of(create("k")).await;
    assert_eq!((created.status.as_u16(), statements, of_s3), (201, 1.0, 0), "createUpload with a key");
    let (replayed, statements, of_s3) = costs.of(create("k")).await;
    assert_eq!((replayed.status.as_u16(), statements, of_s3), (200, 2.0, 0), "its replay");
    let batch = json!({"uploads": vec![png.clone(); 100]});
    for (call, path, body) in [
        ("createUploads", "/v1/uploads/batch", Some(&batch)),
        ("getUpload", path.as_str(), None),
        ("listUploads", "/v1/uploads?limit=100", None),
        ("renewGrant", &format!("{path}/grant"), Some(&json!({}))),
    ] {
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let (answer, statements, of_s3) = costs.of(client.send(method, path, body, &[])).await;
        let most = if call == "renewGrant" { 2.0 } else { 1.0 };
        assert_eq!((answer.status.as_u16(), statements, of_s3), (200, most, 0), "{call}");
    }
    costs.world.end().await;
}

#[tokio::test]
async fn a_wait_costs_two_statements_however_long_it_is() {
    let costs = Costs::counted().await;
    let upload = costs.client.declare(&files::png()).await;
    let path = format!("/v1/uploads/{}", upload.id());
    let wait = costs.client.send(Method::GET, &path, None, &[("prefer", "wait=2")]);
    let (answer, statements, of_s3) = costs.of(wait).await;
    assert_eq!((answer.expect(200).text("status"), statements, of_s3), ("pending", 2.0, 0));
    costs.world.end().await;
}

/// Invariant 7.
#[tokio::test]
async fn every_delivery_is_answered_and_every_verdict_counted_whatever_fails() {
    const UPLOADS: i64 = 30;
    let counts = |world: &World| {
        ["sluice_messages_received_total", "sluice_messages_answered_total", "sluice_verdicts_total"]
            .map(|name| world.metric(name) as i64)
    };
    let mut world = World::build().on_fake().without_worker().start().await;
    let before = counts(&world);
    world.fake().events().duplicate(1);
    world.fake().on(Op::GetObject).times(20).answer(403, "InvalidObjectState");
    world.fake().on(Op::DeleteMessageBatch).times(3).fail_entries(2, "InternalError");
    world.deliver(&world.plant(UPLOADS as usize).await);
    world.start_worker().await;
    let answered = async || world.held().total() == 0 && world.uploads_that_are("confirmed").await == UPLOADS;
    world.until_in_time("all is done", answered).await;
    let after = counts(&world);
    let [received, answered, verdicts] = std::array::from_fn(|of| after[of] - before[of]);
    assert!(received >= 2 * UPLOADS + 20, "each came twice, and 20 times one came once more: {received}");
    assert_eq!((answered, verdicts), (received, UPLOADS));
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
