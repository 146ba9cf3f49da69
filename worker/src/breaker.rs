//! Whether Postgres and the bucket work. While they don't, no message is taken, so that none uses up its deliveries.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sluice_common::chain::Chain;
use sluice_common::db::Db;
use sluice_common::storage::Bucket;
use tokio::sync::watch;

/// So many failures in a row are an outage, even though both say that they are well.
const FAILURES: u32 = 5;
/// How often both are asked, while they are out, whether they are back: doubling up to the second.
const PROBES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));

/// What that looks like.
const FAILS: &str = "no messages are taken: the database and the bucket answer, and yet nothing can be settled";

/// What the breaker makes of Postgres and the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// They work.
    Closed,
    /// One of them failed, and both are being asked about it.
    InDoubt,
    /// They don't, which this sentence says more of.
    Open(&'static str),
}

/// Asks both at the first failure, opens when one does not answer or they go on failing, and closes when both answer again.
/// Nothing is taken meanwhile: a delivery costs more than the question. Cheap to clone.
#[derive(Clone)]
pub struct Breaker {
    db: Db,
    bucket: Bucket,
    failures: Arc<AtomicU32>,
    state: watch::Sender<State>,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(db: Db, bucket: Bucket) -> Self {
        metrics::gauge!("sluice_breaker_open").set(0);
        Self { db, bucket, failures: Arc::default(), state: watch::Sender::new(State::Closed) }
    }

    /// Returns when the breaker is closed.
    pub async fn closed(&self) {
        let waited = self.state.subscribe().wait_for(|state| *state == State::Closed).await.map(drop);
        waited.expect("this breaker holds the sender");
    }

    /// Whether it is open, and if so a sentence saying why.
    ///
    /// # Errors
    /// The sentence.
    pub fn check(&self) -> Result<(), &'static str> {
        match *self.state.borrow() {
            State::Open(why) => Err(why),
            State::Closed | State::InDoubt => Ok(()),
        }
    }

    /// Notes that both did their part.
    pub fn succeeded(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    /// Notes that settling an upload failed for one of them. All that fails while they are asked about it counts as one.
    pub fn failed(&self) {
        if *self.state.borrow() == State::Closed {
            let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
            self.doubt(failures);
        }
    }

    /// Has both asked because something else failed than settling, which says less about them.
    pub fn suspect(&self) {
        self.doubt(0);
    }

    fn doubt(&self, failures: u32) {
        let doubts = |state: &mut State| {
            let is_first = *state == State::Closed;
            if is_first {
                *state = State::InDoubt;
            }
            is_first
        };
        if self.state.send_if_modified(doubts) {
            tokio::spawn(self.clone().resolve(failures));
        }
    }

    /// Asks both, as often as it takes.
    async fn resolve(self, failures: u32) {
        let (why, mut wait) = match self.ask().await {
            Ok(()) if failures < FAILURES => return self.close(),
            Ok(()) => (FAILS, PROBES.0 * 2_u32.saturating_pow(failures - FAILURES)),
            Err(why) => (why, PROBES.0),
        };
        self.open(failures, why);
        loop {
            wait = wait.min(PROBES.1);
            tokio::time::sleep(wait.mul_f64(rand::random_range(0.5..=1.0))).await;
            let Err(why) = self.ask().await else { break };
            self.state.send_replace(State::Open(why));
            wait *= 2;
        }
        metrics::gauge!("sluice_breaker_open").set(0);
        tracing::info!("the database and the bucket answer; taking messages");
        self.close();
    }

    fn open(&self, failures: u32, why: &'static str) {
        metrics::gauge!("sluice_breaker_open").set(1);
        self.state.send_replace(State::Open(why));
        tracing::error!(failures, "{why}");
    }

    fn close(&self) {
        self.state.send_replace(State::Closed);
    }

    /// Asks whether both can do their part. Gives a sentence that says who can't, and logs the rest.
    async fn ask(&self) -> Result<(), &'static str> {
        let failed = |error: &dyn std::error::Error, why| {
            tracing::warn!(error = %Chain(error), "{why}");
            why
        };
        match self.db.takes_writes().await {
            Ok(true) => {}
            Ok(false) => return Err("no messages are taken: the database takes no writes"),
            Err(error) => return Err(failed(&error, "no messages are taken: the database does not answer")),
        }
        self.bucket.ping().await.map_err(|error| failed(&error, "no messages are taken: the bucket does not answer"))
    }
}
