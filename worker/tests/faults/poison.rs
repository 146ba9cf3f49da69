//! What one upload's poison does to a worker, and to all the others' uploads.

use std::time::{Duration, Instant};

use sluice_testkit::{PATIENCE, TestUpload, WorkerProcess, World, files};

use crate::worker;

/// A8.
#[tokio::test]
async fn a_panic_costs_one_delivery_and_nothing_else() {
    let world = World::build().without_worker().hiding_messages_for(2).start().await;
    let client = world.client().await;
    let mut process = worker(&world, "before_inspect=1*panic(a bug)").await;
    let (unlucky, other) = (client.declare(&files::png()).await, client.declare(&files::png()).await);
    unlucky.put(&files::png().bytes).await;
    process.heard("a bug").await;
    other.put(&files::png().bytes).await;
    other.is("confirmed").await;
    unlucky.is("confirmed").await;
    assert_eq!(process.readiness().await.0, 200);
    // Nothing is in hand any more: it stops at once.
    process.terminate();
    assert!(process.ended().await.success(), "{}", process.log());
    world.end().await;
}

/// A8.
#[tokio::test]
async fn a_worker_with_room_for_one_has_it_back_after_each_panic() {
    let world = World::build().without_worker().hiding_messages_for(1).with("SLUICE_WORKER_CONCURRENCY", "1");
    let world = world.start().await;
    let upload = world.client().await.declare(&files::png()).await;
    upload.put(&files::png().bytes).await;
    let process = worker(&world, "before_verdict=3*panic(a bug)").await;
    upload.is("confirmed").await;
    process.heard_times(3, "a bug").await;
    world.end().await;
}

/// More than may die of one upload: once with all the others, then as often as its message is handed out.
const MOST_DEATHS: usize = 8;

/// What starts a worker again that has ended, as an operator's machine would.
struct Supervisor {
    failpoints: String,
    worker: WorkerProcess,
    deaths: usize,
}

impl Supervisor {
    /// Of a worker that dies of the object under this key.
    async fn start(world: &World, deadly: &str) -> Self {
        let failpoints = format!("before_inspect=return(abort at {deadly})");
        let worker = worker(world, &failpoints).await;
        Self { failpoints, worker, deaths: 0 }
    }

    /// Sees to it that one runs until the query counts this many.
    async fn until_counted(&mut self, world: &World, wanted: i64, query: &str) {
        let mut since = Instant::now();
        while world.count(query).await != wanted {
            self.look_after(world, &mut since).await;
        }
    }

    /// Sees to it that one runs until this many have died.
    async fn until_died(&mut self, world: &World, deaths: usize) {
        let mut since = Instant::now();
        while self.deaths < deaths {
            self.look_after(world, &mut since).await;
        }
    }

    /// Starts another one where one has died. Each may take its time to die, but there must be an end to it.
    async fn look_after(&mut self, world: &World, since: &mut Instant) {
        if self.worker.runs() {
            assert!(since.elapsed() < PATIENCE, "waited in vain; {} died:\n{}", self.deaths, self.worker.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
            return;
        }
        self.deaths += 1;
        assert!(self.deaths <= MOST_DEATHS, "they die without an end:\n{}", self.worker.log());
        self.worker = worker(world, &self.failpoints).await;
        *since = Instant::now();
    }
}

/// An upload whose object ends every process that looks at it, and its key.
async fn poison(world: &World) -> (TestUpload, String) {
    let poison = world.client().await.declare(&files::png()).await;
    let key = world.key_of(poison.id()).await;
    poison.put(&files::png().bytes).await;
    (poison, key)
}

/// A9.
#[tokio::test]
async fn a_message_that_kills_its_workers_becomes_a_dead_event_while_the_others_flow() {
    let world = World::build().without_worker().hiding_messages_for(2).start().await;
    let client = world.client().await;
    let (poison, key) = poison(&world).await;
    let mut supervisor = Supervisor::start(&world, &key).await;
    let mut others = Vec::new();
    for _ in 0..5 {
        let other = client.declare(&files::png()).await;
        other.put(&files::png().bytes).await;
        others.push(other);
    }
    supervisor.until_counted(&world, 5, "SELECT count(*) FROM uploads WHERE status = 'confirmed'").await;
    supervisor.until_counted(&world, 1, "SELECT count(*) FROM dead_events").await;
    // Once with all the others, then by itself; no other message is given up for it.
    assert!(supervisor.deaths <= 6, "{} died", supervisor.deaths);
    assert_eq!(poison.now().await["status"], "pending");
    // Its client can do without it.
    poison.cancel().await.expect(200);
    world.end().await;
}

/// A9.
#[tokio::test]
async fn an_upload_that_nobody_survives_looking_at_expires_unread_and_its_object_goes() {
    let world = World::build().without_worker().without_events().hiding_messages_for(1).start().await;
    let client = world.client().await;
    let (poison, key) = poison(&world).await;
    let other = client.declare(&files::png()).await;
    other.put(&files::png().bytes).await;
    let mut supervisor = Supervisor::start(&world, &key).await;
    // Each time somebody looks, together with the other upload at first, and dies.
    for looks in 1..=4 {
        poison.complete().await;
        other.complete().await;
        let died = format!(
            "SELECT count(*) FROM uploads WHERE id = '{}' AND status = 'pending' AND looks_cut_off = {looks}",
            poison.id()
        );
        supervisor.until_counted(&world, 1, &died).await;
        supervisor.until_died(&world, looks).await;
    }
    supervisor.until_counted(&world, 1, "SELECT count(*) FROM uploads WHERE status = 'confirmed'").await;
    // Until its time is up it is left alone, whoever speaks of it.
    poison.complete().await;
    supervisor.worker.heard("nobody has survived a look at upload").await;
    world.localstack.send_event(&key).await;
    supervisor.worker.heard("nobody has survived a look at its object").await;
    assert_eq!(poison.now().await["status"], "pending");
    world.pass(Duration::from_hours(2)).await;
    poison.is("expired").await;
    assert_eq!(supervisor.deaths, 4);
    assert!(supervisor.worker.runs());
    world.end().await;
}
