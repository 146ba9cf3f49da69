//! The whole way of an upload on a second store, which is no relation of Amazon's: Garage. It checks signatures and
//! checksums, ignores `If-None-Match`, and sends no events.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use sluice_testkit::{Build, File, TestUpload, World, files};

fn world() -> Build {
    World::build().on_garage()
}

async fn declared(world: &World, file: &File) -> TestUpload {
    let sha256 = sluice_common::domain::Sha256::of(&file.bytes).to_hex();
    let declaration = json!({
        "filename": file.name, "content_type": file.content_type, "size": file.bytes.len(), "sha256": sha256,
    });
    world.client().await.declare_as(&declaration).await
}

/// An upload that was sent and that its client has called complete.
async fn confirmed(world: &World, file: &File) -> TestUpload {
    let upload = declared(world, file).await;
    upload.put(&file.bytes).await;
    upload.complete().await.expect(200);
    upload.is("confirmed").await;
    upload
}

async fn comes_back(upload: &TestUpload, file: &File) {
    let download = upload.download().await;
    assert_eq!(download.status(), StatusCode::OK);
    assert_eq!(download.headers()["content-type"], file.content_type.as_str());
    assert_eq!(download.bytes().await.expect("a body"), file.bytes);
}

async fn holds(world: &World, objects: usize) {
    world.until("the rest is gone", async || world.localstack.object_keys().await.len() == objects).await;
}

#[tokio::test]
async fn a_file_that_keeps_its_promise_is_confirmed_and_comes_back_to_the_byte() {
    let world = world().start().await;
    let file = files::large_png(20_000).named("Übersicht März.png");
    let upload = confirmed(&world, &file).await;
    comes_back(&upload, &file).await;
    holds(&world, 1).await;
    world.end().await;
}

#[tokio::test]
async fn the_tutorials_client_gets_its_file_in() {
    let world = world().start().await;
    let (client, file) = (world.client_with(None), files::png());
    let granted =
        client.post("/files/upload-url", &json!({"filename": file.name, "mimeType": file.content_type})).await;
    let granted = granted.expect(200);
    let put = reqwest::Client::new().put(granted.text("uploadUrl")).header("content-type", &file.content_type);
    assert_eq!(put.body(file.bytes.clone()).send().await.expect("the store answers").status(), StatusCode::OK);
    let confirmation = json!({"key": granted.text("key"), "filename": file.name});
    let confirmed = client.post("/files/confirm", &confirmation).await.expect(201);
    let redirect = client.get(confirmed.text("url")).await.expect(302);
    let opened = reqwest::get(redirect.header("location")).await.expect("the store answers");
    assert_eq!(opened.bytes().await.expect("a body"), file.bytes);
    world.end().await;
}

#[tokio::test]
async fn a_script_that_claims_to_be_a_picture_is_rejected_and_deleted() {
    let world = world().start().await;
    let file = files::script_as_png();
    let upload = declared(&world, &file).await;
    upload.put(&file.bytes).await;
    upload.complete().await.expect(200);
    assert_eq!(upload.is_rejected().await, ["type_not_allowed", "type_mismatch"]);
    holds(&world, 0).await;
    world.end().await;
}

