//! createUploadUrl, the tutorial's first call.

use std::sync::Arc;

use jiff::Timestamp;
use poem::web::Data;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use sluice_common::db::uploads::{NewUpload as NewRow, Recorded};
use sluice_common::domain::{ContentType, Declaration, FileName, ObjectKey, Origin, Policies, Policy, UploadId};
use sluice_common::storage::SignedRequest;

use crate::auth::{Caller, FilesKey, Write};
use crate::body::{Body, Json};
use crate::document::Tag;
use crate::maps::Headers;
use crate::problem::{FieldError, problems};
use crate::scalars::{ContentTypeText, FileNameText, Url};
use crate::service::Service;
use crate::uploads::{examples, quota};

problems! {
    /// Why there is no URL to upload to.
    pub enum CreateUploadUrlProblem {
        /// The file name or the type can't be used, or no policy takes the type; `errors` says which. Nothing was recorded.
        400 invalid_file => InvalidFile(errors: Vec<FieldError>),
        /// The upload would be more than your tenant may use; the code in `errors` names the limit: `pending_uploads`,
        /// `reserved_bytes` or `stored_bytes`. Nothing was recorded.
        403 quota_exceeded => QuotaExceeded(errors: Vec<FieldError>),
    }
}

/// The file to upload.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(example)]
pub struct NewFile {
    /// The file's name.
    pub filename: FileNameText,
    /// Its content type, exactly as the PUT will have it.
    #[oai(rename = "mimeType")]
    pub mime_type: ContentTypeText,
}

/// Where to upload the file.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(example)]
pub struct UploadUrl {
    /// The URL to PUT the file to.
    #[oai(rename = "uploadUrl")]
    pub upload_url: Url,
    /// What to send to `confirm` when the file was sent.
    pub key: String,
    /// For how many seconds the URL can be used.
    #[oai(rename = "expiresIn")]
    pub expires_in: i64,
    /// The HTTP method to use.
    pub method: String,
    /// The headers to send, by name.
    pub headers: Headers,
}

/// The answer.
#[derive(ApiResponse)]
pub enum UploadUrlAnswer {
    /// Where to upload the file.
    #[oai(status = 200)]
    Url(Json<UploadUrl>),
}

/// createUploadUrl.
pub struct CreateUploadUrl;

#[OpenApi]
impl CreateUploadUrl {
    /// Get a URL to upload to
    ///
    /// The tutorial's first call: PUT the file to `uploadUrl` with exactly these `headers`, then call `confirm` with `key`.
    /// The grant binds the type alone; declare more with `POST /v1/uploads`.
    ///
    /// Works without an API key where the service is set up so. A key needs the scope `uploads:write`.
    #[oai(path = "/files/upload-url", method = "post", operation_id = "createUploadUrl", tag = "Tag::Files")]
    async fn create(
        &self,
        service: Data<&Arc<Service>>,
        key: FilesKey<Write>,
        body: Body<NewFile>,
    ) -> Result<UploadUrlAnswer, CreateUploadUrlProblem> {
        let (declaration, policy) = examine(&body.0, &service.policies).map_err(CreateUploadUrlProblem::InvalidFile)?;
        let new = row(declaration, policy, key.0);
        let signed = service.signer.put(&new.grant_key, &new.declared, false, policy.grant_lifetime).await?;
        match service.record(new).await? {
            Recorded::Upload(upload) => Ok(UploadUrlAnswer::Url(Json(UploadUrl::new(signed, upload.grant_key)))),
            Recorded::OverQuota(over) => Err(CreateUploadUrlProblem::QuotaExceeded(quota::refuse(&service, &over))),
            Recorded::KeyTaken => unreachable!("it has no idempotency key that could be taken"),
        }
    }
}

