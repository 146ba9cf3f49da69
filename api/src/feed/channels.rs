//! One channel for each tenant that somebody watches, and one for all of them together, from the reader to the streams.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use sluice_common::db::timeline::Cursor;
use sluice_common::domain::Tenant;
use tokio::sync::{Notify, broadcast};

use super::told::Told;

/// How many batches wait for the slowest stream of a tenant. One that is slower still reads them from the database.
const HELD: usize = 16;

/// Whose changes a channel tells: those of a tenant, or of all.
pub type Whose = Option<Tenant>;

/// The channels, by whose changes they tell.
#[derive(Default)]
pub struct Channels {
    by_tenant: Mutex<HashMap<Whose, Channel>>,
    /// Says that there is one.
    made: Notify,
}

struct Channel {
    batches: broadcast::Sender<Arc<[Told]>>,
    /// Up to where it was told.
    told_to: Cursor,
}

impl Channels {
    /// A seat at this tenant's channel, if there is one.
    pub fn join(self: &Arc<Self>, tenant: &Whose) -> Option<Seat> {
        self.lock().get(tenant).map(|channel| Seat::at(channel, self, tenant))
    }

    /// A seat at this tenant's channel, which tells what is behind this cursor if somebody has not made it meanwhile.
    pub fn make(self: &Arc<Self>, tenant: &Whose, told_to: Cursor) -> Seat {
        let mut channels = self.lock();
        let new = || Channel { batches: broadcast::Sender::new(HELD), told_to };
        let seat = Seat::at(channels.entry(tenant.clone()).or_insert_with(new), self, tenant);
        self.made.notify_one();
        seat
    }

    /// Waits until somebody watches.
    pub async fn watched(&self) {
        while self.lock().is_empty() {
            self.made.notified().await;
        }
    }

    /// Who is watched, and up to where each was told.
    pub fn all(&self) -> Vec<(Whose, Cursor)> {
        self.lock().iter().map(|(tenant, channel)| (tenant.clone(), channel.told_to)).collect()
    }

    /// Tells a tenant's streams what was read behind `from`. A channel that was made anew meanwhile has been told otherwise.
    pub fn tell(&self, tenant: &Whose, from: Cursor, batch: Vec<Told>) {
        let mut channels = self.lock();
        let Some(channel) = channels.get_mut(tenant).filter(|channel| channel.told_to == from) else { return };
        let Some(last) = batch.last() else { return };
        channel.told_to = last.at;
        // Whoever could hear it may just have left.
        let _ = channel.batches.send(batch.into());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Whose, Channel>> {
        self.by_tenant.lock().expect("no holder of the lock panics")
    }
}

/// A stream's place at its tenant's channel. The last to leave closes it.
pub struct Seat {
    /// What is told from now on.
    pub batches: broadcast::Receiver<Arc<[Told]>>,
    /// Up to where it was told before.
    pub told_to: Cursor,
    /// Whose channel it is.
    pub tenant: Whose,
    channels: Arc<Channels>,
}

impl Seat {
    fn at(channel: &Channel, channels: &Arc<Channels>, tenant: &Whose) -> Self {
        Self {
            batches: channel.batches.subscribe(),
            told_to: channel.told_to,
            tenant: tenant.clone(),
            channels: Arc::clone(channels),
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut channels = self.channels.lock();
        // Our own receiver still counts.
        if channels.get(&self.tenant).is_some_and(|channel| channel.batches.receiver_count() == 1) {
            channels.remove(&self.tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use sluice_common::db::timeline::Change;

    use super::*;

    fn told(id: i64) -> Told {
        Change { at: Cursor { xid: 1, id }, tenant: "acme".to_owned(), upload: None }.into()
    }

    #[test]
    fn what_was_read_for_a_channel_that_is_gone_is_not_told_on_its_successor() {
        let (channels, acme) = (Arc::new(Channels::default()), Some(Tenant::parse("acme").expect("valid")));
        let first = channels.make(&acme, Cursor::BEGINNING);
        let from = channels.all()[0].1;
        drop(first);
        assert!(channels.join(&acme).is_none());
        let mut second = channels.make(&acme, Cursor { xid: 1, id: 5 });
        channels.tell(&acme, from, vec![told(3)]);
        assert!(second.batches.try_recv().is_err());
        channels.tell(&acme, Cursor { xid: 1, id: 5 }, vec![told(6)]);
        assert_eq!(second.batches.try_recv().expect("told")[0].at.id, 6);
        assert_eq!(channels.join(&acme).expect("it is there").told_to.id, 6);
    }
}
