//! Looking by itself: what a client hinted at, what has waited long for its event, and what is overdue.

use std::sync::Arc;
use std::time::Duration;

use sluice_common::chain::Chain;
use sluice_common::db::listen::{DUE, Heard};
use sluice_common::db::timeline::Cause;
use sluice_common::db::uploads::{Due, claim_due};
use sluice_common::db::{Db, DbError};
use sluice_common::domain::UploadStatus;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::breaker::Breaker;
use crate::settle::{Settled, Settler};
use crate::tally::{Swept, Tally};

/// How often to ask for what is due, if nobody says that something is.
const EVERY: Duration = Duration::from_secs(1);
/// How long to wait when the database does not answer.
const PAUSE: Duration = Duration::from_secs(5);
/// How many uploads are looked at at the same time. A look that takes long holds up no other.
const AT_ONCE: usize = 32;

/// Looks at what is due until asked to stop, and finishes the looks it has begun within the grace. What is not finished is
/// looked at again when it is next due.
pub async fn run(db: Db, settler: Settler, breaker: Breaker, stop: CancellationToken, grace: Duration) {
    let [mut hints] = db.listen([DUE]);
    let mut tally = Tally::new();
    let (told, mut swept) = mpsc::unbounded_channel();
    let looks = Looks { settler, slots: Arc::new(Semaphore::new(AT_ONCE)), tasks: TaskTracker::new(), told };
    // A look that fails is put off, so none is begun during an outage.
    while stop.run_until_cancelled(closed(&breaker, &mut hints)).await.is_some() {
        let begun = looks.begin(&db).await;
        tally.add_all(&mut swept);
        tally.report_now_and_then(&db).await;
        let pause = match begun {
            // There may be more: as soon as there is a slot.
            Ok(Begun::AsManyAsCould) => {
                stop.run_until_cancelled(looks.slots.acquire()).await;
                continue;
            }
            Ok(Begun::All) => EVERY,
            Err(error) => {
                tracing::error!(error = %Chain(&error), "could not ask for due uploads; asking again");
                breaker.suspect();
                PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
            () = hinted(&mut hints) => {}
        }
    }
    looks.tasks.close();
    let _ = tokio::time::timeout(grace, looks.tasks.wait()).await;
    tally.add_all(&mut swept);
    tally.report(&db).await;
}

/// Returns when the breaker is closed. What is said meanwhile is found then, and must not pile up.
async fn closed(breaker: &Breaker, hints: &mut UnboundedReceiver<Heard>) {
    tokio::select! {
        () = breaker.closed() => {}
        () = async { loop { hinted(hints).await } } => {}
    }
}

/// Returns when somebody asks for a look. All that was said until now counts as one.
async fn hinted(hints: &mut UnboundedReceiver<Heard>) {
    if hints.recv().await.is_none() {
        std::future::pending::<()>().await;
    }
    while hints.try_recv().is_ok() {}
}

/// Which of the looks that were due are under way.
enum Begun {
    All,
    /// So many as there were slots. Some may have ended already: whether there is a slot now says nothing.
    AsManyAsCould,
}

/// The looks under way, each in a task of its own.
struct Looks {
    settler: Settler,
    slots: Arc<Semaphore>,
    tasks: TaskTracker,
    /// Is told what each came to.
    told: UnboundedSender<Swept>,
}

impl Looks {
    /// Begins looks at due uploads, as many as there are free slots.
    async fn begin(&self, db: &Db) -> Result<Begun, DbError> {
        let free = self.slots.available_permits();
        let claimed = claim_due(db, i64::try_from(free).expect("a few")).await?;
        let begun = if claimed.len() < free { Begun::All } else { Begun::AsManyAsCould };
        for due in claimed {
            let slot = Arc::clone(&self.slots).try_acquire_owned().expect("only this loop takes slots");
            let (settler, told) = (self.settler.clone(), self.told.clone());
            self.tasks.spawn(async move {
                // Nobody listens any more when the grace is over.
                let _ = told.send(look(&settler, due).await);
                drop(slot);
            });
        }
        Ok(begun)
    }
}

/// Looks at one upload; expires it only if the bucket answered that there is nothing.
pub(crate) async fn look(settler: &Settler, Due { upload, overdue, hinted }: Due) -> Swept {
    let cause = if hinted { Cause::Hint } else { Cause::Sweep };
    let settled = match settler.settle(upload.clone(), cause).await {
        Ok(Settled::NothingThere) if overdue => settler.expire(&upload).await,
        Ok(Settled::Deadly) => {
            let id = upload.id;
            tracing::error!(upload.id = %id, "nobody has survived a look at upload {id}; at its deadline it expires unread");
            if overdue { settler.expire_unread(&upload).await } else { Ok(Settled::Deadly) }
        }
        other => other,
    };
    match settled {
        Ok(Settled::Decided(UploadStatus::Expired)) => Swept::Expired,
        Ok(Settled::Decided(_)) if hinted => Swept::Hinted,
        Ok(Settled::Decided(_)) => Swept::Healed,
        Ok(_) => Swept::Nothing,
        Err(error) => {
            let id = upload.id;
            tracing::warn!(error = %Chain(&error), upload.id = %id, "could not settle upload {id}; looking again later");
            Swept::Failed
        }
    }
}
