//! The worker's commands for what died: the dead-letter queue and the dead events.

use sluice_testkit::{World, files};
use tokio::process::Command;

/// Runs a command. Gives its exit code, and what it said on standard output and standard error.
async fn run(world: &World, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice-worker"));
    let ended = command.args(arguments).envs(world.settings()).output().await.expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (ended.status.code(), text(ended.stdout), text(ended.stderr))
}

async fn done(world: &World, arguments: &[&str]) -> (String, String) {
    let (code, said, noted) = run(world, arguments).await;
    assert_eq!(code, Some(0), "{said}{noted}");
    (said, noted)
}

#[tokio::test]
async fn dead_letters_are_listed_with_what_they_say_and_can_be_listed_again_at_once() {
    let world = World::build().without_worker().start().await;
    let good = world.localstack.leave_dead_letter(&world.localstack.event("images/acme/one.png")).await;
    let bad = world.localstack.leave_dead_letter("{").await;
    for _ in 0..2 {
        let (list, _) = done(&world, &["dlq", "list"]).await;
        let line = |id: &str| list.lines().find(|line| line.starts_with(id)).expect("it is listed").to_owned();
        assert!(line(&good).ends_with(&format!("{}/images/acme/one.png", world.localstack.bucket())), "{list}");
        assert!(line(&bad).contains("not JSON"), "{list}");
        assert_eq!(list.lines().count(), 3, "{list}");
    }
    world.end().await;
}

#[tokio::test]
async fn one_dead_letter_goes_back_and_then_all_and_every_upload_is_settled_once() {
    let world = World::build().without_events().start().await;
    let client = world.client().await;
    let (settled, lost) = (client.declare(&files::png()).await, client.declare(&files::png()).await);
    let mut letters = Vec::new();
    for upload in [&settled, &lost] {
        upload.put(&files::png().bytes).await;
        let event = world.localstack.event(&world.key_of(upload.id()).await);
        letters.push(world.localstack.leave_dead_letter(&event).await);
    }
    settled.complete().await.expect(200);
    settled.is("confirmed").await;
    let before = world.query("SELECT to_jsonb(u) FROM uploads u WHERE status = 'confirmed'").await;

    let (_, noted) = done(&world, &["dlq", "redrive", "--message", &letters[1]]).await;
    assert!(noted.contains("Moved message"), "{noted}");
    lost.is("confirmed").await;
    assert_eq!(world.localstack.dead_letters().await, 1);

    let (_, noted) = done(&world, &["dlq", "redrive"]).await;
    assert!(noted.contains("Moved 1 message back"), "{noted}");
    assert_eq!(world.localstack.dead_letters().await, 0);
    world.until("it is answered", async || world.localstack.messages().await == 0).await;
    let after = world.query(&format!("SELECT to_jsonb(u) FROM uploads u WHERE id = '{}'", settled.id())).await;
    assert_eq!(before[0].get::<_, serde_json::Value>(0), after[0].get::<_, serde_json::Value>(0));
    assert_eq!(world.count("SELECT count(*) FROM timeline WHERE status = 'confirmed'").await, 2);
    world.end().await;
}

#[tokio::test]
async fn many_dead_letters_all_go_back() {
    let world = World::build().without_events().without_worker().start().await;
    for _ in 0..25 {
        world.localstack.leave_dead_letter(r#"{"Event":"s3:TestEvent"}"#).await;
    }
    let (list, _) = done(&world, &["dlq", "list", "--most", "15"]).await;
    assert_eq!(list.lines().count(), 16, "{list}");
    let (_, noted) = done(&world, &["dlq", "redrive"]).await;
    assert!(noted.contains("Moved 25 messages back"), "{noted}");
    assert_eq!((world.localstack.dead_letters().await, world.localstack.messages().await), (0, 25));
    world.end().await;
}

#[tokio::test]
async fn the_dead_letter_queue_is_purged_only_on_a_yes() {
    let world = World::build().without_worker().start().await;
    world.localstack.leave_dead_letter("{").await;
    let (code, _, noted) = run(&world, &["dlq", "purge"]).await;
    assert_eq!(code, Some(1));
    assert!(noted.contains("about 1 message") && noted.contains("--yes"), "{noted}");
    assert_eq!(world.localstack.dead_letters().await, 1);
    done(&world, &["dlq", "purge", "--yes"]).await;
    assert_eq!(world.localstack.dead_letters().await, 0);
    world.end().await;
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_one_sentence() {
    let world = World::build().without_worker().start().await;
    for (arguments, says) in [
        (["dlq", "redrive", "--message", "nobody"].as_slice(), "there is no message nobody"),
        (&["dead-events", "drop", "7"], "there is no dead event 7"),
    ] {
        let (code, said, noted) = run(&world, arguments).await;
        assert_eq!((code, said.as_str(), noted.lines().count()), (Some(1), "", 1), "{noted}");
        assert!(noted.contains(says), "{noted}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice-worker"));
    command.envs(world.settings()).args(["dlq", "list"]);
    for (url, says) in
        [("", "SLUICE_SQS_DLQ_URL is not set"), ("http://127.0.0.1:1/queue", "read the dead-letter queue")]
    {
        command.env("SLUICE_SQS_DLQ_URL", url).env("SLUICE_SQS_ENDPOINT", "http://127.0.0.1:1");
        let ended = command.output().await.expect("it ends");
        let noted = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!((ended.status.code(), noted.lines().count()), (Some(1), 1), "{noted}");
        assert!(noted.contains(says), "{noted}");
    }
    world.end().await;
}

#[tokio::test]
async fn dead_events_are_listed_and_dropped() {
    let world = World::start().await;
    for body in ["one\t", "two", "three"] {
        world.localstack.send_message(body).await;
    }
    world.until("all are kept", async || world.count("SELECT count(*) FROM dead_events").await == 3).await;
    let (list, _) = done(&world, &["dead-events", "list"]).await;
    assert!(list.lines().count() == 4 && list.contains("one?") && list.contains("not JSON"), "{list}");
    let id = list.lines().nth(1).and_then(|line| line.split(' ').next()).expect("an id").to_owned();
    done(&world, &["dead-events", "drop", &id]).await;
    assert_eq!(world.count("SELECT count(*) FROM dead_events").await, 2);
    let (_, noted) = done(&world, &["dead-events", "drop", "--all"]).await;
    assert!(noted.contains("Dropped 2 dead events"), "{noted}");
    assert_eq!(world.count("SELECT count(*) FROM dead_events").await, 0);
    world.end().await;
}
