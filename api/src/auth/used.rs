//! Which API keys were used: noted for each request in memory, and written down once a minute for all of them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use sluice_common::chain::Chain;
use sluice_common::db::Db;
use sluice_common::db::api_keys;
use uuid::Uuid;

/// How often it is written down which keys were used.
const EVERY: Duration = Duration::from_mins(1);

/// How long ago another process must have written down that a key was used, for it to be worth writing again.
const SPACING: Duration = Duration::from_secs(50);

/// The keys that were used and not written down yet.
pub struct UsedKeys {
    db: Db,
    ids: Mutex<HashSet<Uuid>>,
}

impl UsedKeys {
    /// Writes down what is noted, now and then, for as long as it lives.
    pub fn new(db: Db) -> Arc<Self> {
        let used = Arc::new(Self { db, ids: Mutex::default() });
        tokio::spawn(keep_writing(Arc::downgrade(&used)));
        used
    }

    /// A key was used.
    pub fn note(&self, id: Uuid) {
        self.lock().insert(id);
    }

    /// Writes down which were used since the last time: one statement, or none.
    pub async fn write_down(&self) {
        let ids: Vec<Uuid> = std::mem::take(&mut *self.lock()).into_iter().collect();
        if ids.is_empty() {
            return;
        }
        if let Err(error) = api_keys::note_use(&self.db, &ids, SPACING).await {
            tracing::warn!(error = %Chain(&error), "could not note which API keys were used; noting it later");
            self.lock().extend(ids);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.ids.lock().expect("no holder of the lock panics")
    }
}

async fn keep_writing(used: Weak<UsedKeys>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(used) = used.upgrade() else { return };
        used.write_down().await;
    }
}
