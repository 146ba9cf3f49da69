//! Repeated calls of createUpload: what an `Idempotency-Key` makes of them.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sluice_testkit::fake_aws::{FakeAws, Op};
use sluice_testkit::{Answer, Client, File, TestUpload, World, files};

const KEY: &str = "order 4711, first picture";

fn declaration(file: &File) -> Value {
    json!({"filename": file.name, "content_type": file.content_type, "size": file.bytes.len()})
}

async fn ask(client: &Client, key: &str, declaration: &Value) -> Answer {
    client.send(Method::POST, "/v1/uploads", Some(declaration), &[("idempotency-key", key)]).await
}

/// Declares the picture of these tests.
async fn declare(client: &Client) -> Answer {
    ask(client, KEY, &declaration(&files::png())).await
}

async fn uploads(world: &World) -> i64 {
    world.count("SELECT count(*) FROM uploads").await
}

/// The answer to a repeated call: the upload as it is.
fn replayed(answer: Answer) -> Value {
    let answer = answer.expect(200);
    assert_eq!(answer.header("idempotent-replayed"), "true");
    assert_eq!(answer.header("location"), format!("/v1/uploads/{}", answer.text("id")));
    answer.body
}

/// The ids of these answers, of which exactly one created an upload.
fn ids(answers: Vec<Answer>) -> BTreeSet<String> {
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(created, 1, "exactly one creates it");
    let id = |answer: Answer| match answer.status.as_u16() {
        201 => answer.text("id").to_owned(),
        _ => replayed(answer)["id"].as_str().expect("an id").to_owned(),
    };
    answers.into_iter().map(id).collect()
}

#[tokio::test]
async fn the_same_call_gives_the_same_upload_with_a_grant_that_works() {
    let world = World::start().await;
    let client = world.client().await;
    let first = declare(&client).await.expect(201);
    assert_eq!(first.header("idempotent-replayed"), "");
    let again = replayed(declare(&client).await);
    assert_eq!(again["id"], first.body["id"]);
    assert_eq!(again["deadline"], first.body["deadline"]);
    assert_eq!(uploads(&world).await, 1);
    let upload = TestUpload::new(client, again);
    upload.put(&files::png().bytes).await;
    upload.is("confirmed").await;
    world.end().await;
}

#[tokio::test]
async fn a_key_that_came_with_another_declaration_is_refused() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    declare(&client).await.expect(201);
    let other = ask(&client, KEY, &declaration(&files::large_png(2000))).await;
    assert_eq!(other.problem(422), "idempotency_key_reused");
    assert_eq!(uploads(&world).await, 1);
    world.end().await;
}

#[tokio::test]
async fn the_same_declaration_in_other_words_is_the_same() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let first = declare(&client).await.expect(201);
    let mut wordy = declaration(&files::png());
    wordy["content_type"] = "IMAGE/PNG".into();
    for (field, value) in [("grant", json!("put")), ("part_sha256", json!(false)), ("metadata", json!({}))] {
        wordy[field] = value;
    }
    let again = replayed(ask(&client, KEY, &wordy).await);
    assert_eq!(again["id"], first.body["id"]);
    assert_eq!(again["grant"]["headers"]["content-type"], "image/png", "it is sent as it was declared first");
    wordy["policy"] = "images".into();
    assert_eq!(ask(&client, KEY, &wordy).await.problem(422), "idempotency_key_reused");
    world.end().await;
}

#[tokio::test]
async fn what_a_former_version_recorded_is_known_again() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let mut wordy = declaration(&files::png());
    wordy["grant"] = "put".into();
    let first = ask(&client, KEY, &wordy).await.expect(201);
    let literal = serde_json::to_string(&wordy).expect("JSON");
    world.query(&format!("UPDATE idempotency_keys SET fingerprint = sha256('{literal}')")).await;
    assert_eq!(replayed(ask(&client, KEY, &wordy).await)["id"], first.body["id"]);
    world.end().await;
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_and_another_one_makes_another_upload() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    for bad in ["", &"k".repeat(256)] {
        assert_eq!(ask(&client, bad, &declaration(&files::png())).await.problem(400), "invalid_parameter");
    }
    assert_eq!(uploads(&world).await, 0);
    declare(&client).await.expect(201);
    ask(&client, &"k".repeat(255), &declaration(&files::png())).await.expect(201);
    client.declare(&files::png()).await;
    assert_eq!(uploads(&world).await, 3);
    world.end().await;
}

#[tokio::test]
async fn what_was_refused_leaves_its_key_free() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    ask(&client, KEY, &json!({"filename": "a.exe", "content_type": "application/x-msdownload"})).await.expect(422);
    declare(&client).await.expect(201);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_twins_at_once_exactly_one_creates_the_upload() {
    let mut world = World::build().without_worker().start().await;
    let here = world.client().await;
    world.start_another_api().await;
    let there = world.client().await;
    let calls = (0..20).map(|n| declare(if n % 2 == 0 { &here } else { &there }));
    assert_eq!(ids(join_all(calls).await).len(), 1);
    assert_eq!(uploads(&world).await, 1);
    world.end().await;
}

