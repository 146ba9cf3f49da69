//! listOperatorActions: who did what by hand.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::types::ParseFromJSON as _;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use sluice_common::db::operator_actions::{self, Action, Kind};
use sluice_common::db::uploads::Order;

use super::filter::UploadFilter;
use super::numbered;
use crate::auth::{KeyOrSession, See};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::{Limit, TenantName, Time};
use crate::service::Service;

problems! {
    /// Why it is not listed what operators did.
    pub enum ListOperatorActionsProblem {
        /// The cursor is not one that this list gave.
        400 invalid_cursor => InvalidCursor,
    }
}

/// Something that an operator did by hand.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct OperatorAction {
    /// Its id.
    pub id: String,
    /// What was done.
    pub action: OperatorActionKind,
    /// When it began.
    pub at: Time,
    /// When it ended. Absent while it goes on; a minute later, absent means that nobody knows how it ended.
    pub ended_at: Option<Time>,
    /// The API key that it was done with.
    pub key_id: String,
    /// What people call that key.
    pub key_name: Option<String>,
    /// The only tenant that this key reached. Absent where it reached all.
    pub tenant: Option<TenantName>,
    /// What it was to be done with, where that was one thing: an upload's id, a message's id, a dead event's id.
    pub subject: Option<String>,
    /// Which uploads were meant, where it was to be done with all that fit a filter. Up to 1,000 of them make an action.
    pub filter: Option<UploadFilter>,
    /// With how many it was done; of a purge, about how many. Absent where it has not ended.
    pub done: Option<i64>,
    /// With how many of those that were meant it was not done. Absent where it has not ended.
    pub not_done: Option<i64>,
    /// Why not, in a sentence. Absent where it was done with all.
    pub why_not: Option<String>,
}

/// What an operator did.
///
/// * `settle`, `expire`, `cancel`, `delete`: what actOnUploads does with uploads.
/// * `redrive_dead_letters`: moved dead letters back to their queue.
/// * `delete_dead_letters`: deleted a dead letter.
/// * `purge_dead_letters`: deleted all dead letters.
/// * `drop_dead_events`: dropped dead events.
/// * `other`: something that this version does not know.
///
/// More may be added: accept values that you don't know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum OperatorActionKind {
    /// Had uploads looked at.
    Settle,
    /// Ended the time of uploads.
    Expire,
    /// Took uploads back.
    Cancel,
    /// Deleted uploads with their files.
    Delete,
    /// Moved dead letters back.
    RedriveDeadLetters,
    /// Deleted a dead letter.
    DeleteDeadLetters,
    /// Deleted all dead letters.
    PurgeDeadLetters,
    /// Dropped dead events.
    DropDeadEvents,
    /// Something that this version does not know.
    Other,
}

impl From<Option<Kind>> for OperatorActionKind {
    fn from(kind: Option<Kind>) -> Self {
        match kind {
            Some(Kind::Uploads(Order::Settle)) => Self::Settle,
            Some(Kind::Uploads(Order::Expire)) => Self::Expire,
            Some(Kind::Uploads(Order::Cancel)) => Self::Cancel,
            Some(Kind::Uploads(Order::Delete)) => Self::Delete,
            Some(Kind::RedriveDeadLetters) => Self::RedriveDeadLetters,
            Some(Kind::DeleteDeadLetters) => Self::DeleteDeadLetters,
            Some(Kind::PurgeDeadLetters) => Self::PurgeDeadLetters,
            Some(Kind::DropDeadEvents) => Self::DropDeadEvents,
            None => Self::Other,
        }
    }
}

impl From<Action> for OperatorAction {
    fn from(action: Action) -> Self {
        let (ended_at, came) = action.ended.unzip();
        Self {
            id: action.id.to_string(),
            action: action.kind.into(),
            at: Time(action.began_at),
            ended_at: ended_at.map(Time),
            key_id: action.key.to_string(),
            key_name: action.key_name,
            tenant: action.tenant.map(TenantName),
            subject: action.subject,
            // One that a newer version wrote may say more than is known here.
            filter: action.filter.and_then(|filter| UploadFilter::parse_from_json(Some(filter)).ok()),
            done: came.as_ref().map(|came| came.done),
            not_done: came.as_ref().map(|came| came.not_done),
            why_not: came.and_then(|came| came.why_not),
        }
    }
}

/// A page of what operators did, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct OperatorActionList {
    /// The actions of this page.
    pub data: Vec<OperatorAction>,
    /// Whether there are more.
    pub has_more: bool,
    /// What to send as `cursor` for the next page. Absent on the last page.
    pub next_cursor: Option<String>,
}

/// A page.
#[derive(ApiResponse)]
pub enum OperatorActionListAnswer {
    /// A page of actions.
    #[oai(status = 200)]
    Actions(Json<OperatorActionList>),
}

/// listOperatorActions.
pub struct ListOperatorActions;

#[OpenApi]
impl ListOperatorActions {
    /// See who did what
    ///
    /// What operators did by hand through this API in the last year, newest first: with uploads, one by one and together, with
    /// dead letters and with dead events. An operator of one tenant sees what was done with keys of that tenant alone. What
    /// the commands `sluice-worker dlq` and `dead-events` do is not in it.
    ///
    /// Needs the scope `operator` or `operator:read`.
    #[oai(path = "/v1/operator/actions", method = "get", operation_id = "listOperatorActions", tag = "Tag::Operator")]
    async fn list(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<See>,
        /// How many a page has: 50 if not said, and never more than 100.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<OperatorActionListAnswer, ListOperatorActionsProblem> {
        let read = |text: String| numbered::number(&text).ok_or(ListOperatorActionsProblem::InvalidCursor);
        let before = cursor.0.map(read).transpose()?;
        let limit = numbered::limit(limit.0);
        let tenant = operator.0.tenant.as_ref();
        let found = operator_actions::list(&service.db, tenant, before, limit + 1).await?;
        Ok(OperatorActionListAnswer::Actions(Json(page(found, limit))))
    }
}

/// A page of what was found, of which one more was asked for than the page has.
pub fn page(mut found: Vec<Action>, limit: i64) -> OperatorActionList {
    let next_cursor = numbered::cut(&mut found, limit, |last| last.id);
    let data = found.into_iter().map(OperatorAction::from).collect();
    OperatorActionList { data, has_more: next_cursor.is_some(), next_cursor }
}
