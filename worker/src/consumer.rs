//! The loop that takes deliveries from a queue and answers each of them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sluice_common::chain::Chain;
use sluice_common::db::{Db, dead_events};
use sluice_common::envelope;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::breaker::Breaker;
use crate::deliver::settle_delivery;
use crate::failpoint::{Point, reach};
use crate::in_hand::InHand;
use crate::pulse::Pulse;
use crate::queue::{Answer, Delivery, Queue, QueueError};
use crate::settle::Settler;
use crate::slots::{Slot, Slots};
use crate::times::Times;

/// The least time between two receives that give nothing: some queues don't wait for the first message, and one that holds
/// as many messages in flight as it can answers at once.
const AT_REST: Duration = Duration::from_millis(250);
/// How long what is returned to the queue in the end may take.
const RETURN: Duration = Duration::from_secs(3);
/// How long to wait after the queue failed to answer, doubling up to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// Takes deliveries and has them settled, many at a time.
pub struct Consumer {
    queue: Queue,
    settler: Settler,
    db: Db,
    pulse: Arc<Pulse>,
    breaker: Breaker,
    slots: Slots,
    in_hand: InHand,
    tasks: TaskTracker,
    times: Times,
}

impl Consumer {
    /// A consumer that has as many deliveries in hand as there are slots.
    pub fn new(
        queue: Queue,
        settler: Settler,
        db: Db,
        pulse: Arc<Pulse>,
        breaker: Breaker,
        slots: Slots,
        times: Times,
    ) -> Self {
        let (in_hand, tasks) = (InHand::default(), TaskTracker::new());
        Self { queue, settler, db, pulse, breaker, slots, in_hand, tasks, times }
    }

    /// The deliveries that it has in hand.
    pub fn in_hand(&self) -> InHand {
        self.in_hand.clone()
    }

    /// Takes deliveries until asked to stop; then takes no more, finishes what is in hand within the grace, and returns the
    /// rest to the queue.
    pub async fn run(self, stop: CancellationToken, grace: Duration) {
        tokio::select! {
            () = self.take_until(&stop, grace) => {}
            never = self.in_hand.keep_hidden(&self.queue, &self.times) => match never {},
        }
    }

    async fn take_until(&self, stop: &CancellationToken, grace: Duration) {
        let asked = stop.clone();
        let asked_to_stop = tokio::spawn(async move {
            asked.cancelled().await;
            Instant::now()
        });
        let mut failures = 0;
        // The first receive waits for no message: once the queue has answered, this worker is ready.
        let mut wait = Duration::ZERO;
        while let Some(mut slots) = self.free_slots(stop).await {
            // Not raced against `stop`: dropping a receive the queue has already answered would hide its messages from
            // everyone until their visibility timeout.
            let asked = Instant::now();
            match self.queue.receive(slots.num_permits(), wait).await {
                Ok(deliveries) if deliveries.is_empty() => {
                    (failures, wait) = (0, self.times.long_poll);
                    drop(slots);
                    self.pulse.polled(0, None);
                    stop.run_until_cancelled(sleep_until(asked + AT_REST)).await;
                }
                Ok(deliveries) => {
                    (failures, wait) = (0, self.times.long_poll);
                    let oldest = deliveries.iter().filter_map(|delivery| delivery.sent_at).min();
                    self.pulse.polled(deliveries.len(), oldest.map(|sent_at| Timestamp::now().duration_since(sent_at)));
                    // What a queue hands out beyond what was asked for has no slot, and comes again.
                    for (delivery, slot) in deliveries.into_iter().zip(std::iter::from_fn(|| slots.split(1))) {
                        self.take(delivery, self.slots.taken(slot));
                    }
                }
                Err(error) => {
                    failures += 1;
                    drop(slots);
                    self.pause(failures, &error, stop).await;
                }
            }
        }
        let waited = asked_to_stop.await.map_or(Duration::ZERO, |asked| asked.elapsed());
        self.finish(grace.saturating_sub(waited)).await;
    }

