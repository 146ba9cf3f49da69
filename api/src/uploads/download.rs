//! getDownload.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use sluice_common::domain::{MediaType, Upload, UploadState};
use sluice_common::storage::{SignError, SignedRequest};

use super::examples;
use crate::auth::{Key, Read};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::{Time, UploadIdText, Url};
use crate::service::Service;

problems! {
    /// Why there is no download.
    pub enum GetDownloadProblem {
        /// There is no such upload of yours.
        404 upload_not_found => UploadNotFound,
        /// Only a confirmed upload can be downloaded.
        409 not_confirmed => NotConfirmed(detail: String),
    }
}

/// Leave to get a confirmed file. Whoever has the URL can use it until it expires.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(example)]
pub struct Download {
    /// The URL of the file: it comes as an attachment, under its declared name.
    pub url: Url,
    /// The HTTP method to use.
    pub method: String,
    /// When the store begins to refuse the URL. A download that began before may end later.
    pub expires_at: Time,
}

/// The answer.
#[derive(ApiResponse)]
pub enum DownloadAnswer {
    /// The leave to get the file.
    #[oai(status = 200)]
    Download(Json<Download>),
}

/// getDownload.
pub struct GetDownload;

#[OpenApi]
impl GetDownload {
    /// Download a confirmed upload
    ///
    /// Gives a URL that works for a few minutes. It names exactly the file that was confirmed, to be saved as an attachment
    /// under the name that was declared.
    ///
    /// Needs the scope `uploads:read`.
    #[oai(path = "/v1/uploads/:upload_id/download", method = "get", operation_id = "getDownload", tag = "Tag::Uploads")]
    async fn download(
        &self,
        service: Data<&Arc<Service>>,
        key: Key<Read>,
        /// The upload's id.
        #[oai(name = "upload_id")]
        id: Path<UploadIdText>,
    ) -> Result<DownloadAnswer, GetDownloadProblem> {
        let upload = service.find(&key.0.tenant, id.0.read()).await?;
        let upload = upload.ok_or(GetDownloadProblem::UploadNotFound)?;
        let signed = sign_download(&service, &upload).await?;
        let signed = signed.ok_or_else(|| GetDownloadProblem::NotConfirmed(not_confirmed(&upload)))?;
        let SignedRequest { url, method, expires_at, .. } = signed;
        let download = Download { url: Url(url), method: method.to_owned(), expires_at: Time(expires_at) };
        Ok(DownloadAnswer::Download(Json(download)))
    }
}

/// Why an upload can't be downloaded, in a sentence.
pub fn not_confirmed(upload: &Upload) -> String {
    format!("The upload is {}; only a confirmed one can be downloaded.", upload.state.status().as_str())
}

/// Signs the download of an upload, if it is confirmed.
///
/// # Errors
/// Where there are no credentials to sign with.
pub async fn sign_download(service: &Service, upload: &Upload) -> Result<Option<SignedRequest>, SignError> {
    let UploadState::Confirmed { object, .. } = &upload.state else { return Ok(None) };
    // What its bytes don't show to be harmless, a browser is not told to open.
    let bytes = MediaType::parse("application/octet-stream").expect("a media type");
    let declared = upload.declared.content_type.media_type();
    let content_type = if object.detected_type.is_some() { declared } else { &bytes };
    let filename = upload.declared.filename.as_str();
    service.signer.get(object, filename, content_type, service.download_lifetime).await.map(Some)
}

impl Example for Download {
    fn example() -> Self {
        let upload = examples::confirmed();
        Self {
            url: Url(examples::signed_url()),
            method: "GET".to_owned(),
            expires_at: Time(upload.created_at + jiff::SignedDuration::from_mins(5)),
        }
    }
}
