//! Several declarations in one call.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sluice_testkit::{Answer, Client, File, TestUpload, World, files};

fn declaration(file: &File) -> Value {
    json!({"filename": file.name, "content_type": file.content_type, "size": file.bytes.len()})
}

async fn declare(client: &Client, declarations: &[Value]) -> Answer {
    client.post("/v1/uploads/batch", &json!({"uploads": declarations})).await
}

async fn declare_as(client: &Client, key: &str, declarations: &[Value]) -> Answer {
    let body = json!({"uploads": declarations});
    client.send(Method::POST, "/v1/uploads/batch", Some(&body), &[("idempotency-key", key)]).await
}

fn ids(answer: Answer) -> Vec<String> {
    results(answer).iter().map(|result| result["upload"]["id"].as_str().expect("an id").to_owned()).collect()
}

fn results(answer: Answer) -> Vec<Value> {
    answer.expect(200).body["results"].as_array().expect("results").clone()
}

#[tokio::test]
async fn a_hundred_uploads_are_one_statement() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    // From now on the API knows the key.
    client.get("/v1/uploads").await.expect(200);
    let file = files::png();
    let declarations: Vec<Value> = (0..100)
        .map(|n| json!({"filename": format!("{n}.png"), "content_type": "image/png", "size": file.bytes.len()}))
        .collect();
    let before = world.statements();
    let created = results(declare(&client, &declarations).await);
    assert_eq!(world.statements() - before, 1.0);
    for (n, result) in created.iter().enumerate() {
        assert_eq!(result["upload"]["filename"], format!("{n}.png"), "in the order of the declarations");
    }
    assert_eq!(world.count("SELECT count(*) FROM uploads").await, 100);
    world.end().await;
}

#[tokio::test]
async fn what_was_declared_together_is_sent_and_confirmed_like_any_upload() {
    let world = World::start().await;
    let client = world.client().await;
    let file = files::png();
    let created = results(declare(&client, &[declaration(&file), declaration(&file)]).await);
    let uploads: Vec<_> =
        created.iter().map(|result| TestUpload::new(client.clone(), result["upload"].clone())).collect();
    join_all(uploads.iter().map(|upload| upload.put(&file.bytes))).await;
    for upload in uploads {
        upload.is("confirmed").await;
    }
    world.end().await;
}

#[tokio::test]
async fn a_bad_declaration_harms_none_of_its_neighbours() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let bad = json!({"filename": "a/b.png", "content_type": "image/png", "size": 67});
    let good = declaration(&files::png());
    let created = results(declare(&client, &[good.clone(), bad.clone(), good]).await);
    for place in [0, 2] {
        assert_eq!(created[place]["upload"]["status"], "pending");
        assert_eq!(created[place].get("problem"), None);
    }
    let problem = &created[1]["problem"];
    assert_eq!((&problem["code"], &problem["status"]), (&json!("invalid_declaration"), &json!(422)));
    assert_eq!(problem["errors"][0]["pointer"], "/filename");
    assert_eq!(created[1].get("upload"), None);
    assert_eq!(world.count("SELECT count(*) FROM uploads").await, 2);

    let alone = declare(&client, std::slice::from_ref(&bad)).await.expect(200);
    assert_eq!(alone.body["results"][0]["problem"]["request_id"], alone.header("x-request-id"));
    world.end().await;
}

#[tokio::test]
async fn a_batch_has_1_to_100_declarations_of_the_documented_shape() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let good = declaration(&files::png());
    assert_eq!(declare(&client, &[]).await.problem(422), "invalid_batch");
    assert_eq!(declare(&client, &vec![good.clone(); 101]).await.problem(422), "invalid_batch");
    let shapeless = declare(&client, &[good, json!({"content_type": "image/png"})]).await;
    assert_eq!(shapeless.body["errors"][0]["pointer"], "/uploads/1/filename");
    assert_eq!(shapeless.problem(400), "invalid_body");
    assert_eq!(world.count("SELECT count(*) FROM uploads").await, 0);
    world.end().await;
}

#[tokio::test]
async fn of_a_body_that_is_wrong_everywhere_a_hundred_places_are_told() {
    let world = World::build().without_worker().start().await;
    let answer = declare(&world.client().await, &vec![json!(0); 20_000]).await;
    assert_eq!(answer.body["errors"].as_array().map(Vec::len), Some(100), "{}", answer.status);
    world.end().await;
}

