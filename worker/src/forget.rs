//! Forgetting idempotency keys whose time is over.

use std::time::Duration;

use sluice_common::chain::Chain;
use sluice_common::db::{Db, idempotency_keys};
use tokio_util::sync::CancellationToken;

use crate::breaker::Breaker;

/// How often to ask for old keys. Nobody waits for them to go.
const EVERY: Duration = Duration::from_mins(1);
/// How many are removed by one statement: few enough for it to be short.
const BATCH: i64 = 1000;

/// Removes old keys until asked to stop.
pub async fn run(db: Db, breaker: Breaker, stop: CancellationToken) {
    while stop.run_until_cancelled(breaker.closed()).await.is_some() {
        match idempotency_keys::forget(&db, BATCH).await {
            Ok(gone) if gone == BATCH as usize => continue,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(error = %Chain(&error), "could not forget old idempotency keys; trying again later");
                breaker.suspect();
            }
        }
        stop.run_until_cancelled(tokio::time::sleep(EVERY)).await;
    }
}
