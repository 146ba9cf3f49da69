//! What a worker says about itself over HTTP: whether it lives, whether it is ready, its metrics.

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use poem::http::StatusCode;
use poem::listener::TcpAcceptor;
use poem::web::Data;
use poem::{EndpointExt as _, Route, Server, get, handler};
use sluice_common::chain::Chain;
use sluice_common::db::Db;
use tokio_util::sync::CancellationToken;

use crate::breaker::Breaker;
use crate::pulse::Pulse;

/// How long a question that is being asked may take to end when the worker has stopped.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long the database may take to answer that it is there.
const PING: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct Parts {
    db: Db,
    pulse: Option<Arc<Pulse>>,
    breaker: Breaker,
    silence: Duration,
    metrics: PrometheusHandle,
}

/// Answers until asked to stop.
///
/// # Errors
/// Where the listener fails.
pub async fn serve(
    listener: tokio::net::TcpListener,
    db: Db,
    pulse: Option<Arc<Pulse>>,
    breaker: Breaker,
    silence: Duration,
    metrics: PrometheusHandle,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let routes = Route::new()
        .at("/healthz", get(healthz))
        .at("/readyz", get(readyz))
        .at("/metrics", get(report))
        .data(Parts { db, pulse, breaker, silence, metrics });
    let acceptor = TcpAcceptor::from_tokio(listener)?;
    Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(routes, stop.cancelled_owned(), Some(LAST_WORDS))
        .await
}

#[handler]
fn healthz() -> &'static str {
    "alive\n"
}

#[handler]
async fn readyz(Data(parts): Data<&Parts>) -> (StatusCode, String) {
    let database = match tokio::time::timeout(PING, parts.db.ping()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            tracing::warn!(error = %Chain(&error), "not ready: the database does not answer");
            Err("the database does not answer")
        }
        Err(_) => Err("the database takes too long to answer"),
    };
    let hears = || parts.pulse.as_ref().map_or(Ok(()), |pulse| pulse.check(parts.silence));
    let at_work = parts.breaker.check().and_then(|()| hears());
    match database.and(at_work) {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")),
    }
}

#[handler]
fn report(Data(parts): Data<&Parts>) -> String {
    parts.metrics.render()
}
