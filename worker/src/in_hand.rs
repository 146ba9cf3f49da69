//! The deliveries that are not answered yet, and keeping their messages hidden while the work on them is slow.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};

use sluice_common::chain::Chain;
use tokio::time::{Duration, Instant, sleep};

use crate::queue::Queue;
use crate::times::Times;

/// All deliveries in hand: each one's receipt, and when its message was last hidden, or `None` where the queue no longer
/// hides it. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct InHand(Arc<Mutex<HashMap<String, Option<Instant>>>>);

/// One delivery is in hand for as long as this lives.
#[derive(Debug)]
pub struct Held {
    all: InHand,
    receipt: String,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.lock().remove(&self.receipt);
    }
}

impl InHand {
    /// Takes a delivery in hand. By receipt, not by message: one message may be in hand twice.
    pub fn hold(&self, receipt: &str) -> Held {
        self.lock().insert(receipt.to_owned(), Some(Instant::now()));
        Held { all: self.clone(), receipt: receipt.to_owned() }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// The receipts of all of them.
    pub fn receipts(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// Keeps messages hidden that are worked on for long. A fast delivery costs nothing here.
    pub async fn keep_hidden(&self, queue: &Queue, times: &Times) -> Infallible {
        loop {
            sleep(times.still_at_it / 2).await;
            for slow in self.hidden_before(times.still_at_it).chunks(crate::queue::BATCH) {
                self.hide(queue, slow, times.hidden).await;
            }
        }
    }

    async fn hide(&self, queue: &Queue, receipts: &[String], time: Duration) {
        let asked_at = Instant::now();
        let entries = match queue.hide_all(receipts, time).await {
            Ok(entries) => entries,
            Err(error) => {
                tracing::warn!(error = %Chain(&error), messages = receipts.len(), "could not keep messages hidden; asking again");
                return;
            }
        };
        for (receipt, entry) in receipts.iter().zip(entries) {
            let hidden_at = match entry {
                Ok(()) => Some(asked_at),
                Err(refusal) => {
                    tracing::warn!(%refusal, "the queue does not keep a message hidden; it may come twice");
                    if !refusal.is_final {
                        continue;
                    }
                    None
                }
            };
            // Only if it is still in hand: it may have been answered meanwhile.
            self.lock().entry(receipt.clone()).and_modify(|held| *held = hidden_at);
        }
    }

    fn hidden_before(&self, age: Duration) -> Vec<String> {
        let all = self.lock();
        let is_due = |hidden_at: &Option<Instant>| hidden_at.is_some_and(|at| at.elapsed() >= age);
        all.iter().filter(|(_, hidden_at)| is_due(hidden_at)).map(|(receipt, _)| receipt.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Option<Instant>>> {
        self.0.lock().expect("no holder of the lock panics")
    }
}
