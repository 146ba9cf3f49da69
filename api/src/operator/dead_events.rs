//! listDeadEvents, getDeadEvent, dropDeadEvent and dropDeadEvents: the messages that no upload could be settled by.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::{ApiResponse, Object, OpenApi};
use sluice_common::db::operator_actions::{Came, Kind};
use sluice_common::db::{Db, DbError, dead_events};

use super::numbered::{self, number};
use super::reach::all_tenants;
use super::record::{self, Deed, to_its_end};
use crate::auth::{Act, KeyOrSession, Operator, See};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::{Limit, Text, Time, UploadIdText};
use crate::service::Service;

problems! {
    /// Why dead events are not listed.
    pub enum ListDeadEventsProblem {
        /// The queue and what lies in it belong to no tenant: this takes a key that reaches all tenants.
        403 all_tenants_needed => AllTenantsNeeded,
        /// The cursor is not one that this list gave.
        400 invalid_cursor => InvalidCursor,
    }
}

problems! {
    /// Why a dead event is not there.
    pub enum DeadEventProblem {
        /// The queue and what lies in it belong to no tenant: this takes a key that reaches all tenants.
        403 all_tenants_needed => AllTenantsNeeded,
        /// There is no such dead event.
        404 dead_event_not_found => DeadEventNotFound,
    }
}

problems! {
    /// Why no dead events were dropped.
    pub enum DropDeadEventsProblem {
        /// The queue and what lies in it belong to no tenant: this takes a key that reaches all tenants.
        403 all_tenants_needed => AllTenantsNeeded,
        /// `up_to` is not the id of a dead event.
        400 invalid_cursor => InvalidCursor,
    }
}

/// How many characters of a body are shown in lists.
const SHOWN: usize = 2000;
/// How many are dropped by one call.
const MOST_DROPPED: i64 = 1000;

/// A message that no upload could be settled by.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct DeadEvent {
    /// Its id.
    pub id: String,
    /// The id that the message had in the queue.
    pub message_id: String,
    /// Why it is of no use, in a sentence.
    pub reason: String,
    /// When it was kept.
    pub at: Time,
    /// The upload that it speaks of, where that can be told.
    pub upload_id: Option<UploadIdText>,
    /// What it says, as it came; in lists no more than its first 2,000 characters.
    pub body: String,
    /// Whether `body` is cut off.
    pub is_cut: bool,
}

impl DeadEvent {
    /// One, of whose body no more than so many characters are shown.
    pub fn of(event: dead_events::DeadEvent, shown: Option<usize>) -> Self {
        let (body, is_cut) = cut(event.body, shown);
        Self {
            id: event.id.to_string(),
            message_id: event.message_id,
            reason: event.reason,
            at: Time(event.at),
            upload_id: event.upload.map(|id| UploadIdText(id.to_string())),
            body,
            is_cut,
        }
    }
}

/// The beginning of a text, and whether that is not all.
pub fn cut(text: String, most: Option<usize>) -> (String, bool) {
    match most.and_then(|most| text.char_indices().nth(most)) {
        Some((end, _)) => (text[..end].to_owned(), true),
        None => (text, false),
    }
}

/// A page of dead events, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct DeadEventList {
    /// The dead events of this page.
    pub data: Vec<DeadEvent>,
    /// Whether there are more.
    pub has_more: bool,
    /// What to send as `cursor` for the next page. Absent on the last page.
    pub next_cursor: Option<String>,
}

/// What dropping came to.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(example)]
pub struct DroppedDeadEvents {
    /// How many were dropped: 1,000 at the most.
    pub dropped: i64,
    /// Whether there may be more, for another call.
    pub has_more: bool,
}

/// A page.
#[derive(ApiResponse)]
pub enum DeadEventListAnswer {
    /// A page of dead events.
    #[oai(status = 200)]
    DeadEvents(Json<DeadEventList>),
}

/// One.
#[derive(ApiResponse)]
pub enum DeadEventAnswer {
    /// The dead event, with all that it says.
    #[oai(status = 200)]
    DeadEvent(Json<DeadEvent>),
}

/// It is gone.
#[derive(ApiResponse)]
pub enum DroppedAnswer {
    /// It is dropped.
    #[oai(status = 204)]
    Dropped,
}

/// How many are gone.
#[derive(ApiResponse)]
pub enum DroppedManyAnswer {
    /// How many were dropped.
    #[oai(status = 200)]
    Dropped(Json<DroppedDeadEvents>),
}

/// listDeadEvents.
pub struct ListDeadEvents;

