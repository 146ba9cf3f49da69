//! That what a test scripts is what happens, as the real SDK and a plain HTTP client see it.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message};

use super::{FakeAws, Op, StaleReceipts};

/// A fake with the bucket `bucket`, whose events go to the queue `queue`, and clients that try everything once.
struct Clients {
    fake: FakeAws,
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
}

impl Clients {
    async fn start() -> Self {
        let fake = FakeAws::start().await;
        fake.create_bucket("bucket");
        fake.create_queue("queue", &[]);
        fake.notify("bucket", "queue");
        let config = aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .region(aws_config::Region::new("eu-central-1"))
            .endpoint_url(fake.endpoint())
            .retry_config(RetryConfig::disabled())
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(Credentials::new(
                "test", "test", None, None, "test",
            )))
            .build();
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        Self { fake, s3: aws_sdk_s3::Client::from_conf(s3), sqs: aws_sdk_sqs::Client::new(&config) }
    }

    async fn get(&self, key: &str) -> Result<GetObjectOutput, SdkError<GetObjectError>> {
        self.s3.get_object().bucket("bucket").key(key).range("bytes=0-3").send().await
    }

    async fn code(&self, key: &str) -> String {
        self.get(key).await.expect_err("it fails").code().unwrap_or("no answer").to_owned()
    }

    async fn receive(&self, wait: i32) -> Vec<Message> {
        let request = self.sqs.receive_message().queue_url(self.fake.queue_url("queue")).max_number_of_messages(10);
        request.wait_time_seconds(wait).send().await.expect("an answer").messages.unwrap_or_default()
    }

    /// Deletes these; gives the codes of those that failed.
    async fn delete(&self, messages: &[Message]) -> Result<Vec<String>, ()> {
        let entries = messages.iter().enumerate().map(|(place, message)| {
            let receipt = message.receipt_handle().expect("a receipt");
            let entry = DeleteMessageBatchRequestEntry::builder().id(place.to_string()).receipt_handle(receipt);
            entry.build().expect("complete")
        });
        let request = self.sqs.delete_message_batch().queue_url(self.fake.queue_url("queue"));
        let answer = request.set_entries(Some(entries.collect())).send().await.map_err(drop)?;
        Ok(answer.failed().iter().map(|entry| entry.code().to_owned()).collect())
    }
}

#[tokio::test]
async fn what_is_scripted_befalls_the_requests_that_are_meant() {
    let clients = Clients::start().await;
    let fake = &clients.fake;
    fake.put_object("bucket", "a b", "0123456789");
    fake.put_object("bucket", "other", "0123456789");
    fake.on(Op::GetObject).when(|key| key == "a b").sparing(1).times(2).answer(503, "SlowDown");
    clients.get("a b").await.expect("it was spared");
    assert_eq!(clients.code("a b").await, "SlowDown");
    clients.get("other").await.expect("it is not meant");
    assert_eq!(clients.code("a b").await, "SlowDown");
    clients.get("a b").await.expect("twice is over");
    fake.on_s3().answer(403, "RequestTimeTooSkewed");
    assert_eq!(clients.code("other").await, "RequestTimeTooSkewed");
    assert!(clients.receive(0).await.len() == 2, "it is not about SQS");
    fake.heal();
    clients.get("other").await.expect("it is healed");
    assert_eq!((fake.count(Op::GetObject), fake.count(Op::HeadObject)), (7, 0));
    fake.done(Op::GetObject, 7).await;
}

#[tokio::test]
async fn the_same_seed_draws_the_same_faults() {
    let mut draws = Vec::new();
    for _ in 0..2 {
        let clients = Clients::start().await;
        clients.fake.put_object("bucket", "a", "0123456789");
        clients.fake.on(Op::GetObject).with_probability(0.5, 7).answer(500, "InternalError");
        let mut drawn = Vec::new();
        for _ in 0..20 {
            drawn.push(clients.get("a").await.is_ok());
        }
        draws.push(drawn);
    }
    assert_eq!(draws[0], draws[1]);
    assert!(draws[0].contains(&true) && draws[0].contains(&false));
}

