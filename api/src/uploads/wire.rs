//! An upload as clients see it.

use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Enum, Object};
use sluice_common::domain;

use super::examples;
use super::grant::Grant;
use crate::auth::NewToken;
use crate::body::Json;
use crate::maps::Metadata;
use crate::scalars::{ContentTypeText, FileNameText, PolicyName, Sha256Text, Size, Time, UploadIdText};

/// One client's promise to put certain bytes into the bucket, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct Upload {
    /// The id of the upload.
    pub id: UploadIdText,
    /// Where it stands.
    pub status: UploadStatus,
    /// The name of the policy that it is judged by.
    pub policy: PolicyName,
    /// The name that downloads are given, as declared.
    pub filename: FileNameText,
    /// The content type, as declared.
    pub content_type: ContentTypeText,
    /// The exact size in bytes, if one was declared.
    pub size: Option<Size>,
    /// The SHA-256 of the bytes in hexadecimal digits, if one was declared.
    pub sha256: Option<Sha256Text>,
    /// What was to be remembered, if anything was.
    pub metadata: Option<Metadata>,
    /// What was found in the bucket, once it was looked at.
    pub object: Option<StoredObject>,
    /// Why it was rejected: all that was wrong. Only of a rejected upload.
    pub reasons: Option<Vec<Reason>>,
    /// When it was declared.
    pub created_at: Time,
    /// When it expires if no object has come by then.
    pub deadline: Time,
    /// When it left `pending`, if it did.
    pub decided_at: Option<Time>,
    /// Leave to send the file. Only in the answers that make or renew it.
    pub grant: Option<Grant>,
    /// Leave to follow this upload without an API key. Only in the answers that have a grant, where the service is set up
    /// so.
    pub upload_token: Option<UploadToken>,
}

/// Leave to read, complete and renew one upload, and to cancel it while it is pending, for whoever sends its file.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct UploadToken {
    /// What to send as `Authorization: Bearer …`. Treat it like a password.
    pub token: String,
    /// When it ends.
    pub expires_at: Time,
}

/// Where an upload stands.
///
/// * `pending`: declared; no verdict yet. Every other status is final, but for `confirmed`, which can become `deleted`.
/// * `confirmed`: the file is there and is what was promised. It can be downloaded and never changes.
/// * `rejected`: the file broke the policy or the declaration; `reasons` says how.
/// * `expired`: no file came before the deadline.
/// * `canceled`: it was taken back before a verdict.
/// * `deleted`: it was confirmed, and deleted later.
///
/// More may be added: accept values that you don't know, and treat them as final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", remote = "domain::UploadStatus")]
pub enum UploadStatus {
    /// Declared; no verdict yet.
    Pending,
    /// The file is there and is what was promised.
    Confirmed,
    /// The file broke the policy or the declaration.
    Rejected,
    /// No file came before the deadline.
    Expired,
    /// It was taken back before a verdict.
    Canceled,
    /// It was confirmed, and deleted later.
    Deleted,
}

/// What was found in the bucket.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct StoredObject {
    /// Its size in bytes.
    pub size: Size,
    /// Its etag as HTTP has it, with its quotes: what the store answered the PUT with.
    pub etag: String,
    /// Its version, where the bucket keeps versions.
    pub version_id: Option<String>,
    /// The type that its bytes show, where they show one.
    pub detected_type: Option<String>,
}

/// One thing that was wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct Reason {
    /// Which rule was broken.
    pub code: ReasonCode,
    /// The same in a sentence.
    pub detail: String,
}

/// The rule that a file broke.
///
/// * `empty`: it has no bytes.
/// * `too_small`, `too_large`: its size is outside what the policy allows.
/// * `size_mismatch`, `checksum_mismatch`: it is not what was declared.
/// * `type_not_allowed`: it is of a type that the policy does not take.
/// * `type_mismatch`: it is of another type than declared.
/// * `type_unknown`: its bytes don't show what it is.
/// * `active_content`: it would do something by itself when it is opened: scripts, macros, actions.
/// * `archive_too_large`, `too_compressed`: unpacked, it is larger than the policy allows.
/// * `archive_invalid`: its directory says what can't be, or names files outside it.
/// * `dimensions_not_allowed`, `too_many_pixels`: the picture is of another size than the policy allows.
///
/// More may be added: accept values that you don't know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", remote = "domain::ReasonCode")]
pub enum ReasonCode {
    /// It has no bytes.
    Empty,
    /// It is smaller than the policy allows.
    TooSmall,
    /// It is larger than the policy allows.
    TooLarge,
    /// Its size is not the declared one.
    SizeMismatch,
    /// Its checksum is not the declared one.
    ChecksumMismatch,
    /// It is of a type that the policy does not take.
    TypeNotAllowed,
    /// It is of another type than declared.
    TypeMismatch,
    /// Its bytes don't show what it is.
    TypeUnknown,
    /// It would do something by itself when it is opened.
    ActiveContent,
    /// Unpacked, it is larger than the policy allows.
    ArchiveTooLarge,
    /// It is packed more tightly than the policy allows.
    TooCompressed,
    /// Its directory says what can't be, or names files outside it.
    ArchiveInvalid,
    /// It is wider or higher, or less so, than the policy allows.
    DimensionsNotAllowed,
    /// It has more pixels than the policy allows.
    TooManyPixels,
}

