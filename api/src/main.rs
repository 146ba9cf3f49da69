//! The command `sluice-api`: serves the API, and does by hand what needs no server.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Sluice's HTTP API. Its settings are read from the environment.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API (what is done without a command, too)
    Serve,
    /// Bring the database up to date
    Migrate,
    /// Make, list, rotate and revoke API keys
    #[command(subcommand)]
    Keys(commands::keys::Command),
    /// Count anew what tenants use
    #[command(subcommand)]
    Usage(commands::usage::Command),
    /// Ask the API that runs here whether it is ready
    Health,
    /// Print the OpenAPI document
    Openapi(commands::openapi::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().command.unwrap_or(Command::Serve) {
        Command::Serve => commands::serve::run().await,
        Command::Migrate => commands::migrate::run().await,
        Command::Keys(command) => commands::keys::run(command).await,
        Command::Usage(command) => commands::usage::run(command).await,
        Command::Health => commands::health::run().await,
        Command::Openapi(arguments) => commands::openapi::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("sluice-api: {why}");
            ExitCode::FAILURE
        }
    }
}
