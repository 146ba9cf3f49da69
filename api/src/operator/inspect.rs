//! inspectUpload.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use sluice_common::db::dead_events;
use sluice_common::db::timeline::{self, Line};
use sluice_common::db::uploads::Order;
use sluice_common::domain;

use super::act::UploadAction;
use super::dead_events::DeadEvent;
use super::wire::OperatorUpload;
use crate::auth::{KeyOrSession, See};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::{Time, UploadIdText};
use crate::service::Service;
use crate::uploads::{UploadStatus, not_shown_inline};

problems! {
    /// Why an upload is not shown.
    pub enum InspectUploadProblem {
        /// There is no such upload of yours.
        404 upload_not_found => UploadNotFound,
    }
}

/// How many lines of its timeline are shown. Only an operator who asks again and again makes so many.
const LINES: i64 = 200;
/// How many of the messages about it that were kept are shown.
const DEAD_EVENTS: i64 = 10;

/// All that is known of one upload.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct UploadReport {
    /// The upload.
    pub upload: OperatorUpload,
    /// How it came to its status, oldest first: the last 200 lines.
    pub timeline: Vec<TimelineEntry>,
    /// Whether there are earlier lines, which are not shown.
    pub timeline_is_cut: bool,
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
    /// What an operator asked for. Absent where the line is a change of the status, or tells that the upload was declared.
    pub asked: Option<AskedAction>,
    /// Why it happened.
    pub cause: TimelineCause,
    /// Which one it was: a message's id, an API key's id.
    pub cause_id: Option<String>,
    /// What people call that API key, where it is one.
    pub cause_name: Option<String>,
    /// The id that the event's message had in the queue, where an event led to it. It is in the worker's log lines about it, too.
    pub message_id: Option<String>,
    /// How long the look and the decision took, in milliseconds, where something was looked at.
    pub took_ms: Option<i64>,
    /// How long it came after the store's event, in milliseconds, where an event led to it.
    pub waited_ms: Option<i64>,
}

/// What an operator asked for that is no change of the status by itself. More may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum AskedAction {
    /// To have it looked at now.
    Settle,
    /// To end its time.
    Expire,
    /// Something that this version does not know.
    Other,
}

impl AskedAction {
    fn named(name: &str) -> Self {
        match Order::ALL.into_iter().find(|order| order.as_str() == name) {
            Some(Order::Settle) => Self::Settle,
            Some(Order::Expire) => Self::Expire,
            Some(Order::Cancel | Order::Delete) | None => Self::Other,
        }
    }
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
    /// Of the event that led to a verdict its message's id, its time by what the store says (`waited_ms` before the line's) and
    /// how long the look took are kept; what the message said is kept of dead events alone. To keep each would cost every
    /// verdict more than all else that it writes.
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
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<See>,
        /// The upload's id.
        #[oai(name = "upload_id")]
        id: Path<UploadIdText>,
    ) -> Result<InspectAnswer, InspectUploadProblem> {
        let found = service.find_for(&operator.0, id.0.read()).await?;
        let upload = found.ok_or(InspectUploadProblem::UploadNotFound)?;
        let is_of_all = operator.0.tenant.is_none();
        let (lines, dead) = tokio::try_join!(
            timeline::lines(&service.db, upload.id, LINES + 1),
            dead_events::of_upload(&service.db, upload.id, if is_of_all { DEAD_EVENTS } else { 0 }),
        )?;
        Ok(InspectAnswer::Report(Json(report(upload, lines, dead))))
    }
}

/// All that is known of an upload, and what follows from it. Of one line too many, the first is not shown.
pub fn report(upload: domain::Upload, lines: Vec<Line>, dead: Vec<dead_events::DeadEvent>) -> UploadReport {
    let more = lines.len().saturating_sub(usize::try_from(LINES).unwrap_or(usize::MAX));
    let status = upload.state.status();
    let can_be_downloaded = status == domain::UploadStatus::Confirmed;
    let actions = Order::ALL.into_iter().filter(|order| order.done_with().contains(&status));
    UploadReport {
        timeline: lines.into_iter().skip(more).filter_map(TimelineEntry::of).collect(),
        timeline_is_cut: more > 0,
        dead_events: dead.into_iter().map(|event| DeadEvent::of(event, None)).collect(),
        actions: actions.map(UploadAction::from).collect(),
        can_be_downloaded,
        can_be_shown: can_be_downloaded && not_shown_inline(&upload).is_none(),
        upload: upload.into(),
    }
}

impl TimelineEntry {
    /// What a newer version wrote is passed over.
    fn of(line: Line) -> Option<Self> {
        let cause = match line.cause.as_str() {
            "client" => TimelineCause::Client,
            "event" => TimelineCause::Event,
            "hint" => TimelineCause::Hint,
            "sweep" => TimelineCause::Sweep,
            "operator" => TimelineCause::Operator,
            _ => TimelineCause::Other,
        };
        Some(Self {
            at: Time(line.at),
            status: domain::UploadStatus::parse(&line.status)?.into(),
            asked: line.asked.as_deref().map(AskedAction::named),
            cause,
            message_id: line.cause_id.clone().filter(|_| cause == TimelineCause::Event),
            cause_id: line.cause_id,
            cause_name: line.cause_name,
            took_ms: line.took_ms.map(i64::from),
            waited_ms: line.waited_ms.map(i64::from),
        })
    }
}
