//! Sluice's background worker. It takes the store's events from the queue and settles the uploads they speak of; it looks by
//! itself at what is due; it deletes what nobody wants.
//!
//! Run as many as you like: an upload is decided by whichever worker records its verdict first, and claims are made with
//! `FOR UPDATE SKIP LOCKED`.

mod breaker;
pub mod by_hand;
mod cleanup;
mod consumer;
mod deliver;
pub mod envelope;
mod health;
mod pulse;
mod queue;
mod settings;
mod settle;
mod sweep;

use std::sync::Arc;

use sluice_common::db::{Db, DbError};
use sluice_common::storage::{Bucket, SdkClients};
use sluice_common::telemetry;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use settings::Settings;

/// Why a worker did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The database's URL is none.
    #[error("SLUICE_DATABASE_URL is not usable: {0}")]
    DatabaseUrl(String),
    /// The schema could not be brought up to date.
    #[error(transparent)]
    Migration(#[from] DbError),
    /// The health server failed.
    #[error("could not answer about health")]
    Health(#[from] std::io::Error),
}

/// Works until asked to stop, and then until what was in hand is finished.
///
/// # Errors
/// Where it can't start.
pub async fn run(
    settings: Settings,
    listener: tokio::net::TcpListener,
    stop: CancellationToken,
) -> Result<(), WorkerError> {
    let db = Db::new(&settings.database_url, settings.database_connections).map_err(WorkerError::DatabaseUrl)?;
    db.migrate().await?;
    let sdk = SdkClients::load(&settings.bucket.region).await;
    let bucket = Bucket::new(&sdk, &settings.bucket);
    let queue = queue::Queue::new(&sdk, &settings.queue_url, settings.queue_endpoint);
    let unwanted = Arc::new(Notify::new());
    let breaker = breaker::Breaker::new(db.clone(), bucket.clone());
    let settler =
        settle::Settler::new(db.clone(), bucket.clone(), settings.policies, breaker.clone(), Arc::clone(&unwanted));
    let pulse = Arc::new(pulse::Pulse::default());
    let consumer = consumer::Consumer::new(
        queue,
        settler.clone(),
        db.clone(),
        Arc::clone(&pulse),
        breaker.clone(),
        settings.concurrency,
    );

    tracing::info!(address = ?listener.local_addr().ok(), bucket = bucket.name(), "the worker is at work");
    // Health is answered until the very end; everything else ends when asked to.
    let ended = CancellationToken::new();
    let health =
        tokio::spawn(health::serve(listener, db.clone(), pulse, breaker.clone(), telemetry::metrics(), ended.clone()));
    tokio::join!(
        consumer.run(stop.clone(), settings.grace),
        sweep::run(db.clone(), settler, breaker, stop.clone()),
        cleanup::run(db, bucket, unwanted, stop),
    );
    ended.cancel();
    match health.await {
        Ok(result) => result?,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
    tracing::info!("the worker has stopped");
    Ok(())
}
