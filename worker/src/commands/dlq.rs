//! `dlq`: lists, redrives and purges the dead-letter queue.

use std::collections::HashSet;

use clap::Subcommand;
use futures_util::future::join_all;
use sluice_common::settings::Reader;
use sluice_common::table::table;
use sluice_worker::dead_letters::{DeadLetter, DeadLetters};
use sluice_worker::envelope::{self, Record};

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
    let letters = DeadLetters::open(&Reader::of_environment()).await?;
    match command {
        Command::List { most } => list(&letters, most).await,
        Command::Redrive { message: Some(id) } => redrive_one(&letters, &id).await,
        Command::Redrive { message: None } => redrive_all(&letters).await,
        Command::Purge { yes } => purge(&letters, yes).await,
    }
}

async fn list(letters: &DeadLetters, most: usize) -> Done {
    let walk = walk(letters, |walk, _| walk.len() >= most).await?;
    letters.give_back(&walk).await?;
    let heading = ["MESSAGE", "TIMES", "SENT", "SAYS"].map(str::to_owned);
    let rows: Vec<_> = [heading].into_iter().chain(walk.iter().take(most).map(row)).collect();
    print(&table(&rows))?;
    if walk.len() >= most {
        eprintln!("There are about {} in all; --most lists more.", counted(letters.count().await?, "message"));
    }
    Ok(())
}

/// Takes messages until `enough` of them, each once. They stay hidden until they are given back, or for a minute.
async fn walk(
    letters: &DeadLetters,
    enough: impl Fn(&[DeadLetter], &[DeadLetter]) -> bool,
) -> Result<Vec<DeadLetter>, Box<dyn std::error::Error>> {
    let (mut walk, mut seen) = (Vec::new(), HashSet::new());
    loop {
        let taken = letters.take().await?;
        // Only known ones: so long a walk has come round to where it began.
        let fresh: Vec<_> = taken.into_iter().filter(|letter| seen.insert(letter.message_id.clone())).collect();
        if fresh.is_empty() || enough(&walk, &fresh) {
            walk.extend(fresh);
            return Ok(walk);
        }
        walk.extend(fresh);
        if walk.len() % PROGRESS < 10 && walk.len() >= PROGRESS {
            eprintln!("read {} so far", counted(walk.len() as u64, "message"));
        }
    }
}

fn row(letter: &DeadLetter) -> [String; 4] {
    let sent = letter.sent_at.map_or("-".to_owned(), |at| format!("{at:.0}"));
    [letter.message_id.clone(), letter.times.to_string(), sent, says(&letter.body)]
}

/// What a message speaks of, or why nobody can tell.
fn says(body: &str) -> String {
    match envelope::parse(body) {
        Err(why) => why.to_string(),
        Ok(records) => records.iter().map(speaks_of).collect::<Vec<_>>().join(", "),
    }
}

fn speaks_of(record: &Record) -> String {
    match record {
        Record::Created(event) => format!("{}/{}", event.bucket, event.key),
        Record::Ignored { name } => name.clone(),
        Record::Unreadable(why) => why.to_string(),
    }
}

async fn redrive_one(letters: &DeadLetters, id: &str) -> Done {
    let mut walk = walk(letters, |_, fresh| fresh.iter().any(|letter| letter.message_id == id)).await?;
    let place = walk.iter().position(|letter| letter.message_id == id);
    let found = place.map(|place| walk.swap_remove(place));
    letters.give_back(&walk).await?;
    let found = found.ok_or_else(|| format!("there is no message {id} in the dead-letter queue, or it is taken"))?;
    letters.redrive(&found).await?;
    eprintln!("Moved message {id} back to the queue.");
    Ok(())
}

async fn redrive_all(letters: &DeadLetters) -> Done {
    let mut moved = 0_u64;
    loop {
        let taken = letters.take().await?;
        if taken.is_empty() {
            eprintln!("Moved {} back to the queue.", counted(moved, "message"));
            return Ok(());
        }
        let results = join_all(taken.iter().map(|letter| letters.redrive(letter))).await;
        let before = moved;
        moved += results.iter().filter(|result| result.is_ok()).count() as u64;
        if let Some(error) = results.into_iter().find_map(Result::err) {
            eprintln!(
                "Moved {} back to the queue; what is left can be taken again in a minute.",
                counted(moved, "message")
            );
            return Err(error.into());
        }
        if moved / PROGRESS as u64 > before / PROGRESS as u64 {
            eprintln!("moved {} so far", counted(moved, "message"));
        }
    }
}

async fn purge(letters: &DeadLetters, yes: bool) -> Done {
    let messages = counted(letters.count().await?, "message");
    if !yes {
        return Err(format!("this deletes about {messages} for good; to do it, say --yes").into());
    }
    letters.purge().await?;
    eprintln!("Purged about {messages} from the dead-letter queue.");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_told_by_the_objects_it_speaks_of() {
        let record = |key: &str| {
            format!(
                r#"{{"eventName":"ObjectCreated:Put","s3":{{"bucket":{{"name":"b"}},"object":{{"key":"{key}"}}}}}}"#
            )
        };
        let body = format!(r#"{{"Records":[{},{}]}}"#, record("one"), record("two"));
        assert_eq!(says(&body), "b/one, b/two");
        assert_eq!(says(r#"{"Event":"s3:TestEvent"}"#), "TestEvent");
        assert_eq!(says("{"), "the body is not JSON: it can't be read at line 1, column 1");
    }
}
