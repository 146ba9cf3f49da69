//! What a worker's memory comes to: it does not grow with a long backlog, nor with what a store sends.
//!
//! With `SLUICE_TEST_BACKLOG=100000` and a release build the backlog takes minutes; 10,000 messages show a leak of 2 KiB each
//! as well.

use std::time::{Duration, Instant};

use sluice_testkit::fake_aws::Op;
use sluice_testkit::process::memory;
use sluice_testkit::{WorkerProcess, World, files};
use tokio::process::{Child, Command};

/// How much more a worker may hold at the end than after a fifth of the backlog.
const MAY_GROW: u64 = 8 * 1024;
/// What a worker may hold at the most under load.
const AT_MOST: u64 = 128 * 1024;

fn backlog() -> usize {
    std::env::var("SLUICE_TEST_BACKLOG").map_or(10_000, |count| count.parse().expect("a number of messages"))
}

fn worker(world: &World) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice-worker"));
    // One arena: how many there are, and so what each keeps, is up to which threads happen to meet.
    let settings = [("SLUICE_WORKER_LISTEN", "127.0.0.1:0"), ("SLUICE_LOG", "warn"), ("MALLOC_ARENA_MAX", "1")];
    command.envs(world.settings()).envs(settings).kill_on_drop(true).spawn().expect("it starts")
}

/// Waits until this many are confirmed, for as long as it goes on.
async fn confirmed(world: &World, wanted: i64) {
    let (mut count, mut changed) = (0, Instant::now());
    while count < wanted {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = world.uploads_that_are("confirmed").await;
        if now > count {
            (count, changed) = (now, Instant::now());
        }
        assert!(changed.elapsed() < sluice_testkit::PATIENCE, "stuck at {count} of {wanted}");
    }
}

/// F1.
#[tokio::test(flavor = "multi_thread")]
async fn two_workers_drain_a_backlog_with_flat_memory() {
    let mut world = World::build().on_fake().without_worker().start().await;
    let count = backlog();
    world.deliver(&world.plant(count).await);
    let workers = [worker(&world), worker(&world)];
    let has = |worker: &Child| memory(worker, "VmRSS").expect("it runs");
    let began = Instant::now();
    confirmed(&world, count as i64 / 5).await;
    let early = workers.each_ref().map(has);
    confirmed(&world, count as i64).await;
    let (took, late) = (began.elapsed(), workers.each_ref().map(has));
    eprintln!("{count} messages in {took:.1?}; memory in KiB after a fifth {early:?}, at the end {late:?}");
    for (early, late) in early.into_iter().zip(late) {
        assert!(late < AT_MOST && late < early + MAY_GROW, "{early} KiB grew to {late} KiB");
    }
    drop(workers);
    world.fake().clock().advance(Duration::from_mins(1));
    world.start_worker().await;
    world.end().await;
}

/// D7.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_ignores_the_range_is_read_no_further_than_the_head() {
    const MIB: usize = 1024 * 1024;
    let mut world = World::build().on_fake().without_worker().without_events().start().await;
    let huge = bytes::Bytes::from(files::large_png(16 * MIB).bytes);
    world.fake().on(Op::GetObject).ignore_range();
    let keys = world.plant(12).await;
    let worker = WorkerProcess::start(env!("CARGO_BIN_EXE_sluice-worker"), &world, &[]).await;
    let before = worker.most_memory();
    // All at once: what would be read of them would be in memory together.
    let gate = world.fake().on(Op::GetObject).hold();
    for key in &keys {
        world.fake().put_object(world.localstack.bucket(), key, huge.clone());
        world.localstack.send_event(key).await;
    }
    world.fake().seen(Op::GetObject, 12).await;
    gate.open();
    world.until_in_time("all are rejected", async || world.uploads_that_are("rejected").await == 12).await;
    assert_eq!(world.count("SELECT min(object_size) FROM uploads").await, 16 * MIB as i64);
    let grown = (worker.most_memory() - before) / 1024;
    eprintln!("{grown} MiB for 12 objects of 16 MiB");
    assert!(grown < 48, "{grown} MiB for 12 objects of 16 MiB");
    world.start_worker().await;
    world.end().await;
}
