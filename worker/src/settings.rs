//! What a worker is told by its environment.

use std::time::Duration;

use sluice_common::domain::Policies;
use sluice_common::settings::{Reader, SettingError};
use sluice_common::storage::Location;

use crate::concurrency::Concurrency;
use crate::times::Times;

/// A worker's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Postgres.
    pub database_url: String,
    /// The most connections to it.
    pub database_connections: usize,
    /// The bucket.
    pub bucket: Location,
    /// The queue that its events arrive in, if it sends any.
    pub queue_url: Option<String>,
    /// The queue's address, where it is not Amazon's.
    pub queue_endpoint: Option<String>,
    /// The policies.
    pub policies: Policies,
    /// How many messages are in hand at the most.
    pub concurrency: Concurrency,
    /// How long a stopping worker may finish what is in hand.
    pub grace: Duration,
    /// How long after a round through the bucket the next one begins.
    pub reconcile_every: Duration,
    /// How old an object that no upload owns must be before it is deleted.
    pub stray_grace: Duration,
    /// For how long the lines of the timeline are kept, if not for ever.
    pub timeline_retention: Option<Duration>,
    /// How long it waits for what.
    pub times: Times,
}

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// A sentence naming the setting that is missing or not usable.
    pub fn read(reader: &Reader) -> Result<Self, SettingError> {
        let positive = |name: &'static str| match reader.parsed::<u16>(name)? {
            0 => Err(SettingError::Unusable { name, why: "it must be at least 1".to_owned() }),
            number => Ok(u32::from(number)),
        };
        Ok(Self {
            database_url: reader.text("SLUICE_DATABASE_URL")?,
            database_connections: positive("SLUICE_DATABASE_CONNECTIONS")? as usize,
            bucket: reader.bucket()?,
            queue_url: reader.queue_url()?,
            queue_endpoint: reader.endpoint("SLUICE_SQS_ENDPOINT")?,
            policies: reader.policies()?,
            concurrency: Concurrency::new(
                positive("SLUICE_WORKER_CONCURRENCY_LEAST")?,
                positive("SLUICE_WORKER_CONCURRENCY")?,
            ),
            grace: reader.seconds("SLUICE_WORKER_GRACE")?,
            reconcile_every: reader.seconds("SLUICE_RECONCILE_EVERY")?,
            stray_grace: reader.seconds("SLUICE_STRAY_GRACE")?,
            timeline_retention: timeline_retention(reader)?,
            times: Times::default(),
        })
    }
}

/// Whoever follows the feed may have been away for some days, and goes on behind the line that came last.
fn timeline_retention(reader: &Reader<'_>) -> Result<Option<Duration>, SettingError> {
    const NAME: &str = "SLUICE_TIMELINE_RETENTION";
    if reader.optional(NAME)?.is_none() {
        return Ok(None);
    }
    match reader.parsed::<u16>(NAME)? {
        0..7 => Err(SettingError::Unusable { name: NAME, why: "it must be at least 7 days".to_owned() }),
        days => Ok(Some(Duration::from_hours(24 * u64::from(days)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timeline_is_kept_for_ever_or_for_a_week_at_least() {
        let read = |value: &'static str| timeline_retention(&Reader::new(&|_: &str| Some(value.to_owned())));
        assert_eq!(read("").expect("may be left out"), None);
        assert_eq!(read("90").expect("days"), Some(Duration::from_hours(24 * 90)));
        assert!(read("6").expect_err("too short").to_string().contains("at least 7 days"));
        assert!(read("a year").is_err());
    }
}
