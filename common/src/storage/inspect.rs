//! How an object is looked at: its head, and where that can't answer, one more range of the same object.

use std::ops::Range;
use std::time::Duration;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};

use super::bucket::{Bucket, StoreError, status, version};
use crate::domain::content::{Glimpse, HEAD_LENGTH, Part, Wanted, detect, second_look};
use crate::domain::{ByteCount, Inspection, ObjectKey, Sha256};

/// What a look at a key shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// There is no object.
    Nothing,
    /// There is this one.
    Object(Box<Inspection>),
}

impl Bucket {
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
                return Ok(head.look(None));
            };
            if let Some(bytes) = self.read_range(key, &head, &range).await? {
                return head.look_again(range.start, bytes).await;
            }
        }
        Err(StoreError::new("look at an object", "it changed each time between two looks").of_one_object(true))
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
                Err(StoreError::new(OPERATION, error).of_one_object(of_one_object))
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
                // Or the range: a large object is not read through for it, and the head must do.
                let skipped = if answer.content_range().is_some() { 0 } else { range.start };
                if skipped > MOST_SKIPPED {
                    return Ok(Some(Vec::new()));
                }
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
            Ok(answer) if answer.content_length() == Some(0) => Ok(Look::Object(Box::new(Inspection {
                size: ByteCount::ZERO,
                etag: answer.e_tag().ok_or_else(|| StoreError::new(OPERATION, "there is no etag"))?.to_owned(),
                version_id: version(answer.version_id()),
                sha256: Some(Sha256::of(b"")),
                content: detect(&Glimpse::of_whole(b"")),
            }))),
            Ok(_) => Err(StoreError::new(OPERATION, "the object changed between two looks").of_one_object(true)),
            Err(error) if status(&error) == Some(404) => Ok(Look::Nothing),
            Err(error) => Err(StoreError::new(OPERATION, error)),
        }
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

/// How often an object is looked at again that changes between two looks.
const LOOKS: usize = 3;

/// How much of a body is skipped where a store ignores ranges, in bytes: what takes no longer than a range elsewhere.
const MOST_SKIPPED: u64 = 16 * 1024 * 1024;

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
    /// The same with what was read at a second look from `offset` on, elsewhere: hostile bytes can take a while to be seen
    /// through, and what else the worker has in hand must not wait for it.
    async fn look_again(self, offset: u64, bytes: Vec<u8>) -> Result<Look, StoreError> {
        let look = move || self.look(Some(Part { offset, bytes: &bytes }));
        let looked = tokio::task::spawn_blocking(look).await;
        looked.map_err(|error| StoreError::new("see what an object is", error).of_one_object(true))
    }

    /// All that was seen, with what was read at a second look.
    fn look(self, second: Option<Part<'_>>) -> Look {
        let Self { size, etag, version_id, bytes } = self;
        let content = detect(&Glimpse { size: size.get().unsigned_abs(), head: &bytes, second });
        let is_whole = usize::try_from(size.get()).is_ok_and(|size| size == bytes.len());
        let sha256 = is_whole.then(|| Sha256::of(&bytes));
        Look::Object(Box::new(Inspection { size, etag, version_id, sha256, content }))
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

/// Whether there is no object. A missing bucket also answers 404, and is another matter.
fn is_missing(error: &SdkError<GetObjectError>) -> bool {
    status(error) == Some(404) && error.code() != Some("NoSuchBucket")
}
