//! The commands for operators, one file each. What one fails with is a sentence for the person who gave it.

pub mod dead_events;
pub mod dlq;

use std::error::Error;
use std::io::Write as _;

use sluice_common::db::Db;
use sluice_common::settings::{Reader, SettingError};

/// What a command ends with.
pub type Done = Result<(), Box<dyn Error>>;

/// The database, brought up to date: a command may be the first that meets it.
async fn database() -> Result<Db, Box<dyn Error>> {
    const NAME: &str = "SLUICE_DATABASE_URL";
    let url = Reader::of_environment().text(NAME)?;
    let db = Db::new(&url, 1).map_err(|why| SettingError::Unusable { name: NAME, why })?;
    db.migrate().await?;
    Ok(db)
}

/// Prints what was asked for, and nothing else, on standard output.
fn print(text: &str) -> Done {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

/// `1 message`, `2 messages`.
fn counted(number: impl Into<u64>, noun: &str) -> String {
    match number.into() {
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    }
}
