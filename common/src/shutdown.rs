//! Knowing that the process was asked to stop.

use tokio::signal::unix::{SignalKind, signal};

/// Returns when the process is asked to stop, by SIGTERM or by Ctrl-C.
///
/// # Errors
/// Where the system gives no signal handlers.
pub async fn requested() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