#[OpenApi]
impl ListDeadEvents {
    /// List dead events
    ///
    /// The messages that were kept because no upload could be settled by them, newest first.
    ///
    /// Needs the scope `operator` or `operator:read`, and a key that reaches all tenants.
    #[oai(path = "/v1/operator/dead-events", method = "get", operation_id = "listDeadEvents", tag = "Tag::Operator")]
    async fn list(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<See>,
        /// How many a page has: 50 if not said, and never more than 100.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<DeadEventListAnswer, ListDeadEventsProblem> {
        all_tenants(&operator.0)?;
        let read = |text: String| number(&text).ok_or(ListDeadEventsProblem::InvalidCursor);
        let before = cursor.0.map(read).transpose()?;
        let limit = numbered::limit(limit.0);
        let mut found = dead_events::latest(&service.db, before, limit + 1).await?;
        let next_cursor = numbered::cut(&mut found, limit, |last| last.id);
        let data = found.into_iter().map(|event| DeadEvent::of(event, Some(SHOWN))).collect();
        let page = DeadEventList { data, has_more: next_cursor.is_some(), next_cursor };
        Ok(DeadEventListAnswer::DeadEvents(Json(page)))
    }
}

/// getDeadEvent.
pub struct GetDeadEvent;

#[OpenApi]
impl GetDeadEvent {
    /// See a dead event
    ///
    /// With all that the message said, as it came.
    ///
    /// Needs the scope `operator` or `operator:read`, and a key that reaches all tenants.
    #[oai(
        path = "/v1/operator/dead-events/:dead_event_id",
        method = "get",
        operation_id = "getDeadEvent",
        tag = "Tag::Operator"
    )]
    async fn get(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<See>,
        /// The dead event's id.
        #[oai(name = "dead_event_id")]
        id: Path<Text>,
    ) -> Result<DeadEventAnswer, DeadEventProblem> {
        all_tenants(&operator.0)?;
        let id = number(&id.0.0).ok_or(DeadEventProblem::DeadEventNotFound)?;
        let found = dead_events::find(&service.db, id).await?.ok_or(DeadEventProblem::DeadEventNotFound)?;
        Ok(DeadEventAnswer::DeadEvent(Json(DeadEvent::of(found, None))))
    }
}

/// dropDeadEvent.
pub struct DropDeadEvent;

#[OpenApi]
impl DropDeadEvent {
    /// Drop a dead event
    ///
    /// For good.
    ///
    /// Needs the scope `operator`, and a key that reaches all tenants.
    #[oai(
        path = "/v1/operator/dead-events/:dead_event_id",
        method = "delete",
        operation_id = "dropDeadEvent",
        tag = "Tag::Operator"
    )]
    async fn let_go(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<Act>,
        /// The dead event's id.
        #[oai(name = "dead_event_id")]
        id: Path<Text>,
    ) -> Result<DroppedAnswer, DeadEventProblem> {
        all_tenants(&operator.0)?;
        let id = number(&id.0.0).ok_or(DeadEventProblem::DeadEventNotFound)?;
        if !to_its_end(let_one_go(service.db.clone(), operator.0, id)).await? {
            return Err(DeadEventProblem::DeadEventNotFound);
        }
        Ok(DroppedAnswer::Dropped)
    }
}

async fn let_one_go(db: Db, operator: Operator, id: i64) -> Result<bool, DbError> {
    let subject = id.to_string();
    let deed = Deed { kind: Kind::DropDeadEvents, subject: Some(&subject), filter: None };
    let record = record::begin(&db, &operator, deed).await?;
    let was_there = dead_events::drop_one(&db, id).await?;
    let why_not = (!was_there).then(|| "There is no such dead event.".to_owned());
    record.end(&Came { done: was_there.into(), not_done: (!was_there).into(), why_not }).await;
    Ok(was_there)
}

/// dropDeadEvents.
pub struct DropDeadEvents;

#[OpenApi]
impl DropDeadEvents {
    /// Drop many dead events
    ///
    /// All up to the one that you have seen last, oldest first and up to 1,000 a call, for good. Call again while `has_more`
    /// is true.
    ///
    /// Needs the scope `operator`, and a key that reaches all tenants.
    #[oai(path = "/v1/operator/dead-events", method = "delete", operation_id = "dropDeadEvents", tag = "Tag::Operator")]
    async fn let_go(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<Act>,
        /// The id of the newest that is to go: what was kept after it stays.
        up_to: Query<Text>,
    ) -> Result<DroppedManyAnswer, DropDeadEventsProblem> {
        all_tenants(&operator.0)?;
        let up_to = number(&up_to.0.0).ok_or(DropDeadEventsProblem::InvalidCursor)?;
        let dropped = to_its_end(let_many_go(service.db.clone(), operator.0, up_to)).await?;
        let has_more = dropped == MOST_DROPPED;
        Ok(DroppedManyAnswer::Dropped(Json(DroppedDeadEvents { dropped, has_more })))
    }
}

async fn let_many_go(db: Db, operator: Operator, up_to: i64) -> Result<i64, DbError> {
    let deed = Deed { kind: Kind::DropDeadEvents, subject: None, filter: None };
    let record = record::begin(&db, &operator, deed).await?;
    let dropped = dead_events::drop_to(&db, up_to, MOST_DROPPED).await?;
    record.end(&Came { done: dropped, ..Came::default() }).await;
    Ok(dropped)
}
