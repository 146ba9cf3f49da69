//! What becomes of uploads, by what their clients send.

use std::time::Duration;

use serde_json::json;
use sluice_testkit::{File, World, files};

#[tokio::test]
async fn a_file_that_keeps_its_promise_is_confirmed_and_comes_back_to_the_byte() {
    let world = World::start().await;
    let file = files::large_png(20_000).named("Übersicht März.png");
    let upload = world.client().await.declare(&file).await;
    assert_eq!(upload.created["status"], "pending");
    upload.put(&file.bytes).await;

    let confirmed = upload.is("confirmed").await;
    assert_eq!(confirmed["object"]["size"], 20_000);
    assert_eq!(confirmed["object"]["detected_type"], "image/png");
    assert!(
        confirmed["decided_at"].is_string() && confirmed.get("grant").is_none() && confirmed.get("reasons").is_none()
    );

    let download = upload.download().await;
    let header = |name: &str| download.headers()[name].to_str().expect("ASCII").to_owned();
    assert_eq!(header("content-type"), "image/png");
    assert!(header("content-disposition").ends_with("filename*=UTF-8''%C3%9Cbersicht%20M%C3%A4rz.png"));
    assert_eq!(download.bytes().await.expect("a body"), file.bytes);
    world.end().await;
}

#[tokio::test]
async fn a_declared_checksum_is_kept_and_the_same_bytes_are_confirmed() {
    let world = World::start().await;
    let file = files::png();
    let sha256 = sluice_common::domain::Sha256::of(&file.bytes).to_hex();
    let declaration = json!({
        "filename": file.name, "content_type": file.content_type, "size": file.bytes.len(), "sha256": sha256,
        "metadata": {"album": "Paris"},
    });
    let upload = world.client().await.declare_as(&declaration).await;
    upload.put(&file.bytes).await;
    let confirmed = upload.is("confirmed").await;
    assert_eq!(confirmed["sha256"], sha256);
    assert_eq!(confirmed["metadata"], json!({"album": "Paris"}));
    world.end().await;
}

#[tokio::test]
async fn a_script_that_claims_to_be_a_picture_is_rejected_and_deleted() {
    let world = World::start().await;
    let file = files::script_as_png();
    let upload = world.client().await.declare(&file).await;
    upload.put(&file.bytes).await;
    assert_eq!(upload.is_rejected().await, ["type_not_allowed", "type_mismatch"]);
    world.end().await;
}

