//! listDeadLetters, redriveDeadLetters, deleteDeadLetter and purgeDeadLetters: the dead-letter queue.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::{ApiResponse, Object, OpenApi};
use sluice_common::queue::QueueError;
use sluice_common::queue::dead_letters::{self, DeadLetters};

use super::dead_events::cut;
use super::reach::all_tenants;
use crate::auth::{Act, KeyOrSession, See};
use crate::body::{Json, OptionalBody};
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::{Limit, Text, Time, UploadIdText};
use crate::service::Service;

problems! {
    /// Why dead letters are not listed or purged.
    pub enum DeadLettersProblem {
        /// The queue and what lies in it belong to no tenant: this takes a key that reaches all tenants.
        403 all_tenants_needed => AllTenantsNeeded,
        /// This API was not told of a dead-letter queue: set `SLUICE_SQS_DLQ_URL` and `SLUICE_SQS_QUEUE_URL` for it.
        409 no_dead_letter_queue => NoDeadLetterQueue,
    }
}

problems! {
    /// Why a dead letter is not moved or deleted.
    pub enum DeadLetterProblem {
        /// The queue and what lies in it belong to no tenant: this takes a key that reaches all tenants.
        403 all_tenants_needed => AllTenantsNeeded,
        /// There is no such message in the dead-letter queue, or somebody else has it in hand for a moment.
        404 dead_letter_not_found => DeadLetterNotFound,
        /// This API was not told of a dead-letter queue: set `SLUICE_SQS_DLQ_URL` and `SLUICE_SQS_QUEUE_URL` for it.
        409 no_dead_letter_queue => NoDeadLetterQueue,
    }
}

/// How many dead letters are listed if nobody says, and at the most.
const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 1000;
/// How many messages are looked at for one.
const MOST_WALKED: usize = 1000;
/// How many are moved by one call.
const MOST_MOVED: usize = 500;
/// How many characters of a body are shown.
const SHOWN: usize = 2000;

/// A message in the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct DeadLetter {
    /// The message's id.
    pub message_id: String,
    /// How often it has been handed out.
    pub times: i64,
    /// When it was sent.
    pub sent_at: Option<Time>,
    /// What it speaks of, or why nobody can tell.
    pub says: String,
    /// The upload that it speaks of, where it is one of ours.
    pub upload_id: Option<UploadIdText>,
    /// What it says, as it came: its first 2,000 characters.
    pub body: String,
    /// Whether `body` is cut off.
    pub is_cut: bool,
}

impl From<dead_letters::DeadLetter> for DeadLetter {
    fn from(letter: dead_letters::DeadLetter) -> Self {
        let (says, upload) = (letter.says(), letter.upload());
        let (body, is_cut) = cut(letter.body, Some(SHOWN));
        Self {
            message_id: letter.message_id,
            times: letter.times.into(),
            sent_at: letter.sent_at.map(Time),
            says,
            upload_id: upload.map(|id| UploadIdText(id.to_string())),
            body,
            is_cut,
        }
    }
}

