//! getOverview.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use poem::web::Data;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use sluice_common::db::counting::{self, Totals};
use sluice_common::db::reports::{self, Kind, Report};
use sluice_common::db::uploads::{self, Oldest};
use sluice_common::db::workers::{self, Breaker, Worker};
use sluice_common::db::{Db, DbError, dead_events};
use sluice_common::domain::UploadStatus;

use super::findings::{Finding, Known, in_a_sentence, judge};
use super::queues::Heard;
use crate::auth::{KeyOrSession, See};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::{Time, UploadIdText};
use crate::service::Service;

problems! {
    /// Why there is no overview: nothing but what any operation can meet.
    pub enum GetOverviewProblem {}
}

/// Up to how many dead events are counted.
const MOST_COUNTED: i64 = 1000;
/// For how long a worker counts as alive that says nothing: several times as long as one is silent.
const ALIVE: SignedDuration = SignedDuration::from_secs(30);
/// How long after it was due an upload is looked at late. Workers look every second.
const LATE: Duration = Duration::from_mins(2);

/// How the service does right now.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct Overview {
    /// When this was so.
    pub at: Time,
    /// Whether nothing was found that somebody should do something about.
    pub is_well: bool,
    /// The same in a sentence.
    pub sentence: String,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// How many uploads there are in each status.
    pub uploads: StatusCounts,
    /// Up to when changes are in the counts, here and in getActivity: a few seconds ago.
    pub counted_until: Time,
    /// The pending upload that was declared first. Absent where none is pending.
    pub oldest_pending: Option<OldestPending>,
    /// What belongs to no tenant. Absent for an operator of one tenant.
    pub system: Option<SystemState>,
}

/// How many uploads are in each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Object)]
pub struct StatusCounts {
    /// Declared; no verdict yet.
    pub pending: i64,
    /// The file is there and is what was promised.
    pub confirmed: i64,
    /// The file broke the policy or the declaration.
    pub rejected: i64,
    /// No file came before the deadline.
    pub expired: i64,
    /// It was taken back before a verdict.
    pub canceled: i64,
    /// It was confirmed, and deleted later.
    pub deleted: i64,
}

/// A pending upload that nothing has become of for the longest time.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct OldestPending {
    /// Its id.
    pub upload_id: UploadIdText,
    /// When it was declared.
    pub created_at: Time,
    /// When it expires if no object has come by then.
    pub deadline: Time,
}

/// What belongs to no tenant.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SystemState {
    /// The queue that events arrive in. Absent where neither this API nor a worker knows one.
    pub queue: Option<QueueState>,
    /// How many messages lie in the dead-letter queue. Absent where this API was not told of it, or it does not answer.
    pub dead_letters: Option<i64>,
    /// How many dead events there are; of more than 1,000 it says 1,000.
    pub dead_events: i64,
    /// The workers, the longest-lived first. One that is gone is shown for an hour.
    pub workers: Vec<WorkerState>,
    /// How the database does.
    pub database: DatabaseState,
    /// What the sweeps of the last hour in which they changed something did.
    pub last_sweep: Option<WorkReport>,
    /// What the last whole round through the bucket found.
    pub last_reconcile: Option<WorkReport>,
}

/// What is known of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct QueueState {
    /// About how many messages wait to be taken.
    pub waiting: i64,
    /// About how many messages are taken and not answered.
    pub in_hand: i64,
    /// When the queue said so.
    pub sampled_at: Time,
    /// How long the oldest message has waited, in milliseconds, as well as can be known: queues don't say. While workers take
    /// messages, it is how long the oldest had waited that they took in the last seconds; while messages wait and nobody takes
    /// any, it is for how long that has been so. Absent where nothing waits and nothing was taken.
    pub oldest_ms: Option<i64>,
    /// Whether nobody takes what waits, so that the oldest message has waited for `oldest_ms` at least.
    pub oldest_at_least: bool,
    /// When a worker last took a message. Absent where none of those that are known has taken any.
    pub last_taken_at: Option<Time>,
}

