//! One object: its bytes and what is known of them, and how a part of it is answered.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::{CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use s3s::dto::{
    self, ETag, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectOutput, Metadata, Range, StreamingBlob,
};
use s3s::{Body, S3Error, S3Result, s3_error};

use super::body::md5_of;

/// An object. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) bytes: Bytes,
    /// Without its quotes.
    pub(super) etag: String,
    pub(super) modified: Timestamp,
    pub(super) described: Described,
}

/// What whoever puts an object says of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Described {
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) metadata: Option<Metadata>,
    pub(super) sha256: Option<String>,
}

impl Object {
    pub(super) fn new(bytes: Bytes, described: Described, now: Timestamp) -> Self {
        Self { etag: hex::encode(md5_of(&bytes)), bytes, modified: now, described }
    }

    pub(super) fn size(&self) -> i64 {
        i64::try_from(self.bytes.len()).expect("memory is smaller")
    }

    pub(super) fn e_tag(&self) -> ETag {
        ETag::Strong(self.etag.clone())
    }

    pub(super) fn last_modified(&self) -> dto::Timestamp {
        SystemTime::from(self.modified).into()
    }

    /// Whether it is the one that a condition means.
    pub(super) fn is(&self, condition: &ETagCondition) -> bool {
        condition.as_etag().is_none_or(|etag| etag.value() == self.etag)
    }

    /// The answer to a GET for all of it, or for a range.
    pub(super) fn get(
        &self,
        input: GetObjectInput,
        version_id: Option<String>,
        range: Option<Range>,
    ) -> S3Result<GetObjectOutput> {
        if input.if_match.as_ref().is_some_and(|condition| !self.is(condition)) {
            return Err(s3_error!(PreconditionFailed));
        }
        let (bytes, content_range) = match range {
            None => (self.bytes.clone(), None),
            Some(range) => self.cut(range).map(|(bytes, range)| (bytes, Some(range)))?,
        };
        let shows_checksum = input.checksum_mode.is_some() && content_range.is_none();
        let described = self.described.clone();
        Ok(GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: i64::try_from(bytes.len()).ok(),
            body: Some(StreamingBlob::from(Body::from(bytes))),
            content_range,
            e_tag: Some(self.e_tag()),
            last_modified: Some(self.last_modified()),
            version_id,
            content_type: input.response_content_type.or(described.content_type),
            content_disposition: input.response_content_disposition.or(described.content_disposition),
            content_encoding: input.response_content_encoding.or(described.content_encoding),
            content_language: input.response_content_language,
            cache_control: input.response_cache_control.or(described.cache_control),
            metadata: described.metadata,
            checksum_sha256: described.sha256.filter(|_| shows_checksum),
            ..Default::default()
        })
    }

    /// The answer to a HEAD.
    pub(super) fn head(&self, version_id: Option<String>, shows_checksum: bool) -> HeadObjectOutput {
        let described = self.described.clone();
        HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(self.size()),
            e_tag: Some(self.e_tag()),
            last_modified: Some(self.last_modified()),
            version_id,
            content_type: described.content_type,
            content_disposition: described.content_disposition,
            content_encoding: described.content_encoding,
            cache_control: described.cache_control,
            metadata: described.metadata,
            checksum_sha256: described.sha256.filter(|_| shows_checksum),
            ..Default::default()
        }
    }

    /// A range of its bytes, and what `Content-Range` says of it.
    fn cut(&self, range: Range) -> S3Result<(Bytes, String)> {
        let size = self.bytes.len();
        let range = range.check(size as u64).map_err(|_| not_satisfiable(size))?;
        let (first, end) = (range.start as usize, range.end as usize);
        if first == end {
            return Err(not_satisfiable(size));
        }
        Ok((self.bytes.slice(first..end), format!("bytes {first}-{}/{size}", end - 1)))
    }
}

/// No range fits an object without bytes, and the refusal names the size.
fn not_satisfiable(size: usize) -> S3Error {
    let mut error = s3_error!(InvalidRange, "The requested range is not satisfiable");
    let size = HeaderValue::from_str(&format!("bytes */{size}")).expect("a number in ASCII");
    let xml = HeaderValue::from_static("application/xml");
    error.set_headers(HeaderMap::from_iter([(CONTENT_RANGE, size), (CONTENT_TYPE, xml)]));
    error
}
