//! A store and a queue to hold to the contract, and what is asked of them.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, CompletedMultipartUpload, CompletedPart, Delete, Event, NotificationConfiguration,
    ObjectIdentifier, QueueConfiguration, VersioningConfiguration,
};
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName};
use aws_smithy_types::checksum_config::{RequestChecksumCalculation, ResponseChecksumValidation};
use serde_json::{Value, json};
use sluice_common::domain::{
    ByteCount, ContentType, Declaration, FileName, Multipart, ObjectKey, Sha256, StoredObject,
};
use sluice_common::storage::{Location, SignedRequest, Signer};
use sluice_testkit::PATIENCE;
use sluice_testkit::fake_aws::FakeAws;

use super::{KEY, LIFETIME};

const REGION: &str = "us-east-1";

/// A store and a queue to hold to the contract: a bucket and a queue of the case's own, of the same name.
pub(super) struct Target {
    pub(super) fake: Option<FakeAws>,
    pub(super) name: String,
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) sqs: aws_sdk_sqs::Client,
    pub(super) queue_url: String,
    pub(super) signer: Signer,
}

impl Target {
    pub(super) async fn fake() -> Self {
        let fake = FakeAws::start().await;
        let endpoint = fake.endpoint().to_owned();
        Self::new(Some(fake), &endpoint).await
    }

    pub(super) async fn localstack() -> Self {
        let endpoint = std::env::var("SLUICE_TEST_AWS_ENDPOINT");
        Self::new(None, &endpoint.expect("SLUICE_TEST_AWS_ENDPOINT is set: run the tests with ./dev test")).await
    }

    async fn new(fake: Option<FakeAws>, endpoint: &str) -> Self {
        let name = format!("sluice-contract-{:08x}", rand::random::<u32>());
        let credentials = SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test"));
        let config = aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .region(aws_config::Region::new(REGION))
            .endpoint_url(endpoint)
            .credentials_provider(credentials.clone())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        let (s3, sqs) = (aws_sdk_s3::Client::from_conf(s3), aws_sdk_sqs::Client::new(&config));
        s3.create_bucket().bucket(&name).send().await.expect("the bucket is made");
        let queue = sqs.create_queue().queue_name(&name).attributes(QueueAttributeName::VisibilityTimeout, "1");
        let queue_url = queue.send().await.expect("the queue is made").queue_url.expect("a queue has a URL");
        let (bucket, region, endpoint) = (name.clone(), REGION.to_owned(), Some(endpoint.to_owned()));
        let signer =
            Signer::new(Location { bucket, region, endpoint, path_style: true, credentials: None }, credentials);
        Self { fake, name, s3, sqs, queue_url, signer }
    }

    /// Lets time pass: at once where it is ours.
    pub(super) async fn pass(&self, time: Duration) {
        match &self.fake {
            Some(fake) => fake.clock().advance(time),
            None => tokio::time::sleep(time + Duration::from_millis(200)).await,
        }
    }

    pub(super) async fn put(&self, key: &str, bytes: &[u8]) -> aws_sdk_s3::operation::put_object::PutObjectOutput {
        let request = self.s3.put_object().bucket(&self.name).key(key).content_type("image/png");
        request.body(ByteStream::from(bytes.to_vec())).send().await.expect("it is taken")
    }

    pub(super) async fn get_range(
        &self,
        range: &str,
    ) -> Result<
        aws_sdk_s3::operation::get_object::GetObjectOutput,
        SdkError<aws_sdk_s3::operation::get_object::GetObjectError>,
    > {
        self.s3.get_object().bucket(&self.name).key(KEY).range(range).send().await
    }

    pub(super) async fn read(&self, key: &str) -> Vec<u8> {
        let got = self.s3.get_object().bucket(&self.name).key(key).send().await.expect("it is there");
        got.body.collect().await.expect("the body comes").to_vec()
    }

    pub(super) async fn is_absent(&self, key: &str) -> bool {
        self.s3.head_object().bucket(&self.name).key(key).send().await.is_err_and(|error| status(&error) == 404)
    }

    /// How many of these could not be deleted.
    pub(super) async fn delete(&self, objects: &[(&str, Option<&str>)]) -> usize {
        let identify = |(key, version): &(&str, Option<&str>)| {
            let version = version.map(str::to_owned);
            ObjectIdentifier::builder().key(*key).set_version_id(version).build().expect("complete")
        };
        let list = Delete::builder().set_objects(Some(objects.iter().map(identify).collect())).quiet(true);
        let request = self.s3.delete_objects().bucket(&self.name).delete(list.build().expect("complete"));
        request.send().await.expect("an answer").errors().len()
    }