/// A worker, as it said of itself last.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct WorkerState {
    /// The id that it gave itself when it started.
    pub id: String,
    /// What to call it: its host, and the end of its id. Workers of one host have names that differ; its log says its name, too.
    pub name: String,
    /// The host that it runs on.
    pub host: String,
    /// Its version.
    pub version: String,
    /// Whether it is alive. One that is not has said nothing for 30 seconds, and has not signed off.
    pub is_alive: bool,
    /// When it started.
    pub started_at: Time,
    /// When it last said something.
    pub seen_at: Time,
    /// Whether it takes events from a queue.
    pub has_queue: bool,
    /// When the queue last answered it.
    pub polled_at: Option<Time>,
    /// When it last took a message.
    pub taken_at: Option<Time>,
    /// How many messages it has in hand.
    pub in_hand: i32,
    /// How many it has in hand at the most.
    pub in_hand_most: i32,
    /// Whether its breaker lets it take messages.
    pub breaker: BreakerState,
    /// Why it takes none, if its breaker is open.
    pub breaker_why: Option<String>,
}

/// Whether a worker takes messages. More may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum BreakerState {
    /// It does.
    Closed,
    /// The database or the bucket failed, and is being asked about it.
    InDoubt,
    /// It does not.
    Open,
}

/// How the database does.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct DatabaseState {
    /// Whether it takes writes.
    pub takes_writes: bool,
    /// How long it took to answer, in milliseconds.
    pub answered_in_ms: i64,
    /// Its version, in its own words.
    pub version: String,
    /// How many connections this API process has to it.
    pub connections: i32,
    /// How many it may have.
    pub connections_most: i32,
}

/// What workers did by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct WorkReport {
    /// When it began.
    pub started_at: Time,
    /// When it ended, or was last added to.
    pub ended_at: Time,
    /// What was counted.
    pub counts: Vec<NamedCount>,
    /// Uploads that somebody should look at, up to 100: confirmed, and their object is not there.
    pub upload_ids: Vec<UploadIdText>,
}

/// A figure with its name, such as `healed`. Names may be added.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct NamedCount {
    /// What was counted.
    pub name: String,
    /// How many there were.
    pub count: i64,
}

/// The answer.
#[derive(ApiResponse)]
pub enum OverviewAnswer {
    /// How the service does.
    #[oai(status = 200)]
    Overview(Json<Overview>),
}

/// getOverview.
pub struct GetOverview;

#[OpenApi]
impl GetOverview {
    /// See how the service does
    ///
    /// Whether all is well, and if not what is wrong and what to do. Its cost does not depend on how many uploads there are:
    /// counts are kept by the workers, which are a few seconds behind; `counted_until` says how far.
    ///
    /// An operator of one tenant sees that tenant's uploads counted, and no `system`.
    ///
    /// Needs the scope `operator` or `operator:read`.
    #[oai(path = "/v1/operator/overview", method = "get", operation_id = "getOverview", tag = "Tag::Operator")]
    async fn get(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<See>,
    ) -> Result<OverviewAnswer, GetOverviewProblem> {
        let tenant = operator.0.tenant.as_ref();
        let (db, is_of_all) = (&service.db, tenant.is_none());
        let system = async {
            match is_of_all {
                true => system(&service).await.map(Some),
                false => Ok(None),
            }
        };
        let (totals, oldest, system) =
            tokio::try_join!(counting::totals(db, tenant), uploads::oldest_pending(db, tenant), system)?;
        Ok(OverviewAnswer::Overview(Json(overview(&totals, oldest, system))))
    }
}

/// What is known of the parts, and whether due uploads wait for a look.
async fn system(service: &Service) -> Result<(SystemState, bool), DbError> {
    let db = &service.db;
    let held = async { Ok(service.queues.held().await) };
    let (held, dead_events, workers, database, sweep, round, is_late) = tokio::try_join!(
        held,
        dead_events::count(db, MOST_COUNTED),
        workers::list(db),
        database(db),
        reports::latest(db, Kind::Sweep),
        reports::latest(db, Kind::Reconcile),
        uploads::are_looked_at_late(db, LATE),
    )?;
    let state = SystemState {
        queue: queue(held.queue, &workers, database.0),
        dead_letters: held.dead_letters.map(|count| i64::try_from(count).unwrap_or(i64::MAX)),
        dead_events,
        workers: workers.into_iter().map(|worker| WorkerState::of(worker, database.0)).collect(),
        database: database.1,
        last_sweep: sweep.map(WorkReport::from),
        last_reconcile: round.map(WorkReport::from),
    };
    Ok((state, is_late))
}

