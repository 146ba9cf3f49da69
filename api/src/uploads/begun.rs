//! The multipart uploads that a request has begun at the store, until they are recorded.

use std::sync::{Mutex, MutexGuard};

use sluice_common::chain::Chain;
use sluice_common::db::Db;
use sluice_common::db::unwanted_objects::{self, BegunMultipart};

/// What a request has begun. What is not recorded when this is dropped, wherever the request ended, is marked for workers to abort: they
/// ask once more whether an upload wants it, so nothing is lost where it was recorded and nobody heard of it.
pub struct Begun {
    db: Db,
    all: Mutex<Vec<BegunMultipart>>,
}

impl Begun {
    /// Nothing yet.
    pub fn new(db: &Db) -> Self {
        Self { db: db.clone(), all: Mutex::default() }
    }

    /// This one was begun.
    pub fn note(&self, begun: BegunMultipart) {
        self.lock().push(begun);
    }

    /// The statement that records uploads has answered: it also lists what was begun for those that it did not record.
    pub fn is_recorded(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<BegunMultipart>> {
        self.all.lock().expect("no holder of the lock panics")
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let left = std::mem::take(&mut *self.lock());
        if !left.is_empty() {
            tokio::spawn(mark(self.db.clone(), left));
        }
    }
}

async fn mark(db: Db, left: Vec<BegunMultipart>) {
    if let Err(error) = unwanted_objects::add_begun(&db, &left).await {
        let (error, count) = (Chain(&error), left.len());
        tracing::warn!(%error, count, "could not mark what was begun at the store and not recorded; a round through the bucket finds it");
    }
}
