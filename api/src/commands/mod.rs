//! The commands, one file each. What one fails with is a sentence for the person who gave it.

pub mod health;
pub mod keys;
pub mod migrate;
pub mod openapi;
pub mod serve;
pub mod usage;

use std::error::Error;
use std::io::Write as _;

use sluice_api::settings::Database;
use sluice_common::chain::Chain;
use sluice_common::db::Db;
use sluice_common::settings::Reader;

/// An error, with all that caused it, in a sentence.
fn sentence(error: impl Error) -> String {
    Chain(&error).to_string()
}

/// The database, brought up to date: a command may be the first that meets it.
async fn database() -> Result<Db, String> {
    let Database { url, connections } = Database::read(&Reader::of_environment()).map_err(sentence)?;
    let db = Db::new(&url, connections).map_err(|why| format!("SLUICE_DATABASE_URL is not usable: {why}"))?;
    db.migrate().await.map_err(sentence)?;
    Ok(db)
}

/// Prints what was asked for, and nothing else, on standard output.
fn print(text: &str) -> Result<(), String> {
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| format!("could not print: {error}"))
}
