//! The API keys that were looked up lately, so that a busy key costs one look-up a second.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use sluice_common::db::api_keys::{self, ApiKey};
use sluice_common::db::{Db, DbError};

use super::key::hash_of;

/// How long a look-up is remembered: also how long a revoked key still works.
const REMEMBERED: Duration = Duration::from_secs(1);

/// The most look-ups that are remembered. Made-up keys are among them, which is why there is a limit.
const MOST: u64 = 10_000;

/// Looks up API keys.
pub struct KnownKeys {
    db: Db,
    cache: Cache<[u8; 32], Option<Arc<ApiKey>>>,
}

impl KnownKeys {
    /// Remembers none yet.
    pub fn new(db: Db) -> Self {
        Self { db, cache: Cache::builder().max_capacity(MOST).time_to_live(REMEMBERED).build() }
    }

    /// The valid key written like this. Requests that ask for the same key at the same time share one look-up.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find(&self, text: &str) -> Result<Option<Arc<ApiKey>>, Arc<DbError>> {
        let Some(hash) = hash_of(text) else { return Ok(None) };
        let look_up = async { Ok(api_keys::find_valid(&self.db, hash).await?.map(Arc::new)) };
        self.cache.try_get_with(hash.0, look_up).await
    }
}
