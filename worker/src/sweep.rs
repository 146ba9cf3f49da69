//! Looking by itself: what a client hinted at, what has waited long for its event, and what is overdue.

use std::sync::Arc;
use std::time::Duration;

use sluice_common::chain::Chain;
use sluice_common::db::listen::{DUE, Heard};
use sluice_common::db::timeline::Cause;
use sluice_common::db::uploads::{Due, claim_due};
use sluice_common::db::{Db, DbError};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::breaker::Breaker;
use crate::settle::{Settled, Settler};

/// How often to ask for what is due, if nobody says that something is.
const EVERY: Duration = Duration::from_secs(1);
/// How long to wait when the database does not answer.
const PAUSE: Duration = Duration::from_secs(5);
/// How many uploads are looked at at the same time. A look that takes long holds up no other.
const AT_ONCE: usize = 32;

/// Looks at what is due until asked to stop, and finishes the looks it has begun within the grace. What is not finished is
/// looked at again when it is next due.
pub async fn run(db: Db, settler: Settler, breaker: Breaker, stop: CancellationToken, grace: Duration) {
    let (slots, looks) = (Arc::new(Semaphore::new(AT_ONCE)), TaskTracker::new());
    let mut hints = db.listen(DUE);
    // A look that fails is put off, so none is begun during an outage.
    while stop.run_until_cancelled(breaker.closed()).await.is_some() {
        let pause = match begin_looks(&db, &settler, &slots, &looks).await {
            // There may be more: as soon as there is a slot.
            Ok(begun) if begun > 0 && slots.available_permits() == 0 => {
                stop.run_until_cancelled(slots.acquire()).await;
                continue;
            }
            Ok(_) => EVERY,
            Err(error) => {
                tracing::error!(error = %Chain(&error), "could not ask for due uploads; asking again");
                PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
            () = hinted(&mut hints) => {}
        }
    }
    looks.close();
    let _ = tokio::time::timeout(grace, looks.wait()).await;
}

/// Returns when somebody asks for a look. All that was said until now counts as one.
async fn hinted(hints: &mut UnboundedReceiver<Heard>) {
    if hints.recv().await.is_none() {
        std::future::pending::<()>().await;
    }
    while hints.try_recv().is_ok() {}
}

/// Begins looks at due uploads, as many as there are free slots. Gives how many.
async fn begin_looks(
    db: &Db,
    settler: &Settler,
    slots: &Arc<Semaphore>,
    looks: &TaskTracker,
) -> Result<usize, DbError> {
    let free = slots.available_permits();
    let due = claim_due(db, i64::try_from(free).expect("a few")).await?;
    let begun = due.len();
    for due in due {
        let slot = Arc::clone(slots).try_acquire_owned().expect("only this loop takes slots");
        let settler = settler.clone();
        looks.spawn(async move {
            look(&settler, due).await;
            drop(slot);
        });
    }
    Ok(begun)
}

/// Looks at one upload; expires it only if the bucket answered that there is nothing.
async fn look(settler: &Settler, Due { upload, overdue, hinted }: Due) {
    let cause = if hinted { Cause::Hint } else { Cause::Sweep };
    let settled = match settler.settle(upload.clone(), cause).await {
        Ok(Settled::NothingThere) if overdue => settler.expire(&upload).await,
        other => other,
    };
    if let Err(error) = settled {
        let id = upload.id;
        tracing::warn!(error = %Chain(&error), upload.id = %id, "could not settle upload {id}; looking again later");
    }
}
