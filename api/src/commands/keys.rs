//! `keys`: makes, lists and revokes API keys.

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use sluice_api::auth::{NewKey, Scope};
use sluice_common::db::api_keys::{self, ApiKey};
use sluice_common::domain::Tenant;
use sluice_common::table::table;
use uuid::Uuid;

use super::{database, print, sentence};

/// What to do with keys.
#[derive(Subcommand)]
pub enum Command {
    /// Make a key and print it, this once: only its hash is kept
    Create(Create),
    /// List all keys, oldest first
    List,
    /// Revoke a key for good; it stops working within a second
    Revoke {
        /// The key's id, as `keys list` shows it
        id: Uuid,
    },
}

/// The key to make.
#[derive(Args)]
pub struct Create {
    /// Whose uploads it reaches: 1 to 40 of a-z, 0-9 and '-'
    #[arg(long, value_parser = tenant)]
    tenant: Tenant,
    /// What people call it
    #[arg(long)]
    name: String,
    /// What it may be used for: uploads:write, uploads:read, operator, operator:read
    #[arg(long, value_delimiter = ',', required = true)]
    scopes: Vec<Scope>,
    /// As an operator's, it reaches all tenants, and what belongs to none: the queue, the workers
    #[arg(long)]
    all_tenants: bool,
    /// How long it works, such as 90d; for ever if not said
    #[arg(long = "expires-in", value_name = "TIME", value_parser = expiry)]
    expires_at: Option<Timestamp>,
}

/// Does it.
///
/// # Errors
/// Where the database does not answer, or there is no such key.
pub async fn run(command: Command) -> Result<(), String> {
    match command {
        Command::Create(new) => create(new).await,
        Command::List => list().await,
        Command::Revoke { id } => revoke(id).await,
    }
}

async fn create(new: Create) -> Result<(), String> {
    let db = database().await?;
    let key = NewKey::generate()?;
    let mut scopes: Vec<String> = new.scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
    scopes.sort();
    scopes.dedup();
    let Create { tenant, name, expires_at, all_tenants, .. } = &new;
    let kept = api_keys::insert(&db, key.hash, tenant, name, &scopes, *expires_at, *all_tenants).await;
    let id = kept.map_err(sentence)?;
    eprintln!("Key {id} of tenant {}. It is shown this once; keep it safe:", new.tenant);
    print(&format!("{}\n", key.text))
}

async fn list() -> Result<(), String> {
    let keys = api_keys::list(&database().await?).await.map_err(sentence)?;
    let heading = ["ID", "TENANT", "NAME", "SCOPES", "CREATED", "EXPIRES", "REVOKED"].map(str::to_owned);
    let rows: Vec<_> = [heading].into_iter().chain(keys.iter().map(row)).collect();
    print(&table(&rows))
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

/// The end of a time such as `90d` that begins now.
fn expiry(text: &str) -> Result<Timestamp, String> {
    let span: Span = text.parse().map_err(|_| "a time is written as 90d, 12h or 1y 6mo".to_owned())?;
    let now = Timestamp::now();
    let end = now.to_zoned(TimeZone::UTC).checked_add(span).map_err(|_| "that is too long".to_owned())?;
    if end.timestamp() > now { Ok(end.timestamp()) } else { Err("it must be longer than nothing".to_owned()) }
}

fn row(key: &ApiKey) -> [String; 7] {
    let time = |time: Option<Timestamp>| time.map_or("-".to_owned(), |time| format!("{time:.0}"));
    [
        key.id.to_string(),
        if key.all_tenants { format!("{} and all", key.tenant) } else { key.tenant.to_string() },
        key.name.clone(),
        key.scopes.join(","),
        time(Some(key.created_at)),
        time(key.expires_at),
        time(key.revoked_at),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_be_given_days_but_no_time_that_is_over() {
        let days = (expiry("90d").expect("a time").duration_since(Timestamp::now()).as_hours() + 1) / 24;
        assert_eq!(days, 90);
        for bad in ["", "90", "soon", "-1d", "0s", "99999y"] {
            assert!(expiry(bad).is_err(), "{bad}");
        }
    }
}
