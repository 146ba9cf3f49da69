//! Clients that generators make of the API document run an upload's whole life against a real pipeline.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use sluice_testkit::World;
use tokio::process::Command;

/// How long a life may take. It has a file of three parts in it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where `./dev test` has made the clients.
fn made(what: &str) -> PathBuf {
    let folder =
        std::env::var("SLUICE_TEST_CLIENTS").expect("SLUICE_TEST_CLIENTS is set: run the tests with ./dev test");
    let made = PathBuf::from(folder).join(what);
    assert!(made.exists(), "{} is not there: ./dev test says why it could not be made", made.display());
    made
}

/// Runs this client, which has to get through a life in a world of its own.
async fn lives(mut client: Command) {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/multipart.toml");
    let world = World::build().with("SLUICE_POLICIES", policies).start().await;
    client.env("SLUICE_URL", world.url());
    client.env("SLUICE_API_KEY", world.key("acme", &["uploads:write", "uploads:read"]).await);
    client.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, client.output()).await.expect("it ends in time").expect("it starts");
    let [said, complained] = [&ended.stdout, &ended.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(ended.status.success(), "{}:\n{said}{complained}", ended.status);
    assert!(said.lines().count() >= 7, "it has left out a part of its life:\n{said}");
    world.end().await;
}

#[tokio::test]
async fn a_generated_client_in_typescript_gets_through_an_uploads_life() {
    let mut client = Command::new("node");
    client.arg(made("typescript/out/life.js"));
    lives(client).await;
}

#[tokio::test]
async fn a_generated_client_in_python_gets_through_an_uploads_life() {
    let mut client = Command::new(made("python/venv/bin/python"));
    client.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/clients/python/life.py"));
    client.env("PYTHONPATH", made("python/generated")).env("PYTHONDONTWRITEBYTECODE", "1");
    lives(client).await;
}

#[tokio::test]
async fn a_generated_client_in_rust_gets_through_an_uploads_life() {
    lives(Command::new(made("rust/debug/life"))).await;
}
