//! Problems: how every error is told to clients (RFC 9457).

mod failure;
mod list;
mod refused;
mod wire;

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use http::{HeaderName, HeaderValue, StatusCode, header};
use poem::{IntoResponse as _, Response};
use poem_openapi::types::ToJSON as _;

use failure::RETRY_AFTER;
pub use failure::{Failure, INTERNAL_ERROR, UNAVAILABLE, internal, unavailable};
pub(crate) use list::problems;
pub use list::{kinds_by_status, response};
pub use refused::{
    BODY_TOO_LARGE, BODY_TOO_SLOW, HEADERS_TOO_LARGE, INVALID_BODY, INVALID_PARAMETER, METHOD_NOT_ALLOWED, NOT_FOUND,
    OVERLOADED, RATE_LIMITED, UNSUPPORTED_MEDIA_TYPE, refused,
};
pub use wire::{FieldError, ProblemBody};

/// The media type of problems.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// One kind of problem, with its own code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The HTTP status.
    pub status: u16,
    /// The stable name that clients match on.
    pub code: &'static str,
    /// What it means: a sentence for people.
    pub meaning: &'static str,
}

impl Kind {
    /// The code as words: `Upload not found`.
    pub fn title(&self) -> String {
        let mut words = self.code.replace('_', " ");
        words[..1].make_ascii_uppercase();
        words
    }

    /// Where it is explained, relative to the API.
    pub fn reference(&self) -> String {
        format!("/problems/{}", self.code)
    }
}

/// One occurrence of a problem.
#[derive(Debug)]
pub struct Problem(Box<Particular>);

/// What is known of one occurrence. It lies in a box, so that results which are seldom problems stay small.
#[derive(Debug)]
struct Particular {
    kind: Kind,
    detail: Option<String>,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem of this kind, with nothing more to say.
    pub fn new(kind: Kind) -> Self {
        Self(Box::new(Particular { kind, detail: None, errors: Vec::new(), headers: Vec::new(), cause: None }))
    }

    /// Says what is particular to this occurrence.
    #[must_use]
    pub fn with(mut self, particulars: impl Particulars) -> Self {
        particulars.add_to(&mut self);
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Remembers what caused it, for the log and never for the client.
    #[must_use]
    pub fn caused_by(mut self, cause: Arc<dyn Error + Send + Sync>) -> Self {
        self.0.cause = Some(cause);
        self
    }

    /// What caused it, if it is trouble of ours.
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync)> {
        self.0.cause.as_deref()
    }

    /// The stable name of its kind.
    pub fn code(&self) -> &'static str {
        self.0.kind.code
    }

    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.kind.status).expect("a list of problems holds valid statuses")
    }

    /// The answer to the request of this id.
    pub fn into_response(self, request_id: &str) -> Response {
        let status = self.status();
        let headers = self.0.headers.clone();
        let body = ProblemBody::new(self, request_id).to_json_string();
        let mut response = Response::builder().status(status).content_type(CONTENT_TYPE).body(body).into_response();
        response.headers_mut().extend(headers.into_iter().map(|(name, value)| (Some(name), value)));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().entry(header::RETRY_AFTER).or_insert(RETRY_AFTER);
        }
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        response
    }
}

/// What an occurrence of a problem adds to its kind.
pub trait Particulars {
    /// Adds it.
    fn add_to(self, problem: &mut Problem);
}

impl Particulars for String {
    fn add_to(self, problem: &mut Problem) {
        problem.0.detail = Some(self);
    }
}

impl Particulars for Vec<FieldError> {
    fn add_to(self, problem: &mut Problem) {
        if let [only] = self.as_slice() {
            problem.0.detail = Some(only.detail.clone());
        }
        problem.0.errors = self;
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind.code)
    }
}

impl Error for Problem {}

impl From<Problem> for poem::Error {
    fn from(problem: Problem) -> Self {
        let status = problem.status();
        Self::new(problem, status)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const KIND: Kind = Kind { status: 409, code: "not_pending", meaning: " It is no longer pending." };

    async fn told(problem: Problem) -> Value {
        let response = problem.into_response("r-1");
        assert_eq!(response.content_type(), Some(CONTENT_TYPE));
        let body = response.into_body().into_string().await.expect("text");
        serde_json::from_str(&body).expect("JSON")
    }

    #[tokio::test]
    async fn a_problem_without_particulars_says_what_its_kind_means() {
        let expected = json!({
            "type": "/problems/not_pending", "title": "Not pending", "status": 409, "code": "not_pending",
            "detail": "It is no longer pending.", "request_id": "r-1",
        });
        assert_eq!(told(Problem::new(KIND)).await, expected);
    }

    #[tokio::test]
    async fn a_single_error_is_also_the_detail_and_a_cause_is_never_told() {
        let errors = vec![FieldError::new("/size", "too_large", "Too large.")];
        let cause = Arc::new(std::io::Error::other("secret"));
        let told = told(Problem::new(KIND).with(errors).caused_by(cause)).await;
        assert_eq!(told["detail"], "Too large.");
        assert_eq!(told["errors"], json!([{"pointer": "/size", "code": "too_large", "detail": "Too large."}]));
        assert!(!told.to_string().contains("secret"));
    }
}
