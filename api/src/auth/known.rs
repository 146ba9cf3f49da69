//! The API keys that were looked up lately, so that a busy key costs one look-up a second.
//!
//! All look-ups that come while one is under way share the next statement: whoever makes up keys, a new one with every request,
//! makes statements longer and not more of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::future::Cache;
use sluice_common::coalesce::{BatchError, Coalescer};
use sluice_common::db::api_keys::{self, FoundKey, KeyState};
use sluice_common::db::listen::Heard;
use sluice_common::db::{Db, DbError};
use sluice_common::domain::Sha256;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::key::hash_of;
use super::refusal::Refusal;
use super::used::UsedKeys;

/// How long a look-up is remembered: also the longest that a revoked key still works, where nobody hears that it was revoked.
const REMEMBERED: Duration = Duration::from_secs(1);

/// The most look-ups that are remembered. Made-up keys are among them, which is why there is a limit; a key that comes often
/// is not pushed out by keys that come once.
const MOST: u64 = 10_000;

/// How often all are asked for anew who stay, whatever is heard: the connection that listens can be dead, and nobody has noticed.
const AT_LEAST_EVERY: Duration = Duration::from_mins(1);

/// The most keys that one statement looks up.
const MOST_PER_LOOK_UP: usize = 100;

/// Looks up API keys.
pub struct KnownKeys {
    cache: Cache<[u8; 32], Arc<LookUp>>,
    look_ups: Coalescer<Sha256, LookUp, DbError>,
    used: Arc<UsedKeys>,
    /// When it was last heard that a key works for less long than it did, or that this may have been missed.
    changed: watch::Sender<Instant>,
    listening: AbortHandle,
}

/// What was found of a key, and when that was asked.
#[derive(Debug)]
struct LookUp {
    asked_at: Instant,
    found: Option<FoundKey>,
}

/// A key that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    /// What is kept of it.
    pub key: FoundKey,
    /// What it is found by.
    pub hash: Sha256,
    /// When it stops working by itself.
    pub until: Option<Instant>,
}

impl KnownKeys {
    /// Remembers none yet, and forgets them all whenever it hears that one works no longer.
    pub fn new(db: Db, heard: UnboundedReceiver<Heard>) -> Self {
        let cache = Cache::builder().max_capacity(MOST).time_to_live(REMEMBERED).build();
        let changed = watch::Sender::new(Instant::now());
        let listening = tokio::spawn(listen(changed.clone(), heard)).abort_handle();
        Self { cache, look_ups: look_ups(db.clone()), used: UsedKeys::new(db), changed, listening }
    }

    /// The key written like this, if it works, or why it does not.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find(&self, text: &str) -> Result<Result<KnownKey, Refusal>, Arc<BatchError<DbError>>> {
        let Some(hash) = hash_of(text) else { return Ok(Err(Refusal::UnknownKey)) };
        let judged = self.ask(hash).await?;
        if let Ok(known) = &judged {
            self.used.note(known.key.id);
        }
        Ok(judged)
    }

    /// The key of this hash, if it works, or why it does not.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn ask(&self, hash: Sha256) -> Result<Result<KnownKey, Refusal>, Arc<BatchError<DbError>>> {
        let came_at = Instant::now();
        let mut known = self.look_up(hash).await?;
        while self.is_stale(&known, came_at) {
            self.cache.invalidate(&hash.0).await;
            known = self.look_up(hash).await?;
        }
        Ok(known.judge(hash, Instant::now()))
    }

    /// What was asked before something changed holds for nobody. What the database said slowly holds for those who waited for it,
    /// and not for a second more.
    fn is_stale(&self, known: &LookUp, came_at: Instant) -> bool {
        let is_old = known.asked_at < came_at && known.asked_at.elapsed() >= REMEMBERED;
        is_old || known.asked_at < *self.changed.borrow()
    }

    /// Tells when whoever stays must be asked for again: because a key works for less long than it did, a session was closed, or
    /// this may have been missed.
    pub fn changes(&self) -> watch::Receiver<Instant> {
        self.changed.subscribe()
    }

    /// What is remembered of a key, or found now, by one look-up for all who ask at the same time.
    async fn look_up(&self, hash: Sha256) -> Result<Arc<LookUp>, Arc<BatchError<DbError>>> {
        let look_up = async { self.look_ups.call(hash).await.map(Arc::new) };
        self.cache.try_get_with(hash.0, look_up).await
    }

    /// Writes down which keys were used, without waiting for it to be time.
    pub async fn write_down_use(&self) {
        self.used.write_down().await;
    }
}

