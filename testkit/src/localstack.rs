//! The store and the queue of a test: a bucket and a queue of its own on LocalStack, and the ways events go between them.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    Event, EventBridgeConfiguration, MultipartUpload, NotificationConfiguration, Object, QueueConfiguration,
    TopicConfiguration,
};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};
use sluice_common::storage::{Location, SdkClients};

use crate::invariants::State;

pub(crate) const REGION: &str = "us-east-1";
/// LocalStack derives the account from the access key.
const ACCOUNT: &str = "000000000000";

/// How the bucket's events reach the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Direct,
    /// As `localstack/provision.py` leads them.
    Provisioned,
    Sns,
    EventBridge,
    Nowhere,
}

/// How the queue treats its messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manners {
    /// For how many seconds a message is hidden that was handed out.
    pub(crate) hidden: u32,
    /// How often it is handed out before it goes to a dead-letter queue, where there is one.
    pub(crate) most_times: Option<u32>,
}

/// A bucket and a queue, with the rights of their owner.
pub struct Localstack {
    endpoint: String,
    name: String,
    location: Location,
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    queue_url: String,
    dead_letters_url: String,
    route: Route,
}

/// A variable that `./dev test` sets.
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests with ./dev test"))
}

/// A client of the bucket's owner.
fn owner(sdk: &SdkClients, location: &Location) -> aws_sdk_s3::Client {
    let shared = sdk.with_attempt_timeout(crate::PATIENCE);
    let mut config = aws_sdk_s3::config::Builder::from(&shared)
        .region(aws_sdk_s3::config::Region::new(location.region.clone()))
        .credentials_provider(sdk.credentials(location))
        .force_path_style(location.path_style);
    config.set_endpoint_url(location.endpoint.clone());
    aws_sdk_s3::Client::from_conf(config.build())
}

impl Localstack {
    /// Makes a bucket and a queue of the same name at LocalStack's endpoint, or at that of a fake which speaks like it, and
    /// leads the events from one to the other. The bucket is elsewhere where the store is another one.
    pub(crate) async fn create(endpoint: String, store: Option<Location>, route: Route, manners: Manners) -> Self {
        let name = format!("sluice-test-{:08x}", rand::random::<u32>());
        let here = Location {
            bucket: name.clone(),
            region: REGION.to_owned(),
            endpoint: Some(endpoint.clone()),
            path_style: true,
            credentials: None,
        };
        let location = store.map_or(here, |store| Location { bucket: name.clone(), ..store });
        let sdk = SdkClients::load(REGION).await;
        let (s3, sdk) = (owner(&sdk, &location), sdk.with_attempt_timeout(crate::PATIENCE));
        let sqs = aws_sdk_sqs::config::Builder::from(&sdk).endpoint_url(&endpoint).build();
        let sqs = aws_sdk_sqs::Client::from_conf(sqs);
        s3.create_bucket().bucket(&name).send().await.expect("the bucket is made");
        let dead = format!("{name}-dead");
        let dead_letters = sqs.create_queue().queue_name(&dead).send().await;
        let dead_letters_url = dead_letters.expect("the queue is made").queue_url.expect("a queue has a URL");
        let hidden = manners.hidden.to_string();
        let mut queue = sqs.create_queue().queue_name(&name).attributes(QueueAttributeName::VisibilityTimeout, hidden);
        if let Some(most_times) = manners.most_times {
            let arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{dead}");
            let redrive = json!({"deadLetterTargetArn": arn, "maxReceiveCount": most_times});
            queue = queue.attributes(QueueAttributeName::RedrivePolicy, redrive.to_string());
        }
        let queue_url = queue.send().await.expect("the queue is made").queue_url.expect("a queue has a URL");
        let localstack = Self { endpoint, name, location, s3, sqs, queue_url, dead_letters_url, route };
        localstack.lead_events(route).await;
        localstack
    }