/// How the database does, by its own clock.
async fn database(db: &Db) -> Result<(Timestamp, DatabaseState), DbError> {
    let asked = Instant::now();
    let (takes_writes, about) = tokio::try_join!(db.takes_writes(), db.about())?;
    let (connections, most) = db.connections();
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let state = DatabaseState {
        takes_writes,
        answered_in_ms: i64::try_from(asked.elapsed().as_millis()).unwrap_or(i64::MAX),
        version: about.version,
        connections: count(connections),
        connections_most: count(most),
    };
    Ok((about.now, state))
}

/// What the queue said last: to this process, or to a worker that is alive. What others said is no longer so.
fn queue(heard: Option<Heard>, workers: &[Worker], now: Timestamp) -> Option<QueueState> {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let said = heard.map(|heard| (count(heard.waiting.visible), count(heard.waiting.in_flight), heard.at));
    let alive = || workers.iter().filter(|worker| is_alive(worker, now));
    let told = alive().filter_map(|worker| worker.queue).max_by_key(|(.., at)| *at);
    let (waiting, in_hand, sampled_at) = said.or(told)?;
    let taken = alive().filter_map(|worker| worker.oldest_ms).max();
    let last_taken_at = workers.iter().filter_map(|worker| worker.taken_at).max();
    // Of all who have heard for a while that messages wait, whoever began first. What was taken since is what waited then, and
    // what became of the rest after the queue was asked, nobody knows.
    let since = alive().filter_map(|worker| worker.waiting_since).chain(heard.and_then(|heard| heard.since)).min();
    let since = since.map(|since| last_taken_at.map_or(since, |taken| since.max(taken)));
    let untaken = since.filter(|since| waiting > 0 && taken.is_none() && *since < sampled_at);
    let untaken = untaken.map(|since| sampled_at.duration_since(since).as_millis());
    let untaken = untaken.map(|millis| i64::try_from(millis).unwrap_or(i64::MAX));
    Some(QueueState {
        waiting,
        in_hand,
        sampled_at: Time(sampled_at),
        oldest_ms: taken.or(untaken),
        oldest_at_least: untaken.is_some(),
        last_taken_at: last_taken_at.map(Time),
    })
}

fn is_alive(worker: &Worker, now: Timestamp) -> bool {
    now.duration_since(worker.seen_at) < ALIVE
}

/// What is known, and what is found in it.
pub fn overview(totals: &Totals, oldest: Option<Oldest>, system: Option<(SystemState, bool)>) -> Overview {
    let (system, is_late) = system.map_or((None, false), |(system, is_late)| (Some(system), is_late));
    let known =
        Known { now: totals.now, counted_until: totals.until, is_looked_at_late: is_late, system: system.as_ref() };
    let findings = judge(&known);
    Overview {
        at: Time(totals.now),
        is_well: findings.is_empty(),
        sentence: in_a_sentence(&findings),
        findings,
        uploads: StatusCounts::from(totals),
        counted_until: Time(totals.until),
        oldest_pending: oldest.map(|oldest| OldestPending {
            upload_id: UploadIdText(oldest.id.to_string()),
            created_at: Time(oldest.created_at),
            deadline: Time(oldest.deadline),
        }),
        system,
    }
}

impl From<&Totals> for StatusCounts {
    fn from(totals: &Totals) -> Self {
        let of = |status| totals.uploads.iter().find(|(one, _)| *one == status).map_or(0, |(_, count)| *count);
        Self {
            pending: of(UploadStatus::Pending),
            confirmed: of(UploadStatus::Confirmed),
            rejected: of(UploadStatus::Rejected),
            expired: of(UploadStatus::Expired),
            canceled: of(UploadStatus::Canceled),
            deleted: of(UploadStatus::Deleted),
        }
    }
}

