//! Which machine the figures are of, and which state of the code.

use std::process::Command;

use serde::Serialize;

/// A machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// How many processors this process may use.
    pub cores: usize,
    /// What they are.
    pub cpu: String,
    /// The kernel.
    pub kernel: String,
    /// The commit that was built, with a plus where something was changed since.
    pub commit: String,
}

impl Machine {
    /// This one.
    pub fn here() -> Self {
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            cpu: model(&std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default()),
            kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
            commit: git(&["describe", "--always", "--dirty=+", "--exclude=*"]),
        }
    }
}

fn model(cpuinfo: &str) -> String {
    let line = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    line.map_or("unknown", |(_, model)| model.trim()).to_owned()
}

fn git(arguments: &[&str]) -> String {
    let output = Command::new("git").args(arguments).output();
    let output = output.ok().filter(|output| output.status.success());
    output.map_or_else(|| "unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_that_has_no_name_is_unknown() {
        assert_eq!(model("processor : 0\nmodel name\t: Xeon\nflags : a\n"), "Xeon");
        assert_eq!(model(""), "unknown");
    }
}
