//! What the owner of the buckets and queues does without a request: set up, look, take part.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{FakeAws, Held, StaleReceipts, sqs};

impl FakeAws {
    /// Makes a bucket.
    pub fn create_bucket(&self, bucket: &str) {
        self.store.create_bucket(bucket);
    }

    /// Keeps every version in this bucket from now on.
    ///
    /// # Panics
    /// Where there is no such bucket.
    pub fn keep_versions(&self, bucket: &str) {
        self.store.keep_versions(bucket, true).expect("the bucket is there");
    }

    /// Tells the queue of every object that is created in the bucket from now on.
    ///
    /// # Panics
    /// Where there is no such bucket.
    pub fn notify(&self, bucket: &str, queue: &str) {
        self.store.notify(bucket, Some(queue)).expect("the bucket is there");
    }

    /// Tells nobody any more.
    ///
    /// # Panics
    /// Where there is no such bucket.
    pub fn notify_nobody(&self, bucket: &str) {
        self.store.notify(bucket, None).expect("the bucket is there");
    }

    /// Puts an object; its event follows.
    ///
    /// # Panics
    /// Where there is no such bucket.
    pub fn put_object(&self, bucket: &str, key: &str, bytes: impl Into<Bytes>) {
        self.store.put(bucket, key, bytes.into());
    }

    /// Deletes an object.
    ///
    /// # Panics
    /// Where there is no such bucket.
    pub fn delete_object(&self, bucket: &str, key: &str) {
        self.store.delete(bucket, key);
    }

    /// What is under a key.
    pub fn object(&self, bucket: &str, key: &str) -> Option<Bytes> {
        self.store.bytes(bucket, key)
    }

    /// All keys in a bucket, in order.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        self.store.keys(bucket)
    }

    /// How many multipart uploads are neither completed nor aborted.
    pub fn open_multipart_uploads(&self, bucket: &str) -> usize {
        self.store.open_uploads(bucket)
    }

    /// The next so many times that a multipart upload is aborted parts survive, as those do on Amazon's own that were on their
    /// way.
    pub fn parts_survive_aborts(&self, times: u32) {
        self.store.survive_aborts(times);
    }

    /// Makes a queue, or changes its attributes, in SQS's names: `VisibilityTimeout`, `RedrivePolicy`, ...
    ///
    /// # Panics
    /// Where SQS would refuse them.
    pub fn create_queue(&self, queue: &str, attributes: &[(&str, &str)]) {
        self.server.sqs.create(queue, attributes);
    }

    /// The URL of a queue.
    pub fn queue_url(&self, queue: &str) -> String {
        self.server.sqs.url(queue)
    }

    /// The ARN of a queue, for a redrive policy.
    pub fn queue_arn(&self, queue: &str) -> String {
        sqs::arn(queue)
    }

    /// Sends a message.
    pub fn send_message(&self, queue: &str, body: &str) {
        self.server.sqs.send(queue, body, Duration::ZERO);
    }

    /// How many messages a queue holds.
    pub fn held(&self, queue: &str) -> Held {
        self.server.sqs.held(queue)
    }

    /// Whether somebody has had a message of a queue in hand for less than this time, by the fake's clock.
    pub fn has_in_hand(&self, queue: &str, for_less_than: Duration) -> bool {
        self.server.sqs.has_in_hand(queue, for_less_than)
    }

    /// The bodies of all messages that a queue holds.
    pub fn bodies(&self, queue: &str) -> Vec<Arc<str>> {
        self.server.sqs.bodies(queue)
    }

    /// With this many messages in flight, receives from the queue give nothing more and report no error, as a long poll of
    /// SQS does at its cap of 120,000.
    pub fn cap_in_flight(&self, queue: &str, cap: Option<usize>) {
        self.server.sqs.cap_in_flight(queue, cap);
    }

    /// What queues do with an old receipt.
    pub fn stale_receipts(&self, are: StaleReceipts) {
        self.server.sqs.set_stale(are);
    }
}