#[tokio::test]
async fn a_file_in_parts_gets_its_urls_from_a_renewed_grant() {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/multipart.toml");
    let world = World::build().with("SLUICE_POLICIES", policies).start().await;
    let client = world.client().await;
    let film = files::large_png(2 * 1024 * 1024);
    let mut declaration = declaration(&film);
    declaration["policy"] = "small".into();
    let created = results(declare(&client, &[declaration]).await);
    let grant = &created[0]["upload"]["grant"];
    assert_eq!((&grant["kind"], &grant["part_count"], &grant["parts"]), (&json!("multipart"), &json!(1), &json!([])));
    let upload = TestUpload::new(client, created[0]["upload"].clone()).renew_parts(&[1]).await;
    upload.put_parts(&[1], &film.bytes).await;
    upload.complete().await.expect(200);
    upload.is("confirmed").await;
    world.end().await;
}

#[tokio::test]
async fn a_repeated_batch_gives_the_same_uploads_place_by_place() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let (one, other) = (declaration(&files::png()), declaration(&files::large_png(2000)));
    let first = declare_as(&client, "k", &[one.clone(), one.clone()]).await;
    assert_eq!(first.header("idempotent-replayed"), "");
    let first = ids(first);
    let again = declare_as(&client, "k", &[one.clone(), one.clone()]).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(ids(again), first);

    let changed = results(declare_as(&client, "k", &[one.clone(), other.clone(), other.clone()]).await);
    assert_eq!(changed[0]["upload"]["id"], first[0]);
    assert_eq!(changed[1]["problem"]["code"], "idempotency_key_reused");
    assert_eq!(changed[2]["upload"]["status"], "pending", "a place that was not there before");
    let alone = client.send(Method::POST, "/v1/uploads", Some(&other), &[("idempotency-key", "k")]).await;
    alone.expect(201);
    assert_eq!(world.count("SELECT count(*) FROM uploads").await, 4);
    world.end().await;
}

#[tokio::test]
async fn a_repeated_batch_is_looked_up_with_one_statement() {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/multipart.toml");
    let world = World::build().with("SLUICE_POLICIES", policies).without_worker().start().await;
    let client = world.client().await;
    let [whole, in_parts] = [2000, 7 * 1024 * 1024].map(|size| declaration(&files::large_png(size)));
    for (key, declaration, most) in [("k", whole, 2.0), ("in parts", in_parts, 1.0)] {
        let declarations = vec![declaration; 20];
        let first = ids(declare_as(&client, key, &declarations).await);
        let before = world.statements();
        assert_eq!(ids(declare_as(&client, key, &declarations).await), first);
        assert_eq!(world.statements() - before, most, "{key}");
    }
    world.end().await;
}

#[tokio::test]
async fn of_batches_that_come_at_once_with_one_key_one_is_recorded() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let declarations = [declaration(&files::png()), declaration(&files::large_png(2000))];
    let answers = join_all((0..6).map(|_| declare_as(&client, "k", &declarations))).await;
    let fresh = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_empty()).count();
    assert_eq!(fresh, 1);
    let all: Vec<_> = answers.into_iter().map(ids).collect();
    assert!(all.iter().all(|ids| *ids == all[0]));
    assert_eq!(world.count("SELECT count(*) FROM uploads").await, 2);
    world.end().await;
}

#[tokio::test]
async fn a_repeated_batch_begins_nothing_anew_at_the_store() {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/multipart.toml");
    let world = World::build().with("SLUICE_POLICIES", policies).without_worker().start().await;
    let client = world.client().await;
    let film = declaration(&files::large_png(7 * 1024 * 1024));
    let first = ids(declare_as(&client, "k", std::slice::from_ref(&film)).await);
    let again = results(declare_as(&client, "k", &[film]).await);
    assert_eq!((&again[0]["upload"]["id"], &again[0]["upload"]["grant"]["parts"]), (&json!(first[0]), &json!([])));
    assert_eq!(world.count("SELECT count(*) FROM unwanted_objects").await, 0, "nothing is to be aborted");
    world.end().await;
}