impl Drop for KnownKeys {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl LookUp {
    /// Whether the key works now. The database said how long it would, counted from a moment after it was asked.
    fn judge(&self, hash: Sha256, now: Instant) -> Result<KnownKey, Refusal> {
        let key = self.found.as_ref().ok_or(Refusal::UnknownKey)?;
        let until = match key.state {
            KeyState::Revoked => return Err(Refusal::RevokedKey),
            KeyState::Expired => return Err(Refusal::ExpiredKey),
            KeyState::Valid(lasts) => lasts.and_then(|lasts| self.asked_at.checked_add(lasts)),
        };
        if until.is_some_and(|until| until <= now) {
            return Err(Refusal::ExpiredKey);
        }
        Ok(KnownKey { key: key.clone(), hash, until })
    }
}

fn look_ups(db: Db) -> Coalescer<Sha256, LookUp, DbError> {
    Coalescer::new(MOST_PER_LOOK_UP, move |hashes: Vec<Sha256>| {
        let db = db.clone();
        async move {
            let asked_at = Instant::now();
            let found = api_keys::find(&db, &hashes).await?;
            Ok(found.into_iter().map(|found| LookUp { asked_at, found }).collect())
        }
    })
}

/// Whatever is heard, all that was looked up before is forgotten: revocations are rare, and a look-up is cheap.
async fn listen(changed: watch::Sender<Instant>, mut heard: UnboundedReceiver<Heard>) {
    while !matches!(timeout(AT_LEAST_EVERY, heard.recv()).await, Ok(None)) {
        changed.send_replace(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use sluice_common::domain::Tenant;
    use uuid::Uuid;

    use super::*;

    const HASH: Sha256 = Sha256([0; 32]);

    fn looked_up(state: KeyState, asked_at: Instant) -> LookUp {
        let tenant = Tenant::parse("acme").expect("valid");
        let (name, scopes) = ("of a test".to_owned(), Vec::new());
        let key = FoundKey { id: Uuid::nil(), tenant, all_tenants: false, name, scopes, expires_at: None, state };
        LookUp { asked_at, found: Some(key) }
    }

    #[test]
    fn a_key_works_up_to_the_moment_in_which_it_expires() {
        let asked_at = Instant::now();
        let minute = Duration::from_mins(1);
        let known = looked_up(KeyState::Valid(Some(minute)), asked_at);
        let until = asked_at + minute;
        assert_eq!(known.judge(HASH, until - Duration::from_nanos(1)).expect("it works").until, Some(until));
        assert_eq!(known.judge(HASH, until), Err(Refusal::ExpiredKey));
        assert_eq!(looked_up(KeyState::Valid(None), asked_at).judge(HASH, until).expect("for ever").until, None);
    }

    #[test]
    fn a_key_that_does_not_work_is_told_why() {
        let now = Instant::now();
        assert_eq!(looked_up(KeyState::Revoked, now).judge(HASH, now), Err(Refusal::RevokedKey));
        assert_eq!(looked_up(KeyState::Expired, now).judge(HASH, now), Err(Refusal::ExpiredKey));
        assert_eq!(LookUp { asked_at: now, found: None }.judge(HASH, now), Err(Refusal::UnknownKey));
    }
}
