//! Runs the whole pipeline under load and faults, and says whether everything held.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use sluice_testkit::soak::Soak;

/// Runs the whole pipeline under load and faults, and checks in the end that everything held. Needs a Postgres that
/// `SLUICE_TEST_DATABASE_URL` names; `./dev soak` starts one.
#[derive(Parser)]
#[command(name = "soak")]
struct Arguments {
    /// For how long there is load and trouble; coming to rest takes up to some minutes more.
    #[arg(long, default_value_t = 2.0, value_name = "N")]
    minutes: f64,
    /// What decides who does what and what goes wrong. A random one, unless given.
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// How many workers there are. The first is left alone, the others are killed.
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=20))]
    workers: u64,
    /// How many clients there are.
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    clients: u64,
    /// The worker's binary. The one beside this program, unless given.
    #[arg(long, value_name = "PATH")]
    worker: Option<PathBuf>,
    /// A folder for the workers' logs; those of an earlier soak are removed from it.
    #[arg(long, value_name = "PATH")]
    logs: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let soak = prepare(&arguments);
    let (seed, logs, started) = (soak.seed, soak.logs.clone(), Instant::now());
    say(&format!("Soaking for {} minutes; the seed is {seed}.", arguments.minutes));
    let wrong = soak.run().await;
    for what in wrong.iter().take(50) {
        say(&format!("WRONG: {what}"));
    }
    let minutes = started.elapsed().as_secs_f64() / 60.0;
    if wrong.is_empty() {
        say(&format!("Everything held, in {minutes:.1} minutes, with the seed {seed}."));
        return ExitCode::SUCCESS;
    }
    say(&format!(
        "{} things are wrong, with the seed {seed}; the workers' logs are in {}.",
        wrong.len(),
        logs.display()
    ));
    ExitCode::FAILURE
}

fn prepare(arguments: &Arguments) -> Soak {
    let beside = || std::env::current_exe().expect("this program is somewhere").with_file_name("sluice-worker");
    Soak {
        time: Duration::from_secs_f64(arguments.minutes * 60.0),
        seed: arguments.seed.unwrap_or_else(rand::random),
        workers: arguments.workers as usize,
        clients: arguments.clients as usize,
        binary: arguments.worker.clone().unwrap_or_else(beside),
        logs: arguments.logs.clone().unwrap_or_else(|| std::env::temp_dir().join("sluice-soak")),
    }
}

#[expect(clippy::print_stdout, reason = "a soak is for people")]
fn say(line: &str) {
    println!("{line}");
}
