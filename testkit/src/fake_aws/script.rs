//! How a test says what goes wrong: `fake.on(Op::GetObject).times(3).answer(503, "SlowDown")`.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, StatusCode};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::sync::watch;

use super::faults::{Effect, Faults, Rule, Scope};

/// The requests that something will go wrong with: all of the operation, unless said otherwise.
#[must_use = "nothing goes wrong until it is said what"]
pub struct On<'a> {
    faults: &'a Faults,
    rule: Rule,
}

impl<'a> On<'a> {
    pub(super) fn new(faults: &'a Faults, scope: Scope) -> Self {
        let rule = Rule { scope, when: None, chance: None, spared: 0, left: u64::MAX, effect: Effect::Hang };
        Self { faults, rule }
    }

    /// Only this often, then never again.
    pub fn times(mut self, times: u64) -> Self {
        self.rule.left = times;
        self
    }

    /// Not with the first so many.
    pub fn sparing(mut self, spared: u64) -> Self {
        self.rule.spared = spared;
        self
    }

    /// Only where this holds of the object's key (the bucket's name, where there is none), or of the queue's name.
    pub fn when(mut self, holds: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.rule.when = Some(Box::new(holds));
        self
    }

    /// Only with this probability; the same seed gives the same draws.
    pub fn with_probability(mut self, probability: f64, seed: u64) -> Self {
        self.rule.chance = Some((probability, StdRng::seed_from_u64(seed)));
        self
    }

    /// Not carried out; answered with this status and this error code.
    ///
    /// The shapes that the SDKs take for throttling: S3 `503 SlowDown`; SQS `400 RequestThrottled` or `400 ThrottlingException`
    /// and `503 ServiceUnavailable`.
    ///
    /// # Panics
    /// Where no answer can have that status.
    pub fn answer(self, status: u16, code: &'static str) {
        self.is(Effect::Answer(StatusCode::from_u16(status).expect("a status of HTTP"), code));
    }

    /// Neither carried out nor ever answered.
    pub fn hang(self) {
        self.is(Effect::Hang);
    }

    /// Not carried out, and the connection is cut.
    pub fn cut(self) {
        self.is(Effect::Cut);
    }

    /// Carried out only after this time, by the fake's clock.
    pub fn delay(self, time: Duration) {
        self.is(Effect::Delay(time));
    }

    /// Carried out only once the gate is opened.
    pub fn hold(self) -> Gate {
        let open = watch::Sender::new(false);
        self.is(Effect::Hold(open.subscribe()));
        Gate { open }
    }

    /// Carried out, but answered only once the gate is opened.
    pub fn hold_reply(self) -> Gate {
        let open = watch::Sender::new(false);
        self.is(Effect::HoldReply(open.subscribe()));
        Gate { open }
    }

    /// This happens just before it is carried out.
    pub fn meanwhile(self, happens: impl Fn() + Send + Sync + 'static) {
        self.is(Effect::Meanwhile(Arc::new(happens)));
    }

    /// Carried out, but answered only after this time, by the fake's clock.
    pub fn delay_reply(self, time: Duration) {
        self.is(Effect::DelayReply(time));
    }

    /// Carried out, but the connection is cut instead of an answer.
    pub fn drop_reply(self) {
        self.is(Effect::DropReply);
    }

    /// The answer's body comes byte by byte, one in each interval of the fake's clock.
    pub fn trickle(self, interval: Duration) {
        self.is(Effect::Trickle(interval));
    }

    /// The answer promises its whole body, and the connection is cut after this many bytes of it.
    pub fn short_body(self, bytes: usize) {
        self.is(Effect::ShortBody(bytes));
    }

    /// The store answers with the whole object, whatever range was asked for.
    pub fn ignore_range(self) {
        self.is(Effect::IgnoreRange);
    }

    /// The answer has this header, instead of its own of that name: `("content-range", "bytes 0-8191/53687091200000")`.
    ///
    /// # Panics
    /// Where HTTP has no such header.
    pub fn header(self, name: &'static str, value: &str) {
        let value = HeaderValue::from_str(value).expect("a valid value");
        self.is(Effect::Header(HeaderName::from_static(name), value));
    }

    /// The first so many entries of a batch are not carried out, and reported as failed with this code; the answer is a 200.
    pub fn fail_entries(self, entries: usize, code: &'static str) {
        self.is(Effect::FailEntries(entries, code));
    }

    fn is(mut self, effect: Effect) {
        self.rule.effect = effect;
        self.faults.add(self.rule);
    }
}

/// What holds requests back until it is opened. Dropping it opens it, so that no failed test hangs.
#[derive(Debug)]
pub struct Gate {
    open: watch::Sender<bool>,
}

impl Gate {
    /// Lets those go on that were held back, and holds no more.
    pub fn open(self) {
        self.open.send_replace(true);
    }
}
