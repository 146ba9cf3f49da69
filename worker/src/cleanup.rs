//! Deleting the objects and the parts that no upload wants any more.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use sluice_common::chain::Chain;
use sluice_common::db::Db;
use sluice_common::db::unwanted_objects::{UnwantedObject, claim, done};
use sluice_common::storage::{Aborted, Bucket, StoreError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::breaker::Breaker;
use crate::failpoint::{Point, reach};

/// How often to ask for unwanted objects, if nobody says that there are any.
const EVERY: Duration = Duration::from_secs(2);
/// How many are deleted with one request: the most that S3 takes.
const BATCH: i64 = 1000;
/// How many multipart uploads are aborted at the same time. Each takes a request of its own, and one to see that it is gone.
const AT_ONCE: usize = 16;

/// Deletes unwanted objects until asked to stop, and finishes the batch in hand within the grace. What is not finished comes
/// due again.
pub async fn run(
    db: Db,
    bucket: Bucket,
    breaker: Breaker,
    unwanted: Arc<Notify>,
    stop: CancellationToken,
    grace: Duration,
) {
    let over = async {
        stop.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        () = delete_until(&db, &bucket, &breaker, &unwanted, &stop) => {}
        () = over => {}
    }
}

async fn delete_until(db: &Db, bucket: &Bucket, breaker: &Breaker, unwanted: &Notify, stop: &CancellationToken) {
    while stop.run_until_cancelled(breaker.closed()).await.is_some() {
        match delete_batch(db, bucket).await {
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
    let count = claimed.len();
    let (multiparts, objects): (Vec<_>, Vec<_>) =
        claimed.into_iter().partition(|unwanted| unwanted.multipart_id.is_some());
    let mut gone = abort_each(bucket, multiparts).await;
    gone.extend(delete_all(bucket, &objects).await?);
    reach(Point::AfterObjectDelete, "").await;
    done(db, &gone).await?;
    Ok(count)
}

/// Deletes objects with one request. Gives the ids of those that are gone.
async fn delete_all(bucket: &Bucket, unwanted: &[UnwantedObject]) -> Result<Vec<i64>, StoreError> {
    if unwanted.is_empty() {
        return Ok(Vec::new());
    }
    let objects: Vec<_> = unwanted.iter().map(|object| (object.key.as_str(), object.version_id.as_deref())).collect();
    let refused = bucket.delete(&objects).await?;
    for place in &refused {
        tracing::warn!(object.key = %unwanted[*place].key, "the store would not delete an object; trying again later");
    }
    let gone = unwanted.iter().enumerate().filter(|(place, _)| !refused.contains(place));
    let gone: Vec<i64> = gone.map(|(_, object)| object.id).collect();
    metrics::counter!("sluice_objects_deleted_total").increment(gone.len() as u64);
    Ok(gone)
}

/// Aborts multipart uploads, one by one. Gives the ids of those of which nothing is left.
async fn abort_each(bucket: &Bucket, unwanted: Vec<UnwantedObject>) -> Vec<i64> {
    let aborted = stream::iter(unwanted).map(|unwanted: UnwantedObject| async move {
        let id = unwanted.multipart_id.as_deref().unwrap_or_default();
        match bucket.abort_multipart(&unwanted.key, id).await {
            Ok(Aborted::Gone) => return Some(unwanted.id),
            Ok(Aborted::PartsLeft) => {
                tracing::info!(object.key = %unwanted.key, "parts have come after their upload was aborted; aborting again");
            }
            Err(error) => {
                tracing::warn!(
                    error = %Chain(&error), object.key = %unwanted.key,
                    "could not abort a multipart upload; trying again later"
                );
            }
        }
        None
    });
    let gone: Vec<i64> = aborted.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
    metrics::counter!("sluice_multipart_aborted_total").increment(gone.len() as u64);
    gone
}