    async fn lead_events(&self, route: Route) {
        let created = Event::S3ObjectCreated;
        let queue_arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", self.name);
        let to = NotificationConfiguration::builder();
        let to = match route {
            Route::Nowhere => return,
            Route::Provisioned => return self.provision().await,
            Route::Direct => to.queue_configurations(
                QueueConfiguration::builder().queue_arn(queue_arn).events(created).build().expect("complete"),
            ),
            Route::Sns => {
                let topic = format!("arn:aws:sns:{REGION}:{ACCOUNT}:{}", self.name);
                self.sns(&[("Action", "CreateTopic"), ("Name", &self.name)]).await;
                let subscription =
                    [("Action", "Subscribe"), ("TopicArn", &topic), ("Protocol", "sqs"), ("Endpoint", &queue_arn)];
                self.sns(&subscription).await;
                to.topic_configurations(
                    TopicConfiguration::builder().topic_arn(topic).events(created).build().expect("complete"),
                )
            }
            Route::EventBridge => {
                let pattern = json!({"source": ["aws.s3"], "detail": {"bucket": {"name": [self.name]}}});
                self.events("PutRule", &json!({"Name": self.name, "EventPattern": pattern.to_string()})).await;
                let target = json!({"Rule": self.name, "Targets": [{"Id": "queue", "Arn": queue_arn}]});
                self.events("PutTargets", &target).await;
                to.event_bridge_configuration(EventBridgeConfiguration::builder().build())
            }
        };
        let request = self.s3.put_bucket_notification_configuration().bucket(&self.name);
        request.notification_configuration(to.build()).send().await.expect("the bucket takes its notifications");
    }

