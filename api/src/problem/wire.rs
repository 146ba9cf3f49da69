//! How a problem looks on the wire.

use poem_openapi::Object;
use poem_openapi::types::Example;
use sluice_common::domain::NotA;

use super::{Particular, Problem};

/// Why a request was not served (RFC 9457). Match on `code`; everything else is for people. New codes may appear: treat one
/// you don't know by its status.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename = "Problem", skip_serializing_if_is_none, example)]
pub struct ProblemBody {
    /// Where this kind of problem is explained, relative to the API.
    #[oai(rename = "type")]
    kind: String,
    /// The kind of problem in words.
    title: String,
    /// The HTTP status, once more.
    status: i32,
    /// What happened this time, in a sentence.
    detail: String,
    /// The stable name of this kind of problem.
    code: String,
    /// The id of the request, as in the header `X-Request-Id`: name it when you ask for help.
    request_id: String,
    /// What is wrong in particular, where that can be said.
    errors: Option<Vec<FieldError>>,
}

/// One thing that is wrong with a request or with a file.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(example)]
pub struct FieldError {
    /// The place in the request's body, as a JSON pointer (RFC 6901); for a parameter, its name after a slash.
    pub pointer: String,
    /// What is wrong with it, in a sentence.
    pub detail: String,
    /// The stable name of what is wrong. New codes may appear.
    pub code: String,
}

impl FieldError {
    /// This is wrong there.
    pub fn new(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.to_owned(), detail: detail.into() }
    }
}

impl FieldError {
    /// What is there could not be read, for this reason.
    pub fn unread(pointer: &str, code: &str, why: NotA) -> Self {
        let mut sentence = format!("{why}.");
        sentence[..1].make_ascii_uppercase();
        Self::new(pointer, code, sentence)
    }
}

impl ProblemBody {
    /// The problem, met by the request of this id.
    pub fn new(problem: Problem, request_id: &str) -> Self {
        let Particular { kind, detail, errors, .. } = *problem.0;
        Self {
            kind: kind.reference(),
            title: kind.title(),
            status: i32::from(kind.status),
            detail: detail.unwrap_or_else(|| kind.meaning.trim().to_owned()),
            code: kind.code.to_owned(),
            request_id: request_id.to_owned(),
            errors: Some(errors).filter(|errors| !errors.is_empty()),
        }
    }
}

impl Example for ProblemBody {
    fn example() -> Self {
        Self {
            kind: "/problems/invalid_declaration".to_owned(),
            title: "Invalid declaration".to_owned(),
            status: 422,
            detail: FieldError::example().detail,
            code: "invalid_declaration".to_owned(),
            request_id: "019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10".to_owned(),
            errors: Some(vec![FieldError::example()]),
        }
    }
}

impl Example for FieldError {
    fn example() -> Self {
        Self::new("/size", "too_large", "The size is 26214400 bytes; the policy 'images' takes at most 20971520 bytes.")
    }
}
