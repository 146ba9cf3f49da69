//! Multipart uploads at the store: begin one, see which parts have come, make them one object, abort.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{
    ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, EncodingType, MultipartUpload, Part,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;

use super::bucket::{patient, status};
use super::listing::form_decoded;
use super::{Bucket, StoreError};
use crate::domain::{ByteCount, ContentType, MOST_PARTS, Multipart, ObjectKey, Sha256, StoredPart};

/// A page of the parts that the store has, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartListing {
    /// The parts.
    pub parts: Vec<StoredPart>,
    /// The number of the last, where more follow it.
    pub more_after: Option<i32>,
}

/// What came of making parts one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completion {
    /// The object is there.
    Completed,
    /// Something else is there under its key, and stays.
    KeyTaken,
    /// There is no such multipart upload: it was completed or aborted.
    Gone,
    /// A part is no longer the one that was listed.
    PartsChanged,
}

/// What came of aborting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aborted {
    /// Nothing is left of it.
    Gone,
    /// Parts that were on their way have come after all: it is to be aborted again.
    PartsLeft,
}

/// A multipart upload that is neither completed nor aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenMultipart {
    /// Its id.
    pub id: String,
    /// Where its object would be.
    pub key: String,
    /// When it was begun, by the store's clock.
    pub begun: Timestamp,
}

/// A page of open multipart uploads, by their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultipartListing {
    /// The multipart uploads.
    pub open: Vec<OpenMultipart>,
    /// The key of the last, where more follow it.
    pub more_after: Option<String>,
}

impl Bucket {
    /// Begins a multipart upload of an object of this type. Gives its id.
    ///
    /// # Errors
    /// Where the store does not answer. It may have begun one nevertheless.
    pub async fn begin_multipart(
        &self,
        key: &ObjectKey,
        content_type: &ContentType,
        with_sha256: bool,
    ) -> Result<String, StoreError> {
        const OPERATION: &str = "begin a multipart upload";
        let request = self.client.create_multipart_upload().bucket(&self.name).key(key.as_str());
        let request = request.content_type(content_type.as_declared());
        let request = request.set_checksum_algorithm(with_sha256.then_some(ChecksumAlgorithm::Sha256));
        let answer = request.send().await.map_err(|error| StoreError::new(OPERATION, error))?;
        answer.upload_id.ok_or_else(|| StoreError::new(OPERATION, "the answer does not name it"))
    }

