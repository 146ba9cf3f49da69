//! The one that reads the timeline, for all streams of this process.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sluice_common::chain::Chain;
use sluice_common::db::timeline::{self, Cursor, PAGE};
use sluice_common::db::{Db, DbError};
use sluice_common::domain::Tenant;
use tokio::sync::Notify;

use super::channels::Channels;
use super::told::Told;

/// How often it looks by itself. Verdicts wake it; new uploads don't.
const POLL: Duration = Duration::from_secs(1);
/// The shortest time between two looks: under load, when something always wakes it, changes come together.
const BREATH: Duration = Duration::from_millis(50);
/// The most tenants whose changes one statement reads.
const TENANTS: usize = 100;

/// Reads for as long as it lives, while somebody watches.
pub async fn run(db: Db, channels: Arc<Channels>, woken: Arc<Notify>) {
    let mut fails = false;
    loop {
        channels.watched().await;
        let look = look(&db, &channels).await;
        match &look {
            Err(error) if !fails => {
                tracing::warn!(error = %Chain(error), "could not read the timeline; the feed goes on when it can");
            }
            _ => {}
        }
        fails = look.is_err();
        tokio::time::sleep(BREATH).await;
        if !look.unwrap_or(false) {
            let _ = tokio::time::timeout(POLL, woken.notified()).await;
        }
    }
}

/// Tells every channel what is new. Says whether there is more.
async fn look(db: &Db, channels: &Channels) -> Result<bool, DbError> {
    let mut is_more = false;
    let (mut of_tenants, mut of_all) = (Vec::new(), None);
    for (whose, from) in channels.all() {
        match whose {
            Some(tenant) => of_tenants.push((tenant, from)),
            None => of_all = Some(from),
        }
    }
    if let Some(from) = of_all {
        let batch: Vec<Told> = timeline::read_all(db, from).await?.into_iter().map(Told::from).collect();
        is_more |= batch.len() == PAGE;
        channels.tell(&None, from, batch);
    }
    for watched in of_tenants.chunks(TENANTS) {
        let mut changes = HashMap::<String, Vec<Told>>::new();
        for change in timeline::read(db, watched).await? {
            changes.entry(change.tenant.clone()).or_default().push(change.into());
        }
        is_more |= changes.values().any(|batch| batch.len() == PAGE);
        tell(channels, watched, changes);
    }
    Ok(is_more)
}

fn tell(channels: &Channels, watched: &[(Tenant, Cursor)], mut changes: HashMap<String, Vec<Told>>) {
    for (tenant, from) in watched {
        if let Some(batch) = changes.remove(tenant.as_str()) {
            channels.tell(&Some(tenant.clone()), *from, batch);
        }
    }
}
