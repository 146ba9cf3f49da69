//! actOnUploads.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use poem::web::Data;
use poem_openapi::types::ToJSON as _;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use serde_json::Value;
use sluice_common::db::DbError;
use sluice_common::db::operator_actions::{Came, Kind};
use sluice_common::db::uploads::search::{Wanted, search};
use sluice_common::db::uploads::{self, Order};
use sluice_common::domain::{self, UploadId};

use super::cursor;
use super::filter::UploadFilter;
use super::record::{self, Deed, to_its_end};
use crate::auth::{Act, KeyOrSession, Operator};
use crate::body::{Body, Json};
use crate::document::Tag;
use crate::problem::{FieldError, problems};
use crate::scalars::UploadIdText;
use crate::service::Service;
use crate::uploads::UploadStatus;

problems! {
    /// Why nothing was done.
    pub enum ActOnUploadsProblem {
        /// Either `upload_ids` or `filter` says which uploads are meant, with up to 1,000 ids; `errors` names what is wrong.
        /// Nothing was done.
        422 invalid_action => InvalidAction(errors: Vec<FieldError>),
        /// The cursor is not one that this action gave: it goes with the action and the filter that it came from.
        400 invalid_cursor => InvalidCursor,
    }
}

/// The most uploads that one call acts on.
const MOST: usize = 1000;
/// The most that a dry run counts.
const DRY_MOST: i64 = 10_000;
/// The most windows that a dry run looks through.
const DRY_WINDOWS: usize = 5;

/// What an operator can do with an upload. More may be added.
///
/// * `settle`: have a worker look at the object of a `pending` upload now.
/// * `expire`: end the time of a `pending` upload. A worker looks at once: where an object is there it is judged, else the
///   upload expires.
/// * `cancel`: a `pending` upload becomes `canceled`, and whatever is sent for it is removed.
/// * `delete`: a `confirmed` upload becomes `deleted`, together with its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", remote = "Order")]
pub enum UploadAction {
    /// Have it looked at now.
    Settle,
    /// End its time.
    Expire,
    /// Take it back.
    Cancel,
    /// Delete it with its file.
    Delete,
}

/// What to do with which uploads.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, deny_unknown_fields, example)]
pub struct ActionOrder {
    /// What to do.
    pub action: UploadAction,
    /// The uploads, up to 1,000.
    pub upload_ids: Option<Vec<UploadIdText>>,
    /// All uploads that fit this, instead of `upload_ids`; of which those in a status that the action does nothing with are
    /// passed over.
    pub filter: Option<UploadFilter>,
    /// With `filter`: the `next_cursor` of the answer before, to go on with the next batch.
    pub cursor: Option<String>,
    /// Only count, and change nothing: up to 10,000 uploads that it would be done with.
    pub dry_run: Option<bool>,
}

/// What an action came to.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct ActionOutcome {
    /// What was to be done.
    pub action: UploadAction,
    /// With how many uploads of this batch it was done; in a dry run, with how many it would be.
    pub done: i64,
    /// The ids of this batch with which it was not done, and why. Only with `upload_ids`.
    pub refused: Vec<ActionRefusal>,
    /// With `filter`: whether there may be more, for another call with `next_cursor`. In a dry run: whether there may be more
    /// than were counted.
    pub has_more: bool,
    /// With `filter`: what to send as `cursor`, with the same action and filter. Absent after the last batch.
    pub next_cursor: Option<String>,
    /// How many uploads were looked at for this batch.
    pub looked_at: i64,
}

/// An upload with which nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ActionRefusal {
    /// The id.
    pub upload_id: UploadIdText,
    /// Where it stands. Absent where there is no such upload of yours.
    pub status: Option<UploadStatus>,
    /// Why, in a sentence.
    pub detail: String,
}

/// The answer.
#[derive(ApiResponse)]
pub enum ActionAnswer {
    /// What it came to.
    #[oai(status = 200)]
    Outcome(Json<ActionOutcome>),
}

/// actOnUploads.
pub struct ActOnUploads;