impl WorkerState {
    fn of(worker: Worker, now: Timestamp) -> Self {
        let is_alive = is_alive(&worker, now);
        let (breaker, breaker_why) = match worker.breaker {
            Breaker::Closed => (BreakerState::Closed, None),
            Breaker::InDoubt => (BreakerState::InDoubt, None),
            Breaker::Open(why) => (BreakerState::Open, Some(why)),
        };
        Self {
            id: worker.id.to_string(),
            name: workers::name(&worker.host, worker.id),
            host: worker.host,
            version: worker.version,
            is_alive,
            started_at: Time(worker.started_at),
            seen_at: Time(worker.seen_at),
            has_queue: worker.has_queue,
            polled_at: worker.polled_at.map(Time),
            taken_at: worker.taken_at.map(Time),
            in_hand: worker.in_hand,
            in_hand_most: worker.in_hand_most,
            breaker,
            breaker_why,
        }
    }
}

impl From<Report> for WorkReport {
    fn from(report: Report) -> Self {
        Self {
            started_at: Time(report.started_at),
            ended_at: Time(report.ended_at),
            counts: report.counts.into_iter().map(|(name, count)| NamedCount { name, count }).collect(),
            upload_ids: report.uploads.iter().map(|id| UploadIdText(id.to_string())).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use sluice_common::queue::Waiting;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().expect("valid")
    }

    fn ago(seconds: i64) -> Timestamp {
        now() - SignedDuration::from_secs(seconds)
    }

    fn worker(seen_at: Timestamp) -> Worker {
        Worker {
            id: uuid::Uuid::nil(),
            host: "a".to_owned(),
            version: "1".to_owned(),
            started_at: ago(1000),
            seen_at,
            has_queue: true,
            polled_at: Some(seen_at),
            in_hand: 0,
            in_hand_most: 10,
            breaker: Breaker::Closed,
            queue: None,
            oldest_ms: None,
            taken_at: None,
            waiting_since: None,
        }
    }

    #[test]
    fn of_the_queue_counts_what_workers_say_that_are_alive() {
        let of = |seen_at, oldest_ms| Worker {
            queue: Some((oldest_ms, 0, seen_at)),
            oldest_ms: Some(oldest_ms),
            ..worker(seen_at)
        };
        let (gone, alive) = (of(ago(31), 90_000), of(ago(29), 5));
        let seen = queue(None, &[gone.clone(), alive], now()).expect("one is alive");
        assert_eq!((seen.waiting, seen.oldest_ms), (5, Some(5)));
        assert_eq!(queue(None, std::slice::from_ref(&gone), now()), None);
        let waiting = Waiting { visible: 7, in_flight: 0 };
        let seen = queue(Some(Heard { waiting, at: now(), since: None }), &[gone], now()).expect("it was heard of");
        assert_eq!((seen.waiting, seen.oldest_ms), (7, None));
    }

    #[test]
    fn what_nobody_takes_has_waited_for_as_long_as_that_is_known() {
        let seen = |visible, since, worker: &Worker| {
            let heard = Heard { waiting: Waiting { visible, in_flight: 0 }, at: now(), since };
            let seen = queue(Some(heard), std::slice::from_ref(worker), now()).expect("it was heard of");
            (seen.oldest_ms, seen.oldest_at_least)
        };
        let idle = worker(ago(1));
        assert_eq!(seen(3, None, &idle), (None, false));
        assert_eq!(seen(3, Some(ago(70)), &idle), (Some(70_000), true));
        assert_eq!(seen(0, Some(ago(70)), &idle), (None, false));
        let one_heard = Worker { waiting_since: Some(ago(90)), ..idle.clone() };
        assert_eq!(seen(3, Some(ago(70)), &one_heard), (Some(90_000), true));
        // One that was taken since, by whom ever, is no longer the oldest.
        let one_took = Worker { taken_at: Some(ago(40)), ..one_heard.clone() };
        assert_eq!(seen(3, Some(ago(70)), &one_took), (Some(40_000), true));
        let one_takes = Worker { oldest_ms: Some(5), ..one_took };
        assert_eq!(seen(3, Some(ago(70)), &one_takes), (Some(5), false));
        // What was asked last before one was taken says nothing of what waits now.
        let said_before = Worker { queue: Some((3, 0, ago(50))), waiting_since: Some(ago(200)), ..idle };
        let of = |taken_at| {
            let worker = Worker { taken_at, ..said_before.clone() };
            queue(None, &[worker], now()).expect("it was told of").oldest_ms
        };
        assert_eq!((of(Some(ago(40))), of(Some(ago(60))), of(None)), (None, Some(10_000), Some(150_000)));
    }
}
