//! getUpload.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};

use super::prefer::Preferences;
use super::wire::UploadAnswer;
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

/// getUpload.
pub struct GetUpload;

#[OpenApi]
impl GetUpload {
    /// Read an upload
    ///
    /// With `Prefer: wait=20` the answer is held back until the upload is no longer `pending`, for up to 20 seconds: the
    /// simplest way to learn the verdict. If it is still `pending` then, ask again.
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
    ) -> Result<UploadAnswer, GetUploadProblem> {
        let (caller, id) = holder.0.reaching(id.0.read()).ok_or(GetUploadProblem::UploadNotFound)?;
        let upload = service.find_decided(&caller.tenant, id, preferences.0.patience()).await?;
        let upload = upload.ok_or(GetUploadProblem::UploadNotFound)?;
        Ok(UploadAnswer::Upload(Json(upload.into()), preferences.0.applied()))
    }
}