#[OpenApi]
impl ActOnUploads {
    /// Act on uploads
    ///
    /// On one, on several by their ids, or on all that fit a filter. With a filter one call looks at up to 10,000 uploads and
    /// acts on up to 1,000: call again with `next_cursor` while `has_more` is true. Only uploads that were declared before the
    /// first call are meant. `dry_run` counts instead.
    ///
    /// Doing it twice changes nothing more. Each upload's timeline tells who did it, and listOperatorActions what was done
    /// together.
    ///
    /// Needs the scope `operator`.
    #[oai(path = "/v1/operator/uploads/actions", method = "post", operation_id = "actOnUploads", tag = "Tag::Operator")]
    async fn act(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<Act>,
        order: Body<ActionOrder>,
    ) -> Result<ActionAnswer, ActOnUploadsProblem> {
        let order = order.0;
        let is_dry = order.dry_run == Some(true);
        let outcome = match order.uploads()? {
            Meant::These(ids) => act_on_these(&service, &operator.0, order.action, &ids, is_dry).await?,
            Meant::Fitting(filter) => {
                let cursor = order.cursor.as_deref();
                act_on_fitting(&service, &operator.0, order.action, filter, cursor, is_dry).await?
            }
        };
        Ok(ActionAnswer::Outcome(Json(outcome)))
    }
}

/// Which uploads are meant.
enum Meant<'a> {
    These(Vec<UploadId>),
    Fitting(&'a UploadFilter),
}

impl ActionOrder {
    fn uploads(&self) -> Result<Meant<'_>, ActOnUploadsProblem> {
        let wrong = |error| Err(ActOnUploadsProblem::InvalidAction(vec![error]));
        match (&self.upload_ids, &self.filter) {
            (Some(ids), None) if ids.len() > MOST => {
                wrong(FieldError::new("/upload_ids", "too_many", "Up to 1,000 uploads can be named at once."))
            }
            (Some(_), None) if self.cursor.is_some() => {
                wrong(FieldError::new("/cursor", "without_filter", "A cursor goes with a filter."))
            }
            (Some(ids), None) => these(ids).map(Meant::These).map_err(ActOnUploadsProblem::InvalidAction),
            (None, Some(filter)) => Ok(Meant::Fitting(filter)),
            (Some(_), Some(_)) => {
                wrong(FieldError::new("/filter", "ambiguous", "Say either 'upload_ids' or 'filter'."))
            }
            (None, None) => {
                wrong(FieldError::new("/upload_ids", "required", "Say which uploads: 'upload_ids' or 'filter'."))
            }
        }
    }
}

/// The uploads of these ids, or which of them are none. An id may be written in capitals.
/// Each of them once.
fn these(ids: &[UploadIdText]) -> Result<Vec<UploadId>, Vec<FieldError>> {
    let read = |id: &UploadIdText| UploadId::parse(&id.0.to_ascii_lowercase());
    let no_id = |place| FieldError::new(format!("/upload_ids/{place}"), "invalid_id", "An upload's id is a UUID.");
    let wrong: Vec<_> = (0..ids.len()).filter(|place| read(&ids[*place]).is_none()).map(no_id).collect();
    let mut seen = HashSet::new();
    let each = ids.iter().filter_map(read).filter(|id| seen.insert(*id));
    if wrong.is_empty() { Ok(each.collect()) } else { Err(wrong) }
}

/// Does it with these, and says of the others why not.
async fn act_on_these(
    service: &Service,
    operator: &Operator,
    action: UploadAction,
    ids: &[UploadId],
    is_dry: bool,
) -> Result<ActionOutcome, DbError> {
    let order = Order::from(action);
    let before = status_of_each(service, operator, ids).await?;
    let can = |id: &UploadId| before.get(id).is_some_and(|status| order.done_with().contains(status));
    let able: Vec<UploadId> = ids.iter().copied().filter(can).collect();
    let done: HashSet<UploadId> = match is_dry {
        true => able.into_iter().collect(),
        false => give(service, operator, order, able, ids.len(), None).await?.into_iter().collect(),
    };
    let left = ids.iter().filter(|id| !done.contains(*id));
    let refused = left.map(|id| ActionRefusal::of(*id, before.get(id).copied(), action));
    Ok(ActionOutcome {
        action,
        done: count(done.len()),
        refused: refused.collect(),
        has_more: false,
        next_cursor: None,
        looked_at: count(ids.len()),
    })
}

