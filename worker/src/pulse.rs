//! Whether the worker is at work: when the queue last answered, and how much it has handed out.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// When the queue last answered, and what.
#[derive(Debug, Default)]
pub struct Pulse {
    last_poll: Mutex<Option<Instant>>,
    received: AtomicU64,
}

impl Pulse {
    /// Notes that the queue answered just now, with this many messages.
    pub fn polled(&self, messages: usize) {
        *self.last_poll.lock().expect("no holder of the lock panics") = Some(Instant::now());
        self.received.fetch_add(messages as u64, Ordering::Relaxed);
    }

    /// How many messages the queue has handed to this worker.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Whether the queue answered in this time, and if not, a sentence saying so.
    ///
    /// # Errors
    /// The sentence.
    pub fn check(&self, silence: Duration) -> Result<(), &'static str> {
        match *self.last_poll.lock().expect("no holder of the lock panics") {
            None => Err("the queue has not answered yet"),
            Some(last) if last.elapsed() > silence => Err("the queue has not answered for too long"),
            Some(_) => Ok(()),
        }
    }
}