    /// Lists up to `most` of the parts that have come, beginning behind a number. `None` where there is no such multipart
    /// upload: it was completed or aborted.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn list_parts(
        &self,
        key: &ObjectKey,
        multipart: &Multipart,
        after: i32,
        most: i32,
    ) -> Result<Option<PartListing>, StoreError> {
        const OPERATION: &str = "list the parts of an upload";
        let request = self.client.list_parts().bucket(&self.name).key(key.as_str()).upload_id(&multipart.id);
        let request = request.set_part_number_marker((after > 0).then(|| after.to_string())).max_parts(most);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) => return Err(StoreError::new(OPERATION, error)),
        };
        let parts: Option<Vec<StoredPart>> = answer.parts().iter().map(read_part).collect();
        let parts = parts.ok_or_else(|| StoreError::new(OPERATION, "a part has no number, no size or no etag"))?;
        let last = parts.last().map(|part| part.number);
        match last.filter(|_| answer.is_truncated() == Some(true)) {
            Some(last) if last <= after => {
                Err(StoreError::new(OPERATION, "the store does not go on behind the number it was given"))
            }
            more_after => Ok(Some(PartListing { parts, more_after })),
        }
    }

    /// Lists all parts that have come. `None` where there is no such multipart upload.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn list_all_parts(
        &self,
        key: &ObjectKey,
        multipart: &Multipart,
    ) -> Result<Option<Vec<StoredPart>>, StoreError> {
        const PAGE: i32 = 1000;
        let (mut parts, mut after) = (Vec::new(), 0);
        while i64::from(after) < MOST_PARTS {
            let Some(page) = self.list_parts(key, multipart, after, PAGE).await? else { return Ok(None) };
            parts.extend(page.parts);
            let Some(last) = page.more_after else { break };
            after = last;
        }
        Ok(Some(parts))
    }

    /// Makes these parts one object, only if there is none under its key where `write_once`. The store may take minutes, and
    /// may answer with success and an error inside, which counts as the error.
    ///
    /// # Errors
    /// Where the store does not answer in time. It may be at it nevertheless.
    pub async fn complete_multipart(
        &self,
        key: &ObjectKey,
        multipart: &Multipart,
        parts: &[StoredPart],
        write_once: bool,
    ) -> Result<Completion, StoreError> {
        let name = |part: &StoredPart| {
            let sha256 = part.sha256.filter(|_| multipart.with_sha256).map(|sha256| BASE64.encode(sha256.0));
            let named = CompletedPart::builder().part_number(part.number).e_tag(&part.etag);
            named.set_checksum_sha256(sha256).build()
        };
        let named = CompletedMultipartUpload::builder().set_parts(Some(parts.iter().map(name).collect())).build();
        let request = self.client.complete_multipart_upload().bucket(&self.name).key(key.as_str());
        let request = request.upload_id(&multipart.id).multipart_upload(named);
        let request = request.set_if_none_match(write_once.then(|| "*".to_owned()));
        match request.customize().config_override(patient(self.patience)).send().await {
            Ok(_) => Ok(Completion::Completed),
            Err(error) if is_gone(&error) => Ok(Completion::Gone),
            Err(error) if error.code() == Some("PreconditionFailed") => Ok(Completion::KeyTaken),
            Err(error) if error.code() == Some("InvalidPart") => Ok(Completion::PartsChanged),
            Err(error) => Err(StoreError::new("complete a multipart upload", error)),
        }
    }

    /// Aborts a multipart upload. A part that is still on its way can survive that, so what is left is listed.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn abort_multipart(&self, key: &str, id: &str) -> Result<Aborted, StoreError> {
        const OPERATION: &str = "abort a multipart upload";
        let request = self.client.abort_multipart_upload().bucket(&self.name).key(key).upload_id(id);
        match request.send().await {
            Ok(_) => {}
            Err(error) if is_gone(&error) => return Ok(Aborted::Gone),
            Err(error) => return Err(StoreError::new(OPERATION, error)),
        }
        let left = self.client.list_parts().bucket(&self.name).key(key).upload_id(id).max_parts(1).send().await;
        match left {
            Ok(left) if left.parts().is_empty() => Ok(Aborted::Gone),
            Ok(_) => Ok(Aborted::PartsLeft),
            Err(error) if is_gone(&error) => Ok(Aborted::Gone),
            Err(error) => Err(StoreError::new(OPERATION, error)),
        }
    }

    /// Lists up to 1,000 multipart uploads that are neither completed nor aborted, beginning behind a key: of several with
    /// the key that a page ends with, some may be passed over.
    ///
    /// # Errors
    /// Where the store does not answer, or does not go on behind the key.
    pub async fn list_multiparts(&self, after: Option<&str>) -> Result<MultipartListing, StoreError> {
        const OPERATION: &str = "list multipart uploads";
        let request = self.client.list_multipart_uploads().bucket(&self.name).encoding_type(EncodingType::Url);
        let answer = request.set_key_marker(after.map(str::to_owned)).send().await;
        let answer = answer.map_err(|error| StoreError::new(OPERATION, error))?;
        let encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let open: Option<Vec<_>> = answer.uploads().iter().map(|open| read_open(open, encoded)).collect();
        let open = open.ok_or_else(|| StoreError::new(OPERATION, "one has no id, no key or no time"))?;
        let last = open.last().map(|last| last.key.clone());
        match last.filter(|_| answer.is_truncated() == Some(true)) {
            Some(last) if after.is_some_and(|after| *last <= *after) => {
                Err(StoreError::new(OPERATION, "the store does not go on behind the key it was given"))
            }
            more_after => Ok(MultipartListing { open, more_after }),
        }
    }
}

fn read_part(part: &Part) -> Option<StoredPart> {
    let sha256 = part.checksum_sha256().and_then(|text| BASE64.decode(text).ok());
    Some(StoredPart {
        number: part.part_number()?,
        size: ByteCount::new(part.size()?).ok()?,
        etag: part.e_tag()?.to_owned(),
        sha256: sha256.and_then(|bytes| bytes.try_into().ok()).map(Sha256),
    })
}

fn read_open(open: &MultipartUpload, encoded: bool) -> Option<OpenMultipart> {
    let key = open.key()?;
    Some(OpenMultipart {
        id: open.upload_id()?.to_owned(),
        key: if encoded { form_decoded(key) } else { key.to_owned() },
        begun: Timestamp::new(open.initiated()?.secs(), 0).ok()?,
    })
}

/// Whether there is no such multipart upload. A missing bucket also answers 404, and is another matter.
fn is_gone<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.code() == Some("NoSuchUpload") || (status(error) == Some(404) && error.code() != Some("NoSuchBucket"))
}
