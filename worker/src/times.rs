//! How long a worker waits for what.

use std::time::Duration;

/// How long a worker waits for what. The times hang together, so they are no settings; tests have less patience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    /// The longest one try of a request to the bucket may take, and reading an object's head after it.
    pub store_attempt: Duration,
    /// The longest a copy inside the bucket may take: the store answers when it is done, and an object can have 5 GiB.
    pub store_copy: Duration,
    /// The longest one try of a request to the queue may take: one that hangs must not be waited for for ever.
    pub queue_attempt: Duration,
    /// How long an empty queue is asked before it answers that it is empty. Stopping waits for this answer, so it is less
    /// than the 20 s that SQS allows.
    pub long_poll: Duration,
    /// While a delivery is worked on for longer than this, the queue is told to keep hiding its message.
    pub still_at_it: Duration,
    /// For how long it hides it then: the queue's own visibility timeout.
    pub hidden: Duration,
    /// The longest that one delivery may be worked on. What hangs for longer is left to come again.
    pub at_most: Duration,
    /// The age of the queue's last answer from which on the worker does not count as ready.
    pub silence: Duration,
    /// How often the queue is asked what it holds.
    pub backlog: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            store_attempt: Duration::from_secs(6),
            store_copy: Duration::from_mins(5),
            queue_attempt: Duration::from_secs(10),
            long_poll: Duration::from_secs(5),
            still_at_it: Duration::from_secs(30),
            hidden: Duration::from_mins(1),
            at_most: Duration::from_mins(10),
            silence: Duration::from_mins(1),
            backlog: Duration::from_mins(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E3.
    #[test]
    fn a_bucket_that_hangs_is_given_up_long_before_its_message_comes_again() {
        let times = Times::default();
        assert!(3 * times.store_attempt <= times.hidden / 3);
    }

    /// E11.
    #[test]
    fn an_empty_poll_answers_before_it_counts_as_hanging() {
        let times = Times::default();
        assert!(times.long_poll * 2 <= times.queue_attempt && times.long_poll * 2 <= times.silence);
    }

    #[test]
    fn a_slow_message_is_hidden_anew_before_it_comes_again() {
        // It is looked at every half of that time, and one failed call may be made up for.
        let times = Times::default();
        assert!(times.still_at_it + times.still_at_it / 2 < times.hidden);
    }
}
