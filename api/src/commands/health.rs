//! `health`: asks the API that runs here whether it is ready, for container runtimes without a client of their own.

use sluice_common::health;
use sluice_common::settings::Reader;

use super::sentence;

/// Asks `/readyz` at the address that the API listens on.
///
/// # Errors
/// What the API says is missing, or that it does not answer.
pub async fn run() -> Result<(), String> {
    let address = Reader::of_environment().text("SLUICE_API_LISTEN").map_err(sentence)?;
    health::ask(&address).await.map_err(sentence)
}
