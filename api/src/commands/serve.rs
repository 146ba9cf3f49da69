//! `serve`: runs the API until it is asked to stop.

use sluice_api::Settings;
use sluice_common::settings::Reader;
use sluice_common::{shutdown, telemetry};
use tokio::net::TcpListener;

use super::sentence;

/// The file descriptors that a process needs beside one for each connection of its clients and to the database: for the store, the
/// queue, the identity provider and its own.
const OTHER_FILES: usize = 100;

/// Serves until SIGTERM or Ctrl-C.
///
/// # Errors
/// Where a setting is not usable, the address can't be listened on, or the database can't be prepared.
pub async fn run() -> Result<(), String> {
    let reader = Reader::of_environment();
    let filter = reader.text("SLUICE_LOG").map_err(sentence)?;
    let settings = Settings::read(&reader).map_err(sentence)?;
    let address = reader.text("SLUICE_API_LISTEN").map_err(sentence)?;
    telemetry::start(&filter)?;
    raise_files(settings.connections + settings.database.connections + OTHER_FILES);
    let unusable = |error| format!("SLUICE_API_LISTEN is not usable: could not listen on {address}: {error}");
    let listener = TcpListener::bind(&address).await.map_err(unusable)?;
    let requested = shutdown::requested().map_err(|error| format!("could not listen for signals: {error}"))?;
    tracing::info!(address, "serving on http://{address}");
    let stop = async {
        requested.await;
        tracing::info!("asked to stop: finishing the requests in hand");
    };
    sluice_api::serve(settings, listener, stop).await.map_err(sentence)?;
    tracing::info!("stopped");
    Ok(())
}

/// Has the system give as many file descriptors as are needed, where it leaves that to the process: most give fewer at first.
fn raise_files(needed: usize) {
    let needed = u64::try_from(needed).unwrap_or(u64::MAX);
    match rlimit::increase_nofile_limit(needed) {
        Ok(given) if given >= needed => {}
        Ok(given) => tracing::warn!(
            given,
            needed,
            "the system gives {given} file descriptors, and SLUICE_CONNECTIONS needs {needed}: raise the limit, or lower the setting"
        ),
        Err(error) => tracing::warn!(%error, needed, "could not ask the system for file descriptors"),
    }
}
