//! streamUploads.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use poem::web::Data;
use poem::{Body, IntoResponse, Response};
use poem_openapi::param::{Header, Query};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::{ApiResponse, OpenApi};
use sluice_common::db::{DbError, timeline};
use sluice_common::domain;

use super::wire::UploadStatus;
use crate::auth::{KeyOrToken, Read};
use crate::document::Tag;
use crate::feed::{Filter, Stream, Tells, blocks, cursor};
use crate::problem::problems;
use crate::scalars::PolicyName;
use crate::service::Service;

problems! {
    /// Why uploads are not streamed.
    pub enum StreamUploadsProblem {
        /// `Last-Event-ID` is not the id of an event of yours.
        400 invalid_cursor => InvalidCursor(detail: String),
        /// This process has as many streams open as it may have.
        503 too_many_streams => TooManyStreams,
    }
}

/// A body that goes on, for as long as its caller is let in.
pub struct EventStream {
    /// What comes.
    pub stream: Stream,
    /// Is ready when the caller is let in no longer.
    pub end: BoxFuture<'static, ()>,
}

/// The answer.
#[derive(ApiResponse)]
pub enum StreamAnswer {
    /// The stream.
    #[oai(status = 200)]
    Events(EventStream),
}

/// streamUploads.
pub struct StreamUploads;

#[OpenApi]
impl StreamUploads {
    /// Watch uploads
    ///
    /// Server-Sent Events: one for each change of an upload's status, in one order and as it happens. `event` is `upload`,
    /// `data` is the upload as it was then, the same JSON as everywhere, and `id` is the event's place. Without an id to
    /// begin behind, the stream begins now: open it first, and then read what is there already.
    ///
    /// Streams end, after 15 minutes at the latest and when the service restarts. Come again with the last `id` as
    /// `Last-Event-ID`, as every EventSource does by itself, and you miss nothing and get nothing twice. A comment comes
    /// every 15 seconds; it may have an `id` too.
    ///
    /// Needs the scope `uploads:read`; or an upload's token, and then only that upload is in it. A token or key belongs into
    /// the header `Authorization`, never into the URL: in a browser read the stream with `fetch`, as `EventSource` sends no
    /// headers.
    #[oai(path = "/v1/uploads/events", method = "get", operation_id = "streamUploads", tag = "Tag::Uploads")]
    async fn stream(
        &self,
        service: Data<&Arc<Service>>,
        holder: KeyOrToken<Read>,
        /// Only changes to this status.
        status: Query<Option<UploadStatus>>,
        /// Only changes of uploads under this policy.
        policy: Query<Option<PolicyName>>,
        /// The same as the header `Last-Event-ID`, which goes before, for clients that can't send it.
        after: Query<Option<String>>,
        /// The `id` of the event behind which to begin, whatever the filters were.
        #[oai(name = "Last-Event-ID")]
        last_seen: Header<Option<String>>,
    ) -> Result<StreamAnswer, StreamUploadsProblem> {
        let feed = &service.feed;
        let place = feed.place().ok_or(StreamUploadsProblem::TooManyStreams)?;
        let (caller, only) = holder.0.caller();
        let behind = match said(last_seen.0).or(said(after.0)) {
            Some(text) => Some(known(&service, Some(&caller.tenant), &text).await?.ok_or_else(unknown)?),
            None => None,
        };
        let status = status.0.map(domain::UploadStatus::from);
        let filter = Filter { status, policy: policy.0.map(|name| name.0), only, tells: Tells::Upload };
        let end = caller.stay.end(Arc::clone(&service)).boxed();
        let stream = feed.open(place, Some(caller.tenant), filter, behind).await?;
        Ok(StreamAnswer::Events(EventStream { stream, end }))
    }
}

/// A client that has seen no event yet may say so with an empty text.
pub fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// What is wrong with an id that is not known.
pub const UNKNOWN_EVENT: &str =
    "The id is not one of an event of yours. Begin without one, and read what is there already.";

fn unknown() -> StreamUploadsProblem {
    StreamUploadsProblem::InvalidCursor(UNKNOWN_EVENT.to_owned())
}

/// The place of the event of this id in the timeline of a tenant, or in that of all, if there is such an event.
///
/// # Errors
/// Where the database does not answer.
pub async fn known(
    service: &Service,
    tenant: Option<&domain::Tenant>,
    text: &str,
) -> Result<Option<timeline::Cursor>, DbError> {
    let Some(cursor) = cursor::read(text) else { return Ok(None) };
    Ok(timeline::holds(&service.db, tenant, cursor).await?.then_some(cursor))
}

impl Payload for EventStream {
    const CONTENT_TYPE: &'static str = "text/event-stream";

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")))
    }
}

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(Self::CONTENT_TYPE)
            // nginx would otherwise keep events until there are enough of them.
            .header("x-accel-buffering", "no")
            .body(Body::from_bytes_stream(blocks(self.stream).take_until(self.end)))
    }
}
