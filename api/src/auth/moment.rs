//! The moment in which something ends that names it by the clock on the wall.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// The moment so many seconds after 1970: now at the earliest, and none where it is too far away to come.
pub(super) fn of_unix_time(seconds: i64) -> Option<Instant> {
    let left = seconds.saturating_sub(Timestamp::now().as_second());
    Instant::now().checked_add(Duration::from_secs(u64::try_from(left).unwrap_or(0)))
}
