//! What sends files from pages and from Node.js: the TypeScript library with its example, Uppy, the tutorial's function. The
//! pages are in a real browser, and of another origin than the API and the store.

use sluice_testkit::made::{made, node, succeeds};
use sluice_testkit::proxy::contains;
use sluice_testkit::{Build, Fault, Proxy, World};
use tokio::process::Command;

/// A world that pages may call, with a bucket that they may send to.
fn with_pages() -> Build {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/multipart.toml");
    World::build()
        .provisioned()
        .with("SLUICE_POLICIES", policies)
        .with("SLUICE_CORS_ORIGINS", "*")
        .with("SLUICE_UPLOAD_TOKEN_KEYS", "old:0123456789abcdef0123456789abcdef")
}

/// Plays this test of the library's, which reaches the world's API at this URL.
async fn plays(world: &World, url: &str, test: &str) {
    let mut program = node(&format!("library/out/tests/{test}.js"));
    program.env("SLUICE_URL", url);
    program.env("SLUICE_API_KEY", world.key("acme", &["uploads:write", "uploads:read"]).await);
    succeeds(program).await;
}

async fn passes(test: &str) {
    let world = with_pages().start().await;
    plays(&world, &world.url(), test).await;
    world.end().await;
}

#[tokio::test]
async fn the_librarys_own_tests_pass() {
    let tests = std::fs::read_dir(made("library/out/tests/unit")).expect("a folder");
    let mut program = Command::new("node");
    program.arg("--test").args(tests.map(|test| test.expect("a file").path()));
    succeeds(program).await;
}

#[tokio::test]
async fn the_example_shows_what_became_of_each_file() {
    passes("browser/example").await;
}

#[tokio::test]
async fn a_large_file_goes_in_parts_with_progress_that_rises_and_arrives_whole() {
    passes("browser/large").await;
}

#[tokio::test]
async fn a_page_that_died_goes_on_and_sends_nothing_twice() {
    passes("browser/resumed").await;
}

#[tokio::test]
async fn expired_urls_signals_tokens_and_the_feed_work_in_a_page() {
    passes("browser/library").await;
}

#[tokio::test]
async fn unmodified_uppy_sends_files_whole_and_in_parts_and_shows_the_verdict() {
    passes("browser/uppy").await;
}

#[tokio::test]
async fn the_tutorials_own_function_works_in_a_page_of_another_origin() {
    passes("browser/tutorial").await;
}

#[tokio::test]
async fn the_library_sends_files_from_node() {
    passes("node").await;
}

#[tokio::test]
async fn a_flaky_network_costs_time_and_makes_nothing_twice() {
    let store = Proxy::before(&std::env::var("SLUICE_TEST_AWS_ENDPOINT").expect("./dev test sets it")).await;
    let public: &'static str = store.url().to_owned().leak();
    let world = with_pages().with("SLUICE_S3_PUBLIC_ENDPOINT", public).start().await;
    let api = Proxy::before(&world.url()).await;
    // Of each of these, the first.
    let mut calls = vec![
        (&b"POST /v1/uploads "[..], Fault::LoseAnswer),
        (b"/complete ", Fault::LoseAnswer),
        (b"GET /v1/uploads/", Fault::Reset),
    ];
    api.breaks(move |request| {
        let at = calls.iter().position(|(kind, _)| contains(&request[..request.len().min(200)], kind))?;
        Some(calls.remove(at).1)
    });
    let (mut parts, mut whole_is_lost) = (0, false);
    store.breaks(move |request| {
        let line = request.split(|byte| *byte == b'\n').next().filter(|line| line.starts_with(b"PUT "))?;
        if contains(line, b"partNumber=") {
            parts += 1;
            (parts % 2 == 1).then_some(Fault::Reset)
        } else {
            (!std::mem::replace(&mut whole_is_lost, true)).then_some(Fault::LoseAnswer)
        }
    });
    plays(&world, api.url(), "browser/flaky").await;
    api.broke(3).await;
    store.broke(4).await;
    assert_eq!(world.count("SELECT count(*) FROM uploads").await, 2);
    world.end().await;
}
