//! How long a connection's client has been silent, or has been sending one request's head, or has not been reading.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

/// How long clients may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a request's line and headers, from its first byte on.
    pub head: Duration,
    /// Between two requests; and for reading what was sent.
    pub idle: Duration,
}

/// What is known of one connection.
pub struct Pulse(Mutex<Beat>);

/// A request that is being served, until its answer was handed over.
pub struct Begun(Arc<Pulse>);

#[derive(Debug)]
struct Beat {
    in_hand: usize,
    /// When the last request ended, or the client last took what it had been slow to take.
    quiet_since: Instant,
    /// When a head began to come that is not complete.
    head_since: Option<Instant>,
    /// Since when the client has taken nothing of what is to be sent.
    stuck_since: Option<Instant>,
    /// Its frames may also come between requests, and its heads are held to the time between requests.
    is_http2: bool,
}

impl Pulse {
    /// Of a connection that begins now.
    pub fn new() -> Self {
        let quiet_since = Instant::now();
        Self(Mutex::new(Beat { in_hand: 0, quiet_since, head_since: None, stuck_since: None, is_http2: false }))
    }

    /// A request has come.
    pub fn begin(self: &Arc<Self>) -> Begun {
        let mut beat = self.lock();
        beat.in_hand += 1;
        beat.head_since = None;
        Begun(Arc::clone(self))
    }

    /// These bytes have come.
    pub fn has_read(&self, bytes: &[u8]) {
        let mut beat = self.lock();
        // As every HTTP/2 connection begins, and no request does.
        beat.is_http2 |= bytes.starts_with(b"PRI * HTTP/2");
        if beat.in_hand == 0 && !beat.is_http2 && !bytes.is_empty() {
            beat.head_since.get_or_insert_with(Instant::now);
        }
    }

    /// The client has taken something of what is to be sent, or has not.
    pub fn has_written(&self, something: bool) {
        let mut beat = self.lock();
        if !something {
            beat.stuck_since.get_or_insert_with(Instant::now);
        } else if beat.stuck_since.take().is_some() {
            // The end of an answer may be on its way long after its request has ended.
            beat.quiet_since = Instant::now();
        }
    }

    /// Ends when the client has been too slow: within a quarter of the time that it has for a head.
    pub async fn too_slow(&self, patience: Patience) {
        let mut ticks = tokio::time::interval(patience.head / 4);
        while !self.lock().is_too_slow(Instant::now(), patience) {
            ticks.tick().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Beat> {
        self.0.lock().expect("no holder of the lock panics")
    }
}

impl Beat {
    fn is_too_slow(&self, now: Instant, patience: Patience) -> bool {
        let is_over = |since: Instant, time: Duration| now.duration_since(since) >= time;
        let is_stuck = self.stuck_since.is_some_and(|since| is_over(since, patience.idle));
        let has_half_a_head = self.head_since.is_some_and(|since| is_over(since, patience.head));
        is_stuck || (self.in_hand == 0 && (has_half_a_head || is_over(self.quiet_since, patience.idle)))
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let mut beat = self.0.lock();
        beat.in_hand -= 1;
        beat.quiet_since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { head: Duration::from_secs(10), idle: Duration::from_secs(60) };

    async fn lasts(pulse: &Pulse) -> u64 {
        let began = Instant::now();
        pulse.too_slow(PATIENCE).await;
        began.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_less_time_than_silence_however_it_trickles() {
        let pulse = Arc::new(Pulse::new());
        assert!((60..63).contains(&lasts(&pulse).await));
        let pulse = Arc::new(Pulse::new());
        pulse.has_read(b"GET /");
        tokio::time::advance(Duration::from_secs(9)).await;
        pulse.has_read(b"h");
        assert!(lasts(&pulse).await < 4);
    }

    #[tokio::test(start_paused = true)]
    async fn while_a_request_is_served_only_what_is_not_read_counts() {
        let pulse = Arc::new(Pulse::new());
        pulse.has_read(b"GET / HTTP/1.1\r\n\r\n");
        let begun = pulse.begin();
        let waits = tokio::time::timeout(Duration::from_secs(1000), pulse.too_slow(PATIENCE));
        assert!(waits.await.is_err());
        pulse.has_written(false);
        assert!((60..63).contains(&lasts(&pulse).await));
        pulse.has_written(true);
        drop(begun);
        assert!((60..63).contains(&lasts(&pulse).await));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_reads_the_end_of_an_answer_slowly_is_not_silent() {
        let pulse = Arc::new(Pulse::new());
        for _ in 0..10 {
            pulse.has_written(false);
            tokio::time::advance(Duration::from_secs(50)).await;
            pulse.has_written(true);
        }
        assert!((60..63).contains(&lasts(&pulse).await));
        // Whoever takes all at once, such as answers to its pings, has taken nothing slowly.
        tokio::time::advance(Duration::from_secs(1)).await;
        pulse.has_written(true);
        assert_eq!(lasts(&pulse).await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_http2_says_between_requests_is_no_head() {
        let pulse = Arc::new(Pulse::new());
        pulse.has_read(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        pulse.has_read(b"a ping");
        assert!((60..63).contains(&lasts(&pulse).await));
    }
}