    pub(super) async fn keep_versions(&self) {
        let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let request = self.s3.put_bucket_versioning().bucket(&self.name).versioning_configuration(enabled);
        request.send().await.expect("the bucket keeps versions");
    }

    pub(super) async fn grant(&self, bytes: &[u8]) -> SignedRequest {
        let key = ObjectKey::recorded(KEY.to_owned());
        self.signer.put(&key, &declared(bytes), true, LIFETIME).await.expect("signed")
    }

    /// Sends a grant with these bytes, and these headers instead of its own or beside them. Gives the status and the body.
    pub(super) async fn send(&self, grant: &SignedRequest, bytes: &[u8], headers: &[(&str, &str)]) -> (u16, String) {
        let mut request = reqwest::Client::new().put(&grant.url).body(bytes.to_vec());
        let own = grant.headers.iter().map(|(name, value)| (*name, &**value));
        for (name, value) in own.filter(|(own, _)| headers.iter().all(|(name, _)| name != own)) {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("the body comes"))
    }

    pub(super) async fn was_refused(&self, (status, body): (u16, String), expected: u16, code: &str) {
        assert_eq!(status, expected, "{body}");
        assert!(body.contains(&format!("<Code>{code}<")), "{body}");
        assert!(self.is_absent(KEY).await);
    }

    pub(super) async fn begin(&self) -> String {
        self.begin_at(KEY).await
    }

    pub(super) async fn begin_at(&self, key: &str) -> String {
        let request = self.s3.create_multipart_upload().bucket(&self.name).key(key).content_type("image/png");
        request.send().await.expect("it begins").upload_id.expect("an upload has an id")
    }

    pub(super) async fn part_grant(
        &self,
        upload: &str,
        number: i32,
        bytes: &[u8],
        sha256: Option<Sha256>,
    ) -> SignedRequest {
        let size = ByteCount::new(bytes.len() as i64).expect("not negative");
        let multipart = Multipart { id: upload.to_owned(), part_size: size, with_sha256: sha256.is_some() };
        let key = ObjectKey::recorded(KEY.to_owned());
        self.signer.part(&key, &multipart, number, (size, sha256), LIFETIME).await.expect("signed")
    }

    pub(super) async fn part(&self, upload: &str, number: i32, size: usize) -> CompletedPart {
        let request = self.s3.upload_part().bucket(&self.name).key(KEY).upload_id(upload).part_number(number);
        let taken = request.body(ByteStream::from(vec![b'x'; size])).send().await.expect("it is taken");
        CompletedPart::builder().part_number(number).set_e_tag(taken.e_tag).build()
    }

