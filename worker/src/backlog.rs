//! What the queue holds, asked for now and then: figures for operators, and the alarm that a backlog does not drain.

use std::sync::Arc;

use sluice_common::chain::Chain;
use tokio_util::sync::CancellationToken;

use crate::pulse::Pulse;
use crate::queue::{Queue, Waiting, advice};
use crate::times::Times;

/// Watches the queue until asked to stop.
pub async fn watch(queue: Queue, pulse: Arc<Pulse>, times: &Times, stop: CancellationToken) {
    stop.run_until_cancelled(advice::give(&queue, times)).await;
    let mut watch = Watch::default();
    metrics::gauge!("sluice_backlog_stuck").set(0);
    while stop.run_until_cancelled(tokio::time::sleep(times.backlog)).await.is_some() {
        match stop.run_until_cancelled(queue.waiting()).await {
            None => {}
            Some(Ok(waiting)) => {
                pulse.holds(waiting);
                report(&mut watch, waiting, pulse.received());
            }
            Some(Err(error)) => tracing::warn!(error = %Chain(&error), "could not ask what the queue holds"),
        }
    }
}

fn report(watch: &mut Watch, waiting: Waiting, received: u64) {
    metrics::gauge!("sluice_queue_messages", "state" => "waiting").set(waiting.visible as f64);
    metrics::gauge!("sluice_queue_messages", "state" => "in_hand").set(waiting.in_flight as f64);
    let (was_stuck, is_stuck) = (watch.stuck, watch.look(waiting.visible, received));
    metrics::gauge!("sluice_backlog_stuck").set(u8::from(is_stuck));
    if is_stuck && !was_stuck {
        tracing::error!(
            waiting = waiting.visible,
            in_hand = waiting.in_flight,
            "messages wait in the queue and none was handed to this worker since the last look"
        );
    }
}

/// What the last look saw.
///
/// At its cap of messages in flight SQS answers a receive with nothing and without an error, so that only the two figures
/// together tell an idle queue from a stuck one.
#[derive(Debug, Default)]
struct Watch {
    waited: bool,
    received: u64,
    stuck: bool,
}

impl Watch {
    /// Whether messages waited at the last look and wait now, and none came in between.
    fn look(&mut self, waiting: u64, received: u64) -> bool {
        let stuck = self.waited && waiting > 0 && received == self.received;
        *self = Self { waited: waiting > 0, received, stuck };
        stuck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E17.
    #[test]
    fn only_a_backlog_of_which_nothing_comes_is_stuck() {
        let mut watch = Watch::default();
        let looks =
            [(5, 0, false), (5, 0, true), (5, 1, false), (0, 1, false), (3, 1, false), (3, 2, false), (2, 2, true)];
        for (waiting, received, stuck) in looks {
            assert_eq!(watch.look(waiting, received), stuck, "{waiting} waiting, {received} received");
        }
    }
}