/// Moves back what one call does, and stops where a queue does not do its part.
async fn redrive_many(letters: &DeadLetters) -> Result<RedriveOutcome, QueueError> {
    let mut moved = 0;
    while moved < MOST_MOVED {
        let some = letters.redrive_some().await?;
        moved += some.moved;
        if let Some(error) = some.failure {
            return Err(error);
        }
        if some.taken == 0 {
            return Ok(RedriveOutcome { moved: count(moved), has_more: false });
        }
    }
    Ok(RedriveOutcome { moved: count(moved), has_more: true })
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What lies in the dead-letter queue, as far as it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct DeadLetterList {
    /// The messages, in no order.
    pub data: Vec<DeadLetter>,
    /// Whether there are more. A queue has no pages: ask for more at once, up to 1,000.
    pub has_more: bool,
    /// About how many there are in all.
    pub total: i64,
}

/// Which messages to move back.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, deny_unknown_fields, example)]
pub struct RedriveOrder {
    /// Only this one, by its message's id. Without it, up to 500 are moved.
    pub message_id: Option<Text>,
}

/// What moving messages back came to.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(example)]
pub struct RedriveOutcome {
    /// How many were moved back to the queue.
    pub moved: i64,
    /// Whether there may be more, for another call.
    pub has_more: bool,
}

/// What purging came to.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(example)]
pub struct PurgeOutcome {
    /// About how many messages are deleted. It can take a minute until all are gone.
    pub deleted: i64,
}

/// Some of them.
#[derive(ApiResponse)]
pub enum DeadLetterListAnswer {
    /// What lies in the dead-letter queue.
    #[oai(status = 200)]
    DeadLetters(Json<DeadLetterList>),
}

/// Moved back.
#[derive(ApiResponse)]
pub enum RedriveAnswer {
    /// What it came to.
    #[oai(status = 200)]
    Outcome(Json<RedriveOutcome>),
}

/// It is gone.
#[derive(ApiResponse)]
pub enum DeletedAnswer {
    /// It is deleted.
    #[oai(status = 204)]
    Deleted,
}

/// All are gone.
#[derive(ApiResponse)]
pub enum PurgeAnswer {
    /// What it came to.
    #[oai(status = 200)]
    Outcome(Json<PurgeOutcome>),
}

/// listDeadLetters.
pub struct ListDeadLetters;

#[OpenApi]
impl ListDeadLetters {
    /// List dead letters
    ///
    /// The messages that the queue gave up, with what they speak of. Looking hides them from others for a moment.
    ///
    /// Needs the scope `operator` or `operator:read`, and a key that reaches all tenants.
    #[oai(path = "/v1/operator/dead-letters", method = "get", operation_id = "listDeadLetters", tag = "Tag::Operator")]
    async fn list(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<See>,
        /// How many to list: 50 if not said, and never more than 1,000.
        limit: Query<Option<Limit>>,
    ) -> Result<DeadLetterListAnswer, DeadLettersProblem> {
        all_tenants(&operator.0)?;
        let letters = service.queues.dead_letters().ok_or(DeadLettersProblem::NoDeadLetterQueue)?;
        let limit = limit.0.map_or(DEFAULT_LIMIT, |limit| limit.0).clamp(1, MAX_LIMIT);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut walk = letters.walk(|walk, fresh| walk.len() + fresh.len() >= limit, |_| {}).await?;
        letters.give_back(&walk).await?;
        let total = i64::try_from(letters.count().await?).unwrap_or(i64::MAX);
        walk.truncate(limit);
        let has_more = total > count(walk.len());
        let data = walk.into_iter().map(DeadLetter::from).collect();
        Ok(DeadLetterListAnswer::DeadLetters(Json(DeadLetterList { data, has_more, total })))
    }
}

/// redriveDeadLetters.
pub struct RedriveDeadLetters;

#[OpenApi]
impl RedriveDeadLetters {
    /// Move dead letters back
    ///
    /// Back to the queue that they came from: one, or up to 500 a call, while `has_more` is true. What was settled meanwhile
    /// is not settled twice.
    ///
    /// Needs the scope `operator`, and a key that reaches all tenants.
    #[oai(
        path = "/v1/operator/dead-letters/redrive",
        method = "post",
        operation_id = "redriveDeadLetters",
        tag = "Tag::Operator"
    )]
    async fn redrive(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<Act>,
        order: OptionalBody<RedriveOrder>,
    ) -> Result<RedriveAnswer, DeadLetterProblem> {
        all_tenants(&operator.0)?;
        let letters = service.queues.dead_letters().ok_or(DeadLetterProblem::NoDeadLetterQueue)?;
        let outcome = match order.0.and_then(|order| order.message_id) {
            Some(Text(id)) => {
                let found = letters.find(&id, MOST_WALKED).await?.ok_or(DeadLetterProblem::DeadLetterNotFound)?;
                letters.redrive(&found).await?;
                RedriveOutcome { moved: 1, has_more: false }
            }
            None => redrive_many(letters).await?,
        };
        service.queues.forget().await;
        let moved = outcome.moved;
        tracing::info!(operator.key = %operator.0.key, moved, "an operator moved {moved} dead letters back to the queue");
        Ok(RedriveAnswer::Outcome(Json(outcome)))
    }
}

/// deleteDeadLetter.
pub struct DeleteDeadLetter;

#[OpenApi]
impl DeleteDeadLetter {
    /// Delete a dead letter
    ///
    /// For good.
    ///
    /// Needs the scope `operator`, and a key that reaches all tenants.
    #[oai(
        path = "/v1/operator/dead-letters/:message_id",
        method = "delete",
        operation_id = "deleteDeadLetter",
        tag = "Tag::Operator"
    )]
    async fn delete(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<Act>,
        /// The message's id.
        #[oai(name = "message_id")]
        id: Path<Text>,
    ) -> Result<DeletedAnswer, DeadLetterProblem> {
        all_tenants(&operator.0)?;
        let letters = service.queues.dead_letters().ok_or(DeadLetterProblem::NoDeadLetterQueue)?;
        let found = letters.find(&id.0.0, MOST_WALKED).await?.ok_or(DeadLetterProblem::DeadLetterNotFound)?;
        letters.delete(&found).await?;
        service.queues.forget().await;
        tracing::info!(operator.key = %operator.0.key, message.id = %found.message_id, "an operator deleted a dead letter");
        Ok(DeletedAnswer::Deleted)
    }
}

/// purgeDeadLetters.
pub struct PurgeDeadLetters;

#[OpenApi]
impl PurgeDeadLetters {
    /// Delete all dead letters
    ///
    /// For good, at most once a minute.
    ///
    /// Needs the scope `operator`, and a key that reaches all tenants.
    #[oai(
        path = "/v1/operator/dead-letters",
        method = "delete",
        operation_id = "purgeDeadLetters",
        tag = "Tag::Operator"
    )]
    async fn purge(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<Act>,
    ) -> Result<PurgeAnswer, DeadLettersProblem> {
        all_tenants(&operator.0)?;
        let letters = service.queues.dead_letters().ok_or(DeadLettersProblem::NoDeadLetterQueue)?;
        let deleted = i64::try_from(letters.count().await?).unwrap_or(i64::MAX);
        letters.purge().await?;
        service.queues.forget().await;
        tracing::info!(operator.key = %operator.0.key, deleted, "an operator purged about {deleted} dead letters");
        Ok(PurgeAnswer::Outcome(Json(PurgeOutcome { deleted })))
    }
}
