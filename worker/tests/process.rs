//! The worker as a process: how it starts, refuses to start, and stops.

use std::process::Stdio;

use sluice_testkit::process::signal;
use sluice_testkit::{PATIENCE, World, files};
use tokio::process::Command;

fn worker(world: &World) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice-worker"));
    command.envs(world.settings()).env("SLUICE_WORKER_LISTEN", "127.0.0.1:0").stderr(Stdio::piped()).kill_on_drop(true);
    command
}

#[tokio::test]
async fn asked_to_stop_it_finishes_and_says_so() {
    let mut world = World::build().without_worker().start().await;
    let child = worker(&world).spawn().expect("it starts");
    let upload = world.client().await.declare(&files::png()).await;
    upload.put(&files::png().bytes).await;
    upload.is("confirmed").await;
    signal(&child, "TERM");
    let ended = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
    let ended = ended.expect("it stops in time").expect("it ends");
    let log = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{log}");
    assert!(log.lines().last().is_some_and(|line| line.contains("the worker has stopped")), "{log}");
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "a log line that is no JSON: {line}");
    }
    assert!(!log.contains("pixel.png") && !log.contains("X-Amz-Signature"), "{log}");
    world.start_worker().await;
    world.end().await;
}

#[tokio::test]
async fn a_wrong_setting_is_refused_with_a_sentence_that_names_it() {
    let world = World::build().without_worker().start().await;
    for (name, value, says) in [
        ("SLUICE_WORKER_CONCURRENCY", "many", "SLUICE_WORKER_CONCURRENCY is not usable: 'many'"),
        ("SLUICE_S3_BUCKET", "", "SLUICE_S3_BUCKET is not set"),
        ("SLUICE_POLICIES", "/nowhere", "SLUICE_POLICIES is not usable: /nowhere"),
        ("SLUICE_DATABASE_URL", "nonsense", "SLUICE_DATABASE_URL is not usable"),
        ("SLUICE_LOG", "info,,=", "SLUICE_LOG"),
    ] {
        let ended = worker(&world).env(name, value).output().await.expect("it ends");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.contains(says), "{name}: {said}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_and_not_a_panic() {
    let world = World::build().without_worker().start().await;
    let ended = worker(&world).env("SLUICE_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none").output().await;
    let said = String::from_utf8_lossy(&ended.expect("it ends").stderr).into_owned();
    assert!(said.contains("could not migrate the database") && !said.contains("panicked"), "{said}");
    world.end().await;
}
