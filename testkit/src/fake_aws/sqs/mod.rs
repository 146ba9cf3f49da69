//! The fake SQS: its queues by name, and which function answers which operation.

mod attributes;
mod messages;
mod moves;
mod queue;
mod receipt;
mod wire;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http::{Response, StatusCode};
use jiff::Timestamp;
use s3s::Body;
use serde_json::Value;
use tokio::sync::Notify;

use self::moves::MoveTask;
use self::queue::{Message, Queue, Redrive};
use self::wire::SqsError;
use super::{Clock, Op};

pub use self::queue::Held;
pub use self::receipt::StaleReceipts;

/// The account that owns everything.
pub(super) const ACCOUNT: &str = "000000000000";
pub(super) const REGION: &str = "us-east-1";

/// Entries of a batch that are to fail.
#[derive(Debug, Clone, Copy)]
pub(super) struct FailEntries {
    pub(super) entries: usize,
    pub(super) code: &'static str,
}

/// All queues. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Sqs {
    endpoint: Arc<str>,
    clock: Clock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    queues: HashMap<String, QueueHandle>,
    stale: StaleReceipts,
    moves: Vec<MoveTask>,
}

/// A queue, and what tells those who wait that something came.
#[derive(Debug, Clone, Default)]
struct QueueHandle {
    queue: Arc<Mutex<Queue>>,
    changed: Arc<Notify>,
}

impl QueueHandle {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().expect("no holder of the lock panics")
    }

    fn put(&self, message: Message, delay: Duration, now: Timestamp) {
        self.lock().put(message, delay, now);
        self.changed.notify_waiters();
    }
}

impl Sqs {
    pub(super) fn new(endpoint: &str, clock: Clock) -> Self {
        Self { endpoint: endpoint.into(), clock, state: Arc::default() }
    }

    /// An error as SQS words it.
    pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response<Body> {
        wire::error(status, code, message)
    }

    /// Carries an operation out.
    pub(super) async fn call(&self, op: Op, input: &Value, failing: Option<FailEntries>) -> Response<Body> {
        let output = match op {
            Op::ReceiveMessage => self.receive_message(input).await,
            Op::SendMessage => self.send_message(input),
            Op::SendMessageBatch => self.batch(input, failing, |entry| self.send_message(entry)),
            Op::DeleteMessage => self.delete_message(input),
            Op::DeleteMessageBatch => self.batch(input, failing, |entry| self.delete_message(entry)),
            Op::ChangeMessageVisibility => self.change_visibility(input),
            Op::ChangeMessageVisibilityBatch => self.batch(input, failing, |entry| self.change_visibility(entry)),
            Op::CreateQueue => self.create_queue(input),
            Op::GetQueueAttributes => self.get_attributes(input),
            Op::SetQueueAttributes => self.set_attributes(input),
            Op::GetQueueUrl => self.get_url(input),
            Op::PurgeQueue => self.purge_queue(input),
            Op::ListDeadLetterSourceQueues => self.list_sources(input),
            Op::StartMessageMoveTask => self.start_move(input),
            Op::ListMessageMoveTasks => self.list_moves(input),
            _ => Err(SqsError::new("UnsupportedOperation", "The fake does not know this operation.")),
        };
        match output {
            Ok(output) => wire::ok(&output),
            Err(error) => wire::error(StatusCode::BAD_REQUEST, error.code, &error.message),
        }
    }

    /// Makes a queue with these attributes, in SQS's own names.
    pub(super) fn create(&self, name: &str, attributes: &[(&str, &str)]) {
        let attributes: serde_json::Map<_, _> =
            attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let input = serde_json::json!({"QueueName": name, "Attributes": attributes});
        self.create_queue(&input).expect("the test gives valid attributes");
    }

    /// Puts a message into the queue of this name, if there is one.
    pub(super) fn send(&self, name: &str, body: &str, delay: Duration) {
        if let Ok(queue) = self.find(name) {
            let now = self.clock.now();
            queue.put(Message::new(body.into(), now), delay, now);
        }
    }

    pub(super) fn held(&self, name: &str) -> Held {
        self.find(name).map(|queue| queue.lock().held(self.clock.now())).unwrap_or_default()
    }

    pub(super) fn has_in_hand(&self, name: &str, for_less_than: Duration) -> bool {
        let since = self.clock.now() - for_less_than;
        self.find(name).is_ok_and(|queue| queue.lock().has_in_hand(since))
    }

    pub(super) fn bodies(&self, name: &str) -> Vec<Arc<str>> {
        self.find(name).map(|queue| queue.lock().bodies()).unwrap_or_default()
    }

    pub(super) fn cap_in_flight(&self, name: &str, cap: Option<usize>) {
        if let Ok(queue) = self.find(name) {
            queue.lock().in_flight_cap = cap;
            queue.changed.notify_waiters();
        }
    }

    pub(super) fn set_stale(&self, stale: StaleReceipts) {
        self.lock().stale = stale;
    }

    /// The name of the queue that a request is about, or nothing.
    pub(super) fn queue_name(input: &Value) -> &str {
        let field = ["QueueUrl", "QueueName", "SourceArn"].into_iter().find_map(|field| input.get(field)?.as_str());
        field.unwrap_or_default().rsplit(['/', ':']).next().unwrap_or_default()
    }

    pub(super) fn url(&self, name: &str) -> String {
        format!("{}/queue/{REGION}/{ACCOUNT}/{name}", self.endpoint)
    }

    fn find(&self, name: &str) -> Result<QueueHandle, SqsError> {
        let missing =
            || SqsError::new("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.");
        self.lock().queues.get(name).cloned().ok_or_else(missing)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of the lock panics")
    }
}

/// The ARN of a queue.
pub(super) fn arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}
