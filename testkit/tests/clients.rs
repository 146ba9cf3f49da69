//! Clients that generators make of the API document run an upload's whole life against a real pipeline.

use sluice_testkit::World;
use sluice_testkit::made::{made, node, succeeds};
use tokio::process::Command;

/// Runs this client, which has to get through a life in a world of its own.
async fn lives(mut client: Command) {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/multipart.toml");
    let world = World::build().with("SLUICE_POLICIES", policies).start().await;
    client.env("SLUICE_URL", world.url());
    client.env("SLUICE_API_KEY", world.key("acme", &["uploads:write", "uploads:read"]).await);
    let said = succeeds(client).await;
    assert!(said.lines().count() >= 7, "it has left out a part of its life:\n{said}");
    world.end().await;
}

#[tokio::test]
async fn a_generated_client_in_typescript_gets_through_an_uploads_life() {
    lives(node("typescript/out/life.js")).await;
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
