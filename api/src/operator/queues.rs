//! The dead-letter queue, and how much it and the queue hold: asked now and then, however many look.

use std::time::Duration;

use jiff::Timestamp;
use moka::future::Cache;
use sluice_common::chain::Chain;
use sluice_common::queue::dead_letters::{DeadLetters, Places};
use sluice_common::queue::{QueueError, Waiting};

/// How long an answer is good for.
const REMEMBERED: Duration = Duration::from_secs(5);
/// How long the queues may take to answer whoever looks at the whole.
const PATIENCE: Duration = Duration::from_secs(3);

/// The queues that this process knows, if it knows any.
pub struct Queues {
    dead_letters: Option<DeadLetters>,
    held: Cache<(), Held>,
}

/// What the queues hold, as far as they say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// What the queue holds, and when it said so.
    pub queue: Option<(Waiting, Timestamp)>,
    /// About how many messages lie in the dead-letter queue.
    pub dead_letters: Option<u64>,
}

impl Queues {
    /// The queues at these places.
    pub async fn open(places: Option<Places>) -> Self {
        let dead_letters = match places {
            Some(places) => Some(DeadLetters::open(places).await),
            None => None,
        };
        Self { dead_letters, held: Cache::builder().max_capacity(1).time_to_live(REMEMBERED).build() }
    }

    /// The dead-letter queue.
    pub fn dead_letters(&self) -> Option<&DeadLetters> {
        self.dead_letters.as_ref()
    }

    /// What they hold.
    pub async fn held(&self) -> Held {
        let Some(dead_letters) = &self.dead_letters else { return Held::default() };
        self.held.get_with((), ask(dead_letters)).await
    }

    /// Asks anew next time: something was moved or deleted.
    pub async fn forget(&self) {
        self.held.invalidate(&()).await;
    }
}

async fn ask(dead_letters: &DeadLetters) -> Held {
    let asked = async { tokio::join!(dead_letters.waiting_in_queue(), dead_letters.count()) };
    let Ok((queue, dead)) = tokio::time::timeout(PATIENCE, asked).await else { return Held::default() };
    Held { queue: said(queue).map(|waiting| (waiting, Timestamp::now())), dead_letters: said(dead) }
}

fn said<T>(answer: Result<T, QueueError>) -> Option<T> {
    answer.inspect_err(|error| tracing::warn!(error = %Chain(error), "a queue does not say what it holds")).ok()
}
