//! Operators' sessions: what a browser gets for an API key, so that no page has to keep the key.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use http::{HeaderMap, header};
use jiff::Timestamp;
use moka::future::Cache;
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use sluice_common::chain::Chain;
use sluice_common::db::operator_sessions::{self, FoundSession, IDLE, LONGEST};
use sluice_common::db::{Db, DbError};
use sluice_common::domain::Sha256;

use super::{Operator, Stay, moment};

/// The cookie's name. The prefix has browsers see to it that the cookie is `Secure`, of this host alone and of all its paths.
pub const COOKIE: &str = "__Host-sluice_operator";

/// The same where there is no TLS: on a loopback address, for trying things out.
const PLAIN_COOKIE: &str = "sluice_operator";

/// The random part, in bytes: nobody guesses 256 bits, so a fast hash is enough to keep it by.
const RANDOM: usize = 32;

/// How long a look-up is remembered: also how long a session still works whose key was revoked.
const REMEMBERED: Duration = Duration::from_secs(1);

/// The most look-ups that are remembered. Made-up ones are among them.
const MOST: u64 = 1000;

/// Opens, looks up and closes sessions.
pub struct Sessions {
    db: Db,
    cache: Cache<[u8; 32], Option<Arc<Operator>>>,
}

/// A session that was just opened.
pub struct NewSession {
    /// The header `Set-Cookie` that hands it out.
    pub cookie: String,
    /// When it ends, however much it is used.
    pub expires_at: Timestamp,
}

impl Sessions {
    /// Remembers none yet.
    pub fn new(db: Db) -> Self {
        Self { db, cache: Cache::builder().max_capacity(MOST).time_to_live(REMEMBERED).build() }
    }

    /// Opens one for whoever holds this key.
    ///
    /// # Errors
    /// Where the database does not answer, or the system gives no random bytes.
    pub async fn open(&self, operator: &Operator, headers: &HeaderMap) -> Result<NewSession, DbError> {
        let mut random = [0; RANDOM];
        OsRng.try_fill_bytes(&mut random).map_err(|error| DbError::Unavailable {
            operation: "take random bytes from the system",
            source: Box::new(error),
        })?;
        let expires_at = operator_sessions::insert(&self.db, Sha256::of(&random), operator.key).await?;
        let seconds = LONGEST.as_secs();
        let (name, secure) = if is_plain(headers) { (PLAIN_COOKIE, "") } else { (COOKIE, "; Secure") };
        let value = BASE64.encode(random);
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
        Ok(NewSession { cookie, expires_at })
    }

    /// Whose session these headers come with, if they come with one that goes on.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find(&self, headers: &HeaderMap) -> Result<Option<Arc<Operator>>, Arc<DbError>> {
        let Some(hash) = hash_of(headers) else { return Ok(None) };
        let look_up = async {
            let Some(found) = operator_sessions::find(&self.db, hash).await? else { return Ok(None) };
            if found.is_to_be_noted {
                self.note_use(hash).await;
            }
            Ok(operator(hash, &found).map(Arc::new))
        };
        self.cache.try_get_with(hash.0, look_up).await
    }

    /// Whose session has this hash, if it goes on by now, whatever is remembered.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(super) async fn ask(&self, hash: Sha256) -> Result<Option<Operator>, DbError> {
        Ok(operator_sessions::find(&self.db, hash).await?.and_then(|found| operator(hash, &found)))
    }

    /// Notes that a session was used. Where that fails, the operator should still see why: a database may take no writes.
    async fn note_use(&self, hash: Sha256) {
        if let Err(error) = operator_sessions::note_use(&self.db, hash).await {
            tracing::warn!(error = %Chain(&error), "could not note that an operator's session was used; noting it later");
        }
    }

    /// Closes the session that these headers come with. Gives the header `Set-Cookie` that takes it back.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn close(&self, headers: &HeaderMap) -> Result<String, DbError> {
        if let Some(hash) = hash_of(headers) {
            operator_sessions::close(&self.db, hash).await?;
            self.cache.invalidate(&hash.0).await;
        }
        let (name, secure) = if is_plain(headers) { (PLAIN_COOKIE, "") } else { (COOKIE, "; Secure") };
        Ok(format!("{name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{secure}"))
    }
}

