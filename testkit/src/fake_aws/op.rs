//! Which operation of S3 or SQS a request asks for.

use http::Method;
use http::request::Parts;

/// An operation of the fake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are Amazon's own")]
pub enum Op {
    AbortMultipartUpload,
    CompleteMultipartUpload,
    CopyObject,
    CreateBucket,
    CreateMultipartUpload,
    DeleteObject,
    DeleteObjects,
    GetObject,
    HeadBucket,
    HeadObject,
    ListMultipartUploads,
    ListObjectsV2,
    ListParts,
    PutBucketNotificationConfiguration,
    PutBucketVersioning,
    PutObject,
    UploadPart,
    /// Any other request to S3.
    OtherS3,
    ChangeMessageVisibility,
    ChangeMessageVisibilityBatch,
    CreateQueue,
    DeleteMessage,
    DeleteMessageBatch,
    GetQueueAttributes,
    GetQueueUrl,
    ListDeadLetterSourceQueues,
    ListMessageMoveTasks,
    PurgeQueue,
    ReceiveMessage,
    SendMessage,
    SendMessageBatch,
    SetQueueAttributes,
    StartMessageMoveTask,
    /// Any other request to SQS. The last one, by which they are counted.
    OtherSqs,
}

impl Op {
    pub(super) const COUNT: usize = Self::OtherSqs as usize + 1;

    /// Whether it is one of SQS rather than of S3.
    pub fn is_sqs(self) -> bool {
        self as usize > Self::OtherS3 as usize
    }

    /// The one that a request to S3 asks for, by its method, its path and the query that names a part of the resource.
    pub(super) fn of_s3(request: &Parts) -> Self {
        let has_key = split(request.uri.path()).1.is_some_and(|key| !key.is_empty());
        let query = request.uri.query().unwrap_or_default();
        let names = |wanted: &str| query.split('&').any(|part| part.split('=').next() == Some(wanted));
        let copies = request.headers.contains_key("x-amz-copy-source");
        match (&request.method, has_key) {
            (&Method::GET, true) if names("uploadId") => Self::ListParts,
            (&Method::GET, true) => Self::GetObject,
            (&Method::GET, false) if names("list-type") => Self::ListObjectsV2,
            (&Method::GET, false) if names("uploads") => Self::ListMultipartUploads,
            (&Method::HEAD, true) => Self::HeadObject,
            (&Method::HEAD, false) => Self::HeadBucket,
            (&Method::PUT, true) if names("uploadId") => Self::UploadPart,
            (&Method::PUT, true) if copies => Self::CopyObject,
            (&Method::PUT, true) => Self::PutObject,
            (&Method::PUT, false) if names("notification") => Self::PutBucketNotificationConfiguration,
            (&Method::PUT, false) if names("versioning") => Self::PutBucketVersioning,
            (&Method::PUT, false) if query.is_empty() => Self::CreateBucket,
            (&Method::POST, true) if names("uploads") => Self::CreateMultipartUpload,
            (&Method::POST, true) if names("uploadId") => Self::CompleteMultipartUpload,
            (&Method::POST, false) if names("delete") => Self::DeleteObjects,
            (&Method::DELETE, true) if names("uploadId") => Self::AbortMultipartUpload,
            (&Method::DELETE, true) => Self::DeleteObject,
            _ => Self::OtherS3,
        }
    }

    /// The one of this name in SQS.
    pub(super) fn of_sqs(name: &str) -> Self {
        match name {
            "ChangeMessageVisibility" => Self::ChangeMessageVisibility,
            "ChangeMessageVisibilityBatch" => Self::ChangeMessageVisibilityBatch,
            "CreateQueue" => Self::CreateQueue,
            "DeleteMessage" => Self::DeleteMessage,
            "DeleteMessageBatch" => Self::DeleteMessageBatch,
            "GetQueueAttributes" => Self::GetQueueAttributes,
            "GetQueueUrl" => Self::GetQueueUrl,
            "ListDeadLetterSourceQueues" => Self::ListDeadLetterSourceQueues,
            "ListMessageMoveTasks" => Self::ListMessageMoveTasks,
            "PurgeQueue" => Self::PurgeQueue,
            "ReceiveMessage" => Self::ReceiveMessage,
            "SendMessage" => Self::SendMessage,
            "SendMessageBatch" => Self::SendMessageBatch,
            "SetQueueAttributes" => Self::SetQueueAttributes,
            "StartMessageMoveTask" => Self::StartMessageMoveTask,
            _ => Self::OtherSqs,
        }
    }
}

/// The bucket and the key in a path, both as they are encoded there.
pub(super) fn split(path: &str) -> (&str, Option<&str>) {
    match path.trim_start_matches('/').split_once('/') {
        Some((bucket, key)) => (bucket, Some(key)),
        None => (path.trim_start_matches('/'), None),
    }
}
