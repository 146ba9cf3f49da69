//! The simple values of the wire that have a format or bounds of their own.

use std::borrow::Cow;
use std::num::IntErrorKind;

use jiff::Timestamp;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use serde_json::Value;
use sluice_common::domain::{Tenant, UploadId, UploadStatus};

use crate::request::concerns;

/// What the derive macros of the framework would write for a type that is described by one inline schema.
macro_rules! inline_schema {
    ($name:ident, $schema:expr) => {
        inline_schema!($name, $schema, true);
    };
    ($name:ident, $schema:expr, $is_required:literal) => {
        impl Type for $name {
            const IS_REQUIRED: bool = $is_required;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Inline(Box::new($schema))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }
    };
}

pub(crate) use inline_schema;

/// A text that the document describes more closely. The framework's own would take numbers and truth values too. In a body
/// the domain checks it and says what is wrong; a parameter that goes to the database as it is has to fit.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $schema:expr) => {
        text!($(#[$doc])* $name, $schema, |_| true);
    };
    ($(#[$doc:meta])* $name:ident, $schema:expr, $fits:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(pub String);

        inline_schema!($name, $schema);

        impl ParseFromJSON for $name {
            fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
                match value.unwrap_or_default() {
                    Value::String(text) => Ok(Self(text)),
                    other => Err(ParseError::expected_type(other)),
                }
            }
        }

        impl ParseFromParameter for $name {
            fn parse_from_parameter(value: &str) -> ParseResult<Self> {
                let fits: fn(&str) -> bool = $fits;
                if fits(value) { Ok(Self(value.to_owned())) } else { Err(ParseError::custom("it is not written like the documentation says")) }
            }
        }

        impl ToJSON for $name {
            fn to_json(&self) -> Option<Value> {
                self.0.to_json()
            }
        }
    };
}

fn string() -> MetaSchema {
    MetaSchema::new("string")
}

text!(
    /// Any text.
    Text,
    string()
);
text!(
    /// The id of an upload.
    UploadIdText,
    MetaSchema::new_with_format("string", "uuid")
);
impl UploadIdText {
    /// The id, if it is one. From here on the log knows which upload the request concerns.
    pub fn read(&self) -> Option<UploadId> {
        UploadId::parse(&self.0).inspect(|id| concerns(*id))
    }
}

text!(
    /// A file's name.
    FileNameText,
    MetaSchema { min_length: Some(1), max_length: Some(sluice_common::domain::FileName::MAX_CHARS), ..string() }
);
text!(
    /// A content type.
    ContentTypeText,
    MetaSchema { min_length: Some(3), max_length: Some(sluice_common::domain::ContentType::MAX_LENGTH), ..string() }
);
text!(
    /// A SHA-256 checksum in hexadecimal digits.
    Sha256Text,
    MetaSchema { pattern: Some("^[0-9a-fA-F]{64}$".to_owned()), ..string() }
);
text!(
    /// The name of a policy.
    PolicyName,
    MetaSchema { pattern: Some("^[a-z0-9-]{1,40}$".to_owned()), ..string() },
    |name| (1..=40).contains(&name.len()) && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
);
text!(
    /// The name of a tenant.
    TenantName,
    MetaSchema { pattern: Some("^[a-z0-9-]{1,40}$".to_owned()), ..string() },
    |name| Tenant::parse(name).is_ok()
);
text!(
    /// Some statuses of uploads, with commas between.
    StatusList,
    MetaSchema { pattern: Some("^[a-z]+(,[a-z]+)*$".to_owned()), ..string() },
    |list| list.split(',').all(|name| UploadStatus::parse(name).is_some())
);
impl StatusList {
    /// The statuses, as they are listed.
    pub fn statuses(&self) -> impl Iterator<Item = UploadStatus> + '_ {
        self.0.split(',').filter_map(UploadStatus::parse)
    }
}

