//! The streams of HTTP/2 connections, each given up when its client takes nothing of its answer.
//!
//! On a connection of its own a client that reads nothing is seen by what the socket does not take. Streams share a connection,
//! perhaps those of many clients behind one proxy: so one that does not give room for what it is to get ends alone.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use hyper::rt::Executor;
use tokio::time::Instant;

tokio::task_local! {
    static OFFER: Arc<Offer>;
}

/// Runs streams.
#[derive(Clone, Copy)]
pub struct Streams {
    /// How long one may take nothing of what it is offered.
    pub patience: Duration,
}

impl<S: Future<Output = ()> + Send + 'static> Executor<S> for Streams {
    fn execute(&self, stream: S) {
        let (offer, patience) = (Arc::new(Offer::default()), self.patience);
        tokio::spawn(OFFER.scope(Arc::clone(&offer), async move {
            tokio::select! {
                () = stream => {}
                () = offer.is_left(patience) => {}
            }
        }));
    }
}

/// A piece of an answer that waits for the client to give room for it, if one does.
#[derive(Default)]
pub struct Offer(Mutex<Option<Instant>>);

impl Offer {
    /// That of the stream that is being run, if one is: HTTP/1.1 has none.
    pub fn of_this_stream() -> Option<Arc<Self>> {
        OFFER.try_with(Arc::clone).ok()
    }

    /// A piece is offered.
    pub fn is_made(&self) {
        *self.lock() = Some(Instant::now());
    }

    /// What was offered was taken.
    pub fn is_taken(&self) {
        *self.lock() = None;
    }

    /// Ends when a piece was left alone for so long, and a quarter of it more at the most.
    async fn is_left(&self, patience: Duration) {
        let mut ticks = tokio::time::interval(patience / 4);
        while self.lock().is_none_or(|since| since.elapsed() < patience) {
            ticks.tick().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().expect("no holder of the lock panics")
    }
}
