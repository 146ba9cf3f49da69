//! listDeadLetters: what lies in the dead-letter queue.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::{ApiResponse, Object, OpenApi};
use sluice_common::queue::dead_letters;

use super::dead_events::cut;
use super::reach::all_tenants;
use crate::auth::{KeyOrSession, See};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::{Limit, Time, UploadIdText};
use crate::service::Service;

problems! {
    /// Why dead letters are not listed.
    pub enum ListDeadLettersProblem {
        /// The queue and what lies in it belong to no tenant: this takes a key that reaches all tenants.
        403 all_tenants_needed => AllTenantsNeeded,
        /// This API was not told of a dead-letter queue: set `SLUICE_SQS_DLQ_URL` and `SLUICE_SQS_QUEUE_URL` for it.
        409 no_dead_letter_queue => NoDeadLetterQueue,
    }
}

/// How many dead letters are listed if nobody says, and at the most.
const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 1000;
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
    /// About how many of these others have in hand just now, so that they may not be listed: each comes back within a minute.
    pub hidden: i64,
}

/// Some of them.
#[derive(ApiResponse)]
pub enum DeadLetterListAnswer {
    /// What lies in the dead-letter queue.
    #[oai(status = 200)]
    DeadLetters(Json<DeadLetterList>),
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
    ) -> Result<DeadLetterListAnswer, ListDeadLettersProblem> {
        all_tenants(&operator.0)?;
        let letters = service.queues.dead_letters().ok_or(ListDeadLettersProblem::NoDeadLetterQueue)?;
        let limit = limit.0.map_or(DEFAULT_LIMIT, |limit| limit.0).clamp(1, MAX_LIMIT);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut walk = letters.walk(|walk, fresh| walk.len() + fresh.len() >= limit, |_| {}).await?;
        letters.give_back(&walk).await;
        let held = letters.held().await?;
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        walk.truncate(limit);
        let total = held.visible + held.in_flight;
        Ok(DeadLetterListAnswer::DeadLetters(Json(DeadLetterList {
            has_more: total > walk.len() as u64,
            data: walk.into_iter().map(DeadLetter::from).collect(),
            total: count(total),
            hidden: count(held.in_flight),
        })))
    }
}
