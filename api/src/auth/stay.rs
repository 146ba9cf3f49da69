//! How long somebody stays let in who waits or watches: until their time is over, their key is revoked, or they sign out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sluice_common::chain::Chain;
use sluice_common::domain::Sha256;

use super::refusal::Refusal;
use crate::problem::Problem;
use crate::service::Service;

/// How long to leave a database alone that did not say whether somebody stays.
const PAUSE: Duration = Duration::from_secs(1);

/// What somebody was let in with, and until when that works by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    by: By,
    until: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The API key of this hash.
    Key(Sha256),
    /// The operator's session of this hash.
    Session(Sha256),
    /// What nobody can take back.
    Token,
}

impl Stay {
    /// By the API key of this hash.
    pub(super) fn by_key(hash: Sha256, until: Option<Instant>) -> Self {
        Self { by: By::Key(hash), until }
    }

    /// By the operator's session of this hash.
    pub(super) fn by_session(hash: Sha256, until: Option<Instant>) -> Self {
        Self { by: By::Session(hash), until }
    }

    /// By a token, or by nothing: that can't be revoked.
    pub fn by_token(until: Option<Instant>) -> Self {
        Self { by: By::Token, until }
    }

    /// Waits for something, for as long as the caller stays.
    ///
    /// # Errors
    /// Where the caller is let in no longer.
    pub async fn during<T>(self, service: &Arc<Service>, waiting: impl Future<Output = T>) -> Result<T, Problem> {
        tokio::select! {
            waited = waiting => Ok(waited),
            () = self.end(Arc::clone(service)) => Err(Refusal::Ended.into()),
        }
    }

    /// Is ready when the caller is let in no longer.
    pub async fn end(self, service: Arc<Service>) {
        // Listens first, and then asks once more: it may have ended since the caller was let in.
        let mut changes = service.keys.changes();
        let mut until = self.until;
        loop {
            tokio::select! {
                asked = self.ask(&service) => match asked {
                    Some(stay) => until = stay.until,
                    None => return,
                },
                () = is_over(until) => return,
            }
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = is_over(until) => return,
            }
        }
    }

    /// The same as it is now, if it goes on. A database that is away ends nobody's stay.
    async fn ask(self, service: &Service) -> Option<Self> {
        loop {
            let asked = match self.by {
                By::Key(hash) => match service.keys.ask(hash).await {
                    Ok(known) => Ok(known.ok().map(|known| Self::by_key(hash, known.until))),
                    Err(error) => Err(Chain(&*error).to_string()),
                },
                By::Session(hash) => match service.sessions.ask(hash).await {
                    Ok(operator) => Ok(operator.map(|operator| operator.stay)),
                    Err(error) => Err(Chain(&error).to_string()),
                },
                By::Token => Ok(Some(self)),
            };
            match asked {
                Ok(stay) => return stay,
                Err(error) => tracing::debug!(error, "could not ask whether a caller stays; asking again"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn is_over(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until.into()).await,
        None => std::future::pending().await,
    }
}
