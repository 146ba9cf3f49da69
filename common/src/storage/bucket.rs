//! What a worker does with the bucket: look at an object, copy it to where it stays, delete.

use std::ops::Range;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::types::{Delete, Error, ObjectIdentifier};

use super::{Location, SdkClients};
use crate::domain::content::{Glimpse, HEAD_LENGTH, Part, Wanted, detect, second_look};
use crate::domain::{ByteCount, Inspection, ObjectKey, Sha256};

/// The store did not do what it was asked: trouble of the infrastructure, never of an upload. A retry can help.
#[derive(Debug, thiserror::Error)]
#[error("could not {operation}")]
pub struct StoreError {
    operation: &'static str,
    of_one_object: bool,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl StoreError {
    /// Whether the store is in trouble, rather than this one object: an archived one, which nobody can read until it is
    /// restored, says nothing of the others.
    pub fn is_outage(&self) -> bool {
        !self.of_one_object
    }

    pub(super) fn new(operation: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { operation, of_one_object: false, source: source.into() }
    }
}

/// What a look at a key shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// There is no object.
    Nothing,
    /// There is this one.
    Object(Inspection),
}

/// What came of copying an object to where it stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Promotion {
    /// The copy is there, with this etag and version.
    Copied {
        /// Its etag, with its quotes.
        etag: String,
        /// Its version, where the bucket keeps versions.
        version_id: Option<String>,
    },
    /// The object is no longer the one that was inspected.
    Changed,
}

/// The bucket. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub(super) client: Client,
    pub(super) name: String,
    attempt: Duration,
    copy: Duration,
}

impl Bucket {
    /// A client for the bucket at this location. One try of a request takes no longer than `attempt`, nor does reading an
    /// object's head after it; a copy may take as long as `copy`.
    pub fn new(sdk: &SdkClients, location: &Location, attempt: Duration, copy: Duration) -> Self {
        let shared = sdk.with_attempt_timeout(attempt);
        let mut config = aws_sdk_s3::config::Builder::from(&shared).force_path_style(location.path_style);
        config.set_endpoint_url(location.endpoint.clone());
        Self { client: Client::from_conf(config.build()), name: location.bucket.clone(), attempt, copy }
    }

    /// The bucket's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Looks at the object under a key with one request: its head, and its size from the `Content-Range`. Where the head can't
    /// answer what is wanted, a second request gets the range that can, of the same object or not at all.
    ///
    /// # Errors
    /// Where the store does not answer, or answers anything but the object or that there is none.
    pub async fn inspect(&self, key: &ObjectKey, wanted: Wanted) -> Result<Look, StoreError> {
        for _ in 0..LOOKS {
            let head = match self.look_at_head(key).await? {
                HeadLook::Nothing => return Ok(Look::Nothing),
                HeadLook::Empty => return self.inspect_empty(key).await,
                HeadLook::Head(head) => head,
            };
            let Some(range) = second_look(&head.bytes, head.size.get().unsigned_abs(), wanted) else {
                return Ok(Look::Object(head.inspection(None)));
            };
            if let Some(bytes) = self.read_range(key, &head, &range).await? {
                return Ok(Look::Object(head.inspection(Some(Part { offset: range.start, bytes: &bytes }))));
            }
        }
        let error = StoreError::new("look at an object", "it changed each time between two looks");
        Err(StoreError { of_one_object: true, ..error })
    }

    async fn look_at_head(&self, key: &ObjectKey) -> Result<HeadLook, StoreError> {
        const OPERATION: &str = "look at an object";
        let range = format!("bytes=0-{}", HEAD_LENGTH - 1);
        match self.client.get_object().bucket(&self.name).key(key.as_str()).range(range).send().await {
            Ok(answer) => read_head(answer, self.attempt).await.map(HeadLook::Head),
            Err(error) if is_missing(&error) => Ok(HeadLook::Nothing),
            // No range fits an object without bytes.
            Err(error) if status(&error) == Some(416) => Ok(HeadLook::Empty),
            Err(error) => {
                let of_one_object = error.code() == Some("InvalidObjectState");
                Err(StoreError { of_one_object, ..StoreError::new(OPERATION, error) })
            }
        }
    }

