//! Sluice's background worker. It takes the store's events from the queue and settles the uploads they speak of; it looks by
//! itself at what is due; it goes round the bucket for what does not belong there; it deletes what nobody wants.
//!
//! Run as many as you like: an upload is decided by whichever worker records its verdict first, and claims are made with
//! `FOR UPDATE SKIP LOCKED`.

mod backlog;
mod breaker;
pub mod by_hand;
mod cleanup;
mod concurrency;
mod consumer;
mod counting;
mod deliver;
pub mod failpoint;
mod forget;
mod health;
mod in_hand;
mod looks;
pub mod metrics;
mod presence;
mod pulse;
mod queue;
mod reconcile;
mod settings;
mod settle;
mod slots;
mod sweep;
mod tally;
mod times;

use std::sync::Arc;
use std::time::Duration;

use sluice_common::db::{Db, DbError};
use sluice_common::storage::{Bucket, SdkClients};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use looks::MOST_CUT_OFF;
pub use settings::Settings;
pub use sluice_common::envelope;
pub use times::Times;

/// Why a worker did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The database's URL is none.
    #[error("SLUICE_DATABASE_URL is not usable: {0}")]
    DatabaseUrl(String),
    /// The schema could not be brought up to date, or the database not be used.
    #[error(transparent)]
    Database(#[from] DbError),
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
    let metrics = metrics::recorder();
    let db = Db::new(&settings.database_url, settings.database_connections).map_err(WorkerError::DatabaseUrl)?;
    tracing::info!("bringing the database up to date");
    let Some(migrated) = stop.run_until_cancelled(db.migrate()).await else { return Ok(()) };
    migrated?;
    let sdk = SdkClients::load(&settings.bucket.region).await;
    let slots = slots::Slots::new(settings.concurrency);
    let bucket =
        Bucket::new(&sdk, &settings.bucket, settings.times.store_attempt, settings.times.store_copy).telling({
            let slots = slots.clone();
            move |attempt| slots.told(attempt)
        });
    let unwanted = Arc::new(Notify::new());
    let reconciler = reconcile::Reconciler::new(
        db.clone(),
        bucket.clone(),
        settings.policies.clone(),
        reconcile::Pace { every: settings.reconcile_every, grace: settings.stray_grace },
        Arc::clone(&unwanted),
    )
    .await?;
    let breaker = breaker::Breaker::new(db.clone(), bucket.clone());
    let times = &settings.times;
    let settler =
        settle::Settler::new(db.clone(), bucket.clone(), settings.policies, breaker.clone(), Arc::clone(&unwanted));
    let events = settings.queue_url.as_ref().map(|url| {
        let queue = queue::Queue::new(&sdk, url, settings.queue_endpoint.clone(), &settings.times);
        let pulse = Arc::new(pulse::Pulse::default());
        let consumer = consumer::Consumer::new(
            queue.clone(),
            settler.clone(),
            db.clone(),
            Arc::clone(&pulse),
            breaker.clone(),
            slots.clone(),
            settings.times.clone(),
        );
        Events { queue, consumer, pulse }
    });

    tracing::info!(address = %listener.local_addr()?, bucket = bucket.name(), "the worker is at work");
    // Health is answered until the very end; everything else ends when asked to.
    let ended = CancellationToken::new();
    let health = tokio::spawn(health::serve(
        listener,
        db.clone(),
        events.as_ref().map(|events| Arc::clone(&events.pulse)),
        breaker.clone(),
        times.silence,
        metrics,
        ended.clone(),
    ));
    let presence = presence::Presence {
        breaker: breaker.clone(),
        queue: events.as_ref().map(|events| (Arc::clone(&events.pulse), events.consumer.in_hand())),
        slots,
    };
    // Parts are boxed, as all of them in one future are more than the stack of a thread takes that has to move it.
    let presence = Box::pin(presence::keep(db.clone(), presence, ended.clone()));
    // A worker that nobody can ask any more stops, and is started anew.
    let health = async {
        let result = health.await;
        stop.cancel();
        result
    };
    let work = async {
        let settling = async {
            tokio::join!(
                take_events(events, times, stop.clone(), settings.grace),
                sweep::run(db.clone(), settler.clone(), breaker.clone(), stop.clone(), settings.grace),
            );
            settler.give_up().await;
        };
        tokio::join!(
            Box::pin(settling),
            Box::pin(reconciler.run(breaker.clone(), stop.clone())),
            cleanup::run(db.clone(), bucket, breaker.clone(), unwanted, stop.clone(), settings.grace),
            forget::run(db.clone(), settings.timeline_retention, breaker.clone(), stop.clone()),
            Box::pin(counting::run(db.clone(), breaker.clone(), stop.clone())),
        );
        ended.cancel();
    };
    match tokio::join!(health, work, presence).0 {
        Ok(result) => result?,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
    tracing::info!("the worker has stopped");
    Ok(())
}

/// What takes the store's events. A store that sends none has nothing for it: hints and sweeps settle everything then.
struct Events {
    queue: queue::Queue,
    consumer: consumer::Consumer,
    pulse: Arc<pulse::Pulse>,
}

async fn take_events(events: Option<Events>, times: &Times, stop: CancellationToken, grace: Duration) {
    let Some(Events { queue, consumer, pulse }) = events else { return };
    tokio::join!(consumer.run(stop.clone(), grace), backlog::watch(queue, pulse, times, stop));
}
