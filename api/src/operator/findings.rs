//! What is not as it should be, judged from what is known of the service.

use jiff::{SignedDuration, Timestamp};
use poem_openapi::{Enum, Object};

use super::overview::{BreakerState, QueueState, SystemState, WorkerState};

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
/// * `messages_untaken`: messages wait in the queue, and for more than a minute nobody has taken any.
/// * `uploads_overdue`: a pending upload has been due for a look for minutes, and nobody has looked.
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
    /// Messages wait, and nobody takes any.
    MessagesUntaken,
    /// A pending upload waits for a look.
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

/// How far counts may be behind.
const BEHIND: SignedDuration = SignedDuration::from_secs(30);
/// How long a queue may not answer a worker.
const SILENT: SignedDuration = SignedDuration::from_mins(1);
/// How long messages may wait, in milliseconds.
const WAITED_LONG: i64 = 60_000;
/// For how long failed looks are worth telling.
const LATELY: SignedDuration = SignedDuration::from_hours(1);

/// What is known of the service.
pub struct Known<'a> {
    /// The time, by the database's clock.
    pub now: Timestamp,
    /// Up to when changes are counted.
    pub counted_until: Timestamp,
    /// Whether due uploads wait for a look.
    pub is_looked_at_late: bool,
    /// What belongs to no tenant, if it is to be judged.
    pub system: Option<&'a SystemState>,
}

