//! What time it is for the fake: real time, and whatever a test has put on top.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

/// The clock of a fake. Visibility timeouts, delays, retention and long polls go by it. Cheap to clone.
///
/// Signatures don't: their dates come from clients, who know only the real time. [`FakeAws::expire_url`] makes a URL old.
///
/// [`FakeAws::expire_url`]: super::FakeAws::expire_url
#[derive(Debug, Clone)]
pub struct Clock {
    began: (Timestamp, Instant),
    ahead: watch::Sender<Duration>,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { began: (Timestamp::now(), Instant::now()), ahead: watch::Sender::new(Duration::ZERO) }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.began.0 + self.began.1.elapsed() + *self.ahead.borrow()
    }

    /// Lets time pass at once. Whoever waits for a moment that this skips goes on.
    pub fn advance(&self, by: Duration) {
        self.ahead.send_modify(|ahead| *ahead += by);
    }

    /// Waits until that much time has passed.
    pub(super) async fn sleep(&self, time: Duration) {
        self.sleep_until(self.now() + time).await;
    }

    /// Waits until it is that late.
    pub(super) async fn sleep_until(&self, moment: Timestamp) {
        let mut ahead = self.ahead.subscribe();
        while let Ok(left) = Duration::try_from(moment.duration_since(self.now()))
            && !left.is_zero()
        {
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                _ = ahead.changed() => {}
            }
        }
    }
}
