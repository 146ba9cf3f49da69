//! A long backlog and two workers, each a process of its own: everything is settled, and their memory does not grow.
//!
//! With `SLUICE_TEST_BACKLOG=100000` and a release build it takes minutes; 10,000 messages show a leak of 1 KiB each as well.

use std::time::{Duration, Instant};

use sluice_testkit::World;
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
    let settings = [("SLUICE_WORKER_LISTEN", "127.0.0.1:0"), ("SLUICE_LOG", "warn")];
    command.envs(world.settings()).envs(settings).kill_on_drop(true).spawn().expect("it starts")
}

/// The memory of a process, in KiB.
fn memory(child: &Child) -> u64 {
    let path = format!("/proc/{}/status", child.id().expect("it runs"));
    let status = std::fs::read_to_string(path).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is there");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
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
    let began = Instant::now();
    confirmed(&world, count as i64 / 5).await;
    let early = workers.each_ref().map(memory);
    confirmed(&world, count as i64).await;
    let (took, late) = (began.elapsed(), workers.each_ref().map(memory));
    eprintln!("{count} messages in {took:.1?}; memory in KiB after a fifth {early:?}, at the end {late:?}");
    for (early, late) in early.into_iter().zip(late) {
        assert!(late < AT_MOST && late < early + MAY_GROW, "{early} KiB grew to {late} KiB");
    }
    drop(workers);
    world.fake().clock().advance(Duration::from_mins(1));
    world.start_worker().await;
    world.end().await;
}
