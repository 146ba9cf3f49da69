//! The header `Prefer: wait=N` (RFC 7240): how long an answer may be held back.

use std::borrow::Cow;
use std::time::Duration;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromParameter, ParseResult, Type};

use crate::scalars::inline_schema;

/// The longest that an answer is held back, in seconds: below the time after which most proxies give up.
const LONGEST_WAIT: u32 = 30;

/// The preferences of a request, of which only `wait` is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preferences {
    wait: Option<u32>,
}

impl Preferences {
    /// How long the answer may be held back.
    pub fn patience(self) -> Duration {
        Duration::from_secs(self.wait.unwrap_or(0).into())
    }

    /// What to say of it in `Preference-Applied`.
    pub fn applied(self) -> Option<String> {
        self.wait.map(|seconds| format!("wait={seconds}"))
    }

    /// The first `wait` among these preferences; what is not understood is ignored, as the RFC says.
    fn read<'a>(preferences: impl Iterator<Item = &'a str>) -> Self {
        let mut waits = preferences.filter_map(|preference| {
            let (name, value) = preference.split(';').next()?.split_once('=')?;
            let value = value.trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("wait").then_some(value)
        });
        let wait = waits.next().and_then(whole_seconds);
        Self { wait: wait.map(|seconds| seconds.min(LONGEST_WAIT)) }
    }
}

/// A number too long for us is longer than the longest wait as well.
fn whole_seconds(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u32::MAX))
}

// A header that may be left out.
inline_schema!(Preferences, MetaSchema::new("string"), false);

impl ParseFromParameter for Preferences {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self::read(value.split(',')))
    }

    fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(headers: I) -> ParseResult<Self> {
        let headers: Vec<A> = headers.into_iter().collect();
        Ok::<_, ParseError<Self>>(Self::read(headers.iter().flat_map(|header| header.as_ref().split(','))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_found_among_other_preferences_and_held_to_the_longest() {
        for (headers, seconds) in [
            (&["wait=20"][..], Some(20)),
            (&["respond-async, Wait = \"5\"; foo=bar"], Some(5)),
            (&["return=minimal", "wait=7"], Some(7)),
            (&["wait=7, wait=9"], Some(7)),
            (&["wait=0"], Some(0)),
            (&["wait=31"], Some(30)),
            (&["wait=99999999999999999999"], Some(30)),
            (&["wait=-1"], None),
            (&["wait=1.5"], None),
            (&["wait="], None),
            (&["wait"], None),
            (&["", ",", "=;,"], None),
            (&[], None),
        ] {
            let read = Preferences::parse_from_parameters(headers.iter().copied()).expect("never refused");
            assert_eq!(read.wait, seconds, "{headers:?}");
        }
    }
}
