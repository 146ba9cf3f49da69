//! One queue: which messages it holds, and who may have them when. No I/O; the time is a parameter.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use s3s::crypto::{Checksum as _, Md5};
use uuid::Uuid;

use super::receipt::Receipt;

/// How a queue behaves.
#[derive(Debug, Clone)]
pub(super) struct Attributes {
    pub(super) visibility: Duration,
    pub(super) delay: Duration,
    pub(super) wait: Duration,
    pub(super) retention: Duration,
    pub(super) redrive: Option<Redrive>,
}

impl Default for Attributes {
    fn default() -> Self {
        let (visibility, retention) = (Duration::from_secs(30), Duration::from_hours(4 * 24));
        Self { visibility, delay: Duration::ZERO, wait: Duration::ZERO, retention, redrive: None }
    }
}

/// Where messages go that were received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redrive {
    pub(super) queue: String,
    pub(super) max_receives: u32,
}

/// What is known of a message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: Uuid,
    pub(super) body: Arc<str>,
    pub(super) md5: [u8; 16],
    pub(super) sent_at: Timestamp,
    pub(super) first_received_at: Option<Timestamp>,
    pub(super) receives: u32,
    /// The queue that gave it up.
    pub(super) given_up_by: Option<String>,
    pub(super) received_at: Timestamp,
    pub(super) visible_at: Timestamp,
    /// Whether it was received, and its receiver has not answered.
    pub(super) in_hand: bool,
}

impl Message {
    pub(super) fn new(body: Arc<str>, now: Timestamp) -> Self {
        let mut md5 = Md5::new();
        md5.update(body.as_bytes());
        Self {
            id: Uuid::from_u128(rand::random()),
            md5: md5.finalize(),
            body,
            sent_at: now,
            first_received_at: None,
            receives: 0,
            given_up_by: None,
            received_at: now,
            visible_at: now,
            in_hand: false,
        }
    }
}

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// Ready to be received.
    pub visible: usize,
    /// Received, and not visible again yet.
    pub in_flight: usize,
    /// Sent with a delay that is not over.
    pub delayed: usize,
}

impl Held {
    /// All of them.
    pub fn total(self) -> usize {
        self.visible + self.in_flight + self.delayed
    }
}

/// Why a receipt's message stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It was deleted.
    Gone,
    /// It is visible.
    NotInFlight,
    /// It would be hidden for more than 12 hours from its receive.
    TooLong,
}

/// The longest that a message is hidden, counted from its receive.
const LONGEST_HIDDEN: Duration = Duration::from_hours(12);

/// A queue. Every step takes the logarithm of its length, so that long backlogs are cheap.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) attributes: Attributes,
    /// At this many messages in flight a receive gives nothing more.
    pub(super) in_flight_cap: Option<usize>,
    messages: HashMap<u64, Message>,
    /// All messages by when they are visible: those up to now are ready, in this order.
    order: BTreeSet<(Timestamp, u64)>,
    next: u64,
}

impl Queue {
    pub(super) fn put(&mut self, message: Message, delay: Duration, now: Timestamp) {
        self.next += 1;
        let visible_at = now + delay;
        self.order.insert((visible_at, self.next));
        self.messages.insert(self.next, Message { visible_at, ..message });
    }

    /// Hands out up to `most` messages, and gives those that have been handed out too often.
    pub(super) fn receive(
        &mut self,
        most: usize,
        hide: Duration,
        now: Timestamp,
    ) -> (Vec<(Receipt, Message)>, Vec<Message>) {
        let (mut taken, mut dead) = (Vec::new(), Vec::new());
        let room = self.in_flight_cap.map_or(most, |cap| cap.saturating_sub(self.in_flight(now)).min(most));
        while taken.len() < room
            && let Some((_, number)) = self.order.first().copied().filter(|(visible_at, _)| *visible_at <= now)
        {
            self.order.pop_first();
            let mut message = self.messages.remove(&number).expect("every message in order is kept");
            if message.sent_at + self.attributes.retention <= now {
                continue;
            }
            if self.attributes.redrive.as_ref().is_some_and(|redrive| message.receives >= redrive.max_receives) {
                dead.push(message);
                continue;
            }
            message.receives += 1;
            message.in_hand = true;
            message.received_at = now;
            message.visible_at = now + hide;
            message.first_received_at.get_or_insert(now);
            taken.push((Receipt { number, receive: message.receives }, message));
        }
        for (receipt, message) in &taken {
            self.order.insert((message.visible_at, receipt.number));
            self.messages.insert(receipt.number, message.clone());
        }
        (taken, dead)
    }

    /// When the first message that is hidden now will be visible.
    pub(super) fn next_visible_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.order.range((now, u64::MAX)..).next().map(|(visible_at, _)| *visible_at)
    }

    /// Whether the message was handed out again since, so that this receipt is an old one.
    pub(super) fn is_stale(&self, receipt: Receipt) -> bool {
        self.messages.get(&receipt.number).is_some_and(|message| message.receives != receipt.receive)
    }

    /// Deletes the message. That one is gone already is no error.
    pub(super) fn delete(&mut self, receipt: Receipt) {
        if let Some(message) = self.messages.remove(&receipt.number) {
            self.order.remove(&(message.visible_at, receipt.number));
        }
    }

    /// Hides a message that is in flight for this time from now.
    pub(super) fn hide(&mut self, receipt: Receipt, time: Duration, now: Timestamp) -> Result<(), Refusal> {
        let message = self.messages.get_mut(&receipt.number).ok_or(Refusal::Gone)?;
        if message.visible_at <= now {
            return Err(Refusal::NotInFlight);
        }
        let visible_at = now + time;
        if visible_at > message.received_at + LONGEST_HIDDEN {
            return Err(Refusal::TooLong);
        }
        self.order.remove(&(message.visible_at, receipt.number));
        self.order.insert((visible_at, receipt.number));
        message.visible_at = visible_at;
        message.in_hand = false;
        Ok(())
    }

    /// Takes everything out.
    pub(super) fn empty(&mut self) -> Vec<Message> {
        let order = std::mem::take(&mut self.order);
        let messages = order.into_iter().filter_map(|(_, number)| self.messages.remove(&number));
        messages.collect()
    }

    pub(super) fn bodies(&self) -> Vec<Arc<str>> {
        self.order.iter().map(|(_, number)| Arc::clone(&self.messages[number].body)).collect()
    }

    pub(super) fn in_flight(&self, now: Timestamp) -> usize {
        let hidden = self.order.range((now, u64::MAX)..);
        hidden.filter(|(_, number)| self.messages[number].receives > 0).count()
    }

    /// Whether a message was received since then and is not answered.
    pub(super) fn has_in_hand(&self, since: Timestamp) -> bool {
        self.messages.values().any(|message| message.in_hand && message.received_at > since)
    }

    pub(super) fn held(&self, now: Timestamp) -> Held {
        let kept = |message: &&Message| message.sent_at + self.attributes.retention > now;
        self.messages.values().filter(kept).fold(Held::default(), |mut held, message| {
            match message {
                _ if message.visible_at <= now => held.visible += 1,
                _ if message.receives > 0 => held.in_flight += 1,
                _ => held.delayed += 1,
            }
            held
        })
    }
}
