//! The examples of what operators send and get: one upload's story, and what our own code makes of it.

use jiff::{Timestamp, ToSpan as _};
use poem_openapi::types::{Example, ToJSON as _};
use serde_json::json;
use sluice_common::db::counting::{self, Counted, Totals};
use sluice_common::db::dead_events;
use sluice_common::db::operator_actions::{Action, Came, Kind};
use sluice_common::db::reports::Report;
use sluice_common::db::timeline::Line;
use sluice_common::db::uploads::search::{Found, Wanted};
use sluice_common::db::uploads::{Oldest, Order};
use sluice_common::domain::{ObjectKey, Policies, ReasonCode, UploadId, UploadStatus};
use sluice_common::envelope;
use uuid::Uuid;

use super::act::{ActionOrder, ActionOutcome, ActionRefusal, UploadAction};
use super::actions::{self, OperatorActionList};
use super::activity::{Activity, ActivityRange, shown};
use super::dead_events::{DeadEvent, DeadEventList, DroppedDeadEvents};
use super::dead_letters::{DeadLetter, DeadLetterList};
use super::delete_letters::PurgeOutcome;
use super::filter::UploadFilter;
use super::inspect::{UploadReport, report};
use super::overview::{
    BreakerState, DatabaseState, Overview, QueueState, SystemState, WorkReport, WorkerState, overview,
};
use super::redrive::{RedriveOrder, RedriveOutcome};
use super::search::{OperatorUploadList, page};
use super::session::OperatorSession;
use super::values::{FilterValues, values};
use crate::auth::{Operator, Stay};
use crate::scalars::{TenantName, Text, Time, UploadIdText};
use crate::uploads::examples;

const VALID: &str = "the examples are valid";
/// A message's id, as SQS makes them.
const MESSAGE: &str = "5fea7756-0ea4-451a-a703-a558b933e274";
/// An API key's id.
const KEY: &str = "019b3c02-77a0-7d11-8c5e-91b1a5f0c3d2";

/// When an operator looks: half an hour after the upload was declared.
fn now() -> Timestamp {
    examples::pending().created_at + 30.minutes()
}

fn ago(seconds: i64) -> Time {
    Time(now() - seconds.seconds())
}

/// The id of another upload.
fn other() -> UploadId {
    UploadId::parse("019b3f7e-9d40-7a02-8e63-5b0c1d2e3f40").expect(VALID)
}

/// What the store says when an object has come.
fn event(key: &ObjectKey) -> String {
    let record = json!({
        "eventVersion": "2.1", "eventSource": "aws:s3", "eventTime": "2026-11-24T12:00:03.000Z",
        "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "uploads"}, "object": {"key": key.as_str()}},
    });
    json!({"Records": [record]}).to_string()
}

impl Example for Overview {
    fn example() -> Self {
        use UploadStatus::{Canceled, Confirmed, Deleted, Expired, Pending, Rejected};
        let counts =
            [(Pending, 12), (Confirmed, 48_211), (Rejected, 163), (Expired, 940), (Canceled, 57), (Deleted, 1208)];
        let totals = Totals { uploads: counts.into(), until: ago(2).0, now: now() };
        let upload = examples::pending();
        let oldest = Oldest { id: upload.id, created_at: upload.created_at, deadline: upload.deadline };
        overview(&totals, Some(oldest), Some((system(), false)))
    }
}

/// All works, but for two messages that were given up.
fn system() -> SystemState {
    let sweeps = [("looks", 9), ("healed", 1), ("hinted", 2), ("expired", 6), ("failed", 0)];
    let round = [
        ("pages", 49),
        ("objects", 48_222),
        ("owned", 48_219),
        ("young", 2),
        ("foreign", 0),
        ("without_upload", 0),
        ("multipart", 0),
        ("strays", 1),
        ("vanished", 0),
    ];
    SystemState {
        queue: Some(QueueState {
            waiting: 3,
            in_hand: 2,
            sampled_at: ago(4),
            oldest_ms: Some(180),
            oldest_at_least: false,
            last_taken_at: Some(ago(5)),
        }),
        dead_letters: Some(2),
        dead_events: 0,
        workers: vec![worker()],
        database: DatabaseState {
            takes_writes: true,
            answered_in_ms: 1,
            version: "17.6".to_owned(),
            connections: 4,
            connections_most: 16,
        },
        last_sweep: Some(work(1800, 20, &sweeps)),
        last_reconcile: Some(work(2700, 2640, &round)),
    }
}

fn worker() -> WorkerState {
    WorkerState {
        id: "2c1f9a04-6d3b-4b57-9a53-0f7be1c6d8ee".to_owned(),
        name: "worker-1/c6d8ee".to_owned(),
        host: "worker-1".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        is_alive: true,
        started_at: ago(86_400),
        seen_at: ago(3),
        has_queue: true,
        polled_at: Some(ago(4)),
        taken_at: Some(ago(5)),
        in_hand: 2,
        in_hand_most: 64,
        breaker: BreakerState::Closed,
        breaker_why: None,
    }
}

fn work(began: i64, ended: i64, counts: &[(&str, i64)]) -> WorkReport {
    let counts = counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    WorkReport::from(Report { started_at: ago(began).0, ended_at: ago(ended).0, counts, uploads: Vec::new() })
}

