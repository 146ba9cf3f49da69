//! confirmFile, the tutorial's second call.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use sluice_common::db::DbError;
use sluice_common::db::uploads;
use sluice_common::domain::{ObjectKey, Reason, Tenant, Upload, UploadId, UploadState};

use crate::auth::{Caller, FilesKey, Write};
use crate::body::{Body, Json};
use crate::document::Tag;
use crate::problem::{FieldError, problems};
use crate::request::concerns;
use crate::scalars::{FileNameText, Text, UploadIdText};
use crate::service::Service;
use crate::uploads::{UploadStatus, examples};

problems! {
    /// Why a file was not confirmed.
    pub enum ConfirmFileProblem {
        /// There is no such upload of yours.
        404 upload_not_found => UploadNotFound,
        /// The upload was canceled.
        409 upload_canceled => UploadCanceled,
        /// The file did not come in time. Ask for another URL.
        410 upload_expired => UploadExpired,
        /// The file was confirmed, and deleted since.
        410 upload_deleted => UploadDeleted,
        /// The file is not what was promised, or not what is allowed; `errors` gives all reasons. It is removed.
        422 file_rejected => FileRejected(errors: Vec<FieldError>),
    }
}

/// The file that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct SentFile {
    /// The `key` that came with the URL.
    pub key: Text,
    /// The file's name. What counts is the one that the URL was asked for with.
    pub filename: FileNameText,
    /// The file's type. What counts is the one that the URL was asked for with.
    #[oai(rename = "mimeType")]
    pub mime_type: Option<Text>,
    /// The file's size. What counts is what has arrived.
    pub size: Option<i64>,
}

/// What became of the file.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct ConfirmedFile {
    /// The file's id: that of its upload.
    pub id: UploadIdText,
    /// `confirmed`, or `pending` as long as there is no verdict.
    pub status: UploadStatus,
    /// Where the file can be opened, once it is confirmed.
    pub url: Option<String>,
    /// What to do while it is pending.
    pub detail: Option<String>,
}

/// The answer.
#[derive(ApiResponse)]
pub enum ConfirmAnswer {
    /// The file is there and is what was promised: `url` opens it.
    #[oai(status = 201)]
    Confirmed(Json<ConfirmedFile>),
    /// There is no verdict yet. Call again.
    #[oai(status = 202)]
    Pending(Json<ConfirmedFile>),
}

/// confirmFile.
pub struct ConfirmFile;

#[OpenApi]
impl ConfirmFile {
    /// Confirm that the file was sent
    ///
    /// The tutorial's second call. It waits for the verdict, for 20 seconds if the service is not set up otherwise: 201 when
    /// the file was confirmed, a problem with the reasons when it was rejected, and 202 when nothing is decided yet. Calling
    /// again does no harm.
    ///
    /// Works without an API key where the service is set up so. A key needs the scope `uploads:write`.
    #[oai(path = "/files/confirm", method = "post", operation_id = "confirmFile", tag = "Tag::Files")]
    async fn confirm(
        &self,
        service: Data<&Arc<Service>>,
        key: FilesKey<Write>,
        body: Body<SentFile>,
    ) -> Result<ConfirmAnswer, ConfirmFileProblem> {
        let Caller { tenant, stay, .. } = key.0;
        let id = ObjectKey::upload_id(&body.0.key.0).ok_or(ConfirmFileProblem::UploadNotFound)?;
        concerns(id);
        uploads::hint(&service.db, &tenant, id).await?;
        let _wait = service.hands.wait(service.files.wait)?;
        let find = || find(&service, &tenant, id, &body.0.key.0);
        let upload = service.waiting.until_decided(id, service.files.wait, find);
        let upload = stay.during(&service, upload).await??;
        answer(upload.ok_or(ConfirmFileProblem::UploadNotFound)?)
    }
}

/// The tenant's upload of this id, if that is the key it was granted.
async fn find(service: &Service, tenant: &Tenant, id: UploadId, key: &str) -> Result<Option<Upload>, DbError> {
    let upload = service.find(tenant, Some(id)).await?;
    Ok(upload.filter(|upload| upload.grant_key.as_str() == key))
}

fn answer(upload: Upload) -> Result<ConfirmAnswer, ConfirmFileProblem> {
    match upload.state {
        UploadState::Confirmed { .. } => Ok(ConfirmAnswer::Confirmed(Json(ConfirmedFile::confirmed(upload.id)))),
        UploadState::Pending => Ok(ConfirmAnswer::Pending(Json(ConfirmedFile::pending(upload.id)))),
        UploadState::Rejected { reasons, .. } => {
            Err(ConfirmFileProblem::FileRejected(reasons.into_iter().map(error).collect()))
        }
        UploadState::Expired { .. } => Err(ConfirmFileProblem::UploadExpired),
        UploadState::Canceled { .. } => Err(ConfirmFileProblem::UploadCanceled),
        UploadState::Deleted { .. } => Err(ConfirmFileProblem::UploadDeleted),
    }
}

/// A reason is about the object under the key that the request names.
fn error(reason: Reason) -> FieldError {
    FieldError::new("/key", reason.code.as_str(), reason.detail)
}

impl ConfirmedFile {
    fn confirmed(id: UploadId) -> Self {
        let url = Some(format!("/files/{id}"));
        Self { id: UploadIdText(id.to_string()), status: UploadStatus::Confirmed, url, detail: None }
    }

    /// The answer while there is no verdict.
    pub fn pending(id: UploadId) -> Self {
        let detail = Some("The file has not been looked at yet. Call again.".to_owned());
        Self { id: UploadIdText(id.to_string()), status: UploadStatus::Pending, url: None, detail }
    }
}

impl Example for SentFile {
    fn example() -> Self {
        Self {
            key: Text("incoming/images/acme/019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10.jpg".to_owned()),
            filename: FileNameText("photo.jpg".to_owned()),
            mime_type: Some(Text("image/jpeg".to_owned())),
            size: Some(348_160),
        }
    }
}

impl Example for ConfirmedFile {
    fn example() -> Self {
        Self::confirmed(examples::id())
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::types::ToJSON as _;
    use serde_json::json;

    use super::*;
    use crate::problem::Problem;

    #[test]
    fn a_confirmed_file_is_answered_as_in_the_tutorial() {
        let Ok(ConfirmAnswer::Confirmed(Json(file))) = answer(examples::confirmed()) else { panic!("not confirmed") };
        let id = "019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10";
        let expected = json!({"id": id, "status": "confirmed", "url": format!("/files/{id}")});
        assert_eq!(file.to_json(), Some(expected));
    }

    #[test]
    fn a_pending_file_says_so_and_has_no_address() {
        let Ok(ConfirmAnswer::Pending(Json(file))) = answer(examples::pending()) else { panic!("not pending") };
        assert_eq!((file.status, file.url), (UploadStatus::Pending, None));
    }

    #[test]
    fn every_other_end_is_a_problem_of_its_own() {
        let ended = |state| {
            Problem::from(answer(Upload { state, ..examples::pending() }).err().expect("a problem")).to_string()
        };
        let decided_at = examples::pending().deadline;
        assert_eq!(ended(UploadState::Expired { decided_at }), "upload_expired");
        assert_eq!(ended(UploadState::Canceled { decided_at }), "upload_canceled");
        assert_eq!(ended(examples::rejected().state), "file_rejected");
    }
}
