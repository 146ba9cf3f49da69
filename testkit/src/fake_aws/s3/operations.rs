//! Which function answers which operation of S3, in s3s's terms, and what those do that are about whole objects.

use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use super::IgnoreRange;
use super::body::{claims_of, read};
use super::object::{Described, Object};
use super::store::Store;

type Answer<T> = S3Result<S3Response<T>>;

fn answer<T>(output: T) -> Answer<T> {
    Ok(S3Response::new(output))
}

/// S3's own words for bytes of which nobody said what they are.
pub(super) const UNDESCRIBED: &str = "binary/octet-stream";

#[async_trait::async_trait]
impl S3 for Store {
    async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> Answer<CreateBucketOutput> {
        Store::create_bucket(self, &request.input.bucket);
        answer(CreateBucketOutput { location: Some(format!("/{}", request.input.bucket)) })
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> Answer<HeadBucketOutput> {
        self.with(&request.input.bucket, |_| answer(HeadBucketOutput::default()))
    }

    async fn put_bucket_versioning(
        &self,
        request: S3Request<PutBucketVersioningInput>,
    ) -> Answer<PutBucketVersioningOutput> {
        let status = request.input.versioning_configuration.status;
        let keeps = status.is_some_and(|status| status.as_str() == BucketVersioningStatus::ENABLED);
        self.keep_versions(&request.input.bucket, keeps)?;
        answer(PutBucketVersioningOutput::default())
    }

    async fn put_bucket_notification_configuration(
        &self,
        request: S3Request<PutBucketNotificationConfigurationInput>,
    ) -> Answer<PutBucketNotificationConfigurationOutput> {
        let PutBucketNotificationConfigurationInput { bucket: name, notification_configuration, .. } = request.input;
        let queue = notification_configuration.queue_configurations.into_iter().flatten().next();
        let queue = queue.and_then(|queue| Some(queue.queue_arn.rsplit(':').next()?.to_owned()));
        self.notify(&name, queue.as_deref())?;
        if let Some(queue) = queue {
            self.events.tell_of_test(&queue, &name);
        }
        answer(PutBucketNotificationConfigurationOutput::default())
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
        let mut input = request.input;
        let claims = claims_of!(input);
        let bytes = read(input.body.take(), &claims).await?;
        let sha256 = claims.checksum.checksum_sha256;
        let described = Described {
            content_type: Some(input.content_type.unwrap_or_else(|| UNDESCRIBED.to_owned())),
            content_encoding: input.content_encoding,
            content_disposition: input.content_disposition,
            cache_control: input.cache_control,
            metadata: input.metadata,
            sha256: sha256.clone(),
        };
        let object = Object::new(bytes, described, self.clock.now());
        let version_id = self.create("ObjectCreated:Put", (&input.bucket, &input.key), &object, |bucket| {
            bucket.put(&input.key, object.clone(), input.if_none_match.as_ref())
        })?;
        let e_tag = Some(object.e_tag());
        answer(PutObjectOutput { e_tag, version_id, checksum_sha256: sha256, ..Default::default() })
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
        let S3Request { input, extensions, .. } = request;
        let (object, version_id) =
            self.with(&input.bucket, |bucket| bucket.find(&input.key, input.version_id.as_deref()))?;
        let range = input.range.filter(|_| extensions.get::<IgnoreRange>().is_none());
        answer(object.get(input, version_id, range)?)
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
        let input = request.input;
        let (object, version_id) =
            self.with(&input.bucket, |bucket| bucket.find(&input.key, input.version_id.as_deref()))?;
        answer(object.head(version_id, input.checksum_mode.is_some()))
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
        let input = request.input;
        let CopySource::Bucket { bucket, key, version_id } = &input.copy_source else {
            return Err(s3_error!(NotImplemented));
        };
        let (mut object, source_version) = self.with(bucket, |bucket| bucket.find(key, version_id.as_deref()))?;
        if input.copy_source_if_match.as_ref().is_some_and(|condition| !object.is(condition)) {
            return Err(s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold"));
        }
        // A copy is one object even of what came in parts, and has the etag of one.
        object = Object::new(object.bytes, object.described, self.clock.now());
        let version_id = self.create("ObjectCreated:Copy", (&input.bucket, &input.key), &object, |bucket| {
            bucket.put(&input.key, object.clone(), None)
        })?;
        let (e_tag, last_modified) = (Some(object.e_tag()), Some(object.last_modified()));
        let copy_object_result = Some(CopyObjectResult { e_tag, last_modified, ..Default::default() });
        let copy_source_version_id = source_version;
        answer(CopyObjectOutput { copy_object_result, version_id, copy_source_version_id, ..Default::default() })
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
        let DeleteObjectInput { bucket, key, version_id, .. } = request.input;
        let marker = self.with(&bucket, |bucket| Ok(bucket.delete(&key, version_id.as_deref())))?;
        let delete_marker = marker.is_some().then_some(true);
        answer(DeleteObjectOutput { delete_marker, version_id: marker.or(version_id), ..Default::default() })
    }

    async fn delete_objects(&self, request: S3Request<DeleteObjectsInput>) -> Answer<DeleteObjectsOutput> {
        let DeleteObjectsInput { bucket, delete, .. } = request.input;
        let deleted = self.with(&bucket, |bucket| {
            let delete_one = |object: ObjectIdentifier| {
                let marker = bucket.delete(&object.key, object.version_id.as_deref());
                let (key, version_id) = (Some(object.key), object.version_id);
                DeletedObject {
                    key,
                    version_id,
                    delete_marker: marker.as_ref().map(|_| true),
                    delete_marker_version_id: marker,
                }
            };
            Ok(delete.objects.into_iter().map(delete_one).collect())
        })?;
        let quiet = delete.quiet.unwrap_or_default();
        answer(DeleteObjectsOutput { deleted: Some(deleted).filter(|_| !quiet), ..Default::default() })
    }

    async fn list_objects_v2(&self, request: S3Request<ListObjectsV2Input>) -> Answer<ListObjectsV2Output> {
        let name = request.input.bucket.clone();
        self.with(&name, |bucket| answer(bucket.list(request.input)))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> Answer<CreateMultipartUploadOutput> {
        answer(self.begin_upload(request.input)?)
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
        answer(self.take_part(request.input).await?)
    }

    async fn list_parts(&self, request: S3Request<ListPartsInput>) -> Answer<ListPartsOutput> {
        answer(self.parts(request.input)?)
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> Answer<ListMultipartUploadsOutput> {
        answer(self.uploads(request.input)?)
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> Answer<CompleteMultipartUploadOutput> {
        answer(self.complete_upload(&request.input)?)
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> Answer<AbortMultipartUploadOutput> {
        answer(self.abort_upload(&request.input)?)
    }
}
