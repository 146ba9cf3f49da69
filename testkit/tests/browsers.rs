//! What a page in a browser may do: with an upload's token rather than an API key, and only from origins that may call.

use reqwest::Method;
use sluice_testkit::{Build, TestUpload, World, files};

const KEYS: &str = "SLUICE_UPLOAD_TOKEN_KEYS";
const OLD: &str = "old:0123456789abcdef0123456789abcdef";

fn with_tokens() -> Build {
    World::build().with(KEYS, OLD)
}

fn token_of(upload: &TestUpload) -> String {
    upload.created["upload_token"]["token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn a_page_follows_its_upload_with_a_token_and_reaches_no_other() {
    let world = with_tokens().start().await;
    let server = world.client().await;
    let (upload, other) = (server.declare(&files::png()).await, server.declare(&files::png()).await);
    let page = world.client_with(Some(&token_of(&upload)));

    assert_eq!(page.get(&upload.path("")).await.expect(200).text("status"), "pending");
    let renewed = page.call(&upload.path("/grant")).await.expect(200);
    assert!(renewed.body["upload_token"]["token"].is_string());
    upload.put(&files::png().bytes).await;
    page.call(&upload.path("/complete")).await.expect(200);
    let decided = page.send(Method::GET, &upload.path(""), None, &[("prefer", "wait=20")]).await.expect(200);
    assert_eq!(decided.text("status"), "confirmed");
    assert_eq!(page.delete(&upload.path("")).await.problem(409), "already_decided");
    upload.is("confirmed").await;

    for (method, operation) in
        [(Method::GET, ""), (Method::DELETE, ""), (Method::POST, "/complete"), (Method::POST, "/grant")]
    {
        let answer = page.send(method, &other.path(operation), None, &[]).await;
        assert_eq!(answer.problem(404), "upload_not_found", "{operation}");
    }
    for (method, path) in [
        (Method::POST, "/v1/uploads".to_owned()),
        (Method::GET, "/v1/uploads".to_owned()),
        (Method::GET, upload.path("/download")),
        (Method::GET, format!("/files/{}", upload.id())),
    ] {
        let answer = page.send(method, &path, None, &[]).await;
        assert_eq!(answer.status.as_u16() / 100, 4, "{path}: {}", answer.body);
        assert_ne!(answer.status, 404, "{path} is refused for the token");
    }
    world.client_with(Some(&token_of(&other))).delete(&other.path("")).await.expect(200);
    other.is("canceled").await;
    world.end().await;
}

#[tokio::test]
async fn a_token_ends_and_can_not_be_made_up() {
    let world = with_tokens().start().await;
    let upload = world.client().await.declare(&files::png()).await;
    let token = token_of(&upload);
    let made_up =
        [token[..token.len() - 4].to_owned(), "sluice_upload_".to_owned(), token.replace("sluice_upload_", "")];
    for text in made_up {
        let answer = world.client_with(Some(&text)).get(&upload.path("")).await;
        assert!(answer.header("www-authenticate").contains("invalid_token"));
        assert_eq!(answer.problem(401), "unauthorized");
    }
    upload.cancel().await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn without_a_key_to_sign_with_there_are_no_tokens() {
    let world = World::start().await;
    let upload = world.client().await.declare(&files::png()).await;
    assert!(upload.created.get("upload_token").is_none());
    upload.cancel().await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn pages_of_origins_that_may_call_can_read_every_answer() {
    const HERE: (&str, &str) = ("origin", "https://app.example.com");
    let world = World::build().with("SLUICE_CORS_ORIGINS", "https://app.example.com").start().await;
    let page = world.client_with(None);

    let asked =
        [HERE, ("access-control-request-method", "POST"), ("access-control-request-headers", "authorization, prefer")];
    let preflight = page.send(Method::OPTIONS, "/v1/uploads", None, &asked).await.expect(200);
    assert_eq!(preflight.header("access-control-allow-origin"), HERE.1);
    for allowed in ["authorization", "content-type", "prefer"] {
        assert!(preflight.header("access-control-allow-headers").contains(allowed), "{allowed}");
    }
    assert!(preflight.header("access-control-allow-methods").contains("DELETE"));

    let refused = page.send(Method::GET, "/v1/uploads", None, &[HERE]).await;
    assert_eq!((refused.header("access-control-allow-origin"), refused.header("vary")), (HERE.1, "Origin"));
    assert!(refused.header("access-control-expose-headers").contains("retry-after"));
    assert_eq!(refused.problem(401), "unauthorized");
    world.end().await;
}

#[tokio::test]
async fn pages_of_other_origins_can_read_none_and_programs_are_served_as_ever() {
    const ELSEWHERE: (&str, &str) = ("origin", "https://evil.example");
    let world = World::build().with("SLUICE_CORS_ORIGINS", "https://app.example.com").start().await;
    let client = world.client().await;
    let answer = client.send(Method::GET, "/v1/uploads", None, &[ELSEWHERE]).await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), "");
    let asked = [ELSEWHERE, ("access-control-request-method", "POST")];
    let preflight = client.send(Method::OPTIONS, "/v1/uploads", None, &asked).await;
    assert_eq!((preflight.status.as_u16(), preflight.header("access-control-allow-origin")), (405, ""));
    world.end().await;
}
