//! Who may call, whose uploads they see, and how bad input is answered.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use sluice_api::auth::NewKey;
use sluice_common::db::api_keys;
use sluice_common::domain::Tenant;
use sluice_testkit::{Client, Feed, World, files};
use uuid::Uuid;

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

    let unknown = NewKey::generate().expect("random bytes").text;
    for (key, says) in [
        (None, "The request has no header Authorization: Bearer."),
        (Some("sluice_wrong"), "There is no such API key."),
        (Some(unknown.as_str()), "There is no such API key."),
        (Some("password"), "This is neither an API key nor a token."),
        (Some(""), "The request has no header Authorization: Bearer."),
    ] {
        let stranger = world.client_with(key).get("/v1/uploads").await;
        assert!(stranger.header("www-authenticate").starts_with("Bearer"));
        assert_eq!(stranger.text("detail"), says);
        assert_eq!(stranger.problem(401), "unauthorized");
    }
    world.query("UPDATE api_keys SET revoked_at = now()").await;
    world.until("the key is refused", async || reader.get("/v1/uploads").await.status == 401).await;
    world.end().await;
}

/// A key of the tenant `acme` that works for this long, and its id.
async fn key_for(world: &World, lifetime: Option<Duration>) -> (Client, Uuid) {
    let (key, tenant) = (NewKey::generate().expect("random bytes"), Tenant::parse("acme").expect("valid"));
    let scopes = ["uploads:read".to_owned()];
    let kept = api_keys::insert(&world.db(), key.hash, &tenant, "a test", &scopes, lifetime, false).await;
    (world.client_with(Some(&key.text)), kept.expect("the key is kept"))
}

/// Waits until a key is refused, and gives why. Nothing that was asked so long after `since` may be answered.
async fn refused(client: &Client, since: Instant, most: Duration) -> (String, Duration) {
    loop {
        let asked_after = since.elapsed();
        let answer = client.get("/v1/uploads").await;
        if answer.status != 200 {
            return (answer.expect(401).text("detail").to_owned(), since.elapsed());
        }
        assert!(asked_after <= most, "it was answered {asked_after:?} later");
    }
}

#[tokio::test]
async fn a_key_works_up_to_the_moment_in_which_it_expires() {
    const LIFETIME: Duration = Duration::from_secs(2);
    let world = World::build().without_worker().start().await;
    let before = Instant::now();
    let (client, _) = key_for(&world, Some(LIFETIME)).await;
    let after = Instant::now();
    let (why, lasted) = refused(&client, after, LIFETIME).await;
    assert_eq!(why, "The API key has expired.");
    let early = LIFETIME.saturating_sub(lasted + (after - before));
    assert!(early < Duration::from_millis(500), "it was refused {early:?} early");
    world.end().await;
}

#[tokio::test]
async fn a_revoked_key_stops_at_once_at_every_api() {
    let mut world = World::build().without_worker().start().await;
    let first = world.url();
    world.start_another_api().await;
    let mut slowest = Duration::MAX;
    for _ in 0..5 {
        let (key, tenant) = (NewKey::generate().expect("random bytes"), Tenant::parse("acme").expect("valid"));
        let scopes = ["uploads:read".to_owned()];
        let kept = api_keys::insert(&world.db(), key.hash, &tenant, "a test", &scopes, None, false).await;
        let clients = [Client::new(&first, Some(&key.text)), world.client_with(Some(&key.text))];
        for client in &clients {
            client.get("/v1/uploads").await.expect(200);
        }
        assert!(api_keys::revoke(&world.db(), kept.expect("it is kept")).await.expect("revoked"));
        let (since, most) = (Instant::now(), Duration::from_secs(1));
        let mut took = Duration::ZERO;
        for client in &clients {
            let (why, after) = refused(client, since, most).await;
            assert_eq!(why, "The API key was revoked.");
            took = took.max(after);
        }
        slowest = slowest.min(took);
    }
    // What was looked up just before would be remembered for a second: so this was heard. A busy machine hears late now and
    // then.
    assert!(slowest < Duration::from_millis(500), "{slowest:?} at the least");
    world.end().await;
}

#[tokio::test]
async fn a_stream_ends_with_its_key_and_no_other_does() {
    let world = World::build().without_worker().start().await;
    let ((revoked, id), (expiring, _)) =
        (key_for(&world, None).await, key_for(&world, Some(Duration::from_secs(3))).await);
    let (mut feed, mut short) = (revoked.watching("").await, expiring.watching("").await);
    let client = world.client().await;
    let mut other = client.watching("").await;
    assert!(api_keys::revoke(&world.db(), id).await.expect("revoked"));
    for ending in [&mut feed, &mut short] {
        ends(ending).await;
    }
    let upload = client.declare(&files::png()).await;
    assert_eq!(other.take(1).await[0].told(), (upload.id().to_owned(), "pending".to_owned()));
    upload.cancel().await.expect(200);
    world.end().await;
}