    /// Has the bucket and the queue set up by the script that sets up real ones.
    async fn provision(&self) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../localstack/provision.py");
        let mut command = tokio::process::Command::new(variable("SLUICE_TEST_PYTHON"));
        command.arg(script).args(["--endpoint", &self.endpoint, "--region", REGION]);
        let ended =
            command.args(["--bucket", &self.name, "--queue", &self.name]).output().await.expect("it can be run");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }

    async fn sns(&self, form: &[(&str, &str)]) {
        let body: Vec<String> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let form = [("content-type", "application/x-www-form-urlencoded")];
        self.call("sns", &form, body.join("&")).await;
    }

    async fn events(&self, operation: &str, body: &Value) {
        let target = format!("AWSEvents.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        self.call("events", &headers, body.to_string()).await;
    }

    /// Calls a service that there is no SDK for here. Its name in the credential leads the call to it.
    async fn call(&self, service: &str, headers: &[(&str, &str)], body: String) {
        let credential = format!("test/20260101/{REGION}/{service}/aws4_request");
        let signature = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0");
        let mut request = reqwest::Client::new().post(&self.endpoint).header("authorization", signature).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("LocalStack answers");
        assert!(answer.status().is_success(), "{service}: {}", answer.text().await.unwrap_or_default());
    }

    /// Where the bucket is.
    pub(crate) fn location(&self) -> Location {
        self.location.clone()
    }

    /// The endpoint of all its services, but for a bucket that is elsewhere.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The queue's URL.
    pub(crate) fn queue_url(&self) -> &str {
        &self.queue_url
    }

    /// The dead-letter queue's URL.
    pub(crate) fn dead_letters_url(&self) -> &str {
        &self.dead_letters_url
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.name
    }

    /// Puts an object as the bucket's owner, past every grant.
    pub async fn put_object(&self, key: &str, bytes: &[u8]) {
        let request = self.s3.put_object().bucket(&self.name).key(key).body(ByteStream::from(bytes.to_vec()));
        request.send().await.expect("the owner may put");
    }

    /// Puts many empty objects as the bucket's owner.
    pub async fn put_objects(&self, keys: &[String]) {
        let mut puts = tokio::task::JoinSet::new();
        for key in keys {
            puts.spawn(self.s3.put_object().bucket(&self.name).key(key).send());
        }
        for put in puts.join_all().await {
            put.expect("the owner may put");
        }
    }

    /// The keys and ids of the multipart uploads that are neither completed nor aborted.
    pub async fn open_multiparts(&self) -> Vec<(String, String)> {
        let listed = self.s3.list_multipart_uploads().bucket(&self.name).send().await.expect("the owner may list");
        let place = |open: &MultipartUpload| Some((open.key.clone()?, open.upload_id.clone()?));
        listed.uploads().iter().filter_map(place).collect()
    }

    /// Sends a part as the bucket's owner, past every grant.
    pub async fn put_part(&self, (key, id): &(String, String), number: i32, bytes: &[u8]) {
        let request = self.s3.upload_part().bucket(&self.name).key(key).upload_id(id).part_number(number);
        request.body(ByteStream::from(bytes.to_vec())).send().await.expect("the owner may send parts");
    }

    /// Aborts a multipart upload as the bucket's owner.
    pub async fn abort_multipart(&self, (key, id): &(String, String)) {
        let request = self.s3.abort_multipart_upload().bucket(&self.name).key(key).upload_id(id);
        request.send().await.expect("the owner may abort");
    }

    /// Deletes an object as the bucket's owner.
    pub async fn delete_object(&self, key: &str) {
        self.s3.delete_object().bucket(&self.name).key(key).send().await.expect("the owner may delete");
    }

    /// Keeps every version from now on.
    pub async fn keep_versions(&self) {
        use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
        let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let request = self.s3.put_bucket_versioning().bucket(&self.name).versioning_configuration(enabled);
        request.send().await.expect("the bucket keeps versions");
    }

    /// Whether the queue is told of every object.
    pub(crate) fn tells_of_objects(&self) -> bool {
        self.route != Route::Nowhere
    }

    /// One version of an object, if it is there.
    pub(crate) async fn version(&self, key: &str, version_id: &str) -> Option<State> {
        let head = self.s3.head_object().bucket(&self.name).key(key).version_id(version_id).send().await.ok()?;
        // Garage takes the id of any version for that of the only one, and does not say it again.
        Some(State { etag: head.e_tag?, size: head.content_length?, version_id: Some(version_id.to_owned()) })
    }

    /// The keys of all objects, in order.
    pub async fn object_keys(&self) -> Vec<String> {
        self.objects().await.into_iter().filter_map(|object| object.key).collect()
    }

    /// All objects, in the order of their keys.
    pub(crate) async fn objects(&self) -> Vec<Object> {
        let pages = self.s3.list_objects_v2().bucket(&self.name).into_paginator();
        let pages = pages.send().collect::<Result<Vec<_>, _>>().await.expect("the owner may list");
        pages.into_iter().flat_map(|page| page.contents.unwrap_or_default()).collect()
    }

    /// How many versions the bucket holds, marks of deletions among them.
    pub async fn versions(&self) -> usize {
        let listed = self.s3.list_object_versions().bucket(&self.name).send().await.expect("the owner may list");
        listed.versions().len() + listed.delete_markers().len()
    }

    /// Sends a message as the store would.
    pub async fn send_message(&self, body: &str) {
        self.send(&self.queue_url, body).await;
    }

    /// Leaves a message in the dead-letter queue. Gives its id.
    pub async fn leave_dead_letter(&self, body: &str) -> String {
        self.send(&self.dead_letters_url, body).await
    }

    async fn send(&self, url: &str, body: &str) -> String {
        let sent = self.sqs.send_message().queue_url(url).message_body(body).send().await;
        sent.expect("the queue takes the message").message_id.expect("a message has an id")
    }

    /// Sends the event of an object that was put under this key.
    pub async fn send_event(&self, key: &str) {
        self.send_message(&self.event(key)).await;
    }

    /// The event of an object that was put under this key.
    pub fn event(&self, key: &str) -> String {
        let record = json!({
            "eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": self.name}, "object": {"key": key}},
        });
        json!({"Records": [record]}).to_string()
    }

    /// How many messages the queue holds, in hand or not.
    pub async fn messages(&self) -> i64 {
        self.count(&self.queue_url).await
    }

    /// How many messages the dead-letter queue holds, in hand or not.
    pub async fn dead_letters(&self) -> i64 {
        self.count(&self.dead_letters_url).await
    }

    async fn count(&self, url: &str) -> i64 {
        use QueueAttributeName::{
            ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed, ApproximateNumberOfMessagesNotVisible,
        };
        let counted =
            [ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible, ApproximateNumberOfMessagesDelayed];
        let request = self.sqs.get_queue_attributes().queue_url(url);
        let answer = request.set_attribute_names(Some(counted.to_vec())).send().await.expect("the queue answers");
        let counts = answer.attributes().expect("the queue counts its messages");
        counted.iter().filter_map(|name| counts.get(name)?.parse::<i64>().ok()).sum()
    }
}
