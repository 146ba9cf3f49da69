//! getUpload.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::{ApiResponse, OpenApi};
use sluice_common::domain;

use super::etag::{self, IfNoneMatch};
use super::prefer::Preferences;
use super::wire::Upload;
use crate::auth::{KeyOrToken, Read};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::UploadIdText;
use crate::service::Service;

problems! {
    /// Why an upload is not shown.
    pub enum GetUploadProblem {
        /// There is no such upload of yours.
        404 upload_not_found => UploadNotFound,
    }
}

/// The answer.
#[expect(clippy::large_enum_variant, reason = "there is one for each request, and most hold the upload")]
#[derive(ApiResponse)]
pub enum GetAnswer {
    /// The upload as it is now.
    #[oai(status = 200)]
    Upload(
        Json<Upload>,
        /// What to send as `If-None-Match` next time.
        #[oai(header = "ETag")]
        String,
        /// How long the answer was held at the most, in seconds, where `Prefer` asked for it: `wait=20`.
        #[oai(header = "Preference-Applied")]
        Option<String>,
    ),
    /// The upload is as you have it.
    #[oai(status = 304)]
    NotModified(
        /// What to send as `If-None-Match` next time.
        #[oai(header = "ETag")]
        String,
        /// How long the answer was held at the most, in seconds, where `Prefer` asked for it: `wait=20`.
        #[oai(header = "Preference-Applied")]
        Option<String>,
    ),
}

/// getUpload.
pub struct GetUpload;

#[OpenApi]
impl GetUpload {
    /// Read an upload
    ///
    /// With `Prefer: wait=20` the answer is held back until the upload is no longer `pending`, for up to 20 seconds: the
    /// simplest way to learn the verdict. If it is still `pending` then, ask again.
    ///
    /// With `If-None-Match` and the `ETag` of the answer before, the answer is a 304 without a body while nothing has
    /// changed; with both headers it is held back until something has.
    ///
    /// Needs the scope `uploads:read`, or the upload's token.
    #[oai(path = "/v1/uploads/:upload_id", method = "get", operation_id = "getUpload", tag = "Tag::Uploads")]
    async fn get(
        &self,
        service: Data<&Arc<Service>>,
        holder: KeyOrToken<Read>,
        /// The upload's id.
        #[oai(name = "upload_id")]
        id: Path<UploadIdText>,
        /// `wait=N` holds the answer back for up to N seconds, and 30 at the most, while the upload is `pending`.
        #[oai(name = "Prefer")]
        preferences: Header<Preferences>,
        /// The `ETag` of the answer that you have.
        #[oai(name = "If-None-Match")]
        had: Header<IfNoneMatch>,
    ) -> Result<GetAnswer, GetUploadProblem> {
        let (caller, id) = holder.0.reaching(id.0.read()).ok_or(GetUploadProblem::UploadNotFound)?;
        let is_wanted = |upload: &domain::Upload| match &had.0 {
            had if had.is_given() => !had.has(&etag::of(&upload.clone().into())),
            _ => upload.state.status() != domain::UploadStatus::Pending,
        };
        let patience = preferences.0.patience();
        let _wait = service.hands.wait(patience)?;
        let found = service.find_when(&caller.tenant, id, patience, is_wanted);
        let found = if patience.is_zero() { found.await? } else { caller.stay.during(&service, found).await?? };
        let upload = Upload::from(found.ok_or(GetUploadProblem::UploadNotFound)?);
        let (etag, applied) = (etag::of(&upload), preferences.0.applied());
        match had.0.has(&etag) {
            true => Ok(GetAnswer::NotModified(etag, applied)),
            false => Ok(GetAnswer::Upload(Json(upload), etag, applied)),
        }
    }
}
