//! What every request passes: its id, its line in the log, its figures, and problems told in one way.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use poem::{Endpoint, Middleware, PathPattern, Request, Response};
use poem_openapi::OperationId;
use sluice_common::chain::Chain;
use sluice_common::domain::UploadId;
use tracing::field::display;
use uuid::Uuid;

use crate::connection::OneTooMany;
use crate::hand::overloaded;
use crate::paths::{Known, Paths, is_probe};
use crate::problem::{FieldError, HEADERS_TOO_LARGE, INVALID_PARAMETER, Problem, internal, refused};
use crate::service::Service;

/// The header that a request's id comes and goes in.
const REQUEST_ID: &str = "x-request-id";

/// The id of the request in hand.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// The most headers that a request may have, and the most bytes that their names and values may come to. The server itself reads
/// somewhat more.
const MOST_HEADERS: usize = 64;
const LONGEST_HEADERS: usize = 16 * 1024;

/// The longest id that is taken from a client.
const LONGEST_ID: usize = 64;

/// Wraps all routes.
pub struct EveryRequest {
    /// Where figures are kept.
    pub service: Arc<Service>,
    /// What is at which path.
    pub paths: Arc<Paths>,
}

/// The wrapped routes.
pub struct Wrapped<E> {
    inner: E,
    service: Arc<Service>,
    paths: Arc<Paths>,
}

impl<E: Endpoint<Output = Response>> Middleware<E> for EveryRequest {
    type Output = Wrapped<E>;

    fn transform(&self, inner: E) -> Wrapped<E> {
        Wrapped { inner, service: Arc::clone(&self.service), paths: Arc::clone(&self.paths) }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Wrapped<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        let (id, method) = (id_of(&request), request.method().clone());
        request.set_data(RequestId(id.clone()));
        let concern = Arc::new(OnceLock::new());
        let serving = CONCERN.scope(Arc::clone(&concern), self.admit(request));
        let served = AssertUnwindSafe(serving).catch_unwind().await;
        let result = served.unwrap_or_else(|_| Err(internal(Arc::new(Panicked)).into()));
        let known = self.paths.find(pattern_of(&result));
        let operation = operation_of(&result).unwrap_or(known.map_or("none", |known| &known.template));
        let seen = Seen { id: &id, method: &method, known, upload: concern.get().copied() };
        let result = result.map_err(refused).inspect_err(|problem| self.service.metrics.count_problem(problem.code()));
        let response = seen.finish(result);
        let (status, took) = (response.status(), started.elapsed());
        self.service.metrics.count_request(operation, status.as_u16(), took);
        seen.log(status, took);
        Ok(response)
    }
}

impl<E: Endpoint<Output = Response>> Wrapped<E> {
    /// Serves a request that is not too much: too large a head, a connection or a request too many.
    async fn admit(&self, request: Request) -> poem::Result<Response> {
        if !fits(request.headers()) {
            return Err(Problem::new(HEADERS_TOO_LARGE).into());
        }
        says_once(&request, header::HOST)?;
        says_once(&request, header::AUTHORIZATION)?;
        if is_probe(request.uri().path()) {
            return self.inner.call(request).await;
        }
        if request.data::<OneTooMany>().is_some() {
            return Err(overloaded().with_header(header::CONNECTION, HeaderValue::from_static("close")).into());
        }
        self.service.hands.serve(self.inner.call(request)).await?
    }
}

/// Whether there are no more headers than any request needs.
fn fits(headers: &HeaderMap) -> bool {
    let length = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>();
    headers.len() <= MOST_HEADERS && length <= LONGEST_HEADERS
}

/// Whether this header, of which there may be one, is there no more than once: of two of them whoever is between the client and us may
/// have believed the other. In HTTP/1.1 a request also says for whom it is (RFC 9112, 3.2).
fn says_once(request: &Request, name: HeaderName) -> Result<(), Problem> {
    let is_needed = name == header::HOST && request.version() == Version::HTTP_11;
    let refusal = |what: &str| {
        let detail = format!("The request has {what} header '{name}'.");
        Problem::new(INVALID_PARAMETER).with(vec![FieldError::new(format!("/{name}"), "invalid", detail)])
    };
    match request.headers().get_all(&name).iter().count() {
        0 if is_needed => Err(refusal("no")),
        0 | 1 => Ok(()),
        _ => Err(refusal("more than one")),
    }
}

tokio::task_local! {
    /// The upload that the request in hand concerns, once that is known.
    static CONCERN: Arc<OnceLock<UploadId>>;
}

/// Says which upload the request in hand concerns, for its line in the log.
pub fn concerns(id: UploadId) {
    // Outside of a request nobody wants to know, and a request that concerns several is known by the first.
    let _ = CONCERN.try_with(|concern| concern.set(id));
}

/// A handler panicked. The panic itself is on standard error.
#[derive(Debug, thiserror::Error)]
#[error("a handler panicked")]
struct Panicked;

/// The client's id if it is sane, or one of ours.
fn id_of(request: &Request) -> String {
    let is_sane = |id: &&str| {
        (1..=LONGEST_ID).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    request.header(REQUEST_ID).filter(is_sane).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

fn pattern_of(result: &poem::Result<Response>) -> Option<&str> {
    let pattern = match result {
        Ok(response) => response.data::<PathPattern>(),
        Err(error) => error.data::<PathPattern>(),
    };
    pattern.map(|pattern| &*pattern.0)
}

fn operation_of(result: &poem::Result<Response>) -> Option<&'static str> {
    let operation = match result {
        Ok(response) => response.data::<OperationId>(),
        Err(error) => error.data::<OperationId>(),
    };
    operation.map(|operation| operation.0)
}

/// What is known of a request once it was served.
struct Seen<'a> {
    id: &'a str,
    method: &'a Method,
    known: Option<&'a Known>,
    upload: Option<UploadId>,
}

impl Seen<'_> {
    /// The answer, with what every answer has.
    fn finish(&self, result: Result<Response, Problem>) -> Response {
        let mut response = result.unwrap_or_else(|problem| self.tell(problem));
        let id = HeaderValue::from_str(self.id).expect("ids are plain ASCII");
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, id);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        // Signed URLs and the status of uploads are for nobody's cache.
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        response
    }

    fn tell(&self, problem: Problem) -> Response {
        if let Some(cause) = problem.cause() {
            let (error, upload, name) = (Chain(cause), self.upload.map(display), self.name());
            tracing::error!(%error, request.id = self.id, upload.id = upload, "could not answer {name}: {problem}");
        }
        let status = problem.status();
        let mut response = problem.into_response(self.id);
        if let Some(known) = self.known.filter(|_| status == StatusCode::METHOD_NOT_ALLOWED) {
            response.headers_mut().insert(header::ALLOW, known.allow.clone());
        }
        response
    }

    fn log(&self, status: StatusCode, took: Duration) {
        let (method, route, upload) = (self.method.as_str(), self.route(), self.upload.map(display));
        let (status, id) = (status.as_u16(), self.id);
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    method,
                    route,
                    status,
                    duration_ms,
                    request.id = id,
                    upload.id = upload,
                    "{method} {route}: {status}"
                )
            };
        }
        // Probes come every few seconds and say nothing that their figures don't.
        if self.known.is_some_and(|known| known.is_probe) { line!(debug) } else { line!(info) }
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.route())
    }

    /// Where the request went, without ids and without what a stranger made up.
    fn route(&self) -> &str {
        self.known.map_or("nowhere", |known| &known.template)
    }
}
