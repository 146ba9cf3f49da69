//! A worker as a process of its own, which can be killed: what it logs, what it says of itself, how it ends.

use std::process::{ExitStatus, Stdio};

use reqwest::StatusCode;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::watch;

use crate::{PATIENCE, World};

/// What a worker says when it has started.
const AT_WORK: &str = "the worker is at work";

/// A worker that runs as a process. It is killed when it is dropped.
pub struct WorkerProcess {
    child: Child,
    log: watch::Receiver<Vec<String>>,
}

impl WorkerProcess {
    /// Starts the program as a worker of this world, with these variables beside or instead of the world's settings, and
    /// waits until it is at work.
    pub async fn start(program: &str, world: &World, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(program);
        command.envs(world.settings()).env("SLUICE_WORKER_LISTEN", "127.0.0.1:0");
        command.envs(variables.iter().copied()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("it starts");
        let log = follow(child.stderr.take().expect("it is piped"));
        let process = Self { child, log };
        process.heard(AT_WORK).await;
        process
    }

    /// Waits until it has logged a line with these words in it.
    pub async fn heard(&self, words: &str) {
        self.heard_times(1, words).await;
    }

    /// Waits until it has logged so many lines with these words in it.
    pub async fn heard_times(&self, times: usize, words: &str) {
        let mut log = self.log.clone();
        let said = log.wait_for(|lines| lines.iter().filter(|line| line.contains(words)).count() >= times);
        let said = tokio::time::timeout(PATIENCE, said).await.is_ok_and(|said| said.is_ok());
        assert!(said, "the worker did not say '{words}':\n{}", self.log());
    }

    /// All that it has logged.
    pub fn log(&self) -> String {
        self.log.borrow().join("\n")
    }

    /// Its answer to the question whether it is ready.
    pub async fn readiness(&self) -> (StatusCode, String) {
        let log = self.log.borrow().clone();
        let start = log.iter().find(|line| line.contains(AT_WORK)).expect("it has said so");
        let start: serde_json::Value = serde_json::from_str(start).expect("its log is JSON");
        let address = start["address"].as_str().expect("it says where it listens");
        let answer = reqwest::get(format!("http://{address}/readyz")).await.expect("it answers");
        (answer.status(), answer.text().await.expect("the whole answer arrives"))
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        signal(&self.child, "TERM");
    }

    /// Ends it at once, as a lost machine would.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it runs");
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("it is ours").is_none()
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("the worker did not end:\n{}", self.log())).expect("it is ours")
    }

    /// The most memory that it ever had, in KiB.
    pub fn most_memory(&self) -> u64 {
        memory(&self.child, "VmHWM").expect("it runs")
    }
}

/// Sends a signal to a process that runs: `TERM`, `STOP`.
pub fn signal(child: &Child, name: &str) {
    let id = child.id().expect("it runs").to_string();
    let sent = std::process::Command::new("kill").args([&format!("-{name}"), &id]).status();
    assert!(sent.expect("kill can be run").success(), "a child takes signals");
}

/// What Linux says of a running process's memory, in KiB: `VmRSS`, what it has; `VmHWM`, the most it ever had.
pub fn memory(child: &Child, what: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()?)).ok()?;
    let of = |line: &str| line.strip_prefix(what)?.trim_start_matches(':').trim().strip_suffix(" kB")?.parse().ok();
    status.lines().find_map(of)
}

/// How long passes until a killed worker's work is done by another.
pub struct Recovery {
    began: std::time::Instant,
}

impl Recovery {
    /// Begins now.
    pub fn begins() -> Self {
        Self { began: std::time::Instant::now() }
    }

    /// Ends now. It is printed, for whoever wants the figure; how fast the machine is proves nothing.
    pub fn ends(&self) {
        eprintln!("recovered after {:.2} s", self.began.elapsed().as_secs_f64());
    }
}

/// Collects the lines of a process's log as they come.
fn follow(log: ChildStderr) -> watch::Receiver<Vec<String>> {
    let (lines, followed) = watch::channel(Vec::new());
    tokio::spawn(async move {
        let mut reader = BufReader::new(log).lines();
        while let Ok(Some(line)) = reader.next_line().await {
            lines.send_modify(|lines| lines.push(line));
        }
    });
    followed
}
