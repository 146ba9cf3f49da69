//! Queues on SQS, as far as the worker and the API both ask them.

pub mod dead_letters;
mod requests;

pub use requests::{BATCH, Entry, QueueError, Refusal, Waiting, change_visibility, delete, number, waiting};
