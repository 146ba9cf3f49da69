//! Settling an upload: look at what is in the bucket, judge it, record the verdict. Events, hints and sweeps all end here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sluice_common::coalesce::{BatchError, Coalescer};
use sluice_common::db::timeline::Cause;
use sluice_common::db::uploads::{Decision, Outcome, Unreadable};
use sluice_common::db::{Db, DbError, unwanted_objects, uploads};
use sluice_common::domain::{
    Inspection, ObjectKey, Policies, Policy, StoredObject, Upload, UploadId, UploadState, UploadStatus, Verdict, judge,
};
use sluice_common::storage::{Bucket, Look, Promotion, StoreError};
use tokio::sync::Notify;

use crate::breaker::Breaker;
use crate::envelope::ObjectEvent;
use crate::failpoint::{Point, reach};
use crate::looks::{Counted, Looks, is_deadly};

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
    /// The object is the copy of a promotion whose verdict is not recorded yet.
    PromotionUnderWay,
    /// Nobody has survived a look at the object, so nobody looked.
    Deadly,
    /// The object is none of ours.
    Foreign,
    /// There is no upload of this key.
    UnknownUpload,
}

/// Why an upload could not be settled now. None of it is the upload's fault, and a retry can help.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// Postgres.
    #[error(transparent)]
    Database(BatchError<DbError>),
    /// Postgres, on a rare path.
    #[error(transparent)]
    DatabaseAlone(#[from] DbError),
    /// A newer version wrote the row.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The store.
    #[error(transparent)]
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
            Self::Store(error) => error.is_outage(),
            Self::DatabaseAlone(DbError::Unavailable { .. }) | Self::Database(BatchError::Gone) => true,
            Self::Database(BatchError::Failed(error)) => matches!(**error, DbError::Unavailable { .. }),
            Self::DatabaseAlone(DbError::Broken { .. })
            | Self::Unreadable(_)
            | Self::UnknownPolicy(_)
            | Self::KeepsChanging => false,
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
    lookups: Coalescer<UploadId, Result<Option<Upload>, Unreadable>, DbError>,
    decisions: Coalescer<Decision, Result<bool, Arc<DbError>>, DbError>,
    looks: Looks,
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
                async move { decide_each(&db, &decisions).await }
            }
        });
        let looks = Looks::new(&db);
        Self { db, bucket, policies: Arc::new(policies), lookups, decisions, looks, breaker, unwanted }
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        self.bucket.name()
    }

    /// Settles the upload whose object an event speaks of, whose message was handed out so many times.
    ///
    /// # Errors
    /// Where the database or the store does not do its part.
    pub async fn settle_event(&self, event: &ObjectEvent, times: u32, cause: Cause) -> Result<Settled, SettleError> {
        self.noted(&event.key, self.settle_what_is_at(event, times, cause).await)
    }

    /// Settles a claimed upload by the object under its grant's key.
    ///
    /// # Errors
    /// Where the database or the store does not do its part.
    pub async fn settle(&self, upload: Upload, cause: Cause) -> Result<Settled, SettleError> {
        let key = upload.grant_key.clone();
        let settled = if upload.looks_cut_off > 0 {
            self.look_warily(upload, cause).await
        } else {
            let counted = self.looks.counted(upload.id);
            self.look_and_judge(upload, Some(counted), cause).await
        };
        self.noted(key.as_str(), settled)
    }

    /// Waits until the database knows of every look that has ended.
    pub(crate) async fn looks_are_told(&self) {
        self.looks.told().await;
    }

    /// Lets the looks that are under way be forgotten: this worker stops, and nobody died of them.
    pub async fn give_up(&self) {
        self.looks.give_up().await;
    }

    /// Lets the breaker know how it went with the object under this key.
    fn noted(&self, key: &str, settled: Result<Settled, SettleError>) -> Result<Settled, SettleError> {
        match &settled {
            Ok(Settled::Decided(_) | Settled::NothingThere) => self.breaker.succeeded(),
            // Says nothing about the store.
            Ok(_) => {}
            Err(error) if error.is_outage() => self.breaker.failed(key),
            Err(_) => {}
        }
        settled
    }

    async fn settle_what_is_at(&self, event: &ObjectEvent, times: u32, cause: Cause) -> Result<Settled, SettleError> {
        let Some(id) = ObjectKey::upload_id(&event.key) else { return Ok(Settled::Foreign) };
        let Some(upload) = self.lookups.call(id).await?? else { return Ok(Settled::UnknownUpload) };
        if !upload.grant_key.may_lead_to(&event.key) {
            return Ok(Settled::Foreign);
        }
        let is_grants = upload.grant_key.as_str() == event.key;
        match &upload.state {
            UploadState::Pending if is_grants => self.settle_and_tidy(upload, event, times, cause).await,
            // The copy that a promotion makes has an event of its own; whoever makes it also records it, unless it dies.
            UploadState::Pending => Ok(Settled::PromotionUnderWay),
            UploadState::Confirmed { object, .. } if object.key.as_str() == event.key => {
                notice_tampering(id, object, event);
                Ok(Settled::AlreadyDecided)
            }
            ended => {
                let was_late = ended.object().is_none() || ended.status() == UploadStatus::Deleted;
                self.mark_unwanted(id, event, was_late).await
            }
        }
    }

    /// Settles an upload, and gives up the version that the event speaks of where another one was judged.
    async fn settle_and_tidy(
        &self,
        upload: Upload,
        event: &ObjectEvent,
        times: u32,
        cause: Cause,
    ) -> Result<Settled, SettleError> {
        let (id, write_once) = (upload.id, upload.write_once);
        // Whoever had the message before may have died of it.
        let settled = if times > 1 || upload.looks_cut_off > 0 {
            self.look_warily(upload, cause).await?
        } else {
            self.look_and_judge(upload, None, cause).await?
        };
        if !write_once && event.version_id.is_some() && matches!(settled, Settled::Decided(_) | Settled::AlreadyDecided)
        {
            self.mark_unwanted(id, event, false).await?;
        }
        Ok(settled)
    }

    /// Looks, if nobody is sure to die of it, at an object of which somebody may have died.
    async fn look_warily(&self, upload: Upload, cause: Cause) -> Result<Settled, SettleError> {
        if is_deadly(&upload) {
            return Ok(Settled::Deadly);
        }
        let counted = self.looks.begin(&upload).await?;
        self.look_and_judge(upload, Some(counted), cause).await
    }

    /// Looks, and records what is to be said of what is there. A look that was counted has ended before anything is copied,
    /// which takes long enough for this worker to die of something else.
    async fn look_and_judge(
        &self,
        upload: Upload,
        mut counted: Option<Counted>,
        cause: Cause,
    ) -> Result<Settled, SettleError> {
        let started = Instant::now();
        let wanted = self.policies.find(&upload.policy).map(Policy::wanted).unwrap_or_default();
        for _ in 0..LOOKS {
            reach(Point::BeforeInspect, upload.grant_key.as_str()).await;
            let Look::Object(seen) = self.bucket.inspect(&upload.grant_key, wanted).await? else {
                return Ok(Settled::NothingThere);
            };
            reach(Point::AfterInspect, upload.grant_key.as_str()).await;
            if !upload.write_once {
                counted = None;
            }
            let Some(outcome) = self.outcome(&upload, &seen).await? else { continue };
            let took = started.elapsed();
            let decision = Decision { id: upload.id, outcome, unwanted_version: seen.version_id, cause, took };
            let settled = self.record(decision, &upload.grant_key).await?;
            if let Some(counted) = counted {
                counted.decided();
            }
            return Ok(settled);
        }
        Err(SettleError::KeepsChanging)
    }

    /// Ends a pending upload that nothing came for.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn expire(&self, upload: &Upload) -> Result<Settled, SettleError> {
        self.end(upload, Outcome::Expired).await
    }

    /// Ends a pending upload whose object is deadly, and has the object deleted.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn expire_unread(&self, upload: &Upload) -> Result<Settled, SettleError> {
        self.end(upload, Outcome::ExpiredUnread).await
    }

    async fn end(&self, upload: &Upload, outcome: Outcome) -> Result<Settled, SettleError> {
        reach(Point::BeforeExpire, upload.grant_key.as_str()).await;
        let (id, took) = (upload.id, Duration::ZERO);
        let decision = Decision { id, outcome, unwanted_version: None, cause: Cause::Sweep, took };
        self.record(decision, &upload.grant_key).await
    }

    /// What becomes of the upload with this object. `None` where the object is another one by now.
    async fn outcome(&self, upload: &Upload, seen: &Inspection) -> Result<Option<Outcome>, SettleError> {
        let policy = self.policies.find(&upload.policy);
        let policy = policy.ok_or_else(|| SettleError::UnknownPolicy(upload.policy.clone()))?;
        let stored = |key: &ObjectKey| StoredObject {
            key: key.clone(),
            size: seen.size,
            etag: seen.etag.clone(),
            version_id: seen.version_id.clone(),
            detected_type: seen.content.detected.media_type(),
        };
        Ok(match judge(policy, &upload.declared, seen) {
            Verdict::Reject(reasons) => Some(Outcome::Rejected(stored(&upload.grant_key), reasons)),
            Verdict::Accept if upload.write_once => Some(Outcome::Confirmed(stored(&upload.grant_key))),
            // The grant can be used again, so what was accepted goes where no grant reaches.
            Verdict::Accept => {
                let lasting = upload.grant_key.promoted(&seen.etag);
                reach(Point::BeforePromote, upload.grant_key.as_str()).await;
                let promotion = self.bucket.promote(&upload.grant_key, seen, &lasting).await?;
                reach(Point::AfterPromote, upload.grant_key.as_str()).await;
                match promotion {
                    Promotion::Copied { etag, version_id } => {
                        Some(Outcome::Confirmed(StoredObject { etag, version_id, ..stored(&lasting) }))
                    }
                    Promotion::Changed => None,
                }
            }
        })
    }

    async fn record(&self, decision: Decision, grant_key: &ObjectKey) -> Result<Settled, SettleError> {
        let (id, outcome, cause) = (decision.id, decision.outcome.clone(), decision.cause.as_str());
        let status = outcome.status();
        reach(Point::BeforeVerdict, grant_key.as_str()).await;
        let was_first = self.decisions.call(decision).await?.map_err(BatchError::Failed)?;
        reach(Point::AfterVerdict, grant_key.as_str()).await;
        if was_first {
            metrics::counter!("sluice_verdicts_total", "status" => status.as_str(), "cause" => cause).increment(1);
            tracing::info!(upload.id = %id, status = status.as_str(), cause, "upload {id} is {}", status.as_str());
            // What a promotion leaves behind can wait for the next look at what is unwanted; most verdicts leave nothing.
            if status == UploadStatus::Rejected {
                self.unwanted.notify_one();
            }
            return Ok(Settled::Decided(status));
        }
        // Somebody was first. If what we saw or copied is not what was recorded, nobody else may know of it: a sweep expires
        // an upload whose object comes just after it has looked.
        if let Outcome::Confirmed(object) | Outcome::Rejected(object, _) = outcome {
            unwanted_objects::add(&self.db, id, object.key.as_str(), object.version_id.as_deref()).await?;
        }
        Ok(Settled::AlreadyDecided)
    }

    /// Has the object of an event deleted, which its upload has no use for: it came late, or was rejected, or copied.
    async fn mark_unwanted(&self, id: UploadId, event: &ObjectEvent, was_late: bool) -> Result<Settled, SettleError> {
        if !unwanted_objects::add(&self.db, id, &event.key, event.version_id.as_deref()).await? {
            return Ok(Settled::AlreadyDecided);
        }
        self.unwanted.notify_one();
        if !was_late {
            return Ok(Settled::AlreadyDecided);
        }
        tracing::info!(upload.id = %id, "an object of upload {id} came after it had ended, and is going to be deleted");
        metrics::counter!("sluice_strays_total").increment(1);
        Ok(Settled::Stray)
    }
}

