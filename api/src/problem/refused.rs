//! What the framework refuses by itself, told like every other problem.

use std::sync::{Arc, LazyLock};

use http::StatusCode;
use poem::error::{MethodNotAllowedError, NotFoundError, ReadBodyError};
use poem_openapi::error::{ContentTypeError, ParseParamError, ParsePathError};
use serde_json::Value;

use super::failure::internal;
use super::{FieldError, Kind, Problem};
use crate::document::document;

/// There is nothing at this path.
pub const NOT_FOUND: Kind = Kind { status: 404, code: "not_found", meaning: "There is nothing at this path." };

/// There is something at this path, for other methods.
pub const METHOD_NOT_ALLOWED: Kind = Kind {
    status: 405,
    code: "method_not_allowed",
    meaning: "This path does not take this method. The header `Allow` names those it takes.",
};

/// The body is longer than any request needs.
pub const BODY_TOO_LARGE: Kind =
    Kind { status: 413, code: "body_too_large", meaning: "A request's body has at most 1 MiB." };

/// The body is not said to be JSON.
pub const UNSUPPORTED_MEDIA_TYPE: Kind = Kind {
    status: 415,
    code: "unsupported_media_type",
    meaning: "The body must be JSON, sent with `Content-Type: application/json`.",
};

/// The body is no JSON, or not of the documented shape.
pub const INVALID_BODY: Kind =
    Kind { status: 400, code: "invalid_body", meaning: "The body is no JSON, or not of the documented shape." };

/// A parameter is not what it is documented to be.
pub const INVALID_PARAMETER: Kind = Kind {
    status: 400,
    code: "invalid_parameter",
    meaning: "A parameter of the query or a header is not what it is documented to be.",
};

/// The headers are longer, or more, than any request needs.
pub const HEADERS_TOO_LARGE: Kind = Kind {
    status: 431,
    code: "headers_too_large",
    meaning: "A request has at most 64 headers, and they have at most 16 KiB.",
};

/// The body came too slowly.
pub const BODY_TOO_SLOW: Kind =
    Kind { status: 408, code: "body_too_slow", meaning: "The body did not arrive in time. Send the request again." };

/// There are too many requests in hand.
pub const OVERLOADED: Kind = Kind {
    status: 503,
    code: "overloaded",
    meaning: "There is too much to do right now. Nothing was done; try again after the time in `Retry-After`.",
};

/// The tenant sends too many requests.
pub const RATE_LIMITED: Kind = Kind {
    status: 429,
    code: "rate_limited",
    meaning: "Your tenant sends too many requests. Nothing was done; try again after the time in `Retry-After`.",
};

/// The problem behind any error: ours as it is, the framework's in our words, and everything else as a bug.
pub fn refused(error: poem::Error) -> Problem {
    match error.downcast::<Problem>() {
        Ok(problem) => problem,
        Err(error) => of_framework(error),
    }
}

fn of_framework(error: poem::Error) -> Problem {
    // A parameter of a path is a text: one that can't be read is no text, and nothing has such a name.
    if error.is::<NotFoundError>() || error.is::<ParsePathError>() || error.is::<poem::error::ParsePathError>() {
        Problem::new(NOT_FOUND)
    } else if error.is::<MethodNotAllowedError>() {
        Problem::new(METHOD_NOT_ALLOWED)
    } else if error.is::<ContentTypeError>() {
        Problem::new(UNSUPPORTED_MEDIA_TYPE)
    } else if let Some(error) = error.downcast_ref::<ReadBodyError>() {
        of_body(error)
    } else if let Some(ParseParamError { name, reason }) = error.downcast_ref() {
        let detail = format!("The parameter '{name}' can't be used: {}", own_words(reason));
        Problem::new(INVALID_PARAMETER).with(vec![FieldError::new(format!("/{name}"), "invalid", detail)])
    } else if error.status() == StatusCode::BAD_REQUEST {
        Problem::new(INVALID_PARAMETER).with("The request can't be read.".to_owned())
    } else {
        internal(Arc::new(Unexpected(error.to_string())))
    }
}

fn of_body(error: &ReadBodyError) -> Problem {
    match error {
        ReadBodyError::PayloadTooLarge => Problem::new(BODY_TOO_LARGE),
        _ => Problem::new(INVALID_BODY).with("The body could not be read to its end.".to_owned()),
    }
}

/// The framework puts the names of its types before what is wrong.
fn own_words(reason: &str) -> String {
    let what = reason.rsplit_once("\": ").map_or(reason, |(_, what)| what);
    let what = what.split_once(" (occurred while").map_or(what, |(what, _)| what);
    match what.trim_end_matches('.') {
        "Expect a valid enumeration value" => match values_named(reason) {
            Some(values) => format!("it must be one of: {values}."),
            None => "it is none of the documented values.".to_owned(),
        },
        what => format!("{what}."),
    }
}

/// The values of the type that the framework names in its quotes.
fn values_named(reason: &str) -> Option<String> {
    static SCHEMAS: LazyLock<Value> = LazyLock::new(|| document()["components"]["schemas"].take());
    let name = reason.split('"').find(|name| SCHEMAS.get(*name).is_some())?;
    let values = SCHEMAS[name]["enum"].as_array()?.iter().filter_map(Value::as_str);
    Some(values.collect::<Vec<_>>().join(", "))
}

/// An error that nobody expected of the framework.
#[derive(Debug, thiserror::Error)]
#[error("unexpected error: {0}")]
struct Unexpected(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_framework_refuses_has_a_code_of_ours() {
        let parameter = ParseParamError {
            name: "limit",
            reason: "failed to parse \"integer_int64\": invalid digit found in string (occurred while parsing \"x\")"
                .to_owned(),
        };
        let table: [(poem::Error, &str); 6] = [
            (NotFoundError.into(), "not_found"),
            (MethodNotAllowedError.into(), "method_not_allowed"),
            (ContentTypeError::ExpectContentType.into(), "unsupported_media_type"),
            (ReadBodyError::PayloadTooLarge.into(), "body_too_large"),
            (parameter.into(), "invalid_parameter"),
            (poem::Error::from_string("a secret", StatusCode::IM_A_TEAPOT), "internal_error"),
        ];
        for (error, code) in table {
            assert_eq!(refused(error).to_string(), code);
        }
    }

    #[test]
    fn a_bad_parameter_is_named_without_names_of_our_types() {
        let reason = "failed to parse \"integer_int64\": invalid digit found in string (occurred while parsing \"x\")";
        assert_eq!(own_words(reason), "invalid digit found in string.");
    }
}
