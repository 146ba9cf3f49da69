//! Which objects whoever looks at them dies of, and when to look at one that may be among them.
//!
//! An object that overflows a decoder's stack ends the process, with everything that it had in hand. So a look that may be
//! deadly is counted in the database before it begins and forgotten when it ends, however it ends, but for a panic; what is
//! left are looks that somebody died of.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use sluice_common::chain::Chain;
use sluice_common::coalesce::{BatchError, Coalescer};
use sluice_common::db::{Db, DbError, uploads};
use sluice_common::domain::{Upload, UploadId};
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

/// So many looks in a row that were cut off are no bad luck: nobody looks again. Fewer than the deliveries of a message, so
/// that it is known what is wrong with it.
pub const MOST_CUT_OFF: i16 = 4;
/// How much later each of them makes the next. What was only in the company of a deadly one is done by then.
const LATER: Duration = Duration::from_millis(250);
/// How long to wait when the database did not hear that a look has ended.
const AGAIN: Duration = Duration::from_secs(2);
/// The most looks in one statement.
const BATCH: usize = 100;
/// How long a worker that stops may take to forget the looks that it gives up.
const FORGET: Duration = Duration::from_secs(3);

/// The count of the looks that begin and end. Cheap to clone.
#[derive(Clone)]
pub struct Looks {
    db: Db,
    /// Those that are counted and have not ended.
    under_way: Arc<Mutex<Vec<UploadId>>>,
    begun: Coalescer<UploadId, (), DbError>,
    ended: Coalescer<UploadId, (), DbError>,
    /// What tells the database that looks have ended.
    telling: TaskTracker,
}

impl Looks {
    /// The count in this database.
    pub fn new(db: &Db) -> Self {
        let (begins, ends) = (db.clone(), db.clone());
        let begin = move |ids: Vec<UploadId>| {
            let db = begins.clone();
            async move { uploads::begin_looks(&db, &ids).await.map(|()| vec![(); ids.len()]) }
        };
        let end = move |ids: Vec<UploadId>| {
            let db = ends.clone();
            async move { uploads::end_looks(&db, &ids).await.map(|()| vec![(); ids.len()]) }
        };
        let (begun, ended) = (Coalescer::new(BATCH, begin), Coalescer::new(BATCH, end));
        Self { db: db.clone(), under_way: Arc::default(), begun, ended, telling: TaskTracker::new() }
    }

    /// Counts a look that is about to begin, when it is its turn.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn begin(&self, upload: &Upload) -> Result<Counted, BatchError<DbError>> {
        let later = LATER * u32::try_from(upload.looks_cut_off).unwrap_or(0);
        tokio::time::sleep(later.mul_f64(rand::random_range(0.5..=1.0))).await;
        self.begun.call(upload.id).await?;
        Ok(self.counted(upload.id))
    }

    /// A look that the claim of its upload has counted.
    pub fn counted(&self, id: UploadId) -> Counted {
        self.under_way().push(id);
        Counted { looks: self.clone(), id, is_over: false }
    }

    /// Forgets the looks that are still under way, because this worker stops.
    pub async fn give_up(&self) {
        let ids = self.under_way().clone();
        if ids.is_empty() {
            return;
        }
        match tokio::time::timeout(FORGET, uploads::end_looks(&self.db, &ids)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = %Chain(&error), "could not forget looks that were given up"),
            Err(_) => tracing::warn!("had no time to forget looks that were given up"),
        }
    }

    /// Waits until the database knows of every look that it has ended. Until then a sweep passes its upload over.
    pub(crate) async fn told(&self) {
        while !self.telling.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn under_way(&self) -> MutexGuard<'_, Vec<UploadId>> {
        self.under_way.lock().expect("no holder of the lock panics")
    }

    /// Forgets the looks at an upload: the last one has ended. The database is told as often as it takes, or an outage would
    /// count as a death.
    fn end(&self, id: UploadId) {
        let ended = self.ended.clone();
        self.telling.spawn(async move {
            while let Err(error) = ended.call(id).await {
                tracing::warn!(error = %Chain(&error), upload.id = %id, "could not forget a look that ended; trying again");
                tokio::time::sleep(AGAIN).await;
            }
        });
    }
}

/// A look that counts as cut off until this is dropped.
#[must_use]
pub struct Counted {
    looks: Looks,
    id: UploadId,
    is_over: bool,
}

impl Counted {
    /// The upload was decided: no look is to come, and nothing to forget.
    pub fn decided(mut self) {
        self.is_over = true;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut under_way = self.looks.under_way();
        if let Some(place) = under_way.iter().position(|id| *id == self.id) {
            under_way.swap_remove(place);
        }
        drop(under_way);
        // A panic costs no process, but nobody survives this look.
        if !self.is_over && !std::thread::panicking() && Handle::try_current().is_ok() {
            self.looks.end(self.id);
        }
    }
}

/// Whether nobody has survived a look at its object.
pub fn is_deadly(upload: &Upload) -> bool {
    upload.looks_cut_off >= MOST_CUT_OFF
}
