//! What is not as it should be, judged from what is known of the service.

use poem_openapi::{Enum, Object};

/// One thing that somebody should know of.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct Finding {
    /// The stable name of what it is. New ones may appear.
    pub code: FindingCode,
    /// How bad it is.
    pub severity: Severity,
    /// What was found, in a sentence.
    pub sentence: String,
    /// What to do about it, in a sentence.
    pub what_to_do: String,
}

/// How bad a finding is. More may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Enum)]
#[oai(rename_all = "snake_case")]
pub enum Severity {
    /// Uploads are not settled, or files are lost.
    Critical,
    /// Somebody should look at it today.
    Warning,
}

/// What a finding is about.
///
/// * `no_worker`: no worker is alive.
/// * `breaker_open`: a worker takes no messages, because the database or the bucket does not work.
/// * `queue_silent`: the queue has not answered a worker for a minute.
/// * `database_read_only`: the database takes no writes.
/// * `objects_vanished`: objects of confirmed uploads are not in the bucket.
/// * `uploads_overdue`: a pending upload is past its deadline and nobody has looked.
/// * `queue_behind`: messages wait for more than a minute.
/// * `worker_gone`: a worker has ended without signing off.
/// * `dead_letters`: messages lie in the dead-letter queue.
/// * `dead_events`: messages were kept that no upload could be settled by.
/// * `looks_failed`: looks of the last sweeps failed.
/// * `counts_behind`: counts and charts are more than half a minute behind.
///
/// More may be added: accept values that you don't know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum FindingCode {
    /// No worker is alive.
    NoWorker,
    /// A worker takes no messages.
    BreakerOpen,
    /// The queue does not answer a worker.
    QueueSilent,
    /// The database takes no writes.
    DatabaseReadOnly,
    /// Objects of confirmed uploads are not in the bucket.
    ObjectsVanished,
    /// A pending upload is past its deadline.
    UploadsOverdue,
    /// Messages wait for long.
    QueueBehind,
    /// A worker has ended without signing off.
    WorkerGone,
    /// Messages lie in the dead-letter queue.
    DeadLetters,
    /// Messages were kept that no upload could be settled by.
    DeadEvents,
    /// Looks of the last sweeps failed.
    LooksFailed,
    /// Counts and charts are behind.
    CountsBehind,
}
