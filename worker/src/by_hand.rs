//! A worker that does one step when it is told to, and nothing by itself: for tests of what happens in between.

use std::sync::Arc;

use sluice_common::db::{Db, DbError};
use sluice_common::storage::{Bucket, SdkClients};
use tokio::sync::Notify;

use crate::breaker::Breaker;
use crate::queue::Queue;
use crate::settle::Settler;
use crate::{Settings, cleanup, consumer, deliver, sweep};

/// Why a step was not done.
pub type StepError = Box<dyn std::error::Error + Send + Sync>;

/// A worker's parts, without the loops that drive them.
#[derive(Clone)]
pub struct ByHand {
    queue: Queue,
    settler: Settler,
    db: Db,
    bucket: Bucket,
}

impl ByHand {
    /// The parts of a worker with these settings, on a database that is up to date.
    ///
    /// # Errors
    /// A sentence saying what is wrong with the database's URL.
    pub async fn new(settings: Settings) -> Result<Self, String> {
        let db = Db::new(&settings.database_url, settings.database_connections)?;
        let sdk = SdkClients::load(&settings.bucket.region).await;
        let bucket = Bucket::new(&sdk, &settings.bucket);
        let breaker = Breaker::new(db.clone(), bucket.clone());
        let settler = Settler::new(db.clone(), bucket.clone(), settings.policies, breaker, Arc::new(Notify::new()));
        Ok(Self { queue: Queue::new(&sdk, &settings.queue_url, settings.queue_endpoint), settler, db, bucket })
    }

    /// Takes the messages that one receive gives, settles what they speak of and answers them, all at the same time.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn take(&self) -> Result<(), StepError> {
        let deliveries = self.queue.receive(crate::queue::BATCH).await?;
        let answered = deliveries.into_iter().map(|delivery| async {
            let answer = deliver::settle_delivery(&self.settler, &delivery).await;
            consumer::tell(&self.queue, &self.db, delivery, answer).await;
        });
        futures_util::future::join_all(answered).await;
        Ok(())
    }

    /// Looks at one batch of due uploads.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn sweep(&self) -> Result<(), DbError> {
        sweep::look_at_due(&self.db, &self.settler).await.map(drop)
    }

    /// Deletes one batch of unwanted objects.
    ///
    /// # Errors
    /// Where the database or the store does not answer.
    pub async fn clean_up(&self) -> Result<(), StepError> {
        cleanup::delete_batch(&self.db, &self.bucket).await.map(drop)
    }
}
