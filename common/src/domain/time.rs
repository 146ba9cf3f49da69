//! How a length of time is written, in policies and in commands.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// Reads a length of time: `10m`, `1h 30m`, `7 days`. A day has 24 hours.
///
/// # Errors
/// What is wrong with it, to be read behind the name of what it was given for.
pub fn length_of_time(text: &str) -> Result<Duration, String> {
    let span = text.parse::<Span>().and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    let time = span.ok().and_then(|time| Duration::try_from(time).ok());
    let time = time.ok_or_else(|| format!("'{text}' is no time like '10m', '1h 30m' or '7 days'"))?;
    if time.is_zero() { Err("it must be longer than nothing".to_owned()) } else { Ok(time) }
}