    /// A range of the object whose head was read. Nothing, if the object is another one by now.
    async fn read_range(
        &self,
        key: &ObjectKey,
        head: &Head,
        range: &Range<u64>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        const OPERATION: &str = "look at an object again";
        let request = self.client.get_object().bucket(&self.name).key(key.as_str());
        let request = request.if_match(&head.etag).set_version_id(head.version_id.clone());
        match request.range(format!("bytes={}-{}", range.start, range.end - 1)).send().await {
            // A store can ignore the condition.
            Ok(answer) if answer.e_tag() != Some(&head.etag) => Ok(None),
            Ok(answer) => {
                // Or the range.
                let skipped = if answer.content_range().is_some() { 0 } else { range.start };
                let length = range.end - range.start;
                let [skipped, length] = [skipped, length].map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
                read_body(answer, skipped, length, self.attempt).await.and_then(|bytes| match bytes.len() == length {
                    true => Ok(Some(bytes)),
                    false => Err(StoreError::new(OPERATION, "the body ended early")),
                })
            }
            Err(error) if matches!(status(&error), Some(404 | 412 | 416)) && error.code() != Some("NoSuchBucket") => {
                Ok(None)
            }
            Err(error) => Err(StoreError::new(OPERATION, error)),
        }
    }

    /// The refusal of a range does not name the object's etag, so an empty one takes a second look.
    async fn inspect_empty(&self, key: &ObjectKey) -> Result<Look, StoreError> {
        const OPERATION: &str = "look at an empty object";
        match self.client.head_object().bucket(&self.name).key(key.as_str()).send().await {
            Ok(answer) if answer.content_length() == Some(0) => Ok(Look::Object(Inspection {
                size: ByteCount::ZERO,
                etag: answer.e_tag().ok_or_else(|| StoreError::new(OPERATION, "there is no etag"))?.to_owned(),
                version_id: version(answer.version_id()),
                sha256: Some(Sha256::of(b"")),
                content: detect(&Glimpse::of_whole(b"")),
            })),
            Ok(_) => Err(StoreError::new(OPERATION, "the object changed between two looks")),
            Err(error) if status(&error) == Some(404) => Ok(Look::Nothing),
            Err(error) => Err(StoreError::new(OPERATION, error)),
        }
    }

    /// Copies an object inside the bucket, if it still is the one with this etag.
    ///
    /// # Errors
    /// Where the store does not answer, or can't copy.
    pub async fn promote(&self, from: &ObjectKey, seen: &Inspection, to: &ObjectKey) -> Result<Promotion, StoreError> {
        const OPERATION: &str = "copy an object to where it stays";
        let version = seen.version_id.as_ref().map(|version| format!("?versionId={version}")).unwrap_or_default();
        let answer = self
            .client
            .copy_object()
            .copy_source(format!("{}/{from}{version}", self.name))
            .copy_source_if_match(&seen.etag)
            .bucket(&self.name)
            .key(to.as_str())
            .customize()
            .config_override(patient(self.copy))
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let etag = answer.copy_object_result().and_then(|result| result.e_tag());
                let etag = etag.ok_or_else(|| StoreError::new(OPERATION, "there is no etag"))?.to_owned();
                Ok(Promotion::Copied { etag, version_id: self::version(answer.version_id()) })
            }
            Err(error) if matches!(status(&error), Some(404 | 412)) && error.code() != Some("NoSuchBucket") => {
                Ok(Promotion::Changed)
            }
            Err(error) => Err(StoreError::new(OPERATION, error)),
        }
    }

    /// Deletes up to 1,000 objects with one request. Gives the places in the list of those that the store would not delete.
    /// An object that is not there counts as deleted.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn delete(&self, objects: &[(&str, Option<&str>)]) -> Result<Vec<usize>, StoreError> {
        const OPERATION: &str = "delete objects";
        let identify = |(key, version): &(&str, Option<&str>)| {
            ObjectIdentifier::builder()
                .key(*key)
                .set_version_id(version.map(str::to_owned))
                .build()
                .expect("the key is set")
        };
        let identifiers = objects.iter().map(identify).collect();
        let list = Delete::builder().set_objects(Some(identifiers)).quiet(true).build().expect("the objects are set");
        let answer = self.client.delete_objects().bucket(&self.name).delete(list).send().await;
        let answer = answer.map_err(|error| StoreError::new(OPERATION, error))?;
        let refuses = |error: &Error, (key, version): &(&str, Option<&str>)| {
            let is_gone = matches!(error.code(), Some("NoSuchKey" | "NoSuchVersion"));
            !is_gone && error.key() == Some(key) && (error.version_id().is_none() || error.version_id() == *version)
        };
        let refused = |object| answer.errors().iter().any(|error| refuses(error, object));
        Ok(objects.iter().enumerate().filter(|(_, object)| refused(object)).map(|(place, _)| place).collect())
    }

    /// Asks the store whether objects can be looked at, by a look at one that is never there: a bucket can answer all else
    /// and refuse just that.
    ///
    /// # Errors
    /// Where they can't.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.look_at_head(&ObjectKey::recorded("is-the-bucket-there".to_owned())).await.map(drop)
    }
}

