//! What the bucket holds, listed a page at a time, and whether one object is there.

use aws_sdk_s3::types::{EncodingType, Object};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use super::bucket::{status, version};
use super::{Bucket, StoreError};

/// An object in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Where it is.
    pub key: String,
    /// When it was put there, by the store's clock.
    pub modified: Timestamp,
}

/// A page of the bucket, in the order of the keys' bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Its objects.
    pub objects: Vec<Listed>,
    /// The key of the last, where more follow it.
    pub more_after: Option<String>,
}

/// An object that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its version, where the bucket keeps versions.
    pub version_id: Option<String>,
}

impl Bucket {
    /// Lists up to 1,000 objects, beginning behind a key.
    ///
    /// A key and not the store's own token says where to go on: it stays valid for as long as it takes.
    ///
    /// # Errors
    /// Where the store does not answer, or does not go on behind the key.
    pub async fn list(&self, after: Option<&str>) -> Result<Listing, StoreError> {
        const OPERATION: &str = "list the bucket";
        // Without this encoding a key with control characters would make the whole page unreadable.
        let request = self.client.list_objects_v2().bucket(&self.name).encoding_type(EncodingType::Url);
        let answer = request.set_start_after(after.map(str::to_owned)).send().await;
        let answer = answer.map_err(|error| StoreError::new(OPERATION, error))?;
        let encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let objects: Option<Vec<_>> = answer.contents().iter().map(|object| read(object, encoded)).collect();
        let objects = objects.ok_or_else(|| StoreError::new(OPERATION, "an object has no key or no time"))?;
        if answer.is_truncated() != Some(true) {
            return Ok(Listing { objects, more_after: None });
        }
        match objects.last().map(|last| last.key.clone()) {
            Some(last) if after.is_none_or(|after| after < last.as_str()) => {
                Ok(Listing { objects, more_after: Some(last) })
            }
            _ => Err(StoreError::new(OPERATION, "the store does not go on behind the key it was given")),
        }
    }

    /// Whether an object is there, in this version if one is given. Gives its version where the bucket keeps versions.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn find(&self, key: &str, version_id: Option<&str>) -> Result<Option<Found>, StoreError> {
        let request = self.client.head_object().bucket(&self.name).key(key);
        match request.set_version_id(version_id.map(str::to_owned)).send().await {
            Ok(answer) => Ok(Some(Found { version_id: version(answer.version_id()) })),
            // What is at this version is the mark of a deletion where the method is not allowed.
            Err(error) if matches!(status(&error), Some(404 | 405)) => Ok(None),
            Err(error) => Err(StoreError::new("look for an object", error)),
        }
    }
}

fn read(object: &Object, encoded: bool) -> Option<Listed> {
    let key = object.key()?;
    let key = if encoded { form_decoded(key) } else { key.to_owned() };
    let modified = object.last_modified()?;
    Some(Listed { key, modified: Timestamp::new(modified.secs(), 0).ok()? })
}

/// Stores encode keys as forms do: a plus is a space.
pub(super) fn form_decoded(key: &str) -> String {
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}
