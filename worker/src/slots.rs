//! The places of the deliveries in hand: as many as there are to be just now.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use sluice_common::storage::Attempt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::concurrency::Concurrency;
use crate::queue::BATCH;

/// How long to wait, while work is in hand, for as many free slots as one receive can use: full batches cost the least.
/// A few slow deliveries must not hold up the others, so it is short.
const GATHER: Duration = Duration::from_millis(50);

/// All slots, taken or free. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Slots {
    free: Arc<Semaphore>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    concurrency: Concurrency,
    /// How many slots there are. More than there are to be, while too many are taken.
    there: usize,
}

/// A slot that a delivery has taken, free again when this is dropped.
#[derive(Debug)]
pub struct Slot {
    slots: Slots,
    permit: Option<OwnedSemaphorePermit>,
}

impl Slots {
    /// As many slots as this says.
    pub fn new(concurrency: Concurrency) -> Self {
        let there = concurrency.now();
        metrics::gauge!("sluice_slots").set(there as f64);
        Self { free: Arc::new(Semaphore::new(there)), state: Arc::new(Mutex::new(State { concurrency, there })) }
    }

    /// How many there are to be.
    pub fn count(&self) -> usize {
        self.state().concurrency.now()
    }

    /// Has as many slots as fit what a request to the store came to.
    pub fn told(&self, attempt: Attempt) {
        let mut state = self.state();
        let before = state.concurrency.now();
        match attempt {
            Attempt::Answered => {
                let taken = state.there.saturating_sub(self.free.available_permits());
                state.concurrency.answered(taken);
            }
            Attempt::Refused => state.concurrency.refused(),
        }
        let now = state.concurrency.now();
        if now == before {
            return;
        }
        metrics::gauge!("sluice_slots").set(now as f64);
        if now > state.there {
            self.free.add_permits(now - state.there);
            state.there = now;
        } else {
            // Those that are taken go when they are given back.
            state.there -= self.free.forget_permits(state.there - now);
        }
    }

    /// As many free slots as one receive can use, or at least one.
    pub async fn some_free(&self) -> OwnedSemaphorePermit {
        match tokio::time::timeout(GATHER, self.free(self.batch())).await {
            Ok(slots) => slots,
            Err(_) => self.free_now().await,
        }
    }

    /// One of those that were free, for a delivery.
    pub fn taken(&self, permit: OwnedSemaphorePermit) -> Slot {
        Slot { slots: self.clone(), permit: Some(permit) }
    }

    /// How many messages one receive asks for.
    fn batch(&self) -> usize {
        self.count().min(BATCH)
    }

    async fn free(&self, count: usize) -> OwnedSemaphorePermit {
        let count = u32::try_from(count).expect("at most a batch");
        Arc::clone(&self.free).acquire_many_owned(count).await.expect("the semaphore is never closed")
    }

    async fn free_now(&self) -> OwnedSemaphorePermit {
        let (batch, mut slots) = (self.batch(), self.free(1).await);
        while slots.num_permits() < batch
            && let Ok(slot) = Arc::clone(&self.free).try_acquire_owned()
        {
            slots.merge(slot);
        }
        slots
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of the lock panics")
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        let mut state = self.slots.state();
        if state.there > state.concurrency.now() {
            state.there -= permit.num_permits();
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn slots_that_are_too_many_go_when_they_are_given_back_and_come_again() {
        let slots = Slots::new(Concurrency::new(1, 4));
        let mut all = slots.some_free().await;
        let mut taken: Vec<Slot> = std::iter::from_fn(|| all.split(1)).map(|permit| slots.taken(permit)).collect();
        assert_eq!((taken.len(), slots.free.available_permits()), (4, 0));
        slots.told(Attempt::Refused);
        assert_eq!((slots.count(), slots.free.available_permits()), (2, 0));
        taken.truncate(2);
        assert_eq!(slots.free.available_permits(), 0, "two were too many");
        taken.clear();
        assert_eq!(slots.free.available_permits(), 2);
        let busy = slots.some_free().await;
        assert_eq!(busy.num_permits(), 2);
        (0..20).for_each(|_| slots.told(Attempt::Answered));
        assert_eq!(slots.count() - busy.num_permits(), slots.free.available_permits());
        drop(busy);
        assert_eq!(slots.free.available_permits(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn free_slots_go_at_once() {
        let slots = Slots::new(Concurrency::new(1, 8));
        slots.told(Attempt::Refused);
        assert_eq!(slots.some_free().await.num_permits(), 4);
    }
}
