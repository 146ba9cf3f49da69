//! Whether the worker is at work: when the queue last answered.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The age of the last answer of the queue from which on the worker does not count as ready.
const TOO_OLD: Duration = Duration::from_mins(1);

/// When the queue last answered.
#[derive(Debug, Default)]
pub struct Pulse {
    last_poll: Mutex<Option<Instant>>,
}

impl Pulse {
    /// Notes that the queue answered just now.
    pub fn polled(&self) {
        *self.last_poll.lock().expect("no holder of the lock panics") = Some(Instant::now());
    }

    /// Whether the queue answered lately, and if not, a sentence saying so.
    ///
    /// # Errors
    /// The sentence.
    pub fn check(&self) -> Result<(), &'static str> {
        match *self.last_poll.lock().expect("no holder of the lock panics") {
            None => Err("the queue has not answered yet"),
            Some(last) if last.elapsed() > TOO_OLD => Err("the queue has not answered for a minute"),
            Some(_) => Ok(()),
        }
    }
}
