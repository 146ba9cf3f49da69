//! listUploads.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use sluice_common::db::uploads::search::Found;
use sluice_common::db::uploads::{self, Filter};
use sluice_common::domain;

use super::wire::{Upload, UploadStatus};
use super::{cursor, examples};
use crate::auth::{Key, Read};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::{Limit, PolicyName, Time};
use crate::service::Service;

problems! {
    /// Why uploads are not listed.
    pub enum ListUploadsProblem {
        /// The cursor is not one that this list gave: it goes with the filters of the page that it came from.
        400 invalid_cursor => InvalidCursor,
    }
}

/// How many uploads a page has if nobody says.
const DEFAULT_LIMIT: i64 = 50;

/// The most that a page has.
const MAX_LIMIT: i64 = 100;

/// A page of uploads, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct UploadList {
    /// The uploads of this page.
    pub data: Vec<Upload>,
    /// Whether there may be more.
    pub has_more: bool,
    /// What to send as `cursor` for the next page, with the same filters. Absent on the last page.
    pub next_cursor: Option<String>,
}

/// The answer.
#[derive(ApiResponse)]
pub enum ListAnswer {
    /// A page of uploads.
    #[oai(status = 200)]
    Uploads(Json<UploadList>),
}

/// listUploads.
pub struct ListUploads;

#[OpenApi]
impl ListUploads {
    /// List uploads
    ///
    /// Your uploads, newest first, page by page: send each page's `next_cursor` as `cursor`, with the same filters, until
    /// `has_more` is false. Policy and time are looked for among up to 10,000 uploads a page: where few of them fit, a page is
    /// short or empty, and there may be more all the same.
    ///
    /// Needs the scope `uploads:read`.
    #[expect(clippy::too_many_arguments, reason = "the filters are parameters of the document, one by one")]
    #[oai(path = "/v1/uploads", method = "get", operation_id = "listUploads", tag = "Tag::Uploads")]
    async fn list(
        &self,
        service: Data<&Arc<Service>>,
        key: Key<Read>,
        /// Only uploads in this status.
        status: Query<Option<UploadStatus>>,
        /// Only uploads under this policy.
        policy: Query<Option<PolicyName>>,
        /// Only uploads declared at this time or later.
        created_from: Query<Option<Time>>,
        /// Only uploads declared before this time.
        created_before: Query<Option<Time>>,
        /// How many uploads a page has: 50 if not said, and never more than 100.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<ListAnswer, ListUploadsProblem> {
        let filter = Filter {
            status: status.0.map(domain::UploadStatus::from),
            policy: policy.0.map(|name| name.0),
            created_from: created_from.0.map(|time| time.0),
            created_before: created_before.0.map(|time| time.0),
        };
        let tenant = &key.0.tenant;
        let read = |text: String| cursor::read(&text, tenant, &filter).ok_or(ListUploadsProblem::InvalidCursor);
        let after = cursor.0.map(read).transpose()?;
        let limit = limit.0.map_or(DEFAULT_LIMIT, |limit| limit.0).min(MAX_LIMIT);
        let found = uploads::list(&service.db, tenant, filter.clone(), after, limit).await?;
        Ok(ListAnswer::Uploads(Json(page(found, |last| cursor::after(last, tenant, &filter)))))
    }
}

fn page(found: Found, cursor: impl FnOnce(domain::UploadId) -> String) -> UploadList {
    let next_cursor = found.next.map(cursor);
    let data = found.uploads.into_iter().map(Upload::from).collect();
    UploadList { data, has_more: next_cursor.is_some(), next_cursor }
}

impl Example for UploadList {
    fn example() -> Self {
        let next_cursor = Some("AZs_flwdfEOfDitvbx-aEDr8o1t4PxYz".to_owned());
        Self { data: vec![examples::confirmed().into()], has_more: true, next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_that_is_not_the_last_has_a_cursor() {
        let page = |next| {
            let found = Found { uploads: vec![examples::pending()], next, looked_at: None };
            let UploadList { data, has_more, next_cursor } = page(found, |last| last.to_string());
            (data.len(), has_more, next_cursor)
        };
        assert_eq!(page(None), (1, false, None));
        assert_eq!(page(Some(examples::id())), (1, true, Some(examples::id().to_string())));
    }
}
