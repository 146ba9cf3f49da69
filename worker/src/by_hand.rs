//! A worker that does one step when it is told to, and nothing by itself: for tests of what happens in between. The loops with
//! their slots, their breaker and their keeping hidden are tested as processes.

use std::sync::Arc;
use std::time::Duration;

use sluice_common::db::uploads::claim_due;
use sluice_common::db::{Db, DbError};
use sluice_common::storage::{Bucket, SdkClients};
use tokio::sync::Notify;

use crate::breaker::Breaker;
use crate::queue::Queue;
use crate::settle::Settler;
use crate::{Settings, cleanup, consumer, deliver, sweep};

/// How many due uploads one step looks at.
const DUE: i64 = 100;

/// Why a step was not done.
pub type StepError = Box<dyn std::error::Error + Send + Sync>;

/// A worker's parts, without the loops that drive them.
#[derive(Clone)]
pub struct ByHand {
    queue: Queue,
    long_poll: Duration,
    settler: Settler,
    db: Db,
    bucket: Bucket,
    breaker: Breaker,
}

impl ByHand {
    /// The parts of a worker with these settings, on a database that is up to date.
    ///
    /// # Errors
    /// A sentence saying what is wrong with the database's URL, or that there is no queue.
    pub async fn new(settings: Settings) -> Result<Self, String> {
        let db = Db::new(&settings.database_url, settings.database_connections)?;
        let sdk = SdkClients::load(&settings.bucket.region).await;
        let bucket = Bucket::new(&sdk, &settings.bucket, settings.times.store_attempt, settings.times.store_copy);
        let breaker = Breaker::new(db.clone(), bucket.clone());
        let settler =
            Settler::new(db.clone(), bucket.clone(), settings.policies, breaker.clone(), Arc::new(Notify::new()));
        let queue_url = settings.queue_url.ok_or("there is no queue to take from")?;
        Ok(Self {
            queue: Queue::new(&sdk, &queue_url, settings.queue_endpoint, &settings.times),
            long_poll: settings.times.long_poll,
            settler,
            db,
            bucket,
            breaker,
        })
    }

    /// Takes the messages that one receive gives, settles what they speak of and answers them, all at the same time.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn take(&self) -> Result<(), StepError> {
        let deliveries = self.queue.receive(crate::queue::BATCH, self.long_poll).await?;
        let answered = deliveries.into_iter().map(|delivery| async {
            let answer = deliver::settle_delivery(&self.settler, &delivery).await;
            consumer::tell(&self.queue, &self.db, &self.breaker, delivery, answer).await;
        });
        futures_util::future::join_all(answered).await;
        self.settler.looks_are_told().await;
        Ok(())
    }

    /// Looks at one batch of due uploads.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn sweep(&self) -> Result<(), DbError> {
        let looks = claim_due(&self.db, DUE).await?.into_iter().map(|due| sweep::look(&self.settler, due));
        futures_util::future::join_all(looks).await;
        self.settler.looks_are_told().await;
        Ok(())
    }

    /// Deletes one batch of unwanted objects.
    ///
    /// # Errors
    /// Where the database or the store does not answer.
    pub async fn clean_up(&self) -> Result<(), StepError> {
        cleanup::delete_batch(&self.db, &self.bucket).await.map(drop)
    }
}
