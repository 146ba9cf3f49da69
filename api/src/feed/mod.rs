//! The live feed: changes of uploads, sent to whoever watches as they happen.
//!
//! One [`reader`] reads the timeline for all streams of this process and tells each tenant's changes on the tenant's
//! [`channels`]. A [`stream`] hears them from there; what it could not hear there, because it was before its time or because the
//! stream was too slow, it reads itself.

mod channels;
pub mod cursor;
mod reader;
mod stream;
mod told;

use std::sync::Arc;

use sluice_common::db::timeline::{self, Cursor};
use sluice_common::db::{Db, DbError};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::AbortHandle;

pub use stream::{Stream, blocks};
pub use told::{Filter, Tells, Told};

use channels::{Channels, Whose};

/// All streams of this process, and what feeds them.
pub struct Feed {
    db: Db,
    channels: Arc<Channels>,
    most: usize,
    places: Arc<Semaphore>,
    released: watch::Sender<bool>,
    reading: AbortHandle,
}

/// Leave to open one stream.
pub struct Place(#[expect(dead_code, reason = "held for as long as the stream is open")] OwnedSemaphorePermit);

impl Feed {
    /// Up to `most` streams, whose reader looks at once when it is woken.
    pub fn new(db: Db, most: usize, woken: Arc<Notify>) -> Self {
        let channels = Arc::new(Channels::default());
        let reading = tokio::spawn(reader::run(db.clone(), Arc::clone(&channels), woken));
        let places = Arc::new(Semaphore::new(most));
        Self { db, channels, most, places, released: watch::Sender::new(false), reading: reading.abort_handle() }
    }

    /// A place for one more stream, if there is one.
    pub fn place(&self) -> Option<Place> {
        Arc::clone(&self.places).try_acquire_owned().ok().map(Place)
    }

    /// How many streams are open.
    pub fn open_streams(&self) -> usize {
        self.most - self.places.available_permits()
    }

    /// A stream of this tenant's changes, or of all, behind a cursor or from now on.
    ///
    /// # Errors
    /// Where the database does not answer. It is asked only for the first stream of a tenant.
    pub async fn open(
        &self,
        place: Place,
        tenant: Whose,
        filter: Filter,
        behind: Option<Cursor>,
    ) -> Result<Stream, DbError> {
        let seat = match self.channels.join(&tenant) {
            Some(seat) => seat,
            None => self.channels.make(&tenant, timeline::last(&self.db, tenant.as_ref()).await?),
        };
        Ok(Stream::new(self.db.clone(), seat, place, filter, behind, self.released.subscribe()))
    }

    /// Ends all streams, now and later: the process is stopping.
    pub fn release(&self) {
        self.released.send_replace(true);
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.reading.abort();
    }
}
