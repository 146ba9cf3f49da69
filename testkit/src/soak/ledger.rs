//! What the clients of a soak know: which uploads they declared, and what they sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use sluice_common::domain::UploadId;

/// What was sent once.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    /// What the store would call it: the MD5 of the bytes, in its quotes.
    pub(super) etag: String,
    /// Whether the upload's policy and declaration allow it.
    pub(super) right: bool,
    /// When the store said that it has it; nothing where its answer never came.
    pub(super) taken_at: Option<Timestamp>,
}

/// What is known of one upload.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// All that was sent and may have arrived, in the order in which it was answered.
    pub(super) sent: Vec<Sent>,
    /// Whether its client took it back, or deleted it, or tried to.
    pub(super) taken_back: bool,
    /// What its client was last told of it, if it is final.
    pub(super) told: Option<String>,
}

/// What all clients know. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    pub(super) seed: u64,
    known: Arc<Mutex<HashMap<UploadId, Known>>>,
    /// Statuses that changed after they were final, as clients saw it.
    changed: Arc<Mutex<Vec<String>>>,
}

impl Ledger {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, known: Arc::default(), changed: Arc::default() }
    }

    pub(super) fn declared(&self, id: UploadId) {
        self.note(id, |_| {});
    }

    pub(super) fn sent(&self, id: UploadId, sent: Sent) {
        self.note(id, |known| known.sent.push(sent));
    }

    pub(super) fn taken_back(&self, id: UploadId) {
        self.note(id, |known| known.taken_back = true);
    }

    /// Notes what a client was told. From one final status only one step leads on.
    pub(super) fn told(&self, id: UploadId, status: &str) {
        let mut before = None;
        self.note(id, |known| before = known.told.replace(status.to_owned()));
        if let Some(before) = before
            && before != status
            && (before.as_str(), status) != ("confirmed", "deleted")
        {
            let sentence = format!("a client was told that upload {id} is {before}, and later that it is {status}");
            self.changed.lock().expect("no holder of the lock panics").push(sentence);
        }
    }

    /// Everything that is known.
    pub(super) fn all(&self) -> HashMap<UploadId, Known> {
        self.known.lock().expect("no holder of the lock panics").clone()
    }

    pub(super) fn len(&self) -> usize {
        self.known.lock().expect("no holder of the lock panics").len()
    }

    /// What clients were told that can't be.
    pub(super) fn contradictions(&self) -> Vec<String> {
        self.changed.lock().expect("no holder of the lock panics").clone()
    }

    fn note(&self, id: UploadId, note: impl FnOnce(&mut Known)) {
        note(self.known.lock().expect("no holder of the lock panics").entry(id).or_default());
    }
}