/// The answer of operations that give one upload.
#[derive(ApiResponse)]
pub enum UploadAnswer {
    /// The upload as it is now.
    #[oai(status = 200)]
    Upload(
        Json<Upload>,
        /// How long the answer was held at the most, in seconds, where `Prefer` asked for it: `wait=20`.
        #[oai(header = "Preference-Applied")]
        Option<String>,
    ),
}

impl UploadAnswer {
    /// The answer to a request that stated no preference.
    pub fn new(upload: impl Into<Upload>) -> Self {
        Self::Upload(Json(upload.into()), None)
    }
}

impl Upload {
    /// The upload, with leave to put its object and perhaps to follow it.
    pub fn with_grant(upload: domain::Upload, grant: Grant, token: Option<NewToken>) -> Self {
        let token = token.map(|token| UploadToken { token: token.text, expires_at: Time(token.expires_at) });
        Self { grant: Some(grant), upload_token: token, ..upload.into() }
    }
}

impl From<domain::Upload> for Upload {
    fn from(upload: domain::Upload) -> Self {
        let domain::Upload { declared, state, .. } = upload;
        Self {
            id: UploadIdText(upload.id.to_string()),
            status: state.status().into(),
            policy: PolicyName(upload.policy),
            filename: FileNameText(declared.filename.as_str().to_owned()),
            content_type: ContentTypeText(declared.content_type.as_declared().to_owned()),
            size: declared.size.map(|size| Size(size.get())),
            sha256: declared.sha256.map(|sha256| Sha256Text(sha256.to_hex())),
            metadata: upload.metadata.map(|metadata| Metadata(metadata.entries().clone())),
            object: state.object().map(StoredObject::from),
            created_at: Time(upload.created_at),
            deadline: Time(upload.deadline),
            decided_at: state.decided_at().map(Time),
            reasons: match state {
                domain::UploadState::Rejected { reasons, .. } => Some(reasons.into_iter().map(Reason::from).collect()),
                _ => None,
            },
            grant: None,
            upload_token: None,
        }
    }
}

impl From<&domain::StoredObject> for StoredObject {
    fn from(object: &domain::StoredObject) -> Self {
        Self {
            size: Size(object.size.get()),
            etag: object.etag.clone(),
            version_id: object.version_id.clone(),
            detected_type: object.detected_type.as_ref().map(ToString::to_string),
        }
    }
}

impl From<domain::Reason> for Reason {
    fn from(reason: domain::Reason) -> Self {
        Self { code: reason.code.into(), detail: reason.detail }
    }
}

impl Example for Upload {
    fn example() -> Self {
        Self::with_grant(examples::pending(), Grant::example(), Some(examples::token()))
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::types::ToJSON as _;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_known_is_absent_and_never_null() {
        let mut upload = examples::pending();
        upload.declared.size = None;
        upload.declared.sha256 = None;
        upload.metadata = None;
        let expected = json!({
            "id": "019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10", "status": "pending", "policy": "images",
            "filename": "photo.jpg", "content_type": "image/jpeg",
            "created_at": "2026-11-24T12:00:00.000Z", "deadline": "2026-11-24T13:00:00.000Z",
        });
        assert_eq!(Upload::from(upload).to_json(), Some(expected));
    }

    #[test]
    fn every_state_shows_what_is_known_then() {
        let confirmed = Upload::from(examples::confirmed()).to_json().expect("an object");
        let object =
            json!({"size": 348_160, "etag": "\"9b2cf535f27731c974343645a3985328\"", "detected_type": "image/jpeg"});
        assert_eq!((&confirmed["status"], &confirmed["object"]), (&json!("confirmed"), &object));
        assert_eq!(confirmed["decided_at"], "2026-11-24T12:00:03.250Z");

        let rejected = Upload::from(examples::rejected()).to_json().expect("an object");
        assert_eq!(rejected["reasons"][0]["code"], "type_mismatch");
    }

    #[test]
    fn statuses_and_reasons_have_the_names_of_the_domain() {
        for status in domain::UploadStatus::ALL {
            assert_eq!(UploadStatus::from(status).to_json(), Some(status.as_str().into()));
        }
        for code in domain::ReasonCode::ALL {
            assert_eq!(ReasonCode::from(code).to_json(), Some(code.as_str().into()));
        }
    }
}
