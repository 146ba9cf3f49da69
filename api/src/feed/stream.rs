//! One stream: what it hears on its tenant's channel, and what it has to read itself.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::unfold;
use sluice_common::chain::Chain;
use sluice_common::db::timeline::{self, Cursor, PAGE};
use sluice_common::db::{Db, DbError};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::Instant;

use super::channels::Seat;
use super::told::{Filter, Told};
use super::{Place, cursor};

/// How long a stream is silent at the most: shorter than the patience of proxies and of our own server.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a stream lasts at the most. Whoever comes again is admitted again: a key that was revoked sees no more then.
const LONGEST: Duration = Duration::from_mins(15);
/// How much earlier it may end, so that streams which began together don't come again together.
const EARLIER: Duration = Duration::from_mins(5);
/// How long to wait for a database that does not answer.
const PAUSE: Duration = Duration::from_secs(1);
/// After how many milliseconds a client is to come again.
const RETRY: u32 = 2000;

/// One stream.
pub struct Stream {
    db: Db,
    seat: Seat,
    filter: Filter,
    /// Up to where it was told, sent or passed over.
    at: Cursor,
    /// What the last heartbeat said of it.
    known: Option<Cursor>,
    /// Whether there may be changes that are not told on the channel.
    is_behind: bool,
    silent_until: Instant,
    ends: Instant,
    released: watch::Receiver<bool>,
    _place: Place,
}

/// What a stream sends, block by block.
pub fn blocks(stream: Stream) -> impl futures_util::Stream<Item = io::Result<Bytes>> + Send {
    unfold(Box::new(stream), |mut stream| async move { stream.next().await.map(|block| (Ok(block), stream)) })
}

impl Stream {
    pub(super) fn new(
        db: Db,
        seat: Seat,
        place: Place,
        filter: Filter,
        behind: Option<Cursor>,
        released: watch::Receiver<bool>,
    ) -> Self {
        let at = behind.unwrap_or(seat.told_to);
        let now = Instant::now();
        Self {
            db,
            is_behind: at != seat.told_to,
            seat,
            filter,
            at,
            known: None,
            silent_until: now,
            ends: now + LONGEST - EARLIER.mul_f64(rand::random()),
            released,
            _place: place,
        }
    }

    /// The next block, and none at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let now = Instant::now();
            if *self.released.borrow_and_update() || now >= self.ends {
                return None;
            }
            if now >= self.silent_until {
                return Some(self.beat());
            }
            let heard = if self.is_behind { self.catch_up().await } else { self.hear().await };
            if let Some(block) = heard {
                self.silent_until = Instant::now() + HEARTBEAT;
                return Some(block);
            }
        }
    }

    /// Says that the stream lives, and up to where it was told: whoever has filtered much out need not have it all filtered
    /// again when they come back. The first also says how soon to come back.
    fn beat(&mut self) -> Bytes {
        self.silent_until = Instant::now() + HEARTBEAT;
        let retry = if self.known.is_none() { format!("retry: {RETRY}\n") } else { String::new() };
        let moved = self.known.replace(self.at) != Some(self.at);
        let id = if moved { format!("id: {}\n", cursor::write(self.at)) } else { String::new() };
        format!(":\n{retry}{id}\n").into()
    }

    /// Waits for what is told on the channel, or until it is time for something else.
    async fn hear(&mut self) -> Option<Bytes> {
        tokio::select! {
            heard = self.seat.batches.recv() => match heard {
                Ok(batch) => return self.take(&batch),
                // The oldest were dropped. They can be read.
                Err(RecvError::Lagged(_)) => self.is_behind = true,
                Err(RecvError::Closed) => self.ends = Instant::now(),
            },
            _ = self.released.changed() => {}
            () = tokio::time::sleep_until(self.silent_until.min(self.ends)) => {}
        }
        None
    }

    /// Reads a page. Where it is not full, whatever is not on it will be told on the channel.
    async fn catch_up(&mut self) -> Option<Bytes> {
        match self.page().await {
            Ok(page) => {
                self.is_behind = page.len() == PAGE;
                self.take(&page)
            }
            Err(error) => {
                tracing::debug!(error = %Chain(&error), "a stream waits for the database");
                tokio::select! {
                    _ = self.released.changed() => {}
                    () = tokio::time::sleep(PAUSE) => {}
                }
                None
            }
        }
    }

    async fn page(&self) -> Result<Vec<Told>, DbError> {
        let changes = match (&self.seat.tenant, self.filter.only) {
            (Some(tenant), Some(id)) => timeline::read_of_upload(&self.db, tenant, id, self.at).await?,
            (Some(tenant), None) => timeline::read(&self.db, &[(tenant.clone(), self.at)]).await?,
            (None, _) => timeline::read_all(&self.db, self.at).await?,
        };
        Ok(changes.into_iter().map(Told::from).collect())
    }

    /// Moves on to the end of these changes, and gives what is to be sent of those that are new.
    fn take(&mut self, changes: &[Told]) -> Option<Bytes> {
        let from = self.at;
        self.at = changes.last().map_or(from, |last| last.at.max(from));
        let mut passing = changes.iter().filter(|told| told.at > from).filter_map(|told| told.passing(&self.filter));
        let first = passing.next()?;
        let Some(second) = passing.next() else { return Some(first) };
        let mut together = BytesMut::new();
        [first, second].into_iter().chain(passing).for_each(|block| together.extend_from_slice(&block));
        Some(together.freeze())
    }
}