/// What is not as it should be, the worst first.
pub fn judge(known: &Known) -> Vec<Finding> {
    let mut findings = known.system.map(|system| of_system(system, known)).unwrap_or_default();
    let behind = known.now.duration_since(known.counted_until);
    if behind > BEHIND {
        findings.push(warning(
            FindingCode::CountsBehind,
            format!("Counts and charts are {:#} behind.", whole_seconds(behind)),
            "Workers count: see whether one is alive, and whether a transaction has been open for long on the database's server.",
        ));
    }
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// All of it in a sentence.
pub fn in_a_sentence(findings: &[Finding]) -> String {
    match findings {
        [] => "All is well.".to_owned(),
        [only] => only.sentence.clone(),
        [first, rest @ ..] => format!("{} And {} more.", first.sentence, rest.len()),
    }
}

fn of_system(system: &SystemState, known: &Known) -> Vec<Finding> {
    let mut findings = of_workers(&system.workers, known.now);
    if !system.database.takes_writes {
        findings.push(critical(
            FindingCode::DatabaseReadOnly,
            "The database takes no writes.".to_owned(),
            "See whether it is a replica, or whether its disk is full.",
        ));
    }
    if known.is_looked_at_late {
        findings.push(critical(
            FindingCode::UploadsOverdue,
            "Pending uploads have been due for a look for minutes.".to_owned(),
            "Workers look at them: see whether one is alive, and what it logs.",
        ));
    }
    findings.extend(of_reports(system, known.now));
    findings.extend(of_messages(system));
    findings
}

fn of_workers(workers: &[WorkerState], now: Timestamp) -> Vec<Finding> {
    let (alive, gone): (Vec<_>, Vec<_>) = workers.iter().partition(|worker| worker.is_alive);
    let mut findings = Vec::new();
    if alive.is_empty() {
        findings.push(critical(
            FindingCode::NoWorker,
            "No worker is alive, so nothing is settled.".to_owned(),
            "Start a worker, and see what the last one logged.",
        ));
    }
    if let Some(open) = alive.iter().find(|worker| worker.breaker == BreakerState::Open) {
        let why = open.breaker_why.as_deref().unwrap_or("it does not say why");
        findings.push(critical(
            FindingCode::BreakerOpen,
            format!(
                "The worker {} takes no messages: {}.",
                open.name,
                why.trim_start_matches("no messages are taken: ")
            ),
            "It goes on by itself as soon as the database and the bucket work: mend them.",
        ));
    }
    let is_silent = |worker: &&&WorkerState| {
        let since = worker.polled_at.map_or(worker.started_at.0, |time| time.0);
        worker.has_queue && worker.breaker == BreakerState::Closed && now.duration_since(since) > SILENT
    };
    if let Some(silent) = alive.iter().find(is_silent) {
        findings.push(critical(
            FindingCode::QueueSilent,
            format!("The queue has not answered the worker {} for a minute.", silent.name),
            "See whether the queue is there, and whether the worker may receive from it.",
        ));
    }
    if let Some(one) = gone.first() {
        findings.push(warning(
            FindingCode::WorkerGone,
            format!("The worker {} ended without signing off.", one.name),
            "If nobody killed it, see what it logged last. What it had in hand comes again by itself.",
        ));
    }
    findings
}

fn of_reports(system: &SystemState, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(round) = system.last_reconcile.as_ref().filter(|round| !round.upload_ids.is_empty()) {
        findings.push(critical(
            FindingCode::ObjectsVanished,
            format!("{} confirmed uploads have no object in the bucket.", round.upload_ids.len()),
            "The last round's report names them: restore their objects, or delete the uploads.",
        ));
    }
    let failed = |name: &str| system.last_sweep.as_ref()?.counts.iter().find(|count| count.name == name);
    let is_recent = system.last_sweep.as_ref().is_some_and(|sweep| now.duration_since(sweep.ended_at.0) < LATELY);
    if let Some(failed) = failed("failed").filter(|failed| failed.count > 0 && is_recent) {
        findings.push(warning(
            FindingCode::LooksFailed,
            format!("{} looks of the last sweeps failed.", failed.count),
            "They are repeated by themselves; a worker's log says why they failed.",
        ));
    }
    findings
}

fn of_messages(system: &SystemState) -> Vec<Finding> {
    let mut findings = Vec::new();
    let waits_long = |queue: &&QueueState| queue.oldest_ms.is_some_and(|waited| waited > WAITED_LONG);
    if let Some(queue) = system.queue.as_ref().filter(waits_long) {
        let waited = whole_seconds(SignedDuration::from_millis(queue.oldest_ms.unwrap_or_default()));
        findings.push(match queue.oldest_at_least {
            true => critical(
                FindingCode::MessagesUntaken,
                format!("{} in the queue, and nobody has taken any for {waited:#}.", waiting(queue.waiting)),
                "Workers take them: see whether one is alive, has this queue, and may receive from it.",
            ),
            false => warning(
                FindingCode::QueueBehind,
                format!("Messages wait in the queue for {waited:#}."),
                "After an outage it passes by itself; otherwise start more workers.",
            ),
        });
    }
    if let Some(count) = system.dead_letters.filter(|count| *count > 0) {
        findings.push(warning(
            FindingCode::DeadLetters,
            match count {
                1 => "About 1 message lies in the dead-letter queue.".to_owned(),
                count => format!("About {count} messages lie in the dead-letter queue."),
            },
            "Once the cause is mended, move them back; what was settled meanwhile is not settled twice.",
        ));
    }
    if system.dead_events > 0 {
        findings.push(warning(
            FindingCode::DeadEvents,
            match system.dead_events {
                1 => "1 message was kept that no upload could be settled by.".to_owned(),
                count => format!("{count} messages were kept that no upload could be settled by."),
            },
            "Read why, and drop them.",
        ));
    }
    findings
}

/// Nobody reads the fractions.
fn whole_seconds(time: SignedDuration) -> SignedDuration {
    SignedDuration::from_secs(time.as_secs())
}

fn waiting(count: i64) -> String {
    if count == 1 { "1 message waits".to_owned() } else { format!("{count} messages wait") }
}

fn critical(code: FindingCode, sentence: String, what_to_do: &str) -> Finding {
    Finding { code, severity: Severity::Critical, sentence, what_to_do: what_to_do.to_owned() }
}

fn warning(code: FindingCode, sentence: String, what_to_do: &str) -> Finding {
    Finding { code, severity: Severity::Warning, sentence, what_to_do: what_to_do.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::overview::{DatabaseState, NamedCount, QueueState, WorkReport};
    use super::*;
    use crate::scalars::{Time, UploadIdText};

    fn now() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().expect("valid")
    }

    fn ago(seconds: i64) -> Time {
        Time(now() - SignedDuration::from_secs(seconds))
    }

    fn worker() -> WorkerState {
        WorkerState {
            id: "w".to_owned(),
            name: "here/1".to_owned(),
            host: "here".to_owned(),
            version: "1".to_owned(),
            is_alive: true,
            started_at: ago(3600),
            seen_at: ago(1),
            has_queue: true,
            polled_at: Some(ago(2)),
            taken_at: None,
            in_hand: 0,
            in_hand_most: 64,
            breaker: BreakerState::Closed,
            breaker_why: None,
        }
    }

    fn system() -> SystemState {
        SystemState {
            queue: None,
            dead_letters: Some(0),
            dead_events: 0,
            workers: vec![worker()],
            database: DatabaseState {
                takes_writes: true,
                answered_in_ms: 1,
                version: "15".to_owned(),
                connections: 1,
                connections_most: 16,
            },
            last_sweep: None,
            last_reconcile: None,
        }
    }

    fn codes(change: impl FnOnce(&mut SystemState)) -> Vec<FindingCode> {
        let mut system = system();
        change(&mut system);
        let known = Known { now: now(), counted_until: ago(2).0, is_looked_at_late: false, system: Some(&system) };
        judge(&known).iter().map(|finding| finding.code).collect()
    }

    fn report(failed: i64, ended: i64, vanished: usize) -> WorkReport {
        let upload_ids = vec![UploadIdText("019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10".to_owned()); vanished];
        let counts = vec![NamedCount { name: "failed".to_owned(), count: failed }];
        WorkReport { started_at: ago(ended), ended_at: ago(ended), counts, upload_ids }
    }

    #[test]
    fn each_thing_that_is_not_well_is_found_and_nothing_else() {
        use FindingCode::*;
        assert_eq!(codes(|_| {}), []);
        assert_eq!(codes(|system| system.workers.clear()), [NoWorker]);
        assert_eq!(codes(|system| system.workers[0].is_alive = false), [NoWorker, WorkerGone]);
        assert_eq!(codes(|system| system.workers[0].breaker = BreakerState::InDoubt), []);
        assert_eq!(codes(|system| system.workers[0].breaker = BreakerState::Open), [BreakerOpen]);
        assert_eq!(codes(|system| system.workers[0].polled_at = Some(ago(61))), [QueueSilent]);
        assert_eq!(codes(|system| system.workers[0].polled_at = None), [QueueSilent]);
        assert_eq!(codes(|system| system.workers[0].has_queue = false), []);
        assert_eq!(codes(|system| system.database.takes_writes = false), [DatabaseReadOnly]);
        assert_eq!(codes(|system| system.last_reconcile = Some(report(0, 10, 2))), [ObjectsVanished]);
        assert_eq!(codes(|system| system.last_sweep = Some(report(1, 10, 0))), [LooksFailed]);
        assert_eq!(codes(|system| system.last_sweep = Some(report(1, 4000, 0))), []);
        assert_eq!(codes(|system| system.dead_letters = Some(3)), [DeadLetters]);
        assert_eq!(codes(|system| system.dead_events = 3), [DeadEvents]);
        let queue = |oldest_ms, oldest_at_least| {
            let (sampled_at, last_taken_at) = (ago(1), None);
            Some(QueueState { waiting: 9, in_hand: 1, sampled_at, oldest_ms, oldest_at_least, last_taken_at })
        };
        assert_eq!(codes(|system| system.queue = queue(Some(61_000), false)), [QueueBehind]);
        assert_eq!(codes(|system| system.queue = queue(Some(61_000), true)), [MessagesUntaken]);
        assert_eq!(codes(|system| system.queue = queue(Some(59_000), true)), []);
        assert_eq!(codes(|system| system.queue = queue(None, false)), []);
    }

    #[test]
    fn counts_that_are_behind_and_uploads_that_wait_are_told_of_the_worst_first() {
        let system = system();
        let known = Known { now: now(), counted_until: ago(3497).0, is_looked_at_late: true, system: Some(&system) };
        let findings = judge(&known);
        let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [FindingCode::UploadsOverdue, FindingCode::CountsBehind]);
        assert_eq!(in_a_sentence(&findings), format!("{} And 1 more.", findings[0].sentence));
        assert_eq!(findings[1].sentence, "Counts and charts are 58m 17s behind.");
        assert_eq!(in_a_sentence(&[]), "All is well.");
    }
}
