//! Which objects whoever looks at them dies of, and when to look at one that may be among them.
//!
//! An object that overflows a decoder's stack ends the process, with everything that it had in hand. So a look that may be
//! deadly is counted in the database before it begins and forgotten when it ends; what is left are looks that were cut off.

use std::time::Duration;

use sluice_common::chain::Chain;
use sluice_common::coalesce::{BatchError, Coalescer};
use sluice_common::db::{Db, DbError, uploads};
use sluice_common::domain::{Upload, UploadId};

/// So many looks in a row that were cut off are no bad luck: nobody looks again. Fewer than the deliveries of a message, so
/// that it is known what is wrong with it.
pub const MOST_CUT_OFF: i16 = 4;
/// How much later each of them makes the next. What was only in the company of a deadly one is done by then.
const LATER: Duration = Duration::from_millis(250);
/// How long to wait when the database did not hear that a look has ended.
const AGAIN: Duration = Duration::from_secs(2);
/// The most looks in one statement.
const BATCH: usize = 100;

/// The count of the looks that begin and end. Cheap to clone.
#[derive(Clone)]
pub struct Looks {
    begun: Coalescer<UploadId, (), DbError>,
    ended: Coalescer<UploadId, (), DbError>,
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
        Self { begun: Coalescer::new(BATCH, begin), ended: Coalescer::new(BATCH, end) }
    }

    /// Counts a look that is about to begin, when it is its turn.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn begin(&self, upload: &Upload) -> Result<(), BatchError<DbError>> {
        let later = LATER * u32::try_from(upload.looks_cut_off).unwrap_or(0);
        tokio::time::sleep(later.mul_f64(rand::random_range(0.5..=1.0))).await;
        self.begun.call(upload.id).await
    }

    /// Forgets the looks at an upload: the last one has ended. The database is told as often as it takes, or an outage would
    /// count as a death.
    pub fn end(&self, id: UploadId) {
        let ended = self.ended.clone();
        tokio::spawn(async move {
            while let Err(error) = ended.call(id).await {
                tracing::warn!(error = %Chain(&error), upload.id = %id, "could not forget a look that ended; trying again");
                tokio::time::sleep(AGAIN).await;
            }
        });
    }
}

/// Whether nobody has survived a look at its object.
pub fn is_deadly(upload: &Upload) -> bool {
    upload.looks_cut_off >= MOST_CUT_OFF
}
