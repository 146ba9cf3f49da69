//! One multipart upload: its parts, and the object that they make.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use s3s::dto::{self, CompletedPart, ETag};
use s3s::{S3Result, s3_error};

use super::body::md5_of;
use super::object::{Described, Object};

/// Every part but the last has at least this many bytes.
const SMALLEST_PART: usize = 5 * 1024 * 1024;

/// An upload that is neither completed nor aborted.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) key: String,
    pub(super) begun: Timestamp,
    pub(super) described: Described,
    /// Whether each part comes with its SHA-256.
    pub(super) with_sha256: bool,
    pub(super) parts: BTreeMap<i32, Part>,
}

/// A part.
#[derive(Debug, Clone)]
pub(super) struct Part {
    bytes: Bytes,
    md5: [u8; 16],
    sha256: Option<String>,
    modified: Timestamp,
}

impl Part {
    pub(super) fn new(bytes: Bytes, sha256: Option<String>, now: Timestamp) -> Self {
        Self { md5: md5_of(&bytes), bytes, sha256, modified: now }
    }

    pub(super) fn e_tag(&self) -> ETag {
        ETag::Strong(hex::encode(self.md5))
    }

    fn listed(&self, number: i32) -> dto::Part {
        dto::Part {
            part_number: Some(number),
            size: i64::try_from(self.bytes.len()).ok(),
            e_tag: Some(self.e_tag()),
            checksum_sha256: self.sha256.clone(),
            last_modified: Some(std::time::SystemTime::from(self.modified).into()),
            ..Default::default()
        }
    }
}

impl Upload {
    /// A page of its parts, and whether there are more.
    pub(super) fn list(&self, after: i32, most: i32) -> (Vec<dto::Part>, bool) {
        let mut rest = self.parts.range(after + 1..).map(|(number, part)| part.listed(*number));
        let page = rest.by_ref().take(usize::try_from(most).unwrap_or_default()).collect();
        (page, rest.next().is_some())
    }

    /// The object of these parts. Its etag is made of theirs, and is no checksum of the object.
    pub(super) fn assemble(&self, named: &[CompletedPart], now: Timestamp) -> S3Result<Object> {
        if named.is_empty() {
            return Err(s3_error!(MalformedXML, "You must specify at least one part"));
        }
        if !named.is_sorted_by(|a, b| a.part_number < b.part_number) {
            return Err(s3_error!(InvalidPartOrder));
        }
        let parts = named.iter().map(|part| self.named(part)).collect::<S3Result<Vec<_>>>()?;
        let lacks_checksum = |part: &CompletedPart| self.with_sha256 && part.checksum_sha256.is_none();
        if named.iter().any(lacks_checksum) {
            return Err(s3_error!(InvalidRequest, "The complete request must include the checksum for each part."));
        }
        if parts.iter().rev().skip(1).any(|part| part.bytes.len() < SMALLEST_PART) {
            return Err(s3_error!(EntityTooSmall));
        }
        let mut bytes = BytesMut::with_capacity(parts.iter().map(|part| part.bytes.len()).sum());
        parts.iter().for_each(|part| bytes.extend_from_slice(&part.bytes));
        let of_md5s: Vec<u8> = parts.iter().flat_map(|part| part.md5).collect();
        let etag = format!("{}-{}", hex::encode(md5_of(&of_md5s)), parts.len());
        Ok(Object { bytes: bytes.freeze(), etag, modified: now, described: self.described.clone() })
    }

    fn named(&self, named: &CompletedPart) -> S3Result<&Part> {
        let part = named.part_number.and_then(|number| self.parts.get(&number));
        let is_meant = |part: &&Part| {
            named.e_tag.as_ref().is_none_or(|etag| etag.value() == part.e_tag().value())
                && named.checksum_sha256.as_ref().is_none_or(|sha256| part.sha256.as_ref() == Some(sha256))
        };
        part.filter(is_meant).ok_or_else(|| s3_error!(InvalidPart))
    }
}