    pub(super) async fn complete(
        &self,
        upload: &str,
        parts: &[CompletedPart],
    ) -> Result<
        aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadOutput,
        SdkError<aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadError>,
    > {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.to_vec())).build();
        let request = self.s3.complete_multipart_upload().bucket(&self.name).key(KEY).upload_id(upload);
        request.multipart_upload(parts).if_none_match("*").send().await
    }

    /// Leads the bucket's events to the queue, and takes the one with which the store tries that out.
    pub(super) async fn notify(&self) {
        let queue = QueueConfiguration::builder().queue_arn(self.arn_of(&self.queue_url).await);
        let queue = queue.events(Event::S3ObjectCreated).build().expect("complete");
        let configuration = NotificationConfiguration::builder().queue_configurations(queue).build();
        let request = self.s3.put_bucket_notification_configuration().bucket(&self.name);
        request.notification_configuration(configuration).send().await.expect("the bucket takes it");
        let test = self.receive_one().await;
        let body: Value = serde_json::from_str(test.body().unwrap_or_default()).expect("JSON");
        assert_eq!((&body["Event"], body.get("Records")), (&json!("s3:TestEvent"), None));
        assert!(self.delete_messages(&[&test]).await.is_empty());
    }

    /// The only record of the next event.
    pub(super) async fn next_record(&self) -> Value {
        let message = self.receive_one().await;
        let mut body: Value = serde_json::from_str(message.body().unwrap_or_default()).expect("JSON");
        assert_eq!(body["Records"].as_array().map(Vec::len), Some(1), "{body}");
        body["Records"][0].take()
    }

    pub(super) async fn send_message(&self, body: &str) -> String {
        let request = self.sqs.send_message().queue_url(&self.queue_url).message_body(body);
        request.send().await.expect("it is taken").message_id.expect("a message has an id")
    }

    pub(super) async fn receive(&self, most: i32, wait: i32) -> Vec<Message> {
        self.receive_from(&self.queue_url, most, wait).await
    }

    pub(super) async fn receive_from(&self, queue_url: &str, most: i32, wait: i32) -> Vec<Message> {
        let request =
            self.sqs.receive_message().queue_url(queue_url).max_number_of_messages(most).wait_time_seconds(wait);
        let request = request.message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
        request.send().await.expect("an answer").messages.unwrap_or_default()
    }

    /// The next message. The queue's visibility is a second, so nothing stays hidden from it.
    pub(super) async fn receive_one(&self) -> Message {
        let wait = i32::try_from(PATIENCE.as_secs().min(20)).expect("some seconds");
        self.receive(1, wait).await.pop().expect("there is a message")
    }

    pub(super) async fn hide(
        &self,
        message: &Message,
        seconds: i32,
    ) -> Result<(), SdkError<aws_sdk_sqs::operation::change_message_visibility::ChangeMessageVisibilityError>> {
        let request = self.sqs.change_message_visibility().queue_url(&self.queue_url).visibility_timeout(seconds);
        request.receipt_handle(message.receipt_handle().expect("a receipt")).send().await.map(drop)
    }

    /// Deletes these with one request; gives the ids and codes of those that failed.
    pub(super) async fn delete_messages(&self, messages: &[&Message]) -> Vec<(String, String)> {
        let entries = messages.iter().enumerate().map(|(place, message)| {
            let receipt = message.receipt_handle().expect("a receipt");
            let entry = DeleteMessageBatchRequestEntry::builder().id(place.to_string()).receipt_handle(receipt);
            entry.build().expect("complete")
        });
        let request = self.sqs.delete_message_batch().queue_url(&self.queue_url).set_entries(Some(entries.collect()));
        let answer = request.send().await.expect("an answer");
        answer.failed().iter().map(|entry| (entry.id().to_owned(), entry.code().to_owned())).collect()
    }

    /// Makes the queue give messages up after this many receives. Gives the URL of the one that they go to.
    pub(super) async fn give_up_after(&self, receives: u32) -> String {
        let dead_letters = self.sqs.create_queue().queue_name(format!("{}-dead", self.name)).send().await;
        let dead_letters = dead_letters.expect("the queue is made").queue_url.expect("a queue has a URL");
        let policy = json!({"deadLetterTargetArn": self.arn_of(&dead_letters).await, "maxReceiveCount": receives});
        let request = self.sqs.set_queue_attributes().queue_url(&self.queue_url);
        let request = request.attributes(QueueAttributeName::RedrivePolicy, policy.to_string());
        request.send().await.expect("the policy is taken");
        dead_letters
    }

    pub(super) async fn arn_of(&self, queue_url: &str) -> String {
        self.attribute(queue_url, QueueAttributeName::QueueArn).await
    }

    pub(super) async fn count_messages(&self) -> i64 {
        use QueueAttributeName::{ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible};
        let mut sum = 0;
        for name in [ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible] {
            sum += self.attribute(&self.queue_url, name).await.parse::<i64>().expect("a number");
        }
        sum
    }

    pub(super) async fn attribute(&self, queue_url: &str, name: QueueAttributeName) -> String {
        let request = self.sqs.get_queue_attributes().queue_url(queue_url).attribute_names(name.clone());
        let answer = request.send().await.expect("the queue is there");
        answer.attributes().and_then(|all| all.get(&name)).expect("it is told").clone()
    }
}

pub(super) fn declared(bytes: &[u8]) -> Declaration {
    Declaration {
        filename: FileName::parse("a.png").expect("valid"),
        content_type: ContentType::parse("image/png").expect("valid"),
        size: ByteCount::new(bytes.len() as i64).ok(),
        sha256: Some(Sha256::of(bytes)),
    }
}

pub(super) fn stored(version_id: Option<String>) -> StoredObject {
    let (key, etag) = (ObjectKey::recorded(KEY.to_owned()), "\"etag\"".to_owned());
    StoredObject { key, size: ByteCount::ZERO, etag, version_id, detected_type: None }
}

pub(super) fn times(message: &Message) -> u32 {
    let count = message.attributes().and_then(|all| all.get(&MessageSystemAttributeName::ApproximateReceiveCount));
    count.and_then(|count| count.parse().ok()).expect("receives are counted")
}

pub(super) fn status<E>(error: &SdkError<E>) -> u16 {
    error.raw_response().expect("an answer").status().as_u16()
}

/// The status and the code of a refusal.
pub(super) fn refusal<E: ProvideErrorMetadata>(error: &SdkError<E>) -> (u16, &str) {
    (status(error), error.code().unwrap_or_default())
}

pub(super) fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
