//! Settling an upload: look at what is in the bucket, judge it, record the verdict. Events, hints and sweeps all end here.

use std::sync::Arc;
use std::time::Instant;

use sluice_common::coalesce::{BatchError, Coalescer};
use sluice_common::db::timeline::Cause;
use sluice_common::db::uploads::{Decision, Outcome};
use sluice_common::db::{Db, DbError, unwanted_objects, uploads};
use sluice_common::domain::{
    Inspection, ObjectKey, Policies, Policy, StoredObject, Upload, UploadId, UploadState, UploadStatus, Verdict, judge,
};
use sluice_common::storage::{Bucket, Look, Promotion, StoreError};
use tokio::sync::Notify;

use crate::breaker::Breaker;

/// The most uploads in one statement.
const BATCH: usize = 100;
/// How often an object is looked at again that changes while it is promoted.
const LOOKS: usize = 3;

/// What came of settling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The upload got this status now.
    Decided(UploadStatus),
    /// It had ended before, or somebody else was first.
    AlreadyDecided,
    /// There is no object yet.
    NothingThere,
    /// The object came after its upload had ended without it, and is marked for deletion.
    Stray,
    /// The key belongs to the upload but is not where its grant writes.
    NotTheGrantsKey,
    /// There is no upload of this key.
    UnknownUpload,
}

