//! How the queue is told of objects: S3's notification, on its way befallen by what was scripted.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;

use super::Clock;
use super::sqs::{REGION, Sqs};

/// An object that was created.
#[derive(Debug)]
pub(super) struct Created<'a> {
    pub(super) name: &'static str,
    pub(super) bucket: &'a str,
    pub(super) key: &'a str,
    pub(super) size: usize,
    pub(super) etag: &'a str,
    pub(super) version_id: Option<&'a str>,
    pub(super) sequencer: u64,
}

/// The way from the buckets to the queues. Events take it at once and once, unless said otherwise. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Events {
    clock: Clock,
    sqs: Sqs,
    sequencer: Arc<AtomicU64>,
    way: Arc<Mutex<Way>>,
}

/// What is scripted for events.
#[derive(Default)]
struct Way {
    copies: usize,
    losses: u64,
    delay: Duration,
    lose_some: Option<(f64, StdRng)>,
    double_some: Option<(f64, StdRng)>,
    holds: bool,
    held: Vec<(String, String)>,
    lost: Vec<String>,
}

impl Events {
    pub(super) fn new(clock: Clock, sqs: Sqs) -> Self {
        Self { clock, sqs, sequencer: Arc::default(), way: Arc::default() }
    }

    /// From now on each event comes this many times more.
    pub fn duplicate(&self, copies: usize) {
        self.lock().copies = copies;
    }

    /// The next so many events are lost.
    pub fn drop_next(&self, events: u64) {
        self.lock().losses = events;
    }

    /// From now on each event is lost with this probability.
    pub fn lose_some(&self, probability: f64, seed: u64) {
        self.lock().lose_some = Some((probability, StdRng::seed_from_u64(seed)));
    }

    /// From now on each event comes a second time with this probability.
    pub fn double_some(&self, probability: f64, seed: u64) {
        self.lock().double_some = Some((probability, StdRng::seed_from_u64(seed)));
    }

    /// From now on each event can be received only after this time, by the fake's clock.
    pub fn delay(&self, time: Duration) {
        self.lock().delay = time;
    }

    /// From now on events are held back.
    pub fn hold(&self) {
        self.lock().holds = true;
    }

    /// How many events are held back.
    pub fn held(&self) -> usize {
        self.lock().held.len()
    }

    /// The keys of the objects whose events were lost.
    pub fn lost(&self) -> Vec<String> {
        self.lock().lost.clone()
    }

    /// Lets go what was held back, in the order in which it happened, and holds no more.
    pub fn release(&self) {
        self.release_in_order(|_| {});
    }

    /// Lets go what was held back, the last first, and holds no more.
    pub fn release_reversed(&self) {
        self.release_in_order(|held| held.reverse());
    }

    /// Lets go what was held back in an order that the seed decides, and holds no more.
    pub fn reorder(&self, seed: u64) {
        self.release_in_order(|held| held.shuffle(&mut StdRng::seed_from_u64(seed)));
    }

    /// From now on all events take their way at once and once. What is held back stays so until it is released.
    pub fn heal(&self) {
        let mut way = self.lock();
        let (held, holds, lost) = (std::mem::take(&mut way.held), way.holds, std::mem::take(&mut way.lost));
        *way = Way { held, holds, lost, ..Way::default() };
    }

    /// The number of the next event: later ones have greater ones.
    pub(super) fn next_sequencer(&self) -> u64 {
        self.sequencer.fetch_add(1, Ordering::SeqCst)
    }

    pub(super) fn tell(&self, queue: &str, created: &Created<'_>) {
        let body = json!({"Records": [record(created, &format!("{:.3}", self.clock.now()))]}).to_string();
        let mut way = self.lock();
        let times = way.draw_times();
        if times == 0 {
            way.lost.push(created.key.to_owned());
        }
        if way.holds {
            way.held.extend(std::iter::repeat_n((queue.to_owned(), body), times));
        } else {
            let delay = way.delay;
            drop(way);
            (0..times).for_each(|_| self.sqs.send(queue, &body, delay));
        }
    }

    /// What S3 sends when a bucket is told to notify a queue.
    pub(super) fn tell_of_test(&self, queue: &str, bucket: &str) {
        let time = format!("{:.3}", self.clock.now());
        let event = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": time, "Bucket": bucket});
        self.sqs.send(queue, &event.to_string(), Duration::ZERO);
    }

    fn release_in_order(&self, order: impl FnOnce(&mut Vec<(String, String)>)) {
        let mut way = self.lock();
        way.holds = false;
        let (mut held, delay) = (std::mem::take(&mut way.held), way.delay);
        drop(way);
        order(&mut held);
        held.iter().for_each(|(queue, body)| self.sqs.send(queue, body, delay));
    }

    fn lock(&self) -> MutexGuard<'_, Way> {
        self.way.lock().expect("no holder of the lock panics")
    }
}

impl Way {
    /// How many times the next event comes.
    fn draw_times(&mut self) -> usize {
        let happens = |some: &mut Option<(f64, StdRng)>| {
            some.as_mut().is_some_and(|(probability, dice)| dice.random_bool(*probability))
        };
        let (lost, doubled) = (happens(&mut self.lose_some), happens(&mut self.double_some));
        if self.losses > 0 {
            self.losses -= 1;
            return 0;
        }
        if lost { 0 } else { 1 + self.copies + usize::from(doubled) }
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events held", self.held.len())
    }
}

/// What events leave as it is in a key; a space becomes a plus.
const KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*').remove(b'/').remove(b' ');

fn record(created: &Created<'_>, time: &str) -> serde_json::Value {
    let key = utf8_percent_encode(created.key, KEY).to_string().replace(' ', "+");
    let sequencer = format!("{:018X}", created.sequencer);
    let mut object = json!({"key": key, "size": created.size, "eTag": created.etag, "sequencer": sequencer});
    if let Some(version_id) = created.version_id {
        object["versionId"] = version_id.into();
    }
    let (name, owner) = (created.bucket, json!({"principalId": "TEST"}));
    let bucket = json!({"name": name, "ownerIdentity": owner, "arn": format!("arn:aws:s3:::{name}")});
    json!({
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION, "eventTime": time, "eventName": created.name,
        "userIdentity": owner, "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": sequencer},
        "s3": {"s3SchemaVersion": "1.0", "configurationId": "test", "bucket": bucket, "object": object},
    })
}
