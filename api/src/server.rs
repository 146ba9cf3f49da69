//! Serving: all routes behind one door, until it is time to stop.

use std::sync::Arc;
use std::time::Duration;

use poem::listener::TcpAcceptor;
use poem::{Endpoint, EndpointExt as _, Response, Route, Server};
use sluice_common::db::{Db, DbError};
use tokio::net::TcpListener;

use crate::accepting::Accepting;
use crate::cors::Cors;
use crate::paths::Paths;
use crate::request::EveryRequest;
use crate::service::Service;
use crate::settings::Settings;
use crate::{dashboard, document, health, pages};

/// How long requests in hand may take when the process stops. None waits for a verdict any longer then.
const GRACE: Duration = Duration::from_secs(5);

/// How long a connection may be silent: longer than the longest wait for a verdict, which is silent too.
const IDLE: Duration = Duration::from_secs(75);

/// Why the API does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The database's URL is no URL of a database.
    #[error("SLUICE_DATABASE_URL is not usable: {0}")]
    DatabaseUrl(String),
    /// The database can't be reached or brought up to date.
    #[error("could not prepare the database")]
    Database(#[source] DbError),
    /// The system does not let us serve.
    #[error("could not serve")]
    Listener(#[source] std::io::Error),
}

/// Brings the database up to date and serves on `listener` until `stop` is ready, and then finishes the requests in hand.
///
/// # Errors
/// Where the database can't be reached or migrated, or nothing can be served on the listener.
pub async fn serve(
    settings: Settings,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let database = &settings.database;
    let db = Db::new(&database.url, database.connections).map_err(ServeError::DatabaseUrl)?;
    db.migrate().await.map_err(ServeError::Database)?;
    let cors = Cors(settings.origins.clone());
    let service = Arc::new(Service::new(db, settings).await);
    let keeping = service.metrics.keep_up();
    let stop = async {
        stop.await;
        service.waiting.release();
        service.feed.release();
    };
    let acceptor = Accepting(TcpAcceptor::from_tokio(listener).map_err(ServeError::Listener)?);
    let served = Server::new_with_acceptor(acceptor)
        .idle_timeout(IDLE)
        .run_with_graceful_shutdown(routes(&service).with(cors), stop, Some(GRACE))
        .await;
    keeping.abort();
    served.map_err(ServeError::Listener)
}

/// All routes.
fn routes(service: &Arc<Service>) -> impl Endpoint<Output = Response> + use<> {
    let paths = Arc::new(Paths::of(&document::document()));
    let route = dashboard::add_to(Route::new(), &service.signer.origin());
    pages::add_to(health::add_to(route))
        .nest("/", document::operations())
        .data(Arc::clone(service))
        .with(EveryRequest { service: Arc::clone(service), paths })
        .map_to_response()
}

#[cfg(test)]
mod tests;