#[tokio::test]
async fn a_body_can_end_early_trickle_or_ignore_its_range() {
    let clients = Clients::start().await;
    let fake = &clients.fake;
    fake.put_object("bucket", "a", "0123456789");
    fake.on(Op::GetObject).times(1).short_body(2);
    let short = clients.get("a").await.expect("its head comes");
    assert_eq!(short.content_length(), Some(4));
    assert!(short.body.collect().await.is_err());

    fake.on(Op::GetObject).times(1).trickle(Duration::from_hours(1));
    let mut slow = clients.get("a").await.expect("its head comes");
    let mut bytes = Vec::new();
    while bytes.len() < 4 {
        fake.clock().advance(Duration::from_hours(1));
        bytes.extend_from_slice(&slow.body.try_next().await.expect("no error").expect("a byte"));
    }
    assert_eq!(bytes, b"0123");

    fake.on(Op::GetObject).times(1).ignore_range();
    let whole = clients.get("a").await.expect("all of it");
    assert_eq!((whole.content_range(), whole.content_length()), (None, Some(10)));
    fake.on(Op::GetObject).times(1).header("content-range", "bytes 0-3/53687091200000");
    assert_eq!(clients.get("a").await.expect("a part").content_range(), Some("bytes 0-3/53687091200000"));
}

#[tokio::test]
async fn a_request_can_be_held_delayed_or_hung() {
    let clients = Clients::start().await;
    let fake = &clients.fake;
    fake.put_object("bucket", "a", "first");
    let gate = fake.on(Op::GetObject).hold();
    let swapped = async {
        fake.seen(Op::GetObject, 1).await;
        fake.put_object("bucket", "a", "second");
        gate.open();
    };
    let (got, ()) = tokio::join!(clients.get("a"), swapped);
    assert_eq!(got.expect("it goes on").content_range(), Some("bytes 0-3/6"));

    fake.on(Op::GetObject).times(1).delay(Duration::from_hours(1));
    let later = async {
        fake.seen(Op::GetObject, 2).await;
        fake.clock().advance(Duration::from_hours(1));
    };
    let (got, ()) = tokio::join!(clients.get("a"), later);
    got.expect("the time is over");

    fake.on(Op::GetObject).times(1).hang();
    let hung = async {
        fake.seen(Op::GetObject, 3).await;
        assert_eq!(fake.server.signals.count(Op::GetObject, super::signals::Stage::Done), 2);
    };
    tokio::select! { _ = clients.get("a") => panic!("it hangs"), () = hung => {} }
}

#[tokio::test]
async fn something_can_happen_just_before_a_request_is_carried_out() {
    let clients = Clients::start().await;
    clients.fake.put_object("bucket", "a", "first");
    let store = clients.fake.store.clone();
    clients.fake.on(Op::GetObject).times(1).meanwhile(move || store.delete("bucket", "a"));
    assert_eq!(clients.code("a").await, "NoSuchKey");
}

#[tokio::test]
async fn a_lost_reply_is_not_a_lost_request() {
    let clients = Clients::start().await;
    let fake = &clients.fake;
    fake.send_message("queue", "one");
    let received = clients.receive(0).await;
    fake.on(Op::DeleteMessageBatch).times(1).cut();
    clients.delete(&received).await.expect_err("it never came");
    assert_eq!(fake.held("queue").total(), 1);
    fake.on(Op::DeleteMessageBatch).times(1).drop_reply();
    clients.delete(&received).await.expect_err("the answer is lost");
    assert_eq!(fake.held("queue").total(), 0);
}

#[tokio::test]
async fn entries_of_a_batch_fail_as_many_as_scripted() {
    let clients = Clients::start().await;
    let fake = &clients.fake;
    (0..3).for_each(|_| fake.send_message("queue", "one"));
    let received = clients.receive(0).await;
    fake.on(Op::DeleteMessageBatch).times(1).fail_entries(2, "InternalError");
    assert_eq!(clients.delete(&received).await, Ok(vec!["InternalError".to_owned(); 2]));
    assert_eq!(fake.held("queue").total(), 2);
}

#[tokio::test]
async fn throttling_is_what_the_sdk_retries() {
    let clients = Clients::start().await;
    let fake = &clients.fake;
    let retries = clients.sqs.config().to_builder().retry_config(RetryConfig::standard());
    let sqs = aws_sdk_sqs::Client::from_conf(retries.build());
    for (status, code) in [(400, "RequestThrottled"), (400, "ThrottlingException"), (503, "ServiceUnavailable")] {
        fake.on(Op::GetQueueUrl).times(1).answer(status, code);
        sqs.get_queue_url().queue_name("queue").send().await.expect("the second try succeeds");
    }
    assert_eq!(fake.count(Op::GetQueueUrl), 6);
}

