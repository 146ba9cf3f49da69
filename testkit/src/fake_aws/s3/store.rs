//! All buckets, under one lock that is held for no longer than a look-up or a change takes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use s3s::{S3Result, s3_error};

use super::bucket::Bucket;
use super::object::Object;
use crate::fake_aws::Clock;
use crate::fake_aws::events::{Created, Events};

/// The buckets, and who is told of what is created in them. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::fake_aws) struct Store {
    pub(super) clock: Clock,
    pub(super) events: Events,
    buckets: Arc<Mutex<HashMap<String, Bucket>>>,
    /// So many more times parts that were on their way survive that their upload is aborted.
    survivals: Arc<AtomicU32>,
}

impl Store {
    pub(in crate::fake_aws) fn new(clock: Clock, events: Events) -> Self {
        Self { clock, events, buckets: Arc::default(), survivals: Arc::default() }
    }

    /// Looks at a bucket or changes it.
    pub(super) fn with<T>(&self, bucket: &str, act: impl FnOnce(&mut Bucket) -> S3Result<T>) -> S3Result<T> {
        match self.lock().get_mut(bucket) {
            Some(bucket) => act(bucket),
            None => Err(s3_error!(NoSuchBucket, "The specified bucket does not exist")),
        }
    }

    /// Puts an object by `put`, which gives its version's id, and tells the bucket's queue of it.
    pub(super) fn create(
        &self,
        name: &'static str,
        (bucket, key): (&str, &str),
        object: &Object,
        put: impl FnOnce(&mut Bucket) -> S3Result<Option<String>>,
    ) -> S3Result<Option<String>> {
        let (version_id, told) = self.with(bucket, |bucket| {
            let version_id = put(bucket)?;
            // Numbered under the lock, so that the order is the one in which the bucket saw them.
            Ok((version_id, bucket.told.clone().map(|queue| (queue, self.events.next_sequencer()))))
        })?;
        if let Some((queue, sequencer)) = told {
            let size = object.bytes.len();
            let version_id = version_id.as_deref();
            self.events.tell(&queue, &Created { name, bucket, key, size, etag: &object.etag, version_id, sequencer });
        }
        Ok(version_id)
    }

    /// Puts an object as the bucket's owner would.
    pub(in crate::fake_aws) fn put(&self, bucket: &str, key: &str, bytes: bytes::Bytes) {
        let object = Object::new(bytes, Default::default(), self.clock.now());
        let put = |bucket: &mut Bucket| bucket.put(key, object.clone(), None);
        self.create("ObjectCreated:Put", (bucket, key), &object, put).expect("the bucket is there");
    }

    pub(in crate::fake_aws) fn delete(&self, bucket: &str, key: &str) {
        let deleted = self.with(bucket, |bucket| Ok(bucket.delete(key, None)));
        drop(deleted.expect("the bucket is there"));
    }

    pub(in crate::fake_aws) fn bytes(&self, bucket: &str, key: &str) -> Option<bytes::Bytes> {
        self.with(bucket, |bucket| Ok(bucket.newest(key).map(|object| object.bytes.clone()))).ok().flatten()
    }

    pub(in crate::fake_aws) fn keys(&self, bucket: &str) -> Vec<String> {
        self.with(bucket, |bucket| Ok(bucket.keys())).unwrap_or_default()
    }

    pub(in crate::fake_aws) fn open_uploads(&self, bucket: &str) -> usize {
        self.with(bucket, |bucket| Ok(bucket.uploads.len())).unwrap_or_default()
    }

    pub(in crate::fake_aws) fn survive_aborts(&self, times: u32) {
        self.survivals.store(times, Ordering::SeqCst);
    }

    /// Whether parts survive that their upload is aborted now.
    pub(super) fn a_part_survives(&self) -> bool {
        self.survivals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }

    /// Makes a bucket, if there is none of this name.
    pub(in crate::fake_aws) fn create_bucket(&self, name: &str) {
        self.lock().entry(name.to_owned()).or_default();
    }

    /// Tells this queue of every object created in a bucket; with none, nobody.
    pub(in crate::fake_aws) fn notify(&self, bucket: &str, queue: Option<&str>) -> S3Result<()> {
        let told = queue.map(str::to_owned);
        self.with(bucket, |bucket| {
            bucket.told = told;
            Ok(())
        })
    }

    pub(in crate::fake_aws) fn keep_versions(&self, bucket: &str, keeps: bool) -> S3Result<()> {
        self.with(bucket, |bucket| {
            bucket.keeps_versions = keeps;
            Ok(())
        })
    }

    pub(in crate::fake_aws) fn events(&self) -> &Events {
        &self.events
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Bucket>> {
        self.buckets.lock().expect("no holder of the lock panics")
    }
}
