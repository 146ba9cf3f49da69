//! The queue on SQS. Answers that are given at the same time share one request.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use jiff::Timestamp;
use serde_json::Value;
use sluice_common::coalesce::{BatchError, Coalescer};
use sluice_common::queue::{BATCH, Entry, QueueError, Waiting, change_visibility, delete, number, waiting};
use sluice_common::storage::SdkClients;

use super::Delivery;
use crate::times::Times;

/// How a queue is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manners {
    /// For how long it hides what it hands out.
    pub hidden: Duration,
    /// After how many times it gives a message up; `None` where it never does.
    pub most_times: Option<u64>,
}

/// The queue. Cheap to clone.
#[derive(Clone)]
pub struct Queue {
    client: Client,
    url: Arc<str>,
    deletions: Coalescer<String, Entry, QueueError>,
    visibilities: Coalescer<(String, Duration), Entry, QueueError>,
}

impl Queue {
    /// A client for the queue of this URL.
    pub fn new(sdk: &SdkClients, url: &str, endpoint: Option<String>, times: &Times) -> Self {
        let mut config = aws_sdk_sqs::config::Builder::from(&sdk.with_attempt_timeout(times.queue_attempt));
        config.set_endpoint_url(endpoint);
        let client = Client::from_conf(config.build());
        let url: Arc<str> = url.into();
        let deletions = Coalescer::new(BATCH, {
            let (client, url) = (client.clone(), Arc::clone(&url));
            move |receipts| delete(client.clone(), Arc::clone(&url), receipts)
        });
        let visibilities = Coalescer::new(BATCH, {
            let (client, url) = (client.clone(), Arc::clone(&url));
            move |changes| change_visibility(client.clone(), Arc::clone(&url), changes)
        });
        Self { client, url, deletions, visibilities }
    }

    /// Takes up to `most` messages, waiting so many seconds for the first.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn receive(&self, most: usize, wait: Duration) -> Result<Vec<Delivery>, QueueError> {
        let answer = self
            .client
            .receive_message()
            .queue_url(&*self.url)
            .max_number_of_messages(i32::try_from(most.min(BATCH)).expect("at most 10"))
            .wait_time_seconds(i32::try_from(wait.as_secs()).expect("a few seconds"))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .customize()
            // Whoever receives asks again anyway, and may be asked to stop before.
            .config_override(aws_sdk_sqs::config::Builder::new().retry_config(RetryConfig::disabled()))
            .send()
            .await
            .map_err(|error| QueueError::new("receive messages", error))?;
        let deliveries = answer.messages.unwrap_or_default().into_iter().filter_map(|message| {
            let times = message.attributes().and_then(|attributes| {
                attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount)?.parse().ok()
            });
            let sent_at = message.attributes().and_then(|attributes| {
                let millis = attributes.get(&MessageSystemAttributeName::SentTimestamp)?.parse().ok()?;
                Timestamp::from_millisecond(millis).ok()
            });
            Some(Delivery {
                message_id: message.message_id?,
                receipt: message.receipt_handle?,
                body: message.body.unwrap_or_default(),
                times: times.unwrap_or(1),
                sent_at,
            })
        });
        Ok(deliveries.collect())
    }

    /// Deletes a delivery's message.
    ///
    /// # Errors
    /// Where the queue does not answer, or refuses. The message comes again then.
    pub async fn delete(&self, receipt: String) -> Result<(), QueueError> {
        const OPERATION: &str = "delete a message";
        // Once more, because an entry that was throttled costs a whole delivery otherwise.
        match read(OPERATION, self.deletions.call(receipt.clone()).await) {
            Ok(()) => Ok(()),
            Err(_) => read(OPERATION, self.deletions.call(receipt).await),
        }
    }

    /// Has a delivery's message handed out again after this time, rather than after the queue's visibility timeout.
    ///
    /// # Errors
    /// Where the queue does not answer, or refuses. The message comes again after the timeout then.
    pub async fn hide_for(&self, receipt: String, time: Duration) -> Result<(), QueueError> {
        read("change when a message comes again", self.visibilities.call((receipt, time)).await)
    }

    /// The same for up to ten deliveries at once. Says of each whether it was done.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn hide_all(&self, receipts: &[String], time: Duration) -> Result<Vec<Entry>, QueueError> {
        let changes = receipts.iter().map(|receipt| (receipt.clone(), time)).collect();
        change_visibility(self.client.clone(), Arc::clone(&self.url), changes).await
    }

    /// For how long it hides what it hands out, and after how many times it gives a message up, if it ever does.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn manners(&self) -> Result<Manners, QueueError> {
        use QueueAttributeName::{RedrivePolicy, VisibilityTimeout};
        let request = self.client.get_queue_attributes().queue_url(&*self.url);
        let answer = request.attribute_names(VisibilityTimeout).attribute_names(RedrivePolicy).send().await;
        let answer = answer.map_err(|error| QueueError::new("ask how the queue is set up", error))?;
        let attributes = answer.attributes.unwrap_or_default();
        let redrive = attributes.get(&RedrivePolicy).and_then(|policy| serde_json::from_str::<Value>(policy).ok());
        let most_times = redrive.and_then(|policy| match &policy["maxReceiveCount"] {
            Value::String(text) => text.parse().ok(),
            number => number.as_u64(),
        });
        Ok(Manners { hidden: Duration::from_secs(number(&attributes, &VisibilityTimeout)), most_times })
    }

    /// About how many messages there are.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn waiting(&self) -> Result<Waiting, QueueError> {
        waiting(&self.client, &self.url).await
    }
}

fn read(operation: &'static str, answer: Result<Entry, BatchError<QueueError>>) -> Result<(), QueueError> {
    match answer {
        Ok(Ok(())) => Ok(()),
        Ok(Err(refusal)) => Err(QueueError::new(operation, refusal)),
        Err(error) => Err(QueueError::new(operation, error)),
    }
}
