//! Counting what happens to uploads, so that an operator's view counts nothing.

use std::time::Duration;

use sluice_common::chain::Chain;
use sluice_common::db::counting::{self, STRETCH};
use sluice_common::db::{Db, DbError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::breaker::Breaker;

/// How often to count what has come. Of several workers the others then find nothing to do.
const EVERY: Duration = Duration::from_secs(2);
/// How often old counts are forgotten.
const FORGET_EVERY: Duration = Duration::from_mins(10);
/// How many old counts of each length go with one statement.
const BATCH: i64 = 1000;

/// Counts until asked to stop.
pub async fn run(db: Db, breaker: Breaker, stop: CancellationToken) {
    let mut forgotten = Instant::now();
    while stop.run_until_cancelled(breaker.closed()).await.is_some() {
        let is_more = match step(&db, &mut forgotten).await {
            Ok(is_more) => is_more,
            Err(error) => {
                tracing::error!(error = %Chain(&error), "could not count what happened to uploads; trying again later");
                // A bug in counting is no reason to stop taking messages.
                if let DbError::Unavailable { .. } = error {
                    breaker.suspect();
                }
                false
            }
        };
        if !is_more {
            stop.run_until_cancelled(tokio::time::sleep(EVERY)).await;
        }
    }
}

/// Counts a stretch, or forgets a batch. Says whether there is more to do.
async fn step(db: &Db, forgotten: &mut Instant) -> Result<bool, DbError> {
    if counting::count(db).await? == STRETCH {
        return Ok(true);
    }
    if forgotten.elapsed() < FORGET_EVERY {
        return Ok(false);
    }
    let is_more = counting::forget(db, BATCH).await? >= BATCH as usize;
    if !is_more {
        *forgotten = Instant::now();
    }
    Ok(is_more)
}
