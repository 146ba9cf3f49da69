//! listParts.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use sluice_common::domain::{Multipart, Parts, StoredPart, UploadStatus};
use sluice_common::storage::PartListing;

use super::examples;
use crate::auth::{KeyOrToken, Read};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::{Limit, Sha256Text, Size, UploadIdText};
use crate::service::Service;

problems! {
    /// Why parts are not listed.
    pub enum ListPartsProblem {
        /// The cursor is not one that the list of this upload's parts gave.
        400 invalid_cursor => InvalidCursor,
        /// There is no such upload of yours.
        404 upload_not_found => UploadNotFound,
        /// The upload is sent with one PUT, not in parts.
        409 not_in_parts => NotInParts,
        /// The upload is no longer pending, so there is nothing left to send.
        409 not_pending => NotPending(detail: String),
        /// The store has no parts of the upload any more. If you have completed it, its verdict is about to come; otherwise
        /// declare it anew.
        409 parts_gone => PartsGone,
    }
}

/// The most parts that a page has, and how many it has if nobody says.
const MAX_LIMIT: i64 = 1000;

/// A page of the parts that the store has, in the order of their numbers, and how the file is cut.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct PartList {
    /// The size of every part but the last, in bytes.
    pub part_size: Size,
    /// How many parts there are in all.
    pub part_count: i32,
    /// Whether `part_sha256` was declared: then each part's checksum is needed for its URL.
    pub part_sha256: bool,
    /// The parts of this page.
    pub data: Vec<UploadedPart>,
    /// Whether there are more.
    pub has_more: bool,
    /// What to send as `cursor` for the next page. Absent on the last page.
    pub next_cursor: Option<String>,
}

/// A part that the store has.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct UploadedPart {
    /// The number of the part, from 1.
    pub part_number: i32,
    /// Its size in bytes.
    pub size: Size,
    /// Its etag as HTTP has it, with its quotes.
    pub etag: String,
    /// Its SHA-256 in hexadecimal digits, where `part_sha256` was declared.
    pub sha256: Option<Sha256Text>,
}

/// The answer.
#[derive(ApiResponse)]
pub enum ListPartsAnswer {
    /// A page of parts.
    #[oai(status = 200)]
    Parts(Json<PartList>),
}

/// listParts.
pub struct ListParts;

#[OpenApi]
impl ListParts {
    /// List the parts that have arrived
    ///
    /// What the store already has of a pending upload that is sent in parts, by the numbers of the parts. To go on after a
    /// crash: list the parts, ask `renewGrant` for the URLs of those that are missing, send them, and call `completeUpload`.
    ///
    /// Needs the scope `uploads:read`, or the upload's token.
    #[oai(path = "/v1/uploads/:upload_id/parts", method = "get", operation_id = "listParts", tag = "Tag::Uploads")]
    async fn list_parts(
        &self,
        service: Data<&Arc<Service>>,
        holder: KeyOrToken<Read>,
        /// The upload's id.
        #[oai(name = "upload_id")]
        id: Path<UploadIdText>,
        /// How many parts a page has: 1,000 if not said, and never more.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<ListPartsAnswer, ListPartsProblem> {
        let (caller, id) = holder.0.reaching(id.0.read()).ok_or(ListPartsProblem::UploadNotFound)?;
        let upload = service.find(&caller.tenant, Some(id)).await?.ok_or(ListPartsProblem::UploadNotFound)?;
        let (multipart, parts) = upload.parts().ok_or(ListPartsProblem::NotInParts)?;
        let status = upload.state.status();
        if status != UploadStatus::Pending {
            return Err(ListPartsProblem::NotPending(format!("The upload is {}, no longer pending.", status.as_str())));
        }
        let after = cursor.0.as_deref().map_or(Some(0), |cursor| read(cursor, parts));
        let after = after.ok_or(ListPartsProblem::InvalidCursor)?;
        let limit = limit.0.map_or(MAX_LIMIT, |limit| limit.0).min(MAX_LIMIT);
        let limit = i32::try_from(limit).expect("it is at most 1,000");
        let listing = service.bucket.list_parts(&upload.grant_key, multipart, after, limit).await?;
        Ok(ListPartsAnswer::Parts(Json(page(listing.ok_or(ListPartsProblem::PartsGone)?, multipart, parts))))
    }
}

/// The part that a cursor stands behind.
fn read(cursor: &str, parts: Parts) -> Option<i32> {
    let number = cursor.parse().ok()?;
    parts.size_of(number).is_some().then_some(number)
}

fn page(PartListing { parts: stored, more_after }: PartListing, multipart: &Multipart, parts: Parts) -> PartList {
    PartList {
        part_size: Size(parts.part_size().get()),
        part_count: parts.count(),
        part_sha256: multipart.with_sha256,
        data: stored.into_iter().map(UploadedPart::from).collect(),
        has_more: more_after.is_some(),
        next_cursor: more_after.map(|number| number.to_string()),
    }
}

impl From<StoredPart> for UploadedPart {
    fn from(part: StoredPart) -> Self {
        Self {
            part_number: part.number,
            size: Size(part.size.get()),
            etag: part.etag,
            sha256: part.sha256.map(|sha256| Sha256Text(sha256.to_hex())),
        }
    }
}

impl Example for PartList {
    fn example() -> Self {
        let upload = examples::pending_in_parts();
        let (multipart, parts) = upload.parts().expect("the example is sent in parts");
        let etag = "\"9b2cf535f27731c974343645a3985328\"".to_owned();
        let stored = vec![StoredPart { number: 1, size: parts.part_size(), etag, sha256: None }];
        page(PartListing { parts: stored, more_after: None }, multipart, parts)
    }
}