/// A confirmed object can't be replaced through its grant. If it was, somebody has other rights to the bucket.
fn notice_tampering(id: UploadId, confirmed: &StoredObject, event: &ObjectEvent) {
    let same = event.etag.as_ref().is_none_or(|etag| *etag == confirmed.etag.trim_matches('"'));
    if !same {
        metrics::counter!("sluice_tampered_total").increment(1);
        tracing::error!(upload.id = %id, "the confirmed object of upload {id} was overwritten, past every grant");
    }
}

/// Records decisions; where one of them can't be recorded, the others alone.
async fn decide_each(db: &Db, decisions: &[Decision]) -> Result<Vec<Result<bool, Arc<DbError>>>, DbError> {
    match uploads::decide(db, decisions).await {
        Err(DbError::Broken { .. }) if decisions.len() > 1 => {}
        together => return together.map(|were_first| were_first.into_iter().map(Ok).collect()),
    }
    let mut alone = Vec::with_capacity(decisions.len());
    for decision in decisions {
        let recorded = uploads::decide(db, std::slice::from_ref(decision)).await;
        alone.push(recorded.map(|was_first| was_first[0]).map_err(Arc::new));
    }
    Ok(alone)
}

/// The upload of each id, in order.
async fn find_each(db: Db, ids: Vec<UploadId>) -> Result<Vec<Result<Option<Upload>, Unreadable>>, DbError> {
    let found = uploads::find_all(&db, &ids).await?;
    let is_of = |id: UploadId, found: &Result<Upload, Unreadable>| match found {
        Ok(upload) => upload.id == id,
        Err(unreadable) => unreadable.id == id,
    };
    Ok(ids.iter().map(|id| found.iter().find(|found| is_of(*id, found)).cloned().transpose()).collect())
}