/// Does it with a batch of those that fit, newest first.
async fn act_on_fitting(
    service: &Service,
    operator: &Operator,
    action: UploadAction,
    filter: &UploadFilter,
    cursor: Option<&str>,
    is_dry: bool,
) -> Result<ActionOutcome, ActOnUploadsProblem> {
    let order = Order::from(action);
    let nothing =
        ActionOutcome { action, done: 0, refused: Vec::new(), has_more: false, next_cursor: None, looked_at: 0 };
    let Some(wanted) = filter.wanted(operator).and_then(|wanted| narrowed(wanted, order)) else { return Ok(nothing) };
    let read = |text| cursor::read(text, &wanted, order.as_str()).ok_or(ActOnUploadsProblem::InvalidCursor);
    let mut after = cursor.map(read).transpose()?;
    if is_dry {
        let (mut done, mut looked_at) = (0, 0);
        for _ in 0..DRY_WINDOWS {
            let found = search(&service.db, &wanted, after, DRY_MOST - done).await?;
            done += count(found.uploads.len());
            looked_at += found.looked_at.unwrap_or(count(found.uploads.len()));
            after = found.next;
            if after.is_none() || done >= DRY_MOST {
                break;
            }
        }
        return Ok(ActionOutcome { done, has_more: after.is_some(), looked_at, ..nothing });
    }
    let found = search(&service.db, &wanted, after, count(MOST)).await?;
    let ids: Vec<UploadId> = found.uploads.iter().map(|upload| upload.id).collect();
    let meant = ids.len();
    let done = give(service, operator, order, ids, meant, filter.to_json()).await?;
    Ok(ActionOutcome {
        done: count(done.len()),
        has_more: found.next.is_some(),
        next_cursor: found.next.map(|last| cursor::after(last, &wanted, order.as_str())),
        looked_at: found.looked_at.unwrap_or(count(found.uploads.len())),
        ..nothing
    })
}

/// Those of the wanted that are in a status in which it can be done; `None` where there can be none.
fn narrowed(mut wanted: Wanted, order: Order) -> Option<Wanted> {
    let can = order.done_with();
    wanted.statuses = match wanted.statuses.is_empty() {
        true => can.to_vec(),
        false => wanted.statuses.into_iter().filter(|status| can.contains(status)).collect(),
    };
    (!wanted.statuses.is_empty()).then_some(wanted)
}

/// Does it with these, of so many that were meant, and writes down who did. With none there is nothing to write.
async fn give(
    service: &Service,
    operator: &Operator,
    order: Order,
    ids: Vec<UploadId>,
    meant: usize,
    filter: Option<Value>,
) -> Result<Vec<UploadId>, DbError> {
    if ids.is_empty() {
        return Ok(ids);
    }
    let (db, operator) = (service.db.clone(), operator.clone());
    to_its_end(async move {
        let only = ids.first().filter(|_| meant == 1 && filter.is_none()).map(ToString::to_string);
        let deed = Deed { kind: Kind::Uploads(order), subject: only.as_deref(), filter: filter.as_ref() };
        let record = record::begin(&db, &operator, deed).await?;
        let done = uploads::order(&db, operator.tenant.as_ref(), &ids, order, &operator.key.to_string()).await?;
        let not_done = count(meant - done.len());
        let why_not = (not_done > 0).then(|| "They were in another status, or there are none of these ids.".to_owned());
        record.end(&Came { done: count(done.len()), not_done, why_not }).await;
        Ok(done)
    })
    .await
}

/// The status of each of these uploads that the operator reaches.
async fn status_of_each(
    service: &Service,
    operator: &Operator,
    ids: &[UploadId],
) -> Result<HashMap<UploadId, domain::UploadStatus>, DbError> {
    let found = uploads::find_all(&service.db, ids).await?.into_iter().filter_map(Result::ok);
    let reached = found.filter(|upload| operator.reaches(&upload.tenant));
    Ok(reached.map(|upload| (upload.id, upload.state.status())).collect())
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl ActionRefusal {
    /// Why it was not done with an upload of this status, or with one that there is not.
    pub fn of(id: UploadId, status: Option<domain::UploadStatus>, action: UploadAction) -> Self {
        let order = Order::from(action);
        let detail = match status {
            None => "There is no such upload of yours.".to_owned(),
            Some(status) if order.done_with().contains(&status) => "It changed meanwhile.".to_owned(),
            Some(status) => {
                let can = order.done_with().iter().map(|status| status.as_str()).collect::<Vec<_>>().join(" or ");
                format!("It is {}; only {can} ones can be told to {}.", status.as_str(), order.as_str())
            }
        };
        Self { upload_id: UploadIdText(id.to_string()), status: status.map(UploadStatus::from), detail }
    }
}
