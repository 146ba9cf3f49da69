//! What sweeps did since the last report, summed up in memory so that a report costs next to nothing.

use std::time::{Duration, Instant};

use serde_json::json;
use sluice_common::chain::Chain;
use sluice_common::db::{Db, reports};
use tokio::sync::mpsc::UnboundedReceiver;

/// How often it is reported, at the most. A worker that dies loses the figures of this time, and nothing else.
const EVERY: Duration = Duration::from_secs(5);

/// What one look of a sweep came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swept {
    /// The upload's event had been lost, and its object was there.
    Healed,
    /// A client had asked for the look, and the object was there.
    Hinted,
    /// Nothing had come in time.
    Expired,
    /// Nothing changed.
    Nothing,
    /// The database or the store did not do its part.
    Failed,
}

/// Sums up sweeps.
#[derive(Debug)]
pub struct Tally {
    looks: u64,
    healed: u64,
    hinted: u64,
    expired: u64,
    failed: u64,
    reported: Instant,
}

impl Tally {
    /// An empty one.
    pub fn new() -> Self {
        Self { looks: 0, healed: 0, hinted: 0, expired: 0, failed: 0, reported: Instant::now() }
    }

    /// Adds one look.
    fn add(&mut self, swept: Swept) {
        self.looks += 1;
        match swept {
            Swept::Healed => self.healed += 1,
            Swept::Hinted => self.hinted += 1,
            Swept::Expired => self.expired += 1,
            Swept::Failed => self.failed += 1,
            Swept::Nothing => {}
        }
    }

    /// Adds all looks that were told of until now.
    pub fn add_all(&mut self, told: &mut UnboundedReceiver<Swept>) {
        while let Ok(swept) = told.try_recv() {
            self.add(swept);
        }
    }

    /// Whether there is something to report: looks that change nothing are no news.
    fn is_news(&self) -> bool {
        self.healed + self.hinted + self.expired + self.failed > 0
    }

    /// Reports what has come together, if it is time to.
    pub async fn report_now_and_then(&mut self, db: &Db) {
        if self.reported.elapsed() >= EVERY {
            self.report(db).await;
        }
    }

    /// Reports what has come together.
    pub async fn report(&mut self, db: &Db) {
        if !self.is_news() {
            return;
        }
        self.reported = Instant::now();
        let counts = json!({
            "looks": self.looks, "healed": self.healed, "hinted": self.hinted, "expired": self.expired, "failed": self.failed,
        });
        match reports::add_sweep(db, &counts).await {
            Ok(()) => *self = Self::new(),
            Err(error) => tracing::warn!(error = %Chain(&error), "could not report sweeps; trying again later"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_that_change_nothing_are_no_news_and_still_count() {
        let mut tally = Tally::new();
        tally.add(Swept::Nothing);
        assert!(!tally.is_news());
        tally.add(Swept::Healed);
        assert!(tally.is_news() && tally.looks == 2);
    }
}
