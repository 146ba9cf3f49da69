//! Whether the process lives, whether it can serve, and its figures.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use poem::web::Data;
use poem::{IntoResponse as _, Response, Route, get, handler};
use sluice_common::chain::Chain;

use crate::service::Service;

/// The longest that the database may take to answer, if the API is to be called ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// Adds `/healthz`, `/readyz` and `/metrics`.
pub fn add_to(route: Route) -> Route {
    route.at("/healthz", get(healthz)).at("/readyz", get(readyz)).at("/metrics", get(figures))
}

/// The process lives: it should not be restarted.
#[handler]
fn healthz() -> &'static str {
    "ok\n"
}

/// The API can serve: it was migrated before it began to listen, so what is left is the database.
#[handler]
async fn readyz(service: Data<&Arc<Service>>) -> Response {
    match tokio::time::timeout(PATIENCE, service.db.ping()).await {
        Ok(Ok(())) => "ready\n".into_response(),
        Ok(Err(error)) => {
            tracing::warn!(error = %Chain(&error), "not ready: the database is not available");
            not_ready("The database is not available.\n")
        }
        Err(_) => not_ready("The database does not answer within 2 seconds.\n"),
    }
}

fn not_ready(why: &'static str) -> Response {
    why.with_status(StatusCode::SERVICE_UNAVAILABLE).into_response()
}

/// All figures, as Prometheus reads them.
#[handler]
fn figures(service: Data<&Arc<Service>>) -> Response {
    let text = service.metrics.text(service.connections.taken(), service.feed.open_streams());
    Response::builder().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}
