//! What s3s leaves unchecked of a presigned URL.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use http::request::Parts;
use http::{Response, StatusCode};
use percent_encoding::percent_decode_str;
use s3s::Body;

use super::reply;

/// The URLs that a test has made old. s3s compares their dates with the real time and can't be given another.
#[derive(Debug, Default)]
pub(super) struct Signed {
    expired: Mutex<HashSet<String>>,
}

impl Signed {
    /// Refuses this URL from now on.
    pub(super) fn expire(&self, url: &str) {
        let signature = parameter(url, "X-Amz-Signature").expect("the URL is signed");
        self.expired.lock().unwrap_or_else(PoisonError::into_inner).insert(signature);
    }

    /// The refusal of a URL that is old, or of a header that its signature does not cover.
    pub(super) fn refuses(&self, request: &Parts) -> Option<Response<Body>> {
        let query = request.uri.query()?;
        let signature = parameter(query, "X-Amz-Signature")?;
        let message = if self.expired.lock().unwrap_or_else(PoisonError::into_inner).contains(&signature) {
            "Request has expired"
        } else if has_unsigned_header(request, query) {
            "There were headers present in the request which were not signed"
        } else {
            return None;
        };
        Some(reply::s3_error(StatusCode::FORBIDDEN, "AccessDenied", message))
    }
}

/// S3 takes no `x-amz-` header that a presigned URL does not speak of; s3s would let it pass.
fn has_unsigned_header(request: &Parts, query: &str) -> bool {
    let signed = parameter(query, "X-Amz-SignedHeaders").unwrap_or_default();
    let is_signed = |name: &str| signed.split(';').any(|signed| signed == name);
    request.headers.keys().map(http::HeaderName::as_str).any(|name| name.starts_with("x-amz-") && !is_signed(name))
}

/// The value of a parameter in a URL or a query.
fn parameter(url: &str, name: &str) -> Option<String> {
    let parameters = url.split(['?', '&']).filter_map(|part| part.split_once('='));
    let value = parameters.into_iter().find(|(this, _)| *this == name)?.1;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
}