/// One try that may take its time: a second one would begin the same copy again.
fn patient(at_most: Duration) -> aws_sdk_s3::config::Builder {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(at_most).build();
    aws_sdk_s3::config::Builder::new().timeout_config(timeouts).retry_config(RetryConfig::disabled())
}

/// How often an object is looked at again that changes between two looks.
const LOOKS: usize = 3;

/// What the first look shows.
enum HeadLook {
    Nothing,
    Empty,
    Head(Head),
}

/// The first bytes of an object, and what the store says of it.
struct Head {
    size: ByteCount,
    etag: String,
    version_id: Option<String>,
    bytes: Vec<u8>,
}

impl Head {
    /// All that was seen, with what was read at a second look.
    fn inspection(self, second: Option<Part<'_>>) -> Inspection {
        let Self { size, etag, version_id, bytes } = self;
        let content = detect(&Glimpse { size: size.get().unsigned_abs(), head: &bytes, second });
        let is_whole = usize::try_from(size.get()).is_ok_and(|size| size == bytes.len());
        Inspection { size, etag, version_id, sha256: is_whole.then(|| Sha256::of(&bytes)), content }
    }
}

async fn read_head(answer: GetObjectOutput, at_most: Duration) -> Result<Head, StoreError> {
    let incomplete = |what: &'static str| StoreError::new(READ, what);
    // A store that ignores the range answers with the whole object: its length, and a body that is cut here.
    let size = match answer.content_range() {
        Some(range) => range.rsplit('/').next().and_then(|total| total.parse().ok()),
        None => answer.content_length(),
    };
    let size = size
        .and_then(|bytes| ByteCount::new(bytes).ok())
        .ok_or_else(|| incomplete("the answer does not tell the size"))?;
    let etag = answer.e_tag().ok_or_else(|| incomplete("there is no etag"))?.to_owned();
    let version_id = version(answer.version_id());
    let bytes = read_body(answer, 0, HEAD_LENGTH, at_most).await?;
    let is_whole = usize::try_from(size.get()).is_ok_and(|size| size == bytes.len());
    if !is_whole && bytes.len() < HEAD_LENGTH {
        return Err(incomplete("the body ended early"));
    }
    Ok(Head { size, etag, version_id, bytes })
}

const READ: &str = "read a part of an object";

/// Up to so many bytes of a body, behind those that are skipped.
async fn read_body(
    mut answer: GetObjectOutput,
    skipped: usize,
    length: usize,
    at_most: Duration,
) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(length);
    let mut to_skip = skipped;
    let reading = async {
        while bytes.len() < length
            && let Some(chunk) = answer.body.try_next().await.map_err(|error| StoreError::new(READ, error))?
        {
            let wanted = &chunk[to_skip.min(chunk.len())..];
            to_skip = to_skip.saturating_sub(chunk.len());
            let room = length - bytes.len();
            bytes.extend_from_slice(&wanted[..wanted.len().min(room)]);
        }
        Ok(())
    };
    tokio::time::timeout(at_most, reading).await.map_err(|_| StoreError::new(READ, "the body takes too long"))??;
    Ok(bytes)
}

/// A bucket that has no versions calls the only one `null`.
pub(super) fn version(id: Option<&str>) -> Option<String> {
    id.filter(|id| *id != "null").map(str::to_owned)
}

pub(super) fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// Whether there is no object. A missing bucket also answers 404, and is another matter.
fn is_missing(error: &SdkError<GetObjectError>) -> bool {
    status(error) == Some(404) && error.code() != Some("NoSuchBucket")
}
