//! searchUploads.

use std::sync::Arc;

use jiff::Timestamp;
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::{ApiResponse, Object, OpenApi};
use sluice_common::db::uploads::search::{Found, Wanted, search};
use sluice_common::domain::UploadId;

use super::cursor;
use super::filter::UploadFilter;
use super::wire::OperatorUpload;
use crate::auth::{KeyOrSession, See};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::{Limit, PolicyName, StatusList, TenantName, Text, Time};
use crate::service::Service;
use crate::uploads::{ReasonCode, UploadStatus};

problems! {
    /// Why uploads are not found.
    pub enum SearchUploadsProblem {
        /// The cursor is not one that this search gave: it goes with the filters of the page that it came from.
        400 invalid_cursor => InvalidCursor,
    }
}

/// How many uploads a page has if nobody says.
const DEFAULT_LIMIT: i64 = 50;

/// The most that a page has.
const MAX_LIMIT: i64 = 100;

/// What cursors of this list are for.
const PURPOSE: &str = "list";

/// A page of uploads of any tenant, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct OperatorUploadList {
    /// The uploads of this page.
    pub data: Vec<OperatorUpload>,
    /// Whether there may be more.
    pub has_more: bool,
    /// What to send as `cursor` for the next page, with the same filters. Absent on the last page.
    pub next_cursor: Option<String>,
    /// How many uploads were looked at for this page: 10,000 of each status at the most. Where few of them fit the filters, a page is
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
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<See>,
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
        let filter = UploadFilter {
            status: status.0.map(|list| list.statuses().map(UploadStatus::from).collect()),
            tenant: tenant.0,
            policy: policy.0,
            media_type: media_type.0,
            reason: reason.0,
            created_from: created_from.0,
            created_before: created_before.0,
            text: text.0,
        };
        let Some(wanted) = filter.wanted(&operator.0) else { return Ok(SearchAnswer::Uploads(Json(nothing()))) };
        let read = |text: String| cursor::read(&text, &wanted, PURPOSE).ok_or(SearchUploadsProblem::InvalidCursor);
        let after = cursor.0.map(read).transpose()?;
        let limit = limit.0.map_or(DEFAULT_LIMIT, |limit| limit.0).clamp(1, MAX_LIMIT);
        let found = search(&service.db, &wanted, after, limit).await?;
        Ok(SearchAnswer::Uploads(Json(page(found, &wanted))))
    }
}

/// A page of uploads that the operator does not reach.
fn nothing() -> OperatorUploadList {
    OperatorUploadList { data: Vec::new(), has_more: false, next_cursor: None, looked_at: 0, looked_back_to: None }
}

/// A page of what was found.
pub fn page(found: Found, wanted: &Wanted) -> OperatorUploadList {
    let ended_early = found.looked_at.is_some();
    OperatorUploadList {
        has_more: found.next.is_some(),
        next_cursor: found.next.map(|last| cursor::after(last, wanted, PURPOSE)),
        looked_at: found.looked_at.unwrap_or(i64::try_from(found.uploads.len()).unwrap_or(i64::MAX)),
        looked_back_to: found.next.filter(|_| ended_early).and_then(made_at).map(Time),
        data: found.uploads.into_iter().map(OperatorUpload::from).collect(),
    }
}

/// When an upload of this id was made: ids begin with that.
fn made_at(id: UploadId) -> Option<Timestamp> {
    let millis = id.0.as_u128() >> 80;
    Timestamp::from_millisecond(i64::try_from(millis).ok()?).ok()
}
