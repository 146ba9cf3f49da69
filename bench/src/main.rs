//! Measures what Sluice's operations cost, each beside a yardstick in the same run, and says which fall short.

mod create;
mod figures;
mod greeting;
mod http;
mod load;
mod machine;
mod others;
mod pgbench;
mod pipeline;
mod process;
mod progress;
mod report;
mod settle;
mod stage;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::figures::Row;
use crate::machine::Machine;
use crate::progress::Progress;
use crate::report::Report;
use crate::stage::Stage;

/// Measures what Sluice's operations cost, each beside a yardstick in the same run. `./dev bench` sets up what it needs.
#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Be done within two minutes: fewer connections, rounds and rows. The figures are rougher.
    #[arg(long)]
    quick: bool,
    /// Measure only what has one of these words in its name: create, settle.
    #[arg(long, value_name = "WORD")]
    only: Vec<String>,
    /// Where the yardsticks in Node and Python were made ready.
    #[arg(long, value_name = "PATH", default_value = "bench/yardsticks")]
    yardsticks: PathBuf,
    /// A folder for the logs of what is measured.
    #[arg(long, value_name = "PATH", default_value = "target/bench")]
    logs: PathBuf,
    /// Where the results go.
    #[arg(long, value_name = "FILE", default_value = "bench/results/latest.json")]
    results: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a greeting: one of the yardsticks.
    #[command(hide = true)]
    Greeting {
        /// Where.
        address: SocketAddr,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Command::Greeting { address }) = arguments.command {
        greeting::serve(address).await;
        return ExitCode::SUCCESS;
    }
    tokio::select! {
        code = run(&arguments) => code,
        // What was started ends with this process.
        () = interrupted() => ExitCode::from(130),
    }
}

async fn run(arguments: &Arguments) -> ExitCode {
    let Ok(postgres) = std::env::var("SLUICE_TEST_DATABASE_URL") else {
        say("SLUICE_TEST_DATABASE_URL is not set: run ./dev bench\n");
        return ExitCode::FAILURE;
    };
    let at = jiff::Timestamp::now().to_string();
    let stage = Stage::set(postgres, arguments.yardsticks.clone(), arguments.logs.clone(), arguments.quick).await;
    let rows = measure(&stage, &arguments.only).await;
    stage.drop_databases().await;
    let report = Report { at, quick: arguments.quick, machine: Machine::here(), rows };
    say(&report.table());
    write(&arguments.results, &report.json());
    match report.short() {
        0 => say("Everything holds.\n"),
        short => say(&format!("{short} figures fall short.\n")),
    }
    ExitCode::SUCCESS
}

async fn measure(stage: &Stage, only: &[String]) -> Vec<Row> {
    let is_wanted = |name: &str| only.is_empty() || only.iter().any(|word| name.contains(word.as_str()));
    let progress = Progress::of(stage.choose(4, 7));
    let mut rows = Vec::new();
    if is_wanted("create") {
        rows.extend(create::measure(stage, &progress).await);
        rows.extend(create::measure_others(stage, &progress).await);
    }
    if is_wanted("settle") {
        rows.extend(settle::measure(stage, &progress).await);
        if !stage.quick {
            rows.extend(settle::measure_backlog(stage, &progress).await);
        }
    }
    progress.end();
    rows
}

/// Returns when this process is asked to stop.
async fn interrupted() {
    let mut asked = signal(SignalKind::terminate()).expect("signals can be listened for");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = asked.recv() => {}
    }
}

fn write(file: &std::path::Path, text: &str) {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).expect("the folder of results can be made");
    }
    std::fs::write(file, text).expect("the results can be written");
}

#[expect(clippy::print_stdout, reason = "a bench is for people")]
fn say(text: &str) {
    print!("{text}");
}
