//! cancelUpload.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use sluice_common::db::timeline::Cause;
use sluice_common::db::uploads;
use sluice_common::domain::UploadStatus;

use super::wire::UploadAnswer;
use crate::auth::{KeyOrToken, Write};
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::UploadIdText;
use crate::service::Service;

problems! {
    /// Why an upload was not canceled.
    pub enum CancelUploadProblem {
        /// There is no such upload of yours.
        404 upload_not_found => UploadNotFound,
        /// The upload was rejected or has expired, so there is nothing left to cancel or delete; or it is confirmed, and the upload's
        /// token may not delete it.
        409 already_decided => AlreadyDecided(detail: String),
    }
}

/// cancelUpload.
pub struct CancelUpload;

#[OpenApi]
impl CancelUpload {
    /// Cancel or delete an upload
    ///
    /// A `pending` upload becomes `canceled`, and whatever is sent for it is removed. A `confirmed` one becomes `deleted`,
    /// together with its file. One that is `canceled` or `deleted` already is answered as it is, so a retry does no harm.
    ///
    /// Needs the scope `uploads:write`, or the upload's token, which cancels and does not delete.
    #[oai(path = "/v1/uploads/:upload_id", method = "delete", operation_id = "cancelUpload", tag = "Tag::Uploads")]
    async fn cancel(
        &self,
        service: Data<&Arc<Service>>,
        holder: KeyOrToken<Write>,
        /// The upload's id.
        #[oai(name = "upload_id")]
        id: Path<UploadIdText>,
    ) -> Result<UploadAnswer, CancelUploadProblem> {
        let (caller, id) = holder.0.reaching(id.0.read()).ok_or(CancelUploadProblem::UploadNotFound)?;
        let cause = Cause::Client(caller.id);
        if let Some(upload) = uploads::cancel(&service.db, &caller.tenant, id, &cause, holder.0.may_delete()).await? {
            return Ok(UploadAnswer::new(upload));
        }
        let upload = service.find(&caller.tenant, Some(id)).await?.ok_or(CancelUploadProblem::UploadNotFound)?;
        match upload.state.status() {
            UploadStatus::Canceled | UploadStatus::Deleted => Ok(UploadAnswer::new(upload)),
            UploadStatus::Confirmed => Err(CancelUploadProblem::AlreadyDecided(
                "The upload is confirmed. Its file can be deleted with the scope uploads:write, not with the upload's token."
                    .to_owned(),
            )),
            status => Err(CancelUploadProblem::AlreadyDecided(format!("The upload is already {}.", status.as_str()))),
        }
    }
}
