//! The loop that takes deliveries from a queue and answers each of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sluice_common::chain::Chain;
use sluice_common::db::{Db, dead_events};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::breaker::Breaker;
use crate::deliver::settle_delivery;
use crate::pulse::Pulse;
use crate::queue::{Answer, Delivery, Queue};
use crate::settle::Settler;

/// While a delivery is worked on for longer than this, the queue is told to keep hiding its message.
const STILL_AT_IT: Duration = Duration::from_secs(30);
/// For how long it hides it then: the queue's own visibility timeout.
const HIDDEN: Duration = Duration::from_mins(1);
/// The longest that one delivery may be worked on. What hangs for longer is left to come again.
const AT_MOST: Duration = Duration::from_mins(10);
/// How long to wait after the queue failed to answer, doubling up to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// Takes deliveries and has them settled, many at a time.
pub struct Consumer {
    queue: Queue,
    settler: Settler,
    db: Db,
    pulse: Arc<Pulse>,
    breaker: Breaker,
    slots: Arc<Semaphore>,
    /// The deliveries that are not answered yet: message id to receipt.
    in_hand: Arc<Mutex<HashMap<String, String>>>,
    tasks: TaskTracker,
}

impl Consumer {
    /// A consumer that has up to `concurrency` deliveries in hand.
    pub fn new(queue: Queue, settler: Settler, db: Db, pulse: Arc<Pulse>, breaker: Breaker, concurrency: u32) -> Self {
        let slots = Arc::new(Semaphore::new(concurrency as usize));
        Self { queue, settler, db, pulse, breaker, slots, in_hand: Arc::default(), tasks: TaskTracker::new() }
    }

    /// Takes deliveries until asked to stop; then takes no more, finishes what is in hand within the grace, and returns the
    /// rest to the queue.
    pub async fn run(self, stop: CancellationToken, grace: Duration) {
        let mut failures = 0;
        while let Some(slots) = self.free_slots(&stop).await {
            // Not raced against `stop`: dropping a receive the queue has already answered would hide its messages from
            // everyone until their visibility timeout.
            match self.queue.receive(slots.len()).await {
                Ok(deliveries) => {
                    failures = 0;
                    self.pulse.polled();
                    for (delivery, slot) in deliveries.into_iter().zip(slots) {
                        self.take(delivery, slot);
                    }
                }
                Err(error) => {
                    failures += 1;
                    drop(slots);
                    self.pause(failures, &error, &stop).await;
                }
            }
        }
        self.finish(grace).await;
    }

    /// As many free slots as one receive can use, at least one; `None` when asked to stop.
    async fn free_slots(&self, stop: &CancellationToken) -> Option<Vec<OwnedSemaphorePermit>> {
        let free = async {
            let slot = Arc::clone(&self.slots).acquire_owned().await;
            // Last, so that nothing is taken that was waited for through the beginning of an outage.
            self.breaker.closed().await;
            slot
        };
        let first = stop.run_until_cancelled(free).await?;
        let mut slots = vec![first.expect("the semaphore is never closed")];
        while slots.len() < crate::queue::BATCH
            && let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned()
        {
            slots.push(slot);
        }
        Some(slots)
    }

    async fn pause(&self, failures: u32, error: &crate::queue::QueueError, stop: &CancellationToken) {
        let wait =
            (PAUSES.0 * 2_u32.saturating_pow(failures.min(10))).min(PAUSES.1).mul_f64(rand::random_range(0.5..=1.0));
        tracing::error!(error = %Chain(error), failures, wait_ms = wait.as_millis(), "the queue does not answer; asking again");
        stop.run_until_cancelled(tokio::time::sleep(wait)).await;
    }

    /// Settles and answers a delivery in a task of its own, which holds its slot. If the task panics, the slot is free
    /// again and the message comes again.
    fn take(&self, delivery: Delivery, slot: OwnedSemaphorePermit) {
        self.in_hand().insert(delivery.message_id.clone(), delivery.receipt.clone());
        metrics::counter!("sluice_messages_received_total").increment(1);
        let (queue, settler, db) = (self.queue.clone(), self.settler.clone(), self.db.clone());
        let in_hand = InHand { all: Arc::clone(&self.in_hand), message_id: delivery.message_id.clone() };
        self.tasks.spawn(async move {
            let _held = (slot, in_hand);
            let answer = tokio::select! {
                answer = settle_delivery(&settler, &delivery) => answer,
                () = keep_hidden(&queue, &delivery) => {
                    tracing::error!(message.id = %delivery.message_id, "gave up a delivery that took too long; it comes again");
                    return;
                }
            };
            tell(&queue, &db, delivery, answer).await;
        });
    }

    fn in_hand(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.in_hand.lock().expect("no holder of the lock panics")
    }

    async fn finish(self, grace: Duration) {
        self.tasks.close();
        tracing::info!(in_hand = self.tasks.len(), "taking no more messages; finishing what is in hand");
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_ok() {
            return;
        }
        let left: Vec<String> = self.in_hand().values().cloned().collect();
        tracing::warn!(in_hand = left.len(), "the grace is over; returning what is still in hand to the queue");
        let returned = left.into_iter().map(|receipt| self.queue.hide_for(receipt, Duration::ZERO));
        for failed in futures_util::future::join_all(returned).await.into_iter().filter_map(Result::err) {
            tracing::warn!(error = %Chain(&failed), "could not return a message; it comes again by itself");
        }
    }
}

/// Remembers that a delivery is in hand, until it is dropped.
struct InHand {
    all: Arc<Mutex<HashMap<String, String>>>,
    message_id: String,
}

impl Drop for InHand {
    fn drop(&mut self) {
        if let Ok(mut all) = self.all.lock() {
            all.remove(&self.message_id);
        }
    }
}

/// Keeps a message hidden while its delivery is worked on. Returns when that has taken too long.
async fn keep_hidden(queue: &Queue, delivery: &Delivery) {
    let started = tokio::time::Instant::now();
    while started.elapsed() < AT_MOST {
        tokio::time::sleep(STILL_AT_IT).await;
        if let Err(error) = queue.hide_for(delivery.receipt.clone(), HIDDEN).await {
            tracing::warn!(error = %Chain(&error), message.id = %delivery.message_id, "could not keep a message hidden; it may come twice");
        }
    }
}

/// Tells the queue the answer. If that fails the message comes again, and settling it again changes nothing.
pub(crate) async fn tell(queue: &Queue, db: &Db, delivery: Delivery, answer: Answer) {
    let name = match &answer {
        Answer::Done => "done",
        Answer::Later(_) => "later",
        Answer::Never(_) => "never",
    };
    metrics::counter!("sluice_messages_answered_total", "answer" => name).increment(1);
    let told = match answer {
        Answer::Done => queue.delete(delivery.receipt).await,
        Answer::Later(time) => queue.hide_for(delivery.receipt, time).await,
        Answer::Never(why) => {
            if let Err(error) = dead_events::keep(db, &delivery.message_id, &delivery.body, &why).await {
                tracing::warn!(error = %Chain(&error), message.id = %delivery.message_id, "could not keep a dead event; it comes again");
                return;
            }
            tracing::error!(message.id = %delivery.message_id, reason = %why, "kept a message as a dead event: {why}");
            queue.delete(delivery.receipt).await
        }
    };
    if let Err(error) = told {
        tracing::warn!(error = %Chain(&error), message.id = %delivery.message_id, answer = name, "could not answer a delivery; it comes again");
    }
}