fn operator(hash: Sha256, found: &FoundSession) -> Option<Operator> {
    let stay = Stay::by_session(hash, moment::of_unix_time(found.ends_at.as_second()));
    Operator::of_key(&found.key, stay).map(|operator| Operator { expires_at: Some(found.ends_at), ..operator })
}

/// How long a session goes on that nobody uses, in seconds.
pub fn idle_seconds() -> i64 {
    i64::try_from(IDLE.as_secs()).expect("hours")
}

/// Whether these headers come with a session's cookie, good or not.
pub fn has_cookie(headers: &HeaderMap) -> bool {
    cookie(headers).is_some()
}

fn hash_of(headers: &HeaderMap) -> Option<Sha256> {
    let random = BASE64.decode(cookie(headers)?).ok()?;
    (random.len() == RANDOM).then(|| Sha256::of(&random))
}

/// The cookie's value. Any application on this host, or on a neighbour of its domain, may have set the plain one: so it counts
/// only on a loopback address, and the safe one goes before.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let named = |wanted: &str| {
        let lists = headers.get_all(header::COOKIE).iter().filter_map(|list| list.to_str().ok());
        let mut pairs = lists.flat_map(|list| list.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
    };
    named(COOKIE).or_else(|| is_here(headers).then(|| named(PLAIN_COOKIE)).flatten())
}

/// Whether a browser would not take a `Secure` cookie: it speaks to a loopback address without TLS. Everywhere else a cookie
/// that anybody on the way could read is not handed out.
fn is_plain(headers: &HeaderMap) -> bool {
    is_here(headers) && !text(headers, "origin").starts_with("https://")
}

/// Whether a request was sent to a loopback address, as far as can be told without TLS. Its origin does not matter: it may be
/// anybody's page, which is told so.
fn is_here(headers: &HeaderMap) -> bool {
    let has_tls = text(headers, "x-forwarded-proto").eq_ignore_ascii_case("https");
    let host = text(headers, "host");
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    let is_loopback = name == "localhost" || name == "[::1]" || name.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback());
    is_loopback && !has_tls
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), header::HeaderValue::from_static(value)));
        pairs.collect()
    }

    #[test]
    fn a_cookie_goes_without_tls_on_a_loopback_address_alone() {
        for host in ["localhost:8080", "127.0.0.1:8080", "127.0.0.1", "[::1]:8080", "[::1]"] {
            assert!(is_plain(&headers(&[("host", host)])), "{host}");
            assert!(!is_plain(&headers(&[("host", host), ("x-forwarded-proto", "https")])), "{host}");
        }
        assert!(!is_plain(&headers(&[("host", "sluice.example.com")])));
        assert!(!is_plain(&headers(&[("host", "10.0.0.1:8080")])));
        assert!(!is_plain(&headers(&[("host", "127.example.com")])));
        assert!(!is_plain(&headers(&[("host", "localhost:8080"), ("origin", "https://localhost:8080")])));
        assert!(!is_plain(&headers(&[])));
    }

    #[test]
    fn the_cookie_is_found_among_others_and_the_safe_one_goes_before() {
        const HERE: (&str, &str) = ("host", "localhost:8080");
        assert_eq!(cookie(&headers(&[HERE])), None);
        assert_eq!(cookie(&headers(&[HERE, ("cookie", "a=b; sluice_operator=x; c")])), Some("x"));
        let both = headers(&[HERE, ("cookie", "sluice_operator=x; __Host-sluice_operator=y")]);
        assert_eq!(cookie(&both), Some("y"));
        assert_eq!(hash_of(&both), None);
    }

    #[test]
    fn the_plain_cookie_counts_on_a_loopback_address_alone() {
        let plain = ("cookie", "sluice_operator=x");
        assert_eq!(cookie(&headers(&[("host", "sluice.example.com"), plain])), None);
        assert_eq!(cookie(&headers(&[("host", "localhost"), ("x-forwarded-proto", "https"), plain])), None);
        let safe =
            headers(&[("host", "sluice.example.com"), ("cookie", "sluice_operator=x; __Host-sluice_operator=y")]);
        assert_eq!(cookie(&safe), Some("y"));
    }
}
