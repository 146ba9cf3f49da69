//! Waiting for verdicts: requests sleep until Postgres says that their upload was decided.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use sluice_common::db::listen::Heard;
use sluice_common::domain::{Upload, UploadId, UploadStatus};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use uuid::Uuid;

/// The requests of this process that wait, woken by the one connection that listens.
pub struct Waiting {
    rooms: Arc<Rooms>,
    heard: Arc<Notify>,
    released: watch::Sender<bool>,
    listening: AbortHandle,
}

/// For each upload that somebody waits for, what wakes them.
#[derive(Default)]
struct Rooms(Mutex<HashMap<UploadId, watch::Sender<()>>>);

impl Waiting {
    /// Starts listening to what is decided.
    pub fn new(mut heard: mpsc::UnboundedReceiver<Heard>) -> Self {
        let rooms = Arc::new(Rooms::default());
        let told = Arc::new(Notify::new());
        let listening = tokio::spawn({
            let (rooms, told) = (Arc::clone(&rooms), Arc::clone(&told));
            async move {
                while let Some(heard) = heard.recv().await {
                    rooms.wake(&heard);
                    told.notify_one();
                }
            }
        });
        Self { rooms, heard: told, released: watch::Sender::new(false), listening: listening.abort_handle() }
    }

    /// Is woken by whatever is heard, for whoever is not after one upload alone.
    pub fn heard(&self) -> Arc<Notify> {
        Arc::clone(&self.heard)
    }

    /// Lets nobody wait any longer, now or later: the process is stopping.
    pub fn release(&self) {
        self.released.send_replace(true);
    }

    /// Reads an upload, and again whenever it may have changed, until it is no longer pending or `patience` is over.
    ///
    /// # Errors
    /// The first error of `read`.
    pub async fn until_decided<Reading, E>(
        &self,
        id: UploadId,
        patience: Duration,
        read: impl Fn() -> Reading,
    ) -> Result<Option<Upload>, E>
    where
        Reading: Future<Output = Result<Option<Upload>, E>>,
    {
        self.until(id, patience, read, |upload| upload.state.status() != UploadStatus::Pending).await
    }

    /// Reads an upload, and again whenever it may have changed, until it is as wanted, is gone, or `patience` is over.
    ///
    /// # Errors
    /// The first error of `read`.
    pub async fn until<Reading, E>(
        &self,
        id: UploadId,
        patience: Duration,
        read: impl Fn() -> Reading,
        is_wanted: impl Fn(&Upload) -> bool,
    ) -> Result<Option<Upload>, E>
    where
        Reading: Future<Output = Result<Option<Upload>, E>>,
    {
        if patience.is_zero() {
            return read().await;
        }
        let end = Instant::now() + patience;
        let mut released = self.released.subscribe();
        // Seated before the first look: what is decided between that look and the wait wakes us.
        let mut seat = Seat::take(&self.rooms, id);
        loop {
            let upload = read().await?;
            let goes_on = upload.as_ref().is_some_and(|upload| !is_wanted(upload));
            if !goes_on || Instant::now() >= end || *released.borrow_and_update() {
                return Ok(upload);
            }
            tokio::select! {
                _ = seat.woken.changed() => {}
                _ = released.changed() => {}
                () = tokio::time::sleep_until(end) => {}
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Rooms {
    fn wake(&self, heard: &Heard) {
        let rooms = self.lock();
        match heard {
            Heard::Anew => rooms.values().for_each(|room| room.send_modify(|()| {})),
            Heard::Payload(ids) => {
                let ids = ids.split(',').filter_map(|id| Uuid::try_parse(id).ok()).map(UploadId);
                ids.filter_map(|id| rooms.get(&id)).for_each(|room| room.send_modify(|()| {}));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UploadId, watch::Sender<()>>> {
        self.0.lock().expect("no holder of the lock panics")
    }
}

/// A place in an upload's room. The last to leave closes it.
struct Seat<'a> {
    rooms: &'a Rooms,
    id: UploadId,
    woken: watch::Receiver<()>,
}

impl<'a> Seat<'a> {
    fn take(rooms: &'a Rooms, id: UploadId) -> Self {
        let woken = rooms.lock().entry(id).or_insert_with(|| watch::Sender::new(())).subscribe();
        Self { rooms, id, woken }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut rooms = self.rooms.lock();
        // Our own receiver still counts.
        if rooms.get(&self.id).is_some_and(|room| room.receiver_count() == 1) {
            rooms.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use sluice_common::domain::UploadState;

    use super::*;
    use crate::uploads::examples;

    /// An upload that is pending until it is decided, and how often it was read.
    #[derive(Default)]
    struct Row {
        decided: AtomicBool,
        reads: AtomicUsize,
    }

    impl Row {
        async fn read(&self) -> Result<Option<Upload>, Infallible> {
            self.reads.fetch_add(1, Ordering::SeqCst);
            let pending = examples::pending();
            let expired = UploadState::Expired { decided_at: pending.deadline };
            let decided = self.decided.load(Ordering::SeqCst);
            Ok(Some(if decided { Upload { state: expired, ..pending } } else { pending }))
        }
    }

    struct World {
        waiting: Arc<Waiting>,
        say: mpsc::UnboundedSender<Heard>,
        row: Arc<Row>,
        id: UploadId,
    }

    impl World {
        fn new() -> Self {
            let (say, heard) = mpsc::unbounded_channel();
            let waiting = Arc::new(Waiting::new(heard));
            Self { waiting, say, row: Arc::default(), id: examples::pending().id }
        }

        fn wait(&self) -> tokio::task::JoinHandle<UploadStatus> {
            let (waiting, row, id) = (Arc::clone(&self.waiting), Arc::clone(&self.row), self.id);
            tokio::spawn(async move {
                let found = waiting.until_decided(id, Duration::from_secs(20), || row.read()).await;
                found.expect("no error").expect("an upload").state.status()
            })
        }

        async fn seated(&self) {
            while self.row.reads.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_verdict_wakes_who_waits_for_it_and_nobody_else() {
        let world = World::new();
        let waiting = world.wait();
        world.seated().await;
        let another = UploadId::generate();
        world.say.send(Heard::Payload(another.to_string())).expect("heard");
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(world.row.reads.load(Ordering::SeqCst), 1);

        world.row.decided.store(true, Ordering::SeqCst);
        world.say.send(Heard::Payload(format!("{another},{}", world.id))).expect("heard");
        let started = Instant::now();
        assert_eq!(waiting.await.expect("no panic"), UploadStatus::Expired);
        assert!(started.elapsed() < Duration::from_secs(1));
        assert!(world.waiting.rooms.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_may_have_missed_a_verdict_looks_again() {
        let world = World::new();
        let waiting = world.wait();
        world.seated().await;
        world.row.decided.store(true, Ordering::SeqCst);
        world.say.send(Heard::Anew).expect("heard");
        assert_eq!(waiting.await.expect("no panic"), UploadStatus::Expired);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_longer_than_asked_or_while_the_process_stops() {
        let world = World::new();
        let started = Instant::now();
        assert_eq!(world.wait().await.expect("no panic"), UploadStatus::Pending);
        assert_eq!(started.elapsed().as_secs(), 20);

        let waiting = world.wait();
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.waiting.release();
        assert_eq!(waiting.await.expect("no panic"), UploadStatus::Pending);
        assert_eq!(world.wait().await.expect("no panic"), UploadStatus::Pending);
        assert_eq!(started.elapsed().as_secs(), 21);
    }
}
