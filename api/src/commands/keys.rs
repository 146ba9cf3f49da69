//! `keys`: makes, lists, rotates and revokes API keys.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use sluice_api::auth::{NewKey, Scope};
use sluice_common::db::api_keys::{self, ApiKey};
use sluice_common::domain::{Tenant, length_of_time};
use sluice_common::table::table;
use uuid::Uuid;

use super::{database, print, sentence};

/// The longest that a key may be made for: more would be for ever, and the database's times end somewhere.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

/// What to do with keys.
#[derive(Subcommand)]
pub enum Command {
    /// Make a key and print it, this once: only its hash is kept
    Create(Create),
    /// List all keys, oldest first
    List,
    /// Make a key that replaces another, and print it, this once; the other works on for a while
    Rotate(Rotate),
    /// Revoke a key for good; it stops working within a second
    Revoke {
        /// The key's id, as `keys list` shows it
        #[arg(value_parser = id)]
        id: Uuid,
    },
}

/// The key to make.
#[derive(Args)]
pub struct Create {
    /// Whose uploads it reaches: 1 to 40 of a-z, 0-9 and '-'
    #[arg(long, value_parser = tenant)]
    tenant: Tenant,
    /// What people call it: 1 to 100 characters
    #[arg(long, value_parser = name)]
    name: String,
    /// What it may be used for: uploads:write, uploads:read, operator, operator:read
    #[arg(long, value_delimiter = ',', required = true)]
    scopes: Vec<Scope>,
    /// As an operator's, it reaches all tenants, and what belongs to none: the queue, the workers
    #[arg(long)]
    all_tenants: bool,
    /// How long it works, such as 90d; for ever if not said
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    expires_in: Option<Duration>,
}

/// The key to replace.
#[derive(Args)]
pub struct Rotate {
    /// The key's id, as `keys list` shows it
    #[arg(value_parser = id)]
    id: Uuid,
    /// How long the old key works on, such as 24h
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    overlap: Duration,
    /// How long the new key works, such as 90d; as long as the old one was made for if not said
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    expires_in: Option<Duration>,
}

/// Does it.
///
/// # Errors
/// Where the database does not answer, or there is no such key.
pub async fn run(command: Command) -> Result<(), String> {
    match command {
        Command::Create(new) => create(new).await,
        Command::List => list().await,
        Command::Rotate(rotation) => rotate(rotation).await,
        Command::Revoke { id } => revoke(id).await,
    }
}

async fn create(new: Create) -> Result<(), String> {
    if new.all_tenants && !new.scopes.iter().any(|scope| matches!(scope, Scope::Operator | Scope::OperatorRead)) {
        return Err(
            "--all-tenants is for operators: the key has not got the scope operator or operator:read".to_owned()
        );
    }
    let db = database().await?;
    let key = NewKey::generate()?;
    let mut scopes: Vec<String> = new.scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
    scopes.sort();
    scopes.dedup();
    let Create { tenant, name, expires_in, all_tenants, .. } = &new;
    let kept = api_keys::insert(&db, key.hash, tenant, name, &scopes, *expires_in, *all_tenants).await;
    let id = kept.map_err(sentence)?;
    eprintln!("Key {id} of tenant {}. It is shown this once; keep it safe:", new.tenant);
    print(&format!("{}\n", key.text))
}

async fn list() -> Result<(), String> {
    let keys = api_keys::list(&database().await?).await.map_err(sentence)?;
    let heading = ["ID", "TENANT", "NAME", "SCOPES", "CREATED", "EXPIRES", "LAST USED", "STATE"].map(str::to_owned);
    let rows: Vec<_> = [heading].into_iter().chain(keys.iter().map(row)).collect();
    print(&table(&rows))
}

async fn rotate(Rotate { id, overlap, expires_in }: Rotate) -> Result<(), String> {
    let db = database().await?;
    let key = NewKey::generate()?;
    let rotated = api_keys::rotate(&db, id, key.hash, overlap, expires_in).await.map_err(sentence)?;
    let new = rotated.ok_or_else(|| format!("there is no key {id} that works and was not rotated before"))?;
    let ends = new.new_ends_at.map_or(String::new(), |end| format!(", which expires at {end:.0}"));
    eprintln!("Key {} of tenant {}{ends}. It is shown this once; keep it safe.", new.new_id, new.tenant);
    eprintln!("Key {id} works until {:.0}. The new one:", new.old_ends_at);
    print(&format!("{}\n", key.text))
}

async fn revoke(id: Uuid) -> Result<(), String> {
    if !api_keys::revoke(&database().await?, id).await.map_err(sentence)? {
        return Err(format!("there is no key {id}, or it is revoked already"));
    }
    eprintln!("Key {id} is revoked; it stops working within a second.");
    Ok(())
}

fn tenant(name: &str) -> Result<Tenant, String> {
    Tenant::parse(name).map_err(|why| why.to_string())
}

/// The longest name of a key, in characters: it is to be read in a list.
const LONGEST_NAME: usize = 100;

fn name(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("it is empty, and nobody would know what the key is for"),
        1..=LONGEST_NAME if !text.contains(char::is_control) => Ok(text.to_owned()),
        _ => Err("a name has 1 to 100 characters, none of which moves the cursor"),
    }
}

fn id(text: &str) -> Result<Uuid, &'static str> {
    Uuid::try_parse(text).map_err(|_| "an id looks like 019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10; `keys list` shows them")
}

fn lifetime(text: &str) -> Result<Duration, String> {
    match length_of_time(text)? {
        time if time > LONGEST => Err("it is above 100 years: leave it out for a key that never expires".to_owned()),
        time => Ok(time),
    }
}

fn row(key: &ApiKey) -> [String; 8] {
    let time = |time: Option<Timestamp>| time.map_or("-".to_owned(), |time| format!("{time:.0}"));
    [
        key.id.to_string(),
        if key.all_tenants { format!("{} and all", key.tenant) } else { key.tenant.to_string() },
        key.name.clone(),
        key.scopes.join(","),
        time(Some(key.created_at)),
        time(key.expires_at),
        time(key.last_used_at),
        key.state.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_a_name_that_people_can_read() {
        assert_eq!(name(" the shop's server "), Ok("the shop's server".to_owned()));
        for bad in ["", "  ", "a\u{1b}[2J", "two\nlines", &"x".repeat(101)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn who_gives_no_id_is_told_how_one_looks() {
        assert!(id("nope").is_err_and(|why| why.contains("keys list")));
        assert!(id("019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10").is_ok());
    }

    #[test]
    fn a_key_may_be_given_days_but_no_time_that_is_over() {
        assert_eq!(lifetime("90d"), Ok(Duration::from_hours(90 * 24)));
        assert_eq!(lifetime("1h 30m"), Ok(Duration::from_mins(90)));
        for bad in ["", "90", "soon", "-1d", "0s", "36501d", "99999y"] {
            assert!(lifetime(bad).is_err(), "{bad}");
        }
    }
}
