//! The worker as a process in a world that breaks: each test says whose promise holds, and which scenarios it stands for.
#![cfg(debug_assertions)]

mod cut;
mod given_up;
mod killed;
mod poison;
mod postgres_gone;
mod postgres_slow;
mod stopped;

use sluice_testkit::{WorkerProcess, World};

/// A worker of this world as a process, with these failpoints.
async fn worker(world: &World, failpoints: &str) -> WorkerProcess {
    worker_with(world, &[("FAILPOINTS", failpoints)]).await
}

/// A worker of this world as a process, with these variables.
async fn worker_with(world: &World, variables: &[(&str, &str)]) -> WorkerProcess {
    WorkerProcess::start(env!("CARGO_BIN_EXE_sluice-worker"), world, variables).await
}
