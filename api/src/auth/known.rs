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
use tokio::sync::broadcast;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::AbortHandle;

use super::key::hash_of;
use super::refusal::Refusal;
use super::used::UsedKeys;

/// How long a look-up is remembered: also the longest that a revoked key still works, where nobody hears that it was revoked.
const REMEMBERED: Duration = Duration::from_secs(1);

/// The most look-ups that are remembered. Made-up keys are among them, which is why there is a limit; a key that comes often
/// is not pushed out by keys that come once.
const MOST: u64 = 10_000;

/// How many revocations a stream may have missed before it ends to be on the safe side.
const MOST_UNHEARD: usize = 64;

/// The most keys that one statement looks up.
const MOST_PER_LOOK_UP: usize = 100;

/// Looks up API keys.
pub struct KnownKeys {
    cache: Cache<[u8; 32], Arc<LookUp>>,
    look_ups: Coalescer<Sha256, LookUp, DbError>,
    used: Arc<UsedKeys>,
    /// Tells the ids of keys that work for less long than they did.
    shortened: broadcast::Sender<String>,
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
    /// When it stops working by itself.
    pub until: Option<Instant>,
}

impl KnownKeys {
    /// Remembers none yet, and forgets them all whenever it hears that one works no longer.
    pub fn new(db: Db, heard: UnboundedReceiver<Heard>) -> Self {
        let cache = Cache::builder().max_capacity(MOST).time_to_live(REMEMBERED).build();
        let shortened = broadcast::Sender::new(MOST_UNHEARD);
        let listening = tokio::spawn(forget(cache.clone(), shortened.clone(), heard)).abort_handle();
        Self { cache, look_ups: look_ups(db.clone()), used: UsedKeys::new(db), shortened, listening }
    }

    /// The key written like this, if it works, or why it does not.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find(&self, text: &str) -> Result<Result<KnownKey, Refusal>, Arc<BatchError<DbError>>> {
        let Some(hash) = hash_of(text) else { return Ok(Err(Refusal::UnknownKey)) };
        let came_at = Instant::now();
        let mut known = self.look_up(hash).await?;
        // What the database said slowly holds for those who waited for it, and not for a second more.
        while known.asked_at < came_at && known.asked_at.elapsed() >= REMEMBERED {
            self.cache.invalidate(&hash.0).await;
            known = self.look_up(hash).await?;
        }
        let judged = known.judge(Instant::now());
        if let Ok(known) = &judged {
            self.used.note(known.key.id);
        }
        Ok(judged)
    }

    /// What is remembered of a key, or found now, by one look-up for all who ask at the same time.
    async fn look_up(&self, hash: Sha256) -> Result<Arc<LookUp>, Arc<BatchError<DbError>>> {
        let look_up = async { self.look_ups.call(hash).await.map(Arc::new) };
        self.cache.try_get_with(hash.0, look_up).await
    }

    /// Is ready when a caller who was let in must come again: because their key or token expires, or their key was revoked or
    /// rotated.
    pub fn end_of(&self, id: &str, until: Option<Instant>) -> impl Future<Output = ()> + Send + use<> {
        let (mut shortened, id) = (self.shortened.subscribe(), id.to_owned());
        async move {
            let is_shortened = async {
                // An error means that some were missed, and one's own may be among them.
                while shortened.recv().await.is_ok_and(|of| of != id) {}
            };
            let is_over = async {
                match until {
                    Some(until) => tokio::time::sleep_until(until.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = is_shortened => {}
                () = is_over => {}
            }
        }
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
    fn judge(&self, now: Instant) -> Result<KnownKey, Refusal> {
        let key = self.found.as_ref().ok_or(Refusal::UnknownKey)?;
        let until = match key.state {
            KeyState::Revoked => return Err(Refusal::RevokedKey),
            KeyState::Expired => return Err(Refusal::ExpiredKey),
            KeyState::Valid(lasts) => lasts.and_then(|lasts| self.asked_at.checked_add(lasts)),
        };
        if until.is_some_and(|until| until <= now) {
            return Err(Refusal::ExpiredKey);
        }
        Ok(KnownKey { key: key.clone(), until })
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

/// Revocations are rare, and a look-up is cheap: so all are forgotten. What was missed while nobody listened is over in a second.
async fn forget(
    cache: Cache<[u8; 32], Arc<LookUp>>,
    shortened: broadcast::Sender<String>,
    mut heard: UnboundedReceiver<Heard>,
) {
    while let Some(heard) = heard.recv().await {
        if let Heard::Payload(id) = heard {
            cache.invalidate_all();
            // An error means that no stream is open just now.
            let _ = shortened.send(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use sluice_common::domain::Tenant;
    use uuid::Uuid;

    use super::*;

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
        assert_eq!(known.judge(until - Duration::from_nanos(1)).expect("it works").until, Some(until));
        assert_eq!(known.judge(until), Err(Refusal::ExpiredKey));
        assert_eq!(looked_up(KeyState::Valid(None), asked_at).judge(until).expect("for ever").until, None);
    }

    #[test]
    fn a_key_that_does_not_work_is_told_why() {
        let now = Instant::now();
        assert_eq!(looked_up(KeyState::Revoked, now).judge(now), Err(Refusal::RevokedKey));
        assert_eq!(looked_up(KeyState::Expired, now).judge(now), Err(Refusal::ExpiredKey));
        assert_eq!(LookUp { asked_at: now, found: None }.judge(now), Err(Refusal::UnknownKey));
    }
}
