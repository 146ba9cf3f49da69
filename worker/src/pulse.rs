//! Whether the worker is at work: when the queue last answered, what it has handed out and what it holds.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::SignedDuration;

use crate::queue::Waiting;

/// When the queue last answered, and what.
#[derive(Debug, Default)]
pub struct Pulse {
    last_poll: Mutex<Option<Instant>>,
    received: AtomicU64,
    oldest_ms: Mutex<Option<i64>>,
    last_taken: Mutex<Option<Instant>>,
    waiting: Mutex<Option<(Waiting, Instant)>>,
    waiting_since: Mutex<Option<Instant>>,
}

impl Pulse {
    /// Notes that the queue answered just now, with this many messages, of which the oldest had waited this long.
    pub fn polled(&self, messages: usize, oldest: Option<SignedDuration>) {
        if let Some(waited) = oldest {
            let waited = i64::try_from(waited.as_millis()).unwrap_or(i64::MAX).max(0);
            let mut oldest = self.oldest_ms.lock().expect("no holder of the lock panics");
            *oldest = (*oldest).max(Some(waited));
        }
        let now = Some(Instant::now());
        *self.last_poll.lock().expect("no holder of the lock panics") = now;
        if messages > 0 {
            *self.last_taken.lock().expect("no holder of the lock panics") = now;
        }
        self.received.fetch_add(messages as u64, Ordering::Relaxed);
    }

    /// How many messages the queue has handed to this worker.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// How long the oldest message had waited that came since this was asked before, in milliseconds.
    pub fn take_oldest_ms(&self) -> Option<i64> {
        self.oldest_ms.lock().expect("no holder of the lock panics").take()
    }

    /// How long ago the queue last answered.
    pub fn last_poll(&self) -> Option<Duration> {
        self.last_poll.lock().expect("no holder of the lock panics").map(|last| last.elapsed())
    }

    /// How long ago it last handed out a message.
    pub fn last_taken(&self) -> Option<Duration> {
        self.last_taken.lock().expect("no holder of the lock panics").map(|last| last.elapsed())
    }

    /// Notes what the queue says just now that it holds.
    pub fn holds(&self, waiting: Waiting) {
        let now = Instant::now();
        *self.waiting.lock().expect("no holder of the lock panics") = Some((waiting, now));
        let mut since = self.waiting_since.lock().expect("no holder of the lock panics");
        *since = (waiting.visible > 0).then(|| since.unwrap_or(now));
    }

    /// For how long it has said that messages wait, each time that it was asked.
    pub fn has_waited(&self) -> Option<Duration> {
        self.waiting_since.lock().expect("no holder of the lock panics").map(|since| since.elapsed())
    }

    /// What the queue last said that it holds, and how long ago.
    pub fn held(&self) -> Option<(Waiting, Duration)> {
        self.waiting.lock().expect("no holder of the lock panics").map(|(waiting, at)| (waiting, at.elapsed()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_wait_since_the_queue_began_to_say_so() {
        let pulse = Pulse::default();
        let holds = |visible| pulse.holds(Waiting { visible, in_flight: 1 });
        assert_eq!(pulse.has_waited(), None);
        holds(2);
        let first = pulse.has_waited().expect("they wait");
        holds(1);
        assert!(pulse.has_waited().expect("they still wait") >= first);
        holds(0);
        assert_eq!(pulse.has_waited(), None);
    }

    #[test]
    fn only_what_was_taken_counts_as_taken() {
        let pulse = Pulse::default();
        pulse.polled(0, None);
        assert_eq!((pulse.last_taken(), pulse.last_poll().is_some()), (None, true));
        pulse.polled(1, Some(SignedDuration::from_secs(1)));
        assert!(pulse.last_taken().is_some());
    }
}
