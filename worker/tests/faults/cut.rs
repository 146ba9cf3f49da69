//! What a worker makes of connections that are refused, reset, cut or silent in the middle of its work.

use sluice_testkit::proxy::contains;
use sluice_testkit::{Fault, Proxy, TestUpload, WorkerProcess, World, files};

use crate::worker_with;

/// A world whose queue brings back soon what was not answered.
async fn world() -> World {
    World::build().without_worker().hiding_messages_for(2).giving_messages_up_after(4).start().await
}

/// What a worker says when it could not settle an event.
const FAILED: &str = "could not settle an event; it comes again";

/// E5.
#[tokio::test]
async fn a_verdict_whose_commit_was_not_heard_of_is_found_written_and_not_given_twice() {
    let mut world = world().await;
    let proxy = Proxy::before(&world.database_url()).await;
    // Whoever wants to delete the message waits there, for as long as it takes to see who that is.
    let variables = [("SLUICE_DATABASE_URL", proxy.url()), ("FAILPOINTS", "before_delete_message=return(wait)")];
    let process = worker_with(&world, &variables).await;
    let upload = world.client().await.declare(&files::png()).await;
    let id = uuid_bytes(upload.id());
    // Only the statement that writes the verdict speaks of both. Its commit is answered to the proxy alone.
    proxy.breaks_once(Fault::LoseAnswer, move |sent| contains(sent, &id) && contains(sent, b"confirmed"));
    upload.put(&files::png().bytes).await;
    proxy.broke(1).await;
    upload.is("confirmed").await;
    process.heard(FAILED).await;
    let log = process.log();
    let (before, failed) = log.split_once(FAILED).expect("it was heard");
    let message = failed.split("\"message.id\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an id");
    // The first delivery has not come to that and never will; the second finds the verdict and does.
    let deletes = format!("\"point\":\"before_delete_message\",\"about\":\"{message}\"");
    assert!(!before.contains(&deletes), "{log}");
    process.heard(&deletes).await;
    process.kill().await;
    world.start_worker().await;
    world.until("the message is deleted", async || world.localstack.messages().await == 0).await;
    assert_eq!(world.count("SELECT count(*) FROM timeline WHERE status = 'confirmed'").await, 1);
    world.end().await;
}

fn uuid_bytes(id: &str) -> Vec<u8> {
    let digits = id.replace('-', "");
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("a UUID")).collect()
}

/// A worker that reaches the bucket through a proxy.
async fn through_a_proxy(world: &World) -> (Proxy, WorkerProcess) {
    let endpoint = world.settings().find(|(name, _)| *name == "SLUICE_S3_ENDPOINT").expect("it is set").1;
    let proxy = Proxy::before(endpoint).await;
    let process = worker_with(world, &[("SLUICE_S3_ENDPOINT", proxy.url())]).await;
    (proxy, process)
}

fn is_look(sent: &[u8]) -> bool {
    sent.starts_with(b"GET ")
}

/// The next look meets with the fault, and the upload is confirmed all the same. Unless the look ends, no other begins: the
/// queue hides the message for longer than anything is waited for.
async fn a_look_meets_with(fault: Fault) {
    let world = World::build().without_worker().hiding_messages_for(60).giving_messages_up_after(4).start().await;
    let (proxy, _process) = through_a_proxy(&world).await;
    let file = files::large_png(20_000);
    let upload: TestUpload = world.client().await.declare(&file).await;
    proxy.breaks_once(fault, is_look);
    upload.put(&file.bytes).await;
    proxy.broke(1).await;
    upload.is("confirmed").await;
    assert_eq!(world.count("SELECT count(*) FROM dead_events").await, 0);
    assert_eq!(world.localstack.dead_letters().await, 0);
    world.end().await;
}

/// E21.
#[tokio::test]
async fn a_look_whose_connection_is_reset_is_taken_again() {
    a_look_meets_with(Fault::Reset).await;
}

/// E3.
#[tokio::test]
async fn a_look_that_is_never_answered_is_given_up_and_taken_again() {
    a_look_meets_with(Fault::Silence).await;
}

/// D8.
#[tokio::test]
async fn a_look_whose_body_is_cut_says_nothing_about_the_upload() {
    a_look_meets_with(Fault::CutAnswer(4000)).await;
}

/// D8.
#[tokio::test]
async fn a_look_whose_body_trickles_is_given_up_and_taken_again() {
    a_look_meets_with(Fault::TrickleAnswer(4000)).await;
}

/// E3, E21, C7.
#[tokio::test]
async fn while_the_bucket_refuses_connections_no_delivery_is_burnt_and_nothing_expires() {
    let world = world().await;
    let client = world.client().await;
    let (mut proxy, process) = through_a_proxy(&world).await;
    let (arrived, overdue) = (client.declare(&files::png()).await, client.declare(&files::png()).await);
    proxy.close().await;
    arrived.put(&files::png().bytes).await;
    process.heard("no messages are taken").await;
    world.pass(std::time::Duration::from_hours(2)).await;
    let (status, why) = process.readiness().await;
    assert_eq!(status, 503);
    assert_eq!(why, "not ready: no messages are taken: the bucket does not answer\n");
    process.heard_times(3, "the bucket does not answer").await;
    assert_eq!(overdue.now().await["status"], "pending");
    proxy.open().await;
    arrived.is("confirmed").await;
    overdue.is("expired").await;
    assert_eq!(world.localstack.dead_letters().await, 0);
    world.end().await;
}
