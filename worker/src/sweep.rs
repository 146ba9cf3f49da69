//! Looking by itself: what a client hinted at, what has waited long for its event, and what is overdue.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use sluice_common::chain::Chain;
use sluice_common::db::listen::{DUE, Heard};
use sluice_common::db::timeline::Cause;
use sluice_common::db::uploads::{Due, claim_due};
use sluice_common::db::{Db, DbError};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

use crate::breaker::Breaker;
use crate::settle::{SettleError, Settled, Settler};

/// How often to ask for what is due, if nobody says that something is.
const EVERY: Duration = Duration::from_secs(1);
/// How long to wait when the database does not answer.
const PAUSE: Duration = Duration::from_secs(5);
/// How many uploads are claimed at once, and how many of them are looked at at the same time.
const BATCH: i64 = 100;
const AT_ONCE: usize = 16;

/// Looks at what is due until asked to stop.
pub async fn run(db: Db, settler: Settler, breaker: Breaker, stop: CancellationToken) {
    let mut hints = db.listen(DUE);
    // A look that fails is put off, so none is begun during an outage.
    while stop.run_until_cancelled(breaker.closed()).await.is_some() {
        let pause = match look_at_due(&db, &settler).await {
            Ok(found) if found == BATCH as usize => continue,
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
}

/// Returns when somebody asks for a look. All that was said until now counts as one.
async fn hinted(hints: &mut UnboundedReceiver<Heard>) {
    if hints.recv().await.is_none() {
        std::future::pending::<()>().await;
    }
    while hints.try_recv().is_ok() {}
}

/// Looks at one batch of due uploads. Gives how many there were.
pub(crate) async fn look_at_due(db: &Db, settler: &Settler) -> Result<usize, DbError> {
    let due = claim_due(db, BATCH).await?;
    let found = due.len();
    stream::iter(due).for_each_concurrent(AT_ONCE, |due| look(settler, due)).await;
    Ok(found)
}

/// Looks at one upload; expires it only if the bucket answered that there is nothing.
async fn look(settler: &Settler, Due { upload, overdue, hinted }: Due) {
    let id = upload.id;
    let cause = if hinted { Cause::Hint } else { Cause::Sweep };
    let settled = match settler.settle(upload, cause).await {
        Ok(Settled::NothingThere) if overdue => settler.expire(id).await,
        other => other,
    };
    if let Err(error) = settled {
        report(id, &error);
    }
}

fn report(id: sluice_common::domain::UploadId, error: &SettleError) {
    tracing::warn!(error = %Chain(error), upload.id = %id, "could not settle upload {id}; looking again later");
}
