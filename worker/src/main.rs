//! The worker's command line.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sluice_common::chain::Chain;
use sluice_common::settings::Reader;
use sluice_common::{health, shutdown, telemetry};
use sluice_worker::Settings;
use tokio_util::sync::CancellationToken;

/// Sluice's background worker. Settings come from the environment; the README lists them.
#[derive(Parser)]
#[command(name = "sluice-worker", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Work until asked to stop (the default).
    Run,
    /// Ask the worker that listens on SLUICE_WORKER_LISTEN whether it is ready.
    Health,
    /// List, redrive and purge what lies in the dead-letter queue.
    #[command(subcommand)]
    Dlq(commands::dlq::Command),
    /// List and drop the messages that no upload could be settled by.
    #[command(subcommand)]
    DeadEvents(commands::dead_events::Command),
}

#[tokio::main]
async fn main() -> ExitCode {
    let ended = match Arguments::parse().command.unwrap_or(Command::Run) {
        Command::Run => run().await,
        Command::Health => ask_health().await,
        Command::Dlq(command) => commands::dlq::run(command).await,
        Command::DeadEvents(command) => commands::dead_events::run(command).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sluice-worker: {}", Chain(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let reader = Reader::of_environment();
    telemetry::start(&reader.text("SLUICE_LOG")?)?;
    sluice_worker::failpoint::start();
    let settings = Settings::read(&reader)?;
    let address = reader.text("SLUICE_WORKER_LISTEN")?;
    let listener = tokio::net::TcpListener::bind(&address)
        .await
        .map_err(|error| format!("SLUICE_WORKER_LISTEN is not usable: '{address}': {error}"))?;
    let stop = CancellationToken::new();
    let asked = stop.clone();
    let requested = shutdown::requested()?;
    tokio::spawn(async move {
        requested.await;
        asked.cancel();
    });
    Ok(sluice_worker::run(settings, listener, stop).await?)
}

async fn ask_health() -> Result<(), Box<dyn std::error::Error>> {
    Ok(health::ask(&Reader::of_environment().text("SLUICE_WORKER_LISTEN")?).await?)
}