/// Several keys at once, in opposite orders: nobody waits for somebody who waits for them.
#[tokio::test(flavor = "multi_thread")]
async fn twins_of_several_keys_in_two_processes_block_nobody() {
    const KEYS: usize = 40;
    let mut world = World::build().without_worker().start().await;
    let here = world.client().await;
    world.start_another_api().await;
    let there = world.client().await;
    let declaration = declaration(&files::png());
    let call = async |client: &Client, n: usize| ask(client, &format!("key {n}"), &declaration).await;
    let forwards = join_all((0..KEYS).map(|n| call(&here, n)));
    let backwards = join_all((0..KEYS).rev().map(|n| call(&there, n)));
    let (forwards, mut backwards) = tokio::join!(forwards, backwards);
    backwards.reverse();
    for (one, other) in forwards.into_iter().zip(backwards) {
        assert_eq!(ids(vec![one, other]).len(), 1);
    }
    assert_eq!(uploads(&world).await, KEYS as i64);
    world.end().await;
}

#[tokio::test]
async fn a_twin_waits_for_the_first_and_creates_the_upload_if_the_first_does_not() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let first = world
        .session(&format!(
            "BEGIN; INSERT INTO idempotency_keys (tenant, key, fingerprint, upload_id)
             VALUES ('acme', '{KEY}', sha256('another'), gen_random_uuid())"
        ))
        .await;
    let twin = tokio::spawn({
        let client = client.clone();
        async move { declare(&client).await }
    });
    world.until("the twin waits", async || world.held_up().await > 0).await;
    first.batch_execute("ROLLBACK").await.expect("the first gives up");
    twin.await.expect("no panic").expect(201);
    world.end().await;
}

#[tokio::test]
async fn the_same_key_of_another_tenant_is_another_key() {
    let world = World::build().without_worker().start().await;
    let one = declare(&world.client().await).await.expect(201);
    let other = declare(&world.client_of("globex").await).await.expect(201);
    assert_ne!(one.text("id"), other.text("id"));
    world.end().await;
}

#[tokio::test]
async fn after_the_verdict_the_same_call_gives_the_upload_as_it_is_without_a_grant() {
    let world = World::start().await;
    let client = world.client().await;
    let upload = TestUpload::new(client.clone(), declare(&client).await.expect(201).body);
    upload.put(&files::png().bytes).await;
    let confirmed = upload.is("confirmed").await;
    assert_eq!(replayed(declare(&client).await), confirmed);
    upload.cancel().await.expect(200);
    let deleted = replayed(declare(&client).await);
    assert_eq!((&deleted["status"], deleted.get("grant")), (&json!("deleted"), None));
    world.end().await;
}

#[tokio::test]
async fn an_api_that_was_started_since_gives_the_same_upload() {
    let mut world = World::build().without_worker().start().await;
    let first = declare(&world.client().await).await.expect(201);
    world.start_another_api().await;
    let again = replayed(declare(&world.client().await).await);
    assert_eq!(again["id"], first.body["id"]);
    assert!(again["grant"].is_object(), "{again}");
    world.end().await;
}

#[tokio::test]
async fn a_key_is_kept_for_a_day_and_forgotten_after_two() {
    const HOUR: Duration = Duration::from_hours(1);
    let mut world = World::build().without_worker().start().await;
    let client = world.client().await;
    let first = declare(&client).await.expect(201);
    world.pass(47 * HOUR).await;
    ask(&client, "a younger key", &declaration(&files::png())).await.expect(201);
    assert_eq!(replayed(declare(&client).await)["id"], first.body["id"], "it is overdue, and so has no grant");
    world.pass(2 * HOUR).await;
    world.start_worker().await;
    let kept = "SELECT count(*) FROM idempotency_keys";
    world.until("the old key is forgotten", async || world.count(kept).await == 1).await;
    assert_ne!(declare(&client).await.expect(201).text("id"), first.text("id"));
    world.end().await;
}

/// Files that go in parts begin at the store, before anything is recorded.
mod in_parts {
    use super::*;

    const PARTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/multipart.toml");

    fn film() -> Value {
        let file = files::large_png(2 * 1024 * 1024);
        json!({"filename": file.name, "content_type": file.content_type, "size": file.bytes.len(), "policy": "small"})
    }

    fn begun(world: &World) -> u64 {
        FakeAws::count(world.fake(), Op::CreateMultipartUpload)
    }

    #[tokio::test]
    async fn a_replay_begins_nothing_at_the_store() {
        let world = World::build().on_fake().with("SLUICE_POLICIES", PARTS).start().await;
        let client = world.client().await;
        let first = ask(&client, KEY, &film()).await.expect(201);
        let upload = TestUpload::new(client.clone(), replayed(ask(&client, KEY, &film()).await));
        assert_eq!((begun(&world), &upload.created["id"]), (1, &first.body["id"]));
        upload.put_parts(&[1], &files::large_png(2 * 1024 * 1024).bytes).await;
        upload.complete().await.expect(200);
        upload.is("confirmed").await;
        world.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_the_twins_that_came_second_began_is_aborted_at_once() {
        let world = World::build().with("SLUICE_POLICIES", PARTS).start().await;
        let client = world.client().await;
        let film = film();
        assert_eq!(ids(join_all((0..5).map(|_| ask(&client, KEY, &film))).await).len(), 1);
        world.until("one multipart upload is left", async || world.localstack.open_multiparts().await.len() == 1).await;
        world.end().await;
    }
}