/// Reads a file's name and type, and finds the policy to judge it by: the first that takes the type and requires nothing
/// that this call can't declare.
fn examine<'a>(file: &NewFile, policies: &'a Policies) -> Result<(Declaration, &'a Policy), Vec<FieldError>> {
    let filename =
        FileName::parse(&file.filename.0).map_err(|why| FieldError::unread("/filename", "invalid_filename", why));
    let content_type = ContentType::parse(&file.mime_type.0)
        .map_err(|why| FieldError::unread("/mimeType", "invalid_content_type", why))
        .and_then(|content_type| policy_for(&content_type, policies).map(|policy| (content_type, policy)));
    match (filename, content_type) {
        (Ok(filename), Ok((content_type, policy))) => {
            Ok((Declaration { filename, content_type, size: None, sha256: None }, policy))
        }
        (filename, content_type) => Err(filename.err().into_iter().chain(content_type.err()).collect()),
    }
}

fn policy_for<'a>(content_type: &ContentType, policies: &'a Policies) -> Result<&'a Policy, FieldError> {
    let media_type = content_type.media_type();
    let mut taking = policies.iter().filter(|policy| policy.allows(media_type));
    let found = taking.find(|policy| !policy.require_size && !policy.require_sha256);
    found.ok_or_else(|| {
        FieldError::new("/mimeType", "type_not_allowed", format!("Files of type {media_type} are not taken."))
    })
}

fn row(declared: Declaration, policy: &Policy, caller: Caller) -> NewRow {
    let id = UploadId::generate();
    let extension = declared.content_type.media_type().extension();
    NewRow {
        id,
        grant_key: ObjectKey::incoming(policy, &caller.tenant, id, extension),
        tenant: caller.tenant,
        policy: policy.name.clone(),
        reserves: policy.reserves(&declared),
        declared,
        metadata: None,
        // The tutorial's client sends no header but the type.
        write_once: false,
        form: None,
        multipart: None,
        origin: Origin::Files,
        finish_within: policy.finish_within,
        caller: caller.id,
        idempotency: None,
    }
}

impl UploadUrl {
    fn new(signed: SignedRequest, key: ObjectKey) -> Self {
        let left = signed.expires_at.duration_since(Timestamp::now());
        Self {
            upload_url: Url(signed.url),
            key: key.to_string(),
            // Signed to the whole second a moment ago.
            expires_in: left.round(jiff::Unit::Second).map_or(0, |left| left.as_secs()),
            method: signed.method.to_owned(),
            headers: signed.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }
}

impl Example for NewFile {
    fn example() -> Self {
        Self { filename: FileNameText("photo.jpg".to_owned()), mime_type: ContentTypeText("image/jpeg".to_owned()) }
    }
}

impl Example for UploadUrl {
    fn example() -> Self {
        let key = "incoming/images/acme/019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10.jpg".to_owned();
        Self {
            upload_url: Url(examples::signed_url().replace("/images/", "/incoming/images/")),
            key,
            expires_in: 600,
            method: "PUT".to_owned(),
            headers: [("content-type".to_owned(), "image/jpeg".to_owned())].into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusals(filename: &str, mime_type: &str) -> Vec<(String, String)> {
        let file =
            NewFile { filename: FileNameText(filename.to_owned()), mime_type: ContentTypeText(mime_type.to_owned()) };
        let errors = examine(&file, &Policies::built_in()).err().unwrap_or_default();
        errors.into_iter().map(|error| (error.pointer, error.code)).collect()
    }

    #[test]
    fn a_file_without_a_usable_name_or_type_is_refused_like_in_the_tutorial() {
        let pair = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
        assert_eq!(refusals("photo.jpg", "image/jpeg"), []);
        assert_eq!(refusals("", "image/jpeg"), [pair("/filename", "invalid_filename")]);
        assert_eq!(refusals("run.sh", "application/x-sh"), [pair("/mimeType", "type_not_allowed")]);
        let both = [pair("/filename", "invalid_filename"), pair("/mimeType", "invalid_content_type")];
        assert_eq!(refusals("a/b", ""), both);
    }
}
