//! A program that is measured: a process of its own, whose CPU time and memory Linux tells.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use sluice_testkit::process::memory;
use tokio::process::{Child, Command};

/// `/proc` counts CPU time in these, on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// A process that ends with this one, however this one ends.
pub struct Program {
    child: Child,
}

impl Program {
    /// Starts a program with these variables beside the environment; what it says goes to a file.
    ///
    /// # Panics
    /// Where it can't be started.
    pub fn start(program: &Path, arguments: &[&str], variables: &[(String, String)], log: &Path) -> Self {
        let log = File::options().create(true).append(true).open(log).expect("the folder of logs can be written");
        // The system kills it when the thread that has made it ends: the main one.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program).args(arguments);
        command.envs(variables.iter().map(|(name, value)| (name, value))).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a file can be cloned")).stderr(log);
        let child = command.spawn();
        Self { child: child.unwrap_or_else(|error| panic!("could not start {}: {error}", program.display())) }
    }

    /// The CPU time that it has used.
    pub fn cpu(&self) -> Duration {
        cpu_of(self.child.id().expect("it runs")).expect("it runs")
    }

    /// The memory that it has, in MiB.
    pub fn memory(&self) -> f64 {
        self.kib("VmRSS")
    }

    /// The most memory that it ever had, in MiB.
    pub fn most_memory(&self) -> f64 {
        self.kib("VmHWM")
    }

    fn kib(&self, what: &str) -> f64 {
        memory(&self.child, what).expect("it runs") as f64 / 1024.0
    }

    /// Whether it runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|ended| ended.is_none())
    }
}

/// The CPU time of a process, with that of its children that have ended.
pub fn cpu_of(id: u32) -> Option<Duration> {
    ticks(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?).map(|ticks| TICK * ticks)
}

/// The processes that this one has made.
pub fn children_of(id: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    children.split_whitespace().filter_map(|id| id.parse().ok()).collect()
}

/// What `/proc/PID/stat` says of CPU time: of the process and of its ended children, as user and as kernel.
fn ticks(stat: &str) -> Option<u32> {
    // The name may have spaces and brackets in it.
    let (_, fields) = stat.rsplit_once(") ")?;
    let times = fields.split(' ').skip(11).take(4).map(|field| field.parse::<u32>().ok());
    times.collect::<Option<Vec<_>>>().filter(|times| times.len() == 4).map(|times| times.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_hide_the_cpu_time() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 12 30 4 5 20 0 1 0 100 0 0";
        assert_eq!(ticks(stat), Some(51));
        assert_eq!(ticks("7 (a) S 1"), None);
    }

    #[test]
    fn this_process_has_used_some_cpu() {
        let began = std::time::Instant::now();
        while cpu_of(std::process::id()).expect("it runs") < TICK * 2 {
            assert!(began.elapsed() < Duration::from_secs(30));
        }
    }
}
