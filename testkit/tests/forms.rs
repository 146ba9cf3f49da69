//! Files that a plain HTML form sends, on every store that takes forms.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use sluice_common::domain::Sha256;
use sluice_testkit::{Build, TestForm, TestUpload, World, files};

/// LocalStack compares a form with its policy and does not look at the signature. The others do both.
fn stores() -> [(&'static str, Build); 3] {
    [("localstack", World::build()), ("fake", World::build().on_fake()), ("garage", World::build().on_garage())]
}

/// The stores that check a form's signature.
fn checking_stores() -> impl Iterator<Item = (&'static str, Build)> {
    stores().into_iter().filter(|(name, _)| *name != "localstack")
}

async fn declared(world: &World, more: Value) -> TestUpload {
    let mut declaration = json!({"filename": "a.png", "content_type": "image/png", "grant": "post"});
    declaration.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    world.client().await.declare_as(&declaration).await
}

/// An upload of which all is declared that can be.
async fn declared_in_full(world: &World) -> TestUpload {
    let file = files::png();
    declared(world, json!({"size": file.bytes.len(), "sha256": Sha256::of(&file.bytes).to_hex()})).await
}

async fn is_refused(store: &str, what: &str, form: TestForm, bytes: &[u8]) {
    let Err((status, code)) = form.try_send(bytes).await else { panic!("{store} takes {what}") };
    assert!(status.is_client_error(), "{store} answers {what} with {status} {code}");
}

#[tokio::test]
async fn a_form_sends_a_file_that_is_confirmed_and_comes_back_to_the_byte() {
    for (store, build) in stores() {
        let world = build.start().await;
        let file = files::png();
        let upload = declared_in_full(&world).await;
        let answer = upload.form().send(&file.bytes).await;
        assert_eq!(answer.status(), StatusCode::CREATED, "{store}");
        upload.complete().await.expect(200);
        assert_eq!(upload.is("confirmed").await["object"]["detected_type"], "image/png");
        assert_eq!(upload.download().await.bytes().await.expect("a body"), file.bytes, "{store}");
        world.until("only the copy is left", async || world.localstack.object_keys().await.len() == 1).await;
        world.end().await;
    }
}

#[tokio::test]
async fn the_event_of_a_form_settles_its_upload() {
    for (_, build) in stores().into_iter().filter(|(name, _)| *name != "garage") {
        let world = build.start().await;
        let upload = declared_in_full(&world).await;
        upload.form().send(&files::png().bytes).await;
        upload.is("confirmed").await;
        world.end().await;
    }
}

#[tokio::test]
async fn the_store_refuses_a_form_that_does_not_keep_its_policy() {
    for (store, build) in stores() {
        let world = build.start().await;
        let file = files::png();
        let upload = declared_in_full(&world).await;
        let form = upload.form();
        let mut other = file.bytes.clone();
        other[50] ^= 1;
        is_refused(store, "a longer file", form.clone(), &[file.bytes.as_slice(), b"x"].concat()).await;
        is_refused(store, "a shorter file", form.clone(), &file.bytes[1..]).await;
        is_refused(store, "other bytes", form.clone(), &other).await;
        is_refused(store, "another type", form.with("Content-Type", "text/html"), &file.bytes).await;
        is_refused(store, "no type", form.without("Content-Type"), &file.bytes).await;
        let elsewhere = form.field("key").replace("incoming/", "");
        is_refused(store, "another key", form.with("key", &elsewhere), &file.bytes).await;
        let checksum = form.with("x-amz-checksum-sha256", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        is_refused(store, "another checksum", checksum, &file.bytes).await;
        is_refused(store, "no checksum", form.without("x-amz-checksum-sha256"), &file.bytes).await;
        let redirect = form.with("success_action_redirect", "https://evil.example/");
        if store != "localstack" {
            is_refused(store, "a redirect", redirect, &file.bytes).await;
        }
        assert!(world.localstack.object_keys().await.is_empty(), "{store}");
        upload.cancel().await.expect(200);
        world.end().await;
    }
}

#[tokio::test]
async fn the_store_refuses_a_policy_that_was_not_signed() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD as BASE64;
    for (store, build) in checking_stores() {
        let world = build.start().await;
        let bytes = files::png().bytes;
        let upload = declared_in_full(&world).await;
        let form = upload.form();
        let policy = String::from_utf8(BASE64.decode(form.field("policy")).expect("Base64")).expect("text");
        let size = bytes.len();
        let wider = policy.replace(&format!("{size},{size}"), &format!("{size},{}", size + 1));
        assert_ne!(policy, wider);
        let longer = [bytes.as_slice(), b"x"].concat();
        is_refused(store, "a policy of one's own", form.with("policy", &BASE64.encode(wider)), &longer).await;
        is_refused(store, "no policy", form.without("policy"), &bytes).await;
        is_refused(store, "no signature", form.without("x-amz-signature"), &bytes).await;
        is_refused(store, "another signature", form.with("x-amz-signature", &"0".repeat(64)), &bytes).await;
        form.send(&bytes).await;
        upload.complete().await.expect(200);
        upload.is("confirmed").await;
        world.end().await;
    }
}

#[tokio::test]
async fn an_expired_form_is_refused() {
    for (store, build) in stores() {
        let world = build.start().await;
        let upload = declared(&world, json!({"policy": "brief"})).await;
        // The stores' clocks can't be moved.
        tokio::time::sleep(Duration::from_secs(6)).await;
        is_refused(store, "an expired form", upload.form(), &files::png().bytes).await;
        upload.is("expired").await;
        world.end().await;
    }
}

#[tokio::test]
async fn where_no_size_is_declared_the_policys_bounds_apply() {
    for (store, build) in stores() {
        let world = build.start().await;
        let upload = declared(&world, json!({"policy": "brief"})).await;
        is_refused(store, "a file above the policy's", upload.form(), &files::large_png(1024 * 1024 + 1).bytes).await;
        is_refused(store, "no bytes", upload.form(), b"").await;
        upload.form().send(&files::large_png(1024 * 1024).bytes).await;
        upload.complete().await.expect(200);
        upload.is("confirmed").await;
        world.end().await;
    }
}

#[tokio::test]
async fn an_old_form_can_be_sent_again_but_changes_nothing_that_was_confirmed() {
    for (store, build) in stores() {
        let build = build.with("SLUICE_RECONCILE_EVERY", "1").with("SLUICE_STRAY_GRACE", "1");
        let world = build.start().await;
        let (file, other) = (files::large_png(3000), files::large_png(5000));
        let upload = declared(&world, json!({})).await;
        upload.form().send(&file.bytes).await;
        upload.complete().await.expect(200);
        upload.is("confirmed").await;
        // No copy is under way any more: LocalStack, unlike S3, may copy what replaced the object that it compared.
        world.until("every event is answered", async || world.localstack.messages().await == 0).await;
        upload.form().send(&other.bytes).await;
        assert_eq!(upload.download().await.bytes().await.expect("a body"), file.bytes, "{store}");
        world.until_in_time("the second is gone", async || world.localstack.object_keys().await.len() == 1).await;
        assert_eq!(upload.download().await.bytes().await.expect("a body"), file.bytes, "{store}");
        world.end().await;
    }
}

#[tokio::test]
async fn a_browser_is_led_where_the_application_wants_it() {
    for (store, build) in stores() {
        let world = build.start().await;
        let upload = declared(&world, json!({"redirect_to": "https://app.example.com/done?order=7"})).await;
        let answer = upload.form().send(&files::png().bytes).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{store}");
        let location = answer.headers()["location"].to_str().expect("ASCII");
        assert!(location.starts_with("https://app.example.com/done?order=7&"), "{store}: {location}");
        let key = upload.form().field("key").replace('/', "%2F");
        assert!(location.contains(&format!("&key={key}")), "{store}: {location}");
        upload.complete().await.expect(200);
        upload.is("confirmed").await;
        world.end().await;
    }
}

#[tokio::test]
async fn a_renewed_grant_is_a_form_again() {
    for (_, build) in stores() {
        let world = build.start().await;
        let redirect_to = "https://app.example.com/done";
        let upload = declared(&world, json!({"redirect_to": redirect_to})).await;
        world.pass(Duration::from_mins(30)).await;
        let renewed = upload.renew().await;
        assert_eq!(renewed.form().field("success_action_redirect"), redirect_to);
        assert_eq!(renewed.form().field("key"), upload.form().field("key"));
        renewed.form().send(&files::png().bytes).await;
        upload.complete().await.expect(200);
        upload.is("confirmed").await;
        world.end().await;
    }
}

#[tokio::test]
async fn a_script_that_a_form_sends_as_a_picture_is_rejected_and_deleted() {
    for (_, build) in stores() {
        let world = build.start().await;
        let upload = declared(&world, json!({})).await;
        upload.form().send(&files::script_as_png().bytes).await;
        upload.complete().await.expect(200);
        assert_eq!(upload.is_rejected().await, ["type_not_allowed", "type_mismatch"]);
        world.until("the bucket is empty", async || world.localstack.object_keys().await.is_empty()).await;
        world.end().await;
    }
}

#[tokio::test]
async fn a_policy_that_allows_no_forms_gives_none() {
    let world = World::start().await;
    let declaration = json!({"filename": "a.png", "content_type": "image/png", "grant": "post", "policy": "images"});
    let refused = world.client().await.post("/v1/uploads", &declaration).await;
    assert_eq!(refused.body["errors"][0]["code"], "form_not_allowed");
    assert_eq!(refused.problem(422), "invalid_declaration");
    let redirect = json!({"filename": "a.png", "content_type": "image/png", "redirect_to": "https://app.example.com/"});
    let refused = world.client().await.post("/v1/uploads", &redirect).await;
    assert_eq!(refused.body["errors"][0]["code"], "redirect_without_form");
    refused.problem(422);
    world.end().await;
}
