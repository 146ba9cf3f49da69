//! What the operations of S3 do that are about multipart uploads.

use std::time::SystemTime;

use s3s::dto::*;
use s3s::{S3Result, s3_error};
use uuid::Uuid;

use super::body::{claims_of, read};
use super::multipart::{Part, Upload};
use super::object::Described;
use super::operations::UNDESCRIBED;
use super::store::Store;

impl Store {
    pub(super) fn begin_upload(&self, input: CreateMultipartUploadInput) -> S3Result<CreateMultipartUploadOutput> {
        let described = Described {
            content_type: Some(input.content_type.unwrap_or_else(|| UNDESCRIBED.to_owned())),
            content_encoding: input.content_encoding,
            content_disposition: input.content_disposition,
            cache_control: input.cache_control,
            metadata: input.metadata,
            sha256: None,
        };
        let id = Uuid::from_u128(rand::random()).simple().to_string();
        let algorithm = input.checksum_algorithm.as_ref().map(ChecksumAlgorithm::as_str);
        let with_sha256 = algorithm == Some(ChecksumAlgorithm::SHA256);
        let (key, begun) = (input.key.clone(), self.clock.now());
        let upload = Upload { key, begun, described, with_sha256, parts: Default::default() };
        self.with(&input.bucket, |bucket| Ok(bucket.uploads.insert(id.clone(), upload)))?;
        Ok(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            checksum_algorithm: input.checksum_algorithm,
            checksum_type: input.checksum_type,
            ..Default::default()
        })
    }

    pub(super) async fn take_part(&self, mut input: UploadPartInput) -> S3Result<UploadPartOutput> {
        let claims = claims_of!(input);
        let bytes = read(input.body.take(), &claims).await?;
        let sha256 = claims.checksum.checksum_sha256;
        let part = Part::new(bytes, sha256.clone(), self.clock.now());
        let e_tag = Some(part.e_tag());
        self.with_upload(&input.bucket, &input.key, &input.upload_id, |upload| {
            if sha256.is_some() != upload.with_sha256 {
                return Err(s3_error!(InvalidRequest, "Checksum Type mismatch occurred"));
            }
            upload.parts.insert(input.part_number, part);
            Ok(UploadPartOutput { e_tag, checksum_sha256: sha256, ..Default::default() })
        })
    }

    pub(super) fn parts(&self, input: ListPartsInput) -> S3Result<ListPartsOutput> {
        let ListPartsInput { bucket, key, upload_id, part_number_marker, max_parts, .. } = input;
        let most = max_parts.unwrap_or(1000).clamp(0, 1000);
        let listed = |upload: &mut Upload| Ok(upload.list(part_number_marker.unwrap_or_default(), most));
        let (parts, is_truncated) = self.with_upload(&bucket, &key, &upload_id, listed)?;
        let last = parts.last().and_then(|part| part.part_number);
        Ok(ListPartsOutput {
            bucket: Some(bucket),
            key: Some(key),
            upload_id: Some(upload_id),
            max_parts: Some(most),
            part_number_marker,
            next_part_number_marker: last.filter(|_| is_truncated),
            is_truncated: Some(is_truncated),
            parts: Some(parts),
            ..Default::default()
        })
    }

    /// A page of the uploads that are not over, by their keys.
    pub(super) fn uploads(&self, input: ListMultipartUploadsInput) -> S3Result<ListMultipartUploadsOutput> {
        let wanted = input.prefix.clone().unwrap_or_default();
        let most = usize::try_from(input.max_uploads.unwrap_or(1000)).unwrap_or_default();
        // Without an id it is behind all uploads of the key.
        let after = input.key_marker.clone().filter(|key| !key.is_empty());
        let is_behind = |id: &String, upload: &Upload| match (&after, &input.upload_id_marker) {
            (Some(key), Some(marker)) => (&upload.key, id) > (key, marker),
            (Some(key), None) => upload.key > *key,
            (None, _) => true,
        };
        let (uploads, is_truncated) = self.with(&input.bucket, |bucket| {
            let mut open: Vec<_> = bucket
                .uploads
                .iter()
                .filter(|(id, upload)| upload.key.starts_with(&wanted) && is_behind(id, upload))
                .collect();
            open.sort_by(|(one, a), (other, b)| (&a.key, one).cmp(&(&b.key, other)));
            let page: Vec<_> = open.iter().take(most).map(|(id, upload)| listed(id, upload)).collect();
            Ok((page, open.len() > most))
        })?;
        let last = uploads.last().filter(|_| is_truncated).cloned().unwrap_or_default();
        Ok(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            prefix: input.prefix,
            uploads: Some(uploads),
            is_truncated: Some(is_truncated),
            next_key_marker: last.key,
            next_upload_id_marker: last.upload_id,
            ..Default::default()
        })
    }

    pub(super) fn complete_upload(
        &self,
        input: &CompleteMultipartUploadInput,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let (place, id) = ((&*input.bucket, &*input.key), &input.upload_id);
        let named = input.multipart_upload.as_ref().and_then(|upload| upload.parts.as_deref()).unwrap_or_default();
        let object = self.with_upload(place.0, place.1, id, |upload| upload.assemble(named, self.clock.now()))?;
        let version_id = self.create("ObjectCreated:CompleteMultipartUpload", place, &object, |bucket| {
            // Of two who complete it at once, one comes too late.
            if !bucket.uploads.contains_key(id) {
                return Err(s3_error!(NoSuchUpload));
            }
            let version_id = bucket.put(place.1, object.clone(), input.if_none_match.as_ref())?;
            bucket.uploads.remove(id);
            Ok(version_id)
        })?;
        Ok(CompleteMultipartUploadOutput {
            bucket: Some(input.bucket.clone()),
            key: Some(input.key.clone()),
            e_tag: Some(object.e_tag()),
            version_id,
            ..Default::default()
        })
    }

    pub(super) fn abort_upload(&self, input: &AbortMultipartUploadInput) -> S3Result<AbortMultipartUploadOutput> {
        self.with_upload(&input.bucket, &input.key, &input.upload_id, |_| Ok(()))?;
        if !self.a_part_survives() {
            self.with(&input.bucket, |bucket| Ok(bucket.uploads.remove(&input.upload_id)))?;
        }
        Ok(AbortMultipartUploadOutput::default())
    }

    fn with_upload<T>(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
        act: impl FnOnce(&mut Upload) -> S3Result<T>,
    ) -> S3Result<T> {
        self.with(bucket, |bucket| {
            let upload = bucket.uploads.get_mut(id).filter(|upload| upload.key == key);
            act(upload.ok_or_else(|| s3_error!(NoSuchUpload, "The specified multipart upload does not exist."))?)
        })
    }
}

fn listed(id: &str, upload: &Upload) -> MultipartUpload {
    MultipartUpload {
        key: Some(upload.key.clone()),
        upload_id: Some(id.to_owned()),
        initiated: Some(SystemTime::from(upload.begun).into()),
        ..Default::default()
    }
}
