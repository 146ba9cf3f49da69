//! The OpenAPI document: what the framework makes of the operations, made clean.

mod bounds;
mod clean;
mod common;
mod examples;
mod links;
mod merged;
mod twin;

use poem_openapi::{ContactObject, LicenseObject, OpenApi, OpenApiService, Tags};
use serde_json::Value;

use self::merged::Merged;
use crate::files::{ConfirmFile, CreateUploadUrl, OpenFile};
use crate::operator::{
    ActOnUploads, CloseOperatorSession, DeleteDeadLetter, DownloadUpload, DropDeadEvent, DropDeadEvents, GetActivity,
    GetDeadEvent, GetFilterValues, GetOperatorSession, GetOverview, InspectUpload, ListDeadEvents, ListDeadLetters,
    ListOperatorActions, OpenOperatorSession, PurgeDeadLetters, RedriveDeadLetters, SearchUploads, WatchUploads,
};
use crate::uploads::{
    CancelUpload, CompleteUpload, CreateUpload, CreateUploads, GetDownload, GetUpload, ListParts, ListUploads,
    RenewGrant, StreamUploads,
};
use crate::usage::GetUsage;

/// What operations are grouped by.
#[derive(Tags)]
pub enum Tag {
    /// Declare uploads, follow them to their verdict, and download what was confirmed.
    Uploads,
    /// What your tenant uses, and what it may use.
    Usage,
    /// The three calls of the well-known tutorial on presigned URLs. A client written for it works here as it is.
    Files,
    /// For those who look after the service: how it does, every upload, and what can be done by hand. With an operator's API
    /// key, or in a browser with the cookie that openOperatorSession gives for one.
    Operator,
}

const DESCRIPTION: &str = "Sluice takes files straight into an S3 bucket and lets you rely on what arrived: declare an \
    upload, send the file to the store with the grant you get, and learn the verdict.\n\nEvery error is an \
    `application/problem+json` with a stable `code`. Every answer has an `X-Request-Id`; send your own (up to 64 letters, \
    digits, `-`, `_`, `.`) to find it in the logs. Fields that have no value are absent, never `null`; in a request, `null` counts \
    as absent. Clients must ignore \
    fields that they don't know, and accept values of enumerations that they don't know.";

/// The operations as the framework serves them.
pub fn operations() -> OpenApiService<impl OpenApi, ()> {
    let all = (
        (
            CreateUpload,
            CreateUploads,
            ListUploads,
            StreamUploads,
            GetUpload,
            CancelUpload,
            CompleteUpload,
            RenewGrant,
            ListParts,
            GetDownload,
        ),
        GetUsage,
        (CreateUploadUrl, ConfirmFile, OpenFile),
        (OpenOperatorSession, GetOperatorSession, CloseOperatorSession),
        (
            GetOverview,
            GetActivity,
            SearchUploads,
            GetFilterValues,
            InspectUpload,
            DownloadUpload,
            ActOnUploads,
            ListOperatorActions,
            WatchUploads,
        ),
        (
            ListDeadLetters,
            RedriveDeadLetters,
            DeleteDeadLetter,
            PurgeDeadLetters,
            ListDeadEvents,
            GetDeadEvent,
            DropDeadEvent,
            DropDeadEvents,
        ),
    );
    OpenApiService::new(Merged(all), "Sluice", env!("CARGO_PKG_VERSION"))
        .description(DESCRIPTION)
        .contact(ContactObject::new().name("Whoever runs this service"))
        .license(LicenseObject::new("MIT OR Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0"))
        .server("/")
}

/// The document.
pub fn document() -> Value {
    let raw = serde_json::from_str(&operations().spec()).expect("the framework writes JSON");
    clean::clean(raw)
}

/// The version of OpenAPI that a document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 3.0.3, which every generator reads.
    V3_0,
    /// 3.1.0, for what reads nothing older.
    V3_1,
}

/// The document as it is committed and served.
pub fn text(version: Version) -> String {
    let document = match version {
        Version::V3_0 => document(),
        Version::V3_1 => twin::twin(document()),
    };
    format!("{document:#}\n")
}

#[cfg(test)]
mod tests;
