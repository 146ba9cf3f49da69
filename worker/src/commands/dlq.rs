//! `dlq`: lists, redrives and purges the dead-letter queue.

use clap::Subcommand;
use sluice_common::queue::dead_letters::{DeadLetter, DeadLetters, Places, Purge};
use sluice_common::settings::Reader;
use sluice_common::table::table;

use super::{Done, counted, print};

/// After so many messages it is said how far it has come.
const PROGRESS: usize = 500;

/// What to do with the dead-letter queue.
#[derive(Subcommand)]
pub enum Command {
    /// List what lies there; it can be taken again at once
    List {
        /// How many messages to list at the most
        #[arg(long, default_value_t = 1000)]
        most: usize,
    },
    /// Move messages back to the queue; what was settled meanwhile is not settled twice
    Redrive {
        /// Only this one, by its id as `dlq list` shows it
        #[arg(long, value_name = "ID")]
        message: Option<String>,
    },
    /// Delete all messages for good
    Purge {
        /// Do it
        #[arg(long)]
        yes: bool,
    },
}

/// Does it.
///
/// # Errors
/// Where a queue does not answer, or a setting is missing, or there is no such message.
pub async fn run(command: Command) -> Done {
    let letters = DeadLetters::open(Places::read(&Reader::of_environment())?).await;
    match command {
        Command::List { most } => list(&letters, most).await,
        Command::Redrive { message: Some(id) } => redrive_one(&letters, &id).await,
        Command::Redrive { message: None } => redrive_all(&letters).await,
        Command::Purge { yes } => purge(&letters, yes).await,
    }
}

async fn list(letters: &DeadLetters, most: usize) -> Done {
    let walk = letters.walk(|walk, _| walk.len() >= most, told_now_and_then).await?;
    letters.give_back(&walk).await;
    let heading = ["MESSAGE", "TIMES", "SENT", "SAYS"].map(str::to_owned);
    let rows: Vec<_> = [heading].into_iter().chain(walk.iter().take(most).map(row)).collect();
    print(&table(&rows))?;
    if walk.len() >= most {
        eprintln!("There are about {} in all; --most lists more.", counted(letters.count().await?, "message"));
    }
    Ok(())
}

fn told_now_and_then(read: usize) {
    if read % PROGRESS < 10 && read >= PROGRESS {
        eprintln!("read {} so far", counted(read as u64, "message"));
    }
}

fn row(letter: &DeadLetter) -> [String; 4] {
    let sent = letter.sent_at.map_or("-".to_owned(), |at| format!("{at:.0}"));
    [letter.message_id.clone(), letter.times.to_string(), sent, letter.says()]
}

async fn redrive_one(letters: &DeadLetters, id: &str) -> Done {
    let found = letters.find(id, usize::MAX).await?;
    let found = found.ok_or_else(|| format!("there is no message {id} in the dead-letter queue, or it is taken"))?;
    if let Some(error) = letters.redrive(vec![found]).await.failure {
        return Err(error.into());
    }
    eprintln!("Moved message {id} back to the queue.");
    Ok(())
}

async fn redrive_all(letters: &DeadLetters) -> Done {
    let mut moved = 0_u64;
    loop {
        let some = letters.redrive_some().await?;
        if some.taken == 0 {
            eprintln!("Moved {} back to the queue.", counted(moved, "message"));
            return say_what_is_hidden(letters).await;
        }
        let before = moved;
        moved += some.moved as u64;
        if let Some(error) = some.failure {
            eprintln!("Moved {} back to the queue; what is left can be moved later.", counted(moved, "message"));
            return Err(error.into());
        }
        if moved / PROGRESS as u64 > before / PROGRESS as u64 {
            eprintln!("moved {} so far", counted(moved, "message"));
        }
    }
}

/// Of what others have in hand, nothing can be taken for a moment.
async fn say_what_is_hidden(letters: &DeadLetters) -> Done {
    let hidden = letters.held().await?.in_flight;
    if hidden > 0 {
        eprintln!("About {} can be moved in a minute: others have them in hand.", counted(hidden, "more message"));
    }
    Ok(())
}

async fn purge(letters: &DeadLetters, yes: bool) -> Done {
    let messages = counted(letters.count().await?, "message");
    if !yes {
        return Err(format!("this deletes about {messages} for good; to do it, say --yes").into());
    }
    match letters.purge().await? {
        Purge::Begun => eprintln!("Purged about {messages} from the dead-letter queue."),
        Purge::UnderWay => return Err("it was purged less than a minute ago: try again in a minute".into()),
    }
    Ok(())
}
