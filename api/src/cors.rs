//! Whose pages may call the API from a browser (CORS).

use std::str::FromStr;
use std::sync::Arc;

use http::{HeaderValue, Method, header};
use poem::middleware::CorsEndpoint;
use poem::{Endpoint, Middleware, Request, Response};

/// For how long a browser remembers what it was told, in seconds: no browser does for longer than a day.
const REMEMBERED: i32 = 24 * 60 * 60;

/// The headers that pages may send.
const ALLOWED: [&str; 7] =
    ["authorization", "content-type", "idempotency-key", "if-none-match", "last-event-id", "prefer", "x-request-id"];
/// The headers of answers that pages may read.
const EXPOSED: [&str; 8] = [
    "allow",
    "etag",
    "idempotent-replayed",
    "location",
    "preference-applied",
    "retry-after",
    "www-authenticate",
    "x-request-id",
];

/// The origins whose pages may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// Whoever likes: a call still needs a key or a token.
    All,
    /// These; none, if there are none.
    These(Vec<HeaderValue>),
}

impl Origins {
    fn hold(&self, origin: &HeaderValue) -> bool {
        match self {
            Self::All => true,
            Self::These(list) => list.contains(origin),
        }
    }
}

impl FromStr for Origins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "*" => Ok(Self::All),
            list => {
                let origins = list.split(',').map(str::trim).filter(|origin| !origin.is_empty());
                origins.map(origin).collect::<Result<_, _>>().map(Self::These)
            }
        }
    }
}

/// An origin as browsers send it: scheme, host and perhaps port, and nothing behind.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let host = text.strip_prefix("https://").or(text.strip_prefix("http://"));
    let is_host = |host: &str| !host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic() && !b"/?#@*".contains(&b));
    if !host.is_some_and(is_host) {
        return Err(format!("'{text}' does not look like https://app.example.com"));
    }
    // Browsers write it in small letters.
    HeaderValue::from_str(&text.to_ascii_lowercase()).map_err(|error| error.to_string())
}

/// Wraps all routes, so that those pages can also read problems.
pub struct Cors(pub Origins);

/// The wrapped routes.
pub struct Wrapped<E> {
    origins: Origins,
    /// For pages that may call.
    answering: CorsEndpoint<Arc<E>>,
    /// For everybody else, who is told nothing: a browser then keeps the answer from the page. Programs that are no browser
    /// are served whatever origin they claim.
    silent: Arc<E>,
}

impl<E: Endpoint<Output = Response>> Middleware<E> for Cors {
    type Output = Wrapped<E>;

    fn transform(&self, inner: E) -> Wrapped<E> {
        let silent = Arc::new(inner);
        Wrapped { origins: self.0.clone(), answering: answers().transform(Arc::clone(&silent)), silent }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Wrapped<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        match request.headers().get(header::ORIGIN) {
            Some(origin) if self.origins.hold(origin) => self.answering.call(request).await,
            _ => self.silent.call(request).await,
        }
    }
}

fn answers() -> poem::middleware::Cors {
    // The origin was compared before.
    poem::middleware::Cors::new()
        .allow_origins_fn(|_| true)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers(ALLOWED)
        .expose_headers(EXPOSED)
        .max_age(REMEMBERED)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::document::document;

    /// The names of what each operation has here, in small letters.
    fn names(found: impl Fn(&Value) -> Vec<&str>) -> BTreeSet<String> {
        let document = document();
        let paths = document["paths"].as_object().expect("paths").values();
        let operations = paths.flat_map(|path| path.as_object().expect("operations").values());
        operations.flat_map(|operation| found(operation).into_iter().map(str::to_ascii_lowercase)).collect()
    }

    #[test]
    fn pages_may_send_and_read_every_header_of_the_document() {
        let sent = names(|operation| {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let headers = parameters.filter(|parameter| parameter["in"] == "header");
            headers.filter_map(|header| header["name"].as_str()).collect()
        });
        let read = names(|operation| {
            let answers = operation["responses"].as_object().expect("answers").values();
            answers
                .filter_map(|answer| answer["headers"].as_object())
                .flatten()
                .map(|(name, _)| name.as_str())
                // No page may read it, from whatever origin.
                .filter(|name| *name != "Set-Cookie")
                .collect()
        });
        for (named, list, undocumented) in [
            (sent, &ALLOWED[..], &["authorization", "content-type", "x-request-id"][..]),
            (read, &EXPOSED[..], &["x-request-id"][..]),
        ] {
            let expected: BTreeSet<_> = named.iter().map(String::as_str).chain(undocumented.iter().copied()).collect();
            assert_eq!(list.iter().copied().collect::<BTreeSet<_>>(), expected);
        }
    }

    #[test]
    fn origins_are_written_as_browsers_send_them() {
        assert_eq!("*".parse(), Ok(Origins::All));
        assert_eq!("".parse(), Ok(Origins::These(Vec::new())));
        let two = "https://App.example.com, http://localhost:3000".parse();
        let expected = ["https://app.example.com", "http://localhost:3000"].map(HeaderValue::from_static);
        assert_eq!(two, Ok(Origins::These(expected.to_vec())));
        for wrong in ["example.com", "https://", "https://example.com/", "https://*.example.com", "ftp://example.com"] {
            assert!(wrong.parse::<Origins>().is_err(), "{wrong}");
        }
    }
}
