//! Knowing that the process was asked to stop.

use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};

/// From now on, SIGTERM and Ctrl-C end the future that is returned instead of the process.
///
/// # Errors
/// Where the system gives no signal handlers.
pub fn requested() -> std::io::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
