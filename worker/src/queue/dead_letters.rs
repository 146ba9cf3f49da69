//! The dead-letter queue, for an operator: what lies there, and the way back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName};
use jiff::Timestamp;
use sluice_common::settings::{Reader, SettingError};
use sluice_common::storage::SdkClients;

use super::sqs::{BATCH, QueueError, change_visibility, delete};
use crate::times::Times;

/// For how long a message that was taken is hidden from others: time to walk through the queue, and not for long if the
/// command is interrupted.
const HIDDEN: Duration = Duration::from_mins(1);
/// How long to ask for more. Without any waiting SQS may answer that there is nothing when there is.
const WAIT: Duration = Duration::from_secs(1);

/// A message in the dead-letter queue, taken from it for a moment.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// The message's id.
    pub message_id: String,
    /// What it says.
    pub body: String,
    /// How often it has been handed out, this time included.
    pub times: u32,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    receipt: String,
    attributes: Option<HashMap<String, MessageAttributeValue>>,
}

/// A dead-letter queue and the queue that its messages come from.
pub struct DeadLetters {
    client: Client,
    url: Arc<str>,
    origin: String,
}

impl DeadLetters {
    /// Reads which queues they are.
    ///
    /// # Errors
    /// A sentence naming the setting that is missing or not usable.
    pub async fn open(reader: &Reader<'_>) -> Result<Self, SettingError> {
        const NAME: &str = "SLUICE_SQS_DLQ_URL";
        let missing = SettingError::Missing(NAME, "the queue's dead-letter queue");
        let url = reader.optional(NAME)?.ok_or(missing)?;
        let missing = SettingError::Missing("SLUICE_SQS_QUEUE_URL", "the queue that the bucket's events arrive in");
        let origin = reader.queue_url()?.ok_or(missing)?;
        if url == origin {
            let why = "it is the queue itself, SLUICE_SQS_QUEUE_URL".to_owned();
            return Err(SettingError::Unusable { name: NAME, why });
        }
        let sdk = SdkClients::load(&reader.text("SLUICE_S3_REGION")?).await;
        let mut config = aws_sdk_sqs::config::Builder::from(&sdk.with_attempt_timeout(Times::default().queue_attempt));
        config.set_endpoint_url(reader.endpoint("SLUICE_SQS_ENDPOINT")?);
        Ok(Self { client: Client::from_conf(config.build()), url: url.into(), origin })
    }

    /// About how many messages there are, taken or not.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn count(&self) -> Result<u64, QueueError> {
        use QueueAttributeName::{ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible};
        let counted = [ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible];
        let request = self.client.get_queue_attributes().queue_url(&*self.url);
        let answer = request.set_attribute_names(Some(counted.to_vec())).send().await;
        let answer = answer.map_err(|error| QueueError::new("count the dead-letter queue's messages", error))?;
        let count = |name| answer.attributes()?.get(name)?.parse::<u64>().ok();
        Ok(counted.iter().filter_map(count).sum())
    }

    /// Takes up to 10 messages; none where there are no more.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn take(&self) -> Result<Vec<DeadLetter>, QueueError> {
        use MessageSystemAttributeName::{ApproximateReceiveCount, SentTimestamp};
        let seconds = |time: Duration| i32::try_from(time.as_secs()).expect("a minute at the most");
        let request = self.client.receive_message().queue_url(&*self.url).message_attribute_names("All");
        let answer = request
            .message_system_attribute_names(ApproximateReceiveCount)
            .message_system_attribute_names(SentTimestamp)
            .max_number_of_messages(i32::try_from(BATCH).expect("10"))
            .visibility_timeout(seconds(HIDDEN))
            .wait_time_seconds(seconds(WAIT))
            .send()
            .await;
        let answer = answer.map_err(|error| QueueError::new("read the dead-letter queue", error))?;
        Ok(answer.messages.unwrap_or_default().into_iter().filter_map(read).collect())
    }

    /// Gives messages back that were taken, so that they can be taken again at once. What is not given back comes by itself.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn give_back(&self, letters: &[DeadLetter]) -> Result<(), QueueError> {
        for some in letters.chunks(BATCH) {
            let receipts = some.iter().map(|letter| (letter.receipt.clone(), Duration::ZERO)).collect();
            change_visibility(self.client.clone(), Arc::clone(&self.url), receipts).await?;
        }
        Ok(())
    }

    /// Moves a message that was taken back to the queue it came from: sends it, and only then deletes it here. Interrupted
    /// in between it is in both, which is harmless: an upload is settled once.
    ///
    /// # Errors
    /// Where one of the two queues does not do its part.
    pub async fn redrive(&self, letter: &DeadLetter) -> Result<(), QueueError> {
        let request = self.client.send_message().queue_url(&self.origin).message_body(&letter.body);
        let sent = request.set_message_attributes(letter.attributes.clone()).send().await;
        sent.map_err(|error| QueueError::new("send a message to the queue", error))?;
        let answer = delete(self.client.clone(), Arc::clone(&self.url), vec![letter.receipt.clone()]).await?;
        let refusals = answer.into_iter().filter_map(Result::err);
        refusals.map(|why| QueueError::new("delete a message that was redriven", why)).next().map_or(Ok(()), Err)
    }

    /// Deletes all messages for good.
    ///
    /// # Errors
    /// Where the queue does not answer, or was purged within the last minute.
    pub async fn purge(&self) -> Result<(), QueueError> {
        let answer = self.client.purge_queue().queue_url(&*self.url).send().await;
        answer.map(drop).map_err(|error| QueueError::new("purge the dead-letter queue", error))
    }
}

fn read(message: aws_sdk_sqs::types::Message) -> Option<DeadLetter> {
    use MessageSystemAttributeName::{ApproximateReceiveCount, SentTimestamp};
    let number = |name| message.attributes()?.get(&name)?.parse::<i64>().ok();
    Some(DeadLetter {
        times: number(ApproximateReceiveCount).and_then(|times| u32::try_from(times).ok()).unwrap_or(1),
        sent_at: number(SentTimestamp).and_then(|millis| Timestamp::from_millisecond(millis).ok()),
        message_id: message.message_id?,
        receipt: message.receipt_handle?,
        body: message.body.unwrap_or_default(),
        attributes: message.message_attributes,
    })
}
