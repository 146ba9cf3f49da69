//! The queue: messages handed to us, and our answers to it.

pub mod advice;
mod sqs;

use std::time::Duration;

use jiff::Timestamp;

pub(crate) use sluice_common::queue::BATCH;
pub use sluice_common::queue::QueueError;
pub use sluice_common::queue::Waiting;
pub use sqs::{Manners, Queue};

/// One handing-out of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The message's id: the same each time it is handed out.
    pub message_id: String,
    /// What answers this handing-out.
    pub receipt: String,
    /// What the message says.
    pub body: String,
    /// How often it has been handed out, this time included.
    pub times: u32,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
}

/// What we tell the queue about a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Answer {
    /// All that it speaks of is settled: it can go.
    Done,
    /// It could not be settled now: hand it out again after this time.
    Later(Duration),
    /// It can never be settled, for this reason: keep it for an operator, then let it go.
    Never(String),
}
