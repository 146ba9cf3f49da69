//! Programs that `./dev test` has made, run against a world.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

/// How long a program may take. Some send large files.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where `./dev test` has made something.
pub fn made(what: &str) -> PathBuf {
    let folder =
        std::env::var("SLUICE_TEST_CLIENTS").expect("SLUICE_TEST_CLIENTS is set: run the tests with ./dev test");
    let made = PathBuf::from(folder).join(what);
    assert!(made.exists(), "{} is not there: ./dev test says why it could not be made", made.display());
    made
}

/// A program of Node.js that has been made.
pub fn node(what: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(made(what));
    command
}

/// Runs a program, which has to end well, and gives what it said.
pub async fn succeeds(mut program: Command) -> String {
    program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, program.output()).await.expect("it ends in time").expect("it starts");
    let Output { status, stdout, stderr } = ended;
    let [said, complained] = [&stdout, &stderr].map(|text| String::from_utf8_lossy(text));
    assert!(status.success(), "{status}:\n{said}{complained}");
    said.into_owned()
}