/// The stream has nothing more to tell, and ends soon.
async fn ends(feed: &mut Feed) {
    let ended = tokio::time::timeout(Duration::from_secs(10), feed.next()).await;
    assert_eq!(ended.expect("it ends in time").map(|event| event.told()), None);
}

#[tokio::test]
async fn a_stream_ends_although_nobody_heard_that_its_key_was_revoked() {
    let world = World::build().without_worker().start().await;
    let (revoked, id) = key_for(&world, None).await;
    let client = world.client().await;
    let (mut feed, mut other) = (revoked.watching("").await, client.watching("").await);
    // Nothing is said of it, as if it had been while the connection that listens was lost.
    world.query(&format!("UPDATE api_keys SET revoked_at = now() WHERE id = '{id}'")).await;
    let listens = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    assert_eq!(world.query(&format!("SELECT pg_terminate_backend(pid) {listens}")).await.len(), 1);
    ends(&mut feed).await;
    let upload = client.declare(&files::png()).await;
    assert_eq!(other.take(1).await[0].told(), (upload.id().to_owned(), "pending".to_owned()));
    upload.cancel().await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn a_stream_whose_key_is_revoked_while_it_is_opened_ends() {
    let world = World::build().without_worker().start().await;
    let (client, id) = key_for(&world, None).await;
    let last = client.watching("").await.last_id;
    let figures = async || {
        let answer = reqwest::get(format!("{}/metrics", world.url())).await.expect("an answer");
        answer.text().await.expect("text")
    };
    world.until("no stream is open", async || figures().await.contains("sluice_api_streams 0\n")).await;
    let held = world.session("BEGIN; LOCK TABLE timeline IN ACCESS EXCLUSIVE MODE").await;
    let opening = tokio::spawn({
        let client = client.clone();
        async move { client.watching_behind("", &last).await }
    });
    world.until("it was let in", async || world.held_up().await == 1).await;
    assert!(api_keys::revoke(&world.db(), id).await.expect("revoked"));
    world.until("it was heard", async || client.get("/v1/usage").await.status == 401).await;
    held.batch_execute("ROLLBACK").await.expect("the session is there");
    ends(&mut opening.await.expect("it is opened")).await;
    world.end().await;
}

#[tokio::test]
async fn a_rotated_keys_stream_goes_on_until_the_old_key_expires() {
    let world = World::build().without_worker().start().await;
    let (old, id) = key_for(&world, None).await;
    let mut feed = old.watching("").await;
    let key = NewKey::generate().expect("random bytes");
    let rotated = api_keys::rotate(&world.db(), id, key.hash, Duration::from_secs(5), None).await.expect("an answer");
    assert!(rotated.is_some());
    let upload = world.client().await.declare(&files::png()).await;
    assert_eq!(feed.take(1).await[0].told(), (upload.id().to_owned(), "pending".to_owned()));
    ends(&mut feed).await;
    upload.cancel().await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn whoever_waits_with_a_key_that_is_revoked_waits_no_longer() {
    let world = World::build().with("SLUICE_WAITS", "1").without_worker().start().await;
    let (client, id) = key_for(&world, None).await;
    let upload = world.client().await.declare(&files::png()).await;
    let wait = |client: Client, path: String, wait: &'static str| async move {
        client.send(Method::GET, &path, None, &[("prefer", wait)]).await
    };
    let waiting = tokio::spawn({
        let (client, path) = (client.clone(), upload.path(""));
        async move {
            loop {
                let answer = wait(client.clone(), path.clone(), "wait=30").await;
                if answer.status != 503 {
                    break answer;
                }
            }
        }
    });
    world.until("it waits", async || wait(client.clone(), upload.path(""), "wait=1").await.status == 503).await;
    assert!(api_keys::revoke(&world.db(), id).await.expect("revoked"));
    let answer = waiting.await.expect("no panic");
    assert_eq!(answer.text("detail"), "What the request came with has stopped working since.");
    assert_eq!(answer.problem(401), "unauthorized");
    upload.cancel().await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn a_rotated_key_works_on_for_the_overlap_and_its_successor_goes_on() {
    let world = World::build().without_worker().start().await;
    let (old, id) = key_for(&world, Some(Duration::from_hours(24))).await;
    old.get("/v1/uploads").await.expect(200);
    let (key, other) = (NewKey::generate().expect("random bytes"), NewKey::generate().expect("random bytes"));
    let overlap = Duration::from_secs(2);
    let rotated = api_keys::rotate(&world.db(), id, key.hash, overlap, None).await.expect("an answer");
    let since = Instant::now();
    let rotated = rotated.expect("the key works");
    let new = world.client_with(Some(&key.text));
    new.get("/v1/uploads").await.expect(200);
    old.get("/v1/uploads").await.expect(200);
    let again = api_keys::rotate(&world.db(), id, other.hash, overlap, None).await.expect("an answer");
    assert_eq!(again, None, "it was rotated before");

    let lasts = rotated.new_ends_at.expect("the old one expires").duration_since(jiff::Timestamp::now());
    assert_eq!((lasts.as_mins() + 1) / 60, 24, "as long as the old one was made for");
    let (why, _) = refused(&old, since, overlap).await;
    assert_eq!(why, "The API key has expired.");
    new.get("/v1/uploads").await.expect(200);
    let listed = api_keys::list(&world.db()).await.expect("a list");
    let [before, after] = listed.as_slice() else { panic!("two keys: {listed:?}") };
    assert_eq!((before.state.as_str(), after.state.as_str()), ("expired", "valid"));
    let named = |key: &api_keys::ApiKey| (key.tenant.clone(), key.name.clone(), key.scopes.clone());
    assert_eq!((after.id, named(after)), (rotated.new_id, named(before)));
    world.end().await;
}

#[tokio::test]
async fn a_successor_does_not_work_longer_than_it_is_told_to_nor_an_old_key_longer_than_it_would_have() {
    let world = World::build().without_worker().start().await;
    let minutes = |of: u64| Duration::from_mins(of);
    let (_, id) = key_for(&world, Some(minutes(10))).await;
    let key = NewKey::generate().expect("random bytes");
    let rotated = api_keys::rotate(&world.db(), id, key.hash, minutes(60), Some(minutes(30))).await.expect("an answer");
    let rotated = rotated.expect("the key works");
    let left = |end: jiff::Timestamp| (end.duration_since(jiff::Timestamp::now()).as_secs() + 30) / 60;
    assert_eq!((left(rotated.old_ends_at), rotated.new_ends_at.map(left)), (10, Some(30)));
    for gone in [rotated.new_id, Uuid::nil()] {
        let revoked = api_keys::revoke(&world.db(), gone).await.expect("an answer");
        assert_eq!(revoked, gone == rotated.new_id);
        let key = NewKey::generate().expect("random bytes");
        assert_eq!(api_keys::rotate(&world.db(), gone, key.hash, minutes(1), None).await.expect("an answer"), None);
    }
    world.end().await;
}

#[tokio::test]
async fn it_is_seen_which_keys_are_used() {
    let mut world = World::build().without_worker().start().await;
    let ((used, used_id), (_, unused_id)) = (key_for(&world, None).await, key_for(&world, None).await);
    used.get("/v1/uploads").await.expect(200);
    // It is written down once a minute, and before the process ends.
    world.restart_api().await;
    let listed = api_keys::list(&world.db()).await.expect("a list");
    let seen = |id: Uuid| listed.iter().find(|key| key.id == id).expect("it is listed").last_used_at;
    let ago = jiff::Timestamp::now().duration_since(seen(used_id).expect("it was used"));
    assert!(ago.as_secs().abs() < 60, "{ago:?}");
    assert_eq!(seen(unused_id), None);
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
        ("limit=1&limit=2", "The parameter 'limit' is there twice."),
    ] {
        let refused = client.get(&format!("/v1/uploads?{query}")).await;
        assert!(refused.text("detail").contains(told), "{query}: {}", refused.body);
        assert_eq!(refused.problem(400), "invalid_parameter");
    }
    client.get("/v1/uploads?limit=5000").await.expect(200);
    client.get("/v1/uploads?limit=99999999999999999999").await.expect(200);
    assert_eq!(client.get("/files/not-an-id?utm_source=mail").await.problem(404), "file_not_found");
    let large = json!({"filename": "a.png", "content_type": "image/png", "metadata": {"k": "v".repeat(1_100_000)}});
    assert_eq!(client.post("/v1/uploads", &large).await.problem(413), "body_too_large");
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json", "/openapi.3.1.json", "/docs"] {
        client.get(path).await.expect(200);
    }
    assert_eq!(client.get("/").await.expect(302).header("location"), "docs");
    let policy = client.get("/docs").await.header("content-security-policy").to_owned();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    world.end().await;
}
