//! Reading an upload from its row, written by this version or by another one.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;

use crate::db::DbError;
use crate::domain::{
    ByteCount, ContentType, Declaration, FileName, Form, MediaType, Metadata, Multipart, ObjectKey, Origin, Reason,
    ReasonCode, RedirectUrl, Sha256, StoredObject, Tenant, Upload, UploadId, UploadState, UploadStatus,
};

/// A row that holds what this version does not know: a newer one wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this version can't read the column {column} of upload {id}")]
pub struct Unreadable {
    /// The upload.
    pub id: UploadId,
    column: &'static str,
}

/// The upload of a row that must be readable.
pub(in crate::db) fn from_row(operation: &'static str, row: &Row) -> Result<Upload, DbError> {
    read(row).map_err(|error| DbError::Broken { operation, source: error.into() })
}

/// The upload of a row among others, none of which is to suffer for one that can't be read.
pub(super) fn readable(row: &Row) -> Option<Upload> {
    readable_as(row, "status")
}

/// The same with the status of this column: the upload as it was when it had that status.
pub(in crate::db) fn readable_as(row: &Row, status: &'static str) -> Option<Upload> {
    read_as(row, status)
        .inspect_err(|error| tracing::error!(upload.id = %error.id, "passed over an upload: {error}"))
        .ok()
}

/// The upload of a row.
pub(super) fn read(row: &Row) -> Result<Upload, Unreadable> {
    read_as(row, "status")
}

fn read_as(row: &Row, status: &'static str) -> Result<Upload, Unreadable> {
    let id = UploadId(row.get("id"));
    let bad = |column| Unreadable { id, column };
    let size =
        |column| row.get::<_, Option<i64>>(column).map(|n| ByteCount::new(n).map_err(|_| bad(column))).transpose();
    let sha256 = |bytes: &[u8]| bytes.try_into().map(Sha256).map_err(|_| bad("sha256"));
    let metadata: Option<Value> = row.get("metadata");
    let metadata =
        metadata.map(|value| serde_json::from_value(value).map(Metadata::recorded).map_err(|_| bad("metadata")));
    Ok(Upload {
        id,
        tenant: Tenant::parse(row.get("tenant")).map_err(|_| bad("tenant"))?,
        policy: row.get("policy"),
        declared: Declaration {
            filename: FileName::recorded(row.get("filename")),
            content_type: ContentType::parse(row.get("content_type")).map_err(|_| bad("content_type"))?,
            size: size("size")?,
            sha256: row.get::<_, Option<&[u8]>>("sha256").map(sha256).transpose()?,
        },
        metadata: metadata.transpose()?,
        grant_key: ObjectKey::recorded(row.get("grant_key")),
        write_once: row.get("write_once"),
        form: row
            .get::<_, bool>("form")
            .then(|| Form { redirect_to: row.get::<_, Option<String>>("redirect_to").map(RedirectUrl::recorded) }),
        multipart: read_multipart(row, &bad)?,
        origin: Origin::parse(row.get("origin")).ok_or_else(|| bad("origin"))?,
        created_at: row.get("created_at"),
        deadline: row.get("deadline"),
        looks_cut_off: row.get("looks_cut_off"),
        state: read_state(row, status, &bad)?,
    })
}

fn read_multipart(row: &Row, bad: &impl Fn(&'static str) -> Unreadable) -> Result<Option<Multipart>, Unreadable> {
    let Some(id) = row.get::<_, Option<String>>("multipart_id") else { return Ok(None) };
    let part_size = row.get::<_, Option<i64>>("part_size").and_then(|bytes| ByteCount::new(bytes).ok());
    let with_sha256 = row.get::<_, Option<bool>>("parts_with_sha256");
    Ok(Some(Multipart {
        id,
        part_size: part_size.ok_or_else(|| bad("part_size"))?,
        with_sha256: with_sha256.ok_or_else(|| bad("parts_with_sha256"))?,
    }))
}

fn read_state(
    row: &Row,
    status: &'static str,
    bad: &impl Fn(&'static str) -> Unreadable,
) -> Result<UploadState, Unreadable> {
    let status = UploadStatus::parse(row.get(status)).ok_or_else(|| bad(status))?;
    let decided_at = row.get::<_, Option<Timestamp>>("decided_at").ok_or_else(|| bad("decided_at"));
    let object = || {
        let detected: Option<&str> = row.get("detected_type");
        Ok::<_, Unreadable>(StoredObject {
            key: ObjectKey::recorded(row.get::<_, Option<String>>("object_key").ok_or_else(|| bad("object_key"))?),
            size: row
                .get::<_, Option<i64>>("object_size")
                .and_then(|n| ByteCount::new(n).ok())
                .ok_or_else(|| bad("object_size"))?,
            etag: row.get::<_, Option<String>>("object_etag").ok_or_else(|| bad("object_etag"))?,
            version_id: row.get("object_version_id"),
            detected_type: detected.map(|name| MediaType::parse(name).map_err(|_| bad("detected_type"))).transpose()?,
        })
    };
    Ok(match status {
        UploadStatus::Pending => UploadState::Pending,
        UploadStatus::Confirmed => UploadState::Confirmed { object: object()?, decided_at: decided_at? },
        UploadStatus::Rejected => UploadState::Rejected {
            object: object()?,
            reasons: row
                .get::<_, Option<Value>>("reasons")
                .and_then(|value| read_reasons(&value))
                .ok_or_else(|| bad("reasons"))?,
            decided_at: decided_at?,
        },
        UploadStatus::Expired => UploadState::Expired { decided_at: decided_at? },
        UploadStatus::Canceled => UploadState::Canceled { decided_at: decided_at? },
        UploadStatus::Deleted => UploadState::Deleted { object: object()?, decided_at: decided_at? },
    })
}

fn read_reasons(value: &Value) -> Option<Vec<Reason>> {
    let read = |reason: &Value| {
        Some(Reason {
            code: ReasonCode::parse(reason["code"].as_str()?)?,
            detail: reason["detail"].as_str()?.to_owned(),
        })
    };
    value.as_array()?.iter().map(read).collect()
}
