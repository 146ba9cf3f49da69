//! Saying now and then that this worker is here and how it does, for an operator to see.

use std::sync::Arc;
use std::time::Duration;

use sluice_common::chain::Chain;
use sluice_common::db::Db;
use sluice_common::db::workers::{self, Said};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::breaker::Breaker;
use crate::in_hand::InHand;
use crate::pulse::Pulse;
use crate::slots::Slots;

/// How often. Who has said nothing for several times this long counts as gone.
const EVERY: Duration = Duration::from_secs(5);
/// How long signing off may take.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What there is to say of a worker.
pub struct Presence {
    /// Whether its breaker lets messages through.
    pub breaker: Breaker,
    /// What it hears of its queue and has in hand from it, if it has one.
    pub queue: Option<(Arc<Pulse>, InHand)>,
    /// How many messages it may have in hand.
    pub slots: Slots,
}

/// Says it until asked to stop, and then signs off.
pub async fn keep(db: Db, presence: Presence, stop: CancellationToken) {
    let (id, host) = (Uuid::now_v7(), host());
    tracing::info!(worker.id = %id, "operators see this worker as {}", workers::name(&host, id));
    let mut fails = false;
    loop {
        let said = workers::say(&db, &presence.said(id, &host)).await;
        match &said {
            Err(error) if !fails => {
                tracing::warn!(error = %Chain(error), "could not say that this worker is here; trying again");
            }
            _ => {}
        }
        fails = said.is_err();
        if stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            break;
        }
    }
    // Whoever does not sign off is shown as gone, which is true.
    let _ = tokio::time::timeout(LAST_WORDS, workers::sign_off(&db, id)).await;
}

impl Presence {
    fn said(&self, id: Uuid, host: &str) -> Said {
        let pulse = self.queue.as_ref().map(|(pulse, _)| pulse);
        let in_hand = self.queue.as_ref().map_or(0, |(_, in_hand)| in_hand.count());
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        Said {
            id,
            host: host.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            has_queue: self.queue.is_some(),
            polled: pulse.and_then(|pulse| pulse.last_poll()),
            in_hand: i32::try_from(in_hand).unwrap_or(i32::MAX),
            in_hand_most: i32::try_from(self.slots.count()).unwrap_or(i32::MAX),
            breaker: self.breaker.said(),
            queue: pulse
                .and_then(|pulse| pulse.held())
                .map(|(waiting, ago)| (count(waiting.visible), count(waiting.in_flight), ago)),
            oldest_ms: pulse.and_then(|pulse| pulse.take_oldest_ms()),
            taken: pulse.and_then(|pulse| pulse.last_taken()),
            waiting: pulse.and_then(|pulse| pulse.has_waited()),
        }
    }
}

/// The host's name, as the system or whoever started us says it.
fn host() -> String {
    let said = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    said.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}
