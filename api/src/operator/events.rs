//! watchUploads.

use std::sync::Arc;

use futures_util::FutureExt as _;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Query};

use crate::auth::{KeyOrSession, See};
use crate::document::Tag;
use crate::feed::{Filter, Tells};
use crate::problem::problems;
use crate::service::Service;
use crate::uploads::{EventStream, StreamAnswer, UNKNOWN_EVENT, known, said};

problems! {
    /// Why uploads are not streamed.
    pub enum WatchUploadsProblem {
        /// `Last-Event-ID` is not the id of an event of yours.
        400 invalid_cursor => InvalidCursor(detail: String),
        /// This process has as many streams open as it may have.
        503 too_many_streams => TooManyStreams,
    }
}

/// watchUploads.
pub struct WatchUploads;

#[OpenApi]
impl WatchUploads {
    /// Watch all uploads
    ///
    /// Server-Sent Events: one for each change of an upload's status, of all tenants or of the operator's own, in one order
    /// and as it happens. `event` is `change`, `data` is `{"id", "tenant", "policy", "status"}`, and `id` is the event's
    /// place. Without an id to begin behind, the stream begins now.
    ///
    /// Streams end, after 15 minutes at the latest and when the service restarts. Come again with the last `id` as
    /// `Last-Event-ID`, as every EventSource does by itself. A comment comes every 15 seconds; it may have an `id` too.
    ///
    /// Needs the scope `operator` or `operator:read`.
    #[oai(path = "/v1/operator/events", method = "get", operation_id = "watchUploads", tag = "Tag::Operator")]
    async fn watch(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<See>,
        /// The same as the header `Last-Event-ID`, which goes before, for clients that can't send it.
        after: Query<Option<String>>,
        /// The `id` of the event behind which to begin.
        #[oai(name = "Last-Event-ID")]
        last_seen: Header<Option<String>>,
    ) -> Result<StreamAnswer, WatchUploadsProblem> {
        let place = service.feed.place().ok_or(WatchUploadsProblem::TooManyStreams)?;
        let end = operator.0.stay.end(Arc::clone(&service)).boxed();
        let tenant = operator.0.tenant;
        let unknown = || WatchUploadsProblem::InvalidCursor(UNKNOWN_EVENT.to_owned());
        let behind = match said(last_seen.0).or(said(after.0)) {
            Some(text) => Some(known(&service, tenant.as_ref(), &text).await?.ok_or_else(unknown)?),
            None => None,
        };
        let filter = Filter { tells: Tells::Change, ..Filter::default() };
        let stream = service.feed.open(place, tenant, filter, behind).await?;
        Ok(StreamAnswer::Events(EventStream { stream, end }))
    }
}
