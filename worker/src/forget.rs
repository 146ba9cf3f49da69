//! Forgetting what is old: idempotency keys whose time is over, and lines of the timeline.

use std::time::Duration;

use sluice_common::chain::Chain;
use sluice_common::db::{Db, DbError, idempotency_keys, timeline};
use tokio_util::sync::CancellationToken;

use crate::breaker::Breaker;

/// How often to ask for what is old. Nobody waits for it to go.
const EVERY: Duration = Duration::from_mins(1);
/// How many of each are removed by one statement: few enough for it to be short.
const BATCH: i64 = 1000;

/// Removes old keys, and lines older than `kept`, until asked to stop.
pub async fn run(db: Db, kept: Option<Duration>, breaker: Breaker, stop: CancellationToken) {
    while stop.run_until_cancelled(breaker.closed()).await.is_some() {
        match batch(&db, kept).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                tracing::error!(error = %Chain(&error), "could not forget what is old; trying again later");
                breaker.suspect();
            }
        }
        stop.run_until_cancelled(tokio::time::sleep(EVERY)).await;
    }
}

/// Removes a batch of each. Says whether there may be more.
async fn batch(db: &Db, kept: Option<Duration>) -> Result<bool, DbError> {
    let keys = idempotency_keys::forget(db, BATCH).await?;
    let lines = match kept {
        Some(kept) => timeline::forget(db, kept, BATCH).await?,
        None => 0,
    };
    Ok(keys.max(lines) == BATCH as usize)
}
