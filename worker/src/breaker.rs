//! Whether Postgres and the bucket work. While they don't, no message is taken, so that none uses up its deliveries.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sluice_common::chain::Chain;
use sluice_common::db::Db;
use sluice_common::storage::Bucket;
use tokio::sync::watch;

/// So many failures in a row are an outage and not bad luck.
const FAILURES: u32 = 5;
/// How often both are asked, while they are out, whether they are back: doubling up to the second.
const PROBES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// A breaker that opens again within this time was closed too early.
const SOON: Duration = Duration::from_mins(1);

/// Opens after failures in a row, and closes when Postgres and the bucket both answer again. Cheap to clone.
#[derive(Clone)]
pub struct Breaker {
    db: Db,
    bucket: Bucket,
    failures: Arc<AtomicU32>,
    /// When the breaker last closed, and how long was waited before that.
    last: Arc<Mutex<Option<(Instant, Duration)>>>,
    closed: watch::Sender<bool>,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(db: Db, bucket: Bucket) -> Self {
        metrics::gauge!("sluice_breaker_open").set(0);
        Self { db, bucket, failures: Arc::default(), last: Arc::default(), closed: watch::Sender::new(true) }
    }

    /// Returns when the breaker is closed.
    pub async fn closed(&self) {
        let waited = self.closed.subscribe().wait_for(|closed| *closed).await.map(drop);
        waited.expect("this breaker holds the sender");
    }

    /// Whether it is open, and if so a sentence saying what that means.
    ///
    /// # Errors
    /// The sentence.
    pub fn check(&self) -> Result<(), &'static str> {
        if *self.closed.borrow() {
            Ok(())
        } else {
            Err("the database or the bucket does not answer; no messages are taken")
        }
    }

    /// Notes that both did their part.
    pub fn succeeded(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    /// Notes that one of them did not.
    pub fn failed(&self) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if failures >= FAILURES && self.closed.send_if_modified(std::mem::take) {
            metrics::gauge!("sluice_breaker_open").set(1);
            tracing::error!(failures, "the database or the bucket does not answer; taking no messages until both do");
            tokio::spawn(self.clone().probe());
        }
    }

    async fn probe(self) {
        let mut wait = self.first_wait();
        tokio::time::sleep(wait).await;
        while let Err(error) = self.ask().await {
            tracing::warn!(error = %Chain(&*error), "still not taking messages");
            tokio::time::sleep(wait.mul_f64(rand::random_range(0.5..=1.0))).await;
            wait = (wait * 2).min(PROBES.1);
        }
        self.failures.store(0, Ordering::Relaxed);
        *self.last.lock().expect("no holder of the lock panics") = Some((Instant::now(), wait));
        metrics::gauge!("sluice_breaker_open").set(0);
        tracing::info!("the database and the bucket answer again; taking messages");
        self.closed.send_replace(true);
    }

    /// How long to wait before the first question. If the breaker opens again soon after it closed, both may answer and yet
    /// not do their part; then it is twice as long as last time.
    fn first_wait(&self) -> Duration {
        match *self.last.lock().expect("no holder of the lock panics") {
            Some((closed, wait)) if closed.elapsed() < SOON => (wait * 2).min(PROBES.1),
            _ => PROBES.0,
        }
    }

    async fn ask(&self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.db.ping().await?;
        self.bucket.ping().await?;
        Ok(())
    }
}
