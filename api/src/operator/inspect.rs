//! inspectUpload.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};

use super::act::UploadAction;
use super::dead_events::DeadEvent;
use super::wire::OperatorUpload;
use crate::auth::{KeyOrSession, See};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::{Problem, UNAVAILABLE, problems};
use crate::scalars::{Time, UploadIdText};
use crate::service::Service;
use crate::uploads::UploadStatus;

problems! {
    /// Why an upload is not shown.
    pub enum InspectUploadProblem {
        /// There is no such upload of yours.
        404 upload_not_found => UploadNotFound,
    }
}

/// All that is known of one upload.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct UploadReport {
    /// The upload.
    pub upload: OperatorUpload,
    /// How it came to its status, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// The messages about it that could not be settled and were kept, newest first, up to 10. Only for operators who reach
    /// all tenants.
    pub dead_events: Vec<DeadEvent>,
    /// What can be done with it now.
    pub actions: Vec<UploadAction>,
    /// Whether its file can be downloaded.
    pub can_be_downloaded: bool,
    /// Whether its file can be shown inline: a confirmed picture, sound, film or PDF.
    pub can_be_shown: bool,
}

/// One line of an upload's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct TimelineEntry {
    /// When it was.
    pub at: Time,
    /// The status that the upload came to, or was in.
    pub status: UploadStatus,
    /// What an operator asked for. Absent where the line is a change of the status.
    pub asked: Option<UploadAction>,
    /// Why it happened.
    pub cause: TimelineCause,
    /// Which one it was: a message's id, an API key's id.
    pub cause_id: Option<String>,
    /// What people call that API key, where it is one.
    pub cause_name: Option<String>,
    /// How long the look and the decision took, in milliseconds, where something was looked at.
    pub took_ms: Option<i64>,
    /// How long it came after the store's event, in milliseconds, where an event led to it.
    pub waited_ms: Option<i64>,
}

/// Why something happened to an upload. More may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum TimelineCause {
    /// A client's call.
    Client,
    /// The store's event.
    Event,
    /// A client or an operator asked for a look.
    Hint,
    /// A worker looked by itself.
    Sweep,
    /// An operator's call.
    Operator,
    /// Another cause, which this version does not know.
    Other,
}

/// The answer.
#[expect(clippy::large_enum_variant, reason = "there is one for each request")]
#[derive(ApiResponse)]
pub enum InspectAnswer {
    /// All that is known of the upload.
    #[oai(status = 200)]
    Report(Json<UploadReport>),
}

/// inspectUpload.
pub struct InspectUpload;

#[OpenApi]
impl InspectUpload {
    /// See all of an upload
    ///
    /// What was declared beside what was seen, what its grant allows, its timeline with causes, and what can be done now. No
    /// signed URL is in it.
    ///
    /// Needs the scope `operator` or `operator:read`.
    #[oai(
        path = "/v1/operator/uploads/:upload_id",
        method = "get",
        operation_id = "inspectUpload",
        tag = "Tag::Operator"
    )]
    async fn inspect(
        &self,
        _service: Data<&Arc<Service>>,
        _operator: KeyOrSession<See>,
        /// The upload's id.
        #[oai(name = "upload_id")]
        id: Path<UploadIdText>,
    ) -> Result<InspectAnswer, InspectUploadProblem> {
        let _ = id;
        Err(Problem::new(UNAVAILABLE).into())
    }
}
