//! `migrate`: brings the database up to date.

/// Applies what is missing. Harmless when nothing is, and while others do the same.
///
/// # Errors
/// Where the database can't be reached or a migration fails.
pub async fn run() -> Result<(), String> {
    super::database().await?;
    eprintln!("The database is up to date.");
    Ok(())
}
