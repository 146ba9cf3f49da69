//! A soak: a whole pipeline under load for as long as one likes, while everything that can go wrong does, by a seed.
//!
//! S3 and SQS are the fake, with faults at every seam; Postgres is real, loses connections and goes away; the workers are
//! real processes that are killed, stopped and frozen. In the end the faults cease, the pipeline comes to rest, and what
//! must hold is checked.

mod checks;
mod clients;
mod faults;
mod figures;
mod grant;
mod ledger;
mod logs;
mod outages;
mod progress;
mod quiet;
mod stage;
mod tally;
mod workers;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) use self::clients::etag_of;
use self::stage::Stage;
use self::workers::Workers;

/// What one may choose about a soak.
#[derive(Debug, Clone)]
pub struct Soak {
    /// For how long there is load and trouble.
    pub time: Duration,
    /// What decides who does what and what goes wrong; who comes first is up to the machine.
    pub seed: u64,
    /// How many workers there are.
    pub workers: usize,
    /// How many clients there are, each with one upload in hand at a time.
    pub clients: usize,
    /// The worker's binary.
    pub binary: PathBuf,
    /// A folder for the workers' logs.
    pub logs: PathBuf,
}

impl Soak {
    /// Runs it, showing how it goes. Gives what should not be so in the end: nothing, if all is well.
    ///
    /// # Panics
    /// Where there is no Postgres at `SLUICE_TEST_DATABASE_URL`, or the worker's binary does not start.
    pub async fn run(self) -> Vec<String> {
        let stage = Stage::set(self.seed).await;
        let workers = Workers::start(&self, stage.settings(), stage.tally.clone());
        let trouble = CancellationToken::new();
        let mut running = JoinSet::new();
        running.spawn(faults::events(
            std::sync::Arc::clone(&stage.fake),
            stage.tally.clone(),
            self.dice(2),
            trouble.clone(),
        ));
        running.spawn(outages::kill_connections(
            stage.database_url(),
            stage.tally.clone(),
            self.dice(3),
            trouble.clone(),
        ));
        let outages = outages::Outages::prepare(&stage).await;
        running.spawn(outages.befall(self.dice(4), trouble.clone()));
        faults::befall(&stage.fake, &stage.tally, self.seed);
        for number in 0..self.clients {
            running.spawn(clients::Client::new(&stage, number).use_it(self.dice(100 + number as u64), trouble.clone()));
        }
        let harassed = tokio::spawn(workers.harass(self.dice(1), trouble.clone()));

        let started = Instant::now();
        progress::show(&stage, self.time, started).await;
        trouble.cancel();
        let mut workers = harassed.await.expect("who kills workers does not die");
        while let Some(ended) = running.join_next().await {
            ended.expect("no client and no trouble panics");
        }
        let loaded = started.elapsed();
        stage.heal();
        workers.start_missing();
        let mut wrong = quiet::come_to_rest(&stage).await;
        workers.measure();
        wrong.extend(workers.stop_all().await);
        wrong.extend(checks::of_database(&stage).await);
        wrong.extend(checks::of_uploads(&stage).await);
        wrong.extend(logs::check(&self.logs, &stage, &workers.deaths).await);
        figures::print(&stage, &workers, loaded).await;
        wrong
    }

    /// Dice of its own for each part, so that none depends on how often another throws.
    fn dice(&self, part: u64) -> StdRng {
        StdRng::seed_from_u64(self.seed.wrapping_mul(1_000_003).wrapping_add(part))
    }
}
