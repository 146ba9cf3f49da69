//! downloadUpload.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use crate::auth::{KeyOrSession, See};
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::UploadIdText;
use crate::service::Service;
use crate::uploads::{Disposition, DownloadAnswer, GetDownloadProblem, signed_download};

problems! {
    /// Why there is no download.
    pub enum DownloadUploadProblem {
        /// There is no such upload of yours.
        404 upload_not_found => UploadNotFound,
        /// Only a confirmed upload can be downloaded.
        409 not_confirmed => NotConfirmed(detail: String),
        /// A file of this type is only given as an attachment.
        409 not_shown_inline => NotShownInline(detail: String),
    }
}

impl From<GetDownloadProblem> for DownloadUploadProblem {
    fn from(problem: GetDownloadProblem) -> Self {
        match problem {
            GetDownloadProblem::UploadNotFound => Self::UploadNotFound,
            GetDownloadProblem::NotConfirmed(detail) => Self::NotConfirmed(detail),
            GetDownloadProblem::NotShownInline(detail) => Self::NotShownInline(detail),
            GetDownloadProblem::Other(problem) => Self::Other(problem),
        }
    }
}

/// downloadUpload.
pub struct DownloadUpload;

#[OpenApi]
impl DownloadUpload {
    /// Get any tenant's file
    ///
    /// A URL that gets the confirmed file straight from the store, exactly as it was confirmed. A picture, a sound, a film or
    /// a PDF can be shown with `disposition=inline`; everything else comes as an attachment.
    ///
    /// Needs the scope `operator` or `operator:read`.
    #[oai(
        path = "/v1/operator/uploads/:upload_id/download",
        method = "get",
        operation_id = "downloadUpload",
        tag = "Tag::Operator"
    )]
    async fn download(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<See>,
        /// The upload's id.
        #[oai(name = "upload_id")]
        id: Path<UploadIdText>,
        /// Whether a browser is to save the file, as it does by default, or to show it.
        disposition: Query<Option<Disposition>>,
    ) -> Result<DownloadAnswer, DownloadUploadProblem> {
        let upload = service.find_for(&operator.0, id.0.read()).await?.ok_or(DownloadUploadProblem::UploadNotFound)?;
        let disposition = disposition.0.unwrap_or(Disposition::Attachment);
        Ok(signed_download(&service, &upload, disposition).await?)
    }
}
