//! `dead-events`: lists and drops the messages that were kept because no upload can be settled by them.

use clap::Subcommand;
use sluice_common::db::dead_events::{self, DeadEvent};
use sluice_common::table::table;

use super::{Done, counted, database, print};

/// How many rows are read or dropped at once.
const BATCH: i64 = 1000;
/// The characters of a body that are shown.
const SHOWN: usize = 160;

/// What to do with dead events.
#[derive(Subcommand)]
pub enum Command {
    /// List all, oldest first
    List,
    /// Drop one, or all that there are now
    Drop {
        /// Its id, as `dead-events list` shows it
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<i64>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
}

/// Does it.
///
/// # Errors
/// Where the database does not answer, or there is no such event.
pub async fn run(command: Command) -> Done {
    match command {
        Command::List => list().await,
        Command::Drop { id: Some(id), .. } => drop_one(id).await,
        Command::Drop { id: None, .. } => drop_all().await,
    }
}

async fn list() -> Done {
    let db = database().await?;
    let mut rows = vec![["ID", "KEPT", "MESSAGE", "REASON", "BODY"].map(str::to_owned)];
    let mut after = 0;
    loop {
        let page = dead_events::list(&db, after, BATCH).await?;
        rows.extend(page.iter().map(row));
        match page.last() {
            Some(last) => after = last.id,
            None => return print(&table(&rows)),
        }
    }
}

fn row(event: &DeadEvent) -> [String; 5] {
    let mut body: String = event.body.chars().take(SHOWN).collect();
    if body.len() < event.body.len() {
        body.push('…');
    }
    [event.id.to_string(), format!("{:.0}", event.at), event.message_id.clone(), event.reason.clone(), body]
}

async fn drop_one(id: i64) -> Done {
    if !dead_events::drop_one(&database().await?, id).await? {
        return Err(format!("there is no dead event {id}").into());
    }
    eprintln!("Dropped dead event {id}.");
    Ok(())
}

async fn drop_all() -> Done {
    let db = database().await?;
    let mut dropped = 0;
    if let Some(last) = dead_events::last(&db).await? {
        loop {
            let some = dead_events::drop_to(&db, last, BATCH).await?;
            dropped += some.unsigned_abs();
            if some < BATCH {
                break;
            }
            eprintln!("dropped {dropped} so far");
        }
    }
    eprintln!("Dropped {}.", counted(dropped, "dead event"));
    Ok(())
}
