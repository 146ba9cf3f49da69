//! The workers of a soak: real processes, killed, stopped and frozen at random, and started again.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use rand::Rng as _;
use rand::rngs::StdRng;
use tokio::process::{Child, Command};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Soak;
use super::tally::Tally;
use crate::process::{memory, signal};

/// How long a worker that was asked to stop goes on with what it has in hand. One that takes longer may leave some.
pub(super) const GRACE: Duration = Duration::from_secs(10);
/// How long a worker that was asked to stop may take: its grace, a long poll of 5 s, and some.
const STOP: Duration = Duration::from_secs(30);
/// How long a worker runs before its memory is what it needs to begin with.
const WARM: Duration = Duration::from_secs(20);

/// All workers.
pub(super) struct Workers {
    binary: PathBuf,
    logs: PathBuf,
    settings: Vec<(String, String)>,
    tally: Tally,
    slots: Vec<Slot>,
    started: Instant,
    wrong: Vec<String>,
    /// When one was killed, or ended with work in hand.
    pub(super) deaths: Vec<Timestamp>,
    /// Of the first worker, which is left alone: to begin with, and in the end. In kibibytes.
    pub(super) memory: (Option<u64>, Option<u64>),
}

/// A place for a worker.
#[derive(Default)]
struct Slot {
    child: Option<Child>,
    starts: usize,
}

impl Workers {
    pub(super) fn start(soak: &Soak, settings: &[(String, String)], tally: Tally) -> Self {
        prepare(&soak.logs);
        let mut workers = Self {
            binary: soak.binary.clone(),
            logs: soak.logs.clone(),
            settings: settings.to_vec(),
            tally,
            slots: (0..soak.workers).map(|_| Slot::default()).collect(),
            started: Instant::now(),
            wrong: Vec::new(),
            deaths: Vec::new(),
            memory: (None, None),
        };
        workers.start_missing();
        workers
    }

    /// Starts a worker in each place that has none.
    pub(super) fn start_missing(&mut self) {
        for number in 0..self.slots.len() {
            if self.slots[number].child.is_none() {
                self.slots[number].starts += 1;
                self.slots[number].child = Some(self.spawn(number));
            }
        }
    }

    /// Whether its log says so.
    fn logged(&self, number: usize, what: &str) -> bool {
        std::fs::read_to_string(self.log(number)).is_ok_and(|log| log.contains(what))
    }

    /// A file for each start: the last line of a killed one is cut anywhere.
    fn log(&self, number: usize) -> PathBuf {
        self.logs.join(format!("worker-{number}-{}.log", self.slots[number].starts))
    }

    fn spawn(&self, number: usize) -> Child {
        let log = File::create(self.log(number)).expect("the folder of logs can be written");
        let mut command = Command::new(&self.binary);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        command.spawn().unwrap_or_else(|error| panic!("could not start {}: {error}", self.binary.display()))
    }

    /// Kills, stops and freezes all workers but the first, until told to stop.
    pub(super) async fn harass(mut self, mut dice: StdRng, stop: CancellationToken) -> Self {
        loop {
            let pause = Duration::from_millis(dice.random_range(1_000..6_000));
            let stopped = stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none();
            self.look_after_all();
            if stopped || self.slots.len() < 2 {
                return self;
            }
            let number = dice.random_range(1..self.slots.len());
            match dice.random_range(0..10) {
                0..6 => self.kill(number).await,
                6..9 => self.ask_to_stop(number).await,
                _ => self.freeze(number, Duration::from_millis(dice.random_range(500..3_000))).await,
            }
            tokio::time::sleep(Duration::from_millis(dice.random_range(0..1_500))).await;
            self.start_missing();
        }
    }

    /// None of them ends by itself, but where it could not begin without Postgres; and the first one's memory is measured
    /// when it is warm.
    fn look_after_all(&mut self) {
        for number in 0..self.slots.len() {
            let child = self.slots[number].child.as_mut();
            if let Some(ended) = child.and_then(|child| child.try_wait().ok().flatten()) {
                self.slots[number].child = None;
                if self.logged(number, "sluice-worker: could not migrate the database") {
                    self.tally.add("worker: not started without Postgres");
                } else {
                    self.wrong.push(format!("worker {number} ended by itself: {ended}"));
                }
            }
        }
        if self.memory.0.is_none() && self.started.elapsed() > WARM {
            self.memory.0 = self.resident(0);
        }
    }

    async fn kill(&mut self, number: usize) {
        if let Some(mut child) = self.slots[number].child.take() {
            child.kill().await.expect("a child can be killed");
            self.deaths.push(Timestamp::now());
            self.tally.add("worker: killed");
        }
    }

    async fn ask_to_stop(&mut self, number: usize) {
        let Some(mut child) = self.slots[number].child.take() else { return };
        signal(&child, "TERM");
        self.tally.add("worker: asked to stop");
        let (asked, ended) = (Instant::now(), tokio::time::timeout(STOP, child.wait()).await);
        if asked.elapsed() >= GRACE {
            self.deaths.push(Timestamp::now());
        }
        match ended {
            Ok(Ok(ended)) if ended.success() || self.stopped_while_starting(number) => {}
            Ok(ended) => self.wrong.push(format!("worker {number} was asked to stop, and failed: {ended:?}")),
            Err(_) => self.wrong.push(format!("worker {number} was asked to stop, and did not within {STOP:?}")),
        }
    }

    /// Before it listens for signals, and where there is no Postgres, a worker may end otherwise than well.
    fn stopped_while_starting(&self, number: usize) -> bool {
        !self.logged(number, "the worker is at work")
    }

    async fn freeze(&mut self, number: usize, time: Duration) {
        let Some(child) = &self.slots[number].child else { return };
        signal(child, "STOP");
        self.tally.add("worker: frozen");
        tokio::time::sleep(time).await;
        signal(child, "CONT");
    }

    /// Notes what the first worker needs in the end.
    pub(super) fn measure(&mut self) {
        self.look_after_all();
        self.memory.1 = self.resident(0);
    }

    /// Stops all. Gives what they did that no worker should.
    pub(super) async fn stop_all(&mut self) -> Vec<String> {
        for number in 0..self.slots.len() {
            self.ask_to_stop(number).await;
        }
        std::mem::take(&mut self.wrong)
    }

    /// The memory that a worker has, in kibibytes.
    fn resident(&self, number: usize) -> Option<u64> {
        memory(self.slots.get(number)?.child.as_ref()?, "VmRSS")
    }
}

/// An empty folder for the logs.
fn prepare(logs: &Path) {
    std::fs::create_dir_all(logs).expect("the folder of logs can be made");
    for log in super::logs::files(logs) {
        std::fs::remove_file(log).expect("old logs can be removed");
    }
}
