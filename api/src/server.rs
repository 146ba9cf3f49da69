//! Serving: all routes behind one door, until it is time to stop.

use std::sync::Arc;
use std::time::Duration;

use poem::listener::{Acceptor as _, TcpAcceptor};
use poem::{Endpoint, EndpointExt as _, Response, Route};
use sluice_common::db::{Db, DbError};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accepting::Accepting;
use crate::connection::{self, Patience};
use crate::cors::Cors;
use crate::paths::Paths;
use crate::query::Queries;
use crate::request::EveryRequest;
use crate::service::Service;
use crate::settings::Settings;
use crate::{dashboard, document, health, pages};

/// How long requests in hand may take when the process stops. None waits for a verdict any longer then.
const GRACE: Duration = Duration::from_secs(5);

/// How long the last statement may take, when all requests are done.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long a request waits for a connection to the database while all are busy: a client does better to come again than to queue
/// here.
const POOL_WAIT: Duration = Duration::from_secs(2);

/// How long a client may be silent between two requests, and how long it may read nothing: longer than proxies keep a connection,
/// so that none is closed just as it is used again.
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
    let db = Db::new(&database.url, database.connections).map_err(ServeError::DatabaseUrl)?.waiting_for(POOL_WAIT);
    let head = settings.bounds.client_timeout;
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
    accept_until(stop, acceptor, &service, routes(&service).with(cors), Patience { head, idle: IDLE }).await;
    keeping.abort();
    // Of no consequence: a database that is away holds up nobody who is stopping.
    let _ = tokio::time::timeout(LAST_WORDS, service.keys.write_down_use()).await;
    Ok(())
}

/// Serves every connection until `stop` is ready, and then finishes the requests in hand.
async fn accept_until(
    stop: impl Future<Output = ()>,
    mut acceptor: Accepting,
    service: &Service,
    endpoint: impl Endpoint<Output = Response> + 'static,
    patience: Patience,
) {
    let endpoint = Arc::new(endpoint);
    let (connections, stopping, over) = (TaskTracker::new(), CancellationToken::new(), CancellationToken::new());
    // However this ends, no connection outlives it.
    let over_at_last = over.clone().drop_guard();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = acceptor.accept() => accepted,
        };
        let Ok(accepted) = accepted else { continue };
        let place = service.connections.take();
        if place.as_ref().is_none_or(|place| place.is_spare) {
            service.metrics.count_refused_connection();
        }
        // Without any place it is closed.
        let Some(place) = place else { continue };
        let serving = connection::serve(accepted, place, Arc::clone(&endpoint), patience, stopping.clone());
        connections.spawn(over.clone().run_until_cancelled_owned(serving));
    }
    drop(acceptor);
    stopping.cancel();
    connections.close();
    let _ = tokio::time::timeout(GRACE, connections.wait()).await;
    drop(over_at_last);
    connections.wait().await;
}

/// All routes.
fn routes(service: &Arc<Service>) -> impl Endpoint<Output = Response> + use<> {
    let document = document::document();
    let paths = Arc::new(Paths::of(&document));
    let route = dashboard::add_to(Route::new(), &service.signer.origin());
    pages::add_to(health::add_to(route))
        .nest("/", document::operations().with(Queries::of(&document)).map_to_response().around(pages::or_to_docs))
        .data(Arc::clone(service))
        .with(EveryRequest { service: Arc::clone(service), paths })
        .map_to_response()
}

#[cfg(test)]
mod tests;
