//! Who may call, whose uploads they see, and how bad input is answered.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_testkit::{World, files};

#[tokio::test]
async fn two_tenants_never_see_each_others_uploads() {
    let world = World::start().await;
    let (acme, globex) = (world.client_of("acme").await, world.client_of("globex").await);
    let upload = acme.declare(&files::png()).await;
    for (method, operation) in [
        (Method::GET, ""),
        (Method::DELETE, ""),
        (Method::POST, "/complete"),
        (Method::POST, "/grant"),
        (Method::GET, "/download"),
    ] {
        let answer = globex.send(method, &upload.path(operation), None, &[]).await;
        assert_eq!(answer.problem(404), "upload_not_found", "{operation}");
    }
    assert_eq!(globex.get("/v1/uploads").await.expect(200).body["data"], json!([]));
    assert_eq!(acme.get("/v1/uploads").await.expect(200).body["data"][0]["id"], upload.id());
    upload.cancel().await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn a_key_opens_what_its_scopes_say_until_it_is_revoked() {
    let world = World::start().await;
    let reader = world.client_with(Some(&world.key("acme", &["uploads:read"]).await));
    let declaration = json!({"filename": "a.png", "content_type": "image/png"});
    assert_eq!(reader.post("/v1/uploads", &declaration).await.problem(403), "missing_scope");
    reader.get("/v1/uploads").await.expect(200);

    for key in [None, Some("sluice_wrong"), Some("")] {
        let stranger = world.client_with(key).get("/v1/uploads").await;
        assert!(stranger.header("www-authenticate").starts_with("Bearer"));
        assert_eq!(stranger.problem(401), "unauthorized");
    }
    world.query("UPDATE api_keys SET revoked_at = now()").await;
    world.until("the key is refused", async || reader.get("/v1/uploads").await.status == 401).await;
    world.end().await;
}

#[tokio::test]
async fn pages_are_walked_by_their_cursors_newest_first() {
    let world = World::start().await;
    let client = world.client().await;
    let mut ids = Vec::new();
    for _ in 0..7 {
        ids.push(client.declare(&files::png()).await.id().to_owned());
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    ids.reverse();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/v1/uploads?limit=3&status=pending{cursor}")).await.expect(200).body;
        seen.extend(
            page["data"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|upload| upload["id"].as_str().expect("an id").to_owned()),
        );
        assert_eq!(page["has_more"], page.get("next_cursor").is_some());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ids);
    let other_filter = client
        .get(&format!("/v1/uploads?limit=3&status=confirmed{}", if cursor.is_empty() { "&cursor=x" } else { &cursor }))
        .await;
    assert_eq!(other_filter.problem(400), "invalid_cursor");
    for (filter, count) in [
        ("policy=video", 0),
        ("policy=images", 7),
        ("status=confirmed", 0),
        ("created_before=2020-01-01T00:00:00Z", 0),
        ("created_from=2020-01-01T00:00:00Z", 7),
    ] {
        let page = client.get(&format!("/v1/uploads?{filter}")).await.expect(200).body;
        assert_eq!(page["data"].as_array().map(Vec::len), Some(count), "{filter}");
    }
    for id in ids {
        client.delete(&format!("/v1/uploads/{id}")).await.expect(200);
    }
    world.end().await;
}

#[tokio::test]
async fn bad_input_gets_a_clear_answer_and_nothing_is_recorded() {
    let world =
        World::build().with("SLUICE_POLICIES", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/strict.toml")).start().await;
    let client = world.client().await;
    let with = |field: &str, value: Value| {
        let mut declaration = json!({"filename": "a.png", "content_type": "image/png", "size": 2000});
        declaration[field] = value;
        declaration
    };
    let cases = [
        with("filename", json!("")),
        with("filename", json!("a/b.png")),
        with("filename", json!("a\u{0}b")),
        with("filename", json!("x".repeat(256))),
        with("filename", json!(7)),
        with("content_type", json!("png")),
        with("content_type", json!("application/x-sh")),
        with("size", json!(-1)),
        with("size", json!(0)),
        with("size", json!(100)),
        with("size", json!(1.5)),
        with("size", json!(2_000_000)),
        with("sha256", json!("abc")),
        with("policy", json!("nothing")),
        with("policy", json!("exact")),
        with("metadata", json!({"k": "v".repeat(2000)})),
        with("metadata", json!({"k": 1})),
        json!({"filename": "a.txt", "content_type": "text/plain"}),
        json!({}),
        json!([]),
        json!("text"),
    ];
    for declaration in cases {
        let answer = client.post("/v1/uploads", &declaration).await;
        assert!([400, 422].contains(&answer.status.as_u16()), "{declaration}: {} {}", answer.status, answer.body);
        for field in ["type", "title", "detail", "code", "request_id"] {
            assert!(answer.body[field].is_string(), "{declaration}: no {field} in {}", answer.body);
        }
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert_eq!(world.count("SELECT count(*) FROM uploads").await, 0);
    world.end().await;
}

#[tokio::test]
async fn what_the_server_refuses_by_itself_is_a_problem_like_any_other() {
    let world = World::start().await;
    let client = world.client().await;
    assert_eq!(client.get("/nowhere").await.problem(404), "not_found");
    let wrong_method = client.send(Method::PUT, "/v1/uploads", None, &[]).await;
    assert!(wrong_method.header("allow").contains("POST"));
    assert_eq!(wrong_method.problem(405), "method_not_allowed");
    assert_eq!(client.get("/v1/uploads/not-an-id").await.problem(404), "upload_not_found");
    for (query, told) in [
        ("status=verifying", "one of: pending, confirmed, rejected, expired, canceled, deleted"),
        ("limit=0", "'limit' can't be used: it must be at least 1"),
        ("limit=1&page=2", "There is no parameter 'page'"),
    ] {
        let refused = client.get(&format!("/v1/uploads?{query}")).await;
        assert!(refused.text("detail").contains(told), "{query}: {}", refused.body);
        assert_eq!(refused.problem(400), "invalid_parameter");
    }
    client.get("/v1/uploads?limit=5000").await.expect(200);
    assert_eq!(client.get("/files/not-an-id?utm_source=mail").await.problem(404), "file_not_found");
    let large = json!({"filename": "a.png", "content_type": "image/png", "metadata": {"k": "v".repeat(1_100_000)}});
    assert_eq!(client.post("/v1/uploads", &large).await.problem(413), "body_too_large");
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json", "/openapi.3.1.json", "/docs"] {
        client.get(path).await.expect(200);
    }
    assert_eq!(client.get("/").await.expect(302).header("location"), "docs");
    world.end().await;
}
