//! searchUploads.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::{ApiResponse, Object, OpenApi};

use super::wire::OperatorUpload;
use crate::auth::{KeyOrSession, See};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::{Problem, UNAVAILABLE, problems};
use crate::scalars::{Limit, PolicyName, StatusList, TenantName, Text, Time};
use crate::service::Service;
use crate::uploads::ReasonCode;

problems! {
    /// Why uploads are not found.
    pub enum SearchUploadsProblem {
        /// The cursor is not one that this search gave: it goes with the filters of the page that it came from.
        400 invalid_cursor => InvalidCursor,
    }
}

/// A page of uploads of any tenant, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct OperatorUploadList {
    /// The uploads of this page.
    pub data: Vec<OperatorUpload>,
    /// Whether there may be more.
    pub has_more: bool,
    /// What to send as `cursor` for the next page, with the same filters. Absent on the last page.
    pub next_cursor: Option<String>,
    /// How many uploads were looked at for this page: 10,000 at the most. Where few of them fit the filters, a page is
    /// short or empty and there may still be more.
    pub looked_at: i64,
    /// Back to when uploads were looked at, where the page ended because so many were looked at and not because it was full.
    pub looked_back_to: Option<Time>,
}

/// The answer.
#[derive(ApiResponse)]
pub enum SearchAnswer {
    /// A page of uploads.
    #[oai(status = 200)]
    Uploads(Json<OperatorUploadList>),
}

/// searchUploads.
pub struct SearchUploads;

#[OpenApi]
impl SearchUploads {
    /// Search uploads
    ///
    /// Uploads of all tenants, or of the operator's own, newest first, page by page.
    ///
    /// Status, tenant and time are found by an index, and so is `text` where it is an upload's id or an object key. All
    /// other filters are tried on up to 10,000 uploads a page: where few of them fit, the page is short or empty,
    /// `has_more` is true, `looked_back_to` says how far it came, and the next page goes on from there. So a page never
    /// costs more, however many uploads there are.
    ///
    /// Needs the scope `operator` or `operator:read`.
    #[expect(clippy::too_many_arguments, reason = "the filters are parameters of the document, one by one")]
    #[oai(path = "/v1/operator/uploads", method = "get", operation_id = "searchUploads", tag = "Tag::Operator")]
    async fn search(
        &self,
        _service: Data<&Arc<Service>>,
        _operator: KeyOrSession<See>,
        /// Only uploads in one of these statuses, with commas between: `pending,rejected`.
        status: Query<Option<StatusList>>,
        /// Only uploads of this tenant.
        tenant: Query<Option<TenantName>>,
        /// Only uploads under this policy.
        policy: Query<Option<PolicyName>>,
        /// Only uploads declared or seen to be of this type: `image/png`, or `image/*`.
        #[oai(name = "type")]
        media_type: Query<Option<Text>>,
        /// Only uploads that were rejected for this reason, among others perhaps.
        reason: Query<Option<ReasonCode>>,
        /// Only uploads declared at this time or later.
        created_from: Query<Option<Time>>,
        /// Only uploads declared before this time.
        created_before: Query<Option<Time>>,
        /// Only the upload of this id or of this object key, or uploads whose file name contains this, in capitals or not.
        text: Query<Option<Text>>,
        /// How many uploads a page has: 50 if not said, and never more than 100.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<SearchAnswer, SearchUploadsProblem> {
        let _ = (status, tenant, policy, media_type, reason, created_from, created_before, text, limit, cursor);
        Err(Problem::new(UNAVAILABLE).into())
    }
}
