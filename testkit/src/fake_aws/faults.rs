//! What goes wrong: with which requests, and how often.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderName, HeaderValue, StatusCode};
use rand::Rng as _;
use rand::rngs::StdRng;
use tokio::sync::watch;

use super::Op;

/// One thing that goes wrong with one request.
#[derive(Clone)]
pub(super) enum Effect {
    Answer(StatusCode, &'static str),
    Cut,
    Delay(Duration),
    DelayReply(Duration),
    DropReply,
    FailEntries(usize, &'static str),
    Hang,
    Header(HeaderName, HeaderValue),
    Hold(watch::Receiver<bool>),
    HoldReply(watch::Receiver<bool>),
    IgnoreRange,
    Meanwhile(Arc<dyn Fn() + Send + Sync>),
    ShortBody(usize),
    Trickle(Duration),
}

/// The operations that a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    One(Op),
    S3,
    Sqs,
}

impl Scope {
    fn has(self, op: Op) -> bool {
        match self {
            Self::One(one) => one == op,
            Self::S3 => !op.is_sqs(),
            Self::Sqs => op.is_sqs(),
        }
    }
}

/// What holds of the subjects of some requests.
pub(super) type Condition = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// An effect and the requests that it befalls.
pub(super) struct Rule {
    pub(super) scope: Scope,
    pub(super) when: Option<Condition>,
    pub(super) chance: Option<(f64, StdRng)>,
    pub(super) spared: u64,
    pub(super) left: u64,
    pub(super) effect: Effect,
}

impl Rule {
    /// Whether it befalls this request. Counts it, if so.
    fn befalls(&mut self, op: Op, subject: &str) -> bool {
        if self.left == 0 || !self.scope.has(op) || self.when.as_ref().is_some_and(|when| !when(subject)) {
            return false;
        }
        if self.spared > 0 {
            self.spared -= 1;
            return false;
        }
        let drawn = self.chance.as_mut().is_none_or(|(probability, dice)| dice.random_bool(*probability));
        self.left -= u64::from(drawn);
        drawn
    }
}

/// All rules in force.
#[derive(Default)]
pub(super) struct Faults {
    rules: Mutex<Vec<Rule>>,
}

impl Faults {
    pub(super) fn add(&self, rule: Rule) {
        self.lock().push(rule);
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    /// What goes wrong with this request, in the order in which it was said. The subject is a key, or a queue's name.
    pub(super) fn draw(&self, op: Op, subject: &str) -> Vec<Effect> {
        let mut rules = self.lock();
        let drawn =
            rules.iter_mut().filter_map(|rule| rule.befalls(op, subject).then(|| rule.effect.clone())).collect();
        rules.retain(|rule| rule.left > 0);
        drawn
    }

    /// A test's own condition may panic under the lock; its test fails then, and the fake goes on.
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} faults", self.lock().len())
    }
}
