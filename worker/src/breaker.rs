//! Whether Postgres and the bucket work. While they don't, no message is taken, so that none uses up its deliveries.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use sluice_common::chain::Chain;
use sluice_common::db::Db;
use sluice_common::db::workers::Breaker as Said;
use sluice_common::domain::ObjectKey;
use sluice_common::domain::content::Wanted;
use sluice_common::storage::{Bucket, Look};
use tokio::sync::watch;
use tokio::time::Instant;

/// So many uploads in a row that could not be settled are an outage, even though both say that they are well.
const FAILURES: usize = 5;
/// How often both are asked, while they are out, whether they are back: doubling up to the second.
const PROBES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));
/// How long it stays open at the most while both say that they are well. Should it be those uploads alone that can't be
/// settled, they hold up the others for no longer; should it be all, this is how rarely it costs them a delivery.
const LONGEST: Duration = Duration::from_mins(15);

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

/// Asks both at the first failure, opens when one does not answer or upload after upload fails, and closes when both answer
/// again and what failed can be looked at. Nothing is taken meanwhile: a delivery costs more than the question. Cheap to
/// clone.
#[derive(Clone)]
pub struct Breaker {
    db: Db,
    bucket: Bucket,
    /// The keys of uploads that failed since one was settled, up to [`FAILURES`] of them.
    failed: Arc<Mutex<Vec<String>>>,
    /// How often it has opened since an upload was settled although both said that they were well.
    in_vain: Arc<AtomicU32>,
    state: watch::Sender<State>,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(db: Db, bucket: Bucket) -> Self {
        metrics::gauge!("sluice_breaker_open").set(0);
        Self { db, bucket, failed: Arc::default(), in_vain: Arc::default(), state: watch::Sender::new(State::Closed) }
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

    /// How it stands, for an operator.
    pub fn said(&self) -> Said {
        match *self.state.borrow() {
            State::Closed => Said::Closed,
            State::InDoubt => Said::InDoubt,
            State::Open(why) => Said::Open(why.to_owned()),
        }
    }

    /// Notes that both did their part.
    pub fn succeeded(&self) {
        self.failures().clear();
        self.in_vain.store(0, Ordering::Relaxed);
    }

    /// Notes that one of them did not do its part for the upload of this key.
    pub fn failed(&self, key: &str) {
        let mut failed = self.failures();
        if failed.len() < FAILURES && !failed.iter().any(|known| known == key) {
            failed.push(key.to_owned());
        }
        drop(failed);
        self.suspect();
    }

    /// Has both asked, because something failed.
    pub fn suspect(&self) {
        let doubts = |state: &mut State| {
            let is_first = *state == State::Closed;
            if is_first {
                *state = State::InDoubt;
            }
            is_first
        };
        if self.state.send_if_modified(doubts) {
            tokio::spawn(self.clone().resolve());
        }
    }

    /// Asks both, as often as it takes.
    async fn resolve(self) {
        let why = match self.ask().await {
            Ok(()) if self.failures().len() < FAILURES => return self.close(),
            Ok(()) => FAILS,
            Err(why) => why,
        };
        self.open(why);
        let (opened, mut wait) = (Instant::now(), PROBES.0);
        let at_least = if why == FAILS { self.once_more_in_vain() } else { Duration::ZERO };
        loop {
            tokio::time::sleep(wait.mul_f64(rand::random_range(0.5..=1.0))).await;
            wait = (wait * 2).min(PROBES.1);
            match self.ask_again(opened.elapsed(), at_least).await {
                Ok(()) => break,
                Err(why) => self.state.send_replace(State::Open(why)),
            };
        }
        metrics::gauge!("sluice_breaker_open").set(0);
        tracing::info!("the database and the bucket answer; taking messages");
        self.failures().clear();
        self.close();
    }

    fn open(&self, why: &'static str) {
        metrics::gauge!("sluice_breaker_open").set(1);
        self.state.send_replace(State::Open(why));
        tracing::error!("{why}");
    }

    /// How long to stay open, each time for longer.
    fn once_more_in_vain(&self) -> Duration {
        let times = self.in_vain.fetch_add(1, Ordering::Relaxed);
        (PROBES.0 * 2_u32.saturating_pow(times.min(20))).min(LONGEST)
    }

    fn close(&self) {
        self.state.send_replace(State::Closed);
    }

    fn failures(&self) -> MutexGuard<'_, Vec<String>> {
        self.failed.lock().expect("no holder of the lock panics")
    }

    /// Asks whether both can do their part, and whether what failed would do so again.
    async fn ask_again(&self, open_for: Duration, at_least: Duration) -> Result<(), &'static str> {
        self.ask().await?;
        let failed = self.failures().clone();
        if failed.len() < FAILURES || open_for >= LONGEST {
            return Ok(());
        }
        if open_for < at_least {
            return Err(FAILS);
        }
        for key in &failed {
            // One that is gone says nothing of those that are there.
            let look = self.bucket.inspect(&ObjectKey::recorded(key.clone()), Wanted::default()).await;
            if let Ok(Look::Object(_)) = look {
                return Ok(());
            }
        }
        Err(FAILS)
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