#[tokio::test]
async fn the_store_refuses_whatever_was_not_declared() {
    let world = world().start().await;
    let file = files::png();
    let upload = declared(&world, &file).await;
    let longer = [file.bytes.as_slice(), b"x"].concat();
    let mut other = file.bytes.clone();
    other[50] ^= 1;
    let code = |refused: Result<(), (StatusCode, String)>| refused.expect_err("it is refused");
    assert_eq!(code(upload.try_put(&longer).await), (StatusCode::FORBIDDEN, "AccessDenied".to_owned()));
    assert_eq!(code(upload.try_put(&other).await), (StatusCode::BAD_REQUEST, "InvalidDigest".to_owned()));
    for header in ["content-type", "x-amz-checksum-sha256"] {
        let refused = code(upload.try_put_without(header, &file.bytes).await);
        assert!([StatusCode::FORBIDDEN, StatusCode::BAD_REQUEST].contains(&refused.0), "without {header}: {refused:?}");
        let refused = code(upload.try_put_with(header, "other", &file.bytes).await);
        assert!([StatusCode::FORBIDDEN, StatusCode::BAD_REQUEST].contains(&refused.0), "{header}: {refused:?}");
    }
    holds(&world, 0).await;
    upload.cancel().await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn an_expired_url_is_refused() {
    let world = world().start().await;
    let file = files::png();
    let declaration =
        json!({"filename": "a.png", "content_type": "image/png", "size": file.bytes.len(), "policy": "brief"});
    let upload = world.client().await.declare_as(&declaration).await;
    // The store's clock can't be moved.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let (status, _) = upload.try_put(&file.bytes).await.expect_err("it is refused");
    assert_eq!(status, StatusCode::BAD_REQUEST);
    upload.is("expired").await;
    world.end().await;
}

/// The store does not know `If-None-Match`, so a grant can be used again. What was confirmed lies where no grant reaches.
#[tokio::test]
async fn an_old_url_can_be_used_again_but_changes_nothing_that_was_confirmed() {
    let world = world().with("SLUICE_RECONCILE_EVERY", "1").with("SLUICE_STRAY_GRACE", "1").start().await;
    let file = files::png();
    let declaration = json!({"filename": "a.png", "content_type": "image/png", "size": file.bytes.len()});
    let upload = world.client().await.declare_as(&declaration).await;
    assert_eq!(upload.created["grant"]["headers"].get("if-none-match"), None);
    upload.put(&file.bytes).await;
    upload.complete().await.expect(200);
    upload.is("confirmed").await;
    let mut other = file.bytes.clone();
    other[50] ^= 1;
    upload.put(&other).await;
    comes_back(&upload, &file).await;
    // No event tells of the second object, but whoever goes round the bucket finds it.
    holds(&world, 1).await;
    comes_back(&upload, &file).await;
    world.end().await;
}

#[tokio::test]
async fn before_the_verdict_the_last_of_two_writes_is_judged() {
    let world = world().start().await;
    let (first, last) = (files::large_png(3000), files::large_png(4000));
    let declaration = json!({"filename": "a.png", "content_type": "image/png"});
    let upload = world.client().await.declare_as(&declaration).await;
    upload.put(&first.bytes).await;
    upload.put(&last.bytes).await;
    upload.complete().await.expect(200);
    assert_eq!(upload.is("confirmed").await["object"]["size"], 4000);
    comes_back(&upload, &last).await;
    world.end().await;
}

#[tokio::test]
async fn an_upload_that_nobody_calls_complete_is_found_by_the_sweep() {
    let world = world().start().await;
    let file = files::png();
    let upload = declared(&world, &file).await;
    upload.put(&file.bytes).await;
    world.pass(Duration::from_mins(3)).await;
    upload.is("confirmed").await;
    comes_back(&upload, &file).await;
    world.end().await;
}

#[tokio::test]
async fn what_is_taken_back_or_never_comes_leaves_nothing() {
    let world = world().start().await;
    let file = files::png();
    let canceled = declared(&world, &file).await;
    canceled.put(&file.bytes).await;
    canceled.cancel().await.expect(200);
    let expired = declared(&world, &file).await;
    world.pass(Duration::from_hours(2)).await;
    expired.is("expired").await;
    let deleted = confirmed(&world, &file).await;
    deleted.cancel().await.expect(200);
    holds(&world, 0).await;
    world.end().await;
}

#[tokio::test]
async fn an_object_that_comes_late_is_found_by_going_round_and_deleted() {
    let world = world().with("SLUICE_RECONCILE_EVERY", "1").with("SLUICE_STRAY_GRACE", "1").start().await;
    let file = files::png();
    let (kept, late) = (confirmed(&world, &file).await, declared(&world, &file).await);
    world.pass(Duration::from_hours(2)).await;
    late.is("expired").await;
    late.put(&file.bytes).await;
    holds(&world, 1).await;
    comes_back(&kept, &file).await;
    world.end().await;
}

#[tokio::test]
async fn a_worker_without_a_queue_is_ready() {
    let world = world().start().await;
    world.until("it is ready", async || world.readiness().await.0 == 200).await;
    world.end().await;
}

#[tokio::test]
async fn empty_objects_and_long_lists_are_read_as_from_the_first_store() {
    let mut world = world().with("SLUICE_RECONCILE_EVERY", "1").with("SLUICE_STRAY_GRACE", "1").start().await;
    let upload = world.client().await.declare_as(&json!({"filename": "a.png", "content_type": "image/png"})).await;
    upload.put(b"").await;
    upload.complete().await.expect(200);
    assert_eq!(upload.is_rejected().await, ["empty"]);
    let foreign: Vec<String> = (0..1100).map(|n| format!("backups/{n:04} a+b.tar")).collect();
    world.localstack.put_objects(&foreign).await;
    let all = "SELECT counts FROM reports WHERE kind = 'reconcile' AND (counts->>'foreign')::int = 1100";
    world.until("a round has seen them all", async || !world.query(all).await.is_empty()).await;
    let counts: Value = world.query(all).await[0].get(0);
    assert_eq!(counts["strays"], 0);
    world.strangers.extend(foreign);
    world.end().await;
}

/// An upload of two parts and a rest, declared and not sent yet.
async fn in_parts(world: &World, file: &File) -> TestUpload {
    let declaration = json!({
        "filename": file.name, "content_type": file.content_type, "size": file.bytes.len(), "policy": "parts",
    });
    world.client().await.declare_as(&declaration).await
}

fn world_of_parts() -> Build {
    world().with("SLUICE_POLICIES", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/multipart.toml"))
}

#[tokio::test]
async fn a_file_in_parts_goes_on_after_a_crash_and_can_not_be_replaced_through_its_old_urls() {
    let world = world_of_parts().start().await;
    let file = files::large_png(11 * 1024 * 1024);
    let begun = in_parts(&world, &file).await;
    begun.put_parts(&[2], &file.bytes).await;
    let upload = TestUpload::resumed(&world.client().await, begun.id());
    assert_eq!(upload.parts("").await.expect(200).body["data"][0]["part_number"], 2);
    assert_eq!(upload.complete().await.problem(409), "incomplete_parts");
    upload.renew_parts(&[3, 1]).await.put_parts(&[1, 3], &file.bytes).await;
    upload.complete().await.expect(200);
    upload.is("confirmed").await;
    let mut other = begun.cut(1, &file.bytes).to_vec();
    other[1000] ^= 1;
    let url = begun.part(1)["url"].as_str().expect("a URL");
    // Garage hangs up on what it refuses, often before all has been sent: then nobody hears the answer.
    if let Ok(answer) = reqwest::Client::new().put(url).body(other).send().await {
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }
    assert!(upload.download().await.bytes().await.expect("a body") == file.bytes);
    world.end().await;
}

#[tokio::test]
async fn parts_that_nobody_wants_any_more_are_aborted() {
    let world = world_of_parts().start().await;
    let file = files::large_png(11 * 1024 * 1024);
    let (canceled, expired) = (in_parts(&world, &file).await, in_parts(&world, &file).await);
    canceled.put_parts(&[1], &file.bytes).await;
    expired.put_parts(&[1, 2, 3], &file.bytes).await;
    canceled.cancel().await.expect(200);
    world.pass(Duration::from_hours(2)).await;
    expired.is("expired").await;
    world.until("no parts are left", async || world.localstack.open_multiparts().await.is_empty()).await;
    world.end().await;
}
