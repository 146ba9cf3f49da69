//! The dead-letter queue, for an operator: what lies there, and the way back.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::operation::purge_queue::PurgeQueueError;
use aws_sdk_sqs::types::{MessageAttributeValue, MessageSystemAttributeName};
use futures_util::future::join_all;
use jiff::Timestamp;

use super::{BATCH, QueueError, Waiting, change_visibility, delete, waiting};
use crate::chain::Chain;
use crate::domain::UploadId;
use crate::envelope;
use crate::settings::{Reader, SettingError};
use crate::storage::SdkClients;

/// For how long a message that was taken is hidden from others: time to walk through the queue, and not for long if the
/// command is interrupted.
const HIDDEN: Duration = Duration::from_mins(1);
/// How long to ask for more. Without any waiting SQS may answer that there is nothing when there is.
const WAIT: Duration = Duration::from_secs(1);
/// The longest one try of a request may take.
const ATTEMPT: Duration = Duration::from_secs(10);

const URL: &str = "SLUICE_SQS_DLQ_URL";

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

/// What moving some messages back came to.
#[derive(Debug)]
pub struct Redriven {
    /// How many were taken.
    pub taken: usize,
    /// How many were moved.
    pub moved: usize,
    /// Why one of the others was not. They are given back.
    pub failure: Option<QueueError>,
}

/// Whether the messages are being deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Purge {
    /// All that are there now.
    Begun,
    /// Those that were there when somebody else began, less than a minute ago. SQS takes no second purge meanwhile.
    UnderWay,
}

impl DeadLetter {
    /// What it speaks of, or why nobody can tell.
    pub fn says(&self) -> String {
        envelope::says(&self.body)
    }

    /// The upload that it speaks of, if that can be told.
    pub fn upload(&self) -> Option<UploadId> {
        envelope::first_upload(&self.body)
    }
}

/// A dead-letter queue and the queue that its messages come from.
pub struct DeadLetters {
    client: Client,
    url: Arc<str>,
    origin: String,
}

/// Which queues they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    url: String,
    origin: String,
    endpoint: Option<String>,
    region: String,
}

impl Places {
    /// Reads which queues they are, of which both must be set.
    ///
    /// # Errors
    /// A sentence naming the setting that is missing or not usable.
    pub fn read(reader: &Reader<'_>) -> Result<Self, SettingError> {
        let url = reader.optional(URL)?.ok_or(SettingError::Missing(URL, "the queue's dead-letter queue"))?;
        let missing = SettingError::Missing("SLUICE_SQS_QUEUE_URL", "the queue that the bucket's events arrive in");
        let origin = reader.queue_url()?.ok_or(missing)?;
        if url == origin {
            let why = "it is the queue itself, SLUICE_SQS_QUEUE_URL".to_owned();
            return Err(SettingError::Unusable { name: URL, why });
        }
        let endpoint = reader.endpoint("SLUICE_SQS_ENDPOINT")?;
        Ok(Self { url, origin, endpoint, region: reader.text("SLUICE_S3_REGION")? })
    }

    /// The same, if a dead-letter queue is set.
    ///
    /// # Errors
    /// A sentence naming the setting that is missing beside it, or not usable.
    pub fn read_if_set(reader: &Reader<'_>) -> Result<Option<Self>, SettingError> {
        reader.optional(URL)?.map(|_| Self::read(reader)).transpose()
    }
}

impl DeadLetters {
    /// A client of these queues.
    pub async fn open(places: Places) -> Self {
        let sdk = SdkClients::load(&places.region).await;
        let mut config = aws_sdk_sqs::config::Builder::from(&sdk.with_attempt_timeout(ATTEMPT));
        config.set_endpoint_url(places.endpoint);
        Self { client: Client::from_conf(config.build()), url: places.url.into(), origin: places.origin }
    }

