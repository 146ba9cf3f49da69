//! How many requests of each operation came and were carried out, for tests that wait for them rather than sleep.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

use super::Op;
use crate::PATIENCE;

/// Counts that can be waited for.
#[derive(Debug)]
pub(super) struct Signals {
    arrived: [AtomicU64; Op::COUNT],
    done: [AtomicU64; Op::COUNT],
    changed: Notify,
}

/// One of the two counts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stage {
    /// The request came.
    Arrived,
    /// It has been carried out, or refused; its answer is on the way, if it gets one.
    Done,
}

impl Signals {
    pub(super) fn new() -> Self {
        let zeroes = || std::array::from_fn(|_| AtomicU64::new(0));
        Self { arrived: zeroes(), done: zeroes(), changed: Notify::new() }
    }

    pub(super) fn add(&self, op: Op, stage: Stage) {
        self.counter(op, stage).fetch_add(1, Ordering::SeqCst);
        self.changed.notify_waiters();
    }

    pub(super) fn count(&self, op: Op, stage: Stage) -> u64 {
        self.counter(op, stage).load(Ordering::SeqCst)
    }

    /// Waits until there have been that many.
    pub(super) async fn reach(&self, op: Op, stage: Stage, wanted: u64) {
        let reached = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                // From here on no change is missed.
                changed.as_mut().enable();
                if self.count(op, stage) >= wanted {
                    return;
                }
                changed.await;
            }
        };
        if tokio::time::timeout(PATIENCE, reached).await.is_err() {
            panic!("waited for {wanted} of {op:?} ({stage:?}), and there were {}", self.count(op, stage));
        }
    }

    fn counter(&self, op: Op, stage: Stage) -> &AtomicU64 {
        match stage {
            Stage::Arrived => &self.arrived[op as usize],
            Stage::Done => &self.done[op as usize],
        }
    }
}
