//! What a worker does with the bucket beside looking: copy an object to where it stays, delete.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{Delete, Error, ObjectIdentifier};

use super::{Location, SdkClients};
use crate::domain::{Inspection, ObjectKey};

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

    /// The same, if it says nothing of other objects.
    pub(super) fn of_one_object(self, of_one_object: bool) -> Self {
        Self { of_one_object, ..self }
    }
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
    pub(super) attempt: Duration,
    pub(super) patience: Duration,
}

impl Bucket {
    /// A client for the bucket at this location. One try of a request takes no longer than `attempt`, nor does reading an
    /// object's head after it; what the store works on, a copy or a completion, may take as long as `patience`.
    pub fn new(sdk: &SdkClients, location: &Location, attempt: Duration, patience: Duration) -> Self {
        let shared = sdk.with_attempt_timeout(attempt);
        let mut config = aws_sdk_s3::config::Builder::from(&shared).force_path_style(location.path_style);
        config = config.credentials_provider(sdk.credentials(location));
        config.set_endpoint_url(location.endpoint.clone());
        Self { client: Client::from_conf(config.build()), name: location.bucket.clone(), attempt, patience }
    }

    /// The bucket's name.
    pub fn name(&self) -> &str {
        &self.name
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
            .config_override(patient(self.patience))
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
}

/// One try that may take its time: a second one would begin the same work again.
pub(super) fn patient(at_most: Duration) -> aws_sdk_s3::config::Builder {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(at_most).build();
    aws_sdk_s3::config::Builder::new().timeout_config(timeouts).retry_config(RetryConfig::disabled())
}

/// A bucket that has no versions calls the only one `null`.
pub(super) fn version(id: Option<&str>) -> Option<String> {
    id.filter(|id| *id != "null").map(str::to_owned)
}

pub(super) fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}