impl Example for Activity {
    fn example() -> Self {
        use UploadStatus::{Confirmed, Expired, Pending, Rejected};
        let began = now() - 14.minutes();
        let happened = [
            (3, Counted::Status(Pending), 4),
            (3, Counted::Status(Confirmed), 3),
            (3, Counted::Wait(44), 3),
            (9, Counted::Status(Pending), 2),
            (9, Counted::Status(Confirmed), 1),
            (9, Counted::Status(Rejected), 1),
            (9, Counted::Status(Expired), 1),
            (9, Counted::Reason(ReasonCode::TypeMismatch), 1),
            (9, Counted::Wait(44), 1),
            (9, Counted::Wait(48), 1),
        ];
        let counts = happened.into_iter().map(|(minute, what, count)| (began + i64::minutes(minute), what, count));
        let found = counting::Activity { began, until: now() + 28.seconds(), counts: counts.collect() };
        shown(ActivityRange::QuarterOfAnHour, &found)
    }
}

impl Example for OperatorUploadList {
    fn example() -> Self {
        let found = Found { uploads: vec![examples::rejected()], next: Some(examples::id()), looked_at: None };
        page(found, &Wanted { statuses: vec![UploadStatus::Rejected], ..Wanted::default() })
    }
}

impl Example for UploadReport {
    fn example() -> Self {
        let upload = examples::confirmed();
        let decided_at = upload.state.decided_at().expect("it was decided");
        let declared = Line {
            at: upload.created_at,
            status: UploadStatus::Pending.as_str().to_owned(),
            asked: None,
            cause: "client".to_owned(),
            cause_id: Some(KEY.to_owned()),
            cause_name: Some("web shop".to_owned()),
            took_ms: None,
            waited_ms: None,
        };
        let confirmed = Line {
            at: decided_at,
            status: UploadStatus::Confirmed.as_str().to_owned(),
            cause: "event".to_owned(),
            cause_id: Some(MESSAGE.to_owned()),
            cause_name: None,
            took_ms: Some(38),
            waited_ms: Some(250),
            ..declared.clone()
        };
        report(upload, vec![declared, confirmed], Vec::new())
    }
}

impl Example for OperatorSession {
    fn example() -> Self {
        let operator = Operator {
            tenant: None,
            may_act: true,
            key: Uuid::nil(),
            name: "on call".to_owned(),
            expires_at: Some(now() + 12.hours()),
            stay: Stay::by_token(None),
        };
        Self::of(&operator, true)
    }
}

/// The two uploads that the example of an action names.
fn both() -> [UploadIdText; 2] {
    [examples::id(), other()].map(|id| UploadIdText(id.to_string()))
}

impl Example for ActionOrder {
    fn example() -> Self {
        let upload_ids = Some(both().into());
        Self { action: UploadAction::Settle, upload_ids, filter: None, cursor: None, dry_run: None }
    }
}

impl Example for ActionOutcome {
    fn example() -> Self {
        let action = UploadAction::Settle;
        let refused = vec![ActionRefusal::of(other(), Some(UploadStatus::Confirmed), action)];
        Self { action, done: 1, refused, has_more: false, next_cursor: None, looked_at: 2 }
    }
}

impl Example for OperatorActionList {
    fn example() -> Self {
        let filter = UploadFilter { tenant: Some(TenantName("acme".to_owned())), ..UploadFilter::default() };
        let canceled = Action {
            id: 12,
            began_at: ago(60).0,
            ended: Some((ago(60).0, Came { done: 12, not_done: 0, why_not: None })),
            key: Uuid::parse_str(KEY).expect(VALID),
            key_name: Some("on call".to_owned()),
            tenant: None,
            kind: Some(Kind::Uploads(Order::Cancel)),
            subject: None,
            filter: filter.to_json(),
        };
        let why_not = "No message of this id is among the first 1000.".to_owned();
        let failed = Action {
            id: 11,
            ended: Some((ago(60).0, Came { done: 0, not_done: 1, why_not: Some(why_not) })),
            kind: Some(Kind::RedriveDeadLetters),
            subject: Some(MESSAGE.to_owned()),
            filter: None,
            ..canceled.clone()
        };
        let older = failed.clone();
        actions::page(vec![canceled, failed, older], 2)
    }
}

impl Example for FilterValues {
    fn example() -> Self {
        values(vec!["acme".to_owned(), "globex".to_owned()], &Policies::built_in())
    }
}

impl Example for DeadLetterList {
    fn example() -> Self {
        let body = event(&examples::pending().grant_key);
        let letter = DeadLetter {
            message_id: MESSAGE.to_owned(),
            times: 9,
            sent_at: Some(Time(examples::pending().created_at + 3.seconds())),
            says: envelope::says(&body),
            upload_id: envelope::first_upload(&body).map(|id| UploadIdText(id.to_string())),
            body,
            is_cut: false,
        };
        Self { data: vec![letter], has_more: true, total: 2, hidden: 0 }
    }
}

impl Example for RedriveOrder {
    fn example() -> Self {
        Self { message_id: Some(Text(MESSAGE.to_owned())) }
    }
}

impl Example for RedriveOutcome {
    fn example() -> Self {
        Self { moved: 1, not_moved: 0, why_not: None, hidden: Some(0), has_more: true }
    }
}

impl Example for PurgeOutcome {
    fn example() -> Self {
        Self { deleted: 2 }
    }
}

impl Example for DeadEvent {
    fn example() -> Self {
        let body = event(&ObjectKey::recorded(format!("images/acme/{}.jpg", other())));
        let kept = dead_events::DeadEvent {
            id: 7,
            message_id: MESSAGE.to_owned(),
            reason: "there is no upload of this object".to_owned(),
            at: ago(60).0,
            upload: envelope::first_upload(&body),
            body,
        };
        Self::of(kept, None)
    }
}

impl Example for DeadEventList {
    fn example() -> Self {
        let event = DeadEvent::example();
        Self { next_cursor: Some(event.id.clone()), data: vec![event], has_more: true }
    }
}

impl Example for DroppedDeadEvents {
    fn example() -> Self {
        Self { dropped: 2, has_more: false }
    }
}
