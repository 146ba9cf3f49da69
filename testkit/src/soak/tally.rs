//! How often what happened, by name. Shared by all parts of a soak.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Counts by name. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Tally {
    /// Counts one more.
    pub(super) fn add(&self, what: &'static str) {
        self.add_many(what, 1);
    }

    /// Counts so many more.
    pub(super) fn add_many(&self, what: &'static str, count: u64) {
        *self.lock().entry(what).or_default() += count;
    }

    /// How many of it there were.
    pub(super) fn of(&self, what: &str) -> u64 {
        self.lock().get(what).copied().unwrap_or_default()
    }

    /// All counts whose names begin so, by name.
    pub(super) fn beginning(&self, with: &str) -> Vec<(&'static str, u64)> {
        self.lock().iter().filter(|(name, _)| name.starts_with(with)).map(|(name, count)| (*name, *count)).collect()
    }

    /// How many there were of all whose names begin so.
    pub(super) fn sum(&self, with: &str) -> u64 {
        self.beginning(with).iter().map(|(_, count)| count).sum()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.0.lock().expect("no holder of the lock panics")
    }
}
