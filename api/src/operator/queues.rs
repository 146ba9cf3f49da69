//! The dead-letter queue, and how much it and the queue hold: asked now and then, however many look.

use std::sync::Mutex;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use moka::future::Cache;
use sluice_common::chain::Chain;
use sluice_common::queue::dead_letters::{DeadLetters, Places};
use sluice_common::queue::{QueueError, Waiting};

/// How long an answer is good for.
const REMEMBERED: Duration = Duration::from_secs(5);
/// How long nobody may have asked: what was heard before says nothing of what waits now.
const GAP: SignedDuration = SignedDuration::from_mins(1);
/// How long the queues may take to answer whoever looks at the whole.
const PATIENCE: Duration = Duration::from_secs(3);

/// The queues that this process knows, if it knows any.
pub struct Queues {
    dead_letters: Option<DeadLetters>,
    held: Cache<(), Held>,
    last: Mutex<Option<Heard>>,
}

/// What the queue said that it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// What it holds.
    pub waiting: Waiting,
    /// When it said so.
    pub at: Timestamp,
    /// Since when it has said that messages wait, each time that it was asked.
    pub since: Option<Timestamp>,
}

/// What the queues hold, as far as they say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// What the queue holds.
    pub queue: Option<Heard>,
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
        Self {
            dead_letters,
            held: Cache::builder().max_capacity(1).time_to_live(REMEMBERED).build(),
            last: Mutex::default(),
        }
    }

    /// The dead-letter queue.
    pub fn dead_letters(&self) -> Option<&DeadLetters> {
        self.dead_letters.as_ref()
    }

    /// What they hold.
    pub async fn held(&self) -> Held {
        let Some(dead_letters) = &self.dead_letters else { return Held::default() };
        self.held.get_with((), self.ask(dead_letters)).await
    }

    /// Asks anew next time: something was moved or deleted.
    pub async fn forget(&self) {
        self.held.invalidate(&()).await;
    }

    async fn ask(&self, dead_letters: &DeadLetters) -> Held {
        let asked = async { tokio::join!(dead_letters.waiting_in_queue(), dead_letters.count()) };
        let Ok((queue, dead)) = tokio::time::timeout(PATIENCE, asked).await else { return Held::default() };
        Held { queue: said(queue).map(|waiting| self.hear(waiting)), dead_letters: said(dead) }
    }

    fn hear(&self, waiting: Waiting) -> Heard {
        let mut last = self.last.lock().expect("no holder of the lock panics");
        let heard = heard(*last, waiting, Timestamp::now());
        *last = Some(heard);
        heard
    }
}

/// What the queue says now, after what it said last.
fn heard(last: Option<Heard>, waiting: Waiting, at: Timestamp) -> Heard {
    let known = last.filter(|last| at.duration_since(last.at) <= GAP).and_then(|last| last.since);
    Heard { waiting, at, since: (waiting.visible > 0).then(|| known.unwrap_or(at)) }
}

fn said<T>(answer: Result<T, QueueError>) -> Option<T> {
    answer.inspect_err(|error| tracing::warn!(error = %Chain(error), "a queue does not say what it holds")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_wait_since_the_queue_began_to_say_so_without_a_gap() {
        let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let mut last = None;
        for (seconds, visible, since) in [
            (0, 0, None),
            (10, 2, Some(10)),
            (60, 1, Some(10)),
            (70, 0, None),
            (80, 3, Some(80)),
            (140, 3, Some(80)),
            (201, 3, Some(201)),
        ] {
            let said = heard(last, Waiting { visible, in_flight: 0 }, at(seconds));
            assert_eq!(said.since, since.map(at), "{seconds}");
            last = Some(said);
        }
    }
}
