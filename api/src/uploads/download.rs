//! getDownload.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use sluice_common::domain::{MediaType, Upload, UploadState};
use sluice_common::storage::{self, SignError, SignedRequest};

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
        /// A file of this type is only given as an attachment.
        409 not_shown_inline => NotShownInline(detail: String),
    }
}

/// What a browser does with a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", remote = "storage::Disposition")]
pub enum Disposition {
    /// It is saved.
    Attachment,
    /// It is shown.
    Inline,
}

/// Leave to get a confirmed file. Whoever has the URL can use it until it expires.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(example)]
pub struct Download {
    /// The URL of the file: it comes under its declared name, as an attachment unless it was asked for inline.
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
    /// under the name that was declared. With `disposition=inline` a browser shows it: only of pictures made of pixels,
    /// sounds, films and PDF whose bytes show what they are.
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
        /// Whether a browser is to save the file, as it does by default, or to show it.
        disposition: Query<Option<Disposition>>,
    ) -> Result<DownloadAnswer, GetDownloadProblem> {
        let upload = service.find(&key.0.tenant, id.0.read()).await?;
        let upload = upload.ok_or(GetDownloadProblem::UploadNotFound)?;
        signed_download(&service, &upload, disposition.0.unwrap_or(Disposition::Attachment)).await
    }
}

/// The download of an upload, whoever may have it.
///
/// # Errors
/// Where it is not confirmed or not to be shown, or there are no credentials to sign with.
pub async fn signed_download(
    service: &Service,
    upload: &Upload,
    disposition: Disposition,
) -> Result<DownloadAnswer, GetDownloadProblem> {
    if disposition == Disposition::Inline
        && let Some(why) = not_shown_inline(upload)
    {
        return Err(GetDownloadProblem::NotShownInline(why));
    }
    let signed = sign_download(service, upload, disposition.into()).await?;
    let signed = signed.ok_or_else(|| GetDownloadProblem::NotConfirmed(not_confirmed(upload)))?;
    let SignedRequest { url, method, expires_at, .. } = signed;
    let download = Download { url: Url(url), method: method.to_owned(), expires_at: Time(expires_at) };
    Ok(DownloadAnswer::Download(Json(download)))
}

/// Why an upload can't be downloaded, in a sentence.
pub fn not_confirmed(upload: &Upload) -> String {
    format!("The upload is {}; only a confirmed one can be downloaded.", upload.state.status().as_str())
}

/// Why a browser may not show a confirmed upload, in a sentence.
pub fn not_shown_inline(upload: &Upload) -> Option<String> {
    let UploadState::Confirmed { object, .. } = &upload.state else { return None };
    let declared = upload.declared.content_type.media_type();
    (object.detected_type.is_none() || !declared.may_be_shown())
        .then(|| format!("The file is {declared}; only pictures, sounds, films and PDF are shown inline."))
}

/// Signs the download of an upload, if it is confirmed.
///
/// # Errors
/// Where there are no credentials to sign with.
pub async fn sign_download(
    service: &Service,
    upload: &Upload,
    disposition: storage::Disposition,
) -> Result<Option<SignedRequest>, SignError> {
    let UploadState::Confirmed { object, .. } = &upload.state else { return Ok(None) };
    // What its bytes don't show to be harmless, a browser is not told to open.
    let bytes = MediaType::parse("application/octet-stream").expect("a media type");
    let declared = upload.declared.content_type.media_type();
    let content_type = if object.detected_type.is_some() { declared } else { &bytes };
    let filename = upload.declared.filename.as_str();
    service.signer.get(object, (disposition, filename), content_type, service.download_lifetime).await.map(Some)
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