#[tokio::test]
async fn events_double_vanish_wait_and_change_places() {
    let clients = Clients::start().await;
    let (fake, events) = (&clients.fake, clients.fake.events());
    events.duplicate(1);
    fake.put_object("bucket", "a", "bytes");
    assert_eq!(fake.held("queue").visible, 2);
    events.heal();
    events.drop_next(1);
    fake.put_object("bucket", "b", "bytes");
    assert_eq!(fake.held("queue").visible, 2);
    events.delay(Duration::from_secs(60));
    fake.put_object("bucket", "c", "bytes");
    assert_eq!((fake.held("queue").visible, fake.held("queue").delayed), (2, 1));
    fake.clock().advance(Duration::from_secs(60));
    assert_eq!(fake.held("queue").visible, 3);
    events.heal();
    events.hold();
    ["d", "e"].into_iter().for_each(|key| fake.put_object("bucket", key, "bytes"));
    assert_eq!((fake.held("queue").total(), events.held()), (3, 2));
    events.release_reversed();
    let bodies = fake.bodies("queue");
    let keys: Vec<_> = ["\"e\"", "\"d\""]
        .into_iter()
        .map(|key| bodies.iter().position(|body| body.contains(&format!("\"key\":{key}"))))
        .collect();
    assert_eq!(keys, [Some(3), Some(4)]);
}

#[tokio::test]
async fn a_receive_takes_no_more_than_may_be_in_flight() {
    let clients = Clients::start().await;
    let fake = &clients.fake;
    (0..3).for_each(|_| fake.send_message("queue", "one"));
    fake.cap_in_flight("queue", Some(2));
    assert_eq!(clients.receive(0).await.len(), 2);
    assert!(clients.receive(0).await.is_empty());
    fake.cap_in_flight("queue", None);
    assert_eq!(clients.receive(0).await.len(), 1);
}

#[tokio::test]
async fn an_old_receipt_is_good_for_what_the_test_says() {
    let clients = Clients::start().await;
    let fake = &clients.fake;
    for (receipts, failed, left) in [
        (StaleReceipts::Refused, vec!["ReceiptHandleIsInvalid".to_owned()], 1),
        (StaleReceipts::Ignored, vec![], 1),
        (StaleReceipts::Honoured, vec![], 0),
    ] {
        clients.sqs.purge_queue().queue_url(fake.queue_url("queue")).send().await.expect("it is there");
        fake.send_message("queue", "one");
        let old = clients.receive(0).await;
        fake.clock().advance(Duration::from_secs(30));
        clients.receive(0).await;
        fake.stale_receipts(receipts);
        assert_eq!(clients.delete(&old).await, Ok(failed), "{receipts:?}");
        assert_eq!(fake.held("queue").total(), left, "{receipts:?}");
    }
}

#[tokio::test]
async fn a_message_past_its_retention_is_gone() {
    let clients = Clients::start().await;
    clients.fake.send_message("queue", "one");
    clients.fake.clock().advance(Duration::from_hours(4 * 24));
    assert_eq!(clients.fake.held("queue").total(), 0);
    assert!(clients.receive(0).await.is_empty());
}

#[tokio::test]
async fn nothing_is_hidden_for_more_than_twelve_hours() {
    let clients = Clients::start().await;
    let fake = &clients.fake;
    fake.send_message("queue", "one");
    let received = clients.receive(0).await.pop().expect("a message");
    let hide = async |seconds| {
        let request = clients.sqs.change_message_visibility().queue_url(fake.queue_url("queue"));
        let request = request.receipt_handle(received.receipt_handle().expect("a receipt"));
        let answer = request.visibility_timeout(seconds).send().await;
        answer.err().and_then(|error| error.code().map(str::to_owned))
    };
    assert_eq!(hide(43_201).await.as_deref(), Some("InvalidParameterValue"));
    assert_eq!(hide(43_200).await, Some("InvalidParameterValue".to_owned()), "it counts from the receive");
    assert_eq!(hide(43_000).await, None);
    fake.clock().advance(Duration::from_hours(12));
    assert_eq!(hide(10).await.as_deref(), Some("MessageNotInflight"));
}
