//! The tutorial's client, unchanged, against Sluice.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_testkit::{Client, File, World, files};

/// The tutorial's `uploadToCloud`, line by line. It sends no header but the type.
async fn upload_to_cloud(client: &Client, file: &File) -> sluice_testkit::Answer {
    let granted =
        client.post("/files/upload-url", &json!({"filename": file.name, "mimeType": file.content_type})).await;
    let granted = granted.expect(200);
    put(&granted.body, file).await;
    let confirmation = json!({
        "key": granted.text("key"), "filename": file.name, "mimeType": file.content_type, "size": file.bytes.len(),
    });
    client.post("/files/confirm", &confirmation).await
}

async fn put(granted: &Value, file: &File) {
    let url = granted["uploadUrl"].as_str().expect("a URL");
    let request = reqwest::Client::new().put(url).header("content-type", &file.content_type).body(file.bytes.clone());
    let answer = request.send().await.expect("the store answers");
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
}

#[tokio::test]
async fn a_file_goes_in_without_any_key_and_opens_in_a_browser() {
    let world = World::start().await;
    let client = world.client_with(None);
    let file = files::png().named("Ferien in März.png");
    let confirmed = upload_to_cloud(&client, &file).await.expect(201);
    let url = confirmed.text("url").to_owned();
    assert_eq!(url, format!("/files/{}", confirmed.text("id")));

    let redirect = client.get(&url).await.expect(302);
    let opened = reqwest::get(redirect.header("location")).await.expect("the store answers");
    assert_eq!(opened.status(), 200);
    assert_eq!(opened.headers()["content-type"], "image/png");
    assert_eq!(opened.bytes().await.expect("a body"), file.bytes);
    world.end().await;
}

#[tokio::test]
async fn the_answer_to_the_first_call_has_the_tutorials_shape() {
    let world = World::start().await;
    let client = world.client_with(None);
    let granted =
        client.post("/files/upload-url", &json!({"filename": "photo.jpg", "mimeType": "image/jpg"})).await.expect(200);
    // What is left of ten minutes when the answer is written.
    assert!(granted.body["expiresIn"].as_i64().is_some_and(|left| (570..=600).contains(&left)), "{}", granted.body);
    assert_eq!(granted.body["method"], "PUT");
    // To the letter, because the client sends what its browser calls the type.
    assert_eq!(granted.body["headers"], json!({"content-type": "image/jpg"}));
    assert_eq!(granted.body.as_object().expect("an object").len(), 5);
    let id = sluice_common::domain::ObjectKey::upload_id(granted.text("key")).expect("the key names the upload");
    world.client_of("demo").await.delete(&format!("/v1/uploads/{id}")).await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn a_file_that_is_refused_is_refused_with_its_reasons() {
    let world = World::start().await;
    let refused = upload_to_cloud(&world.client_with(None), &files::script_as_png()).await;
    let reasons: Vec<String> = refused.body["errors"]
        .as_array()
        .expect("reasons")
        .iter()
        .map(|error| error["code"].as_str().expect("a code").to_owned())
        .collect();
    assert_eq!(reasons, ["type_not_allowed", "type_mismatch"]);
    refused.problem(422);
    world.end().await;
}

#[tokio::test]
async fn confirming_before_anything_was_sent_says_that_it_is_pending() {
    let world = World::build().with("SLUICE_FILES_WAIT", "1").start().await;
    let client = world.client_with(None);
    let granted =
        client.post("/files/upload-url", &json!({"filename": "a.png", "mimeType": "image/png"})).await.expect(200);
    let waiting =
        client.post("/files/confirm", &json!({"key": granted.text("key"), "filename": "a.png"})).await.expect(202);
    assert_eq!(waiting.text("status"), "pending");
    assert_eq!(client.get(&format!("/files/{}", waiting.text("id"))).await.status.as_u16(), 409);
    world.client_of("demo").await.delete(&format!("/v1/uploads/{}", waiting.text("id"))).await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn an_old_url_can_be_used_again_but_changes_nothing_that_was_confirmed() {
    let world = World::start().await;
    let client = world.client_with(None);
    let file = files::png();
    let granted = client
        .post("/files/upload-url", &json!({"filename": file.name, "mimeType": file.content_type}))
        .await
        .expect(200);
    put(&granted.body, &file).await;
    let confirmed =
        client.post("/files/confirm", &json!({"key": granted.text("key"), "filename": file.name})).await.expect(201);

    // No copy is under way any more: LocalStack, unlike S3, may copy what replaced the object that it compared.
    world.until("every event is answered", async || world.localstack.messages().await == 0).await;
    put(&granted.body, &File { bytes: files::large_png(5000).bytes, ..file.clone() }).await;
    world.until("the second object is gone", async || world.localstack.object_keys().await.len() == 1).await;
    let redirect = client.get(confirmed.text("url")).await.expect(302);
    let opened = reqwest::get(redirect.header("location")).await.expect("the store answers");
    assert_eq!(opened.bytes().await.expect("a body"), file.bytes);
    world.end().await;
}

#[tokio::test]
async fn bad_input_and_foreign_keys_are_refused_clearly() {
    let world = World::start().await;
    let client = world.client_with(None);
    for body in [json!({}), json!({"filename": "a.png"}), json!({"filename": "", "mimeType": "image/png"})] {
        assert_eq!(client.post("/files/upload-url", &body).await.status.as_u16(), 400, "{body}");
    }
    let sh = json!({"filename": "a.sh", "mimeType": "application/x-sh"});
    let refused = client.post("/files/upload-url", &sh).await;
    assert_eq!(refused.body["errors"][0]["code"], "type_not_allowed");
    assert_eq!(refused.problem(400), "invalid_file");
    for key in ["uploads/abc123.jpg", "", "images/demo/00000000-0000-7000-8000-000000000000.png"] {
        let answer =
            client.send(Method::POST, "/files/confirm", Some(&json!({"key": key, "filename": "a"})), &[]).await;
        assert!([400, 404].contains(&answer.status.as_u16()), "{key}: {}", answer.body);
    }
    // Only what was made through /files opens without a key.
    let upload = world.client_of("demo").await.declare(&files::png()).await;
    upload.put(&files::png().bytes).await;
    upload.is("confirmed").await;
    assert_eq!(client.get(&format!("/files/{}", upload.id())).await.problem(404), "file_not_found");
    world.end().await;
}

#[tokio::test]
async fn without_a_tenant_for_strangers_every_call_needs_a_key() {
    let world = World::build().with("SLUICE_FILES_TENANT", "").start().await;
    let call = json!({"filename": "a.png", "mimeType": "image/png"});
    assert_eq!(world.client_with(None).post("/files/upload-url", &call).await.problem(401), "unauthorized");
    let client = world.client().await;
    let confirmed = upload_to_cloud(&client, &files::png()).await.expect(201);
    assert_eq!(
        world.client_with(None).get(confirmed.text("url")).await.status.as_u16(),
        302,
        "a link opens for whoever has it"
    );
    assert_eq!(world.client_of("other").await.get(confirmed.text("url")).await.problem(404), "file_not_found");
    world.end().await;
}
