//! One connection, in HTTP/1.1 or HTTP/2: served until its client is done, or too slow.

mod places;
mod pulse;
mod sending;
mod streams;
mod watched;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::uri::Scheme;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use pulse::Pulse;
use sending::Sending;
use streams::Streams;
use watched::Watched;

pub use places::{OneTooMany, Place, Places};
pub use pulse::Patience;

/// The most bytes of a request's head that are read at all. One that we refuse is shorter, so that we can say why; a longer one is
/// answered with a bare 431, as is one of more than 100 headers.
const MOST_READ: usize = 64 * 1024;

/// The most streams of one HTTP/2 connection that its client opened and gave up at once.
const MOST_GIVEN_UP: usize = 20;

/// How long a connection that is ended may take to say so.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What was accepted.
pub type Accepted<S> = (S, LocalAddr, RemoteAddr, Scheme);

/// Serves a connection. Once `stopping`, it finishes the requests it has. One that is too many is not kept where it does nothing.
pub async fn serve(
    accepted: Accepted<impl AsyncRead + AsyncWrite + Unpin + Send + 'static>,
    place: Place,
    endpoint: Arc<impl Endpoint<Output = Response> + 'static>,
    patience: Patience,
    stopping: CancellationToken,
) {
    let (socket, local, remote, scheme) = accepted;
    let pulse = Arc::new(Pulse::new());
    let idle = if place.is_spare { patience.head } else { patience.idle };
    let patience = Patience { idle, ..patience };
    let service = service_fn(|request: http::Request<Incoming>| {
        let begun = pulse.begin();
        let (endpoint, local, remote, scheme) = (Arc::clone(&endpoint), local.clone(), remote.clone(), scheme.clone());
        async move {
            let mut request = poem::Request::from((request, local, remote, scheme));
            if place.is_spare {
                request.set_data(OneTooMany);
            }
            let response = http::Response::from(endpoint.get_response(request).await);
            Ok::<_, Infallible>(response.map(|body| Sending::new(body, begun)))
        }
    });
    let mut builder = auto::Builder::new(Streams { patience: patience.idle });
    builder.http1().max_buf_size(MOST_READ);
    let most_read = u32::try_from(MOST_READ).expect("it is small");
    builder.http2().max_header_list_size(most_read).max_pending_accept_reset_streams(MOST_GIVEN_UP);
    let io = TokioIo::new(Watched::new(socket, Arc::clone(&pulse)));
    let mut serving = std::pin::pin!(builder.serve_connection(io, service));
    tokio::select! {
        _ = serving.as_mut() => {}
        () = pulse.too_slow(patience) => {
            serving.as_mut().graceful_shutdown();
            let _ = timeout(LAST_WORDS, serving).await;
        }
        () = stopping.cancelled() => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}

#[cfg(test)]
mod tests;
