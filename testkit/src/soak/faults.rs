//! What goes wrong with S3, with SQS, and with events on their way.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio_util::sync::CancellationToken;

use super::stage::QUEUE;
use super::tally::Tally;
use crate::fake_aws::{FakeAws, On, Op};

/// Messages that nobody can read: each must end as a dead event.
pub(super) const GARBAGE: &str = "no event at all";

/// Lays faults on every seam of the fake. Together they befall well over one request in a hundred.
pub(super) fn befall(fake: &FakeAws, tally: &Tally, seed: u64) {
    let mut chance = Chance { seed, rules: 0, tally: tally.clone() };
    chance.of(fake.on_s3(), 0.01, "fault: S3 answers 503").answer(503, "SlowDown");
    chance.of(fake.on_s3(), 0.003, "fault: S3 answers 500").answer(500, "InternalError");
    chance.of(fake.on_s3(), 0.003, "fault: S3 cuts a request").cut();
    chance.of(fake.on_s3(), 0.005, "fault: S3's reply is lost").drop_reply();
    chance.of(fake.on_s3(), 0.002, "fault: S3 hangs").hang();
    chance.of(fake.on_s3(), 0.01, "fault: S3 is slow").delay(Duration::from_millis(700));
    chance.of(fake.on(Op::GetObject), 0.01, "fault: an object's body ends early").short_body(20);
    chance.of(fake.on(Op::GetObject), 0.002, "fault: an object's body trickles").trickle(Duration::from_millis(100));
    chance.of(fake.on(Op::GetObject), 0.005, "fault: S3 denies access").answer(403, "AccessDenied");
    chance.of(fake.on(Op::GetObject), 0.01, "fault: S3 ignores the range").ignore_range();
    chance.of(fake.on(Op::CopyObject), 0.02, "fault: the reply of a copy is lost").drop_reply();
    chance.of(fake.on(Op::DeleteObjects), 0.02, "fault: the reply of a deletion is lost").drop_reply();
    chance.of(fake.on_sqs(), 0.01, "fault: SQS throttles").answer(400, "RequestThrottled");
    chance.of(fake.on_sqs(), 0.005, "fault: SQS answers 503").answer(503, "ServiceUnavailable");
    chance.of(fake.on_sqs(), 0.002, "fault: SQS hangs").hang();
    chance.of(fake.on(Op::ReceiveMessage), 0.01, "fault: messages are lost on their way").drop_reply();
    let delete = Op::DeleteMessageBatch;
    chance.of(fake.on(delete), 0.02, "fault: the reply of an answer is lost").drop_reply();
    chance.of(fake.on(delete), 0.03, "fault: a message is not deleted").fail_entries(1, "InternalError");
    let hide = Op::ChangeMessageVisibilityBatch;
    chance.of(fake.on(hide), 0.05, "fault: a message is not hidden").fail_entries(1, "InternalError");
}

/// Picks some requests, each rule with dice of its own.
struct Chance {
    seed: u64,
    rules: u64,
    tally: Tally,
}

impl Chance {
    /// Each with this probability; they are counted under this name.
    fn of<'a>(&mut self, on: On<'a>, probability: f64, kind: &'static str) -> On<'a> {
        self.rules += 1;
        let dice = Mutex::new(StdRng::seed_from_u64(self.seed.wrapping_add(7_919 * self.rules)));
        let tally = self.tally.clone();
        on.when(move |_| {
            let happens = dice.lock().expect("no holder of the lock panics").random_bool(probability);
            tally.add_many(kind, u64::from(happens));
            happens
        })
    }
}

/// Loses events, delays them, and brings old ones again, until told to stop.
pub(super) async fn events(fake: Arc<FakeAws>, tally: Tally, mut dice: StdRng, stop: CancellationToken) {
    let mut seen = Vec::new();
    while stop.run_until_cancelled(tokio::time::sleep(Duration::from_millis(200))).await.is_some() {
        let bodies = fake.bodies(QUEUE);
        seen.extend(bodies.into_iter().filter(|body| &**body != GARBAGE).take(20));
        if seen.len() > 2_000 {
            seen.drain(..1_000);
        }
        if !seen.is_empty() && dice.random_bool(0.5) {
            fake.send_message(QUEUE, &seen[dice.random_range(0..seen.len())]);
            tally.add("event: comes again");
        }
        if dice.random_bool(0.2) {
            fake.events().drop_next(1);
        }
        if dice.random_bool(0.1) {
            fake.events().delay(Duration::from_millis(dice.random_range(0..4_000)));
            tally.add("event: from now on delayed");
        }
        if dice.random_bool(0.02) {
            fake.send_message(QUEUE, GARBAGE);
            tally.add("event: garbage");
        }
    }
}
