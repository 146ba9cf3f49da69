//! Too many requests, too slow clients, too large heads: each gets its answer in time, and harms nobody else.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sluice_testkit::{Client, World, files};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Holds up every statement about uploads, until it is dropped.
async fn stall(world: &World) -> tokio_postgres::Client {
    world.session("BEGIN; LOCK TABLE uploads IN ACCESS EXCLUSIVE MODE").await
}

/// Lets them go on, and waits until they can.
async fn let_go(held: tokio_postgres::Client) {
    held.batch_execute("ROLLBACK").await.expect("the session is there");
}

fn declaration() -> Value {
    json!({"filename": "a.png", "content_type": "image/png", "size": 67})
}

async fn text_of(world: &World, path: &str) -> String {
    let answer = reqwest::get(format!("{}{path}", world.url())).await.expect("an answer");
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.text().await.expect("text")
}

/// A client whose key the API knows.
async fn known(world: &World) -> Client {
    let client = world.client().await;
    client.get("/v1/usage").await.expect(200);
    client
}

#[tokio::test]
async fn a_request_too_many_is_refused_at_once_while_health_still_answers() {
    let world = World::build().with("SLUICE_REQUESTS", "2").without_worker().start().await;
    let client = known(&world).await;
    let held = stall(&world).await;
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.get("/v1/uploads").await })
        })
        .collect();
    world.until("both are in hand", async || world.held_up().await == 2).await;

    // Those in hand go on only later: who had to wait for them would wait for ever.
    let refused = join_all((0..20).map(|_| client.get("/v1/uploads"))).await;
    for answer in refused {
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.problem(503), "overloaded");
    }
    for path in ["/healthz", "/readyz"] {
        text_of(&world, path).await;
    }
    let figures = text_of(&world, "/metrics").await;
    assert!(figures.contains("sluice_api_problems_total{code=\"overloaded\"} 20"), "{figures}");

    let_go(held).await;
    for answer in waiting {
        answer.await.expect("no panic").expect(200);
    }
    client.get("/v1/uploads").await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn whoever_waits_or_watches_takes_no_place_of_others() {
    let world = World::build().with("SLUICE_REQUESTS", "1").with("SLUICE_WAITS", "1").start().await;
    let client = known(&world).await;
    let file = files::png();
    let upload = client.declare(&file).await;
    let _feed = client.watching("").await;
    let wait = |client: Client, path: String| async move {
        client.send(Method::GET, &path, None, &[("prefer", "wait=30")]).await
    };
    let waiting = tokio::spawn(wait(client.clone(), upload.path("")));
    world.until("one waits", async || wait(client.clone(), upload.path("")).await.status.as_u16() == 503).await;
    assert_eq!(upload.now().await["status"], "pending");
    upload.put(&file.bytes).await;
    assert_eq!(waiting.await.expect("no panic").expect(200).text("status"), "confirmed");
    upload.is("confirmed").await;

    // Whoever completes has a place until it waits: so it may be refused, and may hold up those who ask meanwhile.
    let upload = client.declare(&file).await;
    let (completing, path) = (client.clone(), upload.path("/complete"));
    let waiting = tokio::spawn(async move {
        loop {
            let answer = completing.send(Method::POST, &path, None, &[("prefer", "wait=30")]).await;
            if answer.status != 503 {
                break answer;
            }
        }
    });
    let ask = async |wait| client.send(Method::GET, &upload.path(""), None, &[("prefer", wait)]).await.status.as_u16();
    world.until("it waits without a place", async || ask("wait=1").await == 503 && ask("wait=0").await == 200).await;
    assert_eq!(upload.now().await["status"], "pending");
    upload.put(&file.bytes).await;
    assert_eq!(waiting.await.expect("no panic").expect(200).text("status"), "confirmed");
    world.end().await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_gets_an_answer_and_leaves_nothing_unknown() {
    let build = World::build().with("SLUICE_REQUEST_TIMEOUT", "1").with("SLUICE_WAITS", "1");
    let world = build.without_worker().start().await;
    let client = known(&world).await;
    let pending = client.declare(&files::png()).await;
    let wait = |client: Client, path: String, wait: &'static str| async move {
        client.send(Method::GET, &path, None, &[("prefer", wait)]).await
    };
    // Somebody waits for half a minute: whoever is told before has not waited for as long.
    let waiting = tokio::spawn({
        let (client, path) = (client.clone(), pending.path(""));
        async move {
            loop {
                let answer = wait(client.clone(), path.clone(), "wait=30").await;
                if answer.status != 503 {
                    break answer;
                }
            }
        }
    });
    let is_refused = async || wait(client.clone(), pending.path(""), "wait=1").await.status == 503;
    world.until("somebody waits", is_refused).await;
    let held = stall(&world).await;
    let (declaration, headers) = (declaration(), [("idempotency-key", "k")]);
    let create = || client.send(Method::POST, "/v1/uploads", Some(&declaration), &headers);
    let (one, twin, list) = tokio::join!(create(), create(), client.get("/v1/uploads"));
    for answer in [one, twin, list] {
        assert_ne!(answer.header("retry-after"), "");
        assert_eq!(answer.problem(503), "unavailable");
    }
    assert!(!waiting.is_finished());
    let_go(held).await;
    pending.cancel().await.expect(200);
    assert_eq!(waiting.await.expect("no panic").expect(200).text("status"), "canceled");
    // What was on its way may have been recorded: then it is the one that the key stands for.
    let created = create().await;
    assert!(created.status.is_success(), "{}", created.body);
    let only = client.get("/v1/uploads?status=pending").await.expect(200).body["data"].clone();
    assert_eq!((only.as_array().map(Vec::len), &only[0]["id"]), (Some(1), &created.body["id"]));
    world.end().await;
}