#[tokio::test]
async fn every_reason_to_reject_is_found_in_the_bucket_even_past_the_grant() {
    let world = World::start().await;
    let client = world.client().await;
    let noise: Vec<u8> = (0..64).map(|n: u8| n.wrapping_mul(37) | 0x80).collect();
    let cases: [(&str, Vec<u8>, &[&str]); 7] = [
        ("image/png", Vec::new(), &["empty", "size_mismatch", "checksum_mismatch"]),
        ("image/png", files::png().bytes[..40].to_vec(), &["size_mismatch", "checksum_mismatch"]),
        (
            "image/png",
            b"GIF89a\x01\0\x01\0\x80\0\0".to_vec(),
            &["size_mismatch", "checksum_mismatch", "type_not_allowed", "type_mismatch"],
        ),
        ("image/png", noise, &["size_mismatch", "checksum_mismatch", "type_unknown"]),
        (
            "image/png",
            b"<html><script>1</script>".to_vec(),
            &["size_mismatch", "checksum_mismatch", "type_not_allowed", "type_mismatch"],
        ),
        ("image/png", files::large_png(2 * 1024 * 1024).bytes, &["too_large", "size_mismatch"]),
        ("image/png", files::png().bytes, &[]),
    ];
    let promised = files::png().bytes;
    for (content_type, bytes, expected) in cases {
        let upload = client
            .declare_as(&json!({
                "filename": "a.png", "content_type": content_type, "policy": "brief", "size": promised.len(),
                "sha256": sluice_common::domain::Sha256::of(&promised).to_hex(),
            }))
            .await;
        // The store would refuse all this from the grant's holder; the bucket's owner can do what he likes.
        world.localstack.put_object(&world.key_of(upload.id()).await, &bytes).await;
        match expected {
            [] => drop(upload.is("confirmed").await),
            expected => assert_eq!(upload.is_rejected().await, *expected),
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_file_below_the_smallest_size_is_rejected() {
    let world =
        World::build().with("SLUICE_POLICIES", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/strict.toml")).start().await;
    let client = world.client().await;
    let upload = client.declare_as(&json!({"filename": "a.png", "content_type": "image/png"})).await;
    upload.put(&files::png().bytes).await;
    assert_eq!(upload.is_rejected().await, ["too_small"]);
    world.end().await;
}

#[tokio::test]
async fn text_is_taken_for_the_kind_of_text_that_was_declared() {
    let world = World::start().await;
    let client = world.client().await;
    for (file, status) in [
        (files::text(), "confirmed"),
        (File::new("a.csv", "text/csv; charset=utf-8", "name,city\nZoë,Köln\n"), "confirmed"),
        (File::new("a.txt", "text/plain", "<!DOCTYPE html><script>alert(1)</script>"), "rejected"),
        (File::new("a.txt", "text/plain", b"MZ\x90\0binary".as_slice()), "rejected"),
    ] {
        let upload = client.declare(&file).await;
        upload.put(&file.bytes).await;
        upload.is(status).await;
    }
    world.end().await;
}

#[tokio::test]
async fn a_container_is_told_by_what_is_in_it_and_a_disguise_is_rejected() {
    let world = World::start().await;
    let client = world.client().await;
    let docx = files::docx(100_000);
    let upload = client.declare(&docx).await;
    upload.put(&docx.bytes).await;
    assert_eq!(upload.is("confirmed").await["object"]["detected_type"], docx.content_type.as_str());
    let archive = files::zip(&[("word/document.xml", &[b'x'; 10_000])]);
    let climbing = files::zip(&[("[Content_Types].xml", files::DOCX_TYPES), ("word/document.xml", b""), ("../a", b"")]);
    let pdf = b"%PDF-1.7\n1 0 obj <</S/JavaScript/JS(app.alert(1))>> endobj\n%%EOF\n".to_vec();
    for (content_type, bytes, reasons) in [
        (docx.content_type.as_str(), archive, &["type_not_allowed", "type_mismatch"][..]),
        (&docx.content_type, climbing, &["archive_invalid"]),
        ("application/pdf", pdf, &["active_content"]),
    ] {
        let upload = client.declare(&File::new("a", content_type, bytes.clone())).await;
        upload.put(&bytes).await;
        assert_eq!(upload.is_rejected().await, reasons);
    }
    world.end().await;
}

#[tokio::test]
async fn a_picture_is_shown_inline_on_demand_and_a_text_is_not() {
    let world = World::start().await;
    let client = world.client().await;
    let (picture, text) = (client.declare(&files::png()).await, client.declare(&files::text()).await);
    picture.put(&files::png().bytes).await;
    text.put(&files::text().bytes).await;
    picture.is("confirmed").await;
    text.is("confirmed").await;
    let signed = client.get(&picture.path("/download?disposition=inline")).await.expect(200);
    assert!(signed.text("url").contains("response-content-disposition=inline"));
    assert!(client.get(&picture.path("/download")).await.expect(200).text("url").contains("=attachment"));
    assert_eq!(client.get(&text.path("/download?disposition=inline")).await.problem(409), "not_shown_inline");
    world.end().await;
}

#[tokio::test]
async fn what_never_comes_expires_after_the_bucket_was_looked_at() {
    let world = World::start().await;
    let client = world.client().await;
    let (abandoned, arrived) = (client.declare(&files::png()).await, client.declare(&files::png()).await);
    world.pass(Duration::from_mins(59)).await;
    assert_eq!(abandoned.now().await["status"], "pending");
    arrived.put(&files::png().bytes).await;
    arrived.is("confirmed").await;
    world.pass(Duration::from_mins(2)).await;
    let expired = abandoned.is("expired").await;
    assert!(expired.get("object").is_none() && expired["decided_at"].is_string());
    world.end().await;
}

#[tokio::test]
async fn a_file_whose_event_was_lost_is_found_before_it_expires() {
    let world = World::build().without_events().start().await;
    let upload = world.client().await.declare(&files::png()).await;
    upload.put(&files::png().bytes).await;
    world.pass(Duration::from_mins(3)).await;
    upload.is("confirmed").await;
    let overdue = world.client().await.declare(&files::png()).await;
    overdue.put(&files::png().bytes).await;
    world.pass(Duration::from_hours(2)).await;
    overdue.is("confirmed").await;
    world.end().await;
}

#[tokio::test]
async fn a_client_that_says_it_has_finished_need_not_wait_for_the_event() {
    let world = World::build().without_events().start().await;
    let client = world.client().await;
    let upload = client.declare(&files::png()).await;
    assert_eq!(upload.complete().await.expect(200).text("status"), "pending");
    upload.put(&files::png().bytes).await;
    assert_eq!(upload.complete().await.expect(200).header("content-type"), "application/json");
    upload.is("confirmed").await;
    let causes = world.query("SELECT cause FROM timeline WHERE status = 'confirmed'").await;
    assert_eq!(causes[0].get::<_, &str>(0), "hint");
    world.end().await;
}

#[tokio::test]
async fn a_canceled_upload_keeps_nothing_and_a_confirmed_one_can_be_deleted() {
    let world = World::start().await;
    let client = world.client().await;
    let (canceled, deleted) = (client.declare(&files::png()).await, client.declare(&files::png()).await);
    assert_eq!(canceled.cancel().await.expect(200).text("status"), "canceled");
    assert_eq!(canceled.cancel().await.expect(200).text("status"), "canceled");
    deleted.put(&files::png().bytes).await;
    deleted.is("confirmed").await;
    assert_eq!(deleted.cancel().await.expect(200).text("status"), "deleted");
    assert_eq!(client.get(&deleted.path("/download")).await.problem(409), "not_confirmed");

    // The grants still live; what they bring now is unwanted.
    canceled.put(&files::png().bytes).await;
    world.until("the late object is gone", async || world.localstack.object_keys().await.is_empty()).await;
    assert_eq!(canceled.now().await["status"], "canceled");
    world.end().await;
}

#[tokio::test]
async fn an_object_that_comes_after_expiry_is_deleted_and_changes_nothing() {
    let world = World::start().await;
    let upload = world.client().await.declare(&files::png()).await;
    world.pass(Duration::from_hours(2)).await;
    upload.is("expired").await;
    upload.put(&files::png().bytes).await;
    world
        .until("the late object is gone", async || {
            world.count("SELECT count(*) FROM unwanted_objects").await == 0
                && world.localstack.object_keys().await.is_empty()
        })
        .await;
    upload.is("expired").await;
    world.end().await;
}

#[tokio::test]
async fn where_the_bucket_keeps_versions_a_download_is_pinned_to_the_inspected_one() {
    let world = World::start().await;
    world.localstack.keep_versions().await;
    let upload = world.client().await.declare(&files::png()).await;
    upload.put(&files::png().bytes).await;
    let confirmed = upload.is("confirmed").await;
    assert!(confirmed["object"]["version_id"].is_string());
    world.localstack.put_object(&world.key_of(upload.id()).await, b"something else").await;
    assert_eq!(upload.download().await.bytes().await.expect("a body"), files::png().bytes);
    world.end().await;
}

#[tokio::test]
async fn a_renewed_grant_works_and_gives_the_upload_more_time() {
    let world = World::start().await;
    let upload = world.client().await.declare(&files::png()).await;
    world.pass(Duration::from_mins(30)).await;
    let before = upload.now().await;
    let renewed = upload.renew().await;
    assert!(renewed.created["deadline"].as_str() > before["deadline"].as_str());
    world.pass(Duration::from_mins(45)).await;
    renewed.put(&files::png().bytes).await;
    renewed.is("confirmed").await;
    assert_eq!(world.client().await.call(&upload.path("/grant")).await.problem(409), "not_pending");
    world.end().await;
}

#[tokio::test]
async fn a_grant_is_not_renewed_when_its_upload_is_overdue() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let upload = client.declare(&files::png()).await;
    world.pass(Duration::from_mins(61)).await;
    assert_eq!(client.call(&upload.path("/grant")).await.problem(409), "too_late");
    world.end().await;
}