    /// As many free slots as one receive can use, or at least one; `None` when asked to stop.
    async fn free_slots(&self, stop: &CancellationToken) -> Option<OwnedSemaphorePermit> {
        let free = async {
            let slots = self.slots.some_free().await;
            // Last, so that nothing is taken that was waited for through the beginning of an outage.
            self.breaker.closed().await;
            slots
        };
        stop.run_until_cancelled(free).await
    }

    async fn pause(&self, failures: u32, error: &QueueError, stop: &CancellationToken) {
        let wait =
            (PAUSES.0 * 2_u32.saturating_pow(failures.min(10))).min(PAUSES.1).mul_f64(rand::random_range(0.5..=1.0));
        tracing::error!(error = %Chain(error), failures, wait_ms = wait.as_millis(), "the queue does not answer; asking again");
        stop.run_until_cancelled(tokio::time::sleep(wait)).await;
    }

    /// Settles and answers a delivery in a task of its own, which holds its slot. If the task panics, the slot is free
    /// again and the message comes again.
    fn take(&self, delivery: Delivery, slot: Slot) {
        let in_hand = self.in_hand.hold(&delivery.receipt);
        metrics::counter!("sluice_messages_received_total").increment(1);
        let (queue, settler, db) = (self.queue.clone(), self.settler.clone(), self.db.clone());
        let (breaker, at_most) = (self.breaker.clone(), self.times.at_most);
        self.tasks.spawn(async move {
            let _held = (slot, in_hand);
            let settled = async {
                reach(Point::AfterReceive, &delivery.message_id).await;
                settle_delivery(&settler, &delivery).await
            };
            let Ok(answer) = tokio::time::timeout(at_most, settled).await else {
                tracing::error!(message.id = %delivery.message_id, "gave up a delivery that took too long; it comes again");
                return;
            };
            tell(&queue, &db, &breaker, delivery, answer).await;
        });
    }

    async fn finish(&self, grace: Duration) {
        self.tasks.close();
        tracing::info!(in_hand = self.tasks.len(), "taking no more messages; finishing what is in hand");
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_ok() {
            return;
        }
        let left = self.in_hand.receipts();
        tracing::warn!(in_hand = left.len(), "the grace is over; returning what is still in hand to the queue");
        let returned = left.chunks(crate::queue::BATCH).map(|receipts| async {
            if let Err(error) = self.queue.hide_all(receipts, Duration::ZERO).await {
                tracing::warn!(error = %Chain(&error), "could not return messages; they come again by themselves");
            }
        });
        if tokio::time::timeout(RETURN, futures_util::future::join_all(returned)).await.is_err() {
            tracing::warn!("the queue takes no messages back in time; they come again by themselves");
        }
    }
}

/// Tells the queue the answer. If that fails the message comes again, and settling it again changes nothing.
pub(crate) async fn tell(queue: &Queue, db: &Db, breaker: &Breaker, delivery: Delivery, answer: Answer) {
    let name = match &answer {
        Answer::Done => "done",
        Answer::Later(_) => "later",
        Answer::Never(_) => "never",
    };
    metrics::counter!("sluice_messages_answered_total", "answer" => name).increment(1);
    let told = match answer {
        Answer::Done => delete(queue, &delivery).await,
        Answer::Later(time) => queue.hide_for(delivery.receipt, time).await,
        Answer::Never(why) => {
            let upload = envelope::first_upload(&delivery.body);
            if let Err(error) = dead_events::keep(db, &delivery.message_id, &delivery.body, &why, upload).await {
                tracing::warn!(error = %Chain(&error), message.id = %delivery.message_id, "could not keep a dead event; it comes again");
                breaker.suspect();
                return;
            }
            tracing::error!(message.id = %delivery.message_id, reason = %why, "kept a message as a dead event: {why}");
            delete(queue, &delivery).await
        }
    };
    if let Err(error) = told {
        tracing::warn!(error = %Chain(&error), message.id = %delivery.message_id, answer = name, "could not answer a delivery; it comes again");
    }
}

async fn delete(queue: &Queue, delivery: &Delivery) -> Result<(), QueueError> {
    reach(Point::BeforeDeleteMessage, &delivery.message_id).await;
    queue.delete(delivery.receipt.clone()).await?;
    reach(Point::AfterDeleteMessage, &delivery.message_id).await;
    Ok(())
}
