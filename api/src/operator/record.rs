//! Writing down what operators do: that it begins before anything is done, and then what it came to.

use std::panic::resume_unwind;

use serde_json::Value;
use sluice_common::chain::Chain;
use sluice_common::db::operator_actions::{self, Begun, Came, Kind};
use sluice_common::db::{Db, DbError};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::auth::Operator;

/// How many characters of an id are written down: more than any has.
const LONGEST_ID: usize = 200;

/// What an operator is about to do.
pub struct Deed<'a> {
    /// What it is.
    pub kind: Kind,
    /// With which one thing, by its id.
    pub subject: Option<&'a str>,
    /// With all uploads that fit this.
    pub filter: Option<&'a Value>,
}

/// What has begun.
#[must_use = "what it came to is written down, too"]
pub struct Record {
    db: Db,
    id: i64,
    key: Uuid,
    kind: Kind,
}

/// Writes down that it begins: what can't be written down is not done.
///
/// # Errors
/// Where the database does not answer, or takes no writes.
pub async fn begin(db: &Db, operator: &Operator, deed: Deed<'_>) -> Result<Record, DbError> {
    let Deed { kind, subject, filter } = deed;
    // Whatever somebody sends for an id. Postgres' text holds no NUL.
    let subject = subject.map(|id| id.replace('\0', "\u{fffd}").chars().take(LONGEST_ID).collect::<String>());
    let begun =
        Begun { key: operator.key, tenant: operator.tenant.as_ref(), kind, subject: subject.as_deref(), filter };
    let id = operator_actions::begin(db, &begun).await?;
    Ok(Record { db: db.clone(), id, key: operator.key, kind })
}

impl Record {
    /// Writes down what it came to. Where that fails, it is only known that it began; what is done is done.
    pub async fn end(self, came: &Came) {
        let (action, Came { done, not_done, .. }) = (self.kind.as_str(), came);
        tracing::info!(operator.key = %self.key, action, done, not_done, "an operator acted: {action}, {done} done, {not_done} not");
        if let Err(error) = operator_actions::end(&self.db, self.id, came).await {
            tracing::error!(
                error = %Chain(&error), operator.key = %self.key, action, done, not_done,
                "could not write down what an operator has done"
            );
        }
    }
}

/// Does it to its end, even where nobody waits for the answer any more: whoever is gone has still done it.
pub async fn to_its_end<T: Send + 'static>(doing: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(doing.in_current_span()).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The process ends.
            Err(_) => std::future::pending().await,
        },
    }
}
