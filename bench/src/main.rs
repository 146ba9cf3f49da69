//! Measures what Sluice's operations cost, each beside a yardstick in the same run, and says which fall short.

mod chart;
mod create;
mod figures;
mod greeting;
mod growth;
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
mod start;
mod wait;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::figures::Row;
use crate::machine::Machine;
use crate::progress::Progress;
use crate::report::Report;
use crate::stage::Stage;

/// Where results go, from the repository's root. Those of a part stand in nobody's way.
const LATEST: &str = "bench/results/latest.json";
const PARTIAL: &str = "bench/results/partial.json";
const CHART: &str = "docs/performance/ratios.svg";
const PAGE: &str = "docs/performance.md";

/// Measures what Sluice's operations cost, each beside a yardstick in the same run. `./dev bench` sets up what it needs.
#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Be done within two minutes: fewer connections, rounds and rows. The figures are rougher.
    #[arg(long)]
    quick: bool,
    /// Measure only this: create, settle, wait, start or growth. Can be given several times.
    #[arg(long, value_name = "MEASURE", value_parser = ["create", "settle", "wait", "start", "growth"])]
    only: Vec<String>,
    /// Where the yardsticks in Node and Python were made ready.
    #[arg(long, value_name = "PATH", default_value = "bench/yardsticks")]
    yardsticks: PathBuf,
    /// A folder for the logs of what is measured.
    #[arg(long, value_name = "PATH", default_value = "target/bench")]
    logs: PathBuf,
    /// How many uploads lie behind where it is measured what grows with them: 50,000 if quick, else ten million, which take
    /// 9 GB of disk and many minutes to make.
    #[arg(long, value_name = "N")]
    uploads: Option<u64>,
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
    let rows = measure(&stage, arguments).await;
    stage.drop_databases().await;
    let report = Report { at, quick: arguments.quick, machine: Machine::here(), rows };
    say(&report.table());
    if arguments.quick || !arguments.only.is_empty() {
        write(PARTIAL, &report.json())
    } else {
        publish(&report)
    }
    match report.short() {
        0 => say("Everything holds.\n"),
        short => say(&format!("{short} figures fall short.\n")),
    }
    ExitCode::SUCCESS
}

async fn measure(stage: &Stage, arguments: &Arguments) -> Vec<Row> {
    let is_wanted = |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|word| word == name);
    let sizes = sizes(arguments);
    let measures = [
        ("create", stage.choose(3, 5)),
        ("settle", stage.choose(1, 2)),
        ("wait", 1),
        ("growth", sizes.len() + 1),
        ("start", 1),
    ];
    let progress = Progress::of(measures.iter().filter(|(name, _)| is_wanted(name)).map(|(_, steps)| steps).sum());
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
    if is_wanted("wait") {
        rows.extend(wait::measure(stage, &progress).await);
    }
    if is_wanted("start") {
        rows.extend(start::measure(stage, &progress).await);
    }
    if is_wanted("growth") {
        rows.extend(growth::measure(stage, &progress, &sizes).await);
    }
    progress.end();
    rows
}

/// How many uploads lie behind: few, and up to as many as are asked for, tenfold each time.
fn sizes(arguments: &Arguments) -> Vec<u64> {
    let few: u64 = if arguments.quick { 5_000 } else { 100_000 };
    let most = arguments.uploads.unwrap_or(if arguments.quick { 50_000 } else { 10_000_000 });
    let larger = std::iter::successors(Some(few), |size| size.checked_mul(10)).take_while(|size| *size < most);
    larger.chain([most]).collect()
}

/// Returns when this process is asked to stop.
async fn interrupted() {
    let mut asked = signal(SignalKind::terminate()).expect("signals can be listened for");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = asked.recv() => {}
    }
}

/// Where the results of a whole run go: for programs, for the README, for readers.
fn publish(report: &Report) {
    write(LATEST, &report.json());
    write(CHART, &chart::draw(&report.rows));
    let page = std::fs::read_to_string(PAGE).unwrap_or_default();
    match report.published_in(&page) {
        Some(page) => write(PAGE, &page),
        None => say(&format!("{PAGE} has no place for the results.\n")),
    }
}

fn write(file: &str, text: &str) {
    let file = Path::new(file);
    std::fs::create_dir_all(file.parent().expect("it is in a folder")).expect("a folder can be made");
    std::fs::write(file, text).expect("the results can be written");
}

#[expect(clippy::print_stdout, reason = "a bench is for people")]
fn say(text: &str) {
    print!("{text}");
}
