//! An upload as operators see it.

use poem_openapi::{Enum, Object};
use sluice_common::domain;

use crate::maps::Metadata;
use crate::scalars::{
    ContentTypeText, FileNameText, PolicyName, Sha256Text, Size, TenantName, Time, UploadIdText, Url,
};
use crate::uploads::{Reason, UploadStatus};

/// An upload of some tenant: what was declared, what was seen, and what its grant allows. Never a signed URL.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct OperatorUpload {
    /// The id of the upload.
    pub id: UploadIdText,
    /// Whose it is.
    pub tenant: TenantName,
    /// Where it stands.
    pub status: UploadStatus,
    /// The name of the policy that it is judged by.
    pub policy: PolicyName,
    /// Which calls it was made through.
    pub origin: UploadOrigin,
    /// What the client promised.
    pub declared: DeclaredFile,
    /// What was seen in the bucket, once it was looked at.
    pub observed: Option<ObservedObject>,
    /// Why it was rejected: all that was wrong. Only of a rejected upload.
    pub reasons: Option<Vec<Reason>>,
    /// What was to be remembered, if anything was.
    pub metadata: Option<Metadata>,
    /// What its grant allows.
    pub granted: GrantedSending,
    /// When it was declared.
    pub created_at: Time,
    /// When it expires if no object has come by then.
    pub deadline: Time,
    /// When it left `pending`, if it did.
    pub decided_at: Option<Time>,
    /// How many looks at its object were begun and have not ended. From 4 on nobody looks any more.
    pub looks_cut_off: i32,
}

/// Which calls an upload was made through. More may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", remote = "domain::Origin")]
pub enum UploadOrigin {
    /// `/v1/uploads`.
    V1,
    /// The tutorial's `/files`.
    Files,
}

/// What a client promised to send.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct DeclaredFile {
    /// The file's name.
    pub filename: FileNameText,
    /// The content type.
    pub content_type: ContentTypeText,
    /// The exact size in bytes, if one was declared.
    pub size: Option<Size>,
    /// The SHA-256 of the bytes in hexadecimal digits, if one was declared.
    pub sha256: Option<Sha256Text>,
}

/// What was seen in the bucket.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ObservedObject {
    /// Where the object is, or was before it was deleted.
    pub object_key: String,
    /// Its size in bytes.
    pub size: Size,
    /// Its etag, with its quotes.
    pub etag: String,
    /// Its version, where the bucket keeps versions.
    pub version_id: Option<String>,
    /// The type that its bytes show, where they show one.
    pub detected_type: Option<String>,
}

/// What the grant of an upload allows.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct GrantedSending {
    /// How the file is sent.
    pub kind: SendingKind,
    /// Where the grant writes.
    pub object_key: String,
    /// Whether it can be used only once. Where it can't, confirming copies the object to another key.
    pub write_once: bool,
    /// The size of every part but the last, where the file is sent in parts.
    pub part_size: Option<Size>,
    /// How many parts there are, where the file is sent in parts.
    pub part_count: Option<i32>,
    /// Where the store leads the browser that posted the form, if it was said.
    pub redirect_to: Option<Url>,
}

/// How a file is sent. More may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum SendingKind {
    /// With one PUT.
    Put,
    /// With a form.
    Post,
    /// In parts.
    Multipart,
}

impl From<domain::Upload> for OperatorUpload {
    fn from(upload: domain::Upload) -> Self {
        Self {
            id: UploadIdText(upload.id.to_string()),
            tenant: TenantName(upload.tenant.to_string()),
            status: upload.state.status().into(),
            origin: upload.origin.into(),
            declared: DeclaredFile::from(&upload.declared),
            observed: upload.state.object().map(ObservedObject::from),
            granted: GrantedSending::from(&upload),
            created_at: Time(upload.created_at),
            deadline: Time(upload.deadline),
            decided_at: upload.state.decided_at().map(Time),
            looks_cut_off: upload.looks_cut_off.into(),
            policy: PolicyName(upload.policy),
            metadata: upload.metadata.map(|metadata| Metadata(metadata.entries().clone())),
            reasons: match upload.state {
                domain::UploadState::Rejected { reasons, .. } => Some(reasons.into_iter().map(Reason::from).collect()),
                _ => None,
            },
        }
    }
}

impl From<&domain::Declaration> for DeclaredFile {
    fn from(declared: &domain::Declaration) -> Self {
        Self {
            filename: FileNameText(declared.filename.as_str().to_owned()),
            content_type: ContentTypeText(declared.content_type.as_declared().to_owned()),
            size: declared.size.map(|size| Size(size.get())),
            sha256: declared.sha256.map(|sha256| Sha256Text(sha256.to_hex())),
        }
    }
}

impl From<&domain::StoredObject> for ObservedObject {
    fn from(object: &domain::StoredObject) -> Self {
        Self {
            object_key: object.key.to_string(),
            size: Size(object.size.get()),
            etag: object.etag.clone(),
            version_id: object.version_id.clone(),
            detected_type: object.detected_type.as_ref().map(ToString::to_string),
        }
    }
}

impl From<&domain::Upload> for GrantedSending {
    fn from(upload: &domain::Upload) -> Self {
        let parts = upload.parts();
        let redirect_to = upload.form.as_ref().and_then(|form| form.redirect_to.as_ref());
        Self {
            kind: match (&upload.form, &parts) {
                (Some(_), _) => SendingKind::Post,
                (None, Some(_)) => SendingKind::Multipart,
                (None, None) => SendingKind::Put,
            },
            object_key: upload.grant_key.to_string(),
            write_once: upload.write_once,
            part_size: parts.as_ref().map(|(multipart, _)| Size(multipart.part_size.get())),
            part_count: parts.as_ref().map(|(_, parts)| parts.count()),
            redirect_to: redirect_to.map(|url| Url(url.as_str().to_owned())),
        }
    }
}