    /// About how many messages there are, and how many of them somebody has taken.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn held(&self) -> Result<Waiting, QueueError> {
        waiting(&self.client, &self.url).await
    }

    /// About how many messages there are, taken or not.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn count(&self) -> Result<u64, QueueError> {
        let Waiting { visible, in_flight } = self.held().await?;
        Ok(visible + in_flight)
    }

    /// About how many messages the queue holds that they come from.
    ///
    /// # Errors
    /// Where that queue does not answer.
    pub async fn waiting_in_queue(&self) -> Result<Waiting, QueueError> {
        waiting(&self.client, &self.origin).await
    }

    /// Takes messages until `enough` of those before and those just taken, each once. They stay hidden until they are given
    /// back, or for a minute.
    ///
    /// # Errors
    /// Where the queue does not answer. What was taken by then is given back.
    pub async fn walk(
        &self,
        enough: impl Fn(&[DeadLetter], &[DeadLetter]) -> bool,
        mut come: impl FnMut(usize),
    ) -> Result<Vec<DeadLetter>, QueueError> {
        let (mut walk, mut seen) = (Vec::new(), HashSet::new());
        loop {
            let taken = match self.take().await {
                Ok(taken) => taken,
                Err(error) => {
                    self.give_back(&walk).await;
                    return Err(error);
                }
            };
            // Only known ones: so long a walk has come round to where it began.
            let fresh: Vec<_> = taken.into_iter().filter(|letter| seen.insert(letter.message_id.clone())).collect();
            if fresh.is_empty() || enough(&walk, &fresh) {
                walk.extend(fresh);
                return Ok(walk);
            }
            walk.extend(fresh);
            come(walk.len());
        }
    }

    /// Takes the message of this id, looking at up to `most`. What was taken beside it is given back.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn find(&self, id: &str, most: usize) -> Result<Option<DeadLetter>, QueueError> {
        let is_it = |letter: &DeadLetter| letter.message_id == id;
        let mut walk = self.walk(|walk, fresh| walk.len() >= most || fresh.iter().any(is_it), |_| {}).await?;
        let found = walk.iter().position(is_it).map(|place| walk.swap_remove(place));
        self.give_back(&walk).await;
        Ok(found)
    }

    /// Takes up to 10 messages and moves them back.
    ///
    /// # Errors
    /// Where the dead-letter queue does not answer. Then none is taken.
    pub async fn redrive_some(&self) -> Result<Redriven, QueueError> {
        Ok(self.redrive(self.take().await?).await)
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

    /// Gives messages back that were taken, so that they can be taken again at once. What can't be given back comes by itself
    /// when a minute is over.
    pub async fn give_back(&self, letters: &[DeadLetter]) {
        for some in letters.chunks(BATCH) {
            let receipts = some.iter().map(|letter| (letter.receipt.clone(), Duration::ZERO)).collect();
            if let Err(error) = change_visibility(self.client.clone(), Arc::clone(&self.url), receipts).await {
                tracing::warn!(error = %Chain(&error), "could not give dead letters back; they come again in a minute");
                return;
            }
        }
    }

    /// Moves messages that were taken back to the queue they came from, and gives those back that can't be moved.
    pub async fn redrive(&self, letters: Vec<DeadLetter>) -> Redriven {
        let results = join_all(letters.iter().map(|letter| self.redrive_one(letter))).await;
        let (taken, mut failure, mut left) = (letters.len(), None, Vec::new());
        for (letter, result) in letters.into_iter().zip(results) {
            if let Err(error) = result {
                failure.get_or_insert(error);
                left.push(letter);
            }
        }
        self.give_back(&left).await;
        Redriven { taken, moved: taken - left.len(), failure }
    }

    /// Sends it, and only then deletes it here. Interrupted in between it is in both, which is harmless: an upload is settled
    /// once.
    async fn redrive_one(&self, letter: &DeadLetter) -> Result<(), QueueError> {
        let request = self.client.send_message().queue_url(&self.origin).message_body(&letter.body);
        let sent = request.set_message_attributes(letter.attributes.clone()).send().await;
        sent.map_err(|error| QueueError::new("send a message to the queue", error))?;
        self.delete(letter).await
    }

    /// Deletes a message that was taken for good.
    ///
    /// # Errors
    /// Where the queue does not do its part.
    pub async fn delete(&self, letter: &DeadLetter) -> Result<(), QueueError> {
        let answer = delete(self.client.clone(), Arc::clone(&self.url), vec![letter.receipt.clone()]).await?;
        let refusals = answer.into_iter().filter_map(Result::err);
        refusals.map(|why| QueueError::new("delete a dead letter", why)).next().map_or(Ok(()), Err)
    }

    /// Deletes all messages for good.
    ///
    /// # Errors
    /// Where the queue does not answer.
    pub async fn purge(&self) -> Result<Purge, QueueError> {
        match self.client.purge_queue().queue_url(&*self.url).send().await {
            Ok(_) => Ok(Purge::Begun),
            Err(error) if error.as_service_error().is_some_and(PurgeQueueError::is_purge_queue_in_progress) => {
                Ok(Purge::UnderWay)
            }
            Err(error) => Err(QueueError::new("purge the dead-letter queue", error)),
        }
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
