//! One bucket: which objects it holds, in which versions. No I/O.

use std::collections::BTreeMap;

use s3s::dto::{ETagCondition, ListObjectsV2Input, ListObjectsV2Output};
use s3s::{S3Result, dto, s3_error};
use uuid::Uuid;

use super::multipart::Upload;
use super::object::Object;

/// One version of what is under a key; without an object it marks that the key was deleted.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) object: Option<Object>,
}

/// A bucket.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    pub(super) keeps_versions: bool,
    /// The queue that is told of every object created.
    pub(super) told: Option<String>,
    pub(super) uploads: BTreeMap<String, Upload>,
    /// Each key's versions, the newest last.
    objects: BTreeMap<String, Vec<Version>>,
}

/// What a bucket without versions calls the only one.
const ONLY: &str = "null";

impl Bucket {
    /// The newest object under a key.
    pub(super) fn newest(&self, key: &str) -> Option<&Object> {
        self.objects.get(key)?.last()?.object.as_ref()
    }

    /// An object, in the version asked for or else in the newest, and the version's id where there are versions.
    pub(super) fn find(&self, key: &str, version: Option<&str>) -> S3Result<(Object, Option<String>)> {
        let versions = self.objects.get(key).map(Vec::as_slice).unwrap_or_default();
        let found = match version {
            None => versions.last().ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist."))?,
            Some(id) => versions.iter().find(|version| version.id == id).ok_or_else(|| s3_error!(NoSuchVersion))?,
        };
        match (&found.object, version) {
            (Some(object), _) => Ok((object.clone(), self.shown(&found.id))),
            (None, None) => Err(s3_error!(NoSuchKey, "The specified key does not exist.")),
            (None, Some(_)) => Err(s3_error!(MethodNotAllowed)),
        }
    }

    /// Puts an object under a key, unless the condition forbids it, and gives the version's id where there are versions.
    pub(super) fn put(
        &mut self,
        key: &str,
        object: Object,
        unless: Option<&ETagCondition>,
    ) -> S3Result<Option<String>> {
        if unless.is_some_and(|etag| self.newest(key).is_some_and(|there| there.is(etag))) {
            return Err(s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold"));
        }
        Ok(self.add(key, Some(object)))
    }

    /// Deletes one version for good; without one, what is under the key.
    pub(super) fn delete(&mut self, key: &str, version: Option<&str>) -> Option<String> {
        match version {
            Some(id) => {
                let versions = self.objects.get_mut(key)?;
                versions.retain(|version| version.id != id);
                if versions.is_empty() {
                    self.objects.remove(key);
                }
                None
            }
            None if self.keeps_versions => self.add(key, None),
            None => {
                self.objects.remove(key);
                None
            }
        }
    }

    fn add(&mut self, key: &str, object: Option<Object>) -> Option<String> {
        let versions = self.objects.entry(key.to_owned()).or_default();
        let id = if self.keeps_versions {
            Uuid::from_u128(rand::random()).simple().to_string()
        } else {
            versions.retain(|version| version.id != ONLY);
            ONLY.to_owned()
        };
        versions.push(Version { id: id.clone(), object });
        self.shown(&id)
    }

    fn shown(&self, id: &str) -> Option<String> {
        self.keeps_versions.then(|| id.to_owned())
    }

    /// All keys that have an object, in order.
    pub(super) fn keys(&self) -> Vec<String> {
        self.objects.keys().filter(|key| self.newest(key).is_some()).cloned().collect()
    }

    /// One page of the list of objects. The token of the next is this one's last key.
    pub(super) fn list(&self, input: ListObjectsV2Input) -> ListObjectsV2Output {
        use std::ops::Bound::{Excluded, Unbounded};
        let most = input.max_keys.unwrap_or(1000).clamp(0, 1000);
        let prefix = input.prefix.clone().unwrap_or_default();
        let after = input.continuation_token.as_deref().or(input.start_after.as_deref()).unwrap_or_default();
        let rest =
            self.objects.range::<str, _>((Excluded(after), Unbounded)).filter(|(key, _)| key.starts_with(&prefix));
        let mut rest = rest.filter_map(|(key, versions)| Some(listed(key, versions.last()?.object.as_ref()?)));
        let contents: Vec<_> = rest.by_ref().take(usize::try_from(most).unwrap_or_default()).collect();
        let is_truncated = rest.next().is_some();
        ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: input.prefix,
            max_keys: Some(most),
            key_count: i32::try_from(contents.len()).ok(),
            continuation_token: input.continuation_token,
            start_after: input.start_after,
            is_truncated: Some(is_truncated),
            next_continuation_token: contents.last().filter(|_| is_truncated).and_then(|last| last.key.clone()),
            contents: Some(contents),
            ..Default::default()
        }
    }
}

fn listed(key: &str, object: &Object) -> dto::Object {
    dto::Object {
        key: Some(key.to_owned()),
        size: Some(object.size()),
        e_tag: Some(object.e_tag()),
        last_modified: Some(object.last_modified()),
        ..Default::default()
    }
}
