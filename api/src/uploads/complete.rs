//! completeUpload.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};
use sluice_common::db::uploads;

use super::prefer::Preferences;
use super::wire::UploadAnswer;
use crate::auth::{KeyOrToken, Write};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::UploadIdText;
use crate::service::Service;

problems! {
    /// Why an upload was not completed.
    pub enum CompleteUploadProblem {
        /// There is no such upload of yours.
        404 upload_not_found => UploadNotFound,
    }
}

/// completeUpload.
pub struct CompleteUpload;

#[OpenApi]
impl CompleteUpload {
    /// Say that the file was sent
    ///
    /// A hint, not a duty: Sluice is told by the store, but looks at once when you say so. Harmless at any time and any
    /// number of times; an upload that is no longer `pending` is answered as it is. With `Prefer: wait=20` the answer is held
    /// back until there is a verdict.
    ///
    /// Needs the scope `uploads:write`, or the upload's token.
    #[oai(
        path = "/v1/uploads/:upload_id/complete",
        method = "post",
        operation_id = "completeUpload",
        tag = "Tag::Uploads"
    )]
    async fn complete(
        &self,
        service: Data<&Arc<Service>>,
        holder: KeyOrToken<Write>,
        /// The upload's id.
        #[oai(name = "upload_id")]
        id: Path<UploadIdText>,
        /// `wait=N` holds the answer back for up to N seconds, and 30 at the most, while the upload is `pending`.
        #[oai(name = "Prefer")]
        preferences: Header<Preferences>,
    ) -> Result<UploadAnswer, CompleteUploadProblem> {
        let (caller, id) = holder.0.reaching(id.0.read()).ok_or(CompleteUploadProblem::UploadNotFound)?;
        uploads::hint(&service.db, &caller.tenant, id).await?;
        let upload = service.find_decided(&caller.tenant, id, preferences.0.patience()).await?;
        let upload = upload.ok_or(CompleteUploadProblem::UploadNotFound)?;
        Ok(UploadAnswer::Upload(Json(upload.into()), preferences.0.applied()))
    }
}
