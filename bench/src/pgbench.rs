//! A yardstick: Postgres's own pgbench, with the one INSERT of a plain application.

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;

use crate::stage::{Stage, connect};

/// Its script and its table, as they are in the repository.
const INSERT: &str = include_str!("../yardsticks/insert.sql");
const TABLES: &str = include_str!("../yardsticks/tables.sql");

/// pgbench on a database of its own.
pub struct Pgbench {
    database: String,
    script: PathBuf,
}

/// What it says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inserted {
    /// Rows a second.
    pub rate: f64,
    /// How long one took on average, in milliseconds.
    pub latency: f64,
}

impl Pgbench {
    /// Makes its tables.
    pub async fn prepare(stage: &Stage) -> Self {
        let database = stage.create_database("pgbench").await;
        connect(&database).await.batch_execute(TABLES).await.expect("the tables can be made");
        let script = stage.logs.join("insert.sql");
        std::fs::write(&script, INSERT).expect("the folder of logs can be written");
        Self { database, script }
    }

    /// Inserts rows, one a statement, from so many connections, for so long: whole seconds, at least one.
    ///
    /// # Panics
    /// Where it can't be run.
    pub async fn insert(&self, connections: usize, time: Duration) -> Inserted {
        // Its time begins before it is connected.
        let seconds = time.as_secs().max(1) + connections as u64 / 64;
        let mut said = String::new();
        // On a busy machine the time can be over before all are connected.
        for seconds in [seconds, seconds * 2, seconds * 4] {
            said = self.run(connections, seconds).await;
            if let Some(inserted) = parse(&said) {
                return inserted;
            }
        }
        panic!("pgbench: {said}");
    }

    async fn run(&self, connections: usize, seconds: u64) -> String {
        let (clients, seconds, threads) =
            (connections.to_string(), seconds.to_string(), connections.min(2).to_string());
        let mut command = Command::new("pgbench");
        command.args(["-n", "-M", "prepared", "-c", &clients, "-j", &threads, "-T", &seconds, "-f"]);
        command.arg(&self.script).arg(&self.database).kill_on_drop(true);
        let output = command.output().await.expect("pgbench is installed: it comes with Postgres");
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat()
    }
}

/// Reads what it prints, which is not counted with the time that it took to connect.
fn parse(text: &str) -> Option<Inserted> {
    let number = |beginning: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(beginning))?;
        line.split_whitespace().next()?.parse().ok()
    };
    Some(Inserted { rate: number("tps = ")?, latency: number("latency average = ")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pgbench_prints_is_read() {
        let text = "number of failed transactions: 0 (0.000%)\nlatency average = 0.243 ms\ninitial connection time = 3.1 ms\n\
            tps = 4112.502211 (without initial connection time)\n";
        assert_eq!(parse(text), Some(Inserted { rate: 4112.502211, latency: 0.243 }));
        assert_eq!(parse("pgbench: error: connection failed"), None);
    }
}
