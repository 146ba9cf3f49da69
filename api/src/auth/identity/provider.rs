//! Keeping what the identity provider publishes: fetched now and then, and when a token names a key that is not known.
//!
//! One task fetches, for all requests. A token makes it fetch earlier, but never more often than once in [`SPACING`], whatever
//! tokens come. What was fetched is kept for as long as the provider can't be reached.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider as TlsProvider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use http::Uri;
use http_body_util::{BodyExt as _, Limited};
use jsonwebtoken::{Algorithm, DecodingKey};
use sluice_common::chain::Chain;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::keys::KeySet;

/// How often to fetch: also how long a key that was withdrawn is still believed.
const EVERY: Duration = Duration::from_mins(5);
/// How soon to fetch again what could not be fetched.
const AGAIN: Duration = Duration::from_secs(15);
/// How long after one fetch a token may make us fetch again.
const SPACING: Duration = Duration::from_secs(5);
/// The longest that one fetch may take.
const LONGEST: Duration = Duration::from_secs(3);
/// The longest that a request waits for one.
const PATIENCE: Duration = Duration::from_secs(4);
/// The largest document: hundreds of keys.
const LARGEST: usize = 256 * 1024;

/// The keys of an identity provider.
pub struct Provider {
    known: watch::Receiver<Known>,
    wanted: Arc<Notify>,
    fetching: AbortHandle,
}

/// What is known of them.
#[derive(Debug, Clone)]
struct Known {
    keys: Arc<KeySet>,
    asked_at: Option<Instant>,
    /// Why they are not what the provider has now.
    trouble: Option<Arc<FetchError>>,
}

/// Why the keys could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nothing was fetched yet.
    #[error("the identity provider's keys have not been fetched yet")]
    NotYet,
    /// It took too long.
    #[error("the identity provider did not give its keys within 3 seconds")]
    Late,
    /// It can't be reached.
    #[error("could not fetch the identity provider's keys")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It answered something else. Redirects are not followed: the setting names where the keys are.
    #[error("the identity provider answered {0} instead of its keys")]
    Answered(u16),
    /// What came is too large, or broke off.
    #[error("could not read the identity provider's keys, which may have 256 KiB")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What came is no JWKS document.
    #[error("what the identity provider gave is no JWKS document")]
    Document(#[source] serde_json::Error),
}

impl Provider {
    /// Begins to fetch.
    pub fn new(url: Uri) -> Self {
        let trouble = Some(Arc::new(FetchError::NotYet));
        let (tell, known) = watch::channel(Known { keys: Arc::default(), asked_at: None, trouble });
        let wanted = Arc::new(Notify::new());
        let fetching = tokio::spawn(keep_fetching(url, tell, Arc::clone(&wanted))).abort_handle();
        Self { known, wanted, fetching }
    }

    /// The key of this id for this algorithm. One that is not known is fetched, unless that was just done.
    ///
    /// # Errors
    /// Where it is not known and the provider can't be asked.
    pub async fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<Option<DecodingKey>, Arc<FetchError>> {
        let look = || self.known.borrow().keys.find(id, algorithm).cloned();
        if let Some(key) = look() {
            return Ok(Some(key));
        }
        self.fetched_lately().await;
        match (look(), &self.known.borrow().trouble) {
            (None, Some(trouble)) => Err(Arc::clone(trouble)),
            (found, _) => Ok(found),
        }
    }

    async fn fetched_lately(&self) {
        let mut known = self.known.clone();
        if known.borrow_and_update().asked_at.is_some_and(|asked_at| asked_at.elapsed() < SPACING) {
            return;
        }
        self.wanted.notify_one();
        let _ = timeout(PATIENCE, known.changed()).await;
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.fetching.abort();
    }
}

impl Known {
    fn learn(&mut self, asked_at: Instant, fetched: Result<KeySet, FetchError>) {
        self.asked_at = Some(asked_at);
        match fetched {
            Ok(keys) => {
                if self.trouble.is_some() || keys.len() != self.keys.len() {
                    tracing::info!(keys = keys.len(), "fetched the identity provider's keys");
                }
                // Once, and again when there is something else to say.
                if keys.passed_over() != self.keys.passed_over() {
                    for why in keys.passed_over() {
                        tracing::warn!("of what SLUICE_JWT_JWKS_URL gives one is passed over: {why}");
                    }
                }
                (self.keys, self.trouble) = (Arc::new(keys), None);
            }
            Err(error) => {
                let was_well = !self.trouble.as_deref().is_some_and(|trouble| !matches!(trouble, FetchError::NotYet));
                if was_well {
                    tracing::warn!(error = %Chain(&error), "could not fetch the keys of SLUICE_JWT_JWKS_URL; fetching again");
                }
                self.trouble = Some(Arc::new(error));
            }
        }
    }
}

async fn keep_fetching(url: Uri, tell: watch::Sender<Known>, wanted: Arc<Notify>) {
    let connector = Connector::builder().tls_provider(TlsProvider::Rustls(CryptoMode::Ring)).build();
    loop {
        let asked_at = Instant::now();
        let fetched = timeout(LONGEST, fetch(&connector, &url)).await.unwrap_or(Err(FetchError::Late));
        let pause = if fetched.is_ok() { EVERY } else { AGAIN };
        tell.send_modify(|known| known.learn(asked_at, fetched));
        sleep_until(asked_at + SPACING).await;
        let _ = timeout(pause, wanted.notified()).await;
    }
}

async fn fetch(connector: &Connector, url: &Uri) -> Result<KeySet, FetchError> {
    let request = HttpRequest::get(url.to_string()).map_err(|error| FetchError::Unreachable(error.into()))?;
    let response = connector.call(request).await.map_err(|error| FetchError::Unreachable(error.into()))?;
    match response.status().as_u16() {
        200 => {}
        status => return Err(FetchError::Answered(status)),
    }
    let body = Limited::new(response.into_body(), LARGEST).collect().await.map_err(FetchError::Body)?;
    KeySet::parse(&body.to_bytes()).map_err(FetchError::Document)
}
