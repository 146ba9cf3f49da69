//! Going round the bucket, a page at a time: strays are marked for deletion, objects and half-done multipart uploads alike;
//! vanished objects are reported.
//!
//! All workers share one round. Each step claims the page that is due with a conditional write, and what it comes to is
//! recorded only if the claim still holds, so nobody has to lead and nothing is reported twice.

mod page;
mod sort;

use std::sync::Arc;
use std::time::Duration;

use sluice_common::chain::Chain;
use sluice_common::db::reconcile::{self, Claim, Counts, Recorded};
use sluice_common::db::{Db, DbError};
use sluice_common::domain::Policies;
use sluice_common::storage::Bucket;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::breaker::Breaker;
use page::{BETWEEN_PAGES, ReconcileError};

pub use page::Pace;

/// How often to ask whether a page is due, at the least.
const EVERY: Duration = Duration::from_secs(10);
/// For how long a page is claimed. It delays the round when a worker dies; a shorter one would be passed from worker to
/// worker while the store is slow.
const LEASE: Duration = Duration::from_mins(10);
/// The longest that a page may take: less than its lease.
const AT_MOST: Duration = Duration::from_mins(5);
/// When a page is tried again that failed.
const RETRY: Duration = Duration::from_mins(1);

/// What comes after a step.
enum Next {
    /// The round's next page, which is due soon.
    Page,
    /// Nothing that this worker knows of.
    Nothing,
}

/// Goes round the bucket.
pub struct Reconciler {
    db: Db,
    bucket: Bucket,
    policies: Policies,
    pace: Pace,
    /// Rung when an object became unwanted.
    unwanted: Arc<Notify>,
}

impl Reconciler {
    /// A reconciler that rings `unwanted` when it left something to delete.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn new(
        db: Db,
        bucket: Bucket,
        policies: Policies,
        pace: Pace,
        unwanted: Arc<Notify>,
    ) -> Result<Self, DbError> {
        reconcile::prepare(&db, bucket.name(), pace.every).await?;
        Ok(Self { db, bucket, policies, pace, unwanted })
    }

    /// Reconciles whatever page is due until asked to stop.
    pub async fn run(self, breaker: Breaker, stop: CancellationToken) {
        while stop.run_until_cancelled(breaker.closed()).await.is_some() {
            let idle = EVERY.min(self.pace.every).mul_f64(rand::random_range(0.5..=1.0));
            let pause = match self.step(&stop).await {
                Ok(Next::Page) => BETWEEN_PAGES,
                Ok(Next::Nothing) => idle,
                Err(error) => {
                    tracing::error!(error = %Chain(&error), "could not ask for a page to reconcile; asking again");
                    idle
                }
            };
            stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }

    /// Reconciles one page, if one is due and no other worker is at it.
    async fn step(&self, stop: &CancellationToken) -> Result<Next, DbError> {
        let bucket = self.bucket.name();
        let claimed = reconcile::claim(&self.db, bucket, LEASE, self.pace.grace).await?;
        let Some(claim) = claimed else { return Ok(Next::Nothing) };
        let retry = match stop.run_until_cancelled(self.reconcile(&claim)).await {
            Some(Ok(next)) => return Ok(next),
            Some(Err(error)) => {
                tracing::warn!(error = %Chain(&error), "could not reconcile a page of the bucket; trying again later");
                RETRY
            }
            // Whoever goes on takes it at once.
            None => Duration::ZERO,
        };
        reconcile::put_off(&self.db, bucket, claim.step, retry).await?;
        Ok(Next::Nothing)
    }

    async fn reconcile(&self, claim: &Claim) -> Result<Next, ReconcileError> {
        let looking = page::look(&self.db, &self.bucket, &self.policies, claim, self.pace);
        let page = tokio::time::timeout(AT_MOST, looking).await??;
        let recorded = reconcile::record(&self.db, self.bucket.name(), claim.step, &page).await?;
        let Some(recorded) = recorded else { return Ok(Next::Nothing) };
        self.tell(claim, &recorded);
        if page.cursor.is_some() {
            return Ok(Next::Page);
        }
        report(&recorded.counts, page.trusted);
        Ok(Next::Nothing)
    }

    fn tell(&self, claim: &Claim, recorded: &Recorded) {
        let strays = recorded.counts.strays - claim.counts.strays;
        if strays > 0 {
            metrics::counter!("sluice_strays_total").increment(strays.unsigned_abs());
            tracing::info!(strays, "found objects or parts that no upload owns; they are going to be deleted");
            self.unwanted.notify_one();
        }
        metrics::counter!("sluice_vanished_total").increment(recorded.vanished.len() as u64);
        for id in &recorded.vanished {
            tracing::error!(upload.id = %id, "upload {id} is confirmed and its object is not in the bucket");
        }
    }
}

fn report(counts: &Counts, trusted: bool) {
    let Counts { pages, objects, owned, young, foreign, without_upload, multipart, strays, vanished } = *counts;
    tracing::info!(
        pages,
        objects,
        owned,
        young,
        foreign,
        without_upload,
        multipart,
        strays,
        vanished,
        "reconciled the bucket with the uploads"
    );
    if without_upload > 0 && trusted {
        tracing::warn!(
            without_upload,
            "there are objects whose upload is not in the database; they are deleted after the grace"
        );
    }
    if !trusted {
        tracing::error!(
            owned,
            without_upload,
            "most objects have no upload, so none is deleted for that: is this the database of this bucket?"
        );
    }
}
