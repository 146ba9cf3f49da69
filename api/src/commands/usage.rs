//! `usage`: counts anew what tenants use.

use clap::Subcommand;
use sluice_common::db::usage;
use sluice_common::domain::{Tenant, Usage};
use sluice_common::table::table;

use super::{database, print, sentence};

/// What to do with what tenants use.
#[derive(Subcommand)]
pub enum Command {
    /// Count it anew from the uploads, mend what was counted wrongly, and print that; everything may go on meanwhile
    Recount,
}

/// Does it.
///
/// # Errors
/// Where the database does not answer.
pub async fn run(command: Command) -> Result<(), String> {
    let Command::Recount = command;
    let recount = usage::recount(&database().await?).await.map_err(sentence)?;
    let tenants = if recount.tenants == 1 { "1 tenant".to_owned() } else { format!("{} tenants", recount.tenants) };
    if recount.mended.is_empty() {
        eprintln!("Counted {tenants}; all was right.");
        return Ok(());
    }
    eprintln!("Counted {tenants}, and mended {}. What was added:", recount.mended.len());
    let heading = ["TENANT", "PENDING UPLOADS", "RESERVED BYTES", "STORED UPLOADS", "STORED BYTES"].map(str::to_owned);
    let rows: Vec<_> = [heading].into_iter().chain(recount.mended.iter().map(row)).collect();
    print(&table(&rows))
}

fn row((tenant, added): &(Tenant, Usage)) -> [String; 5] {
    let added = [added.pending_uploads, added.reserved_bytes, added.stored_uploads, added.stored_bytes];
    let [pending, reserved, stored, bytes] =
        added.map(|added| if added == 0 { "-".to_owned() } else { format!("{added:+}") });
    [tenant.to_string(), pending, reserved, stored, bytes]
}
