//! listDeadLetters, redriveDeadLetters, deleteDeadLetter and purgeDeadLetters: the dead-letter queue.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::auth::{Act, KeyOrSession, See};
use crate::body::{Json, OptionalBody};
use crate::document::Tag;
use crate::problem::{Problem, UNAVAILABLE, problems};
use crate::scalars::{Limit, Text, Time, UploadIdText};
use crate::service::Service;

problems! {
    /// Why dead letters are not listed or purged.
    pub enum DeadLettersProblem {
        /// The queue and what lies in it belong to no tenant: this takes a key that reaches all tenants.
        403 all_tenants_needed => AllTenantsNeeded,
        /// This API was not told of a dead-letter queue: set `SLUICE_SQS_DLQ_URL` and `SLUICE_SQS_QUEUE_URL` for it.
        409 no_dead_letter_queue => NoDeadLetterQueue,
        /// One of the two queues does not answer, or refuses. Try again.
        503 queue_unavailable => QueueUnavailable(detail: String),
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
        /// One of the two queues does not answer, or refuses. Try again.
        503 queue_unavailable => QueueUnavailable(detail: String),
    }
}

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

/// What lies in the dead-letter queue, as far as it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
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
#[oai(skip_serializing_if_is_none, deny_unknown_fields)]
pub struct RedriveOrder {
    /// Only this one, by its message's id. Without it, up to 500 are moved.
    pub message_id: Option<Text>,
}

/// What moving messages back came to.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct RedriveOutcome {
    /// How many were moved back to the queue.
    pub moved: i64,
    /// Whether there may be more, for another call.
    pub has_more: bool,
}

/// What purging came to.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
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
        _service: Data<&Arc<Service>>,
        _operator: KeyOrSession<See>,
        /// How many to list: 50 if not said, and never more than 1,000.
        limit: Query<Option<Limit>>,
    ) -> Result<DeadLetterListAnswer, DeadLettersProblem> {
        let _ = limit;
        Err(Problem::new(UNAVAILABLE).into())
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
        _service: Data<&Arc<Service>>,
        _operator: KeyOrSession<Act>,
        order: OptionalBody<RedriveOrder>,
    ) -> Result<RedriveAnswer, DeadLetterProblem> {
        let _ = order;
        Err(Problem::new(UNAVAILABLE).into())
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
        _service: Data<&Arc<Service>>,
        _operator: KeyOrSession<Act>,
        /// The message's id.
        #[oai(name = "message_id")]
        id: Path<Text>,
    ) -> Result<DeletedAnswer, DeadLetterProblem> {
        let _ = id;
        Err(Problem::new(UNAVAILABLE).into())
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
        _service: Data<&Arc<Service>>,
        _operator: KeyOrSession<Act>,
    ) -> Result<PurgeAnswer, DeadLettersProblem> {
        Err(Problem::new(UNAVAILABLE).into())
    }
}