#[tokio::test]
async fn while_all_connections_to_the_database_are_busy_the_wait_is_short() {
    let world = World::build().with("SLUICE_DATABASE_CONNECTIONS", "1").without_worker().start().await;
    let client = known(&world).await;
    let held = stall(&world).await;
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.get("/v1/uploads").await }
    });
    world.until("one is in hand", async || world.held_up().await == 1).await;
    assert_eq!(client.get("/v1/uploads").await.problem(503), "unavailable");
    assert!(!first.is_finished(), "who came first has not even been given up");
    text_of(&world, "/healthz").await;
    // Who comes and finds none free gets the one that becomes free.
    let second = tokio::spawn({
        let client = client.clone();
        async move { client.get("/v1/uploads").await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let_go(held).await;
    for answer in [first, second] {
        answer.await.expect("no panic").expect(200);
    }
    world.end().await;
}

/// Sends this as it is, and gives all that comes back until the connection is closed.
async fn raw(world: &World, pieces: &[&str]) -> String {
    let mut socket = TcpStream::connect(world.url().trim_start_matches("http://")).await.expect("it listens");
    for piece in pieces {
        socket.write_all(piece.as_bytes()).await.expect("it reads");
    }
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), socket.read_to_end(&mut answer)).await;
    read.expect("the connection is closed").ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_client_that_never_ends_its_headers_or_its_body_is_cut_off() {
    let world = World::build().with("SLUICE_CLIENT_TIMEOUT", "1").without_worker().start().await;
    let key = world.key("acme", &["uploads:write"]).await;
    let began = Instant::now();
    assert_eq!(raw(&world, &["GET /healthz HTTP/1.1\r\nhost: a\r\nx-sl"]).await, "");
    let post = format!(
        "POST /v1/uploads HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: 100\r\n\r\n{{\"filename\""
    );
    let answer = raw(&world, &[&post]).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"body_too_slow\""), "{answer}");
    assert!(began.elapsed() < Duration::from_secs(18), "the default would be 20 s each: {:?}", began.elapsed());
    // Nobody waits for what is said to be too much.
    let answer =
        raw(&world, &[&post.replace("content-length: 100", "connection: close\r\ncontent-length: 2000000")]).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");

    // One that trickles is no better.
    let mut socket = TcpStream::connect(world.url().trim_start_matches("http://")).await.expect("it listens");
    let trickling = async {
        while socket.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), trickling).await.expect("it is cut off");
    // And one that is silent between two requests is left alone.
    let client = world.client_with(Some(&world.key("acme", &["uploads:read"]).await));
    client.get("/v1/usage").await.expect(200);
    tokio::time::sleep(Duration::from_secs(2)).await;
    client.get("/v1/usage").await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn headers_that_are_too_many_or_too_long_are_refused_with_a_reason() {
    let world = World::build().without_worker().start().await;
    let get = |headers: &str| format!("GET /v1/usage HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
    let many = |count: usize| (0..count).map(|n| format!("x-{n}: 1\r\n")).collect::<String>();
    let long = |length: usize| format!("x-long: {}\r\n", "x".repeat(length));
    let status = |answer: &str| answer.split(' ').nth(1).unwrap_or_default().to_owned();
    for fits in [many(60), long(15 * 1024)] {
        assert_eq!(status(&raw(&world, &[&get(&fits)]).await), "401");
    }
    for refused in [many(65), long(16 * 1024), long(40 * 1024)] {
        let answer = raw(&world, &[&get(&refused)]).await;
        assert!(status(&answer) == "431" && answer.contains("\"headers_too_large\""), "{answer}");
    }
    // More than that is not even read.
    for refused in [many(150), long(100 * 1024)] {
        let answer = raw(&world, &[&get(&refused)]).await;
        assert!(answer.is_empty() || status(&answer) == "431", "{answer}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_connection_too_many_is_refused_and_counted_while_health_still_answers() {
    let world = World::build().with("SLUICE_CONNECTIONS", "2").without_worker().start().await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut socket = TcpStream::connect(world.url().trim_start_matches("http://")).await.expect("it listens");
        socket.write_all(get("/healthz").as_bytes()).await.expect("it reads");
        assert!(socket.read(&mut [0; 1024]).await.expect("an answer") > 0);
        kept.push(socket);
    }
    let answer = raw(&world, &[&get("/v1/usage")]).await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("\"overloaded\""), "{answer}");
    for path in ["/healthz", "/readyz"] {
        text_of(&world, path).await;
    }
    let figures = text_of(&world, "/metrics").await;
    assert!(figures.contains("sluice_api_connections 2\n"), "{figures}");
    assert!(figures.contains("sluice_api_connections_refused_total 4\n"), "{figures}");
    kept.pop();
    let client = world.client_with(None);
    world.until("there is a place", async || client.get("/v1/usage").await.status == 401).await;
    world.end().await;
}

#[tokio::test]
async fn whoever_is_not_let_in_is_told_before_their_body_has_come() {
    let world = World::build().with("SLUICE_FILES_TENANT", "").without_worker().start().await;
    let document = sluice_api::document::document();
    let mut told = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, _) in methods.as_object().expect("methods").iter().filter(|(_, o)| o.get("requestBody").is_some())
        {
            let (method, path) = (method.to_uppercase(), path.replace(['{', '}'], ""));
            let head = format!(
                "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n\
                 content-length: 1000\r\n\r\n"
            );
            let answer = raw(&world, &[&head]).await;
            assert!(answer.starts_with("HTTP/1.1 401 "), "{method} {path}: {answer}");
            told += 1;
        }
    }
    assert!(told >= 7, "{told}");
    world.end().await;
}

#[tokio::test]
async fn a_request_says_once_for_whom_it_is_and_from_whom() {
    let world = World::build().without_worker().start().await;
    let key = format!("authorization: Bearer {}\r\n", world.key("acme", &["uploads:read"]).await);
    for (version, headers, status, says) in [
        ("1.1", format!("host: a\r\n{key}"), "200", ""),
        ("1.0", key.clone(), "200", ""),
        ("1.1", key.clone(), "400", "The request has no header 'host'."),
        ("1.1", format!("host: a\r\nhost: b\r\n{key}"), "400", "The request has more than one header 'host'."),
        ("1.1", format!("host: a\r\n{key}{key}"), "400", "The request has more than one header 'authorization'."),
    ] {
        let request = format!("GET /v1/uploads HTTP/{version}\r\nconnection: close\r\n{headers}\r\n");
        let answer = raw(&world, &[&request]).await;
        assert!(answer.split(' ').nth(1) == Some(status) && answer.contains(says), "{request}{answer}");
    }
    world.end().await;
}
