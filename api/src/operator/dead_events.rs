//! listDeadEvents, getDeadEvent, dropDeadEvent and dropDeadEvents: the messages that no upload could be settled by.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::auth::{Act, KeyOrSession, See};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::{Problem, UNAVAILABLE, problems};
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
    }
}

/// A message that no upload could be settled by.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
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

/// A page of dead events, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
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
        _service: Data<&Arc<Service>>,
        _operator: KeyOrSession<See>,
        /// How many a page has: 50 if not said, and never more than 100.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<DeadEventListAnswer, ListDeadEventsProblem> {
        let _ = (limit, cursor);
        Err(Problem::new(UNAVAILABLE).into())
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
        _service: Data<&Arc<Service>>,
        _operator: KeyOrSession<See>,
        /// The dead event's id.
        #[oai(name = "dead_event_id")]
        id: Path<Text>,
    ) -> Result<DeadEventAnswer, DeadEventProblem> {
        let _ = id;
        Err(Problem::new(UNAVAILABLE).into())
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
        _service: Data<&Arc<Service>>,
        _operator: KeyOrSession<Act>,
        /// The dead event's id.
        #[oai(name = "dead_event_id")]
        id: Path<Text>,
    ) -> Result<DroppedAnswer, DeadEventProblem> {
        let _ = id;
        Err(Problem::new(UNAVAILABLE).into())
    }
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
        _service: Data<&Arc<Service>>,
        _operator: KeyOrSession<Act>,
        /// The id of the newest that is to go: what was kept after it stays.
        up_to: Query<Text>,
    ) -> Result<DroppedManyAnswer, DropDeadEventsProblem> {
        let _ = up_to;
        Err(Problem::new(UNAVAILABLE).into())
    }
}
