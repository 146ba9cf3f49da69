//! Logs: for people on a terminal, as JSON elsewhere.

use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// What libraries say of each connection and each start is of no use to those who read our logs. A filter that names them
/// has the last word.
const QUIET: &str = "poem::server=warn,refinery_core=warn,tokio_postgres=warn";

/// Starts logging to standard error with this filter, for example `info` or `sluice_worker=debug,info`.
///
/// # Errors
/// A sentence saying what is wrong with the filter.
pub fn start(filter: &str) -> Result<(), String> {
    let filter = EnvFilter::try_new(format!("{QUIET},{filter}"))
        .map_err(|error| format!("SLUICE_LOG is no log filter: {error}"))?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        logs.with_target(false).init();
    } else {
        logs.json().flatten_event(true).init();
    }
    Ok(())
}