/// Why an upload could not be settled now. None of it is the upload's fault, and a retry can help.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// Postgres.
    #[error("could not settle an upload")]
    Database(#[source] BatchError<DbError>),
    /// Postgres, on a rare path.
    #[error("could not settle an upload")]
    DatabaseAlone(#[from] DbError),
    /// The store.
    #[error("could not settle an upload")]
    Store(#[from] StoreError),
    /// The upload's policy is not in this worker's file: it was removed, or this worker is older than it.
    #[error("there is no policy '{0}' in this worker's policy file")]
    UnknownPolicy(String),
    /// Its client writes again and again.
    #[error("the object changed each time it was looked at")]
    KeepsChanging,
}

impl SettleError {
    /// Whether Postgres or the store is in trouble, rather than this one upload.
    fn is_outage(&self) -> bool {
        match self {
            Self::Store(_) | Self::DatabaseAlone(DbError::Unavailable { .. }) | Self::Database(BatchError::Gone) => {
                true
            }
            Self::Database(BatchError::Failed(error)) => matches!(**error, DbError::Unavailable { .. }),
            Self::DatabaseAlone(DbError::Broken { .. }) | Self::UnknownPolicy(_) | Self::KeepsChanging => false,
        }
    }
}

impl From<BatchError<DbError>> for SettleError {
    fn from(error: BatchError<DbError>) -> Self {
        Self::Database(error)
    }
}

/// Settles uploads. Cheap to clone.
#[derive(Clone)]
pub struct Settler {
    db: Db,
    bucket: Bucket,
    policies: Arc<Policies>,
    lookups: Coalescer<UploadId, Option<Upload>, DbError>,
    decisions: Coalescer<Decision, bool, DbError>,
    breaker: Breaker,
    /// Rung when an object became unwanted.
    unwanted: Arc<Notify>,
}

impl Settler {
    /// A settler that rings `unwanted` when it left something to delete.
    pub fn new(db: Db, bucket: Bucket, policies: Policies, breaker: Breaker, unwanted: Arc<Notify>) -> Self {
        let lookups = Coalescer::new(BATCH, {
            let db = db.clone();
            move |ids| find_each(db.clone(), ids)
        });
        let decisions = Coalescer::new(BATCH, {
            let db = db.clone();
            move |decisions: Vec<Decision>| {
                let db = db.clone();
                async move { uploads::decide(&db, &decisions).await }
            }
        });
        Self { db, bucket, policies: Arc::new(policies), lookups, decisions, breaker, unwanted }
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        self.bucket.name()
    }

    /// Settles the upload that an object's key names.
    ///
    /// # Errors
    /// Where the database or the store does not do its part.
    pub async fn settle_key(&self, key: &str, version: Option<&str>, cause: Cause) -> Result<Settled, SettleError> {
        self.noted(self.settle_what_is_at(key, version, cause).await)
    }

    /// Settles a pending upload by the object under its grant's key.
    ///
    /// # Errors
    /// Where the database or the store does not do its part.
    pub async fn settle(&self, upload: Upload, cause: Cause) -> Result<Settled, SettleError> {
        self.noted(self.look_and_judge(upload, cause).await)
    }

    /// Lets the breaker know how it went.
    fn noted(&self, settled: Result<Settled, SettleError>) -> Result<Settled, SettleError> {
        match &settled {
            Ok(_) => self.breaker.succeeded(),
            Err(error) if error.is_outage() => self.breaker.failed(),
            Err(_) => {}
        }
        settled
    }

    async fn settle_what_is_at(&self, key: &str, version: Option<&str>, cause: Cause) -> Result<Settled, SettleError> {
        let Some(id) = ObjectKey::upload_id(key) else { return Ok(Settled::UnknownUpload) };
        let Some(upload) = self.lookups.call(id).await? else { return Ok(Settled::UnknownUpload) };
        match &upload.state {
            UploadState::Pending if upload.grant_key.as_str() == key => self.look_and_judge(upload, cause).await,
            // The copy that a promotion makes has an event of its own; whoever makes it also records it.
            UploadState::Pending => Ok(Settled::NotTheGrantsKey),
            UploadState::Confirmed { object, .. } if object.key.as_str() == key => Ok(Settled::AlreadyDecided),
            _ => self.mark_stray(id, key, version).await,
        }
    }

    async fn look_and_judge(&self, upload: Upload, cause: Cause) -> Result<Settled, SettleError> {
        let started = Instant::now();
        let policy =
            self.policies.find(&upload.policy).ok_or_else(|| SettleError::UnknownPolicy(upload.policy.clone()))?;
        for _ in 0..LOOKS {
            let Look::Object(seen) = self.bucket.inspect(&upload.grant_key).await? else {
                return Ok(Settled::NothingThere);
            };
            if let Some(outcome) = self.outcome(&upload, policy, &seen).await? {
                let decision = Decision {
                    id: upload.id,
                    outcome,
                    unwanted_version: seen.version_id,
                    cause,
                    took: started.elapsed(),
                };
                return self.record(decision).await;
            }
        }
        Err(SettleError::KeepsChanging)
    }

    /// Ends a pending upload that nothing came for.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn expire(&self, id: UploadId) -> Result<Settled, SettleError> {
        let took = std::time::Duration::ZERO;
        self.record(Decision { id, outcome: Outcome::Expired, unwanted_version: None, cause: Cause::Sweep, took }).await
    }

    /// What becomes of the upload with this object. `None` where the object is another one by now.
    async fn outcome(
        &self,
        upload: &Upload,
        policy: &Policy,
        seen: &Inspection,
    ) -> Result<Option<Outcome>, SettleError> {
        let stored = |key: &ObjectKey| StoredObject {
            key: key.clone(),
            size: seen.size,
            etag: seen.etag.clone(),
            version_id: seen.version_id.clone(),
            detected_type: seen.detected.media_type(),
        };
        Ok(match judge(policy, &upload.declared, seen) {
            Verdict::Reject(reasons) => Some(Outcome::Rejected(stored(&upload.grant_key), reasons)),
            Verdict::Accept if upload.write_once => Some(Outcome::Confirmed(stored(&upload.grant_key))),
            // The grant can be used again, so what was accepted goes where no grant reaches.
            Verdict::Accept => {
                let lasting = upload.grant_key.promoted(&seen.etag);
                match self.bucket.promote(&upload.grant_key, seen, &lasting).await? {
                    Promotion::Copied { etag, version_id } => {
                        Some(Outcome::Confirmed(StoredObject { etag, version_id, ..stored(&lasting) }))
                    }
                    Promotion::Changed => None,
                }
            }
        })
    }

    async fn record(&self, decision: Decision) -> Result<Settled, SettleError> {
        let (id, outcome, cause) = (decision.id, decision.outcome.clone(), decision.cause.as_str());
        let status = outcome.status();
        if self.decisions.call(decision).await? {
            metrics::counter!("sluice_verdicts_total", "status" => status.as_str(), "cause" => cause).increment(1);
            tracing::info!(upload.id = %id, status = status.as_str(), cause, "upload {id} is {}", status.as_str());
            self.unwanted.notify_one();
            return Ok(Settled::Decided(status));
        }
        // Somebody was first. If what we saw or copied is not what was recorded, nobody else may know of it: a sweep expires
        // an upload whose object comes just after it has looked.
        if let Outcome::Confirmed(object) | Outcome::Rejected(object, _) = outcome {
            self.mark_stray(id, object.key.as_str(), object.version_id.as_deref()).await?;
        }
        Ok(Settled::AlreadyDecided)
    }

    async fn mark_stray(&self, id: UploadId, key: &str, version: Option<&str>) -> Result<Settled, SettleError> {
        if !unwanted_objects::add(&self.db, id, key, version).await? {
            return Ok(Settled::AlreadyDecided);
        }
        tracing::info!(upload.id = %id, "an object of upload {id} came after it had ended, and is going to be deleted");
        metrics::counter!("sluice_strays_total").increment(1);
        self.unwanted.notify_one();
        Ok(Settled::Stray)
    }
}

/// The upload of each id, in order.
async fn find_each(db: Db, ids: Vec<UploadId>) -> Result<Vec<Option<Upload>>, DbError> {
    let found = uploads::find_all(&db, &ids).await?;
    Ok(ids.iter().map(|id| found.iter().find(|upload| upload.id == *id).cloned()).collect())
}
