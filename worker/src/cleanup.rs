//! Deleting the objects that no upload wants any more.

use std::sync::Arc;
use std::time::Duration;

use sluice_common::chain::Chain;
use sluice_common::db::Db;
use sluice_common::db::unwanted_objects::{claim, done};
use sluice_common::storage::Bucket;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::breaker::Breaker;
use crate::failpoint::{Point, reach};

/// How often to ask for unwanted objects, if nobody says that there are any.
const EVERY: Duration = Duration::from_secs(2);
/// How many are deleted with one request: the most that S3 takes.
const BATCH: i64 = 1000;

/// Deletes unwanted objects until asked to stop.
pub async fn run(db: Db, bucket: Bucket, breaker: Breaker, unwanted: Arc<Notify>, stop: CancellationToken) {
    while stop.run_until_cancelled(breaker.closed()).await.is_some() {
        match delete_batch(&db, &bucket).await {
            Ok(claimed) if claimed == BATCH as usize => continue,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(error = %Chain(&*error), "could not delete unwanted objects; trying again later");
                breaker.suspect();
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(EVERY) => {}
            () = unwanted.notified() => {}
        }
    }
}

/// Deletes one batch. What the store would not delete stays claimed until it is due again. Gives how many were claimed.
pub(crate) async fn delete_batch(db: &Db, bucket: &Bucket) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
    let claimed = claim(db, BATCH).await?;
    if claimed.is_empty() {
        return Ok(0);
    }
    reach(Point::AfterClaim, "").await;
    let objects: Vec<_> = claimed.iter().map(|object| (object.key.as_str(), object.version_id.as_deref())).collect();
    let refused = bucket.delete(&objects).await?;
    reach(Point::AfterObjectDelete, "").await;
    for place in &refused {
        tracing::warn!(object.key = %claimed[*place].key, "the store would not delete an object; trying again later");
    }
    let gone = claimed.iter().enumerate().filter(|(place, _)| !refused.contains(place));
    let gone: Vec<i64> = gone.map(|(_, object)| object.id).collect();
    metrics::counter!("sluice_objects_deleted_total").increment(gone.len() as u64);
    done(db, &gone).await?;
    Ok(claimed.len())
}