text!(
    /// The URL of a page.
    RedirectText,
    MetaSchema {
        max_length: Some(sluice_common::domain::RedirectUrl::MAX_LENGTH),
        ..MetaSchema::new_with_format("string", "uri")
    }
);
text!(
    /// A URL.
    Url,
    MetaSchema::new_with_format("string", "uri")
);

/// The size of an object that was seen, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub i64);

inline_schema!(Size, MetaSchema { minimum: Some(0.0), ..MetaSchema::new_with_format("integer", "int64") });

/// The size of a file that is declared, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeclaredSize(pub i64);

inline_schema!(DeclaredSize, MetaSchema { minimum: Some(1.0), ..MetaSchema::new_with_format("integer", "int64") });

impl ParseFromJSON for Size {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        i64::parse_from_json(value).map(Self).map_err(ParseError::propagate)
    }
}

impl ParseFromJSON for DeclaredSize {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        i64::parse_from_json(value).map(Self).map_err(ParseError::propagate)
    }
}

impl ToJSON for Size {
    fn to_json(&self) -> Option<Value> {
        self.0.to_json()
    }
}

impl ToJSON for DeclaredSize {
    fn to_json(&self) -> Option<Value> {
        self.0.to_json()
    }
}

/// How many entries a page is to have. There is a page for however many are asked for, but for less than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub i64);

inline_schema!(Limit, MetaSchema { minimum: Some(1.0), ..MetaSchema::new_with_format("integer", "int64") });

impl ParseFromParameter for Limit {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        let number = match value.parse::<i64>() {
            Ok(number) => number,
            Err(error) if *error.kind() == IntErrorKind::PosOverflow => i64::MAX,
            Err(error) if *error.kind() == IntErrorKind::NegOverflow => i64::MIN,
            Err(_) => return Err(ParseError::custom("it must be a whole number")),
        };
        if number >= 1 { Ok(Self(number)) } else { Err(ParseError::custom("it must be at least 1")) }
    }
}

/// A time: RFC 3339 in UTC, with `Z` and milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Timestamp);

/// The beginning of the year 1, in seconds since 1970.
const YEAR_ONE: i64 = -62_135_596_800;

inline_schema!(Time, MetaSchema::new_with_format("string", "date-time"));

impl ParseFromParameter for Time {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        // RFC 3339 has years of four digits, and so has the part of time that the database knows.
        let four_digits = |time: &Timestamp| time.as_second() >= YEAR_ONE;
        let time = value.parse().ok().filter(four_digits).map(Self);
        time.ok_or_else(|| ParseError::custom("a time is written like 2026-11-24T12:00:00Z"))
    }
}

impl ParseFromJSON for Time {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let text = String::parse_from_json(value).map_err(ParseError::propagate)?;
        Self::parse_from_parameter(&text)
    }
}

impl ToJSON for Time {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(format!("{:.3}", self.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_may_be_asked_for_as_large_as_anybody_likes_but_not_empty() {
        let limit = |text| Limit::parse_from_parameter(text).ok();
        assert_eq!(limit("7"), Some(Limit(7)));
        assert_eq!(limit("99999999999999999999"), Some(Limit(i64::MAX)));
        for bad in ["0", "-1", "-99999999999999999999", "1e3", "", "ten"] {
            assert_eq!(limit(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_time_is_written_in_utc_with_milliseconds_whatever_it_has() {
        for (time, written) in [
            ("2026-11-24T12:00:00Z", "2026-11-24T12:00:00.000Z"),
            ("2026-11-24T13:00:00.123456+01:00", "2026-11-24T12:00:00.123Z"),
            ("2026-11-24T12:00:00.9999Z", "2026-11-24T12:00:00.999Z"),
        ] {
            let time = Time::parse_from_parameter(time).expect("a time");
            assert_eq!(time.to_json(), Some(written.into()));
        }
        for bad in ["yesterday", "2026-11-24", "-009998-01-01T00:00:00Z"] {
            assert!(Time::parse_from_parameter(bad).is_err(), "{bad}");
        }
    }
}
