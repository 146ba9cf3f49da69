//! What becomes of an answer on its way: errors in the words of each service, bodies that end early or hardly move.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http::header::CONTENT_LENGTH;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use s3s::Body;

use super::Clock;

/// The connection ends here, without an answer.
#[derive(Debug)]
pub(super) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is cut, as scripted")
    }
}

impl std::error::Error for Cut {}

/// An error as S3 words it.
pub(super) fn s3_error(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
    let body = format!("{head}\n<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    answer(status, "application/xml", body)
}

/// An answer that has this body.
pub(super) fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}

/// The same answer, whose connection is cut after this many bytes of the body.
pub(super) async fn shorten(response: Response<Body>, bytes: usize) -> Response<Body> {
    let (response, whole) = opened(response).await;
    let kept = stream::iter([Ok(Frame::data(whole.slice(..bytes.min(whole.len()))))]);
    let end = stream::once(async {
        // hyper sends what it has when the body has no more for now, and not at all when it has an error at once.
        tokio::task::yield_now().await;
        Err(Cut)
    });
    response.map(|_| Body::http_body_unsync(StreamBody::new(kept.chain(end))))
}

/// The same answer, whose body comes byte by byte.
pub(super) async fn trickle(response: Response<Body>, interval: Duration, clock: Clock) -> Response<Body> {
    let (response, whole) = opened(response).await;
    let bytes = stream::unfold((whole, clock), move |(mut left, clock)| async move {
        if left.is_empty() {
            return None;
        }
        clock.sleep(interval).await;
        Some((Ok::<_, Cut>(Frame::data(left.split_to(1))), (left, clock)))
    });
    response.map(|_| Body::http_body_unsync(StreamBody::new(bytes)))
}

/// An answer that says how long its body is, and the body.
async fn opened(response: Response<Body>) -> (Response<()>, Bytes) {
    let (mut parts, body) = response.into_parts();
    let whole = BodyExt::collect(body).await.map(|body| body.to_bytes()).unwrap_or_default();
    parts.headers.insert(CONTENT_LENGTH, whole.len().into());
    (Response::from_parts(parts, ()), whole)
}
