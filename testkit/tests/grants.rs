//! What the store itself refuses, with signatures checked.

use serde_json::json;
use sluice_testkit::{World, files};

#[tokio::test]
async fn a_grant_takes_exactly_what_was_declared_and_only_once() {
    let world = World::start().await;
    let file = files::png();
    let upload = world
        .client()
        .await
        .declare_as(&json!({
            "filename": "a.png", "content_type": "image/png", "size": file.bytes.len(),
            "sha256": sluice_common::domain::Sha256::of(&file.bytes).to_hex(),
        }))
        .await;
    let longer = [file.bytes.as_slice(), b"x"].concat();
    let mut other = file.bytes.clone();
    other[50] ^= 1;
    let code = |refused: Result<(), (reqwest::StatusCode, String)>| refused.expect_err("it is refused").1;
    assert_eq!(code(upload.try_put(&longer).await), "SignatureDoesNotMatch", "a longer file");
    assert_eq!(code(upload.try_put(&file.bytes[1..]).await), "SignatureDoesNotMatch", "a shorter file");
    for (header, value) in [("content-type", "text/html"), ("if-none-match", "\"etag\"")] {
        let refused = upload.try_put_with(header, value, &file.bytes).await;
        assert_eq!(code(refused), "SignatureDoesNotMatch", "another {header}");
    }
    assert_eq!(code(upload.try_put(&other).await), "BadDigest", "a wrong checksum");
    for header in ["content-type", "x-amz-checksum-sha256", "if-none-match"] {
        let refused = upload.try_put_without(header, &file.bytes).await;
        assert!(["SignatureDoesNotMatch", "AccessDenied"].contains(&code(refused).as_str()), "without {header}");
    }
    assert!(world.localstack.object_keys().await.is_empty());
    upload.put(&file.bytes).await;
    assert_eq!(code(upload.try_put(&file.bytes).await), "PreconditionFailed", "a second write");
    upload.is("confirmed").await;
    assert_eq!(code(upload.try_put(&file.bytes).await), "PreconditionFailed", "a write after the verdict");
    world.end().await;
}

#[tokio::test]
async fn a_grant_lists_every_header_that_must_be_sent() {
    let world = World::start().await;
    let upload = world.client().await.declare(&files::png()).await;
    let grant = &upload.created["grant"];
    assert_eq!(grant["kind"], "put");
    assert_eq!(grant["method"], "PUT");
    assert_eq!(
        grant["headers"],
        json!({"content-type": "image/png", "content-length": files::png().bytes.len().to_string(), "if-none-match": "*"})
    );
    upload.cancel().await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn an_expired_url_is_refused() {
    let world = World::start().await;
    let file = files::png();
    let declaration =
        json!({"filename": "a.png", "content_type": "image/png", "size": file.bytes.len(), "policy": "brief"});
    let upload = world.client().await.declare_as(&declaration).await;
    // The one wait for real time: the store's clock can't be moved.
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let (status, code) = upload.try_put(&file.bytes).await.expect_err("it is refused");
    assert_eq!((status.as_u16(), code.as_str()), (403, "AccessDenied"));
    upload.is("expired").await;
    world.end().await;
}

#[tokio::test]
async fn a_bucket_that_was_provisioned_lets_browsers_send_every_header_of_a_grant() {
    let world = World::build().provisioned().start().await;
    let file = files::png();
    let sha256 = sluice_common::domain::Sha256::of(&file.bytes).to_hex();
    let declaration =
        json!({"filename": "a.png", "content_type": "image/png", "size": file.bytes.len(), "sha256": sha256});
    let upload = world.client().await.declare_as(&declaration).await;
    let grant = &upload.created["grant"];
    // A browser sends the length by itself and asks for leave to send the rest.
    let headers = grant["headers"].as_object().expect("headers").keys().filter(|name| *name != "content-length");
    let preflight = reqwest::Client::new()
        .request(reqwest::Method::OPTIONS, grant["url"].as_str().expect("a URL"))
        .header("origin", "https://app.example.com")
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", headers.cloned().collect::<Vec<_>>().join(","));
    let answer = preflight.send().await.expect("the store answers");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    upload.put(&file.bytes).await;
    upload.is("confirmed").await;
    world.end().await;
}
